package report_test

import (
	"testing"

	"duly/internal/assessment"
	"duly/internal/conditions"
	"duly/internal/decision"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
)

// small is a workspace in which every part of a report has something to show: a
// sheriff through a reseller with telemetry, a confirmed listed party, an open
// hit with a name that is markup, an account nobody has mapped, one in AUTO and
// one that has ended.
type small struct {
	*bed
	sheriff, listed string      // deployment, account
	name            store.Ref   // of the sheriff's customer record
	rated           store.Ref   // the sheriff's rating
	barred          store.Ref   // the rating of the listed customer
	accounts        []store.Ref // in order
	condition       string      // hash of the condition that was counted
}

func newSmall(t testing.TB) *small {
	s := &small{bed: newBed(t)}
	_, key := s.approver()
	s.write(func(tx *store.Tx) { s.register(tx) })
	s.write(func(tx *store.Tx) { s.judge(tx) })
	s.write(func(tx *store.Tx) { s.use(tx) })
	s.write(func(tx *store.Tx) {
		put(s.bed, tx, decision.Decisions, decision.Decision{
			Act: "suspend", Basis: "rating", From: "2026-11-20", Outcome: "pending", Tier: "EDD+GB", Residual: "CRITICAL", Day: "2026-11-20", ReviewDay: "2027-05-20", Signatures: 1,
			Subject: s.sheriff, Rating: s.rated.Hash.String(), Reason: "Nobody answers who searches.", By: s.actor, Preparer: "prepared-by-nobody",
		}, key)
		put(s.bed, tx, decision.Decisions, decision.Decision{
			Act: "decline", Basis: "rating", From: "2025-11-01", Outcome: "prohibited_legal", Tier: "EDD+GB", Residual: "CRITICAL", HardStops: []string{"HS-L1"}, Day: "2025-11-01", ReviewDay: "2026-11-01",
			Signatures: 1, Subject: s.listed, Rating: s.barred.Hash.String(), Reason: "The owner is listed.", By: s.actor, Preparer: "prepared-by-nobody",
		}, key)
	})
	return s
}

func (s *small) register(tx *store.Tx) {
	s.Helper()
	customer := func(name, sector string) store.Ref {
		return put(s.bed, tx, register.Customers, register.Customer{
			Origin: origin("2020-05-01"), Identity: "id|" + name, Name: name, Kind: "public_body", Sector: sector, Jurisdiction: "US-OR", Place: "Aldertown",
		})
	}
	account := func(a register.Account) store.Ref {
		if a.State == "" {
			a.Origin = origin("2024-02-01")
		}
		a.Identity, a.Currency = "acct|"+a.Name, "USD"
		ref := put(s.bed, tx, register.Accounts, a)
		s.accounts = append(s.accounts, ref)
		return ref
	}
	search := put(s.bed, tx, register.Products, register.Product{
		Origin: origin("2019-01-01"), Identity: "p1", Name: "Lookout Search", Intended: []string{"face_search"}, Risk: "identify",
	})
	hosting := put(s.bed, tx, register.Products, register.Product{
		Origin: origin("2019-01-01"), Identity: "p2", Name: "Plainhost", Intended: []string{"compute", "storage"}, Risk: "compute",
	})
	s.name = customer("Alder County Sheriff", "policing")
	reseller := customer("Quarry Resale LLC", "commercial")
	listed := customer("Norrow Shipping", "commercial")
	markup := customer(`Bright <script>alert("x")</script> & Sons`, "commercial")
	link := put(s.bed, tx, register.Relationships, register.Relationship{
		Origin: origin("2020-05-01"), Identity: "rel", Customer: s.name.ID, Party: reseller.ID, Role: "reseller", FlowDown: "unknown", AuditRight: "no",
	})
	one := account(register.Account{Name: "ALDER CO SO 0001", Customer: s.name.ID, Product: search.ID, Via: link.ID, Amount: cents(123456789)})
	s.listed = account(register.Account{Name: "NORROW 0002", Customer: listed.ID, Product: hosting.ID, Amount: cents(-55555555)}).ID
	account(register.Account{Name: "BRIGHT 0003", Customer: markup.ID, Product: hosting.ID, Amount: cents(77777777)})
	account(register.Account{Name: "NOBODY KNOWS 0004", Amount: cents(88888888)})
	account(register.Account{Name: "PLAIN 0005", Customer: markup.ID, Product: hosting.ID})
	ended := origin("2021-01-01")
	ended.State = "ended"
	account(register.Account{Origin: ended, Name: "GONE 0006", Customer: markup.ID, Product: hosting.ID, Amount: cents(66666666)})
	s.sheriff = put(s.bed, tx, register.Deployments, register.Deployment{
		Origin: origin("2020-05-01"), Identity: "d1", Customer: s.name.ID, Product: search.ID, Account: one.ID, Capability: "face_search",
		Purpose: "jail booking photographs", Jurisdiction: "US-OR", EndUse: "as declared by hand", Telemetry: []string{"111122223333"},
	}).ID
}

