package decision

import (
	"context"
	"embed"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
)

// Act is what a person decides.
type Act string

// The acts.
const (
	Approve               Act = "approve"
	ApproveWithConditions Act = "approve_with_conditions"
	Escalate              Act = "escalate"
	Decline               Act = "decline"
	Suspend               Act = "suspend"
)

// Acts lists all acts.
var Acts = []Act{Approve, ApproveWithConditions, Escalate, Decline, Suspend}

// Decision is one decision on one deployment.
type Decision struct {
	Act        string   `duly:"act,public,enum=approve|approve_with_conditions|escalate|decline|suspend,column"`
	Outcome    string   `duly:"outcome,public,enum=approve|approve_with_conditions|escalate|decline|suspend|prohibited_legal|prohibited_policy|pending"` // what the rating called for
	Tier       string   `duly:"tier,public,enum=SDD|CDD|EDD|EDD+GB"`
	Residual   string   `duly:"residual,public,enum=LOW|MEDIUM|HIGH|CRITICAL"` // worst end
	HardStops  []string `duly:"hard_stops,public,enum=HS-L1|HS-L2|HS-L3|HS-L4|HS-P1|HS-P2|HS-P3|HS-P4|HS-P5"`
	Day        string   `duly:"day,public,date"`
	ReviewDay  string   `duly:"review_day,public,date"`
	Signatures int64    `duly:"signatures,public"`
	Rating     string   `duly:"rating,public,hash"` // leaf hash of the rating it rests on
	Subject    string   `duly:"subject,customer,column"`
	Reason     string   `duly:"reason,customer"`
	By         string   `duly:"decided_by,personal"` // key ids
	Preparer   string   `duly:"preparer,personal"`
}

// Decisions is the kind of Decision.
var Decisions = ledger.Define[Decision]("decision", 1, ledger.SignedBy(1))

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "decision", Files: files}

// why says in a sentence why an outcome allows no more.
var why = map[string]string{
	"approve_with_conditions": "the rating calls for conditions",
	"escalate":                "the rating is HIGH: a committee with a civil-rights expert decides, not one person",
	"decline":                 "the rating is CRITICAL and the deployment is new: only the governing body can make an exception, which is published",
	"suspend":                 "the rating is CRITICAL: only the governing body can make an exception, which is published",
	"prohibited_legal":        "a legal stop holds, and no act in this program can lift it",
	"prohibited_policy":       "a policy stop holds: only the governing body can make an exception, which is published",
	"pending":                 "required facts are unknown, and nothing is activated until they are known",
}

// Request is what a person wants to decide.
type Request struct {
	Subject string // deployment or account
	Act     Act
	Reason  string
	By      act.Actor
	Key     store.Signer // the person's own key
	Now     time.Time
}

// Decide records a decision, or refuses it with the rule that forbids it. The
// checks and the writing are one transaction under the log's lock, so that no
// rating can change in between.
func Decide(ctx context.Context, db *store.DB, authority act.Authority, r Request) (*Decision, store.Ref, error) {
	if !slices.Contains(Acts, r.Act) {
		return nil, store.Ref{}, fault.Newf(fault.Invalid, "%q is not an act", r.Act).WithFix("use approve, approve_with_conditions, escalate, decline or suspend")
	}
	if strings.TrimSpace(r.Reason) == "" {
		return nil, store.Ref{}, fault.New(fault.Invalid, "a decision needs a reason", "give --reason TEXT")
	}
	if err := authority.May(r.By, act.Decide); err != nil {
		return nil, store.Ref{}, err
	}
	if r.Key.Sign(nil).KeyID() != r.By.Key {
		return nil, store.Ref{}, fault.New(fault.Refused, "the signing key belongs to somebody else than the one who decides", "each person signs with the own key")
	}
	var d *Decision
	var ref store.Ref
	err := db.Write(ctx, r.By.Key, func(tx *store.Tx) error {
		rated, err := find(ctx, tx, r.Subject)
		if err != nil {
			return err
		}
		if err := permit(r, rated.Record); err != nil {
			return err
		}
		if err := openHits(ctx, tx, r, rated.Record); err != nil {
			return err
		}
		d = draft(r, rated)
		before, err := store.Select(ctx, tx, Decisions, "r.subject = $1", rated.Record.Subject)
		if err != nil {
			return err
		}
		if len(before) == 0 {
			ref, err = store.Create(tx, Decisions, d, r.Key)
			return err
		}
		ref, _, err = store.Revise(tx, Decisions, before[0].ID, d, r.Key)
		return err
	})
	return d, ref, err
}

