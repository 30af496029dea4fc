package assurance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/store"
	"duly/packs"
)

// body is what a pack of controls holds below its header.
type body struct {
	Coverage map[string]int64 `yaml:"required_coverage,required" about:"by level of assurance: how much of the population has to be examined before anything favourable is concluded, in hundredths of a per cent"`
	Controls []Control        `yaml:"controls,required"`
	Tests    testsBody        `yaml:"tests,required"`
}

// Control is one thing that a due-diligence process does, so that something does not go
// wrong.
type Control struct {
	ID           string   `yaml:"id,required" json:"id"`
	Title        string   `yaml:"title,required" json:"title"`
	Objective    string   `yaml:"objective,required" json:"objective" about:"what must not happen, or must"`
	Owner        string   `yaml:"owner,required" json:"owner" enum:"administrator|analyst|approver|governing_body|sales|expert|panel_member" about:"the role that answers for it"`
	Frequency    string   `yaml:"frequency,required" json:"frequency" enum:"each|daily|weekly|monthly|quarterly|yearly" about:"each: whenever the thing happens that it is about"`
	Means        string   `yaml:"means,required" json:"means" enum:"automated|manual|both"`
	Evidence     string   `yaml:"evidence,required" json:"evidence" about:"what an assessor looks at"`
	OECD         []int64  `yaml:"oecd,required" json:"oecd" about:"steps 1 to 6 of OECD's due-diligence guidance"`
	UNGP         []int64  `yaml:"ungp,required" json:"ungp" about:"numbers of the UN Guiding Principles, 11 to 31"`
	Findings     []string `yaml:"findings" json:"findings" about:"which of the eight findings of 2019 on doorbell cameras it answers (RG-04)"`
	Requirements []string `yaml:"requirements" json:"requirements" about:"ids of Duly's requirements, like KY-02"`
	Kinds        []string `yaml:"kinds,required" json:"kinds" about:"kinds of entry in the log that prove it; empty where nothing in the log does"`
	Whole        string   `yaml:"whole" json:"whole" about:"the rule by which the verifier holds all of them to it, where one does; then no sample is needed for what the rule tests"`
	Tolerable    int64    `yaml:"tolerable,required" json:"tolerable" about:"the highest rate of deviations with which it still counts as effective, in hundredths of a per cent"`
}

// Findings are the eight findings of 2019 on doorbell cameras and the police (RG-04).
var Findings = []string{
	"recipient_security", "third_party_sharing", "retention", "evidentiary_standard", "sale_of_biometrics", "off_property_capture", "footage_of_children", "requests_breaching_terms",
}

// Owners, frequencies and means, as packs write them.
var (
	owners      = []string{"administrator", "analyst", "approver", "governing_body", "sales", "expert", "panel_member"}
	frequencies = []string{"each", "daily", "weekly", "monthly", "quarterly", "yearly"}
	means       = []string{"automated", "manual", "both"}
)

// kindRE is what a kind of entry can be called. Kinds name tables.
var kindRE = regexp.MustCompile(`^[a-z][a-z_]{0,40}$`)

// Library is a pack of controls that was read.
type Library struct {
	ID, Version, Title string
	Hash               string // of the pack
	Controls           []Control
	coverage           map[string]int64
	pack               *pack.Pack
}

// LoadLibrary reads a pack of controls.
//
// Errors are faults that name file and line.
func LoadLibrary(p *pack.Pack) (*Library, error) {
	l, _, err := load(p)
	return l, err
}

// Shipped gives the library that ships with Duly.
func Shipped() (*Library, error) {
	const name = "controls/base.yaml"
	data, err := fs.ReadFile(packs.Files, name)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the controls are missing from this release")
	}
	p, err := pack.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return LoadLibrary(p)
}

func load(p *pack.Pack) (*Library, *body, error) {
	var b body
	if p.Kind != pack.Controls {
		return nil, nil, p.Fault("this is a pack of kind "+p.Kind+", not of kind controls", "")
	}
	if err := p.Decode(&b); err != nil {
		return nil, nil, err
	}
	for level, least := range bundle.LeastCoverage {
		if got, ok := b.Coverage[level]; !ok || got < least || got > bundle.Whole {
			return nil, nil, p.Fault(fmt.Sprintf("required_coverage needs %s, from %d to %d", level, least, bundle.Whole), "the verifier has this floor; a pack may only ask for more", "required_coverage")
		}
	}
	if len(b.Coverage) != len(bundle.LeastCoverage) {
		return nil, nil, p.Fault("required_coverage has a level that is not known", "use limited and reasonable", "required_coverage")
	}
	l := &Library{ID: p.ID, Version: p.Version, Title: p.Title, Hash: p.Hash, Controls: b.Controls, coverage: b.Coverage, pack: p}
	seen := map[string]bool{}
	for i := range b.Controls {
		c := &b.Controls[i]
		if seen[c.ID] {
			return nil, nil, p.Fault(c.ID+" stands twice", "", "controls", i, "id")
		}
		seen[c.ID] = true
		if field, what := c.refuses(); what != "" {
			return nil, nil, p.Fault(what, "", "controls", i, field)
		}
	}
	return l, &b, nil
}

