package intake

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCents(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "0.0": "0", "-0.00": "0", "110367609.0": "11036760900", "-1.5": "-150", "+2.05": "205", "(3.10)": "-310",
		".5": "50", "1.500": "150", "90071992547409.91": "9007199254740991",
		"1.505": "", "1,5": "", "": "", "-": "", ".": "", "1.": "", "1e3": "", "0x1": "", "--1": "", "90071992547409.92": "", "1.5-": "", "٣": "",
		"999999999999999999999": "",
	} {
		if got, ok := cents(in, '.'); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
	if got, _ := cents("1,5", ','); got != "150" {
		t.Errorf("decimal comma: %s", got)
	}
}

// Cents agree with exact arithmetic.
func TestCentsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,13}(\.[0-9]{1,4})?`).Draw(t, "text")
		r, _ := new(big.Rat).SetString(text)
		r.Mul(r, big.NewRat(100, 1))
		got, ok := cents(text, '.')
		if ok != r.IsInt() || ok && got != r.Num().String() {
			t.Fatalf("%s: %s %v, want %s", text, got, ok, r)
		}
	})
}

func TestDates(t *testing.T) {
	forms := []string{"YYYY-MM-DD", "M/D/YYYY", "M/D/YY", "DD.MM.YYYY", "YYYY", "YYYY-MM-DDT*"}
	for in, want := range map[string]string{
		"2025-09-30": "2025-09-30", "2/13/2020": "2020-02-13", "12/01/2012": "2012-12-01", "10/21/19": "2019-10-21", "1/2/70": "1970-01-02",
		"29.02.2024": "2024-02-29", "2020": "2020-01-01", "2017-06-05T00:00:00-06:00": "2017-06-05",
		"29.02.2023": "", "2025-02-30": "", "13/1/2020": "", "2025-9-3": "", "0000-01-01": "", "20200": "", "2025-09-30 ": "", "": "",
	} {
		if got, _ := date(in, forms); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTransform(t *testing.T) {
	l := &lookup{exact: map[string]string{"SHERIFF": "policing"}, prefixes: []prefix{{"STATE POL", "policing"}, {"STATE", "other"}}, fallback: "unknown"}
	for _, c := range []struct {
		v        value
		in, want string
	}{
		{value{}, "  x  ", "x"},
		{value{blank: []string{"NULL"}}, " NULL ", ""},
		{value{strip: "$,"}, "$1,000", "1000"},
		{value{strip: "$,", decimal: '.'}, "$1,000.5", "100050"},
		{value{fold: "upper", lookup: l}, " sheriff", "policing"},
		{value{lookup: l}, "STATE POLICE", "policing"},
		{value{lookup: l}, "STATE FAIR", "other"},
		{value{lookup: l}, "", "unknown"},
		{value{prefix: "US-"}, "VA ", "US-VA"},
		{value{prefix: "US-", blank: []string{"NA"}}, "NA", ""},
	} {
		if got, err := c.v.transform(c.in, nil); err != nil || got != c.want {
			t.Errorf("%+v %q: %q %v, want %q", c.v, c.in, got, err, c.want)
		}
	}
}

// An identity survives its spelling, whatever stands in its parts.
func TestIdentitySpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[a:|\\é@# ]{0,6}`), 1, 4).Draw(t, "parts")
		i := newIdentity("key(a+b)", parts)
		back, ok := parseIdentity(i.text)
		if !ok || back.scheme != i.scheme || strings.Join(back.parts, "\x00") != strings.Join(parts, "\x00") {
			t.Fatalf("%q became %q", parts, back.parts)
		}
	})
}

func TestSplitRef(t *testing.T) {
	for _, c := range []struct{ ref, row, hash, label string }{
		{"A#1|b@c#0123456789ab", "A#1|b@c", "0123456789ab", ""},
		{"A#0123456789ab@buyer", "A", "0123456789ab", "buyer"},
	} {
		row, hash, label, ok := splitRef(c.ref)
		if !ok || row != c.row || hash != c.hash || label != c.label {
			t.Errorf("%s: %q %q %q %v", c.ref, row, hash, label, ok)
		}
	}
	for _, ref := range []string{"", "typed by hand", "a#b", "a#0123456789abx"} {
		if _, _, _, ok := splitRef(ref); ok {
			t.Errorf("%q is no reference to a row", ref)
		}
	}
}

// Customers of one name: whoever has several keys must not hide one that has none.
func TestLikes(t *testing.T) {
	key := func(city string) identity { return newIdentity("key(agency+city)", []string{"OAK", city}) }
	d := newDirectory()
	two := &entity{name: "OAK", identities: []identity{key("X")}}
	d.add(two)
	d.learn(two, key("Y"))
	everybody := func(*entity) bool { return true }
	if got := d.likes("OAK", []identity{key("Z")}, everybody); len(got) != 0 {
		t.Errorf("%d likes, want none: the keys disagree", len(got))
	}
	none := &entity{name: "OAK"}
	d.add(none)
	if got := d.likes("OAK", []identity{key("Z")}, everybody); len(got) != 1 || got[0] != none {
		t.Errorf("%d likes, want the one without a key", len(got))
	}
	if got := d.match([]identity{key("Y")}); len(got) != 1 || got[0] != two {
		t.Error("the learned key does not find its customer")
	}
	if got := d.likes("OAK", []identity{key("")}, everybody); len(got) != 2 {
		t.Errorf("%d likes of a key without a city, want both", len(got))
	}
}
