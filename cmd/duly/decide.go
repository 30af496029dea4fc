package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/people"
	"duly/internal/register"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type decideCmd struct {
	Propose    decideProposeCmd    `cmd:"" default:"withargs" help:"Decide, or sign first what takes several people."`
	Sign       decideSignCmd       `cmd:"" help:"Sign what another has proposed."`
	Waiting    decideWaitingCmd    `cmd:"" help:"List what waits for signatures."`
	TakeBack   decideTakeBackCmd   `cmd:"" help:"Drop an own proposal."`
	Show       decideShowCmd       `cmd:"" help:"Show what holds for a deployment, and since when."`
	Met        decideMetCmd        `cmd:"" help:"Say that a condition of a decision is met, on the word of a source."`
	Essential  decideEssentialCmd  `cmd:"" help:"Say whether people depend on a deployment."`
	ExitImpact decideExitImpactCmd `cmd:"" help:"Write down what suspending or leaving does to those who depend on it."`
	Tell       decideTellCmd       `cmd:"" help:"Record that a customer was told of a decision, with the reasons."`
	Receive    decideReceiveCmd    `cmd:"" help:"Record what a customer answers."`
	Answer     decideAnswerCmd     `cmd:"" help:"Answer a customer."`
	Clocks     decideClocksCmd     `cmd:"" help:"List the notices and answers that are due."`
	Refused    decideRefusedCmd    `cmd:"" help:"Count the attempts that a rule refused."`
}

// what a decision says, beside the act.
type terms struct {
	As          string   `help:"Who decides, and signs." required:"" placeholder:"PERSON"`
	Reason      string   `help:"Why." required:"" placeholder:"TEXT"`
	Precedent   []string `help:"A condition that must be met before it runs." placeholder:"TEXT" sep:"none"`
	Condition   []string `help:"A condition while it runs, and how it is checked: 'telemetry: TEXT', 'audit: TEXT' or 'attestation: TEXT'. Without one of these words nobody checks it." placeholder:"TEXT" sep:"none"`
	Rating      string   `help:"The rating that you read, as duly trace, duly assess and duly case show print it. Needed to let something run that takes two people or is rated HIGH or worse." placeholder:"LEAF"`
	Involvement string   `help:"cause, contribute, directly_linked, none or unknown (UNGP 13)."`
	Leverage    string   `help:"What is done to change the practice." placeholder:"TEXT"`
	Owner       string   `help:"Who is accountable." placeholder:"PERSON"`
	Expires     string   `help:"The first day on which it no longer holds." placeholder:"DAY"`
}

type decideProposeCmd struct {
	ID  string       `arg:"" help:"The deployment by record id, or an account that has no more than one, by account number or record id."`
	Act decision.Act `arg:"" help:"approve, approve_with_conditions, escalate, decline, suspend or exit."`
	terms
}

type decideResult struct {
	Subject   string `json:"subject"`
	Act       string `json:"act"`
	Basis     string `json:"basis"`
	Tier      string `json:"tier"`
	From      string `json:"effective_day"`
	Expires   string `json:"expires_day,omitempty"`
	ReviewDay string `json:"review_day"`
	Entry     int64  `json:"entry"`
	Waits     string `json:"waits,omitempty"` // id of the draft
	Signed    int    `json:"signed"`
	Needs     int    `json:"needs"`
	SignedBy  string `json:"signed_by"`
}

// Run records the decision, signed with the person's own key.
func (c *decideProposeCmd) Run(a *app) error { return c.decide(a, c.ID, c.Act, false) }

func (t *terms) decide(a *app, id string, what decision.Act, override bool) error {
	return a.act(t.As, func(w *workspace.Workspace, h voice.Hand) error {
		found, err := register.Find(a.ctx, w.DB, id)
		if err != nil {
			return err
		}
		r := decision.Request{
			Subject: found.ID, Act: what, Override: override, Reason: t.Reason, Precedent: t.Precedent, Rating: t.Rating,
			Involvement: t.Involvement, Leverage: t.Leverage, By: h.By, Key: h.Key, Now: h.Now,
		}
		for _, c := range t.Condition {
			r.Ongoing = append(r.Ongoing, decision.ParseUndertaking(c))
		}
		if r.Laws, err = prohibitions(w); err != nil {
			return err
		}
		if t.Expires != "" {
			if r.Expires, err = day(t.Expires, ""); err != nil {
				return err
			}
		}
		if t.Owner != "" {
			owner, err := people.Find(a.ctx, w.DB, t.Owner)
			if err != nil {
				return err
			}
			r.Owner = owner.KeyID
		}
		step, err := decision.Decide(a.ctx, w.DB, act.Default, r)
		if err != nil {
			return err
		}
		return a.step(step, t.As)
	})
}

