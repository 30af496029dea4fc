package packet_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/packet"
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
	"duly/schemas"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	rooms = []store.Migrations{people.Migrations, refusal.Migrations, voice.Migrations, register.Migrations, evidence.Migrations, runs.Migrations,
		index.Migrations, screening.Migrations, usage.Migrations, triage.Migrations, assessment.Migrations, decision.Migrations, transparency.Migrations, casework.Migrations}
)

const day = "2026-01-02" // of the store's clock

// revenue is what a customer pays, which no packet may hold: an amount, the value of a
// contract and the currency of both.
var revenue = []string{"123456789", "1234567.89", "98765432", "987654.32", "XTS"}

// names are what the hostile tests write into the records.
type names struct{ customer, reseller, owner, purpose, opinion, title, concern string }

var plainNames = names{"Alder County Sheriff", "Quarry Resale LLC", "Ida Holder", "jail booking photographs",
	"Nobody has shown that a person looks at each match.", "Audit of the county", "They searched for who was at the march."}

// office is a store in which every part of a packet has something to show.
type office struct {
	testing.TB
	db         *store.DB
	keys       map[string]ledger.PersonKey
	names      names
	user       store.Ref // the end user
	subject    string
	deployment store.Ref
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func put[T any](o *office, tx *store.Tx, kind *ledger.Kind[T], record T, signers ...store.Signer) store.Ref {
	o.Helper()
	ref, err := store.Create(tx, kind, &record, signers...)
	if err != nil {
		o.Fatal(err)
	}
	return ref
}

func (o *office) write(fn func(tx *store.Tx)) {
	o.Helper()
	if err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		o.Fatal(err)
	}
}

func newOffice(t testing.TB, db *store.DB, n names) *office {
	t.Helper()
	o := &office{TB: t, db: db, names: n, keys: map[string]ledger.PersonKey{}}
	o.write(func(tx *store.Tx) {
		for i, p := range []struct {
			name string
			role act.Role
		}{{"Ann", act.Analyst}, {"Abe", act.Approver}, {"Gail", act.GoverningBody}, {"Eve", act.Expert}, {"Pia", act.PanelMember}, {"Otto", act.PanelMember}} {
			key, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{byte(i + 1)}, 32)))
			if err != nil {
				t.Fatal(err)
			}
			o.keys[p.name] = key
			if _, err := people.Add(tx, p.name, []act.Role{p.role}, key); err != nil {
				t.Fatal(err)
			}
		}
	})
	o.write(o.register)
	o.write(o.learn)
	o.rate()
	o.write(o.speak)
	o.write(o.decide)
	return o
}

func origin() register.Origin {
	return register.Origin{State: "active", ValidFrom: "2024-02-01", Received: day, Source: "billing", SourceRef: "row-1"}
}

