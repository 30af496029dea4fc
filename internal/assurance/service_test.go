package assurance_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/packs"
)

func asRule(err error, rule *refusal.Rule) bool { return errors.As(err, rule) }

// results gives results of items, the first of which deviate.
func results(ids []string, deviations int) (list []assurance.Result) {
	for i, id := range slices.Sorted(slices.Values(ids)) {
		r := assurance.Result{Item: id, Outcome: assurance.Kept}
		if i < deviations {
			r.Outcome, r.Cause, r.Note = assurance.Deviation, "people", "signed a day late"
		}
		list = append(list, r)
	}
	return list
}

// sampled gives a test of all deployments that were drawn.
func (o *office) sampled(control string, deviations int, conclusion string) assurance.Testing {
	samples, err := store.Select(ctx, o.db, engagement.Samples, "")
	o.ok(err)
	var ids []string
	for _, s := range samples {
		ids = append(ids, s.Record.Drawn...)
	}
	return assurance.Testing{
		Hand: o.assessor, Engagement: o.id, Library: o.library, Control: control, Of: assurance.Operation, Conclusion: conclusion, Procedure: "read each file",
		Sample: "deployment", Results: results(ids, deviations),
	}
}

func (o *office) inspected(control, conclusion string) assurance.Testing {
	return assurance.Testing{
		Hand: o.assessor, Engagement: o.id, Library: o.library, Control: control, Of: assurance.Design, Conclusion: conclusion, Procedure: "walked through it",
	}
}

func (o *office) record(t assurance.Testing) error {
	_, _, err := assurance.Record(ctx, o.db, act.Default, t)
	return err
}

// TestControlsAreConcludedOnWhatWasFound protects RS-07: results of exactly the items that
// were drawn, a conclusion that the exact bound allows, and no second try.
func TestControlsAreConcludedOnWhatWasFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		o.refused(refusal.Frozen, func() error { return o.record(o.sampled("SCR-1", 0, assurance.Effective)) })
		o.deploy(60, false, false)
		o.freeze()
		o.refused(refusal.Frozen, func() error { return o.record(o.sampled("SCR-1", 0, assurance.Effective)) })
		o.draw()
		o.ok(o.record(o.inspected("SCR-1", assurance.Effective)))
		o.ok(o.record(o.sampled("SCR-1", 0, assurance.Effective)))
		o.refused(refusal.Bound, func() error { return o.record(o.sampled("ENF-1", 1, assurance.Effective)) })
		o.ok(o.record(o.sampled("ENF-1", 1, assurance.Extend)))
		o.refused(refusal.Frozen, func() error { return o.record(o.sampled("ENF-1", 1, assurance.NotEffective)) })
		fewer := o.sampled("USE-1", 0, assurance.Effective)
		fewer.Results = fewer.Results[:35]
		o.refused(refusal.Frozen, func() error { return o.record(fewer) })
		o.draw()
		o.refused(refusal.Frozen, func() error { return o.record(o.sampled("ENF-1", 0, assurance.Effective)) })
		longer := o.sampled("ENF-1", 0, assurance.Effective)
		tests, err := assurance.TestsOf(ctx, o.db, o.id)
		o.ok(err)
		for i, r := range longer.Results {
			if slices.Contains(tests[2].Record.Results, r.Item+"="+assurance.Deviation) {
				longer.Results[i] = assurance.Result{Item: r.Item, Outcome: assurance.Deviation, Cause: "people", Note: "signed a day late"}
			}
		}
		o.ok(o.record(longer))
		o.refused(refusal.Twice, func() error { return o.record(longer) })
		o.ok(o.record(o.inspected("LE-5", assurance.Absent)))

		all := assurance.Testing{
			Hand: o.assessor, Engagement: o.id, Library: o.library, Control: "ROLE-1", Of: assurance.Operation, Conclusion: assurance.Effective, Whole: true, Procedure: "duly-verify",
		}
		test, _, err := assurance.Record(ctx, o.db, act.Default, all)
		if err == nil || test.Population != 0 {
			t.Errorf("all of no decisions, opinions and votes are tested: %+v, %v", test, err)
		}
		tests, err = assurance.TestsOf(ctx, o.db, o.id)
		o.ok(err)
		for control, want := range map[string]string{"SCR-1": "effective", "ENF-1": "", "LE-5": "absent", "DEC-1": ""} {
			if got := assurance.Conclude(tests, o.library.Name(control)); got != want {
				t.Errorf("%s is %q, not %q", control, got, want)
			}
		}
		if r := tests[2].Record; *r.Bound != 8 || r.Items != 36 || len(r.Exceptions) != 1 || !strings.Contains(r.Exceptions[0], "root cause: people") {
			t.Errorf("the test reads %+v", r)
		}
	})
}

