package ledger

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"duly/internal/fault"
)

// Checkpoint is what a log commits to at one moment: its origin, its size and
// the root of its tree (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
}

// Text gives the body of the signed note: origin, size and root, a line each.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

func parseCheckpoint(text string) (Checkpoint, error) {
	bad := fault.New(fault.Broken, "the checkpoint is not three lines of origin, size and root", "")
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, bad
	}
	size, ok := parseSize(lines[1])
	if !ok {
		return Checkpoint{}, bad
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, bad
	}
	return Checkpoint{lines[0], size, Hash(root)}, nil
}

// parseSize reads a size or a position: decimal, without leading zeros.
func parseSize(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}

// LogKey is the log's private signing key. Its name is the log's origin. It signs
// checkpoints and nothing else, and is kept outside the database.
type LogKey struct{ *NoteKey }

// NewLogKey makes a key for a log.
func NewLogKey(random io.Reader, origin string) (*LogKey, error) {
	key, err := NewNoteKey(random, origin)
	return &LogKey{key}, err
}

// ValidOrigin says whether s may name a log (C2SP tlog-checkpoint): not empty, no
// white space, no plus sign.
func ValidOrigin(s string) bool {
	return s != "" && len(s) <= 200 && checkText(s) == nil && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == '+' || c == 0x7f || unicode.IsSpace(c)
	})
}

// ParseLogKeys reads a file of keys, each as Encode wrote it: the one of this epoch
// first, then those that sign beside it for a time.
func ParseLogKeys(text string) ([]*LogKey, error) {
	var keys []*LogKey
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for ; len(lines) > 1; lines = lines[2:] {
		key, err := parseNoteKey(lines[0], lines[1])
		if err != nil {
			return nil, err
		}
		keys = append(keys, &LogKey{key})
	}
	if len(keys) == 0 || len(lines) > 0 {
		return nil, fault.New(fault.Invalid, "this is not a log's signing key", "")
	}
	return keys, nil
}

// Origin gives the name of the log that the key signs for.
func (k *LogKey) Origin() string { return k.Name() }

// Sign gives the checkpoint as a signed note.
func (k *LogKey) Sign(c Checkpoint) ([]byte, error) { return SignCheckpoint(c, k) }

// SignCheckpoint gives the checkpoint signed with several keys of one log, in its one
// spelling.
func SignCheckpoint(c Checkpoint, keys ...*LogKey) ([]byte, error) {
	signers := make([]note.Signer, len(keys))
	for i, k := range keys {
		signers[i] = k.signer
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot sign the checkpoint")
	}
	return Spell(signed)
}

// OpenCheckpoint checks the signature of a signed checkpoint under the verifier
// key and gives its content. Signatures by other keys are ignored.
func OpenCheckpoint(signed []byte, vkey string) (Checkpoint, error) {
	s, err := OpenSigned(signed, vkey, nil)
	return s.Checkpoint, err
}
