package packet

import (
	"cmp"
	"slices"

	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/ledger"
	"duly/internal/page"
	"duly/internal/store"
	"duly/internal/voice"
)

// experts gives the opinions of experts with their text.
func (l *look) experts() (Part, error) {
	t := Table{Caption: "Opinions", Head: []string{"Expert", "Opinion", "Asks for", "Reasons", "Compensation"}, Empty: "No expert has given an opinion."}
	list, err := voice.OpinionsOf(l.ctx, l.q, l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	for _, o := range list {
		this := "on this rating"
		switch {
		case o.Record.State != "given":
			this = "taken back"
		case o.Record.Rating != l.x.Leaf:
			this = "on an earlier rating"
		}
		paid, err := l.paid(o.ID)
		if err != nil {
			return Part{}, err
		}
		one := func(name string) Cell { return field(l.builder, voice.Opinions, o, name) }
		t.Rows = append(t.Rows, []Cell{l.person(o.Record.Person), joined("; ", one("choice").said("opinion"), plain("%s, entry %d", this, o.Seq)), one("conditions").or("-"), one("text"), paid})
	}
	return Part{ID: "Experts", Title: "Experts", Note: "An opinion is signed with the expert's own key and is on one rating. On a later one it does not count.", Tables: []Table{t}}, nil
}

// paid says what somebody was given for something that was done. It is the same whatever
// the opinion.
func (l *look) paid(about string) (Cell, error) {
	list, err := store.Select(l.ctx, l.q, voice.Compensations, "r.about = $1", about)
	var all []Cell
	for _, c := range list {
		one := func(name string) Cell { return field(l.builder, voice.Compensations, c, name) }
		given := joined(" ", one("what"), one("state"))
		if c.Record.Amount != nil {
			amount := one("amount")
			amount.Text = units(*c.Record.Amount)
			given = joined(" ", given, amount, one("currency"))
		}
		all = append(all, given)
	}
	return joined("\n", all...).or("none recorded"), err
}

// units writes an amount in the smallest unit of a currency of two decimals.
func units(amount int64) string {
	return plain("%d.%02d", amount/100, max(amount, -amount)%100).Text
}

// panel tells of the matters that were put to a panel. While one is open nobody sees who
// voted how; of closed ones members are told by the group that their seat stands for.
func (l *look) panel() (Part, error) {
	t := Table{Caption: "Matters before a panel", Head: []string{"Referred", "Question", "State", "Votes", "The company answered"},
		Empty: "It was never put to a panel."}
	dissent := Table{Caption: "Reasons of those who were outvoted", Head: []string{"Matter of", "Seat for", "Voted", "Reasons"}, Empty: "There is no dissent."}
	list, err := store.Select(l.ctx, l.q, voice.Referrals, "r.subject = $1", l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	for _, r := range list {
		m, err := voice.ReadMatter(l.ctx, l.q, r.ID)
		if err != nil {
			return Part{}, err
		}
		x := r.Record
		referred := plain("%s, on an earlier rating", x.Noticed)
		if x.Rating == l.x.Leaf {
			referred = plain("%s, on this rating", x.Noticed)
		}
		row := []Cell{referred, field(l.builder, voice.Referrals, r, "question"), plain("open until %s", x.Closes), plain("-"), plain("-")}
		if x.State == "closed" {
			copy(row[2:], []Cell{plain("%s", page.Say("referral", x.Outcome)), plain("%d for, %d against, %d abstained, %d recused", x.For, x.Against, x.Abstain, x.Recused), l.answered(m)})
			for _, v := range m.Dissent() {
				group := ""
				for _, s := range m.Members {
					if s.ID == v.Record.Seat {
						group = s.Record.Group
					}
				}
				dissent.Rows = append(dissent.Rows, []Cell{plain("%s", x.Noticed), plain("%s", page.Say("", group)), plain("%s", v.Record.Choice), field(l.builder, voice.Votes, v, "reasons")})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return Part{ID: "Panel", Title: "The panel", Tables: []Table{t, dissent}}, nil
}

// answered says what the company answered to a vote.
func (l *look) answered(m *voice.Matter) Cell {
	switch {
	case m.Answer != nil:
		late := ""
		if m.Answer.Record.Late {
			late = ", late"
		}
		return joined(": ", plain("%s on %s%s", page.Say("answer", m.Answer.Record.Choice), m.Answer.Record.Day, late), field(l.builder, voice.Answers, m.Answer, "reasons"))
	case m.AnswerMissing(l.day):
		return plain("not, and it was due on %s", m.Referral.Record.AnswerDue)
	}
	return plain("not yet")
}

// heard tells who was consulted, what they said and what became of it. Nobody is named.
func (l *look) heard() (Part, error) {
	who := Table{Caption: "Whom it concerns", Head: []string{"Group", "How many", "Under a pseudonym"}, Empty: "Nobody is on the map. That says nothing about whom it concerns."}
	if err := l.concerned(&who); err != nil {
		return Part{}, err
	}
	plans := Table{Caption: "Consultations", Head: []string{"From", "To", "State", "Aim", "How people are reached", "Sessions"}, Empty: "Nobody was consulted."}
	said := Table{Caption: "You said, we did, why not", Head: []string{"Received", "What was said", "What became of it", "What was done", "Why not", "Told"}, Empty: "Nothing was said in a consultation."}
	list, err := store.Select(l.ctx, l.q, voice.Consultations, "r.subject = $1", l.x.Subject)
	if err != nil {
		return Part{}, err
	}
	for _, c := range list {
		one := func(name string) Cell { return field(l.builder, voice.Consultations, c, name) }
		held, err := l.sessions(c.ID)
		if err != nil {
			return Part{}, err
		}
		plans.Rows = append(plans.Rows, []Cell{one("from_day"), one("to_day"), one("state"), one("aim"), one("how"), held})
		inputs, err := store.Select(l.ctx, l.q, voice.Inputs, "r.consultation = $1", c.ID)
		if err != nil {
			return Part{}, err
		}
		for _, in := range inputs {
			one := func(name string) Cell { return field(l.builder, voice.Inputs, in, name) }
			said.Rows = append(said.Rows, []Cell{one("received"), joined(": ", one("theme"), one("said")), one("disposition").or("not answered yet"), one("did").or("-"), one("why_not").or("-"), one("told").or("not yet")})
		}
	}
	return Part{ID: "Whom it concerns", Title: "People whom it concerns", Note: "What people said is not signed by them, so that they need not give their names.", Tables: []Table{who, plans, said}}, nil
}

func (l *look) concerned(t *Table) error {
	list, err := store.Select(l.ctx, l.q, voice.Stakeholders, "r.subject = $1 and r.state = 'active'", l.x.Subject)
	counts, hidden := map[string]int{}, map[string]int{}
	for _, s := range list {
		counts[s.Record.Group]++
		if s.Record.Pseudonymous {
			hidden[s.Record.Group]++
		}
	}
	for _, group := range []string{"affected", "representative", "proxy", "expert", "user", "oversight_body"} {
		if counts[group] > 0 {
			t.Rows = append(t.Rows, []Cell{plain("%s", page.Say("", group)), plain("%d", counts[group]), plain("%d", hidden[group])})
		}
	}
	return err
}

func (l *look) sessions(consultation string) (Cell, error) {
	list, err := store.Select(l.ctx, l.q, voice.Sessions, "r.consultation = $1", consultation)
	var all []Cell
	for _, s := range list {
		one := func(name string) Cell { return field(l.builder, voice.Sessions, s, name) }
		all = append(all, joined(", ", one("day"), plain("%d people", s.Record.People), one("place"), one("notes")))
	}
	return joined("\n", all...).or("none"), err
}

// raised tells of concerns, of cases, and of where deployments add up on the same people.
func (l *look) raised() (Part, error) {
	raised := Table{Caption: "Concerns, grievances, incidents and requests", Head: []string{"Day", "Sort", "State", "What was said"}, Empty: "Nobody has raised anything."}
	cases := Table{Caption: "Cases", Head: []string{"Opened", "Lane", "Why", "What happened", "State", "Due"}, Empty: "No case was opened."}
	var signals []*store.Revision[casework.Signal]
	var reviews []*store.Revision[casework.Review]
	for _, id := range l.ids() {
		of, err := store.Select(l.ctx, l.q, casework.Signals, "r.subject = $1", id)
		if err != nil {
			return Part{}, err
		}
		opened, err := store.Select(l.ctx, l.q, casework.Reviews, "r.subject = $1", id)
		if err != nil {
			return Part{}, err
		}
		signals, reviews = append(signals, of...), append(reviews, opened...)
	}
	slices.SortFunc(signals, func(a, b *store.Revision[casework.Signal]) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortFunc(reviews, func(a, b *store.Revision[casework.Review]) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, s := range signals {
		one := func(name string) Cell { return field(l.builder, casework.Signals, s, name) }
		raised.Rows = append(raised.Rows, []Cell{one("day"), one("sort"), one("state"), one("text")})
	}
	for _, r := range reviews {
		cases.Rows = append(cases.Rows, l.reviewed(r))
	}
	areas := Table{Caption: "Where deployments add up on the same people", Head: []string{"Area", "Deployments", "Worst rating among them", "State"}, Empty: "Nowhere, as far as it is known who is covered."}
	list, err := store.Select(l.ctx, l.q, assessment.Exposures, "r.state <> 'ended'")
	for _, e := range list {
		if slices.Contains(e.Record.Covering, l.x.Subject) {
			one := func(name string) Cell { return field(l.builder, assessment.Exposures, e, name) }
			areas.Rows = append(areas.Rows, []Cell{one("area"), one("deployments"), one("worst"), one("state")})
		}
	}
	return Part{ID: "Raised", Title: "What was raised", Note: "Who raised something is not named.", Tables: []Table{raised, cases, areas}}, err
}

func (l *look) reviewed(r *store.Revision[casework.Review]) []Cell {
	one := func(name string) Cell { return field(l.builder, casework.Reviews, r, name) }
	var why []Cell
	for _, text := range r.Record.Triggers {
		t := casework.ParseTrigger(text)
		why = append(why, marked(ledger.Customer, t.Day+", "+page.Say("", t.Event)+": "+t.Text))
	}
	state := one("state")
	if r.Record.State == casework.StateClosed {
		state = joined(": ", joined(", ", state, one("outcome"), one("closed")), one("reason"))
	}
	return []Cell{one("opened"), one("lane"), one("why").said(""), joined("\n", why...), state, one("due")}
}
