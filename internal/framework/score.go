package framework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
)

// Result says how far an item is met.
type Result string

// The results. What nobody answered is Unanswered, and that is never Met.
const (
	Met        Result = "met"
	Partly     Result = "partly"
	Unmet      Result = "unmet"
	Unanswered Result = "unknown"
)

var results = []Result{Met, Partly, Unmet, Unanswered}

// Answer is what somebody found about an item.
type Answer struct {
	Result   Result `json:"result"`
	Evidence string `json:"evidence,omitempty"` // what shows it; needed for met and partly
}

// Counts counts items by their result.
type Counts struct {
	Met     int `json:"met" yaml:"met"`
	Partly  int `json:"partly" yaml:"partly"`
	Unmet   int `json:"unmet" yaml:"unmet"`
	Unknown int `json:"unknown" yaml:"unknown"`
}

// Items is how many items were counted.
func (c Counts) Items() int { return c.Met + c.Partly + c.Unmet + c.Unknown }

func (c *Counts) add(r Result) {
	switch r {
	case Met:
		c.Met++
	case Partly:
		c.Partly++
	case Unmet:
		c.Unmet++
	default:
		c.Unknown++
	}
}

// Scorecard is how far the items of a framework are met, by section.
type Scorecard struct {
	Framework string         `json:"framework"`
	Version   string         `json:"version"`
	SHA256    string         `json:"sha256"` // of the pack
	Day       string         `json:"day"`
	Sections  []SectionScore `json:"sections"` // those with items that are met or not
	Total     Counts         `json:"total"`
}

// SectionScore is one section of a scorecard.
type SectionScore struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Counts
	Items []ItemScore `json:"items"`
}

// ItemScore is one item of a scorecard.
type ItemScore struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Duty  Duty   `json:"duty"`
	Grade string `json:"grade"`           // of the item: verified or unverified
	Stale bool   `json:"stale,omitempty"` // the item must be looked up again in its source
	Answer
}

// Score counts how far the items in effect on a day are met, by what was answered of
// each; items without an answer are unknown. Red flags and prohibitions are not
// scored. An answer to an item that is not there or not scored, a result that does
// not exist, and met or partly without evidence are errors.
func (f *Framework) Score(answers map[string]Answer, day string) (Scorecard, error) {
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		if err := f.checkAnswer(id, answers[id]); err != nil {
			return Scorecard{}, err
		}
	}
	card := Scorecard{Framework: f.ID, Version: f.Version, SHA256: f.Hash, Day: day}
	for _, s := range f.sections {
		score := SectionScore{ID: s.ID, Title: s.Title}
		for _, x := range s.Items {
			if !x.Kind.Scored() || x.State(day) != InEffect {
				continue
			}
			a := answers[x.ID]
			if a.Result == "" {
				a.Result = Unanswered
			}
			score.add(a.Result)
			card.Total.add(a.Result)
			score.Items = append(score.Items, ItemScore{x.ID, x.Text, x.Duty, x.Grade, x.Stale(day), a})
		}
		if len(score.Items) > 0 {
			card.Sections = append(card.Sections, score)
		}
	}
	return card, nil
}

func (f *Framework) checkAnswer(id string, a Answer) error {
	bad := func(what, fix string) error { return fault.New(fault.Invalid, what, fix).At("", 0, id) }
	x := f.items[id]
	switch {
	case x == nil:
		return bad(fmt.Sprintf("the framework %s has no such item", f.ID), "see duly framework show "+f.ID)
	case !x.Kind.Scored():
		return bad(fmt.Sprintf("an item of kind %s is raised or clear, and not met", x.Kind), "leave it out")
	case !slices.Contains(results, a.Result):
		return bad(fmt.Sprintf("%q is not a result", a.Result), "use met, partly, unmet or unknown")
	case (a.Result == Met || a.Result == Partly) && strings.TrimSpace(a.Evidence) == "":
		return bad(fmt.Sprintf("an item is %s by evidence, and none is named", a.Result), "say what shows it, or use unknown")
	}
	return nil
}
