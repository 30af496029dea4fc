package assessment

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/runs"
	"duly/internal/store"
)

// MethodOn gives the method that rates on a day: the one that was adopted for it, or
// standard while none was. adopted is nil in the second case.
func MethodOn(ctx context.Context, q store.Queryer, day string, standard *pack.Pack) (p *pack.Pack, adopted *store.Revision[runs.Pack], err error) {
	adopted, err = runs.MethodOn(ctx, q, day)
	if err != nil || adopted == nil {
		return standard, nil, err
	}
	p, err = adopted.Record.Parse()
	return p, adopted, err
}

// CommitMethod records a method, once it loads and all the tests that it carries hold.
// known says that it was recorded before. It rates nothing until it is adopted.
//
// Errors: Invalid for a pack that does not load; Broken when a test of it does not
// hold; Refused when its id and version are recorded with other content.
func CommitMethod(ctx context.Context, db *store.DB, actor string, p *pack.Pack) (r *store.Revision[runs.Pack], known bool, err error) {
	if _, err := rating.Load(p); err != nil {
		return nil, false, err
	}
	for _, t := range rating.RunTests(p) {
		if !t.OK {
			return nil, false, fault.Newf(fault.Broken, "a test of the method does not hold: %s: %s", t.Name, t.Detail).
				At(p.Path, t.Line, "").WithFix("see all with `duly pack test`")
		}
	}
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		r, known, err = runs.Commit(tx, p)
		return err
	})
	return r, known, err
}

// Adopting asks for a committed method to be put in force.
type Adopting struct {
	ID, Version string
	From        string // the first day on which it rates
	Reason      string
	By          act.Actor
	Key         store.Signer // the person's own key
	Today       string
	Standard    *pack.Pack // what rates while no method was adopted
}

// AdoptMethod puts a method in force from a day on. The entry names the method that
// would have rated from that day on and the hash of what changes, so that nobody can
// say afterwards that the change was another.
//
// Errors: Refused for a person who may not, for whoever committed the method, and for a
// day that has passed; NotFound for a method that was not committed.
func AdoptMethod(ctx context.Context, db *store.DB, authority act.Authority, r Adopting) (*runs.Pack, store.Ref, error) {
	if err := r.check(authority); err != nil {
		return nil, store.Ref{}, err
	}
	var adopted *runs.Pack
	var ref store.Ref
	err := db.Write(ctx, r.By.Key, func(tx *store.Tx) error {
		committed, next, err := r.find(ctx, tx)
		if err != nil {
			return err
		}
		before, standing, err := MethodOn(ctx, tx, r.From, r.Standard)
		if err != nil {
			return err
		}
		a := runs.Adoption{From: r.From, Reason: r.Reason, By: r.By.Key}
		switch {
		case before.Hash != next.Hash:
			if err := runs.Use(tx, before); err != nil { // so that what it replaces can be read
				return err
			}
			a.Before, a.Changes = before.Hash, pack.Diff(before, next)
		case standing != nil:
			return fault.Newf(fault.Refused, "%s %s is in force on that day already, since entry %d", r.ID, r.Version, standing.Seq)
		}
		if ref, err = runs.Adopt(tx, committed, a, r.Key); err != nil {
			return err
		}
		written, err := store.GetBySeq(ctx, tx, runs.Packs, ref.Seq)
		if err == nil {
			adopted = written.Record
		}
		return err
	})
	return adopted, ref, err
}

func (r *Adopting) check(authority act.Authority) error {
	if err := authority.May(r.By, act.Adopt); err != nil {
		return err
	}
	if r.Key.Sign(nil).KeyID() != r.By.Key {
		return fault.New(fault.Refused, "the signing key belongs to somebody else than the one who adopts", "each person signs with the own key")
	}
	if strings.TrimSpace(r.Reason) == "" {
		return fault.New(fault.Invalid, "an adoption needs a reason", "give --reason TEXT")
	}
	if _, err := time.Parse(time.DateOnly, r.From); err != nil {
		return fault.Newf(fault.Invalid, "%q is not a date", r.From).WithFix("write it as YYYY-MM-DD")
	}
	if r.From < r.Today {
		return fault.Newf(fault.Refused, "%s has passed: no method comes into force backwards", r.From).WithFix("give today or a later day")
	}
	return nil
}

// find gives the committed method, which whoever adopts it must not have committed.
func (r *Adopting) find(ctx context.Context, q store.Queryer) (*store.Revision[runs.Pack], *pack.Pack, error) {
	committed, err := runs.MethodNamed(ctx, q, r.ID, r.Version)
	if err != nil {
		return nil, nil, err
	}
	history, err := store.History(ctx, q, runs.Packs, committed.ID)
	if err != nil {
		return nil, nil, err
	}
	if history[0].Leaf.Actor == r.By.Key {
		return nil, nil, fault.New(fault.Refused, "whoever committed a method cannot adopt it", "a second person adopts it")
	}
	p, err := committed.Record.Parse()
	if err != nil {
		return nil, nil, err
	}
	if p.EffectiveFrom > r.From || p.EffectiveTo != "" && p.EffectiveTo < r.From {
		return nil, nil, fault.Newf(fault.Refused, "%s %s does not hold on %s by its own dates", p.ID, p.Version, r.From).
			WithFix("see effective_from and effective_to in the pack")
	}
	return committed, p, nil
}

