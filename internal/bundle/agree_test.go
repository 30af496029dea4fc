package bundle

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"duly/internal/bundle/agreetest"
	"duly/internal/ledger"
	"duly/internal/stats"
)

// TestMain gives everything that the tests of this package verified to the other verifier.
func TestMain(m *testing.M) { os.Exit(second.Run(m)) }

// second is the second opinion on what was verified.
var second = opinions{agreetest.New(filepath.Join("..", "..", "contrib", "verify-bundle"), func() (documents [][]byte) {
	for _, s := range testSchemas {
		documents = append(documents, s.Document())
	}
	return documents
})}

type opinions struct{ *agreetest.Opinions }

// keep remembers one check.
func (o opinions) keep(data []byte, trust Trust, r *Result, err error) {
	if trust.Quorum != nil {
		panic("a policy is kept as it was written: use under")
	}
	x := agreetest.Order{File: o.File(data), Key: trust.Key}
	if trust.Checkpoint != nil {
		x.Checkpoint = o.File(trust.Checkpoint)
	}
	for _, h := range trust.Handovers {
		x.Handovers = append(x.Handovers, o.File(h))
	}
	for _, w := range trust.Witnesses {
		if x.Witnesses = append(x.Witnesses, w.Key()); w.Name() == trust.Assessor {
			x.Assessor = w.Key()
		}
	}
	if trust.People != nil {
		x.People = append([]string{}, slices.Sorted(maps.Keys(trust.People))...)
	}
	o.Add(x, r, err)
}

// under checks a bundle under what a command line names, with a policy as it was written,
// and has the other verifier check it in the end.
func under(data []byte, from Sources, policy string) (r *Result, err error) {
	trust, err := from.Trust(func(string) ([]byte, error) { return []byte(policy), nil })
	if err == nil {
		r, err = checkAlone(data, trust)
	}
	x := agreetest.Order{File: second.File(data), Key: from.Key, Witnesses: from.Witnesses, Assessor: from.Assessor}
	if from.Policy != "" {
		x.Policy = second.File([]byte(policy))
	}
	second.Add(x, r, err)
	return r, err
}

// TestBoundsAgree protects the figure on which a control is called effective: the bound of
// this verifier is to the last unit the one that the other finds in whole numbers.
func TestBoundsAgree(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3") // TestMain says so, and fails where it is required
	}
	var in bytes.Buffer
	bound := func(population, drawn, seen int64) {
		most, err := stats.Most(population, drawn, seen, Confidence)
		if err != nil {
			most = -1
		}
		fmt.Fprintln(&in, population, drawn, seen, most)
	}
	for population := range int64(30) {
		for drawn := range population + 2 {
			for seen := int64(-1); seen <= drawn+1; seen++ {
				bound(population, drawn, seen)
			}
		}
	}
	random := rand.New(rand.NewPCG(19, 34))
	for range 1500 {
		population := 20 * (1 + random.Int64N(200_000))
		drawn := 1 + random.Int64N(min(population, 400))
		bound(population, 1, 0) // exactly 19 of 20
		bound(population, drawn, random.Int64N(min(drawn, 30)+1))
	}
	cmd := exec.Command(python, filepath.Join("..", "..", "contrib", "verify-bundle", "tests", "bounds.py"))
	cmd.Stdin = &in
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// mutations is how many changed bundles of each sort the two verifiers are compared on.
const mutations = 150

// mutate changes some bytes at a place: another byte, one more, one less, or a piece twice.
func mutate(random *rand.Rand, data []byte) []byte {
	if len(data) == 0 {
		return []byte{'0'}
	}
	at := random.IntN(len(data))
	tokens := []string{"0", "1", "-1", "null", "true", "[]", `""`, "{}", ",", `"`, "\n", "~", ".", "!", "\\u0041", "\\n", "\x7f", "é", "\xff", " ", "9007199254740993", "1.0", "1e3"}
	switch random.IntN(5) {
	case 0:
		data = bytes.Clone(data)
		data[at] ^= 1 << random.IntN(8)
		return data
	case 1:
		return append(bytes.Clone(data[:at]), data[at+1:]...)
	case 2:
		end := min(len(data), at+random.IntN(80))
		return append(bytes.Clone(data[:end]), data[at:]...)
	case 3:
		end := min(len(data), at+1+random.IntN(6))
		return append(append(bytes.Clone(data[:at]), tokens[random.IntN(len(tokens))]...), data[end:]...)
	}
	return append(append(bytes.Clone(data[:at]), tokens[random.IntN(len(tokens))]...), data[at:]...)
}

