package annual

import (
	"context"
	"fmt"
	"slices"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/report"
	"duly/internal/store"
)

// Annual is what the public is shown of a year.
type Annual struct {
	Duly       string            `json:"duly"`  // "annual/1"
	From       string            `json:"from"`  // first day of the year
	Upto       string            `json:"upto"`  // last day of it that the checkpoint covers
	Whole      bool              `json:"whole"` // the checkpoint is from after the year's end
	Figures    []Figure          `json:"figures"`
	Register   Register          `json:"register"`
	Policies   []Policy          `json:"policies"`
	Frameworks []Framework       `json:"frameworks"`
	Made       []report.Made     `json:"made"`       // how the figures were made that are none of Figures
	Report     *report.Report    `json:"report"`     // at the checkpoint
	Conditions *report.Published `json:"conditions"` // with all versions
}

const format = "annual/1"

// Build makes the year's site from a report for readers without any class, and from the
// packs of conditions that the company publishes. q must be of the same checkpoint.
//
// Errors: Invalid for a report that shows sealed values, or a year that is none.
func Build(ctx context.Context, q store.Queryer, public *report.Report, conditions []*pack.Pack, year string) (*Annual, error) {
	if len(public.Audience) > 0 {
		return nil, fault.New(fault.Invalid, "the public report shows sealed values", "make it for no class")
	}
	first, err := time.Parse("2006", year)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a year", year)
	}
	next := first.AddDate(1, 0, 0).Format(time.DateOnly)
	a := &Annual{Duly: format, From: first.Format(time.DateOnly), Upto: first.AddDate(1, 0, -1).Format(time.DateOnly), Whole: public.Day >= next, Report: public}
	if !a.Whole {
		a.Upto = public.Day
	}
	if public.Day < a.From {
		return nil, fault.Newf(fault.Invalid, "the checkpoint is of %s, before the year %s", public.Day, year)
	}
	if a.Conditions, err = report.Publish(conditions); err != nil {
		return nil, err
	}
	if a.Figures, err = figures(ctx, q, public.Log.Size, a.From, a.Upto); err != nil {
		return nil, err
	}
	at := store.At{Seq: public.Log.Size - 1}
	redactions, err := report.ReadRedactions(ctx, q, at)
	if err != nil {
		return nil, err
	}
	if a.Policies, err = policies(ctx, q, at, redactions); err != nil {
		return nil, err
	}
	if a.Register, err = readRegister(ctx, q, at, redactions); err != nil {
		return nil, err
	}
	a.Frameworks, a.Made = index(a), made
	return a, nil
}

// Figure is how often something happened in the year, by what stands in clear in the
// entries of one kind. Anybody counts it again from a bundle: entries of the kind, dated
// in the year, by the value of the field.
type Figure struct {
	ID     string         `json:"id"`
	Title  string         `json:"title"`
	Kind   string         `json:"kind"`
	Field  string         `json:"field"`
	Which  string         `json:"which"` // which entries count
	Total  int            `json:"total"`
	Values []report.Tally `json:"values"`
}

// made says how figures come about that are not counted by one field.
var made = []report.Made{
	{ID: "figures", How: "Entries of the kind, dated in the year, by the value of the field that the figure names; which revisions count stands beside it."},
	{ID: "register.at_public_bodies", How: "Deployments in use at customers that are known to be public bodies.", Kinds: []string{"deployment", "customer"}},
	{ID: "register.unlisted", How: "Of these, those of which no line of the register tells.", Kinds: []string{"deployment", "customer", "listing"}},
	{ID: "register.removed", How: "Listings that were taken back.", Kinds: []string{"listing"}, Where: map[string]string{"state": "removed"}},
	{ID: "register.withheld", How: "Fields left out of lines, by the basis that the listing states, or since the company redacts them.", Kinds: []string{"listing", "redaction"}},
	{ID: "log", How: "The entries under the checkpoint, which signs their number."},
}

