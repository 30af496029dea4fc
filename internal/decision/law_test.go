package decision_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

// attempt is one call of the services.
type attempt func() error

// crew is a set of people with whatever roles they have, who try to bring one
// deployment to approval.
type crew struct {
	*office
	keys   []ledger.PersonKey
	roles  map[string][]act.Role // by key id
	panel  string
	r      rated
	mu     sync.Mutex
	matter string
	drafts []string
}

// phases gives everything that anybody of the crew could call, in three parts between
// which days pass.
func (c *crew) phases(random *rand.Rand) [3][]attempt {
	var p [3][]attempt
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	for _, k := range c.keys {
		choice, vote := pick("support", "support_with_conditions", "support", "object"), pick("for", "for", "for", "against", "abstain")
		p[0] = append(p[0], func() error { return c.opine(c.r, k, choice) },
			func() error {
				ref, _, err := voice.Refer(ctx, c.db, act.Default, decision.Rated, voice.Referring{Hand: hand(k, 0), Panel: c.panel, Subject: c.r.account, File: packet, Question: "?"})
				if err == nil {
					c.mu.Lock()
					c.matter = ref.ID
					c.mu.Unlock()
				}
				return err
			})
		p[1] = append(p[1], func() error {
			_, err := voice.Cast(ctx, c.db, act.Default, voice.Voting{Hand: hand(k, 2), Referral: c.matter, Choice: vote, File: packet, Reasons: "reasons"})
			return err
		}, func() error { return c.opine(c.r, k, choice) })
		p[2] = append(p[2], func() error {
			_, _, err := voice.Close(ctx, c.db, act.Default, hand(k, 15), c.matter)
			return err
		})
		for i := range p {
			for _, override := range []bool{false, true} {
				what := []decision.Act{decision.Approve, decision.ApproveWithConditions}[random.IntN(2)]
				p[i] = append(p[i], func() error {
					q := c.request(c.r, k)
					q.Act, q.Override, q.Owner = what, override, c.keys[0].ID()
					if override {
						q.Expires = "2027-05-01"
					}
					step, err := c.office.decide(q)
					if err == nil && step.Waits != "" {
						c.mu.Lock()
						c.drafts = append(c.drafts, step.Waits)
						c.mu.Unlock()
					}
					return err
				})
			}
			p[i] = append(p[i], func() error { return c.signAll(k) })
		}
	}
	return p
}

// signAll signs every draft that waits.
func (c *crew) signAll(k ledger.PersonKey) (err error) {
	c.mu.Lock()
	drafts := slices.Clone(c.drafts)
	c.mu.Unlock()
	for _, id := range drafts {
		_, err = c.sign(id, k)
	}
	return err
}

// run lets several callers run the attempts of each phase at the same time, in any
// order, some of them twice.
func (c *crew) run(random *rand.Rand) {
	const callers = 4
	for _, list := range c.phases(random) {
		list = append(list, list[:len(list)/2]...)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		var wait sync.WaitGroup
		for n := range callers {
			wait.Go(func() {
				for i := n; i < len(list); i += callers {
					_ = list[i]() // most are refused; what counts is what stands in the log at the end
				}
			})
		}
		wait.Wait()
	}
}

// lawful works out from the log alone, by other code than the services', whether a
// decision that lets a deployment run has all that the method asks for. It gives what
// is missing, or "".
func (c *crew) lawful(d *store.Revision[decision.Decision], rating *assessment.Rating) string {
	c.Helper()
	signers := map[string]bool{}
	body := true
	for _, s := range d.Leaf.Sigs {
		key := s.KeyID()
		signers[key] = true
		roles := c.roles[key]
		if slices.Contains(roles, act.Sales) || slices.Contains(roles, act.Administrator) || !slices.Contains(roles, act.Approver) && !slices.Contains(roles, act.GoverningBody) {
			return fmt.Sprintf("signed by somebody with the roles %v", roles)
		}
		body = body && slices.Contains(roles, act.GoverningBody)
		if key == rating.Preparer {
			return "signed by the preparer"
		}
	}
	if len(signers) < 2 {
		return "signed by one person"
	}
	opinions, err := store.Select(ctx, c.db, voice.Opinions, "r.subject = $1", c.r.account)
	if err != nil {
		c.Fatal(err)
	}
	heard, objects := 0, false
	for _, o := range opinions {
		if o.Seq > d.Seq {
			continue
		}
		heard++
		objects = objects || o.Record.Choice == "object"
		if signers[o.Record.Person] {
			return "signed by its expert"
		}
		if got := c.roles[o.Record.Person]; len(got) != 1 || got[0] != act.Expert {
			return fmt.Sprintf("an opinion of somebody with the roles %v", got)
		}
	}
	if heard == 0 {
		return "no opinion"
	}
	votes, err := store.Select(ctx, c.db, voice.Votes, "r.referral = $1", c.matter)
	if err != nil {
		c.Fatal(err)
	}
	counts := map[string]int{}
	voters, affected := map[string]bool{}, 0
	for _, v := range votes {
		counts[v.Record.Choice]++
		voters[v.Record.Person] = true
		if signers[v.Record.Person] {
			return "signed by a member who voted"
		}
		seat, err := store.Get(ctx, c.db, voice.Seats, v.Record.Seat)
		if err != nil {
			c.Fatal(err)
		}
		if seat.Record.Group == "affected" {
			affected++
		}
	}
	if len(voters) < 4 || affected < 1 || len(voters) != len(votes) {
		return fmt.Sprintf("%d of seven voted, %d for affected people", len(voters), affected)
	}
	against := objects || counts["against"] >= counts["for"]
	if (against || rating.Outcome != "escalate") && (!body || d.Record.Basis != "override" || d.Record.Expires == "") {
		return "an override without the governing body, or without an end"
	}
	if against && d.Record.From <= "2027-01-08" { // closed on 9 December, 30 days to answer
		return "an override without a lock"
	}
	return ""
}

