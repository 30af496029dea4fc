package decision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/voice"
)

// why says in a sentence why an outcome allows no more, and by which rule.
var why = map[string]struct {
	rule refusal.Rule
	text string
}{
	"prohibited_legal": {refusal.Legal, "a legal stop holds, and no act in this program can lift it"},
	"pending":          {refusal.Pending, "required facts are unknown, and nothing is activated until they are known"},
}

// matter is what a decision is made on, read under the log's lock.
type matter struct {
	rated   *store.Revision[assessment.Rating]
	heard   *voice.Heard
	binding *store.Revision[voice.Referral] // the panel's vote that binds; nil when there is none
	unmet   bool                            // a vote was closed without a quorum
	demand  bundle.Demand
	against bool
	today   string
	parties []string // customers of the chain, once current has asked for them
}

// read reads the newest rating of a subject and what was said of it.
func read(ctx context.Context, tx *store.Tx, subject string, what Act, now time.Time) (*matter, error) {
	rated, err := find(ctx, tx, subject)
	if err != nil {
		return nil, err
	}
	m := &matter{rated: rated, today: now.UTC().Format(time.DateOnly), heard: &voice.Heard{}}
	if bundle.LetsRun(string(what)) {
		if m.heard, err = voice.On(ctx, tx, rated.Hash.String()); err != nil {
			return nil, err
		}
	}
	m.binding, m.unmet = m.heard.Binding()
	m.against = m.heard.Objections() > 0 || m.binding != nil && m.binding.Record.Outcome == "against"
	m.demand = bundle.Demands(rated.Record.Outcome, rated.Record.Tier, string(what), m.against)
	return m, nil
}

// find gives the newest rating of what is to be decided: of a deployment, of an
// account without one, or of an account's only deployment. Where an account has
// several, whoever decides says which.
func find(ctx context.Context, q store.Queryer, subject string) (*store.Revision[assessment.Rating], error) {
	deployments, err := register.DeploymentsOf(ctx, q, subject)
	switch {
	case err != nil:
		return nil, err
	case len(deployments) > 1:
		return nil, fault.Newf(fault.Invalid, "%s has %d deployments, and each is decided on its own", subject, len(deployments)).
			WithFix("name one of them: " + strings.Join(deployments, ", "))
	case len(deployments) == 1:
		subject = deployments[0]
	}
	list, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", subject)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "%s has not been assessed", subject).WithFix("run `duly assess " + subject + "` first")
	}
	return list[len(list)-1], nil
}

// Rated gives the newest rating of a subject to those who speak of it.
func Rated(ctx context.Context, q store.Queryer, subject string) (voice.Rated, error) {
	r, err := find(ctx, q, subject)
	if err != nil {
		return voice.Rated{}, err
	}
	return voice.Rated{Subject: r.Record.Subject, Hash: r.Hash.String(), Preparer: r.Record.Preparer}, nil
}

// entitled gives the person behind a key if the roles that hold now allow the act.
func entitled(ctx context.Context, tx *store.Tx, authority act.Authority, key string, what act.Act) (*people.Person, error) {
	p, err := people.ByKey(ctx, tx, key)
	if err != nil {
		return nil, err
	}
	return p, authority.May(p.Actor(), what)
}

// judges refuses signers who may not decide on this matter: by their roles, because
// they prepared the rating, or because they spoke of it as experts or panel members.
// Whose roles do not suffice for this very act it refuses after what the act itself
// lacks.
func (m *matter) judges(ctx context.Context, tx *store.Tx, authority act.Authority, d *Decision, signers []string) error {
	var judges []*people.Person
	for _, key := range signers {
		person, err := entitled(ctx, tx, authority, key, act.Decide)
		switch {
		case err != nil:
			return err
		case m.rated.Record.Preparer == key:
			return refusal.Refuse(refusal.FourEyes, "whoever prepared the assessment cannot decide on it", "a second person decides")
		case m.heard.Advised[key] || m.heard.Voted[key]:
			return refusal.Refuse(refusal.FourEyes, "whoever advised or voted on the rating cannot decide on it", "another person decides")
		}
		judges = append(judges, person)
	}
	if err := m.fits(d); err != nil {
		return err
	}
	for _, person := range judges {
		if !slices.ContainsFunc(person.Roles, func(r string) bool { return slices.Contains(m.demand.Roles, r) }) {
			return refusal.Refuse(refusal.Role, "this takes people with one of the roles "+strings.Join(m.demand.Roles, ", "), "")
		}
	}
	return nil
}

