package assessment

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Rating is the result of a method for one deployment. What stands in clear are
// outcomes; Inputs name entries by position, field and digest.
type Rating struct {
	Method    string   `duly:"method,public,hash,column"` // SHA-256 of the pack
	Engine    int64    `duly:"engine,public"`             // version of the arithmetic
	Day       string   `duly:"day,public,date"`           // that it was rated for, where parts of the method are dated
	Best      string   `duly:"best,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
	Worst     string   `duly:"worst,public,enum=LOW|MEDIUM|HIGH|CRITICAL,column"`
	Inherent  string   `duly:"inherent,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
	Severity  int64    `duly:"severity,public"`
	Sum       int64    `duly:"sum,public"`        // likelihood before the cap
	Left      int64    `duly:"likelihood,public"` // after cap and controls
	Tier      string   `duly:"tier,public,enum=SDD|CDD|EDD|EDD+GB,column"`
	HardStops []string `duly:"hard_stops,public,enum=HS-L1|HS-L2|HS-L3|HS-L4|HS-P1|HS-P2|HS-P3|HS-P4|HS-P5"`
	Pending   bool     `duly:"pending,public"`
	Known     int64    `duly:"known,public"` // facts known
	Facts     int64    `duly:"facts,public"` // facts that matter
	Outcome   string   `duly:"outcome,public,enum=approve|approve_with_conditions|escalate|decline|suspend|prohibited_legal|prohibited_policy|pending,column"`
	Review    int64    `duly:"review_months,public,column"`
	Subject   string   `duly:"subject,customer,column"` // deployment, or account that maps to none
	Account   string   `duly:"account,customer,column"`
	Inputs    []string `duly:"inputs,customer"`
	Missing   []string `duly:"missing,customer"` // required facts that are unknown
	Ask       []string `duly:"ask,customer"`     // unknown facts, the most useful first
	Rulings   []string `duly:"rulings,customer"` // what bans and moratoria said, and the hashes of the packs they stand in
	Trace     string   `duly:"trace,customer"`
	Preparer  string   `duly:"preparer,personal"` // key id of who prepared it
}

// Ratings is the kind of Rating.
var Ratings = ledger.Define[Rating]("rating", 1)

// Exposure asks for a cumulative review: several deployments cover the people of one
// area, and together they may do what none does alone (IN-06). It is open until a
// person closes it, and opens again when what covers the area changes.
type Exposure struct {
	State       string   `duly:"state,public,enum=open|closed|ended,column"`
	Day         string   `duly:"day,public,date"`
	Deployments int64    `duly:"deployments,public"`                                 // that cover the area
	Unrated     int64    `duly:"unrated,public"`                                     // of them without a rating
	Worst       string   `duly:"worst,public,enum=UNRATED|LOW|MEDIUM|HIGH|CRITICAL"` // of the rated ones
	Area        string   `duly:"area,customer,column"`
	Covering    []string `duly:"covering,customer"` // record ids of deployments, or of accounts without one
	Can         []string `duly:"capabilities,customer"`
	Closed      string   `duly:"closed,customer"` // the reason
	By          string   `duly:"by,personal"`     // key id of who closed it
}

// Exposures is the kind of Exposure.
var Exposures = ledger.Define[Exposure]("exposure", 1)

// Score is what one person makes of the severity of a deployment, for every right of
// the method, without knowing what another makes of it (IM-13). Two scores of
// different people are a round; what they say is stated as facts once both are in.
type Score struct {
	Day     string   `duly:"day,public,date"`
	Method  string   `duly:"method,public,hash"` // SHA-256 of the pack
	Round   int64    `duly:"round,public"`       // from 1
	Subject string   `duly:"subject,customer,column"`
	Values  []string `duly:"values,customer"` // "harm.privacy.scale=4", as the method asks, sorted
	Reason  string   `duly:"reason,customer"`
	Scorer  string   `duly:"scorer,personal,column"` // key id
}

// Scores is the kind of Score.
var Scores = ledger.Define[Score]("score", 1, ledger.SignedBy(1))

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "assessment", Files: files}
