package conditions

import (
	"time"

	"duly/internal/rule"
)

// Status says with what force a condition holds.
type Status string

// The statuses (MU-04). Guidance that says "should" is incorporated where a clause
// of the contract obliges the customer to follow it: see [Condition.IncorporatedBy].
const (
	Mandatory    Status = "mandatory"
	Incorporated Status = "incorporated"
	Advisory     Status = "advisory"
)

// What can tell whether a condition was kept. Of what nobody checks, the condition is
// a promise.
const (
	Telemetry   = "telemetry"   // calls, one by one, judged by rules
	Metering    = "metering"    // how much was used, as it is billed
	Audit       = "audit"       // somebody looks
	Attestation = "attestation" // the customer says so
	Nobody      = "nobody"
)

// Condition is one version of a condition of use. Conditions are made by [Load]
// and safe for concurrent use.
type Condition struct {
	ID             string
	Title          string
	Text           string // what is asked, in plain words
	Product        string // of which product; empty: any
	Status         Status
	IncorporatedBy string   // the clause by which incorporated guidance binds
	From           string   // first day it holds, YYYY-MM-DD
	Until          string   // first day it no longer holds; empty: open
	Replaces       string   // the id of the condition that ended where this one begins; may be empty
	Enforcement    string   // technical, attestation or audit: how it is held
	CheckedBy      []string // what can tell whether it was kept: see [Telemetry] and the others
	NotSeen        string   // what the check cannot show; never empty where telemetry checks
	Severity       string   // low, medium, high or critical: how grave a deviation is
	BlindSpot      bool     // a deviation hides use instead of being use
	Source         Source
	Scope          Scope
	Hash           string   // SHA-256 in hex of all that the version says
	Terms          string   // SHA-256 in hex of what it asks of whom since when, whatever checks it: what people agree to
	Line           []string // ids of the conditions that it goes back to, its own first

	evidence          []string
	events, deviation *rule.Rule // nil: not seen in telemetry; exposure only
	from, until       time.Time
	params            map[string]*parameter // by variable name
	words             *vocabulary           // the same, by place
	reads             []int                 // places of those that the rules read, in order
	region            bool                  // whether they read the region
	group, at         int                   // of the conditions whose rules read the same, and the place among them
	window            *Window               // nil: each call is judged by itself
	bounds            []int64               // what the window's rule compares with, sorted
}

// Source is what a condition rests on.
type Source struct {
	Title string `yaml:"title,required"`
	Ref   string `yaml:"ref,required"`   // section, address or citation
	Grade string `yaml:"grade,required"` // verified (the text was read) or unverified
}

// Scope says for whom a condition holds. An empty list leaves the question open
// to all; otherwise the deployment's value must be in it. Exempt purposes are out
// whatever else holds.
type Scope struct {
	Sectors       []string `yaml:"sectors"`       // or names of sector groups
	Capabilities  []string `yaml:"capabilities"`  // of the product
	Purposes      []string `yaml:"purposes"`      // as declared
	Jurisdictions []string `yaml:"jurisdictions"` // "US" covers "US-OR"
	Exempt        []string `yaml:"exempt"`        // purposes
}

// Subject is what is known of a deployment; an empty or "unknown" value is not
// known.
type Subject struct {
	Sector, Capability, Purpose, Jurisdiction string
}

// Call is one successful or failed call of a service, as telemetry shows it.
type Call struct {
	Source, Name, Region string
	ErrorCode            string   // empty: the call succeeded
	Params               []byte   // requestParameters, valid JSON as they stand; nil: not recorded
	Free                 []string // members of Params that hold free text: rules read them, and evidence never shows them
}

// Events gives the rule that says which calls count as exposure, for dispatch;
// nil when the condition is not seen in telemetry.
func (c *Condition) Events() *rule.Rule { return c.events }

// Checked says what telemetry can tell of the condition: nothing, exposure only,
// or deviations too.
func (c *Condition) Checked() (exposure, deviation bool) {
	return c.events != nil, c.deviation != nil
}

// InForce says whether the condition holds on the UTC day of t: the day of the
// call, never of the asking.
func (c *Condition) InForce(t time.Time) bool {
	return !t.Before(c.from) && (c.Until == "" || t.Before(c.until))
}

// Judge says whether a call is exposure to the condition, and whether it deviates
// from it. A call that failed is neither (nothing was searched or changed). The
// deviation of what may not be exposure is False where no answer could make it
// one, and Unknown where the condition has no rule for deviations or counts several
// calls together: see [Condition.Observe]. On an error both are Unknown.
func (c *Condition) Judge(call *Call) (exposure, deviation rule.Tri, err error) {
	if c.events == nil || call.ErrorCode != "" {
		return rule.False, rule.False, nil
	}
	return c.judge(func(name string) (any, bool) { return c.lookup(call, name) })
}

// judge is Judge for a call that succeeded, whose values lookup gives.
func (c *Condition) judge(lookup rule.Lookup) (exposure, deviation rule.Tri, err error) {
	exposure, err = c.events.Eval(lookup)
	switch {
	case err != nil:
		return rule.Unknown, rule.Unknown, err
	case exposure == rule.False:
		return rule.False, rule.False, nil
	case c.deviation == nil || c.window != nil:
		return exposure, rule.Unknown, nil
	}
	deviation, err = c.deviation.Eval(lookup)
	if err != nil {
		return rule.Unknown, rule.Unknown, err
	}
	if exposure == rule.Unknown && deviation == rule.True {
		deviation = rule.Unknown
	}
	return exposure, deviation, nil
}

func (c *Condition) lookup(call *Call, name string) (any, bool) {
	if p, ok := c.params[name]; ok {
		v, origin := p.value(call)
		return v, origin != unrecorded
	}
	return call.field(name)
}

// field gives what rules read of a call beside its parameters.
func (call *Call) field(name string) (any, bool) {
	switch name {
	case "event.source":
		return call.Source, true
	case "event.name":
		return call.Name, true
	case "event.region":
		return call.Region, call.Region != ""
	}
	return nil, false
}
