package main

import (
	"context"
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type panelCmd struct {
	Create  panelCreateCmd  `cmd:"" help:"Make an oversight panel with its charter."`
	Seat    panelSeatCmd    `cmd:"" help:"Give somebody a seat for a term."`
	Show    panelShowCmd    `cmd:"" help:"Show a panel, its seats and its matters, or one matter."`
	Declare panelDeclareCmd `cmd:"" help:"Declare own interests, for the year or for one matter."`
	Refer   panelReferCmd   `cmd:"" help:"Put the newest rating of a deployment to a panel."`
	Close   panelCloseCmd   `cmd:"" help:"Count a matter after its last day."`
	Answer  panelAnswerCmd  `cmd:"" help:"Give the company's answer to a vote."`
	Resign  panelResignCmd  `cmd:"" help:"Leave a panel, with a statement that is published."`
}

type panelCreateCmd struct {
	Name      string `arg:"" help:"The panel's name."`
	As        string `help:"Who makes it." required:"" placeholder:"PERSON"`
	Charter   string `help:"The charter, a text." required:"" placeholder:"FILE"`
	Seats     int64  `help:"How many seats it has, 7 to 13." default:"9"`
	Notice    int64  `help:"Days between notice and the end of a vote, at least 14." default:"14"`
	Emergency int64  `help:"Hours of notice in an emergency, at least 72; such a vote is ratified later." default:"72"`
	Answer    int64  `help:"Days in which the company answers, at most 30." default:"30"`
}

// maxCharter bounds a charter, in bytes.
const maxCharter = 1 << 20

// Run makes the panel.
func (c *panelCreateCmd) Run(a *app) error {
	text, err := readInput(c.Charter, maxCharter)
	if err != nil {
		return err
	}
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, err := voice.Found(a.ctx, w.DB, act.Default, voice.Charter{
			Hand: h, Name: c.Name, Seats: c.Seats, Notice: c.Notice, Emergency: c.Emergency, Answer: c.Answer, Text: string(text),
		})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "panel %s with %d seats; nobody sits on it yet\n", c.Name, c.Seats)
		})
	})
}

type panelSeatCmd struct {
	Panel string `arg:"" help:"The panel."`
	Name  string `arg:"" help:"The member, a person with the role panel_member."`
	Group string `help:"Whom the seat stands for: affected, civil_rights, expert or other." required:""`
	As    string `help:"Who appoints." required:"" placeholder:"PERSON"`
	From  string `help:"The first day of the term; today otherwise." placeholder:"DAY"`
	To    string `help:"The first day after the term." required:"" placeholder:"DAY"`
}

// Run seats the member.
func (c *panelSeatCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		panel, err := voice.FindPanel(a.ctx, w.DB, c.Panel)
		if err != nil {
			return err
		}
		member, err := people.Find(a.ctx, w.DB, c.Name)
		if err != nil {
			return err
		}
		from, err := day(c.From, w.Today())
		if err != nil {
			return err
		}
		to, err := day(c.To, "")
		if err != nil {
			return err
		}
		ref, err := voice.Appoint(a.ctx, w.DB, act.Default, voice.Seating{Hand: h, Panel: panel.ID, Group: c.Group, Person: member.KeyID, From: from, To: to})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "%s sits on %s for %s from %s until %s\n", c.Name, c.Panel, c.Group, from, to)
		})
	})
}

type panelDeclareCmd struct {
	Matter   string   `arg:"" optional:"" help:"The matter; without it, the declaration is for the year."`
	As       string   `help:"The member, who signs." required:"" placeholder:"PERSON"`
	Conflict bool     `help:"There is a conflict; in a matter, the member is recused."`
	Interest []string `help:"What it is: financial, employment, customer, litigation, family or funding."`
	Text     string   `help:"More about it." placeholder:"TEXT"`
}

// Run records the declaration.
func (c *panelDeclareCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, err := voice.Declare(a.ctx, w.DB, act.Default, voice.Declaring{Hand: h, Referral: c.Matter, Conflict: c.Conflict, Interests: c.Interest, Text: c.Text})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			switch {
			case c.Conflict && c.Matter != "":
				fmt.Fprintf(out, "%s is recused in this matter; a recusal counts against the quorum\n", c.As)
			default:
				fmt.Fprintf(out, "declared by %s in entry %d\n", c.As, ref.Seq)
			}
		})
	})
}

