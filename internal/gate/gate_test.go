package gate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
)

var (
	ctx   = context.Background()
	rooms = []store.Migrations{
		people.Migrations, refusal.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, voice.Migrations, screening.Migrations,
		usage.Migrations, triage.Migrations, assessment.Migrations, decision.Migrations, transparency.Migrations, casework.Migrations, Migrations,
	}
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// vendor is a store with somebody who decides, and a clock that tests move.
type vendor struct {
	testing.TB
	db    *store.DB
	clock time.Time
	abe   ledger.PersonKey
	keys  int
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{TB: t, db: storetest.Begin(t, filepath.Join(t.TempDir(), "duly.db"), rooms...), clock: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	v.abe = v.person(act.Approver)
	return v
}

func (v *vendor) ok(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func (v *vendor) now() time.Time { return v.clock }

func (v *vendor) person(roles ...act.Role) ledger.PersonKey {
	v.keys++
	seed := sha256.Sum256(fmt.Append(nil, "person", v.keys))
	key, err := ledger.NewPersonKey(strings.NewReader(string(seed[:])))
	v.ok(err)
	v.ok(v.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, key.ID(), roles, key)
		return err
	}))
	return key
}

// account registers an account with deployments of these capabilities, and puts it into
// a lane.
func (v *vendor) account(number, lane string, capabilities ...string) (account string, deployments []string) {
	v.ok(v.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		active := register.Origin{State: "active"}
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: "Harbour board " + number, Kind: "public_body", Sector: "commercial", Jurisdiction: "NZ"})
		if err != nil {
			return err
		}
		p, err := store.Create(tx, register.Products, &register.Product{Origin: active, Name: "Faces", Intended: []string{"face_search", "storage"}, Risk: "identify"})
		if err != nil {
			return err
		}
		a, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Identity: "billing:" + number, Customer: c.ID, Product: p.ID})
		if err != nil {
			return err
		}
		account = a.ID
		if _, err := store.Create(tx, register.Identifiers, &register.Identifier{Origin: active, Subject: c.ID, Scheme: "lei", Value: "LEI" + number}); err != nil {
			return err
		}
		for i, capability := range capabilities {
			d, err := store.Create(tx, register.Deployments, &register.Deployment{
				Origin: active, Customer: c.ID, Account: a.ID, Product: p.ID, Capability: capability, Purpose: fmt.Sprint("purpose ", i), Jurisdiction: "NZ",
			})
			if err != nil {
				return err
			}
			deployments = append(deployments, d.ID)
		}
		if lane != "" {
			_, err = store.Create(tx, triage.Triages, &triage.Triage{Account: a.ID, Lane: lane, Pack: strings.Repeat("0", 64)})
		}
		return err
	}))
	return account, deployments
}

// decide rates a unit and decides on it.
func (v *vendor) decide(account, unit string, what decision.Act, stops ...string) {
	v.Helper()
	outcome := "approve"
	if len(stops) > 0 {
		outcome = "prohibited_legal"
	}
	v.ok(v.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		rated := &assessment.Rating{
			Method: strings.Repeat("0", 64), Engine: 1, Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "CDD",
			Outcome: outcome, Review: 24, HardStops: stops, Subject: unit, Account: account, Preparer: "somebody else",
		}
		list, err := store.Select(ctx, tx, assessment.Ratings, "r.subject = $1", unit)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			_, err = store.Restate(tx, assessment.Ratings, list[0].ID, rated)
			return err
		}
		_, err = store.Create(tx, assessment.Ratings, rated)
		return err
	}))
	_, err := decision.Decide(ctx, v.db, act.Default, decision.Request{Subject: unit, Act: what, Reason: "because", By: act.Actor{Key: v.abe.ID()}, Key: v.abe, Now: v.clock})
	v.ok(err)
}

func (v *vendor) open() *Gate {
	g, err := Open(ctx, v.db, Options{Now: v.now})
	v.ok(err)
	return g
}

