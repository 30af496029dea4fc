package usage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
)

// Recounted says what came of reading again what was counted.
type Recounted struct {
	Objects int64            `json:"objects"` // recorded = same + differ + other + gone + not kept + unread
	Same    int64            `json:"same"`    // the same bytes, and the same counts
	Differ  int64            `json:"differ"`  // the same bytes, and other counts: deployments are known otherwise now, or the counts are wrong
	Other   int64            `json:"other"`   // other bytes stand in the object's place
	Gone    int64            `json:"gone"`    // nothing stands there, or it cannot be opened
	NotKept int64            `json:"not_kept"`
	Unread  int64            `json:"unread"`  // the pack by which it was counted is not recorded
	Counts  int64            `json:"counts"`  // recorded counts
	Unequal int64            `json:"unequal"` // of those, which are not the sum of what objects add to them
	Untold  int64            `json:"untold"`  // of those, whose deviations are over calls that are not all there any more
	List    []RecountedEntry `json:"list,omitempty"`
	More    int64            `json:"more,omitempty"`
}

// RecountedEntry is an object that did not give the same.
type RecountedEntry struct {
	Name  string `json:"name"`
	State string `json:"state"` // differ, other, gone, not_kept or unread
	Why   string `json:"why"`
}

// Held says whether nothing contradicts the counts. What is gone contradicts nothing,
// and proves nothing.
func (r *Recounted) Held() bool { return r.Differ+r.Other+r.Unequal == 0 }

// recounter reads recorded objects again.
type recounter struct {
	ctx      context.Context
	db       *store.DB
	task     Task
	from     string
	out      *Recounted
	monitors map[string][]*Monitor // by mapping; nil where the mapping is not recorded
	trees    map[string]*Tree
	changed  []watchedObject
	windows  windows
	gaps     map[scope]bool // of which not every object was read again
}

type watchedObject struct {
	record *ObjectRecord
	now    string
}

// Recount reads every object that was counted again, from where it was, or from below
// the directory from if that is not empty, by the packs that are recorded. An object
// in whose place other bytes stand is recorded as a finding. Of the task it takes who
// runs it, the day, and the inbox.
func Recount(ctx context.Context, db *store.DB, task Task, from string) (*Recounted, error) {
	r := &recounter{ctx: ctx, db: db, task: task, from: from, out: &Recounted{}, monitors: map[string][]*Monitor{}, trees: map[string]*Tree{}, windows: windows{}, gaps: map[scope]bool{}}
	defer func() {
		for _, t := range r.trees {
			if t != nil {
				t.Close()
			}
		}
	}()
	if err := r.load(); err != nil {
		return nil, err
	}
	objects, err := store.Select(ctx, db, ObjectRecords, "")
	if err != nil {
		return nil, err
	}
	sums := map[string]contribution{}
	for _, o := range objects {
		for _, text := range o.Record.Counted {
			c := parseContribution(text)
			s := sums[c.identity]
			sums[c.identity] = contribution{c.identity, "", s.exposures + c.exposures, s.deviations + c.deviations, s.unknown + c.unknown}
		}
		r.out.Objects++
		same := r.out.Same
		if err := r.object(o.Record); err != nil {
			return nil, err
		}
		if r.out.Same == same {
			for _, text := range o.Record.Counted {
				s, _ := scopeOf(parseContribution(text).identity)
				r.gaps[s] = true
			}
		}
	}
	if err := errors.Join(r.sum(sums), r.sumShown(sums)); err != nil {
		return nil, err
	}
	return r.out, r.record()
}

// load reads the conditions that are recorded, the deployments, and the mappings.
func (r *recounter) load() error {
	recorded, err := store.Select(r.ctx, r.db, runs.Packs, "")
	if err != nil {
		return err
	}
	deployments, err := Deployments(r.ctx, r.db)
	if err != nil {
		return err
	}
	var plain []*Monitor
	var logs []*Log
	for _, rec := range recorded {
		if rec.Record.Kind != pack.Conditions && rec.Record.Kind != pack.Log {
			continue
		}
		p, err := pack.Parse("packs/"+rec.Record.SHA256, []byte(rec.Record.Bytes))
		if err != nil {
			continue // of an earlier form; objects that it counted are told as unread
		}
		if p.Kind == pack.Log {
			if l, err := LoadLog(p); err == nil {
				logs = append(logs, l)
			}
			continue
		}
		set, err := conditions.Load(p)
		if err != nil {
			continue
		}
		m, err := NewMonitor([]*conditions.Set{set}, deployments)
		if err != nil {
			return err
		}
		plain = append(plain, m)
	}
	r.monitors[""] = plain
	for _, l := range logs {
		for _, m := range plain {
			r.monitors[l.Pack.Hash] = append(r.monitors[l.Pack.Hash], m.By(l))
		}
	}
	return nil
}

