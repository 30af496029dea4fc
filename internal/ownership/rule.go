package ownership

import (
	"fmt"
	"time"

	"duly/internal/pack"
)

// Rule says from which share on a party counts as listed because of who owns it,
// and on which days that holds.
type Rule struct {
	ID        string   `yaml:"id,required"`
	Title     string   `yaml:"title,required"`
	Lists     string   `yaml:"lists,required"` // sanctions or export_control: whose holders count
	Threshold int64    `yaml:"threshold,required"`
	Periods   []Period `yaml:"periods,required"`
	Minority  string   `yaml:"minority"` // what a smaller share means, in words; "" for nothing
}

// Period is a span of days, half open, in which a rule has a state. A period that
// is planned rather than seen asks to be checked again from its first day on.
type Period struct {
	From    string `yaml:"from"`
	To      string `yaml:"to"`
	State   string `yaml:"state,required"` // in_force, suspended or not_yet
	Planned bool   `yaml:"planned"`
	Source  string `yaml:"source,required"`
}

// The states of a rule.
const (
	InForce   = "in_force"
	Suspended = "suspended"
	NotYet    = "not_yet"
)

// Outcome says what a rule makes of a party.
type Outcome string

// The outcomes, the gravest first.
const (
	Stop     Outcome = "stop"     // counts as listed
	Possible Outcome = "possible" // counts as listed if shares that are not known are held so
	Flag     Outcome = "flag"     // a red flag: a smaller share, a board member, or a rule that is suspended
	Clear    Outcome = "clear"    // nothing is held by listed parties, as far as the record goes
)

// Finding is what a rule makes of one party on one day.
type Finding struct {
	Rule    string  `json:"rule"`
	Outcome Outcome `json:"outcome"`
	State   string  `json:"state"`             // of the rule on that day
	Recheck bool    `json:"recheck,omitempty"` // the state of the rule is planned, not seen: look whether it came so
	Counted Share   `json:"counted"`
	Why     string  `json:"why"`
}

// On gives the state of the rule on a day, and whether that state is only planned.
func (r *Rule) On(day string) (state string, planned bool) {
	for _, p := range r.Periods {
		if (p.From == "" || p.From <= day) && (p.To == "" || day < p.To) {
			return p.State, p.Planned
		}
	}
	return NotYet, false
}

// Apply asks the rule about what listed parties hold of a party. The zero Held is
// a party of which nothing is held.
func (r *Rule) Apply(h Held, day string) Finding {
	f := Finding{Rule: r.ID, Counted: h.Counted}
	f.State, f.Recheck = r.On(day)
	reached, may := h.Counted.Least >= r.Threshold, h.Counted.Most >= r.Threshold
	switch {
	case reached && f.State == InForce:
		f.Outcome, f.Why = Stop, fmt.Sprintf("listed parties hold at least %s", percent(h.Counted.Least))
	case may && f.State == InForce:
		f.Outcome, f.Why = Possible, "listed parties hold "+h.Counted.String()
	case may && f.State == Suspended:
		f.Outcome, f.Why = Flag, fmt.Sprintf("listed parties hold up to %s while the rule is suspended", percent(h.Counted.Most))
	case h.Counted.Most > 0 && r.Minority != "":
		f.Outcome, f.Why = Flag, fmt.Sprintf("listed parties hold up to %s: %s", percent(h.Counted.Most), r.Minority)
	case h.Economic.Most > 0 && r.Minority != "":
		f.Outcome, f.Why = Flag, fmt.Sprintf("listed parties hold up to %s of it through others: %s", percent(h.Economic.Most), r.Minority)
	case len(h.Board) > 0:
		f.Outcome, f.Why = Flag, "a listed party directs or controls it without shares"
	case len(h.Shared) > 0:
		f.Outcome, f.Why = Flag, "somebody who directs or controls it directs or controls a listed party too"
	default:
		f.Outcome, f.Why = Clear, "no listed party holds a share of it, as far as the record goes"
	}
	return f
}

// String writes the share as people read it: 25 %, 25 % to 50 %, unknown.
func (s Share) String() string {
	switch {
	case s.Least == s.Most:
		return percent(s.Least)
	case s == Share{0, Whole}:
		return "an unknown share"
	case s.Most-s.Least == 1:
		return "about " + percent(s.Least) // a third, rounded both ways
	}
	return percent(s.Least) + " to " + percent(s.Most)
}

// percent writes hundredths of a per cent.
func percent(hundredths int64) string {
	if hundredths%100 == 0 {
		return fmt.Sprintf("%d %%", hundredths/100)
	}
	return fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100)
}

type body struct {
	Rules []Rule    `yaml:"rules,required"`
	Tests []example `yaml:"tests,required"`
}

// example is a test of a pack: shares, a day, and what each rule must say.
type example struct {
	Name   string            `yaml:"name,required"`
	Day    string            `yaml:"day,required"`
	Holds  []string          `yaml:"holds"`  // "owner owned share", share in hundredths of a per cent or least-most
	Listed []string          `yaml:"listed"` // ids of listed parties
	Party  string            `yaml:"party,required"`
	Expect map[string]string `yaml:"expect,required"` // rule to outcome, with " recheck" where the state is planned
}

// Load reads the rules of a pack. Every fault is a *fault.Error with its place.
func Load(p *pack.Pack) ([]Rule, error) {
	b, err := load(p)
	if err != nil {
		return nil, err
	}
	return b.Rules, nil
}

func load(p *pack.Pack) (*body, error) {
	if p.Kind != pack.Ownership {
		return nil, p.Fault(fmt.Sprintf("this is a pack of kind %s, not ownership", p.Kind), "", "kind")
	}
	var b body
	if err := p.Decode(&b); err != nil {
		return nil, err
	}
	for i := range b.Rules {
		if err := b.Rules[i].check(p, i); err != nil {
			return nil, err
		}
	}
	return &b, nil
}

func (r *Rule) check(p *pack.Pack, i int) error {
	if r.Lists != "sanctions" && r.Lists != "export_control" {
		return p.Fault(fmt.Sprintf("%q is not a sort of lists", r.Lists), "use sanctions or export_control", "rules", i, "lists")
	}
	if r.Threshold < 1 || r.Threshold > Whole {
		return p.Fault("the threshold is in hundredths of a per cent, from 1 to 10000", "write 5000 for a half", "rules", i, "threshold")
	}
	last := ""
	for j, period := range r.Periods {
		if period.State != InForce && period.State != Suspended && period.State != NotYet {
			return p.Fault(fmt.Sprintf("%q is not a state of a rule", period.State), "use in_force, suspended or not_yet", "rules", i, "periods", j, "state")
		}
		for key, day := range map[string]string{"from": period.From, "to": period.To} {
			if _, err := time.Parse(time.DateOnly, day); err != nil && day != "" {
				return p.Fault(fmt.Sprintf("%q is not a date", day), "write it as YYYY-MM-DD", "rules", i, "periods", j, key)
			}
		}
		if j > 0 && (last == "" || period.From != last) {
			return p.Fault("a period must begin on the day on which the one before it ends", "", "rules", i, "periods", j, "from")
		}
		last = period.To
	}
	return nil
}
