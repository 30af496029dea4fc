package usage

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/store"
)

// minSecret is the least length of the key of windows, in bytes.
const minSecret = 32

// begin makes what is kept between runs ready: what is over goes, so that for the whole run
// the same days can be told and the same cannot.
func (k *keeper) begin() error {
	return k.db.Write(k.ctx, k.task.Actor, func(tx *store.Tx) (err error) {
		if k.m.counts() {
			if err := sameKey(k.ctx, tx, k.m.secret); err != nil {
				return err
			}
		}
		if err := k.settle(tx, true); err != nil {
			return err
		}
		if err := k.s.Swept.states(k.ctx, tx, k.task.Today); err != nil {
			return err
		}
		if err := k.m.drop(k.ctx, tx); err != nil {
			return err
		}
		if k.pushes {
			k.m.since, err = since(k.ctx, tx)
		}
		return err
	})
}

// sameKey refuses another key than the one by which the state is kept: its windows would
// all begin anew, and nobody would know.
func sameKey(ctx context.Context, tx *store.Tx, secret []byte) error {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("duly/window-key/1"))
	mark := hex.EncodeToString(h.Sum(nil))
	known, err := list(ctx, tx, "select mark from window_key", nil, func(rows *sql.Rows) (mark string, err error) {
		return mark, rows.Scan(&mark)
	})
	switch {
	case err != nil:
		return err
	case len(known) == 0:
		return tx.Exec("insert into window_key (mark) values ($1)", mark)
	case known[0] != mark:
		return fault.New(fault.Broken, "the key of windows is another one than that by which their state is kept",
			"restore windows.key from a copy; without it, `duly usage sweep --all` drops the state, and counting begins anew")
	}
	return nil
}

// drop takes over of which days the state was dropped.
func (m *Monitor) drop(ctx context.Context, q store.Queryer) error {
	if !m.counts() {
		return nil
	}
	type dropped struct {
		scope scope
		day   int64
	}
	days, err := list(ctx, q, "select scope, day from window_dropped", nil, func(rows *sql.Rows) (d dropped, err error) {
		var text string
		err = rows.Scan(&text, &d.day)
		d.scope = parseScope(text)
		return d, err
	})
	for _, was := range days {
		c := m.windowed(was.scope.hash)
		for d := range m.deployments {
			if c != nil && m.deployments[d].ID == was.scope.deployment && m.basis() == was.scope.basis {
				c.dropped[d] = was.day
			}
		}
	}
	return err
}

// observe adds to windows what an object adds to them, and takes out what it added by
// another mapping. Windows that change are due to be weighed.
func (k *keeper) observe(tx *store.Tx, r *ObjectRecord, fresh []observed, replaced []contribution) error {
	for _, c := range replaced {
		s, day := scopeOf(c.identity)
		if k.m.windowed(s.hash) == nil {
			continue
		}
		const these = " in (select mark from window_state where scope = $1)"
		old := []any{s.String(), r.SHA256, c.mapping, dayNumber(day)}
		if err := tx.Exec("update window_state set due = 1 where mark in (select mark from window_part where mark"+these+" and object = $2 and mapping = $3 and day = $4)", old...); err != nil {
			return err
		}
		if err := tx.Exec("delete from window_part where mark"+these+" and object = $2 and mapping = $3 and day = $4", old...); err != nil {
			return err
		}
	}
	for _, o := range fresh {
		mark, last := hex.EncodeToString(o.part.Window[:]), o.part.Day
		until := max(last, dayNumber(k.task.Today)) + o.keep
		err := tx.Exec(`insert into window_state (mark, scope, last_day, kept_until, due) values ($1, $2, $3, $4, 1)
			on conflict (mark) do update set due = 1,
			last_day = case when excluded.last_day > window_state.last_day then excluded.last_day else window_state.last_day end,
			kept_until = case when excluded.kept_until > window_state.kept_until then excluded.kept_until else window_state.kept_until end`,
			mark, o.scope.String(), last, until)
		if err != nil {
			return err
		}
		err = tx.Exec("insert into window_part (mark, object, mapping, day, item, calls, seen) values ($1, $2, $3, $4, $5, $6, $7)",
			mark, r.SHA256, r.Mapping, last, hex.EncodeToString(o.part.Item[:]), o.calls, sighting(o.seen))
		if err != nil {
			return err
		}
	}
	return nil
}

// settle weighs the windows that changed, of conditions that the monitor has, and states
// the counts and findings of their days. With over it weighs only those whose time is
// over. It goes by what is recorded, so that a run finishes what a killed one left.
func (k *keeper) settle(tx *store.Tx, over bool) error {
	query, args := "select mark, scope from window_state where due = 1", []any{}
	if over {
		query, args = query+" and kept_until < $1", []any{dayNumber(k.task.Today)}
	}
	type window struct {
		mark  string
		scope scope
	}
	due, err := list(k.ctx, tx, query+" order by mark", args, func(rows *sql.Rows) (w window, err error) {
		var text string
		err = rows.Scan(&w.mark, &text)
		w.scope = parseScope(text)
		return w, err
	})
	if err != nil {
		return err
	}
	changed := map[scope]map[int64]bool{}
	for _, w := range due {
		c := k.m.windowed(w.scope.hash)
		if c == nil {
			continue
		}
		if changed[w.scope] == nil {
			changed[w.scope] = map[int64]bool{}
		}
		if err := k.weigh(tx, c, w.mark, w.scope, changed[w.scope]); err != nil {
			return err
		}
	}
	for _, s := range slices.SortedFunc(maps.Keys(changed), func(a, b scope) int { return cmp.Compare(a.String(), b.String()) }) {
		for _, day := range slices.Sorted(maps.Keys(changed[s])) {
			if err := k.restate(tx, s, day); err != nil {
				return err
			}
		}
	}
	return nil
}

