package main

import (
	"fmt"
	"io"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/publish"
	"duly/internal/store"
	"duly/internal/workspace"
)

type ledgerTilesCmd struct {
	Dir    string `arg:"" help:"The directory to write to, or to bring up to date." type:"path"`
	Leaves bool   `help:"Write the entries too: what stands in them in clear is then for everybody who can read the directory."`
	As     string `help:"Who publishes." placeholder:"PERSON"`
}

type tilesResult struct {
	Dir     string `json:"dir"`
	Entries int64  `json:"entries"`
	Written int    `json:"written"`
}

// Run writes the tiles of the last checkpoint, those that are new.
func (c *ledgerTilesCmd) Run(a *app) error {
	return a.read(c.As, false, func(_ *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		n, err := publish.Tiles(a.ctx, q, signed, point, c.Dir, c.Leaves)
		if err != nil {
			return err
		}
		return a.print(tilesResult{c.Dir, point.Size, n}, func(out io.Writer) {
			fmt.Fprintf(out, "%s holds the tree of %d entries; %d tiles are new\n", c.Dir, point.Size, n)
		})
	})
}

type ledgerFsckCmd struct{}

// maxWrong bounds what fsck lists.
const maxWrong = 100

type fsckResult struct {
	Root  string   `json:"root"`
	Wrong []string `json:"wrong"`
}

// Run hashes all entries again and names what does not fit the tree. It reads a workspace
// that other commands refuse.
func (c *ledgerFsckCmd) Run(a *app) error {
	w, err := workspace.OpenUnchecked(a.ctx, a.cli.Workspace, a.options())
	if err != nil {
		return err
	}
	defer w.Close()
	r := fsckResult{Wrong: []string{}}
	err = w.DB.Snapshot(a.ctx, func(q store.Queryer) error {
		wrong, root, err := store.Fsck(a.ctx, q, maxWrong)
		r.Wrong, r.Root = append(r.Wrong, wrong...), root.String()
		return err
	})
	if err != nil {
		return err
	}
	err = a.print(r, func(out io.Writer) {
		for _, line := range r.Wrong {
			fmt.Fprintln(out, line)
		}
		if len(r.Wrong) == 0 {
			fmt.Fprintf(out, "every entry has its hash in the tree, and every tile fits; root %s\n", r.Root)
		}
	})
	if err == nil && len(r.Wrong) > 0 {
		err = fault.New(fault.Broken, "the stored tree is not that of the entries", "restore the newest copy")
	}
	return err
}

type ledgerPublishCmd struct {
	Dir  string `help:"A directory that others read." type:"path" xor:"to" placeholder:"DIR"`
	Git  string `help:"A git repository, in which it is committed." type:"path" xor:"to" placeholder:"DIR"`
	Mail bool   `help:"Print it as a mail." xor:"to"`
	As   string `help:"Who publishes." placeholder:"PERSON"`
}

// Run puts the last checkpoint where the company cannot take it back unseen.
func (c *ledgerPublishCmd) Run(a *app) error {
	return a.read(c.As, false, func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		if err := a.outsiders(w, q, point.Size); err != nil {
			return err
		}
		var path string
		var err error
		switch {
		case c.Dir != "":
			path, err = publish.ToDirectory(c.Dir, signed, point)
		case c.Git != "":
			path, err = publish.ToGit(a.ctx, c.Git, signed, point)
		case c.Mail:
			_, err = io.WriteString(a.stdout, publish.Mail(signed, point, w.Config.Key))
			return err
		default:
			return fault.New(fault.Invalid, "nothing says where to publish", "give --dir, --git or --mail")
		}
		if err != nil {
			return err
		}
		return a.print(written{Out: path}, func(out io.Writer) { fmt.Fprintf(out, "published %s\n", path) })
	})
}
