package usage

import "strings"

// nextName skips white space, moves past a member's name and its colon, and says which
// member it is.
func (s *scanner) nextName() (m member, ok bool) {
	name, ok := s.passName()
	if ok && s.escaped {
		name = unquote(name)
	}
	return memberOf(name), ok
}

// passName is nextName for a name that says nothing.
func (s *scanner) passName() (name []byte, ok bool) {
	c, ok := s.peek()
	if !ok {
		return nil, false
	}
	if c != '"' {
		return nil, s.bad(badName)
	}
	name, ok = s.text()
	return name, ok && s.expect(':', badColon)
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
