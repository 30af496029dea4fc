package report

import (
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/store"
)

// standing finds what holds on the report's day where the newest decision of a subject
// does not: it is locked until a later day, or it has ended. It counts the overrides up
// to the checkpoint, also those that later decisions replaced.
func (b *builder) standing() error {
	b.held = map[string]*store.Revision[decision.Decision]{}
	for _, d := range b.decisions {
		if d.Record.From <= b.r.Day {
			continue
		}
		history, err := store.History(b.ctx, b.q, decision.Decisions, d.ID)
		if err != nil {
			return err
		}
		for len(history) > 0 && history[len(history)-1].Seq > b.at.Seq {
			history = history[:len(history)-1]
		}
		if held, state := decision.In(history, b.r.Day); state == decision.Holds {
			b.held[d.ID] = held
		}
	}
	for _, step := range []func() error{b.met, b.confirmed} {
		if err := step(); err != nil {
			return err
		}
	}
	rows, err := b.q.Query(b.ctx, "select count(*) from r_decision where basis = 'override' and seq <= $1", b.at.Seq)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the decisions")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&b.r.Decisions.Overrides); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the decisions")
		}
	}
	return rows.Err()
}

// met counts the conditions precedent that somebody found to be met, by decision.
func (b *builder) met() error {
	checks, err := all(b, decision.Checks)
	newest := map[string]map[int64]bool{}
	for _, c := range checks {
		if c.Sort == decision.Precedent && c.Day <= b.r.Day {
			if newest[c.Decision] == nil {
				newest[c.Decision] = map[int64]bool{}
			}
			newest[c.Decision][c.Number] = c.Result == decision.Met
		}
	}
	b.fulfilled = map[string]int64{}
	for decision, numbers := range newest {
		for _, met := range numbers {
			if met {
				b.fulfilled[decision]++
			}
		}
	}
	return err
}

// state says whether a newest decision holds on the report's day: holds, waits, locked
// or lapsed; and which holds until then, if one does.
func (b *builder) state(d *store.Revision[decision.Decision]) (state string, until *Held) {
	switch x := d.Record; {
	case x.From > b.r.Day:
		if held := b.held[d.ID]; held != nil {
			until = &Held{held.Record.Act, held.Record.Day, held.Seq}
		}
		return "locked", until
	case x.Expires != "" && x.Expires <= b.r.Day:
		return "lapsed", nil
	case bundle.LetsRun(x.Act) && b.fulfilled[d.Hash.String()] < x.Precedents:
		return "waits", nil
	}
	return "holds", nil
}
