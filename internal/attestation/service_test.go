package attestation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/attestation"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	rooms = []store.Migrations{register.Migrations, evidence.Migrations, runs.Migrations, agreement.Migrations, usage.Migrations, attestation.Migrations}
	ann   = act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Analyst}}
)

// bed is a deployment of an agency that agreed to the conditions of face search.
type bed struct {
	testing.TB
	ctx        context.Context
	db         *store.DB
	asked      attestation.Asked
	deployment string
}

func newBed(t testing.TB, dsn string) *bed {
	t.Helper()
	if dsn == "" {
		dsn = filepath.Join(t.TempDir(), "duly.db")
	}
	b := &bed{TB: t, ctx: context.Background(), db: storetest.Begin(t, dsn, rooms...)}
	terms := shipped(t, "conditions/face-search.yaml")
	var err error
	if b.asked, err = attestation.Join(shipped(t, "attestations/face-search.yaml"), terms); err != nil {
		t.Fatal(err)
	}
	source := ""
	b.write(func(tx *store.Tx) error {
		active := register.Origin{State: "active"}
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Kind: "public_body", Sector: "policing"})
		if err != nil {
			return err
		}
		d, err := store.Create(tx, register.Deployments, &register.Deployment{
			Origin: active, Customer: c.ID, Capability: "face_search", Purpose: "criminal_investigation", Jurisdiction: "US", Telemetry: []string{"111122223333"},
		})
		if err != nil {
			return err
		}
		b.deployment = d.ID
		s, err := store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Title: "Terms"})
		source = s.ID
		return err
	})
	if _, _, err := agreement.Agree(b.ctx, b.db, act.Default, ann, terms, agreement.Promise{Subject: b.deployment, From: "2026-03-01", Source: source}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bed) write(fn func(tx *store.Tx) error) {
	b.Helper()
	if err := b.db.Write(b.ctx, ann.Key, fn); err != nil {
		b.Fatal(err)
	}
}

// saw records that every hour of a day was seen, and what was counted on it under FS-99.
func (b *bed) saw(day string, exposures, deviations, unknown int64) {
	b.Helper()
	b.write(func(tx *store.Tx) error {
		cover := usage.CoverageRecord{Day: day, Basis: usage.Events, Covered: 24, Hours: "ffffff", Account: "111122223333", Identity: day}
		if _, err := store.Create(tx, usage.Coverages, &cover); err != nil {
			return err
		}
		_, err := store.Create(tx, usage.Counts, &usage.CountRecord{
			Condition: strings.Repeat("0", 64), Day: day, Basis: usage.Events, Exposures: exposures, Deviations: deviations, Unknown: unknown,
			Deployment: b.deployment, Clause: "FS-99", Identity: day,
		})
		return err
	})
}

// form asks and gives the template that is sent, filled in.
func (b *bed) form(due, today string) (filled []byte) {
	b.Helper()
	ref, _, _, err := attestation.Ask(b.ctx, b.db, act.Default, ann, b.asked, b.deployment, due, today)
	if err != nil {
		b.Fatal(err)
	}
	f, err := attestation.NewForm(b.ctx, b.db, act.Default, ann, ref.ID, bytes.NewReader(bytes.Repeat([]byte(due), 2)))
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.JSON(&out); err != nil {
		b.Fatal(err)
	}
	text := out.String()
	for _, fill := range [][2]string{
		{`"name": ""`, `"name": "Somebody"`}, {`"role": ""`, `"role": "legal"`}, {`"reviewed": ""`, `"reviewed": "yes"`}, {`"watched": ""`, `"watched": "never"`},
		{`"trained": ""`, `"trained": 2`}, {`"training_last": ""`, `"training_last": "unknown"`}, {`"told": ""`, `"told": "unknown"`}, {`"sole": ""`, `"sole": 0`},
		{`"threshold": ""`, `"threshold": "yes"`}, {`"criminal": ""`, `"criminal": "no"`},
	} {
		if !strings.Contains(text, fill[0]) {
			b.Fatalf("the template has no %s:\n%s", fill[0], text)
		}
		text = strings.Replace(text, fill[0], fill[1], 1)
	}
	return []byte(text)
}

func (b *bed) receive(today string, filled []byte) (*attestation.Attestation, error) {
	_, a, err := attestation.Receive(b.ctx, b.db, act.Default, ann, today, filled, nil)
	return a, err
}

