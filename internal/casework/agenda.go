package casework

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/fault"
	"duly/internal/store"
)

// Placed is a rated deployment with what puts it where it is on an agenda.
type Placed struct {
	Subject      string // record id of the deployment, or of an account without one
	Harm         int64  // 1 where live harm is alleged
	Severity     int64  // of the rating's worst end, 1 to 5
	Irremediable int64  // 0 to 5; the worst where nobody stated it
	Stated       bool   // somebody did
	Likelihood   int64  // of the rating's worst end, after controls
}

// Agenda puts rated deployments into the order of the queue: live alleged harm, severity,
// how hard it is to undo, then likelihood (UNGP 24), and of equals the one that was rated
// first. What a customer pays is not read.
//
// Errors: Invalid for a subject that is named twice; NotFound for one that is not
// rated. Its cost is that of reading the register once.
func Agenda(ctx context.Context, q store.Queryer, today string, subjects []string) ([]Placed, error) {
	w, err := readWorld(ctx, q, today)
	if err != nil {
		return nil, err
	}
	var out []Placed
	for i, subject := range subjects {
		rated := w.rated[subject]
		switch {
		case slices.Contains(subjects[:i], subject):
			return nil, fault.Newf(fault.Invalid, "%s stands twice on the agenda", subject).WithFix("name each deployment once")
		case rated == nil:
			return nil, fault.Newf(fault.NotFound, "%s has not been assessed", subject).WithFix("run `duly assess " + subject + "` first")
		}
		stated := w.weightOf(subject)
		one := Placed{Subject: subject, Harm: stated.harm, Severity: rated.Record.Severity, Irremediable: stated.irremediable,
			Stated: stated.irremediable >= 0, Likelihood: rated.Record.Left}
		if !one.Stated {
			one.Irremediable = worstIrremediability
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b Placed) int {
		return cmp.Or(cmp.Compare(b.Harm, a.Harm), cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Irremediable, a.Irremediable),
			cmp.Compare(b.Likelihood, a.Likelihood), cmp.Compare(w.rated[a.Subject].Seq, w.rated[b.Subject].Seq))
	})
	return out, nil
}
