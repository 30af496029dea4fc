package store

import (
	"bytes"
	"context"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

const hashSize = len(ledger.Hash{})

// Hashes gives the hashes of one level of the stored tree from one place up to another,
// 32 bytes each, in one read. Level 0 holds those of the leaves, each next level one for
// [ledger.TileWidth] of the level below.
//
// Errors: Broken when the tree does not reach that far.
func Hashes(ctx context.Context, q Queryer, level int, from, to int64) ([]byte, error) {
	if from >= to {
		return nil, nil
	}
	const width = ledger.TileWidth
	first := from / width
	all := make([]byte, 0, (to-from+2*width)*int64(hashSize))
	err := tiles(ctx, q, level, first, (to-1)/width, func(n int64, hashes []byte) error {
		if want := first*width + int64(len(all)/hashSize); n*width != want {
			return missing(ledger.TileAt{Level: level, Index: want / width})
		}
		all = append(all, hashes...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if end := first*width + int64(len(all)/hashSize); end < to {
		return nil, missing(ledger.TileAt{Level: level, Index: end / width})
	}
	return all[(from-first*width)*int64(hashSize) : (to-first*width)*int64(hashSize)], nil
}

// tiles calls each for the stored tiles of a level from one to another, in their order. It
// passes over a row whose place is no whole number, which SQLite would hold: no proof
// reads it, and verify counts the rows.
func tiles(ctx context.Context, q Queryer, level int, from, to int64, each func(n int64, hashes []byte) error) error {
	rows, err := q.Query(ctx, "select n, hashes from tile where level = $1 and n >= $2 and n <= $3 order by n", level, from, to)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var place any
		var hashes []byte
		if err := rows.Scan(&place, &hashes); err != nil {
			return readError(err)
		}
		n, whole := place.(int64)
		if !whole {
			continue
		}
		if err := each(n, hashes); err != nil {
			return err
		}
	}
	return readError(rows.Err())
}

func missing(at ledger.TileAt) error {
	return fault.Newf(fault.Broken, "tile %d/%d of the log is missing or too short", at.Level, at.Index).WithFix("run `duly verify`")
}

// LeafHashes gives the hashes of the leaves at some positions, ascending, out of the
// stored tiles, in one read for each sixteen tiles that any of them lies in.
func LeafHashes(ctx context.Context, q Queryer, positions []int64) ([]ledger.Hash, error) {
	var need []ledger.TileAt
	for _, seq := range positions {
		at := ledger.TileAt{Index: seq / ledger.TileWidth}
		if len(need) == 0 || need[len(need)-1] != at {
			need = append(need, at)
		}
	}
	found, err := load(ctx, q)(need)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Hash, len(positions))
	i := 0
	for j, seq := range positions {
		for need[i].Index < seq/ledger.TileWidth {
			i++
		}
		at := int(seq%ledger.TileWidth) * hashSize
		if at+hashSize > len(found[i]) {
			return nil, fault.Newf(fault.Broken, "tile 0/%d of the log ends before entry %d", need[i].Index, seq)
		}
		copy(out[j][:], found[i][at:])
	}
	return out, nil
}

// together is how many tiles one statement reads: what most proofs need, and few enough
// for SQLite to look each up by its key.
const together = 16

// load reads the tiles that the tree's proofs need.
func load(ctx context.Context, q Queryer) ledger.Load {
	return func(need []ledger.TileAt) ([][]byte, error) {
		found := make([][]byte, len(need))
		for from := 0; from < len(need); from += together {
			to := min(from+together, len(need))
			if err := lookUp(ctx, q, need[from:to], found[from:to]); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
}

// lookUps are the statements that give so many tiles as columns of one row, with
// parameters as SQLite likes them and as PostgreSQL wants them.
var lookUps = func() (texts [together + 1][2]string) {
	for n := range texts {
		for i, postgres := range []bool{false, true} {
			columns := make([]string, n)
			for j := range columns {
				columns[j] = "(select hashes from tile where level = " + placeholder(postgres, 2*j+1) + " and n = " + placeholder(postgres, 2*j+2) + ")"
			}
			texts[n][i] = "select " + strings.Join(columns, ", ")
		}
	}
	return texts
}()

func lookUp(ctx context.Context, q Queryer, need []ledger.TileAt, found [][]byte) error {
	text := lookUps[len(need)][0]
	if owner(q).postgres {
		text = lookUps[len(need)][1]
	}
	args := make([]any, 0, 2*together)
	into := make([]any, 0, together)
	for i, at := range need {
		args = append(args, at.Level, at.Index)
		into = append(into, &found[i])
	}
	if err := one(ctx, q, text, args, into...); err != nil {
		return err
	}
	for i, at := range need {
		if found[i] == nil {
			return missing(at)
		}
	}
	return nil
}

// owner gives the store that a Queryer reads.
func owner(q Queryer) *DB {
	switch q := q.(type) {
	case *Tx:
		return q.db
	case snapshot:
		return q.db
	default:
		return q.(*DB)
	}
}

// saveTiles writes the tiles that changed, some of them with each statement.
func (tx *Tx) saveTiles(changed []ledger.Tile) error {
	for len(changed) > 0 {
		n := min(len(changed), together)
		text := tx.db.insertSQL("tile (level, n, hashes)", n, 3) + " on conflict (level, n) do update set hashes = excluded.hashes"
		args := make([]any, 0, 3*together)
		for _, t := range changed[:n] {
			args = append(args, t.Level, t.Index, t.Hashes)
		}
		if err := tx.exec(text, args...); err != nil {
			return err
		}
		changed = changed[n:]
	}
	return nil
}

// CompareTiles holds what a tree tracked against the stored tiles: the full ones, and at
// the end those that still grow. It tells of each that differs, with what is stored, nil
// for nothing, lets the tree forget those that will not change, and gives how many it
// compared.
func CompareTiles(ctx context.Context, q Queryer, tree *ledger.Tree, end bool, differs func(want ledger.Tile, stored []byte)) (compared int64, err error) {
	var want []ledger.Tile
	for _, t := range tree.Changed() {
		if t.Full() || end {
			want = append(want, t)
		}
	}
	compared = int64(len(want))
	for len(want) > 0 {
		n := 1 // tiles of a level that follow each other
		for n < len(want) && want[n].Level == want[0].Level && want[n].Index == want[0].Index+int64(n) {
			n++
		}
		stored := make([][]byte, n)
		err := tiles(ctx, q, want[0].Level, want[0].Index, want[n-1].Index, func(at int64, hashes []byte) error {
			stored[at-want[0].Index] = hashes
			return nil
		})
		if err != nil {
			return compared, err
		}
		for i, t := range want[:n] {
			if !bytes.Equal(stored[i], t.Hashes) {
				differs(t, stored[i])
			}
		}
		want = want[n:]
	}
	if !end {
		tree.Forget()
	}
	return compared, nil
}

// Root gives the root of the tree at an earlier or the present size, from the stored
// tiles, in one read for the log's size and one for O(log n) tiles.
func Root(ctx context.Context, q Queryer, size int64) (ledger.Hash, error) {
	head, err := Head(ctx, q)
	if err != nil {
		return ledger.Hash{}, err
	}
	return prover(ctx, q, head.Size).RootAt(size)
}

// Inclusion proves that entry seq stands in the tree of the given size.
func Inclusion(ctx context.Context, q Queryer, seq, size int64) ([]ledger.Hash, error) {
	return prover(ctx, q, size).Inclusion(seq)
}

// Edge gives the edge of the tree of the first size entries, from the stored tiles.
func Edge(ctx context.Context, q Queryer, size int64) ([]ledger.Hash, error) {
	return prover(ctx, q, size).Edge(size)
}

// Consistency proves that the first old entries of the tree of the given size are those
// of the tree of that size.
func Consistency(ctx context.Context, q Queryer, old, size int64) ([]ledger.Hash, error) {
	return prover(ctx, q, size).Consistency(old)
}

func prover(ctx context.Context, q Queryer, size int64) ledger.Prover {
	return ledger.Prover{Size: size, Load: load(ctx, q)}
}
