package casework_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
	"duly/internal/usage"
)

func storeTime(day string) time.Time {
	t, _ := time.Parse(time.DateOnly, day)
	return t.Add(12 * time.Hour)
}

// judgedOffice is an office with one police customer whose deployment was looked at,
// rated and decided on; the case of its first look is closed.
type judgedOffice struct {
	*office
	ann, abe                           person
	police, product, account, deployed string
}

func newJudged(t *testing.T, dsn string) *judgedOffice {
	o := &judgedOffice{office: newOffice(t, dsn), ann: someone(t, 1, act.Analyst), abe: someone(t, 2, act.Approver)}
	o.police, o.product = o.customer("policing"), o.office.product("face_search")
	account, deployments := o.office.account(o.police, o.product, "face_search")
	o.account, o.deployed = account, deployments[0]
	o.triage()
	o.sweep()
	o.known(o.deployed)
	o.assess(o.deployed)
	o.decide(o.deployed, decision.Approve, o.abe)
	o.closed(o.police, casework.Decided, o.ann)
	if s := o.sweep(); s.Opened != 0 {
		t.Fatalf("after it was decided, %d cases opened: %v", s.Opened, s.Events)
	}
	return o
}

// TestFirstLooks protects the beginning: each lane that needs people opens a case, AUTO
// does not, and a second sweep finds nothing.
func TestFirstLooks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		police, shop := o.customer("policing"), o.customer("commercial")
		o.account(police, o.product("face_search"), "face_search")
		plain := o.product("compute")
		o.account(shop, plain)
		o.triage()
		s := o.sweep()
		if s.Opened != 2 || s.Events["first_look"] != 2 {
			t.Fatalf("opened %d: %v", s.Opened, s.Events)
		}
		first := o.open(police).Record
		if first.Lane != "PERSON" || first.Due != "2026-02-01" || first.Severity != 5 || first.Irremediable != 5 || first.Value != 3 || !slices.Equal(first.Why, []string{"first_look"}) {
			t.Errorf("the case %+v", first)
		}
		if desk := o.open(shop).Record; desk.Lane != "DESK" || desk.Due != "2026-04-02" || desk.Severity != 3 {
			t.Errorf("the desk's case %+v", desk)
		}
		before, _ := store.Head(ctx, o.db)
		again := o.sweep()
		after, _ := store.Head(ctx, o.db)
		if again.Opened+again.Added != 0 || again.Open != 2 || after.Size != before.Size+1 {
			t.Errorf("the second sweep opened %d, added %d and wrote %d entries", again.Opened, again.Added, after.Size-before.Size)
		}
	})
}

// TestSweepsAtOnce protects against two cases for one event: whoever sweeps at the same
// time reads on from where the other ended.
func TestSweepsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		search := o.product("face_search")
		for range 10 {
			o.account(o.customer("policing"), search, "face_search")
		}
		o.triage()
		opened := make(chan int, 4)
		for range cap(opened) {
			go func() {
				s, err := casework.Sweep(ctx, o.db, storetest.Actor, o.today, o.rules)
				if err != nil {
					t.Error(err)
					s = &casework.Summary{}
				}
				opened <- s.Opened
			}()
		}
		n := 0
		for range cap(opened) {
			n += <-opened
		}
		if all, err := store.Select(ctx, o.db, casework.Reviews, ""); err != nil || n != 10 || len(all) != 10 {
			t.Errorf("10 customers, %d opened, %d cases: %v", n, len(all), err)
		}
	})
}

