package rule

import (
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"duly/internal/fault"
)

// Rule is one checked expression. It is safe for concurrent use.
type Rule struct {
	env      *Env
	text     string
	tree     *ast.AST
	program  cel.Program
	vars     []string
	reads    []*variable
	required map[string][]string
}

// Compile checks an expression and plans its evaluation. It must be a truth
// value and cost at most [MaxCost] for values within the bounds of this package.
// What is wrong comes as a *fault.Error whose Line and Column count from 1
// within the expression.
func (e *Env) Compile(expr string) (*Rule, error) {
	checked, issues := e.cel.Compile(expr)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		f := fault.Newf(fault.Invalid, "the rule %s does not hold together: %s", quote(expr), first.Message)
		f.Line, f.Column = max(1, first.Location.Line()), max(1, first.Location.Column()+1)
		return nil, f
	}
	if checked.OutputType() != cel.BoolType {
		f := fault.Newf(fault.Invalid, "the rule %s gives %s, not true or false", quote(expr), checked.OutputType())
		f.Line, f.Column = 1, 1
		return nil, f.WithFix("compare the value with something")
	}
	if err := e.bound(checked, expr); err != nil {
		return nil, err
	}
	program, err := e.cel.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(e.direct))
	if err != nil {
		f := fault.Wrap(fault.Invalid, err, "the rule "+quote(expr)+" cannot be planned")
		f.Line, f.Column = 1, 1
		return nil, f
	}
	tree := checked.NativeRep()
	r := &Rule{env: e, text: expr, tree: tree, program: program, required: map[string][]string{}}
	reads := map[string]bool{}
	for _, ref := range tree.ReferenceMap() {
		if _, ok := e.vars[ref.Name]; ok {
			reads[ref.Name] = true
		}
	}
	r.vars = slices.Sorted(maps.Keys(reads))
	for _, name := range r.vars {
		r.reads = append(r.reads, e.vars[name])
	}
	e.requirements(tree.Expr(), r.required)
	return r, nil
}

func (e *Env) bound(checked *cel.Ast, expr string) error {
	estimate, err := e.cel.EstimateCost(checked, sizes{e})
	if err == nil && estimate.Max <= MaxCost {
		return nil
	}
	f := fault.Newf(fault.Invalid, "the rule %s may do too much work (more than %d units)", quote(expr), MaxCost)
	f.Line, f.Column = 1, 1
	return f.WithFix("use fewer nested loops over lists, and shorter patterns")
}

// sizes tells the cost estimate how large a value may be.
type sizes struct{ env *Env }

// EstimateCallCost leaves the cost of calls to the estimate's own table.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// EstimateSize bounds a variable, and an item of a list, by the package's limits.
func (s sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	path := n.Path()
	if len(path) == 0 {
		return nil
	}
	v, ok := s.env.vars[path[0]]
	switch {
	case !ok:
		return nil
	case len(path) > 1:
		return &cost.SizeEstimate{Max: MaxItem}
	case v.typ == Texts:
		return &cost.SizeEstimate{Max: MaxTexts}
	case v.typ == Text:
		return &cost.SizeEstimate{Max: MaxText}
	}
	return &cost.SizeEstimate{Min: 1, Max: 1}
}

// requirements collects the equalities that every way of making x true needs.
func (e *Env) requirements(x ast.Expr, into map[string][]string) {
	if x.Kind() != ast.CallKind {
		return
	}
	call := x.AsCall()
	if call.FunctionName() == operators.LogicalAnd {
		for _, arg := range call.Args() {
			e.requirements(arg, into)
		}
		return
	}
	name, constants, ok := e.equality(x)
	if !ok {
		return
	}
	if have, ok := into[name]; ok {
		constants = slices.DeleteFunc(constants, func(c string) bool { return !slices.Contains(have, c) })
	}
	into[name] = constants
}

// equality reads x as "this Text variable is one of these constants": x == "c",
// x in ["a", "b"], or an || of such over one variable.
func (e *Env) equality(x ast.Expr) (name string, constants []string, ok bool) {
	if x.Kind() != ast.CallKind {
		return "", nil, false
	}
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalOr:
		return e.alternatives(args)
	case operators.Equals:
		if args[0].Kind() == ast.LiteralKind {
			args = []ast.Expr{args[1], args[0]}
		}
		constants, ok = literals(args[1:])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			constants, ok = literals(args[1].AsList().Elements())
		}
	}
	if !ok || args[0].Kind() != ast.IdentKind {
		return "", nil, false
	}
	v, declared := e.vars[args[0].AsIdent()]
	if !declared || v.typ != Text {
		return "", nil, false
	}
	slices.Sort(constants)
	return v.name, slices.Compact(constants), true
}

func (e *Env) alternatives(args []ast.Expr) (name string, constants []string, ok bool) {
	for i, arg := range args {
		n, c, ok := e.equality(arg)
		if !ok || i > 0 && n != name {
			return "", nil, false
		}
		name, constants = n, append(constants, c...)
	}
	slices.Sort(constants)
	return name, slices.Compact(constants), len(args) > 0
}

func literals(xs []ast.Expr) ([]string, bool) {
	out := make([]string, 0, len(xs))
	for _, x := range xs {
		if x.Kind() != ast.LiteralKind {
			return nil, false
		}
		s, ok := x.AsLiteral().(types.String)
		if !ok {
			return nil, false
		}
		out = append(out, string(s))
	}
	return out, true
}

// Text gives the expression as it was written.
func (r *Rule) Text() string { return r.text }

// Vars gives the variables that the rule reads, sorted.
func (r *Rule) Vars() []string { return slices.Clone(r.vars) }

// Required gives, by Text variable, the constants one of which it must equal for
// the rule to be true; the rule is not true for any other value. Variables that
// the rule does not bind so are absent. An empty list means that the rule can
// never be true. The slices are sorted and the caller's own.
func (r *Rule) Required() map[string][]string {
	out := make(map[string][]string, len(r.required))
	for name, constants := range r.required {
		out[name] = slices.Clone(constants)
	}
	return out
}

// quote shortens an expression for an error text.
func quote(expr string) string {
	const most = 80
	if r := []rune(expr); len(r) > most {
		return "`" + string(r[:most]) + "…`"
	}
	return "`" + expr + "`"
}
