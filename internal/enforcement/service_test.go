package enforcement_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	now   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	rooms = []store.Migrations{
		people.Migrations, refusal.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, agreement.Migrations,
		usage.Migrations, assessment.Migrations, decision.Migrations, enforcement.Migrations,
	}
)

// bed is a deployment of one account, with a finding of 1 November.
type bed struct {
	*testing.T
	db         *store.DB
	deployment string
	source     string
	account    string // of telemetry
	billed     string // the account
	rating     string // leaf of what a decision rests on; "" while nobody rated
	key        ledger.PersonKey
}

func newBed(t *testing.T, assumed ...string) *bed {
	t.Helper()
	return bedOn(t, storetest.SQLite(t, rooms...), assumed...)
}

func bedOn(t *testing.T, db *store.DB, assumed ...string) *bed {
	t.Helper()
	b := &bed{T: t, db: db}
	var err error
	if b.key, err = ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{1}, 32))); err != nil {
		t.Fatal(err)
	}
	b.write(func(tx *store.Tx) {
		b.account = fmt.Sprint("account-", tx.Size())
		active := register.Origin{State: "active"}
		customer := put(b, tx, register.Customers, register.Customer{Origin: active, Name: "Harbour board", Kind: "public_body", Sector: "commercial", Jurisdiction: "NZ"}).ID
		billed := put(b, tx, register.Accounts, register.Account{Origin: active, Customer: customer}).ID
		b.deployment = put(b, tx, register.Deployments, register.Deployment{
			Origin: active, Customer: customer, Account: billed, Capability: "storage", Jurisdiction: "NZ", Telemetry: []string{b.account},
		}).ID
		b.billed = billed
		b.source = put(b, tx, evidence.Sources, evidence.Source{Title: "An audit", Grade: "party"}).ID
		put(b, tx, usage.Findings, usage.FindingRecord{
			State: "open", Grade: "low", Kind: usage.Breach, Condition: strings.Repeat("0", 64), Day: "2026-11-01", Calls: 2,
			Deployment: b.deployment, Clause: "C-1", Binding: "agreed", Identity: "f", Assumed: assumed,
		})
	})
	return b
}

func (b *bed) write(fn func(tx *store.Tx)) {
	b.Helper()
	if err := b.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatal(err)
	}
}

func put[T any](b *bed, tx *store.Tx, kind *ledger.Kind[T], record T, signers ...store.Signer) store.Ref {
	b.Helper()
	ref, err := store.Create(tx, kind, &record, signers...)
	if err != nil {
		b.Fatal(err)
	}
	return ref
}

func (b *bed) officer(seed string, roles ...act.Role) enforcement.Officer {
	if len(roles) == 0 {
		roles = []act.Role{act.Analyst}
	}
	return enforcement.Officer{Actor: act.Actor{Key: strings.Repeat(seed, 24), Roles: roles}, Authority: act.Default, Now: now}
}

// gather opens the proceeding of the bed's finding and gives its id.
func (b *bed) gather() string {
	b.Helper()
	by := act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Administrator}}
	if _, err := enforcement.Gather(ctx, b.db, act.Default, by, now); err != nil {
		b.Fatal(err)
	}
	list, err := store.Select(ctx, b.db, enforcement.Proceedings, "r.deployment = $1", b.deployment)
	if err != nil || len(list) != 1 {
		b.Fatalf("%d proceedings, %v", len(list), err)
	}
	return list[0].ID
}

// decide records what somebody decided about the deployment; what a rating allows is
// tested in package decision.
func (b *bed) decide(what decision.Act, expires string) string {
	b.Helper()
	if b.rating == "" {
		b.write(func(tx *store.Tx) {
			b.rating = put(b, tx, assessment.Ratings, assessment.Rating{
				Method: strings.Repeat("0", 64), Engine: 1, Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "CDD", Outcome: "approve", Review: 24,
				Subject: b.deployment, Account: b.billed, Preparer: "p",
			}).Hash.String()
		})
	}
	var ref store.Ref
	err := b.db.Write(ctx, b.key.ID(), func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, decision.Decisions, &decision.Decision{
			Act: string(what), Basis: "rating", Outcome: "suspend", Tier: "CDD", Residual: "LOW", Essential: "no", Day: "2026-01-01", From: "2026-01-01", Expires: expires,
			Signatures: 1, Rating: b.rating, Subject: b.deployment, Reason: "because", By: b.key.ID(), Preparer: "p", Involvement: "none",
		}, b.key)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return ref.Hash.String()
}

