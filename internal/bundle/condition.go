package bundle

import (
	"fmt"
	"slices"
	"time"

	"duly/internal/ledger"
)

// Conditions counts the conditions that must be met before something runs, of the
// newest decision on each deployment, and those that somebody found to be met.
type Conditions struct {
	Precedent int64 `json:"precedent"`
	Met       int64 `json:"met"`
}

// approved is what the checker keeps of a decision that lets something run.
type approved struct {
	id         string           // of the decision's record
	conditions map[string]int64 // how many, by sort
	met        map[int64]bool   // of those precedent
	owner      string           // key id; "" when withheld
	preparer   string           // key id of who prepared the rating, where that person may not say that a condition is met
}

// conditions keeps what a decision says of its conditions, and compares the counts with
// what is shown of them. One that is carried stands for itself: the checks of its
// conditions before the range are not here, so it counts with nothing.
func (c *Checker) conditions(seq int64, hash ledger.Hash, leaf *ledger.Leaf, values map[string][]byte, carried bool) {
	p := fields(leaf.PublicValues())
	checked, _ := p["ongoing_checked_by"].Value().([]string)
	x := &approved{id: leaf.ID, conditions: map[string]int64{"precedent": p.int("precedents"), "ongoing": int64(len(checked))}, met: map[int64]bool{}, owner: textOf(values["accountable_owner"])}
	for sort, n := range x.conditions {
		if list := values["conditions_"+sort]; list != nil && int64(len(texts(list))) != n {
			c.Report(seq, fmt.Sprintf("it says that it has %d conditions %s and names %d", n, sort, len(texts(list))))
		}
	}
	if before := c.decided[c.current[leaf.ID]]; before != nil {
		c.counts.Conditions.Precedent -= before.conditions["precedent"]
		c.counts.Conditions.Met -= int64(len(before.met))
	}
	delete(c.current, leaf.ID)
	if _, here := c.rated(p.text("rating")); carried && !here {
		c.Report(seq, "it is carried without the rating that it rests on")
	}
	if !LetsRun(p.text("act")) {
		return
	}
	if p.text("basis") != OnRating || slices.Contains([]string{"HIGH", "CRITICAL"}, p.text("residual")) {
		x.preparer = c.preparer(p.text("rating"))
	}
	c.decided[hash] = x
	if carried {
		return
	}
	c.current[leaf.ID] = hash
	c.counts.Conditions.Precedent += x.conditions["precedent"]
}

// preparer gives the actor of a rating by its leaf hash; "" for one that is not there,
// which is reported elsewhere.
func (c *Checker) preparer(rating string) string {
	at, earlier := c.rated(rating)
	if !earlier {
		return ""
	}
	e, err := c.replay.entry(at)
	if err != nil {
		return ""
	}
	return e.leaf.Actor
}

// conditionCheck holds what somebody says of a condition to the decision that has it.
func (c *Checker) conditionCheck(seq int64, leaf *ledger.Leaf) {
	p := fields(leaf.PublicValues())
	if leaf.Rev > 1 {
		c.Report(seq, "what was found of a condition was changed; what is found later is an entry of its own")
	}
	entered := time.UnixMicro(leaf.Time).UTC().Format(time.DateOnly)
	if days, ok := between(p.text("day"), entered); !ok || days < 0 || days > 1 { // one: it may be entered just after midnight
		c.Report(seq, "it says that a condition was looked at on another day than it was entered")
	}
	hash, _ := ledger.ParseHash(p.text("decision"))
	x := c.decided[hash]
	if x == nil {
		c.Report(seq, "it is about a condition of "+p.text("decision")+", which is no earlier approval of this log")
		return
	}
	n := p.int("number")
	switch {
	case n < 1 || n > x.conditions[p.text("sort")]:
		c.Report(seq, fmt.Sprintf("there is no condition %s %d of that decision", p.text("sort"), n))
	case x.owner != "" && signedBy(leaf, ledger.Text(x.owner)):
		c.Report(seq, "who is accountable for the deployment says that its condition is met")
	case x.preparer != "" && signedBy(leaf, ledger.Text(x.preparer)):
		c.Report(seq, "whoever prepared the rating says that the condition is met")
	}
	if p.text("sort") != "precedent" {
		return
	}
	was := len(x.met)
	if delete(x.met, n); p.text("result") == "met" {
		x.met[n] = true
	}
	if c.current[x.id] == hash {
		c.counts.Conditions.Met += int64(len(x.met) - was)
	}
}
