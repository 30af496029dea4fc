package assessment

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rule"
	"duly/packs"
)

// Facts about bans and moratoria that the program states where its packs tell.
const (
	factBan        = "law.local_ban"
	factMoratorium = "policy.moratorium"
)

func prohibitionFact(fact string) bool { return fact == factBan || fact == factMoratorium }

// inForce says whether a value is that of a ban or a moratorium in force, which no
// statement lifts.
func inForce(v ledger.Scalar) bool { return v.Value() == "in_force" || v.Value() == "applies" }

// Prohibitions are the dated bans and moratoria that count in a workspace: the laws
// that ship with Duly, always; moratoria of those providers alone that the workspace
// names as its own, and what packs of its own hold. A moratorium binds the vendor whose
// it is, so nobody is held to another's.
type Prohibitions struct {
	packs   []*framework.Framework // of which anything counts
	byFact  [2]prohibitionsOf
	facts   []framework.Fact // that any of them reads, each once
	adopted []string
}

// prohibitionsOf are the prohibitions that one fact is about.
type prohibitionsOf struct {
	fact   string
	words  map[framework.Standing]string // what the fact says of each standing
	list   []*framework.Ban
	whence []*framework.Framework // the packs that they stand in
}

// shippedProhibitions are the packs of prohibitions that ship with Duly.
var shippedProhibitions = sync.OnceValues(func() (all []*framework.Framework, err error) {
	for _, name := range []string{"bans", "moratoria"} {
		file := "frameworks/" + name + ".yaml"
		data, err := packs.Files.ReadFile(file)
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, "a pack is missing from this build")
		}
		p, err := pack.Parse("packs/"+file, data)
		if err != nil {
			return nil, err
		}
		f, err := framework.Load(p)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
})

// ReadProhibitions gives the prohibitions that count: the laws that ship, the moratoria
// that ship of the providers named, and all that the workspace's own packs hold.
// NotFound for a provider of which no moratorium ships.
func ReadProhibitions(providers []string, own ...*pack.Pack) (*Prohibitions, error) {
	shipped, err := shippedProhibitions()
	if err != nil {
		return nil, err
	}
	p := &Prohibitions{adopted: slices.Clone(providers), byFact: [2]prohibitionsOf{
		{fact: factBan, words: map[framework.Standing]string{
			framework.None: "none", framework.Exempt: "other_scope", framework.Unclear: "unclear", framework.Applies: "in_force"}},
		{fact: factMoratorium, words: map[framework.Standing]string{
			framework.None: "none", framework.Exempt: "exempt", framework.Unclear: "unclear", framework.Applies: "applies"}},
	}}
	known := map[string]bool{}
	for _, f := range shipped {
		p.add(f, func(b *framework.Ban) bool {
			known[b.Provider] = true
			return b.Basis == framework.Law || slices.Contains(providers, b.Provider)
		})
	}
	for _, name := range providers {
		if !known[name] || name == "" {
			return nil, fault.Newf(fault.NotFound, "no moratorium of %q ships with this release", name).
				WithFix("write a pack of your own terms and name its file")
		}
	}
	for _, file := range own {
		f, err := framework.Load(file)
		if err != nil {
			return nil, err
		}
		if len(f.Bans()) == 0 {
			return nil, file.Fault("this framework holds no bans or moratoria", "name a pack that has prohibitions", "id")
		}
		p.adopted = append(p.adopted, f.ID)
		p.add(f, func(*framework.Ban) bool { return true })
	}
	return p, nil
}

func (p *Prohibitions) add(f *framework.Framework, counts func(*framework.Ban) bool) {
	any := false
	for _, b := range f.Bans() {
		if !counts(b) {
			continue
		}
		of := &p.byFact[0]
		if b.Basis == framework.Policy {
			of = &p.byFact[1]
		}
		of.list, any = append(of.list, b), true
		if !slices.Contains(of.whence, f) {
			of.whence = append(of.whence, f)
		}
	}
	if !any {
		return
	}
	p.packs = append(p.packs, f)
	for _, fact := range f.Facts() {
		if !slices.ContainsFunc(p.facts, func(have framework.Fact) bool { return have.ID == fact.ID }) {
			p.facts = append(p.facts, fact)
		}
	}
}

// Hashes gives the hashes of the packs of which anything counts.
func (p *Prohibitions) Hashes() []string {
	var out []string
	for _, f := range p.packs {
		out = append(out, f.Hash)
	}
	return out
}

// ChangeBetween says whether any of the prohibitions may say another thing on the second
// of two days than on the first.
func (p *Prohibitions) ChangeBetween(day, later string) bool {
	return slices.ContainsFunc(p.byFact[:], func(of prohibitionsOf) bool {
		return slices.ContainsFunc(of.list, func(b *framework.Ban) bool { return b.ChangesBetween(day, later) })
	})
}

// Note says in words whose moratoria count.
func (p *Prohibitions) Note() string {
	if len(p.adopted) == 0 {
		return "moratoria of nobody"
	}
	return "moratoria of " + strings.Join(p.adopted, ", ")
}

