package annual_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/annual"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/attestation"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/engagement"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/gate"
	"duly/internal/index"
	"duly/internal/intake"
	"duly/internal/pack"
	"duly/internal/page/pagetest"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/internal/workspace"
	"duly/packs"
	"duly/schemas"
)

var rooms = []store.Migrations{
	register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, intake.Migrations, screening.Migrations,
	agreement.Migrations, usage.Migrations, attestation.Migrations, triage.Migrations, assessment.Migrations, refusal.Migrations, voice.Migrations, decision.Migrations, casework.Migrations, enforcement.Migrations, transparency.Migrations, gate.Migrations,
	engagement.Migrations, assurance.Migrations,
}

// vendor is a workspace of a company that sells to two public bodies and a shop.
type vendor struct {
	*testing.T
	w    *workspace.Workspace
	by   act.Actor
	body act.Actor // somebody of the governing body
	now  time.Time
}

func open(t *testing.T) *vendor {
	v := &vendor{T: t, now: time.Date(2025, 12, 30, 9, 0, 0, 0, time.UTC)}
	w, err := workspace.Init(context.Background(), filepath.Join(t.TempDir(), "ws"), workspace.InitOptions{
		Options: workspace.Options{Now: func() time.Time { return v.now }, Rooms: rooms}, Origin: "vendor.example/duly", Operator: "Ada Runsit",
	})
	v.must(err)
	t.Cleanup(func() { w.Close() })
	v.w = w
	v.by, err = w.Actor(context.Background(), "")
	v.must(err)
	v.body = act.Actor{Key: v.by.Key, Roles: []act.Role{act.GoverningBody}}
	return v
}

func (v *vendor) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// sell registers a customer with one deployment and gives its id.
func (v *vendor) sell(name, kind, capability string) (deployment string) {
	v.Helper()
	v.must(v.w.DB.Write(context.Background(), v.by.Key, func(tx *store.Tx) error {
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: name, Kind: kind, Jurisdiction: "US"})
		v.must(err)
		p, err := store.Create(tx, register.Products, &register.Product{Origin: register.Origin{State: "active"}, Name: "Eyes <b>"})
		v.must(err)
		d, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: register.Origin{State: "active"}, Customer: c.ID, Product: p.ID, Capability: capability, Purpose: "find people"})
		deployment = d.ID
		return err
	}))
	return deployment
}

// site builds and writes the site of a year.
func (v *vendor) site(year string) (*annual.Annual, string) {
	v.Helper()
	ctx := context.Background()
	_, err := v.w.Sign(ctx)
	v.must(err)
	signed, c, err := v.w.Checkpoint()
	v.must(err)
	public, err := report.Build(ctx, v.w.DB, c, signed, nil)
	v.must(err)
	folder, err := fs.Sub(packs.Files, "conditions")
	v.must(err)
	list, err := pack.ReadDir(folder, ".")
	v.must(err)
	a, err := annual.Build(ctx, v.w.DB, public, list, year)
	v.must(err)
	known, err := bundle.ReadSchemas(schemas.Files)
	v.must(err)
	dir := filepath.Join(v.TempDir(), "site")
	v.must(annual.Write(a, func(entry int64, field string) (*bundle.Proof, error) {
		return report.Disclose(ctx, v.w.DB, signed, v.w.Config.Key, known, entry, field)
	}, dir))
	return a, dir
}

