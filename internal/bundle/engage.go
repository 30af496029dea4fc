package bundle

import (
	"fmt"
	"maps"
	"slices"

	"duly/internal/ledger"
)

// Assessed says what was done again that an assessor did.
type Assessed struct {
	Populations int64 `json:"populations"` // counted from the entries before them
	Samples     int64 `json:"samples"`     // drawn from these
}

// engagements is what the checker keeps of independent assessments.
type engagements struct {
	newest   map[string]*terms      // by record id, the newest revision
	approved map[ledger.Hash]*terms // by leaf hash, what was ever approved
	declared map[string]declared    // by record id of the declaration
	started  map[string]bool        // by record id of the engagement
	frozen   map[ledger.Hash]*frozen
	byTerms  map[ledger.Hash]bool // terms of which the population was taken
	unseeded []*frozen            // those after which nobody else has made an entry yet
}

type terms struct {
	engagement, state, public string
	from, upto                string
	hash                      ledger.Hash
}

type declared struct {
	engagement string
	blocks     bool
	takesPart  bool
	flagged    bool
}

// frozen is a population that an assessor took.
type frozen struct {
	seq        int64
	engagement string
	actor      string
	from, upto string
	link       string      // that the next draw's link is hashed to
	draws      int64       // so far
	root       ledger.Hash // after the first entry that somebody else made
	seeded     int64       // how many entries that root covers; 0 before there is one
	had        map[string]bool
}

func newEngagements() engagements {
	return engagements{
		newest: map[string]*terms{}, approved: map[ledger.Hash]*terms{}, declared: map[string]declared{}, started: map[string]bool{},
		frozen: map[ledger.Hash]*frozen{}, byTerms: map[ledger.Hash]bool{},
	}
}

// before gives the root over the entries before a population, which it rests on.
func (c *Checker) before(leaf *ledger.Leaf, unread error) (root ledger.Hash, err error) {
	if unread == nil && leaf.Kind == "population" {
		root, err = c.tree.Root()
	}
	return root, err
}

// assessed checks what belongs to an independent assessment.
func (c *Checker) assessed(seq int64, hash, before ledger.Hash, leaf *ledger.Leaf) error {
	if err := c.seeds(leaf); err != nil {
		return err
	}
	switch leaf.Kind {
	case "engagement":
		c.engagement(seq, hash, leaf)
	case "independence":
		c.independence(seq, leaf)
	case "assignment":
		c.assignment(seq, leaf)
	case "population":
		return c.population(seq, hash, before, leaf)
	case "engagement_sample":
		return c.drawn(seq, leaf)
	case "evidence_request":
		c.asked(seq, leaf)
	case "reconciliation":
		c.reconciled(seq, leaf)
	}
	return nil
}

// engagement holds terms of reference to what was drafted before they were approved:
// what is approved is what stood there as a draft, so far as it stands in clear.
func (c *Checker) engagement(seq int64, hash ledger.Hash, leaf *ledger.Leaf) {
	public := fields(leaf.PublicValues())
	t := &terms{engagement: leaf.ID, state: public.text("state"), from: public.text("from_day"), upto: public.text("upto_day"), hash: hash}
	for _, name := range []string{"from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency"} {
		t.public += public[name].String() + "\n"
	}
	before := c.engaged.newest[leaf.ID]
	switch {
	case before != nil && before.state == "withdrawn":
		c.Report(seq, "an engagement that was withdrawn goes on")
	case t.state == "approved" && (before == nil || before.state != "draft"):
		c.Report(seq, "terms are approved that were no draft")
	case t.state == "approved" && before.public != t.public:
		c.Report(seq, "other terms are approved than were drafted")
	}
	c.engaged.newest[leaf.ID] = t
	if t.state == "approved" {
		c.engaged.approved[hash] = t
	}
}

