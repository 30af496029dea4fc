package bundle

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ledger"
)

type balanceRecord struct {
	Size         int64  `duly:"size,public"`
	Root         string `duly:"root,public,hash"`
	Standing     int64  `duly:"standing,public"`
	StandingRoot string `duly:"standing_root,public,hash"`
	Counted      int64  `duly:"counted,public"`
	CountedHash  string `duly:"counted_hash,public,hash"`
}

var balanceKind = ledger.Define[balanceRecord]("balance", 1)

// standing gives the edge of the entries of standing kinds.
func (l *testLog) standing() *ledger.Edge {
	e := &ledger.Edge{}
	for _, r := range l.rows {
		if stands(r.schema.Kind) {
			e.Append(ledger.LeafHash(r.leaf))
		}
	}
	return e
}

// balance writes what stands so far; change may falsify it.
func (l *testLog) balance(change func(*balanceRecord)) int {
	e := l.standing()
	b := &balanceRecord{Size: l.size(), Root: l.root(l.size()).String(), Standing: e.Size(), StandingRoot: e.Root().String()}
	b.Counted, b.CountedHash = l.counted(l.size(), "", "").Stands()
	if change != nil {
		change(b)
	}
	return add(l, balanceKind, l.id(), b)
}

// counted counts the records of a period among the first n entries.
func (l *testLog) counted(n int64, from, upto string) *Population {
	p := NewPopulation(from, upto)
	for _, r := range l.rows[:n] {
		if p.AddBytes(r.leaf) != nil {
			continue // what a test has broken is reported where it stands
		}
	}
	return p
}

// opens gives the position of the balance with which a range opens; -1 when none does.
func (l *testLog) opens(from int64) int64 {
	for _, at := range []int64{from - 1, from} {
		if l.rows[at].schema.Kind == "balance" {
			return at
		}
	}
	return -1
}

// Find implements Earlier.
func (l *earlierRows) Find(hashes map[ledger.Hash]bool) (at []int64, err error) {
	for seq, r := range l.rows[:l.from] {
		if hashes[ledger.LeafHash(r.leaf)] {
			at = append(at, int64(seq))
		}
	}
	return at, nil
}

// Erasures implements Earlier.
func (l *earlierRows) Erasures(targets map[ledger.Hash]bool) (at []int64, err error) {
	for seq, r := range l.rows[:l.from] {
		leaf, err := ledger.ParseLeaf(r.leaf)
		if err != nil || leaf.Kind != "erasure" {
			continue
		}
		if target, err := ledger.ParseHash(fields(leaf.PublicValues()).text("target")); err == nil && targets[target] {
			at = append(at, int64(seq))
		}
	}
	return at, nil
}

// Look implements Earlier.
func (l *earlierRows) Look(n *Needs, seq int64) error {
	r := l.rows[seq]
	if leaf, err := ledger.ParseLeaf(r.leaf); err == nil && len(r.digests) == len(r.schema.Sealed) {
		n.Entry(seq, r.leaf, leaf, r.schema, l.manifest(l.classes...).Redact(r.schema, r.digests, r.disclosures))
	}
	return nil
}

type earlierRows struct {
	*testLog
	from    int64
	classes []ledger.Class
}

