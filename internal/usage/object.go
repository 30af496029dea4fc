package usage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"duly/internal/fault"
)

const (
	maxEvent  = 1 << 20   // bytes of one event; CloudTrail's own limit is 256 KB
	window    = 256 << 10 // bytes held at first; grows to maxEvent for a large event
	maxFaults = 20        // faults of an object that are told in full
)

// Status says how far an object could be read.
type Status string

// The states of an object.
const (
	Complete   Status = "complete"   // read to its end
	Incomplete Status = "incomplete" // reading stopped early; what came before counts
	Skipped    Status = "skipped"    // not telemetry: a digest file, or other JSON
)

// Object is what was read of one file of telemetry.
// Read = Matched + Unmatched + Rejected.
type Object struct {
	Name         string         `json:"name"`
	SHA256       string         `json:"sha256"`       // of the raw bytes, hex
	Bytes        int64          `json:"bytes"`        // raw
	Uncompressed int64          `json:"uncompressed"` // bytes of text, after gunzip, that were followed
	Status       Status         `json:"status"`
	Read         int64          `json:"read"`      // records: events and what stands in an event's place
	Matched      int64          `json:"matched"`   // calls that some condition in force counts, or may count
	Unmatched    int64          `json:"unmatched"` // all other events
	Rejected     int64          `json:"rejected"`  // records that cannot be used
	Digests      int64          `json:"digests"`   // CloudTrail digest documents passed over
	Foreign      int64          `json:"foreign"`   // other JSON documents passed over
	Faults       []*fault.Error `json:"faults,omitempty"`
	MoreFaults   int64          `json:"more_faults,omitempty"` // faults beyond the first 20
}

// source counts and hashes the raw bytes on their way, and remembers a fault of
// the medium, which is not a fault of the data.
type source struct {
	ctx context.Context
	r   io.Reader
	sum hash.Hash
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	s.n += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// reader takes the events out of one object. It holds one window of text and
// nothing that grows with the object.
type reader struct {
	*projector
	out    Object
	raw    source
	in     io.Reader // text, after gunzip
	base   int64     // where buf begins in the text
	lines  int       // newlines before buf
	from   int       // where the value just parsed began, in buf
	ended  error     // why no more text comes: io.EOF, or damage
	single bool      // every value so far stood on one line
	values int64     // values that stood alone
	handle func(*event) (matched bool, err error)

	buffer *buffer
}

// readObject reads one object and hands each usable event to handle, which says
// whether a condition counts it; its error ends the reading and is noted as a
// fault of the object. The error returned is a failure to read at all (the
// medium, or ctx), after which the counts mean nothing.
//
// The format is told by content: gzip or not; one document with Records, several,
// an array, or events one after another. Memory does not grow with the object.
func readObject(ctx context.Context, name string, r io.Reader, handle func(*event) (bool, error)) (Object, error) {
	w := buffers.Get().(*buffer)
	defer buffers.Put(w)
	rd := newReader(ctx, name, r, w, handle)
	o, err := rd.object()
	w.text = rd.buf[:0]
	w.raw.Reset(nil)
	return o, err
}

// buffer is what reading needs whatever the object, kept for the next one:
// most objects of a quiet account are smaller than it.
type buffer struct {
	text   []byte
	raw    *bufio.Reader
	gzip   gzip.Reader
	shapes *shapes
}

var buffers = sync.Pool{New: func() any { return newBuffer(window) }}

func newBuffer(window int) *buffer {
	return &buffer{text: make([]byte, 0, window), raw: bufio.NewReaderSize(nil, 64<<10), shapes: &shapes{}}
}

func newReader(ctx context.Context, name string, r io.Reader, w *buffer, handle func(*event) (bool, error)) *reader {
	rd := &reader{
		projector: newProjector(w.shapes),
		out:       Object{Name: name, Status: Complete},
		raw:       source{ctx: ctx, r: r, sum: sha256.New()},
		single:    true,
		handle:    handle,
		buffer:    w,
	}
	rd.buf = w.text
	return rd
}

func (r *reader) object() (Object, error) {
	raw := r.buffer.raw
	raw.Reset(&r.raw)
	r.open(raw)
	if r.in != nil {
		r.run()
	}
	if r.raw.err == nil {
		_, _ = io.Copy(io.Discard, raw) // the hash is of all bytes; a failure is in r.raw.err
	}
	r.out.Uncompressed = r.base + int64(r.pos)
	return r.raw.seal(&r.out)
}

// seal finishes an object whose bytes were all read, or gives the failure of the
// medium.
func (s *source) seal(o *Object) (Object, error) {
	if err := s.err; err != nil {
		if s.ctx.Err() != nil {
			return Object{}, err
		}
		return Object{}, fault.Wrap(fault.Failed, err, "reading stopped").At(o.Name, 0, "")
	}
	o.SHA256, o.Bytes = fmt.Sprintf("%x", s.sum.Sum(nil)), s.n
	o.Unmatched = o.Read - o.Matched - o.Rejected
	if o.Status == Complete && o.Read == 0 && o.Digests+o.Foreign > 0 {
		o.Status = Skipped
	}
	return *o, nil
}

// open looks at the first bytes and sets up the text to read.
func (r *reader) open(raw *bufio.Reader) {
	head, _ := raw.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z := &r.buffer.gzip
		if err := z.Reset(raw); err != nil {
			r.stop("the gzip data is damaged at its beginning", "fetch the file again")
			return
		}
		r.in = z
		r.fill()
		if bytes.HasPrefix(r.buf, []byte{0x1f, 0x8b}) {
			r.stop("holds gzip data within gzip data", "unpack it once")
			r.in = nil
			return
		}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		r.stop("is a ZIP archive, not CloudTrail events", "unpack it and name the directory")
		return
	default:
		r.in = raw
		r.fill()
	}
	switch head := r.buf[:min(len(r.buf), 3)]; {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		r.stop("is text in UTF-16; CloudTrail events are in UTF-8", "convert it to UTF-8")
		r.in = nil
	case bytes.Equal(head, []byte{0xef, 0xbb, 0xbf}):
		r.pos = 3
	}
}

