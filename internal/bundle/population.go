package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/ledger"
	"duly/internal/stats"
)

// counted says how records of a kind are counted in the population of an assessment:
// whether they stand from one day to another or happen on a day, and by which public
// field they are told apart. Everything is read from what stands in clear, so that
// whoever has a bundle counts the same (RS-03).
var counted = map[string]struct {
	stands  bool // an account, not a decision
	stratum string
}{
	"account": {true, "state"}, "customer": {true, "state"}, "deployment": {true, "state"}, "triage": {true, "lane"},
	"review": {false, "lane"}, "rating": {false, "tier"}, "decision": {false, "act"},
	"data_request": {false, "outcome"}, "incident": {false, "severity"}, "input": {false, "state"}, "refusal": {false, "rule"},
}

// Counted gives the kinds that a population is made of, in order.
func Counted() []string { return slices.Sorted(maps.Keys(counted)) }

// Population is what an assessor assesses: each customer, account, case, decision and
// other record of a period that the log has, whatever became of it. It is fed the leaves
// of a log in their order. Its memory grows with the number of these records.
type Population struct {
	from, upto string
	units      map[string]*unit  // by record id
	words      map[string]string // kinds, days and strata, each of them once in memory
	leaf       ledger.Leaf       // that the next one is read into
}

// unit is one record of a population as its newest revision shows it.
type unit struct {
	kind, stratum string
	first, last   string // days on which the log took its first and newest revision
	due           string // of a case that is open
	ended         bool   // it stands no longer, or the case is closed
	late          bool   // a case that was closed after it was due
	targeted      bool   // it is looked at whether drawn or not
}

// NewPopulation makes the empty population of a period, from its first day to its last.
func NewPopulation(from, upto string) *Population {
	return &Population{from: from, upto: upto, units: map[string]*unit{}, words: map[string]string{}}
}

// once gives a text that many records share from one place in memory.
func (p *Population) once(word string) string {
	if had, known := p.words[word]; known {
		return had
	}
	p.words[word] = word
	return word
}

// Add takes the next leaf.
func (p *Population) Add(leaf *ledger.Leaf) {
	how, known := counted[leaf.Kind]
	if !known {
		return
	}
	public, day := fields(leaf.PublicValues()), p.once(leaf.Entered())
	u := p.units[leaf.ID]
	if u == nil {
		u = &unit{kind: p.once(leaf.Kind), first: day}
		p.units[leaf.ID] = u
	}
	u.last, u.stratum = day, p.once(public.text(how.stratum))
	state := public.text("state")
	u.ended, u.late, u.due = state == "ended" || state == "closed", false, ""
	if leaf.Kind == "review" && u.ended {
		u.late = public.text("closed") > public.text("due")
	} else if leaf.Kind == "review" {
		u.due = p.once(public.text("due"))
	}
	stops, _ := public["hard_stops"].Value().([]string)
	u.targeted = leaf.Kind == "rating" && public.text("worst") == "CRITICAL" || leaf.Kind == "decision" && public.text("basis") == OnOverride || len(stops) > 0
}

// within says whether a record belongs to the period: it stood on some day of it, or it
// happened or was still open in it. What the log first took after the period does not.
func (p *Population) within(u *unit) bool {
	if u.first > p.upto {
		return false
	}
	if counted[u.kind].stands || u.kind == "review" {
		return !u.ended || u.last >= p.from
	}
	return u.last >= p.from
}

// Tally is what stands in clear of a population.
type Tally struct {
	Hash      string           // over all of it: see [Population.Tally]
	Kinds     map[string]int64 // records by kind
	Ended     int64            // customers, accounts, deployments that ended in the period
	OpenCases int64
	LateCases int64            // closed after they were due, or open and due in the period
	Unopened  int64            // accounts that no person has to look at: lane AUTO
	Declined  int64            // decisions that decline, suspend or end
	Targeted  map[string]int64 // by kind, those that are looked at whether drawn or not
	Afterward int64            // records that the log first took after the period
}

