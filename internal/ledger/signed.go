package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"duly/internal/fault"
)

// Cosignature says that a witness saw a checkpoint, and when it says that it did.
type Cosignature struct {
	Witness string    // the name
	Key     string    // the verifier key
	At      time.Time // UTC, whole seconds, by the witness's clock
}

// Signed is a signed checkpoint as a verifier sees it.
type Signed struct {
	Checkpoint
	Cosignatures []Cosignature // of the witnesses that were asked for, in the order of the note
	Unknown      int           // further signatures, which nobody checked
}

// Witnesses gives how many witnesses cosigned; several keys of one name are one.
func (s Signed) Witnesses() int {
	names := map[string]bool{}
	for _, c := range s.Cosignatures {
		names[c.Witness] = true
	}
	return len(names)
}

// OpenSigned checks a signed checkpoint: the log's signature under its verifier key, and
// the cosignatures of the given witnesses. A cosignature in the name of one of them that
// does not hold refuses the whole; one by anybody else is counted as unknown.
func OpenSigned(signed []byte, vkey string, witnesses []Witness) (Signed, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return Signed{}, fault.Newf(fault.Invalid, "%q is not a verifier key", vkey).
			WithFix("give the line that the company published, name+hash+key")
	}
	known := []note.Verifier{verifier}
	for _, w := range witnesses {
		known = append(known, w)
	}
	unsigned := fault.New(fault.Broken, "the checkpoint is not signed by the log's key", "")
	n, err := note.Open(signed, note.VerifierList(known...))
	var invalid *note.InvalidSignatureError
	if errors.As(err, &invalid) && (invalid.Name != verifier.Name() || invalid.Hash != verifier.KeyHash()) {
		return Signed{}, fault.Newf(fault.Broken, "the cosignature of %s is forged, or is of another checkpoint", invalid.Name)
	} else if err != nil {
		return Signed{}, unsigned
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Signed{}, err
	}
	if c.Origin != verifier.Name() {
		return Signed{}, fault.New(fault.Broken, "the checkpoint's origin is not the key's name", "")
	}
	s := Signed{Checkpoint: c, Unknown: len(n.UnverifiedSigs)}
	byLog := false
	for _, sig := range n.Sigs {
		i := slices.IndexFunc(witnesses, func(w Witness) bool { return w.name == sig.Name && w.hash == sig.Hash })
		if i < 0 {
			byLog = true
			continue
		}
		raw, _ := base64.StdEncoding.DecodeString(sig.Base64) // note.Open has decoded it
		at, _ := stamp(raw[4:])
		s.Cosignatures = append(s.Cosignatures, Cosignature{sig.Name, witnesses[i].Key(), time.Unix(at, 0).UTC()})
	}
	if !byLog {
		return Signed{}, unsigned
	}
	return s, nil
}

// Seen opens a checkpoint that a witness cosigned, on the word of that witness alone: its
// own memory of a log, whose key may have changed since.
func Seen(cosigned []byte, w Witness) (Checkpoint, error) {
	n, err := note.Open(cosigned, note.VerifierList(w))
	if err != nil {
		return Checkpoint{}, fault.Newf(fault.Broken, "the checkpoint is not cosigned by %s", w.name)
	}
	return parseCheckpoint(n.Text)
}

// OpenCosigned opens a checkpoint on the word of witnesses alone, in its one spelling: each
// of its signature lines is of one of them, and holds. Their names differ. For each witness
// it gives the signature as the line spells it, or "" where that one has not cosigned.
func OpenCosigned(cosigned []byte, witnesses []Witness) (Checkpoint, []string, error) {
	bad := fault.New(fault.Broken, "the checkpoint is not cosigned by these witnesses and nobody else", "")
	known := make([]note.Verifier, len(witnesses))
	for i, w := range witnesses {
		known[i] = w
	}
	n, err := note.Open(cosigned, note.VerifierList(known...))
	var invalid *note.InvalidSignatureError
	if errors.As(err, &invalid) {
		return Checkpoint{}, nil, fault.Newf(fault.Broken, "the cosignature of %s is forged, or is of another checkpoint", invalid.Name)
	} else if err != nil || len(n.UnverifiedSigs) > 0 {
		return Checkpoint{}, nil, bad
	}
	if one, err := Spell(cosigned); err != nil || !bytes.Equal(one, cosigned) {
		return Checkpoint{}, nil, fault.New(fault.Broken, "the cosigned checkpoint is not in its one spelling", "")
	}
	lines := make([]string, len(witnesses))
	for _, sig := range n.Sigs {
		lines[slices.IndexFunc(witnesses, func(w Witness) bool { return w.name == sig.Name && w.hash == sig.Hash })] = sig.Base64
	}
	c, err := parseCheckpoint(n.Text)
	return c, lines, err
}

