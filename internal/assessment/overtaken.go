package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/triage"
)

// Material says what changed between two ratings that a person must see: the band at
// the worst end, the tier, the stops, and what is called for.
func Material(was, now *Rating) (out []string) {
	note := func(what, from, to string) {
		if from != to {
			out = append(out, what+" "+from+" became "+to)
		}
	}
	stops := func(list []string) string { return cmp.Or(strings.Join(list, "+"), "none") }
	word := func(outcome string) string { return strings.ReplaceAll(outcome, "_", " ") }
	note("band", was.Worst, now.Worst)
	note("tier", was.Tier, now.Tier)
	note("stops", stops(was.HardStops), stops(now.HardStops))
	note("it calls for", word(was.Outcome), word(now.Outcome))
	return out
}

// Differences says all that two ratings of one subject differ in, what is material
// first. It is not empty.
func Differences(was, now *Rating) []string {
	out := Material(was, now)
	if was.Method != now.Method {
		out = append(out, "another method")
	}
	before := map[string]string{}
	for _, in := range was.Inputs {
		fact, rest, _ := strings.Cut(in, " ")
		before[fact] = rest
	}
	for _, in := range now.Inputs {
		fact, rest, _ := strings.Cut(in, " ")
		if before[fact] != rest {
			out = append(out, fact+" was stated again")
		}
		delete(before, fact)
	}
	for _, in := range was.Inputs {
		if fact, _, _ := strings.Cut(in, " "); before[fact] != "" {
			out = append(out, fact+" is not stated any more")
		}
	}
	if !sameRulings(was.Rulings, now.Rulings) {
		out = append(out, "what bans and moratoria say")
	}
	if len(out) == 0 {
		out = append(out, "something in the chain was recorded again")
	}
	return out
}

// Laws gives the bans that ship, which count where nobody names others.
var Laws = sync.OnceValues(func() (*Prohibitions, error) { return ReadProhibitions(nil) })

// ratedFor gives the day that a rating was made for.
func ratedFor(r *store.Revision[Rating]) string { return cmp.Or(r.Record.Day, r.Leaf.Entered()) }

// Overtaken says why a rating is older than the law on a day; "" where it is not. Bans
// and moratoria say another thing of the deployment than they said then, dated parts of
// the method began or ended in between, or so did a rule on owners; or another method
// was adopted, and the rating keeps its own no longer: a case begun under one keeps it
// until its review, by the last decision if there is one (see [Reassess]). rules are nil
// for the laws that ship alone.
//
// What people state is taken as it is: whoever asks has made sure that nothing was
// stated since. It reads the chain of the one deployment.
func Overtaken(ctx context.Context, q store.Queryer, r *store.Revision[Rating], rules *Prohibitions, day string, decided Decided) (string, error) {
	rated := ratedFor(r)
	if why, err := overtakenMethod(ctx, q, r, rated, day, decided); err != nil || why != "" {
		return why, err
	}
	if other, err := otherRule(r, day); err != nil || other {
		return "the rule on owners on export control lists is another since " + rated, err
	}
	said, err := rulingsOf(ctx, q, r.Record, rules, day)
	if err != nil {
		return "", err
	}
	var changed []string
	for _, new := range only(said, r.Record.Rulings) {
		changed = append(changed, new+" since then")
	}
	for _, old := range only(r.Record.Rulings, said) {
		changed = append(changed, old+" no longer")
	}
	if len(changed) == 0 {
		return "", nil
	}
	return "it was rated for " + rated + ", and " + strings.Join(changed, "; "), nil
}

// overtakenMethod says why a rating's method is not the one that rates on a day.
func overtakenMethod(ctx context.Context, q store.Queryer, r *store.Revision[Rating], rated, day string, decided Decided) (string, error) {
	adopted, err := runs.MethodOn(ctx, q, day)
	if err != nil {
		return "", err
	}
	if adopted != nil && adopted.Record.SHA256 != r.Record.Method {
		begun, due := begun{id: r.ID, method: r.Record.Method}, reviewDay(r.Leaf)
		same, err := begun.rested(ctx, q, decided.Rating)
		if same {
			due = decided.Review
		}
		if err != nil || due != "" && due <= day {
			return "another method is in force, and the review was due on " + due, err
		}
	}
	if r.Record.Day == "" || r.Record.Day == day {
		return "", nil // no part of it is dated
	}
	m, err := usedMethod(ctx, q, r.Record.Method)
	if err != nil || m == nil || !m.ChangesBetween(rated, day) {
		return "", err
	}
	return "a dated part of its method began or ended since " + rated, nil
}

// methods are those that were read, by hash: what a hash names never changes.
var methods sync.Map

