package assurance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"

	"filippo.io/age"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// NewIdentity makes a key with which an assessor reads what was encrypted to them, and
// the recipient to which it is encrypted, both as the age tool writes them. It is a
// hybrid of ML-KEM-768 and X25519, so that what is recorded today stays unread when one
// of them falls. Its randomness is the system's own: the age library takes no other.
func NewIdentity() (identity, recipient string, err error) {
	i, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fault.Wrap(fault.Failed, err, "cannot make a key")
	}
	return i.String(), i.Recipient().String(), nil
}

// Sealed is what is known of a workpaper's encrypted bytes.
type Sealed struct {
	SHA256 string
	Size   int64
}

// Seal encrypts a file to an assessor's recipients, one a line, and gives hash and size of
// what it wrote. The hash is of the encrypted bytes, which differ each time: it says
// nothing of what stands in them, also to somebody who guesses it.
//
// Errors: Invalid for recipients that are none.
func Seal(plain io.Reader, recipients io.Reader, out io.Writer) (Sealed, error) {
	to, err := age.ParseRecipients(recipients)
	if err != nil {
		return Sealed{}, fault.Wrap(fault.Invalid, err, "these are no recipients of age").WithFix("give the file that `duly workpaper key` wrote for others to see")
	}
	m := meter{hash: sha256.New()}
	w, err := age.Encrypt(io.MultiWriter(out, &m), to...)
	if err != nil {
		return Sealed{}, fault.Wrap(fault.Invalid, err, "cannot encrypt to these recipients")
	}
	if _, err = io.Copy(w, plain); err == nil {
		err = w.Close()
	}
	if err != nil {
		return Sealed{}, fault.Wrap(fault.Failed, err, "cannot encrypt the workpaper")
	}
	return m.sum(), nil
}

// Unseal decrypts a workpaper with the assessor's identities, one a line, after its bytes
// were compared with what the log keeps of them.
//
// Errors: Broken when the file is not the one that was recorded, or was changed; Invalid
// when these are no identities; Refused when it was not encrypted to any of them.
func Unseal(sealed io.ReadSeeker, want Sealed, identities io.Reader, out io.Writer) error {
	m := meter{hash: sha256.New()}
	_, err := io.Copy(&m, sealed)
	if err == nil {
		_, err = sealed.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the workpaper")
	}
	if m.sum() != want {
		return fault.New(fault.Broken, "this is not the workpaper that was recorded, or it was changed", "find the file that was kept when it was added")
	}
	who, err := age.ParseIdentities(identities)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "these are no identities of age").WithFix("give the secret file that `duly workpaper key` wrote")
	}
	plain, err := age.Decrypt(sealed, who...)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return fault.New(fault.Refused, "the workpaper was encrypted to somebody else", "only the assessor who added it can read it")
	}
	if err == nil {
		_, err = io.Copy(out, plain)
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the workpaper cannot be decrypted")
	}
	return nil
}

// meter hashes and counts what passes.
type meter struct {
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	size int64
}

func (m *meter) Write(b []byte) (int, error) {
	m.size += int64(len(b))
	return m.hash.Write(b)
}

func (m *meter) sum() Sealed { return Sealed{hex.EncodeToString(m.hash.Sum(nil)), m.size} }

// Keep records that an assessor keeps a workpaper, about a control of a library or, with a
// nil library, about none in particular. The bytes themselves stay with the assessor.
//
// The code is Refused when these bytes are recorded already.
func Keep(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string, l *Library, control string, sealed Sealed) (ref store.Ref, err error) {
	p := &Workpaper{SHA256: sealed.SHA256, Size: sealed.Size, Day: h.Today(), Matter: id, Person: h.By.Key}
	if l != nil {
		if _, err := l.Control(control); err != nil {
			return ref, err
		}
		p.Control = l.Name(control)
	}
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := engagement.Working(ctx, tx, h, id)
		if err != nil {
			return err
		}
		same, err := store.Select(ctx, tx, Workpapers, "r.sha256 = $1", p.SHA256)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			return refusal.Refuse(refusal.Twice, "this workpaper is recorded already", "")
		}
		p.Terms = s.Terms.Hash.String()
		ref, err = store.Create(tx, Workpapers, p, h.Key)
		return err
	})
	return ref, err
}

// PapersOf gives the workpapers of an engagement in the order of the log.
func PapersOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Workpaper], error) {
	return store.Select(ctx, q, Workpapers, "r.engagement = $1", id)
}

// papers refuses workpapers that are not those of an engagement.
func papers(ctx context.Context, q store.Queryer, id string, list []string) error {
	kept, err := PapersOf(ctx, q, id)
	if err != nil {
		return err
	}
	for _, p := range list {
		if !slices.ContainsFunc(kept, func(k *store.Revision[Workpaper]) bool { return k.ID == p }) {
			return fault.Newf(fault.NotFound, "there is no workpaper %s in this engagement", p).WithFix("add it with `duly workpaper add`")
		}
	}
	return nil
}
