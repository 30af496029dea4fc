package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/store"
	"duly/internal/workspace"
)

type factCmd struct {
	Set    factSetCmd    `cmd:"" help:"State a fact about a record, with its source."`
	Load   factLoadCmd   `cmd:"" help:"State many facts from a file, with their sources."`
	Source factSourceCmd `cmd:"" help:"Add a source that facts cite."`
}

type factSourceCmd struct {
	Title     string `arg:"" help:"What it is."`
	Grade     string `help:"court, regulator, official, ngo, media, allegation, party or unknown." default:"unknown"`
	Publisher string `help:"Who stands behind it."`
	Date      string `help:"The day it was published." placeholder:"YYYY-MM-DD"`
	URL       string `name:"url" help:"Where it is."`
	As        string `help:"Who adds it." placeholder:"PERSON"`
}

// Run adds a source and prints its id.
func (c *factSourceCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.SetFact)
		if err != nil {
			return err
		}
		var ref store.Ref
		err = w.DB.Write(a.ctx, actor.Key, func(tx *store.Tx) error {
			ref, err = store.Create(tx, evidence.Sources, &evidence.Source{
				Origin: evidence.Origin{State: "active", ValidFrom: c.Date, Received: w.Today(), Source: "command line"},
				Grade:  c.Grade, Publisher: c.Publisher, Published: c.Date, Title: c.Title, URL: c.URL,
			})
			return err
		})
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": ref.ID, "entry": ref.Seq}, func(out io.Writer) { fmt.Fprintln(out, ref.ID) })
	})
}

type factSetCmd struct {
	Subject string `arg:"" help:"The record: a deployment, account, customer or product, or an account's number."`
	Fact    string `arg:"" help:"The fact's id in the method."`
	Value   string `arg:"" help:"yes, no, a number, a word, words with commas between, or unknown:REASON."`
	Source  string `help:"The source's id; needed but for a claim." placeholder:"ID"`
	AsOf    string `help:"The day the source saw it; today otherwise." placeholder:"YYYY-MM-DD"`
	Method  string `help:"The method that asks it; the one in force otherwise." placeholder:"PACK"`
	As      string `help:"Who states it. What somebody states who sells is a claim, and counts for nothing." placeholder:"PERSON"`
}

// Run states the fact after checking it against the method's question.
func (c *factSetCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		what, system := act.SetFact, "command line"
		if slices.Contains(actor.Roles, act.Sales) {
			what, system = act.Claim, "claim"
		}
		if err := act.Default.May(actor, what); err != nil {
			return err
		}
		m, err := a.asks(w.DB, w.Today(), c.Method)
		if err != nil {
			return err
		}
		value, err := c.value(m)
		if err != nil {
			return err
		}
		if c.AsOf == "" {
			c.AsOf = w.Today()
		}
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		if err := assessment.MayState(a.ctx, w.DB, id, c.Fact, w.Today()); err != nil {
			return err
		}
		fact := evidence.Fact{Subject: id, Fact: c.Fact, Value: value, AsOf: c.AsOf, Sources: []string{c.Source}, Claim: what == act.Claim}
		if fact.Claim && c.Source == "" {
			fact.Sources = nil
		} else if _, err := store.Get(a.ctx, w.DB, evidence.Sources, c.Source); err != nil {
			return fault.Newf(fault.NotFound, "there is no source %q", c.Source).WithFix("add one with `duly fact source TITLE`")
		}
		err = w.DB.Write(a.ctx, actor.Key, func(tx *store.Tx) error {
			return evidence.State(a.ctx, tx, fact, system, w.Today())
		})
		if err != nil {
			return err
		}
		return a.print(map[string]string{"subject": id, "fact": c.Fact, "value": value.String()}, func(out io.Writer) {
			if fact.Claim {
				fmt.Fprintf(out, "claimed: %s of %s is %s; no rating uses it until somebody states it from a source\n", c.Fact, c.Subject, value)
				return
			}
			fmt.Fprintf(out, "%s of %s is %s, as of %s\n", c.Fact, c.Subject, value, c.AsOf)
		})
	})
}

func findMethod(name string) (*rating.Method, error) {
	p, err := findPack("methods", name)
	if err != nil {
		return nil, err
	}
	return rating.Load(p)
}

// subject gives the record that a fact is about: for an account its deployment, or
// the account where that has several, since what is said of it holds for all.
func subject(a *app, q store.Queryer, text string) (string, error) {
	found, err := register.Find(a.ctx, q, text)
	if err != nil || found.Kind != "account" {
		return found.ID, err
	}
	deployments, err := register.DeploymentsOf(a.ctx, q, found.ID)
	if err != nil || len(deployments) != 1 {
		return found.ID, err
	}
	return deployments[0], nil
}

// value reads the value as the method's fact takes it.
func (c *factSetCmd) value(m *rating.Method) (ledger.Scalar, error) {
	f, ok := m.Fact(c.Fact)
	if !ok {
		return ledger.Scalar{}, fault.Newf(fault.Invalid, "the method %s asks no fact %q", m.ID, c.Fact).WithFix("see its facts in the pack")
	}
	v, err := parseValue(f, c.Value)
	if err != nil {
		return v, err
	}
	if _, unknown := v.UnknownReason(); !unknown {
		if _, err := m.Rate(rating.Inputs{f.ID: rating.Known(v.Value())}); err != nil {
			return v, err
		}
	}
	return v, nil
}

func parseValue(f rating.Fact, text string) (ledger.Scalar, error) {
	if reason, unknown := strings.CutPrefix(text, "unknown:"); unknown {
		return ledger.Unknown(reason), nil
	}
	bad := fault.Newf(fault.Invalid, "%q does not answer %q", text, f.Question).At("", 0, f.ID)
	switch f.Type {
	case rule.Bool:
		switch text {
		case "yes", "true":
			return ledger.Bool(true), nil
		case "no", "false":
			return ledger.Bool(false), nil
		}
		return ledger.Scalar{}, bad.WithFix("say yes, no or unknown:REASON")
	case rule.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return ledger.Scalar{}, bad.WithFix("give a whole number or unknown:REASON")
		}
		return ledger.Int(n), nil
	case rule.Texts:
		if text == "" || text == "none" {
			return ledger.Texts([]string{}), nil
		}
		return ledger.Texts(strings.Split(text, ",")), nil
	}
	return ledger.Text(text), nil
}
