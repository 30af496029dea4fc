package report

import "fmt"

// limits says in plain sentences what a report does not show. The fixed ones hold
// for every report of this version; the others follow from its figures.
func limits(r *Report) []string {
	out := []string{
		"The log proves that nothing recorded in it was changed or removed. It does not prove that what was recorded is true, or that everything was recorded.",
		"Whether all customers are in it can only be told by comparing it with lists from outside, such as the company's billing.",
		"No outside witness is shown to have signed this checkpoint. For the time before a first outside signature no protection against a log made anew is claimed.",
		"A decision stops nothing by itself. Decided and confirmed enforced are two states, and a confirmation is the word of whoever runs the product.",
		"A rating is an interval that rests on the facts known on its day. Where facts are unknown it says what could be, never that nothing is wrong.",
		"Screened, not assessed, says that a name was compared with watchlists. It says nothing about risk.",
		"Not being listed here by name does not mean not being a customer.",
		"A condition that nobody checked is a promise. Only conditions under which calls were counted are shown as checked, and only for those calls.",
	}
	if n := r.Telemetry.Deployments - r.Telemetry.Counted; n > 0 {
		out = append(out, fmt.Sprintf("Of %d of %d deployments no use was counted. Their use is unknown, not zero.", n, r.Telemetry.Deployments))
	}
	if r.Spine.Imported > 0 {
		out = append(out, fmt.Sprintf("Accounts that began before the log did: %d. Their history is imported: its dates are what the source says.", r.Spine.Imported))
	}
	if n := r.Telemetry.Objects[1].Count + r.Telemetry.Objects[2].Count; n > 0 {
		out = append(out, fmt.Sprintf("Files of telemetry that could not be read, or not to their end: %d. What they held is unknown.", n))
	}
	if u := r.Unplaced; u != (Unplaced{}) {
		out = append(out, fmt.Sprintf("Records that belong to no account or deployment that can be found, for instance because it was erased: ratings %d, decisions %d, findings %d, counts %d.", u.Ratings, u.Decisions, u.Findings, u.Counts))
	}
	if r.Unread > 0 {
		out = append(out, fmt.Sprintf("Packs of conditions that this version cannot read: %d. Their promised conditions are not listed.", r.Unread))
	}
	if r.Erased > 0 {
		out = append(out, fmt.Sprintf("Values in this report that were erased from the log: %d. Nobody can show them any more.", r.Erased))
	}
	return out
}
