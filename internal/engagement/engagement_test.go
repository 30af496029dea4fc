package engagement_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	brief = engagement.Brief{
		Title: "Process", Commissioned: "the board", Authority: "a resolution", Question: "Is it so?", Terms: "all", From: "2026-01-01", Upto: "2026-06-30",
		Due: "2026-12-31", Level: "limited", Coverage: 80, Budget: 100, Currency: "EUR", Criteria: []string{"c"}, Recipients: []string{"r"},
	}
)

// office is a store with people and one engagement whose terms are approved.
type office struct {
	*testing.T
	db   *store.DB
	id   string
	body func(days int) voice.Hand
}

func open(t *testing.T, dsn string) *office {
	t.Helper()
	o := &office{T: t, db: storetest.Begin(t, dsn, people.Migrations, refusal.Migrations, register.Migrations, engagement.Migrations)}
	o.body = o.person(1, act.GoverningBody)
	ref, err := engagement.Propose(t.Context(), o.db, act.Default, o.body(0), "", &brief)
	o.ok(err)
	o.id = ref.ID
	_, err = engagement.Approve(t.Context(), o.db, act.Default, o.body(0), o.id)
	o.ok(err)
	return o
}

// sqlite gives the place of an empty database.
func sqlite(t *testing.T) string { return filepath.Join(t.TempDir(), "duly.db") }

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) person(seed byte, roles ...act.Role) func(days int) voice.Hand {
	o.Helper()
	key, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	o.ok(err)
	o.ok(o.db.Write(o.Context(), storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, string(rune('A'+seed)), roles, key.Public())
		return err
	}))
	return func(days int) voice.Hand {
		return voice.Hand{By: act.Actor{Key: key.ID(), Roles: roles}, Key: key, Now: start.AddDate(0, 0, days)}
	}
}

func (o *office) assessor(seed byte, ties ...string) func(int) voice.Hand {
	o.Helper()
	a := o.person(seed, act.Assessor)
	_, err := engagement.Declare(o.Context(), o.db, act.Default, engagement.Declaring{Hand: a(0), Engagement: o.id, Ties: ties, Text: ties, Appointed: "governing_body", Removed: "governing_body"})
	o.ok(err)
	return a
}

func (o *office) enter() {
	o.Helper()
	o.ok(o.db.Write(o.Context(), storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Create(tx, register.Accounts, &register.Account{Origin: register.Origin{State: "active"}})
		return err
	}))
}

// refused fails unless the rule refused and the attempt is the log's last entry.
func (o *office) refused(rule refusal.Rule, err error) {
	o.Helper()
	var by refusal.Rule
	if !errors.As(err, &by) || by != rule || fault.CodeOf(err) != fault.Refused {
		o.Errorf("want rule %s, got %v", rule, err)
		return
	}
	head, _ := store.Head(o.Context(), o.db)
	if last, err := store.GetBySeq(o.Context(), o.db, refusal.Refusals, head.Size-1); err != nil || last.Record.Rule != string(rule) {
		o.Errorf("the refusal is not in the log: %+v, %v", last, err)
	}
}

