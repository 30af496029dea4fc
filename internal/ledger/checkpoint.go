package ledger

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"

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

// LogKey is the log's private signing key. It signs checkpoints and nothing else,
// and is kept outside the database.
type LogKey struct {
	signer note.Signer
	secret string
	public string
}

// NewLogKey makes a key whose name is the log's origin.
func NewLogKey(random io.Reader, origin string) (*LogKey, error) {
	if !ValidOrigin(origin) {
		return nil, fault.Newf(fault.Invalid, "%q cannot name a log", origin).
			WithFix("use a name like example.com/duly, without spaces or plus signs")
	}
	secret, public, err := note.GenerateKey(random, origin)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot make a signing key")
	}
	return parseLogKey(secret, public)
}

// ValidOrigin says whether s may name a log (C2SP tlog-checkpoint): not empty, no
// white space, no plus sign.
func ValidOrigin(s string) bool {
	return s != "" && len(s) <= 200 && checkText(s) == nil && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == '+' || c == 0x7f || c == 0x85 || c == 0xa0
	})
}

// ParseLogKeys reads a file of keys, each as Encode wrote it: the one of this epoch
// first, then those that sign beside it for a time.
func ParseLogKeys(text string) ([]*LogKey, error) {
	var keys []*LogKey
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for ; len(lines) > 1; lines = lines[2:] {
		key, err := parseLogKey(lines[0], lines[1])
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(lines) > 0 {
		return nil, fault.New(fault.Invalid, "this is not a log's signing key", "")
	}
	return keys, nil
}

func parseLogKey(secret, public string) (*LogKey, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is not a log's signing key", "")
	}
	if _, err := note.NewVerifier(public); err != nil {
		return nil, fault.New(fault.Invalid, "the signing key has no valid public half", "")
	}
	return &LogKey{signer, secret, public}, nil
}

// Encode gives the key as two lines, secret and public, for a file of mode 0600.
func (k *LogKey) Encode() string { return k.secret + "\n" + k.public + "\n" }

// Public gives the verifier key ("vkey" of C2SP signed-note), to be handed to
// outsiders by another way than the log itself.
func (k *LogKey) Public() string { return k.public }

// Origin gives the name of the log that the key signs for.
func (k *LogKey) Origin() string { return k.signer.Name() }

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