// carries gives the positions that a range rests on, as whoever writes a bundle of it does.
func (l *testLog) carries(from int64, classes []ledger.Class) []int64 {
	e, n := &earlierRows{l, from, classes}, NewNeeds(from)
	balance, timed, dated := int64(-1), int64(-1), int64(-1)
	newest := map[string]int64{}
	for seq, r := range l.rows {
		leaf, err := ledger.ParseLeaf(r.leaf)
		if err != nil {
			continue
		}
		if seq := int64(seq); seq >= from {
			if at, known := newest[leaf.ID]; known && leaf.Rev > 1 {
				n.At[at] = true
			}
			e.Look(n, seq)
			continue
		}
		newest[leaf.ID] = int64(seq)
		switch {
		case stands(leaf.Kind), leaf.Kind == "pack", leaf.Kind == "redaction":
			n.At[int64(seq)] = true
		case leaf.Kind == "balance":
			balance = int64(seq)
		}
		if leaf.Day == "" {
			timed = int64(seq)
		} else {
			dated = int64(seq)
		}
	}
	for _, seq := range []int64{balance, timed, dated} {
		if seq >= 0 {
			n.At[seq] = true
		}
	}
	all, err := n.Settle(e)
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func (l *testLog) prover() ledger.Prover {
	tree, _ := ledger.NewTree(0, nil)
	tree.Track()
	for _, r := range l.rows {
		tree.Append(ledger.LeafHash(r.leaf))
	}
	tiles := map[[2]int64][]byte{}
	for _, tile := range tree.Changed() {
		tiles[[2]int64{int64(tile.Level), tile.Index}] = tile.Hashes
	}
	return ledger.Prover{Size: l.size(), Load: func(level int, n int64) ([]byte, error) { return tiles[[2]int64{int64(level), n}], nil }}
}

// rangeFrom writes the bundle of a range that carries the entries at these positions.
func (l *testLog) rangeFrom(from int64, carried []int64, classes ...ledger.Class) []byte {
	l.t.Helper()
	m := l.manifest(classes...)
	m.From = from
	return l.writeRange(m, l.checkpoint(from), nil, carried)
}

// writeRange writes the bundle of a range as its manifest says, with what ties it to the
// entries before.
func (l *testLog) writeRange(m Manifest, opening []byte, handovers [][]byte, carried []int64) []byte {
	l.t.Helper()
	file, from, classes := &memory{}, m.From, m.Classes
	w, err := NewWriter(file, m, l.checkpoint(l.size()))
	must := func(err error) {
		if err != nil {
			l.t.Helper()
			l.t.Fatal(err)
		}
	}
	must(err)
	prover := l.prover()
	edge, err := prover.Edge(from)
	must(err)
	must(w.Opening(opening, edge, handovers))
	must(w.Entries(func(put Put) error {
		for _, r := range l.rows[from:] {
			must(put(r.leaf, r.schema, r.digests, r.disclosures))
		}
		return nil
	}))
	prover.Size = from
	must(w.Carried(func(put func(int64, []ledger.Hash) (Put, error)) error {
		for _, seq := range carried {
			inclusion, err := prover.Inclusion(seq)
			must(err)
			entry, err := put(seq, inclusion)
			must(err)
			r := l.rows[seq]
			must(entry(r.leaf, r.schema, r.digests, r.disclosures))
		}
		return nil
	}))
	if at := l.opens(from); at >= 0 {
		must(w.Counted(l.counted(at, "", "")))
	}
	if slices.Contains(classes, ledger.Customer) {
		must(w.Packs(l.packs))
	}
	must(w.Close())
	return file.data
}

// limits are what a range cannot show, by the words of the verifier of the whole log:
// that a record which begins in the range had revisions before it that nobody names.
var limits = []string{"from revision 1 to 1", "was of another kind before"}

var atEntry = regexp.MustCompile(`(?m)^entry (\d+): (.*)$`)

// everyRange holds the verifier of ranges to that of the whole log: what the one refuses
// of an entry the other refuses of every range that has it, save for the limits, and a
// log that holds holds in every range.
func everyRange(t *testing.T, l *testLog, classes ...ledger.Class) {
	t.Helper()
	_, err := verify(l.bundle(classes...), Trust{})
	for from := int64(1); from < l.size(); from++ {
		refused := err != nil && !atEntry.MatchString(err.Error()) // about the whole, and so about each part
		limited := false
		if err != nil {
			for _, m := range atEntry.FindAllStringSubmatch(err.Error(), -1) {
				if n, _ := strconv.ParseInt(m[1], 10, 64); n < from {
					continue
				}
				if slices.ContainsFunc(limits, func(limit string) bool { return strings.Contains(m[2], limit) }) {
					limited = true
				} else {
					refused = true
				}
			}
		}
		_, got := verify(l.rangeFrom(from, l.carries(from, classes), classes...), Trust{})
		switch {
		case refused && fault.CodeOf(got) != fault.Broken:
			t.Errorf("the whole log is refused: %v\nits range from %d on is not: %v", err, from, got)
		case err == nil && got != nil:
			t.Errorf("the whole log holds, its range from %d on does not: %v", from, got)
		case !refused && !limited && got != nil && !strings.Contains(got.Error(), "entry"):
			t.Errorf("the range from %d on is refused for another reason: %v", from, got)
		}
	}
}

// TestARangeOfAnyLog protects whoever gets a part of the log: a part of a log that holds
// holds, wherever it begins and whatever is shown of it.
func TestARangeOfAnyLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := anyLog(rt, t)
		from := rapid.Int64Range(1, l.size()-1).Draw(rt, "from")
		var classes []ledger.Class
		for _, c := range ledger.Classes {
			if rapid.Bool().Draw(rt, string(c)) {
				classes = append(classes, c)
			}
		}
		carried := l.carries(from, classes)
		r, err := verify(l.rangeFrom(from, carried, classes...), Trust{Key: l.key.Public()})
		if err != nil {
			rt.Fatalf("from %d, carrying %v: %v", from, carried, err)
		}
		if r.Counts.Entries != l.size()-from || r.Counts.Carried != int64(len(carried)) || r.From != from || r.Assurance != KeyGiven {
			rt.Errorf("from %d of %d: %+v", from, l.size(), r)
		}
		if len(carried) == 0 {
			return
		}
		// One that is left out is missed, or what is said of the range is less.
		gone := rapid.IntRange(0, len(carried)-1).Draw(rt, "left out")
		fewer := slices.Delete(slices.Clone(carried), gone, gone+1)
		again, err := verify(l.rangeFrom(from, fewer, classes...), Trust{Key: l.key.Public()})
		if err == nil && stands(l.rows[carried[gone]].schema.Kind) && *again.Complete > carried[gone] {
			rt.Errorf("from %d on, without entry %d, it is said that all stand up to %d", from, carried[gone], *again.Complete)
		}
	})
}

