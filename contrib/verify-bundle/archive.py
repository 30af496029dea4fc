"""The bundle file: a ZIP archive written in one way only (docs/bundle.md, section 7)."""

import struct
import zlib
from array import array

from encoding import CLASSES, MAX_INT, Refused, is_hash, need, read_json, sha256, unbase64

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I2H10sI")
END = struct.Struct("<4s4s2H2IH")
MAX_FILE = 4 << 30
MAX_MEMBERS = 10_000
MAX_LINE = 64 << 20
LIMITS = {"packs": 4 << 20, "witnessed": 256 << 10}
MAX_SMALL = 64 << 10
FIXED = {
    "bundle/1": ["bundle.json", "checkpoint", "entries"],
    "range/1": ["bundle.json", "checkpoint", "opening", "edge", "entries", "carried"],
}
STEP = 64  # of so many entries the place of one is kept


class Archive:
    """An open bundle: its manifest, its small members, and its entries as a stream."""

    def __init__(self, file, size):
        self.file, self.size = file, size
        need(size < MAX_FILE, "the file has 4 GiB or more")
        self.members = {}
        self._read_index()
        self.begins = self.manifest.get("from", 0)
        self.places = array("Q")  # of each STEPth entry, in the file
        self.carried_places = {}
        for name in self._named("packs/") + self._named("witnessed/"):
            need(sha256(self.read(name)).hex() == name.split("/")[1][:64], f"{name} has another hash than its name says")

    def _read_index(self):
        """Walks the members from the front, then demands the index that follows from them."""
        names, index, at = [], b"", 0
        while self._at(at, 4) == b"PK\3\4":
            need(len(names) < MAX_MEMBERS, "the archive has more than 10,000 members")
            head = self._at(at, LOCAL.size)
            need(len(head) == LOCAL.size, "the archive ends within a member")
            fields = LOCAL.unpack(head)
            crc, size, length = fields[6], fields[7], fields[9]
            need(head == LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0x21, crc, size, size, length, 0), "a member's header is not as laid down")
            need(length <= 200, "a member's name is longer than 200 bytes")
            name = self._at(at + LOCAL.size, length)
            start = at + LOCAL.size + length
            need(len(name) == length and start + size <= self.size, "the archive ends within a member")
            index += CENTRAL.pack(b"PK\1\2", 20, 20, 0, 0, 0, 0x21, crc, size, size, length, 0, bytes(10), at) + name
            self._check_crc(start, size, crc)
            names.append(name.decode("latin-1"))
            self.members[names[-1]] = (start, size)
            at = start + size
        end = END.pack(b"PK\5\6", bytes(4), len(names), len(names), len(index), at, 0)
        need(self._at(at, self.size) == index + end, "the archive's index is not as laid down, or something was cut off or added")
        need(names[:1] == ["bundle.json"], "the archive does not begin with bundle.json")
        self.manifest = read_manifest(self.read("bundle.json"))
        fixed = list(FIXED[self.manifest["duly"]])
        self.handovers = []  # the names of the handovers that the range carries
        while "opening_key" in self.manifest and f"handovers/{len(self.handovers) + 1}" in self.members:
            self.handovers.append(f"handovers/{len(self.handovers) + 1}")
        if self.handovers:
            fixed[4:4] = self.handovers  # behind the edge
        if self.manifest["duly"] == "range/1" and "counted" in names:
            fixed.append("counted")
        packs = names[len(fixed) :]  # "packs/" sorts before "witnessed/"
        need(names[: len(fixed)] == fixed and all(is_pack_name(p) or is_witnessed_name(p) for p in packs) and packs == sorted(set(packs)),
             f"the members are not {', '.join(fixed)}, packs and cosigned checkpoints, each in ascending order")

    def _at(self, offset, size):
        self.file.seek(offset)
        return self.file.read(min(size, max(0, self.size - offset)))

    def _check_crc(self, start, size, crc):
        self.file.seek(start)
        found = 0
        while size > 0:
            chunk = self.file.read(min(size, 1 << 20))
            need(chunk, "the archive ends within a member")
            found, size = zlib.crc32(chunk, found), size - len(chunk)
        need(found == crc, "a member's CRC-32 does not fit")

    def read(self, name):
        """The content of a small member."""
        need(self.members[name][1] <= LIMITS.get(name.split("/")[0], MAX_SMALL), f"{name} is too large")
        return self._at(*self.members[name])

    def _named(self, folder):
        return [name for name in self.members if name.startswith(folder)]

    def named(self):
        """The packs and cosigned checkpoints that the bundle holds, by kind and hash."""
        return {("pack", name[6:70]) for name in self._named("packs/")} | {("witnessed", name[10:]) for name in self._named("witnessed/")}

    def witnessed(self, digest):
        """A cosigned checkpoint by its hash, or None where it is not in the bundle."""
        name = f"witnessed/{digest}"
        return self.read(name) if name in self.members else None

    def pack(self, digest):
        """The text of a pack, or None where it is not in the bundle."""
        name = f"packs/{digest}.yaml"
        return self.read(name) if name in self.members else None

    def edge(self):
        """The roots of the perfect subtrees before the range."""
        lines = self.read("edge").split(b"\n")
        hashes = [line.decode("latin-1") for line in lines[:-1]]
        need(lines[-1] == b"" and all(is_hash(h) for h in hashes), "the edge is not hashes, a line each")
        return [bytes.fromhex(h) for h in hashes]

    def entries(self):
        """Yields (leaf, sealed) for each entry, both as bytes without the line feed."""
        for number, (place, lines) in enumerate(self._groups("entries", 2, *self.members["entries"])):
            if number == STEP * len(self.places):
                self.places.append(place)
            yield lines

    def carried(self):
        """Yields (position, audit path, leaf, sealed) for each earlier entry that a range carries."""
        for place, (where, leaf, sealed) in self._groups("carried", 3, *self.members["carried"]):
            position, path = read_place(where)
            self.carried_places[position] = place
            yield position, path, leaf, sealed

    def counted(self):
        """Yields the lines of the records that stood at the opening balance of a range, or
        is None where the range has none."""
        return self._lines("counted") if "counted" in self.members else None

    def _lines(self, name):
        for _, (line,) in self._groups(name, 1, *self.members[name]):
            yield line.decode("latin-1")

    def again(self, position):
        """The lines (leaf, sealed) of an entry that was read before."""
        if position < self.begins:
            need(position in self.carried_places, f"entry {position} stands before the range and is not carried")
            start = self.carried_places[position]
            return next(self._groups("carried", 3, start, 0))[1][1:]
        number, rest = divmod(position - self.begins, STEP)
        found = self._groups("entries", 2, self.places[number], 0)
        for _ in range(rest):
            next(found)
        return next(found)[1]

    def _groups(self, name, lines, start, size):
        """Yields (place, lines) for each group of lines of a member from a place on."""
        begin, length = self.members[name]
        end = begin + length
        while start < end:
            place, group = start, []
            self.file.seek(start)
            for _ in range(lines):
                line = self.file.readline(min(MAX_LINE + 1, end - start))
                need(line.endswith(b"\n"), "a line of the entries has no end, has more than 64 MiB, or is missing")
                start += len(line)
                group.append(line[:-1])
            yield place, tuple(group)


