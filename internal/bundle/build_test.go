package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"duly/internal/ledger"
)

// The kinds of the tests' own logs. The first three have the names that the
// checker knows, with the fields that it looks at.
type (
	epochRecord struct {
		Number     int64  `duly:"number,public"`
		Reason     string `duly:"reason,public,enum=first|rotation|compromise|restore"`
		LogKey     string `duly:"log_key,public,hash"`
		QuotedSize int64  `duly:"quoted_size,public"`
		QuotedRoot string `duly:"quoted_root,public,hash"`
	}
	personRecord struct {
		State string   `duly:"state,public,enum=active|ended"`
		Roles []string `duly:"roles,public,enum=approver|governing_body|expert|sales|administrator|panel_member|analyst|assessor"`
		Key   string   `duly:"key,public,hash"`
		Name  string   `duly:"name,personal"`
	}
	erasureRecord struct {
		Target string `duly:"target,public,hash"`
		Field  int64  `duly:"field,public"`
		Reason string `duly:"reason,public,enum=request|error"`
		Note   string `duly:"note,legal"`
	}
	packRecord struct {
		SHA256 string `duly:"sha256,public,hash"`
		State  string `duly:"state,public,enum=in_force|retired"`
		Title  string `duly:"title,customer"`
	}
	ballot struct {
		Choice string `duly:"choice,public,enum=for|against"`
		Text   string `duly:"text,legal"`
	}
	item struct {
		State string        `duly:"state,public,enum=active|ended"`
		Name  string        `duly:"name,customer"`
		Place string        `duly:"place,customer"`
		Price *int64        `duly:"price,trade_secret"`
		Owner string        `duly:"owner,personal"`
		Value ledger.Scalar `duly:"value,security"`
	}
	decisionRecord struct {
		Act        string   `duly:"act,public,enum=approve|approve_with_conditions|escalate|decline"`
		Basis      string   `duly:"basis,public,enum=rating|committee|override"`
		Outcome    string   `duly:"outcome,public,enum=approve|approve_with_conditions|escalate|suspend|prohibited_legal"`
		Tier       string   `duly:"tier,public,enum=SDD|CDD|EDD|EDD+GB"`
		Residual   string   `duly:"residual,public,enum=LOW|MEDIUM|HIGH|CRITICAL"`
		HardStops  []string `duly:"hard_stops,public,enum=HS-L1|HS-L2"`
		From       string   `duly:"effective_day,public,date"`
		Expires    string   `duly:"expires_day,public,date"`
		Signatures int64    `duly:"signatures,public"`
		Opinions   int64    `duly:"opinions,public"`
		Objections int64    `duly:"objections,public"`
		Rating     string   `duly:"rating,public,hash"`
		Referral   string   `duly:"referral,public,hash"`
		Precedents int64    `duly:"precedents,public"`
		Checked    []string `duly:"ongoing_checked_by,public,enum=telemetry|audit|attestation|nobody"`
		Precedent  []string `duly:"conditions_precedent,customer"`
		Read       []string `duly:"opinions_read,customer"`
		Owner      string   `duly:"accountable_owner,personal"`
		By         string   `duly:"decided_by,personal"`
		Preparer   string   `duly:"preparer,personal"`
	}
	checkRecord struct {
		Decision string `duly:"decision,public,hash"`
		Sort     string `duly:"sort,public,enum=precedent|ongoing"`
		Number   int64  `duly:"number,public"`
		Result   string `duly:"result,public,enum=met|not_met"`
		Day      string `duly:"day,public,date"`
	}
	opinionRecord struct {
		State  string `duly:"state,public,enum=given|withdrawn"`
		Choice string `duly:"choice,public,enum=support|support_with_conditions|object"`
		Rating string `duly:"rating,customer,hash"`
	}
	voteRecord struct {
		Choice   string `duly:"choice,public,enum=for|against|abstain"`
		Referral string `duly:"referral,customer"`
		Seat     string `duly:"seat,customer"`
	}
	seatRecord struct {
		State  string `duly:"state,public,enum=active|resigned"`
		Group  string `duly:"group,public,enum=affected|civil_rights|expert|other"`
		Person string `duly:"person,personal"`
	}
	referralRecord struct {
		State     string   `duly:"state,public,enum=open|closed"`
		Emergency bool     `duly:"emergency,public"`
		Rating    string   `duly:"rating,public,hash"`
		Noticed   string   `duly:"noticed_day,public,date"`
		Closes    string   `duly:"closes_day,public,date"`
		Closed    string   `duly:"closed_day,public,date"`
		AnswerDue string   `duly:"answer_due,public,date"`
		RatifyBy  string   `duly:"ratify_by,public,date"`
		Outcome   string   `duly:"outcome,public,enum=for|against|no_quorum"`
		Quorum    bool     `duly:"quorum,public"`
		Seats     int64    `duly:"seats,public"`
		Affected  int64    `duly:"affected_seats,public"`
		Present   int64    `duly:"present,public"`
		There     int64    `duly:"affected_present,public"`
		Recused   int64    `duly:"recused,public"`
		For       int64    `duly:"votes_for,public"`
		Against   int64    `duly:"votes_against,public"`
		Abstain   int64    `duly:"abstained,public"`
		Votes     []string `duly:"votes,customer"`
	}
	whisper struct {
		State string `duly:"state,public,enum=open|closed"`
		Text  string `duly:"text,personal"`
	}
)

