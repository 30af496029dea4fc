package transparency_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/transparency"
)

var (
	ctx     = context.Background()
	analyst = act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Analyst}}
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func open(t *testing.T) *store.DB {
	return storetest.Begin(t, filepath.Join(t.TempDir(), "duly.db"), refusal.Migrations, transparency.Migrations)
}

// TestClass protects that a voluntary request is never counted as a compelled one.
func TestClass(t *testing.T) {
	for _, c := range []struct {
		basis, reference string
		want             transparency.Class
	}{
		{"voluntary", "", transparency.Voluntary},
		{"consent", "R-1", transparency.Voluntary},
		{"unknown", "R-1", transparency.Voluntary},
		{"warrant", "W-1", transparency.Compelled},
		{"warrant", "", transparency.Unproven},
		{"subpoena", "", transparency.Unproven},
		{"national_security", "N-1", transparency.Compelled},
		{"emergency", "", transparency.Emergency},
	} {
		r := transparency.Request{Basis: c.basis, Reference: c.reference}
		if got := r.Class(); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.basis, c.reference, got, c.want)
		}
	}
}

// atMostTwo is a rule with a memory: no third request for one investigation, and none
// without a reference.
func atMostTwo(r *transparency.Request, ordinal int) (broken, unseen []string, err error) {
	if ordinal > 2 {
		broken = append(broken, "COUNT")
	}
	if ordinal == 0 {
		unseen = append(unseen, "COUNT")
	}
	if r.Reference == "" {
		broken = append(broken, "REFERENCE")
	}
	return broken, unseen, nil
}

// TestReceive protects RG-07: what may be refused and breaks a rule is refused with the
// rule's id, and what is compelled is not measured by rules for those who may say no.
func TestReceive(t *testing.T) {
	db := open(t)
	receive := func(r transparency.Request) *transparency.Request {
		t.Helper()
		r.Requester, r.Received, r.Notice, r.Challenge, r.Verified = "Larkmoor Police Department", "2026-03-02", "unknown", "unknown", "yes"
		_, kept, err := transparency.Receive(ctx, db, act.Default, analyst, r, atMostTwo)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	on := store.Origin{ValidFrom: "2026-03-02"}
	for i, want := range []bool{false, false, true} {
		r := receive(transparency.Request{Origin: on, Basis: "voluntary", Reference: "R-1", Investigation: "I-1"})
		if r.RefusedByRule != want || (r.Outcome == "none") != want {
			t.Errorf("request %d: refused %v, outcome %s", i+1, r.RefusedByRule, r.Outcome)
		}
		if want && !slices.Equal(r.Broken, []string{"COUNT"}) {
			t.Errorf("it names %v", r.Broken)
		}
	}
	if r := receive(transparency.Request{Origin: on, Basis: "warrant", Reference: "W-1", Investigation: "I-1"}); r.RefusedByRule || r.Outcome != "pending" {
		t.Errorf("a warrant was refused by a rule for voluntary requests: %+v", r)
	}
	if r := receive(transparency.Request{Origin: on, Basis: "warrant", Investigation: "I-2"}); !r.RefusedByRule || r.Class() != transparency.Unproven {
		t.Errorf("a warrant that nobody showed was taken for one: %+v", r)
	}
	if r := receive(transparency.Request{Origin: on, Basis: "voluntary", Reference: "R-2"}); r.RefusedByRule || !slices.Equal(r.Unseen, []string{"COUNT"}) {
		t.Errorf("of what a request does not say nobody can tell: %+v", r)
	}

	judged, written, err := transparency.CheckAll(ctx, db, act.Default, analyst, atMostTwo)
	if err != nil || judged+written != 0 {
		t.Errorf("what was judged when it came was judged again: %d and %d new, %v", judged, written, err)
	}
	imported := transparency.Request{Origin: store.Origin{State: "active", ValidFrom: "2026-03-01", Received: "2026-03-02", Source: "portal"}, Basis: "voluntary", Outcome: "full",
		Requester: "somebody else", Notice: "unknown", Challenge: "unknown", Verified: "unknown", Investigation: "I-1"}
	for range 3 {
		if err := db.Write(ctx, analyst.Key, func(tx *store.Tx) error { _, err := store.Create(tx, transparency.Requests, &imported); return err }); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][2]int{{3, 3}, {3, 0}} {
		if judged, written, err := transparency.CheckAll(ctx, db, act.Default, analyst, atMostTwo); err != nil || judged != want[0] || written != want[1] {
			t.Errorf("what a file told: %d judged, %d new, %v", judged, written, err)
		}
	}
	list, err := store.Select(ctx, db, transparency.Requests, "r.source = 'portal'")
	if err != nil {
		t.Fatal(err)
	}
	third := 0
	for _, r := range list {
		if r.Record.RefusedByRule || !slices.Contains(r.Record.Broken, "REFERENCE") {
			t.Errorf("%+v", r.Record)
		}
		if slices.Contains(r.Record.Broken, "COUNT") {
			third++
		}
	}
	if third != 1 {
		t.Errorf("%d of three requests are the third", third)
	}
	sales := act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Analyst, act.Sales}}
	if _, _, err := transparency.Receive(ctx, db, act.Default, sales, transparency.Request{Origin: on, Requester: "x"}, atMostTwo); fault.CodeOf(err) != fault.Refused {
		t.Errorf("who sells answers authorities: %v", err)
	}
	boom := errors.New("boom")
	before, _ := store.Head(ctx, db)
	_, _, err = transparency.Receive(ctx, db, act.Default, analyst, transparency.Request{Origin: on, Requester: "x", Basis: "voluntary"},
		func(*transparency.Request, int) ([]string, []string, error) { return nil, nil, boom })
	after, _ := store.Head(ctx, db)
	if !errors.Is(err, boom) || before.Size != after.Size {
		t.Errorf("a rule failed and something was written: %v", err)
	}
}

