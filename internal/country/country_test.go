package country_test

import (
	"strings"
	"testing"

	"duly/internal/country"
)

// A wrong code must never give some other country, and the traps of real files
// must give the right one.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		scheme, code string
		year         int
		want         string
	}{
		{"iso2", "NA", 2024, "NAM"}, // not "not available"
		{"iso3", "NAM", 1990, "NAM"},
		{"numeric", "004", 0, "AFG"},
		{"numeric", "4", 0, "AFG"},
		{"worldbank", "ADO", 2020, "AND"},
		{"worldbank", "KSV", 2020, "XKX"},
		{"worldbank", "ROM", 2020, "ROU"},
		{"worldbank", "TMP", 2020, "TLS"},
		{"worldbank", "WBG", 2020, "PSE"},
		{"worldbank", "ZAR", 2020, "COD"},
		{"worldbank", "ANT", 2009, "ANT"},
		{"worldbank", "ANT", 2011, `"ANT" is a country that ended in 2010`},
		{"iso3", "ROM", 2020, `"ROM" is not a country`},
		{"iso3", "XKO", 2020, `"XKO" is not a country`},
		{"iso3", "CTU", 2020, `"CTU" is not a country`},
		{"iso3", "", 2020, `"" is not a country`},
		{"iso2", "", 0, `"" is not a country`},
		{"cow", "345", 1990, "YUG"},
		{"cow", "345", 2004, "SCG"},
		{"cow", "345", 2006, "SRB"},
		{"cow", "345", 2020, "SRB"},
		{"cow", "345", 0, "SRB"},
		{"cow", "260", 1980, "DEU"},
		{"cow", "265", 1980, "DDR"},
		{"cow", "265", 1999, `"265" is a country that ended in 1990`},
		{"cow", "365", 1985, "SUN"},
		{"cow", "365", 2000, "RUS"},
		{"gw", "340", 2020, "SRB"},
		{"gw", "678", 2020, "YEM"},
		{"gw", "396", 2024, `"396" is not a country`},
		{"name", "Côte d'Ivoire", 2020, "CIV"},
		{"name", "the Netherlands", 2020, "NLD"},
		{"name", "Trinidad & Tobago", 2020, "TTO"},
		{"name", "Congo", 2020, "COG"},
		{"name", "Somaliland", 2020, `"Somaliland" is not a country`},
		{"name", "", 2020, `"" is not a country`},
		{"fifa", "GER", 2020, `"fifa" is not a kind of country code`},
	} {
		got, err := country.Find(c.scheme, c.code, c.year)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), c.want):
			t.Errorf("%s %q in %d: %v, want %s", c.scheme, c.code, c.year, err, c.want)
		case err == nil && got.Alpha3 != c.want:
			t.Errorf("%s %q in %d: %s, want %s", c.scheme, c.code, c.year, got.Alpha3, c.want)
		}
	}
}

// A jurisdiction of the register must lead to its country or to none.
func TestOf(t *testing.T) {
	for jurisdiction, want := range map[string]string{
		"US": "USA", "us-ca": "USA", "GB-ENG": "GBR", "DEU": "DEU", "NA": "NAM", "XK": "XKX",
		"": "", "unknown": "", "U": "", "YU": "", "CS": "", "XX": "", "-CA": "",
	} {
		if got, _ := country.Of(jurisdiction); got.Alpha3 != want && (want != "" || jurisdiction == "XX") {
			t.Errorf("%q: %q, want %q", jurisdiction, got.Alpha3, want)
		}
		if _, ok := country.Of(jurisdiction); ok != (want != "") {
			t.Errorf("%q is a country: %v", jurisdiction, ok)
		}
	}
}
