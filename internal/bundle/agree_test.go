package bundle

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/stats"
)

// TestMain gives everything that the tests of this package verified to the other verifier,
// contrib/verify-bundle, which was written from docs/bundle.md and shares no code: honest
// bundles and every cheat. The two must say the same of each.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.fuzz"); code == 0 && f.Value.String() == "" {
		code = second.ask()
	}
	second.close()
	os.Exit(code)
}

// second is the second opinion on what was verified.
var second opinions

// opinions collects what was verified, and what came of it.
type opinions struct {
	sync.Mutex
	dir    string
	orders []order
	said   []verdict
	seen   map[string]bool
}

// order is a line for contrib/verify-bundle/tests/batch.py.
type order struct {
	File       string   `json:"file"`
	Schemas    string   `json:"schemas"`
	Key        string   `json:"key"`
	Checkpoint string   `json:"checkpoint"`
	People     []string `json:"people"`
	Witnesses  []string `json:"witnesses"`
	Assessor   string   `json:"assessor"`
	Policy     string   `json:"policy"`
	Handovers  []string `json:"handovers"`
}

// verdict is a line from it, and what this verifier says.
type verdict struct {
	Status int            `json:"status"` // the exit status
	Why    string         `json:"why"`
	Result map[string]any `json:"result"`
}

// keep remembers one check, once.
func (o *opinions) keep(data []byte, trust Trust, r *Result, err error) {
	if trust.Quorum != nil {
		panic("a policy is kept as it was written: use under")
	}
	o.Lock()
	defer o.Unlock()
	x := o.order(data, trust.Key, trust.Checkpoint, trust.Handovers)
	for _, w := range trust.Witnesses {
		if x.Witnesses = append(x.Witnesses, w.Key()); w.Name() == trust.Assessor {
			x.Assessor = w.Key()
		}
	}
	if trust.People != nil {
		x.People = []string{}
		for key := range trust.People {
			x.People = append(x.People, key)
		}
	}
	o.add(x, r, err)
}

// under checks a bundle under what a command line names, with a policy as it was written,
// and has the other verifier check it in the end.
func under(data []byte, from Sources, policy string) (r *Result, err error) {
	trust, err := from.Trust(func(string) ([]byte, error) { return []byte(policy), nil })
	if err == nil {
		r, err = checkAlone(data, trust)
	}
	o := &second
	o.Lock()
	defer o.Unlock()
	x := o.order(data, from.Key, nil, nil)
	x.Witnesses, x.Assessor = from.Witnesses, from.Assessor
	if from.Policy != "" {
		x.Policy = o.file([]byte(policy))
	}
	o.add(x, r, err)
	return r, err
}

func (o *opinions) order(data []byte, key string, checkpoint []byte, handovers [][]byte) order {
	if o.dir == "" {
		o.begin()
	}
	x := order{File: o.file(data), Schemas: o.dir, Key: key}
	if checkpoint != nil {
		x.Checkpoint = o.file(checkpoint)
	}
	for _, h := range handovers {
		x.Handovers = append(x.Handovers, o.file(h))
	}
	return x
}

func (o *opinions) add(x order, r *Result, err error) {
	if name := fmt.Sprintf("%q", x); o.seen[name] {
		return
	} else {
		o.seen[name] = true
	}
	v := verdict{Status: fault.ExitStatus(err)}
	if err != nil {
		v.Why = err.Error()
	} else {
		text, _ := json.Marshal(r)
		_ = json.Unmarshal(text, &v.Result)
		v.Result = common(v.Result)
	}
	o.orders, o.said = append(o.orders, x), append(o.said, v)
}

// common gives what both verifiers say of a file that holds, without what is 0 or empty.
func common(result map[string]any) map[string]any {
	for _, own := range []string{"covered", "not_replayed", "entry", "kind"} {
		delete(result, own)
	}
	if result["what"] == "disclosure" || result["what"] == "proof" {
		delete(result, "counts") // of one entry
	}
	stated(result)
	return result
}

// stated leaves out what is 0 or empty.
func stated(v any) any {
	list, isList := v.([]any)
	for i := range list {
		list[i] = stated(list[i])
	}
	object, isObject := v.(map[string]any)
	for key := range object {
		if object[key] = stated(object[key]); object[key] == nil {
			delete(object, key)
		}
	}
	if isList && len(list) == 0 || isObject && len(object) == 0 || v == 0.0 || v == "" {
		return nil
	}
	return v
}

func (o *opinions) begin() {
	o.seen = map[string]bool{}
	var err error
	if o.dir, err = os.MkdirTemp("", "duly-agree-"); err != nil {
		panic(err)
	}
	for _, s := range testSchemas {
		if err := os.WriteFile(filepath.Join(o.dir, s.Name()+"-"+s.Hash().String()+".json"), s.Document(), 0o600); err != nil {
			panic(err)
		}
	}
}

func (o *opinions) file(data []byte) string {
	path := filepath.Join(o.dir, hexSum(data))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		panic(err)
	}
	return path
}

// ask runs the other verifier and gives the exit code of the tests.
func (o *opinions) ask() int {
	if len(o.orders) == 0 {
		return 0
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		fmt.Println("there is no python3, so the other verifier was not asked; DULY_REQUIRE_PYTHON=1 makes that an error")
		return map[bool]int{true: 1}[os.Getenv("DULY_REQUIRE_PYTHON") == "1"]
	}
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, x := range o.orders {
		if err := lines.Encode(x); err != nil {
			panic(err)
		}
	}
	cmd := exec.Command(python, filepath.Join("..", "..", "contrib", "verify-bundle", "tests", "batch.py"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(answers) != len(o.orders) {
		fmt.Printf("the other verifier answered %d of %d times: %v\n", len(answers), len(o.orders), err)
		return 1
	}
	return o.compare(answers)
}

func (o *opinions) compare(answers []string) (code int) {
	hold := 0
	for i, line := range answers {
		var theirs verdict
		if err := json.Unmarshal([]byte(line), &theirs); err != nil {
			panic(err)
		}
		ours := o.said[i]
		if theirs.Result != nil {
			theirs.Result = common(theirs.Result)
		}
		if ours.Status == 0 {
			hold++
		}
		if ours.Status != theirs.Status || !reflect.DeepEqual(ours.Result, theirs.Result) {
			fmt.Printf("the verifiers differ on %+v\n  duly-verify:   %d %s %v\n  verify-bundle: %d %s %v\n",
				o.orders[i], ours.Status, ours.Why, ours.Result, theirs.Status, theirs.Why, theirs.Result)
			code = 1
		}
	}
	if code == 0 {
		fmt.Printf("the other verifier says the same of %d checks, of which %d hold\n", len(answers), hold)
	}
	return code
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

func (o *opinions) close() {
	if o.dir != "" && os.Getenv("DULY_KEEP_BUNDLES") == "" {
		os.RemoveAll(o.dir)
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
