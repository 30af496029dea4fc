package index_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	rooms = []store.Migrations{evidence.Migrations, runs.Migrations, index.Migrations}
)

// add imports a small file that came out and was entered on a day.
func add(t *testing.T, db *store.DB, m *index.Mapping, text, released, today string) *index.Summary {
	t.Helper()
	table, err := m.Read("f.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := index.Import(ctx, db, storetest.Actor, m, table, released, today)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// on gives what was known of Chile on a day: year, value, answer and notes.
func on(t *testing.T, db *store.DB, day string) string {
	t.Helper()
	book, err := index.ReadBook(ctx, db, day)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range book.Editions {
		e := &book.Editions[i]
		r, ok := e.Of("CHL")
		said := "nothing"
		if ok {
			said = strings.Join(e.Mapping.Said(r), ", ")
		}
		out = append(out, fmt.Sprintf("%d %s", e.Year, said))
	}
	for _, c := range book.Answers("CHL") {
		out = append(out, fmt.Sprintf("%s %s %s %q", c.Fact, c.Answer, c.Day, c.Notes))
	}
	return strings.Join(out, "; ")
}

// TestAsOf protects the past: what a country was rated on a day is what was out by
// then, and a later recalculation changes no earlier day on which it was not known.
func TestAsOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		m := parsed(t, strings.Replace(small, "year: {column: y}", "year: {column: y}\nrecalculated: true", 1))
		if s := add(t, db, m, "c,y,v\nCHL,2020,8\nCHL,2021,5\nPER,2021,5\n", "2022-04-01", "2022-05-01"); s.New != 2 || s.Readings != 3 {
			t.Fatalf("%+v", s)
		}
		// A year later all years are estimated anew, and one country is no longer rated.
		if s := add(t, db, m, "c,y,v\nPER,2021,5\nCHL,2021,5\nCHL,2020,6\nPER,2022,5\n", "2023-02-15", "2023-05-01"); s.New != 2 || s.Same != 1 {
			t.Fatalf("%+v", s)
		}
		for _, c := range []struct{ day, want string }{
			{"2021-02-28", ""},
			{"2021-03-01", `2020 v 8.0; country.freedom free 2021-03-01 ["imported from a file of 2022-04-01"]`},
			{"2022-02-28", `2020 v 8.0; country.freedom free 2021-03-01 ["imported from a file of 2022-04-01"]`},
			{"2022-03-01", `2021 v 5.0; country.freedom partly_free 2022-03-01 ["imported from a file of 2022-04-01"]`},
			{"2022-04-01", `2021 v 5.0; country.freedom partly_free 2022-03-01 []`},
			{"2023-02-14", `2021 v 5.0; country.freedom partly_free 2022-03-01 []`},
			{"2023-02-15", `2022 nothing`}, // out with its file, before the day of the rule; and no older year stands in
		} {
			if got := on(t, db, c.day); got != c.want {
				t.Errorf("on %s: %s, want %s", c.day, got, c.want)
			}
		}
		list, err := store.Select(ctx, db, index.Editions, "r.year = 2020")
		if err != nil || len(list) != 2 || list[0].Record.History != "recalculated" || list[0].Record.Released != "2022-04-01" {
			t.Errorf("the two states of 2020: %v, %v", list, err)
		}
		head, _ := store.Head(ctx, db)
		if s := add(t, db, m, "c,y,v\nCHL,2020,6\nPER,2021,5\nCHL,2021,5\nPER,2022,5\n", "2023-06-01", "2023-07-01"); s.New != 0 || s.Same != 3 {
			t.Errorf("the same in another order of lines: %+v", s)
		}
		if after, _ := store.Head(ctx, db); after.Size != head.Size {
			t.Error("what is known was written again")
		}
	})
}

// TestStale protects the reader from an old edition that looks like today's, and from
// one that is too old to answer at all.
func TestStale(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	add(t, db, parsed(t, small), "c,y,v\nCHL,2020,8\n", "2021-04-01", "2021-04-01")
	for _, c := range []struct{ day, want string }{
		{"2022-02-28", `2020 v 8.0; country.freedom free 2021-03-01 []`},
		{"2022-03-01", `2020 v 8.0; country.freedom free 2021-03-01 ["stale: the edition of 2021 is due since 2022-03-01"]`},
		{"2023-12-31", `2020 v 8.0; country.freedom free 2021-03-01 ["stale: the edition of 2021 is due since 2022-03-01"]`},
		{"2024-01-01", `2020 v 8.0`},
	} {
		if got := on(t, db, c.day); got != c.want {
			t.Errorf("on %s: %s, want %s", c.day, got, c.want)
		}
	}
}

