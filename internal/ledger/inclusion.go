package ledger

import (
	"encoding/base64"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// InclusionProof shows that a leaf stands at a position of the log (C2SP tlog-proof). It
// carries the leaf, so that one file says what is proved; whoever checks it hashes that.
type InclusionProof struct {
	Index int64
	Leaf  []byte
	Path  []Hash
	Note  []byte // the signed checkpoint
}

const inclusionHeader = "c2sp.org/tlog-proof@v1\n"

// IsInclusionProof says whether a file begins like one.
func IsInclusionProof(data []byte) bool { return strings.HasPrefix(string(data), inclusionHeader) }

// Encode gives the proof's one spelling.
func (p InclusionProof) Encode() []byte {
	var b strings.Builder
	b.WriteString(inclusionHeader)
	b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Leaf) + "\n")
	b.WriteString("index " + strconv.FormatInt(p.Index, 10) + "\n")
	writePath(&b, p.Path)
	return append([]byte(b.String()), p.Note...)
}

// ParseInclusionProof reads what Encode wrote.
func ParseInclusionProof(data []byte) (InclusionProof, error) {
	bad := fault.New(fault.Broken, "this is not a proof that an entry is in the log", "give the file that `duly ledger prove` wrote")
	text, found := strings.CutPrefix(string(data), inclusionHeader)
	extra, text, _ := strings.Cut(text, "\n")
	index, text, _ := strings.Cut(text, "\n")
	extra, hasLeaf := strings.CutPrefix(extra, "extra ")
	index, hasIndex := strings.CutPrefix(index, "index ")
	leaf, err := base64.StdEncoding.Strict().DecodeString(extra)
	at, isPosition := parseSize(index)
	if !found || !hasLeaf || !hasIndex || err != nil || !isPosition || strings.ContainsAny(extra, "\r\n") {
		return InclusionProof{}, bad
	}
	path, signed, err := readPath(text)
	if err != nil {
		return InclusionProof{}, bad
	}
	return InclusionProof{at, leaf, path, []byte(signed)}, nil
}

// Check says whether the entry is in the log of a checkpoint, which is that of the note
// once its signatures were checked.
func (p InclusionProof) Check(c Checkpoint) error {
	return CheckInclusion(p.Path, p.Index, c.Size, LeafHash(p.Leaf), c.Root)
}
