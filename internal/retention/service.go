package retention

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Hold keeps a record from being erased, while a court, an inquiry or somebody who
// complained may need it.
type Hold struct {
	State  string `duly:"state,public,enum=in_force|lifted,column"`
	Day    string `duly:"day,public,date"`
	Record string `duly:"record,legal,column"` // record id
	Reason string `duly:"reason,legal"`
	By     string `duly:"by,personal"` // key id
}

// Holds is the kind of Hold.
var Holds = ledger.Define[Hold]("hold", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "retention", Files: files}

const inForce, lifted = "in_force", "lifted"

// heldRecords gives the records that a hold keeps.
func heldRecords(ctx context.Context, q store.Queryer) (map[string]bool, error) {
	list, err := store.Select(ctx, q, Holds, "r.state = $1", inForce)
	if err != nil {
		return nil, err
	}
	held := make(map[string]bool, len(list))
	for _, h := range list {
		held[h.Record.Record] = true
	}
	return held, nil
}

// Service erases. Kinds are all kinds of record that the log may hold; Drafts is nil where
// nothing waits beside it.
type Service struct {
	DB     *store.DB
	May    act.Authority
	Kinds  []*ledger.Schema
	Drafts Drafts
	Now    func() time.Time
}

func (s Service) today() string { return s.Now().UTC().Format(time.DateOnly) }

// watch runs a writing act, and logs it when a rule refuses it.
func (s Service) watch(ctx context.Context, by act.Actor, what act.Act, about string, do func(tx *store.Tx) error) error {
	return refusal.Watch(ctx, s.DB, refusal.Attempt{Act: "erasure", Subject: about, By: by, Now: s.Now()}, func() error {
		if err := s.May.May(by, what); err != nil {
			return err
		}
		return s.DB.Write(ctx, by.Key, do)
	})
}

// scrubbed takes what was erased out of the files, also what an earlier act erased that
// could not do so, and gives the first error of the two.
func (s Service) scrubbed(ctx context.Context, err error) error {
	if scrub := s.DB.Scrub(context.WithoutCancel(ctx)); err == nil {
		err = scrub
	}
	return err
}

// batch is how many entries one transaction erases from: others wait that long.
const batch = 500

// Sweep erases what is past its clock and under no hold, drops such drafts, and gives what
// it erased.
// It may be run again at any time: what was erased is not found again.
func (s Service) Sweep(ctx context.Context, by act.Actor, rules *Rules) ([]Due, error) {
	if err := s.May.May(by, act.Retain); err != nil {
		return nil, err
	}
	all, err := s.Due(ctx, s.DB, rules)
	if err != nil {
		return nil, err
	}
	due := slices.DeleteFunc(all, func(d Due) bool { return d.Held })
	return due, s.scrubbed(ctx, s.sweep(ctx, by, rules, due))
}

