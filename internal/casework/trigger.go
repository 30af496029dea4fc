package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
)

// Trigger is one event that a case is about. Cause names the records and days that
// it rests on, so that the same event never opens a second case.
type Trigger struct {
	Event string
	Cause string // no spaces
	Day   string // on which it was read
	Text  string
}

// String gives the trigger as a Review record holds it.
func (t Trigger) String() string { return t.Event + " " + t.Cause + " " + t.Day + ": " + t.Text }

// ParseTrigger reads what String wrote.
func ParseTrigger(s string) Trigger {
	head, text, _ := strings.Cut(s, ": ")
	parts := append(strings.Split(head, " "), "", "", "")
	return Trigger{parts[0], parts[1], parts[2], text}
}

// found is a trigger for the case of a subject.
type found struct {
	subject string
	Trigger
}

// look gathers what happened since a position of the log.
type look struct {
	ctx   context.Context
	q     store.Queryer
	w     *world
	rules *Rules
	from  int64 // the first position that no sweep has read
	today string
	found []found

	barred map[string][]string // by unit: what forbids it that its decision did not know
}

// add notes an event for the cases of units.
func (l *look) add(event, cause, text string, units []int) {
	if text == "" {
		text = l.rules.events[event].Text
	}
	seen := map[string]bool{}
	for _, i := range units {
		subject := l.w.units[i].subject
		if l.w.holds(subject) && !seen[subject] {
			seen[subject] = true
			l.found = append(l.found, found{subject, Trigger{event, cause, l.today, text}})
		}
	}
}

// judged gives those of the units that somebody had judged before an entry: what
// nobody has looked at has no change to look at again.
func (l *look) judged(units []int, seq int64) []int {
	var out []int
	for _, i := range units {
		u := &l.w.units[i]
		d, r := l.w.decided[u.id], l.w.rated[u.id]
		if d != nil && d.Seq < seq || d == nil && r != nil && (l.from > 0 || r.Seq < seq) {
			out = append(out, i)
		}
	}
	return out
}

