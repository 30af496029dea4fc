package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/names"
	"duly/internal/screening"
	"duly/internal/watchlist"
	"duly/internal/workspace"
)

type screenCmd struct {
	Name    string   `arg:"" optional:"" help:"One name; the whole register otherwise."`
	Lists   []string `help:"Lists to use instead of the workspace's." placeholder:"FORMAT:PATH" sep:"none"`
	Queries string   `help:"A file of queries, one JSON object a line." placeholder:"Q.jsonl"`
	Out     string   `help:"Where the answers to --queries go." placeholder:"R.jsonl"`
	As      string   `help:"Who screens." placeholder:"PERSON"`
}

// queryLimit is how many hits an answer to a query holds.
const queryLimit = 10

// Run screens one name, a file of queries, or the register.
func (c *screenCmd) Run(a *app) error {
	switch {
	case c.Queries != "" && (c.Out == "" || c.Name != ""):
		return fault.New(fault.Invalid, "--queries needs --out and no NAME", "")
	case c.Queries != "" || c.Name != "":
		lists, err := c.offline(a)
		if err != nil {
			return err
		}
		index := watchlist.NewIndex(lists...)
		if c.Name != "" {
			return c.one(a, index)
		}
		return answerAll(a, index, fingerprint(lists), c.Queries, c.Out)
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		lists, err := c.load(a, w)
		if err != nil {
			return err
		}
		s, err := screening.Screen(a.ctx, w.DB, actor.Key, w.Today(), lists, a.count("customers"))
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) {
			behind := ""
			if s.Behind > 0 {
				behind = fmt.Sprintf(" and %d behind them", s.Behind)
			}
			fmt.Fprintf(out, "%d customers%s against %d entries (%d names) of %d lists\n", s.Customers, behind, s.Entries, s.Names, s.Lists)
			fmt.Fprintf(out, "%d new hits and %d known before, on %d customers; a person closes each with `duly hit close`\n", s.NewHits, s.OldHits, s.Subjects)
		})
	})
}

// load reads the lists that the flags name, or the workspace's.
func (c *screenCmd) load(a *app, w *workspace.Workspace) ([]*watchlist.List, error) {
	if len(c.Lists) == 0 {
		return screening.Load(a.ctx, w.DB, shelf(w))
	}
	return readLists(c.Lists)
}

func readLists(specs []string) ([]*watchlist.List, error) {
	parsed, err := parseSpecs(specs)
	if err != nil {
		return nil, err
	}
	var lists []*watchlist.List
	for _, s := range parsed {
		list, err := watchlist.Read(s.format, s.path)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// offline gives the lists for questions that write nothing; without --lists it opens
// the workspace for its own.
func (c *screenCmd) offline(a *app) ([]*watchlist.List, error) {
	if len(c.Lists) > 0 {
		return readLists(c.Lists)
	}
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return c.load(a, w)
}

// fingerprint names what answers depend on: the lists and the matcher.
func fingerprint(lists []*watchlist.List) string {
	text := fmt.Sprintf("matcher %d", screening.Matcher)
	for _, l := range lists {
		text += " " + l.SHA256
	}
	return text
}

// hit is one hit as printed.
type hit struct {
	SourceID string  `json:"sourceID"`
	List     string  `json:"list"`
	Name     string  `json:"name"`
	Match    float64 `json:"match"` // 0 to 1
	Alert    bool    `json:"alert"`
	Why      string  `json:"why"`
}

func search(index *watchlist.Index, name string, kind names.Kind) []hit {
	hits := []hit{}
	for _, h := range index.Search(watchlist.Query{Name: name, Kind: kind}, queryLimit) {
		hits = append(hits, hit{h.Entity.SourceID, h.Entity.List, h.MatchedName, math.Round(h.Score*10000) / 10000, h.Alert, h.Match.Sentence()})
	}
	return hits
}

func (c *screenCmd) one(a *app, index *watchlist.Index) error {
	hits := search(index, c.Name, names.Other)
	return a.print(hits, func(out io.Writer) {
		if len(hits) == 0 {
			fmt.Fprintln(out, "no entry comes near this name; that says nothing about lists that were not used")
		}
		for _, h := range hits {
			mark := " "
			if h.Alert {
				mark = "!"
			}
			fmt.Fprintf(out, "%s %.3f  %s  %s (%s)\n          %s\n", mark, h.Match, h.SourceID, h.Name, h.List, h.Why)
		}
	})
}

// answered is one line of the answers: what the query said, its hits, and how long
// the search took.
type answered struct {
	ID       json.RawMessage `json:"id,omitempty"`
	Kind     json.RawMessage `json:"kind,omitempty"`
	Query    any             `json:"query"`
	Expected json.RawMessage `json:"expected_id,omitempty"`
	AlsoOK   json.RawMessage `json:"also_ok,omitempty"`
	Hits     []hit           `json:"hits"`
	MS       float64         `json:"ms"`
}

func answerLine(index *watchlist.Index, line []byte) ([]byte, *fault.Error) {
	var in struct {
		answered
		EntityType any `json:"entity_type"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, fault.New(fault.Invalid, "the line is not a JSON object", `write {"id":...,"query":...}`)
	}
	name, ok := in.Query.(string)
	if !ok {
		return nil, fault.New(fault.Invalid, "the query has no text", `give "query" as a text`).At("", 0, "query")
	}
	kind := names.Other
	switch in.EntityType {
	case "person":
		kind = names.Person
	case "entity":
		kind = names.Organization
	case "vessel":
		kind = names.Vessel
	}
	start := time.Now()
	in.Hits = search(index, name, kind)
	in.MS = float64(time.Since(start).Microseconds()) / 1000
	out, err := json.Marshal(in.answered)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot write the answer")
	}
	return out, nil
}
