package casework

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/store"
)

// laws gives the bans and moratoria that count.
func (r *Rules) laws() (*assessment.Prohibitions, error) {
	if r.Laws != nil {
		return r.Laws, nil
	}
	return assessment.Laws()
}

// lawsHash names the bans and moratoria that count.
func (r *Rules) lawsHash() string {
	p, err := r.laws()
	if err != nil {
		return "" // never: whoever sweeps has read them before
	}
	sum := sha256.Sum256([]byte(strings.Join(p.Hashes(), "\n")))
	return hex.EncodeToString(sum[:])
}

// newlyBarred gives what forbids, or may forbid, the units that somebody let run, and that
// was not known then: a ban whose day has come, or one of a newer pack. It asks nobody as
// long as neither the days nor the packs have changed since the last sweep.
func newlyBarred(ctx context.Context, q store.Queryer, rules *Rules, last *SweepRecord, today string) (map[string][]string, error) {
	laws, err := rules.laws()
	if err != nil || last.Laws == rules.lawsHash() && !laws.ChangeBetween(last.Day, today) {
		return nil, err
	}
	current, err := decision.Current(ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for unit, d := range current {
		if !bundle.LetsRun(d.Record.Act) {
			continue
		}
		stand, err := decision.Standing(ctx, q, unit, today, laws)
		if err != nil {
			return nil, err
		}
		if stand.State == decision.Barred {
			out[unit] = stand.Forbids
		}
	}
	return out, nil
}

// laws finds what was let run and is forbidden since, or may be.
func (l *look) laws() error {
	for i := range l.w.units {
		u := &l.w.units[i]
		for _, ruling := range l.barred[u.id] {
			d := l.w.decided[u.id]
			if d == nil {
				continue // decided otherwise meanwhile
			}
			l.add("law", at(d.ID, d.Seq)+"/"+strings.ReplaceAll(ruling, " ", "_"), "decided before "+ruling, []int{i})
		}
	}
	return nil
}
