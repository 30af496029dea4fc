package report

import (
	"cmp"
	"slices"

	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
)

// Registers is what a vendor has to tell about its dealings with authorities and about
// itself (RG-01, RG-02, RG-08, RG-10, GC-02, IM-12). A figure of nothing says that
// nothing is recorded, never that nothing happened.
type Registers struct {
	Partnerships  transparency.Series          `json:"partnerships"`
	Requests      []transparency.RequestFigure `json:"requests"`
	Claims        []transparency.ClaimFigure   `json:"claims"`
	ClaimsWithout int                          `json:"claims_without_figures"`
	Content       []transparency.Prevalence    `json:"content"`
	ContentBad    int                          `json:"content_impossible"`
	Incidents     transparency.IncidentFigure  `json:"incidents"`
	Contracts     Contracts                    `json:"government_contracts"`
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
func (r Registers) Recorded() bool {
	made := 0
	for _, f := range r.Requests {
		made += f.Made
	}
	return made+len(r.Partnerships.Points)+r.Partnerships.Undated+len(r.Claims)+r.ClaimsWithout+len(r.Content)+r.ContentBad+len(r.Incidents.States)+len(r.Contracts.Years)+r.Contracts.Undated > 0
}

// registers reads the registers as known at the checkpoint.
func (b *builder) registers() error {
	r := &b.r.Registers
	partnerships, err := all(b, transparency.Partnerships)
	if err != nil {
		return err
	}
	r.Partnerships = transparency.Growth(partnerships, b.r.Day)
	requests, err := all(b, transparency.Requests)
	if err != nil {
		return err
	}
	r.Requests = transparency.CountRequests(requests)
	claims, err := all(b, transparency.Claims)
	if err != nil {
		return err
	}
	r.Claims, r.ClaimsWithout = transparency.CompareClaims(claims)
	samples, err := all(b, transparency.ContentSamples)
	if err != nil {
		return err
	}
	r.Content, r.ContentBad = transparency.Prevalences(samples)
	incidents, err := all(b, transparency.Incidents)
	if err != nil {
		return err
	}
	r.Incidents = transparency.CountIncidents(incidents)
	return b.contracts()
}

// contracts counts contracts with customers that are public bodies. The last year counts
// for growth only when it is over.
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
	whole := slices.DeleteFunc(slices.Clone(c.Years), func(y Year) bool { return y.Year >= b.r.Day[:4] })
	if n := len(whole); n > 1 {
		c.Factor, c.Yearly = transparency.Rate(whole[0].Count, whole[n-1].Count, whole[0].Year+"-01-01", whole[n-1].Year+"-01-01")
	}
	return nil
}
