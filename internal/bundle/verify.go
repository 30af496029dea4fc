package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Result is what a check found.
type Result struct {
	What     string `json:"what"` // workspace, bundle, range, disclosure or proof
	Origin   string `json:"origin"`
	From     int64  `json:"from,omitempty"`     // the first entry of a range
	Complete *int64 `json:"complete,omitempty"` // of a range: see [Checker.Complete]
	Opening  *int64 `json:"opening,omitempty"`  // likewise: see [Checker.Counted]

	OpeningKey string `json:"opening_key,omitempty"` // by which a range began, where its key changed since

	Size       int64     `json:"size"` // entries covered by the checkpoint
	Root       string    `json:"root"`
	Covered    bool      `json:"covered"` // every entry is covered by a checkpoint
	Uncovered  int64     `json:"uncovered"`
	Assurance  Assurance `json:"assurance"`
	Witnesses  int64     `json:"witnesses"`       // whom the verifier knows, that cosigned the checkpoint
	Unknown    int64     `json:"unknown"`         // signatures under the checkpoint of others, which nobody checked
	Fixed      []Fixed   `json:"fixed,omitempty"` // entries that outsiders hold, and since when
	Counts     Counts    `json:"counts"`
	Epochs     []Epoch   `json:"epochs,omitempty"` // of a log that began more than one
	Classes    []string  `json:"classes,omitempty"`
	Redacted   []string  `json:"redacted,omitempty"`   // fields that redactions withhold, as kind.field
	Unredacted bool      `json:"unredacted,omitempty"` // redactions are not applied
	Field      string    `json:"field,omitempty"`
	Value      string    `json:"value,omitempty"`

	Published *Published  `json:"published,omitempty"` // the entry that names a report which the verifier holds
	Explained []Explained `json:"explained,omitempty"` // see [Result.Explain]
}

// Verify checks a bundle file. The error is a fault of code Broken that lists what
// does not hold, or Failed when the file could not be read.
func Verify(file io.ReaderAt, size int64, schemas Schemas, trust Trust) (*Result, error) {
	a, err := OpenArchive(file, size)
	if err != nil {
		return nil, err
	}
	return a.Verify(schemas, trust, nil)
}

// Visit is told an entry that was checked by itself, with its canonical values and its
// leaf and sealed fields as they stand in the bundle. What it is given holds until it
// returns.
type Visit func(seq int64, entry *Content, leaf []byte, fields []Sealed) error

// Verify checks a bundle as [Verify] does. visit, where it is not nil, is told every entry
// of a bundle of the whole log, in their order; what it was told holds only once Verify
// has said so of the whole.
func (a *Archive) Verify(schemas Schemas, trust Trust, visit Visit) (*Result, error) {
	if err := a.lead(schemas); err != nil {
		return nil, err
	}
	trust, err := trust.through(a, schemas).Follow(a.Manifest.Key, schemas)
	if err != nil {
		return nil, err
	}
	c, err := trust.Assure(a.Checkpoint, a.Manifest.Key)
	if err != nil {
		return nil, err
	}
	if err := oneSpelling(a.Checkpoint, c, a.Manifest.Key); err != nil {
		return nil, err
	}
	if c.Origin != a.Manifest.Origin || c.Size != a.Manifest.Size {
		return nil, fault.New(fault.Broken, "the bundle's checkpoint is of another log or size than its manifest says", "")
	}
	others, err := a.openings(trust, c.Checkpoint)
	if err != nil {
		return nil, err
	}
	outside, err := trust.OutsideOf(c.Origin, a.Manifest.Key)
	if err != nil {
		return nil, err
	}
	checker, err := a.check(schemas, trust, c.Checkpoint, outside, visit)
	if err != nil {
		return nil, err
	}
	if err := checker.Err(); err != nil {
		return nil, err
	}
	r := &Result{What: "bundle", Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Covered: true, Epochs: checker.Later(), Counts: checker.Counts(),
		Redacted: a.Manifest.Redacted, Unredacted: a.Manifest.Unredacted}
	if r.From = a.Manifest.From; r.From > 0 {
		complete, opening := checker.Complete(), checker.Counted()
		r.What, r.Complete, r.Opening, r.OpeningKey = "range", &complete, &opening, a.Manifest.OpeningKey
	}
	for _, class := range a.Manifest.Classes {
		r.Classes = append(r.Classes, string(class))
	}
	return r, trust.Hold(r, c, append(others, outside.Fixes()...)...)
}

