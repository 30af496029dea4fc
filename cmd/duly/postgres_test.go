package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/examples/demo"
	"duly/internal/store/storetest"
)

// TestTheChainOnPostgreSQL runs the example's whole chain on a workspace whose
// database is PostgreSQL, and has an outsider check the result.
func TestTheChainOnPostgreSQL(t *testing.T) {
	dsn := storetest.Postgres(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	var accounts bytes.Buffer
	if err := demo.WriteAccounts(&accounts, demo.Seed); err != nil {
		t.Fatal(err)
	}
	few := strings.Join(strings.SplitAfter(accounts.String(), "\n")[:300], "")
	if err := os.WriteFile(in("accounts.csv"), []byte(few), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accounts.map.yaml", "facts.yaml", "watchlist.ftm.jsonl"} {
		data, err := demo.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := demo.WriteTelemetry(in("telemetry"), demo.Seed); err != nil {
		t.Fatal(err)
	}
	w := in("workspace")
	for _, line := range [][]string{
		{"init", w, "--database", dsn},
		{"import", "--map", in("accounts.map.yaml"), in("accounts.csv")},
		{"import", "--map", in("accounts.map.yaml"), in("accounts.csv")},
		{"lists", "add", "ftm:" + in("watchlist.ftm.jsonl")},
		{"screen"},
		{"fact", "load", in("facts.yaml")},
		{"triage"},
		{"assess"},
		{"person", "add", "ada", "--role", "approver"},
		{"decide", "LHC-000001", "escalate", "--as", "ada", "--reason", "used for arrests"},
		{"monitor", in("telemetry")},
		{"verify", w},
		{"report", "--out", in("report")},
		{"export", "--out", in("all.duly"), "--disclose", "all"},
		{"verify", in("all.duly")},
	} {
		var out bytes.Buffer
		if err := execute(context.Background(), append([]string{"--workspace", w}, line...), &out, &out); err != nil {
			t.Fatalf("duly %s: %v\n%s", strings.Join(line, " "), err, out.String())
		}
	}
}
