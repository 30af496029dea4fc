package watchlist_test

import (
	"fmt"

	"duly/internal/names"
	"duly/internal/watchlist"
)

// One person stands on two lists under the number of a third.
func ExampleParties() {
	un := &watchlist.List{Name: "UN", Entities: []watchlist.Entity{{
		SourceID: "QDi.901", List: "UN", Kind: names.Person, Name: "ZORAN QUIBBLETON",
		References: []watchlist.Reference{{Authority: "UN", Number: "QDi.901"}},
	}}}
	uk := &watchlist.List{Name: "UK", Entities: []watchlist.Entity{
		{SourceID: "AFG0901", List: "UK", Kind: names.Person, Name: "Z. Kwibbleton", References: []watchlist.Reference{{Authority: "UN", Number: "QDi.901"}}},
		{SourceID: "AFG0902", List: "UK", Kind: names.Person, Name: "Zoran Quibbleton"},
	}}
	for _, p := range watchlist.Parties(un, uk) {
		fmt.Println(len(p.Listings), p.Listings[0].SourceID, p.Because)
	}
	// Output:
	// 2 QDi.901 [UK AFG0901 and UN QDi.901 have the same number UN QDI.901.]
	// 1 AFG0902 []
}

// A topic that Duly adds can be traced to the words of the list.
func ExampleEntity_TopicBecause() {
	e := watchlist.Entity{Bases: []string{"Policy of denial. See §§ 746.8(b) and 744.21(e)."}}
	for _, because := range e.TopicBecause(watchlist.TopicMilitary) {
		fmt.Println(because)
	}
	// Output:
	// Its basis reads "Policy of denial. See §§ 746.8(b) and 744.21(e).": the licence rule is that for military end uses and end users, EAR § 744.21.
}
