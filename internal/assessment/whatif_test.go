package assessment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// baseline gives the facts of a deployment that raises nothing, as a pack states them
// for its tests.
func baseline(t *testing.T, name string) map[string]any {
	t.Helper()
	var body struct {
		Tests struct{ Baseline map[string]any }
	}
	if err := yaml.Unmarshal(shipped(t, name).Bytes, &body); err != nil || len(body.Tests.Baseline) == 0 {
		t.Fatalf("%s has no baseline: %v", name, err)
	}
	return body.Tests.Baseline
}

// answer states facts about a subject as of a day, all at once.
func (c *chain) answer(t *testing.T, subject, day string, facts map[string]any, over ...map[string]any) {
	t.Helper()
	facts = maps.Clone(facts)
	for _, o := range over {
		maps.Copy(facts, o)
	}
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for _, fact := range slices.Sorted(maps.Keys(facts)) {
			f := evidence.Fact{Subject: subject, Fact: fact, Value: scalar(facts[fact]), AsOf: day}
			if err := evidence.State(ctx, tx, f, "answers", day); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scalar(v any) ledger.Scalar {
	switch v := v.(type) {
	case bool:
		return ledger.Bool(v)
	case int:
		return ledger.Int(int64(v))
	case string:
		return ledger.Text(v)
	case []any:
		list := []string{}
		for _, x := range v {
			list = append(list, fmt.Sprint(x))
		}
		return ledger.Texts(list)
	}
	return ledger.Unknown("not asked")
}

func (c *chain) whatIf(t *testing.T, q assessment.Question) *assessment.Answer {
	t.Helper()
	if q.From == nil {
		q.From = shipped(t, "methods/rm-1.yaml")
	}
	if q.To == nil {
		q.To = q.From
	}
	a, err := assessment.WhatIf(ctx, c.db, today, q, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, k := range a.Moves {
		n += k
	}
	if n != a.Looked || a.More+len(a.Changes)+a.Moves[assessment.Unaffected] != n {
		t.Errorf("%d moves of %d deployments: %+v", n, a.Looked, a.Moves)
	}
	return a
}

// known makes a chain of which all that methods ask is known, screened, with a
// deployment whose harm is grave and neither wide nor lasting, and one that is mild.
func known(t *testing.T, db *store.DB) (c *chain, grave, mild string) {
	c = newChain(t, db)
	c.write(t, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
	})
	mild = c.deploy(t, "active", c.sheriff, "video_storage")
	facts := baseline(t, "methods/rm-1.yaml")
	maps.Copy(facts, baseline(t, "methods/undp.yaml"))
	facts["ownership.sanctioned_percent"], facts["ownership.export_listed_percent"] = 0, 0
	c.answer(t, c.deployment, today, facts, map[string]any{"harm.liberty.scale": 5, "harm.liberty.scope": 1, "harm.liberty.irremediability": 1})
	c.answer(t, mild, today, facts)
	return c, c.deployment, mild
}

// TestAveragingHidesGravity protects the reason for which UNDP's mean ships: a harm
// that is grave for few comes out mild under it, and the answer says so and why.
func TestAveragingHidesGravity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c, grave, _ := known(t, storetest.Begin(t, dsn, rooms...))
		a := c.whatIf(t, assessment.Question{To: shipped(t, "methods/undp.yaml"), Entry: -1})
		if a.Looked != 2 || len(a.Changes) != 1 || a.Moves[assessment.Down] != 1 || a.Causes["severity"] != 1 {
			t.Fatalf("%+v", a)
		}
		x := a.Changes[0]
		if x.Subject != grave || x.Account != c.account || x.Customer != "Tamarind Sheriff" || x.Capability != "face_search" {
			t.Errorf("it names %+v", x)
		}
		want := []assessment.Cause{
			{Cause: "severity", Text: "severity is 2, was 5"},
			{Cause: "severity", Text: "liberty: severity 2, was 5 (scale 5, scope 1, irremediability 1)"},
		}
		if !slices.EqualFunc(x.Why, want, func(a, b assessment.Cause) bool { return a.Cause == b.Cause && a.Text == b.Text }) {
			t.Errorf("it explains the move by %+v", x.Why)
		}
		// RM-2 leaves what is known and grave where it is.
		for _, x := range c.whatIf(t, assessment.Question{To: shipped(t, "methods/rm-2.yaml"), Entry: -1}).Changes {
			if x.Subject == grave && x.Move == assessment.Down {
				t.Errorf("RM-2 lets it down: %+v", x)
			}
		}
	})
}