type panelReferCmd struct {
	Subject   string `arg:"" help:"The deployment, or an account that has no more than one."`
	Panel     string `help:"The panel." required:""`
	File      string `help:"The file on which members vote and the company decides." required:"" xor:"file" placeholder:"FILE"`
	Packet    string `help:"Write the packet into this file, .html or .xlsx, and refer the matter with it." required:"" xor:"file" placeholder:"FILE"`
	Question  string `help:"What is asked." required:"" placeholder:"TEXT"`
	As        string `help:"Who refers it." required:"" placeholder:"PERSON"`
	Emergency bool   `help:"Short notice. What rests on the vote ends unless an ordinary one ratifies it."`
	Ratifies  string `help:"The closed emergency matter that is asked about again." placeholder:"MATTER"`
}

// Run refers the matter.
func (c *panelReferCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		panel, err := voice.FindPanel(a.ctx, w.DB, c.Panel)
		if err != nil {
			return err
		}
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		file, find, err := c.file(a, w, h, id)
		if err != nil {
			return err
		}
		ref, r, err := voice.Refer(a.ctx, w.DB, act.Default, find, voice.Referring{
			Hand: h, Panel: panel.ID, Subject: id, File: file, Question: c.Question, Emergency: c.Emergency, Ratifies: c.Ratifies,
		})
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Closes string `json:"closes"`
			File   string `json:"file"`
		}{entered{ref.ID, ref.Seq}, r.Closes, r.File}, func(out io.Writer) {
			fmt.Fprintf(out, "matter %s is before %s; members may vote until the end of %s\n", ref.ID, c.Panel, r.Closes)
			if r.RatifyBy != "" {
				fmt.Fprintf(out, "an emergency: what rests on it ends by %s unless an ordinary vote ratifies it\n", r.RatifyBy)
			}
			if c.Packet != "" {
				fmt.Fprintf(out, "members vote on %s, SHA-256 %s\n", c.Packet, r.File)
			}
		})
	})
}

// file gives the hash of the file that members vote on, and how to find the rating that
// it is about: where the packet is made here, that very one.
func (c *panelReferCmd) file(a *app, w *workspace.Workspace, h voice.Hand, id string) (string, voice.Find, error) {
	if c.Packet == "" {
		file, err := hashOf(c.File)
		return file, decision.Rated, err
	}
	made, err := a.packet(w, h.By, []string{id}, c.Question, c.Packet)
	if err != nil {
		return "", nil, err
	}
	return made.SHA256, func(ctx context.Context, q store.Queryer, subject string) (voice.Rated, error) {
		rated, err := decision.Rated(ctx, q, subject)
		if err == nil && rated.Hash != made.Items[0].Rating {
			err = fault.New(fault.Refused, "the deployment was rated again while the packet was made", "run the command again")
		}
		return rated, err
	}, nil
}

type panelCloseCmd struct {
	Matter string `arg:"" help:"The matter."`
	As     string `help:"Who closes it." required:"" placeholder:"PERSON"`
}

// Run counts the matter.
func (c *panelCloseCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, tally, err := voice.Close(a.ctx, w.DB, act.Default, h, c.Matter)
		if err != nil {
			return err
		}
		m, err := voice.ReadMatter(a.ctx, w.DB, c.Matter)
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			voice.Tally
		}{entered{ref.ID, ref.Seq}, tally}, func(out io.Writer) { a.matter(w, out, m) })
	})
}

type panelAnswerCmd struct {
	Matter string `arg:"" help:"The matter."`
	Choice string `arg:"" help:"adopt, adapt or reject."`
	As     string `help:"Who answers for the company, and signs." required:"" placeholder:"PERSON"`
	Reason string `help:"Why." required:"" placeholder:"TEXT"`
}

