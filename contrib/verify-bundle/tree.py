"""The log's tree (RFC 6962, section 2.1) and its signed checkpoints (docs/bundle.md, section 6)."""

import ed25519
from encoding import Refused, need, sha256, unbase64


def leaf_hash(leaf):
    """The hash of a leaf."""
    return sha256(b"\0" + leaf)


def node_hash(left, right):
    """The hash of a node over its two children."""
    return sha256(b"\1" + left + right)


class Tree:
    """The root of the leaves so far, in memory that grows with the logarithm of their number."""

    def __init__(self):
        self.size = 0
        self.peaks = []  # roots of the perfect subtrees, the largest first

    def add(self, leaf):
        """Adds the hash of the next leaf."""
        self.size += 1
        self.peaks.append(leaf)
        size = self.size
        while size % 2 == 0:
            right = self.peaks.pop()
            self.peaks.append(node_hash(self.peaks.pop(), right))
            size //= 2

    def root(self):
        """The root hash. That of an empty tree is the hash of nothing."""
        if not self.peaks:
            return sha256(b"")
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of_path(index, size, leaf, path):
    """The root that follows from a leaf's hash and its audit path (RFC 9162, 2.1.3.2)."""
    need(0 <= index < size, "the entry is not below the size of the checkpoint")
    last = size - 1
    for sibling in path:
        need(last > 0, "the audit path is too long")
        if index % 2 == 1 or index == last:
            leaf = node_hash(sibling, leaf)
            while index % 2 == 0 and index != 0:
                index, last = index // 2, last // 2
        else:
            leaf = node_hash(leaf, sibling)
        index, last = index // 2, last // 2
    need(last == 0, "the audit path is too short")
    return leaf


class VerifierKey:
    """A log's key in its text form: origin, key hash, key."""

    def __init__(self, text):
        parts = text.split("+", 2)
        need(len(parts) == 3, "the log's key is not a verifier key")
        self.text, self.origin = text, parts[0]
        data = unbase64(parts[2], 33, "standard")
        need(data[0] == 1, "the log's key is not an Ed25519 key")
        need(self.origin and not any(c.isspace() for c in self.origin), "the origin in the log's key is empty or has white space")
        self.key = data[1:]
        self.hash = sha256(self.origin.encode() + b"\n" + data)[:4]
        need(parts[1] == self.hash.hex(), "the log's key does not have the hash that it shows")
        need(ed25519.usable(self.key), "the log's key is none under which a signature says something")


class Checkpoint:
    """The size and root of a log, signed by its key.

    In a bundle it carries that signature and nothing else; one from elsewhere may carry
    those of others too.
    """

    def __init__(self, signed, key, alone=True):
        try:
            text = signed.decode()
        except UnicodeDecodeError:
            raise Refused("the checkpoint is not UTF-8") from None
        lines = text.split("\n")
        need(len(lines) >= 6 and lines[3] == "" and lines[-1] == "", "the checkpoint is not a signed note of three lines")
        need(len(lines) == 6 or not alone, "the checkpoint carries signatures of others, which this verifier does not know")
        self.origin, size, root = lines[:3]
        need(size.isascii() and size.isdigit() and len(size) < 17 and (size == "0" or size[0] != "0"), "the checkpoint's size is not a number")
        self.size, self.root = int(size), unbase64(root, 32, "standard")
        need(self.origin == key.origin, "the checkpoint is of another log than the key")
        start = f"\u2014 {self.origin} "
        ours = [unbase64(line[len(start):], None, "standard") for line in lines[4:-1] if line.startswith(start)]
        ours = [s[4:] for s in ours if s[:4] == key.hash]
        need(len(ours) == 1, "the checkpoint is not signed by the log's key")
        body = "\n".join(lines[:3]).encode() + b"\n"
        need(ed25519.verify(key.key, body, ours[0]), "the checkpoint's signature does not hold under the log's key")