// TestWhoDecides protects a publisher's own classes from our thresholds, and the worst
// answer from the others; who says otherwise is told.
func TestWhoDecides(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	other := strings.NewReplacer("id: small", "id: other", "index: small", "index: other").Replace(small)
	own := strings.NewReplacer("id: small", "id: own", "index: small", "index: own", "by: project", "by: publisher").Replace(small)
	add(t, db, parsed(t, small), "c,y,v\nCHL,2020,8\n", "2021-04-01", "2021-04-01")
	add(t, db, parsed(t, other), "c,y,v\nCHL,2020,3\n", "2021-04-01", "2021-04-01")
	const day = "2021-05-01"
	if got, want := on(t, db, day), `2020 v 3.0; 2020 v 8.0; country.freedom not_free 2021-03-01 ["small 2020 says free (v 8.0)"]`; got != want {
		t.Errorf("of two equals: %s, want %s", got, want)
	}
	add(t, db, parsed(t, own), "c,y,v\nCHL,2020,5\n", "2021-04-01", "2021-04-01")
	if got, want := on(t, db, day), `2020 v 3.0; 2020 v 5.0; 2020 v 8.0; country.freedom partly_free 2021-03-01 ["other 2020 says not_free (v 3.0)" "small 2020 says free (v 8.0)"]`; got != want {
		t.Errorf("with the publisher's own: %s, want %s", got, want)
	}
	book, err := index.ReadBook(ctx, db, day)
	if err != nil {
		t.Fatal(err)
	}
	sources := book.Answers("CHL")[0].Sources()
	if len(sources) != 1 {
		t.Fatalf("those who say otherwise are cited: %v", sources)
	}
	e, err := index.Cited(ctx, db, sources[0], day)
	if err != nil || e.Index != "own" || e.Year != 2020 {
		t.Errorf("the source leads to %+v, %v", e, err)
	}
	if r, ok := e.Of("CHL"); !ok || r.Line != 2 {
		t.Errorf("the line of the file is %d", r.Line)
	}
	if _, err := index.Cited(ctx, db, "nosuch", day); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a source that is no edition: %v", err)
	}
}

