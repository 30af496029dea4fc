package retention

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Due is what of one entry, or of a draft, is past its clock.
type Due struct {
	Entry  int64    `json:"entry"`           // -1 for a draft
	Draft  string   `json:"draft,omitempty"` // its name, if it is one
	Kind   string   `json:"kind"`
	ID     string   `json:"id"` // of the record
	Fields []string `json:"fields"`
	Clock  string   `json:"clock"`
	Held   bool     `json:"held"` // a hold keeps it
}

// Due finds what is past its clock on a day, in the order of kinds and of the log. What
// was never stated is found as well: which fields are erased must not tell which were
// empty. It reads every entry of each kind that has a clock.
func (r *Rules) Due(ctx context.Context, q store.Queryer, kinds []*ledger.Schema, day string) ([]Due, error) {
	today, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write YYYY-MM-DD")
	}
	held, err := heldRecords(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Due
	for _, kind := range kinds {
		clocks := r.ofKind(kind)
		if !slices.ContainsFunc(clocks, func(c *Clock) bool { return c != nil }) {
			continue
		}
		err := eachEntry(ctx, q, kind, func(e *entry) {
			for _, d := range e.due(clocks, today) {
				d.Held = held[e.id]
				out = append(out, d)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ofKind gives the clock of each sealed field of a kind, nil where there is none.
func (r *Rules) ofKind(kind *ledger.Schema) []*Clock {
	clocks := make([]*Clock, len(kind.Sealed))
	for i, f := range kind.Sealed {
		clocks[i] = r.clock(kind.Kind, f.Class)
	}
	return clocks
}

// entry is one revision as far as clocks look at it.
type entry struct {
	kind        *ledger.Schema
	seq         int64
	id          string
	written     time.Time
	superseded  time.Time // zero for the newest revision
	state       string    // of the newest revision of the record
	entered     time.Time // when the newest revision was written
	upto        time.Time // the last day of the newest revision; zero when it has none
	disclosures []string
}

// eachEntry reads the revisions of a kind, each with the newest one of its record.
func eachEntry(ctx context.Context, q store.Queryer, kind *ledger.Schema, fn func(*entry)) error {
	rows, err := q.Query(ctx, `select r.seq, r.id, e.leaf, e.disclosures, coalesce(s.leaf, e.leaf), n.leaf, coalesce(l.valid_to, ''), r.to_seq is null
		from r_`+kind.Kind+` r join entry e on e.seq = r.seq
		left join entry s on s.seq = r.to_seq
		join r_`+kind.Kind+` l on l.id = r.id and l.to_seq is null
		join entry n on n.seq = l.seq
		order by r.seq`)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the log")
	}
	defer rows.Close()
	for rows.Next() {
		e := &entry{kind: kind}
		var leaf, next, newest []byte
		var disclosures, upto string
		var last bool
		if err := rows.Scan(&e.seq, &e.id, &leaf, &disclosures, &next, &newest, &upto, &last); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the log")
		}
		if err := e.read(leaf, next, newest, upto, last); err != nil {
			return err
		}
		e.disclosures = strings.Split(disclosures, "~")
		fn(e)
	}
	if err := rows.Err(); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the log")
	}
	return nil
}

func (e *entry) read(leaf, next, newest []byte, upto string, last bool) error {
	var err error
	if e.written, _, err = when(leaf); err != nil {
		return err
	}
	if !last {
		if e.superseded, _, err = when(next); err != nil {
			return err
		}
	}
	if e.entered, e.state, err = when(newest); err != nil {
		return err
	}
	if upto != "" {
		e.upto, err = time.Parse(time.DateOnly, upto)
	}
	return err
}

// when gives the day of a leaf, and its public state where it has one.
func when(raw []byte) (at time.Time, state string, err error) {
	leaf, err := ledger.ParseLeaf(raw)
	if err != nil {
		return at, "", err
	}
	at, err = time.Parse(time.DateOnly, leaf.Entered())
	state, _ = leaf.PublicValues()["state"].Value().(string)
	return at, state, err
}

// due gives what of the entry is past its clock, by clock.
func (e *entry) due(clocks []*Clock, today time.Time) []Due {
	var out []Due
	for i, c := range clocks {
		if c == nil || i >= len(e.disclosures) || e.disclosures[i] == "" || !c.due(e.age(c, today)) {
			continue
		}
		if n := len(out) - 1; n >= 0 && out[n].Clock == c.ID {
			out[n].Fields = append(out[n].Fields, e.kind.Sealed[i].Name)
			continue
		}
		out = append(out, Due{Entry: e.seq, Kind: e.kind.Kind, ID: e.id, Fields: []string{e.kind.Sealed[i].Name}, Clock: c.ID})
	}
	return out
}

// age measures the entry for a clock, in whole days.
func (e *entry) age(c *Clock, today time.Time) age {
	days := func(from time.Time) int64 {
		return int64(today.Sub(from) / (24 * time.Hour))
	}
	a := age{superseded: -1, ended: -1, written: days(e.written)}
	if !e.superseded.IsZero() {
		a.superseded = days(e.superseded)
	}
	if slices.Contains(c.Ended.States, e.state) {
		a.ended = days(e.entered)
	}
	if !e.upto.IsZero() {
		a.ended = max(a.ended, days(e.upto))
	}
	return a
}
