package ledger

import (
	"bytes"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
)

const (
	nonceSize = 16
	idSize    = 15 // bytes: 24 characters of base32, no spare bits
)

// Leaf is one entry of the log as it is hashed: what anybody may see of a
// revision, and commitments to the rest.
type Leaf struct {
	Kind   string
	Schema Hash
	ID     string      // the record's random id, the same in all its revisions
	Rev    int64       // 1, 2, 3, ...
	Prev   Hash        // leaf hash of the previous revision; zero for the first
	Time   int64       // microseconds since 1970 UTC; 0 when Day is set
	Day    string      // YYYY-MM-DD, for kinds dated by day
	Actor  string      // key id of who did it: a pseudonym
	Public []byte      // canonical JSON object of the public fields
	Fields Hash        // field root over the sealed fields
	Nonce  []byte      // 16 random bytes, so that a leaf's hash tells nothing
	Sigs   []Signature // signatures of people over the statement
}

// Entered gives the day on which the leaf entered the log, YYYY-MM-DD in UTC.
func (l *Leaf) Entered() string {
	if l.Day != "" {
		return l.Day
	}
	return dayOf(l.Time)
}

// Encode gives the leaf's canonical JSON (RFC 8785): keys sorted, one spelling.
func (l *Leaf) Encode() []byte {
	b := make([]byte, 0, 384+len(l.Public)+200*len(l.Sigs))
	b = append(b, `{"actor":`...)
	b = appendText(b, l.Actor)
	b = append(b, `,"fields":"`...)
	b = b64.AppendEncode(b, l.Fields[:])
	b = append(b, `","id":`...)
	b = appendText(b, l.ID)
	b = append(b, `,"kind":`...)
	b = appendText(b, l.Kind)
	b = append(b, `,"nonce":"`...)
	b = b64.AppendEncode(b, l.Nonce)
	b = append(b, `","prev":`...)
	b = appendPrev(b, l.Rev, l.Prev)
	b = append(b, `,"public":`...)
	b = append(b, l.Public...)
	b = append(b, `,"rev":`...)
	b = strconv.AppendInt(b, l.Rev, 10)
	b = append(b, `,"schema":"`...)
	b = b64.AppendEncode(b, l.Schema[:])
	b = append(b, `","sigs":[`...)
	for i, s := range l.Sigs {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.append(b)
	}
	b = append(b, `],"time":`...)
	if l.Day != "" {
		b = appendText(b, l.Day)
	} else {
		b = strconv.AppendInt(b, l.Time, 10)
	}
	return append(b, '}')
}

