// Package rule checks and evaluates the expressions that packs are made of:
// indicators, hard stops, triage rules, conditions of use.
//
// An expression is CEL (the Common Expression Language) over named variables,
// each of one [Type]. Three things are added to plain CEL:
//
//   - Answers have three values. A variable whose value is not known makes the
//     answer [Unknown], but only where it matters: false && unknown is [False],
//     true || unknown is [True] (Kleene's strong logic). Unknown never becomes no.
//   - A rule is checked when it is loaded: types, names, and the most work it can
//     do. A rule that no bound holds for is refused with its line and column.
//   - A rule says which variables it reads and which equalities must hold for it
//     to be true, so that a [Table] tries only the rules that can apply.
//
// The package owns no rules and no facts; it reads neither clock nor files, and
// functions over time and time zones are left out of the language, so the same
// values give the same answer on any machine. The only evaluator is cel-go.
//
//	env, err := rule.NewEnv(map[string]rule.Type{"customer.sector": rule.Text, "cameras": rule.Int})
//	r, err := env.Compile(`customer.sector == "police" && cameras > 100`)
//	answer, err := r.Eval(func(name string) (any, bool) { v, ok := facts[name]; return v, ok })
package rule