// Run records the answer.
func (c *panelAnswerCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, answer, err := voice.Reply(a.ctx, w.DB, act.Default, voice.Answering{Hand: h, Referral: c.Matter, Choice: c.Choice, Reasons: c.Reason})
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Late bool `json:"late"`
		}{entered{ref.ID, ref.Seq}, answer.Late}, func(out io.Writer) {
			late := ""
			if answer.Late {
				late = ", late: it was due by " + answer.Due
			}
			fmt.Fprintf(out, "answered: %s, signed by %s in entry %d%s\n", c.Choice, c.As, ref.Seq, late)
		})
	})
}

type panelResignCmd struct {
	Panel     string `arg:"" help:"The panel."`
	As        string `help:"Who leaves, and signs." required:"" placeholder:"PERSON"`
	Statement string `help:"The statement, which is published." required:"" placeholder:"TEXT"`
}

// Run records the resignation.
func (c *panelResignCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		panel, err := voice.FindPanel(a.ctx, w.DB, c.Panel)
		if err != nil {
			return err
		}
		ref, err := voice.Resign(a.ctx, w.DB, act.Default, h, panel.ID, c.Statement)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "%s has left %s; the statement stands signed in entry %d\n", c.As, c.Panel, ref.Seq)
			fmt.Fprintf(out, "publish it so that anybody can check it: duly disclose %d statement\n", ref.Seq)
		})
	})
}

type panelShowCmd struct {
	Name string `arg:"" help:"The panel, or a matter."`
}

// Run shows a panel or a matter.
func (c *panelShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	m, err := voice.ReadMatter(a.ctx, w.DB, c.Name)
	if err == nil {
		return a.print(a.matterRow(w, m), func(out io.Writer) { a.matter(w, out, m) })
	}
	if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return c.panel(a, w)
}

type seatRow struct {
	Member string `json:"member"`
	Group  string `json:"group"`
	State  string `json:"state"`
	From   string `json:"from"`
	To     string `json:"to"`
}

type statementRow struct {
	Member    string `json:"member"`
	Day       string `json:"day"`
	Statement string `json:"statement"`
	Entry     int64  `json:"entry"`
}

func (c *panelShowCmd) panel(a *app, w *workspace.Workspace) error {
	panel, err := voice.FindPanel(a.ctx, w.DB, c.Name)
	if err != nil {
		return err
	}
	seats, err := voice.SeatsOf(a.ctx, w.DB, panel.ID)
	if err != nil {
		return err
	}
	gone, err := voice.ResignationsOf(a.ctx, w.DB, panel.ID)
	if err != nil {
		return err
	}
	matters, err := voice.MattersOf(a.ctx, w.DB, panel.ID)
	if err != nil {
		return err
	}
	result := struct {
		Name    string         `json:"name"`
		Seats   int64          `json:"seats"`
		Taken   []seatRow      `json:"taken"`
		Resign  []statementRow `json:"resignations"`
		Matters []matterRow    `json:"matters"`
	}{panel.Record.Name, panel.Record.Seats, []seatRow{}, []statementRow{}, []matterRow{}}
	for _, s := range seats {
		result.Taken = append(result.Taken, seatRow{a.names(w, s.Record.Person)[s.Record.Person], s.Record.Group, s.Record.State, s.Record.From, s.Record.To})
	}
	for _, r := range gone {
		result.Resign = append(result.Resign, statementRow{a.names(w, r.Record.Person)[r.Record.Person], r.Record.Day, r.Record.Statement, r.Seq})
	}
	for _, m := range matters {
		result.Matters = append(result.Matters, a.matterRow(w, m))
	}
	return a.print(result, func(out io.Writer) {
		fmt.Fprintf(out, "%s, %d seats; notice of %d days, %d hours in an emergency; an answer within %d days\n", result.Name, result.Seats,
			panel.Record.Notice, panel.Record.Emergency, panel.Record.AnswerDays)
		for _, s := range result.Taken {
			fmt.Fprintf(out, "  %-9s %-12s %s, %s until %s\n", s.State, s.Group, s.Member, s.From, s.To)
		}
		for _, r := range result.Resign {
			fmt.Fprint(out, wrap("  "+r.Member+" left on "+r.Day+": ", r.Statement))
		}
		for _, m := range matters {
			a.matter(w, out, m)
		}
	})
}
