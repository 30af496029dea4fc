package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"duly/internal/ledger"
)

// remake is what a company can do that has the database and the log's key: it makes the
// log again from another past, and signs it. The command of the scripts is
//
//	remake FROM TO drop ENTRY      as if the entry had never been
//	remake FROM TO backdate ENTRY  as if it had been entered at the beginning
//
// The tree, the rows and the checkpoint of the copy fit each other again.
func remake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: remake FROM TO drop|backdate ENTRY")
	}
	from, to := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	ts.Check(os.CopyFS(to, os.DirFS(from)))
	entry, err := strconv.ParseInt(args[3], 10, 64)
	ts.Check(err)
	db, err := sql.Open("sqlite", filepath.Join(to, "duly.db"))
	ts.Check(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	do := func(statement string, args ...any) {
		_, err := db.Exec(statement, args...)
		ts.Check(err)
	}
	switch args[2] {
	case "drop":
		for _, table := range tablesOf(ts, db) {
			do("delete from "+table+" where seq = $1", entry)
			do("update "+table+" set seq = 1 - seq where seq > $1", entry) // by way of what no row has
			do("update " + table + " set seq = -seq where seq < 0")
			if table != "entry" {
				do("update "+table+" set to_seq = null where to_seq = $1", entry)
				do("update "+table+" set to_seq = to_seq - 1 where to_seq > $1", entry)
			}
		}
	case "backdate":
		var first, leaf []byte
		ts.Check(db.QueryRow("select leaf from entry where seq = 0").Scan(&first))
		ts.Check(db.QueryRow("select leaf from entry where seq = $1", entry).Scan(&leaf))
		old, err := ledger.ParseLeaf(leaf)
		ts.Check(err)
		begun, err := ledger.ParseLeaf(first)
		ts.Check(err)
		do("update entry set leaf = $1 where seq = $2", bytes.Replace(leaf, fmt.Appendf(nil, `"time":%d}`, old.Time), fmt.Appendf(nil, `"time":%d}`, begun.Time+1), 1), entry)
	default:
		ts.Fatalf("remake knows no %s", args[2])
	}
	ts.Check(seal(db, to))
}

// tablesOf gives the tables that stand in the order of the log.
func tablesOf(ts *testscript.TestScript, db *sql.DB) []string {
	rows, err := db.Query("select name from sqlite_master where type = 'table' and (name = 'entry' or name like 'r\\_%' escape '\\')")
	ts.Check(err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		ts.Check(rows.Scan(&name))
		out = append(out, name)
	}
	ts.Check(rows.Err())
	return out
}

// seal makes the tree of the entries that are there, and signs it with the log's key.
func seal(db *sql.DB, dir string) error {
	rows, err := db.Query("select leaf from entry order by seq")
	if err != nil {
		return err
	}
	tree, err := ledger.NewTree(0, nil)
	if err != nil {
		return err
	}
	tree.Track()
	for rows.Next() {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		tree.Append(ledger.LeafHash(leaf))
	}
	if err := rows.Close(); err != nil {
		return err
	}
	root, err := tree.Root()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "log.key"))
	if err != nil {
		return err
	}
	keys, err := ledger.ParseLogKeys(string(text))
	if err != nil {
		return err
	}
	signed, err := keys[0].Sign(ledger.Checkpoint{Origin: keys[0].Origin(), Size: tree.Size(), Root: root})
	if err != nil {
		return err
	}
	statements := []struct {
		text string
		args []any
	}{
		{"delete from tile", nil}, {"delete from checkpoint", nil}, {"update log set size = $1", []any{tree.Size()}},
		{"insert into checkpoint (size, note) values ($1, $2)", []any{tree.Size(), string(signed)}},
	}
	for _, t := range tree.Changed() {
		statements = append(statements, struct {
			text string
			args []any
		}{"insert into tile (level, n, hashes) values ($1, $2, $3)", []any{t.Level, t.Index, t.Hashes}})
	}
	for _, s := range statements {
		if _, err := db.Exec(s.text, s.args...); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "checkpoint"), signed, 0o600)
}
