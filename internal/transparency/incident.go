package transparency

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/store"
)

// Step is one step of handling an incident.
type Step string

// The steps, in the order in which each needs those before it: nobody notifies or
// remedies what is not confirmed, and an incident is closed when all of it is done.
const (
	Confirm Step = "confirm"
	Contain Step = "contain" // what does the harm is stopped: the capability is suspended
	Notify  Step = "notify"  // those concerned are told
	Remedy  Step = "remedy"
	Learn   Step = "learn" // what changes, so that it does not happen again
	Close   Step = "close"
	Unfound Step = "unfounded" // it did not happen, or the product had no part in it
)

// Steps lists the steps.
var Steps = []Step{Confirm, Contain, Notify, Remedy, Learn, Close, Unfound}

// SevereFrom is the severity from which a confirmed incident opens a case by itself.
const SevereFrom = 4

// Severe says that an incident is severe and was confirmed.
func (in *Incident) Severe() bool { return in.Severity >= SevereFrom && in.Confirmed != "" }

// Report records an incident about a deployment, an account or a customer. It opens no
// case: a sweep does once it is confirmed, if it is severe.
//
// Errors: Invalid for a severity that is not 1 to 5, and without a text.
func Report(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, in Incident) (ref store.Ref, err error) {
	switch {
	case in.Severity < 1 || in.Severity > 5:
		return ref, fault.Newf(fault.Invalid, "a severity of %d is not 1 to 5", in.Severity)
	case strings.TrimSpace(in.What) == "" || in.Subject == "":
		return ref, fault.New(fault.Invalid, "an incident has a subject and says what happened", "give --text TEXT")
	}
	if err := authority.May(by, act.Disclose); err != nil {
		return ref, err
	}
	in.State = "reported"
	err = db.Write(ctx, by.Key, func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, Incidents, &in)
		return err
	})
	return ref, err
}

// Advance takes one step in handling an incident, with what was done. An incident that
// is unfounded ends with the reason.
//
// Errors: Refused for a step that was taken, that needs another one first, or after the
// end.
func Advance(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id string, step Step, text, today string) (ref store.Ref, err error) {
	if !slices.Contains(Steps, step) {
		return ref, fault.Newf(fault.Invalid, "%q is not a step", step).WithFix("use one of: confirm, contain, notify, remedy, learn, close, unfounded")
	}
	if strings.TrimSpace(text) == "" {
		return ref, fault.New(fault.Invalid, "a step says what was done", "give --text TEXT")
	}
	if err := authority.May(by, act.Disclose); err != nil {
		return ref, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		in, err := store.Get(ctx, tx, Incidents, id)
		if err != nil {
			return err
		}
		next := *in.Record
		if err := next.take(step, today); err != nil {
			return err
		}
		next.Steps = append(slices.Clone(next.Steps), today+" "+string(step)+": "+text)
		ref, _, err = store.Revise(tx, Incidents, id, &next)
		return err
	})
	return ref, err
}

// take sets the day of a step, or says why it cannot be taken.
func (in *Incident) take(step Step, today string) error {
	if in.State == "closed" || in.State == "unfounded" {
		return fault.New(fault.Refused, "the incident is "+in.State, "report what came after it as an incident of its own")
	}
	days := map[Step]*string{Confirm: &in.Confirmed, Contain: &in.Contained, Notify: &in.Notified, Remedy: &in.Remedied, Learn: &in.Learned, Close: &in.Closed}
	if step == Unfound {
		if in.Confirmed != "" {
			return fault.New(fault.Refused, "the incident was confirmed", "what was confirmed is handled to its end")
		}
		in.State, in.Closed = "unfounded", today
		return nil
	}
	if *days[step] != "" {
		return fault.Newf(fault.Refused, "this step was taken on %s", *days[step])
	}
	for _, needed := range needs(step) {
		if *days[needed] == "" {
			return fault.Newf(fault.Refused, "%s comes first", needed)
		}
	}
	*days[step] = today
	switch step {
	case Confirm:
		in.State = "confirmed"
	case Close:
		in.State = "closed"
	}
	return nil
}

// needs gives the steps before a step. What does harm may be contained before anybody
// has confirmed that it does.
func needs(step Step) []Step {
	switch step {
	case Notify, Remedy, Learn:
		return []Step{Confirm}
	case Close:
		return []Step{Confirm, Contain, Notify, Remedy, Learn}
	}
	return nil
}
