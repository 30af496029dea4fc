package report

import "duly/internal/ledger"

// Report is what the log held at a checkpoint, for one audience. Counts are of
// records in force then; entry numbers say where each figure comes from.
type Report struct {
	Duly     string         `json:"duly"` // "report/1"
	Log      Log            `json:"log"`
	Day      string         `json:"day"`      // of the last entry; the report's only "today"
	Audience []ledger.Class `json:"audience"` // sealed classes that are shown

	Spine        Spine        `json:"spine"`
	Lanes        Lanes        `json:"lanes"`
	Progress     Progress     `json:"progress"`
	Portfolio    Portfolio    `json:"portfolio"`
	Decisions    Decisions    `json:"decisions"`
	Oversight    Oversight    `json:"oversight"`
	Registers    Registers    `json:"registers"`
	Findings     Findings     `json:"findings"`
	Proceedings  Proceedings  `json:"proceedings"`
	Attestations Attestations `json:"attestations"`
	Telemetry    Telemetry    `json:"telemetry"`
	Conditions   []Condition  `json:"conditions"`

	// Subjects lists every account in STOP or PERSON and everything that was
	// assessed, decided, counted or found; Unlisted counts the other accounts.
	Subjects []Subject `json:"subjects"`
	Unlisted []Tally   `json:"unlisted"` // by lane
	Unplaced Unplaced  `json:"unplaced"`

	Hits       Hits             `json:"hits"`
	Watchlists []Watchlist      `json:"watchlists"`
	Packs      []Pack           `json:"packs"`
	Unread     int              `json:"unread_packs"` // packs of conditions that this version cannot read
	Runs       []Run            `json:"runs"`
	People     People           `json:"people"`
	Entries    map[string]int64 `json:"entries"` // by kind of record

	Withheld   []Tally    `json:"withheld"`   // different values of this report, by class
	Redactions []Redacted `json:"redactions"` // what of the log the company withholds even from who may see its class
	Erased     int        `json:"erased"`
	Made       []Made     `json:"made"`   // how figures were made
	Limits     []string   `json:"limits"` // what this report does not show, in sentences
}

// Oversight is what experts, panels and those whom it concerns said, what rules refused,
// and what waits for people. All figures stand in clear in the log.
type Oversight struct {
	Opinions     []Tally `json:"opinions"`    // by choice, withdrawn ones apart
	Referrals    []Tally `json:"referrals"`   // open, or how they ended
	AskedAgain   int     `json:"asked_again"` // of them those that ask anew about what a panel had voted against
	VotesFor     int64   `json:"votes_for"`   // of closed referrals
	VotesAgainst int64   `json:"votes_against"`
	Abstained    int64   `json:"abstained"`
	Answers      []Tally `json:"answers"`      // of the company, by choice
	AnswersLate  int     `json:"answers_late"` // given after their day
	AnswersDue   int     `json:"answers_due"`  // not given, and past their day
	Resignations int     `json:"resignations"`
	Inputs       int     `json:"inputs"`      // things said in consultations
	Told         int     `json:"told"`        // of them, those where people were told what became of it
	Refusals     []Tally `json:"refusals"`    // attempts by the rule that refused them
	Exposures    []Tally `json:"exposures"`   // areas where deployments add up, by state
	Waiting      []Tally `json:"waiting"`     // open cases by lane
	Overdue      int     `json:"overdue"`     // of them, past their day
	Unread       int     `json:"unread"`      // concerns and other signals that nobody has handled
	Raised       int     `json:"raised"`      // all of them
	RaisedTold   int     `json:"raised_told"` // of them, those of which it was said what became of them
	Contacts     int     `json:"contacts"`    // from those who sell, about a case or a rating
	Claims       int     `json:"claims"`      // facts in force on the word of those who sell
	Sample       *Sample `json:"sample"`      // of AUTO; nil when none was drawn
}

// Sample is the newest quarter's sample of accounts that nobody looks at.
type Sample struct {
	Quarter    string `json:"quarter"` // its first day
	Population int64  `json:"population"`
	Size       int64  `json:"size"`
	Judged     int64  `json:"judged"`
	Missed     int64  `json:"missed"`
	Bound      *int64 `json:"bound"` // accounts that AUTO may miss at most, with 95 % confidence; nil until all are judged
}

