package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// proof discloses one field of an entry, tied to the checkpoint over n entries.
func (l *testLog) proof(at, field int, n int64) *Proof {
	l.t.Helper()
	tree, _ := ledger.NewTree(0, nil)
	tree.Track()
	for _, r := range l.rows[:n] {
		tree.Append(ledger.LeafHash(r.leaf))
	}
	tiles := map[[2]int64][]byte{}
	for _, tile := range tree.Changed() {
		tiles[[2]int64{int64(tile.Level), tile.Index}] = tile.Hashes
	}
	inclusion, err := ledger.Prover{Size: n, Load: func(level int, index int64) ([]byte, error) {
		return tiles[[2]int64{int64(level), index}], nil
	}}.Inclusion(int64(at))
	if err != nil {
		l.t.Fatal(err)
	}
	r := l.rows[at]
	return NewProof(int64(at), r.schema.Sealed[field].Name, r.leaf, r.digests, r.disclosures[field], inclusion, l.checkpoint(n), l.key.Public())
}

// disclosed checks a disclosure, and has the other verifier check it in the end.
func disclosed(data []byte, trust Trust) (*Result, error) {
	r, err := VerifyDisclosure(data, testSchemas, trust)
	second.keep(data, trust, r, err)
	return r, err
}

// TestOneFieldIsDisclosedLater protects the way in which a withheld field is shown
// afterwards: it says what was sealed, and nothing else can be shown in its place.
func TestOneFieldIsDisclosedLater(t *testing.T) {
	l := sample(t)
	good := l.proof(2, 0, l.size()).Encode()
	r, err := disclosed(good, Trust{Key: l.key.Public(), Checkpoint: l.checkpoint(l.size())})
	if err != nil || r.Value != `"Harbour Example"` || r.Field != "name" || r.Assurance != KeyGiven {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = disclosed(good, Trust{}); err != nil || r.Assurance != NoAssurance {
		t.Errorf("without a key from outside: %+v, %v", r, err)
	}
	fresh := newLog(t, 5)
	for name, trust := range map[string]Trust{
		"another key":        {Key: fresh.key.Public()},
		"another checkpoint": {Key: l.key.Public(), Checkpoint: l.checkpoint(5)},
		"another log's":      {Checkpoint: fresh.checkpoint(1)},
	} {
		if _, err := disclosed(good, trust); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(p *Proof){
		"another format":        func(p *Proof) { p.Duly = "disclosure/2" },
		"another entry":         func(p *Proof) { p.Entry = 3 },
		"an entry before all":   func(p *Proof) { p.Entry = -1 },
		"an entry beyond all":   func(p *Proof) { p.Entry = 1 << 40 },
		"another field":         func(p *Proof) { p.Field = "place" },
		"a field in clear":      func(p *Proof) { p.Field = "state" },
		"no field":              func(p *Proof) { p.Field = "" },
		"another value":         func(p *Proof) { p.Disclosure = string(l.rows[4].disclosures[0]) },
		"the value of a sister": func(p *Proof) { p.Disclosure = string(l.rows[2].disclosures[1]) },
		"sisters swapped":       func(p *Proof) { p.Digests[0], p.Digests[1] = p.Digests[1], p.Digests[0] },
		"a digest fewer":        func(p *Proof) { p.Digests = p.Digests[:4] },
		"a digest more":         func(p *Proof) { p.Digests = append(p.Digests, p.Digests[0]) },
		"a digest in capitals":  func(p *Proof) { p.Digests[0] = strings.ToUpper(p.Digests[0]) },
		"no digests":            func(p *Proof) { p.Digests = nil },
		"another leaf":          func(p *Proof) { p.Leaf = string(l.rows[3].leaf) },
		"the next revision": func(p *Proof) {
			q := l.proof(4, 0, l.size())
			p.Leaf, p.Digests, p.Disclosure = q.Leaf, q.Digests, q.Disclosure
		},
		"a leaf that is none":      func(p *Proof) { p.Leaf = "{}" },
		"no inclusion":             func(p *Proof) { p.Inclusion = []string{} },
		"a step more":              func(p *Proof) { p.Inclusion = append(p.Inclusion, p.Inclusion[0]) },
		"another checkpoint":       func(p *Proof) { p.Checkpoint = string(l.checkpoint(5)) },
		"another log's":            func(p *Proof) { p.Checkpoint = string(fresh.checkpoint(1)) },
		"another key":              func(p *Proof) { p.Key = fresh.key.Public() },
		"a signature that is none": func(p *Proof) { p.Checkpoint += "— witness.example/w AAAAAAA\n" },
		"the signature twice":      func(p *Proof) { _, sig, _ := strings.Cut(p.Checkpoint, "\n\n"); p.Checkpoint += sig },
		"a line end in the key":    func(p *Proof) { p.Key += "\n" },
		"a capital in the key":     func(p *Proof) { p.Key = strings.Replace(p.Key, "+8087e381+", "+8087E381+", 1) },
		"an unreleased schema": func(p *Proof) {
			leaf, _ := ledger.ParseLeaf([]byte(p.Leaf))
			leaf.Schema[0] ^= 1
			p.Leaf = string(leaf.Encode())
		},
		"a leaf with a new field": func(p *Proof) { p.Leaf = strings.Replace(p.Leaf, `"public":{`, `"public":{"a":1,`, 1) },
	} {
		p := l.proof(2, 0, l.size())
		change(p)
		if r, err := disclosed(p.Encode(), Trust{}); fault.CodeOf(err) != fault.Broken || err == nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := disclosed(newLog(t, 6).lone(), Trust{}); err != nil {
		t.Errorf("the only entry of a log cannot be disclosed: %v", err)
	}
}

// lone is a proof that needs no inclusion path: a log with one entry, and that of
// a kind with a sealed field.
func (l *testLog) lone() []byte {
	l.rows = nil
	add(l, whisperKind, l.id(), &whisper{State: "open", Text: "first"})
	return l.proof(0, 0, 1).Encode()
}

// TestEveryByteOfADisclosureMatters protects a disclosure as a bundle is protected.
func TestEveryByteOfADisclosureMatters(t *testing.T) {
	good := sample(t).proof(2, 0, 8).Encode()
	refuse := func(data []byte, format string, args ...any) {
		r, err := VerifyDisclosure(data, testSchemas, Trust{})
		if crc32.ChecksumIEEE(data)%40 == 0 { // of these many, the other verifier looks at some
			second.keep(data, Trust{}, r, err)
		}
		if fault.CodeOf(err) != fault.Broken || err == nil {
			t.Errorf(format+": %+v, %v", append(args, r, err)...)
		}
	}
	for i := range good {
		for _, mask := range []byte{0x01, 0x02, 0x20, 0x80} {
			changed := bytes.Clone(good)
			changed[i] ^= mask
			refuse(changed, "byte %d changed by %#x", i, mask)
		}
		refuse(splice(good, i, 1), "byte %d removed", i)
		for _, extra := range []byte("\r\n A") {
			refuse(splice(good, i, 0, extra), "%q added at byte %d", extra, i)
		}
		refuse(good[:i], "cut at byte %d", i)
	}
	signature := bytes.LastIndex(good, []byte("=\\n"))
	for _, c := range []byte(base64s) {
		if c != good[signature-1] {
			refuse(splice(good, signature-1, 1, c), "the last character of the signature set to %q", c)
		}
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, good, "", "\t"); err != nil {
		t.Fatal(err)
	}
	refuse(spaced.Bytes(), "another indentation")
	refuse(bytes.Replace(good, []byte(`"inclusion": [`), []byte(`"inclusion": null, "x": [`), 1), "a key more")
	refuse(bytes.Replace(newLog(t, 6).lone(), []byte(`"inclusion": []`), []byte(`"inclusion": null`), 1), "null for an empty list")
}

// failing is a file on a disk that fails beyond some byte.
type failing struct {
	data []byte
	good int64
}

var errDisk = errors.New("input/output error")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.good {
		return 0, errDisk
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

// TestAFailingDiskIsNotTampering protects people from a false accusation: what
// could not be read is exit status 3, not 1.
func TestAFailingDiskIsNotTampering(t *testing.T) {
	data := sample(t).bundle()
	for good := range data {
		_, err := Verify(failing{data, int64(good)}, int64(len(data)), testSchemas, Trust{})
		if fault.ExitStatus(err) != 3 || !errors.Is(err, errDisk) {
			t.Fatalf("a disk that fails after %d bytes: %v", good, err)
		}
	}
	a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	a.file = failing{data, a.entries.data() + 10}
	err = a.scan(0, func(int64, []byte, []Sealed) (bool, error) { return true, nil })
	if !errors.Is(err, errDisk) || fault.CodeOf(err) != fault.Failed {
		t.Errorf("a disk that fails within the entries: %v", err)
	}
}

// TestVerifyFile protects the exit status of the commands that verify a path.
func TestVerifyFile(t *testing.T) {
	l := sample(t)
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path, what string
		code       fault.Code
	}{
		{file("bundle", l.bundle()), "bundle", ""},
		{file("disclosure", l.proof(2, 0, 5).Encode()), "disclosure", ""},
		{file("empty", nil), "", fault.Broken},
		{file("text", []byte("hello")), "", fault.Broken},
		{file("object", []byte("{}")), "", fault.Broken},
		{dir, "", fault.Invalid},
		{filepath.Join(dir, "nothing"), "", fault.NotFound},
	} {
		r, err := VerifyFile(c.path, testSchemas, Trust{})
		if c.code == "" && (err != nil || r.What != c.what) || c.code != "" && (err == nil || fault.CodeOf(err) != c.code) {
			t.Errorf("%s: %+v, %v; want %s %s", filepath.Base(c.path), r, err, c.what, c.code)
		}
	}
	large := file("large", []byte("{"))
	if err := os.Truncate(large, maxProof+1); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyFile(large, testSchemas, Trust{}); fault.CodeOf(err) != fault.Broken {
		t.Errorf("a disclosure over %d bytes: %v", maxProof, err)
	}
}

// TestEntriesOutOfReach protects the replay of ratings, which asks for entries by
// positions that somebody else wrote down.
func TestEntriesOutOfReach(t *testing.T) {
	l := newLog(t, 4)
	for range 3 * indexStep {
		add(l, whisperKind, l.id(), &whisper{State: "open"})
	}
	data := l.bundle()
	a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []int64{-1, -indexStep, 2 * indexStep, l.size(), 1 << 62} {
		if leaf, _, err := a.entry(seq); fault.CodeOf(err) != fault.Broken {
			t.Errorf("entry %d: %s, %v", seq, leaf, err)
		}
	}
	if err := a.scan(0, func(int64, []byte, []Sealed) (bool, error) { return true, nil }); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []int64{0, 1, indexStep - 1, indexStep, 2*indexStep + 3, l.size() - 1} {
		leaf, fields, err := a.entry(seq)
		if err != nil || !bytes.Equal(leaf, l.rows[seq].leaf) || len(fields) != len(l.rows[seq].digests) {
			t.Errorf("entry %d: %s, %v", seq, leaf, err)
		}
	}
}

// TestABundleTooLargeIsRefused protects the archive's 32-bit lengths.
func TestABundleTooLargeIsRefused(t *testing.T) {
	file := &sparse{}
	z := zipWriter{file: file, offset: maxMember - 100}
	err := z.add("entries", writeAll(make([]byte, 200)))
	if fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a bundle over 4 GiB: %v", err)
	}
	file.err = errDisk
	if err := z.add("entries", writeAll(nil)); fault.CodeOf(err) != fault.Failed || !errors.Is(err, errDisk) {
		t.Errorf("a full disk: %v", err)
	}
}

// sparse takes everything and keeps nothing.
type sparse struct{ err error }

func (s *sparse) Write(p []byte) (int, error)           { return len(p), s.err }
func (s *sparse) Seek(n int64, _ int) (int64, error)    { return n, s.err }
func (s *sparse) ReadAt(p []byte, _ int64) (int, error) { return 0, io.EOF }

// inclusion proves that an entry is in the log of the first n entries.
func (l *testLog) inclusion(at, n int64) ledger.InclusionProof {
	l.t.Helper()
	p := l.prover()
	p.Size = n
	path, err := p.Inclusion(at)
	if err != nil {
		l.t.Fatal(err)
	}
	return ledger.InclusionProof{Index: at, Leaf: l.rows[at].leaf, Path: path, Note: l.checkpoint(n)}
}

// proved checks a proof of an entry, and has the other verifier check it in the end.
func proved(data []byte, trust Trust) (*Result, error) {
	r, err := VerifyInclusion(data, testSchemas, trust)
	second.keep(data, trust, r, err)
	return r, err
}

// TestAnEntryIsProved protects whoever is handed the proof of one entry: it is that entry,
// at that place, in that log, under the key from outside, or it is refused.
func TestAnEntryIsProved(t *testing.T) {
	l := sample(t)
	n := l.size()
	trust := Trust{Key: l.key.Public()}
	good := l.inclusion(3, n)
	r, err := proved(good.Encode(), trust)
	if err != nil || r.What != "proof" || r.Field != "3" || !strings.HasPrefix(r.Value, "ballot {") || r.Assurance != KeyGiven {
		t.Fatalf("%+v, %v", r, err)
	}
	w := l.witness("one.example/w")
	cosigned := good
	cosigned.Note = l.cosigned(n, w.Line(l.point(n), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)))
	knows := Trust{Key: l.key.Public()}
	knows.know(mustWitness(t, w.Public()))
	if r, err := proved(cosigned.Encode(), knows); err != nil || r.Witnesses != 1 || len(r.Fixed) != 1 {
		t.Errorf("a cosigned proof: %+v, %v", r, err)
	}
	for _, size := range []int64{4, 5, 7} { // every shape of path
		for at := range size {
			if _, err := proved(l.inclusion(at, size).Encode(), trust); err != nil {
				t.Errorf("entry %d of %d: %v", at, size, err)
			}
		}
	}
	if _, err := proved(good.Encode(), Trust{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("without a key: %v", err)
	}
	if _, err := proved(good.Encode(), Trust{Key: "log.example/duly"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("under what is no key: %v", err)
	}
	text := string(good.Encode())
	of := func(change func(p *ledger.InclusionProof)) string {
		p := l.inclusion(3, n)
		change(&p)
		return string(p.Encode())
	}
	for name, c := range map[string]struct {
		text  string
		trust Trust
	}{
		"another key":             {text, Trust{Key: newLog(t, 9).key.Public()}},
		"another checkpoint":      {text, Trust{Key: l.key.Public(), Checkpoint: l.checkpoint(n - 1)}},
		"another place":           {of(func(p *ledger.InclusionProof) { p.Index = 2 }), trust},
		"a place beyond":          {of(func(p *ledger.InclusionProof) { p.Index = n + 3 }), trust},
		"another leaf":            {of(func(p *ledger.InclusionProof) { p.Leaf = l.rows[2].leaf }), trust},
		"no leaf":                 {of(func(p *ledger.InclusionProof) { p.Leaf = nil }), trust},
		"a step more":             {of(func(p *ledger.InclusionProof) { p.Path = append(p.Path, ledger.Hash{}) }), trust},
		"a step less":             {of(func(p *ledger.InclusionProof) { p.Path = p.Path[1:] }), trust},
		"another log's":           {of(func(p *ledger.InclusionProof) { p.Note = newLog(t, 9).checkpoint(1) }), trust},
		"a forged cosignature":    {of(func(p *ledger.InclusionProof) { p.Note = l.cosigned(n, w.Line(l.point(n-1), time.Now())) }), knows},
		"a header of another":     {strings.Replace(text, "@v1", "@v2", 1), trust},
		"without the leaf":        {strings.Replace(text, "extra ", "", 1), trust},
		"a place spelt otherwise": {strings.Replace(text, "index 3", "index 03", 1), trust},
		"lines in another order":  {strings.Replace(text, "\n\n", "\n\n— a.example/w AAAAAAAA\n", 1), trust},
	} {
		if r, err := proved([]byte(c.text), c.trust); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for i := range text {
		changed := []byte(text)
		changed[i] ^= 1
		if r, err := proved(changed, trust); fault.CodeOf(err) != fault.Broken {
			t.Errorf("byte %d changed: %+v, %v", i, r, err)
		}
	}
}
