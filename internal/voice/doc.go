// Package voice is where those are heard who do not belong to the company: experts,
// the members of an oversight panel, and the people whom a deployment affects.
//
// What they say is signed with their own keys, so that the company can neither write
// it in their names nor change it afterwards. In clear stand choices, states, days and
// counts, which may never be withheld; who said it, about what, and the words are
// sealed.
//
//   - An [Opinion] of an expert is bound to exactly one rating. When the subject is
//     rated again, the opinion no longer speaks of it (KY-04).
//   - A [Panel] has a charter and seats. A [Referral] puts one rating to it, with the
//     hash of the file that decides: members vote on that file and no other. [Count]
//     says what came of it, from charter, members and ballots alone (PO-03, KY-05).
//   - An [Answer] is the company's: adopt, adapt or reject, with reasons and in time.
//   - A [Consultation] collects what people say who need not give their names, and what
//     was done about it: you said, we did, why not.
//
// Nobody here decides on a deployment: package decision reads what was said.
package voice
