package assessment_test

import (
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// town is a made-up register in which deployments are placed and rated by hand.
type town struct {
	t  *testing.T
	db *store.DB
}

// deploy registers a customer at a place with one deployment, and rates it, unless
// worst is empty. A ? behind it leaves required facts unknown.
func (w *town) deploy(sector, jurisdiction, place, capability, worst string) string {
	w.t.Helper()
	active := register.Origin{State: "active"}
	var deployment string
	err := w.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		customer, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: sector + " of " + place, Kind: "public_body", Sector: sector, Jurisdiction: jurisdiction, Place: place})
		if err != nil {
			return err
		}
		product, err := store.Create(tx, register.Products, &register.Product{Origin: active, Name: capability, Intended: []string{capability}})
		if err != nil {
			return err
		}
		account, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: customer.ID, Product: product.ID})
		if err != nil {
			return err
		}
		d, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: customer.ID, Product: product.ID, Account: account.ID, Capability: capability})
		if err != nil {
			return err
		}
		deployment = d.ID
		band, pending := strings.CutSuffix(worst, "?")
		if band == "" {
			return nil
		}
		_, err = store.Create(tx, assessment.Ratings, &assessment.Rating{
			Method: ledger.Hash{}.String(), Engine: 1, Best: "LOW", Worst: band, Inherent: band, Pending: pending, Tier: "CDD", Outcome: "pending", Subject: d.ID, Account: account.ID,
		})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return deployment
}

func (w *town) review() assessment.ExposureSummary {
	w.t.Helper()
	s, err := assessment.ReviewExposures(ctx, w.db, storetest.Actor, today)
	if err != nil {
		w.t.Fatal(err)
	}
	return *s
}

func (w *town) the(area string) *store.Revision[assessment.Exposure] {
	w.t.Helper()
	list, err := store.Select(ctx, w.db, assessment.Exposures, "r.area = $1", area)
	if err != nil || len(list) != 1 {
		w.t.Fatalf("%d reviews of %s, %v", len(list), area, err)
	}
	return list[0]
}

// TestMediumDeploymentsAddUp protects people who are watched from several sides: two
// deployments that are acceptable alone ask for a review together (IN-06).
func TestMediumDeploymentsAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		w := &town{t, storetest.Begin(t, dsn, rooms...)}
		w.deploy("policing", "US-NY", "Quillon Falls", "plate_reader", "MEDIUM")
		w.deploy("policing", "US-NY", "Marrow Creek", "plate_reader", "MEDIUM") // elsewhere
		w.deploy("health", "US-NY", "Quillon Falls", "compute", "MEDIUM")       // reaches nobody
		w.deploy("schools", "US-NY", "Quillon Falls", "object_detection", "LOW")
		w.deploy("policing", "US-NY", "Elmbrook", "drone", "HIGH?") // nothing is complete here
		w.deploy("policing", "US-NY", "Elmbrook", "face_search", "CRITICAL?")
		if s := w.review(); s.Open != 0 || s.Areas != 2 {
			t.Fatalf("one deployment of concern: %+v", s)
		}
		w.deploy("policing", "US-NY", "quillon falls", "doorbell_requests", "MEDIUM")
		if s := w.review(); s.Open != 1 || s.New != 1 {
			t.Fatalf("two of the same people: %+v", s)
		}
		e := w.the("Quillon Falls, US-NY").Record
		if e.Deployments != 2 || e.Worst != "MEDIUM" || len(e.Can) != 3 {
			t.Errorf("%+v", e)
		}
		before, err := store.Head(ctx, w.db)
		if err != nil {
			t.Fatal(err)
		}
		if s := w.review(); s.Open != 1 || s.New != 0 {
			t.Errorf("looked again: %+v", s)
		}
		if after, err := store.Head(ctx, w.db); err != nil || after.Size != before.Size {
			t.Errorf("looking again wrote %d entries, %v", after.Size-before.Size, err)
		}
	})
}

