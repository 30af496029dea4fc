"""Independent assessments: terms of reference, who takes part, and what belongs to an
engagement (docs/bundle.md, section 8, Independent assessments)."""

from collections import namedtuple

from conclusions import Conclusions
from encoding import day_number, need
from population import Records
from sampling import Sampling

AGREED = ("from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency", "witnesses", "quorum")
BLOCKING = {"financial_interest", "employment", "contingent_fee", "self_review"}
ONCE = frozenset("""
population witnessed reconciliation effort control_test workpaper determination dissent
assessment_reply redaction_consent publication
""".split())

# Approved terms of reference, by their leaf hash in hex.
Terms = namedtuple("Terms", "engagement hash public begins upto")

# What an assessor declared, in the newest revision of the record.
Declared = namedtuple("Declared", "id takes_part blocking flagged")

# The newest revision of a request for evidence.
Request = namedtuple("Request", "state asked_day due engagement")


class Engagement:
    """What came of one engagement so far."""

    def __init__(self, name):
        self.id, self.newest = name, None  # public fields of the newest revision
        self.approved = None  # leaf hash of the newest approved revision
        self.declared = {}  # by actor
        self.assignment, self.ended = None, False  # record id, once it has started

    def goes_on(self):
        """Refuses what is entered after the end."""
        need(self.newest["state"] != "withdrawn", "its engagement was withdrawn")
        need(not self.ended, "it was entered after the engagement had ended")

    def taking_part(self):
        """The declarations of those who take part, none of which is blocking."""
        part = [d for d in self.declared.values() if d.takes_part]
        need(not any(d.blocking for d in part), "an assessor with a conflict that blocks takes part")
        return part

    def work(self, entry):
        """Holds the work of an assessor to the start and to who takes part."""
        need(self.assignment, "assessors work in an engagement that has not started")
        part = {d.id for d in self.taking_part()}
        need(all(s in self.declared and self.declared[s].id in part for s in entry.signers()),
             "somebody signed it who has declared no independence in this engagement, or has left it")


