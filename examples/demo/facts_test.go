package demo_test

import (
	"os"
	"testing"

	"duly/examples/demo"
	"duly/internal/evidence"
	"duly/internal/pack"
	"duly/internal/rating"
)

// Protects: the facts are the method's, cite sources that exist and belong to
// accounts that exist.
func TestFacts(t *testing.T) {
	facts, err := demo.ReadFacts()
	if err != nil {
		t.Fatal(err)
	}
	m := method(t)
	rows, c := accounts(t, demo.Seed)
	known, sources := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		known[row[c["account_number"]]] = true
	}
	for _, s := range facts.Sources {
		if evidence.Strength(s.Grade) == evidence.Strength("unknown") || s.Title == "" || s.URL == "" || s.Published == "" {
			t.Errorf("%+v", s)
		}
		sources[s.ID] = true
	}
	for _, s := range append(facts.Statements, facts.Answer) {
		if !known[s.Account] || !sources[s.Source] || s.AsOf == "" || len(s.Facts) == 0 {
			t.Errorf("%+v", s)
		}
		if _, err := m.Rate(inputs(s)); err != nil {
			t.Errorf("%s: %v", s.Account, err)
		}
	}
}

// Protects: what the demo shows. The sheriff's rating is complete and an interval;
// the one answer makes it a point; what the telemetry shows makes it worse again.
func TestAnswerNarrowsTheRating(t *testing.T) {
	facts, err := demo.ReadFacts()
	if err != nil {
		t.Fatal(err)
	}
	m := method(t)
	// What the register holds of the account, and what screening found.
	all := rating.Inputs{
		"customer.sector": rating.Known("policing"), "customer.kind": rating.Known("public_body"),
		"end_user.sector": rating.Known("policing"), "chain.role": rating.Known("reseller"),
		"chain.flow_down": rating.Known(true), "chain.audit_right": rating.Known(true),
		"deployment.existing": rating.Known(true), "deployment.capability": rating.Known("face_search"),
		"screening.list_match": rating.Known("none"),
	}
	rate := func(when string, best, worst rating.Band) {
		t.Helper()
		r, err := m.Rate(all)
		if err != nil {
			t.Fatal(err)
		}
		if r.Pending || r.Best.Residual != best || r.Worst.Residual != worst {
			t.Errorf("%s: %s to %s, pending %v", when, r.Best.Residual, r.Worst.Residual, r.Pending)
		}
	}
	for _, s := range facts.Statements {
		if s.Account == facts.Answer.Account {
			for id, v := range inputs(s) {
				all[id] = v
			}
		}
	}
	rate("before", rating.High, rating.Critical)
	outlook, err := m.Outlook(all)
	if err != nil {
		t.Fatal(err)
	}
	for id, v := range inputs(facts.Answer) {
		if len(outlook.Questions) == 0 || outlook.Questions[0].Fact != id {
			t.Errorf("the most useful question is not %s", id)
		}
		all[id] = v
	}
	rate("answered", rating.High, rating.High)
	all["guidance.threshold"] = rating.Known("below")
	rate("after the telemetry", rating.Critical, rating.Critical)
}

func method(t *testing.T) *rating.Method {
	t.Helper()
	const path = "../../packs/methods/rm-1.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rating.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func inputs(s demo.Statement) rating.Inputs {
	in := rating.Inputs{}
	for id, v := range s.Facts {
		if list, ok := v.([]any); ok {
			texts := []string{}
			for _, x := range list {
				texts = append(texts, x.(string))
			}
			v = texts
		}
		in[id] = rating.Known(v)
	}
	return in
}
