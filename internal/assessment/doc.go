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
package assessment