// TestRM2SaysWhatItMisses protects a change of method: where the successor asks what
// nobody answered yet, the deployment is newly pending, and the answer lists it.
func TestRM2SaysWhatItMisses(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.write(t, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
	})
	facts := baseline(t, "methods/rm-1.yaml")
	facts["ownership.sanctioned_percent"], facts["ownership.export_listed_percent"] = 0, 0
	c.answer(t, c.deployment, today, facts)
	a := c.whatIf(t, assessment.Question{To: shipped(t, "methods/rm-2.yaml"), Entry: -1})
	if a.Moves[assessment.Pending] != 1 || a.Changes[0].From.Pending || !a.Changes[0].To.Pending {
		t.Fatalf("%+v", a)
	}
	i := slices.IndexFunc(a.Changes[0].Why, func(x assessment.Cause) bool { return x.Cause == "missing facts" })
	if i < 0 || !slices.Contains(a.Changes[0].Why[i].IDs, "disparity.baseline") {
		t.Errorf("what is missing: %+v", a.Changes[0].Why)
	}
}

// TestWhatIfIsWhatAssessFinds protects the one way of gathering: the side that is
// compared with is, deployment by deployment, the rating that was recorded.
func TestWhatIfIsWhatAssessFinds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c, grave, mild := known(t, storetest.Begin(t, dsn, rooms...))
		third := c.deploy(t, "active", c.reseller, "face_search")
		c.state(t, c.reseller, "customer.security_service_ties", ledger.Bool(true))
		_, s, err := c.rate(t, assessment.Which{IDs: []string{c.account}})
		if err != nil {
			t.Fatal(err)
		}
		recorded := map[string]assessment.Assessed{}
		for _, one := range s.Subjects {
			recorded[one.Subject] = one
		}
		if a := c.whatIf(t, assessment.Question{Entry: -1}); a.Moves[assessment.Unaffected] != 3 {
			t.Errorf("nothing is supposed, and yet: %+v", a.Moves)
		}
		listed := ledger.Text("confirmed")
		a := c.whatIf(t, assessment.Question{Entry: -1, Supposed: []assessment.Supposed{{Subject: c.sheriff, Fact: "screening.list_match", Value: listed}}})
		for _, x := range a.Changes {
			was := recorded[x.Subject]
			if x.From.Worst != was.Worst || x.From.Best != was.Best || x.From.Tier != was.Tier || x.From.Decision != was.Decision || x.From.Pending != was.Pending {
				t.Errorf("%s was %+v, and is compared as %+v", x.Subject, was, x.From)
			}
			if !slices.Contains(x.To.HardStops, "HS-L1") || !strings.HasPrefix(x.Why[0].Text, "hard stop HS-L1 (") {
				t.Errorf("listed, and yet %+v, %v", x.To, x.Why)
			}
		}
		// The deployment of the reseller is billed to the sheriff: its chain has both.
		if len(a.Changes) != 3 {
			t.Errorf("%d deployments move, want %s, %s and %s", len(a.Changes), grave, mild, third)
		}
	})
}