// TestSite protects what the public is shown: every page is well formed and loads
// nothing; what is shown has its proof and what is left out appears nowhere, in no file
// of the site; who is not listed is counted; and two builds are the same bytes.
func TestSite(t *testing.T) {
	v := open(t)
	ctx := context.Background()
	sheriff, border := v.sell("Tamarind County Sheriff", "public_body", "face_search"), v.sell("Quiet Border Office", "public_body", "plate_reader")
	v.sell("Unnamed Transit Police", "public_body", "video_analytics")
	v.sell("Pallet Warehouse", "company", "object_detection")
	v.now = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	_, err := transparency.List(ctx, v.w.DB, act.Default, v.body, transparency.Listing{Day: "2026-05-01", Agency: "shown", Product: "shown", Purpose: "shown", Place: "shown", ValueBand: "25k_to_250k", From: "2025-12-30", Subject: sheriff})
	v.must(err)
	_, err = transparency.List(ctx, v.w.DB, act.Default, v.body, transparency.Listing{Day: "2026-05-01", Agency: "national_security", Product: "shown", Purpose: "confidentiality_clause", Place: "national_security", ValueBand: "trade_secret", Why: "clause 9", Subject: border})
	v.must(err)
	policy, err := transparency.AdoptPolicy(ctx, v.w.DB, act.Default, v.body, transparency.Policy{Topic: "human_rights", Title: "Rights & duties", Approved: "2026-02-01", ApprovedBy: "governing_body", Concerns: []string{"employees", "customers"}, Published: true, Link: "https://vendor.example/rights"})
	v.must(err)
	_, err = transparency.AdoptPolicy(ctx, v.w.DB, act.Default, v.body, transparency.Policy{Topic: "privacy", Title: "Kept inside", Approved: "2026-02-01", ApprovedBy: "executive", Concerns: []string{"employees"}})
	v.must(err)
	_, err = transparency.Embed(ctx, v.w.DB, act.Default, v.body, transparency.Embedding{Policy: policy.ID, Sort: "training", Where: "sales", Day: "2026-04-01", Done: of(40), Of: of(55), What: "half a day", Source: "list of names"})
	v.must(err)
	_, err = transparency.Report(ctx, v.w.DB, act.Default, v.body, transparency.Incident{Reported: "2026-05-01", Severity: 4, Subject: sheriff, What: "a wrongful stop"})
	v.must(err)

	a, dir := v.site("2026")
	if r := a.Register; len(r.Lines) != 2 || r.AtPublicBodies != 3 || r.Unlisted != 1 || len(r.Withheld) != 3 {
		t.Errorf("the register is %+v", r)
	}
	known, err := bundle.ReadSchemas(schemas.Files)
	v.must(err)
	proofs := 0
	v.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		v.must(err)
		name, _ := filepath.Rel(dir, path)
		for _, secret := range []string{"Quiet Border", "Unnamed Transit", "Pallet", "Kept inside", "half a day", "list of names", "wrongful", "clause 9"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s tells %q", name, secret)
			}
		}
		switch {
		case strings.HasSuffix(name, ".html") && name != "conditions.html":
			pagetest.Check(t, v.links(dir, string(data)))
		case strings.HasPrefix(name, "proofs"):
			proofs++
			if r, err := bundle.VerifyDisclosure(data, known, bundle.Trust{Key: v.w.Config.Key}); err != nil || r.Value == "" {
				t.Errorf("%s: %v", name, err)
			}
		case strings.HasSuffix(name, ".json") && !json.Valid(data):
			t.Errorf("%s is no JSON", name)
		}
		return nil
	}))
	if proofs != 9 { // four of one line, of which place and name stand in one record; two of the other, and product names; two of the policy
		t.Errorf("%d proofs", proofs)
	}
	_, again := v.site("2026")
	for _, name := range []string{"index.html", "register.html", "policies.html", "frameworks.html", "annual.json", "report.html"} {
		one, err := os.ReadFile(filepath.Join(dir, name))
		v.must(err)
		two, err := os.ReadFile(filepath.Join(again, name))
		v.must(err)
		if string(one) != string(two) {
			t.Errorf("%s is not the same twice", name)
		}
	}
}

