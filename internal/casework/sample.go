package casework

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/stats"
	"duly/internal/store"
	"duly/internal/triage"
)

// SampleSize is how many a quarter draws: with none of them missed, at most 1 % of all
// are, with 95 % confidence ([stats.AtMost]).
const SampleSize = 299

const confidence = 0.95

// Quarter gives the first day of the quarter that a day is in.
func Quarter(day string) (string, error) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", fault.Newf(fault.Invalid, "%q is not a date", day).WithFix("write it as YYYY-MM-DD")
	}
	month := (t.Month()-1)/3*3 + 1
	return time.Date(t.Year(), month, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), nil
}

// Draw draws the sample of a quarter from the accounts that nobody looks at. Who is
// drawn follows from the log: the population is who was in AUTO at the last entry
// before the quarter began, or at the first triage where there was none by then, and
// the seed is the log's root there. So it cannot be chosen by when or how often one
// draws; what is already in the log cannot be changed, and each account's place in a
// stratum is by hash.
//
// The draw is systematic over the strata (sector and what the product can do), so that
// each stratum has its share and every account the same chance.
//
// The code is Refused when the quarter has its sample, NotFound when nobody was in AUTO.
func Draw(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, today string) (*store.Revision[Sample], error) {
	if err := authority.May(by, act.Work); err != nil {
		return nil, err
	}
	quarter, err := Quarter(today)
	if err != nil {
		return nil, err
	}
	var ref store.Ref
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		had, err := store.Select(ctx, tx, Samples, "r.quarter_from = $1", quarter)
		if err != nil {
			return err
		}
		if len(had) > 0 {
			return fault.Newf(fault.Refused, "the sample of the quarter from %s was drawn already", quarter).WithFix("see `duly sample bound`")
		}
		position, population, err := populationAt(ctx, tx, quarter)
		if err != nil {
			return err
		}
		root, err := store.Root(ctx, tx, position)
		if err != nil {
			return err
		}
		drawn, strata := stats.Draw(population, root.String()+"\n"+quarter, SampleSize)
		ref, err = store.Create(tx, Samples, &Sample{
			Quarter: quarter, State: "drawn", Seed: root.String(), Position: position, Population: int64(len(population)),
			Size: int64(len(drawn)), Strata: int64(strata), Accounts: drawn, Judgements: []string{},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, db, Samples, ref.ID)
}

// populationAt gives the accounts in AUTO, with their strata, at the position that the
// quarter's sample is drawn at.
func populationAt(ctx context.Context, tx *store.Tx, quarter string) (int64, map[string]string, error) {
	position, err := sizeBefore(ctx, tx, quarter)
	if err != nil {
		return 0, nil, err
	}
	triaged, err := store.Select(ctx, tx, runs.Runs, "r.task = 'triage'")
	if err != nil {
		return 0, nil, err
	}
	if len(triaged) == 0 {
		return 0, nil, fault.New(fault.NotFound, "nobody was sorted into lanes yet", "run `duly triage`")
	}
	position = max(position, triaged[0].Seq+1)
	out, err := populationOf(ctx, tx, store.At{Seq: position - 1})
	if err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, "nobody was in AUTO when the quarter began", "there is nothing to sample; ask again in the next quarter")
	}
	return position, out, err
}

