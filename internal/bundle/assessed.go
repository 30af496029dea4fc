package bundle

import (
	"fmt"
	"slices"

	"duly/internal/ledger"
)

// once names the records of assessments that stand as they were signed.
var once = []string{
	"population", "witnessed", "reconciliation", "effort", "control_test", "workpaper", "determination", "dissent", "assessment_reply", "redaction_consent", "publication",
}

// ofPeople names the kinds of [Standing] that are no records of assessments.
var ofPeople = []string{"epoch", "opinion", "person", "referral", "seat", "vote"}

// assessed checks what belongs to an independent assessment. All of it is carried in a
// range, and checked there as in the whole log.
func (c *Checker) assessed(seq int64, hash ledger.Hash, leaf *ledger.Leaf) error {
	if leaf.Kind != "publication" && (!stands(leaf.Kind) || slices.Contains(ofPeople, leaf.Kind)) {
		return nil
	}
	p := fields(leaf.PublicValues())
	if slices.Contains(once, leaf.Kind) && leaf.Rev > 1 {
		c.Report(seq, "a "+leaf.Kind+" was changed; it stands as it was signed")
	}
	c.stated(seq)
	c.dated(seq, leaf, p)
	switch leaf.Kind {
	case "engagement":
		c.engagement(seq, hash, leaf, p)
	case "independence":
		c.independence(seq, leaf, p)
	case "assignment":
		c.assignment(seq, leaf, p)
	case "population":
		return c.population(seq, hash, c.edge.Root(), leaf, p)
	case "engagement_sample":
		return c.sampled(seq, hash, leaf, p)
	case "witnessed":
		return c.witnessed(seq, hash, leaf, p)
	case "evidence_request":
		c.asked(seq, leaf, p)
	case "reconciliation":
		c.reconciled(seq, leaf, p)
	case "effort":
		c.effort(seq, leaf, p)
	case "control_test", "workpaper", "impact", "determination":
		c.work(seq, hash, leaf, p)
	case "dissent", "assessment_reply":
		c.reply(seq, leaf, p)
	case "redaction":
		c.redaction(seq, hash, leaf, p)
	case "redaction_consent":
		c.consent(seq, leaf, p)
	case "publication":
		c.publication(seq, leaf, p)
	}
	return nil
}

// stated reports what an assessment leaves open in clear: where null is none of the words
// that a rule knows, it would slip through it.
func (c *Checker) stated(seq int64) {
	for i, f := range c.newest.Schema.Public {
		closed := f.Type == ledger.TypeEnum && f.Name != "leverage" || f.Type == ledger.TypeBool && f.Name != "crucial"
		if closed && string(c.newest.Public[i]) == "null" {
			c.Report(seq, "it does not state its "+f.Name)
		}
	}
}

// dated holds the day that a record states of itself to the day on which the log took it.
func (c *Checker) dated(seq int64, leaf *ledger.Leaf, p fields) {
	name := "day"
	if leaf.Kind == "evidence_request" {
		name = map[string]string{"asked": "asked_day", "answered": "answered_day"}[p.text("state")]
	}
	day, states := p[name]
	if !states {
		return
	}
	text, _ := day.Value().(string)
	if days, ok := between(text, leaf.Entered()); !ok || days < 0 || days > 1 { // one: it may be entered just after midnight
		c.Report(seq, "it is dated on another day than it was entered")
	}
}

// request is the newest state of a request for evidence, with its days and its engagement.
type request struct{ state, asked, due, engagement string }

// asked holds a request for evidence to its two sides and its days.
func (c *Checker) asked(seq int64, leaf *ledger.Leaf, p fields) {
	t := c.under(seq, p)
	if t == nil {
		return
	}
	r := request{p.text("state"), p.text("asked_day"), p.text("due"), t.engagement}
	before, again := c.engaged.requests[leaf.ID]
	c.engaged.requests[leaf.ID] = r
	byAssessor := slices.ContainsFunc(leaf.Sigs, func(s ledger.Signature) bool { return slices.Contains(c.people[s.PublicHash()], "assessor") })
	answers := r.state == "answered"
	switch {
	case answers == byAssessor:
		c.Report(seq, "assessors ask and the company answers; this is signed by the other side")
	case (r.state == "asked") == again || again && before != (request{"asked", r.asked, r.due, r.engagement}):
		c.Report(seq, "a request is asked once, and answered or withdrawn once, with the days that it had, in its engagement")
	case r.due < r.asked:
		c.Report(seq, "an answer is due before it was asked for")
	case answers && p.bool("late") != (p.text("answered_day") > r.due):
		c.Report(seq, "it says otherwise of when it was answered than its days")
	}
	if !answers {
		c.works(seq, leaf, t.engagement)
	}
}

// reconciled holds the outcomes of a comparison to the rows that were compared.
func (c *Checker) reconciled(seq int64, leaf *ledger.Leaf, p fields) {
	if t := c.under(seq, p); t != nil {
		c.works(seq, leaf, t.engagement)
	}
	known, missing, ambiguous, unread := p.int("known"), p.int("missing"), p.int("ambiguous"), p.int("unread")
	repeated, unlisted := p.int("repeated"), p.int("unlisted")
	switch {
	case p.int("rows") != known+missing+ambiguous+unread:
		c.Report(seq, "the outcomes of its rows do not add up to their number")
	case min(known, missing, ambiguous, unread, repeated, unlisted) < 0 || repeated > known || unlisted > p.int("recorded"):
		c.Report(seq, fmt.Sprintf("of %d rows that are known %d are repeated, and of %d records %d are on no row: that cannot be", known, repeated, p.int("recorded"), unlisted))
	}
}

// effort holds what a task took to be something.
func (c *Checker) effort(seq int64, leaf *ledger.Leaf, p fields) {
	if t := c.under(seq, p); t != nil {
		c.works(seq, leaf, t.engagement)
	}
	if min(p.int("minutes"), p.int("cost"), p.int("items")) < 0 || p.int("minutes")+p.int("cost") == 0 {
		c.Report(seq, "a task takes time or costs something, and never less than nothing")
	}
}
