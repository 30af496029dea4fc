package register

import (
	"context"
	"slices"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Party is a person or an organisation that stands behind a customer and is none
// itself. One without a name is known to be there and not who it is.
type Party struct {
	Origin
	Identity  string   `duly:"identity,personal,column"` // format, publisher and record id of the file that told of it
	Sort      string   `duly:"sort,customer,enum=person|organisation|state|unknown"`
	Name      string   `duly:"name,personal"`
	Others    []string `duly:"other_names,personal"`
	Countries []string `duly:"countries,customer"`  // ISO 3166-1 alpha-2, where it is from or registered
	BirthDate string   `duly:"birth_date,personal"` // YYYY, YYYY-MM or YYYY-MM-DD
	Numbers   []string `duly:"numbers,personal"`    // scheme:VALUE
}

// Interest says that Owner has a role in Owned: holds shares, controls without
// shares, or directs. Of shares it is at least Least and at most Most, in hundredths
// of a per cent; nil where that is not known. Indirect says that it sums up a chain
// of others.
type Interest struct {
	Origin
	Identity string `duly:"identity,customer,column"`
	Owner    string `duly:"owner,customer,column"` // record id of a customer or party; "" for one that nobody names
	Owned    string `duly:"owned,customer,column"` // record id of a customer or party
	Role     string `duly:"role,personal,enum=owns|controls|directs"`
	Least    *int64 `duly:"least,personal"`
	Most     *int64 `duly:"most,personal"`
	Indirect bool   `duly:"indirect,customer"`
}

// The kinds of those who stand behind customers.
var (
	Parties   = ledger.Define[Party]("party", 1)
	Interests = ledger.Define[Interest]("interest", 1)
)

// FindCustomer gives the record id of the customer that a person means: a record id
// of a customer or party, an identifier as scheme:value, or what [Find] takes, of
// which the customer is given.
//
// Errors: NotFound; Invalid when the text fits several.
func FindCustomer(ctx context.Context, q store.Queryer, text string) (string, error) {
	list, err := ids(ctx, q, `select id from r_customer where id = $1 and to_seq is null
		union select id from r_party where id = $1 and to_seq is null
		union select subject from r_identifier where scheme || ':' || value = $1 and state = 'active' and to_seq is null`, text)
	switch {
	case err != nil:
		return "", err
	case len(list) == 1:
		return list[0], nil
	case len(list) > 1:
		return "", fault.Newf(fault.Invalid, "%q fits %d customers", text, len(list)).WithFix("give a record id")
	}
	found, err := Find(ctx, q, text)
	if err != nil {
		return "", err
	}
	column := map[string]string{"account": "r_account", "deployment": "r_deployment"}[found.Kind]
	if column != "" {
		list, err = ids(ctx, q, "select customer from "+column+" where id = $1 and to_seq is null and customer <> ''", found.ID)
	}
	if err == nil && len(list) == 0 {
		err = fault.Newf(fault.NotFound, "%q maps to no customer", text)
	}
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// Above gives all who were ever registered as standing behind some customers or parties,
// at any distance, by an interest, as an owner or by a relationship; somebody of them too
// who stands behind another or in a circle. It reads these rows only, in one statement
// for each step of the longest chain.
func Above(ctx context.Context, q store.Queryer, of []string) ([]string, error) {
	return walk(ctx, q, of, above)
}

// Around gives some customers or parties with all who were ever connected with them by
// standing behind one another, at any distance and in any direction. What follows from
// who stands behind whom follows for them from these alone.
func Around(ctx context.Context, q store.Queryer, of []string) ([]string, error) {
	reached, err := walk(ctx, q, of, func(n int) string { return above(n) + " union " + below(n) })
	all := slices.Concat(of, reached)
	slices.Sort(all)
	return slices.Compact(all), err
}

// above is the query for those who stand directly behind n others, below for those whom
// n others stand directly behind.
func above(n int) string {
	return "select owner from r_interest where " + store.In("owned", 0, n) + " and owner is not null" +
		" union select coalesce(party, id) from r_owner where " + store.In("customer", 0, n) +
		" union select party from r_relationship where " + store.In("customer", 0, n) + " and role = 'owner' and party is not null"
}

func below(n int) string {
	return "select owned from r_interest where " + store.In("owner", 0, n) + " and owned is not null" +
		" union select customer from r_owner where " + store.In("party", 0, n) + " and customer is not null" +
		" union select customer from r_owner where " + store.In("id", 0, n) + " and customer is not null" +
		" union select customer from r_relationship where " + store.In("party", 0, n) + " and role = 'owner' and customer is not null"
}

// walk gives all who are reached from some by a query for one step.
func walk(ctx context.Context, q store.Queryer, of []string, step func(n int) string) ([]string, error) {
	var reached []string
	known, asked := map[string]bool{}, map[string]bool{}
	for next := of; len(next) > 0; {
		for _, id := range next {
			asked[id] = true
		}
		var found []string
		err := store.Parts(next, func(n int, args []any) error {
			some, err := ids(ctx, q, step(n), args...)
			found = append(found, some...)
			return err
		})
		if err != nil {
			return nil, err
		}
		next = nil
		for _, id := range found {
			if known[id] {
				continue
			}
			known[id] = true
			reached = append(reached, id)
			if !asked[id] {
				next = append(next, id)
			}
		}
	}
	return reached, nil
}
