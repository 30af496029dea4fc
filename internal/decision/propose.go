package decision

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// Request is what a person wants to decide.
type Request struct {
	Subject     string // deployment or account
	Act         Act
	Override    bool // the person knows that it goes against the rating, the panel or an expert
	Reason      string
	Expires     string   // the first day on which it no longer holds; overrides need one
	Precedent   []string // conditions that must be met before it runs
	Ongoing     []Undertaking
	Rating      string                   // the rating that the person read: its leaf hash, or as much of its beginning as [ShortHash]; needed to let run what takes two people or is HIGH or worse
	Laws        *assessment.Prohibitions // the bans and moratoria that count; nil for the laws that ship alone
	Involvement string                   // cause, contribute, directly_linked, none or unknown
	Leverage    string                   // what is done to change the practice
	Owner       string                   // key id of who is accountable
	By          act.Actor
	Key         store.Signer // the person's own key
	Now         time.Time
}

// Step is how far a decision has come.
type Step struct {
	Decision *Decision
	Ref      store.Ref // zero while it waits
	Waits    string    // id of the draft that waits for signatures; "" when it is recorded
	Signed   int       // signatures so far
	Needs    int       // signatures that it takes
}

// Decide records a decision that one person may make, drafts one that takes several
// and keeps the first signature, or refuses it with the rule that forbids it. The checks
// and the writing are one transaction under the log's lock, so that no rating can change
// in between. A refused attempt is logged.
//
// All signatures are over one statement, and the entry is written when the last one is
// there; [Sign] adds one. Roles are those that the log shows for a key, whatever r.By
// says.
func Decide(ctx context.Context, db *store.DB, authority act.Authority, r Request) (*Step, error) {
	if !slices.Contains(Acts, r.Act) {
		return nil, fault.Newf(fault.Invalid, "%q is not an act", r.Act).WithFix("use approve, approve_with_conditions, escalate, decline, suspend or exit")
	}
	if strings.TrimSpace(r.Reason) == "" {
		return nil, fault.New(fault.Invalid, "a decision needs a reason", "give --reason TEXT")
	}
	if slices.ContainsFunc(r.Precedent, blank) || slices.ContainsFunc(r.Ongoing, func(u Undertaking) bool { return blank(u.Text) }) {
		return nil, fault.New(fault.Invalid, "a condition says nothing", "write down what has to be met, or leave it out")
	}
	var step *Step
	err := refusal.Watch(ctx, db, refusal.Attempt{Act: "decision", Subject: r.Subject, By: r.By, Now: r.Now}, func() error {
		signer := r.Key.Sign(nil).KeyID() // takes no lock
		return db.Write(ctx, r.By.Key, func(tx *store.Tx) error {
			if signer != r.By.Key {
				return refusal.Refuse(refusal.Key, "the signing key belongs to somebody else than the one who decides", "each person signs with the own key")
			}
			m, err := read(ctx, tx, r.Subject, r.Act, r.Now, r.Laws)
			if err != nil {
				return err
			}
			if err := m.seen(ctx, tx, r.Rating); err != nil {
				return err
			}
			d, err := m.draft(ctx, tx, r)
			if err != nil {
				return err
			}
			if err := m.judges(ctx, tx, authority, d, []string{r.By.Key}); err != nil {
				return err
			}
			if err := m.permit(ctx, tx, d); err != nil {
				return err
			}
			if err := m.named(r); err != nil {
				return err
			}
			step, err = m.propose(ctx, tx, d, r.Key)
			return err
		})
	})
	return step, err
}

// draft makes the record of a request on a matter.
func (m *matter) draft(ctx context.Context, tx *store.Tx, r Request) (*Decision, error) {
	rated := m.rated.Record
	d := &Decision{
		Act: string(r.Act), Basis: bundle.OnRating, Outcome: rated.Outcome, Tier: rated.Tier, Residual: rated.Worst, HardStops: rated.HardStops,
		Day: m.today, From: m.today, Expires: r.Expires, Signatures: int64(m.demand.Signers), Rating: m.rated.Hash.String(),
		Subject: rated.Subject, Reason: strings.TrimSpace(r.Reason), Precedent: r.Precedent, Precedents: int64(len(r.Precedent)),
		Involvement: r.Involvement, Leverage: r.Leverage, Owner: r.Owner, By: r.By.Key, Preparer: rated.Preparer,
	}
	for _, u := range r.Ongoing {
		d.Ongoing, d.Checked = append(d.Ongoing, u.Text), append(d.Checked, u.Checked)
	}
	switch {
	case r.Override:
		d.Basis = OnOverride
	case m.demand.Basis == bundle.OnCommittee:
		d.Basis = bundle.OnCommittee
	}
	if rated.Review > 0 {
		d.ReviewDay = r.Now.UTC().AddDate(0, int(rated.Review), 0).Format(time.DateOnly)
	}
	m.rests(d)
	if r.Owner != "" {
		if _, err := people.ByKey(ctx, tx, r.Owner); err != nil {
			return nil, refusal.Refuse(refusal.Owner, "who is named as accountable is no active person", "")
		}
	}
	var err error
	if d.Essential, err = essential(ctx, tx, rated.Subject); err != nil {
		return nil, err
	}
	if r.Act == Suspend || r.Act == Exit {
		d.Impact, err = exitImpact(ctx, tx, rated.Subject)
	}
	return d, err
}

