package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"duly/internal/act"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/stats"
	"duly/internal/store"
)

// Severity is what a scorer says of one right: scale from 0 (not affected) to 5, and
// where it is affected scope and irremediability from 1 to 5.
type Severity struct {
	Right                         string
	Scale, Scope, Irremediability int64
}

// Scoring is what a person gives.
type Scoring struct {
	Subject string // record id
	Rights  []Severity
	Reason  string
	By      act.Actor
	Key     store.Signer // the person's own key
	Today   string
}

// Given says what became of a score.
type Given struct {
	Ref      store.Ref
	Round    int64
	Complete bool     // both scores of the round are in
	Disputed []string // rights on which they differ, once both are in
}

// The prefixes under which a method asks for severity, and for that of a second scorer.
const (
	harmPrefix   = "harm."
	secondPrefix = "second."
)

// GiveScore records one person's severity scores, signed with that person's key. The
// first of a round is held back: its values become facts only together with the
// second's. Then a method that asks two scorers gets both; for one that asks only once
// the graver value of each part is stated, since disagreement about harm goes up and
// never to the middle.
//
// Errors: Invalid for a right that the method does not know or that is left out, and
// for values out of their bounds; Refused for a role that may not score, a second score
// of the same person in a round, and another method than the one that began the round.
func GiveScore(ctx context.Context, db *store.DB, authority act.Authority, m *rating.Method, s Scoring) (Given, error) {
	if err := authority.May(s.By, act.Score); err != nil {
		return Given{}, err
	}
	if s.Key.Sign(nil).KeyID() != s.By.Key {
		return Given{}, fault.New(fault.Refused, "the signing key belongs to somebody else than the one who scores", "each person signs with the own key")
	}
	if strings.TrimSpace(s.Reason) == "" {
		return Given{}, fault.New(fault.Invalid, "a score needs a reason", "give --reason TEXT")
	}
	values, err := severityValues(m, s.Rights)
	if err != nil {
		return Given{}, err
	}
	var out Given
	err = db.Write(ctx, s.By.Key, func(tx *store.Tx) error {
		before, err := scoresOf(ctx, tx, s.Subject)
		if err != nil {
			return err
		}
		score := &Score{Day: s.Today, Method: m.Hash, Round: 1, Subject: s.Subject, Values: values, Reason: s.Reason, Scorer: s.By.Key}
		var first *store.Revision[Score]
		if n := len(before); n > 0 {
			score.Round = before[n-1].Record.Round
			if open := before[n-1]; n%2 == 1 {
				first = open
			} else {
				score.Round++
			}
		}
		switch {
		case first == nil:
		case first.Record.Scorer == s.By.Key:
			return fault.New(fault.Refused, "the same person cannot score a deployment twice in one round", "a second person scores it, without knowing these figures")
		case first.Record.Method != m.Hash:
			return fault.New(fault.Refused, "the first of this round was scored by another method", "score it by that method")
		}
		if out.Ref, err = store.Create(tx, Scores, score, s.Key); err != nil {
			return err
		}
		out.Round = score.Round
		if first == nil {
			return nil
		}
		out.Complete = true
		out.Disputed, err = stateBoth(ctx, tx, m, first.Record, score, s.Today)
		return err
	})
	return out, err
}

// scoresOf gives the scores of a subject in the order they were given.
func scoresOf(ctx context.Context, q store.Queryer, subject string) ([]*store.Revision[Score], error) {
	list, err := store.Select(ctx, q, Scores, "r.subject = $1", subject)
	slices.SortFunc(list, func(a, b *store.Revision[Score]) int { return cmp.Compare(a.Seq, b.Seq) })
	return list, err
}

// severityValues checks that every right of the method is answered, once.
func severityValues(m *rating.Method, given []Severity) ([]string, error) {
	var values []string
	said := map[string]bool{}
	for _, s := range given {
		if said[s.Right] {
			return nil, fault.Newf(fault.Invalid, "the right %q is answered twice", s.Right)
		}
		said[s.Right] = true
		for _, part := range []struct {
			name  string
			value int64
		}{{"scale", s.Scale}, {"scope", s.Scope}, {"irremediability", s.Irremediability}} {
			id := harmPrefix + s.Right + "." + part.name
			fact, ok := m.Fact(id)
			switch {
			case !ok:
				return nil, fault.Newf(fault.Invalid, "the method %s has no right %q", m.ID, s.Right).WithFix("use " + strings.Join(rightsOf(m), ", "))
			case part.name != "scale" && s.Scale == 0:
				continue // a right that is not affected has neither scope nor irremediability
			case part.value < fact.Min || part.value > fact.Max:
				return nil, fault.Newf(fault.Invalid, "%s: %d is not between %d and %d", id, part.value, fact.Min, fact.Max)
			}
			values = append(values, fmt.Sprintf("%s=%d", id, part.value))
		}
	}
	for _, right := range rightsOf(m) {
		if !said[right] {
			return nil, fault.Newf(fault.Invalid, "the right %q is not answered", right).WithFix("answer every right; 0 says that it is not affected")
		}
	}
	slices.Sort(values)
	return values, nil
}

// rightsOf gives the rights that a method asks about, in its order.
func rightsOf(m *rating.Method) []string {
	var rights []string
	for _, f := range m.Facts() {
		if right, ok := strings.CutPrefix(f.ID, harmPrefix); ok {
			if right, ok = strings.CutSuffix(right, ".scale"); ok {
				rights = append(rights, right)
			}
		}
	}
	return rights
}

