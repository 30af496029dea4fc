package packet

import (
	"io"
	"strings"

	"duly/internal/page"
	"duly/internal/sheet"
)

// XLSX writes the packet as a workbook: a first sheet with what is asked and how to read
// it, and one for each part with all items. Marks stand in brackets behind a cell's text.
// The bytes depend on the packet alone.
func XLSX(p *Packet, out io.Writer) error {
	b := sheet.New(p.title(), p.Day)
	b.Begin("How to read it")
	b.Heading(p.title())
	b.Table(written(p.Front))
	if p.Agenda != nil {
		b.Table(written(*p.Agenda))
	}
	b.Table(written(p.marks()))
	b.Heading("What this packet does not show")
	for _, l := range p.Limits {
		b.Text(l)
	}
	for n := range p.Items[0].Parts {
		b.Begin(p.Items[0].Parts[n].ID)
		for i, item := range p.Items {
			if len(p.Items) > 1 {
				b.Heading(plain("%d. ", i+1).Text + withMarks(item.Title))
			}
			part := item.Parts[n]
			b.Heading(part.Title)
			if part.Note != "" {
				b.Text(part.Note)
			}
			for _, t := range part.Tables {
				b.Table(written(t))
			}
		}
	}
	return b.Write(out)
}

// written gives a table with its marks in words.
func written(t Table) sheet.Table {
	out := sheet.Table{Caption: t.Caption, Head: t.Head, Empty: t.Empty}
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = withMarks(c)
		}
		out.Rows = append(out.Rows, texts)
	}
	return out
}

// marks says what the marks mean, as a table.
func (p *Packet) marks() Table {
	t := Table{Caption: "What the marks mean. They hide nothing; what has no mark stands in clear in the log.", Head: []string{"Mark", "Class", "Meaning for you", "Places"}}
	for _, m := range p.Marks {
		t.Rows = append(t.Rows, []Cell{plain("[%s]", Letter(m.Class)), plain("%s", page.Say("", m.Class)), plain("%s", meanings[m.Class]), plain("%d", m.Cells)})
	}
	return t
}

// withMarks writes a cell with its marks in brackets.
func withMarks(c Cell) string {
	if c.Text == "" {
		return "not stated"
	}
	var out strings.Builder
	out.WriteString(c.Text)
	for _, m := range c.Marks {
		out.WriteString(" [" + Letter(m) + "]")
	}
	return out.String()
}
