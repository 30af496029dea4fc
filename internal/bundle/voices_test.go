package bundle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// case of a HIGH rating that a committee lets run: an expert, four members who vote, two
// who decide. Each step can be changed before it is written.
type approvalCase struct {
	outcome, tier string
	roles         [2][]string // of those who decide
	opinion       func(*opinionRecord)
	votes         []string // choices of as many members
	matter        func(*referralRecord)
	decision      func(*decisionRecord)
	alone         bool // one signature only
	expertDecides bool // the second signature is the expert's
	memberDecides bool
	others        func(l *testLog, c *approvalCase) // before the decision
	after         func(l *testLog, decision string, owner ledger.PersonKey)
	votesNamed    []string
	swap          bool // the first two vote from each other's seats
	late          bool // it is entered long after the notice that it says
	slow          bool // the votes are entered after the last day
	backdated     bool // and dated before it
	share         bool // the first two vote from one seat
	ratingHash    string
	opinionID     string // and who gave it
	expert        ledger.PersonKey
}

func approving() *approvalCase {
	return &approvalCase{outcome: "escalate", tier: "EDD", roles: [2][]string{{"approver"}, {"governing_body"}}, votes: []string{"for", "for", "for", "against"}}
}

// from gives the place of the seat from which a member votes.
func (c *approvalCase) from(i int) int {
	switch {
	case c.swap && i < 2:
		return 1 - i
	case c.share && i == 1:
		return 0
	}
	return i
}

// build writes the log of the case.
func (c *approvalCase) build(t *testing.T) *testLog {
	t.Helper()
	l := newLog(t, 1)
	l.on("2027-03-02")
	expert := l.person("expert")
	var members []ledger.PersonKey
	var seats []string
	for i := range c.votes {
		member := l.person("panel_member")
		group := "other"
		if i < 2 {
			group = "affected"
		}
		id := l.id()
		add(l, seatKind, id, &seatRecord{State: "active", Group: group, Person: member.ID()})
		members, seats = append(members, member), append(seats, id)
	}
	first, second := l.person(c.roles[0]...), l.person(c.roles[1]...)
	rated := add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber(), Outcome: c.outcome, Tier: c.tier})
	c.ratingHash = l.hash(rated)
	l.erase(rated, 0) // made-up inputs do not add up to a rating
	o := &opinionRecord{State: "given", Choice: "support", Rating: c.ratingHash}
	if c.opinion != nil {
		c.opinion(o)
	}
	c.opinionID, c.expert = l.id(), expert
	opinion := add(l, opinionKind, c.opinionID, o, expert)
	id := l.id()
	if c.late {
		l.on("2027-03-10")
	}
	r := &referralRecord{State: "open", Rating: c.ratingHash, Noticed: "2027-03-02", Closes: "2027-03-16", Seats: 7, Affected: 3}
	add(l, referralKind, id, r)
	if c.slow {
		l.on("2027-03-17")
		l.person("analyst")
	}
	counts := map[string]int64{}
	c.votesNamed = nil
	for i, choice := range c.votes {
		at := add(l, voteKind, l.id(), &voteRecord{Choice: choice, Referral: id, Seat: seats[c.from(i)]}, members[i])
		if c.backdated {
			l.edit(at, func(leaf *ledger.Leaf) { leaf.Day = "2027-03-16" })
		}
		c.votesNamed = append(c.votesNamed, l.hash(at))
		counts[choice]++
	}
	n := int64(len(c.votes))
	closed := *r
	closed.State, closed.Closed, closed.AnswerDue = "closed", "2027-03-17", "2027-04-16"
	closed.For, closed.Against, closed.Abstain, closed.Present, closed.There, closed.Votes = counts["for"], counts["against"], counts["abstain"], n, min(n, 2), c.votesNamed
	closed.Quorum, closed.Outcome = true, "for"
	if closed.Against >= closed.For {
		closed.Outcome = "against"
	}
	if c.matter != nil {
		c.matter(&closed)
	}
	l.on("2027-03-17")
	at := add(l, referralKind, id, &closed)
	if c.others != nil {
		c.others(l, c)
	}
	d := &decisionRecord{
		Act: "approve_with_conditions", Basis: OnCommittee, Outcome: c.outcome, Tier: c.tier, From: "2027-03-18", Signatures: 2, Opinions: 1,
		Rating: c.ratingHash, Referral: l.hash(at), Read: []string{l.hash(opinion)}, Precedents: 1, Precedent: []string{"an audit"}, Owner: first.ID(),
	}
	if o.Choice == "object" {
		d.Objections = 1
	}
	if c.decision != nil {
		c.decision(d)
	}
	signers := []ledger.PersonKey{first, second}
	switch {
	case c.alone:
		signers = signers[:1]
	case c.expertDecides:
		signers[1] = expert
	case c.memberDecides:
		signers[1] = members[0]
	}
	decided := add(l, decisionKind, l.id(), d, signers...)
	if c.after != nil {
		c.after(l, l.hash(decided), first)
	}
	return l
}

