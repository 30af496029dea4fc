package rating

import (
	"cmp"
	"fmt"
	"strconv"
)

// End is one end of a rating: all that follows once every indicator, severity and
// control is taken as settled one way.
type End struct {
	S        int  `json:"S"`        // severity, 1 to 5
	Sum      int  `json:"sum"`      // base plus the families' weights, before the cap
	L        int  `json:"L"`        // likelihood, at most the cap
	Credit   int  `json:"credit"`   // steps that tested controls take off
	LR       int  `json:"LR"`       // likelihood after them
	Inherent Band `json:"inherent"` // from S and L
	Residual Band `json:"residual"` // from S and LR
}

// The rules of severity. Dominant: the scale or the rounded-up mean, whichever is
// more. Mean: the mean of the three, rounded to the nearest, as UNDP's training tool
// averages them.
const (
	dominant = "dominant"
	mean     = "mean"
)

// severity of one right by the method's rule, no less than a floor where the harm
// cannot be undone, and than another where it reaches the most people. A right whose
// scale is 0 is not affected.
func (m *Method) severity(scale, scope, irremediability int) int {
	if scale == 0 {
		return 0
	}
	sum := scale + scope + irremediability
	s := max(scale, (sum+2)/3)
	if m.body.Severity.Rule == mean {
		s = (2*sum + 3) / 6 // thirds never lie half-way
	}
	if scope == 5 {
		s = max(s, m.body.Severity.ScopeFloor)
	}
	if irremediability == 5 {
		s = max(s, m.body.Severity.IrremediableFloor)
	}
	return s
}

// end does the arithmetic after severity: sum, cap, confirmed harm, credit, bands.
// The credit is taken off after the cap, in cases of confirmed harm too.
func (m *Method) end(s int, families []int, actual bool, credit int) End {
	sum := m.body.Likelihood.Base
	for _, weight := range families {
		sum += weight
	}
	l := min(m.body.Likelihood.Cap, sum)
	if actual {
		l = m.body.Likelihood.Cap
	}
	s = max(1, s)
	lr := max(m.body.Controls.LowestLikelihood, l-credit)
	lr = min(lr, l)
	return End{S: s, Sum: sum, L: l, Credit: credit, LR: lr, Inherent: m.matrix[s][l], Residual: m.matrix[s][lr]}
}

// Compare orders ratings for those who work through them: by residual band, within
// a band by the sum before the cap (many police customers reach the cap, and the sum
// still tells them apart), then by severity. It is negative where e is the graver, so
// that sorting by it puts the gravest first.
func (e End) Compare(other End) int {
	return cmp.Or(
		cmp.Compare(other.Residual, e.Residual),
		cmp.Compare(other.Sum, e.Sum),
		cmp.Compare(other.S, e.S),
	)
}

// verdict is what a method asks for.
type verdict struct {
	band           Band // whose tier it is
	tier, decision string
	review         int
}

// decide reads the method's tables at the worst end. A legal stop goes before a
// policy stop, and both before incompleteness; under a stop there is no review.
func (m *Method) decide(worst End, legal, policy, incomplete, existing bool) verdict {
	tier := worst.Inherent
	if incomplete {
		tier = max(tier, m.floorBand)
	}
	v := verdict{band: tier, tier: m.tiers[tier].Tier, review: m.tiers[worst.Inherent].Months}
	d := &m.body.Decisions
	switch {
	case legal:
		v.decision, v.review = d.LegalStop, 0
	case policy:
		v.decision, v.review = d.PolicyStop, 0
	case incomplete:
		v.decision = d.Incomplete
	default:
		row := [...]decisionBody{Low: d.Low, Medium: d.Medium, High: d.High, Critical: d.Critical}[worst.Residual]
		v.decision = row.New
		if existing {
			v.decision = row.Existing
		}
	}
	return v
}

// Controls is the credit that tested controls earn, and why.
type Controls struct {
	Credit   int      `json:"credit"`            // with every unknown control absent: what counts
	Lacking  []string `json:"lacking,omitempty"` // of Needed, those that are not known to operate
	Needed   []string `json:"needed,omitempty"`  // necessary controls of the indicators that are or may be raised
	Possible int      `json:"possible"`          // with every unknown control present
	Why      string   `json:"why"`
}

// credits reads the four control facts. Promised and unknown controls earn
// nothing; what they might earn once tested shows only in the best end.
func (m *Method) credits(values []any) Controls {
	sp := &m.special
	required, hasRequired := values[sp.required].(int64)
	operating, hasOperating := values[sp.operating].(int64)
	technical, hasTechnical := values[sp.technical].(bool)
	audited, hasAudited := values[sp.independent].(bool)

	var c Controls
	if hasRequired && hasOperating {
		c.Credit = m.credit(required, operating, technical, audited)
	}
	switch {
	case !hasOperating && (!hasRequired || required > 0):
		operating, required = 1, 1
	case !hasRequired && operating > 0:
		required = operating
	}
	c.Possible = m.credit(required, operating, technical || !hasTechnical, audited || !hasAudited)
	return c
}

// why says what the credit rests on.
func (m *Method) why(values []any) string {
	sp := &m.special
	return "required: " + said(values[sp.required]) + "; tested operating: " + said(values[sp.operating]) +
		"; one technical or independent: " + said(values[sp.technical]) + "; independently audited: " + said(values[sp.independent])
}

func said(v any) string {
	switch v := v.(type) {
	case nil:
		return "not known"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}

func (m *Method) credit(required, operating int64, technical, audited bool) int {
	b := &m.body.Controls
	switch {
	case required < 1:
		return 0
	case operating*100 >= b.PercentForTwo*required && audited:
		return 2
	case operating*100 >= b.PercentForOne*required && technical:
		return 1
	}
	return 0
}