// expect asks about a capability and compares the code.
func (v *vendor) expect(g *Gate, q Question, want Code) Answer {
	v.Helper()
	a := g.Answer(q)
	if a.Code != want || a.Allowed != (want == Approved || want == ScreenedOnly || want == BrokenGlass) {
		v.Errorf("%+v: %+v, want %s", q, a, want)
	}
	return a
}

// TestTheGateFollowsDecisions protects that what was decided counts at the next look,
// and that what nobody decided on lets nothing run but what no person has to look at.
func TestTheGateFollowsDecisions(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	v.account("2", "AUTO")
	v.account("3", "DESK")
	g := v.open()
	ask := Question{Kind: "account", ID: "1", Capability: "face_search"}
	v.expect(g, ask, Undecided)
	v.expect(g, Question{Kind: "account", ID: "billing:2", Capability: "storage"}, ScreenedOnly)
	v.expect(g, Question{Kind: "account", ID: "3", Capability: "storage"}, Undecided)
	v.expect(g, Question{Kind: "account", ID: "3", Capability: "drone"}, Undeclared)
	v.expect(g, Question{Kind: "account", ID: "9", Capability: "storage"}, Unknown)
	v.expect(g, Question{Kind: "person", ID: "1", Capability: "storage"}, Unknown)

	v.decide(account, units[0], decision.Approve)
	v.expect(g, ask, Undecided) // it has not looked yet
	v.ok(g.Look(ctx))
	v.expect(g, ask, Approved)
	for _, q := range []Question{{Kind: "deployment", ID: units[0]}, {Kind: "account", ID: account}, {Kind: "customer", ID: "lei:LEI1"}} {
		q.Capability = "face_search"
		v.expect(g, q, Approved)
	}
	v.clock = v.clock.Add(time.Second)
	v.decide(account, units[0], decision.Suspend)
	v.ok(g.Look(ctx))
	if a := v.expect(g, ask, Declined); a.Decision < 0 || !strings.Contains(a.Reason, "suspend") {
		t.Errorf("%+v", a)
	}
}

// TestTheGateFailsClosed protects that a gate which cannot see the log refuses.
func TestTheGateFailsClosed(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	v.decide(account, units[0], decision.Approve)
	g := v.open()
	ask := Question{Kind: "account", ID: "1", Capability: "face_search"}
	v.expect(g, ask, Approved)
	v.clock = v.clock.Add(6 * time.Second)
	v.expect(g, ask, Stale)
	v.ok(g.Look(ctx))
	v.expect(g, ask, Approved)
	v.clock = v.clock.AddDate(0, 0, 3)
	v.ok(g.Look(ctx))
	v.expect(g, ask, Approved)

	v.ok(v.db.Close())
	follow, stop := context.WithCancel(ctx)
	g.options.Every = time.Millisecond
	done := make(chan bool)
	go func() { g.Follow(follow); close(done) }()
	for g.failed.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
	v.clock = v.clock.Add(6 * time.Second)
	if a := v.expect(g, ask, Stale); !strings.Contains(a.Reason, "has not seen the log for 6s: ") {
		t.Errorf("it does not say why: %s", a.Reason)
	}
}

// TestTheStrictestCounts protects that a question which does not tell purposes apart is
// answered by the worst of them.
func TestTheStrictestCounts(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search", "face_search")
	v.decide(account, units[0], decision.Approve)
	v.decide(account, units[1], decision.Decline)
	g := v.open()
	ask := Question{Kind: "account", ID: "1", Capability: "face_search"}
	v.expect(g, ask, Declined)
	ask.Purpose = "Purpose 0"
	v.expect(g, ask, Approved)
	ask.Purpose = "purpose 1"
	v.expect(g, ask, Declined)
	ask.Purpose = "another"
	v.expect(g, ask, Undeclared)
	ask.Purpose, ask.Jurisdiction = "purpose 0", "US"
	v.expect(g, ask, Undeclared)
}

