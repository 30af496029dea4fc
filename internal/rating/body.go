package rating

// body is a method pack below its header, as YAML.
type body struct {
	Frameworks []string          `yaml:"frameworks"` // ids of the framework packs that rests_on names
	Facts      []factBody        `yaml:"facts,required"`
	Families   map[string]string `yaml:"families,required"`
	Indicators []indicatorBody   `yaml:"indicators,required"`
	Severity   severityBody      `yaml:"severity,required"`
	Likelihood likelihoodBody    `yaml:"likelihood,required"`
	Matrix     map[string]string `yaml:"matrix,required"`
	Controls   controlsBody      `yaml:"controls,required"`
	Tiers      tiersBody         `yaml:"tiers,required"`
	Decisions  decisionsBody     `yaml:"decisions,required"`
	Stops      []stopBody        `yaml:"hard_stops,required"`
	Uses       []useBody         `yaml:"prohibited_uses"`
	Complete   []requirementBody `yaml:"complete_when,required"`

	Compliance    *complianceBody    `yaml:"compliance"`
	Participation *participationBody `yaml:"participation"`

	Tests testsBody `yaml:"tests,required"`
}

type factBody struct {
	ID       string   `yaml:"id,required"`
	Type     string   `yaml:"type,required"`
	Question string   `yaml:"question,required"`
	Required bool     `yaml:"required"`
	Register string   `yaml:"register"`
	Values   []string `yaml:"values"`
	Min      *int64   `yaml:"min"`
	Max      *int64   `yaml:"max"`

	ShelfDays int      `yaml:"shelf_days"`
	Sources   int      `yaml:"sources"`
	Answers   []string `yaml:"answers"`
	Evidence  string   `yaml:"evidence"`
	RestsOn   []string `yaml:"rests_on"` // items of framework packs
}

type indicatorBody struct {
	ID     string `yaml:"id,required"`
	Title  string `yaml:"title,required"`
	Family string `yaml:"family,required"`
	Weight int    `yaml:"weight,required"`
	Origin string `yaml:"origin,required"`
	When   string `yaml:"when,required"`

	Controls []string `yaml:"controls"` // the necessary ones: no credit without them while it is raised
	RestsOn  []string `yaml:"rests_on"`
	// Of a part that holds for a time only.
	From      string `yaml:"effective_from"`
	To        string `yaml:"effective_to"`
	Status    string `yaml:"status"`
	Reference string `yaml:"reference"`
	Grade     string `yaml:"grade"`
}

type severityBody struct {
	VulnerableGroup   string        `yaml:"vulnerable_group,required"` // the fact
	VulnerableRaises  int           `yaml:"vulnerable_raises_scale_by,required"`
	IrremediableFloor int           `yaml:"irremediable_floor,required"`
	Questions         questionsBody `yaml:"questions,required"`
	Rights            []rightBody   `yaml:"rights,required"`

	Rule       string        `yaml:"rule"`            // dominant when left out, or mean
	ScopeFloor int           `yaml:"scope_floor"`     // least severity where scope is 5; none when left out
	Always     []string      `yaml:"always_answered"` // rights that no method of this line may leave out
	Evidence   *evidenceBody `yaml:"answered"`        // what it takes to answer the facts of every right
	Second     *secondBody   `yaml:"second_scorer"`   // asks for them once more; the graver of both counts
}

// secondBody asks somebody else, by themselves, for the facts of every right.
type secondBody struct {
	When      string   `yaml:"when"` // the deployments it is asked for; all when left out
	ShelfDays int      `yaml:"shelf_days"`
	Sources   int      `yaml:"sources"`
	Answers   []string `yaml:"answers"`
	Shown     string   `yaml:"evidence"`
}

// evidenceBody is what it takes to answer the facts of rights.
type evidenceBody struct {
	ShelfDays int      `yaml:"shelf_days"`
	Sources   int      `yaml:"sources"`
	Answers   []string `yaml:"answers"`
	Shown     string   `yaml:"evidence"`
}

type questionsBody struct {
	Scale           string `yaml:"scale,required"`
	Scope           string `yaml:"scope,required"`
	Irremediability string `yaml:"irremediability,required"`
}

type rightBody struct {
	ID       string `yaml:"id,required"`
	Title    string `yaml:"title,required"`
	Articles string `yaml:"articles,required"`
}