// under gives the terms that an assessor's record rests on, and reports those that were
// never approved or are not in force any more.
func (c *Checker) under(seq int64, public fields) *terms {
	name := public.text("terms")
	hash, _ := ledger.ParseHash(name)
	t := c.engaged.approved[hash]
	if t == nil {
		c.Report(seq, fmt.Sprintf("it rests on the terms %q, which the governing body never approved", name))
		return nil
	}
	newest := c.engaged.newest[t.engagement]
	if newest.state == "withdrawn" || newest.state == "approved" && newest.hash != hash {
		c.Report(seq, "it rests on terms that are not in force any more")
	}
	return t
}

// independence holds an assessor's declaration to what follows from the ties it names.
func (c *Checker) independence(seq int64, leaf *ledger.Leaf) {
	public := fields(leaf.PublicValues())
	ties, _ := public["ties"].Value().([]string)
	blocks, flagged := Conflict(ties, public.text("appointed_by"), public.text("removed_by"))
	if public.bool("blocking") != blocks || public.bool("flagged") != flagged {
		c.Report(seq, "it says otherwise of a conflict than the ties that it declares")
	}
	if t := c.under(seq, public); t != nil {
		c.engaged.declared[leaf.ID] = declared{t.engagement, blocks, public.text("state") == "declared", flagged}
	}
}

// assignment holds the start of an assessment to its terms and declarations.
func (c *Checker) assignment(seq int64, leaf *ledger.Leaf) {
	public := fields(leaf.PublicValues())
	t := c.under(seq, public)
	if t == nil || public.text("state") != "started" {
		return
	}
	if c.engaged.started[t.engagement] {
		c.Report(seq, "an engagement is started a second time")
	}
	c.engaged.started[t.engagement] = true
	assessors, flagged := c.takingPart(seq, t)
	if public.int("assessors") != assessors || public.int("flagged") != flagged || assessors == 0 {
		c.Report(seq, fmt.Sprintf("it counts %d assessors, %d of them flagged; declared are %d and %d", public.int("assessors"), public.int("flagged"), assessors, flagged))
	}
}

// takingPart counts those who take part in an engagement, and reports a conflict that
// blocks it.
func (c *Checker) takingPart(seq int64, t *terms) (assessors, flagged int64) {
	for _, d := range c.engaged.declared {
		if d.engagement != t.engagement || !d.takesPart {
			continue
		}
		assessors++
		if d.flagged {
			flagged++
		}
		if d.blocks {
			c.Report(seq, "an assessor with a conflict that blocks takes part")
		}
	}
	return assessors, flagged
}

// population counts again what an assessor froze: all records of the period among the
// entries before this one. before is the root over these.
func (c *Checker) population(seq int64, hash, before ledger.Hash, leaf *ledger.Leaf) error {
	public := fields(leaf.PublicValues())
	t := c.under(seq, public)
	if t == nil {
		return nil
	}
	switch {
	case leaf.Rev > 1:
		c.Report(seq, "a population was changed; it stands as it was taken")
	case !c.engaged.started[t.engagement]:
		c.Report(seq, "a population is taken in an engagement that has not started")
	case c.engaged.byTerms[t.hash]:
		c.Report(seq, "a second population is taken under the same terms")
	case public.text("from_day") != t.from || public.text("upto_day") != t.upto:
		c.Report(seq, "the population is of another period than the terms")
	case public.int("size") != seq || public.text("root") != before.String():
		c.Report(seq, "it does not rest on the entries that stand before it")
	}
	c.takingPart(seq, t)
	c.engaged.byTerms[t.hash] = true
	f := &frozen{seq: seq, engagement: t.engagement, actor: leaf.Actor, from: t.from, upto: t.upto, link: public.text("commitment"), had: map[string]bool{}}
	c.engaged.frozen[hash] = f
	c.engaged.unseeded = append(c.engaged.unseeded, f)
	p, err := c.recount(f)
	if err != nil {
		return err
	}
	c.counts.Assessed.Populations++
	tally, got := p.Tally(), map[string]string{}
	for name, n := range tally.Public() {
		got[name] = fmt.Sprint(n)
	}
	got["population"] = tally.Hash
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if public[name].String() != got[name] {
			c.Report(seq, fmt.Sprintf("it says %s %s, the entries before it give %s", name, public[name], got[name]))
		}
	}
	return nil
}

