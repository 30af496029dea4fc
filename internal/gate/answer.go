package gate

import (
	"slices"
	"strings"
	"time"

	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/register"
)

// Question is what somebody wants to know.
type Question struct {
	Kind         string // account, deployment or customer
	ID           string // record id, or the identity as it was imported, with or without its scheme
	Capability   string
	Purpose      string // "" where whoever asks does not know
	Jurisdiction string
}

// Code says why an answer is what it is.
type Code string

// The codes. The first three let something run.
const (
	Approved     Code = "approved"
	ScreenedOnly Code = "screened_only" // AUTO: screened, and nobody has looked
	BrokenGlass  Code = "break_glass"   // opened in an emergency, until a time

	Undecided   Code = "undecided"    // nobody has decided
	Declined    Code = "declined"     // also suspended, ended, and passed on
	Waits       Code = "waits"        // approved, and a condition precedent is not met
	Barred      Code = "barred"       // a ban or a moratorium forbids it by now
	Lapsed      Code = "lapsed"       // what was approved has ended
	NotLaunched Code = "not_launched" // the capability is announced, or not cleared for this customer
	Undeclared  Code = "undeclared"   // nothing of this kind is registered for the customer
	Unknown     Code = "unknown"      // nobody knows such a customer
	Stale       Code = "stale"        // the gate could not follow the log
)

// Answer is what the gate says. Obligations are the conditions under which it may run; of
// several units that may all run, those of all.
type Answer struct {
	Allowed     bool
	Code        Code
	Reason      string // a sentence for people
	Fix         string // what to do, "" for nothing
	Unit        string // record id of the deployment or account that decides
	Obligations []string
	Decision    int64  // entry of the decision; -1 for none
	Until       string // the day, or the time, from which it no longer holds; "" for open
	Known       int64  // entries of the log that the answer knows
}

// unit is a deployment, or an account without any, as the gate knows it.
type unit struct {
	id, account  string
	billed       string   // the account's identity, as in billing:4711; "" for none
	capabilities []string // one of a deployment; all of an account's product; nil where nobody mapped it
	purpose      string
	jurisdiction string
	standing     [2]standing // today and tomorrow
	glass        []glass
	keys         []string // of world.by
}

// standing is the answer about one unit on one day, before any glass is broken.
type standing struct {
	code        Code
	reason, fix string
	obligations []string
	decision    int64
	until       string
	lawful      bool // no law, and nothing that may be one, speaks against it
}

// glass is an emergency opening.
type glass struct {
	until string // RFC 3339, UTC
	entry int64
}

// world is what the gate knows at one size of the log. It is never changed: a newer one
// takes its place.
type world struct {
	size  int64
	root  ledger.Hash // of the log's tree of that size
	day   string      // standing[0] is of this day, standing[1] of the next
	units map[string]*unit
	by    map[string][]*unit // by what a question may name: kind, a space, and an id

	products map[string]*register.Product
}

// answer finds the units that a question means and gives the strictest answer among
// them: of several purposes that it does not tell apart, the worst counts.
func (w *world) answer(q Question, now time.Time) Answer {
	found := w.by[q.Kind+" "+q.ID]
	if len(found) == 0 {
		return Answer{Code: Unknown, Reason: "nobody here is known by that name", Fix: "use the account's number as it is billed, or a record id", Decision: -1, Known: w.size}
	}
	day := 0
	if !w.on(now) {
		day = 1
	}
	units := meant(found, q)
	if len(units) == 0 {
		return Answer{Code: Undeclared, Reason: "no such use is registered for this customer", Fix: "register and assess a deployment with this capability, purpose and place", Decision: -1, Known: w.size}
	}
	a := strictest(units, day, now)
	a.Known = w.size
	return a
}

// strictest gives the strictest answer about some units. Where all may run, the
// obligations of all bind, and the first to end ends it.
func strictest(units []*unit, day int, now time.Time) Answer {
	worst := units[0].answer(day, now)
	for _, u := range units[1:] {
		other := u.answer(day, now)
		if strictness(other) > strictness(worst) {
			worst, other = other, worst
		}
		if !worst.Allowed {
			continue
		}
		worst.Obligations = slices.Compact(slices.Sorted(slices.Values(slices.Concat(worst.Obligations, other.Obligations))))
		if worst.Until == "" || other.Until != "" && other.Until < worst.Until {
			worst.Until = other.Until
		}
	}
	return worst
}

