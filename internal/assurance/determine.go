package assurance

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/voice"
)

// The questions that are determined.
const (
	Contribution = "contribution" // does customers' use contribute to violations of human rights?
	Process      = "process"      // does the process of due diligence do what it is for?
)

// The conclusions.
const (
	Yes           = "yes"
	No            = "no"
	Partly        = "partly"
	Indeterminate = "indeterminate"
)

// Answer is what an assessor concludes.
type Answer struct {
	voice.Hand
	Engagement string
	Library    *Library
	Question   string
	Conclusion string
	Reasons    string
	Evidence   []int64 // entries
}

// Determine records a determination with what it rests on, counted here and not stated by
// anybody: how much of the population was examined, what came of the controls, and how many
// impacts the company has a part in.
//
// Errors: Invalid without reasons; NotFound for evidence that the log does not have; Refused before the
// population is frozen, for a favourable answer below the required coverage, and for one
// that what was recorded contradicts.
func Determine(ctx context.Context, db *store.DB, authority act.Authority, a Answer) (*Determination, store.Ref, error) {
	if strings.TrimSpace(a.Reasons) == "" || len(a.Evidence) == 0 {
		return nil, store.Ref{}, fault.New(fault.Invalid, "a determination has reasons, and evidence by reference", "give --text, and --evidence with the numbers of entries")
	}
	d := &Determination{
		Library: a.Library.Hash, Question: a.Question, Conclusion: a.Conclusion, Day: a.Today(), Reasons: a.Reasons,
		Controls: int64(len(a.Library.Controls)), Matter: a.Engagement, Person: a.By.Key,
	}
	var ref store.Ref
	err := a.Watch(ctx, db, authority, act.Assess, attempt, a.Engagement, func(tx *store.Tx) error {
		s, err := engagement.Working(ctx, tx, a.Hand, a.Engagement)
		if err != nil {
			return err
		}
		if d.Evidence, err = leaves(ctx, tx, a.Evidence); err != nil {
			return err
		}
		terms := s.Terms.Record
		d.Terms, d.Level, d.Words, d.Criteria = s.Terms.Hash.String(), terms.Level, terms.Question, terms.Criteria
		d.Required = max(terms.Coverage*100, a.Library.Required(terms.Level))
		if err := d.first(ctx, tx); err != nil {
			return err
		}
		if err := d.examined(ctx, tx, s); err != nil {
			return err
		}
		if err := d.found(ctx, tx, a.Library); err != nil {
			return err
		}
		if what := bundle.Determined(d.Question, d.Conclusion, d.basis()); what != "" {
			return refusal.Refuse(refusal.Coverage, what, "conclude what follows, or examine more first")
		}
		if err := runs.Use(tx, a.Library.pack); err != nil {
			return err
		}
		ref, err = store.Create(tx, Determinations, d, a.Key)
		return err
	})
	return d, ref, err
}

// first refuses to answer a question again, unless it was left open.
func (d *Determination) first(ctx context.Context, q store.Queryer) error {
	earlier, err := DeterminationsOf(ctx, q, d.Matter)
	for _, e := range slices.Backward(earlier) {
		if e.Record.Question == d.Question && e.Record.Conclusion != Indeterminate {
			return refusal.Refuse(refusal.Twice, "the question was answered, and the answer stands in entry "+strconv.FormatInt(e.Seq, 10), "another assessor may dissent")
		}
	}
	return err
}

func (d *Determination) basis() bundle.Basis {
	return bundle.Basis{Coverage: d.Coverage, Required: d.Required, Controls: d.Controls, Effective: d.Effective, Failed: d.NotEffective + d.Absent, Involved: d.Involved}
}

// leaves gives the leaf hashes of entries, by which a record names what it rests on. The
// code is NotFound for one that the log does not have.
func leaves(ctx context.Context, q store.Queryer, entries []int64) ([]string, error) {
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, seq := range entries {
		if seq < 0 || seq >= head.Size {
			return nil, fault.Newf(fault.NotFound, "the log has no entry %d", seq).WithFix("name entries by their number, as commands and reports print it")
		}
	}
	hashes, err := store.LeafHashes(ctx, q, slices.Sorted(slices.Values(entries)))
	var out []string
	for _, h := range hashes {
		out = append(out, h.String())
	}
	return out, err
}

