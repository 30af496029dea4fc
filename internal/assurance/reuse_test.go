package assurance_test

import (
	"testing"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/refusal"
)

// again starts the engagement of the next year.
func (o *office) again(days int) {
	o.Helper()
	o.board.Now, o.assessor.Now = now.AddDate(0, 0, days), now.AddDate(0, 0, days)
	b, err := engagement.ParseBrief("terms.yaml", []byte(brief))
	o.ok(err)
	ref, err := engagement.Propose(ctx, o.db, act.Default, o.board, "", b)
	o.ok(err)
	o.id = ref.ID
	_, err = engagement.Approve(ctx, o.db, act.Default, o.board, o.id)
	o.ok(err)
	_, err = engagement.Declare(ctx, o.db, act.Default, engagement.Declaring{Hand: o.assessor, Engagement: o.id, Appointed: "governing_body", Removed: "governing_body"})
	o.ok(err)
	_, err = engagement.Start(ctx, o.db, act.Default, o.assessor, o.id)
	o.ok(err)
}

// TestEvidenceOfADesignIsUsedAgain protects RS-05: the next engagement need not look again
// at a design that did not change, and the count shows it; nothing else rests on what an
// earlier one saw, and refused attempts are in the log.
func TestEvidenceOfADesignIsUsedAgain(t *testing.T) {
	o := newOffice(t, "")
	test := func(control, conclusion string, reuses int64) (int64, error) {
		q := o.inspected(control, conclusion)
		q.Reuses = reuses
		_, ref, err := assurance.Record(ctx, o.db, act.Default, q)
		return ref.Seq, err
	}
	must := func(seq int64, err error) int64 {
		o.Helper()
		o.ok(err)
		return seq
	}
	first := must(test("SCR-1", assurance.Effective, 0))
	must(test("ENF-1", assurance.Effective, 0))
	o.refused(refusal.Seen, func() error { _, err := test("USE-1", assurance.Effective, first); return err })

	o.again(300)
	o.refused(refusal.Seen, func() error { _, err := test("SCR-1", assurance.Absent, first); return err })
	o.refused(refusal.Seen, func() error { _, err := test("USE-1", assurance.Effective, first); return err })
	if _, err := test("SCR-1", assurance.Effective, first-1); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("it rests on an entry that is no test: %v", err)
	}
	second := must(test("SCR-1", assurance.Effective, first))
	must(test("ENF-1", assurance.Effective, 0))
	tests, err := assurance.TestsOf(ctx, o.db, o.id)
	o.ok(err)
	if n := assurance.CountReused(tests); n != (assurance.Reused{Designs: 2, Rest: 1}) || n.String() != "1 of 2 tests of a design rest on an earlier engagement's test" {
		t.Errorf("%+v: %s", n, n)
	}

	o.again(600)
	o.refused(refusal.Seen, func() error { _, err := test("SCR-1", assurance.Effective, second); return err })
	o.again(731)
	o.refused(refusal.Seen, func() error { _, err := test("SCR-1", assurance.Effective, first); return err })
}