// on sets the day of the entries that follow.
func (l *testLog) on(day string) {
	l.t.Helper()
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		l.t.Fatal(err)
	}
	l.time = max(l.time, d.Add(8*time.Hour).UnixMicro())
}

// anew has the expert revise the opinion after it was read, and another expert give one on
// something else, so that the number of opinions still fits.
func anew(state, choice string) func(*testLog, *approvalCase) {
	return func(l *testLog, c *approvalCase) {
		add(l, opinionKind, c.opinionID, &opinionRecord{State: state, Choice: choice, Rating: c.ratingHash}, c.expert)
		add(l, opinionKind, l.id(), &opinionRecord{State: "given", Choice: "support", Rating: strings.Repeat("a", 64)}, l.person("expert"))
	}
}

// override makes the decision one against the panel or the rating.
func override(d *decisionRecord) {
	d.Basis, d.From, d.Expires = OnOverride, "2027-04-17", "2027-10-01"
}

// TestApprovalsRestOnWhatWasSaid protects KY-04, KY-05 and PO-03 where an outsider sees
// them: a HIGH or CRITICAL approval without enough people of the right roles, without
// an opinion and a vote on the very rating, or before its lock ends does not verify. What
// does not need disclosed values is found by an audience that is shown none.
func TestApprovalsRestOnWhatWasSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*approvalCase)
		want   string // "" when it holds
		blind  bool   // found without any disclosed field
	}{
		"as it should be":       {func(*approvalCase) {}, "", true},
		"one signature":         {func(c *approvalCase) { c.alone, c.decision = true, func(d *decisionRecord) { d.Signatures = 1 } }, "needs 2 people", true},
		"with an expert":        {func(c *approvalCase) { c.expertDecides = true }, "whose roles do not allow this: decision", true},
		"with a member":         {func(c *approvalCase) { c.memberDecides = true }, "whose roles do not allow this: decision", true},
		"with a seller":         {func(c *approvalCase) { c.roles[1] = []string{"approver", "sales"} }, "whose roles do not allow this: decision", true},
		"no opinion":            {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Opinions, d.Read = 0, nil } }, "needs an expert's opinion", true},
		"more than signed":      {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Opinions = 2 } }, "experts have signed 1", true},
		"one of another rating": {func(c *approvalCase) { c.opinion = func(o *opinionRecord) { o.Rating = strings.Repeat("a", 64) } }, "on another rating", false},
		"a withdrawn one":       {func(c *approvalCase) { c.opinion = func(o *opinionRecord) { o.State = "withdrawn" } }, "experts have signed", true},
		"one withdrawn since":   {func(c *approvalCase) { c.others = anew("withdrawn", "support") }, "no earlier opinion of this log that stands", false},
		"one given anew since":  {func(c *approvalCase) { c.others = anew("given", "object") }, "no earlier opinion of this log that stands", false},
		"one given twice, counted as two": {func(c *approvalCase) {
			c.others = func(l *testLog, c *approvalCase) {
				add(l, opinionKind, c.opinionID, &opinionRecord{State: "given", Choice: "support", Rating: c.ratingHash}, c.expert)
			}
			c.decision = func(d *decisionRecord) { d.Opinions = 2 }
		}, "experts have signed 1", true},
		"one named twice": {func(c *approvalCase) {
			c.decision = func(d *decisionRecord) { d.Read = append(d.Read, d.Read...) }
		}, "one opinion twice", false},
		"an objection left out": {func(c *approvalCase) {
			c.opinion, c.decision = func(o *opinionRecord) { o.Choice = "object" }, func(d *decisionRecord) { d.Objections = 0 }
		}, "1 of them objections, and says 1 and 0", false},
		"against an objection":     {func(c *approvalCase) { c.opinion = func(o *opinionRecord) { o.Choice = "object" } }, `its basis is "committee" where it needs "override"`, true},
		"no vote":                  {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Referral = "" } }, "needs a panel's vote", true},
		"an entry that is no vote": {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Referral = d.Rating } }, "no closed matter before it", true},
		"a vote that is open":      {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.State = "open" } }, "no closed matter before it", true},
		"a vote on another rating": {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.Rating = strings.Repeat("a", 64) } }, "voted on another rating", true},
		"no quorum": {func(c *approvalCase) {
			c.votes, c.matter = c.votes[:3], func(r *referralRecord) { r.Quorum, r.Outcome, r.AnswerDue = false, "no_quorum", "" }
		}, "without a quorum", true},
		"a quorum of too few":   {func(c *approvalCase) { c.votes = c.votes[:3] }, "make quorum false", true},
		"none who are affected": {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.There = 0 } }, "make quorum false", true},
		"seats left out":        {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.Seats = 3 } }, "do not add up", true},
		"the other outcome": {func(c *approvalCase) {
			c.votes = []string{"for", "against", "against", "against"}
			c.matter = func(r *referralRecord) { r.Outcome = "for" }
		}, "outcome against, it says", true},
		"votes that nobody cast": {func(c *approvalCase) {
			c.matter = func(r *referralRecord) { r.For, r.Present = r.For+1, r.Present+1 }
		}, "more votes \"for\" than members have signed", true},
		"a vote counted twice": {func(c *approvalCase) {
			c.matter = func(r *referralRecord) { r.Votes[1] = r.Votes[0] }
		}, "counted before", false},
		"from each other's seats":             {func(c *approvalCase) { c.swap = true }, "somebody else's seat", false},
		"from one seat":                       {func(c *approvalCase) { c.share = true }, "two votes from one seat", false},
		"more affected people than sat there": {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.There = 3 } }, "the seats say 2", false},
		"counted too early":                   {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.Closed = "2027-03-16" } }, "before its last day", true},
		"notice dated back":                   {func(c *approvalCase) { c.late = true }, "had notice before it was entered", true},
		"counted before its time":             {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.Closed = "2027-03-18" } }, "counted after it was entered", true},
		"a vote after the last day":           {func(c *approvalCase) { c.slow = true }, "cast after the last day", false},
		"a vote dated back":                   {func(c *approvalCase) { c.slow, c.backdated = true, true }, "its day is before that of an earlier entry", true},
		"short notice":                        {func(c *approvalCase) { c.matter = func(r *referralRecord) { r.Noticed = "2027-03-14" } }, "less notice than 14 days", true},
		"an emergency without an end": {func(c *approvalCase) {
			c.matter = func(r *referralRecord) { r.Emergency, r.RatifyBy = true, "2027-04-13" }
		}, "does not end when that must be ratified", true},
		"an emergency with an end": {func(c *approvalCase) {
			c.matter = func(r *referralRecord) { r.Emergency, r.RatifyBy = true, "2027-04-13" }
			c.decision = func(d *decisionRecord) { d.Expires = "2027-04-13" }
		}, "", true},
		"against the panel": {func(c *approvalCase) { c.votes = []string{"for", "against", "against", "against"} }, `needs "override"`, true},
		"an override of it": {func(c *approvalCase) {
			c.votes, c.roles[0], c.decision = []string{"for", "against", "against", "against"}, []string{"governing_body"}, override
		}, "", true},
		"an override by an approver": {func(c *approvalCase) {
			c.votes, c.decision = []string{"for", "against", "against", "against"}, override
		}, "needs 2 people with one of the roles [governing_body]", true},
		"an override before its lock ends": {func(c *approvalCase) {
			c.votes, c.roles[0] = []string{"for", "against", "against", "against"}, []string{"governing_body"}
			c.decision = func(d *decisionRecord) { override(d); d.From = "2027-04-16" }
		}, "before the time to answer", true},
		"an override without an end": {func(c *approvalCase) {
			c.votes, c.roles[0] = []string{"for", "against", "against", "against"}, []string{"governing_body"}
			c.decision = func(d *decisionRecord) { override(d); d.Expires = "" }
		}, "ends on a day", true},
		"CRITICAL by a committee": {func(c *approvalCase) { c.outcome, c.tier = "suspend", "EDD+GB" }, `needs "override"`, true},
		"CRITICAL by two of the body": {func(c *approvalCase) {
			c.outcome, c.tier, c.roles[0], c.decision = "suspend", "EDD+GB", []string{"governing_body"}, override
		}, "", true},
		"nothing has to be met":      {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Precedents, d.Precedent = 0, nil } }, "nothing has to be met before", true},
		"more conditions than texts": {func(c *approvalCase) { c.decision = func(d *decisionRecord) { d.Precedents = 2 } }, "has 2 conditions precedent and names 1", false},
		"a second vote on the rating": {func(c *approvalCase) {
			c.others = func(l *testLog, c *approvalCase) {
				var named []string
				for range 4 {
					at := add(l, voteKind, l.id(), &voteRecord{Choice: "for"}, l.person("panel_member"))
					named = append(named, l.hash(at))
				}
				add(l, referralKind, l.id(), &referralRecord{State: "closed", Rating: c.ratingHash, Noticed: "2027-03-02", Closes: "2027-03-16", Closed: "2027-03-17", AnswerDue: "2027-04-16",
					Outcome: "for", Quorum: true, Seats: 7, Affected: 3, Present: 4, There: 2, For: 4, Votes: named})
			}
		}, "its vote stands", true},
	} {
		t.Run(name, func(t *testing.T) {
			a := approving()
			c.change(a)
			l := a.build(t)
			for _, classes := range [][]ledger.Class{{ledger.Customer, ledger.Personal}, nil} {
				want := c.want
				if len(classes) == 0 && !c.blind {
					want = ""
				}
				everyRange(t, l, classes...)
				r, err := verify(l.bundle(classes...), Trust{})
				if want != "" {
					if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), want) {
						t.Errorf("classes %v: want %q, got %v", classes, want, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("classes %v: %v", classes, err)
					continue
				}
				if v := r.Counts.Voices; v.Approvals != 1 || (v.Shown == 1) != (len(classes) > 0) || v.Shown+v.Withheld != 1 {
					t.Errorf("classes %v: what is withheld is not said to be: %+v", classes, v)
				}
			}
		})
	}
}