// usedMethod gives the method with a hash; nil when the log does not hold it.
func usedMethod(ctx context.Context, q store.Queryer, hash string) (*rating.Method, error) {
	if m, known := methods.Load(hash); known {
		return m.(*rating.Method), nil
	}
	text, err := runs.Bytes(ctx, q, hash)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse("method "+hash, text)
	if err != nil {
		return nil, err
	}
	m, err := rating.Load(p)
	if err == nil {
		methods.Store(hash, m)
	}
	return m, err
}

// otherRule says whether a rating rests on the rule on owners and that rule is another on
// a day than when it was made.
func otherRule(r *store.Revision[Rating], day string) (bool, error) {
	then, plannedThen, err := exportRule(ratedFor(r))
	if err != nil {
		return false, err
	}
	now, planned, err := exportRule(day)
	return (then != now || plannedThen != planned) && asksOwners(r.Record), err
}

// asksOwners says whether a rating rests on the rule on owners.
func asksOwners(r *Rating) bool {
	return slices.ContainsFunc(r.Inputs, func(in string) bool { return strings.HasPrefix(in, factExportRule+" ") })
}

// NewlyForbidden gives the bans and moratoria that on a day forbid what a rating was
// about, or may, and of which the rating did not know, in words.
func NewlyForbidden(ctx context.Context, q store.Queryer, r *store.Revision[Rating], rules *Prohibitions, day string) ([]string, error) {
	said, err := rulingsOf(ctx, q, r.Record, rules, day)
	return slices.DeleteFunc(only(said, r.Record.Rulings), func(s string) bool { return !forbids(s) }), err
}

// forbids says whether a ruling in words is that something is forbidden, or may be.
func forbids(ruling string) bool {
	said, _, _ := strings.Cut(ruling, ":")
	_, word, _ := strings.Cut(said, " ")
	return inForce(ledger.Text(word)) || word == "unclear"
}

// only gives the rulings of a list that another does not have, each in brief: the fact,
// what is said of it and by which prohibition. A pack that words the same otherwise says
// nothing new.
func only(list, other []string) (out []string) {
	brief := func(s string) string { s, _, _ = strings.Cut(s, ","); s, _, _ = strings.Cut(s, inPack); return s }
	for _, s := range list {
		if !slices.ContainsFunc(other, func(o string) bool { return brief(o) == brief(s) }) {
			out = append(out, brief(s))
		}
	}
	return out
}

// rulingsOf gives what bans and moratoria say on a day of what a rating is about, as a
// rating of that day would keep it.
func rulingsOf(ctx context.Context, q store.Queryer, r *Rating, rules *Prohibitions, day string) ([]string, error) {
	if rules == nil {
		var err error
		if rules, err = Laws(); err != nil {
			return nil, err
		}
	}
	u, err := readUnit(ctx, q, r.Subject, r.Account)
	if err != nil {
		return nil, err
	}
	parties, err := triage.ReadChain(ctx, q, u.account, u.deployment)
	if err != nil {
		return nil, err
	}
	x := &material{unit: u}
	g := &ground{parties: parties, rules: rules, day: day}
	x.chain, x.product = g.chainOf(u)
	var room [8]string
	for n, id := range subjectsOf(room[:0], u, x.chain, x.product) {
		if err := x.readStated(ctx, q, n, id); err != nil {
			return nil, err
		}
	}
	if err := rules.prohibited(&about{g, x}); err != nil {
		return nil, err
	}
	out := make([]string, len(x.behind))
	for i, b := range x.behind {
		out[i] = b.String()
	}
	return out, nil
}

func readUnit(ctx context.Context, q store.Queryer, subject, account string) (u unit, err error) {
	if u.account, err = store.Get(ctx, q, register.Accounts, account); err == nil && subject != account {
		u.deployment, err = store.Get(ctx, q, register.Deployments, subject)
	}
	return u, err
}

// readStated reads what is stated about one subject of the chain, in the order of the
// log, as [ground.read] takes it from a book.
func (x *material) readStated(ctx context.Context, q store.Queryer, n int, id string) error {
	stated, err := evidence.About(ctx, q, id)
	if err != nil {
		return err
	}
	var list []found
	for _, facts := range stated {
		for _, s := range facts {
			list = append(list, found{Said: evidence.Said{Statement: s.Statement, Seq: s.Revision.Seq}, subject: n})
		}
	}
	slices.SortFunc(list, func(a, b found) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, f := range list {
		switch {
		case f.Fact.Source != DerivedBy:
			x.found = append(x.found, f)
		case n == 0:
			x.before = append(x.before, f)
		}
	}
	return nil
}
