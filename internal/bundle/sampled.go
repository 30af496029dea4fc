package bundle

import (
	"fmt"
	"io"
	"slices"

	"duly/internal/ledger"
)

// planned is a sample of which it stands what will be drawn, and how many, before anybody
// can know who.
type planned struct {
	f      *frozen
	id     string // of the record
	seq    int64
	plan   string    // what the drawn revision repeats
	record string    // leaf hash of the record of what seeds it, in hex; "" before there is one
	by     *Cosigned // what seeds it; nil where nobody can draw again: see [frozen.carried]
}

// plan gives the fields of a sample that stand before it is drawn.
func (p fields) plan() (text string) {
	for _, name := range []string{"population", "draw", "of", "confidence", "tolerable", "expected", "wanted"} {
		text += p[name].String() + "\n"
	}
	return text
}

// sampled checks a sample: its plan, or what was drawn.
func (c *Checker) sampled(seq int64, hash ledger.Hash, leaf *ledger.Leaf, public fields) error {
	population, _ := ledger.ParseHash(public.text("population"))
	f := c.engaged.frozen[population]
	if f == nil {
		c.Report(seq, fmt.Sprintf("it is drawn from the population %q, which nobody froze before", public.text("population")))
		return nil
	}
	c.inForce(seq, f.terms)
	c.works(seq, leaf, f.terms.engagement)
	switch {
	case leaf.Actor != f.actor:
		c.Report(seq, "it is drawn by another assessor than the one who froze the population and committed to its draws")
	case public.int("draw") != f.draws+1 || public.int("draw") > Links:
		c.Report(seq, fmt.Sprintf("it is draw %d of a population of which %d were made, and %d can be", public.int("draw"), f.draws, Links))
	}
	if public.text("state") == "planned" {
		c.planned(seq, hash, leaf, public, f)
		return nil
	}
	return c.drawn(seq, leaf, public, f)
}

// planned keeps the plan of a sample that witnesses are to seed.
func (c *Checker) planned(seq int64, hash ledger.Hash, leaf *ledger.Leaf, public fields, f *frozen) {
	switch {
	case leaf.Rev > 1:
		c.Report(seq, "a sample was changed; it stands as it was planned")
	case f.terms.witnesses == "":
		c.Report(seq, "a sample is planned under terms that name no witnesses")
	case f.planned != nil:
		c.Report(seq, "a sample is planned while another one is not drawn yet")
	case public.text("secret")+public.text("root")+public.text("witnessed")+public.text("drawn") != "" ||
		public.int("position") != 0 || public.int("targeted") != 0 || public.int("size") != 0 || public.int("drawn_from") != 0 || public.int("strata") != 0:
		c.Report(seq, "it says what was drawn in a sample that is only planned")
	}
	f.planned = &planned{f: f, id: leaf.ID, seq: seq, plan: public.plan()}
	c.engaged.planned[hash] = f.planned
	c.counts.Assessed.Planned++
}

// witnessed holds the record of a cosigned checkpoint to the sample that it seeds, to the
// entries, and to the witnesses that the terms name. The first one of a sample counts, so
// that nobody who asked again can choose.
func (c *Checker) witnessed(seq int64, hash ledger.Hash, leaf *ledger.Leaf, public fields) error {
	named, _ := ledger.ParseHash(public.text("sample"))
	p, size := c.engaged.planned[named], public.int("size")
	switch {
	case p == nil || p.f.planned != p:
		c.Report(seq, fmt.Sprintf("it seeds the sample %q, which is not planned, or was drawn before", public.text("sample")))
	case p.record != "":
		c.Report(seq, "a second cosigned checkpoint is recorded for one sample, which the first one seeds")
	case leaf.Actor == p.f.actor:
		c.Report(seq, "it was recorded by the assessor whose sample it seeds")
	case size <= p.seq || size > seq:
		c.Report(seq, fmt.Sprintf("the cosigned checkpoint covers %d entries, and not the planned sample at %d with what stands before entry %d", size, p.seq, seq))
	case p.f.carried(c):
		p.record = hash.String()
	default:
		root, err := c.rootOf(size)
		if err != nil {
			return err
		}
		w, problem := c.cosigned(public, p.f.terms, ledger.Checkpoint{Origin: c.options.Origin, Size: size, Root: root})
		if problem != "" {
			c.Report(seq, problem)
			return nil
		}
		p.by, p.record = w, hash.String()
	}
	return nil
}

// rootOf gives the root of the first entries, in a range of those up to one of its own.
func (c *Checker) rootOf(size int64) (ledger.Hash, error) {
	edge := c.opening.edge.Clone()
	if c.hidden > 0 { // as for [Checker.recount]
		return edge.Root(), nil
	}
	err := c.options.Leaves(size, func(leaf []byte) error {
		edge.Append(ledger.LeafHash(leaf))
		return nil
	})
	return edge.Root(), err
}

