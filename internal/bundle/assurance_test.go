package bundle

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/stats"
)

// office is a log with an engagement that has started: 60 deployments of which 45 are
// rated, frozen, of which 40 were drawn; and the billing compared, with nothing missing.
type office struct {
	*testLog
	board, assessor ledger.PersonKey
	terms           string
	began, engaged  string // the records of the start and of the newest engagement
	from            int64  // behind a balance that stands before the population
	frozen          *Population
	population      string
	seed            ledger.Hash // the root that draws rest on
	position        int64
	draws           int64
	sample          string // leaf hash of the newest draw
	had             map[string]bool
}

var secretOfOffice = [32]byte{7}

func newOffice(t *testing.T) *office {
	l := newLog(t, 7)
	o := &office{testLog: l, board: l.person("governing_body"), assessor: l.person("assessor"), had: map[string]bool{}}
	o.terms = o.approve(70)
	add(l, independenceKind, l.id(), &independenceRecord{State: "declared", Terms: o.terms, Ties: []string{"funding"}, Appointed: "outside", Removed: "outside", Flagged: true}, o.assessor)
	o.began = l.id()
	add(l, assignmentKind, o.began, &assignmentRecord{"started", o.terms, 1, 1}, o.assessor)
	for i := range 60 {
		if i == 40 {
			o.from = int64(l.balance(nil)) + 1
		}
		add(l, deploymentKind, l.id(), &deploymentRecord{"active"})
		if i < 45 {
			add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber(), Outcome: "approve"})
		}
	}
	l.time += (120 * 24 * time.Hour).Microseconds() // the period is over
	o.freeze()
	add(l, itemKind, l.id(), &item{State: "active"}) // what somebody else enters seeds the draws
	o.seed, o.position = l.root(l.size()), l.size()
	o.draw(40)
	o.compare(100, 0)
	return o
}

// end concludes the engagement.
func (o *office) end() {
	add(o.testLog, assignmentKind, o.began, &assignmentRecord{"concluded", o.terms, 1, 1}, o.assessor)
}

// second gives another assessor who takes part.
func (o *office) second() ledger.PersonKey {
	key := o.person("assessor")
	add(o.testLog, independenceKind, o.id(), &independenceRecord{State: "declared", Terms: o.terms, Appointed: "outside", Removed: "outside"}, key)
	return key
}

// withheld gives a redaction of the price of items.
func (o *office) withheld() redactionRecord {
	return redactionRecord{o.terms, "withheld", itemKind.Schema().Hash().String(), 2, "trade_secret", "competition"}
}

// approve drafts terms of another engagement and has them approved.
func (o *office) approve(required int64) string {
	o.engaged = o.id()
	id, r := o.engaged, engagementRecord{"draft", "limited", required, "2026-01-01", "2026-12-31", "2027-12-31"}
	add(o.testLog, engagementKind, id, &r, o.board)
	r.State = "approved"
	return o.hash(add(o.testLog, engagementKind, id, &r, o.board))
}

// freeze takes the population.
func (o *office) freeze() {
	o.frozen = NewPopulation("2026-01-01", "2026-12-31")
	for _, row := range o.rows {
		leaf, err := ledger.ParseLeaf(row.leaf)
		if err != nil {
			o.t.Fatal(err)
		}
		o.frozen.Add(leaf)
	}
	tally := o.frozen.Tally()
	n := tally.Public()
	o.population = o.hash(add(o.testLog, sizedKind, o.id(), &sizedRecord{
		Terms: o.terms, From: "2026-01-01", Upto: "2026-12-31", Size: o.size(), Root: o.root(o.size()).String(), Commitment: Commitment(secretOfOffice), Hash: tally.Hash,
		Deployments: n["deployments"], Ratings: n["ratings"],
	}, o.assessor))
}

// draw draws more deployments.
func (o *office) draw(size int) {
	o.draws++
	link := Link(secretOfOffice, o.draws)
	s := o.frozen.Draw("deployment", Seed(link, o.seed.String(), "deployment", o.draws), size, o.had)
	for _, id := range s.Drawn {
		o.had[id] = true
	}
	o.sample = o.hash(add(o.testLog, takenKind, o.id(), &takenRecord{
		State: "drawn", Wanted: int64(size),
		Population: o.population, Draw: o.draws, Of: "deployment", Secret: link, Root: o.seed.String(), Position: o.position, Size: int64(len(s.Drawn)), From: s.Rest,
		Strata: s.Strata, Hash: s.Hash,
	}, o.assessor))
}

