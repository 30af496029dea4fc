package bundle

import (
	"fmt"
	"maps"
	"slices"

	"duly/internal/ledger"
)

// Assessments says what was done again that an assessor did.
type Assessments struct {
	Populations int64 `json:"populations"` // counted from the entries before them
	Samples     int64 `json:"samples"`     // drawn from these
	Witnessed   int64 `json:"witnessed"`   // of the samples, those seeded by witnesses whom the terms name
	Outside     int64 `json:"outside"`     // of these, those seeded by a witness whom the verifier knows to be an outsider
	Planned     int64 `json:"planned"`     // samples that are planned and not drawn
	Unchecked   int64 `json:"unchecked"`   // entries about assessments in a part of a log
}

// ofAssessments are the kinds that assessed checks.
var ofAssessments = []string{"engagement", "independence", "assignment", "population", "engagement_sample", "witnessed", "evidence_request", "reconciliation"}

// engagements is what the checker keeps of independent assessments.
type engagements struct {
	newest   map[string]*terms      // by record id, the newest revision
	approved map[ledger.Hash]*terms // by leaf hash, what was ever approved
	declared map[string]declared    // by record id of the declaration
	started  map[string]bool        // by record id of the engagement
	ended    map[string]bool        // likewise: concluded or broken off
	frozen   map[ledger.Hash]*frozen
	byTerms  map[ledger.Hash]bool // terms of which the population was taken
	planned  map[ledger.Hash]*planned
	unseeded []*frozen // those after which nobody else has made an entry yet
}

type terms struct {
	engagement, state, public string
	from, upto                string
	witnesses                 string // hash over the keys of those who seed samples; "" without
	quorum                    int64
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
	terms      *terms
	planned    *planned // the sample that is planned and not drawn yet
}

func newEngagements() engagements {
	return engagements{
		newest: map[string]*terms{}, approved: map[ledger.Hash]*terms{}, declared: map[string]declared{}, started: map[string]bool{}, ended: map[string]bool{},
		frozen: map[ledger.Hash]*frozen{}, byTerms: map[ledger.Hash]bool{},
		planned: map[ledger.Hash]*planned{},
	}
}

// assessed checks what belongs to an independent assessment. A part of a log has not the
// entries from which populations and samples are counted again; what is about an assessment
// there is not checked, and counted.
func (c *Checker) assessed(seq int64, hash ledger.Hash, leaf *ledger.Leaf) error {
	if c.opening.from > 0 {
		if slices.Contains(ofAssessments, leaf.Kind) {
			c.counts.Assessed.Unchecked++
		}
		return nil
	}
	switch leaf.Kind {
	case "engagement":
		c.engagement(seq, hash, leaf)
	case "independence":
		c.independence(seq, leaf)
	case "assignment":
		c.assignment(seq, leaf)
	case "population":
		return c.population(seq, hash, c.edge.Root(), leaf)
	case "engagement_sample":
		return c.sampled(seq, hash, leaf)
	case "witnessed":
		return c.witnessed(seq, hash, leaf)
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
	t := &terms{engagement: leaf.ID, state: public.text("state"), from: public.text("from_day"), upto: public.text("upto_day"), hash: hash, witnesses: public.text("witnesses"), quorum: public.int("quorum")}
	for _, name := range []string{"from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency", "witnesses", "quorum"} {
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
	if t.quorum < 0 || (t.quorum == 0) != (t.witnesses == "") {
		c.Report(seq, "it names witnesses and asks for none of them, or asks for witnesses and names none")
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
	if c.engaged.ended[t.engagement] {
		c.Report(seq, "it was entered after the engagement had ended")
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
	if t == nil {
		return
	}
	if public.text("state") != "started" {
		c.engaged.ended[t.engagement] = true
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
	f := &frozen{seq: seq, engagement: t.engagement, actor: leaf.Actor, from: t.from, upto: t.upto, link: public.text("commitment"), had: map[string]bool{}, terms: t}
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
func (c *Checker) seeds(leaf *ledger.Leaf) {
	c.engaged.unseeded = slices.DeleteFunc(c.engaged.unseeded, func(f *frozen) bool {
		if leaf.Actor == f.actor {
			return false
		}
		f.root, f.seeded = c.edge.Root(), c.edge.Size()
		return true
	})
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
