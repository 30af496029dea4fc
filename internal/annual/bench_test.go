package annual_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crypto/rand"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/annual"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/conditions"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/engagement"
	"duly/internal/gate"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/internal/workspace"
	"duly/packs"
	"duly/schemas"
)

// large is a register of n deployments, all triaged, rated and decided: each third of a
// public body, each with a closed case, each tenth with a hit, a second rating and a
// confirmed enforcement, each twentieth with telemetry, findings and a proceeding, and each
// hundredth in the public register.
type large struct {
	*testing.B
	w         *workspace.Workspace
	by        act.Actor
	key       ledger.PersonKey
	now       time.Time
	condition string // hash of the one that was counted
}

func newLarge(b *testing.B, n int) *large {
	l := &large{B: b, now: time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC)}
	ctx := context.Background()
	w, err := workspace.Init(ctx, filepath.Join(b.TempDir(), "ws"), workspace.InitOptions{
		Options: workspace.Options{Now: func() time.Time { return l.now }, Random: rand.Reader, Rooms: append(slices.Clone(rooms), engagement.Migrations, assurance.Migrations)},
		Origin:  "vendor.example/duly", Operator: "Ada Runsit",
	})
	l.must(err)
	b.Cleanup(func() { w.Close() })
	l.w = w
	l.by, err = w.Actor(ctx, "")
	l.must(err)
	_, err = w.AddPerson(ctx, l.by, "Ben Decides", []act.Role{act.Approver})
	l.must(err)
	ben, err := w.Actor(ctx, "Ben Decides")
	l.must(err)
	l.key, err = w.Key(ben)
	l.must(err)
	l.rules()
	const batch = 1000
	for from := 0; from < n; from += batch {
		l.write(func(tx *store.Tx) {
			for i := from; i < min(from+batch, n); i++ {
				l.deployment(tx, i)
			}
		})
	}
	return l
}

func (l *large) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l *large) write(fn func(tx *store.Tx)) {
	l.Helper()
	l.must(l.w.DB.Write(context.Background(), l.by.Key, func(tx *store.Tx) error { fn(tx); return nil }))
}

func (l *large) packs() []*pack.Pack {
	folder, err := fs.Sub(packs.Files, "conditions")
	l.must(err)
	list, err := pack.ReadDir(folder, ".")
	l.must(err)
	return list
}

// rules puts the packs of conditions that ship into use.
func (l *large) rules() {
	l.write(func(tx *store.Tx) {
		for _, p := range l.packs() {
			l.must(runs.Use(tx, p))
			set, err := conditions.Load(p)
			l.must(err)
			if len(set.Conditions) > 0 {
				l.condition = set.Conditions[0].Hash
			}
		}
		create(l, tx, runs.Runs, runs.Run{Task: "screen", Day: "2026-02-01", Covered: 1, Population: strings.Repeat("a", 64)})
	})
}

func create[T any](l *large, tx *store.Tx, kind *ledger.Kind[T], record T, signers ...store.Signer) store.Ref {
	l.Helper()
	ref, err := store.Create(tx, kind, &record, signers...)
	l.must(err)
	return ref
}

