// Package names compares two names and says how alike they are, and why.
//
// It knows scripts, spelling, legal forms, titles and initials. It knows no
// lists: an index on a higher floor holds prepared names, finds candidates and
// asks this package to judge each one.
//
//	a := names.Prepare("NORTHWIND HOLDINGS, L.L.C.", names.Organization)
//	b := names.Prepare("Northwind Holding LLC", names.Organization)
//	m := names.Compare(a, b, names.Weights{})
//	fmt.Printf("%.2f %s\n", m.Score, m.Sentence())
//
// A name is prepared once and compared often. A prepared name and a Weights are
// never changed after they are made, so both may be shared between goroutines.
// The same two names and weights always give the same score and explanation.
package names
