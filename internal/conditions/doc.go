// Package conditions holds conditions of use: what a customer may and may not do
// with a capability, as data that anyone can read, date and test (MU-04, PO-05).
//
// A condition says in plain words what is asked, of whom (its scope), since when,
// with what force (mandatory, or advisory with the clause that binds to it), how
// it is enforced, and on what source it rests. Where use can be seen in telemetry
// it also says, in CEL, which calls count as exposure and which of them deviate.
// Conditions without such rules are promises: they are listed, and never shown as
// kept.
//
// A pack of kind "conditions" holds versions of conditions by day, the parameters
// of calls with what the service does when one is left out, and its own tests.
// The version in force on the day of the call applies, never today's.
//
// Answers have three values. What the call did not record (requestParameters null,
// cut off or ambiguous) is unknown; a parameter that was left out of recorded
// requestParameters has the service's default, which the pack states.
//
//	set, err := conditions.Load(p)
//	for _, c := range set.Conditions {
//		applies, assumed := c.Applies(subject)
//		exposure, deviation, err := c.Judge(&call) // if applies and c.InForce(t)
//	}
//
// What no single call shows (rates, repetition, silence) a [Window] counts over several:
// [Condition.Observe] adds a call to keyed state, and [Condition.Deviations] tells what
// that state amounts to, whatever the order in which it came.
//
// The package is pure: values in, values out. It owns conditions and the judging of
// calls; who agreed to them belongs to package agreement, and reading telemetry, counting
// and findings to package usage.
package conditions