func (l *large) deployment(tx *store.Tx, i int) {
	name, day := "Customer number "+strconv.Itoa(i)+" of a long list", "2026-02-01"
	from := register.Origin{State: "active", ValidFrom: "2020-05-01", Received: day, Source: "billing-system", SourceRef: "row-" + strconv.Itoa(i)}
	kind := []string{"public_body", "company", "company"}[i%3]
	c := create(l, tx, register.Customers, register.Customer{Origin: from, Identity: name, Name: name, Kind: kind, Sector: "commercial", Jurisdiction: "US"})
	a := create(l, tx, register.Accounts, register.Account{Origin: from, Identity: "a" + name, Name: name, Customer: c.ID, Currency: "USD"})
	d := create(l, tx, register.Deployments, register.Deployment{Origin: from, Identity: "d" + name, Customer: c.ID, Account: a.ID, Capability: "face_search", Purpose: "finding people in pictures", Jurisdiction: "US"})
	lane := []string{"PERSON", "DESK", "AUTO", "STOP"}[i%4]
	create(l, tx, triage.Triages, triage.Triage{Lane: lane, Pack: strings.Repeat("b", 64), Account: a.ID, Reasons: []string{"RULE-ONE: a sentence that says why.", "RULE-TWO: another."}})
	missing := make([]string, 40)
	for j := range missing {
		missing[j] = "a.required.fact." + strconv.Itoa(j)
	}
	worst := []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}[i%4]
	rating := assessment.Rating{
		Method: strings.Repeat("c", 64), Best: "LOW", Worst: worst, Inherent: worst, Tier: "EDD", Pending: true, Known: 63, Facts: 103,
		Outcome: "pending", Subject: d.ID, Account: a.ID, Missing: missing, Ask: missing[:10], Trace: strings.Repeat("x", 6000),
	}
	rated := create(l, tx, assessment.Ratings, rating)
	if i%10 == 0 {
		_, _, err := store.Revise(tx, assessment.Ratings, rated.ID, &rating)
		l.must(err)
	}
	decided := create(l, tx, decision.Decisions, decision.Decision{
		Act: "approve_with_conditions", Basis: "rating", From: day, Outcome: "pending", Tier: "EDD", Residual: worst, Day: day, ReviewDay: "2026-08-01", Signatures: 1,
		Subject: d.ID, Rating: rated.Hash.String(), Reason: "The conditions are kept so far.", By: l.by.Key, Ongoing: []string{"A person looks at each match."}, Checked: []string{"nobody"},
	}, l.key)
	create(l, tx, casework.Reviews, casework.Review{
		State: "closed", Lane: "DESK", Why: []string{"first_look"}, Opened: day, Due: "2026-02-10", Closed: day, Outcome: "decided", Subject: c.ID, Covers: []string{d.ID}, Reason: "It was decided.",
	})
	if i%10 == 0 {
		state := []string{"open", "confirmed", "dismissed"}[i/10%3]
		create(l, tx, screening.Hits, screening.Hit{State: state, Grade: "fair", Subject: c.ID, Identity: name, List: "A list", Entry: strconv.Itoa(i), Matched: name, Score: 912, Reasons: "two of three words are alike"})
		create(l, tx, gate.Enforcements, gate.Enforcement{State: gate.Confirmed, Decision: decided.Hash.String(), Decided: day, Day: day})
	}
	if i%20 == 0 {
		l.used(tx, d.ID, i)
	}
	if i%300 == 0 {
		create(l, tx, transparency.Listings, transparency.Listing{State: "listed", Day: day, Agency: "shown", Product: "shown", Purpose: "shown", Place: "shown", ValueBand: "unknown", Decision: decided.Hash.String(), Subject: d.ID})
	}
}

// used says what telemetry showed of a deployment, and what followed.
func (l *large) used(tx *store.Tx, deployment string, i int) {
	create(l, tx, agreement.Agreements, agreement.Agreement{State: "active", Versions: 3, Subject: deployment})
	for day := range 5 {
		on := fmt.Sprintf("2026-01-%02d", day+1)
		create(l, tx, usage.Counts, usage.CountRecord{Condition: l.condition, Day: on, Basis: usage.Events, Exposures: 25, Deviations: 9, Deployment: deployment, Clause: "A-CLAUSE", Identity: on + strconv.Itoa(i)})
		create(l, tx, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: l.condition, Day: on, Calls: 9, Deployment: deployment, Clause: "A-CLAUSE", Identity: on + strconv.Itoa(i), Evidence: []string{"threshold = 41.5"}})
	}
	create(l, tx, enforcement.Proceedings, enforcement.Proceeding{State: "open", Step: "notice", Grade: "high", Kind: "breach", Rated: "HIGH", Opened: "2026-01-06", Due: "2026-03-01", Deployment: deployment, Clause: "A-CLAUSE", Identity: strconv.Itoa(i), Impact: enforcement.ImpactUnknown})
}

