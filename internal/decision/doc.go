// Package decision is where people decide on a rated deployment.
//
// A decision follows from the rating: what the residual band, the hard stops and
// the open facts allow, and nothing more. It is signed by the person who decides
// with the person's own key, over everything that it says, so that the company
// cannot write it in somebody's name or change it afterwards.
//
// Four eyes: whoever prepared the assessment cannot decide on it (IM-04). Selling
// and running the system exclude deciding (GC-03). A legal stop cannot be
// overridden here by anybody.
//
// A decision stops nothing by itself: decided and confirmed enforced are two
// states, and only the first is recorded here.
package decision
