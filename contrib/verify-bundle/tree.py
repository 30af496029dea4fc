"""The log's tree (RFC 6962, section 2.1; docs/bundle.md, section 6)."""

from encoding import need, sha256


def leaf_hash(leaf):
    """The hash of a leaf."""
    return sha256(b"\0" + leaf)


def node_hash(left, right):
    """The hash of a node over its two children."""
    return sha256(b"\1" + left + right)


class Tree:
    """The root of the leaves so far, in memory that grows with the logarithm of their number."""

    def __init__(self, size=0, peaks=()):
        self.size = size
        self.peaks = list(peaks)  # roots of the perfect subtrees, the largest first
        need(size.bit_count() == len(self.peaks), "the edge does not have one hash for each bit of its size")

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