// refuses says what is wrong with a control, and in which key; empty when nothing is.
func (c *Control) refuses() (field, what string) {
	outside := func(list []int64, from, to int64) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(n int64) bool { return n < from || n > to })
	}
	unknown := slices.IndexFunc(c.Findings, func(f string) bool { return !slices.Contains(Findings, f) })
	rule, known := bundle.RuleOf(c.Whole)
	switch {
	case c.ID == "" || c.Objective == "" || c.Evidence == "":
		return "id", "a control has an id, an objective and evidence"
	case !slices.Contains(owners, c.Owner):
		return "owner", fmt.Sprintf("%q is no role that can answer for a control", c.Owner)
	case !slices.Contains(frequencies, c.Frequency):
		return "frequency", fmt.Sprintf("%q is no frequency; use one of %s", c.Frequency, strings.Join(frequencies, ", "))
	case !slices.Contains(means, c.Means):
		return "means", fmt.Sprintf("%q is not automated, manual or both", c.Means)
	case outside(c.OECD, 1, 6):
		return "oecd", "a control serves one of the six steps of OECD's guidance at least"
	case outside(c.UNGP, 11, 31):
		return "ungp", "a control serves one of the principles 11 to 31 at least"
	case unknown >= 0:
		return "findings", fmt.Sprintf("%q is none of the findings; use one of %s", c.Findings[unknown], strings.Join(Findings, ", "))
	case slices.ContainsFunc(c.Kinds, func(k string) bool { return !kindRE.MatchString(k) }):
		return "kinds", "a kind of entry is written in small letters"
	case c.Tolerable < 0 || c.Tolerable > 2000:
		return "tolerable", "a tolerable rate is from 0 to 2000 hundredths of a per cent"
	case c.Whole != "" && !known:
		return "whole", fmt.Sprintf("the verifier has no rule %q", c.Whole)
	case c.Whole != "" && !slices.ContainsFunc(rule.Kinds, func(k string) bool { return slices.Contains(c.Kinds, k) }):
		return "whole", fmt.Sprintf("the rule %s is about none of the kinds that prove this control", c.Whole)
	}
	return "", ""
}

// Required gives how much of a population has to be examined before anything favourable
// is concluded at a level of assurance, in hundredths of a per cent.
func (l *Library) Required(level string) int64 { return l.coverage[level] }

// Control gives a control by its id.
//
// The code is NotFound when the library has none of that id.
func (l *Library) Control(id string) (*Control, error) {
	i := slices.IndexFunc(l.Controls, func(c Control) bool { return c.ID == id })
	if i < 0 {
		return nil, fault.Newf(fault.NotFound, "the library %s has no control %q", l.ID, id).WithFix("see them with `duly control list`")
	}
	return &l.Controls[i], nil
}

// Name gives the hash by which the log names a control of this library, which is public:
// whoever has the pack finds it again.
func (l *Library) Name(id string) string {
	sum := sha256.Sum256([]byte("duly control " + l.Hash + " " + id))
	return hex.EncodeToString(sum[:])
}

// Gap is something that no control of a library serves. It is a finding of its own: the
// process has nothing for it.
type Gap struct {
	Of   string `json:"of"`   // oecd or finding
	Name string `json:"name"` // the number of the step, or the finding
}

// Gaps gives the steps of OECD's guidance and the findings that no control serves.
func (l *Library) Gaps() []Gap {
	gaps := []Gap{}
	serves := func(has func(*Control) bool) bool {
		return slices.ContainsFunc(l.Controls, func(c Control) bool { return has(&c) })
	}
	for step := int64(1); step <= 6; step++ {
		if !serves(func(c *Control) bool { return slices.Contains(c.OECD, step) }) {
			gaps = append(gaps, Gap{"oecd", fmt.Sprint(step)})
		}
	}
	for _, f := range Findings {
		if !serves(func(c *Control) bool { return slices.Contains(c.Findings, f) }) {
			gaps = append(gaps, Gap{"finding", f})
		}
	}
	return gaps
}

// Trail says what a log has of a control.
type Trail string

// What a log has of a control. A control without a trail may still be performed; the
// assessor then looks for what shows it elsewhere, and a control that leaves none of the
// entries by which it is known is not shown to be performed.
const (
	Recorded  Trail = "recorded"         // entries of its kinds
	Nothing   Trail = "nothing_recorded" // none
	Elsewhere Trail = "elsewhere"        // the log does not record it
)

// Trail says what a log with so many entries of each kind has of a control.
func (c *Control) Trail(entries map[string]int64) Trail {
	switch {
	case len(c.Kinds) == 0:
		return Elsewhere
	case slices.ContainsFunc(c.Kinds, func(k string) bool { return entries[k] > 0 }):
		return Recorded
	}
	return Nothing
}

// Entries counts the entries of each kind that proves one of the library's controls.
func (l *Library) Entries(ctx context.Context, q store.Queryer) (map[string]int64, error) {
	entries := map[string]int64{}
	for i := range l.Controls {
		for _, kind := range l.Controls[i].Kinds {
			if _, counted := entries[kind]; counted {
				continue
			}
			rows, err := q.Query(ctx, "select count(*) from r_"+kind)
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "the log has no kind of entry "+kind)
			}
			var n int64
			for rows.Next() {
				err = rows.Scan(&n)
			}
			if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
				return nil, fault.Wrap(fault.Failed, err, "cannot count the entries")
			}
			entries[kind] = n
		}
	}
	return entries, nil
}

// Schema gives the JSON Schema of packs of controls.
func Schema() []byte { return pack.Schema(pack.Controls, body{}) }
