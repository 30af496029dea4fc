package engagement

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/sheet"
)

// Workbook is what an assessor takes along of an engagement, as a workbook.
type Workbook struct {
	*File
	Today   string
	Entered []Entries               // who entered what in the period
	Name    func(key string) string // of a person
}

// XLSX writes the workbook: the unmapped share first, then terms and independence, the
// population, the samples with room for what is found, requests, effort and entries.
func (w Workbook) XLSX(out io.Writer) error {
	t := w.Newest.Record
	b := sheet.New(t.Title, w.Today)
	b.Begin("Engagement")
	b.Heading(t.Title)
	b.Table(w.reconciled())
	b.Table(w.terms())
	b.Table(w.independent())
	for _, p := range w.Populations {
		b.Table(figures(p.Seq, p.Record))
	}
	b.Begin("Not in the log")
	for _, r := range w.Reconciliations {
		for _, l := range []struct {
			what string
			ids  []string
		}{{"Rows that never entered the log", r.Record.Absent}, {"Ambiguous rows", r.Record.Unclear}, {"Records that the list does not name", r.Record.Extra}} {
			b.Table(sheet.Table{Caption: fmt.Sprintf("%s: %s list of %s", l.what, r.Record.List, r.Record.Day), Rows: column(l.ids), Empty: "None."})
		}
	}
	b.Begin("Samples")
	for _, s := range w.Samples {
		if s.Record.State == Drawn {
			b.Table(tested(s.Seq, s.Record))
		}
	}
	b.Begin("Requests")
	b.Table(w.requests())
	b.Begin("Effort")
	b.Table(w.effort())
	b.Begin("Entries")
	b.Table(w.entries())
	return b.Write(out)
}

func number(n int64) string { return fmt.Sprint(n) }

func column(ids []string) [][]string {
	rows := make([][]string, len(ids))
	for i, id := range ids {
		rows[i] = []string{id}
	}
	return rows
}

func (w Workbook) reconciled() sheet.Table {
	t := sheet.Table{
		Caption: "What is not in the log, by lists from elsewhere", Empty: "No list was compared: what never entered the log is unknown.",
		Head: []string{"List", "Day", "Rows", "Not in the log, per cent", "Missing", "Ambiguous", "Unread", "In the log and not on the list", "Entry"},
	}
	for _, s := range w.Reconciliations {
		r, share := s.Record, s.Record.Unmapped()
		t.Rows = append(t.Rows, []string{
			r.List, r.Day, number(r.Rows), fmt.Sprintf("%d.%02d", share/100, share%100), number(r.Missing), number(r.Ambiguous), number(r.Unread), number(r.Unlisted), number(s.Seq),
		})
	}
	return t
}

func (w Workbook) terms() sheet.Table {
	t := w.Newest.Record
	minutes, cost, items := w.Spent()
	return sheet.Table{Caption: "Terms of reference", Rows: [][]string{
		{"State", t.State + ", entry " + number(w.Newest.Seq)}, {"Commissioned by", t.Body}, {"On the authority of", t.Ground}, {"Question", t.Question},
		{"Period", t.From + " to " + t.Upto}, {"Due", t.Due}, {"Level of assurance", t.Level}, {"Evidence required", number(t.Coverage) + " %"},
		{"Products", list(t.Products)}, {"Regions", list(t.Regions)}, {"Criteria", list(t.Criteria)}, {"Recipients", list(t.Readers)},
		{"Budget", number(t.Budget) + " " + t.Currency}, {"Spent so far", fmt.Sprintf("%.1f hours, %d %s, %d records looked at", float64(minutes)/60, cost, t.Currency, items)},
	}}
}

func list(texts []string) string {
	if len(texts) == 0 {
		return "all"
	}
	return strings.Join(texts, "; ")
}