// TestAnswer lets a request be answered once.
func TestAnswer(t *testing.T) {
	db := open(t)
	ref, _, err := transparency.Receive(ctx, db, act.Default, analyst, transparency.Request{
		Origin: store.Origin{ValidFrom: "2026-03-02", Received: "2026-03-02"}, Basis: "warrant", Reference: "W-1", Requester: "somebody", Notice: "unknown", Challenge: "unknown", Verified: "no",
	}, atMostTwo)
	if err != nil {
		t.Fatal(err)
	}
	answer := func() error {
		_, err := transparency.Answer(ctx, db, act.Default, analyst, ref.ID, "partial", "narrowed", "delayed", "2026-03-09")
		return err
	}
	if err := answer(); err != nil {
		t.Fatal(err)
	}
	if err := answer(); fault.CodeOf(err) != fault.Refused {
		t.Errorf("it was answered twice: %v", err)
	}
	list, err := store.Select(ctx, db, transparency.Requests, "")
	if err != nil {
		t.Fatal(err)
	}
	got := transparency.CountRequests([]*transparency.Request{list[0].Record})[2]
	want := transparency.RequestFigure{Class: transparency.Compelled, Made: 1, Partial: 1, Pushed: 1, Told: 1, Unscoped: 1}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestIncidentSteps protects IM-12: an incident ends only when it was confirmed,
// contained, told, remedied and learnt from, or was none. Any order of steps is tried.
func TestIncidentSteps(t *testing.T) {
	db := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		ref, err := transparency.Report(ctx, db, act.Default, analyst, transparency.Incident{Reported: "2026-03-02", Severity: 4, Subject: ref(rt), What: "a false match led to an arrest"})
		if err != nil {
			rt.Fatal(err)
		}
		taken := map[transparency.Step]bool{}
		for _, step := range rapid.SliceOfN(rapid.SampledFrom(transparency.Steps), 1, 14).Draw(rt, "steps") {
			_, err := transparency.Advance(ctx, db, act.Default, analyst, ref.ID, step, "done", "2026-03-03")
			ended := taken[transparency.Close] || taken[transparency.Unfound]
			if err == nil && (ended || taken[step]) {
				rt.Fatalf("%s was taken after %v", step, taken)
			}
			if err == nil && step == transparency.Close {
				for _, needed := range []transparency.Step{transparency.Confirm, transparency.Contain, transparency.Notify, transparency.Remedy, transparency.Learn} {
					if !taken[needed] {
						rt.Fatalf("it was closed without %s", needed)
					}
				}
			}
			if err == nil {
				taken[step] = true
			} else if fault.CodeOf(err) != fault.Refused {
				rt.Fatal(err)
			}
		}
		in, err := store.Get(ctx, db, transparency.Incidents, ref.ID)
		if err != nil || len(in.Record.Steps) != len(taken) {
			rt.Fatalf("%d steps are kept of %v, %v", len(in.Record.Steps), taken, err)
		}
	})
	for _, bad := range []transparency.Incident{{Severity: 0, Subject: "x", What: "y"}, {Severity: 6, Subject: "x", What: "y"}, {Severity: 3, What: "y"}, {Severity: 3, Subject: "x"}} {
		if _, err := transparency.Report(ctx, db, act.Default, analyst, bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v was recorded: %v", bad, err)
		}
	}
}

