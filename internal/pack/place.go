package pack

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
)

// Fault makes a fault of the pack at the place that a path of keys (strings) and
// list positions (ints, from 0) leads to. A path that leads nowhere gives the
// deepest place on its way.
func (p *Pack) Fault(what, fix string, path ...any) *fault.Error {
	f := p.at(p.node(path), what, fix)
	f.Field = field(path)
	return f
}

// Place gives an error the place that the path leads to. If the error is a fault
// with a line and column within the text there (an expression that does not
// compile), the place is that point of the file, as far as YAML lets it be known.
func (p *Pack) Place(err error, path ...any) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return p.Fault(err.Error(), "", path...)
	}
	placed := f.At(p.Path, 0, field(path))
	placed.Line, placed.Column = p.point(p.node(path), f.Line, f.Column)
	return placed
}

// Line gives the line that the path leads to.
func (p *Pack) Line(path ...any) int { return p.node(path).Line }

func (p *Pack) at(n *yaml.Node, what, fix string) *fault.Error {
	f := fault.New(fault.Invalid, what, fix)
	f.File, f.Line, f.Column = p.Path, max(n.Line, 1), n.Column
	return f
}

func (p *Pack) node(path []any) *yaml.Node {
	n := p.root
	for _, step := range path {
		next := child(n, step)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	case int:
		if n.Kind == yaml.SequenceNode && step >= 0 && step < len(n.Content) {
			return n.Content[step]
		}
	}
	return nil
}

func field(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

// point turns a place within a scalar's text into a place in the file. In folded
// text, and in quoted text with escapes, lines and columns do not map; there the
// scalar's own place stands.
func (p *Pack) point(n *yaml.Node, line, column int) (int, int) {
	if line == 0 || n.Kind != yaml.ScalarNode {
		return n.Line, n.Column
	}
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		lines := bytes.Split(p.Bytes, []byte("\n"))
		if n.Line+line-1 >= len(lines) {
			return n.Line, n.Column
		}
		first := lines[n.Line]
		indent := len(first) - len(bytes.TrimLeft(first, " "))
		return n.Line + line, indent + column
	case n.Style&yaml.FoldedStyle != 0 || line > 1:
		return n.Line, n.Column
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return n.Line, n.Column + column
	}
	return n.Line, n.Column + column - 1
}
