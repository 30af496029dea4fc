package casework_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
)

// twins are two offices to which the same happens. One is swept as it always is, the
// other by looking at all.
type twins struct {
	*testing.T
	office [2]*office
	dice   *rand.Rand
	day    time.Time
	signer ledger.PersonKey

	ids map[string][]string // records by kind, the same in both
}

func newTwins(t *testing.T, seed byte) *twins {
	tw := &twins{T: t, dice: rand.New(rand.NewChaCha8([32]byte{seed})), day: storeTime("2026-01-05"), signer: someone(t, 9).key, ids: map[string][]string{}}
	for i := range tw.office {
		ticks := 0
		config := store.Config{DSN: filepath.Join(t.TempDir(), fmt.Sprint(i)), Random: rand.NewChaCha8([32]byte{seed, 1}), Now: func() time.Time {
			ticks++
			return tw.day.Add(time.Duration(ticks) * time.Millisecond)
		}}
		db, err := store.Open(ctx, config, rooms...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		zero := strings.Repeat("0", 64)
		if err := db.Begin(ctx, "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: zero, QuotedRoot: zero}); err != nil {
			t.Fatal(err)
		}
		tw.office[i] = &office{t, db, shippedRules(t), tw.day.Format(time.DateOnly)}
		tw.office[i].write(func(tx *store.Tx) error { return runs.Use(tx, shipped(t, "methods/rm-1.yaml")) })
	}
	return tw
}

// both does something in both offices.
func (tw *twins) both(fn func(o *office)) {
	for _, o := range tw.office {
		fn(o)
	}
}

// any gives one of the records of some kinds, "" where there is none.
func (tw *twins) any(kinds ...string) string {
	var all []string
	for _, k := range kinds {
		all = append(all, tw.ids[k]...)
	}
	if len(all) == 0 {
		return ""
	}
	return all[tw.dice.IntN(len(all))]
}

// maybe gives one of the records of some kinds, or none.
func (tw *twins) maybe(kinds ...string) string {
	if tw.dice.IntN(2) == 0 {
		return ""
	}
	return tw.any(kinds...)
}

func one[T any](tw *twins, of ...T) T { return of[tw.dice.IntN(len(of))] }

// write writes a new record, or the next revision of one that is there.
func write[T any](tw *twins, kind *ledger.Kind[T], record T, revise bool) {
	name := kind.Name()
	id := ""
	if revise {
		id = tw.any(name)
	}
	new := ""
	tw.both(func(o *office) {
		o.write(func(tx *store.Tx) (err error) {
			if id != "" {
				_, _, err = store.Revise(tx, kind, id, &record, tw.signer)
				return err
			}
			ref, err := store.Create(tx, kind, &record, tw.signer)
			if new != "" && new != ref.ID {
				tw.Fatalf("the twins have grown apart: %s and %s", new, ref.ID)
			}
			new = ref.ID
			return err
		})
	})
	if id == "" {
		tw.ids[name] = append(tw.ids[name], new)
	}
}

// later gives a day some days from now.
func (tw *twins) later(days int) string { return tw.day.AddDate(0, 0, days).Format(time.DateOnly) }

func (tw *twins) origin() register.Origin {
	return register.Origin{State: one(tw, "active", "active", "active", "ended"), ValidFrom: "2026-01-01"}
}

// registers writes something into the register.
func (tw *twins) registers() {
	again := tw.dice.IntN(3) == 0
	switch tw.dice.IntN(9) {
	case 0:
		write(tw, register.Customers, register.Customer{Origin: active, Name: "somebody", Kind: one(tw, "company", "public_body"), Sector: one(tw, "commercial", "policing"), Jurisdiction: "US"}, again)
	case 1, 2:
		write(tw, register.Accounts, register.Account{Origin: tw.origin(), Customer: tw.maybe("customer"), Product: tw.maybe("product"), Via: tw.maybe("relationship"), Contract: tw.maybe("contract")}, again)
	case 3:
		write(tw, register.Deployments, register.Deployment{Origin: tw.origin(), Account: tw.any("account"), Customer: tw.maybe("customer"), Product: tw.maybe("product"), Capability: one(tw, "face_search", "compute")}, again)
	case 4:
		write(tw, register.Relationships, register.Relationship{Origin: tw.origin(), Customer: tw.any("customer"), Party: tw.any("customer"), Role: one(tw, "end_user", "reseller", "owner", "integrator"), FlowDown: "unknown", AuditRight: "unknown"}, again)
	case 5:
		most := int64(one(tw, 1000, 6000))
		write(tw, register.Interests, register.Interest{Origin: tw.origin(), Owner: tw.any("customer", "party"), Owned: tw.any("customer", "party"), Role: one(tw, "owns", "directs"), Most: &most}, again)
	case 6:
		write(tw, register.Owners, register.Owner{Origin: tw.origin(), Customer: tw.any("customer"), Party: tw.maybe("party", "customer"), Role: one(tw, "owner", "director")}, again)
	case 7:
		origin := tw.origin()
		origin.ValidTo = tw.later(tw.dice.IntN(300))
		write(tw, register.Contracts, register.Contract{Origin: origin, Customer: tw.any("customer")}, again)
	case 8:
		p := register.Product{Origin: active, Intended: []string{one(tw, "face_search", "compute", "plate_reader")}}
		p.Settle()
		write(tw, register.Products, p, again)
	}
}

// says writes what somebody found or said.
func (tw *twins) says() {
	switch tw.dice.IntN(6) {
	case 5:
		in := transparency.Incident{State: one(tw, "reported", "confirmed", "closed"), Severity: int64(1 + tw.dice.IntN(5)), Reported: tw.later(0), Subject: tw.any("customer", "account", "deployment"), What: "words"}
		if in.State != "reported" {
			in.Confirmed = tw.later(0)
		}
		write(tw, transparency.Incidents, in, tw.dice.IntN(2) == 0)
	case 0:
		write(tw, screening.Hits, screening.Hit{State: one(tw, "open", "open", "confirmed", "dismissed"), Subject: tw.any("customer", "party"), Identity: fmt.Sprint(tw.dice.Uint64()), List: "made up", Entry: "1"}, false)
	case 1:
		write(tw, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: strings.Repeat("0", 64), Day: tw.later(0), Deployment: tw.any("deployment"), Clause: "C-1"}, false)
	case 2:
		if id := tw.maybe("signal"); id != "" {
			tw.both(func(o *office) {
				revise(o, casework.Signals, id, func(s *casework.Signal) { s.State = casework.Handled })
			})
			return
		}
		write(tw, casework.Signals, casework.Signal{State: casework.Unread, Day: tw.later(0), Sort: one(tw, casework.Sorts...), Subject: tw.any("customer", "account", "deployment"), Text: "words"}, false)
	case 3:
		write(tw, casework.Samples, casework.Sample{Quarter: "2026-01-01", State: "drawn", Seed: strings.Repeat("0", 64), Judgements: []string{tw.any("account") + " missed", tw.any("account") + " ok"}}, false)
	case 4:
		origin := evidence.Origin{State: one(tw, "active", "active", "active", "ended"), ValidFrom: tw.later(-tw.dice.IntN(1000)), Source: one(tw, "press", "press", "duly")}
		fact := one(tw, "harm.liberty.irremediability", "harm.actual", "law.local_ban", "country.situation", "use.bystanders")
		value := map[string]ledger.Scalar{
			"harm.liberty.irremediability": ledger.Int(int64(1 + tw.dice.IntN(5))), "harm.actual": ledger.Bool(tw.dice.IntN(2) == 0), "law.local_ban": ledger.Text(one(tw, "none", "in_force")),
			"country.situation": ledger.Texts(one(tw, []string{}, []string{"coup"})), "use.bystanders": ledger.Bool(true),
		}[fact]
		subject := tw.any("customer", "account", "deployment", "product", "party")
		write(tw, evidence.Facts, evidence.Fact{Origin: origin, Subject: subject, Fact: fact, Value: value, AsOf: origin.ValidFrom, Identity: fmt.Sprint(tw.dice.Uint64())}, false)
	}
}

