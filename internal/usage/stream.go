package usage

import (
	"bytes"
	"fmt"
	"io"
)

const tooLargeText = "is larger than 1 MiB and was left out"

// run reads the values that stand alone in the text, one after another.
func (r *reader) run() {
	for {
		c, ok := r.next()
		switch {
		case !ok && r.more:
			if r.ended != io.EOF {
				r.lost("between events")
			} else if r.values == 0 && r.out.Read == 0 {
				r.stop("is empty", "name a file of CloudTrail events")
			}
			return
		case !ok, c != '{' && c != '[':
			ok = r.astray(r.pos, "is not a JSON object")
		case c == '[':
			r.values++
			r.single = false
			r.pos++
			ok = r.records()
		default:
			ok = r.alone()
		}
		if !ok {
			return
		}
	}
}

func (r *reader) readAlone() bool  { return r.read(true) }
func (r *reader) readRecord() bool { return r.read(false) }

// alone reads an object that stands alone: an event, a file of records, or
// something else.
func (r *reader) alone() bool {
	outcome := r.parse(r.readAlone)
	switch outcome {
	case broken:
		return r.astray(r.from, r.why)
	case cutOff, tooLarge:
		return r.large(outcome) || r.why != "" && r.line()
	}
	r.values++
	if r.single && bytes.IndexByte(r.buf[r.from:r.pos], '\n') >= 0 {
		r.single = false
	}
	switch r.kind {
	case isRecords:
		r.single = false
		r.pos++
		return r.records() && r.rest()
	case isDigest:
		r.out.Digests++
	case isForeign:
		found, ok := r.unwrap()
		if !found {
			r.out.Foreign++
		}
		return ok
	default:
		return r.use(r.projector)
	}
	return true
}

// large rejects the record at pos, which does not fit into the window or is cut
// off, and moves past it; false when it does not end, with why set when it is no
// JSON.
func (r *reader) large(o outcome) bool {
	offset, line := r.base+int64(r.pos), r.lineAt(r.pos)
	if o == tooLarge {
		r.reject(offset, line, tooLargeText)
		r.why = ""
		return r.skip() || r.why == "" && r.lost("within a record that is too large")
	}
	r.reject(offset, line, "is cut off")
	return r.lost("within an event")
}

// use hands on the event that a projector read, or rejects it.
func (r *reader) use(p *projector) bool {
	if p.unfit != "" {
		r.reject(r.base+int64(r.from), r.lineAt(r.from), p.unfit)
		return true
	}
	r.out.Read++
	matched, err := r.handle(&p.event)
	if matched {
		r.out.Matched++
	}
	return err == nil || r.stop(err.Error(), "")
}

// records reads the items of an array whose bracket was passed.
func (r *reader) records() bool {
	const where = "within its records"
	for first := true; ; first = false {
		c, ok := r.next()
		if !ok {
			return r.lost(where)
		}
		if c == ']' {
			r.pos++
			return true
		}
		if !first {
			if c != ',' {
				return r.lost(where)
			}
			r.pos++
		}
		if !r.record() {
			return false
		}
	}
}

// record reads one item of an array of records.
func (r *reader) record() bool {
	switch outcome := r.parse(r.readRecord); {
	case outcome == broken:
		r.reject(r.base+int64(r.from), r.lineAt(r.from), r.why)
		return r.lost("within its records")
	case outcome != parsed:
		return r.large(outcome) || r.why != "" && r.lost("within its records")
	case r.kind != isEvent:
		found, ok := r.unwrap()
		if !found {
			r.reject(r.base+int64(r.from), r.lineAt(r.from), "is not a CloudTrail event")
		}
		return ok
	}
	return r.use(r.projector)
}

// rest reads what follows the records in their document.
func (r *reader) rest() bool {
	const where = "after its records"
	for {
		c, ok := r.next()
		if ok && c == '}' {
			r.pos++
			return true
		}
		if !ok || c != ',' {
			return r.lost(where)
		}
		r.pos++
		if r.parse(r.restMember) != parsed {
			return r.lost(where)
		}
		if r.kind == isRecords {
			r.pos++
			if !r.records() {
				return false
			}
		}
	}
}

// restMember moves past a member, or up to the bracket of more records.
func (r *reader) restMember() bool {
	r.kind = isForeign
	m, ok := r.nextName()
	if !ok {
		return false
	}
	c, ok := r.peek()
	if ok && c == '[' && m == mRecords {
		r.kind = isRecords
		return true
	}
	return ok && r.value(1)
}

// astray deals with a value that begins at start, stands alone and is no JSON.
// In a file with one event a line that is one bad line; else nothing after it
// can be trusted.
func (r *reader) astray(start int, why string) bool {
	offset, line := r.base+int64(r.pos), r.lineAt(r.pos)
	from, fromLine := r.base+int64(start), r.lineAt(start)
	lines := r.single && r.values > 0
	r.pos = start
	more := r.line()
	if c, ok := r.next(); lines || more && r.single && ok && c == '{' {
		r.reject(from, fromLine, why)
		return true
	}
	r.out.Status = Incomplete
	if r.values == 0 {
		r.note(fmt.Sprintf("is not CloudTrail events: the text at byte %d %s", offset, why),
			"name files of CloudTrail events: JSON, or one event a line, plain or gzip", line)
		return false
	}
	r.reject(offset, line, why+"; the file cannot be read further")
	return false
}

// line moves past the end of the line, over any length; false when none ends.
func (r *reader) line() bool {
	for {
		if i := bytes.IndexByte(r.buf[r.pos:], '\n'); i >= 0 {
			r.pos += i + 1
			return true
		}
		r.pos = len(r.buf)
		if !r.fill() {
			return false
		}
	}
}

// skip moves past a value of any length by counting brackets outside texts. It
// stops at a newline within a text, which JSON does not allow.
func (r *reader) skip() bool {
	depth, text := 0, false
	for {
		for r.pos < len(r.buf) {
			if text {
				ended, ok := r.skipText()
				if !ok {
					return r.why == "" && r.short()
				}
				text = !ended
				continue
			}
			switch r.buf[r.pos] {
			case '"':
				text = true
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			r.pos++
			if depth == 0 && !text {
				return true
			}
		}
		if !r.fill() {
			return r.short()
		}
	}
}

// skipText moves towards the end of a text that began before pos, and says
// whether it was reached.
func (r *reader) skipText() (ended, ok bool) {
	r.pos = plain(r.buf, r.pos)
	if r.pos == len(r.buf) {
		return false, true
	}
	switch r.buf[r.pos] {
	case '"':
		r.pos++
		return true, true
	case '\\':
		if r.pos+1 == len(r.buf) && !r.fill() {
			return false, false
		}
		r.pos += 2
		return false, true
	}
	return false, r.bad("has a control character within a text")
}
