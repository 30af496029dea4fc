// Package agreement holds who agreed to which conditions of use, and since when.
//
// An [Agreement] binds a deployment, or all that is served under a contract, to exact
// versions of conditions from a day on. A later version binds only by another agreement,
// or where the agreement itself says that later versions do ("as amended"). An agreement
// about a relationship says which conditions that link of a chain hands on (PO-04).
//
// [Book] answers how a version binds a deployment on a day, and what is missing:
// deployments that agreed to nothing, those that agreed to an earlier version, and links
// that hand nothing on.
//
//	book, err := agreement.Read(ctx, db)
//	how := book.Binds(deployment, condition, "2024-03-05") // agreed, amended, outdated or none
//	gaps, err := book.Gaps(sets, "2024-03-05")
//
// The package owns the kind of record and these questions. What a condition asks belongs
// to package conditions, and what is made of a deviation to package usage. That somebody
// agreed says nothing about whether it is kept.
package agreement
