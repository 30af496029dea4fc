package casework

import (
	"context"

	"duly/internal/store"
)

// SweepAll is Sweep that looks at all cases, whatever happened to them: what Sweep
// finds is compared with it.
func SweepAll(ctx context.Context, db *store.DB, actor, today string, rules *Rules) (*Summary, error) {
	return sweep(ctx, db, actor, today, rules, true)
}
