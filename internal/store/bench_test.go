package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crypto/rand"

	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// BenchmarkAppend writes records of seven fields, four of them sealed, in
// transactions of a thousand. Beside it stands what SQLite alone takes for rows
// of the same size without records, hashes or log.
func BenchmarkAppend(b *testing.B) {
	ctx := context.Background()
	openBench := func(b *testing.B) *store.DB {
		db, err := store.Open(ctx, store.Config{DSN: filepath.Join(b.TempDir(), "duly.db"), Random: rand.Reader},
			store.Migrations{Room: "thing", Files: testFiles})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		if err := db.Begin(ctx, "bench.example/log", actor, &store.Epoch{Number: 1}); err != nil {
			b.Fatal(err)
		}
		return db
	}
	const batch = 1000
	b.Run("records", func(b *testing.B) {
		db := openBench(b)
		cents := int64(4200)
		for i := 0; b.Loop(); i++ {
			err := db.Write(ctx, actor, func(tx *store.Tx) error {
				for j := range batch {
					r := &thing{State: "active", ValidFrom: "2026-01-01", Name: fmt.Sprint("customer ", i, j), Cents: &cents, Value: ledger.Text("policing")}
					if _, err := store.Create(tx, things, r); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "entries/s")
	})
	b.Run("plain-rows", func(b *testing.B) {
		db := openBench(b)
		leaf, digests, disclosures := make([]byte, 420), make([]byte, 128), string(make([]byte, 300))
		for i := 0; b.Loop(); i++ {
			err := db.Write(ctx, actor, func(tx *store.Tx) error {
				for j := range batch {
					seq := 1000 + i*batch + j
					if err := tx.Exec("insert into entry (seq, leaf, digests, disclosures) values ($1, $2, $3, $4)", seq, leaf, digests, disclosures); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}
