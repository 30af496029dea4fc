package packet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/ledger"
	"duly/internal/page"
	"duly/internal/rating"
	"duly/internal/rule"
)

// secret is what follows from facts: as secret as a rating's trace.
func secret(format string, args ...any) Cell {
	return marked(ledger.Customer, fmt.Sprintf(format, args...))
}

// rating says what the rating is, how far it rests on anything, and by which method.
func (l *look) rating() (Part, error) {
	x := l.x
	is := Table{Caption: "The rating"}
	is.say("It calls for", plain("%s", page.Say("outcome", l.rated.Record.Outcome)))
	is.say("If all that is unknown turned out well", plain("%s: severity %d, likelihood %d", x.Best.Residual, x.Best.S, x.Best.LR))
	is.say("If all that is unknown turned out badly", plain("%s: severity %d, likelihood %d. This is what decisions follow.", x.Worst.Residual, x.Worst.S, x.Worst.LR))
	is.say("Before controls", plain("%s: severity %d, likelihood %d", x.Worst.Inherent, x.Worst.S, x.Worst.L))
	is.say("Coverage", plain("%d of %d facts are known", x.Known, x.Facts))
	pending := "no"
	if x.Pending {
		pending = "yes: something required is missing or cannot be ruled out, and nothing is activated"
	}
	is.say("Pending", plain("%s", pending))
	is.say("Diligence", plain("%s", page.Say("tier", x.Tier)))
	review := "none, as long as a stop holds"
	if x.Review > 0 {
		review = fmt.Sprintf("within %d months", x.Review)
	}
	is.say("Review", plain("%s", review))
	if a := x.Axes; a != nil {
		is.say("Compliance: guidance and conditions", secret("%s", page.Say("", a.Compliance)))
		is.say("Impact: harm to people, whatever the compliance", secret("%s", page.Say("", a.Impact)))
		if a.Guideline == rule.True {
			is.say("Finding", secret("%s", a.Finding))
		}
	}
	how := Table{Caption: "How it came about"}
	how.say("Method", plain("%s %s, SHA-256 %s, arithmetic %s", x.Method, x.Version, x.Pack, x.Engine))
	how.say("Prepared", joined(" ", plain("on %s, in entry %d, by", x.Rated, x.Entry), l.person(l.rated.Record.Preparer)))
	again := "the same, to the last byte of its trace"
	if !x.Exact {
		again = "NOT the same: " + x.Inexact
	}
	how.say("Computed again from the log", secret("%s", again))
	heard := Table{Caption: "Who must be heard before anybody decides", Head: []string{"What", "From whom"}, Empty: "The method asks for nobody at this band."}
	for _, h := range x.Hear {
		heard.Rows = append(heard.Rows, []Cell{plain("%s", h.Title), plain("%s", page.Say("", h.From))})
	}
	return Part{ID: "Rating", Title: "The rating", Note: "A rating is never green. It says what could be as long as facts are unknown.", Tables: []Table{is, how, heard}}, nil
}

// open tells what was not seen, and what would change the rating.
func (l *look) open() (Part, error) {
	x := l.x
	unseen := Table{Caption: "Facts that nobody knows", Head: []string{"Question", "Why it is not known", "Required"}, Empty: "Every fact that matters here is known."}
	for _, id := range l.asking() {
		if f := x.Inputs[id]; !f.Known && !f.Idle {
			unseen.Rows = append(unseen.Rows, []Cell{plain("%s", f.Question), secret("%s", f.Unknown), plain("%s", answer(slices.Contains(x.Missing, id)))})
		}
	}
	unmet := Table{Caption: "What complete diligence asks for and is not known to be met", Head: []string{"Requirement", "State", "What it reads"}, Empty: "All of it is met."}
	for _, r := range x.Requirements {
		if r.State != rule.True {
			unmet.Rows = append(unmet.Rows, []Cell{plain("%s: %s", r.ID, r.Title), secret("%s", page.Say("met", r.State)), l.read(r.Facts)})
		}
	}
	ask := Table{Caption: "Unknown facts that could change the rating, the most useful first", Head: []string{"Question", "Fact"}, Empty: "No single answer would."}
	for _, q := range x.Ask {
		ask.Rows = append(ask.Rows, []Cell{plain("%s", q.Question), plain("%s", q.Fact)})
	}
	flips := Table{Caption: "Known facts that would change what is called for, each alone", Head: []string{"Question", "Instead of", "It would have to be", "Then"}, Empty: "No single fact would."}
	for _, f := range l.flips() {
		flips.Rows = append(flips.Rows, []Cell{plain("%s", l.question(f.Fact)), secret("%s", words(f.From)), secret("%s", f.To), secret("%s, %s", f.Decision, f.Residual)})
	}
	return Part{ID: "Not seen", Title: "What was not seen, and what would change the rating", Note: "Unknown is not no: it counts as its worst until it is known.",
		Tables: []Table{unseen, unmet, ask, flips}}, nil
}

