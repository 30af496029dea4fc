package framework

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"duly/internal/pack"
)

// answersFile is a file of answers: by item a result, or a result with its evidence.
//
//	framework: ungp
//	day: 2026-11-26
//	answers:
//	  gp31-a: {result: met, evidence: Board paper of 3 March}
//	  gp31-b: unmet
type answersFile struct {
	Framework string         `yaml:"framework,required"`
	Day       string         `yaml:"day"` // on which it was answered
	Answers   map[string]any `yaml:"answers,required"`
}

// ReadAnswers reads a YAML or JSON file of answers to the framework's items, and the
// day that it names, which may be empty. Whatever [Framework.Score] would refuse is
// refused, with file, line and column.
func (f *Framework) ReadAnswers(path string, data []byte) (answers map[string]Answer, day string, err error) {
	var file answersFile
	p, err := pack.Plain(path, data, &file)
	if err != nil {
		return nil, "", err
	}
	if file.Framework != f.ID {
		return nil, "", p.Fault(fmt.Sprintf("these are answers to %q", file.Framework), "give answers to "+f.ID, "framework")
	}
	if err := checkDay(p, file.Day); err != nil {
		return nil, "", err
	}
	answers = map[string]Answer{}
	for _, id := range slices.Sorted(maps.Keys(file.Answers)) {
		a, what := answer(file.Answers[id])
		if what != "" {
			return nil, "", p.Fault(what, "write met, partly, unmet or unknown, or {result: met, evidence: what shows it}", "answers", id)
		}
		if err := f.checkAnswer(id, a); err != nil {
			return nil, "", p.Place(err, "answers", id)
		}
		answers[id] = a
	}
	return answers, file.Day, nil
}

// factsFile is a file of facts, as far as they are known.
//
//	day: 2026-11-26
//	facts:
//	  customer.refuses: [audit]
type factsFile struct {
	Day   string         `yaml:"day"` // on which they are known
	Facts map[string]any `yaml:"facts,required"`
}

// ReadFacts reads a YAML or JSON file of facts, and the day that it names, which may
// be empty. A fact that is null is unknown. One that the framework does not read is
// left out of the values and named, so that a slip of the pen does not pass for a fact
// that is unknown. A value that its fact cannot have is refused, with file, line and
// column.
func (f *Framework) ReadFacts(path string, data []byte) (values Values, unread []string, day string, err error) {
	var file factsFile
	p, err := pack.Plain(path, data, &file)
	if err != nil {
		return nil, nil, "", err
	}
	if err := checkDay(p, file.Day); err != nil {
		return nil, nil, "", err
	}
	values = Values{}
	all := plain(file.Facts)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		i, ok := f.index[id]
		switch {
		case !ok:
			unread = append(unread, id)
		case all[id] != nil:
			if what := f.facts[i].refuses(all[id]); what != "" {
				return nil, nil, "", p.Fault(what, "", "facts", id)
			}
			values[id] = all[id]
		}
	}
	return values, unread, file.Day, nil
}

func checkDay(p *pack.Pack, day string) error {
	if _, err := time.Parse(time.DateOnly, day); err != nil && day != "" {
		return p.Fault(fmt.Sprintf("%q is not a date", day), "write it as YYYY-MM-DD", "day")
	}
	return nil
}

// answer reads one answer, or says what is wrong with it.
func answer(v any) (a Answer, what string) {
	if s, ok := v.(string); ok {
		return Answer{Result: Result(s)}, ""
	}
	m, ok := v.(map[string]any)
	if !ok {
		return a, fmt.Sprintf("%v is not an answer", v)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		s, ok := m[key].(string)
		switch {
		case !ok:
			return a, fmt.Sprintf("the %s of an answer is a text", key)
		case key == "result":
			a.Result = Result(s)
		case key == "evidence":
			a.Evidence = s
		default:
			return a, fmt.Sprintf("the key %q is not known here", key)
		}
	}
	return a, ""
}