// meant gives the units that fit the question. Where one fits the purpose or the place to
// the letter, those of which it is not known are not meant.
func meant(units []*unit, q Question) []*unit {
	fit := slices.DeleteFunc(slices.Clone(units), func(u *unit) bool {
		return u.capabilities != nil && !slices.Contains(u.capabilities, q.Capability)
	})
	fit = narrow(fit, q.Purpose, func(u *unit) string { return u.purpose })
	return narrow(fit, q.Jurisdiction, func(u *unit) string { return u.jurisdiction })
}

// narrow keeps the units whose value is the one asked for; where there is none, those of
// which the value is not known. A question without a value means them all.
func narrow(units []*unit, want string, of func(*unit) string) []*unit {
	if want == "" {
		return units
	}
	var same, open []*unit
	for _, u := range units {
		switch v := of(u); {
		case strings.EqualFold(strings.TrimSpace(v), strings.TrimSpace(want)):
			same = append(same, u)
		case v == "" || v == "unknown":
			open = append(open, u)
		}
	}
	if len(same) > 0 {
		return same
	}
	return open
}

// answer gives the answer about a unit on one of its days.
func (u *unit) answer(day int, now time.Time) Answer {
	s := u.standing[day]
	a := Answer{Code: s.code, Reason: s.reason, Fix: s.fix, Unit: u.id, Obligations: s.obligations, Decision: s.decision, Until: s.until}
	a.Allowed = s.code == Approved || s.code == ScreenedOnly
	if a.Allowed || !s.lawful || len(u.glass) == 0 {
		return a
	}
	at := now.Format(time.RFC3339)
	for _, g := range u.glass {
		if g.until > at {
			return Answer{Allowed: true, Code: BrokenGlass, Unit: u.id, Decision: g.entry, Until: g.until, Obligations: []string{"report what was done under this opening when it ends"},
				Reason: "opened in an emergency although it is " + strings.ReplaceAll(string(s.code), "_", " ")}
		}
	}
	return a
}

// strictness orders answers: what refuses comes before what allows.
func strictness(a Answer) int {
	order := []Code{Approved, ScreenedOnly, BrokenGlass, Undecided, NotLaunched, Waits, Lapsed, Declined, Barred}
	return slices.Index(order, a.Code)
}

// standingOf turns how a unit stands by its decisions into an answer. lane is that of the
// account's triage, "" where there is none.
func standingOf(s *decision.Stand, lane string) standing {
	out := standing{decision: -1, lawful: true}
	if s.Decision != nil {
		out.decision = s.Decision.Seq
		out.until = s.Decision.Record.Expires
	}
	for _, c := range s.Conditions {
		if c.Sort == decision.Ongoing {
			out.obligations = append(out.obligations, c.Text)
		}
	}
	switch {
	case s.MayRun():
		out.code, out.reason = Approved, "approved"
	case s.State == decision.None && lane == "AUTO":
		out.code, out.reason = ScreenedOnly, "screened and not assessed: no rule asks for a person to look"
	case s.State == decision.None:
		out.code, out.reason, out.fix, out.lawful = Undecided, "nobody has decided on this use", "assess it and decide", lane != "STOP"
	case s.State == decision.Waits:
		out.code, out.reason, out.fix = Waits, "approved, and a condition that comes first is not met", "record what is met with `duly decide met`"
	case s.State == decision.Barred:
		out.code, out.reason, out.fix, out.lawful = Barred, "forbidden since it was approved: "+strings.Join(s.Forbids, "; "), "assess it again and decide", false
	case s.State == decision.Lapsed:
		out.code, out.reason, out.fix = Lapsed, "what was decided has ended", "assess it again and decide"
	default:
		out.code, out.reason, out.fix = Declined, "the decision that holds is: "+strings.ReplaceAll(s.Decision.Record.Act, "_", " "), "the customer may respond to the decision, and appeal"
		out.lawful = !slices.ContainsFunc(s.Decision.Record.HardStops, legal)
	}
	return out
}

// legal says whether a hard stop is one of law, which nothing in this program lifts.
func legal(stop string) bool { return strings.HasPrefix(stop, "HS-L") }