// fill drops what was read, and reads until the window is full or the text ends.
// It reports whether any text came in.
func (r *reader) fill() bool {
	if r.pos > 0 {
		r.lines += bytes.Count(r.buf[:r.pos], []byte{'\n'})
		r.base += int64(r.pos)
		r.buf = append(r.buf[:0], r.buf[r.pos:]...)
		r.pos = 0
	}
	if len(r.buf) == cap(r.buf) && len(r.buf) < maxEvent {
		r.buf = append(make([]byte, 0, min(2*cap(r.buf), maxEvent)), r.buf...)
	}
	before := len(r.buf)
	for r.ended == nil && len(r.buf) < cap(r.buf) {
		n, err := r.in.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		r.ended = err
	}
	return len(r.buf) > before
}

// next skips white space, over any length, and gives the next byte; false at the
// end of the text or at a control character.
func (r *reader) next() (byte, bool) {
	for {
		r.more, r.why = false, ""
		c, ok := r.peek()
		if ok || !r.more || !r.fill() {
			return c, ok
		}
	}
}

type outcome int8

const (
	parsed   outcome = iota + 1
	broken           // not JSON, from pos on
	tooLarge         // does not fit into maxEvent
	cutOff           // the text ends within it
)

// parse runs f over the value at pos, again with more text while it runs out.
// After parsed and broken, pos is where f stopped; else it is at the value.
func (r *reader) parse(f func() bool) outcome {
	for {
		r.from = r.pos
		r.more, r.why = false, ""
		switch {
		case f():
			return parsed
		case !r.more:
			return broken
		}
		r.pos = r.from
		if !r.fill() {
			if r.ended != nil {
				return cutOff
			}
			return tooLarge
		}
	}
}

// lineAt gives the line of a place in the window.
func (r *reader) lineAt(pos int) int {
	return r.lines + bytes.Count(r.buf[:pos], []byte{'\n'}) + 1
}

// note keeps a fault, or only its number when there are many.
func (r *reader) note(what, fix string, line int) {
	if len(r.out.Faults) == maxFaults {
		r.out.MoreFaults++
		return
	}
	r.out.Faults = append(r.out.Faults, fault.New(fault.Invalid, what, fix).At(r.out.Name, line, ""))
}

const fetchAgain = "fetch the file again"

// stop notes a fault after which nothing more of the object can be read.
func (r *reader) stop(what, fix string) bool {
	r.out.Status = Incomplete
	r.note(what, fix, r.lineAt(r.pos))
	return false
}

// reject counts the record at offset as one that cannot be used.
func (r *reader) reject(offset int64, line int, why string) {
	r.out.Read++
	r.out.Rejected++
	r.note(fmt.Sprintf("record %d (byte %d) %s", r.out.Read, offset, why), "", line)
}

// lost stops because the text ends, or is no JSON, where it cannot be followed.
func (r *reader) lost(where string) bool {
	at := r.base + int64(r.pos)
	switch {
	case !r.more:
		return r.stop(fmt.Sprintf("is not JSON from byte %d on, %s", at, where), fetchAgain)
	case r.ended == nil:
		return r.stop(fmt.Sprintf("has more than 1 MiB at byte %d, %s, that is no event", at, where), "")
	case r.ended == io.EOF:
		return r.stop(fmt.Sprintf("ends at byte %d, %s", r.base+int64(len(r.buf)), where), fetchAgain)
	}
	what := "the gzip data is damaged"
	if errors.Is(r.ended, io.ErrUnexpectedEOF) {
		what = "the gzip data ends early"
	}
	return r.stop(fmt.Sprintf("%s, after %d bytes of text and %d records", what, r.base+int64(len(r.buf)), r.out.Read), fetchAgain)
}
