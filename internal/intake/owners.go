package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/store"
)

// OwnersReport says what became of a file that tells who stands behind whom. Read
// is the sum of Parties, Interests, Other and Rejected, which count statements.
type OwnersReport struct {
	File      string           `json:"file"`
	Read      int              `json:"read"`
	Parties   int              `json:"parties"`
	Interests int              `json:"interests"`
	Other     int              `json:"other"` // replaced by a later statement, closed, or about something else
	Rejected  int              `json:"rejected"`
	Joined    int              `json:"joined"`   // parties that are customers, by an identifier
	Records   map[string]Count `json:"records"`  // created and revised, by kind
	Same      int              `json:"same"`     // parties and interests that stood so already
	Outdated  int              `json:"outdated"` // of which a later statement is known
	Doubts    []string         `json:"doubts"`   // parties with numbers of several customers
	Rejects   []*fault.Error   `json:"-"`
	Faults    []string         `json:"faults"` // the rejects, as people read them
}

// ownerFormats are the formats of files that tell who stands behind whom.
var ownerFormats = map[string]func(in io.Reader, path string) (*ownership.Record, error){
	"bods": ownership.ReadBODS,
	"ftm":  ownership.ReadFTM,
}

// ReadOwners reads a file of format bods or ftm.
func ReadOwners(format, path string) (*ownership.Record, error) {
	read := ownerFormats[format]
	if read == nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a format of ownership statements", format).WithFix("use bods:FILE or ftm:FILE")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "cannot read the owners")
	}
	defer f.Close()
	return read(f, path)
}

// AddOwners writes what a file says into the register, as the person with the key
// id actor, in one transaction. A party joins a customer, or a party of another
// file, that has a number of a registry in common with it, and nobody by name. The
// same file again changes nothing; what a changed file states revises what it said
// before, and what it no longer states ends. received is a day, YYYY-MM-DD.
func AddOwners(ctx context.Context, db *store.DB, actor, format, path, received string) (*OwnersReport, error) {
	record, err := ReadOwners(format, path)
	if err != nil {
		return nil, err
	}
	a := &adding{ctx: ctx, format: format, received: received, record: record, ids: map[string]string{},
		report: &OwnersReport{File: path, Records: map[string]Count{}, Doubts: []string{}, Faults: []string{}}}
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		a.tx = tx
		if err := a.load(); err != nil {
			return err
		}
		for i := range record.Parties {
			if err := a.party(&record.Parties[i]); err != nil {
				return err
			}
		}
		if err := a.interests(); err != nil {
			return err
		}
		return a.end()
	})
	if err != nil {
		return nil, err
	}
	r := a.report
	r.Read, r.Parties, r.Other = record.Statements, len(record.Parties), record.Other()
	r.Rejects = append(slices.Clone(record.Rejects), r.Rejects...)
	r.Rejected = len(r.Rejects)
	for _, f := range r.Rejects {
		r.Faults = append(r.Faults, f.Error())
	}
	if r.Read != r.Parties+r.Interests+r.Other+r.Rejected {
		return nil, fault.Newf(fault.Failed, "%d statements were read and %d accounted for", r.Read, r.Parties+r.Interests+r.Other+r.Rejected)
	}
	return r, nil
}

// adding is one file being written.
type adding struct {
	ctx              context.Context
	tx               *store.Tx
	format, received string
	record           *ownership.Record
	report           *OwnersReport

	numbers   map[string][]string // customers by identifier
	parties   map[string]*store.Revision[register.Party]
	holders   map[string][]string // parties by number of a registry
	byID      map[string]*store.Revision[register.Party]
	known     map[string]*store.Revision[register.Interest] // by identity
	byRecord  map[string][]string                           // identities of known interests, by the record that states them
	ids       map[string]string                             // of records, by the file's id of the party
	stated    map[string]bool                               // identities of interests that the file states
	statement map[string]ownership.Stated                   // the file's records of interests, by what byRecord uses
}

// load reads what the register knows.
func (a *adding) load() error {
	a.numbers, a.holders = map[string][]string{}, map[string][]string{}
	a.parties, a.byID = map[string]*store.Revision[register.Party]{}, map[string]*store.Revision[register.Party]{}
	a.known, a.byRecord = map[string]*store.Revision[register.Interest]{}, map[string][]string{}
	a.stated, a.statement = map[string]bool{}, map[string]ownership.Stated{}
	identifiers, err := store.Select(a.ctx, a.tx, register.Identifiers, "r.state = 'active'")
	if err != nil {
		return err
	}
	for _, i := range identifiers {
		key := ownership.Identifier{Scheme: i.Record.Scheme, Value: i.Record.Value}.Key()
		a.numbers[key] = addOnce(a.numbers[key], i.Record.Subject)
	}
	parties, err := store.Select(a.ctx, a.tx, register.Parties, "")
	if err != nil {
		return err
	}
	for _, p := range parties {
		a.keep(p.ID, p)
	}
	interests, err := store.Select(a.ctx, a.tx, register.Interests, "")
	if err != nil {
		return err
	}
	for _, i := range interests {
		a.known[i.Record.Identity] = i
		base, _, _ := strings.Cut(i.Record.Identity, "\n")
		a.byRecord[base] = append(a.byRecord[base], i.Record.Identity)
	}
	return nil
}

