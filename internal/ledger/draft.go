package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// Draft is a revision before it stands in the log: its values are sealed under
// fresh salts, but nobody has signed it and it has no time yet.
type Draft struct {
	Schema      *Schema
	ID          string
	Rev         int64
	Prev        Hash
	Public      []byte
	Disclosures []Disclosure // one per sealed field, in schema order
	Joined      string       // the disclosures with a tilde between two, as they are stored
	Digests     []Hash       // of the disclosures, in the same order
	Fields      Hash         // the field root over the digests
	nonce       [nonceSize]byte
}

// NewDraft seals a record as revision rev of id. prev is the leaf hash of the
// previous revision, zero for the first. random gives salts and nonce and must
// be cryptographically secure.
func NewDraft[T any](kind *Kind[T], record *T, id string, rev int64, prev Hash, random io.Reader) (*Draft, error) {
	public, sealed, err := kind.Encode(record)
	if err != nil {
		return nil, err
	}
	d := &Draft{
		Schema: kind.schema, ID: id, Rev: rev, Prev: prev, Public: public,
		Disclosures: make([]Disclosure, len(sealed)),
		Digests:     make([]Hash, len(sealed)),
	}
	joined := make([]byte, 0, 160*len(sealed))
	for i, value := range sealed {
		if i > 0 {
			joined = append(joined, '~')
		}
		start := len(joined)
		if joined, err = appendDisclosure(joined, random, kind.sealed[i].field.Name, value); err != nil {
			return nil, err
		}
		d.Digests[i] = sha256.Sum256(joined[start:])
	}
	d.Joined = string(joined)
	for i, rest := 0, d.Joined; i < len(sealed); i++ {
		var one string
		one, rest, _ = strings.Cut(rest, "~")
		d.Disclosures[i] = Disclosure(one)
	}
	d.Fields = FieldRoot(d.Digests)
	if _, err := io.ReadFull(random, d.nonce[:]); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	return d, nil
}

// Statement gives the bytes that a person signs for this draft.
func (d *Draft) Statement(log LogID) []byte {
	return statement(log, d.Schema.Kind, d.Schema.hash, d.ID, d.Rev, d.Prev, d.Public, d.Fields)
}

// Leaf finishes the draft. time is in microseconds since 1970 UTC; for a kind
// dated by day only its day is kept.
func (d *Draft) Leaf(time int64, actor string, sigs []Signature) *Leaf {
	l := &Leaf{
		Kind: d.Schema.Kind, Schema: d.Schema.hash, ID: d.ID, Rev: d.Rev, Prev: d.Prev,
		Actor: actor, Public: d.Public, Fields: d.Fields, Nonce: d.nonce[:], Sigs: sigs,
	}
	if d.Schema.ByDay {
		l.Day = dayOf(time)
	} else {
		l.Time = time
	}
	return l
}

// LogID names a log in a statement: its origin, and the epoch within it. An
// epoch begins with a log's first entry and with every restore.
type LogID struct {
	Origin string
	Epoch  int64
}

// Statement gives the bytes that people have signed for a leaf in the log.
func (l *Leaf) Statement(log LogID) []byte {
	return statement(log, l.Kind, l.Schema, l.ID, l.Rev, l.Prev, l.Public, l.Fields)
}

// statementLabel separates signatures of people from every other signature.
const statementLabel = "duly/statement/1\n"

// statement is the label and a canonical JSON object: where the revision stands
// (origin, epoch, id, revision, previous leaf), what it is (kind, schema) and all
// that it says (public fields in clear, sealed fields by their root).
func statement(log LogID, kind string, schema Hash, id string, rev int64, prev Hash, public []byte, fields Hash) []byte {
	b := make([]byte, 0, 512+len(public))
	b = append(b, statementLabel...)
	b = append(b, `{"epoch":`...)
	b = strconv.AppendInt(b, log.Epoch, 10)
	b = append(b, `,"fields":"`...)
	b = b64.AppendEncode(b, fields[:])
	b = append(b, `","id":`...)
	b = appendText(b, id)
	b = append(b, `,"kind":`...)
	b = appendText(b, kind)
	b = append(b, `,"origin":`...)
	b = appendText(b, log.Origin)
	b = append(b, `,"prev":`...)
	b = appendPrev(b, rev, prev)
	b = append(b, `,"public":`...)
	b = append(b, public...)
	b = append(b, `,"rev":`...)
	b = strconv.AppendInt(b, rev, 10)
	b = append(b, `,"schema":"`...)
	b = b64.AppendEncode(b, schema[:])
	return append(b, '"', '}')
}

// kept is a draft as it is kept while people sign it.
type kept struct {
	Schema Hash   `json:"schema"`
	ID     string `json:"id"`
	Rev    int64  `json:"rev"`
	Prev   Hash   `json:"prev"`
	Public string `json:"public"`
	Joined string `json:"joined"`
	Nonce  []byte `json:"nonce"`
}

// Encode gives the draft with its salts and sealed values, to be kept where only
// those may read who may see them.
func (d *Draft) Encode() ([]byte, error) {
	return json.Marshal(kept{d.Schema.hash, d.ID, d.Rev, d.Prev, string(d.Public), d.Joined, d.nonce[:]})
}

// ParseDraft reads what Encode wrote. The code is Broken when it is no draft of the
// schema.
func ParseDraft(schema *Schema, data []byte) (*Draft, error) {
	var k kept
	broken := fault.Newf(fault.Broken, "what is kept is no draft of %s", schema.Name())
	if err := json.Unmarshal(data, &k); err != nil || k.Schema != schema.hash || len(k.Nonce) != nonceSize || !ValidID(k.ID) {
		return nil, broken
	}
	d := &Draft{Schema: schema, ID: k.ID, Rev: k.Rev, Prev: k.Prev, Public: []byte(k.Public), Joined: k.Joined}
	copy(d.nonce[:], k.Nonce)
	if k.Joined != "" {
		for _, one := range strings.Split(k.Joined, "~") {
			d.Disclosures = append(d.Disclosures, Disclosure(one))
			d.Digests = append(d.Digests, Disclosure(one).Digest())
		}
	}
	if len(d.Disclosures) != len(schema.Sealed) {
		return nil, broken
	}
	d.Fields = FieldRoot(d.Digests)
	return d, nil
}
