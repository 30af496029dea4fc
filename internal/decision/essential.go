package decision

import (
	"context"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Criticality says whether people depend on what a deployment does (GC-04).
type Criticality struct {
	Essential bool   `duly:"essential,public"`
	Day       string `duly:"day,public,date"`
	Subject   string `duly:"subject,customer,column"`
	Why       string `duly:"why,customer"`
	By        string `duly:"by,personal"`
}

// ExitImpact says what suspending or leaving would do to those who depend on a
// deployment, and what is done about it (UNGP 19, IM-17).
type ExitImpact struct {
	Day        string `duly:"day,public,date"`
	Subject    string `duly:"subject,customer,column"`
	Loss       string `duly:"service_loss,customer"` // who loses what
	Data       string `duly:"data_left,customer"`    // what is left behind, and what becomes of it
	Successor  string `duly:"successor,customer"`    // who takes over, and that one's record
	Continuity string `duly:"continuity,customer"`   // how the essential part goes on
	By         string `duly:"by,personal"`
}

// The kinds of this file.
var (
	Criticalities = ledger.Define[Criticality]("criticality", 1)
	ExitImpacts   = ledger.Define[ExitImpact]("exit_impact", 1)
)

// SetEssential records whether a deployment is essential; later words replace earlier
// ones.
//
// Errors: Invalid without a reason; Refused for whoever may not prepare an assessment.
func SetEssential(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, subject string, essential bool, why string) (store.Ref, error) {
	if strings.TrimSpace(why) == "" {
		return store.Ref{}, fault.New(fault.Invalid, "it needs a reason", "give --reason TEXT")
	}
	c := &Criticality{Essential: essential, Day: now.UTC().Format(time.DateOnly), Subject: subject, Why: why, By: by.Key}
	return prepare(ctx, db, authority, by, now, subject, func(tx *store.Tx) (ref store.Ref, err error) {
		before, err := store.Select(ctx, tx, Criticalities, "r.subject = $1", subject)
		if err != nil {
			return ref, err
		}
		if len(before) == 0 {
			return store.Create(tx, Criticalities, c)
		}
		ref, _, err = store.Revise(tx, Criticalities, before[0].ID, c)
		return ref, err
	})
}

// WeighExit records an exit-impact assessment.
//
// Errors: Invalid when a part is left out; what is not known is written down as that.
func WeighExit(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, x ExitImpact) (store.Ref, error) {
	for _, part := range []struct{ name, text string }{{"loss", x.Loss}, {"data", x.Data}, {"successor", x.Successor}, {"continuity", x.Continuity}} {
		if strings.TrimSpace(part.text) == "" {
			return store.Ref{}, fault.Newf(fault.Invalid, "the exit-impact record leaves out %s", part.name).WithFix("give --" + part.name + " TEXT; write down also what is not known")
		}
	}
	x.Day, x.By = now.UTC().Format(time.DateOnly), by.Key
	return prepare(ctx, db, authority, by, now, x.Subject, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, ExitImpacts, &x) })
}

func prepare(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, subject string, fn func(*store.Tx) (store.Ref, error)) (ref store.Ref, err error) {
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "decision", Subject: subject, By: by, Now: now}, func() error {
		return db.Write(ctx, by.Key, func(tx *store.Tx) error {
			if _, err := entitled(ctx, tx, authority, by.Key, act.Judge); err != nil {
				return err
			}
			ref, err = fn(tx)
			return err
		})
	})
	return ref, err
}

// essential says whether a deployment is essential: yes, no or unknown.
func essential(ctx context.Context, q store.Queryer, subject string) (string, error) {
	list, err := store.Select(ctx, q, Criticalities, "r.subject = $1", subject)
	switch {
	case err != nil || len(list) == 0:
		return "unknown", err
	case list[0].Record.Essential:
		return "yes", nil
	}
	return "no", nil
}

// exitImpact gives the id of the newest exit-impact record of a deployment, or "".
func exitImpact(ctx context.Context, q store.Queryer, subject string) (string, error) {
	list, err := store.Select(ctx, q, ExitImpacts, "r.subject = $1", subject)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[len(list)-1].ID, nil
}