// examined counts what coverage rests on: of the deployments that were frozen those whose
// rating, as it stood then, had all the facts that it needs; less the rate of what is
// billed and maps to nothing. What was never compared with a list from outside counts as
// unmapped.
func (d *Determination) examined(ctx context.Context, tx *store.Tx, s *engagement.Standing) error {
	frozen, err := taken(ctx, tx, s)
	if err != nil {
		return err
	}
	p, leaf := bundle.NewPopulation(frozen.Record.From, frozen.Record.Upto), &ledger.Leaf{}
	err = store.Entries(ctx, tx, 0, frozen.Record.Size, func(e store.Entry) error {
		err := leaf.Parse(e.Leaf)
		p.Add(leaf)
		return err
	})
	if err != nil {
		return err
	}
	err = store.Each(ctx, tx, assessment.Ratings, store.At{Seq: frozen.Record.Size - 1}, "", nil, func(r *store.Revision[assessment.Rating]) error {
		if !r.Record.Pending && p.Has("deployment", r.Record.Subject) {
			d.Examined++
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Population, d.Unmapped = frozen.Record.Deployments, bundle.Whole
	compared, err := Compared(ctx, tx, store.Now, d.Matter)
	if compared != nil {
		d.Unmapped = Unmapped(compared.Record)
	}
	d.Coverage = bundle.Covered(d.Population, d.Examined, d.Unmapped)
	return err
}

// taken gives the population that was frozen under the terms in force.
//
// The code is Refused when there is none.
func taken(ctx context.Context, q store.Queryer, s *engagement.Standing) (*store.Revision[engagement.Population], error) {
	list, err := store.Select(ctx, q, engagement.Populations, "r.engagement = $1", s.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.Record.Terms == s.Terms.Hash.String() {
			return p, nil
		}
	}
	return nil, refusal.Refuse(refusal.Frozen, "no population is frozen under the terms in force", "freeze it with `duly engagement freeze`")
}

// Compared gives the newest comparison of accounts with a list from outside that an
// engagement has; nil when there is none.
func Compared(ctx context.Context, q store.Queryer, at store.At, id string) (*store.Revision[engagement.Reconciliation], error) {
	list, err := store.SelectAt(ctx, q, engagement.Reconciliations, at, "r.engagement = $1", id)
	for _, r := range slices.Backward(list) {
		if r.Record.Of == "account" {
			return r, err
		}
	}
	return nil, err
}

// Unmapped gives which rate of a list's rows maps to nothing in the log with certainty.
func Unmapped(r *engagement.Reconciliation) int64 {
	return bundle.Unmapped(r.Rows, r.Missing+r.Ambiguous+r.Unread)
}

// found counts what came of the library's controls and of impacts.
func (d *Determination) found(ctx context.Context, tx *store.Tx, l *Library) error {
	tests, err := TestsOf(ctx, tx, d.Matter)
	if err != nil {
		return err
	}
	for i := range l.Controls {
		switch Conclude(tests, l.Name(l.Controls[i].ID)) {
		case Effective:
			d.Effective++
		case NotEffective:
			d.NotEffective++
		case Absent:
			d.Absent++
		default:
			d.Untested++
		}
	}
	impacts, err := ImpactsOf(ctx, tx, d.Matter)
	for _, i := range impacts {
		if i.Record.State == "held" && i.Record.Actual && slices.Contains(bundle.Parts, i.Record.Involvement) {
			d.Involved++
		}
	}
	return err
}

// Conclude gives what came of a control by all of its tests, by its name: Absent or
// NotEffective when one of them says so, Effective when both design and operation are, and
// "" as long as one of the two is not concluded.
func Conclude(tests []*store.Revision[Test], control string) string {
	of := map[string]string{}
	for _, t := range tests {
		if t.Record.Control == control {
			of[t.Record.Of] = t.Record.Conclusion
		}
	}
	return bundle.Control(of[Design], of[Operation])
}

// Object records a dissent of another assessor of the engagement, signed by that one.
//
// Errors: Invalid without reasons; Refused for whoever signed the determination, and for
// the conclusion that it has.
func Object(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, conclusion, reasons string) (ref store.Ref, err error) {
	if strings.TrimSpace(reasons) == "" {
		return ref, fault.New(fault.Invalid, "a dissent has reasons", "give --text TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		d, err := store.Get(ctx, tx, Determinations, id)
		if err != nil {
			return err
		}
		if _, err := engagement.Working(ctx, tx, h, d.Record.Matter); err != nil {
			return err
		}
		switch {
		case d.Record.Person == h.By.Key:
			return refusal.Refuse(refusal.FourEyes, "whoever signed the determination does not dissent from it", "another assessor does")
		case d.Record.Conclusion == conclusion:
			return refusal.Refuse(refusal.Twice, "the determination concludes the same", "")
		}
		ref, err = store.Create(tx, Dissents, &Dissent{Determination: d.Hash.String(), Conclusion: conclusion, Day: h.Today(), Reasons: reasons, Matter: d.Record.Matter, Person: h.By.Key}, h.Key)
		return err
	})
	return ref, err
}

// Respond records what the company says to a determination, signed by a person who may
// speak for it.
func Respond(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, choice, text string) (ref store.Ref, err error) {
	if strings.TrimSpace(text) == "" {
		return ref, fault.New(fault.Invalid, "a reply has words", "give --text TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Withhold, attempt, id, func(tx *store.Tx) error {
		d, err := store.Get(ctx, tx, Determinations, id)
		if err != nil {
			return err
		}
		ref, err = store.Create(tx, Replies, &Reply{Determination: d.Hash.String(), Choice: choice, Day: h.Today(), Text: text, Matter: d.Record.Matter, Person: h.By.Key}, h.Key)
		return err
	})
	return ref, err
}

// DeterminationsOf gives the determinations of an engagement in the order of the log.
func DeterminationsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Determination], error) {
	return store.Select(ctx, q, Determinations, "r.engagement = $1", id)
}
