package transparency

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Partnership is an understanding with an authority or another organisation, with or
// without a contract (RG-01). It holds from ValidFrom up to ValidTo.
type Partnership struct {
	store.Origin
	Partner       string `duly:"partner,public,enum=police|fire|other_government|company|nonprofit|unknown,column"` // what sort of organisation
	Instrument    string `duly:"instrument,public,enum=memorandum|contract|grant|pilot|none|unknown"`
	Identity      string `duly:"identity,customer,column"`
	Customer      string `duly:"customer,customer,column"` // record id, where the partner is a customer too
	Name          string `duly:"name,customer"`
	Consideration string `duly:"consideration,trade_secret"`           // what either side gives: devices, discounts, staff
	Area          string `duly:"area,customer"`                        // ISO 3166-1 or 3166-2, or the source's words
	Directs       string `duly:"directs,customer,enum=yes|no|unknown"` // the agency directs, scripts or rewards what private people do (RG-09)
}

// Request is a request of an authority for data that the vendor holds or can reach
// (RG-02). ValidFrom is the day on which it was made.
type Request struct {
	store.Origin
	Basis         string   `duly:"basis,public,enum=consent|voluntary|emergency|subpoena|court_order|warrant|national_security|unknown,column"` // as the requester says
	Outcome       string   `duly:"outcome,public,enum=pending|full|partial|none|withdrawn|unknown,column"`
	Challenge     string   `duly:"challenge,public,enum=none|narrowed|contested|unknown"` // what the vendor did against it
	Notice        string   `duly:"notice,public,enum=given|delayed|prohibited|none|unknown"`
	Answered      string   `duly:"answered,public,date"`
	RefusedByRule bool     `duly:"refused_by_rule,public"`
	Identity      string   `duly:"identity,customer,column"`
	Customer      string   `duly:"customer,customer,column"` // record id, where the requester is a customer
	Requester     string   `duly:"requester,customer,column"`
	Verified      string   `duly:"verified,customer,enum=yes|no|unknown"` // somebody made sure that it is such an agency
	Jurisdiction  string   `duly:"jurisdiction,customer"`
	Reference     string   `duly:"reference,legal"`            // of the legal process, or the agency's case
	Investigation string   `duly:"investigation,legal,column"` // what tells one investigation from another
	Reason        string   `duly:"reason,legal"`               // from a list: what is investigated
	What          string   `duly:"what,legal"`                 // which data are asked for
	Minutes       *int64   `duly:"minutes,legal"`              // of footage or records that it spans
	Area          *int64   `duly:"area,legal"`                 // hundredths of a square mile
	Persons       *int64   `duly:"persons,legal"`              // accounts or people concerned
	Broken        []string `duly:"broken,customer"`            // ids of the rules that it does not meet
	Unseen        []string `duly:"unseen,customer"`            // ids of the rules that nobody can hold it to
}

// Claim is what the vendor, or its product, tells the public about how often something
// happens, beside what the official figure is (RG-10). The figures are counts over one
// area and one span of days, from ValidFrom up to ValidTo.
type Claim struct {
	store.Origin
	Standing string `duly:"standing,public,enum=made|supported|corrected|withdrawn,column"`
	Told     *int64 `duly:"told,public"`   // what was told, or alerted
	Actual   *int64 `duly:"actual,public"` // what the official source counts
	Identity string `duly:"identity,customer,column"`
	Area     string `duly:"area,customer"`
	Text     string `duly:"text,customer"`
	Official string `duly:"official,customer"` // the source of the official figure
}

// ContentSample is a random sample of what users post, read against a content rule: what
// the rule forbids is a policy, how often it happens is an outcome (RG-08).
type ContentSample struct {
	store.Origin
	Population int64  `duly:"population,public"` // posts from which it was drawn
	Drawn      int64  `duly:"drawn,public"`
	Breaching  int64  `duly:"breaching,public"`
	Reported   int64  `duly:"reported,public"` // of the breaching, reported by users
	Acted      int64  `duly:"acted,public"`    // of the breaching, acted on by the vendor
	Repeat     int64  `duly:"repeat,public"`   // of the breaching, by somebody with an earlier breach
	Identity   string `duly:"identity,customer,column"`
	Rule       string `duly:"rule,customer"`
	How        string `duly:"how,customer"` // how it was drawn and who read it
}

// PublishedFigure is one figure of a transparency report that somebody published, over
// the days from ValidFrom up to ValidTo. It is what was told, and no evidence that it is
// so.
type PublishedFigure struct {
	store.Origin
	Identity  string `duly:"identity,customer,column"`
	Publisher string `duly:"publisher,customer,column"`
	Country   string `duly:"country,customer,column"`
	Process   string `duly:"process,customer"` // which legal process, in the publisher's words
	Requests  *int64 `duly:"requests,customer"`
	Persons   *int64 `duly:"persons,customer"`   // accounts, devices or people
	Disclosed *int64 `duly:"disclosed,customer"` // requests on which data were given
	Percent   *int64 `duly:"percent,customer"`   // the same as a share, where only that is published
}

// Incident is a grave event in which the company's product had a part (IM-12). Each day
// is that of a step that was taken; "" says that it was not.
type Incident struct {
	State     string   `duly:"state,public,enum=reported|confirmed|unfounded|closed,column"`
	Severity  int64    `duly:"severity,public"` // 1 to 5, as a method's severity
	Reported  string   `duly:"reported,public,date"`
	Confirmed string   `duly:"confirmed,public,date"`
	Contained string   `duly:"contained,public,date"`
	Notified  string   `duly:"notified,public,date"`
	Remedied  string   `duly:"remedied,public,date"`
	Learned   string   `duly:"learned,public,date"`
	Closed    string   `duly:"closed,public,date"`
	Subject   string   `duly:"subject,customer,column"` // record id of a deployment, account or customer
	What      string   `duly:"what,customer"`
	Steps     []string `duly:"steps,customer"` // what was done, a line for each step: "contained: ..."
}

// The kinds of record that this room owns.
var (
	Partnerships     = ledger.Define[Partnership]("partnership", 1)
	Requests         = ledger.Define[Request]("data_request", 1)
	Claims           = ledger.Define[Claim]("claim", 1)
	ContentSamples   = ledger.Define[ContentSample]("content_sample", 1)
	PublishedFigures = ledger.Define[PublishedFigure]("published_figure", 1)
	Incidents        = ledger.Define[Incident]("incident", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "transparency", Files: files}
