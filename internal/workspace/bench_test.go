package workspace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"duly/internal/bundle"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/workspace"
)

// sale is a record of a realistic size: six fields in clear, eight sealed, six
// of them also typed columns.
type sale struct {
	State     string   `duly:"state,public,enum=active|ended,column"`
	Grade     string   `duly:"grade,public,enum=low|high"`
	ValidFrom string   `duly:"valid_from,public,date"`
	ValidTo   string   `duly:"valid_to,public,date"`
	Received  string   `duly:"received,public,date"`
	Count     int64    `duly:"count,public"`
	Source    string   `duly:"source,customer,column"`
	SourceRef string   `duly:"source_ref,customer,column"`
	Identity  string   `duly:"identity,customer,column"`
	Name      string   `duly:"name,customer,column"`
	Amount    *int64   `duly:"amount,trade_secret,column"`
	Currency  string   `duly:"currency,trade_secret"`
	Tags      []string `duly:"tags,security"`
	Owner     string   `duly:"owner,personal"`
}

var sales = ledger.Define[sale]("sale", 1)

func saleTables() store.Migrations {
	return store.Migrations{Room: "sale", Files: statement(`create table r_sale (
		seq bigint primary key, id text not null, rev bigint not null, to_seq bigint, valid_from text, valid_to text,
		state text, source text, source_ref text, identity text, name text, amount bigint);
		create unique index r_sale_id on r_sale (id, rev);`)}
}

// saleContent is a log of 55,002 entries: records, of which every tenth has a second
// revision.
func saleContent() content {
	return content{
		rooms: []store.Migrations{saleTables()}, schemas: []*ledger.Schema{sales.Schema()},
		fill: func(t testing.TB, w *workspace.Workspace) {
			sell(t, w)
			sign(t, w)
		},
	}
}

// sell writes 50,000 records.
func sell(t testing.TB, w *workspace.Workspace) {
	for from := 0; from < 50_000; from += 5000 {
		write(t, w, func(tx *store.Tx) error {
			for i := from; i < from+5000; i++ {
				cents := int64(i * 100)
				s := &sale{
					State: "active", Grade: "low", ValidFrom: "2026-01-01", Received: "2026-01-02", Count: int64(i),
					Source: "billing", SourceRef: fmt.Sprintf("account-%d#1", i), Identity: fmt.Sprintf("billing:account-%d", i),
					Name: fmt.Sprintf("Harbour Example Customer %d", i), Amount: &cents, Currency: "EUR", Tags: []string{"one", "two"}, Owner: "somebody",
				}
				ref, err := store.Create(tx, sales, s)
				if err != nil {
					return err
				}
				if i%10 == 9 {
					s.State = "ended"
					if _, _, err := store.Revise(tx, sales, ref.ID, s); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// BenchmarkVerify verifies a workspace. Beside it stands the least that any verifier must
// do: hashing the same leaves.
func BenchmarkVerify(b *testing.B) {
	c := saleContent()
	w := c.workspace(b, "")
	schemas := c.released(b)
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		b.Fatal(err)
	}
	rate := func(b *testing.B) { b.ReportMetric(float64(head.Size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s") }
	b.Run("everything", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.Verify(ctx, schemas, bundle.Trust{Key: w.Config.Key}); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("hashing-leaves", func(b *testing.B) {
		var leaves [][]byte
		err := store.Entries(ctx, w.DB, 0, head.Size, func(e store.Entry) error {
			leaves = append(leaves, e.Leaf)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			for _, leaf := range leaves {
				ledger.LeafHash(leaf)
			}
		}
		rate(b)
	})
}

// bundled writes a bundle of a workspace in which all is disclosed.
func bundled(t testing.TB, w *workspace.Workspace, schemas bundle.Schemas) string {
	t.Helper()
	signed, c, err := w.Checkpoint()
	if err == nil {
		signed, err = ledger.Spell(signed)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "all.duly"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out, err := bundle.NewWriter(file, bundle.Manifest{Origin: c.Origin, Key: w.Config.Key, Size: c.Size, Classes: ledger.Classes}, signed)
	if err == nil {
		err = out.Entries(func(put bundle.Put) error {
			return store.Entries(ctx, w.DB, 0, c.Size, func(e store.Entry) error {
				leaf, err := ledger.ParseLeaf(e.Leaf)
				if err != nil {
					return err
				}
				digests, shown, err := store.Split(e.Digests, e.Disclosures)
				if err != nil {
					return err
				}
				return put(e.Leaf, schemas[leaf.Schema], digests, shown)
			})
		})
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// BenchmarkCopy makes a copy of a log to read, out of a bundle. Beside it stands verifying
// the same bundle, which it does on the way, and writing the same records anew.
func BenchmarkCopy(b *testing.B) {
	c := saleContent()
	w := c.workspace(b, "")
	schemas := c.released(b)
	path := bundled(b, w, schemas)
	trust := bundle.Trust{Key: w.Config.Key}
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		b.Fatal(err)
	}
	// Wall time says little on a machine that others use: the rate is by processor time.
	run := func(name string, fn func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			spent := processor(b)
			fn(b)
			b.ReportMetric(float64(head.Size)*float64(b.N)/(processor(b)-spent).Seconds(), "entries/cpu-s")
		})
	}
	kinds := []*ledger.Schema{store.Epochs.Schema(), people.Persons.Schema(), sales.Schema()}
	run("copy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dir := filepath.Join(b.TempDir(), "copy")
			if _, err := workspace.CopyBundle(ctx, path, dir, schemas, kinds, trust, workspace.Options{Rooms: c.rooms}); err != nil {
				b.Fatal(err)
			}
			os.RemoveAll(dir)
		}
	})
	run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := bundle.VerifyFile(path, schemas, trust); err != nil {
				b.Fatal(err)
			}
		}
	})
	run("write", func(b *testing.B) {
		for b.Loop() {
			empty := content{rooms: c.rooms, schemas: c.schemas, fill: func(testing.TB, *workspace.Workspace) {}}
			fresh := empty.workspace(b, "")
			sell(b, fresh)
		}
	})
}

// processor gives the processor time that this process has used.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
