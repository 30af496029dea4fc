package main

import (
	"fmt"
	"io"

	"duly/internal/publish"
	"duly/internal/store"
	"duly/internal/workspace"
)

type ledgerRotateCmd struct {
	Compromised bool   `help:"The old key is in wrong hands, or lost: it signs nothing more."`
	As          string `help:"Who changes the key." placeholder:"PERSON"`
}

type epochResult struct {
	Epoch  int64  `json:"epoch"`
	Reason string `json:"reason"`
	Key    string `json:"key"`
	Lost   int64  `json:"lost,omitempty"`
}

// Run changes the key and says what to tell outsiders.
func (c *ledgerRotateCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	actor, err := w.Actor(a.ctx, c.As)
	if err != nil {
		return err
	}
	epoch, err := w.Rotate(a.ctx, actor, c.Compromised)
	if err != nil {
		return err
	}
	return a.begun(w, epoch, 0)
}

// begun says which epoch began, and what outsiders need.
func (a *app) begun(w *workspace.Workspace, epoch *store.Epoch, lost int64) error {
	r := epochResult{epoch.Number, epoch.Reason, w.Config.Key, lost}
	return a.print(r, func(out io.Writer) {
		fmt.Fprintf(out, "epoch %d begins, after a %s; the log's key is now\n  %s\n", r.Epoch, r.Reason, r.Key)
		if r.Lost > 0 {
			fmt.Fprintf(out, "%d entries that were shown before are lost, and the log says so\n", r.Lost)
		}
		if r.Reason == "rotation" {
			fmt.Fprint(out, wrap("", "Witnesses must add it. Who knows the old key follows it with: duly ledger handover. When everybody has, run: duly ledger retire"))
		} else {
			fmt.Fprint(out, wrap("", "Give it to outsiders and witnesses by another way than the log itself, as you gave them the first one, and tell them why."))
		}
	})
}

type ledgerRetireCmd struct {
	As string `help:"Who ends it." placeholder:"PERSON"`
}

// Run removes the secret of the older key.
func (c *ledgerRetireCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	actor, err := w.Actor(a.ctx, c.As)
	if err != nil {
		return err
	}
	if err := w.Retire(a.ctx, actor); err != nil {
		return err
	}
	return a.wrote(written{Out: w.Config.Key}, "only the key of this epoch signs from now on")
}

type ledgerHandoverCmd struct {
	Epoch int64  `arg:"" optional:"" help:"The epoch whose key it leads to; the newest otherwise."`
	As    string `help:"Who writes it." placeholder:"PERSON"`
}

// Run prints the handover.
func (c *ledgerHandoverCmd) Run(a *app) error {
	w, err := a.publisher(c.As)
	if err != nil {
		return err
	}
	defer w.Close()
	if c.Epoch == 0 {
		latest, err := store.LatestEpoch(a.ctx, w.DB)
		if err != nil {
			return err
		}
		c.Epoch = latest.Record.Number
	}
	text, err := publish.Handover(a.ctx, w, c.Epoch)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

type ledgerRestoreCmd struct {
	Checkpoint string `arg:"" help:"The newest checkpoint that was published." type:"path"`
	As         string `help:"Who restores." placeholder:"PERSON"`
}

// Run opens the epoch after a restore. The workspace is refused by every other command
// until then, since it is behind its checkpoint.
func (c *ledgerRestoreCmd) Run(a *app) error {
	w, err := workspace.OpenUnchecked(a.ctx, a.cli.Workspace, a.options())
	if err != nil {
		return err
	}
	defer w.Close()
	actor, err := w.Actor(a.ctx, c.As)
	if err != nil {
		return err
	}
	text, err := readInput(c.Checkpoint, maxCheckpoint)
	if err != nil {
		return err
	}
	epoch, err := w.Restore(a.ctx, actor, text)
	if err != nil {
		return fileFault(err, c.Checkpoint)
	}
	latest, err := store.LatestEpoch(a.ctx, w.DB)
	if err != nil {
		return err
	}
	return a.begun(w, epoch, epoch.QuotedSize-latest.Seq)
}
