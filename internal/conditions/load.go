package conditions

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"duly/internal/pack"
	"duly/internal/rule"
)

// Set is what a pack of conditions holds.
type Set struct {
	ID, Version string
	Hash        string       // of the pack's exact bytes
	Conditions  []*Condition // by ID, then From

	shows map[[2]string]string // service and call -> capability
}

// Shows gives the capability that a call of a service shows whoever makes it; "" when the
// pack names none.
func (s *Set) Shows(source, name string) string { return s.shows[[2]string{source, name}] }

// Capabilities lists what calls show by this pack.
func (s *Set) Capabilities() []string {
	return slices.Compact(slices.Sorted(maps.Values(s.shows)))
}

// shown is what a pack says that calls of a service show.
type shown struct {
	Capability string   `yaml:"capability,required"` // as deployments declare it
	Source     string   `yaml:"source,required"`     // event.source
	Names      []string `yaml:"names,required"`      // event.name
}

type body struct {
	SectorGroups map[string][]string `yaml:"sector_groups"`
	Parameters   []parameter         `yaml:"parameters"`
	Shows        []shown             `yaml:"shows"` // which calls show which capability, whether or not a condition asks for them
	Conditions   []clause            `yaml:"conditions,required"`
	Tests        []example           `yaml:"tests,required"`
}

// clause is a condition as a pack writes it.
type clause struct {
	ID             string   `yaml:"id,required"`
	Title          string   `yaml:"title,required"`
	Text           string   `yaml:"text,required"`
	Product        string   `yaml:"product"`
	Status         string   `yaml:"status,required"`
	IncorporatedBy string   `yaml:"incorporated_by"`
	From           string   `yaml:"effective_from,required"`
	Until          string   `yaml:"effective_until"`
	Replaces       string   `yaml:"replaces"`
	Enforcement    string   `yaml:"enforcement,required"`
	CheckedBy      []string `yaml:"checked_by,required"`
	NotSeen        string   `yaml:"not_seen"`
	Severity       string   `yaml:"severity,required"`
	BlindSpot      bool     `yaml:"blind_spot"`
	Source         Source   `yaml:"source,required"`
	Scope          Scope    `yaml:"scope"`
	Events         string   `yaml:"events"`
	Deviation      string   `yaml:"deviation"`
	Evidence       []string `yaml:"evidence"`
	Window         *Window  `yaml:"window"`
}

// eventVars are the fields of a call that rules and evidence may name, and the count of
// a window.
var eventVars = map[string]rule.Type{
	"event.source": rule.Text, "event.name": rule.Text, "event.region": rule.Text, counted: rule.Int,
}

// Load reads and checks a pack of conditions. Every fault is a *fault.Error with
// its place in the pack. It does not run the pack's tests; [RunTests] does.
func Load(p *pack.Pack) (*Set, error) {
	set, _, err := load(p)
	return set, err
}

func load(p *pack.Pack) (*Set, *body, error) {
	if p.Kind != pack.Conditions {
		return nil, nil, p.Fault(fmt.Sprintf("this is a pack of kind %s, not conditions", p.Kind), "", "kind")
	}
	var b body
	if err := p.Decode(&b); err != nil {
		return nil, nil, err
	}
	l := &loader{p: p, b: &b, params: map[string]*parameter{}}
	if err := l.declare(); err != nil {
		return nil, nil, err
	}
	set := &Set{ID: p.ID, Version: p.Version, Hash: p.Hash}
	for i := range b.Conditions {
		c, err := l.condition(i)
		if err != nil {
			return nil, nil, err
		}
		set.Conditions = append(set.Conditions, c)
	}
	if err := l.versions(set); err != nil {
		return nil, nil, err
	}
	return set, &b, l.shows(set)
}

// shows reads which calls show which capability. A call shows one.
func (l *loader) shows(set *Set) error {
	set.shows = map[[2]string]string{}
	for i, s := range l.b.Shows {
		if !nameRE.MatchString(s.Capability) {
			return l.p.Fault(fmt.Sprintf("%q cannot name a capability", s.Capability), "write it as deployments declare it", "shows", i, "capability")
		}
		for j, name := range s.Names {
			if set.shows[[2]string{s.Source, name}] != "" {
				return l.p.Fault(fmt.Sprintf("%s of %s stands twice", name, s.Source), "a call shows one capability", "shows", i, "names", j)
			}
			set.shows[[2]string{s.Source, name}] = s.Capability
		}
	}
	return nil
}

