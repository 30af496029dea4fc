package bundle

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Proof shows one sealed field of one entry, with all that ties it to a signed
// checkpoint: the leaf, the digests of its sister fields, and the RFC 6962
// inclusion proof. It is how a field that was withheld is disclosed later.
type Proof struct {
	Duly       string   `json:"duly"` // "disclosure/1"
	Entry      int64    `json:"entry"`
	Field      string   `json:"field"`
	Leaf       string   `json:"leaf"`
	Digests    []string `json:"digests"` // hexadecimal, in schema order
	Disclosure string   `json:"disclosure"`
	Inclusion  []string `json:"inclusion"` // hexadecimal
	Checkpoint string   `json:"checkpoint"`
	Key        string   `json:"key"`
}

const proofFormat = "disclosure/1"

// NewProof makes a proof from what a workspace holds of an entry.
func NewProof(seq int64, field string, leaf []byte, digests []ledger.Hash, d ledger.Disclosure, inclusion []ledger.Hash, checkpoint []byte, key string) *Proof {
	return &Proof{
		Duly: proofFormat, Entry: seq, Field: field, Leaf: string(leaf), Digests: hexes(digests),
		Disclosure: string(d), Inclusion: hexes(inclusion), Checkpoint: string(checkpoint), Key: key,
	}
}

func hexes(list []ledger.Hash) []string {
	out := make([]string, len(list))
	for i, h := range list {
		out[i] = h.String()
	}
	return out
}

func unhex(list []string) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(list))
	for i, s := range list {
		h, err := ledger.ParseHash(s)
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, "a digest is malformed")
		}
		out[i] = h
	}
	return out, nil
}

// Encode gives the proof's one spelling.
func (p *Proof) Encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(p); err != nil {
		panic(err) // a struct of strings and numbers always encodes
	}
	return b.Bytes()
}

// VerifyDisclosure checks a proof and gives the value that it shows.
func VerifyDisclosure(data []byte, schemas Schemas, trust Trust) (*Result, error) {
	var p Proof
	if err := json.Unmarshal(data, &p); err != nil || p.Duly != proofFormat || p.Digests == nil || p.Inclusion == nil || !bytes.Equal(p.Encode(), data) {
		return nil, fault.New(fault.Broken, "this is not a disclosure in its canonical spelling", "give the file that `duly disclose` wrote")
	}
	trust, err := trust.Follow(p.Key, schemas)
	if err != nil {
		return nil, err
	}
	c, err := trust.Assure([]byte(p.Checkpoint), p.Key)
	if err != nil {
		return nil, err
	}
	if err := oneSpelling([]byte(p.Checkpoint), c, p.Key); err != nil {
		return nil, err
	}
	outside, err := trust.OutsideOf(c.Origin, p.Key)
	if err != nil {
		return nil, err
	}
	if outside.given && outside.checkpoint.Checkpoint != c.Checkpoint {
		return nil, fault.New(fault.Broken, "the disclosure is tied to another checkpoint than the one you gave",
			"ask for it again with that checkpoint")
	}
	value, err := p.check(schemas, c.Checkpoint)
	if err != nil {
		return nil, err
	}
	r := &Result{
		What: "disclosure", Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Covered: true,
		Counts: Counts{Entries: 1, Disclosed: 1, Kinds: map[string]int64{}}, Field: p.Field, Value: string(value),
	}
	return r, trust.Hold(r, c)
}

// VerifyInclusion checks a proof that an entry is in the log (C2SP tlog-proof, with the
// leaf) and gives what the entry says in clear. The proof itself names no key.
func VerifyInclusion(data []byte, schemas Schemas, trust Trust) (*Result, error) {
	p, err := ledger.ParseInclusionProof(data)
	if err != nil {
		return nil, err
	}
	if trust.Key == "" {
		return nil, fault.New(fault.Invalid, "a proof names no key of the log", "give the key that you got from outside with --key")
	}
	if trust, err = trust.Follow(trust.last(schemas), schemas); err != nil {
		return nil, err
	}
	c, err := trust.Assure(p.Note, trust.Key)
	if err != nil {
		return nil, err
	}
	if err := oneSpelling(p.Note, c, trust.Key); err != nil {
		return nil, err
	}
	outside, err := trust.OutsideOf(c.Origin, trust.Key)
	if err != nil {
		return nil, err
	}
	if outside.given && outside.checkpoint.Checkpoint != c.Checkpoint {
		return nil, fault.New(fault.Broken, "the proof is tied to another checkpoint than the one you gave", "ask for it again with that checkpoint")
	}
	if err := p.Check(c.Checkpoint); err != nil {
		return nil, err
	}
	leaf, err := ledger.ParseLeaf(p.Leaf)
	if err != nil {
		return nil, err
	}
	schema := schemas[leaf.Schema]
	if schema == nil {
		return nil, fault.New(fault.Broken, "the entry has a schema that was never released", "")
	}
	if err := schema.Check(leaf); err != nil {
		return nil, err
	}
	r := &Result{
		What: "proof", Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Covered: true,
		Counts: Counts{Entries: 1, Kinds: map[string]int64{leaf.Kind: 1}}, Field: strconv.FormatInt(p.Index, 10), Value: leaf.Kind + " " + string(leaf.Public),
	}
	return r, trust.Hold(r, c)
}

func (p *Proof) check(schemas Schemas, c ledger.Checkpoint) ([]byte, error) {
	leaf, err := ledger.ParseLeaf([]byte(p.Leaf))
	if err != nil {
		return nil, err
	}
	schema := schemas[leaf.Schema]
	if schema == nil {
		return nil, fault.New(fault.Broken, "the entry has a schema that was never released", "")
	}
	if err := schema.Check(leaf); err != nil {
		return nil, err
	}
	digests, err := unhex(p.Digests)
	if err != nil {
		return nil, err
	}
	inclusion, err := unhex(p.Inclusion)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == p.Field })
	d := ledger.Disclosure(p.Disclosure)
	switch {
	case i < 0 || len(digests) != len(schema.Sealed):
		return nil, fault.Newf(fault.Broken, "a %s has no sealed field %q, or not this number of them", leaf.Kind, p.Field)
	case ledger.FieldRoot(digests) != leaf.Fields:
		return nil, fault.New(fault.Broken, "the digests are not those that the leaf commits to", "")
	case d.Digest() != digests[i]:
		return nil, fault.New(fault.Broken, "the disclosed value is not the one that the leaf commits to", "")
	}
	value, err := schema.CheckDisclosure(i, d)
	if err != nil {
		return nil, err
	}
	return value, ledger.CheckInclusion(inclusion, p.Entry, c.Size, ledger.LeafHash([]byte(p.Leaf)), c.Root)
}
