package rule

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"duly/internal/fault"
)

// Tri is the answer of a rule: false, true, or not known. The zero value is
// Unknown, so that an answer that was never set does not read as no.
type Tri int8

// The three answers.
const (
	Unknown Tri = iota
	False
	True
)

// String gives "unknown", "false" or "true".
func (t Tri) String() string {
	switch t {
	case False:
		return "false"
	case True:
		return "true"
	}
	return "unknown"
}

// MarshalText gives the same as String.
func (t Tri) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Lookup gives a variable's value, or false while it is not known. It is asked
// only for variables that the rule reads, possibly more than once.
type Lookup = func(name string) (value any, known bool)

// Eval gives the answer of the rule. A value of the wrong type or beyond the
// bounds of this package, and a fault while evaluating (division by zero, an
// index out of range), are errors and never False; the answer is then Unknown.
func (r *Rule) Eval(lookup Lookup) (Tri, error) {
	answer, _, err := r.eval(lookup)
	return answer, err
}

// EvalUnknowns is Eval that also names the unknown variables that made the
// answer Unknown, sorted; none otherwise. Those that the answer does not turn on
// are left out: of `(false && a) || b` only b is named. The slice must not be
// changed.
func (r *Rule) EvalUnknowns(lookup Lookup) (Tri, []string, error) {
	answer, unknown, err := r.eval(lookup)
	return answer, r.names(unknown), err
}

// EvalValues is EvalUnknowns over values that were checked before. It is the
// faster where many rules read the same values.
func (r *Rule) EvalValues(v *Values) (Tri, []string, error) {
	if v.env != r.env {
		return Unknown, nil, fault.Newf(fault.Failed, "the rule %s was compiled for other variables", quote(r.text))
	}
	out, _, err := r.program.Eval(v)
	answer, unknown, err := r.answer(out, err)
	return answer, r.names(unknown), err
}

func (r *Rule) eval(lookup Lookup) (Tri, *types.Unknown, error) {
	a := activations.Get().(*activation)
	a.env, a.lookup, a.fault = r.env, lookup, nil
	out, _, err := r.program.Eval(a)
	bad := a.fault
	*a = activation{}
	activations.Put(a)
	if bad != nil { // CEL may have absorbed it: true || error is true
		return Unknown, nil, bad
	}
	return r.answer(out, err)
}

func (r *Rule) answer(out ref.Val, err error) (Tri, *types.Unknown, error) {
	if err != nil {
		return Unknown, nil, fault.Wrap(fault.Invalid, err, "the rule "+quote(r.text)+" failed")
	}
	switch v := out.(type) {
	case types.Bool:
		if v {
			return True, nil, nil
		}
		return False, nil, nil
	case *types.Unknown:
		return Unknown, v, nil
	}
	return Unknown, nil, fault.Newf(fault.Invalid, "the rule %s gave %v, not true or false", quote(r.text), out.Type())
}

