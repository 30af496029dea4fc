package demo

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
)

// Names are put together from syllables that mean nothing, so that no real
// company or place is named on purpose.
var (
	heads = []string{"Bel", "Cor", "Dun", "Elm", "Fen", "Gal", "Hol", "Ives", "Jar", "Kel", "Lor", "Mar",
		"Nor", "Oak", "Pel", "Quil", "Rav", "Sor", "Tam", "Ulm", "Ver", "Wex", "Yar", "Zel"}
	middles = []string{"a", "an", "bo", "der", "e", "en", "fi", "gra", "i", "lin", "mo", "o", "ra", "sto", "ti", "u"}
	tails   = []string{"bright", "combe", "dale", "dell", "fold", "gate", "ham", "ick", "low", "mere", "nock", "quist",
		"rell", "seth", "thorn", "vane", "wick", "yarrow"}

	trades = []string{"Bakery", "Bicycles", "Books", "Brewing", "Ceramics", "Clinic Software", "Dairy", "Dental",
		"Design", "Ferries", "Flooring", "Foods", "Freight", "Furniture", "Games", "Garden Supply", "Hardware",
		"Hotels", "Insurance Services", "Joinery", "Kitchens", "Lighting", "Logistics", "Media", "Mills", "Music",
		"Optics", "Packaging", "Payroll", "Pharmacy", "Plumbing", "Print", "Recycling", "Retail", "Robotics",
		"Seeds", "Solar", "Sports", "Textiles", "Tickets", "Toys", "Travel", "Veterinary", "Wine", "Workwear"}

	countries = weighted[country]{
		{520, country{"US", "Inc."}}, {90, country{"GB", "Ltd"}}, {70, country{"DE", "GmbH"}}, {60, country{"CA", "Inc."}},
		{45, country{"FR", "SAS"}}, {40, country{"JP", "KK"}}, {35, country{"AU", "Pty Ltd"}}, {30, country{"NL", "BV"}},
		{25, country{"IN", "Pvt Ltd"}}, {20, country{"BR", "Ltda"}}, {15, country{"SE", "AB"}}, {15, country{"MX", "SA de CV"}},
		{12, country{"KR", "Co."}}, {8, country{"ZA", "Pty Ltd"}}, {6, country{"PL", "Sp. z o.o."}}, {3, country{"UA", "LLC"}},
		{2, country{"NG", "Ltd"}}, {2, country{"ET", "PLC"}}, {1, country{"MM", "Ltd"}}, {1, country{"", "Co."}},
	}
)

type country struct{ code, form string }

// weighted picks values in proportion to whole-number weights.
type weighted[T any] []struct {
	weight int
	value  T
}

func (w weighted[T]) pick(r *rand.Rand) T {
	total := 0
	for _, c := range w {
		total += c.weight
	}
	n := r.IntN(total)
	for _, c := range w {
		if n -= c.weight; n < 0 {
			return c.value
		}
	}
	panic("unreachable: n is below the sum of the weights")
}

func one(r *rand.Rand, of []string) string { return of[r.IntN(len(of))] }

func place(r *rand.Rand) string { return one(r, heads) + one(r, middles) + one(r, tails) }

// domain makes a host name under .example, which RFC 2606 keeps from ever being
// anyone's. The number keeps two customers of one name apart.
func domain(name string, number int) string {
	slug := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c
		case c == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(strings.ReplaceAll(name, " & ", " ")))
	return fmt.Sprintf("%s-%d.example", strings.Trim(slug, "-"), number)
}

// lei makes a legal entity identifier of ISO 17442 with right check digits
// (ISO 7064, mod 97-10) under the issuer prefix 0000, which no issuer has.
func lei(number int) string {
	base := fmt.Sprintf("000000LUMENHAR%04X", number)
	digits := new(strings.Builder)
	for _, c := range base + "00" {
		if c >= 'A' && c <= 'Z' {
			fmt.Fprintf(digits, "%d", c-'A'+10)
		} else {
			digits.WriteRune(c)
		}
	}
	n, _ := new(big.Int).SetString(digits.String(), 10)
	return fmt.Sprintf("%s%02d", base, 98-new(big.Int).Mod(n, big.NewInt(97)).Int64())
}