// TestTheCompanyCannotWriteTheAssessorsRecords protects RS-03: whoever is no assessor is
// refused, also with an assessor's name, and the attempt stands in the log.
func TestTheCompanyCannotWriteTheAssessorsRecords(t *testing.T) {
	o := newOffice(t, "")
	for _, h := range []voice.Hand{o.board, o.approver, o.sales} {
		x := o.inspected("SCR-1", assurance.Effective)
		x.Hand = h
		o.refused(refusal.Role, func() error { return o.record(x) })
	}
	stolen := o.inspected("SCR-1", assurance.Effective)
	stolen.Key = o.board.Key
	o.refused(refusal.Key, func() error { return o.record(stolen) })
	o.refused(refusal.Role, func() error {
		_, _, err := assurance.Withhold(ctx, o.db, act.Default, schemas, assurance.Withholding{Hand: o.assessor, Engagement: o.id, Field: "contract.value", Reason: "competition", Text: "x"})
		return err
	})
	outsider := o.person("eve", act.Assessor)
	x := o.inspected("SCR-1", assurance.Effective)
	x.Hand = outsider
	o.refused(refusal.Independent, func() error { return o.record(x) })
}

var schemas = []*ledger.Schema{
	register.Contracts.Schema(), register.Customers.Schema(), assessment.Ratings.Schema(), usage.Findings.Schema(), agreement.Agreements.Schema(), refusal.Refusals.Schema(),
}

// TestRedaction protects RS-06: what stands in clear is withheld from nobody, a reason fits
// its class, and the assessor's word stands beside what is withheld.
func TestRedaction(t *testing.T) {
	o := newOffice(t, "")
	withhold := func(field, reason string) (store.Ref, error) {
		_, ref, err := assurance.Withhold(ctx, o.db, act.Default, schemas, assurance.Withholding{Hand: o.approver, Engagement: o.id, Field: field, Reason: reason, Text: "a rival reads it"})
		return ref, err
	}
	for _, field := range []string{"rating.outcome", "rating.hard_stops", "finding.grade", "refusal.rule", "customer.state"} {
		o.refused(refusal.Unredactable, func() error { _, err := withhold(field, "competition"); return err })
	}
	for field, reason := range map[string]string{"contract.value": "privacy", "contract.colour": "competition", "treaty.value": "competition", "contract": "competition"} {
		if _, err := withhold(field, reason); err == nil {
			t.Errorf("%s is withheld for %s", field, reason)
		}
	}
	ref, err := withhold("contract.value", "competition")
	o.ok(err)
	o.refused(refusal.Twice, func() error { _, err := withhold("contract.value", "contract"); return err })
	stance := func() string {
		said, err := assurance.ConsentsOf(ctx, o.db, o.id)
		o.ok(err)
		return assurance.Stance(said, ref.Hash)
	}
	if got := stance(); got != "not_said" {
		t.Errorf("before anybody spoke: %s", got)
	}
	if _, err := assurance.Say(ctx, o.db, act.Default, o.assessor, ref.ID, false, ""); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a disagreement without words: %v", err)
	}
	o.refused(refusal.Role, func() error {
		_, err := assurance.Say(ctx, o.db, act.Default, o.approver, ref.ID, true, "")
		return err
	})
	for _, step := range []struct {
		by     voice.Hand
		agrees bool
		want   string
	}{{o.assessor, true, "agreed"}, {o.second, false, "disagreed"}, {o.second, true, "agreed"}} {
		_, err := assurance.Say(ctx, o.db, act.Default, step.by, ref.ID, step.agrees, "my reasons")
		o.ok(err)
		if got := stance(); got != step.want {
			t.Errorf("%s, not %s", got, step.want)
		}
	}
	_, err = assurance.Lift(ctx, o.db, act.Default, o.approver, ref.ID)
	o.ok(err)
	o.refused(refusal.Twice, func() error { _, err := assurance.Lift(ctx, o.db, act.Default, o.approver, ref.ID); return err })
}