// compare compares the billing: so many rows, of which some are missing from the log.
func (o *office) compare(rows, missing int64) {
	add(o.testLog, reconciliationKind, o.id(), &reconciliationRecord{Terms: o.terms, Of: "account", Rows: rows, Known: rows - missing, Missing: missing}, o.assessor)
}

func exactly[T any](value T) *T { return &value }

// sampled gives a test of a control on what was drawn, with its bound.
func (o *office) sampled(control byte, items, deviations int64, conclusion string) controlTestRecord {
	bound, err := stats.Most(60, items, deviations, Confidence)
	if err != nil {
		o.t.Fatal(err)
	}
	return controlTestRecord{
		Day: o.day(0), Terms: o.terms, Control: hexSum([]byte{control}), Of: "operation", How: "sample", Conclusion: conclusion, Sample: o.sample, Population: 60,
		Items: items, Kept: items - deviations, Deviations: deviations, Tolerable: 1000, Bound: &bound, Causes: []string{"people", "people", "people"}[:deviations],
	}
}

func (o *office) inspected(control byte, conclusion string) controlTestRecord {
	return controlTestRecord{Day: o.day(0), Terms: o.terms, Control: hexSum([]byte{control}), Of: "design", How: "inspection", Conclusion: conclusion, Tolerable: 500, Causes: []string{}}
}

func (o *office) test(r controlTestRecord) int {
	return add(o.testLog, controlTestKind, o.id(), &r, o.assessor)
}

// harmful gives an impact that the company contributes to, with its plan.
func (o *office) harmful() impactRecord {
	return impactRecord{
		Terms: o.terms, State: "held", Actual: true, Right: "liberty", Groups: []string{"journalists"}, Scale: 4, Scope: 2, Irremediable: 3,
		Involvement: "contribute", Remedy: "required", PlanDue: "2027-09-30", Bases: []string{"telemetry"},
	}
}

func (o *office) impact(r impactRecord) { add(o.testLog, impactKind, o.id(), &r, o.assessor) }

// answer gives an answer on four deployments of which three were examined.
func (o *office) answer(question, conclusion string) determinationRecord {
	return determinationRecord{
		Terms: o.terms, Question: question, Conclusion: conclusion, Level: "limited", Population: 60, Examined: 45, Coverage: 7500, Required: 7000, Controls: 2, Untested: 2,
	}
}

func (o *office) determine(r determinationRecord, by ...ledger.PersonKey) string {
	return o.hash(add(o.testLog, determinationKind, o.id(), &r, append(by, o.assessor)[0]))
}

