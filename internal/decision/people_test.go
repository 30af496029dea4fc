package decision_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

var packet = strings.Repeat("f", 64)

// office is a store with people who have one role each, and a panel.
type office struct {
	testing.TB
	db      *store.DB
	ann     ledger.PersonKey // analyst
	approve []ledger.PersonKey
	body    []ledger.PersonKey
	expert  ledger.PersonKey
	members []ledger.PersonKey // three for affected people, two for civil rights, two others
	panel   string
}

// seeds gives every person of the tests a key of its own.
var seeds atomic.Int64

func newKey(t testing.TB) ledger.PersonKey {
	t.Helper()
	seed := sha256.Sum256(fmt.Append(nil, "person", seeds.Add(1)))
	k, err := ledger.NewPersonKey(strings.NewReader(string(seed[:])))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (o *office) person(roles ...act.Role) ledger.PersonKey {
	o.Helper()
	k := newKey(o)
	join(o, o.db, k, roles...)
	return k
}

func openOffice(t testing.TB, db *store.DB) *office {
	t.Helper()
	o := &office{TB: t, db: db}
	o.ann, o.expert = o.person(act.Analyst), o.person(act.Expert)
	for range 2 {
		o.approve, o.body = append(o.approve, o.person(act.Approver)), append(o.body, o.person(act.GoverningBody))
	}
	for range 7 {
		o.members = append(o.members, o.person(act.PanelMember))
	}
	o.panel = o.seat(o.body[0], o.members)
	return o
}

// seat makes a panel with these members.
func (o *office) seat(by ledger.PersonKey, members []ledger.PersonKey) string {
	o.Helper()
	ref, err := voice.Found(ctx, o.db, act.Default, voice.Charter{Hand: hand(by, 0), Name: fmt.Sprint("panel ", seeds.Add(1)), Seats: 7, Notice: 14, Emergency: 72, Answer: 30, Text: "charter"})
	if err != nil {
		o.Fatal(err)
	}
	for i, m := range members {
		group := []string{"affected", "affected", "affected", "civil_rights", "civil_rights", "expert", "other"}[i]
		_, err := voice.Appoint(ctx, o.db, act.Default, voice.Seating{Hand: hand(by, 0), Panel: ref.ID, Group: group, Person: m.ID(), From: "2026-01-01", To: "2028-01-01"})
		if err != nil {
			o.Fatal(err)
		}
		if _, err := voice.Declare(ctx, o.db, act.Default, voice.Declaring{Hand: hand(m, 0)}); err != nil {
			o.Fatal(err)
		}
	}
	return ref.ID
}

func hand(k ledger.PersonKey, days int) voice.Hand {
	return voice.Hand{By: act.Actor{Key: k.ID()}, Key: k, Now: now.AddDate(0, 0, days)}
}

// rate gives a deployment with a rating prepared by ann.
func (o *office) rate(outcome, worst, tier string) rated {
	o.Helper()
	r := rate(o, o.db, outcome, worst, o.ann.ID())
	o.again(&r, func(x *assessment.Rating) { x.Tier = tier })
	return r
}

// again rates it again.
func (o *office) again(r *rated, change func(*assessment.Rating)) {
	o.Helper()
	list, err := store.Select(ctx, o.db, assessment.Ratings, "r.subject = $1", r.account)
	if err != nil {
		o.Fatal(err)
	}
	next := *list[0].Record
	next.Sum++
	change(&next)
	err = o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		r.rating, _, err = store.Revise(tx, assessment.Ratings, list[0].ID, &next)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) opine(r rated, by ledger.PersonKey, choice string) error {
	s := voice.Saying{Hand: hand(by, 0), Subject: r.account, Choice: choice, Text: "reasons"}
	if choice == "support_with_conditions" {
		s.Conditions = []string{"an audit each year"}
	}
	_, err := voice.Give(ctx, o.db, act.Default, decision.Rated, s)
	return err
}

// ask puts it to the panel, lets members vote, and closes it after the notice period.
func (o *office) ask(r rated, votes ...string) {
	o.Helper()
	ref, _, err := voice.Refer(ctx, o.db, act.Default, decision.Rated, voice.Referring{Hand: hand(o.ann, 0), Panel: o.panel, Subject: r.account, File: packet, Question: "May it run?"})
	if err != nil {
		o.Fatal(err)
	}
	for i, choice := range votes {
		if choice == "" {
			continue
		}
		if _, err := voice.Cast(ctx, o.db, act.Default, voice.Voting{Hand: hand(o.members[i], 1), Referral: ref.ID, Choice: choice, File: packet, Reasons: "reasons"}); err != nil {
			o.Fatal(err)
		}
	}
	if _, _, err := voice.Close(ctx, o.db, act.Default, hand(o.ann, 15), ref.ID); err != nil {
		o.Fatal(err)
	}
}

// request is an approval with everything that it must say, sixteen days later.
func (o *office) request(r rated, by ledger.PersonKey) decision.Request {
	return decision.Request{
		Subject: r.account, Act: decision.ApproveWithConditions, Reason: "because", By: act.Actor{Key: by.ID()}, Key: by, Now: now.AddDate(0, 0, 16),
		Precedent: []string{"the policy is published"}, Rating: decision.ShortHash(r.rating.Hash.String()), Leverage: "renewal depends on it", Owner: o.approve[0].ID(),
	}
}

// stands says how it stands on a day.
func (o *office) stands(r rated, day string) *decision.Stand {
	o.Helper()
	s, err := decision.Standing(ctx, o.db, r.account, day, nil)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func (o *office) sign(id string, by ledger.PersonKey) (*decision.Step, error) {
	return decision.Sign(ctx, o.db, act.Default, decision.Signing{Draft: id, By: act.Actor{Key: by.ID()}, Key: by, Now: now.AddDate(0, 0, 16)})
}

// refused fails unless the rule refused and the attempt is logged with it in clear.
func (o *office) refused(rule refusal.Rule, _ *decision.Step, err error) {
	o.Helper()
	var by refusal.Rule
	if fault.CodeOf(err) != fault.Refused {
		o.Errorf("want rule %s to refuse, got %v", rule, err)
		return
	}
	if !errors.As(err, &by) {
		by = refusal.Role
	}
	head, headErr := store.Head(ctx, o.db)
	if headErr != nil {
		o.Fatal(headErr)
	}
	last, logErr := store.GetBySeq(ctx, o.db, refusal.Refusals, head.Size-1)
	if by != rule || logErr != nil || last.Record.Rule != string(rule) {
		o.Errorf("want rule %s, got %v; logged %+v, %v", rule, err, last, logErr)
	}
}

func (o *office) decide(r decision.Request) (*decision.Step, error) {
	return decision.Decide(ctx, o.db, act.Default, r)
}

// TestACommitteeApprovesHigh protects what the method asks of a HIGH rating: an
// expert's opinion and a panel's vote on this very rating, conditions precedent, and
// two people who had no part in any of that.
func TestACommitteeApprovesHigh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, rooms...))
		r := o.rate("escalate", "HIGH", "EDD")
		try := func(rule refusal.Rule, q decision.Request) {
			t.Helper()
			step, err := o.decide(q)
			o.refused(rule, step, err)
		}
		q := o.request(r, o.approve[0])
		try(refusal.Opinion, q)
		if err := o.opine(r, o.expert, "support"); err != nil {
			t.Fatal(err)
		}
		try(refusal.Panel, q)
		o.ask(r, "for", "for", "", "against", "", "", "")
		try(refusal.Quorum, q)
		o.ask(r, "for", "for", "against", "against", "for", "", "")
		for rule, change := range map[refusal.Rule]func(*decision.Request){
			refusal.Condition: func(q *decision.Request) { q.Precedent = nil },
			refusal.Owner:     func(q *decision.Request) { q.Leverage = "" },
			refusal.Override:  func(q *decision.Request) { q.Override = true },
			refusal.Key:       func(q *decision.Request) { q.Key = o.approve[1] },
		} {
			bad := q
			change(&bad)
			try(rule, bad)
		}
		for _, who := range []ledger.PersonKey{o.ann, o.expert, o.members[0], o.person(act.Approver, act.Sales), o.person(act.Approver, act.Administrator)} {
			try(refusal.Role, o.request(r, who))
		}
		step, err := o.decide(q)
		if err != nil || step.Waits == "" || step.Needs != 2 {
			t.Fatalf("%+v, %v", step, err)
		}
		if s := o.stands(r, "2027-01-01"); s.State != decision.None {
			t.Fatalf("with one signature it is %s", s.State)
		}
		id := step.Waits
		step, err = o.sign(id, o.approve[0])
		o.refused(refusal.FourEyes, step, err)
		for _, who := range []ledger.PersonKey{o.ann, o.expert, o.members[1], o.person(act.GoverningBody, act.Sales)} {
			step, err = o.sign(id, who)
			o.refused(refusal.Role, step, err)
		}
		step, err = decision.Sign(ctx, o.db, act.Default, decision.Signing{Draft: id, By: act.Actor{Key: o.approve[1].ID()}, Key: o.approve[0], Now: now})
		o.refused(refusal.Key, step, err)
		step, err = o.sign(id, o.approve[1])
		if err != nil || step.Waits != "" {
			t.Fatalf("%+v, %v", step, err)
		}
		got, err := store.GetBySeq(ctx, o.db, decision.Decisions, step.Ref.Seq)
		if err != nil || len(got.Leaf.Sigs) != 2 || got.Record.Basis != "committee" || got.Record.Opinions != 1 || got.Record.Referral == "" {
			t.Fatalf("%+v, %v", got, err)
		}
		statement := got.Leaf.Statement(ledger.LogID{Origin: "test.example/log", Epoch: 1})
		for i, who := range []ledger.PersonKey{o.approve[0], o.approve[1]} {
			if s := got.Leaf.Sigs[i]; s.KeyID() != who.ID() || !s.Verify(statement) {
				t.Errorf("signature %d is %s's, or does not fit the one statement", i, s.KeyID())
			}
		}
		if list, err := decision.ListWaiting(ctx, o.db); err != nil || len(list) != 0 {
			t.Errorf("%d drafts still wait, %v", len(list), err)
		}
	})
}

