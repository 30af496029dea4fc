"""What later entries of a log depend on: the order of times, revisions, epochs, people's
keys and roles, and erasures (docs/bundle.md, section 8, points 6 to 10)."""

from collections import namedtuple

import pins
from encoding import Refused, need, sha256
from kept import Revision
from tree import Tree

# The kinds of which a balance says how many entries there are.
STANDING = set("assessment_reply assignment control_test determination dissent effort engagement engagement_sample epoch evidence_request impact"
               " independence opinion person population reconciliation redaction redaction_consent referral seat vote witnessed workpaper".split())

# An epoch: its place, number and reason, its key's hash, and how many entries shown before are lost.
Epoch = namedtuple("Epoch", "entry number reason log_key lost")


class History:
    """The state of a log after the entries so far."""

    def __init__(self, key, trusted, kept):
        self.key_hash, self.trusted, self.kept = sha256(key.encode()).hex(), trusted, kept
        self.time, self.day = 0, -1 << 60
        self.epoch, self.log_key, self.epochs = 0, None, []
        self.standing = Tree()  # over the entries of the standing kinds
        self.complete = -1  # the place of the newest balance that holds
        self.continued = 0  # records of a range that may have revisions which are not here
        self.roles = {}  # of active persons, by the hash of the key
        self.key_of = {}  # the key's hash, by the record id of the person
        self.erased = set()  # (leaf hash, field) that are marked as erased
        self.erasures = set()  # those that an erasure entry names
        self.signatures = 0

    def add(self, entry, tree=None):
        """Holds the next entry to those before it, whose tree is given; None where the entry
        is carried into a range, and those before it are not all here."""
        need(entry.position > 0 or entry.kind == "epoch", "a log begins with an epoch")
        self._order(entry)
        self._chain(entry, tree is None and entry.kind not in STANDING)
        if entry.kind == "epoch":
            self._begin_epoch(entry, tree)
        elif entry.kind == "balance":
            self._balance(entry, tree)
        elif entry.kind == "person":
            self._register(entry)
        elif entry.kind == "erasure":
            self.erasures.add((entry.public["target"], entry.public["field"]))
        self.erased.update((entry.hash.hex(), i) for i, s in enumerate(entry.sealed) if s.state == "erased")
        self._signed(entry)
        if entry.kind in STANDING:
            self.standing.add(entry.hash)

    def _order(self, entry):
        if entry.time is not None:
            need(entry.time > self.time, "its time is not after that of the entry before it")
            self.time = entry.time
        need(entry.day >= self.day, "its day is before that of an earlier entry")
        self.day = entry.day

    def _chain(self, entry, gaps):
        before = self.kept.newest(entry.id)
        if before is None:
            need(gaps or entry.rev == 1, "the first revision of its record is not numbered 1")
            self.continued += gaps
        else:
            need(entry.kind == before.kind, "its record was of another kind before")
            need(entry.rev == before.rev + 1 or gaps and entry.rev > before.rev, "its revision does not follow the one before")
            need(entry.rev > before.rev + 1 or entry.prev == before.hash, "it does not name the revision before it")
        self.kept.revised(entry.id, Revision(entry.kind, entry.rev, entry.hash))

    def _begin_epoch(self, entry, tree):
        public, size = entry.public, entry.public["quoted_size"] or 0
        need(public["number"] == self.epoch + 1, "the epochs are not numbered 1, 2, 3")
        need((entry.position == 0) == (self.epoch == 0) == (public["reason"] == "first"), "an epoch has a reason that it cannot have, or the first is not the first entry")
        lost = size - entry.position if public["reason"] == "restore" else 0
        need(lost > 0 or size == entry.position and _is_root(tree, public["quoted_root"]), "an epoch quotes another tree than the one before it")
        self.epoch, self.log_key = public["number"], public["log_key"]
        self.epochs.append(Epoch(entry.position, self.epoch, public["reason"], public["log_key"] or "", max(0, lost)))

    def _balance(self, entry, tree):
        public = entry.public
        need(public["size"] == entry.position and _is_root(tree, public["root"]), "the balance is not of the entries before it")
        need((public["standing"], public["standing_root"]) == (self.standing.size, self.standing.root().hex()),
             "the balance says another number of people, roles, votes and opinions than stand before it")
        self.complete = entry.position

    def _register(self, entry):
        key, active = entry.public["key"], entry.public["state"] == "active"
        self.roles.pop(self.key_of.pop(entry.id, None), None)
        if active:
            roles = entry.public["roles"] or []
            need(key not in self.roles, "two active persons have one key")
            need("assessor" not in roles or len(roles) == 1, "an assessor has another role")
            self.roles[key], self.key_of[entry.id] = roles, key

    def _signed(self, entry):
        entitled = pins.MAY_SIGN.get(entry.kind)
        for s in entry.sigs:
            self.signatures += 1
            digest = sha256(s.key).hex()
            need(digest in self.roles, "it is signed by somebody who is no active person of this log")
            need(self.trusted is None or digest in self.trusted, "it is signed by a key that is not among those that you gave")
            if entitled:
                roles = self.roles[digest]
                need(any(r in entitled.one for r in roles) and not any(r in entitled.none for r in roles),
                     f"somebody whose roles do not allow it signed this {entry.kind}")
        if entitled:
            need(entry.actor in entry.signers(), "it is in the name of somebody who has not signed it")
        for i, field in enumerate(entry.schema.sealed):
            if entry.schema.signers and field.name == "person" and entry.sealed[i].value is not None:
                need(entry.sealed[i].value == entry.actor, "it names another person than the one who signed it")

    def signers_with(self, entry, roles):
        """How many people with one of the roles signed an entry."""
        return sum(any(r in roles for r in self.roles[sha256(s.key).hex()]) for s in entry.sigs)

    def finish(self):
        """Checks what needs the whole log."""
        need(self.log_key == self.key_hash, "the newest epoch names another key than the one that signed the checkpoint")
        for target, field in self.erased - self.erasures:
            raise Refused(f"field {field} of the leaf {target} is gone, and no erasure says why")
        for target, field in self.erasures - self.erased:
            raise Refused(f"an erasure names field {field} of the leaf {target}, which is not marked as erased")


def _is_root(tree, digest):
    """Whether a digest is that of the entries before, which of a carried entry are not here."""
    return tree is None or tree.root().hex() == digest