// TestAnEngagement protects the order of an assessment on both engines: what rests on
// terms stops when they do, and a conflict that comes up later stops what was started.
func TestAnEngagement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := open(t, dsn)
		ctx, ida, ivo := t.Context(), o.assessor(2), o.assessor(3)
		o.enter()
		_, err := engagement.Freeze(ctx, o.db, act.Default, ida(0), o.id)
		o.refused(refusal.Terms, err) // it has not started
		_, err = engagement.Start(ctx, o.db, act.Default, ida(0), o.id)
		o.ok(err)
		_, err = engagement.Freeze(ctx, o.db, act.Default, ida(-1), o.id)
		o.refused(refusal.Deadline, err)
		p, err := engagement.Freeze(ctx, o.db, act.Default, ida(0), o.id)
		o.ok(err)
		if root, err := store.Root(ctx, o.db, p.Seq); err != nil || p.Record.Size != p.Seq || p.Record.Root != root.String() {
			t.Errorf("the population rests on %+v, not on the entries before it: %v", p.Record, err)
		}
		draw := func(h voice.Hand) (*store.Revision[engagement.Sample], error) {
			return engagement.Draw(ctx, o.db, act.Default, engagement.Drawing{Hand: h, Engagement: o.id, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
		}
		_, err = draw(ida(1))
		o.refused(refusal.Pending, err)
		_, err = draw(ivo(1))
		o.refused(refusal.Key, err)

		// Other terms are a draft until they are approved; those in force go on meanwhile.
		other := brief
		other.Budget = 200
		_, err = engagement.Propose(ctx, o.db, act.Default, o.body(1), o.id, &other)
		o.ok(err)
		s, err := engagement.Stand(ctx, o.db, o.id)
		o.ok(err)
		if s.Terms.Record.Budget != 100 || s.Newest.Record.State != engagement.Draft {
			t.Errorf("a draft is in force: %+v", s.Terms.Record)
		}
		_, err = engagement.Spend(ctx, o.db, act.Default, ida(1), o.id, engagement.Effort{Task: "testing", Minutes: 30})
		o.ok(err)

		// A conflict that comes up stops what was started until that assessor leaves.
		conflict := engagement.Declaring{Hand: ivo(2), Engagement: o.id, Ties: []string{"employment"}, Text: []string{"an offer"}, Appointed: "governing_body", Removed: "governing_body"}
		_, err = engagement.Declare(ctx, o.db, act.Default, conflict)
		o.ok(err)
		_, err = engagement.Ask(ctx, o.db, act.Default, ida(2), o.id, "", "the minutes", "2026-08-01")
		o.refused(refusal.Independent, err)
		conflict.Leave = true
		_, err = engagement.Declare(ctx, o.db, act.Default, conflict)
		o.ok(err)
		asked, err := engagement.Ask(ctx, o.db, act.Default, ida(2), o.id, "", "the minutes", "2026-07-05")
		o.ok(err)
		f, err := engagement.Read(ctx, o.db, o.id)
		o.ok(err)
		if len(f.Overdue("2026-07-05")) != 0 || len(f.Overdue("2026-07-06")) != 1 {
			t.Error("a request is overdue from the day after it was due")
		}
		_, _, err = engagement.Reply(ctx, o.db, act.Default, ida(3), asked.ID, "here", "")
		o.refused(refusal.Role, err) // who asks does not answer
		analyst := o.person(4, act.Analyst)
		r, _, err := engagement.Reply(ctx, o.db, act.Default, analyst(5), asked.ID, "here", "")
		o.ok(err)
		if !r.Late {
			t.Error("an answer a day late is in time")
		}
		sample, err := draw(ida(6))
		o.ok(err)
		if sample.Record.Size != 1 || len(sample.Record.Drawn) != 1 {
			t.Errorf("drawn %+v", sample.Record)
		}

		_, err = engagement.Withdraw(ctx, o.db, act.Default, o.body(7), o.id)
		o.ok(err)
		_, err = engagement.Spend(ctx, o.db, act.Default, ida(7), o.id, engagement.Effort{Task: "testing", Minutes: 30})
		o.refused(refusal.Terms, err)
		_, err = engagement.Approve(ctx, o.db, act.Default, o.body(7), o.id)
		o.refused(refusal.Twice, err)
	})
}

