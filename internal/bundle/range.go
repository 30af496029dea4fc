package bundle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// A bundle of a range begins at a checkpoint of the log, and carries what ties it to the
// entries before: that checkpoint, the edge of its tree, and the earlier entries that
// those of the range rest on, each with its inclusion proof.

// before is what a bundle of a range holds of the entries before it.
type before struct {
	checkpoint []byte
	edge       *ledger.Edge
	carried    member
	counted    *member         // nil when the range has none
	handovers  [][]byte        // from the key of the beginning to that of the end
	rotated    []rotated       // what they say
	offsets    map[int64]int64 // of each carried entry in its member
}

// Opening writes the checkpoint at which the range begins, the edge of its tree, and the
// handovers that lead from the key of its beginning to that of its end, if it changed.
func (w *Writer) Opening(checkpoint []byte, edge []ledger.Hash, handovers [][]byte) error {
	if err := w.zip.add("opening", writeAll(checkpoint)); err != nil {
		return err
	}
	if err := w.zip.add("edge", writeAll([]byte(hexLines(edge)))); err != nil {
		return err
	}
	for i, data := range handovers {
		if err := w.zip.add(handoverName(i), writeAll(data)); err != nil {
			return err
		}
	}
	return nil
}

func handoverName(i int) string { return "handovers/" + strconv.Itoa(i+1) }

func hexLines(hashes []ledger.Hash) string {
	var b strings.Builder
	for _, h := range hashes {
		b.WriteString(h.String() + "\n")
	}
	return b.String()
}

// Carried writes the earlier entries that the range rests on. next calls put once for
// each, in the order of the log, with its position and inclusion proof.
func (w *Writer) Carried(next func(put func(seq int64, inclusion []ledger.Hash) (Put, error)) error) error {
	return w.zip.add("carried", func(out io.Writer) error {
		return next(func(seq int64, inclusion []ledger.Hash) (Put, error) {
			_, err := out.Write(appendPlace(nil, seq, inclusion))
			return w.put(out), err
		})
	})
}

// Counted writes the records of populations as they stood at the balance with which the
// range opens.
func (w *Writer) Counted(p *Population) error { return w.zip.add("counted", p.Lines) }

// appendPlace writes where a carried entry stands, and the proof of it.
func appendPlace(b []byte, seq int64, inclusion []ledger.Hash) []byte {
	b = strconv.AppendInt(b, seq, 10)
	for _, h := range inclusion {
		b = b64.AppendEncode(append(b, ' '), h[:])
	}
	return append(b, '\n')
}

// maxInclusion is how many hashes prove where an entry stands, at most.
const maxInclusion = 63

// parsePlace reads the line that appendPlace writes, without its end.
func parsePlace(line []byte) (seq int64, inclusion []ledger.Hash, err error) {
	words := strings.SplitN(string(line), " ", maxInclusion+2) // one more than there can be, however long the line is
	seq, err = strconv.ParseInt(words[0], 10, 64)
	if err != nil || seq < 0 || strconv.FormatInt(seq, 10) != words[0] || len(words) > maxInclusion+1 {
		return 0, nil, fault.New(fault.Broken, "the place of a carried entry is malformed", "")
	}
	for _, word := range words[1:] {
		h, err := parseDigest(word)
		if err != nil {
			return 0, nil, err
		}
		inclusion = append(inclusion, h)
	}
	return seq, inclusion, nil
}

// readBefore reads the members that only a range has, and gives the others. The carried
// entries stand behind those of the range: whoever writes a bundle learns from the one
// what the other are.
func (a *Archive) readBefore(members []member) ([]member, error) {
	misplaced := fault.New(fault.Broken, "the range does not have opening, edge, entries and carried in their place", "")
	if !begins(members, "opening", "edge") {
		return nil, misplaced
	}
	rest, err := members[2:], error(nil)
	for a.Manifest.OpeningKey != "" && begins(rest, handoverName(len(a.before.handovers))) {
		data, err := a.read(rest[0], 1<<16)
		if err != nil {
			return nil, err
		}
		a.before.handovers, rest = append(a.before.handovers, data), rest[1:]
	}
	if !begins(rest, "entries", "carried") {
		return nil, misplaced
	}
	if a.before.checkpoint, err = a.read(members[0], 1<<16); err != nil {
		return nil, err
	}
	lines, err := a.read(members[1], 1<<16)
	if err != nil {
		return nil, err
	}
	var edge []ledger.Hash
	for line := range strings.Lines(string(lines)) {
		h, err := ledger.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fault.New(fault.Broken, "the edge of the range is malformed", "")
		}
		edge = append(edge, h)
	}
	if a.before.edge, err = ledger.NewEdge(a.Manifest.From, edge); err != nil || hexLines(edge) != string(lines) {
		return nil, fault.New(fault.Broken, "the edge of the range is malformed", "")
	}
	entries := rest[:1:1]
	a.before.carried, rest = rest[1], rest[2:]
	if begins(rest, "counted") {
		a.before.counted, rest = &rest[0], rest[1:]
	}
	return append(entries, rest...), nil
}

