package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/calendar"
	"duly/internal/decision"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// MayWiden says whether a customer may be given a capability, or more of one: not
// while a case about it or about who holds it is open or somebody's word about it is
// unread, not before what was announced for the product is launched and decided for
// it, and only of what was judged. unit is a deployment or an account. It reads a few
// indexed rows.
//
// The code is Refused, with the rule and what is waited for.
func MayWiden(ctx context.Context, q store.Queryer, unit, capability, today string) error {
	s, err := around(ctx, q, unit)
	if err != nil {
		return err
	}
	if err := s.free(ctx, q, today); err != nil {
		return err
	}
	cleared, err := s.launched(ctx, q, capability)
	if err != nil {
		return err
	}
	if cleared {
		return s.approved(ctx, q, []string{unit}, today)
	}
	having, err := s.having(ctx, q, capability)
	if err != nil {
		return err
	}
	if len(having) == 0 {
		return refusal.Refuse(refusal.Unapproved, "nobody has judged "+word(capability)+" for this customer",
			"register the deployment with the day from which it is to hold, assess it and decide")
	}
	return s.approved(ctx, q, having, today)
}

// MayRenew says whether a contract about a deployment or an account may be renewed:
// not while somebody's word about it is unread, so that nobody is kept from knowing
// (IM-05), not while a case about it is open, and not against what was decided.
//
// The code is Refused, with the rule and what is waited for.
func MayRenew(ctx context.Context, q store.Queryer, unit, today string) error {
	s, err := around(ctx, q, unit)
	if err != nil {
		return err
	}
	if err := s.heard(ctx, q, today); err != nil {
		return err
	}
	if err := s.free(ctx, q, today); err != nil {
		return err
	}
	if _, err := s.launched(ctx, q, ""); err != nil {
		return err
	}
	return s.approved(ctx, q, s.units, today)
}

// surroundings are the records that a case about a unit may be about.
type surroundings struct {
	account, product string
	subjects         []string // all who may have a case that covers a unit
	users            []string // of them those who use it in the end, and who holds them: any case of theirs counts
	units            []string // the deployments, or the account where it has none
}

func around(ctx context.Context, q store.Queryer, unit string) (*surroundings, error) {
	s := &surroundings{account: unit, units: []string{unit}}
	deployments, err := store.Select(ctx, q, register.Deployments, "r.id = $1", unit)
	if err == nil && len(deployments) == 0 {
		deployments, err = store.Select(ctx, q, register.Deployments, "r.account = $1 and r.state = 'active'", unit)
		if len(deployments) > 0 {
			s.units = nil
		}
	} else if err == nil {
		s.account, s.units = deployments[0].Record.Account, nil
	}
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		s.units = append(s.units, d.ID)
		s.users = append(s.users, d.Record.Customer)
		s.product = d.Record.Product
	}
	if s.account != "" {
		if err := s.billed(ctx, q); err != nil {
			return nil, err
		}
	}
	if s.users, err = held(ctx, q, set(s.users)); err != nil {
		return nil, err
	}
	s.subjects = set(append(s.subjects, s.users...))
	return s, nil
}

// billed adds who is billed, and whom the account's relationship names.
func (s *surroundings) billed(ctx context.Context, q store.Queryer) error {
	account, err := store.Get(ctx, q, register.Accounts, s.account)
	if err != nil {
		return err
	}
	if s.product == "" {
		s.product = account.Record.Product
	}
	s.subjects = append(s.subjects, s.account, account.Record.Customer)
	if account.Record.Via == "" {
		if len(set(s.users)) == 0 { // no deployment says otherwise
			s.users = append(s.users, account.Record.Customer)
		}
		return nil
	}
	link, err := store.Get(ctx, q, register.Relationships, account.Record.Via)
	if err != nil {
		return err
	}
	s.subjects = append(s.subjects, link.Record.Customer, link.Record.Party)
	if served, _, ok := triage.Ends(link.Record); ok {
		s.users = append(s.users, served)
	}
	return nil
}

