"""Checks a bundle from its first byte to its last (docs/bundle.md, section 8)."""

from collections import Counter

from archive import Archive
from assessments import Assessments
from checkpoint import log_key
from decisions import Decisions
from encoding import Refused, need, sha256
from entry import Entry, check_signatures
from history import History
from kept import Kept
from proof import handover
from redactions import Redactions
from replay import Replay
from tree import Tree, root_of_path
from voices import Voices


class Bundle:
    """One check of one bundle, of a whole log or of a range of it."""

    def __init__(self, file, size, schemas, trust):
        self.archive, self.schemas, self.trust = Archive(file, size), schemas, trust
        manifest = self.archive.manifest
        self.rotated = []  # the keys since a range began, and where the epoch of each begins
        lead = self._lead(manifest)
        self.key, self.checkpoint, self.outside = trust.open(self.archive.read("checkpoint"), manifest["key"], schemas, lead)
        need((self.checkpoint.origin, self.checkpoint.size) == (manifest["origin"], manifest["size"]),
             "the checkpoint is of another log or size than the manifest says")
        self.begins, self.tree, self.opening = self.archive.begins, Tree(), None
        if self.begins:
            self._open()
        self.redactions = Redactions(manifest, schemas)
        self.classes, self.unnamed = set(manifest["classes"]), self.archive.named()
        self.kinds, self.states, self.carried = Counter(), Counter(), 0
        self.kept = Kept()
        self.history = History(manifest["key"], trust.people, self.kept)
        self.voices = Voices()
        self.decisions = Decisions(self.history, self.voices, self._again)
        self.assessments = Assessments(self.history, schemas, self.archive, trust.outsiders())
        self.replay = Replay(self.archive.pack, self._again)

    def _lead(self, manifest):
        """The keys from the one by which a range begins to the one that it shows, by the
        handovers that it carries."""
        if "opening_key" not in manifest:
            return []
        key = log_key(manifest["opening_key"])
        for name in self.archive.handovers:
            key, place = handover(self.archive.read(name), key, self.schemas)
            self.rotated.append((place, "rotation", sha256(key.text.encode()).hex(), key.text))
        lead = [manifest["opening_key"], *(r[-1] for r in self.rotated)]
        need(lead[-1] == manifest["key"], "the handovers do not lead from the key by which the range begins to the one that it shows")
        return lead

    def _compare_keys(self):
        """Holds the keys since a range began to the log's own epochs."""
        if self.rotated:
            before = [e.log_key for e in self.history.epochs if e.entry < self.begins]
            since = [(e.entry, e.reason, e.log_key) for e in self.history.epochs if e.entry >= self.begins]
            first = sha256(self.archive.manifest["opening_key"].encode()).hex()
            need(before[-1:] == [first] and since == [r[:3] for r in self.rotated], "the keys since the beginning are not those that the epochs name, each after a rotation")

    def _open(self):
        """Begins a range at its opening checkpoint."""
        self.opening = self.trust.again(self.archive.read("opening"), self.archive.manifest.get("opening_key", self.key))
        self.tree = Tree(self.begins, self.archive.edge())
        need((self.opening.origin, self.opening.size) == (self.checkpoint.origin, self.begins), "the opening is of another log or size than the manifest says")
        need(self.tree.root() == self.opening.root, "the edge is not that of the opening")
        need(self.outside is None or self.outside.size >= self.begins, "the checkpoint that you gave ends before the range begins, and cannot be compared")

    def check(self):
        """Checks everything and gives the result."""
        try:
            if self.begins:
                self._carried()
            self._compare_outside()
            for leaf, line in self.archive.entries():
                self._entry(self.tree.size, leaf, line)
                self._compare_outside()
            self.history.finish()
            self.redactions.finish()
            self._compare_keys()
            self.assessments.finish()
        finally:
            self.kept.close()
        need((self.tree.size, self.tree.root()) == (self.checkpoint.size, self.checkpoint.root), "the entries do not give the root that was signed")
        need(self.outside is None or self.outside.size <= self.tree.size, "there are fewer entries than the checkpoint covers that you gave: some were removed")
        need(not self.unnamed, "a pack or a cosigned checkpoint is in the bundle but not in the log")
        return self._result()

    def _carried(self):
        newest = -1
        for position, path, leaf, line in self.archive.carried():
            need(newest < position < self.begins, f"entry {position} is carried twice, out of order, or is of the range")
            newest = position
            self._entry(position, leaf, line, path)
            self.carried += 1

    def _entry(self, position, leaf, line, path=None):
        """Checks an entry of the log or, with its audit path, one that is carried."""
        carried = path is not None
        try:
            entry = Entry(position, leaf, line, self.schemas)
            if carried:
                need(root_of_path(position, self.begins, entry.hash, path) == self.opening.root, "it does not stand at this place before the range")
            self._look(entry)
            self.history.add(entry, None if carried else self.tree)
            check_signatures(entry, self.checkpoint.origin, self.history.epoch)
            self.voices.add(entry)
            self.decisions.add(entry, carried)
            self.assessments.add(entry, None if carried else self.tree.root())
            if not carried:
                self.replay.add(entry)
                self.kinds[entry.kind] += 1
                self.tree.add(entry.hash)
        except Refused as problem:
            raise Refused(f"entry {position}: {problem}") from None

    def _look(self, entry):
        """Holds what is shown of an entry to the manifest, and notes the pack that it names."""
        for field, sealed in zip(entry.schema.sealed, entry.sealed):
            self.states[sealed.state] += 1
            shown = field.sensitivity in self.classes and not self.redactions.withhold(entry.schema, field)
            need(sealed.state == "erased" or (sealed.state == "shown") == shown,
                 f"the field {field.name} is of the class {field.sensitivity}, and the manifest says otherwise of that class or field")
        self.redactions.add(entry)
        if entry.kind in ("pack", "witnessed"):
            self.unnamed.discard((entry.kind, entry.public["sha256" if entry.kind == "pack" else "note"]))

    def _again(self, position):
        return Entry(position, *self.archive.again(position), self.schemas)

    def _compare_outside(self):
        if self.outside is not None and self.outside.size == self.tree.size:
            need(self.tree.root() == self.outside.root, f"the first {self.tree.size} entries are not those of the checkpoint that you gave")

    def _result(self):
        precedent, met = self.decisions.conditions()
        approvals, shown = self.decisions.approvals, self.decisions.shown
        result = {"what": "bundle", "origin": self.checkpoint.origin}
        counts = {"entries": self.tree.size - self.begins}
        if self.begins:
            result |= {"what": "range", "from": self.begins, "complete": self.history.complete, "opening": self.assessments.opening}
            counts |= {"carried": self.carried, "continued": self.history.continued}
        counts |= {
            "kinds": dict(sorted(self.kinds.items())), "disclosed": self.states["shown"], "withheld": self.states["withheld"],
            "erased": self.states["erased"], "signatures": self.history.signatures, "ratings": self.replay.counts,
            "voices": {"approvals": approvals, "shown": shown, "withheld": approvals - shown},
            "conditions": {"precedent": precedent, "met": met}, "assessed": self.assessments.sampling.counts,
        }
        if self.rotated:
            result["opening_key"] = self.archive.manifest["opening_key"]
        others = [c for c in (self.opening, self.outside) if c is not None]
        return (
            result | {"size": self.checkpoint.size, "root": self.checkpoint.root.hex()} | self.trust.worth(self.checkpoint, others)
            | {"counts": counts, "epochs": [e._asdict() for e in self.history.epochs[1:]], "classes": self.archive.manifest["classes"]}
            | {name: self.archive.manifest[name] for name in ("redacted", "unredacted") if name in self.archive.manifest} | {"not_replayed": self.replay.why}
        )
