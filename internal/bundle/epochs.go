package bundle

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Epoch is a stretch of the log under one signing key, as the entry that begins it says.
type Epoch struct {
	Seq    int64  `json:"entry"`
	Number int64  `json:"number"`
	Reason string `json:"reason"`         // first, rotation, compromise or restore
	Key    string `json:"log_key"`        // SHA-256 of the verifier key's text
	Lost   int64  `json:"lost,omitempty"` // entries that the log had shown, and lost before this one
}

// epochEntry checks the entry of a new epoch, while the tree is the one before it: what
// it quotes must be that tree, unless the log was restored and says that it lost entries.
func (c *Checker) epochEntry(seq int64, leaf *ledger.Leaf) {
	values := fields(leaf.PublicValues())
	e := Epoch{Seq: seq, Number: values.int("number"), Reason: values.text("reason"), Key: values.text("log_key")}
	size := values.int("quoted_size")
	switch {
	case e.Number != c.epoch+1:
		c.Report(seq, fmt.Sprintf("epoch %d follows epoch %d", e.Number, c.epoch))
	case (e.Number == 1) != (e.Reason == "first"):
		c.Report(seq, fmt.Sprintf("epoch %d has the reason %q", e.Number, e.Reason))
	case (e.Number == 1) != (seq == 0): // in a range whose first epoch was left out, no other may stand for it
		c.Report(seq, "the first epoch is not the first entry")
	case e.Reason == "restore" && size > seq:
		e.Lost = size - seq
	case size != seq || seq >= c.opening.from && values.text("quoted_root") != c.edge.Root().String():
		c.Report(seq, fmt.Sprintf("epoch %d quotes another tree than the one before it", e.Number))
	}
	c.epoch = e.Number
	c.epochs = append(c.epochs, e)
}

// Later lists the epochs after the first.
func (c *Checker) Later() []Epoch { return c.epochs[min(1, len(c.epochs)):] }

// admits says where the log itself says that it lost entries which a checkpoint over
// size entries covers; "" when it does not.
func (c *Checker) admits(size int64) string {
	for _, e := range c.epochs {
		if e.Seq < size && size <= e.Seq+e.Lost {
			return fmt.Sprintf("; entry %d says that %d entries from there on were lost when the log was restored from a copy", e.Seq, e.Lost)
		}
	}
	return ""
}

// KeyAt gives the SHA-256 of the verifier key by which a checkpoint over size entries
// must be signed; "" when no epoch had begun.
func (c *Checker) KeyAt(size int64) (hash string) {
	for _, e := range c.epochs {
		if e.Seq < size {
			hash = e.Key
		}
	}
	return hash
}

// KeyHash is how the log names a verifier key.
func KeyHash(vkey string) string { return ledger.Hash(sha256.Sum256([]byte(vkey))).String() }

// A handover is a file that leads from one key of a log to the next: the verifier key of
// a new epoch on the first line, and after it the proof (C2SP tlog-proof) that the entry
// which begins the epoch is in the log, under a checkpoint that both keys signed. So who
// holds the old key vouches for the new one. Nobody can make one after a compromise or a
// restore: the new key must then be learnt as the first one was.

// EncodeHandover gives the one spelling of a handover.
func EncodeHandover(next string, proof ledger.InclusionProof) []byte {
	return append([]byte(next+"\n"), proof.Encode()...)
}

// handover gives the next key after one, and where the epoch of that begins.
func handover(data []byte, key string, schemas Schemas) (next string, at int64, err error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	next = string(first)
	proof, err := ledger.ParseInclusionProof(rest)
	if err != nil {
		return "", 0, err
	}
	c, err := ledger.OpenCheckpoint(proof.Note, key)
	if err != nil {
		return "", 0, err
	}
	if _, err := ledger.OpenCheckpoint(proof.Note, next); err != nil {
		return "", 0, fault.New(fault.Broken, "the handover's checkpoint is not signed by the new key", "")
	}
	for _, k := range []string{key, next} { // the old one too: it may itself have come by a handover
		if err := soundLogKey(k, c.Origin); err != nil {
			return "", 0, err
		}
	}
	if one, err := ledger.Spell(proof.Note); err != nil || !bytes.Equal(one, proof.Note) {
		return "", 0, fault.New(fault.Broken, "the handover's checkpoint is not in its one spelling", "")
	}
	if err := proof.Check(c); err != nil {
		return "", 0, err
	}
	leaf, err := ledger.ParseLeaf(proof.Leaf)
	if err != nil {
		return "", 0, err
	}
	schema := schemas[leaf.Schema]
	if schema == nil || schema.Check(leaf) != nil || leaf.Kind != "epoch" {
		return "", 0, fault.New(fault.Broken, "the handover shows no entry that begins an epoch", "")
	}
	if values := fields(leaf.PublicValues()); values.text("reason") != "rotation" || values.text("log_key") != KeyHash(next) {
		return "", 0, fault.New(fault.Broken, "the epoch of the handover names another key, or is no rotation", "learn the new key as you learnt the first one")
	}
	return next, proof.Index, nil
}

