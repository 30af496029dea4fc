package assessment_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rule"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/schemas"
)

func explain(t *testing.T, c *chain, entry int64) (*assessment.Explanation, error) {
	t.Helper()
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	return assessment.Explain(ctx, c.db, known, entry)
}

func (c *chain) rated(t *testing.T) *store.Revision[assessment.Rating] {
	t.Helper()
	c.assess(t)
	list, err := store.Select(ctx, c.db, assessment.Ratings, "")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d ratings, %v", len(list), err)
	}
	return list[0]
}

// TestARatingIsExplainedDownToTheLog protects whoever asks why: each fact says on
// whose word it rests, how many say so, and in which entry that stands; what nobody
// stated says that.
func TestARatingIsExplainedDownToTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		const alone, shared = "disparity.sector_evidence", "agency.technology_findings"
		err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			var ids []string
			for _, s := range []*evidence.Source{
				{Origin: evidence.Origin{State: "active"}, Grade: "ngo", Title: "A study", Publisher: "An institute", Published: "2026-05-01"},
				{Origin: evidence.Origin{State: "active"}, Grade: "court", Title: "A judgment", Publisher: "A court"},
			} {
				ref, err := store.Create(tx, evidence.Sources, s)
				if err != nil {
					return err
				}
				ids = append(ids, ref.ID)
			}
			for _, f := range []evidence.Fact{
				{Fact: alone, Value: ledger.Text("documented"), Sources: ids[:1]},
				{Fact: shared, Value: ledger.Texts([]string{"court"}), Sources: ids[:1]},
				{Fact: shared, Value: ledger.Texts([]string{"court"}), Sources: ids[1:]},
			} {
				f.Subject, f.AsOf = c.deployment, "2026-06-01"
				if err := evidence.State(ctx, tx, f, "test", today); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r := c.rated(t)
		x, err := explain(t, c, r.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if !x.Exact || x.Inexact != "" || x.Customer != "Tamarind Sheriff" || x.Leaf != r.Hash.String() || !x.Pending {
			t.Errorf("explained %+v", x)
		}
		one, two := x.Inputs[alone].Origin, x.Inputs[shared].Origin
		if !one.Single || one.AsOf != "2026-06-01" || one.About != c.deployment || len(one.Sources) != 1 || one.Sources[0].Title != "A study" || one.Sources[0].Grade != "ngo" {
			t.Errorf("%s rests on %+v", alone, one)
		}
		if two.Single || len(two.Sources) != 2 || two.Sources[1].Grade != "court" {
			t.Errorf("two independent sources: %+v", two)
		}
		e, err := store.EntryAt(ctx, c.db, one.Entry)
		if err != nil || ledger.LeafHash(e.Leaf).String() != one.Leaf {
			t.Errorf("entry %d has another leaf than %s, %v", one.Entry, one.Leaf, err)
		}
		if reg := x.Inputs["customer.sector"].Origin; reg.Kind != "customer" || reg.Field != "sector" || x.Inputs["customer.sector"].Value != "policing" {
			t.Errorf("the register's field rests on %+v", reg)
		}
		if own := x.Inputs["end_user.identity"].Origin; !own.Own || own.Single {
			t.Errorf("what the program works out rests on %+v", own)
		}
		if f := x.Inputs["country.freedom"]; f.Known || f.Origin != nil || f.Unknown == "" {
			t.Errorf("a fact that nobody stated: %+v", f)
		}
		sum := x.Base
		for _, f := range x.Families {
			sum += f.Worst
			for _, ind := range f.Indicators {
				if ind.ID == "CTX-05" && (ind.State != rule.True || !slices.Equal(ind.Facts, []string{alone})) {
					t.Errorf("indicator %+v", ind)
				}
			}
		}
		if sum != x.Worst.Sum || x.Base != 1 {
			t.Errorf("base %d and families give %d, the rating has %d", x.Base, sum, x.Worst.Sum)
		}
	})
}

// TestARatingThatDoesNotFollowIsSaidToBe protects against a rating that somebody wrote
// by hand: what is explained is what follows, and that it differs is said.
func TestARatingThatDoesNotFollowIsSaidToBe(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	r := c.rated(t)
	forged := *r.Record
	forged.Worst, forged.Pending, forged.Outcome = "LOW", false, "approve"
	var ref store.Ref
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		ref, _, err = store.Revise(tx, assessment.Ratings, r.ID, &forged)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	x, err := explain(t, c, ref.Seq)
	if err != nil || x.Exact || !strings.Contains(x.Inexact, "its inputs give") || x.Worst.Residual.String() != "CRITICAL" {
		t.Fatalf("%+v, %v", x, err)
	}
	if before, err := explain(t, c, r.Seq); err != nil || !before.Exact {
		t.Errorf("the rating that was revised: %+v, %v", before, err)
	}
	for entry, code := range map[int64]fault.Code{r.Seq + 100: fault.NotFound, 1: fault.NotFound} {
		if _, err := explain(t, c, entry); fault.CodeOf(err) != code {
			t.Errorf("entry %d: %v", entry, err)
		}
	}
}
