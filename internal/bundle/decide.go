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
// refuse or to pass on is always allowed; to let a deployment run only where the
// method does. What a committee must decide cannot be approved by one person.
var allowed = map[string][]string{
	"approve":                 {"approve", "approve_with_conditions", "escalate", "decline", "suspend"},
	"approve_with_conditions": {"approve_with_conditions", "escalate", "decline", "suspend"},
	"escalate":                {"escalate", "decline", "suspend"},
	"decline":                 {"escalate", "decline", "suspend"},
	"suspend":                 {"escalate", "decline", "suspend"},
	"prohibited_legal":        {"decline", "suspend"},
	"prohibited_policy":       {"escalate", "decline", "suspend"},
	"pending":                 {"escalate", "decline", "suspend"},
}

// Allows says whether an act may be decided on a rating with this outcome.
func Allows(outcome, act string) bool { return slices.Contains(allowed[outcome], act) }

// decision holds a decision to the rating that it rests on: what stands in clear
// must fit in itself, and what this audience is shown must fit that rating.
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
	if at, shown := scalar(values["rating"]).Value().(int64); shown {
		c.restsOn(seq, at, leaf, public)
	}
}

// restsOn compares a decision with the rating at an earlier position.
func (c *Checker) restsOn(seq, at int64, leaf *ledger.Leaf, public map[string]ledger.Scalar) {
	if at >= seq {
		c.Report(seq, "it rests on a rating that came later")
		return
	}
	e, err := c.replay.entry(at)
	if err != nil || e.leaf.Kind != "rating" {
		c.Report(seq, fmt.Sprintf("it rests on entry %d, which is no rating", at))
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