// Tally counts the population. Its hash is the SHA-256, in hex, of a line for each
// record of the period, sorted by kind and id:
//
//	duly/population/1 LF, then for each: kind SPACE id SPACE stratum LF
func (p *Population) Tally() Tally {
	t := Tally{Kinds: map[string]int64{}, Targeted: map[string]int64{}}
	var lines []string
	for id, u := range p.units {
		if !p.within(u) {
			if u.first > p.upto {
				t.Afterward++
			}
			continue
		}
		lines = append(lines, u.kind+" "+id+" "+u.stratum+"\n")
		t.Kinds[u.kind]++
		switch {
		case u.targeted:
			t.Targeted[u.kind]++
		case u.kind == "triage" && u.stratum == "AUTO":
			t.Unopened++
		case u.kind == "review" && !u.ended:
			t.OpenCases++
		case counted[u.kind].stands && u.ended:
			t.Ended++
		}
		if u.late || u.kind == "review" && !u.ended && u.due <= p.upto {
			t.LateCases++
		}
		if u.kind == "decision" && slices.Contains([]string{"decline", "suspend", "exit"}, u.stratum) {
			t.Declined++
		}
	}
	slices.Sort(lines)
	t.Hash = hexOf("duly/population/1\n" + strings.Join(lines, ""))
	return t
}

// Public gives the figures by the names under which they stand in clear.
func (t Tally) Public() map[string]int64 {
	return map[string]int64{
		"customers": t.Kinds["customer"], "accounts": t.Kinds["account"], "deployments": t.Kinds["deployment"], "lanes": t.Kinds["triage"],
		"cases": t.Kinds["review"], "ratings": t.Kinds["rating"], "decisions": t.Kinds["decision"], "data_requests": t.Kinds["data_request"],
		"incidents": t.Kinds["incident"], "inputs": t.Kinds["input"], "refusals": t.Kinds["refusal"], "ended": t.Ended, "open_cases": t.OpenCases,
		"late_cases": t.LateCases, "unopened": t.Unopened, "declined": t.Declined, "grave_ratings": t.Targeted["rating"],
		"grave_decisions": t.Targeted["decision"], "afterward": t.Afterward,
	}
}

// Sampled is what a draw gives.
type Sampled struct {
	Taken  []string // ids of those that are looked at whether drawn or not, sorted
	Drawn  []string // ids of those drawn from the others, in the order of the draw
	Strata int64
	Rest   int64  // how many the draw was from
	Hash   string // over both lists: see [Population.Draw]
}

// Draw draws from the records of one kind: all that are targeted, and as many of the
// others as asked for, by [stats.Draw]. had are those of earlier draws, which stay. The
// hash is the SHA-256 of
//
//	duly/drawn/1 LF, then each id of Taken and each of Drawn with a line feed
func (p *Population) Draw(kind, seed string, size int, had map[string]bool) Sampled {
	s, rest := Sampled{Taken: []string{}}, map[string]string{}
	for id, u := range p.units {
		switch {
		case u.kind != kind || !p.within(u) || had[id]:
		case u.targeted:
			s.Taken = append(s.Taken, id)
		default:
			rest[id] = u.stratum
		}
	}
	slices.Sort(s.Taken)
	var strata int
	s.Drawn, strata = stats.Draw(rest, seed, size)
	s.Strata, s.Rest = int64(strata), int64(len(rest))
	var b strings.Builder
	b.WriteString("duly/drawn/1\n")
	for _, id := range slices.Concat(s.Taken, s.Drawn) {
		b.WriteString(id + "\n")
	}
	s.Hash = hexOf(b.String())
	return s
}

// Links is how often one population can be drawn from.
const Links = 64

// Commitment gives the last link of a chain of hashes that begins with a secret, in hex.
// The assessor commits to it when the population is frozen, and each draw shows the link
// before: [Link].
func Commitment(secret [32]byte) string { return Link(secret, 0) }

// Link gives the link that the nth draw from a population shows, n from 1 to [Links]: the
// secret hashed Links-n times, in hex. So nobody else knows a seed before it is drawn
// from, and the assessor cannot choose it either.
func Link(secret [32]byte, n int64) string {
	for range Links - n {
		secret = sha256.Sum256(secret[:])
	}
	return hex.EncodeToString(secret[:])
}

// Follows says whether a link is the one before another.
func Follows(link, after string) bool {
	raw, err := hex.DecodeString(link)
	sum := sha256.Sum256(raw)
	return err == nil && hex.EncodeToString(sum[:]) == after
}

// Seed gives the seed of the nth draw: from the assessor's link, and from the root of the
// log after the first entry that somebody else made once the population was frozen. The
// one was committed to before the other was known.
func Seed(link, root, kind string, n int64) string {
	return hexOf("duly/seed/1\n" + link + "\n" + root + "\n" + kind + "\n" + strconv.FormatInt(n, 10))
}

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
