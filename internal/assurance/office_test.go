package assurance_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/attestation"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/engagement"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/gate"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

var rooms = []store.Migrations{
	people.Migrations, refusal.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, voice.Migrations, transparency.Migrations, intake.Migrations,
	screening.Migrations, agreement.Migrations, usage.Migrations, attestation.Migrations, triage.Migrations, assessment.Migrations, decision.Migrations,
	casework.Migrations, enforcement.Migrations, gate.Migrations, engagement.Migrations, assurance.Migrations,
}

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// office is an engagement that has started, with the people in it.
type office struct {
	*testing.T
	db                     *store.DB
	board, approver, sales voice.Hand
	assessor, second       voice.Hand
	id                     string // of the engagement
	library                *assurance.Library
	evidence               int64 // an entry
}

const brief = `
title: Assessment of a test
commissioned_by: The board
authority: Resolution 4 of the meeting
question: Does customers' use contribute to violations of human rights?
terms: As agreed.
from: 2026-01-01
upto: 2026-10-31
due: 2026-12-31
level: limited
required_coverage: 70
budget: 1000
currency: EUR
criteria: [The UN Guiding Principles]
recipients: [Shareholders]
`

func newOffice(t *testing.T, dsn string) *office {
	t.Helper()
	if dsn == "" {
		dsn = filepath.Join(t.TempDir(), "duly.db")
	}
	db := storetest.Begin(t, dsn, rooms...)
	o := &office{T: t, db: db}
	o.board, o.approver, o.sales = o.person("board", act.GoverningBody), o.person("abe", act.Approver), o.person("sal", act.Sales)
	o.assessor, o.second = o.person("ada", act.Assessor), o.person("ari", act.Assessor)
	b, err := engagement.ParseBrief("terms.yaml", []byte(brief))
	o.ok(err)
	ref, err := engagement.Propose(ctx, db, act.Default, o.board, "", b)
	o.ok(err)
	o.id, o.evidence = ref.ID, ref.Seq
	_, err = engagement.Approve(ctx, db, act.Default, o.board, o.id)
	o.ok(err)
	for _, h := range []voice.Hand{o.assessor, o.second} {
		_, err = engagement.Declare(ctx, db, act.Default, engagement.Declaring{Hand: h, Engagement: o.id, Appointed: "governing_body", Removed: "governing_body"})
		o.ok(err)
	}
	_, err = engagement.Start(ctx, db, act.Default, o.assessor, o.id)
	o.ok(err)
	o.library, err = assurance.LoadLibrary(parse(t, strings.ReplaceAll(base(t), "tolerable: 500", "tolerable: 1000")))
	o.ok(err)
	return o
}

// freeze takes the population, and lets somebody else make the entry that draws rest on.
func (o *office) freeze() {
	o.Helper()
	_, err := engagement.Freeze(ctx, o.db, act.Default, o.assessor, o.id)
	o.ok(err)
	o.person("eve", act.Sales)
}

// draw draws deployments: 36 of many, or what is left.
func (o *office) draw() {
	o.Helper()
	_, err := engagement.Draw(ctx, o.db, act.Default, engagement.Drawing{Hand: o.assessor, Engagement: o.id, Of: "deployment", Plan: engagement.Plan{Confidence: 95, Tolerable: 80}})
	o.ok(err)
}

// compare compares the billing, of which so many of ten rows are missing from the log.
func (o *office) compare(missing int) {
	o.Helper()
	c := &intake.Comparison{Kind: "account", Rows: 10, Known: int64(10 - missing)}
	for range missing {
		c.Missing = append(c.Missing, intake.Line{Row: "a row"})
	}
	_, err := engagement.Reconcile(ctx, o.db, act.Default, o.assessor, o.id, "billing", "", c)
	o.ok(err)
}

func (o *office) person(name string, role act.Role) voice.Hand {
	o.Helper()
	key, err := ledger.NewPersonKey(rand.Reader)
	o.ok(err)
	var p *people.Person
	o.write(func(tx *store.Tx) (err error) {
		p, err = people.Add(tx, name, []act.Role{role}, key)
		return err
	})
	return voice.Hand{By: p.Actor(), Key: key, Now: now}
}

func (o *office) write(fn func(tx *store.Tx) error) {
	o.Helper()
	o.ok(o.db.Write(ctx, storetest.Actor, fn))
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// refused fails unless a rule refused, and unless exactly the attempt stands in the log.
func (o *office) refused(rule refusal.Rule, do func() error) {
	o.Helper()
	before, err := store.Head(ctx, o.db)
	o.ok(err)
	err = do()
	if got := refusal.Rule(""); fault.CodeOf(err) != fault.Refused || !asRule(err, &got) || got != rule {
		o.Errorf("want the rule %s, got %v", rule, err)
	}
	after, err := store.Head(ctx, o.db)
	o.ok(err)
	list, err := store.Select(ctx, o.db, refusal.Refusals, "r.seq >= $1", before.Size)
	o.ok(err)
	if after.Size != before.Size+1 || len(list) != 1 || list[0].Record.Rule != string(rule) {
		o.Errorf("the attempt left %d entries, %d of them refusals", after.Size-before.Size, len(list))
	}
}

// deploy registers so many deployments, rated with all facts known, or not.
func (o *office) deploy(n int, rated, pending bool) {
	o.Helper()
	o.write(func(tx *store.Tx) error {
		origin := register.Origin{State: "active", ValidFrom: "2026-01-01", Received: "2026-01-01", Source: "billing", SourceRef: "row"}
		for range n {
			ref, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: origin, Capability: "face_search"})
			if err != nil {
				return err
			}
			if !rated {
				continue
			}
			_, err = store.Create(tx, assessment.Ratings, &assessment.Rating{
				Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "SDD", Outcome: "approve", Pending: pending, Subject: ref.ID, Account: ref.ID,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
