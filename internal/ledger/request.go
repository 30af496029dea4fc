package ledger

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
)

// Consistency proves that the first old entries of the tree of p.Size are those of the
// tree of that size. It is empty when nothing is to be proved: for an old tree that is
// empty, or the same.
func (p Prover) Consistency(old int64) ([]Hash, error) {
	if old < 0 || old > p.Size {
		return nil, fault.Newf(fault.Invalid, "the log has %d entries, a proof from %d was asked for", p.Size, old)
	}
	if old == 0 || old == p.Size {
		return nil, nil
	}
	proof, err := tlog.ProveTree(p.Size, old, p)
	if err != nil {
		return nil, err
	}
	return ours(proof), nil
}

// CheckConsistency says whether proof shows that the tree of c begins with that of old.
func CheckConsistency(proof []Hash, old, c Checkpoint) error {
	switch {
	case old.Origin != c.Origin:
		return fault.New(fault.Broken, "the two checkpoints are of different logs", "")
	case old.Size > c.Size:
		return fault.Newf(fault.Broken, "the checkpoint covers %d entries, and an older one %d: some were removed", c.Size, old.Size)
	case old.Size == 0 && len(proof) == 0:
		return nil
	case old.Size == c.Size && old.Root != c.Root:
		return fault.Newf(fault.Broken, "there are two different logs of %d entries", c.Size)
	case old.Size == 0 || tlog.CheckTree(theirs(proof), c.Size, tlog.Hash(c.Root), old.Size, tlog.Hash(old.Root)) != nil:
		return fault.Newf(fault.Broken, "the first %d of %d entries are not shown to be those of the older checkpoint", old.Size, c.Size)
	}
	return nil
}

// Request asks a witness to cosign a checkpoint, and shows that it extends an older one
// (C2SP tlog-witness, the body of add-checkpoint). It goes over HTTP, or as a file.
type Request struct {
	Old   int64  // the size of the checkpoint that the witness cosigned last; 0 for none
	Proof []Hash // that the checkpoint extends the one of that size
	Note  []byte // the signed checkpoint
}

// maxProofLines is how many hashes prove consistency at most, by the standard.
const maxProofLines = 63

// Encode gives the request's one spelling.
func (r Request) Encode() []byte {
	var b strings.Builder
	b.WriteString("old " + strconv.FormatInt(r.Old, 10) + "\n")
	writePath(&b, r.Proof)
	return append([]byte(b.String()), r.Note...)
}

// ParseRequest reads what Encode wrote.
func ParseRequest(data []byte) (Request, error) {
	bad := fault.New(fault.Broken, "this is not a request to cosign a checkpoint", "give the file that `duly ledger consistency` wrote")
	first, rest, _ := strings.Cut(string(data), "\n")
	text, found := strings.CutPrefix(first, "old ")
	old, isSize := parseSize(text)
	proof, signed, err := readPath(rest)
	if err != nil || !found || !isSize || len(proof) > maxProofLines {
		return Request{}, bad
	}
	return Request{old, proof, []byte(signed)}, nil
}

// writePath writes a hash a line, and an empty line.
func writePath(b *strings.Builder, list []Hash) {
	for _, h := range list {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
}

// readPath reads what writePath wrote, and gives what follows.
func readPath(text string) (list []Hash, rest string, err error) {
	for {
		line, after, ok := strings.Cut(text, "\n")
		if !ok {
			return nil, "", fault.New(fault.Broken, "the proof ends too early", "")
		}
		if text = after; line == "" {
			return list, text, nil
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != len(Hash{}) || len(line) != base64.StdEncoding.EncodedLen(len(raw)) {
			return nil, "", fault.New(fault.Broken, "a line of the proof is not a hash", "")
		}
		list = append(list, Hash(raw))
	}
}

// Answer is what a witness does with a request: it checks the log's signature under the
// verifier key that it got from the company, and that the checkpoint extends the last one
// that it cosigned. It gives the signature line, and the checkpoint with it, which the
// witness must keep before it shows the line to anybody. last is nil before the first.
func (k *WitnessKey) Answer(r Request, vkey string, last *Checkpoint, at time.Time) (line, keep []byte, err error) {
	s, err := OpenSigned(r.Note, vkey, nil)
	if err != nil {
		return nil, nil, err
	}
	old := Checkpoint{Origin: s.Origin}
	if last != nil {
		old = *last
	}
	if old.Origin == s.Origin && old.Size != r.Old && old.Size <= s.Size {
		return nil, nil, fault.Newf(fault.Invalid, "the proof begins at %d entries, and the last checkpoint that you cosigned has %d", r.Old, old.Size).
			WithFix("ask the company for a proof from " + strconv.FormatInt(old.Size, 10))
	}
	if err := CheckConsistency(r.Proof, old, s.Checkpoint); err != nil {
		return nil, nil, err
	}
	self, err := ParseWitness(k.Public())
	if err != nil {
		return nil, nil, err
	}
	line = k.Line(s.Checkpoint, at)
	keep, err = AddCosignatures(r.Note, line, vkey, []Witness{self})
	return line, keep, err
}
