package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type voteCmd struct {
	Matter string `arg:"" help:"The matter."`
	Choice string `arg:"" help:"for, against or abstain."`
	As     string `help:"The member, who signs." required:"" placeholder:"PERSON"`
	File   string `help:"The file that the member read: the same that was referred." required:"" placeholder:"FILE"`
	Reason string `help:"Why; a vote against needs it. Of those who are outvoted it is the dissent." placeholder:"TEXT"`
}

// Run casts the vote.
func (c *voteCmd) Run(a *app) error {
	file, err := hashOf(c.File)
	if err != nil {
		return err
	}
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, err := voice.Cast(a.ctx, w.DB, act.Default, voice.Voting{Hand: h, Referral: c.Matter, Choice: c.Choice, File: file, Reasons: c.Reason})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "voted %s, signed by %s in entry %d\n", c.Choice, c.As, ref.Seq)
		})
	})
}

// matterRow is a matter as it is printed.
type matterRow struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Question string     `json:"question"`
	Closes   string     `json:"closes"`
	Outcome  string     `json:"outcome,omitempty"`
	Votes    []voteRow  `json:"votes"`
	Answer   *answerRow `json:"answer"`
	Missing  bool       `json:"answer_missing"`
	Before   *matterRow `json:"asks_again_after"` // the vote against it, when it was put to a panel before
}

type voteRow struct {
	Member  string `json:"member"`
	Choice  string `json:"choice"`
	Dissent bool   `json:"dissent"`
	Reasons string `json:"reasons,omitempty"`
	Entry   int64  `json:"entry"`
}

type answerRow struct {
	Choice  string `json:"choice"`
	Day     string `json:"day"`
	Late    bool   `json:"late"`
	Reasons string `json:"reasons"`
}

func (a *app) matterRow(w *workspace.Workspace, m *voice.Matter) matterRow {
	r := m.Referral.Record
	row := matterRow{ID: m.Referral.ID, State: r.State, Question: r.Question, Closes: r.Closes, Outcome: r.Outcome, Votes: []voteRow{}, Missing: m.AnswerMissing(w.Today())}
	dissent := map[string]bool{}
	for _, v := range m.Dissent() {
		dissent[v.ID] = true
	}
	for _, v := range m.Votes {
		if r.State == "open" {
			break // nobody sees how others vote before all have
		}
		row.Votes = append(row.Votes, voteRow{a.names(w, v.Record.Person)[v.Record.Person], v.Record.Choice, dissent[v.ID], v.Record.Reasons, v.Seq})
	}
	if m.Before != nil {
		before := a.matterRow(w, m.Before)
		row.Before = &before
	}
	if m.Answer != nil {
		x := m.Answer.Record
		row.Answer = &answerRow{x.Choice, x.Day, x.Late, x.Reasons}
	}
	return row
}

// matter prints a matter.
func (a *app) matter(w *workspace.Workspace, out io.Writer, m *voice.Matter) {
	r, row := m.Referral.Record, a.matterRow(w, m)
	fmt.Fprint(out, wrap("matter "+row.ID+": ", r.Question))
	if m.Before != nil {
		fmt.Fprintf(out, "asked again: a panel voted against it on %s, %d for and %d against, and new facts are known since; that was\n",
			m.Before.Referral.Record.Closed, m.Before.Referral.Record.For, m.Before.Referral.Record.Against)
		defer a.matter(w, out, m.Before)
	}
	if r.State == "open" {
		fmt.Fprintf(out, "  open until the end of %s; %d of %d members have voted\n", r.Closes, len(m.Votes), len(m.Members))
		return
	}
	fmt.Fprintf(out, "  %s: %d for, %d against, %d abstained, %d recused, of %d seats; %d of %d for affected people\n",
		r.Outcome, r.For, r.Against, r.Abstain, r.Recused, r.Seats, r.There, r.Affected)
	if !r.Quorum {
		fmt.Fprintln(out, "  no quorum: more than half of the seats, and a third of those for affected people, have to vote")
	}
	for _, v := range row.Votes {
		if v.Dissent {
			fmt.Fprint(out, wrap("  dissent of "+v.Member+": ", v.Reasons))
		}
	}
	switch {
	case row.Answer != nil && row.Answer.Late:
		fmt.Fprint(out, wrap("  answered late, "+row.Answer.Choice+": ", row.Answer.Reasons))
	case row.Answer != nil:
		fmt.Fprint(out, wrap("  answered, "+row.Answer.Choice+": ", row.Answer.Reasons))
	case row.Missing:
		fmt.Fprintf(out, "  the company owes its answer since %s\n", r.AnswerDue)
	case r.Quorum:
		fmt.Fprintf(out, "  the company answers by %s\n", r.AnswerDue)
	}
}
