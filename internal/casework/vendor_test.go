package casework_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

// grow adds accounts: most are companies that a registry confirms with plain
// computing, some are not confirmed, few hold power over people.
func (y *year) grow(n int) {
	plain := y.product("compute")
	for from := 0; from < n; from += 2000 {
		y.write(func(tx *store.Tx) error {
			for range min(2000, n-from) {
				if err := y.one(tx, plain); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put(y.office, runs.Runs, runs.Run{Task: "screen", Day: y.today})
}

// places are where customers are; there is a coup in the last and a ban in the third.
var places = []string{"US", "US", "DE", "GB", "XC"}

func (y *year) one(tx *store.Tx, plain string) error {
	kind, place := y.dice.IntN(100), places[y.dice.IntN(len(places))]
	if kind < 4 {
		place = places[len(y.units)%len(places)]
	}
	c := &register.Customer{Origin: active, Name: fmt.Sprintf("Customer %d", len(y.customer)), Kind: "company", Sector: "commercial", Jurisdiction: place}
	product, capability := plain, ""
	switch {
	case kind < 4:
		c.Kind, c.Sector, product, capability = "public_body", "policing", y.faces, "face_search"
	case kind < 6:
		capability = "video_analytics"
	}
	who, err := store.Create(tx, register.Customers, c)
	if err != nil {
		return err
	}
	y.by[place+"/"+c.Sector] = append(y.by[place+"/"+c.Sector], who.ID)
	y.customer = append(y.customer, who.ID)
	if kind >= 15 || kind < 6 {
		_, err := store.Create(tx, register.Identifiers, &register.Identifier{Origin: active, Subject: who.ID, Scheme: "lei", Value: who.ID})
		if err != nil {
			return err
		}
	}
	if y.dice.IntN(20) == 0 {
		if err := y.owner(tx, who.ID); err != nil {
			return err
		}
	}
	contract, ends := "", ""
	if kind < 6 && y.dice.IntN(3) == 0 {
		if contract, ends, err = y.agree(tx, who.ID); err != nil {
			return err
		}
	}
	cents := int64(y.dice.IntN(5_000_000))
	a, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Name: c.Name, Customer: who.ID, Product: product, Contract: contract, Amount: &cents, Currency: "USD"})
	if err != nil {
		return err
	}
	if kind >= 15 && y.dice.IntN(300) == 0 {
		y.front[a.ID] = true
	}
	if capability == "" {
		return nil
	}
	d, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: who.ID, Product: product, Account: a.ID, Capability: capability, Jurisdiction: place})
	y.units, y.account[d.ID] = append(y.units, d.ID), a.ID
	if contract != "" {
		y.ends[d.ID], y.contract[d.ID] = ends, contract
	}
	return err
}

// owner registers somebody behind a customer: a person, or another customer.
func (y *year) owner(tx *store.Tx, owned string) error {
	share := int64(1+y.dice.IntN(10)) * 1000
	i := &register.Interest{Origin: active, Owner: y.someCustomer(), Owned: owned, Role: "owns", Least: &share, Most: &share}
	if y.dice.IntN(4) > 0 {
		party, err := store.Create(tx, register.Parties, &register.Party{Origin: active, Sort: "person", Name: fmt.Sprint("Owner ", len(y.parties))})
		if err != nil {
			return err
		}
		i.Owner, y.parties = party.ID, append(y.parties, party.ID)
	}
	_, err := store.Create(tx, register.Interests, i)
	return err
}

// agree gives a customer a contract that ends within two years.
func (y *year) agree(tx *store.Tx, customer string) (id, ends string, err error) {
	origin := active
	origin.ValidTo = y.clock.AddDate(0, 0, 1+y.dice.IntN(730)).Format(time.DateOnly)
	ref, err := store.Create(tx, register.Contracts, &register.Contract{Origin: origin, Customer: customer, Title: "frame contract"})
	return ref.ID, origin.ValidTo, err
}

// often says how many of an event a week has, for so many among 50,000 accounts.
func (y *year) often(among50k int) int {
	n := among50k * y.accounts
	return n/50000 + map[bool]int{true: 1}[y.dice.IntN(50000) < n%50000]
}

func (y *year) someCustomer() string { return y.customer[y.dice.IntN(len(y.customer))] }

// happen writes what happens in a week.
func (y *year) happen(week int) {
	for n := range y.often(20) {
		who := y.someCustomer()
		if n%10 == 9 && len(y.parties) > 0 {
			who = y.parties[y.dice.IntN(len(y.parties))]
		}
		put(y.office, screening.Hits, screening.Hit{State: "open", Grade: "weak", Subject: who, Identity: fmt.Sprint(who, week, y.dice.Uint64()), List: "made up", Entry: "x", Matched: "somebody"})
	}
	for range y.often(5) {
		y.write(func(tx *store.Tx) error { return y.owner(tx, y.someCustomer()) })
	}
	for range y.often(6) {
		zero := strings.Repeat("0", 64)
		put(y.office, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: zero, Day: y.today, Deployment: y.units[y.dice.IntN(len(y.units))], Clause: "C-1"})
	}
	for range y.often(12) { // half of it is about those who hold power over people
		sort, about := casework.Sorts[y.dice.IntN(len(casework.Sorts))], y.someCustomer()
		if y.dice.IntN(2) == 0 {
			about = y.units[y.dice.IntN(len(y.units))]
		}
		_, err := casework.Raise(ctx, y.db, storetest.Actor, casework.Signal{Sort: sort, Subject: about, Text: "somebody spoke", Day: y.today})
		y.ok(err)
		y.raised[sort]++
	}
	for range y.often(40) {
		y.state(y.units[y.dice.IntN(len(y.units))], "use.bystanders", ledger.Bool(true))
	}
	switch week {
	case 20:
		y.eachOf("DE/policing", "law.local_ban", ledger.Text("in_force"))
	case 26:
		ref, _, err := casework.Announce(ctx, y.db, act.Default, y.ann.Actor, casework.Change{Product: y.faces, Capability: "live_face_recognition", Reason: "customers ask for it"}, y.today)
		y.ok(err)
		y.change = ref.ID
	case 34:
		y.eachOf("XC/policing", "country.situation", ledger.Texts([]string{"coup"}))
	}
}

func (y *year) eachOf(group, fact string, value ledger.Scalar) {
	y.write(func(tx *store.Tx) error {
		for _, who := range y.by[group] {
			if err := evidence.State(ctx, tx, evidence.Fact{Subject: who, Fact: fact, Value: value, AsOf: y.today}, "press", y.today); err != nil {
				return err
			}
		}
		return nil
	})
}

// renew asks whether the contracts that end this week may be renewed, and renews those.
func (y *year) renew() {
	week := y.clock.AddDate(0, 0, 7).Format(time.DateOnly)
	for _, unit := range slices.Sorted(maps.Keys(y.ends)) {
		if y.ends[unit] < y.today || y.ends[unit] >= week {
			continue
		}
		if err := casework.MayRenew(ctx, y.db, unit, y.today); err != nil {
			y.refused(err, "")
			y.renewals["not renewed, since something about it waited"]++
			continue
		}
		revise(y.office, register.Contracts, y.contract[unit], func(c *register.Contract) {
			c.ValidTo = y.clock.AddDate(1, 0, 0).Format(time.DateOnly)
		})
		y.renewals["renewed"]++
	}
}
