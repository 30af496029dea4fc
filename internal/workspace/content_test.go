package workspace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/attestation"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/engagement"
	"duly/internal/evidence"
	"duly/internal/gate"
	"duly/internal/index"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/retention"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/internal/workspace"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// content is what a workspace of a test holds: the rooms whose tables it has, the
// schemas of its kinds, and how it is filled.
type content struct {
	rooms   []store.Migrations
	schemas []*ledger.Schema
	fill    func(t testing.TB, w *workspace.Workspace)
}

// released gives the schemas as a verifier has them: read back from documents.
func (c content) released(t testing.TB) bundle.Schemas {
	t.Helper()
	schemas := bundle.Schemas{}
	for _, s := range append([]*ledger.Schema{store.Epochs.Schema(), store.Erasures.Schema(), store.Balances.Schema(), people.Persons.Schema()}, c.schemas...) {
		parsed, err := ledger.ParseSchema(s.Document())
		if err != nil {
			t.Fatal(err)
		}
		schemas[parsed.Hash()] = parsed
	}
	return schemas
}

// options give a clock that moves a second with each look.
func (c content) options() workspace.Options {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var ticks atomic.Int64
	return workspace.Options{Rooms: c.rooms, Now: func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Second) }}
}

// workspace makes and fills a workspace. An empty dsn is SQLite in its directory.
func (c content) workspace(t testing.TB, dsn string) *workspace.Workspace {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ws")
	w, err := workspace.Init(context.Background(), dir, workspace.InitOptions{Options: c.options(), Origin: "test.example/log", Operator: "op", Database: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	if c.fill != nil {
		c.fill(t, w)
	}
	return w
}

// thing is a kind of the tests' own.
type thing struct {
	State string `duly:"state,public,enum=active|ended,column"`
	Name  string `duly:"name,customer,column"`
}

var things = ledger.Define[thing]("thing", 1)

// hush is a kind that is dated by day.
type hush struct {
	State string `duly:"state,public,enum=open|closed"`
	Text  string `duly:"text,personal"`
}

var hushes = ledger.Define[hush]("hush", 1, ledger.ByDay())

// small holds a few records of the tests' own kinds under two checkpoints.
func small() content {
	return content{
		rooms:   []store.Migrations{tables("thing", things.Schema(), hushes.Schema())},
		schemas: []*ledger.Schema{things.Schema(), hushes.Schema()},
		fill: func(t testing.TB, w *workspace.Workspace) {
			for _, name := range []string{"one", "two"} {
				write(t, w, func(tx *store.Tx) error {
					_, err := store.Create(tx, things, &thing{State: "active", Name: name})
					return err
				})
				sign(t, w)
			}
		},
	}
}

func write(t testing.TB, w *workspace.Workspace, fn func(*store.Tx) error) {
	t.Helper()
	if err := w.DB.Write(context.Background(), storetest.Actor, fn); err != nil {
		t.Fatal(err)
	}
}

func sign(t testing.TB, w *workspace.Workspace) ledger.Checkpoint {
	t.Helper()
	c, err := w.Sign(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everything holds records of every kind that any room has. A new kind belongs
// into this list, and is then covered by the tests of tampering.
func everything() content {
	c := content{
		rooms: []store.Migrations{
			register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, intake.Migrations, screening.Migrations,
			agreement.Migrations, usage.Migrations, attestation.Migrations, triage.Migrations, assessment.Migrations, refusal.Migrations, voice.Migrations, decision.Migrations,
			casework.Migrations, enforcement.Migrations, transparency.Migrations, gate.Migrations, retention.Migrations, engagement.Migrations, assurance.Migrations,
		},
	}
	var puts []func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey)
	with := func(s *ledger.Schema, put func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey)) {
		c.schemas = append(c.schemas, s)
		puts = append(puts, put)
	}
	var rated []int64 // where the ratings stand, one of each variant
	var decider string
	with(of(register.Accounts))
	with(of(register.Customers))
	with(of(register.Identifiers))
	with(of(register.Owners))
	with(of(register.Relationships))
	with(of(register.Products))
	with(of(register.Deployments))
	with(of(register.Contracts))
	with(of(register.Parties))
	with(of(register.Interests))
	with(of(evidence.Sources))
	with(of(evidence.Facts))
	with(of(index.Editions))
	with(of(runs.Runs))
	with(of(runs.Packs))
	with(of(intake.Ambiguities))
	with(of(screening.Lists))
	with(of(screening.ListUpdates))
	with(of(screening.Hits))
	with(of(agreement.Agreements))
	with(of(usage.ObjectRecords))
	with(of(usage.Counts))
	with(of(usage.Coverages))
	with(of(usage.Findings))
	with(of(usage.ShownRecords))
	with(of(transparency.Partnerships))
	with(of(transparency.Requests))
	with(of(transparency.Claims))
	with(of(transparency.ContentSamples))
	with(of(transparency.PublishedFigures))
	with(of(transparency.Incidents))
	with(of(gate.Enforcements))
	with(of(gate.Glasses))
	with(of(retention.Holds))
	with(of(transparency.Policies))
	with(of(transparency.Embeddings))
	with(of(transparency.Listings))
	with(of(attestation.Requests))
	with(of(attestation.Attestations))
	with(of(triage.Triages))
	with(of(assessment.Ratings, func(r *assessment.Rating, _ int, tx *store.Tx) {
		r.Engine, r.Outcome, r.Tier = bundle.EngineNumber(), "approve", "SDD" // what one person may approve
		rated = append(rated, tx.Size())
	}))
	with(of(assessment.Exposures))
	with(of(assessment.Scores))
	with(of(decision.Decisions, func(d *decision.Decision, variant int, tx *store.Tx) {
		r, err := store.GetBySeq(context.Background(), tx, assessment.Ratings, rated[variant])
		if err != nil {
			panic(err)
		}
		d.Rating, d.Signatures, d.By, d.Basis = r.Hash.String(), 1, decider, "rating"
		d.Opinions, d.Objections, d.Referral, d.Read = 0, 0, "", nil
		d.Act, d.Outcome, d.Tier = "approve", "approve", "SDD"
		d.Ongoing, d.Precedents = d.Checked, int64(len(d.Precedent))
	}))
	with(of(casework.Reviews))
	with(of(casework.Sweeps))
	with(of(casework.Signals))
	with(of(casework.Capacities))
	with(of(casework.Changes))
	with(of(casework.Samples))
	with(of(casework.Leaves))
	with(of(casework.Contacts))
	with(of(casework.Sights))
	with(of(decision.Criticalities))
	with(of(decision.ExitImpacts))
	with(of(decision.Notices))
	with(of(decision.Responses))
	with(once(decision.Checks, func(c *decision.Check, tx *store.Tx) {
		list, err := store.Select(context.Background(), tx, decision.Decisions, "")
		if err != nil {
			panic(err)
		}
		c.Decision, c.Sort, c.Number = list[len(list)-1].Hash.String(), decision.Precedent, 1
		c.Day = time.UnixMicro(tx.Now()).UTC().Format(time.DateOnly)
	}))
	with(of(enforcement.Proceedings))
	with(of(voice.Opinions))
	with(of(voice.Panels))
	with(of(voice.Seats))
	with(of(voice.Resignations))
	with(of(voice.Referrals, func(r *voice.Referral, _ int, tx *store.Tx) {
		today := time.UnixMicro(tx.Now()).UTC()
		r.Again = "" // there is no earlier vote
		r.State, r.Noticed, r.Closes = "open", today.Format(time.DateOnly), today.AddDate(0, 0, 14).Format(time.DateOnly)
	}))
	with(of(voice.Declarations))
	with(of(voice.Answers))
	with(once(voice.Votes))
	assessed(with)
	concluded(with)
	with(of(voice.Stakeholders))
	with(of(voice.Consultations))
	with(of(voice.Sessions))
	with(of(voice.Inputs))
	with(of(voice.Compensations))
	c.fill = func(t testing.TB, w *workspace.Workspace) {
		ctx := context.Background()
		admin, err := w.Actor(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		keys := map[act.Role]ledger.PersonKey{}
		for _, role := range []act.Role{act.Approver, act.Expert, act.PanelMember, act.GoverningBody} {
			roles := []act.Role{role}
			if role == act.Approver {
				roles = append(roles, act.Analyst)
			}
			if _, err := w.AddPerson(ctx, admin, string(role), roles); err != nil {
				t.Fatal(err)
			}
			person, err := w.Actor(ctx, string(role))
			if err != nil {
				t.Fatal(err)
			}
			if keys[role], err = w.Key(person); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []act.Role{act.Assessor, dissenter} {
			if keys[name], err = ledger.NewPersonKey(rand.Reader); err != nil {
				t.Fatal(err)
			}
			if err := w.AddPersonByKey(ctx, admin, string(name), []act.Role{act.Assessor}, keys[name].Public()); err != nil {
				t.Fatal(err)
			}
		}
		write(t, w, func(tx *store.Tx) error {
			for _, statement := range []string{
				"insert into pushed_event (id, day) values ('an event', '2026-11-24')",
				"insert into pushed_dropped (day) values ('2026-11-24')",
				"insert into window_state (mark, scope, last_day, kept_until, due) values ('a', 'd|c|events', 1, 2, 0)",
				"insert into window_part (mark, object, mapping, day, item, calls, seen) values ('a', 'o', 'm', 1, 'i', 1, 'e')",
				"insert into window_beyond (scope, day, mark, calls, reached, windows, first, last) values ('d|c|events', 1, 'a', 1, 1, 1, 'e', 'e')",
				"insert into window_dropped (scope, day) values ('d|c|events', 1)",
				"insert into window_key (mark) values ('k')",
			} {
				if err := tx.Exec(statement); err != nil {
					return err
				}
			}
			return tx.Exec("insert into pending_decision (id, subject, draft, sigs) values ('a draft', 'a deployment', $1, $1)", []byte("bytes"))
		})
		rated, decider = nil, keys[act.Approver].ID()
		for i, put := range puts {
			put(t, w, keys[signedAs(c.schemas[i].Kind)])
			if i%5 == 0 {
				sign(t, w)
			}
		}
		for range 2 {
			if _, err := w.Balance(ctx, admin); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

// dissenter stands for a second assessor.
const dissenter act.Role = "another assessor"

// signedAs gives the role of who signs records of a kind.
func signedAs(kind string) act.Role {
	switch kind {
	case "opinion", "score":
		return act.Expert
	case "vote", "declaration", "resignation":
		return act.PanelMember
	case "engagement":
		return act.GoverningBody
	case "independence", "assignment", "population", "engagement_sample", "reconciliation", "effort",
		"control_test", "workpaper", "impact", "determination", "redaction_consent":
		return act.Assessor
	case "dissent":
		return dissenter
	}
	return act.Approver
}

// assessed fills the kinds of an independent assessment by its own service, since they
// rest on each other and on the whole log before them.
func assessed(with func(*ledger.Schema, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey))) {
	ctx, day := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	does := func(s *ledger.Schema, do func(db *store.DB, h voice.Hand, id string) error) {
		with(s, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey) {
			t.Helper()
			id, err := engagement.Find(ctx, w.DB, "")
			if err != nil && s.Kind != "engagement" {
				t.Fatal(err)
			}
			if err := do(w.DB, voice.Hand{By: act.Actor{Key: signer.ID()}, Key: signer, Now: day}, id); err != nil {
				t.Fatal(err)
			}
		})
	}
	does(engagement.Engagements.Schema(), func(db *store.DB, h voice.Hand, _ string) error {
		ref, err := engagement.Propose(ctx, db, act.Default, h, "", &engagement.Brief{From: "2026-01-01", Upto: "2026-02-28", Due: "2026-06-30", Level: "limited", Coverage: 80, Currency: "EUR", Witnesses: []string{outsider(nil).Public()}, Quorum: 1})
		if err == nil {
			_, err = engagement.Approve(ctx, db, act.Default, h, ref.ID)
		}
		return err
	})
	does(engagement.Independences.Schema(), func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Declare(ctx, db, act.Default, engagement.Declaring{Hand: h, Engagement: id, Ties: []string{"funding"}, Text: []string{"a grant"}, Appointed: "outside", Removed: "outside"})
		return err
	})
	does(engagement.Assignments.Schema(), func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Start(ctx, db, act.Default, h, id)
		return err
	})
	does(engagement.Populations.Schema(), func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Freeze(ctx, db, act.Default, h, id)
		return err
	})
	with(of(refusal.Refusals))
	draw := func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Draw(ctx, db, act.Default, engagement.Drawing{Hand: h, Engagement: id, Of: "rating", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
		return err
	}
	does(engagement.Samples.Schema(), draw) // it is planned, and drawn once a witness has cosigned
	with(engagement.Witnesses.Schema(), func(t testing.TB, w *workspace.Workspace, _ ledger.PersonKey) {
		t.Helper()
		c, err := w.Sign(ctx)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := store.CheckpointAt(ctx, w.DB, c.Size)
		if err != nil {
			t.Fatal(err)
		}
		w.Config.Witnesses = []workspace.Witness{{Key: outsider(t).Public()}}
		if _, err := w.Cosigned(ctx, append(signed, outsider(t).Line(c, day)...)); err != nil {
			t.Fatal(err)
		}
		by, err := w.Actor(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		if refs, err := engagement.Witness(ctx, w.DB, by); err != nil || len(refs) != 1 {
			t.Fatal(refs, err)
		}
	})
	does(engagement.Samples.Schema(), draw)
	does(engagement.Reconciliations.Schema(), func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Reconcile(ctx, db, act.Default, h, id, "billing", "", &intake.Comparison{Kind: "account", Rows: 2, Known: 1, Missing: []intake.Line{{Row: "a row"}}})
		return err
	})
	does(engagement.Efforts.Schema(), func(db *store.DB, h voice.Hand, id string) error {
		_, err := engagement.Spend(ctx, db, act.Default, h, id, engagement.Effort{Task: "testing", Minutes: 90, Cost: 200})
		return err
	})
	with(once(engagement.Requests, func(r *engagement.Request, tx *store.Tx) {
		list, err := store.Select(ctx, tx, engagement.Engagements, "")
		if err != nil {
			panic(err)
		}
		r.State, r.Terms, r.Answered, r.Due, r.Late = "answered", list[0].Hash.String(), "2026-01-01", "2026-01-02", false
	}))
}

// outsider is a witness, always the same.
func outsider(t testing.TB) *ledger.WitnessKey {
	key, err := ledger.NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)), "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// speaks lets a record that somebody signs name that person, where it names one.
func speaks(record any, signer ledger.PersonKey) {
	if f := reflect.ValueOf(record).Elem().FieldByName("Person"); f.IsValid() {
		f.SetString(signer.ID())
	}
}

// once gives a kind of which each record has one revision, and writes two of them.
func once[T any](kind *ledger.Kind[T], mend ...func(record *T, tx *store.Tx)) (*ledger.Schema, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey)) {
	return kind.Schema(), func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey) {
		t.Helper()
		err := w.DB.Write(context.Background(), signer.ID(), func(tx *store.Tx) error {
			for variant := range 2 {
				record := example(t, kind, variant)
				speaks(record, signer)
				for _, m := range mend {
					m(record, tx)
				}
				if _, err := store.Create(tx, kind, record, signer); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// of gives a kind's schema and a function that writes two records of it, the
// first in three revisions, and erases a field of the second. A rating's inputs
// are erased in all, since made-up values do not add up to a rating.
//
// mend makes an example one that may stand beside others.
func of[T any](kind *ledger.Kind[T], mend ...func(record *T, variant int, tx *store.Tx)) (*ledger.Schema, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey)) {
	s := kind.Schema()
	return s, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey) {
		t.Helper()
		actor, signers := storetest.Actor, []store.Signer(nil)
		if s.Signers > 0 {
			actor, signers = signer.ID(), []store.Signer{signer}
		}
		err := w.DB.Write(context.Background(), actor, func(tx *store.Tx) error {
			var refs []store.Ref
			made := func(variant int) *T {
				record := example(t, kind, variant)
				if s.Signers > 0 {
					speaks(record, signer)
				}
				for _, m := range mend {
					m(record, variant, tx)
				}
				return record
			}
			for variant := range 2 {
				ref, err := store.Create(tx, kind, made(variant), signers...)
				if err != nil {
					return err
				}
				refs = append(refs, ref)
			}
			for variant := 2; variant < 4; variant++ {
				ref, _, err := store.Revise(tx, kind, refs[0].ID, made(variant), signers...)
				if err != nil {
					return err
				}
				refs = append(refs, ref)
			}
			if s.Kind == "rating" {
				for _, ref := range refs {
					if _, err := store.Erase(tx, kind.Schema(), ref.Seq, "inputs", "request", ""); err != nil {
						return err
					}
				}
			}
			if len(s.Sealed) == 0 {
				return nil
			}
			_, err := store.Erase(tx, kind.Schema(), refs[1].Seq, s.Sealed[0].Name, "request", "a note")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// example makes a record with a value in every field, from the schema alone.
func example[T any](t testing.TB, kind *ledger.Kind[T], variant int) *T {
	t.Helper()
	var public []string
	for _, f := range kind.Schema().Public {
		public = append(public, strconv.Quote(f.Name)+":"+value(f, variant))
	}
	var sealed [][]byte
	for _, f := range kind.Schema().Sealed {
		sealed = append(sealed, []byte(value(f, variant)))
	}
	record, err := kind.Decode([]byte("{"+strings.Join(public, ",")+"}"), sealed)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// value gives a canonical value of the field's type.
func value(f ledger.Field, variant int) string {
	switch f.Type {
	case ledger.TypeTexts:
		return fmt.Sprintf(`["a %d","b"]`, variant)
	case ledger.TypeEnum:
		return strconv.Quote(f.Enum[variant%len(f.Enum)])
	case ledger.TypeEnums:
		return "[" + strconv.Quote(f.Enum[variant%len(f.Enum)]) + "]"
	case ledger.TypeInt:
		return strconv.Itoa(variant + 1)
	case ledger.TypeBool:
		return strconv.FormatBool(variant%2 == 0)
	case ledger.TypeDate:
		return fmt.Sprintf(`"2026-01-%02d"`, variant+1)
	case ledger.TypeHash:
		sum := sha256.Sum256([]byte{byte(variant)})
		return `"` + hex.EncodeToString(sum[:]) + `"`
	case ledger.TypeScalar:
		return []string{`"text"`, `["a"]`, `17`, `{"unknown":"not asked"}`}[variant%4]
	}
	return fmt.Sprintf(`"text %d"`, variant)
}
