package packet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"duly/internal/assessment"
	"duly/internal/conditions"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/page"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/usage"
)

// decided tells of every decision that there ever was, and of what was written to and by
// the customer.
func (l *look) decided() (Part, error) {
	var tables []Table
	list, err := store.Select(l.ctx, l.q, decision.Decisions, "r.subject = $1", l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	for _, d := range list {
		history, err := store.History(l.ctx, l.q, decision.Decisions, d.ID)
		if err != nil {
			return Part{}, err
		}
		standing, state := decision.In(history, l.day)
		for _, h := range slices.Backward(history) {
			tables = append(tables, l.decision(h, standing == h && state == decision.Holds))
		}
	}
	if len(tables) == 0 {
		tables = []Table{{Caption: "Decisions", Empty: "Nothing was decided yet."}}
	}
	told := Table{Caption: "What the customer was told", Head: []string{"Due", "Sent", "Of which act", "Reasons as told", "Law that forbids to tell"}, Empty: "No notice was due."}
	notices, err := store.Select(l.ctx, l.q, decision.Notices, "r.subject = $1", l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	for _, n := range notices {
		one := func(name string) Cell { return field(l.builder, decision.Notices, n, name) }
		told.Rows = append(told.Rows, []Cell{one("due"), one("sent_day").or("not yet"), one("act").said("do"), one("reasons"), one("withheld").or("none")})
	}
	said := Table{Caption: "What the customer answered", Head: []string{"Received", "Sort", "What it says", "State", "Our answer"}, Empty: "It has not answered."}
	responses, err := store.Select(l.ctx, l.q, decision.Responses, "r.subject = $1", l.x.Subject)
	for _, r := range responses {
		one := func(name string) Cell { return field(l.builder, decision.Responses, r, name) }
		said.Rows = append(said.Rows, []Cell{one("received"), one("sort"), one("text"), one("state"), one("answer").or("not yet")})
	}
	return Part{ID: "Decided", Title: "Earlier decisions", Note: "An override goes against the rating, a panel or an expert. It takes two people, and ends.", Tables: append(tables, told, said)}, err
}

// decision tells of one decision: who answers for it, why, and under which conditions.
func (l *look) decision(d *store.Revision[decision.Decision], holds bool) Table {
	one := func(name string) Cell { return field(l.builder, decision.Decisions, d, name) }
	t := Table{Caption: page.Say("act", d.Record.Act) + " on " + d.Record.Day + ", " + page.Say("basis", d.Record.Basis)}
	span := plain("from %s", d.Record.From)
	if d.Record.Expires != "" {
		span = plain("from %s until %s", d.Record.From, d.Record.Expires)
	}
	if holds {
		span = joined("; ", span, plain("this holds now"))
	}
	var signed []Cell
	for _, s := range d.Leaf.Sigs {
		signed = append(signed, l.person(s.KeyID()))
	}
	t.say("It holds", span)
	t.say("Signed by", joined(", ", signed...))
	t.say("On a rating that called for", plain("%s, at worst %s", page.Say("outcome", d.Record.Outcome), d.Record.Residual))
	t.say("Experts then", plain("%d, of whom %d objected", d.Record.Opinions, d.Record.Objections))
	t.say("Reason", one("reason"))
	t.say("Conditions to be met before it runs", one("conditions_precedent").or("none"))
	t.say("Conditions while it runs", one("conditions_ongoing").or("none"))
	t.say("Involvement", one("involvement").said(""))
	t.say("Leverage", one("leverage"))
	t.say("Who is accountable", l.person(d.Record.Owner).or("nobody is named"))
	t.say("Review", one("review_day").or("no day"))
	return t
}

// conditions tells which conditions of use hold, whether anybody checked them, and what
// was found. That is compliance; harm to people is another matter.
func (l *look) conditions() (Part, error) {
	checked := Table{Caption: "Conditions of use that hold for it", Head: []string{"Condition", "What it asks for", "Force", "Checked", "What was counted"},
		Empty: "No condition of use in force covers it."}
	counts, err := store.Select(l.ctx, l.q, usage.Counts, "r.deployment = $1", l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	held, err := l.inForce()
	if err != nil {
		return Part{}, err
	}
	for _, c := range held {
		checked.Rows = append(checked.Rows, l.kept(c, counts))
	}
	found := Table{Caption: "Findings, the gravest first", Head: []string{"Grade", "Kind", "State", "Condition", "Day", "Calls", "What was seen"}, Empty: "None. Where nothing was counted, nothing could be found."}
	list, err := store.Select(l.ctx, l.q, usage.Findings, "r.deployment = $1", l.x.Subject)
	grades := []string{"critical", "high", "medium", "low"}
	slices.SortStableFunc(list, func(a, b *store.Revision[usage.FindingRecord]) int {
		return cmp.Or(slices.Index(grades, a.Record.Grade)-slices.Index(grades, b.Record.Grade), cmp.Compare(a.Record.Day, b.Record.Day))
	})
	for _, f := range list {
		one := func(name string) Cell { return field(l.builder, usage.Findings, f, name) }
		found.Rows = append(found.Rows, []Cell{one("grade"), one("kind").said("kind"), one("state"), one("clause"), one("day"), one("calls"), one("evidence")})
	}
	return Part{ID: "Conditions", Title: "Conditions and findings", Note: "This is compliance: whether conditions were kept. Who keeps all of them may do harm all the same; that stands under the rating and under severity.",
		Tables: []Table{checked, found}}, err
}

// inForce gives the conditions in force that may hold for the deployment: what is not
// known of it counts as covered.
func (l *look) inForce() ([]*conditions.Condition, error) {
	day, err := time.Parse(time.DateOnly, l.day)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "the log's last entry has no day")
	}
	who := conditions.Subject{Purpose: l.about.account.Record.Purpose, Jurisdiction: l.chain.Jurisdiction}
	if d := l.about.deployment; d != nil {
		who.Capability, who.Purpose = d.Record.Capability, cmp.Or(d.Record.Purpose, who.Purpose)
	}
	if l.chain.EndUserKnown {
		who.Sector = l.chain.EndUser.Record.Sector
	}
	packs, err := store.Select(l.ctx, l.q, runs.Packs, "")
	if err != nil {
		return nil, err
	}
	var out []*conditions.Condition
	for _, p := range packs {
		if p.Record.Kind != string(pack.Conditions) || p.Record.State != "in_force" {
			continue
		}
		parsed, err := pack.Parse("packs/"+p.Record.SHA256, []byte(p.Record.Bytes))
		if err != nil {
			return nil, err
		}
		set, err := conditions.Load(parsed)
		if err != nil {
			return nil, err
		}
		for _, c := range set.Conditions {
			again := slices.ContainsFunc(out, func(o *conditions.Condition) bool { return o.Hash == c.Hash })
			if applies, _ := c.Applies(who); applies && c.InForce(day) && !again {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// kept says of one condition whether anybody counted calls under it.
func (l *look) kept(c *conditions.Condition, counts []*store.Revision[usage.CountRecord]) []Cell {
	var days, calls, deviated, open int64
	for _, r := range counts {
		if r.Record.Condition == c.Hash {
			days, calls, deviated, open = days+1, calls+r.Record.Exposures, deviated+r.Record.Deviations, open+r.Record.Unknown
		}
	}
	row := []Cell{secret("%s: %s", c.ID, c.Title), secret("%s", c.Text), plain("%s", string(c.Status)), plain("%s", page.Say("checked", "promised")), plain("Nothing. Its use is unknown, not zero.")}
	if days == 0 {
		return row
	}
	row[3], row[4] = plain("%s", page.Say("checked", "telemetry")), plain("%d of %d calls deviated on %d days; for %d nobody can tell", deviated, calls, days, open)
	if _, judged := c.Checked(); !judged {
		row[3], row[4] = plain("%s", page.Say("checked", "not_judged")), plain("%d calls on %d days", calls, days)
	}
	return row
}

// ways tells how the vendor is involved, what follows from that, and what leaving does.
func (l *look) ways() (Part, error) {
	g := l.x.Guidance
	is := Table{Caption: "Involvement and leverage, by principle 19 of the UN Guiding Principles"}
	with := make([]string, 0, len(g.With))
	for id, value := range g.With {
		with = append(with, page.Say("", id)+": "+page.Say("tri", value))
	}
	slices.Sort(with)
	is.say("What is known", secret("%s", strings.Join(with, "\n")).or("nothing"))
	for _, q := range g.Ask {
		is.say("It turns on", plain("%s", q.Question))
	}
	ways := Table{Caption: "What the vendor may have to do, each row being possible", Head: []string{"Action", "Remedy", "Relationship"}, Empty: "The principles name nothing for this."}
	const most = 12
	for i, r := range g.Rows {
		if i == most {
			is.say("Further ways", plain("%d more are possible while so much is open", len(g.Rows)-most))
			break
		}
		row := make([]Cell, len(assessment.Aspects))
		for n, aspect := range assessment.Aspects {
			row[n] = plain("%s", r.Then[aspect])
		}
		ways.Rows = append(ways.Rows, row)
	}
	depends, err := l.depends()
	if err != nil {
		return Part{}, err
	}
	exit := Table{Caption: "What suspending or leaving would do", Head: []string{"Day", "Who loses what", "What is left behind", "Who takes over", "How the essential part goes on"},
		Empty: "Nobody has written it down. Something that people depend on is not suspended before that."}
	list, err := store.Select(l.ctx, l.q, decision.ExitImpacts, "r.subject = $1", l.x.Subject)
	for _, x := range list {
		one := func(name string) Cell { return field(l.builder, decision.ExitImpacts, x, name) }
		exit.Rows = append(exit.Rows, []Cell{one("day"), one("service_loss"), one("data_left"), one("successor"), one("continuity")})
	}
	return Part{ID: "Ways and exit", Title: "Ways to go, and what leaving does", Tables: []Table{is, ways, depends, exit}}, err
}

func (l *look) depends() (Table, error) {
	t := Table{Caption: "Whether people depend on it", Empty: "Nobody has said whether people depend on it."}
	list, err := store.Select(l.ctx, l.q, decision.Criticalities, "r.subject = $1", l.x.Subject)
	for _, c := range list {
		t.say("People depend on it", field(l.builder, decision.Criticalities, c, "essential"))
		t.say("Why", field(l.builder, decision.Criticalities, c, "why"))
	}
	return t, err
}
