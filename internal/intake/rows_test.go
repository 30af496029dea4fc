package intake

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// read gives each row as its values joined by "|", or "line N: reason".
func readRows(t testing.TB, in io.Reader, f Format, columns ...string) ([]string, error) {
	t.Helper()
	rows, err := newRows(in, f, columns)
	if err != nil {
		return nil, err
	}
	var out []string
	for {
		r, err := rows.next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if r.reject != nil {
			out = append(out, r.reject.Error())
		} else {
			out = append(out, strings.Join(r.values, "|"))
		}
	}
}

var comma = Format{Kind: "csv", Delimiter: ','}

// A bad row costs itself and no other, and every message names line and column.
func TestCSV(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"plain", "a,b\n1,2\n", []string{"1|2"}},
		{"no line feed at the end", "a,b\n1,2", []string{"1|2"}},
		{"windows", "\ufeffa,b\r\n1,2\r\n", []string{"1|2"}},
		{"carriage return at the very end", "a,b\n1,2\r", []string{"1|2"}},
		{"other columns and order", "x,b,y,a\n0,2,0,1\n", []string{"1|2"}},
		{"quotes", "a,b\n\"x \"\"y\"\"\",\"1\n2\"\n", []string{"x \"y\"|1\n2"}},
		{"a quote in the middle is text", "a,b\n5\" pipe,2\n", []string{"5\" pipe|2"}},
		{"blank lines", "a,b\n\n1,2\n\r\n", []string{"1|2"}},
		{"empty fields", "a,b\n,\n\"\",\n", []string{"|", "|"}},
		{"too few fields", "a,b\n1\n3,4\n", []string{"line 2: the row has 1 fields and the header has 2; look for a missing quote or a delimiter inside a field", "3|4"}},
		{"quote never closed", "a,b\n\"1,2\n3,4\n5,6", []string{"line 2: a quote is not closed, or text follows a closing quote; double the quotes inside a quoted field", "3|4", "5|6"}},
		{"text behind a quote", "a,b\n\"1\"x,2\n3,4\n", []string{"line 2: a quote is not closed, or text follows a closing quote; double the quotes inside a quoted field", "3|4"}},
		{"not UTF-8", "a,b\n1,\xff\n3,4\n", []string{"line 2: \"b\": the text is not UTF-8; save the file as UTF-8, or let the mapping say that it is latin-1", "3|4"}},
		{"line numbers count line feeds in quotes", "a,b\n\"1\n\n\",2\n3\n", []string{"1\n\n|2", "line 5: the row has 1 fields and the header has 2; look for a missing quote or a delimiter inside a field"}},
		{"header only", "a,b\n", nil},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := readRows(t, in, comma, "a", "b")
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v %q, want %q", c.name, err, got, c.want)
			}
		}
	}
}

