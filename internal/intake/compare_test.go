package intake_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/examples/demo"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// list writes rows as a CSV file and gives its path.
func list(t *testing.T, name string, rows [][]string) string {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mappingOf(t *testing.T, text string) *intake.Mapping {
	t.Helper()
	m, err := intake.ParseMapping("map.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestWhatNeverEnteredTheLog protects the first figure of every assessment: of a vendor's
// billing, exactly the accounts come out that were never loaded, by number alone, and
// exactly those that Finance does not know.
func TestWhatNeverEnteredTheLog(t *testing.T) {
	var all bytes.Buffer
	if err := demo.WriteAccounts(&all, demo.Seed); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&all).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[:800]
	number := slices.Index(rows[0], "account_number")
	loaded, billed := [][]string{rows[0]}, [][]string{{"number", "payer"}}
	hidden, unbilled := map[string]bool{}, 0
	for i, row := range rows[1:] {
		switch {
		case i%10 == 3:
			hidden[row[number]] = true
		case i%25 == 0:
			unbilled++
		}
	}
	once := map[string]bool{}
	for i, row := range rows[1:] {
		if !hidden[row[number]] {
			loaded = append(loaded, row)
		}
		if once[row[number]] {
			continue
		}
		once[row[number]] = true
		if hidden[row[number]] || i%25 != 0 {
			billed = append(billed, []string{row[number], "whoever pays"})
		}
	}
	text, err := os.ReadFile("../../examples/demo/accounts.map.yaml")
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.SQLite(t, register.Migrations, intake.Migrations)
	report, err := intake.Import(t.Context(), db, storetest.Actor, mappingOf(t, string(text)), []string{list(t, "loaded.csv", loaded)}, intake.Options{Received: "2026-11-24"})
	if err != nil {
		t.Fatal(err)
	}
	// What the import could not read, or held back for a person, never entered either.
	held := report.Rejected + report.Ambiguous
	if held == 0 {
		t.Error("the example has no row that is held back")
	}
	before, _ := store.Head(t.Context(), db)
	c, err := intake.Compare(t.Context(), db, mappingOf(t, finance), []string{list(t, "billing.csv", billed)})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Missing) != len(hidden)+held || len(c.Unlisted) != unbilled || len(c.Ambiguous) != 0 || len(c.Unread) != 0 {
		t.Errorf("%d missing of %d, %d unlisted of %d, %d ambiguous, %d unread", len(c.Missing), len(hidden)+held, len(c.Unlisted), unbilled, len(c.Ambiguous), len(c.Unread))
	}
	found := map[string]bool{}
	for _, l := range c.Missing {
		found[l.Row] = true
	}
	for number := range hidden {
		if !found[number] {
			t.Errorf("%s never entered the log and was not found", number)
		}
	}
	accounts, err := store.Select(t.Context(), db, register.Accounts, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if _, number, _ := strings.Cut(a.Record.Identity, ":"); found[number] {
			t.Errorf("%s is in the log", number)
		}
	}
	if sum := c.Known + int64(len(c.Missing)+len(c.Ambiguous)+len(c.Unread)); sum != c.Rows || c.Rows != int64(len(billed)-1) {
		t.Errorf("%d outcomes of %d rows of %d", sum, c.Rows, len(billed)-1)
	}
	if after, _ := store.Head(t.Context(), db); after.Size != before.Size {
		t.Error("comparing wrote something")
	}
}

const finance = `
source: finance
input: {format: csv}
row_id: [number]
records:
  account:
    kind: account
    main: true
    identity: {scheme: lumen-harbor-account, column: number}
    fields:
      name: {column: payer}
`

const people = `
source: crm
input: {format: csv}
row_id: [lead]
records:
  customer:
    kind: customer
    main: true
    identity: [{scheme: domain, column: domain}, {scheme: ori, column: ori}, name]
    fields:
      name: {column: name}
`

// TestANameAloneIsAmbiguous protects customers who share a name: identifiers join, and
// whatever leads to several records or to none but by name is for a person.
func TestANameAloneIsAmbiguous(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, register.Migrations, intake.Migrations)
		head := []string{"lead", "name", "domain", "ori"}
		loaded := [][]string{head, {"1", "Harbour Fish", "fish.example", ""}, {"2", "Quay Works", "", "XX0010000"}, {"3", "Mole Works", "", ""}}
		if _, err := intake.Import(t.Context(), db, storetest.Actor, mappingOf(t, people), []string{list(t, "loaded.csv", loaded)}, intake.Options{Received: "2026-11-24"}); err != nil {
			t.Fatal(err)
		}
		outcomes := map[string]string{"known": "1 0 0 0", "missing": "0 1 0 0", "ambiguous": "0 0 1 0", "unread": "0 0 0 1"}
		for name, c := range map[string]struct {
			row  []string
			want string
		}{
			"one identifier":                          {[]string{"9", "Another Name", "fish.example", ""}, "known"},
			"nothing but a name":                      {[]string{"9", "harbour  FISH", "", ""}, "ambiguous"},
			"a name of one without identifiers":       {[]string{"9", "Mole Works", "mole.example", ""}, "ambiguous"},
			"a name with another identifier":          {[]string{"9", "Harbour Fish", "other.example", ""}, "missing"},
			"identifiers of two":                      {[]string{"9", "Harbour Fish", "fish.example", "XX0010000"}, "ambiguous"},
			"an unknown name":                         {[]string{"9", "Pier Works", "", ""}, "missing"},
			"a row that does not say whom it means":   {[]string{"9", "", "", ""}, "unread"},
			"a name with an identifier of a new sort": {[]string{"9", "Quay Works", "quay.example", ""}, "ambiguous"},
		} {
			got, err := intake.Compare(t.Context(), db, mappingOf(t, people), []string{list(t, "crm.csv", [][]string{head, c.row})})
			if err != nil {
				t.Fatal(err)
			}
			outcome := fmt.Sprint(got.Known, len(got.Missing), len(got.Ambiguous), len(got.Unread))
			if outcome != outcomes[c.want] || got.Rows != 1 {
				t.Errorf("%s: %s, not %s", name, outcome, c.want)
			}
		}
	})
}

// TestOnlyAccountsAndCustomersAreCompared protects from a comparison that says nothing.
func TestOnlyAccountsAndCustomersAreCompared(t *testing.T) {
	db := storetest.SQLite(t, register.Migrations, intake.Migrations)
	m := mappingOf(t, strings.NewReplacer("kind: account", "kind: product", "account:", "product:").Replace(finance))
	if _, err := intake.Compare(t.Context(), db, m, nil); fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), "accounts and customers") {
		t.Error(err)
	}
	if _, err := intake.Compare(t.Context(), db, mappingOf(t, finance), []string{"nothing.csv"}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
}
