"""Populations that assessors froze, and the samples that they drew, repeated
(docs/bundle.md, section 8, Independent assessments)."""

from encoding import need, sha256
from population import digest_of, draw, figures, hexed

MAX_DRAWS = 64


class Frozen:
    """A population as it was taken, and the draws from it. units is None where nobody can
    count them: the entries before it are not all here."""

    def __init__(self, entry, terms, units, carried):
        self.terms, self.actor, self.units, self.carried = terms, entry.actor, units, carried
        self.link = entry.public["commitment"]
        self.root, self.position = None, None  # that seeds rest on
        self.draws, self.had = 0, set()


class Sampling:
    """All populations and samples of the log so far."""

    def __init__(self, records):
        self.records, self.frozen = records, {}  # by leaf hash
        self.taken = set()  # terms of which the population was taken
        self.unseeded, self.before = [], None
        self.counts = {"populations": 0, "samples": 0, "unchecked": 0}

    def seed(self, entry, root):
        """Lets populations rest on the root after the first entry by somebody else, which
        is known when the next entry comes."""
        for frozen in [f for f in self.unseeded if f.actor != self.before]:
            frozen.root, frozen.position = root.hex(), entry.position
            self.unseeded.remove(frozen)
        self.before = entry.actor

    def freeze(self, entry, terms, root):
        """Counts a population again; gives whether that was possible."""
        public = entry.public
        need(terms.hash not in self.taken, "a second population is taken under the same terms")
        need((public["from_day"] or "", public["upto_day"] or "") == (terms.begins, terms.upto), "the population is of another period than the terms")
        need(entry.date > terms.upto, "a population is taken while its period lasts")
        carried, units = root is None, None
        need(public["size"] == entry.position and (carried or public["root"] == root.hex()), "the population does not rest on the entries before it")
        if self.records.ready and not carried:
            units, afterward = self.records.of_period(terms)
            for name, value in figures(units, afterward, terms.upto).items():
                need(public[name] == value, f"it says {name} {public[name]}, the entries before it give {value}")
        self.taken.add(terms.hash)
        self.frozen[entry.hash.hex()] = frozen = Frozen(entry, terms, units, carried)
        if not carried:
            self.unseeded.append(frozen)
        self.counts["unchecked" if units is None else "populations"] += 1
        return units is not None

    def terms(self, entry):
        """The terms under which the population of a sample was frozen."""
        frozen = self.frozen.get(entry.public["population"])
        need(frozen, "it is drawn from a population that nobody froze before")
        return frozen.terms

    def draw(self, entry):
        """Draws a sample again."""
        public, frozen = entry.public, self.frozen[entry.public["population"]]
        need(entry.actor == frozen.actor, "it is drawn by another assessor than the one who froze the population")
        frozen.draws += 1
        need(public["draw"] == frozen.draws <= MAX_DRAWS, "the draws from a population are not numbered 1, 2, 3 and so on to 64")
        need(frozen.carried or frozen.position is not None and (public["position"], public["root"]) == (frozen.position, frozen.root),
             "its seed does not rest on the first entry that somebody else made after the population was frozen")
        secret, of = public["secret"] or "", public["of"] or ""
        need(sha256(bytes.fromhex(secret)).hex() == frozen.link, "its seed is not the one that the assessor had committed to")
        frozen.link = secret
        if frozen.units is None:
            self.counts["unchecked"] += 1
            return
        drawn = draw(frozen.units, of, hexed(f"duly/seed/1\n{secret}\n{public['root']}\n{of}\n{frozen.draws}"), public["size"] or 0, frozen.had)
        numbers = [public[name] or 0 for name in ("targeted", "size", "drawn_from", "strata")]
        need(numbers == [len(drawn.targeted), len(drawn.drawn), drawn.others, drawn.strata] and digest_of(drawn) == public["drawn"],
             "drawn again, the sample has other records")
        frozen.had.update(drawn.targeted, drawn.drawn)
        self.counts["samples"] += 1