def read_place(line):
    """The position and the audit path in the first line of a carried entry."""
    words = line.decode("latin-1").split(" ")
    need(words[0].isascii() and words[0].isdigit() and len(words[0]) < 20 and str(int(words[0])) == words[0] and len(words) <= 64,
         "the place of a carried entry is malformed")
    return int(words[0]), [unbase64(word, 32) for word in words[1:]]


def is_pack_name(name):
    """Whether a member may hold a pack."""
    return len(name) == 75 and name.startswith("packs/") and name.endswith(".yaml") and is_hash(name[6:70])


def is_witnessed_name(name):
    """Whether a member may hold a cosigned checkpoint that seeds a sample."""
    return len(name) == 74 and name.startswith("witnessed/") and is_hash(name[10:])


def read_manifest(data):
    """The manifest, a dict."""
    need(data.endswith(b"\n"), "the manifest does not end in a line feed")
    manifest = read_json(data[:-1])
    need(isinstance(manifest, dict) and "duly" in manifest, "the manifest is not one of a bundle")
    if manifest["duly"] not in ("bundle/1", "range/1"):
        raise Refused(f"the bundle is of the format {manifest['duly']!r}, which this verifier does not know")
    more = {"from"} | {"opening_key"}.intersection(manifest) if manifest["duly"] == "range/1" else set()
    need(set(manifest) - {"unredacted"} == {"classes", "duly", "key", "origin", "redacted", "size"} | more, "the manifest has other keys than a bundle's")
    classes = manifest["classes"]
    need(isinstance(classes, list) and classes == [c for c in CLASSES if c in classes], "the manifest's classes are not in the fixed order")
    need(all(isinstance(manifest.get(name, ""), str) for name in ("key", "origin", "opening_key")), "the manifest's key or origin is not a text")
    need(manifest.get("opening_key") not in ("", manifest["key"]), "the manifest has no other key for the beginning, and says so")
    redacted = manifest["redacted"]
    need(isinstance(redacted, list) and all(isinstance(r, str) for r in redacted) and redacted == sorted(set(redacted)), "the redacted fields are not texts in order")
    need(manifest.get("unredacted", True) is True and not (redacted and "unredacted" in manifest), "a bundle without redactions names redacted fields")
    size, begins = manifest["size"], manifest.get("from", 1)
    need(type(size) is int and 0 <= size <= MAX_INT, "the manifest's size is not a count")
    need(type(begins) is int and begins >= 1 and (not more or begins < size), "a range begins at 1 or later, and before its end")
    return manifest
