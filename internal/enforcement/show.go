package enforcement

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/store"
	"duly/internal/usage"
)

// Late says whether what is due was not done in time.
func (p *Proceeding) Late(today string) bool { return p.Due != "" && today > p.Due }

// Whether a condition is kept, as a proceeding says it.
const (
	Kept    = "kept"
	NotKept = "not_kept"
)

// Compliance says what became of the condition: kept again, or never broken; not kept,
// also where that was accepted or only advised against; "" where no log shows it any more.
func (p *Proceeding) Compliance() string {
	switch {
	case p.State == Closed && (p.Outcome == Cured || p.Outcome == NoDeviation):
		return Kept
	case p.State == Closed && p.Outcome == Withdrawn:
		return ""
	}
	return NotKept
}

// AgainstCondition says that the condition is kept and people are harmed nevertheless: what
// is found is then found against the condition, and not against the customer (MU-03).
func (p *Proceeding) AgainstCondition() bool {
	return p.Compliance() == Kept && p.Impact == ImpactHarm
}

// Compare orders grades, from low to critical.
func Compare(a, b string) int { return cmp.Compare(slices.Index(grades, a), slices.Index(grades, b)) }

// Cited is a finding that a proceeding rests on.
type Cited struct {
	ID      string `json:"id"`
	Entry   int64  `json:"entry"`
	Day     string `json:"day"`
	Calls   int64  `json:"calls"`
	Kind    string `json:"kind"`
	Binding string `json:"binding"` // how the condition bound on that day

	Evidence []string `json:"evidence,omitempty"` // the least that shows it
}

// Evidence gives the findings that a proceeding rests on in this round.
func Evidence(ctx context.Context, q store.Queryer, p *Proceeding) ([]Cited, error) {
	var out []Cited
	for _, line := range p.Evidence {
		f, err := store.Get(ctx, q, usage.Findings, parseCitation(line).id)
		if err != nil {
			return nil, err
		}
		out = append(out, Cited{f.ID, f.Seq, f.Record.Day, f.Record.Calls, f.Record.Kind, f.Record.Binding, f.Record.Evidence})
	}
	slices.SortFunc(out, func(a, b Cited) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Entry, b.Entry)) })
	return out, nil
}
