package evidence

import (
	"context"
	"slices"

	"duly/internal/fault"
	"duly/internal/store"
)

// Set records a statement of a fact, as the person with the key id actor, and
// gives its record's id. The same system's statement of the same fact about the
// same subject on the same sources is revised; any other stands beside it.
//
// Errors: Invalid when the subject or the fact is missing; NotFound when a source
// does not exist.
func Set(ctx context.Context, db *store.DB, actor string, f *Fact) (string, error) {
	if f.Subject == "" || f.Fact == "" {
		return "", fault.New(fault.Invalid, "a fact needs a subject and a name", "")
	}
	if f.State == "" {
		f.State = "active"
	}
	id := ""
	err := db.Write(ctx, actor, func(tx *store.Tx) error {
		for _, s := range f.Sources {
			if _, err := store.Get(ctx, tx, Sources, s); err != nil && fault.CodeOf(err) == fault.NotFound {
				return fault.Newf(fault.NotFound, "there is no source %q", s).WithFix("record the source before the fact")
			} else if err != nil {
				return err
			}
		}
		list, err := store.Select(ctx, tx, Facts, "r.subject = $1 and r.fact = $2", f.Subject, f.Fact)
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Record.Source == f.Source && slices.Equal(r.Record.Sources, f.Sources) {
				id = r.ID
				_, _, err := store.Revise(tx, Facts, id, f)
				return err
			}
		}
		ref, err := store.Create(tx, Facts, f)
		id = ref.ID
		return err
	})
	return id, err
}

// Statements gives all that was stated about a subject, by fact, as it held and
// was known at a point. A source that was not known then is left out, which
// leaves its statement the weaker.
func Statements(ctx context.Context, q store.Queryer, subject string, at store.At) (map[string][]Statement, error) {
	facts, err := store.SelectAt(ctx, q, Facts, at, "r.subject = $1", subject)
	if err != nil {
		return nil, err
	}
	known := map[string]*Source{}
	out := map[string][]Statement{}
	for _, f := range facts {
		if f.Record.State == "ended" {
			continue
		}
		s := Statement{Fact: f.Record}
		for _, id := range f.Record.Sources {
			source, read := known[id]
			if !read {
				r, err := store.GetAt(ctx, q, Sources, id, at)
				if err == nil {
					source = r.Record
				} else if fault.CodeOf(err) != fault.NotFound {
					return nil, err
				}
				known[id] = source
			}
			if source != nil {
				s.Sources = append(s.Sources, source)
			}
		}
		out[f.Record.Fact] = append(out[f.Record.Fact], s)
	}
	return out, nil
}
