package assurance

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Test is what came of one control in one engagement: of its design (would it prevent or
// find what it is for) or of its operation (did it, in the items looked at). Rates are in
// hundredths of a per cent.
type Test struct {
	Terms       string   `duly:"terms,public,hash"`   // leaf hash of the approved terms
	Library     string   `duly:"library,public,hash"` // SHA-256 of the pack
	Control     string   `duly:"control,public,hash"` // as [Library.Name] gives it
	Of          string   `duly:"of,public,enum=design|operation"`
	How         string   `duly:"how,public,enum=inspection|sample|whole"` // whole: by a rule of the verifier, all of them
	Conclusion  string   `duly:"conclusion,public,enum=effective|not_effective|absent|extend"`
	Sample      string   `duly:"sample,public,hash"`  // leaf hash of the newest draw of the kind
	Extends     string   `duly:"extends,public,hash"` // leaf hash of the test that this one goes on with
	Reuses      string   `duly:"reuses,public,hash"`  // leaf hash of the earlier test on whose evidence that of a design rests
	Population  int64    `duly:"population,public"`
	Items       int64    `duly:"items,public"`
	Kept        int64    `duly:"kept,public"`
	Deviations  int64    `duly:"deviations,public"`
	NotTestable int64    `duly:"not_testable,public"`
	Grave       int64    `duly:"grave,public"`        // items that are looked at whether drawn or not
	GraveMissed int64    `duly:"grave_missed,public"` // of them those that were not kept
	Tolerable   int64    `duly:"tolerable,public"`    // rate of deviations
	Bound       *int64   `duly:"bound,public"`        // of the population that deviates, at most, with 95 % confidence; absent for an inspection
	Causes      []string `duly:"causes,public,enum=design|people|system|data|pressure|unknown"`
	Day         string   `duly:"day,public,date"`
	Results     []string `duly:"results,customer"`    // "item=kept" for each item, sorted
	Exceptions  []string `duly:"exceptions,customer"` // what was found of each item that was not kept, as [Result.String] writes it
	Procedure   string   `duly:"procedure,published"`
	Papers      []string `duly:"workpapers,trade_secret"` // record ids
	Matter      string   `duly:"engagement,published,column"`
	Person      string   `duly:"person,personal"`
}

// Workpaper is a file of an assessor, of which the log knows only what was kept of it:
// bytes that nobody but the assessor can read.
type Workpaper struct {
	Terms   string `duly:"terms,public,hash"`
	Control string `duly:"control,public,hash"` // absent where it is about none in particular
	SHA256  string `duly:"sha256,public,hash,column"`
	Size    int64  `duly:"size,public"` // bytes, encrypted
	Day     string `duly:"day,public,date"`
	Matter  string `duly:"engagement,published,column"`
	Person  string `duly:"person,personal"`
}

// Impact is harm to people that happened or may, and the company's part in it.
type Impact struct {
	Terms         string   `duly:"terms,public,hash"`
	State         string   `duly:"state,public,enum=held|withdrawn"` // withdrawn: the assessor no longer holds it
	Actual        bool     `duly:"actual,public"`                    // it happened; otherwise it may
	Right         string   `duly:"right,public,enum=life|integrity|liberty|fair_trial|privacy|family|movement|asylum|belief|expression|assembly|association|participation|non_discrimination|services|work|child|remedy"`
	Groups        []string `duly:"groups,public,enum=children|women|ethnic_or_national_minority|religious_minority|lgbti|migrants|refugees|indigenous|persons_with_disabilities|journalists|human_rights_defenders|lawyers|protesters|political_opposition|workers|suspects_and_prisoners|general_public"`
	Scale         int64    `duly:"scale,public"` // 1 to 5
	Scope         int64    `duly:"scope,public"`
	Irremediable  int64    `duly:"irremediability,public"`
	Involvement   string   `duly:"involvement,public,enum=cause|contribute|linked|none"`
	Leverage      string   `duly:"leverage,public,enum=have|can_increase|none"` // absent: not known
	Crucial       *bool    `duly:"crucial,public"`                              // the relationship, to the company
	Actions       []string `duly:"actions,public,enum=watch|cease|cease_part_and_use_leverage|cease_part_and_raise_leverage|cease_part|use_leverage|raise_leverage|none_left"`
	Remedy        string   `duly:"remedy,public,enum=none|required|not_required"`
	Relationships []string `duly:"relationship,public,enum=open|consider_ending|change_or_end|stay_and_account"`
	PlanDue       string   `duly:"plan_due,public,date"` // by when it is put right
	Bases         []string `duly:"known_from,public,enum=telemetry|audit|attestation|complaint|consultation|incident|media|stated"`
	Day           string   `duly:"day,public,date"`
	Subject       string   `duly:"subject,customer,column"`
	Stated        string   `duly:"stated_use,customer"` // what the customer says that it does
	Observed      string   `duly:"actual_use,customer"` // what it was seen to do
	Reasons       string   `duly:"reasons,customer"`    // for the involvement
	Plan          string   `duly:"plan,customer"`
	Evidence      []string `duly:"evidence,customer"` // leaf hashes
	Matter        string   `duly:"engagement,published,column"`
	Person        string   `duly:"person,personal"`
}

// Determination is an assessor's answer to a question.
type Determination struct {
	Terms        string   `duly:"terms,public,hash"`
	Library      string   `duly:"library,public,hash"`
	Question     string   `duly:"question,public,enum=contribution|process"`
	Conclusion   string   `duly:"conclusion,public,enum=yes|no|partly|indeterminate"`
	Level        string   `duly:"level,public,enum=limited|reasonable"`
	Population   int64    `duly:"population,public"` // deployments that were frozen
	Examined     int64    `duly:"examined,public"`   // of them those whose rating rests on enough facts
	Unmapped     int64    `duly:"unmapped,public"`   // rate of what is billed and maps to nothing
	Coverage     int64    `duly:"coverage,public"`
	Required     int64    `duly:"required,public"`
	Controls     int64    `duly:"controls,public"`
	Effective    int64    `duly:"effective,public"`
	NotEffective int64    `duly:"not_effective,public"`
	Absent       int64    `duly:"absent,public"`
	Untested     int64    `duly:"untested,public"`
	Involved     int64    `duly:"involved,public"` // impacts that happened and that the company caused or contributed to
	Day          string   `duly:"day,public,date"`
	Words        string   `duly:"words,published"` // the question in the words of the terms
	Criteria     []string `duly:"criteria,published"`
	Reasons      string   `duly:"reasons,published"`
	Evidence     []string `duly:"evidence,published"` // leaf hashes
	Matter       string   `duly:"engagement,published,column"`
	Person       string   `duly:"person,personal"`
}

// Dissent is what another assessor would have concluded.
type Dissent struct {
	Determination string `duly:"determination,public,hash"`
	Conclusion    string `duly:"conclusion,public,enum=yes|no|partly|indeterminate"`
	Day           string `duly:"day,public,date"`
	Reasons       string `duly:"reasons,published"`
	Matter        string `duly:"engagement,published,column"`
	Person        string `duly:"person,personal,column"`
}

// Reply is what the company says to a determination.
type Reply struct {
	Determination string `duly:"determination,public,hash"`
	Choice        string `duly:"choice,public,enum=accepts|accepts_partly|rejects"`
	Day           string `duly:"day,public,date"`
	Text          string `duly:"text,published"`
	Matter        string `duly:"engagement,published,column"`
	Person        string `duly:"person,personal"`
}

// Redaction withholds one field of a kind from the public report. It names the field by
// its schema and place among the sealed fields: what may never be sealed has no place.
type Redaction struct {
	Terms  string `duly:"terms,public,hash"`
	State  string `duly:"state,public,enum=withheld|lifted"`
	Schema string `duly:"schema,public,hash"`
	Field  int64  `duly:"field,public"` // from 0
	Class  string `duly:"class,public,enum=customer|trade_secret|security|personal|legal"`
	Reason string `duly:"reason,public,enum=competition|contract|privacy|safety|security|law"`
	Day    string `duly:"day,public,date"`
	Text   string `duly:"text,trade_secret"`
	Matter string `duly:"engagement,published,column"`
	Person string `duly:"person,personal"`
}

// Consent is what an assessor says to one redaction.
type Consent struct {
	Redaction string `duly:"redaction,public,hash"` // leaf hash
	Agrees    bool   `duly:"agrees,public"`
	Day       string `duly:"day,public,date"`
	Text      string `duly:"text,published"`
	Matter    string `duly:"engagement,published,column"`
	Person    string `duly:"person,personal,column"`
}

// The kinds of this room.
var (
	Tests          = ledger.Define[Test]("control_test", 1, ledger.SignedBy(1))
	Workpapers     = ledger.Define[Workpaper]("workpaper", 1, ledger.SignedBy(1))
	Impacts        = ledger.Define[Impact]("impact", 1, ledger.SignedBy(1))
	Determinations = ledger.Define[Determination]("determination", 1, ledger.SignedBy(1))
	Dissents       = ledger.Define[Dissent]("dissent", 1, ledger.SignedBy(1))
	Replies        = ledger.Define[Reply]("assessment_reply", 1, ledger.SignedBy(1))
	Redactions     = ledger.Define[Redaction]("redaction", 1, ledger.SignedBy(1))
	Consents       = ledger.Define[Consent]("redaction_consent", 1, ledger.SignedBy(1))
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "assurance", Files: files}
