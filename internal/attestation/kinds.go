package attestation

import (
	"embed"
	"strconv"
	"strings"

	"duly/internal/ledger"
	"duly/internal/store"
)

// States of a request.
const (
	Open      = "open"
	Answered  = "answered"
	Withdrawn = "withdrawn" // asked by mistake, or of a deployment that ended
)

// Request says that a questionnaire is asked of a deployment: about which days, and by
// when the answers are to come. Token is absent until a form was written.
type Request struct {
	State         string   `duly:"state,public,enum=open|answered|withdrawn,column"`
	Asked         string   `duly:"asked,public,date"`
	Due           string   `duly:"due,public,date"`
	From          string   `duly:"from_day,public,date"` // first and last day that is asked about
	Upto          string   `duly:"upto_day,public,date"`
	Count         int64    `duly:"conditions,public"`         // how many
	Questionnaire string   `duly:"questionnaire,public,hash"` // SHA-256 of its pack
	Terms         string   `duly:"terms,public,hash"`         // SHA-256 of the pack of conditions
	Token         string   `duly:"token,public,hash"`         // SHA-256 of the token on the last form
	Deployment    string   `duly:"deployment,customer,column"`
	Pack          string   `duly:"pack,customer"`        // id of the questionnaire
	Conditions    []string `duly:"asked_about,customer"` // ids
	Reason        string   `duly:"reason,customer"`      // why it was withdrawn
}

// What a condition's answers come to beside telemetry.
const (
	Promised     = "promised"     // said to be kept; nothing else tells
	Agrees       = "agrees"       // said to be kept, and telemetry judged it on all hours of all days without a deviation
	Contradicted = "contradicted" // said to be kept, and telemetry shows deviations
	// NotKept: said not to be kept. Unknown: not said.
)

// Attestation is what an outsider answered. Evidence is the earliest day that a document
// shows, which is not the day it came.
type Attestation struct {
	Received      string   `duly:"received,public,date"`
	Late          bool     `duly:"late,public"` // received after it was due
	EvidenceDay   string   `duly:"evidence_day,public,date"`
	From          string   `duly:"from_day,public,date"` // first and last day that the answers are about
	Upto          string   `duly:"upto_day,public,date"`
	Role          string   `duly:"role,public,enum=user|supervisor|compliance|legal|executive|contractor|other"` // of who answers, at the customer
	Promised      int64    `duly:"promised,public"`                                                              // conditions, by what the answers come to
	Agrees        int64    `duly:"agrees,public"`
	Contradicted  int64    `duly:"contradicted,public"`
	NotKept       int64    `duly:"not_kept,public"`
	Unknown       int64    `duly:"unknown,public"`
	Documents     int64    `duly:"documents,public"`
	Bare          int64    `duly:"without_evidence,public"` // answered questions that ask for a document, and none came
	Days          int64    `duly:"days,public"`             // that the answers are about
	Whole         int64    `duly:"days_seen,public"`        // of which telemetry saw every hour
	Questionnaire string   `duly:"questionnaire,public,hash"`
	SHA256        string   `duly:"sha256,public,hash"` // of the answers as they came: the receipt
	Deployment    string   `duly:"deployment,customer,column"`
	Request       string   `duly:"request,customer,column"`
	Answers       []string `duly:"answers,customer"`  // "question answer"
	Outcomes      []string `duly:"outcomes,customer"` // see Outcome
	Evidence      []string `duly:"evidence,customer"` // "question day SHA-256"
	Attester      string   `duly:"attester,personal"` // name
}

// roles are those of Attestation.
var roles = []string{"user", "supervisor", "compliance", "legal", "executive", "contractor", "other"}

// Outcome is what the answers about one condition come to.
type Outcome struct {
	Condition  string `json:"condition"`
	Is         string `json:"is"`
	Deviations int64  `json:"deviations"` // that telemetry shows on the days of the answers
}

// String writes the outcome as records hold it.
func (o Outcome) String() string {
	return o.Condition + " " + o.Is + " " + strconv.FormatInt(o.Deviations, 10)
}

// Came gives what the answers come to, by condition as it was asked.
func (a *Attestation) Came() []Outcome {
	out := make([]Outcome, 0, len(a.Outcomes))
	for _, line := range a.Outcomes {
		if f := strings.Fields(line); len(f) == 3 {
			n, _ := strconv.ParseInt(f[2], 10, 64)
			out = append(out, Outcome{f[0], f[1], n})
		}
	}
	return out
}

// The kinds of this room.
var (
	Requests     = ledger.Define[Request]("attestation_request", 1)
	Attestations = ledger.Define[Attestation]("attestation", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "attestation", Files: files}
