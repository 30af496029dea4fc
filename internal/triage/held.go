package triage

import (
	"duly/internal/register"
	"duly/internal/store"
)

// billed is what all accounts of an end user bill together, and those of whom it holds,
// so that nobody is small by being billed in parts.
type billed struct {
	cents int64 // without signs, since a refund counts by its size; at most maxCents
	blank bool  // some account does not say
}

const maxCents = 1 << 60

// payers gives whose accounts an account is added up with: those of its end user and of
// who holds it, or of who is billed while nobody knows the end user, or the account alone.
func (p *Portfolio) payers(account string, chain Chain) []string {
	switch {
	case chain.EndUser != nil:
		return register.HoldersOf(p.holders, chain.EndUser.ID)
	case chain.Customer != nil:
		return register.HoldersOf(p.holders, chain.Customer.ID)
	}
	return []string{account}
}

// addUp adds up what is billed for each end user.
func (p *Portfolio) addUp() {
	p.billed = make(map[string]billed, len(p.Accounts))
	for _, a := range p.Accounts {
		for _, who := range p.payers(a.ID, p.Chain(a.Record, nil)) {
			b := p.billed[who]
			switch cents := a.Record.Amount; {
			case cents == nil:
				b.blank = true
			case *cents < -maxCents || *cents > maxCents:
				b.cents = maxCents
			default:
				b.cents = min(b.cents+max(*cents, -*cents), maxCents)
			}
			p.billed[who] = b
		}
	}
}

// scale gives the size of the end user of an account by all that is billed for it and
// for who holds it. Where some account does not say, it is large or unknown.
func (p *Portfolio) scale(r *Rules, account string, a *register.Account, chain Chain) string {
	all := billed{}
	if a.Amount != nil {
		all.cents = min(max(*a.Amount, -*a.Amount), maxCents)
		if *a.Amount < -maxCents {
			all.cents = maxCents
		}
	}
	all.blank = a.Amount == nil
	for _, who := range p.payers(account, chain) {
		b := p.billed[who]
		all = billed{max(all.cents, b.cents), all.blank || b.blank}
	}
	size := r.Scale(&all.cents)
	if all.blank && size != "large" {
		return "unknown"
	}
	return size
}

// heldSector gives the sector of a customer, or that of who holds half of it or more,
// where that one holds power over people: a company of the police is the police.
func (p *Portfolio) heldSector(c *store.Revision[register.Customer], sector string) string {
	if c == nil || register.Coercive(sector) {
		return sector
	}
	for _, id := range register.HoldersOf(p.holders, c.ID)[1:] {
		if h := p.Customers[id]; h != nil && register.Coercive(h.Record.Sector) {
			return h.Record.Sector
		}
	}
	return sector
}
