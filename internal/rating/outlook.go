package rating

import (
	"cmp"
	"slices"
	"strings"
)

// Outlook says what would change a rating. It is worked out from the same facts
// and is no part of the trace.
type Outlook struct {
	Questions []Question `json:"questions"` // the unknown facts, the most useful first
	Flips     []Flip     `json:"flips"`     // single known facts that, if otherwise, give another decision
}

// Question is an unknown fact and what each answer would do. Bands and Points are
// means over the answers, in thousandths: Bands of the steps between best and worst
// residual band that the answer takes away, Points of the same in severity,
// likelihood, credit and hard stops that cannot be ruled out.
type Question struct {
	Fact     string   `json:"fact"`
	Text     string   `json:"text"`
	Required bool     `json:"required"`
	Bands    int      `json:"bands"`
	Points   int      `json:"points"`
	Answers  []Answer `json:"answers"`
}

// Answer is one answer and the rating it leads to, all else as it is.
type Answer struct {
	Value    string `json:"value"` // a list's items are joined by commas
	Best     Band   `json:"best"`  // residual
	Worst    Band   `json:"worst"`
	Decision string `json:"decision"`
}

// Flip is another value of a known fact that would give another decision.
type Flip struct {
	Fact     string `json:"fact"`
	From     string `json:"from"`
	To       string `json:"to"`
	Residual Band   `json:"residual"`
	Decision string `json:"decision"`
}

// Outlook tries, one fact at a time, what else it could be: every answer of a yes
// or no, a text and a small whole number, both ends of a larger one, and of a list
// none, each item and all. Its cost grows with the facts times their answers, a
// few hundred times a rating's arithmetic.
func (m *Method) Outlook(in Inputs) (Outlook, error) { return m.OutlookOn("", in) }

// OutlookOn is Outlook on a day, as RateOn is Rate.
func (m *Method) OutlookOn(day string, in Inputs) (Outlook, error) {
	s, err := m.read(day, in)
	if err != nil {
		return Outlook{}, err
	}
	defer s.done()
	for n := range s.answers {
		if err := s.answer(n); err != nil {
			return Outlook{}, err
		}
	}
	now := s.outcome()
	before, idle := slices.Clone(s.answers), slices.Clone(s.idle)
	var out Outlook
	for i := range m.facts {
		if idle[i] {
			continue
		}
		was := s.values[i]
		q := Question{Fact: m.facts[i].ID, Text: m.facts[i].Question, Required: m.facts[i].Required}
		for _, v := range m.facts[i].choices() {
			then, err := s.suppose(i, v)
			if err != nil {
				return Outlook{}, err
			}
			for _, n := range m.touches[i] {
				s.answers[n] = before[n]
			}
			if was == nil {
				q.add(now, then, v)
			} else if then.decision != now.decision {
				out.Flips = append(out.Flips, Flip{q.Fact, text(was), text(v), then.worst.Residual, then.decision})
			}
		}
		if err := s.set(i, was); err != nil {
			return Outlook{}, err
		}
		if n := len(q.Answers); n > 0 {
			q.Bands, q.Points = q.Bands*1000/n, q.Points*1000/n
			out.Questions = append(out.Questions, q)
		}
	}
	slices.SortStableFunc(out.Questions, func(a, b Question) int {
		return cmp.Or(cmp.Compare(b.Bands, a.Bands), cmp.Compare(b.Points, a.Points), strings.Compare(a.Fact, b.Fact))
	})
	return out, nil
}

func (s *sheet) answer(number int) error {
	state, _, err := s.m.rules[number].EvalValues(s.vars)
	s.answers[number] = and(state, s.inForce(number))
	return err
}

// suppose gives the outcome if the fact had the value.
func (s *sheet) suppose(fact int, value any) (outcome, error) {
	if err := s.set(fact, value); err != nil {
		return outcome{}, err
	}
	for _, n := range s.m.touches[fact] {
		if err := s.answer(n); err != nil {
			return outcome{}, err
		}
	}
	return s.outcome(), nil
}

func (q *Question) add(now, then outcome, value any) {
	bands, points := now.width()
	b, p := then.width()
	q.Bands += bands - b
	q.Points += points - p
	q.Answers = append(q.Answers, Answer{text(value), then.best.Residual, then.worst.Residual, then.decision})
}

// width measures what is open between the ends.
func (o *outcome) width() (bands, points int) {
	w, b := &o.worst, &o.best
	return int(w.Residual - b.Residual), w.S - b.S + w.Sum - b.Sum + w.L - b.L + b.Credit - w.Credit + o.open
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ",")
	}
	return said(v)
}