// billed gives the account of a unit; of a deployment without one, any.
func (tw *twins) billed(unit string) string {
	list, err := store.Select(ctx, tw.office[0].db, register.Deployments, "r.id = $1", unit)
	switch {
	case err != nil:
		tw.Fatal(err)
	case len(list) == 0:
		return unit
	case list[0].Record.Account != "":
		return list[0].Record.Account
	}
	return tw.any("account")
}

// judges writes what somebody made of it.
func (tw *twins) judges() {
	unit := tw.any("account", "deployment")
	zero := strings.Repeat("0", 64)
	switch tw.dice.IntN(5) {
	case 0:
		tw.both(func(o *office) { o.triage() })
	case 1:
		r := assessment.Rating{Method: shipped(tw, "methods/rm-1.yaml").Hash, Engine: 1, Best: "LOW", Worst: one(tw, "LOW", "HIGH"), Inherent: "LOW", Tier: "CDD", Outcome: "approve",
			Review: int64(one(tw, 0, 1, 6, 12)), Subject: unit, Account: tw.billed(unit), Known: int64(tw.dice.IntN(9)), Severity: int64(tw.dice.IntN(6))}
		if fact := tw.any("fact"); fact != "" {
			f, err := store.Get(ctx, tw.office[0].db, evidence.Facts, fact)
			if err != nil {
				tw.Fatal(err)
			}
			r.Inputs = []string{fmt.Sprintf("%s %d value %s", f.Record.Fact, f.Seq, zero)}
		}
		tw.upsert(unit, func(o *office) { upsert(o, assessment.Ratings, unit, r) })
	case 2:
		d := decision.Decision{Act: "approve", Basis: "rating", Outcome: "approve", Tier: "CDD", Residual: "LOW", Day: tw.later(0), From: tw.later(0), ReviewDay: tw.later(tw.dice.IntN(300)), Essential: "no", Rating: zero, Subject: unit}
		tw.upsert(unit, func(o *office) {
			d := d
			if rated, err := store.Select(ctx, o.db, assessment.Ratings, "r.subject = $1", unit); err != nil || len(rated) == 0 {
				d.Act = "decline" // nothing is approved without a rating
			} else {
				d.Rating = rated[0].Hash.String()
			}
			upsert(o, decision.Decisions, unit, d, tw.signer)
		})
	case 3:
		change := casework.Change{State: casework.Announced, Day: tw.later(0), Product: tw.any("product"), Capability: "drone", Reason: "customers ask for it"}
		write(tw, casework.Changes, change, false)
	case 4:
		open, err := store.Select(ctx, tw.office[0].db, casework.Reviews, "r.state = 'open'")
		if err != nil || len(open) == 0 {
			return
		}
		id := open[tw.dice.IntN(len(open))].ID
		day := tw.later(0)
		tw.both(func(o *office) {
			revise(o, casework.Reviews, id, func(r *casework.Review) { r.State, r.Outcome, r.Closed = casework.StateClosed, casework.Kept, day })
		})
	}
}