// find gives the newest rating of what is to be decided: of a deployment, of an
// account without one, or of an account's only deployment. Where an account has
// several, whoever decides says which.
func find(ctx context.Context, q store.Queryer, subject string) (*store.Revision[assessment.Rating], error) {
	deployments, err := register.DeploymentsOf(ctx, q, subject)
	switch {
	case err != nil:
		return nil, err
	case len(deployments) > 1:
		return nil, fault.Newf(fault.Invalid, "%s has %d deployments, and each is decided on its own", subject, len(deployments)).
			WithFix("name one of them: " + strings.Join(deployments, ", "))
	case len(deployments) == 1:
		subject = deployments[0]
	}
	list, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", subject)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "%s has not been assessed", subject).WithFix("run `duly assess " + subject + "` first")
	}
	return list[len(list)-1], nil
}

// permit holds four eyes and what the rating allows.
func permit(r Request, rated *assessment.Rating) error {
	if rated.Preparer == r.By.Key {
		return fault.New(fault.Refused, "whoever prepared the assessment cannot decide on it", "a second person decides")
	}
	if !bundle.Allows(rated.Outcome, string(r.Act)) {
		return fault.Newf(fault.Refused, "this cannot be decided as %s: %s", r.Act, why[rated.Outcome])
	}
	return nil
}

// openHits refuses to let a deployment run while a watchlist hit on its chain is
// open or confirmed (IM-05), even when the rating is older than the hit.
func openHits(ctx context.Context, tx *store.Tx, r Request, rated *assessment.Rating) error {
	if r.Act != Approve && r.Act != ApproveWithConditions {
		return nil
	}
	account, err := store.Get(ctx, tx, register.Accounts, rated.Account)
	if err != nil {
		return err
	}
	parties := []string{account.Record.Customer}
	if account.Record.Via != "" {
		link, err := store.Get(ctx, tx, register.Relationships, account.Record.Via)
		if err != nil {
			return err
		}
		parties = append(parties, link.Record.Party)
	}
	if rated.Subject != rated.Account {
		deployment, err := store.Get(ctx, tx, register.Deployments, rated.Subject)
		if err != nil {
			return err
		}
		parties = append(parties, deployment.Record.Customer)
	}
	for _, party := range parties {
		hits, err := store.Select(ctx, tx, screening.Hits, "r.subject = $1 and r.state not in ('dismissed', 'stale')", party)
		if err != nil {
			return err
		}
		if len(hits) > 0 {
			return fault.New(fault.Refused, "a watchlist hit on the chain is open or confirmed", "close it, assess again, then decide")
		}
	}
	return openOwners(ctx, tx, r, parties)
}

// openOwners refuses the same where those who stand behind the chain have open hits,
// or own so much of it that it counts as listed.
func openOwners(ctx context.Context, tx *store.Tx, r Request, parties []string) error {
	stands, _, err := screening.Standing(ctx, tx, r.Now.UTC().Format(time.DateOnly))
	if err != nil {
		return err
	}
	for _, party := range parties {
		stand := stands[party]
		if stand.Behind.Open > 0 {
			return fault.New(fault.Refused, "a watchlist hit on somebody who stands behind the chain is open", "close it, assess again, then decide")
		}
		if stand.Worst() == ownership.Stop {
			return fault.New(fault.Refused, "listed parties own half or more of somebody in the chain", "see `duly owners show`; no act in this program can lift it")
		}
	}
	return nil
}

func draft(r Request, rated *store.Revision[assessment.Rating]) *Decision {
	d := &Decision{
		Act: string(r.Act), Outcome: rated.Record.Outcome, Tier: rated.Record.Tier, Residual: rated.Record.Worst,
		HardStops: rated.Record.HardStops, Day: r.Now.UTC().Format(time.DateOnly), Signatures: 1,
		Rating: rated.Hash.String(), Subject: rated.Record.Subject, Reason: r.Reason, By: r.By.Key, Preparer: rated.Record.Preparer,
	}
	if rated.Record.Review > 0 {
		d.ReviewDay = r.Now.UTC().AddDate(0, int(rated.Record.Review), 0).Format(time.DateOnly)
	}
	return d
}

// Current gives the newest decision on every subject.
func Current(ctx context.Context, q store.Queryer) (map[string]*store.Revision[Decision], error) {
	list, err := store.Select(ctx, q, Decisions, "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]*store.Revision[Decision], len(list))
	for _, d := range list {
		out[d.Record.Subject] = d
	}
	return out, nil
}

// Reviews gives what the newest decision on every subject says of its next review.
func Reviews(ctx context.Context, q store.Queryer) (map[string]assessment.Decided, error) {
	current, err := Current(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make(map[string]assessment.Decided, len(current))
	for subject, d := range current {
		out[subject] = assessment.Decided{Review: d.Record.ReviewDay, Rating: d.Record.Rating}
	}
	return out, nil
}
