package agreement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/conditions"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
)

// Promise is an agreement as somebody records it.
type Promise struct {
	Subject string // record id of a deployment, a contract or a relationship
	From    string // first day on which it binds, YYYY-MM-DD
	Clause  string // by which later versions bind too; empty: they do not
	Source  string // record id of the document or statement that shows it
}

// TermsHash gives the hash by which an agreement announces its versions: SHA-256 of the
// sorted lines "ID terms", each ended by a line feed.
func TermsHash(accepted []string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(slices.Clone(accepted), ""), "\n")))
	return hex.EncodeToString(sum[:])
}

// Agree records that a subject agreed to what the pack asks on the first day: to the
// versions in force on it, and to none of another day. The same agreement again is not
// written again; known says so.
//
// Errors: NotFound for a subject or a source that is not there; Invalid for a day that
// is none and for a day on which the pack asks nothing.
func Agree(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, p *pack.Pack, a Promise) (ref store.Ref, known bool, err error) {
	if err := authority.May(by, act.Load); err != nil {
		return ref, false, err
	}
	t, err := Offer(p)
	if err != nil {
		return ref, false, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		ref, known, err = t.Accept(ctx, tx, a)
		return err
	})
	return ref, known, err
}

// Terms is a pack of conditions that can be agreed to.
type Terms struct {
	pack *pack.Pack
	set  *conditions.Set
}

// Offer reads a pack.
func Offer(p *pack.Pack) (*Terms, error) {
	set, err := conditions.Load(p)
	return &Terms{p, set}, err
}

// Accept is [Agree] within a transaction, for many agreements of which all or none count.
// Whoever calls it has asked whether the actor may.
func (t *Terms) Accept(ctx context.Context, tx *store.Tx, a Promise) (ref store.Ref, known bool, err error) {
	next, err := t.draft(a)
	if err != nil {
		return ref, false, err
	}
	if next.About, err = about(ctx, tx, a.Subject); err != nil {
		return ref, false, err
	}
	if _, err := store.Get(ctx, tx, evidence.Sources, a.Source); err != nil {
		return ref, false, fault.Newf(fault.NotFound, "there is no source %q", a.Source).WithFix("add the document with `duly fact source TITLE`").At("", 0, "source")
	}
	if err := runs.Use(tx, t.pack); err != nil {
		return ref, false, err
	}
	before, err := store.Select(ctx, tx, Agreements, "r.subject = $1 and r.state = 'active'", a.Subject)
	if err != nil {
		return ref, false, err
	}
	for _, b := range before {
		r := b.Record
		if r.Terms == next.Terms && r.ValidFrom == next.ValidFrom && r.Clause == next.Clause && r.Source == next.Source {
			return b.Ref, true, nil
		}
	}
	ref, err = store.Create(tx, Agreements, next)
	return ref, false, err
}

func (t *Terms) draft(a Promise) (*Agreement, error) {
	from, err := time.Parse(time.DateOnly, a.From)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", a.From).WithFix("write it as YYYY-MM-DD").At("", 0, "from")
	}
	next := &Agreement{
		State: "active", ValidFrom: a.From, AsAmended: a.Clause != "", Clause: a.Clause,
		Subject: a.Subject, Source: a.Source, Pack: t.pack.ID + "@" + t.pack.Version,
	}
	for _, c := range t.set.Conditions {
		if c.InForce(from) {
			next.Accepted = append(next.Accepted, c.ID+" "+c.Terms)
		}
	}
	if len(next.Accepted) == 0 {
		return nil, fault.Newf(fault.Invalid, "the pack %s asks nothing on %s", t.pack.ID, a.From).WithFix("name another day or pack").At("", 0, "from")
	}
	slices.Sort(next.Accepted)
	next.Versions, next.Terms = int64(len(next.Accepted)), TermsHash(next.Accepted)
	return next, nil
}

// about says what an id names.
func about(ctx context.Context, q store.Queryer, id string) (string, error) {
	for _, kind := range []string{Deployment, Contract, Relationship} {
		rows, err := q.Query(ctx, "select id from r_"+kind+" where id = $1 and to_seq is null and state = 'active'", id)
		if err != nil {
			return "", fault.Wrap(fault.Failed, err, "cannot read the register")
		}
		found := rows.Next()
		rows.Close()
		if found {
			return kind, nil
		}
	}
	return "", fault.Newf(fault.NotFound, "there is no active deployment, contract or relationship %q", id).WithFix("give a record id from a report or an export").At("", 0, "subject")
}

// End records that an agreement no longer binds from a day on.
//
// Errors: NotFound; Refused for one that ended before; Invalid for a day before it began.
func End(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id, day string) error {
	if err := authority.May(by, act.Load); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write it as YYYY-MM-DD")
	}
	return db.Write(ctx, by.Key, func(tx *store.Tx) error {
		a, err := store.Get(ctx, tx, Agreements, id)
		if err != nil {
			return err
		}
		switch {
		case a.Record.ValidTo != "":
			return fault.Newf(fault.Refused, "the agreement ends on %s already", a.Record.ValidTo)
		case day < a.Record.ValidFrom:
			return fault.Newf(fault.Invalid, "the agreement begins on %s only", a.Record.ValidFrom)
		}
		next := *a.Record
		next.State, next.ValidTo = "ended", day
		_, _, err = store.Revise(tx, Agreements, id, &next)
		return err
	})
}

// Read gives the book of all agreements, with who is served under what.
func Read(ctx context.Context, q store.Queryer) (*Book, error) {
	b := &Book{terms: map[string][]term{}, deployments: map[string]served{}, links: map[string]link{}, onward: map[string][]string{}}
	agreements, err := store.Select(ctx, q, Agreements, "")
	if err != nil {
		return nil, err
	}
	for _, a := range agreements {
		b.add(a.Record)
	}
	accounts := map[string]*register.Account{}
	list, err := store.Select(ctx, q, register.Accounts, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		accounts[a.ID] = a.Record
	}
	sectors := map[string]string{}
	customers, err := store.Select(ctx, q, register.Customers, "")
	if err != nil {
		return nil, err
	}
	for _, c := range customers {
		sectors[c.ID] = c.Record.Sector
	}
	deployments, err := store.Select(ctx, q, register.Deployments, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		b.serve(d.ID, d.Record, accounts[d.Record.Account], sectors)
	}
	links, err := store.Select(ctx, q, register.Relationships, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		b.link(l.ID, l.Record)
	}
	return b, nil
}
