package screening

import "strings"

// Listing says for which rules of ownership being on a list counts.
type Listing struct{ Sanctions, Export bool }

// listings tell lists by words of their names, the first that fits. Names are those
// of the publishers' files (the Consolidated Screening List, OFAC) and of
// OpenSanctions' datasets. Those on OFAC's list of specially designated nationals
// count for both, since the affiliates rule covers several of its programmes
// (15 CFR 744.8) and a hit does not keep the programme.
var listings = []struct {
	word    string
	listing Listing
}{
	{"non-sdn", Listing{Sanctions: true}},
	{"specially designated", Listing{true, true}},
	{"sdn", Listing{true, true}},
	{"nonproliferation", Listing{true, true}},
	{"entity list", Listing{Export: true}},
	{"entity_list", Listing{Export: true}},
	{"military end", Listing{Export: true}},
	{"_meu", Listing{Export: true}},
	{"denied", Listing{Export: true}},
	{"unverified", Listing{Export: true}},
	{"debarred", Listing{Export: true}},
	{"sanction", Listing{Sanctions: true}},
	{"treasury", Listing{Sanctions: true}},
	{"ofac", Listing{Sanctions: true}},
	{"ofsi", Listing{Sanctions: true}},
	{"_hmt", Listing{Sanctions: true}},
	{"fsf", Listing{Sanctions: true}},
	{"security council", Listing{Sanctions: true}},
	{"un_sc", Listing{Sanctions: true}},
}

// ListingOf says for which rules a list counts, by its name; several lists are
// joined by "; ". A list that the table does not know counts for every rule.
func ListingOf(list string) Listing {
	var out Listing
	for name := range strings.SplitSeq(strings.ToLower(list), ";") {
		found := Listing{true, true}
		for _, l := range listings {
			if strings.Contains(name, l.word) {
				found = l.listing
				break
			}
		}
		out.Sanctions, out.Export = out.Sanctions || found.Sanctions, out.Export || found.Export
	}
	return out
}

// counts says whether the listing counts for rules on a sort of lists.
func (l Listing) counts(lists string) bool {
	return lists == "sanctions" && l.Sanctions || lists == "export_control" && l.Export
}
