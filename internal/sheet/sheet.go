// Package sheet writes workbooks that spreadsheet programs open: sheets of headings, texts
// and tables, laid out for print. Every cell is a text, also one that begins like a
// formula. The bytes depend on what is written alone.
//
//	b := sheet.New("A title", "2026-11-26")
//	b.Begin("First sheet")
//	b.Table(sheet.Table{Caption: "Cases", Head: []string{"Case", "State"}, Rows: rows})
//	err := b.Write(file)
package sheet

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"duly/internal/fault"
)

// longest is how many UTF-16 units of a text a cell of a workbook holds; 32,767 is the
// most that Excel reads. What is longer goes on in the rows beneath.
const longest = 32_000

// Book is a workbook while it is filled. A step that fails is told by Write.
type Book struct {
	file  *excelize.File
	sheet string
	row   int // the last that is filled
	err   error

	text, head, heading int // styles
}

// Table has a caption and a heading for each column, or none where the first cell of a
// row says what the second is. Without rows, Empty says what that means.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
	Empty   string
}

// New begins a workbook with its title, dated by a day (YYYY-MM-DD).
func New(title, day string) *Book {
	b := &Book{file: excelize.NewFile()}
	b.styles()
	at := day + "T00:00:00Z"
	b.do(b.file.SetDocProps(&excelize.DocProperties{Title: title, Creator: "Duly", LastModifiedBy: "Duly", Created: at, Modified: at}))
	return b
}

// Write ends the workbook and writes it.
func (b *Book) Write(out io.Writer) error {
	b.file.SetActiveSheet(0)
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

// do runs a step unless one before it failed.
func (b *Book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// styles makes the three styles. Number format 49 is text: what is edited stays text.
func (b *Book) styles() {
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

// Begin begins a sheet, laid out for print: across one page, with the sheet's name.
func (b *Book) Begin(name string) {
	if b.sheet == "" {
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

// Table writes a table with its caption and an empty row behind it.
func (b *Book) Table(t Table) {
	b.cells(b.head, []string{t.Caption})
	if len(t.Rows) == 0 {
		b.Text(t.Empty)
	}
	if len(t.Rows) > 0 && len(t.Head) > 0 {
		b.cells(b.head, t.Head)
	}
	for _, row := range t.Rows {
		b.cells(b.text, row)
	}
	b.row++
}

// Heading writes a heading of its own.
func (b *Book) Heading(text string) { b.cells(b.heading, []string{text}) }

// Text writes a line.
func (b *Book) Text(text string) { b.cells(b.text, []string{text}) }

// cells writes a row of texts; what is too long for a cell goes on in the rows beneath.
func (b *Book) cells(style int, texts []string) {
	first := b.row + 1
	b.row = first
	for i, text := range texts {
		for n, piece := range pieces(text) {
			name, err := excelize.CoordinatesToCellName(i+1, first+n)
			b.do(err)
			b.do(b.file.SetCellStr(b.sheet, name, literal(piece)))
			b.do(b.file.SetCellStyle(b.sheet, name, name, style))
			b.row = max(b.row, first+n)
		}
	}
}

// escape is what programs read as the one letter of that number (ECMA-376, part 1,
// 22.9.2.19, ST_Xstring), and so stands in no text.
var escape = regexp.MustCompile(`^_x[0-9A-Za-z]{4}_`)

// escaped writes the underscore and the x with which a text would begin an escape. To
// escape the underscore alone would be shorter, but then the library takes one text for
// another: it finds a text again by what its own escapes make of it.
const escaped = "_x005F__x0078_"

// literal writes a text so that it is read as it stands.
func literal(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "_x")
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i])
		if escape.MatchString(text[i:]) {
			b.WriteString(escaped)
		} else {
			b.WriteString("_x")
		}
		text = text[i+2:]
	}
}

// pieces cuts a text into pieces that a cell holds, never within a letter.
func pieces(text string) []string {
	if len(text) <= longest && !strings.Contains(text, "_x") {
		return []string{text}
	}
	var out []string
	from, units := 0, 0
	for at, r := range text {
		n := utf16.RuneLen(r)
		if r == '_' && escape.MatchString(text[at:]) {
			n = len(escaped)
		}
		if units+n > longest {
			out, from, units = append(out, text[from:at]), at, 0
		}
		units += n
	}
	return append(out, text[from:])
}
