package framework

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/calendar"
	"duly/internal/pack"
	"duly/internal/rule"
)

// What a prohibition rests on.
const (
	Law    = "law"    // a ban: an act, an ordinance, an order
	Policy = "policy" // a moratorium: a vendor's own term or promise
)

// Facts that places are compared with. They are read beside those that a pack
// declares, and no expression reads them.
const (
	FactJurisdiction = "deployment.jurisdiction" // ISO 3166-1 or 3166-2: US, US-NY
	FactTown         = "deployment.town"         // town or county, as the source writes it
)

// Standing is how a deployment stands to a prohibition on a day. A higher one goes
// before a lower one.
type Standing int8

// The standings, the lightest first. The zero value is Unclear, so that what was
// never set does not read as no.
const (
	None    Standing = iota - 2 // out of its dates, its places or its scope
	Exempt                      // an exemption holds
	Unclear                     // the facts, or the words of the text, do not tell
	Applies
)

// String gives none, exempt, unclear or applies.
func (s Standing) String() string {
	switch s {
	case None:
		return "none"
	case Exempt:
		return "exempt"
	case Applies:
		return "applies"
	}
	return "unclear"
}

// MarshalText gives the same as String.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Ban is one dated prohibition: a ban by law, or a moratorium of a vendor.
type Ban struct {
	ID        string // pack and own id: bans/ny-schools-2020
	Basis     string // Law or Policy
	Provider  string // whose policy; "" of a law
	Title     string
	Text      string // in the project's own words
	Reference string // where the text stands
	Grade     string // verified (the text was read) or unverified
	From      string // first day, YYYY-MM-DD
	To        string // last day; "" while no end is known
	Recheck   string // from this day on somebody has to look again; may be empty

	checked string // the day on which the pack was last compared with its sources; may be empty

	from   *Framework // whose facts the expressions read
	places []placeBody
	scope  *rule.Rule
	except []clause
	open   []clause
}

// clause is an exemption, or a question that the words of the text leave open.
type clause struct {
	id, text string
	when     *rule.Rule
}

// Ruling is what one prohibition says of a deployment on a day.
type Ruling struct {
	Ban       *Ban
	Standing  Standing
	Exemption string   // the id of the exemption that holds
	Why       string   // the exemption in words, or why nothing follows
	Open      []string // what must be answered while it is unclear: open questions in words, then those of facts that are not known
	Since     string   // the first day on which what is open could be answered
	Stale     bool     // it was to be checked again by this day
}

// Pack gives the pack that the prohibition stands in.
func (b *Ban) Pack() *pack.Pack { return b.from.pack }

// lapsed says whether the end that was planned when somebody last looked has passed: it
// may have been put off since.
func (b *Ban) lapsed(day string) bool {
	return b.To != "" && b.checked != "" && b.To >= b.checked && day > b.To
}

// InForce says whether the day lies within the prohibition's dates, both included.
func (b *Ban) InForce(day string) bool {
	return b.From <= day && (b.To == "" || day <= b.To)
}

// ChangesBetween says whether the prohibition came into force, ended or passed its
// planned end after one day and by another, so that it may say another thing on the
// second.
func (b *Ban) ChangesBetween(day, later string) bool {
	return b.InForce(day) != b.InForce(later) || b.lapsed(day) != b.lapsed(later)
}

// On says how a deployment with these facts stands to the prohibition on a day. A
// fact that is not among the values is unknown. What is not known leaves it unclear
// wherever it could matter, and never makes it none; a term that the text does not
// define leaves it unclear too, and so does an end that was planned when somebody last
// looked, and has passed. A value that its fact cannot have is an error.
func (b *Ban) On(values Values, day string) (Ruling, error) {
	look, err := b.from.lookup(values)
	if err != nil {
		return Ruling{}, err
	}
	return b.on(look, values, day)
}

