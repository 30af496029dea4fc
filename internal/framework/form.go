package framework

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
	Type     string   `yaml:"type,required"`
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
	ID            string      `yaml:"id,required"`
	Kind          string      `yaml:"kind,required"`
	Text          string      `yaml:"text,required"`
	Duty          string      `yaml:"duty,required"`
	Grade         string      `yaml:"grade,required"`
	Evidence      string      `yaml:"evidence"`
	Fact          string      `yaml:"fact"`
	When          string      `yaml:"when"`
	Effect        *effectBody `yaml:"effect"`
	MapsTo        []string    `yaml:"maps_to"`
	EffectiveFrom string      `yaml:"effective_from"`
	EffectiveTo   string      `yaml:"effective_to"`
	Recheck       string      `yaml:"recheck"`
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
	State string `yaml:"state,required"` // not_yet, in_effect or ended
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
