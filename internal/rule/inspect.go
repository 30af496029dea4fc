package rule

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"duly/internal/fault"
)

// Inspection is what can be told of a rule without evaluating it.
type Inspection struct {
	// Fails is the first part of the rule that can fail on some values (a division,
	// an item by its number, a pattern that is not written out), with its line and
	// column within the expression; nil where nothing can.
	Fails *fault.Error
	// Compared are the constants that Text variables, and the items of Texts
	// variables, are compared with.
	Compared []Comparison
	// Bounds are the whole numbers that Int variables are compared with, by variable.
	Bounds map[string][]int64
	// Plain says that Int variables are only compared with constants, so that values
	// around Bounds stand for all values.
	Plain bool
}

// Comparison is a constant that a variable is compared with, and where it stands
// within the expression, both from 1.
type Comparison struct {
	Var, Constant string
	Line, Column  int
}

// Inspect reads the rule's expression. Its cost grows with its length.
func (r *Rule) Inspect() Inspection {
	in := inspector{rule: r, out: Inspection{Bounds: map[string][]int64{}, Plain: true}, items: map[string]string{}}
	in.walk(r.tree.Expr())
	return in.out
}

type inspector struct {
	rule  *Rule
	out   Inspection
	items map[string]string // loop variables, and the Texts variable whose items they are
}

// safe are the functions that give an answer for all values within the bounds of
// this package: whole numbers within 2^53 cannot overflow by sums.
var safe = map[string]bool{
	operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.Conditional: true,
	operators.Equals: true, operators.NotEquals: true, operators.Less: true, operators.LessEquals: true,
	operators.Greater: true, operators.GreaterEquals: true, operators.In: true, operators.NotStrictlyFalse: true,
	operators.Add: true, operators.Subtract: true, operators.Negate: true,
	"size": true, "startsWith": true, "endsWith": true, "contains": true,
}

func (in *inspector) walk(x ast.Expr) {
	switch x.Kind() {
	case ast.CallKind:
		in.call(x)
	case ast.ListKind:
		in.mixed(x)
		for _, item := range x.AsList().Elements() {
			in.walk(item)
		}
	case ast.IdentKind:
		if v, ok := in.rule.env.vars[x.AsIdent()]; ok && v.typ == Int {
			in.out.Plain = false
		}
	case ast.ComprehensionKind:
		in.loop(x.AsComprehension())
	case ast.LiteralKind, ast.UnspecifiedExprKind:
	default: // maps and fields, which no variable has
		in.fails(x, "it reads a key that may not be there", "compare variables with constants")
	}
}

func (in *inspector) loop(c ast.ComprehensionExpr) {
	in.walk(c.IterRange())
	if c.IterRange().Kind() == ast.IdentKind {
		if v, ok := in.rule.env.vars[c.IterRange().AsIdent()]; ok && v.typ == Texts {
			in.items[c.IterVar()] = v.name
			defer delete(in.items, c.IterVar())
		}
	}
	for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		in.walk(part)
	}
}

func (in *inspector) call(x ast.Expr) {
	c := x.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	switch name := c.FunctionName(); {
	case name == operators.Divide || name == operators.Modulo:
		in.fails(x, "it divides, and the divisor may be 0", "compare products or sums of constants instead")
	case name == operators.Multiply:
		in.fails(x, "it multiplies, and the product may be too large", "compare the values one by one")
	case name == operators.Index:
		in.fails(x, "it takes an item by its number, and the list may be shorter", `use list.exists(x, ...) or "item" in list`)
	case name == "matches" && (len(args) != 2 || args[1].Kind() != ast.LiteralKind):
		in.fails(x, "its pattern is not written out, and may be no pattern", "write the pattern in quotes")
	case name != "matches" && !safe[name]:
		in.fails(x, "the function "+name+" fails on some values", "use comparisons, in, exists, all, size, startsWith, endsWith, contains or matches")
	}
	if len(args) == 2 && in.comparison(c.FunctionName(), args) {
		return
	}
	for _, arg := range args {
		in.walk(arg)
	}
}

// mixed notes a list of constants of several types, whose items cannot be compared
// with one another.
func (in *inspector) mixed(list ast.Expr) {
	var first ref.Type
	for _, item := range list.AsList().Elements() {
		if item.Kind() != ast.LiteralKind {
			continue
		}
		typ := item.AsLiteral().Type()
		if first == nil {
			first = typ
		}
		if typ != first {
			in.fails(item, "its list holds constants of several types", "write constants of one type")
		}
	}
}

// comparison notes a variable that is compared with constants, and says whether
// nothing else is in it.
func (in *inspector) comparison(name string, args []ast.Expr) bool {
	switch name {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if args[0].Kind() == ast.LiteralKind {
			args = []ast.Expr{args[1], args[0]}
		}
		return in.compared(args[0], args[1:])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			in.mixed(args[1])
			return in.compared(args[0], args[1].AsList().Elements())
		}
		if v, ok := in.variable(args[1]); ok && v.typ == Texts && args[0].Kind() == ast.LiteralKind {
			in.note(v.name, args[0])
			return true
		}
	}
	return false
}

func (in *inspector) compared(left ast.Expr, constants []ast.Expr) bool {
	for _, c := range constants {
		if c.Kind() != ast.LiteralKind {
			return false
		}
	}
	v, ok := in.variable(left)
	if !ok {
		return false
	}
	for _, c := range constants {
		in.note(v.name, c)
	}
	return true
}

// variable gives the variable that x is, or whose item it is.
func (in *inspector) variable(x ast.Expr) (*variable, bool) {
	if x.Kind() != ast.IdentKind {
		return nil, false
	}
	name := x.AsIdent()
	if list, ok := in.items[name]; ok {
		name = list
	}
	v, ok := in.rule.env.vars[name]
	return v, ok
}

func (in *inspector) note(name string, constant ast.Expr) {
	switch c := constant.AsLiteral().(type) {
	case types.String:
		at := in.rule.tree.SourceInfo().GetStartLocation(constant.ID())
		in.out.Compared = append(in.out.Compared, Comparison{name, string(c), max(1, at.Line()), at.Column() + 1})
	case types.Int:
		in.out.Bounds[name] = append(in.out.Bounds[name], int64(c))
	}
}

func (in *inspector) fails(x ast.Expr, what, fix string) {
	if in.out.Fails != nil {
		return
	}
	at := in.rule.tree.SourceInfo().GetStartLocation(x.ID())
	f := fault.New(fault.Invalid, "the rule "+quote(in.rule.text)+" can fail: "+what, fix)
	f.Line, f.Column = max(1, at.Line()), at.Column()+1
	in.out.Fails = f
}