func (s *small) judge(tx *store.Tx) {
	put(s.bed, tx, screening.Lists, screening.List{
		SHA256: hashOf("list"), State: "in_use", Entries: 41, Rejects: 2, Published: "2026-10-01", Added: "2026-11-20", Name: "Made-up list", Format: "ftm", License: "none",
	})
	put(s.bed, tx, runs.Runs, runs.Run{Task: "screen", Day: "2026-11-20", Covered: 4, Findings: 3, Population: hashOf("population"), Inputs: []string{hashOf("list")}, Note: "a secret setting"})
	for _, h := range []struct{ state, customer, name string }{
		{"open", s.customerOf(tx, 2), "Bright Sons Trading"}, {"confirmed", s.customerOf(tx, 1), "Norrow Shipping Co"}, {"dismissed", s.name.ID, "Alder Sheriffs Union"},
	} {
		put(s.bed, tx, screening.Hits, screening.Hit{
			State: h.state, Subject: h.customer, Identity: h.name, List: "Made-up list", Entry: "entry-" + h.state, Matched: h.name, Score: 912, Reasons: "two of three words are alike",
		})
	}
	lane := func(i int, lane string, byDefault bool, reasons ...string) {
		put(s.bed, tx, triage.Triages, triage.Triage{Lane: lane, ByDefault: byDefault, Pack: hashOf("triage"), Account: s.accounts[i].ID, Reasons: reasons})
	}
	lane(0, "PERSON", false, "PERSON-COERCIVE: The customer holds power over people.", "STOP-BAN: Not ruled out: a ban.")
	lane(1, "STOP", false, "STOP-LISTED: A person confirmed the match.")
	lane(2, "PERSON", false, "PERSON-OPEN-HIT: The name is close to a listed one.")
	lane(3, "DESK", true)
	lane(4, "AUTO", false, "AUTO-CONFIRMED: A registry confirms the customer.")
	s.rated = put(s.bed, tx, assessment.Ratings, assessment.Rating{
		Method: hashOf("method"), Engine: 1, Best: "MEDIUM", Worst: "CRITICAL", Inherent: "CRITICAL", Severity: 5, Sum: 7, Left: 5, Tier: "EDD+GB", Pending: true,
		Known: 31, Facts: 80, Outcome: "pending", Subject: s.sheriff, Account: s.accounts[0].ID, Missing: []string{"use.threshold", "customer.record"},
		Ask:   []string{"use.threshold: At which similarity do you search?", "customer.record: What do courts say?", "a: One more?", "b: And another?"},
		Trace: "{}", Preparer: "prepared-by-nobody",
	})
	s.barred = put(s.bed, tx, assessment.Ratings, assessment.Rating{
		Method: hashOf("method"), Engine: 1, Best: "HIGH", Worst: "HIGH", Inherent: "CRITICAL", Severity: 4, Sum: 4, Left: 3, Tier: "EDD+GB", HardStops: []string{"HS-L1"},
		Known: 80, Facts: 80, Outcome: "prohibited_legal", Subject: s.listed, Account: s.listed, Trace: "{}", Preparer: "prepared-by-nobody",
	})
}

func (s *small) customerOf(tx *store.Tx, i int) string {
	s.Helper()
	a, err := store.GetBySeq(s.Context(), tx, register.Accounts, s.accounts[i].Seq)
	if err != nil {
		s.Fatal(err)
	}
	return a.Record.Customer
}

func (s *small) use(tx *store.Tx) {
	s.Helper()
	p, err := pack.Parse("test.yaml", []byte(conditionsPack))
	if err != nil {
		s.Fatal(err)
	}
	set, err := conditions.Load(p)
	if err != nil {
		s.Fatal(err)
	}
	if err := runs.Use(tx, p); err != nil {
		s.Fatal(err)
	}
	s.condition = set.Conditions[0].Hash
	put(s.bed, tx, usage.ObjectRecords, usage.ObjectRecord{
		SHA256: hashOf("object"), Rules: hashOf("rules"), State: "incomplete", Day: "2026-11-20", Bytes: 9000, Read: 60, Matched: 50, Unmatched: 8, Rejected: 2,
		Unmapped: 3, Source: "trail/", Name: "secret-object.json.gz", Identity: "trail/|secret-object.json.gz",
	})
	for _, day := range []string{"2026-11-17", "2026-11-18"} {
		put(s.bed, tx, usage.Counts, usage.CountRecord{
			Condition: s.condition, Day: day, Basis: usage.Events, Exposures: 25, Deviations: 9, Unknown: 1, Deployment: s.sheriff, Clause: "T-HIGH", Identity: "count|" + day,
		})
		put(s.bed, tx, usage.Findings, usage.FindingRecord{
			State: "open", Grade: "high", Kind: "breach", Condition: s.condition, Day: day, Calls: 9, Deployment: s.sheriff, Clause: "T-HIGH", Identity: "find|" + day,
			First: day + "T08:00:00Z event-secret-1", Last: day + "T09:00:00Z event-secret-2", Evidence: []string{"threshold = 41.5"},
		})
	}
	put(s.bed, tx, runs.Runs, runs.Run{Task: "monitor", Day: "2026-11-20", Covered: 60, Findings: 2, Population: hashOf("objects")})
}
