package report_test

import (
	"fmt"
	"testing"

	"duly/internal/register"
	"duly/internal/store"
)

// TestContractsGrow protects GC-02: tenfold in five whole years is 58.49 % a year, the
// running year and contracts with companies do not count, and a year in which none began
// counts as one.
func TestContractsGrow(t *testing.T) {
	for _, c := range []struct {
		years          map[int]int
		factor, yearly string
	}{
		{map[int]int{2020: 2, 2022: 5, 2025: 20, 2026: 900}, "10.00", "58.49"},
		{map[int]int{2020: 2, 2024: 20}, "0.00", "-100.00"},
		{map[int]int{2025: 4}, "", ""},
		{map[int]int{2026: 4}, "", ""},
		{nil, "", ""},
	} {
		b := newBed(t)
		b.write(func(tx *store.Tx) {
			body := put(b, tx, register.Customers, register.Customer{Origin: origin("2019-01-01"), Identity: "a", Name: "Alder County", Kind: "public_body"})
			firm := put(b, tx, register.Customers, register.Customer{Origin: origin("2019-01-01"), Identity: "b", Name: "Quarry LLC", Kind: "company"})
			put(b, tx, register.Contracts, register.Contract{Origin: origin("2020-03-01"), Identity: "firm", Customer: firm.ID})
			for year, n := range c.years {
				for i := range n {
					put(b, tx, register.Contracts, register.Contract{Origin: origin(fmt.Sprintf("%d-05-01", year)), Identity: fmt.Sprint(year, i), Customer: body.ID})
				}
			}
		})
		signed, checkpoint := b.checkpoint()
		if got := b.build(signed, checkpoint).Registers.Contracts; got.Factor != c.factor || got.Yearly != c.yearly || len(got.Years) != len(c.years) {
			t.Errorf("%v: %+v", c.years, got)
		}
	}
}