// permit holds an act to the rating, to what was said of it and to what stands in the
// register now. It is asked again at every signature.
func (m *matter) permit(ctx context.Context, tx *store.Tx, d *Decision) error {
	if d.Act == string(Suspend) || d.Act == string(Exit) {
		return leaving(d)
	}
	if !bundle.LetsRun(d.Act) {
		return nil
	}
	if err := m.current(ctx, tx); err != nil {
		return err
	}
	if err := m.flags(ctx, tx); err != nil {
		return err
	}
	if err := m.said(); err != nil {
		return err
	}
	return m.terms(d)
}

// fits refuses an act that the rating never allows, and one on another basis than it
// needs.
func (m *matter) fits(d *Decision) error {
	r := m.rated.Record
	switch {
	case !bundle.Allows(r.Outcome, d.Act):
		if missing := rightsOf(r.Missing); len(missing) > 0 && r.Outcome == "pending" {
			return refusal.Refuse(refusal.Right, "the assessment leaves out whether these rights are affected: "+strings.Join(missing, ", "), "answer every right first")
		}
		w := why[r.Outcome]
		return refusal.Refuse(w.rule, fmt.Sprintf("this cannot be decided as %s: %s", d.Act, w.text), "")
	case d.Basis == m.demand.Basis:
		return nil
	case m.demand.Basis != OnOverride:
		return refusal.Refuse(refusal.Override, "no override is needed for this", "use `duly decide`")
	}
	reason := "the rating calls for conditions"
	switch {
	case m.binding != nil && m.binding.Record.Outcome == "against":
		reason = "the panel voted against it"
	case m.against:
		reason = "an expert objects"
	case r.Outcome == "prohibited_policy":
		reason = "a policy stop holds"
	case r.Outcome == "decline" || r.Outcome == "suspend":
		reason = "the rating is CRITICAL"
	}
	return refusal.Refuse(refusal.Override, fmt.Sprintf("this can be decided as %s by an override only: %s", d.Act, reason),
		"two people with the role "+strings.Join(m.demand.Roles, " or ")+" use `duly override`, with a reason and a day on which it ends")
}

// OnOverride is the basis of an override, as bundles show it.
const OnOverride = bundle.OnOverride

// rightsOf gives the rights among facts that are missing (IN-07).
func rightsOf(missing []string) []string {
	var out []string
	for _, f := range missing {
		if right, ok := strings.CutPrefix(f, "harm."); ok {
			if right, ok = strings.CutSuffix(right, ".scale"); ok {
				out = append(out, right)
			}
		}
	}
	return out
}

// leaving refuses to suspend or leave something essential before it is known what that
// does to those who depend on it (GC-04, IM-17).
func leaving(d *Decision) error {
	if d.Essential != "yes" {
		return nil
	}
	if d.Impact == "" {
		return refusal.Refuse(refusal.Exit, "people depend on this, and nobody has written down what it does to them", "use `duly decide exit-impact` first")
	}
	return owned(d)
}

// owned asks for an accountable owner and a leverage plan (RE-01, UNGP 19).
func owned(d *Decision) error {
	if d.Owner == "" || strings.TrimSpace(d.Leverage) == "" {
		return refusal.Refuse(refusal.Owner, "this names nobody who is accountable, or no leverage", "give --owner PERSON and --leverage TEXT")
	}
	return nil
}

