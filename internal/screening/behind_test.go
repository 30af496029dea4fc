package screening_test

import (
	"strings"
	"testing"

	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// behind writes records of those who stand behind customers.
type behind struct {
	t  *testing.T
	db *store.DB
}

var active = register.Origin{State: "active"}

func create(b behind, make func(tx *store.Tx) (store.Ref, error)) string {
	b.t.Helper()
	var id string
	err := b.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		ref, err := make(tx)
		id = ref.ID
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b behind) party(sort, name string, others ...string) string {
	return create(b, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, register.Parties, &register.Party{Origin: active, Sort: sort, Name: name, Others: others, Countries: []string{"XA"}, BirthDate: "1970-02"})
	})
}

func (b behind) owns(owner, owned string, least, most int64) string {
	return create(b, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, register.Interests, &register.Interest{Origin: active, Owner: owner, Owned: owned, Role: "owns", Least: &least, Most: &most})
	})
}

func (b behind) hit(subject, state, list string) string {
	return create(b, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, screening.Hits, &screening.Hit{State: state, Subject: subject, Identity: subject + "|" + list, List: list, Entry: "1"})
	})
}

func (b behind) stand(customer, day string) screening.Stand {
	b.t.Helper()
	stands, _, err := screening.Standing(ctx, b.db, day)
	if err != nil {
		b.t.Fatal(err)
	}
	return stands[customer]
}

// of gives what a rule says: outcome, what it would be if open hits were confirmed,
// and ! where what is not known could reach half.
func of(s screening.Stand, rule string) string {
	for _, f := range s.Findings {
		if f.Rule == rule {
			settled := "!"
			if f.Settled {
				settled = ""
			}
			return string(f.Outcome) + " " + string(f.IfOpen) + settled
		}
	}
	return ""
}

// TestEverybodyBehindIsScreened protects the chain: declared owners and parties meet
// lists under each of their names, and an owner who is a customer meets them once.
func TestEverybodyBehindIsScreened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := behind{t, storetest.Begin(t, dsn, rooms...)}
		shelf := screening.Shelf(t.TempDir())
		ids := customers(t, b.db, "Quiet Garden Centre", "Belmarsh Tide Holding")
		owner := create(b, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, register.Owners, &register.Owner{Origin: active, Customer: ids[0], Name: "Zarnok Optics Works", Role: "parent"})
		})
		create(b, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, register.Owners, &register.Owner{Origin: active, Customer: ids[0], Party: ids[1], Name: "belmarsh tide holding", Role: "owner"})
		})
		party := b.party("organisation", "Untold Name", "Zarnok Optics Works")
		b.party("person", "")
		if _, _, err := screening.Add(ctx, b.db, storetest.Actor, shelf, "ftm", writeList(t, ftm), today); err != nil {
			t.Fatal(err)
		}
		if s := screen(t, b.db, shelf); s.Customers != 2 || s.Behind != 2 || s.NewHits != 3 {
			t.Errorf("%+v", s)
		}
		hits, err := store.Select(ctx, b.db, screening.Hits, "")
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, h := range hits {
			found[h.Record.Subject] += h.Record.Entry
		}
		if found[owner] != "q1" || found[party] != "q1" || found[ids[1]] != "q2" || len(found) != 3 {
			t.Errorf("%v", found)
		}
	})
}

