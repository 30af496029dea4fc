package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/attestation"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/workspace"
	"duly/packs"
)

type attestationCmd struct {
	Ask      attestationAskCmd      `cmd:"" help:"Ask a customer about conditions that nobody else can see to be kept."`
	Form     attestationFormCmd     `cmd:"" help:"Write the form of a request. Forms that were written before are void then."`
	Receive  attestationReceiveCmd  `cmd:"" help:"Read what was answered, and compare it with what was counted."`
	Due      attestationDueCmd      `cmd:"" help:"List what is due, overdue or to be asked. Sends nothing."`
	Show     attestationShowCmd     `cmd:"" help:"Show requests and answers of a deployment, and where each condition stands."`
	Compare  attestationCompareCmd  `cmd:"" help:"Compare all answers with what was counted since."`
	Withdraw attestationWithdrawCmd `cmd:"" help:"Take back a request that is open."`
}

type attestationAskCmd struct {
	Deployment    string `arg:"" help:"The deployment, or an account that has one."`
	Questionnaire string `help:"The pack, or its file." required:"" placeholder:"PACK"`
	Conditions    string `help:"The file of the pack of conditions that it asks about, if it does not ship." placeholder:"FILE"`
	Due           string `help:"By when the answers are to come; the next day of the calendar otherwise." placeholder:"DAY"`
	As            string `help:"Who asks." placeholder:"PERSON"`
}

// joined loads a questionnaire with the conditions that it asks about.
func joined(questionnaire *pack.Pack, conditions string) (attestation.Asked, error) {
	if conditions == "" {
		q, err := attestation.Load(questionnaire)
		if err != nil {
			return attestation.Asked{}, err
		}
		conditions = q.Conditions
	}
	terms, err := findPack("conditions", conditions)
	if err != nil {
		return attestation.Asked{}, err
	}
	return attestation.Join(questionnaire, terms)
}

// Run writes the request.
func (c *attestationAskCmd) Run(a *app) error {
	p, err := findPack("attestations", c.Questionnaire)
	if err != nil {
		return err
	}
	questions, err := joined(p, c.Conditions)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		id, err := subject(a, w.DB, c.Deployment)
		if err != nil {
			return err
		}
		ref, r, known, err := attestation.Ask(a.ctx, w.DB, act.Default, actor, questions, id, c.Due, w.Today())
		if err != nil {
			return err
		}
		return a.print(agreed{ref.ID, ref.Seq, known}, func(out io.Writer) {
			if known {
				fmt.Fprintf(out, "this is asked already, as %s in entry %d\n", ref.ID, ref.Seq)
				return
			}
			fmt.Fprintf(out, "request %s, entry %d: about %s, from %s to %s, due on %s\n", ref.ID, ref.Seq, counted(r.Count, "condition"), r.From, r.Upto, r.Due)
		})
	})
}

// counted writes a number of things.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

type attestationFormCmd struct {
	Request string   `arg:"" help:"The request."`
	Out     []string `help:"The file: .html for a form to fill in or print, .json for a template; both at once have the same token." required:"" placeholder:"FILE" sep:"none"`
	As      string   `help:"Who writes it." placeholder:"PERSON"`
}

// Run writes the form.
func (c *attestationFormCmd) Run(a *app) error {
	for _, name := range c.Out {
		if e := filepath.Ext(name); e != ".html" && e != ".json" {
			return fault.Newf(fault.Invalid, "%s is neither .html nor .json", name).WithFix("name a file that ends in one of these")
		}
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		form, err := attestation.NewForm(a.ctx, w.DB, act.Default, actor, c.Request, rand.Reader)
		if err != nil {
			return err
		}
		for _, name := range c.Out {
			fill := form.HTML
			if filepath.Ext(name) == ".json" {
				fill = form.JSON
			}
			if err := writeWhole(name, fill); err != nil {
				return err
			}
		}
		return a.print(written{Out: strings.Join(c.Out, " ")}, func(out io.Writer) {
			fmt.Fprintf(out, "%s: whoever has it can answer once, by %s; earlier forms are void\n", strings.Join(c.Out, ", "), form.Due)
		})
	})
}

type attestationReceiveCmd struct {
	File     string `arg:"" help:"The answers."`
	Evidence string `help:"The directory with the documents that the answers name. They are hashed, and not kept." placeholder:"DIR"`
	As       string `help:"Who received it." placeholder:"PERSON"`
}

