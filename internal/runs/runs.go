// Package runs keeps what the program itself did on a large scale: one record per
// run of screening, triage, assessment or monitoring, and one per pack in use.
//
// A run says what it covered and what came out, as counts and hashes in clear, so
// that an outsider can tell a run that found nothing from a run that never was.
package runs

import (
	"context"
	"embed"
	"math"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/store"
)

// Run is one run of the program over many records.
type Run struct {
	Task       string   `duly:"task,public,enum=screen|triage|assess|monitor,column"`
	Day        string   `duly:"day,public,date"`
	Covered    int64    `duly:"covered,public"`         // records or events looked at
	Findings   int64    `duly:"findings,public"`        // hits, PERSON and STOP lanes, ratings, or deviations
	Population string   `duly:"population,public,hash"` // root over the leaf hashes looked at
	Inputs     []string `duly:"inputs,customer"`        // hashes of lists or packs used
	Note       string   `duly:"note,customer"`          // settings
}

// Runs is the kind of Run.
var Runs = ledger.Define[Run]("run", 1)

// Pack is a pack in use: what it is, and the hash of its exact bytes.
type Pack struct {
	SHA256 string `duly:"sha256,public,hash,column"`
	State  string `duly:"state,public,enum=in_force|retired"`
	Kind   string `duly:"kind,public,enum=method|triage|conditions|framework|index"`
	ID     string `duly:"pack,customer,column"`
	Title  string `duly:"title,customer"`
	Bytes  string `duly:"text,customer"` // the pack itself, so that a rating can be computed again
}

// Packs is the kind of Pack.
var Packs = ledger.Define[Pack]("pack", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "runs", Files: files}

// Use records that a pack is in use, once per content.
func Use(tx *store.Tx, p *pack.Pack) error {
	known, err := store.Select(context.Background(), tx, Packs, "r.sha256 = $1", p.Hash)
	if err != nil || len(known) > 0 {
		return err
	}
	_, err = store.Create(tx, Packs, &Pack{
		SHA256: p.Hash, State: "in_force", Kind: p.Kind, ID: p.ID, Title: p.Title, Bytes: string(p.Bytes),
	})
	return err
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

// Last gives the newest run of a task, or nil when there was none.
func Last(ctx context.Context, q store.Queryer, task string) (*store.Revision[Run], error) {
	return LastAt(ctx, q, task, -1)
}

// LastAt is Last as it was at a position of the log; a negative one means now.
func LastAt(ctx context.Context, q store.Queryer, task string, seq int64) (*store.Revision[Run], error) {
	if seq < 0 {
		seq = math.MaxInt64
	}
	list, err := store.Select(ctx, q, Runs, "r.seq = (select max(seq) from r_run where task = $1 and seq <= $2)", task, seq)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// Root gives the RFC 6962 root over leaf hashes, for Run.Population.
func Root(hashes []ledger.Hash) (string, error) {
	tree, err := ledger.NewTree(0, nil)
	if err != nil {
		return "", err
	}
	for _, h := range hashes {
		tree.Append(h)
	}
	root, err := tree.Root()
	return root.String(), err
}
