package assessment_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

const (
	ban        = "law.local_ban"
	moratorium = "policy.moratorium"
)

// site is one deployment of a made-up customer that is served directly.
type site struct {
	*chain
	rules *assessment.Prohibitions
	d     register.Deployment
}

func newSite(t *testing.T, db *store.DB, who register.Customer, capability string, adopted ...string) *site {
	t.Helper()
	active := register.Origin{State: "active"}
	who.Origin = active
	s := &site{chain: &chain{db: db}}
	var err error
	if s.rules, err = assessment.ReadProhibitions(adopted); err != nil {
		t.Fatal(err)
	}
	s.sheriff = s.write(t, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Customers, &who) })
	s.product = s.write(t, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, register.Products, &register.Product{Origin: active, Name: "Faces", Intended: []string{capability}, Risk: "identify"})
	})
	s.account = s.write(t, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: s.sheriff, Product: s.product})
	})
	s.d = register.Deployment{Origin: active, Customer: s.sheriff, Product: s.product, Account: s.account, Capability: capability}
	s.deployment = s.write(t, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, register.Deployments, &s.d) })
	return s
}

func (s *site) use(t *testing.T, capability string) {
	t.Helper()
	s.d.Capability = capability
	s.write(t, func(tx *store.Tx) (store.Ref, error) {
		ref, _, err := store.Revise(tx, register.Deployments, s.deployment, &s.d)
		return ref, err
	})
}

// says states a fact in a person's name, as of a day.
func (s *site) says(t *testing.T, fact string, value ledger.Scalar, asOf string) {
	t.Helper()
	err := s.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		return evidence.State(ctx, tx, evidence.Fact{Subject: s.deployment, Fact: fact, Value: value, AsOf: asOf}, "test", asOf)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) on(t *testing.T, day string) assessment.Assessed {
	t.Helper()
	sum, err := assessment.Assess(ctx, s.db, storetest.Actor, day, shipped(t, "methods/rm-1.yaml"),
		assessment.Which{IDs: []string{s.deployment}, Prohibitions: s.rules}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum.Subjects[0]
}

// program gives what the program states of a fact now; "" for nothing.
func (s *site) program(t *testing.T, fact string) string {
	t.Helper()
	about, err := evidence.About(ctx, s.db, s.deployment)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range about[fact] {
		if one.Fact.Source == "duly" {
			return one.Fact.Value.String()
		}
	}
	return ""
}

var (
	school = register.Customer{Name: "Example District", Kind: "public_body", Sector: "schools", Jurisdiction: "US-NY", Place: "Exampletown"}
	police = register.Customer{Name: "Example Police", Kind: "public_body", Sector: "policing", Jurisdiction: "US-OR", Place: "Exampletown"}
)

// TestABanStopsFromItsFirstDay protects C04b and IM-11: a law in force stops the
// capability that it forbids, on its days and for its customers, nobody states it
// away, and another capability of the same customer goes on.
func TestABanStopsFromItsFirstDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newSite(t, storetest.Begin(t, dsn, rooms...), school, "live_face_recognition")
		s.says(t, "use.registers", ledger.Texts([]string{"children", "staff"}), "2020-01-01")
		s.says(t, ban, ledger.Text("none"), "2020-01-01")
		if a := s.on(t, "2020-12-21"); slices.Contains(a.HardStops, "HS-L4") || s.program(t, ban) != "" || len(a.Rulings) != 0 {
			t.Errorf("the day before: %v, the program says %q, %v", a.HardStops, s.program(t, ban), a.Rulings)
		}
		for _, day := range []string{"2020-12-22", "2023-09-26", "2023-09-27", today} {
			a := s.on(t, day)
			if !slices.Contains(a.HardStops, "HS-L4") || !strings.HasPrefix(a.Decision, "PROHIBITED (legal") || s.program(t, ban) != "in_force" {
				t.Errorf("%s: %v, %s, the program says %q", day, a.HardStops, a.Decision, s.program(t, ban))
			}
			if len(a.Rulings) != 1 || !strings.Contains(a.Rulings[0], "bans/ny-schools-") {
				t.Errorf("%s: which text rules is not told: %v", day, a.Rulings)
			}
		}
		if err := assessment.MayState(ctx, s.db, s.deployment, ban, today); fault.CodeOf(err) != fault.Refused {
			t.Errorf("a ban in force may be stated away: %v", err)
		}
		s.says(t, ban, ledger.Text("none"), today)
		if a := s.on(t, today); !slices.Contains(a.HardStops, "HS-L4") {
			t.Error("a statement lifted the ban")
		}
		if sum, err := triage.Run(ctx, s.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil || sum.Lanes[triage.Stop] != 1 {
			t.Errorf("triage: %+v, %v", sum, err)
		}
		s.recorded(t, "bans")
		s.use(t, "video_storage")
		s.says(t, "use.identification", ledger.Text("none"), today)
		a := s.on(t, today)
		if slices.Contains(a.HardStops, "HS-L4") || slices.Contains(a.Missing, ban) || !strings.HasPrefix(s.program(t, ban), "unknown") {
			t.Errorf("cameras without it: %v, missing %v, the program says %q", a.HardStops, a.Missing, s.program(t, ban))
		}
		if err := assessment.MayState(ctx, s.db, s.deployment, ban, today); err != nil {
			t.Errorf("what is no stop may not be stated: %v", err)
		}
	})
}

