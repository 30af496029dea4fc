package ledger

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func aDraft(t testing.TB) *Draft {
	t.Helper()
	d, err := NewDraft(examples, &example{}, "aaaaaaaaaaaaaaaaaaaaaaaa", 1, Hash{}, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestADraftIsKeptWhole protects the signatures that people give before an entry is
// written: the draft that is read again says the same and makes the same leaf.
func TestADraftIsKeptWhole(t *testing.T) {
	d, log := aDraft(t), LogID{"log.example/duly", 1}
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseDraft(examples.Schema(), data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Statement(log), d.Statement(log)) {
		t.Error("it says something else")
	}
	if actor := "bbbbbbbbbbbbbbbbbbbbbbbb"; !bytes.Equal(again.Leaf(17, actor, nil).Encode(), d.Leaf(17, actor, nil).Encode()) {
		t.Error("it makes another leaf")
	}
	other := Define[struct {
		A string `duly:"a,customer"`
	}]("other", 1)
	if _, err := ParseDraft(other.Schema(), data); err == nil {
		t.Error("it is taken for a draft of another kind")
	}
}

// FuzzParseDraft protects against a draft that was changed where it lay: it is refused,
// or it is read as what it says, and that is not what was signed.
func FuzzParseDraft(f *testing.F) {
	d, log := aDraft(f), LogID{"log.example/duly", 1}
	data, err := d.Encode()
	if err != nil {
		f.Fatal(err)
	}
	key, err := NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		f.Fatal(err)
	}
	signed := key.Sign(d.Statement(log))
	f.Add(data)
	f.Add(bytes.Replace(data, []byte(`"rev":1`), []byte(`"rev":2`), 1))
	f.Add([]byte(`{"schema":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ParseDraft(examples.Schema(), data)
		if err != nil {
			return
		}
		if signed.Verify(got.Statement(log)) && (!bytes.Equal(got.Public, d.Public) || got.Fields != d.Fields || got.ID != d.ID || got.Rev != d.Rev) {
			t.Fatalf("the signature fits %q, which says something else", data)
		}
		if again, err := got.Encode(); err != nil {
			t.Fatal(err)
		} else if more, err := ParseDraft(examples.Schema(), again); err != nil || !bytes.Equal(more.Statement(log), got.Statement(log)) {
			t.Fatalf("written and read again, %q says something else: %v", data, err)
		}
	})
}
