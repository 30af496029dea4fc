"""Decisions and what they rest on; conditions and who says that they are met
(docs/bundle.md, section 8, Decisions)."""

from collections import namedtuple

from encoding import day_number, need

RUN = {"approve", "approve_with_conditions"}
REFUSE = {"decline", "suspend", "exit"}
APPROVERS, BODY = {"approver", "governing_body"}, {"governing_body"}

# What an act needs: its basis, how many people of which roles, an opinion, a vote.
Demand = namedtuple("Demand", "basis people roles opinion vote")

class Approved:
    """What is kept of a decision that lets something run."""

    def __init__(self, entry, preparer):
        self.id = entry.id
        self.count = {"precedent": entry.public["precedents"] or 0, "ongoing": len(entry.public["ongoing_checked_by"] or [])}
        self.met = set()  # numbers of conditions precedent
        self.owner = entry.shown("accountable_owner")
        self.preparer = preparer


def demand(outcome, tier, act, against):
    """What an act that lets something run needs on a rating."""
    edd = tier in ("EDD", "EDD+GB")
    if outcome == "escalate" and not against:
        return Demand("committee", 2, APPROVERS, True, True)
    if outcome in RUN:
        if against:
            return Demand("override", 2, BODY, edd, False)
        if outcome == "approve_with_conditions" and act == "approve":
            return Demand("override", 2, APPROVERS, edd, False)
        return Demand("rating", 1, APPROVERS, edd, False)
    return Demand("override", 2, BODY, True, True)


def allowed(outcome, act):
    """Whether an act may be decided at all on a rating with this outcome."""
    if outcome == "prohibited_legal":
        return act in REFUSE
    if outcome == "pending":
        return act in REFUSE | {"escalate"}
    return outcome is not None and act is not None


class Decisions:
    """Ratings, decisions and conditions of the log so far."""

    def __init__(self, history, voices, again):
        self.history, self.voices, self.again = history, voices, again  # again gives an earlier entry
        self.approved = {}  # by leaf hash in hex
        self.current = {}  # the newest that lets run, by record id
        self.approvals = self.shown = 0

    def add(self, entry, carried=False):
        """Takes note of an entry, and checks it, if it is one of these kinds. What one that is
        carried into a range rests on need not be here, and is not asked."""
        if entry.kind == "rating":
            self.history.kept.rated(entry.hash, entry.position)
        elif entry.kind == "decision":
            rated = self._rated(entry.public["rating"])
            if not carried:
                self._decision(entry, rated)
            self._keep(entry, rated, carried)
        elif entry.kind == "condition_check" and not carried:
            self._condition_check(entry)

    def _rated(self, name):
        """The earlier rating with a leaf hash."""
        position = self.history.kept.rating(bytes.fromhex(name)) if name else None
        need(position is not None, "it rests on no earlier rating of this log, or on one that is not carried")
        return self.again(position)

    def conditions(self):
        """How many conditions of the newest decisions must be met first, and how many are."""
        newest = [self.approved[name] for name in self.current.values()]
        return sum(a.count["precedent"] for a in newest), sum(len(a.met) for a in newest)

    def _decision(self, entry, rated):
        public, signers = entry.public, entry.signers()
        act, outcome = public["act"], public["outcome"]
        need(allowed(outcome, act), f"it decides {act} where the rating calls for {outcome}")
        need(public["signatures"] == len(entry.sigs), "it says that another number of people signed it")
        need(entry.shown("decided_by") in (None, entry.actor), "it names another person than the one who signed it")
        need(entry.shown("preparer") not in signers, "whoever prepared the assessment has signed the decision on it")
        for mine, theirs in (("outcome", "outcome"), ("tier", "tier"), ("residual", "worst"), ("hard_stops", "hard_stops")):
            need(public[mine] == rated.public[theirs], f"its {mine} is not that of the rating that it rests on")
        need(rated.actor not in signers, "whoever prepared the assessment has signed the decision on it")
        if act in RUN:
            self._approval(entry)

    def _keep(self, entry, rated, carried):
        public = entry.public
        for name, number in (("conditions_precedent", public["precedents"] or 0), ("conditions_ongoing", len(public["ongoing_checked_by"] or []))):
            need(not entry.shows(name) or len(entry.shown(name) or []) == number, f"it has another number of {name} than it says")
        self.current.pop(entry.id, None)
        if public["act"] in RUN:
            grave = public["basis"] != "rating" or public["residual"] in ("HIGH", "CRITICAL")
            self.approved[entry.hash.hex()] = Approved(entry, rated.actor if grave else None)
            if not carried:  # checks of its conditions that came before the range are not here
                self.current[entry.id] = entry.hash.hex()

    def _approval(self, entry):
        public, name = entry.public, entry.public["referral"]
        matter = self.voices.matters.get(name)
        need(name is None or matter, "it rests on a vote that is no closed matter before it")
        need(not matter or matter.public["rating"] == public["rating"], "the panel voted on another rating")
        opinions, objections = public["opinions"] or 0, public["objections"] or 0
        against = objections > 0 or (matter is not None and matter.public["outcome"] == "against")
        asks = demand(public["outcome"], public["tier"], public["act"], against)
        need(not asks.vote or matter and matter.public["quorum"], "it needs a panel's vote with a quorum, and names none")
        need(not asks.vote or (public["precedents"] or 0) >= 1, "it lets run what a committee decides, and nothing has to be met before")
        need(not asks.opinion or opinions >= 1, "it needs an expert's opinion and has none")
        need(0 <= objections <= opinions <= len(self.voices.standing), "it rests on more opinions than experts have signed")
        need(public["basis"] == asks.basis, f"its basis is {public['basis']} where it needs {asks.basis}")
        need(self.history.signers_with(entry, asks.roles) >= asks.people, "too few people with the roles that it takes signed it")
        self._ends(public, asks, matter, against)
        shown = self.voices.heard(entry) and (matter is None or matter.shown)
        need(matter is None or not matter.voters.intersection(entry.signers()), "somebody who voted on the rating has signed the decision on it")
        if asks.opinion or asks.vote:
            self.approvals += 1
            self.shown += shown

    def _ends(self, public, asks, matter, against):
        start, end = day_number(public["effective_day"]), day_number(public["expires_day"])
        if asks.basis == "override":
            need(start is not None and end is not None and end > start, "an override ends on a day after it begins, and this one does not")
            if against and matter is not None and matter.public["quorum"]:
                need(start > day_number(matter.public["answer_due"]), "it holds before the time to answer the panel is over")
        if asks.vote and matter.public["emergency"]:
            ratify = day_number(matter.public["ratify_by"])
            need(end is not None and ratify is not None and end <= ratify, "it rests on a vote at short notice and does not end when that must be ratified")

    def _condition_check(self, entry):
        public, signers = entry.public, entry.signers()
        need(entry.rev == 1, "what was found of a condition was changed")
        day = day_number(public["day"])
        need(day is not None and 0 <= entry.day - day <= 1, "a condition was looked at on another day than it was entered")
        approved = self.approved.get(public["decision"])
        need(approved, "it is about a condition of no earlier approval of this log")
        number, sort = public["number"] or 0, public["sort"]
        need(1 <= number <= approved.count.get(sort, 0), "there is no such condition of that decision")
        need(approved.owner not in signers, "who is accountable for the deployment says that its condition is met")
        need(approved.preparer not in signers, "whoever prepared the rating says that the condition is met")
        if sort == "precedent":
            approved.met.discard(number)
            if public["result"] == "met":
                approved.met.add(number)
