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
	Title    string   `duly:"title,trade_secret"`
	Body     string   `duly:"commissioned_by,trade_secret"`
	Ground   string   `duly:"authority,trade_secret"` // the resolution or other act that it rests on
	Question string   `duly:"question,trade_secret"`
	Terms    string   `duly:"terms,trade_secret"`
	Products []string `duly:"products,trade_secret"` // none: all
	Regions  []string `duly:"regions,trade_secret"`  // none: all
	Criteria []string `duly:"criteria,trade_secret"`
	Readers  []string `duly:"recipients,trade_secret"`
	By       string   `duly:"by,personal"` // key id
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

// The kinds of this room.
var (
	Engagements   = ledger.Define[Engagement]("engagement", 1, ledger.SignedBy(1))
	Independences = ledger.Define[Independence]("independence", 1, ledger.SignedBy(1))
	Assignments   = ledger.Define[Assignment]("assignment", 1, ledger.SignedBy(1))
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "engagement", Files: files}
