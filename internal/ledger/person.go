package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"strings"
	"time"

	"duly/internal/fault"
)

// Signature is a person's Ed25519 signature over a statement, with the public
// key, so that a reader can check it and ask out of band whose key it is.
type Signature struct {
	Key [ed25519.PublicKeySize]byte
	Sig [ed25519.SignatureSize]byte
}

func (s Signature) append(b []byte) []byte {
	b = append(b, `{"key":"`...)
	b = b64.AppendEncode(b, s.Key[:])
	b = append(b, `","sig":"`...)
	b = b64.AppendEncode(b, s.Sig[:])
	return append(b, '"', '}')
}

func (r *reader) signature() Signature {
	var s Signature
	r.lit(`{"key":`)
	r.base64(s.Key[:])
	r.lit(`,"sig":`)
	r.base64(s.Sig[:])
	r.lit("}")
	return s
}

// KeyID gives the pseudonym of the signer: the first 120 bits of the SHA-256 of
// the public key, spelled like a record id.
func (s Signature) KeyID() string { return keyID(s.Key[:]) }

// Verify says whether the signature is over the statement.
func (s Signature) Verify(statement []byte) bool {
	return ed25519.Verify(s.Key[:], statement, s.Sig[:])
}

func keyID(public []byte) string {
	sum := sha256.Sum256(public)
	return b32.EncodeToString(sum[:idSize])
}

// PersonKey is a person's private signing key. It belongs to the person: Duly
// reads it from the person's own file and never stores it in the database.
type PersonKey struct{ private ed25519.PrivateKey }

const personKeyLabel = "DULY-PERSON-KEY-1:"

// NewPersonKey makes a key from 32 random bytes.
func NewPersonKey(random io.Reader) (PersonKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return PersonKey{}, fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	return PersonKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// ParsePersonKey reads what Encode wrote.
func ParsePersonKey(text string) (PersonKey, error) {
	seed, err := b64.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), personKeyLabel))
	if err != nil || len(seed) != ed25519.SeedSize || !strings.HasPrefix(text, personKeyLabel) {
		return PersonKey{}, fault.New(fault.Invalid, "this is not a person's key", "give the file that `duly person add` wrote")
	}
	return PersonKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Encode gives the key as one line of text, for a file of mode 0600.
func (k PersonKey) Encode() string {
	return personKeyLabel + b64.EncodeToString(k.private.Seed()) + "\n"
}

// ID gives the key's pseudonym, as it stands in leaves.
func (k PersonKey) ID() string { return k.Public().ID() }

// PublicHash gives the SHA-256 of the public key, as a person's record shows it.
func (k PersonKey) PublicHash() string { return k.Public().PublicHash() }

// PublicKey is the public half of a person's key, for people whose private key never
// comes to the company.
type PublicKey [ed25519.PublicKeySize]byte

const publicKeyLabel = "DULY-PERSON-PUBLIC-1:"

// Public gives the public half of the key.
func (k PersonKey) Public() PublicKey { return PublicKey(k.private.Public().(ed25519.PublicKey)) }

// ParsePublicKey reads what Encode wrote.
func ParsePublicKey(text string) (PublicKey, error) {
	raw, err := b64.DecodeString(strings.TrimPrefix(text, publicKeyLabel))
	if err != nil || len(raw) != ed25519.PublicKeySize || !strings.HasPrefix(text, publicKeyLabel) {
		return PublicKey{}, fault.New(fault.Invalid, "this is not the public half of a person's key", "give the line that `duly person key` printed")
	}
	return PublicKey(raw), nil
}

// Encode gives the key as one line of text without its end.
func (k PublicKey) Encode() string { return publicKeyLabel + b64.EncodeToString(k[:]) }

// ID gives the key's pseudonym, as it stands in leaves.
func (k PublicKey) ID() string { return keyID(k[:]) }

// PublicHash gives the SHA-256 of the key, as a person's record shows it.
func (k PublicKey) PublicHash() string { return Hash(sha256.Sum256(k[:])).String() }

// PublicHash gives the SHA-256 of the signer's public key.
func (s Signature) PublicHash() string { return Hash(sha256.Sum256(s.Key[:])).String() }

// Sign signs a statement.
func (k PersonKey) Sign(statement []byte) Signature {
	var s Signature
	copy(s.Key[:], k.private.Public().(ed25519.PublicKey))
	copy(s.Sig[:], ed25519.Sign(k.private, statement))
	return s
}

func dayOf(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.DateOnly) }
