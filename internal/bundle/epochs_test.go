package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// rekey gives the log a new key and an epoch for it, and the old key.
func (l *testLog) rekey(seed byte, reason string) (old *ledger.LogKey) {
	l.t.Helper()
	old, l.key = l.key, newLog(l.t, seed).key
	l.openEpoch(reason)
	return old
}

// handover proves that the newest entry, which begins an epoch, is in the log, under a
// checkpoint signed by the given keys.
func (l *testLog) handover(keys ...*ledger.LogKey) []byte {
	l.t.Helper()
	at := l.size() - 1
	path, err := l.prover().Inclusion(at)
	if err != nil {
		l.t.Fatal(err)
	}
	note, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: testOrigin, Size: l.size(), Root: l.root(l.size())}, keys...)
	if err != nil {
		l.t.Fatal(err)
	}
	return EncodeHandover(l.key.Public(), ledger.InclusionProof{Index: at, Leaf: l.rows[at].leaf, Path: path, Note: note})
}

// TestKeysFollow protects outsiders over a change of keys: who knows the first key comes
// to the newest by what each old key signed, and by nothing else.
func TestKeysFollow(t *testing.T) {
	l := sample(t)
	first := l.rekey(21, "rotation")
	one := l.handover(first, l.key)
	second := l.rekey(22, "rotation")
	two := l.handover(second, l.key)
	data := l.bundle()
	check := func(trust Trust) (*Result, error) { return verify(data, trust) }
	old, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: testOrigin, Size: 0, Root: ledger.Hash{}}, first)
	if err != nil {
		t.Fatal(err)
	}
	r, err := check(Trust{Key: first.Public(), Handovers: [][]byte{one, two}})
	if err != nil || r.Assurance != KeyGiven || len(r.Epochs) != 2 || r.Epochs[1].Reason != "rotation" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := check(Trust{Key: first.Public(), Handovers: [][]byte{one, two}, Checkpoint: old}); err == nil || strings.Contains(err.Error(), "not signed") {
		t.Errorf("a checkpoint that the first key signed: %v", err)
	}
	if _, err := check(Trust{Key: second.Public(), Handovers: [][]byte{two}}); err != nil {
		t.Error(err)
	}
	compromised := sample(t)
	lost := compromised.rekey(23, "compromise")
	forged := bytes.Replace(two, []byte("index "), []byte("index 1"), 1)
	stranger := newLog(t, 24)
	for name, trust := range map[string]Trust{
		"no handover":                     {Key: first.Public()},
		"one is missing":                  {Key: first.Public(), Handovers: [][]byte{two}},
		"in another order":                {Key: first.Public(), Handovers: [][]byte{two, one}},
		"signed by the new key alone":     {Key: second.Public(), Handovers: [][]byte{l.handover(l.key)}},
		"signed by the old key alone":     {Key: second.Public(), Handovers: [][]byte{l.handover(second)}},
		"of another entry":                {Key: second.Public(), Handovers: [][]byte{forged}},
		"a stranger's":                    {Key: second.Public(), Handovers: [][]byte{stranger.handover(stranger.key)}},
		"cut short":                       {Key: second.Public(), Handovers: [][]byte{two[:50]}},
		"of the first epoch of this log":  {Key: second.Public(), Handovers: [][]byte{newLog(t, 1).handover(second, l.key)}},
		"after the old key was disclosed": {Key: lost.Public(), Handovers: [][]byte{compromised.handover(lost, compromised.key)}},
	} {
		if _, err := check(trust); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// nobodysKey is a verifier key of the log under which a signature holds that nobody made:
// its point is the neutral one. It gives the key and the line of such a signature.
func nobodysKey() (vkey string, line []byte) {
	point := append([]byte{1, 1}, make([]byte, 31)...)
	hash := sha256.Sum256(append([]byte(testOrigin+"\n"), point...))
	sig := append(append(hash[:4:4], 1), make([]byte, 63)...)
	return fmt.Sprintf("%s+%x+%s", testOrigin, hash[:4], base64.StdEncoding.EncodeToString(point)),
		[]byte("— " + testOrigin + " " + base64.StdEncoding.EncodeToString(sig) + "\n")
}

// TestNobodysKeyLeadsNowhere protects who follows a log from key to key: a key under which
// everybody signs cannot be one of them, so nobody can deny later what was signed after it.
func TestNobodysKeyLeadsNowhere(t *testing.T) {
	l := sample(t)
	first := l.key
	vkey, line := nobodysKey()
	rotate := func(log string) {
		l.epoch++
		add(l, epochKind, l.id(), &epochRecord{
			Number: l.epoch, Reason: "rotation", LogKey: hexSum([]byte(log)), QuotedSize: l.size(), QuotedRoot: l.root(l.size()).String(),
		})
	}
	lead := func(next string, key *ledger.LogKey) []byte {
		at := l.size() - 1
		l.key = key
		note, err := ledger.Spell(append(l.checkpoint(l.size()), line...))
		if err != nil {
			t.Fatal(err)
		}
		p := l.inclusion(at, l.size())
		p.Note = note
		return EncodeHandover(next, p)
	}
	rotate(vkey)
	one := lead(vkey, first)
	last := newLog(t, 31).key
	rotate(last.Public())
	two := lead(last.Public(), last)
	data := l.bundle()
	if _, err := verify(data, Trust{Key: last.Public()}); err != nil {
		t.Fatal(err)
	}
	_, err := verify(data, Trust{Key: first.Public(), Handovers: [][]byte{one, two}})
	if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "none under which a signature says something") {
		t.Error(err)
	}
}

