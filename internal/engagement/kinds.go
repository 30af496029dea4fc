package engagement

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Engagement is the terms of reference of one assessment. Terms that were approved do
// not change: other terms are a draft again, and are approved again.
type Engagement struct {
	State    string   `duly:"state,public,enum=draft|approved|withdrawn,column"`
	Day      string   `duly:"day,public,date"`
	From     string   `duly:"from_day,public,date"` // the first day of the period
	Upto     string   `duly:"upto_day,public,date"` // the last one
	Due      string   `duly:"due,public,date"`      // when the report is due
	Level    string   `duly:"level,public,enum=limited|reasonable"`
	Coverage int64    `duly:"required_coverage,public"` // per cent of evidence below which nothing is concluded (RS-08)
	Budget   int64    `duly:"budget,public"`            // whole units of the currency
	Currency string   `duly:"currency,public,enum=AUD|CAD|CHF|DKK|EUR|GBP|JPY|NOK|NZD|SEK|USD"`
	Named    string   `duly:"witnesses,public,hash"` // over the keys of the witnesses whose cosignatures seed samples: [bundle.WitnessesHash]; empty without
	Quorum   int64    `duly:"quorum,public"`         // how many of them must have cosigned
	Title    string   `duly:"title,trade_secret"`
	Body     string   `duly:"commissioned_by,trade_secret"`
	Ground   string   `duly:"authority,trade_secret"` // the resolution or other act that it rests on
	Question string   `duly:"question,trade_secret"`
	Terms    string   `duly:"terms,trade_secret"`
	Products []string `duly:"products,trade_secret"` // none: all
	Regions  []string `duly:"regions,trade_secret"`  // none: all
	Criteria []string `duly:"criteria,trade_secret"`
	Readers  []string `duly:"recipients,trade_secret"`
	Keys     []string `duly:"witness_keys,trade_secret"` // verifier keys, those first whose cosignature is taken first
	By       string   `duly:"by,personal"`               // key id
}

// Independence is what one assessor declares for one engagement (RS-02).
type Independence struct {
	State     string   `duly:"state,public,enum=declared|recused"` // recused: has left the engagement
	Day       string   `duly:"day,public,date"`
	Terms     string   `duly:"terms,public,hash"` // leaf hash of the approved terms
	Ties      []string `duly:"ties,public,enum=financial_interest|employment|contingent_fee|self_review|funding|prior_work|family|customer|other"`
	Appointed string   `duly:"appointed_by,public,enum=governing_body|management|outside"`
	Removed   string   `duly:"removed_by,public,enum=governing_body|management|outside"` // who can end the engagement
	Blocks    bool     `duly:"blocking,public"`                                          // a conflict that stops the engagement
	Flagged   bool     `duly:"flagged,public"`                                           // something that the report shows
	Fee       int64    `duly:"fee,public"`                                               // whole units of the terms' currency
	Recusals  int64    `duly:"recusals,public"`                                          // how many customers or products the assessor leaves to others
	Text      []string `duly:"text,personal"`                                            // about each tie
	From      []string `duly:"recused_from,customer"`
	Matter    string   `duly:"engagement,trade_secret,column"` // record id
	Person    string   `duly:"person,personal,column"`         // key id
}

// Assignment is the assessors' side of an engagement: that they began, ended or broke off.
type Assignment struct {
	State     string `duly:"state,public,enum=started|concluded|stopped,column"`
	Day       string `duly:"day,public,date"`
	Terms     string `duly:"terms,public,hash"`
	Assessors int64  `duly:"assessors,public"` // who have declared and were not recused
	Flagged   int64  `duly:"flagged,public"`   // of them those with something that the report shows
	Reason    string `duly:"reason,trade_secret"`
	Matter    string `duly:"engagement,trade_secret,column"`
	Person    string `duly:"person,personal"`
}

