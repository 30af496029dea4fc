package ledger

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"

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
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, bad
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, bad
	}
	return Checkpoint{lines[0], size, Hash(root)}, nil
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
		return c <= ' ' || c == '+' || c == 0x7f || c == 0x85 || c == 0xa0
	})
}

// ParseLogKey reads what Encode wrote.
func ParseLogKey(text string) (*LogKey, error) {
	key, err := ParseNoteKey(text)
	return &LogKey{key}, err
}

// Origin gives the name of the log that the key signs for.
func (k *LogKey) Origin() string { return k.Name() }

// Sign gives the checkpoint as a signed note.
func (k *LogKey) Sign(c Checkpoint) ([]byte, error) { return k.SignText(c.Text()) }

// OpenCheckpoint checks the signature of a signed checkpoint under the verifier
// key and gives its content. Signatures by other keys are ignored.
func OpenCheckpoint(signed []byte, vkey string) (Checkpoint, error) {
	text, name, err := OpenNote(signed, vkey)
	if fault.CodeOf(err) == fault.Broken {
		return Checkpoint{}, fault.New(fault.Broken, "the checkpoint is not signed by the log's key", "")
	} else if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != name {
		return Checkpoint{}, fault.New(fault.Broken, "the checkpoint's origin is not the key's name", "")
	}
	return c, nil
}
