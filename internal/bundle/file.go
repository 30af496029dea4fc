package bundle

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Manifest says what a bundle holds and for whom.
type Manifest struct {
	Origin     string
	Key        string // verifier key of the log, for convenience: trust comes from outside
	OpeningKey string `json:"opening_key"` // that of a range's beginning, where it was another; else ""
	From       int64  // the first entry; 0 when the bundle is of the whole log
	Size       int64  // entries From to Size-1
	Classes    []ledger.Class
	// Redacted are the fields, as kind.field and sorted, that redactions withhold whatever
	// their class; none where the bundle is Unredacted, as it is for an assessor.
	Redacted   []string
	Unredacted bool
}

// Encode gives the canonical bytes of the manifest.
func (m Manifest) Encode() []byte {
	classes, redacted, unredacted := make([]string, len(m.Classes)), make([]string, len(m.Redacted)), ""
	for i, c := range m.Classes {
		classes[i] = strconv.Quote(string(c))
	}
	for i, name := range m.Redacted {
		redacted[i] = strconv.Quote(name)
	}
	if m.Unredacted {
		unredacted = `,"unredacted":true`
	}
	format := `"bundle/1"`
	if m.From > 0 {
		format = `"range/1","from":` + strconv.FormatInt(m.From, 10)
	}
	opening := ""
	if m.OpeningKey != "" {
		opening = `,"opening_key":` + strconv.Quote(m.OpeningKey)
	}
	return []byte(`{"classes":[` + strings.Join(classes, ",") + `],"duly":` + format + `,"key":` + strconv.Quote(m.Key) + opening +
		`,"origin":` + strconv.Quote(m.Origin) + `,"redacted":[` + strings.Join(redacted, ",") + `],"size":` + strconv.FormatInt(m.Size, 10) + unredacted + "}\n")
}

// Writer writes a bundle: the manifest and checkpoint first, for a range what ties it to
// the entries before it, then every entry in order, then the packs.
type Writer struct {
	zip      zipWriter
	manifest Manifest
	line     []byte
}

// NewWriter starts a bundle in an empty file.
func NewWriter(file io.WriteSeeker, m Manifest, checkpoint []byte) (*Writer, error) {
	w := &Writer{zip: zipWriter{file: file}, manifest: m}
	if err := w.zip.add("bundle.json", writeAll(m.Encode())); err != nil {
		return nil, err
	}
	return w, w.zip.add("checkpoint", writeAll(checkpoint))
}

func writeAll(data []byte) func(io.Writer) error {
	return func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	}
}

// Put writes one entry.
type Put func(leaf []byte, schema *ledger.Schema, digests []ledger.Hash, disclosures []ledger.Disclosure) error

// Entries writes all entries. next calls put once per entry, in order.
func (w *Writer) Entries(next func(Put) error) error {
	return w.zip.add("entries", func(out io.Writer) error { return next(w.put(out)) })
}

func (w *Writer) put(out io.Writer) Put {
	return func(leaf []byte, schema *ledger.Schema, digests []ledger.Hash, disclosures []ledger.Disclosure) error {
		w.line = append(append(w.line[:0], leaf...), '\n')
		w.line = appendSealed(w.line, w.manifest.Redact(schema, digests, disclosures))
		_, err := out.Write(append(w.line, '\n'))
		return err
	}
}

// Redact decides what the audience of a bundle sees of an entry: fields of its classes
// are disclosed unless they are redacted, all others withheld. What was erased stays erased.
func (m Manifest) Redact(schema *ledger.Schema, digests []ledger.Hash, disclosures []ledger.Disclosure) []Sealed {
	fields := make([]Sealed, len(digests))
	for i, d := range digests {
		fields[i] = Sealed{Digest: d, Erased: disclosures[i] == ""}
		if m.Shows(schema, i) {
			fields[i].Disclosure = disclosures[i]
		}
	}
	return fields
}

// Packs writes the packs that ratings name, in the order of their hashes.
func (w *Writer) Packs(packs map[string][]byte) error {
	for _, h := range slices.Sorted(maps.Keys(packs)) {
		if err := w.zip.add("packs/"+h+".yaml", writeAll(packs[h])); err != nil {
			return err
		}
	}
	return nil
}

// Witnessed writes the cosigned checkpoints that seed samples, in the order of their hashes.
func (w *Writer) Witnessed(texts map[string][]byte) error {
	for _, h := range slices.Sorted(maps.Keys(texts)) {
		if err := w.zip.add("witnessed/"+h, writeAll(texts[h])); err != nil {
			return err
		}
	}
	return nil
}