// maxSignatures is how many signature lines a checkpoint has at most.
const maxSignatures = 100

// Spell gives a signed checkpoint in its one spelling: the body, an empty line, the
// signatures in the log's own name, then all others, both in ascending order of their
// bytes, none twice. What this refuses has a second spelling, in which something could
// hide, or is no signed checkpoint. No signature is checked.
func Spell(signed []byte) ([]byte, error) {
	bad := fault.New(fault.Broken, "this is not a signed checkpoint in its one spelling", "")
	text, lines, ok := strings.Cut(string(signed), "\n\n")
	if !ok || !strings.HasSuffix(lines, "\n") {
		return nil, bad
	}
	c, err := parseCheckpoint(text + "\n")
	if err != nil {
		return nil, err
	}
	list := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	if len(list) > maxSignatures {
		return nil, bad
	}
	keys := map[string]bool{} // of the lines so far: name and hash
	for _, line := range list {
		name, sig, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		raw, err := base64.StdEncoding.Strict().DecodeString(sig)
		if err != nil || len(raw) < 5 || !ValidOrigin(name) || line != "— "+name+" "+base64.StdEncoding.EncodeToString(raw) {
			return nil, bad
		}
		key := signer(name, binary.BigEndian.Uint32(raw))
		if keys[key] {
			return nil, fault.Newf(fault.Broken, "the checkpoint is signed twice with one key of %s", name)
		}
		keys[key] = true
	}
	rank := func(line string) string {
		if strings.HasPrefix(line, "— "+c.Origin+" ") {
			return "0" + line
		}
		return "1" + line
	}
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	return []byte(c.Text() + "\n" + strings.Join(list, "\n") + "\n"), nil
}

// AddCosignatures adds signature lines, as a witness answers them, to a signed
// checkpoint, and gives it in its one spelling. A line of a key that has signed already
// replaces that line. Each line must be a cosignature of this checkpoint by one of the
// witnesses.
func AddCosignatures(signed, lines []byte, vkey string, witnesses []Witness) ([]byte, error) {
	text, had, _ := bytes.Cut(signed, []byte("\n\n"))
	both := slices.Concat(text, []byte("\n\n"), lines)
	if _, err := Spell(both); err != nil {
		return nil, fault.New(fault.Broken, "these are not the signature lines of a witness", "")
	}
	added := map[string]bool{}
	for line := range strings.Lines(string(lines)) {
		key := signerOf(line)
		if !named(witnesses, key) {
			return nil, fault.Newf(fault.Broken, "there is a cosignature by %q, and no such witness is known here", strings.Split(key, "+")[0])
		}
		added[key] = true
	}
	for line := range strings.Lines(string(had)) {
		if !added[signerOf(line)] {
			both = append(both, line...)
		}
	}
	if _, err := OpenSigned(both, vkey, witnesses); err != nil {
		return nil, err
	}
	return Spell(both)
}

// Bare gives a signed checkpoint without the signatures that are not in the log's own
// name: what a witness is asked to cosign.
func Bare(signed []byte) []byte {
	text, lines, _ := bytes.Cut(signed, []byte("\n\n"))
	origin, _, _ := bytes.Cut(text, []byte("\n"))
	bare := append(bytes.Clone(text), "\n\n"...)
	for line := range bytes.Lines(lines) {
		if bytes.HasPrefix(line, fmt.Appendf(nil, "— %s ", origin)) {
			bare = append(bare, line...)
		}
	}
	return bare
}

// CosignatureLines gives the signature lines of a signed checkpoint that are in the name
// of one of the witnesses. It checks none of them.
func CosignatureLines(signed []byte, witnesses []Witness) []byte {
	_, lines, _ := bytes.Cut(signed, []byte("\n\n"))
	var out []byte
	for line := range strings.Lines(string(lines)) {
		if named(witnesses, signerOf(line)) {
			out = append(out, line...)
		}
	}
	return out
}

func named(witnesses []Witness, key string) bool {
	return slices.ContainsFunc(witnesses, func(w Witness) bool { return signer(w.name, w.hash) == key })
}

// signerOf gives the key that a signature line names.
func signerOf(line string) string {
	name, sig, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimSuffix(sig, "\n"))
	if len(raw) < 4 {
		return ""
	}
	return signer(name, binary.BigEndian.Uint32(raw))
}

func signer(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }
