package watchlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"hash"
	"io"

	"duly/internal/fault"
	"duly/internal/names"
)

// savedVersion is the first line of a saved index. It changes with the format.
const savedVersion = "duly index 3\n"

const rebuild = "delete the file; the index is built again from the lists"

// Save writes the index for LoadIndex. The stamp says what it was made of, such
// as the hashes of the lists. The file ends with its SHA-256.
func (x *Index) Save(w io.Writer, stamp string) error {
	p := x.whole().parts[0]
	sum := sha256.New()
	f := &filer{w: io.MultiWriter(w, sum)}
	f.text(savedVersion)
	f.bytes([]byte(stamp))
	entities := make([]Entity, len(p.entities))
	for i, e := range p.entities {
		entities[i] = *e
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(entities); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot save the index")
	}
	f.bytes(b.Bytes())
	f.bytes(p.words.fingerprint())
	for _, array := range p.arrays() {
		f.array(*array)
	}
	f.array(p.filed())
	if _, err := w.Write(sum.Sum(nil)); f.err == nil {
		f.err = err
	}
	if f.err != nil {
		return fault.Wrap(fault.Failed, f.err, "cannot save the index")
	}
	return nil
}

// LoadIndex reads what Save wrote. Building takes several times as long.
//
// Errors: Broken where the file is damaged, was cut, or was made by another
// version or of something else than stamp says; then the index is to be built
// from the lists.
func LoadIndex(r io.Reader, stamp string) (*Index, error) {
	f := &loader{r: r, sum: sha256.New()}
	if f.fixed(len(savedVersion)) != savedVersion {
		return nil, broken("the saved index was made by another version of Duly or is none")
	}
	made := f.bytes()
	saved, print := f.bytes(), f.bytes()
	g := &segment{words: &vocabulary{}}
	for _, array := range g.arrays() {
		*array = f.array()
	}
	filed := f.array()
	want := string(f.sum.Sum(nil))
	if f.err != nil || f.fixed(sha256.Size) != want {
		return nil, broken("the saved index is damaged: its checksum does not fit or its end is missing")
	}
	if string(made) != stamp {
		return nil, broken("the saved index was made of other lists")
	}
	var entities []Entity
	if err := gob.NewDecoder(bytes.NewReader(saved)).Decode(&entities); err != nil {
		return nil, broken("the saved index was made by another version of Duly: " + err.Error())
	}
	g.unfile(filed)
	all := make([]*Entity, len(entities))
	for i := range entities {
		all[i] = &entities[i]
	}
	p := partOf(g, all)
	weights, ok := p.restore(print)
	if !ok {
		return nil, broken("the saved index was made by another version of Duly, which reads names in another way")
	}
	return &Index{parts: []part{p}, weights: weights}, nil
}

func broken(what string) error { return fault.New(fault.Broken, what, rebuild) }

// arrays lists the arrays of a segment that are saved as they are. What follows
// from them and from the names is made again.
func (g *segment) arrays() []*[]uint32 {
	return []*[]uint32{
		&g.ids, &g.postFirst, &g.posts,
		&g.joined.first, &g.joined.ids, &g.numbers.first, &g.numbers.ids,
		&g.words.keys.first, &g.words.keys.ids, &g.words.rests.first, &g.words.rests.ids, &g.words.grams.first, &g.words.grams.ids,
	}
}

// filed gives the entries in numbers, without what follows from their words.
func (g *segment) filed() []uint32 {
	out := make([]uint32, 0, numbersOfEntry*len(g.entries))
	for i := range g.entries {
		n := &g.entries[i]
		out = append(out, n.party, uint32(n.alias), n.first, uint32(n.aside)<<16|uint32(n.words)<<8|uint32(n.marks))
	}
	return out
}

// numbersOfEntry is how many numbers an entry is saved in.
const numbersOfEntry = 4

// unfile makes the entries of what filed gave.
func (g *segment) unfile(filed []uint32) {
	g.entries = make([]entry, len(filed)/numbersOfEntry)
	for i := range g.entries {
		n := filed[numbersOfEntry*i:]
		g.entries[i] = entry{party: n[0], alias: int32(n[1]), first: n[2], aside: uint16(n[3] >> 16), words: uint8(n[3] >> 8), marks: uint8(n[3])}
		if g.entries[i].kind() == names.Person {
			g.people = uint32(i + 1)
		}
	}
}

