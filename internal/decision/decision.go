package decision

import (
	"context"
	"embed"
	"errors"
	"time"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
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
	Exit                  Act = "exit"
)

// Acts lists all acts.
var Acts = []Act{Approve, ApproveWithConditions, Escalate, Decline, Suspend, Exit}

// Decision is one decision on one deployment. What it rests on stands in clear as
// hashes and counts: the rating, the panel's vote, how many experts were read and how
// many of them object. Two decisions of one deployment are two revisions.
type Decision struct {
	Act         string   `duly:"act,public,enum=approve|approve_with_conditions|escalate|decline|suspend|exit,column"`
	Basis       string   `duly:"basis,public,enum=rating|committee|override,column"`
	Outcome     string   `duly:"outcome,public,enum=approve|approve_with_conditions|escalate|decline|suspend|prohibited_legal|prohibited_policy|pending"` // what the rating called for
	Tier        string   `duly:"tier,public,enum=SDD|CDD|EDD|EDD+GB"`
	Residual    string   `duly:"residual,public,enum=LOW|MEDIUM|HIGH|CRITICAL"` // worst end
	HardStops   []string `duly:"hard_stops,public,enum=HS-L1|HS-L2|HS-L3|HS-L4|HS-P1|HS-P2|HS-P3|HS-P4|HS-P5"`
	Day         string   `duly:"day,public,date"`
	From        string   `duly:"effective_day,public,date"` // the first day on which it holds
	Expires     string   `duly:"expires_day,public,date"`   // the first day on which it no longer holds; "" for none
	ReviewDay   string   `duly:"review_day,public,date,column"`
	Signatures  int64    `duly:"signatures,public"`
	Opinions    int64    `duly:"opinions,public"`                                                   // of experts, on this rating, as they stood then
	Objections  int64    `duly:"objections,public"`                                                 // of them those who object
	Precedents  int64    `duly:"precedents,public"`                                                 // conditions that must be met before it runs
	Checked     []string `duly:"ongoing_checked_by,public,enum=telemetry|audit|attestation|nobody"` // for each ongoing condition in order, how it is checked
	Essential   string   `duly:"essential,public,enum=yes|no|unknown"`
	Rating      string   `duly:"rating,public,hash"`   // leaf hash of the rating it rests on
	Referral    string   `duly:"referral,public,hash"` // leaf hash of the panel's closed vote; "" when there is none
	Subject     string   `duly:"subject,customer,column"`
	Reason      string   `duly:"reason,customer"`
	Precedent   []string `duly:"conditions_precedent,customer"` // must be met before it runs
	Ongoing     []string `duly:"conditions_ongoing,customer"`
	Read        []string `duly:"opinions_read,customer"` // leaf hashes of the opinions
	Involvement string   `duly:"involvement,customer,enum=cause|contribute|directly_linked|none|unknown"`
	Leverage    string   `duly:"leverage,customer"`    // what is done to change the practice
	Impact      string   `duly:"exit_impact,customer"` // record id of the exit-impact record
	Owner       string   `duly:"accountable_owner,personal"`
	By          string   `duly:"decided_by,personal"` // key id of who proposed it and signed first
	Preparer    string   `duly:"preparer,personal"`
}

// Decisions is the kind of Decision.
var Decisions = ledger.Define[Decision]("decision", 1, ledger.SignedBy(1))

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "decision", Files: files}

// Current gives the newest decision on every subject, whether it holds yet or not;
// [Standing] says what does.
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

// State says whether anything holds.
type State string

// The states of what was decided.
const (
	None   State = "none"   // nothing was decided, or nothing that holds yet
	Holds  State = "holds"  // it holds
	Waits  State = "waits"  // it was approved, and waits for conditions precedent: it may not run yet
	Barred State = "barred" // it was approved before a ban or a moratorium that now forbids it, or may: it may not run any more
	Lapsed State = "lapsed" // it ended, and nothing took its place: nothing may run
)