// TestTheServerCannotSpeakForPeople protects votes and opinions from whoever runs the
// log: without a signature, with one over something else, by somebody who is no member,
// or by a person that the server made up while the verifier has the people's own keys.
func TestTheServerCannotSpeakForPeople(t *testing.T) {
	vote := func(l *testLog, keys ...ledger.PersonKey) int {
		return add(l, voteKind, l.id(), &voteRecord{Choice: "for", Referral: "a matter"}, keys...)
	}
	for name, c := range map[string]struct {
		build func(l *testLog) People
		want  string
	}{
		"a member's own vote": {func(l *testLog) People { vote(l, l.person("panel_member")); return nil }, ""},
		"nobody signed it":    {func(l *testLog) People { vote(l); return nil }, "needs 1 signatures of people and has 0"},
		"a foreign signature": {func(l *testLog) People { vote(l, l.person("approver")); return nil }, "whose roles do not allow this: vote"},
		"a stranger's": {func(l *testLog) People {
			key, _ := ledger.NewPersonKey(l.random)
			vote(l, key)
			return nil
		}, "not an active person of this log"},
		"turned round": {func(l *testLog) People {
			at := vote(l, l.person("panel_member"))
			l.edit(at, func(leaf *ledger.Leaf) {
				leaf.Public = []byte(strings.Replace(string(leaf.Public), `"for"`, `"against"`, 1))
			})
			return nil
		}, "does not fit what the entry says"},
		"another's signature copied": {func(l *testLog) People {
			one, two := vote(l, l.person("panel_member")), vote(l, l.person("panel_member"))
			leaf, err := ledger.ParseLeaf(l.rows[one].leaf)
			if err != nil {
				t.Fatal(err)
			}
			l.edit(two, func(x *ledger.Leaf) { x.Sigs, x.Actor = slices.Clone(leaf.Sigs), leaf.Actor })
			return nil
		}, "does not fit what the entry says"},
		"a member made up": {func(l *testLog) People {
			real := l.person("panel_member")
			vote(l, real)
			vote(l, l.person("panel_member"))
			return People{real.PublicHash(): true}
		}, "whose key is not among those that you gave"},
		"changed later": {func(l *testLog) People {
			key, id := l.person("panel_member"), l.id()
			add(l, voteKind, id, &voteRecord{Choice: "for"}, key)
			add(l, voteKind, id, &voteRecord{Choice: "against"}, key)
			return nil
		}, "a vote stands as it was cast"},
		"an opinion that nobody signed": {func(l *testLog) People {
			add(l, opinionKind, l.id(), &opinionRecord{State: "given", Choice: "support"})
			return nil
		}, "needs 1 signatures"},
		"an opinion of who decides": {func(l *testLog) People {
			add(l, opinionKind, l.id(), &opinionRecord{State: "given", Choice: "support"}, l.person("expert", "approver"))
			return nil
		}, "whose roles do not allow this: opinion"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 1)
			people := c.build(l)
			everyRange(t, l)
			_, err := verify(l.bundle(), Trust{People: people})
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}