// TestGlass protects that an emergency opening is somebody's signed act, ends by itself,
// is not made again and again, and opens nothing that a law stops.
func TestGlass(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	stopped, law := v.account("2", "PERSON", "face_search")
	v.decide(account, units[0], decision.Suspend)
	v.decide(stopped, law[0], decision.Suspend, "HS-L4")
	smash := func(unit string, hours int64, key ledger.PersonKey) error {
		_, err := Break(ctx, v.db, act.Default, act.Actor{Key: key.ID(), Roles: roles(v, key)}, key, unit, "a child is missing", hours, v.clock)
		return err
	}
	sal := v.person(act.Sales, act.Approver)
	for name, err := range map[string]error{"no hours": smash(units[0], 0, v.abe), "too many": smash(units[0], MaxHours+1, v.abe), "who sells": smash(units[0], 1, sal)} {
		if err == nil {
			t.Errorf("%s: the glass broke", name)
		}
	}
	v.ok(smash(units[0], 2, v.abe))
	v.ok(smash(law[0], 2, v.abe))
	if err := smash(units[0], 2, v.abe); fault.CodeOf(err) != fault.Refused {
		t.Errorf("it was broken twice: %v", err)
	}
	g := v.open()
	first, second := Question{Kind: "account", ID: "1", Capability: "face_search"}, Question{Kind: "account", ID: "2", Capability: "face_search"}
	if a := v.expect(g, first, BrokenGlass); a.Until != "2026-03-02T11:00:00Z" || len(a.Obligations) == 0 {
		t.Errorf("%+v", a)
	}
	v.expect(g, second, Declined)
	v.clock = v.clock.Add(2 * time.Hour)
	v.ok(g.Look(ctx))
	v.expect(g, first, Declined)
}

func roles(v *vendor, key ledger.PersonKey) []act.Role {
	p, err := people.ByKey(ctx, v.db, key.ID())
	v.ok(err)
	return p.Actor().Roles
}

// TestConfirm protects that decided and confirmed as enforced are two states, and that
// whoever decided does not vouch for the second.
func TestConfirm(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	ops := act.Actor{Key: v.person(act.Administrator).ID(), Roles: []act.Role{act.Administrator}}
	try := func(by act.Actor, state string) error {
		_, err := Confirm(ctx, v.db, act.Default, by, Carried{Subject: units[0], State: state, How: "the product answers 403"}, v.clock)
		return err
	}
	if err := try(ops, Confirmed); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nothing was decided: %v", err)
	}
	v.decide(account, units[0], decision.Suspend)
	waits := func() []Wait {
		list, err := Pending(ctx, v.db, v.clock.Format(time.DateOnly))
		v.ok(err)
		return list
	}
	decided := waits()[0].Decided
	if list := waits(); len(list) != 1 || list[0].Failed || list[0].Act != "suspend" {
		t.Errorf("%+v", list)
	}
	for _, c := range []struct {
		by   act.Actor
		rule refusal.Rule
	}{
		{act.Actor{Key: v.abe.ID(), Roles: []act.Role{act.Approver}}, refusal.FourEyes},
		{act.Actor{Key: ops.Key, Roles: []act.Role{act.Administrator, act.Sales}}, refusal.Role},
		{act.Actor{Key: ops.Key, Roles: []act.Role{act.Auditor}}, refusal.Role},
	} {
		if err := try(c.by, Confirmed); !errors.Is(err, c.rule) {
			t.Errorf("%v confirmed: %v", c.by.Roles, err)
		}
	}
	if list, err := store.Select(ctx, v.db, refusal.Refusals, "r.act = 'enforcement'"); err != nil || len(list) != 3 {
		t.Errorf("%d refused attempts are logged: %v", len(list), err)
	}
	v.ok(try(ops, Failed))
	if list := waits(); len(list) != 1 || !list[0].Failed || list[0].Decided != decided {
		t.Errorf("%+v", list)
	}
	v.ok(try(ops, Confirmed))
	if len(waits()) != 0 {
		t.Error("it waits still")
	}
	if err := try(ops, Confirmed); !errors.Is(err, refusal.Twice) {
		t.Errorf("it was confirmed twice: %v", err)
	}
	v.decide(account, units[0], decision.Approve)
	if len(waits()) != 1 {
		t.Error("a new decision does not wait for its own confirmation")
	}
}