// Close finishes the archive. It does not close the file.
func (w *Writer) Close() error { return w.zip.close() }

var b64 = base64.RawURLEncoding.Strict()

// appendSealed writes the sealed fields of one entry on one line: a disclosure as
// it is, a withheld digest behind a full stop, an erased one behind an exclamation
// mark, with tildes between.
func appendSealed(b []byte, fields []Sealed) []byte {
	for i, f := range fields {
		if i > 0 {
			b = append(b, '~')
		}
		switch {
		case f.Disclosure != "":
			b = append(b, f.Disclosure...)
		case f.Erased:
			b = b64.AppendEncode(append(b, '!'), f.Digest[:])
		default:
			b = b64.AppendEncode(append(b, '.'), f.Digest[:])
		}
	}
	return b
}

// parseSealed reads the line that appendSealed writes and appends its fields.
func parseSealed(fields []Sealed, line []byte) ([]Sealed, error) {
	if bytes.Count(line, []byte{'~'}) >= math.MaxUint16 {
		return nil, fault.New(fault.Broken, "an entry has more sealed fields than a field root can count", "")
	}
	p, rest, more := "", string(line), len(line) > 0
	for more {
		p, rest, more = strings.Cut(rest, "~")
		switch {
		case p == "":
			return nil, fault.New(fault.Broken, "a sealed field is empty", "")
		case p[0] == '.' || p[0] == '!':
			digest, err := parseDigest(p[1:])
			if err != nil {
				return nil, err
			}
			fields = append(fields, Sealed{Digest: digest, Erased: p[0] == '!'})
		default:
			d := ledger.Disclosure(p)
			fields = append(fields, Sealed{Disclosure: d, Digest: d.Digest(), hashed: true})
		}
	}
	return fields, nil
}

// parseDigest reads the one spelling of a digest. Both lengths are checked, since
// the decoder passes over line ends within the text.
func parseDigest(text string) (digest ledger.Hash, err error) {
	n := 0
	if len(text) == b64.EncodedLen(len(digest)) {
		n, err = b64.Decode(digest[:], []byte(text))
	}
	if err != nil || n != len(digest) {
		return digest, fault.New(fault.Broken, "a digest is malformed", "")
	}
	return digest, nil
}

// Archive is an open bundle file.
type Archive struct {
	Manifest   Manifest
	Checkpoint []byte
	before     before
	packs      map[string]member // by the hash of each
	witnessed  map[string]member // likewise: cosigned checkpoints
	file       io.ReaderAt
	entries    member
	index      []int64 // byte offset of every indexStep-th entry
}

// indexStep is how many entries stand between two known offsets: random access
// costs at most that many lines, and the index stays small.
const indexStep = 64

// maxLine bounds one line of a bundle, maxPack one pack, and maxWitnessed one cosigned
// checkpoint.
const (
	maxLine      = 64 << 20
	maxPack      = 4 << 20
	maxWitnessed = 256 << 10
)

// OpenArchive reads the outside of a bundle and refuses what is not canonical.
func OpenArchive(file io.ReaderAt, size int64) (*Archive, error) {
	members, err := readZip(file, size)
	if err != nil {
		return nil, err
	}
	a := &Archive{file: file, packs: map[string]member{}, witnessed: map[string]member{}}
	if !begins(members, "bundle.json", "checkpoint") {
		return nil, fault.New(fault.Broken, "the bundle does not begin with bundle.json and checkpoint", "")
	}
	manifest, err := a.read(members[0], 1<<16)
	if err != nil {
		return nil, err
	}
	if a.Manifest, err = parseManifest(manifest); err != nil {
		return nil, err
	}
	if a.Checkpoint, err = a.read(members[1], 1<<16); err != nil {
		return nil, err
	}
	members = members[2:]
	if a.Manifest.From > 0 {
		if members, err = a.readBefore(members); err != nil {
			return nil, err
		}
	}
	if !begins(members, "entries") {
		return nil, fault.New(fault.Broken, "the bundle has no entries in their place", "")
	}
	a.entries = members[0]
	if members, err = a.named(members[1:], "packs/", ".yaml", maxPack, a.packs); err != nil {
		return nil, err
	}
	if members, err = a.named(members, "witnessed/", "", maxWitnessed, a.witnessed); err != nil {
		return nil, err
	}
	if len(members) > 0 {
		return nil, fault.Newf(fault.Broken, "member %q is not a pack or a cosigned checkpoint named by its hash, in order", members[0].name)
	}
	return a, nil
}

