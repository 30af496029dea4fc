package packet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"duly/internal/ledger"
	"duly/internal/page"
	"duly/internal/store"
)

// Cell is a text with its marks: the classes by which a report would withhold what
// stands in it, in the order of [ledger.Classes]. What is public has none.
type Cell struct {
	Text  string
	Marks []ledger.Class
}

// Letter gives the letter that stands for a class.
func Letter(c ledger.Class) string { return strings.ToUpper(string(c[:1])) }

// meanings says what a mark means for those who read the packet.
var meanings = map[ledger.Class]string{
	ledger.Customer:    "Confidential: about the customer. Use it to decide, and do not pass it on.",
	ledger.TradeSecret: "Proprietary: a trade secret. You see it because those who decide see it. Do not use it for anything else, and do not pass it on.",
	ledger.Security:    "It would help an attacker. Do not copy it.",
	ledger.Personal:    "About a person. Use it only to decide, and do not pass it on.",
	ledger.Legal:       "A law restricts it. To pass it on may be forbidden.",
}

// plain is a text of the program, or what stands in clear.
func plain(format string, args ...any) Cell { return Cell{Text: clean(fmt.Sprintf(format, args...))} }

// marked is a text of a class.
func marked(class ledger.Class, text string) Cell {
	if text == "" {
		return Cell{}
	}
	return Cell{clean(text), []ledger.Class{class}}
}

// said is a word of the log in words for people, with the marks that it had.
func (c Cell) said(what string) Cell {
	c.Text = page.Say(what, c.Text)
	return c
}

// or gives c, or a text of the program where nothing is stated.
func (c Cell) or(text string) Cell {
	if c.Text == "" {
		return plain("%s", text)
	}
	return c
}

// joined brings cells together, without those in which nothing is stated.
func joined(separator string, cells ...Cell) Cell {
	var texts []string
	var out Cell
	for _, c := range cells {
		if c.Text == "" {
			continue
		}
		texts = append(texts, c.Text)
		for _, m := range c.Marks {
			if !slices.Contains(out.Marks, m) {
				out.Marks = append(out.Marks, m)
			}
		}
	}
	slices.SortFunc(out.Marks, func(a, b ledger.Class) int { return slices.Index(ledger.Classes, a) - slices.Index(ledger.Classes, b) })
	out.Text = strings.Join(texts, separator)
	return out
}

// say adds a row of two cells: what it is, and what stands of it.
func (t *Table) say(what string, c Cell) { t.Rows = append(t.Rows, []Cell{plain("%s", what), c}) }

// clean makes a text one that can be printed as it reads. Line breaks and tabs stay. Other
// control characters, which no file can hold, and those that turn the direction of
// writing round, by which one text can look like another, are shown by their number.
func clean(text string) string {
	odd := func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 ||
			r >= 0xFFFE && r <= 0xFFFF
	}
	if !strings.ContainsFunc(text, odd) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if odd(r) {
			fmt.Fprintf(&out, "[U+%04X]", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// field gives one field of a revision with the mark of its class. What was erased says
// so; where nothing is stated it is empty.
func field[T any](b *builder, kind *ledger.Kind[T], r *store.Revision[T], name string) Cell {
	v, class, ok, err := store.Field(kind, r, name)
	if err != nil && b.err == nil {
		b.err = err
	}
	if !ok {
		return plain("erased from the log")
	}
	c := plain("%s", textOf(v))
	if class != ledger.Public && c.Text != "" {
		c.Marks = []ledger.Class{class}
	}
	return c
}

// textOf writes a value for people: a truth value as yes or no, a list line by line.
func textOf(s ledger.Scalar) string {
	switch v := s.Value().(type) {
	case bool:
		return answer(v)
	case []string:
		return strings.Join(v, "\n")
	}
	return s.String()
}

func answer(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// person gives the name of who acts under a key.
func (b *builder) person(key string) Cell {
	if key == "" {
		return Cell{}
	}
	if name := b.names[key]; name != "" {
		return marked(ledger.Personal, name)
	}
	return marked(ledger.Personal, "somebody whose name is no longer known")
}
