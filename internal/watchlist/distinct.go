package watchlist

import (
	"fmt"

	"duly/internal/fault"
)

// maxRows is how many rows of a file may say something of one entity.
const maxRows = 10_000

// distinct adds entities to a list and holds them to having an id and a name.
type distinct struct {
	*source
	byID map[string]int  // SourceID to the index in list.Entities
	rows map[string]int  // SourceID to how often the file gives it
	weak map[string]bool // SourceIDs whose first name was a weak one
}

// join adds an entity, or what it says to the one of the same id: the way of
// lists that have a row for each name or address. Merged counts such a row.
func (d *distinct) join(e Entity) *fault.Error {
	if bad := d.check(&e); bad != nil {
		return bad
	}
	if _, ok := d.byID[e.SourceID]; ok {
		return d.merge(e)
	}
	d.put(e)
	return nil
}

func (d *distinct) merge(e Entity) *fault.Error {
	if d.rows[e.SourceID]++; d.rows[e.SourceID] > maxRows {
		return fault.Newf(fault.Invalid, "there are more than %d rows of one entry", maxRows).At("", 0, "id")
	}
	d.list.Entities[d.byID[e.SourceID]].merge(e)
	d.list.Merged++
	return nil
}

// number adds an entity. Nobody is lost when the list gives an id twice: the
// second becomes "ID #2" and is counted.
func (d *distinct) number(e Entity) *fault.Error {
	if bad := d.check(&e); bad != nil {
		return bad
	}
	for id := e.SourceID; ; d.rows[id]++ {
		if _, twice := d.byID[e.SourceID]; !twice {
			break
		}
		if e.SourceID == id {
			d.list.Twice++
		}
		e.SourceID = fmt.Sprintf("%s #%d", id, d.rows[id]+2)
	}
	d.put(e)
	return nil
}

func (d *distinct) check(e *Entity) *fault.Error {
	switch {
	case e.SourceID == "":
		return fault.New(fault.Invalid, "the entry has no id", "").At("", 0, "id")
	case e.Name == "":
		return fault.New(fault.Invalid, "the entry has no name", "").At("", 0, "name")
	}
	return nil
}

func (d *distinct) put(e Entity) {
	if d.byID == nil {
		d.byID, d.rows, d.weak = make(map[string]int), make(map[string]int), make(map[string]bool)
	}
	d.byID[e.SourceID] = len(d.list.Entities)
	d.list.Entities = append(d.list.Entities, e)
}

// firstOf gives the first text that says something.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// joinNamed is join for a list with a row for each part of an entity, where only
// some rows have a name: the first name of an id is its main name.
func (d *distinct) joinNamed(e Entity, name string, weak bool) *fault.Error {
	if i, ok := d.byID[e.SourceID]; ok && e.SourceID != "" {
		known := &d.list.Entities[i]
		e.Name = known.Name
		known.addAlias(name, weak)
		return d.merge(e)
	}
	e.Name = name
	bad := d.join(e)
	if bad == nil && weak {
		d.weak[e.SourceID] = true
	}
	return bad
}