type loader struct {
	p          *pack.Pack
	b          *body
	params     map[string]*parameter // by variable name
	vocabulary vocabulary
	env        *rule.Env
}

var nameRE = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

var paramTypes = map[string]rule.Type{
	"number": rule.Number, "int": rule.Int, "bool": rule.Bool, "text": rule.Text,
	"texts": rule.Texts, "present": rule.Bool,
}

// declare checks the parameters and makes the variables that rules read.
func (l *loader) declare() error {
	vars := maps.Clone(eventVars)
	for i := range l.b.Parameters {
		q := &l.b.Parameters[i]
		name := "param." + q.Name
		q.typ = paramTypes[q.Type]
		switch {
		case !nameRE.MatchString(q.Name):
			return l.p.Fault(fmt.Sprintf("%q cannot name a parameter", q.Name), "use small letters, digits and _", "parameters", i, "name")
		case l.params[name] != nil:
			return l.p.Fault(fmt.Sprintf("the parameter %q stands twice", q.Name), "keep one of them", "parameters", i, "name")
		case q.typ == 0:
			return l.p.Fault(fmt.Sprintf("%q is not a type of parameter", q.Type), "use number, int, bool, text, texts or present", "parameters", i, "type")
		case len(q.Paths) == 0:
			return l.p.Fault("a parameter needs at least one path", "", "parameters", i, "paths")
		case len(q.Join) > 0 && (q.typ != rule.Texts || len(q.Missing) != len(q.Join)):
			return l.p.Fault("join is for texts, and needs as many items in missing", "", "parameters", i, "join")
		case len(q.AtLeast) > 0 && q.typ != rule.Number:
			return l.p.Fault("at_least is for numbers", "", "parameters", i, "at_least")
		}
		if err := l.paths(q, i); err != nil {
			return err
		}
		for event, v := range q.Absent {
			typed, ok := q.typed(v)
			if !ok {
				return l.p.Fault(fmt.Sprintf("%v is not a value of type %s", v, q.Type), "", "parameters", i, "absent", event)
			}
			q.Absent[event] = typed
		}
		q.at = len(l.vocabulary.params)
		l.vocabulary.params = append(l.vocabulary.params, q)
		l.params[name], vars[name] = q, q.typ
	}
	var err error
	l.env, err = rule.NewEnv(vars)
	return l.p.Place(err, "parameters")
}

func (l *loader) paths(q *parameter, i int) error {
	for _, list := range []struct {
		key  string
		text []string
		into *[]path
	}{{"paths", q.Paths, &q.paths}, {"join", q.Join, &q.join}} {
		for j, text := range list.text {
			at, err := parsePath(text)
			if err != nil {
				return l.p.Place(err, "parameters", i, list.key, j)
			}
			*list.into = append(*list.into, at)
		}
	}
	for j, at := range q.paths {
		if at.lists() != (q.typ == rule.Texts) && q.Type != "present" {
			return l.p.Fault("a path through a list gives texts, and texts come through a list", `write name[] for a list`, "parameters", i, "paths", j)
		}
	}
	return nil
}

// typed gives a default as rules read it.
func (q *parameter) typed(v any) (any, bool) {
	switch v := v.(type) {
	case int64:
		if q.typ == rule.Number {
			return float64(v), true
		}
		return v, q.typ == rule.Int
	case float64:
		return v, q.typ == rule.Number && !math.IsInf(v, 0)
	case bool:
		return v, q.typ == rule.Bool
	case string:
		return v, q.typ == rule.Text
	case []any:
		out := []string{}
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, q.typ == rule.Texts
	}
	return nil, false
}

func (l *loader) condition(i int) (*Condition, error) {
	w := &l.b.Conditions[i]
	if err := l.words(w, i); err != nil {
		return nil, err
	}
	c := &Condition{
		ID: w.ID, Title: w.Title, Text: strings.TrimSpace(w.Text), Product: w.Product,
		Status: Status(w.Status), IncorporatedBy: w.IncorporatedBy,
		From: w.From, Until: w.Until, Replaces: w.Replaces, Severity: w.Severity,
		Enforcement: w.Enforcement, CheckedBy: w.CheckedBy, NotSeen: strings.TrimSpace(w.NotSeen),
		BlindSpot: w.BlindSpot, Source: w.Source, Scope: w.Scope,
		evidence: w.Evidence, params: l.params, words: &l.vocabulary,
	}
	c.Scope.Sectors = l.sectors(w.Scope.Sectors)
	if err := l.days(c, i); err != nil {
		return nil, err
	}
	if err := l.rules(c, w, i); err != nil {
		return nil, err
	}
	c.Hash, c.Terms = l.hash(c, w), terms(c)
	return c, nil
}

