package bundle

import (
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// TestConditionsAreMetBySomebody protects that "met" stands in clear and is somebody's
// own word: signed by a person who neither sells, nor is accountable for the deployment,
// nor prepared the rating of what a committee decided; on the day of its entry; about a
// condition that an earlier approval has.
func TestConditionsAreMetBySomebody(t *testing.T) {
	const day = "2027-03-17"
	check := func(l *testLog, r checkRecord, keys ...ledger.PersonKey) { add(l, checkKind, l.id(), &r, keys...) }
	for name, c := range map[string]struct {
		after  func(l *testLog, decision string, owner ledger.PersonKey)
		met    int64
		want   string // "" when it verifies
		hidden bool   // it is found only where people are shown
	}{
		"nobody looked": {},
		"met": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day}, l.person("analyst"))
		}, met: 1},
		"met twice": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day}, l.person("analyst"))
			check(l, checkRecord{d, "precedent", 1, "met", day}, l.person("expert"))
		}, met: 1},
		"not met after all": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day}, l.person("analyst"))
			check(l, checkRecord{d, "precedent", 1, "not_met", day}, l.person("approver"))
		}},
		"by the server alone": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day})
		}, want: "needs 1 signatures of people and has 0"},
		"by sales": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day}, l.person("approver", "sales"))
		}, want: "whose roles do not allow this: condition_check"},
		"by who is accountable": {after: func(l *testLog, d string, owner ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", day}, owner)
		}, want: "who is accountable", hidden: true},
		"of no such condition": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 2, "met", day}, l.person("analyst"))
		}, want: "there is no condition precedent 2"},
		"of no such sort": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "ongoing", 1, "met", day}, l.person("analyst"))
		}, want: "there is no condition ongoing 1"},
		"of another decision": {after: func(l *testLog, _ string, _ ledger.PersonKey) {
			check(l, checkRecord{strings.Repeat("0", 64), "precedent", 1, "met", day}, l.person("analyst"))
		}, want: "no earlier approval"},
		"of long ago": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			check(l, checkRecord{d, "precedent", 1, "met", "2027-03-01"}, l.person("analyst"))
		}, want: "another day than it was entered"},
		"changed": {after: func(l *testLog, d string, _ ledger.PersonKey) {
			id, key := l.id(), l.person("analyst")
			add(l, checkKind, id, &checkRecord{d, "precedent", 1, "not_met", day}, key)
			add(l, checkKind, id, &checkRecord{d, "precedent", 1, "met", day}, key)
		}, want: "was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			a := approving()
			a.after = c.after
			l := a.build(t)
			for _, classes := range [][]ledger.Class{{ledger.Customer, ledger.Personal}, nil} {
				everyRange(t, l, classes...)
				r, err := verify(l.bundle(classes...), Trust{})
				switch {
				case c.want != "" && (len(classes) > 0 || !c.hidden):
					if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
						t.Errorf("classes %v: want %q, got %v", classes, c.want, err)
					}
				case err != nil:
					t.Errorf("classes %v: %v", classes, err)
				case r.Counts.Conditions.Precedent != 1 || c.want == "" && r.Counts.Conditions.Met != c.met:
					t.Errorf("classes %v: %+v are counted, want %d met of 1", classes, r.Counts.Conditions, c.met)
				}
			}
		})
	}
}