// Reviews say when subjects are to be judged anew.
type Reviews struct {
	Decided map[string]Decided // by subject
	Move    bool               // rate all under the method in force, whatever their standing rating was made by
}

// Decided is what a decision says of the next review.
type Decided struct {
	Review string // the day from which on it is due; "" for none
	Rating string // hash of the leaf of the rating that was decided on
}

// Reassess rates deployments under the method that holds for each on a day: the one in
// force, but for a subject whose standing rating was made under another one that method,
// until its review is due or somebody moves it. So no case changes method midway. The
// review is due on the day that the decision set, if that rests on a rating by the same
// method; while nothing was decided under it, as many months after the rating as that
// says.
//
// Each method makes a run of its own; the summary adds them up.
func Reassess(ctx context.Context, db *store.DB, preparer, today string, standard *pack.Pack, which Which, r Reviews, progress func(done, all int)) (*Summary, error) {
	inForce, _, err := MethodOn(ctx, db, today, standard)
	if err != nil {
		return nil, err
	}
	kept := map[string]string{}
	if !r.Move {
		if kept, err = keep(ctx, db, inForce.Hash, r.Decided, today); err != nil {
			return nil, err
		}
	}
	if len(kept) == 0 {
		return Assess(ctx, db, preparer, today, inForce, which, progress)
	}
	part := which
	part.only = func(subject string) bool { return kept[subject] == "" }
	all, err := Assess(ctx, db, preparer, today, inForce, part, progress)
	if err != nil {
		return nil, err
	}
	for _, hash := range slices.Compact(slices.Sorted(maps.Values(kept))) {
		text, err := runs.Bytes(ctx, db, hash)
		if err != nil {
			return nil, err
		}
		p, err := pack.Parse("pack "+hash, text)
		if err != nil {
			return nil, err
		}
		part.only = func(subject string) bool { return kept[subject] == hash }
		s, err := Assess(ctx, db, preparer, today, p, part, progress)
		if err != nil {
			return nil, err
		}
		all.add(s)
		all.Kept += s.Assessed
	}
	return all, nil
}

// begun is a case whose rating was made by another method than the one in force.
type begun struct{ id, subject, method, review string }

// keep gives the subjects that keep another method than the one in force, with the
// hash of theirs.
func keep(ctx context.Context, q store.Queryer, inForce string, decided map[string]Decided, today string) (map[string]string, error) {
	list, err := begunBefore(ctx, q, inForce)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range list {
		review := s.review
		if d, ok := decided[s.subject]; ok {
			same, err := s.rested(ctx, q, d.Rating)
			if err != nil {
				return nil, err
			}
			if same {
				review = d.Review
			}
		}
		if review == "" || today < review {
			out[s.subject] = s.method
		}
	}
	return out, nil
}

// rested says whether a rating that was decided on was made by the standing method.
func (s *begun) rested(ctx context.Context, q store.Queryer, rating string) (bool, error) {
	revisions, err := store.History(ctx, q, Ratings, s.id)
	for _, r := range revisions {
		if r.Hash.String() == rating {
			return r.Record.Method == s.method, err
		}
	}
	return false, err
}

func begunBefore(ctx context.Context, q store.Queryer, inForce string) (list []begun, err error) {
	rows, err := q.Query(ctx, `select r.id, r.subject, r.method, e.leaf from r_rating r join entry e on e.seq = r.seq
		where r.to_seq is null and r.method <> $1`, inForce)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the ratings")
	}
	defer rows.Close()
	for rows.Next() {
		var s begun
		var raw []byte
		if err := rows.Scan(&s.id, &s.subject, &s.method, &raw); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the ratings")
		}
		leaf, err := ledger.ParseLeaf(raw)
		if err != nil {
			return nil, err
		}
		s.review = reviewDay(leaf)
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the ratings")
	}
	return list, nil
}

// reviewDay gives the day on which a rating that nothing was decided on is to be made
// anew; "" under a hard stop, which sets no review.
func reviewDay(rated *ledger.Leaf) string {
	months, _ := rated.PublicValues()["review_months"].Value().(int64)
	if months == 0 {
		return ""
	}
	return time.UnixMicro(rated.Time).UTC().AddDate(0, int(months), 0).Format(time.DateOnly)
}

// add adds the counts of another run.
func (s *Summary) add(o *Summary) {
	s.Assessed += o.Assessed
	s.Pending += o.Pending
	s.Changed += o.Changed
	if o.Run != 0 {
		s.Run = o.Run
	}
	s.Subjects = append(s.Subjects, o.Subjects...)
	for _, m := range []struct{ into, from map[string]int }{
		{s.Outcomes, o.Outcomes}, {s.Worst, o.Worst}, {s.Best, o.Best}, {s.Missing, o.Missing},
	} {
		for k, n := range m.from {
			m.into[k] += n
		}
	}
}
