package store

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Ref says where a revision stands.
type Ref struct {
	ID   string
	Rev  int64
	Seq  int64       // position in the log
	Hash ledger.Hash // of the leaf
}

// Revision is one revision of a record as it was read.
type Revision[T any] struct {
	Ref
	Record      *T
	Leaf        *ledger.Leaf
	Digests     []ledger.Hash
	Disclosures []ledger.Disclosure // "" where the field was erased, Withheld where a copy does not have it
	ToSeq       int64               // position that superseded it; -1 for the newest
}

// Withheld stands in the place of a disclosure in a copy that was made of a bundle which
// does not show it. Nothing but a report of what stands in clear reads such a copy: to all
// else the value would seem not to have been stated.
const Withheld ledger.Disclosure = "."

// Signer signs a statement for a person: a key file at the command line, a
// passkey in a browser.
type Signer interface {
	Sign(statement []byte) ledger.Signature
}

// Create writes a new record and gives its position.
func Create[T any](tx *Tx, kind *ledger.Kind[T], record *T, signers ...Signer) (Ref, error) {
	id, err := ledger.NewID(tx.db.config.Random)
	if err != nil {
		return Ref{}, err
	}
	return put(tx, kind, id, head{}, record, signers)
}

// Revise writes the next revision of a record. If the record says the same as
// its newest revision, nothing is written and changed is false.
//
// Errors: NotFound when there is no such record of this kind.
func Revise[T any](tx *Tx, kind *ledger.Kind[T], id string, record *T, signers ...Signer) (ref Ref, changed bool, err error) {
	last, err := Get(tx.ctx, tx, kind, id)
	if err != nil {
		return Ref{}, false, err
	}
	if len(signers) == 0 && same(kind, last.Record, record) {
		return last.Ref, false, nil
	}
	ref, err = put(tx, kind, id, head{last.Seq, last.Rev, last.Hash}, record, signers)
	return ref, err == nil, err
}

// Restate writes the next revision of a record also where it says the same: that it was
// found so again, after something else changed, is news of its own.
//
// Errors: NotFound when there is no such record of this kind.
func Restate[T any](tx *Tx, kind *ledger.Kind[T], id string, record *T) (Ref, error) {
	last, err := Get(tx.ctx, tx, kind, id)
	if err != nil {
		return Ref{}, err
	}
	return put(tx, kind, id, head{last.Seq, last.Rev, last.Hash}, record, nil)
}

// same compares two records by what they commit to.
func same[T any](kind *ledger.Kind[T], a, b *T) bool {
	publicA, sealedA, errA := kind.Encode(a)
	publicB, sealedB, errB := kind.Encode(b)
	return errA == nil && errB == nil && string(publicA) == string(publicB) && reflect.DeepEqual(sealedA, sealedB)
}

func put[T any](tx *Tx, kind *ledger.Kind[T], id string, last head, record *T, signers []Signer) (Ref, error) {
	if tx.failed != nil {
		return Ref{}, tx.failed
	}
	draft, err := ledger.NewDraft(kind, record, id, last.rev+1, last.hash, tx.db.config.Random)
	if err != nil {
		return Ref{}, err
	}
	var sigs []ledger.Signature
	if len(signers) > 0 {
		statement := draft.Statement(tx.log)
		for _, s := range signers {
			sigs = append(sigs, s.Sign(statement))
		}
	}
	return enter(tx, kind, draft, last, record, sigs)
}

// enter writes a draft with its signatures as the newest revision.
func enter[T any](tx *Tx, kind *ledger.Kind[T], draft *ledger.Draft, last head, record *T, sigs []ledger.Signature) (Ref, error) {
	schema := kind.Schema()
	if len(sigs) < schema.Signers {
		return Ref{}, fault.Newf(fault.Refused, "a %s needs %d signatures of people and has %d", schema.Kind, schema.Signers, len(sigs))
	}
	now := tx.Now()
	leaf := draft.Leaf(now, tx.actor, sigs)
	tx.time = now
	digests := make([]byte, 0, 32*len(draft.Digests))
	for i := range draft.Digests {
		digests = append(digests, draft.Digests[i][:]...)
	}
	e := Entry{Seq: tx.size, Leaf: leaf.Encode(), Digests: digests, Disclosures: draft.Joined}
	hash := tx.place(&e, schema, draft.ID, draft.Rev, kind.Columns(record))
	if last.rev > 0 {
		if err := tx.Exec("update r_"+schema.Kind+" set to_seq = $1 where seq = $2", e.Seq, last.seq); err != nil {
			return Ref{}, err
		}
	}
	return Ref{draft.ID, draft.Rev, e.Seq, hash}, tx.failed
}

