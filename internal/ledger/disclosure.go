package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"duly/internal/fault"
)

// saltSize is the size of a disclosure's salt: 128 bits, as RFC 9901 §9.3 advises.
const saltSize = 16

// Disclosure is one sealed field in the format of SD-JWT (RFC 9901 §4.2.1):
// base64url of the JSON array [salt, name, value]. Whoever holds it can show the
// value; whoever has its digest can check it.
type Disclosure string

// appendDisclosure seals a canonical value under a name with a fresh salt and
// appends the disclosure.
func appendDisclosure(b []byte, random io.Reader, name string, value []byte) ([]byte, error) {
	var salt [saltSize]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	var short [256]byte // on the stack, enough for most
	plain := append(short[:0], '[', '"')
	plain = b64.AppendEncode(plain, salt[:])
	plain = append(plain, '"', ',')
	plain = appendText(plain, name)
	plain = append(plain, ',')
	plain = append(plain, value...)
	plain = append(plain, ']')
	return b64.AppendEncode(b, plain), nil
}

// Digest is the SHA-256 of the disclosure's ASCII characters (RFC 9901 §4.2.3).
func (d Disclosure) Digest() Hash {
	var short [256]byte // on the stack, enough for most
	return sha256.Sum256(append(short[:0], d...))
}

// Open gives the name and the canonical value that the disclosure holds. It
// refuses any spelling but the canonical one.
func (d Disclosure) Open() (name string, value []byte, err error) {
	r, ok := d.open(nil)
	if !ok {
		return "", nil, fault.New(fault.Broken, "a disclosure is not base64url", "")
	}
	name = r.text()
	r.lit(",")
	start := r.pos
	r.anyValue()
	end := r.pos
	r.lit("]")
	if !r.done() {
		return "", nil, fault.New(fault.Broken, "a disclosure is not a canonical array of salt, name and value", "")
	}
	return name, r.b[start:end:end], nil
}

// open appends what d decodes to and reads it up to the name. ok is false when d
// is not base64url in its one spelling.
func (d Disclosure) open(b []byte) (r reader, ok bool) {
	plain, err := b64.AppendDecode(b, []byte(d))
	r = reader{b: plain, pos: len(b)}
	var salt [saltSize]byte
	r.lit("[")
	r.base64(salt[:])
	r.lit(",")
	return r, err == nil && len(d) == b64.EncodedLen(len(plain)-len(b))
}

// fieldRootLabel separates the field root from every other hash in Duly.
const fieldRootLabel = "duly/fields/1"

// FieldRoot commits to all sealed fields of one revision: SHA-256 of the label,
// the number of fields as a big-endian uint16, and one digest per field in
// schema order. One field can be shown while all others stay digests.
func FieldRoot(digests []Hash) Hash {
	var few [len(fieldRootLabel) + 2 + 24*len(Hash{})]byte // on the stack for most kinds
	b := append(few[:0], fieldRootLabel...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(digests)))
	for i := range digests {
		b = append(b, digests[i][:]...)
	}
	return sha256.Sum256(b)
}
