package retention_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/refusal"
	"duly/internal/retention"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/packs"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// witness is a record about a person.
type witness struct {
	State     string   `duly:"state,public,enum=active|withdrawn,column"`
	ValidFrom string   `duly:"valid_from,customer,date"`
	ValidTo   string   `duly:"valid_to,customer,date"`
	Name      string   `duly:"name,personal,column"`
	Phones    []string `duly:"phones,personal"`
	Place     string   `duly:"place,customer"`
	Formula   string   `duly:"formula,trade_secret"`
	Words     string   `duly:"words,published"`
}

var witnesses = ledger.Define[witness]("witness", 1)

var kinds = []*ledger.Schema{witnesses.Schema(), store.Epochs.Schema(), store.Erasures.Schema(), retention.Holds.Schema(), refusal.Refusals.Schema()}

var tables = store.Migrations{Room: "witness", Files: fstest.MapFS{"migrations/0001_witness.sql": {Data: []byte(`-- +goose Up
create table r_witness (seq bigint primary key, id text not null, rev bigint not null, to_seq bigint, valid_from text, valid_to text, state text, name text);
create unique index r_witness_id on r_witness (id, rev);
create index r_witness_name on r_witness (name);
`)}}}

const clocks = `id: t
kind: retention
version: "1"
title: T
status: project
license: Apache-2.0
sources:
  - {title: t, ref: r, grade: unverified}
clocks:
  - {id: people, text: t, kinds: [witness], classes: [personal], superseded: 10, ended: {days: 20, states: [withdrawn]}, written: 100}
tests:
  - {name: n, kind: witness, class: personal, written: 100, expect: due}
`

// office is a log with its clock, on one engine.
type office struct {
	*testing.T
	db    *store.DB
	rules *retention.Rules
	now   time.Time
	svc   retention.Service
}

func open(t *testing.T, dsn string) *office {
	o := &office{T: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	ctx := context.Background()
	var err error
	o.db, err = store.Open(ctx, store.Config{DSN: dsn, Now: func() time.Time { return o.now }, Random: random{}}, refusal.Migrations, retention.Migrations, tables)
	o.must(err)
	t.Cleanup(func() { o.db.Close() })
	o.must(o.db.Begin(ctx, "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: strings.Repeat("0", 64), QuotedRoot: strings.Repeat("0", 64)}))
	p, err := pack.Parse("t.yaml", []byte(clocks))
	o.must(err)
	o.rules, err = retention.Load(p, kinds)
	o.must(err)
	o.svc = retention.Service{DB: o.db, May: act.Default, Kinds: kinds, Now: func() time.Time { return o.now }}
	return o
}

// random gives bytes that differ from call to call, which is all that ids need here.
type random struct{}

var drawn byte

func (random) Read(p []byte) (int, error) {
	for i := range p {
		drawn++
		p[i] = drawn ^ byte(i*37)
	}
	return len(p), nil
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) after(days int) { o.now = o.now.AddDate(0, 0, days) }

func (o *office) write(id string, w witness) (ref store.Ref) {
	o.Helper()
	o.must(o.db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) (err error) {
		if id == "" {
			ref, err = store.Create(tx, witnesses, &w)
		} else {
			ref, _, err = store.Revise(tx, witnesses, id, &w)
		}
		return err
	}))
	return ref
}

func (o *office) due() []string {
	o.Helper()
	list, err := o.rules.Due(context.Background(), o.db, kinds, o.now.Format(time.DateOnly))
	o.must(err)
	var out []string
	for _, d := range list {
		s := d.ID + ":" + strings.Join(d.Fields, ",")
		if d.Held {
			s += " held"
		}
		out = append(out, s)
	}
	return out
}

var (
	approver = act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Approver}}
	seller   = act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Sales, act.Approver}}
)

// TestClocksRunFromWhatHappened protects the days: an old revision goes when another
// took its place, a record when it ended or its last day passed, and everything at
// the end of the longest clock; not a day earlier, and nothing of a class without a clock.
func TestClocksRunFromWhatHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := open(t, dsn)
		changed := o.write("", witness{State: "active", Name: "first"})
		o.after(5)
		o.write(changed.ID, witness{State: "active", Name: "second"})
		left := o.write("", witness{State: "active", Name: "left"})
		o.after(3)
		o.write(left.ID, witness{State: "withdrawn", Name: "left"})
		over := o.write("", witness{State: "active", Name: "over", ValidTo: "2026-01-12"})
		for _, step := range []struct {
			day  string
			want []string // one for each entry
		}{
			{"2026-01-15", nil},
			{"2026-01-16", []string{changed.ID}},                                        // ten days after the second revision
			{"2026-01-19", []string{changed.ID, left.ID}},                               // ten days after who left did
			{"2026-01-28", []string{changed.ID, left.ID}},                               //
			{"2026-01-29", []string{changed.ID, left.ID, left.ID}},                      // twenty days after it
			{"2026-01-31", []string{changed.ID, left.ID, left.ID}},                      //
			{"2026-02-01", []string{changed.ID, left.ID, left.ID, over.ID}},             // twenty days after the last day
			{"2026-04-15", []string{changed.ID, left.ID, left.ID, over.ID}},             //
			{"2026-04-16", []string{changed.ID, changed.ID, left.ID, left.ID, over.ID}}, // a hundred days
		} {
			o.now, _ = time.Parse(time.DateOnly, step.day)
			want := make([]string, len(step.want))
			for i, id := range step.want {
				want[i] = id + ":name,phones"
			}
			got := o.due()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: due %v, want %v", step.day, got, want)
			}
		}
	})
}

