package intake_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"duly/internal/evidence"
	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/store"
)

func ExampleImport() {
	dir, err := os.MkdirTemp("", "duly")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, me := context.Background(), "abcdefghijklmnopqrstuvwx"
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "duly.db"), Random: rand.Reader},
		register.Migrations, evidence.Migrations, intake.Migrations)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Begin(ctx, "example.org/log", me, &store.Epoch{Number: 1}); err != nil {
		log.Fatal(err)
	}

	m, err := intake.ParseMapping("agencies.yaml", []byte(`
source: registry
input: {format: csv}
row_id: [id]
records:
  agency:
    kind: customer
    main: true
    identity: {key: [Agency, County, State]}
    fields:
      name: {column: Agency}
`))
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, "agencies.csv")
	rows := "id,Agency,County,State\n1,Sheriff,Oak,VA\n2,Sheriff,Elm,VA\n3,Sheriff,,VA\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		log.Fatal(err)
	}
	r, err := intake.Import(ctx, db, me, m, []string{file}, intake.Options{Received: "2026-11-24"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d rows: %d created, %d ambiguous\n", r.Rows, r.Created, r.Ambiguous)
	// Output: 3 rows: 2 created, 1 ambiguous
}

func ExampleParseMapping() {
	_, err := intake.ParseMapping("m.yaml", []byte("source: crm\ninput: {format: excel}\n"))
	fmt.Println(err)
	// Output: m.yaml:2:17: here should be one of: csv, json, jsonl
}
