package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type controlCmd struct {
	List controlListCmd `cmd:"" help:"List the controls that a process is tested against, what the log has of each, and what came of it."`
	Test controlTestCmd `cmd:"" help:"Record what came of a control: of its design, or of its operation in a sample. The assessor signs."`
}

// library names the controls that a command is about.
type library struct {
	Library string `help:"A pack of controls; without it, the one that ships with Duly." placeholder:"FILE"`
}

func (c library) load() (*assurance.Library, error) {
	if c.Library == "" {
		return assurance.Shipped()
	}
	list, err := readPacks(c.Library)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fault.Newf(fault.Invalid, "there are %d packs in %s, not one", len(list), c.Library)
	}
	return assurance.LoadLibrary(list[0])
}

type controlListCmd struct {
	library
	Engagement string `help:"The engagement; the only one otherwise." placeholder:"ID"`
}

type controlRow struct {
	assurance.Control
	Hash   string          `json:"hash"`
	Trail  assurance.Trail `json:"trail"`
	Result string          `json:"result"` // of an engagement; empty while it is not concluded
}

// Run lists the controls and the gaps.
func (c *controlListCmd) Run(a *app) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	var rows []controlRow
	err = a.look(c.Engagement, func(q store.Queryer, id string) error {
		entries, err := l.Entries(a.ctx, q)
		if err != nil {
			return err
		}
		tests, err := assurance.TestsOf(a.ctx, q, id)
		for _, control := range l.Controls {
			name := l.Name(control.ID)
			rows = append(rows, controlRow{control, name, control.Trail(entries), assurance.Conclude(tests, name)})
		}
		return err
	})
	if err != nil {
		return err
	}
	gaps := l.Gaps()
	return a.print(map[string]any{"library": l.ID, "version": l.Version, "sha256": l.Hash, "controls": rows, "gaps": gaps}, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%-8s %-17s %s\n", r.ID, r.Trail, strings.TrimRight(r.Title+": "+r.Result, ": "))
		}
		for _, g := range gaps {
			fmt.Fprintf(out, "gap: no control serves %s %s\n", g.Of, g.Name)
		}
	})
}

// look reads what is recorded in an engagement.
func (a *app) look(engaged string, fn func(q store.Queryer, id string) error) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	return w.DB.Snapshot(a.ctx, func(q store.Queryer) error {
		id, err := engagement.Find(a.ctx, q, engaged)
		if err != nil {
			return err
		}
		return fn(q, id)
	})
}

type controlTestCmd struct {
	engaged
	library
	Control    string   `arg:"" help:"The control, by its id in the library."`
	Of         string   `help:"design: would it prevent or find what it is for; operation: did it." required:"" enum:"design,operation"`
	Conclusion string   `help:"effective, not_effective, absent (there is no such control), or extend (draw more)." required:"" enum:"effective,not_effective,absent,extend"`
	Sample     string   `help:"The kind of which all that was drawn was tested, for example rating." placeholder:"KIND" xor:"of"`
	Whole      bool     `help:"All entries, by the verifier's rule that the control names." xor:"of"`
	Results    string   `help:"A CSV file with item, result (kept, deviation, not_testable), cause and note." placeholder:"FILE"`
	Text       string   `help:"What was done. Everybody may read it." required:"" placeholder:"TEXT"`
	Paper      []string `help:"A workpaper that shows it." placeholder:"ID"`
	Reuses     int64    `help:"The entry of an earlier engagement's test, at most two years old, on whose evidence this test of a design rests." placeholder:"ENTRY"`
}

// Run records the test.
func (c *controlTestCmd) Run(a *app) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	var results []assurance.Result
	if c.Results != "" {
		text, err := readInput(c.Results, maxBrief)
		if err == nil {
			results, err = assurance.ReadResults(c.Results, text)
		}
		if err != nil {
			return err
		}
	}
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		test, ref, err := assurance.Record(a.ctx, w.DB, act.Default, assurance.Testing{
			Hand: h, Engagement: id, Library: l, Control: c.Control, Of: c.Of, Conclusion: c.Conclusion, Sample: c.Sample, Whole: c.Whole, Results: results,
			Procedure: c.Text, Papers: c.Paper, Reuses: c.Reuses,
		})
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Population  int64  `json:"population"`
			Items       int64  `json:"items"`
			Deviations  int64  `json:"deviations"`
			NotTestable int64  `json:"not_testable"`
			Bound       *int64 `json:"bound"`
		}{entered{ref.ID, ref.Seq}, test.Population, test.Items, test.Deviations, test.NotTestable, test.Bound}, func(out io.Writer) {
			fmt.Fprintf(out, "%s, %s: %s, signed in entry %d\n", c.Control, c.Of, c.Conclusion, ref.Seq)
			if test.Bound != nil {
				fmt.Fprintf(out, "%d of %d looked at, %d deviate, %d not testable: of %d, at most %d deviate (95 %%)\n",
					test.Items, test.Population, test.Deviations, test.NotTestable, test.Population, *test.Bound)
			}
		})
	})
}
