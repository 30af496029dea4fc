package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/publish"
	"duly/internal/store"
	"duly/internal/workspace"
)

type ledgerCmd struct {
	Witness        ledgerWitnessCmd        `cmd:"" help:"Ask the witnesses of the configuration to cosign the last checkpoint."`
	Consistency    ledgerConsistencyCmd    `cmd:"" help:"Prove that the last checkpoint extends an older one, as a file that a witness can cosign."`
	AddCosignature ledgerAddCosignatureCmd `cmd:"" help:"Keep the cosignature on a checkpoint that a witness brought back."`
	Prove          ledgerProveCmd          `cmd:"" help:"Prove that an entry is in the log, as a file that anybody can check."`
	Tiles          ledgerTilesCmd          `cmd:"" help:"Write the tree as static files, from which anybody can make proofs."`
	Fsck           ledgerFsckCmd           `cmd:"" help:"Hash all entries again and name what does not fit the stored tree."`
	Publish        ledgerPublishCmd        `cmd:"" help:"Put the last checkpoint outside, so that a database that is rolled back is noticed."`
	Rotate         ledgerRotateCmd         `cmd:"" help:"Give the log a new signing key; the old one signs beside it for a time."`
	Retire         ledgerRetireCmd         `cmd:"" help:"End the time in which an older key signs too."`
	Handover       ledgerHandoverCmd       `cmd:"" help:"Write the file that leads outsiders from an older key to the next."`
	Restore        ledgerRestoreCmd        `cmd:"" help:"Go on after the database was restored from a copy that is behind what was shown."`
}

// maxCheckpoint bounds a signed checkpoint, in bytes.
const maxCheckpoint = 1 << 20

type ledgerWitnessCmd struct {
	Every time.Duration `help:"Ask again after each pause of this length, until interrupted." placeholder:"10m"`
	As    string        `help:"Who asks." placeholder:"PERSON"`
}

// minPause keeps witnesses from being asked without a pause.
const minPause = time.Second

// Run asks once, or until it is interrupted.
func (c *ledgerWitnessCmd) Run(a *app) error {
	switch {
	case c.Every == 0:
		return c.round(a, publish.Ask)
	case c.Every < minPause:
		return fault.Newf(fault.Invalid, "the pause is below %s", minPause).WithFix("write it like 10m or 1h")
	}
	a.progress("asking the witnesses every %s", c.Every)
	return publish.Keep(a.ctx, c.Every, time.After, func(context.Context) error { return c.round(a, publish.AskNew) }, func(err error) { a.progress("%s", err) })
}

// round asks the witnesses and says what became of each. What samples wait for is recorded.
// It ends with the gravest failure. The workspace is opened anew, so that it is checked,
// and knows other keys and witnesses.
func (c *ledgerWitnessCmd) round(a *app, ask func(context.Context, *http.Client, *workspace.Workspace) ([]publish.Answer, error)) error {
	w, err := a.publisher(c.As)
	if err != nil {
		return err
	}
	defer w.Close()
	answers, err := ask(a.ctx, &http.Client{}, w)
	if err != nil || len(answers) == 0 {
		return err
	}
	var worst error
	for _, answer := range answers {
		if answer.Err != nil && (worst == nil || fault.CodeOf(answer.Err) == fault.Broken) {
			worst = answer.Err
		}
	}
	err = a.print(answers, func(out io.Writer) {
		for _, answer := range answers {
			if answer.Err != nil {
				fmt.Fprintf(out, "%s did not cosign\n", answer.Witness)
			} else {
				fmt.Fprintf(out, "%s cosigned at %s\n", answer.Witness, answer.At)
			}
		}
	})
	if err == nil {
		err = a.seeds(w, c.As)
	}
	return cmp.Or(worst, err)
}

// seeds records the cosigned checkpoints that planned samples wait for.
func (a *app) seeds(w *workspace.Workspace, as string) error {
	by, err := w.Actor(a.ctx, as)
	if err != nil {
		return err
	}
	recorded, err := engagement.Witness(a.ctx, w.DB, by)
	if err != nil || len(recorded) == 0 {
		return err
	}
	for _, ref := range recorded {
		a.progress("entry %d records the cosigned checkpoint that a planned sample waited for: it can be drawn now", ref.Seq)
	}
	_, err = w.Sign(context.WithoutCancel(a.ctx))
	return err
}

