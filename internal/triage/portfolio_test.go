package triage_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"duly/internal/evidence"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// scene is a register under construction: an account billed to a company that a
// registry confirms, and whatever a case adds to it.
type scene struct {
	t       *testing.T
	tx      *store.Tx
	company string
	account register.Account
	deploy  []register.Deployment
	later   func(account string) // what comes after the screening
}

var active = register.Origin{State: "active"}

func put[T any](s *scene, kind *ledger.Kind[T], record T) string {
	s.t.Helper()
	ref, err := store.Create(s.tx, kind, &record)
	if err != nil {
		s.t.Fatal(err)
	}
	return ref.ID
}

func (s *scene) customer(sector, country string) string {
	return put(s, register.Customers, register.Customer{Origin: active, Name: sector, Kind: "unknown", Sector: sector, Jurisdiction: country})
}

func (s *scene) product(capabilities ...string) {
	s.account.Product = put(s, register.Products, register.Product{Origin: active, Intended: capabilities, Risk: register.HighestRisk(capabilities...)})
}

// related says that party is the role of customer, and gives the record.
func (s *scene) related(customer, party, role string) string {
	return put(s, register.Relationships, register.Relationship{
		Origin: active, Customer: customer, Party: party, Role: role, FlowDown: "unknown", AuditRight: "unknown",
	})
}

