package report

import (
	"cmp"
	_ "embed" // the page
	"html/template"
	"io"
	"slices"
	"strings"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/page"
)

// Published is what a company makes public of its conditions of use (PO-05): every
// version with its days, what changed, and what checks it. It says what is asked and
// never who keeps it. The same packs give the same bytes.
type Published struct {
	Packs    []PublishedPack `json:"packs"`
	Checked  []Tally         `json:"checked_by"` // conditions by what checks their newest version; one may count twice
	Newest   int             `json:"conditions"`
	Versions int             `json:"versions"`
}

// PublishedPack is one pack.
type PublishedPack struct {
	ID         string               `json:"id"`
	Version    string               `json:"version"`
	SHA256     string               `json:"sha256"`
	Title      string               `json:"title"`
	Status     string               `json:"status"`
	Conditions []PublishedCondition `json:"conditions"`
}

// PublishedCondition is one condition with all versions, the newest first.
type PublishedCondition struct {
	ID       string             `json:"id"`
	Title    string             `json:"title"`
	Versions []PublishedVersion `json:"versions"`
}

// PublishedVersion is one version. Until is the first day on which it no longer holds.
type PublishedVersion struct {
	ID             string              `json:"id"`
	Title          string              `json:"title"`
	Text           string              `json:"text"`
	Product        string              `json:"product,omitempty"`
	Status         conditions.Status   `json:"status"`
	IncorporatedBy string              `json:"incorporated_by,omitempty"`
	From           string              `json:"from"`
	Until          string              `json:"until,omitempty"`
	Scope          string              `json:"scope"`
	Enforcement    string              `json:"enforcement"`
	CheckedBy      []string            `json:"checked_by"`
	NotSeen        string              `json:"not_seen,omitempty"`
	Severity       string              `json:"severity"`
	Events         string              `json:"events,omitempty"`    // the rule that says which calls count
	Window         string              `json:"window,omitempty"`    // what is counted over several of them
	Deviation      string              `json:"deviation,omitempty"` // and which of them deviate
	Source         string              `json:"source"`
	Ref            string              `json:"ref"`
	Grade          string              `json:"grade"`
	Hash           string              `json:"hash"`
	Terms          string              `json:"terms"`
	Changes        []conditions.Change `json:"changes,omitempty"` // against the version before
}

// Publish reads packs of conditions.
func Publish(packs []*pack.Pack) (*Published, error) {
	out := &Published{}
	checked := map[string]int{}
	for _, p := range packs {
		set, err := conditions.Load(p)
		if err != nil {
			return nil, err
		}
		one := PublishedPack{ID: p.ID, Version: p.Version, SHA256: p.Hash, Title: p.Title, Status: p.Status}
		for _, line := range set.Lines() {
			newest := line[len(line)-1]
			c := PublishedCondition{ID: newest.ID, Title: newest.Title}
			for i, v := range line {
				version := published(v)
				if i > 0 {
					version.Changes = conditions.Changes(line[i-1], v)
				}
				c.Versions = append(c.Versions, version)
			}
			slices.Reverse(c.Versions)
			one.Conditions = append(one.Conditions, c)
			for _, by := range newest.CheckedBy {
				checked[by]++
			}
			out.Newest++
			out.Versions += len(line)
		}
		out.Packs = append(out.Packs, one)
	}
	slices.SortFunc(out.Packs, func(a, b PublishedPack) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Version, b.Version), strings.Compare(a.SHA256, b.SHA256))
	})
	out.Checked = tallies([]string{conditions.Telemetry, conditions.Metering, conditions.Audit, conditions.Attestation, conditions.Nobody}, checked)
	return out, nil
}

func published(c *conditions.Condition) PublishedVersion {
	events, deviation := c.Rules()
	window := ""
	if w := c.Windowed(); w != nil {
		window = w.String()
	}
	return PublishedVersion{
		ID: c.ID, Title: c.Title, Text: c.Text, Product: c.Product, Status: c.Status, IncorporatedBy: c.IncorporatedBy,
		From: c.From, Until: c.Until, Scope: c.Scope.String(), Enforcement: c.Enforcement, CheckedBy: c.CheckedBy, NotSeen: c.NotSeen,
		Severity: c.Severity, Events: events, Window: window, Deviation: deviation,
		Source: c.Source.Title, Ref: c.Source.Ref, Grade: c.Source.Grade, Hash: c.Hash, Terms: c.Terms,
	}
}

//go:embed published.html
var publishedText string

var publishedPage = page.Template(template.FuncMap{
	"status": statusSaid, "checker": checkerSaid, "short": func(hash string) string { return hash[:12] }, "join": strings.Join,
	"link": func(ref string) string {
		if strings.HasPrefix(ref, "https://") && !strings.Contains(ref, " ") {
			return ref
		}
		return ""
	},
}, publishedText)

func statusSaid(s conditions.Status) string {
	switch s {
	case conditions.Mandatory:
		return "Mandatory: it binds"
	case conditions.Incorporated:
		return "Guidance that a clause makes binding"
	}
	return "Advisory: it binds nobody by itself"
}

func checkerSaid(by string) string {
	return map[string]string{
		conditions.Telemetry: "telemetry: calls, one by one", conditions.Metering: "metering: how much is billed",
		conditions.Audit: "audit: somebody looks", conditions.Attestation: "attestation: the customer says so",
		conditions.Nobody: "nobody: it is promised",
	}[by]
}

// PublishedHTML writes one page that needs nothing else: no script, no font, no network.
func PublishedHTML(p *Published, out io.Writer) error { return page.Write(publishedPage, p, out) }
