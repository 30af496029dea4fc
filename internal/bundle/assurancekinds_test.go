package bundle

import "duly/internal/ledger"

// The kinds of an assessor's work, with the fields that the checker looks at.
type (
	engagementRecord struct {
		State    string `duly:"state,public,enum=draft|approved"`
		Level    string `duly:"level,public,enum=limited|reasonable"`
		Required int64  `duly:"required_coverage,public"`
		From     string `duly:"from_day,public,date"`
		Upto     string `duly:"upto_day,public,date"`
		Due      string `duly:"due,public,date"`
	}
	workpaperRecord struct {
		Terms  string `duly:"terms,public,hash"`
		SHA256 string `duly:"sha256,public,hash"`
	}
	controlTestRecord struct {
		Terms       string   `duly:"terms,public,hash"`
		Control     string   `duly:"control,public,hash"`
		Of          string   `duly:"of,public,enum=design|operation"`
		How         string   `duly:"how,public,enum=inspection|sample|whole"`
		Conclusion  string   `duly:"conclusion,public,enum=effective|not_effective|absent|extend"`
		Sample      string   `duly:"sample,public,hash"`
		Extends     string   `duly:"extends,public,hash"`
		Reuses      string   `duly:"reuses,public,hash"`
		Day         string   `duly:"day,public,date"`
		Population  int64    `duly:"population,public"`
		Items       int64    `duly:"items,public"`
		Kept        int64    `duly:"kept,public"`
		Deviations  int64    `duly:"deviations,public"`
		NotTestable int64    `duly:"not_testable,public"`
		Grave       int64    `duly:"grave,public"`
		GraveMissed int64    `duly:"grave_missed,public"`
		Tolerable   int64    `duly:"tolerable,public"`
		Bound       *int64   `duly:"bound,public"`
		Causes      []string `duly:"causes,public,enum=people|system"`
		Results     []string `duly:"results,security"`
	}
	impactRecord struct {
		Terms        string   `duly:"terms,public,hash"`
		State        string   `duly:"state,public,enum=held|withdrawn"`
		Actual       bool     `duly:"actual,public"`
		Right        string   `duly:"right,public,enum=privacy|liberty"`
		Groups       []string `duly:"groups,public,enum=children|journalists"`
		Scale        int64    `duly:"scale,public"`
		Scope        int64    `duly:"scope,public"`
		Irremediable int64    `duly:"irremediability,public"`
		Involvement  string   `duly:"involvement,public,enum=cause|contribute|linked|none"`
		Remedy       string   `duly:"remedy,public,enum=none|required|not_required"`
		PlanDue      string   `duly:"plan_due,public,date"`
		Bases        []string `duly:"known_from,public,enum=telemetry|media|stated"`
	}
	determinationRecord struct {
		Terms        string `duly:"terms,public,hash"`
		Question     string `duly:"question,public,enum=contribution|process"`
		Conclusion   string `duly:"conclusion,public,enum=yes|no|partly|indeterminate"`
		Level        string `duly:"level,public,enum=limited|reasonable"`
		Population   int64  `duly:"population,public"`
		Examined     int64  `duly:"examined,public"`
		Unmapped     int64  `duly:"unmapped,public"`
		Coverage     int64  `duly:"coverage,public"`
		Required     int64  `duly:"required,public"`
		Controls     int64  `duly:"controls,public"`
		Effective    int64  `duly:"effective,public"`
		NotEffective int64  `duly:"not_effective,public"`
		Absent       int64  `duly:"absent,public"`
		Untested     int64  `duly:"untested,public"`
		Involved     int64  `duly:"involved,public"`
	}
	dissentRecord struct {
		Determination string `duly:"determination,public,hash"`
		Conclusion    string `duly:"conclusion,public,enum=yes|no|partly|indeterminate"`
	}
	redactionRecord struct {
		Terms  string `duly:"terms,public,hash"`
		State  string `duly:"state,public,enum=withheld|lifted"`
		Schema string `duly:"schema,public,hash"`
		Field  int64  `duly:"field,public"`
		Class  string `duly:"class,public,enum=customer|trade_secret|personal"`
		Reason string `duly:"reason,public,enum=competition|privacy|law"`
	}
	independenceRecord struct {
		State     string   `duly:"state,public,enum=declared|recused"`
		Terms     string   `duly:"terms,public,hash"`
		Ties      []string `duly:"ties,public,enum=funding"`
		Appointed string   `duly:"appointed_by,public,enum=outside"`
		Removed   string   `duly:"removed_by,public,enum=outside"`
		Blocks    bool     `duly:"blocking,public"`
		Flagged   bool     `duly:"flagged,public"`
	}
	assignmentRecord struct {
		State     string `duly:"state,public,enum=started|concluded"`
		Terms     string `duly:"terms,public,hash"`
		Assessors int64  `duly:"assessors,public"`
		Flagged   int64  `duly:"flagged,public"`
	}
	sizedRecord struct {
		Terms       string `duly:"terms,public,hash"`
		From        string `duly:"from_day,public,date"`
		Upto        string `duly:"upto_day,public,date"`
		Size        int64  `duly:"size,public"`
		Root        string `duly:"root,public,hash"`
		Commitment  string `duly:"commitment,public,hash"`
		Hash        string `duly:"population,public,hash"`
		Customers   int64  `duly:"customers,public"`
		Accounts    int64  `duly:"accounts,public"`
		Deployments int64  `duly:"deployments,public"`
		Lanes       int64  `duly:"lanes,public"`
		Cases       int64  `duly:"cases,public"`
		Ratings     int64  `duly:"ratings,public"`
		Decisions   int64  `duly:"decisions,public"`
		Requests    int64  `duly:"data_requests,public"`
		Incidents   int64  `duly:"incidents,public"`
		Inputs      int64  `duly:"inputs,public"`
		Refusals    int64  `duly:"refusals,public"`
		Ended       int64  `duly:"ended,public"`
		OpenCases   int64  `duly:"open_cases,public"`
		LateCases   int64  `duly:"late_cases,public"`
		Unopened    int64  `duly:"unopened,public"`
		Declined    int64  `duly:"declined,public"`
		GraveRate   int64  `duly:"grave_ratings,public"`
		GraveAct    int64  `duly:"grave_decisions,public"`
		Afterward   int64  `duly:"afterward,public"`
	}
	takenRecord struct {
		Population string `duly:"population,public,hash"`
		Draw       int64  `duly:"draw,public"`
		State      string `duly:"state,public,enum=planned|drawn"`
		Of         string `duly:"of,public,enum=deployment|rating"`
		Wanted     int64  `duly:"wanted,public"`
		Secret     string `duly:"secret,public,hash"`
		Root       string `duly:"root,public,hash"`
		Position   int64  `duly:"position,public"`
		Targeted   int64  `duly:"targeted,public"`
		Size       int64  `duly:"size,public"`
		From       int64  `duly:"drawn_from,public"`
		Strata     int64  `duly:"strata,public"`
		Hash       string `duly:"drawn,public,hash"`
	}
	reconciliationRecord struct {
		Terms     string `duly:"terms,public,hash"`
		Of        string `duly:"of,public,enum=account|customer"`
		Rows      int64  `duly:"rows,public"`
		Known     int64  `duly:"known,public"`
		Missing   int64  `duly:"missing,public"`
		Ambiguous int64  `duly:"ambiguous,public"`
		Unread    int64  `duly:"unread,public"`
		Repeated  int64  `duly:"repeated,public"`
		Recorded  int64  `duly:"recorded,public"`
		Unlisted  int64  `duly:"unlisted,public"`
	}
	deploymentRecord struct {
		State string `duly:"state,public,enum=active|ended"`
	}
	publicationRecord struct {
		What  string `duly:"what,public,enum=assessment|report|annual"`
		JSON  string `duly:"json,public,hash"`
		HTML  string `duly:"html,public,hash"`
		Size  int64  `duly:"size,public"`
		Terms string `duly:"terms,public,hash"`
		Day   string `duly:"day,public,date"`
	}
	consentRecord struct {
		Redaction string `duly:"redaction,public,hash"`
		Agrees    bool   `duly:"agrees,public"`
	}
)

