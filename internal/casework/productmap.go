package casework

import (
	"context"
	"slices"
	"strings"

	"duly/internal/register"
	"duly/internal/store"
)

// Mapped is a product with what bills call it, what it can do, and what waits.
type Mapped struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	SKUs        []string `json:"skus"`       // stated of it, or billed to accounts that are mapped to it
	Intended    []string `json:"intended"`   // without what waits
	Unintended  []string `json:"unintended"` // what else it can do
	Waiting     []string `json:"waiting"`    // announced and not launched: nobody may have it
	Risk        string   `json:"risk"`
	Owner       string   `json:"owner"` // "" while nobody answers for it
	Accounts    int      `json:"accounts"`
	Deployments int      `json:"deployments"`
	Unconfirmed int      `json:"unconfirmed"` // of which neither a contract nor the customer is known to say so
}

// Unmapped is a name on the bills of accounts that map to no product. What it can do is not known, and
// counts as the most that anything can.
type Unmapped struct {
	SKU      string   `json:"sku"`
	Accounts int      `json:"accounts"`
	Fits     []string `json:"fits"` // products of which the name is stated: the accounts can be mapped
}

// ProductMap is what is sold.
type ProductMap struct {
	Products []Mapped   `json:"products"` // as the log has them
	Unmapped []Unmapped `json:"unmapped"` // the most accounts first
	Unowned  int        `json:"unowned"`
}

// MapProducts reads the map from names on bills to what they can do. A name that is
// stated of one product and billed to accounts of another stands with both.
func MapProducts(ctx context.Context, q store.Queryer) (*ProductMap, error) {
	out := &ProductMap{Products: []Mapped{}, Unmapped: []Unmapped{}}
	products, err := store.Select(ctx, q, register.Products, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	named := map[string][]string{}
	for i, p := range products {
		at[p.ID] = i
		m, err := mapped(ctx, q, p)
		if err != nil {
			return nil, err
		}
		for _, sku := range m.SKUs {
			named[sku] = append(named[sku], p.ID)
		}
		if m.Owner == "" {
			out.Unowned++
		}
		out.Products = append(out.Products, m)
	}
	if err := out.accounts(ctx, q, at, named); err != nil {
		return nil, err
	}
	if err := out.deployments(ctx, q, at); err != nil {
		return nil, err
	}
	for i := range out.Products {
		slices.Sort(out.Products[i].SKUs)
		out.Products[i].SKUs = slices.Compact(out.Products[i].SKUs)
	}
	return out, nil
}

func mapped(ctx context.Context, q store.Queryer, p *store.Revision[register.Product]) (Mapped, error) {
	r := p.Record
	m := Mapped{ID: p.ID, Name: r.Name, SKUs: slices.Clone(r.SKUs), Unintended: r.Unintended, Risk: r.Risk, Owner: strings.TrimSpace(r.Owner), Waiting: []string{}}
	changes, err := store.Select(ctx, q, Changes, "r.product = $1 and r.state = 'announced'", p.ID)
	for _, c := range changes {
		m.Waiting = append(m.Waiting, c.Record.Capability)
	}
	m.Intended = slices.DeleteFunc(slices.Clone(r.Intended), func(c string) bool { return slices.Contains(m.Waiting, c) })
	return m, err
}

// accounts counts the accounts of each product, and of each name that maps to none.
func (m *ProductMap) accounts(ctx context.Context, q store.Queryer, at map[string]int, named map[string][]string) error {
	none := map[string]int{}
	err := store.Each(ctx, q, register.Accounts, store.Now, "r.state = 'active'", nil, func(a *store.Revision[register.Account]) error {
		i, ok := at[a.Record.Product]
		switch {
		case ok:
			m.Products[i].Accounts++
			if a.Record.BilledAs != "" {
				m.Products[i].SKUs = append(m.Products[i].SKUs, a.Record.BilledAs)
			}
		default:
			none[a.Record.BilledAs]++
		}
		return nil
	})
	for sku, n := range none {
		m.Unmapped = append(m.Unmapped, Unmapped{sku, n, append([]string{}, named[sku]...)})
	}
	slices.SortFunc(m.Unmapped, func(a, b Unmapped) int {
		if a.Accounts != b.Accounts {
			return b.Accounts - a.Accounts
		}
		return strings.Compare(a.SKU, b.SKU)
	})
	return err
}

func (m *ProductMap) deployments(ctx context.Context, q store.Queryer, at map[string]int) error {
	return store.Each(ctx, q, register.Deployments, store.Now, "r.state = 'active'", nil, func(d *store.Revision[register.Deployment]) error {
		if i, ok := at[d.Record.Product]; ok {
			m.Products[i].Deployments++
			if d.Record.Basis != "contract" && d.Record.Basis != "customer" {
				m.Products[i].Unconfirmed++
			}
		}
		return nil
	})
}
