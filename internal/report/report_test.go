package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// Protects RS-04: every figure of a report, for the public and for those who may
// see everything, and that building it again gives the same bytes.
func TestGolden(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	for name, classes := range map[string][]ledger.Class{"public": nil, "full": ledger.Classes} {
		got := render(t, s.build(signed, c, classes...), report.JSON)
		if again := render(t, s.build(signed, c, classes...), report.JSON); again != got {
			t.Errorf("%s: built twice, the reports differ", name)
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, []byte(got), "", " "); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pretty.Bytes(), want) {
			t.Errorf("%s: the report is not the one of %s; run with -update and read the difference", name, path)
		}
	}
}

// Protects RS-04: what is written after a checkpoint changes no report of it.
func TestLaterEntriesDoNotCount(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	before := render(t, s.build(signed, c, ledger.Classes...), report.JSON)
	page := render(t, s.build(signed, c, ledger.Classes...), report.HTML)
	s.write(func(tx *store.Tx) {
		for _, a := range s.accounts {
			r, err := store.Get(context.Background(), tx, register.Accounts, a.ID)
			if err != nil {
				t.Fatal(err)
			}
			r.Record.Name, r.Record.Amount, r.Record.SourceRef = "renamed", cents(1), "row-2#y"
			if _, _, err := store.Revise(tx, register.Accounts, a.ID, r.Record); err != nil {
				t.Fatal(err)
			}
		}
		put(s.bed, tx, assessment.Ratings, assessment.Rating{
			Method: hashOf("m"), Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "SDD", Outcome: "approve", Subject: s.accounts[2].ID, Account: s.accounts[2].ID,
		})
	})
	now, latest := s.checkpoint()
	if after := render(t, s.build(signed, c, ledger.Classes...), report.JSON); after != before {
		t.Error("a report of an earlier checkpoint shows later entries")
	}
	if after := render(t, s.build(signed, c, ledger.Classes...), report.HTML); after != page {
		t.Error("a page of an earlier checkpoint shows later entries")
	}
	r := s.build(now, latest, ledger.Classes...)
	if r.Portfolio.Ratings != 3 || r.Subjects[0].Account.Text() != "renamed" {
		t.Error("a report of the later checkpoint does not show them")
	}
	if r.Spine.Money[0].Net != "234567904" { // of two rows of a source both count: 234567899 and 5 times 1
		t.Errorf("net money is %s", r.Spine.Money[0].Net)
	}
}