// Log is the checkpoint that the report reads.
type Log struct {
	Origin     string `json:"origin"`
	Size       int64  `json:"size"` // entries
	Root       string `json:"root"` // RFC 6962, hexadecimal
	First      string `json:"first_entry"`
	Last       string `json:"last_entry"` // RFC 3339, UTC; a day for kinds dated by day
	Checkpoint string `json:"checkpoint"` // the signed note
}

// Tally is how often something of a fixed list occurs, zero included.
type Tally struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Spine is what is billed and what of it is mapped. Shares are in hundredths of
// a per cent, rounded up: what is unmapped is never rounded away.
type Spine struct {
	Accounts      int    `json:"accounts"`
	NoCustomer    int    `json:"no_customer"`
	NoProduct     int    `json:"no_product"`
	Unmapped      int    `json:"unmapped"` // lacking either
	UnmappedShare int64  `json:"unmapped_share"`
	MoneyShare    *int64 `json:"unmapped_money_share"` // nil when no amount, or none of what is unmapped, is known, or in several currencies
	WithoutAmount int    `json:"without_amount"`
	Currencies    int    `json:"currencies"`
	Imported      int    `json:"imported"` // accounts that began before the log did
	// Money is for audiences of trade_secret only: per currency, in whole cents.
	Money         []Money      `json:"money,omitempty"`
	MoneyWithheld ledger.Class `json:"money_withheld,omitempty"`
}

// Money sums amounts of one currency in whole cents, as decimal strings of any
// length. Gross adds amounts without their sign.
type Money struct {
	Currency      string `json:"currency"`
	Net           string `json:"net_cents"`
	Gross         string `json:"gross_cents"`
	UnmappedGross string `json:"unmapped_gross_cents"`
}

// Lanes says where triage put the accounts, and by which rule.
type Lanes struct {
	Lanes        []Tally  `json:"lanes"`
	NotTriaged   int      `json:"not_triaged"`
	ByDefault    int      `json:"by_default"`
	DefaultShare int64    `json:"by_default_share"` // hundredths of a per cent of the triaged, rounded up
	Rules        []Ruling `json:"rules"`
}

// Ruling counts the accounts that a rule put into a lane. A rule that cannot be
// ruled out, because something is unknown, may lead to a laxer lane than its own.
type Ruling struct {
	Lane        string `json:"lane"`
	Rule        string `json:"rule"`
	NotRuledOut bool   `json:"not_ruled_out"`
	// Text is the rule in words, for audiences that may see reasons.
	Text  string `json:"text,omitempty"`
	Count int    `json:"count"`
}

// Progress says how far accounts have come. None of the three says anything
// about risk, and only the first has been judged at all.
type Progress struct {
	Assessed            int `json:"assessed"`
	ScreenedNotAssessed int `json:"screened_not_assessed"`
	NotScreened         int `json:"not_screened"` // neither screened nor assessed
}

// Portfolio counts ratings.
type Portfolio struct {
	Ratings   int        `json:"ratings"`
	Pending   int        `json:"pending"` // a required fact is not known
	Intervals []Interval `json:"intervals"`
	Tiers     []Tally    `json:"tiers"`
	Outcomes  []Tally    `json:"outcomes"`
	HardStops []Tally    `json:"hard_stops"`
	Known     int64      `json:"facts_known"` // over all ratings
	Facts     int64      `json:"facts"`
}

// Interval counts ratings between two bands.
type Interval struct {
	Best  string `json:"best"`
	Worst string `json:"worst"`
	Count int    `json:"count"`
}

// Decisions counts what people decided and what is confirmed to be in force.
type Decisions struct {
	Decided   int      `json:"decided"`
	Confirmed int      `json:"confirmed_enforced"`
	Acts      []Tally  `json:"acts"`
	Overdue   int      `json:"overdue_reviews"` // review day before the report's day
	Outdated  int      `json:"rated_since"`     // a newer rating stands after the decision
	Overrides int      `json:"overrides"`       // that were ever decided, also those that ended or were replaced
	Locked    int      `json:"locked"`          // newest decisions that hold from a later day only
	Lapsed    int      `json:"lapsed"`          // newest decisions that ended: nothing may run
	Waiting   int      `json:"waiting"`         // approvals that wait for conditions precedent: nothing may run yet
	Precedent int64    `json:"conditions"`      // conditions precedent of approvals that are in force or wait
	Met       int64    `json:"conditions_met"`  // of them
	Enforced  Enforced `json:"enforcement"`
}

