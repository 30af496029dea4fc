"""What experts and panels said: opinions, seats, votes, and the matters that were put to a
panel (docs/bundle.md, section 8, Decisions)."""

from collections import Counter, namedtuple

from encoding import day_number, need

Opinion = namedtuple("Opinion", "id choice state rating signers")
Vote = namedtuple("Vote", "choice referral seat day signers")
Seat = namedtuple("Seat", "group person")
CHOICES = {"for": "votes_for", "against": "votes_against", "abstain": "abstained"}


class Matter:
    """A closed referral, as decisions rest on it."""

    def __init__(self, entry):
        self.public, self.id = entry.public, entry.id
        self.voters = set()
        self.shown = False  # all of its votes are shown


class Voices:
    """Opinions, votes and matters of the log so far, by leaf hash in hex."""

    def __init__(self):
        self.opinions, self.standing = {}, {}  # standing: the newest hash by record, while given
        self.votes, self.seats, self.matters = {}, {}, {}
        self.cast, self.counted = Counter(), Counter()  # votes by choice
        self.used, self.closed, self.settled = set(), set(), set()
        self.against = {}  # by subject: the closed_day of votes against it, by hash

    def add(self, entry):
        """Takes note of an entry, and checks it, if it is one of these kinds."""
        take = {"opinion": self._opinion, "vote": self._vote, "seat": self._seat, "referral": self._referral}.get(entry.kind)
        if take:
            take(entry)

    def _opinion(self, entry):
        opinion = Opinion(entry.id, entry.public["choice"], entry.public["state"], entry.shown("rating"), entry.signers())
        self.opinions[entry.hash.hex()] = opinion
        self.standing.pop(entry.id, None)
        if opinion.state == "given":
            self.standing[entry.id] = entry.hash.hex()

    def _vote(self, entry):
        need(entry.rev == 1, "a vote was changed")
        self.cast[entry.public["choice"]] += 1
        self.votes[entry.hash.hex()] = Vote(entry.public["choice"], entry.shown("referral"), entry.shown("seat"), entry.day, entry.signers())

    def _seat(self, entry):
        self.seats[entry.id] = Seat(entry.public["group"], entry.shown("person"))

    def _referral(self, entry):
        public = entry.public
        need(entry.id not in self.closed, "a matter that was counted was changed afterwards")
        noticed, closes = day_number(public["noticed_day"]), day_number(public["closes_day"])
        need(noticed is not None and closes is not None and closes - noticed >= (3 if public["emergency"] else 14), "members had too little notice")
        need(entry.rev > 1 or entry.day - noticed <= 1, "it says that members had notice before it was entered")
        self._asks_again(entry, noticed)
        if public["state"] == "closed":
            self._close(entry, closes)

    def _asks_again(self, entry, noticed):
        public, subject = entry.public, entry.shown("subject")
        votes, before = self.against.get(subject, {}), public["asks_again"]
        if before is not None:
            matter = self.matters.get(before)
            need(matter and matter.public["outcome"] == "against", "it asks again about what is no earlier vote against anything")
            need(matter.public["rating"] != public["rating"], "it asks again about the very rating that a panel voted against")
            need(subject is None or before in votes, "it asks again about a vote on another deployment")
        elif entry.rev == 1 and subject is not None and public["ratifies"] is None:
            need(all(noticed - day >= 365 for day in votes.values()), "it does not say that a panel voted against the same deployment")

    def _close(self, entry, closes):
        public = entry.public
        closed = day_number(public["closed_day"])
        need(closed is not None and closes < closed <= entry.day, "it was counted before its last day was over, or after it was entered")
        self.closed.add(entry.id)
        count_up(public, closed)
        matter = Matter(entry)
        self._ballots(entry, matter, closes)
        if public["quorum"] and not public["emergency"]:
            need(public["rating"] not in self.settled, "a panel has voted on this rating before, and its vote stands")
            self.settled.add(public["rating"])
        self.matters[entry.hash.hex()] = matter
        if entry.shown("subject") is not None and public["outcome"] == "against":
            self.against.setdefault(entry.shown("subject"), {})[entry.hash.hex()] = closed

    def _ballots(self, entry, matter, closes):
        """Holds a matter to the votes that it names or, where they are withheld, to how
        many of each choice members have signed."""
        want = Counter({choice: entry.public[field] or 0 for choice, field in CHOICES.items()})
        self.counted.update(want)
        need(all(self.counted[c] <= self.cast[c] for c in CHOICES), "more votes of one choice are counted than members have signed")
        if not entry.shows("votes"):
            return
        names = entry.shown("votes") or []
        matter.shown, got, seats, affected = True, Counter(), set(), 0
        for name in names:
            vote = self.votes.get(name)
            need(vote, "it counts a vote that is no earlier vote of this log")
            need(name not in self.used, "it counts a vote that was counted before")
            need(vote.day <= closes, "it counts a vote that was cast after the last day")
            need(vote.referral in (None, entry.id), "it counts a vote that was cast in another matter")
            need(not matter.voters.intersection(vote.signers), "it counts two votes of one member")
            if vote.referral is None or vote.seat is None:
                matter.shown = False
            else:
                affected += self._sits(vote, seats)
            self.used.add(name)
            matter.voters.update(vote.signers)
            got[vote.choice] += 1
        need(all(got[c] == want[c] for c in CHOICES), "it names other numbers of votes than it says")
        need(not matter.shown or affected == (entry.public["affected_present"] or 0), "the seats for affected people are not as many as it says")

    def _sits(self, vote, taken):
        seat = self.seats.get(vote.seat)
        need(seat, "it counts a vote from a seat that nobody was given before")
        need(vote.seat not in taken, "it counts two votes from one seat")
        need(seat.person is None or seat.person in vote.signers, "it counts a vote from somebody else's seat")
        taken.add(vote.seat)
        return seat.group == "affected"

    def heard(self, entry):
        """Holds a decision to the opinions that it names; gives whether all is shown."""
        public = entry.public
        if not entry.shows("opinions_read"):
            return not public["opinions"]
        shown, objections, ids = True, 0, set()
        for name in entry.shown("opinions_read") or []:
            opinion = self.opinions.get(name)
            need(opinion and self.standing.get(opinion.id) == name, "it rests on an opinion that is no earlier one that stands")
            need(opinion.rating in (None, public["rating"]), "it rests on an opinion on another rating")
            need(opinion.id not in ids, "it rests on one opinion twice")
            need(not set(opinion.signers).intersection(entry.signers()), "an expert who was heard on the rating has signed the decision on it")
            shown = shown and opinion.rating is not None
            ids.add(opinion.id)
            objections += opinion.choice == "object"
        need((len(ids), objections) == (public["opinions"] or 0, public["objections"] or 0), "it names other numbers of opinions than it says")
        return shown


def count_up(public, closed):
    """Repeats the count of a closed matter from its figures in clear."""
    number = {name: public[name] or 0 for name in ("present", "recused", "seats", "affected_seats", "affected_present", *CHOICES.values())}
    yes, no, abstained = (number[field] for field in CHOICES.values())
    present, affected, there = number["present"], number["affected_seats"], number["affected_present"]
    need(present == yes + no + abstained and min(yes, no, abstained, there, number["recused"]) >= 0, "its votes do not add up")
    need(there <= present and there <= affected and present + number["recused"] <= number["seats"], "its votes do not add up")
    quorum = 2 * present > number["seats"] and affected > 0 and 3 * there >= affected
    outcome = "no_quorum" if not quorum else "for" if yes > no else "against"
    need((bool(public["quorum"]), public["outcome"]) == (quorum, outcome), f"its votes make the outcome {outcome}, and it says otherwise")
    due = day_number(public["answer_due"])
    need(not quorum or due is not None and due > closed, "no time to answer is set")
