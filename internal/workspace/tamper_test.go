package workspace_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/workspace"
	"duly/schemas"
)

// engines runs a test on both databases. dsn is empty for SQLite in the
// workspace's own directory.
func engines(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "") })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

// intruder is somebody who writes to the database behind the program's back, and
// can put everything back as it was.
type intruder struct {
	t        testing.TB
	db       *sql.DB
	postgres bool
	row      string // how the engine itself names a row
	saved    []string
}

func intrude(t testing.TB, w *workspace.Workspace, dsn string) *intruder {
	t.Helper()
	in := &intruder{t: t, postgres: dsn != "", row: "rowid"}
	var err error
	if in.postgres {
		in.row = "ctid"
		in.db, err = sql.Open("pgx", dsn)
	} else {
		in.db, err = sql.Open("sqlite", "file:"+filepath.Join(w.Dir, "duly.db")+"?_pragma=busy_timeout(15000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.db.Close() })
	in.db.SetMaxOpenConns(1)
	if in.postgres {
		in.must("create schema keep")
		in.must("alter table log drop constraint log_id_check")
	} else {
		in.must("attach ':memory:' as keep")
		in.must("pragma ignore_check_constraints = 1")
	}
	for _, table := range in.tables() {
		in.must("create table keep." + table + " as select * from " + in.main(table))
		in.saved = append(in.saved, table)
	}
	return in
}

func (in *intruder) main(table string) string {
	if in.postgres {
		return "public." + table
	}
	return "main." + table
}

func (in *intruder) must(query string, args ...any) {
	in.t.Helper()
	if err := in.try(query, args...); err != nil {
		in.t.Fatalf("%s: %v", query, err)
	}
}

func (in *intruder) try(query string, args ...any) error {
	_, err := in.db.Exec(query, args...)
	return err
}

// restore puts the table back as it was.
func (in *intruder) restore(table string) {
	in.t.Helper()
	in.must("delete from " + in.main(table))
	in.must("insert into " + in.main(table) + " select * from keep." + table)
}

// tables and columns come from the engine's catalogue, so that none is missed.
func (in *intruder) tables() []string {
	if in.postgres {
		return in.texts("select table_name from information_schema.tables where table_schema = 'public' order by 1")
	}
	return in.texts("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by 1")
}

func (in *intruder) columns(table string) []string {
	if in.postgres {
		return in.texts("select column_name from information_schema.columns where table_schema = 'public' and table_name = $1 order by ordinal_position", table)
	}
	return in.texts("select name from pragma_table_info($1)", table)
}

// rows gives the engine's names of a table's rows, in the order of the first column.
func (in *intruder) rows(table string) []string {
	return in.texts("select " + in.text(in.row) + " from " + in.main(table) + " order by 1")
}

func (in *intruder) text(column string) string { return "cast(" + column + " as text)" }

func (in *intruder) texts(query string, args ...any) []string {
	in.t.Helper()
	rows, err := in.db.Query(query, args...)
	if err != nil {
		in.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			in.t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func (in *intruder) get(table, column, row string) any {
	in.t.Helper()
	var v any
	if err := in.db.QueryRow("select "+column+" from "+in.main(table)+" where "+in.where(1), row).Scan(&v); err != nil {
		in.t.Fatal(err)
	}
	return v
}

func (in *intruder) where(n int) string {
	if in.postgres {
		return fmt.Sprintf("ctid = $%d::tid", n)
	}
	return fmt.Sprintf("rowid = $%d", n)
}

func (in *intruder) set(table, column, row string, value any) error {
	return in.try("update "+in.main(table)+" set "+column+" = $1 where "+in.where(2), value, row)
}

// others gives values that a cell could be changed to: another value of its type,
// nothing, and in the columns that are searched, on SQLite, which takes any type
// anywhere, the same text as bytes, which no query for the text finds.
func (in *intruder) others(table string, v any) []any {
	switch x := v.(type) {
	case nil:
		return []any{int64(1), "2026-01-01"}
	case int64:
		return []any{x + 1, x + 1_000_000, nil}
	case int32:
		return []any{x + 1}
	case bool:
		return []any{!x}
	case time.Time:
		return []any{x.Add(time.Hour)}
	case []byte:
		if len(x) == 0 {
			return []any{[]byte{0}}
		}
		flipped := slices.Clone(x)
		flipped[len(x)/2] ^= 1
		return []any{flipped, x[:len(x)-1], append(slices.Clone(x), 0)}
	case string:
		others := []any{x + "x", nil, ""}
		if !in.postgres && strings.HasPrefix(table, "r_") {
			others = append(others, []byte(x))
		}
		return others
	}
	in.t.Fatalf("no other value for a %T", v)
	return nil
}

// verdict verifies the workspace and says whether tampering with the table was
// noticed, or the table is named as no evidence.
func verdict(w *workspace.Workspace, schemas bundle.Schemas, table string) (noticed, excused bool, err error) {
	report, err := w.Verify(context.Background(), schemas, bundle.Trust{})
	if err != nil {
		return fault.CodeOf(err) == fault.Broken, false, err
	}
	return false, slices.ContainsFunc(report.NotEvidence, func(line string) bool {
		prefix, _, ok := strings.Cut(strings.TrimPrefix(line, "tables "), "*: ")
		return ok && strings.HasPrefix(table, prefix)
	}), nil
}

// TestEveryReleasedKindIsTested protects the tests below: a kind that the content
// lacks would not be tampered with.
func TestEveryReleasedKindIsTested(t *testing.T) {
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	have := everything().released(t)
	for hash, s := range known {
		if have[hash] == nil {
			t.Errorf("no record of %s is tampered with", s.Name())
		}
	}
}

// TestNothingElseStandsInTheDatabase protects against what changes or hides rows
// later: views in place of tables, triggers and rules.
func TestNothingElseStandsInTheDatabase(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		c := small()
		w := c.workspace(t, dsn)
		known := c.released(t)
		in := intrude(t, w, dsn)
		queries := [][2]string{{"create view other as select * from log", "drop view other"}}
		if in.postgres {
			queries = append(queries,
				[2]string{"create trigger later before insert on entry for each row execute function suppress_redundant_updates_trigger()", "drop trigger later on entry"},
				[2]string{"create rule later as on insert to entry do also delete from tile", "drop rule later on entry"})
		} else {
			queries = append(queries,
				[2]string{"create trigger later after insert on entry begin delete from tile; end", "drop trigger later"},
				[2]string{"create table sqlitestat (x)", "drop table sqlitestat"})
		}
		for _, q := range queries {
			in.must(q[0])
			_, err := w.Verify(ctx, known, bundle.Trust{})
			if err == nil || !strings.Contains(err.Error(), "is not one of Duly's tables") {
				t.Errorf("%s: %v", q[0], err)
			}
			in.must(q[1])
		}
		if _, err := w.Verify(ctx, known, bundle.Trust{}); err != nil {
			t.Error(err)
		}
	})
}

// TestEveryColumnIsEvidence protects the whole database: the value of every column
// of every table that the engine's catalogue lists is changed, and verify must
// notice, or say that the table is no evidence and why.
func TestEveryColumnIsEvidence(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		c := everything()
		w := c.workspace(t, dsn)
		schemas := c.released(t)
		in := intrude(t, w, dsn)
		if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
			t.Fatalf("before anything was changed: %v", err)
		}
		for _, table := range in.saved {
			rows := in.rows(table)
			if len(rows) == 0 {
				t.Errorf("table %s is empty: nothing of it was tested", table)
				continue
			}
			row := rows[len(rows)/2]
			for _, column := range in.columns(table) {
				tried := 0
				for _, other := range in.others(table, in.get(table, column, row)) {
					if dsn != "" && tried > 0 {
						break // one is enough where columns have types
					}
					if in.set(table, column, row, other) != nil {
						continue // the engine refuses it
					}
					tried++
					if noticed, excused, err := verdict(w, schemas, table); !noticed && !excused {
						t.Errorf("%s.%s set to %T %.40q is not noticed: %v", table, column, other, other, err)
					}
					in.restore(table)
					row = in.rows(table)[len(rows)/2]
				}
				if tried == 0 {
					t.Errorf("%s.%s could not be changed", table, column)
				}
			}
		}
		if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
			t.Fatalf("after everything was put back: %v", err)
		}
	})
}