// ref draws a record id.
func ref(t *rapid.T) string { return rapid.StringMatching(`[A-Za-z0-9_-]{21}[AQgw]`).Draw(t, "id") }

// TestGrowth protects the series of partnerships: what ended is out, what began later is
// not in yet, and the rate a year is that of the requirement.
func TestGrowth(t *testing.T) {
	p := func(from, to, partner string) *transparency.Partnership {
		return &transparency.Partnership{Origin: store.Origin{ValidFrom: from, ValidTo: to}, Partner: partner}
	}
	list := []*transparency.Partnership{p("2021-02-01", "", "police"), p("2021-06-01", "2022-06-01", "fire"), p("", "", "police")}
	for range 19 {
		list = append(list, p("2026-01-02", "", "police"))
	}
	s := transparency.Growth(list, "2026-12-31")
	var totals []int
	for _, point := range s.Points {
		totals = append(totals, point.Total)
	}
	if !slices.Equal(totals, []int{2, 1, 1, 1, 1, 20}) || s.Points[0].Partner["police"] != 1 || s.Undated != 1 {
		t.Errorf("%v, %+v", totals, s)
	}
	if s.Factor != "10.00" || s.Yearly != "58.49" {
		t.Errorf("tenfold in five years is %s times, %s %% a year", s.Factor, s.Yearly)
	}
	if s := transparency.Growth(list, "2020-01-01"); len(s.Points) != 0 {
		t.Errorf("before the first: %+v", s)
	}
}

// TestCompareClaims protects RG-10: what cannot be compared is counted, and only what is
// above the official figure beyond chance is called so.
func TestCompareClaims(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	active := store.Origin{State: "active"}
	list := []*transparency.Claim{
		{Origin: active, Standing: "made", Told: n(300), Actual: n(100)},
		{Origin: active, Standing: "made", Told: n(3), Actual: n(2)},
		{Origin: active, Standing: "made", Told: n(5), Actual: n(0)},
		{Origin: active, Standing: "made", Told: n(3)},
		{Origin: store.Origin{State: "ended"}, Standing: "made", Told: n(9), Actual: n(1)},
	}
	out, without := transparency.CompareClaims(list)
	if len(out) != 3 || without != 1 {
		t.Fatalf("%d compared, %d not", len(out), without)
	}
	if out[0].Ratio != "3.00" || !out[0].Above || out[1].Ratio != "" || out[1].High != "" || out[2].Above {
		t.Errorf("%+v", out)
	}
}

// TestPrevalences protects RG-08: a sample bounds what it was drawn from, and counts that
// cannot be are no sample.
func TestPrevalences(t *testing.T) {
	active := store.Origin{State: "active", ValidFrom: "2026-01-01"}
	out, impossible := transparency.Prevalences([]*transparency.ContentSample{
		{Origin: active, Population: 10000, Drawn: 100, Breaching: 0},
		{Origin: store.Origin{State: "active", ValidFrom: "2025-01-01"}, Population: 10000, Drawn: 200, Breaching: 20, Reported: 5, Acted: 2, Repeat: 1},
		{Origin: active, Population: 50, Drawn: 100, Breaching: 1},
		{Origin: active, Population: 500, Drawn: 100, Breaching: 1, Acted: 2},
		{Origin: active},
	})
	if len(out) != 2 || impossible != 3 {
		t.Fatalf("%d samples, %d impossible", len(out), impossible)
	}
	if out[0].Percent != "10.00" || out[0].Reported != "25.00" || out[0].Acted != "10.00" || out[1].Low != "0.00" || out[1].High != "3.62" {
		t.Errorf("%+v", out)
	}
}
