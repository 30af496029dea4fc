package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// witness makes the key of an outsider.
func (l *testLog) witness(name string) *ledger.WitnessKey {
	l.t.Helper()
	key, err := ledger.NewWitnessKey(l.random, name)
	if err != nil {
		l.t.Fatal(err)
	}
	return key
}

// cosigned gives the checkpoint over the first n entries with the lines of witnesses, in
// its one spelling.
func (l *testLog) cosigned(n int64, lines ...[]byte) []byte {
	l.t.Helper()
	signed, err := ledger.Spell(bytes.Join(append([][]byte{l.checkpoint(n)}, lines...), nil))
	if err != nil {
		l.t.Fatal(err)
	}
	return signed
}

func (l *testLog) point(n int64) ledger.Checkpoint {
	return ledger.Checkpoint{Origin: testOrigin, Size: n, Root: l.root(n)}
}

// TestLevelsOfAssurance protects whoever relies on "cosigned": only those whom the
// verifier named count, each once, a forged cosignature refuses the whole, a policy that
// is not met does too, and for the days before the first of them nothing is claimed.
func TestLevelsOfAssurance(t *testing.T) {
	l := sample(t)
	one, two, three := l.witness("one.example/w"), l.witness("two.example/w"), l.witness("assessor.example/a")
	may, june := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	n := l.size()
	line := func(k *ledger.WitnessKey, size int64, at time.Time) []byte { return k.Line(l.point(size), at) }
	forged := line(one, n-1, may) // of another checkpoint
	policy := func(quorum string) string {
		return fmt.Sprintf("# who must have seen it\nlog %s\nwitness w1 %s\nwitness w2 %s https://two.example\nwitness assessor %s\ngroup both all w1 w2\ngroup some 2 both assessor w1\nquorum %s\n",
			l.key.Public(), one.Public(), two.Public(), three.Public(), quorum)
	}
	for name, c := range map[string]struct {
		lines   [][]byte
		sources Sources
		policy  string
		level   Assurance
		count   int64
		unknown int64
		says    string
		want    string // "" when it holds
	}{
		"nothing from outside":        {level: NoAssurance, says: "for no day is it shown"},
		"the key":                     {sources: Sources{Key: l.key.Public()}, level: KeyGiven, says: "no outside witness whom you named"},
		"cosigned by nobody known":    {lines: [][]byte{line(one, n, may)}, sources: Sources{Key: l.key.Public()}, level: KeyGiven, unknown: 1, says: "1 signatures under the checkpoint are of nobody"},
		"by one of two":               {lines: [][]byte{line(one, n, june)}, sources: Sources{Witnesses: []string{one.Public(), two.Public()}}, level: Witnessed, count: 1, says: "days before 2026-06-01"},
		"by two":                      {lines: [][]byte{line(one, n, june), line(two, n, may)}, sources: Sources{Witnesses: []string{one.Public(), two.Public(), one.Public()}}, level: Witnessed, count: 2, says: "2026-05-01 by one.example/w, two.example/w"},
		"by the assessor":             {lines: [][]byte{line(three, n, may)}, sources: Sources{Assessor: three.Public(), Witnesses: []string{one.Public()}}, level: Assessed, count: 1, says: "cosigned by the assessor"},
		"by the assessor and another": {lines: [][]byte{line(three, n, may), line(one, n, may)}, sources: Sources{Assessor: three.Public(), Witnesses: []string{one.Public()}}, level: Witnessed, count: 2},
		"forged":                      {lines: [][]byte{forged}, sources: Sources{Witnesses: []string{one.Public()}}, want: "cosignature of one.example/w is forged"},
		"forged, of nobody known":     {lines: [][]byte{forged}, sources: Sources{Witnesses: []string{two.Public()}}, level: NoAssurance, unknown: 1},
		"as the policy asks":          {lines: [][]byte{line(one, n, may), line(two, n, may)}, policy: policy("both"), level: Witnessed, count: 2},
		"fewer than that":             {lines: [][]byte{line(one, n, may)}, policy: policy("both"), want: "your policy asks for more"},
		"others than that":            {lines: [][]byte{line(two, n, may), line(three, n, may)}, policy: policy("some"), want: "your policy asks for more"},
		"two groups of three":         {lines: [][]byte{line(one, n, may), line(three, n, may)}, policy: policy("some"), level: Witnessed, count: 2},
		"the assessor by policy":      {lines: [][]byte{line(three, n, may)}, policy: policy("assessor"), level: Assessed, count: 1},
		"no quorum":                   {policy: policy("none"), level: KeyGiven},
		"a key of another log":        {policy: policy("none"), sources: Sources{Key: newLog(t, 9).key.Public()}, want: "another log than you did"},
		"a key that is none":          {sources: Sources{Witnesses: []string{"one.example/w+00000000+AAAA"}}, want: "not the verifier key of a witness"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy != "" {
				c.sources.Policy = "policy"
			}
			r, err := under(l.write(l.manifest(), l.cosigned(n, c.lines...)), c.sources, c.policy)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("want %q, got %v", c.want, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			r.Print(&text)
			if r.Assurance != c.level || r.Witnesses != c.count || r.Unknown != c.unknown || !strings.Contains(text.String(), c.says) {
				t.Errorf("want %s, %d and %d unknown, saying %q, got %+v\n%s", c.level, c.count, c.unknown, c.says, r, &text)
			}
		})
	}
}

