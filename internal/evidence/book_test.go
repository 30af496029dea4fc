package evidence_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// TestBookIsWhatAboutTells protects the compact form: for every subject, also one that
// is no record's id, a book has the statements that are read one by one, with grades
// and publishers, in the order of the log; what is ended, erased or left out is not
// there.
func TestBookIsWhatAboutTells(t *testing.T) {
	ctx, db := context.Background(), newStore(t)
	var subjects, sources []string
	write := func(do func(tx *store.Tx) error) {
		t.Helper()
		if err := db.Write(ctx, actor, do); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		for _, grade := range []string{"court", "media", "party"} {
			ref, err := store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: grade, Publisher: "publisher of " + grade})
			if err != nil {
				return err
			}
			sources = append(sources, ref.ID)
		}
		return nil
	})
	subjects = append(subjects, sources[0], sources[1], "a county", "")
	values := []ledger.Scalar{ledger.Bool(true), ledger.Int(3), ledger.Text("x"), ledger.Texts([]string{"a", "b"}), ledger.Texts([]string{}), ledger.Unknown("refused")}
	write(func(tx *store.Tx) error {
		for i := range 9000 { // more than a page of the book holds
			f := &evidence.Fact{Origin: evidence.Origin{State: "active", Source: []string{"survey", "duly"}[i%2]}, Subject: subjects[i%3],
				Fact: fmt.Sprint("fact ", i%7), Value: values[i%len(values)], AsOf: fmt.Sprintf("2026-01-%02d", i%28+1)}
			if i%4 > 0 {
				f.Sources = sources[:i%4]
			}
			if i%50 == 0 {
				f.State = "ended"
			}
			if _, err := store.Create(tx, evidence.Facts, f); err != nil {
				return err
			}
		}
		return nil
	})
	var erased int64
	write(func(tx *store.Tx) error {
		list, err := store.Select(ctx, tx, evidence.Facts, "r.subject = $1 and r.state = 'active'", subjects[0])
		if err != nil {
			return err
		}
		erased = list[0].Seq
		_, err = store.Erase(tx, evidence.Facts.Schema(), erased, "value", "request", "")
		return err
	})
	head, err := store.Head(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	some, err := evidence.ReadBook(ctx, db, store.Now, subjects)
	if err != nil {
		t.Fatal(err)
	}
	all, err := evidence.ReadAll(ctx, db, store.At{Seq: head.Size - 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	without, err := evidence.ReadAll(ctx, db, store.At{Seq: head.Size - 1}, "duly")
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, subject := range subjects {
		about, err := evidence.About(ctx, db, subject)
		if err != nil {
			t.Fatal(err)
		}
		var want, others []string
		for _, list := range about {
			for _, s := range list {
				if s.Revision.Seq == erased {
					continue
				}
				told++
				want = append(want, line(s.Statement, s.Revision.Seq))
				if s.Fact.Source != "duly" {
					others = append(others, line(s.Statement, s.Revision.Seq))
				}
			}
		}
		slices.Sort(want)
		slices.Sort(others)
		for name, x := range map[string]struct {
			book *evidence.Book
			want []string
		}{"some": {some, want}, "all": {all, want}, "without": {without, others}} {
			said := x.book.About(nil, subject)
			if !slices.IsSortedFunc(said, func(a, b evidence.Said) int { return int(a.Seq - b.Seq) }) {
				t.Errorf("%s: the statements about %q are out of order", name, subject)
			}
			var got []string
			for _, s := range said {
				got = append(got, line(s.Statement, s.Seq))
			}
			slices.Sort(got)
			if !slices.Equal(got, x.want) {
				t.Errorf("%s: %d statements about %q, want %d", name, len(got), subject, len(x.want))
			}
		}
	}
	if told < 8000 || some.Len() != told || all.Len() != told {
		t.Errorf("the books hold %d and %d of %d statements", some.Len(), all.Len(), told)
	}
	if _, err := evidence.ReadAll(ctx, db, store.Now, ""); fault.CodeOf(err) != fault.Failed {
		t.Errorf("everything was read without a position: %v", err)
	}
}

func line(s evidence.Statement, seq int64) string {
	text := fmt.Sprint(seq, " ", s.Fact.Subject, s.Fact.Fact, s.Fact.Value, s.Fact.AsOf, s.Fact.Source)
	for _, source := range s.Sources {
		text += source.Grade + source.Publisher
	}
	return text
}