// TestWhatWasSaidOfAnotherRatingDoesNotCount protects KY-04 against an opinion that is
// taken along to a rating that its expert never saw, also between two signatures.
func TestWhatWasSaidOfAnotherRatingDoesNotCount(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("escalate", "HIGH", "EDD")
	if err := o.opine(r, o.expert, "support"); err != nil {
		t.Fatal(err)
	}
	o.ask(r, "for", "for", "for", "for", "for", "", "")
	step, err := o.decide(o.request(r, o.approve[0]))
	if err != nil {
		t.Fatal(err)
	}
	o.again(&r, func(*assessment.Rating) {})
	id := step.Waits
	step, err = o.sign(id, o.approve[1])
	o.refused(refusal.Stale, step, err)
	step, err = o.decide(o.request(r, o.approve[0]))
	o.refused(refusal.Opinion, step, err)

	// An expert who objects while the draft waits makes it another decision.
	other := o.rate("escalate", "HIGH", "EDD")
	if err := o.opine(other, o.expert, "support"); err != nil {
		t.Fatal(err)
	}
	o.ask(other, "for", "for", "for", "for", "for", "", "")
	step, err = o.decide(o.request(other, o.approve[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.opine(other, o.person(act.Expert), "object"); err != nil {
		t.Fatal(err)
	}
	id = step.Waits
	step, err = o.sign(id, o.body[0])
	o.refused(refusal.Stale, step, err)
}

// TestAgainstThePanel protects PO-03, the case of a company that announced against its
// panel's vote: only the governing body can, with a reason and an end, locked until
// the time to answer the panel is over, and in clear for ever.
func TestAgainstThePanel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, rooms...))
		r := o.rate("escalate", "HIGH", "EDD")
		if _, _, err := r.decide(decision.Suspend, o.approve[0]); err != nil {
			t.Fatal(err)
		}
		if err := o.opine(r, o.expert, "support"); err != nil {
			t.Fatal(err)
		}
		o.ask(r, "against", "against", "for", "against", "against", "for", "")
		q := o.request(r, o.approve[0])
		step, err := o.decide(q)
		o.refused(refusal.Override, step, err)
		q.Override, q.Expires = true, "2027-06-01"
		step, err = o.decide(q)
		o.refused(refusal.Role, step, err)
		q.By, q.Key = act.Actor{Key: o.body[0].ID()}, o.body[0]
		for _, bad := range []string{"", "2027-01-09", "2030-01-01"} {
			worse := q
			worse.Expires = bad
			step, err = o.decide(worse)
			o.refused(refusal.Expiry, step, err)
		}
		step, err = o.decide(q)
		if err != nil {
			t.Fatal(err)
		}
		id := step.Waits
		step, err = o.sign(id, o.approve[0])
		o.refused(refusal.Role, step, err)
		if step, err = o.sign(id, o.body[1]); err != nil || step.Waits != "" {
			t.Fatalf("%+v, %v", step, err)
		}
		// Closed on 9 December, 30 days to answer: it holds from 9 January.
		d := step.Decision
		if d.Basis != "override" || d.From != "2027-01-09" || d.Expires != "2027-06-01" || d.Signatures != 2 {
			t.Errorf("%+v", d)
		}
		for day, want := range map[string]struct {
			act   string
			state decision.State
		}{"2026-12-31": {"suspend", decision.Holds}, "2027-01-08": {"suspend", decision.Holds}, "2027-01-09": {"approve_with_conditions", decision.Waits}, "2027-06-01": {"approve_with_conditions", decision.Lapsed}} {
			if s := o.stands(r, day); s.State != want.state || s.Decision.Record.Act != want.act {
				t.Errorf("on %s: %+v %s", day, s.Decision.Record, s.State)
			}
		}
		if _, _, err := r.decide(decision.Decline, o.approve[1]); err != nil {
			t.Fatal(err)
		}
		list, err := decision.Overrides(ctx, o.db)
		if err != nil || len(list) != 1 {
			t.Errorf("%d overrides are counted after another decision replaced it, %v", len(list), err)
		}
		if s := o.stands(r, "2027-02-01"); s.Decision.Record.Act != "decline" {
			t.Errorf("a decline does not end what is locked: %+v", s.Decision.Record)
		}
	})
}

