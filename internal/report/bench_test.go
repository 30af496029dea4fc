package report_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"duly/internal/assessment"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/triage"
)

// large is a register of n accounts, each with a customer, a deployment and a
// lane; every fourth is in PERSON and rated with 40 facts missing.
func large(b *testing.B, n int) *bed {
	s := newBed(b)
	missing := strings.Split(strings.Repeat("a.required.fact ", 40), " ")
	const batch = 1000
	for from := 0; from < n; from += batch {
		s.write(func(tx *store.Tx) {
			for i := from; i < min(from+batch, n); i++ {
				name := fmt.Sprintf("Customer number %d of a long list", i)
				c := put(s, tx, register.Customers, register.Customer{Origin: origin("2020-05-01"), Identity: name, Name: name, Kind: "company", Sector: "commercial", Jurisdiction: "US"})
				a := put(s, tx, register.Accounts, register.Account{Origin: origin("2020-05-01"), Identity: "a" + name, Name: name, Customer: c.ID, Amount: cents(int64(i)), Currency: "USD"})
				d := put(s, tx, register.Deployments, register.Deployment{Origin: origin("2020-05-01"), Identity: "d" + name, Customer: c.ID, Account: a.ID, Capability: "compute", Jurisdiction: "US"})
				lane := "AUTO"
				if i%4 == 0 {
					lane = "PERSON"
					put(s, tx, assessment.Ratings, assessment.Rating{
						Method: hashOf("m"), Best: "LOW", Worst: "CRITICAL", Inherent: "CRITICAL", Tier: "EDD+GB", Pending: true, Known: 9, Facts: 103,
						Outcome: "pending", Subject: d.ID, Account: a.ID, Missing: missing, Ask: missing[:10], Trace: strings.Repeat("x", 6000),
					})
				}
				put(s, tx, triage.Triages, triage.Triage{Lane: lane, Pack: hashOf("p"), Account: a.ID, Reasons: []string{"RULE-ONE: a sentence that says why."}})
			}
		})
	}
	return s
}

// Baseline (2 shared cores of an EPYC, November 2026): build 1.0 s and 440 MB
// allocated in all, html 0.25 s, json 0.20 s.
func BenchmarkReport(b *testing.B) {
	s := large(b, 10_000)
	signed, c := s.checkpoint()
	r := s.build(signed, c, ledger.Classes...)
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.build(signed, c, ledger.Classes...)
		}
	})
	for name, write := range map[string]func(*report.Report, io.Writer) error{"html": report.HTML, "json": report.JSON} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := write(r, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExport writes the bundle of a whole log, with all and with nothing disclosed,
// and of its second half. Beside it stands the least that any export must do: reading the
// entries out of the database. Entries are counted by seconds of processor time.
func BenchmarkExport(b *testing.B) {
	s := large(b, 10_000)
	signed, c := s.checkpoint()
	half := c.Size / 2
	if err := s.w.DB.Scrub(context.Background()); err != nil { // as a command that writes leaves it
		b.Fatal(err)
	}
	root, err := store.Root(context.Background(), s.w.DB, half)
	if err != nil {
		b.Fatal(err)
	}
	opening, err := s.logKey().Sign(ledger.Checkpoint{Origin: c.Origin, Size: half, Root: root})
	if err != nil {
		b.Fatal(err)
	}
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	measured := func(name string, entries int64, run func() error) {
		b.Run(name, func(b *testing.B) {
			start, n := used(), int64(0)
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(entries*n)/(used()-start).Seconds(), "entries/s")
		})
	}
	export := func(o report.Order) func() error {
		o.Checkpoint, o.Key, o.Schemas = signed, s.w.Config.Key, knownSchemas(b)
		path := filepath.Join(b.TempDir(), "bundle")
		return func() error {
			_, err := report.Export(context.Background(), s.w.DB, o, path)
			return err
		}
	}
	measured("disclosed", c.Size, export(report.Order{Classes: ledger.Classes}))
	measured("withheld", c.Size, export(report.Order{}))
	measured("half", c.Size-half, export(report.Order{Opening: opening}))
	measured("reading", c.Size, func() error {
		return store.Entries(context.Background(), s.w.DB, 0, c.Size, func(store.Entry) error { return nil })
	})
}
