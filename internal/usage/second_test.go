package usage_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/usage"
)

// second is a monitor written again: encoding/json for the events, and cel-go as it
// comes, on every event. It shares with the first the pack's text, the days of
// conditions, and their scope.
type second struct {
	set         *conditions.Set
	params      []secondParam
	rules       map[*conditions.Condition][2]cel.Program
	windows     map[*conditions.Condition]*secondWindow
	deployments []usage.Deployment
	counts      map[string][3]int64
	calls       []secondCall // that are counted together
}

type secondParam struct {
	Name    string             `yaml:"name"`
	Type    string             `yaml:"type"`
	Paths   []string           `yaml:"paths"`
	Join    []string           `yaml:"join"`
	Missing []string           `yaml:"missing"`
	Absent  map[string]any     `yaml:"absent"`
	AtLeast map[string]float64 `yaml:"at_least"`
}

func newSecond(t testing.TB, p *pack.Pack, deployments ...usage.Deployment) *second {
	t.Helper()
	var body struct {
		Parameters []secondParam `yaml:"parameters"`
		Conditions []struct {
			ID        string        `yaml:"id"`
			From      string        `yaml:"effective_from"`
			Events    string        `yaml:"events"`
			Window    *secondWindow `yaml:"window"`
			Deviation string        `yaml:"deviation"`
		} `yaml:"conditions"`
	}
	set, err := conditions.Load(p)
	if err == nil {
		err = yaml.Unmarshal(p.Bytes, &body)
	}
	if err != nil {
		t.Fatal(err)
	}
	options := []cel.EnvOption{cel.CrossTypeNumericComparisons(true), cel.Variable("window.count", cel.IntType)}
	for _, name := range []string{"event.source", "event.name", "event.region"} {
		options = append(options, cel.Variable(name, cel.StringType))
	}
	kinds := map[string]*cel.Type{
		"number": cel.DoubleType, "int": cel.IntType, "bool": cel.BoolType, "present": cel.BoolType, "text": cel.StringType, "texts": cel.ListType(cel.StringType),
	}
	for _, q := range body.Parameters {
		options = append(options, cel.Variable("param."+q.Name, kinds[q.Type]))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		t.Fatal(err)
	}
	s := &second{
		set: set, params: body.Parameters, rules: map[*conditions.Condition][2]cel.Program{},
		windows: map[*conditions.Condition]*secondWindow{}, deployments: deployments, counts: map[string][3]int64{},
	}
	compile := func(text string) cel.Program {
		if text == "" {
			return nil
		}
		tree, issues := env.Compile(text)
		if issues.Err() != nil {
			t.Fatal(issues.Err())
		}
		program, err := env.Program(tree, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval))
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	for _, c := range set.Conditions {
		for _, w := range body.Conditions {
			if w.ID == c.ID && w.From == c.From {
				s.rules[c], s.windows[c] = [2]cel.Program{compile(w.Events), compile(w.Deviation)}, w.Window
			}
		}
	}
	return s
}

// secondEvent is an event as encoding/json reads it.
type secondEvent struct {
	EventSource, EventName, AwsRegion, RecipientAccountID, ErrorCode string
	EventTime                                                        time.Time
	UserIdentity                                                     struct{ AccountID string }
	RequestParameters                                                any

	meter *int64 // the number of calls that a meter says; of one call, nil
}

// many gives the number of calls.
func (e *secondEvent) many() int64 {
	if e.meter != nil {
		return *e.meter
	}
	return 1
}

// read counts all events of a stream of documents: single events, or files of records.
func (s *second) read(r io.Reader) (events int, err error) {
	d := json.NewDecoder(r)
	for {
		var doc struct {
			secondEvent
			Records []secondEvent
		}
		if err := d.Decode(&doc); err == io.EOF {
			return events, nil
		} else if err != nil {
			return events, err
		}
		if doc.Records == nil {
			doc.Records = []secondEvent{doc.secondEvent}
		}
		for i := range doc.Records {
			events++
			if err := s.event(&doc.Records[i]); err != nil {
				return events, err
			}
		}
	}
}

func (s *second) event(e *secondEvent) error {
	vars := map[string]any{"event.source": e.EventSource, "event.name": e.EventName}
	var unknown []*cel.AttributePatternType
	set := func(name string, v any, ok bool) {
		if ok {
			vars[name] = v
		} else {
			unknown = append(unknown, cel.AttributePattern(name))
		}
	}
	set("event.region", e.AwsRegion, e.AwsRegion != "")
	for i := range s.params {
		v, ok := s.params[i].value(e)
		set("param."+s.params[i].Name, v, ok)
	}
	known, err := cel.PartialVars(vars, unknown...)
	if err != nil {
		return err
	}
	account := e.RecipientAccountID
	if account == "" {
		account = e.UserIdentity.AccountID
	}
	for _, c := range s.set.Conditions {
		rules := s.rules[c]
		if rules[0] == nil || !c.InForce(e.EventTime.UTC()) {
			continue
		}
		exposure, err := tri(rules[0], known)
		if err != nil || exposure == 0 || e.ErrorCode != "" {
			continue
		}
		deviation := -1
		w := s.windows[c]
		switch {
		case w != nil && exposure == 1 && w.recorded(e, vars):
			deviation = 0
		case w == nil && rules[1] != nil:
			if deviation, err = tri(rules[1], known); err != nil {
				return err
			}
		}
		for _, d := range s.deployments {
			if applies, _ := c.Applies(d.Subject); applies && slices.Contains(d.Accounts, account) {
				s.count(c, d.ID, e, exposure, deviation, rules[1] != nil)
				if w != nil && deviation == 0 {
					s.calls = append(s.calls, w.call(c, d.ID, e, vars))
				}
			}
		}
	}
	return nil
}