// keep files a party that is in the register.
func (a *adding) keep(id string, p *store.Revision[register.Party]) {
	a.byID[id] = p
	if p.Record.Identity != "" {
		a.parties[p.Record.Identity] = p
	}
	for _, key := range p.Record.Numbers {
		if scheme, _, _ := strings.Cut(key, ":"); ownership.Joins(scheme) && p.Record.State == "active" {
			a.holders[key] = addOnce(a.holders[key], id)
		}
	}
}

func addOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// source names the system that a statement comes from.
func (a *adding) source(s ownership.Stated) string {
	if s.Publisher == "" {
		return a.format
	}
	return a.format + ": " + s.Publisher
}

func (a *adding) identity(s ownership.Stated) string { return a.source(s) + "|" + s.Record }

// origin says where a record comes from; content tells statements of one record and
// day apart.
func (a *adding) origin(s ownership.Stated, content ...any) register.Origin {
	hash := sha256.Sum256(fmt.Append(nil, content...))
	return register.Origin{State: "active", Received: a.received, Source: a.source(s),
		SourceRef: s.Record + "#" + s.Date + " " + hex.EncodeToString(hash[:6])}
}

// later says whether the register holds a later statement of the same record.
func later(ref string, s ownership.Stated) bool {
	date, _, _ := strings.Cut(ref[strings.LastIndexByte(ref, '#')+1:], " ")
	return date > s.Date
}

// party finds or writes the record of a party.
func (a *adding) party(p *ownership.Party) error {
	identity := a.identity(p.Stated)
	mine := a.parties[identity]
	var numbers, customers, others []string
	for _, i := range p.Identifiers {
		numbers = addOnce(numbers, i.Key())
		if !ownership.Joins(i.Scheme) {
			continue
		}
		for _, id := range a.numbers[i.Key()] {
			customers = addOnce(customers, id)
		}
		for _, id := range a.holders[i.Key()] {
			others = addOnce(others, id)
		}
	}
	if len(customers) == 1 {
		a.ids[p.ID] = customers[0]
		a.report.Joined++
		if mine == nil || mine.Record.State == "ended" {
			a.report.Same++
			return nil
		}
		return a.endParty(mine, p.Stated) // what was taken for another party is this customer
	}
	if len(customers) > 1 {
		a.report.Doubts = append(a.report.Doubts, fmt.Sprintf("%s (%s) has numbers of %d customers and joins none", p.Name, p.Stated.Record, len(customers)))
	}
	next := &register.Party{Identity: identity, Sort: string(p.Sort), Name: p.Name, Others: p.Others, Countries: p.Countries, BirthDate: p.BirthDate, Numbers: numbers}
	next.Origin = a.origin(p.Stated, fmt.Sprintf("%q", []any{next.Sort, next.Name, next.Others, next.Countries, next.BirthDate, next.Numbers}))
	switch {
	case mine != nil:
		a.ids[p.ID] = mine.ID
		return a.revise(mine, next, p.Stated)
	case len(others) == 1:
		a.ids[p.ID] = others[0]
		return a.merge(a.byID[others[0]], next)
	}
	ref, err := store.Create(a.tx, register.Parties, next)
	a.ids[p.ID] = ref.ID
	a.keep(ref.ID, &store.Revision[register.Party]{Ref: ref, Record: next})
	a.count(register.Parties.Name(), true)
	return err
}

func (a *adding) revise(mine *store.Revision[register.Party], next *register.Party, s ownership.Stated) error {
	switch {
	case mine.Record.SourceRef == next.SourceRef && mine.Record.State == next.State:
		a.report.Same++
		return nil
	case later(mine.Record.SourceRef, s):
		a.report.Outdated++
		return nil
	}
	return a.putParty(mine.ID, next)
}

// merge adds what another file says of a party that it does not know already.
func (a *adding) merge(known *store.Revision[register.Party], next *register.Party) error {
	merged := *known.Record
	join := func(into *[]string, more []string) {
		list := slices.Clone(*into)
		for _, s := range more {
			list = addOnce(list, s)
		}
		*into = list
	}
	if merged.Name == "" {
		merged.Name = next.Name
	}
	if next.Name != merged.Name {
		join(&merged.Others, []string{next.Name})
	}
	join(&merged.Others, next.Others)
	join(&merged.Countries, next.Countries)
	join(&merged.Numbers, next.Numbers)
	if merged.BirthDate == "" {
		merged.BirthDate = next.BirthDate
	}
	merged.Others = slices.DeleteFunc(merged.Others, func(n string) bool { return n == merged.Name || n == "" })
	return a.putParty(known.ID, &merged)
}

func (a *adding) endParty(mine *store.Revision[register.Party], s ownership.Stated) error {
	ended := *mine.Record
	ended.Origin = a.origin(s, "ended")
	ended.State = "ended"
	return a.putParty(mine.ID, &ended)
}

func (a *adding) putParty(id string, next *register.Party) error {
	_, changed, err := store.Revise(a.tx, register.Parties, id, next)
	if !changed {
		a.report.Same++
		return err
	}
	a.keep(id, &store.Revision[register.Party]{Ref: store.Ref{ID: id}, Record: next})
	a.count(register.Parties.Name(), false)
	return err
}

func (a *adding) count(kind string, created bool) {
	c := a.report.Records[kind]
	if created {
		c.Created++
	} else {
		c.Revised++
	}
	a.report.Records[kind] = c
}
