// Package enforcement is what the company does after a finding.
//
// A [Proceeding] gathers the findings of one clause in one deployment ([Gather]). It has
// a grade, a day by which the next thing is done, and somebody who has it. A finding
// stays what a log shows; a proceeding is what became of it.
//
//   - Steps go up the ladder of [Steps], from a notice to the end of the service. One is
//     skipped with a reason only, and taken back with a reason only.
//   - To limit, suspend or terminate rests on a decision that holds, whose leaf the step
//     names: nothing of the kind happens by a step alone. It also needs to be known whose
//     calls they are: no adverse act on a match of names alone.
//   - A proceeding is closed as cured only on days that were seen: use under the
//     condition, none of it deviating, in hours that are covered. Silence cures nothing.
//   - What comes again after a cure is a recurrence, and the next step is the one above
//     the last (MU-04).
//   - Whether people came to harm is said apart, and by a source. It never lowers a
//     grade, and a kept condition says nothing about it (MU-03).
//
// The package owns proceedings. Findings and counts belong to package usage, decisions
// to package decision. A step says what was decided, not that it is enforced.
package enforcement