// copyRow inserts a copy of a row with other values in some columns.
func (in *intruder) copyRow(table, row string, changes map[string]any) error {
	columns := in.columns(table)
	args, list := []any{row}, slices.Clone(columns)
	for i, c := range columns {
		if v, ok := changes[c]; ok {
			args = append(args, v)
			list[i] = fmt.Sprintf("$%d", len(args))
			if in.postgres {
				list[i] += map[bool]string{true: "::bigint", false: "::text"}[c == "seq" || c == "rev" || c == "to_seq" || c == "n" || c == "level" || c == "size" || c == "id" && table == "log"]
			}
		}
	}
	return in.try("insert into "+in.main(table)+" ("+strings.Join(columns, ", ")+") select "+strings.Join(list, ", ")+" from "+in.main(table)+" where "+in.where(1), args...)
}

// TestEveryRowIsEvidence protects against rows that are removed, added, doubled
// or exchanged, in every table.
func TestEveryRowIsEvidence(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		c := everything()
		w := c.workspace(t, dsn)
		schemas := c.released(t)
		in := intrude(t, w, dsn)
		key := map[string]string{"tile": "n", "checkpoint": "size", "log": "id"}
		expect := func(table, what string) {
			t.Helper()
			if noticed, _, err := verdict(w, schemas, table); !noticed {
				t.Errorf("%s: %s is not noticed: %v", table, what, err)
			}
			in.restore(table)
		}
		for _, table := range in.saved {
			if strings.HasPrefix(table, "version_") || strings.HasPrefix(table, "pending_") || strings.HasPrefix(table, "pushed_") || strings.HasPrefix(table, "window_") {
				continue
			}
			column := key[table]
			if column == "" {
				column = "seq"
			}
			for i := range in.rows(table) {
				rows := in.rows(table)
				newest := in.get(table, column, rows[i]) == in.top(table, column)
				if table == "checkpoint" && !newest || table == "entry" && i%7 > 0 {
					continue // an older checkpoint may be missing: the report says so
				}
				in.must("delete from "+in.main(table)+" where "+in.where(1), rows[i])
				expect(table, fmt.Sprintf("row %d removed", i))
			}
			for _, at := range []any{int64(-1), int64(1_000_000), nil, "a", 1.5} {
				if err := in.copyRow(table, in.rows(table)[0], map[string]any{column: at}); err == nil {
					expect(table, fmt.Sprintf("a row added at %v", at))
				}
			}
			if rows := in.rows(table); len(rows) > 1 && column == "seq" {
				a, b := in.get(table, column, rows[0]), in.get(table, column, rows[1])
				in.must("update "+in.main(table)+" set seq = -5 where seq = $1", a)
				in.must("update "+in.main(table)+" set seq = $1 where seq = $2", a, b)
				in.must("update "+in.main(table)+" set seq = $1 where seq = -5", b)
				expect(table, "two rows exchanged")
			}
			in.must("delete from " + in.main(table))
			expect(table, "all rows removed")
			if !in.postgres {
				in.must("create table main.r_extra as select * from keep." + table)
				expect(table, "a table added")
				in.must("drop table main.r_extra")
			}
		}
		if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
			t.Fatalf("after everything was put back: %v", err)
		}
	})
}

