package intake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io"
	"os"
	"slices"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// Comparison is what comparing a list with the register found. Every row has exactly one
// of four outcomes: known, missing, ambiguous or unread.
type Comparison struct {
	Kind      string   `json:"of"`    // of the rows' main record
	Files     []string `json:"files"` // SHA-256 of each, as it stands on disk
	Rows      int64    `json:"rows"`
	Known     int64    `json:"known"`
	Missing   []Line   `json:"missing"`   // rows that the register has no record of
	Ambiguous []Line   `json:"ambiguous"` // rows that share no more than a name or a part of a key, or lead to several records
	Unread    []Reject `json:"unread"`
	Twice     int64    `json:"repeated"` // of the known, rows of a record that an earlier row named
	Recorded  int64    `json:"recorded"` // active records of the kind
	Unlisted  []string `json:"unlisted"` // of them the ids of those that no row names, sorted
}

// Line says where a row stands, and by which id its source knows it.
type Line struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Row  string `json:"row"`
}

// Compare holds a list from elsewhere against the register, through a mapping whose main
// record is an account or a customer, and writes nothing. Rows and records are joined by
// complete identities only; a name alone is ambiguous. Memory grows with the number of
// records and of rows that are not known.
//
// Errors: as of [Import]; Failed for a file that changes meanwhile.
func Compare(ctx context.Context, db *store.DB, m *Mapping, names []string) (*Comparison, error) {
	if m.MainKind() != register.Accounts.Name() && m.MainKind() != register.Customers.Name() {
		return nil, fault.Newf(fault.Invalid, "the mapping makes %ss; accounts and customers can be compared", m.MainKind())
	}
	r := &run{db: db, m: m, names: names}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	c := &Comparison{Kind: m.MainKind(), Missing: []Line{}, Ambiguous: []Line{}, Unread: []Reject{}, Unlisted: []string{}}
	for _, name := range names {
		sum, err := sumOf(name)
		if err != nil {
			return nil, err
		}
		c.Files = append(c.Files, sum)
	}
	seen := map[string]bool{}
	opened := func(_ int, in *input) error {
		r.inputs = append(r.inputs, in)
		return nil
	}
	err := r.each(ctx, opened, func(at place, row row) error {
		c.Rows++
		if s, bad := r.understand(row); bad != nil {
			c.Unread = append(c.Unread, Reject{names[at.file], row.line, bad.Field, bad.What})
		} else {
			c.place(r.kinds[c.Kind], &s.records[m.main], Line{names[at.file], row.line, s.rowID}, seen)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if sum, err := sumOf(name); err != nil || sum != c.Files[i] {
			return nil, fault.New(fault.Failed, "the file changed while it was read", "run it again").At(name, 0, "")
		}
	}
	return c, c.others(ctx, r, seen)
}

// place gives a row its outcome.
func (c *Comparison) place(d *directory, rec *record, line Line, seen map[string]bool) {
	found := d.match(rec.identities)
	switch {
	case len(found) == 1 && !contradicts(found[0].identities, rec.identities):
		c.Known++
		if seen[found[0].id] {
			c.Twice++
		}
		seen[found[0].id] = true
	case len(found) > 0 || len(d.likes(rec.name, rec.identities, func(*entity) bool { return true })) > 0:
		c.Ambiguous = append(c.Ambiguous, line)
	default:
		c.Missing = append(c.Missing, line)
	}
}

// others finds the active records that no row names.
func (c *Comparison) others(ctx context.Context, r *run, seen map[string]bool) error {
	err := r.scan(ctx, r.db, "select id from r_"+c.Kind+" where to_seq is null and state = 'active'", nil, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		c.Recorded++
		if !seen[id] {
			c.Unlisted = append(c.Unlisted, id)
		}
		return err
	})
	slices.Sort(c.Unlisted)
	return err
}

// sumOf gives the SHA-256 of a file as it stands.
func sumOf(name string) (string, error) {
	in, err := open(name) // refuses what is no plain file
	if err != nil {
		return "", err
	}
	in.Close()
	file, err := os.Open(name)
	if err != nil {
		return "", fileError(err, name)
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fileError(err, name)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