// names gives the variables that an unknown stands for.
func (r *Rule) names(unknown *types.Unknown) []string {
	if unknown == nil {
		return nil
	}
	for _, v := range r.reads {
		if v.unknown == unknown {
			return v.alone
		}
	}
	var names []string
	for _, id := range unknown.IDs() {
		trails, _ := unknown.GetAttributeTrails(id)
		for _, t := range trails {
			names = append(names, t.Variable())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var activations = sync.Pool{New: func() any { return new(activation) }}

// activation hands variables to CEL, one evaluation at a time.
type activation struct {
	env    *Env
	lookup Lookup
	fault  *fault.Error // the first value that cannot be used
}

// ResolveName gives a variable's value, its unknown while it is not known, or an
// error value when it cannot be used.
func (a *activation) ResolveName(name string) (any, bool) {
	v, ok := a.env.vars[name]
	if !ok {
		return nil, false
	}
	value, known := a.lookup(name)
	if !known {
		return v.unknown, true
	}
	out, err := v.value(value)
	if err != nil {
		if a.fault == nil {
			a.fault = err
		}
		return types.WrapErr(err), true
	}
	return out, true
}

// Parent gives none: variables have one scope.
func (a *activation) Parent() cel.Activation { return nil }

// Values holds values of an environment's variables, checked once and read by any
// number of its rules. Several goroutines may read it while none sets.
type Values struct {
	env  *Env
	vals []ref.Val
}

// NewValues makes values of which none is known.
func (e *Env) NewValues() *Values {
	v := &Values{env: e, vals: make([]ref.Val, len(e.order))}
	v.Reset()
	return v
}

// Reset makes every value unknown.
func (v *Values) Reset() {
	for i, x := range v.env.order {
		v.vals[i] = x.unknown
	}
}

// Set gives the variable in a slot a value, or makes it unknown with nil. A value
// of the wrong type or beyond the bounds is a fault, and changes nothing.
func (v *Values) Set(slot int, value any) error {
	x := v.env.order[slot]
	if value == nil {
		v.vals[slot] = x.unknown
		return nil
	}
	checked, err := x.value(value)
	if err != nil {
		return err
	}
	v.vals[slot] = checked
	return nil
}

// Checked is a value that was checked for a variable, for one that is set many times.
type Checked struct{ val ref.Val }

// Check checks a value for the variable in a slot, as [Values.Set] does.
func (e *Env) Check(slot int, value any) (Checked, error) {
	checked, err := e.order[slot].value(value)
	if err != nil {
		return Checked{}, err
	}
	return Checked{checked}, nil
}

// Put gives the variable in a slot a value that was checked for it.
func (v *Values) Put(slot int, value Checked) { v.vals[slot] = value.val }

// ResolveName gives a variable to CEL.
func (v *Values) ResolveName(name string) (any, bool) {
	x, ok := v.env.vars[name]
	if !ok {
		return nil, false
	}
	return v.vals[x.slot], true
}

// Parent gives none: variables have one scope.
func (v *Values) Parent() cel.Activation { return nil }

// value checks a Go value against the variable's type and bounds.
func (v *variable) value(x any) (ref.Val, *fault.Error) {
	switch x := x.(type) {
	case string:
		if v.typ == Text {
			if len(x) > MaxText {
				return nil, v.tooLarge("%d bytes, at most %d are read", len(x), MaxText)
			}
			return types.String(x), nil
		}
	case bool:
		if v.typ == Bool {
			return types.Bool(x), nil
		}
	case int:
		return v.whole(int64(x))
	case int64:
		return v.whole(x)
	case float64:
		if v.typ == Number && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return types.Double(x), nil
		}
	case []string:
		if v.typ == Texts {
			return v.texts(x)
		}
	}
	return nil, fault.Newf(fault.Invalid, "the value of %s is %s, not %s", v.name, describe(x), v.typ).At("", 0, v.name)
}

func (v *variable) whole(x int64) (ref.Val, *fault.Error) {
	switch v.typ {
	case Int:
		return types.Int(x), nil
	case Number:
		return types.Double(x), nil
	}
	return nil, fault.Newf(fault.Invalid, "the value of %s is %s, not %s", v.name, describe(x), v.typ).At("", 0, v.name)
}

func (v *variable) texts(x []string) (ref.Val, *fault.Error) {
	if len(x) > MaxTexts {
		return nil, v.tooLarge("%d items, at most %d are read", len(x), MaxTexts)
	}
	for _, item := range x {
		if len(item) > MaxItem {
			return nil, v.tooLarge("an item of %d bytes, at most %d are read", len(item), MaxItem)
		}
	}
	return types.NewStringList(types.DefaultTypeAdapter, x), nil
}

func (v *variable) tooLarge(format string, args ...any) *fault.Error {
	return fault.Newf(fault.Invalid, "the value of %s has "+format, append([]any{v.name}, args...)...).At("", 0, v.name)
}

func describe(x any) string {
	switch x := x.(type) {
	case nil:
		return "missing"
	case string:
		return "a text"
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "not a finite number"
		}
	}
	return fmt.Sprintf("%T", x)
}
