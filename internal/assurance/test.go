package assurance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/voice"
)

// attempt is how the log names what is refused to assessors here.
const attempt = "assurance"

// What a test is about, how it was made, and what it concludes.
const (
	Design    = "design"
	Operation = "operation"

	Inspection = "inspection" // somebody looked, without a sample
	BySample   = "sample"
	ByRule     = "whole" // a rule of the verifier holds all of them to it

	Effective    = "effective"
	NotEffective = "not_effective"
	Absent       = "absent" // there is no such control
	Extend       = "extend" // more has to be drawn before anything is concluded
)

// Testing is what an assessor tested of one control.
type Testing struct {
	voice.Hand
	Engagement string // record id
	Library    *Library
	Control    string // id in the library
	Of         string // Design or Operation
	Conclusion string
	Sample     string   // the kind of which all that was drawn was tested; empty for an inspection and for ByRule
	Whole      bool     // by the verifier's rule
	Results    []Result // by item, as [ReadResults] gives them
	Procedure  string   // what was done
	Papers     []string // record ids of workpapers
}

// Record records a test, signed by the assessor.
//
// Errors: NotFound for a control that the library does not have; Invalid for what does
// not fit together; Refused for whoever is no assessor of the engagement, for results that
// are not of exactly the items drawn, for a conclusion that the bound does not allow, and
// for testing again what was concluded.
func Record(ctx context.Context, db *store.DB, authority act.Authority, t Testing) (test *Test, ref store.Ref, err error) {
	c, err := t.Library.Control(t.Control)
	if err != nil {
		return nil, ref, err
	}
	err = t.Watch(ctx, db, authority, act.Assess, attempt, t.Engagement, func(tx *store.Tx) error {
		s, err := engagement.Working(ctx, tx, t.Hand, t.Engagement)
		if err != nil {
			return err
		}
		if test, err = t.counted(c); err != nil {
			return err
		}
		if err := t.drawn(ctx, tx, s, test); err != nil {
			return err
		}
		test.Terms = s.Terms.Hash.String()
		if err := papers(ctx, tx, t.Engagement, t.Papers); err != nil {
			return err
		}
		if t.Whole {
			if err := test.all(ctx, tx, c); err != nil {
				return err
			}
		}
		if err := test.again(ctx, tx); err != nil {
			return err
		}
		if err := test.allowed(); err != nil {
			return err
		}
		if err := runs.Use(tx, t.Library.pack); err != nil {
			return err
		}
		ref, err = store.Create(tx, Tests, test, t.Key)
		return err
	})
	return test, ref, err
}

// counted makes the record of a test from its results.
func (t *Testing) counted(c *Control) (*Test, error) {
	how := Inspection
	switch {
	case t.Whole && c.Whole == "":
		return nil, fault.Newf(fault.Invalid, "no rule of the verifier holds all of %s to it", c.ID).WithFix("draw a sample")
	case t.Whole && (t.Sample != "" || len(t.Results) > 0):
		return nil, fault.New(fault.Invalid, "a test of all by the verifier's rule has no items", "leave out the results")
	case t.Whole:
		how = ByRule
	case t.Sample != "":
		how = BySample
	}
	if (t.Of == Design) != (how == Inspection) {
		return nil, fault.New(fault.Invalid, "design is inspected, and operation tested on a sample or on all", "use --of design without a sample, or --of operation with --sample or --whole")
	}
	if strings.TrimSpace(t.Procedure) == "" {
		return nil, fault.New(fault.Invalid, "a test says what was done", "give --text TEXT")
	}
	test := &Test{
		Library: t.Library.Hash, Control: t.Library.Name(c.ID), Of: t.Of, How: how, Conclusion: t.Conclusion, Tolerable: c.Tolerable, Day: t.Today(),
		Procedure: strings.TrimSpace(t.Procedure), Papers: t.Papers, Matter: t.Engagement, Person: t.By.Key,
	}
	test.count(t.Results)
	return test, nil
}

