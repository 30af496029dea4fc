package bundle

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/ledger"
)

// assured is what the checker keeps of an assessor's work.
type assured struct {
	terms      map[ledger.Hash]commission // approved terms by leaf hash
	tests      map[string]tested          // the newest by engagement, control and what it is about
	designs    map[string]Design          // tests by leaf hash, as others rest on them
	came       map[string]int64           // how many controls came to what, by engagement and [Control]
	impacts    map[string]impact          // by record id
	involved   map[string]int64           // how many of them the company has a part in, by engagement
	determined map[ledger.Hash]determined // by leaf hash
	answered   map[string]string          // the newest conclusion by engagement and question
	redactions map[ledger.Hash]string     // the engagement, by leaf hash
	redacted   map[string]string          // by record id what each withholds now, with its engagement; "" once it was lifted
	withheld   map[string]int             // how many redactions withhold each of these
	papers     map[string]bool            // hashes of workpapers
	rated      int64                      // records of ratings so far
	population map[ledger.Hash]examined   // by the leaf hash of the terms
	draws      map[string]draws           // by the leaf hash of a population and a kind
	samples    map[ledger.Hash]string     // the key in draws, by the leaf hash of each draw
	of         map[string]ledger.Hash     // the terms, by the leaf hash of a population
	unmapped   map[string]int64           // the newest rate, by engagement
}

// commission is an engagement's terms of reference.
type commission struct {
	id       string // of the engagement's record
	level    string
	required int64 // rate
}

// examined is what coverage is of: a frozen population, and the ratings that stood then.
type examined struct{ deployments, rated int64 }

// draws are all draws of a kind from a population together.
type draws struct {
	terms              ledger.Hash // of the population
	grave, drawn, rest int64
	newest             ledger.Hash
}

type tested struct {
	hash                     ledger.Hash
	conclusion               string
	items, deviated, missing int64
}

// impact is one that is recorded in an engagement. part says that it is held, that it
// happened and that the company has a part in it.
type impact struct {
	engagement string
	part       bool
}

type determined struct {
	engagement string
	conclusion string
	signers    []string
}

func newAssured() assured {
	return assured{
		terms: map[ledger.Hash]commission{}, tests: map[string]tested{}, designs: map[string]Design{}, came: map[string]int64{}, impacts: map[string]impact{}, involved: map[string]int64{}, determined: map[ledger.Hash]determined{},
		answered: map[string]string{}, redactions: map[ledger.Hash]string{}, redacted: map[string]string{}, withheld: map[string]int{}, papers: map[string]bool{},
		population: map[ledger.Hash]examined{}, draws: map[string]draws{}, samples: map[ledger.Hash]string{}, of: map[string]ledger.Hash{}, unmapped: map[string]int64{},
	}
}

// note keeps what an assessor's work rests on.
func (a *assured) note(hash ledger.Hash, leaf *ledger.Leaf) {
	if leaf.Kind == "rating" && leaf.Rev == 1 {
		a.rated++
	}
	if !stands(leaf.Kind) {
		return
	}
	p := fields(leaf.PublicValues())
	terms, _ := ledger.ParseHash(p.text("terms"))
	switch leaf.Kind {
	case "engagement":
		if p.text("state") == "approved" {
			a.terms[hash] = commission{leaf.ID, p.text("level"), p.int("required_coverage") * 100}
		}
	case "population":
		a.population[terms], a.of[hash.String()] = examined{p.int("deployments"), a.rated}, terms
	case "engagement_sample":
		if p.text("state") == "planned" {
			break
		}
		key := p.text("population") + " " + p.text("of")
		d, again := a.draws[key]
		if !again {
			d.rest, d.terms = p.int("drawn_from"), a.of[p.text("population")]
		}
		d.grave, d.drawn = d.grave+p.int("targeted"), d.drawn+p.int("size")
		d.newest = hash
		a.draws[key], a.samples[hash] = d, key
	case "reconciliation":
		if p.text("of") == "account" {
			a.unmapped[a.terms[terms].id] = Unmapped(p.int("rows"), p.int("missing")+p.int("ambiguous")+p.int("unread"))
		}
	}
}

