package usage

import (
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// event is what is taken of one CloudTrail event. The slices point into the
// reader's buffer and hold only while the event is handled.
type event struct {
	id, source, name, region, account, errorCode []byte

	time   time.Time // of the event itself, UTC
	params []byte    // requestParameters as they stand, valid JSON; nil when absent
	free   []string  // members of params that hold free text

	purpose string // as the mapping words it; empty where the log has none

	calls   int64 // that the event stands for: 1, or what a meter says
	metered bool  // whether a meter says so, which knows nothing else of the calls
}

// kind says what a value in a telemetry file is.
type kind int8

const (
	isEvent   kind = iota + 1
	isRecords      // an object whose Records array begins where the scanner stopped
	isDigest       // a CloudTrail digest file, which lists log files
	isForeign      // JSON without any mark of an event
)

// maxText bounds the texts that are taken and may be kept, in bytes. Ids, names
// and regions are well below it.
const maxText = 256

// projector takes the fields of an event out of its JSON text in one walk, and
// keeps nothing else. It is reused from event to event.
type projector struct {
	scanner
	event
	kind   kind
	top    bool // whether the value stands alone, so that it may be a file of records
	shapes *shapes
	unfit  string // why the event cannot be used though it is JSON; empty when it can

	seen              uint32 // a bit for each member
	recipient, caller []byte
	at, stamp         []byte
	paramsFrom        int
	wraps             bool // whether a member holds the event itself as a text

	member, identity func(member) bool // made once: method values allocate
}

func newProjector(known *shapes) *projector {
	p := &projector{shapes: known}
	p.member, p.identity = p.onMember, p.onIdentity
	return p
}

// read walks the value at pos: a record of a file, or (top) a value that stands
// alone. On true, kind says what it is, and for an event unfit is empty when it
// can be used. Where a file's records begin, it stops before their bracket.
func (p *projector) read(top bool) bool {
	root, start := &p.shapes.record, p.pos
	if top {
		root = &p.shapes.alone
	}
	p.reset(top)
	if p.known(root) {
		p.finish()
		return true
	}
	p.pos, p.more, p.why = start, false, ""
	p.reset(top)
	c, ok := p.peek()
	if !ok {
		return false
	}
	if c != '{' {
		return p.value(0)
	}
	start = p.pos
	if ok := p.object(0, p.member); !ok {
		return p.kind == isRecords && p.why == stopAtRecords
	}
	if p.kind != isForeign {
		return true
	}
	if p.seen&(1<<mTime|1<<mSource|1<<mName|1<<mVersion) != 0 && !p.wraps {
		p.kind = isEvent
		if p.finish(); p.unfit == "" {
			p.learn(root, start)
		}
	}
	return true
}

func (p *projector) reset(top bool) {
	p.event, p.kind, p.top, p.unfit = event{calls: 1}, isForeign, top, ""
	p.seen, p.wraps = 0, false
	p.recipient, p.caller, p.at, p.stamp = nil, nil, nil, nil
}

// stopAtRecords ends the walk where the records of a file begin.
const stopAtRecords = "records"

// field gives where the text of a member is put; nil for members of which none is taken.
func (p *projector) field(m member) *[]byte {
	switch m {
	case mID:
		return &p.id
	case mTime:
		return &p.at
	case mStamp:
		return &p.stamp
	case mSource:
		return &p.source
	case mName:
		return &p.name
	case mRegion:
		return &p.region
	case mRecipient:
		return &p.recipient
	case mCaller:
		return &p.caller
	case mError:
		return &p.errorCode
	}
	return nil
}

func (p *projector) onMember(m member) bool {
	switch m {
	case mID, mTime, mSource, mName, mRegion, mRecipient, mError:
		return p.take(m)
	case mParams:
		return p.takeParams()
	case mIdentity:
		p.once(m)
		if c, ok := p.peek(); !ok {
			return false
		} else if c == '{' {
			return p.object(1, p.identity)
		}
	case mVersion:
		p.seen |= 1 << m
	case mStamp:
		if c, ok := p.peek(); ok && c == '"' {
			return p.take(m)
		}
	case mWhole:
		p.wraps = true
	case mDigest:
		p.kind = isDigest
	case mRecords:
		if c, ok := p.peek(); !ok {
			return false
		} else if c == '[' && p.top {
			p.kind = isRecords
			return p.bad(stopAtRecords)
		}
	}
	return p.value(1)
}

func (p *projector) onIdentity(m member) bool {
	if m == mCaller {
		return p.take(m)
	}
	return p.value(2)
}

// unquote resolves the escapes of a text; nil when the result is not valid UTF-8
// (a lone surrogate, for one).
func unquote(body []byte) []byte {
	quoted := append(append([]byte{'"'}, body...), '"')
	out, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return nil
	}
	return out
}

// once notes a member and refuses the event when it stands twice: two values for
// one name let two readers see two events.
func (p *projector) once(m member) {
	if p.seen>>m&1 != 0 {
		p.refuse("has " + m.String() + " twice")
	}
	p.seen |= 1 << m
}

func (p *projector) refuse(why string) {
	if p.unfit == "" {
		p.unfit = why
	}
}

// take reads the text of a member. null counts as absent; another type, and bytes
// that are not UTF-8, make the event unusable.
func (p *projector) take(m member) bool {
	p.once(m)
	c, ok := p.peek()
	if !ok {
		return false
	}
	if c != '"' {
		if c != 'n' {
			p.refuse("has a value for " + m.String() + " that is not a text")
		}
		return p.value(1)
	}
	body, ok := p.text()
	if ok {
		p.keep(m, body)
	}
	return ok
}

// keep takes the text that was read last.
func (p *projector) keep(m member, body []byte) {
	valid := utf8.Valid(body)
	if valid && p.escaped {
		body = unquote(body)
		valid = body != nil
	}
	switch {
	case !valid:
		p.refuse("has a value for " + m.String() + " that is not valid UTF-8")
		body = nil
	case len(body) > maxText && m != mError: // an error code is looked at and dropped
		p.refuse("has a value for " + m.String() + " that is longer than 256 bytes")
		body = nil
	}
	*p.field(m) = body
}

func (p *projector) takeParams() bool {
	p.once(mParams)
	if _, ok := p.peek(); !ok {
		return false
	}
	p.paramsFrom = p.pos
	if !p.value(1) {
		return false
	}
	p.params = p.buf[p.paramsFrom:p.pos]
	return true
}

// finish checks an event that was walked to its end.
func (p *projector) finish() {
	p.account = p.recipient
	if len(p.account) == 0 {
		p.account = p.caller
	}
	if len(p.at) == 0 {
		p.at = p.stamp
	}
	switch {
	case len(p.source) == 0:
		p.refuse("has no eventSource")
	case len(p.name) == 0:
		p.refuse("has no eventName")
	case len(p.at) == 0:
		p.refuse("has no eventTime")
	case !p.when():
		p.refuse("has an eventTime that is not a time such as 2023-07-10T11:42:36Z")
	}
}

// databaseTime is how databases in which logs are kept write a time, in UTC, as all times
// of CloudTrail are; a fraction may follow.
const databaseTime = time.DateTime

// when reads the time.
func (p *projector) when() bool {
	err := p.time.UnmarshalText(p.at)
	if err != nil {
		p.time, err = time.Parse(databaseTime, string(p.at))
	}
	p.time = p.time.UTC()
	return err == nil
}