// recount counts a population from the leaves.
func (c *Checker) recount(f *frozen) (*Population, error) {
	p := NewPopulation(f.from, f.upto)
	leaf := &ledger.Leaf{}
	return p, c.options.Leaves(f.seq, func(bytes []byte) error {
		if leaf.Parse(bytes) == nil { // what does not parse is reported where it stands
			p.Add(leaf)
		}
		return nil
	})
}

// seeds keeps the root after the first entry that somebody else made since a population
// was frozen.
func (c *Checker) seeds(leaf *ledger.Leaf) error {
	for i, f := range c.engaged.unseeded {
		if leaf.Actor == f.actor {
			continue
		}
		root, err := c.tree.Root()
		if err != nil {
			return err
		}
		f.root, f.seeded = root, c.tree.Size()
		c.engaged.unseeded = slices.Delete(slices.Clone(c.engaged.unseeded), i, i+1)
		return c.seeds(leaf)
	}
	return nil
}

// drawn draws again what an assessor drew.
func (c *Checker) drawn(seq int64, leaf *ledger.Leaf) error {
	public := fields(leaf.PublicValues())
	hash, _ := ledger.ParseHash(public.text("population"))
	f := c.engaged.frozen[hash]
	if f == nil {
		c.Report(seq, fmt.Sprintf("it is drawn from the population %q, which nobody froze before", public.text("population")))
		return nil
	}
	link, kind := public.text("secret"), public.text("of")
	switch {
	case leaf.Rev > 1:
		c.Report(seq, "a sample was changed; it stands as it was drawn")
	case public.int("draw") != f.draws+1:
		c.Report(seq, fmt.Sprintf("it is draw %d of a population of which %d were made", public.int("draw"), f.draws))
	case f.seeded == 0 || public.int("position") != f.seeded || public.text("root") != f.root.String():
		c.Report(seq, "its seed does not rest on the first entry that somebody else made after the population was frozen")
	case !Follows(link, f.link):
		c.Report(seq, "its seed is not the one that the assessor had committed to")
	}
	f.draws, f.link = f.draws+1, link
	p, err := c.recount(f)
	if err != nil {
		return err
	}
	c.counts.Assessed.Samples++
	s := p.Draw(kind, Seed(link, public.text("root"), kind, public.int("draw")), int(public.int("size")), f.had)
	if s.Hash != public.text("drawn") || int64(len(s.Taken)) != public.int("targeted") || int64(len(s.Drawn)) != public.int("size") || s.Strata != public.int("strata") || s.Rest != public.int("drawn_from") {
		c.Report(seq, "drawn again, the sample has other records")
	}
	for _, id := range slices.Concat(s.Taken, s.Drawn) {
		f.had[id] = true
	}
	return nil
}

// asked holds a request for evidence to its two sides and its days.
func (c *Checker) asked(seq int64, leaf *ledger.Leaf) {
	public := fields(leaf.PublicValues())
	t := c.under(seq, public)
	byAssessor := slices.ContainsFunc(leaf.Sigs, func(s ledger.Signature) bool { return slices.Contains(c.people[s.PublicHash()], "assessor") })
	answers := public.text("state") == "answered"
	if answers == byAssessor {
		c.Report(seq, "assessors ask and the company answers; this is signed by the other side")
	}
	if t != nil && !c.engaged.started[t.engagement] {
		c.Report(seq, "evidence is asked for in an engagement that has not started")
	}
	if answers && (public.text("answered_day") > leaf.Entered() || public.bool("late") != (public.text("answered_day") > public.text("due"))) {
		c.Report(seq, "it says otherwise of when it was answered than its days")
	}
}

// reconciled holds the outcomes of a comparison to the rows that were compared.
func (c *Checker) reconciled(seq int64, leaf *ledger.Leaf) {
	public := fields(leaf.PublicValues())
	c.under(seq, public)
	if public.int("rows") != public.int("known")+public.int("missing")+public.int("ambiguous")+public.int("unread") {
		c.Report(seq, "the outcomes of its rows do not add up to their number")
	}
}