// TestAPolicyAsksForAKey protects whoever wrote down with which key a witness must have
// cosigned: another key of that witness, be it an older one that leaked, does not meet it.
func TestAPolicyAsksForAKey(t *testing.T) {
	l := sample(t)
	n := l.size()
	older, newer, other := l.witness("one.example/w"), l.witness("one.example/w"), newLattice(t, "one.example/w", 3)
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	by := map[string][]byte{"older": older.Line(l.point(n), at), "newer": newer.Line(l.point(n), at), "other": other.line(t, l.point(n), at.Unix())}
	policy := "witness newer " + newer.Public() + "\nwitness other " + other.public() + "\ngroup both all newer other\nquorum "
	for _, c := range []struct {
		lines, quorum string
		met           bool
	}{
		{"older", "newer", false}, {"newer", "newer", true}, {"older newer", "newer", true}, {"newer", "both", false},
		{"other", "both", false}, {"older other", "both", false}, {"newer other", "both", true}, {"older", "none", true},
	} {
		var lines [][]byte
		for _, name := range strings.Fields(c.lines) {
			lines = append(lines, by[name])
		}
		r, err := under(l.write(l.manifest(), l.cosigned(n, lines...)), Sources{Witnesses: []string{older.Public()}, Policy: "policy"}, policy+c.quorum+"\n")
		if c.met != (err == nil) || err != nil && !strings.Contains(err.Error(), "your policy asks for more") || err == nil && r.Witnesses != 1 {
			t.Errorf("cosigned by %s, and %s is asked for: %+v, %v", c.lines, c.quorum, r, err)
		}
	}
}

// TestWhenEntriesAreFixed protects from reading more into cosignatures than they say: of
// a range, what was cosigned at its opening is fixed since then, the rest since the end.
func TestWhenEntriesAreFixed(t *testing.T) {
	l := sample(t)
	w := l.witness("one.example/w")
	may, june := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	n, from := l.size(), int64(5)
	all := parts(t, l.rangeFrom(from, l.carries(from, nil)))
	all[2].content = l.cosigned(from, w.Line(l.point(from), may))
	data := join(t, all)
	trust := Trust{Key: l.key.Public()}
	trust.know(mustWitness(t, w.Public()))
	r, err := verify(data, trust)
	if err != nil || len(r.Fixed) != 1 || r.Fixed[0].Entries != from || r.Assurance != KeyGiven {
		t.Fatalf("%v, %+v", err, r)
	}
	var text strings.Builder
	r.Print(&text)
	if !strings.Contains(text.String(), "entries from 5 on are held by no outsider") {
		t.Errorf("it does not say that the range itself was not cosigned:\n%s", &text)
	}
	all[1].content = l.cosigned(n, w.Line(l.point(n), june))
	if r, err = verify(join(t, all), trust); err != nil || len(r.Fixed) != 2 || !r.Fixed[0].Since.Equal(may) || r.Fixed[1].Entries != n || !r.Fixed[1].Since.Equal(june) {
		t.Errorf("%v, %+v", err, r)
	}
	trust.Checkpoint = l.cosigned(6, w.Line(l.point(6), may.AddDate(0, 0, 9)))
	if r, err = verify(join(t, all), trust); err != nil || len(r.Fixed) != 3 || r.Fixed[1].Entries != 6 {
		t.Errorf("with a cosigned checkpoint of one's own: %v, %+v", err, r)
	}
	all[2].content = l.cosigned(from, w.Line(l.point(from-1), may))
	if _, err = verify(join(t, all), trust); err == nil || !strings.Contains(err.Error(), "is forged") {
		t.Errorf("a forged cosignature at the opening: %v", err)
	}
}