// work checks an entry of an assessor's work and keeps what later ones rest on.
func (c *Checker) work(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields) {
	t := c.under(seq, p)
	if t == nil {
		return
	}
	c.works(seq, leaf, t.engagement)
	switch leaf.Kind {
	case "control_test":
		c.controlTest(seq, hash, p, t, c.newest.shown())
	case "workpaper":
		if c.assured.papers[p.text("sha256")] {
			c.Report(seq, "the workpaper was recorded before")
		}
		c.assured.papers[p.text("sha256")] = true
	case "impact":
		c.impact(seq, leaf, p, t.engagement)
	case "determination":
		c.determination(seq, hash, leaf, p, t.hash)
	}
}

// controlTest holds a test to its own arithmetic, its conclusion to the bound, and a second
// test of a control to the first: nobody draws again until it fits.
func (c *Checker) controlTest(seq int64, hash ledger.Hash, p fields, under *terms, values map[string][]byte) {
	how, conclusion := p.text("how"), p.text("conclusion")
	items, deviated, missing := p.int("items"), p.int("deviations"), p.int("not_testable")
	bound, bounded := p["bound"].Value().(int64)
	t := Tested{how, conclusion, p.int("population"), items, deviated + missing, p.int("grave"), p.int("grave_missed"), p.int("tolerable")}
	if what := c.adds(seq, p, t, under); what != "" {
		c.Report(seq, what)
		return // no bound is worked out for figures that anybody could have written
	}
	if bounded { // an inspection has none, and its figures may be anything
		if most, err := t.Bound(); err != nil || most != bound {
			c.Report(seq, fmt.Sprintf("its sample bounds the deviations at %d, it says %d", most, bound))
		}
	}
	if what := t.Refuses(); what != "" {
		c.Report(seq, what)
	}
	c.results(seq, p, values["results"])
	c.reuses(seq, hash, p, under.engagement)
	key := under.engagement + " " + p.text("control") + " " + p.text("of")
	switch before, again := c.assured.tests[key]; {
	case again && (before.conclusion != "extend" || p.text("extends") != before.hash.String()):
		c.Report(seq, "the control was tested before, and this test does not go on with that one")
	case again && (items <= before.items || deviated < before.deviated || missing < before.missing):
		c.Report(seq, "it goes on with a test and drops something that was found")
	case !again && p.text("extends") != "":
		c.Report(seq, "it goes on with a test that is not there")
	}
	c.assured.take(under.engagement, p.text("control"), -1)
	c.assured.tests[key] = tested{hash, conclusion, items, deviated, missing}
	c.assured.take(under.engagement, p.text("control"), 1)
}

// take counts what a control came to, or takes it away again with n = -1. The counts are
// kept, since each answer asks for them.
func (a *assured) take(engagement, control string, n int64) {
	of := func(about string) string { return a.tests[engagement+" "+control+" "+about].conclusion }
	a.came[engagement+" "+Control(of("design"), of("operation"))] += n
}

// adds says why the figures of a test are not those of what was tested; empty when they are.
func (c *Checker) adds(seq int64, p fields, t Tested, under *terms) string {
	kept, deviated, missing := p.int("kept"), p.int("deviations"), p.int("not_testable")
	causes, _ := p["causes"].Value().([]string)
	_, bounded := p["bound"].Value().(int64)
	named, _ := ledger.ParseHash(p.text("sample"))
	switch {
	case min(t.Items, kept, deviated, missing, t.Population, t.GraveMissed, t.Missed-t.GraveMissed, t.Grave-t.GraveMissed, t.Items-t.Grave) < 0 || t.Items != kept+deviated+missing:
		return "its items do not add up"
	case t.Tolerable < 0 || t.Tolerable > Whole:
		return "what it tolerates is no rate"
	case int64(len(causes)) != deviated:
		return fmt.Sprintf("it has %d deviations and %d root causes", deviated, len(causes))
	case (p.text("of") == "design") != (t.How == "inspection") || (t.How == "sample") != (p.text("sample") != ""):
		return "design is inspected, and operation tested on a sample that was drawn, or on all"
	case bounded == (t.How == "inspection"):
		return "an inspection bounds nothing, and every other test has its bound"
	case t.How == "whole" && (kept != t.Population || kept != t.Items || kept > seq+1):
		return "a rule of the verifier holds all entries to it, or the log does not stand; it says otherwise"
	}
	if d := c.assured.draws[c.assured.samples[named]]; t.How == "sample" &&
		(d.newest != named || d.terms != under.hash || t.Items != d.grave+d.drawn || t.Grave != d.grave || t.Population != d.grave+d.rest) {
		return "it is not on all that was drawn, or on another population than that was drawn from"
	}
	if t.How == "sample" && (t.Population > seq || t.Items > t.Population) {
		return "it is on more records than there are entries before it"
	}
	return ""
}