// current refuses a rating that is older than what it rests on.
func (m *matter) current(ctx context.Context, tx *store.Tx) error {
	r := m.rated.Record
	if r.Review > 0 {
		made := time.UnixMicro(m.rated.Leaf.Time).UTC()
		if m.today >= made.AddDate(0, int(r.Review), 0).Format(time.DateOnly) {
			return refusal.Refuse(refusal.Stale, "the rating is older than its review cycle", "assess it again")
		}
	}
	parties, newest, err := m.chain(ctx, tx)
	if err != nil {
		return err
	}
	m.parties = parties
	if newest > m.rated.Seq {
		return refusal.Refuse(refusal.Customer, "the customer, the deployment or somebody in its chain changed after it was rated", "assess it again, then decide")
	}
	facts, err := later(ctx, tx, append([]string{r.Subject, r.Account}, parties...), m.rated.Seq)
	if err != nil {
		return err
	}
	if facts {
		return refusal.Refuse(refusal.Stale, "facts were stated after it was rated", "assess it again, then decide")
	}
	open, err := openCorrection(ctx, tx, r.Subject)
	if err != nil {
		return err
	}
	if open {
		return refusal.Refuse(refusal.Correct, "the customer asked for a correction that is not answered", "answer it with `duly decide answer` first")
	}
	return nil
}

