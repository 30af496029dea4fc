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
	impacts    map[string]map[string]bool // by engagement and record id: the company has a part in it, and it happened
	determined map[ledger.Hash]determined // by leaf hash
	answered   map[string]string          // the newest conclusion by engagement and question
	redactions map[ledger.Hash]bool       // by leaf hash
	rated      int64                      // records of ratings so far
	population map[ledger.Hash]examined   // by the leaf hash of the terms
	draws      map[string]draws           // by the leaf hash of a population and a kind
	samples    map[ledger.Hash]string     // the key in draws, by the leaf hash of each draw
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
	grave, drawn, rest int64
	newest             ledger.Hash
}

type tested struct {
	hash                     ledger.Hash
	conclusion               string
	items, deviated, missing int64
}

type determined struct {
	conclusion string
	signers    []string
}

func newAssured() assured {
	return assured{
		terms: map[ledger.Hash]commission{}, tests: map[string]tested{}, impacts: map[string]map[string]bool{}, determined: map[ledger.Hash]determined{},
		answered: map[string]string{}, redactions: map[ledger.Hash]bool{},
		population: map[ledger.Hash]examined{}, draws: map[string]draws{}, samples: map[ledger.Hash]string{}, unmapped: map[string]int64{},
	}
}

// note keeps what an assessor's work rests on.
func (a *assured) note(hash ledger.Hash, leaf *ledger.Leaf) {
	p := fields(leaf.PublicValues())
	terms, _ := ledger.ParseHash(p.text("terms"))
	switch leaf.Kind {
	case "rating":
		if leaf.Rev == 1 {
			a.rated++
		}
	case "engagement":
		if p.text("state") == "approved" {
			a.terms[hash] = commission{leaf.ID, p.text("level"), p.int("required_coverage") * 100}
		}
	case "population":
		a.population[terms] = examined{p.int("deployments"), a.rated}
	case "engagement_sample":
		key := p.text("population") + " " + p.text("of")
		d, again := a.draws[key]
		if !again {
			d.rest = p.int("drawn_from")
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

// work checks an entry of an assessor's work, or of what the company says to it, and keeps
// what later ones rest on.
func (c *Checker) work(seq int64, hash ledger.Hash, leaf *ledger.Leaf, values map[string][]byte) {
	p := fields(leaf.PublicValues())
	switch leaf.Kind {
	case "dissent", "assessment_reply":
		c.reply(seq, leaf, p)
		return
	case "publication":
		c.publication(seq, leaf, p)
		return
	case "redaction_consent":
		if named, _ := ledger.ParseHash(p.text("redaction")); !c.assured.redactions[named] {
			c.Report(seq, "it is about a redaction that is not there")
		}
		return
	}
	t := c.under(seq, p)
	switch {
	case t == nil:
		return
	case leaf.Kind == "redaction":
		c.redaction(seq, hash, p)
		return
	case !c.engaged.started[t.engagement]:
		c.Report(seq, "assessors work in an engagement that has not started")
	}
	switch leaf.Kind {
	case "control_test":
		c.controlTest(seq, hash, leaf, p, t.engagement, values)
	case "impact":
		c.impact(seq, leaf, p, t.engagement)
	case "determination":
		c.determination(seq, hash, leaf, p, t.hash)
	}
}

// controlTest holds a test to its own arithmetic, its conclusion to the bound, and a second
// test of a control to the first: nobody draws again until it fits.
func (c *Checker) controlTest(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields, engagement string, values map[string][]byte) {
	if leaf.Rev > 1 {
		c.Report(seq, "a test was changed; a test stands as it was concluded")
	}
	how, conclusion := p.text("how"), p.text("conclusion")
	items, kept, deviated, missing := p.int("items"), p.int("kept"), p.int("deviations"), p.int("not_testable")
	causes, _ := p["causes"].Value().([]string)
	bound, bounded := p["bound"].Value().(int64)
	t := Tested{how, conclusion, p.int("population"), items, deviated + missing, p.int("grave"), p.int("grave_missed"), p.int("tolerable")}
	switch {
	case min(items, kept, deviated, missing, t.Population, t.GraveMissed, t.Missed-t.GraveMissed, t.Grave-t.GraveMissed, items-t.Grave) < 0 || items != kept+deviated+missing:
		c.Report(seq, "its items do not add up")
	case int64(len(causes)) != deviated:
		c.Report(seq, fmt.Sprintf("it has %d deviations and %d root causes", deviated, len(causes)))
	case (p.text("of") == "design") != (how == "inspection") || (how == "sample") != (p.text("sample") != ""):
		c.Report(seq, "design is inspected, and operation tested on a sample that was drawn, or on all")
	case bounded == (how == "inspection"):
		c.Report(seq, "an inspection bounds nothing, and every other test has its bound")
	case how == "whole" && (kept != p.int("population") || kept != items || kept > c.counts.Entries):
		c.Report(seq, "a rule of the verifier holds all entries to it, or the log does not stand; it says otherwise")
	}
	if most, err := t.Bound(); bounded && (err != nil || most != bound) {
		c.Report(seq, fmt.Sprintf("its sample bounds the deviations at %d, it says %d", most, bound))
	}
	if what := t.Refuses(); what != "" {
		c.Report(seq, what)
	}
	if named, _ := ledger.ParseHash(p.text("sample")); how == "sample" {
		if d := c.assured.draws[c.assured.samples[named]]; d.newest != named || items != d.grave+d.drawn || t.Grave != d.grave || t.Population != d.grave+d.rest {
			c.Report(seq, "it is not on all that was drawn, or on another population than that was drawn from")
		}
	}
	c.results(seq, p, values["results"])
	key := engagement + " " + p.text("control") + " " + p.text("of")
	switch before, again := c.assured.tests[key]; {
	case again && (before.conclusion != "extend" || p.text("extends") != before.hash.String()):
		c.Report(seq, "the control was tested before, and this test does not go on with that one")
	case again && (items <= before.items || deviated < before.deviated || missing < before.missing):
		c.Report(seq, "it goes on with a test and drops something that was found")
	case !again && p.text("extends") != "":
		c.Report(seq, "it goes on with a test that is not there")
	}
	c.assured.tests[key] = tested{hash, conclusion, items, deviated, missing}
}

// results compares the counts of a test with the results, where these are shown.
func (c *Checker) results(seq int64, p fields, list []byte) {
	if list == nil || p.text("how") == "whole" {
		return
	}
	got := map[string]int64{}
	for _, line := range texts(list) {
		_, outcome, _ := strings.Cut(line, "=")
		got[outcome]++
	}
	if got["kept"] != p.int("kept") || got["deviation"] != p.int("deviations") || got["not_testable"] != p.int("not_testable") {
		c.Report(seq, "its counts are not those of its results")
	}
}

func (c *Checker) impact(seq int64, leaf *ledger.Leaf, p fields, engagement string) {
	groups, _ := p["groups"].Value().([]string)
	bases, _ := p["known_from"].Value().([]string)
	lowest, highest := min(p.int("scale"), p.int("scope"), p.int("irremediability")), max(p.int("scale"), p.int("scope"), p.int("irremediability"))
	if p.text("right") == "" || len(groups) == 0 || lowest < 1 || highest > 5 {
		c.Report(seq, "an impact names a right, those affected, and its severity from 1 to 5")
	}
	if what := Involved(p.text("involvement"), p.text("plan_due"), p.bool("actual"), bases); what != "" {
		c.Report(seq, what)
	}
	if part := slices.Contains(Parts, p.text("involvement")); part != (p.text("remedy") == "required") {
		c.Report(seq, "whoever causes harm or contributes to it puts it right, and nobody else has to; it says otherwise")
	}
	if c.assured.impacts[engagement] == nil {
		c.assured.impacts[engagement] = map[string]bool{}
	}
	c.assured.impacts[engagement][leaf.ID] = p.text("state") == "held" && p.bool("actual") && slices.Contains(Parts, p.text("involvement"))
}

// determination counts again what an answer rests on, and holds it to that (RS-08).
func (c *Checker) determination(seq int64, hash ledger.Hash, leaf *ledger.Leaf, p fields, terms ledger.Hash) {
	e, frozen := c.assured.terms[terms], c.assured.population[terms]
	if leaf.Rev > 1 {
		c.Report(seq, "a determination was changed; it stands as it was signed")
	}
	b := Basis{
		Coverage: p.int("coverage"), Required: p.int("required"), Controls: p.int("controls"), Effective: p.int("effective"),
		Failed: p.int("not_effective") + p.int("absent"), Involved: p.int("involved"),
	}
	counts := c.concluded(e.id)
	involved := int64(0)
	for _, part := range c.assured.impacts[e.id] {
		if part {
			involved++
		}
	}
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
	case p.int("population") != frozen.deployments || p.int("examined") > frozen.rated || p.int("unmapped") != unmapped:
		c.Report(seq, "it does not rest on the population that was frozen, or on what was found to be unmapped")
	case b.Coverage != Covered(p.int("population"), p.int("examined"), p.int("unmapped")):
		c.Report(seq, "its coverage does not follow from what was examined")
	case b.Effective != counts["effective"] || p.int("not_effective") != counts["not_effective"] || p.int("absent") != counts["absent"]:
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
	c.assured.determined[hash] = determined{p.text("conclusion"), signers(leaf)}
}

// concluded counts what came of each control of an engagement.
func (c *Checker) concluded(engagement string) map[string]int64 {
	of := map[string]map[string]string{}
	for key, t := range c.assured.tests {
		if rest, ours := strings.CutPrefix(key, engagement+" "); ours {
			control, about, _ := strings.Cut(rest, " ")
			if of[control] == nil {
				of[control] = map[string]string{}
			}
			of[control][about] = t.conclusion
		}
	}
	counts := map[string]int64{}
	for _, control := range of {
		counts[Control(control["design"], control["operation"])]++
	}
	return counts
}

// reply holds a dissent and the company's answer to the determination that they are about.
func (c *Checker) reply(seq int64, leaf *ledger.Leaf, p fields) {
	named, _ := ledger.ParseHash(p.text("determination"))
	d, earlier := c.assured.determined[named]
	switch {
	case !earlier:
		c.Report(seq, "it is about a determination that is not there")
	case leaf.Kind == "dissent" && d.conclusion == p.text("conclusion"):
		c.Report(seq, "it dissents, and concludes the same")
	case leaf.Kind == "dissent" && slices.ContainsFunc(signers(leaf), func(s string) bool { return slices.Contains(d.signers, s) }):
		c.Report(seq, "whoever signed the determination dissents from it")
	}
}

// redaction holds what is withheld to the schema that it names: what stands in clear has
// no place there.
func (c *Checker) redaction(seq int64, hash ledger.Hash, p fields) {
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
	c.assured.redactions[hash] = true
}
