package index_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/pack"
	"duly/packs"
)

// mapping gives a mapping that ships.
func mapping(t testing.TB, id string) *index.Mapping {
	t.Helper()
	data, err := packs.Files.ReadFile("indices/" + id + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(data))
}

func parsed(t testing.TB, text string) *index.Mapping {
	t.Helper()
	p, err := pack.Parse("mapping.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestShippedMappings protects what ships: every mapping loads and its tests hold.
func TestShippedMappings(t *testing.T) {
	entries, err := packs.Files.ReadDir("indices")
	if err != nil || len(entries) == 0 {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, r := range index.RunTests(mapping(t, strings.TrimSuffix(e.Name(), ".yaml")).Pack) {
			if !r.OK {
				t.Errorf("%s, line %d: %s: %s", e.Name(), r.Line, r.Name, r.Detail)
			}
		}
	}
}

const small = `id: small
kind: index
version: "1"
title: Small
status: project
index: small
publisher: Nobody
grade: ngo
terms: none
measures: Nothing.
country: [{column: c, scheme: iso3}]
year: {column: y}
values: [{id: v, title: V, column: v, scale: ["0", "10"], better: high, decimals: 1}]
published: [{plus: 1, day: "03-01", grade: unverified}]
answers:
  - {fact: country.freedom, by: project, values: [v], steps: [{answer: free, from: "7"}, {answer: partly_free, from: "4"}, {answer: not_free}], why: so}
tests: [{name: one, file: "c,y,v\nCHL,2020,5", readings: ["2020 CHL line 2; v=5.0"], answers: {country.freedom: partly_free}}]
`

// TestMappingFaults protects whoever writes a mapping: what cannot work is refused
// when it is loaded, with its place.
func TestMappingFaults(t *testing.T) {
	parsed(t, small)
	for _, c := range []struct{ old, repl, want string }{
		{"scheme: iso3", "scheme: fifa", `mapping.yaml:11:31: "country[0].scheme": "fifa" is not a kind of country code`},
		{"scheme: iso3", `scheme: iso3, words: {x: ZZZ}`, `"ZZZ" is not a country`},
		{", scheme: iso3", "", "needs a scheme or words"},
		{"year: {column: y}", "year: {}", "the year stands in a column or in the header"},
		{"year: {column: y}", "year: {column: y, words: {a: b}}", `"b" is not a year`},
		{`["0", "10"]`, `["10", "0"]`, "a scale is the lowest and the highest number"},
		{"better: high", "better: more", "say whether high or low is better"},
		{"decimals: 1", "decimals: 9", "0 to 6 decimals"},
		{"decimals: 1", "error: e", "a standard error needs times"},
		{"id: v,", "id: V,", `"V" cannot be the id of a value`},
		{"column: v,", "", "a value needs a column"},
		{`plus: 1, day: "03-01"`, `plus: 1, day: "02-29"`, "this is not a day"},
		{`plus: 1, day: "03-01"`, `year: 2020`, "say year and on"},
		{"grade: ngo", "grade: gossip", `"gossip" is not a grade of a source`},
		{"by: project", "by: them", "publisher or project"},
		{"values: [v]", "values: [w]", `there is no value "w"`},
		{`from: "4"`, `from: "8"`, "bounds go from the best to the worst"},
		{`from: "4"`, `from: "7"`, "bounds go from the best to the worst"},
		{`from: "7"`, `from: "70"`, "lie on the scale"},
		{"{answer: not_free}", `{answer: not_free, from: "0"}`, "the last has none"},
		{"{answer: not_free}", `{answer: not_free, classes: [v]}`, "use from"},
		{"index: small", "index: Small Index", "cannot be the id of an index"},
		{"year: {column: y}", "year: {column: y}\nfile: {encoding: ebcdic}", "is not an encoding"},
		{"year: {column: y}", "year: {column: y}\nfile: {delimiter: \"::\"}", "a delimiter is one character"},
		{"kind: index", "kind: triage", "this is a pack of kind triage"},
	} {
		text := strings.Replace(small, c.old, c.repl, 1)
		if text == small {
			t.Fatalf("%q is not in the mapping", c.old)
		}
		p, err := pack.Parse("mapping.yaml", []byte(text))
		if err == nil {
			_, err = index.Load(p)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "mapping.yaml:") {
			t.Errorf("%s -> %s: %v, want %q", c.old, c.repl, err, c.want)
		}
	}
}

// TestClassesNeedAnswers protects against a class that falls through.
func TestClassesNeedAnswers(t *testing.T) {
	classes := strings.Replace(small, `scale: ["0", "10"], better: high, decimals: 1}`, `words: [{is: A, kept: a}, {is: B, kept: b}]}`, 1)
	for steps, want := range map[string]string{
		`[{answer: free, classes: [a]}]`:                                      `the class "b" has no answer`,
		`[{answer: free, classes: [a, b]}, {answer: not_free, classes: [b]}]`: "has an answer already",
		`[{answer: free, classes: [a, b, c]}]`:                                `"c" is no class`,
		`[{answer: free, classes: [a, b], from: "1"}]`:                        "a class has no bound",
	} {
		text := strings.Replace(classes, `[{answer: free, from: "7"}, {answer: partly_free, from: "4"}, {answer: not_free}]`, steps, 1)
		p, err := pack.Parse("mapping.yaml", []byte(text))
		if err == nil {
			_, err = index.Load(p)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", steps, err, want)
		}
	}
}

// edition writes rows of 30 countries in one year, each with the value of its place.
func edition(year int, value func(i int) string) string {
	var b strings.Builder
	for i, c := range strings.Fields("ARG AUS AUT BEL BOL BRA CAN CHE CHL CHN COL CRI CZE DEU DNK DOM ECU EGY ESP EST FIN FRA GBR GHA GRC GTM HND HRV HUN IDN") {
		fmt.Fprintf(&b, "%s,%d,%s\n", c, year, value(i))
	}
	return b.String()
}

// TestScaleThatChanged protects against the worst mistake: numbers of another scale
// that are read as if nothing had happened.
func TestScaleThatChanged(t *testing.T) {
	tenths := func(i int) string { return fmt.Sprintf("%d.%d", i/4, i%4) }
	hundreds := func(i int) string { return fmt.Sprint(10*(i/4) + i%4 + 12) }
	shrunk := func(i int) string { return fmt.Sprintf("0.%d", i/4) }
	head := "c,y,v\n"
	for _, c := range []struct {
		name, text, file, want string
	}{
		{"steady", small, head + edition(2019, tenths) + edition(2020, tenths), ""},
		{"off the scale", small, head + edition(2019, tenths) + edition(2020, hundreds), `f.csv:1: "v": the scale of v changed in 2020: 30 of 30 values lie off the scale from 0 to 10`},
		{"a tenth of it", small, head + edition(2019, tenths) + edition(2020, shrunk), `f.csv:32: "v": the scale of v changed in 2020: the largest value is 0.7, and in 2019 it was 7.1`},
		{"a break that is known", strings.Replace(small, "year: {column: y}", "year: {column: y}\nbreaks: [{year: 2020, why: another scale}]", 1), head + edition(2019, tenths) + edition(2020, shrunk), ""},
		{"few values tell nothing", small, head + edition(2019, tenths) + "CHL,2020,0.1\n", ""},
	} {
		_, err := parsed(t, c.text).Read("f.csv", []byte(c.file))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestFilesThatAreNone protects the person who names a wrong file.
func TestFilesThatAreNone(t *testing.T) {
	m := mapping(t, "fh-ratings")
	for text, want := range map[string]string{
		"":                          "f.csv:1: the file is empty",
		"\"year\"\"":                "f.csv:1: the header cannot be read",
		"a,b\n1,2\n":                `f.csv:1: "year": the file has no column "year"; it has: a, b; use the mapping`,
		"year,country,iso3c,status": `f.csv:1: "political_rights": the file has no column`,
	} {
		if _, err := m.Read("f.csv", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := mapping(t, "cpi").Read("f.csv", []byte("country,score\nChile,1\n")); err == nil || !strings.Contains(err.Error(), "no column of the header is a year") {
		t.Errorf("a long file by a mapping of wide ones: %v", err)
	}
}

// TestRowsThatAreBroken protects the rows around a broken one.
func TestRowsThatAreBroken(t *testing.T) {
	table, err := parsed(t, small).Read("f.csv", []byte("\xef\xbb\xbfc,y,v\r\nCHL,2020,5\r\nPER,2020\r\n\"BO\"L,2020,5\r\nCOL,2020,\xff5\r\nARG,20x0,5\r\nURY,2020,1e400\r\nMEX, 2020 ,6\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"f.csv:3: the row has 2 fields and the header has 3",
		"f.csv:4: a quote is not closed, or text follows a closing quote",
		"f.csv:5: the text is not UTF-8; let the mapping say its encoding",
		`f.csv:6: "y": "20x0" is not a year`,
		`f.csv:7: "v": "1e400" is not a number`,
	}
	var got []string
	for _, r := range table.Rejects {
		got = append(got, r.String())
	}
	if !slices.Equal(got, want) || table.Readings() != 2 || table.Rows != 7 {
		t.Errorf("%d rows, %d readings, rejects %q", table.Rows, table.Readings(), got)
	}
}

// TestRealIndices protects the reading of the files as they are published: how many
// readings and rejects, and each of their traps by name.
func TestRealIndices(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA does not name the public test data")
	}
	for _, f := range []struct {
		mapping                                  string
		rows, readings, blank, rejects, editions int
		first, last                              int
		holds                                    []string // "2023 CHL ..." without the line
		lacks                                    []string // "2024 XYZ"
		reasons                                  map[string]int
	}{
		{
			"fh-ratings", 9238, 9234, 0, 4, 51, 1972, 2023,
			[]string{
				"2023 NAM; political_rights=2; civil_liberties=2; status=free", // NA in iso2c
				"1980 DDR; political_rights=7; civil_liberties=7; status=not_free",
				"1980 DEU; political_rights=1; civil_liberties=2; status=free",
				"1985 SUN; political_rights=7; civil_liberties=7; status=not_free",
			},
			[]string{"1980 RUS"},
			map[string]int{`the mapping knows no country for "Vietnam, S."`: 4},
		},
		{
			"fh-scores", 2723, 2565, 0, 158, 13, 2012, 2024,
			[]string{"2024 CHL; political_rights=1; civil_liberties=1; status=free"},
			[]string{"2024 XKO"},
			map[string]int{`"396" is not a country`: 13, `"Gaza Strip" is not a country`: 13, `"711" is not a country`: 13},
		},
		{
			"v-dem", 6204, 6081, 1, 122, 35, 1990, 2024,
			[]string{"1990 MEX; polyarchy=0.389; libdem=0.188; partipdem=0.221; delibdem=0.268; egaldem=0.187"},
			[]string{"2024 PSE"},
			map[string]int{`"SML" is not a country`: 34, `"ZZB" is not a country`: 35, `the mapping knows no country for "Palestine/West Bank"`: 35, `the mapping knows no country for "Palestine/Gaza"`: 18},
		},
		{
			"pts", 10220, 8609, 1543, 68, 48, 1976, 2023,
			[]string{
				"2023 CHL; amnesty=2; hrw=1; state=2",
				`2023 AND; amnesty unknown: status "88" beside the value "1"; hrw unknown: not rated; state=1`,
				"1976 AFG; amnesty=2; hrw unknown: not rated; state=2",
			},
			[]string{"2006 SRB", "1991 YUG"},
			map[string]int{`"NA" is not a country`: 63},
		},
		{
			"wgi-voice", 5350, 5177, 170, 3, 25, 1996, 2023,
			[]string{
				"2023 NAM; estimate=0.584 (0.388 to 0.780); percentile=66.2",
				"2023 ROU; estimate=0.503 (0.330 to 0.676); percentile=62.3", // ROM
				"1996 AFG; estimate=-1.909 (-2.338 to -1.480); percentile=1.0",
			},
			nil,
			map[string]int{`"ANT" is a country that ended in 2010`: 3},
		},
		{
			"rsf-2002", 3300, 3255, 0, 45, 19, 2002, 2021,
			[]string{
				"2002 FIN; violations=0.50", "2009 IRN; violations=104.14", "2013 FIN; score=93.62", "2021 ERI; score=18.55",
				"2008 ISL; violations unknown: the file lost the decimal point and it cannot be told where it stood",
				"2012 TKM; violations unknown: the file lost the decimal point and it cannot be told where it stood",
			},
			nil,
			map[string]int{`the mapping knows no country for "Cyprus North"`: 17},
		},
		{
			"rsf-2022", 720, 683, 0, 37, 4, 2022, 2025,
			[]string{"2025 ERI; score=11.32", "2024 DNK; score=89.60", "2022 GHA; score=67.43", "2025 XKX; score=52.73", "2022 XKX; score=67.00"},
			[]string{"2025 TUR", "2025 CIV", "2025 USA"},
			map[string]int{"a quote is not closed, or text follows a closing quote": 30},
		},
		{
			"cpi", 5796, 3164, 2630, 2, 23, 1995, 2017,
			[]string{"2005 AFG; score=2.500", "2011 ALB; score=3.053", "2012 AFG; score=0.800"},
			[]string{"2006 AFG", "1995 ALB"}, // 0.0
			map[string]int{`the mapping knows no country for "GLOBAL AVARAGE"`: 1},
		},
		{
			"polity5", 4761, 4752, 0, 9, 31, 1990, 2020,
			[]string{"1990 AFG; polity=-8", "1992 AFG; polity unknown: authority has collapsed"},
			[]string{"2006 SRB", "2011 SDN"},
			map[string]int{"a second row about SRB in 2006, with line 4672": 1},
		},
	} {
		t.Run(f.mapping, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, "country", realFiles[f.mapping]))
			if err != nil {
				t.Fatal(err)
			}
			table, err := mapping(t, f.mapping).Read(realFiles[f.mapping], data)
			if err != nil {
				t.Fatal(err)
			}
			n := len(table.Editions)
			got := []int{table.Rows, table.Readings(), table.Blank, len(table.Rejects), n, table.Editions[0].Year, table.Editions[n-1].Year}
			if want := []int{f.rows, f.readings, f.blank, f.rejects, f.editions, f.first, f.last}; !slices.Equal(got, want) {
				t.Errorf("rows, readings, blank, rejects, editions, first and last year: %v, want %v", got, want)
			}
			if len(table.Missing) > 0 {
				t.Errorf("years without an edition: %v", table.Missing)
			}
			if sum := table.Readings() + table.Blank + len(table.Rejects); sum != table.Rows {
				t.Errorf("%d of %d rows have an outcome", sum, table.Rows)
			}
			said := index.ReadingsOf(mapping(t, f.mapping), table)
			for _, want := range f.holds {
				if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, want) }) {
					key := want[:8]
					i := slices.IndexFunc(said, func(s string) bool { return strings.HasPrefix(s, key) })
					if i < 0 {
						t.Errorf("there is no %s", key)
						continue
					}
					t.Errorf("%s, want %s", said[i], want)
				}
			}
			for _, key := range f.lacks {
				if i := slices.IndexFunc(said, func(s string) bool { return strings.HasPrefix(s, key) }); i >= 0 {
					t.Errorf("there is %s", said[i])
				}
			}
			reasons := map[string]int{}
			for _, r := range table.Rejects {
				reasons[r.Reason]++
			}
			for reason, want := range f.reasons {
				if reasons[reason] != want {
					t.Errorf("rejected for %q: %d, want %d", reason, reasons[reason], want)
				}
			}
		})
	}
}
