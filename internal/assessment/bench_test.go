package assessment_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/packs"
)

// BenchmarkReRate1M rates a whole portfolio again, from the store, after a change of
// method. DULY_RERATE is the number of deployments (2,000 when not set; the goal is
// for 1,000,000), DULY_RERATE_DIR a directory in which the SQLite store is kept from
// run to run, since building it takes longer than anything that is measured.
//
// Two deployments share an account and five a customer. A deployment has four
// statements by the program, as assessing it left them, and two by people; of one in a
// hundred people answered every question; a customer has two statements. rows is the baseline: it reads the same rows of the same tables and drops
// them. what-if rates everything under both methods and explains each difference;
// changed rates everything under the new method and writes what comes out otherwise.
func BenchmarkReRate1M(b *testing.B) {
	n := 2000
	if text := os.Getenv("DULY_RERATE"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 10 {
			b.Fatalf("DULY_RERATE is %q", text)
		}
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			db := bigStore(b, engine, n)
			from, to := packNamed(b, "methods/rm-1.yaml"), averaged(b)
			measure := func(name string, do func(b *testing.B)) {
				b.Run(name, func(b *testing.B) {
					peak, before := watchMemory(), processorTime(b)
					for b.Loop() {
						do(b)
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "deployments/s")
					b.ReportMetric(peak(), "peak-RSS-MB")
					b.ReportMetric((processorTime(b)-before)/float64(b.N), "cpu-s/op")
				})
			}
			measure("rows", func(b *testing.B) { readRows(b, db) })
			measure("what-if", func(b *testing.B) {
				a, err := assessment.WhatIf(ctx, db, today, assessment.Question{From: from, To: to, Entry: -1, Limit: 20}, nil)
				if err != nil || a.Looked != n {
					b.Fatalf("%d of %d, %v", a.Looked, n, err)
				}
				b.ReportMetric(float64(a.Looked-a.Moves[assessment.Unaffected]), "moved")
			})
			measure("changed", func(b *testing.B) {
				s, err := assessment.Assess(ctx, db, storetest.Actor, today, to, assessment.Which{Changed: true}, nil)
				if err != nil || s.Assessed != n {
					b.Fatalf("%+v, %v", s, err)
				}
				b.ReportMetric(float64(s.Changed), "written")
			})
		})
	}
}

// watchMemory gives a function that stops watching and says how much memory of the
// machine the process held at most, in megabytes.
func watchMemory() func() float64 {
	runtime.GC()
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				peak <- most
				return
			case <-tick.C:
				most = max(most, resident())
			}
		}
	}()
	return func() float64 { close(stop); return <-peak }
}

// processorTime gives the seconds that the process has used of any processor. Of
// PostgreSQL's own processes it knows nothing.
func processorTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// resident is 0 where the system does not tell.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize()) / 1e6
}