func (w Workbook) independent() sheet.Table {
	t := sheet.Table{Caption: "Independence", Empty: "Nobody has declared.", Head: []string{"Assessor", "State", "Ties", "Blocks", "Appointed by", "Can be removed by", "Fee", "Left to others", "Entry"}}
	for _, d := range w.Declared {
		r := d.Record
		t.Rows = append(t.Rows, []string{w.Name(r.Person), r.State, strings.Join(r.Ties, "; "), fmt.Sprint(r.Blocks), r.Appointed, r.Removed, number(r.Fee), number(r.Recusals), number(d.Seq)})
	}
	return t
}

func figures(seq int64, p *Population) sheet.Table {
	t := sheet.Table{Caption: fmt.Sprintf("Population of %s to %s, frozen in entry %d over the %d entries before it", p.From, p.Upto, seq, p.Size)}
	for _, f := range []struct {
		what string
		n    int64
	}{
		{"Customers", p.Customers}, {"Accounts", p.Accounts}, {"Accounts sorted into lanes", p.Lanes}, {"of them, nobody has to look at", p.Unopened},
		{"Deployments", p.Deployments}, {"Customers, accounts and deployments that ended", p.Ended}, {"Cases", p.Cases}, {"Cases open", p.OpenCases},
		{"Cases late", p.LateCases}, {"Ratings", p.Ratings}, {"Ratings critical or with a hard stop", p.GraveRate}, {"Decisions", p.Decisions},
		{"Decisions that decline, suspend or end", p.Declined}, {"Decisions that are overrides or have a hard stop", p.GraveAct},
		{"Requests of authorities", p.Requests}, {"Incidents", p.Incidents}, {"Inputs of those whom it concerns", p.Inputs}, {"Refused attempts", p.Refusals},
		{"First entered after the period, not counted", p.Afterward},
	} {
		t.Rows = append(t.Rows, []string{f.what, number(f.n)})
	}
	return t
}

// tested gives a sample with room for what the assessor finds.
func tested(seq int64, s *Sample) sheet.Table {
	t := sheet.Table{
		Caption: fmt.Sprintf("Draw %d, entry %d: %d of %d (%s), and all %d that are grave; %s", s.Draw, seq, s.Size, s.From, s.Of, s.Targeted, s.Seeded()),
		Head:    []string{"Record", "Why", "Kept, deviation or not testable", "Evidence", "Remark"},
	}
	for _, id := range s.Taken {
		t.Rows = append(t.Rows, []string{id, "grave", "", "", ""})
	}
	for _, id := range s.Drawn {
		t.Rows = append(t.Rows, []string{id, "drawn", "", "", ""})
	}
	return t
}

func (w Workbook) requests() sheet.Table {
	t := sheet.Table{Caption: "Requests for evidence", Empty: "None.", Head: []string{"Request", "Record", "Asked", "Due", "Answered", "State", "What", "Answer"}}
	overdue := map[string]bool{}
	for _, r := range w.Overdue(w.Today) {
		overdue[r.ID] = true
	}
	for _, q := range w.Requests {
		r, state := q.Record, q.Record.State
		switch {
		case overdue[q.ID]:
			state = "overdue"
		case r.Late:
			state = "answered late"
		}
		t.Rows = append(t.Rows, []string{q.ID, r.Record, r.Asked, r.Due, r.Answered, state, r.Text, r.Answer})
	}
	return t
}

func (w Workbook) effort() sheet.Table {
	t := sheet.Table{Caption: "Effort", Empty: "None.", Head: []string{"Day", "Task", "Hours", "Cost", "Records looked at", "Note", "Entry"}}
	for _, e := range w.Efforts {
		r := e.Record
		t.Rows = append(t.Rows, []string{r.Day, r.Task, fmt.Sprintf("%.2f", float64(r.Minutes)/60), number(r.Cost), number(r.Items), r.Note, number(e.Seq)})
	}
	return t
}

func (w Workbook) entries() sheet.Table {
	t := sheet.Table{Caption: "Who entered what in the period; what only reads makes no entry", Empty: "Nobody.", Head: []string{"Person", "Kind", "Entries", "First entry", "Last entry"}}
	for _, e := range w.Entered {
		t.Rows = append(t.Rows, []string{w.Name(e.Actor), e.Kind, number(e.Entries), number(e.First), number(e.Last)})
	}
	return t
}