func TestCSVHeader(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "the file is empty",
		"\n\n":                    "the file is empty",
		"Agency Nmae,State\nx,y":  `"Agency Name": the mapping names a column that the file does not have; did you mean "Agency Nmae"?`,
		"q,r\n":                   "the file has: q, r",
		"Agency Name,Agency Name": "has this column twice",
		"Agency Name\xff,b\n":     "the header is not UTF-8",
	} {
		if _, err := readRows(t, strings.NewReader(in), comma, "Agency Name"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, in string
		f        Format
		want     []string
	}{
		{"semicolons", "a;b\n1,5;2\n", Format{Kind: "csv", Delimiter: ';'}, []string{"1,5|2"}},
		{"latin-1", "a,b\n\xe9,2\n", Format{Kind: "csv", Delimiter: ',', Latin1: true}, []string{"é|2"}},
		{"lines", "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":null,\"c\":[1,{\"a\":2}]}", Format{Kind: "jsonl"}, []string{"1|x", "|"}},
		{"numbers as written", "{\"a\":1.10,\"b\":true}", Format{Kind: "jsonl"}, []string{"1.10|true"}},
		{"a bad line", "{\"a\":1}\n{\"a\":\n{\"a\":1,\"a\":2}\n[1]\n{} x\n{\"a\":4}", Format{Kind: "jsonl"}, []string{"1|", "line 2: ", "line 3: ", "line 4: ", "line 5: ", "4|"}},
		{"array", " [ {\"a\":1,\"b\":\"]}\\\"\"},\n{\"a\":2} ] \n", Format{Kind: "json"}, []string{"1|]}\"", "2|"}},
		{"empty array", "[]", Format{Kind: "json"}, nil},
		{"array of other things", "[1,{\"a\":2}]", Format{Kind: "json"}, []string{"line 1: ", "2|"}},
	} {
		got, err := readRows(t, iotest.HalfReader(strings.NewReader(c.in)), c.f, "a", "b")
		same := err == nil && len(got) == len(c.want)
		for i := range got {
			same = same && (got[i] == c.want[i] || strings.HasSuffix(c.want[i], ": ") && strings.HasPrefix(got[i], c.want[i]))
		}
		if !same {
			t.Errorf("%s: %v %q, want %q", c.name, err, got, c.want)
		}
	}
}

func TestJSONPointer(t *testing.T) {
	got, err := readRows(t, strings.NewReader(`{"buyer":{"name":"A","ids":["x","y"]},"a/b":"z"}`), Format{Kind: "jsonl"}, "/buyer/name", "/buyer/ids/1", "a/b")
	if err != nil || !slices.Equal(got, []string{"A|y|z"}) {
		t.Error(got, err)
	}
}

func TestBrokenArray(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:            "is not a JSON array",
		`[{"a":1}`:           "is not closed",
		"[{\"a\":1},\n{\"a":  "line 2: the JSON array is not closed",
		`[{"a":1}] x`:        "text follows",
		`[{"a":1}{"a":2}]`:   "",
		`[{"a":1} ["x"], 2]`: "",
	} {
		got, err := readRows(t, strings.NewReader(in), Format{Kind: "json"}, "a")
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && err == nil && slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("%s: %q %v", in, got, err)
		}
	}
}