// named takes the first members that are named by the hash of their content, in ascending
// order, and gives the others.
func (a *Archive) named(members []member, before, after string, limit int64, into map[string]member) ([]member, error) {
	last := ""
	for i, m := range members {
		hash, ok := strings.CutPrefix(m.name, before)
		hash, whole := strings.CutSuffix(hash, after)
		if !ok || !whole || hash <= last {
			return members[i:], nil
		}
		content, err := a.read(m, limit)
		if err != nil {
			return nil, err
		}
		if hash != hexOf(string(content)) {
			return nil, fault.Newf(fault.Broken, "member %q is not named by its hash", m.name)
		}
		last = hash
		into[hash] = m
	}
	return nil, nil
}

func (a *Archive) read(m member, limit int64) ([]byte, error) {
	if m.size > limit {
		return nil, fault.Newf(fault.Broken, "member %q of the bundle is too large", m.name)
	}
	data := make([]byte, m.size)
	if _, err := a.file.ReadAt(data, m.data()); err != nil && err != io.EOF {
		return nil, readError(err)
	}
	return data, nil
}

// begins says whether the first members have these names.
func begins(members []member, names ...string) bool {
	for i, name := range names {
		if i >= len(members) || members[i].name != name {
			return false
		}
	}
	return true
}

func parseManifest(data []byte) (Manifest, error) {
	bad := fault.New(fault.Broken, "bundle.json is not canonical", "")
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Size < 0 || m.From < 0 || m.From > 0 && m.From >= m.Size || m.OpeningKey != "" && (m.From == 0 || m.OpeningKey == m.Key) {
		return m, bad
	}
	at := -1
	for _, class := range m.Classes {
		i := slices.Index(ledger.Classes, class)
		if i <= at {
			return m, fault.New(fault.Broken, "bundle.json names an unknown class, or classes out of order", "")
		}
		at = i
	}
	if m.Unredacted && len(m.Redacted) > 0 || !slices.IsSorted(m.Redacted) || len(slices.Compact(slices.Clone(m.Redacted))) < len(m.Redacted) {
		return m, fault.New(fault.Broken, "bundle.json names redacted fields out of order, or in a bundle without redactions", "")
	}
	if !bytes.Equal(m.Encode(), data) {
		return m, bad
	}
	return m, nil
}

// scan calls each for the entries from position from on. each says whether to go
// on; what it is given holds until the next call.
func (a *Archive) scan(from int64, each func(seq int64, leaf []byte, fields []Sealed) (bool, error)) error {
	first := a.Manifest.From
	start := (from - first) / indexStep
	var offset int64
	if start > 0 {
		if start >= int64(len(a.index)) {
			return fault.Newf(fault.Broken, "entry %d is not before this one", from)
		}
		offset = a.index[start]
	}
	seq := first + start*indexStep
	var fields []Sealed
	r := &lines{r: bufio.NewReaderSize(io.NewSectionReader(a.file, a.entries.data()+offset, a.entries.size-offset), 1<<16), offset: offset}
	for {
		at := r.offset
		leaf, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		sealed, err := r.second()
		if err != nil {
			return err
		}
		if n := seq - first; n%indexStep == 0 && n/indexStep == int64(len(a.index)) {
			a.index = append(a.index, at)
		}
		if seq >= from {
			if fields, err = parseSealed(fields[:0], sealed); err != nil {
				return err
			}
			if goOn, err := each(seq, leaf, fields); err != nil || !goOn {
				return err
			}
		}
		seq++
	}
}

// lines reads lines that each end in one line feed.
type lines struct {
	r      *bufio.Reader
	offset int64
	one    []byte
	two    []byte
}

func (l *lines) next() ([]byte, error) {
	var err error
	l.one, err = l.read(l.one[:0])
	return l.one, err
}

func (l *lines) second() ([]byte, error) {
	var err error
	if l.two, err = l.read(l.two[:0]); errors.Is(err, io.EOF) {
		err = fault.New(fault.Broken, "the entries end in the middle of one", "")
	}
	return l.two, err
}

func (l *lines) read(into []byte) ([]byte, error) {
	for {
		part, err := l.r.ReadSlice('\n')
		into = append(into, part...)
		l.offset += int64(len(part))
		switch {
		case err == nil:
			return into[:len(into)-1], nil
		case err == bufio.ErrBufferFull && len(into) < maxLine:
			continue
		case err == io.EOF && len(into) == 0:
			return nil, io.EOF
		case err != io.EOF && err != bufio.ErrBufferFull:
			return nil, readError(err)
		default:
			return nil, fault.New(fault.Broken, "a line of the entries is too long or has no end", "")
		}
	}
}
