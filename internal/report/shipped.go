package report

import (
	"sync"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/packs"
)

// ships gives the packs that ship with this release by their SHA-256. Their texts are
// public: whoever has Duly finds them by the hash that stands in clear, so there is
// nothing to withhold.
var ships = sync.OnceValues(func() (map[string]*pack.Pack, error) {
	list, err := pack.ReadDir(packs.Files, ".")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the packs of this release cannot be read")
	}
	out := make(map[string]*pack.Pack, len(list))
	for _, p := range list {
		out[p.Hash] = p
	}
	return out, nil
})

// seePack gives the title or the text of a recorded pack as the audience sees it.
func (b *builder) seePack(p *store.Revision[runs.Pack], field string) (Value, error) {
	public, err := ships()
	known := public[p.Record.SHA256]
	switch {
	case err != nil:
		return Value{}, err
	case known == nil:
		return see(b.view, runs.Packs, p, field), nil
	case field == "title":
		return Value{Shown: ledger.Text(known.Title)}, nil
	}
	return Value{Shown: ledger.Text(string(known.Bytes))}, nil
}
