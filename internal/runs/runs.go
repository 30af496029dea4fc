// Package runs keeps what the program itself did on a large scale: one record per
// run of screening, triage, assessment or monitoring, and one per pack in use.
//
// A method is a draft as long as it is a file. Committing it records its exact bytes
// and their hash; from then on nobody can change what its id and version mean. Adopting
// it puts it in force from a day on, and announces what changes.
//
// A run says what it covered and what came out, as counts and hashes in clear, so
// that an outsider can tell a run that found nothing from a run that never was.
package runs

import (
	"context"
	"embed"
	"math"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Run is one run of the program over many records.
type Run struct {
	Task       string   `duly:"task,public,enum=screen|triage|assess|monitor|sweep,column"`
	Day        string   `duly:"day,public,date"`
	Covered    int64    `duly:"covered,public"`         // records or events looked at, or deleted
	Findings   int64    `duly:"findings,public"`        // hits, PERSON and STOP lanes, ratings, or deviations
	Population string   `duly:"population,public,hash"` // root over the leaf hashes looked at
	Inputs     []string `duly:"inputs,customer"`        // hashes of lists or packs used
	Note       string   `duly:"note,customer"`          // settings
}

// Runs is the kind of Run.
var Runs = ledger.Define[Run]("run", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "runs", Files: files}

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