// Findings counts findings.
type Findings struct {
	Total  int     `json:"total"`
	Open   int     `json:"open"`
	Grades []Tally `json:"grades"`
	Kinds  []Tally `json:"kinds"`
}

// Telemetry says what of use was seen at all. A deployment without counted
// telemetry has unknown use, not none.
type Telemetry struct {
	Deployments int     `json:"deployments"`
	Counted     int     `json:"deployments_counted"`
	Objects     []Tally `json:"objects"` // by state
	Changed     int     `json:"objects_changed"`
	Read        int64   `json:"events_read"`
	Matched     int64   `json:"events_matched"`
	Rejected    int64   `json:"events_rejected"`
	Unmapped    int64   `json:"events_unmapped"` // of accounts that map to no deployment
}

// How a condition is checked.
const (
	ByTelemetry = "telemetry"  // calls were counted and judged
	SeenOnly    = "not_judged" // calls were counted; the condition has no rule for deviations
	Promised    = "promised"   // nothing was counted: nobody checked
)

// Condition is a condition of use that is in force on the report's day, or was
// counted.
type Condition struct {
	Hash        string `json:"hash"`
	Clause      Value  `json:"clause"` // id and title, from the pack's text
	Checked     string `json:"checked"`
	Deployments int    `json:"deployments"` // in which calls were counted
	Exposures   int64  `json:"exposures"`
	Deviations  int64  `json:"deviations"`
	Unknown     int64  `json:"unknown"`
}

// Subject is what is judged: a deployment, or an account that maps to none.
type Subject struct {
	Kind     string         `json:"kind"` // deployment or account
	ID       string         `json:"id"`   // of the record
	State    string         `json:"state"`
	Entries  SubjectEntries `json:"entries"`
	Imported bool           `json:"imported"` // it began before the log did
	Screened bool           `json:"screened"`

	Customer     Value  `json:"customer"`
	Sector       Value  `json:"sector"`
	Through      *Value `json:"through,omitempty"` // who stands in between, when somebody does
	Account      *Value `json:"account,omitempty"` // what the bill says
	Capability   Value  `json:"capability"`
	Purpose      Value  `json:"purpose"`
	Jurisdiction Value  `json:"jurisdiction"`

	Lane     *Lane     `json:"lane"`
	Rating   *Rating   `json:"rating"`
	Decision *Decision `json:"decision"`
	Counts   []Count   `json:"counts"`
	// Promised counts conditions in force for the deployment that nothing was
	// counted under.
	Promised int       `json:"promised"`
	Findings []Finding `json:"findings"`
}

// SubjectEntries says where a subject's records stand in the log; 0 is none (the
// first entry of a log is its epoch).
type SubjectEntries struct {
	Account    int64 `json:"account"`
	Deployment int64 `json:"deployment"`
}

// Lane is where triage put the account.
type Lane struct {
	Entry     int64  `json:"entry"`
	Lane      string `json:"lane"`
	ByDefault bool   `json:"by_default"`
	Reasons   Value  `json:"reasons"`
}

// Rating is the interval that the known facts allow.
type Rating struct {
	Entry     int64    `json:"entry"`
	Day       string   `json:"day"`
	Method    string   `json:"method"` // SHA-256 of the pack
	Best      string   `json:"best"`
	Worst     string   `json:"worst"`
	Inherent  string   `json:"inherent"`
	Tier      string   `json:"tier"`
	HardStops []string `json:"hard_stops"`
	Pending   bool     `json:"pending"`
	Known     int64    `json:"facts_known"`
	Facts     int64    `json:"facts"`
	Sum       int64    `json:"sum"` // likelihood before the cap
	Outcome   string   `json:"outcome"`
	Missing   Value    `json:"missing"` // required facts that are not known
	Ask       Value    `json:"ask"`     // the questions that would narrow it most
}

