package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/mldsa"

	"duly/internal/fault"
)

// The kinds of key that cosign (C2SP signed-note), by the first byte of the key.
const (
	cosignsEd25519 = 0x04
	cosignsMLDSA44 = 0x06
)

// stampSize is the length of the time in front of a cosignature: seconds since 1970
// UTC, big-endian.
const stampSize = 8

// Witness is the verifier key of an outsider who cosigns checkpoints (C2SP
// tlog-cosignature): who saw the log grow, and never saw it change what it had shown.
type Witness struct {
	name     string
	hash     uint32
	key      []byte // the kind of key and the key
	verifies func(c Checkpoint, at int64, text, sig []byte) bool
}

// ParseWitness reads the verifier key of a witness, in its one spelling. Both Ed25519, with
// a [SoundKey], and ML-DSA-44 cosign.
func ParseWitness(vkey string) (Witness, error) {
	bad := fault.Newf(fault.Invalid, "%q is not the verifier key of a witness", vkey).
		WithFix("give the line that the witness published, name+hash+key, of a key that cosigns")
	parts := strings.Split(vkey, "+")
	if len(parts) < 3 || !ValidOrigin(parts[0]) {
		return Witness{}, bad
	}
	// base64 has plus signs of its own.
	key, err := base64.StdEncoding.Strict().DecodeString(strings.Join(parts[2:], "+"))
	if err != nil || len(key) == 0 {
		return Witness{}, bad
	}
	w := Witness{name: parts[0], hash: keyHash(parts[0], key), key: key}
	if w.Key() != vkey {
		return Witness{}, bad
	}
	switch public := key[1:]; {
	case key[0] == cosignsEd25519 && SoundKey(public):
		w.verifies = func(_ Checkpoint, at int64, text, sig []byte) bool {
			return ed25519.Verify(public, cosigned(at, text), sig)
		}
	case key[0] == cosignsMLDSA44 && len(public) == mldsa.MLDSA44PublicKeySize && len(w.name) < 256:
		lattice, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public)
		if err != nil {
			return Witness{}, bad
		}
		w.verifies = func(c Checkpoint, at int64, _, sig []byte) bool {
			return len(c.Origin) < 256 && mldsa.Verify(lattice, cosignedTree(w.name, at, c), sig, nil) == nil
		}
	default:
		return Witness{}, bad
	}
	return w, nil
}

// keyHash names a key in a signature line (C2SP signed-note).
func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(slices.Concat([]byte(name), []byte("\n"), key))
	return binary.BigEndian.Uint32(sum[:])
}

func vkeyOf(name string, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, key), base64.StdEncoding.EncodeToString(key))
}

// cosigned is what an Ed25519 cosignature signs.
func cosigned(at int64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

// cosignedTree is what an ML-DSA-44 cosignature signs: the tree from its first entry.
func cosignedTree(name string, at int64, c Checkpoint) []byte {
	b := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = append(b, byte(len(c.Origin)))
	b = append(b, c.Origin...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Size))
	return append(b, c.Root[:]...)
}

// Name gives the witness's name. Keys of one name are one witness.
func (w Witness) Name() string { return w.name }

// KeyHash implements note.Verifier.
func (w Witness) KeyHash() uint32 { return w.hash }

// Key gives the verifier key.
func (w Witness) Key() string { return vkeyOf(w.name, w.key) }

// PublicHash gives the SHA-256 of the public key in hex, as the record of a person names
// the person's.
func (w Witness) PublicHash() string {
	sum := sha256.Sum256(w.key[1:])
	return hex.EncodeToString(sum[:])
}

// Verify implements note.Verifier: text is the body of the checkpoint, and sig the
// time and the signature.
func (w Witness) Verify(text, sig []byte) bool {
	c, err := parseCheckpoint(string(text))
	if err != nil || len(sig) <= stampSize {
		return false
	}
	at, ok := stamp(sig)
	return ok && w.verifies(c, at, text, sig[stampSize:])
}

// stamp reads the time of a cosignature, which is some second before the year 10000.
func stamp(sig []byte) (int64, bool) {
	const end = 253402300800
	at := binary.BigEndian.Uint64(sig)
	return int64(at), at > 0 && at < end
}

// WitnessKey is the private key with which an outsider cosigns. The company never holds
// one.
type WitnessKey struct {
	private ed25519.PrivateKey
	name    string
}

const witnessKeyLabel = "PRIVATE+KEY+"

// NewWitnessKey makes an Ed25519 key from 32 random bytes, for a witness with a name
// like example.org/assessor.
func NewWitnessKey(random io.Reader, name string) (*WitnessKey, error) {
	if !ValidOrigin(name) {
		return nil, fault.Newf(fault.Invalid, "%q cannot name a witness", name).
			WithFix("use a name like example.org/assessor, without spaces or plus signs")
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	return &WitnessKey{ed25519.NewKeyFromSeed(seed), name}, nil
}

// ParseWitnessKey reads what Encode wrote, or any private key of C2SP signed-note that
// cosigns with Ed25519.
func ParseWitnessKey(text string) (*WitnessKey, error) {
	bad := fault.New(fault.Invalid, "this is not a witness's private key", "give the file that `duly-verify witness-key` wrote")
	line := strings.TrimSpace(text)
	parts := strings.SplitN(strings.TrimPrefix(line, witnessKeyLabel), "+", 3)
	if len(parts) != 3 || !strings.HasPrefix(line, witnessKeyLabel) {
		return nil, bad
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != cosignsEd25519 || !ValidOrigin(parts[0]) {
		return nil, bad
	}
	k := &WitnessKey{ed25519.NewKeyFromSeed(raw[1:]), parts[0]}
	if k.Encode() != line+"\n" {
		return nil, bad
	}
	return k, nil
}

func (k *WitnessKey) public() []byte {
	return append([]byte{cosignsEd25519}, k.private.Public().(ed25519.PublicKey)...)
}

// Encode gives the key as one line of text, for a file of mode 0600.
func (k *WitnessKey) Encode() string {
	seed := append([]byte{cosignsEd25519}, k.private.Seed()...)
	return fmt.Sprintf("%s%s+%08x+%s\n", witnessKeyLabel, k.name, keyHash(k.name, k.public()), base64.StdEncoding.EncodeToString(seed))
}

// Public gives the verifier key, to be published.
func (k *WitnessKey) Public() string { return vkeyOf(k.name, k.public()) }

// Line gives the signature line by which the witness says that, as of a time, the
// checkpoint is the largest consistent one that it saw of this log.
func (k *WitnessKey) Line(c Checkpoint, at time.Time) []byte {
	raw := binary.BigEndian.AppendUint32(nil, keyHash(k.name, k.public()))
	raw = binary.BigEndian.AppendUint64(raw, uint64(at.Unix()))
	raw = append(raw, ed25519.Sign(k.private, cosigned(at.Unix(), []byte(c.Text())))...)
	return []byte("— " + k.name + " " + base64.StdEncoding.EncodeToString(raw) + "\n")
}
