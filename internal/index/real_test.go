package index_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/index"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// realFiles are the public files by the mapping that reads them.
var realFiles = map[string]string{
	"fh-ratings": "freedom_house_ratings_1972_2023.csv", "fh-scores": "freedom_house_fiw_subscores_2003on.csv",
	"v-dem": "vdem_core_indices_1990on.csv", "pts": "political_terror_scale_1976_2023.csv", "wgi-voice": "wgi_voice_and_accountability.csv",
	"rsf-2002": "rsf_press_freedom_2002_2021.csv", "rsf-2022": "rsf_press_freedom_2022_2025.csv",
	"cpi": "transparency_international_cpi.csv", "polity5": "polity5_1990on.csv",
}

// TestRealHistory protects what is known then, on the real files: a country's answer in
// a past year is that of the edition that was out. The statuses were looked up in the
// file by hand.
func TestRealHistory(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA does not name the public test data")
	}
	db := storetest.SQLite(t, rooms...)
	for id, file := range realFiles {
		data, err := os.ReadFile(filepath.Join(dir, "country", file))
		if err != nil {
			t.Fatal(err)
		}
		m := mapping(t, id)
		table, err := m.Read(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			before, _ := store.Head(ctx, db)
			s, err := index.Import(ctx, db, storetest.Actor, m, table, "2026-11-26", "2026-11-26")
			if err != nil {
				t.Fatal(err)
			}
			after, _ := store.Head(ctx, db)
			if s.Same > 0 && (s.New > 0 || after.Size != before.Size) {
				t.Errorf("%s: imported twice, it wrote %d entries", id, after.Size-before.Size)
			}
		}
	}
	for _, c := range []struct{ country, day, freedom string }{
		{"TUN", "2011-03-30", "not_free"}, // 2009: that of 2010 was not out
		{"TUN", "2012-03-30", "not_free"}, // 2010, though 2011 changed all
		{"TUN", "2012-03-31", "partly_free"},
		{"TUN", "2015-04-01", "free"},
		{"TUN", "2022-03-30", "free"}, // 2020
		{"TUN", "2022-03-31", "partly_free"},
		{"RUS", "2005-03-30", "partly_free"}, // 2003
		{"RUS", "2005-03-31", "not_free"},
		{"RUS", "1980-06-01", ""}, // the Soviet Union was rated, and is another country
		{"SUN", "1980-06-01", "not_free"},
		{"NAM", "2024-06-01", "free"},
		{"CHL", "1972-06-01", ""},
	} {
		book, err := index.ReadBook(ctx, db, c.day)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, x := range book.Answers(c.country) {
			if x.Fact == "country.freedom" {
				got = x.Answer
			}
		}
		if got != c.freedom {
			t.Errorf("%s on %s: %q, want %q", c.country, c.day, got, c.freedom)
		}
	}
	compared(t, db)
}

// compared tells how often our thresholds agree with the publisher's own classes, and
// that they are never cited in place of them.
func compared(t *testing.T, db *store.DB) {
	book, err := index.ReadBook(ctx, db, "2026-11-26")
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"free", "partly_free", "not_free"}
	same, near, far, countries := map[string]int{}, map[string]int{}, map[string]int{}, 0
	for i := range book.Editions {
		e := &book.Editions[i]
		if e.Mapping.Pack.ID != "fh-scores" {
			continue
		}
		for _, code := range strings.Fields("CHL NAM USA DEU") {
			if _, ok := e.Of(code); !ok {
				t.Errorf("%s is not rated", code)
			}
		}
		countries = e.Countries
	}
	seen := 0
	for _, code := range index.Rated(book) {
		for _, x := range book.Answers(code) {
			if x.Fact != "country.freedom" || x.By != "publisher" {
				continue
			}
			seen++
			for _, o := range x.Others {
				switch d := slices.Index(order, o.Answer) - slices.Index(order, x.Answer); {
				case d == 0:
					same[o.Edition.Index]++
				case d == 1 || d == -1:
					near[o.Edition.Index]++
				default:
					far[o.Edition.Index]++
				}
			}
		}
	}
	if seen != countries {
		t.Errorf("of %d countries that the publisher classes, %d have its class", countries, seen)
	}
	t.Logf("beside the publisher's class of %d countries: the same %v, one step off %v, two steps off %v", seen, same, near, far)
}