// countedLines gives the lines of the counted records.
func (a *Archive) countedLines(each func(line []byte) error) error {
	m := a.before.counted
	r := &lines{r: bufio.NewReaderSize(io.NewSectionReader(a.file, m.data(), m.size), 1<<16)}
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(line)
		}
		if err != nil {
			return err
		}
	}
}

// openings gives the checkpoint at which a range begins, held to the one at which it ends.
func (a *Archive) openings(trust Trust, closing ledger.Checkpoint) ([]ledger.Signed, error) {
	if a.Manifest.From == 0 {
		return nil, nil
	}
	key := a.Manifest.Key
	if a.Manifest.OpeningKey != "" { // which the log itself names: see rotations
		key, trust.Key = a.Manifest.OpeningKey, ""
	}
	c, err := trust.Assure(a.before.checkpoint, key)
	if err != nil {
		return nil, err
	}
	if err := oneSpelling(a.before.checkpoint, c, key); err != nil {
		return nil, err
	}
	if c.Origin != closing.Origin || c.Size != a.Manifest.From {
		return nil, fault.New(fault.Broken, "the opening checkpoint is of another log or size than the manifest says", "")
	}
	if c.Root != a.before.edge.Root() {
		return nil, fault.New(fault.Broken, "the edge of the range is not that of its opening checkpoint", "")
	}
	return []ledger.Signed{c}, nil
}

// carry runs the carried entries of a range through the checker.
func (a *Archive) carry(checker *Checker, outside *Outside, look func(seq int64, entry *Content, fields []Sealed)) error {
	if a.Manifest.From == 0 {
		return nil
	}
	if outside.given && outside.checkpoint.Size < a.Manifest.From {
		return fault.Newf(fault.Broken, "the checkpoint that you gave covers %d entries, and the range begins at %d: it cannot be compared", outside.checkpoint.Size, a.Manifest.From).
			WithFix("ask for a range that begins at your checkpoint, or for the whole log")
	}
	checker.Open(a.before.edge)
	a.before.offsets = map[int64]int64{}
	return a.scanCarried(0, func(at, seq int64, inclusion []ledger.Hash, leaf []byte, fields []Sealed) (bool, error) {
		entry, err := checker.Carried(seq, leaf, fields, inclusion)
		look(seq, entry, fields)
		a.before.offsets[seq] = at
		return true, err
	})
}

// carriedAt gives a carried entry again.
func (a *Archive) carriedAt(seq int64) (leaf []byte, fields []Sealed, err error) {
	at, here := a.before.offsets[seq]
	if !here {
		return nil, nil, fault.Newf(fault.Broken, "entry %d stands before the range and is not carried", seq)
	}
	err = a.scanCarried(at, func(_, _ int64, _ []ledger.Hash, l []byte, f []Sealed) (bool, error) {
		leaf, fields = slices.Clone(l), slices.Clone(f)
		return false, nil
	})
	return leaf, fields, err
}

// scanCarried calls each for the carried entries from a byte of their member on. each says
// whether to go on; what it is given holds until the next call.
func (a *Archive) scanCarried(from int64, each func(at, seq int64, inclusion []ledger.Hash, leaf []byte, fields []Sealed) (bool, error)) error {
	m := a.before.carried
	r := &lines{r: bufio.NewReaderSize(io.NewSectionReader(a.file, m.data()+from, m.size-from), 1<<14), offset: from}
	var fields []Sealed
	for {
		at := r.offset
		place, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		seq, inclusion, err := parsePlace(bytes.Clone(place))
		if err != nil {
			return err
		}
		leaf, err := r.second()
		if err != nil {
			return err
		}
		leaf = bytes.Clone(leaf)
		sealed, err := r.second()
		if err != nil {
			return err
		}
		if fields, err = parseSealed(fields[:0], sealed); err != nil {
			return err
		}
		if goOn, err := each(at, seq, inclusion, leaf, fields); err != nil || !goOn {
			return err
		}
	}
}

// printRange says what of the entries before a range was there to be looked at.
func (r *Result) printRange(out io.Writer) {
	n := r.Counts
	fmt.Fprintf(out, "  range       entries %d to %d of the log; %d from before it are carried, each proven\n", r.From, r.Size-1, n.Carried)
	if *r.Complete < 0 {
		fmt.Fprintln(out, "              not shown: that no person, role, vote, opinion or assessment from before the range was left out")
	} else {
		fmt.Fprintf(out, "              people, roles, votes, opinions and assessments are complete up to entry %d, by a balance in the log\n", *r.Complete)
	}
	if *r.Opening >= 0 {
		fmt.Fprintf(out, "              populations are counted on from the balance at entry %d, and taken from it; who checked the part before has checked it\n", *r.Opening)
	}
	if n.Assessed.Unchecked > 0 {
		fmt.Fprintf(out, "              not checked: %d populations and samples of assessments rest on entries that are not here, and no balance opens the range before them\n", n.Assessed.Unchecked)
	}
	if r.OpeningKey != "" {
		fmt.Fprintln(out, "              its beginning was signed by an earlier key of the log, from which rotations lead to the one that it shows")
	}
	fmt.Fprintf(out, "              not checked: %d records began before; what was said of them earlier is not all here\n", n.Continued)
}