func appendPrev(b []byte, rev int64, prev Hash) []byte {
	if rev == 1 {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = b64.AppendEncode(b, prev[:])
	return append(b, '"')
}

// ParseLeaf reads a leaf and refuses every spelling but the canonical one. It
// does not know schemas: Schema.Check does the rest.
func ParseLeaf(data []byte) (*Leaf, error) {
	l := &Leaf{}
	if err := l.Parse(data); err != nil {
		return nil, err
	}
	return l, nil
}

// Parse is ParseLeaf into a leaf that is used for one entry after another. The
// public fields lie in data.
func (l *Leaf) Parse(data []byte) error {
	r := reader{b: data}
	*l = Leaf{Actor: l.Actor, Kind: l.Kind, Nonce: l.Nonce}
	r.lit(`{"actor":`)
	l.Actor = r.like(l.Actor)
	r.lit(`,"fields":`)
	l.Fields = r.hash()
	r.lit(`,"id":`)
	l.ID = r.text()
	r.lit(`,"kind":`)
	l.Kind = r.like(l.Kind)
	r.lit(`,"nonce":`)
	if l.Nonce == nil {
		l.Nonce = make([]byte, nonceSize)
	}
	r.base64(l.Nonce)
	r.lit(`,"prev":`)
	first := r.peek() == 'n'
	if first {
		r.lit("null")
	} else {
		l.Prev = r.hash()
	}
	r.lit(`,"public":`)
	l.Public = r.object()
	r.lit(`,"rev":`)
	l.Rev = r.integer()
	r.lit(`,"schema":`)
	l.Schema = r.hash()
	r.lit(`,"sigs":[`)
	for r.peek() == '{' {
		l.Sigs = append(l.Sigs, r.signature())
		if r.peek() != ',' {
			break
		}
		r.pos++
		if r.peek() != '{' {
			r.fail()
		}
	}
	r.lit(`],"time":`)
	if r.peek() == '"' {
		if l.Day = r.text(); checkDate(l.Day) != nil {
			r.fail()
		}
	} else {
		l.Time = r.integer()
	}
	r.lit("}")
	switch {
	case !r.done():
		return fault.Newf(fault.Broken, "the leaf is not canonical at byte %d", r.pos)
	case l.Rev < 1 || first != (l.Rev == 1):
		return fault.Newf(fault.Broken, "the leaf's revision %d does not fit its previous hash", l.Rev)
	case !ValidID(l.ID) || !ValidID(l.Actor):
		return fault.New(fault.Broken, "the leaf's id or actor is malformed", "")
	}
	return nil
}

func (r *reader) hash() (h Hash) {
	r.base64(h[:])
	return h
}

// object passes over one flat canonical object and gives its bytes.
func (r *reader) object() []byte {
	start := r.pos
	r.members(func(name, value []byte) {})
	if r.bad {
		return nil
	}
	return r.b[start:r.pos]
}

// members reads a flat object whose keys are strictly ascending, and gives each
// key with the canonical bytes of its value.
func (r *reader) members(each func(name, value []byte)) {
	r.lit("{")
	if r.peek() == '}' {
		r.pos++
		return
	}
	var last []byte
	for !r.bad {
		name := r.raw()
		if bytes.Compare(name, last) <= 0 {
			r.fail()
			return
		}
		last = name
		r.lit(":")
		start := r.pos
		r.anyValue()
		each(name, r.b[start:r.pos:r.pos])
		if r.peek() != ',' {
			break
		}
		r.pos++
	}
	r.lit("}")
}

// PublicValues gives the leaf's public fields by name.
func (l *Leaf) PublicValues() map[string]Scalar {
	values := map[string]Scalar{}
	r := reader{b: l.Public}
	r.members(func(name, value []byte) {
		v := reader{b: value}
		values[string(name)] = v.scalar()
	})
	return values
}

// Check says whether the leaf has exactly the public fields of the schema, each
// of its type, and as many signatures as the schema asks for.
func (s *Schema) Check(l *Leaf) error {
	_, err := s.AppendPublic(nil, l)
	return err
}

// AppendPublic does what Check does and appends the canonical values of the
// public fields to list, in the order of the schema.
func (s *Schema) AppendPublic(list [][]byte, l *Leaf) ([][]byte, error) {
	if l.Kind != s.Kind || l.Schema != s.hash {
		return nil, fault.Newf(fault.Broken, "the leaf is a %s of another schema than %s", l.Kind, s.Name())
	}
	r := reader{b: l.Public}
	r.lit("{")
	for i := range s.Public {
		f := &s.Public[i]
		if i > 0 {
			r.lit(",")
		}
		r.name(f.Name)
		r.lit(":")
		from := r.pos
		r.value(f)
		list = append(list, r.b[from:r.pos:r.pos])
	}
	r.lit("}")
	if !r.done() {
		return nil, fault.Newf(fault.Broken, "the public fields do not fit schema %s", s.Name())
	}
	if s.ByDay != (l.Day != "") {
		return nil, fault.Newf(fault.Broken, "the leaf's time does not fit schema %s", s.Name())
	}
	if len(l.Sigs) < s.Signers {
		return nil, fault.Newf(fault.Broken, "a %s needs %d signatures of people and has %d", s.Kind, s.Signers, len(l.Sigs))
	}
	return list, nil
}

// CheckDisclosure says whether d is the sealed field at index i of the schema,
// with a value of the field's type, and gives that value.
func (s *Schema) CheckDisclosure(i int, d Disclosure) (value []byte, err error) {
	value, _, err = s.AppendDisclosure(nil, i, d)
	return value, err
}

// AppendDisclosure is CheckDisclosure that appends what it decodes to b, where the
// value then lies.
func (s *Schema) AppendDisclosure(b []byte, i int, d Disclosure) (value, grown []byte, err error) {
	f := &s.Sealed[i]
	r, ok := d.open(b)
	r.name(f.Name)
	r.lit(",")
	from := r.pos
	r.value(f)
	to := r.pos
	r.lit("]")
	if ok && r.done() {
		return r.b[from:to:to], r.b, nil
	}
	name, _, err := d.Open()
	if err != nil {
		return nil, b, err
	}
	return nil, b, fault.Newf(fault.Broken, "a disclosure named %q stands where schema %s has %q, or its value does not fit", name, s.Name(), f.Name)
}

// LeafHash is the RFC 6962 hash of a leaf: SHA-256 of a zero byte and the leaf.
func LeafHash(leaf []byte) Hash { return Hash(tlog.RecordHash(leaf)) }

// NewID makes a random record id: 120 bits as 24 lower-case characters.
func NewID(random io.Reader) (string, error) {
	var raw [idSize]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot read random bytes")
	}
	return b32.EncodeToString(raw[:]), nil
}

// PackedID is an id in its 15 bytes, for keeping very many of them.
type PackedID [idSize]byte

// PackID packs an id; ok is false for what is none.
func PackID(s string) (p PackedID, ok bool) {
	if !ValidID(s) {
		return p, false
	}
	_, err := b32.Decode(p[:], []byte(s))
	return p, err == nil
}

// ValidID says whether s is spelled like an id. Key ids are spelled the same way.
func ValidID(s string) bool {
	if len(s) != 24 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// PublicField gives the canonical value of one public field, or nil.
func (l *Leaf) PublicField(name string) []byte {
	r := reader{b: l.Public}
	var found []byte
	r.members(func(n, value []byte) {
		if string(n) == name {
			found = value
		}
	})
	return found
}
