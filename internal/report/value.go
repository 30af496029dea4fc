package report

import (
	"encoding/json"
	"slices"
	"strings"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Value is one sealed value as the audience sees it: shown, or in its place what
// is needed to recognise it later.
type Value struct {
	Shown  ledger.Scalar // absent when the record states nothing
	Hidden *Hidden       // nil when the value is shown
}

// Hidden stands where a value is not shown: withheld from this audience, or
// erased from the log for everybody. One of the two names the class. Redacted says why
// the company withholds it from audiences that may see the class.
type Hidden struct {
	Withheld ledger.Class `json:"withheld,omitempty"`
	Erased   ledger.Class `json:"erased,omitempty"`
	Entry    int64        `json:"entry"`
	Field    string       `json:"field"`
	Digest   string       `json:"digest"` // SHA-256 of the disclosure, hexadecimal
	Redacted *Reason      `json:"redacted,omitempty"`
	kind     string
}

// MarshalJSON gives the value's canonical encoding, or the object that stands in
// its place.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Hidden != nil {
		return json.Marshal(v.Hidden)
	}
	return v.Shown.MarshalJSON()
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(text []byte) error {
	var h Hidden
	if json.Unmarshal(text, &h) == nil && h.Digest != "" {
		v.Hidden = &h
		return nil
	}
	return v.Shown.UnmarshalJSON(text)
}

// Text gives a shown value as a person reads it; "" when it is hidden or absent.
func (v Value) Text() string {
	if v.Hidden != nil {
		return ""
	}
	if list, ok := v.Shown.Value().([]string); ok {
		return strings.Join(list, ", ")
	}
	return v.Shown.String()
}

// List gives a shown list; nil when it is hidden or no list.
func (v Value) List() []string {
	if v.Hidden != nil {
		return nil
	}
	list, _ := v.Shown.Value().([]string)
	return list
}

// Absent says that the value is shown and nothing was stated.
func (v Value) Absent() bool { return v.Hidden == nil && v.Shown.IsNull() }

// Short gives the first eight digits of the digest, enough to find it by eye.
func (h *Hidden) Short() string { return h.Digest[:8] }

// viewer shows sealed values to one audience and remembers what it withheld.
type viewer struct {
	classes    []ledger.Class
	redactions *Redactions
	hidden     map[place]Hidden
	err        error // the first value that could not be read
}

type place struct {
	entry int64
	field string
}

func (v *viewer) sees(c ledger.Class) bool { return ledger.Shown(v.classes, c) }

// seesField says whether the audience sees a field of a class, unless it was erased.
func (v *viewer) seesField(kind, field string, c ledger.Class) bool {
	return v.sees(c) && v.redactions.Of(kind, field) == nil
}

// see gives one sealed field of a revision as the audience sees it.
func see[T any](v *viewer, kind *ledger.Kind[T], r *store.Revision[T], field string) Value {
	schema := kind.Schema()
	i := slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == field })
	class, d := schema.Sealed[i].Class, r.Disclosures[i]
	why := v.redactions.Of(schema.Kind, field)
	if d != "" && d != store.Withheld && v.sees(class) && why == nil {
		shown, _, _, err := store.Field(kind, r, field)
		if err != nil && v.err == nil {
			v.err = err
		}
		return Value{Shown: shown}
	}
	h := Hidden{Withheld: class, Entry: r.Seq, Field: field, Digest: r.Digests[i].String(), Redacted: why, kind: schema.Kind}
	if d == "" {
		h.Withheld, h.Erased, h.Redacted = "", class, nil
	}
	v.hidden[place{r.Seq, field}] = h
	return Value{Hidden: &h}
}

// counts says how many different values are hidden, by class.
func (v *viewer) counts() (withheld []Tally, erased int) {
	byClass := map[string]int{}
	withheld = []Tally{}
	for _, h := range v.hidden {
		if h.Erased != "" {
			erased++
		} else {
			byClass[string(h.Withheld)]++
		}
	}
	for _, c := range ledger.Classes {
		if !v.sees(c) || byClass[string(c)] > 0 {
			withheld = append(withheld, Tally{string(c), byClass[string(c)]})
		}
	}
	return withheld, erased
}
