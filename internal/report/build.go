package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
)

// format names the shape of a report.
const format = "report/1"

// Build reads what the log held at a checkpoint, for an audience that may see the
// sealed classes. signed is the signed note of the checkpoint, whose signature the
// caller has checked. q should be a snapshot, or the log quiet: what is written
// later does not count, but what is erased meanwhile is gone.
//
// A field that a redaction withholds is withheld from every audience, whatever its class.
//
// Time and memory grow with the records in force, not with the log's history.
//
// Errors: Invalid for a class that no sealed field has, public included, since
// nothing public is ever withheld; Broken when the checkpoint is not one of this
// log.
func Build(ctx context.Context, q store.Queryer, checkpoint ledger.Checkpoint, signed []byte, classes []ledger.Class) (*Report, error) {
	audience, err := audienceOf(classes)
	if err != nil {
		return nil, err
	}
	b := &builder{
		ctx: ctx, q: q, at: store.At{Seq: checkpoint.Size - 1},
		view: &viewer{classes: audience, hidden: map[place]Hidden{}},
		r:    &Report{Duly: format, Audience: audience},
	}
	return b.r, b.build(checkpoint, signed)
}

// build makes the whole report.
func (b *builder) build(checkpoint ledger.Checkpoint, signed []byte) error {
	if err := b.log(checkpoint, signed); err != nil {
		return err
	}
	var err error
	if b.view.redactions, err = ReadRedactions(b.ctx, b.q, b.at); err != nil {
		return err
	}
	if err := b.read(); err != nil {
		return err
	}
	for _, step := range []func() error{b.standing, b.spine, b.conditions, b.subjects, b.hits, b.oversight, b.registers, b.consequences, b.runs, b.entries} {
		if err := step(); err != nil {
			return err
		}
	}
	b.lanes()
	b.findings()
	b.telemetry()
	b.people()
	b.r.Withheld, b.r.Erased = b.view.counts()
	if b.r.Redactions, err = b.redacted(); err != nil {
		return err
	}
	b.r.Made, b.r.Limits = ofReport, limits(b.r)
	return b.view.err
}

// audienceOf puts the classes in their fixed order, each once.
func audienceOf(classes []ledger.Class) ([]ledger.Class, error) {
	for _, c := range classes {
		if !slices.Contains(ledger.Classes, c) {
			names := make([]string, len(ledger.Classes))
			for i, k := range ledger.Classes {
				names[i] = string(k)
			}
			return nil, fault.Newf(fault.Invalid, "%q is not a class that can be disclosed or withheld", c).
				WithFix("use " + strings.Join(names, ", ") + "; what is public is always shown")
		}
	}
	out := []ledger.Class{}
	for _, c := range ledger.Classes {
		if slices.Contains(classes, c) {
			out = append(out, c)
		}
	}
	return out, nil
}

// builder holds the records that a report is made of while it is made.
type builder struct {
	ctx  context.Context
	q    store.Queryer
	at   store.At
	view *viewer
	r    *Report

	accounts      []*store.Revision[register.Account]
	customers     map[string]*store.Revision[register.Customer]
	products      map[string]*store.Revision[register.Product]
	relationships map[string]*store.Revision[register.Relationship]
	deployments   []*store.Revision[register.Deployment]
	triages       map[string]*store.Revision[triage.Triage]
	ratings       map[string]*store.Revision[assessment.Rating]
	decisions     map[string]*store.Revision[decision.Decision]
	held          map[string]*store.Revision[decision.Decision] // by record id, while a newer one is locked
	fulfilled     map[string]int64                              // conditions precedent that are met, by the decision's leaf hash
	found         []*store.Revision[usage.FindingRecord]
	counted       []*store.Revision[usage.CountRecord]
	objects       []*store.Revision[usage.ObjectRecord]
	ran           []*store.Revision[runs.Run]
	packs         []*store.Revision[runs.Pack]
	persons       []*store.Revision[people.Person]
	enforced      map[string]string // the days on which decisions were confirmed as enforced, by leaf hash
	failed        map[string]bool   // decisions of which somebody said that it failed, by leaf hash
	clauses       map[string]clause // conditions of packs in use, by hash
	inForce       []clause
	sizes         map[ledger.Hash]sized // entries by schema, once they were counted
}

