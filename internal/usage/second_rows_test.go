package usage_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/usage"
)

// mapped is a mapping, and the packs of conditions by which its rows are judged here.
type mapped struct {
	log   *usage.Log
	rules []*pack.Pack
	real  string // a real file of such rows
}

func mappedLogs(t testing.TB) []mapped {
	t.Helper()
	face, _ := faceSearch(t)
	const search, rekognition = "SearchFacesByImage", "rekognition.amazonaws.com"
	return []mapped{
		{shippedLog(t, "alpr-search-audit"), []*pack.Pack{
			parsePack(t, "searches.yaml", searchRules), shipped(t, "conditions/alpr.yaml"),
			windowsOf(t, "alpr.searches", "Search", "paths: [case]", "paths: [reason]", "paths: [who]", "paths: [searchType]"),
			windowsOf(t, "alpr.searches", "Search", "per: day", "per: hour", "paths: [who]", "paths: [reason]"),
		}, "alpr/okaloosa_flock_search_audit_2025-11.csv"},
		{shippedLog(t, "metering"), []*pack.Pack{
			face, windowsOf(t, rekognition, search),
			windowsOf(t, rekognition, search, "by: [param.case], count: calls, per: ever", "count: calls, per: month",
				"count: param.who, per: day", "count: calls, per: hour", "count: quiet_hours", "count: calls"),
		}, ""},
		{linesLog(t), []*pack.Pack{
			parsePack(t, "searches.yaml", searchRules), windowsOf(t, "alpr.searches", "Search", "paths: [case]", "paths: [reason]"),
		}, ""},
		{bucketLog(t), []*pack.Pack{windowsOf(t, "s3.amazonaws.com", "ListObjects")}, "telemetry/otrf/AWS_S3_HoneyBucketLogs.csv"},
	}
}

// Protects: logs by mapping. A program that reads the rows by encoding/csv and
// encoding/json, and the mapping's words as they stand, counts the same of every input of the tests and of real
// logs, and rejects as much.
func TestSecondImplementationAgreesOnLogs(t *testing.T) {
	for _, x := range mappedLogs(t) {
		plain, inputs := newSecondLog(t, x.log.Pack.Bytes), map[string]string{}
		for i, sample := range plain.Tests {
			inputs[fmt.Sprintf("test %d of the mapping", i)] = sample.Text
		}
		accounts := []string{"Made-up PD", "bucket", "111122223333"}
		switch plain.Account.Column {
		case "Org_Name":
			for _, c := range badRows(t) {
				inputs[c.name] = c.text
			}
		case "/who/account":
			for _, c := range badLines() {
				inputs[c.name] = c.text
			}
		}
		if dir := os.Getenv("DULY_TESTDATA"); dir != "" && x.real != "" {
			text, err := os.ReadFile(filepath.Join(dir, x.real))
			if err != nil {
				t.Fatal(err)
			}
			inputs[x.real] = string(text)
			accounts = append(accounts, strings.Split(strings.Split(string(text), "\n")[1], ",")[1]) // one agency's, named in each row
		}
		for _, rules := range x.rules {
			m, other := bothOf(t, rules, usage.Deployment{ID: "one", Accounts: accounts}, usage.Deployment{ID: "two", Accounts: accounts[:1]})
			for _, name := range slices.Sorted(maps.Keys(inputs)) {
				compareSecond(t, m.By(x.log), other, rules.ID+", "+name, inputs[name], func(t testing.TB, text string) *secondReader { return plain.object(t, other, text) })
			}
		}
	}
}

// cells are what may stand in the columns of generated rows, as it is written.
var cells = map[string][]string{
	"ID":                      {"s-1", "s-2", "", `"s,3"`, strings.Repeat("x", 257)},
	"Org_Name":                {"Made-up PD", " Made-up PD ", "Other PD", ""},
	"Total_Networks_Searched": {"1", "60", "50", "many", "1e2", "01", "-3", " 70", "", "true"},
	"Time_Frame_Start":        {"", `"03/01/2025, 10:00:00 PM UTC"`, `"02/01/2025, 12:00:00 AM UTC"`, "soon"},
	"Reason": {
		"burglary", "burglary", "inv", "", "test", `"theft, ""R-17"""`, `5" barrel`, "\"over\ntwo lines\"", "immigration", "protest", " .. ", "a\x00b", "a\xffb", `"open`, `"x" y`, `""`,
	},
	"Search_Time": {
		`"03/05/2025, 12:30:00 AM UTC"`, `"03/05/2025, 12:30:00 PM UTC"`, `"03/05/2025, 12:31:00 PM UTC"`, `"03/04/2025, 05:00:00 AM UTC"`, `"03/05/2025, 01:00:00 PM UTC"`, `"03/06/2025, 11:59:59 PM UTC"`, `"03/31/2025, 06:00:00 AM UTC"`,
		`"02/29/2025, 06:00:00 AM UTC"`, `"03/05/2025, 13:00:00 AM UTC"`, `"3/5/2025, 06:00:00 AM UTC"`, "03/05/2025", "",
	},
	"Search_Type": {"lookup", "search", "sketch", "convoy", ""},
	"account":     {"111122223333", "Made-up PD", "4"},
	"sku":         {"face-search", "face-search", "face-search", "face-index", "gait", ""},
	"region":      {"us-east-1", ""},
	"day":         {"2026-11-03", "2026-11-03", "2026-11-04", "2026-12-01", "2026-11-31", "2026-1-1", ""},
	"calls":       {"0", "1", "2", "5", "23", "30", "-1", "1.5", "+7", "", "9999999999999"},
}