// links fails for a link to a file that the site has not, and gives the page with its
// links to other files led into itself, as one page alone is checked.
func (v *vendor) links(dir, page string) string {
	return link.ReplaceAllStringFunc(page, func(href string) string {
		target := link.FindStringSubmatch(href)[1]
		file, _, _ := strings.Cut(target, "#")
		if file == "" {
			return href
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil && !strings.HasPrefix(target, "https://vendor.example/") {
			v.Errorf("a link leads to %s, which is not there", target)
		}
		return `href="#first"`
	})
}

var link = regexp.MustCompile(`href="([^"]*)"`)

func of(n int64) *int64 { return &n }

// TestFiguresAreOfTheYear protects that a figure counts what was written in the year, by
// days that stand in clear, and nothing before or after it.
func TestFiguresAreOfTheYear(t *testing.T) {
	v := open(t)
	ctx := context.Background()
	sheriff := v.sell("Tamarind County Sheriff", "public_body", "face_search")
	for _, day := range []string{"2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"} {
		v.now, _ = time.Parse(time.DateOnly, day)
		_, err := transparency.Report(ctx, v.w.DB, act.Default, v.body, transparency.Incident{Reported: day, Severity: 4, Subject: sheriff, What: "x"})
		v.must(err)
	}
	for year, want := range map[string]int{"2025": 1, "2026": 2, "2027": 1} {
		a, _ := v.site(year)
		i := slices.IndexFunc(a.Figures, func(f annual.Figure) bool { return f.ID == "incidents" })
		if got := a.Figures[i].Total; got != want {
			t.Errorf("%s: %d incidents, want %d", year, got, want)
		}
		if a.Whole != (year != "2027") {
			t.Errorf("%s: whole is %v", year, a.Whole)
		}
	}
}

// TestRefused protects the register and the site from those who may not write them, and
// from what would show too much or say too little.
func TestRefused(t *testing.T) {
	v := open(t)
	ctx := context.Background()
	sheriff := v.sell("Tamarind County Sheriff", "public_body", "face_search")
	shown := transparency.Listing{Day: "2026-05-01", Agency: "shown", Product: "shown", Purpose: "shown", Place: "shown", ValueBand: "none", Subject: sheriff}
	hidden := shown
	hidden.Agency = "court_order"
	seller := act.Actor{Key: v.by.Key, Roles: []act.Role{act.Sales}}
	for name, c := range map[string]struct {
		err  error
		code fault.Code
	}{
		"listing by sales":        {second(transparency.List(ctx, v.w.DB, act.Default, seller, shown)), fault.Refused},
		"left out without reason": {second(transparency.List(ctx, v.w.DB, act.Default, v.body, hidden)), fault.Invalid},
		"unlisting the unlisted":  {second(transparency.Unlist(ctx, v.w.DB, act.Default, v.body, sheriff, "why", "2026-05-01")), fault.NotFound},
		"a policy by sales":       {second(transparency.AdoptPolicy(ctx, v.w.DB, act.Default, seller, transparency.Policy{Topic: "privacy", Title: "x", Approved: "2026-01-01", Concerns: []string{"customers"}})), fault.Refused},
		"a policy for nobody":     {second(transparency.AdoptPolicy(ctx, v.w.DB, act.Default, v.body, transparency.Policy{Topic: "privacy", Title: "x", Approved: "2026-01-01"})), fault.Invalid},
		"evidence of nothing":     {second(transparency.Embed(ctx, v.w.DB, act.Default, v.body, transparency.Embedding{Policy: sheriff, Sort: "training"})), fault.Invalid},
		"more than there is":      {second(transparency.Embed(ctx, v.w.DB, act.Default, v.body, transparency.Embedding{Policy: sheriff, Sort: "training", What: "x", Source: "y", Done: of(3), Of: of(2)})), fault.Invalid},
	} {
		if fault.CodeOf(c.err) != c.code {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	_, err := transparency.List(ctx, v.w.DB, act.Default, v.body, shown)
	v.must(err)
	_, err = transparency.Unlist(ctx, v.w.DB, act.Default, v.body, sheriff, "the contract ended", "2026-06-01")
	v.must(err)
	a, dir := v.site("2025")
	if a.Register.Removed != 1 || len(a.Register.Lines) != 0 || a.Register.Unlisted != 1 {
		t.Errorf("after it was taken off: %+v", a.Register)
	}
	if err := annual.Write(a, nil, dir); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a directory with something in it: %v", err)
	}
	broken := errors.New("erased meanwhile")
	_, err = transparency.List(ctx, v.w.DB, act.Default, v.body, shown)
	v.must(err)
	a, _ = v.site("2025")
	fresh := filepath.Join(t.TempDir(), "site")
	if err := annual.Write(a, func(int64, string) (*bundle.Proof, error) { return nil, broken }, fresh); !errors.Is(err, broken) {
		t.Errorf("a proof that cannot be given: %v", err)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("half a site was written")
	}
}

func second(_ store.Ref, err error) error { return err }