func (b *bed) refused(err error, rule refusal.Rule) {
	b.Helper()
	var got refusal.Rule
	if !errors.As(err, &got) || got != rule {
		b.Errorf("got %v, want a refusal by rule %s", err, rule)
	}
}

// TestACureIsSeen protects that nothing counts as cured in silence: not a day without
// calls, without covered hours, or with calls that cannot be told, nor one that has not
// come.
func TestACureIsSeen(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	days := []string{"2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-14"}
	for name, c := range map[string]struct {
		exposures, unknown, covered int64
		day                         string // of the last
		cured                       bool
	}{
		"kept on enough days":   {5, 0, 24, "2026-11-15", true},
		"no calls":              {0, 0, 24, "2026-11-15", false},
		"calls not told":        {5, 1, 24, "2026-11-15", false},
		"no hour covered":       {5, 0, 0, "2026-11-15", false},
		"a day that is to come": {5, 0, 24, "2026-12-15", false},
		"before the finding":    {5, 0, 24, "2026-10-15", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := bedOn(t, db)
			count := func(tx *store.Tx, day string, exposures, unknown, covered int64) {
				put(b, tx, usage.Counts, usage.CountRecord{
					Condition: strings.Repeat("0", 64), Day: day, Basis: usage.Events, Exposures: exposures, Unknown: unknown,
					Deployment: b.deployment, Clause: "C-1", Identity: day,
				})
				put(b, tx, usage.Coverages, usage.CoverageRecord{
					Day: day, Basis: usage.Events, Covered: covered, Account: b.account, Identity: b.account + "|" + day + "|" + usage.Events,
				})
			}
			id := b.gather() // a low finding of what nobody rated is medium, and takes 5 days
			b.write(func(tx *store.Tx) {
				for _, day := range days[:4] {
					count(tx, day, 5, 0, 24)
				}
				count(tx, c.day, c.exposures, c.unknown, c.covered)
			})
			p, _, err := b.officer("a").Close(ctx, b.db, id, enforcement.End{Outcome: enforcement.Cured, Reason: "It is kept."})
			if !c.cured {
				b.refused(err, refusal.Seen)
				p, _, err = b.officer("a").Close(ctx, b.db, id, enforcement.End{Outcome: enforcement.Cured, Reason: "An auditor saw it.", Source: b.source})
			}
			if err != nil || p.State != enforcement.Closed || p.Outcome != enforcement.Cured {
				t.Fatalf("%+v, %v", p, err)
			}
			before := b.size()
			b.gather()
			if after := b.size(); after != before {
				t.Errorf("to gather again what is settled wrote %d entries", after-before)
			}
		})
	}
}

func (b *bed) size() int {
	b.Helper()
	head, err := store.Head(ctx, b.db)
	if err != nil {
		b.Fatal(err)
	}
	return int(head.Size)
}

// TestAStepRestsOnADecision protects that nothing is done to a customer without a
// decision of that kind which holds, and that the step names its leaf.
func TestAStepRestsOnADecision(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	acts := []decision.Act{decision.ApproveWithConditions, decision.Suspend, decision.Exit}
	for i, step := range []enforcement.Step{enforcement.Limit, enforcement.Suspend, enforcement.Terminate} {
		for _, what := range append(acts, decision.Decline, decision.Approve) {
			for _, when := range []string{"now", "before", "ended"} {
				t.Run(fmt.Sprintf("%s, %s %s", step, what, when), func(t *testing.T) {
					b := bedOn(t, db)
					leaf, id := "", ""
					switch when {
					case "now":
						id, leaf = b.gather(), b.decide(what, "")
					case "before":
						leaf, id = b.decide(what, ""), b.gather()
					case "ended":
						id, leaf = b.gather(), b.decide(what, "2026-11-24")
					}
					p, _, err := b.officer("a").Take(ctx, b.db, id, enforcement.Move{To: step, Reason: "skipped"})
					may := what == acts[i] && (when == "now" || when == "before" && what != decision.ApproveWithConditions)
					if may && (err != nil || p.Decision != leaf || !p.OutOfOrder) {
						t.Errorf("%+v, %v", p, err)
					}
					if !may {
						b.refused(err, refusal.Decided)
					}
				})
			}
		}
	}
}

