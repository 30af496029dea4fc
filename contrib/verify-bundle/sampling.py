"""Populations that assessors froze, and the samples that they drew, repeated
(docs/bundle.md, section 8, Independent assessments)."""

from encoding import need, sha256
from population import digest_of, draw, figures, hexed
from tree import Tree, leaf_hash
from witnessed import Cosigned

MAX_DRAWS = 64
PLAN = ("population", "draw", "of", "confidence", "tolerable", "expected", "wanted")
NOT_YET = ("secret", "root", "witnessed", "drawn", "position", "targeted", "size", "drawn_from", "strata")


class Frozen:
    """A population as it was taken, and the draws from it. units is None where nobody can
    count them: the entries before it are not all here."""

    def __init__(self, entry, terms, units, carried):
        self.terms, self.actor, self.units, self.carried = terms, entry.actor, units, carried
        self.link = entry.public["commitment"]
        self.root, self.position = None, None  # after the first entry by somebody else
        self.draws, self.had = 0, set()
        self.plan = None  # of the sample that is planned and not drawn yet


class Plan:
    """A sample that is planned and not drawn."""

    def __init__(self, entry, frozen):
        self.frozen, self.id, self.position = frozen, entry.id, entry.position
        self.fields = [entry.public[name] for name in PLAN]
        self.record, self.cosigned = None, None  # leaf hash of what seeds it, and that


