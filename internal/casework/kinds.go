package casework

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Review is a case: what has to be looked at again for one end user, or the first
// time. Harm to Value are what the queue goes by.
type Review struct {
	State        string   `duly:"state,public,enum=open|closed,column"`
	Lane         string   `duly:"lane,public,enum=STOP|PERSON|DESK,column"` // the strictest of its accounts; of those in AUTO a case is a DESK's
	Why          []string `duly:"why,public,enum=first_look|cycle|list|ownership|capability|law|situation|use|information|contract|stale|rating"`
	Opened       string   `duly:"opened,public,date,column"`
	Due          string   `duly:"due,public,date,column"`
	Snoozed      string   `duly:"snoozed_until,public,date,column"` // it comes back on this day
	Closed       string   `duly:"closed,public,date,column"`
	Outcome      string   `duly:"outcome,public,enum=kept|decided|corrected|ended,column"` // absent while it is open
	Pack         string   `duly:"pack,public,hash"`                                        // of the rules that opened it
	Subject      string   `duly:"subject,customer,column"`                                 // end user; what is billed where that is not known; or a product
	Covers       []string `duly:"covers,customer"`                                         // its deployments, and accounts without one
	Triggers     []string `duly:"triggers,customer"`                                       // as [Trigger.String] writes them
	Harm         int64    `duly:"harm,customer,column"`                                    // 1 where live harm is alleged
	Severity     int64    `duly:"severity,customer,column"`                                // 0 to 5, of the worst end
	Irremediable int64    `duly:"irremediable,customer,column"`                            // 0 to 5
	Cliff        string   `duly:"cliff,customer,date,column"`                              // when something happens by itself
	Value        int64    `duly:"value,customer,column"`                                   // bands between best and worst end
	Notes        []string `duly:"notes,customer"`
	Reason       string   `duly:"reason,customer"`       // why it was closed so
	Owner        string   `duly:"owner,personal,column"` // key id of who has it
	By           string   `duly:"by,personal"`           // key id of who closed it
	Bulk         string   `duly:"bulk,personal,column"`  // key id of who would have closed it with many others, and may not close it
}

// States of a case.
const (
	StateOpen   = "open"
	StateClosed = "closed"
)

// The outcomes of a case.
const (
	Kept      = "kept"      // looked at, and what was decided stands
	Decided   = "decided"   // there is a new decision
	Corrected = "corrected" // what opened it was a mistake
	Ended     = "ended"     // the customer has gone
)

// SweepRecord is one sweep: from where in the log to where it read, and what came of it.
// One that found nothing is told from one that never was.
type SweepRecord struct {
	Day    string `duly:"day,public,date"`
	From   int64  `duly:"since,public"`
	To     int64  `duly:"upto,public,column"` // the first position that it did not read
	Cases  int64  `duly:"cases,public"`       // looked at: end users, and what has none, to whom something happened
	Opened int64  `duly:"opened,public"`
	Added  int64  `duly:"added,public"` // open cases that got another trigger
	Rated  int64  `duly:"rated,public"` // deployments rated again because a fact changed
	Still  int64  `duly:"still,public"` // of them, where nothing changed that a person must see
	Open   int64  `duly:"open,public"`  // cases open afterwards
	Pack   string `duly:"pack,public,hash"`
	Laws   string `duly:"laws,public,hash"` // the bans and moratoria that counted: SHA-256 over the hashes of their packs
}

// Signal is something that a person says should be looked at: a concern, a grievance,
// an incident. Its leaf does not say which, nor about whom. It is unread until a sweep
// after the case that it opened is closed. Whoever raised it asks by the record's id
// what became of it; no address is kept.
type Signal struct {
	State       string `duly:"state,public,enum=unread|handled,column"`
	Day         string `duly:"day,public,date,column"`
	Disposition string `duly:"disposition,public,enum=adopted|adapted|rejected"` // absent until somebody said what became of it
	Told        string `duly:"told,public,date"`                                 // on which it could be asked
	Sort        string `duly:"sort,customer,enum=concern|grievance|incident|request"`
	Subject     string `duly:"subject,customer,column"`
	Text        string `duly:"text,customer"`
	Did         string `duly:"did,customer"`       // what changed
	WhyNot      string `duly:"why_not,customer"`   // why something did not
	Pseudonym   string `duly:"pseudonym,personal"` // of somebody whom no person of the log is
	By          string `duly:"by,personal"`        // key id, where a person of the log raised it
}

