package screening

import (
	"context"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/store"
)

// Disposition is what a person makes of a hit.
type Disposition struct {
	Hit    string // record id
	State  string // [Confirmed], [Dismissed] or [Unresolved]
	Reason string
	By     string // key id of the person
	// Grave says that a mistake would be grave whatever the hit's grade, so that a
	// dismissal takes two people: the subject has a rating of HIGH or CRITICAL.
	Grave bool
}

// Close records what a person makes of a hit and gives the state it has then. A
// dismissal that takes two people is [Proposed] until a second one agrees; anybody
// may still confirm it. What was decided may be decided anew only when the hit
// opened again.
//
// Errors: Invalid without a reason; NotFound; Refused when the hit is decided, or
// when the same person proposes and agrees.
func Close(ctx context.Context, db *store.DB, d Disposition) (state string, err error) {
	if strings.TrimSpace(d.Reason) == "" {
		return "", fault.New(fault.Invalid, "closing a hit needs a reason", "give --reason TEXT")
	}
	if !slices.Contains([]string{Confirmed, Dismissed, Unresolved}, d.State) {
		return "", fault.Newf(fault.Invalid, "%q is not what can be made of a hit", d.State).WithFix("use confirmed, dismissed or unresolved")
	}
	err = db.Write(ctx, d.By, func(tx *store.Tx) error {
		h, err := store.Get(ctx, tx, Hits, d.Hit)
		if err != nil {
			return err
		}
		next := *h.Record
		if err := next.close(d); err != nil {
			return err
		}
		state = next.State
		_, _, err = store.Revise(tx, Hits, d.Hit, &next)
		return err
	})
	return state, err
}

// close changes a hit to what the disposition makes of it.
func (h *Hit) close(d Disposition) error {
	again := h.State == Confirmed && h.Recheck != nil && *h.Recheck
	switch {
	case again, h.State == Open, h.State == Unresolved:
	case h.State == Proposed:
	default:
		return fault.Newf(fault.Refused, "hit %s was already %s", d.Hit, h.State).WithFix("it opens again when either side changes")
	}
	two := d.Grave || h.Grade == Strong || again
	switch {
	case d.State == Dismissed && h.State == Proposed && h.Proposer == d.By:
		return fault.New(fault.Refused, "whoever proposed to dismiss a hit cannot agree to it", "ask another person")
	case d.State == Dismissed && two && h.State != Proposed:
		h.Proposer, h.State = d.By, Proposed
	default:
		h.State = d.State
	}
	h.Closed, h.Note, h.Recheck = d.Reason, "", nil
	h.By = ""
	if h.State != Proposed {
		h.By = d.By
	}
	return nil
}
