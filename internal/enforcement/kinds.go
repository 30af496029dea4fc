package enforcement

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Proceeding is what is done about the findings of one clause in one deployment. Each
// step is a revision of its own.
type Proceeding struct {
	State       string   `duly:"state,public,enum=open|closed,column"`
	Step        string   `duly:"step,public,enum=none|notice|cure|limit|suspend|terminate"` // the last one taken
	Outcome     string   `duly:"outcome,public,enum=cured|advised|no_deviation|accepted|withdrawn"`
	Grade       string   `duly:"grade,public,enum=low|medium|high|critical"`
	Kind        string   `duly:"kind,public,enum=breach|deviation|blind_spot|undeclared"` // of the gravest finding
	Binds       bool     `duly:"binds,public"`                                            // of one finding at least: mandatory, or made so by a clause, and agreed to
	Rated       string   `duly:"rated,public,enum=LOW|MEDIUM|HIGH|CRITICAL|unrated"`      // worst end, which is in the grade
	Opened      string   `duly:"opened,public,date"`                                      // for the first time
	Due         string   `duly:"due,public,date,column"`                                  // by when the next thing is done; absent when nothing is
	Stepped     string   `duly:"stepped_day,public,date"`                                 // when the last step was taken
	Closed      string   `duly:"closed,public,date"`                                      // absent while open
	Expires     string   `duly:"expires_day,public,date"`                                 // of an acceptance: when it comes back
	Findings    int64    `duly:"findings,public"`                                         // of this round
	Calls       int64    `duly:"calls,public"`                                            // that they count
	Recurrences int64    `duly:"recurrences,public"`                                      // how often it came again after it was closed
	OutOfOrder  bool     `duly:"out_of_order,public"`                                     // a step was skipped or taken back
	Decision    string   `duly:"decision,public,hash"`                                    // leaf of the decision that the last step or the acceptance rests on
	Deployment  string   `duly:"deployment,customer,column"`
	Clause      string   `duly:"clause,customer"`
	Identity    string   `duly:"identity,customer,column"`
	Impact      string   `duly:"impact,customer,enum=unknown|none|harm"` // on people, whatever became of the condition
	ImpactBy    string   `duly:"impact_source,customer"`
	Proposed    string   `duly:"proposed,customer,enum=no_deviation"` // an outcome that waits for a second person
	Reason      string   `duly:"reason,customer"`                     // of the last act
	Source      string   `duly:"source,customer"`                     // record id of what the last act rests on
	Evidence    []string `duly:"evidence,customer"`                   // findings of this round, as [cited] writes them
	Past        []string `duly:"past,customer"`                       // findings of earlier rounds
	Owner       string   `duly:"owner,personal,column"`               // key id of who has it
	By          string   `duly:"by,personal"`                         // key id of who acted last
}

// States of a proceeding.
const (
	Open   = "open"
	Closed = "closed"
)

// The outcomes of a proceeding.
const (
	Cured       = "cured"        // the condition is kept again, and that was seen
	Advised     = "advised"      // what does not bind was pointed out, and no more
	NoDeviation = "no_deviation" // two people say that it was none
	Accepted    = "accepted"     // by a decision, and for a time
	Withdrawn   = "withdrawn"    // no log shows it any more
)

// What is known of harm to people.
const (
	ImpactUnknown = "unknown"
	ImpactNone    = "none"
	ImpactHarm    = "harm"
)

// Proceedings is the kind of Proceeding.
var Proceedings = ledger.Define[Proceeding]("proceeding", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "enforcement", Files: files}