// endless is a line that does not end, without being held in memory.
type endless struct {
	head, fill, tail string
	left             int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head != "" {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	if e.left > 0 {
		n := min(len(p), e.left)
		for i := range p[:n] {
			p[i] = e.fill[0]
		}
		e.left -= n
		return n, nil
	}
	if e.tail == "" {
		return 0, io.EOF
	}
	n := copy(p, e.tail)
	e.tail = e.tail[n:]
	return n, nil
}

// A line of 256 MiB must cost itself, not memory, in every format.
func TestEndlessLine(t *testing.T) {
	const long = 256 << 20
	for _, c := range []struct {
		name string
		in   endless
		f    Format
		want string
	}{
		{"csv", endless{"a,b\n1,2\n", "x", "\n3,4\n", long}, comma, "1|2,line 3: the line is longer than 1 MiB,3|4"},
		{"csv in quotes", endless{"a,b\n1,2\n\"", "x", "\n3,4\n", long}, comma, "1|2,line 3: the line is longer than 1 MiB,3|4"},
		{"lines", endless{"{\"a\":1}\n{\"b\":\"", "x", "\"}\n{\"a\":3}\n", long}, Format{Kind: "jsonl"}, "1|,line 2: the line is longer than 1 MiB,3|"},
		{"array", endless{"[{\"a\":1},{\"b\":\"", "x", "\"},{\"a\":3}]", long}, Format{Kind: "json"}, "1|,line 1: the element is longer than 1 MiB,3|"},
	} {
		rows, err := newRows(&c.in, c.f, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			r, err := rows.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(c.name, err)
			}
			if r.reject != nil {
				got = append(got, r.reject.Error())
				if len(r.raw) > maxRecord || !r.cut {
					t.Errorf("%s: %d bytes of the long line were kept", c.name, len(r.raw))
				}
			} else {
				got = append(got, strings.Join(r.values, "|"))
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
		if w := windowOf(rows); cap(w.buf) > 4*maxRecord {
			t.Errorf("%s: the window grew to %d bytes", c.name, cap(w.buf))
		}
	}
}

func windowOf(rows rowReader) *window {
	switch r := rows.(type) {
	case *csvRows:
		return r.w
	case *jsonLines:
		return r.w
	}
	return rows.(*jsonArray).w
}

// Whatever the standard library reads without complaint, this reader reads the
// same; and whatever comes, it neither fails nor loses a row silently.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\n\"x\"\"y\"\n", "a,b\r\n\"1\r\n2\",3\r\n", "\ufeffa\n\n1", "a,b\n\"1,2\n3,4", "a,\"b\n", "a,b\n\"\"x,1\n", "\",3\\,1\r\n2\",3\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(compareCSV)
}

// Every short text over the characters that matter to CSV.
func TestCSVShort(t *testing.T) {
	const letters = "a,\"\n\r"
	text := make([]byte, 0, 16)
	var grow func(left int)
	grow = func(left int) {
		compareCSV(t, append([]byte("x,y\n"), text...))
		for i := 0; left > 0 && i < len(letters); i++ {
			text = append(text, letters[i])
			grow(left - 1)
			text = text[:len(text)-1]
		}
	}
	grow(6)
}

func compareCSV(t *testing.T, data []byte) {
	want, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
	oracle := err == nil && len(want) > 0 && utf8.Valid(data) && !bytes.Contains(data, []byte("\r\r")) && len(want[0]) > 1
	if oracle {
		for i, h := range want[0] {
			if want[0][i] = strings.TrimSpace(h); slices.Index(want[0], want[0][i]) < i {
				oracle = false
			}
		}
	}
	if !oracle {
		readRows(t, bytes.NewReader(data), comma, "a")
		return
	}
	got, err := readRows(t, iotest.HalfReader(bytes.NewReader(data)), comma, want[0]...)
	if err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	for i, g := range got {
		// Inside quotes the library turns CRLF into LF; this reader keeps what stands there.
		if w := strings.Join(want[i+1], "|"); g != w && strings.ReplaceAll(g, "\r\n", "\n") != w {
			t.Fatalf("%q row %d: %q, want %q", data, i, g, w)
		}
	}
	if len(got) != len(want)-1 {
		t.Fatalf("%q: %d rows, want %d", data, len(got), len(want)-1)
	}
}

// An array that the standard library reads gives as many rows as it has elements.
func FuzzJSONArray(f *testing.F) {
	for _, s := range []string{`[]`, `[{"a":1},{"a":"]"}]`, `[1,[2,{}],"\"",{"a":{"b":[]}}]`, `[{"a":1},]`, `[,]`, `[{"a":1}`, "[\n{}\n]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readRows(t, iotest.HalfReader(bytes.NewReader(data)), Format{Kind: "json"}, "a", "/b/c")
		var want []json.RawMessage
		if json.Unmarshal(data, &want) == nil && data[0] == '[' && (err != nil || len(got) != len(want)) {
			t.Fatalf("%q: %d rows and %v, want %d rows", data, len(got), err, len(want))
		}
	})
}

// Every line that is not blank gives exactly one row.
func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{"{}\n", "{\"a\":1}\n\nx\n{\"b\":{\"c\":\"\\u0000\"}}", "{\"a\":\"\xff\"}", "[", "{\"a\":1}{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readRows(t, bytes.NewReader(data), Format{Kind: "jsonl"}, "a", "/b/c")
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, l := range bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), newline) {
			if len(bytes.TrimSpace(l)) > 0 {
				lines++
			}
		}
		if len(got) != lines {
			t.Fatalf("%q: %d rows of %d lines", data, len(got), lines)
		}
	})
}
