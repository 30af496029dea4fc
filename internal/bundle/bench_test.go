package bundle

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"duly/internal/ledger"
)

// sale is a record of a realistic size: six fields in clear, eight sealed.
type sale struct {
	State     string   `duly:"state,public,enum=active|ended"`
	Grade     string   `duly:"grade,public,enum=low|high"`
	ValidFrom string   `duly:"valid_from,public,date"`
	ValidTo   string   `duly:"valid_to,public,date"`
	Received  string   `duly:"received,public,date"`
	Count     int64    `duly:"count,public"`
	Source    string   `duly:"source,customer"`
	SourceRef string   `duly:"source_ref,customer"`
	Identity  string   `duly:"identity,customer"`
	Name      string   `duly:"name,customer"`
	Amount    *int64   `duly:"amount,trade_secret"`
	Currency  string   `duly:"currency,trade_secret"`
	Tags      []string `duly:"tags,security"`
	Owner     string   `duly:"owner,personal"`
}

var saleKind = ledger.Define[sale]("sale", 1)

// processorTime gives what the process has used of the processors, which other programs
// on the same machine change less than the clock.
func processorTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVerifyBundle verifies a bundle file of 50,000 records with every field
// disclosed, and with every field withheld. Beside it stands the least that any
// verifier must do: hashing the same leaves. Entries are counted by seconds of processor
// time, the garbage collector's included.
func BenchmarkVerifyBundle(b *testing.B) {
	l := newLog(b, 1)
	for i := range 50_000 {
		cents := int64(i * 100)
		add(l, saleKind, l.id(), &sale{
			State: "active", Grade: "low", ValidFrom: "2026-01-01", Received: "2026-01-02", Count: int64(i),
			Source: "billing", SourceRef: fmt.Sprintf("account-%d#1", i), Identity: fmt.Sprintf("billing:account-%d", i),
			Name: fmt.Sprintf("Harbour Example Customer %d", i), Amount: &cents, Currency: "EUR", Tags: []string{"one", "two"}, Owner: "somebody",
		})
	}
	schemas := Schemas{epochKind.Schema().Hash(): epochKind.Schema(), saleKind.Schema().Hash(): saleKind.Schema()}
	measured := func(b *testing.B, verify func()) {
		start, n := processorTime(b), 0
		for b.Loop() {
			verify()
			n++
		}
		b.ReportMetric(float64(l.size())*float64(n)/(processorTime(b)-start).Seconds(), "entries/s")
	}
	for name, classes := range map[string][]ledger.Class{"disclosed": ledger.Classes, "withheld": nil} {
		b.Run(name, func(b *testing.B) {
			file, err := os.CreateTemp(b.TempDir(), "")
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			data := l.bundle(classes...)
			if _, err := file.Write(data); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			measured(b, func() {
				if _, err := Verify(file, int64(len(data)), schemas, Trust{Key: l.key.Public()}); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
	b.Run("hashing-leaves", func(b *testing.B) {
		measured(b, func() {
			for _, r := range l.rows {
				ledger.LeafHash(r.leaf)
			}
		})
	})
}
