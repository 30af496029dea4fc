package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/workspace"
)

type policyCmd struct {
	Adopt policyAdoptCmd `cmd:"" help:"Record a policy that the governing body adopts."`
	Embed policyEmbedCmd `cmd:"" help:"Record evidence that a policy is lived."`
	List  policyListCmd  `cmd:"" help:"List policies and the evidence."`
}

type policyAdoptCmd struct {
	Topic      string   `arg:"" help:"human_rights, acceptable_use, privacy, data_security, requests_of_authorities, protection_of_those_who_speak_up or other."`
	Title      string   `help:"Its title." required:"" placeholder:"TEXT"`
	Approved   string   `help:"The day on which it was approved." required:"" placeholder:"DAY"`
	ApprovedBy string   `help:"governing_body, executive or other." default:"governing_body" enum:"governing_body,executive,other"`
	Concerns   []string `help:"Whom it concerns: employees, suppliers, customers, resellers, end_users, bystanders." required:"" placeholder:"WHOM"`
	Link       string   `help:"Where anybody can read it." placeholder:"URL"`
	SHA256     string   `name:"sha256" help:"SHA-256 of its text." placeholder:"HEX"`
	As         string   `help:"Who records it." required:"" placeholder:"PERSON"`
}

// Run records the policy.
func (c *policyAdoptCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		ref, err := transparency.AdoptPolicy(a.ctx, w.DB, act.Default, by, transparency.Policy{
			Topic: c.Topic, Title: c.Title, Approved: c.Approved, ApprovedBy: c.ApprovedBy, Concerns: c.Concerns, Link: c.Link, Published: c.Link != "", SHA256: c.SHA256,
		})
		return a.recorded("policy", ref, err)
	})
}

// recorded prints what was entered.
func (a *app) recorded(what string, ref store.Ref, err error) error {
	if err != nil {
		return err
	}
	return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s %s, entry %d\n", what, ref.ID, ref.Seq) })
}

type policyEmbedCmd struct {
	Policy   string `arg:"" help:"The policy."`
	Sort     string `arg:"" help:"owner, training, incentive, budget, integration or review."`
	Where    string `help:"sales, product, legal, procurement, support, executive, governing_body or whole_company." required:"" placeholder:"AREA"`
	Text     string `help:"What was done." required:"" placeholder:"TEXT"`
	Evidence string `help:"Where it can be looked up." required:"" placeholder:"TEXT"`
	Done     *int64 `help:"How many of them."`
	Of       *int64 `help:"Of how many."`
	As       string `help:"Who records it." required:"" placeholder:"PERSON"`
}

// Run records the evidence.
func (c *policyEmbedCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		ref, err := transparency.Embed(a.ctx, w.DB, act.Default, by, transparency.Embedding{
			Policy: c.Policy, Sort: c.Sort, Where: c.Where, Day: w.Today(), What: c.Text, Source: c.Evidence, Done: c.Done, Of: c.Of,
		})
		return a.recorded("evidence", ref, err)
	})
}

type policyListCmd struct{}

// policyRow is one policy of a list.
type policyRow struct {
	ID       string               `json:"id"`
	Policy   *transparency.Policy `json:"policy"`
	Evidence int                  `json:"evidence"`
}

// Run lists the policies.
func (c *policyListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := store.Select(a.ctx, w.DB, transparency.Policies, "")
	if err != nil {
		return err
	}
	rows := make([]policyRow, len(list))
	for i, p := range list {
		lived, err := store.Select(a.ctx, w.DB, transparency.Embeddings, "r.policy = $1", p.ID)
		if err != nil {
			return err
		}
		rows[i] = policyRow{p.ID, p.Record, len(lived)}
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			p := r.Policy
			fmt.Fprintf(out, "%s %s, version %d, %s: %s; concerns %s; %d pieces of evidence\n", r.ID, strings.ReplaceAll(p.Topic, "_", " "), p.Version,
				strings.ReplaceAll(p.State, "_", " "), p.Title, strings.ReplaceAll(strings.Join(p.Concerns, ", "), "_", " "), r.Evidence)
		}
		fmt.Fprintf(out, "%d policies are on record\n", len(rows))
	})
}

type listingCmd struct {
	Add    listingAddCmd    `cmd:"" help:"Show a deployment on the public register, or change what is shown of it."`
	Remove listingRemoveCmd `cmd:"" help:"Take a deployment off the public register."`
}

type listingAddCmd struct {
	Deployment string `arg:"" help:"The deployment, or an account that has one."`
	Agency     string `help:"shown, or the basis on which the name is left out." default:"shown"`
	Product    string `help:"shown, or the basis on which product and capability are left out." default:"shown"`
	Purpose    string `help:"shown, or the basis on which the purpose is left out." default:"shown"`
	Place      string `help:"shown, or the basis on which the place is left out." default:"shown"`
	Value      string `help:"under_25k, 25k_to_250k, 250k_to_2500k, over_2500k, none or unknown a year; or the basis on which it is left out." default:"unknown"`
	From       string `help:"Since when it is used." placeholder:"DAY"`
	Until      string `help:"Until when." placeholder:"DAY"`
	Why        string `help:"By which clause or law something is left out." placeholder:"TEXT"`
	As         string `help:"Who lists it." required:"" placeholder:"PERSON"`
}

// Run lists the deployment.
func (c *listingAddCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		id, err := deploymentOf(a, w, c.Deployment)
		if err != nil {
			return err
		}
		l := transparency.Listing{Day: w.Today(), Agency: c.Agency, Product: c.Product, Purpose: c.Purpose, Place: c.Place, ValueBand: c.Value,
			From: c.From, Until: c.Until, Why: c.Why, Subject: id}
		decided, err := store.Select(a.ctx, w.DB, decision.Decisions, "r.subject = $1", id)
		if err != nil {
			return err
		}
		if n := len(decided); n > 0 {
			l.Decision = decided[n-1].Hash.String()
		}
		ref, err := transparency.List(a.ctx, w.DB, act.Default, by, l)
		return a.recorded("listing", ref, err)
	})
}

// deploymentOf gives the one deployment that a text names.
func deploymentOf(a *app, w *workspace.Workspace, text string) (string, error) {
	id, err := subject(a, w.DB, text)
	if err != nil {
		return "", err
	}
	if _, err := store.Get(a.ctx, w.DB, register.Deployments, id); err != nil {
		return "", fault.Newf(fault.Invalid, "%s is not one deployment", text).WithFix("name the deployment itself")
	}
	return id, nil
}

type listingRemoveCmd struct {
	Deployment string `arg:"" help:"The deployment, or an account that has one."`
	Why        string `help:"Why." required:"" placeholder:"TEXT"`
	As         string `help:"Who takes it off." required:"" placeholder:"PERSON"`
}

// Run takes the deployment off.
func (c *listingRemoveCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		id, err := deploymentOf(a, w, c.Deployment)
		if err != nil {
			return err
		}
		ref, err := transparency.Unlist(a.ctx, w.DB, act.Default, by, id, c.Why, w.Today())
		return a.recorded("listing", ref, err)
	})
}
