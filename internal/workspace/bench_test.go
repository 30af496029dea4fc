package workspace_test

import (
	"fmt"
	"testing"

	"duly/internal/bundle"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

// sale is a record of a realistic size: six fields in clear, eight sealed, six
// of them also typed columns.
type sale struct {
	State     string   `duly:"state,public,enum=active|ended,column"`
	Grade     string   `duly:"grade,public,enum=low|high"`
	ValidFrom string   `duly:"valid_from,public,date"`
	ValidTo   string   `duly:"valid_to,public,date"`
	Received  string   `duly:"received,public,date"`
	Count     int64    `duly:"count,public"`
	Source    string   `duly:"source,customer,column"`
	SourceRef string   `duly:"source_ref,customer,column"`
	Identity  string   `duly:"identity,customer,column"`
	Name      string   `duly:"name,customer,column"`
	Amount    *int64   `duly:"amount,trade_secret,column"`
	Currency  string   `duly:"currency,trade_secret"`
	Tags      []string `duly:"tags,security"`
	Owner     string   `duly:"owner,personal"`
}

var sales = ledger.Define[sale]("sale", 1)

func saleTables() store.Migrations {
	return store.Migrations{Room: "sale", Files: statement(`create table r_sale (
		seq bigint primary key, id text not null, rev bigint not null, to_seq bigint, valid_from text, valid_to text,
		state text, source text, source_ref text, identity text, name text, amount bigint);
		create unique index r_sale_id on r_sale (id, rev);`)}
}

// BenchmarkVerify verifies a workspace of 50,000 records; every tenth is a second
// revision. Beside it stands the least that any verifier must do: hashing the
// same leaves.
func BenchmarkVerify(b *testing.B) {
	const records = 50_000
	c := content{
		rooms: []store.Migrations{saleTables()}, schemas: []*ledger.Schema{sales.Schema()},
		fill: func(t testing.TB, w *workspace.Workspace) {
			for from := 0; from < records; from += 5000 {
				write(t, w, func(tx *store.Tx) error {
					for i := from; i < from+5000; i++ {
						cents := int64(i * 100)
						s := &sale{
							State: "active", Grade: "low", ValidFrom: "2026-01-01", Received: "2026-01-02", Count: int64(i),
							Source: "billing", SourceRef: fmt.Sprintf("account-%d#1", i), Identity: fmt.Sprintf("billing:account-%d", i),
							Name: fmt.Sprintf("Harbour Example Customer %d", i), Amount: &cents, Currency: "EUR", Tags: []string{"one", "two"}, Owner: "somebody",
						}
						ref, err := store.Create(tx, sales, s)
						if err != nil {
							return err
						}
						if i%10 == 9 {
							s.State = "ended"
							if _, _, err := store.Revise(tx, sales, ref.ID, s); err != nil {
								return err
							}
						}
					}
					return nil
				})
			}
			sign(t, w)
		},
	}
	w := c.workspace(b, "")
	schemas := c.released(b)
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		b.Fatal(err)
	}
	rate := func(b *testing.B) { b.ReportMetric(float64(head.Size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s") }
	b.Run("everything", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.Verify(ctx, schemas, bundle.Trust{Key: w.Config.Key}); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("hashing-leaves", func(b *testing.B) {
		var leaves [][]byte
		err := store.Entries(ctx, w.DB, 0, head.Size, func(e store.Entry) error {
			leaves = append(leaves, e.Leaf)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			for _, leaf := range leaves {
				ledger.LeafHash(leaf)
			}
		}
		rate(b)
	})
}
