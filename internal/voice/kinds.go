package voice

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Opinion is what an expert thinks of one rating. A withdrawn one no longer counts.
type Opinion struct {
	State      string   `duly:"state,public,enum=given|withdrawn"`
	Choice     string   `duly:"choice,public,enum=support|support_with_conditions|object"`
	Subject    string   `duly:"subject,customer,column"`
	Rating     string   `duly:"rating,customer,hash,column"` // leaf hash of the rating that was read
	Conditions []string `duly:"conditions,customer"`         // what the expert asks for
	Text       string   `duly:"text,customer"`
	Person     string   `duly:"person,personal,column"` // key id
}

// Panel is an oversight body with its charter. Its seats are records of their own.
type Panel struct {
	State      string `duly:"state,public,enum=active|ended,column"`
	Seats      int64  `duly:"seats,public"`           // that the charter asks for
	Notice     int64  `duly:"notice_days,public"`     // between notice and the end of the vote
	Emergency  int64  `duly:"emergency_hours,public"` // the same in an emergency, ratified later
	AnswerDays int64  `duly:"answer_days,public"`     // in which the company answers
	Day        string `duly:"day,public,date"`
	Name       string `duly:"name,published,column"`
	Charter    string `duly:"charter,published"`
}

// Seat is one seat of a panel for one term.
type Seat struct {
	State     string `duly:"state,public,enum=active|resigned,column"`
	Group     string `duly:"group,public,enum=affected|civil_rights|expert|other"`
	From      string `duly:"from_day,public,date"`
	To        string `duly:"to_day,public,date"` // the first day after the term
	Panel     string `duly:"panel,customer,column"`
	Person    string `duly:"person,personal,column"` // key id
	Appointed string `duly:"appointed_by,personal"`  // key id
}

// Resignation is a member's own statement, for everybody to read.
type Resignation struct {
	Group     string `duly:"group,public,enum=affected|civil_rights|expert|other"`
	Day       string `duly:"day,public,date"`
	Seat      string `duly:"seat,customer,column"`
	Statement string `duly:"statement,published"`
	Person    string `duly:"person,personal"`
}

// Referral is a matter that is put to a panel, and what came of it once it is closed.
type Referral struct {
	State     string   `duly:"state,public,enum=open|closed,column"`
	Emergency bool     `duly:"emergency,public"`
	Rating    string   `duly:"rating,public,hash"`      // leaf hash
	Ratifies  string   `duly:"ratifies,public,hash"`    // leaf hash of the closed emergency referral that it asks about again
	Again     string   `duly:"asks_again,public,hash"`  // leaf hash of the closed referral on the same deployment that went against it, when there is one within [period]
	Noticed   string   `duly:"noticed_day,public,date"` // when members were told
	Closes    string   `duly:"closes_day,public,date"`  // the last day to vote
	Closed    string   `duly:"closed_day,public,date"`  // when it was counted
	AnswerDue string   `duly:"answer_due,public,date"`  // the last day to answer in time
	RatifyBy  string   `duly:"ratify_by,public,date"`   // for an emergency: what rests on it ends then
	Outcome   string   `duly:"outcome,public,enum=for|against|no_quorum"`
	Quorum    bool     `duly:"quorum,public"`
	Seats     int64    `duly:"seats,public"`
	Affected  int64    `duly:"affected_seats,public"`
	Present   int64    `duly:"present,public"` // members who voted, abstentions included
	There     int64    `duly:"affected_present,public"`
	Recused   int64    `duly:"recused,public"`
	For       int64    `duly:"votes_for,public"`
	Against   int64    `duly:"votes_against,public"`
	Abstain   int64    `duly:"abstained,public"`
	Panel     string   `duly:"panel,customer,column"`
	Subject   string   `duly:"subject,customer,column"`
	Rated     string   `duly:"rated,customer,column"` // the rating's hash again, to find it by
	Facts     string   `duly:"facts,customer,hash"`   // what the rating rests on, without dates: see [Rated]
	Judged    string   `duly:"judged,customer,hash"`  // what the method made of it
	File      string   `duly:"file,customer,hash"`    // SHA-256 of the file that members and deciders have
	Question  string   `duly:"question,customer"`
	Votes     []string `duly:"votes,customer"` // leaf hashes of the votes that were counted
	By        string   `duly:"by,personal"`
}

// Declaration is what a member says of own interests: for one matter, or, without one,
// for the year. A conflict in a matter is a recusal.
type Declaration struct {
	Conflict  bool     `duly:"conflict,public"`
	Yearly    bool     `duly:"yearly,public"`
	Interests []string `duly:"interests,personal,enum=financial|employment|customer|litigation|family|funding"`
	Text      string   `duly:"text,personal"`
	Day       string   `duly:"day,public,date"`
	Referral  string   `duly:"referral,customer,column"`
	Person    string   `duly:"person,personal,column"`
}

// Vote is one member's vote in one matter. Reasons of those who were outvoted are
// the dissent.
type Vote struct {
	Choice   string `duly:"choice,public,enum=for|against|abstain"`
	Referral string `duly:"referral,customer,column"`
	Rating   string `duly:"rating,customer,hash"`
	File     string `duly:"file,customer,hash"` // of the file that the member read
	Seat     string `duly:"seat,customer,column"`
	Reasons  string `duly:"reasons,customer"`
	Person   string `duly:"person,personal,column"`
}

// Answer is what the company says to a panel's vote.
type Answer struct {
	Choice   string `duly:"choice,public,enum=adopt|adapt|reject"`
	Day      string `duly:"day,public,date"`
	Due      string `duly:"due,public,date"`
	Late     bool   `duly:"late,public"`
	Matter   string `duly:"matter,public,hash"` // leaf hash of the closed referral
	Referral string `duly:"referral,customer,column"`
	Reasons  string `duly:"reasons,customer"`
	Person   string `duly:"person,personal"`
}

// The kinds that people sign. The day, not the time, stands in the leaves of those
// whose order in time could tell who spoke.
var (
	Opinions     = ledger.Define[Opinion]("opinion", 1, ledger.SignedBy(1), ledger.ByDay())
	Declarations = ledger.Define[Declaration]("declaration", 1, ledger.SignedBy(1), ledger.ByDay())
	Votes        = ledger.Define[Vote]("vote", 1, ledger.SignedBy(1), ledger.ByDay())
	Resignations = ledger.Define[Resignation]("resignation", 1, ledger.SignedBy(1))
	Answers      = ledger.Define[Answer]("answer", 1, ledger.SignedBy(1))
	Panels       = ledger.Define[Panel]("panel", 1)
	Seats        = ledger.Define[Seat]("seat", 1)
	Referrals    = ledger.Define[Referral]("referral", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "voice", Files: files}
