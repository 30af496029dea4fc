package workspace

import (
	"context"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Replayed is a decision, and what computing again the rating that it rests on gave.
type Replayed struct {
	Decision int64  `json:"decision"` // entry
	Act      string `json:"act"`
	Rating   int64  `json:"rating"`  // entry; -1 when the log has none of that hash
	Outcome  string `json:"outcome"` // exact, consistent, contradicted or not_replayed
	Why      string `json:"why,omitempty"`
}

// Replay computes every rating of the log again from the inputs that it names, and says of
// each decision, in the order of the log, what that gave for the rating that it rests on.
// It is repetition by the same program and no validation. [Workspace.Verify] checks all
// else; a log that cannot be read is an error here too.
func (w *Workspace) Replay(ctx context.Context, schemas bundle.Schemas) (list []Replayed, err error) {
	err = w.DB.Snapshot(ctx, func(q store.Queryer) error {
		list, err = (&verifier{w: w, ctx: ctx, q: q, schemas: schemas}).replay()
		return err
	})
	return list, err
}

func (v *verifier) replay() ([]Replayed, error) {
	rated := map[ledger.Hash]Replayed{}
	options := v.options()
	options.Rated = func(seq int64, hash ledger.Hash, outcome string, why error) {
		r := Replayed{Rating: seq, Outcome: outcome}
		if why != nil {
			r.Why = why.Error()
		}
		rated[hash] = r
	}
	v.checker = bundle.NewChecker(options)
	defer v.checker.Close()
	head, err := store.Head(v.ctx, v.q)
	if err != nil {
		return nil, err
	}
	list := []Replayed{}
	for from := int64(0); from < head.Size; from += verifyChunk {
		entries, err := v.read(from, min(from+verifyChunk, head.Size))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			fields, err := sealed(nil, e)
			if err != nil {
				return nil, err
			}
			content, err := v.checker.Entry(e.Leaf, fields)
			if err != nil {
				return nil, err
			}
			if content != nil && content.Leaf.Kind == "decision" {
				list = append(list, decided(e.Seq, content.Leaf, rated))
			}
		}
	}
	if v.checker.Size() != head.Size {
		return nil, fault.New(fault.Broken, "entries are missing from the log", "run `duly verify`")
	}
	return list, nil
}

// decided gives what became of the rating that a decision names.
func decided(seq int64, leaf *ledger.Leaf, rated map[ledger.Hash]Replayed) Replayed {
	public := leaf.PublicValues()
	name, _ := public["rating"].Value().(string)
	hash, err := ledger.ParseHash(name)
	r, ok := rated[hash]
	if err != nil || !ok {
		r = Replayed{Rating: -1, Outcome: "contradicted", Why: "the log has no rating before it with the hash that it names"}
	}
	r.Decision = seq
	r.Act, _ = public["act"].Value().(string)
	return r
}
