package register

import "math/bits"

// Spine counts what is billed and what of it is mapped. The zero Spine is ready
// to use. Money is in whole cents; Gross adds amounts without their sign, since a
// refund is also an account that somebody must know.
type Spine struct {
	Accounts int   `json:"accounts"`
	Net      int64 `json:"net_cents"`
	Gross    int64 `json:"gross_cents"`

	NoCustomer    int   `json:"no_customer"` // mapped to no customer
	NoProduct     int   `json:"no_product"`  // mapped to no product
	Unmapped      int   `json:"unmapped"`    // lacking either
	UnmappedNet   int64 `json:"unmapped_net_cents"`
	UnmappedGross int64 `json:"unmapped_gross_cents"`
	WithoutAmount int   `json:"without_amount"` // counted, but in no sum of money
	UnmappedBlank int   `json:"unmapped_without_amount"`
}

// Add counts one account, or one billed row of an account.
func (s *Spine) Add(a *Account) {
	s.Accounts++
	unmapped := a.Customer == "" || a.Product == ""
	if a.Customer == "" {
		s.NoCustomer++
	}
	if a.Product == "" {
		s.NoProduct++
	}
	if unmapped {
		s.Unmapped++
	}
	if a.Amount == nil {
		s.WithoutAmount++
		if unmapped {
			s.UnmappedBlank++
		}
		return
	}
	net, gross := *a.Amount, max(*a.Amount, -*a.Amount)
	s.Net, s.Gross = s.Net+net, s.Gross+gross
	if unmapped {
		s.UnmappedNet, s.UnmappedGross = s.UnmappedNet+net, s.UnmappedGross+gross
	}
}

// UnmappedShare gives the unmapped part of the accounts and of the gross money,
// in hundredths of a per cent, rounded up: what is unmapped is never rounded
// away. The share of no accounts is 0. Money is that of the accounts whose amount is
// known; nil says that nobody can tell, since no amount is known, or none of what is
// unmapped.
func (s *Spine) UnmappedShare() (accounts int64, money *int64) {
	accounts = share(int64(s.Unmapped), int64(s.Accounts))
	if s.Gross == 0 || s.UnmappedGross == 0 && s.UnmappedBlank > 0 {
		return accounts, nil
	}
	m := share(s.UnmappedGross, s.Gross)
	return accounts, &m
}

// share gives part of whole (0 <= part <= whole) in hundredths of a per cent,
// rounded up. The product is 128 bits wide, so that no sum of money overflows it.
func share(part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(part), 10000)
	low, carry := bits.Add64(low, uint64(whole-1), 0)
	quotient, _ := bits.Div64(high+carry, low, uint64(whole))
	return int64(quotient)
}
