package bundle

import (
	"bytes"
	"crypto/sha256"
	"fmt"

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

// handover gives the next key after one.
func handover(data []byte, key string, schemas Schemas) (next string, err error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	next = string(first)
	proof, err := ledger.ParseInclusionProof(rest)
	if err != nil {
		return "", err
	}
	c, err := ledger.OpenCheckpoint(proof.Note, key)
	if err != nil {
		return "", err
	}
	if _, err := ledger.OpenCheckpoint(proof.Note, next); err != nil {
		return "", fault.New(fault.Broken, "the handover's checkpoint is not signed by the new key", "")
	}
	for _, k := range []string{key, next} { // the old one too: it may itself have come by a handover
		if err := soundLogKey(k, c.Origin); err != nil {
			return "", err
		}
	}
	if one, err := ledger.Spell(proof.Note); err != nil || !bytes.Equal(one, proof.Note) {
		return "", fault.New(fault.Broken, "the handover's checkpoint is not in its one spelling", "")
	}
	if err := proof.Check(c); err != nil {
		return "", err
	}
	leaf, err := ledger.ParseLeaf(proof.Leaf)
	if err != nil {
		return "", err
	}
	schema := schemas[leaf.Schema]
	if schema == nil || schema.Check(leaf) != nil || leaf.Kind != "epoch" {
		return "", fault.New(fault.Broken, "the handover shows no entry that begins an epoch", "")
	}
	if values := fields(leaf.PublicValues()); values.text("reason") != "rotation" || values.text("log_key") != KeyHash(next) {
		return "", fault.New(fault.Broken, "the epoch of the handover names another key, or is no rotation", "learn the new key as you learnt the first one")
	}
	return next, nil
}

// Follow gives the trust of a verifier who knows an older key of the log than the one
// that it shows: the handovers lead from one to the other.
func (t Trust) Follow(shown string, schemas Schemas) (Trust, error) {
	key := t.Key
	for _, data := range t.Handovers {
		next, err := handover(data, key, schemas)
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

// last gives the key to which the handovers lead, as far as they hold: of what shows no
// key itself, that is the key to check it with.
func (t Trust) last(schemas Schemas) string {
	key := t.Key
	for _, data := range t.Handovers {
		next, err := handover(data, key, schemas)
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
