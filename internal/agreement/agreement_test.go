package agreement_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/conditions"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var rooms = []store.Migrations{register.Migrations, evidence.Migrations, runs.Migrations, agreement.Migrations}

// text is a pack of a condition that took another's place and has two versions, one that
// stays, and one that is only advice.
const text = `id: sample
kind: conditions
version: "1"
title: A sample
status: project
conditions:
` + begin + `A0, status: mandatory, effective_from: 2020-01-01, effective_until: 2021-01-01` + end +
	begin + `A, status: mandatory, effective_from: 2021-01-01, effective_until: 2022-01-01, replaces: A0` + end +
	begin + `A, status: mandatory, effective_from: 2022-01-01` + end +
	begin + `B, status: incorporated, incorporated_by: terms, effective_from: 2020-01-01, scope: {sectors: [policing]}` + end +
	begin + `C, status: advisory, effective_from: 2020-01-01` + end + `tests: []
`

const (
	begin = `  - {title: t, text: t, enforcement: audit, checked_by: [audit], severity: low, source: {title: s, ref: r, grade: verified}, id: `
	end   = "}\n"
)

func sample(t testing.TB) (*pack.Pack, *conditions.Set) {
	t.Helper()
	p, err := pack.Parse("sample.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := conditions.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, set
}

// bed is a register with a chain: the integrator is billed, the agency uses, and a
// company uses what it is billed for itself.
type bed struct {
	testing.TB
	ctx                                   context.Context
	db                                    *store.DB
	agency, company, contract, link, with string
	p                                     *pack.Pack
	set                                   *conditions.Set
}

var ann = act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Analyst}}

func newBed(t testing.TB, dsn string) *bed {
	t.Helper()
	if dsn == "" {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		dsn = filepath.Join(dir, "duly.db")
	}
	b := &bed{TB: t, ctx: context.Background(), db: storetest.Begin(t, dsn, rooms...)}
	b.p, b.set = sample(t)
	must := func(ref store.Ref, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ref.ID
	}
	active := register.Origin{State: "active"}
	err := b.db.Write(b.ctx, ann.Key, func(tx *store.Tx) error {
		police := must(store.Create(tx, register.Customers, &register.Customer{Origin: active, Kind: "public_body", Sector: "policing"}))
		maker := must(store.Create(tx, register.Customers, &register.Customer{Origin: active, Kind: "company", Sector: "commercial"}))
		b.contract = must(store.Create(tx, register.Contracts, &register.Contract{Origin: active, Customer: maker}))
		account := must(store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: maker, Contract: b.contract}))
		b.agency = must(store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: police, Account: account, Capability: "face_search"}))
		own := must(store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: maker}))
		b.company = must(store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Account: own, Capability: "compute"}))
		b.link = must(store.Create(tx, register.Relationships, &register.Relationship{Origin: active, Customer: police, Party: maker, Role: "integrator", FlowDown: "yes", AuditRight: "no"}))
		b.with = must(store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Title: "Terms"}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bed) agrees(subject, from, clause string) store.Ref {
	b.Helper()
	ref, _, err := agreement.Agree(b.ctx, b.db, act.Default, ann, b.p, agreement.Promise{Subject: subject, From: from, Clause: clause, Source: b.with})
	if err != nil {
		b.Fatal(err)
	}
	return ref
}

// binds gives how the version of a condition that is in force on a day binds.
func (b *bed) binds(deployment, id, day string) agreement.Binding {
	b.Helper()
	book, err := agreement.Read(b.ctx, b.db)
	if err != nil {
		b.Fatal(err)
	}
	held, err := book.Holds([]*conditions.Set{b.set}, deployment, day)
	if err != nil {
		b.Fatal(err)
	}
	for _, h := range held {
		if h.ID == id {
			return h.Binding
		}
	}
	return "does not hold"
}

func (b *bed) gaps(day string) string {
	b.Helper()
	book, err := agreement.Read(b.ctx, b.db)
	if err != nil {
		b.Fatal(err)
	}
	cover, err := book.Gaps([]*conditions.Set{b.set}, day)
	if err != nil {
		b.Fatal(err)
	}
	names := map[string]string{b.agency: "agency", b.company: "company"}
	var out []string
	for _, g := range cover.Gaps {
		out = append(out, fmt.Sprint(g.Kind, " ", names[g.Deployment], " ", g.FlowDown, g.Conditions))
	}
	return fmt.Sprintf("%d of %d; %s", cover.Whole, cover.Deployments, strings.Join(out, "; "))
}

