package assessment

import (
	"io/fs"
	"slices"
	"strconv"
	"sync"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
	"duly/packs"
)

// Guidance is what principle 19 of the UN Guiding Principles allows and requires of the
// vendor, by how it is involved in the harm. No rating reads it. While something is
// unknown it holds all that is possible, never a guess.
type Guidance struct {
	Pack    string            `json:"pack"` // id@version
	SHA256  string            `json:"sha256"`
	With    map[string]string `json:"with"`    // by column of the table, what is known
	Unknown []string          `json:"unknown"` // columns on which it still turns
	Ask     []Ask             `json:"ask"`     // their questions
	Rows    []GuidanceRow     `json:"rows"`    // that are possible
}

// GuidanceRow is one way in which it may come out: by aspect (action, remedy,
// relationship), what follows in plain words, and the items that say so.
type GuidanceRow struct {
	Then map[string]string `json:"then"`
	Why  []string          `json:"why"`
}

// Aspects lists the aspects of the guidance, in the order in which people ask.
var Aspects = []string{"action", "remedy", "relationship"}

// severeFrom is the severity from which on harm counts as severe in principle 19: that
// of harm that is grave for people by itself, or cannot be undone.
const severeFrom = 4

// Principles gives the framework pack that holds the table, as it ships.
var Principles = sync.OnceValues(func() (*framework.Framework, error) {
	const name = "frameworks/ungp.yaml"
	data, err := fs.ReadFile(packs.Files, name)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the guiding principles are missing from this release")
	}
	p, err := pack.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return framework.Load(p)
})

// guidance asks the table with what was known when the rating was made.
func (x *explainer) guidance(out *Explanation) (*Guidance, error) {
	f, err := Principles()
	if err != nil {
		return nil, err
	}
	table, ok := f.Table("gp19")
	if !ok {
		return nil, fault.New(fault.Failed, "the guiding principles of this release have no table gp19", "")
	}
	g := &Guidance{Pack: f.ID + "@" + f.Version, SHA256: f.Hash, With: map[string]string{}, Unknown: []string{}, Ask: []Ask{}}
	values := framework.Values{}
	for _, c := range table.Columns {
		value := x.severe(out)
		if c.Fact != "" {
			value = x.column(out, c.Fact)
		}
		if value != "" && slices.Contains(c.Values, value) {
			g.With[c.ID], values[c.ID] = value, value
		}
	}
	d, err := table.Decide(values)
	if err != nil {
		return nil, err
	}
	for _, id := range d.Unknown {
		g.Unknown = append(g.Unknown, id)
		at := slices.IndexFunc(table.Columns, func(c framework.Column) bool { return c.ID == id })
		if c := table.Columns[at]; c.Fact != "" {
			g.Ask = append(g.Ask, Ask{c.Fact, c.Question})
		}
	}
	for _, row := range d.Rows {
		r := GuidanceRow{map[string]string{}, row.Why}
		for aspect, answer := range row.Then {
			r.Then[aspect] = table.Outcomes[aspect][answer]
		}
		g.Rows = append(g.Rows, r)
	}
	return g, nil
}

// severe says whether the rating's severity counts as severe; "" while its two ends
// differ on that.
func (x *explainer) severe(out *Explanation) string {
	best, worst := out.Best.S >= severeFrom, out.Worst.S >= severeFrom
	if best != worst {
		return ""
	}
	return strconv.FormatBool(worst)
}

// column gives what is known of a fact: by the method where it asks it, otherwise by
// what was stated about the chain.
func (x *explainer) column(out *Explanation, fact string) string {
	if asked := x.again.Inputs[fact].V; asked != nil {
		return valueText(asked)
	}
	if _, ok := out.Inputs[fact]; ok {
		return ""
	}
	const neverStale = 0
	v := x.settled(fact, out.Rated, neverStale)
	if _, unknown := v.UnknownReason(); unknown || v.IsNull() {
		return ""
	}
	return valueText(v.Value())
}

// valueText writes a value as tables do: a truth value as true or false.
func valueText(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	}
	return ""
}
