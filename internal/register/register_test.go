package register_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

func schemas() []*ledger.Schema {
	return []*ledger.Schema{
		register.Accounts.Schema(), register.Customers.Schema(), register.Identifiers.Schema(), register.Owners.Schema(),
		register.Relationships.Schema(), register.Products.Schema(), register.Deployments.Schema(), register.Contracts.Schema(),
		register.Parties.Schema(), register.Interests.Schema(),
	}
}

func enum(t *testing.T, kind, field string) []string {
	t.Helper()
	for _, s := range schemas() {
		for _, f := range s.Sealed {
			if s.Kind == kind && f.Name == field {
				return f.Enum
			}
		}
	}
	t.Fatalf("a %s has no field %s", kind, field)
	return nil
}

// One vocabulary of capabilities serves all kinds, every capability but "other"
// is above ordinary, and unknown is the highest (RS-10).
func TestCapabilities(t *testing.T) {
	all := enum(t, "product", "intended")
	if !slices.Equal(all, enum(t, "product", "unintended")) || !slices.Equal(all, enum(t, "deployment", "capability")) {
		t.Error("the kinds have different capabilities")
	}
	classes := enum(t, "product", "risk")
	for _, c := range all {
		class := register.RiskClass(c)
		if !slices.Contains(classes, class) {
			t.Errorf("%s has the class %q, which a product cannot hold", c, class)
		}
		if (class == "ordinary") != (c == "other") {
			t.Errorf("%s is %s", c, class)
		}
	}
	for _, c := range []string{"", "unknown", "time_travel"} {
		if register.RiskClass(c) != classes[0] {
			t.Errorf("%q is %s, not the highest class", c, register.RiskClass(c))
		}
	}
	if register.HighestRisk() != classes[0] || register.HighestRisk("other", "drone", "storage") != "sense" {
		t.Error("the highest of several classes is wrong")
	}
	p := register.Product{Intended: []string{"other"}, Unintended: []string{"face_search"}, Risk: "ordinary"}
	if p.Settle(); p.Risk != "identify" {
		t.Errorf("an unintended capability does not count: %s", p.Risk)
	}
}

func TestCoercive(t *testing.T) {
	var got []string
	for _, s := range enum(t, "customer", "sector") {
		if register.Coercive(s) {
			got = append(got, s)
		}
	}
	if want := []string{"policing", "immigration", "border", "detention", "intelligence", "military"}; !slices.Equal(got, want) {
		t.Errorf("coercive: %v", got)
	}
}

func cents(n int64) *int64 { return &n }

func TestSpine(t *testing.T) {
	var s register.Spine
	s.Add(&register.Account{Customer: "c", Product: "p", Amount: cents(9000)})
	s.Add(&register.Account{Customer: "c", Amount: cents(-500)})
	s.Add(&register.Account{Amount: cents(500)})
	s.Add(&register.Account{Product: "p"})
	want := register.Spine{Accounts: 4, Net: 9000, Gross: 10000, NoCustomer: 2, NoProduct: 2, Unmapped: 3, UnmappedGross: 1000, WithoutAmount: 1, UnmappedBlank: 1}
	if s != want {
		t.Errorf("%+v", s)
	}
	if a, m := s.UnmappedShare(); a != 7500 || m == nil || *m != 1000 {
		t.Errorf("shares %d and %v", a, m)
	}
}

// What nobody can tell is no share of 0: an amount that cannot be read is not nothing.
func TestShareThatNobodyCanTell(t *testing.T) {
	mapped := register.Account{Customer: "c", Product: "p", Amount: cents(9000)}
	blank := register.Account{Customer: "c", Product: "p"}
	for name, c := range map[string]struct {
		accounts []register.Account
		tell     bool
	}{
		"no account":                           {nil, false},
		"no amount at all":                     {[]register.Account{blank, {}}, false},
		"none of what is unmapped":             {[]register.Account{mapped, {}}, false},
		"all is mapped, one without an amount": {[]register.Account{mapped, blank}, true},
		"one of what is unmapped":              {[]register.Account{mapped, {}, {Amount: cents(1)}}, true},
	} {
		var s register.Spine
		for _, a := range c.accounts {
			s.Add(&a)
		}
		if _, money := s.UnmappedShare(); (money != nil) != c.tell {
			t.Errorf("%s: %v", name, money)
		}
	}
}

// The share is exact and rounds up, whatever the sums.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(1, 1<<62).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		s := register.Spine{Gross: whole, UnmappedGross: part, Accounts: 1}
		_, got := s.UnmappedShare()
		n := new(big.Int).Mul(big.NewInt(part), big.NewInt(10000))
		q, r := n.QuoRem(n, big.NewInt(whole), new(big.Int))
		if r.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
		if got == nil || *got != q.Int64() {
			t.Fatalf("%d of %d: %v, want %s", part, whole, got, q)
		}
	})
}

const actor = "abcdefghijklmnopqrstuvwx"

func newStore(t *testing.T) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(t.TempDir(), "duly.db"), Random: rand.Reader}, register.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Begin(ctx, "example.org/log", actor, &store.Epoch{Number: 1}); err != nil {
		t.Fatal(err)
	}
	return db
}

// Every schema has its table with the columns that the store fills.
func TestMigrations(t *testing.T) {
	db, ctx := newStore(t), context.Background()
	for _, s := range schemas() {
		for _, c := range s.ColumnNames() {
			rows, err := db.Query(ctx, "select "+c+" from r_"+s.Kind)
			if err != nil {
				t.Errorf("%s.%s: %v", s.Kind, c, err)
				continue
			}
			rows.Close()
		}
	}
}

// An account's money is the sum over its rows; a corrected row counts once, and
// an ended account not at all.
func TestSpineNow(t *testing.T) {
	db, ctx := newStore(t), context.Background()
	account := func(state, ref string, amount int64) *register.Account {
		return &register.Account{Origin: register.Origin{State: state, Source: "crm", SourceRef: ref}, Amount: cents(amount)}
	}
	err := db.Write(ctx, actor, func(tx *store.Tx) error {
		ref, err := store.Create(tx, register.Accounts, account("active", "A|0#aa", 100))
		if err != nil {
			return err
		}
		for _, next := range []*register.Account{account("active", "A|1#bb", 20), account("active", "A|1#cc", 25), account("active", "A|0#aa", 100)} {
			if _, _, err := store.Revise(tx, register.Accounts, ref.ID, next); err != nil {
				return err
			}
		}
		_, err = store.Create(tx, register.Accounts, account("ended", "B#dd", 7))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := register.SpineNow(ctx, db)
	if err != nil || s.Accounts != 1 || s.Net != 125 || s.Unmapped != 1 {
		t.Errorf("%v %+v", err, s)
	}
}

func ExampleSpine() {
	var s register.Spine
	s.Add(&register.Account{Customer: "agency", Product: "cameras", Amount: cents(99_00)})
	s.Add(&register.Account{BilledAs: "misc services", Amount: cents(1_00)})
	accounts, money := s.UnmappedShare()
	fmt.Printf("%d of %d accounts unmapped: %d %% of accounts, %d %% of money\n", s.Unmapped, s.Accounts, accounts/100, *money/100)
	// Output: 1 of 2 accounts unmapped: 50 % of accounts, 1 % of money
}

func ExampleRiskClass() {
	fmt.Println(register.RiskClass("plate_reader"), register.RiskClass("unknown"))
	// Output: track identify
}