// TestExceptions protects CRITICAL and policy stops, which two of the governing body
// may except for a time, and legal stops and unknown facts, which nobody may.
func TestExceptions(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	for outcome, may := range map[string]bool{"decline": true, "suspend": true, "prohibited_policy": true, "prohibited_legal": false, "pending": false} {
		r := o.rate(outcome, "CRITICAL", "EDD+GB")
		if err := o.opine(r, o.expert, "support_with_conditions"); err != nil {
			t.Fatal(err)
		}
		o.ask(r, "for", "for", "for", "for", "for", "", "")
		q := o.request(r, o.body[0])
		q.Override, q.Expires = true, "2027-06-01"
		rule := refusal.Pending
		if outcome == "prohibited_legal" {
			rule = refusal.Legal
		}
		step, err := o.decide(q)
		if !may {
			o.refused(rule, step, err)
			continue
		}
		if err != nil || step.Needs != 2 {
			t.Fatalf("%s: %+v, %v", outcome, step, err)
		}
		id := step.Waits
		step, err = o.sign(id, o.approve[0])
		o.refused(refusal.Role, step, err)
		if step, err = o.sign(id, o.body[1]); err != nil || step.Decision.From != "2026-12-10" {
			t.Errorf("%s: %+v, %v", outcome, step, err)
		}
	}
}

