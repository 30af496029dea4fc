package watchlist

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestGradeBirth protects how dates of birth are told apart: one slip is none, a
// contradiction is one.
func TestGradeBirth(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want Grade
	}{
		{"1970-03-12", "1970-03-12", Exact}, {"1970", "1970-03-12", SameYear}, {"1970-03", "1970-03-12", SameMonth},
		{"1970-03-12", "1970-12-03", Swapped}, {"1970-03-12", "1970-03-15", OneDigit}, {"1970-03-12", "1976-03-12", OneDigit},
		{"1970", "1971", NextYear}, {"1961-05-05", "1960/1962", InRange}, {"1960/1962", "1961", InRange},
		{"1970", "1973", Differs}, {"1965", "1960/1962", Differs}, {"1970-03-12", "1984-11-29", Contradicts}, {"1970", "1984", Contradicts},
	} {
		if got := gradeBirth(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
	if got := parseDate("circa 1970"); gradeBirth("1970", got) != SameYear {
		t.Errorf("circa 1970 is read as %q", got)
	}
}

// TestCheckDigits protects the checks of identifiers with values that were made
// by the rules of each, and with one character changed.
func TestCheckDigits(t *testing.T) {
	for _, c := range []struct{ called, value, of string }{
		{"LEI", "7ZZZ00ZZ000000000Z58", ""}, {"IMO", "IMO 9074729", "IMO"}, {"ISIN", "US0378331005", "ISIN"}, {"", "US0378331005", "ISIN"},
		{"IBAN", "GB82 WEST 1234 5698 7654 32", "IBAN"}, {"", "GB82WEST12345698765432", "IBAN"}, {"INN", "7830002293", "INN"},
		{"Registration: OGRN", "1027700132195", "OGRN"}, {"CPF", "529.982.247-25", "CPF"}, {"CNPJ", "11.222.333/0001-81", "CNPJ"},
		{"Chinese Resident No.", "11010519491231002X", "CN resident"}, {"Unified Social Credit Code", "91350100M000100Y43", "USCC"},
	} {
		got := newTyped(c.called, c.value)
		if c.of == "" {
			if got.of == nil || !got.bad {
				t.Errorf("%s is taken for right", c.value)
			}
			continue
		}
		if got.of == nil || got.of.name != c.of || got.bad {
			t.Errorf("%s %s: %+v", c.called, c.value, got)
			continue
		}
		at := strings.LastIndexAny(got.key, "0123456789")
		wrong := []byte(got.key)
		wrong[at] = '0' + (wrong[at]-'0'+1)%10
		if bad := newTyped(c.called, string(wrong)); c.called != "" && !bad.bad {
			t.Errorf("%s %s is taken for right", c.called, wrong)
		}
	}
	lei := "549300ABCDEFGHIJ12"
	for n := range 100 {
		if checkLEI(fmt.Sprintf("%s%02d", lei, n)) != (n == 98-mod97(lei+"00")) {
			t.Errorf("LEI %s%02d", lei, n)
		}
	}
}

// TestIdentifierFindsAnotherName protects that a passport finds its holder under a
// false name, whatever its spelling, and that two types are told apart.
func TestIdentifierFindsAnotherName(t *testing.T) {
	l := crowd(100)
	ada := person("7", "PENNYWORTH, Ada")
	ada.Identifiers = []Identifier{{"Passport", "B 765-4321", "IR"}, {"Tax ID No.", "99887766", ""}}
	ship := Entity{SourceID: "8", Kind: 3, Name: "QUIBBLE STAR", Identifiers: []Identifier{{"Vessel Registration Identification", "IMO 9074729", ""}}}
	l.Entities = append(l.Entities, ada, ship)
	x := NewIndex(l)
	for _, c := range []struct {
		number, id string
		grade      Grade
	}{
		{"b7654321", "7", Exact}, {"passport: B7654321", "7", Exact}, {"INN: 99887766", "7", OtherType}, {"IMO: 9074729", "8", ""}, {"IMO9074729", "8", Exact},
	} {
		hits := x.Search(Query{Name: "Boris Otherman", Identifiers: []string{c.number}}, 10)
		if c.grade == "" {
			continue
		}
		if len(hits) != 1 || hits[0].Entity.SourceID != c.id || !hits[0].Alert || hits[0].Evidence[0].Grade != c.grade {
			t.Errorf("%s: %+v", c.number, hits)
		}
	}
}

// TestEvidenceAddsUp is the law that the score of a hit is the score of its name
// with the effects of its evidence, that contradictions lower it within bounds,
// and that both outputs stay between 0 and 1.
func TestEvidenceAddsUp(t *testing.T) {
	x := NewIndex(lawList())
	rapid.Check(t, func(t *rapid.T) {
		q := Query{
			Name:        x.parts[0].text(rapid.IntRange(0, 500).Draw(t, "name")),
			BirthDates:  rapid.SliceOfN(rapid.SampledFrom([]string{"1931-02-02", "1950", "1960-03-03", "1899", "x"}), 0, 2).Draw(t, "births"),
			Countries:   rapid.SliceOfN(rapid.SampledFrom([]string{"FR", "IR", "Atlantis", "undetermined"}), 0, 2).Draw(t, "countries"),
			Identifiers: rapid.SliceOfN(rapid.SampledFrom([]string{"P0007919", "P0015838", "LEI: 1", ""}), 0, 2).Draw(t, "numbers"),
			Addresses:   rapid.SliceOfN(rapid.SampledFrom([]string{"7 Quiverly Lane Nowheretown", "Elsewhere", ""}), 0, 1).Draw(t, "addresses"),
			Gender:      rapid.SampledFrom([]string{"", "male", "female", "unknown"}).Draw(t, "gender"),
		}
		for _, h := range x.Search(q, 50) {
			sum := h.Match.Score
			for _, e := range h.Evidence {
				sum += e.Effect
			}
			if math.Abs(sum-h.Score) > 1e-9 || h.Score < h.Match.Score*lowest-1e-9 || h.Score > 1 || h.Probability < 0 || h.Probability > 1 {
				t.Fatalf("%+v", h)
			}
		}
	})
}

// TestHitExplainsItself protects what an analyst reads, and its JSON.
func TestHitExplainsItself(t *testing.T) {
	ada := person("7", "PENNYWORTH, Ada", "THE PENNY")
	ada.BirthDates, ada.Countries, ada.Remarks = []string{"1960-01-02"}, []string{"IR"}, "Gender Female."
	x := NewIndex(&List{Entities: []Entity{ada}})
	hits := x.Search(Query{Name: "Ada Pennyworth", BirthDates: []string{"1960-02-01"}, Countries: []string{"France"}, Gender: "f"}, 1)
	if len(hits) != 1 {
		t.Fatal(hits)
	}
	for _, want := range []string{`"ada" is equal`, "Birth nearly agrees (day, month swapped): 1960-02-01 was asked, 1960-01-02 is listed.", "Country contradicts: FR was asked, IR is listed.", "Gender agrees: female."} {
		if !strings.Contains(hits[0].Sentence(), want) {
			t.Errorf("%q lacks %q", hits[0].Sentence(), want)
		}
	}
	text, err := json.Marshal(hits[0].Evidence)
	if err != nil || !strings.Contains(string(text), `{"kind":"birth","asked":"1960-02-01","listed":"1960-01-02","grade":"day, month swapped","effect":0.`) {
		t.Errorf("%s %v", text, err)
	}
}

// TestFlags protects that a query that could not be used is never silently
// without a match, and that bad input takes bounded time.
func TestFlags(t *testing.T) {
	l := crowd(50)
	l.Entities = append(l.Entities, person("7", "PENNYWORTH, Ada"), person("8", strings.Repeat("wordy ", 400)))
	x := NewIndex(l)
	for _, c := range []struct {
		protects string
		q        Query
		flag     string
		hits     bool
	}{
		{"nothing asked", Query{}, string(NothingAsked), false},
		{"blank", Query{Name: " \t "}, string(NothingAsked), false},
		{"emoji", Query{Name: "😀🚀"}, string(NothingToRead), false},
		{"signs", Query{Name: "--- ***"}, string(NothingToRead), false},
		{"zero width", Query{Name: "A\u200bda Penny\u200dworth"}, string(HiddenLetters), true},
		{"no UTF-8", Query{Name: "Ada \xff Pennyworth"}, string(NotText), true},
		{"look-alike letters", Query{Name: "Ada Pennywоrth"}, string(MixedScripts), true},
		{"too long", Query{Name: "Ada Pennyworth " + strings.Repeat("kelmin ", 300)}, "cut off after 32 words", false},
		{"letters without end", Query{Name: strings.Repeat("x", 1<<20)}, "cut off after 1 words", false},
		{"date", Query{Name: "Ada Pennyworth", BirthDates: []string{"soon"}}, `"soon" could not be read`, true},
		{"short number", Query{Name: "Ada Pennyworth", Identifiers: []string{"12"}}, "too short", true},
		{"check digits", Query{Name: "Ada Pennyworth", Identifiers: []string{"IMO: 9074720"}}, "check digits of the IMO", true},
		{"nothing to flag", Query{Name: "Ada Pennyworth"}, "", true},
	} {
		a := x.Ask(c.q, 10)
		found := slices.ContainsFunc(a.Flags, func(f Flag) bool { return strings.Contains(string(f), c.flag) })
		if c.flag == "" && len(a.Flags) > 0 || c.flag != "" && !found {
			t.Errorf("%s: flags %q", c.protects, a.Flags)
		}
		if alert := len(a.Hits) > 0 && a.Hits[0].Alert; alert != c.hits {
			t.Errorf("%s: hits %+v", c.protects, a.Hits)
		}
	}
}

// FuzzAsk holds that no query takes the index down.
func FuzzAsk(f *testing.F) {
	x := NewIndex(lawList())
	f.Add("Ada Pennyworth", "1960-01-02", "LEI: 5493", "12 Lane", "male")
	f.Add("\xff\u200b😀", "0000-00-00/1", ":", "", "Gender ")
	f.Fuzz(func(t *testing.T, name, birth, number, address, gender string) {
		for _, h := range x.Search(Query{name, 0, nil, []string{birth}, []string{number}, []string{address}, gender}, 5) {
			if h.Score < 0 || h.Score > 1 || math.IsNaN(h.Score) {
				t.Fatalf("%+v", h)
			}
		}
	})
}
