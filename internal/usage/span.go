package usage

import (
	"context"
	"slices"
	"time"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// Span is what was counted and seen of a deployment within days.
type Span struct {
	Days       int64            // in the span
	Whole      int64            // of which every hour of every telemetry account was seen
	Judged     map[string]int64 // calls whose keeping was told, by condition id
	Deviations map[string]int64 // of these
	Unknown    map[string]int64 // calls of which nobody can tell
}

// Within gives what was counted and seen of a deployment from one day to another, both
// included. Counts are those of whatever version of a condition they were made by: where
// two versions counted the same day, the graver counts once.
//
// Errors: NotFound; Invalid for days that are none, or the wrong way round.
func Within(ctx context.Context, q store.Queryer, deployment, from, upto string) (*Span, error) {
	first, e1 := time.Parse(time.DateOnly, from)
	last, e2 := time.Parse(time.DateOnly, upto)
	if e1 != nil || e2 != nil || last.Before(first) {
		return nil, fault.Newf(fault.Invalid, "%q to %q is no span of days", from, upto).WithFix("write days as YYYY-MM-DD, the earlier one first")
	}
	s := &Span{
		Days:   int64(last.Sub(first)/(24*time.Hour)) + 1,
		Judged: map[string]int64{}, Deviations: map[string]int64{}, Unknown: map[string]int64{},
	}
	d, err := store.Get(ctx, q, register.Deployments, deployment)
	if err != nil {
		return nil, err
	}
	if s.Whole, err = wholeDays(ctx, q, d.Record.Telemetry, from, upto); err != nil {
		return nil, err
	}
	list, err := store.Select(ctx, q, Counts, "r.deployment = $1", deployment)
	if err != nil {
		return nil, err
	}
	type place struct{ clause, day string }
	worst := map[place]*CountRecord{}
	for _, c := range Preferred(list) {
		r := c.Record
		if r.Day < from || r.Day > upto {
			continue
		}
		at := place{r.Clause, r.Day}
		if w := worst[at]; w == nil || r.Deviations > w.Deviations || r.Deviations == w.Deviations && r.Unknown > w.Unknown {
			worst[at] = r
		}
	}
	for at, r := range worst {
		s.Judged[at.clause] += max(0, r.Exposures-r.Unknown)
		s.Deviations[at.clause] += r.Deviations
		s.Unknown[at.clause] += r.Unknown
	}
	return s, nil
}

// wholeDays counts the days of which every hour of every account was seen in events. A
// meter sees no single call, so it covers nothing here. Of no account nothing was seen.
func wholeDays(ctx context.Context, q store.Queryer, accounts []string, from, upto string) (int64, error) {
	if len(accounts) == 0 {
		return 0, nil
	}
	list, err := store.Select(ctx, q, Coverages, "")
	if err != nil {
		return 0, err
	}
	seen := hours{}
	for _, c := range list {
		day, mask, ok := c.Record.parse()
		if ok && c.Record.Basis == Events && c.Record.Day >= from && c.Record.Day <= upto && slices.Contains(accounts, c.Record.Account) {
			seen.see(c.Record.Account, day, mask)
		}
	}
	var whole int64
	for day := range seen[accounts[0]] {
		if !slices.ContainsFunc(accounts, func(a string) bool { return seen[a][day] != wholeDay }) {
			whole++
		}
	}
	return whole, nil
}