type likelihoodBody struct {
	Base       int    `yaml:"base,required"`
	Cap        int    `yaml:"cap,required"`
	ActualHarm string `yaml:"actual_harm,required"` // the fact that lifts likelihood to the cap
	ActualWhen string `yaml:"actual_when"`          // the expression that does instead
}

type controlsBody struct {
	Required           string `yaml:"required,required"`
	Operating          string `yaml:"operating,required"`
	TechnicalOrOutside string `yaml:"technical_or_independent,required"`
	Audited            string `yaml:"independently_audited,required"`
	PercentForOne      int64  `yaml:"percent_for_one,required"`
	PercentForTwo      int64  `yaml:"percent_for_two,required"`
	LowestLikelihood   int    `yaml:"lowest_likelihood,required"`

	Question  string        `yaml:"question"` // about the state of a control, after its title
	NamedBy   []string      `yaml:"named_by"` // families whose indicators must name a necessary control
	Necessary []controlBody `yaml:"necessary"`
}

type controlBody struct {
	ID        string   `yaml:"id,required"`
	Title     string   `yaml:"title,required"`
	Requires  []string `yaml:"requires"`   // controls without which this one is worth nothing
	ShelfDays int      `yaml:"shelf_days"` // after which a test result has expired
	RestsOn   []string `yaml:"rests_on"`
}

type tierBody struct {
	Tier   string `yaml:"tier,required"`
	Months int    `yaml:"review_months,required"`
}

type tiersBody struct {
	Low        tierBody `yaml:"LOW,required"`
	Medium     tierBody `yaml:"MEDIUM,required"`
	High       tierBody `yaml:"HIGH,required"`
	Critical   tierBody `yaml:"CRITICAL,required"`
	Incomplete string   `yaml:"incomplete_at_least,required"` // a band
}

type decisionsBody struct {
	Existing   string       `yaml:"existing,required"` // the fact
	Low        decisionBody `yaml:"LOW,required"`
	Medium     decisionBody `yaml:"MEDIUM,required"`
	High       decisionBody `yaml:"HIGH,required"`
	Critical   decisionBody `yaml:"CRITICAL,required"`
	LegalStop  string       `yaml:"legal_stop,required"`
	PolicyStop string       `yaml:"policy_stop,required"`
	Incomplete string       `yaml:"incomplete,required"`
}

type decisionBody struct {
	New      string `yaml:"new,required"`
	Existing string `yaml:"existing,required"`
}

type stopBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	Basis string `yaml:"basis,required"` // legal or policy
	When  string `yaml:"when"`           // left out where prohibited uses name the stop

	RestsOn   []string `yaml:"rests_on"`
	From      string   `yaml:"effective_from"`
	To        string   `yaml:"effective_to"`
	Status    string   `yaml:"status"`
	Reference string   `yaml:"reference"`
	Grade     string   `yaml:"grade"`
}

// useBody is a use that is prohibited: while it holds, so does its stop.
type useBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	Stop  string `yaml:"stop,required"`
	When  string `yaml:"when,required"`

	RestsOn   []string `yaml:"rests_on"`
	From      string   `yaml:"effective_from"`
	To        string   `yaml:"effective_to"`
	Status    string   `yaml:"status,required"`
	Reference string   `yaml:"reference,required"`
	Grade     string   `yaml:"grade,required"`
}

// complianceBody asks for compliance and impact as two axes.
type complianceBody struct {
	BrokenBy    []string `yaml:"broken_by,required"`     // indicators: raised, the guidance or a condition is broken
	HarmfulFrom string   `yaml:"harmful_from,required"`  // the residual band from which a deployment counts as harmful
	HarmShownBy []string `yaml:"harm_shown_by,required"` // indicators that show harm by themselves
	Finding     string   `yaml:"finding,required"`       // what it means to keep the guideline and do harm
}

type participationBody struct {
	Inputs []inputBody         `yaml:"inputs,required"`
	ByBand map[string][]string `yaml:"by_band,required"` // of the inherent band, as tiers are
}

type inputBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	From  string `yaml:"from,required"` // who gives it
}

type requirementBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	When  string `yaml:"when,required"`
}