// TestNobodyOfTheCompanyAssesses protects RS-03: each act of an assessor is refused to
// every role of the company, and is in the log as an attempt.
func TestNobodyOfTheCompanyAssesses(t *testing.T) {
	o := open(t, sqlite(t))
	ctx := t.Context()
	for i, role := range act.Company {
		h := o.person(byte(10+i), role)(1)
		for _, do := range []func() error{
			func() error { _, err := engagement.Start(ctx, o.db, act.Default, h, o.id); return err },
			func() error { _, err := engagement.Freeze(ctx, o.db, act.Default, h, o.id); return err },
			func() error {
				_, err := engagement.Draw(ctx, o.db, act.Default, engagement.Drawing{Hand: h, Engagement: o.id, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
				return err
			},
			func() error {
				_, err := engagement.Declare(ctx, o.db, act.Default, engagement.Declaring{Hand: h, Engagement: o.id})
				return err
			},
			func() error {
				_, err := engagement.Ask(ctx, o.db, act.Default, h, o.id, "", "text", "2026-12-31")
				return err
			},
			func() error {
				_, err := engagement.End(ctx, o.db, act.Default, h, o.id, engagement.Concluded, "")
				return err
			},
		} {
			o.refused(refusal.Role, do())
		}
	}
}

// TestPlan protects what precision costs and bounds.
func TestPlan(t *testing.T) {
	costs, err := engagement.Plan{Confidence: 95}.Costs(50000, 30, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []engagement.Cost{{50, 0, 59, 2476, 1770, 2950}, {50, 1, 93, 2500, 2790, 4650}, {10, 0, 299, 499, 8970, 14950}} {
		if !slices.Contains(costs, want) {
			t.Errorf("no line %+v in %+v", want, costs)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		population := rapid.Int64Range(1, 5000).Draw(t, "population")
		drawn := rapid.Int64Range(1, population).Draw(t, "drawn")
		deviations := rapid.Int64Range(0, min(drawn, 20)).Draw(t, "deviations")
		bound, err := engagement.Plan{Confidence: 95}.Bound(deviations, drawn, population)
		if err != nil || bound < deviations || bound > population || drawn == population && bound != deviations {
			t.Fatalf("%d of %d of %d bound %d, %v", deviations, drawn, population, bound, err)
		}
	})
}

// text gives the terms as a file, with one line replaced.
func text(from, to string) string {
	return strings.Replace(`title: Process
commissioned_by: the board
authority: a resolution
question: Is it so?
terms: all
from: 2026-01-01
upto: 2026-06-30
due: 2026-12-31
level: limited
required_coverage: 80
budget: 100
currency: EUR
criteria: [c]
recipients: [r]
`, from, to, 1)
}

// TestParseBrief protects terms of reference: what is missing or does not fit is told
// with its line before anything is written.
func TestParseBrief(t *testing.T) {
	if b, err := engagement.ParseBrief("t.yaml", []byte(text("", ""))); err != nil || b.Coverage != 80 || b.Upto != "2026-06-30" {
		t.Fatal(b, err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"title: Process\n", "", "no title"},
		{"authority: a resolution\n", "", "on which resolution"},
		{"commissioned_by: the board", "commissioned_by: ' '", "which body"},
		{"question: Is it so?\n", "", "no question"},
		{"terms: all\n", "", "no text"},
		{"from: 2026-01-01", "from: 2026-02-30", "t.yaml:6"},
		{"upto: 2026-06-30", "upto: 2025-06-30", "ends before it begins"},
		{"due: 2026-12-31", "due: 2026-06-30", "t.yaml:8"},
		{"required_coverage: 80", "required_coverage: 0", "no share"},
		{"required_coverage: 80", "required_coverage: 101", "no share"},
		{"budget: 100", "budget: -1", "below zero"},
		{"criteria: [c]\n", "", "no criteria"},
		{"recipients: [r]\n", "", "who receives"},
		{"title: Process", "titel: Process", "titel"},
	} {
		if _, err := engagement.ParseBrief("t.yaml", []byte(text(c.from, c.to))); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q as %q: %v, want %q", c.from, c.to, err, c.want)
		}
	}
}

// FuzzParseBrief protects from a file that crashes: it is terms that hold together, or a fault.
func FuzzParseBrief(f *testing.F) {
	f.Add([]byte(text("", "")))
	f.Add([]byte(text("due: 2026-12-31", "due: [2026]")))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := engagement.ParseBrief("t.yaml", data)
		switch {
		case err != nil && fault.CodeOf(err) != fault.Invalid:
			t.Fatal(err)
		case err == nil && (b.Due <= b.Upto || b.Upto < b.From || b.Coverage < 1 || len(b.Criteria) == 0):
			t.Fatalf("%+v", b)
		}
	})
}