// Protects: what is said is put beside what was seen, on both engines. It agrees only
// where every hour of every day was seen and every call judged; one deviation contradicts;
// all else is promised.
func TestBesideTelemetry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := newBed(t, dsn)
		b.saw("2026-03-01", 4, 0, 0)
		b.saw("2026-03-02", 2, 0, 0)
		first := b.form("2026-03-03", "2026-03-02") // about both days
		a, err := b.receive("2026-03-04", first)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"FS-HUMAN-REVIEW promised 0", "FS-SUSTAINED promised 0", "FS-TRAINING not_kept 0", "FS-DISCLOSURE unknown 0", "FS-NOT-SOLE promised 0", "FS-99 agrees 0", "FS-MORATORIUM promised 0"}
		if !slices.Equal(a.Outcomes, want) || !a.Late || a.Days != 2 || a.Whole != 2 || a.Agrees != 1 || a.Promised != 4 || a.NotKept != 1 || a.Unknown != 1 || a.Bare != 3 {
			t.Errorf("%+v", a)
		}
		if sum := sha256.Sum256(first); a.SHA256 != hex.EncodeToString(sum[:]) {
			t.Error("the receipt is not the hash of what came")
		}
		if a, err = b.receive("2026-03-03", b.form("2026-03-10", "2026-03-02")); err != nil || a.Late || a.Upto != "2026-03-03" || a.Agrees != 0 || a.Promised != 5 {
			t.Errorf("with a day that nobody saw: %+v %v", a, err)
		}
		b.saw("2026-03-03", 5, 2, 0)
		changed, err := attestation.Compare(b.ctx, b.db, act.Default, ann)
		if err != nil || len(changed) != 1 || changed[0].Record.Contradicted != 1 || !slices.Contains(changed[0].Record.Outcomes, "FS-99 contradicted 2") {
			t.Errorf("%+v %v", changed, err)
		}
		if changed, err = attestation.Compare(b.ctx, b.db, act.Default, ann); err != nil || len(changed) != 0 {
			t.Errorf("compared again: %+v %v", changed, err)
		}
	})
}

// Protects: one answer a request, by the last form, to what was asked, from whom may ask.
func TestReceiveRefuses(t *testing.T) {
	b := newBed(t, "")
	filled := b.form("2026-06-01", "2026-03-02")
	hash := b.asked.Pack.Hash
	for _, c := range []struct {
		old, new, today string
		code            fault.Code
		want            string
	}{
		{hash, strings.Repeat("0", 64), "2026-03-02", fault.Refused, "another questionnaire"},
		{`"token": "`, `"token": "0`, "2026-03-02", fault.Refused, "token"},
		{`"request": "`, `"request": "0`, "2026-03-02", fault.NotFound, "no request"},
		{`"sole": 0`, `"sole": "none"`, "2026-03-02", fault.Invalid, "question sole"},
		{`"evidence": []`, `"evidence": [{"question": "told", "file": "p", "day": "2026-03-03"}]`, "2026-03-02", fault.Invalid, "yet to come"},
		{"", "", "2026-02-28", fault.Refused, "yet to come"},
	} {
		text := bytes.Replace(filled, []byte(c.old), []byte(c.new), 1)
		if _, err := b.receive(c.today, text); fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
	admin := act.Actor{Key: ann.Key, Roles: []act.Role{act.Administrator}}
	if _, _, err := attestation.Receive(b.ctx, b.db, act.Default, admin, "2026-03-02", filled, nil); fault.CodeOf(err) != fault.Refused {
		t.Errorf("an administrator: %v", err)
	}
	shown := bytes.Replace(filled, []byte(`"evidence": []`), []byte(`"evidence": [{"question": "told", "file": "p", "day": "2026-01-15"}]`), 1)
	_, a, err := attestation.Receive(b.ctx, b.db, act.Default, ann, "2026-03-02", shown, fstest.MapFS{"p": {Data: []byte("a page")}})
	if err != nil || a.EvidenceDay != "2026-01-15" || a.Received != "2026-03-02" || !slices.Equal(a.Evidence, []string{fmt.Sprintf("told 2026-01-15 %x", sha256.Sum256([]byte("a page")))}) {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := b.receive("2026-03-02", filled); fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), "answered already") {
		t.Errorf("answered twice: %v", err)
	}
}

// Protects: the page for outsiders. It loads nothing, every field has a label, and what
// is written into it stays text.
func TestFormHTML(t *testing.T) {
	f := &attestation.Form{Request: `r"><script>`, Title: "<b>", Parts: []attestation.Part{{Questions: []attestation.Question{
		{ID: "a", Type: attestation.YesNo}, {ID: "b", Type: attestation.Number, Evidence: "e"}, {ID: "c", Type: attestation.Date},
		{ID: "d", Type: attestation.Choice, Choices: []string{"</script>"}}, {ID: "e", Type: attestation.Text},
	}}}}
	var out bytes.Buffer
	if err := f.HTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, bad := range []string{"src=", "http:", "https:", "<b>", `r"><script>`, "<link"} {
		if strings.Contains(page, bad) {
			t.Errorf("it has %s", bad)
		}
	}
	if strings.Count(page, "<script>") != 1 || strings.Count(page, "</script>") != 1 {
		t.Error("not one script")
	}
	fields := strings.Count(page, "<input") + strings.Count(page, "<textarea") + strings.Count(page, "<select")
	if labels := strings.Count(page, "<label"); labels != fields {
		t.Errorf("%d labels for %d fields", labels, fields)
	}
	if sets, legends := strings.Count(page, "<fieldset"), strings.Count(page, "<legend>"); sets != 6 || legends != sets {
		t.Errorf("%d fieldsets, %d legends", sets, legends)
	}
}
