package triage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"duly/internal/evidence"
	"duly/internal/index"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

const accounts = 50_000

// BenchmarkTriage50k puts 50,000 accounts into their lanes, as `duly triage` does: the
// first time, when each lane is written, and again, when nothing changed. A tenth of the
// customers are police, a fifth have owners, and everybody was screened. Beside it stands
// writing 50,000 lanes that nobody worked out, in transactions of the same size.
func BenchmarkTriage50k(b *testing.B) {
	ctx := context.Background()
	p, _ := base(b)
	for _, engine := range []string{"sqlite", "postgres"} {
		open := func(b *testing.B) *store.DB {
			dsn := filepath.Join(b.TempDir(), "duly.db")
			if engine == "postgres" {
				dsn = storetest.Postgres(b)
			}
			return storetest.Begin(b, dsn, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, screening.Migrations, triage.Migrations)
		}
		sort := func(b *testing.B, db *store.DB, changed int) {
			measured(b, func() {
				s, err := triage.Run(ctx, db, storetest.Actor, "2026-11-24", p, nil)
				if err != nil || s.Accounts != accounts || s.Changed != changed {
					b.Fatalf("%+v, %v", s, err)
				}
			})
		}
		b.Run(engine+"/first", func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				db := open(b)
				fill(b, db)
				sort(b, db, accounts)
			}
		})
		b.Run(engine+"/again", func(b *testing.B) {
			db := open(b)
			fill(b, db)
			if _, err := triage.Run(ctx, db, storetest.Actor, "2026-11-24", p, nil); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				sort(b, db, 0)
			}
		})
		b.Run(engine+"/lanes-alone", func(b *testing.B) {
			db := open(b)
			b.ResetTimer()
			for range b.N {
				measured(b, func() { lanesAlone(b, db, p.Hash) })
			}
		})
	}
}

// measured runs one pass and reports its processor time in this process.
func measured(b *testing.B, pass func()) {
	b.Helper()
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	before := used()
	b.StartTimer()
	pass()
	b.StopTimer()
	b.ReportMetric(used()-before, "cpu-s")
}

// inParts writes something of every account, two thousand in a transaction.
func inParts(b *testing.B, db *store.DB, write func(tx *store.Tx, i int) error) {
	b.Helper()
	const part = 2000
	for from := 0; from < accounts; from += part {
		err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
			for i := range part {
				if err := write(tx, from+i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, db *store.DB) {
	b.Helper()
	inParts(b, db, func(tx *store.Tx, i int) error {
		sector := "commercial"
		if i%10 == 0 {
			sector = "policing"
		}
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: fmt.Sprint("Garden Centre No ", i), Kind: "company", Sector: sector, Jurisdiction: "US"})
		if err != nil {
			return err
		}
		if i%5 == 0 {
			share := int64(6000)
			holder, err := store.Create(tx, register.Parties, &register.Party{Origin: active, Sort: "person", Name: fmt.Sprint("Owner of No ", i)})
			if err != nil {
				return err
			}
			_, err = store.Create(tx, register.Interests, &register.Interest{Origin: active, Owner: holder.ID, Owned: c.ID, Role: "owns", Least: &share, Most: &share})
			if err != nil {
				return err
			}
		}
		a, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: c.ID})
		if err != nil {
			return err
		}
		_, err = store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Account: a.ID, Customer: c.ID, Capability: "compute"})
		return err
	})
	err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: "2026-11-24", Population: strings.Repeat("0", 64)})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func lanesAlone(b *testing.B, db *store.DB, pack string) {
	b.Helper()
	inParts(b, db, func(tx *store.Tx, i int) error {
		_, err := store.Create(tx, triage.Triages, &triage.Triage{Lane: "DESK", Pack: pack, Account: fmt.Sprint("account ", i), Reasons: []string{"a rule: a reason that is written down"}})
		return err
	})
}
