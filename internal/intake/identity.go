package intake

import (
	"slices"
	"strings"
)

// identity is one thing by which a record can be told from others: an identifier
// of a scheme, or a key composed of parts. Two records with an equal complete
// identity are one; two that differ in the same scheme are two.
type identity struct {
	scheme string // "ori", or "key(agency+city)" with the names of the parts
	parts  []string
	text   string // scheme and parts in one spelling
}

// complete says that no part is blank. An incomplete key joins nothing.
func (i identity) complete() bool {
	for _, p := range i.parts {
		if p == "" {
			return false
		}
	}
	return true
}

func (i identity) isKey() bool { return strings.HasPrefix(i.scheme, "key(") }

var escaper = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

func newIdentity(scheme string, parts []string) identity {
	return identity{scheme: scheme, parts: parts, text: scheme + ":" + joinEscaped(parts)}
}

func joinEscaped(parts []string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('|')
		}
		escaper.WriteString(&b, p)
	}
	return b.String()
}

// parseIdentity reads the spelling of newIdentity back.
func parseIdentity(text string) (identity, bool) {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || scheme == "" {
		return identity{}, false
	}
	i := identity{scheme: scheme, text: text}
	part := strings.Builder{}
	for pos := 0; pos < len(rest); pos++ {
		switch {
		case rest[pos] == '\\' && pos+1 < len(rest):
			pos++
			part.WriteByte(rest[pos])
		case rest[pos] == '|':
			i.parts = append(i.parts, part.String())
			part.Reset()
		default:
			part.WriteByte(rest[pos])
		}
	}
	i.parts = append(i.parts, part.String())
	return i, true
}

// foldName makes names equal that differ in case or white space only.
func foldName(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(s), " "))
}

// entity is a record that identities lead to: one that is stored, or (in the
// survey of a run) one that its rows would make.
type entity struct {
	id         string
	identities []identity
	name       string // folded; "" where names do not count
	weak       bool   // it has no complete identity
	source     string // system of the row that made it
	origin     string // row id and label that made it
	data       any    // its newest content, once it was needed
	asserted   uint64 // fields that this run has stated
	day        string // main records: the latest valid_from of its revisions
}

// schemes lists the schemes in which the entity has a complete identity.
func (e *entity) schemes() []string {
	var list []string
	for _, i := range e.identities {
		if i.complete() && !slices.Contains(list, i.scheme) {
			list = append(list, i.scheme)
		}
	}
	return list
}

// directory finds the entities of one kind.
type directory struct {
	exact   map[string]*entity // by complete identity
	ids     map[string]*entity // by record id
	buckets map[string]*bucket // by name, and by the first part of a key
}

// bucket holds the entities that might be the same.
type bucket struct {
	all      []*entity
	complete map[string]int // how many of them have a complete identity of a scheme
}

func newDirectory() *directory {
	return &directory{exact: map[string]*entity{}, ids: map[string]*entity{}, buckets: map[string]*bucket{}}
}

// bucketKeys names the buckets in which an entity's likes are to be found.
func bucketKeys(name string, identities []identity) []string {
	var keys []string
	if name != "" {
		keys = append(keys, "name:"+name)
	}
	for _, i := range identities {
		if i.isKey() {
			keys = append(keys, i.scheme+":"+i.parts[0])
		}
	}
	return keys
}

// add puts an entity into the directory.
func (d *directory) add(e *entity) {
	if e.id != "" {
		d.ids[e.id] = e
	}
	identities := e.identities
	e.identities = nil
	d.file(e, bucketKeys(e.name, nil))
	for _, i := range identities {
		d.learn(e, i)
	}
}

// learn gives an entity a further identity.
func (d *directory) learn(e *entity, i identity) {
	held, schemes := bucketKeys(e.name, e.identities), e.schemes()
	e.identities = append(e.identities, i)
	if i.complete() {
		d.exact[i.text] = e
		for _, k := range held {
			if !slices.Contains(schemes, i.scheme) {
				d.buckets[k].complete[i.scheme]++
			}
		}
	}
	for _, k := range bucketKeys("", []identity{i}) {
		if !slices.Contains(held, k) {
			d.file(e, []string{k})
		}
	}
}

// file puts an entity into buckets.
func (d *directory) file(e *entity, keys []string) {
	for _, k := range keys {
		b := d.buckets[k]
		if b == nil {
			b = &bucket{complete: map[string]int{}}
			d.buckets[k] = b
		}
		b.all = append(b.all, e)
		for _, scheme := range e.schemes() {
			b.complete[scheme]++
		}
	}
}