// log checks the checkpoint against the stored tree and takes its days.
func (b *builder) log(c ledger.Checkpoint, signed []byte) error {
	head, err := store.Head(b.ctx, b.q)
	if err != nil {
		return err
	}
	if head.Origin != c.Origin || c.Size < 1 || c.Size > head.Size || !strings.HasPrefix(string(signed), c.Text()) {
		return fault.New(fault.Broken, "the checkpoint is not one of this log", "use the checkpoint of the workspace")
	}
	if root, err := store.Root(b.ctx, b.q, c.Size); err != nil {
		return err
	} else if root != c.Root {
		return fault.New(fault.Broken, "the log's entries are not those of the checkpoint", "run `duly verify`")
	}
	b.r.Log = Log{Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Checkpoint: string(signed)}
	if b.r.Log.First, err = b.timeOf(0); err != nil {
		return err
	}
	b.r.Log.Last, err = b.timeOf(c.Size - 1)
	b.r.Day = dayOf(b.r.Log.Last)
	return err
}

func (b *builder) timeOf(seq int64) (string, error) {
	leaf, err := store.LeafAt(b.ctx, b.q, seq)
	if err != nil {
		return "", err
	}
	return when(leaf), nil
}

// when gives a leaf's time as RFC 3339, or its day where the kind is dated so.
func when(l *ledger.Leaf) string {
	if l.Day != "" {
		return l.Day
	}
	return time.UnixMicro(l.Time).UTC().Format(time.RFC3339Nano)
}

func dayOf(t string) string { return t[:len(time.DateOnly)] }

// read loads every record that the report is made of, as known at the checkpoint.
func (b *builder) read() error {
	var err error
	load := func(step func() error) {
		if err == nil {
			err = step()
		}
	}
	load(func() error { return into(b, register.Accounts, &b.accounts) })
	load(func() error {
		return index(b, register.Customers, &b.customers, func(r *store.Revision[register.Customer]) string { return r.ID })
	})
	load(func() error {
		return index(b, register.Products, &b.products, func(r *store.Revision[register.Product]) string { return r.ID })
	})
	load(func() error {
		return index(b, register.Relationships, &b.relationships, func(r *store.Revision[register.Relationship]) string { return r.ID })
	})
	load(func() error { return into(b, register.Deployments, &b.deployments) })
	load(func() error {
		return index(b, triage.Triages, &b.triages, func(r *store.Revision[triage.Triage]) string { return r.Record.Account })
	})
	load(func() error {
		return index(b, assessment.Ratings, &b.ratings, func(r *store.Revision[assessment.Rating]) string {
			r.Record.Trace = "" // the longest of all fields, and the report shows none of it
			return r.Record.Subject
		})
	})
	load(func() error {
		return index(b, decision.Decisions, &b.decisions, func(r *store.Revision[decision.Decision]) string { return r.Record.Subject })
	})
	load(func() error { return into(b, usage.Findings, &b.found) })
	load(func() error {
		err := into(b, usage.Counts, &b.counted)
		b.counted = usage.Preferred(b.counted)
		return err
	})
	load(func() error { return into(b, usage.ObjectRecords, &b.objects) })
	load(func() error { return into(b, runs.Runs, &b.ran) })
	load(func() error { return into(b, runs.Packs, &b.packs) })
	load(func() error { return into(b, people.Persons, &b.persons) })
	return err
}

func into[T any](b *builder, kind *ledger.Kind[T], list *[]*store.Revision[T]) (err error) {
	*list, err = store.SelectAt(b.ctx, b.q, kind, b.at, "")
	return err
}

