package report

import (
	"duly/internal/assurance"
	"duly/internal/ledger"
)

// Assessed is the report of an independent assessment: what assessors recorded in one
// engagement, at a checkpoint, for one audience. Every figure names the entries that it
// was made from, and Made says how.
type Assessed struct {
	Duly     string         `json:"duly"` // "assessed/1"
	Log      Log            `json:"log"`
	Day      string         `json:"day"`
	Audience []ledger.Class `json:"audience"`

	Unmapped     Unmapped          `json:"unmapped"` // the first figure of every report
	Terms        AssessedTerms     `json:"terms"`
	Independence []AssessedBy      `json:"independence"`
	Population   *AssessedOf       `json:"population"` // nil before it was frozen
	Samples      []AssessedSample  `json:"samples"`
	Library      AssessedLibrary   `json:"library"`
	Controls     []AssessedControl `json:"controls"`
	Gaps         []assurance.Gap   `json:"gaps"`
	Impacts      []AssessedImpact  `json:"impacts"`
	Answers      []AssessedAnswer  `json:"determinations"`
	Workpapers   int               `json:"workpapers"` // that only assessors can read
	Requests     AssessedRequests  `json:"requests"`
	Minutes      int64             `json:"minutes"` // that assessors say they worked
	Redactions   []Redacted        `json:"redactions"`
	Unexplained  []Tally           `json:"withheld_without_reason"` // values of the log, by class
	Hidden       []Tally           `json:"withheld"`                // values of this report, by class
	Erased       int               `json:"erased"`
	Made         []Made            `json:"made"`
	Limits       []string          `json:"limits"`
}

// Unmapped says what of a list from outside maps to nothing in the log.
type Unmapped struct {
	Compared bool   `json:"compared"` // with a list from outside; else nothing can be told
	Entry    int64  `json:"entry"`
	List     string `json:"list"` // billing, crm, contracts or other
	Rows     int64  `json:"rows"`
	Missing  int64  `json:"missing"`
	Unclear  int64  `json:"ambiguous"`
	Unread   int64  `json:"unread"`
	Unlisted int64  `json:"unlisted"` // records of the log that the list does not know
	Share    int64  `json:"share"`    // of the rows, that is in the log with no certainty; hundredths of a per cent, rounded up
}

// AssessedTerms are the approved terms of reference.
type AssessedTerms struct {
	Entry      int64  `json:"entry"`
	State      string `json:"state"` // of the engagement: approved, started, concluded, stopped or withdrawn
	Approved   string `json:"approved"`
	From       string `json:"from"`
	Upto       string `json:"upto"`
	Due        string `json:"due"`
	Level      string `json:"level"`
	Required   int64  `json:"required_coverage"` // hundredths of a per cent
	Budget     int64  `json:"budget"`
	Currency   string `json:"currency"`
	Title      Value  `json:"title"`
	Body       Value  `json:"commissioned_by"`
	Ground     Value  `json:"authority"`
	Question   Value  `json:"question"`
	Text       Value  `json:"terms"`
	Witnesses  Value  `json:"witnesses"` // keys whose cosignatures seed samples
	Quorum     int64  `json:"quorum"`    // how many of them must have cosigned
	Products   Value  `json:"products"`
	Regions    Value  `json:"regions"`
	Criteria   Value  `json:"criteria"`
	Recipients Value  `json:"recipients"`
}

// AssessedBy is what one assessor declared.
type AssessedBy struct {
	Entry     int64    `json:"entry"`
	State     string   `json:"state"`
	Ties      []string `json:"ties"`
	Appointed string   `json:"appointed_by"`
	Removed   string   `json:"removed_by"`
	Blocks    bool     `json:"blocking"`
	Flagged   bool     `json:"flagged"`
	Fee       int64    `json:"fee"`
	Recusals  int64    `json:"recusals"`
	Text      Value    `json:"text"`
}

// AssessedOf is the frozen population.
type AssessedOf struct {
	Entry     int64   `json:"entry"`
	Size      int64   `json:"size"` // entries that it was counted from
	Hash      string  `json:"hash"`
	Kinds     []Tally `json:"kinds"`
	Ended     int64   `json:"ended"`
	OpenCases int64   `json:"open_cases"`
	LateCases int64   `json:"late_cases"`
	Unopened  int64   `json:"unopened"`
	Declined  int64   `json:"declined"`
	Afterward int64   `json:"afterward"`
}