// TestMoreThanTheRatingTakesTwo protects against an override down by one person at any
// band, and lets everybody who decides be stricter.
func TestMoreThanTheRatingTakesTwo(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("approve_with_conditions", "MEDIUM", "CDD")
	q := o.request(r, o.approve[0])
	q.Act = decision.Approve
	step, err := o.decide(q)
	o.refused(refusal.Override, step, err)
	q.Override = true
	step, err = o.decide(q)
	o.refused(refusal.Expiry, step, err)
	q.Expires = "2027-03-01"
	if step, err = o.decide(q); err != nil || step.Needs != 2 {
		t.Fatalf("%+v, %v", step, err)
	}
	q.Act, q.Override = decision.Decline, false
	if step, err = o.decide(q); err != nil || step.Needs != 1 || step.Waits != "" {
		t.Errorf("stricter: %+v, %v", step, err)
	}
	edd := o.rate("approve_with_conditions", "MEDIUM", "EDD")
	step, err = o.decide(o.request(edd, o.approve[0]))
	o.refused(refusal.Opinion, step, err)
}

// TestWhatChangedSince protects against deciding on what is no longer so.
func TestWhatChangedSince(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("approve", "LOW", "SDD")
	approve := func() (*decision.Step, error) {
		q := o.request(r, o.approve[0])
		q.Act = decision.Approve
		return o.decide(q)
	}
	write := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := o.db.Write(ctx, storetest.Actor, fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		c, err := store.Get(ctx, tx, register.Customers, r.customer)
		if err != nil {
			return err
		}
		next := *c.Record
		next.Name = "Somebody Else Ltd"
		_, _, err = store.Revise(tx, register.Customers, r.customer, &next)
		return err
	})
	step, err := approve()
	o.refused(refusal.Customer, step, err)
	o.again(&r, func(*assessment.Rating) {})
	write(func(tx *store.Tx) error { return stateFact(tx, r.account) })
	step, err = approve()
	o.refused(refusal.Stale, step, err)
	o.again(&r, func(x *assessment.Rating) {
		x.Outcome, x.Pending, x.Missing = "pending", true, []string{"harm.privacy.scale"}
	})
	step, err = approve()
	o.refused(refusal.Right, step, err)
	o.again(&r, func(x *assessment.Rating) { x.Outcome, x.Pending, x.Missing = "approve", false, nil })
	var hit, exposure store.Ref
	write(func(tx *store.Tx) (err error) {
		hit, err = store.Create(tx, screening.Hits, &screening.Hit{State: "open", Subject: r.customer, Identity: "x"})
		return err
	})
	step, err = approve()
	o.refused(refusal.Flag, step, err)
	if _, err := screening.Close(ctx, o.db, screening.Disposition{Hit: hit.ID, State: screening.Dismissed, Reason: "another firm", By: storetest.Actor}); err != nil {
		t.Fatal(err)
	}
	write(func(tx *store.Tx) (err error) {
		exposure, err = store.Create(tx, assessment.Exposures, &assessment.Exposure{State: "open", Covering: []string{"x", r.account}, Deployments: 2})
		return err
	})
	step, err = approve()
	o.refused(refusal.Flag, step, err)
	write(func(tx *store.Tx) error {
		_, _, err := store.Revise(tx, assessment.Exposures, exposure.ID, &assessment.Exposure{State: "closed", Closed: "looked at"})
		return err
	})
	late := o.request(r, o.approve[0])
	late.Act, late.Now = decision.Approve, time.Date(2028, 1, 3, 0, 0, 0, 0, time.UTC) // rated in January 2026, for 24 months
	step, err = o.decide(late)
	o.refused(refusal.Stale, step, err)
	if _, err := approve(); err != nil {
		t.Errorf("nothing is open any more: %v", err)
	}
}