// ruling is what stands behind a fact about bans or moratoria, and the pack whose
// words they are.
type ruling struct {
	text string
	pack *pack.Pack
}

// inPack stands between the words of a ruling and the hash of its pack.
const inPack = "; pack "

// String writes the ruling as a rating keeps it.
func (r ruling) String() string { return r.text + inPack + r.pack.Hash }

// sameRulings says whether two ratings rest on the same words, whichever edition of a
// pack they stand in: a new edition that says the same of a deployment changes nothing
// for it.
func sameRulings(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		x, _, _ = strings.Cut(x, inPack)
		y, _, _ = strings.Cut(y, inPack)
		return x == y
	})
}

// prohibited states what bans and moratoria say of a deployment on a day. One in force
// is stated whatever a person said, and its fact fixed: then nothing else counts. Where
// it is unclear a person answers: a statement counts that is no older than the
// prohibitions that it answers for; until there is one the program says unclear, and
// fixes the fact. That none covers it is stated only where the packs claim to know all
// there are, and where no person stated anything: what is not on a list is not for that
// none. What the program said before and can say no longer becomes unknown.
func (p *Prohibitions) prohibited(s *about) error {
	said, err := p.rule(s)
	if err != nil {
		return err
	}
	for i := range p.byFact {
		of, said := &p.byFact[i], &said[i]
		states, fixed := false, false
		switch said.standing {
		case framework.Applies:
			states, fixed = true, true
		case framework.Unclear:
			states = !answered(s, of.fact, said.rulings)
			fixed = states
		default:
			states = said.complete && !s.stated(of.fact)
		}
		if fixed {
			s.fix(of.fact)
		}
		switch {
		case states:
			s.say(of.fact, ledger.Text(of.words[said.standing]))
			s.behind = append(s.behind, said.behind...)
		case s.saidBefore(of.fact):
			s.say(of.fact, ledger.Unknown("the lists of bans and moratoria do not settle it, or a person answered"))
		}
	}
	return nil
}

// rulings are what the prohibitions that one fact is about say of a deployment.
type rulings struct {
	standing framework.Standing
	rulings  []framework.Ruling // that give the standing
	complete bool               // where none covers it: the packs claim to know all there are
	behind   []ruling
}

