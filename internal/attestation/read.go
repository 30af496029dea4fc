package attestation

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/agreement"
	"duly/internal/conditions"
	"duly/internal/store"
	"duly/internal/usage"
)

// Row is where one condition stands in one deployment.
type Row struct {
	Condition string `json:"condition"`
	Title     string `json:"title"`
	Standing
	Judged     int64          `json:"judged"`     // calls, as Known has them
	Deviations int64          `json:"deviations"` // of these, over all days
	Exposures  int64          `json:"-"`          // calls that fell under it
	Untold     int64          `json:"-"`          // of these, of which telemetry cannot tell
	Held       agreement.Held `json:"-"`
}

// Said says whether somebody was asked about the condition, or answered.
func (r *Row) Said() bool {
	return r.Due != "" || r.Received != ""
}

// View is what is on record of one deployment.
type View struct {
	Rows         []Row                          `json:"conditions"`
	Requests     []*store.Revision[Request]     `json:"-"`
	Attestations []*store.Revision[Attestation] `json:"-"`
}

// Look gives what is on record of a deployment, for the conditions of the sets that hold
// for it on a day, whether they bind it or not.
//
// Errors: NotFound; Invalid for a day that is none.
func Look(ctx context.Context, q store.Queryer, sets []*conditions.Set, deployment, today string) (*View, error) {
	book, err := agreement.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	held, err := book.Holds(sets, deployment, today)
	if err != nil {
		return nil, err
	}
	v := &View{Rows: []Row{}}
	if v.Requests, err = store.Select(ctx, q, Requests, "r.deployment = $1", deployment); err != nil {
		return nil, err
	}
	if v.Attestations, err = store.Select(ctx, q, Attestations, "r.deployment = $1", deployment); err != nil {
		return nil, err
	}
	// A comparison writes a revision; what was answered last stays the last.
	slices.SortStableFunc(v.Attestations, func(a, b *store.Revision[Attestation]) int {
		return cmp.Compare(a.Record.Received, b.Record.Received)
	})
	known := v.known()
	for _, h := range held {
		exposures, deviations, unknown, err := usage.Counted(ctx, q, deployment, h.Hash)
		if err != nil {
			return nil, err
		}
		k := known[h.ID]
		k.CheckedBy, k.Judged = h.CheckedBy, max(0, exposures-unknown)
		v.Rows = append(v.Rows, Row{h.ID, h.Title, k.Stand(today), k.Judged, deviations, exposures, unknown, h})
	}
	return v, nil
}

// known gives what requests and attestations say, by condition.
func (v *View) known() map[string]Known {
	out := map[string]Known{}
	for _, r := range v.Requests {
		for _, id := range r.Record.Conditions {
			if k := out[id]; r.Record.State == Open && (k.Due == "" || r.Record.Due < k.Due) {
				k.Due = r.Record.Due
				out[id] = k
			}
		}
	}
	for _, a := range v.Attestations {
		for _, o := range a.Record.Came() {
			k := out[o.Condition]
			k.Answers = append(k.Answers, Given{o, a.Record.Role, a.Record.Received})
			out[o.Condition] = k
		}
	}
	return out
}
