package screening

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/store"
)

// InUse is a list as `duly lists` shows it.
type InUse struct {
	Name      string `json:"name"`
	Format    string `json:"format"`
	SHA256    string `json:"sha256"`
	Published string `json:"published,omitempty"` // by its publisher; empty when the files do not say it
	Added     string `json:"added"`
	Age       int    `json:"age_days"` // since it was published, or else added
	Entries   int64  `json:"entries"`
	Rejects   int64  `json:"rejects"`
	License   string `json:"license,omitempty"`
	Feed      string `json:"feed,omitempty"`    // its name in lists.yaml
	Checked   string `json:"checked,omitempty"` // last time that its source was asked with success
	Failed    string `json:"failed,omitempty"`  // last time that it was asked without, when that is later
	Why       string `json:"why,omitempty"`
}

// ListsInUse gives the lists in use, by name, as of a day. Feeds that never gave a
// list stand at the end, with why.
func ListsInUse(ctx context.Context, q store.Queryer, shelf Shelf, today time.Time) ([]InUse, error) {
	records, err := store.Select(ctx, q, Lists, "")
	if err != nil {
		return nil, err
	}
	checks, err := shelf.Checks()
	if err != nil {
		return nil, err
	}
	all := []InUse{}
	for _, r := range records {
		l := r.Record
		if l.State != "in_use" {
			continue
		}
		u := InUse{Name: l.Name, Format: l.Format, SHA256: l.SHA256, Published: l.Published, Added: l.Added, Entries: l.Entries, Rejects: l.Rejects, License: l.License}
		since := l.Published
		if since == "" {
			since = l.Added
		}
		if day, err := time.Parse(time.DateOnly, since); err == nil {
			u.Age = int(today.Sub(day).Hours() / 24)
		}
		for feed, c := range checks {
			if c.List == l.Name && (u.Feed == "" || feed < u.Feed) {
				u.Feed = feed
				u.checked(c)
			}
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b InUse) int { return strings.Compare(a.Name, b.Name) })
	for _, feed := range slices.Sorted(maps.Keys(checks)) {
		if c := checks[feed]; c.List == "" {
			u := InUse{Feed: feed}
			u.checked(c)
			all = append(all, u)
		}
	}
	return all, nil
}

func (u *InUse) checked(c Check) {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	u.Checked = stamp(c.Checked)
	if c.Failed.After(c.Checked) {
		u.Failed, u.Why = stamp(c.Failed), c.Why
	}
}