// Capacity says how many hours people have for a lane in a week, and how long a case
// of it takes, from a day on.
type Capacity struct {
	Lane    string `duly:"lane,public,enum=STOP|PERSON|DESK,column"`
	From    string `duly:"from_day,public,date,column"`
	Hours   int64  `duly:"hours,public"`    // a week, of all people together
	PerCase int64  `duly:"per_case,public"` // minutes
	By      string `duly:"set_by,personal"`
}

// Change is a capability that a product is to get, or more of one (RG-03).
type Change struct {
	State      string `duly:"state,public,enum=announced|launched|withdrawn,column"`
	Day        string `duly:"day,public,date"`
	Done       string `duly:"done,public,date"`   // launched or withdrawn
	Dependents int64  `duly:"dependents,public"`  // deployments of the product, now or at the launch
	Refused    int64  `duly:"not_cleared,public"` // of them, those who may not have it
	Product    string `duly:"product,customer,column"`
	Capability string `duly:"capability,customer"`
	Unintended bool   `duly:"unintended,customer"` // the product could do it before, not meant to
	Reason     string `duly:"reason,customer"`
	By         string `duly:"by,personal"`
}

// Leave is what a person gave before it happened: that a customer gets a capability or
// more of one, or that a contract goes on. The register is told by the billing what
// happened; what happened without leave opens a case.
type Leave struct {
	Sort       string `duly:"sort,public,enum=widen|renew,column"`
	Day        string `duly:"day,public,date"`
	Subject    string `duly:"subject,customer,column"` // the deployment or account, or the contract
	Capability string `duly:"capability,customer"`     // of what is widened
	Until      string `duly:"until,customer,date"`     // the last day on which it may begin, or the day on which the contract then ends
	Reason     string `duly:"reason,customer"`
	By         string `duly:"by,personal"` // key id
}

// Sample is the draw of a quarter from those whom nobody looks at, and what was found.
type Sample struct {
	Quarter    string   `duly:"quarter_from,public,date,column"` // its first day
	State      string   `duly:"state,public,enum=drawn|judged"`
	Seed       string   `duly:"seed,public,hash"` // root of the log at Position
	Position   int64    `duly:"position,public"`
	Population int64    `duly:"population,public"` // accounts in AUTO there
	Size       int64    `duly:"size,public"`
	Strata     int64    `duly:"strata,public"`
	Judged     int64    `duly:"judged,public"`
	Missed     int64    `duly:"missed,public"` // that a person should have looked at
	Bound      *int64   `duly:"bound,public"`  // accounts that AUTO may miss at most, with 95 % confidence; absent until all are judged
	Accounts   []string `duly:"accounts,customer"`
	Judgements []string `duly:"judgements,customer"` // "account ok" or "account missed", in the order of Accounts
	By         []string `duly:"by,personal"`         // key ids of those who judged
}

// The kinds of record that this room owns.
var (
	Reviews    = ledger.Define[Review]("review", 1)
	Sweeps     = ledger.Define[SweepRecord]("sweep", 1)
	Signals    = ledger.Define[Signal]("signal", 1)
	Capacities = ledger.Define[Capacity]("capacity", 1)
	Changes    = ledger.Define[Change]("capability_change", 1)
	Samples    = ledger.Define[Sample]("sample", 1)
	Leaves     = ledger.Define[Leave]("leave", 1)
	Contacts   = ledger.Define[Contact]("contact", 1)
	Sights     = ledger.Define[Sight]("sight", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "casework", Files: files}