// readRows reads what rating needs and drops it.
func readRows(b *testing.B, db *store.DB) {
	b.Helper()
	head, err := store.Head(ctx, db)
	if err != nil {
		b.Fatal(err)
	}
	at := store.At{Seq: head.Size - 1}
	for schema, fields := range map[*ledger.Schema][]string{
		register.Accounts.Schema():    {"customer", "product", "via"},
		register.Customers.Schema():   {"sector", "jurisdiction"},
		register.Deployments.Schema(): {"customer", "product", "account", "capability"},
		evidence.Facts.Schema():       {"source", "subject", "fact", "value", "as_of", "sources"},
	} {
		err := store.Columns(ctx, db, schema, at, fields, "r.state = 'active'", nil, func(int64, string, []any) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func packNamed(tb testing.TB, name string) *pack.Pack {
	tb.Helper()
	data, err := packs.Files.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed(tb, name, string(data))
}

func parsed(tb testing.TB, name, text string) *pack.Pack {
	tb.Helper()
	p, err := pack.Parse(name, []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// averaged is RM-1 with another matrix: a method under which grave harm that is not
// likely counts for less.
func averaged(tb testing.TB) *pack.Pack {
	tb.Helper()
	data, err := packs.Files.ReadFile("methods/rm-1.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	text := string(data)
	for _, change := range [][2]string{{"  \"4\": MHHHC", "  \"4\": LMMHC"}, {"  \"3\": LMMHH", "  \"3\": LLMMH"}} {
		if !strings.Contains(text, change[0]) {
			tb.Skipf("the matrix of RM-1 has no row %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	return parsed(tb, "averaged.yaml", text)
}

// bigStore gives the store of n deployments, built if it is not there yet.
func bigStore(b *testing.B, engine string, n int) *store.DB {
	b.Helper()
	dsn := filepath.Join(b.TempDir(), "duly.db")
	kept := false
	if engine == "postgres" {
		dsn = storetest.Postgres(b)
	} else if dir := os.Getenv("DULY_RERATE_DIR"); dir != "" {
		dsn = filepath.Join(dir, fmt.Sprintf("rerate-%d.db", n))
		_, err := os.Stat(dsn)
		kept = err == nil
	}
	if kept {
		return storetest.Open(b, dsn, rooms...)
	}
	db := storetest.Begin(b, dsn, rooms...)
	start := time.Now()
	withoutIndexes(b, db, func() { build(b, db, n) })
	b.Logf("%s: %d deployments built in %s", engine, n, time.Since(start).Round(time.Second))
	return db
}

// builder fills a store in transactions of some thousand records.
type builder struct {
	b    *testing.B
	db   *store.DB
	todo []func(tx *store.Tx) error
	draw *rand.Rand
}

func (x *builder) put(do func(tx *store.Tx) error) {
	if x.todo = append(x.todo, do); len(x.todo) == 4000 {
		x.flush()
	}
}

func (x *builder) flush() {
	err := x.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for _, do := range x.todo {
			if err := do(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		x.b.Fatal(err)
	}
	x.todo = x.todo[:0]
}

func pick[T any](x *builder, list ...T) T { return list[x.draw.IntN(len(list))] }

func (x *builder) state(subject, fact string, value ledger.Scalar, system string, sources ...string) {
	identity := strings.Join([]string{subject, fact, system, strings.Join(sources, "")}, "|")
	x.put(func(tx *store.Tx) error {
		_, err := store.Create(tx, evidence.Facts, &evidence.Fact{
			Origin:   evidence.Origin{State: "active", ValidFrom: "2026-10-01", Received: "2026-10-02", Source: system, SourceRef: identity},
			Identity: identity, Subject: subject, Fact: fact, Value: value, AsOf: "2026-10-01", Sources: sources,
		})
		return err
	})
}

// answerAll answers every question of a method but those that are answered for each
// deployment, mildly but for the severity of harm.
func (x *builder) answerAll(m *rating.Method, subject, source string) {
	right := pick(x, "privacy", "liberty", "expression")
	for _, f := range m.Facts() {
		switch f.ID {
		case "screening.list_match", "chain.role", "end_user.identity", "deployment.existing", "harm.actual", "use.identification", "country.freedom":
			continue
		}
		var v ledger.Scalar
		switch f.Type.String() {
		case "text":
			v = ledger.Text(f.Values[0])
		case "texts":
			v = ledger.Texts([]string{})
		case "bool":
			v = ledger.Bool(strings.HasPrefix(f.ID, "safeguards.") || strings.HasSuffix(f.ID, "_verified"))
		default:
			v = ledger.Int(f.Min)
			if strings.HasPrefix(f.ID, "harm."+right+".") {
				v = ledger.Int(1 + int64(x.draw.IntN(int(f.Max))))
			}
		}
		x.state(subject, f.ID, v, "survey", source)
	}
}

// withoutIndexes runs fn while the tables of records have no indexes, which are made
// again at the end: to keep them up to date for millions of random ids costs more than
// all the rest.
func withoutIndexes(b *testing.B, db *store.DB, fn func()) {
	b.Helper()
	query := "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name like 'r\\_%' escape '\\'"
	if db.Postgres() {
		query = "select indexname, indexdef from pg_indexes where tablename like 'r\\_%' and indexname not like '%\\_pkey'"
	}
	rows, err := db.Query(ctx, query)
	if err != nil {
		b.Fatal(err)
	}
	var drop, create []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			b.Fatal(err)
		}
		drop, create = append(drop, "drop index "+name), append(create, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		b.Fatal(err)
	}
	run := func(statements []string) {
		for _, s := range statements {
			if err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error { return tx.Exec(s) }); err != nil {
				b.Fatal(err)
			}
		}
	}
	run(drop)
	fn()
	run(create)
}

// build makes n deployments with all that belongs to them.
func build(b *testing.B, db *store.DB, n int) {
	x := &builder{b: b, db: db, draw: rand.New(rand.NewPCG(1, 2))}
	active := register.Origin{State: "active", ValidFrom: "2025-01-01"}
	var sources, products []string
	keep := func(into *[]string, create func(tx *store.Tx) (store.Ref, error)) {
		x.put(func(tx *store.Tx) error {
			ref, err := create(tx)
			*into = append(*into, ref.ID)
			return err
		})
	}
	for i := range 100 {
		keep(&sources, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Publisher: fmt.Sprint("publisher ", i%60)})
		})
		keep(&products, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, register.Products, &register.Product{Origin: active, Name: fmt.Sprint("product ", i), Intended: []string{"face_search"}, Risk: "identify"})
		})
	}
	x.flush()
	customers := make([]string, 0, n/5)
	for i := range n / 5 {
		c := &register.Customer{Origin: active, Name: fmt.Sprint("customer ", i), Kind: pick(x, "public_body", "company"), Sector: pick(x, "policing", "schools", "commercial", "health", "border"), Jurisdiction: "US"}
		keep(&customers, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Customers, c) })
	}
	x.flush()
	accounts := make([]string, 0, n/2)
	for i := range n / 2 {
		a := &register.Account{Origin: active, Customer: customers[i*2/5], Product: pick(x, products...)}
		keep(&accounts, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Accounts, a) })
	}
	for _, c := range customers {
		x.state(c, "country.freedom", ledger.Text(pick(x, "free", "partly_free", "not_free")), "index", pick(x, sources...))
		x.state(c, "customer.security_service_ties", ledger.Bool(pick(x, true, false)), "analyst", pick(x, sources...))
	}
	x.flush()
	deployments := make([]string, 0, n)
	for i := range n {
		d := &register.Deployment{Origin: active, Customer: customers[i/5], Account: accounts[i/2], Product: pick(x, products...), Capability: pick(x, "face_search", "video_storage", "database"), Jurisdiction: "US"}
		keep(&deployments, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Deployments, d) })
	}
	x.put(func(tx *store.Tx) error {
		_, err := store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: "2026-10-01", Population: strings.Repeat("0", 64)})
		return err
	})
	x.flush()
	m, err := rating.Load(packNamed(b, "methods/rm-1.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	for i, d := range deployments {
		x.state(d, "screening.list_match", ledger.Text("none"), "duly")
		x.state(d, "chain.role", ledger.Text("none"), "duly")
		x.state(d, "end_user.identity", ledger.Text("named"), "duly")
		x.state(d, "deployment.existing", ledger.Bool(true), "duly")
		x.state(d, "harm.actual", ledger.Bool(false), "analyst", pick(x, sources...))
		x.state(d, "use.identification", ledger.Text(pick(x, "none", "verification", "search")), "analyst", pick(x, sources...))
		if i%100 == 0 {
			x.answerAll(m, d, pick(x, sources...))
		}
		r := &assessment.Rating{Method: m.Hash, Engine: 1, Best: "LOW", Worst: "CRITICAL", Inherent: "CRITICAL", Tier: "EDD+GB", Pending: true, Outcome: "pending",
			Subject: d, Account: accounts[i/2], Trace: "{}", Preparer: storetest.Actor}
		x.put(func(tx *store.Tx) error {
			_, err := store.Create(tx, assessment.Ratings, r)
			return err
		})
	}
	x.flush()
}