// recorded protects outsiders: the words that ruled stand in the log, and the rating
// and the run name them by hash.
func (s *site) recorded(t *testing.T, id string) {
	t.Helper()
	packs, err := store.Select(ctx, s.db, runs.Packs, "r.pack = $1", id)
	if err != nil || len(packs) != 1 || packs[0].Record.Kind != pack.Framework {
		t.Fatalf("%d packs %s are recorded, %v", len(packs), id, err)
	}
	hash := packs[0].Record.SHA256
	if text, err := runs.Bytes(ctx, s.db, hash); err != nil || !strings.Contains(string(text), "prohibitions:") {
		t.Errorf("the words are not in the log: %v", err)
	}
	ratings, err := store.Select(ctx, s.db, assessment.Ratings, "r.subject = $1", s.deployment)
	if err != nil || !strings.Contains(strings.Join(ratings[0].Record.Rulings, "\n"), hash) {
		t.Errorf("the rating does not name the pack: %v", err)
	}
	run, err := runs.Last(ctx, s.db, "assess")
	if err != nil || !slices.Contains(run.Record.Inputs, hash) || !strings.HasPrefix(run.Record.Note, "moratoria of ") {
		t.Errorf("the run does not name the pack: %+v, %v", run.Record, err)
	}
}

// TestAMoratoriumBindsItsVendorAlone protects C01c, C15-1, C15-2 and C15-4: what a
// provider promised counts where the workspace is the provider's, by feature, customer
// and purpose; where nobody adopted one, the program does not say that there is none.
func TestAMoratoriumBindsItsVendorAlone(t *testing.T) {
	other := newSite(t, storetest.SQLite(t, rooms...), police, "face_search")
	other.says(t, "use.purposes", ledger.Texts([]string{"investigation"}), "2019-01-01")
	if a := other.on(t, today); slices.Contains(a.HardStops, "HS-P1") || !slices.Contains(a.Missing, moratorium) || other.program(t, moratorium) != "" {
		t.Errorf("nobody adopted one: %v, missing %v, the program says %q", a.HardStops, a.Missing, other.program(t, moratorium))
	}
	s := newSite(t, storetest.SQLite(t, rooms...), police, "face_search", "amazon")
	s.says(t, "use.purposes", ledger.Texts([]string{"investigation"}), "2019-01-01")
	if a := s.on(t, "2020-06-09"); slices.Contains(a.HardStops, "HS-P1") || s.program(t, moratorium) != "none" || slices.Contains(a.Missing, moratorium) {
		t.Errorf("the day before: %v, the program says %q", a.HardStops, s.program(t, moratorium))
	}
	for _, day := range []string{"2020-06-10", "2021-07-08", "2021-07-09", today} {
		if a := s.on(t, day); !slices.Contains(a.HardStops, "HS-P1") || s.program(t, moratorium) != "applies" || !strings.Contains(a.Rulings[0], "moratoria/amazon-") {
			t.Errorf("%s: %v, %v", day, a.HardStops, a.Rulings)
		}
	}
	if a := s.on(t, "2027-03-01"); !strings.Contains(a.Rulings[0], "to be looked up again since 2027-02-26") {
		t.Errorf("a stale text does not say so: %v", a.Rulings)
	}
	s.recorded(t, "moratoria")
	s.says(t, "use.purposes", ledger.Texts([]string{"missing_persons"}), today)
	if a := s.on(t, today); slices.Contains(a.HardStops, "HS-P1") || s.program(t, moratorium) != "exempt" || !strings.Contains(a.Rulings[0], "exempt as missing-persons") {
		t.Errorf("missing persons: %v, the program says %q, %v", a.HardStops, s.program(t, moratorium), a.Rulings)
	}
	s.says(t, moratorium, ledger.Text("applies"), today)
	if a := s.on(t, today); !slices.Contains(a.HardStops, "HS-P1") {
		t.Error("a person's stricter word does not count")
	}
	s.says(t, moratorium, ledger.Unknown("taken back"), today)
	s.use(t, "other")
	s.says(t, "use.identification", ledger.Text("none"), today)
	if a := s.on(t, today); slices.Contains(a.HardStops, "HS-P1") {
		t.Errorf("another feature: %v", a.HardStops)
	}
	if _, err := assessment.ReadProhibitions([]string{"acme"}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a provider without a moratorium: %v", err)
	}
}

