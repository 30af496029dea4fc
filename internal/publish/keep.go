package publish

import (
	"context"
	"net/http"
	"slices"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/workspace"
)

// Keep runs a round at once, and again each time that a pause is over, until the context
// ends. after gives a channel that hears when a pause is over, as [time.After] does. What
// goes wrong in a round is handed to log, and the next one tries again: a witness that
// does not answer, or a database that is busy, is there again later.
//
// It ends with the error of a round that no later one could mend, of code Invalid, and
// with none when the context ends.
func Keep(ctx context.Context, every time.Duration, after func(time.Duration) <-chan time.Time, round func(context.Context) error, log func(error)) error {
	for {
		err := round(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case fault.CodeOf(err) == fault.Invalid:
			return err
		case err != nil:
			log(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-after(every):
		}
	}
}

// AskNew asks the witnesses as [Ask] does, if one of those with an address has not
// cosigned the last checkpoint yet. Otherwise it asks nobody and gives no answers: whoever
// asks a witness again and again looks like one who rolls dice.
func AskNew(ctx context.Context, client *http.Client, w *workspace.Workspace) ([]Answer, error) {
	signed, _, err := w.Checkpoint()
	if err != nil {
		return nil, err
	}
	witnesses, err := w.Witnesses()
	if err != nil {
		return nil, err
	}
	addressed := slices.ContainsFunc(w.Config.Witnesses, func(x workspace.Witness) bool { return x.URL != "" })
	missing := slices.ContainsFunc(w.Config.Witnesses, func(x workspace.Witness) bool {
		i := slices.IndexFunc(witnesses, func(k ledger.Witness) bool { return k.Key() == x.Key })
		return x.URL != "" && len(ledger.CosignatureLines(signed, witnesses[i:i+1])) == 0
	})
	if addressed && !missing {
		return nil, nil
	}
	return Ask(ctx, client, w)
}
