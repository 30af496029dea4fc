package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Trust is what a verifier brings from outside. Without it a log that was made
// again with a fresh key would pass.
type Trust struct {
	Key        string // verifier key of the log; "" when none was given
	Checkpoint []byte // a signed checkpoint known from elsewhere; nil when none was given
	People     People // keys of people who sign; nil when none were given
}

// People are the keys of those who sign, as they came from the people themselves: the
// hexadecimal SHA-256 of each public key. Without them whoever runs the log could enter
// people who do not exist.
type People map[string]bool

// ReadPeople reads keys: one hash a line, and after it a space and a name, which is not
// looked at. Empty lines and those that begin with # are passed over.
func ReadPeople(text string) (People, error) {
	people := People{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		key, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key == "" || key[0] == '#' {
			continue
		}
		if _, err := ledger.ParseHash(key); err != nil {
			return nil, fault.Newf(fault.Invalid, "%q is not the SHA-256 of a public key", key).At("", n, "")
		}
		people[key] = true
	}
	return people, nil
}

// Assurance says how far a check can be trusted.
type Assurance string

// The levels of assurance, from what the verifier brought and who cosigned.
const (
	NoAssurance Assurance = "none"    // no key from outside
	KeyGiven    Assurance = "log key" // the log's key came from outside; no witness has cosigned
)

// Result is what a check found.
type Result struct {
	What      string    `json:"what"` // workspace, bundle or disclosure
	Origin    string    `json:"origin"`
	Size      int64     `json:"size"` // entries covered by the checkpoint
	Root      string    `json:"root"`
	Covered   bool      `json:"covered"` // every entry is covered by a checkpoint
	Uncovered int64     `json:"uncovered"`
	Assurance Assurance `json:"assurance"`
	Counts    Counts    `json:"counts"`
	Classes   []string  `json:"classes,omitempty"`
	Field     string    `json:"field,omitempty"`
	Value     string    `json:"value,omitempty"`
}

// Assure opens a checkpoint under the key that came from outside or, without one,
// under the key that the log itself shows, and says what that is worth.
func (t Trust) Assure(signed []byte, shown string) (ledger.Checkpoint, Assurance, error) {
	key, level := shown, NoAssurance
	if t.Key != "" {
		key, level = t.Key, KeyGiven
	}
	c, err := ledger.OpenCheckpoint(signed, key)
	if level == NoAssurance && fault.CodeOf(err) == fault.Invalid {
		err = fault.New(fault.Broken, "the key that the log shows is not a verifier key", "")
	}
	return c, level, err
}

// oneSpelling refuses a checkpoint that carries more than the log's own signature,
// that signature with spare bits, and the shown key with a capital in its hash:
// whatever the verifier does not check could be changed unseen.
func oneSpelling(signed []byte, c ledger.Checkpoint, key string) error {
	sig, ok := bytes.CutPrefix(signed, []byte(c.Text()+"\n— "+c.Origin+" "))
	sig, end := bytes.CutSuffix(sig, []byte("\n"))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(sig))
	if !ok || !end || err != nil || base64.StdEncoding.EncodedLen(len(raw)) != len(sig) {
		return fault.New(fault.Broken, "the checkpoint is not in its one spelling, with the log's signature and nothing else", "")
	}
	hash, public, _ := strings.Cut(strings.TrimPrefix(key, c.Origin+"+"), "+")
	if hash != strings.ToLower(hash) || len(public) != base64.StdEncoding.EncodedLen(1+ed25519.PublicKeySize) {
		return fault.New(fault.Broken, "the log's key is not in its one spelling", "")
	}
	return nil
}

// Verify checks a bundle file. The error is a fault of code Broken that lists what
// does not hold, or Failed when the file could not be read.
func Verify(file io.ReaderAt, size int64, schemas Schemas, trust Trust) (*Result, error) {
	a, err := OpenArchive(file, size)
	if err != nil {
		return nil, err
	}
	if trust.Key != "" && a.Manifest.Key != trust.Key {
		return nil, fault.New(fault.Broken, "the bundle shows another log key than the one you gave", "")
	}
	c, level, err := trust.Assure(a.Checkpoint, a.Manifest.Key)
	if err != nil {
		return nil, err
	}
	if err := oneSpelling(a.Checkpoint, c, a.Manifest.Key); err != nil {
		return nil, err
	}
	if c.Origin != a.Manifest.Origin || c.Size != a.Manifest.Size {
		return nil, fault.New(fault.Broken, "the bundle's checkpoint is of another log or size than its manifest says", "")
	}
	checker, err := a.check(schemas, trust, c)
	if err != nil {
		return nil, err
	}
	if err := checker.Err(); err != nil {
		return nil, err
	}
	r := &Result{What: "bundle", Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Covered: true, Assurance: level, Counts: checker.Counts()}
	for _, class := range a.Manifest.Classes {
		r.Classes = append(r.Classes, string(class))
	}
	return r, nil
}