// check runs all entries through a checker and compares the tree with the
// bundle's checkpoint and the one from outside.
func (a *Archive) check(schemas Schemas, trust Trust, c ledger.Checkpoint, outside *Outside, visit Visit) (*Checker, error) {
	used := map[string]bool{}
	o := Options{
		Schemas: schemas, Origin: c.Origin, Key: a.Manifest.Key, People: trust.People, Outsiders: trust.Outsiders(), Entry: a.entry, Leaves: a.leaves,
		Pack: func(hash string) ([]byte, error) {
			if m, ok := a.packs[hash]; ok {
				return a.read(m, maxPack)
			}
			return nil, fault.Newf(fault.Broken, "pack %s is not in the bundle", hash)
		},
		Witnessed: func(hash string) ([]byte, error) {
			if m, ok := a.witnessed[hash]; ok {
				return a.read(m, maxWitnessed)
			}
			return nil, fault.Newf(fault.Broken, "the cosigned checkpoint %s is not in the bundle", hash)
		},
	}
	if a.before.counted != nil {
		o.Counted = a.countedLines
	}
	checker := NewChecker(o)
	defer checker.Close()
	look := func(seq int64, entry *Content, fields []Sealed) {
		if entry == nil {
			return
		}
		a.checkClasses(checker, seq, entry.Schema, fields)
		if field := map[string]string{"pack": "sha256", "witnessed": "note"}[entry.Leaf.Kind]; field != "" {
			hash, _ := entry.Leaf.PublicValues()[field].Value().(string)
			used[entry.Leaf.Kind+" "+hash] = true
		}
	}
	if err := a.carry(checker, outside, look); err != nil {
		return nil, err
	}
	err := a.scan(a.Manifest.From, func(seq int64, leafBytes []byte, fields []Sealed) (bool, error) {
		outside.Compare(checker)
		entry, err := checker.Entry(leafBytes, fields)
		look(seq, entry, fields)
		if err == nil && entry != nil && visit != nil {
			err = visit(seq, entry, leafBytes, fields)
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	outside.Compare(checker)
	root, err := checker.Finish()
	if err != nil {
		return nil, err
	}
	if checker.Size() != c.Size || root != c.Root {
		checker.Report(-1, fmt.Sprintf("the entries have root %s over %d, the checkpoint has %s over %d", root, checker.Size(), c.Root, c.Size))
	}
	outside.Finish(checker)
	a.checkRedacted(checker)
	a.rotations(checker)
	for _, hash := range slices.Sorted(maps.Keys(a.packs)) {
		if !used["pack "+hash] {
			checker.Report(-1, "pack "+hash+" is in the bundle but not in the log")
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(a.witnessed)) {
		if !used["witnessed "+hash] {
			checker.Report(-1, "the cosigned checkpoint "+hash+" is in the bundle but not in the log")
		}
	}
	return checker, nil
}

// checkClasses holds the manifest to its word: every field of the classes that it
// names, and what is published to all, is disclosed (unless erased or redacted), and no
// field of another class.
func (a *Archive) checkClasses(c *Checker, seq int64, schema *ledger.Schema, fields []Sealed) {
	for i := range fields {
		f := &fields[i]
		if !f.Erased && a.Manifest.Shows(schema, i) != (f.Disclosure != "") {
			c.Report(seq, fmt.Sprintf("field %q is of class %s, and the manifest says otherwise about that class or field", schema.Sealed[i].Name, schema.Sealed[i].Class))
		}
	}
}

// entry gives an earlier entry again.
func (a *Archive) entry(seq int64) (leaf []byte, fields []Sealed, err error) {
	if a.Manifest.From > 0 && seq < a.Manifest.From {
		return a.carriedAt(seq)
	}
	err = a.scan(seq, func(at int64, l []byte, f []Sealed) (bool, error) {
		leaf, fields = slices.Clone(l), slices.Clone(f)
		return false, nil
	})
	if err == nil && (leaf == nil || seq < 0) {
		err = fault.Newf(fault.Broken, "entry %d is not in the bundle", seq)
	}
	return leaf, fields, err
}

// leaves gives the leaves before a position again, those of the bundle's own entries.
func (a *Archive) leaves(upto int64, each func(leaf []byte) error) error {
	return a.scan(a.Manifest.From, func(seq int64, leaf []byte, _ []Sealed) (bool, error) {
		if seq >= upto {
			return false, nil
		}
		return true, each(leaf)
	})
}

// VerifyFile checks a file that is a bundle or a disclosure.
func VerifyFile(path string, schemas Schemas, trust Trust) (*Result, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Newf(fault.NotFound, "there is no file %s", path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the file")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the file")
	}
	if info.IsDir() {
		return nil, fault.Newf(fault.Invalid, "%s is a directory, not a bundle", path).WithFix("check a workspace with `duly verify`")
	}
	first := make([]byte, 1)
	if _, err := file.ReadAt(first, 0); err != nil || first[0] != '{' && first[0] != 'c' {
		return Verify(file, info.Size(), schemas, trust)
	}
	if info.Size() > maxProof {
		return nil, fault.New(fault.Broken, "the disclosure is too large", "")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxProof))
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the file")
	}
	if ledger.IsInclusionProof(data) {
		return VerifyInclusion(data, schemas, trust)
	}
	return VerifyDisclosure(data, schemas, trust)
}

// maxProof bounds the size of a disclosure file.
const maxProof = 16 << 20

// Print writes the result for people: what was checked, how far to trust it, and
// what no checkpoint covers.
func (r *Result) Print(out io.Writer) {
	fmt.Fprintf(out, "%s of the log %s: everything holds\n", r.What, r.Origin)
	switch r.What {
	case "disclosure":
		fmt.Fprintf(out, "  field %q is %s\n", r.Field, r.Value)
	case "proof":
		fmt.Fprintf(out, "  entry %s is in it: %s\n", r.Field, r.Value)
	default:
		n := r.Counts
		if r.From > 0 {
			r.printRange(out)
		}
		fmt.Fprintf(out, "  entries     %d (%d disclosed fields, %d withheld, %d erased)\n", n.Entries, n.Disclosed, n.Withheld, n.Erased)
		fmt.Fprintf(out, "  signatures  %d of people, all fit\n", n.Signatures)
		fmt.Fprintf(out, "  ratings     %d computed again, %d possible with inputs withheld, %d not replayed\n",
			n.Ratings.Exact, n.Ratings.Consistent, n.Ratings.NotReplayed)
		if v := n.Voices; v.Approvals > 0 {
			fmt.Fprintf(out, "  voices      %d approvals rest on experts and panels: all is shown for %d, withheld for %d\n", v.Approvals, v.Shown, v.Withheld)
		}
		if x := n.Conditions; x.Precedent > 0 {
			fmt.Fprintf(out, "  conditions  %d must be met before something runs; somebody has signed for %d that they are\n", x.Precedent, x.Met)
		}
		n.Assessed.print(out)
	}
	r.printRedacted(out)
	for _, e := range r.Epochs {
		fmt.Fprintf(out, "  epoch %-4d  from entry %d on, after a %s", e.Number, e.Seq, e.Reason)
		if e.Lost > 0 {
			fmt.Fprintf(out, ": %d entries that were shown before are lost", e.Lost)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "  checkpoint  %d entries, root %s\n", r.Size, r.Root)
	if r.Uncovered > 0 {
		fmt.Fprintf(out, "  uncovered   the last %d entries are under no checkpoint yet\n", r.Uncovered)
	}
	r.printAssurance(out)
	if r.Published != nil {
		r.Published.Print(out)
	}
	r.printExplained(out)
}
