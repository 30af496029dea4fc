package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/screening"
	"duly/internal/watchlist"
	"duly/internal/workspace"
)

type listsCmd struct {
	Show   listsShowCmd   `cmd:"" default:"1" help:"Show the watchlists in use."`
	Add    listsAddCmd    `cmd:"" help:"Add watchlists to the workspace."`
	Update listsUpdateCmd `cmd:"" help:"Fetch new versions from the sources in lists.yaml."`
}

type listsAddCmd struct {
	Specs []string `arg:"" name:"format:path" help:"FORMAT:PATH, such as ofac:DIR, un:FILE or ftm:FILE; docs/lists.md has the formats."`
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

type listsShowCmd struct{}

// Run shows which version of each list is in use, how old it is and under which
// licence.
func (c *listsShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	now, err := time.Parse(time.DateOnly, w.Today())
	if err != nil {
		return fault.Wrap(fault.Failed, err, "there is no today")
	}
	lists, err := screening.ListsInUse(a.ctx, w.DB, shelf(w), now)
	if err != nil {
		return err
	}
	return a.print(lists, func(out io.Writer) {
		if len(lists) == 0 {
			fmt.Fprintln(out, "There is no watchlist in this workspace. Add one with `duly lists add FORMAT:PATH`.")
		}
		for _, l := range lists {
			showList(out, l)
		}
	})
}

func showList(out io.Writer, l screening.InUse) {
	if l.Name == "" {
		fmt.Fprintf(out, "%s: no version yet\n  last try %s: %s\n", l.Feed, l.Failed, l.Why)
		return
	}
	published := "publication date not known"
	if l.Published != "" {
		published = "published " + l.Published
	}
	fmt.Fprintf(out, "%s (%s): %d entries, %d rows rejected\n  %s, added %s, %d days old; sha256 %s\n", l.Name, l.Format, l.Entries, l.Rejects, published, l.Added, l.Age, l.SHA256)
	if l.License != "" {
		fmt.Fprintf(out, "  licence: %s\n", l.License)
	}
	if l.Checked != "" {
		fmt.Fprintf(out, "  source %s, checked %s\n", l.Feed, l.Checked)
	}
	if l.Failed != "" {
		fmt.Fprintf(out, "  the last try, %s, failed: %s\n", l.Failed, l.Why)
	}
}

type listsUpdateCmd struct {
	Names        []string `arg:"" optional:"" name:"name" help:"Names in lists.yaml; all of them when none is given."`
	From         string   `help:"Work offline: a directory with a file or directory for each list, instead of its source." placeholder:"DIR"`
	AcceptShrink bool     `help:"Take a version that lacks more than a tenth of the entries in use."`
	As           string   `help:"Who updates them." placeholder:"PERSON"`
}

const (
	feedsFile    = "lists.yaml"
	fetchTimeout = 10 * time.Minute // for one file
	deltaTold    = 10               // ids that are told of each kind of change
)

// Run updates the lists one by one. One that fails keeps its old version and stops
// no other; then the command fails with the first of them.
func (c *listsUpdateCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		feeds, err := screening.ReadFeeds(filepath.Join(w.Dir, feedsFile))
		if err != nil {
			return err
		}
		if feeds, err = chosen(feeds, c.Names); err != nil {
			return err
		}
		u := &screening.Updater{
			DB: w.DB, Shelf: shelf(w), Actor: actor.Key, Now: w.Now, Dir: c.From, Shrink: c.AcceptShrink,
			Client: &http.Client{Timeout: fetchTimeout},
		}
		results := []*screening.Updated{}
		var failed error
		for _, f := range feeds {
			r, err := u.Update(a.ctx, f)
			if err != nil {
				return err
			}
			results = append(results, r)
			if r.Err != nil && failed == nil {
				failed = r.Err
			}
		}
		err = a.print(results, func(out io.Writer) {
			for _, r := range results {
				showUpdate(out, r)
			}
		})
		if failed != nil {
			return failed
		}
		return err
	})
}

// chosen gives the feeds of the names, or all.
func chosen(feeds []screening.Feed, names []string) ([]screening.Feed, error) {
	if len(names) == 0 {
		return feeds, nil
	}
	var out []screening.Feed
	for _, n := range names {
		i := slices.IndexFunc(feeds, func(f screening.Feed) bool { return f.Name == n })
		if i < 0 {
			return nil, fault.Newf(fault.NotFound, "%s names no list %q", feedsFile, n)
		}
		out = append(out, feeds[i])
	}
	return out, nil
}

func showUpdate(out io.Writer, r *screening.Updated) {
	switch r.Outcome {
	case "kept":
		fmt.Fprintf(out, "%s: kept as it is: %s\n", r.Name, r.Why)
		return
	case "unchanged":
		fmt.Fprintf(out, "%s: unchanged, %d entries\n", r.Name, r.Entries)
		return
	case "first":
		fmt.Fprintf(out, "%s: first version of %s, %d entries, %d rows rejected\n", r.Name, r.List, r.Entries, r.Rejects)
		return
	}
	fmt.Fprintf(out, "%s: new version of %s, %d entries, %d rows rejected\n", r.Name, r.List, r.Entries, r.Rejects)
	for _, change := range []struct {
		what string
		ids  []string
	}{{"added", r.Delta.Added}, {"removed", r.Delta.Removed}, {"changed", r.Delta.Changed}} {
		told := strings.Join(change.ids[:min(len(change.ids), deltaTold)], " | ")
		if len(change.ids) > deltaTold {
			told += " ..."
		}
		fmt.Fprintf(out, "  %s %d: %s\n", change.what, len(change.ids), told)
	}
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
