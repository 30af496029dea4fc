package usage_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
	"duly/packs"
)

// searchRules are conditions of searches for plates, made for these tests.
const searchRules = `id: test-searches
kind: conditions
version: "1"
title: Made-up conditions of searches
status: project
parameters:
  - {name: reason, text: Why., type: text, paths: [reason], absent: {"*": ""}}
  - {name: networks, text: How many networks., type: number, paths: [networks]}
conditions:
  - id: S-REASON
    title: A reason
    text: A search says why.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: audit
    checked_by: [telemetry]
    not_seen: What it was for.
    severity: medium
    source: {title: made up, ref: none, grade: unverified}
    events: event.source == "alpr.searches" && event.name in ["Search"]
    deviation: param.reason == ""
    evidence: [event.name, param.reason]
  - id: S-SHORT
    title: A reason that says something
    text: A reason has four letters and is no test.
    status: advisory
    effective_from: 2020-01-01
    enforcement: audit
    checked_by: [telemetry]
    not_seen: What it was for.
    severity: low
    source: {title: made up, ref: none, grade: unverified}
    events: event.source == "alpr.searches" && event.name in ["Search"]
    deviation: param.reason != "" && (size(param.reason) < 4 || param.reason.matches("(?i)^test"))
    evidence: [param.reason, param.networks]
  - id: S-IMMIGRATION
    title: Not for immigration
    text: No search serves immigration enforcement.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: audit
    checked_by: [telemetry]
    not_seen: What it was for.
    severity: critical
    source: {title: made up, ref: none, grade: unverified}
    events: event.source == "alpr.searches" && event.name in ["Search"]
    deviation: param.reason.matches("(?i)immigration|\\bICE\\b")
    evidence: [param.reason]
  - id: S-WIDE
    title: At most 50 networks
    text: A search looks into at most 50 networks.
    status: advisory
    effective_from: 2020-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: What it was for.
    severity: low
    source: {title: made up, ref: none, grade: unverified}
    events: event.source == "alpr.searches" && event.name in ["Search"]
    deviation: param.networks > 50.0
    evidence: [param.networks]
tests: []
`