// populationOf gives the active accounts in AUTO as of a point, with their strata.
func populationOf(ctx context.Context, q store.Queryer, at store.At) (map[string]string, error) {
	sectors, risks := map[string]string{}, map[string]string{}
	err := store.Sketch(ctx, q, register.Customers, at, []string{"sector"}, "", nil, func(c *store.Revision[register.Customer]) error {
		sectors[c.ID] = c.Record.Sector
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = store.Sketch(ctx, q, register.Products, at, []string{"risk"}, "", nil, func(p *store.Revision[register.Product]) error {
		risks[p.ID] = p.Record.Risk
		return nil
	})
	if err != nil {
		return nil, err
	}
	auto := map[string]bool{}
	err = store.Sketch(ctx, q, triage.Triages, at, []string{"account", "lane"}, "", nil, func(t *store.Revision[triage.Triage]) error {
		auto[t.Record.Account] = t.Record.Lane == string(triage.Auto)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	return out, store.Sketch(ctx, q, register.Accounts, at, []string{"state", "customer", "product"}, "", nil, func(a *store.Revision[register.Account]) error {
		if auto[a.ID] && a.Record.State == "active" {
			out[a.ID] = cmp.Or(sectors[a.Record.Customer], "unknown") + "/" + cmp.Or(risks[a.Record.Product], "unknown")
		}
		return nil
	})
}

// sizeBefore gives how many entries the log had when a day (UTC) began. O(log n).
func sizeBefore(ctx context.Context, q store.Queryer, day string) (int64, error) {
	midnight, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	head, err := store.Head(ctx, q)
	if err != nil {
		return 0, err
	}
	low, high := int64(0), head.Size
	for low < high {
		middle := low + (high-low)/2
		leaf, err := store.LeafAt(ctx, q, middle)
		if err != nil {
			return 0, err
		}
		earlier := leaf.Time < midnight.UnixMicro()
		if leaf.Day != "" {
			earlier = leaf.Day < day
		}
		if earlier {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// Judgement is what a person made of one account of a sample: Missed says that a
// person should have looked at it.
type Judgement struct {
	Account string
	Missed  bool
}

// Judge records judgements of a sample, all or none. With the last account the bound is
// worked out, and each that was missed opens a case at the next sweep.
//
// Errors: Invalid for an account that was not drawn, Refused for one that was judged.
func Judge(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id string, list []Judgement) (*Sample, error) {
	if err := authority.May(by, act.Work); err != nil {
		return nil, err
	}
	var out *Sample
	return out, db.Write(ctx, by.Key, func(tx *store.Tx) error {
		s, err := store.Get(ctx, tx, Samples, id)
		if err != nil {
			return err
		}
		next := *s.Record
		next.Judgements, next.By = slices.Clone(next.Judgements), slices.Clone(next.By)
		for _, j := range list {
			if err := next.judge(j); err != nil {
				return err
			}
		}
		if !slices.Contains(next.By, by.Key) {
			next.By = append(next.By, by.Key)
		}
		if next.Judged == next.Size {
			next.State = "judged"
			bound, err := Bound(&next)
			if err != nil {
				return err
			}
			next.Bound = &bound
		}
		out = &next
		_, _, err = store.Revise(tx, Samples, id, &next)
		return err
	})
}

func (s *Sample) judge(j Judgement) error {
	if !slices.Contains(s.Accounts, j.Account) {
		return fault.Newf(fault.Invalid, "the account %q was not drawn", j.Account)
	}
	if slices.ContainsFunc(s.Judgements, func(had string) bool { return strings.HasPrefix(had, j.Account+" ") }) {
		return fault.Newf(fault.Refused, "the account %s was judged already", j.Account)
	}
	found := "ok"
	if j.Missed {
		found = "missed"
		s.Missed++
	}
	s.Judged++
	s.Judgements = append(s.Judgements, j.Account+" "+found)
	return nil
}

// missed gives the accounts that a person should have looked at.
func (s *Sample) missed() []string {
	var out []string
	for _, j := range s.Judgements {
		if account, missed := strings.CutSuffix(j, " missed"); missed {
			out = append(out, account)
		}
	}
	return out
}

// Bound gives how many of the population a person should have looked at, at most, with
// 95 % confidence. Those that nobody has judged count as missed. A sample of all is no
// estimate: then it is their number.
func Bound(s *Sample) (int64, error) {
	return stats.Most(s.Population, s.Size, s.Missed+s.Size-s.Judged, confidence)
}

// Describe says what a sample showed in a sentence, as it is published.
func Describe(s *Sample) (string, error) {
	bound, err := Bound(s)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("quarter from %s: %d of %d accounts that nobody looks at were drawn, %d judged, %d missed; at most %d accounts should have been looked at (95 %%)",
		s.Quarter, s.Size, s.Population, s.Judged, s.Missed, bound)
	if s.Judged < s.Size {
		text += fmt.Sprintf(", as long as the %d that are not judged count as missed", s.Size-s.Judged)
	}
	return text, nil
}