// Protects: which version binds. A version binds from the day of its agreement, a later
// one only by another agreement or a clause, and one that took another's place as a later
// version does; on both engines.
func TestBinds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := newBed(t, dsn)
		first := b.agrees(b.agency, "2020-06-01", "")
		for _, c := range []struct {
			deployment, id, day string
			want                agreement.Binding
		}{
			{b.agency, "A0", "2020-05-31", agreement.None},
			{b.agency, "A0", "2020-06-01", agreement.Agreed},
			{b.agency, "B", "2025-01-01", agreement.Agreed},
			{b.agency, "A", "2021-06-01", agreement.Outdated},
			{b.agency, "A", "2022-06-01", agreement.Outdated},
			{b.company, "A0", "2020-06-01", agreement.None},
			{b.company, "B", "2020-06-01", "does not hold"},
		} {
			if got := b.binds(c.deployment, c.id, c.day); got != c.want {
				t.Errorf("%s on %s: %s, want %s", c.id, c.day, got, c.want)
			}
		}
		b.agrees(b.contract, "2021-06-01", "as amended, section 2")
		for day, want := range map[string]agreement.Binding{"2021-05-31": agreement.Outdated, "2021-06-01": agreement.Agreed, "2022-06-01": agreement.Amended} {
			if got := b.binds(b.agency, "A", day); got != want {
				t.Errorf("with a contract, on %s: %s, want %s", day, got, want)
			}
		}
		if err := agreement.End(b.ctx, b.db, act.Default, ann, first.ID, "2020-12-01"); err != nil {
			t.Fatal(err)
		}
		if got := b.binds(b.agency, "A0", "2020-12-01"); got != agreement.None {
			t.Errorf("after its end: %s", got)
		}
		if got := b.binds(b.agency, "A0", "2020-11-30"); got != agreement.Agreed {
			t.Errorf("on the day before its end: %s", got)
		}
		if err := agreement.End(b.ctx, b.db, act.Default, ann, first.ID, "2021-12-01"); fault.CodeOf(err) != fault.Refused {
			t.Errorf("ended twice: %v", err)
		}
	})
}

// Protects: each deployment and each link that a condition does not reach is a gap, and
// that a link is said to hand conditions on does not fill it; advice is no gap.
func TestGaps(t *testing.T) {
	b := newBed(t, "")
	want := func(day, text string) {
		t.Helper()
		if got := b.gaps(day); got != text {
			t.Errorf("%s\n got %s\nwant %s", day, got, text)
		}
	}
	want("2020-06-01", "0 of 2; not_agreed agency [A0 B]; no_flow_down agency yes[A0 B]; not_agreed company [A0]")
	b.agrees(b.agency, "2020-01-01", "")
	want("2020-06-01", "1 of 2; no_flow_down agency yes[A0 B]; not_agreed company [A0]")
	b.agrees(b.link, "2020-01-01", "")
	b.agrees(b.company, "2020-01-01", "later versions too")
	want("2020-06-01", "2 of 2; ")
	want("2022-06-01", "1 of 2; old_version agency [A]; no_flow_down agency yes[A]")
	if err := b.db.Write(b.ctx, ann.Key, func(tx *store.Tx) error {
		r, err := store.Get(b.ctx, tx, register.Relationships, b.link)
		if err != nil {
			return err
		}
		next := *r.Record
		next.State = "ended"
		_, _, err = store.Revise(tx, register.Relationships, b.link, &next)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want("2020-06-01", "2 of 2; unknown_link agency [A0 B]")
}

// Protects: what cannot be an agreement is refused, and the same twice is written once.
func TestAgreeRefuses(t *testing.T) {
	b := newBed(t, "")
	for _, c := range []struct {
		who  act.Actor
		a    agreement.Promise
		code fault.Code
	}{
		{act.Actor{Key: ann.Key, Roles: []act.Role{act.Auditor}}, agreement.Promise{Subject: b.agency, From: "2020-06-01", Source: b.with}, fault.Refused},
		{ann, agreement.Promise{Subject: "nobody", From: "2020-06-01", Source: b.with}, fault.NotFound},
		{ann, agreement.Promise{Subject: b.agency, From: "2020-06-01", Source: b.agency}, fault.NotFound},
		{ann, agreement.Promise{Subject: b.agency, From: "June", Source: b.with}, fault.Invalid},
		{ann, agreement.Promise{Subject: b.agency, From: "2019-12-31", Source: b.with}, fault.Invalid},
	} {
		if _, _, err := agreement.Agree(b.ctx, b.db, act.Default, c.who, b.p, c.a); fault.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c.a, err)
		}
	}
	promise := agreement.Promise{Subject: b.agency, From: "2020-06-01", Source: b.with}
	one, known, err := agreement.Agree(b.ctx, b.db, act.Default, ann, b.p, promise)
	if err != nil || known {
		t.Fatal(known, err)
	}
	two, known, err := agreement.Agree(b.ctx, b.db, act.Default, ann, b.p, promise)
	if err != nil || !known || two.ID != one.ID {
		t.Errorf("the same twice: %v %v, known %v", one, two, known)
	}
	r, err := store.Get(b.ctx, b.db, agreement.Agreements, one.ID)
	if err != nil || r.Record.Versions != 3 || r.Record.Terms != agreement.TermsHash(r.Record.Accepted) || r.Record.About != agreement.Deployment {
		t.Errorf("%+v %v", r.Record, err)
	}
}

// Protects: one more agreement never makes a version bind less.
func TestMoreBindsMore(t *testing.T) {
	firm := map[agreement.Binding]int{agreement.None: 0, agreement.Outdated: 1, agreement.Amended: 2, agreement.Agreed: 3}
	rapid.Check(t, func(r *rapid.T) {
		b := newBed(t, "")
		days := rapid.SampledFrom([]string{"2020-06-01", "2021-06-01", "2022-06-01"})
		before := agreement.None
		asked := days.Draw(r, "asked")
		id := "A"
		if asked < "2021" {
			id = "A0"
		}
		for range rapid.IntRange(1, 3).Draw(r, "n") {
			b.agrees(rapid.SampledFrom([]string{b.agency, b.contract}).Draw(r, "subject"), days.Draw(r, "day"), rapid.SampledFrom([]string{"", "as amended"}).Draw(r, "clause"))
			after := b.binds(b.agency, id, asked)
			if firm[after] < firm[before] {
				r.Fatalf("%s after %s", after, before)
			}
			before = after
		}
	})
}