// register writes a sheriff who is served through a reseller, with an owner behind it.
func (o *office) register(tx *store.Tx) {
	n := o.names
	amount, value, share := int64(123456789), int64(98765432), int64(5100)
	o.user = put(o, tx, register.Customers, register.Customer{Origin: origin(), Identity: "c1", Name: n.customer, Kind: "public_body", Sector: "policing", Jurisdiction: "US-OR"})
	reseller := put(o, tx, register.Customers, register.Customer{Origin: origin(), Identity: "c2", Name: n.reseller, Kind: "company", Sector: "commercial", Jurisdiction: "US"})
	put(o, tx, register.Owners, register.Owner{Origin: origin(), Identity: "o1", Customer: reseller.ID, Name: n.owner, Role: "owner", Share: &share})
	link := put(o, tx, register.Relationships, register.Relationship{Origin: origin(), Identity: "r1", Customer: reseller.ID, Party: o.user.ID, Role: "end_user", FlowDown: "unknown", AuditRight: "no"})
	product := put(o, tx, register.Products, register.Product{Origin: origin(), Identity: "p1", Name: "Lookout Search", Intended: []string{"face_search"}, Unintended: []string{"live_face_recognition"}, Risk: "identify"})
	contract := put(o, tx, register.Contracts, register.Contract{Origin: origin(), Identity: "k1", Customer: reseller.ID, Title: "Frame contract", Value: &value, Currency: "XTS"})
	account := put(o, tx, register.Accounts, register.Account{Origin: origin(), Identity: "a1", Name: "ALDER 0001", Customer: reseller.ID, Via: link.ID, Product: product.ID, Amount: &amount, Currency: "XTS", Contract: contract.ID})
	o.deployment = put(o, tx, register.Deployments, register.Deployment{Origin: origin(), Identity: "d1", Customer: o.user.ID, Product: product.ID, Account: account.ID,
		Capability: "face_search", Purpose: n.purpose, Jurisdiction: "US-OR", EndUse: "as declared"})
	o.subject = o.deployment.ID
	put(o, tx, triage.Triages, triage.Triage{Lane: "PERSON", Pack: hashOf("triage"), Account: account.ID, Reasons: []string{"PERSON-COERCIVE: It holds power over people."}})
	put(o, tx, runs.Runs, runs.Run{Task: "screen", Day: day, Covered: 3, Findings: 2, Population: hashOf("population")})
	for _, h := range []screening.Hit{
		{State: "open", Grade: "fair", Subject: reseller.ID, Identity: "h1", List: "Made-up list", Entry: "x-1", Matched: "Quarry Trading", Probability: 640, Reasons: "one of two words is alike"},
		{State: "dismissed", Grade: "weak", Subject: o.user.ID, Identity: "h2", List: "Made-up list", Entry: "x-2", Matched: "Alder Union", Probability: 120, Reasons: "one word is alike", Closed: "Another body, in another country.", By: o.keys["Ann"].ID()},
	} {
		put(o, tx, screening.Hits, h)
	}
}

// learn states some facts and leaves most of them unknown.
func (o *office) learn(tx *store.Tx) {
	at := evidence.Origin{State: "active", ValidFrom: "2025-12-01", Received: day, Source: "hand"}
	audit := put(o, tx, evidence.Sources, evidence.Source{Origin: at, Identity: "s1", Grade: "official", Publisher: "County auditor", Published: "2025-11-30", Title: o.names.title})
	paper := put(o, tx, evidence.Sources, evidence.Source{Origin: at, Identity: "s2", Grade: "media", Publisher: "A paper", Published: "2025-10-01", Title: "A report"})
	for _, f := range []struct {
		id    string
		value ledger.Scalar
	}{
		{"agency.abuse_record", ledger.Text("credible")}, {"country.freedom", ledger.Text("free")}, {"use.identification", ledger.Text("search")},
		{"safeguards.trained_review", ledger.Bool(false)}, {"harm.liberty.scale", ledger.Int(4)}, {"harm.liberty.irremediability", ledger.Int(4)},
		{"harm.assembly.scale", ledger.Int(0)}, {"safeguards.public_policy", ledger.Unknown("the county did not answer")},
	} {
		sources := []string{audit.ID}
		if f.id == "agency.abuse_record" {
			sources = append(sources, paper.ID)
		}
		put(o, tx, evidence.Facts, evidence.Fact{Origin: at, Identity: f.id, Subject: o.user.ID, Fact: f.id, Value: f.value, AsOf: "2025-12-01", Sources: sources})
	}
}

