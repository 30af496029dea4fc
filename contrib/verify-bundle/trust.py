"""What the verifier brings from outside, and what a result is worth by it
(docs/bundle.md, sections 10 and 11)."""

from datetime import datetime, timedelta

from checkpoint import Checkpoint, log_key
from encoding import Refused, Unusable, need
from proof import handover

EPOCH = datetime(1970, 1, 1)


class Trust:
    """Keys, checkpoints and rules that came from outside; each may be missing."""

    def __init__(self, key=None, checkpoint=None, people=None):
        self.key, self.checkpoint, self.people = key, checkpoint, people
        self.witnesses, self.assessor = [], None  # verifier keys, and the name of one
        self.policy = None
        self.handovers = []

    def know(self, key):
        """Adds a witness, once."""
        if key.text not in {w.text for w in self.witnesses}:
            self.witnesses.append(key)

    def outsiders(self):
        """The keys of the witnesses without the assessor, whose word on the own sample is
        not that of an outsider."""
        return {w.text for w in self.witnesses if w.name != self.assessor}

    def take(self, policy):
        """Adds a policy: its log, its witnesses, its quorum."""
        if policy.log is not None:
            if self.key not in (None, policy.log):
                raise Unusable("the policy names another log than you did")
            self.key = policy.log
        for name, key in policy.witnesses.items():
            self.know(key)
            if name == "assessor":
                self.assessor = key.name
        self.policy = policy

    def follow(self, schemas, lead=()):
        """The keys to which the handovers lead, from the one that was given on; the last stands
        for it. lead are keys of which a file has shown that each follows the one before."""
        keys = [self.key]
        if self.handovers:
            if self.key is None:
                raise Unusable("a handover leads from a key to the next; give the first one")
            keys = [self._given().text]
        for data in self.handovers:
            keys.append(handover(data, log_key(keys[-1]), schemas)[0].text)
        if keys[-1] in lead:
            keys += lead[lead.index(keys[-1]) + 1 :]
        return keys

    def _given(self):
        try:
            return log_key(self.key)
        except Refused as problem:
            raise Unusable(f"the key of the log that you gave: {problem}") from None

    def open(self, signed, shown, schemas, lead=()):
        """Opens the checkpoint of a file that shows a key of the log, or None where it shows
        none. Gives the key's text, that checkpoint, and the one from outside or None. lead
        is as in follow."""
        *former, newest = self.follow(schemas, lead)
        if shown is None:
            if newest is None:
                raise Unusable("a proof names no key of the log; give the one that you got from outside")
            shown = newest if former else self._given().text
        need(newest in (None, shown), "it shows another log key than the one that you gave")
        key = log_key(shown)
        return shown, Checkpoint(signed).open(key, self.witnesses), self._outside(key, [*former, *lead])

    def again(self, signed, shown):
        """Opens a further checkpoint of the same file."""
        return Checkpoint(signed).open(log_key(shown), self.witnesses)

    def _outside(self, key, former):
        if self.checkpoint is None:
            return None
        outside, refusal = Checkpoint(self.checkpoint, sorted_lines=False), None
        for candidate in [key] + [log_key(text) for text in former]:
            try:
                return outside.open(candidate, self.witnesses)
            except Refused as problem:
                refusal = refusal or problem
        raise Refused(f"the checkpoint that you gave: {refusal}")

    def worth(self, checkpoint, others=()):
        """What the signatures under a checkpoint are worth, and since when outsiders hold
        which entries, by it and by others. Refuses one that lacks the policy's quorum."""
        keys = {c.key for c in checkpoint.cosigned}
        need(self.policy is None or self.policy.met(keys), "fewer or other witnesses have cosigned than your policy asks for")
        names = set(checkpoint.by())
        level = "witnesses" if names else "log key" if self.key else "none"
        if names == {self.assessor}:
            level = "assessor"
        fixed = [
            {"entries": c.size, "since": (EPOCH + timedelta(seconds=min(x.at for x in c.cosigned))).isoformat() + "Z", "by": c.by()}
            for c in [*others, checkpoint] if c.cosigned and c.size > 0
        ]
        fixed.sort(key=lambda f: f["entries"])
        return {"assurance": level, "witnesses": len(names), "unknown": checkpoint.unknown, "fixed": fixed}
