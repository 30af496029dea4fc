package assessment_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

const (
	freedom = "country.freedom"
	abuse   = "agency.abuse_record"
)

// watch is a made-up index from 0 to 10 that answers how free a country is and, for
// want of anything else, whether an agency abused rights.
const watch = `id: watch
kind: index
version: "1"
title: Watch
status: project
index: watch
publisher: The Watch
grade: ngo
terms: none
measures: Nothing.
country: [{column: c, scheme: iso3}]
year: {column: y}
values: [{id: v, title: V, column: v, scale: ["0", "10"], better: high}]
published: [{plus: 1, day: "03-01", grade: unverified}]
answers:
  - {fact: country.freedom, by: project, values: [v], steps: [{answer: free, from: "7"}, {answer: partly_free, from: "4"}, {answer: not_free}], why: so}
  - {fact: agency.abuse_record, by: project, fallback: true, values: [v], steps: [{answer: "", from: "2"}, {answer: credible}], why: so}
tests: [{name: one, file: "c,y,v\nCHL,2020,5", readings: ["2020 CHL line 2; v=5"], answers: {country.freedom: partly_free}}]
`

// board is a made-up index of agencies.
const board = `id: board
kind: index
version: "1"
title: Board
status: project
index: board
publisher: The Board
grade: ngo
terms: none
measures: Nothing.
agency: [{column: c, scheme: ori}]
year: {column: y}
values: [{id: v, title: V, column: v, scale: ["0", "10"], better: high}]
published: [{plus: 1, day: "03-01", grade: unverified}]
answers:
  - {fact: agency.abuse_record, by: project, values: [v], steps: [{answer: none, from: "7"}, {answer: alleged, from: "4"}, {answer: established}], why: so}
tests: [{name: one, file: "c,y,v\nA 1,2020,5", readings: ["2020 ori:A1 line 2; v=5"], answers: {agency.abuse_record: alleged}}]
`

// indexed adds rows of country, year and value.
func (c *chain) indexed(t *testing.T, rows string) {
	t.Helper()
	c.indexedBy(t, watch, rows)
}

func (c *chain) indexedBy(t *testing.T, mapping, rows string) {
	t.Helper()
	p, err := pack.Parse("watch.yaml", []byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	table, err := m.Read("watch.csv", []byte("c,y,v\n"+rows))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := index.Import(ctx, c.db, storetest.Actor, m, table, today, today); err != nil {
		t.Fatal(err)
	}
}

// said states a fact on the word of a source of a grade, as seen on a day.
func (c *chain) said(t *testing.T, subject, fact string, value ledger.Scalar, grade, asOf string) {
	t.Helper()
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		ref, err := store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: grade, Publisher: grade})
		if err != nil {
			return err
		}
		return evidence.State(ctx, tx, evidence.Fact{Subject: subject, Fact: fact, Value: value, AsOf: asOf, Sources: []string{ref.ID}}, "test", today)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// used rates the deployment and gives the value of a fact that the rating used, with
// the statement that it names; "" where it used none.
func (c *chain) used(t *testing.T, fact string) (string, *store.Revision[evidence.Fact]) {
	t.Helper()
	a, _ := c.assess(t)
	list, err := store.Select(ctx, c.db, assessment.Ratings, "r.subject = $1", c.deployment)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, in := range list[0].Record.Inputs {
		if f := strings.Fields(in); f[0] == fact {
			seq, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			r, err := store.GetBySeq(ctx, c.db, evidence.Facts, seq)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(a.Missing, fact) {
				return "unknown", r
			}
			return r.Record.Value.String(), r
		}
	}
	return "", nil
}

