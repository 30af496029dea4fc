"""The bundle file: a ZIP archive written in one way only (docs/bundle.md, section 7)."""

import struct
import zlib

from encoding import CLASSES, Refused, is_hash, need, read_json

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I2H10sI")
END = struct.Struct("<4s4s2H2IH")
MAX_FILE = 4 << 30
MAX_MEMBERS = 10_000
MAX_LINE = 64 << 20
LIMITS = {"bundle.json": 64 << 10, "checkpoint": 64 << 10, "packs": 4 << 20, "witnessed": 256 << 10}
FIXED = ["bundle.json", "checkpoint", "entries"]


class Archive:
    """An open bundle: its manifest, its checkpoint and its packs, and its entries as a stream."""

    def __init__(self, file, size):
        self.file, self.size = file, size
        need(size < MAX_FILE, "the file has 4 GiB or more")
        self.members = {}
        self._read_index()
        self.checkpoint = self.read("checkpoint")

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
        if names[:1] == FIXED[:1]:
            self.manifest = read_manifest(self.read("bundle.json"))  # first: it tells another format
        end = END.pack(b"PK\5\6", bytes(4), len(names), len(names), len(index), at, 0)
        need(self._at(at, self.size) == index + end, "the archive's index is not as laid down, or something was cut off or added")
        rest = names[3:]  # "packs/" sorts before "witnessed/"
        need(names[:3] == FIXED and all(is_pack_name(n) or is_witnessed_name(n) for n in rest) and rest == sorted(set(rest)),
             "the members are not bundle.json, checkpoint, entries, packs and cosigned checkpoints, each in ascending order")

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
        need(self.members[name][1] <= LIMITS[name.split("/")[0]], f"{name} is too large")
        return self._at(*self.members[name])

    def packs(self):
        """The texts of packs by the hash that names them; whether it fits is checked elsewhere."""
        return {name[6:70]: self.read(name) for name in self.members if name.startswith("packs/")}

    def entries(self):
        """Yields (leaf, sealed) for each entry, both as bytes without the line feed."""
        start, size = self.members["entries"]
        end = start + size
        pair = []
        while start < end:
            self.file.seek(start)
            line = self.file.readline(min(MAX_LINE + 1, end - start))
            need(line.endswith(b"\n"), "a line of the entries has no end, or more than 64 MiB")
            start += len(line)
            pair.append(line[:-1])
            if len(pair) == 2:
                yield tuple(pair)
                pair = []
        need(not pair, "the last entry has one line only")


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
    if manifest["duly"] != "bundle/1":
        raise Refused(f"the bundle is of the format {manifest['duly']!r}; this verifier knows bundle/1 only")
    need(set(manifest) == {"classes", "duly", "key", "origin", "size"}, "the manifest has other keys than a bundle's")
    classes = manifest["classes"]
    need(isinstance(classes, list) and classes == [c for c in CLASSES if c in classes], "the manifest's classes are not in the fixed order")
    need(isinstance(manifest["key"], str) and isinstance(manifest["origin"], str), "the manifest's key or origin is not a text")
    size = manifest["size"]
    need(isinstance(size, int) and not isinstance(size, bool) and size >= 0, "the manifest's size is not a count")
    return manifest
