package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/store"
)

// The states of a pack. Only methods are adopted; a pack of another kind is in force
// from its first use.
const (
	Committed = "committed" // immutable and recorded; of a method: it does not rate yet
	InForce   = "in_force"
)

// Pack is a pack that is recorded: what it is, and the hash of its exact bytes. Each
// adoption of a method is a revision of it.
type Pack struct {
	SHA256   string `duly:"sha256,public,hash,column"`
	State    string `duly:"state,public,enum=committed|in_force"`
	Kind     string `duly:"kind,public,enum=method|triage|conditions|ownership|framework|index|log|attestation|controls,column"`
	From     string `duly:"in_force_from,public,date"` // of an adopted method: the first day on which it rates
	Replaces string `duly:"replaces,public,hash"`      // the method that would have rated from that day on; absent for the first
	Change   string `duly:"change,public,hash"`        // SHA-256 of Changes, as ChangeHash gives it; absent for the first
	ID       string `duly:"pack,customer,column"`
	Version  string `duly:"version,customer"`
	Title    string `duly:"title,customer"`
	Bytes    string `duly:"text,customer"` // the pack itself, so that a rating can be computed again

	Changes   []string `duly:"changes,customer"` // what the method does otherwise than the one it replaces
	Reason    string   `duly:"reason,customer"`
	AdoptedBy string   `duly:"adopted_by,personal"` // key id
}

// Packs is the kind of Pack.
var Packs = ledger.Define[Pack]("pack", 1)

// ChangeHash gives the hash by which an adoption announces its changes: SHA-256 of the
// sentences, each ended by a line feed.
func ChangeHash(changes []string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(changes, ""), "\n")))
	return hex.EncodeToString(sum[:])
}

// Use records that a pack is in use, once per content. A method stays committed: use
// does not adopt it.
func Use(tx *store.Tx, p *pack.Pack) error {
	state := InForce
	if p.Kind == pack.Method {
		state = Committed
	}
	_, _, err := record(tx, p, state)
	return err
}

// Commit records a method and gives its record and where it stands; known says that it
// was there already.
//
// Errors: Refused when the same id and version were committed with other content.
func Commit(tx *store.Tx, p *pack.Pack) (r *store.Revision[Pack], known bool, err error) {
	others, err := store.Select(context.Background(), tx, Packs, "r.kind = $1 and r.pack = $2", p.Kind, p.ID)
	if err != nil {
		return nil, false, err
	}
	for _, o := range others {
		if o.Record.Version == p.Version && o.Record.SHA256 != p.Hash {
			return nil, false, fault.Newf(fault.Refused, "version %s of %s is recorded in entry %d with other content", p.Version, p.ID, o.Seq).
				WithFix("give the changed method another version")
		}
	}
	return record(tx, p, Committed)
}

func record(tx *store.Tx, p *pack.Pack, state string) (r *store.Revision[Pack], known bool, err error) {
	ctx := context.Background()
	list, err := store.Select(ctx, tx, Packs, "r.sha256 = $1", p.Hash)
	if err != nil {
		return nil, false, err
	}
	if len(list) > 0 {
		return list[0], true, nil
	}
	ref, err := store.Create(tx, Packs, &Pack{
		SHA256: p.Hash, State: state, Kind: p.Kind, ID: p.ID, Version: p.Version, Title: p.Title, Bytes: string(p.Bytes),
	})
	if err != nil {
		return nil, false, err
	}
	r, err = store.Get(ctx, tx, Packs, ref.ID)
	return r, false, err
}

// Adoption puts a method in force.
type Adoption struct {
	From    string   // the first day on which it rates, YYYY-MM-DD
	Reason  string   // why
	By      string   // key id of who adopts it
	Before  string   // SHA-256 of the method that would have rated from that day on
	Changes []string // what it does otherwise than that one
}

// Adopt puts a committed method in force from a day on, signed by whoever adopts it.
func Adopt(tx *store.Tx, committed *store.Revision[Pack], a Adoption, signer store.Signer) (store.Ref, error) {
	next := *committed.Record
	next.State, next.From, next.Reason, next.AdoptedBy = InForce, a.From, a.Reason, a.By
	next.Replaces, next.Changes, next.Change = a.Before, a.Changes, ""
	if a.Before != "" {
		next.Change = ChangeHash(a.Changes)
	}
	ref, _, err := store.Revise(tx, Packs, committed.ID, &next, signer)
	return ref, err
}

// Methods gives the newest revision of every recorded method, in the order of the log.
func Methods(ctx context.Context, q store.Queryer) ([]*store.Revision[Pack], error) {
	return store.Select(ctx, q, Packs, "r.kind = $1", pack.Method)
}

// MethodNamed gives the newest revision of a recorded method, or NotFound.
func MethodNamed(ctx context.Context, q store.Queryer, id, version string) (*store.Revision[Pack], error) {
	methods, err := Methods(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, m := range methods {
		if m.Record.ID == id && m.Record.Version == version {
			return m, nil
		}
	}
	return nil, fault.Newf(fault.NotFound, "no method %s@%s is recorded here", id, version).
		WithFix("`duly method list` shows those that are; `duly method commit` records one")
}

// Parse reads the recorded pack.
func (p *Pack) Parse() (*pack.Pack, error) {
	if p.Bytes == "" {
		return nil, fault.Newf(fault.NotFound, "the text of the pack %s was erased", p.SHA256).WithFix("what was rated by it stands, and nothing more can be")
	}
	return pack.Parse(p.ID+"@"+p.Version, []byte(p.Bytes))
}

// MethodOn gives the adoption that holds on a day: the one with the latest first day
// not after it and, of two with one first day, the later in the log. It is nil while
// none was adopted.
func MethodOn(ctx context.Context, q store.Queryer, day string) (*store.Revision[Pack], error) {
	methods, err := Methods(ctx, q)
	if err != nil {
		return nil, err
	}
	var best *store.Revision[Pack]
	for _, m := range methods {
		revisions, err := store.History(ctx, q, Packs, m.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range revisions {
			if r.Record.State != InForce || r.Record.From > day {
				continue
			}
			if best == nil || r.Record.From > best.Record.From || r.Record.From == best.Record.From && r.Seq > best.Seq {
				best = r
			}
		}
	}
	return best, nil
}

// Bytes gives the exact bytes of a recorded pack by its hash, or NotFound.
func Bytes(ctx context.Context, q store.Queryer, hash string) ([]byte, error) {
	r, err := store.Select(ctx, q, Packs, "r.sha256 = $1", hash)
	if err != nil {
		return nil, err
	}
	if len(r) == 0 {
		return nil, fault.Newf(fault.NotFound, "pack %s is not recorded in this workspace", hash)
	}
	return []byte(r[0].Record.Bytes), nil
}
