package annual_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
)

// TestTheRegisterHoldsToRedactions protects RS-06 for the public register: what a listing
// would show and a redaction withholds stands nowhere on the site, with no proof beside it,
// and the line says why and what assessors say.
func TestTheRegisterHoldsToRedactions(t *testing.T) {
	v := open(t)
	ctx := context.Background()
	sheriff := v.sell("Tamarind County Sheriff", "public_body", "face_search")
	v.now = v.now.AddDate(0, 5, 0)
	_, err := transparency.List(ctx, v.w.DB, act.Default, v.body, transparency.Listing{Day: "2026-05-01", Agency: "shown", Product: "shown", Purpose: "shown", Place: "shown", ValueBand: "none", Subject: sheriff})
	v.must(err)
	schema := register.Customers.Schema()
	name := slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == "name" })
	key, err := ledger.NewPersonKey(rand.Reader)
	v.must(err)
	v.must(v.w.DB.Write(ctx, v.by.Key, func(tx *store.Tx) error {
		return second(store.Create(tx, assurance.Redactions, &assurance.Redaction{
			Terms: strings.Repeat("0", 64), State: "withheld", Schema: schema.Hash().String(), Field: int64(name), Class: "customer", Reason: "safety", Day: "2026-05-01", Person: key.ID(),
		}, key))
	}))
	a, dir := v.site("2026")
	agency := a.Register.Lines[0].Agency
	if agency.Value != "" || agency.Redacted == nil || agency.Redacted.Reason != "safety" || agency.Redacted.Stance != "not_said" || len(a.Register.Withheld) != 1 || a.Register.Withheld[0].Name != "redacted" {
		t.Errorf("the name of the body reads %+v, and is counted as %+v", agency, a.Register.Withheld)
	}
	shown := 0
	v.must(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "Tamarind") {
			t.Errorf("%s tells the name", path)
		}
		if strings.HasSuffix(path, "register.html") && strings.Contains(string(data), "withheld by the company for safety; assessors: not said") {
			shown++
		}
		if strings.HasSuffix(path, "-name.json") && strings.HasPrefix(filepath.Base(path), "2-") {
			t.Errorf("%s proves what is withheld", path)
		}
		return err
	}))
	if shown != 1 {
		t.Error("the register does not say why the name is withheld")
	}
}
