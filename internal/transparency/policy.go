package transparency

import (
	"context"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Policy is one version of a policy of the company's own (PO-01). Which of those whom it
// concerns it names stands in clear: a policy that stops before end users says so (PO-04).
type Policy struct {
	State      string   `duly:"state,public,enum=in_force|replaced|ended,column"`
	Topic      string   `duly:"topic,public,enum=human_rights|acceptable_use|privacy|data_security|requests_of_authorities|protection_of_those_who_speak_up|other,column"`
	Version    int64    `duly:"version,public"`
	Approved   string   `duly:"approved,public,date"`
	ApprovedBy string   `duly:"approved_by,public,enum=governing_body|executive|other"`
	Concerns   []string `duly:"concerns,public,enum=employees|suppliers|customers|resellers|end_users|bystanders"`
	SHA256     string   `duly:"sha256,public,hash"` // of the text that was approved
	Published  bool     `duly:"published,public"`   // the text can be read by anybody
	Title      string   `duly:"title,customer"`
	Link       string   `duly:"link,customer"` // where the text can be read
	By         string   `duly:"by,personal"`   // key id of who wrote it down
}

// Embedding is evidence that a policy is more than paper: that somebody owns it, that
// people were trained, that pay does not pull the other way, that it stands in the way of
// a sale or a launch where it should (PO-02; principles 16(d) and 19(a) of the UNGPs).
type Embedding struct {
	Sort   string `duly:"sort,public,enum=owner|training|incentive|budget|integration|review,column"`
	Where  string `duly:"area,public,enum=sales|product|legal|procurement|support|executive|governing_body|whole_company"`
	Day    string `duly:"day,public,date"`
	Done   *int64 `duly:"done,public"` // people trained, launches that passed it, and the like
	Of     *int64 `duly:"out_of,public"`
	Policy string `duly:"policy,published,column"` // record id
	What   string `duly:"what,customer"`
	Source string `duly:"evidence,customer"` // where it can be looked up
	By     string `duly:"by,personal"`
}

// Shown is the basis of what a listing shows; any other says why it does not.
const Shown = "shown"

// Listing is a line of the public register: a deployment at a public body that anybody may
// know of (GC-01). What is left out of it is left out by a basis that stands in clear. A
// deployment without a listing is not thereby none.
type Listing struct {
	State     string `duly:"state,public,enum=listed|removed,column"`
	Day       string `duly:"day,public,date"`
	Agency    string `duly:"agency,public,enum=shown|confidentiality_clause|law_enforcement|national_security|personal_data|court_order"`
	Product   string `duly:"product,public,enum=shown|confidentiality_clause|trade_secret|law_enforcement|national_security|court_order"`
	Purpose   string `duly:"purpose,public,enum=shown|confidentiality_clause|law_enforcement|national_security|personal_data|court_order"`
	Place     string `duly:"place,public,enum=shown|confidentiality_clause|law_enforcement|national_security|personal_data|court_order"`
	ValueBand string `duly:"value_band,public,enum=under_25k|25k_to_250k|250k_to_2500k|over_2500k|none|unknown|confidentiality_clause|trade_secret|national_security"` // a year, in the contract's currency
	From      string `duly:"from_day,public,date"`
	Until     string `duly:"until_day,public,date"`
	Decision  string `duly:"decision,public,hash"` // leaf hash of the newest decision; "" when nobody has decided
	Subject   string `duly:"deployment,customer,column"`
	Why       string `duly:"why,customer"` // which clause or which law, for what is left out
	By        string `duly:"by,personal"`
}

// The kinds of record about the company itself and what it shows.
var (
	Policies   = ledger.Define[Policy]("policy", 1)
	Embeddings = ledger.Define[Embedding]("embedding", 1)
	Listings   = ledger.Define[Listing]("listing", 1)
)

// AdoptPolicy records a policy that was approved. One in force on the same topic is
// replaced, and the new one has the next version. Only the governing body adopts.
//
// Errors: Invalid without a title, a day of approval and whom it concerns.
func AdoptPolicy(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, p Policy) (ref store.Ref, err error) {
	if strings.TrimSpace(p.Title) == "" || p.Approved == "" || len(p.Concerns) == 0 {
		return ref, fault.New(fault.Invalid, "a policy has a title, a day on which it was approved, and says whom it concerns", "give --title, --approved and --concerns")
	}
	if p.Published != (p.Link != "") {
		return ref, fault.New(fault.Invalid, "a published policy has a link, and another has none", "give --link URL")
	}
	if err := authority.May(by, act.Adopt); err != nil {
		return ref, err
	}
	p.State, p.Version, p.By = "in_force", 1, by.Key
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		earlier, err := store.Select(ctx, tx, Policies, "r.topic = $1", p.Topic)
		if err != nil {
			return err
		}
		for _, e := range earlier {
			p.Version = max(p.Version, e.Record.Version+1)
			if e.Record.State != "in_force" || p.Topic == "other" {
				continue
			}
			next := *e.Record
			next.State = "replaced"
			if _, _, err := store.Revise(tx, Policies, e.ID, &next); err != nil {
				return err
			}
		}
		ref, err = store.Create(tx, Policies, &p)
		return err
	})
	return ref, err
}

