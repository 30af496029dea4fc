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
	Unchecked   int64 `json:"unchecked"`   // populations and samples of which a part of a log lacks the entries
}

// engagements is what the checker keeps of independent assessments.
type engagements struct {
	newest   map[string]*terms      // by record id, the newest revision
	approved map[ledger.Hash]*terms // by leaf hash, what was ever approved
	inForce  map[string]ledger.Hash // by record id, the newest approved revision
	declared map[string]declared    // by record id of the declaration
	byPerson map[string]string      // the record id of a declaration, by engagement and actor
	part     map[string]takingPart  // by record id of the engagement
	started  map[string]string      // by record id of the engagement, that of its assignment
	ended    map[string]bool        // likewise: concluded or broken off
	frozen   map[ledger.Hash]*frozen
	byTerms  map[ledger.Hash]bool // terms of which the population was taken
	planned  map[ledger.Hash]*planned
	unseeded []*frozen          // those after which nobody else has made an entry yet
	requests map[string]request // for evidence, by record id
}

type terms struct {
	engagement, state, public string
	from, upto                string
	witnesses                 string // hash over the keys of those who seed samples; "" without
	quorum                    int64
	hash                      ledger.Hash
}

type declared struct {
	engagement, by string
	blocks         bool
	takesPart      bool
	flagged        bool
}

// takingPart counts those who take part in an engagement, of them those who are flagged,
// and those with a conflict that blocks. It is kept, since each entry of their work asks.
type takingPart struct{ assessors, flagged, blocked int64 }

// count adds a declaration, or takes it away again with n = -1.
func (x *engagements) count(d declared, n int64) {
	if !d.takesPart {
		return
	}
	part := x.part[d.engagement]
	part.assessors += n
	if d.flagged {
		part.flagged += n
	}
	if d.blocks {
		part.blocked += n
	}
	x.part[d.engagement] = part
}

// frozen is a population that an assessor took.
type frozen struct {
	seq        int64
	terms      *terms
	actor      string
	from, upto string
	link       string      // that the next draw's link is hashed to
	draws      int64       // so far
	root       ledger.Hash // after the first entry that somebody else made
	seeded     int64       // how many entries that root covers; 0 before there is one
	had        map[string]bool
	planned    *planned // the sample that is planned and not drawn yet
}

func newEngagements() engagements {
	return engagements{
		newest: map[string]*terms{}, approved: map[ledger.Hash]*terms{}, inForce: map[string]ledger.Hash{}, declared: map[string]declared{}, byPerson: map[string]string{}, part: map[string]takingPart{}, started: map[string]string{},
		ended: map[string]bool{}, frozen: map[ledger.Hash]*frozen{}, byTerms: map[ledger.Hash]bool{}, requests: map[string]request{}, planned: map[ledger.Hash]*planned{},
	}
}

// engagement holds terms of reference to what was drafted before they were approved:
// what is approved is what stood there as a draft, so far as it stands in clear.
func (c *Checker) engagement(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields) {
	t := &terms{engagement: leaf.ID, state: p.text("state"), from: p.text("from_day"), upto: p.text("upto_day"), hash: hash, witnesses: p.text("witnesses"), quorum: p.int("quorum")}
	for _, name := range []string{"from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency", "witnesses", "quorum"} {
		t.public += p[name].String() + "\n"
	}
	if t.upto < t.from || p.text("due") <= t.upto || p.int("required_coverage") < 1 || p.int("required_coverage") > 100 || p.int("budget") < 0 {
		c.Report(seq, "terms have a period, a later day on which the report is due, a required coverage in per cent and a budget; these do not fit together")
	}
	before := c.engaged.newest[leaf.ID]
	switch {
	case t.state == "":
		c.Report(seq, "terms are no draft, not approved and not withdrawn")
	case before != nil && before.state == "withdrawn":
		c.Report(seq, "an engagement that was withdrawn goes on")
	case c.engaged.ended[leaf.ID]:
		c.Report(seq, "terms are changed after the engagement had ended")
	case t.state == "approved" && (before == nil || before.state != "draft"):
		c.Report(seq, "terms are approved that were no draft")
	case t.state == "withdrawn" && before == nil:
		c.Report(seq, "terms are withdrawn that nobody stated")
	case t.state != "draft" && before != nil && before.public != t.public:
		c.Report(seq, "other terms are "+t.state+" than were drafted")
	}
	if t.quorum < 0 || (t.quorum == 0) != (t.witnesses == "") {
		c.Report(seq, "it names witnesses and asks for none of them, or asks for witnesses and names none")
	}
	c.engaged.newest[leaf.ID] = t
	if t.state == "approved" {
		c.engaged.approved[hash], c.engaged.inForce[leaf.ID] = t, hash
	}
}

// under gives the terms that an assessor's record rests on, and reports those that were
// never approved or are not in force any more.
func (c *Checker) under(seq int64, p fields) *terms {
	name := p.text("terms")
	hash, _ := ledger.ParseHash(name)
	t := c.engaged.approved[hash]
	if t == nil {
		c.Report(seq, fmt.Sprintf("it rests on the terms %q, which the governing body never approved", name))
		return nil
	}
	c.inForce(seq, t)
	return t
}