var (
	epochKind    = ledger.Define[epochRecord]("epoch", 1)
	personKind   = ledger.Define[personRecord]("person", 1)
	erasureKind  = ledger.Define[erasureRecord]("erasure", 1)
	packKind     = ledger.Define[packRecord]("pack", 1)
	ballotKind   = ledger.Define[ballot]("ballot", 1, ledger.SignedBy(1))
	itemKind     = ledger.Define[item]("item", 1)
	checkKind    = ledger.Define[checkRecord]("condition_check", 1, ledger.SignedBy(1))
	decisionKind = ledger.Define[decisionRecord]("decision", 1, ledger.SignedBy(1))
	opinionKind  = ledger.Define[opinionRecord]("opinion", 1, ledger.SignedBy(1))
	voteKind     = ledger.Define[voteRecord]("vote", 1, ledger.SignedBy(1), ledger.ByDay())
	seatKind     = ledger.Define[seatRecord]("seat", 1)
	referralKind = ledger.Define[referralRecord]("referral", 1)
	whisperKind  = ledger.Define[whisper]("whisper", 1, ledger.ByDay())
)

// testSchemas are read back from their documents, as a verifier has them.
var testSchemas = func() Schemas {
	schemas := Schemas{}
	for _, s := range []*ledger.Schema{
		epochKind.Schema(), personKind.Schema(), erasureKind.Schema(), packKind.Schema(), ballotKind.Schema(), itemKind.Schema(), decisionKind.Schema(), whisperKind.Schema(),
		customerKind.Schema(), factKind.Schema(), ratingKind.Schema(), opinionKind.Schema(), voteKind.Schema(), seatKind.Schema(), referralKind.Schema(), checkKind.Schema(), balanceKind.Schema(),
		engagementKind.Schema(), controlTestKind.Schema(), impactKind.Schema(), determinationKind.Schema(), dissentKind.Schema(), redactionKind.Schema(), consentKind.Schema(), publicationKind.Schema(), deploymentKind.Schema(),
		independenceKind.Schema(), assignmentKind.Schema(), sizedKind.Schema(), takenKind.Schema(), reconciliationKind.Schema(),
		termsKind.Schema(), tiesKind.Schema(), startKind.Schema(), populationKind.Schema(), drawnKind.Schema(), accountKind.Schema(), caseKind.Schema(), assessorKind.Schema(), witnessedKind.Schema(),
		requestKind.Schema(), effortKind.Schema(), workpaperKind.Schema(),
	} {
		parsed, err := ledger.ParseSchema(s.Document())
		if err != nil {
			panic(err)
		}
		schemas[parsed.Hash()] = parsed
	}
	return schemas
}()

// row is one entry of a log that a test makes, as a workspace holds it.
type row struct {
	leaf        []byte
	schema      *ledger.Schema
	digests     []ledger.Hash
	disclosures []ledger.Disclosure
}

// testLog is a log in memory that a test can make, change and sign again.
type testLog struct {
	t      testing.TB
	random io.Reader
	key    *ledger.LogKey
	epoch  int64
	time   int64
	rows   []row
	packs  map[string][]byte
	seeds  map[string][]byte // cosigned checkpoints by their hash
	tip    map[string]int    // newest revision by record id
}

const testOrigin = "log.example/duly"