// results compares the counts of a test with the results, where these are shown.
func (c *Checker) results(seq int64, p fields, list []byte) {
	if list == nil || p.text("how") == "whole" {
		return
	}
	got, all := map[string]int64{}, texts(list)
	for _, line := range all {
		_, outcome, _ := strings.Cut(line, "=")
		got[outcome]++
	}
	if got["kept"] != p.int("kept") || got["deviation"] != p.int("deviations") || got["not_testable"] != p.int("not_testable") || int64(len(all)) != p.int("items") {
		c.Report(seq, "its counts are not those of its results")
	}
}

func (c *Checker) impact(seq int64, leaf *ledger.Leaf, p fields, engagement string) {
	groups, _ := p["groups"].Value().([]string)
	bases, _ := p["known_from"].Value().([]string)
	lowest, highest := min(p.int("scale"), p.int("scope"), p.int("irremediability")), max(p.int("scale"), p.int("scope"), p.int("irremediability"))
	if p.text("right") == "" || len(groups) == 0 || len(bases) == 0 || lowest < 1 || highest > 5 {
		c.Report(seq, "an impact names a right, those affected, its severity from 1 to 5, and from what it is known")
	}
	if what := Involved(p.text("involvement"), p.text("plan_due"), p.bool("actual"), bases); what != "" {
		c.Report(seq, what)
	}
	if part := slices.Contains(Parts, p.text("involvement")); part != (p.text("remedy") == "required") {
		c.Report(seq, "whoever causes harm or contributes to it puts it right, and nobody else has to; it says otherwise")
	}
	before, again := c.assured.impacts[leaf.ID]
	if held := p.text("state") == "held"; again && before.engagement != engagement || !again && !held {
		c.Report(seq, "an impact is held first, and stays in its engagement")
	} else {
		now := impact{engagement, held && p.bool("actual") && slices.Contains(Parts, p.text("involvement"))}
		if before.part {
			c.assured.involved[engagement]--
		}
		if now.part {
			c.assured.involved[engagement]++
		}
		c.assured.impacts[leaf.ID] = now
	}
}

// determination counts again what an answer rests on, and holds it to that (RS-08).
func (c *Checker) determination(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields, terms ledger.Hash) {
	e, frozen := c.assured.terms[terms], c.assured.population[terms]
	if !c.engaged.byTerms[terms] {
		c.Report(seq, "something is concluded before a population was frozen under its terms")
	}
	b := Basis{
		Coverage: p.int("coverage"), Required: p.int("required"), Controls: p.int("controls"), Effective: p.int("effective"),
		Failed: p.int("not_effective") + p.int("absent"), Involved: p.int("involved"),
	}
	counts := func(what string) int64 { return c.assured.came[e.id+" "+what] }
	involved := c.assured.involved[e.id]
	unmapped, compared := c.assured.unmapped[e.id]
	if !compared {
		unmapped = Whole // who is missing cannot be told
	}
	key := e.id + " " + p.text("question")
	switch before := c.assured.answered[key]; {
	case before != "" && before != "indeterminate":
		c.Report(seq, "the question was answered before, and the answer stands")
	case p.text("level") != e.level:
		c.Report(seq, "it claims another level of assurance than the terms")
	case b.Required < max(e.required, LeastCoverage[e.level]) || b.Required > Whole:
		c.Report(seq, fmt.Sprintf("it asks for a coverage of %d in 10000, the terms and the level for %d", b.Required, max(e.required, LeastCoverage[e.level])))
	case p.int("population") != frozen.deployments || p.int("examined") > min(frozen.deployments, frozen.rated) || p.int("unmapped") != unmapped:
		c.Report(seq, "it does not rest on the population that was frozen, or on what was found to be unmapped")
	case b.Coverage != Covered(p.int("population"), p.int("examined"), p.int("unmapped")):
		c.Report(seq, "its coverage does not follow from what was examined")
	case b.Effective != counts("effective") || p.int("not_effective") != counts("not_effective") || p.int("absent") != counts("absent"):
		c.Report(seq, "its controls are not counted as they were tested")
	case p.int("untested") < 0 || b.Controls != b.Effective+b.Failed+p.int("untested"):
		c.Report(seq, "its controls do not add up")
	case b.Involved != involved:
		c.Report(seq, fmt.Sprintf("it counts %d impacts that the company has a part in, the log holds %d", b.Involved, involved))
	}
	if what := Determined(p.text("question"), p.text("conclusion"), b); what != "" {
		c.Report(seq, what)
	}
	c.assured.answered[key] = p.text("conclusion")
	c.assured.determined[hash] = determined{e.id, p.text("conclusion"), signers(leaf)}
}