var idRE = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,63}$`)

// words checks what is chosen from closed lists.
func (l *loader) words(w *clause, i int) error {
	if !idRE.MatchString(w.ID) {
		return l.p.Fault(fmt.Sprintf("%q cannot be a condition's id", w.ID), "use capital letters, digits and hyphens", "conditions", i, "id")
	}
	for _, q := range []struct {
		key, value string
		of         []string
	}{
		{"status", w.Status, []string{string(Mandatory), string(Incorporated), string(Advisory)}},
		{"enforcement", w.Enforcement, []string{"technical", "attestation", "audit"}},
		{"severity", w.Severity, []string{"low", "medium", "high", "critical"}},
	} {
		if !slices.Contains(q.of, q.value) {
			return l.p.Fault(fmt.Sprintf("%q is not a %s", q.value, q.key), "use "+strings.Join(q.of, ", "), "conditions", i, q.key)
		}
	}
	if w.Source.Grade != "verified" && w.Source.Grade != "unverified" {
		return l.p.Fault(fmt.Sprintf("%q is not a grade of a source", w.Source.Grade), "use verified or unverified", "conditions", i, "source", "grade")
	}
	if incorporated := w.Status == string(Incorporated); incorporated != (w.IncorporatedBy != "") {
		return l.p.Fault("a condition is incorporated by a clause, and no other names one", "write status: incorporated with incorporated_by, or neither", "conditions", i, "status")
	}
	return l.checks(w, i)
}

var checks = []string{Telemetry, Metering, Audit, Attestation, Nobody}

// checks keeps what a condition says of its checking to what its rules can do: only
// calls that are judged are checked by telemetry, and what that cannot show is said.
func (l *loader) checks(w *clause, i int) error {
	for j, c := range w.CheckedBy {
		if !slices.Contains(checks, c) || slices.Contains(w.CheckedBy[:j], c) {
			return l.p.Fault(fmt.Sprintf("%q does not say what checks it", c), "use each once: "+strings.Join(checks, ", "), "conditions", i, "checked_by", j)
		}
	}
	judged := slices.Contains(w.CheckedBy, Telemetry)
	switch {
	case len(w.CheckedBy) == 0 || len(w.CheckedBy) > 1 && slices.Contains(w.CheckedBy, Nobody):
		return l.p.Fault("checked_by is what checks the condition, or nobody", "write checked_by: [nobody] for a promise", "conditions", i, "checked_by")
	case judged != (w.Deviation != ""):
		return l.p.Fault("telemetry checks what has a rule for deviations, and nothing else", "write both or neither", "conditions", i, "checked_by")
	case judged && w.NotSeen == "":
		return l.p.Fault("no telemetry shows everything", "say in not_seen what it cannot show", "conditions", i, "checked_by")
	}
	return nil
}

func (l *loader) sectors(names []string) []string {
	var out []string
	for _, n := range names {
		if group, ok := l.b.SectorGroups[n]; ok {
			out = append(out, group...)
		} else {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (l *loader) days(c *Condition, i int) error {
	var err error
	if c.from, err = time.Parse(time.DateOnly, c.From); err != nil {
		return l.p.Fault(fmt.Sprintf("%q is not a day", c.From), "write it as YYYY-MM-DD", "conditions", i, "effective_from")
	}
	if c.Until == "" {
		return nil
	}
	if c.until, err = time.Parse(time.DateOnly, c.Until); err != nil {
		return l.p.Fault(fmt.Sprintf("%q is not a day", c.Until), "write it as YYYY-MM-DD", "conditions", i, "effective_until")
	}
	if !c.from.Before(c.until) {
		return l.p.Fault("the condition ends before it begins", "effective_until is the first day it no longer holds", "conditions", i, "effective_until")
	}
	return nil
}

// rules compiles what decides about calls.
func (l *loader) rules(c *Condition, w *clause, i int) error {
	if w.Events == "" {
		if w.Deviation != "" || len(w.Evidence) > 0 || w.BlindSpot || w.Window != nil {
			return l.p.Fault("without events there is nothing to judge", "say which calls count in events", "conditions", i)
		}
		return nil
	}
	var err error
	if c.events, err = l.env.Compile(w.Events); err != nil {
		return l.p.Place(err, "conditions", i, "events")
	}
	required := c.events.Required()
	if len(required["event.source"]) == 0 || len(required["event.name"]) == 0 {
		return l.p.Fault("events must name the service and the calls that count",
			`write event.source == "..." && event.name in [...]`, "conditions", i, "events")
	}
	reads := c.events.Vars()
	if w.Deviation != "" {
		if c.deviation, err = l.env.Compile(w.Deviation); err != nil {
			return l.p.Place(err, "conditions", i, "deviation")
		}
		reads = append(reads, c.deviation.Vars()...)
	}
	for _, name := range reads {
		if q := l.params[name]; q != nil && !slices.Contains(c.reads, q.at) {
			c.reads = append(c.reads, q.at)
		}
		c.region = c.region || name == "event.region"
	}
	slices.Sort(c.reads)
	c.group, c.at = l.vocabulary.group(c.reads, c.region)
	for j, name := range w.Evidence {
		if _, ok := l.env.Has(name); !ok || name == counted {
			return l.p.Fault(fmt.Sprintf("%q is not a field of an event or a parameter", name), "", "conditions", i, "evidence", j)
		}
	}
	return l.windowed(c, w, i)
}

// hash binds a version of a condition to all that it says, and to the parameters that
// it reads, whose defaults are part of its meaning.
func (l *loader) hash(c *Condition, w *clause) string {
	reads := map[string]bool{}
	for _, r := range []*rule.Rule{c.events, c.deviation} {
		if r != nil {
			for _, v := range r.Vars() {
				reads[v] = true
			}
		}
	}
	for _, v := range w.Evidence {
		reads[v] = true
	}
	if w.Window != nil {
		for _, v := range append(slices.Clone(w.Window.By), w.Window.Count) {
			reads[v] = true
		}
	}
	var params []*parameter
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		if q := l.params[name]; q != nil {
			params = append(params, q)
		}
	}
	return digest("duly/condition/1", struct {
		Clause     *clause
		Sectors    []string
		Parameters []*parameter
	}{w, c.Scope.Sectors, params})
}

// terms leaves out how the condition is checked, and the day on which it ends: a later
// version ends this one, and does not change what was agreed.
func terms(c *Condition) string {
	return digest("duly/terms/1", []any{c.ID, c.Title, c.Text, c.Product, c.Status, c.IncorporatedBy, c.From, c.Replaces, c.Scope})
}

func digest(what string, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("conditions: a decoded condition cannot be written: " + err.Error())
	}
	sum := sha256.Sum256(append([]byte(what+"\n"), text...))
	return hex.EncodeToString(sum[:])
}

// versions sorts the conditions and refuses two versions of one for the same day.
func (l *loader) versions(set *Set) error {
	slices.SortStableFunc(set.Conditions, func(a, b *Condition) int {
		if d := strings.Compare(a.ID, b.ID); d != 0 {
			return d
		}
		return strings.Compare(a.From, b.From)
	})
	for i := 1; i < len(set.Conditions); i++ {
		a, b := set.Conditions[i-1], set.Conditions[i]
		if a.ID == b.ID && (a.Until == "" || b.From < a.Until) {
			at := slices.IndexFunc(l.b.Conditions, func(w clause) bool { return w.ID == b.ID && w.From == b.From })
			return l.p.Fault(fmt.Sprintf("two versions of %s hold on %s", b.ID, b.From), "end the earlier one with effective_until", "conditions", at, "effective_from")
		}
	}
	for _, c := range set.Conditions {
		ended := func(o *Condition) bool { return o.ID == c.Replaces && o.Until == c.From }
		if c.Replaces != "" && !slices.ContainsFunc(set.Conditions, ended) {
			at := slices.IndexFunc(l.b.Conditions, func(w clause) bool { return w.ID == c.ID && w.From == c.From })
			return l.p.Fault(fmt.Sprintf("%s does not end on %s", c.Replaces, c.From), "a condition replaces one that ends where it begins", "conditions", at, "replaces")
		}
	}
	for _, c := range set.Conditions {
		c.Line = set.line(c.ID, nil)
	}
	return nil
}

// line follows what a condition replaced, each id once.
func (s *Set) line(id string, before []string) []string {
	if slices.Contains(before, id) {
		return before
	}
	before = append(before, id)
	for _, c := range s.Conditions {
		if c.ID == id && c.Replaces != "" {
			before = s.line(c.Replaces, before)
		}
	}
	return before
}