func parsePack(t testing.TB, name, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shipped gives a pack that ships.
func shipped(t testing.TB, name string) *pack.Pack {
	t.Helper()
	data, err := packs.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parsePack(t, filepath.Base(name), string(data))
}

func shippedLog(t testing.TB, name string) *usage.Log {
	t.Helper()
	l, err := usage.LoadLog(shipped(t, "logs/"+name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// searches makes a monitor of searches in an account.
func searches(t testing.TB, account string) *usage.Monitor {
	t.Helper()
	set, err := conditions.Load(parsePack(t, "searches.yaml", searchRules))
	if err != nil {
		t.Fatal(err)
	}
	m, err := usage.NewMonitor([]*conditions.Set{set}, []usage.Deployment{{ID: "plates", Accounts: []string{account}}})
	if err != nil {
		t.Fatal(err)
	}
	return m.By(shippedLog(t, "alpr-search-audit"))
}

const auditHeader = "ID,Org_Name,Total_Networks_Searched,Total_Devices_Searched,Time_Frame_Start,Time_Frame_End,Reason,Search_Time,Search_Type,Moderation\n"

// audited makes one row of a search audit.
func audited(id, networks, reason string) string {
	return fmt.Sprintf("%s,Made-up PD,%s,1,,,%s,\"03/05/2025, 12:30:00 AM UTC\",lookup,\n", id, networks, reason)
}

// Protects: rows of a log are judged as events are, what cannot be read is unknown,
// and free text is judged and never kept.
func TestRowsAreJudgedAndFreeTextIsNotKept(t *testing.T) {
	const secret = "Jane Roe immigration ABC-123"
	b := read(t, searches(t, "Made-up PD"), "a.csv", auditHeader+
		audited("s1", "1", "burglary 24-117")+audited("s2", "90", "")+audited("s3", "many", "inv")+
		audited("s4", "1", secret)+"s5,cut off\n"+audited("s6", "1", "TESTING"))
	if o := b.Object; o.Read != 6 || o.Matched != 5 || o.Unmatched != 0 || o.Rejected != 1 || o.Status != usage.Complete {
		t.Fatalf("%+v", o)
	}
	var got []string
	for _, c := range b.Counts {
		got = append(got, fmt.Sprint(c.Condition, " ", c.Exposures, " ", c.Deviations, " ", c.Unknown, " ", c.Basis))
	}
	if text := strings.Join(got, "; "); text != "S-IMMIGRATION 5 1 0 events; S-REASON 5 1 0 events; S-SHORT 5 2 0 events; S-WIDE 5 1 1 events" {
		t.Errorf("counts %s", text)
	}
	for _, word := range []string{"Jane", "ABC", "immigration", "TESTING"} {
		if text := fmt.Sprintf("%+v", b); strings.Contains(text, word) {
			t.Errorf("%q is kept in %s", word, text)
		}
	}
	if text := fmt.Sprint(b.Findings); !strings.Contains(text, "stated; free text is not kept") {
		t.Errorf("findings do not say that free text is not kept: %s", text)
	}
}

// badRows gives files of a search audit, most with something wrong, and what is told of them.
func badRows(t *testing.T) []rowsCase {
	t.Helper()
	good := audited("g", "1", "burglary")
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	many := packed(auditHeader + strings.Repeat(good, 5000))
	return []rowsCase{
		{"gzip", packed(auditHeader + good), 1, 0, usage.Complete, ""},
		{"gzip cut off", many[:len(many)-9], 5000, 0, usage.Incomplete, "ends early"},
		{"gzip damaged", many[:60] + "xxxxxxxx" + many[68:], 0, 0, usage.Incomplete, "gzip data"},
		{"cut in half", auditHeader + good + good[:20], 2, 1, usage.Complete, "fields"},
		{"100 MB in one record", auditHeader + strings.Repeat("x", 100<<20) + "\n" + good, 2, 1, usage.Complete, "1 MiB"},
		{"an open quote", auditHeader + `s,"open` + "\n" + good, 2, 1, usage.Complete, "quote"},
		{"NUL in free text", auditHeader + audited("n", "1", "a\x00b") + good, 2, 0, usage.Complete, ""},
		{"NUL in an id", auditHeader + audited("n\x00", "1", "a") + good, 2, 1, usage.Complete, "control"},
		{"not UTF-8", auditHeader + audited("n", "1", "a\xffb") + good, 2, 1, usage.Complete, "UTF-8"},
		{"1970", auditHeader + strings.Replace(good, "03/05/2025", "01/01/1970", 1), 1, 0, usage.Complete, ""},
		{"2100", auditHeader + strings.Replace(good, "03/05/2025", "12/31/2100", 1), 1, 0, usage.Complete, ""},
		{"no header", "", 0, 0, usage.Incomplete, "empty"},
		{"other columns", "a,b\n1,2\n", 0, 0, usage.Incomplete, "column"},
		{"a ZIP archive", "PK\x03\x04aaaa", 0, 0, usage.Incomplete, "ZIP"},
	}
}

type rowsCase struct {
	name, text     string
	read, rejected int64
	status         usage.Status
	fault          string
}

// Protects: whatever is wrong with a file of rows is told by place, stops no other row,
// and never makes the sums wrong.
func TestBadRows(t *testing.T) {
	for _, c := range badRows(t) {
		b := read(t, searches(t, "Made-up PD"), "a.csv", c.text)
		o := b.Object
		if o.Rejected != c.rejected || o.Status != c.status || o.Read != o.Matched+o.Unmatched+o.Rejected {
			t.Errorf("%s: %+v", c.name, o)
		}
		if o.Read != c.read && c.name != "gzip damaged" && c.name != "gzip cut off" {
			t.Errorf("%s: read %d, want %d", c.name, o.Read, c.read)
		}
		if text := fmt.Sprint(o.Faults); !strings.Contains(text, c.fault) || c.fault == "" && len(o.Faults) > 0 {
			t.Errorf("%s: faults %s", c.name, text)
		}
	}
}

// jsonLog reads objects of one a line.
const jsonLog = `id: lines
kind: log
version: "1"
title: Made-up lines
status: project
file: {format: jsonl}
time: {column: at, form: unix}
event_id: id
account: {column: /who/account}
source: {is: alpr.searches}
name: {is: Search}
params:
  - {name: reason, column: why, type: text}
  - {name: networks, column: n, type: number}
tests: []
`

// linesLog is jsonLog, read.
func linesLog(t testing.TB) *usage.Log {
	t.Helper()
	l, err := usage.LoadLog(parsePack(t, "lines.yaml", jsonLog))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// badLines gives files of such objects, most with something wrong, and what is told of them.
func badLines() []linesCase {
	good := `{"at":1741134600,"id":"g","who":{"account":"Made-up PD"},"why":"burglary","n":1}` + "\n"
	return []linesCase{
		{"good", good, 1, 0, 0, 0, ""},
		{"cut in half", good + good[:30], 2, 0, 1, 0, "JSON"},
		{"duplicate keys", `{"at":1741134600,"at":1741134601}` + "\n" + good, 2, 0, 1, 0, "duplicate"},
		{"deep nesting", `{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}\n" + good, 2, 0, 1, 0, "JSON"},
		{"an object where the reason should be", strings.Replace(good, `"burglary"`, `{"a":1}`, 1), 1, 0, 1, 0, "one value"},
		{"a text where the time should be", strings.Replace(good, "1741134600", `"soon"`, 1), 1, 0, 1, 0, "time"},
		{"1970", strings.Replace(good, "1741134600", "0", 1), 1, 1, 0, 0, ""},
		{"2100", strings.Replace(good, "1741134600", "4102444800", 1), 1, 0, 0, 0, ""},
		{"far beyond", strings.Replace(good, "1741134600", "9999999999999", 1), 1, 0, 1, 0, "time"},
		{"an account of nobody", strings.Replace(good, "Made-up PD", "Other PD", 1), 1, 0, 0, 1, ""},
		{"no account", strings.Replace(good, `"account":"Made-up PD"`, "", 1), 1, 0, 0, 1, ""},
	}
}

type linesCase struct {
	name, text               string
	read, unmatched, rejects int64
	unmapped                 int
	fault                    string
}

// Protects: the same for objects of JSON.
func TestBadLines(t *testing.T) {
	l := linesLog(t)
	for _, c := range badLines() {
		m := searches(t, "Made-up PD").By(l)
		b := read(t, m, "a.jsonl", c.text)
		o := b.Object
		if o.Read != c.read || o.Unmatched != c.unmatched || o.Rejected != c.rejects || len(b.Unmapped) != c.unmapped || o.Read != o.Matched+o.Unmatched+o.Rejected {
			t.Errorf("%s: %+v, unmapped %v", c.name, o, b.Unmapped)
		}
		if text := fmt.Sprint(o.Faults); !strings.Contains(text, c.fault) || c.fault == "" && len(o.Faults) > 0 {
			t.Errorf("%s: faults %s", c.name, text)
		}
	}
}

// Protects: what a meter says counts as exposure of which nothing is known; a day
// without calls is known to be zero; where events are there too, they count alone.
func TestMetering(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	dir := t.TempDir()
	meter, trail := filepath.Join(dir, "meter.csv"), filepath.Join(dir, "trail.jsonl")
	for name, text := range map[string]string{
		meter: "account,sku,region,day,calls\n111122223333,face-search,us-east-1,2026-11-03,4711\n111122223333,face-search,us-east-1,2026-11-04,0\n" +
			"111122223333,label-detection,us-east-1,2026-11-04,9\n111122223333,gait,us-east-1,2026-11-04,9\n",
		trail: search("1", 80) + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := runTask(t, db, usage.Task{Conditions: facePack(t), Log: shippedLog(t, "metering"), Paths: []string{meter}})
	if s.Read != 4 || s.Matched != 2 || s.Unmatched != 1 || s.Rejected != 1 || len(s.Faults) != 1 {
		t.Fatalf("%+v", s)
	}
	run(t, db, trail)
	list, err := store.Select(context.Background(), db, usage.Counts, "")
	if err != nil {
		t.Fatal(err)
	}
	shown := func(list []*store.Revision[usage.CountRecord]) string {
		var out []string
		for _, c := range list {
			if r := c.Record; r.Clause == "FS-99" {
				out = append(out, fmt.Sprint(r.Day, " ", r.Basis, " ", r.Exposures, " ", r.Deviations, " ", r.Unknown))
			}
		}
		return strings.Join(out, "; ")
	}
	if got := shown(list); got != "2026-11-03 metering 4711 0 4711; 2026-11-04 metering 0 0 0; 2026-11-03 events 1 1 0" {
		t.Errorf("counts %s", got)
	}
	if got := shown(usage.Preferred(list)); got != "2026-11-04 metering 0 0 0; 2026-11-03 events 1 1 0" {
		t.Errorf("preferred %s", got)
	}
}

// Protects: a file that is read again by a corrected mapping is counted anew, as if it
// had never been read by the wrong one, beside what other files show.
func TestCorrectedMappingReplaces(t *testing.T) {
	rules := []*pack.Pack{parsePack(t, "searches.yaml", searchRules)}
	right := shippedLog(t, "alpr-search-audit")
	wrong, err := usage.LoadLog(parsePack(t, "wrong.yaml", strings.Replace(string(right.Pack.Bytes), "column: Reason,", "column: Moderation,", 1)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.csv": auditHeader + audited("s1", "1", "burglary") + audited("s2", "1", ""),
		"b.csv": auditHeader + audited("s3", "1", "theft"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	state := func(logs ...*usage.Log) string {
		db := storetest.SQLite(t, rooms...)
		registerAccount(t, db, "Made-up PD")
		var last *usage.Summary
		for _, l := range logs {
			last = runTask(t, db, usage.Task{Conditions: rules, Log: l, Paths: []string{dir}})
		}
		if len(logs) > 1 && last.Known != 2 {
			t.Errorf("%+v", last)
		}
		counts, err := store.Select(context.Background(), db, usage.Counts, "")
		if err != nil {
			t.Fatal(err)
		}
		findings, err := store.Select(context.Background(), db, usage.Findings, "r.state = 'open'")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range counts {
			out = append(out, fmt.Sprint(c.Record.Clause, c.Record.Exposures, c.Record.Deviations, c.Record.Unknown))
		}
		for _, f := range findings {
			out = append(out, fmt.Sprint(f.Record.Clause, f.Record.Calls, f.Record.First, f.Record.Last))
		}
		slices.Sort(out)
		return strings.Join(out, "\n")
	}
	want := state(right)
	if got := state(wrong); got == want {
		t.Fatal("the wrong mapping gives the same: this test shows nothing")
	}
	for _, logs := range [][]*usage.Log{{wrong, right}, {right, wrong, right}, {right, right}} {
		if got := state(logs...); got != want {
			t.Errorf("read %d times:\n%s\nwant\n%s", len(logs), got, want)
		}
	}
}

// FuzzRows protects the reading of rows by any mapping: whatever stands in the mapping
// or the file, the sums hold, and no text of a row that cannot be used is told.
func FuzzRows(f *testing.F) {
	audit, err := packs.Files.ReadFile("logs/alpr-search-audit.yaml")
	if err != nil {
		f.Fatal(err)
	}
	meter, err := packs.Files.ReadFile("logs/metering.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(audit), auditHeader+audited("s1", "1", "burglary")+"s5,cut off\n")
	f.Add(string(meter), "account,sku,region,day,calls\na,face-search,r,2026-11-03,-1\n")
	f.Add(jsonLog, `{"at":1741134600,"id":"g","who":{"account":"Made-up PD"},"why":"burglary","n":1}`+"\n{\n[]\n")
	f.Fuzz(func(t *testing.T, mapping, text string) {
		p, err := pack.Parse("m.yaml", []byte(mapping))
		if err != nil {
			return
		}
		l, err := usage.LoadLog(p)
		if err != nil {
			return
		}
		o := read(t, searches(t, "Made-up PD").By(l), "a", text).Object
		if o.Read != o.Matched+o.Unmatched+o.Rejected || o.Rejected > 0 && len(o.Faults) == 0 {
			t.Fatalf("%+v", o)
		}
	})
}