func (tw *twins) upsert(unit string, fn func(o *office)) {
	if unit != "" {
		tw.both(fn)
	}
}

// upsert writes the record about a subject, or its next revision.
func upsert[T any](o *office, kind *ledger.Kind[T], subject string, record T, signers ...store.Signer) {
	o.write(func(tx *store.Tx) error {
		had, err := store.Select(ctx, tx, kind, "r.subject = $1", subject)
		if err == nil && len(had) > 0 {
			_, _, err = store.Revise(tx, kind, had[0].ID, &record, signers...)
			return err
		}
		if err == nil {
			_, err = store.Create(tx, kind, &record, signers...)
		}
		return err
	})
}

// sweep sweeps both, and compares what came of it.
func (tw *twins) sweep() {
	today := tw.later(0)
	tw.both(func(o *office) { o.today = today })
	got, err := casework.Sweep(ctx, tw.office[0].db, storetest.Actor, today, tw.office[0].rules)
	tw.office[0].ok(err)
	want, err := casework.SweepAll(ctx, tw.office[1].db, storetest.Actor, today, tw.office[1].rules)
	tw.office[1].ok(err)
	got.Cases, got.Entry = want.Cases, want.Entry
	if !reflect.DeepEqual(got, want) {
		tw.Errorf("on %s what was touched gave %+v, and all gave %+v", today, got, want)
	}
	all := tw.reviews(tw.office[1])
	for i, r := range tw.reviews(tw.office[0]) {
		if i >= len(all) || !reflect.DeepEqual(r.Record, all[i].Record) {
			tw.Fatalf("on %s the case is\n%+v\nand not\n%+v", today, r.Record, all[i].Record)
		}
	}
}

