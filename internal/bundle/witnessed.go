package bundle

import (
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Cosigned is a checkpoint that witnesses cosigned, with the keys of all of them whom the
// terms of an assessment name. The cosignature of the first of them who gave one seeds a
// sample: nobody knew it before, and no other part of the seed can be chosen afterwards.
//
// One cosignature is taken and not all, since with all of them those who ask two witnesses
// ten times each would have a hundred seeds to choose from. So they have no more than the
// witnesses gave answers.
type Cosigned struct {
	Note       string           // SHA-256 of its text, in hex
	Keys       []ledger.Witness // in the order of the terms
	Checkpoint ledger.Checkpoint
	Lines      []string // by key, the signature as its line spells it; "" for who has not cosigned
}

// maxWitnesses is how many witnesses terms name at most.
const maxWitnesses = 20

const (
	witnessedHead = "duly/witnessed/1\n"
	witnessesHead = "duly/witnesses/1\n"
)

// ParseWitnesses reads the verifier keys of the witnesses that terms name, whose names differ.
func ParseWitnesses(keys []string) ([]ledger.Witness, error) {
	if len(keys) == 0 || len(keys) > maxWitnesses {
		return nil, fault.Newf(fault.Invalid, "these are not 1 to %d witnesses", maxWitnesses)
	}
	list := make([]ledger.Witness, len(keys))
	for i, key := range keys {
		w, err := ledger.ParseWitness(key)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list[:i], func(x ledger.Witness) bool { return x.Name() == w.Name() }) {
			return nil, fault.Newf(fault.Invalid, "the witness %s is named twice: several keys of one name are one witness", w.Name())
		}
		list[i] = w
	}
	return list, nil
}

// WitnessesHash gives the hash by which terms of an assessment name their witnesses in
// clear, in hex.
func WitnessesHash(keys []string) string { return hexOf(witnessesHead + keyLines(keys)) }

func keyLines(keys []string) string {
	return strings.Join(keys, "\n") + "\n"
}

// WriteCosigned gives the text of what seeds a sample, from a signed checkpoint and the
// keys that the terms name: what [ReadCosigned] reads. The code is Broken where none of
// them has cosigned it, or a cosignature does not hold.
func WriteCosigned(keys []string, signed []byte) ([]byte, *Cosigned, error) {
	list, err := ParseWitnesses(keys)
	if err != nil {
		return nil, nil, err
	}
	body, _, _ := strings.Cut(string(signed), "\n\n")
	note, err := ledger.Spell([]byte(body + "\n\n" + string(ledger.CosignatureLines(signed, list))))
	if err != nil {
		return nil, nil, fault.New(fault.Broken, "none of the witnesses has cosigned this checkpoint", "")
	}
	text := []byte(witnessedHead + keyLines(keys) + "\n" + string(note))
	w, err := ReadCosigned(text)
	return text, w, err
}

// ReadCosigned reads what [WriteCosigned] wrote, and checks each cosignature. The code is
// Broken for anything else.
func ReadCosigned(text []byte) (*Cosigned, error) {
	rest, headed := strings.CutPrefix(string(text), witnessedHead)
	keys, note, ok := strings.Cut(rest, "\n\n")
	if !headed || !ok {
		return nil, fault.New(fault.Broken, "it is not a cosigned checkpoint with the keys of its witnesses", "")
	}
	w := &Cosigned{Note: hexOf(string(text))}
	var err error
	if w.Keys, err = ParseWitnesses(strings.Split(keys, "\n")); err != nil {
		return nil, fault.New(fault.Broken, err.Error(), "")
	}
	if w.Checkpoint, w.Lines, err = ledger.OpenCosigned([]byte(note), w.Keys); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(w.Keys, func(k ledger.Witness) bool { return k.Name() == w.Checkpoint.Origin }) {
		return nil, fault.New(fault.Broken, "a witness has the name of the log", "")
	}
	return w, nil
}

// Count is how many of the witnesses have cosigned.
func (w *Cosigned) Count() int64 {
	n := 0
	for _, line := range w.Lines {
		if line != "" {
			n++
		}
	}
	return int64(n)
}

// First gives the witness whose cosignature is taken, and its index.
func (w *Cosigned) First() (ledger.Witness, int) {
	i := slices.IndexFunc(w.Lines, func(line string) bool { return line != "" })
	return w.Keys[i], i
}

// Hash gives the hash of the keys; see [WitnessesHash].
func (w *Cosigned) Hash() string {
	keys := make([]string, len(w.Keys))
	for i, k := range w.Keys {
		keys[i] = k.Key()
	}
	return WitnessesHash(keys)
}

// Seed gives the seed of the nth draw: from the assessor's link, which was committed to when
// the population was frozen, the checkpoint, and the cosignature that is taken, which
// nobody knew when the draw was planned.
func (w *Cosigned) Seed(link, kind string, n int64) string {
	_, i := w.First()
	return hexOf("duly/seed/2\n" + link + "\n" + strconv.FormatInt(w.Checkpoint.Size, 10) + "\n" + w.Checkpoint.Root.String() + "\n" + w.Lines[i] + "\n" +
		kind + "\n" + strconv.FormatInt(n, 10))
}
