package screening_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// chance is a register of chance: customers and parties who own, control and direct each other,
// with circles, sums of chains, people whom nobody names, rows that ended or do not hold
// on the day, and hits of every state.
type chance struct {
	*rapid.T
	tx        *store.Tx
	customers []string
	everybody []string
}

func (c *chance) write(what func() (store.Ref, error)) string {
	ref, err := what()
	if err != nil {
		c.Fatal(err)
	}
	return ref.ID
}

func (c *chance) one(of []string) string { return rapid.SampledFrom(of).Draw(c.T, "one") }

// origin is that of a row which may have ended or not hold on the day.
func (c *chance) origin() register.Origin {
	o := register.Origin{State: c.one([]string{"active", "active", "active", "active", "active", "ended"})}
	switch rapid.IntRange(0, 11).Draw(c.T, "span") {
	case 0:
		o.ValidTo = "2025-10-01"
	case 1:
		o.ValidFrom = "2025-12-01"
	case 2:
		o.ValidFrom = "2025-10-01"
	}
	return o
}

func (c *chance) parties() {
	for i := range rapid.IntRange(1, 4).Draw(c.T, "customers") {
		id := c.write(func() (store.Ref, error) {
			return store.Create(c.tx, register.Customers, &register.Customer{Origin: active, Name: fmt.Sprint("Customer ", i), Kind: c.one([]string{"company", "person", "public_body"})})
		})
		c.customers, c.everybody = append(c.customers, id), append(c.everybody, id)
	}
	for i := range rapid.IntRange(0, 3).Draw(c.T, "parties") {
		c.everybody = append(c.everybody, c.write(func() (store.Ref, error) {
			return store.Create(c.tx, register.Parties, &register.Party{Origin: active, Sort: "organisation", Name: fmt.Sprint("Party ", i)})
		}))
	}
}

func (c *chance) interest() *register.Interest {
	least := rapid.SampledFrom([]int64{ownership.Whole, 6000, 5000, 2500, 0}).Draw(c.T, "least")
	most := rapid.Int64Range(least, ownership.Whole).Draw(c.T, "most")
	return &register.Interest{
		Origin: c.origin(), Owner: c.one(append([]string{""}, c.everybody...)), Owned: c.one(c.everybody),
		Role: c.one([]string{"owns", "owns", "owns", "controls", "directs"}), Least: &least, Most: &most, Indirect: rapid.Bool().Draw(c.T, "indirect"),
	}
}

func (c *chance) links() {
	for range rapid.IntRange(4, 15).Draw(c.T, "interests") {
		id := c.write(func() (store.Ref, error) { return store.Create(c.tx, register.Interests, c.interest()) })
		if rapid.IntRange(0, 3).Draw(c.T, "revised") == 0 { // also: of another owner in another party
			if _, _, err := store.Revise(c.tx, register.Interests, id, c.interest()); err != nil {
				c.Fatal(err)
			}
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(c.T, "owners") {
		share := rapid.Int64Range(0, ownership.Whole).Draw(c.T, "share")
		c.everybody = append(c.everybody, c.write(func() (store.Ref, error) {
			return store.Create(c.tx, register.Owners, &register.Owner{
				Origin: c.origin(), Customer: c.one(c.customers), Party: c.one(append([]string{"", ""}, c.everybody...)), Name: fmt.Sprint("Owner ", i),
				Role: c.one([]string{"owner", "director", "controller", "parent"}), Share: &share,
			})
		}))
	}
	for range rapid.IntRange(0, 2).Draw(c.T, "relationships") {
		c.write(func() (store.Ref, error) {
			return store.Create(c.tx, register.Relationships, &register.Relationship{Origin: c.origin(), Customer: c.one(c.customers), Party: c.one(c.customers), Role: c.one([]string{"owner", "reseller"})})
		})
	}
	for i := range rapid.IntRange(2, 6).Draw(c.T, "hits") {
		c.write(func() (store.Ref, error) {
			return store.Create(c.tx, screening.Hits, &screening.Hit{
				State: c.one([]string{"open", "proposed", "confirmed", "confirmed", "confirmed", "dismissed", "unresolved", "stale"}), Subject: c.one(c.everybody), Identity: fmt.Sprint(i),
				List: c.one([]string{"OFAC SDN", "us_bis_entity_list", "eu_fsf", "our own list"}), Entry: "1",
			})
		})
	}
}

// TestBarsAreThoseOfTheWholeRegister protects what a decision reads in place of the
// whole register: whatever stands behind whom, a party is barred exactly where the
// calculation over everybody says so.
func TestBarsAreThoseOfTheWholeRegister(t *testing.T) {
	const day = "2025-11-15" // all rules of ownership are in force
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		barred := map[string]int{}
		rapid.Check(t, func(t *rapid.T) {
			c := &chance{T: t}
			err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				c.tx = tx
				c.parties()
				c.links()
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			stands, _, err := screening.Standing(ctx, db, day)
			if err != nil {
				t.Fatal(err)
			}
			bars, err := screening.Bars(ctx, db, c.customers, day)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range c.customers {
				s := stands[id]
				if of, _, err := screening.StandingOf(ctx, db, day, []string{id}); err != nil || !reflect.DeepEqual(of[id], s) {
					t.Errorf("the whole register says %+v, who is connected %+v, %v", s, of[id], err)
				}
				want := screening.Bar{Hits: s.Open + s.Confirmed, Behind: s.Behind.Open, Listed: s.Worst() == ownership.Stop}
				if bars[id] != want {
					t.Errorf("the whole register says %+v, its part %+v", want, bars[id])
				}
				alone, err := screening.Bars(ctx, db, []string{id}, day)
				if err != nil || alone[id] != want {
					t.Errorf("asked alone: %+v, %v", alone[id], err)
				}
				for what, is := range map[string]bool{"hits": want.Hits > 0, "behind": want.Behind > 0, "listed": want.Listed} {
					if is {
						barred[what]++
					}
				}
			}
		})
		for _, what := range []string{"hits", "behind", "listed"} {
			if barred[what] == 0 {
				t.Errorf("%s barred nobody: nothing was compared", what)
			}
		}
	})
}

// TestWhoEndedIsBarredToo protects a customer who left and comes back: the whole
// register passes over those who ended.
func TestWhoEndedIsBarredToo(t *testing.T) {
	b := behind{t, storetest.SQLite(t, rooms...)}
	id := create(b, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "ended"}, Name: "Quiet Garden Centre"})
	})
	holder := b.party("organisation", "Grey Holding")
	b.owns(holder, id, 6000, 6000)
	b.hit(holder, screening.Confirmed, "OFAC SDN")
	bars, err := screening.Bars(ctx, b.db, []string{id}, today)
	if err != nil || !bars[id].Listed {
		t.Errorf("%+v, %v", bars, err)
	}
}
