package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Sealed is one sealed field of an entry as its audience sees it: disclosed (the
// disclosure), withheld (only the digest), or erased (only the digest, and an
// erasure entry must say so).
type Sealed struct {
	Disclosure ledger.Disclosure // "" when withheld or erased
	Digest     ledger.Hash
	Erased     bool
	hashed     bool // the digest was just computed from this disclosure
}

// Problem is one thing that does not hold.
type Problem struct {
	Seq  int64 // the entry, or -1 when it is about the whole
	What string
}

func (p Problem) String() string {
	if p.Seq < 0 {
		return p.What
	}
	return fmt.Sprintf("entry %d: %s", p.Seq, p.What)
}

// maxProblems bounds what is reported; one is enough to fail.
const maxProblems = 20

// Counts says what a check has seen.
type Counts struct {
	Entries    int64            `json:"entries"`
	Carried    int64            `json:"carried,omitempty"`   // entries from before a range, each with its proof
	Continued  int64            `json:"continued,omitempty"` // records of a range that began before it and are not all here
	Kinds      map[string]int64 `json:"kinds"`
	Disclosed  int64            `json:"disclosed"`
	Withheld   int64            `json:"withheld"`
	Erased     int64            `json:"erased"`
	Signatures int64            `json:"signatures"`
	Ratings    Replays          `json:"ratings"`
	Voices     Voices           `json:"voices"`
	Conditions Conditions       `json:"conditions"`
	Assessed   Assessments      `json:"assessed"`
}

// Replays says how ratings came out when they were computed again.
type Replays struct {
	Exact        int64 `json:"exact"`        // same result from all inputs
	Consistent   int64 `json:"consistent"`   // some inputs withheld: the result is possible
	NotReplayed  int64 `json:"not_replayed"` // the list of inputs is withheld
	Contradicted int64 `json:"contradicted"`
}

// Options says what a check needs from its surroundings.
type Options struct {
	Schemas Schemas
	Origin  string
	Key     string // the log's verifier key: the newest epoch must name it
	People  People // keys of people that came from outside; nil when none did
	// Pack gives the bytes of a pack by its SHA-256, for replaying ratings.
	Pack func(hash string) ([]byte, error)
	// Witnessed gives the text of a cosigned checkpoint by its SHA-256, for seeds of samples;
	// nil where it is to be read from the entry that records it.
	Witnessed func(hash string) ([]byte, error)
	// Outsiders are the witnesses whom the verifier knows, without the assessor.
	Outsiders []ledger.Witness
	// Entry gives an earlier entry again, for a rating's inputs.
	Entry func(seq int64) (leaf []byte, fields []Sealed, err error)
	// Leaves gives the earlier leaves again, from the first to before a position, for a
	// population that is counted. What it gives holds until the next.
	Leaves func(upto int64, each func(leaf []byte) error) error
	// Counted gives, of a range, the records that a population counts as they stood at the
	// balance with which it opens: lines as [Population.Lines] writes them. It is nil where
	// the range has none. A line holds until the next.
	Counted func(each func(line []byte) error) error
	// Rated hears what computing a rating again gave ("exact", "consistent",
	// "contradicted" or "not_replayed"), and why it is contradicted; nil when nobody asks.
	Rated func(seq int64, leaf ledger.Hash, outcome string, why error)
	// Erasable says that a missing disclosure needs an erasure entry; it is so in a
	// workspace. In a bundle, fields say themselves whether they are withheld.
	Erasable bool
}

// Checker checks a log from its first entry, or a range of it. It is used by one goroutine.
type Checker struct {
	options  Options
	edge     *ledger.Edge
	opening  opening
	chains   chains
	counts   Counts
	problems []Problem
	hidden   int   // problems beyond maxProblems
	epoch    int64 // the number of the newest
	epochs   []Epoch
	last     ledger.Leaf         // for the order of times: the latest time, and the latest day of all entries
	people   map[string][]string // roles of active persons, not nil, by the hash of their key
	keyOf    map[string]string   // the key of each active person, by record id
	missing  map[string]int64    // fields without disclosure by target#field, and where
	erased   map[string]int64    // what erasure entries name, likewise
	ratings  places              // where each rating stands
	failed   error               // what kept the check from going on, where no caller could hear of it
	replay   replayer
	said     said                      // by experts and panels
	engaged  engagements               // independent assessments
	decided  map[ledger.Hash]*approved // decisions that let something run, by leaf hash
	current  map[string]ledger.Hash    // the newest of each record, where it lets something run
	assured  assured                   // by assessors
	redacted map[string]string         // the field that each redaction withholds now, by record id
	newest   Content                   // with its leaf and buffers, which the next entry uses again
	leaf     ledger.Leaf
	hash     ledger.Hash
	digests  []ledger.Hash
	opened   []byte // its disclosures, decoded
}

// Content is what an entry says: canonical values in the order of its schema, nil
// for a sealed one that is not shown. It holds until the next entry is checked.
type Content struct {
	Leaf   *ledger.Leaf
	Schema *ledger.Schema
	Public [][]byte
	Sealed [][]byte
}

// shown gives the sealed values that are shown by name.
func (c *Content) shown() map[string][]byte {
	values := map[string][]byte{}
	for i, value := range c.Sealed {
		if value != nil {
			values[c.Schema.Sealed[i].Name] = value
		}
	}
	return values
}

// NewChecker makes a checker for an empty log.
func NewChecker(o Options) *Checker {
	return &Checker{
		options: o, edge: &ledger.Edge{}, opening: opening{complete: -1, counted: -1}, counts: Counts{Kinds: map[string]int64{}},
		people: map[string][]string{}, keyOf: map[string]string{}, missing: map[string]int64{}, erased: map[string]int64{},
		replay: replayer{options: o}, said: newSaid(), engaged: newEngagements(), assured: newAssured(), redacted: map[string]string{}, decided: map[ledger.Hash]*approved{}, current: map[string]ledger.Hash{},
	}
}

// Close removes temporary files.
func (c *Checker) Close() {
	c.chains.close()
	c.ratings.close()
}

// Size is the number of entries up to here, which is the next one's position.
func (c *Checker) Size() int64 { return c.edge.Size() }

// Newest is the leaf hash of the newest entry.
func (c *Checker) Newest() ledger.Hash { return c.hash }

// Root is the root of all entries up to here.
func (c *Checker) Root() ledger.Hash { return c.edge.Root() }

// Report adds a problem that the caller found (a column, a gap).
func (c *Checker) Report(seq int64, what string) {
	if len(c.problems) == maxProblems {
		c.hidden++
		return
	}
	c.problems = append(c.problems, Problem{seq, what})
}

// Entry checks the next entry. It returns what the entry says, or nil when that
// could not be read; what does not hold is reported, not returned. An error means
// that the check could not go on.
func (c *Checker) Entry(leafBytes []byte, fields []Sealed) (*Content, error) {
	c.hash = ledger.LeafHash(leafBytes)
	c.counts.Entries++
	content, err := c.entry(c.edge.Size(), c.hash, leafBytes, fields)
	c.edge.Append(c.hash)
	if content != nil {
		c.seeds(content.Leaf)
	}
	return content, err
}

// entry checks what an entry says against what the entries before it said.
func (c *Checker) entry(seq int64, hash ledger.Hash, leafBytes []byte, fields []Sealed) (*Content, error) {
	leaf := &c.leaf
	if err := leaf.Parse(leafBytes); err != nil {
		c.Report(seq, err.Error())
		return nil, nil
	}
	c.order(seq, leaf)
	if c.opening.all != nil {
		c.opening.all.Add(leaf)
	}
	schema := c.options.Schemas[leaf.Schema]
	if schema == nil {
		c.Report(seq, fmt.Sprintf("the %q has a schema that was never released", leaf.Kind))
		return nil, nil
	}
	public, err := schema.AppendPublic(c.newest.Public[:0], leaf)
	if err != nil {
		c.Report(seq, err.Error())
		return nil, nil
	}
	c.newest = Content{leaf, schema, public, c.newest.Sealed[:0]}
	carried := seq < c.opening.from
	if !carried {
		c.counts.Kinds[schema.Kind]++
	}
	if err := c.chains.add(link{leaf.ID, schema.Kind, leaf.Rev, seq, hash, leaf.Prev, carried && !stands(schema.Kind)}); err != nil {
		return nil, err
	}
	if err := c.note(seq, hash, leaf); err != nil {
		return nil, err
	}
	c.signatures(seq, leaf)
	if !c.fields(seq, hash, fields) {
		return nil, nil
	}
	if schema.Signers > 0 {
		c.speaker(seq, leaf, c.newest.shown())
	}
	c.assured.note(hash, leaf)
	if err := c.says(seq, hash, leaf, carried); err != nil {
		return nil, err
	}
	return &c.newest, c.assessed(seq, hash, leaf)
}

// says checks what an entry says by the rules of its kind. What a carried entry rests on
// need not be here, and is not asked.
func (c *Checker) says(seq int64, hash ledger.Hash, leaf *ledger.Leaf, carried bool) error {
	switch leaf.Kind {
	case "rating":
		if err := c.ratings.add(hash, seq); err != nil {
			return err
		}
		if carried {
			break // what it rests on is older still
		}
		outcome, err := c.replay.rating(seq, leaf, c.newest.shown())
		if err != nil {
			c.Report(seq, err.Error())
		}
		c.counts.Ratings.add(outcome)
		if c.options.Rated != nil {
			c.options.Rated(seq, hash, outcome.String(), err)
		}
	case "decision":
		values := c.newest.shown()
		if !carried {
			c.decision(seq, leaf, values)
		}
		c.conditions(seq, hash, leaf, values, carried)
	case "condition_check":
		if !carried { // the decision that it is about need not be here
			c.conditionCheck(seq, leaf)
		}
	case "opinion":
		c.opinion(hash, leaf, c.newest.shown())
	case "vote":
		c.vote(seq, hash, leaf, c.newest.shown())
	case "seat":
		c.seat(leaf, c.newest.shown())
	case "referral":
		c.matter(seq, hash, leaf, c.newest.shown())
	}
	return nil
}

// order checks that time never runs backwards. Days of entries that are dated by day and
// of those that have a time are one row: nobody can date a vote back between two entries
// that tell when it was cast.
func (c *Checker) order(seq int64, leaf *ledger.Leaf) {
	day := leaf.Day
	if day == "" {
		if leaf.Time <= c.last.Time {
			c.Report(seq, "its time is not after that of the entry before it")
			return
		}
		c.last.Time = leaf.Time
		day = time.UnixMicro(leaf.Time).UTC().Format(time.DateOnly)
	}
	if day < c.last.Day {
		c.Report(seq, "its day is before that of an earlier entry")
		return
	}
	c.last.Day = day
}

// note remembers what later entries depend on: the epoch, people's keys, erasures.
func (c *Checker) note(seq int64, hash ledger.Hash, leaf *ledger.Leaf) error {
	if stands(leaf.Kind) {
		c.opening.standing.Append(hash)
	}
	if seq == 0 && leaf.Kind != "epoch" {
		c.Report(seq, "a log begins with an epoch, this is a "+leaf.Kind)
	}
	switch leaf.Kind {
	case "redaction":
		c.redacts(leaf)
	case "balance":
		if err := c.balance(seq, leaf); err != nil {
			return err
		}
	case "epoch":
		c.epochEntry(seq, leaf)
	case "person":
		values := leaf.PublicValues()
		key, _ := values["key"].Value().(string)
		if old, active := c.keyOf[leaf.ID]; active { // a key that was replaced signs nothing any more
			delete(c.people, old)
			delete(c.keyOf, leaf.ID)
		}
		if values["state"].Value() != "active" {
			break
		}
		if c.people[key] != nil {
			c.Report(seq, "its key is that of another person: who signs with it would have the roles of both")
		}
		roles, _ := values["roles"].Value().([]string)
		c.keyOf[leaf.ID], c.people[key] = key, append([]string{}, roles...)
		if len(roles) > 1 && overlap(roles, assessor) {
			c.Report(seq, "an assessor has another role")
		}
	case "erasure":
		values := leaf.PublicValues()
		target, _ := values["target"].Value().(string)
		field, stated := values["field"].Value().(int64)
		if !stated {
			field = -1 // no entry has such a field
		}
		c.erased[erasureKey(target, int(field))] = seq
	}
	return nil
}

func erasureKey(target string, field int) string { return fmt.Sprintf("%s#%d", target, field) }

// signatures checks every person's signature over the statement, and that the
// key belongs to a person whom the log had registered by then.
func (c *Checker) signatures(seq int64, leaf *ledger.Leaf) {
	if len(leaf.Sigs) == 0 {
		return
	}
	statement := leaf.Statement(ledger.LogID{Origin: c.options.Origin, Epoch: c.epoch})
	seen := map[string]bool{}
	for _, s := range leaf.Sigs {
		c.counts.Signatures++
		switch {
		case !s.Verify(statement):
			c.Report(seq, "the signature of "+s.KeyID()+" does not fit what the entry says")
		case c.people[s.PublicHash()] == nil:
			c.Report(seq, "it is signed by "+s.KeyID()+", who is not an active person of this log")
		case c.options.People != nil && !c.options.People[s.PublicHash()]:
			c.Report(seq, "it is signed by "+s.KeyID()+", whose key is not among those that you gave")
		case seen[s.PublicHash()]:
			c.Report(seq, "the same person signed it twice")
		}
		seen[s.PublicHash()] = true
	}
	c.entitled(seq, leaf)
}

// entitled holds the separation of roles where an outsider can see it: whoever
// acts in an entry that people must sign has signed it, and everybody who signed it
// may do so, by roles that the log shows in clear.
func (c *Checker) entitled(seq int64, leaf *ledger.Leaf) {
	if signed[leaf.Kind] == 0 {
		return
	}
	acts := false
	for _, s := range leaf.Sigs {
		acts = acts || s.KeyID() == leaf.Actor
		roles := c.people[s.PublicHash()]
		if !overlap(roles, decides[leaf.Kind]) || overlap(roles, mayNot[leaf.Kind]) {
			c.Report(seq, "it is signed by "+s.KeyID()+", whose roles do not allow this: "+leaf.Kind)
		}
	}
	if !acts {
		c.Report(seq, "it is in the name of "+leaf.Actor+", who has not signed it")
	}
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// fields checks the sealed fields of the newest entry against the field root and
// the schema and keeps the values that are shown.
func (c *Checker) fields(seq int64, hash ledger.Hash, fields []Sealed) bool {
	schema := c.newest.Schema
	if len(fields) != len(schema.Sealed) {
		c.Report(seq, fmt.Sprintf("it has %d sealed fields, schema %s has %d", len(fields), schema.Name(), len(schema.Sealed)))
		return false
	}
	c.digests = c.digests[:0]
	for i := range fields {
		c.digests = append(c.digests, fields[i].Digest)
	}
	if ledger.FieldRoot(c.digests) != c.newest.Leaf.Fields {
		c.Report(seq, "its sealed fields are not those that the leaf commits to")
		return false
	}
	c.opened = c.opened[:0]
	for i := range fields {
		f, value := &fields[i], []byte(nil)
		if f.Disclosure == "" {
			c.absent(seq, hash, i, f)
		} else if c.counts.Disclosed++; !f.hashed && f.Disclosure.Digest() != f.Digest {
			c.Report(seq, fmt.Sprintf("the disclosure of %q does not match its digest", schema.Sealed[i].Name))
		} else {
			var err error
			if value, c.opened, err = schema.AppendDisclosure(c.opened, i, f.Disclosure); err != nil {
				c.Report(seq, err.Error())
			}
		}
		c.newest.Sealed = append(c.newest.Sealed, value)
	}
	return true
}

func (c *Checker) absent(seq int64, hash ledger.Hash, i int, f *Sealed) {
	if !f.Erased && !c.options.Erasable {
		c.counts.Withheld++
		return
	}
	c.counts.Erased++
	c.missing[erasureKey(hash.String(), i)] = seq
}

// Finish checks what needs the whole log and gives the root of all entries. It
// does not compare the root with a checkpoint: that is the caller's, who knows
// which one to trust.
func (c *Checker) Finish() (root ledger.Hash, err error) {
	if c.failed != nil {
		return root, c.failed
	}
	if c.counts.Continued, err = c.chains.finish(c.Report); err != nil {
		return root, err
	}
	c.erasures()
	if c.options.Counted != nil && c.opening.counted < 0 {
		c.Report(-1, "it carries counted records, and no balance stands at its beginning that says which")
	}
	if c.KeyAt(c.edge.Size()) != KeyHash(c.options.Key) {
		c.Report(-1, "the newest epoch of the log names another signing key than the one that signed the checkpoint")
	}
	return c.edge.Root(), nil
}

// erasures checks that exactly those fields are missing of which an erasure entry
// says so.
func (c *Checker) erasures() {
	for _, key := range slices.Sorted(maps.Keys(c.missing)) {
		if _, said := c.erased[key]; !said {
			_, field, _ := strings.Cut(key, "#")
			c.Report(c.missing[key], "the disclosure of field "+field+" is missing and no erasure entry says why")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.erased)) {
		if _, gone := c.missing[key]; !gone {
			c.Report(c.erased[key], "it erases a field that is not marked as erased, or that no entry has")
		}
	}
}

// Counts says what was seen.
func (c *Checker) Counts() Counts { return c.counts }

// Err gives all problems as one fault of code Broken, or nil; what kept the check from
// going on comes first.
func (c *Checker) Err() error {
	if c.failed != nil {
		return c.failed
	}
	if len(c.problems) == 0 {
		return nil
	}
	lines := make([]string, 0, len(c.problems)+1)
	for _, p := range c.problems {
		lines = append(lines, p.String())
	}
	if c.hidden > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", c.hidden))
	}
	return fault.New(fault.Broken, strings.Join(lines, "\n"), "")
}
