package bundle

import (
	"strings"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// TestForgedAssessmentsAreRefused protects each sentence of docs/bundle.md on assessments
// that no other test breaks alone: each log here is honest but for one thing, and both
// verifiers find it.
func TestForgedAssessmentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(e *engagement)
		want string
	}{
		"terms that go on after they were withdrawn": {func(e *engagement) {
			e.approve()
			e.terms.State = "withdrawn"
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
			e.terms.State = "draft"
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "was withdrawn goes on"},
		"terms approved without a draft": {func(e *engagement) {
			e.terms.State, e.terms.Day = "approved", e.day(0)
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "were no draft"},
		"terms withdrawn that nobody stated": {func(e *engagement) {
			e.terms.State, e.terms.Day = "withdrawn", e.day(0)
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "nobody stated"},
		"other terms withdrawn than stood": {func(e *engagement) {
			e.approve()
			e.terms.State, e.terms.Spend = "withdrawn", 1
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "other terms are withdrawn"},
		"terms that state no state": {func(e *engagement) {
			e.terms.State, e.terms.Day = "", e.day(0)
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "does not state its state"},
		"terms without a level":         {func(e *engagement) { e.terms.Level = ""; e.approve() }, "does not state its level"},
		"terms of more than everything": {func(e *engagement) { e.terms.Cover = 101; e.approve() }, "do not fit together"},
		"terms of nothing":              {func(e *engagement) { e.terms.Cover = 0; e.approve() }, "do not fit together"},
		"a budget below nothing":        {func(e *engagement) { e.terms.Spend = -1; e.approve() }, "do not fit together"},
		"older terms while a draft stands": {func(e *engagement) {
			e.start()
			old := e.hash(e.at)
			e.approve()
			e.terms.State = "draft"
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
			add(e.testLog, effortKind, e.id(), &effortRecord{Terms: old, Minutes: 1}, e.ida)
		}, "not in force any more"},
		"one who does not say who appointed": {func(e *engagement) {
			e.approve()
			add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Removed: "governing_body"}, e.ida)
		}, "does not state its appointed_by"},
		"a flag left out for who appointed": {func(e *engagement) {
			e.approve()
			add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "management", Removed: "governing_body"}, e.ida)
		}, "otherwise of a conflict"},
		"a flag that nothing gives cause for": {func(e *engagement) {
			e.approve()
			add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body", Flagged: true}, e.ida)
		}, "otherwise of a conflict"},
		"a fee below nothing": {func(e *engagement) {
			e.approve()
			add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body", Fee: -1}, e.ida)
		}, "below nothing"},
		"less than nothing left to others": {func(e *engagement) {
			e.approve()
			add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body", Recusals: -1}, e.ida)
		}, "below nothing"},
		"a declaration taken to another engagement": {func(e *engagement) {
			e.approve()
			id, r := e.id(), tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}
			add(e.testLog, tiesKind, id, &r, e.ida)
			e.matter = e.id()
			e.approve()
			r.Terms = e.hash(e.at)
			add(e.testLog, tiesKind, id, &r, e.ida)
		}, "in another engagement"},
		"a start with more assessors than declared": {func(e *engagement) {
			e.declare()
			add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 2, Flagged: 1}, e.ida)
		}, "declared are 1 and 1"},
		"a start with fewer flags": {func(e *engagement) {
			e.declare()
			add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1}, e.ida)
		}, "declared are 1 and 1"},
		"an answer signed by the assessor": {func(e *engagement) { e.asked("answered", e.ida, 0, false) }, "signed by the other side"},
		"a question signed by the company": {func(e *engagement) {
			e.start()
			add(e.testLog, requestKind, e.id(), &requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(7)}, e.chair)
		}, "signed by the other side"},
		"an answer in another engagement": {func(e *engagement) {
			e.start()
			id, r := e.id(), requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(7)}
			add(e.testLog, requestKind, id, &r, e.ida)
			e.matter = e.id()
			e.approve()
			r.Terms, r.State, r.Answered = e.hash(e.at), "answered", e.day(0)
			add(e.testLog, requestKind, id, &r, e.chair)
		}, "in its engagement"},
		"a second start like the first": {func(e *engagement) {
			e.start()
			add(e.testLog, startKind, e.began, &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1, Flagged: 1}, e.ida)
		}, "started a second time"},
		"a second start in a record of its own": {func(e *engagement) {
			e.start()
			add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1, Flagged: 1}, e.ida)
		}, "started a second time"},
		"work before the start": {func(e *engagement) {
			e.declare()
			add(e.testLog, effortKind, e.id(), &effortRecord{Terms: e.hash(e.at), Minutes: 1}, e.ida)
		}, "has not started"},
		"a second draw in the record of the first": {func(e *engagement) {
			at, had, id := e.ready(), map[string]bool{}, e.id()
			add(e.testLog, drawnKind, id, e.drawn(at, 1, "account", 10, had), e.ida)
			add(e.testLog, drawnKind, id, e.drawn(at, 2, "account", 10, had), e.ida)
		}, "a sample was changed"},
		"an answer from tomorrow": {func(e *engagement) { e.asked("answered", e.chair, 1, false) }, "dated on another day"},
		"an answer that was dated back": {func(e *engagement) {
			id := e.ask()
			r := requestRecord{State: "answered", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(5), Answered: e.day(4)}
			e.time += (9 * 24 * time.Hour).Microseconds()
			add(e.testLog, requestKind, id, &r, e.chair)
		}, "dated on another day"},
		"an answer of no day": {func(e *engagement) {
			id := e.ask()
			r := requestRecord{State: "answered", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(5)}
			e.time += (9 * 24 * time.Hour).Microseconds()
			add(e.testLog, requestKind, id, &r, e.chair)
		}, "dated on another day"},
		"a late answer that says in time":  {func(e *engagement) { e.late(false) }, "otherwise of when it was answered"},
		"an answer in time that says late": {func(e *engagement) { e.asked("answered", e.chair, 0, true) }, "otherwise of when it was answered"},
		"records that came afterwards left out": {func(e *engagement) {
			e.terms.Upto = e.day(-2)
			e.start()
			f := e.freeze()
			f.Afterward = 0
			add(e.testLog, populationKind, e.id(), f, e.ida)
		}, "it says afterward 0"},
		"another population of the same figures": {func(e *engagement) {
			e.start()
			f := e.freeze()
			f.Hash = hexOf("others")
			add(e.testLog, populationKind, e.id(), f, e.ida)
		}, "it says population"},
		"a sample in another order": {func(e *engagement) {
			at := e.ready()
			d := e.drawn(at, 1, "account", 10, map[string]bool{})
			d.Strata++
			add(e.testLog, drawnKind, e.id(), d, e.ida)
		}, "the sample has other records"},
		"a sample of nothing": {func(e *engagement) {
			at := e.ready()
			add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 0, map[string]bool{}), e.ida)
		}, "it draws nothing"},
		"a sample that was not planned": {func(e *engagement) {
			at := e.ready()
			d := e.drawn(at, 1, "account", 10, map[string]bool{})
			d.Witnessed = hexOf("nobody")
			add(e.testLog, drawnKind, e.id(), d, e.ida)
		}, "does not rest on the first entry"},
		"witnesses of whom none has to cosign": {func(e *engagement) { e.terms.Named = hexOf("keys"); e.approve() }, "asks for none of them"},
		"fewer witnesses than none":            {func(e *engagement) { e.terms.Named, e.terms.Need = hexOf("keys"), -1; e.approve() }, "asks for none of them"},
		"a sample from fewer than there are": {func(e *engagement) {
			at := e.ready()
			d := e.drawn(at, 1, "account", 10, map[string]bool{})
			d.From--
			add(e.testLog, drawnKind, e.id(), d, e.ida)
		}, "the sample has other records"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngagement(t, 3)
			c.do(e)
			refuses(t, e.testLog, c.want)
		})
	}
}

