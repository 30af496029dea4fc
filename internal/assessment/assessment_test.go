package assessment_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/people"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
	"duly/packs"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	rooms = []store.Migrations{
		people.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, screening.Migrations,
		triage.Migrations, assessment.Migrations,
	}
)

const today = "2026-11-24"

func shipped(t *testing.T, name string) *pack.Pack {
	t.Helper()
	data, err := packs.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// chain is a made-up sheriff who is served through a reseller.
type chain struct {
	db                                     *store.DB
	sheriff, reseller, account, deployment string
	product, link                          string
}

func newChain(t *testing.T, db *store.DB) *chain {
	t.Helper()
	c := &chain{db: db}
	active := register.Origin{State: "active"}
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		create := func(ref store.Ref, err error) string {
			if err != nil {
				t.Fatal(err)
			}
			return ref.ID
		}
		c.sheriff = create(store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: "Tamarind Sheriff", Kind: "public_body", Sector: "policing", Jurisdiction: "US"}))
		c.reseller = create(store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: "Gullwing Resale", Kind: "company", Sector: "commercial"}))
		c.link = create(store.Create(tx, register.Relationships, &register.Relationship{Origin: active, Customer: c.sheriff, Party: c.reseller, Role: "reseller", FlowDown: "no"}))
		c.product = create(store.Create(tx, register.Products, &register.Product{Origin: active, Name: "Faces", Intended: []string{"face_search"}, Risk: "identify"}))
		c.account = create(store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: c.sheriff, Product: c.product, Via: c.link}))
		c.deployment = create(store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: c.sheriff, Product: c.product, Account: c.account, Capability: "face_search"}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *chain) state(t *testing.T, subject, fact string, value ledger.Scalar) {
	t.Helper()
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		return evidence.State(ctx, tx, evidence.Fact{Subject: subject, Fact: fact, Value: value, AsOf: today}, "test", today)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *chain) assess(t *testing.T) (assessment.Assessed, *assessment.Summary) {
	t.Helper()
	s, err := assessment.Assess(ctx, c.db, storetest.Actor, today, shipped(t, "methods/rm-1.yaml"), assessment.Which{IDs: []string{c.account}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Subjects[0], s
}

// TestUnknownFactsKeepItPending protects C13: what is not known activates nothing,
// and the rating says what is missing.
func TestUnknownFactsKeepItPending(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		a, s := c.assess(t)
		if !a.Pending || s.Pending != 1 || a.Best != "LOW" || a.Worst != "CRITICAL" || len(a.Missing) == 0 || len(a.Ask) == 0 {
			t.Errorf("%+v", a)
		}
		list, err := store.Select(ctx, c.db, assessment.Ratings, "r.subject = $1", c.deployment)
		if err != nil || len(list) != 1 || list[0].Record.Outcome != "pending" || list[0].Record.Preparer != storetest.Actor {
			t.Fatalf("%v, %v", list, err)
		}
		inputs := strings.Join(list[0].Record.Inputs, "\n")
		for _, fact := range []string{"customer.sector", "end_user.sector", "chain.role", "chain.flow_down", "deployment.capability"} {
			if !strings.Contains(inputs, fact+" ") {
				t.Errorf("the register's %s is no input", fact)
			}
		}
	})
}

// TestRiskTravelsUpTheChain protects GC-07: a statement about any party of the
// chain counts for the deployment; of yes-or-no facts the worst counts.
func TestRiskTravelsUpTheChain(t *testing.T) {
	const fact = "customer.security_service_ties"
	yes, no, dunno := ledger.Bool(true), ledger.Bool(false), ledger.Unknown("nobody asked")
	for name, c := range map[string]struct {
		sheriff, reseller ledger.Scalar
		known             bool
	}{
		"nobody said":       {known: false},
		"no of one":         {sheriff: no, known: true},
		"yes beats no":      {sheriff: no, reseller: yes, known: true},
		"unknown beats no":  {sheriff: no, reseller: dunno, known: false},
		"yes beats unknown": {sheriff: dunno, reseller: yes, known: true},
	} {
		t.Run(name, func(t *testing.T) {
			chain := newChain(t, storetest.SQLite(t, rooms...))
			before, _ := chain.assess(t)
			if !c.sheriff.IsNull() {
				chain.state(t, chain.sheriff, fact, c.sheriff)
			}
			if !c.reseller.IsNull() {
				chain.state(t, chain.reseller, fact, c.reseller)
			}
			after, _ := chain.assess(t)
			if known := after.Known > before.Known; known != c.known {
				t.Errorf("known %v, want %v", known, c.known)
			}
		})
	}
}

