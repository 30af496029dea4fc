package ledger

import (
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"duly/internal/fault"
)

// NoteKey is a private key that signs texts as C2SP signed notes, under a name that says
// who signs.
type NoteKey struct {
	signer note.Signer
	secret string
	public string
}

// NewNoteKey makes a key with a name; see [ValidOrigin].
func NewNoteKey(random io.Reader, name string) (*NoteKey, error) {
	if !ValidOrigin(name) {
		return nil, fault.Newf(fault.Invalid, "%q cannot name a log", name).
			WithFix("use a name like example.com/duly, without spaces or plus signs")
	}
	secret, public, err := note.GenerateKey(random, name)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot make a signing key")
	}
	return parseNoteKey(secret, public)
}

// ParseNoteKey reads what Encode wrote.
func ParseNoteKey(text string) (*NoteKey, error) {
	secret, public, ok := strings.Cut(strings.TrimSpace(text), "\n")
	if !ok {
		return nil, fault.New(fault.Invalid, "this is not a signing key", "")
	}
	return parseNoteKey(secret, public)
}

func parseNoteKey(secret, public string) (*NoteKey, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is not a signing key", "")
	}
	if _, err := note.NewVerifier(public); err != nil {
		return nil, fault.New(fault.Invalid, "the signing key has no valid public half", "")
	}
	return &NoteKey{signer, secret, public}, nil
}

// Encode gives the key as two lines, secret and public, for a file of mode 0600.
func (k *NoteKey) Encode() string { return k.secret + "\n" + k.public + "\n" }

// Public gives the verifier key ("vkey" of C2SP signed-note), to be handed to
// outsiders by another way than what it signs.
func (k *NoteKey) Public() string { return k.public }

// Name gives the name under which the key signs.
func (k *NoteKey) Name() string { return k.signer.Name() }

// SignText gives a text as a signed note. The text ends with a line feed, and has no
// other control characters.
func (k *NoteKey) SignText(text string) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot sign the text")
	}
	return signed, nil
}

// OpenNote checks that a note is signed under a verifier key and gives its text and the
// key's name. Signatures by other keys are ignored.
func OpenNote(signed []byte, vkey string) (text, name string, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", "", fault.Newf(fault.Invalid, "%q is not a verifier key", vkey).
			WithFix("give the line that the company published, name+hash+key")
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", "", fault.New(fault.Broken, "the note is not signed by "+verifier.Name(), "")
	}
	return n.Text, verifier.Name(), nil
}