// refuses fails unless a bundle of the log, with all or nothing shown, is refused for that.
func refuses(t *testing.T, l *testLog, want string, shown ...ledger.Class) {
	t.Helper()
	if _, err := verify(l.bundle(shown...), Trust{}); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), want) {
		t.Errorf("want %q, got %v", want, err)
	}
}

// declare has terms approved, and an assessor take part.
func (e *engagement) declare() {
	e.approve()
	add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Ties: []string{"funding"}, Appointed: "governing_body", Removed: "governing_body", Flagged: true}, e.ida)
}

// asked has a request asked, and answered some days from now.
func (e *engagement) asked(state string, by ledger.PersonKey, days int, late bool) {
	e.start()
	id, r := e.id(), requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(7)}
	add(e.testLog, requestKind, id, &r, e.ida)
	r.State, r.Answered, r.Late = state, e.day(days), late
	add(e.testLog, requestKind, id, &r, by)
}

// late has a request answered two days after it was due.
func (e *engagement) late(says bool) {
	e.start()
	id, r := e.id(), requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(1)}
	add(e.testLog, requestKind, id, &r, e.ida)
	e.time += 3 * 86_400_000_000
	r.State, r.Answered, r.Late = "answered", e.day(0), says
	add(e.testLog, requestKind, id, &r, e.chair)
}

