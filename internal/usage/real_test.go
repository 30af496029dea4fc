package usage_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/conditions"
	"duly/internal/usage"
	"duly/packs"
)

// TestRealSearchAudit protects the counts of a log that people wrote: 7,273 searches
// with reasons in free text, as an agency released them. The rules are made for the
// test; they say nothing about the agency.
func TestRealSearchAudit(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set: see docs/testdata.md")
	}
	text, err := os.ReadFile(filepath.Join(dir, "alpr", "okaloosa_flock_search_audit_2025-11.csv"))
	if err != nil {
		t.Fatal(err)
	}
	whose := strings.Split(strings.Split(string(text), "\n")[1], ",")[1] // one agency's, named in each row
	shippedRules(t, whose, text)
	b, err := searches(t, whose).Read(t.Context(), "audit", "audit.csv", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	o := b.Object
	if o.Status != usage.Complete || o.Read != 7273 || o.Rejected != 0 || o.Matched != 7273 || len(b.Unmapped) != 0 || len(o.Faults) != 0 {
		t.Errorf("%+v, unmapped %v", o, b.Unmapped)
	}
	type sum struct{ exposures, deviations, unknown int64 }
	sums, days := map[string]sum{}, map[string]bool{}
	for _, c := range b.Counts {
		s := sums[c.Condition]
		sums[c.Condition] = sum{s.exposures + c.Exposures, s.deviations + c.Deviations, s.unknown + c.Unknown}
		days[c.Day] = true
	}
	for _, id := range []string{"S-REASON", "S-SHORT", "S-IMMIGRATION", "S-WIDE"} {
		t.Logf("%s: %d searches, %d deviate, %d unknown", id, sums[id].exposures, sums[id].deviations, sums[id].unknown)
		if sums[id].exposures != 7273 || sums[id].unknown != 0 {
			t.Errorf("%s: %+v", id, sums[id])
		}
	}
	t.Logf("%d days, %d hours with searches, %d findings", len(days), len(b.Coverage), len(b.Findings))
	if got := sums["S-REASON"].deviations; got != 9 {
		t.Errorf("%d searches without a reason; the file has 9 blank ones", got)
	}
}

// shippedRules reads the audit by the pack for plate searches that ships.
func shippedRules(t *testing.T, whose string, text []byte) {
	t.Helper()
	data, err := packs.Files.ReadFile("conditions/alpr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := conditions.Load(parsePack(t, "alpr.yaml", string(data)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := usage.NewMonitor([]*conditions.Set{set}, []usage.Deployment{{ID: "plates", Accounts: []string{whose}, Subject: conditions.Subject{Capability: "plate_reader"}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.By(shippedLog(t, "alpr-search-audit")).Read(t.Context(), "audit", "audit.csv", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if o := b.Object; o.Read != 7273 || o.Read != o.Matched+o.Unmatched+o.Rejected || o.Rejected != 0 || len(o.Faults) != 0 {
		t.Errorf("%+v", o)
	}
	sums := map[string][3]int64{}
	for _, c := range b.Counts {
		s := sums[c.Condition]
		sums[c.Condition] = [3]int64{s[0] + c.Exposures, s[1] + c.Deviations, s[2] + c.Unknown}
		if c.Exposures > 7273 || c.Deviations > c.Exposures {
			t.Errorf("%+v", c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		t.Logf("%s: %d searches, %d deviate, %d unknown", id, sums[id][0], sums[id][1], sums[id][2])
	}
	if len(sums) == 0 {
		t.Error("the pack counts nothing of a real audit")
	}
}

// TestRealTelemetryReconciles protects every file of real telemetry, whatever tool wrote
// it: what is read is matched, unmatched or rejected, and what is no telemetry is said.
func TestRealTelemetryReconciles(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set: see docs/testdata.md")
	}
	tree, err := usage.OpenTree(filepath.Join(dir, "telemetry"))
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	m, events := monitor(t, sheriff), int64(0)
	for name, err := range tree.Names() {
		if err != nil {
			t.Fatal(err)
		}
		f, err := tree.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.Read(t.Context(), "telemetry", name, f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		o := b.Object
		t.Logf("%s: read %d = matched %d + unmatched %d + rejected %d; %s, %d digests, %d foreign", name, o.Read, o.Matched, o.Unmatched, o.Rejected, o.Status, o.Digests, o.Foreign)
		if o.Read != o.Matched+o.Unmatched+o.Rejected || o.Read == 0 && o.Digests+o.Foreign == 0 && len(o.Faults) == 0 {
			t.Errorf("%s: %+v", name, o)
		}
		events += o.Read
	}
	t.Logf("%d records", events)
}
