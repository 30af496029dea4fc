package intake

import (
	"bytes"
	"io"
)

// maxRecord is the longest record (a CSV record, a JSON line, an element of a
// JSON array) that is read, in bytes. Longer ones are rejected without being
// kept in memory.
const maxRecord = 1 << 20

// window is a moving piece of a stream, at most maxRecord bytes and a block long.
type window struct {
	r     io.Reader
	buf   []byte
	start int // of what was not consumed
	line  int // 1-based number of the physical line at start
	err   error
}

func newWindow(r io.Reader) *window { return &window{r: r, line: 1} }

// data gives what is in memory and not consumed. It is valid until more.
func (w *window) data() []byte { return w.buf[w.start:] }

// full says that a record which does not end within data is too long.
func (w *window) full() bool { return len(w.data()) > maxRecord }

// more reads another block and says whether there was one.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if w.start > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[w.start:])]
		w.start = 0
	}
	const block = 64 << 10
	if cap(w.buf)-len(w.buf) < block {
		w.buf = append(make([]byte, 0, 2*len(w.buf)+2*block), w.buf...)
	}
	for {
		n, err := w.r.Read(w.buf[len(w.buf) : len(w.buf)+block])
		w.buf = w.buf[:len(w.buf)+n]
		if err != nil {
			w.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// failure gives the error that ended the stream, nil at its regular end.
func (w *window) failure() error {
	if w.err == io.EOF {
		return nil
	}
	return w.err
}

// consume moves past n bytes, counting lines.
func (w *window) consume(n int) {
	w.line += bytes.Count(w.buf[w.start:w.start+n], newline)
	w.start += n
}

var newline = []byte{'\n'}

// physicalLine consumes up to and with the next line feed and gives the line
// without its end. A longer one than maxRecord is consumed too, but only its
// beginning is given, and long is true.
func (w *window) physicalLine() (line []byte, long bool) {
	for from := 0; ; {
		d := w.data()
		if i := bytes.IndexByte(d[from:], '\n'); i >= 0 {
			line = bytes.Clone(d[:from+i])
			w.consume(from + i + 1)
			return bytes.TrimSuffix(line, []byte{'\r'}), len(line) > maxRecord
		}
		if w.full() {
			break
		}
		from = len(d)
		if !w.more() {
			line = bytes.Clone(w.data())
			w.consume(len(line))
			return bytes.TrimSuffix(line, []byte{'\r'}), false
		}
	}
	line = bytes.Clone(w.data()[:rawKept])
	for {
		d := w.data()
		if i := bytes.IndexByte(d, '\n'); i >= 0 {
			w.consume(i + 1)
			return line, true
		}
		w.consume(len(d))
		if !w.more() {
			return line, true
		}
	}
}