// TestADraftThatWasChangedIsWorthNothing protects the signatures on a draft, which
// lies outside the log: whoever changes it in the database gains nothing.
func TestADraftThatWasChangedIsWorthNothing(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("escalate", "HIGH", "EDD")
	if err := o.opine(r, o.expert, "support"); err != nil {
		t.Fatal(err)
	}
	o.ask(r, "for", "for", "for", "for", "for", "", "")
	step, err := o.decide(o.request(r, o.approve[0]))
	if err != nil {
		t.Fatal(err)
	}
	id := step.Waits
	err = o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		return tx.Exec("update pending_decision set draft = replace(cast(draft as text), 'approve_with_conditions', 'approve')")
	})
	if err != nil {
		t.Fatal(err)
	}
	if step, err = o.sign(id, o.approve[1]); err == nil {
		t.Errorf("signed a draft that was changed: %+v", step)
	}
	if list, err := store.Select(ctx, o.db, decision.Decisions, ""); err != nil || slices.ContainsFunc(list, func(d *store.Revision[decision.Decision]) bool { return d.Record.Act == "approve" }) {
		t.Errorf("%d decisions, %v", len(list), err)
	}
}

// stateFact states something of a subject.
func stateFact(tx *store.Tx, subject string) error {
	return evidence.State(ctx, tx, evidence.Fact{Subject: subject, Fact: "use.identification", Value: ledger.Text("live"), AsOf: "2026-11-24"}, "test", "2026-11-24")
}