type receivedAnswers struct {
	ID           string                `json:"id"`
	Entry        int64                 `json:"entry"`
	Receipt      string                `json:"receipt"`
	Received     string                `json:"received"`
	Late         bool                  `json:"late"`
	EvidenceDay  string                `json:"evidence_day,omitempty"`
	Days         int64                 `json:"days"`
	Whole        int64                 `json:"days_seen"`
	Bare         int64                 `json:"without_evidence"`
	Outcomes     []attestation.Outcome `json:"outcomes"`
	Contradicted int64                 `json:"contradicted"`
}

func receivedAs(id string, entry int64, r *attestation.Attestation) receivedAnswers {
	return receivedAnswers{id, entry, r.SHA256, r.Received, r.Late, r.EvidenceDay, r.Days, r.Whole, r.Bare, r.Came(), r.Contradicted}
}

// Run reads the answers.
func (c *attestationReceiveCmd) Run(a *app) error {
	data, err := readInput(c.File, attestation.MaxAnswers)
	if err != nil {
		return err
	}
	var documents fs.FS
	if c.Evidence != "" {
		root, err := os.OpenRoot(c.Evidence)
		if err != nil {
			return fileFault(err, c.Evidence)
		}
		defer root.Close()
		documents = root.FS()
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		ref, r, err := attestation.Receive(a.ctx, w.DB, act.Default, actor, w.Today(), data, documents)
		if err != nil {
			return inFile(err, c.File)
		}
		v := receivedAs(ref.ID, ref.Seq, r)
		return a.print(v, func(out io.Writer) {
			fmt.Fprintf(out, "received: %s, entry %d\nreceipt for whoever answered: %s\n", ref.ID, ref.Seq, v.Receipt)
			v.write(out)
		})
	})
}

// inFile adds the file to a fault of what was read from it.
func inFile(err error, name string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.File == "" && (f.Line > 0 || f.Field != "") {
		return f.At(name, f.Line, f.Field)
	}
	return err
}

func (v *receivedAnswers) write(out io.Writer) {
	if v.Late {
		fmt.Fprintln(out, "late: it came after it was due")
	}
	if v.EvidenceDay != "" {
		fmt.Fprintf(out, "the earliest evidence shows %s; received on %s\n", v.EvidenceDay, v.Received)
	}
	if v.Bare > 0 {
		fmt.Fprintf(out, "%s without the evidence that was asked for\n", counted(v.Bare, "answer"))
	}
	fmt.Fprintf(out, "telemetry saw every hour of %d of the %s\n", v.Whole, counted(v.Days, "day"))
	for _, o := range v.Outcomes {
		fmt.Fprintf(out, "  %s: %s\n", o.Condition, outcomeSaid(o))
	}
	if v.Contradicted > 0 {
		fmt.Fprintf(out, "%s contradicted by telemetry\n", counted(v.Contradicted, "answer"))
	}
}

func outcomeSaid(o attestation.Outcome) string {
	switch o.Is {
	case attestation.Contradicted:
		return fmt.Sprintf("contradicted: said to be kept, and telemetry shows %s", counted(o.Deviations, "deviation"))
	case attestation.Agrees:
		return "said to be kept, and telemetry shows no deviation on any of the days"
	case attestation.NotKept:
		return "said not to be kept"
	case attestation.Promised:
		return "promised: said to be kept"
	}
	return "not known to whoever answered"
}

type attestationDueCmd struct {
	Questionnaires []string `name:"questionnaire" help:"Packs whose calendar is looked at; all that ship otherwise." placeholder:"PACK" sep:"none"`
	On             string   `help:"The day; today otherwise." placeholder:"DAY"`
}

// Run lists the calendar.
func (c *attestationDueCmd) Run(a *app) error {
	list, err := questionnaires(c.Questionnaires)
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	on, err := day(c.On, w.Today())
	if err != nil {
		return err
	}
	turns, err := attestation.Calendar(a.ctx, w.DB, list, on)
	if err != nil {
		return err
	}
	return a.print(turns, func(out io.Writer) {
		for _, t := range turns {
			fmt.Fprintln(out, turnSaid(t))
		}
		if len(turns) == 0 {
			fmt.Fprintln(out, "nothing is due")
		}
	})
}