// index reads all records of a kind by a key. Of two with one key the later in
// the log counts; records whose key was erased stand under a key of their own.
func index[T any](b *builder, kind *ledger.Kind[T], byKey *map[string]*store.Revision[T], key func(*store.Revision[T]) string) error {
	var list []*store.Revision[T]
	err := into(b, kind, &list)
	*byKey = make(map[string]*store.Revision[T], len(list))
	for _, r := range list {
		k := key(r)
		if k == "" {
			k = "erased " + r.ID
		}
		(*byKey)[k] = r
	}
	return err
}

func (b *builder) hits() error {
	var list []*store.Revision[screening.Hit]
	if err := into(b, screening.Hits, &list); err != nil {
		return err
	}
	states := map[string]int{}
	b.r.Hits.List = []Hit{}
	for _, h := range list {
		states[h.Record.State]++
		if h.Record.State == screening.Dismissed || h.Record.State == screening.Stale {
			continue
		}
		one := func(field string) Value { return see(b.view, screening.Hits, h, field) }
		row := Hit{Entry: h.Seq, State: h.Record.State, Listed: one("matched"), List: one("list"), ListID: one("entry"), Reasons: one("reasons")}
		if c := b.customers[h.Record.Subject]; c != nil {
			row.Customer = see(b.view, register.Customers, c, "name")
		} else {
			row.Customer = one("subject")
		}
		b.r.Hits.List = append(b.r.Hits.List, row)
	}
	b.r.Hits.States = tallies([]string{screening.Open, screening.Proposed, screening.Unresolved, screening.Confirmed, screening.Dismissed, screening.Stale}, states)
	return b.watchlists()
}

func (b *builder) watchlists() error {
	var list []*store.Revision[screening.List]
	if err := into(b, screening.Lists, &list); err != nil {
		return err
	}
	b.r.Watchlists = []Watchlist{}
	for _, l := range list {
		if l.Record.State != "in_use" {
			continue
		}
		b.r.Watchlists = append(b.r.Watchlists, Watchlist{
			Entry: l.Seq, SHA256: l.Record.SHA256, Name: see(b.view, screening.Lists, l, "list"), Entries: l.Record.Entries,
			Rejects: l.Record.Rejects, Published: l.Record.Published, Added: l.Record.Added,
		})
	}
	return nil
}

// runs lists the newest run of each task, in the order of the work.
func (b *builder) runs() error {
	b.r.Runs, b.r.Packs = []Run{}, []Pack{}
	for _, task := range []string{"screen", "triage", "assess", "monitor", "sweep"} {
		n := 0
		var last *store.Revision[runs.Run]
		for _, r := range b.ran {
			if r.Record.Task == task {
				n, last = n+1, r
			}
		}
		if last != nil {
			b.r.Runs = append(b.r.Runs, Run{task, n, last.Seq, last.Record.Day, last.Record.Covered, last.Record.Findings})
		}
	}
	for _, p := range b.packs {
		title, err := b.seePack(p, "title")
		if err != nil {
			return err
		}
		b.r.Packs = append(b.r.Packs, Pack{p.Seq, p.Record.SHA256, p.Record.Kind, p.Record.State, p.Record.From, title})
	}
	return nil
}

func (b *builder) people() {
	roles := map[string]int{}
	for _, p := range b.persons {
		if p.Record.State != "active" {
			continue
		}
		b.r.People.Active++
		for _, r := range p.Record.Roles {
			roles[r]++
		}
	}
	names := make([]string, len(act.Roles))
	for i, r := range act.Roles {
		names[i] = string(r)
	}
	b.r.People.Roles = tallies(names, roles)
}

// entries counts the log's entries by the kind that each leaf states.
func (b *builder) entries() error {
	sizes, err := b.bySchema()
	b.r.Entries = map[string]int64{}
	for _, size := range sizes {
		b.r.Entries[size.kind] += size.n
	}
	return err
}

// tallies gives the counts of a fixed list of names, in its order.
func tallies(names []string, counts map[string]int) []Tally {
	out := make([]Tally, len(names))
	for i, n := range names {
		out[i] = Tally{n, counts[n]}
	}
	return out
}