// harm gives an impact that can be saved.
func harm() assurance.Impact {
	return assurance.Impact{
		Actual: true, Right: "liberty", Groups: []string{"journalists"}, Scale: 4, Scope: 2, Irremediable: 3, Involvement: "contribute", Leverage: "have",
		PlanDue: "2027-03-31", Plan: "release and compensate", Bases: []string{"telemetry", "stated"}, Subject: "a deployment", Stated: "finding missing people",
		Observed: "searches of faces at protests", Reasons: "the product was sold with a watchlist of the press",
	}
}

// TestImpacts protects RS-12 and RS-13: an impact without a right, those affected, or a
// component of its severity cannot be saved; contribution has a plan; and the duty follows
// from the involvement.
func TestImpacts(t *testing.T) {
	o := newOffice(t, "")
	hold := func(i assurance.Impact) (*assurance.Impact, error) {
		got, _, err := assurance.Hold(ctx, o.db, act.Default, assurance.Harm{Hand: o.assessor, Engagement: o.id, Impact: i}, "")
		return got, err
	}
	for name, change := range map[string]func(*assurance.Impact){
		"no right":         func(i *assurance.Impact) { i.Right = "" },
		"no such right":    func(i *assurance.Impact) { i.Right = "profit" },
		"nobody":           func(i *assurance.Impact) { i.Groups = nil },
		"no scale":         func(i *assurance.Impact) { i.Scale = 0 },
		"no scope":         func(i *assurance.Impact) { i.Scope = 6 },
		"no undoing":       func(i *assurance.Impact) { i.Irremediable = 0 },
		"no involvement":   func(i *assurance.Impact) { i.Involvement = "" },
		"no reasons":       func(i *assurance.Impact) { i.Reasons = " " },
		"no source":        func(i *assurance.Impact) { i.Bases = nil },
		"no actual use":    func(i *assurance.Impact) { i.Observed = "" },
		"no stated use":    func(i *assurance.Impact) { i.Stated = "" },
		"a day, no plan":   func(i *assurance.Impact) { i.Plan = "" },
		"a plan, no day":   func(i *assurance.Impact) { i.PlanDue = "" },
		"a day that isn't": func(i *assurance.Impact) { i.PlanDue = "soon" },
	} {
		i := harm()
		change(&i)
		before, _ := store.Head(ctx, o.db)
		if _, err := hold(i); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := store.Head(ctx, o.db); after.Size != before.Size {
			t.Errorf("%s left something behind", name)
		}
	}
	without := harm()
	without.Plan, without.PlanDue = "", ""
	o.refused(refusal.Plan, func() error { _, err := hold(without); return err })
	word := harm()
	word.Bases = []string{"stated"}
	o.refused(refusal.Plan, func() error { _, err := hold(word); return err })

	for involvement, want := range map[string][2]string{
		"cause": {"cease", "required"}, "contribute": {"cease_part_and_use_leverage", "required"}, "linked": {"use_leverage", "not_required"}, "none": {"watch", "none"},
	} {
		i := harm()
		i.Involvement = involvement
		got, err := hold(i)
		if err != nil || !slices.Equal(got.Actions, []string{want[0]}) || got.Remedy != want[1] {
			t.Errorf("%s asks for %v, remedy %s (%v), not %v", involvement, got.Actions, got.Remedy, err, want)
		}
	}
	open := harm()
	open.Leverage = ""
	if got, err := hold(open); err != nil || len(got.Actions) != 3 || got.Remedy != "required" {
		t.Errorf("with leverage unknown it asks for %v, %v", got.Actions, err)
	}
	list, err := assurance.ImpactsOf(ctx, o.db, o.id)
	o.ok(err)
	_, err = assurance.Drop(ctx, o.db, act.Default, o.second, o.id, list[0].ID, "it was another vendor's")
	o.ok(err)
}

// TestRemedyFollowsFromInvolvement holds the table of principle 19 to what the verifier
// and the record assume: one remedy for each involvement, required for one's own part.
func TestRemedyFollowsFromInvolvement(t *testing.T) {
	f, err := assessment.Principles()
	if err != nil {
		t.Fatal(err)
	}
	table, _ := f.Table("gp19")
	for involvement, remedy := range map[string]string{"cause": "required", "contribute": "required", "linked": "not_required", "none": "none"} {
		d, err := table.Decide(framework.Values{"involvement": involvement})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range d.Rows {
			if row.Then["remedy"] != remedy {
				t.Errorf("%s: remedy %s, not %s", involvement, row.Then["remedy"], remedy)
			}
		}
	}
}