// drawn holds the results to all that was drawn of the kind from the population.
func (t *Testing) drawn(ctx context.Context, tx *store.Tx, s *engagement.Standing, test *Test) error {
	if t.Sample == "" {
		return nil
	}
	frozen, err := taken(ctx, tx, s)
	if err != nil {
		return err
	}
	samples, err := store.Select(ctx, tx, engagement.Samples, "r.engagement = $1", t.Engagement)
	if err != nil {
		return err
	}
	var items, grave []string
	for _, d := range samples {
		if d.Record.Of != t.Sample || d.Record.State != engagement.Drawn || d.Record.Population != frozen.Hash.String() {
			continue
		}
		if test.Sample == "" {
			test.Population = d.Record.From
		}
		test.Sample, items, grave = d.Hash.String(), append(items, d.Record.Drawn...), append(grave, d.Record.Taken...)
	}
	if test.Sample == "" {
		return refusal.Refuse(refusal.Frozen, "no "+t.Sample+" was drawn from the population", "draw with `duly engagement draw`")
	}
	items = slices.Sorted(slices.Values(append(items, grave...)))
	if !slices.EqualFunc(t.Results, items, func(r Result, item string) bool { return r.Item == item }) {
		return refusal.Refuse(refusal.Frozen, fmt.Sprintf("the results are of %d items, and not of exactly the %d that were drawn", len(t.Results), len(items)),
			"test each item of the sample, or say that it cannot be tested")
	}
	test.Grave, test.Population = int64(len(grave)), test.Population+int64(len(grave))
	for _, r := range t.Results {
		if r.Outcome != Kept && slices.Contains(grave, r.Item) {
			test.GraveMissed++
		}
	}
	bound, err := test.basis().Bound()
	test.Bound = &bound
	return err
}

func (test *Test) basis() bundle.Tested {
	return bundle.Tested{
		How: test.How, Conclusion: test.Conclusion, Population: test.Population, Items: test.Items, Missed: test.Deviations + test.NotTestable,
		Grave: test.Grave, GraveMissed: test.GraveMissed, Tolerable: test.Tolerable,
	}
}

// count fills in what came of the items.
func (test *Test) count(results []Result) {
	for _, r := range results {
		test.Items++
		test.Results = append(test.Results, r.Item+"="+r.Outcome)
		switch r.Outcome {
		case Kept:
			test.Kept++
			continue
		case Deviation:
			test.Deviations++
			test.Causes = append(test.Causes, r.Cause)
		default:
			test.NotTestable++
		}
		test.Exceptions = append(test.Exceptions, r.String())
	}
	slices.Sort(test.Causes)
}

// all counts the entries that a rule of the verifier holds, all of which are kept: where
// one is not, the verifier refuses the log, and no test of it stands.
func (test *Test) all(ctx context.Context, tx *store.Tx, c *Control) error {
	rule, _ := bundle.RuleOf(c.Whole)
	entries, err := (&Library{Controls: []Control{*c}}).Entries(ctx, tx)
	if err != nil {
		return err
	}
	for _, kind := range c.Kinds {
		if slices.Contains(rule.Kinds, kind) {
			test.Population += entries[kind]
		}
	}
	if test.Population == 0 {
		return fault.New(fault.NotFound, "the log has no entry that the rule is about", "conclude that the control is absent, or test it elsewhere")
	}
	test.Items, test.Kept, test.Bound = test.Population, test.Population, new(int64)
	return nil
}

// again holds a second test of a control to the first: only one that was left to be
// extended is gone on with, and nothing that was found is dropped.
func (test *Test) again(ctx context.Context, tx *store.Tx) error {
	earlier, err := TestsOf(ctx, tx, test.Matter)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(earlier) {
		if e.Record.Control != test.Control || e.Record.Of != test.Of {
			continue
		}
		if e.Record.Conclusion != Extend {
			return refusal.Refuse(refusal.Twice, "this control was tested, and the conclusion stands in entry "+fmt.Sprint(e.Seq), "a conclusion is not drawn again until it fits")
		}
		test.Extends = e.Hash.String()
		for _, r := range e.Record.Results {
			if !slices.Contains(test.Results, r) {
				return refusal.Refuse(refusal.Frozen, "the results that were found before are not all among these", "an extended test keeps what was found")
			}
		}
		if test.Items <= e.Record.Items {
			return refusal.Refuse(refusal.Frozen, "nothing was added to the sample", "draw more")
		}
		return nil
	}
	return nil
}

// allowed refuses a conclusion that does not follow.
func (test *Test) allowed() error {
	if what := test.basis().Refuses(); what != "" {
		return refusal.Refuse(refusal.Bound, what, "extend the sample, or conclude that the control is not effective")
	}
	return nil
}

// TestsOf gives the tests of an engagement in the order of the log.
func TestsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Test], error) {
	return store.Select(ctx, q, Tests, "r.engagement = $1", id)
}