// TestStandingByOwnership protects what follows for a customer from those behind it:
// from open and from confirmed hits, by list, by day, and while things are not known.
func TestStandingByOwnership(t *testing.T) {
	const during, suspended = "2025-10-15", "2026-01-15"
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := behind{t, storetest.Begin(t, dsn, rooms...)}
		shelf := screening.Shelf(t.TempDir())
		id := customers(t, b.db, "Quiet Garden Centre")[0]
		if _, _, err := screening.Add(ctx, b.db, storetest.Actor, shelf, "ftm", writeList(t, ftm), today); err != nil {
			t.Fatal(err)
		}
		screen(t, b.db, shelf)
		if s := b.stand(id, during); s.Registered || s.Findings != nil {
			t.Errorf("nobody registered: %+v", s)
		}
		holding, person := b.party("organisation", "Grey Holding"), b.party("person", "Zoran Exemplar")
		b.owns(holding, id, 6000, 6000)
		if s := b.stand(id, during); of(s, "ofac-half") != "clear clear!" {
			t.Errorf("not screened is not settled: %s", of(s, "ofac-half"))
		}
		screen(t, b.db, shelf)
		if s := b.stand(id, during); of(s, "ofac-half") != "clear clear!" {
			t.Errorf("nobody knows who owns the holding: %s", of(s, "ofac-half"))
		}
		b.owns(person, holding, 7500, 10000)
		if s := b.stand(id, during); of(s, "ofac-half") != "clear clear" {
			t.Errorf("all are known and screened: %s", of(s, "ofac-half"))
		}
		open := b.hit(person, "open", "demo_us_bis_entity_list")
		s := b.stand(id, during)
		if of(s, "ofac-half") != "clear clear" || of(s, "bis-affiliates") != "clear stop!" || s.Behind.Open != 1 || s.Open != 0 {
			t.Errorf("an open hit: %+v", s)
		}
		if _, err := screening.Close(ctx, b.db, screening.Disposition{Hit: open, State: screening.Confirmed, Reason: "it is them", By: storetest.Actor}); err != nil {
			t.Fatal(err)
		}
		if s := b.stand(id, during); of(s, "bis-affiliates") != "stop stop" || of(s, "ofac-half") != "clear clear" || s.Worst() != ownership.Stop {
			t.Errorf("confirmed, while the rule holds: %+v", s)
		}
		if s := b.stand(id, suspended); of(s, "bis-affiliates") != "flag flag" || s.Worst() != ownership.Flag {
			t.Errorf("confirmed, while the rule is suspended: %+v", s)
		}
		b.hit(holding, "confirmed", "some list that nobody knows")
		if s := b.stand(id, suspended); of(s, "ofac-half") != "stop stop" {
			t.Errorf("a list that is not known counts for every rule: %+v", s)
		}
	})
}

// TestFlags protects what a person is shown beside the rules.
func TestFlags(t *testing.T) {
	b := behind{t, storetest.SQLite(t, rooms...)}
	id := customers(t, b.db, "Quiet Garden Centre", "Grey Anvil")
	director, minority := b.party("person", "Zoran Exemplar"), b.party("organisation", "Grey Holding")
	for _, owned := range id {
		create(b, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, register.Interests, &register.Interest{Origin: active, Owner: director, Owned: owned, Role: "directs"})
		})
	}
	b.owns(minority, id[0], 0, ownership.Whole)
	b.owns("", id[0], 8000, 8000)
	b.owns(id[0], minority, 100, 100) // a circle
	b.hit(id[1], "confirmed", "OFAC SDN")
	b.hit(minority, "open", "OFAC SDN")
	read, err := screening.ReadBehind(ctx, b.db, "2026-11-15")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range read.Flags(id[0]) {
		kinds = append(kinds, f.Kind)
	}
	if got := strings.Join(kinds, " "); got != "shared_board open_hit not_screened not_screened opaque share_unknown not_registered recheck" {
		t.Errorf("%s\n%+v", got, read.Flags(id[0]))
	}
	tree := read.Tree(id[0])
	if len(tree.Above) != 3 || tree.Above[0].Name != "Grey Holding" || !tree.Above[0].Above[0].Again || tree.Above[1].ID != "" || tree.Above[2].Role != ownership.Directs {
		t.Errorf("%+v", tree)
	}
}

// TestListingOf protects which lists count for which rule.
func TestListingOf(t *testing.T) {
	for list, want := range map[string]screening.Listing{
		"Entity List (EL) - Bureau of Industry and Security":             {Export: true},
		"Military End User (MEU) List - Bureau of Industry and Security": {Export: true},
		"Denied Persons List (DPL) - Bureau of Industry and Security":    {Export: true},
		"us_bis_entity_list": {Export: true},
		"Specially Designated Nationals (SDN) - Treasury Department": {Sanctions: true, Export: true},
		"OFAC SDN":     {Sanctions: true, Export: true},
		"OFAC Non-SDN": {Sanctions: true},
		"Non-SDN Chinese Military-Industrial Complex Companies List (CMIC) - Treasury Department": {Sanctions: true},
		"eu_fsf": {Sanctions: true},
		"Sectoral Sanctions Identifications List (SSI) - Treasury Department; Entity List (EL) - BIS": {Sanctions: true, Export: true},
		"our own list": {Sanctions: true, Export: true},
		"":             {Sanctions: true, Export: true},
	} {
		if got := screening.ListingOf(list); got != want {
			t.Errorf("%s: %+v", list, got)
		}
	}
}
