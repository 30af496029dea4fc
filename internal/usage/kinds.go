package usage

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// ObjectRecord says that an object of telemetry was read, and what was counted of
// it. Its identity is its content: delivered again it adds nothing. Read by other
// rules or for other deployments it has another revision, which adds what was not
// counted before.
type ObjectRecord struct {
	SHA256    string `duly:"sha256,public,hash,column"`
	Rules     string `duly:"rules,public,hash,column"`
	Mapping   string `duly:"mapping,public,hash"` // the pack by which rows were read; absent for CloudTrail
	State     string `duly:"state,public,enum=complete|incomplete|skipped"`
	Day       string `duly:"day,public,date"`
	Bytes     int64  `duly:"bytes,public"`
	Read      int64  `duly:"read,public"` // = matched + unmatched + rejected
	Matched   int64  `duly:"matched,public"`
	Unmatched int64  `duly:"unmatched,public"`
	Rejected  int64  `duly:"rejected,public"`
	Unmapped  int64  `duly:"unmapped,public"`        // events of accounts that map to no deployment
	Changed   bool   `duly:"changed,public"`         // the name had come with other content before
	KeptUntil string `duly:"kept_until,public,date"` // to which day whoever holds the object keeps it; absent if not said
	Since     string `duly:"since,public,date"`      // of pushed events: before this day nobody could tell whether they were counted before; absent where all could be told
	Source    string `duly:"source,security"`
	Name      string `duly:"name,security"`
	Identity  string `duly:"identity,security,column"` // source and name
	// Counted lists what this object adds to which counts; see contribution.
	Counted []string `duly:"counted,customer"`
}

// CountRecord is what happened under one condition in one deployment on one day,
// over all objects counted so far.
type CountRecord struct {
	Condition  string   `duly:"condition,public,hash"`
	Day        string   `duly:"day,public,date"`
	Basis      string   `duly:"basis,public,enum=events|metering"`
	Exposures  int64    `duly:"exposures,public"`
	Deviations int64    `duly:"deviations,public"`
	Unknown    int64    `duly:"unknown,public"`
	Deployment string   `duly:"deployment,customer,column"`
	Clause     string   `duly:"clause,customer"` // the condition's id
	Identity   string   `duly:"identity,customer,column"`
	Assumed    []string `duly:"assumed,customer"`
}

// FindingRecord says that a condition was not kept in a deployment on a day.
type FindingRecord struct {
	State      string   `duly:"state,public,enum=open|closed,column"`
	Grade      string   `duly:"grade,public,enum=low|medium|high|critical"`
	Kind       string   `duly:"kind,public,enum=breach|deviation|blind_spot|undeclared"`
	Condition  string   `duly:"condition,public,hash"`
	Day        string   `duly:"day,public,date"`
	Calls      int64    `duly:"calls,public"`
	Deployment string   `duly:"deployment,customer,column"`
	Clause     string   `duly:"clause,customer"`
	Binding    string   `duly:"binding,public,enum=agreed|amended|outdated|none"`
	BindsBy    string   `duly:"binds_by,customer"` // the clause by which guidance binds
	Identity   string   `duly:"identity,customer,column"`
	First      string   `duly:"first,security"` // event id and time
	Last       string   `duly:"last,security"`
	Evidence   []string `duly:"evidence,security"`
	Assumed    []string `duly:"assumed,customer"`
}

// ShownRecord says what calls of a deployment showed on one day, over all objects counted
// so far: what its use is, to be held to what was declared (RS-09).
type ShownRecord struct {
	Day        string   `duly:"day,public,date"`
	Basis      string   `duly:"basis,public,enum=events|metering"`
	Calls      int64    `duly:"calls,public"`
	Deployment string   `duly:"deployment,customer,column"`
	Identity   string   `duly:"identity,customer,column"` // deployment, day and basis
	Seen       []string `duly:"seen,customer"`            // what, where and for what, each with its calls; see Shown
}

// The kinds of record that this room owns.
var (
	ObjectRecords = ledger.Define[ObjectRecord]("usage_object", 1)
	Counts        = ledger.Define[CountRecord]("usage_count", 1)
	Findings      = ledger.Define[FindingRecord]("finding", 1)
	ShownRecords  = ledger.Define[ShownRecord]("usage_shown", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "usage", Files: files}