// Stand is how a deployment stands on a day.
type Stand struct {
	Decision   *store.Revision[Decision] // that holds, waits, is barred or ended; nil for none
	State      State
	Conditions []Condition // of the decision, as they stood on the day
	Forbids    []string    // what bars it, in words
}

// MayRun says whether the deployment may run: somebody let it, all that had to be met
// before is met, and no law has come in between.
func (s *Stand) MayRun() bool { return s.State == Holds && bundle.LetsRun(s.Decision.Record.Act) }

// Standing says how a deployment stands on a day (YYYY-MM-DD). A decision that is
// locked until a later day, or that had its last signature later, leaves the one before
// it standing; one that expired leaves nothing. rules are the bans and moratoria that
// count, nil for the laws that ship alone.
func Standing(ctx context.Context, q store.Queryer, subject, day string, rules *assessment.Prohibitions) (*Stand, error) {
	list, err := store.Select(ctx, q, Decisions, "r.subject = $1", subject)
	if err != nil || len(list) == 0 {
		return &Stand{State: None}, err
	}
	history, err := store.History(ctx, q, Decisions, list[0].ID)
	if err != nil {
		return nil, err
	}
	s := &Stand{}
	if s.Decision, s.State = In(history, day); s.Decision == nil {
		return s, nil
	}
	if s.Conditions, err = ConditionsOf(ctx, q, s.Decision, day); err != nil {
		return nil, err
	}
	if !s.MayRun() {
		return s, nil
	}
	if s.Forbids, err = forbids(ctx, q, s.Decision, rules, day); err != nil {
		return nil, err
	}
	switch {
	case len(s.Forbids) > 0:
		s.State = Barred
	case Open(s.Conditions) > 0:
		s.State = Waits
	}
	return s, nil
}

// forbids gives the bans and moratoria that forbid on a day what was decided, or may,
// and that the rating it rests on did not know.
func forbids(ctx context.Context, q store.Queryer, d *store.Revision[Decision], rules *assessment.Prohibitions, day string) ([]string, error) {
	rated, err := RatingOf(ctx, q, d.Record)
	if err != nil {
		return nil, err
	}
	return assessment.NewlyForbidden(ctx, q, rated, rules, day)
}

// RatingOf gives the rating that a decision rests on.
//
// Errors: Broken when there is none, which no decision of this program can be.
func RatingOf(ctx context.Context, q store.Queryer, d *Decision) (*store.Revision[assessment.Rating], error) {
	list, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", d.Subject)
	for _, r := range list {
		var history []*store.Revision[assessment.Rating]
		if history, err = store.History(ctx, q, assessment.Ratings, r.ID); err != nil {
			return nil, err
		}
		for _, r := range history {
			if r.Hash.String() == d.Rating {
				return r, nil
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, fault.New(fault.Broken, "a decision rests on a rating that is not there", "run `duly verify`")
}

// In gives what holds by its days among the revisions of one decision, oldest first,
// whatever its conditions.
func In(history []*store.Revision[Decision], day string) (*store.Revision[Decision], State) {
	for i := len(history) - 1; i >= 0; i-- {
		switch d := history[i].Record; {
		case d.From > day || time.UnixMicro(history[i].Leaf.Time).UTC().Format(time.DateOnly) > day:
		case d.Expires != "" && d.Expires <= day:
			return history[i], Lapsed
		default:
			return history[i], Holds
		}
	}
	return nil, None
}

// Overrides gives every override that was ever decided, in the order of the log, also
// those that other decisions replaced: their count is public.
func Overrides(ctx context.Context, q store.Queryer) ([]*store.Revision[Decision], error) {
	rows, err := q.Query(ctx, "select seq from r_decision where basis = 'override' order by seq")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the decisions")
	}
	defer rows.Close()
	var seqs []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the decisions")
		}
		seqs = append(seqs, seq)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the decisions")
	}
	var out []*store.Revision[Decision]
	for _, seq := range seqs {
		d, err := store.GetBySeq(ctx, q, Decisions, seq)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
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