// anyLog makes a log of people who come, go and sign, of records with revisions, erasures,
// days and balances.
func anyLog(rt *rapid.T, t *testing.T) *testLog {
	l := newLog(t, 3)
	type someone struct {
		id  string
		key ledger.PersonKey
	}
	var staff []someone
	var items []string
	for range rapid.IntRange(2, 25).Draw(rt, "entries") {
		switch op := rapid.IntRange(0, 7).Draw(rt, "op"); {
		case op == 0 || len(staff) == 0:
			key, _ := ledger.NewPersonKey(l.random)
			staff = append(staff, someone{l.id(), key})
			add(l, personKind, staff[len(staff)-1].id, &personRecord{State: "active", Roles: []string{"expert"}, Key: key.PublicHash()})
		case op == 1 && len(staff) > 1:
			add(l, personKind, staff[0].id, &personRecord{State: "ended", Roles: []string{"expert"}, Key: staff[0].key.PublicHash()})
			staff = staff[1:]
		case op == 2:
			add(l, ballotKind, l.id(), &ballot{Choice: "for", Text: "because"}, staff[len(staff)-1].key)
		case op == 3 && len(items) > 0:
			add(l, itemKind, items[len(items)-1], &item{State: "ended", Name: fmt.Sprint("revised ", l.size())})
		case op == 4 && len(items) > 0:
			at := l.tip[items[0]]
			if l.rows[at].disclosures[1] != "" {
				l.erase(at, 1)
			}
		case op == 5:
			add(l, whisperKind, l.id(), &whisper{State: "open", Text: "quiet"})
		case op == 6:
			l.balance(nil)
		default:
			items = append(items, l.id())
			add(l, itemKind, items[len(items)-1], &item{State: "active", Name: "Harbour Example"})
		}
	}
	return l
}

