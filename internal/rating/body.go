package rating

// The bodies below carry their own documentation: the tag about says what a key is
// for, and becomes the help of editors by [Schema].

// body is a method pack below its header, as YAML.
type body struct {
	Frameworks []string          `yaml:"frameworks" about:"ids of the framework packs that rests_on names"`
	Facts      []factBody        `yaml:"facts,required" about:"what the method asks about a deployment"`
	Families   map[string]string `yaml:"families,required" about:"groups of indicators: of each the largest raised weight counts, once"`
	Indicators []indicatorBody   `yaml:"indicators,required" about:"signs of risk"`
	Severity   severityBody      `yaml:"severity,required" about:"how grave harm to people is"`
	Likelihood likelihoodBody    `yaml:"likelihood,required" about:"how likely it is"`
	Matrix     map[string]string `yaml:"matrix,required" about:"rows '1' to '5' by severity, five letters each by likelihood: L, M, H, C"`
	Controls   controlsBody      `yaml:"controls,required" about:"what tested controls take off likelihood"`
	Tiers      tiersBody         `yaml:"tiers,required" about:"how deep to look and how often, by inherent band"`
	Decisions  decisionsBody     `yaml:"decisions,required" about:"what the method calls for, by residual band at the worst end"`
	Stops      []stopBody        `yaml:"hard_stops,required" about:"what goes before any score"`
	Uses       []useBody         `yaml:"prohibited_uses" about:"uses that are prohibited: while one holds, so does its stop"`
	Complete   []requirementBody `yaml:"complete_when,required" about:"what must be true before anything is activated"`

	Compliance    *complianceBody    `yaml:"compliance" about:"compliance and impact as two axes"`
	Participation *participationBody `yaml:"participation" about:"what experts and affected people must give, by band"`

	Tests testsBody `yaml:"tests,required" about:"the tests of this pack: duly pack test runs them"`
}

type factBody struct {
	ID       string   `yaml:"id,required" about:"as expressions name it: words joined by dots"`
	Type     string   `yaml:"type,required" enum:"text|int|bool|texts" about:"text: one of values; texts: any of values; int: from min to max; bool: yes or no"`
	Question string   `yaml:"question,required" about:"asked of a person"`
	Required bool     `yaml:"required" about:"while it is unknown the rating is pending"`
	Register string   `yaml:"register" about:"where the register holds it, for example customer.sector"`
	Values   []string `yaml:"values" about:"of a text or a texts: all there can be"`
	Min      *int64   `yaml:"min" about:"of an int"`
	Max      *int64   `yaml:"max" about:"of an int"`

	ShelfDays int      `yaml:"shelf_days" about:"after so many days an answer is out of date and unknown again; never when left out"`
	Sources   int      `yaml:"sources" about:"independent sources that an answer needs; 1 when left out"`
	Answers   []string `yaml:"answers" enum:"program|customer|analyst|expert|affected_people|independent" about:"who may answer"`
	Evidence  string   `yaml:"evidence" about:"what shows the answer"`
	RestsOn   []string `yaml:"rests_on" about:"items of framework packs, as pack/item"`
}

type indicatorBody struct {
	ID     string `yaml:"id,required" about:"unique in the pack"`
	Title  string `yaml:"title,required"`
	Family string `yaml:"family,required" about:"one of families"`
	Weight int    `yaml:"weight,required" about:"1 or more; weights rank, they measure nothing"`
	Origin string `yaml:"origin,required" about:"whose idea it is"`
	When   string `yaml:"when,required" about:"an expression over facts, in CEL: true raises it"`

	Controls  []string `yaml:"controls" about:"ids of the necessary controls: no credit without them while it is raised"`
	RestsOn   []string `yaml:"rests_on" about:"items of framework packs, as pack/item"`
	From      string   `yaml:"effective_from" about:"first day it holds, YYYY-MM-DD"`
	To        string   `yaml:"effective_to" about:"last day it holds"`
	Status    string   `yaml:"status" about:"who stands behind it"`
	Reference string   `yaml:"reference" about:"where it stands"`
	Grade     string   `yaml:"grade" enum:"verified|unverified" about:"verified if the text was read"`
}

