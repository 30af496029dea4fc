// Package assurance is the work of an independent assessor on a frozen population: what
// is tested, what was found, and what follows from it.
//
//   - A [Library] of controls is a pack. Each [Control] says which entries of the log
//     prove it, and by which rule the verifier already holds all of them to it. What no
//     control serves is a [Gap], and a finding (RS-07).
//   - A [Test] says what came of one control: of its design, or of its operation in a
//     sample. What it may conclude follows from the exact bound ([stats.Most]); an item
//     that cannot be tested counts as a deviation.
//   - A [Workpaper] is a file that is encrypted to the assessor's own key. The log has the
//     hash of what is kept, and the company cannot read it.
//   - An [Impact] names a right, those affected, its severity and how the company is
//     involved, from which its duty follows by principle 19 (RS-12, RS-13).
//   - A [Determination] answers a question. Nothing favourable is concluded below the
//     required coverage, or against what was found (RS-08). The verifier repeats this from
//     fields in clear.
//   - A [Redaction] withholds a field of a kind, with a reason that the company signs and
//     a consent or an objection that the assessor signs (RS-06).
//
// All but redactions and the company's reply are signed by an assessor, with a key that
// the company never holds. Terms, independence, population and sample belong to package
// engagement.
package assurance
