package engagement_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

// watched is an office whose terms name witnesses.
type watched struct {
	*office
	log   *ledger.LogKey
	keys  []*ledger.WitnessKey
	terms engagement.Brief
	ida   func(int) voice.Hand
}

func watchedBy(t *testing.T, dsn string, quorum int64, names ...string) *watched {
	t.Helper()
	w := &watched{office: open(t, dsn), terms: brief}
	head, err := store.Head(t.Context(), w.db)
	w.ok(err)
	w.log, err = ledger.NewLogKey(bytes.NewReader(bytes.Repeat([]byte{50}, 32)), head.Origin)
	w.ok(err)
	for i, name := range names {
		key, err := ledger.NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{byte(60 + i)}, 32)), name)
		w.ok(err)
		w.keys, w.terms.Witnesses = append(w.keys, key), append(w.terms.Witnesses, key.Public())
	}
	w.terms.Quorum = quorum
	w.approves()
	w.ida = w.assessor(2)
	for range 30 {
		w.enter()
	}
	_, err = engagement.Start(t.Context(), w.db, act.Default, w.ida(0), w.id)
	w.ok(err)
	_, err = engagement.Freeze(t.Context(), w.db, act.Default, w.ida(0), w.id)
	w.ok(err)
	return w
}

// approves puts the terms into force.
func (w *watched) approves() {
	w.Helper()
	_, err := engagement.Propose(w.Context(), w.db, act.Default, w.body(0), w.id, &w.terms)
	w.ok(err)
	_, err = engagement.Approve(w.Context(), w.db, act.Default, w.body(0), w.id)
	w.ok(err)
}

func (w *watched) draw(expected int64) (*store.Revision[engagement.Sample], error) {
	return engagement.Draw(w.Context(), w.db, act.Default, engagement.Drawing{
		Hand: w.ida(1), Engagement: w.id, Of: "account", Plan: engagement.Plan{Confidence: 95, Tolerable: 300, Expected: expected},
	})
}

// cosign signs the log as it stands, with the cosignatures of some witnesses, and keeps that.
func (w *watched) cosign(by ...*ledger.WitnessKey) (size int64) {
	w.Helper()
	head, err := store.Head(w.Context(), w.db)
	w.ok(err)
	root, err := store.Root(w.Context(), w.db, head.Size)
	w.ok(err)
	c := ledger.Checkpoint{Origin: head.Origin, Size: head.Size, Root: root}
	signed, err := w.log.Sign(c)
	w.ok(err)
	for i, key := range by {
		signed = append(signed, key.Line(c, start.Add(time.Duration(i)*time.Second))...)
	}
	w.ok(w.db.SaveCheckpoint(w.Context(), c.Size, func([]byte) ([]byte, error) { return signed, nil }))
	return c.Size
}

// witness records what samples wait for, and fails unless it is so many.
func (w *watched) witness(want int) {
	w.Helper()
	refs, err := engagement.Witness(w.Context(), w.db, w.body(1).By)
	w.ok(err)
	if len(refs) != want {
		w.Errorf("%d checkpoints are recorded, not %d", len(refs), want)
	}
}

