package rating

import (
	"fmt"
	"slices"

	"duly/internal/fault"
)

// Case is a deployment given by its indicators instead of its facts, as
// `duly rate` reads it. An indicator that is in neither list is clear; one that is
// in both is raised.
type Case struct {
	ID, Title  string
	Sev        [3]*int  // scale (after the vulnerable group's step), scope, irremediability, 1 to 5; nil is unknown
	Ind        []string // raised indicators
	Unknown    []string // indicators that are not known
	Ctrl       int      // control credit, 0 to 2
	Actual     bool     // harm is confirmed
	Existing   bool     // already a customer
	Incomplete bool     // the diligence is not complete
	HS         []string // hard stops that hold
}

// Result is the rating of a case. Everything but Interval describes the worst end.
type Result struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	S        int            `json:"S"`
	L        int            `json:"L"`
	Fam      map[string]int `json:"fam"` // largest raised weight by family, families without one left out
	Inherent Band           `json:"inherent"`
	Ctrl     int            `json:"ctrl"`
	LR       int            `json:"LR"`
	Residual Band           `json:"residual"`
	Tier     string         `json:"tier"`
	HS       []string       `json:"hs"`
	Decision string         `json:"decision"`
	Review   int            `json:"review"` // months
	Sum      int            `json:"sum"`    // likelihood before the cap
	Interval Interval       `json:"interval"`
}

// Interval holds both ends; they are equal where nothing is unknown.
type Interval struct {
	Best  End `json:"best"`
	Worst End `json:"worst"`
}

// RateCase rates one case. What is wrong with it is a fault that names the field.
func (m *Method) RateCase(c Case) (Result, error) {
	if err := m.checkCase(&c); err != nil {
		return Result{}, err
	}
	best, worst := make([]int, len(m.families)), make([]int, len(m.families))
	for _, id := range c.Ind {
		x := &m.indicators[m.byID[id]]
		best[x.family] = max(best[x.family], x.Weight)
	}
	copy(worst, best)
	for _, id := range c.Unknown {
		x := &m.indicators[m.byID[id]]
		worst[x.family] = max(worst[x.family], x.Weight)
	}
	var low, high [3]int
	for i, v := range c.Sev {
		low[i], high[i] = 1, 5
		if v != nil {
			low[i], high[i] = *v, *v
		}
	}
	r := Result{ID: c.ID, Title: c.Title, Ctrl: c.Ctrl, Fam: map[string]int{}, HS: []string{}}
	r.Interval.Best = m.end(m.severity(low[0], low[1], low[2]), best, c.Actual, c.Ctrl)
	w := m.end(m.severity(high[0], high[1], high[2]), worst, c.Actual, c.Ctrl)
	r.Interval.Worst = w
	r.S, r.L, r.Sum, r.Inherent, r.LR, r.Residual = w.S, w.L, w.Sum, w.Inherent, w.LR, w.Residual
	for i, weight := range worst {
		if weight > 0 {
			r.Fam[m.families[i]] = weight
		}
	}
	var legal, policy bool
	for _, id := range c.HS {
		basis := m.stops[m.stopIDs[id]].Basis
		legal, policy = legal || basis == Legal, policy || basis == Policy
		if !slices.Contains(r.HS, id) {
			r.HS = append(r.HS, id)
		}
	}
	v := m.decide(w, legal, policy, c.Incomplete, c.Existing)
	r.Tier, r.Decision, r.Review = v.tier, v.decision, v.review
	return r, nil
}

func (m *Method) checkCase(c *Case) *fault.Error {
	for i, v := range c.Sev {
		if v != nil && (*v < 1 || *v > 5) {
			return caseFault(fmt.Sprintf("sev[%d]", i), fmt.Sprintf("%d is not between 1 and 5", *v), "use null for what is not known")
		}
	}
	if c.Ctrl < 0 || c.Ctrl > 2 {
		return caseFault("ctrl", fmt.Sprintf("%d is not a control credit", c.Ctrl), "use 0, 1 or 2")
	}
	for i, id := range c.Ind {
		if _, ok := m.byID[id]; !ok {
			return caseFault(fmt.Sprintf("ind[%d]", i), fmt.Sprintf("%q is not an indicator of %s", id, m.ID), "see the method's indicators")
		}
	}
	for i, id := range c.Unknown {
		if _, ok := m.byID[id]; !ok {
			return caseFault(fmt.Sprintf("unknown[%d]", i), fmt.Sprintf("%q is not an indicator of %s", id, m.ID), "see the method's indicators")
		}
	}
	for i, id := range c.HS {
		if _, ok := m.stopIDs[id]; !ok {
			return caseFault(fmt.Sprintf("hs[%d]", i), fmt.Sprintf("%q is not a hard stop of %s", id, m.ID), "see the method's hard stops")
		}
	}
	return nil
}
