package casework_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/pack"
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
	"duly/packs"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx    = context.Background()
	active = register.Origin{State: "active", ValidFrom: "2026-01-01"}
	rooms  = []store.Migrations{people.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, intake.Migrations, screening.Migrations,
		usage.Migrations, triage.Migrations, assessment.Migrations, refusal.Migrations, voice.Migrations, decision.Migrations, transparency.Migrations, casework.Migrations}
)

// today is a day of the test clock, which starts on 2026-01-02.
const today = "2026-01-02"

// office is a workspace without its directory: a register under construction, and
// the people who work in it.
type office struct {
	testing.TB
	db    *store.DB
	rules *casework.Rules
	today string
}

func newOffice(t *testing.T, dsn string) *office {
	t.Helper()
	return &office{t, storetest.Begin(t, dsn, rooms...), shippedRules(t), today}
}

func shipped(t testing.TB, name string) *pack.Pack {
	t.Helper()
	data, err := fs.ReadFile(packs.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func shippedRules(t testing.TB) *casework.Rules {
	t.Helper()
	r, err := casework.Load(shipped(t, "casework/base.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// person is somebody with a key and roles.
type person struct {
	act.Actor
	key ledger.PersonKey
}

func someone(t testing.TB, seed byte, roles ...act.Role) person {
	t.Helper()
	k, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return person{act.Actor{Key: k.ID(), Roles: roles}, k}
}

// employ records a person whom the log does not know yet: what somebody may decide is
// read from there.
func (o *office) employ(p person) {
	o.Helper()
	o.write(func(tx *store.Tx) error {
		known, err := store.Select(ctx, tx, people.Persons, "r.key_id = $1", p.Key)
		if err != nil || len(known) > 0 {
			return err
		}
		_, err = people.Add(tx, p.Key, p.Roles, p.key)
		return err
	})
}

func (o *office) worker(p person) casework.Worker {
	return casework.Worker{Actor: p.Actor, Authority: act.Default, Today: o.today}
}

func (o *office) write(fn func(tx *store.Tx) error) {
	o.Helper()
	if err := o.db.Write(ctx, storetest.Actor, fn); err != nil {
		o.Fatal(err)
	}
}

func put[T any](o *office, kind *ledger.Kind[T], record T) (id string) {
	o.Helper()
	o.write(func(tx *store.Tx) error {
		ref, err := store.Create(tx, kind, &record)
		id = ref.ID
		return err
	})
	return id
}

func revise[T any](o *office, kind *ledger.Kind[T], id string, how func(*T)) {
	o.Helper()
	o.write(func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, kind, id)
		if err != nil {
			return err
		}
		how(r.Record)
		_, _, err = store.Revise(tx, kind, id, r.Record)
		return err
	})
}

func (o *office) customer(sector string) string {
	return put(o, register.Customers, register.Customer{Origin: active, Name: "The " + sector, Kind: "public_body", Sector: sector, Jurisdiction: "NZ"})
}

func (o *office) product(capabilities ...string) string {
	p := register.Product{Origin: active, Name: "Eye", Intended: capabilities}
	p.Settle()
	return put(o, register.Products, p)
}

// account makes an account of a customer with one deployment for each capability.
func (o *office) account(customer, product string, capabilities ...string) (account string, deployments []string) {
	account = put(o, register.Accounts, register.Account{Origin: active, Name: "account", Customer: customer, Product: product})
	for _, c := range capabilities {
		deployments = append(deployments, put(o, register.Deployments, register.Deployment{
			Origin: active, Customer: customer, Product: product, Account: account, Capability: c, Jurisdiction: "NZ",
		}))
	}
	return account, deployments
}

func (o *office) triage() {
	o.Helper()
	if _, err := triage.Run(ctx, o.db, storetest.Actor, o.today, shipped(o, "triage/base.yaml"), nil); err != nil {
		o.Fatal(err)
	}
}

func (o *office) sweep() *casework.Summary {
	o.Helper()
	s, err := casework.Sweep(ctx, o.db, storetest.Actor, o.today, o.rules)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

// rate writes what a method said of a unit, in the given band.
func (o *office) rate(unit, account, worst string, severity int64) store.Ref {
	o.Helper()
	r := &assessment.Rating{
		Method: shipped(o, "methods/rm-1.yaml").Hash, Engine: 1, Best: "LOW", Worst: worst, Inherent: worst, Tier: "CDD", Severity: severity,
		Outcome: map[string]string{"LOW": "approve", "MEDIUM": "approve_with_conditions", "HIGH": "escalate", "CRITICAL": "decline"}[worst],
		Review:  12, Subject: unit, Account: account, Preparer: "somebody else",
	}
	var ref store.Ref
	o.write(func(tx *store.Tx) error {
		had, err := store.Select(ctx, tx, assessment.Ratings, "r.subject = $1", unit)
		if err != nil {
			return err
		}
		if len(had) == 0 {
			ref, err = store.Create(tx, assessment.Ratings, r)
			return err
		}
		r.Known = had[0].Record.Known + 1 // so that rating the same again is a new revision
		if worst == had[0].Record.Worst {
			r.Tier, r.Outcome = had[0].Record.Tier, had[0].Record.Outcome
		}
		ref, _, err = store.Revise(tx, assessment.Ratings, had[0].ID, r)
		return err
	})
	return ref
}

func (o *office) decide(unit string, what decision.Act, by person) {
	o.Helper()
	at := storeTime(o.today)
	o.employ(by)
	step, err := decision.Decide(ctx, o.db, act.Default, decision.Request{Subject: unit, Act: what, Reason: "because", By: by.Actor, Key: by.key, Now: at})
	if err != nil || step.Waits != "" {
		o.Fatalf("%+v, %v", step, err)
	}
}

func (o *office) state(subject, fact string, value ledger.Scalar) {
	o.Helper()
	o.write(func(tx *store.Tx) error {
		return evidence.State(ctx, tx, evidence.Fact{Subject: subject, Fact: fact, Value: value, AsOf: o.today}, "press", o.today)
	})
}

// known states all that RM-1 asks about a deployment, as its own tests do: nothing
// speaks against it. Nobody was found on a list.
func (o *office) known(unit string) {
	o.Helper()
	var method struct {
		Tests struct {
			Baseline map[string]any `yaml:"baseline"`
		} `yaml:"tests"`
	}
	o.ok(yaml.Unmarshal(shipped(o, "methods/rm-1.yaml").Bytes, &method))
	put(o, runs.Runs, runs.Run{Task: "screen", Day: o.today})
	o.write(func(tx *store.Tx) error {
		for fact, v := range method.Tests.Baseline {
			var value ledger.Scalar
			switch v := v.(type) {
			case bool:
				value = ledger.Bool(v)
			case int:
				value = ledger.Int(int64(v))
			case string:
				value = ledger.Text(v)
			case []any:
				list := []string{}
				for _, one := range v {
					list = append(list, one.(string))
				}
				value = ledger.Texts(list)
			}
			if err := evidence.State(ctx, tx, evidence.Fact{Subject: unit, Fact: fact, Value: value, AsOf: o.today}, "press", o.today); err != nil {
				return err
			}
		}
		return nil
	})
}

// assess rates units by RM-1.
func (o *office) assess(units ...string) {
	o.Helper()
	_, err := assessment.Assess(ctx, o.db, storetest.Actor, o.today, shipped(o, "methods/rm-1.yaml"), assessment.Which{IDs: units}, nil)
	o.ok(err)
}

// cases gives all cases of a subject, oldest first.
func (o *office) cases(subject string) []*store.Revision[casework.Review] {
	o.Helper()
	list, err := store.Select(ctx, o.db, casework.Reviews, "r.subject = $1", subject)
	if err != nil {
		o.Fatal(err)
	}
	return list
}

// open gives the one open case of a subject.
func (o *office) open(subject string) *store.Revision[casework.Review] {
	o.Helper()
	var found *store.Revision[casework.Review]
	for _, r := range o.cases(subject) {
		if r.Record.State == casework.StateOpen {
			if found != nil {
				o.Fatal("two cases are open for one subject")
			}
			found = r
		}
	}
	return found
}

// events gives the events of a case, sorted, each once.
func events(r *store.Revision[casework.Review]) string {
	if r == nil {
		return "(no case)"
	}
	var out []string
	for _, t := range r.Record.Triggers {
		out = append(out, casework.ParseTrigger(t).Event)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func (o *office) refused(err error, says string) {
	o.Helper()
	if fault.CodeOf(err) != fault.Refused || err == nil || !strings.Contains(err.Error(), says) {
		o.Errorf("not refused with %q: %v", says, err)
	}
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// closed closes the open case of a subject.
func (o *office) closed(subject, outcome string, by person) {
	o.Helper()
	r := o.open(subject)
	if r == nil {
		o.Fatal("there is no open case")
	}
	o.ok(o.worker(by).Close(ctx, o.db, r.ID, outcome, "looked at"))
}
