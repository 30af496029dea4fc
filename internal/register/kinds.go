package register

import (
	"duly/internal/ledger"
	"duly/internal/store"
)

// Origin is what every record of the register says about itself.
type Origin = store.Origin

// Account is one line of the spine: a billing account, an award, an
// installation. Customer, Product and Via are record ids; "" says that nobody
// has mapped it yet, which counts as the worst, not as nothing.
type Account struct {
	Origin
	Identity string `duly:"identity,customer,column"` // the identity it joins by, as intake writes it
	Name     string `duly:"name,customer"`
	BilledAs string `duly:"billed_as,customer"` // what the bill calls the product
	Customer string `duly:"customer,customer,column"`
	Product  string `duly:"product,customer,column"`
	Via      string `duly:"via,customer,column"`        // the relationship through which it is served
	Amount   *int64 `duly:"amount,trade_secret,column"` // whole cents that this revision bills; may be negative
	Currency string `duly:"currency,trade_secret"`      // ISO 4217
	Purpose  string `duly:"purpose,customer"`           // what it is for, in the source's words
	Contract string `duly:"contract,customer,column"`   // record id
}

// Customer is an organisation or a person that buys, passes on or uses: also an
// integrator and an end user are customers, told apart by relationships.
type Customer struct {
	Origin
	Identity     string `duly:"identity,customer,column"`
	Name         string `duly:"name,customer,column"`
	Kind         string `duly:"kind,customer,enum=public_body|company|nonprofit|person|unknown"`
	Sector       string `duly:"sector,customer,column,enum=policing|immigration|border|detention|intelligence|military|courts|social_services|schools|health|civil_registration|elections|other_government|commercial|nonprofit|unknown"`
	Jurisdiction string `duly:"jurisdiction,customer,column"` // ISO 3166-1 or 3166-2
	Place        string `duly:"place,customer"`               // town or county, as the source writes it
}

// Identifier is one name of a record in a scheme whose values are unique: ORI,
// UEI, LEI, domain, a billing system's account id.
type Identifier struct {
	Origin
	Subject string `duly:"subject,customer,column"` // the id of the record it names
	Scheme  string `duly:"scheme,customer,column"`
	Value   string `duly:"value,customer,column"`
}

// Owner is a person or an organisation behind a customer.
type Owner struct {
	Origin
	Identity string `duly:"identity,personal,column"`
	Customer string `duly:"customer,customer,column"`
	Party    string `duly:"party,customer,column"` // the owner's own customer record, where there is one
	Name     string `duly:"name,personal"`
	Role     string `duly:"role,personal,enum=owner|controller|director|parent|unknown"`
	Share    *int64 `duly:"share,personal"` // hundredths of a per cent
}

// Relationship says that Party is the Role of Customer: that the supplier is the
// agency's integrator, that the agency is the reseller's end user. FlowDown says
// whether our conditions bind the next in the chain, AuditRight whether we may
// check. Both are record ids of customers.
type Relationship struct {
	Origin
	Identity   string `duly:"identity,customer,column"`
	Customer   string `duly:"customer,customer,column"`
	Party      string `duly:"party,customer,column"`
	Role       string `duly:"role,customer,column,enum=integrator|reseller|distributor|end_user|owner"`
	FlowDown   string `duly:"flow_down,customer,enum=yes|no|unknown"`
	AuditRight string `duly:"audit_right,customer,enum=yes|no|unknown"`
}

// Product is what is sold, with what it is meant to do and what else it can do.
// Risk is the highest risk class among both; [Product.Settle] computes it.
type Product struct {
	Origin
	Identity   string   `duly:"identity,customer,column"`
	Name       string   `duly:"name,customer"`
	Intended   []string `duly:"intended,customer,enum=face_search|face_compare|live_face_recognition|face_analysis|object_detection|video_analytics|video_storage|doorbell_requests|plate_reader|location_tracking|interception|device_forensics|social_media_monitoring|gunshot_detection|drone|predictive_policing|data_fusion|personal_data_analytics|biometric_registry|compute|storage|database|machine_learning|network|other|unknown"`
	Unintended []string `duly:"unintended,customer,enum=face_search|face_compare|live_face_recognition|face_analysis|object_detection|video_analytics|video_storage|doorbell_requests|plate_reader|location_tracking|interception|device_forensics|social_media_monitoring|gunshot_detection|drone|predictive_policing|data_fusion|personal_data_analytics|biometric_registry|compute|storage|database|machine_learning|network|other|unknown"`
	SKUs       []string `duly:"skus,customer"`  // what bills call it
	Owner      string   `duly:"owner,personal"` // who in the company answers for it
	Risk       string   `duly:"risk,customer,column,enum=identify|track|intercept|fuse|sense|compute|ordinary"`
}

// Deployment is the unit that is judged: a customer, one capability of a
// product, a purpose and a jurisdiction. Telemetry names the accounts in which
// its use can be seen; Regions, Volume and what it is are what use is held to (RS-09).
// Basis says how it is known: what is inferred from use is
// confirmed by a contract or by the customer, and by nothing else.
type Deployment struct {
	Origin
	Identity     string   `duly:"identity,customer,column"`
	Customer     string   `duly:"customer,customer,column"`
	Product      string   `duly:"product,customer,column"`
	Account      string   `duly:"account,customer,column"`
	Capability   string   `duly:"capability,customer,column,enum=face_search|face_compare|live_face_recognition|face_analysis|object_detection|video_analytics|video_storage|doorbell_requests|plate_reader|location_tracking|interception|device_forensics|social_media_monitoring|gunshot_detection|drone|predictive_policing|data_fusion|personal_data_analytics|biometric_registry|compute|storage|database|machine_learning|network|other|unknown"`
	Purpose      string   `duly:"purpose,customer"`
	Jurisdiction string   `duly:"jurisdiction,customer,column"`
	EndUse       string   `duly:"end_use,customer"` // as the customer declared it
	Telemetry    []string `duly:"telemetry,security"`
	Regions      []string `duly:"regions,customer"` // of the service, as logs name them, in which it is declared to be used; none: not declared
	Volume       *int64   `duly:"volume,customer"`  // calls a month that it is declared to make at most; absent: not declared
	Basis        string   `duly:"basis,customer,enum=contract|customer|inferred|unknown"`
}

// Contract is an agreement with a customer.
type Contract struct {
	Origin
	Identity string `duly:"identity,customer,column"`
	Customer string `duly:"customer,customer,column"`
	Title    string `duly:"title,customer"`
	Value    *int64 `duly:"value,trade_secret"` // whole cents
	Currency string `duly:"currency,trade_secret"`
	Document string `duly:"document,legal,hash"` // SHA-256 of the signed text
}

// The kinds of record that this room owns.
var (
	Accounts      = ledger.Define[Account]("account", 1)
	Customers     = ledger.Define[Customer]("customer", 1)
	Identifiers   = ledger.Define[Identifier]("identifier", 1)
	Owners        = ledger.Define[Owner]("owner", 1)
	Relationships = ledger.Define[Relationship]("relationship", 1)
	Products      = ledger.Define[Product]("product", 1)
	Deployments   = ledger.Define[Deployment]("deployment", 1)
	Contracts     = ledger.Define[Contract]("contract", 1)
)
