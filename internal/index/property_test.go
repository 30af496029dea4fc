package index_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/pack"
)

func loadFault(text string) error {
	p, err := pack.Parse("mapping.yaml", []byte(text))
	if err == nil {
		_, err = index.Load(p)
	}
	return err
}

// TestReadingsComeBack protects the log: what is written of a reading is what is read.
func TestReadingsComeBack(t *testing.T) {
	wgi, pts := mapping(t, "wgi-voice"), mapping(t, "pts")
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Int64Range(-4000, 4000)
		n := number.Draw(t, "n")
		wide := rapid.Int64Range(0, 999).Draw(t, "wide")
		r := index.Reading{Key: "CHL", Line: rapid.IntRange(1, 1<<40).Draw(t, "line"), Cells: []index.Cell{{Value: "estimate", Number: n, Low: n - wide, Top: n + wide}}}
		if rapid.Bool().Draw(t, "unknown") {
			r.Cells = append(r.Cells, index.Cell{Value: "percentile", Unknown: rapid.SampledFrom([]string{"not rated", `status "88" beside the value "3"`}).Draw(t, "why")})
		}
		if err := index.ComesBack(wgi, r); err != nil {
			t.Fatal(err)
		}
		if err := index.ComesBack(pts, index.Reading{Key: "DDR", Line: 1, Cells: []index.Cell{{Value: "amnesty", Number: 3, Low: 3, Top: 3}}}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestWorseValueNeverAnswersBetter protects the direction of scales.
func TestWorseValueNeverAnswersBetter(t *testing.T) {
	vdem, scores, terror := mapping(t, "v-dem"), mapping(t, "fh-scores"), mapping(t, "pts")
	order := map[string]int{"free": 0, "partly_free": 1, "not_free": 2, "strong": 0, "moderate": 1, "weak": 2}
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []struct {
			m     *index.Mapping
			value string
			from  int64
			to    int64
			sign  int64
		}{{vdem, "polyarchy", 0, 1000, 1}, {scores, "rule_of_law", 0, 16, 1}, {terror, "state", 1, 5, -1}} {
			a := rapid.Int64Range(c.from, c.to).Draw(t, "a")
			b := rapid.Int64Range(c.from, c.to).Draw(t, "b")
			better, worse := max(a, b), min(a, b)
			if c.sign < 0 {
				better, worse = worse, better
			}
			x, y := index.AnswerOf(c.m, c.value, better), index.AnswerOf(c.m, c.value, worse)
			if order[x] > order[y] {
				t.Fatalf("%s: %d answers %s and %d answers %s", c.value, better, x, worse, y)
			}
		}
	})
}

// variants are mappings with all that a mapping may say of a file.
var variants = []string{
	small,
	strings.Replace(small, "year: {column: y}", "year: {header: true}", 1),
	strings.Replace(small, `decimals: 1}`, `decimals: 1, point_after: 2, rank: r}`, 1),
	strings.Replace(small, `decimals: 1}`, `decimals: 1, decimal_comma: true, error: e, times: "1.64", codes: {"-9": gone}}`, 1),
	strings.Replace(small, `decimals: 1}`, `decimals: 1, status: {column: s, given: "0"}, unusable: [{year: 2021, why: spoilt}]}`, 1),
	strings.Replace(small, "country: [{column: c, scheme: iso3}]", "file: {encoding: windows-1252}\ncountry: [{column: c, scheme: name}]", 1),
}

// FuzzMapping protects against mappings that nobody meant: they are refused with their
// place, or they read.
func FuzzMapping(f *testing.F) {
	for _, text := range variants {
		f.Add(strings.Replace(text, "column: v, ", "", 1), "c,2020,2021\nCHL,1,2\n")
		f.Add(text, "c,y,v,r,e,s\nCHL,2020,5,1,0.5,0\nPER,2020,,,,\nCHL,2021,50,2,1,88\n")
	}
	f.Fuzz(func(t *testing.T, mapping, file string) {
		p, err := pack.Parse("m.yaml", []byte(mapping))
		if err != nil {
			return
		}
		m, err := index.Load(p)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("a mapping fails otherwise than by being wrong: %v", err)
			}
			return
		}
		index.RunTests(p)
		holds(t, m, file)
	})
}

// FuzzRead protects against files that nobody meant: no panic, every row has an
// outcome, and what is kept can be read back.
func FuzzRead(f *testing.F) {
	var mappings []*index.Mapping
	for i, text := range variants {
		if i == 1 { // the years stand in the header
			text = strings.Replace(text, "column: v, ", "", 1)
		}
		mappings = append(mappings, parsed(f, text))
	}
	for i := range mappings {
		f.Add(uint8(i), "c,y,v,r,e,s\nCHL,2020,5,1,0.5,0\nPER,2020,,,,\nCHL,2021,50,2,1,88\n")
		f.Add(uint8(i), "c,2020,2021,y,v,r,e,s\n\"CHL,2020,5\nC\xf4te d\xb4Ivoire,511,1,2020,\"0,5\",2,1e-1,0\n")
	}
	f.Fuzz(func(t *testing.T, which uint8, file string) {
		holds(t, mappings[int(which)%len(mappings)], file)
	})
}

func holds(t *testing.T, m *index.Mapping, file string) {
	table, err := m.Read("f.csv", []byte(file))
	if err != nil {
		if fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("a file fails otherwise than by being wrong: %v", err)
		}
		return
	}
	if sum := table.Readings() + table.Blank + len(table.Rejects); sum != table.Rows {
		t.Fatalf("%d of %d rows have an outcome", sum, table.Rows)
	}
	for _, e := range table.Editions {
		for _, r := range e.Readings {
			if err := index.ComesBack(m, r); err != nil {
				t.Fatal(err)
			}
		}
	}
}