// TestWhatIsErasedIsGone protects the promise itself: after a sweep no file of the
// database holds the text, the tree still verifies, and a second sweep finds nothing.
func TestWhatIsErasedIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := open(t, dsn)
		ctx := context.Background()
		const secret = "Somebody Nobody Should Find"
		ref := o.write("", witness{State: "withdrawn", Name: secret, Phones: []string{secret + " 1"}, Place: "stays"})
		root, err := store.Root(ctx, o.db, 2)
		o.must(err)
		o.after(20)
		erased, err := o.svc.Sweep(ctx, approver, o.rules)
		o.must(err)
		if len(erased) != 1 || erased[0].Entry != ref.Seq {
			t.Fatalf("erased %+v", erased)
		}
		r, err := store.Get(ctx, o.db, witnesses, ref.ID)
		o.must(err)
		if r.Record.Name != "" || r.Record.Phones != nil || r.Record.Place != "stays" || ledger.FieldRoot(r.Digests) != r.Leaf.Fields {
			t.Errorf("after the sweep: %+v", r.Record)
		}
		if again, err := store.Root(ctx, o.db, 2); err != nil || again != root {
			t.Error("the tree changed")
		}
		if again, err := o.svc.Sweep(ctx, approver, o.rules); err != nil || len(again) != 0 {
			t.Errorf("the second sweep erased %v, %v", again, err)
		}
		if found, err := o.svc.Find(ctx, o.db, secret); err != nil || len(found) != 0 {
			t.Errorf("found %v, %v", found, err)
		}
		if filepath.IsAbs(dsn) {
			inNoFile(t, filepath.Dir(dsn), secret)
		}
	})
}

// inNoFile looks for a text, plain or inside a disclosure, in all files of a directory.
func inNoFile(t *testing.T, dir, text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the directory: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for shift := range 3 { // base64 spells a text in three ways, by where it begins
			spelled := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
			if bytes.Contains(data, []byte(spelled[4:len(spelled)-4])) || bytes.Contains(data, []byte(text)) {
				t.Errorf("%s still holds what was erased", filepath.Base(name))
			}
		}
	}
}

// TestTheFilesHoldItBefore protects the test above: without an erasure the text is there.
func TestTheFilesHoldItBefore(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "duly.db")
	o := open(t, dsn)
	const text = "Somebody Who Is Still Here"
	o.write("", witness{State: "active", Name: text})
	found := 0
	for _, name := range []string{dsn, dsn + "-wal"} {
		data, err := os.ReadFile(name)
		o.must(err)
		found += bytes.Count(data, []byte(text))
		for shift := range 3 {
			spelled := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
			found += bytes.Count(data, []byte(spelled[4:len(spelled)-4]))
		}
	}
	if found < 2 {
		t.Errorf("found the text %d times, want it in a column and in a disclosure", found)
	}
}

