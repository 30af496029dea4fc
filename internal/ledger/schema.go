package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Class says who may see a field.
type Class string

// The classes. Public stands in the leaf in clear; all others are sealed. Published is
// sealed only so that it can be erased: every bundle and every report shows it.
const (
	Public      Class = "public"
	Published   Class = "published"    // words that are written for everybody
	Customer    Class = "customer"     // about the customer: confidential between the company and it
	TradeSecret Class = "trade_secret" // prices, volumes, what competitors would use
	Security    Class = "security"     // what would help an attacker
	Personal    Class = "personal"     // about a natural person
	Legal       Class = "legal"        // what a law forbids to show
)

// Classes lists the sealed classes that an audience may be refused, in the order in which
// exports name them.
var Classes = []Class{Customer, TradeSecret, Security, Personal, Legal}

// Shown says whether an audience that may see these classes sees this one.
func Shown(classes []Class, c Class) bool { return c == Published || slices.Contains(classes, c) }

// FieldType is the type of a field's value as the schema states it.
type FieldType string

// The field types. Only Enum, Enums, Whole, Truth, Date and Digest may be public.
const (
	TypeText   FieldType = "text"
	TypeTexts  FieldType = "texts"
	TypeEnum   FieldType = "enum"
	TypeEnums  FieldType = "enums"
	TypeInt    FieldType = "int"
	TypeBool   FieldType = "bool"
	TypeDate   FieldType = "date"
	TypeHash   FieldType = "hash"
	TypeScalar FieldType = "scalar"
)

// Field is one field of a schema.
type Field struct {
	Name  string
	Class Class
	Type  FieldType
	Enum  []string // the allowed values of an enum, in declared order
	// Column says that the store keeps the value in a typed column of its own as
	// well. It is not part of the schema's bytes: an index is no promise.
	Column bool
}

// Schema is the frozen shape of a kind of record. Two schemas with the same hash
// are the same schema.
type Schema struct {
	Kind    string
	Version int
	Public  []Field // sorted by name, as they stand in a leaf
	Sealed  []Field // in declared order, the order of the field root
	Signers int     // how many people must have signed each revision
	ByDay   bool    // the leaf's time is a day, not a microsecond
	hash    Hash
}

// Option changes what a schema asks of each revision.
type Option func(*Schema)

// SignedBy asks that at least n people have signed each revision.
func SignedBy(n int) Option { return func(s *Schema) { s.Signers = n } }

// ByDay gives each leaf a day instead of a time, for kinds whose order in time
// could tell who wrote them.
func ByDay() Option { return func(s *Schema) { s.ByDay = true } }

// Hash is the SHA-256 of the schema's canonical bytes. Leaves name it.
func (s *Schema) Hash() Hash { return s.hash }

// Name is kind@version, the name under which the schema is released.
func (s *Schema) Name() string { return s.Kind + "@" + strconv.Itoa(s.Version) }

// Document gives the schema's canonical bytes: what is released and hashed.
func (s *Schema) Document() []byte {
	b := []byte(`{"by_day":`)
	b = strconv.AppendBool(b, s.ByDay)
	b = append(b, `,"duly":"schema/1","kind":`...)
	b = appendText(b, s.Kind)
	b = append(b, `,"public":`...)
	b = appendFields(b, s.Public)
	b = append(b, `,"sealed":`...)
	b = appendFields(b, s.Sealed)
	b = append(b, `,"signers":`...)
	b = strconv.AppendInt(b, int64(s.Signers), 10)
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, int64(s.Version), 10)
	return append(b, '}')
}