func shipped(t testing.TB, name string) *pack.Pack {
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

func (o *office) rate() {
	o.Helper()
	if _, err := assessment.Assess(ctx, o.db, o.keys["Ann"].ID(), day, shipped(o, "methods/rm-1.yaml"), assessment.Which{IDs: []string{o.subject}}, nil); err != nil {
		o.Fatal(err)
	}
}

func (o *office) rating() *store.Revision[assessment.Rating] {
	o.Helper()
	list, err := store.Select(ctx, o.db, assessment.Ratings, "r.subject = $1", o.subject)
	if err != nil || len(list) != 1 {
		o.Fatal(len(list), err)
	}
	return list[0]
}

// speak writes what experts, a panel and those whom it concerns said.
func (o *office) speak(tx *store.Tx) {
	rated := o.rating().Hash.String()
	eve, pia, otto, gail := o.keys["Eve"], o.keys["Pia"], o.keys["Otto"], o.keys["Gail"]
	put(o, tx, voice.Opinions, voice.Opinion{State: "given", Choice: "support", Subject: o.subject, Rating: hashOf("an earlier rating"), Text: "It was less then.", Person: eve.ID()}, eve)
	opinion := put(o, tx, voice.Opinions, voice.Opinion{State: "given", Choice: "object", Subject: o.subject, Rating: rated, Text: o.names.opinion, Person: eve.ID()}, eve)
	paid := int64(50000)
	put(o, tx, voice.Compensations, voice.Compensation{State: "paid", What: "honorarium", Day: day, About: opinion.ID, To: eve.ID(), Amount: &paid, Currency: "EUR"})
	panel := put(o, tx, voice.Panels, voice.Panel{State: "active", Seats: 7, Notice: 14, Emergency: 72, AnswerDays: 30, Day: day, Name: "Oversight", Charter: "A charter."})
	seat := func(key ledger.PersonKey, group string) string {
		return put(o, tx, voice.Seats, voice.Seat{State: "active", Group: group, From: "2025-01-01", To: "2027-01-01", Panel: panel.ID, Person: key.ID()}).ID
	}
	first, second := seat(pia, "affected"), seat(otto, "other")
	matter := put(o, tx, voice.Referrals, voice.Referral{State: "closed", Rating: rated, Noticed: "2026-01-01", Closes: "2026-01-01", Closed: day, AnswerDue: "2026-02-01", Outcome: "against", Quorum: true,
		Seats: 7, Affected: 1, Present: 2, There: 1, For: 1, Against: 1, Panel: panel.ID, Subject: o.subject, Rated: rated, File: hashOf("file"), Question: "May it run?"})
	put(o, tx, voice.Votes, voice.Vote{Choice: "against", Referral: matter.ID, Rating: rated, File: hashOf("file"), Seat: first, Reasons: "No.", Person: pia.ID()}, pia)
	put(o, tx, voice.Votes, voice.Vote{Choice: "for", Referral: matter.ID, Rating: rated, File: hashOf("file"), Seat: second, Reasons: "It finds missing people.", Person: otto.ID()}, otto)
	put(o, tx, voice.Answers, voice.Answer{Choice: "adopt", Day: day, Due: "2026-02-01", Matter: hashOf("matter"), Referral: matter.ID, Reasons: "The panel is right.", Person: gail.ID()}, gail)
	put(o, tx, voice.Stakeholders, voice.Stakeholder{State: "active", Group: "affected", Pseudonymous: true, Subject: o.subject, Pseudonym: "Heron", Risk: "high"})
	put(o, tx, voice.Stakeholders, voice.Stakeholder{State: "active", Group: "affected", Subject: o.subject, Name: "Nora Neighbour"})
	plan := put(o, tx, voice.Consultations, voice.Consultation{State: "held", From: "2025-12-01", To: day, Subject: o.subject, Aim: "hear neighbours", How: "two associations"})
	put(o, tx, voice.Sessions, voice.Session{Day: "2025-12-10", People: 12, Consultation: plan.ID, Place: "town hall", Notes: "no names"})
	put(o, tx, voice.Inputs, voice.Input{State: "answered", Disposition: "adapted", Received: "2025-12-10", Told: day, Consultation: plan.ID, From: "Heron", Theme: "marches", Said: "Not at marches.", Did: "It is a condition now.", WhyNot: "Police may film."})
	put(o, tx, casework.Signals, casework.Signal{State: "unread", Day: day, Sort: "grievance", Subject: o.user.ID, Text: o.names.concern, By: o.keys["Ann"].ID()})
	put(o, tx, casework.Reviews, casework.Review{State: "open", Lane: "PERSON", Why: []string{"situation"}, Opened: day, Due: "2026-02-01", Pack: hashOf("casework"), Subject: o.user.ID, Covers: []string{o.subject},
		Triggers: []string{casework.Trigger{Event: "grievance", Cause: "x", Day: day, Text: "a grievance"}.String()}})
	put(o, tx, assessment.Exposures, assessment.Exposure{State: "open", Day: day, Deployments: 3, Worst: "CRITICAL", Area: "US-OR", Covering: []string{o.subject}})
}

// decide writes a suspension, what follows from it, and what was counted and found.
func (o *office) decide(tx *store.Tx) {
	r, abe := o.rating(), o.keys["Abe"]
	put(o, tx, decision.Decisions, decision.Decision{Act: "suspend", Basis: "rating", Outcome: r.Record.Outcome, Tier: r.Record.Tier, Residual: r.Record.Worst, Day: day, From: day, ReviewDay: "2026-07-02",
		Signatures: 1, Essential: "yes", Rating: r.Hash.String(), Subject: o.subject, Reason: "Nobody looks at the matches.", Ongoing: []string{"no search at marches"}, Involvement: "contribute",
		Leverage: "The contract ends in June.", Owner: o.keys["Gail"].ID(), By: abe.ID(), Preparer: r.Record.Preparer}, abe)
	put(o, tx, decision.Notices, decision.Notice{State: "withheld", Act: "suspend", Due: "2026-01-16", Sent: day, Subject: o.subject, Decision: hashOf("decision"), Withheld: "An order of a court."})
	put(o, tx, decision.Responses, decision.Response{State: "open", Sort: "appeal", Received: day, Due: "2026-02-01", Subject: o.subject, Text: "Undo it."})
	put(o, tx, decision.Criticalities, decision.Criticality{Essential: true, Day: day, Subject: o.subject, Why: "Missing children are sought with it."})
	put(o, tx, decision.ExitImpacts, decision.ExitImpact{Day: day, Subject: o.subject, Loss: "the search", Data: "photographs", Successor: "not known", Continuity: "ninety days"})
	p, err := pack.Parse("test.yaml", []byte(conditionsPack))
	if err != nil {
		o.Fatal(err)
	}
	if err := runs.Use(tx, p); err != nil {
		o.Fatal(err)
	}
	put(o, tx, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: hashOf("condition"), Day: "2025-12-20", Calls: 9, Deployment: o.subject, Clause: "T-HIGH",
		Identity: "f1", Evidence: []string{"threshold = 41.5"}})
}

