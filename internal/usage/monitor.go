package usage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"duly/internal/agreement"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/rule"
)

// engine names what a count means beside the packs. It changes whenever the same
// bytes could give other counts, so that a record says by what it was counted.
const engine = "duly/usage/3"

// Deployment is what is judged: who uses which capability for what, and the
// telemetry accounts in which that use shows.
type Deployment struct {
	ID       string
	Accounts []string // account ids as telemetry names them
	conditions.Subject
	Declared
	From  string // first day, YYYY-MM-DD; empty: open
	Until string // first day it no longer holds; empty: open
}

// Declared is what is declared of a deployment beside its subject.
type Declared struct {
	Inferred bool     // nobody declared it: it was inferred from use
	Regions  []string // in which it is used; none: not declared
	Volume   *int64   // calls a month at most; nil: not declared
}

// Monitor judges telemetry by sets of conditions. It is safe for concurrent use;
// each object is read on its own.
type Monitor struct {
	conds       []cond
	deployments []deployment
	accounts    map[string][]int // account -> deployments, by index
	table       rule.Table[int]  // events rule -> condition, by index
	sets        []*conditions.Set
	rules       string
	book        *agreement.Book         // nil: conditions are taken as agreed
	log         *Log                    // how objects are read; nil: as CloudTrail
	recalls     chan *conditions.Recall // what was found about calls, for those of the next object
	secret      []byte                  // keys the state of windows
	since       time.Time               // of calls before it nobody can tell whether they were counted before; zero: of none
}

type cond struct {
	*conditions.Condition
	assumed []string // by deployment: what its scope assumes, joined; outOfScope when it does not apply
	dropped []int64  // by deployment: the last day of which state of its window was dropped; of days up to it nobody can tell
}

const outOfScope = "-"

type deployment struct {
	Deployment
	from, until time.Time // zero: open
}

func (d *deployment) active(t time.Time) bool {
	return !t.Before(d.from) && (d.until.IsZero() || t.Before(d.until))
}

// NewMonitor prepares the conditions of all sets for the deployments. Two sets
// that hold the same version of a condition, two deployments of one id, and days
// that are none, are faults. An account may belong to several deployments: a call
// counts for each whose scope and days cover it, and says so (see [Count.Assumed]).
func NewMonitor(sets []*conditions.Set, deployments []Deployment) (*Monitor, error) {
	m := &Monitor{accounts: map[string][]int{}, recalls: make(chan *conditions.Recall, maxRecalls)}
	if err := m.addDeployments(deployments); err != nil {
		return nil, err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, engine)
	sets = slices.Clone(sets)
	slices.SortFunc(sets, func(a, b *conditions.Set) int { return strings.Compare(a.Hash, b.Hash) })
	m.sets = sets
	seen := map[string]string{}
	for _, set := range sets {
		fmt.Fprintln(sum, set.Hash)
		for _, c := range set.Conditions {
			if other, ok := seen[c.ID]; ok && other != set.ID {
				return nil, fault.Newf(fault.Invalid, "the condition %s is in the packs %s and %s", c.ID, other, set.ID).
					WithFix("name one of them")
			}
			seen[c.ID] = set.ID
			m.add(c)
		}
	}
	m.rules = hex.EncodeToString(sum.Sum(nil))
	return m, nil
}

func (m *Monitor) addDeployments(deployments []Deployment) error {
	byID := slices.SortedFunc(slices.Values(deployments), func(a, b Deployment) int { return strings.Compare(a.ID, b.ID) })
	for i, d := range byID {
		if i > 0 && byID[i-1].ID == d.ID {
			return fault.Newf(fault.Invalid, "two deployments have the id %q", d.ID)
		}
		own := deployment{Deployment: d}
		for _, q := range []struct {
			text string
			into *time.Time
		}{{d.From, &own.from}, {d.Until, &own.until}} {
			if q.text == "" {
				continue
			}
			var err error
			if *q.into, err = time.Parse(time.DateOnly, q.text); err != nil {
				return fault.Newf(fault.Invalid, "the deployment %q has %q, which is not a day", d.ID, q.text).WithFix("write it as YYYY-MM-DD")
			}
		}
		m.deployments = append(m.deployments, own)
		for _, a := range slices.Compact(slices.Sorted(slices.Values(d.Accounts))) {
			m.accounts[a] = append(m.accounts[a], i)
		}
	}
	return nil
}

func (m *Monitor) add(c *conditions.Condition) {
	if c.Events() == nil {
		return
	}
	own := cond{Condition: c, dropped: make([]int64, len(m.deployments))}
	for d := range own.dropped {
		own.dropped[d] = math.MinInt64
	}
	for _, d := range m.deployments {
		applies, assumed := c.Applies(d.Subject)
		text := strings.Join(assumed, " ")
		if !applies {
			text = outOfScope
		}
		own.assumed = append(own.assumed, text)
	}
	m.table.Add(c.Events(), len(m.conds))
	m.conds = append(m.conds, own)
}

// maxRecalls bounds how many memories of calls are kept: as many as objects are likely to
// be read at once.
const maxRecalls = 16

// recall takes a memory of calls that nobody uses, or a new one.
func (m *Monitor) recall() *conditions.Recall {
	select {
	case r := <-m.recalls:
		return r
	default:
		return new(conditions.Recall)
	}
}

func (m *Monitor) release(r *conditions.Recall) {
	select {
	case m.recalls <- r:
	default:
	}
}

// Rules gives the SHA-256, in hex, of the engine's version and of all packs: the
// rule set's part of a batch's identity.
func (m *Monitor) Rules() string { return m.rules }

// By gives a monitor that reads objects by a log's mapping instead of as CloudTrail.
// The mapping is part of its rules.
func (m *Monitor) By(l *Log) *Monitor {
	own := *m
	sum := sha256.Sum256([]byte(m.rules + "\n" + l.Pack.Hash + "\n"))
	own.log, own.rules = l, hex.EncodeToString(sum[:])
	return &own
}

// basis says what the monitor's counts are made of.
func (m *Monitor) basis() string {
	if m.log != nil && m.log.Calls != "" {
		return Metering
	}
	return Events
}

// mapping gives the hash of the mapping by which objects are read; empty for CloudTrail.
func (m *Monitor) mapping() string {
	if m.log == nil {
		return ""
	}
	return m.log.Pack.Hash
}

// Read judges one object of telemetry: a file, plain or gzip, of CloudTrail
// records, or of rows of the monitor's log. source names where it comes from (a bucket, a directory), name the
// object within it.
//
// What is wrong with the object stands in the batch, with what could be counted
// before it. An error means that nothing was judged: the medium failed, or ctx
// ended. Memory does not grow with the object; it grows with the number of
// different accounts, regions, hours, days and conditions in it, up to a bound
// past which reading stops as a fault of the object.
func (m *Monitor) Read(ctx context.Context, source, name string, r io.Reader) (*Batch, error) {
	j := newJudge(m)
	defer m.release(j.recall)
	var object Object
	var err error
	if m.log != nil {
		object, err = readRows(ctx, m.log, name, r, j.event)
	} else {
		object, err = readObject(ctx, name, r, j.event)
	}
	if err != nil {
		return nil, err
	}
	return j.batch(source, object), nil
}
