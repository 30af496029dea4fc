package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/stats"
	"duly/internal/workspace"
)

type scoreCmd struct {
	Give      scoreGiveCmd      `cmd:"" help:"Score a deployment's severity, right by right. It is held back until a second person has scored it too."`
	Show      scoreShowCmd      `cmd:"" help:"Show the scores of a deployment, once both of a round are in."`
	Agreement scoreAgreementCmd `cmd:"" help:"Say how far the scorers of a method agree (Cohen's kappa)."`
}

type scoreGiveCmd struct {
	Subject string   `arg:"" help:"The deployment, or an account that has no more than one."`
	Rights  []string `arg:"" help:"Every right of the method: RIGHT=SCALE/SCOPE/IRREMEDIABILITY, or RIGHT=0 where it is not affected."`
	As      string   `help:"Who scores, and signs." required:"" placeholder:"PERSON"`
	Reason  string   `help:"Why." required:"" placeholder:"TEXT"`
	Method  string   `help:"The method; the one in force otherwise."`
}

// Run records the score.
func (c *scoreGiveCmd) Run(a *app) error {
	s := assessment.Scoring{Reason: c.Reason}
	for _, text := range c.Rights {
		right, err := parseSeverity(text)
		if err != nil {
			return err
		}
		s.Rights = append(s.Rights, right)
	}
	return a.write(func(w *workspace.Workspace) error {
		m, err := a.asks(w.DB, w.Today(), c.Method)
		if err != nil {
			return err
		}
		if s.By, err = a.may(w, c.As, act.Score); err != nil {
			return err
		}
		if s.Key, err = w.Key(s.By); err != nil {
			return err
		}
		if s.Subject, err = subject(a, w.DB, c.Subject); err != nil {
			return err
		}
		s.Today = w.Today()
		given, err := assessment.GiveScore(a.ctx, w.DB, act.Default, m, s)
		if err != nil {
			return err
		}
		return a.print(map[string]any{
			"subject": s.Subject, "round": given.Round, "complete": given.Complete, "disputed": given.Disputed, "entry": given.Ref.Seq,
		}, func(out io.Writer) {
			fmt.Fprintf(out, "scored in round %d, signed by %s in entry %d\n", given.Round, c.As, given.Ref.Seq)
			switch {
			case !given.Complete:
				fmt.Fprintln(out, "held back until a second person has scored it without seeing this")
			case len(given.Disputed) == 0:
				fmt.Fprintln(out, "both scorers say the same; it is stated as facts")
			default:
				fmt.Fprintf(out, "the scorers differ on %s; both are stated, and the graver counts\n", strings.Join(given.Disputed, ", "))
			}
		})
	})
}

// parseSeverity reads RIGHT=SCALE/SCOPE/IRREMEDIABILITY or RIGHT=0.
func parseSeverity(text string) (assessment.Severity, error) {
	right, numbers, ok := strings.Cut(text, "=")
	parts := strings.Split(numbers, "/")
	s := assessment.Severity{Right: right}
	bad := fault.Newf(fault.Invalid, "%q is not a score", text).WithFix("write RIGHT=SCALE/SCOPE/IRREMEDIABILITY, such as privacy=4/3/3, or RIGHT=0")
	if !ok || len(parts) != 3 && numbers != "0" {
		return s, bad
	}
	for i, into := range []*int64{&s.Scale, &s.Scope, &s.Irremediability}[:len(parts)] {
		n, err := strconv.ParseInt(parts[i], 10, 64)
		if err != nil {
			return s, bad
		}
		*into = n
	}
	return s, nil
}

type scoreShowCmd struct {
	Subject string `arg:"" help:"The deployment, or an account that has no more than one."`
}

type scoreRound struct {
	Round  int64    `json:"round"`
	First  []string `json:"first"`
	Second []string `json:"second"`
}

// Run shows complete rounds; a score that waits for its second is not shown.
func (c *scoreShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	id, err := subject(a, w.DB, c.Subject)
	if err != nil {
		return err
	}
	rounds, _, err := assessment.Rounds(a.ctx, w.DB)
	if err != nil {
		return err
	}
	rows := []scoreRound{}
	for _, r := range rounds {
		if r.Subject == id {
			rows = append(rows, scoreRound{r.Number, r.First.Record.Values, r.Second.Record.Values})
		}
	}
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			a.progress("no round of scores is complete; a first score is held back until the second is in")
		}
		for _, r := range rows {
			fmt.Fprintf(out, "round %d\n", r.Round)
			fmt.Fprint(out, wrap("  first:  ", strings.Join(r.First, ", ")))
			fmt.Fprint(out, wrap("  second: ", strings.Join(r.Second, ", ")))
		}
	})
}

type scoreAgreementCmd struct {
	Method string `help:"The method; the one in force otherwise."`
}

// kappa is an agreement as it is printed; nil where it cannot be computed.
type kappa struct {
	Cases    int      `json:"cases"`
	Observed float64  `json:"observed"`
	Kappa    *float64 `json:"kappa"`
	Error    *float64 `json:"standard_error"`
}

func figures(a stats.Agreement) kappa {
	digits := func(x float64) *float64 {
		if math.IsNaN(x) {
			return nil
		}
		x = math.Round(x*1000) / 1000
		return &x
	}
	k := kappa{Cases: a.Cases, Kappa: digits(a.Kappa), Error: digits(a.Error)}
	k.Observed = math.Round(a.Observed*1000) / 1000
	return k
}

// Run compares the scorers of all complete rounds.
func (c *scoreAgreementCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	m, err := a.asks(w.DB, w.Today(), c.Method)
	if err != nil {
		return err
	}
	rounds, held, err := assessment.Rounds(a.ctx, w.DB)
	if err != nil {
		return err
	}
	all, err := assessment.Agree(m, rounds)
	if err != nil {
		return err
	}
	result := struct {
		Rounds   int   `json:"rounds"`
		Held     int   `json:"held_back"`
		Affected kappa `json:"right_affected"`
		Rights   kappa `json:"severity_of_rights"`
		Overall  kappa `json:"severity"`
	}{all.Rounds, held, figures(all.Affected), figures(all.Rights), figures(all.Overall)}
	return a.print(result, func(out io.Writer) {
		fmt.Fprintf(out, "%d deployments scored twice by %s; %d scores wait for a second one\n", result.Rounds, m.ID, result.Held)
		for _, row := range []struct {
			what string
			k    kappa
		}{{"is a right affected", result.Affected}, {"severity of each right (weighted)", result.Rights}, {"severity of the gravest right (weighted)", result.Overall}} {
			if row.k.Kappa == nil {
				fmt.Fprintf(out, "%-42s cannot tell: too few cases, or all alike\n", row.what)
				continue
			}
			fmt.Fprintf(out, "%-42s kappa %.2f, standard error %.2f, %d cases\n", row.what, *row.k.Kappa, *row.k.Error, row.k.Cases)
		}
	})
}