// Protects: what a report of one log may be built from.
func TestRefused(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	other := c
	other.Root[0] ^= 1
	later := c
	later.Size++
	for _, x := range []struct {
		name       string
		checkpoint ledger.Checkpoint
		signed     []byte
		classes    []ledger.Class
		code       fault.Code
	}{
		{"public cannot be withheld, so it cannot be chosen", c, signed, []ledger.Class{ledger.Public}, fault.Invalid},
		{"an unknown class", c, signed, []ledger.Class{"rumour"}, fault.Invalid},
		{"another root", other, []byte(other.Text()), nil, fault.Broken},
		{"more entries than there are", later, []byte(later.Text()), nil, fault.Broken},
		{"a note of another checkpoint", c, []byte(later.Text()), nil, fault.Broken},
		{"an empty checkpoint", ledger.Checkpoint{Origin: c.Origin}, signed, nil, fault.Broken},
	} {
		if _, err := report.Build(context.Background(), s.w.DB, x.checkpoint, x.signed, x.classes); fault.CodeOf(err) != x.code || err == nil {
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

// Protects RS-06: no sealed text and no amount reaches an audience that may not
// see its class, in any spelling, in either form of the report.
func TestNothingSealedShows(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	for _, audience := range [][]ledger.Class{nil, {ledger.Customer}, {ledger.TradeSecret}, {ledger.Security, ledger.Personal, ledger.Legal}} {
		r := s.build(signed, c, audience...)
		forms := map[string]string{"JSON": render(t, r, report.JSON), "HTML": render(t, r, report.HTML)}
		checked := 0
		for value := range sealedValues(t, s, func(_ string, f ledger.Field) bool { return slices.Contains(audience, f.Class) }) {
			checked++
			for form, text := range forms {
				for _, spelling := range []string{value, html.EscapeString(value), strings.ReplaceAll(value, "_", " "), strings.Trim(strconv.Quote(value), `"`)} {
					if strings.Contains(text, spelling) {
						t.Errorf("audience %v: the %s shows %q", audience, form, value)
						break
					}
				}
			}
		}
		if checked < 10 {
			t.Errorf("audience %v: only %d values were looked for", audience, checked)
		}
	}
}

// common are sealed values that are also words of every report, or stand in clear
// elsewhere in the log.
var common = []string{"company", "unknown", "commercial", "reseller", "compute", "storage", "prepared-by-nobody"}

// sealedValues gives every text and large number that stands in a sealed field which
// the audience does not see, and in none that it sees.
func sealedValues(t testing.TB, s *small, sees func(kind string, f ledger.Field) bool) map[string]bool {
	known := knownSchemas(t)
	hidden, shown := map[string]bool{}, map[string]bool{}
	err := store.Entries(context.Background(), s.w.DB, 0, 1<<40, func(e store.Entry) error {
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		_, ds, err := store.Split(e.Digests, e.Disclosures)
		if err != nil {
			return err
		}
		for i, d := range ds {
			_, raw, err := d.Open()
			if err != nil {
				return err
			}
			var v ledger.Scalar
			if err := v.UnmarshalJSON(raw); err != nil {
				return err
			}
			into := hidden
			if sees(leaf.Kind, known[leaf.Schema].Sealed[i]) {
				into = shown
			}
			switch x := v.Value().(type) {
			case string:
				into[x] = true
			case int64:
				into[strconv.FormatInt(max(x, -x), 10)] = true
			case []string:
				for _, one := range x {
					into[one] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	hash := regexp.MustCompile(`^[0-9a-f]{64}$`)
	for v := range hidden {
		if shown[v] || len(v) < 5 || ledger.ValidID(v) || hash.MatchString(v) || slices.Contains(common, v) {
			delete(hidden, v)
		}
	}
	return hidden
}

// Protects RS-06: withholding removes values, never rows, results or figures.
func TestRedactionKeepsOutcomes(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	full, public := s.build(signed, c, ledger.Classes...), s.build(signed, c)
	if len(public.Subjects) != len(full.Subjects) || len(full.Subjects) != 3 || len(public.Hits.List) != 2 {
		t.Fatalf("rows: %d and %d, hits %d", len(public.Subjects), len(full.Subjects), len(public.Hits.List))
	}
	for i, p := range public.Subjects {
		f := full.Subjects[i]
		if p.ID != f.ID || p.Lane.Lane != f.Lane.Lane || (p.Rating == nil) != (f.Rating == nil) || len(p.Findings) != len(f.Findings) {
			t.Errorf("row %d has another outcome when redacted", i)
		}
		if p.Rating != nil && (p.Rating.Best != f.Rating.Best || p.Rating.Worst != f.Rating.Worst || p.Rating.Outcome != f.Rating.Outcome || !slices.Equal(p.Rating.HardStops, f.Rating.HardStops)) {
			t.Errorf("row %d has another rating when redacted", i)
		}
		if p.Customer.Hidden == nil || p.Customer.Hidden.Withheld != ledger.Customer || f.Customer.Hidden != nil {
			t.Errorf("row %d: the name is not withheld, or not shown", i)
		}
	}
	if full.Spine.Unmapped != public.Spine.Unmapped || *full.Spine.MoneyShare != *public.Spine.MoneyShare || public.Spine.Money != nil || full.Spine.Money == nil {
		t.Error("the spine differs, or shows sums of money to the public")
	}
	n := 0
	for _, w := range public.Withheld {
		n += w.Count
	}
	if n == 0 || len(full.Withheld) != 0 {
		t.Errorf("%d values counted as withheld from the public, %v from those who may see all", n, full.Withheld)
	}
}

// Protects: erased is told apart from withheld, and nothing else is lost.
func TestErased(t *testing.T) {
	s := newSmall(t)
	s.write(func(tx *store.Tx) {
		if _, err := store.Erase(tx, register.Customers.Schema(), s.name.Seq, "name", "court_order", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Erase(tx, assessment.Ratings.Schema(), s.rated.Seq, "subject", "request", ""); err != nil {
			t.Fatal(err)
		}
	})
	signed, c := s.checkpoint()
	r := s.build(signed, c, ledger.Classes...)
	if r.Unplaced.Ratings != 1 || r.Portfolio.Ratings != 1 {
		t.Errorf("a rating whose subject was erased: %+v, %d placed", r.Unplaced, r.Portfolio.Ratings)
	}
	for _, x := range r.Subjects {
		if x.ID == s.sheriff && (x.Customer.Hidden == nil || x.Customer.Hidden.Erased != ledger.Customer || x.Customer.Hidden.Withheld != "") {
			t.Errorf("the erased name is shown as %+v", x.Customer)
		}
	}
	if page := render(t, r, report.HTML); !strings.Contains(page, "erased: customer") || strings.Contains(page, "Alder County") {
		t.Error("the page does not say that the name was erased")
	}
}

// Protects: canonical JSON has one spelling.
func TestJSONIsCanonical(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	text := render(t, s.build(signed, c, ledger.Classes...), report.JSON)
	if !strings.HasSuffix(text, "}\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(strings.TrimSuffix(text, "\n"), "\n") {
		t.Error("not one line with one line feed")
	}
	if !strings.Contains(text, `Bright <script>alert(\"x\")</script> & Sons`) {
		t.Error("texts are not in their shortest spelling")
	}
	if strings.Index(text, `"conditions"`) > strings.Index(text, `"day"`) || strings.Index(text, `"day"`) > strings.Index(text, `"duly"`) {
		t.Error("keys are not sorted")
	}
}
