package enforcement

import (
	"slices"

	"duly/internal/calendar"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/refusal"
)

// Step is a rung of the ladder.
type Step string

// The steps.
const (
	NoStep    Step = "none"
	Notice    Step = "notice"    // the customer is told what was found
	Cure      Step = "cure"      // the customer has until a day to keep the condition
	Limit     Step = "limit"     // the service goes on under conditions
	Suspend   Step = "suspend"   // the service stops for a time
	Terminate Step = "terminate" // the service ends
)

// Steps lists the steps in their order, from that of nobody having done anything.
var Steps = []Step{NoStep, Notice, Cure, Limit, Suspend, Terminate}

// grades in their order.
var grades = []string{"low", "medium", "high", "critical"}

// wait says how many days after a step the next thing is due, by grade from low to
// critical: another step, or the end of the proceeding. After [Cure] it is the day that
// the customer was given, and wait the longest that can be given. The days are this
// project's own; no law sets them.
var wait = map[Step][4]int{
	NoStep:    {30, 14, 7, 2},
	Notice:    {60, 30, 14, 7},
	Cure:      {90, 60, 30, 14},
	Limit:     {90, 90, 60, 30},
	Suspend:   {90, 90, 60, 30},
	Terminate: {30, 30, 30, 30},
}

// kept says on how many days a condition must be seen kept before it counts as cured,
// by grade from low to critical. Like wait, the days are this project's own.
var kept = [4]int{3, 5, 7, 14}

// needs names the act of the decision that a step rests on.
var needs = map[Step]decision.Act{Limit: decision.ApproveWithConditions, Suspend: decision.Suspend, Terminate: decision.Exit}

// gradeOf gives the grade of findings in a deployment: that of the gravest finding, and
// one more unless the deployment is rated LOW or MEDIUM at its worst. What is not rated
// is not known to be better.
func gradeOf(gravest, rated string) string {
	at := slices.Index(grades, gravest)
	if rated != "LOW" && rated != "MEDIUM" {
		at++
	}
	return grades[min(max(at, 0), len(grades)-1)]
}

// after gives the day by which something is due after a step.
func after(s Step, grade, today string) string {
	return calendar.Later(today, wait[s][max(slices.Index(grades, grade), 0)])
}

// climb says whether going from one step to another keeps the order, or refuses it. A
// cure may be given again, for another day.
func climb(from, to Step, reason string) (inOrder bool, err error) {
	a, b := slices.Index(Steps, from), slices.Index(Steps, to)
	switch {
	case b < 1:
		return false, fault.Newf(fault.Invalid, "%q is not a step", to).WithFix("use notice, cure, limit, suspend or terminate")
	case b == a && to != Cure:
		return false, refusal.Refuse(refusal.Twice, "the step "+string(to)+" was taken already", "the one above it is next")
	case b == a+1:
		return true, nil
	case reason != "":
		return b == a, nil
	case b > a:
		return false, refusal.Refuse(refusal.Order, "after "+string(from)+" comes "+string(Steps[a+1])+", and not "+string(to), "take that step, or say with --reason why it is skipped")
	}
	return false, refusal.Refuse(refusal.Order, "the step "+string(from)+" stands above "+string(to), "say with --reason why it is taken back or given again")
}
