package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/whole"
	"duly/internal/workspace"
)

type workpaperCmd struct {
	Key  workpaperKeyCmd  `cmd:"" help:"Make a key to which workpapers are encrypted, in a file of your own, and a file with its public half."`
	Add  workpaperAddCmd  `cmd:"" help:"Encrypt a file to the assessor's key and record its hash. The assessor signs, and keeps the file."`
	List workpaperListCmd `cmd:"" help:"List what is recorded of workpapers."`
	Open workpaperOpenCmd `cmd:"" help:"Decrypt a workpaper, once it is the one that was recorded."`
}

type workpaperKeyCmd struct {
	File string `arg:"" help:"The file for the secret; FILE.pub is beside it. Neither may be there yet."`
}

// Run makes the key. It needs no workspace.
func (c *workpaperKeyCmd) Run(a *app) error {
	identity, recipient, err := assurance.NewIdentity()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name, text string
		mode       fs.FileMode
	}{{c.File, identity, 0o600}, {c.File + ".pub", recipient, 0o644}} {
		if err := whole.New(f.name, []byte(f.text+"\n"), f.mode); err != nil {
			return err
		}
	}
	return a.print(map[string]string{"secret": c.File, "public": c.File + ".pub"}, func(out io.Writer) {
		fmt.Fprintf(out, "%s reads what is encrypted to %s.pub; keep it where nobody else reads it\n", c.File, c.File)
	})
}

type workpaperAddCmd struct {
	engaged
	library
	File    string `arg:"" help:"The file."`
	To      string `help:"The file with the public half of the assessor's key." required:"" placeholder:"FILE.pub"`
	Control string `help:"The control that it is about." placeholder:"ID"`
	Keep    string `help:"The directory where the encrypted file is kept, by its hash." default:"." placeholder:"DIR"`
}

// Run encrypts the file and records what was kept.
func (c *workpaperAddCmd) Run(a *app) error {
	var l *assurance.Library
	if c.Control != "" {
		var err error
		if l, err = c.load(); err != nil {
			return err
		}
	}
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		sealed, part, err := c.seal()
		if err != nil {
			return err
		}
		defer part.Drop()
		place := filepath.Join(c.Keep, sealed.SHA256+".age")
		if err := part.Put(place, 0o600); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot keep the workpaper")
		}
		ref, err := assurance.Keep(a.ctx, w.DB, act.Default, h, id, l, c.Control, sealed)
		if err != nil { // the log does not know the file
			_ = os.Remove(place)
			return classify(err, "cannot keep the workpaper")
		}
		return a.print(struct {
			entered
			File   string `json:"file"`
			SHA256 string `json:"sha256"`
		}{entered{ref.ID, ref.Seq}, place, sealed.SHA256}, func(out io.Writer) {
			fmt.Fprintf(out, "workpaper %s in entry %d: %d bytes that only the assessor reads, kept as %s\n", ref.ID, ref.Seq, sealed.Size, place)
		})
	})
}

// seal encrypts the file into one beside where it will be kept.
func (c *workpaperAddCmd) seal() (sealed assurance.Sealed, part *whole.File, err error) {
	plain, err := os.Open(c.File)
	if err != nil {
		return sealed, nil, fileFault(err, c.File)
	}
	defer plain.Close()
	to, err := os.Open(c.To)
	if err != nil {
		return sealed, nil, fileFault(err, c.To)
	}
	defer to.Close()
	out, err := whole.Begin(c.Keep)
	if err != nil {
		return sealed, nil, fault.Wrap(fault.Failed, err, "cannot write into "+c.Keep)
	}
	if sealed, err = assurance.Seal(plain, to, out); err != nil {
		out.Drop()
	}
	return sealed, out, err
}

type workpaperListCmd struct {
	Engagement string `help:"The engagement; the only one otherwise." placeholder:"ID"`
}

type workpaperRow struct {
	ID      string `json:"id"`
	Entry   int64  `json:"entry"`
	Day     string `json:"day"`
	Control string `json:"control"` // hash; empty where it is about none in particular
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
}

// Run lists the workpapers.
func (c *workpaperListCmd) Run(a *app) error {
	rows := []workpaperRow{}
	err := a.look(c.Engagement, func(q store.Queryer, id string) error {
		list, err := assurance.PapersOf(a.ctx, q, id)
		for _, p := range list {
			rows = append(rows, workpaperRow{p.ID, p.Seq, p.Record.Day, p.Record.Control, p.Record.SHA256, p.Record.Size})
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%s  entry %d, %s, %d bytes, %s.age\n", r.ID, r.Entry, r.Day, r.Size, r.SHA256)
		}
	})
}

type workpaperOpenCmd struct {
	ID       string `arg:"" help:"The workpaper."`
	File     string `arg:"" help:"The encrypted file."`
	Identity string `help:"The file with the assessor's secret." required:"" placeholder:"FILE"`
	Out      string `help:"The file for what it says." required:"" placeholder:"FILE"`
}

// Run decrypts the workpaper.
func (c *workpaperOpenCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	p, err := store.Get(a.ctx, w.DB, assurance.Workpapers, c.ID)
	if err != nil {
		return err
	}
	sealed, err := os.Open(c.File)
	if err != nil {
		return fileFault(err, c.File)
	}
	defer sealed.Close()
	identity, err := os.Open(c.Identity)
	if err != nil {
		return fileFault(err, c.Identity)
	}
	defer identity.Close()
	err = writeWhole(c.Out, func(out io.Writer) error {
		return assurance.Unseal(sealed, assurance.Sealed{SHA256: p.Record.SHA256, Size: p.Record.Size}, identity, out)
	})
	if err != nil {
		return err
	}
	return a.wrote(written{Out: c.Out}, fmt.Sprintf("wrote %s; it is what was recorded in entry %d", c.Out, p.Seq))
}