// AssessedSample is one draw.
type AssessedSample struct {
	Entry      int64  `json:"entry"`
	State      string `json:"state"` // planned or drawn
	Of         string `json:"of"`
	Draw       int64  `json:"draw"`
	Targeted   int64  `json:"targeted"`
	Size       int64  `json:"size"`
	From       int64  `json:"drawn_from"`
	Confidence int64  `json:"confidence"` // per cent
	Tolerable  int64  `json:"tolerable"`  // per mille
	Seed       string `json:"root"`       // of the log, that the seed rests on
	Witnessed  string `json:"witnessed"`  // leaf hash of the record of witnesses' cosignatures; "" where the seed rests on no outsider
	Items      Value  `json:"items"`
}

// AssessedLibrary names the pack of controls.
type AssessedLibrary struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// AssessedControl is one control and what came of it.
type AssessedControl struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Owner     string          `json:"owner"`
	Frequency string          `json:"frequency"`
	OECD      []int64         `json:"oecd"`
	UNGP      []int64         `json:"ungp"`
	Findings  []string        `json:"findings"`
	Trail     assurance.Trail `json:"trail"`
	Result    string          `json:"result"` // effective, not_effective, absent, or open
	Tests     []AssessedTest  `json:"tests"`
}

// AssessedTest is one test of a control.
type AssessedTest struct {
	Entry       int64    `json:"entry"`
	Of          string   `json:"of"`
	How         string   `json:"how"`
	Conclusion  string   `json:"conclusion"`
	Population  int64    `json:"population"`
	Items       int64    `json:"items"`
	Deviations  int64    `json:"deviations"`
	NotTestable int64    `json:"not_testable"`
	Bound       *int64   `json:"at_most"` // of the population deviate, with 95 % confidence
	Causes      []string `json:"causes"`
	Reuses      string   `json:"reuses,omitempty"` // leaf hash of the earlier engagement's test on whose evidence it rests
	Procedure   Value    `json:"procedure"`
	Exceptions  Value    `json:"exceptions"`
}

// AssessedImpact is one impact that is held.
type AssessedImpact struct {
	Entry         int64    `json:"entry"`
	Actual        bool     `json:"actual"`
	Right         string   `json:"right"`
	Groups        []string `json:"groups"`
	Scale         int64    `json:"scale"`
	Scope         int64    `json:"scope"`
	Irremediable  int64    `json:"irremediability"`
	Involvement   string   `json:"involvement"`
	Actions       []string `json:"actions"`
	Remedy        string   `json:"remedy"`
	Relationships []string `json:"relationship"`
	PlanDue       string   `json:"plan_due"`
	Overdue       bool     `json:"overdue"` // on the report's day
	KnownFrom     []string `json:"known_from"`
	Stated        Value    `json:"stated_use"`
	Observed      Value    `json:"actual_use"`
	Reasons       Value    `json:"reasons"`
	Plan          Value    `json:"plan"`
}

// AssessedAnswer is a determination with who dissents and what the company says.
type AssessedAnswer struct {
	Entry        int64           `json:"entry"`
	Question     string          `json:"question"`
	Conclusion   string          `json:"conclusion"`
	Level        string          `json:"level"`
	Population   int64           `json:"population"`
	Examined     int64           `json:"examined"`
	Unmapped     int64           `json:"unmapped"`
	Coverage     int64           `json:"coverage"`
	Required     int64           `json:"required"`
	Effective    int64           `json:"effective"`
	NotEffective int64           `json:"not_effective"`
	Absent       int64           `json:"absent"`
	Untested     int64           `json:"untested"`
	Involved     int64           `json:"involved"`
	Reasons      Value           `json:"reasons"`
	Evidence     Value           `json:"evidence"`
	Dissents     []AssessedReply `json:"dissents"`
	Replies      []AssessedReply `json:"replies"` // of the company
}

// AssessedReply is what somebody says to a determination.
type AssessedReply struct {
	Entry int64  `json:"entry"`
	Says  string `json:"says"` // another conclusion; or accepts, accepts_partly, rejects
	Text  Value  `json:"text"`
}

// AssessedRequests says how the company answered what assessors asked for.
type AssessedRequests struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
	Late     int `json:"late"`
	Overdue  int `json:"overdue"` // not answered, and past their day
}