// later says whether somebody stated a fact about one of the subjects after a position
// of the log. What the program states itself it works out anew at each assessment.
func later(ctx context.Context, q store.Queryer, subjects []string, seq int64) (bool, error) {
	args := []any{seq, assessment.DerivedBy}
	var in []string
	for _, s := range subjects {
		args = append(args, s)
		in = append(in, fmt.Sprintf("$%d", len(args)))
	}
	rows, err := q.Query(ctx, "select 1 from r_fact where subject in ("+strings.Join(in, ", ")+") and seq > $1 and coalesce(source, '') <> $2 limit 1", args...)
	if err != nil {
		return false, fault.Wrap(fault.Failed, err, "cannot read the facts")
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// chain gives the customers of the chain and the product, and where the newest of the
// chain's records stands in the log.
func (m *matter) chain(ctx context.Context, tx *store.Tx) (parties []string, newest int64, err error) {
	r := m.rated.Record
	account, err := store.Get(ctx, tx, register.Accounts, r.Account)
	if err != nil {
		return nil, 0, err
	}
	newest, product := account.Seq, account.Record.Product
	parties = append(parties, account.Record.Customer)
	if account.Record.Via != "" {
		link, err := store.Get(ctx, tx, register.Relationships, account.Record.Via)
		if err != nil {
			return nil, 0, err
		}
		newest = max(newest, link.Seq)
		parties = append(parties, link.Record.Customer, link.Record.Party)
	}
	if r.Subject != r.Account {
		deployment, err := store.Get(ctx, tx, register.Deployments, r.Subject)
		if err != nil {
			return nil, 0, err
		}
		newest = max(newest, deployment.Seq)
		parties = append(parties, deployment.Record.Customer)
		if deployment.Record.Product != "" {
			product = deployment.Record.Product
		}
	}
	slices.Sort(parties)
	parties = slices.DeleteFunc(slices.Compact(parties), func(id string) bool { return id == "" })
	for _, id := range parties {
		c, err := store.Get(ctx, tx, register.Customers, id)
		if err != nil {
			return nil, 0, err
		}
		newest = max(newest, c.Seq)
	}
	if product != "" {
		p, err := store.Get(ctx, tx, register.Products, product)
		if err != nil {
			return nil, 0, err
		}
		newest = max(newest, p.Seq)
	}
	return parties, newest, nil
}

// flags refuses to let a deployment run while a red flag is open: a watchlist hit on
// its chain that is open or confirmed, or an open one on who stands behind it, even when
// the rating is older than the hit (IM-05), or a cumulative review of the area that it
// covers (IN-06). It refuses as well where those who stand behind the chain own so much
// of it that it counts as listed.
func (m *matter) flags(ctx context.Context, tx *store.Tx) error {
	bars, err := screening.Bars(ctx, tx, m.parties, m.today)
	if err != nil {
		return err
	}
	for _, party := range m.parties {
		if bars[party].Hits > 0 {
			return refusal.Refuse(refusal.Flag, "a watchlist hit on the chain is open or confirmed", "close it, assess again, then decide")
		}
	}
	exposures, err := store.Select(ctx, tx, assessment.Exposures, "r.state = 'open'")
	if err != nil {
		return err
	}
	for _, e := range exposures {
		if slices.Contains(e.Record.Covering, m.rated.Record.Subject) {
			return refusal.Refuse(refusal.Flag, "several deployments cover the same people, and nobody has looked at them together", "see `duly exposure list`, and close it")
		}
	}
	for _, party := range m.parties {
		if bars[party].Behind > 0 {
			return refusal.Refuse(refusal.Flag, "a watchlist hit on somebody who stands behind the chain is open", "close it, assess again, then decide")
		}
		if bars[party].Listed {
			return refusal.Refuse(refusal.Legal, "listed parties own half or more of somebody in the chain", "see `duly owners show`; no act in this program can lift it")
		}
	}
	return nil
}

// said asks for the opinion and the vote that the act needs, on this very rating.
func (m *matter) said() error {
	if m.demand.Opinion && len(m.heard.Opinions) == 0 {
		return refusal.Refuse(refusal.Opinion, "no expert has given an opinion on this rating", "an opinion on an earlier rating does not count; see `duly opinion give`")
	}
	if !m.demand.Panel || m.binding != nil {
		return nil
	}
	if m.unmet {
		return refusal.Refuse(refusal.Quorum, "the panel voted without a quorum", "refer it again")
	}
	return refusal.Refuse(refusal.Panel, "no panel has voted on this rating, or its vote is not closed", "see `duly panel refer` and `duly panel close`")
}

// terms asks for what the decision itself must say.
func (m *matter) terms(d *Decision) error {
	if m.demand.Basis != bundle.OnRating {
		if err := owned(d); err != nil {
			return err
		}
	}
	if m.demand.Panel && len(d.Precedent) == 0 {
		return refusal.Refuse(refusal.Condition, "conditions that must be met before it runs are not written down", "give --precedent TEXT for each")
	}
	emergency := m.binding != nil && m.binding.Record.Emergency
	switch {
	case m.demand.Basis == OnOverride && (d.Expires == "" || d.Expires <= d.From):
		return refusal.Refuse(refusal.Expiry, "an override ends on a day after it begins, which is "+d.From, "give --expires DAY")
	case m.demand.Basis == OnOverride && d.Expires > d.last():
		return refusal.Refuse(refusal.Expiry, "an override ends before the next review: by "+d.last(), "give an earlier --expires DAY")
	case d.Expires != "" && d.Expires <= d.From:
		return refusal.Refuse(refusal.Expiry, "it would end before it begins, on "+d.From, "give a later --expires DAY")
	case m.demand.Panel && emergency && (d.Expires == "" || d.Expires > m.binding.Record.RatifyBy):
		return refusal.Refuse(refusal.Expiry, "the panel voted at short notice, and what rests on that ends unless it is ratified by "+m.binding.Record.RatifyBy, "give --expires with that day or an earlier one")
	}
	return nil
}

// last gives the last day on which an override may end: its review, or a year after it
// begins.
func (d *Decision) last() string {
	from, err := time.Parse(time.DateOnly, d.From)
	if err != nil {
		return "" // never: the day comes from a clock or a checked record
	}
	year := from.AddDate(1, 0, 0).Format(time.DateOnly)
	if d.ReviewDay != "" && d.ReviewDay > d.From {
		return min(year, d.ReviewDay)
	}
	return year
}