// Population is what the log held of the period when an assessor froze it: every
// customer, account, case and decision, whatever became of it. Its figures are counted
// from the leaves before it ([bundle.Population]), and the checker counts them again.
type Population struct {
	Day        string `duly:"day,public,date"`
	Terms      string `duly:"terms,public,hash"`
	From       string `duly:"from_day,public,date"`
	Upto       string `duly:"upto_day,public,date"`
	Size       int64  `duly:"size,public"`            // entries before this one
	Root       string `duly:"root,public,hash"`       // of the log over these
	Commitment string `duly:"commitment,public,hash"` // to what seeds the draws
	Hash       string `duly:"population,public,hash"` // over all records

	Customers   int64 `duly:"customers,public"`
	Accounts    int64 `duly:"accounts,public"`
	Deployments int64 `duly:"deployments,public"`
	Lanes       int64 `duly:"lanes,public"` // accounts that were sorted into lanes
	Cases       int64 `duly:"cases,public"`
	Ratings     int64 `duly:"ratings,public"`
	Decisions   int64 `duly:"decisions,public"`
	Requests    int64 `duly:"data_requests,public"`
	Incidents   int64 `duly:"incidents,public"`
	Inputs      int64 `duly:"inputs,public"`
	Refusals    int64 `duly:"refusals,public"`

	Ended     int64  `duly:"ended,public"` // customers, accounts and deployments that ended in the period
	OpenCases int64  `duly:"open_cases,public"`
	LateCases int64  `duly:"late_cases,public"`
	Unopened  int64  `duly:"unopened,public"` // accounts that no person has to look at
	Declined  int64  `duly:"declined,public"` // decisions that decline, suspend or end
	GraveRate int64  `duly:"grave_ratings,public"`
	GraveAct  int64  `duly:"grave_decisions,public"`
	Afterward int64  `duly:"afterward,public"` // records that the log first took after the period; they are not counted above
	Matter    string `duly:"engagement,trade_secret,column"`
	Person    string `duly:"person,personal"`
}

// Sample is what was drawn from a population. Where the terms name witnesses it is planned
// first, and drawn in the next revision: what is drawn, and how many, stands before anybody
// can know who it will be.
type Sample struct {
	State      string   `duly:"state,public,enum=planned|drawn,column"`
	Day        string   `duly:"day,public,date"`
	Population string   `duly:"population,public,hash"` // leaf hash
	Draw       int64    `duly:"draw,public"`            // the first, second, ... from this population
	Of         string   `duly:"of,public,enum=account|customer|data_request|decision|deployment|incident|input|rating|refusal|review|triage"`
	Confidence int64    `duly:"confidence,public"` // per cent
	Tolerable  int64    `duly:"tolerable,public"`  // per mille
	Expected   int64    `duly:"expected,public"`   // deviations planned for
	Wanted     int64    `duly:"wanted,public"`     // how many to draw, which follows from the plan
	Secret     string   `duly:"secret,public,hash"`
	Root       string   `duly:"root,public,hash"`      // of the cosigned checkpoint; without witnesses of the log after the first entry that somebody else made since the freeze
	Position   int64    `duly:"position,public"`       // entries that this root covers
	Witnessed  string   `duly:"witnessed,public,hash"` // leaf hash of the record of that checkpoint; empty without witnesses
	Targeted   int64    `duly:"targeted,public"`       // that are looked at whether drawn or not
	Size       int64    `duly:"size,public"`           // drawn from the others
	From       int64    `duly:"drawn_from,public"`
	Strata     int64    `duly:"strata,public"`
	Hash       string   `duly:"drawn,public,hash"` // over the ids
	Taken      []string `duly:"taken,customer"`    // record ids of the targeted
	Drawn      []string `duly:"records,customer"`  // record ids of those drawn
	Matter     string   `duly:"engagement,trade_secret,column"`
	Person     string   `duly:"person,personal"`
}

// Witnessed is a checkpoint that covers a planned sample and that the witnesses of the terms
// have cosigned. The first one that is recorded of a sample seeds it.
type Witnessed struct {
	Sample   string `duly:"sample,public,hash,column"` // leaf hash of the planned revision
	Size     int64  `duly:"size,public"`               // entries that the checkpoint covers
	Root     string `duly:"root,public,hash"`
	Cosigned int64  `duly:"cosigned,public"`         // how many of the witnesses have cosigned
	Note     string `duly:"note,public,hash,column"` // SHA-256 of the text
	Text     string `duly:"text,trade_secret"`       // see [bundle.Witnessed]; every bundle carries it as a member
	Matter   string `duly:"engagement,trade_secret,column"`
}

