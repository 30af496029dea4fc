package bundle

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/packs"
)

// The kinds that ratings rest on, with the fields that a verifier looks at. A
// statement's value has a class of its own here, so that it can be withheld alone.
type (
	customerRecord struct {
		State  string `duly:"state,public,enum=active|ended"`
		Sector string `duly:"sector,customer"`
		Name   string `duly:"name,customer"`
	}
	factRecord struct {
		Fact  string        `duly:"fact,customer"`
		Value ledger.Scalar `duly:"value,security"`
	}
	ratingRecord struct {
		Method    string   `duly:"method,public,hash"`
		Engine    int64    `duly:"engine,public"`
		Day       string   `duly:"day,public,date"`
		Best      string   `duly:"best,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
		Worst     string   `duly:"worst,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
		Inherent  string   `duly:"inherent,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
		Severity  int64    `duly:"severity,public"`
		Sum       int64    `duly:"sum,public"`
		Left      int64    `duly:"likelihood,public"`
		Tier      string   `duly:"tier,public,enum=SDD|CDD|EDD|EDD+GB"`
		HardStops []string `duly:"hard_stops,public,enum=HS-L1|HS-L2"`
		Pending   bool     `duly:"pending,public"`
		Known     int64    `duly:"known,public"`
		Facts     int64    `duly:"facts,public"`
		Outcome   string   `duly:"outcome,public,enum=approve|approve_with_conditions|escalate|suspend|prohibited_legal|pending"`
		Review    int64    `duly:"review_months,public"`
		Inputs    []string `duly:"inputs,customer"`
		Missing   []string `duly:"missing,customer"`
		Trace     string   `duly:"trace,customer"`
	}
)

var (
	customerKind = ledger.Define[customerRecord]("customer", 1)
	factKind     = ledger.Define[factRecord]("fact", 1)
	ratingKind   = ledger.Define[ratingRecord]("rating", 1)
)

// ratedLog is a log with one rating by RM-1: a police customer that already runs
// face search and is matched with a sanctions list. The sector is read from the
// customer's record at 2, the rest from statements at 3 to 5.
type ratedLog struct {
	*testLog
	rating int
	record ratingRecord
}

const atSector, atCapability, atExisting, atMatch = 2, 3, 4, 5

// rated makes the log; change may falsify the rating before it is sealed.
func rated(t *testing.T, change func(*ratingRecord)) *ratedLog {
	t.Helper()
	content, err := packs.Files.ReadFile("methods/rm-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("rm-1.yaml", content)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rating.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	l := &ratedLog{testLog: newLog(t, 1)}
	l.packs[p.Hash] = content
	add(l.testLog, packKind, l.id(), &packRecord{SHA256: p.Hash, State: "in_force", Title: "RM-1"})
	in := rating.Inputs{}
	name := func(fact string, at int, field string, value ledger.Scalar) string {
		f, known := m.Fact(fact)
		if !known {
			t.Fatalf("RM-1 has no fact %s", fact)
		}
		in[fact] = InputValue(f, value)
		i := slices.IndexFunc(l.rows[at].schema.Sealed, func(f ledger.Field) bool { return f.Name == field })
		return fmt.Sprintf("%s %d %s %s", fact, at, field, l.rows[at].digests[i])
	}
	add(l.testLog, customerKind, l.id(), &customerRecord{State: "active", Sector: "policing", Name: "no real agency"})
	inputs := []string{name("customer.sector", atSector, "sector", ledger.Text("policing"))}
	for _, s := range []factRecord{
		{"deployment.capability", ledger.Text("face_search")}, {"deployment.existing", ledger.Bool(true)}, {"screening.list_match", ledger.Text("confirmed")},
	} {
		inputs = append(inputs, name(s.Fact, add(l.testLog, factKind, l.id(), &s), "value", s.Value))
	}
	r, err := m.Rate(in)
	if err != nil {
		t.Fatal(err)
	}
	l.record = ratingRecord{
		Method: p.Hash, Engine: EngineNumber(), Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(), Inherent: r.Worst.Inherent.String(),
		Severity: int64(r.Worst.S), Sum: int64(r.Worst.Sum), Left: int64(r.Worst.LR), Tier: r.Tier, HardStops: r.HardStops, Pending: r.Pending,
		Known: int64(r.Known), Facts: int64(r.Total), Outcome: Outcome(r.Decision), Review: int64(r.Review), Inputs: inputs, Missing: r.Missing, Trace: Trace(&r),
	}
	if change != nil {
		change(&l.record)
	}
	l.rating = add(l.testLog, ratingKind, l.id(), &l.record)
	return l
}

// TestRatingsAreComputedAgain protects against a rating that its inputs do not
// give. The company makes each false one itself, with its own key; a bundle that
// shows all, and where it says so one that shows a part, gives it away.
func TestRatingsAreComputedAgain(t *testing.T) {
	honest := rated(t, nil)
	if !slices.Equal(honest.record.HardStops, []string{"HS-L1"}) || honest.record.Outcome != "prohibited_legal" {
		t.Fatalf("the rating is not the one that the cases below are about: %+v", honest.record)
	}
	all, part := ledger.Classes, []ledger.Class{ledger.Customer}
	for want, classes := range map[Replays][]ledger.Class{{Exact: 1}: all, {Consistent: 1}: part, {NotReplayed: 1}: nil} {
		if r, err := verify(honest.bundle(classes...), Trust{}); err != nil || r.Counts.Ratings != want {
			t.Errorf("an honest rating with %v disclosed: %v, want %+v", classes, err, want)
		}
	}
	input := func(i int, from, to string) func(*ratingRecord) {
		return func(r *ratingRecord) { r.Inputs[i] = strings.Replace(r.Inputs[i], from, to, 1) }
	}
	for name, c := range map[string]struct {
		change  func(*ratingRecord)
		classes []ledger.Class
		want    string
	}{
		"a better band":                    {func(r *ratingRecord) { r.Worst = "LOW" }, all, "its inputs give"},
		"another outcome":                  {func(r *ratingRecord) { r.Outcome = "approve" }, all, "says outcome"},
		"another tier":                     {func(r *ratingRecord) { r.Tier = "SDD" }, all, "says tier"},
		"a hard stop dropped":              {func(r *ratingRecord) { r.HardStops = nil }, all, "says hard_stops"},
		"a hard stop more":                 {func(r *ratingRecord) { r.HardStops = []string{"HS-L1", "HS-L2"} }, all, "says hard_stops"},
		"pending turned round":             {func(r *ratingRecord) { r.Pending = !r.Pending }, all, "says pending"},
		"more facts known":                 {func(r *ratingRecord) { r.Known++ }, all, "says known"},
		"a later review":                   {func(r *ratingRecord) { r.Review = 36 }, all, "says review_months"},
		"another trace":                    {func(r *ratingRecord) { r.Trace = strings.Replace(r.Trace, "true", "none", 1) }, all, "trace is not"},
		"a missing fact hidden":            {func(r *ratingRecord) { r.Missing = r.Missing[1:] }, all, "are missing"},
		"an input left out":                {func(r *ratingRecord) { r.Inputs = r.Inputs[:3] }, all, "its inputs give"},
		"an input twice":                   {func(r *ratingRecord) { r.Inputs = append(r.Inputs, r.Inputs[0]) }, all, "two inputs for customer.sector"},
		"another digest":                   {input(3, honest.rows[atMatch].digests[1].String(), strings.Repeat("0", 64)), all, "is not what that entry commits to"},
		"a field in clear as its value":    {input(0, "sector "+honest.rows[atSector].digests[0].String(), "state public"), all, "does not state the rating's fact"},
		"another field of the record":      {input(0, "sector "+honest.rows[atSector].digests[0].String(), "name "+honest.rows[atSector].digests[1].String()), all, "does not state the rating's fact"},
		"the statement of another fact":    {input(2, "deployment.existing", "customer.refuses"), all, "does not state the rating's fact"},
		"the same, its value withheld":     {input(2, "deployment.existing", "customer.refuses"), part, "does not state the rating's fact"},
		"what the statement is about":      {input(3, "value", "fact"), all, "does not state the rating's fact"},
		"an entry that is not there yet":   {input(3, fmt.Sprint(" ", atMatch, " "), " 6 "), all, "of a later entry"},
		"an entry before all":              {input(3, fmt.Sprint(" ", atMatch, " "), " -1 "), all, "is not in the bundle"},
		"a fact that the method has not":   {input(3, "screening.list_match", "screening.nothing"), all, "malformed"},
		"arithmetic of the future":         {func(r *ratingRecord) { r.Engine = EngineNumber() + 1 }, all, "never released"},
		"the same, with nothing disclosed": {func(r *ratingRecord) { r.Engine = EngineNumber() + 1 }, nil, "never released"},
		"no arithmetic":                    {func(r *ratingRecord) { r.Engine = 0 }, all, "never released"},
		"a method that is not there":       {func(r *ratingRecord) { r.Method = hexSum(nil) }, all, "is not in the bundle"},
		"an interval turned round":         {func(r *ratingRecord) { r.Best, r.Worst = "HIGH", "LOW" }, part, "allow only"},
	} {
		l := rated(t, c.change)
		everyRange(t, l.testLog, c.classes...)
		_, err := verify(l.bundle(c.classes...), Trust{})
		if fault.CodeOf(err) != fault.Broken || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
}

// TestDatedMethodsReplayOnTheirDay protects a rating by a method whose parts hold for
// a time only: it is computed again for the day that it names, and another day would
// give another result.
func TestDatedMethodsReplayOnTheirDay(t *testing.T) {
	content, err := os.ReadFile("../rating/testdata/engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("engine-2.yaml", content)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rating.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	const day = "2025-12-31" // the ban has ended
	r, err := m.RateOn(day, rating.Inputs{"banned": rating.Known(true)})
	if err != nil || len(r.HardStops) > 0 {
		t.Fatalf("%v %v", r.HardStops, err)
	}
	for said, want := range map[string]string{day: "", "2025-10-15": "its inputs give", "": "its inputs give"} {
		l := newLog(t, 1)
		l.packs[p.Hash] = content
		add(l, packKind, l.id(), &packRecord{SHA256: p.Hash, State: "in_force", Title: "dated"})
		at := add(l, factKind, l.id(), &factRecord{"banned", ledger.Bool(true)})
		i := slices.IndexFunc(l.rows[at].schema.Sealed, func(f ledger.Field) bool { return f.Name == "value" })
		add(l, ratingKind, l.id(), &ratingRecord{
			Method: p.Hash, Engine: EngineNumber(), Day: said, Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(), Inherent: r.Worst.Inherent.String(),
			Severity: int64(r.Worst.S), Sum: int64(r.Worst.Sum), Left: int64(r.Worst.LR), Tier: r.Tier, Pending: r.Pending,
			Known: int64(r.Known), Facts: int64(r.Total), Outcome: Outcome(r.Decision), Review: int64(r.Review),
			Inputs: []string{fmt.Sprintf("banned %d value %s", at, l.rows[at].digests[i])}, Missing: r.Missing, Trace: Trace(&r),
		})
		report, err := verify(l.bundle(ledger.Classes...), Trust{})
		if want == "" && (err != nil || report.Counts.Ratings != Replays{Exact: 1}) {
			t.Errorf("on its day: %v, %v", report, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("on %q: want %q, got %v", said, want, err)
		}
	}
}

// TestWithheldInputsDoNotHideAHardStop protects what one disclosed fact settles
// alone: with another fact erased, the stop that it raises must still be shown, and
// none that it rules out.
func TestWithheldInputsDoNotHideAHardStop(t *testing.T) {
	for want, change := range map[string]func(*ratingRecord){
		"":                                  nil,
		"does not show the hard stop HS-L1": func(r *ratingRecord) { r.HardStops = nil },
	} {
		l := rated(t, change)
		l.erase(atExisting, 1)
		r, err := verify(l.bundle(ledger.Classes...), Trust{})
		if want == "" && (err != nil || r.Counts.Ratings != Replays{Consistent: 1}) {
			t.Errorf("an honest rating with an input erased: %+v, %v", r, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestDecisionsFitTheirRatings protects what a decision says it rests on, against
// the person who signs it and the company together.
func TestDecisionsFitTheirRatings(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *ratedLog, d *decisionRecord, key ledger.PersonKey)
		want   string // "" when it holds
	}{
		"as it should be":             {func(*ratedLog, *decisionRecord, ledger.PersonKey) {}, ""},
		"more than the rating allows": {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Act = "approve" }, `decides "approve" where the rating calls for "prohibited_legal"`},
		"a legal stop passed on":      {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Act = "escalate" }, `decides "escalate"`},
		"no outcome":                  {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Outcome = "" }, `calls for ""`},
		"a milder outcome":            {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Act, d.Outcome = "approve", "approve" }, "it says outcome approve, the rating"},
		"a lower tier":                {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Tier = "SDD" }, "it says tier SDD"},
		"a lower residual":            {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Residual = "LOW" }, "it says residual LOW"},
		"a hard stop dropped":         {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.HardStops = nil }, "it says hard_stops"},
		"more signatures than it has": {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Signatures = 2 }, "says that 2 people signed it, 1 did"},
		"in another person's name":    {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.By = strings.Repeat("c", 24) }, "names another person"},
		"by whoever prepared it":      {func(_ *ratedLog, d *decisionRecord, key ledger.PersonKey) { d.Preparer = key.ID() }, "whoever prepared"},
		"the same, though not said": {func(l *ratedLog, d *decisionRecord, key ledger.PersonKey) {
			l.edit(l.rating, func(r *ledger.Leaf) { r.Actor = key.ID() })
			d.Rating = l.hash(l.rating)
		}, "whoever prepared"},
		"on an entry that is no rating": {func(l *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Rating = l.hash(atSector) }, "no earlier rating"},
		"on no rating":                  {func(_ *ratedLog, d *decisionRecord, _ ledger.PersonKey) { d.Rating = "" }, "no earlier rating"},
	} {
		l := rated(t, nil)
		d, key := l.decline()
		c.change(l, d, key)
		add(l.testLog, decisionKind, l.id(), d, key)
		audiences := [][]ledger.Class{ledger.Classes, nil}
		if strings.Contains(name, "person's name") || name == "by whoever prepared it" {
			audiences = audiences[:1] // what is false is sealed
		}
		for _, classes := range audiences {
			everyRange(t, l.testLog, classes...)
			_, err := verify(l.bundle(classes...), Trust{})
			if c.want == "" && err != nil {
				t.Errorf("%s, %v disclosed: %v", name, classes, err)
			}
			if c.want != "" && (fault.CodeOf(err) != fault.Broken || err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s, %v disclosed: want %q, got %v", name, classes, c.want, err)
			}
		}
	}
}

// decline adds an approver and drafts that person's decision on the log's rating.
func (l *ratedLog) decline() (*decisionRecord, ledger.PersonKey) {
	key := l.person("approver")
	return &decisionRecord{
		Act: "decline", Outcome: l.record.Outcome, Tier: l.record.Tier, Residual: l.record.Worst, HardStops: l.record.HardStops,
		Signatures: 1, Rating: l.hash(l.rating), By: key.ID(), Preparer: strings.Repeat("a", 24),
	}, key
}

// TestTheRatingUnderADecisionCannotBeReplaced protects whoever signed: the holder of
// the log's own key makes the whole log again with another rating where the first
// one stood, one that agrees with all that the decision says, and keeps the
// signature.
func TestTheRatingUnderADecisionCannotBeReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*ratingRecord)
		classes []ledger.Class
	}{
		"the same, sealed again":                {func(*ratingRecord) {}, ledger.Classes},
		"the same, nothing disclosed":           {func(*ratingRecord) {}, nil},
		"more facts known, nothing disclosed":   {func(r *ratingRecord) { r.Known++ }, nil},
		"other inputs, nothing disclosed":       {func(r *ratingRecord) { r.Inputs = r.Inputs[1:] }, nil},
		"a later review, only people disclosed": {func(r *ratingRecord) { r.Review = 36 }, []ledger.Class{ledger.Personal}},
	} {
		l := rated(t, nil)
		d, key := l.decline()
		add(l.testLog, decisionKind, l.id(), d, key)
		trust := Trust{Key: l.key.Public()}
		if _, err := verify(l.bundle(c.classes...), trust); err != nil {
			t.Fatalf("%s: the honest log: %v", name, err)
		}
		twin := l.record
		c.change(&twin)
		first, err := ledger.ParseLeaf(l.rows[l.rating].leaf)
		if err != nil {
			t.Fatal(err)
		}
		at := add(l.testLog, ratingKind, first.ID, &twin)
		l.edit(at, func(leaf *ledger.Leaf) { leaf.Rev, leaf.Prev, leaf.Time = 1, ledger.Hash{}, first.Time })
		l.rows[l.rating], l.rows = l.rows[at], l.rows[:at]
		_, err = verify(l.bundle(c.classes...), trust)
		if err == nil || !strings.Contains(err.Error(), "no earlier rating") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want that problem alone, got %v", name, err)
		}
	}
}

// TestARatingComesBeforeItsDecision protects against a rating that is written to
// fit a decision: the one that it names must stand before it.
func TestARatingComesBeforeItsDecision(t *testing.T) {
	l := rated(t, nil)
	d, key := l.decline()
	add(l.testLog, decisionKind, l.id(), d, key)
	late := l.rows[l.rating]
	l.rows = append(slices.Delete(l.rows, l.rating, l.rating+1), late)
	if _, err := verify(l.bundle(), Trust{}); err == nil || !strings.Contains(err.Error(), "no earlier rating") {
		t.Errorf("a decision on a rating yet to come: %v", err)
	}
}

// TestADecisionCannotBeTurnedRound protects a decision from whoever holds the
// log's own key and makes the whole log again.
func TestADecisionCannotBeTurnedRound(t *testing.T) {
	l := newLog(t, 1)
	key := l.person("approver")
	rated := add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber(), Outcome: "approve"})
	at := add(l, decisionKind, l.id(), &decisionRecord{Act: "decline", Outcome: "approve", Signatures: 1, Rating: l.hash(rated)}, key)
	l.edit(at, public("decline", "approve"))
	if _, err := verify(l.bundle(), Trust{Key: l.key.Public()}); err == nil || !strings.Contains(err.Error(), "does not fit what the entry says") {
		t.Errorf("a decision turned round: %v", err)
	}
}