// place puts an entry at the end of the log, and its row into its kind's table.
func (tx *Tx) place(e *Entry, schema *ledger.Schema, id string, rev int64, columns []any) ledger.Hash {
	hash := tx.append(e)
	row := append([]any{e.Seq, id, rev, nil}, columns...)
	tx.insert(tx.db.insertInto(schema), row...)
	return hash
}

// insertInto names a kind's table and the columns that Kind.Columns fills.
func (db *DB) insertInto(s *ledger.Schema) string {
	into, known := db.into[s]
	if !known {
		into = "r_" + s.Kind + " (seq, id, rev, to_seq, " + strings.Join(s.ColumnNames(), ", ") + ")"
		db.into[s] = into
	}
	return into
}

// At is a point on both time axes: the day that a statement holds for, and the
// log position at which it was known. A zero Day means any day; Seq is the last
// position that counts, or negative for now.
type At struct {
	Day string
	Seq int64
}

// Now asks for what is known now, whatever day it holds for.
var Now = At{Seq: -1}

const columns = "r.seq, r.id, r.rev, coalesce(r.to_seq, -1), e.leaf, e.digests, e.disclosures"

// Get reads the newest revision of a record.
func Get[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], id string) (*Revision[T], error) {
	list, err := Select(ctx, q, kind, "r.id = $1", id)
	return only(kind, id, list, err)
}

// GetAt reads the revision of a record that held on a day as known at a position.
// Of the revisions known by then that cover the day, the latest wins: a later
// statement corrects an earlier one for the days both cover, and no others.
func GetAt[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], id string, at At) (*Revision[T], error) {
	list, err := SelectAt(ctx, q, kind, at, "r.id = $1", id)
	return only(kind, id, list, err)
}

// GetBySeq reads the revision at a position of the log.
func GetBySeq[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], seq int64) (*Revision[T], error) {
	list, err := read(ctx, q, kind, "r.seq = $1", []any{seq})
	return only(kind, "at entry "+strconv.FormatInt(seq, 10), list, err)
}

func only[T any](kind *ledger.Kind[T], what string, list []*Revision[T], err error) (*Revision[T], error) {
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no %s %s", kind.Name(), what)
	}
	return list[0], nil
}

// Select reads the newest revisions of all records that meet a condition on typed
// columns ("r.sector = $1"; empty for all), in the order of the log.
func Select[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], where string, args ...any) ([]*Revision[T], error) {
	return read(ctx, q, kind, and("r.to_seq is null", where), args)
}

// SelectAt is Select as of a day and a position. The condition must be one that
// all revisions of a record meet or none (such as its id or a reference), since
// it is applied before the latest revision is chosen.
func SelectAt[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], at At, where string, args ...any) ([]*Revision[T], error) {
	where, args = at.where(kind.Name(), where, args)
	return read(ctx, q, kind, where, args)
}

// SelectIn is SelectAt for records of which a typed column holds one of some values,
// whatever their number. The other arguments of the condition come first. With an index
// on the column its cost grows with what it finds.
func SelectIn[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], at At, column string, values []string, where string, args ...any) ([]*Revision[T], error) {
	values = slices.Clone(values)
	slices.Sort(values)
	var out []*Revision[T]
	err := Parts(slices.Compact(values), func(n int, some []any) error {
		list, err := SelectAt(ctx, q, kind, at, and(In("r."+column, len(args), n), where), slices.Concat(args, some)...)
		out = append(out, list...)
		return err
	})
	slices.SortFunc(out, func(a, b *Revision[T]) int { return cmp.Compare(a.Seq, b.Seq) })
	return out, err
}

// Each calls fn for every revision that SelectAt would give, in the order of the
// log. Memory does not grow with their number. The revision is fn's to keep.
func Each[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], at At, where string, args []any, fn func(*Revision[T]) error) error {
	where, args = at.where(kind.Name(), where, args)
	return each(ctx, q, kind, where, args, fn)
}

// where gives the condition under which a row r of a kind's table is the revision
// that held at the point, together with another condition.
func (at At) where(kind, where string, args []any) (string, []any) {
	known := "r.to_seq is null"
	if at.Seq >= 0 {
		args = append(slices.Clone(args), at.Seq)
		known = "r.seq <= " + param(len(args))
	}
	if at.Day == "" {
		if at.Seq >= 0 {
			known += " and (r.to_seq is null or r.to_seq > " + param(len(args)) + ")"
		}
		return and(known, where), args
	}
	args = append(slices.Clone(args), at.Day)
	p := param(len(args))
	covers := func(t string) string {
		return "(" + t + ".valid_from is null or " + t + ".valid_from <= " + p + ") and (" + t + ".valid_to is null or " + t + ".valid_to > " + p + ")"
	}
	knownThen := func(t string) string { return "1 = 1" }
	if at.Seq >= 0 {
		s := param(len(args) - 1)
		knownThen = func(t string) string { return t + ".seq <= " + s }
	}
	day := knownThen("r") + " and " + covers("r") + " and not exists (select 1 from r_" + kind +
		" n where n.id = r.id and n.rev > r.rev and " + knownThen("n") + " and " + covers("n") + ")"
	return and(day, where), args
}

