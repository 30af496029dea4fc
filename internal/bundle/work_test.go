package bundle

import (
	"bytes"
	"fmt"
	"strings"
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

// TestBalancesAreCountedOnce protects a verifier's time: a log with many balances is read
// again for the first of them alone, and each is held to what stands there all the same.
func TestBalancesAreCountedOnce(t *testing.T) {
	e, from := balanced(t, 6)
	for range 3 {
		e.balance(nil)
		add(e.testLog, accountKind, e.id(), &accountRecord{State: "active", Name: "somebody"})
	}
	for name, start := range map[string]int64{"the whole": 0, "a part": from} {
		data := e.bundle()
		if start > 0 {
			data = e.part(start)
		}
		a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		reads := 0
		c := NewChecker(Options{
			Schemas: testSchemas, Origin: testOrigin, Key: e.key.Public(), Counted: a.countedLines,
			Leaves: func(upto int64, each func([]byte) error) error { reads++; return a.leaves(upto, each) },
		})
		if start > 0 {
			err = a.carry(c, &Outside{}, func(int64, *Content, []Sealed) {})
		}
		if err == nil {
			err = a.scan(start, func(_ int64, leaf []byte, fields []Sealed) (bool, error) {
				_, err := c.Entry(leaf, fields)
				return true, err
			})
		}
		if err == nil {
			err = c.Err()
		}
		if c.Close(); err != nil || reads != 1 {
			t.Errorf("%s: its leaves were read %d times, want once; %v", name, reads, err)
		}
	}
	e.balance(func(b *balanceRecord) { b.Counted-- })
	for _, data := range [][]byte{e.bundle(), e.part(from)} {
		if _, err := verify(data, Trust{}); err == nil || !strings.Contains(err.Error(), "records stand before it") {
			t.Errorf("a false balance behind others: %v", err)
		}
	}
}

// TestAPolicyIsReadOnce protects whoever takes a policy from somebody else: groups of
// groups that share their members take a line's time each, and not twice that of the last.
func TestAPolicyIsReadOnce(t *testing.T) {
	one, other := newLog(t, 1).witness("one"), newLog(t, 2).witness("other")
	text := "witness a0 " + one.Public() + "\nwitness b0 " + other.Public() + "\n"
	for i := range 400 {
		text += fmt.Sprintf("group a%d all a%d b%d\ngroup b%d all a%d b%d\n", i+1, i, i, i+1, i, i)
	}
	trust, err := Trust{}.ReadPolicy(text + "quorum a400\n")
	if err != nil {
		t.Fatal(err)
	}
	if trust.Quorum.met(map[string]bool{one.Public(): true}) || !trust.Quorum.met(map[string]bool{one.Public(): true, other.Public(): true}) {
		t.Error("all of both are not both")
	}
}