func (in *intruder) top(table, column string) any {
	in.t.Helper()
	var v any
	if err := in.db.QueryRow("select max(" + column + ") from " + in.main(table)).Scan(&v); err != nil {
		in.t.Fatal(err)
	}
	return v
}

// TestEntriesMadeAgain protects against an intruder who also repairs the places
// that an entry's change shows in.
func TestEntriesMadeAgain(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	schemas := c.released(t)
	in := intrude(t, w, "")
	for _, x := range []struct {
		name, table string
		change      []string
		want        string
	}{
		{"a disclosure removed", "entry", []string{
			"update main.entry set disclosures = '' where seq = 2", "update main.r_thing set name = null where seq = 2",
		}, "no erasure entry says why"},
		{"a disclosure of another entry", "entry", []string{"update main.entry set disclosures = (select disclosures from main.entry where seq = 3) where seq = 2"}, "does not match its digest"},
		{"disclosures and digests of another entry", "entry", []string{
			"update main.entry set disclosures = (select disclosures from main.entry where seq = 3), digests = (select digests from main.entry where seq = 3) where seq = 2",
		}, "not those that the leaf commits to"},
		{"a disclosure more", "entry", []string{"update main.entry set disclosures = disclosures || '~x' where seq = 2"}, "do not fit each other"},
		{"one entry in place of another", "entry", []string{
			"update main.entry set leaf = (select leaf from main.entry where seq = 3), disclosures = (select disclosures from main.entry where seq = 3), digests = (select digests from main.entry where seq = 3) where seq = 2",
		}, "its time is not after"},
		{"the log cut, with its head", "entry", []string{
			"delete from main.entry where seq = 3", "delete from main.r_thing where seq = 3",
			"update main.log set size = 3, time = (select time from main.log) - 1000000",
		}, "truncated or rolled back"},
		{"the origin changed", "log", []string{"update main.log set origin = 'other.example/log'"}, "origin"},
		{"a checkpoint of another size", "checkpoint", []string{"update main.checkpoint set note = (select note from main.checkpoint where size = 3) where size = 4"}, "is not one of this log"},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, query := range x.change {
				in.must(query)
			}
			_, err := w.Verify(context.Background(), schemas, bundle.Trust{})
			if fault.CodeOf(err) != fault.Broken || err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("want %q, got %v", x.want, err)
			}
			for _, table := range in.saved {
				in.restore(table)
			}
		})
	}
	if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
		t.Fatal(err)
	}
}