// History reads all revisions of a record, oldest first.
func History[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], id string) ([]*Revision[T], error) {
	return read(ctx, q, kind, "r.id = $1", []any{id})
}

func and(a, b string) string {
	if b == "" {
		return a
	}
	return a + " and (" + b + ")"
}

func param(n int) string {
	const digits = "0123456789"
	if n < 10 {
		return "$" + digits[n:n+1]
	}
	return param(n/10) + digits[n%10:n%10+1]
}

func read[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], where string, args []any) ([]*Revision[T], error) {
	var list []*Revision[T]
	err := each(ctx, q, kind, where, args, func(r *Revision[T]) error {
		list = append(list, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func each[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], where string, args []any, fn func(*Revision[T]) error) error {
	rows, err := q.Query(ctx, "select "+columns+" from r_"+kind.Name()+" r join entry e on e.seq = r.seq where "+where+" order by r.seq", args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		r := &Revision[T]{}
		var leaf, digests []byte
		var disclosures string
		if err := rows.Scan(&r.Seq, &r.ID, &r.Rev, &r.ToSeq, &leaf, &digests, &disclosures); err != nil {
			return readError(err)
		}
		if err := r.decode(kind, leaf, digests, disclosures); err != nil {
			return err
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return readError(rows.Err())
}

// Field gives one field of a revision as it stands in the log, with its class. ok is
// false for a sealed field that was erased or is withheld.
//
// Errors: Failed for a field that the kind has not; Invalid for a value that does not fit
// its schema.
func Field[T any](kind *ledger.Kind[T], r *Revision[T], name string) (v ledger.Scalar, class ledger.Class, ok bool, err error) {
	named := func(f ledger.Field) bool { return f.Name == name }
	schema := kind.Schema()
	if slices.ContainsFunc(schema.Public, named) {
		err = v.UnmarshalJSON(r.Leaf.PublicField(name))
		return v, ledger.Public, true, err
	}
	i := slices.IndexFunc(schema.Sealed, named)
	if i < 0 {
		return v, "", false, fault.Newf(fault.Failed, "a %s has no field %q", kind.Name(), name)
	}
	class = schema.Sealed[i].Class
	if r.Disclosures[i] == "" || r.Disclosures[i] == Withheld {
		return v, class, false, nil
	}
	raw, err := schema.CheckDisclosure(i, r.Disclosures[i])
	if err == nil {
		err = v.UnmarshalJSON(raw)
	}
	return v, class, true, err
}

func (r *Revision[T]) decode(kind *ledger.Kind[T], leaf, digests []byte, disclosures string) error {
	var err error
	if r.Leaf, err = ledger.ParseLeaf(leaf); err != nil {
		return err
	}
	r.Hash = ledger.LeafHash(leaf)
	if r.Digests, r.Disclosures, err = Split(digests, disclosures); err != nil {
		return err
	}
	values := make([][]byte, len(r.Disclosures))
	for i, d := range r.Disclosures {
		if d == "" || d == Withheld {
			continue
		}
		if values[i], err = kind.Schema().CheckDisclosure(i, d); err != nil {
			return err
		}
	}
	r.Record, err = kind.Decode(r.Leaf.Public, values)
	return err
}

// Split takes apart the stored digests and disclosures of an entry.
func Split(digests []byte, disclosures string) ([]ledger.Hash, []ledger.Disclosure, error) {
	return SplitInto(nil, nil, digests, disclosures)
}

// SplitInto is Split into the memory of two slices, which it gives back.
func SplitInto(hs []ledger.Hash, ds []ledger.Disclosure, digests []byte, disclosures string) ([]ledger.Hash, []ledger.Disclosure, error) {
	n := len(digests) / hashSize
	hs, ds = slices.Grow(hs[:0], n), slices.Grow(ds[:0], n)
	more := n > 0
	for more {
		var part string
		part, disclosures, more = strings.Cut(disclosures, "~")
		ds = append(ds, ledger.Disclosure(part))
	}
	if len(digests)%hashSize != 0 || len(ds) != n || disclosures != "" {
		return hs, ds, fault.New(fault.Broken, "an entry's digests and disclosures do not fit each other", "")
	}
	for i := range n {
		hs = append(hs, ledger.Hash(digests[i*hashSize:]))
	}
	return hs, ds, nil
}