func turnSaid(t attestation.Turn) string {
	text := fmt.Sprintf("%s deployment %s, %s, due on %s", t.State, t.Deployment, t.Questionnaire, t.Due)
	if t.Request != "" {
		text += ", request " + t.Request
	}
	if t.Days < 0 {
		text += fmt.Sprintf("; %s late", counted(int64(-t.Days), "day"))
	} else {
		text += fmt.Sprintf("; in %s", counted(int64(t.Days), "day"))
	}
	if t.Remind {
		text += "; remind today"
	}
	return text
}

// questionnaires gives the packs that are named, or all that ship.
func questionnaires(names []string) (out []attestation.Asked, err error) {
	if len(names) == 0 {
		names, err = fs.Glob(packs.Files, "attestations/*.yaml")
		if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "the packs of this release cannot be read")
		}
		for i, name := range names {
			names[i] = strings.TrimSuffix(filepath.Base(name), ".yaml")
		}
	}
	for _, name := range names {
		p, err := findPack("attestations", name)
		if err != nil {
			return nil, err
		}
		one, err := joined(p, "")
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

type attestationShowCmd struct{ heldOf }

type attestationView struct {
	Conditions []attestation.Row `json:"conditions"`
	Open       []string          `json:"open_requests"`
	Answers    []receivedAnswers `json:"attestations"`
}

// Run shows what is on record.
func (c *attestationShowCmd) Run(a *app) error {
	look, err := c.look(a)
	if err != nil {
		return err
	}
	firm := slices.DeleteFunc(slices.Clone(look.Rows), func(r attestation.Row) bool { return !r.Held.Binding.Firm() })
	v := attestationView{Conditions: firm, Open: []string{}, Answers: []receivedAnswers{}}
	for _, r := range look.Requests {
		if r.Record.State == attestation.Open {
			v.Open = append(v.Open, r.ID+" due on "+r.Record.Due)
		}
	}
	for _, r := range look.Attestations {
		v.Answers = append(v.Answers, receivedAs(r.ID, r.Seq, r.Record))
	}
	return a.print(v, func(out io.Writer) {
		for _, r := range v.Conditions {
			fmt.Fprintf(out, "%s: %s\n  %s\n", r.Condition, r.Title, standingSaid(r))
		}
		for _, r := range v.Open {
			fmt.Fprintf(out, "open request %s\n", r)
		}
		for i := range v.Answers {
			fmt.Fprintf(out, "attestation %s, entry %d\n", v.Answers[i].ID, v.Answers[i].Entry)
			v.Answers[i].write(out)
		}
	})
}

// standingSaid says where a condition stands, in words.
func standingSaid(r attestation.Row) string {
	who := fmt.Sprintf("answered on %s by the customer's %s", r.Received, r.Role)
	switch r.State {
	case attestation.StateContradicted:
		return "contradicted: said to be kept, and telemetry shows that it was not; " + who
	case attestation.StateNotKept:
		return "said not to be kept; " + who
	case attestation.StateOverdue:
		return "overdue: it was asked, and no answer came by " + r.Due
	case attestation.StateChecked:
		return fmt.Sprintf("checked by telemetry: %d of %d judged calls deviated", r.Deviations, r.Judged)
	case attestation.StateAttested:
		return "promised; " + who
	}
	if r.Due != "" {
		return "nobody checked it; an answer is due on " + r.Due
	}
	return "nobody checked it, and nobody attested it"
}

type attestationCompareCmd struct {
	As string `help:"Who compares." placeholder:"PERSON"`
}

// Run compares.
func (c *attestationCompareCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		changed, err := attestation.Compare(a.ctx, w.DB, act.Default, actor)
		if err != nil {
			return err
		}
		out := make([]receivedAnswers, len(changed))
		for i, r := range changed {
			out[i] = receivedAs(r.ID, r.Seq, r.Record)
		}
		return a.print(out, func(text io.Writer) {
			fmt.Fprintf(text, "%s changed\n", counted(int64(len(out)), "attestation"))
			for i := range out {
				fmt.Fprintf(text, "attestation %s\n", out[i].ID)
				out[i].write(text)
			}
		})
	})
}

type attestationWithdrawCmd struct {
	Request string `arg:"" help:"The request."`
	Reason  string `help:"Why." required:"" placeholder:"TEXT"`
	As      string `help:"Who withdraws it." placeholder:"PERSON"`
}

// Run withdraws the request.
func (c *attestationWithdrawCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		if err := attestation.Withdraw(a.ctx, w.DB, act.Default, actor, c.Request, c.Reason); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.Request, "state": attestation.Withdrawn}, func(out io.Writer) { fmt.Fprintln(out, "withdrawn") })
	})
}