// TestWhoseCalls protects customers from what others did: in an account they share, and
// in a deployment that is theirs by inference only.
func TestWhoseCalls(t *testing.T) {
	inferred := newBed(t)
	inferred.write(func(tx *store.Tx) {
		d, err := store.Get(ctx, tx, register.Deployments, inferred.deployment)
		if err == nil {
			d.Record.Basis = "inferred"
			_, _, err = store.Revise(tx, register.Deployments, d.ID, d.Record)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	for name, b := range map[string]*bed{"shared": newBed(t, "account"), "inferred": inferred} {
		id := b.gather()
		b.decide(decision.Suspend, "")
		o := b.officer("a")
		_, _, err := o.Take(ctx, b.db, id, enforcement.Move{To: enforcement.Suspend, Reason: "skipped"})
		b.refused(err, refusal.Whose)
		list, err := store.Select(ctx, b.db, refusal.Refusals, "")
		if err != nil || len(list) != 1 || list[0].Record.Act != "enforcement" {
			t.Errorf("%s: the refused attempt is not logged: %d, %v", name, len(list), err)
		}
		if _, _, err := o.Take(ctx, b.db, id, enforcement.Move{To: enforcement.Suspend, Reason: "skipped", Source: b.source}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAcceptance protects that nothing is accepted beyond the decision it rests on.
func TestAcceptance(t *testing.T) {
	b := newBed(t)
	id := b.gather()
	b.decide(decision.ApproveWithConditions, "2027-01-01")
	o := b.officer("a")
	end := enforcement.End{Outcome: enforcement.Accepted, Reason: "For now.", Until: "2027-02-01"}
	_, _, err := o.Close(ctx, b.db, id, end)
	b.refused(err, refusal.Decided)
	for _, until := range []string{"", "soon", "2026-11-24"} {
		end.Until = until
		if _, _, err := o.Close(ctx, b.db, id, end); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("until %q: %v", until, err)
		}
	}
	end.Until = "2027-01-01"
	p, _, err := o.Close(ctx, b.db, id, end)
	if err != nil || p.Due != "2027-01-01" || p.Expires != "2027-01-01" || p.Decision == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestTheSecondPersonIsAnother protects four eyes where a proposal is handed on between
// the two parts.
func TestTheSecondPersonIsAnother(t *testing.T) {
	b := newBed(t)
	id := b.gather()
	first, second := b.officer("a"), b.officer("b")
	end := enforcement.End{Outcome: enforcement.NoDeviation, Reason: "A test."}
	if _, _, err := first.Close(ctx, b.db, id, end); err != nil {
		t.Fatal(err)
	}
	if _, _, err := second.Assign(ctx, b.db, id, first.Actor); err != nil {
		t.Fatal(err)
	}
	_, _, err := first.Close(ctx, b.db, id, end)
	b.refused(err, refusal.FourEyes)
	if p, _, err := second.Close(ctx, b.db, id, end); err != nil || p.Outcome != enforcement.NoDeviation {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestHarmIsAnotherQuestion protects MU-03: what is known of harm changes nothing of what
// is said of the condition, and is said by a source only.
func TestHarmIsAnotherQuestion(t *testing.T) {
	b := newBed(t)
	id := b.gather()
	o := b.officer("a")
	before, err := store.Get(ctx, b.db, enforcement.Proceedings, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Weigh(ctx, b.db, id, enforcement.ImpactNone, ""); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("without a source: %v", err)
	}
	for _, impact := range []string{enforcement.ImpactNone, enforcement.ImpactHarm, enforcement.ImpactUnknown} {
		p, _, err := o.Weigh(ctx, b.db, id, impact, b.source)
		if err != nil || p.Impact != impact || fmt.Sprint(p.Grade, p.Step, p.State, p.Due) != fmt.Sprint(before.Record.Grade, before.Record.Step, before.Record.State, before.Record.Due) {
			t.Errorf("%s: %+v, %v", impact, p, err)
		}
	}
}

// TestWhoMayActOnFindings protects that who sells or runs the system takes no step.
func TestWhoMayActOnFindings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := bedOn(t, storetest.Begin(t, dsn, rooms...))
		id := b.gather()
		for _, role := range act.Roles {
			_, _, err := b.officer("a", role).Take(ctx, b.db, id, enforcement.Move{To: enforcement.Cure, By: "2026-11-30", Reason: "again"})
			may := role == act.Analyst || role == act.Approver || role == act.GoverningBody
			if (err == nil) != may {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}