func mustWitness(t *testing.T, vkey string) ledger.Witness {
	t.Helper()
	w, err := ledger.ParseWitness(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestACheckpointOfOnesOwn protects who kept a checkpoint as a witness or a mirror served
// it: its signatures may stand in any order, and nothing else may be otherwise.
func TestACheckpointOfOnesOwn(t *testing.T) {
	l := sample(t)
	w := l.witness("one.example/w")
	signed := string(l.cosigned(5, w.Line(l.point(5), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))))
	body, lines, _ := strings.Cut(signed, "\n\n")
	one, two, _ := strings.Cut(lines, "\n")
	for name, c := range map[string]struct {
		text  string
		holds bool
	}{
		"as it is":         {signed, true},
		"in another order": {body + "\n\n" + two + one + "\n", true},
		"a line twice":     {signed + two, false},
		"a line more":      {signed + "— x\n", false},
		"a text before it": {"x\n\n" + signed, false},
		"spare bits":       {strings.Replace(signed, "=\n\n", "\n\n", 1), false},
		"nothing":          {"", false},
	} {
		trust := Trust{Key: l.key.Public(), Checkpoint: []byte(c.text)}
		trust.know(mustWitness(t, w.Public()))
		if r, err := verify(l.bundle(), trust); c.holds != (err == nil) || err == nil && len(r.Fixed) != 1 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestPoliciesThatAreNone protects from a policy that is read otherwise than it was meant.
func TestPoliciesThatAreNone(t *testing.T) {
	l := newLog(t, 1)
	w := "witness w " + l.witness("one.example/w").Public() + "\n"
	for name, text := range map[string]string{
		"empty": "", "no quorum": w, "a quorum of nobody": "quorum w\n", "two quorums": w + "quorum w\nquorum w\n", "a name twice": w + w + "quorum w\n",
		"a name that is kept": strings.Replace(w, "witness w", "witness none", 1) + "quorum none\n", "a group of none": w + "group g any\nquorum g\n",
		"more than there are": w + "group g 2 w\nquorum g\n", "one twice": w + "group g 2 w w\nquorum g\n", "none of some": w + "group g 0 w\nquorum g\n",
		"a group of a later one": "group g any w\n" + w + "quorum g\n", "a group of itself": "group g any g\nquorum g\n", "two logs": "log a\nlog b\nquorum none\n",
		"one under two names": w + strings.Replace(w, "witness w", "witness v", 1) + "group g all w v\nquorum g\n", "a number spelt otherwise": w + "group g 01 w\nquorum g\n",
		"a log of more words": "log a b c\nquorum none\n", "another word": "policy w\nquorum none\n", "a quorum of two words": w + "quorum w w\n", "no key": "witness w\nquorum w\n", "too long": strings.Repeat("\n", maxPolicy) + w + "quorum w\n",
	} {
		if _, err := under(l.bundle(), Sources{Policy: "policy"}, text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for what, s := range map[string]Sources{"the checkpoint": {Checkpoint: "f"}, "the people's keys": {People: "f"}, "the policy": {Policy: "f"}, "the handover": {Handovers: []string{"f"}}} {
		_, err := s.Trust(func(string) ([]byte, error) { return nil, errors.New("no such file") })
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzPolicy protects the reader: whatever it takes, it takes again, and a quorum that
// asks for somebody is not met by nobody.
func FuzzPolicy(f *testing.F) {
	key, err := ledger.NewWitnessKey(bytes.NewReader(make([]byte, 32)), "one.example/w")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("log k\nwitness w " + key.Public() + "\ngroup g any w\nquorum g\n")
	f.Add("# nothing\nquorum none\n")
	f.Fuzz(func(t *testing.T, text string) {
		trust, err := Trust{}.ReadPolicy(text)
		if err != nil {
			return
		}
		if trust.Quorum != nil && trust.Quorum.met(nil) {
			t.Errorf("a quorum is met by nobody: %q", text)
		}
		everybody := map[string]bool{}
		for _, w := range trust.Witnesses {
			everybody[w.Key()] = true
		}
		if !trust.Quorum.met(everybody) {
			t.Errorf("a quorum is not met by everybody: %q", text)
		}
	})
}

// TestExplained protects the reader of a result: each check says what it cannot show, also
// where it had nothing to look at, and no rating that was only repeated is called valid.
func TestExplained(t *testing.T) {
	l := sample(t)
	r, err := verify(l.bundle(), Trust{Key: l.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	before := len(r.Explained)
	r.Explain()
	if before != 0 || len(r.Explained) != len(checks) {
		t.Fatalf("%d checks are explained, of %d; %d before it was asked for", len(r.Explained), len(checks), before)
	}
	saw := map[string]string{}
	for _, e := range r.Explained {
		if saw[e.Check] = e.Saw; e.Saw == "" || e.Proves == "" || e.Cannot == "" {
			t.Errorf("%+v", e)
		}
		if strings.Contains(e.Check, "assessments") && e.Check != "assessments" {
			t.Errorf("assessments are explained twice: %s", e.Check)
		}
		if e.Check == "ratings" && !strings.Contains(e.Cannot, "repetition, not validation") {
			t.Errorf("ratings: %s", e.Cannot)
		}
	}
	if saw["tree"] != "8 entries" || saw["ratings"] != "nothing to check" || saw["signatures of people"] != "1 signatures" || saw["entries before a range"] != "nothing to check" {
		t.Errorf("%v", saw)
	}
	r.Print(io.Discard)
}

// lattice is a witness who cosigns with ML-DSA-44 (C2SP tlog-cosignature).
type lattice struct {
	name    string
	private *mldsa.PrivateKey
}

func newLattice(t testing.TB, name string, seed byte) lattice {
	t.Helper()
	private, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return lattice{name, private}
}

// public gives the witness's verifier key.
func (l lattice) public() string {
	key := append([]byte{6}, l.private.PublicKey().Bytes()...)
	return fmt.Sprintf("%s+%s+%s", l.name, hexSum(append([]byte(l.name+"\n"), key...))[:8], base64.StdEncoding.EncodeToString(key))
}

// line cosigns a checkpoint at a second since 1970.
func (l lattice) line(t testing.TB, c ledger.Checkpoint, at int64) []byte {
	t.Helper()
	said := append([]byte("subtree/v1\n\x00"), byte(len(l.name)))
	said = append(said, l.name...)
	said = binary.BigEndian.AppendUint64(said, uint64(at))
	said = append(append(said, byte(len(c.Origin))), c.Origin...)
	said = append(said, make([]byte, 8)...)
	said = append(binary.BigEndian.AppendUint64(said, uint64(c.Size)), c.Root[:]...)
	sig, err := l.private.SignDeterministic(said, nil)
	if err != nil {
		t.Fatal(err)
	}
	hash := hexSum(append([]byte(l.name+"\n"), append([]byte{6}, l.private.PublicKey().Bytes()...)...))[:8]
	var raw []byte
	if _, err := fmt.Sscanf(hash, "%x", &raw); err != nil {
		t.Fatal(err)
	}
	raw = append(binary.BigEndian.AppendUint64(raw, uint64(at)), sig...)
	return []byte("— " + l.name + " " + base64.StdEncoding.EncodeToString(raw) + "\n")
}

// TestCosignaturesOfTwoKinds protects whoever relies on a witness whose key outlives
// quantum computers: its cosignature counts as any other, and one that it did not make,
// over another checkpoint, another time or under another key, refuses the whole.
func TestCosignaturesOfTwoKinds(t *testing.T) {
	l := sample(t)
	n := l.size()
	w, stranger := newLattice(t, "lattice.example/w", 1), newLattice(t, "lattice.example/w", 2)
	classic := l.witness("one.example/w")
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	line := w.line(t, l.point(n), at.Unix())
	changed := func(at int) []byte {
		raw, err := base64.StdEncoding.DecodeString(string(line[len("— lattice.example/w ") : len(line)-1]))
		if err != nil {
			t.Fatal(err)
		}
		raw[at] ^= 1
		return []byte("— lattice.example/w " + base64.StdEncoding.EncodeToString(raw) + "\n")
	}
	for name, c := range map[string]struct {
		lines [][]byte
		count int64 // of witnesses; -1 when it is refused
	}{
		"its own":                 {[][]byte{line}, 1},
		"beside another":          {[][]byte{line, classic.Line(l.point(n), at)}, 2},
		"a stranger's":            {[][]byte{stranger.line(t, l.point(n), at.Unix())}, 0},
		"of another checkpoint":   {[][]byte{w.line(t, l.point(n-1), at.Unix())}, -1},
		"at no time":              {[][]byte{w.line(t, l.point(n), 0)}, -1},
		"after all time":          {[][]byte{w.line(t, l.point(n), 253402300800)}, -1},
		"in its last second":      {[][]byte{w.line(t, l.point(n), 253402300799)}, 1},
		"at another time":         {[][]byte{changed(11)}, -1},
		"another challenge":       {[][]byte{changed(12)}, -1},
		"another response":        {[][]byte{changed(12 + 32 + 1000)}, -1},
		"another hint":            {[][]byte{changed(12 + 32 + 4*576)}, -1},
		"more hints":              {[][]byte{changed(12 + 2420 - 1)}, -1},
		"a hint in what is empty": {[][]byte{changed(12 + 32 + 4*576 + 79)}, -1},
	} {
		r, err := under(l.write(l.manifest(), l.cosigned(n, c.lines...)), Sources{Witnesses: []string{w.public(), classic.Public()}}, "")
		switch {
		case c.count < 0 && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "forged")):
			t.Errorf("%s: %v", name, err)
		case c.count >= 0 && (err != nil || r.Witnesses != c.count):
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	random := rand.New(rand.NewPCG(44, 6))
	for range 60 { // the two verifiers say the same, whatever they say
		_, _ = under(l.write(l.manifest(), l.cosigned(n, changed(4+random.IntN(8+2420)))), Sources{Witnesses: []string{w.public()}}, "")
	}
}