// rule asks the prohibitions. They read a handful of facts, of which very many
// deployments give the same: for each combination they are asked once, as long as the
// material is used for one day and the same prohibitions.
func (p *Prohibitions) rule(s *about) (*[2]rulings, error) {
	values := p.values(s)
	s.key = appendValue(appendValue(s.key[:0], values[framework.FactJurisdiction]), values[framework.FactTown])
	for i := range p.facts {
		s.key = appendValue(s.key, values[p.facts[i].ID])
	}
	return s.ruled.of(s.key, func() (*[2]rulings, error) {
		out := new([2]rulings)
		for i := range p.byFact {
			if err := p.byFact[i].rule(&out[i], values, s.day); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

func (of *prohibitionsOf) rule(out *rulings, values framework.Values, day string) error {
	all, err := framework.Prohibited(of.list, values, day)
	if err != nil {
		return err
	}
	out.standing = framework.None
	if len(all) > 0 {
		out.standing = all[0].Standing
	}
	switch out.standing {
	case framework.None, framework.Exempt:
		if out.complete, err = of.complete(values); err != nil {
			return err
		}
	}
	if out.standing != framework.None { // of which nothing is told
		for _, r := range all {
			if r.Standing == out.standing {
				out.rulings = append(out.rulings, r)
			}
		}
	}
	out.behind = of.behind(out.standing, out.rulings)
	return nil
}

// appendValue appends a value of a fact to a key, so that two keys are the same only if
// all their values are.
func appendValue(key []byte, v any) []byte {
	text := func(s string) { key = append(binary.AppendUvarint(key, uint64(len(s))), s...) }
	switch v := v.(type) {
	case nil:
		return append(key, 'n')
	case bool:
		if v {
			return append(key, 'y')
		}
		return append(key, 'z')
	case int64:
		return binary.AppendVarint(append(key, 'i'), v)
	case string:
		key = append(key, 't')
		text(v)
	case []string:
		key = binary.AppendUvarint(append(key, 'l'), uint64(len(v)))
		for _, s := range v {
			text(s)
		}
	default: // no fact has it; whoever reads it refuses it
		key = append(key, 'x')
		text(fmt.Sprintf("%T %v", v, v))
	}
	return key
}

// complete says whether the packs claim to hold every prohibition that could cover a
// deployment. Where none counts nobody claims anything.
func (of *prohibitionsOf) complete(values framework.Values) (bool, error) {
	for _, f := range of.whence {
		if c, err := f.Complete(values); err != nil || c != rule.True {
			return false, err
		}
	}
	return len(of.whence) > 0, nil
}

// answered says whether people answered what these rulings leave unclear: what they said comes to a
// value, seen on a day on which all the questions stood already, or to a ban in force, on
// whichever day.
func answered(s *about, fact string, rulings []framework.Ruling) bool {
	since := ""
	for _, r := range rulings {
		since = max(since, r.Since)
	}
	value, asOf := settled(s.saidOf(fact), s.day, func(ledger.Scalar, ledger.Scalar) bool { return false })
	if _, unknown := value.UnknownReason(); unknown || value.IsNull() || value.Value() == "unclear" {
		return false
	}
	return inForce(value) || asOf >= since
}

// settled gives what statements about the subjects of a chain come to, nearest first,
// and the latest day on which what counts was seen. A further subject counts instead
// where it is worse.
func settled(subjects [][]evidence.Statement, day string, worse func(a, b ledger.Scalar) bool) (value ledger.Scalar, asOf string) {
	const neverStale = 0
	for _, list := range subjects {
		v := evidence.Settle(list, day, neverStale)
		if v.IsNull() || !value.IsNull() && !worse(v, value) {
			continue
		}
		value, asOf = v, ""
		for _, s := range list {
			if s.Fact.Value.String() == v.String() && s.Fact.AsOf <= day {
				asOf = max(asOf, s.Fact.AsOf)
			}
		}
	}
	return value, asOf
}

// behind writes what stands behind a standing: each of the prohibitions that give it,
// with what is open; where none covers it, the packs that say so.
func (of *prohibitionsOf) behind(standing framework.Standing, rulings []framework.Ruling) []ruling {
	var out []ruling
	said := of.fact + " " + of.words[standing]
	for _, r := range rulings {
		text := fmt.Sprintf("%s: %s, %s", said, r.Ban.ID, r.Ban.Reference)
		if r.Ban.Grade != "verified" {
			text += ", not compared with its text"
		}
		if r.Stale {
			text += ", to be looked up again since " + r.Ban.Recheck
		}
		if r.Exemption != "" {
			text += "; exempt as " + r.Exemption + ": " + r.Why
		}
		if len(r.Open) > 0 {
			text += "; to be answered: " + strings.Join(r.Open, "; ")
		}
		out = append(out, ruling{text, r.Ban.Pack()})
	}
	if standing == framework.None {
		for _, f := range of.whence {
			out = append(out, ruling{fmt.Sprintf("%s: nothing in %s covers it", said, f.ID), f.Pack()})
		}
	}
	return out
}

// values gives the facts that prohibitions read: what people stated along the chain,
// and else what the register holds. A word that is none of a fact's values is unknown.
// They hold until the next unit's.
func (p *Prohibitions) values(s *about) framework.Values {
	if s.values == nil {
		s.values = framework.Values{}
	}
	out := s.values
	clear(out)
	place(out, s)
	for _, f := range p.facts {
		value, _ := settled(s.saidOf(f.ID), s.day, func(a, b ledger.Scalar) bool { return f.Type == rule.Bool && worse(a, b) })
		v := value.Value()
		if value.IsNull() {
			v = registered(s, f.ID)
		}
		if v = f.Read(v); v != nil {
			out[f.ID] = v
		}
	}
	return out
}

// registered gives what the register holds of a fact, or nil.
func registered(s *about, fact string) any {
	switch fact {
	case "deployment.capability":
		if d := s.deployment(); d != nil {
			return d.Capability
		}
	case "customer.sector":
		if s.chain.Customer != nil {
			return s.chain.Customer.Record.Sector
		}
	case "customer.kind":
		if s.chain.Customer != nil {
			return s.chain.Customer.Record.Kind
		}
	}
	if s.chain.EndUser == nil {
		return nil
	}
	user := s.chain.EndUser.Record
	switch fact {
	case "end_user.sector":
		return user.Sector
	case "end_user.kind":
		return user.Kind
	case "end_user.level":
		// A country alone may be all that the source wrote down, so it does not say
		// that a body is the nation's.
		if strings.Contains(user.Jurisdiction, "-") {
			return "below_national"
		}
	}
	return nil
}

// place gives where a deployment is used: where it is registered to be and, of a
// public body, which acts where it belongs, the body's own place where that tells
// more.
func place(out framework.Values, s *about) {
	at := ""
	if d := s.deployment(); d != nil && isKnown(d.Jurisdiction) {
		at = d.Jurisdiction
	}
	if s.chain.EndUser != nil && s.chain.EndUser.Record.Kind == "public_body" {
		home := s.chain.EndUser.Record
		if isKnown(home.Jurisdiction) && (at == "" || strings.HasPrefix(home.Jurisdiction, at+"-")) {
			at = home.Jurisdiction
		}
		if isKnown(home.Place) && (home.Jurisdiction == at || strings.HasPrefix(at, home.Jurisdiction+"-")) {
			out[framework.FactTown] = home.Place
		}
	}
	if at != "" {
		out[framework.FactJurisdiction] = strings.ToUpper(at)
	}
}

func isKnown(word string) bool { return word != "" && word != "unknown" }
