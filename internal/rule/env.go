package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"cel.dev/cel-go/cel"
	celenv "cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"

	"duly/internal/fault"
)

// Type is the type of a variable. Values are given as Go values: Text as string,
// Int as int or int64, Number as float64 (or an int), Bool as bool, Texts as
// []string.
type Type int8

// The types of variables.
const (
	Text   Type = iota + 1 // a string of at most MaxText bytes
	Int                    // a whole number
	Number                 // a finite floating point number; never used in ratings
	Bool                   // true or false
	Texts                  // a list of at most MaxTexts strings of at most MaxItem bytes
)

// Bounds of what a rule may be and read. The cost bound of [Env.Compile] holds
// for values within them; [Rule.Eval] gives an error for larger values.
const (
	MaxText  = 64 << 10  // bytes in a Text
	MaxTexts = 256       // strings in a Texts
	MaxItem  = 1 << 10   // bytes in one string of a Texts
	MaxCost  = 1_000_000 // most work of one evaluation, in CEL's cost units
	maxExpr  = 8 << 10   // code points in an expression
	maxDepth = 64        // nesting of an expression
)

// String gives the name that packs use for the type.
func (t Type) String() string {
	switch t {
	case Text:
		return "text"
	case Int:
		return "int"
	case Number:
		return "number"
	case Bool:
		return "bool"
	case Texts:
		return "texts"
	}
	return fmt.Sprintf("type(%d)", int8(t))
}

func (t Type) cel() *cel.Type {
	switch t {
	case Text:
		return cel.StringType
	case Int:
		return cel.IntType
	case Number:
		return cel.DoubleType
	case Bool:
		return cel.BoolType
	case Texts:
		return cel.ListType(cel.StringType)
	}
	return nil
}

// Env is a set of typed variables that rules are compiled against. It is safe
// for concurrent use.
type Env struct {
	cel   *cel.Env
	vars  map[string]*variable
	order []*variable // by slot
}

type variable struct {
	name    string
	slot    int
	typ     Type
	unknown *types.Unknown // what the variable evaluates to while it is not known
	alone   []string       // its name, for an answer that it alone left unknown
}

var nameRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// What depends on the time zone database of the machine has no place in a rule
// that must give the same answer everywhere.
var timeFunctions = []string{
	"timestamp", "duration", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
	"getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds",
}

// NewEnv makes an environment of variables by name. Names may be dotted
// ("customer.sector"). A name that CEL cannot read as a variable, and a type that
// does not exist, are faults.
func NewEnv(vars map[string]Type) (*Env, error) {
	subset := celenv.NewLibrarySubset()
	for _, name := range timeFunctions {
		subset.AddExcludedFunctions(celenv.NewFunction(name))
	}
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxExpr),
		cel.ParserRecursionLimit(maxDepth),
	}
	e := &Env{vars: make(map[string]*variable, len(vars))}
	for i, name := range slices.Sorted(maps.Keys(vars)) {
		t := vars[name]
		if t.cel() == nil {
			return nil, fault.Newf(fault.Invalid, "variable %q has no type", name)
		}
		if !nameRE.MatchString(name) {
			return nil, fault.Newf(fault.Invalid, "%q is not a variable name", name).
				WithFix("use letters, digits and _, in parts joined by dots")
		}
		v := &variable{
			name: name, slot: i, typ: t, alone: []string{name},
			unknown: types.NewUnknown(int64(i+1), types.NewAttributeTrail(name)),
		}
		e.vars[name], e.order = v, append(e.order, v)
		opts = append(opts, cel.Variable(name, t.cel()))
	}
	var err error
	if e.cel, err = cel.NewCustomEnv(opts...); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the variables cannot be declared")
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, issues := e.cel.Compile(name); issues.Err() != nil {
			return nil, fault.Newf(fault.Invalid, "%q cannot be a variable name: CEL reserves it", name).
				WithFix("choose another name")
		}
	}
	return e, nil
}

// Slot gives the place of a variable in [Values]; false if it is not declared.
func (e *Env) Slot(name string) (int, bool) {
	v, ok := e.vars[name]
	if !ok {
		return 0, false
	}
	return v.slot, true
}

// Has gives the type of a variable; false if it is not declared.
func (e *Env) Has(name string) (Type, bool) {
	v, ok := e.vars[name]
	if !ok {
		return 0, false
	}
	return v.typ, true
}
