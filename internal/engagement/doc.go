// Package engagement is the frame of an independent assessment: who commissioned it and
// on which terms, how independent the assessors are, what they count, draw and ask for,
// and what it costs.
//
//	terms (governing body, signed) ─► declarations ─► start ─► freeze ─► draw
//	                                                    │         └────► reconcile
//	                                                    └─► requests, effort
//
// Nothing begins without terms of reference that a person of the governing body signed.
// Each record names the leaf hash of the approved terms that it rests on, so that terms
// do not change under what was done. What assessors record is signed with their own
// keys, of which the company holds the public half only: it can neither alter the
// population, nor the sample, nor anything else that is theirs. What it tries is refused
// and stands in the log.
//
// The population is counted from the leaves of the log, not from a query over the
// register: package bundle has that logic, and whoever has a bundle counts again.
//
// Ownership: this package owns the kinds engagement, independence, assignment,
// population, reconciliation, engagement_sample, evidence_request and effort. What the
// assessors test and conclude is above it.
package engagement
