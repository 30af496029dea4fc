package assurance

import (
	"context"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/voice"
)

// What is published.
const (
	OfAssessment = "assessment" // by an assessor
	OfReport     = "report"     // by the company
	OfYear       = "annual"     // by the company
)

// Publication says that a report was made public: exactly these bytes.
type Publication struct {
	What    string   `duly:"what,public,enum=assessment|report|annual"`
	JSON    string   `duly:"json,public,hash,column"` // SHA-256 of the file for machines
	HTML    string   `duly:"html,public,hash"`        // and of the page that people begin with
	Size    int64    `duly:"size,public"`             // entries of the checkpoint that the report is of
	Classes []string `duly:"classes,public,enum=customer|trade_secret|security|personal|legal"`
	Terms   string   `duly:"terms,public,hash"` // of an assessment, the leaf hash of its terms
	Day     string   `duly:"day,public,date"`
	Matter  string   `duly:"engagement,published,column"`
	Person  string   `duly:"person,personal"`
}

// Publications is the kind of [Publication].
var Publications = ledger.Define[Publication]("publication", 1, ledger.SignedBy(1))

// Publishing is a report that somebody makes public and signs.
type Publishing struct {
	voice.Hand
	What       string
	Engagement string // of an assessment
	JSON, HTML string // SHA-256, hexadecimal
	Size       int64
	Classes    []ledger.Class
}

// Publish records that a report was made public, signed by an assessor for an assessment
// and by an approver or the governing body for what the company says.
//
// The code is Refused when these bytes are published already, or it is not the signer's to
// publish; Invalid when the report is of entries that are not there yet.
func Publish(ctx context.Context, db *store.DB, authority act.Authority, x Publishing) (ref store.Ref, err error) {
	p := &Publication{What: x.What, JSON: x.JSON, HTML: x.HTML, Size: x.Size, Day: x.Today(), Matter: x.Engagement, Person: x.By.Key}
	for _, c := range x.Classes {
		p.Classes = append(p.Classes, string(c))
	}
	may := act.Tell
	if x.What == OfAssessment {
		may = act.Assess
	}
	err = x.Watch(ctx, db, authority, may, attempt, x.Engagement, func(tx *store.Tx) error {
		if x.What == OfAssessment {
			s, err := engagement.Working(ctx, tx, x.Hand, x.Engagement)
			if err != nil {
				return err
			}
			p.Terms = s.Terms.Hash.String()
		}
		head, err := store.Head(ctx, tx)
		if err != nil {
			return err
		}
		if x.Size < 1 || x.Size > head.Size {
			return fault.Newf(fault.Invalid, "the report is of %d entries, and the log has %d", x.Size, head.Size)
		}
		ref, err = store.Create(tx, Publications, p, x.Key)
		return err
	})
	return ref, err
}

// PublishedAs finds the publication of a report by the hashes of its two files, the newest
// of them; NotFound when nobody published these bytes.
func PublishedAs(ctx context.Context, q store.Queryer, json, html string) (*store.Revision[Publication], error) {
	list, err := store.Select(ctx, q, Publications, "r.json = $1", json)
	if err != nil {
		return nil, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Record.HTML == html {
			return list[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "no entry of the log says that these files were published", "publish them with `duly report --publish` or `duly annual --publish`")
}