// inForce reports terms that are not in force, and those of an engagement that has ended.
func (c *Checker) inForce(seq int64, t *terms) {
	if c.engaged.inForce[t.engagement] != t.hash {
		c.Report(seq, "it rests on terms that are not in force any more")
	}
	c.goesOn(seq, t.engagement)
}

// goesOn reports what is entered in an engagement that was withdrawn or has ended.
func (c *Checker) goesOn(seq int64, engagement string) {
	if c.engaged.newest[engagement].state == "withdrawn" {
		c.Report(seq, "it rests on terms that are not in force any more: the engagement was withdrawn")
	}
	if c.engaged.ended[engagement] {
		c.Report(seq, "it was entered after the engagement had ended")
	}
}

// works reports work of an assessor in an engagement that has not started, by somebody who
// has not declared independence in it or has left, and while a conflict blocks it. It gives
// how many take part, and how many of them are flagged.
func (c *Checker) works(seq int64, leaf *ledger.Leaf, engagement string) (assessors, flagged int64) {
	if c.engaged.started[engagement] == "" {
		c.Report(seq, "assessors work in an engagement that has not started")
	}
	for _, key := range signers(leaf) {
		if d := c.engaged.declared[c.engaged.byPerson[engagement+" "+key]]; !d.takesPart {
			c.Report(seq, "it is signed by "+key+", who has declared no independence in this engagement, or has left it")
		}
	}
	part := c.engaged.part[engagement]
	if part.blocked > 0 {
		c.Report(seq, "an assessor with a conflict that blocks takes part")
	}
	return part.assessors, part.flagged
}

// independence holds an assessor's declaration to what follows from the ties it names.
func (c *Checker) independence(seq int64, leaf *ledger.Leaf, p fields) {
	ties, _ := p["ties"].Value().([]string)
	blocks, flagged := Conflict(ties, p.text("appointed_by"), p.text("removed_by"))
	if p.bool("blocking") != blocks || p.bool("flagged") != flagged {
		c.Report(seq, "it says otherwise of a conflict than the ties that it declares")
	}
	if p.int("fee") < 0 || p.int("recusals") < 0 {
		c.Report(seq, "its fee or what it leaves to others is below nothing")
	}
	t := c.under(seq, p)
	if t == nil {
		return
	}
	d := declared{t.engagement, leaf.Actor, blocks, p.text("state") == "declared", flagged}
	key := d.engagement + " " + d.by
	if had := c.engaged.byPerson[key]; had != "" && had != leaf.ID {
		c.Report(seq, "a person has two declarations in one engagement")
	}
	before, again := c.engaged.declared[leaf.ID]
	if again && (before.engagement != d.engagement || before.by != d.by) {
		c.Report(seq, "a declaration is made again by another person, or in another engagement")
	}
	c.engaged.count(before, -1)
	c.engaged.count(d, 1)
	c.engaged.declared[leaf.ID], c.engaged.byPerson[key] = d, leaf.ID
}

// assignment holds the start and the end of an assessment to its terms and declarations.
func (c *Checker) assignment(seq int64, leaf *ledger.Leaf, p fields) {
	t := c.under(seq, p)
	if t == nil {
		return
	}
	began := c.engaged.started[t.engagement]
	if p.text("state") != "started" {
		if began != leaf.ID {
			c.Report(seq, "it ends another assignment than the one with which the engagement began")
		}
		c.works(seq, leaf, t.engagement)
		c.engaged.ended[t.engagement] = true
		return
	}
	if began != "" || leaf.Rev > 1 {
		c.Report(seq, "an engagement is started a second time")
	}
	c.engaged.started[t.engagement] = leaf.ID
	assessors, flagged := c.works(seq, leaf, t.engagement)
	if p.int("assessors") != assessors || p.int("flagged") != flagged || assessors == 0 {
		c.Report(seq, fmt.Sprintf("it counts %d assessors, %d of them flagged; declared are %d and %d", p.int("assessors"), p.int("flagged"), assessors, flagged))
	}
}

// population counts again what an assessor froze: all records of the period among the
// entries before this one. before is the root over these.
func (c *Checker) population(seq int64, hash, before ledger.Hash, leaf *ledger.Leaf, public fields) error {
	t := c.under(seq, public)
	if t == nil {
		return nil
	}
	carried := seq < c.opening.from
	switch {
	case c.engaged.byTerms[t.hash]:
		c.Report(seq, "a second population is taken under the same terms")
	case public.text("from_day") != t.from || public.text("upto_day") != t.upto:
		c.Report(seq, "the population is of another period than the terms")
	case leaf.Entered() <= t.upto:
		c.Report(seq, "a population is taken while its period lasts")
	case public.int("size") != seq || !carried && public.text("root") != before.String():
		c.Report(seq, "it does not rest on the entries that stand before it")
	}
	c.works(seq, leaf, t.engagement)
	c.engaged.byTerms[t.hash] = true
	f := &frozen{seq: seq, terms: t, actor: leaf.Actor, from: t.from, upto: t.upto, link: public.text("commitment"), had: map[string]bool{}}
	c.engaged.frozen[hash] = f
	if !carried {
		c.engaged.unseeded = append(c.engaged.unseeded, f)
	}
	if carried || !c.canCount() {
		c.counts.Assessed.Unchecked++
		return nil
	}
	p := NewPopulation(f.from, f.upto)
	if err := c.recount(p, seq); err != nil {
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
