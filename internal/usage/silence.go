package usage

import (
	"maps"
	"slices"
	"time"
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

// hours notes in which hours the accounts of deployments were seen: by account and
// day since 1970, a bit for each hour.
type hours map[string]map[int64]uint32

// add notes the hours that a batch holds events of.
func (h hours) add(b *Batch, m *Monitor) {
	for _, c := range b.Coverage {
		at, err := time.Parse(hourLayout, c.Hour)
		if _, ours := m.accounts[c.Account]; !ours || err != nil {
			continue
		}
		if h[c.Account] == nil {
			h[c.Account] = map[int64]uint32{}
		}
		h[c.Account][floor(at.Unix(), 24*hour)] |= 1 << at.Hour()
	}
}

// blind gives the silences, and the accounts of deployments never seen, by account.
func (h hours) blind(m *Monitor) (silent []Silence, unseen []string) {
	for _, account := range slices.Sorted(maps.Keys(m.accounts)) {
		if len(h[account]) == 0 {
			unseen = append(unseen, account)
			continue
		}
		var last time.Time
		for _, day := range slices.Sorted(maps.Keys(h[account])) {
			for i := range int64(24) {
				if h[account][day]>>i&1 == 0 {
					continue
				}
				at := time.Unix((day*24+i)*hour, 0).UTC()
				between := int64(at.Sub(last)/time.Hour) - 1
				if !last.IsZero() && between >= QuietHours {
					silent = append(silent, Silence{account, last.Format(hourLayout), at.Format(hourLayout), between})
				}
				last = at
			}
		}
	}
	return silent, unseen
}