class Assessments:
    """All assessments of the log so far."""

    def __init__(self, history, schemas, archive, outsiders):
        """outsiders are the keys of witnesses who are no assessors."""
        self.history, self.records, self.begins, self.counted = history, Records(ready=archive.begins == 0), archive.begins, archive.counted()
        self.opening = -1  # position of the balance from which records are counted on
        self.sampling, self.conclusions = Sampling(self.records, history, archive, outsiders), Conclusions(schemas)
        self.engagements, self.terms = {}, {}
        self.home = {}  # the engagement and the actor of a record, by its id
        self.requests = {}  # by record id

    def add(self, entry, root):
        """Holds the next entry to those before it, whose root is given, or None where it is
        carried into a range."""
        self.sampling.seed(entry, root)
        need(entry.kind not in ONCE or entry.rev == 1, f"a {entry.kind} was changed, and it stands as it was signed")
        rule = RULES.get(entry.kind)
        if rule:
            check_stated(entry)
            self._dated(entry)
            rule(self, entry, root)
        if entry.kind == "balance":
            self._balance(entry)
        if root is not None:
            self.records.add(entry)

    def finish(self):
        """Checks what needs all entries."""
        need(self.counted is None or self.records.ready, "records are counted at an opening balance that is not there")

    def _balance(self, entry):
        """Holds a balance to the records that stand, or takes those of the opening one."""
        if not self.records.ready and self.counted is not None and entry.position in (self.begins - 1, self.begins):
            self.records.open(self.counted)
            self.opening = entry.position
        if self.records.ready:
            need((entry.public["counted"], entry.public["counted_hash"]) == self.records.balance(), "the balance says that other records stand than do")

    def _dated(self, entry):
        """Holds the day that a record says to the day of its entry."""
        name = "day"
        if entry.kind == "evidence_request":
            name = {"asked": "asked_day", "answered": "answered_day"}.get(entry.public["state"])
        if name in entry.schema.names:
            need(day_number(entry.public[name]) in (entry.day - 1, entry.day), "it is dated on another day than it was entered")

    def _engagement(self, entry, root):
        public, of = entry.public, self.engagements.setdefault(entry.id, Engagement(entry.id))
        begins, upto, due = (public[name] or "" for name in ("from_day", "upto_day", "due"))
        need(begins <= upto < due and 1 <= (public["required_coverage"] or 0) <= 100 and (public["budget"] or 0) >= 0, "its days, coverage and budget are no terms")
        quorum = public["quorum"] or 0
        need(quorum >= 0 and (quorum == 0) == (public["witnesses"] is None), "it names witnesses and asks for none, or asks for witnesses and names none")
        before, of.newest = of.newest, public
        need(before is None or before["state"] != "withdrawn", "an engagement that was withdrawn goes on")
        need(not of.ended, "terms are changed after the engagement had ended")
        need(public["state"] != "approved" or before and before["state"] == "draft", "terms are approved that were no draft")
        need(public["state"] == "draft" or before and all(public[name] == before[name] for name in AGREED), "other terms are approved or withdrawn than stood before")
        if public["state"] == "approved":
            of.approved = entry.hash.hex()
            self.terms[of.approved] = Terms(entry.id, of.approved, public, begins, upto)

    def _in_force(self, entry, terms):
        """The engagement of terms that are in force."""
        need(terms, "it rests on terms that the governing body never approved")
        of = self.engagements[terms.engagement]
        need(of.approved == terms.hash, "it rests on terms that are not in force any more")
        of.goes_on()
        return of

    def _named(self, entry):
        """The terms that a record names, which are in force, and their engagement."""
        terms = self.terms.get(entry.public["terms"])
        return terms, self._in_force(entry, terms)

    def _stays(self, entry, of):
        need(self.home.setdefault(entry.id, of.id) == of.id, "the record was of another engagement before")

    def _independence(self, entry, root):
        _, of = self._named(entry)
        public, ties = entry.public, entry.public["ties"] or []
        blocking = bool(BLOCKING.intersection(ties)) or public["removed_by"] == "management"
        flagged = blocking or bool(ties) or public["appointed_by"] == "management"
        need((bool(public["blocking"]), bool(public["flagged"])) == (blocking, flagged), "it says otherwise of a conflict than the ties that it declares")
        need((public["fee"] or 0) >= 0 and (public["recusals"] or 0) >= 0, "its fee or what it leaves to others is below nothing")
        self._stays(entry, of)
        had = of.declared.get(entry.actor)
        need(had is None or had.id == entry.id, "a person has two declarations in one engagement")
        need(all(d.id != entry.id for actor, d in of.declared.items() if actor != entry.actor), "a declaration is made again by another person")
        of.declared[entry.actor] = Declared(entry.id, public["state"] == "declared", blocking, flagged)

    def _assignment(self, entry, root):
        _, of = self._named(entry)
        public = entry.public
        if public["state"] == "started":
            need(of.assignment is None and entry.rev == 1, "an engagement is started a second time")
            of.assignment = entry.id
            part = of.taking_part()
            need(part and (public["assessors"], public["flagged"] or 0) == (len(part), sum(d.flagged for d in part)),
                 "it counts other numbers of assessors than take part")
        need(of.assignment == entry.id, "it ends another assignment than the one with which the engagement began")
        of.work(entry)
        of.ended = public["state"] != "started"

    def _population(self, entry, root):
        terms, of = self._named(entry)
        of.work(entry)
        counted = self.sampling.freeze(entry, terms, root)
        self.conclusions.freeze(terms, entry.public, self.records.ratings if counted else None)

    def _sample(self, entry, root):
        terms = self.sampling.terms(entry)
        self._in_force(entry, terms).work(entry)
        if self.sampling.sample(entry):
            self.conclusions.draw(entry, terms)

    def _witnessed(self, entry, root):
        self.sampling.witnessed(entry)

    def _reconciliation(self, entry, root):
        _, of = self._named(entry)
        of.work(entry)
        public = entry.public
        number = {name: public[name] or 0 for name in ("rows", "known", "missing", "ambiguous", "unread", "repeated", "recorded", "unlisted")}
        need(min(number.values()) >= 0 and number["rows"] == sum(number[name] for name in ("known", "missing", "ambiguous", "unread")),
             "the outcomes of its rows do not add up to their number")
        need(number["repeated"] <= number["known"] and number["unlisted"] <= number["recorded"], "more rows are repeated than known, or more records unlisted than recorded")
        self.conclusions.reconcile(of.id, public["of"], number)

    def _effort(self, entry, root):
        _, of = self._named(entry)
        of.work(entry)
        minutes, cost, items = (entry.public[name] or 0 for name in ("minutes", "cost", "items"))
        need(min(minutes, cost, items) >= 0 and minutes + cost > 0, "a task takes time or costs something, and never less than nothing")

    def _request(self, entry, root):
        _, of = self._named(entry)
        public, state, before = entry.public, entry.public["state"], self.requests.get(entry.id)
        by_assessor = self.history.signers_with(entry, {"assessor"}) > 0
        need(by_assessor == (state != "answered"), "assessors ask and the company answers; this is signed by the other side")
        asked, due, answered = (public[name] or "" for name in ("asked_day", "due", "answered_day"))
        if before is None:
            need(state == "asked" and due >= asked, "a request is asked first, and due on that day or later")
        else:
            need(state != "asked" and before == Request("asked", asked, due, of.id), "a request is asked once, and answered or withdrawn once, with the days that it had, in its engagement")
        self.requests[entry.id] = Request(state, asked, due, of.id)
        if state != "answered":
            of.work(entry)
            return
        need(bool(public["late"]) == (answered > due), "it says otherwise of when it was answered than its days")

    def _work(self, entry, root):
        terms, of = self._named(entry)
        of.work(entry)
        self.conclusions.work(entry, terms)

    def _reply(self, entry, root):
        engagement = self.conclusions.reply(entry)
        if entry.kind == "dissent":
            self._of(engagement, entry)

    def _redaction(self, entry, root):
        terms = self.terms.get(entry.public["terms"])
        need(terms, "it rests on terms that the governing body never approved")
        if entry.public["state"] != "lifted":
            self._in_force(entry, terms)
        self.conclusions.redact(entry, terms.engagement)

    def _consent(self, entry, root):
        self._of(self.conclusions.consent(entry), entry)

    def _publication(self, entry, root):
        public = entry.public
        need(1 <= (public["size"] or 0) <= entry.position, "a report is published of entries that do not stand before it")
        need(public["json"] and public["html"], "a publication does not say which bytes were published")
        by_assessors = self.history.signers_with(entry, {"assessor"})
        if public["what"] == "assessment":
            need(by_assessors == len(entry.sigs), "somebody other than an assessor publishes an assessment")
            self._named(entry)[1].work(entry)
        else:
            need(by_assessors == 0 and not public["terms"], "an assessor publishes what the company says, or it rests on terms")

    def _of(self, engagement, entry):
        of = self.engagements[engagement]
        of.goes_on()
        of.work(entry)


def check_stated(entry):
    """Refuses what leaves open in clear what a rule asks."""
    for field in entry.schema.public:
        if field.type == "enum" and field.name != "leverage" or field.type == "bool" and field.name != "crucial":
            need(entry.public[field.name] is not None, f"it does not state its {field.name}")


# The rule of each kind of an assessment.
RULES = {
    "engagement": Assessments._engagement,
    "independence": Assessments._independence,
    "assignment": Assessments._assignment,
    "population": Assessments._population,
    "engagement_sample": Assessments._sample,
    "witnessed": Assessments._witnessed,
    "reconciliation": Assessments._reconciliation,
    "effort": Assessments._effort,
    "evidence_request": Assessments._request,
    "control_test": Assessments._work,
    "workpaper": Assessments._work,
    "impact": Assessments._work,
    "determination": Assessments._work,
    "dissent": Assessments._reply,
    "assessment_reply": Assessments._reply,
    "redaction": Assessments._redaction,
    "redaction_consent": Assessments._consent,
    "publication": Assessments._publication,
}
