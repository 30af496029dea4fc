package bundle

import (
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
)

// Recomputed is a rating of the log, computed again from the inputs that it names.
type Recomputed struct {
	Method *rating.Method
	Inputs rating.Inputs
	Named  []Named // in the order in which the rating names them
	Rating rating.Rating
	Exact  bool   // the same result, to the last byte of the trace
	Why    string // why it is not exact; empty when it is
}

// Named is one input that a rating names: a field of an earlier entry.
type Named struct {
	Fact  string
	Seq   int64 // of the entry
	Hash  ledger.Hash
	Leaf  *ledger.Leaf
	Field string
}

// Recompute computes the rating of an entry again, by the same rules by which a
// verifier does it: every input is checked against the digest that the rating names.
// A result that differs is no error; Recomputed says so.
//
// Errors: Invalid when the entry is no rating; Broken when what the rating names cannot
// be read: a pack or an input that is not there or is not what was committed to.
func Recompute(o Options, seq int64) (*Recomputed, error) {
	r := replayer{options: o}
	e, err := r.entry(seq)
	if err != nil {
		return nil, err
	}
	if e.leaf.Kind != "rating" {
		return nil, fault.Newf(fault.Invalid, "entry %d is a %s, not a rating", seq, e.leaf.Kind)
	}
	values, err := r.values(e)
	if err != nil {
		return nil, err
	}
	public := e.leaf.PublicValues()
	hash, _ := public["method"].Value().(string)
	day, _ := public["day"].Value().(string)
	out := &Recomputed{}
	if out.Method, err = r.method(hash); err != nil {
		return nil, err
	}
	list, shown := values["inputs"]
	if !shown {
		return nil, fault.Newf(fault.NotFound, "the inputs of the rating in entry %d were erased", seq).WithFix("it cannot be explained any more")
	}
	if out.Inputs, _, err = r.inputs(seq, out.Method, list); err != nil {
		return nil, err
	}
	if out.Named, err = r.named(list); err != nil {
		return nil, err
	}
	if out.Rating, err = out.Method.RateOn(day, out.Inputs); err != nil {
		return nil, err
	}
	found, err := r.rating(seq, e.leaf, values)
	switch {
	case err != nil:
		out.Why = err.Error()
	case found == exact:
		out.Exact = true
	case found == consistent:
		out.Why = "some of its inputs were erased"
	default:
		out.Why = "it was computed by an older arithmetic"
	}
	return out, nil
}

// values gives the sealed values of an entry that are there.
func (r *replayer) values(e *seen) (map[string][]byte, error) {
	schema := r.options.Schemas[e.leaf.Schema]
	if schema == nil || len(schema.Sealed) != len(e.fields) {
		return nil, fault.New(fault.Broken, "the rating is of a schema that was never released", "use the version of duly that wrote it, or a newer one")
	}
	out := map[string][]byte{}
	for i, f := range e.fields {
		if f.Disclosure == "" {
			continue
		}
		value, err := schema.CheckDisclosure(i, f.Disclosure)
		if err != nil {
			return nil, err
		}
		out[schema.Sealed[i].Name] = value
	}
	return out, nil
}

// named gives where the inputs stand, once inputs has checked them.
func (r *replayer) named(list []byte) ([]Named, error) {
	var out []Named
	for _, line := range texts(list) {
		parts := strings.Split(line, " ")
		seq, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, "the rating's input is malformed")
		}
		e, err := r.entry(seq)
		if err != nil {
			return nil, err
		}
		out = append(out, Named{Fact: parts[0], Seq: seq, Hash: ledger.LeafHash(e.leaf.Encode()), Leaf: e.leaf, Field: parts[2]})
	}
	return out, nil
}
