package usage

import (
	"encoding/binary"
	"strings"
)

// Bounds of the names that are remembered.
const (
	maxMet  = 1 << 12 // different ones
	maxName = 32      // bytes of one, as it stands
)

// names remembers the names of members as they stood in the text, and which came after
// which. Events of one log are alike, so the next name is nearly always one of the two
// that came after this one before: to compare it takes less time than to read it and to
// look up what it means. The memory changes nothing of what is read.
type names struct {
	met  map[string]*spelling
	last *spelling
}

// spelling is a name with its quotes, and with all up to the colon after it.
type spelling struct {
	is          member
	size        int // 0: too long to be compared
	words, mask [maxName / 8]uint64
	next, other *spelling // that came after it last, and before that; may be nil
}

func newNames() *names { return &names{met: map[string]*spelling{}, last: &spelling{}} }

// at says whether the spelling stands at the beginning of b.
func (n *spelling) at(b *[maxName]byte) bool {
	w, m := &n.words, &n.mask
	return (binary.LittleEndian.Uint64(b[0:])^w[0])&m[0]|(binary.LittleEndian.Uint64(b[8:])^w[1])&m[1]|
		(binary.LittleEndian.Uint64(b[16:])^w[2])&m[2]|(binary.LittleEndian.Uint64(b[24:])^w[3])&m[3] == 0
}

// nextName skips white space, moves past a member's name and its colon, and says which
// member it is.
func (s *scanner) nextName() (m member, ok bool) {
	i := s.nameAt(s.pos)
	if i < 0 {
		return 0, false
	}
	s.pos = i
	return s.last.is, true
}

// nameAt is nextName from i on: it gives the place after the colon, or a negative one.
func (s *scanner) nameAt(i int) int {
	i = space(s.buf, i)
	if last := s.last; last.next != nil && i+maxName <= len(s.buf) {
		text := (*[maxName]byte)(s.buf[i:])
		if next := last.next; next.at(text) {
			s.last = next
			return i + next.size
		}
		if other := last.other; other != nil && other.at(text) {
			last.next, last.other, s.last = other, last.next, other
			return i + other.size
		}
	}
	s.pos = i
	if c, ok := s.peek(); !ok || c != '"' {
		if ok {
			s.bad(badName)
		}
		return -1
	}
	name, ok := s.text()
	if !ok || !s.expect(':', badColon) {
		return -1
	}
	s.meet(s.buf[i:s.pos], name)
	return s.pos
}

// meet notes the name that was read last.
func (s *scanner) meet(text, name []byte) {
	met := s.met[string(text)]
	if met == nil {
		if s.escaped {
			name = unquote(name)
		}
		met = &spelling{is: memberOf(name)}
		if len(text) <= maxName && len(s.met) < maxMet {
			met.learn(text)
			s.met[string(text)] = met
		}
	}
	if last := s.last; met.size > 0 && met != last.next {
		last.next, last.other = met, last.next
	}
	s.last = met
}

func (n *spelling) learn(text []byte) {
	var padded, mask [maxName]byte
	n.size = copy(padded[:], text)
	for i := range text {
		mask[i] = 0xff
	}
	for i := range n.words {
		n.words[i] = binary.LittleEndian.Uint64(padded[8*i:])
		n.mask[i] = binary.LittleEndian.Uint64(mask[8*i:])
	}
}

// member is a member of an event that is read.
type member uint8

const (
	mOther member = iota
	mID
	mTime
	mSource
	mName
	mRegion
	mRecipient
	mError
	mParams
	mIdentity
	mCaller // within mIdentity
	mVersion
	mDigest
	mRecords
	mStamp // the time of the event, where Logstash read it
	mWhole // an event as a text, in the answer of CloudTrail's LookupEvents
)

var memberNames = [...]string{
	mID: "eventID", mTime: "eventTime", mSource: "eventSource", mName: "eventName", mRegion: "awsRegion",
	mRecipient: "recipientAccountId", mError: "errorCode", mParams: "requestParameters", mIdentity: "userIdentity",
	mCaller: "accountId", mVersion: "eventVersion", mDigest: "digestS3Object", mRecords: "Records", mStamp: "@timestamp", mWhole: "CloudTrailEvent",
}

// String gives the member's place in an event.
func (m member) String() string {
	if m == mCaller {
		return memberNames[mIdentity] + "." + memberNames[m]
	}
	return memberNames[m]
}

// memberOf tells the members that are read by their names, in whatever case.
func memberOf(name []byte) member {
	for m, known := range memberNames {
		if len(name) == len(known) && m > 0 && strings.EqualFold(string(name), known) {
			return member(m)
		}
	}
	return mOther
}