type testsBody struct {
	Baseline   map[string]any      `yaml:"baseline,required"` // facts of a deployment that raises nothing
	Indicators []ruleTest          `yaml:"indicators,required"`
	Stops      []ruleTest          `yaml:"hard_stops,required"`
	Complete   []requirementTest   `yaml:"complete_when"`
	Needed     []string            `yaml:"needed"` // facts that keep the baseline pending while open, each alone
	Matrix     map[string][][2]int `yaml:"matrix"` // by band, its cells: severity, likelihood
	Controls   []controlsTest      `yaml:"controls"`
	Severity   []severityTest      `yaml:"severity,required"`
	Cases      []caseTest          `yaml:"cases,required"`

	Day        string              `yaml:"day"`             // on which the tests rate, where parts are dated
	Uses       []ruleTest          `yaml:"prohibited_uses"` // as hard stops
	Necessary  map[string][]string `yaml:"necessary"`       // by control, the indicators that need it, also through others
	Actual     *answerTest         `yaml:"actual_when"`
	Second     *answerTest         `yaml:"second_scorer"`
	Compliance []complianceTest    `yaml:"compliance"`
}

// answerTest gives facts with which an expression is true, false and unknown.
type answerTest struct {
	Met     []map[string]any `yaml:"met,required"`
	Unmet   []map[string]any `yaml:"unmet,required"`
	Unknown []map[string]any `yaml:"unknown,required"`
}

type complianceTest struct {
	Facts      map[string]any `yaml:"facts,required"`
	Compliance string         `yaml:"compliance,required"`
	Impact     string         `yaml:"impact,required"`
	Finding    bool           `yaml:"finding"`
}

// ruleTest gives the facts over the baseline with which an indicator or a stop is
// raised, clear and unknown, one set for each way.
type ruleTest struct {
	ID       string           `yaml:"id,required"`
	Adds     map[string]int   `yaml:"adds"`     // of an indicator: the weight by family once it is raised
	Decision string           `yaml:"decision"` // of a stop: what is called for once it is raised
	Raised   []map[string]any `yaml:"raised,required"`
	Clear    []map[string]any `yaml:"clear,required"`
	Unknown  []map[string]any `yaml:"unknown,required"`
	Day      string           `yaml:"day"`        // of a dated part: a day on which it holds, where it is not that of all tests
	Dormant  []string         `yaml:"dormant_on"` // of a dated part: days on which what raises it does not
}

type requirementTest struct {
	ID      string           `yaml:"id,required"`
	Met     []map[string]any `yaml:"met,required"`
	Unmet   []map[string]any `yaml:"unmet,required"`
	Unknown []map[string]any `yaml:"unknown,required"`
}

type controlsTest struct {
	Required  int64 `yaml:"required,required"`
	Operating int64 `yaml:"operating,required"`
	Technical bool  `yaml:"technical,required"`
	Audited   bool  `yaml:"audited,required"`
	Expect    int   `yaml:"expect,required"`
}

type severityTest struct {
	Sev    [3]int `yaml:"sev,required"`
	Expect int    `yaml:"expect,required"`
}

// caseTest is one deployment: its facts over the baseline, the indicators that
// exactly they raise, the same as a case for duly rate, and the result of both.
type caseTest struct {
	ID         string         `yaml:"id,required"`
	Title      string         `yaml:"title,required"`
	Facts      map[string]any `yaml:"facts,required"`
	Raises     []string       `yaml:"raises,required"`
	Sev        [3]*int        `yaml:"sev,required"`
	Actual     bool           `yaml:"actual"`
	Existing   bool           `yaml:"existing"`
	Incomplete bool           `yaml:"incomplete"`
	Day        string         `yaml:"day"`
	Expect     expectBody     `yaml:"expect,required"`
}

type expectBody struct {
	S        int      `yaml:"S,required"`
	L        int      `yaml:"L,required"`
	Inherent string   `yaml:"inherent,required"`
	Ctrl     int      `yaml:"ctrl,required"`
	LR       int      `yaml:"LR,required"`
	Residual string   `yaml:"residual,required"`
	Tier     string   `yaml:"tier,required"`
	Stops    []string `yaml:"hs,required"`
	Decision string   `yaml:"decision,required"`
	Review   int      `yaml:"review,required"`

	Participation []string `yaml:"participation"` // by facts only
	Lacking       []string `yaml:"lacking"`       // necessary controls that do not operate; by facts only
}
