package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/bundle"
	"duly/internal/ledger"
	"duly/internal/publish/witnesstest"
	"duly/internal/workspace"
)

// TestAWitnessSeedsASample plays the whole way with a witness that others wrote, asked by a
// command that nobody watches: a sample is planned, the witness cosigns, the assessor
// draws, and an outsider who knows the witness draws again.
func TestAWitnessSeedsASample(t *testing.T) {
	dir := t.TempDir()
	office, at := filepath.Join(dir, "office"), time.Now
	run := func(args ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		if err := executeAt(t.Context(), at, append([]string{"--workspace", office}, args...), &out, &said); err != nil {
			t.Fatalf("%v: %v\n%s%s", args, err, out.String(), said.String())
		}
		return out.String() + said.String()
	}
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var said bytes.Buffer
	if err := execute(t.Context(), []string{"init", office}, &said, &said); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(office, "config.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	var c workspace.Config
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	vkey, url := witnesstest.Lite(t, c.Origin, c.Key)
	c.Witnesses = []workspace.Witness{{Key: vkey, URL: url}}
	if text, err = yaml.Marshal(c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}

	key := filepath.Join(dir, "ida.key")
	public := strings.TrimSpace(regexp.MustCompile(`(?m)^DULY-PERSON-PUBLIC-1:\S+$`).FindString(run("person", "key", key)))
	run("person", "add", "Gil", "--role", "governing_body")
	run("person", "add", "Ida", "--role", "assessor", "--public-key", public)
	run("import", "--map", file("map.yaml", accountsMap), file("accounts.csv", "account,name\nA-1,One\nA-2,Two\nA-3,Three\n"))
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	run("engagement", "terms", "--as", "Gil", file("terms.yaml", "title: t\ncommissioned_by: b\nauthority: a\nquestion: q\nterms: t\nlevel: limited\nrequired_coverage: 80\nbudget: 1\n"+
		"currency: EUR\ncriteria: [c]\nrecipients: [r]\nfrom: "+day(-30)+"\nupto: "+day(0)+"\ndue: "+day(60)+"\nwitnesses: ["+vkey+"]\nquorum: 1\n"))
	run("engagement", "approve", "--as", "Gil")
	run("engagement", "declare", "--key", key, "--fee", "1")
	run("engagement", "start", "--key", key)
	at = func() time.Time { return time.Now().AddDate(0, 0, 1) } // the period is over
	run("engagement", "freeze", "--key", key)
	if out := run("engagement", "draw", "--key", key); !strings.Contains(out, "draw 1 is planned in entry") {
		t.Fatal(out)
	}

	within, stop := context.WithCancel(t.Context())
	heard := &waiting{on: "it can be drawn now", found: make(chan bool)}
	ended := make(chan error)
	go func() {
		ended <- executeAt(within, at, []string{"--workspace", office, "ledger", "witness", "--every", "1s"}, heard, heard)
	}()
	select {
	case <-heard.found:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v\n%s", err, heard)
	case <-time.After(time.Minute):
		t.Fatalf("nothing was recorded in a minute:\n%s", heard)
	}
	run("person", "add", "Ann", "--role", "analyst") // nobody is kept from writing meanwhile
	stop()
	if err := <-ended; err != nil {
		t.Errorf("interrupted, it says %v", err)
	}

	if out := run("engagement", "draw", "--key", key); !strings.Contains(out, "draw 1: 3 of 3 accounts") || !strings.Contains(out, "seeded by a cosignature of witnesses") {
		t.Error(out)
	}
	public = filepath.Join(dir, "public.duly")
	run("export", "--out", public)
	schemas, err := released()
	if err != nil {
		t.Fatal(err)
	}
	witness, err := ledger.ParseWitness(vkey)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bundle.VerifyFile(public, schemas, bundle.Trust{Key: c.Key, Witnesses: []ledger.Witness{witness}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Counts.Assessed; got.Samples != 1 || got.Witnessed != 1 || got.Outside != 1 {
		t.Errorf("an outsider sees %+v", got)
	}
}

const accountsMap = `source: shop
input: {format: csv}
row_id: [account]
records:
  account:
    kind: account
    main: true
    identity: {scheme: shop-account, column: account}
    fields:
      name: {column: name}
`

// waiting keeps what was written, and tells when a text comes.
type waiting struct {
	mu    sync.Mutex
	text  bytes.Buffer
	on    string
	found chan bool
	told  bool
}

func (w *waiting) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(p)
	if !w.told && strings.Contains(w.text.String(), w.on) {
		w.told = true
		close(w.found)
	}
	return n, err
}

func (w *waiting) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
