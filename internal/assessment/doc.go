// Package assessment judges deployments: it gathers the facts that a method asks
// for, applies the method, and records the rating with all that is needed to
// compute it again.
//
// A deployment is judged with its whole chain: a statement about the end user, the
// one in between, the product or the customer is a statement about the deployment
// (GC-07). Of yes-or-no facts the worst along the chain counts; of others the one
// nearest to the deployment.
//
// A rating names its inputs by entry, field and digest, so that an outsider who is
// shown them can compute it again. Facts that nobody stated are unknown, and a
// rating while required facts are unknown is pending and activates nothing.
//
// There is one way of gathering. What is stated is read into a book, for a few
// deployments in a few queries and for all of them in one pass; the program's own
// statements are worked out without being written; a method then takes its inputs
// from that. [Assess] writes what changed. [WhatIf] compares two methods, or facts that
// are supposed, over the whole register at any point of both times, explains each
// difference from the two traces, and writes nothing.
//
//	a, err := assessment.WhatIf(ctx, db, today, assessment.Question{From: rm1, To: draft, Entry: -1}, nil)
//	for _, c := range a.Changes { fmt.Println(c.Subject, c.Move, c.Why) }
package assessment
