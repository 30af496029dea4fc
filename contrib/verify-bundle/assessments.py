"""Independent assessments: terms of reference, independence, populations and samples
counted and drawn again (docs/bundle.md, section 8, Independent assessments)."""

from collections import namedtuple

from conclusions import Conclusions
from encoding import day_number, need, sha256
from population import Records, digest_of, draw, figures, hexed

DRAFTED = ("from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency")
BLOCKING = {"financial_interest", "employment", "contingent_fee", "self_review"}

# Approved terms of reference, by their leaf hash in hex. Days are numbers.
Terms = namedtuple("Terms", "engagement hash public first last")

# What an assessor declared, in the newest revision.
Declared = namedtuple("Declared", "engagement takes_part blocking flagged")


class Engagement:
    """What came of one engagement so far."""

    def __init__(self):
        self.newest = None  # public fields of the newest revision
        self.approved = None  # leaf hash of the newest approved revision
        self.started = self.ended = False


class Frozen:
    """A population as it was taken, and the draws from it."""

    def __init__(self, entry, terms, units):
        self.terms, self.actor, self.units = terms, entry.actor, units
        self.link = entry.public["commitment"]
        self.root, self.position = None, None  # that seeds rest on
        self.draws, self.had = 0, set()


class Assessments:
    """All assessments of the log so far."""

    def __init__(self, history, schemas):
        self.history, self.records, self.conclusions = history, Records(), Conclusions(schemas)
        self.engagements, self.terms, self.declared, self.frozen = {}, {}, {}, {}
        self.home = {}  # the engagement of a record, by its id
        self.taken = set()  # terms of which the population was taken
        self.unseeded, self.before = [], None
        self.counts = {"populations": 0, "samples": 0, "unchecked": 0}

    def add(self, entry, root):
        """Holds the next entry to those before it, whose root is given."""
        self._seed(entry.position, root)
        self.before = entry.actor
        if entry.kind == "engagement":
            self._engagement(entry)
        elif entry.kind == "engagement_sample":
            self._sample(entry)
        elif entry.kind in RULES:
            self._under_terms(entry, root)
        else:
            self.conclusions.add(entry)
        self.records.add(entry)

    def _engagement(self, entry):
        public, of = entry.public, self.engagements.setdefault(entry.id, Engagement())
        before = of.newest["state"] if of.newest else None
        need(before != "withdrawn", "an engagement that was withdrawn goes on")
        of.newest, drafted = public, of.newest
        if public["state"] == "approved":
            need(before == "draft", "terms are approved that were no draft")
            need(all(public[name] == drafted[name] for name in DRAFTED), "other terms are approved than were drafted")
            of.approved = entry.hash.hex()
            self.terms[of.approved] = Terms(entry.id, of.approved, public, _day(public["from_day"]), _day(public["upto_day"]))

    def _under_terms(self, entry, root):
        """Holds a record to its terms, which are in force, and to the rules of its kind."""
        terms = self.terms.get(entry.public["terms"])
        need(terms, "it rests on terms that the governing body never approved")
        of = self.engagements[terms.engagement]
        need(of.newest["state"] != "withdrawn" and of.approved == terms.hash, "it rests on terms that are not in force any more")
        need(not of.ended, "it was entered after the engagement had ended")
        need(self.home.setdefault(entry.id, terms.engagement) == terms.engagement, "its record was of another engagement before")
        rule, after_start = RULES[entry.kind]
        need(of.started or not after_start, "it belongs to an engagement that has not started")
        rule(self, entry, terms, root)

    def _independence(self, entry, terms, root):
        public, ties = entry.public, entry.public["ties"] or []
        blocking = bool(BLOCKING.intersection(ties)) or public["removed_by"] == "management"
        flagged = blocking or bool(ties) or public["appointed_by"] == "management"
        need((bool(public["blocking"]), bool(public["flagged"])) == (blocking, flagged), "it says otherwise of a conflict than the ties that it declares")
        self.declared[entry.id] = Declared(terms.engagement, public["state"] == "declared", blocking, flagged)

    def _assignment(self, entry, terms, root):
        public, of = entry.public, self.engagements[terms.engagement]
        if public["state"] != "started":
            of.ended = True
            return
        need(not of.started, "an engagement is started a second time")
        of.started = True
        part = self._taking_part(terms)
        need(part and (public["assessors"], public["flagged"] or 0) == (len(part), sum(d.flagged for d in part)),
             "it counts other numbers of assessors than have declared")

    def _taking_part(self, terms):
        part = [d for d in self.declared.values() if d.engagement == terms.engagement and d.takes_part]
        need(not any(d.blocking for d in part), "an assessor with a conflict that blocks takes part")
        return part

    def _population(self, entry, terms, root):
        public = entry.public
        need(entry.rev == 1, "a population was changed")
        need(terms.hash not in self.taken, "a second population is taken under the same terms")
        need((public["from_day"], public["upto_day"]) == (terms.public["from_day"], terms.public["upto_day"]), "the population is of another period than the terms")
        need((public["size"], public["root"]) == (entry.position, root.hex()), "the population does not rest on the entries before it")
        self._taking_part(terms)
        units, afterward = self.records.of_period(terms)
        for name, value in figures(units, afterward, terms.public["upto_day"] or "").items():
            need(public[name] == value, f"it says {name} {public[name]}, the entries before it give {value}")
        self.taken.add(terms.hash)
        self.frozen[entry.hash.hex()] = frozen = Frozen(entry, terms, units)
        self.unseeded.append(frozen)
        self.counts["populations"] += 1
        self.conclusions.freeze(terms, public)

    def _seed(self, position, root):
        """Lets populations rest on the root after the first entry by somebody else."""
        for frozen in [f for f in self.unseeded if f.actor != self.before]:
            frozen.root, frozen.position = root.hex(), position
            self.unseeded.remove(frozen)

    def _sample(self, entry):
        public, frozen = entry.public, self.frozen.get(entry.public["population"])
        need(frozen, "it is drawn from a population that nobody froze before")
        need(entry.rev == 1, "a sample was changed")
        frozen.draws += 1
        need(public["draw"] == frozen.draws, "the draws from a population are not numbered 1, 2, 3")
        need(frozen.position is not None and (public["position"], public["root"]) == (frozen.position, frozen.root),
             "its seed does not rest on the first entry that somebody else made after the population was frozen")
        secret = public["secret"] or ""
        need(sha256(bytes.fromhex(secret)).hex() == frozen.link, "its seed is not the one that the assessor had committed to")
        frozen.link = secret
        seed = hexed(f"duly/seed/1\n{secret}\n{frozen.root}\n{public['of'] or ''}\n{frozen.draws}")
        drawn = draw(frozen.units, public["of"], seed, public["size"] or 0, frozen.had)
        need(drawn and digest_of(drawn) == public["drawn"], "drawn again, the sample has other records")
        need([public[name] or 0 for name in ("targeted", "drawn_from", "strata")] == [len(drawn.targeted), drawn.others, drawn.strata],
             "drawn again, the sample has other numbers of records")
        frozen.had.update(drawn.targeted, drawn.drawn)
        self.counts["samples"] += 1
        self.conclusions.draw(entry, frozen.terms, drawn)

    def _reconciliation(self, entry, terms, root):
        public = entry.public
        parts = [public[name] or 0 for name in ("known", "missing", "ambiguous", "unread")]
        need(min(parts) >= 0 and (public["rows"] or 0) == sum(parts), "the outcomes of its rows do not add up to their number")
        self.conclusions.reconcile(terms, public)

    def _request(self, entry, terms, root):
        public, asker = entry.public, self.history.signers_with(entry, {"assessor"}) > 0
        answered = public["state"] == "answered"
        need(asker != answered, "assessors ask and the company answers; this is signed by the other side")
        day = public["answered_day"] or ""
        need(not answered or _day(day) <= entry.day, "it was answered after it was entered")
        need(bool(public["late"]) == (day > (public["due"] or "")), "it says otherwise of when it was answered than its days")

    def _conclusion(self, entry, terms, root):
        self.conclusions.work(entry, terms)

    def _nothing_more(self, entry, terms, root):
        """Terms in force are all that the page asks of this kind."""


# The rule of each kind that names terms, and whether it waits for the start.
RULES = {
    "independence": (Assessments._independence, False),
    "assignment": (Assessments._assignment, False),
    "effort": (Assessments._nothing_more, False),
    "reconciliation": (Assessments._reconciliation, False),
    "population": (Assessments._population, True),
    "evidence_request": (Assessments._request, True),
    "workpaper": (Assessments._nothing_more, True),
    "control_test": (Assessments._conclusion, True),
    "impact": (Assessments._conclusion, True),
    "determination": (Assessments._conclusion, True),
    "redaction": (Assessments._conclusion, True),
}


def _day(text):
    """The number of a day; null is before all days."""
    number = day_number(text)
    return -1 << 60 if number is None else number
