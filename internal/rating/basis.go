package rating

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// answerers are those who may answer a fact. A role says where an answer may come
// from, not who types it in.
var answerers = []string{"program", "customer", "analyst", "expert", "affected_people", "independent"}

// checkEvidence checks what a pack asks of the answers to a fact.
func (m *Method) checkEvidence(shelfDays, sources int, answers []string, path ...any) error {
	const longest = 3650
	if shelfDays < 0 || shelfDays > longest {
		return m.pack.Fault(fmt.Sprintf("%d is not a number of days from 1 to %d", shelfDays, longest),
			"leave it out for an answer that never goes out of date", append(path, "shelf_days")...)
	}
	const most = 9
	if sources < 0 || sources > most {
		return m.pack.Fault(fmt.Sprintf("%d is not a number of sources from 1 to %d", sources, most), "", append(path, "sources")...)
	}
	for i, who := range answers {
		if !slices.Contains(answerers, who) {
			return m.pack.Fault(fmt.Sprintf("%q is nobody who may answer", who), "use one of "+strings.Join(answerers, ", "), append(path, "answers", i)...)
		}
	}
	return nil
}

var itemRE = regexp.MustCompile(`^([a-z0-9][a-z0-9._-]*)/[a-z0-9][a-z0-9._-]*$`)

// loadBasis collects the items of framework packs that the method rests on.
func (m *Method) loadBasis() error {
	var err error
	add := func(items []string, path ...any) {
		if err == nil {
			err = m.restOn(items, path...)
		}
	}
	for i, f := range m.body.Facts {
		add(f.RestsOn, "facts", i)
	}
	for i, x := range m.body.Indicators {
		add(x.RestsOn, "indicators", i)
	}
	for i, x := range m.body.Stops {
		add(x.RestsOn, "hard_stops", i)
	}
	for i, x := range m.body.Uses {
		add(x.RestsOn, "prohibited_uses", i)
	}
	for i, x := range m.body.Controls.Necessary {
		add(x.RestsOn, "controls", "necessary", i)
	}
	if err != nil {
		return err
	}
	slices.Sort(m.restsOn)
	m.restsOn = slices.Compact(m.restsOn)
	return nil
}

func (m *Method) restOn(items []string, path ...any) error {
	for i, item := range items {
		parts := itemRE.FindStringSubmatch(item)
		if parts == nil {
			return m.pack.Fault(fmt.Sprintf("%q names no item of a framework pack", item), "write it as pack/item", append(path, "rests_on", i)...)
		}
		if !slices.Contains(m.body.Frameworks, parts[1]) {
			return m.pack.Fault(fmt.Sprintf("%q is not among the method's frameworks", parts[1]), "add it to frameworks", append(path, "rests_on", i)...)
		}
		m.restsOn = append(m.restsOn, item)
	}
	return nil
}