// step prints how far a decision has come.
func (a *app) step(s *decision.Step, by string) error {
	d := s.Decision
	return a.print(decideResult{d.Subject, d.Act, d.Basis, d.Tier, d.From, d.Expires, d.ReviewDay, s.Ref.Seq, s.Waits, s.Signed, s.Needs, d.By}, func(out io.Writer) {
		if s.Waits != "" {
			fmt.Fprintf(out, "drafted: %s for %s, signed by %s; %d of %d signatures\n", d.Act, d.Subject, by, s.Signed, s.Needs)
			fmt.Fprintf(out, "nothing is decided until another signs the same: duly decide sign %s --as PERSON\n", s.Waits)
			return
		}
		fmt.Fprintf(out, "decided: %s for %s, tier %s, review by %s; signed by %s in entry %d\n", d.Act, d.Subject, d.Tier, d.ReviewDay, by, s.Ref.Seq)
		if d.Basis == decision.OnOverride {
			fmt.Fprintf(out, "an override, counted in public; it ends on %s\n", d.Expires)
		}
		if d.From > d.Day {
			fmt.Fprintf(out, "locked: what was decided before holds until %s\n", d.From)
		}
		if bundle.LetsRun(d.Act) && d.Precedents > 0 {
			fmt.Fprintf(out, "it may not run before %d conditions are met: duly decide met %s 1 --as PERSON --source SOURCE\n", d.Precedents, d.Subject)
		}
		fmt.Fprintln(out, "a decision stops nothing by itself: that it is enforced is confirmed apart")
	})
}

type decideSignCmd struct {
	ID string `arg:"" help:"The draft, as it was printed when it was proposed."`
	As string `help:"Who signs." required:"" placeholder:"PERSON"`
}

// Run signs the draft.
func (c *decideSignCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		laws, err := prohibitions(w)
		if err != nil {
			return err
		}
		step, err := decision.Sign(a.ctx, w.DB, act.Default, decision.Signing{Draft: c.ID, By: h.By, Key: h.Key, Now: h.Now, Laws: laws})
		if err != nil {
			return err
		}
		return a.step(step, c.As)
	})
}

type decideWaitingCmd struct{}

type waitingRow struct {
	ID      string   `json:"id"`
	Subject string   `json:"subject"`
	Act     string   `json:"act"`
	Basis   string   `json:"basis"`
	Signed  []string `json:"signed_by"`
	Needs   int64    `json:"needs"`
	Reason  string   `json:"reason"`
}

// Run lists the drafts.
func (c *decideWaitingCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := decision.ListWaiting(a.ctx, w.DB)
	if err != nil {
		return err
	}
	rows := []waitingRow{}
	for _, d := range list {
		r := waitingRow{ID: d.ID, Subject: d.Decision.Subject, Act: d.Decision.Act, Basis: d.Decision.Basis, Needs: d.Decision.Signatures, Reason: d.Decision.Reason}
		for _, key := range d.Signed {
			r.Signed = append(r.Signed, a.names(w, key)[key])
		}
		rows = append(rows, r)
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %s for %s, on %s: signed by %s, %d needed\n", r.ID, r.Act, r.Subject, r.Basis, strings.Join(r.Signed, ", "), r.Needs)
			fmt.Fprint(out, wrap("  ", r.Reason))
		}
	})
}

type decideTakeBackCmd struct {
	ID string `arg:"" help:"The draft."`
	As string `help:"Who proposed it." required:"" placeholder:"PERSON"`
}

// Run drops the draft.
func (c *decideTakeBackCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		if err := decision.TakeBack(a.ctx, w.DB, h.By, c.ID); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "state": "taken_back"}, func(out io.Writer) { fmt.Fprintln(out, "taken back; nothing was decided") })
	})
}

type decideRefusedCmd struct{}

// Run counts refusals by rule.
func (c *decideRefusedCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	rows, err := refusals(a, w)
	if err != nil {
		return err
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%4d  %-16s %s\n", r.Count, r.Rule, r.Act)
		}
	})
}
