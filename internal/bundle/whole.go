package bundle

import (
	"maps"
	"slices"
)

// Rule is something to which the verifier holds every entry of some kinds, so that nobody
// has to look at a sample of them.
type Rule struct {
	ID    string
	What  string   // in a sentence
	Kinds []string // sorted
}

// Rules lists what a check holds the whole log to, where that shows more of the process
// than that nothing was changed.
var Rules = []Rule{
	{"signed", "Each is signed by the person whose act it is, whose roles at that time allow it.", slices.Sorted(maps.Keys(signed))},
	{"replayed", "Each rating whose inputs are shown is computed again by the method that it names.", []string{"rating"}},
	{"decided", "Each decision is allowed by its rating, and has the signatures, the opinion and the vote that this needs; nobody who gave an opinion signed it.", []string{"decision"}},
	{"counted", "Each vote of a panel is counted again from the votes that members signed, with quorum, notice and the seats of those affected.", []string{"referral", "vote"}},
	{"met", "Each condition that must be met before something runs was found to be met by somebody other than who answers for it.", []string{"condition_check"}},
}

// RuleOf gives a rule by its id.
func RuleOf(id string) (Rule, bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}
