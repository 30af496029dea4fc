package assessment

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestKeysTellValuesApart protects every rating that is remembered: two lists of values
// have the same key only if they are the same.
func TestKeysTellValuesApart(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("nyzitl\x00\x01\x02")), 0, 3, -1)
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(v bool) any { return v }), rapid.Map(rapid.Int64Range(-300, 300), func(v int64) any { return v }),
		rapid.Map(text, func(v string) any { return v }), rapid.Map(rapid.SliceOfN(text, 0, 3), func(v []string) any { return v }),
	)
	key := func(list []any) (out []byte) {
		for _, v := range list {
			out = appendValue(out, v)
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		a, b := rapid.SliceOfN(value, n, n).Draw(t, "a"), rapid.SliceOfN(value, n, n).Draw(t, "b")
		if same := string(key(a)) == string(key(b)); same != reflect.DeepEqual(a, b) {
			t.Fatalf("%#v and %#v: the same key is %v", a, b, same)
		}
	})
}

// TestRecallIsBounded protects memory: a recall that is full begins anew, and answers
// as before.
func TestRecallIsBounded(t *testing.T) {
	var r recall[int]
	worked := 0
	for round := range 2 {
		for i := range mostRecalled + 10 {
			got, err := r.of(fmt.Append(nil, i), func() (int, error) { worked++; return i, nil })
			if err != nil || got != i || len(r.known) > mostRecalled {
				t.Fatalf("round %d: %d, %v, and %d are kept", round, got, err, len(r.known))
			}
		}
	}
	if worked <= mostRecalled+10 || worked > 2*(mostRecalled+10) {
		t.Errorf("%d pieces of work for %d keys, twice", worked, mostRecalled+10)
	}
	_, err := r.of([]byte("new"), func() (int, error) { return 0, fmt.Errorf("failed") })
	if got, again := r.of([]byte("new"), func() (int, error) { return 7, nil }); err == nil || got != 7 || again != nil {
		t.Errorf("a failure is kept: %v, then %d, %v", err, got, again)
	}
}
