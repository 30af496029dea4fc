package decision_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/index"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
	"duly/packs"
)

// BenchmarkDecide decides on rated deployments through the service, each in a
// transaction of its own that is on disk when it returns: what a person waits for. Eight
// callers call at the same time. Beside it stands what the same store takes for a
// transaction of one record without any rule.
func BenchmarkDecide(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		open := func(b *testing.B) *store.DB {
			if engine == "sqlite" {
				return storetest.Begin(b, filepath.Join(b.TempDir(), "duly.db"), rooms...)
			}
			return storetest.Begin(b, storetest.Postgres(b), rooms...)
		}
		b.Run(engine+"/decide", func(b *testing.B) {
			db := open(b)
			approver := newKey(b)
			join(b, db, approver, act.Approver)
			subjects := make([]rated, b.N)
			for i := range subjects {
				subjects[i] = rate(b, db, "approve", "LOW", "somebody else")
			}
			b.ResetTimer()
			measure(b, func(i int) error {
				r := subjects[i]
				_, err := decision.Decide(ctx, db, act.Default, decision.Request{
					Subject: r.account, Act: decision.Approve, Reason: "because", By: act.Actor{Key: approver.ID()}, Key: approver, Now: now,
				})
				return err
			})
		})
		b.Run(engine+"/one-record", func(b *testing.B) {
			db := open(b)
			signer := newKey(b)
			join(b, db, signer, act.Approver)
			b.ResetTimer()
			measure(b, func(i int) error {
				return db.Write(ctx, signer.ID(), func(tx *store.Tx) error {
					_, err := store.Create(tx, decision.Decisions, &decision.Decision{Act: "approve", Subject: fmt.Sprint(i), Signatures: 1}, signer)
					return err
				})
			})
		})
	}
}

// BenchmarkRateAndDecide rates deployments by RM-1, as `duly assess` does, and then
// decides on each. Acts are ratings and decisions.
func BenchmarkRateAndDecide(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			dsn := filepath.Join(b.TempDir(), "duly.db")
			if engine == "postgres" {
				dsn = storetest.Postgres(b)
			}
			db := storetest.Begin(b, dsn, append([]store.Migrations{triage.Migrations, index.Migrations}, rooms...)...)
			approver := newKey(b)
			join(b, db, approver, act.Approver)
			data, err := fs.ReadFile(packs.Files, "methods/rm-1.yaml")
			if err != nil {
				b.Fatal(err)
			}
			method, err := pack.Parse("methods/rm-1.yaml", data)
			if err != nil {
				b.Fatal(err)
			}
			subjects := make([]string, b.N)
			err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				for i := range subjects {
					c, err := store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: fmt.Sprint("Someone ", i), Kind: "company", Sector: "commercial"})
					if err != nil {
						return err
					}
					a, err := store.Create(tx, register.Accounts, &register.Account{Origin: register.Origin{State: "active"}, Customer: c.ID})
					if err != nil {
						return err
					}
					subjects[i] = a.ID
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if _, err := assessment.Assess(ctx, db, storetest.Actor, now.Format(time.DateOnly), method, assessment.Which{IDs: subjects}, nil); err != nil {
				b.Fatal(err)
			}
			rating := b.Elapsed()
			decided := measure(b, func(i int) error {
				_, err := decision.Decide(ctx, db, act.Default, decision.Request{
					Subject: subjects[i], Act: decision.Suspend, Reason: "because", By: act.Actor{Key: approver.ID()}, Key: approver, Now: now,
				})
				return err
			})
			b.ReportMetric(2*float64(b.N)/(rating+decided).Seconds(), "acts/s")
			b.ReportMetric(float64(b.N)/rating.Seconds(), "ratings/s")
		})
	}
}

// measure runs b.N acts by eight callers and reports acts a second and the 99th
// percentile of what one takes.
func measure(b *testing.B, do func(i int) error) time.Duration {
	const callers = 8
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	b.StartTimer()
	start := time.Now()
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	wait.Wait()
	all := time.Since(start)
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/all.Seconds(), "acts/s")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
	return all
}
