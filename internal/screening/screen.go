package screening

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/names"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// Matcher grows when the same names may score otherwise than before. It stands in
// the record of every run.
const Matcher = 2

// Summary says what a run did.
type Summary struct {
	Customers int   `json:"customers"`
	Behind    int   `json:"behind"` // owners and parties behind customers
	Lists     int   `json:"lists"`
	Entries   int   `json:"entries"`
	Names     int   `json:"names"`
	NewHits   int   `json:"new_hits"`
	OldHits   int   `json:"hits_known_before"`
	Reopened  int   `json:"hits_opened_again"` // a side changed since they were decided
	Stale     int   `json:"hits_gone"`         // the entry or the resemblance is gone
	Recheck   int   `json:"confirmed_to_check_again"`
	Subjects  int   `json:"customers_with_hits"` // and owners and parties
	Run       int64 `json:"entry"`               // where the run stands in the log
}

// Screen compares the subjects of the register with the lists and records new hits,
// what became of old ones, and the run itself. Where an earlier run stands it
// compares what changed since, by the lists on the shelf; "" for the shelf compares
// everything. A killed run leaves nothing; the next run finds all of it. Who was
// registered or changed while it ran is screened before it ends. progress may be nil.
func Screen(ctx context.Context, db *store.DB, shelf Shelf, actor, today string, lists []*watchlist.List, progress func(done, all int)) (*Summary, error) {
	index := watchlist.NewIndex(lists...)
	r := &run{index: index, today: today, lists: lists, found: map[string][]*Hit{}, touched: map[string]*Hit{}}
	r.s.Lists = len(lists)
	r.listed = map[string]bool{}
	for _, l := range lists {
		for i := range l.Entities {
			r.listed[place(l.Entities[i].List, l.Entities[i].SourceID)] = true
		}
	}
	r.s.Entries, r.s.Names = index.Len()
	head, err := store.Head(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := r.narrow(ctx, db, shelf); err != nil {
		return nil, err
	}
	subjects, err := Subjects(ctx, db)
	if err != nil {
		return nil, err
	}
	for i := range subjects {
		if i%256 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if progress != nil {
				progress(i, len(subjects))
			}
		}
		if r.last != nil && subjects[i].Revision.Seq < r.last.Seq {
			continue
		}
		if err := r.screen(&subjects[i]); err != nil {
			return nil, err
		}
	}
	if err := r.touch(subjects); err != nil {
		return nil, err
	}
	err = db.Write(ctx, actor, func(tx *store.Tx) error { return r.finish(ctx, tx, head.Size) })
	return &r.s, err
}

// finish compares whoever came or changed from a position of the log on, settles all
// hits and records the run.
func (r *run) finish(ctx context.Context, tx *store.Tx, from int64) error {
	now, err := Subjects(ctx, tx)
	if err != nil {
		return err
	}
	hashes := make([]ledger.Hash, len(now))
	here := make(map[string]bool, len(now))
	for i := range now {
		hashes[i] = now[i].Revision.Hash
		here[now[i].ID] = true
		if now[i].Record == isCustomer {
			r.s.Customers++
		} else {
			r.s.Behind++
		}
		if now[i].Revision.Seq < from {
			continue
		}
		if err := r.screen(&now[i]); err != nil {
			return err
		}
	}
	maps.DeleteFunc(r.found, func(id string, _ []*Hit) bool { return !here[id] })
	if err := r.settle(ctx, tx, here); err != nil {
		return err
	}
	return r.record(tx, hashes)
}

// run is one run of screening.
type run struct {
	index  *watchlist.Index
	lists  []*watchlist.List
	today  string
	listed map[string]bool   // entries of the lists, by list and id
	found  map[string][]*Hit // by subject, of every subject that was compared with all entries
	s      Summary

	last    *store.Revision[runs.Run] // the run since which changes are compared; nil to compare all
	changed map[string]bool           // entries that came or changed since, by list and id
	come    []*watchlist.Entity       // the same
	touched map[string]*Hit           // what they met among the other subjects, by identity
}

// screen compares one subject with the lists.
func (r *run) screen(s *Subject) error {
	hits := []*Hit{}
	state := s.State()
	for _, h := range s.Alerts(r.index) {
		hit, err := newHit(s, state, &h)
		if err != nil {
			return err
		}
		hits = append(hits, hit)
	}
	r.found[s.ID] = hits
	return nil
}

func newHit(s *Subject, state string, h *watchlist.Hit) (*Hit, error) {
	evidence, err := json.Marshal(told{h.Match, h.Evidence})
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot write the evidence of a hit")
	}
	return &Hit{
		State: Open, Grade: grade(h), Subject: s.ID, List: h.Entity.List, Entry: h.Entity.SourceID,
		Identity: strings.Join([]string{s.ID, h.Entity.List, h.Entity.SourceID}, "|"),
		Matched:  h.MatchedName, Score: thousandths(h.Score), Probability: thousandths(h.Probability),
		Reasons: h.Sentence(), Evidence: string(evidence), SubjectState: state, EntryState: h.Entity.Hash(),
	}, nil
}

