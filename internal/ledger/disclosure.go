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

// newDisclosure seals a canonical value under a name with a fresh salt.
func newDisclosure(random io.Reader, name string, value []byte) (Disclosure, error) {
	var salt [saltSize]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	plain := make([]byte, 0, 2+24+2+len(name)+3+len(value)+1)
	plain = append(plain, '[', '"')
	plain = b64.AppendEncode(plain, salt[:])
	plain = append(plain, '"', ',')
	plain = appendText(plain, name)
	plain = append(plain, ',')
	plain = append(plain, value...)
	plain = append(plain, ']')
	return Disclosure(b64.EncodeToString(plain)), nil
}

// Digest is the SHA-256 of the disclosure's ASCII characters (RFC 9901 §4.2.3).
func (d Disclosure) Digest() Hash { return sha256.Sum256([]byte(d)) }

// Open gives the name and the canonical value that the disclosure holds. It
// refuses any spelling but the canonical one.
func (d Disclosure) Open() (name string, value []byte, err error) {
	plain, err := b64.DecodeString(string(d))
	if err != nil || len(d) != b64.EncodedLen(len(plain)) {
		return "", nil, fault.New(fault.Broken, "a disclosure is not base64url", "")
	}
	r := reader{b: plain}
	r.lit("[")
	r.bytesN(saltSize)
	r.lit(",")
	name = r.text()
	r.lit(",")
	start := r.pos
	r.scalar()
	end := r.pos
	r.lit("]")
	if !r.done() {
		return "", nil, fault.New(fault.Broken, "a disclosure is not a canonical array of salt, name and value", "")
	}
	return name, plain[start:end], nil
}

// fieldRootLabel separates the field root from every other hash in Duly.
const fieldRootLabel = "duly/fields/1"

// FieldRoot commits to all sealed fields of one revision: SHA-256 of the label,
// the number of fields as a big-endian uint16, and one digest per field in
// schema order. One field can be shown while all others stay digests.
func FieldRoot(digests []Hash) Hash {
	h := sha256.New()
	io.WriteString(h, fieldRootLabel)
	var count [2]byte
	binary.BigEndian.PutUint16(count[:], uint16(len(digests)))
	h.Write(count[:])
	for i := range digests {
		h.Write(digests[i][:])
	}
	var root Hash
	h.Sum(root[:0])
	return root
}
