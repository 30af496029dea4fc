"""Checks a bundle from its first byte to its last (docs/bundle.md, section 8)."""

import json
from collections import Counter

from archive import Archive
from assessments import Assessments
from decisions import Decisions
from encoding import PUBLISHED, Refused, is_hash, need, sha256
from entry import Entry, Leaf, check_signatures, field_root, open_disclosure
from history import History
from redactions import Redactions
from replay import Replay, check_packs
from tree import Checkpoint, Tree, VerifierKey, root_of_path
from voices import Voices

MAX_DISCLOSURE = 16 << 20
PROOF = ["duly", "entry", "field", "leaf", "digests", "disclosure", "inclusion", "checkpoint", "key"]


class Trust:
    """What came from outside: the log's key, a checkpoint, the keys of people; or None."""

    def __init__(self, key=None, checkpoint=None, people=None):
        self.key, self.checkpoint, self.people = key, checkpoint, people

    def open(self, signed, shown):
        """The log's key, the checkpoint of a file, and the checkpoint from outside."""
        need(self.key is None or self.key == shown, "the file shows another log key than the one that you gave")
        key = VerifierKey(shown)
        outside = Checkpoint(self.checkpoint, key, alone=False) if self.checkpoint is not None else None
        return key, Checkpoint(signed, key), outside

    def assurance(self):
        """How far a check can be trusted."""
        return "log key" if self.key else "none"


class Bundle:
    """One check of one bundle."""

    def __init__(self, file, size, schemas, trust):
        self.archive, self.schemas, self.trust = Archive(file, size), schemas, trust
        manifest = self.archive.manifest
        self.key, self.checkpoint, self.outside = trust.open(self.archive.checkpoint, manifest["key"])
        need((self.checkpoint.origin, self.checkpoint.size) == (manifest["origin"], manifest["size"]),
             "the checkpoint is of another log or size than the manifest says")
        self.classes, self.redactions = {PUBLISHED, *manifest["classes"]}, Redactions(manifest, schemas)
        packs = self.archive.packs()
        check_packs(packs)
        self.unnamed = set(packs)
        self.tree, self.kinds, self.states = Tree(), Counter(), Counter()
        self.history = History(self.checkpoint.origin, manifest["key"], trust.people)
        self.voices = Voices()
        self.decisions = Decisions(self.history, self.voices)
        self.assessments = Assessments(self.history, schemas)
        self.offsets = []
        self.replay = Replay(packs, self._again)

    def check(self):
        """Checks everything and gives the result."""
        self._compare_outside()
        for leaf, line in self.archive.entries():
            try:
                self._entry(leaf, line)
            except Refused as problem:
                raise Refused(f"entry {self.tree.size}: {problem}") from None
            self._compare_outside()
        self.history.finish()
        self.redactions.finish()
        need((self.tree.size, self.tree.root()) == (self.checkpoint.size, self.checkpoint.root), "the entries do not give the root that was signed")
        need(self.outside is None or self.outside.size <= self.tree.size, "there are fewer entries than the checkpoint covers that you gave: some were removed")
        need(not self.unnamed, "a pack is in the bundle but not in the log")
        return self._result()

    def _entry(self, leaf, line):
        entry = Entry(self.tree.size, leaf, line, self.schemas)
        for field, sealed in zip(entry.schema.sealed, entry.sealed):
            self.states[sealed.state] += 1
            shown = field.sensitivity in self.classes and not self.redactions.withhold(entry.schema, field)
            need(sealed.state == "erased" or (sealed.state == "shown") == shown,
                 f"the field {field.name} is of the class {field.sensitivity}, and the manifest says otherwise of that class or field")
        root = self.tree.root()
        self.history.add(entry, root)
        self.redactions.add(entry)
        check_signatures(entry, self.checkpoint.origin, self.history.epoch)
        self.voices.add(entry)
        self.decisions.add(entry)
        self.assessments.add(entry, root)
        self.replay.add(entry)
        if entry.kind == "pack":
            self.unnamed.discard(entry.public["sha256"])
        self.kinds[entry.kind] += 1
        self.offsets.append((leaf, line))
        self.tree.add(entry.hash)

    def _again(self, place):
        return Entry(place, *self.offsets[place], self.schemas)

    def _compare_outside(self):
        if self.outside is not None and self.outside.size == self.tree.size:
            need(self.tree.root() == self.outside.root, f"the first {self.tree.size} entries are not those of the checkpoint that you gave")

    def _result(self):
        precedent, met = self.decisions.conditions()
        return {
            "what": "bundle", "origin": self.checkpoint.origin, "size": self.checkpoint.size, "root": self.checkpoint.root.hex(),
            "assurance": self.trust.assurance(), "classes": self.archive.manifest["classes"],
            "counts": {
                "entries": self.tree.size, "kinds": dict(sorted(self.kinds.items())), "disclosed": self.states["shown"],
                "withheld": self.states["withheld"], "erased": self.states["erased"], "signatures": self.history.signatures,
                "ratings": self.replay.counts,
                "voices": {"approvals": self.decisions.approvals, "shown": self.decisions.shown, "withheld": self.decisions.approvals - self.decisions.shown},
                "conditions": {"precedent": precedent, "met": met}, "assessed": self.assessments.counts,
            },
            "epochs": [e._asdict() for e in self.history.epochs[1:]], "not_replayed": self.replay.why,
        }


def verify_disclosure(data, schemas, trust):
    """Checks a file that shows one field, and gives the result (docs/bundle.md, section 9)."""
    try:
        proof = json.loads(data.decode())
        again = (json.dumps(proof, ensure_ascii=False, indent=1) + "\n").encode()
    except (ValueError, RecursionError):
        raise Refused("it is neither a bundle nor a disclosure") from None
    need(isinstance(proof, dict) and list(proof) == PROOF and proof["duly"] == "disclosure/1" and again == data, "it is not a disclosure in its one spelling")
    lists = [proof["digests"], proof["inclusion"]]
    texts = [proof[k] for k in ("field", "leaf", "disclosure", "checkpoint", "key")]
    need(all(isinstance(t, str) for t in texts) and type(proof["entry"]) is int, "a key of the disclosure has a value of another type")
    need(all(isinstance(x, list) and all(is_hash(h) for h in x) for x in lists), "a digest of the disclosure is malformed")
    digests, path = ([bytes.fromhex(h) for h in x] for x in lists)
    _, checkpoint, outside = trust.open(proof["checkpoint"].encode(), proof["key"])
    need(outside is None or (outside.size, outside.root) == (checkpoint.size, checkpoint.root), "it is tied to another checkpoint than the one that you gave")
    leaf = Leaf(proof["leaf"].encode(), schemas)
    at = leaf.schema.index(proof["field"])
    need(at is not None and len(digests) == len(leaf.schema.sealed), "the entry has no such sealed field, or another number of them")
    need(field_root(digests) == leaf.fields, "the digests are not those that the leaf commits to")
    need(sha256(proof["disclosure"].encode()) == digests[at], "the disclosed value is not the one that the leaf commits to")
    value = open_disclosure(leaf.schema.sealed[at], proof["disclosure"])
    need(root_of_path(proof["entry"], checkpoint.size, leaf.hash, path) == checkpoint.root, "the entry is not under the checkpoint at this place")
    return {
        "what": "disclosure", "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(),
        "assurance": trust.assurance(), "entry": proof["entry"], "kind": leaf.kind, "field": proof["field"], "value": value,
    }