type severityBody struct {
	VulnerableGroup   string        `yaml:"vulnerable_group,required" about:"the yes-or-no fact"`
	VulnerableRaises  int           `yaml:"vulnerable_raises_scale_by,required" about:"0 for no step"`
	IrremediableFloor int           `yaml:"irremediable_floor,required" about:"least severity where irremediability is 5; 1 for none"`
	Questions         questionsBody `yaml:"questions,required"`
	Rights            []rightBody   `yaml:"rights,required" about:"each adds the facts harm.<id>.scale, .scope and .irremediability"`

	Rule       string        `yaml:"rule" enum:"dominant|mean" about:"dominant: the scale or the rounded-up mean, whichever is more; mean: the mean, rounded"`
	ScopeFloor int           `yaml:"scope_floor" about:"least severity where scope is 5; none when left out"`
	Always     []string      `yaml:"always_answered" about:"rights that must be among rights"`
	Evidence   *evidenceBody `yaml:"answered" about:"what it takes to answer the facts of every right"`
	Second     *secondBody   `yaml:"second_scorer" about:"asks for them once more; the graver counts"`
}

// secondBody asks somebody else, by themselves, for the facts of every right.
type secondBody struct {
	When      string   `yaml:"when" about:"the deployments it is asked for; all when left out"`
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
	Base       int    `yaml:"base,required" about:"before any indicator"`
	Cap        int    `yaml:"cap,required" about:"at most 5"`
	ActualHarm string `yaml:"actual_harm,required" about:"the yes-or-no fact that lifts likelihood to the cap"`
	ActualWhen string `yaml:"actual_when" about:"the expression that does instead"`
}

type controlsBody struct {
	Required           string `yaml:"required,required" about:"the fact: how many controls are needed"`
	Operating          string `yaml:"operating,required" about:"the fact: how many were tested and found operating"`
	TechnicalOrOutside string `yaml:"technical_or_independent,required" about:"the yes-or-no fact"`
	Audited            string `yaml:"independently_audited,required" about:"the yes-or-no fact"`
	PercentForOne      int64  `yaml:"percent_for_one,required" about:"share operating for one step"`
	PercentForTwo      int64  `yaml:"percent_for_two,required" about:"share operating for two steps"`
	LowestLikelihood   int    `yaml:"lowest_likelihood,required" about:"controls take off no more than down to this"`

	Question  string        `yaml:"question" about:"about the state of a necessary control, after its title"`
	NamedBy   []string      `yaml:"named_by" about:"families whose indicators must name a necessary control"`
	Necessary []controlBody `yaml:"necessary" about:"each adds the fact control.<id>: absent, designed, operating, independently_tested or expired"`
}

type controlBody struct {
	ID        string   `yaml:"id,required"`
	Title     string   `yaml:"title,required"`
	Requires  []string `yaml:"requires" about:"controls without which this one is worth nothing"`
	ShelfDays int      `yaml:"shelf_days" about:"after so many days a test result has expired"`
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
	Incomplete string   `yaml:"incomplete_at_least,required" enum:"LOW|MEDIUM|HIGH|CRITICAL" about:"the band whose tier an incomplete rating has at least"`
}

type decisionsBody struct {
	Existing   string       `yaml:"existing,required" about:"the yes-or-no fact: does it run already"`
	Low        decisionBody `yaml:"LOW,required"`
	Medium     decisionBody `yaml:"MEDIUM,required"`
	High       decisionBody `yaml:"HIGH,required"`
	Critical   decisionBody `yaml:"CRITICAL,required"`
	LegalStop  string       `yaml:"legal_stop,required" about:"begin with PROHIBITED (legal"`
	PolicyStop string       `yaml:"policy_stop,required" about:"begin with PROHIBITED (policy"`
	Incomplete string       `yaml:"incomplete,required"`
}

type decisionBody struct {
	New      string `yaml:"new,required" about:"begin with APPROVE WITH CONDITIONS, APPROVE, ESCALATE, DECLINE or SUSPEND"`
	Existing string `yaml:"existing,required"`
}

type stopBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	Basis string `yaml:"basis,required" enum:"legal|policy" about:"legal or policy"`
	When  string `yaml:"when" about:"an expression over facts; left out where prohibited uses name the stop"`

	RestsOn   []string `yaml:"rests_on" about:"items of framework packs, as pack/item"`
	From      string   `yaml:"effective_from" about:"first day it holds, YYYY-MM-DD"`
	To        string   `yaml:"effective_to" about:"last day it holds"`
	Status    string   `yaml:"status"`
	Reference string   `yaml:"reference"`
	Grade     string   `yaml:"grade" enum:"verified|unverified" about:"verified if the text was read"`
}

// useBody is a use that is prohibited: while it holds, so does its stop.
type useBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	Stop  string `yaml:"stop,required" about:"the stop that holds while the use is made"`
	When  string `yaml:"when,required" about:"an expression over facts"`

	RestsOn   []string `yaml:"rests_on"`
	From      string   `yaml:"effective_from" about:"first day it holds, YYYY-MM-DD"`
	To        string   `yaml:"effective_to" about:"last day it holds"`
	Status    string   `yaml:"status,required"`
	Reference string   `yaml:"reference,required"`
	Grade     string   `yaml:"grade,required" enum:"verified|unverified" about:"verified if the text was read"`
}

// complianceBody asks for compliance and impact as two axes.
type complianceBody struct {
	BrokenBy    []string `yaml:"broken_by,required" about:"indicators: raised, the guidance or a condition is broken"`
	HarmfulFrom string   `yaml:"harmful_from,required" enum:"LOW|MEDIUM|HIGH|CRITICAL" about:"the residual band from which a deployment counts as harmful"`
	HarmShownBy []string `yaml:"harm_shown_by,required" about:"indicators that show harm by themselves"`
	Finding     string   `yaml:"finding,required" about:"what it means to keep the guidance and do harm"`
}

type participationBody struct {
	Inputs []inputBody         `yaml:"inputs,required"`
	ByBand map[string][]string `yaml:"by_band,required" about:"ids of inputs by band; a higher band requires at least as much"`
}

type inputBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	From  string `yaml:"from,required" enum:"program|customer|analyst|expert|affected_people|independent" about:"who gives it"`
}

type requirementBody struct {
	ID    string `yaml:"id,required"`
	Title string `yaml:"title,required"`
	When  string `yaml:"when,required"`
}

type testsBody struct {
	Baseline   map[string]any      `yaml:"baseline,required" about:"facts of a deployment that raises nothing; the other tests give what differs from it, null leaves a fact open"`
	Indicators []ruleTest          `yaml:"indicators,required"`
	Stops      []ruleTest          `yaml:"hard_stops,required"`
	Complete   []requirementTest   `yaml:"complete_when"`
	Needed     []string            `yaml:"needed" about:"facts that keep the baseline pending while open, each alone"`
	Matrix     map[string][][2]int `yaml:"matrix" about:"by band, its cells as [severity, likelihood]"`
	Controls   []controlsTest      `yaml:"controls"`
	Severity   []severityTest      `yaml:"severity,required"`
	Cases      []caseTest          `yaml:"cases,required"`

	Day        string              `yaml:"day" about:"on which the tests rate, where parts are dated"`
	Uses       []ruleTest          `yaml:"prohibited_uses"` // as hard stops
	Necessary  map[string][]string `yaml:"necessary" about:"by control, the indicators that need it, also through others"`
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
	Adds     map[string]int   `yaml:"adds" about:"of an indicator: the weight by family once it is raised"`
	Decision string           `yaml:"decision" about:"of a stop: what is called for once it is raised"`
	Raised   []map[string]any `yaml:"raised,required" about:"sets of facts, one for each way"`
	Clear    []map[string]any `yaml:"clear,required"`
	Unknown  []map[string]any `yaml:"unknown,required"`
	Day      string           `yaml:"day"` // of a dated part: a day on which it holds, where it is not that of all tests
	Dormant  []string         `yaml:"dormant_on" about:"of a dated part: days on which what raises it does not"`
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
