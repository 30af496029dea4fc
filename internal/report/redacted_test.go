package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/voice"
)

// withheldBy are reasons that fit each class.
var withheldBy = map[ledger.Class]string{
	ledger.Customer: "privacy", ledger.TradeSecret: "contract", ledger.Security: "safety", ledger.Personal: "privacy", ledger.Legal: "law",
}

// approves gives an approver, who redacts.
func (s *assessing) approves() voice.Hand {
	s.Helper()
	key, err := ledger.NewPersonKey(&stream{n: 1 << 50})
	s.ok(err)
	admin, err := s.w.Actor(context.Background(), "")
	s.ok(err)
	s.ok(s.w.AddPersonByKey(context.Background(), admin, "Ann", []act.Role{act.Approver}, key.Public()))
	return voice.Hand{By: act.Actor{Key: key.ID(), Roles: []act.Role{act.Approver}}, Key: key, Now: time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)}
}

// TestARedactionHoldsWhereverSomethingLeaves protects RS-06 as a law: whatever fields are
// redacted, neither a report nor a bundle for readers of every class holds a value of one;
// each value that a report withholds by it can later be proved, and is the one that was
// withheld; the reasons are counted; a bundle for an assessor leaves nothing out; and what
// was lifted is shown again. What stands in clear, and what is written for everybody, is refused.
func TestARedactionHoldsWhereverSomethingLeaves(t *testing.T) {
	s := newAssessment(t)
	known, hand, random := knownSchemas(t), s.approves(), rand.New(rand.NewPCG(7, 26))
	kinds := map[string]*ledger.Schema{}
	var list []*ledger.Schema
	for _, schema := range known {
		kinds[schema.Kind], list = schema, append(list, schema)
	}
	fields := []string{
		"account.amount", "account.name", "customer.name", "deployment.purpose", "rating.inputs", "rating.ask", "triage.reasons", "hit.matched", "decision.reason", "decision.prepared_by",
		"finding.evidence", "usage_count.clause", "proceeding.impact", "pack.text", "pack.title", "impact.plan", "impact.stated_use", "control_test.results", "reconciliation.missing_rows", "list.list",
	}
	held := map[string]string{"account.amount": "", "impact.plan": ""} // the field, and its redaction; the assessment made two
	for round := range 8 {
		for range 3 {
			name := fields[random.IntN(len(fields))]
			kind, field, _ := strings.Cut(name, ".")
			at := slices.IndexFunc(kinds[kind].Sealed, func(f ledger.Field) bool { return f.Name == field })
			if at < 0 {
				continue // a name of this test that the kind does not have
			}
			if id, there := held[name]; there && id == "" {
				continue
			} else if there {
				_, err := assurance.Lift(context.Background(), s.w.DB, act.Default, hand, id)
				s.ok(err)
				delete(held, name)
				continue
			}
			_, ref, err := assurance.Withhold(context.Background(), s.w.DB, act.Default, list, assurance.Withholding{
				Hand: hand, Engagement: s.id, Field: name, Reason: withheldBy[kinds[kind].Sealed[at].Class], Text: "a test",
			})
			s.ok(err)
			held[name] = ref.ID
		}
		s.leaves(round, held, known)
	}
	for _, schema := range list {
		written := slices.DeleteFunc(slices.Clone(schema.Sealed), func(f ledger.Field) bool { return f.Class != ledger.Published })
		for _, f := range append(written, schema.Public...) {
			_, _, err := assurance.Withhold(context.Background(), s.w.DB, act.Default, list, assurance.Withholding{Hand: hand, Engagement: s.id, Field: schema.Kind + "." + f.Name, Reason: "law", Text: "hide it"})
			if fault.CodeOf(err) != fault.Refused {
				t.Fatalf("%s.%s may never be withheld, and withholding it gives %v", schema.Kind, f.Name, err)
			}
		}
	}
}

// leaves checks one set of redactions.
func (s *assessing) leaves(round int, held map[string]string, known bundle.Schemas) {
	s.Helper()
	signed, c := s.checkpoint()
	secret := s.disclosures(known, func(name string) bool { _, there := held[name]; return there })
	r := s.build(signed, c, ledger.Classes...)
	assessed, assessedJSON, assessedPage := s.report(ledger.Classes...)
	texts := []string{render(s, r, report.JSON), render(s, r, report.HTML), assessedJSON, assessedPage}
	for value := range sealedValues(s, s.small, func(kind string, f ledger.Field) bool {
		_, there := held[kind+"."+f.Name]
		return !there || kind == "pack" // those that ship are public
	}) {
		for i, text := range texts {
			if strings.Contains(text, value) {
				s.Errorf("round %d: text %d shows %q, with %v redacted", round, i, value, slices.Sorted(maps.Keys(held)))
			}
		}
	}
	here := 0
	for _, text := range []string{texts[0], assessedJSON} {
		for _, h := range hiddenIn(s, text) {
			here++
			if h.Redacted == nil {
				s.Fatalf("round %d: %s of entry %d is withheld from readers of everything without a reason", round, h.Field, h.Entry)
			}
			proof, err := report.Disclose(context.Background(), s.w.DB, signed, s.w.Config.Key, known, h.Entry, h.Field)
			s.ok(err)
			result, err := bundle.VerifyDisclosure(proof.Encode(), known, bundle.Trust{Key: s.w.Config.Key, Checkpoint: signed})
			s.ok(err)
			if d, ok := secret[h.Digest]; !ok || result.Field != h.Field || d.Digest().String() != h.Digest {
				s.Fatalf("round %d: %s of entry %d is shown later, and is another value than the one withheld, or no redaction names it", round, h.Field, h.Entry)
			}
		}
	}
	counted := 0
	for _, row := range append(slices.Clone(r.Redactions), assessed.Redactions...) {
		counted += row.Here
	}
	if counted != here || len(r.Redactions) == 0 || here == 0 {
		s.Errorf("round %d: %d values are withheld here, and the reasons count %d", round, here, counted)
	}
	s.bundles(round, signed, known, held, secret)
}