// TestRightsHaveTheNamesOfMethods protects readers who go from a rating to an impact.
func TestRightsHaveTheNamesOfMethods(t *testing.T) {
	data, err := packs.Files.ReadFile("methods/rm-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("rm-1.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rating.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Rights() {
		i := slices.IndexFunc(assurance.Rights, func(x assurance.Right) bool { return x.ID == r.ID })
		if i < 0 || assurance.Rights[i].Title != r.Title {
			t.Errorf("the method scores %s (%s), which is no right of the catalogue", r.ID, r.Title)
		}
	}
	for _, f := range assurance.Impacts.Schema().Public {
		if f.Name != "right" {
			continue
		}
		var ids []string
		for _, r := range assurance.Rights {
			ids = append(ids, r.ID)
		}
		if slices.Sort(ids); !slices.Equal(ids, slices.Sorted(slices.Values(f.Enum))) {
			t.Errorf("the record takes %v, the catalogue has %v", f.Enum, ids)
		}
	}
}

// TestNoIsImpossibleBelowTheCoverage protects RS-08 in the service: what was not examined,
// what has not all its facts, and what is billed and maps to nothing all count against it.
func TestNoIsImpossibleBelowTheCoverage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		answer := func(question, conclusion string) (*assurance.Determination, store.Ref, error) {
			return assurance.Determine(ctx, o.db, act.Default, assurance.Answer{
				Hand: o.assessor, Engagement: o.id, Library: o.library, Question: question, Conclusion: conclusion, Reasons: "as found", Evidence: []int64{o.evidence},
			})
		}
		no := func() error { _, _, err := answer(assurance.Contribution, assurance.No); return err }
		o.deploy(8, true, false)
		o.deploy(1, true, true)
		o.deploy(1, false, false)
		o.refused(refusal.Frozen, no)
		o.freeze()
		o.deploy(10, true, false)       // too late for the population
		o.refused(refusal.Coverage, no) // nobody has compared the billing
		o.compare(2)
		o.refused(refusal.Coverage, no) // a fifth of it is not in the log
		d, _, err := answer(assurance.Contribution, assurance.Indeterminate)
		if err != nil || d.Population != 10 || d.Examined != 8 || d.Unmapped != 2000 || d.Coverage != 6400 || d.Required != 7000 || d.Untested != d.Controls {
			t.Errorf("%+v, %v", d, err)
		}
		o.compare(0)
		o.ok(o.record(o.inspected("LE-5", assurance.Absent)))
		o.refused(refusal.Coverage, func() error { _, _, err := answer(assurance.Process, assurance.Yes); return err })
		o.refused(refusal.Coverage, func() error { _, _, err := answer(assurance.Contribution, assurance.Yes); return err })
		_, held, err := assurance.Hold(ctx, o.db, act.Default, assurance.Harm{Hand: o.assessor, Engagement: o.id, Impact: harm()}, "")
		o.ok(err)
		o.refused(refusal.Coverage, no) // against what is held
		_, err = assurance.Drop(ctx, o.db, act.Default, o.assessor, o.id, held.ID, "mistaken")
		o.ok(err)
		if _, _, err := assurance.Determine(ctx, o.db, act.Default, assurance.Answer{
			Hand: o.assessor, Engagement: o.id, Library: o.library, Question: assurance.Contribution, Conclusion: assurance.No, Reasons: "r", Evidence: []int64{1 << 40},
		}); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("evidence that is not there: %v", err)
		}
		d, ref, err := answer(assurance.Contribution, assurance.No)
		if err != nil || d.Population != 10 || d.Examined != 8 || d.Coverage != 8000 || d.Absent != 1 || d.Involved != 0 {
			t.Fatalf("%+v, %v", d, err)
		}
		o.refused(refusal.Twice, no)
		o.refused(refusal.FourEyes, func() error {
			_, err := assurance.Object(ctx, o.db, act.Default, o.assessor, ref.ID, assurance.Indeterminate, "x")
			return err
		})
		o.refused(refusal.Twice, func() error {
			_, err := assurance.Object(ctx, o.db, act.Default, o.second, ref.ID, assurance.No, "x")
			return err
		})
		_, err = assurance.Object(ctx, o.db, act.Default, o.second, ref.ID, assurance.Indeterminate, "two were not examined")
		o.ok(err)
		o.refused(refusal.Role, func() error {
			_, err := assurance.Respond(ctx, o.db, act.Default, o.sales, ref.ID, "rejects", "x")
			return err
		})
		_, err = assurance.Respond(ctx, o.db, act.Default, o.board, ref.ID, "accepts_partly", "we will")
		o.ok(err)
	})
}

