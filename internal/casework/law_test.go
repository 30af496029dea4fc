package casework_test

import (
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// comingBan forbids face search from a day on.
const comingBan = `id: coming
kind: framework
version: "1"
title: A ban whose day comes
status: vendor_term
facts:
  - {id: deployment.capability, type: text, question: "Which capability is used?", values: [face_search, storage]}
prohibitions:
  - id: no-faces
    basis: policy
    provider: coming
    title: No faces
    text: Nobody searches faces with our product.
    reference: House rule 7
    grade: unverified
    effective_from: 2026-01-05
    scope: deployment.capability == "face_search"
tests:
  prohibitions:
    - {name: the day before, days: ["2026-01-04"], facts: {deployment.capability: face_search}, expect: {no-faces: none}}
    - {name: the first day, days: ["2026-01-05"], facts: {deployment.capability: face_search}, expect: {no-faces: applies}}
`

// TestABanBarsWhatStands protects an approval against outliving the law: on the day on
// which a ban comes into force what it forbids may not run any more, a case is opened
// once, and what the ban does not cover runs on.
func TestABanBarsWhatStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		p, err := pack.Parse("coming.yaml", []byte(comingBan))
		if err != nil {
			t.Fatal(err)
		}
		laws, err := assessment.ReadProhibitions(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		o.rules.Laws = laws
		abe := someone(t, 7, "approver")
		product := o.product("face_search")
		o.write(func(tx *store.Tx) error { return runs.Use(tx, shipped(t, "methods/rm-1.yaml")) })
		customers := map[string]string{}
		use := func(capability string) string {
			customers[capability] = o.customer("other_government")
			account, deployed := o.account(customers[capability], product, capability)
			o.rate(deployed[0], account, "LOW", 1)
			o.decide(deployed[0], decision.Approve, abe)
			return deployed[0]
		}
		faces, storage := use("face_search"), use("storage")
		o.triage()
		stands := func(unit, day string) decision.State {
			s, err := decision.Standing(ctx, o.db, unit, day, laws)
			if err != nil {
				t.Fatal(err)
			}
			return s.State
		}
		if s := o.sweep(); s.Events["law"] != 0 {
			t.Errorf("a ban that is to come opened %d cases", s.Events["law"])
		}
		if got := []decision.State{stands(faces, "2026-01-04"), stands(faces, "2026-01-05"), stands(storage, "2026-01-05")}; got[0] != decision.Holds || got[1] != decision.Barred || got[2] != decision.Holds {
			t.Errorf("the day before, on the day, and what is not covered: %v", got)
		}
		o.today = "2026-01-05"
		s := o.sweep()
		if s.Events["law"] != 1 || s.Rated != 1 {
			t.Errorf("the ban opened %d cases and had %d rated again", s.Events["law"], s.Rated)
		}
		found := false
		for _, r := range o.cases(customers["face_search"]) {
			for _, text := range r.Record.Triggers {
				if trigger := casework.ParseTrigger(text); trigger.Event == "law" {
					found = strings.Contains(trigger.Text, "policy.moratorium applies: coming/no-faces")
				}
			}
		}
		if !found {
			t.Error("no case says which ban it is about")
		}
		if s := o.sweep(); s.Events["law"] != 0 {
			t.Errorf("the same ban opened another %d", s.Events["law"])
		}
	})
}