func (c *chain) deployedIn(t *testing.T, jurisdiction string) {
	t.Helper()
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		d, err := store.Get(ctx, tx, register.Deployments, c.deployment)
		if err != nil {
			return err
		}
		d.Record.Jurisdiction = jurisdiction
		_, _, err = store.Revise(tx, register.Deployments, d.ID, d.Record)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestIndicesAnswerOfTheCountry protects the way from a published table to a rating:
// the country in which it is used counts, the statement is dated and cites the edition,
// and what follows no longer is unknown again.
func TestIndicesAnswerOfTheCountry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		if got, _ := c.used(t, freedom); got != "" {
			t.Fatalf("without an index: %s", got)
		}
		c.indexed(t, "USA,2024,8\nBLR,2024,1\nUSA,2025,5\nBLR,2025,1\n")
		got, fact := c.used(t, freedom)
		if got != "partly_free" || fact.Record.AsOf != "2026-03-01" || fact.Record.Subject != c.deployment || len(fact.Record.Sources) != 1 {
			t.Fatalf("where the end user is: %s, %+v", got, fact)
		}
		e, err := index.Cited(ctx, c.db, fact.Record.Sources[0], today)
		if err != nil || e.Year != 2025 {
			t.Fatalf("the source leads to %+v, %v", e, err)
		}
		if r, ok := e.Of("USA"); !ok || r.Line != 4 {
			t.Errorf("the edition has %+v of the country", r)
		}
		before, _ := store.Head(ctx, c.db)
		c.assess(t)
		if after, _ := store.Head(ctx, c.db); after.Size != before.Size+1 { // the run
			t.Errorf("assessing again wrote %d entries", after.Size-before.Size)
		}
		c.deployedIn(t, "BY")
		if got, _ := c.used(t, freedom); got != "not_free" {
			t.Errorf("where it is deployed: %s", got)
		}
		c.deployedIn(t, "AQ")
		if got, _ := c.used(t, freedom); got != "" {
			t.Errorf("in a country that nobody rates: %s", got)
		}
		c.deployedIn(t, "US-CA")
		if got, _ := c.used(t, freedom); got != "partly_free" {
			t.Errorf("in a part of a country: %s", got)
		}
	})
}

// TestWhoKnowsTheCountryBetter protects the order of sources: a better ground stands
// wherever in the chain it is stated, a weaker one does not.
func TestWhoKnowsTheCountryBetter(t *testing.T) {
	for _, c := range []struct {
		name, subject, grade, asOf, want string
	}{
		{"a court, of the deployment", "deployment", "court", "2020-01-01", "not_free"},
		{"a court, of the end user", "sheriff", "court", "2020-01-01", "not_free"},
		{"the customer of itself, of the deployment", "deployment", "party", today, "free"},
		{"the customer of itself, of the end user", "sheriff", "party", today, "free"},
		{"one of the same grade, later", "sheriff", "ngo", today, "not_free"},
		{"one of the same grade, earlier", "sheriff", "ngo", "2020-01-01", "free"},
		{"two of one grade and day", "deployment", "ngo", "2026-03-01", ""}, // unknown, and no input: neither says so
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := newChain(t, storetest.SQLite(t, rooms...))
			chain.indexed(t, "USA,2025,8\n")
			subject := map[string]string{"deployment": chain.deployment, "sheriff": chain.sheriff}[c.subject]
			chain.said(t, subject, freedom, ledger.Text("not_free"), c.grade, c.asOf)
			if got, _ := chain.used(t, freedom); got != c.want {
				t.Errorf("used %s, want %s", got, c.want)
			}
		})
	}
}

// TestAnAgencyIsNotItsCountry protects GC-08: an agency's own record stands whatever
// the index of its country says, on whose word ever; the country speaks for it only
// while nobody does, and only to the worse.
func TestAnAgencyIsNotItsCountry(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.indexed(t, "USA,2025,1\n")
	if got, fact := c.used(t, abuse); got != "credible" || fact.Record.Source != "duly" {
		t.Fatalf("for want of anything else: %s", got)
	}
	c.said(t, c.sheriff, abuse, ledger.Unknown("nobody asked"), "official", today)
	if got, _ := c.used(t, abuse); got != "credible" {
		t.Errorf("not knowing is not a record: %s", got)
	}
	c.said(t, c.sheriff, abuse, ledger.Text("none"), "allegation", "2019-01-01")
	if got, fact := c.used(t, abuse); got != "none" || fact.Record.Subject != c.sheriff {
		t.Errorf("the agency's own record: %s", got)
	}
	c = newChain(t, storetest.SQLite(t, rooms...))
	c.indexed(t, "USA,2025,9\n")
	if got, _ := c.used(t, abuse); got != "" {
		t.Errorf("a free country says of its agency: %s", got)
	}
	c.said(t, c.sheriff, abuse, ledger.Text("established"), "media", "2019-01-01")
	if got, _ := c.used(t, abuse); got != "established" {
		t.Errorf("an agency in a free country: %s", got)
	}
}