// assess lets an assessor freeze the population and test one control on a sample.
func (l *large) assess() (id string) {
	ctx, db := context.Background(), l.w.DB
	hand := func(name string, role act.Role) voice.Hand {
		key, err := ledger.NewPersonKey(rand.Reader)
		l.must(err)
		l.must(l.w.AddPersonByKey(ctx, l.by, name, []act.Role{role}, key.Public()))
		return voice.Hand{By: act.Actor{Key: key.ID(), Roles: []act.Role{role}}, Key: key, Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	}
	board, ada := hand("Gail", act.GoverningBody), hand("Ada", act.Assessor)
	ref, err := engagement.Propose(ctx, db, act.Default, board, "", &engagement.Brief{
		Title: "A test", Commissioned: "The board", Authority: "Resolution 4", Question: "Does it contribute?", Terms: "As agreed.", From: "2026-01-01", Upto: "2026-11-30",
		Due: "2026-12-31", Level: "limited", Coverage: 70, Budget: 1000, Currency: "EUR", Criteria: []string{"The principles"}, Recipients: []string{"Shareholders"},
	})
	l.must(err)
	_, err = engagement.Approve(ctx, db, act.Default, board, ref.ID)
	l.must(err)
	_, err = engagement.Declare(ctx, db, act.Default, engagement.Declaring{Hand: ada, Engagement: ref.ID, Appointed: "outside", Removed: "outside"})
	l.must(err)
	_, err = engagement.Start(ctx, db, act.Default, ada, ref.ID)
	l.must(err)
	_, err = engagement.Freeze(ctx, db, act.Default, ada, ref.ID)
	l.must(err)
	l.write(func(tx *store.Tx) { // the draw rests on somebody else's entry
		create(l, tx, runs.Runs, runs.Run{Task: "triage", Day: "2026-02-01", Covered: 1, Population: strings.Repeat("d", 64)})
	})
	drawn, err := engagement.Draw(ctx, db, act.Default, engagement.Drawing{Hand: ada, Engagement: ref.ID, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
	l.must(err)
	library, err := assurance.Shipped()
	l.must(err)
	var results []assurance.Result
	for _, item := range slices.Sorted(slices.Values(drawn.Record.Drawn)) {
		results = append(results, assurance.Result{Item: item, Outcome: assurance.Deviation, Cause: "data", Note: "no lane"})
	}
	_, _, err = assurance.Record(ctx, db, act.Default, assurance.Testing{
		Hand: ada, Engagement: ref.ID, Library: library, Control: "POP-1", Of: assurance.Operation, Conclusion: assurance.NotEffective, Sample: "account", Results: results, Procedure: "compared lanes",
	})
	l.must(err)
	return ref.ID
}

// BenchmarkReports makes the reports over 50,000 deployments, or as many as
// DULY_REPORT_DEPLOYMENTS says: the report for those who may see everything and for
// those who may see nothing, the assessor's report, and the public site of the year, each
// with its pages. Beside them stands what each must do at least: reading the log. It
// reports processor time, and the most that the heap held after each.
func BenchmarkReports(b *testing.B) {
	n := 50_000
	if text := os.Getenv("DULY_REPORT_DEPLOYMENTS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	l := newLarge(b, n)
	engaged := l.assess()
	ctx := context.Background()
	_, err := l.w.Sign(ctx)
	l.must(err)
	signed, c, err := l.w.Checkpoint()
	l.must(err)
	known, err := bundle.ReadSchemas(schemas.Files)
	l.must(err)
	var public *report.Report
	whole := func(classes ...ledger.Class) func() {
		return func() {
			r, err := report.Build(ctx, l.w.DB, c, signed, classes)
			l.must(err)
			l.must(report.HTML(r, io.Discard))
			l.must(report.JSON(r, io.Discard))
			if len(classes) == 0 {
				public = r
			}
		}
	}
	measured(b, "reading", func() {
		l.must(store.Entries(ctx, l.w.DB, 0, c.Size, func(e store.Entry) error {
			_, err := ledger.ParseLeaf(e.Leaf)
			return err
		}))
	})
	measured(b, "everything", whole(ledger.Classes...))
	measured(b, "nothing", whole())
	measured(b, "assessed", func() {
		_, err := report.BuildAssessed(ctx, l.w.DB, c, signed, ledger.Classes, known, engaged)
		l.must(err)
	})
	measured(b, "site", func() {
		a, err := annual.Build(ctx, l.w.DB, public, l.packs(), "2026")
		l.must(err)
		dir, err := os.MkdirTemp(b.TempDir(), "site")
		l.must(err)
		l.must(annual.Write(a, func(entry int64, field string) (*bundle.Proof, error) {
			return report.Disclose(ctx, l.w.DB, signed, l.w.Config.Key, known, entry, field)
		}, filepath.Join(dir, "pages")))
	})
}

// measured reports what a piece of work takes of the processors, which other programs on
// the same machine change less than the clock.
func measured(b *testing.B, name string, run func()) {
	b.Run(name, func(b *testing.B) {
		used := func() time.Duration {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				b.Fatal(err)
			}
			return time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
		start, n := used(), 0
		for b.Loop() {
			run()
			n++
		}
		b.ReportMetric((used()-start).Seconds()/float64(n), "processor-s/op")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapSys)/1e6, "heap-MB")
	})
}
