package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write testdata/vectors.json; only before a release froze it")

// example has a field of every type.
type example struct {
	State  string   `duly:"state,public,enum=active|ended,column"`
	Day    string   `duly:"day,public,date"`
	Count  int64    `duly:"count,public"`
	Input  string   `duly:"input,public,hash"`
	Flags  []string `duly:"flags,public,enum=a|b"`
	Name   string   `duly:"name,customer,column"`
	Owners []string `duly:"owners,personal"`
	Cents  *int64   `duly:"cents,trade_secret"`
	Secret *bool    `duly:"secret,security"`
	Value  Scalar   `duly:"value,legal"`
}

var examples = Define[example]("example", 1)

func scalars() *rapid.Generator[Scalar] {
	return rapid.Custom(func(t *rapid.T) Scalar {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return Bool(rapid.Bool().Draw(t, "bool"))
		case 1:
			return Int(rapid.Int64Range(-MaxInt, MaxInt).Draw(t, "int"))
		case 2:
			return Text(text().Draw(t, "text"))
		case 3:
			return Texts(rapid.SliceOfN(text(), 0, 3).Draw(t, "texts"))
		case 4:
			return Unknown(text().Draw(t, "reason"))
		}
		return Scalar{}
	})
}

func text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.ReplaceAll(strings.ToValidUTF8(rapid.String().Draw(t, "s"), ""), "\x00", "")
	})
}

func records() *rapid.Generator[example] {
	return rapid.Custom(func(t *rapid.T) example {
		e := example{
			State: rapid.SampledFrom([]string{"active", "ended", ""}).Draw(t, "state"),
			Day:   rapid.SampledFrom([]string{"2026-02-28", ""}).Draw(t, "day"),
			Count: rapid.Int64Range(-MaxInt, MaxInt).Draw(t, "count"),
			Name:  text().Draw(t, "name"), Value: scalars().Draw(t, "value"),
			Owners: rapid.SliceOfN(text(), 1, 3).Draw(t, "owners"),
			Flags:  rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "flags"),
		}
		if rapid.Bool().Draw(t, "cents") {
			n := rapid.Int64Range(-MaxInt, MaxInt).Draw(t, "n")
			e.Cents = &n
		}
		return e
	})
}

// zeros is a reader of fixed bytes, so that vectors can be made again.
type zeros struct{ n byte }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = z.n
		z.n++
	}
	return len(p), nil
}

// TestEncodingIsCanonicalAndComesBack protects the claim that stored bytes have
// one spelling: an independent implementation of RFC 8785 leaves them as they are.
func TestEncodingIsCanonicalAndComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := records().Draw(t, "record")
		d, err := NewDraft(examples, &in, strings.Repeat("a", 24), 1, Hash{}, &zeros{})
		if err != nil {
			t.Fatal(err)
		}
		encoded := d.Leaf(1, strings.Repeat("b", 24), nil).Encode()
		canonical := jsontext.Value(bytes.Clone(encoded))
		if err := canonical.Canonicalize(); err != nil || !bytes.Equal(canonical, encoded) {
			t.Fatalf("not canonical (%v):\n%s\n%s", err, encoded, canonical)
		}
		leaf, err := ParseLeaf(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if err := examples.Schema().Check(leaf); err != nil {
			t.Fatal(err)
		}
		values := make([][]byte, len(d.Disclosures))
		for i, disclosure := range d.Disclosures {
			if values[i], err = examples.Schema().CheckDisclosure(i, disclosure); err != nil {
				t.Fatal(err)
			}
			value := jsontext.Value(bytes.Clone(values[i]))
			if err := value.Canonicalize(); err != nil || !bytes.Equal(value, values[i]) {
				t.Fatalf("value %s is not canonical: %v", values[i], err)
			}
		}
		out, err := examples.Decode(leaf.Public, values)
		if err != nil {
			t.Fatal(err)
		}
		again, sealed, err := examples.Encode(out)
		if err != nil || !bytes.Equal(again, d.Public) {
			t.Fatalf("came back as %s, was %s (%v)", again, d.Public, err)
		}
		for i := range sealed {
			if !bytes.Equal(sealed[i], values[i]) {
				t.Fatalf("field %d came back as %s, was %s", i, sealed[i], values[i])
			}
		}
	})
}

// FuzzParseLeaf protects the rule that what is accepted re-encodes to the same bytes.
func FuzzParseLeaf(f *testing.F) {
	d, _ := NewDraft(examples, &example{State: "active", Name: "n\u2028\"\x01"}, strings.Repeat("a", 24), 1, Hash{}, &zeros{})
	key, _ := NewPersonKey(&zeros{})
	one := d.Leaf(5, strings.Repeat("b", 24), nil).Encode()
	d.Rev = 2
	two := d.Leaf(5, strings.Repeat("c", 24), []Signature{key.Sign([]byte("x")), key.Sign(nil)}).Encode()
	three := bytes.Replace(one, []byte(`"time":5`), []byte(`"time":"2026-01-02"`), 1)
	f.Add(one)
	f.Add(two)
	f.Add(three)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseLeaf(data)
		if err != nil {
			return
		}
		if !bytes.Equal(l.Encode(), data) {
			t.Fatalf("accepted %q, encodes as %q", data, l.Encode())
		}
		for _, before := range [][]byte{one, two, three} { // a leaf that is used again keeps nothing of the entry before
			var used Leaf
			if errors.Join(used.Parse(before), used.Parse(data)) != nil || !bytes.Equal(used.Encode(), data) {
				t.Fatalf("read after %q, %q encodes as %q", before, data, used.Encode())
			}
		}
		canonical := jsontext.Value(bytes.Clone(data))
		if err := canonical.Canonicalize(); err != nil || !bytes.Equal(canonical, data) {
			t.Fatalf("accepted what is not canonical: %q (%v)", data, err)
		}
	})
}