// set gives texts sorted, each once, without the empty one.
func set(list []string) []string {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
}

// held adds to customers those that hold half of them or more, or may, and those that
// hold these.
func held(ctx context.Context, q store.Queryer, customers []string) ([]string, error) {
	out := slices.Clone(customers)
	for i := 0; i < len(out); i++ {
		add := func(owner string) {
			if owner != "" && !slices.Contains(out, owner) {
				out = append(out, owner)
			}
		}
		interests, err := store.Select(ctx, q, register.Interests, "r.owned = $1 and r.state = 'active'", out[i])
		if err != nil {
			return nil, err
		}
		for _, x := range interests {
			if x.Record.Half() {
				add(x.Record.Owner)
			}
		}
		owners, err := store.Select(ctx, q, register.Owners, "r.customer = $1 and r.state = 'active'", out[i])
		if err != nil {
			return nil, err
		}
		for _, o := range owners {
			if o.Record.Half() {
				add(o.Record.Party)
			}
		}
		links, err := store.Select(ctx, q, register.Relationships, "r.customer = $1 and r.state = 'active' and r.role = 'owner'", out[i])
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			add(l.Record.Party)
		}
	}
	return out, nil
}

// heard refuses while something that people raised is unread.
func (s *surroundings) heard(ctx context.Context, q store.Queryer, today string) error {
	for _, id := range set(slices.Concat(s.subjects, s.units)) {
		list, err := store.Select(ctx, q, Signals, "r.subject = $1 and r.state = 'unread'", id)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return refusal.Refuse(refusal.Unread,
				fmt.Sprintf("%d things that people raised about this customer are unread, the oldest since %d days", len(list), calendar.Between(list[0].Record.Day, today)),
				"run `duly queue sweep`, then work on the case")
		}
	}
	return nil
}

// free refuses while a case is open: one of the end user or of who holds it, or
// another's that covers a unit. What was raised and no sweep has read counts too.
func (s *surroundings) free(ctx context.Context, q store.Queryer, today string) error {
	for _, id := range s.subjects {
		cases, err := store.Select(ctx, q, Reviews, "r.subject = $1 and r.state = 'open'", id)
		if err != nil {
			return err
		}
		for _, r := range cases {
			covers := slices.ContainsFunc(r.Record.Covers, func(unit string) bool { return unit == s.account || slices.Contains(s.units, unit) })
			if covers || slices.Contains(s.users, id) {
				return refusal.Refuse(refusal.OpenCase,
					fmt.Sprintf("a case about this customer is open since %s, %d days", r.Record.Opened, calendar.Between(r.Record.Opened, today)),
					"what waits is not given more: see `duly case show "+r.ID+"`")
			}
		}
	}
	return s.heard(ctx, q, today)
}

// launched refuses what is announced and not launched, and what nobody cleared the
// units for; capability may be "" for whatever was announced. It says whether
// somebody cleared a unit for it.
func (s *surroundings) launched(ctx context.Context, q store.Queryer, capability string) (cleared bool, err error) {
	changes, err := store.Select(ctx, q, Changes, "r.product = $1", s.product)
	if err != nil {
		return false, err
	}
	for _, c := range changes {
		if capability != "" && c.Record.Capability != capability {
			continue
		}
		switch c.Record.State {
		case Announced:
			return false, refusal.Refuse(refusal.Unlaunched, word(c.Record.Capability)+" is announced for this product and not launched", "see `duly capability show "+c.ID+"`")
		case Launched:
			standing, err := Stand(ctx, q, c.ID)
			if err != nil {
				return false, err
			}
			if !slices.ContainsFunc(s.units, func(unit string) bool { return slices.Contains(standing.Cleared, unit) }) {
				return false, refusal.Refuse(refusal.Unlaunched, "nobody has cleared this customer for "+word(c.Record.Capability), "assess it again and decide")
			}
			cleared = capability != ""
		}
	}
	return cleared, nil
}