// TestErasingByRequest protects who may erase what: not what is under a hold, not what
// protects the company alone, not by who sells, and never without a reason; each refused
// attempt is in the log, and what is erased is said.
func TestErasingByRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := open(t, dsn)
		ctx := context.Background()
		held := o.write("", witness{State: "active", Name: "needed"})
		free := o.write("", witness{State: "active", Name: "asked", Formula: "x"})
		_, err := o.svc.Hold(ctx, approver, held.ID, "a complaint is open")
		o.must(err)
		for name, c := range map[string]struct {
			by     act.Actor
			entry  int64
			field  string
			reason string
			note   string
			code   fault.Code
		}{
			"under a hold":       {approver, held.Seq, "name", "request", "letter", fault.Refused},
			"a trade secret":     {approver, free.Seq, "formula", "request", "letter", fault.Refused},
			"by who sells":       {seller, free.Seq, "name", "request", "letter", fault.Refused},
			"no note":            {approver, free.Seq, "name", "request", " ", fault.Invalid},
			"in a clock's place": {approver, free.Seq, "name", "retention", "letter", fault.Invalid},
			"a public field":     {approver, free.Seq, "state", "request", "letter", fault.Invalid},
			"no such entry":      {approver, 999, "name", "request", "letter", fault.NotFound},
		} {
			if _, err := o.svc.Erase(ctx, c.by, c.entry, c.field, c.reason, c.note); fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		refused, err := store.Select(ctx, o.db, refusal.Refusals, "r.act = 'erasure'")
		o.must(err)
		if len(refused) != 3 {
			t.Errorf("%d refused attempts are in the log, want 3", len(refused))
		}
		_, err = o.svc.Erase(ctx, approver, free.Seq, "name", "request", "letter of the person")
		o.must(err)
		_, err = o.svc.Erase(ctx, approver, free.Seq, "words", "court_order", "what was written for everybody names somebody")
		o.must(err)
		if _, err := o.svc.Erase(ctx, approver, free.Seq, "name", "request", "again"); fault.CodeOf(err) != fault.Refused {
			t.Errorf("erased twice: %v", err)
		}
		o.after(200)
		if got := o.due(); !slices.Equal(got, []string{held.ID + ":name,phones held", free.ID + ":phones"}) {
			t.Errorf("due %v", got)
		}
		if swept, err := o.svc.Sweep(ctx, approver, o.rules); err != nil || len(swept) != 1 {
			t.Errorf("a sweep beside a hold: %v, %v", swept, err)
		}
		_, err = o.svc.Lift(ctx, approver, held.ID, "the complaint is closed")
		o.must(err)
		if swept, err := o.svc.Sweep(ctx, approver, o.rules); err != nil || len(swept) != 1 || swept[0].ID != held.ID {
			t.Errorf("after the hold: %v, %v", swept, err)
		}
	})
}

// TestReplayAfterARestore protects that a restored copy does not bring people back: the
// list that was kept outside erases again what the copy holds, once.
func TestReplayAfterARestore(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	dsn := filepath.Join(dir, "duly.db")
	o := open(t, dsn)
	ref := o.write("", witness{State: "active", Name: "comes back"})
	o.must(o.db.Scrub(ctx))
	copied, err := os.ReadFile(dsn)
	o.must(err)
	_, err = o.svc.Erase(ctx, approver, ref.Seq, "name", "court_order", "order 1")
	o.must(err)
	list, err := o.svc.List(ctx, o.db)
	o.must(err)
	if len(list) != 1 || list[0].Field != "name" || list[0].Entry != ref.Seq || list[0].Note != "order 1" {
		t.Fatalf("the list is %+v", list)
	}
	text, err := json.Marshal(list)
	o.must(err)
	restored := filepath.Join(dir, "restored.db")
	o.must(os.WriteFile(restored, copied, 0o600))
	db, err := store.Open(ctx, store.Config{DSN: restored, Now: func() time.Time { return o.now }, Random: random{}}, refusal.Migrations, retention.Migrations, tables)
	o.must(err)
	defer db.Close()
	svc := o.svc
	svc.DB = db
	if found, err := svc.Find(ctx, db, "COMES back"); err != nil || len(found) != 1 {
		t.Fatalf("the copy holds %v, %v", found, err)
	}
	for i, want := range []int{1, 0} {
		if n, err := svc.Replay(ctx, approver, bytes.NewReader(text)); err != nil || n != want {
			t.Errorf("replay %d erased %d, %v; want %d", i+1, n, err, want)
		}
	}
	if found, err := svc.Find(ctx, db, "comes back"); err != nil || len(found) != 0 {
		t.Errorf("after the replay: %v, %v", found, err)
	}
	if _, err := svc.Replay(ctx, approver, strings.NewReader("{")); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a broken list: %v", err)
	}
}

// TestPacks protects the pack that ships and the messages about broken ones.
func TestPacks(t *testing.T) {
	data, err := packs.Files.ReadFile("retention/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("retention/base.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range retention.RunTests(p) {
		if !r.OK {
			t.Errorf("%s: %s", r.Name, r.Detail)
		}
	}
	p, err = pack.Parse("t.yaml", []byte(strings.Replace(clocks, "classes: [personal]", "classes: [personal, published]", 1)))
	if err == nil {
		_, err = retention.Load(p, kinds)
	}
	if err != nil {
		t.Errorf("a clock of words written for everybody: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a class in clear":   {"classes: [personal]", "classes: [public]", "not a class of sealed fields"},
		"no such kind":       {"kinds: [witness]", "kinds: [nobody]", "no kind of record"},
		"a kind without it":  {"kinds: [witness]", "kinds: [epoch]", "no field of class"},
		"never":              {"superseded: 10, ended: {days: 20, states: [withdrawn]}, written: 100", "written: 0", "never runs out"},
		"a century and more": {"written: 100}", "written: 40000}", "between 1 and 36525"},
		"ended in no state":  {"states: [withdrawn]", "states: []", "ended needs days and states"},
	} {
		p, err := pack.Parse("t.yaml", []byte(strings.Replace(clocks, c.old, c.new, 1)))
		if err == nil {
			_, err = retention.Load(p, kinds)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "t.yaml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
