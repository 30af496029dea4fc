package triage

import (
	"context"

	"duly/internal/ownership"
	"duly/internal/rule"
	"duly/internal/screening"
	"duly/internal/store"
)

// readStanding reads what screening knows, as of a point.
func (p *Portfolio) readStanding(ctx context.Context, q store.Queryer, at store.At) (err error) {
	if p.Hits, p.screened, err = screening.StandingAt(ctx, q, at); err != nil {
		return err
	}
	return p.ruledBy()
}

// ruledBy notes the rules of ownership, where anybody is registered behind a customer.
func (p *Portfolio) ruledBy() error {
	for _, s := range p.Hits {
		if s.Registered {
			shipped, err := screening.Rules()
			p.RuledBy = shipped.Hashes
			return err
		}
	}
	return nil
}

// owned says of the parties of an account whether one of them counts as listed by
// ownership, and whether it may, or anything about those behind it has to be looked
// at. Where nobody is registered behind them there is nothing to say: both are
// no. Until those who are registered have been screened, both are unknown.
func (p *Portfolio) owned(parties []string) (listed, doubt rule.Tri) {
	worst, hits, registered := ownership.Clear, 0, false
	for _, who := range parties {
		stand := p.Hits[who]
		registered = registered || stand.Registered
		hits += stand.Behind.Open + stand.Behind.Confirmed
		if w := stand.Worst(); worst == ownership.Clear || w == ownership.Stop || w == ownership.Possible && worst == ownership.Flag {
			worst = w
		}
	}
	screened := p.screened >= 0 || !registered
	return truth3(worst == ownership.Stop, screened), truth3(hits > 0 || worst == ownership.Possible || worst == ownership.Flag, screened)
}
