package usage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

// declare registers a deployment of an account.
func declare(t *testing.T, db *store.DB, d register.Deployment) {
	t.Helper()
	err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
		d.State = "active"
		_, err := store.Create(tx, register.Deployments, &d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// use writes a call of an account.
func use(id, at, account, name, region string) string {
	return fmt.Sprintf(`{"eventID":%q,"eventTime":"%sT10:00:00Z","eventSource":"rekognition.amazonaws.com","eventName":%q,"awsRegion":%q,"recipientAccountId":%q,"requestParameters":{"faceMatchThreshold":99,"similarityThreshold":99}}`+"\n",
		id, at, name, region, account)
}

// undeclared lists the open findings of use that was not declared.
func undeclared(t *testing.T, db *store.DB) string {
	t.Helper()
	findings, err := store.Select(context.Background(), db, usage.Findings, "r.state = 'open'")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range findings {
		if r := f.Record; r.Kind == usage.Undeclared {
			out = append(out, fmt.Sprintf("%s %s %s %d: %s %v", r.Clause, r.Grade, r.Day, r.Calls, strings.Join(r.Evidence, "; "), r.Assumed))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestUseIsHeldToWhatIsDeclared protects RS-09: use of another sort, place or size than
// declared is a finding, once, with what was declared beside it; nothing is found where
// nothing is declared, and that is counted; what was declared better later closes it.
func TestUseIsHeldToWhatIsDeclared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		three := int64(3)
		declare(t, db, register.Deployment{Capability: "face_compare", Basis: "customer", Regions: []string{"eu-west-1"}, Volume: &three, Telemetry: []string{"1"}})
		declare(t, db, register.Deployment{Capability: "unknown", Telemetry: []string{"2"}})
		declare(t, db, register.Deployment{Capability: "face_compare", Basis: "inferred", Telemetry: []string{"3"}})
		declare(t, db, register.Deployment{Capability: "face_compare", Telemetry: []string{"4"}})
		declare(t, db, register.Deployment{Capability: "face_search", Regions: []string{"eu-west-1"}, Telemetry: []string{"4"}})
		declare(t, db, register.Deployment{Capability: "compute", Telemetry: []string{"5"}})
		declare(t, db, register.Deployment{Capability: "storage", Telemetry: []string{"5"}})
		dir := t.TempDir()
		write(t, dir, "a.jsonl",
			use("1", "2026-11-03", "1", "CompareFaces", "eu-west-1")+use("2", "2026-11-03", "1", "SearchFacesByImage", "us-east-1")+
				use("3", "2026-11-04", "1", "DetectLabels", "eu-west-1")+use("4", "2026-11-04", "1", "ListCollections", "us-east-1")+
				use("5", "2026-11-03", "2", "SearchFacesByImage", "us-east-1")+use("6", "2026-11-03", "3", "SearchFacesByImage", "us-east-1")+
				use("7", "2026-11-03", "4", "SearchFacesByImage", "us-east-1")+use("8", "2026-11-03", "4", "CompareFaces", "us-east-1")+
				use("9", "2026-11-03", "5", "CompareFaces", "us-east-1"))
		for i := range 2 {
			s := runTask(t, db, usage.Task{Conditions: facePack(t), Paths: []string{dir}})
			if want := (usage.Compared{Deployments: 7, NoCapability: 2, NoRegions: 5, NoVolume: 6}); s.Compared != want || s.Undeclared != 6*(1-i) {
				t.Errorf("%+v, %d undeclared", s.Compared, s.Undeclared)
			}
		}
		write(t, dir, "b.jsonl", use("10", "2026-11-20", "1", "CompareFaces", "eu-west-1"))
		if s := runTask(t, db, usage.Task{Conditions: facePack(t), Paths: []string{dir}}); s.Undeclared != 1 {
			t.Errorf("%d undeclared", s.Undeclared)
		}
		want := `USE-CAPABILITY high 2026-11-03 1: shown = face_compare: 1 calls; declared = compute [account]
USE-CAPABILITY high 2026-11-03 1: shown = face_compare: 1 calls; declared = storage [account]
USE-CAPABILITY low 2026-11-04 1: shown = object_detection: 1 calls; declared = face_compare []
USE-CAPABILITY medium 2026-11-03 1: shown = face_search: 1 calls; declared = face_compare []
USE-REGION medium 2026-11-03 1: shown = us-east-1: 1 calls; declared = eu-west-1 []
USE-REGION medium 2026-11-03 1: shown = us-east-1: 1 calls; declared = eu-west-1 []
USE-VOLUME low 2026-11-01 1: declared = at most 3 calls a month; shown = 4 calls in 2026-11 []`
		if got := undeclared(t, db); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		r, err := usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-11-24"}, "")
		if err != nil || r.Same != 2 || !r.Held() {
			t.Errorf("%+v, %v", r, err)
		}
		all, err := store.Select(context.Background(), db, register.Deployments, "")
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
			next := *all[0].Record
			more := int64(1000)
			next.Volume, next.Regions = &more, []string{"eu-west-1", "us-east-1"}
			_, _, err := store.Revise(tx, register.Deployments, all[0].ID, &next)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		runTask(t, db, usage.Task{Conditions: facePack(t), Paths: []string{dir}})
		if got := undeclared(t, db); strings.Contains(got, "USE-VOLUME") || strings.Count(got, "USE-REGION") != 1 {
			t.Errorf("after it was declared:\n%s", got)
		}
	})
}

// TestStatedAndShownThreshold protects the acceptance of RS-09: a customer that agreed to 99
// and whose calls ask for 80 has a deviation finding, whatever it declares.
func TestStatedAndShownThreshold(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	dir := t.TempDir()
	write(t, dir, "a.jsonl", search("1", 80)+"\n"+search("2", 99)+"\n")
	runTask(t, db, usage.Task{Conditions: facePack(t), Paths: []string{dir}})
	findings, err := store.Select(context.Background(), db, usage.Findings, "")
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(findings, func(f *store.Revision[usage.FindingRecord]) bool { return f.Record.Clause == "FS-99" })
	if at < 0 || findings[at].Record.Calls != 1 || !slices.Contains(findings[at].Record.Evidence, "param.threshold = 80") {
		t.Errorf("%d findings, %d", len(findings), at)
	}
}

const purposeLog = `id: purposes
kind: log
version: "1"
title: Made-up searches with a purpose
status: project
file: {format: csv}
time: {column: at, form: YYYY-MM-DD}
account: {column: who}
source: {is: alpr.searches}
name: {is: Search}
purpose: {column: for, words: {Burglary: investigation, Traffic stop: traffic}}
tests: []
`

// TestPurposeOfALog protects the purpose that a log states: words of the mapping are held to
// what is declared, and no other text of the column is kept or is a finding.
func TestPurposeOfALog(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	declare(t, db, register.Deployment{Capability: "plate_reader", Purpose: "investigation", Telemetry: []string{"PD"}})
	declare(t, db, register.Deployment{Capability: "plate_reader", Telemetry: []string{"Other PD"}})
	l, err := usage.LoadLog(parsePack(t, "l.yaml", purposeLog))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "a.csv", "at,who,for\n2026-11-03,PD,Burglary\n2026-11-03,PD,Traffic stop\n2026-11-03,PD,my cousin Roe\n2026-11-03,Other PD,Traffic stop\n")
	shows := strings.Replace(searchRules, "conditions:\n", "shows: [{capability: plate_reader, source: alpr.searches, names: [Search]}]\nconditions:\n", 1)
	s := runTask(t, db, usage.Task{Conditions: []*pack.Pack{parsePack(t, "s.yaml", shows)}, Log: l, Paths: []string{dir}})
	if s.Rejected != 0 || s.Compared.NoPurpose != 1 {
		t.Errorf("%+v", s)
	}
	if got, want := undeclared(t, db), "USE-PURPOSE high 2026-11-03 1: shown = traffic: 1 calls; declared = investigation []"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	shown, err := store.Select(context.Background(), db, usage.ShownRecords, "")
	if err != nil || len(shown) != 2 || shown[0].Record.Calls+shown[1].Record.Calls != 4 || strings.Contains(fmt.Sprint(shown[0].Record, shown[1].Record), "Roe") {
		t.Errorf("%v, %v", shown, err)
	}
	for _, bad := range []string{"purpose: {is: traffic}", "purpose: {column: for}", "purpose: {column: for, words: {a: b c}}"} {
		text := strings.Replace(purposeLog, purposeLog[strings.Index(purposeLog, "purpose: {"):strings.Index(purposeLog, "\ntests")], bad, 1)
		if _, err := usage.LoadLog(parsePack(t, "l.yaml", text)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
