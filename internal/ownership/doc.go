// Package ownership says who stands behind whom: it reads who holds which share of
// what, adds shares up through any number of steps, and asks dated rules what
// follows when some of the holders are on a list.
//
//	record, err := ownership.ReadBODS(file, "filing.json")
//	graph := ownership.NewGraph(record.Interests, "2026-11-15")
//	held := graph.Held(map[string]bool{"listed-party": true})
//	finding := rules[0].Apply(held["customer"], "2026-11-15")
//
// A share is an interval, since filings give bands and leave shares out. What is
// not known stays open between nothing and all that nobody else holds; it never
// counts as nothing. [Graph.Rest] adds whoever holds what no record names. It is pure: bytes and values in, values out. All arithmetic
// is in whole hundredths of a per cent.
package ownership