// TestScreeningIsAnInput protects IM-06: an open hit keeps the rating pending, a
// confirmed one is a legal stop, and being screened without a hit is known.
func TestScreeningIsAnInput(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	const fact = "screening.list_match"
	if a, _ := c.assess(t); !slices.Contains(a.Missing, fact) {
		t.Error("nobody was screened, and yet the fact is known")
	}
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := c.assess(t); slices.Contains(a.Missing, fact) || len(a.HardStops) != 0 {
		t.Errorf("screened without a hit: %v %v", a.Missing, a.HardStops)
	}
	var hit store.Ref
	err = c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		hit, err = store.Create(tx, screening.Hits, &screening.Hit{State: "open", Subject: c.reseller, Identity: "x"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := c.assess(t); !a.Pending || len(a.HardStops) != 0 {
		t.Errorf("an open hit: %+v", a)
	}
	if _, err := screening.Close(ctx, c.db, screening.Disposition{Hit: hit.ID, State: screening.Confirmed, Reason: "it is them", By: storetest.Actor}); err != nil {
		t.Fatal(err)
	}
	if a, _ := c.assess(t); !slices.Contains(a.HardStops, "HS-L1") || !strings.HasPrefix(a.Decision, "PROHIBITED (legal") {
		t.Errorf("a confirmed hit: %v, %s", a.HardStops, a.Decision)
	}
	for _, subject := range []string{c.deployment, c.reseller, c.account} {
		c.state(t, subject, fact, ledger.Text("none"))
	}
	if a, _ := c.assess(t); !slices.Contains(a.HardStops, "HS-L1") {
		t.Error("a statement lifted the legal stop")
	}
}

// TestAssessingAgainWritesNothing protects the preparer's name and the log's size:
// the same facts give the same rating, which stands already.
func TestAssessingAgainWritesNothing(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.assess(t)
	_, s := c.assess(t)
	if s.Changed != 0 {
		t.Errorf("%d ratings changed", s.Changed)
	}
	c.state(t, c.deployment, "harm.vulnerable_group", ledger.Bool(true))
	if _, s = c.assess(t); s.Changed != 1 {
		t.Errorf("a new fact changed %d ratings", s.Changed)
	}
	list, err := store.Select(ctx, c.db, assessment.Ratings, "")
	if err != nil || len(list) != 1 || list[0].Rev != 2 {
		t.Errorf("%d ratings, %v", len(list), err)
	}
}

// TestTheSameRatingAfterAChange protects whoever has to decide after a change of the chain
// that changes nothing in the rating: a decision needs a rating that is newer than it.
func TestTheSameRatingAfterAChange(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.assess(t)
	var changed store.Ref
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		p, err := store.Get(ctx, tx, register.Products, c.product)
		if err != nil {
			return err
		}
		p.Record.Name += ", as it is called now"
		changed, _, err = store.Revise(tx, register.Products, c.product, p.Record)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, s := c.assess(t); s.Changed != 1 {
		t.Errorf("after a change %d ratings were written", s.Changed)
	}
	list, err := store.Select(ctx, c.db, assessment.Ratings, "")
	if err != nil || list[0].Seq < changed.Seq {
		t.Errorf("the rating is older than the product: %v", err)
	}
	if _, s := c.assess(t); s.Changed != 0 {
		t.Errorf("and once more %d", s.Changed)
	}
}

// TestLanesPickWhatIsAssessed runs triage before.
func TestLanesPickWhatIsAssessed(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	summary, err := triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil)
	if err != nil || summary.Lanes[triage.Person] != 1 || summary.Changed != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if summary, err = triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil || summary.Changed != 0 {
		t.Errorf("triage again changed %d, %v", summary.Changed, err)
	}
	method := shipped(t, "methods/rm-1.yaml")
	for lane, want := range map[triage.Lane]int{triage.Person: 1, triage.Stop: 0, triage.Auto: 0} {
		s, err := assessment.Assess(ctx, c.db, storetest.Actor, today, method, assessment.Which{Lanes: []triage.Lane{lane}}, nil)
		if err != nil || s.Assessed != want {
			t.Errorf("lane %s: assessed %d, want %d (%v)", lane, s.Assessed, want, err)
		}
	}
	c.state(t, c.deployment, "law.local_ban", ledger.Text("in_force"))
	if summary, err = triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil || summary.Lanes[triage.Stop] != 1 {
		t.Errorf("with a ban: %+v, %v", summary, err)
	}
}

// TestOwnersAreAnInput protects the rule of half: what the register tells of owners
// is stated where nothing unknown could change it, a person's word stands where it
// is no stop, and nobody can state a stop away.
func TestOwnersAreAnInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		const fact, rule, export = "ownership.sanctioned_percent", "ownership.export_rule_in_force", "ownership.export_listed_percent"
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		screened := func() {
			c.write(t, func(tx *store.Tx) (store.Ref, error) {
				return store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
			})
		}
		value := func(fact string) string {
			t.Helper()
			a, _ := c.assess(t)
			about, err := evidence.About(ctx, c.db, c.deployment)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range about[fact] {
				if s.Fact.Source == "duly" {
					_, unknown := s.Fact.Value.UnknownReason()
					if missing := slices.Contains(a.Missing, fact); fact != rule && missing != unknown {
						t.Errorf("%s is %s and missing is %v", fact, s.Fact.Value, missing)
					}
					return s.Fact.Value.String()
				}
			}
			return ""
		}
		screened()
		if value(fact) != "" || value(rule) != "" {
			t.Error("nobody is registered, and yet something is stated")
		}
		owner := c.write(t, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, register.Parties, &register.Party{Origin: register.Origin{State: "active"}, Sort: "person", Name: "Zoran Exemplar"})
		})
		held := func(share int64) *register.Interest {
			return &register.Interest{Origin: register.Origin{State: "active"}, Owner: owner, Owned: c.reseller, Role: "owns", Least: &share, Most: &share}
		}
		interest := c.write(t, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Interests, held(4999)) })
		if value(fact) != "" || value(rule) != "true" {
			t.Error("an owner was not screened, and yet the share is stated")
		}
		screened()
		if value(fact) != "" {
			t.Error("more than half is registered to nobody, and yet the share is stated")
		}
		c.revise(t, interest, held(6000))
		if value(fact) != "0" || value(export) != "0" {
			t.Errorf("all that matters is known: %q, %q", value(fact), value(export))
		}
		hit := c.write(t, func(tx *store.Tx) (store.Ref, error) {
			return store.Create(tx, screening.Hits, &screening.Hit{State: "open", Subject: owner, Identity: "x", List: "eu_fsf"})
		})
		if !strings.HasPrefix(value(fact), "unknown") || value(export) != "0" {
			t.Errorf("an open hit behind it: %q, %q", value(fact), value(export))
		}
		c.state(t, c.deployment, fact, ledger.Int(3))
		if a, _ := c.assess(t); slices.Contains(a.Missing, fact) {
			t.Error("what a person stated does not stand")
		}
		if _, err := screening.Close(ctx, c.db, screening.Disposition{Hit: hit, State: screening.Confirmed, Reason: "it is them", By: storetest.Actor}); err != nil {
			t.Fatal(err)
		}
		if a, _ := c.assess(t); value(fact) != "60" || !slices.Contains(a.HardStops, "HS-L2") {
			t.Errorf("owned by listed parties: %q, %v", value(fact), a.HardStops)
		}
		if err := assessment.MayState(ctx, c.db, c.deployment, fact, today); fault.CodeOf(err) != fault.Refused {
			t.Errorf("the stop may be stated away: %v", err)
		}
		if err := assessment.MayState(ctx, c.db, c.deployment, export, today); err != nil {
			t.Errorf("what is no stop may not be stated: %v", err)
		}
		for _, subject := range []string{c.deployment, c.reseller, c.account} {
			c.state(t, subject, fact, ledger.Int(1))
		}
		if a, _ := c.assess(t); !slices.Contains(a.HardStops, "HS-L2") {
			t.Error("a statement lifted the stop")
		}
		if s, err := triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil || s.Lanes[triage.Stop] != 1 || s.Reasons["STOP-OWNED"] != 1 {
			t.Errorf("triage: %+v, %v", s, err)
		}
		c.revise(t, interest, held(1000))
		if a, _ := c.assess(t); slices.Contains(a.HardStops, "HS-L2") || slices.Contains(a.Missing, fact) {
			t.Errorf("the shares were sold, and the person's word counts again: %v %v", a.HardStops, a.Missing)
		}
		if s, err := triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil || s.Reasons["PERSON-OWNERS"] != 1 {
			t.Errorf("triage of a minority: %+v, %v", s, err)
		}
	})
}

func (c *chain) write(t *testing.T, create func(tx *store.Tx) (store.Ref, error)) string {
	t.Helper()
	var id string
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		ref, err := create(tx)
		id = ref.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (c *chain) revise(t *testing.T, id string, i *register.Interest) {
	t.Helper()
	c.write(t, func(tx *store.Tx) (store.Ref, error) {
		ref, _, err := store.Revise(tx, register.Interests, id, i)
		return ref, err
	})
}
