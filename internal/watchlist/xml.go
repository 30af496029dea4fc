package watchlist

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"duly/internal/fault"
)

// Bounds on one record of an XML file, beside maxField for one tag or text.
const (
	maxDepth    = 32     // elements within each other
	maxElements = 20_000 // elements of one record
	maxRecord   = 16 << 20
)

// element is one element of an XML file with what is in it. Names are without
// their namespace.
type element struct {
	name  string
	attrs []xml.Attr
	text  string // what stands directly in it, trimmed
	sub   []*element
	line  int
}

// first gives the text of the first element at a path, or "".
func (e *element) first(path ...string) string {
	for _, name := range path {
		i := 0
		for i < len(e.sub) && e.sub[i].name != name {
			i++
		}
		if i == len(e.sub) {
			return ""
		}
		e = e.sub[i]
	}
	return e.text
}

// all gives the elements of a name directly within e.
func (e *element) all(name string) []*element {
	var found []*element
	for _, s := range e.sub {
		if s.name == name {
			found = append(found, s)
		}
	}
	return found
}

// items gives the elements of a name within the elements list of e.
func (e *element) items(list, name string) []*element {
	var found []*element
	for _, s := range e.all(list) {
		found = append(found, s.all(name)...)
	}
	return found
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// words gives all text of the element, for a person who looks at a reject.
func (e *element) words() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *element) write(b *strings.Builder) {
	if b.Len() > maxRaw {
		return
	}
	b.WriteString("<" + e.name)
	for _, a := range e.attrs {
		b.WriteString(" " + a.Name.Local + "=" + clip(a.Value))
	}
	b.WriteString(">" + e.text)
	for _, s := range e.sub {
		s.write(b)
	}
}

// meter hands bytes to the XML decoder and stops it before one tag or text is
// longer than maxField or one record longer than maxRecord.
type meter struct {
	r      *bufio.Reader
	token  int
	record int
}

var errXMLTooLong = errors.New("a tag or text is longer than 1 MiB, or a record longer than 16 MiB")

// ReadByte implements io.ByteReader, which the decoder prefers.
func (m *meter) ReadByte() (byte, error) {
	if m.token++; m.token > maxField {
		return 0, errXMLTooLong
	}
	if m.record++; m.record > maxRecord {
		return 0, errXMLTooLong
	}
	return m.r.ReadByte()
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	b, err := m.ReadByte()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// handlers say what is done with the elements of a name. What an element returns
// sends it to the rejects.
type handlers map[string]func(*element) *fault.Error

// eachElement streams an XML file: every element that has a handler is built
// whole and handed to it; others are walked through. root, which may be nil, is
// given the first element, which must have the name rootName, without what is in
// it. A document type declaration is refused, so nothing can be expanded. The
// file is closed.
func (s *source) eachElement(f *file, rootName string, root func(*element), use handlers) error {
	defer f.disk.Close()
	m := &meter{r: f.Reader}
	d := xml.NewDecoder(m)
	x := &xmlWalk{source: s, f: f, m: m, d: d}
	if start, _ := f.Peek(1); len(start) > 0 && !isXML(f) {
		return x.bad("the file does not begin as XML does, so it is not of the format " + s.list.Format)
	}
	depth := 0
	for {
		m.record = 0
		token, err := x.next()
		if err == io.EOF {
			return s.close(f)
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				if t.Name.Local != rootName {
					return x.bad("the file begins with <" + clip(t.Name.Local) + "> and not <" + rootName + ">, so it is not of the format " + s.list.Format)
				}
				if root != nil {
					root(&element{name: t.Name.Local, attrs: t.Attr})
				}
			}
			handle := use[t.Name.Local]
			if handle == nil || depth == 0 {
				if depth++; depth > maxDepth {
					return x.bad("elements stand more than 32 deep")
				}
				continue
			}
			if err := x.record(t, handle); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		}
	}
}

// xmlWalk is one reading of an XML file.
type xmlWalk struct {
	*source
	f        *file
	m        *meter
	d        *xml.Decoder
	elements int
}

func (x *xmlWalk) line() int {
	line, _ := x.d.InputPos()
	return line
}

func (x *xmlWalk) bad(what string) *fault.Error {
	return fault.New(fault.Invalid, what, "").At(x.f.path, x.line(), "")
}

// next gives the next token, io.EOF after the root element, or why the file
// cannot be read on.
func (x *xmlWalk) next() (xml.Token, error) {
	x.m.token = 0
	token, err := x.d.Token()
	if err == io.EOF {
		return nil, io.EOF
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Msg == "unexpected EOF", errors.Is(err, io.ErrUnexpectedEOF):
		return nil, x.bad("the file breaks off").WithFix("fetch it again")
	case errors.As(err, &syntax):
		return nil, x.bad("this is not XML: " + syntax.Msg)
	case err != nil:
		return nil, x.bad("the file cannot be read on: " + err.Error())
	}
	if _, directive := token.(xml.Directive); directive {
		return nil, x.bad("the file has a document type declaration, which lists never need").WithFix("give the file as its publisher offers it")
	}
	return token, nil
}

func (x *xmlWalk) record(start xml.StartElement, handle func(*element) *fault.Error) error {
	x.elements = 0
	e, err := x.build(start, 1)
	if err != nil {
		return err
	}
	if bad := handle(e); bad != nil {
		return x.reject("entry", bad.At(x.f.path, e.line, ""), []byte(e.words()))
	}
	return nil
}

// build reads an element to its end.
func (x *xmlWalk) build(start xml.StartElement, depth int) (*element, error) {
	if x.elements++; depth > maxDepth || x.elements > maxElements {
		return nil, x.bad("a record has more than 20,000 elements or stands more than 32 deep")
	}
	e := &element{name: start.Name.Local, attrs: start.Attr, line: x.line()}
	var text strings.Builder
	for {
		token, err := x.next()
		if err == io.EOF {
			return nil, x.bad("the file breaks off").WithFix("fetch it again")
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			sub, err := x.build(t, depth+1)
			if err != nil {
				return nil, err
			}
			e.sub = append(e.sub, sub)
		case xml.EndElement:
			e.text = strings.TrimSpace(text.String())
			return e, nil
		}
	}
}

// isXML says whether a file begins as XML does.
func isXML(f *file) bool {
	start, _ := f.Peek(256)
	return strings.HasPrefix(strings.TrimLeft(string(start), "\ufeff \t\r\n"), "<")
}
