"""Signed checkpoints: keys, signatures and cosignatures (docs/bundle.md, section 6)."""

from collections import namedtuple

import ed25519
import mldsa
from encoding import Refused, need, sha256, unbase64

SIGNS, COSIGNS, COSIGNS_MLDSA = 1, 4, 6  # what a key is for, by its first byte
MAX_SIGNATURES = 100
MAX_SIZE = 2**63 - 1
END_OF_TIME = 253402300800  # the first second of the year 10000

# A signature line: who signed, by name and key hash, and what follows the hash.
Line = namedtuple("Line", "name hash value")

# A cosignature that holds: by whom, with which key, and the second at which they say that they saw it.
Cosigned = namedtuple("Cosigned", "name key at")


def is_name(text):
    """Whether a text may name a log or a witness."""
    return 0 < len(text.encode()) <= 200 and not any(c.isspace() or c <= " " or c in "+\x7f" for c in text)


class Key:
    """A verifier key in its text form, name+hash+key, of a log or of a witness."""

    def __init__(self, text, *purposes):
        parts = text.split("+", 2)
        need(len(parts) == 3 and is_name(parts[0]), "it is not a verifier key")
        self.text, self.name = text, parts[0]
        data = unbase64(parts[2], None, "standard")
        self.hash = sha256(self.name.encode() + b"\n" + data)[:4]
        need(parts[1] == self.hash.hex(), "the key does not have the hash that it shows")
        self.purpose, self.key = data[0] if data else 0, data[1:]
        need(self.purpose in purposes, "it is a key of another sort")
        if self.purpose == COSIGNS_MLDSA:
            need(len(self.key) == mldsa.KEY_SIZE, "the ML-DSA-44 key has another length")
        else:
            need(ed25519.usable(self.key), "it is no key under which a signature says something")

    def signed(self, checkpoint, value):
        """Whether the log's signature on a checkpoint holds."""
        return ed25519.verify(self.key, checkpoint.body, value)

    def cosigned(self, checkpoint, value):
        """When the witness says that it saw a checkpoint, or None where that does not hold."""
        at, signature = int.from_bytes(value[:8], "big"), value[8:]
        if len(value) <= 8 or not 0 < at < END_OF_TIME:
            return None
        if self.purpose == COSIGNS:
            return at if ed25519.verify(self.key, b"cosignature/v1\ntime %d\n" % at + checkpoint.body, signature) else None
        name, origin = self.name.encode(), checkpoint.origin.encode()
        said = b"subtree/v1\n\0" + bytes([len(name)]) + name + value[:8] + bytes([len(origin)]) + origin
        said += bytes(8) + checkpoint.size.to_bytes(8, "big") + checkpoint.root
        return at if mldsa.verify(self.key, said, signature) else None


def log_key(text):
    """The verifier key of a log."""
    return Key(text, SIGNS)


def witness_key(text):
    """The verifier key of a witness."""
    return Key(text, COSIGNS, COSIGNS_MLDSA)


class Checkpoint:
    """The size and root of a log as a signed note. What it says counts once it is opened."""

    def __init__(self, signed, sorted_lines=True):
        try:
            text = signed.decode()
        except UnicodeDecodeError:
            raise Refused("the checkpoint is not UTF-8") from None
        lines = text.split("\n")
        need(len(lines) >= 6 and lines[3] == "" and lines[-1] == "", "the checkpoint is not three lines, an empty one, and signatures")
        self.origin, size, root = lines[:3]
        need(is_name(self.origin), "the checkpoint's origin cannot name a log")
        need(size.isascii() and size.isdigit() and len(size) < 20 and str(int(size)) == size and int(size) <= MAX_SIZE, "the checkpoint's size is not a number")
        self.size, self.root = int(size), unbase64(root, 32, "standard")
        self.body = "".join(line + "\n" for line in lines[:3]).encode()
        signatures = lines[4:-1]
        need(len(signatures) <= MAX_SIGNATURES, "the checkpoint has more than 100 signatures")
        self.lines = [_read_line(line) for line in signatures]
        need(len({line[:2] for line in self.lines}) == len(self.lines), "the checkpoint is signed twice with one key")
        ours = f"\u2014 {self.origin} "
        ordered = sorted(signatures, key=lambda line: (not line.startswith(ours), line.encode()))
        need(not sorted_lines or ordered == signatures, "the checkpoint's signatures are not in their order")
        self.cosigned, self.unknown = [], 0

    def open(self, key, witnesses):
        """Refuses the checkpoint unless the log's key has signed it, and where a witness's
        cosignature does not hold. Gives itself, with who cosigned and when."""
        need(self.origin == key.name, "the checkpoint is of another log than the key")
        self.cosigned, self.unknown, known = [], 0, {(w.name, w.hash): w for w in witnesses}
        by_log = False
        for line in self.lines:
            if line[:2] == (key.name, key.hash):
                by_log = key.signed(self, line.value)
                need(by_log, "the checkpoint's signature does not hold under the log's key")
            elif line[:2] in known:
                at = known[line[:2]].cosigned(self, line.value)
                need(at is not None, f"the cosignature of {line.name} is forged, or is of another checkpoint")
                self.cosigned.append(Cosigned(line.name, known[line[:2]].text, at))
            else:
                self.unknown += 1
        need(by_log, "the checkpoint is not signed by the log's key")
        return self

    def by(self):
        """The names of those who cosigned."""
        return sorted({c.name for c in self.cosigned}, key=str.encode)

    def same(self, other):
        """Whether another checkpoint is of the same entries."""
        return (self.origin, self.size, self.root) == (other.origin, other.size, other.root)


def _read_line(line):
    parts = line.split(" ")
    need(len(parts) == 3 and parts[0] == "\u2014" and is_name(parts[1]), "a line of the checkpoint is not a signature")
    value = unbase64(parts[2], None, "standard")
    need(len(value) > 4, "a signature of the checkpoint is too short")
    return Line(parts[1], value[:4], value[4:])
