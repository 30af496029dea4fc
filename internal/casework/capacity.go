package casework

import (
	"context"
	"database/sql"
	"fmt"

	"duly/internal/act"
	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/store"
)

// Lane is what a lane holds and what people can do about it, for the report.
type Lane struct {
	Lane    string `json:"lane"`
	Open    int    `json:"open"`
	Taken   int    `json:"taken"`   // open cases that somebody has
	Waiting int    `json:"waiting"` // open cases that nobody has
	Asleep  int    `json:"put_off"`
	Overdue int    `json:"overdue"`
	Oldest  int    `json:"oldest_days"` // of those that wait
	Worked  int    `json:"worked"`      // closed by people within Days
	Days    int    `json:"days"`
	Hours   int64  `json:"hours_a_week"` // 0 where nobody has set any
	PerCase int64  `json:"minutes_a_case"`
	PerWeek int64  `json:"cases_a_week"` // what the hours allow
	Weeks   int64  `json:"weeks"`        // until the last open case is worked on, rounded up; -1 for never
	Over    bool   `json:"over_capacity"`
}

// String says it in a sentence, as it is published.
func (l Lane) String() string {
	text := fmt.Sprintf("%s: %d worked in %d days, %d waiting", l.Lane, l.Worked, l.Days, l.Waiting)
	if l.Waiting > 0 {
		text += fmt.Sprintf(", oldest %d days", l.Oldest)
	}
	if l.Overdue > 0 {
		text += fmt.Sprintf(", %d overdue", l.Overdue)
	}
	switch {
	case l.Over && l.Weeks < 0:
		text += "; nobody has hours for this lane"
	case l.Over:
		text += fmt.Sprintf("; the lane holds %d and takes %d a week: the last waits %d weeks", l.Open, l.PerWeek, l.Weeks)
	}
	return text
}

// SetCapacity says how many hours a week people have for a lane, and how many minutes
// a case of it takes, from a day on.
func SetCapacity(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, c Capacity) error {
	if err := authority.May(by, act.Decide); err != nil {
		return err
	}
	if laneRank(c.Lane) == 0 {
		return fault.Newf(fault.Invalid, "nobody works on %q", c.Lane).WithFix("use STOP, PERSON or DESK: what opens a case about an account in AUTO is a desk's")
	}
	if c.Hours < 0 || c.Hours > 100000 || c.PerCase < 1 || c.PerCase > 100000 || c.From == "" {
		return fault.New(fault.Invalid, "a capacity is a number of hours a week and of minutes a case", "give --hours and --minutes as whole numbers above zero")
	}
	c.By = by.Key
	return db.Write(ctx, by.Key, func(tx *store.Tx) error {
		same, err := store.Select(ctx, tx, Capacities, "r.lane = $1 and r.from_day = $2", c.Lane, c.From)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			_, _, err = store.Revise(tx, Capacities, same[0].ID, &c)
			return err
		}
		_, err = store.Create(tx, Capacities, &c)
		return err
	})
}

// Lanes gives the load of every lane on a day, the strictest lane first, with what was
// worked within some days before it.
func Lanes(ctx context.Context, q store.Queryer, today string, period int) ([]Lane, error) {
	if period < 1 {
		return nil, fault.New(fault.Invalid, "a period has at least one day", "")
	}
	out := []Lane{}
	for i := len(lanes) - 1; i > 0; i-- {
		l, err := loadOf(ctx, q, lanes[i], today, period)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func loadOf(ctx context.Context, q store.Queryer, lane, today string, period int) (Lane, error) {
	l := Lane{Lane: lane, Days: period, Weeks: -1}
	var oldest sql.NullString
	err := scan(ctx, q, `select count(*), coalesce(sum(case when owner is null then 0 else 1 end), 0),
		coalesce(sum(case when snoozed_until > $1 then 1 else 0 end), 0), coalesce(sum(case when due < $1 then 1 else 0 end), 0),
		min(case when owner is null then opened end)
		from r_review where to_seq is null and state = 'open' and lane = $2`, []any{today, lane}, &l.Open, &l.Taken, &l.Asleep, &l.Overdue, &oldest)
	if err != nil {
		return l, err
	}
	l.Waiting = l.Open - l.Taken
	if oldest.Valid {
		l.Oldest = calendar.Between(oldest.String, today)
	}
	err = scan(ctx, q, "select count(*) from r_review where to_seq is null and state = 'closed' and lane = $1 and closed > $2 and closed <= $3 and outcome <> 'ended'",
		[]any{lane, calendar.Later(today, -period), today}, &l.Worked)
	if err != nil {
		return l, err
	}
	set, err := store.Select(ctx, q, Capacities, "r.lane = $1 and r.from_day <= $2", lane, today)
	if err != nil {
		return l, err
	}
	from := ""
	for _, c := range set {
		if c.Record.From >= from {
			from, l.Hours, l.PerCase = c.Record.From, c.Record.Hours, c.Record.PerCase
		}
	}
	if l.PerCase > 0 {
		l.PerWeek = l.Hours * 60 / l.PerCase
	}
	switch {
	case l.Open == 0:
		l.Weeks = 0
	case l.PerWeek > 0:
		l.Weeks = (int64(l.Open) + l.PerWeek - 1) / l.PerWeek
	}
	l.Over = int64(l.Open) > l.PerWeek
	return l, nil
}

func scan(ctx context.Context, q store.Queryer, query string, args []any, into ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the cases")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the cases")
		}
	}
	return rows.Err()
}
