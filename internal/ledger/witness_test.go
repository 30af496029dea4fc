package ledger

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"duly/internal/fault"
)

const day = 1_700_000_000 // some second, on which witnesses here sign

// failer is a test, or a run of a property.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func testKeys(t failer) (*LogKey, *WitnessKey, Witness) {
	t.Helper()
	log, err := NewLogKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "log.example/duly")
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)), "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	w, err := ParseWitness(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return log, key, w
}

func signedBy(t failer, key *LogKey, c Checkpoint) []byte {
	t.Helper()
	signed, err := key.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestCosignatures protects the step from "the company says so" to "an outsider saw
// it": what a witness signed is told with its day, what it did not sign is not.
func TestCosignatures(t *testing.T) {
	log, key, w := testKeys(t)
	c := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	at := time.Unix(day, 0).UTC()
	signed, err := AddCosignatures(signedBy(t, log, c), key.Line(c, at), log.Public(), []Witness{w})
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSigned(signed, log.Public(), []Witness{w})
	if err != nil || s.Checkpoint != c || s.Witnesses() != 1 || s.Unknown != 0 || s.Cosignatures[0] != (Cosignature{"witness.example/w", key.Public(), at}) {
		t.Errorf("%+v, %v", s, err)
	}
	if bare := Bare(signed); !bytes.Equal(bare, signedBy(t, log, c)) {
		t.Errorf("without cosignatures it is %q", bare)
	}
	if s, err := OpenSigned(signed, log.Public(), nil); err != nil || s.Witnesses() != 0 || s.Unknown != 1 {
		t.Errorf("nobody named a witness, and it says %+v, %v", s, err)
	}
	later, err := AddCosignatures(signed, key.Line(c, at.Add(time.Hour)), log.Public(), []Witness{w})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := OpenSigned(later, log.Public(), []Witness{w}); err != nil || len(s.Cosignatures) != 1 || !s.Cosignatures[0].At.Equal(at.Add(time.Hour)) {
		t.Errorf("the newer cosignature does not replace the older: %+v, %v", s, err)
	}
	elsewhere := Checkpoint{"log.example/duly", 4, Hash{1, 2, 3}}
	stranger, _ := NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{5}, 32)), "witness.example/w")
	for name, lines := range map[string][]byte{
		"of another checkpoint":   key.Line(elsewhere, at),
		"at no time":              key.Line(c, time.Unix(0, 0)),
		"at a time out of bounds": key.Line(c, time.Unix(1<<40, 0)),
		"by a stranger":           stranger.Line(c, at),
		"by the log":              []byte(strings.SplitN(string(signedBy(t, log, c)), "\n\n", 2)[1]),
		"cut short":               key.Line(c, at)[:40],
		"twice":                   bytes.Repeat(key.Line(c, at), 2),
		"nothing":                 nil,
		"with a body":             append([]byte("x\n\n"), key.Line(c, at)...),
	} {
		if got, err := AddCosignatures(signedBy(t, log, c), lines, log.Public(), []Witness{w}); fault.CodeOf(err) != fault.Broken {
			t.Errorf("a cosignature %s was taken: %q, %v", name, got, err)
		}
	}
	forged := append(signedBy(t, log, c), key.Line(elsewhere, at)...)
	if _, err := OpenSigned(forged, log.Public(), []Witness{w}); err == nil || !strings.Contains(err.Error(), "witness.example/w is forged") {
		t.Errorf("a forged cosignature: %v", err)
	}
	alone := append([]byte(c.Text()+"\n"), key.Line(c, at)...)
	if _, err := OpenSigned(alone, log.Public(), []Witness{w}); err == nil {
		t.Error("a checkpoint that only a witness signed passes")
	}
}