func (tw *twins) reviews(o *office) []*store.Revision[casework.Review] {
	list, err := store.Select(ctx, o.db, casework.Reviews, "")
	o.ok(err)
	slices.SortFunc(list, func(a, b *store.Revision[casework.Review]) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// chains compares what is read around each account with the whole register.
func (tw *twins) chains() {
	o := tw.office[0]
	all, err := triage.ReadPortfolio(ctx, o.db, o.today)
	o.ok(err)
	for _, a := range all.Accounts {
		some, err := triage.ReadKnown(ctx, o.db, o.today, []string{a.ID})
		o.ok(err)
		if len(some.Accounts) != 1 || some.Accounts[0].ID != a.ID || len(some.Deployments[a.ID]) != len(all.Deployments[a.ID]) {
			tw.Fatalf("around %s there are %d accounts and %d deployments", a.ID, len(some.Accounts), len(some.Deployments[a.ID]))
		}
		deployments := []*register.Deployment{nil}
		for _, d := range all.Deployments[a.ID] {
			deployments = append(deployments, d.Record)
		}
		for _, d := range deployments {
			want, got := all.Chain(a.Record, d), some.Chain(a.Record, d)
			if !slices.Equal(got.Parties(), want.Parties()) || got.EndUserKnown != want.EndUserKnown || got.Jurisdiction != want.Jurisdiction || (got.Link == nil) != (want.Link == nil) {
				tw.Errorf("the chain of %s is %v, and around it %v", a.ID, want.Parties(), got.Parties())
			}
			hits, covered := all.Screening(want.Parties())
			if h, c := some.Screening(got.Parties()); h != hits || c != covered {
				tw.Errorf("screening knows %v of it, and around it %v", hits, h)
			}
			for _, who := range want.Parties() {
				if !reflect.DeepEqual(some.Hits[who], all.Hits[who]) {
					tw.Errorf("%s stands at %+v, and around it %+v", who, all.Hits[who], some.Hits[who])
				}
			}
		}
		if (some.Products[a.Record.Product] == nil) != (all.Products[a.Record.Product] == nil) {
			tw.Errorf("the product of %s", a.ID)
		}
	}
}

// TestWhatWasTouched protects against a case that is forgotten because a sweep looks
// only where something happened: whatever happens, in any order and on any day, all
// cases are as a sweep that looks at everything leaves them.
func TestWhatWasTouched(t *testing.T) {
	for seed := range byte(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			tw := newTwins(t, seed)
			for range 5 {
				write(tw, register.Customers, register.Customer{Origin: active, Name: "somebody", Kind: "public_body", Sector: "policing", Jurisdiction: "US"}, false)
				write(tw, register.Parties, register.Party{Origin: active, Sort: "person", Name: "somebody behind"}, false)
			}
			p := register.Product{Origin: active, Intended: []string{"face_search"}}
			p.Settle()
			write(tw, register.Products, p, false)
			for range 10 {
				write(tw, register.Accounts, register.Account{Origin: active, Customer: tw.any("customer"), Product: tw.any("product")}, false)
			}
			for range 40 {
				for range 1 + tw.dice.IntN(6) {
					one(tw, tw.registers, tw.says, tw.judges)()
				}
				if tw.dice.IntN(3) == 0 {
					tw.day = tw.day.AddDate(0, 0, one(tw, 1, 7, 30, 100))
				}
				tw.sweep()
			}
			tw.chains()
			if n := len(tw.reviews(tw.office[0])); n < 10 {
				t.Errorf("%d cases were opened, too few to tell anything", n)
			}
		})
	}
}
