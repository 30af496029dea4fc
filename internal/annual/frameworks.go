package annual

import (
	"fmt"
	"strings"
)

// Framework is an index: where this site answers what a reporting framework asks. The
// labels are in the project's own words; the texts themselves are the publishers'.
type Framework struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Source string `json:"source"`
	Rows   []Ask  `json:"rows"`
}

// Ask is one thing that a framework asks for.
type Ask struct {
	Code     string `json:"code"`
	Label    string `json:"label"`
	Verified bool   `json:"verified"`       // the label was compared with a published text; otherwise it is from memory
	Page     string `json:"page,omitempty"` // where it is answered; "" when this site does not answer it
	Answer   string `json:"answer"`
}

// nowhere is the answer to what this program does not record.
const nowhere = "Not answered here: this program does not record it."

// index answers the frameworks from the year's site (MA-02).
func index(a *Annual) []Framework {
	breaches := fmt.Sprintf("%d grave events are on record. Which of them are data breaches is not told apart.", a.count("incidents"))
	policy := func(topic string) string {
		for _, p := range a.Policies {
			if p.Topic == topic && p.State == "in_force" {
				return fmt.Sprintf("A policy is in force since %s, approved by the %s, with %d pieces of evidence that it is lived.", p.Approved, words(p.ApprovedBy), len(p.Embedding))
			}
		}
		return "No such policy is on record."
	}
	const figures, policies, report, register = "index.html#figures", "policies.html", "report.html", "register.html"
	return []Framework{
		{"sasb", "SASB metrics", "SASB Standards, E-Commerce (CG-EC) and Software and IT Services (TC-SI), 2023-12", []Ask{
			{"CG-EC-220a.1", "How many users' information serves other purposes than that for which it was given", false, "", nowhere},
			{"CG-EC-220a.2", "Policies and practices on behavioural advertising and on users' privacy", false, policies, policy("privacy")},
			{"CG-EC-230a.1", "How risks to the security of data are found and dealt with", false, policies, policy("data_security")},
			{"CG-EC-230a.2", "Breaches of data, how many of personal data, and how many users they concern", false, report + "#registers", breaches},
			{"TC-SI-220a.1", "Policies and practices on behavioural advertising and on users' privacy", false, policies, policy("privacy")},
			{"TC-SI-220a.2", "How many users' information serves other purposes than that for which it was given", true, "", nowhere},
			{"TC-SI-220a.3", "What legal proceedings about users' privacy cost", true, "", nowhere},
			{"TC-SI-220a.4", "Law enforcement's requests for users' data: how many, how many users, on which share data were given", false, report + "#registers", a.requests()},
			{"TC-SI-220a.5", "Countries in which governments require monitoring, blocking or filtering", true, "", nowhere},
			{"TC-SI-230a.1", "Breaches of data, how many of personal data, and how many users they concern", true, report + "#registers", breaches},
			{"TC-SI-230a.2", "How risks to the security of data are found and dealt with", true, policies, policy("data_security")},
		}},
		{"ungprf", "UN Guiding Principles Reporting Framework", "UNGP Reporting Framework, Shift and Mazars, 2015", []Ask{
			{"A1", "What the company says publicly about its commitment", false, policies, policy("human_rights")},
			{"A2", "How the commitment is embedded", false, policies, embedded(a)},
			{"B1", "Which human rights issues are salient", false, report + "#ratings", fmt.Sprintf("%d ratings stand, each with the rights at risk and with what is not known.", a.Report.Portfolio.Ratings)},
			{"B2", "How the salient issues were determined", false, report + "#ratings", "By a method that is public, applied to each deployment; its hash stands in each rating."},
			{"B3", "Which places the report is about", false, register, fmt.Sprintf("%d deployments at public bodies are named; %d more are not.", len(a.Register.Lines), a.Register.Unlisted)},
			{"B4", "Other severe impacts that were found", false, report + "#registers", breaches},
			{"C1", "Policies on the salient issues", false, "conditions.html", fmt.Sprintf("%d conditions of use in %d versions, with what checks each.", a.Conditions.Newest, a.Conditions.Versions)},
			{"C2", "How stakeholders are engaged", false, report + "#oversight", fmt.Sprintf("%d things were said in consultations; people were told what became of %d.", a.Report.Oversight.Inputs, a.Report.Oversight.Told)},
			{"C3", "How impacts are assessed", false, report + "#ratings", fmt.Sprintf("%d ratings were made in the year; %d of those that stand lack required facts.", a.count("ratings"), a.Report.Portfolio.Pending)},
			{"C4", "How findings are acted on", false, figures, fmt.Sprintf("%d decisions and %d steps after findings in the year.", a.count("decisions"), a.count("proceedings"))},
			{"C5", "How it is tracked whether it works", false, report + "#conditions", fmt.Sprintf("%d findings from use that was counted; %d of %d deployments were counted at all.", a.Report.Findings.Total, a.Report.Telemetry.Counted, a.Report.Telemetry.Deployments)},
			{"C6", "How remedy is enabled", false, report + "#oversight", fmt.Sprintf("%d concerns and complaints were handled in the year.", a.count("raised"))},
		}},
		{"gri", "GRI disclosures", "GRI Universal Standards 2021 and topic standards", []Ask{
			{"2-23", "Policy commitments", false, policies, policy("human_rights")},
			{"2-24", "How they are embedded", false, policies, embedded(a)},
			{"2-25", "How negative impacts are remedied", false, figures, fmt.Sprintf("%d steps followed from findings in the year.", a.count("proceedings"))},
			{"2-26", "How advice is sought and concerns are raised", false, figures, fmt.Sprintf("%d concerns and complaints were handled in the year.", a.count("raised"))},
			{"2-27", "Compliance with laws", false, report + "#ratings", "Legal stops that hold are counted in the report."},
			{"2-29", "How stakeholders are engaged", false, report + "#oversight", fmt.Sprintf("%d expert opinions and %d votes of panels in the year.", a.count("opinions"), a.count("votes"))},
			{"406-1", "Incidents of discrimination", false, report + "#registers", breaches},
			{"410-1", "Training of security staff in human rights", false, policies, embedded(a)},
			{"413-1", "Engagement of local communities", false, report + "#oversight", "Panels and consultations are counted in the report."},
			{"418-1", "Substantiated complaints about privacy", false, figures, fmt.Sprintf("%d concerns and complaints were handled in the year. Those about privacy are not told apart.", a.count("raised"))},
		}},
	}
}

func embedded(a *Annual) string {
	n := 0
	for _, p := range a.Policies {
		n += len(p.Embedding)
	}
	if n == 0 {
		return "No evidence is on record that any policy is lived."
	}
	return fmt.Sprintf("%d pieces of evidence, by policy.", n)
}

// count gives the total of a figure of the year.
func (a *Annual) count(id string) int {
	for _, f := range a.Figures {
		if f.ID == id {
			return f.Total
		}
	}
	return 0
}

// requests tells authorities' requests by class. Classes are not added up: a request that
// may be refused is another thing than one that may not.
func (a *Annual) requests() string {
	var parts []string
	for _, f := range a.Report.Registers.Requests {
		if f.Made > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d, with data given on %d", words(string(f.Class)), f.Made, f.Full+f.Partial))
		}
	}
	if len(parts) == 0 {
		return "No request is on record. That is no statement that there was none."
	}
	return strings.Join(parts, "; ") + ". How many people they concern is not in clear."
}
