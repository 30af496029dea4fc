package refusal_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// TestRefusedAttemptsAreLogged protects that nobody tries in silence: what a rule
// refuses is an entry with the rule in clear, and nothing of the attempt is kept. What
// is no refusal is none, and a caller without a key cannot be logged.
func TestRefusedAttemptsAreLogged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		db := storetest.Begin(t, dsn, refusal.Migrations)
		attempt := refusal.Attempt{Act: "vote", Subject: "a deployment", By: act.Actor{Key: storetest.Actor}, Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
		for name, c := range map[string]struct {
			err    error
			by     string
			logged refusal.Rule // "" when nothing is
		}{
			"a rule":         {refusal.Refuse(refusal.Recused, "a conflict", ""), storetest.Actor, refusal.Recused},
			"an authority":   {act.Default.May(act.Actor{Roles: []act.Role{act.Sales}}, act.Decide), storetest.Actor, refusal.Role},
			"bad input":      {fault.New(fault.Invalid, "no such vote", ""), storetest.Actor, ""},
			"nothing":        {nil, storetest.Actor, ""},
			"nobody to name": {refusal.Refuse(refusal.Twice, "again", ""), "", ""},
		} {
			before, err := store.Head(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			attempt.By.Key = c.by
			if got := refusal.Watch(ctx, db, attempt, func() error { return c.err }); !errors.Is(got, c.err) {
				t.Errorf("%s: the error is %v", name, got)
			} else if c.logged != "" && !strings.Contains(got.Error(), "["+c.logged.Error()+"]") {
				t.Errorf("%s: the error does not name the rule: %v", name, got)
			}
			after, err := store.Head(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			if (after.Size > before.Size) != (c.logged != "") {
				t.Errorf("%s: %d entries", name, after.Size-before.Size)
				continue
			}
			if c.logged == "" {
				continue
			}
			r, err := store.GetBySeq(ctx, db, refusal.Refusals, before.Size)
			if err != nil || r.Record.Rule != string(c.logged) || r.Record.Act != "vote" || r.Record.Day != "2026-03-02" || r.Record.By != storetest.Actor {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
	})
}

// TestEveryRuleHasItsWord protects against a rule that cannot be logged because the
// schema does not know it.
func TestEveryRuleHasItsWord(t *testing.T) {
	var known []string
	for _, f := range refusal.Refusals.Schema().Public {
		if f.Name == "rule" {
			known = f.Enum
		}
	}
	for _, r := range refusal.Rules {
		if !slices.Contains(known, string(r)) {
			t.Errorf("the schema does not know rule %s", r)
		}
	}
	if len(known) != len(refusal.Rules) {
		t.Errorf("the schema knows %d rules, there are %d", len(known), len(refusal.Rules))
	}
}