// newLog begins a log with its first epoch. The same seed gives the same bytes.
func newLog(t testing.TB, seed byte) *testLog {
	t.Helper()
	var s [32]byte
	s[0] = seed
	l := &testLog{t: t, random: rand.NewChaCha8(s), time: 1_790_000_000_000_000, tip: map[string]int{}, packs: map[string][]byte{}, seeds: map[string][]byte{}}
	key, err := ledger.NewLogKey(l.random, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	l.key = key
	l.openEpoch("first")
	return l
}

// openEpoch begins an epoch under the log's key, which quotes the tree before it.
func (l *testLog) openEpoch(reason string) {
	l.epoch++
	add(l, epochKind, l.id(), &epochRecord{
		Number: l.epoch, Reason: reason, LogKey: hexSum([]byte(l.key.Public())), QuotedSize: l.size(), QuotedRoot: l.root(l.size()).String(),
	})
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (l *testLog) id() string {
	id, err := ledger.NewID(l.random)
	if err != nil {
		l.t.Fatal(err)
	}
	return id
}

// add writes the next revision of the record with this id.
func add[T any](l *testLog, kind *ledger.Kind[T], id string, record *T, signers ...ledger.PersonKey) int {
	l.t.Helper()
	rev, prev := int64(1), ledger.Hash{}
	if at, ok := l.tip[id]; ok {
		last, err := ledger.ParseLeaf(l.rows[at].leaf)
		if err != nil {
			l.t.Fatal(err)
		}
		rev, prev = last.Rev+1, ledger.LeafHash(l.rows[at].leaf)
	}
	d, err := ledger.NewDraft(kind, record, id, rev, prev, l.random)
	if err != nil {
		l.t.Fatal(err)
	}
	var sigs []ledger.Signature
	for _, s := range signers {
		sigs = append(sigs, s.Sign(d.Statement(ledger.LogID{Origin: testOrigin, Epoch: l.epoch})))
	}
	l.time += 1_000_000
	actor := strings.Repeat("a", 24)
	if len(signers) > 0 {
		actor = signers[0].ID()
	}
	leaf := d.Leaf(l.time, actor, sigs).Encode()
	l.rows = append(l.rows, row{leaf, kind.Schema(), d.Digests, d.Disclosures})
	l.tip[id] = len(l.rows) - 1
	return len(l.rows) - 1
}

// person adds a person with a new key.
func (l *testLog) person(roles ...string) ledger.PersonKey {
	if len(roles) == 0 {
		roles = []string{"expert"}
	}
	key, err := ledger.NewPersonKey(l.random)
	if err != nil {
		l.t.Fatal(err)
	}
	add(l, personKind, l.id(), &personRecord{State: "active", Roles: roles, Key: key.PublicHash(), Name: "an example person"})
	return key
}

// erase takes one disclosure away and writes the erasure entry.
func (l *testLog) erase(at, field int) {
	l.rows[at].disclosures = slices.Clone(l.rows[at].disclosures)
	l.rows[at].disclosures[field] = ""
	add(l, erasureKind, l.id(), &erasureRecord{Target: ledger.LeafHash(l.rows[at].leaf).String(), Field: int64(field), Reason: "request"})
}

// edit changes one leaf, with whatever follows from it: the tree and the
// checkpoint are made from the rows when the bundle is written.
func (l *testLog) edit(at int, change func(*ledger.Leaf)) {
	l.t.Helper()
	leaf, err := ledger.ParseLeaf(l.rows[at].leaf)
	if err != nil {
		l.t.Fatal(err)
	}
	change(leaf)
	l.rows[at].leaf = leaf.Encode()
}

// hash gives the leaf hash of an entry, as other entries name it.
func (l *testLog) hash(at int) string { return ledger.LeafHash(l.rows[at].leaf).String() }

// sample is a log with every shape that the format knows: a person, two signed
// votes, records with revisions, an erased field, a pack, an entry dated by day.
func sample(t testing.TB) *testLog {
	t.Helper()
	l := newLog(t, 1)
	voter := l.person()
	price := int64(1250)
	id := l.id()
	add(l, itemKind, id, &item{State: "active", Name: "Harbour Example", Place: "A town", Price: &price, Owner: "somebody", Value: ledger.Unknown("not asked")})
	add(l, ballotKind, l.id(), &ballot{Choice: "for", Text: "because"}, voter)
	second := add(l, itemKind, id, &item{State: "ended", Name: "Harbour Example", Owner: "somebody else"})
	content := []byte("a pack\n")
	l.packs[hexSum(content)] = content
	add(l, packKind, l.id(), &packRecord{SHA256: hexSum(content), State: "in_force", Title: "test"})
	add(l, whisperKind, l.id(), &whisper{State: "open", Text: "quiet"})
	l.erase(second, 3)
	return l
}

// size gives the number of entries.
func (l *testLog) size() int64 { return int64(len(l.rows)) }

// root gives the root over the first n entries.
func (l *testLog) root(n int64) ledger.Hash {
	tree, _ := ledger.NewTree(0, nil)
	for _, r := range l.rows[:n] {
		tree.Append(ledger.LeafHash(r.leaf))
	}
	root, err := tree.Root()
	if err != nil {
		l.t.Fatal(err)
	}
	return root
}

// checkpoint signs the first n entries.
func (l *testLog) checkpoint(n int64) []byte {
	l.t.Helper()
	signed, err := l.key.Sign(ledger.Checkpoint{Origin: testOrigin, Size: n, Root: l.root(n)})
	if err != nil {
		l.t.Fatal(err)
	}
	return signed
}

func (l *testLog) manifest(classes ...ledger.Class) Manifest {
	return Manifest{Origin: testOrigin, Key: l.key.Public(), Size: l.size(), Classes: classes, Redacted: l.redacted()}
}

// redacted gives the fields that the redactions of the log withhold.
func (l *testLog) redacted() []string {
	held := map[string]string{}
	for i := range l.rows {
		leaf, err := ledger.ParseLeaf(l.rows[i].leaf)
		if err != nil || leaf.Kind != "redaction" {
			continue
		}
		p := fields(leaf.PublicValues())
		hash, _ := ledger.ParseHash(p.text("schema"))
		s, n := testSchemas[hash], p.int("field")
		delete(held, leaf.ID)
		if p.text("state") == "withheld" && s != nil && n < int64(len(s.Sealed)) {
			held[leaf.ID] = s.Kind + "." + s.Sealed[n].Name
		}
	}
	return slices.Compact(slices.Sorted(maps.Values(held)))
}

// bundle writes the whole log for an audience that may see the classes.
func (l *testLog) bundle(classes ...ledger.Class) []byte {
	l.t.Helper()
	return l.write(l.manifest(classes...), l.checkpoint(l.size()))
}

func (l *testLog) write(m Manifest, checkpoint []byte) []byte {
	l.t.Helper()
	file := &memory{}
	w, err := NewWriter(file, m, checkpoint)
	if err == nil {
		err = w.Entries(func(put Put) error {
			for _, r := range l.rows[:min(m.Size, l.size())] {
				if err := put(r.leaf, r.schema, r.digests, r.disclosures); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = w.Packs(l.packs)
	}
	if err == nil {
		err = w.Witnessed(l.seeds)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return file.data
}

// memory is a file in memory.
type memory struct {
	data []byte
	at   int64
}

func (m *memory) Write(p []byte) (int, error) {
	if need := m.at + int64(len(p)); need > int64(len(m.data)) {
		m.data = append(m.data, make([]byte, need-int64(len(m.data)))...)
	}
	m.at += int64(copy(m.data[m.at:], p))
	return len(p), nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		panic("the writer seeks from the start only")
	}
	m.at = offset
	return offset, nil
}

// part is one member of an archive, taken out to be changed.
type part struct {
	name    string
	content []byte
}

// parts takes an archive apart.
func parts(t testing.TB, data []byte) []part {
	t.Helper()
	members, err := readZip(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var list []part
	for _, m := range members {
		list = append(list, part{m.name, bytes.Clone(data[m.data() : m.data()+m.size])})
	}
	return list
}

// join makes the archive of the parts, with all lengths and checksums right.
func join(t testing.TB, list []part) []byte {
	t.Helper()
	file := &memory{}
	z := zipWriter{file: file}
	for _, p := range list {
		if err := z.add(p.name, writeAll(p.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.close(); err != nil {
		t.Fatal(err)
	}
	return file.data
}

// verify checks a bundle in memory, and has the other verifier check it in the end.
func verify(data []byte, trust Trust) (*Result, error) {
	r, err := checkAlone(data, trust)
	second.keep(data, trust, r, err)
	return r, err
}

// checkAlone checks a bundle in memory with this verifier only.
func checkAlone(data []byte, trust Trust) (*Result, error) {
	return Verify(bytes.NewReader(data), int64(len(data)), testSchemas, trust)
}
