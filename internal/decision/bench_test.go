package decision_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
	"duly/packs"
)

// BenchmarkDecide decides through the service, each decision in a transaction of its own
// that is on disk when it returns: what a person waits for. Eight callers call at the
// same time. Behind it stands a portfolio of 20,000 customers who were screened, half of
// them with owners, of whom some have open hits.
//
// approve asks every rule. rate-and-decide counts ratings as well, made by RM-1 as `duly
// assess` does: nothing is known, so what is decided is to suspend. one-record is what
// the same store takes for a transaction of one signed record without any rule.
func BenchmarkDecide(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			dsn := filepath.Join(b.TempDir(), "duly.db")
			if engine == "postgres" {
				dsn = storetest.Postgres(b)
			}
			p := newPortfolio(b, dsn)
			b.Run("approve", func(b *testing.B) {
				subjects := p.take(b.N)
				p.approvable(b, subjects)
				measure(b, p.decide(subjects, decision.Approve))
			})
			assessed := p.take(8000)
			perRating, used := p.assess(b, assessed)
			b.Run("rate-and-decide", func(b *testing.B) {
				perDecision := measure(b, p.decide(assessed, decision.Suspend))
				b.ReportMetric(2/(perRating+perDecision), "acts/s")
				b.ReportMetric(1/perRating, "ratings/s")
				b.ReportMetric(used*1e6, "cpu-µs/rating")
			})
			b.Run("one-record", func(b *testing.B) {
				measure(b, func(i int) error {
					return p.db.Write(ctx, p.approver.ID(), func(tx *store.Tx) error {
						_, err := store.Create(tx, decision.Decisions, &decision.Decision{Act: "approve", Subject: fmt.Sprint(i), Signatures: 1}, p.approver)
						return err
					})
				})
			})
		})
	}
}

// portfolio is a vendor's customers, each with an account.
type portfolio struct {
	db       *store.DB
	approver ledger.PersonKey
	product  string
	accounts []string
	taken    int
}