// TestAnAssessorsWorkFollows protects readers of an assessor's report from what does not
// follow, whoever signed it: but for the list of results, every rule is checked from fields
// in clear, in a bundle that shows nothing else (RS-06, RS-07, RS-08, RS-12, RS-13), and in
// one of the part behind a balance.
func TestAnAssessorsWorkFollows(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(o *office)
		want  string         // "" when it verifies
		shown []ledger.Class // beside what is in clear
	}{
		"a whole engagement": {do: func(o *office) {
			o.test(o.inspected(1, "effective"))
			o.test(o.sampled(1, 40, 0, "effective"))
			o.test(o.inspected(2, "absent"))
			o.impact(o.harmful())
			a := o.answer("contribution", "partly")
			a.Effective, a.Absent, a.Untested, a.Involved = 1, 1, 0, 1
			d := o.determine(a)
			add(o.testLog, dissentKind, o.id(), &dissentRecord{d, "yes"}, o.second())
			p := a
			p.Question = "process"
			o.determine(p)
		}},
		"an inspection of more than anybody counts through": {do: func(o *office) {
			r := o.inspected(1, "not_effective")
			r.Items, r.NotTestable = 4e15, 4e15
			o.test(r)
		}},
		"signed by the company": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			add(o.testLog, controlTestKind, o.id(), &r, o.board)
		}, want: "whose roles do not allow this: control_test"},
		"signed by an assessor who also approves": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			add(o.testLog, controlTestKind, o.id(), &r, o.person("assessor", "approver"))
		}, want: "whose roles do not allow this: control_test"},
		"terms that nobody approved": {do: func(o *office) {
			o.terms = o.hash(add(o.testLog, engagementKind, o.id(), &engagementRecord{"draft", "limited", 1, "2026-01-01", "2026-12-31", "2027-12-31"}, o.board))
			o.test(o.inspected(1, "effective"))
		}, want: "never approved"},

		"items that do not add up": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Kept = 39
			o.test(r)
		}, want: "do not add up"},
		"a deviation without a root cause": {do: func(o *office) {
			r := o.sampled(1, 40, 1, "not_effective")
			r.Causes = []string{}
			o.test(r)
		}, want: "1 deviations and 0 root causes"},
		"a bound made smaller": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Bound = exactly[int64](4)
			o.test(r)
		}, want: "bounds the deviations at 5, it says 4"},
		"effective with a deviation": {do: func(o *office) { o.test(o.sampled(1, 40, 1, "effective")) }, want: "7 at most deviate"},
		"results that are others": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Results = []string{"a=deviation"}
			o.test(r)
		}, want: "not those of its results", shown: []ledger.Class{ledger.Security}},
		"extended until it fits": {do: func(o *office) {
			first := o.test(o.sampled(1, 40, 1, "extend"))
			o.draw(15)
			r := o.sampled(1, 55, 1, "effective")
			r.Extends = o.hash(first)
			o.test(r)
		}},
		"drawn anew instead of extended": {do: func(o *office) {
			o.test(o.sampled(1, 40, 1, "not_effective"))
			o.draw(15)
			o.test(o.sampled(1, 55, 0, "effective"))
		}, want: "tested before"},
		"an extension that forgets": {do: func(o *office) {
			first := o.test(o.sampled(1, 40, 1, "extend"))
			o.draw(15)
			r := o.sampled(1, 55, 0, "effective")
			r.Extends = o.hash(first)
			o.test(r)
		}, want: "drops something"},
		"tested on fewer than were drawn": {do: func(o *office) {
			o.draw(15)
			o.test(o.sampled(1, 40, 0, "effective"))
		}, want: "not on all that was drawn"},
		"tested on what was drawn first alone": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			o.draw(15)
			o.test(r)
		}, want: "not on all that was drawn"},
		"tested on what nobody drew": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Sample = hexSum(nil)
			o.test(r)
		}, want: "not on all that was drawn"},
		"a test that was changed": {do: func(o *office) {
			id, bad, good := o.id(), o.sampled(1, 40, 1, "not_effective"), o.sampled(1, 40, 0, "effective")
			add(o.testLog, controlTestKind, id, &bad, o.assessor)
			add(o.testLog, controlTestKind, id, &good, o.assessor)
		}, want: "a control_test was changed"},
		"more than the log has by rule": {do: func(o *office) {
			o.test(controlTestRecord{
				Day: o.day(0), Terms: o.terms, Control: hexSum(nil), Of: "operation", How: "whole", Conclusion: "effective", Population: 1_000_000, Items: 1_000_000, Kept: 1_000_000, Bound: exactly[int64](0), Causes: []string{},
			})
		}, want: "a rule of the verifier"},

		"harm without a right": {do: func(o *office) {
			r := o.harmful()
			r.Right = ""
			o.impact(r)
		}, want: "names a right"},
		"harm to nobody": {do: func(o *office) {
			r := o.harmful()
			r.Groups = []string{}
			o.impact(r)
		}, want: "those affected"},
		"harm without a component of severity": {do: func(o *office) {
			r := o.harmful()
			r.Scope = 0
			o.impact(r)
		}, want: "severity from 1 to 5"},
		"a contribution without a plan": {do: func(o *office) {
			r := o.harmful()
			r.PlanDue = ""
			o.impact(r)
		}, want: "no plan"},
		"a contribution that nobody puts right": {do: func(o *office) {
			r := o.harmful()
			r.Remedy = "not_required"
			o.impact(r)
		}, want: "puts it right"},
		"harm on the customer's word": {do: func(o *office) {
			r := o.harmful()
			r.Bases = []string{"stated"}
			o.impact(r)
		}, want: "what the customer says"},

		"no, below the required coverage": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Examined, a.Coverage = 30, 5000
			o.determine(a)
		}, want: "is indeterminate"},
		"no, with what is unmapped": {do: func(o *office) {
			a := o.answer("contribution", "no")
			o.compare(100, 10)
			a.Unmapped, a.Coverage = 1000, 6750
			o.determine(a)
		}, want: "is indeterminate"},
		"no, with enough": {do: func(o *office) { o.determine(o.answer("contribution", "no")) }},
		"indeterminate, below the required coverage": {do: func(o *office) {
			a := o.answer("contribution", "indeterminate")
			a.Examined, a.Coverage = 0, 0
			o.determine(a)
		}},
		"a coverage that is made up": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Coverage = 9000
			o.determine(a)
		}, want: "does not follow"},
		"examined more than was rated": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Examined, a.Coverage = 46, 7666
			o.determine(a)
		}, want: "does not rest on the population"},
		"another population than was frozen": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Population, a.Coverage = 45, 10000
			o.determine(a)
		}, want: "does not rest on the population"},
		"what is unmapped left out": {do: func(o *office) {
			o.compare(100, 10)
			o.determine(o.answer("contribution", "no"))
		}, want: "does not rest on the population"},
		"an engagement that has not started": {do: func(o *office) {
			o.terms = o.approve(70)
			o.test(o.inspected(1, "effective"))
		}, want: "has not started"},
		"a requirement made lower than the terms": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Required = 6000
			o.determine(a)
		}, want: "for 7000"},
		"terms lower than the verifier's floor": {do: func(o *office) {
			o.terms = o.approve(10)
			a := o.answer("contribution", "no")
			a.Required = 1000
			o.determine(a)
		}, want: "for 5000"},
		"another level than the terms": {do: func(o *office) {
			a := o.answer("contribution", "no")
			a.Level = "reasonable"
			o.determine(a)
		}, want: "another level"},
		"no, against an impact that is held": {do: func(o *office) {
			o.impact(o.harmful())
			a := o.answer("contribution", "no")
			a.Involved = 1
			o.determine(a)
		}, want: "1 impacts are held"},
		"an impact that is not counted": {do: func(o *office) {
			o.impact(o.harmful())
			o.determine(o.answer("contribution", "no"))
		}, want: "it counts 0 impacts"},
		"an impact that was withdrawn": {do: func(o *office) {
			id, r := o.id(), o.harmful()
			add(o.testLog, impactKind, id, &r, o.assessor)
			r.State = "withdrawn"
			add(o.testLog, impactKind, id, &r, o.assessor)
			o.determine(o.answer("contribution", "no"))
		}},
		"a failed control that is left out": {do: func(o *office) {
			o.test(o.inspected(1, "not_effective"))
			o.determine(o.answer("process", "indeterminate"))
		}, want: "not counted as they were tested"},
		"an effective process with an untested control": {do: func(o *office) {
			o.test(o.inspected(1, "effective"))
			o.test(o.sampled(1, 40, 0, "effective"))
			a := o.answer("process", "yes")
			a.Effective, a.Untested = 1, 1
			o.determine(a)
		}, want: "1 of 2 controls"},
		"answered again until it fits": {do: func(o *office) {
			o.impact(o.harmful())
			a := o.answer("contribution", "yes")
			a.Involved = 1
			o.determine(a)
			a.Conclusion = "partly"
			o.determine(a)
		}, want: "the answer stands"},

		"a dissent from oneself": {do: func(o *office) {
			d := o.determine(o.answer("contribution", "no"))
			add(o.testLog, dissentKind, o.id(), &dissentRecord{d, "indeterminate"}, o.assessor)
		}, want: "dissents from it"},
		"a dissent that agrees": {do: func(o *office) {
			d := o.determine(o.answer("contribution", "no"))
			add(o.testLog, dissentKind, o.id(), &dissentRecord{d, "no"}, o.second())
		}, want: "concludes the same"},
		"a dissent by somebody who has not declared": {do: func(o *office) {
			d := o.determine(o.answer("contribution", "no"))
			add(o.testLog, dissentKind, o.id(), &dissentRecord{d, "yes"}, o.person("assessor"))
		}, want: "who has declared no independence"},
		"a dissent after the end": {do: func(o *office) {
			d, other := o.determine(o.answer("contribution", "no")), o.second()
			o.end()
			add(o.testLog, dissentKind, o.id(), &dissentRecord{d, "yes"}, other)
		}, want: "after the engagement had ended"},
		"a dissent from nothing": {do: func(o *office) {
			add(o.testLog, dissentKind, o.id(), &dissentRecord{hexSum(nil), "no"}, o.assessor)
		}, want: "not there"},

		"a field that is withheld": {do: func(o *office) {
			at := add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.board)
			add(o.testLog, consentKind, o.id(), &consentRecord{o.hash(at), false}, o.assessor)
		}},
		"what stands in clear is withheld": {do: func(o *office) {
			add(o.testLog, redactionKind, o.id(), &redactionRecord{o.terms, "withheld", itemKind.Schema().Hash().String(), 5, "trade_secret", "competition"}, o.board)
		}, want: "may never be withheld"},
		"withheld under another class": {do: func(o *office) {
			add(o.testLog, redactionKind, o.id(), &redactionRecord{o.terms, "withheld", itemKind.Schema().Hash().String(), 0, "trade_secret", "competition"}, o.board)
		}, want: "which is of class customer"},
		"a reason that does not fit": {do: func(o *office) {
			add(o.testLog, redactionKind, o.id(), &redactionRecord{o.terms, "withheld", itemKind.Schema().Hash().String(), 2, "trade_secret", "privacy"}, o.board)
		}, want: "not withheld for the reason"},
		"a redaction that the assessor approves": {do: func(o *office) {
			add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.assessor)
		}, want: "whose roles do not allow this: redaction"},
		"a consent that the company gives": {do: func(o *office) {
			at := add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.board)
			add(o.testLog, consentKind, o.id(), &consentRecord{o.hash(at), true}, o.board)
		}, want: "whose roles do not allow this: redaction_consent"},
		"withheld twice": {do: func(o *office) {
			for range 2 {
				add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.board)
			}
		}, want: "withheld already"},
		"shown again, after the end too": {do: func(o *office) {
			id, r := o.id(), o.withheld()
			add(o.testLog, redactionKind, id, &r, o.board)
			o.end()
			r.State = "lifted"
			add(o.testLog, redactionKind, id, &r, o.board)
		}},
		"withheld after the end": {do: func(o *office) {
			o.end()
			add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.board)
		}, want: "after the engagement had ended"},
		"shown again as another field": {do: func(o *office) {
			id, r := o.id(), o.withheld()
			add(o.testLog, redactionKind, id, &r, o.board)
			r.State, r.Field, r.Class, r.Reason = "lifted", 3, "personal", "privacy"
			add(o.testLog, redactionKind, id, &r, o.board)
		}, want: "shown again once"},
		"a consent after the end": {do: func(o *office) {
			at := add(o.testLog, redactionKind, o.id(), exactly(o.withheld()), o.board)
			o.end()
			add(o.testLog, consentKind, o.id(), &consentRecord{o.hash(at), true}, o.assessor)
		}, want: "after the engagement had ended"},
		"one workpaper twice": {do: func(o *office) {
			for range 2 {
				add(o.testLog, workpaperKind, o.id(), &workpaperRecord{o.terms, hexSum([]byte("paper"))}, o.assessor)
			}
		}, want: "recorded before"},
		"a sample of a population under other terms": {do: func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			id := o.engaged
			again := engagementRecord{"draft", "limited", 70, "2026-01-01", "2026-12-31", "2027-12-31"}
			add(o.testLog, engagementKind, id, &again, o.board)
			again.State = "approved"
			r.Terms = o.hash(add(o.testLog, engagementKind, id, &again, o.board))
			o.test(r)
		}, want: "another population than that was drawn from"},
		"concluded before a population was frozen": {do: func(o *office) {
			again := engagementRecord{"draft", "limited", 70, "2026-01-01", "2026-12-31", "2027-12-31"}
			add(o.testLog, engagementKind, o.engaged, &again, o.board)
			again.State = "approved"
			a := o.answer("contribution", "indeterminate")
			a.Terms = o.hash(add(o.testLog, engagementKind, o.engaged, &again, o.board))
			o.determine(a)
		}, want: "before a population was frozen"},
		"an impact known from nothing": {do: func(o *office) {
			r := o.harmful()
			r.Bases, r.Actual = []string{}, false
			o.impact(r)
		}, want: "from what it is known"},
		"an impact that begins withdrawn": {do: func(o *office) {
			r := o.harmful()
			r.State = "withdrawn"
			o.impact(r)
		}, want: "held first"},
		"a consent to nothing": {do: func(o *office) {
			add(o.testLog, consentKind, o.id(), &consentRecord{hexSum(nil), true}, o.assessor)
		}, want: "a redaction that is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			c.do(o)
			for what, data := range map[string][]byte{"the whole": o.bundle(c.shown...), "a part": o.part(o.from, c.shown...)} {
				_, err := verify(data, Trust{})
				if c.want == "" && err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("%s: want %q, got %v", what, c.want, err)
				}
			}
		})
	}
}

