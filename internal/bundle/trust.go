package bundle

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Trust is what a verifier brings from outside. Without it a log that was made
// again with a fresh key would pass.
type Trust struct {
	Key        string           // verifier key of the log; "" when none was given
	Checkpoint []byte           // a signed checkpoint known from elsewhere; nil when none was given
	Witnesses  []ledger.Witness // outsiders who cosign, by keys that came from outside
	Assessor   string           // the name of the one of them who is the assessor
	Quorum     Quorum           // which of them must have cosigned; nil when none need to
	People     People           // keys of people who sign; nil when none were given

	Handovers [][]byte // files that lead from Key to the key that the log shows, in their order
	former    []string // the keys along that way, once they were followed
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
	NoAssurance Assurance = "none"      // no key from outside
	KeyGiven    Assurance = "log key"   // the log's key came from outside; nobody known has cosigned
	Assessed    Assurance = "assessor"  // the assessor, and nobody else who is known, has cosigned
	Witnessed   Assurance = "witnesses" // witnesses who are known have cosigned: Result.Witnesses says how many
)

// Fixed says since when some first entries of the log cannot be changed without an
// outsider seeing it. What they say of days before rests on whoever wrote them.
type Fixed struct {
	Entries int64     `json:"entries"`
	Since   time.Time `json:"since"` // by the clock of the first who cosigned
	By      []string  `json:"by"`    // the names of those who cosigned
}

// Outsiders gives the witnesses without the assessor, whose word on the own sample is not
// that of an outsider.
func (t Trust) Outsiders() []ledger.Witness {
	return slices.DeleteFunc(slices.Clone(t.Witnesses), func(w ledger.Witness) bool { return w.Name() == t.Assessor })
}

// Assure opens a checkpoint under the key that came from outside or, without one,
// under the key that the log itself shows, with the cosignatures of the known witnesses.
// One that is forged refuses the whole.
func (t Trust) Assure(signed []byte, shown string) (ledger.Signed, error) {
	key := shown
	if t.Key != "" {
		key = t.Key
	}
	c, err := ledger.OpenSigned(signed, key, t.Witnesses)
	if t.Key == "" && fault.CodeOf(err) == fault.Invalid {
		err = fault.New(fault.Broken, "the key that the log shows is not a verifier key", "")
	}
	return c, err
}

// Hold says in the result what the signatures under its checkpoint are worth, and since
// when which entries are fixed: by that checkpoint, and by others that the entries fit.
// It refuses a checkpoint that lacks the cosignatures which the verifier's policy asks for.
func (t Trust) Hold(r *Result, c ledger.Signed, others ...ledger.Signed) error {
	r.Assurance = NoAssurance
	if t.Key != "" {
		r.Assurance = KeyGiven
	}
	names, keys := map[string]bool{}, map[string]bool{}
	for _, x := range c.Cosignatures {
		names[x.Witness], keys[x.Key] = true, true
	}
	if !t.Quorum.met(keys) {
		return fault.Newf(fault.Broken, "%d of the witnesses whom you know have cosigned, and your policy asks for more, or for others", len(names)).
			WithFix("ask for a checkpoint that they cosigned")
	}
	r.Witnesses, r.Unknown = int64(len(names)), int64(c.Unknown)
	switch {
	case len(names) == 1 && names[t.Assessor]:
		r.Assurance = Assessed
	case len(names) > 0:
		r.Assurance = Witnessed
	}
	for _, x := range append(others, c) {
		if f, cosigned := fixedBy(x); cosigned {
			r.Fixed = append(r.Fixed, f)
		}
	}
	slices.SortStableFunc(r.Fixed, func(a, b Fixed) int { return cmp.Compare(a.Entries, b.Entries) })
	return nil
}

func fixedBy(c ledger.Signed) (f Fixed, cosigned bool) {
	for _, x := range c.Cosignatures {
		if f.Since.IsZero() || x.At.Before(f.Since) {
			f.Since = x.At
		}
		if !slices.Contains(f.By, x.Witness) {
			f.By = append(f.By, x.Witness)
		}
	}
	slices.Sort(f.By)
	f.Entries = c.Size
	return f, len(f.By) > 0 && c.Size > 0
}

