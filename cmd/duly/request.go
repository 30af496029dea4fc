package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/rule"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/workspace"
)

type requestCmd struct {
	Receive requestReceiveCmd `cmd:"" help:"Record a request of an authority for data; one that may be refused and breaks a rule is refused."`
	Answer  requestAnswerCmd  `cmd:"" help:"Say what became of a request."`
	Check   requestCheckCmd   `cmd:"" help:"Hold all recorded requests to the rules."`
}

// rulesFlag names the rules that a request has to meet.
type rulesFlag struct {
	Rules string `help:"The pack of conditions that requests have to meet." default:"request-portal" placeholder:"PACK"`
}

type requestReceiveCmd struct {
	rulesFlag
	Requester     string `help:"Who asks." required:""`
	Basis         string `help:"consent, voluntary, emergency, subpoena, court_order, warrant, national_security or unknown." default:"unknown"`
	Day           string `help:"The day on which it was made; today otherwise." placeholder:"DAY"`
	Reference     string `help:"The reference of the legal process, or of the agency's case." placeholder:"TEXT"`
	Investigation string `help:"What tells this investigation from another." placeholder:"TEXT"`
	Reason        string `help:"What is investigated, from the list of reasons of the rules." placeholder:"TEXT"`
	What          string `help:"Which data are asked for." placeholder:"TEXT"`
	Jurisdiction  string `help:"ISO 3166-1 or 3166-2." placeholder:"PLACE"`
	Verified      string `help:"Somebody made sure that it is such an agency: yes, no or unknown." default:"unknown"`
	Minutes       *int64 `help:"How many minutes of records it spans."`
	Area          *int64 `help:"The area, in hundredths of a square mile."`
	Persons       *int64 `help:"How many accounts or people it concerns."`
	As            string `help:"Who writes it down." required:"" placeholder:"PERSON"`
}

// received is a request and what the rules made of it.
type received struct {
	ID     string             `json:"id"`
	Entry  int64              `json:"entry"`
	Class  transparency.Class `json:"class"`
	Broken []string           `json:"broken"`
	Unseen []string           `json:"unseen"`
}

// Run records the request.
func (c *requestReceiveCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		judge, err := c.judge()
		if err != nil {
			return err
		}
		made, err := day(c.Day, w.Today())
		if err != nil {
			return err
		}
		r := transparency.Request{
			Origin: store.Origin{ValidFrom: made, Received: w.Today()},
			Basis:  c.Basis, Requester: c.Requester, Verified: c.Verified, Jurisdiction: c.Jurisdiction, Reference: c.Reference,
			Investigation: c.Investigation, Reason: c.Reason, What: c.What, Minutes: c.Minutes, Area: c.Area, Persons: c.Persons,
		}
		ref, kept, err := transparency.Receive(a.ctx, w.DB, act.Default, by, r, judge)
		if err != nil {
			return err
		}
		out := received{ref.ID, ref.Seq, kept.Class(), kept.Broken, kept.Unseen}
		return a.print(out, func(to io.Writer) {
			fmt.Fprintf(to, "request %s, %s, entry %d\n", out.ID, out.Class, out.Entry)
			if len(out.Broken) > 0 {
				fmt.Fprintf(to, "refused: it does not meet %s\n", strings.Join(out.Broken, ", "))
			}
			if len(out.Unseen) > 0 {
				fmt.Fprintf(to, "cannot tell, since the request does not say: %s\n", strings.Join(out.Unseen, ", "))
			}
		})
	})
}

// disclosing runs what is done about a request or an incident, in a person's name.
func (a *app) disclosing(as string, fn func(w *workspace.Workspace, by act.Actor) error) error {
	return a.write(func(w *workspace.Workspace) error {
		by, err := w.Actor(a.ctx, as)
		if err != nil {
			return err
		}
		return fn(w, by)
	})
}

// judge reads the rules.
func (f rulesFlag) judge() (transparency.Judge, error) {
	p, err := findPack("conditions", f.Rules)
	if err != nil {
		return nil, err
	}
	set, err := conditions.Load(p)
	if err != nil {
		return nil, err
	}
	return func(r *transparency.Request, ordinal int) (broken, unseen []string, err error) {
		made, err := time.Parse(time.DateOnly, r.ValidFrom)
		if err != nil {
			return nil, nil, fault.Newf(fault.Invalid, "%q is not the day of a request", r.ValidFrom)
		}
		call := callOf(r, ordinal)
		for _, c := range set.Conditions {
			applies, _ := c.Applies(conditions.Subject{Capability: "doorbell_requests", Jurisdiction: r.Jurisdiction})
			if !applies || !c.InForce(made) || c.Status == conditions.Advisory {
				continue
			}
			exposure, deviation, err := c.Judge(call)
			switch {
			case err != nil:
				return nil, nil, err
			case exposure == rule.True && deviation == rule.True:
				broken = append(broken, c.ID)
			case exposure != rule.False && deviation == rule.Unknown:
				unseen = append(unseen, c.ID)
			}
		}
		return broken, unseen, nil
	}, nil
}

// callOf shows a request as the portal's event does, so that one set of rules judges
// both. What nobody knows is null.
func callOf(r *transparency.Request, ordinal int) *conditions.Call {
	params := map[string]any{"basis": r.Basis, "referenceNumber": r.Reference, "reason": r.Reason, "windowHours": nil, "areaSquareMiles": nil, "requestOfInvestigation": nil, "agencyVerified": nil}
	if r.Minutes != nil {
		params["windowHours"] = float64(*r.Minutes) / 60
	}
	if r.Area != nil {
		params["areaSquareMiles"] = float64(*r.Area) / 100
	}
	if ordinal > 0 {
		params["requestOfInvestigation"] = ordinal
	}
	if r.Verified == "yes" || r.Verified == "no" {
		params["agencyVerified"] = r.Verified == "yes"
	}
	text, err := json.Marshal(params)
	if err != nil {
		panic(err) // never: these are texts and numbers
	}
	return &conditions.Call{Source: "requests.portal", Name: "CreateFootageRequest", Params: text}
}

type requestAnswerCmd struct {
	Request   string `arg:"" help:"The request."`
	Outcome   string `arg:"" help:"full, partial, none or withdrawn."`
	Challenge string `help:"What was done against it: none, narrowed, contested or unknown." default:"unknown"`
	Notice    string `help:"Whether those concerned were told: given, delayed, prohibited, none or unknown." default:"unknown"`
	As        string `help:"Who answers." required:"" placeholder:"PERSON"`
}

// Run records the answer.
func (c *requestAnswerCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		ref, err := transparency.Answer(a.ctx, w.DB, act.Default, by, c.Request, c.Outcome, c.Challenge, c.Notice, w.Today())
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "answered %s, entry %d\n", ref.ID, ref.Seq) })
	})
}

type requestCheckCmd struct {
	rulesFlag
	As string `help:"Who checks." required:"" placeholder:"PERSON"`
}

// Run holds every request to the rules.
func (c *requestCheckCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		judge, err := c.judge()
		if err != nil {
			return err
		}
		judged, written, err := transparency.CheckAll(a.ctx, w.DB, act.Default, by, judge)
		if err != nil {
			return err
		}
		return a.print(map[string]int{"judged": judged, "written": written}, func(out io.Writer) {
			fmt.Fprintf(out, "judged %d requests; of %d the result is new\n", judged, written)
		})
	})
}