// bundles checks that a bundle holds no redacted value, and that one for an assessor does.
func (s *assessing) bundles(round int, signed []byte, known bundle.Schemas, held map[string]string, secret map[string]ledger.Disclosure) {
	s.Helper()
	dir := s.TempDir()
	for _, unredacted := range []bool{false, true} {
		path := filepath.Join(dir, "bundle")
		made, err := report.Export(context.Background(), s.w.DB, report.Order{Checkpoint: signed, Key: s.w.Config.Key, Classes: ledger.Classes, Schemas: known, Unredacted: unredacted}, path)
		s.ok(err)
		data, err := os.ReadFile(path)
		s.ok(err)
		for _, d := range secret {
			if strings.Contains(string(data), string(d)) != unredacted {
				s.Fatalf("round %d: a redacted value is in the bundle or not, against what it says (unredacted: %t)", round, unredacted)
			}
		}
		if strings.Contains(string(data), `"unredacted":true`) != unredacted || !unredacted && len(made.Redacted) != len(held) {
			s.Errorf("round %d: the bundle says that %v is redacted, and is %t", round, made.Redacted, unredacted)
		}
	}
}

// disclosures gives the disclosures of the named fields by their digests.
func (s *assessing) disclosures(known bundle.Schemas, named func(string) bool) map[string]ledger.Disclosure {
	out := map[string]ledger.Disclosure{}
	head, err := store.Head(context.Background(), s.w.DB)
	s.ok(err)
	s.ok(store.Entries(context.Background(), s.w.DB, 0, head.Size, func(e store.Entry) error {
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		_, disclosures, err := store.Split(e.Digests, e.Disclosures)
		for i, f := range known[leaf.Schema].Sealed {
			if named(leaf.Kind+"."+f.Name) && disclosures[i] != "" {
				out[disclosures[i].Digest().String()] = ledger.Disclosure(strings.Clone(string(disclosures[i])))
			}
		}
		return err
	}))
	return out
}

// hiddenIn gives the different values that stand hidden in a report's JSON.
func hiddenIn(t testing.TB, text string) map[string]report.Hidden {
	out := map[string]report.Hidden{}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			if _, is := x["digest"]; is {
				raw, err := json.Marshal(x)
				var h report.Hidden
				if err := errors.Join(err, json.Unmarshal(raw, &h)); err != nil {
					t.Fatal(err)
				}
				out[h.Digest] = h
			}
			for _, one := range x {
				walk(one)
			}
		case []any:
			for _, one := range x {
				walk(one)
			}
		}
	}
	var all any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	walk(all)
	return out
}

// TestWhatIsMadeOfRedactedValues protects that a redacted value is not told by what is
// made of it: sums of redacted amounts, the words of a redacted reason, the table of harm.
func TestWhatIsMadeOfRedactedValues(t *testing.T) {
	s := newAssessment(t)
	hand := s.approves()
	signed, c := s.checkpoint()
	if r := s.build(signed, c, ledger.Classes...); r.Spine.Money != nil || r.Spine.MoneyWithheld != ledger.TradeSecret || r.Lanes.Rules[0].Text == "" || r.Proceedings.Impact == nil {
		t.Errorf("with amounts redacted the report shows %+v, %+v, %+v", r.Spine.Money, r.Lanes.Rules, r.Proceedings.Impact)
	}
	var list []*ledger.Schema
	for _, schema := range knownSchemas(t) {
		list = append(list, schema)
	}
	for _, name := range []string{"triage.reasons", "proceeding.impact"} {
		_, _, err := assurance.Withhold(context.Background(), s.w.DB, act.Default, list, assurance.Withholding{Hand: hand, Engagement: s.id, Field: name, Reason: "privacy", Text: "a test"})
		s.ok(err)
	}
	signed, c = s.checkpoint()
	if r := s.build(signed, c, ledger.Classes...); r.Lanes.Rules[0].Text != "" || r.Proceedings.Impact != nil {
		t.Errorf("with reasons redacted the report shows %+v, %+v", r.Lanes.Rules, r.Proceedings.Impact)
	}
}