// TestUnmapped protects the rate that lowers coverage: rounded up, all of an empty list, and
// for no number of rows does it wrap around and come out small.
func TestUnmapped(t *testing.T) {
	const wraps = 1_844_674_407_370_956 // times 10000 it is 8384 beyond 2^64
	for _, c := range []struct{ rows, lost, want int64 }{
		{100, 0, 0}, {100, 1, 100}, {3, 1, 3334}, {7, 7, Whole}, {0, 0, Whole}, {10, 11, Whole}, {10, -1, Whole}, {wraps * 2, wraps, Whole / 2},
	} {
		if got := Unmapped(c.rows, c.lost); got != c.want {
			t.Errorf("%d of %d: %d, not %d", c.lost, c.rows, got, c.want)
		}
	}
}

// TestNothingFavourableBelowTheCoverage protects RS-08 as a law: whatever else was found,
// no and effective are impossible below the required coverage, and indeterminate is always
// possible. More that is unmapped never raises coverage.
func TestNothingFavourableBelowTheCoverage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Basis{
			Coverage: rapid.Int64Range(0, Whole).Draw(t, "coverage"), Required: rapid.Int64Range(5000, Whole).Draw(t, "required"),
			Controls: rapid.Int64Range(0, 40).Draw(t, "controls"), Involved: rapid.Int64Range(0, 2).Draw(t, "involved"),
		}
		b.Effective = rapid.Int64Range(0, b.Controls).Draw(t, "effective")
		b.Failed = rapid.Int64Range(0, b.Controls-b.Effective).Draw(t, "failed")
		for _, q := range []struct{ question, favourable string }{{"contribution", "no"}, {"process", "yes"}} {
			if b.Coverage < b.Required && Determined(q.question, q.favourable, b) == "" {
				t.Errorf("%s is %s with %+v", q.question, q.favourable, b)
			}
			if what := Determined(q.question, "indeterminate", b); what != "" {
				t.Errorf("%s cannot be left open: %s", q.question, what)
			}
		}
		population := rapid.Int64Range(1, 1000).Draw(t, "population")
		examined := rapid.Int64Range(0, population).Draw(t, "examined")
		unmapped := rapid.Int64Range(0, Whole-1).Draw(t, "unmapped")
		if Covered(population, examined, unmapped+1) > Covered(population, examined, unmapped) {
			t.Error("more that is unmapped covers more")
		}
	})
}

// TestMoreDeviationsNeverHelp protects the conclusion of a test as a law: what is not
// effective with some deviations is not effective with more.
func TestMoreDeviationsNeverHelp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		population := rapid.Int64Range(1, 5000).Draw(t, "population")
		items := rapid.Int64Range(1, min(population, 300)).Draw(t, "items")
		missed := rapid.Int64Range(0, items-1).Draw(t, "missed")
		tolerable := rapid.Int64Range(0, 2000).Draw(t, "tolerable")
		grave := rapid.Int64Range(0, items-missed-1).Draw(t, "grave")
		f := Tested{How: "sample", Conclusion: "effective", Population: population, Items: items, Missed: missed, Grave: grave, Tolerable: tolerable}
		more := f
		more.Missed++
		if f.Refuses() != "" && more.Refuses() == "" {
			t.Error("one deviation more makes the control effective")
		}
	})
}
