package usage_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
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
	deployments []usage.Deployment
	counts      map[string][3]int64
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
			ID        string `yaml:"id"`
			From      string `yaml:"effective_from"`
			Events    string `yaml:"events"`
			Deviation string `yaml:"deviation"`
		} `yaml:"conditions"`
	}
	set, err := conditions.Load(p)
	if err == nil {
		err = yaml.Unmarshal(p.Bytes, &body)
	}
	if err != nil {
		t.Fatal(err)
	}
	options := []cel.EnvOption{cel.CrossTypeNumericComparisons(true)}
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
	s := &second{set: set, params: body.Parameters, rules: map[*conditions.Condition][2]cel.Program{}, deployments: deployments, counts: map[string][3]int64{}}
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
				s.rules[c] = [2]cel.Program{compile(w.Events), compile(w.Deviation)}
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
		if rules[1] != nil {
			if deviation, err = tri(rules[1], known); err != nil {
				return err
			}
		}
		for _, d := range s.deployments {
			if applies, _ := c.Applies(d.Subject); applies && slices.Contains(d.Accounts, account) {
				s.count(c, d.ID, e.EventTime.UTC().Format(time.DateOnly), exposure, deviation, rules[1] != nil)
			}
		}
	}
	return nil
}

func (s *second) count(c *conditions.Condition, deployment, day string, exposure, deviation int, judged bool) {
	if exposure < 0 && deviation == 1 {
		deviation = -1
	}
	key := c.ID + " " + c.Hash[:8] + " " + deployment + " " + day
	n := s.counts[key]
	if exposure == 1 {
		n[0]++
	}
	if deviation == 1 {
		n[1]++
	}
	if exposure < 0 || judged && deviation < 0 {
		n[2]++
	}
	s.counts[key] = n
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
	return s, ok
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

// Protects: another program, written without this room's reader, dispatch, memory and
// look-ups, counts the same of every input of the tests and of all real telemetry, rejects
// as much, and finds the same objects broken.
func TestSecondImplementationAgrees(t *testing.T) {
	p, _ := faceSearch(t)
	inputs := usage.Inputs(t)
	inputs["generated"], inputs["tests of the pack"] = string(telemetry(3000)), packEvents(t, p)
	everybody := append(fleet(), sheriff, usage.Deployment{ID: "tests", Accounts: []string{"1"}})
	everybody = append(everybody, usage.Deployment{ID: "company", Subject: conditions.Subject{Sector: "commercial", Purpose: "testing"}})
	if dir := os.Getenv("DULY_TESTDATA"); dir != "" {
		tree, err := usage.OpenTree(filepath.Join(dir, "telemetry"))
		if err != nil {
			t.Fatal(err)
		}
		defer tree.Close()
		for r := range monitor(t).ReadTree(t.Context(), "s", tree) {
			text, err := os.ReadFile(filepath.Join(dir, "telemetry", r.Name))
			if err != nil {
				t.Fatal(err)
			}
			inputs[r.Name] = string(text)
			for _, u := range r.Batch.Unmapped {
				everybody[len(everybody)-1].Accounts = append(everybody[len(everybody)-1].Accounts, u.Account)
			}
		}
	}
	slices.Sort(everybody[len(everybody)-1].Accounts)
	everybody[len(everybody)-1].Accounts = slices.Compact(everybody[len(everybody)-1].Accounts)
	for _, rules := range []*pack.Pack{p, tenRules(t)} {
		set, err := conditions.Load(rules)
		if err != nil {
			t.Fatal(err)
		}
		m, err := usage.NewMonitor([]*conditions.Set{set}, everybody)
		if err != nil {
			t.Fatal(err)
		}
		other := newSecond(t, rules, everybody...)
		for _, name := range slices.Sorted(maps.Keys(inputs)) {
			clear(other.counts)
			compareSecond(t, m, other, name, inputs[name])
		}
	}
}

func compareSecond(t *testing.T, m *usage.Monitor, other *second, name, text string) {
	t.Helper()
	b := read(t, m, name, text)
	r := other.object(t, text)
	if r.whole == (b.Object.Status == usage.Incomplete) {
		t.Errorf("%s: %s; the second reads all: %v", name, b.Object.Status, r.whole)
	}
	if !r.whole { // nothing of it is counted
		return
	}
	if r.read != b.Object.Read || r.rejected != b.Object.Rejected {
		t.Errorf("%s: read %d, rejected %d; the second says %d and %d", name, b.Object.Read, b.Object.Rejected, r.read, r.rejected)
	}
	got := map[string][3]int64{}
	var sum [3]int64
	for _, c := range b.Counts {
		got[c.Condition+" "+c.ConditionHash[:8]+" "+c.Deployment+" "+c.Day] = [3]int64{c.Exposures, c.Deviations, c.Unknown}
		sum = [3]int64{sum[0] + c.Exposures, sum[1] + c.Deviations, sum[2] + c.Unknown}
	}
	if len(got) > 0 {
		t.Logf("%s: %d events, %d counts, %d exposures, %d deviations, %d unknown", name, r.read, len(got), sum[0], sum[1], sum[2])
	}
	for _, k := range slices.Sorted(maps.Keys(other.counts)) {
		if got[k] != other.counts[k] {
			t.Errorf("%s, %s: %v, the second says %v", name, k, got[k], other.counts[k])
		}
		delete(got, k)
	}
	if len(got) > 0 {
		t.Errorf("%s: the second does not have %v", name, got)
	}
}

// packEvents gives the events of a pack's own tests, one a line.
func packEvents(t *testing.T, p *pack.Pack) string {
	t.Helper()
	var body struct {
		Tests []struct {
			Event map[string]any `yaml:"event"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(p.Bytes, &body); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range body.Tests {
		x.Event["recipientAccountId"] = "1"
		text, err := json.Marshal(x.Event)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	return b.String()
}
