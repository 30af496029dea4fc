"""Which witnesses must have cosigned: a file after C2SP tlog-policy (docs/bundle.md, section 11)."""

from checkpoint import witness_key
from encoding import Refused, Unusable

MAX_LINES = 1000


class Policy:
    """A policy as it was read: the log, the witnesses by name, groups, and the quorum."""

    def __init__(self, text):
        self.log, self.quorum, asked = None, None, False
        self.witnesses, self.groups = {}, {}  # by the names in the policy
        for number, line in enumerate(text.split("\n"), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            try:
                need(number <= MAX_LINES and len(words) > 1, "the policy has too many lines, or a line with one word")
                if words[0] == "quorum":
                    need(len(words) == 2 and not asked, "there is one quorum, of one name")
                    need(words[1] == "none" or self._known(words[1]), "the quorum is of nobody")
                    asked, self.quorum = True, None if words[1] == "none" else words[1]
                elif words[0] == "log":
                    need(len(words) <= 3 and self.log in (None, words[1]), "the policy names two logs")
                    self.log = words[1]
                else:
                    self._name(words)
            except (Refused, Unusable) as problem:
                raise Unusable(f"line {number} of the policy: {problem}") from None
        need(asked, "the policy does not say which quorum it asks for")

    def _known(self, name):
        return name in self.witnesses or name in self.groups

    def _name(self, words):
        name = words[1]
        need(not self._known(name) and name != "none", f"the name {name} is taken")
        if words[0] == "witness":
            need(3 <= len(words) <= 4, "a witness has a name, a key, and perhaps an address")
            key = witness_key(words[2])
            need(key.text not in {w.text for w in self.witnesses.values()}, "a witness is named twice; it would count as two")
            self.witnesses[name] = key
            return
        need(words[0] == "group" and len(words) > 3, f"{words[0]} is not a line of a policy here")
        members = words[3:]
        need(len(set(members)) == len(members) and all(self._known(m) for m in members), "a group's members are named before it, each once")
        numbers = {"all": len(members), "any": 1} | {str(n): n for n in range(1, len(members) + 1)}
        need(words[2] in numbers, "a group asks for all, any, or a number of its members")
        self.groups[name] = (numbers[words[2]], members)

    def met(self, keys):
        """Whether the quorum is met by those whose keys cosigned."""
        met = {name: w.text in keys for name, w in self.witnesses.items()}
        for name, (number, members) in self.groups.items():  # members are named before a group
            met[name] = sum(met[m] for m in members) >= number
        return self.quorum is None or met[self.quorum]


def need(holds, why):
    """A policy comes from outside: what is wrong with it is no fault of the file."""
    if not holds:
        raise Unusable(why)
