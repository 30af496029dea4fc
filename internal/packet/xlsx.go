package packet

import (
	"io"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"duly/internal/fault"
	"duly/internal/page"
)

// longest is how many UTF-16 units of a text a cell of a workbook holds; 32,767 is the
// most that Excel reads. What is longer goes on in the rows beneath.
const longest = 32_000

// XLSX writes the packet as a workbook: a first sheet with what is asked and how to read
// it, and one for each part with all items. Every cell is a text, also one that begins
// like a formula, with its marks in brackets behind it. The bytes depend on the packet
// alone.
func XLSX(p *Packet, out io.Writer) error {
	b := &book{file: excelize.NewFile()}
	b.fill(p)
	if b.err == nil {
		_, b.err = b.file.WriteTo(out)
	}
	if err := b.file.Close(); b.err == nil {
		b.err = err
	}
	if b.err != nil {
		return fault.Wrap(fault.Failed, b.err, "cannot write the workbook")
	}
	return nil
}

// book is a workbook while it is filled.
type book struct {
	file  *excelize.File
	sheet string
	row   int // the last that is filled
	err   error

	text, head, heading int // styles
}

// do runs a step unless one before it failed.
func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) fill(p *Packet) {
	b.styles()
	at := p.Day + "T00:00:00Z"
	b.do(b.file.SetDocProps(&excelize.DocProperties{Title: p.title(), Creator: "Duly", LastModifiedBy: "Duly", Created: at, Modified: at}))
	b.begin("How to read it", true)
	b.line(b.heading, p.title())
	b.table(p.Front)
	if p.Agenda != nil {
		b.table(*p.Agenda)
	}
	b.table(p.marks())
	b.line(b.heading, "What this packet does not show")
	for _, l := range p.Limits {
		b.line(b.text, l)
	}
	for n := range p.Items[0].Parts {
		b.begin(p.Items[0].Parts[n].ID, false)
		for i, item := range p.Items {
			if len(p.Items) > 1 {
				b.line(b.heading, plain("%d. ", i+1).Text+withMarks(item.Title))
			}
			part := item.Parts[n]
			b.line(b.heading, part.Title)
			if part.Note != "" {
				b.line(b.text, part.Note)
			}
			for _, t := range part.Tables {
				b.table(t)
			}
		}
	}
	b.file.SetActiveSheet(0)
}

// marks says what the marks mean, as a table.
func (p *Packet) marks() Table {
	t := Table{Caption: "What the marks mean. They hide nothing; what has no mark stands in clear in the log.", Head: []string{"Mark", "Class", "Meaning for you", "Places"}}
	for _, m := range p.Marks {
		t.Rows = append(t.Rows, []Cell{plain("[%s]", Letter(m.Class)), plain("%s", page.Say("", m.Class)), plain("%s", meanings[m.Class]), plain("%d", m.Cells)})
	}
	return t
}

// styles makes the three styles. Number format 49 is text: what is edited stays text.
func (b *book) styles() {
	const text = 49
	wrap := &excelize.Alignment{WrapText: true, Vertical: "top"}
	for _, s := range []struct {
		into  *int
		style excelize.Style
	}{
		{&b.text, excelize.Style{NumFmt: text, Alignment: wrap}},
		{&b.head, excelize.Style{NumFmt: text, Alignment: wrap, Font: &excelize.Font{Bold: true}, Border: []excelize.Border{{Type: "bottom", Color: "000000", Style: 1}}}},
		{&b.heading, excelize.Style{NumFmt: text, Font: &excelize.Font{Bold: true, Size: 13}}},
	} {
		id, err := b.file.NewStyle(&s.style)
		b.do(err)
		*s.into = id
	}
}

// begin begins a sheet, laid out for print: across one page, with the sheet's name.
func (b *book) begin(name string, first bool) {
	if first {
		b.do(b.file.SetSheetName("Sheet1", name))
	} else {
		_, err := b.file.NewSheet(name)
		b.do(err)
	}
	b.sheet, b.row = name, 0
	wide, tall, fit := 1, 0, true
	landscape := "landscape"
	b.do(b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}))
	b.do(b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.do(b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P of &N"}))
	b.do(b.file.SetColWidth(name, "A", "L", 28))
}

// table writes a table with its caption and an empty row behind it.
func (b *book) table(t Table) {
	b.line(b.head, t.Caption)
	if len(t.Rows) == 0 {
		b.line(b.text, t.Empty)
	}
	if len(t.Rows) > 0 && len(t.Head) > 0 {
		b.cells(b.head, t.Head)
	}
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = withMarks(c)
		}
		b.cells(b.text, texts)
	}
	b.row++
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

func (b *book) line(style int, text string) { b.cells(style, []string{text}) }

// cells writes a row of texts; what is too long for a cell goes on in the rows beneath.
func (b *book) cells(style int, texts []string) {
	first := b.row + 1
	b.row = first
	for i, text := range texts {
		for n, piece := range pieces(text) {
			name, err := excelize.CoordinatesToCellName(i+1, first+n)
			b.do(err)
			b.do(b.file.SetCellStr(b.sheet, name, piece))
			b.do(b.file.SetCellStyle(b.sheet, name, name, style))
			b.row = max(b.row, first+n)
		}
	}
}

// pieces cuts a text into pieces that a cell holds, never within a letter.
func pieces(text string) []string {
	if len(text) <= longest {
		return []string{text}
	}
	var out []string
	from, units := 0, 0
	for at, r := range text {
		n := utf16.RuneLen(r)
		if units+n > longest {
			out, from, units = append(out, text[from:at]), at, 0
		}
		units += n
	}
	return append(out, text[from:])
}