// match gives the entities with which a complete identity is shared.
func (d *directory) match(identities []identity) []*entity {
	var found []*entity
	for _, i := range identities {
		if !i.complete() {
			continue
		}
		if e := d.exact[i.text]; e != nil && (len(found) == 0 || found[len(found)-1] != e) {
			found = append(found, e)
		}
	}
	return found
}

// maxCandidates is how many candidates an ambiguity names.
const maxCandidates = 10

// likes gives entities that share no identity but are not known to be others:
// the same name, or a key that agrees in all parts that both state. keep says
// which of them count.
//
// A bucket whose entities all have a complete identity of a scheme that the
// asker has too holds nobody to compare, so that ten thousand accounts of one
// name cost nothing.
func (d *directory) likes(name string, identities []identity, keep func(*entity) bool) []*entity {
	var found []*entity
	for _, k := range bucketKeys(name, identities) {
		b := d.buckets[k]
		if b == nil || b.allOthers(identities) {
			continue
		}
		for _, e := range b.all {
			if !slices.Contains(found, e) && !differ(e.identities, identities) && keep(e) {
				if found = append(found, e); len(found) == maxCandidates {
					return found
				}
			}
		}
	}
	return found
}

func (b *bucket) allOthers(identities []identity) bool {
	for _, i := range identities {
		if i.complete() && b.complete[i.scheme] == len(b.all) {
			return true
		}
	}
	return false
}

// differ says that two records are known to be different: they have different
// identifiers in one scheme, or keys of one shape that disagree in a part that
// both state.
func differ(a, b []identity) bool {
	for _, x := range a {
		for _, y := range b {
			if x.scheme == y.scheme && !agree(x.parts, y.parts) {
				return true
			}
		}
	}
	return false
}

func agree(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i] != "" && b[i] != "" {
			return false
		}
	}
	return true
}

// survey knows every record that the rows of a run would make, before the first
// is written. It makes what is ambiguous independent of the order of the rows.
type survey struct {
	kinds map[string]*directory
	byKey map[string]*entity // by kind and all identities
}

func newSurvey() *survey {
	return &survey{kinds: map[string]*directory{}, byKey: map[string]*entity{}}
}

// surveyKey names what a row says about who a record is.
func surveyKey(kind string, r *record) string {
	key := kind
	for _, i := range r.identities {
		key += "\n" + i.text
	}
	if weak(r.identities) {
		key += "\n" + r.name
	}
	return key
}

func weak(identities []identity) bool {
	for _, i := range identities {
		if i.complete() {
			return false
		}
	}
	return true
}

// note adds a record that a row would make. Only those that something could be
// confused with are kept.
func (s *survey) note(kind, rowID string, r *record) {
	if len(bucketKeys(r.name, r.identities)) == 0 {
		return
	}
	key := surveyKey(kind, r)
	if e := s.byKey[key]; e != nil {
		e.origin = min(e.origin, rowID)
		return
	}
	e := &entity{identities: r.identities, name: r.name, weak: weak(r.identities), origin: rowID}
	s.byKey[key] = e
	d := s.kinds[kind]
	if d == nil {
		d = newDirectory()
		s.kinds[kind] = d
	}
	d.add(e)
}

// firmer says whether some other record of the run is to be made before r and
// could be the same as it. Records with a complete identity go first; within
// that, the smallest row id.
func (s *survey) firmer(kind, rowID string, r *record) bool {
	me := s.byKey[surveyKey(kind, r)]
	if me == nil {
		return false
	}
	if me.weak && me.origin != rowID {
		return true
	}
	return len(s.kinds[kind].likes(r.name, r.identities, func(e *entity) bool {
		if e == me || shares(e.identities, r.identities) {
			return false
		}
		if e.weak != me.weak {
			return me.weak
		}
		return e.origin < me.origin
	})) > 0
}

// shares says that two records have a complete identity in common.
func shares(a, b []identity) bool {
	for _, x := range a {
		for _, y := range b {
			if x.text == y.text && x.complete() {
				return true
			}
		}
	}
	return false
}

// has says whether the entity has an identity.
func (e *entity) has(text string) bool {
	return slices.ContainsFunc(e.identities, func(i identity) bool { return i.text == text })
}