func appendFields(b []byte, fields []Field) []byte {
	b = append(b, '[')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"class":`...)
		b = appendText(b, string(f.Class))
		b = append(b, `,"enum":`...)
		b = appendTexts(b, f.Enum)
		b = append(b, `,"name":`...)
		b = appendText(b, f.Name)
		b = append(b, `,"type":`...)
		b = appendText(b, string(f.Type))
		b = append(b, '}')
	}
	return append(b, ']')
}

// ParseSchema reads a schema from its canonical bytes, as a verifier does that
// knows only the released documents.
func ParseSchema(doc []byte) (*Schema, error) {
	r := reader{b: doc}
	s := &Schema{}
	r.lit(`{"by_day":`)
	s.ByDay = r.peek() == 't'
	r.lit(strconv.FormatBool(s.ByDay))
	r.lit(`,"duly":"schema/1","kind":`)
	s.Kind = r.text()
	r.lit(`,"public":`)
	s.Public = r.fields()
	r.lit(`,"sealed":`)
	s.Sealed = r.fields()
	r.lit(`,"signers":`)
	s.Signers = int(r.integer())
	r.lit(`,"version":`)
	s.Version = int(r.integer())
	r.lit("}")
	if !r.done() {
		return nil, fmt.Errorf("schema document is not canonical at byte %d", r.pos)
	}
	s.hash = sha256.Sum256(doc)
	return s, nil
}

func (r *reader) fields() []Field {
	var fields []Field
	r.lit("[")
	if r.peek() == ']' {
		r.pos++
		return fields
	}
	for !r.bad {
		var f Field
		r.lit(`{"class":`)
		f.Class = Class(r.text())
		r.lit(`,"enum":`)
		f.Enum = r.texts()
		r.lit(`,"name":`)
		f.Name = r.text()
		r.lit(`,"type":`)
		f.Type = FieldType(r.text())
		r.lit("}")
		fields = append(fields, f)
		if r.peek() != ',' {
			break
		}
		r.pos++
	}
	r.lit("]")
	return fields
}

// Hash is a SHA-256 or an RFC 6962 node.
type Hash [sha256.Size]byte

// String gives the hash in lower-case hexadecimal, as people compare it.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads lower-case hexadecimal.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if err := checkHash(s); err != nil {
		return h, err
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err
}

// fieldOf reads one struct field's tag and Go type into a Field.
func fieldOf(sf reflect.StructField, tag string) (Field, error) {
	parts := strings.Split(tag, ",")
	if len(parts) < 2 {
		return Field{}, fmt.Errorf("field %s: the tag needs a name and a class", sf.Name)
	}
	f := Field{Name: parts[0], Class: Class(parts[1]), Enum: []string{}}
	if !validName(f.Name) {
		return f, fmt.Errorf("field %s: %q is not a field name", sf.Name, f.Name)
	}
	special := FieldType("")
	for _, option := range parts[2:] {
		switch {
		case option == "column":
			f.Column = true
		case option == "date":
			special = TypeDate
		case option == "hash":
			special = TypeHash
		case strings.HasPrefix(option, "enum="):
			f.Enum = strings.Split(strings.TrimPrefix(option, "enum="), "|")
			special = TypeEnum
		default:
			return f, fmt.Errorf("field %s: unknown option %q", sf.Name, option)
		}
	}
	t, err := typeOf(sf.Type, special)
	if err != nil {
		return f, fmt.Errorf("field %s: %w", sf.Name, err)
	}
	f.Type = t
	return f, checkClass(f)
}

// typeOf maps a Go type and the tag's special type to a field type. Records are
// flat: anything but a scalar or a list of texts is refused.
func typeOf(t reflect.Type, special FieldType) (FieldType, error) {
	base := t
	if base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	switch {
	case t == reflect.TypeFor[Scalar]():
		return TypeScalar, nil
	case t.Kind() == reflect.String && special != "":
		return special, nil
	case t.Kind() == reflect.String:
		return TypeText, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && special == TypeEnum:
		return TypeEnums, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && special == "":
		return TypeTexts, nil
	case base.Kind() == reflect.Int64 && special == "":
		return TypeInt, nil
	case base.Kind() == reflect.Bool && special == "":
		return TypeBool, nil
	}
	return "", fmt.Errorf("%s is not a scalar or a list of texts; a record is flat", t)
}

// checkClass holds the rule that only enums, whole numbers, truth values, dates
// and hashes stand in clear.
func checkClass(f Field) error {
	switch f.Class {
	case Published, Customer, TradeSecret, Security, Personal, Legal:
		return nil
	case Public:
		switch f.Type {
		case TypeEnum, TypeEnums, TypeInt, TypeBool, TypeDate, TypeHash:
			return nil
		}
		return fmt.Errorf("field %s: a %s cannot be public: free text is sealed", f.Name, f.Type)
	}
	return fmt.Errorf("field %s: unknown class %q", f.Name, f.Class)
}

func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
