package decision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
)

// shortHash is how many digits of a rating's leaf hash commands print, and the fewest
// that name one.
const shortHash = 12

// ShortHash gives the beginning of a rating's leaf hash, by which a person says which
// one was read.
func ShortHash(hash string) string { return hash[:min(shortHash, len(hash))] }

// seen refuses to take another rating than the one that the person named.
func (m *matter) seen(ctx context.Context, q store.Queryer, named string) error {
	switch {
	case named == "" || len(named) >= shortHash && strings.HasPrefix(m.rated.Hash.String(), named):
		return nil
	case len(named) < shortHash:
		return fault.Newf(fault.Invalid, "%q is too short to name a rating", named).WithFix(fmt.Sprintf("give %d digits or more, as `duly trace` prints them", shortHash))
	}
	return m.otherwise(ctx, q, named, "this is not the newest rating")
}

// named asks which rating the person read, to let something run that takes two people or
// whose rating is HIGH or worse. To refuse or to suspend never waits for that: it lets
// nothing run.
func (m *matter) named(r Request) error {
	if r.Rating != "" || !bundle.LetsRun(string(r.Act)) || m.demand.Signers < 2 && assessment.Rank(m.rated.Record.Worst) < assessment.Rank("HIGH") {
		return nil
	}
	return refusal.Refuse(refusal.Unread, "this says nowhere which rating you read",
		fmt.Sprintf("read the newest with `duly trace %s`, and give --rating %s", m.rated.Record.Subject, ShortHash(m.rated.Hash.String())))
}

// otherwise refuses a rating that was overtaken, and says what came out otherwise.
func (m *matter) otherwise(ctx context.Context, q store.Queryer, named, what string) error {
	history, err := store.History(ctx, q, assessment.Ratings, m.rated.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(history, func(r *store.Revision[assessment.Rating]) bool { return strings.HasPrefix(r.Hash.String(), named) })
	if at < 0 {
		return refusal.Refuse(refusal.Stale, "no rating of this deployment begins with "+named, "see `duly trace "+m.rated.Record.Subject+"`")
	}
	changed := assessment.Differences(history[at].Record, m.rated.Record)
	return refusal.Refuse(refusal.Stale, fmt.Sprintf("%s: since then %s", what, strings.Join(changed, ", ")),
		fmt.Sprintf("read the new one with `duly trace %s`, and decide on %s", m.rated.Record.Subject, ShortHash(m.rated.Hash.String())))
}

// lawful refuses a rating that another law, another method or another day has overtaken
// since it was made: it is older than the law.
func (m *matter) lawful(ctx context.Context, q store.Queryer) error {
	before, err := store.Select(ctx, q, Decisions, "r.subject = $1", m.rated.Record.Subject)
	if err != nil {
		return err
	}
	var decided assessment.Decided
	for _, d := range before {
		decided = assessment.Decided{Review: d.Record.ReviewDay, Rating: d.Record.Rating}
	}
	why, err := assessment.Overtaken(ctx, q, m.rated, m.laws, m.today, decided)
	if err != nil || why == "" {
		return err
	}
	return refusal.Refuse(refusal.Law, "the rating is older than the law: "+why, "assess it again, then decide")
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