// TestBands protects uncertainty: a band that spans two answers gives the worse, and
// sources that disagree the worst.
func TestBands(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	add(t, db, mapping(t, "wgi-voice"), "wb_country,wb_code,year,Estimate,StdErr,Rank\nChile,CHL,2023,0.6,0.12,70\n", "2024-10-01", "2024-10-01")
	if got, want := on(t, db, "2024-12-31"), `2023 estimate 0.600 (0.403 to 0.797), percentile 70.0; country.freedom partly_free 2024-10-01 ["the band of estimate spans free and partly_free: the worse counts"]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	db = storetest.SQLite(t, rooms...)
	add(t, db, mapping(t, "pts"), "Country,Year,COW_Code_N,WordBank_Code_A,PTS_A,PTS_H,PTS_S,NA_Status_A,NA_Status_H,NA_Status_S\nChile,2023,155,CHL,1,4,2,0,0,0\n", "2024-10-01", "2024-10-01")
	if got, want := on(t, db, "2024-12-31"), `2023 amnesty 1, hrw 4, state 2; country.rule_of_law weak 2024-10-01 ["its sources disagree, from strong to weak: the worst counts"]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestLayouts protects an index whose publisher changed its file: the newest year
// counts, whichever mapping read it, and of one year both.
func TestLayouts(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	next := strings.NewReplacer("id: small", "id: small-2", "column: v", "column: w", "f: v", "f: w", "c,y,v", "c,y,w").Replace(small)
	add(t, db, parsed(t, small), "c,y,v\nCHL,2020,8\nCHL,2021,8\n", "2022-04-01", "2022-04-01")
	add(t, db, parsed(t, next), "c,y,w\nCHL,2021,3\nCHL,2022,6\n", "2023-04-01", "2023-04-01")
	if got, want := on(t, db, "2023-04-01"), `2022 v 6.0; 2021 v 8.0; country.freedom partly_free 2023-03-01 []`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := on(t, db, "2022-06-01"), `2021 v 8.0; 2021 v 3.0; country.freedom not_free 2022-03-01 ["imported from a file of 2023-04-01" "small 2021 says free (v 8.0)"]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestImportRefusals protects the log from a file that cannot be what it seems.
func TestImportRefusals(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	m := parsed(t, small)
	for _, c := range []struct{ file, released, want string }{
		{"c,y,v\nCHL,2027,5\n", "2026-01-01", "f.csv:2: \"y\": a file of 2026-01-01 cannot tell of the year 2027"},
		{"c,y,v\nQQQ,2020,5\n", "2026-01-01", "f.csv: the file has no row that can be used"},
		{"c,y,v\nCHL,2020,5\n", "2027-01-01", `"2027-01-01" is not a day up to today`},
		{"c,y,v\nCHL,2020,5\n", "yesterday", `"yesterday" is not a day up to today`},
	} {
		table, err := m.Read("f.csv", []byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := index.Import(ctx, db, storetest.Actor, m, table, c.released, "2026-11-26"); err == nil || !strings.HasPrefix(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want %q", c.file, err, c.want)
		}
	}
	if _, err := index.ReadBook(ctx, db, "26.11.2026"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("no day: %v", err)
	}
	if head, _ := store.Head(ctx, db); head.Size > 1 {
		t.Errorf("%d entries were written", head.Size)
	}
}

// TestMendedMapping protects a correction: the same file by a mended mapping revises
// the edition, and what it said before stays in the log.
func TestMendedMapping(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	const file = "c,y,v\nCHL,2020,5\n"
	add(t, db, parsed(t, small), file, "2021-04-01", "2021-04-01")
	s := add(t, db, parsed(t, strings.Replace(small, `from: "4"`, `from: "5.5"`, 1)), file, "2021-06-01", "2021-06-01")
	if s.Revised != 1 || s.New != 0 {
		t.Fatalf("%+v", s)
	}
	if got, want := on(t, db, "2021-06-01"), `2020 v 5.0; country.freedom not_free 2021-03-01 []`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	list, err := store.Select(ctx, db, index.Editions, "")
	if err != nil || len(list) != 1 || list[0].Rev != 2 || list[0].Record.Released != "2021-04-01" {
		t.Errorf("%v, %v", list, err)
	}
}

// TestDayOfTheFile protects whoever forgot the day of a file: it can be told later, and
// history that was imported becomes what was known then. A later day changes nothing.
func TestDayOfTheFile(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	m := parsed(t, small)
	const file = "c,y,v\nCHL,2020,5\n"
	add(t, db, m, file, "2023-06-01", "2023-06-01")
	if got, want := on(t, db, "2021-05-01"), `2020 v 5.0; country.freedom partly_free 2021-03-01 ["imported from a file of 2023-06-01"]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s := add(t, db, m, file, "2021-02-20", "2023-06-02"); s.Revised != 1 {
		t.Errorf("%+v", s)
	}
	if s := add(t, db, m, file, "2023-06-03", "2023-06-03"); s.Same != 1 {
		t.Errorf("%+v", s)
	}
	if got, want := on(t, db, "2021-02-20"), `2020 v 5.0; country.freedom partly_free 2021-02-20 []`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	sources, err := store.Select(ctx, db, evidence.Sources, "")
	if err != nil || len(sources) != 1 || sources[0].Record.Published != "2021-02-20" {
		t.Errorf("the source: %v, %v", sources, err)
	}
}

// TestFallback protects an agency from being cleared by its country, and GC-08: only
// the worse side of an index may speak for an agency.
func TestFallback(t *testing.T) {
	text := strings.Replace(small, "answers:\n", "answers:\n  - {fact: agency.abuse_record, by: project, fallback: true, values: [v], steps: [{answer: \"\", from: \"2\"}, {answer: credible}], why: so}\n", 1)
	db := storetest.SQLite(t, rooms...)
	add(t, db, parsed(t, text), "c,y,v\nCHL,2020,8\n", "2021-04-01", "2021-04-01")
	if got := on(t, db, "2021-05-01"); strings.Contains(got, "agency") {
		t.Errorf("a good country clears an agency: %s", got)
	}
	db = storetest.SQLite(t, rooms...)
	add(t, db, parsed(t, text), "c,y,v\nCHL,2020,1\n", "2021-04-01", "2021-04-01")
	if got, want := on(t, db, "2021-05-01"), `2020 v 1.0; agency.abuse_record credible 2021-03-01 ["taken from the country, for want of anything about the subject itself"]; country.freedom not_free 2021-03-01 []`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []struct{ old, repl, want string }{
		{`{answer: "", from: "2"}`, `{answer: none, from: "2"}`, "the best of a fallback, which has none"},
		{"fallback: true, ", "", `this index cannot answer "agency.abuse_record" so`},
		{"agency.abuse_record", "harm.actual", `this index cannot answer "harm.actual" so`},
	} {
		if err := loadFault(strings.Replace(text, bad.old, bad.repl, 1)); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %q", bad.repl, err, bad.want)
		}
	}
}