// Protects: the same for rows of anything in any column, and for rows that are cut off or
// run on.
func TestSecondImplementationAgreesOnAnyRows(t *testing.T) {
	headers := [][]string{strings.Split(strings.TrimSpace(auditHeader), ","), {"account", "sku", "region", "day", "calls"}}
	for i, x := range mappedLogs(t)[:len(headers)] {
		plain := newSecondLog(t, x.log.Pack.Bytes)
		row := rapid.Custom(func(r *rapid.T) string {
			var out []string
			for _, column := range headers[i] {
				of := cells[column]
				if of == nil {
					of = []string{""}
				}
				out = append(out, rapid.SampledFrom(of).Draw(r, column))
			}
			out = append(out, "more")[:len(out)+rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 0, -1, 1}).Draw(r, "fields")]
			return strings.Join(out, ",") + rapid.SampledFrom([]string{"\n", "\n", "\r\n", "\n\n"}).Draw(r, "end")
		})
		agreeOn(t, x, plain, strings.Join(headers[i], ",")+"\n", row)
	}
}

// agreeOn compares the two on files of any rows.
func agreeOn(t *testing.T, x mapped, plain *secondLog, header string, row *rapid.Generator[string]) {
	t.Helper()
	var total, rejected, found int64
	one := usage.Deployment{ID: "one", Accounts: []string{"Made-up PD", "111122223333"}}
	two := usage.Deployment{ID: "two", Accounts: []string{"Made-up PD"}, Subject: conditions.Subject{Capability: "plate_reader"}}
	for _, rules := range x.rules {
		m, other := bothOf(t, rules, one, two)
		m = m.By(x.log)
		rapid.Check(t, func(r *rapid.T) {
			other.forget()
			text := header + strings.Join(rapid.SliceOfN(row, 1, 60).Draw(r, "rows"), "")
			b, second := read(t, m, "a", text), plain.object(t, other, text)
			if b.Object.Read != second.read || b.Object.Rejected != second.rejected {
				r.Fatalf("read %d, rejected %d; the second says %d and %d of\n%s", b.Object.Read, b.Object.Rejected, second.read, second.rejected, text)
			}
			counts := added(t, m, b)
			if diff := other.differs(counts); diff != "" {
				r.Fatalf("%s\nof\n%s", diff, text)
			}
			total, rejected, found = total+second.read, rejected+second.rejected, found+deviations(counts)
		})
	}
	t.Logf("%d rows, %d rejected, %d deviations", total, rejected, found)
	if rejected == 0 || rejected == total || found == 0 {
		t.Error("the rows are all alike: this test shows nothing")
	}
}

// Protects: the same for objects with anything at any place.
func TestSecondImplementationAgreesOnAnyLines(t *testing.T) {
	places := [][]string{
		{`"at":1741134600`, `"at":1741221000`, `"at":"1741134600"`, `"at":1.5`, `"at":"soon"`, `"AT":1741134600`, `"at":null`},
		{`"id":"s"`, `"id":7`, `"id":["s"]`, `"at":1`, `"id":"\u0001"`, `"id":"\ud800"`},
		{`"who":{"account":"Made-up PD"}`, `"who":{"account":" Made-up PD"}`, `"who":{"account":{}}`, `"who":"Made-up PD"`, `"who":[{"account":"Made-up PD"}]`, `"who":{"a":1,"a":2}`},
		{`"why":"burglary"`, `"why":"test"`, `"why":""`, `"why":null`, `"why":7`, `"why":true`, `"why":"\u0074est"`, "\"why\":\"\xff\""},
		{`"n":1`, `"n":60`, `"n":"60"`, `"n":"many"`, `"n":1e2`, `"n":01`, `"n":null`, `"n":false`},
	}
	line := rapid.Custom(func(r *rapid.T) string {
		var out []string
		for i, of := range places {
			switch rapid.SampledFrom([]string{"any", "good", "good", "good", "good", "good", "good", "left out"}).Draw(r, "what") {
			case "any":
				out = append(out, rapid.SampledFrom(of).Draw(r, fmt.Sprint(i)))
			case "good":
				out = append(out, of[0])
			}
		}
		return "{" + strings.Join(out, ",") + rapid.SampledFrom([]string{"}\n", "}\n", "}\n", "}\n", "}\n", "}\r\n", "} \n\n", "\n", "}{}\n", ",}\n"}).Draw(r, "end")
	})
	x := mappedLogs(t)[2]
	agreeOn(t, x, newSecondLog(t, x.log.Pack.Bytes), "", line)
}
