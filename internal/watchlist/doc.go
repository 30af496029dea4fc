// Package watchlist reads lists of sanctioned and restricted parties and finds
// names on them.
//
// Read turns a file or directory of a known format into a List; NewIndex makes
// one index over any number of lists; Search asks it. How alike two names are is
// judged by duly/internal/names, not here.
//
//	list, err := watchlist.Read("ofac", "lists/ofac")
//	index := watchlist.NewIndex(list)
//	for _, hit := range index.Search(watchlist.Query{Name: "Example Trading LLC"}, 10) {
//		fmt.Println(hit.Entity.SourceID, hit.Score, hit.Alert, hit.Match.Sentence())
//	}
//
// Parties puts the entities of several lists together that are certainly one
// party, and Compare says what changed between two versions of a list. Topics that
// Duly adds to an entity come from the list's own words, by the table topicRules.
//
// Ask also gives what of a query could not be used, so that no answer is silent.
// A hit carries two judgements: Alert, which is decided so that hardly anything is
// missed, and Probability, which orders the work. Evidence says what else was
// compared and what it did to the score.
//
// An index lives through new editions of its lists: Diff and Apply make the next
// one beside it, an atomic.Pointer swaps it, and nobody who asks waits. Population
// files customers, so that the entries of a delta find the customers whom they
// touch. Save and LoadIndex keep an index in a file.
//
// A List belongs to the caller until it is given to NewIndex; from then on
// nobody may change it. An Index never changes and may be shared between
// goroutines. The same files give the same List, and the same index and query
// give the same hits in the same order.
//
// The index leaves out only what cannot reach a score: words are found by what is
// left of them without one or two letters and by their sound (vocabulary.go),
// names by their words and by runs of words (touch.go, candidates.go), and where nothing is
// found by three letters at a time (backstop.go).
package watchlist
