package usage

import (
	"maps"
	"slices"
)

// Silence is a stretch of at least [QuietHours] without any event of an account
// that a deployment names, between two events of it. It may be a quiet customer
// or a log that was off: what happened in it is unknown.
type Silence struct {
	Account string `json:"account"`
	After   string `json:"after"`  // the last hour seen, 2023-07-10T11
	Before  string `json:"before"` // the next hour seen
	Hours   int64  `json:"hours"`  // between them
}

// QuietHours is the shortest silence that is told.
const QuietHours = 24

// blind gives the silences, and the accounts of deployments never seen, by account.
func (h hours) blind(m *Monitor) (silent []Silence, unseen []string) {
	for _, account := range slices.Sorted(maps.Keys(m.accounts)) {
		if len(h[account]) == 0 {
			unseen = append(unseen, account)
			continue
		}
		seen := h[account].list()
		for i := 1; i < len(seen); i++ {
			if between := seen[i] - seen[i-1] - 1; between >= QuietHours {
				silent = append(silent, Silence{account, hourText(seen[i-1]), hourText(seen[i]), between})
			}
		}
	}
	return silent, unseen
}