// Embed records evidence about a policy that is in force.
//
// Errors: Refused for a policy that is not; Invalid for more done than there is to do.
func Embed(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, e Embedding) (ref store.Ref, err error) {
	if strings.TrimSpace(e.What) == "" || strings.TrimSpace(e.Source) == "" {
		return ref, fault.New(fault.Invalid, "evidence says what was done and where it can be looked up", "give --text and --evidence")
	}
	if (e.Done == nil) != (e.Of == nil) || e.Done != nil && (*e.Done < 0 || *e.Done > *e.Of) {
		return ref, fault.New(fault.Invalid, "a count needs both parts, and no more can be done than there is", "give --done and --of")
	}
	if err := authority.May(by, act.Disclose); err != nil {
		return ref, err
	}
	e.By = by.Key
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		p, err := store.Get(ctx, tx, Policies, e.Policy)
		if err != nil {
			return err
		}
		if p.Record.State != "in_force" {
			return fault.New(fault.Refused, "this policy is not in force", "name the one that replaced it")
		}
		ref, err = store.Create(tx, Embeddings, &e)
		return err
	})
	return ref, err
}

// List puts a deployment on the public register, or changes what is shown of it.
//
// Errors: Invalid when something is left out and nobody says by which clause or law.
func List(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, l Listing) (ref store.Ref, err error) {
	for _, basis := range []string{l.Agency, l.Product, l.Purpose, l.Place} {
		if basis != Shown && strings.TrimSpace(l.Why) == "" {
			return ref, fault.New(fault.Invalid, "what is left out of the register is left out by a clause or a law", "name it with --why")
		}
	}
	if err := authority.May(by, act.List); err != nil {
		return ref, err
	}
	l.State, l.By = "listed", by.Key
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		ref, err = listing(ctx, tx, &l)
		return err
	})
	return ref, err
}

// Unlist takes a deployment off the register from a day on. That it stood there stays in
// the log.
func Unlist(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, subject, why, day string) (ref store.Ref, err error) {
	if strings.TrimSpace(why) == "" {
		return ref, fault.New(fault.Invalid, "taking something off the register needs a reason", "give --why")
	}
	if err := authority.May(by, act.List); err != nil {
		return ref, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		list, err := store.Select(ctx, tx, Listings, "r.deployment = $1 and r.state = 'listed'", subject)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.New(fault.NotFound, "this deployment is not on the register", "")
		}
		next := *list[0].Record
		next.State, next.Day, next.Why, next.By = "removed", day, why, by.Key
		ref, _, err = store.Revise(tx, Listings, list[0].ID, &next)
		return err
	})
	return ref, err
}

// listing writes the one record that a deployment has on the register.
func listing(ctx context.Context, tx *store.Tx, l *Listing) (store.Ref, error) {
	list, err := store.Select(ctx, tx, Listings, "r.deployment = $1", l.Subject)
	if err != nil {
		return store.Ref{}, err
	}
	if len(list) == 0 {
		return store.Create(tx, Listings, l)
	}
	ref, _, err := store.Revise(tx, Listings, list[0].ID, l)
	return ref, err
}