// TestAnAgencyOfTheCountryAddsUpEverywhere protects from looking at towns alone: who
// acts in the whole country covers the people of each place in it, and what nobody has
// rated counts.
func TestAnAgencyOfTheCountryAddsUpEverywhere(t *testing.T) {
	w := &town{t, storetest.SQLite(t, rooms...)}
	w.deploy("immigration", "US", "", "data_fusion", "HIGH")
	w.deploy("policing", "US-NY", "Quillon Falls", "face_search", "")
	w.deploy("policing", "US-OR", "", "face_search", "HIGH") // where, is not known
	w.deploy("policing", "CA", "Elmbrook", "face_search", "HIGH")
	s := w.review()
	if s.Open != 1 || s.Unplaced != 1 {
		t.Fatalf("%+v", s)
	}
	if e := w.the("Quillon Falls, US-NY").Record; e.Deployments != 2 || e.Unrated != 1 || e.Worst != "HIGH" {
		t.Errorf("%+v", e)
	}
}

// TestAReviewHoldsForWhatWasSeen protects a closed review from hiding what came after.
func TestAReviewHoldsForWhatWasSeen(t *testing.T) {
	w := &town{t, storetest.SQLite(t, rooms...)}
	w.deploy("policing", "US-NY", "Quillon Falls", "face_search", "MEDIUM")
	w.deploy("border", "US-NY", "Quillon Falls", "drone", "MEDIUM")
	w.review()
	id := w.the("Quillon Falls, US-NY").ID
	if err := assessment.CloseExposure(ctx, w.db, id, " ", storetest.Actor, today); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("closed without a reason: %v", err)
	}
	if err := assessment.CloseExposure(ctx, w.db, id, "both stay, the second without night flights", storetest.Actor, today); err != nil {
		t.Fatal(err)
	}
	if err := assessment.CloseExposure(ctx, w.db, id, "again", storetest.Actor, today); fault.CodeOf(err) != fault.Refused {
		t.Errorf("closed twice: %v", err)
	}
	if s := w.review(); s.Open != 0 || w.the("Quillon Falls, US-NY").Record.State != assessment.ExposureClosed {
		t.Errorf("nothing changed: %+v", s)
	}
	w.deploy("policing", "US-NY", "Quillon Falls", "location_tracking", "MEDIUM")
	if s := w.review(); s.Open != 1 || s.New != 1 || w.the("Quillon Falls, US-NY").Record.State != assessment.ExposureOpen {
		t.Errorf("a third deployment: %+v", s)
	}
}

// TestRM2AsksHowManyWatchTheSame protects the whole path of CTX-06: a method that asks
// gets the figure from the portfolio, another one writes nothing of it.
func TestRM2AsksHowManyWatchTheSame(t *testing.T) {
	w := &town{t, storetest.SQLite(t, rooms...)}
	one := w.deploy("policing", "US-NY", "Quillon Falls", "face_search", "")
	w.deploy("border", "US-NY", "Quillon Falls", "drone", "")
	alone := w.deploy("policing", "US-NY", "Marrow Creek", "face_search", "")
	stated := func() map[string]ledger.Scalar {
		facts, err := store.Select(ctx, w.db, evidence.Facts, "r.fact = $1", "exposure.overlapping_deployments")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]ledger.Scalar{}
		for _, f := range facts {
			out[f.Record.Subject] = f.Record.Value
		}
		return out
	}
	assess := func(method string) {
		if _, err := assessment.Assess(ctx, w.db, storetest.Actor, today, shipped(t, method), assessment.Which{IDs: []string{one, alone}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	assess("methods/rm-1.yaml")
	if len(stated()) != 0 {
		t.Errorf("RM-1 does not ask, and it is stated: %v", stated())
	}
	assess("methods/rm-2.yaml")
	if got := stated(); got[one].Value() != int64(1) || got[alone].Value() != int64(0) || len(got) != 2 {
		t.Errorf("%v", got)
	}
	list, err := store.Select(ctx, w.db, assessment.Ratings, "r.subject = $1", one)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Record.Trace, "CTX-06") {
		t.Errorf("the rating does not turn on it: %v, %v", list, err)
	}
}
