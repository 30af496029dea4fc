package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// Kind is a kind of record: its schema, and the codec between the Go struct T
// and the values that a leaf commits to. A Kind is read-only after Define and
// safe for concurrent use.
type Kind[T any] struct {
	schema *Schema
	public []slot // in the order of schema.Public
	sealed []slot // in the order of schema.Sealed
}

// slot is where a field lives in the struct.
type slot struct {
	field Field
	index []int
}

// Define makes the kind of the struct T. It panics when T is not a flat struct
// with well-formed tags: that is a mistake in the program, found by any test
// that loads the package.
//
// The tag is `duly:"name,class[,enum=a|b|c][,date][,hash][,column]"`. Embedded
// structs are flattened. Go types: string ("" is absent), []string (nil is
// absent), int64, *int64, bool, *bool, and Scalar.
func Define[T any](kind string, version int, options ...Option) *Kind[T] {
	k, err := define[T](kind, version, options...)
	if err != nil {
		panic("ledger: kind " + kind + ": " + err.Error())
	}
	return k
}

func define[T any](kind string, version int, options ...Option) (*Kind[T], error) {
	if !validName(kind) {
		return nil, fmt.Errorf("%q is not a name", kind)
	}
	k := &Kind[T]{schema: &Schema{Kind: kind, Version: version}}
	for _, o := range options {
		o(k.schema)
	}
	if err := k.collect(reflect.TypeFor[T](), nil); err != nil {
		return nil, err
	}
	sort.Slice(k.public, func(i, j int) bool { return k.public[i].field.Name < k.public[j].field.Name })
	seen := map[string]bool{}
	for _, list := range [][]slot{k.public, k.sealed} {
		for _, s := range list {
			if seen[s.field.Name] {
				return nil, fmt.Errorf("field %s stands twice", s.field.Name)
			}
			seen[s.field.Name] = true
		}
	}
	for _, s := range k.public {
		k.schema.Public = append(k.schema.Public, s.field)
	}
	for _, s := range k.sealed {
		k.schema.Sealed = append(k.schema.Sealed, s.field)
	}
	k.schema.hash = sha256.Sum256(k.schema.Document())
	return k, nil
}

func (k *Kind[T]) collect(t reflect.Type, prefix []int) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("%s is not a struct", t)
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(prefix), i)
		tag, tagged := sf.Tag.Lookup("duly")
		switch {
		case sf.Anonymous && !tagged:
			if err := k.collect(sf.Type, index); err != nil {
				return err
			}
		case !sf.IsExported() || !tagged:
			return fmt.Errorf("field %s has no duly tag", sf.Name)
		default:
			f, err := fieldOf(sf, tag)
			if err != nil {
				return err
			}
			if f.Class == Public {
				k.public = append(k.public, slot{f, index})
			} else {
				k.sealed = append(k.sealed, slot{f, index})
			}
		}
	}
	return nil
}

// Schema gives the kind's frozen schema.
func (k *Kind[T]) Schema() *Schema { return k.schema }

// Name gives the kind's name.
func (k *Kind[T]) Name() string { return k.schema.Kind }

// Encode checks the record and gives the canonical bytes of its public fields
// (one JSON object) and of each sealed value, in schema order.
//
// Errors are faults of code Invalid that name the field.
func (k *Kind[T]) Encode(record *T) (public []byte, sealed [][]byte, err error) {
	v := reflect.ValueOf(record).Elem()
	public = append(make([]byte, 0, 128), '{')
	for i, s := range k.public {
		if i > 0 {
			public = append(public, ',')
		}
		public = appendText(public, s.field.Name)
		public = append(public, ':')
		if public, err = appendValue(public, s.field, v.FieldByIndex(s.index)); err != nil {
			return nil, nil, err
		}
	}
	public = append(public, '}')
	sealed = make([][]byte, len(k.sealed))
	buffer := make([]byte, 0, 64*len(k.sealed))
	for i, s := range k.sealed {
		start := len(buffer)
		if buffer, err = appendValue(buffer, s.field, v.FieldByIndex(s.index)); err != nil {
			return nil, nil, err
		}
		sealed[i] = buffer[start:len(buffer):len(buffer)]
	}
	return public, sealed, nil
}

// appendValue appends one field's canonical value after checking it.
func appendValue(b []byte, f Field, v reflect.Value) ([]byte, error) {
	var err error
	switch f.Type {
	case TypeScalar:
		s := v.Interface().(Scalar)
		b, err = s.append(b), s.check()
	case TypeText, TypeEnum, TypeDate, TypeHash:
		s := v.String()
		if s == "" {
			return append(b, "null"...), nil
		}
		b, err = appendText(b, s), checkString(f, s)
	case TypeTexts, TypeEnums:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i := range v.Len() {
			s := v.Index(i).String()
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, s)
			if e := checkString(f, s); e != nil {
				err = e
			}
		}
		b = append(b, ']')
	default:
		return appendNumber(b, f, v)
	}
	return b, inField(err, f.Name)
}

func appendNumber(b []byte, f Field, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		v = v.Elem()
	}
	if f.Type == TypeBool {
		return strconv.AppendBool(b, v.Bool()), nil
	}
	n := v.Int()
	if n > MaxInt || n < -MaxInt {
		return nil, fault.Newf(fault.Invalid, "%d is too large: whole numbers stay below 2^53", n).At("", 0, f.Name)
	}
	return strconv.AppendInt(b, n, 10), nil
}

func checkString(f Field, s string) error {
	switch f.Type {
	case TypeDate:
		return checkDate(s)
	case TypeHash:
		return checkHash(s)
	case TypeEnum, TypeEnums:
		if !slices.Contains(f.Enum, s) {
			return fault.Newf(fault.Invalid, "%q is not one of the allowed values", s).
				WithFix("use one of: " + strings.Join(f.Enum, ", "))
		}
		return nil
	}
	return checkText(s)
}