// cosigned opens a cosigned checkpoint and holds it to its record, to the terms and to the
// tree; it says what does not hold.
func (c *Checker) cosigned(public fields, t *terms, tree ledger.Checkpoint) (*Cosigned, string) {
	text := []byte(textOf(c.newest.shown()["text"]))
	if c.options.Witnessed != nil {
		var err error
		if text, err = c.options.Witnessed(public.text("note")); err != nil {
			return nil, err.Error()
		}
	}
	w, err := ReadCosigned(text)
	if err != nil {
		return nil, err.Error()
	}
	switch {
	case w.Note != public.text("note"):
		return nil, "the cosigned checkpoint is not the one whose hash it names"
	case w.Checkpoint != tree || public.text("root") != tree.Root.String():
		return nil, "the witnesses cosigned another tree than that of the entries"
	case w.Hash() != t.witnesses:
		return nil, "the checkpoint is cosigned by other witnesses than the terms name"
	case w.Count() != public.int("cosigned") || w.Count() < t.quorum:
		return nil, fmt.Sprintf("%d of the witnesses have cosigned, it says %d, and the terms ask for %d", w.Count(), public.int("cosigned"), t.quorum)
	}
	for _, key := range w.Keys {
		if c.people[key.PublicHash()] != nil {
			return nil, "the witness " + key.Name() + " has the key of a person of the log, and is no outsider"
		}
	}
	return w, ""
}

// drawn draws again what an assessor drew.
func (c *Checker) drawn(seq int64, leaf *ledger.Leaf, public fields, f *frozen) error {
	link, kind, draw := public.text("secret"), public.text("of"), public.int("draw")
	seed := Seed(link, public.text("root"), kind, draw)
	if f.terms.witnesses == "" {
		c.answered(seq, leaf, public, f)
	} else {
		seed = c.outsiders(seq, leaf, public, f)
	}
	if !Follows(link, f.link) {
		c.Report(seq, "its seed is not the one that the assessor had committed to")
	}
	if public.int("targeted")+public.int("size") < 1 {
		c.Report(seq, "it draws nothing, and so only passes over a seed")
	}
	f.draws, f.link = f.draws+1, link
	if f.carried(c) || !c.canCount() {
		c.counts.Assessed.Unchecked++
		return nil
	}
	if seed == "" {
		return nil // without the seed there is nothing to draw by
	}
	p := NewPopulation(f.from, f.upto)
	if err := c.recount(p, f.seq); err != nil {
		return err
	}
	c.counts.Assessed.Samples++
	s := p.Draw(kind, seed, int(public.int("wanted")), f.had)
	if s.Hash != public.text("drawn") || int64(len(s.Taken)) != public.int("targeted") || int64(len(s.Drawn)) != public.int("size") || s.Strata != public.int("strata") || s.Rest != public.int("drawn_from") {
		c.Report(seq, "drawn again, the sample has other records")
	}
	for _, id := range slices.Concat(s.Taken, s.Drawn) {
		f.had[id] = true
	}
	return nil
}

// carried says whether a population stands before a range, where what it was seeded by and
// drawn from is not all here.
func (f *frozen) carried(c *Checker) bool { return f.seq < c.opening.from }

// answered holds a sample without witnesses to the first entry that somebody else made.
func (c *Checker) answered(seq int64, leaf *ledger.Leaf, public fields, f *frozen) {
	switch {
	case leaf.Rev > 1:
		c.Report(seq, "a sample was changed; it stands as it was drawn")
	case public.text("witnessed") != "" || !f.carried(c) && (f.seeded == 0 || public.int("position") != f.seeded || public.text("root") != f.root.String()):
		c.Report(seq, "its seed does not rest on the first entry that somebody else made after the population was frozen")
	}
}

// outsiders holds a sample to its plan and to the witnesses who seed it, and gives the
// seed, or "" where there is none.
func (c *Checker) outsiders(seq int64, leaf *ledger.Leaf, public fields, f *frozen) string {
	p := f.planned
	switch {
	case p == nil || leaf.ID != p.id || leaf.Rev != 2:
		c.Report(seq, "a sample is drawn that was not planned, though the terms name witnesses")
		return ""
	case p.record == "":
		c.Report(seq, "it is drawn before witnesses whom the terms name had cosigned its plan")
		return ""
	case public.plan() != p.plan:
		c.Report(seq, "another sample is drawn than was planned")
	case public.text("witnessed") != p.record || p.by != nil && (public.int("position") != p.by.Checkpoint.Size || public.text("root") != p.by.Checkpoint.Root.String()):
		c.Report(seq, "its seed does not rest on the first cosigned checkpoint that was recorded of its plan")
	}
	f.planned = nil
	c.counts.Assessed.Planned--
	if p.by == nil {
		return ""
	}
	c.counts.Assessed.Witnessed++
	first, _ := p.by.First()
	if slices.ContainsFunc(c.options.Outsiders, func(w ledger.Witness) bool { return w.Key() == first.Key() }) {
		c.counts.Assessed.Outside++
	}
	return p.by.Seed(public.text("secret"), public.text("of"), public.int("draw"))
}

// print says what of assessments was done again, and on whom the samples rest.
func (x Assessments) print(out io.Writer) {
	if x.Populations == 0 {
		return
	}
	fmt.Fprintf(out, "  assessments %d populations counted again, %d samples drawn again\n", x.Populations, x.Samples)
	if x.Witnessed > 0 {
		fmt.Fprintf(out, "              %d of them seeded by outside witnesses whom you named, %d by others whom the terms name\n", x.Outside, x.Witnessed-x.Outside)
	}
	if n := x.Samples - x.Witnessed; n > 0 {
		fmt.Fprintf(out, "              the seeds of %d rest on no outsider: the company and the assessor together could have chosen them\n", n)
	}
	if x.Planned > 0 {
		fmt.Fprintf(out, "              %d samples are planned and not drawn\n", x.Planned)
	}
}
