package act

import (
	"slices"
	"testing"
)

// TestSellingRunningAndJudgingAreApart protects GC-03 and IM-04: no mix of roles
// lets a seller or an administrator decide.
func TestSellingRunningAndJudgingAreApart(t *testing.T) {
	for mask := range 1 << len(Roles) {
		var roles []Role
		for i, r := range Roles {
			if mask&(1<<i) != 0 {
				roles = append(roles, r)
			}
		}
		err := Default.May(Actor{Roles: roles}, Decide)
		may := !slices.Contains(roles, Sales) && !slices.Contains(roles, Administrator) &&
			(slices.Contains(roles, Approver) || slices.Contains(roles, GoverningBody))
		if (err == nil) != may {
			t.Errorf("%v: decide gives %v", roles, err)
		}
		if slices.Contains(roles, Sales) && Default.May(Actor{Roles: roles}, Judge) == nil {
			t.Errorf("%v may judge", roles)
		}
	}
}