// TestARangeIsHeldToTheLog protects against whoever writes a bundle of a range without the
// log's key.
func TestARangeIsHeldToTheLog(t *testing.T) {
	l := sample(t)
	const from = 5
	whole := func() []byte { return l.rangeFrom(from, l.carries(from, nil)) }
	member := func(name string, change func([]byte) []byte) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			all := parts(t, whole())
			i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
			return with(t, all, i, change(bytes.Clone(all[i].content)))
		}
	}
	replace := func(from, to string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
	}
	lines := func(change func([]string) []string) func([]byte) []byte {
		return func(b []byte) []byte {
			return []byte(strings.Join(change(strings.SplitAfter(string(b), "\n")), ""))
		}
	}
	order := func(names ...string) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			var out []part
			for _, name := range names {
				for _, p := range parts(t, whole()) {
					if p.name == name {
						out = append(out, p)
					}
				}
			}
			return join(t, out)
		}
	}
	if r, err := verify(whole(), Trust{Key: l.key.Public()}); err != nil || *r.Complete != -1 || r.Counts.Carried != 3 {
		t.Fatalf("the range does not hold: %v, %+v", err, r)
	}
	run(t, []tampering{
		{"said to be the whole", member("bundle.json", replace(`"range/1","from":5`, `"bundle/1"`)), "no entries in their place"},
		{"said to begin earlier", member("bundle.json", replace(`"from":5`, `"from":4`)), "edge of the range is malformed"},
		{"said to begin at 6, of as many hashes", member("bundle.json", replace(`"from":5`, `"from":6`)), "another log or size"},
		{"said to begin at 0", member("bundle.json", replace(`"from":5`, `"from":0`)), "not canonical"},
		{"said to begin at its end", member("bundle.json", replace(`"from":5`, `"from":8`)), "not canonical"},
		{"another opening", member("opening", func([]byte) []byte { return l.checkpoint(4) }), "another log or size"},
		{"an opening of another log", member("opening", func([]byte) []byte { return newLog(t, 9).checkpoint(1) }), "not signed by the log's key"},
		{"an opening with its signatures in another order", member("opening", replace("\n\n", "\n\n— witness.example/w AAAAAAAA\n")), "not in its one spelling"},
		{"an opening of another past", member("opening", func([]byte) []byte {
			other := sample(t)
			other.edit(2, public("active", "ended"))
			return other.checkpoint(from)
		}), "not that of its opening checkpoint"},
		{"another edge", member("edge", lines(func(s []string) []string { s[0], s[1] = s[1], s[0]; return s })), "not that of its opening checkpoint"},
		{"an edge in capitals", member("edge", bytes.ToUpper), "edge of the range is malformed"},
		{"an edge without its end", member("edge", bytes.TrimSpace), "edge of the range is malformed"},
		{"an entry carried from another place", member("carried", replace("1 ", "2 ")), "not in the log of this checkpoint"},
		{"a carried entry changed", member("carried", replace(`"active"`, `"ended"`)), "not in the log of this checkpoint"},
		{"a proof cut short", member("carried", lines(func(s []string) []string { s[0] = s[0][:len(s[0])-45] + "\n"; return s })), "not in the log of this checkpoint"},
		{"a proof that is none", member("carried", replace("0 ", "0 A")), "malformed"},
		{"a place spelled otherwise", member("carried", replace("0 ", "00 ")), "malformed"},
		{"one carried twice", member("carried", lines(func(s []string) []string { return append(s[:3:3], s...) })), "carried twice"},
		{"two carried in another order", member("carried", lines(func(s []string) []string {
			return append(append(append([]string{}, s[3:6]...), s[:3]...), s[6:]...)
		})), "carried twice, out of order"},
		{"the carried cut short", member("carried", func(b []byte) []byte { return b[:len(b)-1] }), "has no end"},
		{"a whole line of the carried gone", member("carried", lines(func(s []string) []string { return s[:len(s)-2] })), "in the middle"},
		{"without the epoch", member("carried", lines(func(s []string) []string { return s[3:] })), "names another signing key"},
		{"nothing carried", member("carried", func([]byte) []byte { return nil }), "names another signing key"},
		{"an entry left out", member("entries", lines(func(s []string) []string { return s[2:] })), "the checkpoint has"},
		{"carried before entries", order("bundle.json", "checkpoint", "opening", "edge", "carried", "entries"), "in their place"},
		{"no edge", order("bundle.json", "checkpoint", "opening", "entries", "carried"), "in their place"},
		{"no opening", order("bundle.json", "checkpoint", "edge", "entries", "carried"), "in their place"},
	})
	for name, c := range map[string]struct {
		checkpoint []byte
		want       string
	}{
		"the opening":  {l.checkpoint(from), ""},
		"one within":   {l.checkpoint(from + 1), ""},
		"the closing":  {l.checkpoint(l.size()), ""},
		"one before":   {l.checkpoint(from - 1), "cannot be compared"},
		"of no log":    {l.checkpoint(0), "cannot be compared"},
		"another past": {func() []byte { o := sample(t); o.edit(6, public("open", "closed")); return o.checkpoint(7) }(), "are not those of the checkpoint that you gave"},
	} {
		_, err := verify(whole(), Trust{Key: l.key.Public(), Checkpoint: c.checkpoint})
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("compared with %s: want %q, got %v", name, c.want, err)
		}
	}
}

