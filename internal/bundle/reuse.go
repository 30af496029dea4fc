package bundle

import (
	"duly/internal/calendar"
	"duly/internal/ledger"
)

// MaxReuse is how old, in days, a test of a design may be on whose evidence another one
// rests. The figure is the project's own.
const MaxReuse = 730

// Design is a test as far as it matters to one that rests on its evidence (RS-05).
type Design struct {
	Engagement string // record id
	Control    string // names the library too
	Of         string // design or operation
	Conclusion string
	Day        string
	Rests      bool // on an earlier one itself
}

// Refuses says why d cannot rest on the evidence of an earlier test; empty when it can.
// How a control operated in one period says nothing of another, and what nobody looked at
// again twice is not evidence any more.
func (d Design) Refuses(earlier Design) string {
	switch {
	case d.Of != "design" || earlier.Of != "design":
		return "only the test of a design rests on an earlier one; how a control operated before says nothing of this period"
	case d.Engagement == earlier.Engagement:
		return "it rests on a test of the same engagement"
	case d.Control != earlier.Control:
		return "it rests on a test of another control, or by another library"
	case d.Conclusion != earlier.Conclusion:
		return "it rests on a test and concludes something else"
	case earlier.Rests:
		return "it rests on a test that itself rests on an earlier one"
	case earlier.Day > d.Day || calendar.Later(earlier.Day, MaxReuse) < d.Day:
		return "it rests on a test that is more than two years old"
	}
	return ""
}

// reuses holds a test to the earlier one on whose evidence it rests.
func (c *Checker) reuses(seq int64, hash ledger.Hash, p fields, engagement string) {
	named := p.text("reuses")
	d := Design{engagement, p.text("control"), p.text("of"), p.text("conclusion"), p.text("day"), named != ""}
	if earlier, there := c.assured.designs[named]; named != "" && !there {
		c.Report(seq, "it rests on a test that is not there")
	} else if what := d.Refuses(earlier); named != "" && what != "" {
		c.Report(seq, what)
	}
	c.assured.designs[hash.String()] = d
}