// TestTilesAreEvidence protects the stored tree of a log over several tiles.
func TestTilesAreEvidence(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	write(t, w, func(tx *store.Tx) error {
		for i := range 30 {
			if _, err := store.Create(tx, things, &thing{State: "active", Name: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	sign(t, w)
	schemas := c.released(t)
	in := intrude(t, w, "")
	rows := in.rows("tile")
	if len(rows) != 4 {
		t.Fatalf("%d tiles, want three of level 0 and one of level 1", len(rows))
	}
	for _, row := range rows {
		whole := in.get("tile", "hashes", row).([]byte)
		for _, i := range []int{0, len(whole) / 2, len(whole) - 1} {
			changed := slices.Clone(whole)
			changed[i] ^= 0x80
			for _, hashes := range [][]byte{changed, whole[:i], append(slices.Clone(whole), whole[:32]...)} {
				if err := in.set("tile", "hashes", row, hashes); err != nil {
					t.Fatal(err)
				}
				if noticed, _, err := verdict(w, schemas, "tile"); !noticed {
					t.Errorf("tile %s changed at byte %d of %d is not noticed: %v", row, i, len(whole), err)
				}
			}
		}
		if err := in.set("tile", "hashes", row, whole); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
		t.Fatal(err)
	}
}

// TestALogThatEndsWithADay protects kinds that are dated by day, whose entries say
// less of the time than the log's head.
func TestALogThatEndsWithADay(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	for range 2 {
		write(t, w, func(tx *store.Tx) error {
			_, err := store.Create(tx, hushes, &hush{State: "open", Text: "quiet"})
			return err
		})
	}
	sign(t, w)
	schemas := c.released(t)
	if _, err := w.Verify(context.Background(), schemas, bundle.Trust{}); err != nil {
		t.Fatal(err)
	}
	in := intrude(t, w, "")
	for _, days := range []int64{-1, 1} {
		in.must("update main.log set time = time + $1", days*24*3600*1_000_000)
		if noticed, _, err := verdict(w, schemas, "log"); !noticed {
			t.Errorf("a time %d days off is not noticed: %v", days, err)
		}
		in.restore("log")
	}
}
