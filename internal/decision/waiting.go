package decision

import (
	"context"
	"crypto/sha256"
	"encoding/base32"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/retention"
	"duly/internal/store"
)

// waiting is a draft with the signatures so far.
type waiting struct {
	id       string
	draft    *ledger.Draft
	decision *Decision
	sigs     []ledger.Signature
}

// next writes the entry when all signatures are there, and keeps the draft otherwise.
func (w *waiting) next(ctx context.Context, tx *store.Tx, needs int) (*Step, error) {
	step := &Step{Decision: w.decision, Signed: len(w.sigs), Needs: needs}
	if len(w.sigs) < needs {
		step.Waits = w.id
		return step, w.keep(tx)
	}
	var err error
	if step.Ref, err = store.Enter(tx, Decisions, w.draft, w.sigs); err != nil {
		return nil, err
	}
	if err := tx.Exec("delete from pending_decision where subject = $1", w.decision.Subject); err != nil {
		return nil, err
	}
	return step, notify(ctx, tx, w.decision, step.Ref)
}

func (w *waiting) keep(tx *store.Tx) error {
	draft, err := w.draft.Encode()
	if err != nil {
		return err
	}
	var sigs []byte
	for _, s := range w.sigs {
		sigs = append(append(sigs, s.Key[:]...), s.Sig[:]...)
	}
	if err := (Drafts{}).Drop(tx, w.id); err != nil {
		return err
	}
	return tx.Exec("insert into pending_decision (id, subject, draft, sigs) values ($1, $2, $3, $4)", w.id, w.decision.Subject, draft, sigs)
}

// nameOf gives the id of a draft: what it says, hashed, spelled like a record id.
func nameOf(statement []byte) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	sum := sha256.Sum256(statement)
	return base32.NewEncoding(letters).EncodeToString(sum[:15])
}

// waitingFor reads a draft.
func waitingFor(ctx context.Context, q store.Queryer, id string) (*waiting, error) {
	list, err := readWaiting(ctx, q, "where id = $1", id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "no decision %q waits for signatures", id).WithFix("see `duly decide waiting`; one that was overtaken is gone")
	}
	return list[0], nil
}

func readWaiting(ctx context.Context, q store.Queryer, where string, args ...any) ([]*waiting, error) {
	rows, err := q.Query(ctx, "select id, draft, sigs from pending_decision "+where+" order by id", args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the drafts")
	}
	defer rows.Close()
	var out []*waiting
	for rows.Next() {
		w := &waiting{}
		var draft, sigs []byte
		if err := rows.Scan(&w.id, &draft, &sigs); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the drafts")
		}
		if w.draft, err = ledger.ParseDraft(Decisions.Schema(), draft); err != nil {
			return nil, err
		}
		if w.decision, err = store.Drafted(Decisions, w.draft); err != nil {
			return nil, err
		}
		for len(sigs) > 0 {
			var s ledger.Signature
			if len(sigs) < len(s.Key)+len(s.Sig) {
				break
			}
			sigs = sigs[copy(s.Key[:], sigs):]
			sigs = sigs[copy(s.Sig[:], sigs):]
			w.sigs = append(w.sigs, s)
		}
		if len(w.sigs) == 0 {
			return nil, fault.New(fault.Broken, "a draft that waits for signatures has none", "take it back and decide again")
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// Waiting is a draft that waits for signatures.
type Waiting struct {
	ID       string
	Decision *Decision
	Signed   []string // key ids
}

// ListWaiting gives the drafts that wait for signatures, in order of id.
func ListWaiting(ctx context.Context, q store.Queryer) ([]Waiting, error) {
	list, err := readWaiting(ctx, q, "")
	if err != nil {
		return nil, err
	}
	var out []Waiting
	for _, w := range list {
		one := Waiting{ID: w.id, Decision: w.decision}
		for _, s := range w.sigs {
			one.Signed = append(one.Signed, s.KeyID())
		}
		out = append(out, one)
	}
	return out, nil
}

// Drafts are the drafts that wait, as clocks and people who look for a text see them.
type Drafts struct{}

// All implements [retention.Drafts].
func (Drafts) All(ctx context.Context, q store.Queryer) ([]retention.Draft, error) {
	list, err := readWaiting(ctx, q, "")
	if err != nil {
		return nil, err
	}
	out := make([]retention.Draft, len(list))
	for i, w := range list {
		out[i] = retention.Draft{Name: w.id, Day: w.decision.Day, Text: w.draft}
	}
	return out, nil
}

// Drop implements [retention.Drafts].
func (Drafts) Drop(tx *store.Tx, name string) error {
	return tx.Exec("delete from pending_decision where id = $1", name)
}

// TakeBack drops a draft. Whoever signed it first may, and nobody else: a draft is no
// entry yet, and nothing rests on it.
func TakeBack(ctx context.Context, db *store.DB, by act.Actor, id string) error {
	return db.Write(ctx, by.Key, func(tx *store.Tx) error {
		w, err := waitingFor(ctx, tx, id)
		if err != nil {
			return err
		}
		if w.sigs[0].KeyID() != by.Key {
			return refusal.Refuse(refusal.Key, "the draft is somebody else's", "only who proposed it takes it back")
		}
		return Drafts{}.Drop(tx, id)
	})
}
