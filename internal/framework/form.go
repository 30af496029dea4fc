package framework

import "duly/internal/pack"

// Schema gives the JSON Schema of framework packs, for editors.
func Schema() []byte { return pack.Schema(pack.Framework, body{}) }

// body is a framework pack as it is written, behind its header.
type body struct {
	Facts        []factBody        `yaml:"facts"`
	Sections     []sectionBody     `yaml:"sections"`
	Tables       []tableBody       `yaml:"tables"`
	Complete     *completeBody     `yaml:"complete"`
	Prohibitions []prohibitionBody `yaml:"prohibitions"`
	Tests        testsBody         `yaml:"tests"`
}

// factBody has the form of a method's fact. Facts of one id mean the same in every
// pack; those of RM-1 are the common vocabulary.
type factBody struct {
	ID       string   `yaml:"id,required"`
	Type     string   `yaml:"type,required" enum:"text|int|bool|texts"`
	Question string   `yaml:"question,required"`
	Values   []string `yaml:"values"`
	Min      *int64   `yaml:"min"`
	Max      *int64   `yaml:"max"`
}

type sectionBody struct {
	ID    string     `yaml:"id,required"`
	Title string     `yaml:"title,required"`
	Note  string     `yaml:"note"`
	Items []itemBody `yaml:"items,required"`
}

type itemBody struct {
	ID            string      `yaml:"id,required" about:"unique in the pack; a method names it as pack/item"`
	Kind          string      `yaml:"kind,required" enum:"question|step|criterion|red_flag|duty|prohibition|record"`
	Text          string      `yaml:"text,required" about:"what is asked, in own words, one or two short sentences"`
	Duty          string      `yaml:"duty,required" enum:"mandatory|incorporated|advisory"`
	Grade         string      `yaml:"grade,required" enum:"verified|unverified"`
	Evidence      string      `yaml:"evidence" about:"what shows that it is met"`
	Fact          string      `yaml:"fact" about:"the fact that answers it"`
	When          string      `yaml:"when" about:"an expression over facts that raises a red flag or a prohibition"`
	Effect        *effectBody `yaml:"effect" about:"what a method may make of it: a family and a weight, or a stop"`
	MapsTo        []string    `yaml:"maps_to" about:"ids of Duly's requirements, like KY-02"`
	EffectiveFrom string      `yaml:"effective_from" about:"the first day it holds for; without it the pack's"`
	EffectiveTo   string      `yaml:"effective_to" about:"the last day it holds for; without it the pack's"`
	Recheck       string      `yaml:"recheck" about:"the day to look again, where that is sooner than the pack's"`
}

type effectBody struct {
	Family string `yaml:"family"`
	Weight int    `yaml:"weight"`
	Stop   string `yaml:"stop"`
}

type tableBody struct {
	ID       string                       `yaml:"id,required"`
	Title    string                       `yaml:"title,required"`
	Columns  []columnBody                 `yaml:"columns,required"`
	Outcomes map[string]map[string]string `yaml:"outcomes,required"` // what a row may say, with its meaning
	Rows     []rowBody                    `yaml:"rows,required"`
}

type columnBody struct {
	ID       string `yaml:"id,required"`
	Question string `yaml:"question,required"`
	Fact     string `yaml:"fact"` // the fact that gives the value, if one does
	Values   []any  `yaml:"values,required"`
}

type rowBody struct {
	When map[string][]any  `yaml:"when,required"` // a column that is left out may have any value
	Then map[string]string `yaml:"then,required"`
	Why  []string          `yaml:"why,required"` // the items that say so
}

// testsBody are a pack's own tests; see [RunTests].
type testsBody struct {
	Flags        []flagTest        `yaml:"flags"`
	Dates        []dateTest        `yaml:"dates"`
	Tables       []tableTest       `yaml:"tables"`
	Scorecards   []scoreTest       `yaml:"scorecards"`
	Prohibitions []prohibitionTest `yaml:"prohibitions"`
	Complete     []completeTest    `yaml:"complete"`
}

type flagTest struct {
	ID      string           `yaml:"id,required"`
	Raised  []map[string]any `yaml:"raised,required"`
	Clear   []map[string]any `yaml:"clear,required"`
	Unknown []map[string]any `yaml:"unknown,required"`
}

type dateTest struct {
	ID    string `yaml:"id,required"`
	Day   string `yaml:"day,required"`
	State string `yaml:"state,required" enum:"not_yet|in_effect|ended"` // not_yet, in_effect or ended
	Stale bool   `yaml:"stale"`
}

type tableTest struct {
	Table   string              `yaml:"table,required"`
	With    map[string]any      `yaml:"with,required"`
	Expect  []map[string]string `yaml:"expect,required"` // every outcome that is possible, in any order
	Unknown []string            `yaml:"unknown"`         // the columns that would tell
}

type scoreTest struct {
	Name    string            `yaml:"name,required"`
	Answers map[string]string `yaml:"answers,required"` // item to grade
	Expect  map[string]Counts `yaml:"expect,required"`  // section to counts
}