// TestFourCorners protects both times: what is asked about a day is answered by what
// was known at the entry that is named, and by nothing that came later.
func TestFourCorners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		c.write(t, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
		})
		const fact, early, late = "harm.vulnerable_group", "2025-03-01", "2026-03-01"
		c.answer(t, c.deployment, early, baseline(t, "methods/rm-1.yaml"), map[string]any{
			fact: false, "harm.privacy.scale": 3, "harm.privacy.scope": 3, "harm.privacy.irremediability": 3,
		})
		head, err := store.Head(ctx, c.db)
		if err != nil {
			t.Fatal(err)
		}
		before := head.Size - 1
		c.answer(t, c.deployment, late, map[string]any{fact: true})
		c.deploy(t, "active", c.sheriff, "database")
		vulnerable := []assessment.Supposed{{Subject: c.deployment, Fact: fact, Value: ledger.Bool(true)}}
		for _, x := range []struct {
			day    string
			entry  int64
			looked int
			up     int // that a vulnerable group is hit is news then, and severity rises by it
		}{
			{"2025-06-01", -1, 2, 1},
			{"2026-06-01", -1, 2, 0},
			{"2025-06-01", before, 1, 1},
			{"2026-06-01", before, 1, 1},
			{"", before, 1, 1},
			{"", -1, 2, 0},
		} {
			a := c.whatIf(t, assessment.Question{Day: x.day, Entry: x.entry, Supposed: vulnerable})
			if a.Looked != x.looked || a.Moves[assessment.Up] != x.up || a.Moves[assessment.Unaffected] != x.looked-x.up {
				t.Errorf("%q at %d: %d deployments and %v, want %d of which %d go up", x.day, x.entry, a.Looked, a.Moves, x.looked, x.up)
			}
		}
		value := func(day string, entry int64) string {
			book, err := evidence.ReadAll(ctx, c.db, store.At{Day: day, Seq: entry}, "")
			if err != nil {
				t.Fatal(err)
			}
			said := book.About(nil, c.deployment)
			i := slices.IndexFunc(said, func(s evidence.Said) bool { return s.Fact.Fact == fact })
			if i < 0 {
				t.Fatalf("nothing is stated on %s at %d", day, entry)
			}
			return said[i].Fact.Value.String()
		}
		head, _ = store.Head(ctx, c.db)
		now := head.Size - 1
		for _, x := range []struct {
			day  string
			at   int64
			want string
		}{{"2025-06-01", before, "false"}, {"2026-06-01", before, "false"}, {"2025-06-01", now, "false"}, {"2026-06-01", now, "true"}} {
			if got := value(x.day, x.at); got != x.want {
				t.Errorf("about %s by what was known at %d it is %s, want %s", x.day, x.at, got, x.want)
			}
		}
	})
}

// TestWhatIfWritesNothing protects a trial from leaving traces: no entry, no row, and
// no byte of the database's file.
func TestWhatIfWritesNothing(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "duly.db")
	db := storetest.Begin(t, dsn, rooms...)
	c, _, _ := known(t, db)
	read := func() (int64, []byte) {
		t.Helper()
		head, err := store.Head(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(dsn)
		wal, _ := os.ReadFile(dsn + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return head.Size, append(data, wal...)
	}
	size, data := read()
	first := c.whatIf(t, assessment.Question{To: shipped(t, "methods/rm-2.yaml"), Entry: -1})
	again := c.whatIf(t, assessment.Question{To: shipped(t, "methods/rm-2.yaml"), Entry: -1})
	if n, after := read(); n != size || !bytes.Equal(data, after) {
		t.Errorf("the log went from %d to %d entries, or the file changed", size, n)
	}
	a, errA := json.Marshal(first)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Error("the same question has two answers")
	}
}

