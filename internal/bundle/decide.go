package bundle

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/ledger"
	"duly/internal/rating"
)

// Outcome gives the word that stands in clear for a method's wording of a decision.
func Outcome(decision string) string {
	for _, o := range []struct{ prefix, outcome string }{
		{"APPROVE WITH CONDITIONS", "approve_with_conditions"}, {"APPROVE", "approve"}, {"ESCALATE", "escalate"},
		{"DECLINE", "decline"}, {"SUSPEND", "suspend"}, {"PROHIBITED (legal", "prohibited_legal"},
		{"PROHIBITED (policy", "prohibited_policy"},
	} {
		if strings.HasPrefix(decision, o.prefix) {
			return o.outcome
		}
	}
	return "pending"
}

// allowed lists the acts that may be decided when a rating calls for an outcome. To
// refuse or to pass on is always allowed; to let a deployment run only as [Demands]
// says. A legal stop and unknown facts let nothing run, whoever asks.
var allowed = map[string][]string{
	"approve":                 {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"approve_with_conditions": {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"escalate":                {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"decline":                 {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"suspend":                 {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"prohibited_policy":       {"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"},
	"prohibited_legal":        {"decline", "suspend", "exit"},
	"pending":                 {"escalate", "decline", "suspend", "exit"},
}

// Allows says whether an act may be decided at all on a rating with this outcome.
func Allows(outcome, act string) bool { return slices.Contains(allowed[outcome], act) }

// LetsRun says whether an act lets a deployment run.
func LetsRun(act string) bool { return act == "approve" || act == "approve_with_conditions" }

// Demand is what a decision needs.
type Demand struct {
	Basis   string   // rating, committee or override
	Signers int      // different people
	Roles   []string // of which each of them has one
	Opinion bool     // an expert's, on this very rating (KY-04)
	Panel   bool     // a vote on this very rating, closed with a quorum (KY-05)
}

// The bases of a decision.
const (
	OnRating    = "rating"    // it does what the rating calls for, or less
	OnCommittee = "committee" // the rating is HIGH and leaves it to a committee
	OnOverride  = "override"  // it lets run more than the rating, the panel or an expert does
)

// Demands says what an allowed act needs on a rating with this outcome and tier; against
// says that the panel voted against it or that an expert objects. Who refuses, passes on
// or suspends needs one signature. Who lets a deployment run needs what the method sets
// for its residual band (domain §3.2): one person for LOW and MEDIUM, a committee of two
// for HIGH, two of the governing body for CRITICAL and for policy stops; and an opinion
// from tier EDD upwards.
func Demands(outcome, tier, act string, against bool) Demand {
	approvers, body := []string{"approver", "governing_body"}, []string{"governing_body"}
	if !LetsRun(act) {
		return Demand{Basis: OnRating, Signers: 1, Roles: approvers}
	}
	edd := tier == "EDD" || tier == "EDD+GB"
	switch {
	case outcome == "escalate" && !against:
		return Demand{OnCommittee, 2, approvers, true, true}
	case outcome == "approve" || outcome == "approve_with_conditions":
		switch {
		case against:
			return Demand{OnOverride, 2, body, edd, false}
		case outcome == "approve_with_conditions" && act == "approve":
			return Demand{OnOverride, 2, approvers, edd, false}
		}
		return Demand{OnRating, 1, approvers, edd, false}
	}
	return Demand{OnOverride, 2, body, true, true}
}

// decision holds a decision to the rating that it rests on: what stands in clear
// must fit in itself and fit that rating, and so must what this audience is shown.
func (c *Checker) decision(seq int64, leaf *ledger.Leaf, values map[string][]byte) {
	public := leaf.PublicValues()
	act, _ := public["act"].Value().(string)
	outcome, _ := public["outcome"].Value().(string)
	if !Allows(outcome, act) {
		c.Report(seq, fmt.Sprintf("it decides %q where the rating calls for %q", act, outcome))
	}
	if n, _ := public["signatures"].Value().(int64); n != int64(len(leaf.Sigs)) {
		c.Report(seq, fmt.Sprintf("it says that %d people signed it, %d did", n, len(leaf.Sigs)))
	}
	if by := scalar(values["decided_by"]); !by.IsNull() && by.Value() != any(leaf.Actor) {
		c.Report(seq, "it names another person than the one who signed it")
	}
	if signedBy(leaf, scalar(values["preparer"])) {
		c.Report(seq, "whoever prepared the assessment has signed the decision on it")
	}
	c.restsOn(seq, leaf, public)
	if LetsRun(act) {
		c.approval(seq, leaf, values)
	}
}

// restsOn compares a decision with the earlier rating whose leaf hash it names. A
// position would not do: whoever has the log's key could put another rating there
// and keep the signature.
func (c *Checker) restsOn(seq int64, leaf *ledger.Leaf, public map[string]ledger.Scalar) {
	name, _ := public["rating"].Value().(string)
	at, earlier := c.rated(name)
	if !earlier {
		c.Report(seq, fmt.Sprintf("it rests on the rating %q, which is no earlier rating of this log", name))
		return
	}
	e, err := c.replay.entry(at)
	if err != nil {
		c.Report(seq, err.Error())
		return
	}
	rated := e.leaf.PublicValues()
	for mine, theirs := range map[string]string{"outcome": "outcome", "tier": "tier", "residual": "worst", "hard_stops": "hard_stops"} {
		if public[mine].String() != rated[theirs].String() {
			c.Report(seq, fmt.Sprintf("it says %s %s, the rating at entry %d says %s", mine, public[mine], at, rated[theirs]))
		}
	}
	if signedBy(leaf, ledger.Text(e.leaf.Actor)) {
		c.Report(seq, "whoever prepared the assessment has signed the decision on it")
	}
}

func signedBy(leaf *ledger.Leaf, person ledger.Scalar) bool {
	return slices.ContainsFunc(leaf.Sigs, func(s ledger.Signature) bool { return person.Value() == any(s.KeyID()) })
}

// scalar reads a disclosed value; one that is not shown is null.
func scalar(value []byte) (s ledger.Scalar) {
	if value != nil && s.UnmarshalJSON(value) != nil {
		return ledger.Scalar{}
	}
	return s
}

// EngineNumber is the version of the arithmetic of ratings as it stands in clear:
// the number behind the slash of rating.Engine.
func EngineNumber() (n int64) {
	if _, err := fmt.Sscanf(rating.Engine, "rm/%d", &n); err != nil {
		panic("bundle: rating.Engine ends in no number")
	}
	return n
}
