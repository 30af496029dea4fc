package page

import (
	"fmt"
	"strings"
)

// words says the log's words to people, by what they are words for. What is not in it
// is said as it is.
var words = map[string]string{
	"outcome pending": "Cannot tell yet", "outcome approve": "May be approved", "outcome approve_with_conditions": "Only with conditions",
	"outcome escalate": "A committee must decide", "outcome decline": "Decline", "outcome suspend": "Suspend",
	"outcome prohibited_policy": "Stopped by policy", "outcome prohibited_legal": "Stopped by law",

	"act approve": "Approved", "act approve_with_conditions": "Approved with conditions", "act escalate": "Passed on to a committee",
	"act decline": "Declined", "act suspend": "Suspended", "act exit": "Ended",

	"do approve": "Approve", "do approve_with_conditions": "Approve with conditions", "do escalate": "Pass on to a committee",
	"do decline": "Decline", "do suspend": "Suspend", "do exit": "End it",

	"basis rating": "on the rating", "basis committee": "by a committee", "basis override": "an override, counted in public",

	"state true": "holds", "state unknown": "cannot be ruled out", "state false": "clear",
	"raised true": "raised", "raised unknown": "cannot be ruled out", "raised false": "clear",
	"met true": "met", "met unknown": "not known to be met", "met false": "not met",
	"tri true": "yes", "tri unknown": "unknown", "tri false": "no",

	"opinion support": "support the deployment", "opinion support_with_conditions": "support it with conditions", "opinion object": "object to it",
	"opinion withdrawn": "taken back",
	"referral open":     "the vote is open", "referral for": "the panel voted for it", "referral against": "the panel voted against it", "referral no_quorum": "too few took part",
	"answer adopt": "adopted", "answer adapt": "adopted in part", "answer reject": "rejected",
	"request voluntary": "May be refused", "request unproven": "Said to be compelled, and not shown", "request compelled": "Compelled by a legal process", "request emergency": "Emergency, before a legal process",
	"claim made": "standing", "claim supported": "supported", "claim corrected": "corrected", "claim withdrawn": "taken back",
	"exposure open": "wait for a review", "exposure closed": "were reviewed", "exposure ended": "are so no more",
	"role panel_member": "sits on an oversight panel",

	"tier SDD": "Simplified diligence", "tier CDD": "Ordinary diligence", "tier EDD": "Enhanced diligence",
	"tier EDD+GB": "Enhanced diligence, governing body",

	"lane STOP": "Nothing goes on until somebody with the power to do so lifts it.", "lane PERSON": "An analyst must open an assessment.",
	"lane DESK": "An analyst must look at the papers.", "lane AUTO": "Screened, not assessed: nobody has looked. This is not the same as low risk.",
	"lane not_triaged": "Not sorted yet.",

	"stop HS-L1": "a party is on a watchlist", "stop HS-L2": "owned by a listed party", "stop HS-L3": "known end use that EU export law covers",
	"stop HS-L4": "a local law bans it", "stop HS-P1": "the vendor has stopped it", "stop HS-P2": "a credible concern that nothing mitigates",
	"stop HS-P3": "nobody can say who the customer or end user is", "stop HS-P4": "a use that the vendor prohibits",
	"stop HS-P5": "retaliation against people who complained",

	"checked telemetry": "Checked by telemetry", "checked not_judged": "Seen in telemetry, not judged", "checked promised": "Promised: nobody checked",

	"step none": "Nothing was done yet", "step notice": "Notice", "step cure": "A day by which to keep it", "step limit": "Limited", "step suspend": "Suspended", "step terminate": "Ended",
	"outcome cured": "kept again, and seen so", "outcome advised": "advised", "outcome no_deviation": "no deviation", "outcome accepted": "accepted for a time", "outcome withdrawn": "shown by no log any more",
	"compliance kept": "kept", "compliance not_kept": "not kept", "impact harm": "people are harmed", "impact none": "none is known, by a source", "impact unknown": "unknown",

	"kind breach": "breach of a mandatory condition", "kind deviation": "advice not followed", "kind blind_spot": "use hidden from the log",
	"kind undeclared": "use that was not declared",

	"task screen": "Names compared with watchlists", "task triage": "Accounts sorted into lanes", "task assess": "Deployments assessed", "task monitor": "Use counted from telemetry", "task sweep": "What was kept for a time, deleted",

	"class customer": "about the customer", "class trade_secret": "prices and volumes", "class security": "what would help an attacker", "class personal": "about a person", "class legal": "legally restricted",

	"role administrator": "runs the system, decides nothing", "role analyst": "gathers facts, prepares assessments", "role approver": "decides within its authority",
	"role governing_body": "decides what nobody below may", "role sales": "sells, judges nothing", "role expert": "civil-rights expert", "role auditor": "reads everything, changes nothing",
}

// Say says a word of the log to people: what is what it is a word for, such as outcome,
// act or stop; with "" it is said as it is, without underscores.
func Say(what string, word any) string {
	key := fmt.Sprint(word)
	if w, ok := words[what+" "+key]; ok {
		return w
	}
	return strings.ReplaceAll(key, "_", " ")
}
