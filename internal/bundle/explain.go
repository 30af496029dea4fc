package bundle

import (
	"fmt"
	"io"
	"strconv"
)

// Explained is one check, with what this run of it saw.
type Explained struct {
	Check  string `json:"check"`
	Saw    string `json:"saw"`
	Proves string `json:"proves"`
	Cannot string `json:"cannot"`
}

// checks are what a verifier does with a workspace or a bundle, in its order: what each
// proves and what it cannot. saw gives "" where the check had nothing to look at.
var checks = []struct {
	name, proves, cannot string
	saw                  func(r *Result) string
}{
	{"signature of the log", "Whoever has the log's key signed this size and root.", "Who that is, unless the key came to you from elsewhere; and that everybody was shown the same log.",
		func(r *Result) string { return "assurance " + string(r.Assurance) }},
	{"cosignatures", "Outsiders whom you named saw a log that holds these entries, on the days that they said, and none that contradicts it.",
		"Anything about entries that no cosigned checkpoint covers, and when those were written that it does: until the first cosignature they could be made again.",
		func(r *Result) string { return number(r.Witnesses, "witnesses", len(r.Fixed) > 0) }},
	{"tree", "The entries are those of the checkpoint, each of them, in this order; none was changed, added or left out since it was signed.",
		"That what happened was entered at all. That takes a comparison with lists from elsewhere, such as the billing.",
		func(r *Result) string { return number(r.Counts.Entries, "entries", true) }},
	{"entries before a range", "What the range rests on stood in the log before it; with a balance, nobody who may sign, and no vote, opinion or entry of an assessment, was left out.",
		"What else stood there: that a record which begins here did not exist before, and what was said of a continued one. Older entries were not checked for themselves. The balance is the company's own; who holds the whole log can see whether it is true.",
		func(r *Result) string { return number(r.Counts.Carried, "carried", r.From > 0) }},
	{"schemas", "Each entry has the fields of a kind that was released, and what may never be withheld stands in clear.", "That a record says what it should, or is of the right kind.",
		func(r *Result) string { return number(r.Counts.Entries, "entries", true) }},
	{"disclosed values", "Each value that is shown is the one which was sealed when the entry was written, and all of the named classes are shown.", "That it is true.",
		func(r *Result) string { return number(r.Counts.Disclosed, "values", r.Counts.Disclosed > 0) }},
	{"withheld values", "A value was sealed, and can be shown later with proof that it is that one.", "What it is; or that somebody stated one, since an empty field is sealed too.",
		func(r *Result) string { return number(r.Counts.Withheld, "fields", r.Counts.Withheld > 0) }},
	{"erasures", "Each missing value is named by an entry that says why it was erased.", "What it was. A rating that rests on it cannot be computed again.",
		func(r *Result) string { return number(r.Counts.Erased, "fields", r.Counts.Erased > 0) }},
	{"signatures of people", "The holder of a key that the log had registered, with a role that allows it, signed exactly this.",
		"Who the person is, unless you got the key from that person (--people); and that the person was free to decide.",
		func(r *Result) string { return number(r.Counts.Signatures, "signatures", r.Counts.Signatures > 0) }},
	{"ratings", "The published method, computed again by this program, gives the rating from the inputs that it names; or could give it, where some are withheld.",
		"That the method is right, that the inputs are true, the newest or about the right customer. The same arithmetic did both: this is repetition, not validation. A program that others wrote would say more.",
		func(r *Result) string {
			n := r.Counts.Ratings
			if n.Exact+n.Consistent+n.NotReplayed == 0 {
				return ""
			}
			return fmt.Sprintf("%d exact, %d consistent, %d not replayed", n.Exact, n.Consistent, n.NotReplayed)
		}},
	{"experts and panels", "Approvals that need an opinion or a vote name ones that stand before them, by other people, that add up.", "What was withheld of them; and whether anybody was heard who should have been.",
		func(r *Result) string {
			return number(r.Counts.Voices.Approvals, "approvals", r.Counts.Voices.Approvals > 0)
		}},
	{"assessments", "An assessor's population is all that the entries before it give of its period, with nothing filtered, and each sample is what its seed draws. A seed of a witness whom you named was known to nobody when the sample was planned. Who signed had declared independence; and what was concluded follows from what stands in clear.",
		"That everything was entered, that an assessor looked well, or that a declaration is true. In a range the population is counted on from a balance, which is taken from the log. Without outside witnesses, that company and assessor together did not choose the sample; with them, how often they were asked before a cosignature was kept: ask those who run the witness.",
		func(r *Result) string {
			n := r.Counts.Assessed
			return number(n.Samples, fmt.Sprintf("samples drawn again of %d populations counted again, %d seeded by witnesses, %d of them outsiders whom you named; %d not repeated", n.Populations, n.Witnessed, n.Outside, n.Unchecked),
				n.Populations+n.Samples+n.Unchecked > 0)
		}},
	{"conditions", "Somebody who may has signed that a condition is met.", "That it is.",
		func(r *Result) string {
			return number(r.Counts.Conditions.Met, "met", r.Counts.Conditions.Precedent > 0)
		}},
}

func number(n int64, what string, looked bool) string {
	if !looked {
		return ""
	}
	return strconv.FormatInt(n, 10) + " " + what
}

// Explain adds to the result what each check proves and what it cannot. Those that had
// nothing to look at say so.
func (r *Result) Explain() {
	r.Explained = nil
	for _, c := range checks {
		e := Explained{c.name, c.saw(r), c.proves, c.cannot}
		if e.Saw == "" {
			e.Saw = "nothing to check"
		}
		r.Explained = append(r.Explained, e)
	}
}

func (r *Result) printExplained(out io.Writer) {
	for _, e := range r.Explained {
		fmt.Fprintf(out, "\n%s: %s\n  shows:  %s\n  cannot: %s\n", e.Check, e.Saw, e.Proves, e.Cannot)
	}
}