// renamed gives a customer another name.
func (s *scene) renamed(id string) {
	c, err := store.Get(context.Background(), s.tx, register.Customers, id)
	if err == nil {
		c.Record.Name = "Another Name Ltd"
		_, _, err = store.Revise(s.tx, register.Customers, id, c.Record)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// sorted puts one account into its lane, by the register, after a screening that
// found nobody, and gives the rules that spoke.
func sorted(t *testing.T, p *pack.Pack, add func(*scene)) (lane string, reasons string) {
	t.Helper()
	ctx := context.Background()
	db := storetest.SQLite(t, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, screening.Migrations, triage.Migrations)
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		cents := int64(1200)
		s := &scene{t: t, tx: tx, account: register.Account{Origin: active, Amount: &cents, Currency: "USD"}}
		s.company = s.customer("commercial", "US")
		put(s, register.Identifiers, register.Identifier{Origin: active, Subject: s.company, Scheme: "uei", Value: "MADEUP000001"})
		s.account.Customer = s.company
		s.product("compute")
		add(s)
		account := put(s, register.Accounts, s.account)
		for _, d := range s.deploy {
			d.Origin, d.Account = active, account
			if d.Capability == "" {
				d.Capability = "compute"
			}
			put(s, register.Deployments, d)
		}
		put(s, runs.Runs, runs.Run{Task: "screen", Day: "2026-11-24", Population: strings.Repeat("0", 64)})
		if s.later != nil {
			s.later(account)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := triage.Run(ctx, db, storetest.Actor, "2026-11-24", p, nil); err != nil {
		t.Fatal(err)
	}
	all, err := triage.Current(ctx, db)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d accounts sorted, %v", len(all), err)
	}
	for _, r := range all {
		var ids []string
		for _, reason := range r.Record.Reasons {
			id, text, _ := strings.Cut(reason, ":")
			if strings.HasPrefix(text, " Not ruled out") {
				id += "?"
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return r.Record.Lane, strings.Join(ids, " ")
	}
	return "", ""
}

// TestNobodyIsScreenedBeforehand protects AUTO from whom no screening has seen: a
// party of the chain that came, or changed, after the last run may be on any list.
func TestNobodyIsScreenedBeforehand(t *testing.T) {
	p, _ := base(t)
	for _, c := range []struct {
		name, lane, reasons string
		add                 func(s *scene)
	}{
		{"all were seen", "AUTO", "AUTO-CONFIRMED", func(*scene) {}},
		{"the customer was renamed since", "DESK", "PERSON-OPEN-HIT? STOP-LISTED?", func(s *scene) {
			s.later = func(string) { s.renamed(s.company) }
		}},
		{"the end user was renamed since", "DESK", "PERSON-OPEN-HIT? STOP-LISTED?", func(s *scene) {
			user := s.customer("commercial", "US")
			s.account.Via = s.related(s.company, user, "end_user")
			s.later = func(string) { s.renamed(user) }
		}},
		{"a deployment of somebody new", "DESK", "PERSON-OPEN-HIT? STOP-LISTED?", func(s *scene) {
			s.later = func(account string) {
				put(s, register.Deployments, register.Deployment{Origin: active, Account: account, Customer: s.customer("commercial", "US"), Capability: "compute"})
			}
		}},
		{"renamed since, with a hit before", "PERSON", "PERSON-OPEN-HIT STOP-LISTED?", func(s *scene) {
			put(s, screening.Hits, screening.Hit{State: "open", Subject: s.company, Identity: "x"})
			s.later = func(string) { s.renamed(s.company) }
		}},
		{"renamed since, and screened again", "AUTO", "AUTO-CONFIRMED", func(s *scene) {
			s.later = func(string) {
				s.renamed(s.company)
				put(s, runs.Runs, runs.Run{Task: "screen", Day: "2026-11-25", Population: strings.Repeat("0", 64)})
			}
		}},
		{"somebody else came since", "AUTO", "AUTO-CONFIRMED", func(s *scene) {
			s.later = func(string) { s.customer("commercial", "US") }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if lane, reasons := sorted(t, p, c.add); lane != c.lane || reasons != c.reasons {
				t.Errorf("%s because %s; want %s because %s", lane, reasons, c.lane, c.reasons)
			}
		})
	}
}

// TestChainsDecide protects the reading of the register: whoever uses it in the
// end, however the chain was written down, decides the lane.
func TestChainsDecide(t *testing.T) {
	p, _ := base(t)
	for _, c := range []struct {
		name, lane, reasons string
		add                 func(s *scene)
	}{
		{"a confirmed company and plain computing", "AUTO", "AUTO-CONFIRMED", func(*scene) {}},
		{"the integrator of an immigration agency is billed, for it", "DESK", "DESK-CLOUD-VIA", func(s *scene) {
			s.account.Via = s.related(s.company, s.customer("immigration", "US"), "end_user")
		}},
		{"the same, written down from the agency's side", "DESK", "DESK-CLOUD-VIA", func(s *scene) {
			s.account.Via = s.related(s.customer("immigration", "US"), s.company, "integrator")
		}},
		{"the same, and the account does not say for whom", "DESK", "DESK-CLOUD-VIA", func(s *scene) {
			s.related(s.company, s.customer("immigration", "US"), "end_user")
		}},
		{"an integrator that is billed and serves nobody known", "DESK", "DESK-CLOUD-VIA?", func(s *scene) {
			s.related(s.company, s.company, "reseller")
		}},
		{"the agency is billed and served through the company", "DESK", "DESK-CLOUD-VIA", func(s *scene) {
			agency := s.customer("immigration", "US")
			put(s, register.Identifiers, register.Identifier{Origin: active, Subject: agency, Scheme: "uei", Value: "MADEUP000002"})
			s.account.Customer, s.account.Via = agency, s.related(agency, s.company, "integrator")
		}},
		{"a company served through a company, for it", "AUTO", "AUTO-CONFIRMED", func(s *scene) {
			s.account.Via = s.related(s.company, s.customer("commercial", "US"), "end_user")
		}},
		{"a company whose end user is in a country that nobody knows", "DESK", "PERSON-CONFLICT?", func(s *scene) {
			s.account.Via = s.related(s.company, s.customer("commercial", ""), "end_user")
		}},
		{"a deployment that belongs to a police department", "DESK", "DESK default", func(s *scene) {
			s.deploy = []register.Deployment{{Customer: s.customer("policing", "US")}}
		}},
		{"a deployment in a country in conflict", "PERSON", "PERSON-CONFLICT", func(s *scene) {
			s.deploy = []register.Deployment{{Customer: s.company, Jurisdiction: "US"}, {Customer: s.company, Jurisdiction: "MM"}}
		}},
		{"an end user in a country in conflict", "PERSON", "PERSON-CONFLICT", func(s *scene) {
			s.account.Via = s.related(s.company, s.customer("commercial", "SD"), "end_user")
		}},
		{"a deployment of somebody with an open hit", "PERSON", "PERSON-OPEN-HIT", func(s *scene) {
			other := s.customer("commercial", "US")
			put(s, screening.Hits, screening.Hit{State: "open", Subject: other, Identity: "x"})
			s.deploy = []register.Deployment{{Customer: other}, {Customer: s.company}}
		}},
		{"a second deployment that compares faces", "DESK", "STOP-BAN? STOP-MORATORIUM?", func(s *scene) {
			s.deploy = []register.Deployment{{Customer: s.company, Capability: "face_compare"}, {Customer: s.company}}
		}},
		{"a reseller of face search that names nobody", "PERSON", "PERSON-COERCIVE? PERSON-OPAQUE-CHAIN STOP-BAN? STOP-MORATORIUM?", func(s *scene) {
			s.product("face_search")
			s.related(s.company, s.company, "reseller")
		}},
		{"an account that maps to no product", "DESK", "STOP-BAN? STOP-MORATORIUM?", func(s *scene) { s.account.Product = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lane, reasons := sorted(t, p, c.add)
			if reasons == "" {
				reasons = lane + " default"
			}
			if lane != c.lane || reasons != c.reasons {
				t.Errorf("%s because %s; want %s because %s", lane, reasons, c.lane, c.reasons)
			}
		})
	}
}
