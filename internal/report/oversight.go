package report

import (
	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// oversight counts what experts, panels and those whom it concerns said, what rules
// refused, and what waits for people. All of it stands in clear in the log, so that no
// audience gets another figure.
func (b *builder) oversight() error {
	for _, step := range []func() error{b.opinions, b.referrals, b.answers, b.heard, b.refused, b.exposures, b.reviews, b.sales, b.sample} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// all reads the records of a kind as known at the checkpoint.
func all[T any](b *builder, kind *ledger.Kind[T]) ([]*T, error) {
	var list []*store.Revision[T]
	err := into(b, kind, &list)
	out := make([]*T, len(list))
	for i, r := range list {
		out[i] = r.Record
	}
	return out, err
}

// count counts records by a field in clear.
func count[T any](list []T, field func(T) string) map[string]int {
	out := map[string]int{}
	for _, r := range list {
		out[field(r)]++
	}
	return out
}

func (b *builder) opinions() error {
	list, err := all(b, voice.Opinions)
	choices := count(list, func(o *voice.Opinion) string {
		if o.State != "given" {
			return o.State
		}
		return o.Choice
	})
	b.r.Oversight.Opinions = tallies([]string{"support", "support_with_conditions", "object", "withdrawn"}, choices)
	return err
}

func (b *builder) referrals() error {
	list, err := all(b, voice.Referrals)
	o := &b.r.Oversight
	for _, r := range list {
		o.VotesFor, o.VotesAgainst, o.Abstained = o.VotesFor+r.For, o.VotesAgainst+r.Against, o.Abstained+r.Abstain
		if r.Again != "" {
			o.AskedAgain++
		}
		if r.State == "closed" && r.AnswerDue != "" && r.AnswerDue < b.r.Day {
			o.AnswersDue++
		}
	}
	o.Referrals = tallies([]string{"open", "for", "against", "no_quorum"}, count(list, func(r *voice.Referral) string {
		if r.State == "open" {
			return r.State
		}
		return r.Outcome
	}))
	return err
}

func (b *builder) answers() error {
	list, err := all(b, voice.Answers)
	o := &b.r.Oversight
	for _, a := range list {
		if a.Late {
			o.AnswersLate++
		}
		if a.Due < b.r.Day {
			o.AnswersDue--
		}
	}
	o.Answers = tallies([]string{"adopt", "adapt", "reject"}, count(list, func(a *voice.Answer) string { return a.Choice }))
	if err != nil {
		return err
	}
	left, err := all(b, voice.Resignations)
	o.Resignations = len(left)
	return err
}

// heard counts what was said in consultations and whether people were told what became
// of it.
func (b *builder) heard() error {
	list, err := all(b, voice.Inputs)
	o := &b.r.Oversight
	o.Inputs = len(list)
	for _, in := range list {
		if in.Told != "" {
			o.Told++
		}
	}
	return err
}

func (b *builder) refused() error {
	list, err := all(b, refusal.Refusals)
	names := make([]string, len(refusal.Rules))
	for i, r := range refusal.Rules {
		names[i] = string(r)
	}
	b.r.Oversight.Refusals = held(tallies(names, count(list, func(r *refusal.Refusal) string { return r.Rule })))
	return err
}

// exposures counts areas where deployments add up on the same people.
func (b *builder) exposures() error {
	list, err := all(b, assessment.Exposures)
	b.r.Oversight.Exposures = tallies([]string{assessment.ExposureOpen, assessment.ExposureClosed, assessment.ExposureEnded},
		count(list, func(e *assessment.Exposure) string { return e.State }))
	return err
}

// reviews counts the open cases by lane, and those past their day.
func (b *builder) reviews() error {
	list, err := all(b, casework.Reviews)
	open := list[:0:0]
	for _, r := range list {
		if r.State != casework.StateOpen {
			continue
		}
		open = append(open, r)
		if r.Due < b.r.Day {
			b.r.Oversight.Overdue++
		}
	}
	b.r.Oversight.Waiting = tallies([]string{"STOP", "PERSON", "DESK"}, count(open, func(r *casework.Review) string { return r.Lane }))
	if err != nil {
		return err
	}
	signals, err := all(b, casework.Signals)
	o := &b.r.Oversight
	o.Unread = count(signals, func(s *casework.Signal) string { return s.State })["unread"]
	o.Raised = len(signals)
	for _, s := range signals {
		if s.Told != "" {
			o.RaisedTold++
		}
	}
	return err
}

// sales counts what those who sell said about cases and ratings.
func (b *builder) sales() error {
	contacts, err := all(b, casework.Contacts)
	if err != nil {
		return err
	}
	b.r.Oversight.Contacts = len(contacts)
	claims, err := store.SelectAt(b.ctx, b.q, evidence.Facts, b.at, "r.claim = 1 and r.state = 'active'")
	b.r.Oversight.Claims = len(claims)
	return err
}

// sample takes the newest quarter's sample of those whom nobody looks at.
func (b *builder) sample() error {
	list, err := all(b, casework.Samples)
	for _, s := range list {
		if was := b.r.Oversight.Sample; was == nil || s.Quarter > was.Quarter {
			b.r.Oversight.Sample = &Sample{s.Quarter, s.Population, s.Size, s.Judged, s.Missed, s.Bound}
		}
	}
	return err
}