type ledgerConsistencyCmd struct {
	Old string `arg:"" help:"A checkpoint file, or the number of entries that one covers; 0 for a witness that has seen none."`
	As  string `help:"Who proves." placeholder:"PERSON"`
}

// Run prints the request. Whoever kept the older checkpoint can check it.
func (c *ledgerConsistencyCmd) Run(a *app) error {
	return a.read(c.As, false, func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		old, err := strconv.ParseInt(c.Old, 10, 64)
		if err != nil {
			text, err := readInput(c.Old, maxCheckpoint)
			if err != nil {
				return err
			}
			kept, err := w.OpenCheckpoint(text)
			if err != nil {
				return fileFault(err, c.Old)
			}
			root, err := store.Root(a.ctx, q, kept.Size)
			if err != nil || root != kept.Root {
				return fault.New(fault.Broken, "the log does not extend this checkpoint", "run `duly verify --checkpoint` with it").At(c.Old, 0, "")
			}
			old = kept.Size
		}
		proof, err := store.Consistency(a.ctx, q, old, point.Size)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(ledger.Request{Old: old, Proof: proof, Note: ledger.Bare(signed)}.Encode())
		return err
	})
}

type ledgerAddCosignatureCmd struct {
	File string `arg:"" help:"The checkpoint that the witness cosigned." type:"path"`
	As   string `help:"Who keeps it." placeholder:"PERSON"`
}

type cosignedResult struct {
	Size      int64    `json:"size"`
	Witnesses []string `json:"witnesses"`
}

// Run keeps the cosignature and says who has cosigned that checkpoint by now.
func (c *ledgerAddCosignatureCmd) Run(a *app) error {
	w, err := a.publisher(c.As)
	if err != nil {
		return err
	}
	defer w.Close()
	text, err := readInput(c.File, maxCheckpoint)
	if err != nil {
		return err
	}
	s, err := w.Cosigned(a.ctx, text)
	if err != nil {
		return fileFault(err, c.File)
	}
	r := cosignedResult{Size: s.Size}
	for _, by := range s.Cosignatures {
		r.Witnesses = append(r.Witnesses, by.Witness)
	}
	err = a.print(r, func(out io.Writer) {
		fmt.Fprintf(out, "the checkpoint over %d entries is cosigned by %d witnesses:\n", r.Size, s.Witnesses())
		for _, by := range s.Cosignatures {
			fmt.Fprintf(out, "  %s on %s\n", by.Witness, by.At.Format("2006-01-02 15:04:05Z"))
		}
	})
	if err != nil {
		return err
	}
	return a.seeds(w, c.As)
}

type ledgerProveCmd struct {
	Entry int64  `arg:"" help:"The entry's position in the log."`
	As    string `help:"Who proves." placeholder:"PERSON"`
}

// Run prints the proof, with the leaf: what stands in it in clear is shown to whoever
// gets it.
func (c *ledgerProveCmd) Run(a *app) error {
	return a.read(c.As, false, func(_ *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		proof, err := publish.Prove(a.ctx, q, signed, point, c.Entry)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(proof.Encode())
		return err
	})
}

// outsiders says on standard error how far the last outside cosignature is behind a
// checkpoint: for what comes after it, nobody outside can tell whether the log was made again.
func (a *app) outsiders(w *workspace.Workspace, q store.Queryer, size int64) error {
	last, err := w.LastCosigned(a.ctx, q, size)
	if err != nil || last.Size == size {
		return err
	}
	if last.Size == 0 {
		a.progress("no outside witness has cosigned this log up to here: see `duly ledger witness`")
		return nil
	}
	newest := slices.MaxFunc(last.Cosignatures, func(x, y ledger.Cosignature) int { return x.At.Compare(y.At) })
	a.progress("the last outside cosignature is older: %s of %s, over %d entries; %d have come since", newest.Witness, newest.At.Format(time.DateOnly), last.Size, size-last.Size)
	return nil
}

// publisher opens the workspace for a person who may publish.
func (a *app) publisher(as string) (*workspace.Workspace, error) {
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	if _, err := a.may(w, as, act.Publish); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}