// TestCountryOfNobody protects against a country that is only guessed: where the end
// user behind a reseller is not known, or has no country, no index answers.
func TestCountryOfNobody(t *testing.T) {
	for name, mend := range map[string]func(c *register.Customer){
		"no country":    func(c *register.Customer) { c.Jurisdiction = "" },
		"not a country": func(c *register.Customer) { c.Jurisdiction = "XX" },
		"unknown":       func(c *register.Customer) { c.Jurisdiction = "unknown" },
	} {
		c := newChain(t, storetest.SQLite(t, rooms...))
		c.indexed(t, "USA,2025,8\n")
		err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			who, err := store.Get(ctx, tx, register.Customers, c.sheriff)
			if err != nil {
				return err
			}
			mend(who.Record)
			_, _, err = store.Revise(tx, register.Customers, who.ID, who.Record)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := c.used(t, freedom); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func (c *chain) named(t *testing.T, customer, ori string) {
	t.Helper()
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Create(tx, register.Identifiers, &register.Identifier{Origin: register.Origin{State: "active"}, Subject: customer, Scheme: "ori", Value: ori})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnIndexOfAgencies protects GC-08 among indices: what is measured of the agency
// itself outranks what is measured of its country, and of two identifiers of one agency
// the worse finding counts.
func TestAnIndexOfAgencies(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.indexed(t, "USA,2025,1\n")
	c.indexedBy(t, board, "XX0010000,2025,9\nXX0020000,2025,5\nXX0030000,2025,1\n")
	if got, _ := c.used(t, abuse); got != "credible" {
		t.Fatalf("without an identifier the country speaks: %s", got)
	}
	c.named(t, c.sheriff, "xx0010000")
	got, fact := c.used(t, abuse)
	if got != "none" || fact.Record.Subject != c.deployment {
		t.Fatalf("the agency's own: %s", got)
	}
	if e, err := index.Cited(ctx, c.db, fact.Record.Sources[0], today); err != nil || e.Index != "board" {
		t.Errorf("the source leads to %+v, %v", e, err)
	}
	c.named(t, c.reseller, "XX0030000")
	if got, _ := c.used(t, abuse); got != "none" {
		t.Errorf("somebody further away speaks for the end user: %s", got)
	}
	c.named(t, c.sheriff, "XX0020000")
	if got, _ := c.used(t, abuse); got != "alleged" {
		t.Errorf("under two identifiers: %s", got)
	}
	c.said(t, c.sheriff, abuse, ledger.Text("established"), "court", "2024-01-01")
	if got, _ := c.used(t, abuse); got != "established" {
		t.Errorf("beside a court: %s", got)
	}
}

// TestTheAccountHasNoCountryForItsDeployments protects a deployment abroad from what
// was concluded of its account when that had none.
func TestTheAccountHasNoCountryForItsDeployments(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.indexed(t, "USA,2025,8\n")
	end := func(state string) {
		t.Helper()
		err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			d, err := store.Get(ctx, tx, register.Deployments, c.deployment)
			if err != nil {
				return err
			}
			d.Record.State, d.Record.Jurisdiction = state, "AQ"
			_, _, err = store.Revise(tx, register.Deployments, d.ID, d.Record)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	end("ended")
	c.assess(t)
	about, err := evidence.About(ctx, c.db, c.account)
	if err != nil || len(about[freedom]) != 1 {
		t.Fatalf("of the account: %v, %v", about[freedom], err)
	}
	end("active")
	if got, _ := c.used(t, freedom); got != "" {
		t.Errorf("in a country that nobody rates: %s", got)
	}
}