// rests writes down what was said of the rating and, where the decision goes against
// it, until when it is locked: until the time that the company has to answer the panel
// is over (PO-03). Where no panel voted the lock is as long.
func (m *matter) rests(d *Decision) {
	if !bundle.LetsRun(d.Act) {
		return
	}
	for _, o := range m.heard.Opinions {
		d.Read = append(d.Read, o.Hash.String())
	}
	d.Opinions, d.Objections = int64(len(m.heard.Opinions)), m.heard.Objections()
	due := calendar.Later(m.today, voice.MaxAnswer)
	if m.binding != nil {
		d.Referral, due = m.binding.Hash.String(), m.binding.Record.AnswerDue
	}
	if m.against {
		d.From = max(m.today, calendar.Later(due, 1))
	}
}

// propose writes the decision when one signature is enough, and keeps it otherwise.
func (m *matter) propose(ctx context.Context, tx *store.Tx, d *Decision, key store.Signer) (*Step, error) {
	before, err := store.Select(ctx, tx, Decisions, "r.subject = $1", d.Subject)
	if err != nil {
		return nil, err
	}
	id := ""
	if len(before) > 0 {
		id = before[0].ID
	}
	draft, err := store.Prepare(tx, Decisions, id, d)
	if err != nil {
		return nil, err
	}
	statement := draft.Statement(tx.Log())
	w := waiting{id: nameOf(statement), draft: draft, decision: d, sigs: []ledger.Signature{key.Sign(statement)}}
	return w.next(ctx, tx, m.demand.Signers)
}

// Signing is a person's signature on a draft that waits.
type Signing struct {
	Draft string // its id
	By    act.Actor
	Key   store.Signer // the person's own key
	Now   time.Time
	Laws  *assessment.Prohibitions // as in [Request]
}

// Sign adds a person's signature to a draft that waits, after the same checks as at
// first: what it rests on must still be so.
//
// Errors: NotFound for no such draft; Refused like Decide, when the person signed it
// already, and when anything it rests on changed.
func Sign(ctx context.Context, db *store.DB, authority act.Authority, r Signing) (*Step, error) {
	w, err := waitingFor(ctx, db, r.Draft)
	if err != nil {
		return nil, err
	}
	var step *Step
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "signature", Subject: w.decision.Subject, By: r.By, Now: r.Now}, func() error {
		return db.Write(ctx, w.sigs[0].KeyID(), func(tx *store.Tx) error {
			if w, err = waitingFor(ctx, tx, r.Draft); err != nil {
				return err
			}
			if r.Key.Sign(nil).KeyID() != r.By.Key {
				return refusal.Refuse(refusal.Key, "the signing key belongs to somebody else than the one who signs", "each person signs with the own key")
			}
			if err := w.check(ctx, tx, authority, r); err != nil {
				return err
			}
			w.sigs = append(w.sigs, r.Key.Sign(w.draft.Statement(tx.Log())))
			step, err = w.next(ctx, tx, int(w.decision.Signatures))
			return err
		})
	})
	return step, err
}

// check holds a draft to the matter as it stands now, with the next signer.
func (w *waiting) check(ctx context.Context, tx *store.Tx, authority act.Authority, r Signing) error {
	signers := []string{r.By.Key}
	for _, s := range w.sigs {
		if s.KeyID() == r.By.Key {
			return refusal.Refuse(refusal.FourEyes, "the same person cannot sign a decision twice", "a second person signs it")
		}
		signers = append(signers, s.KeyID())
	}
	m, err := read(ctx, tx, w.decision.Subject, Act(w.decision.Act), r.Now, r.Laws)
	if err != nil {
		return err
	}
	d := w.decision
	if m.rated.Hash.String() != d.Rating {
		return m.otherwise(ctx, tx, d.Rating, "it was rated again after this was drafted")
	}
	if int64(m.demand.Signers) != d.Signatures {
		return refusal.Refuse(refusal.Stale, "more was said of it after this was drafted", "decide again on what is known now")
	}
	if d.Expires != "" && d.Expires <= m.today {
		return refusal.Refuse(refusal.Expiry, "the draft would have ended on "+d.Expires, "decide again with a later day")
	}
	fresh := &Decision{Act: d.Act, From: m.today}
	m.rests(fresh)
	if fresh.Referral != d.Referral || !slices.Equal(fresh.Read, d.Read) {
		return refusal.Refuse(refusal.Stale, "experts or the panel said more after this was drafted", "decide again on what is known now")
	}
	if err := m.judges(ctx, tx, authority, d, signers); err != nil {
		return err
	}
	return m.permit(ctx, tx, d)
}
