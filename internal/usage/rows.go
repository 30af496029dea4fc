package usage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/pack"
)

// table reads the rows of one object by a log's mapping.
type table struct {
	log    *Log
	out    Object
	raw    source
	text   counter
	handle func(*event) (matched bool, err error)
	free   []string
	params []byte
}

// counter counts the text that was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// readRows reads one object by a mapping and hands each row that can be used to
// handle, as readObject does with events.
func readRows(ctx context.Context, log *Log, name string, r io.Reader, handle func(*event) (bool, error)) (Object, error) {
	t := &table{
		log: log, out: Object{Name: name, Status: Complete}, raw: source{ctx: ctx, r: r, sum: sha256.New()},
		handle: handle, free: log.free(),
	}
	raw := bufio.NewReaderSize(&t.raw, 64<<10)
	t.object(raw)
	if t.raw.err == nil {
		_, _ = io.Copy(io.Discard, raw)
	}
	t.out.Uncompressed = t.text.n
	return t.raw.seal(&t.out)
}

func (t *table) object(raw *bufio.Reader) {
	head, _ := raw.Peek(4)
	t.text.r = raw
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(raw)
		if err != nil {
			t.stop("the gzip data is damaged at its beginning", fetchAgain)
			return
		}
		t.text.r = z
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		t.stop("is a ZIP archive", "unpack it and name the directory")
		return
	}
	rows, err := intake.OpenTable(&t.text, t.log.format(), t.log.columns)
	for err == nil {
		var row intake.Row
		if row, err = rows.Next(); err == nil {
			err = t.row(row)
		}
	}
	if err != io.EOF {
		t.stopped(err)
	}
}

// stopped notes why the object was not read to its end.
func (t *table) stopped(err error) {
	t.out.Status = Incomplete
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		t.note(f, f.Line)
	case errors.Is(err, io.ErrUnexpectedEOF):
		t.stop(fmt.Sprintf("the gzip data ends early, after %d rows", t.out.Read), fetchAgain)
	default:
		t.stop(fmt.Sprintf("the gzip data is damaged, after %d rows", t.out.Read), fetchAgain)
	}
}

func (t *table) stop(what, fix string) {
	t.out.Status = Incomplete
	t.note(fault.New(fault.Invalid, what, fix), 0)
}

func (t *table) note(f *fault.Error, line int) {
	if len(t.out.Faults) == maxFaults {
		t.out.MoreFaults++
		return
	}
	t.out.Faults = append(t.out.Faults, fault.New(f.Code, f.What, f.Fix).At(t.out.Name, line, f.Field))
}

// row hands on one row, or rejects it. Its error ends the reading.
func (t *table) row(row intake.Row) error {
	t.out.Read++
	var e event
	f := row.Reject
	if f == nil {
		e, f = t.event(row.Values)
	}
	if f != nil {
		t.out.Rejected++
		t.note(f, row.Line)
		return nil
	}
	matched, err := t.handle(&e)
	if matched {
		t.out.Matched++
	}
	return err
}

// event reads a row. What it says of a row that cannot be used never holds the row's
// texts: they may be free ones.
func (t *table) event(values []string) (e event, f *fault.Error) {
	l := t.log
	bad := func(column, what string) (event, *fault.Error) {
		return event{}, fault.New(fault.Invalid, what, "").At("", 0, column)
	}
	for _, q := range []struct {
		from *LogText
		into *[]byte
	}{{&l.Account, &e.account}, {&l.Source, &e.source}, {&l.Name, &e.name}, {&l.Region, &e.region}} {
		text, why := q.from.text(values, l.Missing)
		switch {
		case why != "":
			return bad(q.from.Column, "has a text "+why)
		case text == "" && q.from != &l.Region && q.from != &l.Account:
			return bad(q.from.Column, "is blank, and events need it")
		case !keepable(text):
			return bad(q.from.Column, "is longer than 256 bytes or has control characters")
		}
		*q.into = []byte(text)
	}
	var ok bool
	if e.time, ok = l.at(stated(values[0], l.Missing)); !ok { // the time's column is the first
		return bad(l.Time.Column, "is not a time in the form "+l.Time.Form)
	}
	if at := l.column(l.ID); at >= 0 {
		id := stated(values[at], l.Missing)
		if !keepable(id) {
			return bad(l.ID, "is longer than 256 bytes or has control characters")
		}
		e.id = []byte(id)
	}
	e.purpose, _ = l.Purpose.text(values, l.Missing)
	e.calls = 1
	if at := l.column(l.Calls); at >= 0 {
		n, err := strconv.ParseInt(stated(values[at], l.Missing), 10, 64)
		if err != nil || n < 0 || n > maxMetered {
			return bad(l.Calls, "is not a number of calls")
		}
		e.calls, e.metered = n, true
		return e, nil
	}
	t.params = l.params(t.params[:0], e.time, values)
	e.params, e.free = t.params, t.free
	return e, nil
}

// maxMetered bounds the calls of one row: sums stay within what records can hold.
const maxMetered = 1 << 40

// keepable says whether a text may be kept with a finding.
func keepable(s string) bool {
	return len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// RunTests runs the tests that a pack of kind log carries: each reads a file and
// compares the events, and what is said of the rows that are none. It is a
// [pack.Runner].
func RunTests(p *pack.Pack) []pack.TestResult {
	l, err := LoadLog(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	out := make([]pack.TestResult, len(l.Tests))
	for i := range l.Tests {
		detail := l.Tests[i].run(l)
		out[i] = pack.TestResult{Name: l.Tests[i].Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i)}
	}
	return out
}

func (x *logSample) run(l *Log) string {
	var got []string
	object, err := readRows(context.Background(), l, x.Name, strings.NewReader(x.Text), func(e *event) (bool, error) {
		got = append(got, e.line())
		return false, nil
	})
	if err != nil {
		return err.Error()
	}
	if have, want := strings.Join(got, "\n"), strings.Join(x.Events, "\n"); have != want {
		return fmt.Sprintf("read %q, expected %q", have, want)
	}
	if len(object.Faults) != len(x.Faults) {
		return fmt.Sprintf("%d rows cannot be used, expected %d: %v", len(object.Faults), len(x.Faults), object.Faults)
	}
	for i, want := range x.Faults {
		if f := object.Faults[i]; !strings.HasPrefix(fmt.Sprintf("line %d: %s", f.Line, f.What), want) {
			return fmt.Sprintf("said line %d: %s, expected %q", f.Line, f.What, want)
		}
	}
	return ""
}

// line writes an event as tests of packs write it.
func (e *event) line() string {
	parts := []string{e.time.Format(time.RFC3339)}
	for _, b := range [][]byte{e.account, e.source, e.name, e.region, e.id} {
		if len(b) == 0 {
			b = []byte("-")
		}
		parts = append(parts, string(b))
	}
	params := string(e.params)
	if e.metered {
		params = "-"
	}
	return strings.Join(append(parts, strconv.FormatInt(e.calls, 10), params), " ")
}