// Reconciliation is a comparison of the log with a list that an assessor has from
// elsewhere.
type Reconciliation struct {
	Day       string   `duly:"day,public,date"`
	Terms     string   `duly:"terms,public,hash"`
	List      string   `duly:"list,public,enum=billing|crm|contracts|other"`
	Of        string   `duly:"of,public,enum=account|customer"`
	Rows      int64    `duly:"rows,public"`
	Known     int64    `duly:"known,public"`     // of which the record is in the log
	Missing   int64    `duly:"missing,public"`   // of which the log has no record
	Ambiguous int64    `duly:"ambiguous,public"` // that share no more than a name with a record
	Unread    int64    `duly:"unread,public"`    // that could not be read
	Twice     int64    `duly:"repeated,public"`  // of the known, those of a record that an earlier row named
	Recorded  int64    `duly:"recorded,public"`  // active records in the log
	Unlisted  int64    `duly:"unlisted,public"`  // of them those that no row names
	File      []string `duly:"files,customer"`   // SHA-256 of each file
	Mapping   string   `duly:"mapping,trade_secret,hash"`
	Absent    []string `duly:"missing_rows,customer"`
	Unclear   []string `duly:"ambiguous_rows,customer"`
	Extra     []string `duly:"unlisted_records,customer"`
	Matter    string   `duly:"engagement,trade_secret,column"`
	Person    string   `duly:"person,personal"`
}

// Request is evidence that an assessor asks the company for.
type Request struct {
	State    string `duly:"state,public,enum=asked|answered|withdrawn,column"`
	Terms    string `duly:"terms,public,hash"`
	Asked    string `duly:"asked_day,public,date"`
	Due      string `duly:"due,public,date"`
	Answered string `duly:"answered_day,public,date"`
	Late     bool   `duly:"late,public"` // it was answered after it was due
	Record   string `duly:"record,customer"`
	Text     string `duly:"text,customer"`
	Answer   string `duly:"answer,customer"`
	File     string `duly:"file,customer,hash"` // of what was given
	Matter   string `duly:"engagement,trade_secret,column"`
	Asker    string `duly:"asker,personal"`
	Person   string `duly:"person,personal"`
}

// Effort is what one task of an engagement took (RS-05).
type Effort struct {
	Day     string `duly:"day,public,date"`
	Terms   string `duly:"terms,public,hash"`
	Task    string `duly:"task,public,enum=planning|reconciliation|sampling|testing|interviews|reporting|other"`
	Minutes int64  `duly:"minutes,public"`
	Cost    int64  `duly:"cost,public"`  // whole units of the terms' currency
	Items   int64  `duly:"items,public"` // records that were looked at, 0 where the task has none
	Note    string `duly:"note,trade_secret"`
	Matter  string `duly:"engagement,trade_secret,column"`
	Person  string `duly:"person,personal"`
}

// The kinds of this room.
var (
	Engagements   = ledger.Define[Engagement]("engagement", 1, ledger.SignedBy(1))
	Independences = ledger.Define[Independence]("independence", 1, ledger.SignedBy(1))
	Assignments   = ledger.Define[Assignment]("assignment", 1, ledger.SignedBy(1))

	Populations     = ledger.Define[Population]("population", 1, ledger.SignedBy(1))
	Samples         = ledger.Define[Sample]("engagement_sample", 1, ledger.SignedBy(1))
	Witnesses       = ledger.Define[Witnessed]("witnessed", 1)
	Reconciliations = ledger.Define[Reconciliation]("reconciliation", 1, ledger.SignedBy(1))
	Requests        = ledger.Define[Request]("evidence_request", 1, ledger.SignedBy(1))
	Efforts         = ledger.Define[Effort]("effort", 1, ledger.SignedBy(1))
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "engagement", Files: files}
