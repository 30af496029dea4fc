package intake

import (
	"context"
	"embed"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

// Ambiguity is a work item: a row names a customer that may or may not be one
// that is already registered. The row is held back until a person decides, and
// is read again by the next import of its file.
type Ambiguity struct {
	State      string   `duly:"state,public,enum=open|closed"`
	Received   string   `duly:"received,public,date"`
	Kind       string   `duly:"kind,customer"` // of the record in question
	Name       string   `duly:"name,customer"`
	Identities []string `duly:"identities,customer"` // what the row knows it by
	Candidates []string `duly:"candidates,customer"` // record ids; empty when they are rows of the same import
	Source     string   `duly:"source,customer,column"`
	SourceRef  string   `duly:"source_ref,customer,column"` // the row, with the mapping's label of the record
	Chosen     string   `duly:"chosen,customer"`            // once closed: a record id, or "new"
}

// Ambiguities is the kind of Ambiguity.
var Ambiguities = ledger.Define[Ambiguity]("ambiguity", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "intake", Files: files}

// chosenNew says that a person found the record to be a new one.
const chosenNew = "new"

// Resolve closes an ambiguity: chosen is the id of the record that the row
// means, or "" when it means a new one. What the row knows the customer by becomes
// an identifier of the chosen one. The row itself is written by the next import of
// its file.
//
// Errors: NotFound when there is no such ambiguity or no such record; Refused
// when it is already closed.
func Resolve(ctx context.Context, db *store.DB, actor, id, chosen string) error {
	return db.Write(ctx, actor, func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Ambiguities, id)
		if err != nil {
			return err
		}
		if r.Record.State == "closed" {
			return fault.New(fault.Refused, "this ambiguity is already closed", "")
		}
		if chosen == "" {
			chosen = chosenNew
		} else if t := targets[r.Record.Kind]; t == nil {
			return fault.Newf(fault.Broken, "an ambiguity names the kind %q, which does not exist", r.Record.Kind)
		} else if _, err := t.get(ctx, tx, chosen); err != nil {
			return err
		}
		r.Record.State, r.Record.Chosen = "closed", chosen
		if _, _, err = store.Revise(tx, Ambiguities, id, r.Record); err != nil || chosen == chosenNew {
			return err
		}
		return r.Record.learn(tx)
	})
}

// learn writes the identifiers by which the chosen customer is known from now on.
func (a *Ambiguity) learn(tx *store.Tx) error {
	if !namesMatter(a.Kind) {
		return nil
	}
	for _, text := range a.Identities {
		i, ok := parseIdentity(text)
		if !ok || !i.complete() {
			continue
		}
		if err := nameIt(tx, a.Chosen, i, register.Origin{State: "active", Received: a.Received, Source: a.Source, SourceRef: a.SourceRef}); err != nil {
			return err
		}
	}
	return nil
}

// nameIt writes an identifier of a customer.
func nameIt(tx *store.Tx, subject string, i identity, origin register.Origin) error {
	_, value, _ := strings.Cut(i.text, ":")
	record := &register.Identifier{Origin: origin, Subject: subject, Scheme: i.scheme, Value: value}
	_, err := store.Create(tx, register.Identifiers, record)
	return err
}

// hold keeps a work item for a row that cannot be told apart.
func (r *run) hold(i int, s *statement) {
	def, rec := r.m.records[i], &s.records[i]
	a := &Ambiguity{State: "open", Received: r.o.Received, Kind: def.target.kind, Source: r.m.Source,
		SourceRef: s.sourceRef(r.m.label(i)), Name: rec.name}
	if def.name >= 0 {
		a.Name = def.target.text(rec.data, "name")
	}
	for _, identity := range rec.identities {
		a.Identities = append(a.Identities, identity.text)
	}
	r.held = append(r.held, a)
}

// ask writes the work items that are not written yet. It runs last, when the
// records that a row might mean exist.
func (r *run) ask(ctx context.Context) error {
	for len(r.held) > 0 {
		batch := r.held[:min(len(r.held), r.o.Batch)]
		err := r.transact(ctx, func(tx *store.Tx) error {
			for _, a := range batch {
				if r.asked[a.SourceRef] {
					continue
				}
				r.asked[a.SourceRef] = true
				a.Candidates = r.candidates(a)
				r.report.count(Ambiguities.Name(), true)
				if tx == nil {
					continue
				}
				if _, err := store.Create(tx, Ambiguities, a); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.held = r.held[len(batch):]
	}
	return nil
}

// candidates lists the records that a work item may be about.
func (r *run) candidates(a *Ambiguity) []string {
	var identities []identity
	for _, text := range a.Identities {
		if i, ok := parseIdentity(text); ok {
			identities = append(identities, i)
		}
	}
	name := ""
	if namesMatter(a.Kind) {
		name = foldName(a.Name)
	}
	d := r.kinds[a.Kind]
	list := d.match(identities)
	list = append(list, d.likes(name, identities, func(*entity) bool { return true })...)
	var ids []string
	for _, e := range list {
		if !slices.Contains(ids, e.id) {
			ids = append(ids, e.id)
		}
	}
	return ids
}
