// Package rating applies a method to facts: it says how severe the harm to people
// could be, how likely it is, which band of risk follows before and after tested
// controls, and which decision the method asks for.
//
// A [Method] is a pack (RM-1 and RM-2 are in packs/methods). Everything that could be
// argued about is data in the pack: the facts it asks for, the indicators and hard
// stops as expressions over them, the rights, the weights, the matrix, what a tested
// control is worth and without which nothing is credited, on which days a part holds,
// tiers, review cycles and decisions. What a pack does not use does not show in its
// ratings. The arithmetic is here and is named by [Engine]; it uses whole numbers
// only, so that the same inputs give the same bytes on any machine.
//
// Facts may be unknown, and unknown never counts as no. A rating is therefore an
// interval: its worst end takes every unknown as adverse and every unknown control
// as absent; its best end takes every unknown as harmless and every unknown control
// as present. Decisions follow the worst end. However the unknowns turn out, the
// result lies within the interval.
//
//	method, err := rating.Load(p)
//	r, err := method.Rate(rating.Inputs{"customer.sector": rating.Known("policing")})
//	fmt.Println(r.Best.Residual, r.Worst.Residual, r.Pending, r.Decision)
//	out := method.Outlook(...) // which question would narrow it most, what would flip it
//
// The package is pure: no clock, no files, no SQL, no network. It owns methods and
// ratings as values; the records that keep them belong to the room of assessments.
package rating
