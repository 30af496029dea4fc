package casework_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/register"
)

// TestTheProductMap protects the way from a name on a bill to what it can do: what maps
// to nothing is told with how many accounts have it, a capability that waits for its
// launch is not one that anybody has, a product nobody answers for is counted, and only a
// contract or the customer confirms a deployment.
func TestTheProductMap(t *testing.T) {
	o := newJudged(t, filepath.Join(t.TempDir(), "duly.db"))
	owned := put(o.office, register.Products, register.Product{Origin: active, Name: "Plates", Intended: []string{"plate_reader"}, SKUs: []string{"plates-pro"}, Owner: "head of mobility"})
	put(o.office, register.Accounts, register.Account{Origin: active, Product: owned, BilledAs: "plates-basic"})
	for range 2 {
		put(o.office, register.Accounts, register.Account{Origin: active, BilledAs: "mystery"})
	}
	put(o.office, register.Accounts, register.Account{Origin: active, BilledAs: "plates-pro"})
	for _, basis := range []string{"contract", "customer", "inferred", "unknown", ""} {
		put(o.office, register.Deployments, register.Deployment{Origin: active, Product: owned, Capability: "plate_reader", Basis: basis})
	}
	if _, _, err := casework.Announce(ctx, o.db, act.Default, o.ann.Actor, casework.Change{Product: owned, Capability: "face_search", Reason: "asked for"}, o.today); err != nil {
		t.Fatal(err)
	}
	m, err := casework.MapProducts(ctx, o.db)
	if err != nil {
		t.Fatal(err)
	}
	var got casework.Mapped
	for _, p := range m.Products {
		if p.ID == owned {
			got = p
		}
	}
	if fmt.Sprintf("%v %v %v %s %d %d %d", got.SKUs, got.Intended, got.Waiting, got.Owner, got.Accounts, got.Deployments, got.Unconfirmed) != "[plates-basic plates-pro] [plate_reader] [face_search] head of mobility 1 5 3" {
		t.Errorf("%+v", got)
	}
	if m.Unowned != len(m.Products)-1 {
		t.Errorf("%d of %d products without an owner", m.Unowned, len(m.Products))
	}
	if want := fmt.Sprintf("[{mystery 2 []} {plates-pro 1 [%s]}]", owned); fmt.Sprint(m.Unmapped) != want {
		t.Errorf("unmapped %+v, want %s", m.Unmapped, want)
	}
}
