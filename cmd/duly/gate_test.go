package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duly/internal/ledger"
)

// TestGateServes runs the gate as a server, opens it from another process of the same
// program, and holds it to a second: what was written in the log counts by then. Who is
// told of changes hears of it, signed, and finds it in the file as a whole.
func TestGateServes(t *testing.T) {
	dir := t.TempDir()
	ws := filepath.Join(dir, "ws")
	do := func(args ...string) string {
		t.Helper()
		var out strings.Builder
		if err := execute(t.Context(), append([]string{"--workspace", ws}, args...), &out, io.Discard); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out.String())
		}
		return out.String()
	}
	for name, text := range map[string]string{"map.yaml": gateMap, "accounts.csv": "Account,Customer\nA-1,Larkmoor Police Department\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do("init", ws)
	do("person", "add", "Gail", "--role", "governing_body")
	do("import", "--map", filepath.Join(dir, "map.yaml"), filepath.Join(dir, "accounts.csv"))

	key := strings.TrimSpace(do("gate", "key"))
	notices := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		notices <- string(body)
	}))
	defer receiver.Close()
	hear := func(want string) {
		t.Helper()
		for {
			select {
			case n := <-notices:
				if text, _, err := ledger.OpenNote([]byte(n), key); err != nil {
					t.Fatalf("%v: %s", err, n)
				} else if strings.Contains(text, want) {
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatal("no notice says " + want)
			}
		}
	}

	ctx, stop := context.WithCancel(t.Context())
	messages, say := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- execute(ctx, []string{"--workspace", ws, "gate", "serve", "--listen", "127.0.0.1:0", "--webhook", receiver.URL}, io.Discard, say)
	}()
	line, err := bufio.NewReader(messages).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, "answers at ")
	url, _, _ := strings.Cut(rest, ";")
	ask := func() (allowed bool, code string) {
		r, err := http.Post(url, "application/json", strings.NewReader(`{"subject":{"type":"account","id":"A-1"},"action":{"name":"use"},"resource":{"type":"capability","id":"face_search"}}`))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var a struct {
			Decision bool `json:"decision"`
			Context  struct {
				Code string `json:"code"`
			} `json:"context"`
		}
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return a.Decision, a.Context.Code
	}
	if allowed, code := ask(); allowed || code != "undecided" {
		t.Errorf("nobody decided: %v, %s", allowed, code)
	}
	hear(`"read_all":true`)
	do("gate", "break", "A-1", "--hours", "1", "--reason", "a child is missing", "--as", "Gail")
	wrote := time.Now()
	for {
		if allowed, code := ask(); allowed && code == "break_glass" {
			t.Logf("it counted after %s", time.Since(wrote).Round(time.Millisecond))
			break
		}
		if time.Since(wrote) > 30*time.Second {
			t.Fatal("the gate does not follow the log")
		}
		time.Sleep(20 * time.Millisecond)
	}
	hear(`"allowed":true,"code":"break_glass"`)
	whole, err := http.Get(strings.TrimSuffix(url, "/access/v1/evaluation") + "/entitlements")
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Body.Close()
	served, err := io.ReadAll(whole.Body)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "entitlements.txt")
	do("gate", "entitlements", "--out", file)
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, signed := range [][]byte{served, written} {
		if text, _, err := ledger.OpenNote(signed, key); err != nil || !strings.Contains(text, `"account":"billing:A-1","capability":"*","allowed":true,"code":"break_glass"`) {
			t.Errorf("%v: %s", err, signed)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it did not end well: %v", err)
	}
}

const gateMap = `source: billing
input: {format: csv}
row_id: [Account]
records:
  buyer:
    kind: customer
    require: [name]
    identity: [name]
    fields: {name: {column: Customer}, kind: public_body, sector: policing}
  account:
    kind: account
    main: true
    identity: {scheme: billing, column: Account}
    fields: {name: {column: Account}, customer: {record: buyer}}
`
