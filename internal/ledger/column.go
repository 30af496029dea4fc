package ledger

import (
	"reflect"

	"duly/internal/fault"
)

// Filler gives a function that fills the fields with these names from what their
// typed columns hold, in the same order. All other fields become zero. A field is
// filled with what [Kind.Columns] made a column of: nil leaves it zero.
//
// Errors: Failed for a name that is no field with a column, and, from the function,
// Broken for a value that the field cannot have.
func (k *Kind[T]) Filler(names []string) (func(record *T, values []any) error, error) {
	slots := make([]slot, len(names))
	for i, name := range names {
		s, ok := k.slot(name)
		if !ok || !s.field.Column && name != "valid_from" && name != "valid_to" {
			return nil, fault.Newf(fault.Failed, "a %s has no column %q", k.Name(), name)
		}
		slots[i] = s
	}
	return func(record *T, values []any) error {
		*record = *new(T)
		v := reflect.ValueOf(record).Elem()
		for i := range slots {
			if values[i] != nil && !fromColumn(slots[i].field, values[i], v.FieldByIndex(slots[i].index)) {
				return fault.Newf(fault.Broken, "column %s of table r_%s holds %v", slots[i].field.Name, k.Name(), values[i])
			}
		}
		return nil
	}, nil
}

func (k *Kind[T]) slot(name string) (slot, bool) {
	for _, list := range [][]slot{k.public, k.sealed} {
		for _, s := range list {
			if s.field.Name == name {
				return s, true
			}
		}
	}
	return slot{}, false
}

// fromColumn undoes columnValue.
func fromColumn(f Field, value any, v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch value := value.(type) {
	case int64:
		switch f.Type {
		case TypeInt:
			v.SetInt(value)
			return true
		case TypeBool:
			v.SetBool(value == 1)
			return value == 0 || value == 1
		}
	case string:
		switch f.Type {
		case TypeText, TypeEnum, TypeDate, TypeHash:
			v.SetString(value)
			return true
		case TypeTexts, TypeEnums, TypeScalar:
			r := reader{b: []byte(value)}
			r.into(f, v)
			return r.done()
		}
	}
	return false
}

// Field gives the value of one field of a record by its name, absent for a field
// that is zero; ok is false when the kind has no such field.
func (k *Kind[T]) Field(record *T, name string) (value Scalar, ok bool) {
	s, ok := k.slot(name)
	if !ok {
		return value, false
	}
	v := reflect.ValueOf(record).Elem().FieldByIndex(s.index)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return value, true
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" {
			value = Text(v.String())
		}
	case reflect.Int64:
		value = Int(v.Int())
	case reflect.Bool:
		value = Bool(v.Bool())
	case reflect.Slice:
		if !v.IsNil() {
			value = Texts(v.Convert(reflect.TypeFor[[]string]()).Interface().([]string))
		}
	default:
		value = v.Interface().(Scalar)
	}
	return value, true
}

// HasColumns says whether each of the names is a field that has a typed column.
func (s *Schema) HasColumns(names []string) bool {
	for _, name := range names {
		has := false
		for _, list := range [][]Field{s.Public, s.Sealed} {
			for _, f := range list {
				has = has || f.Name == name && f.Column
			}
		}
		if !has {
			return false
		}
	}
	return true
}