func (r *recounter) tell(o *ObjectRecord, n *int64, state, why string) {
	*n++
	if len(r.out.List) == maxTold {
		r.out.More++
		return
	}
	r.out.List = append(r.out.List, RecountedEntry{o.Name, state, why})
}

// object reads one object again and says what came of it.
func (r *recounter) object(o *ObjectRecord) error {
	if o.Source == pushedSource && o.KeptUntil == "" {
		r.tell(o, &r.out.NotKept, "not_kept", "pushed events are removed once they are counted")
		return nil
	}
	hash, err := r.hash(o)
	if err != nil {
		why := "it is not where it was"
		if o.KeptUntil != "" && o.KeptUntil < r.task.Today {
			why = "it was kept until " + o.KeptUntil
		}
		r.tell(o, &r.out.Gone, "gone", why)
		return r.ctx.Err()
	}
	if hash != o.SHA256 {
		r.changed = append(r.changed, watchedObject{o, hash})
		r.tell(o, &r.out.Other, "other", "it was "+o.SHA256+" and is "+hash)
		return nil
	}
	return r.compare(o)
}

// open opens an object where it was, or where the caller says that objects are.
func (r *recounter) open(o *ObjectRecord) (io.ReadCloser, error) {
	if o.Source == pushedSource {
		return os.Open(filepath.Join((&Inbox{dir: r.task.Inbox}).kept(), o.SHA256+segmentEnd))
	}
	source := o.Source
	if r.from != "" {
		source = r.from
	}
	tree, ok := r.trees[source]
	if !ok {
		var err error
		if tree, err = OpenTree(source); err != nil {
			tree = nil
		}
		r.trees[source] = tree
	}
	if tree == nil {
		return nil, fault.New(fault.NotFound, "cannot be opened", "").At(source, 0, "")
	}
	return tree.Open(o.Name)
}

func (r *recounter) hash(o *ObjectRecord) (string, error) {
	f, err := r.open(o)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), r.ctx.Err()
}

