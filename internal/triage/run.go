package triage

import (
	"context"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
)

// Summary says where the accounts went.
type Summary struct {
	Accounts  int            `json:"accounts"`
	Lanes     map[Lane]int   `json:"lanes"`
	ByDefault int            `json:"by_default"`
	Reasons   map[string]int `json:"reasons"` // accounts by the rule that put them in their lane
	Changed   int            `json:"changed"` // accounts whose lane or reasons are new
	Spine     register.Spine `json:"spine"`
	// UnmappedAccounts and UnmappedMoney are shares in hundredths of a per cent; see
	// [register.Spine.UnmappedShare].
	UnmappedAccounts int64  `json:"unmapped_accounts_share"`
	UnmappedMoney    *int64 `json:"unmapped_money_share"`
	Run              int64  `json:"entry"`
}

// batch is how many accounts one transaction sorts.
const batch = 2000

// Run puts every active account into a lane and records what changed and the run
// itself. A killed run leaves whole batches; the next run does the rest.
func Run(ctx context.Context, db *store.DB, actor, today string, p *pack.Pack, progress func(done, all int)) (*Summary, error) {
	rules, err := Load(p)
	if err != nil {
		return nil, err
	}
	portfolio, err := ReadPortfolio(ctx, db, today)
	if err != nil {
		return nil, err
	}
	previous, err := Current(ctx, db)
	if err != nil {
		return nil, err
	}
	s := &Summary{Lanes: map[Lane]int{Stop: 0, Person: 0, Desk: 0, Auto: 0}, Reasons: map[string]int{}}
	hashes := make([]ledger.Hash, 0, len(portfolio.Accounts))
	for from := 0; from < len(portfolio.Accounts) || from == 0; from += batch {
		part := portfolio.Accounts[from:min(from+batch, len(portfolio.Accounts))]
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
			for _, a := range part {
				hashes = append(hashes, a.Hash)
				if err := s.one(tx, rules, portfolio, p.Hash, a, previous[a.ID]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(s.Accounts, len(portfolio.Accounts))
		}
	}
	s.UnmappedAccounts, s.UnmappedMoney = s.Spine.UnmappedShare()
	return s, s.record(ctx, db, actor, today, append([]string{p.Hash}, portfolio.RuledBy...), hashes)
}

func (s *Summary) record(ctx context.Context, db *store.DB, actor, today string, inputs []string, hashes []ledger.Hash) error {
	population, err := runs.Root(hashes)
	if err != nil {
		return err
	}
	return db.Write(ctx, actor, func(tx *store.Tx) error {
		ref, err := store.Create(tx, runs.Runs, &runs.Run{
			Task: "triage", Day: today, Covered: int64(s.Accounts), Findings: int64(s.Lanes[Stop] + s.Lanes[Person]),
			Population: population, Inputs: inputs,
		})
		s.Run = ref.Seq
		return err
	})
}

// one sorts one account and records its lane when it is new or changed.
func (s *Summary) one(tx *store.Tx, rules *Rules, portfolio *Portfolio, packHash string, a *store.Revision[register.Account], before *store.Revision[Triage]) error {
	v := rules.Lane(portfolio.Look(rules, a))
	s.Accounts++
	s.Lanes[v.Lane]++
	s.Spine.Add(a.Record)
	t := &Triage{Lane: string(v.Lane), ByDefault: v.ByDefault, Pack: packHash, Account: a.ID}
	if v.ByDefault {
		s.ByDefault++
		s.Reasons["(no rule)"]++
	}
	for i, r := range v.Reasons {
		t.Reasons = append(t.Reasons, r.String())
		switch {
		case i > 0:
		case len(r.Unknown) > 0:
			s.Reasons[r.Rule+" (not ruled out)"]++
		default:
			s.Reasons[r.Rule]++
		}
	}
	var err error
	changed := true
	if before == nil {
		_, err = store.Create(tx, Triages, t)
	} else if !equal(before.Record, t) {
		_, changed, err = store.Revise(tx, Triages, before.ID, t)
	} else {
		changed = false
	}
	if changed && err == nil {
		s.Changed++
	}
	return err
}

func equal(a, b *Triage) bool {
	x, sx, errX := Triages.Encode(a)
	y, sy, errY := Triages.Encode(b)
	if errX != nil || errY != nil || string(x) != string(y) {
		return false
	}
	for i := range sx {
		if string(sx[i]) != string(sy[i]) {
			return false
		}
	}
	return true
}

// Current gives the newest triage of every account.
func Current(ctx context.Context, q store.Queryer) (map[string]*store.Revision[Triage], error) {
	list, err := store.Select(ctx, q, Triages, "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]*store.Revision[Triage], len(list))
	for _, t := range list {
		out[t.Record.Account] = t
	}
	return out, nil
}

// ParseLane reads the name of a lane.
func ParseLane(s string) (Lane, error) {
	if Lane(s).rank() < 0 {
		return "", fault.Newf(fault.Invalid, "%q is not a lane", s).WithFix("use STOP, PERSON, DESK or AUTO")
	}
	return Lane(s), nil
}