// check runs all entries through a checker and compares the tree with the
// bundle's checkpoint and the one from outside.
func (a *Archive) check(schemas Schemas, trust Trust, c ledger.Checkpoint) (*Checker, error) {
	used := map[string]bool{}
	checker := NewChecker(Options{
		Schemas: schemas, Origin: c.Origin, Key: a.Manifest.Key, People: trust.People, Entry: a.entry, Leaves: a.leaves,
		Pack: func(hash string) ([]byte, error) {
			if m, ok := a.packs[hash]; ok {
				return a.read(m, maxPack)
			}
			return nil, fault.Newf(fault.Broken, "pack %s is not in the bundle", hash)
		},
	})
	defer checker.Close()
	outside, err := trust.OutsideOf(c.Origin, a.Manifest.Key)
	if err != nil {
		return nil, err
	}
	err = a.scan(0, func(seq int64, leafBytes []byte, fields []Sealed) (bool, error) {
		outside.Compare(checker)
		entry, err := checker.Entry(leafBytes, fields)
		if entry != nil {
			a.checkClasses(checker, seq, entry.Schema, fields)
			if entry.Leaf.Kind == "pack" {
				hash, _ := entry.Leaf.PublicValues()["sha256"].Value().(string)
				used[hash] = true
			}
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
	for hash := range a.packs {
		if !used[hash] {
			checker.Report(-1, "pack "+hash+" is in the bundle but not in the log")
		}
	}
	return checker, nil
}

// checkClasses holds the manifest to its word: every field of the classes that it
// names is disclosed (unless erased), and no field of another class.
func (a *Archive) checkClasses(c *Checker, seq int64, schema *ledger.Schema, fields []Sealed) {
	for i := range fields {
		f := &fields[i]
		named := slices.Contains(a.Manifest.Classes, schema.Sealed[i].Class)
		if !f.Erased && named != (f.Disclosure != "") {
			c.Report(seq, fmt.Sprintf("field %q is of class %s, and the manifest says otherwise about that class", schema.Sealed[i].Name, schema.Sealed[i].Class))
		}
	}
}

// entry gives an earlier entry again.
func (a *Archive) entry(seq int64) (leaf []byte, fields []Sealed, err error) {
	err = a.scan(seq, func(at int64, l []byte, f []Sealed) (bool, error) {
		leaf, fields = slices.Clone(l), slices.Clone(f)
		return false, nil
	})
	if err == nil && (leaf == nil || seq < 0) {
		err = fault.Newf(fault.Broken, "entry %d is not in the bundle", seq)
	}
	return leaf, fields, err
}

// leaves gives the leaves before a position again.
func (a *Archive) leaves(upto int64, each func(leaf []byte) error) error {
	return a.scan(0, func(seq int64, leaf []byte, _ []Sealed) (bool, error) {
		if seq >= upto {
			return false, nil
		}
		return true, each(leaf)
	})
}

// Outside is a checkpoint known from elsewhere, to be compared when the check
// reaches its size.
type Outside struct {
	checkpoint ledger.Checkpoint
	given      bool
	reached    bool
}

// OutsideOf opens the checkpoint from outside, if one was given.
func (t Trust) OutsideOf(origin, shown string) (*Outside, error) {
	if t.Checkpoint == nil {
		return &Outside{}, nil
	}
	c, _, err := t.Assure(t.Checkpoint, shown)
	if err != nil {
		return nil, err
	}
	if c.Origin != origin {
		return nil, fault.New(fault.Broken, "the checkpoint that you gave is of another log", "")
	}
	return &Outside{checkpoint: c, given: true}, nil
}

// Compare compares the root of the entries so far when their number is that of
// the checkpoint from outside.
func (o *Outside) Compare(c *Checker) {
	if !o.given || o.reached || c.Size() != o.checkpoint.Size {
		return
	}
	o.reached = true
	if root, err := c.tree.Root(); err != nil || root != o.checkpoint.Root {
		c.Report(-1, fmt.Sprintf("the first %d entries are not those of the checkpoint that you gave", o.checkpoint.Size))
	}
}

// Finish reports a log that ends before the checkpoint from outside.
func (o *Outside) Finish(c *Checker) {
	if o.given && !o.reached {
		c.Report(-1, fmt.Sprintf("the checkpoint that you gave covers %d entries, here are only %d: some were removed", o.checkpoint.Size, c.Size()))
	}
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
	if _, err := file.ReadAt(first, 0); err != nil || first[0] != '{' {
		return Verify(file, info.Size(), schemas, trust)
	}
	if info.Size() > maxProof {
		return nil, fault.New(fault.Broken, "the disclosure is too large", "")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxProof))
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the file")
	}
	return VerifyDisclosure(data, schemas, trust)
}

// maxProof bounds the size of a disclosure file.
const maxProof = 16 << 20

// Print writes the result for people: what was checked, how far to trust it, and
// what no checkpoint covers.
func (r *Result) Print(out io.Writer) {
	fmt.Fprintf(out, "%s of the log %s: everything holds\n", r.What, r.Origin)
	if r.What == "disclosure" {
		fmt.Fprintf(out, "  field %q is %s\n", r.Field, r.Value)
	} else {
		n := r.Counts
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
		if x := n.Assessed; x.Populations > 0 {
			fmt.Fprintf(out, "  assessments %d populations counted again, %d samples drawn again\n", x.Populations, x.Samples)
		}
	}
	fmt.Fprintf(out, "  checkpoint  %d entries, root %s\n", r.Size, r.Root)
	if r.Uncovered > 0 {
		fmt.Fprintf(out, "  uncovered   the last %d entries are under no checkpoint yet\n", r.Uncovered)
	}
	switch r.Assurance {
	case KeyGiven:
		fmt.Fprintln(out, "assurance: signed by the key that you gave; no outside witness has cosigned")
	default:
		fmt.Fprintln(out, "assurance: none: a log made again with a fresh key would pass;\n              give --key and --checkpoint from outside")
	}
}