// Follow gives the trust of a verifier who knows an older key of the log than the one
// that it shows: the handovers lead from one to the other.
func (t Trust) Follow(shown string, schemas Schemas) (Trust, error) {
	key := t.Key
	for _, data := range t.Handovers {
		next, _, err := handover(data, key, schemas)
		if err != nil {
			return t, err
		}
		t.former = append(t.former, key)
		key = next
	}
	if key != "" && key != shown {
		return t, fault.New(fault.Broken, "it shows another log key than the one you gave",
			"after a rotation, ask for the handover and give it with --handover; after a compromise or a restore, learn the new key as you learnt the first one")
	}
	t.Key = key
	return t, nil
}

// rotated is a key that followed another by a handover, and where its epoch begins.
type rotated struct {
	key string
	at  int64
}

// lead gives the keys since the beginning of a range, the newest last, by the handovers
// that it carries; none where its key did not change.
func (a *Archive) lead(schemas Schemas) error {
	key := a.Manifest.OpeningKey
	if key == "" {
		return nil
	}
	for _, data := range a.before.handovers {
		next, at, err := handover(data, key, schemas)
		if err != nil {
			return err
		}
		key = next
		a.before.rotated = append(a.before.rotated, rotated{next, at})
	}
	if key != a.Manifest.Key {
		return fault.New(fault.Broken, "the range begins under another key than it shows, and its handovers do not lead from the one to the other", "")
	}
	return nil
}

// through gives the trust of a verifier who knows a key by which a range began, or one
// that it had meanwhile: the handovers that the range carries lead on from there.
func (t Trust) through(a *Archive, schemas Schemas) Trust {
	key, known := a.Manifest.OpeningKey, t.last(schemas)
	for i, r := range a.before.rotated {
		if key == known {
			t.Handovers = append(slices.Clip(t.Handovers), a.before.handovers[i:]...)
			break
		}
		key = r.key
	}
	if a.Manifest.OpeningKey != "" {
		t.former = append(slices.Clip(t.former), a.Manifest.OpeningKey)
		for _, r := range a.before.rotated[:len(a.before.rotated)-1] {
			t.former = append(t.former, r.key)
		}
	}
	return t
}

// rotations holds the keys of a range to the log's own epochs: the first is that of the
// epoch in which it begins, and each change since is a rotation to the next one.
func (a *Archive) rotations(c *Checker) {
	first := a.Manifest.OpeningKey
	if first == "" {
		return
	}
	since := slices.DeleteFunc(slices.Clone(c.epochs), func(e Epoch) bool { return e.Seq < a.Manifest.From })
	if c.KeyAt(a.Manifest.From) != KeyHash(first) || !slices.EqualFunc(since, a.before.rotated, func(e Epoch, r rotated) bool {
		return e.Reason == "rotation" && e.Seq == r.at && e.Key == KeyHash(r.key)
	}) {
		c.Report(-1, "the keys since the beginning of the range are not those that the log's epochs name, each after a rotation")
	}
}

// last gives the key to which the handovers lead, as far as they hold: of what shows no
// key itself, that is the key to check it with.
func (t Trust) last(schemas Schemas) string {
	key := t.Key
	for _, data := range t.Handovers {
		next, _, err := handover(data, key, schemas)
		if err != nil {
			break
		}
		key = next
	}
	return key
}

// Knowing gives the trust of somebody who verifies their own log without a key from
// outside: what its earlier keys signed counts as theirs.
func (t Trust) Knowing(former []string) Trust {
	if t.Key == "" {
		t.former = former
	}
	return t
}