// TestWorkpapersAreTheAssessorsAlone protects them from the company: what is kept is
// encrypted and tells nothing, only who has the identity reads it, and what was changed
// since is noticed before it is read.
func TestWorkpapersAreTheAssessorsAlone(t *testing.T) {
	identity, recipient, err := assurance.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := assurance.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	seal := func(plain []byte) ([]byte, assurance.Sealed) {
		var out bytes.Buffer
		sealed, err := assurance.Seal(bytes.NewReader(plain), strings.NewReader(recipient), &out)
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes(), sealed
	}
	plain := []byte("the analyst signed on Sunday; yes")
	kept, sealed := seal(plain)
	_, again := seal(plain)
	if bytes.Contains(kept, []byte("analyst")) || again == sealed || sealed.Size != int64(len(kept)) {
		t.Error("what is kept tells of what stands in it")
	}
	open := func(kept []byte, identity string) (string, error) {
		var out bytes.Buffer
		err := assurance.Unseal(bytes.NewReader(kept), sealed, strings.NewReader(identity), &out)
		return out.String(), err
	}
	if got, err := open(kept, identity); err != nil || got != string(plain) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := open(kept, other); fault.CodeOf(err) != fault.Refused || got != "" {
		t.Errorf("somebody else reads %q, %v", got, err)
	}
	if _, err := open(kept, recipient); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("the public half reads it: %v", err)
	}
	for _, changed := range [][]byte{kept[:len(kept)-1], append(slices.Clone(kept), 0), bytes.Replace(kept, kept[len(kept)-1:], []byte{^kept[len(kept)-1]}, 1), nil} {
		if got, err := open(changed, identity); fault.CodeOf(err) != fault.Broken || got != "" {
			t.Errorf("what was changed reads %q, %v", got, err)
		}
	}
	if _, err := assurance.Seal(bytes.NewReader(plain), strings.NewReader("age1nobody"), &bytes.Buffer{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("sealed to nobody: %v", err)
	}

	o := newOffice(t, "")
	ref, err := assurance.Keep(ctx, o.db, act.Default, o.assessor, o.id, o.library, "SCR-1", sealed)
	o.ok(err)
	o.refused(refusal.Twice, func() error {
		_, err := assurance.Keep(ctx, o.db, act.Default, o.assessor, o.id, nil, "", sealed)
		return err
	})
	o.refused(refusal.Role, func() error {
		_, err := assurance.Keep(ctx, o.db, act.Default, o.approver, o.id, nil, "", again)
		return err
	})
	x := o.inspected("SCR-1", assurance.Effective)
	x.Papers = []string{"nosuch"}
	if err := o.record(x); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a workpaper that is not there: %v", err)
	}
	x.Papers = []string{ref.ID}
	o.ok(o.record(x))
}

// FuzzReadResults protects the reader of results against any file: what it takes has a
// cause for every deviation and a note for everything that was not kept, each item once.
func FuzzReadResults(f *testing.F) {
	f.Add("item,result,cause,note\na,kept,,\nb,deviation,people,late\nc,not_testable,,\"no file, nowhere\"\n")
	f.Add("item,result,cause,note\na,kept,,\na,kept,,\n")
	f.Add("item;result\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := assurance.ReadResults("r.csv", []byte(text))
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || list != nil {
				t.Errorf("%v with %d results", err, len(list))
			}
			return
		}
		for i, r := range list {
			if i > 0 && list[i-1].Item >= r.Item || r.Item == "" || (r.Outcome == assurance.Kept) != (r.Note == "" && r.Cause == "") && r.Outcome != assurance.Kept || (r.Outcome == assurance.Deviation) != (r.Cause != "") {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestResultsAreRead protects that results come back as they were written, whatever order
// they stood in.
func TestResultsAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("item%03d", i))
		}
		want := results(ids, rapid.IntRange(0, n).Draw(t, "deviations"))
		lines := []string{}
		for _, r := range want {
			lines = append(lines, strings.Join([]string{r.Item, r.Outcome, r.Cause, r.Note}, ","))
		}
		text := "item,result,cause,note\n" + strings.Join(rapid.Permutation(lines).Draw(t, "order"), "\n")
		got, err := assurance.ReadResults("r.csv", []byte(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