// TestChangedBundles protects the one spelling of everything: whatever changes by an
// accident of bytes, on the way or by the company with its key, is refused by both
// verifiers, or means the same to both.
func TestChangedBundles(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 26))
	logs := func() []*testLog { return []*testLog{sample(t), rated(t, nil).testLog} }
	var whole [][]byte
	for _, l := range logs() {
		whole = append(whole, l.bundle(), l.bundle(ledger.Classes...), l.bundle(ledger.Customer))
	}
	for range mutations {
		verify(mutate(random, whole[random.IntN(len(whole))]), Trust{}) // the archive itself
		all := parts(t, whole[random.IntN(len(whole))])
		i := random.IntN(3) // a member, with its checksum right
		verify(with(t, all, i, mutate(random, all[i].content)), Trust{})
	}
	for range mutations { // a leaf, with the tree and the signature of the log made again
		l := logs()[random.IntN(2)]
		i := random.IntN(len(l.rows))
		l.rows[i].leaf = mutate(random, l.rows[i].leaf)
		verify(l.bundle(), Trust{})
	}
	for range mutations { // a value, with its digest and the field root made again too
		l := logs()[random.IntN(2)]
		i := 1 + random.IntN(len(l.rows)-1)
		r := &l.rows[i]
		if leaf, err := ledger.ParseLeaf(r.leaf); err != nil || len(leaf.Sigs) > 0 || len(r.digests) == 0 {
			continue
		}
		field := random.IntN(len(r.digests))
		inner, err := b64.DecodeString(string(r.disclosures[field]))
		if err != nil {
			t.Fatal(err)
		}
		r.digests, r.disclosures = append([]ledger.Hash{}, r.digests...), append([]ledger.Disclosure{}, r.disclosures...)
		r.disclosures[field] = ledger.Disclosure(b64.EncodeToString(mutate(random, inner)))
		r.digests[field] = r.disclosures[field].Digest()
		l.edit(i, func(leaf *ledger.Leaf) { leaf.Fields = ledger.FieldRoot(r.digests) })
		verify(l.bundle(ledger.Classes...), Trust{})
	}
}

// TestChangedRanges protects the one spelling of a range, of cosigned checkpoints, of
// proofs and of handovers: whatever changes by an accident of bytes is refused by both
// verifiers, or means the same to both.
func TestChangedRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 27))
	l := rated(t, nil).testLog
	n := l.size()
	w := l.witness("one.example/w")
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	knows := Trust{Key: l.key.Public()}
	knows.know(mustWitness(t, w.Public()))
	for range mutations {
		from := 1 + random.Int64N(n-1)
		classes := [][]ledger.Class{nil, {ledger.Customer}, ledger.Classes}[random.IntN(3)]
		all := parts(t, l.rangeFrom(from, l.carries(from, classes), classes...))
		all[1].content = l.cosigned(n, w.Line(l.point(n), at))
		all[2].content = l.cosigned(from, w.Line(l.point(from), at.AddDate(0, 0, -1)))
		i := random.IntN(6)
		_, _ = verify(with(t, all, i, mutate(random, all[i].content)), knows)
	}
	old := l.rekey(21, "rotation")
	note, proof := l.handover(old, l.key), l.inclusion(3, n).Encode()
	data := l.bundle()
	for range mutations {
		_, _ = verify(data, Trust{Key: old.Public(), Handovers: [][]byte{mutate(random, note)}})
		if changed := mutate(random, proof); ledger.IsInclusionProof(changed) {
			_, _ = proved(changed, Trust{Key: old.Public()})
		}
		_, _ = verify(data, Trust{Key: l.key.Public(), Checkpoint: mutate(random, l.checkpoint(n))})
	}
}
