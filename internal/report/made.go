package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Made says how figures come about: the formula in words, and from which entries. Its id is
// the place of the figures in the JSON: of that one, and of all beneath it that have no
// nearer one.
type Made struct {
	ID      string            `json:"id"`
	How     string            `json:"how"`
	Kinds   []string          `json:"kinds,omitempty"`   // of the entries that are counted; none: see How
	By      []string          `json:"by,omitempty"`      // public fields; the last part of a figure's name is a value of one
	Where   map[string]string `json:"where,omitempty"`   // values that public fields have in all that counts
	Every   bool              `json:"every,omitempty"`   // each revision counts, not only the newest of a record
	Entries []int64           `json:"entries,omitempty"` // where they are few and known
	// Counts says that a figure is the number of these entries.
	Counts bool `json:"counts,omitempty"`
}

// ofLog are the derivations that every report has.
var ofLog = []Made{
	{ID: "log", How: "The entries under the checkpoint, which signs their number."},
	{ID: "withheld", How: "Different values that stand in this report as a digest, with the entry and the field, since its readers may not see them."},
	{ID: "erased", How: "Different values that stand in this report as a digest, since they were erased from the log.", Kinds: []string{"erasure"}, Every: true},
	{ID: "redactions", How: "Fields that the company withholds, and the entries of the log that have each, whether the value is there or not. What an assessor said stands beside it; who says nothing has not agreed.",
		Kinds: []string{"redaction", "redaction_consent"}},
}