// flips gives what would flip the rating, the values of one fact that lead to the same
// together. Where some items of a list do it alone, all of them at once are left out.
func (l *look) flips() []rating.Flip {
	var out []rating.Flip
	for _, f := range l.x.Flips {
		i := slices.IndexFunc(out, func(o rating.Flip) bool {
			return o.Fact == f.Fact && o.Decision == f.Decision && o.Residual == f.Residual
		})
		switch to := words(f.To); {
		case i < 0:
			f.To = to
			out = append(out, f)
		case strings.Count(f.To, ",") < 2:
			out[i].To += " or " + to
		}
	}
	return out
}

// words writes a value that the method works with for people.
func words(value string) string {
	return strings.ReplaceAll(strings.ReplaceAll(cmp.Or(value, "none"), "_", " "), ",", ", ")
}

// asking gives the ids of all facts that the method asks, sorted.
func (l *look) asking() []string {
	ids := make([]string, 0, len(l.x.Inputs))
	for id := range l.x.Inputs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (l *look) question(id string) string {
	if f := l.x.Inputs[id]; f != nil {
		return f.Question
	}
	return id
}

// read says the facts that a rule reads, a line for each, in plain words.
func (l *look) read(ids []string) Cell {
	var lines []Cell
	for _, id := range ids {
		if f := l.x.Inputs[id]; f != nil {
			lines = append(lines, joined(" ", plain("%s", f.Question), l.value(f)))
		}
	}
	return joined("\n", lines...).or("-")
}

// value says what a fact is, with the mark of the field that it rests on.
func (l *look) value(f *assessment.FactTrace) Cell {
	if !f.Known {
		return plain("Unknown.")
	}
	class := ledger.Customer
	if f.Origin != nil {
		class = l.classOf(f.Origin.Kind, f.Origin.Field)
	}
	c := marked(class, strings.ReplaceAll(f.Value, "_", " "))
	if class == ledger.Public {
		c.Marks = nil
	}
	return c
}

// classOf gives the class of a field of a kind, by the newest schema of that kind.
func (b *builder) classOf(kind, name string) ledger.Class {
	class, newest := ledger.Customer, 0
	for _, s := range b.schemas {
		if s.Kind != kind || s.Version <= newest {
			continue
		}
		for _, f := range slices.Concat(s.Public, s.Sealed) {
			if f.Name == name {
				class, newest = f.Class, s.Version
			}
		}
	}
	return class
}

// stops tells of the hard stops and of prohibited uses.
func (l *look) stops() (Part, error) {
	stops := Table{Caption: "Hard stops", Head: []string{"Stop", "What it is", "Rests on", "State", "What it reads"}}
	for _, s := range l.x.Stops {
		facts := s.Facts
		if s.State == rule.Unknown {
			facts = s.Unknown
		}
		state := secret("%s", page.Say("state", s.State))
		if s.State == rule.True {
			state.Marks = nil // stops that hold stand in clear
		}
		if s.Dormant {
			state = secret("not in force on the day")
		}
		stops.Rows = append(stops.Rows, []Cell{plain("%s", s.ID), plain("%s", s.Title), plain("%s", s.Basis), state, l.read(facts)})
	}
	uses := Table{Caption: "Prohibited uses", Head: []string{"Use", "What it is", "Raises", "State", "What it reads"}, Empty: "The method names none."}
	for _, u := range l.x.Uses {
		uses.Rows = append(uses.Rows, []Cell{plain("%s", u.ID), plain("%s", u.Title), plain("%s", u.Stop), secret("%s", page.Say("state", u.State)), l.read(u.Facts)})
	}
	return Part{ID: "Stops", Title: "Stops", Note: "A legal stop can be lifted by nobody here. A policy stop takes an override by two of the governing body.", Tables: []Table{stops, uses}}, nil
}

// severity tells how grave harm would be, right by right.
func (l *look) severity() (Part, error) {
	t := Table{Caption: "Severity, the gravest right first", Head: []string{"Right", "Severity", "Scale", "Scope", "Irremediability", "By whom"}}
	for _, r := range l.x.Rights {
		by := "the assessment"
		if r.Second {
			by = "a second scorer"
		}
		row := []Cell{plain("%s", r.Title), secret("%s", ends(r.Best[3], r.Worst[3]))}
		for i := range 3 {
			part := ends(r.Best[i], r.Worst[i])
			if f := l.x.Inputs[r.Facts[i]]; f != nil && !f.Known && r.Worst[3] > 0 {
				part = fmt.Sprintf("unknown, so %d", r.Worst[i])
			}
			row = append(row, secret("%s", part))
		}
		if r.Worst[3] == 0 {
			row = []Cell{row[0], secret("not affected"), plain("-"), plain("-"), plain("-")}
		}
		t.Rows = append(t.Rows, append(row, plain("%s", by)))
	}
	also := Table{Caption: "What counts beside it"}
	also.say("Severity of the whole", secret("%s: that of the gravest right", ends(l.x.Best.S, l.x.Worst.S)))
	also.say("Rights on which two scorers differ", secret("%s", strings.Join(l.x.Disputed, ", ")).or("none, or one scorer only"))
	also.say("Harm that is confirmed and not remedied", secret("%s", page.Say("tri", l.x.Actual)))
	return Part{ID: "Severity", Title: "Severity, right by right",
		Note: "From 0 to 5. Scale is how grave it is, scope how many people it touches, irremediability how hard it is to undo. A range says what is open.", Tables: []Table{t, also}}, nil
}

func ends(best, worst int) string {
	if best == worst {
		return fmt.Sprint(worst)
	}
	return fmt.Sprintf("%d to %d", best, worst)
}

// likelihood tells what makes harm likely and what tested controls take off.
func (l *look) likelihood() (Part, error) {
	x := l.x
	sum := Table{Caption: "How likely harm is"}
	sum.say("Likelihood before controls", secret("%s of 5: %d to begin with, and the heaviest indicator of each family", ends(x.Best.L, x.Worst.L), x.Base))
	sum.say("Controls take off", secret("%d, and %d if all that is unknown were so. %s", x.Controls.Credit, x.Controls.Possible, x.Controls.Why))
	for _, id := range x.Controls.Lacking {
		sum.say("No credit without", secret("%s, which is not known to operate", cmp.Or(l.question("control."+id), id)))
	}
	sum.say("Likelihood that is left", secret("%s of 5", ends(x.Best.LR, x.Worst.LR)))
	t := Table{Caption: "What makes it likely: indicators that are raised or cannot be ruled out", Head: []string{"Family", "Indicator", "What it says", "Weight", "State", "What it reads"},
		Empty: "Every indicator is clear."}
	clear := 0
	for _, f := range x.Families {
		for _, ind := range f.Indicators {
			if ind.State == rule.False {
				clear++
				continue
			}
			facts := ind.Facts
			if ind.State == rule.Unknown {
				facts = ind.Unknown
			}
			t.Rows = append(t.Rows, []Cell{plain("%s", f.Title), plain("%s", ind.ID), plain("%s", ind.Title), plain("%d", ind.Weight), secret("%s", page.Say("raised", ind.State)), l.read(facts)})
		}
	}
	sum.say("Indicators that are clear", secret("%d", clear))
	return Part{ID: "Likelihood", Title: "Likelihood and controls", Note: "Only controls that were tested take anything off. What is promised does not.", Tables: []Table{sum, t}}, nil
}

// topics are the beginnings of facts that tell of what was done to people, or is alleged
// or found to have been.
var topics = []string{"agency.", "country.", "disparity.", "regulator.", "breach.", "grievances.", "complaints.", "concern.", "harm.actual"}

func ofRecord(id string) bool {
	return slices.ContainsFunc(topics, func(t string) bool { return strings.HasPrefix(id, t) })
}

// record tells of the human-rights record of place, sector and agency.
func (l *look) record() (Part, error) {
	known := l.table("What is known of it", ofRecord)
	indices := Table{Caption: "What indices measure", Head: []string{"Question", "It says", "Why", "Index", "What to know of it"}, Empty: "No index in use speaks of the place or of an agency."}
	for _, c := range assessment.Indexed(l.parties, l.chain) {
		for _, o := range c.From {
			indices.Rows = append(indices.Rows, []Cell{plain("%s", l.question(c.Fact)), secret("%s", words(o.Answer)), secret("%s", o.Why),
				plain("%s", o.Edition.Mapping.Pack.Title), secret("%s", strings.Join(o.Notes, "\n")).or("-")})
		}
	}
	return Part{ID: "Record", Title: "Record on human rights", Note: "What is not known of a record is no clean record.", Tables: []Table{known, indices}}, nil
}

// facts lists every other known fact with what it rests on.
func (l *look) facts() (Part, error) {
	t := l.table("Known facts", func(id string) bool { return !ofRecord(id) })
	return Part{ID: "Facts", Title: "Facts", Note: "Numbers in brackets are those of the sources. A fact from the register rests on the record that the entry holds.", Tables: []Table{t}}, nil
}

// table lists the known facts that are wanted.
func (l *look) table(caption string, want func(id string) bool) Table {
	t := Table{Caption: caption, Head: []string{"Question", "Answer", "As of", "Rests on", "Entry"}, Empty: "Nothing of it is known."}
	for _, id := range l.asking() {
		f := l.x.Inputs[id]
		if !f.Known || !want(id) {
			continue
		}
		row := []Cell{plain("%s", f.Question), l.value(f), {}, plain("the rating alone"), plain("-")}
		if o := f.Origin; o != nil {
			row[2], row[3], row[4] = marked(ledger.Customer, cmp.Or(o.AsOf, o.Entered)), l.rests(f), plain("%d", o.Entry)
		}
		if f.Until != "" {
			row[2] = joined(", ", row[2], plain("good until %s", f.Until))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// rests says what a fact rests on: a field of the register, the program, or sources.
func (l *look) rests(f *assessment.FactTrace) Cell {
	o := f.Origin
	switch {
	case o.Kind != "fact":
		return plain("the register: %s, %s", page.Say("", o.Kind), page.Say("", o.Field))
	case o.Own:
		return plain("worked out by the program")
	}
	var cited []string
	for _, s := range o.Sources {
		cited = append(cited, fmt.Sprintf("[%d] %s", l.number(s), cmp.Or(s.Grade, "unknown")))
	}
	c := secret("%s", strings.Join(cited, ", ")).or("no source")
	if o.Single {
		c = joined("; ", c, plain("one source only"))
	}
	return c
}

// cited lists the sources, by number.
func (l *look) cited() (Part, error) {
	t := Table{Caption: "Sources", Head: []string{"Number", "Grade", "Title", "Publisher", "Published"}, Empty: "No fact cites a source."}
	for i, s := range l.sources {
		t.Rows = append(t.Rows, []Cell{plain("[%d]", i+1), secret("%s", cmp.Or(s.Grade, "unknown")), secret("%s", s.Title), secret("%s", s.Publisher), secret("%s", s.Published)})
	}
	return Part{ID: "Sources", Title: "Sources", Note: "Grades: court, regulator, official, ngo (civil society), media, allegation, party (who has an interest), unknown.", Tables: []Table{t}}, nil
}
