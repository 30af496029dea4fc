package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"
)

// FuzzParseSchema protects the rule that a released schema has one spelling, which
// its hash names.
func FuzzParseSchema(f *testing.F) {
	f.Add(examples.Schema().Document())
	f.Add([]byte(`{"by_day":true,"duly":"schema/1","kind":"k","public":[],"sealed":[],"signers":-1,"version":0}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := ParseSchema(doc)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Document(), doc) {
			t.Fatalf("accepts %q, would write %q", doc, s.Document())
		}
		if s.hash != Hash(sha256.Sum256(doc)) {
			t.Fatalf("%q has another hash", doc)
		}
		leaf := &Leaf{Kind: s.Kind, Schema: s.hash, Public: []byte(`{}`)}
		s.Check(leaf)
		s.ColumnNames()
	})
}

// FuzzOpenCheckpoint protects the root of trust: only what the log signed opens,
// and says what was signed.
func FuzzOpenCheckpoint(f *testing.F) {
	key, err := NewLogKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "log.example/duly")
	if err != nil {
		f.Fatal(err)
	}
	want := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	signed, err := key.Sign(want)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed, key.Public())
	f.Add(append(bytes.Clone(signed), "— witness.example/w AAAAAAAA\n"...), key.Public())
	f.Fuzz(func(t *testing.T, data []byte, vkey string) {
		if c, err := OpenCheckpoint(data, key.Public()); err == nil && (c != want || !bytes.HasPrefix(data, []byte(c.Text()+"\n"))) {
			t.Fatalf("%q opens as %+v", data, c)
		}
		OpenCheckpoint(signed, vkey)
	})
}

// FuzzParsePersonKey protects people's key files: what is read is the key that was
// written, and a key comes back from its text.
func FuzzParsePersonKey(f *testing.F) {
	key, _ := NewPersonKey(&zeros{})
	f.Add(key.Encode())
	f.Add(strings.TrimSpace(key.Encode()))
	f.Add(personKeyLabel)
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParsePersonKey(text)
		if err != nil {
			return
		}
		again, err := ParsePersonKey(k.Encode())
		if err != nil || again.ID() != k.ID() || !k.Sign([]byte("x")).Verify([]byte("x")) {
			t.Fatalf("%q comes back as %v, %v", text, again.ID(), err)
		}
	})
}

// TestPersonKeyFilesThatAreNone protects people from signing with half a key.
func TestPersonKeyFilesThatAreNone(t *testing.T) {
	key, _ := NewPersonKey(&zeros{})
	whole := strings.TrimSpace(key.Encode())
	for _, bad := range []string{
		"", "\n", personKeyLabel, whole[1:], whole[:len(whole)-1], whole + "A", whole[len(personKeyLabel):],
		strings.ToLower(whole), whole[:len(whole)-1] + "9", "PRIVATE+KEY+" + whole,
	} {
		if _, err := ParsePersonKey(bad); err == nil {
			t.Errorf("%q is read as a key", bad)
		}
	}
}

// TestHashesOfAnyLength protects the hashes of what does not fit on the stack:
// they are those of the definition, whatever the length.
func TestHashesOfAnyLength(t *testing.T) {
	for n := range 600 {
		text := strings.Repeat("x", n)
		if got := Disclosure(text).Digest(); got != sha256.Sum256([]byte(text)) {
			t.Fatalf("the digest of %d characters is %s", n, got)
		}
	}
	for n := range 60 {
		digests := make([]Hash, n)
		b := append([]byte("duly/fields/1"), byte(n>>8), byte(n))
		for i := range digests {
			digests[i] = Hash{byte(i), 1, 31: byte(n)}
			b = append(b, digests[i][:]...)
		}
		if got := FieldRoot(digests); got != sha256.Sum256(b) {
			t.Fatalf("the root of %d fields is %s", n, got)
		}
	}
}

// TestDates protects the calendar: the days that exist, written one way.
func TestDates(t *testing.T) {
	for year := 0; year < 10000; year += 1 + year/2200*97 { // every year up to 2200, then some
		for month := range 14 {
			for _, day := range []int{0, 1, 28, 29, 30, 31, 32} {
				s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				if _, err := time.Parse(time.DateOnly, s); validDate([]byte(s)) != (err == nil) {
					t.Fatalf("%s: %v", s, err)
				}
			}
		}
	}
	for _, s := range []string{"", "2026", "2026-1-01", "2026-01-1", "2026-01-01 ", "2026/01/01", "-026-01-01", "+026-01-01", "2026-01-+1", "2026- 1-01", "2o26-01-01", "2026-01-01T"} {
		if validDate([]byte(s)) {
			t.Errorf("%q is taken for a date", s)
		}
	}
}
