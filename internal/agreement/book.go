package agreement

import (
	"slices"
	"strings"

	"duly/internal/conditions"
	"duly/internal/register"
)

// Binding says how a version of a condition binds a deployment.
type Binding string

// The bindings, from the firmest.
const (
	Agreed   Binding = "agreed"   // to this very version
	Amended  Binding = "amended"  // to an earlier one that says that later ones bind
	Outdated Binding = "outdated" // to an earlier one that does not say so
	None     Binding = "none"     // to no version of it, as far as is known
)

// Firm says whether the version binds.
func (b Binding) Firm() bool { return b == Agreed || b == Amended }

// Book is who agreed to what, and who is served under what, as of one reading of the
// log. It is safe for concurrent use.
type Book struct {
	terms       map[string][]term // by subject
	deployments map[string]served
	order       []string            // deployments, as the log has them
	links       map[string]link     // relationships by id
	onward      map[string][]string // by customer, the links that lead on from it, as the log has them
}

// term is one agreement: condition ids and the terms that were accepted.
type term struct {
	from, to string
	amended  bool
	accepted map[string]string
}

// served is under what a deployment is served, and to whom.
type served struct {
	contract     string
	billed, user string // customers
	subject      conditions.Subject
}

// link is a relationship, as the product goes through it.
type link struct{ from, to, flowDown string }

func (b *Book) add(a *Agreement) {
	t := term{from: a.ValidFrom, to: a.ValidTo, amended: a.AsAmended, accepted: map[string]string{}}
	for _, line := range a.Accepted {
		if id, terms, ok := strings.Cut(line, " "); ok {
			t.accepted[id] = terms
		}
	}
	b.terms[a.Subject] = append(b.terms[a.Subject], t)
}

// serve notes a deployment. One without an account of its own is served under no
// contract that is known.
func (b *Book) serve(id string, d *register.Deployment, a *register.Account, sectors map[string]string) {
	s := served{user: d.Customer, subject: conditions.Subject{Capability: d.Capability, Purpose: d.Purpose, Jurisdiction: d.Jurisdiction}}
	if a != nil {
		s.contract, s.billed = a.Contract, a.Customer
	}
	if s.user == "" {
		s.user = s.billed
	}
	s.subject.Sector = sectors[s.user]
	b.deployments[id] = s
	b.order = append(b.order, id)
}

// link notes a relationship. The product goes from whoever stands in between to the
// customer, and from the customer to its end user.
func (b *Book) link(id string, r *register.Relationship) {
	switch r.Role {
	case "end_user":
		b.links[id] = link{r.Customer, r.Party, r.FlowDown}
	case "integrator", "reseller", "distributor":
		b.links[id] = link{r.Party, r.Customer, r.FlowDown}
	default: // owners hand no product on
		return
	}
	from := b.links[id].from
	b.onward[from] = append(b.onward[from], id)
}

// Binds says how a version of a condition binds a deployment on a day: by an agreement
// of its own, or by one about its contract. The firmest counts.
func (b *Book) Binds(deployment string, c *conditions.Condition, day string) Binding {
	own := b.accepted(deployment, c, day)
	if contract := b.deployments[deployment].contract; contract != "" {
		return firmest(own, b.accepted(contract, c, day))
	}
	return own
}

func (b *Book) accepted(subject string, c *conditions.Condition, day string) Binding {
	best := None
	for _, t := range b.terms[subject] {
		if day >= t.from && (t.to == "" || day < t.to) {
			best = firmest(best, t.binds(c))
		}
	}
	return best
}

// Since gives the first day of the earliest agreement, of those that hold on a day, by
// which a version of a condition binds a deployment; "" when none does.
func (b *Book) Since(deployment string, c *conditions.Condition, day string) string {
	first := ""
	for _, subject := range []string{deployment, b.deployments[deployment].contract} {
		for _, t := range b.terms[subject] {
			if subject != "" && day >= t.from && (t.to == "" || day < t.to) && t.binds(c).Firm() && (first == "" || t.from < first) {
				first = t.from
			}
		}
	}
	return first
}

func (t *term) binds(c *conditions.Condition) Binding {
	best := None
	for _, id := range c.Line {
		switch terms, ok := t.accepted[id]; {
		case !ok:
		case terms == c.Terms:
			return Agreed
		case t.amended:
			best = Amended
		default:
			best = firmest(best, Outdated)
		}
	}
	return best
}

var firmness = []Binding{None, Outdated, Amended, Agreed}

func firmest(a, b Binding) Binding {
	if slices.Index(firmness, b) > slices.Index(firmness, a) {
		return b
	}
	return a
}

// chain gives the links from whoever is billed to whoever uses a deployment, the fewest
// that lead there, and whether they do.
func (b *Book) chain(d served) (links []string, whole bool) {
	if d.billed == d.user {
		return nil, true
	}
	type path struct {
		at    string
		links []string
	}
	seen, next := map[string]bool{d.billed: true}, []path{{at: d.billed}}
	for len(next) > 0 {
		p := next[0]
		next = next[1:]
		if p.at == d.user {
			return p.links, true
		}
		for _, id := range b.onward[p.at] {
			if to := b.links[id].to; !seen[to] {
				seen[to] = true
				next = append(next, path{to, append(slices.Clone(p.links), id)})
			}
		}
	}
	return nil, false
}
