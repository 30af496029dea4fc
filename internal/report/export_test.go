package report_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/watchlist"
)

// calls are two constructed calls of one account: one with a low threshold, one
// that leaves it out.
const calls = `{"eventID":"e-1","eventTime":"2026-11-18T10:00:00Z","eventSource":"rekognition.amazonaws.com","eventName":"SearchFacesByImage","awsRegion":"us-east-1","requestParameters":{"faceMatchThreshold":41.5},"recipientAccountId":"111122223333"}
{"eventID":"e-2","eventTime":"2026-11-18T11:00:00Z","eventSource":"rekognition.amazonaws.com","eventName":"SearchFacesByImage","awsRegion":"us-east-1","requestParameters":{},"recipientAccountId":"111122223333"}
`

// newChain is a workspace that went through the rooms' own services: registered,
// screened, sorted, assessed with the released method, decided and monitored. Its
// ratings can be computed again.
func newChain(t testing.TB) *bed {
	b := newBed(t)
	ctx := context.Background()
	ben, key := b.approver()
	today := b.w.Today()
	var account, customer store.Ref
	b.write(func(tx *store.Tx) {
		customer = put(b, tx, register.Customers, register.Customer{Origin: origin("2020-05-01"), Identity: "c", Name: "Alder County Sheriff", Kind: "public_body", Sector: "policing", Jurisdiction: "US-OR"})
		product := put(b, tx, register.Products, register.Product{Origin: origin("2019-01-01"), Identity: "p", Name: "Lookout Search", Intended: []string{"face_search"}, Risk: "identify"})
		account = put(b, tx, register.Accounts, register.Account{Origin: origin("2020-05-01"), Identity: "a", Name: "ALDER CO SO", Customer: customer.ID, Product: product.ID, Amount: cents(4321000), Currency: "USD"})
		put(b, tx, register.Deployments, register.Deployment{
			Origin: origin("2020-05-01"), Identity: "d", Customer: customer.ID, Product: product.ID, Account: account.ID, Capability: "face_search",
			Purpose: "patrol_support", Jurisdiction: "US-OR", Telemetry: []string{"111122223333"},
		})
	})
	path := writeFile(t, "list.ftm.jsonl", `{"id":"l-1","schema":"Organization","caption":"Norrow Shipping","properties":{"name":["Norrow Shipping"]},"datasets":["made_up"]}`+"\n")
	list, err := watchlist.Read("ftm", path)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(err)
	_, err = screening.Screen(ctx, b.w.DB, "", b.actor, today, []*watchlist.List{list}, nil)
	do(err)
	_, err = triage.Run(ctx, b.w.DB, b.actor, today, released(t, "triage/base.yaml"), nil)
	do(err)
	_, err = assessment.Assess(ctx, b.w.DB, b.actor, today, released(t, "methods/rm-1.yaml"), assessment.Which{Lanes: []triage.Lane{triage.Stop, triage.Person}}, nil)
	do(err)
	_, err = usage.Run(ctx, b.w.DB, usage.Task{
		Actor: b.actor, Today: today, Conditions: []*pack.Pack{released(t, "conditions/face-search.yaml")}, Paths: []string{writeFile(t, "trail.jsonl", calls)},
	}, nil)
	do(err)
	_, err = decision.Decide(ctx, b.w.DB, act.Default, decision.Request{Subject: account.ID, Act: decision.Suspend, Reason: "Nobody answers.", By: ben, Key: key, Now: b.w.Now()})
	do(err)
	return b
}

func (b *bed) export(signed []byte, classes []ledger.Class, known bundle.Schemas, path string) (report.Summary, error) {
	return report.Export(context.Background(), b.w.DB, report.Order{Checkpoint: signed, Key: b.w.Config.Key, Classes: classes, Schemas: known}, path)
}