// TestWhatIsUnclearIsAsked protects C15-3: a bureau of the nation is neither passed
// over nor stopped. The question is told, nothing is activated until somebody answers
// it, and an answer from before the term does not count.
func TestWhatIsUnclearIsAsked(t *testing.T) {
	bureau := register.Customer{Name: "Example Bureau", Kind: "public_body", Sector: "policing", Jurisdiction: "US"}
	s := newSite(t, storetest.SQLite(t, rooms...), bureau, "unknown", "amazon")
	s.says(t, "use.purposes", ledger.Texts([]string{"investigation"}), "2019-01-01")
	s.says(t, moratorium, ledger.Text("none"), "2021-01-01")
	a := s.on(t, "2024-01-25")
	if !a.Pending || slices.Contains(a.HardStops, "HS-P1") || s.program(t, moratorium) != "unclear" || a.Tier == "SDD" || a.Tier == "CDD" {
		t.Errorf("tier %s, %s, %v, the program says %q", a.Tier, a.Decision, a.HardStops, s.program(t, moratorium))
	}
	if told := strings.Join(a.Rulings, "\n"); !strings.Contains(told, "end_user.level") || !strings.Contains(told, "deployment.capability") {
		t.Errorf("what is open is not told: %s", told)
	}
	if err := assessment.MayState(ctx, s.db, s.deployment, moratorium, today); err != nil {
		t.Errorf("the question may not be answered: %v", err)
	}
	s.says(t, moratorium, ledger.Text("none"), "2024-01-25")
	if a := s.on(t, "2024-01-25"); slices.Contains(a.Missing, moratorium) || strings.HasPrefix(s.program(t, moratorium), "unclear") {
		t.Errorf("the answer does not count: missing %v, the program says %q", a.Missing, s.program(t, moratorium))
	}
	s.says(t, moratorium, ledger.Text("unclear"), "2024-01-26")
	if a := s.on(t, "2024-01-26"); !a.Pending || s.program(t, moratorium) != "unclear" {
		t.Errorf("a person who cannot tell either: %s", s.program(t, moratorium))
	}
}

// TestNoneIsSaidOnlyWhereItIsKnown protects what is unknown: that no ban of the list
// covers a deployment is not that none does, unless the list claims so.
func TestNoneIsSaidOnlyWhereItIsKnown(t *testing.T) {
	shop := register.Customer{Name: "Example Store", Kind: "company", Sector: "commercial", Jurisdiction: "KE"}
	s := newSite(t, storetest.SQLite(t, rooms...), shop, "live_face_recognition")
	if a := s.on(t, today); s.program(t, ban) != "unclear" || !strings.Contains(a.Rulings[0], "deployment.jurisdiction") {
		t.Errorf("a company acts anywhere, and the program says %q, %v", s.program(t, ban), a.Rulings)
	}
	s.d.Jurisdiction = "KE"
	s.use(t, "live_face_recognition")
	if a := s.on(t, today); !slices.Contains(a.Missing, ban) || !strings.HasPrefix(s.program(t, ban), "unknown") {
		t.Errorf("no ban on the list, and the program says %q", s.program(t, ban))
	}
	s.use(t, "object_detection")
	s.says(t, "use.identification", ledger.Text("none"), today)
	if s.on(t, today); !strings.HasPrefix(s.program(t, ban), "unknown") {
		t.Errorf("nobody said whether data about people is processed, and the program says %q", s.program(t, ban))
	}
	s.says(t, "use.personal_data", ledger.Bool(false), today)
	if a := s.on(t, today); slices.Contains(a.Missing, ban) || s.program(t, ban) != "none" || len(a.Rulings) != 1 {
		t.Errorf("no data about people: the program says %q, %v", s.program(t, ban), a.Rulings)
	}
}
