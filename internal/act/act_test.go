package act

import (
	"slices"
	"testing"
)

// TestSellingRunningAndJudgingAreApart protects GC-03, IM-04 and KY-04: no mix of
// roles lets a seller, an administrator or somebody who advises decide, nor anybody
// advise who decides, prepares, sells or runs the system.
func TestSellingRunningAndJudgingAreApart(t *testing.T) {
	for mask := range 1 << len(Roles) {
		var roles []Role
		for i, r := range Roles {
			if mask&(1<<i) != 0 {
				roles = append(roles, r)
			}
		}
		err := Default.May(Actor{Roles: roles}, Decide)
		has := func(any ...Role) bool {
			return slices.ContainsFunc(any, func(r Role) bool { return slices.Contains(roles, r) })
		}
		may := !has(Sales, Administrator, Expert, PanelMember) &&
			(slices.Contains(roles, Approver) || slices.Contains(roles, GoverningBody))
		if (err == nil) != may {
			t.Errorf("%v: decide gives %v", roles, err)
		}
		if slices.Contains(roles, Sales) && Default.May(Actor{Roles: roles}, Judge) == nil {
			t.Errorf("%v may judge", roles)
		}
		if Default.May(Actor{Roles: roles}, Opine) == nil && (!has(Expert) || has(Sales, Administrator, Analyst, Approver, GoverningBody, PanelMember)) {
			t.Errorf("%v may give an opinion", roles)
		}
		if Default.May(Actor{Roles: roles}, Vote) == nil && (!has(PanelMember) || has(Sales, Administrator, Analyst, Approver, GoverningBody, Expert)) {
			t.Errorf("%v may vote", roles)
		}
		if may := Default.May(Actor{Roles: roles}, Assess) == nil; may != (has(Assessor) && len(roles) == 1) {
			t.Errorf("%v may assess: %v", roles, may)
		}
		for _, act := range []Act{Load, Judge, SetFact, CloseHit, Work, Adopt, Commission, Provide} {
			if has(Assessor) && len(roles) == 1 && Default.May(Actor{Roles: roles}, act) == nil {
				t.Errorf("an assessor may %s", act)
			}
		}
		if Default.May(Actor{Roles: roles}, Appoint) == nil && has(Sales) {
			t.Errorf("%v may appoint a panel", roles)
		}
	}
}
