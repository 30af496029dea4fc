package report

import (
	"math/big"
	"slices"
	"strings"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

// money sums the amounts of one currency. Sums have no bound, so that no amount
// that a source states can overflow them.
type money struct{ net, gross, unmapped big.Int }

// spine counts what is billed. It stands first in every report.
func (b *builder) spine() error {
	s := &b.r.Spine
	sums := map[string]*money{}
	firstDay := dayOf(b.r.Log.First)
	unknown := 0 // unmapped accounts without an amount
	for _, a := range b.accounts {
		r := a.Record
		if r.State == "ended" {
			continue
		}
		s.Accounts++
		unmapped := r.Customer == "" || r.Product == ""
		for _, c := range []struct {
			n  *int
			is bool
		}{{&s.NoCustomer, r.Customer == ""}, {&s.NoProduct, r.Product == ""}, {&s.Unmapped, unmapped}, {&s.Imported, began(r.ValidFrom, firstDay)}} {
			if c.is {
				*c.n++
			}
		}
		rows, err := b.billed(a)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			s.WithoutAmount++
			if unmapped {
				unknown++
			}
		}
		for _, row := range rows {
			if sums[row.Currency] == nil {
				sums[row.Currency] = &money{}
			}
			sums[row.Currency].add(*row.Amount, unmapped)
		}
	}
	s.UnmappedShare = share(int64(s.Unmapped), int64(s.Accounts))
	s.Currencies = len(sums)
	b.money(sums, unknown)
	return nil
}

// began says whether something began before a day.
func began(from, day string) bool { return from != "" && from < day }

// billed gives what an account bills: the revisions that state an amount, and of
// several from one row of the source the newest, since it corrects the others.
func (b *builder) billed(a *store.Revision[register.Account]) ([]*register.Account, error) {
	history := []*store.Revision[register.Account]{a}
	if a.Rev > 1 {
		var err error
		if history, err = store.History(b.ctx, b.q, register.Accounts, a.ID); err != nil {
			return nil, err
		}
	}
	var rows []*register.Account
	place := map[string]int{}
	for _, h := range history {
		if h.Record.Amount == nil || h.Seq > b.at.Seq {
			continue
		}
		row := rowOf(h.Record)
		if i, again := place[row]; again {
			rows[i] = h.Record
			continue
		}
		place[row] = len(rows)
		rows = append(rows, h.Record)
	}
	return rows, nil
}

// rowOf names the row of a source that a revision came from: what stands before
// the last # of its reference.
func rowOf(a *register.Account) string {
	row := a.SourceRef
	if at := strings.LastIndexByte(row, '#'); at >= 0 {
		row = row[:at]
	}
	return a.Source + "\n" + row
}

func (m *money) add(cents int64, unmapped bool) {
	n := big.NewInt(cents)
	m.net.Add(&m.net, n)
	n.Abs(n)
	m.gross.Add(&m.gross, n)
	if unmapped {
		m.unmapped.Add(&m.unmapped, n)
	}
}

// money shows the share of unmapped money to everybody, and the sums to those who
// may see trade secrets. While no amount of what is unmapped is known, nobody can
// tell its share.
func (b *builder) money(sums map[string]*money, unknown int) {
	s := &b.r.Spine
	var currencies []string
	for c, m := range sums {
		currencies = append(currencies, c)
		if len(sums) == 1 && m.gross.Sign() > 0 && (unknown == 0 || m.unmapped.Sign() > 0) {
			p := m.share()
			s.MoneyShare = &p
		}
	}
	if !b.view.seesField(register.Accounts.Name(), "amount", ledger.TradeSecret) {
		s.MoneyWithheld = ledger.TradeSecret
		return
	}
	slices.Sort(currencies)
	for _, c := range currencies {
		m := sums[c]
		s.Money = append(s.Money, Money{c, m.net.String(), m.gross.String(), m.unmapped.String()})
	}
}

// share gives the unmapped part in hundredths of a per cent, rounded up.
func (m *money) share() int64 {
	n := new(big.Int).Mul(&m.unmapped, big.NewInt(10000))
	n.Add(n, &m.gross).Sub(n, big.NewInt(1))
	return n.Quo(n, &m.gross).Int64()
}

// share gives part of whole in hundredths of a per cent, rounded up; the share of
// nothing is 0.
func share(part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	return (part*10000 + whole - 1) / whole
}