// ofReport are the derivations of [Report].
var ofReport = append([]Made{
	{ID: "spine", How: "Accounts that have not ended. One is mapped to nothing where it names no customer or no known product. Shares are of accounts and of gross amounts, rounded up to hundredths of a per cent; the amounts themselves are sealed.", Kinds: []string{"account"}},
	{ID: "lanes", How: "The lane of each account that has not ended, by the rule that won.", Kinds: []string{"triage"}},
	{ID: "lanes.lanes", How: "Accounts that have not ended, by lane.", Kinds: []string{"triage"}, By: []string{"lane"}},
	{ID: "progress", How: "Accounts that have not ended: assessed where they or one of their deployments have a rating; screened where they were there at the newest screening run.", Kinds: []string{"account", "rating", "run"}},
	{ID: "portfolio", How: "The newest rating of each deployment or account. Known facts are added up over all of them.", Kinds: []string{"rating"}},
	{ID: "portfolio.tiers", How: "The newest ratings by depth of diligence.", Kinds: []string{"rating"}, By: []string{"tier"}, Counts: true},
	{ID: "portfolio.outcomes", How: "The newest ratings by what the method calls for at the worst end.", Kinds: []string{"rating"}, By: []string{"outcome"}, Counts: true},
	{ID: "portfolio.hard_stops", How: "The newest ratings in which the stop holds.", Kinds: []string{"rating"}, By: []string{"hard_stops"}, Counts: true},
	{ID: "decisions", How: "The newest decision on each deployment or account, held to the newest rating and to the report's day.", Kinds: []string{"decision"}},
	{ID: "decisions.acts", How: "The newest decision on each deployment or account, by what was decided. Of two on one subject the later counts.", Kinds: []string{"decision"}, By: []string{"act"}},
	{ID: "decisions.overrides", How: "All decisions that were ever made against a rating, an expert or a panel.", Kinds: []string{"decision"}, Where: map[string]string{"basis": "override"}},
	{ID: "decisions.conditions", How: "Conditions precedent of approvals that are in force or wait.", Kinds: []string{"decision"}},
	{ID: "decisions.conditions_met", How: "Of these, those that somebody has signed to be met.", Kinds: []string{"decision", "condition_check"}},
	{ID: "decisions.confirmed_enforced", How: "Decisions in force that somebody confirmed as carried out.", Kinds: []string{"enforcement"}},
	{ID: "decisions.enforcement", How: "Days from a decision to its confirmation, and what was opened against decisions.", Kinds: []string{"enforcement", "break_glass"}},
	{ID: "oversight.opinions", How: "The newest revision of each opinion, by choice; withdrawn ones apart.", Kinds: []string{"opinion"}, By: []string{"choice", "state"}},
	{ID: "oversight", How: "Matters put to panels, and what the company answered.", Kinds: []string{"referral", "answer"}},
	{ID: "oversight.referrals", How: "Matters put to panels: open, or how they ended.", Kinds: []string{"referral"}, By: []string{"outcome", "state"}, Counts: true},
	{ID: "oversight.answers", How: "The company's answers to panels, by choice.", Kinds: []string{"answer"}, By: []string{"choice"}, Counts: true},
	{ID: "oversight.resignations", How: "Members of panels who resigned.", Kinds: []string{"resignation"}, Counts: true},
	{ID: "oversight.inputs", How: "Things said in consultations.", Kinds: []string{"input"}, Counts: true},
	{ID: "oversight.told", How: "Of these, those where a day stands on which people were told what became of them.", Kinds: []string{"input"}},
	{ID: "oversight.refusals", How: "Attempts that a rule refused.", Kinds: []string{"refusal"}, By: []string{"rule"}, Counts: true},
	{ID: "oversight.exposures", How: "Areas where deployments add up, by state.", Kinds: []string{"exposure"}, By: []string{"state"}, Counts: true},
	{ID: "oversight.waiting", How: "Open cases by lane.", Kinds: []string{"review"}, By: []string{"lane"}, Where: map[string]string{"state": "open"}, Counts: true},
	{ID: "oversight.overdue", How: "Open cases whose day is before the report's.", Kinds: []string{"review"}, Where: map[string]string{"state": "open"}},
	{ID: "oversight.raised", How: "Concerns and other signals.", Kinds: []string{"signal"}, Counts: true},
	{ID: "oversight.raised_told", How: "Of these, those of which somebody was told what became of them.", Kinds: []string{"signal"}},
	{ID: "oversight.unread", How: "Of these, those that nobody has handled.", Kinds: []string{"signal"}, Where: map[string]string{"state": "unread"}, Counts: true},
	{ID: "oversight.contacts", How: "Contacts from people who sell.", Kinds: []string{"contact"}, Counts: true},
	{ID: "oversight.claims", How: "Facts in force on the word of those who sell.", Kinds: []string{"fact"}, Where: map[string]string{"claim": "true"}},
	{ID: "oversight.sample", How: "The newest quarter's sample of AUTO, by the seed that was drawn for it.", Kinds: []string{"sample"}},
	{ID: "registers.partnerships", How: "Partnerships that held on each day.", Kinds: []string{"partnership"}},
	{ID: "registers.requests", How: "Requests of authorities, by legal basis as it was shown and not as it was said.", Kinds: []string{"data_request"}},
	{ID: "registers.claims", How: "What was told beside the official figure; the interval is Wilson's, 95 %.", Kinds: []string{"claim"}},
	{ID: "registers.claims_without_figures", How: "Claims of which one of the two figures is not known.", Kinds: []string{"claim"}},
	{ID: "registers.content", How: "Random samples of what users post.", Kinds: []string{"content_sample"}},
	{ID: "registers.content_impossible", How: "Samples of which the figures cannot be.", Kinds: []string{"content_sample"}},
	{ID: "registers.incidents", How: "Grave events, and of the confirmed ones what is missing.", Kinds: []string{"incident"}},
	{ID: "registers.government_contracts", How: "Contracts with public bodies by the year in which they began.", Kinds: []string{"contract"}},
	{ID: "findings", How: "Findings, whatever became of them.", Kinds: []string{"finding"}},
	{ID: "findings.total", How: "Findings, whatever became of them.", Kinds: []string{"finding"}, Counts: true},
	{ID: "findings.grades", How: "Findings by grade.", Kinds: []string{"finding"}, By: []string{"grade"}, Counts: true},
	{ID: "findings.kinds", How: "Findings by kind.", Kinds: []string{"finding"}, By: []string{"kind"}, Counts: true},
	{ID: "findings.open", How: "Findings that are open.", Kinds: []string{"finding"}, Where: map[string]string{"state": "open"}, Counts: true},
	{ID: "proceedings", How: "What followed from findings: each proceeding as it stands, and each step that was taken.", Kinds: []string{"proceeding"}},
	{ID: "proceedings.open", How: "Proceedings that are open.", Kinds: []string{"proceeding"}, Where: map[string]string{"state": "open"}, Counts: true},
	{ID: "proceedings.closed", How: "Proceedings that are closed.", Kinds: []string{"proceeding"}, Where: map[string]string{"state": "closed"}, Counts: true},
	{ID: "proceedings.outcomes", How: "Closed proceedings by how they ended.", Kinds: []string{"proceeding"}, By: []string{"outcome"}, Where: map[string]string{"state": "closed"}, Counts: true},
	{ID: "proceedings.open_grades", How: "Open proceedings by grade.", Kinds: []string{"proceeding"}, By: []string{"grade"}, Where: map[string]string{"state": "open"}, Counts: true},
	{ID: "proceedings.steps_taken", How: "Revisions of proceedings that took the step.", Kinds: []string{"proceeding"}, By: []string{"step"}, Every: true},
	{ID: "proceedings.detect", How: "Days from the use that a finding is about to its first entry.", Kinds: []string{"finding"}},
	{ID: "attestations", How: "Questionnaires to customers, and what their answers come to beside telemetry.", Kinds: []string{"attestation_request", "attestation"}},
	{ID: "telemetry", How: "Deployments that have not ended, and those with counted calls.", Kinds: []string{"deployment", "usage_count"}},
	{ID: "telemetry.objects", How: "Files of telemetry by state.", Kinds: []string{"usage_object"}, By: []string{"state"}, Counts: true},
	{ID: "telemetry.objects_changed", How: "Files that came again under the same name with other content.", Kinds: []string{"usage_object"}, Where: map[string]string{"changed": "true"}, Counts: true},
	{ID: "telemetry.events_read", How: "Events of all files, added up.", Kinds: []string{"usage_object"}},
	{ID: "telemetry.events_matched", How: "Of these, those under a condition.", Kinds: []string{"usage_object"}},
	{ID: "telemetry.events_rejected", How: "Of these, those that could not be read.", Kinds: []string{"usage_object"}},
	{ID: "telemetry.events_unmapped", How: "Of these, those of accounts that map to no deployment.", Kinds: []string{"usage_object"}},
	{ID: "conditions", How: "Calls under a condition, and those that deviate, added up over all days and deployments. Of two counts of one day the preferred basis stands.", Kinds: []string{"usage_count"}},
	{ID: "subjects", How: "What stands in the entry that is named beside it; counts are added up from the counts of the deployment, and promised are the conditions in force that nothing was counted under.", Kinds: []string{"usage_count", "deployment"}},
	{ID: "unlisted", How: "Accounts in a lane that have no row of their own.", Kinds: []string{"triage", "account"}},
	{ID: "unplaced", How: "Records whose subject cannot be found, for instance since it was erased.", Kinds: []string{"rating", "decision", "finding", "usage_count"}},
	{ID: "hits.states", How: "Resemblances to watchlists by state.", Kinds: []string{"hit"}, By: []string{"state"}, Counts: true},
	{ID: "unread_packs", How: "Packs of conditions in force that this version cannot read.", Kinds: []string{"pack"}},
	{ID: "people.active", How: "People who may act.", Kinds: []string{"person"}, Where: map[string]string{"state": "active"}, Counts: true},
	{ID: "people.roles", How: "People who may act, by role; somebody with two roles counts in both.", Kinds: []string{"person"}, By: []string{"roles"}, Where: map[string]string{"state": "active"}, Counts: true},
	{ID: "entries", How: "All entries of a kind, each revision once.", Every: true, Counts: true},
}, ofLog...)