// TestNobodyGetsAroundTheMethod protects what this room is for: whatever a set of people
// calls, in whatever order and at the same time, a HIGH or CRITICAL deployment is let
// run only with everything that the method asks for, and one with a legal stop or
// unknown facts never. Rarely do people with random roles have all of it; so about half
// of the crews have, and some of those must come through, or the test would show nothing.
func TestNobodyGetsAroundTheMethod(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		o := openOffice(t, db)
		through, stopped := 0, 0
		fewer(t, 40) // a crew makes hundreds of calls
		rapid.Check(t, func(rt *rapid.T) {
			c := &crew{office: o, roles: map[string][]act.Role{}}
			complete := rapid.Bool().Draw(rt, "complete")
			outcome := rapid.SampledFrom([]string{"escalate", "escalate", "escalate", "decline", "suspend", "prohibited_policy", "prohibited_legal", "pending"}).Draw(rt, "outcome")
			seed := rapid.Uint64().Draw(rt, "seed")
			random := rand.New(rand.NewPCG(seed, 1))
			c.recruit(rt, complete, random)
			worst := map[string]string{"escalate": "HIGH"}[outcome]
			if worst == "" {
				worst = "CRITICAL"
			}
			preparer := c.keys[random.IntN(len(c.keys))].ID()
			c.r = rate(o, db, outcome, worst, preparer)
			o.again(&c.r, func(x *assessment.Rating) { x.Tier = "EDD+GB" })
			c.run(random)
			done, err := store.Select(ctx, db, decision.Decisions, "r.subject = $1", c.r.account)
			if err != nil {
				rt.Fatal(err)
			}
			if len(done) == 0 {
				stopped++
				return
			}
			history, err := store.History(ctx, db, decision.Decisions, done[0].ID)
			if err != nil || len(done) > 1 {
				rt.Fatalf("%d decisions on one deployment, %v", len(done), err)
			}
			rated, err := store.Select(ctx, db, assessment.Ratings, "r.subject = $1", c.r.account)
			if err != nil {
				rt.Fatal(err)
			}
			for _, d := range history {
				if outcome == "prohibited_legal" || outcome == "pending" {
					rt.Fatalf("%s is let run", outcome)
				}
				if missing := c.lawful(d, rated[0].Record); missing != "" {
					rt.Fatalf("a rating that calls for %s is let run by entry %d: %s\n%+v", outcome, d.Seq, missing, d.Record)
				}
			}
			through++
		})
		t.Logf("%d crews brought a deployment to approval with all that it takes, %d did not", through, stopped)
		if through == 0 {
			t.Error("nobody came through: the test shows nothing")
		}
	})
}

// fewer lowers the number of cases that rapid tries, unless the command line says how
// many.
func fewer(t *testing.T, n int) {
	f := flag.Lookup("rapid.checks")
	if f == nil || f.Value.String() != f.DefValue {
		return
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", f.DefValue) })
}

// recruit makes the people of a crew and their panel: with all that the method asks,
// or with whatever roles chance gives.
func (c *crew) recruit(rt *rapid.T, complete bool, random *rand.Rand) {
	add := func(roles ...act.Role) ledger.PersonKey {
		k := newKey(c)
		join(c, c.db, k, roles...)
		c.keys, c.roles[k.ID()] = append(c.keys, k), roles
		return k
	}
	if complete {
		for _, role := range []act.Role{act.Analyst, act.Approver, act.Approver, act.GoverningBody, act.GoverningBody, act.Expert} {
			add(role)
		}
		// They have company of people whose roles exclude each other.
		for range 3 {
			add([]act.Role{act.Approver, act.GoverningBody, act.Expert}[random.IntN(3)], []act.Role{act.Sales, act.Administrator, act.PanelMember}[random.IntN(3)])
		}
	} else {
		all := []act.Role{act.Analyst, act.Approver, act.GoverningBody, act.Sales, act.Expert, act.PanelMember, act.Administrator}
		for range 1 + random.IntN(6) {
			var roles []act.Role
			for _, r := range all {
				if random.IntN(3) == 0 {
					roles = append(roles, r)
				}
			}
			if len(roles) == 0 {
				roles = []act.Role{all[random.IntN(len(all))]}
			}
			add(roles...)
		}
	}
	seats := 7
	if !complete {
		seats = random.IntN(8)
	}
	var members []ledger.PersonKey
	for range seats {
		members = append(members, add(act.PanelMember))
	}
	if !complete {
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	}
	c.panel = c.office.seat(c.body[0], members)
}

// TestThePersonIsWhoTheLogSays protects against a caller that claims roles: what counts
// is the role that the log shows for the key, and a person who ended has none.
func TestThePersonIsWhoTheLogSays(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("approve", "LOW", "SDD")
	q := o.request(r, o.ann)
	q.By.Roles = []act.Role{act.Approver, act.GoverningBody}
	step, err := o.decide(q)
	o.refused("role", step, err)
	list, err := store.Select(ctx, o.db, people.Persons, "r.key_id = $1", o.approve[0].ID())
	if err != nil {
		t.Fatal(err)
	}
	gone := *list[0].Record
	gone.State = "ended"
	err = o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, _, err := store.Revise(tx, people.Persons, list[0].ID, &gone)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	q = o.request(r, o.approve[0])
	q.Owner = o.body[0].ID()
	step, err = o.decide(q)
	o.refused("role", step, err)
}