// Protects: a bundle for any audience verifies with the log's key, discloses the
// classes that it names and no other, and lets every rating be computed again
// when its inputs are shown.
func TestExportVerifiesForEveryAudience(t *testing.T) {
	b := newChain(t)
	signed, _ := b.checkpoint()
	known := knownSchemas(t)
	dir := t.TempDir()
	total := int64(0)
	for set := range 1 << len(ledger.Classes) {
		var classes []ledger.Class
		for i, c := range ledger.Classes {
			if set>>i&1 == 1 {
				classes = append(classes, c)
			}
		}
		path := filepath.Join(dir, "bundle")
		s, err := b.export(signed, classes, known, path)
		if err != nil {
			t.Fatal(err)
		}
		result, err := verify(t, path, bundle.Trust{Key: b.w.Config.Key, Checkpoint: signed})
		if err != nil {
			t.Fatalf("%v: %v", classes, err)
		}
		n := result.Counts
		if n.Entries != s.Entries || n.Disclosed != s.Disclosed || n.Withheld != s.Withheld || n.Erased != s.Erased || result.Root != s.Root {
			t.Errorf("%v: the summary says %+v, the verifier found %+v", classes, s, n)
		}
		if all := n.Disclosed + n.Withheld; total == 0 {
			total = all
		} else if all != total {
			t.Errorf("%v: %d sealed fields, another audience has %d", classes, all, total)
		}
		exact := int64(0)
		if len(classes) > 0 && classes[0] == ledger.Customer {
			exact = 1
		}
		if n.Ratings.Exact != exact || n.Ratings.Exact+n.Ratings.NotReplayed != 1 {
			t.Errorf("%v: ratings %+v", classes, n.Ratings)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("beside the bundle there is %v", left)
	}
}

// Protects: the text of a pack is sealed as customer, and no bundle without that
// class carries it, nor any other sealed text.
func TestExportLeaksNothing(t *testing.T) {
	b := newChain(t)
	signed, _ := b.checkpoint()
	path := filepath.Join(t.TempDir(), "bundle")
	s, err := b.export(signed, nil, knownSchemas(t), path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"Alder", "ALDER", "indicators", "conflict_countries"} {
		if strings.Contains(string(data), never) {
			t.Errorf("the public bundle holds %q", never)
		}
	}
	if s.Packs != 0 || s.Bytes != int64(len(data)) {
		t.Errorf("summary %+v of %d bytes", s, len(data))
	}
}

// Protects: nothing half-written stays, and the file that was there stays, when
// an export fails.
func TestExportFailsWhole(t *testing.T) {
	b := newChain(t)
	signed, _ := b.checkpoint()
	known := knownSchemas(t)
	other, err := ledger.NewLogKey(&stream{n: 999}, "vendor.example/duly")
	if err != nil {
		t.Fatal(err)
	}
	few := bundle.Schemas{}
	for h, s := range known {
		if s.Kind != "triage" {
			few[h] = s
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	for _, x := range []struct {
		name    string
		ctx     context.Context
		key     string
		classes []ledger.Class
		schemas bundle.Schemas
		code    fault.Code
	}{
		{"a key that did not sign", context.Background(), other.Public(), nil, known, fault.Broken},
		{"a class that is not one", context.Background(), b.w.Config.Key, []ledger.Class{ledger.Public}, known, fault.Invalid},
		{"a kind that was never released", context.Background(), b.w.Config.Key, nil, few, fault.Broken},
		{"interrupted", stopped, b.w.Config.Key, nil, known, fault.Failed},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "bundle")
		if err := os.WriteFile(path, []byte("as before"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := report.Export(x.ctx, b.w.DB, report.Order{Checkpoint: signed, Key: x.key, Classes: x.classes, Schemas: x.schemas}, path); err == nil || fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v", x.name, err)
		}
		data, err := os.ReadFile(path)
		left, _ := os.ReadDir(dir)
		if err != nil || string(data) != "as before" || len(left) != 1 {
			t.Errorf("%s: it left %v, %q", x.name, left, data)
		}
	}
}

// Protects RS-06: a field that a report withheld, shown later, has the digest that
// the report printed, and its proof verifies; a changed one does not.
func TestDisclosedFieldMatchesTheReport(t *testing.T) {
	b := newChain(t)
	signed, c := b.checkpoint()
	known := knownSchemas(t)
	r := b.build(signed, c)
	hidden := r.Subjects[0].Customer.Hidden
	if hidden == nil || !strings.Contains(render(t, r, report.HTML), hidden.Short()) {
		t.Fatal("the public report does not print the digest of the customer's name")
	}
	p, err := report.Disclose(context.Background(), b.w.DB, signed, b.w.Config.Key, known, hidden.Entry, hidden.Field)
	if err != nil {
		t.Fatal(err)
	}
	if d := ledger.Disclosure(p.Disclosure); d.Digest().String() != hidden.Digest {
		t.Errorf("the disclosed field has digest %s, the report printed %s", d.Digest(), hidden.Digest)
	}
	trust := bundle.Trust{Key: b.w.Config.Key, Checkpoint: signed}
	result, err := verify(t, writeFile(t, "disclosure", string(p.Encode())), trust)
	if err != nil || result.Value != `"Alder County Sheriff"` {
		t.Fatalf("%v, %+v", err, result)
	}
	other, err := report.Disclose(context.Background(), b.w.DB, signed, b.w.Config.Key, known, hidden.Entry, "sector")
	if err != nil {
		t.Fatal(err)
	}
	p.Disclosure = other.Disclosure
	if _, err := verify(t, writeFile(t, "disclosure", string(p.Encode())), trust); fault.CodeOf(err) != fault.Broken {
		t.Errorf("another value passed: %v", err)
	}
}

// Protects: what cannot be disclosed is refused with the reason.
func TestDiscloseRefused(t *testing.T) {
	b := newChain(t)
	old, before := b.checkpoint()
	var erased int64
	b.write(func(tx *store.Tx) {
		list, err := store.Select(context.Background(), tx, register.Customers, "")
		if err != nil {
			t.Fatal(err)
		}
		erased = list[0].Seq
		if _, err := store.Erase(tx, register.Customers.Schema(), erased, "name", "request", ""); err != nil {
			t.Fatal(err)
		}
	})
	signed, c := b.checkpoint()
	known := knownSchemas(t)
	for _, x := range []struct {
		entry int64
		field string
		code  fault.Code
	}{
		{erased, "name", fault.NotFound}, {erased, "state", fault.Invalid}, {erased, "no_such", fault.Invalid},
		{c.Size, "name", fault.NotFound}, {-1, "name", fault.NotFound},
	} {
		var e *fault.Error
		_, err := report.Disclose(context.Background(), b.w.DB, signed, b.w.Config.Key, known, x.entry, x.field)
		if !errors.As(err, &e) || e.Code != x.code {
			t.Errorf("entry %d, %s: %v", x.entry, x.field, err)
		}
	}
	if before.Size >= c.Size {
		t.Error("the erasure is no entry")
	}
	path := filepath.Join(t.TempDir(), "bundle")
	s, err := b.export(signed, ledger.Classes, known, path)
	if err != nil || s.Erased != 1 {
		t.Errorf("a bundle of a log with an erased field: %+v, %v", s, err)
	}
	if _, err := b.export(old, nil, known, path); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a bundle that ends before the erasure: %v", err)
	}
}