// TestWitnessKeys protects outsiders' keys: they come back, have one spelling, and are
// no others.
func TestWitnessKeys(t *testing.T) {
	log, key, w := testKeys(t)
	if w.Name() != "witness.example/w" || w.Key() != key.Public() {
		t.Errorf("%s, %s", w.Name(), w.Key())
	}
	back, err := ParseWitnessKey(key.Encode())
	if err != nil || back.Public() != key.Public() {
		t.Errorf("the key does not come back: %v", err)
	}
	for _, bad := range []string{
		"", "x", log.Public(), vkeyOf("witness.example/w", append([]byte{cosignsEd25519, 1}, make([]byte, 31)...)), key.Public() + " ", key.Public() + "=", strings.ToUpper(key.Public()), strings.Replace(key.Public(), "witness", "another", 1),
	} {
		if _, err := ParseWitness(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q names a witness: %v", bad, err)
		}
	}
	for _, bad := range []string{"", log.Encode(), key.Public(), key.Encode() + "x", strings.Replace(key.Encode(), "witness", "another", 1)} {
		if _, err := ParseWitnessKey(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is a witness's key: %v", bad, err)
		}
	}
}

// TestCosignaturesOfOthers protects the standard: programs that nobody here wrote read
// our cosignatures, and we read theirs, with both kinds of key.
func TestCosignaturesOfOthers(t *testing.T) {
	log, key, _ := testKeys(t)
	c := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	signed := signedBy(t, log, c)
	theirs, err := torchwood.NewCosignatureVerifier(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(append(bytes.Clone(signed), key.Line(c, time.Unix(day, 0))...), note.VerifierList(theirs))
	if err != nil {
		t.Fatalf("another program refuses our cosignature: %v", err)
	}
	if at, err := torchwood.CosignatureTimestamp(n.Sigs[0]); err != nil || at != day {
		t.Errorf("another program reads the time %d of our cosignature: %v", at, err)
	}
	skey, vkey, err := formats.GenerateMLDSAKey("lattice.example/w")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := formats.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(&note.Note{Text: c.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ParseWitness(vkey)
	if err != nil {
		t.Fatal(err)
	}
	lines := []byte(strings.SplitN(string(both), "\n\n", 2)[1])
	with, err := AddCosignatures(signed, lines, log.Public(), []Witness{w})
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSigned(with, log.Public(), []Witness{w})
	if err != nil || s.Witnesses() != 1 || time.Since(s.Cosignatures[0].At) > time.Hour {
		t.Errorf("%+v, %v", s, err)
	}
	c.Root[0]++
	if _, err := AddCosignatures(signedBy(t, log, c), lines, log.Public(), []Witness{w}); err == nil {
		t.Error("a cosignature with ML-DSA-44 fits another root")
	}
}

// TestSpelling protects what is hashed and compared byte for byte: a checkpoint with
// its signatures has one spelling, whatever the order in which they came.
func TestSpelling(t *testing.T) {
	log, _, _ := testKeys(t)
	c := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for i := range rapid.IntRange(0, 5).Draw(t, "witnesses") {
			key, err := NewWitnessKey(bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 32)), "w.example/"+string(rune('a'+i%3)))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(key.Line(c, time.Unix(day, 0))))
		}
		own := strings.SplitN(string(signedBy(t, log, c)), "\n\n", 2)[1]
		order := func(label string) string {
			return c.Text() + "\n" + strings.Join(rapid.Permutation(append([]string{own}, lines...)).Draw(t, label), "")
		}
		one, err := Spell([]byte(order("one")))
		if err != nil {
			t.Fatal(err)
		}
		if two, err := Spell([]byte(order("two"))); err != nil || !bytes.Equal(one, two) {
			t.Fatalf("two spellings:\n%s\n%s\n%v", one, two, err)
		}
		if !bytes.HasPrefix(one, []byte(c.Text()+"\n"+own)) {
			t.Fatalf("the log's own signature is not first:\n%s", one)
		}
	})
	signed := string(signedBy(t, log, c))
	for name, bad := range map[string]string{
		"no signature":        c.Text() + "\n",
		"text after the end":  signed + "x",
		"the same line twice": signed + strings.SplitN(signed, "\n\n", 2)[1],
		"spare bits":          strings.TrimSuffix(signed, "=\n") + "\n",
		"another dash":        strings.Replace(signed, "— ", "- ", 1),
		"a line feed in it":   signed[:len(signed)-6] + "\n" + signed[len(signed)-6:],
	} {
		if got, err := Spell([]byte(bad)); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: spelt %q, %v", name, got, err)
		}
	}
}

