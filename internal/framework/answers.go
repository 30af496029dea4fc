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
	if _, err := time.Parse(time.DateOnly, file.Day); err != nil && file.Day != "" {
		return nil, "", p.Fault(fmt.Sprintf("%q is not a date", file.Day), "write it as YYYY-MM-DD", "day")
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