// TestABalanceKeepsPeopleFromBeingLeftOut protects an outsider from a range in which
// somebody who had left signs: with a balance in the log the entry that says so is missed.
func TestABalanceKeepsPeopleFromBeingLeftOut(t *testing.T) {
	for _, balanced := range []bool{false, true} {
		l := newLog(t, 4)
		key, _ := ledger.NewPersonKey(l.random)
		id := l.id()
		add(l, personKind, id, &personRecord{State: "active", Roles: []string{"expert"}, Key: key.PublicHash()})
		gone := int64(add(l, personKind, id, &personRecord{State: "ended", Roles: []string{"expert"}, Key: key.PublicHash()}))
		if balanced {
			l.balance(nil)
		}
		from := l.size()
		add(l, ballotKind, l.id(), &ballot{Choice: "for"}, key)
		everyRange(t, l)
		honest := l.carries(from, nil)
		if _, err := verify(l.rangeFrom(from, honest), Trust{}); err == nil || !strings.Contains(err.Error(), "not an active person") {
			t.Errorf("balanced %v: who has left signs: %v", balanced, err)
		}
		without := slices.DeleteFunc(slices.Clone(honest), func(seq int64) bool { return seq == gone })
		r, err := verify(l.rangeFrom(from, without), Trust{})
		switch {
		case balanced && (err == nil || !strings.Contains(err.Error(), "the balance says that")):
			t.Errorf("the end of a role was left out and the balance does not tell: %v", err)
		case !balanced && (err != nil || *r.Complete != -1):
			t.Errorf("without a balance nothing can be said, and it says: %v, %+v", err, r)
		}
	}
}

// TestTheFirstEpochIsTheFirstEntry protects from a second beginning: without the first
// epoch in a range, a later one that calls itself the first would let its key have signed
// the log from there on, and nobody would hear of the key before.
func TestTheFirstEpochIsTheFirstEntry(t *testing.T) {
	l := sample(t)
	old := l.key
	l.key = newLog(t, 21).key
	add(l, epochKind, l.id(), &epochRecord{
		Number: 1, Reason: "first", LogKey: hexSum([]byte(l.key.Public())), QuotedSize: l.size(), QuotedRoot: l.root(l.size()).String(),
	})
	for _, carried := range [][]int64{{0}, {}} {
		if _, err := verify(l.rangeFrom(8, carried), Trust{Key: l.key.Public()}); fault.CodeOf(err) != fault.Broken {
			t.Errorf("carrying %v: %v", carried, err)
		}
	}
	if _, err := verify(l.bundle(), Trust{Key: l.key.Public()}); fault.CodeOf(err) != fault.Broken {
		t.Errorf("the whole log: %v", err)
	}
	l.key = old
}