// restore makes the words of a loaded segment again, each from the first name
// that has it. It fails where names are no longer read as they were.
func (p *part) restore(print []byte) (names.Weights, bool) {
	var words, asides []names.Token
	for e := range p.entries {
		n := &p.entries[e]
		ids := p.ids[n.first:][:uint32(n.words)+uint32(n.aside)]
		fresh := false
		known, aside := uint32(len(words)), uint32(len(asides))
		for _, id := range ids {
			fresh = fresh || id&asideBit == 0 && id >= known || id&asideBit != 0 && id&^asideBit >= aside
		}
		if !fresh {
			continue
		}
		text, _ := p.entities[n.party].nameAt(int(n.alias))
		name := names.Prepare(text, n.kind())
		if len(name.Tokens)+len(name.Aside) != len(ids) {
			return names.Weights{}, false
		}
		for i, id := range ids {
			switch {
			case id == uint32(len(words)):
				words = append(words, name.Tokens[i])
			case id == uint32(len(asides))|asideBit:
				asides = append(asides, name.Aside[i-len(name.Tokens)])
			}
		}
	}
	p.asides = asides
	filed := p.words
	p.words = newVocabulary(words)
	p.rare(nil)
	p.words.keys, p.words.rests, p.words.grams = filed.keys, filed.rests, filed.grams
	p.weigh()
	return p.words.weights(), bytes.Equal(p.words.fingerprint(), print)
}

// fingerprint is a hash of all words as they are compared.
func (v *vocabulary) fingerprint() []byte {
	sum := sha256.New()
	var line []byte
	for id := range v.facts {
		t := v.token(uint32(id))
		line = append(line[:0], t.Text...)
		line = append(append(line, ' '), t.Sound...)
		line = append(append(line, ' '), t.Skeleton...)
		sum.Write(append(line, ' ', byte(t.Class)))
	}
	return sum.Sum(nil)
}

// filer writes the parts of a saved index. The first error stays.
type filer struct {
	w   io.Writer
	err error
}

func (f *filer) text(s string) {
	if f.err == nil {
		_, f.err = io.WriteString(f.w, s)
	}
}

func (f *filer) bytes(b []byte) {
	f.text(string(binary.LittleEndian.AppendUint64(nil, uint64(len(b)))))
	if f.err == nil {
		_, f.err = f.w.Write(b)
	}
}

func (f *filer) array(a []uint32) {
	f.text(string(binary.LittleEndian.AppendUint64(nil, uint64(len(a)))))
	const some = 1 << 16
	buffer := make([]byte, 0, 4*some)
	for len(a) > 0 && f.err == nil {
		n := min(some, len(a))
		buffer = buffer[:0]
		for _, v := range a[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, v)
		}
		_, f.err = f.w.Write(buffer)
		a = a[n:]
	}
}

// loader reads the parts of a saved index. The first error stays. Memory grows
// only with what was read, whatever length the file claims.
type loader struct {
	r   io.Reader
	sum hash.Hash
	err error
}

const block = 1 << 20

func (f *loader) fixed(n int) string {
	b := make([]byte, n)
	if f.err == nil {
		_, f.err = io.ReadFull(f.r, b)
		f.sum.Write(b)
	}
	return string(b)
}

func (f *loader) length() uint64 {
	return binary.LittleEndian.Uint64([]byte(f.fixed(8)))
}

func (f *loader) bytes() (out []byte) {
	for left := f.length(); left > 0 && f.err == nil; {
		n := min(left, block)
		out = append(out, f.fixed(int(n))...)
		left -= n
	}
	return out
}

func (f *loader) array() (out []uint32) {
	buffer := make([]byte, block)
	for left := f.length(); left > 0 && f.err == nil; {
		n := min(left, block/4)
		b := buffer[:4*n]
		if _, f.err = io.ReadFull(f.r, b); f.err != nil {
			break
		}
		f.sum.Write(b)
		at := len(out)
		out = append(out, make([]uint32, n)...)
		for i := range out[at:] {
			out[at+i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		left -= n
	}
	return out[:len(out):len(out)]
}
