package intake_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"duly/internal/evidence"
	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/store"
)

// actor is the key id under which tests write.
const actor = "abcdefghijklmnopqrstuvwx"

func openStore(t testing.TB, dsn string) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: dsn, Random: rand.Reader}, register.Migrations, evidence.Migrations, intake.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newStore(t testing.TB) *store.DB {
	t.Helper()
	db := openStore(t, filepath.Join(t.TempDir(), "duly.db"))
	if err := db.Begin(context.Background(), "example.org/log", actor, &store.Epoch{Number: 1}); err != nil {
		t.Fatal(err)
	}
	return db
}

func readMapping(t testing.TB, name string) *intake.Mapping {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := intake.ParseMapping(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const examples = "../../examples/mappings/"

func testData(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA does not name the folder of public files; see docs/testdata.md")
	}
	return filepath.Join(dir, name)
}

// Real files, imported dry, for real, and again: the same counts, and the second
// import changes nothing.
func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		mapping, file string
		want          intake.Report
	}{
		{"usaspending-contracts.yaml", "contracts/CBP_ICE_FY2025_Contract_Obligations.csv",
			intake.Report{Rows: 10878, Created: 7027, Revised: 10878 - 7027 - 22, Same: 22}},
		{"atlas-of-surveillance.yaml", "agencies/atlas_of_surveillance_20201007.csv", intake.Report{Rows: 5784, Same: 1}},
		{"fbi-agencies.yaml", "agencies/fbi_ucr_agencies_list.csv", intake.Report{Rows: 18459, Created: 18459}},
	} {
		t.Run(c.mapping, func(t *testing.T) {
			file := testData(t, c.file)
			m, db, ctx := readMapping(t, examples+c.mapping), newStore(t), context.Background()
			o := intake.Options{Received: "2026-11-01", DryRun: true}
			dry, err := intake.Import(ctx, db, actor, m, []string{file}, o)
			if err != nil {
				t.Fatal(err)
			}
			o.DryRun = false
			real, err := intake.Import(ctx, db, actor, m, []string{file}, o)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.MarshalIndent(real, "", " ")
			t.Logf("%s", text)
			dry.DryRun = false
			if a, b := asJSON(dry), asJSON(real); a != b {
				t.Errorf("dry run: %s\nimport:  %s", a, b)
			}
			if real.Rows != c.want.Rows || real.Same != c.want.Same || c.want.Created > 0 && (real.Created != c.want.Created || real.Revised != c.want.Revised) {
				t.Errorf("rows %d created %d revised %d same %d", real.Rows, real.Created, real.Revised, real.Same)
			}
			again, err := intake.Import(ctx, db, actor, m, []string{file}, o)
			if err != nil {
				t.Fatal(err)
			}
			if again.Same+again.Ambiguous+again.Rejected != again.Rows || len(again.Records) != 0 || again.Ambiguous != real.Ambiguous {
				t.Errorf("the second import changed something: %s", asJSON(again))
			}
		})
	}
}

func asJSON(r *intake.Report) string {
	b, _ := json.Marshal(r)
	return string(b)
}