// told is what Hit.Evidence holds: how the names met, and what else was compared.
type told struct {
	Name   names.Match          `json:"name"`
	Beside []watchlist.Evidence `json:"beside,omitempty"`
}

func thousandths(share float64) int64 { return int64(share*1000 + 0.5) }

// grade grades a hit by how likely it is that both are one party.
func grade(h *watchlist.Hit) string {
	switch {
	case h.Probability >= 0.9:
		return Strong
	case h.Probability >= 0.5:
		return Fair
	}
	return Weak
}

// settle brings the hits of the register in line with what was found.
func (r *run) settle(ctx context.Context, tx *store.Tx, here map[string]bool) error {
	known, err := store.Select(ctx, tx, Hits, "")
	if err != nil {
		return err
	}
	now := maps.Clone(r.touched)
	for _, hits := range r.found {
		for _, h := range hits {
			now[h.Identity] = h
		}
	}
	met := map[string]bool{} // subjects with hits that stand
	for _, k := range known {
		next := *k.Record
		found := now[next.Identity]
		delete(now, next.Identity)
		if r.covers(&next, here[next.Subject]) && r.update(&next, found, here[next.Subject]) {
			if _, _, err := store.Revise(tx, Hits, k.ID, &next); err != nil {
				return err
			}
		}
		if next.State != Stale {
			r.s.OldHits++
			met[next.Subject] = true
		}
	}
	for _, identity := range slices.Sorted(maps.Keys(now)) {
		if !here[now[identity].Subject] {
			continue
		}
		r.s.NewHits++
		met[now[identity].Subject] = true
		if _, err := store.Create(tx, Hits, now[identity]); err != nil {
			return err
		}
	}
	r.s.Subjects = len(met)
	return nil
}

// update changes a known hit to what this run makes of it and says whether it
// did. found is nil when both sides do not meet any more; here says whether the
// subject is still in the register.
func (r *run) update(h, found *Hit, here bool) bool {
	if found == nil {
		return r.gone(h, here)
	}
	changed := ""
	switch {
	case h.State == Stale:
		changed = "it is met again"
	case h.EntryState != found.EntryState:
		changed = "the entry of the list changed"
	case h.SubjectState != found.SubjectState:
		changed = "what is known of the subject changed"
	default:
		return false
	}
	decided := *h
	state := h.State
	*h = *found
	if state == Confirmed {
		h.State, h.Closed, h.By = Confirmed, decided.Closed, decided.By
		h.Recheck = yes()
		r.s.Recheck++
	} else if state != Open {
		r.s.Reopened++
	}
	h.Note = fmt.Sprintf("%s: %s", r.today, changed)
	return true
}

// gone settles a hit whose two sides do not meet any more. What a person confirmed
// stays confirmed as long as its entry is on a list: only a person takes it back.
func (r *run) gone(h *Hit, here bool) bool {
	listed := r.listed[place(h.List, h.Entry)]
	why := "the names do not resemble each other any more"
	switch {
	case !listed:
		why = "the entry is on no list in use any more"
	case !here:
		why = "the subject is not in the register any more"
	}
	switch {
	case h.State == Stale || h.State == Dismissed:
		return false
	case h.State == Confirmed && listed && h.Recheck == nil:
		h.Recheck = yes()
		r.s.Recheck++
	case h.State == Confirmed && listed:
		return false
	default:
		h.State, h.Recheck = Stale, nil
		r.s.Stale++
	}
	h.Note = fmt.Sprintf("%s: %s", r.today, why)
	return true
}

func yes() *bool {
	b := true
	return &b
}

// settings says what the outcome depends on beside subjects and lists.
func (r *run) settings() string {
	return fmt.Sprintf("matcher %d, threshold %v", Matcher, watchlist.DefaultThreshold)
}

func (r *run) record(tx *store.Tx, hashes []ledger.Hash) error {
	population, err := runs.Root(hashes)
	if err != nil {
		return err
	}
	record := &runs.Run{
		Task: "screen", Day: r.today, Covered: int64(r.s.Customers + r.s.Behind), Findings: int64(r.s.NewHits + r.s.OldHits), Population: population,
		Note: r.settings() + "; " + r.scope(),
	}
	for _, l := range r.lists {
		record.Inputs = append(record.Inputs, l.SHA256)
	}
	ref, err := store.Create(tx, runs.Runs, record)
	r.s.Run = ref.Seq
	return err
}
