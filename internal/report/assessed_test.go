package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/engagement"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/page/pagetest"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/voice"
)

// assessing is a small workspace that two assessors assessed.
type assessing struct {
	*small
	id string
}

func newAssessment(t *testing.T) *assessing {
	t.Helper()
	s := &assessing{small: newSmall(t)}
	ctx, db, random := context.Background(), s.w.DB, &stream{n: 1 << 40}
	admin, err := s.w.Actor(ctx, "")
	s.ok(err)
	hand := func(name string, role act.Role) voice.Hand {
		key, err := ledger.NewPersonKey(random)
		s.ok(err)
		s.ok(s.w.AddPersonByKey(ctx, admin, name, []act.Role{role}, key.Public()))
		return voice.Hand{By: act.Actor{Key: key.ID(), Roles: []act.Role{role}}, Key: key, Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	}
	board, abe, ada, ari := hand("Gail", act.GoverningBody), hand("Abe", act.Approver), hand("Ada", act.Assessor), hand("Ari", act.Assessor)
	ref, err := engagement.Propose(ctx, db, act.Default, board, "", &engagement.Brief{
		Title: "A test", Commissioned: "The board", Authority: "Resolution 4", Question: "Does it contribute?", Terms: "As agreed.", From: "2026-01-01", Upto: "2026-11-30",
		Due: "2026-12-31", Level: "limited", Coverage: 70, Budget: 1000, Currency: "EUR", Criteria: []string{"The <b>principles</b>"}, Recipients: []string{"Shareholders"},
	})
	s.ok(err)
	s.id = ref.ID
	_, err = engagement.Approve(ctx, db, act.Default, board, s.id)
	s.ok(err)
	_, err = engagement.Declare(ctx, db, act.Default, engagement.Declaring{Hand: ada, Engagement: s.id, Ties: []string{"funding"}, Text: []string{"a grant"}, Appointed: "outside", Removed: "outside", Fee: 900})
	s.ok(err)
	_, err = engagement.Declare(ctx, db, act.Default, engagement.Declaring{Hand: ari, Engagement: s.id, Appointed: "outside", Removed: "outside"})
	s.ok(err)
	_, err = engagement.Start(ctx, db, act.Default, ada, s.id)
	s.ok(err)
	_, err = engagement.Freeze(ctx, db, act.Default, ada, s.id)
	s.ok(err)
	_, amount, err := assurance.Withhold(ctx, db, act.Default, []*ledger.Schema{register.Accounts.Schema()}, assurance.Withholding{Hand: abe, Engagement: s.id, Field: "account.amount", Reason: "competition", Text: "a rival reads it"})
	s.ok(err)
	_, plan, err := assurance.Withhold(ctx, db, act.Default, []*ledger.Schema{assurance.Impacts.Schema()}, assurance.Withholding{Hand: abe, Engagement: s.id, Field: "impact.plan", Reason: "contract", Text: "agreed with others"})
	s.ok(err)
	_, err = assurance.Say(ctx, db, act.Default, ada, amount.ID, true, "")
	s.ok(err)
	_, err = assurance.Say(ctx, db, act.Default, ada, plan.ID, false, "those affected need it")
	s.ok(err)
	drawn, err := engagement.Draw(ctx, db, act.Default, engagement.Drawing{Hand: ada, Engagement: s.id, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
	s.ok(err)
	_, err = engagement.Reconcile(ctx, db, act.Default, ada, s.id, "billing", "", &intake.Comparison{Kind: "account", Rows: 8, Known: 7, Missing: []intake.Line{{Row: "a row"}}})
	s.ok(err)
	l, err := assurance.Shipped()
	s.ok(err)
	var results []assurance.Result
	for i, id := range drawn.Record.Drawn {
		r := assurance.Result{Item: id, Outcome: assurance.Kept}
		if i == 0 {
			r = assurance.Result{Item: id, Outcome: assurance.Deviation, Cause: "data", Note: "no lane"}
		}
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b assurance.Result) int { return strings.Compare(a.Item, b.Item) })
	_, _, err = assurance.Record(ctx, db, act.Default, assurance.Testing{
		Hand: ada, Engagement: s.id, Library: l, Control: "POP-1", Of: assurance.Operation, Conclusion: assurance.NotEffective, Sample: "account", Results: results, Procedure: "compared lanes",
	})
	s.ok(err)
	_, _, err = assurance.Hold(ctx, db, act.Default, assurance.Harm{Hand: ada, Engagement: s.id, Impact: assurance.Impact{
		Actual: true, Right: "privacy", Groups: []string{"protesters"}, Scale: 4, Scope: 3, Irremediable: 2, Involvement: "contribute", Leverage: "have", PlanDue: "2026-11-01",
		Plan: "the plan in words", Bases: []string{"telemetry", "stated"}, Subject: s.sheriff, Stated: "lost keys", Observed: "searches at protests", Reasons: "sold with a list",
	}}, "")
	s.ok(err)
	_, answered, err := assurance.Determine(ctx, db, act.Default, assurance.Answer{
		Hand: ada, Engagement: s.id, Library: l, Question: assurance.Contribution, Conclusion: assurance.Partly, Reasons: "one list", Evidence: []int64{1},
	})
	s.ok(err)
	_, err = assurance.Object(ctx, db, act.Default, ari, answered.ID, assurance.Yes, "it is enough")
	s.ok(err)
	_, err = assurance.Respond(ctx, db, act.Default, board, answered.ID, "accepts_partly", "we delete the list")
	s.ok(err)
	return s
}

func (s *assessing) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *assessing) report(classes ...ledger.Class) (r *report.Assessed, asJSON, page string) {
	s.Helper()
	signed, c := s.checkpoint()
	r, err := report.BuildAssessed(context.Background(), s.w.DB, c, signed, classes, knownSchemas(s), s.id)
	s.ok(err)
	var a, b bytes.Buffer
	s.ok(report.AssessedJSON(r, &a))
	s.ok(report.AssessedHTML(r, &b))
	return r, a.String(), b.String()
}

// TestAssessedGolden protects RS-04 for an assessor's report: every figure of it, and that
// building it again gives the same bytes.
func TestAssessedGolden(t *testing.T) {
	s := newAssessment(t)
	for name, classes := range map[string][]ledger.Class{"assessed-public": nil, "assessed-full": ledger.Classes} {
		_, got, page := s.report(classes...)
		if _, again, pageAgain := s.report(classes...); again != got || pageAgain != page {
			t.Errorf("%s: built twice, the reports differ", name)
		}
		pagetest.Check(t, page)
		var pretty bytes.Buffer
		s.ok(json.Indent(&pretty, []byte(got), "", " "))
		path := filepath.Join("testdata", name+".json")
		if *update {
			s.ok(os.WriteFile(path, pretty.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		s.ok(err)
		if !bytes.Equal(pretty.Bytes(), want) {
			t.Errorf("%s: the report is not the one of %s; run with -update and read the difference", name, path)
		}
	}
}

// TestAssessedSaysWhatIsMissingAndWithheld protects RS-06: what is not in the log comes
// first, what is withheld is counted with the assessors' word, a withheld field is withheld
// from every audience, and what was found is withheld from none.
func TestAssessedSaysWhatIsMissingAndWithheld(t *testing.T) {
	s := newAssessment(t)
	r, asJSON, page := s.report(ledger.Classes...)
	if !r.Unmapped.Compared || r.Unmapped.Share != 1250 || strings.Index(page, "12.50 %") > strings.Index(page, "Determination</h2>") {
		t.Errorf("what is unmapped does not come first: %+v", r.Unmapped)
	}
	if strings.Contains(asJSON, "the plan in words") || !strings.Contains(asJSON, "searches at protests") || !strings.Contains(page, "lost keys") {
		t.Error("a field that is withheld is shown, or one that is not is withheld")
	}
	stances := map[string]string{}
	for _, w := range r.Redactions {
		stances[w.Reason] = w.Stance
	}
	if stances["competition"] != "agreed" || stances["contract"] != "disagreed" {
		t.Errorf("the assessors' word reads %v", stances)
	}
	public, _, pagePublic := s.report()
	if len(public.Answers) != 1 || public.Answers[0].Conclusion != "partly" || len(public.Answers[0].Dissents) != 1 || public.Impacts[0].Involvement != "contribute" || !public.Impacts[0].Overdue {
		t.Errorf("the public does not see what was found: %+v", public.Answers)
	}
	for _, secret := range []string{"lost keys", "a rival reads it"} {
		if strings.Contains(pagePublic, secret) {
			t.Errorf("the public reads %q", secret)
		}
	}
	for _, word := range []string{"The board", "it is enough", "we delete the list"} {
		if !strings.Contains(pagePublic, word) {
			t.Errorf("the public does not read %q, which is written for everybody", word)
		}
	}
}

// TestNothingPublishedCanBeGuessed protects people and secrets of low entropy (RS-06): no
// yes, no, number or word that a sealed field can hold is recognised by any hash that a
// public bundle or report holds, whatever is put in front of it; and whether a value is
// there changes neither the number nor the size of what stands for it.
func TestNothingPublishedCanBeGuessed(t *testing.T) {
	s := newAssessment(t)
	_, asJSON, page := s.report()
	signed, c := s.checkpoint()
	whole := render(t, s.build(signed, c), report.JSON)
	path := filepath.Join(t.TempDir(), "public.bundle")
	_, err := report.Export(context.Background(), s.w.DB, report.Order{Checkpoint: signed, Key: s.w.Config.Key, Schemas: knownSchemas(t)}, path)
	s.ok(err)
	data, err := os.ReadFile(path)
	s.ok(err)
	published := map[string]bool{}
	for _, text := range []string{string(data), asJSON, page, whole} {
		for _, h := range regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(text, -1) {
			raw, _ := hex.DecodeString(h)
			published[string(raw)] = true
		}
		for _, h := range regexp.MustCompile(`[A-Za-z0-9_-]{43}`).FindAllString(text, -1) {
			if raw, err := base64.RawURLEncoding.DecodeString(h); err == nil {
				published[string(raw)] = true
			}
		}
	}
	if len(published) < 100 {
		t.Fatalf("only %d hashes are published: the search is broken", len(published))
	}
	for _, known := range []string{"", "list"} { // the root of an empty log, and the content of this workspace's watchlist: both public
		sum := sha256.Sum256([]byte(known))
		delete(published, string(sum[:]))
	}
	tried := 0
	for _, schema := range knownSchemas(t) {
		for _, f := range schema.Sealed {
			guesses := append([]string{"true", "false", "null", "yes", "no", "", "[]", "0", "1", "unknown"}, f.Enum...)
			for n := range 100 {
				guesses = append(guesses, strconv.Itoa(n))
			}
			for _, g := range guesses {
				for _, form := range []string{g, `"` + g + `"`, `["` + g + `"]`} {
					for _, before := range []string{"", f.Name, f.Name + "=", schema.Kind + "." + f.Name + "=", `"` + f.Name + `":`, `["` + f.Name + `",`} {
						sum := sha256.Sum256([]byte(before + form))
						if tried++; published[string(sum[:])] {
							t.Errorf("%s.%s: %q is recognised by its hash", schema.Kind, f.Name, before+form)
						}
					}
				}
			}
		}
	}
	if tried < 100_000 {
		t.Errorf("%d guesses are none", tried)
	}

	var empty, full store.Ref
	value := int64(1)
	s.write(func(tx *store.Tx) {
		empty = put(s.bed, tx, register.Contracts, register.Contract{Origin: register.Origin{State: "active"}})
		full = put(s.bed, tx, register.Contracts, register.Contract{
			Origin: origin("2026-01-01"), Identity: "a", Customer: "b", Title: strings.Repeat("long ", 50), Value: &value, Currency: "EUR", Document: hashOf("d"),
		})
	})
	for _, ref := range []store.Ref{empty, full} {
		r, err := store.Get(context.Background(), s.w.DB, register.Contracts, ref.ID)
		s.ok(err)
		if len(r.Digests) != len(register.Contracts.Schema().Sealed) {
			t.Errorf("%d digests stand for %d fields", len(r.Digests), len(register.Contracts.Schema().Sealed))
		}
	}
}