// TestACarriedDecisionHasItsRating protects whoever reads an older decision in a range, be
// it a refusal: what it was decided on can be looked up there.
func TestACarriedDecisionHasItsRating(t *testing.T) {
	l := newLog(t, 4)
	rate := func() int {
		return add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber(), Outcome: "approve"})
	}
	decide := func(id string, rating int, key ledger.PersonKey) {
		add(l, decisionKind, id, &decisionRecord{Act: "decline", Outcome: "approve", Signatures: 1, Rating: l.hash(rating)}, key)
	}
	id, key, first := l.id(), l.person("approver"), rate()
	decide(id, first, key)
	from := l.size()
	decide(id, rate(), key)
	carried := l.carries(from, nil)
	if _, err := verify(l.rangeFrom(from, carried), Trust{}); err != nil {
		t.Fatal(err)
	}
	fewer := slices.DeleteFunc(slices.Clone(carried), func(seq int64) bool { return seq == int64(first) })
	if _, err := verify(l.rangeFrom(from, fewer), Trust{}); err == nil || !strings.Contains(err.Error(), "without the rating that it rests on") {
		t.Errorf("without entry %d of %v: %v", first, carried, err)
	}
}

// TestAFalseBalance protects those who get ranges through those who hold the whole log:
// a balance that is not of its log is refused.
func TestAFalseBalance(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*balanceRecord)
		want   string
	}{
		"true":               {nil, ""},
		"of another size":    {func(b *balanceRecord) { b.Size-- }, "not of the entries before it"},
		"of another root":    {func(b *balanceRecord) { b.Root = hexSum(nil) }, "not of the entries before it"},
		"one fewer stands":   {func(b *balanceRecord) { b.Standing-- }, "people, roles, votes, opinions"},
		"others stand there": {func(b *balanceRecord) { b.StandingRoot = hexSum(nil) }, "people, roles, votes, opinions"},
	} {
		l := sample(t)
		l.balance(c.change)
		_, err := verify(l.bundle(), Trust{})
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
		if c.want == "" {
			everyRange(t, l, ledger.Customer)
		}
	}
}

// TestEveryByteOfARangeMatters protects the promise that nothing in a part of the log can
// be changed unseen, after every checksum that has no key was repaired.
func TestEveryByteOfARangeMatters(t *testing.T) {
	l := sample(t)
	whole := l.rangeFrom(5, l.carries(5, nil))
	members, err := readZip(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x01
		repair(changed, members)
		refuse(t, changed, "byte %d changed", i)
	}
}

// TestNoMemberLeadsElsewhere protects whoever unpacks a bundle with another tool: no name
// of a member leads out of the directory, nor to a second file of one name.
func TestNoMemberLeadsElsewhere(t *testing.T) {
	l := sample(t)
	for what, data := range map[string][]byte{"the whole": l.bundle(ledger.Customer), "a range": l.rangeFrom(5, l.carries(5, nil))} {
		all := parts(t, data)
		for i := range all {
			for _, name := range []string{"../" + all[i].name, "/" + all[i].name, "packs/../" + all[i].name, `..\` + all[i].name, all[0].name + "\x00", all[(i+1)%len(all)].name} {
				named := slices.Clone(all)
				named[i].name = name
				refuse(t, join(t, named), "%s with a member %q", what, name)
			}
		}
		extra := append(slices.Clone(all), part{"packs/../../evil.yaml", []byte("x")})
		refuse(t, join(t, extra), "%s with one member more", what)
	}
}

// FuzzPlace protects the reader of where carried entries stand: what it takes has one
// spelling.
func FuzzPlace(f *testing.F) {
	f.Add([]byte("12 " + strings.Repeat("A", 43)))
	f.Add([]byte("0"))
	f.Fuzz(func(t *testing.T, line []byte) {
		seq, inclusion, err := parsePlace(line)
		if err == nil && string(appendPlace(nil, seq, inclusion)) != string(line)+"\n" {
			t.Errorf("%q has two spellings", line)
		}
	})
}