// compare counts an object whose bytes are the same.
func (r *recounter) compare(o *ObjectRecord) error {
	want := map[string]contribution{}
	for _, text := range o.Counted {
		c := parseContribution(text)
		want[c.identity+"|"+c.mapping] = c
	}
	got := map[string]contribution{}
	for _, mapping := range slices.Sorted(maps.Keys(mappings(want))) {
		for _, m := range r.monitors[mapping] {
			if !slices.ContainsFunc(o.Counted, func(text string) bool { return m.judges(parseContribution(text).identity) }) {
				continue
			}
			if err := r.count(o, m, mapping, want, got); err != nil {
				return err
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		w, g := want[k], got[k]
		switch {
		case r.known(w) == nil:
			r.tell(o, &r.out.Unread, "unread", "the pack by which it was counted is not recorded, or is of an earlier form")
			return nil
		case g != w && !r.late(w, g):
			r.tell(o, &r.out.Differ, "differ", fmt.Sprintf("%s: recorded %d exposures, %d deviations, %d unknown; now %d, %d, %d",
				w.identity, w.exposures, w.deviations, w.unknown, g.exposures, g.deviations, g.unknown))
			return nil
		}
	}
	r.out.Same++
	return nil
}

// late says whether a contribution differs only by calls of days whose state had been
// dropped when it was counted, of which nobody could tell.
func (r *recounter) late(recorded, now contribution) bool {
	s, _ := scopeOf(recorded.identity)
	if r.known(recorded).windowed(s.hash) == nil || now.unknown >= recorded.unknown {
		return false
	}
	r.gaps[s] = true
	now.unknown = recorded.unknown
	return now == recorded
}

func mappings(counted map[string]contribution) map[string]bool {
	out := map[string]bool{}
	for _, c := range counted {
		out[c.mapping] = true
	}
	return out
}

// known gives a monitor that counts as a contribution was counted, or nil.
func (r *recounter) known(c contribution) *Monitor {
	for _, m := range r.monitors[c.mapping] {
		if m.judges(c.identity) {
			return m
		}
	}
	return nil
}

func (r *recounter) count(o *ObjectRecord, m *Monitor, mapping string, want, got map[string]contribution) error {
	f, err := r.open(o)
	if err != nil {
		return err
	}
	defer f.Close()
	then := *m
	if then.since, err = time.Parse(time.DateOnly, cmp.Or(o.Since, "0001-01-01")); err != nil {
		return fault.Wrap(fault.Broken, err, "the record of an object cannot be read").At(o.Name, 0, "")
	}
	b, err := then.Read(r.ctx, o.Source, o.Name, f)
	if err != nil {
		return err
	}
	for _, c := range b.Counts {
		got[c.identity()+"|"+mapping] = contribution{c.identity(), mapping, c.Exposures, c.Deviations, c.Unknown}
	}
	for _, s := range b.Shown {
		got[s.identity()+"|"+mapping] = contribution{identity: s.identity(), mapping: mapping, exposures: s.Calls}
	}
	r.windows.add(m, slices.DeleteFunc(b.windows, func(w observed) bool {
		_, counted := want[w.scope.on(dayText(w.part.Day))+"|"+mapping]
		return !counted
	}))
	return nil
}

// sum compares the recorded counts with what objects add to them, and, where calls are
// counted together, with what all of them amount to.
func (r *recounter) sum(sums map[string]contribution) error {
	counts, err := store.Select(r.ctx, r.db, Counts, "")
	if err != nil {
		return err
	}
	dropped, err := list(r.ctx, r.db, "select scope from window_dropped", nil, func(rows *sql.Rows) (text string, err error) {
		return text, rows.Scan(&text)
	})
	if err != nil {
		return err
	}
	for _, text := range dropped {
		r.gaps[parseScope(text)] = true
	}
	for _, c := range counts {
		r.out.Counts++
		s := sums[c.Record.Identity]
		together, told, err := r.together(c.Record)
		if err != nil {
			return err
		}
		if !told {
			r.out.Untold++
		}
		if s.exposures != c.Record.Exposures || s.deviations+together != c.Record.Deviations || s.unknown != c.Record.Unknown {
			r.out.Unequal++
		}
	}
	return nil
}

// sumShown compares what is recorded to have been shown with what objects add to it.
func (r *recounter) sumShown(sums map[string]contribution) error {
	days := map[string]int64{}
	for id, c := range sums {
		if s, ok := parseShown(id); ok {
			days[identity(s.Deployment, s.Day, s.Basis)] += c.exposures
		}
	}
	records, err := store.Select(r.ctx, r.db, ShownRecords, "")
	for _, rec := range records {
		r.out.Counts++
		if days[rec.Record.Identity] != rec.Record.Calls {
			r.out.Unequal++
		}
	}
	return err
}

// together gives the deviations of a count that calls have together: as all objects read
// again tell, or else as the state says that was kept, and then they are not told.
func (r *recounter) together(c *CountRecord) (n int64, told bool, err error) {
	s, day := scopeOf(c.Identity)
	for _, monitors := range r.monitors {
		for _, m := range monitors {
			if cond := m.windowed(s.hash); cond != nil && !r.gaps[s] {
				return r.windows.weigh(cond, s)[dayNumber(day)].Times, true, nil
			} else if cond != nil {
				b, err := beyondOn(r.ctx, r.db, s, dayNumber(day), "")
				return b.Times, false, err
			}
		}
	}
	return 0, true, nil
}

// record states the findings of objects in whose place others stand, for each
// deployment of which they were counted.
func (r *recounter) record() error {
	if len(r.changed) == 0 {
		return nil
	}
	k := newKeeper(r.ctx, r.db, r.task, &Monitor{}, nil)
	return r.db.Write(r.ctx, r.task.Actor, func(tx *store.Tx) error {
		for _, x := range r.changed {
			who := map[string]bool{}
			for _, text := range x.record.Counted {
				deployment, _, _ := strings.Cut(text, "|")
				who[deployment] = true
			}
			for _, id := range deploymentsOf(who) {
				w := overwrittenIn(id, r.task.Today, x.record.Name, x.record.SHA256, x.now)
				if err := k.state(tx, &w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
