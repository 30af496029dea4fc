package intake

import (
	"context"
	"reflect"
	"strconv"
	"strings"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
)

// target is a kind of record that rows can make, without its Go type: what is
// needed to fill, read and write one.
type target struct {
	kind   string
	slots  map[string]slot
	fresh  func() any
	encode func(data any) error
	create func(tx *store.Tx, data any) (string, error)
	revise func(tx *store.Tx, id string, data any) error
	get    func(ctx context.Context, q store.Queryer, id string) (any, error)
	days   func(ctx context.Context, q store.Queryer, id string) ([]string, error)
}

// slot is where a field lives in the kind's struct. bit stands for it in sets of
// fields; no kind has more than 64.
type slot struct {
	field ledger.Field
	index []int
	bit   uint64
}

// targets are the kinds that a mapping may name. Identifiers are written beside
// the records that they name and are not mapped by themselves.
var targets = func() map[string]*target {
	all := map[string]*target{}
	for _, t := range []*target{
		targetOf(register.Accounts), targetOf(register.Customers), targetOf(register.Owners),
		targetOf(register.Relationships), targetOf(register.Products), targetOf(register.Deployments),
		targetOf(register.Contracts), targetOf(evidence.Sources), targetOf(evidence.Facts),
		targetOf(transparency.Partnerships), targetOf(transparency.Requests), targetOf(transparency.Claims),
		targetOf(transparency.ContentSamples), targetOf(transparency.PublishedFigures),
	} {
		all[t.kind] = t
	}
	return all
}()

func targetOf[T any](kind *ledger.Kind[T]) *target {
	t := &target{kind: kind.Name(), slots: map[string]slot{}}
	fields := map[string]ledger.Field{}
	for _, list := range [][]ledger.Field{kind.Schema().Public, kind.Schema().Sealed} {
		for _, f := range list {
			fields[f.Name] = f
		}
	}
	for _, sf := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(sf.Tag.Get("duly"), ",")
		if f, ok := fields[name]; ok {
			t.slots[name] = slot{f, sf.Index, 1 << len(t.slots)}
		}
	}
	t.fresh = func() any { return new(T) }
	t.encode = func(data any) error {
		_, _, err := kind.Encode(data.(*T))
		return err
	}
	t.create = func(tx *store.Tx, data any) (string, error) {
		ref, err := store.Create(tx, kind, data.(*T))
		return ref.ID, err
	}
	t.revise = func(tx *store.Tx, id string, data any) error {
		_, _, err := store.Revise(tx, kind, id, data.(*T))
		return err
	}
	t.get = func(ctx context.Context, q store.Queryer, id string) (any, error) {
		r, err := store.Get(ctx, q, kind, id)
		if err != nil {
			return nil, err
		}
		return r.Record, nil
	}
	t.days = func(ctx context.Context, q store.Queryer, id string) ([]string, error) {
		list, err := store.History(ctx, q, kind, id)
		var days []string
		for _, r := range list {
			days = append(days, t.text(r.Record, "valid_from"))
		}
		return days, err
	}
	return t
}

// text gives a text field of a record by its name.
func (t *target) text(data any, name string) string {
	return t.at(data, t.slots[name]).String()
}

// put sets a text field of a record by its name.
func (t *target) put(data any, name, text string) {
	t.at(data, t.slots[name]).SetString(text)
}

func (t *target) at(data any, s slot) reflect.Value {
	return reflect.ValueOf(data).Elem().FieldByIndex(s.index)
}

// copyOf gives a record that shares no field with data but its lists.
func (t *target) copyOf(data any) any {
	c := t.fresh()
	reflect.ValueOf(c).Elem().Set(reflect.ValueOf(data).Elem())
	return c
}

// set converts a value to the type of a field and sets it. parts is used by lists.
func (t *target) set(data any, s slot, text string, parts []string) *fault.Error {
	v := t.at(data, s)
	switch s.field.Type {
	case ledger.TypeTexts, ledger.TypeEnums:
		v.Set(reflect.ValueOf(parts).Convert(v.Type()))
	case ledger.TypeInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fault.Newf(fault.Invalid, "%q is not a whole number", shorten(text))
		}
		setPointed(v, reflect.ValueOf(n))
	case ledger.TypeBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fault.Newf(fault.Invalid, "%q is not true or false", shorten(text))
		}
		setPointed(v, reflect.ValueOf(b))
	case ledger.TypeScalar:
		v.Set(reflect.ValueOf(evidence.ParseValue(text)))
	default:
		v.SetString(text)
	}
	return nil
}

func setPointed(v, to reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	v.Set(to)
}

// isOpen says that a field states nothing: it is empty, or an enum that is
// unknown.
func (s slot) isOpen(v reflect.Value) bool {
	return v.IsZero() || s.field.Type == ledger.TypeEnum && v.String() == "unknown"
}

// shorten keeps a value of a message readable.
func shorten(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}
