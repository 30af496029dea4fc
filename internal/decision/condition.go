package decision

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
)

// Check is what one person found of one condition of a decision, on the word of a
// source. It names the decision by its leaf, so it never speaks of another one; what was
// found later counts.
type Check struct {
	Decision string `duly:"decision,public,hash,column"` // leaf hash
	Sort     string `duly:"sort,public,enum=precedent|ongoing"`
	Number   int64  `duly:"number,public"` // within its sort, from 1
	Result   string `duly:"result,public,enum=met|not_met"`
	Day      string `duly:"day,public,date"`
	Subject  string `duly:"subject,customer,column"`
	Source   string `duly:"source,customer"` // record id of what it rests on
	Note     string `duly:"note,customer"`
	Person   string `duly:"person,personal"` // key id
}

// Checks is the kind of Check.
var Checks = ledger.Define[Check]("condition_check", 1, ledger.SignedBy(1))

// The sorts of condition, and what is found of one.
const (
	Precedent = "precedent" // must be met before it runs
	Ongoing   = "ongoing"   // holds while it runs
	Met       = "met"
	NotMet    = "not_met"
)

// How an ongoing condition is checked.
const (
	Telemetry   = "telemetry"   // in what the product reports
	Audit       = "audit"       // by somebody who goes and looks
	Attestation = "attestation" // on the customer's own word
	Nobody      = "nobody"      // not at all, which has to be said
)

// Undertaking is an ongoing condition, and how it is checked.
type Undertaking struct{ Checked, Text string }

// ParseUndertaking reads "audit: an audit each year". Without one of the words
// telemetry, audit, attestation and nobody before the colon nobody checks it.
func ParseUndertaking(s string) Undertaking {
	if how, text, ok := strings.Cut(s, ":"); ok {
		how = strings.ToLower(strings.TrimSpace(how))
		if slices.Contains([]string{Telemetry, Audit, Attestation, Nobody}, how) {
			return Undertaking{how, strings.TrimSpace(text)}
		}
	}
	return Undertaking{Nobody, strings.TrimSpace(s)}
}

// Condition is a condition of a decision, and what was last found of it.
type Condition struct {
	Sort    string
	Number  int64 // within its sort, from 1
	Text    string
	Checked string                 // how an ongoing one is checked; "" of one precedent
	Last    *store.Revision[Check] // nil while nobody has looked
}

// Met says whether the newest word on the condition is that it is met.
func (c *Condition) Met() bool { return c.Last != nil && c.Last.Record.Result == Met }

// Open counts the conditions precedent that are not met.
func Open(list []Condition) (n int) {
	for i := range list {
		if list[i].Sort == Precedent && !list[i].Met() {
			n++
		}
	}
	return n
}

// ConditionsOf gives the conditions of a decision as they stood on a day, those
// precedent first.
func ConditionsOf(ctx context.Context, q store.Queryer, d *store.Revision[Decision], day string) ([]Condition, error) {
	var out []Condition
	for i, text := range d.Record.Precedent {
		out = append(out, Condition{Sort: Precedent, Number: int64(i + 1), Text: text})
	}
	for i, text := range d.Record.Ongoing {
		out = append(out, Condition{Sort: Ongoing, Number: int64(i + 1), Text: text, Checked: d.Record.Checked[i]})
	}
	if len(out) == 0 {
		return nil, nil
	}
	checks, err := store.Select(ctx, q, Checks, "r.decision = $1", d.Hash.String())
	for _, c := range checks {
		for i := range out {
			if x := &out[i]; x.Sort == c.Record.Sort && x.Number == c.Record.Number && c.Record.Day <= day {
				x.Last = c
			}
		}
	}
	return out, err
}

// Checking is what a person found of a condition.
type Checking struct {
	Subject string // deployment or account
	Sort    string // Precedent or Ongoing
	Number  int64
	Result  string // Met or NotMet
	Source  string // record id of what it rests on
	Note    string
	By      act.Actor
	Key     store.Signer // the person's own key
	Now     time.Time
}