// all gathers every kind of event.
func (l *look) all() error {
	for _, step := range []func() error{
		l.firstLooks, l.cycles, l.hits, l.owners, l.deployments, l.productsChanged, l.facts, l.findings, l.signals, l.incidents, l.ratings, l.contracts, l.stale, l.samples, l.laws, l.unasked,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// firstLooks finds accounts that rules send to people, or those who hold them, and whom nobody has looked at
// in this lane or a stricter one, and those that came to a case since.
func (l *look) firstLooks() error {
	for subject, units := range l.w.cases {
		_, lane := l.w.inherited(l.rules, subject, units)
		if lane == lanes[0] {
			continue
		}
		before, covered := "", map[string]bool{}
		for _, r := range l.w.reviews[subject] {
			if before == "" || laneRank(r.Record.Lane) > laneRank(before) {
				before = r.Record.Lane
			}
			for _, id := range r.Record.Covers {
				covered[id] = true
			}
		}
		for _, i := range units {
			if u := &l.w.units[i]; before != "" && !covered[u.id] && l.w.decided[u.id] == nil && l.w.lane([]int{i}) != lanes[0] {
				l.add("first_look", u.id, "it came to those whom somebody had looked at", []int{i})
			}
		}
		undecided := slices.ContainsFunc(units, func(i int) bool { return l.w.decided[l.w.units[i].id] == nil })
		switch {
		case before == "" && undecided:
			l.add("first_look", subject, "", units)
		case before != "" && laneRank(lane) > laneRank(before):
			l.add("lane", subject+"@"+lane, "", units)
		}
	}
	slices.SortFunc(l.found, func(a, b found) int { return strings.Compare(a.subject+a.Cause, b.subject+b.Cause) })
	return nil
}

// cycles finds reviews that are due: on the day that a decision names, or as long
// after a rating as the method says.
func (l *look) cycles() error {
	for i := range l.w.units {
		u := &l.w.units[i]
		due, cause := "", ""
		if d := l.w.decided[u.id]; d != nil {
			due, cause = d.Record.ReviewDay, fmt.Sprintf("%s@%d", d.ID, d.Seq)
		} else if r := l.w.rated[u.id]; r != nil && r.Record.Review > 0 {
			rated := time.UnixMicro(r.Leaf.Time).UTC()
			due, cause = rated.AddDate(0, int(r.Record.Review), 0).Format(time.DateOnly), fmt.Sprintf("%s@%d", r.ID, r.Seq)
		}
		if due != "" && due <= l.today {
			l.add("cycle", cause, "the review was due on "+due, []int{i})
		}
	}
	return nil
}

// since reads the newest revisions of a kind that came since the last sweep.
func since[T any](l *look, kind *ledger.Kind[T]) ([]*store.Revision[T], error) {
	return store.Select(l.ctx, l.q, kind, "r.seq >= $1", l.from)
}

// before reads the revision of a record that the last sweep saw, nil when there was
// none.
func before[T any](l *look, kind *ledger.Kind[T], id string) (*store.Revision[T], error) {
	if l.from == 0 {
		return nil, nil
	}
	all, err := store.History(l.ctx, l.q, kind, id)
	if err != nil {
		return nil, err
	}
	var last *store.Revision[T]
	for _, r := range all {
		if r.Seq < l.from {
			last = r
		}
	}
	return last, nil
}

func at(id string, seq int64) string { return fmt.Sprintf("%s@%d", id, seq) }

func (l *look) hits() error {
	list, err := since(l, screening.Hits)
	if err != nil {
		return err
	}
	for _, h := range list {
		switch h.Record.State {
		case screening.Dismissed, screening.Stale:
			continue
		}
		text := h.Record.List + ", " + h.Record.Entry + ": " + h.Record.Matched
		units := l.w.affected(h.Record.Subject)
		l.add("list_hit", h.ID, text, units)
		// One that opened again after the case about it was closed is another event.
		if h.Record.State == screening.Open || h.Record.Recheck != nil && *h.Record.Recheck {
			l.add("list_hit", at(h.ID, h.Seq), text, slices.DeleteFunc(units, func(i int) bool { return !l.closedOn(l.w.units[i].subject, h.ID, h.Seq) }))
		}
	}
	return nil
}

// closedOn says whether a case about a subject was closed on a hit, before an entry.
func (l *look) closedOn(subject, hit string, seq int64) bool {
	return slices.ContainsFunc(l.w.reviews[subject], func(r *store.Revision[Review]) bool {
		return r.Record.State == StateClosed && r.Seq < seq && slices.ContainsFunc(r.Record.Triggers, func(t string) bool {
			id, _, _ := strings.Cut(ParseTrigger(t).Cause, "@")
			return id == hit
		})
	})
}

// owners finds changes of who stands behind those who were judged.
func (l *look) owners() error {
	interests, err := since(l, register.Interests)
	if err != nil {
		return err
	}
	for _, i := range interests {
		l.add("ownership", at(i.ID, i.Seq), "", l.judged(l.w.affected(i.Record.Owned), i.Seq))
	}
	owners, err := since(l, register.Owners)
	if err != nil {
		return err
	}
	for _, o := range owners {
		l.add("ownership", at(o.ID, o.Seq), "", l.judged(l.w.affected(o.Record.Customer), o.Seq))
	}
	links, err := since(l, register.Relationships)
	if err != nil {
		return err
	}
	for _, r := range links {
		if r.Record.Role == "owner" {
			l.add("ownership", at(r.ID, r.Seq), "", l.judged(l.w.affected(r.Record.Customer), r.Seq))
		}
	}
	return nil
}

// deployments finds those whose capability changed, and new ones of somebody who was
// judged without them.
func (l *look) deployments() error {
	list, err := since(l, register.Deployments)
	if err != nil {
		return err
	}
	for _, d := range list {
		units := l.w.about[d.ID]
		if d.Record.State != "active" || len(units) == 0 {
			continue
		}
		was, err := before(l, register.Deployments, d.ID)
		if err != nil {
			return err
		}
		switch {
		case was == nil && len(l.judged(l.w.cases[l.w.units[units[0]].subject], d.Seq)) > 0:
			l.add("capability", at(d.ID, d.Seq), "a new deployment: "+word(d.Record.Capability), units)
		case was != nil && was.Record.Capability != d.Record.Capability:
			l.add("capability", at(d.ID, d.Seq), word(was.Record.Capability)+" became "+word(d.Record.Capability), units)
		}
	}
	return nil
}

func word(capability string) string {
	if capability == "" {
		return "unknown"
	}
	return strings.ReplaceAll(capability, "_", " ")
}

// productsChanged finds products that can do more, and re-opens them and all who use
// them (RG-03).
func (l *look) productsChanged() error {
	list, err := since(l, register.Products)
	if err != nil {
		return err
	}
	for _, p := range list {
		was, err := before(l, register.Products, p.ID)
		if err != nil {
			return err
		}
		if was == nil {
			continue
		}
		more := slices.DeleteFunc(slices.Concat(p.Record.Intended, p.Record.Unintended), func(c string) bool {
			return slices.Contains(was.Record.Intended, c) || slices.Contains(was.Record.Unintended, c)
		})
		for i, c := range more {
			more[i] = word(c)
		}
		if len(more) > 0 {
			l.capability(p.ID, at(p.ID, p.Seq), "the product can do more: "+strings.Join(more, ", "))
		}
	}
	changes, err := since(l, Changes)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Record.State == Announced {
			l.capability(c.Record.Product, c.ID, "announced: "+word(c.Record.Capability))
		}
	}
	return nil
}

func (l *look) capability(product, cause, text string) {
	l.add("capability", cause, text, l.w.products[product])
	l.found = append(l.found, found{product, Trigger{"capability", cause, l.today, text}})
}
