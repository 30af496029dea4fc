package evidence

import (
	"duly/internal/ledger"
	"duly/internal/store"
)

// Origin is what every record of this room says about itself. Its Source is the
// system that a record came from, not the [Source] that a fact cites.
type Origin = store.Origin

// Source is a document or a statement that facts rest on.
type Source struct {
	Origin
	Identity  string `duly:"identity,customer,column"`
	Grade     string `duly:"grade,customer,column,enum=court|regulator|official|ngo|media|allegation|party|unknown"`
	Publisher string `duly:"publisher,customer"` // who stands behind it; two of one publisher count once
	Published string `duly:"published,customer,date"`
	Title     string `duly:"title,customer"`
	URL       string `duly:"url,customer"`
}

// Fact is one statement: what Subject's Fact is, as of a day, on the word of
// Sources (ids of source records).
type Fact struct {
	Origin
	Identity string        `duly:"identity,customer,column"`
	Subject  string        `duly:"subject,customer,column"` // record id
	Fact     string        `duly:"fact,customer,column"`    // id of the fact in the method
	Value    ledger.Scalar `duly:"value,customer,column"`
	AsOf     string        `duly:"as_of,customer,date,column"` // the day on which the source saw it
	Sources  []string      `duly:"sources,customer,column"`
	Claim    bool          `duly:"claim,public,column"` // on the word of somebody who sells: no judgement may use it
}

// The kinds of record that this room owns.
var (
	Sources = ledger.Define[Source]("source", 1)
	Facts   = ledger.Define[Fact]("fact", 1)
)
