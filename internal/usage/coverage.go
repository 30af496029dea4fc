package usage

import (
	"context"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"duly/internal/ledger"
	"duly/internal/store"
)

// CoverageRecord says of how many hours of a day something was seen of an account.
// An hour that is not covered is unknown, and not one without use. It is written once
// a run and grows as more is read.
type CoverageRecord struct {
	Day      string `duly:"day,public,date"`
	Basis    string `duly:"basis,public,enum=events|metering"`
	Covered  int64  `duly:"covered,public"` // hours, 0 to 24
	Hours    string `duly:"hours,security"` // which: a bit for each hour of the day in UTC, from the lowest, in hex
	Account  string `duly:"account,customer"`
	Identity string `duly:"identity,customer,column"` // account, day and basis
}

// Coverages is the kind of CoverageRecord.
var Coverages = ledger.Define[CoverageRecord]("usage_coverage", 1)

// dayHours notes hours: by day since 1970, a bit for each hour.
type dayHours map[int64]uint32

// hours notes in which hours the accounts of deployments were seen.
type hours map[string]dayHours

const wholeDay = 1<<24 - 1

// add notes the hours that a batch holds events of. A meter's rows cover whole days.
func (h hours) add(b *Batch, m *Monitor) {
	for _, c := range b.Coverage {
		at, err := time.Parse(hourLayout, c.Hour)
		if _, ours := m.accounts[c.Account]; !ours || err != nil {
			continue
		}
		mask := uint32(1) << at.Hour()
		if m.basis() == Metering {
			mask = wholeDay
		}
		h.see(c.Account, floor(at.Unix(), 24*hour), mask)
	}
}

// see adds hours and says whether any was new.
func (h hours) see(account string, day int64, mask uint32) bool {
	if h[account] == nil {
		h[account] = dayHours{}
	}
	before := h[account][day]
	h[account][day] |= mask
	return h[account][day] != before
}

// cover records the hours that a run saw, and adds to them what earlier runs saw.
func (k *keeper) cover(tx *store.Tx) error {
	known := map[string]*store.Revision[CoverageRecord]{}
	before := hours{}
	list, err := store.Select(k.ctx, tx, Coverages, "")
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Record.Basis != k.m.basis() {
			continue
		}
		known[c.Record.Identity] = c
		if day, mask, ok := c.Record.parse(); ok {
			before.see(c.Record.Account, day, mask)
		}
	}
	for _, account := range slices.Sorted(maps.Keys(k.hours)) {
		for _, day := range slices.Sorted(maps.Keys(k.hours[account])) {
			if before.see(account, day, k.hours[account][day]) {
				if err := k.coverDay(tx, account, day, before[account][day], known); err != nil {
					return err
				}
			}
		}
	}
	for account := range before {
		if _, ours := k.m.accounts[account]; !ours {
			delete(before, account)
		}
	}
	k.hours = before
	return nil
}

func (k *keeper) coverDay(tx *store.Tx, account string, day int64, mask uint32, known map[string]*store.Revision[CoverageRecord]) error {
	next := CoverageRecord{
		Day: dayText(day), Basis: k.m.basis(), Covered: int64(bits.OnesCount32(mask)), Hours: strconv.FormatUint(uint64(mask), 16),
		Account: account, Identity: identity(account, dayText(day), k.m.basis()),
	}
	if c := known[next.Identity]; c != nil {
		_, _, err := store.Revise(tx, Coverages, c.ID, &next)
		return err
	}
	_, err := store.Create(tx, Coverages, &next)
	return err
}

// Covered gives of how many hours of a day (YYYY-MM-DD) events of an account were seen.
func Covered(ctx context.Context, q store.Queryer, account, day string) (int64, error) {
	list, err := store.Select(ctx, q, Coverages, "r.identity = $1", identity(account, day, Events))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Record.Covered, nil
}

func (c *CoverageRecord) parse() (day int64, mask uint32, ok bool) {
	at, err := time.Parse(time.DateOnly, c.Day)
	n, e := strconv.ParseUint(c.Hours, 16, 32)
	return floor(at.Unix(), 24*hour), uint32(n), err == nil && e == nil
}
