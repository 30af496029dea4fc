package assessment

import (
	"duly/internal/evidence"
	"duly/internal/ledger"
)

// Supposed is a fact about a subject as it is not, or not yet.
type Supposed struct {
	Subject string // record id
	Fact    string
	Value   ledger.Scalar
}

// said gives it as a statement that stands instead of all others of the fact about
// the subject.
func (s *Supposed) said(day string) evidence.Said {
	return evidence.Said{Seq: notWritten, Statement: evidence.Statement{Fact: &evidence.Fact{
		Subject: s.Subject, Fact: s.Fact, Value: s.Value, AsOf: day,
	}}}
}