// Nearest gives the derivation of a figure: the one whose id is the longest beginning of its
// name; nil when there is none.
func Nearest(list []Made, figure string) *Made {
	var best *Made
	for i, m := range list {
		if (figure == m.ID || strings.HasPrefix(figure, m.ID+".") || strings.HasPrefix(figure, m.ID+"[")) && (best == nil || len(m.ID) > len(best.ID)) {
			best = &list[i]
		}
	}
	return best
}

// Counted is an entry that a figure was counted from.
type Counted struct {
	Entry int64  `json:"entry"`
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Rev   int64  `json:"revision"`
	Day   string `json:"day"`
}

// Derived is a figure with how it was made.
type Derived struct {
	Figure  string    `json:"figure"`
	Made    *Made     `json:"made"`
	Entries []Counted `json:"entries"`
}

// Derive gives the entries under a checkpoint of so many entries from which a figure of
// [Report] was counted, by what stands in clear in them alone.
//
// The code is NotFound when no report has such a figure.
func Derive(ctx context.Context, q store.Queryer, size int64, figure string) (*Derived, error) {
	m := Nearest(ofReport, figure)
	if m == nil {
		return nil, fault.Newf(fault.NotFound, "no report has a figure %q", figure).WithFix("a figure is named by its place in report.json, for example decisions.acts.suspend; its beginnings are: " + strings.Join(names(ofReport), ", "))
	}
	value := strings.TrimPrefix(strings.TrimPrefix(figure, m.ID), ".")
	kinds := m.Kinds
	if m.ID == "entries" && value != "" {
		if kinds = []string{value}; !kindKnown(value) {
			return nil, fault.Newf(fault.NotFound, "there is no kind of record %q", value)
		}
		value = ""
	}
	if len(m.By) == 0 {
		value = ""
	}
	d := &Derived{Figure: figure, Made: m, Entries: []Counted{}}
	places, err := store.Positions(ctx, q, kinds, 0, size)
	if err != nil {
		return nil, err
	}
	newest := map[string]int{}
	for _, seq := range places {
		leaf, err := store.LeafAt(ctx, q, seq)
		if err != nil {
			return nil, err
		}
		at, again := newest[leaf.ID]
		if again && !m.Every {
			d.Entries[at].Kind = "" // replaced by this revision
		}
		if m.fits(leaf, value) {
			newest[leaf.ID] = len(d.Entries)
			d.Entries = append(d.Entries, Counted{seq, leaf.Kind, leaf.ID, leaf.Rev, leaf.Entered()})
		} else {
			delete(newest, leaf.ID)
		}
	}
	d.Entries = slices.DeleteFunc(d.Entries, func(c Counted) bool { return c.Kind == "" })
	return d, nil
}

// Entries gives what stands at places of the log.
func Entries(ctx context.Context, q store.Queryer, places []int64) ([]Counted, error) {
	out := []Counted{}
	for _, seq := range places {
		leaf, err := store.LeafAt(ctx, q, seq)
		if err != nil {
			return nil, err
		}
		out = append(out, Counted{seq, leaf.Kind, leaf.ID, leaf.Rev, leaf.Entered()})
	}
	return out, nil
}

// fits says whether an entry counts, by its public fields.
func (m *Made) fits(leaf *ledger.Leaf, value string) bool {
	public := leaf.PublicValues()
	for name, want := range m.Where {
		if !holds(public[name].Value(), want) {
			return false
		}
	}
	return value == "" || slices.ContainsFunc(m.By, func(name string) bool { return holds(public[name].Value(), value) })
}

func holds(v any, want string) bool {
	if list, ok := v.([]string); ok {
		return slices.Contains(list, want)
	}
	return fmt.Sprint(v) == want
}

func names(list []Made) []string {
	out := []string{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func kindKnown(kind string) bool {
	known, err := releasedSchemas()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(known)), func(s *ledger.Schema) bool { return s.Kind == kind })
}