// reply holds a dissent and the company's answer to the determination that they are about.
func (c *Checker) reply(seq int64, leaf *ledger.Leaf, p fields) {
	named, _ := ledger.ParseHash(p.text("determination"))
	d, earlier := c.assured.determined[named]
	if !earlier {
		c.Report(seq, "it is about a determination that is not there")
		return
	}
	if leaf.Kind != "dissent" {
		return
	}
	c.goesOn(seq, d.engagement)
	c.works(seq, leaf, d.engagement)
	switch {
	case d.conclusion == p.text("conclusion"):
		c.Report(seq, "it dissents, and concludes the same")
	case slices.ContainsFunc(signers(leaf), func(s string) bool { return slices.Contains(d.signers, s) }):
		c.Report(seq, "whoever signed the determination dissents from it")
	}
}

// redaction holds what is withheld to the schema that it names: what stands in clear has
// no place there. To show again what was withheld is always possible.
func (c *Checker) redaction(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields) {
	lifted := p.text("state") == "lifted"
	terms, _ := ledger.ParseHash(p.text("terms"))
	t := c.engaged.approved[terms]
	if t == nil || !lifted {
		t = c.under(seq, p)
	}
	if t == nil {
		return
	}
	named, _ := ledger.ParseHash(p.text("schema"))
	schema, n := c.options.Schemas[named], p.int("field")
	switch {
	case schema == nil:
		c.Report(seq, "it withholds a field of a schema that was never released")
	case n < 0 || n >= int64(len(schema.Sealed)):
		c.Report(seq, "it withholds what stands in clear, which may never be withheld")
	case string(schema.Sealed[n].Class) != p.text("class"):
		c.Report(seq, "it withholds a field as "+p.text("class")+", which is of class "+string(schema.Sealed[n].Class))
	}
	if what := Withheld(p.text("class"), p.text("reason")); what != "" {
		c.Report(seq, what)
	}
	what := fmt.Sprintf("%s %s %d", t.engagement, p.text("schema"), n)
	before, again := c.assured.redacted[leaf.ID]
	switch {
	case again != lifted || lifted && before != what || !lifted && p.text("state") != "withheld":
		c.Report(seq, "a field is withheld first, and shown again once")
	case !lifted && c.assured.withheld[what] > 0:
		c.Report(seq, "it withholds what is withheld already")
	}
	c.assured.withheld[before]--
	if lifted {
		what = ""
	}
	c.assured.withheld[what]++
	c.assured.redacted[leaf.ID], c.assured.redactions[hash] = what, t.engagement
}

// consent holds what an assessor says to a redaction to that.
func (c *Checker) consent(seq int64, leaf *ledger.Leaf, p fields) {
	named, _ := ledger.ParseHash(p.text("redaction"))
	engagement, earlier := c.assured.redactions[named]
	if !earlier {
		c.Report(seq, "it is about a redaction that is not there")
		return
	}
	c.goesOn(seq, engagement)
	c.works(seq, leaf, engagement)
}
