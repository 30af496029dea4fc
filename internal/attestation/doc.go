// Package attestation asks customers what nobody else can see, and compares what they
// say with what was seen (PO-06, MU-05).
//
// A [Questionnaire] is a pack: questions about conditions of use, which answers say that
// a condition is not kept, and how often it is asked. A [Request] asks it of a deployment
// for a period that ends before it is due. An outsider answers on a form, or in a JSON
// file, that carries a token; only its hash is in the log, and a new form makes the one
// before it void.
//
//	asked, err := attestation.Join(questionnaire, conditions)
//	ref, r, known, err := attestation.Ask(ctx, db, act.Default, by, asked, deployment, due, today)
//	form, err := attestation.NewForm(ctx, db, act.Default, by, ref.ID, rand.Reader)
//	err = form.HTML(out)
//	ref, a, err := attestation.Receive(ctx, db, act.Default, by, today, answers, evidence)
//
// What a customer says is never called compliant. It is promised; it agrees with
// telemetry where that judged the condition on every hour of every day of the period; or
// telemetry contradicts it. [Compare] does this again when more was counted since.
//
// The package sends nothing. Who is reminded today is an answer of [Calendar].
package attestation
