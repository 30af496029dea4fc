package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"duly/internal/act"
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
	As string `help:"Who asks." placeholder:"PERSON"`
}

// Run asks all witnesses and says what became of each. It ends with the gravest failure.
func (c *ledgerWitnessCmd) Run(a *app) error {
	w, err := a.publisher(c.As)
	if err != nil {
		return err
	}
	defer w.Close()
	answers, err := publish.Ask(a.ctx, &http.Client{}, w)
	if err != nil {
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
	if err != nil {
		return err
	}
	return worst
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
	return a.print(r, func(out io.Writer) {
		fmt.Fprintf(out, "the checkpoint over %d entries is cosigned by %d witnesses:\n", r.Size, s.Witnesses())
		for _, by := range s.Cosignatures {
			fmt.Fprintf(out, "  %s on %s\n", by.Witness, by.At.Format("2006-01-02 15:04:05Z"))
		}
	})
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
