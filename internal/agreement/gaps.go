package agreement

import (
	"slices"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
)

// Kinds of gaps.
const (
	NotAgreed   = "not_agreed"   // a condition holds for the deployment, and nobody agreed to it
	OldVersion  = "old_version"  // an earlier version was agreed to, which does not bind to this one
	NoFlowDown  = "no_flow_down" // a link of the chain is not known to hand the condition on
	UnknownLink = "unknown_link" // somebody else is billed than the user, and no link between them is known
)

// Gap says that conditions are asked of a deployment and do not reach it.
type Gap struct {
	Kind       string   `json:"kind"`
	Deployment string   `json:"deployment"`
	Link       string   `json:"link,omitempty"`      // the relationship, for NoFlowDown
	FlowDown   string   `json:"flow_down,omitempty"` // what is said of it: yes, no, unknown
	Conditions []string `json:"conditions"`          // ids, sorted
}

// Cover counts deployments by what they agreed to, of those for which a condition holds.
type Cover struct {
	Deployments int   `json:"deployments"` // for which at least one binding condition holds
	Whole       int   `json:"whole"`       // of which each such condition is agreed to
	Gaps        []Gap `json:"gaps"`
}

// Gaps lists what is missing on a day, by deployment in the order of the log. Only
// conditions that are meant to bind are looked for: what is merely advisory needs nobody
// to agree. What is not known of a deployment counts as covered by a condition. That a
// link is said to hand conditions on does not say which: such a gap names what is said.
func (b *Book) Gaps(sets []*conditions.Set, day string) (*Cover, error) {
	on, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write it as YYYY-MM-DD")
	}
	var asked []*conditions.Condition
	for _, set := range sets {
		for _, c := range set.Conditions {
			if c.InForce(on) && c.Status != conditions.Advisory {
				asked = append(asked, c)
			}
		}
	}
	out := &Cover{Gaps: []Gap{}}
	for _, id := range b.order {
		var held []*conditions.Condition
		for _, c := range asked {
			if applies, _ := c.Applies(b.deployments[id].subject); applies {
				held = append(held, c)
			}
		}
		if len(held) == 0 {
			continue
		}
		out.Deployments++
		own := b.own(id, held, day)
		if len(own) == 0 {
			out.Whole++
		}
		out.Gaps = append(append(out.Gaps, own...), b.downstream(id, held, day)...)
	}
	return out, nil
}

// own gives what a deployment itself did not agree to.
func (b *Book) own(id string, held []*conditions.Condition, day string) (gaps []Gap) {
	missing := map[Binding][]string{}
	for _, c := range held {
		how := b.Binds(id, c, day)
		missing[how] = append(missing[how], c.ID)
	}
	for _, q := range []struct {
		how  Binding
		kind string
	}{{None, NotAgreed}, {Outdated, OldVersion}} {
		if ids := missing[q.how]; len(ids) > 0 {
			slices.Sort(ids)
			gaps = append(gaps, Gap{Kind: q.kind, Deployment: id, Conditions: ids})
		}
	}
	return gaps
}

// downstream gives the links of a deployment's chain that hand nothing on.
func (b *Book) downstream(id string, held []*conditions.Condition, day string) (gaps []Gap) {
	links, whole := b.chain(b.deployments[id])
	if !whole {
		return []Gap{{Kind: UnknownLink, Deployment: id, Conditions: ids(held)}}
	}
	for _, l := range links {
		var missing []*conditions.Condition
		for _, c := range held {
			if !b.accepted(l, c, day).Firm() {
				missing = append(missing, c)
			}
		}
		if len(missing) > 0 {
			gaps = append(gaps, Gap{NoFlowDown, id, l, b.links[l].flowDown, ids(missing)})
		}
	}
	return gaps
}

func ids(list []*conditions.Condition) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.ID
	}
	slices.Sort(out)
	return out
}

// Held is a condition that holds for a deployment on a day.
type Held struct {
	*conditions.Condition
	Assumed []string // what is not known of the deployment and counts as covered
	Binding Binding
}

// Holds lists the conditions that hold for a deployment on a day, and how each binds.
//
// Errors: NotFound; Invalid for a day that is none.
func (b *Book) Holds(sets []*conditions.Set, deployment, day string) ([]Held, error) {
	on, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write it as YYYY-MM-DD")
	}
	d, ok := b.deployments[deployment]
	if !ok {
		return nil, fault.Newf(fault.NotFound, "there is no active deployment %q", deployment)
	}
	out := []Held{}
	for _, set := range sets {
		for _, c := range set.Conditions {
			if applies, assumed := c.Applies(d.subject); applies && c.InForce(on) {
				out = append(out, Held{c, assumed, b.Binds(deployment, c, day)})
			}
		}
	}
	return out, nil
}