var (
	engagementKind     = ledger.Define[engagementRecord]("engagement", 1, ledger.SignedBy(1))
	workpaperKind      = ledger.Define[workpaperRecord]("workpaper", 1, ledger.SignedBy(1))
	controlTestKind    = ledger.Define[controlTestRecord]("control_test", 1, ledger.SignedBy(1))
	impactKind         = ledger.Define[impactRecord]("impact", 1, ledger.SignedBy(1))
	determinationKind  = ledger.Define[determinationRecord]("determination", 1, ledger.SignedBy(1))
	dissentKind        = ledger.Define[dissentRecord]("dissent", 1, ledger.SignedBy(1))
	redactionKind      = ledger.Define[redactionRecord]("redaction", 1, ledger.SignedBy(1))
	independenceKind   = ledger.Define[independenceRecord]("independence", 1, ledger.SignedBy(1))
	assignmentKind     = ledger.Define[assignmentRecord]("assignment", 1, ledger.SignedBy(1))
	sizedKind          = ledger.Define[sizedRecord]("population", 1, ledger.SignedBy(1))
	takenKind          = ledger.Define[takenRecord]("engagement_sample", 1, ledger.SignedBy(1))
	reconciliationKind = ledger.Define[reconciliationRecord]("reconciliation", 1, ledger.SignedBy(1))
	deploymentKind     = ledger.Define[deploymentRecord]("deployment", 1)
	publicationKind    = ledger.Define[publicationRecord]("publication", 1, ledger.SignedBy(1))
	consentKind        = ledger.Define[consentRecord]("redaction_consent", 1, ledger.SignedBy(1))
)