// oneSpelling refuses a checkpoint in a second spelling, and the shown key with a capital
// in its hash: whatever the verifier does not check could be changed unseen.
func oneSpelling(signed []byte, c ledger.Signed, key string) error {
	if one, err := ledger.Spell(signed); err != nil || !bytes.Equal(one, signed) {
		return fault.New(fault.Broken, "the checkpoint is not in its one spelling", "")
	}
	return soundLogKey(key, c.Origin)
}

// soundLogKey refuses the verifier key of a log in a second spelling, and one under which
// a signature says nothing.
func soundLogKey(key, origin string) error {
	hash, public, _ := strings.Cut(strings.TrimPrefix(key, origin+"+"), "+")
	if hash != strings.ToLower(hash) || len(public) != base64.StdEncoding.EncodedLen(1+ed25519.PublicKeySize) {
		return fault.New(fault.Broken, "the log's key is not in its one spelling", "")
	}
	if point, err := base64.StdEncoding.DecodeString(public); err != nil || !ledger.SoundKey(point[1:]) {
		return fault.New(fault.Broken, "the log's key is none under which a signature says something", "")
	}
	return nil
}

// Outside is a checkpoint known from elsewhere, to be compared when the check
// reaches its size.
type Outside struct {
	checkpoint ledger.Signed
	given      bool
	reached    bool
}

// OutsideOf opens the checkpoint from outside, if one was given. Its signatures may stand in
// any order.
func (t Trust) OutsideOf(origin, shown string) (*Outside, error) {
	if t.Checkpoint == nil {
		return &Outside{}, nil
	}
	signed, err := ledger.Spell(t.Checkpoint)
	if err != nil {
		return nil, err
	}
	c, err := t.Assure(signed, shown)
	for _, key := range t.former {
		if older, formerErr := ledger.OpenSigned(signed, key, t.Witnesses); err != nil && formerErr == nil {
			c, err = older, nil
		}
	}
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
	if c.Root() != o.checkpoint.Root {
		c.Report(-1, fmt.Sprintf("the first %d entries are not those of the checkpoint that you gave", o.checkpoint.Size)+c.admits(o.checkpoint.Size))
	}
}

// Finish reports a log that ends before the checkpoint from outside.
func (o *Outside) Finish(c *Checker) {
	if o.given && !o.reached {
		c.Report(-1, fmt.Sprintf("the checkpoint that you gave covers %d entries, here are only %d: some were removed", o.checkpoint.Size, c.Size())+c.admits(o.checkpoint.Size))
	}
}

// Fixes gives the checkpoint from outside once the entries were found to fit it.
func (o *Outside) Fixes() []ledger.Signed {
	if !o.reached {
		return nil
	}
	return []ledger.Signed{o.checkpoint}
}

// printAssurance says how far the result can be trusted, and for which days not.
func (r *Result) printAssurance(out io.Writer) {
	for _, f := range r.Fixed {
		fmt.Fprintf(out, "  cosigned    entries 0 to %d on %s by %s\n", f.Entries-1, f.Since.Format(time.DateOnly), strings.Join(f.By, ", "))
	}
	if r.Unknown > 0 {
		fmt.Fprintf(out, "  unknown     %d signatures under the checkpoint are of nobody whom you named; they count for nothing\n", r.Unknown)
	}
	switch r.Assurance {
	case Witnessed:
		fmt.Fprintf(out, "assurance: cosigned by %d of the witnesses whom you named\n", r.Witnesses)
	case Assessed:
		fmt.Fprintln(out, "assurance: cosigned by the assessor, and by no other witness whom you named")
	case KeyGiven:
		fmt.Fprintln(out, "assurance: signed by the key that you gave; no outside witness whom you named has cosigned")
	default:
		fmt.Fprintln(out, "assurance: none: a log made again with a fresh key would pass;\n              give --key and --checkpoint from outside")
	}
	if len(r.Fixed) == 0 {
		fmt.Fprintln(out, "           for no day is it shown that the log was not made again later")
		return
	}
	since := slices.MinFunc(r.Fixed, func(a, b Fixed) int { return a.Since.Compare(b.Since) })
	fmt.Fprintf(out, "           what the log says of days before %s rests on whoever wrote it\n", since.Since.Format(time.DateOnly))
	if last := r.Fixed[len(r.Fixed)-1]; last.Entries < r.Size {
		fmt.Fprintf(out, "           entries from %d on are held by no outsider whom you named\n", last.Entries)
	}
}
