package store

// Origin is what a record that came from somewhere says about itself: whether it
// still holds, from which day up to which day (ValidTo is the first day on which
// it no longer holds; "" leaves that end open), when it was received, from which
// system, and by which id of that system. What follows the last # of SourceRef
// tells contents of one id apart.
type Origin struct {
	State     string `duly:"state,public,column,enum=active|ended"`
	ValidFrom string `duly:"valid_from,public,date"`
	ValidTo   string `duly:"valid_to,public,date"`
	Received  string `duly:"received,public,date"`
	Source    string `duly:"source,customer,column"`
	SourceRef string `duly:"source_ref,customer,column"`
}