func (b *Ban) on(look rule.Lookup, values Values, day string) (Ruling, error) {
	lapsed := b.lapsed(day)
	r := Ruling{Ban: b, Standing: None, Since: b.From, Stale: lapsed || b.Recheck != "" && day >= b.Recheck}
	if !lapsed && !b.InForce(day) {
		r.Why, r.Stale = "not in force on "+day, false
		return r, nil
	}
	covered, missing, err := b.covers(look, values)
	if err != nil {
		return Ruling{}, err
	}
	if covered == rule.False {
		r.Why = "out of its places or its scope"
		return r, nil
	}
	sure := covered == rule.True
	if lapsed {
		r.Since = calendar.Later(b.To, 1)
		sure, r.Open = false, []string{"It was to end on " + b.To + ", and nobody has looked since whether it did. Did it?"}
	}
	for _, e := range b.except {
		holds, unknown, err := e.when.EvalUnknowns(look)
		switch {
		case err != nil:
			return Ruling{}, err
		case holds == rule.True:
			r.Standing, r.Exemption, r.Why = Exempt, e.id, e.text
			return r, nil
		case holds == rule.Unknown:
			sure, missing = false, append(missing, unknown...)
		}
	}
	for _, o := range b.open {
		asked, unknown, err := o.when.EvalUnknowns(look)
		switch {
		case err != nil:
			return Ruling{}, err
		case asked == rule.True:
			sure, r.Open = false, append(r.Open, o.text)
		case asked == rule.Unknown:
			sure, missing = false, append(missing, unknown...)
		}
	}
	slices.Sort(missing)
	for _, fact := range slices.Compact(missing) {
		r.Open = append(r.Open, b.from.asks(fact))
	}
	r.Standing = Unclear
	if sure {
		r.Standing = Applies
	}
	return r, nil
}

// asks writes the question of a fact, with its id.
func (f *Framework) asks(fact string) string {
	question := map[string]string{FactJurisdiction: "Where is it used, by country and state?", FactTown: "In which town is it used?"}[fact]
	if i, ok := f.index[fact]; ok {
		question = f.facts[i].Question
	}
	return question + " (" + fact + ")"
}

// covers says whether place and scope cover a deployment, and which unknown facts
// leave it open. Places are compared first: they are cheaper than an expression.
func (b *Ban) covers(look rule.Lookup, values Values) (covered rule.Tri, unknown []string, err error) {
	place := rule.True
	if len(b.places) > 0 {
		place = rule.False
	}
	var missing []string
	for _, at := range b.places {
		in, fact := at.holds(text(values, FactJurisdiction), text(values, FactTown))
		if in == rule.True {
			place, missing = rule.True, nil
			break
		}
		if in == rule.Unknown {
			place, missing = rule.Unknown, append(missing, fact)
		}
	}
	if place == rule.False {
		return rule.False, nil, nil
	}
	covered, unknown, err = b.scope.EvalUnknowns(look)
	if covered == rule.True {
		covered = place
	}
	return covered, slices.Concat(unknown, missing), err
}

// holds says whether a jurisdiction and a town lie in the place, and which of the
// two facts leaves it open. A jurisdiction that only contains the place may be meant
// or not, and so may a county that the town lies in.
func (at placeBody) holds(jurisdiction, town string) (rule.Tri, string) {
	switch {
	case jurisdiction == "" || strings.HasPrefix(at.Area, jurisdiction+"-"):
		return rule.Unknown, FactJurisdiction
	case jurisdiction != at.Area && !strings.HasPrefix(jurisdiction, at.Area+"-"):
		return rule.False, ""
	case at.Town == "" || plainTown(town) == plainTown(at.Town):
		return rule.True, ""
	case town == "" || slices.ContainsFunc(at.Counties, func(c string) bool { return plainTown(c) == plainTown(town) }):
		return rule.Unknown, FactTown
	}
	return rule.False, ""
}

// plainTown takes off what sources write around the name of a town or county.
func plainTown(name string) string {
	name = strings.ToLower(strings.Join(strings.Fields(name), " "))
	name = strings.TrimPrefix(name, "city of ")
	return strings.TrimSuffix(name, " county")
}

func text(values Values, fact string) string {
	s, _ := values[fact].(string)
	return s
}

// Prohibited asks bans and moratoria about a deployment on a day and gives every ruling,
// the gravest first and otherwise in the order given. The first one speaks for all:
// what applies goes before what is unclear, that before an exemption, and that before
// none.
func Prohibited(list []*Ban, values Values, day string) ([]Ruling, error) {
	out := make([]Ruling, 0, len(list))
	var from *Framework // whose facts look knows
	var look rule.Lookup
	for _, b := range list {
		var err error
		if b.from != from {
			from = b.from
			if look, err = from.lookup(values); err != nil {
				return nil, err
			}
		}
		r, err := b.on(look, values, day)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.ID, err)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Ruling) int { return int(b.Standing) - int(a.Standing) })
	return out, nil
}

// Bans gives the pack's dated bans and moratoria in its order. The slice is the
// caller's own.
func (f *Framework) Bans() []*Ban { return slices.Clone(f.bans) }

// Complete says whether the pack claims to hold every prohibition of its sort that
// could cover a deployment with these facts. Where it is not True, that none covers
// it does not mean that there is none.
func (f *Framework) Complete(values Values) (rule.Tri, error) {
	if f.complete == nil {
		return rule.False, nil
	}
	look, err := f.lookup(values)
	if err != nil {
		return rule.Unknown, err
	}
	return f.complete.Eval(look)
}