// Meet records that a condition of the newest decision on a subject is met, or is not
// met after all, signed by the person who found it.
//
// Errors: Invalid for another word; NotFound without such a condition or source. Refused
// for whoever sells or ever sold to this account, for who is accountable for the
// deployment, and, where a committee or an override let it run, for who prepared the
// rating: none of them says that the own work is done.
func Meet(ctx context.Context, db *store.DB, authority act.Authority, c Checking) (ref store.Ref, left []Condition, err error) {
	if c.Result != Met && c.Result != NotMet || c.Sort != Precedent && c.Sort != Ongoing {
		return ref, nil, fault.New(fault.Invalid, "a condition is precedent or ongoing, and met or not met", "")
	}
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "condition", Subject: c.Subject, By: c.By, Now: c.Now}, func() error {
		return db.Write(ctx, c.By.Key, func(tx *store.Tx) error {
			if c.Key.Sign(nil).KeyID() != c.By.Key {
				return refusal.Refuse(refusal.Key, "the signing key belongs to somebody else than the one who checked", "each person signs with the own key")
			}
			person, err := entitled(ctx, tx, authority, c.By.Key, act.CheckCondition)
			if err != nil {
				return err
			}
			d, err := c.condition(ctx, tx)
			if err != nil {
				return err
			}
			if err := disinterested(ctx, tx, d, person); err != nil {
				return err
			}
			if _, err := store.Get(ctx, tx, evidence.Sources, c.Source); err != nil {
				return fault.New(fault.NotFound, "that a condition is met rests on a source that is recorded", "record it with `duly fact source`, and name it with --source")
			}
			today := c.Now.UTC().Format(time.DateOnly)
			ref, err = store.Create(tx, Checks, &Check{
				Decision: d.Hash.String(), Sort: c.Sort, Number: c.Number, Result: c.Result, Day: today,
				Subject: d.Record.Subject, Source: c.Source, Note: strings.TrimSpace(c.Note), Person: c.By.Key,
			}, c.Key)
			if err != nil {
				return err
			}
			left, err = ConditionsOf(ctx, tx, d, today)
			return err
		})
	})
	return ref, left, err
}

// condition gives the newest decision on the subject, which must let it run and have
// the condition.
func (c *Checking) condition(ctx context.Context, tx *store.Tx) (*store.Revision[Decision], error) {
	list, err := store.Select(ctx, tx, Decisions, "r.subject = $1", c.Subject)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || !bundle.LetsRun(list[0].Record.Act) {
		return nil, fault.New(fault.NotFound, "nothing is approved here, so there are no conditions", "see `duly decide show`")
	}
	d := list[0]
	n := d.Record.Precedents
	if c.Sort == Ongoing {
		n = int64(len(d.Record.Ongoing))
	}
	if c.Number < 1 || c.Number > n {
		return nil, fault.Newf(fault.NotFound, "there is no %s condition %d; there are %d", c.Sort, c.Number, n).WithFix("see `duly decide show`")
	}
	return d, nil
}

// disinterested refuses a person who has a share in what a condition holds up.
func disinterested(ctx context.Context, tx *store.Tx, d *store.Revision[Decision], p *people.Person) error {
	x := d.Record
	if x.Owner == p.KeyID {
		return refusal.Refuse(refusal.FourEyes, "who is accountable for the deployment does not say that its conditions are met", "another person looks")
	}
	rated, err := RatingOf(ctx, tx, x)
	if err != nil {
		return err
	}
	if x.Preparer == p.KeyID && (x.Basis != bundle.OnRating || assessment.Rank(x.Residual) >= assessment.Rank("HIGH")) {
		return refusal.Refuse(refusal.FourEyes, "whoever prepared the rating does not say that its conditions are met", "another person looks")
	}
	sold, err := soldBy(ctx, tx, rated.Record.Account, rated.Record.Subject, p.KeyID)
	if err != nil {
		return err
	}
	if sold {
		return refusal.Refuse(refusal.Role, "this person sold to the account, and does not say that its conditions are met", "another person looks")
	}
	return nil
}

// soldBy says whether a person entered an account or its deployment as somebody who
// sells, whatever the person's roles are now.
func soldBy(ctx context.Context, q store.Queryer, account, deployment, key string) (bool, error) {
	entered, err := enteredBy(ctx, q, register.Accounts, account, key)
	if err == nil && !entered && deployment != account {
		entered, err = enteredBy(ctx, q, register.Deployments, deployment, key)
	}
	if err != nil || !entered {
		return false, err
	}
	list, err := store.Select(ctx, q, people.Persons, "r.key_id = $1", key)
	for _, p := range list {
		var history []*store.Revision[people.Person]
		if history, err = store.History(ctx, q, people.Persons, p.ID); err != nil {
			return false, err
		}
		for _, was := range history {
			if slices.Contains(was.Record.Roles, string(act.Sales)) {
				return true, nil
			}
		}
	}
	return false, err
}

func enteredBy[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], id, key string) (bool, error) {
	history, err := store.History(ctx, q, kind, id)
	return slices.ContainsFunc(history, func(r *store.Revision[T]) bool { return r.Leaf.Actor == key }), err
}
