package sheet_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"duly/internal/fault"
	"duly/internal/sheet"
)

const day = "2026-11-26"

// written gives the bytes of a workbook.
func written(t *testing.T, fill func(*sheet.Book)) []byte {
	t.Helper()
	b := sheet.New("A title", day)
	fill(b)
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// opened opens a workbook as another program does.
func opened(t *testing.T, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestEveryCellIsText protects whoever opens a workbook from what a customer wrote: a name
// that begins like a formula is not run, and an identifier is not made a number or a day.
func TestEveryCellIsText(t *testing.T) {
	texts := []string{
		`=HYPERLINK("http://example.invalid","x")`, "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "'=1+1", "=cmd|' /C calc'!A0",
		"0012", "1e5", "12345678901234567890", "1.50", "2026-11-26", "11/26", "TRUE", "#N/A",
		"_x0041_", "_x005F_x0041_", "_x005F__x0078_0041_", "_x0041_x0042_", "__x0041__x0042_", "_x003D_1+1", "A_xzzzz_B", "AB", "_xD800_", "_x004", "_X0041_",
		"<f>1+1</f>", "a & b", "two\nlines", "",
	}
	data := written(t, func(b *sheet.Book) {
		b.Begin("S")
		for _, text := range texts {
			b.Table(sheet.Table{Caption: text, Head: []string{text}, Rows: [][]string{{text, text}}, Empty: text})
		}
		b.Heading("=2+2")
		b.Text("=3+3")
	})
	f := opened(t, data)
	rows, err := f.GetRows("S")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for y, row := range rows {
		for x, text := range row {
			at, _ := excelize.CoordinatesToCellName(x+1, y+1)
			kind, err := f.GetCellType("S", at)
			if err != nil || kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
				t.Errorf("%s, %q, is of type %d: %v", at, text, kind, err)
			}
			if formula, err := f.GetCellFormula("S", at); err != nil || formula != "" {
				t.Errorf("%s is the formula %q: %v", at, formula, err)
			}
			id, err := f.GetCellStyle("S", at)
			if err != nil {
				t.Fatal(err)
			}
			if style, err := f.GetStyle(id); err != nil || style.NumFmt != 49 {
				t.Errorf("%s, %q, turns into something else when it is edited: %v", at, text, err)
			}
			got = append(got, text)
		}
	}
	var want []string
	for _, text := range texts {
		if text != "" { // what is empty at the end of a row is not read back
			want = append(want, text, text, text, text)
		}
	}
	want = append(want, "=2+2", "=3+3")
	got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
	// XML knows one end of a line.
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "\r", "\n")
		got[i] = strings.ReplaceAll(got[i], "\r", "\n")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the cells read\n%q, not\n%q", got, want)
	}
	for name, xml := range parts(t, data) {
		if strings.HasPrefix(name, "xl/worksheets/") && (strings.Contains(xml, "<f>") || strings.Contains(xml, "<f ")) {
			t.Errorf("%s has a formula", name)
		}
	}
}

// parts gives the files of a workbook.
func parts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		out[part.Name] = string(text)
	}
	return out
}

