package main

import (
	"fmt"
	"io"
	"path/filepath"

	"duly/internal/act"
	"duly/internal/screening"
	"duly/internal/watchlist"
	"duly/internal/workspace"
)

type listsCmd struct {
	Add listsAddCmd `cmd:"" help:"Add watchlists to the workspace."`
}

type listsAddCmd struct {
	Specs []string `arg:"" name:"format:path" help:"ofac:DIR, csl:FILE or ftm:FILE."`
	As    string   `help:"Who adds them." placeholder:"PERSON"`
}

type listResult struct {
	Name      string            `json:"name"`
	Format    string            `json:"format"`
	SHA256    string            `json:"sha256"`
	Published string            `json:"published,omitempty"`
	Summary   watchlist.Summary `json:"summary"`
	Added     bool              `json:"added"`
}

// rejectsTold is how many rejected rows of a list are told in full.
const rejectsTold = 20

func shelf(w *workspace.Workspace) screening.Shelf {
	return screening.Shelf(filepath.Join(w.Dir, "lists"))
}

// Run adds the lists. Of several, all are read before the first is written, so that
// a bad one stops all.
func (c *listsAddCmd) Run(a *app) error {
	specs, err := parseSpecs(c.Specs)
	if err != nil {
		return err
	}
	if len(specs) > 1 {
		if _, err := readLists(c.Specs); err != nil {
			return err
		}
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		var results []listResult
		for _, s := range specs {
			list, added, err := screening.Add(a.ctx, w.DB, actor.Key, shelf(w), s.format, s.path, w.Today())
			if err != nil {
				return err
			}
			for _, r := range list.Rejects[:min(len(list.Rejects), rejectsTold)] {
				a.progress("rejected: %v", r.Fault)
			}
			results = append(results, listResult{list.Name, list.Format, list.SHA256, list.Published, list.Summary(), added})
		}
		return a.print(results, func(out io.Writer) {
			for _, r := range results {
				what := "added"
				if !r.Added {
					what = "already here"
				}
				fmt.Fprintf(out, "%s (%s): %d entries, %d further names, %d rows rejected, %d alias rows without an entry\n",
					r.Name, what, r.Summary.Entities, r.Summary.Aliases, r.Summary.Rejects, r.Summary.OrphanAliases)
			}
		})
	})
}

type listSpec struct{ format, path string }

func parseSpecs(specs []string) ([]listSpec, error) {
	out := make([]listSpec, len(specs))
	for i, s := range specs {
		var err error
		if out[i].format, out[i].path, err = watchlist.ParseSpec(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}
