package register

import (
	"context"

	"duly/internal/store"
)

const half = 5000 // hundredths of a per cent

// Half says whether an interest is half of somebody or more, or may be.
func (i *Interest) Half() bool { return i.Role != "directs" && (i.Most == nil || *i.Most >= half) }

// Half says the same of a registered owner.
func (o *Owner) Half() bool { return o.Role != "director" && (o.Share == nil || *o.Share >= half) }

// Holders gives, by customer, the customers and parties that hold half of it or more, or
// may, in the order of the log. Memory grows with them.
func Holders(ctx context.Context, q store.Queryer) (map[string][]string, error) {
	out := map[string][]string{}
	add := func(held, by string) {
		if held != "" && by != "" && held != by {
			out[held] = append(out[held], by)
		}
	}
	interests, err := store.Select(ctx, q, Interests, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, i := range interests {
		if i.Record.Half() {
			add(i.Record.Owned, i.Record.Owner)
		}
	}
	owners, err := store.Select(ctx, q, Owners, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, o := range owners {
		if o.Record.Half() {
			add(o.Record.Customer, o.Record.Party)
		}
	}
	links, err := store.Select(ctx, q, Relationships, "r.state = 'active' and r.role = 'owner'")
	for _, l := range links {
		add(l.Record.Customer, l.Record.Party)
	}
	return out, err
}

// HoldersOf gives a customer and all who hold it, through whomever.
func HoldersOf(holders map[string][]string, id string) []string {
	out, seen := []string{id}, map[string]bool{id: true}
	for i := 0; i < len(out); i++ {
		for _, by := range holders[out[i]] {
			if !seen[by] {
				seen[by] = true
				out = append(out, by)
			}
		}
	}
	return out
}