func (s *second) count(c *conditions.Condition, deployment string, e *secondEvent, exposure, deviation int, judged bool) {
	if exposure < 0 && deviation == 1 {
		deviation = -1
	}
	key := secondKey(c, deployment, e.EventTime)
	n := s.counts[key]
	if exposure == 1 {
		n[0] += e.many()
	}
	if deviation == 1 {
		n[1] += e.many()
	}
	if exposure < 0 || judged && deviation < 0 {
		n[2] += e.many()
	}
	s.counts[key] = n
}

func secondKey(c *conditions.Condition, deployment string, at time.Time) string {
	return c.ID + " " + c.Hash[:8] + " " + deployment + " " + at.UTC().Format(time.DateOnly)
}

// tri gives 1, 0, or -1 for what is not known.
func tri(p cel.Program, vars cel.PartialActivation) (int, error) {
	out, _, err := p.Eval(vars)
	switch v := out.(type) {
	case types.Bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case *types.Unknown:
		return -1, nil
	case ref.Val:
		return 0, fmt.Errorf("%v: %w", v, err)
	}
	return 0, err
}

// value finds a parameter in decoded JSON.
func (q *secondParam) value(e *secondEvent) (any, bool) {
	params, ok := e.RequestParameters.(map[string]any)
	if !ok || params["omitted"] == true {
		return nil, false
	}
	var found []any
	hits := 0
	for _, p := range q.Paths {
		got, ok := walk(params, strings.Split(p, "."))
		if !ok {
			return nil, false
		}
		if len(got) > 0 {
			hits++
		}
		found = append(found, got...)
	}
	switch {
	case hits > 1:
		return nil, false
	case hits == 0:
		v, ok := q.Absent[e.EventName]
		if !ok {
			v, ok = q.Absent["*"]
		}
		return q.typed(v), ok
	case q.Type == "present":
		return true, true
	case q.Type == "texts":
		return q.texts(found)
	case len(found) > 1:
		return nil, false
	}
	return q.scalar(found[0], e.EventName)
}

func (q *secondParam) scalar(v any, event string) (any, bool) {
	switch q.Type {
	case "number", "int":
		n, ok := v.(float64)
		if least, set := q.AtLeast[event]; ok && set {
			n = max(n, least)
		}
		if q.Type == "int" {
			return int64(n), ok && n == float64(int64(n))
		}
		return n, ok
	case "bool":
		if b, ok := v.(bool); ok {
			return b, true
		}
		b, err := strconv.ParseBool(strings.ToLower(fmt.Sprint(v)))
		_, text := v.(string)
		return b, text && err == nil && len(fmt.Sprint(v)) > 3
	}
	s, ok := v.(string)
	return s, ok && len(s) <= 64<<10
}

func (q *secondParam) typed(v any) any {
	switch n := v.(type) {
	case int:
		if q.Type == "number" {
			return float64(n)
		}
		return int64(n)
	case []any:
		out := []string{}
		for _, x := range n {
			out = append(out, fmt.Sprint(x))
		}
		return out
	}
	return v
}

func (q *secondParam) texts(items []any) (any, bool) {
	out := []string{}
	for _, item := range items {
		if len(q.Join) == 0 {
			s, ok := plainText(item)
			if !ok {
				return nil, false
			}
			out = append(out, s)
			continue
		}
		parts := []string{}
		for i, p := range q.Join {
			got, ok := walk(item, strings.Split(p, "."))
			if !ok {
				return nil, false
			}
			texts := []string{}
			for _, v := range got {
				s, ok := plainText(v)
				if !ok {
					return nil, false
				}
				texts = append(texts, s)
			}
			if len(texts) == 0 {
				texts = []string{q.Missing[i]}
			}
			parts = append(parts, strings.Join(texts, ","))
		}
		out = append(out, strings.Join(parts, " "))
	}
	return out, true
}

func plainText(v any) (string, bool) {
	switch v.(type) {
	case string, bool, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}

// walk gives the values at a path, without regard to case; false for another shape.
func walk(v any, path []string) (out []any, ok bool) {
	if v == nil {
		return nil, true
	}
	if len(path) == 0 {
		return []any{v}, true
	}
	object, is := v.(map[string]any)
	if !is {
		return nil, false
	}
	name, each := strings.CutSuffix(path[0], "[]")
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if !strings.EqualFold(k, name) || object[k] == nil {
			continue
		}
		next := []any{object[k]}
		if each {
			if next, is = object[k].([]any); !is {
				return nil, false
			}
		}
		for _, x := range next {
			got, ok := walk(x, path[1:])
			if !ok {
				return nil, false
			}
			out = append(out, got...)
		}
	}
	return out, true
}
