package ledger

import (
	"testing"

	"pgregory.net/rapid"
)

// columned is a record all of whose fields have columns.
type columned struct {
	Flag   bool     `duly:"flag,public,column"`
	Number int64    `duly:"number,public,column"`
	Day    string   `duly:"day,public,date,column"`
	Text   string   `duly:"text,customer,column"`
	List   []string `duly:"list,customer,column"`
	Amount *int64   `duly:"amount,trade_secret,column"`
	Value  Scalar   `duly:"value,personal,column"`
	Hidden string   `duly:"hidden,personal"`
}

// TestColumnsComeBack protects reading a record from its typed columns: each field is
// what it was, and what has no column stays empty.
func TestColumnsComeBack(t *testing.T) {
	kind := Define[columned]("columned", 1)
	names := kind.Schema().ColumnNames()[2:] // without the days that the kind has not
	fill, err := kind.Filler(names)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kind.Filler([]string{"hidden"}); err == nil {
		t.Error("hidden has no column, and yet it can be filled from one")
	}
	if !kind.Schema().HasColumns(names) || kind.Schema().HasColumns([]string{"hidden"}) || kind.Schema().HasColumns([]string{"nothing"}) {
		t.Error("which fields have columns")
	}
	rapid.Check(t, func(t *rapid.T) {
		r := columned{
			Flag: rapid.Bool().Draw(t, "flag"), Number: rapid.Int64Range(-MaxInt, MaxInt).Draw(t, "number"),
			Day: rapid.SampledFrom([]string{"", "2026-02-28"}).Draw(t, "day"), Text: text().Draw(t, "text"),
			Value: scalars().Draw(t, "value"), Hidden: "hidden",
		}
		if rapid.Bool().Draw(t, "listed") {
			r.List = rapid.SliceOfN(text(), 0, 3).Draw(t, "list")
		}
		if rapid.Bool().Draw(t, "priced") {
			n := rapid.Int64Range(-9, 9).Draw(t, "amount")
			r.Amount = &n
		}
		got := columned{Hidden: "from before"}
		if err := fill(&got, kind.Columns(&r)[2:]); err != nil {
			t.Fatal(err)
		}
		if got.Hidden != "" {
			t.Fatal("a field of the record before was left")
		}
		for _, name := range names {
			a, okA := kind.Field(&r, name)
			b, okB := kind.Field(&got, name)
			if !okA || !okB || !a.Equal(b) || (a.String() != b.String()) {
				t.Fatalf("%s was %v and came back as %v", name, a, b)
			}
		}
	})
	for _, bad := range [][]any{{"x"}, {int64(2)}, {1.5}} {
		fill, err := kind.Filler([]string{"flag"})
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(&columned{}, bad); err == nil {
			t.Errorf("%v is no truth value", bad)
		}
	}
	if _, ok := kind.Field(&columned{}, "nothing"); ok {
		t.Error("a field that is not there has a value")
	}
}

// TestPackedIDs protects the short form: two ids are packed alike only if they are one.
func TestPackedIDs(t *testing.T) {
	letters := rapid.SampledFrom([]rune("abcdefghijklmnopqrstuvwxyz234567"))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringOfN(letters, 24, 24, -1).Draw(t, "a"), rapid.StringOfN(letters, 24, 24, -1).Draw(t, "b")
		x, okX := PackID(a)
		y, okY := PackID(b)
		if !okX || !okY || (x == y) != (a == b) || b32.EncodeToString(x[:]) != a {
			t.Fatalf("%s and %s", a, b)
		}
	})
	for _, no := range []string{"", "abc", "ABCDEFGHIJKLMNOPQRSTUVWX", "abcdefghijklmnopqrstuvw1"} {
		if _, ok := PackID(no); ok {
			t.Errorf("%q is no id", no)
		}
	}
}