// TestTriggers protects each event: what it opens, how it is classed in clear, and that
// the same event never opens a second case, even where the case was closed meanwhile.
func TestTriggers(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(o *judgedOffice)
		events string
		why    string
		due    string // "" where it does not matter
	}{
		"a list hit": {func(o *judgedOffice) {
			put(o.office, screening.Hits, screening.Hit{State: "open", Subject: o.police, Identity: "x", List: "eu", Entry: "1"})
		}, "list_hit", "list", "2026-01-07"},
		"a list hit on who stands behind": {func(o *judgedOffice) {
			party := put(o.office, register.Parties, register.Party{Origin: active, Sort: "person", Name: "Zoran Exemplar"})
			put(o.office, register.Interests, register.Interest{Origin: active, Owner: party, Owned: o.police, Role: "owns"})
			put(o.office, screening.Hits, screening.Hit{State: "open", Subject: party, Identity: "x", List: "eu", Entry: "1"})
		}, "list_hit ownership", "list ownership", "2026-01-07"},
		"another owner": {func(o *judgedOffice) {
			party := put(o.office, register.Parties, register.Party{Origin: active, Sort: "person", Name: "Zoran Exemplar"})
			put(o.office, register.Interests, register.Interest{Origin: active, Owner: party, Owned: o.police, Role: "owns"})
		}, "ownership", "ownership", "2026-02-01"},
		"a new deployment": {func(o *judgedOffice) {
			put(o.office, register.Deployments, register.Deployment{Origin: active, Customer: o.police, Product: o.product, Account: o.account, Capability: "plate_reader"})
		}, "capability first_look widened_without_leave", "capability first_look", "2026-01-09"},
		"another capability": {func(o *judgedOffice) {
			revise(o.office, register.Deployments, o.deployed, func(d *register.Deployment) { d.Capability = "live_face_recognition" })
		}, "capability widened_without_leave", "capability", "2026-01-09"},
		"a product that can do more": {func(o *judgedOffice) {
			revise(o.office, register.Products, o.product, func(p *register.Product) { p.Unintended = []string{"face_analysis"} })
		}, "capability", "capability", ""},
		"a ban":                   {func(o *judgedOffice) { o.state(o.deployed, "law.local_ban", ledger.Text("in_force")) }, "law rating", "law rating", "2026-01-16"},
		"no ban":                  {func(o *judgedOffice) { o.state(o.deployed, "law.local_ban", ledger.Text("none")) }, "(no case)", "", ""},
		"a coup":                  {func(o *judgedOffice) { o.state(o.police, "country.situation", ledger.Texts([]string{"coup"})) }, "situation", "situation", "2026-01-09"},
		"harm":                    {func(o *judgedOffice) { o.state(o.deployed, "harm.actual", ledger.Bool(true)) }, "grievance", "information", "2026-01-09"},
		"a fact that says little": {func(o *judgedOffice) { o.state(o.deployed, "use.bystanders", ledger.Bool(true)) }, "(no case)", "", ""},
		"a breach": {func(o *judgedOffice) {
			put(o.office, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: strings.Repeat("0", 64), Day: today, Deployment: o.deployed, Clause: "C-1"})
		}, "deviation", "use", "2026-01-16"},
		"a concern": {func(o *judgedOffice) {
			_, err := casework.Raise(ctx, o.db, storetest.Actor, casework.Signal{By: someone(t, 9, act.Sales).Key, Sort: "concern", Subject: o.police, Text: "it is used at protests", Day: o.today})
			o.ok(err)
		}, "concern", "information", "2026-01-16"},
		"a severe incident":         {func(o *judgedOffice) { o.incident(o.deployed, 4, "confirmed") }, "grievance", "information", "2026-01-09"},
		"one that nobody confirmed": {func(o *judgedOffice) { o.incident(o.deployed, 5, "reported") }, "(no case)", "", ""},
		"one that is not severe":    {func(o *judgedOffice) { o.incident(o.police, 3, "confirmed") }, "(no case)", "", ""},
		"a rating in another band":  {func(o *judgedOffice) { o.rate(o.deployed, o.account, "HIGH", 4) }, "rating", "rating", ""},
		"a rating in the same":      {func(o *judgedOffice) { o.rate(o.deployed, o.account, "LOW", 4) }, "(no case)", "", ""},
		"a contract that ends": {func(o *judgedOffice) {
			origin := active
			origin.ValidTo = "2026-03-01"
			put(o.office, register.Contracts, register.Contract{Origin: origin, Customer: o.police, Title: "frame contract"})
		}, "contract", "contract", "2026-03-03"},
		"a contract that ends later": {func(o *judgedOffice) {
			origin := active
			origin.ValidTo = "2026-06-01"
			put(o.office, register.Contracts, register.Contract{Origin: origin, Customer: o.police, Title: "frame contract"})
		}, "(no case)", "", ""},
		"a review that is due": {func(o *judgedOffice) { o.today = "2029-01-02" }, "cycle stale", "cycle stale", "2029-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newJudged(t, t.TempDir()+"/duly.db")
			c.do(o)
			o.sweep()
			r := o.open(o.police)
			if got := events(r); got != c.events {
				t.Fatalf("opened for %s", got)
			}
			if s := o.sweep(); s.Opened+s.Added != 0 {
				t.Errorf("the same again: %v", s.Events)
			}
			if r == nil {
				return
			}
			if got := strings.Join(r.Record.Why, " "); got != c.why || c.due != "" && r.Record.Due != c.due {
				t.Errorf("why %q, due %s", got, r.Record.Due)
			}
		})
	}
}

