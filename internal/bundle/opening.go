package bundle

import (
	"fmt"
	"math"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Standing names the kinds by whose entries all later ones are judged: who may sign, with
// which roles, in which epoch, what experts and panels have said, and independent
// assessments. A bundle of a range carries every entry of them from before it.
var Standing = []string{
	"assessment_reply", "assignment", "control_test", "determination", "dissent", "effort", "engagement", "engagement_sample", "epoch", "evidence_request",
	"impact", "independence", "opinion", "person", "population", "reconciliation", "redaction", "redaction_consent", "referral", "seat", "vote", "witnessed", "workpaper",
}

// isStanding finds them without comparing each, since every entry is asked.
var isStanding = func() map[string]bool {
	kinds := map[string]bool{}
	for _, kind := range Standing {
		kinds[kind] = true
	}
	return kinds
}()

func stands(kind string) bool { return isStanding[kind] }

// opening is what a check of a range knows of the entries before it.
type opening struct {
	from     int64
	root     ledger.Hash // of the entries before the range
	edge     ledger.Edge // of these
	last     int64       // position of the newest carried entry, -1 before the first
	standing ledger.Edge // over the leaf hashes of all entries of standing kinds up to here
	complete int64       // position of the newest balance that fits; -1 when there is none
	counted  int64       // position of the balance from which records are counted on; -1 when there is none
	all      *Population // what stands, from the first balance that was counted again on; nil before
}

// Open makes a checker of an empty log check the entries from a position on. edge is that
// of the entries before it, which the caller holds to a checkpoint.
func (c *Checker) Open(edge *ledger.Edge) {
	c.edge = edge
	c.opening.from, c.opening.root, c.opening.edge, c.opening.last = edge.Size(), edge.Root(), edge.Clone(), -1
	c.assured.rated = math.MaxInt64 / 2 // until a balance tells, nobody knows how many
}

// Carried checks an entry from before the range that later ones rest on, with the proof
// that it stands there. Carried entries come in the order of the log, all before the first
// of the range. What [Checker.Entry] says of results and errors holds here.
func (c *Checker) Carried(seq int64, leafBytes []byte, fields []Sealed, inclusion []ledger.Hash) (*Content, error) {
	if seq <= c.opening.last || seq >= c.opening.from || c.counts.Entries > 0 {
		return nil, fault.Newf(fault.Broken, "entry %d is carried twice, out of order, or is of the range", seq)
	}
	c.opening.last = seq
	hash := ledger.LeafHash(leafBytes)
	if err := ledger.CheckInclusion(inclusion, seq, c.opening.from, hash, c.opening.root); err != nil {
		return nil, err
	}
	c.counts.Carried++
	return c.entry(seq, hash, leafBytes, fields)
}

// Complete says up to which position the log itself says how many entries of standing
// kinds there are, and these are all here; -1 when nothing says so. In a whole log every
// entry is here.
func (c *Checker) Complete() int64 { return c.opening.complete }

// balance holds what the company said of its log at one position to the entries that are
// here: with it nobody can leave out of a range that somebody's role had ended, since
// whoever holds the whole log would see that the balance was false.
func (c *Checker) balance(seq int64, leaf *ledger.Leaf) error {
	p, standing := fields(leaf.PublicValues()), &c.opening.standing
	if p.int("size") != seq || seq >= c.opening.from && p.text("root") != c.edge.Root().String() {
		c.Report(seq, "the balance is not of the entries before it")
	}
	if p.int("standing") != standing.Size() || p.text("standing_root") != standing.Root().String() {
		c.Report(seq, fmt.Sprintf("the balance says that %d people, roles, votes, opinions and entries of assessments stand before it; here are %d, or others", p.int("standing"), standing.Size()))
	} else {
		c.opening.complete = seq
	}
	records, hash, err := int64(0), "", error(nil)
	switch opens := c.options.Counted != nil && seq >= c.opening.from-1 && seq <= c.opening.from; {
	case c.canCount():
		if c.opening.all == nil {
			all := NewPopulation("", "")
			if err = c.recount(all, seq); err != nil {
				return err
			}
			c.opening.all = all // each entry adds to it, so that the next balance counts nothing again
		}
		records, hash = c.opening.all.Stands()
	case opens:
		c.opening.counted = seq
		records, hash, c.assured.rated, err = countedLines(c.options.Counted)
	default: // nobody can count what stands in entries that are not here
		return nil
	}
	if err == nil && (p.int("counted") != records || p.text("counted_hash") != hash) {
		c.Report(seq, fmt.Sprintf("the balance says that %d records stand before it that a population counts; here are %d, or others", p.int("counted"), records))
	}
	return err
}

// Counted gives the position of the balance from which the records of populations are
// counted on in a range; -1 when there is none. What it says is taken from it: whoever has
// checked the entries before it has checked that.
func (c *Checker) Counted() int64 { return c.opening.counted }

// canCount says whether all records that a population counts are known here: from the
// entries of a whole log, or from a balance on.
func (c *Checker) canCount() bool { return c.opening.from == 0 || c.opening.counted >= 0 }

// recount counts what stands before an entry. Once more is wrong than is told it counts
// nothing: a hostile log could ask for it with every entry.
func (c *Checker) recount(p *Population, seq int64) error {
	if c.hidden > 0 {
		return nil
	}
	if c.opening.from > 0 {
		if err := c.options.Counted(p.open); err != nil {
			return err
		}
	}
	return c.options.Leaves(seq, func(leaf []byte) error {
		_ = p.AddBytes(leaf) // one that does not parse is reported where it stands
		return nil
	})
}