func newPortfolio(b *testing.B, dsn string) *portfolio {
	b.Helper()
	const customers = 20_000
	p := &portfolio{db: storetest.Begin(b, dsn, append([]store.Migrations{triage.Migrations, index.Migrations}, rooms...)...), approver: newKey(b)}
	join(b, p.db, p.approver, act.Approver)
	for from := 0; from < customers; from += 2000 {
		err := p.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			if from == 0 {
				sold, err := store.Create(tx, register.Products, &register.Product{Origin: register.Origin{State: "active"}, Name: "Store", Intended: []string{"storage"}, Risk: "compute"})
				if err != nil {
					return err
				}
				p.product = sold.ID
			}
			for i := range 2000 {
				if err := p.customer(tx, from+i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	p.screen(b)
	return p
}

// customer writes a customer with an account. Of every four, one is owned by a holding
// that a person owns, and one declares an owner; of every forty, one is owned by a
// holding with an open hit, and has no account.
func (p *portfolio) customer(tx *store.Tx, i int) error {
	origin := register.Origin{State: "active"}
	c, err := store.Create(tx, register.Customers, &register.Customer{Origin: origin, Name: fmt.Sprint("Garden Centre No ", i), Kind: "public_body", Sector: "commercial", Jurisdiction: "NZ"})
	if err != nil {
		return err
	}
	switch i % 4 {
	case 0:
		if err := p.holding(tx, c.ID, i); err != nil || i%40 == 0 {
			return err
		}
	case 1:
		share := int64(7500)
		if _, err := store.Create(tx, register.Owners, &register.Owner{Origin: origin, Customer: c.ID, Name: fmt.Sprint("Owner of No ", i), Role: "owner", Share: &share}); err != nil {
			return err
		}
	}
	a, err := store.Create(tx, register.Accounts, &register.Account{Origin: origin, Customer: c.ID, Product: p.product})
	p.accounts = append(p.accounts, a.ID)
	return err
}

func (p *portfolio) holding(tx *store.Tx, customer string, i int) error {
	origin := register.Origin{State: "active"}
	share := int64(6000)
	holding, err := store.Create(tx, register.Parties, &register.Party{Origin: origin, Sort: "organisation", Name: fmt.Sprint("Holding of No ", i)})
	if err != nil {
		return err
	}
	person, err := store.Create(tx, register.Parties, &register.Party{Origin: origin, Sort: "person", Name: fmt.Sprint("Person behind No ", i)})
	if err != nil {
		return err
	}
	for _, x := range []register.Interest{{Owner: holding.ID, Owned: customer}, {Owner: person.ID, Owned: holding.ID}} {
		x.Origin, x.Role, x.Least, x.Most = origin, "owns", &share, &share
		if _, err := store.Create(tx, register.Interests, &x); err != nil {
			return err
		}
	}
	if i%40 != 0 {
		return nil
	}
	_, err = store.Create(tx, screening.Hits, &screening.Hit{State: screening.Open, Grade: screening.Fair, Subject: person.ID, Identity: person.ID, List: "made up", Entry: "1"})
	return err
}

// screen compares everybody with a list of one name.
func (p *portfolio) screen(b *testing.B) {
	b.Helper()
	shelf, list := screening.Shelf(b.TempDir()), filepath.Join(b.TempDir(), "list.jsonl")
	if err := os.WriteFile(list, []byte(`{"id":"q1","schema":"Company","caption":"Zarnok Optics","properties":{"name":["Zarnok Optics Works"]},"datasets":["made_up"]}`+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	day := now.Format(time.DateOnly)
	if _, _, err := screening.Add(ctx, p.db, storetest.Actor, shelf, "ftm", list, day); err != nil {
		b.Fatal(err)
	}
	lists, err := screening.Load(ctx, p.db, shelf)
	if err == nil {
		_, err = screening.Screen(ctx, p.db, shelf, storetest.Actor, day, lists, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// take gives accounts that were not taken before; after the last one the first again.
func (p *portfolio) take(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = p.accounts[p.taken%len(p.accounts)]
		p.taken++
	}
	return out
}

// approvable rates accounts so that one person may approve them.
func (p *portfolio) approvable(b *testing.B, accounts []string) {
	b.Helper()
	b.StopTimer()
	err := p.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for _, id := range accounts {
			_, err := store.Create(tx, assessment.Ratings, &assessment.Rating{
				Engine: 1, Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "CDD", Outcome: "approve", Review: 24, Subject: id, Account: id, Preparer: "somebody else",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// assess rates accounts and gives the seconds for each, and those of any processor.
func (p *portfolio) assess(b *testing.B, accounts []string) (each, processor float64) {
	b.Helper()
	data, err := fs.ReadFile(packs.Files, "methods/rm-1.yaml")
	if err != nil {
		b.Fatal(err)
	}
	method, err := pack.Parse("methods/rm-1.yaml", data)
	if err != nil {
		b.Fatal(err)
	}
	start, before := time.Now(), processorTime(b)
	if _, err := assessment.Assess(ctx, p.db, storetest.Actor, now.Format(time.DateOnly), method, assessment.Which{IDs: accounts}, nil); err != nil {
		b.Fatal(err)
	}
	n := float64(len(accounts))
	return time.Since(start).Seconds() / n, (processorTime(b) - before).Seconds() / n
}

func (p *portfolio) decide(subjects []string, what decision.Act) func(i int) error {
	return func(i int) error {
		_, err := decision.Decide(ctx, p.db, act.Default, decision.Request{
			Subject: subjects[i%len(subjects)], Act: what, Reason: "because", By: act.Actor{Key: p.approver.ID()}, Key: p.approver, Now: now,
		})
		return err
	}
}

// measure runs b.N acts by eight callers. It reports acts a second, the 99th percentile
// and the longest of what one takes, and the processor time of each in this process; it
// gives the seconds for each.
func measure(b *testing.B, do func(i int) error) float64 {
	const callers = 8
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	b.ResetTimer()
	b.StartTimer()
	start, processor := time.Now(), processorTime(b)
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
	all, used := time.Since(start).Seconds(), processorTime(b)-processor
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/all, "acts/s")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[b.N-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(used.Seconds()*1e6/float64(b.N), "cpu-µs/act")
	return all / float64(b.N)
}

// processorTime is what the process has used of any processor. Of PostgreSQL's own
// processes it knows nothing.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
