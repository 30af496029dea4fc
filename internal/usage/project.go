package usage

import (
	"bytes"
	"strings"
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

// field is a bit for each member of an event that is read.
type field uint16

const (
	fID field = 1 << iota
	fTime
	fSource
	fName
	fRegion
	fRecipient
	fCaller
	fError
	fParams
	fIdentity
)

// projector takes the fields of an event out of its JSON text in one walk, and
// keeps nothing else. It is reused from event to event.
type projector struct {
	scanner
	event
	kind  kind
	top   bool   // whether the value stands alone, so that it may be a file of records
	unfit string // why the event cannot be used though it is JSON; empty when it can

	seen                  field
	recipient, caller, at []byte
	marked                bool

	member, identity func(name []byte) bool // made once: method values allocate
}

func newProjector() *projector {
	p := &projector{}
	p.member, p.identity = p.onMember, p.onIdentity
	return p
}

// read walks the value at pos: a record of a file, or (top) a value that stands
// alone. On true, kind says what it is, and for an event unfit is empty when it
// can be used. Where a file's records begin, it stops before their bracket.
func (p *projector) read(top bool) bool {
	p.event, p.kind, p.top, p.unfit = event{calls: 1}, isForeign, top, ""
	p.seen, p.marked = 0, false
	p.recipient, p.caller, p.at = nil, nil, nil
	c, ok := p.peek()
	if !ok {
		return false
	}
	if c != '{' {
		return p.value(0)
	}
	if ok := p.object(0, p.member); !ok {
		return p.kind == isRecords && p.why == stopAtRecords
	}
	if p.kind != isForeign {
		return true
	}
	if p.seen&(fTime|fSource|fName) != 0 || p.marked {
		p.kind = isEvent
		p.finish()
	}
	return true
}

// stopAtRecords ends the walk where the records of a file begin.
const stopAtRecords = "records"

func (p *projector) onMember(name []byte) bool {
	switch p.lower(name) {
	case "eventid":
		return p.take(fID, &p.id)
	case "eventtime":
		return p.take(fTime, &p.at)
	case "eventsource":
		return p.take(fSource, &p.source)
	case "eventname":
		return p.take(fName, &p.name)
	case "awsregion":
		return p.take(fRegion, &p.region)
	case "recipientaccountid":
		return p.take(fRecipient, &p.recipient)
	case "errorcode":
		return p.take(fError, &p.errorCode)
	case "requestparameters":
		return p.takeParams()
	case "useridentity":
		p.once(fIdentity)
		if c, ok := p.peek(); !ok {
			return false
		} else if c == '{' {
			return p.object(1, p.identity)
		}
	case "eventversion":
		p.marked = true
	case "digests3object":
		p.kind = isDigest
	case "records":
		if c, ok := p.peek(); !ok {
			return false
		} else if c == '[' && p.top {
			p.kind = isRecords
			return p.bad(stopAtRecords)
		}
	}
	return p.value(1)
}

func (p *projector) onIdentity(name []byte) bool {
	if p.lower(name) == "accountid" {
		return p.take(fCaller, &p.caller)
	}
	return p.value(2)
}

// names of the members that are read, for lower.
var fieldNames, nameLengths = spellings(
	"eventID", "eventTime", "eventSource", "eventName", "awsRegion", "recipientAccountId",
	"errorCode", "requestParameters", "userIdentity", "eventVersion", "digestS3Object",
	"Records", "accountId",
)

func spellings(names ...string) (lowerOf map[string]string, lengths uint64) {
	lowerOf = map[string]string{}
	for _, n := range names {
		l := strings.ToLower(n)
		lowerOf[n], lowerOf[l] = l, l
		lengths |= 1 << len(n)
	}
	return lowerOf, lengths
}

// lower gives the lower-case form of a member's name, the text that was read last, if
// it is one that is read, in whatever case and however escaped, and "" otherwise. Most
// names are told by their length, and the usual spellings are found without a copy.
func (s *scanner) lower(name []byte) string {
	if s.escaped {
		name = unquote(name)
	}
	if len(name) >= 32 || nameLengths>>len(name)&1 == 0 {
		return ""
	}
	if known, ok := fieldNames[string(name)]; ok {
		return known
	}
	var folded [32]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		folded[i] = c
	}
	return fieldNames[string(folded[:len(name)])]
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
func (p *projector) once(f field) {
	if p.seen&f != 0 {
		p.refuse("has " + fieldText[f] + " twice")
	}
	p.seen |= f
}

func (p *projector) refuse(why string) {
	if p.unfit == "" {
		p.unfit = why
	}
}

// take reads a text into dst. null counts as absent; another type, and bytes
// that are not UTF-8, make the event unusable.
func (p *projector) take(f field, dst *[]byte) bool {
	p.once(f)
	c, ok := p.peek()
	if !ok {
		return false
	}
	if c != '"' {
		if c != 'n' {
			p.refuse("has a value for " + fieldText[f] + " that is not a text")
		}
		return p.value(1)
	}
	body, ok := p.text()
	if !ok {
		return false
	}
	valid := utf8.Valid(body)
	if valid && bytes.IndexByte(body, '\\') >= 0 {
		body = unquote(body)
		valid = body != nil
	}
	switch {
	case !valid:
		p.refuse("has a value for " + fieldText[f] + " that is not valid UTF-8")
		body = nil
	case len(body) > maxText && f != fError: // an error code is looked at and dropped
		p.refuse("has a value for " + fieldText[f] + " that is longer than 256 bytes")
		body = nil
	}
	*dst = body
	return true
}

var fieldText = map[field]string{
	fID: "eventID", fTime: "eventTime", fSource: "eventSource", fName: "eventName",
	fRegion: "awsRegion", fRecipient: "recipientAccountId", fCaller: "userIdentity.accountId",
	fError: "errorCode", fParams: "requestParameters", fIdentity: "userIdentity",
}

func (p *projector) takeParams() bool {
	p.once(fParams)
	if _, ok := p.peek(); !ok {
		return false
	}
	start := p.pos
	if !p.value(1) {
		return false
	}
	p.params = p.buf[start:p.pos]
	return true
}

// finish checks an event that was walked to its end.
func (p *projector) finish() {
	p.account = p.recipient
	if len(p.account) == 0 {
		p.account = p.caller
	}
	switch {
	case len(p.source) == 0:
		p.refuse("has no eventSource")
	case len(p.name) == 0:
		p.refuse("has no eventName")
	case len(p.at) == 0:
		p.refuse("has no eventTime")
	default:
		if p.time.UnmarshalText(p.at) != nil {
			p.refuse("has an eventTime that is not a time such as 2023-07-10T11:42:36Z")
		}
		p.time = p.time.UTC()
	}
}
