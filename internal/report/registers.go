package report

import (
	"cmp"
	"slices"
	"strconv"

	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
)

// Registers is what a vendor has to tell about its dealings with authorities and about
// itself (RG-01, RG-02, RG-08, RG-10, GC-02, IM-12).
type Registers struct {
	transparency.Figures
	Contracts Contracts `json:"government_contracts"`
}

// Contracts counts the contracts with public bodies by the year in which they began,
// and how that grew.
type Contracts struct {
	Years   []Year `json:"years"`
	Undated int    `json:"undated"`
	Factor  string `json:"factor,omitempty"` // the last whole year as a multiple of the first
	Yearly  string `json:"yearly_percent,omitempty"`
}

// Year counts what began in a year.
type Year struct {
	Year  string `json:"year"`
	Count int    `json:"count"`
}

// Recorded says whether any register holds anything.
func (r *Registers) Recorded() bool {
	return r.Figures.Recorded() || len(r.Contracts.Years)+r.Contracts.Undated > 0
}

// registers reads the registers as known at the checkpoint.
func (b *builder) registers() (err error) {
	if b.r.Registers.Figures, err = transparency.Read(b.ctx, b.q, b.at, b.r.Day); err != nil {
		return err
	}
	return b.contracts()
}

// contracts counts contracts with customers that are public bodies. A year counts for
// growth only when it is over.
func (b *builder) contracts() error {
	var list []*store.Revision[register.Contract]
	if err := into(b, register.Contracts, &list); err != nil {
		return err
	}
	years, c := map[string]int{}, &b.r.Registers.Contracts
	for _, r := range list {
		customer := b.customers[r.Record.Customer]
		switch {
		case customer == nil || customer.Record.Kind != "public_body":
		case len(r.Record.ValidFrom) < 4:
			c.Undated++
		default:
			years[r.Record.ValidFrom[:4]]++
		}
	}
	c.Years = []Year{}
	for year, n := range years {
		c.Years = append(c.Years, Year{year, n})
	}
	slices.SortFunc(c.Years, func(x, y Year) int { return cmp.Compare(x.Year, y.Year) })
	if len(c.Years) == 0 {
		return nil
	}
	year, _ := strconv.Atoi(b.r.Day[:4])            // it is the log's own day
	first, last := c.Years[0], strconv.Itoa(year-1) // a year in which none began counts too
	c.Factor, c.Yearly = transparency.Rate(first.Count, years[last], first.Year+"-01-01", last+"-01-01")
	return nil
}