// TestWitnesses protects a sample on both engines: it is planned once, drawn by the first
// checkpoint that covers the plan and has the quorum, and by nothing that comes later.
func TestWitnesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		w := watchedBy(t, dsn, 2, "witness.example/a", "witness.example/b", "witness.example/c")
		a, b, c := w.keys[0], w.keys[1], w.keys[2]
		w.witness(0)
		before := w.cosign(a, b, c) // of before the plan
		plan, err := w.draw(0)
		w.ok(err)
		if r := plan.Record; r.State != engagement.Planned || r.Wanted != 9 || r.Secret != "" || len(r.Drawn) > 0 || plan.Seq < before {
			t.Fatalf("planned %+v", r)
		}
		w.witness(0)
		_, err = w.draw(0)
		w.refused(refusal.Pending, err)
		_, err = w.draw(1)
		w.refused(refusal.Frozen, err)
		w.cosign(c) // too few
		w.witness(0)
		w.enter()
		_, err = engagement.Witness(t.Context(), w.db, w.ida(1).By)
		if fault.CodeOf(err) != fault.Refused {
			t.Errorf("the assessor records: %v", err)
		}
		first := w.cosign(b, c)
		w.enter()
		w.cosign(a, b, c)
		w.witness(1)
		w.witness(0)
		w.enter()
		w.cosign(a, b, c)
		w.witness(0)
		s, err := w.draw(0)
		w.ok(err)
		if r := s.Record; r.State != engagement.Drawn || s.Rev != 2 || r.Size != 9 || r.Position != first || !strings.Contains(r.Seeded(), "by a cosignature") {
			t.Errorf("drawn %+v", r)
		}
		second, err := w.draw(0)
		w.ok(err)
		if second.Record.State != engagement.Planned || second.Record.Draw != 2 {
			t.Errorf("the next is %+v", second.Record)
		}
		w.witness(0) // what was cosigned covers the first plan only
		f, err := engagement.Read(t.Context(), w.db, w.id)
		w.ok(err)
		if len(f.Samples) != 2 || len(f.Witnesses) != 1 || f.Witnesses[0].Record.Size != first {
			t.Errorf("read %+v", f.Witnesses)
		}

		// Other terms end what was planned under these.
		w.cosign(a, b, c)
		w.terms.Quorum = 1
		w.approves()
		w.witness(0)
	})
}

// TestNoInsiderIsAWitness protects terms of reference from witnesses who are none: the log
// itself, and the people whom it knows.
func TestNoInsiderIsAWitness(t *testing.T) {
	o := open(t, sqlite(t))
	head, err := store.Head(t.Context(), o.db)
	o.ok(err)
	seed := bytes.Repeat([]byte{70}, 32)
	person, err := ledger.NewPersonKey(bytes.NewReader(seed))
	o.ok(err)
	o.ok(o.db.Write(t.Context(), storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, "Ann", []act.Role{act.Analyst}, person.Public())
		return err
	}))
	for name, key := range map[string]struct {
		name string
		seed []byte
	}{"a person": {"witness.example/own", seed}, "the log": {head.Origin, bytes.Repeat([]byte{71}, 32)}} {
		own, err := ledger.NewWitnessKey(bytes.NewReader(key.seed), key.name)
		o.ok(err)
		terms := brief
		terms.Witnesses, terms.Quorum = []string{own.Public()}, 1
		if _, err := engagement.Propose(t.Context(), o.db, act.Default, o.body(0), "", &terms); fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), "no outsider") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParseWitnesses protects terms whose witnesses do not fit together.
func TestParseWitnesses(t *testing.T) {
	key, err := ledger.NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{72}, 32)), "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	with := func(lines string) string { return text("recipients: [r]\n", "recipients: [r]\n"+lines) }
	list := "witnesses: [" + key.Public() + "]\n"
	if b, err := engagement.ParseBrief("t.yaml", []byte(with(list+"quorum: 1\n"))); err != nil || b.Quorum != 1 || b.Witnesses[0] != key.Public() {
		t.Fatal(b, err)
	}
	for lines, want := range map[string]string{
		list:                          "not a number of the witnesses",
		list + "quorum: 2\n":          "not a number of the witnesses",
		list + "quorum: -1\n":         "not a number of the witnesses",
		"quorum: 1\n":                 "whom nobody names",
		"witnesses: [x]\nquorum: 1\n": "not the verifier key of a witness",
		strings.Replace(list, "]", ", "+key.Public()+"]", 1) + "quorum: 1\n": "is named twice",
	} {
		if _, err := engagement.ParseBrief("t.yaml", []byte(with(lines))); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", lines, err, want)
		}
	}
}
