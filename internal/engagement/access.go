package engagement

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Entries says how many entries of a kind somebody made.
type Entries struct {
	Actor   string // key id
	Kind    string
	Entries int64
	First   int64 // positions
	Last    int64
}

// Entered counts who entered what from one day to another, from every entry of the log
// and from nothing else, sorted by person and kind.
func Entered(ctx context.Context, q store.Queryer, from, upto string) ([]Entries, error) {
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	by, leaf := map[[2]string]*Entries{}, &ledger.Leaf{}
	err = store.Entries(ctx, q, 0, head.Size, func(e store.Entry) error {
		if err := leaf.Parse(e.Leaf); err != nil {
			return fault.Newf(fault.Broken, "entry %d of the log cannot be read", e.Seq).WithFix("run `duly verify`")
		}
		if day := leaf.Entered(); day < from || day > upto {
			return nil
		}
		key := [2]string{leaf.Actor, leaf.Kind}
		if by[key] == nil {
			by[key] = &Entries{Actor: leaf.Actor, Kind: leaf.Kind, First: e.Seq}
		}
		by[key].Entries, by[key].Last = by[key].Entries+1, e.Seq
		return nil
	})
	out := make([]Entries, 0, len(by))
	for _, e := range by {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b Entries) int {
		return cmp.Or(strings.Compare(a.Actor, b.Actor), strings.Compare(a.Kind, b.Kind))
	})
	return out, err
}