// Decision is what a person decided and signed. Confirmed says whether somebody
// confirmed that it is enforced.
type Decision struct {
	Entry      int64  `json:"entry"`
	Act        string `json:"act"`
	Day        string `json:"day"`
	ReviewDay  string `json:"review_day"`
	Overdue    bool   `json:"overdue"`
	RatedSince bool   `json:"rated_since"`
	Signatures int64  `json:"signatures"`
	Basis      string `json:"basis"` // rating, committee or override
	State      string `json:"state"` // on the report's day: holds, waits (for conditions precedent), locked (until From) or lapsed
	Precedent  int64  `json:"conditions"`
	Met        int64  `json:"conditions_met"` // of those that must be met before it runs
	From       string `json:"effective_day"`
	Expires    string `json:"expires_day"`
	Opinions   int64  `json:"opinions"`   // of experts, that it rests on
	Objections int64  `json:"objections"` // of them
	Until      *Held  `json:"until_then"` // what holds while it is locked
	Confirmed  bool   `json:"confirmed_enforced"`
	Reason     Value  `json:"reason"`
}

// Held is a decision that holds while a newer one is locked.
type Held struct {
	Act   string `json:"act"`
	Day   string `json:"day"`
	Entry int64  `json:"entry"`
}

// Count sums a deployment's use under one condition over all days counted.
type Count struct {
	Condition  string `json:"condition"`
	Clause     Value  `json:"clause"`
	Checked    string `json:"checked"` // ByTelemetry or SeenOnly
	From       string `json:"from"`
	To         string `json:"to"`
	Days       int    `json:"days"`
	Exposures  int64  `json:"exposures"`
	Deviations int64  `json:"deviations"`
	Unknown    int64  `json:"unknown"`
}

// Finding says that a condition was not kept on a day.
type Finding struct {
	Entry     int64  `json:"entry"`
	State     string `json:"state"`
	Grade     string `json:"grade"`
	Kind      string `json:"kind"`
	Day       string `json:"day"`
	Calls     int64  `json:"calls"`
	Condition string `json:"condition"`
	Clause    Value  `json:"clause"`
	Evidence  Value  `json:"evidence"`
}

// Unplaced counts records whose subject cannot be found, for instance because it
// was erased. They are in all sums and under no subject.
type Unplaced struct {
	Ratings   int `json:"ratings"`
	Decisions int `json:"decisions"`
	Findings  int `json:"findings"`
	Counts    int `json:"counts"`
}

// Hits counts resemblances to watchlists and lists those that are not dismissed.
type Hits struct {
	States []Tally `json:"states"`
	List   []Hit   `json:"list"`
}

// Hit is an open or confirmed resemblance.
type Hit struct {
	Entry    int64  `json:"entry"`
	State    string `json:"state"`
	Customer Value  `json:"customer"`
	Listed   Value  `json:"listed"` // the name on the list
	List     Value  `json:"list"`
	ListID   Value  `json:"list_id"`
	Reasons  Value  `json:"reasons"`
}

// Watchlist is a list in use.
type Watchlist struct {
	Entry     int64  `json:"entry"`
	SHA256    string `json:"sha256"`
	Name      Value  `json:"name"`
	Entries   int64  `json:"entries"`
	Rejects   int64  `json:"rejects"`
	Published string `json:"published"`
	Added     string `json:"added"`
}

// Pack is a method, triage or conditions pack that was used.
type Pack struct {
	Entry  int64  `json:"entry"`
	SHA256 string `json:"sha256"`
	Kind   string `json:"kind"`
	State  string `json:"state"`
	From   string `json:"in_force_from,omitempty"` // of an adopted method: the first day on which it rates
	Title  Value  `json:"title"`
}

// Run is the newest run of a task, with how many there were.
type Run struct {
	Task     string `json:"task"`
	Runs     int    `json:"runs"`
	Entry    int64  `json:"entry"`
	Day      string `json:"day"`
	Covered  int64  `json:"covered"`
	Findings int64  `json:"findings"`
}

// People counts who may act. A person with several roles is in each.
type People struct {
	Active int     `json:"active"`
	Roles  []Tally `json:"roles"`
}