// weigh records what one window amounts to now, and notes the days on which that is, or
// was, beyond the bound.
func (k *keeper) weigh(tx *store.Tx, c *cond, mark string, s scope, days map[int64]bool) error {
	state := newWindowState()
	parts, err := list(k.ctx, tx, "select day, item, calls, seen from window_part where mark = $1", []any{mark}, scanPart)
	if err != nil {
		return err
	}
	for _, o := range parts {
		state.add(c.Windowed(), o.part, o.calls, o.seen)
	}
	was, err := list(k.ctx, tx, "select day from window_beyond where scope = $1 and mark = $2", []any{s.String(), mark}, scanDay)
	if err != nil {
		return err
	}
	for _, day := range was {
		days[day] = true
	}
	if err := tx.Exec("delete from window_beyond where scope = $1 and mark = $2", s.String(), mark); err != nil {
		return err
	}
	now := state.weigh(c)
	for _, day := range slices.Sorted(maps.Keys(now)) {
		days[day] = true
		if err := putBeyond(tx, s, mark, day, now[day]); err != nil {
			return err
		}
	}
	return tx.Exec("update window_state set due = 0 where mark = $1", mark)
}

func scanDay(rows *sql.Rows) (day int64, err error) { return day, rows.Scan(&day) }

func scanPart(rows *sql.Rows) (o observed, err error) {
	var item, seen string
	if err = rows.Scan(&o.part.Day, &item, &o.calls, &seen); err != nil {
		return o, err
	}
	_, err = hex.Decode(o.part.Item[:], []byte(item))
	o.seen = parseSighting(seen)
	return o, err
}

func putBeyond(tx *store.Tx, s scope, mark string, day int64, b beyond) error {
	return tx.Exec("insert into window_beyond (scope, day, mark, calls, reached, windows, first, last) values ($1, $2, $3, $4, $5, $6, $7, $8)",
		s.String(), day, mark, b.Times, b.Reached, b.windows, sighting(b.first), sighting(b.last))
}

// beyondOn gives what all windows of a scope amount to on a day; a mark narrows it to one.
func beyondOn(ctx context.Context, q store.Queryer, s scope, day int64, more string, args ...any) (sum beyond, err error) {
	query := "select calls, reached, windows, first, last from window_beyond where scope = $1 and day = $2" + more
	all, err := list(ctx, q, query, append([]any{s.String(), day}, args...), func(rows *sql.Rows) (b beyond, err error) {
		var first, last string
		err = rows.Scan(&b.Times, &b.Reached, &b.windows, &first, &last)
		b.first, b.last = parseSighting(first), parseSighting(last)
		return b, err
	})
	for _, b := range all {
		sum.merge(b)
	}
	return sum, err
}

// restate states the count and the finding of a scope and day as their windows say now.
func (k *keeper) restate(tx *store.Tx, s scope, day int64) error {
	sum, err := beyondOn(k.ctx, tx, s, day, "")
	if err != nil {
		return err
	}
	counts, err := store.Select(k.ctx, tx, Counts, "r.identity = $1", s.on(dayText(day)))
	if err != nil || len(counts) == 0 {
		return err
	}
	next := *counts[0].Record
	if next.Deviations != sum.Times {
		k.s.Deviations += sum.Times - next.Deviations
		next.Deviations = sum.Times
		if _, _, err := store.Revise(tx, Counts, counts[0].ID, &next); err != nil {
			return err
		}
	}
	return k.refind(tx, k.m.beyond(k.m.windowed(s.hash), s.deployment, dayText(day), &sum, next.Assumed), s.basis)
}

// refind states a finding as it is now; one of no calls is closed.
func (k *keeper) refind(tx *store.Tx, f Finding, basis string) error {
	record := recordOf(f, basis)
	if f.Calls == 0 {
		record.State, record.Evidence = "closed", nil
	}
	known, err := store.Select(k.ctx, tx, Findings, "r.identity = $1", record.Identity)
	switch {
	case err != nil, len(known) == 0 && f.Calls == 0, len(known) > 0 && same(known[0].Record, &record):
		return err
	case len(known) > 0:
		_, _, err = store.Revise(tx, Findings, known[0].ID, &record)
	default:
		_, err = store.Create(tx, Findings, &record)
	}
	if f.Calls > 0 {
		k.list(f)
	}
	return err
}

// list reads all rows of a query.
func list[T any](ctx context.Context, q store.Queryer, query string, args []any, scan func(*sql.Rows) (T, error)) (out []T, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the state of counting cannot be read")
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "the state of counting cannot be read")
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the state of counting cannot be read")
	}
	return out, nil
}

// dayNumber gives a day, YYYY-MM-DD, as days since 1970-01-01.
func dayNumber(day string) int64 {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return floor(at.Unix(), 24*hour)
}

// parseSighting reads what sighting wrote.
func parseSighting(text string) (s Sighting) {
	s.Time, s.ID, _ = strings.Cut(text, " ")
	return s
}
