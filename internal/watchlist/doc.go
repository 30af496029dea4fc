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
// A List belongs to the caller until it is given to NewIndex; from then on
// nobody may change it. An Index never changes and may be shared between
// goroutines. The same files give the same List, and the same index and query
// give the same hits in the same order.
package watchlist
