package voice

import (
	"context"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Hand is who acts, with the key that signs and the time.
type Hand struct {
	By  act.Actor
	Key store.Signer // the person's own key; not needed for acts that nobody signs
	Now time.Time
}

// Today gives the day on which the person acts, YYYY-MM-DD in UTC.
func (h Hand) Today() string { return h.Now.UTC().Format(time.DateOnly) }

// Watch runs fn in one writing transaction, after it is clear under the log's lock
// that the person may do this; a refusal is logged.
func (h Hand) Watch(ctx context.Context, db *store.DB, authority act.Authority, what act.Act, attempt, subject string, fn func(tx *store.Tx) error) error {
	return refusal.Watch(ctx, db, refusal.Attempt{Act: attempt, Subject: subject, By: h.By, Now: h.Now}, func() error {
		return db.Write(ctx, h.By.Key, func(tx *store.Tx) error {
			person, err := people.ByKey(ctx, tx, h.By.Key)
			if err != nil {
				return err
			}
			if err := authority.May(person.Actor(), what); err != nil {
				return err
			}
			if h.Key != nil && h.Key.Sign(nil).KeyID() != h.By.Key {
				return refusal.Refuse(refusal.Key, "the signing key belongs to somebody else than the one who acts", "each person signs with the own key")
			}
			return fn(tx)
		})
	})
}

// needs refuses an empty text.
func needs(text, what, fix string) error {
	if strings.TrimSpace(text) == "" {
		return fault.New(fault.Invalid, what, fix)
	}
	return nil
}

// Rated names a rating: of what it is, its leaf hash, and who prepared it. Facts and
// Judged are hashes of the values that it rests on, without the days on which they were
// seen, and of what the method made of them: two ratings with the same of either tell
// nothing new that matters.
type Rated struct {
	Subject  string
	Hash     string
	Preparer string // key id
	Facts    string
	Judged   string
}

// Find gives the newest rating of what a person names. It is passed in, since ratings
// live above this room.
type Find func(ctx context.Context, q store.Queryer, subject string) (Rated, error)

// after gives the day so many days after a day.
func after(day string, days int64) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "" // never: days come from clocks and from checked records
	}
	return t.AddDate(0, 0, int(days)).Format(time.DateOnly)
}