// TestForgedConclusionsAreRefused does so for what assessors conclude.
func TestForgedConclusionsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(o *office)
		want string
	}{
		"a test that does not say how": {func(o *office) {
			o.test(controlTestRecord{
				Day: o.day(0), Terms: o.terms, Control: hexSum(nil), Of: "operation", Conclusion: "effective", Population: 60, Items: 60, Kept: 60, Bound: exactly[int64](0), Causes: []string{},
			})
		}, "does not state its how"},
		"a test of more than anybody counts through": {func(o *office) {
			r := o.sampled(1, 40, 0, "not_effective")
			r.Population, r.Items, r.Kept, r.NotTestable = 3e15, 2e15, 1e15, 1e15
			o.test(r)
		}, "not on all that was drawn"},
		"a draw of more than anybody counts through": {func(o *office) {
			const most = 4e15
			o.draws++
			o.sample = o.hash(add(o.testLog, takenKind, o.id(), &takenRecord{
				State: "drawn", Wanted: most, Population: o.population, Draw: o.draws, Of: "rating", Secret: Link(secretOfOffice, o.draws), Root: o.seed.String(),
				Position: o.position, Size: most / 2, From: most, Hash: hexSum(nil),
			}, o.assessor))
			r := o.sampled(1, 40, 0, "not_effective")
			r.Population, r.Items, r.Kept, r.NotTestable = most, most/2, most/4, most/4
			o.test(r)
		}, "more records than there are entries"},
		"a test that tolerates everything and more": {func(o *office) {
			r := o.sampled(1, 40, 1, "effective")
			r.Tolerable = Whole + 1
			o.test(r)
		}, "is no rate"},
		"grave items that were missed and are none": {func(o *office) {
			r := o.sampled(1, 40, 1, "not_effective")
			r.GraveMissed = 1
			o.test(r)
		}, "do not add up"},
		"grave items that nobody drew": {func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Grave, r.Bound = 10, exactly[int64](4)
			o.test(r)
		}, "not on all that was drawn"},
		"design tested by all": {func(o *office) {
			r := o.inspected(1, "effective")
			r.Of = "operation"
			o.test(r)
		}, "design is inspected"},
		"an inspection that names a sample": {func(o *office) {
			r := o.inspected(1, "effective")
			r.Sample = o.sample
			o.test(r)
		}, "design is inspected"},
		"an inspection with a bound": {func(o *office) {
			r := o.inspected(1, "effective")
			r.Bound = exactly[int64](0)
			o.test(r)
		}, "bounds nothing"},
		"a sample without a bound": {func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Bound = nil
			o.test(r)
		}, "has its bound"},
		"a bound made larger": {func(o *office) {
			r := o.sampled(1, 40, 0, "not_effective")
			*r.Bound++
			o.test(r)
		}, "bounds the deviations at 5, it says 6"},
		"all by a rule, but some": {func(o *office) {
			o.test(controlTestRecord{
				Day: o.day(0), Terms: o.terms, Control: hexSum(nil), Of: "operation", How: "whole", Conclusion: "effective", Population: 60, Items: 50, Kept: 50, Tolerable: 10, Bound: exactly[int64](0), Causes: []string{},
			})
		}, "a rule of the verifier"},
		"all of nothing": {func(o *office) {
			o.test(controlTestRecord{Day: o.day(0), Terms: o.terms, Control: hexSum(nil), Of: "operation", How: "whole", Conclusion: "effective", Bound: exactly[int64](0), Causes: []string{}})
		}, "its sample bounds"},
		"an inspection that goes on": {func(o *office) { o.test(o.inspected(1, "extend")) }, "nothing to extend"},
		"all drawn, and going on": {func(o *office) {
			o.draw(20)
			o.test(o.sampled(1, 60, 1, "extend"))
		}, "nothing to extend"},
		"a design that deviates and is effective": {func(o *office) {
			r := o.inspected(1, "effective")
			r.Items, r.Deviations, r.Causes = 1, 1, []string{"people"}
			o.test(r)
		}, "what was inspected deviates"},
		"going on with no test": {func(o *office) {
			r := o.sampled(1, 40, 0, "effective")
			r.Extends = hexSum(nil)
			o.test(r)
		}, "a test that is not there"},
		"going on with another test": {func(o *office) {
			o.test(o.sampled(1, 40, 1, "extend"))
			other := o.test(o.sampled(2, 40, 1, "extend"))
			o.draw(15)
			r := o.sampled(1, 55, 1, "effective")
			r.Extends = o.hash(other)
			o.test(r)
		}, "does not go on with that one"},
		"going on with no more items": {func(o *office) {
			r := o.sampled(1, 40, 1, "extend")
			r.Extends = o.hash(o.test(r))
			o.test(r)
		}, "drops something"},
		"controls that are not all there": {func(o *office) {
			a := o.answer("contribution", "indeterminate")
			a.Controls = 3
			o.determine(a)
		}, "do not add up"},
		"fewer untested than none": {func(o *office) {
			o.test(o.inspected(1, "absent"))
			a := o.answer("contribution", "indeterminate")
			a.Absent, a.Controls, a.Untested = 1, 0, -1
			o.determine(a)
		}, "do not add up"},
		"a control tested in operation alone counted": {func(o *office) {
			o.test(o.sampled(1, 40, 0, "effective"))
			a := o.answer("contribution", "indeterminate")
			a.Effective, a.Untested = 1, 1
			o.determine(a)
		}, "not counted as they were tested"},
		"a failing process without a failure": {func(o *office) { o.determine(o.answer("process", "no")) }, "no control was found"},
		"partly, with nothing that works": {func(o *office) {
			o.test(o.inspected(1, "absent"))
			a := o.answer("process", "partly")
			a.Absent, a.Untested = 1, 1
			o.determine(a)
		}, "0 controls were found to be effective and 1 not"},
		"partly, with nothing that fails": {func(o *office) {
			o.test(o.inspected(1, "effective"))
			o.test(o.sampled(1, 40, 0, "effective"))
			a := o.answer("process", "partly")
			a.Effective, a.Untested = 1, 1
			o.determine(a)
		}, "1 controls were found to be effective and 0 not"},
		"yes, without any part in harm": {func(o *office) { o.determine(o.answer("contribution", "yes")) }, "0 impacts are held"},
		"an effective process below the required coverage": {func(o *office) {
			o.test(o.inspected(1, "effective"))
			o.test(o.sampled(1, 40, 0, "effective"))
			a := o.answer("process", "yes")
			a.Effective, a.Controls, a.Untested, a.Examined, a.Coverage = 1, 1, 0, 30, 5000
			o.determine(a)
		}, "is indeterminate"},
		"an answer to no question":     {func(o *office) { o.determine(o.answer("", "no")) }, "does not state its question"},
		"a question without an answer": {func(o *office) { o.determine(o.answer("contribution", "")) }, "does not state its conclusion"},
		"more required than everything": {func(o *office) {
			a := o.answer("contribution", "indeterminate")
			a.Required = Whole + 1
			o.determine(a)
		}, "asks for a coverage"},
		"rows that do not add up": {func(o *office) {
			add(o.testLog, reconciliationKind, o.id(), &reconciliationRecord{Terms: o.terms, Of: "account", Rows: 100, Known: 99}, o.assessor)
		}, "do not add up"},
		"missing rows that others make up for": {func(o *office) {
			add(o.testLog, reconciliationKind, o.id(), &reconciliationRecord{Terms: o.terms, Of: "account", Rows: 100, Known: 100, Missing: 10, Unread: -10}, o.assessor)
		}, "that cannot be"},
		"more rows repeated than known": {func(o *office) {
			add(o.testLog, reconciliationKind, o.id(), &reconciliationRecord{Terms: o.terms, Of: "account", Rows: 10, Known: 10, Repeated: 11}, o.assessor)
		}, "that cannot be"},
		"more records unlisted than there are": {func(o *office) {
			add(o.testLog, reconciliationKind, o.id(), &reconciliationRecord{Terms: o.terms, Of: "account", Rows: 10, Known: 10, Recorded: 5, Unlisted: 6}, o.assessor)
		}, "that cannot be"},
		"a remedy of what is only linked": {func(o *office) {
			r := o.harmful()
			r.Involvement = "linked"
			o.impact(r)
		}, "puts it right"},
		"an involvement left open": {func(o *office) {
			r := o.harmful()
			r.Involvement, r.Remedy = "", "none"
			o.impact(r)
		}, "does not state its involvement"},
		"more severe than there is": {func(o *office) {
			r := o.harmful()
			r.Scale = 6
			o.impact(r)
		}, "severity from 1 to 5"},
		"a field of a schema that nobody released": {func(o *office) {
			r := o.withheld()
			r.Schema = hexSum(nil)
			add(o.testLog, redactionKind, o.id(), &r, o.board)
		}, "never released"},
		"withheld a second time": {func(o *office) {
			id, r := o.id(), o.withheld()
			add(o.testLog, redactionKind, id, &r, o.board)
			add(o.testLog, redactionKind, id, &r, o.board)
		}, "withheld first, and shown again once"},
		"another field shown again than was withheld": {func(o *office) {
			id, r := o.id(), o.withheld()
			add(o.testLog, redactionKind, id, &r, o.board)
			r.State, r.Field, r.Class, r.Reason = "lifted", 0, "customer", "privacy"
			add(o.testLog, redactionKind, id, &r, o.board)
		}, "withheld first, and shown again once"},
		"withheld under terms that nobody approved": {func(o *office) {
			r := o.withheld()
			r.Terms, r.State = hexSum(nil), "lifted"
			add(o.testLog, redactionKind, o.id(), &r, o.board)
		}, "never approved"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			c.do(o)
			refuses(t, o.testLog, c.want)
		})
	}
}
