package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type engagementFreezeCmd struct{ engaged }

// Run freezes the population.
func (c *engagementFreezeCmd) Run(a *app) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		p, err := engagement.Freeze(a.ctx, w.DB, act.Default, h, id)
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Population *engagement.Population `json:"population"`
		}{entered{p.ID, p.Seq}, p.Record}, func(out io.Writer) { printPopulation(out, p.Seq, p.Record) })
	})
}

func printPopulation(out io.Writer, seq int64, p *engagement.Population) {
	fmt.Fprintf(out, "population of %s to %s, frozen in entry %d over the %d entries before it\n", p.From, p.Upto, seq, p.Size)
	for _, line := range []struct {
		n    int64
		what string
	}{
		{p.Customers, "customers"}, {p.Accounts, "accounts"}, {p.Lanes, fmt.Sprintf("accounts sorted into lanes; %d of them nobody has to look at", p.Unopened)},
		{p.Deployments, "deployments"}, {p.Cases, fmt.Sprintf("cases; %d are open, %d were late", p.OpenCases, p.LateCases)},
		{p.Ratings, fmt.Sprintf("ratings; %d are critical or have a hard stop", p.GraveRate)},
		{p.Decisions, fmt.Sprintf("decisions; %d decline, suspend or end, %d are overrides or have a hard stop", p.Declined, p.GraveAct)},
		{p.Requests, "requests of authorities"}, {p.Incidents, "incidents"}, {p.Inputs, "inputs of those whom it concerns"}, {p.Refusals, "refused attempts"},
	} {
		fmt.Fprintf(out, "  %-8d %s\n", line.n, line.what)
	}
	if p.Afterward > 0 {
		fmt.Fprintf(out, "  %-8d records first entered after the period, not counted above\n", p.Afterward)
	}
}

// planned are the flags of a plan.
type planned struct {
	Confidence int64   `help:"How sure, in per cent." default:"95"`
	Tolerable  float64 `help:"The share that may deviate, in per cent, with one digit behind the point." default:"5"`
	Expected   int64   `help:"How many deviations are planned for." default:"0"`
}

func (p planned) plan() (engagement.Plan, error) {
	permille := int64(p.Tolerable*10 + 0.5)
	if d := p.Tolerable*10 - float64(permille); d > 1e-9 || d < -1e-9 {
		return engagement.Plan{}, fault.New(fault.Invalid, "the tolerable share has more than one digit behind the point", "write per cent like 2.5")
	}
	return engagement.Plan{Confidence: p.Confidence, Tolerable: permille, Expected: p.Expected}, nil
}

type engagementPlanCmd struct {
	planned
	Population int64 `help:"How many there are; without it, the table has no bound and no cost."`
	Minutes    int64 `help:"Minutes that looking at one of them takes." default:"60"`
	Hourly     int64 `help:"What an hour costs, in whole units of a currency."`
}

// Run plans.
func (c *engagementPlanCmd) Run(a *app) error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	n, err := plan.Size()
	if err != nil {
		return err
	}
	if c.Population < 0 || c.Minutes < 0 || c.Hourly < 0 {
		return fault.New(fault.Invalid, "population, minutes and cost are not below zero", "mend the figure")
	}
	var costs []engagement.Cost
	drawn, bound := int64(n), int64(0)
	if c.Population > 0 {
		drawn = min(drawn, c.Population)
		if bound, err = plan.Bound(min(plan.Expected, drawn), drawn, c.Population); err != nil {
			return err
		}
		if costs, err = plan.Costs(c.Population, c.Minutes, c.Hourly); err != nil {
			return err
		}
	}
	return a.print(struct {
		Draw  int64             `json:"draw"`
		Plan  engagement.Plan   `json:"plan"`
		Bound int64             `json:"at_most,omitempty"`
		Costs []engagement.Cost `json:"costs,omitempty"`
	}{drawn, plan, bound, costs}, func(out io.Writer) {
		fmt.Fprintf(out, "draw %d: if no more than %d of them deviate, at most %.1f %% of all do, with %d %% confidence\n", drawn, plan.Expected, float64(plan.Tolerable)/10, plan.Confidence)
		if len(costs) == 0 {
			return
		}
		fmt.Fprintf(out, "of %d, that is at most %d\n\n", c.Population, bound)
		fmt.Fprintln(out, "tolerable  deviations  draw  at most  hours      cost")
		for _, l := range costs {
			fmt.Fprintf(out, "%7.1f %%  %10d  %4d  %7d  %5.1f  %8d\n", float64(l.Tolerable)/10, l.Expected, l.Drawn, l.Bound, float64(l.Minutes)/60, l.Cost)
		}
	})
}

type engagementDrawCmd struct {
	engaged
	planned
	Of string `help:"Records of which kind: account, customer, data_request, decision, deployment, incident, input, rating, refusal, review or triage." default:"account"`
}

// Run draws.
func (c *engagementDrawCmd) Run(a *app) error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		s, err := engagement.Draw(a.ctx, w.DB, act.Default, engagement.Drawing{Hand: h, Engagement: id, Of: c.Of, Plan: plan})
		if err != nil {
			return err
		}
		r := s.Record
		if r.State == engagement.Planned {
			return a.planned(s)
		}
		return a.print(struct {
			entered
			Sample *engagement.Sample `json:"sample"`
		}{entered{s.ID, s.Seq}, r}, func(out io.Writer) {
			fmt.Fprintf(out, "draw %d: %d of %d %ss from %d strata, and all %d that are grave; signed in entry %d\n", r.Draw, r.Size, r.From, r.Of, r.Strata, r.Targeted, s.Seq)
			fmt.Fprintln(out, r.Seeded())
			if r.Size > 0 {
				if bound, err := plan.Bound(0, r.Size, r.From); err == nil {
					fmt.Fprintf(out, "if none of those drawn deviates, at most %d of %d do (%d %%)\n", bound, r.From, plan.Confidence)
				}
			}
			for _, id := range append(append([]string{}, r.Taken...), r.Drawn...) {
				fmt.Fprintln(out, id)
			}
		})
	})
}

// planned says what a sample waits for.
func (a *app) planned(s *store.Revision[engagement.Sample]) error {
	r := s.Record
	return a.print(struct {
		entered
		Sample *engagement.Sample `json:"sample"`
	}{entered{s.ID, s.Seq}, r}, func(out io.Writer) {
		fmt.Fprintf(out, "draw %d is planned in entry %d: %d %ss, and all that are grave\n", r.Draw, s.Seq, r.Wanted, r.Of)
		fmt.Fprint(out, wrap("", "It is drawn by what the witnesses of the terms cosign from here on: somebody of the company runs `duly ledger witness`, then draw again, in the same words."))
	})
}