// conditionsPack has a condition that nobody checks.
const conditionsPack = `
id: test-conditions
kind: conditions
version: "1"
title: Conditions of a test
status: project
license: Apache-2.0
sources:
  - {title: A made-up text, ref: none, grade: unverified}
conditions:
  - id: T-REVIEW
    title: A person looks at each match
    text: A trained person decides.
    status: mandatory
    effective_from: "2020-01-01"
    enforcement: audit
    checked_by: [audit]
    severity: high
    source: {title: A made-up text, ref: "2", grade: unverified}
    scope: {capabilities: [face_search]}
tests: []
`

func (o *office) build(question string, subjects ...string) *packet.Packet {
	o.Helper()
	head, err := store.Head(ctx, o.db)
	if err != nil {
		o.Fatal(err)
	}
	root, err := store.Root(ctx, o.db, head.Size)
	if err != nil {
		o.Fatal(err)
	}
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		o.Fatal(err)
	}
	p, err := packet.Build(ctx, o.db, known, ledger.Checkpoint{Origin: head.Origin, Size: head.Size, Root: root}, packet.Asked{Subjects: subjects, Question: question, By: o.keys["Ann"].ID()})
	if err != nil {
		o.Fatal(err)
	}
	return p
}

func (o *office) page(p *packet.Packet) string {
	o.Helper()
	var out strings.Builder
	if err := packet.HTML(p, &out); err != nil {
		o.Fatal(err)
	}
	return out.String()
}