// incident records one and gives its id.
func (o *judgedOffice) incident(subject string, severity int64, state string) string {
	in := transparency.Incident{State: state, Severity: severity, Reported: today, Subject: subject, What: "a false match led to an arrest"}
	if state != "reported" {
		in.Confirmed = today
	}
	return put(o.office, transparency.Incidents, in)
}

// TestAnIncidentIsHarm protects IM-12's way to the review: a severe incident weighs as live
// harm until it is remedied, and its further steps open nothing twice.
func TestAnIncidentIsHarm(t *testing.T) {
	o := newJudged(t, t.TempDir()+"/duly.db")
	id := o.incident(o.deployed, 5, "confirmed")
	o.sweep()
	if r := o.open(o.police); r == nil || r.Record.Harm != 1 {
		t.Fatalf("the case is %+v", r)
	}
	revise(o.office, transparency.Incidents, id, func(in *transparency.Incident) { in.Contained = today })
	if s := o.sweep(); s.Opened+s.Added != 0 || o.open(o.police).Record.Harm != 1 {
		t.Errorf("contained: %v", s.Events)
	}
	revise(o.office, transparency.Incidents, id, func(in *transparency.Incident) { in.Remedied = today })
	if s := o.sweep(); s.Opened+s.Added != 0 || o.open(o.police).Record.Harm == 1 {
		t.Errorf("remedied, it weighs still: %v", s.Events)
	}
}

// TestAClosedCaseStaysClosed protects people's work: what they looked at does not come
// back by itself, and what is new does.
func TestAClosedCaseStaysClosed(t *testing.T) {
	o := newJudged(t, t.TempDir()+"/duly.db")
	o.state(o.police, "country.situation", ledger.Texts([]string{"coup"}))
	o.sweep()
	o.closed(o.police, casework.Kept, o.ann)
	if s := o.sweep(); s.Opened != 0 {
		t.Fatalf("it came back: %v", s.Events)
	}
	o.state(o.police, "country.situation", ledger.Texts([]string{"coup", "atrocity_warning"}))
	if s := o.sweep(); s.Opened != 1 || s.Events["situation"] != 1 {
		t.Errorf("what is new: %+v", s)
	}
}