// Trace gives the entries that a figure of the year was counted from, or, with a value, those
// that have it.
//
// The code is NotFound when the year has no such figure.
func Trace(ctx context.Context, q store.Queryer, size int64, year, id, value string) (*report.Derived, error) {
	i := slices.IndexFunc(measures, func(m measure) bool { return m.id == id })
	if _, err := time.Parse("2006", year); err != nil || i < 0 {
		return nil, fault.Newf(fault.NotFound, "the year %q has no figure %q", year, id).WithFix("name it as annual.YEAR.FIGURE, for example annual.2026.decisions; the figures stand in annual.json")
	}
	m := measures[i]
	d := &report.Derived{Figure: "annual." + year + "." + id, Entries: []report.Counted{}, Made: &report.Made{
		ID: "figures", How: m.title + ": " + m.which + " dated in the year.", Kinds: []string{m.kind}, By: []string{m.field}, Every: true, Counts: true,
	}}
	places, err := store.Positions(ctx, q, d.Made.Kinds, 0, size)
	if err != nil {
		return nil, err
	}
	for _, seq := range places {
		leaf, err := store.LeafAt(ctx, q, seq)
		if err != nil {
			return nil, err
		}
		clear := map[string]any{}
		for name, v := range leaf.PublicValues() {
			clear[name] = v.Value()
		}
		if day := leaf.Entered(); day[:4] == year && m.counts(leaf, clear) && (value == "" || word(clear[m.field]) == value) {
			d.Entries = append(d.Entries, report.Counted{Entry: seq, Kind: leaf.Kind, ID: leaf.ID, Rev: leaf.Rev, Day: day})
		}
	}
	return d, nil
}

// measure is how a figure is counted.
type measure struct {
	id, title, kind, field string
	which                  string
	counts                 func(l *ledger.Leaf, clear map[string]any) bool
}

func every(*ledger.Leaf, map[string]any) bool     { return true }
func first(l *ledger.Leaf, _ map[string]any) bool { return l.Rev == 1 }

func is(field string, value any) func(*ledger.Leaf, map[string]any) bool {
	return func(_ *ledger.Leaf, clear map[string]any) bool { return clear[field] == value }
}

// measures are the figures of the year (domain: KPI of the process itself, IM-14).
var measures = []measure{
	{"ratings", "Ratings, by what the method calls for at the worst end", "rating", "outcome", "every revision", every},
	{"tiers", "Ratings, by depth of diligence", "rating", "tier", "every revision", every},
	{"decisions", "Decisions, by what was decided", "decision", "act", "every revision", every},
	{"bases", "Decisions, by what they rest on; an override is against a rating, an expert or a panel", "decision", "basis", "every revision", every},
	{"opened", "Cases opened, by lane", "review", "lane", "first revisions", first},
	{"closed", "Cases closed, by what came of them", "review", "outcome", "revisions with the state closed", is("state", "closed")},
	{"opinions", "Expert opinions", "opinion", "choice", "every revision", every},
	{"votes", "Votes of panels, by how they ended", "referral", "outcome", "revisions with the state closed", is("state", "closed")},
	{"answers", "The company's answers to panels", "answer", "choice", "every revision", every},
	{"raised", "Concerns and complaints, by what became of them", "signal", "disposition", "revisions with the state handled", is("state", "handled")},
	{"notices", "Notices to customers", "notice", "state", "every revision", every},
	{"responses", "Customers' responses and appeals", "response", "state", "every revision", every},
	{"findings", "Findings, by grade", "finding", "grade", "first revisions", first},
	{"proceedings", "Steps that followed from findings", "proceeding", "step", "every revision", every},
	{"enforced", "Decisions confirmed as enforced, or found not to be", "enforcement", "state", "every revision", every},
	{"requests", "Authorities' requests for data, by legal basis as the requester says", "data_request", "basis", "first revisions", first},
	{"incidents", "Grave events, by state", "incident", "state", "every revision", every},
	{"refusals", "Attempts that a rule refused", "refusal", "rule", "every revision", every},
	{"erasures", "Values erased, by reason", "erasure", "reason", "every revision", every},
}

// figures counts the year in one pass over the log.
func figures(ctx context.Context, q store.Queryer, size int64, from, upto string) ([]Figure, error) {
	counts := make([]map[string]int, len(measures))
	byKind := map[string][]int{}
	for i, m := range measures {
		counts[i] = map[string]int{}
		byKind[m.kind] = append(byKind[m.kind], i)
	}
	leaf := &ledger.Leaf{}
	err := store.Entries(ctx, q, 0, size, func(e store.Entry) error {
		if err := leaf.Parse(e.Leaf); err != nil {
			return err
		}
		if day := leaf.Entered(); byKind[leaf.Kind] == nil || day < from || day > upto {
			return nil
		}
		clear := map[string]any{}
		for name, v := range leaf.PublicValues() {
			clear[name] = v.Value()
		}
		for _, i := range byKind[leaf.Kind] {
			if m := measures[i]; m.counts(leaf, clear) {
				counts[i][word(clear[m.field])]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]Figure, len(measures))
	for i, m := range measures {
		out[i] = Figure{ID: m.id, Title: m.title, Kind: m.kind, Field: m.field, Which: m.which, Values: sorted(counts[i])}
		for _, v := range out[i].Values {
			out[i].Total += v.Count
		}
	}
	return out, nil
}

// word names a public value; what is not stated is a value too.
func word(v any) string {
	if v == nil {
		return "not stated"
	}
	return fmt.Sprint(v)
}
