package assessment

import (
	"context"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/store"
	"duly/internal/triage"
)

// The states of an exposure: it waits for a review, a person reviewed it, or what
// covers the area is no longer more than one deployment of concern.
const (
	ExposureOpen   = "open"
	ExposureClosed = "closed"
	ExposureEnded  = "ended"
)

// ExposureSummary says what a look for exposures found.
type ExposureSummary struct {
	Areas    int `json:"areas"`    // that several deployments cover
	Open     int `json:"open"`     // that wait for a review
	New      int `json:"new"`      // that this look opened, or opened again
	Ended    int `json:"ended"`    // that this look ended
	Unplaced int `json:"unplaced"` // deployments that cannot be placed
}

// ReviewExposures opens a cumulative review for every area that a deployment whose
// diligence is complete and which is rated MEDIUM or higher covers together with another
// one: rated MEDIUM or higher at its worst end, or not rated, which counts as adverse.
// Where nothing is complete yet, what is open about each deployment comes first. A review that a person closed opens
// again when other deployments cover the area or the worst rating rises.
func ReviewExposures(ctx context.Context, db *store.DB, actor, today string) (*ExposureSummary, error) {
	portfolio, err := triage.ReadPortfolio(ctx, db, today)
	if err != nil {
		return nil, err
	}
	exposures := portfolio.Exposures()
	shared := exposures.Shared
	s := &ExposureSummary{Areas: len(shared), Unplaced: exposures.Unplaced}
	return s, db.Write(ctx, actor, func(tx *store.Tx) error {
		rated, err := Current(ctx, tx)
		if err != nil {
			return err
		}
		known, err := store.Select(ctx, tx, Exposures, "")
		if err != nil {
			return err
		}
		before := make(map[string]*store.Revision[Exposure], len(known))
		for _, e := range known {
			before[e.Record.Area] = e
		}
		for i := range shared {
			next := exposureOf(&shared[i], rated, today)
			if next == nil {
				continue
			}
			if err := s.settle(tx, before[next.Area], next); err != nil {
				return err
			}
			delete(before, next.Area)
		}
		return s.end(tx, before, today)
	})
}

// factOverlaps is how many other deployments cover the same people.
const factOverlaps = "exposure.overlapping_deployments"

// overlaps states how many other deployments cover the same people. That follows from
// the portfolio as a whole. Where only a part of it is in hand, or the method does not
// ask, what was stated last holds on.
func (a *about) overlaps() {
	if a.beside == nil {
		for i := range a.before {
			if a.before[i].Fact.Fact == factOverlaps {
				a.say(factOverlaps, a.before[i].Fact.Value)
			}
		}
		return
	}
	others, placed := a.beside[a.unit.subject()]
	switch {
	case placed:
		a.say(factOverlaps, ledger.Int(int64(others)))
	case a.saidBefore(factOverlaps):
		a.say(factOverlaps, ledger.Unknown("it is not known where it is used"))
	}
}

// exposureOf gives the review that an area asks for, nil where it asks for none.
func exposureOf(e *triage.Exposure, rated map[string]*store.Revision[Rating], today string) *Exposure {
	out := &Exposure{State: ExposureOpen, Day: today, Worst: unrated, Area: e.Name(), Can: e.Capabilities}
	complete := false
	for _, c := range e.Covering {
		r := rated[c.Subject]
		if r != nil && !r.Record.Pending && Rank(r.Record.Worst) >= rating.Medium {
			complete = true
		}
		switch {
		case r == nil:
			out.Unrated++
		case Rank(r.Record.Worst) < rating.Medium:
			continue
		case Rank(r.Record.Worst) > Rank(out.Worst):
			out.Worst = r.Record.Worst
		}
		out.Covering = append(out.Covering, c.Subject)
	}
	if len(out.Covering) < 2 || !complete {
		return nil
	}
	out.Deployments = int64(len(out.Covering))
	return out
}

// unrated stands in place of a band where no rating is.
const unrated = "UNRATED"

// Rank gives the band that a record names, below all others for what is no band.
func Rank(band string) rating.Band {
	for b := rating.Low; b <= rating.Critical; b++ {
		if b.String() == band {
			return b
		}
	}
	return rating.Low - 1
}

// settle writes what became of an area's review.
func (s *ExposureSummary) settle(tx *store.Tx, was *store.Revision[Exposure], next *Exposure) error {
	if was == nil {
		s.New++
		s.Open++
		_, err := store.Create(tx, Exposures, next)
		return err
	}
	same := slices.Equal(was.Record.Covering, next.Covering)
	switch {
	case was.Record.State == ExposureClosed && same && Rank(next.Worst) <= Rank(was.Record.Worst):
		return nil
	case was.Record.State == ExposureOpen:
		s.Open++
		if same && was.Record.Worst == next.Worst && was.Record.Unrated == next.Unrated {
			return nil
		}
	default:
		s.New++
		s.Open++
	}
	_, _, err := store.Revise(tx, Exposures, was.ID, next)
	return err
}

// end ends the open reviews of areas that ask for none any more.
func (s *ExposureSummary) end(tx *store.Tx, left map[string]*store.Revision[Exposure], today string) error {
	var ids []string
	byID := map[string]*Exposure{}
	for _, e := range left {
		if e.Record.State == ExposureOpen {
			ids = append(ids, e.ID)
			byID[e.ID] = e.Record
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		next := *byID[id]
		next.State, next.Day = ExposureEnded, today
		s.Ended++
		if _, _, err := store.Revise(tx, Exposures, id, &next); err != nil {
			return err
		}
	}
	return nil
}

// CloseExposure records that a person reviewed an exposure, and what came of it.
//
// Errors: Invalid without a reason; NotFound; Refused when it is not open.
func CloseExposure(ctx context.Context, db *store.DB, id, reason, by, today string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "closing a review needs a reason", "give --reason TEXT: what was looked at, and what follows")
	}
	return db.Write(ctx, by, func(tx *store.Tx) error {
		e, err := store.Get(ctx, tx, Exposures, id)
		if err != nil {
			return err
		}
		if e.Record.State != ExposureOpen {
			return fault.Newf(fault.Refused, "the review %s is already %s", id, e.Record.State)
		}
		next := *e.Record
		next.State, next.Day, next.Closed, next.By = ExposureClosed, today, reason, by
		_, _, err = store.Revise(tx, Exposures, id, &next)
		return err
	})
}
