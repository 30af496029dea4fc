package bundle

import (
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// TestOnlyWhoMayDecideHasDecided protects what an outsider can see of four eyes:
// a decision is signed by whoever it is attributed to, and the roles that the log
// shows for that person allow it.
func TestOnlyWhoMayDecideHasDecided(t *testing.T) {
	for name, c := range map[string]struct {
		roles []string
		edit  func(*ledger.Leaf)
		want  string // "" when it holds
	}{
		"an approver":                       {roles: []string{"approver"}},
		"an expert":                         {roles: []string{"expert"}, want: "roles do not allow"},
		"who sells":                         {roles: []string{"sales"}, want: "roles do not allow"},
		"an approver who sells":             {roles: []string{"approver", "sales"}, want: "roles do not allow"},
		"an approver who runs the system":   {roles: []string{"approver", "administrator"}, want: "roles do not allow"},
		"in the name of one who signed not": {roles: []string{"approver"}, edit: func(l *ledger.Leaf) { l.Actor = strings.Repeat("b", 24) }, want: "has not signed it"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 1)
			key := l.person(c.roles...)
			rated := add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber(), Outcome: "approve"})
			at := add(l, decisionKind, l.id(), &decisionRecord{Act: "approve", Basis: OnRating, Outcome: "approve", Signatures: 1, Rating: l.hash(rated)}, key)
			if c.edit != nil {
				l.edit(at, c.edit)
			}
			everyRange(t, l)
			_, err := verify(l.bundle(), Trust{})
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}