// TestLayout protects readers: sheets in the order in which they were begun, a caption over
// each table and an empty row behind, and a table without rows that says what this means.
func TestLayout(t *testing.T) {
	f := opened(t, written(t, func(b *sheet.Book) {
		b.Begin("First")
		b.Table(sheet.Table{Caption: "Cases", Head: []string{"Case", "State"}, Rows: [][]string{{"c-1", "open"}, {"c-2", "closed"}}, Empty: "None."})
		b.Table(sheet.Table{Caption: "Requests", Head: []string{"Request"}, Empty: "Nobody asked."})
		b.Begin("Second & last")
		b.Table(sheet.Table{Caption: "Terms", Rows: [][]string{{"Level", "limited"}}})
		b.Heading("Words")
		b.Text("A line.")
	}))
	if got := f.GetSheetList(); !slices.Equal(got, []string{"First", "Second & last"}) {
		t.Errorf("the sheets are %q", got)
	}
	for name, want := range map[string]string{
		"First":         "Cases|Case,State|c-1,open|c-2,closed||Requests|Nobody asked.",
		"Second & last": "Terms|Level,limited||Words|A line.",
	} {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, row := range rows {
			lines = append(lines, strings.Join(row, ","))
		}
		if got := strings.Join(lines, "|"); got != want {
			t.Errorf("%s reads %q, not %q", name, got, want)
		}
	}
	if p, err := f.GetDocProps(); err != nil || p.Title != "A title" || p.Created != day+"T00:00:00Z" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestLongTextsGoOnBeneath protects what does not fit into a cell: no letter is lost or cut
// in two, no cell is longer than Excel reads, and the next row stands below all of it.
func TestLongTextsGoOnBeneath(t *testing.T) {
	const most = 32_767
	for _, c := range []struct {
		what, text string
		cells      int
	}{
		{"at the bound", strings.Repeat("a", 32_000), 1},
		{"a letter more", strings.Repeat("a", 32_001), 2},
		{"letters of several bytes that fit", strings.Repeat("ж", 32_000), 1},
		{"letters of two units across the bound", "a" + strings.Repeat("𐍈", 16_000), 2},
		{"a letter by its number across the bound", strings.Repeat("a", 31_999) + "_x0041_", 2},
		{"letters by their numbers", strings.Repeat("_x0041_", 4_000), 3},
		{"three cells", strings.Repeat("abc ", 17_000), 3},
	} {
		f := opened(t, written(t, func(b *sheet.Book) {
			b.Begin("S")
			b.Table(sheet.Table{Caption: "C", Rows: [][]string{{"left", c.text, "right"}, {"next"}}})
		}))
		rows, err := f.GetRows("S")
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, row := range rows[1 : len(rows)-1] {
			if n := len(utf16.Encode([]rune(row[1]))); n > most {
				t.Errorf("%s: a cell has %d units", c.what, n)
			}
			text.WriteString(row[1])
		}
		if text.String() != c.text || len(rows)-2 != c.cells {
			t.Errorf("%s: %d cells, which have %d of %d bytes", c.what, len(rows)-2, text.Len(), len(c.text))
		}
		if rows[1][2] != "right" || rows[len(rows)-1][0] != "next" {
			t.Errorf("%s: what stands beside and beneath moved", c.what)
		}
	}
}

// TestTheSameBytes protects hashes of workbooks: what is written decides the bytes alone.
func TestTheSameBytes(t *testing.T) {
	fill := func(b *sheet.Book) {
		for _, name := range []string{"One", "Two", "Three"} {
			b.Begin(name)
			b.Table(sheet.Table{Caption: name, Head: []string{"A", "B"}, Rows: [][]string{{"x", "y"}}})
		}
	}
	if !bytes.Equal(written(t, fill), written(t, fill)) {
		t.Error("the same workbook has other bytes")
	}
}

// TestWhatCannotBeWrittenIsTold protects callers, who look at Write alone: a name that no
// sheet may have, and one that comes twice, fail there and write nothing.
func TestWhatCannotBeWrittenIsTold(t *testing.T) {
	for what, names := range map[string][]string{
		"a name of 32 letters":          {strings.Repeat("n", 32)},
		"a name with a bracket":         {"a[b"},
		"no name":                       {""},
		"a bad name after a good sheet": {"Good", "a/b"},
	} {
		b := sheet.New("A title", day)
		for _, name := range names {
			b.Begin(name)
			b.Text("x")
		}
		var out bytes.Buffer
		if err := b.Write(&out); fault.CodeOf(err) != fault.Failed || err == nil || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", what, err, out.Len())
		}
	}
	b := sheet.New("A title", day)
	b.Begin("S")
	if err := b.Write(full{}); fault.CodeOf(err) != fault.Failed {
		t.Errorf("on a full disk: %v", err)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