func (s Service) sweep(ctx context.Context, by act.Actor, rules *Rules, due []Due) error {
	for part := range slices.Chunk(due, batch) {
		err := s.watch(ctx, by, act.Retain, "", func(tx *store.Tx) error {
			held, err := heldRecords(ctx, tx) // a hold that came since the list was made counts
			if err != nil {
				return err
			}
			for _, d := range part {
				if held[d.ID] || held[d.Draft] {
					continue
				}
				if d.Draft != "" {
					if err := s.Drafts.Drop(tx, d.Draft); err != nil {
						return err
					}
					continue
				}
				kind, err := s.kind(d.Kind)
				if err != nil {
					return err
				}
				for _, f := range d.Fields {
					if _, err := store.Erase(tx, kind, d.Entry, f, "retention", "clock "+d.Clock+" of pack "+rules.Hash); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s Service) kind(name string) (*ledger.Schema, error) {
	i := slices.IndexFunc(s.Kinds, func(k *ledger.Schema) bool { return k.Kind == name })
	if i < 0 {
		return nil, fault.Newf(fault.Invalid, "this program knows no kind of record %q", name)
	}
	return s.Kinds[i], nil
}

// erasable are the classes of what concerns people or the customer, and words written for
// everybody, which may name somebody. What protects the company alone is no reason to erase.
var erasable = []ledger.Class{ledger.Published, ledger.Customer, ledger.Personal, ledger.Legal}

// Erase erases one field of an entry before its clock: because a person asked
// ("request"), a court ordered it ("court_order") or it was entered by mistake
// ("error"). note says by which paper.
//
// Errors: Refused under a hold, for a class that nobody asks about, and for an act that
// is not the actor's; NotFound for an entry that the log has not.
func (s Service) Erase(ctx context.Context, by act.Actor, entry int64, field, reason, note string) (ref store.Ref, err error) {
	if reason == "retention" {
		return ref, fault.New(fault.Invalid, "what is erased by its clock is erased by the clock", "run `duly erase due --apply`")
	}
	if strings.TrimSpace(note) == "" {
		return ref, fault.New(fault.Invalid, "an erasure rests on something", "say by which request, order or mistake with --note")
	}
	err = s.watch(ctx, by, act.Erase, fmt.Sprint(entry), func(tx *store.Tx) error {
		kind, id, err := s.at(ctx, tx, entry)
		if err != nil {
			return err
		}
		for _, f := range kind.Sealed {
			if f.Name == field && !slices.Contains(erasable, f.Class) {
				return refusal.Refuse(refusal.Class, fmt.Sprintf("%s is of class %s, which protects the company and nobody else", field, f.Class), "withhold it from audiences instead")
			}
		}
		if held, err := heldRecords(ctx, tx); err != nil {
			return err
		} else if held[id] {
			return refusal.Refuse(refusal.Held, "a hold keeps the record "+id, "lift the hold first, if its reason is gone")
		}
		ref, err = store.Erase(tx, kind, entry, field, reason, note)
		return err
	})
	return ref, s.scrubbed(ctx, err)
}

// at gives the kind and the record of an entry.
func (s Service) at(ctx context.Context, q store.Queryer, entry int64) (*ledger.Schema, string, error) {
	leaf, err := store.LeafAt(ctx, q, entry)
	if err != nil {
		return nil, "", err
	}
	kind, err := s.kind(leaf.Kind)
	return kind, leaf.ID, err
}

// Hold keeps a record, whatever its clocks say, until [Service.Lift].
func (s Service) Hold(ctx context.Context, by act.Actor, record, reason string) (ref store.Ref, err error) {
	if !ledger.ValidID(record) {
		return ref, fault.Newf(fault.Invalid, "%q is not the id of a record", record)
	}
	if strings.TrimSpace(reason) == "" {
		return ref, fault.New(fault.Invalid, "a hold needs a reason", "give it with --reason")
	}
	err = s.watch(ctx, by, act.Hold, record, func(tx *store.Tx) error {
		held, err := heldRecords(ctx, tx)
		if err == nil && held[record] {
			err = refusal.Refuse(refusal.Twice, "a hold keeps this record already", "")
		}
		if err != nil {
			return err
		}
		ref, err = store.Create(tx, Holds, &Hold{State: inForce, Day: s.today(), Record: record, Reason: reason, By: by.Key})
		return err
	})
	return ref, err
}

// Lift ends the hold on a record.
func (s Service) Lift(ctx context.Context, by act.Actor, record, reason string) (ref store.Ref, err error) {
	err = s.watch(ctx, by, act.Hold, record, func(tx *store.Tx) error {
		list, err := store.Select(ctx, tx, Holds, "r.state = $1 and r.record = $2", inForce, record)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Newf(fault.NotFound, "no hold keeps the record %s", record)
		}
		ref, _, err = store.Revise(tx, Holds, list[0].ID, &Hold{State: lifted, Day: s.today(), Record: record, Reason: reason, By: by.Key})
		return err
	})
	return ref, err
}

// Erased is one erasure as it is kept outside the log, to be made again after a restore.
type Erased struct {
	Leaf   string `json:"leaf"` // hash of the entry
	Field  string `json:"field"`
	Reason string `json:"reason"`
	Note   string `json:"note"`
	Entry  int64  `json:"entry"` // where it stood
	Day    string `json:"day"`   // when it was erased
}

// List gives all erasures, in the order of the log.
func (s Service) List(ctx context.Context, q store.Queryer) ([]Erased, error) {
	list, err := store.Select(ctx, q, store.Erasures, "")
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx, q, list)
	if err != nil {
		return nil, err
	}
	out := make([]Erased, len(list))
	for i, r := range list {
		out[i] = Erased{Leaf: r.Record.Target, Reason: r.Record.Reason, Note: r.Record.Note, Entry: -1, Day: r.Leaf.Entered()}
		if at, ok := places[r.Record.Target]; ok && int(r.Record.Field) < len(at.kind.Sealed) {
			out[i].Entry, out[i].Field = at.seq, at.kind.Sealed[r.Record.Field].Name
		}
	}
	return out, nil
}

type spot struct {
	seq  int64
	kind *ledger.Schema
}

// places finds the entries that erasures name by their leaf hash. It reads the log once.
func (s Service) places(ctx context.Context, q store.Queryer, list []*store.Revision[store.Erasure]) (map[string]spot, error) {
	wanted := make(map[string]bool, len(list))
	for _, r := range list {
		wanted[r.Record.Target] = true
	}
	return s.find(ctx, q, wanted)
}

func (s Service) find(ctx context.Context, q store.Queryer, wanted map[string]bool) (map[string]spot, error) {
	found := make(map[string]spot, len(wanted))
	if len(wanted) == 0 {
		return found, nil
	}
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	err = store.Entries(ctx, q, 0, head.Size, func(e store.Entry) error {
		hash := ledger.LeafHash(e.Leaf).String()
		if !wanted[hash] {
			return nil
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		kind, err := s.kind(leaf.Kind)
		found[hash] = spot{e.Seq, kind}
		return err
	})
	return found, err
}

// Replay erases again what a list says was erased, after a restore brought it back, and
// gives how many values it erased. What the log does not hold, or has erased, is passed
// over. The list is that of [Service.List] as JSON.
func (s Service) Replay(ctx context.Context, by act.Actor, list io.Reader) (again int, err error) {
	var erased []Erased
	d := json.NewDecoder(io.LimitReader(list, maxList))
	d.DisallowUnknownFields()
	if err := d.Decode(&erased); err != nil {
		return 0, fault.Newf(fault.Invalid, "this is not a list of erasures: %v", err).WithFix("give the file that `duly erase list --json` wrote")
	}
	err = s.watch(ctx, by, act.Erase, "", func(tx *store.Tx) error {
		wanted := map[string]bool{}
		for _, e := range erased {
			wanted[e.Leaf] = true
		}
		places, err := s.find(ctx, tx, wanted)
		if err != nil {
			return err
		}
		for _, e := range erased {
			at, ok := places[e.Leaf]
			if !ok {
				continue
			}
			_, err := store.Erase(tx, at.kind, at.seq, e.Field, e.Reason, e.Note)
			if fault.CodeOf(err) == fault.Refused { // it was erased before that copy was made
				continue
			}
			if err != nil {
				return err
			}
			again++
		}
		return nil
	})
	return again, s.scrubbed(ctx, err)
}

// maxList bounds a list of erasures, in bytes.
const maxList = 256 << 20

// Found is a field that holds a text.
type Found struct {
	Entry int64        `json:"entry"`           // -1 in a draft
	Draft string       `json:"draft,omitempty"` // its name, if it is one
	Kind  string       `json:"kind"`
	ID    string       `json:"id"`
	Field string       `json:"field"`
	Class ledger.Class `json:"class"`
	Value string       `json:"value"` // canonical JSON
}

// noEntry is the entry of what stands in none.
const noEntry = -1

// Find gives every sealed field, of every revision and draft, that holds a text, in upper
// or lower case: what is kept about somebody, and what a request for erasure has to cover.
// It reads the whole log.
func (s Service) Find(ctx context.Context, q store.Queryer, text string) ([]Found, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return nil, fault.New(fault.Invalid, "there is nothing to look for", "give a name, a number or another text")
	}
	quoted, err := json.Marshal(text) // values are compared as they are spelled
	if err != nil {
		return nil, err
	}
	needle := string(quoted[1 : len(quoted)-1])
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Found
	err = store.Entries(ctx, q, 0, head.Size, func(e store.Entry) error {
		_, disclosures, err := store.Split(e.Digests, e.Disclosures)
		if err != nil {
			return err
		}
		found, err := holding(disclosures, needle)
		if err != nil || len(found) == 0 {
			return err
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		kind, err := s.kind(leaf.Kind)
		if err != nil {
			return err
		}
		for _, f := range found {
			out = append(out, f.in(e.Seq, kind, leaf.ID, ""))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	drafts, err := s.inDrafts(ctx, q, needle)
	return append(out, drafts...), err
}

// held is a sealed value that holds a needle, by the place of its field.
type held struct {
	field int
	value string
}

func (h held) in(entry int64, kind *ledger.Schema, id, draft string) Found {
	f := kind.Sealed[h.field]
	return Found{Entry: entry, Draft: draft, Kind: kind.Kind, ID: id, Field: f.Name, Class: f.Class, Value: h.value}
}

// holding gives the values that hold a needle, which is in lower case.
func holding(disclosures []ledger.Disclosure, needle string) ([]held, error) {
	var out []held
	for i, d := range disclosures {
		if d == "" {
			continue
		}
		_, value, err := d.Open()
		if err != nil {
			return nil, err
		}
		if strings.Contains(strings.ToLower(string(value)), needle) {
			out = append(out, held{i, string(value)})
		}
	}
	return out, nil
}
