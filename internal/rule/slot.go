package rule

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// slotRead reads a variable from its slot where an evaluation is over [Values], and
// as CEL does everywhere else. It spares a look-up by name for each time a rule reads
// a variable. It is no attribute to CEL, so nothing can be added to it.
type slotRead struct {
	slow interpreter.InterpretableV2
	slot int
}

// ID names the node of the expression.
func (r *slotRead) ID() int64 { return r.slow.ID() }

// Eval gives the variable's value.
func (r *slotRead) Eval(a cel.Activation) ref.Val { return r.slow.Eval(a) }

// Exec gives the variable's value.
func (r *slotRead) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if v, ok := frame.Scope().(*Values); ok {
		return v.vals[r.slot]
	}
	return r.slow.Exec(frame)
}

// direct replaces the reading of a variable by its slot. Names without a dot are left
// alone, because a loop may have a variable of that name.
func (e *Env) direct(node interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	read, ok := node.(interpreter.InterpretableAttribute)
	if !ok {
		return node, nil
	}
	named, ok := read.Attr().(interpreter.NamespacedAttribute)
	if !ok || len(named.Qualifiers()) > 0 || len(named.CandidateVariableNames()) != 1 {
		return node, nil
	}
	name := named.CandidateVariableNames()[0]
	v, ok := e.vars[name]
	if !ok || !strings.Contains(name, ".") {
		return node, nil
	}
	return &slotRead{node, v.slot}, nil
}