// having gives the deployments on the account that are about a capability, those that
// are to begin later too; or the account, where it has none and its product has it.
func (s *surroundings) having(ctx context.Context, q store.Queryer, capability string) ([]string, error) {
	var out []string
	deployments, err := store.Select(ctx, q, register.Deployments, "r.account = $1 and r.state = 'active'", s.account)
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		if d.Record.Capability == capability {
			out = append(out, d.ID)
		}
	}
	if len(deployments) > 0 || s.product == "" {
		return out, nil
	}
	product, err := store.Get(ctx, q, register.Products, s.product)
	if err == nil && slices.Contains(product.Record.Intended, capability) {
		out = s.units
	}
	return out, err
}

// approved refuses where what holds is no approval: where somebody decided otherwise,
// where it has lapsed, and where nobody decided though the rating or the lane calls
// for it.
func (s *surroundings) approved(ctx context.Context, q store.Queryer, units []string, today string) error {
	const fix = "assess it and decide"
	for _, unit := range units {
		stand, err := decision.Standing(ctx, q, unit, today, nil)
		if err != nil {
			return err
		}
		switch d := stand.Decision; {
		case stand.State == decision.Lapsed:
			return refusal.Refuse(refusal.Unapproved, "what was decided about this customer held until "+d.Record.Expires, fix)
		case stand.State == decision.Waits:
			return refusal.Refuse(refusal.Unapproved, "a condition that comes first is not met", "see `duly decide show`")
		case stand.State == decision.Barred:
			return refusal.Refuse(refusal.Unapproved, "a law forbids it since it was approved: "+strings.Join(stand.Forbids, "; "), fix)
		case stand.State == decision.Holds && !stand.MayRun():
			return refusal.Refuse(refusal.Unapproved, "the last decision about this customer is to "+word(d.Record.Act), fix)
		case stand.State == decision.None:
			if err := s.undecided(ctx, q, unit); err != nil {
				return err
			}
		}
	}
	return nil
}

// undecided refuses a unit on which nobody decided, unless nothing calls for it.
func (s *surroundings) undecided(ctx context.Context, q store.Queryer, unit string) error {
	ratings, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", unit)
	if err != nil {
		return err
	}
	for _, r := range ratings {
		if r.Record.Outcome != string(decision.Approve) {
			return refusal.Refuse(refusal.Unapproved, "this customer was assessed, and nobody has decided", "decide with `duly decide`")
		}
	}
	lanes, err := store.Select(ctx, q, triage.Triages, "r.account = $1", s.account)
	if err != nil {
		return err
	}
	if len(lanes) == 0 {
		return refusal.Refuse(refusal.Unapproved, "no rule has looked at this customer yet", "run `duly triage` and `duly queue sweep`")
	}
	if lane := lanes[0].Record.Lane; laneRank(lane) >= laneRank(string(triage.Person)) {
		return refusal.Refuse(refusal.Unapproved, "the rules send this customer to a person, and nobody has decided", "assess it and decide")
	}
	return nil
}

// Unheard is how much people raised that nobody has handled, by age.
type Unheard struct {
	Unread int `json:"unread"`
	Week   int `json:"older_than_7_days"`
	Month  int `json:"older_than_30_days"`
	Oldest int `json:"oldest_days"`
}

// CountUnheard counts what people raised and nobody has handled.
func CountUnheard(ctx context.Context, q store.Queryer, today string) (*Unheard, error) {
	list, err := store.Select(ctx, q, Signals, "r.state = 'unread'")
	if err != nil {
		return nil, err
	}
	u := &Unheard{Unread: len(list)}
	for _, s := range list {
		age := calendar.Between(s.Record.Day, today)
		u.Oldest = max(u.Oldest, age)
		if age > 7 {
			u.Week++
		}
		if age > 30 {
			u.Month++
		}
	}
	return u, nil
}
