package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
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

	Kind    string   `help:"Of NAME: person, organization or vessel." enum:",person,organization,vessel" default:""`
	Born    []string `help:"Of NAME: a date of birth, YYYY, YYYY-MM or YYYY-MM-DD." placeholder:"DATE"`
	Country []string `help:"Of NAME: a country, by code or name." placeholder:"COUNTRY"`
	Number  []string `help:"Of NAME: a passport, registry or other number, also as TYPE:NUMBER." placeholder:"NUMBER" sep:"none"`
	Address []string `help:"Of NAME: an address." placeholder:"ADDRESS" sep:"none"`
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
		s, err := screening.Screen(a.ctx, w.DB, shelf(w), actor.Key, w.Today(), lists, a.count("customers"))
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
			if s.Reopened+s.Stale+s.Recheck > 0 {
				fmt.Fprintf(out, "%d opened again, %d gone, %d confirmed to check again: a side changed\n", s.Reopened, s.Stale, s.Recheck)
			}
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
	SourceID    string               `json:"sourceID"`
	List        string               `json:"list"`
	Name        string               `json:"name"`
	Match       float64              `json:"match"`       // 0 to 1
	Alert       bool                 `json:"alert"`       // what an analyst is shown at the default setting
	Probability float64              `json:"probability"` // that it is the same party, 0 to 1
	Why         string               `json:"why"`
	Parts       []names.Part         `json:"parts,omitempty"`
	Evidence    []watchlist.Evidence `json:"evidence,omitempty"`
	Programs    []string             `json:"programs,omitempty"`
	Topics      []string             `json:"topics,omitempty"`
	Listings    []listing            `json:"listings,omitempty"` // further entries that are certainly the same party
}

// listing is another entry of a party that was hit.
type listing struct {
	List     string `json:"list"`
	SourceID string `json:"sourceID"`
	Name     string `json:"name"`
}

func rounded(share float64) float64 { return math.Round(share*10000) / 10000 }

func asHit(h *watchlist.Hit) hit {
	e := h.Entity
	return hit{SourceID: e.SourceID, List: e.List, Name: h.MatchedName, Match: rounded(h.Score), Alert: h.Alert,
		Probability: rounded(h.Probability), Why: h.Sentence(), Evidence: h.Evidence}
}

// asked is the answer to one name.
type asked struct {
	Hits  []hit            `json:"hits"`
	More  int              `json:"more,omitempty"`  // alerts beyond the limit
	Flags []watchlist.Flag `json:"flags,omitempty"` // what of the question could not be used as it was given
}

var kindNames = map[string]names.Kind{"person": names.Person, "organization": names.Organization, "entity": names.Organization, "vessel": names.Vessel}

func (c *screenCmd) one(a *app, index *watchlist.Index) error {
	found := index.Ask(watchlist.Query{
		Name: c.Name, Kind: kindNames[c.Kind], Countries: c.Country, BirthDates: c.Born, Identifiers: c.Number, Addresses: c.Address,
	}, queryLimit)
	answer := asked{Hits: byParty(found.Hits), More: found.More, Flags: found.Flags}
	return a.print(answer, func(out io.Writer) {
		for _, f := range answer.Flags {
			fmt.Fprintf(out, "note: %s\n", f)
		}
		if len(answer.Hits) == 0 {
			fmt.Fprintln(out, "no entry comes near this name; that says nothing about lists that were not used")
		}
		for _, h := range answer.Hits {
			h.print(out)
		}
		if answer.More > 0 {
			fmt.Fprintf(out, "and %d more that an analyst would be shown\n", answer.More)
		}
	})
}

// byParty shows entries that are certainly one party as one hit, under the best.
func byParty(found []watchlist.Hit) []hit {
	lists := map[string]*watchlist.List{}
	var order []*watchlist.List
	for i := range found {
		e := found[i].Entity
		if lists[e.List] == nil {
			lists[e.List] = &watchlist.List{Name: e.List}
			order = append(order, lists[e.List])
		}
		lists[e.List].Entities = append(lists[e.List].Entities, *e)
	}
	party := map[string]int{}
	for n, p := range watchlist.Parties(order...) {
		for _, e := range p.Listings {
			party[e.List+"|"+e.SourceID] = n
		}
	}
	hits, at := []hit{}, map[int]int{}
	for i := range found {
		h := asHit(&found[i])
		n := party[h.List+"|"+h.SourceID]
		if first, shown := at[n]; shown {
			hits[first].Listings = append(hits[first].Listings, listing{h.List, h.SourceID, h.Name})
			continue
		}
		e := found[i].Entity
		h.Parts, h.Programs, h.Topics = found[i].Match.Parts, e.Programs, e.Topics
		at[n] = len(hits)
		hits = append(hits, h)
	}
	return hits
}

func (h *hit) print(out io.Writer) {
	mark := " "
	if h.Alert {
		mark = "!"
	}
	fmt.Fprintf(out, "%s %.3f  %s  %s (%s), probability %.2f\n", mark, h.Match, h.SourceID, h.Name, h.List, h.Probability)
	fmt.Fprint(out, wrap("          ", h.Why))
	for _, l := range h.Listings {
		fmt.Fprintf(out, "          also %s on %s: %s\n", l.SourceID, l.List, l.Name)
	}
	if len(h.Programs)+len(h.Topics) > 0 {
		fmt.Fprintf(out, "          listed for: %s\n", strings.Join(append(slices.Clone(h.Programs), h.Topics...), ", "))
	}
}

// answered is one line of the answers: what the query said, its hits, and how long
// the search took.
type answered struct {
	ID       json.RawMessage `json:"id,omitempty"`
	Kind     json.RawMessage `json:"kind,omitempty"`
	Query    any             `json:"query"`
	Expected json.RawMessage `json:"expected_id,omitempty"`
	AlsoOK   json.RawMessage `json:"also_ok,omitempty"`
	asked
	MS float64 `json:"ms"`
}

func answerLine(index *watchlist.Index, line []byte) ([]byte, *fault.Error) {
	var in struct {
		answered
		EntityType  any      `json:"entity_type"`
		Countries   []string `json:"countries"`
		BirthDates  []string `json:"birth_dates"`
		Identifiers []string `json:"identifiers"`
		Addresses   []string `json:"addresses"`
		Gender      string   `json:"gender"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, fault.New(fault.Invalid, "the line is not a JSON object", `write {"id":...,"query":...}`)
	}
	name, ok := in.Query.(string)
	if !ok {
		return nil, fault.New(fault.Invalid, "the query has no text", `give "query" as a text`).At("", 0, "query")
	}
	of, _ := in.EntityType.(string)
	start := time.Now()
	found := index.Ask(watchlist.Query{
		Name: name, Kind: kindNames[of], Countries: in.Countries, BirthDates: in.BirthDates, Identifiers: in.Identifiers,
		Addresses: in.Addresses, Gender: in.Gender,
	}, queryLimit)
	in.MS = float64(time.Since(start).Microseconds()) / 1000
	in.asked = asked{Hits: make([]hit, len(found.Hits)), More: found.More, Flags: found.Flags}
	for i := range found.Hits {
		in.Hits[i] = asHit(&found.Hits[i])
	}
	out, err := json.Marshal(in.answered)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot write the answer")
	}
	return out, nil
}