// TestLaunches protects RG-03 at the gate: what is announced runs for nobody, and what is
// launched for those only who were cleared.
func TestLaunches(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	v.decide(account, units[0], decision.Approve)
	g := v.open()
	ask := Question{Kind: "account", ID: "1", Capability: "face_search"}
	v.expect(g, ask, Approved)
	var product string
	for id := range g.world.Load().products {
		product = id
	}
	v.ok(v.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Create(tx, casework.Changes, &casework.Change{State: casework.Announced, Day: "2026-03-02", Product: product, Capability: "face_search", Reason: "asked for", By: storetest.Actor})
		return err
	}))
	v.ok(g.Look(ctx))
	v.expect(g, ask, NotLaunched)
}

// TestNextIsLoad protects the short way: after any changes, what was read again of some
// accounts is what reading everything gives.
func TestNextIsLoad(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := newVendor(t)
		var accounts []string
		units := map[string]string{}
		grow := func() {
			account, deployments := v.account(fmt.Sprint(len(accounts)+1), rapid.SampledFrom([]string{"", "AUTO", "DESK", "STOP"}).Draw(rt, "lane"), rapid.SliceOfN(rapid.SampledFrom([]string{"face_search", "storage", "unknown"}), 0, 2).Draw(rt, "capabilities")...)
			accounts = append(accounts, account)
			if len(deployments) == 0 {
				units[account] = account
			}
			for _, d := range deployments {
				units[d] = account
			}
		}
		for range 3 {
			grow()
		}
		g := v.open()
		for range rapid.IntRange(1, 4).Draw(rt, "looks") {
			for range rapid.IntRange(1, 3).Draw(rt, "changes") {
				v.clock = v.clock.Add(time.Second)
				unit := rapid.SampledFrom(slices.Sorted(maps.Keys(units))).Draw(rt, "unit")
				switch rapid.IntRange(0, 4).Draw(rt, "what") {
				case 0:
					grow()
				case 1, 2:
					v.decide(units[unit], unit, rapid.SampledFrom([]decision.Act{decision.Approve, decision.Suspend, decision.Decline}).Draw(rt, "act"))
				case 3:
					_, _ = Break(ctx, v.db, act.Default, act.Actor{Key: v.abe.ID(), Roles: []act.Role{act.Approver}}, v.abe, unit, "emergency", 1, v.clock)
				case 4:
					v.end(units[unit])
				}
			}
			v.ok(g.Look(ctx))
			whole, err := load(ctx, v.db, nil, g.world.Load().size, g.world.Load().day)
			v.ok(err)
			if got, want := shown(g.world.Load()), shown(whole); got != want {
				rt.Fatalf("read again in part:\n%s\nread as a whole:\n%s", got, want)
			}
		}
		v.ok(v.db.Close())
	})
}

// end ends an account.
func (v *vendor) end(account string) {
	v.ok(v.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		a, err := store.Get(ctx, tx, register.Accounts, account)
		if err != nil {
			return err
		}
		next := *a.Record
		next.State = "ended"
		_, _, err = store.Revise(tx, register.Accounts, account, &next)
		return err
	}))
}

// shown writes all that a world would answer.
func shown(w *world) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(w.by)) {
		ids := []string{}
		for _, u := range w.by[key] {
			ids = append(ids, fmt.Sprint(u.id, u.account, u.capabilities, u.purpose, u.jurisdiction, u.standing, u.glass))
		}
		slices.Sort(ids)
		fmt.Fprintln(&b, key, ids)
	}
	return b.String()
}
