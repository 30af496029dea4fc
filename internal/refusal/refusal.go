// Package refusal keeps the attempts that a rule refused.
//
// A refusal writes nothing of what was attempted, but it is not silent: the attempt
// is an entry of its own, with the rule and the act in clear, so that how often
// somebody tried to get around a rule can be counted by an outsider and cannot be
// withheld (IM-04, IM-05). Who tried and on what is sealed; the entry's actor is a
// pseudonym, as everywhere in the log.
package refusal

import (
	"context"
	"embed"
	"errors"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Rule names what refuses. It is the cause of the fault that says so in a sentence,
// so that errors.As finds it.
type Rule string

// The rules.
const (
	Role      Rule = "role"             // a role is missing, or excludes the act
	Key       Rule = "key"              // the signature is not that of the person who acts
	FourEyes  Rule = "four_eyes"        // one person in two parts of one matter
	Twice     Rule = "twice"            // it was done already
	Legal     Rule = "legal_stop"       // a legal stop, which nothing in this program lifts
	Pending   Rule = "pending"          // required facts are unknown
	Right     Rule = "missing_right"    // a right is not answered (IN-07)
	Stale     Rule = "stale_rating"     // the rating is older than what it rests on
	Customer  Rule = "changed_customer" // the customer or the deployment changed since
	Flag      Rule = "open_flag"        // a red flag is open (IM-05)
	Opinion   Rule = "opinion"          // no expert opinion on this rating (KY-04)
	Panel     Rule = "panel"            // no closed referral on this rating (KY-05)
	Quorum    Rule = "quorum"           // too few, or too few of those affected
	Override  Rule = "override"         // only an override can do this
	Expiry    Rule = "expiry"           // an override ends on a day
	Condition Rule = "conditions"       // conditions precedent are not written down
	Owner     Rule = "owner"            // accountable owner and leverage are not named (RE-01)
	Exit      Rule = "exit_impact"      // no exit-impact record (GC-04, IM-17)
	Deadline  Rule = "deadline"         // too late, or too early
	Recused   Rule = "recused"          // a conflict of interest
	Declared  Rule = "declaration"      // interests were not declared
	Seat      Rule = "seat"             // no seat in this matter
	Parity    Rule = "parity"           // another file than the one that was referred
	Correct   Rule = "correction"       // a correction is not followed by a new rating (IM-09)
	Law       Rule = "older_than_law"   // a ban, a moratorium or a method came or went since it was rated (IM-11)
	Unnamed   Rule = "rating_not_named" // whoever decides did not say which rating was read
	Again     Rule = "asked_again"      // a panel voted against it, and nothing new is known

	OpenCase   Rule = "open_case"    // a case about it waits, and what waits is not given more
	Unread     Rule = "unread"       // what somebody raised is unread (IM-05)
	Unlaunched Rule = "not_launched" // announced for the product, and not launched or not cleared (RG-03)
	Unapproved Rule = "not_approved" // nobody approved what is asked for

	Order   Rule = "order"    // a step out of its order, without a reason
	Whose   Rule = "whose"    // not known whose calls they are
	Decided Rule = "decision" // no decision holds that the step rests on
	Seen    Rule = "seen"     // not seen to be so

	Held  Rule = "hold"  // a hold keeps it from being erased
	Class Rule = "class" // of a class that protects the company alone

	Terms       Rule = "terms"        // no terms of reference that the governing body approved, or not within them
	Independent Rule = "independence" // independence is not declared, or a conflict blocks it
	Frozen      Rule = "frozen"       // a population or a sample stands as it was taken

	Bound        Rule = "bound"        // what a sample bounds does not allow the conclusion (RS-07)
	Coverage     Rule = "coverage"     // too little was examined, or what was found contradicts it (RS-08)
	Plan         Rule = "remedy_plan"  // a part in harm, and no plan to put it right; or harm on nobody's sight (RS-12)
	Unredactable Rule = "unredactable" // what is withheld from nobody (RS-06)
)

// Rules lists all rules.
var Rules = []Rule{
	Role, Key, FourEyes, Twice, Legal, Pending, Right, Stale, Customer, Flag, Opinion, Panel, Quorum, Override, Expiry, Condition, Owner,
	Exit, Deadline, Recused, Declared, Seat, Parity, Correct, Law, Unnamed, Again, OpenCase, Unread, Unlaunched, Unapproved,
	Order, Whose, Decided, Seen, Held, Class, Terms, Independent, Frozen,
	Bound, Coverage, Plan, Unredactable,
}

// Error implements error: the rule's name as people see it.
func (r Rule) Error() string { return "rule " + string(r) }

// Refuse makes the fault: what happened, naming the rule, and what to do.
func Refuse(rule Rule, what, fix string) error {
	return &fault.Error{Code: fault.Refused, What: what + " [" + rule.Error() + "]", Fix: fix, Err: rule}
}

// Refusal is one refused attempt.
type Refusal struct {
	Rule    string `duly:"rule,public,enum=role|key|four_eyes|twice|legal_stop|pending|missing_right|stale_rating|changed_customer|open_flag|opinion|panel|quorum|override|expiry|conditions|owner|exit_impact|deadline|recused|declaration|seat|parity|correction|older_than_law|rating_not_named|asked_again|open_case|unread|not_launched|not_approved|order|whose|decision|seen|hold|class|terms|independence|frozen|bound|coverage|remedy_plan|unredactable,column"`
	Act     string `duly:"act,public,enum=opinion|panel|referral|declaration|vote|close|answer|resignation|consultation|decision|signature|notice|response|condition|load|fact|hit|score|assessment|method|widen|renew|contact|sight|enforcement|erasure|engagement|assurance|redaction,column"`
	Day     string `duly:"day,public,date"`
	Subject string `duly:"subject,customer,column"`
	What    string `duly:"what,customer"`
	By      string `duly:"by,personal"` // key id
}

// Refusals is the kind of Refusal.
var Refusals = ledger.Define[Refusal]("refusal", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "refusal", Files: files}

// Attempt is what somebody tries.
type Attempt struct {
	Act     string // as in [Refusal]
	Subject string // what it was about, a record id
	By      act.Actor
	Now     time.Time
}

// Watch runs do, and logs the attempt when a rule refuses it. do writes in a
// transaction of its own, of which nothing is kept then. A refusal that names no rule
// comes from an [act.Authority] and is of rule Role. The error is that of do, with the
// rule named; only when the attempt cannot be logged are both given.
func Watch(ctx context.Context, db *store.DB, a Attempt, do func() error) error {
	err := do()
	if fault.CodeOf(err) != fault.Refused || !ledger.ValidID(a.By.Key) {
		return err
	}
	rule := Role
	if named := (*fault.Error)(nil); !errors.As(err, &rule) && errors.As(err, &named) {
		err = &fault.Error{Code: fault.Refused, What: named.What + " [" + Role.Error() + "]", Fix: named.Fix, Err: errors.Join(Role, err)}
	}
	logged := db.Write(context.WithoutCancel(ctx), a.By.Key, func(tx *store.Tx) error {
		_, err := store.Create(tx, Refusals, &Refusal{
			Rule: string(rule), Act: a.Act, Day: a.Now.UTC().Format(time.DateOnly), Subject: a.Subject, What: err.Error(), By: a.By.Key,
		})
		return err
	})
	if logged != nil {
		return errors.Join(err, logged)
	}
	return err
}
