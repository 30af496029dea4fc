package bundle

import (
	"fmt"
	"testing"
	"time"

	"duly/internal/ledger"
)

// TestAnAssessmentTakesTimeByItsEntries protects a verifier's time: what each entry of an
// assessor's work asks of all entries before it is kept and not counted again, so that
// nobody keeps a verifier busy for days with a log of many declarations, impacts,
// redactions and answers.
func TestAnAssessmentTakesTimeByItsEntries(t *testing.T) {
	const many = 100_000
	c := NewChecker(Options{})
	defer c.Close()
	under := &terms{engagement: "e", state: "approved", hash: ledger.LeafHash([]byte("terms"))}
	c.engaged.approved[under.hash], c.engaged.newest["e"], c.engaged.inForce["e"], c.engaged.started["e"] = under, under, under.hash, "a"
	c.engaged.byTerms[under.hash], c.assured.terms[under.hash] = true, commission{id: "e", level: "limited", required: 100}
	p := fields{
		"terms": ledger.Text(under.hash.String()), "state": ledger.Text("declared"), "appointed_by": ledger.Text("outside"), "removed_by": ledger.Text("outside"),
		"question": ledger.Text("process"), "conclusion": ledger.Text("indeterminate"),
	}
	held := fields{"state": ledger.Text("held"), "actual": ledger.Bool(true), "involvement": ledger.Text("cause")}
	start := time.Now()
	for i := range many {
		leaf := &ledger.Leaf{ID: fmt.Sprint(i), Actor: fmt.Sprint("key ", i)}
		c.independence(0, leaf, p)
		c.impact(0, leaf, held, "e")
		c.redaction(0, ledger.LeafHash([]byte(leaf.ID)), leaf, fields{"terms": p["terms"], "state": ledger.Text("withheld"), "field": ledger.Int(int64(i))})
		test := tested{conclusion: "effective"}
		c.assured.tests["e "+leaf.ID+" design"], c.assured.tests["e "+leaf.ID+" operation"] = test, test
		c.assured.take("e", leaf.ID, 1)
	}
	leaf := &ledger.Leaf{ID: "d", Actor: "key 1"}
	for i := range many {
		c.determination(0, ledger.LeafHash(fmt.Append(nil, i)), leaf, p, under.hash)
		c.works(0, leaf, "e")
	}
	if assessors, _ := c.works(0, leaf, "e"); assessors != many || c.assured.involved["e"] != many || c.assured.came["e effective"] != many {
		t.Errorf("%d assessors, %d impacts, %d effective controls; want %d of each", assessors, c.assured.involved["e"], c.assured.came["e effective"], many)
	}
	if took := time.Since(start); took > 30*time.Second { // counted again for each, minutes
		t.Errorf("%d entries of each sort took %s", many, took)
	}
}
