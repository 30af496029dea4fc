package screening

import (
	"context"
	"fmt"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// hitLimit is how many entities one subject may hit in one run.
const hitLimit = 10

// Summary says what a run did.
type Summary struct {
	Customers int   `json:"customers"`
	Behind    int   `json:"behind"` // owners and parties behind customers
	Lists     int   `json:"lists"`
	Entries   int   `json:"entries"`
	Names     int   `json:"names"`
	NewHits   int   `json:"new_hits"`
	OldHits   int   `json:"hits_known_before"`
	Subjects  int   `json:"customers_with_hits"` // and owners and parties
	Run       int64 `json:"entry"`               // where the run stands in the log
}

// Screen compares every subject of the register with the lists and records new hits and
// the run itself. A killed run leaves the hits it had committed; the next run
// finds the rest. progress may be nil.
func Screen(ctx context.Context, db *store.DB, actor, today string, lists []*watchlist.List, progress func(done, all int)) (*Summary, error) {
	index := watchlist.NewIndex(lists...)
	subjects, err := Subjects(ctx, db)
	if err != nil {
		return nil, err
	}
	known, err := knownHits(ctx, db)
	if err != nil {
		return nil, err
	}
	s := &Summary{Lists: len(lists)}
	s.Entries, s.Names = index.Len()
	var hits []*Hit
	hashes := make([]ledger.Hash, 0, len(subjects))
	for i := range subjects {
		if i%256 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if progress != nil {
				progress(i, len(subjects))
			}
		}
		if subjects[i].Record == isCustomer {
			s.Customers++
		} else {
			s.Behind++
		}
		hashes = append(hashes, subjects[i].Revision.Hash)
		found := subjectHits(index, &subjects[i])
		for _, h := range found {
			if known[h.Identity] {
				s.OldHits++
				continue
			}
			hits = append(hits, h)
		}
		if len(found) > 0 {
			s.Subjects++
		}
	}
	s.NewHits = len(hits)
	return s, s.record(ctx, db, actor, today, lists, hits, hashes)
}

func (s *Summary) record(ctx context.Context, db *store.DB, actor, today string, lists []*watchlist.List, hits []*Hit, hashes []ledger.Hash) error {
	population, err := runs.Root(hashes)
	if err != nil {
		return err
	}
	run := &runs.Run{
		Task: "screen", Day: today, Covered: int64(s.Customers + s.Behind), Findings: int64(s.NewHits + s.OldHits), Population: population,
		Note: fmt.Sprintf("threshold %v, at most %d hits a subject", watchlist.DefaultThreshold, hitLimit),
	}
	for _, l := range lists {
		run.Inputs = append(run.Inputs, l.SHA256)
	}
	return db.Write(ctx, actor, func(tx *store.Tx) error {
		for _, h := range hits {
			if _, err := store.Create(tx, Hits, h); err != nil {
				return err
			}
		}
		ref, err := store.Create(tx, runs.Runs, run)
		s.Run = ref.Seq
		return err
	})
}

func knownHits(ctx context.Context, q store.Queryer) (map[string]bool, error) {
	rows, err := q.Query(ctx, "select identity from r_hit where to_seq is null")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the hits")
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var identity string
		if err := rows.Scan(&identity); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the hits")
		}
		known[identity] = true
	}
	return known, rows.Err()
}

// subjectHits gives the hits of one subject at the default threshold.
func subjectHits(index *watchlist.Index, s *Subject) []*Hit {
	var hits []*Hit
	for _, h := range s.Search(index, hitLimit) {
		if !h.Alert {
			continue
		}
		hits = append(hits, &Hit{
			State: "open", Subject: s.ID, List: h.Entity.List, Entry: h.Entity.SourceID,
			Identity: strings.Join([]string{s.ID, h.Entity.List, h.Entity.SourceID}, "|"),
			Matched:  h.MatchedName, Score: int64(h.Score*1000 + 0.5), Reasons: h.Match.Sentence(),
		})
	}
	return hits
}

// Close closes a hit: confirmed says that the subject is the listed entity. The
// reason is required.
//
// Errors: NotFound; Refused when the hit is closed already.
func Close(ctx context.Context, db *store.DB, actor, id string, confirmed bool, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "closing a hit needs a reason", "give --reason TEXT")
	}
	return db.Write(ctx, actor, func(tx *store.Tx) error {
		h, err := store.Get(ctx, tx, Hits, id)
		if err != nil {
			return err
		}
		if h.Record.State != "open" {
			return fault.Newf(fault.Refused, "hit %s was already %s", id, h.Record.State)
		}
		next := *h.Record
		next.State, next.Closed, next.By = "dismissed", reason, actor
		if confirmed {
			next.State = "confirmed"
		}
		_, _, err = store.Revise(tx, Hits, id, &next)
		return err
	})
}