// TestAHandoverHasOneSpelling protects from a second text that says the same: in it
// something could hide.
func TestAHandoverHasOneSpelling(t *testing.T) {
	l := sample(t)
	first := l.rekey(21, "rotation")
	good := l.handover(first, l.key)
	data := l.bundle()
	if _, err := verify(data, Trust{Key: first.Public(), Handovers: [][]byte{good}}); err != nil {
		t.Fatal(err)
	}
	body, lines, _ := strings.Cut(string(good), "\n\n— ")
	a, b, _ := strings.Cut(lines, "\n")
	hash := strings.Split(l.key.Public(), "+")[1]
	for name, text := range map[string]string{
		"signatures in another order": body + "\n\n" + b + "— " + a + "\n",
		"one of them twice":           string(good) + b,
		"a line that is none":         string(good) + "— x\n",
		"a capital in the new key":    strings.Replace(string(good), "+"+hash+"+", "+"+strings.ToUpper(hash)+"+", 1),
		"a line end in the new key":   strings.Replace(string(good), "\n", "\r\n", 1),
	} {
		if _, err := verify(data, Trust{Key: first.Public(), Handovers: [][]byte{[]byte(text)}}); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRestoreIsTold protects outsiders from a loss that nobody mentions: a log that was
// restored from a copy says how much it lost, and who kept a checkpoint over what is lost
// is told so, and not that all is well.
func TestRestoreIsTold(t *testing.T) {
	l := sample(t)
	size := int64(len(l.rows))
	old := l.key
	l.key = newLog(t, 21).key
	l.epoch++
	add(l, epochKind, l.id(), &epochRecord{
		Number: l.epoch, Reason: "restore", LogKey: hexSum([]byte(l.key.Public())), QuotedSize: size + 3, QuotedRoot: strings.Repeat("5", 64),
	})
	data := l.bundle()
	r, err := verify(data, Trust{Key: l.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.Print(&out)
	if len(r.Epochs) != 1 || r.Epochs[0].Lost != 3 || !strings.Contains(out.String(), "3 entries that were shown before are lost") {
		t.Errorf("%+v\n%s", r.Epochs, &out)
	}
	for n, says := range map[int64]string{size + 1: "were lost when the log was restored", size + 3: "were lost when the log was restored", size + 4: "only"} {
		kept, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: testOrigin, Size: n, Root: ledger.Hash{5}}, l.key, old)
		if err != nil {
			t.Fatal(err)
		}
		_, err = verify(data, Trust{Key: l.key.Public(), Checkpoint: kept})
		if err == nil || !strings.Contains(err.Error(), says) || n == size+4 && strings.Contains(err.Error(), "restored") {
			t.Errorf("a checkpoint over %d entries: %v", n, err)
		}
	}
}
