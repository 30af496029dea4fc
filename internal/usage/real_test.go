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
)

// TestRealSearchAudit protects the counts of a log that people wrote: 7,273 searches
// with reasons in free text, as an agency released them. The rules are made for the
// test; they say nothing about the agency.
func TestRealSearchAudit(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(realData(t), "alpr", "okaloosa_flock_search_audit_2025-11.csv"))
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
	set, err := conditions.Load(shipped(t, "conditions/alpr.yaml"))
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

// realFiles says what files of real telemetry hold, as another program counted it: events
// and what stands in an event's place, and of these what cannot be used.
var realFiles = map[string]struct{ read, rejected int64 }{
	"invictus_cloudtrail_20230710.jsonl":                   {2900, 0},
	"otrf/ec2_proxy_s3_exfiltration_2020-09-14011940.json": {103, 0},
	"cribl_cloudtrail_sample.json":                         {44, 0},
	"panther_rule_tests_cloudtrail.jsonl":                  {453, 17}, // 13 without a time, 2 without a service, 2 whose time is none
	"rekognition/aws_docs_rekognition_events_222d265.json": {7, 0},
	"rekognition/aws_docs_rekognition_events_8ca760f.json": {2, 0},
	"rekognition/botocore_rekognition_examples-1.json":     {0, 0},
	"rekognition/botocore_rekognition_paginators-1.json":   {0, 0},
	"rekognition/botocore_rekognition_service-2.json":      {0, 0},
}

// TestRealTelemetryReconciles protects every file of real telemetry, whatever tool wrote
// it: all its events are read, what is read is matched, unmatched or rejected, each with
// its reason, and what is no telemetry is said. What the conditions for face search find
// is shown for a police department that all its accounts were.
func TestRealTelemetryReconciles(t *testing.T) {
	tree, err := usage.OpenTree(filepath.Join(realData(t), "telemetry"))
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	everybody := sheriff
	nobody := monitor(t)
	var names []string
	for r := range nobody.ReadTree(t.Context(), "telemetry", tree) {
		if r.Err != nil || r.Closed != nil {
			t.Fatal(r)
		}
		o := r.Batch.Object
		want, known := realFiles[r.Name]
		if !known || o.Read != want.read || o.Rejected != want.rejected || o.Read != o.Matched+o.Unmatched+o.Rejected ||
			o.Rejected != int64(len(o.Faults))+o.MoreFaults || o.Read == 0 && o.Foreign != 1 {
			t.Errorf("%s: %+v", r.Name, o)
		}
		for _, u := range r.Batch.Unmapped {
			everybody.Accounts = append(everybody.Accounts, u.Account)
		}
		names = append(names, r.Name)
	}
	if len(names) != len(realFiles) {
		t.Errorf("%v", names)
	}
	for r := range monitor(t, everybody).ReadTree(t.Context(), "telemetry", tree) {
		o := r.Batch.Object
		t.Logf("%s: read %d = matched %d + unmatched %d + rejected %d; %s, %d foreign", r.Name, o.Read, o.Matched, o.Unmatched, o.Rejected, o.Status, o.Foreign)
		for _, c := range r.Batch.Counts {
			t.Logf("  %s on %s: %d calls, %d deviate, %d unknown", c.Condition, c.Day, c.Exposures, c.Deviations, c.Unknown)
		}
	}
}

// TestRealBucketLog protects a log of another layout: requests to a bucket, as a table
// that somebody made of them, by a mapping.
func TestRealBucketLog(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(realData(t), "telemetry", "otrf", "AWS_S3_HoneyBucketLogs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := monitor(t).By(bucketLog(t)).Read(t.Context(), "s", "bucket.csv", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if o := b.Object; o.Read != 301 || o.Unmatched != 142 || o.Rejected != 159 { // 159 are of HeadBucket, which the mapping leaves out
		t.Errorf("%+v", o)
	}
}

// bucketLog is a mapping of requests to a bucket, as a table has them.
func bucketLog(t testing.TB) *usage.Log {
	t.Helper()
	l, err := usage.LoadLog(parsePack(t, "bucket.yaml", `id: bucket
kind: log
version: "1"
title: Requests to a bucket
status: project
file: {format: csv}
time: {column: Event DateTime, form: "YYYY-MM-DDTHH:mm:ssZ"}
event_id: Event ID
account: {is: bucket}
source: {is: s3.amazonaws.com}
name: {column: Event Name, words: {ListObjects: ListObjects, PutObject: PutObject}}
tests: []
`))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func realData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set: see docs/testdata.md")
	}
	return dir
}
