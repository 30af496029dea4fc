package triage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"duly/internal/register"
)

// Exposure is an area whose people more than one deployment covers: each may be
// acceptable alone while together they watch the same people from several sides
// (IN-06). Only what identifies, tracks, intercepts, joins data on people or senses
// them counts.
type Exposure struct {
	Jurisdiction string   // ISO 3166-1 or 3166-2
	Place        string   // town or county as registered; "" for the whole jurisdiction
	Covering     []Cover  // at least two, in order of subject
	Capabilities []string // sorted, each once
}

// Cover is one deployment, or an account without one, that covers an area.
type Cover struct {
	Subject    string // record id
	Account    string
	EndUser    string // record id; "" when not known
	Capability string // "" when not known, which counts as the highest class
}

// Name gives the area as people read it.
func (e *Exposure) Name() string {
	if e.Place == "" {
		return "all of " + e.Jurisdiction
	}
	return e.Place + ", " + e.Jurisdiction
}

// nationwide lists the sectors whose bodies act in their whole jurisdiction when no
// place is registered. Of other sectors a missing place is not known.
var nationwide = []string{"immigration", "border", "intelligence", "military", "civil_registration", "elections"}

// Exposures is where the deployments of a portfolio stand.
type Exposures struct {
	Shared []Exposure // areas that several cover, in order of jurisdiction and place
	// Beside says of every deployment that can be placed how many others cover the same
	// people: the most in any area that it covers.
	Beside   map[string]int
	Unplaced int // deployments whose end user, or its place, is not registered
}

// Exposures places every deployment. One for a whole country or region counts in every
// place of it.
func (p *Portfolio) Exposures() Exposures {
	out := Exposures{Beside: map[string]int{}}
	type area struct{ jurisdiction, place string }
	covers := map[area][]Cover{}
	names := map[area]string{}
	for _, a := range p.Accounts {
		for _, c := range p.coversOf(a.ID, a.Record) {
			jurisdiction, place, known := p.whereabouts(c)
			if !known {
				out.Unplaced++
				continue
			}
			out.Beside[c.Subject] = 0
			at := area{jurisdiction, strings.ToLower(place)}
			if names[at] == "" || place < names[at] {
				names[at] = place
			}
			covers[at] = append(covers[at], c)
		}
	}
	for at, here := range covers {
		for within := at.jurisdiction; within != ""; within = wider(within) {
			if whole := (area{jurisdiction: within}); whole != at {
				here = append(here, covers[whole]...)
			}
		}
		if len(here) < 2 {
			continue
		}
		e := Exposure{Jurisdiction: at.jurisdiction, Place: names[at], Covering: slices.Clone(here)}
		slices.SortFunc(e.Covering, func(a, b Cover) int { return strings.Compare(a.Subject, b.Subject) })
		capabilities := map[string]bool{}
		for _, c := range e.Covering {
			out.Beside[c.Subject] = max(out.Beside[c.Subject], len(e.Covering)-1)
			capabilities[cmp.Or(c.Capability, "unknown")] = true
		}
		e.Capabilities = slices.Sorted(maps.Keys(capabilities))
		out.Shared = append(out.Shared, e)
	}
	slices.SortFunc(out.Shared, func(a, b Exposure) int {
		return cmp.Or(strings.Compare(a.Jurisdiction, b.Jurisdiction), strings.Compare(strings.ToLower(a.Place), strings.ToLower(b.Place)))
	})
	return out
}

// wider gives the country of a region, and "" for a country.
func wider(jurisdiction string) string {
	country, _, region := strings.Cut(jurisdiction, "-")
	if !region {
		return ""
	}
	return country
}

// coversOf gives what an account has that reaches people.
func (p *Portfolio) coversOf(id string, a *register.Account) []Cover {
	reaches := func(capability string) bool {
		class := register.RiskClass(capability)
		return class != "compute" && class != "ordinary"
	}
	endUser := func(d *register.Deployment) string {
		if chain := p.Chain(a, d); chain.EndUser != nil {
			return chain.EndUser.ID
		}
		return ""
	}
	var out []Cover
	for _, d := range p.Deployments[id] {
		if reaches(d.Record.Capability) {
			out = append(out, Cover{Subject: d.ID, Account: id, EndUser: endUser(d.Record), Capability: d.Record.Capability})
		}
	}
	if len(p.Deployments[id]) > 0 {
		return out
	}
	highest := ""
	all := p.capabilities(id, a)
	for _, c := range all {
		if register.RiskClass(c) == register.HighestRisk(all...) {
			highest = c
			break
		}
	}
	if reaches(highest) {
		out = append(out, Cover{Subject: id, Account: id, EndUser: endUser(nil), Capability: highest})
	}
	return out
}

// whereabouts gives the area whose people a deployment covers.
func (p *Portfolio) whereabouts(c Cover) (jurisdiction, place string, known bool) {
	user := p.Customers[c.EndUser]
	if user == nil {
		return "", "", false
	}
	jurisdiction, place = user.Record.Jurisdiction, user.Record.Place
	for _, d := range p.Deployments[c.Account] {
		if d.ID == c.Subject && d.Record.Jurisdiction != "" && d.Record.Jurisdiction != jurisdiction {
			jurisdiction, place = d.Record.Jurisdiction, "" // elsewhere than where the end user sits
		}
	}
	whole := slices.Contains(nationwide, user.Record.Sector)
	return jurisdiction, place, jurisdiction != "" && (place != "" || whole)
}
