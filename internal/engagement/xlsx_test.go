package engagement_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/intake"
)

// TestTheWorkbook protects what an assessor takes along: what is not in the log stands
// first, each record that was drawn has its row, and nothing is a formula. The same
// engagement gives the same bytes.
func TestTheWorkbook(t *testing.T) {
	o := open(t, sqlite(t))
	ctx, ida := t.Context(), o.assessor(2, "funding")
	o.enter()
	_, err := engagement.Start(ctx, o.db, act.Default, ida(0), o.id)
	o.ok(err)
	_, err = engagement.Freeze(ctx, o.db, act.Default, ida(0), o.id)
	o.ok(err)
	o.enter()
	s, err := engagement.Draw(ctx, o.db, act.Default, engagement.Drawing{Hand: ida(1), Engagement: o.id, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 50}})
	o.ok(err)
	_, err = engagement.Reconcile(ctx, o.db, act.Default, ida(1), o.id, "billing", "", &intake.Comparison{
		Kind: "account", Rows: 3, Known: 2, Missing: []intake.Line{{Row: "=1+1"}}, Recorded: 2,
	})
	o.ok(err)
	_, err = engagement.Ask(ctx, o.db, act.Default, ida(1), o.id, "", "the minutes", "2026-07-05")
	o.ok(err)
	f, err := engagement.Read(ctx, o.db, o.id)
	o.ok(err)
	var files [2]bytes.Buffer
	for i := range files {
		o.ok(engagement.Workbook{File: f, Today: "2026-07-09", Name: func(string) string { return "an assessor" }}.XLSX(&files[i]))
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("the same engagement gives other bytes")
	}
	book, err := excelize.OpenReader(&files[0])
	o.ok(err)
	defer book.Close()
	cells := map[string][][]string{}
	for _, name := range book.GetSheetList() {
		cells[name], err = book.GetRows(name)
		o.ok(err)
	}
	has := func(sheet string, row ...string) {
		t.Helper()
		for _, r := range cells[sheet] {
			if len(r) >= len(row) && slices.Equal(r[:len(row)], row) {
				return
			}
		}
		t.Errorf("sheet %s has no row %q: %q", sheet, row, cells[sheet])
	}
	if first := cells["Engagement"][3]; first[0] != "billing" || first[3] != "33.34" {
		t.Errorf("the first figure is %q", first)
	}
	has("Engagement", "an assessor", "declared", "funding", "false")
	has("Not in the log", "=1+1")
	has("Samples", s.Record.Drawn[0], "drawn")
	has("Requests", f.Requests[0].ID, "", "2026-07-02", "2026-07-05", "", "overdue", "the minutes")
	if formula, _ := book.GetCellFormula("Not in the log", "A2"); formula != "" {
		t.Errorf("a row is a formula: %s", formula)
	}
}