class Sampling:
    """All populations and samples of the log so far. history knows people's keys; archive
    has the cosigned checkpoints and the entries again; outsiders are the texts of the keys
    of witnesses who are no assessors."""

    def __init__(self, records, history, archive, outsiders):
        self.records, self.history, self.archive, self.outsiders = records, history, archive, outsiders
        self.frozen, self.plans = {}, {}  # by leaf hash
        self.taken = set()  # terms of which the population was taken
        self.unseeded, self.before = [], None
        self.counts = {"populations": 0, "samples": 0, "witnessed": 0, "outside": 0, "planned": 0, "unchecked": 0}

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

    def sample(self, entry):
        """Takes a planned sample, or draws one again; gives whether it was drawn."""
        public, frozen = entry.public, self.frozen[entry.public["population"]]
        need(entry.actor == frozen.actor, "it is drawn by another assessor than the one who froze the population")
        need(public["draw"] == frozen.draws + 1 <= MAX_DRAWS, "the draws from a population are not numbered 1, 2, 3 and so on to 64")
        if public["state"] == "planned":
            self._plan(entry, frozen)
            return False
        frozen.draws += 1
        seed = self._by_witnesses(entry, frozen) if frozen.terms.public["witnesses"] else self._by_anybody(entry, frozen)
        self._draw(entry, frozen, seed)
        return True

    def _plan(self, entry, frozen):
        need(entry.rev == 1, "a sample was changed, and it stands as it was planned")
        need(frozen.terms.public["witnesses"], "a sample is planned under terms that name no witnesses")
        need(frozen.plan is None, "a sample is planned while another one is not drawn yet")
        need(not any(entry.public[name] for name in NOT_YET), "it says what was drawn in a sample that is only planned")
        self.plans[entry.hash.hex()] = frozen.plan = Plan(entry, frozen)
        self.counts["planned"] += 1

    def witnessed(self, entry):
        """Holds the record of a cosigned checkpoint to the plan that it seeds."""
        public, plan = entry.public, self.plans.get(entry.public["sample"])
        need(plan and plan.frozen.plan is plan, "it seeds a sample that is not planned, or was drawn before")
        need(plan.record is None, "a second cosigned checkpoint is recorded for one sample")
        need(entry.actor != plan.frozen.actor, "it was recorded by the assessor whose sample it seeds")
        size = public["size"] or 0
        need(plan.position < size <= entry.position, "the cosigned checkpoint does not cover the plan, or covers later entries")
        plan.record = entry.hash.hex()
        if plan.frozen.carried:
            return
        data = self.archive.witnessed(public["note"])
        need(data is not None, "the cosigned checkpoint is not in the bundle")
        plan.cosigned = cosigned = Cosigned(data)
        checkpoint, terms = cosigned.checkpoint, plan.frozen.terms.public
        tree = (self.archive.manifest["origin"], size, self._root_of(size))
        need((checkpoint.origin, checkpoint.size, checkpoint.root) == tree and public["root"] == checkpoint.root.hex(),
             "the witnesses cosigned another tree than that of the entries")
        need(cosigned.hash() == terms["witnesses"], "the checkpoint is cosigned by other witnesses than the terms name")
        need((terms["quorum"] or 0) <= len(cosigned.signed) == public["cosigned"], "it says another number of witnesses, or fewer have cosigned than the terms ask for")
        need(not any(sha256(key.key).hex() in self.history.roles for key in cosigned.keys), "a witness has the key of a person of the log, and is no outsider")

    def _root_of(self, size):
        """The root of the first entries, in a range of those up to one of its own."""
        tree = Tree(self.archive.begins, self.archive.edge()) if self.archive.begins else Tree()
        for leaf, _ in self.archive.entries():
            if tree.size == size:
                break
            tree.add(leaf_hash(leaf))
        return tree.root()

    def _by_anybody(self, entry, frozen):
        """What a sample rests on whose terms name no witnesses."""
        public = entry.public
        need(entry.rev == 1, "a sample was changed, and it stands as it was drawn")
        need(public["state"] == "drawn" and public["witnessed"] is None, "it names a witness under terms that name none")
        if frozen.carried:
            return None
        need(frozen.position is not None and (public["position"], public["root"]) == (frozen.position, frozen.root),
             "its seed does not rest on the first entry that somebody else made after the population was frozen")
        return hexed(f"duly/seed/1\n{public['secret']}\n{frozen.root}\n{public['of']}\n{frozen.draws}")

    def _by_witnesses(self, entry, frozen):
        """What a sample rests on that was planned."""
        public, plan, frozen.plan = entry.public, frozen.plan, None
        need(plan and (entry.id, entry.rev) == (plan.id, 2), "a sample is drawn that was not planned, though the terms name witnesses")
        need(plan.record, "it is drawn before witnesses whom the terms name had cosigned its plan")
        need([public[name] for name in PLAN] == plan.fields, "another sample is drawn than was planned")
        need(public["witnessed"] == plan.record, "its seed does not rest on the cosigned checkpoint that was recorded of its plan")
        self.counts["planned"] -= 1
        if frozen.carried:
            return None
        size, root, first = plan.cosigned.checkpoint.size, plan.cosigned.checkpoint.root.hex(), plan.cosigned.first
        need((public["position"], public["root"]) == (size, root), "its seed does not rest on the cosigned checkpoint that was recorded of its plan")
        self.counts["witnessed"] += 1
        self.counts["outside"] += first.text in self.outsiders
        return hexed(f"duly/seed/2\n{public['secret']}\n{size}\n{root}\n{plan.cosigned.cosignature}\n{public['of']}\n{frozen.draws}")

    def _draw(self, entry, frozen, seed):
        public = entry.public
        need(sha256(bytes.fromhex(public["secret"] or "")).hex() == frozen.link, "its seed is not the one that the assessor had committed to")
        frozen.link = public["secret"]
        need((public["targeted"] or 0) + (public["size"] or 0) > 0, "it draws nothing")
        if frozen.units is None:
            self.counts["unchecked"] += 1
            return
        drawn = draw(frozen.units, public["of"], seed, public["wanted"] or 0, frozen.had)
        numbers = [public[name] or 0 for name in ("targeted", "size", "drawn_from", "strata")]
        need(numbers == [len(drawn.targeted), len(drawn.drawn), drawn.others, drawn.strata] and digest_of(drawn) == public["drawn"],
             "drawn again, the sample has other records")
        frozen.had.update(drawn.targeted, drawn.drawn)
        self.counts["samples"] += 1