// testTree gives a prover over a tree of n leaves.
func testTree(t failer, n int64) Prover {
	t.Helper()
	tree, err := NewTree(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	tree.Track()
	for i := range n {
		tree.Append(LeafHash([]byte{byte(i), byte(i >> 8)}))
	}
	tiles := map[[2]int64][]byte{}
	for _, tile := range tree.Changed() {
		tiles[[2]int64{int64(tile.Level), tile.Index}] = tile.Hashes
	}
	return Prover{n, func(level int, index int64) ([]byte, error) { return tiles[[2]int64{int64(level), index}], nil }}
}

// TestConsistency protects witnesses: a log that extends what it showed can prove it,
// and one that changed or shortened it cannot.
func TestConsistency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 700).Draw(t, "size")
		old := rapid.Int64Range(0, size).Draw(t, "old")
		p := testTree(t, size)
		at := func(n int64) Checkpoint {
			root, err := p.RootAt(n)
			if err != nil {
				t.Fatal(err)
			}
			return Checkpoint{"log.example/duly", n, root}
		}
		proof, err := p.Consistency(old)
		if err != nil {
			t.Fatal(err)
		}
		before, now := at(old), at(size)
		if err := CheckConsistency(proof, before, now); err != nil {
			t.Fatalf("from %d to %d: %v", old, size, err)
		}
		if old > 0 {
			forked := before
			forked.Root[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
			if CheckConsistency(proof, forked, now) == nil {
				t.Fatal("a fork passes")
			}
		}
		if old < size && CheckConsistency(nil, now, before) == nil {
			t.Fatal("a shorter log passes")
		}
		elsewhere := before
		elsewhere.Origin = "other.example/duly"
		if CheckConsistency(proof, elsewhere, now) == nil {
			t.Fatal("another log passes")
		}
		if CheckConsistency(append(proof, Hash{}), before, now) == nil {
			t.Fatal("a proof with something added passes")
		}
	})
}

// TestAnswer protects an assessor who cosigns from a file: they cosign what extends what
// they saw, and nothing else.
func TestAnswer(t *testing.T) {
	log, key, w := testKeys(t)
	p := testTree(t, 300)
	at := func(n int64) Checkpoint {
		root, err := p.RootAt(n)
		if err != nil {
			t.Fatal(err)
		}
		return Checkpoint{"log.example/duly", n, root}
	}
	request := func(old, size int64) Request {
		proof, err := Prover{size, p.Load}.Consistency(old)
		if err != nil {
			t.Fatal(err)
		}
		return Request{old, proof, signedBy(t, log, at(size))}
	}
	seen := at(200)
	line, keep, err := key.Answer(request(200, 300), log.Public(), &seen, time.Unix(day, 0))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := OpenSigned(keep, log.Public(), []Witness{w}); err != nil || s.Witnesses() != 1 || s.Size != 300 || !bytes.Contains(keep, line) {
		t.Errorf("what the witness keeps is %q, %v", keep, err)
	}
	if _, _, err := key.Answer(request(0, 10), log.Public(), nil, time.Unix(day, 0)); err != nil {
		t.Errorf("the first: %v", err)
	}
	if c, err := Seen(keep, w); err != nil || c != at(300) {
		t.Errorf("the witness remembers %+v, %v", c, err)
	}
	if _, err := Seen(signedBy(t, log, at(300)), w); err == nil {
		t.Error("the witness remembers what it never cosigned")
	}
	fork := seen
	fork.Root[0]++
	other := seen
	other.Origin = "other.example/duly"
	newest := at(300)
	for name, c := range map[string]struct {
		r    Request
		last *Checkpoint
		says string
	}{
		"a fork":                    {request(200, 300), &fork, "are not shown to be those"},
		"an older size":             {request(0, 200), &newest, "some were removed"},
		"a proof from elsewhere":    {request(100, 300), &seen, "from 200"},
		"another log":               {request(200, 300), &other, "different logs"},
		"a first one with a proof":  {request(200, 300), nil, "from 0"},
		"the same size, other root": {Request{200, nil, signedBy(t, log, fork)}, &seen, "two different logs"},
	} {
		if line, _, err := key.Answer(c.r, log.Public(), c.last, time.Unix(day, 0)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
	if _, _, err := key.Answer(request(200, 300), key.Public(), &seen, time.Unix(day, 0)); err == nil {
		t.Error("the log's signature is not asked for")
	}
}

// TestInclusionProofs protects what is handed out about one entry: another program that
// knows the standard accepts it, and it fits no other entry or place.
func TestInclusionProofs(t *testing.T) {
	log, _, _ := testKeys(t)
	p := testTree(t, 300)
	root, err := p.RootAt(300)
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{"log.example/duly", 300, root}
	path, err := p.Inclusion(258)
	if err != nil {
		t.Fatal(err)
	}
	proof := InclusionProof{258, []byte{2, 1}, path, signedBy(t, log, c)}
	back, err := ParseInclusionProof(proof.Encode())
	if err != nil || !bytes.Equal(back.Encode(), proof.Encode()) {
		t.Fatalf("%+v, %v", back, err)
	}
	if err := back.Check(c); err != nil {
		t.Error(err)
	}
	verifier, err := note.NewVerifier(log.Public())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(c.Origin), torchwood.SingleVerifierPolicy(verifier))
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(proof.Leaf), proof.Encode()); err != nil {
		t.Errorf("another program refuses our proof: %v", err)
	}
	moved, changed := back, back
	moved.Index = 257
	changed.Leaf = []byte{3, 1}
	if moved.Check(c) == nil || changed.Check(c) == nil {
		t.Error("a proof fits another entry or place")
	}
}