// TestLimit protects the order in which changes are told, and what is left out.
func TestLimit(t *testing.T) {
	c, _, _ := known(t, storetest.SQLite(t, rooms...))
	match := []assessment.Supposed{{Subject: c.sheriff, Fact: "screening.list_match", Value: ledger.Text("confirmed")}}
	all := c.whatIf(t, assessment.Question{Entry: -1, Supposed: match})
	one := c.whatIf(t, assessment.Question{Entry: -1, Supposed: match, Limit: 1})
	if len(all.Changes) != 2 || all.More != 0 || len(one.Changes) != 1 || one.More != 1 || one.Changes[0].Subject != all.Changes[0].Subject {
		t.Errorf("%d and %d more; %d and %d more", len(all.Changes), all.More, len(one.Changes), one.More)
	}
	for _, bad := range []assessment.Question{
		{Entry: 1 << 40}, {Entry: -1, Day: "yesterday"},
		{Entry: -1, Supposed: []assessment.Supposed{{Subject: c.sheriff, Fact: "no.such", Value: ledger.Bool(true)}}},
		{Entry: -1, Supposed: append(match, match...)},
	} {
		bad.From = shipped(t, "methods/rm-1.yaml")
		bad.To = bad.From
		if _, err := assessment.WhatIf(ctx, c.db, today, bad, nil); fault.CodeOf(err) != fault.Invalid && fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestShelfLife protects what a method asks of answers: an old one is unknown again,
// with the day since when, and its value is no input; a single source is used and
// marked.
func TestShelfLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		const fact = "harm.actual"
		text := string(shipped(t, "methods/rm-1.yaml").Bytes)
		line := "{id: " + fact + ", type: bool,"
		if !strings.Contains(text, line) {
			t.Fatalf("RM-1 has no line %q", line)
		}
		p, err := pack.Parse("shelf.yaml", []byte(strings.Replace(text, line, line+" shelf_days: 30, sources: 2,", 1)))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, publisher := range []string{"Ombudsman", "Ombudsman", "County Court"} {
			ids = append(ids, c.write(t, func(tx *store.Tx) (store.Ref, error) {
				return store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Publisher: publisher})
			}))
		}
		rate := func(day string) (assessment.Assessed, *assessment.Rating) {
			t.Helper()
			s, err := assessment.Assess(ctx, c.db, storetest.Actor, day, p, assessment.Which{IDs: []string{c.deployment}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			list, err := store.Select(ctx, c.db, assessment.Ratings, "r.subject = $1", c.deployment)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			return s.Subjects[0], list[0].Record
		}
		say := func(source string, day string) {
			t.Helper()
			err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				return evidence.State(ctx, tx, evidence.Fact{Subject: c.deployment, Fact: fact, Value: ledger.Bool(false), AsOf: day, Sources: []string{source}}, "answers", day)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		named := func(r *assessment.Rating) bool {
			return slices.ContainsFunc(r.Inputs, func(s string) bool { return strings.HasPrefix(s, fact+" ") })
		}
		say(ids[0], "2026-10-01")
		a, r := rate("2026-10-31")
		if slices.Contains(a.Missing, fact) || !slices.Equal(a.Single, []string{fact}) || !named(r) {
			t.Errorf("on its last day, of one source: %v, %v", a.Missing, a.Single)
		}
		a, r = rate("2026-11-01")
		if !slices.Contains(a.Missing, fact) || !slices.Equal(a.OutOfDate, []string{fact + ": out of date since 2026-11-01"}) || named(r) || len(a.Single) > 0 {
			t.Errorf("the day after: %v, %v, %v", a.Missing, a.OutOfDate, a.Single)
		}
		say(ids[1], "2026-10-20")
		if a, _ = rate("2026-11-01"); slices.Contains(a.Missing, fact) || !slices.Equal(a.Single, []string{fact}) {
			t.Errorf("two sources of one publisher count once: %v, %v", a.Missing, a.Single)
		}
		say(ids[0], "2026-10-20")
		say(ids[2], "2026-10-20")
		if a, _ = rate("2026-11-01"); slices.Contains(a.Missing, fact) || len(a.Single) > 0 {
			t.Errorf("two publishers are two: %v, %v", a.Missing, a.Single)
		}
	})
}

// TestChangedRecordsNoMore protects rating again at scale: what comes out the same is
// not written, and the run covers it all the same.
func TestChangedRecordsNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c, grave, mild := known(t, storetest.Begin(t, dsn, rooms...))
		if _, _, err := c.rate(t, assessment.Which{IDs: []string{c.account}}); err != nil {
			t.Fatal(err)
		}
		unrated := c.deploy(t, "active", c.sheriff, "database")
		changed := func(method string) *assessment.Summary {
			t.Helper()
			s, err := assessment.Assess(ctx, c.db, storetest.Actor, today, shipped(t, method), assessment.Which{Changed: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		if s := changed("methods/rm-1.yaml"); s.Assessed != 2 || s.Changed != 0 {
			t.Errorf("nothing changed, and yet %+v (%s was never rated)", s, unrated)
		}
		undp := shipped(t, "methods/undp.yaml")
		s := changed("methods/undp.yaml")
		list, err := store.Select(ctx, c.db, assessment.Ratings, "")
		if err != nil || s.Assessed != 2 || s.Changed != 1 || len(list) != 2 {
			t.Fatalf("%+v, %d ratings, %v", s, len(list), err)
		}
		for _, r := range list {
			if by := r.Record.Method == undp.Hash; by != (r.Record.Subject == grave) {
				t.Errorf("%s is rated by UNDP's method: %v", r.Record.Subject, by)
			}
		}
		var hashes []ledger.Hash
		for _, id := range []string{grave, mild} {
			d, err := store.Get(ctx, c.db, register.Deployments, id)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, d.Hash)
		}
		run, err := runs.Last(ctx, c.db, "assess")
		if err != nil {
			t.Fatal(err)
		}
		if want, err := runs.Root(hashes); err != nil || run.Record.Population != want || run.Record.Covered != 2 || run.Record.Inputs[0] != undp.Hash {
			t.Errorf("the run is %+v, want the population %s", run.Record, want)
		}
	})
}