func inField(err error, name string) error {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.At("", 0, name)
	}
	return err
}

// Decode rebuilds a record from the public object of a leaf and the disclosed
// sealed values in schema order. A nil value is one that was withheld or erased:
// its field stays zero.
func (k *Kind[T]) Decode(public []byte, sealed [][]byte) (*T, error) {
	record := new(T)
	v := reflect.ValueOf(record).Elem()
	r := reader{b: public}
	r.lit("{")
	for i, s := range k.public {
		if i > 0 {
			r.lit(",")
		}
		r.lit(`"` + s.field.Name + `":`)
		r.into(s.field, v.FieldByIndex(s.index))
	}
	r.lit("}")
	if !r.done() {
		return nil, fault.Newf(fault.Broken, "the public fields of a %s do not fit schema %s", k.Name(), k.schema.Name())
	}
	if len(sealed) != len(k.sealed) {
		return nil, fault.Newf(fault.Broken, "a %s has %d sealed values, schema %s has %d", k.Name(), len(sealed), k.schema.Name(), len(k.sealed))
	}
	for i, s := range k.sealed {
		if sealed[i] == nil {
			continue
		}
		r := reader{b: sealed[i]}
		r.into(s.field, v.FieldByIndex(s.index))
		if !r.done() {
			return nil, fault.Newf(fault.Broken, "field %s of a %s does not fit schema %s", s.field.Name, k.Name(), k.schema.Name())
		}
	}
	return record, nil
}

// into reads one canonical value into a struct field.
func (r *reader) into(f Field, v reflect.Value) {
	if f.Type == TypeScalar {
		v.Set(reflect.ValueOf(r.scalar()))
		return
	}
	if r.peek() == 'n' {
		r.lit("null")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch f.Type {
	case TypeText, TypeEnum, TypeDate, TypeHash:
		v.SetString(r.text())
	case TypeTexts, TypeEnums:
		list := reflect.ValueOf(r.texts())
		v.Set(list.Convert(v.Type()))
	case TypeBool:
		truth := r.peek() == 't'
		r.lit(strconv.FormatBool(truth))
		v.SetBool(truth)
	case TypeInt:
		v.SetInt(r.integer())
	}
}

// value passes over one canonical value of the field's type and checks it against
// the schema, as a verifier does that has no Go struct.
func (r *reader) value(f *Field) {
	if f.Type == TypeScalar {
		r.anyValue()
		return
	}
	if r.peek() == 'n' {
		r.lit("null")
		return
	}
	switch f.Type {
	case TypeText, TypeEnum, TypeDate, TypeHash:
		r.checked(f, r.raw())
	case TypeTexts, TypeEnums:
		r.each(func(s []byte) { r.checked(f, s) })
	case TypeBool:
		r.lit(strconv.FormatBool(r.peek() == 't'))
	case TypeInt:
		r.integer()
	default:
		r.fail()
	}
}

// checked fails unless s, a string that was read, is one that checkString takes.
func (r *reader) checked(f *Field, s []byte) {
	ok := false
	switch f.Type {
	case TypeDate:
		ok = validDate(s)
	case TypeHash:
		ok = validHash(s)
	case TypeEnum, TypeEnums:
		for _, allowed := range f.Enum {
			ok = ok || string(s) == allowed
		}
	default:
		ok = len(s) <= maxText // it is valid UTF-8 without NUL, or reading it failed
	}
	if !ok {
		r.fail()
	}
}

// ColumnNames gives the names of the typed columns of the kind's table, in the
// order of Kind.Columns: the span of days first, then every field marked as a
// column.
func (s *Schema) ColumnNames() []string {
	names := []string{"valid_from", "valid_to"}
	for _, list := range [][]Field{s.Public, s.Sealed} {
		for _, f := range list {
			if f.Column {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// Columns gives the values of the record's typed columns, in the order of
// Schema.ColumnNames. An absent value is nil; a list is its canonical JSON.
func (k *Kind[T]) Columns(record *T) []any {
	v := reflect.ValueOf(record).Elem()
	out := []any{nil, nil}
	for _, list := range [][]slot{k.public, k.sealed} {
		for _, s := range list {
			switch s.field.Name {
			case "valid_from":
				out[0] = columnValue(v.FieldByIndex(s.index))
			case "valid_to":
				out[1] = columnValue(v.FieldByIndex(s.index))
			}
			if s.field.Column {
				out = append(out, columnValue(v.FieldByIndex(s.index)))
			}
		}
	}
	return out
}

// columnValue gives what a typed column holds: text or a whole number. Truth
// values are 0 and 1, so that both engines compare them alike.
func columnValue(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if v.String() == "" {
			return nil
		}
		return v.String()
	case reflect.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case reflect.Int64:
		return v.Int()
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		return string(appendTexts(nil, v.Convert(reflect.TypeFor[[]string]()).Interface().([]string)))
	}
	s := v.Interface().(Scalar)
	if s.IsNull() {
		return nil
	}
	return string(s.append(nil))
}

// ColumnOf gives what a typed column must hold for a canonical value, as Columns
// would give it; a verifier compares it with the stored row. A nil value (withheld
// or erased) is nil.
func ColumnOf(t FieldType, value []byte) any {
	if value == nil {
		return nil
	}
	r := reader{b: value}
	s := r.scalar()
	switch {
	case s.IsNull():
		return nil
	case t == TypeScalar || t == TypeTexts || t == TypeEnums:
		return string(value)
	case t == TypeBool || t == TypeInt:
		return s.integer
	}
	return s.text
}
