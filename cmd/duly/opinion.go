package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/voice"
	"duly/internal/workspace"
)

// hand gives the person who acts, with that person's own key and the time. What the
// person may do is asked by the service, which logs what it refuses.
func (a *app) hand(w *workspace.Workspace, name string) (voice.Hand, error) {
	actor, err := w.Actor(a.ctx, name)
	if err != nil {
		return voice.Hand{}, err
	}
	key, err := w.Key(actor)
	if err != nil {
		return voice.Hand{}, err
	}
	return voice.Hand{By: actor, Key: key, Now: w.Now()}, nil
}

// act runs fn in the name of a person.
func (a *app) act(name string, fn func(w *workspace.Workspace, h voice.Hand) error) error {
	return a.write(func(w *workspace.Workspace) error {
		h, err := a.hand(w, name)
		if err != nil {
			return err
		}
		return fn(w, h)
	})
}

// names gives the names of people by key id.
func (a *app) names(w *workspace.Workspace, keys ...string) map[string]string {
	out := map[string]string{}
	for _, k := range keys {
		out[k] = k
		if p, err := people.ByKey(a.ctx, w.DB, k); err == nil {
			out[k] = p.Name
		}
	}
	return out
}

// maxPacket bounds the file that decides, in bytes.
const maxPacket = 256 << 20

// hashOf gives the SHA-256 of a file: that a person names it shows that the person has
// the same file.
func hashOf(path string) (string, error) {
	data, err := readInput(path, maxPacket)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

type entered struct {
	ID    string `json:"id"`
	Entry int64  `json:"entry"`
}

type opinionCmd struct {
	Give     opinionGiveCmd     `cmd:"" help:"Give an expert's opinion on the newest rating."`
	Withdraw opinionWithdrawCmd `cmd:"" help:"Take an own opinion back."`
	List     opinionListCmd     `cmd:"" help:"List the opinions on a deployment."`
}

type opinionGiveCmd struct {
	Subject   string   `arg:"" help:"The deployment, or an account that has no more than one."`
	Choice    string   `arg:"" help:"support, support_with_conditions or object."`
	As        string   `help:"The expert, who signs." required:"" placeholder:"PERSON"`
	Text      string   `help:"The opinion." required:"" placeholder:"TEXT"`
	Condition []string `help:"A condition that the expert asks for." placeholder:"TEXT" sep:"none"`
}

// Run records the opinion.
func (c *opinionGiveCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		ref, err := voice.Give(a.ctx, w.DB, act.Default, decision.Rated, voice.Saying{Hand: h, Subject: id, Choice: c.Choice, Conditions: c.Condition, Text: c.Text})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "opinion %s: %s, signed by %s in entry %d\n", ref.ID, c.Choice, c.As, ref.Seq)
			fmt.Fprintln(out, "it is on the rating as it is now: when it is rated again, it no longer counts")
		})
	})
}

type opinionWithdrawCmd struct {
	ID string `arg:"" help:"The opinion."`
	As string `help:"Who gave it." required:"" placeholder:"PERSON"`
}

// Run withdraws the opinion.
func (c *opinionWithdrawCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		ref, err := voice.Withdraw(a.ctx, w.DB, act.Default, h, c.ID)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "withdrawn in entry %d; that it was given stays in the log\n", ref.Seq)
		})
	})
}

type opinionListCmd struct {
	Subject string `arg:"" help:"The deployment, or an account that has no more than one."`
}

type opinionRow struct {
	ID         string   `json:"id"`
	State      string   `json:"state"` // given, withdrawn, or stale: of an earlier rating
	Choice     string   `json:"choice"`
	Person     string   `json:"person"`
	Conditions []string `json:"conditions"`
	Text       string   `json:"text"`
	Entry      int64    `json:"entry"`
}

// Run lists the opinions, stale ones included.
func (c *opinionListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	id, err := subject(a, w.DB, c.Subject)
	if err != nil {
		return err
	}
	rated, err := decision.Rated(a.ctx, w.DB, id)
	if err != nil {
		return err
	}
	list, err := voice.OpinionsOf(a.ctx, w.DB, id)
	if err != nil {
		return err
	}
	rows := []opinionRow{}
	for _, o := range list {
		r := opinionRow{o.ID, o.Record.State, o.Record.Choice, a.names(w, o.Record.Person)[o.Record.Person], o.Record.Conditions, o.Record.Text, o.Seq}
		if r.State == "given" && o.Record.Rating != rated.Hash {
			r.State = "stale"
		}
		rows = append(rows, r)
	}
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			a.progress("no expert has given an opinion on this")
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %-9s  %s, %s, entry %d\n", r.ID, r.State, r.Choice, r.Person, r.Entry)
			fmt.Fprint(out, wrap("  ", r.Text))
			for _, condition := range r.Conditions {
				fmt.Fprint(out, wrap("  asks for: ", condition))
			}
		}
	})
}

// day checks a day that a person gives; empty is today.
func day(text, today string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return today, nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", fault.Newf(fault.Invalid, "%q is not a date", text).WithFix("write it as YYYY-MM-DD")
	}
	return text, nil
}