// FuzzOpenSigned protects the level of assurance: whatever a note says, only what the
// log and the witness signed counts, and a spelling is stable.
func FuzzOpenSigned(f *testing.F) {
	log, key, w := testKeys(f)
	c := Checkpoint{"log.example/duly", 3, Hash{1, 2, 3}}
	signed, err := AddCosignatures(signedBy(f, log, c), key.Line(c, time.Unix(day, 0)), log.Public(), []Witness{w})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed, []byte("— other.example/w AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, data, lines []byte) {
		if s, err := OpenSigned(data, log.Public(), []Witness{w}); err == nil && (s.Checkpoint != c || s.Witnesses() > 0 && s.Cosignatures[0].At.Unix() != day) {
			t.Fatalf("%q opens as %+v", data, s)
		}
		if one, err := Spell(data); err == nil {
			if again, err := Spell(one); err != nil || !bytes.Equal(one, again) {
				t.Fatalf("%q is spelt %q and then %q, %v", data, one, again, err)
			}
		}
		if got, err := AddCosignatures(signed, lines, log.Public(), []Witness{w}); err == nil && !bytes.Equal(got, signed) {
			t.Fatalf("%q adds up to %q", lines, got)
		}
	})
}

// FuzzProofs protects the readers of requests and proofs: what they take has one
// spelling.
func FuzzProofs(f *testing.F) {
	f.Add(Request{2, []Hash{{1}}, []byte("x\n")}.Encode())
	f.Add(InclusionProof{2, []byte("leaf"), []Hash{{1}}, []byte("x\n")}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := ParseRequest(data); err == nil && !bytes.Equal(r.Encode(), data) {
			t.Fatalf("%q is taken as %q", data, r.Encode())
		}
		if p, err := ParseInclusionProof(data); err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("%q is taken as %q", data, p.Encode())
		}
	})
}

// FuzzParseWitness protects verifiers' lists of witnesses and witnesses' own keys.
func FuzzParseWitness(f *testing.F) {
	_, key, w := testKeys(f)
	f.Add(w.Key())
	f.Add(key.Encode())
	f.Add("w+00000000+" + base64.StdEncoding.EncodeToString(make([]byte, 1313)))
	f.Fuzz(func(t *testing.T, text string) {
		if w, err := ParseWitness(text); err == nil && w.Key() != text {
			t.Fatalf("%q is taken as %q", text, w.Key())
		}
		if k, err := ParseWitnessKey(text); err == nil && strings.TrimSpace(text) != strings.TrimSpace(k.Encode()) {
			t.Fatalf("%q is taken as %q", text, k.Encode())
		}
	})
}