// FuzzDisclosure protects the rule that a disclosure has one spelling.
func FuzzDisclosure(f *testing.F) {
	text, _ := appendDisclosure(nil, &zeros{}, "name", []byte(`{"unknown":"never asked"}`))
	d := Disclosure(text)
	f.Add(string(d))
	f.Add("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
	f.Fuzz(func(t *testing.T, s string) {
		name, value, err := Disclosure(s).Open()
		if err != nil {
			return
		}
		plain, _ := b64.DecodeString(s)
		if want := string(plain[:25]) + "," + string(appendText(nil, name)) + "," + string(value) + "]"; want != string(plain) {
			t.Fatalf("accepted %q, would write %q", plain, want)
		}
	})
}

// TestLineEndsAreNoSecondSpelling protects the rule of one spelling where the
// base64 decoder is laxer than it.
func TestLineEndsAreNoSecondSpelling(t *testing.T) {
	d, err := NewDraft(examples, &example{State: "active"}, strings.Repeat("a", 24), 1, Hash{}, &zeros{})
	if err != nil {
		t.Fatal(err)
	}
	leaf := d.Leaf(5, strings.Repeat("b", 24), nil).Encode()
	if _, err := ParseLeaf(bytes.Replace(leaf, []byte(`"nonce":"`), []byte(`"nonce":"\n`), 1)); err == nil {
		t.Error("a nonce with a line end is accepted")
	}
	for _, end := range []string{"\n", "\r"} {
		if _, _, err := (d.Disclosures[0][:8] + Disclosure(end) + d.Disclosures[0][8:]).Open(); err == nil {
			t.Errorf("a disclosure with %q inside is accepted", end)
		}
	}
}

// TestDigestIsThatOfRFC9901 checks the digest with the RFC's own example.
func TestDigestIsThatOfRFC9901(t *testing.T) {
	d := Disclosure("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
	digest := d.Digest()
	if got := b64.EncodeToString(digest[:]); got != "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0" {
		t.Errorf("digest %s", got)
	}
}

// tileMap holds tiles as a store does.
type tileMap map[TileAt][]byte

func (k tileMap) keep(tree *Tree) {
	for _, tile := range tree.Changed() {
		k[tile.TileAt] = tile.Hashes
	}
}

func (k tileMap) load(tiles []TileAt) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, at := range tiles {
		found[i] = k[at]
	}
	return found, nil
}

// TestTreeIsThatOfRFC6962 compares the tiled tree with x/mod's, at every size up
// to a few tiles, and checks proofs made from the tiles.
func TestTreeIsThatOfRFC6962(t *testing.T) {
	tiles := tileMap{}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	tree, err := NewTree(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := []Hash{}
	const size = 700
	for n := int64(0); n < size; n++ {
		root, err := tree.Root()
		want, _ := tlog.TreeHash(n, reader)
		if err != nil || root != Hash(want) {
			t.Fatalf("size %d: root %v, want %v (%v)", n, root, want, err)
		}
		roots = append(roots, root)
		leaf := []byte{byte(n), byte(n >> 8)}
		hashes, _ := tlog.StoredHashes(n, leaf, reader)
		stored = append(stored, hashes...)
		if n%37 == 0 { // as after a restart
			if tree, err = NewTree(n, tiles.load); err != nil {
				t.Fatal(err)
			}
		}
		tree.Track()
		tree.Append(LeafHash(leaf))
		tiles.keep(tree)
	}
	final, _ := tree.Root()
	p := Prover{Size: size, Load: tiles.load}
	for n, want := range roots {
		if got, err := p.RootAt(int64(n)); err != nil || got != want {
			t.Fatalf("root at %d: %v, want %v (%v)", n, got, want, err)
		}
	}
	for _, i := range []int64{0, 255, 256, 511, 512, 699} {
		proof, err := p.Inclusion(i)
		if err != nil {
			t.Fatal(err)
		}
		leaf := LeafHash([]byte{byte(i), byte(i >> 8)})
		if err := CheckInclusion(proof, i, size, leaf, final); err != nil {
			t.Error(err)
		}
		if CheckInclusion(proof, i, size, final, final) == nil {
			t.Errorf("another leaf passes as entry %d", i)
		}
	}
}

// TestSchemaRefusesWhatMayNotStandInClear protects people: free text and names
// are never public, records are flat.
func TestSchemaRefusesWhatMayNotStandInClear(t *testing.T) {
	type publicText struct {
		Name string `duly:"name,public"`
	}
	type publicScalar struct {
		Value Scalar `duly:"value,public"`
	}
	type nested struct {
		Inner struct{ A string } `duly:"inner,customer"`
	}
	type untagged struct{ Name string }
	type twice struct {
		A string `duly:"a,customer"`
		B string `duly:"a,personal"`
	}
	type float struct {
		A float64 `duly:"a,customer"`
	}
	for name, define := range map[string]func() error{
		"public text":   func() error { _, err := define[publicText]("x", 1); return err },
		"public scalar": func() error { _, err := define[publicScalar]("x", 1); return err },
		"nested":        func() error { _, err := define[nested]("x", 1); return err },
		"untagged":      func() error { _, err := define[untagged]("x", 1); return err },
		"twice":         func() error { _, err := define[twice]("x", 1); return err },
		"float":         func() error { _, err := define[float]("x", 1); return err },
	} {
		if define() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestSchemaDocumentComesBack(t *testing.T) {
	s := examples.Schema()
	back, err := ParseSchema(s.Document())
	if err != nil || back.Hash() != s.Hash() || string(back.Document()) != string(s.Document()) {
		t.Errorf("%v: %s", err, s.Document())
	}
}

// TestCheckpointIsBoundToItsKey protects the root of all trust.
func TestCheckpointIsBoundToItsKey(t *testing.T) {
	key, err := NewLogKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "log.example/duly")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewLogKey(bytes.NewReader(bytes.Repeat([]byte{8}, 64)), "log.example/duly")
	c := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	signed, err := key.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenCheckpoint(signed, key.Public()); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := OpenCheckpoint(signed, other.Public()); err == nil {
		t.Error("another key of the same name opens the checkpoint")
	}
	if _, err := OpenCheckpoint(bytes.Replace(signed, []byte("\n3\n"), []byte("\n4\n"), 1), key.Public()); err == nil {
		t.Error("a changed size passes")
	}
	keys, err := ParseLogKeys(key.Encode() + other.Encode())
	if err != nil || len(keys) != 2 || keys[0].Public() != key.Public() || keys[1].Public() != other.Public() {
		t.Errorf("the key does not come back: %v", err)
	}
	for _, bad := range []string{"", "with space", "plus+", "line\nbreak"} {
		if _, err := NewLogKey(&zeros{}, bad); err == nil {
			t.Errorf("origin %q was accepted", bad)
		}
	}
}

// vector is one published example, from which another implementation can be
// built without reading this one.
type vector struct {
	About       string   `json:"about"`
	Schema      string   `json:"schema"`
	SchemaHash  string   `json:"schema_hash"`
	Disclosures []string `json:"disclosures"`
	Digests     []string `json:"digests"`
	FieldRoot   string   `json:"field_root"`
	Statement   string   `json:"statement"`
	PersonKey   string   `json:"person_key"`
	Leaf        string   `json:"leaf"`
	LeafHash    string   `json:"leaf_hash"`
}

// TestVectors holds the published bytes still: a change of any of them would make
// old logs unreadable to verifiers that are already out there.
func TestVectors(t *testing.T) {
	cents := int64(125000)
	record := &example{State: "active", Day: "2026-11-24", Count: 3, Flags: []string{"b"}, Name: "Harbour Example GmbH \u20ac",
		Owners: []string{"a person"}, Cents: &cents, Value: Unknown("not asked yet")}
	key, _ := NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)))
	d, err := NewDraft(examples, record, "abcdefghijklmnopqrstuvwx", 2, Hash{0xaa}, &zeros{})
	if err != nil {
		t.Fatal(err)
	}
	log := LogID{"log.example/duly", 1}
	leaf := d.Leaf(1795478400000001, key.ID(), []Signature{key.Sign(d.Statement(log))}).Encode()
	v := vector{
		About:      "one revision with a field of every type; salts and nonce are the bytes 0, 1, 2, ...; the person's key has the seed 9, 9, 9, ...",
		Schema:     string(examples.Schema().Document()),
		SchemaHash: examples.Schema().Hash().String(), FieldRoot: d.Fields.String(),
		Statement: string(d.Statement(log)), PersonKey: strings.TrimSpace(key.Encode()),
		Leaf: string(leaf), LeafHash: LeafHash(leaf).String(),
	}
	for i := range d.Disclosures {
		v.Disclosures = append(v.Disclosures, string(d.Disclosures[i]))
		v.Digests = append(v.Digests, d.Digests[i].String())
	}
	got, _ := json.MarshalIndent(v, "", "  ")
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/vectors.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/vectors.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the frozen bytes changed (%v):\n%s", err, got)
	}
	parsed, err := ParseLeaf(leaf)
	if err != nil || !parsed.Sigs[0].Verify(parsed.Statement(log)) || parsed.Sigs[0].KeyID() != key.ID() {
		t.Errorf("the person's signature does not verify: %v", err)
	}
	if parsed.Sigs[0].Verify(parsed.Statement(LogID{"log.example/duly", 2})) {
		t.Error("a signature counts in another epoch")
	}
}