// stateBoth states what both scores say as facts, and gives the rights on which they differ.
func stateBoth(ctx context.Context, tx *store.Tx, m *rating.Method, first, second *Score, today string) ([]string, error) {
	a, b := valuesOf(first), valuesOf(second)
	var disputed []string
	for _, right := range rightsOf(m) {
		for _, part := range []string{"scale", "scope", "irremediability"} {
			if id := harmPrefix + right + "." + part; a[id] != b[id] {
				disputed = append(disputed, right)
				break
			}
		}
	}
	_, two := m.Fact(secondPrefix + harmPrefix + rightsOf(m)[0] + ".scale")
	for i, score := range []*Score{first, second} {
		source, err := store.Create(tx, evidence.Sources, &evidence.Source{
			Origin: evidence.Origin{State: "active", ValidFrom: score.Day, Received: today, Source: DerivedBy},
			Grade:  "party", Published: score.Day, Title: fmt.Sprintf("severity scored by a person alone, round %d", score.Round),
		})
		if err != nil {
			return nil, err
		}
		prefix := ""
		values := valuesOf(score)
		if i == 1 && two {
			prefix = secondPrefix
		}
		if !two {
			values = graver(a, b)
		}
		for _, f := range m.Facts() {
			v, ok := values[f.ID]
			if !ok {
				continue
			}
			// A later round takes the place of this one, also on the same day.
			err := evidence.Conclude(ctx, tx, evidence.Fact{
				Subject: score.Subject, Fact: prefix + f.ID, Value: ledger.Int(v), AsOf: today, Sources: []string{source.ID},
			}, [...]string{"first scorer", "second scorer"}[i], today)
			if err != nil {
				return nil, err
			}
		}
	}
	return disputed, nil
}

func valuesOf(s *Score) map[string]int64 {
	out := make(map[string]int64, len(s.Values))
	for _, line := range s.Values {
		id, number, _ := strings.Cut(line, "=")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			out[id] = v
		}
	}
	return out
}

// graver gives the larger value of each part.
func graver(a, b map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(a))
	for _, values := range []map[string]int64{a, b} {
		for id, v := range values {
			out[id] = max(out[id], v)
		}
	}
	return out
}

// Round is a round of scores whose both halves are in.
type Round struct {
	Subject       string
	Number        int64
	Method        string // hash of the pack
	First, Second *store.Revision[Score]
}

// Rounds gives the complete rounds, in the order of the log, and how many scores are
// held back until a second one is in.
func Rounds(ctx context.Context, q store.Queryer) (rounds []Round, held int, err error) {
	list, err := store.Select(ctx, q, Scores, "")
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(list, func(a, b *store.Revision[Score]) int { return cmp.Compare(a.Seq, b.Seq) })
	open := map[string]*store.Revision[Score]{}
	for _, s := range list {
		first := open[s.Record.Subject]
		if first == nil {
			open[s.Record.Subject] = s
			continue
		}
		delete(open, s.Record.Subject)
		rounds = append(rounds, Round{s.Record.Subject, s.Record.Round, s.Record.Method, first, s})
	}
	return rounds, len(open), nil
}

// Agreement says how far the scorers of a method agree.
type Agreement struct {
	Rounds   int             // compared: those by this method
	Affected stats.Agreement // whether a right is affected, over all rights of all rounds
	Rights   stats.Agreement // severity of each right, 0 to 5, disagreement counted by its square
	Overall  stats.Agreement // severity of the gravest right, 1 to 5, the same way
}

// Agree compares the scorers of all rounds by the method. Severity is the method's own,
// with no vulnerable group among those affected.
func Agree(m *rating.Method, rounds []Round) (Agreement, error) {
	var out Agreement
	const levels = 6
	var affected, rights, overall [2][]int
	for _, r := range rounds {
		if r.Method != m.Hash {
			continue
		}
		out.Rounds++
		for i, score := range []*Score{r.First.Record, r.Second.Record} {
			severities, err := severities(m, score)
			if err != nil {
				return out, err
			}
			for _, s := range severities {
				affected[i] = append(affected[i], min(s, 1))
			}
			rights[i] = append(rights[i], severities...)
			overall[i] = append(overall[i], slices.Max(severities))
		}
	}
	for _, x := range []struct {
		into       *stats.Agreement
		of         [2][]int
		categories int
		weighting  stats.Weighting
	}{{&out.Affected, affected, 2, stats.Unweighted}, {&out.Rights, rights, levels, stats.Quadratic}, {&out.Overall, overall, levels, stats.Quadratic}} {
		table, err := stats.Table(x.of[0], x.of[1], x.categories)
		if err != nil {
			return out, err
		}
		*x.into = table.Agreement(x.weighting)
	}
	return out, nil
}

// severities gives the severity of every right by a score, in the method's order.
func severities(m *rating.Method, s *Score) ([]int, error) {
	in := rating.Inputs{}
	for id, v := range valuesOf(s) {
		in[id] = rating.Known(v)
	}
	if f, ok := m.Fact("harm.vulnerable_group"); ok {
		in[f.ID] = rating.Known(false)
	}
	r, err := m.Rate(in)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(r.Rights))
	for i, right := range r.Rights {
		out[i] = right.Worst[3]
	}
	return out, nil
}