// TestAHitThatOpensAgain protects against a change of a list after the work is done.
func TestAHitThatOpensAgain(t *testing.T) {
	o := newJudged(t, t.TempDir()+"/duly.db")
	hit := put(o.office, screening.Hits, screening.Hit{State: "open", Subject: o.police, Identity: "x", List: "eu", Entry: "1"})
	for round := range 3 {
		if s := o.sweep(); s.Opened != 1 || events(o.open(o.police)) != "list_hit" {
			t.Fatalf("round %d: %v", round, s.Events)
		}
		revise(o.office, screening.Hits, hit, func(h *screening.Hit) { h.State = screening.Dismissed })
		o.closed(o.police, casework.Kept, o.ann)
		if s := o.sweep(); s.Opened != 0 {
			t.Fatalf("round %d, closed: %v", round, s.Events)
		}
		revise(o.office, screening.Hits, hit, func(h *screening.Hit) { h.State, h.Score = screening.Open, int64(900+round) })
	}
}

// TestOneCaseCollects protects the analyst: whatever comes is one case, and the
// shortest time counts.
func TestOneCaseCollects(t *testing.T) {
	o := newJudged(t, t.TempDir()+"/duly.db")
	o.state(o.deployed, "law.local_ban", ledger.Text("in_force"))
	o.sweep()
	o.state(o.deployed, "harm.actual", ledger.Bool(true))
	o.state(o.deployed, "use.bystanders", ledger.Bool(true))
	o.sweep()
	r := o.open(o.police)
	if events(r) != "fact grievance law rating" || r.Record.Due != "2026-01-09" || r.Record.Harm != 1 {
		t.Errorf("%s, due %s, harm %d", events(r), r.Record.Due, r.Record.Harm)
	}
}

// TestSplittingGainsNothing protects against hiding behind many accounts: all of one end
// user is one case in the strictest lane, through whoever it is billed, and a child
// weighs what its parent weighs.
func TestSplittingGainsNothing(t *testing.T) {
	o := newOffice(t, t.TempDir()+"/duly.db")
	police, reseller, child, other := o.customer("policing"), o.customer("commercial"), o.customer("commercial"), o.customer("commercial")
	search, plain := o.product("face_search"), o.product("compute")
	for range 5 {
		o.account(police, plain)
	}
	o.account(police, search, "face_search", "face_compare")
	via := put(o, register.Relationships, register.Relationship{Origin: active, Customer: reseller, Party: police, Role: "end_user", FlowDown: "unknown", AuditRight: "unknown"})
	put(o, register.Accounts, register.Account{Origin: active, Customer: reseller, Product: search, Via: via})
	whole := int64(10000)
	put(o, register.Interests, register.Interest{Origin: active, Owner: police, Owned: child, Role: "owns", Least: &whole, Most: &whole})
	o.account(child, plain)
	o.account(other, plain)
	o.triage()
	o.sweep()
	r := o.open(police).Record
	if len(r.Covers) != 8 || r.Lane != "PERSON" {
		t.Errorf("the case covers %d in lane %s", len(r.Covers), r.Lane)
	}
	if c, x := o.open(child).Record, o.open(other).Record; c.Lane != r.Lane || c.Severity != r.Severity || x.Lane != "DESK" || x.Severity != 3 {
		t.Errorf("the child: %s, %d; one like it without the parent: %s, %d", c.Lane, c.Severity, x.Lane, x.Severity)
	}
	if o.open(reseller) != nil {
		t.Error("who only passes it on has a case of its own")
	}
}

// TestACustomerThatHasGone protects the queue from cases about nobody.
func TestACustomerThatHasGone(t *testing.T) {
	o := newOffice(t, t.TempDir()+"/duly.db")
	police := o.customer("policing")
	account, deployments := o.account(police, o.product("face_search"), "face_search")
	o.triage()
	o.sweep()
	revise(o, register.Accounts, account, func(a *register.Account) { a.State = "ended" })
	revise(o, register.Deployments, deployments[0], func(d *register.Deployment) { d.State = "ended" })
	o.sweep()
	if r := o.cases(police)[0].Record; r.State != casework.StateClosed || r.Outcome != casework.Ended {
		t.Errorf("the case is %s, %s", r.State, r.Outcome)
	}
}
