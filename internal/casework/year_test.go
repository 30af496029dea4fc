package casework_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
	"duly/internal/usage"
)

// year is a simulated year of a vendor and its analysts. What happens is made up and
// follows from a seed; what the program makes of it is the program's. The clock, the
// randomness of the ledger and the events are all passed in.
type year struct {
	*office
	accounts int
	dice     *rand.Rand
	clock    time.Time
	ann, abe person
	gov      person

	units    []string            // whose accounts are sent to people
	customer []string            // by account
	account  map[string]string   // unit to account
	by       map[string][]string // jurisdiction to customers
	faces    string              // the product that gets a capability
	front    map[string]bool     // accounts in AUTO that a person should look at
	baseline map[string]ledger.Scalar
	told     map[string]bool // units of which the facts are stated
	events   map[string]int
	opened   int
	again    int // rated again because a fact was stated
	still    int // of them, without a change that a person must see
	acts     map[string]int
	outcomes map[string]int
	waits    map[string][]int // days from opening to closing, by lane
	lines    []string         // what is published
}

// TestYear runs a year and holds what may not happen in it. DULY_YEAR_ACCOUNTS sets the
// number of accounts, for eight analysts for every 50,000; scripts/year runs all of
// them and prints what would be published.
func TestYear(t *testing.T) {
	accounts := 200
	if text := os.Getenv("DULY_YEAR_ACCOUNTS"); text != "" {
		var err error
		if accounts, err = strconv.Atoi(text); err != nil || accounts < 100 {
			t.Fatalf("DULY_YEAR_ACCOUNTS=%s is not a number from 100 on", text)
		}
	}
	y := newYear(t, accounts)
	began := time.Now()
	for week := range 52 {
		y.happen(week)
		if week%4 == 0 {
			y.triage()
		}
		s := y.sweep()
		y.count(s)
		if week == 0 {
			y.publish("%d accounts; cases after the first sweep: %d", y.accounts, s.Open)
		}
		y.work()
		if week%13 == 1 {
			y.sample()
		}
		if week%13 == 12 {
			y.quarter(week)
		}
		if y.accounts > 1000 {
			t.Logf("week %d done after %s", week+1, time.Since(began).Round(time.Second))
		}
		y.clock = y.clock.AddDate(0, 0, 7)
		y.today = y.clock.Format(time.DateOnly)
	}
	y.check()
	y.summary()
	t.Logf("the year took %s", time.Since(began).Round(time.Second))
	t.Log("\n" + strings.Join(y.lines, "\n"))
}

func newYear(t *testing.T, accounts int) *year {
	seed := [32]byte{'y', 'e', 'a', 'r'}
	y := &year{
		accounts: accounts, dice: rand.New(rand.NewChaCha8(seed)), clock: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
		ann: someone(t, 1, act.Analyst), abe: someone(t, 2, act.Approver), gov: someone(t, 3, act.GoverningBody),
		account: map[string]string{}, by: map[string][]string{}, front: map[string]bool{}, told: map[string]bool{}, events: map[string]int{},
		acts: map[string]int{}, outcomes: map[string]int{}, waits: map[string][]int{},
	}
	config := store.Config{DSN: filepath.Join(t.TempDir(), "duly.db"), Random: rand.NewChaCha8(seed), Now: func() time.Time {
		y.clock = y.clock.Add(time.Millisecond)
		return y.clock
	}}
	db, err := store.Open(ctx, config, rooms...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	y.office = &office{t, db, shippedRules(t), y.clock.Format(time.DateOnly)}
	zero := strings.Repeat("0", 64)
	y.ok(db.Begin(ctx, "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: zero, QuotedRoot: zero}))
	var method struct {
		Tests struct {
			Baseline map[string]any `yaml:"baseline"`
		} `yaml:"tests"`
	}
	y.ok(yaml.Unmarshal(shipped(t, "methods/rm-1.yaml").Bytes, &method))
	y.baseline = map[string]ledger.Scalar{}
	for fact, v := range method.Tests.Baseline {
		switch v := v.(type) {
		case bool:
			y.baseline[fact] = ledger.Bool(v)
		case int:
			y.baseline[fact] = ledger.Int(int64(v))
		case string:
			y.baseline[fact] = ledger.Text(v)
		case []any:
			y.baseline[fact] = ledger.Texts([]string{})
		}
	}
	y.faces = y.product("face_search")
	y.grow(accounts)
	for lane, hours := range map[string]int64{"STOP": 8, "PERSON": 172, "DESK": 60} {
		minutes := map[string]int64{"STOP": 240, "PERSON": 240, "DESK": 30}[lane]
		c := casework.Capacity{Lane: lane, From: y.today, Hours: max(hours*int64(accounts)/50000, (minutes+59)/60), PerCase: minutes}
		y.ok(casework.SetCapacity(ctx, y.db, act.Default, y.gov.Actor, c))
	}
	return y
}

// grow adds accounts: most are companies that a registry confirms with plain
// computing, some are not confirmed, few hold power over people.
func (y *year) grow(n int) {
	plain := y.product("compute")
	places := []string{"US", "US", "DE", "GB", "XC"}
	for from := 0; from < n; from += 2000 {
		y.write(func(tx *store.Tx) error {
			for range min(2000, n-from) {
				if err := y.one(tx, plain, places[y.dice.IntN(len(places))]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put(y.office, runs.Runs, runs.Run{Task: "screen", Day: y.today})
}

func (y *year) one(tx *store.Tx, plain, place string) error {
	kind := y.dice.IntN(100)
	c := &register.Customer{Origin: active, Name: fmt.Sprintf("Customer %d", len(y.customer)), Kind: "company", Sector: "commercial", Jurisdiction: place}
	product, capability := plain, ""
	switch {
	case kind < 4:
		c.Kind, c.Sector, product, capability = "public_body", "policing", y.faces, "face_search"
	case kind < 6:
		capability = "video_analytics"
	}
	who, err := store.Create(tx, register.Customers, c)
	if err != nil {
		return err
	}
	y.by[place+"/"+c.Sector] = append(y.by[place+"/"+c.Sector], who.ID)
	y.customer = append(y.customer, who.ID)
	if kind >= 15 || kind < 6 {
		_, err := store.Create(tx, register.Identifiers, &register.Identifier{Origin: active, Subject: who.ID, Scheme: "lei", Value: who.ID})
		if err != nil {
			return err
		}
	}
	cents := int64(y.dice.IntN(5_000_000))
	a, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Name: c.Name, Customer: who.ID, Product: product, Amount: &cents, Currency: "USD"})
	if err != nil {
		return err
	}
	if kind >= 15 && y.dice.IntN(300) == 0 {
		y.front[a.ID] = true
	}
	if capability == "" {
		return nil
	}
	d, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: who.ID, Product: product, Account: a.ID, Capability: capability, Jurisdiction: place})
	y.units, y.account[d.ID] = append(y.units, d.ID), a.ID
	return err
}

// often says how many of an event a week has, for so many among 50,000 accounts.
func (y *year) often(among50k int) int {
	n := among50k * y.accounts
	return n/50000 + map[bool]int{true: 1}[y.dice.IntN(50000) < n%50000]
}

func (y *year) someCustomer() string { return y.customer[y.dice.IntN(len(y.customer))] }

// happen writes what happens in a week.
func (y *year) happen(week int) {
	for range y.often(20) {
		who := y.someCustomer()
		put(y.office, screening.Hits, screening.Hit{State: "open", Grade: "weak", Subject: who, Identity: fmt.Sprint(who, week, y.dice.Uint64()), List: "made up", Entry: "x", Matched: "somebody"})
	}
	// One registered owner makes every decision read all customers, which takes longer
	// than the rest of a large year.
	for range y.often(5) * map[bool]int{true: 1}[y.accounts <= 1000] {
		party := put(y.office, register.Parties, register.Party{Origin: active, Sort: "person", Name: "A new owner"})
		put(y.office, register.Interests, register.Interest{Origin: active, Owner: party, Owned: y.someCustomer(), Role: "owns"})
	}
	for range y.often(6) {
		zero := strings.Repeat("0", 64)
		put(y.office, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: zero, Day: y.today, Deployment: y.units[y.dice.IntN(len(y.units))], Clause: "C-1"})
	}
	for range y.often(8) {
		sort := casework.Sorts[y.dice.IntN(len(casework.Sorts))]
		_, err := casework.Raise(ctx, y.db, storetest.Actor, casework.Signal{Sort: sort, Subject: y.someCustomer(), Text: "somebody spoke", Day: y.today})
		y.ok(err)
	}
	for range y.often(40) {
		y.state(y.units[y.dice.IntN(len(y.units))], "use.bystanders", ledger.Bool(true))
	}
	switch week {
	case 20:
		y.eachOf("DE/policing", "law.local_ban", ledger.Text("in_force"))
	case 26:
		_, _, err := casework.Announce(ctx, y.db, act.Default, y.ann.Actor, casework.Change{Product: y.faces, Capability: "live_face_recognition", Reason: "customers ask for it"}, y.today)
		y.ok(err)
	case 34:
		y.eachOf("XC/policing", "country.situation", ledger.Texts([]string{"coup"}))
	}
}

func (y *year) eachOf(group, fact string, value ledger.Scalar) {
	y.write(func(tx *store.Tx) error {
		for _, who := range y.by[group] {
			if err := evidence.State(ctx, tx, evidence.Fact{Subject: who, Fact: fact, Value: value, AsOf: y.today}, "press", y.today); err != nil {
				return err
			}
		}
		return nil
	})
}

func (y *year) count(s *casework.Summary) {
	y.opened += s.Opened
	y.again += s.Rated
	y.still += s.Still
	y.outcomes["ended"] += s.Ended
	for e, n := range s.Events {
		y.events[e] += n
	}
}

// work lets the analysts work as long as their week is, in the order of the queue.
func (y *year) work() {
	put(y.office, runs.Runs, runs.Run{Task: "screen", Day: y.today})
	loads, err := casework.Lanes(ctx, y.db, y.today, 7)
	y.ok(err)
	for _, l := range loads {
		if l.PerWeek == 0 || l.Open == 0 {
			continue
		}
		page, err := casework.Page(ctx, y.db, casework.Filter{Lane: l.Lane, Limit: int(l.PerWeek)}, y.today)
		y.ok(err)
		y.look(page)
		for _, item := range page {
			y.finish(item)
		}
	}
}

// look finds out what is to be known of all cases of a week, and rates their
// deployments. What the facts are depends on the deployment.
func (y *year) look(page []casework.Item) {
	var ids []string
	y.write(func(tx *store.Tx) error {
		for _, item := range page {
			if item.Review.Lane == "DESK" {
				continue
			}
			for _, unit := range item.Review.Covers {
				ids = append(ids, unit)
				if y.told[unit] {
					continue
				}
				y.told[unit] = true
				facts := maps.Clone(y.baseline)
				switch unit[0] % 3 {
				case 0:
					facts["harm.privacy.scale"], facts["harm.privacy.scope"], facts["harm.privacy.irremediability"] = ledger.Int(3), ledger.Int(3), ledger.Int(2)
					facts["use.personal_data"], facts["use.identification"] = ledger.Bool(true), ledger.Text("search")
				case 1:
					facts["harm.liberty.scale"], facts["harm.liberty.scope"], facts["harm.liberty.irremediability"] = ledger.Int(5), ledger.Int(3), ledger.Int(5)
					facts["agency.abuse_record"], facts["use.personal_data"] = ledger.Text("established"), ledger.Bool(true)
				}
				for _, fact := range slices.Sorted(maps.Keys(facts)) {
					if err := evidence.State(ctx, tx, evidence.Fact{Subject: unit, Fact: fact, Value: facts[fact], AsOf: y.today}, "customer file", y.today); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if len(ids) > 0 {
		_, err := assessment.Assess(ctx, y.db, y.ann.Key, y.today, shipped(y, "methods/rm-1.yaml"), assessment.Which{IDs: ids}, nil)
		y.ok(err)
	}
}

// finish decides what is to be decided, and closes the case.
func (y *year) finish(item casework.Item) {
	w := y.worker(y.ann)
	y.ok(w.Assign(ctx, y.db, item.ID, y.ann.Actor))
	for _, text := range item.Review.Triggers {
		t := casework.ParseTrigger(text)
		if t.Event == "grievance" {
			y.ok(w.Tell(ctx, y.db, t.Cause, casework.Adopted, "what it led to is in the decision", ""))
		}
		if t.Event != "list_hit" {
			continue
		}
		hit, err := store.Get(ctx, y.db, screening.Hits, t.Cause)
		y.ok(err)
		if hit.Record.State == screening.Open {
			_, err := screening.Close(ctx, y.db, screening.Disposition{Hit: t.Cause, State: screening.Dismissed, Reason: "somebody else", By: y.ann.Key})
			y.ok(err)
		}
	}
	outcome := casework.Kept
	for _, unit := range item.Review.Covers {
		if item.Review.Lane != "DESK" {
			outcome = casework.Decided
			y.judge(unit)
		}
	}
	y.ok(w.Close(ctx, y.db, item.ID, outcome, "looked at"))
	y.outcomes[outcome]++
	y.waits[item.Review.Lane] = append(y.waits[item.Review.Lane], item.Age)
}

// judge decides what the rating calls for; what calls for more people is declined.
func (y *year) judge(unit string) {
	rated, err := store.Select(ctx, y.db, assessment.Ratings, "r.subject = $1", unit)
	y.ok(err)
	what := decision.Decline
	switch rated[0].Record.Outcome {
	case "approve":
		what = decision.Approve
	case "approve_with_conditions":
		what = decision.ApproveWithConditions
	}
	y.employ(y.abe)
	_, err = decision.Decide(ctx, y.db, act.Default, decision.Request{Subject: unit, Act: what, Reason: "by the rating", By: y.abe.Actor, Key: y.abe.key, Now: y.clock})
	if err != nil { // a hit that came since the case was opened
		y.refused(err, "hit")
		what = decision.Decline
		y.decide(unit, what, y.abe)
	}
	y.acts[string(what)]++
}

// sample draws the quarter's sample and looks at all of it.
func (y *year) sample() {
	s, err := casework.Draw(ctx, y.db, act.Default, y.ann.Actor, y.today)
	y.ok(err)
	var found []casework.Judgement
	for _, account := range s.Record.Accounts {
		found = append(found, casework.Judgement{Account: account, Missed: y.front[account]})
	}
	after, err := casework.Judge(ctx, y.db, act.Default, y.ann.Actor, s.ID, found)
	y.ok(err)
	text, err := casework.Describe(after)
	y.ok(err)
	y.publish("%s", text)
	if int(*after.Bound) < len(y.front)/2 {
		y.Errorf("%d accounts in AUTO should be looked at, and the sample bounds them at %d", len(y.front), *after.Bound)
	}
}

// quarter publishes what the lanes hold.
func (y *year) quarter(week int) {
	loads, err := casework.Lanes(ctx, y.db, y.today, 91)
	y.ok(err)
	for _, l := range loads {
		if l.Open+l.Worked > 0 {
			y.publish("week %d, %s", week+1, l)
		}
	}
	u, err := casework.CountUnheard(ctx, y.db, y.today)
	y.ok(err)
	y.publish("week %d, raised and not handled: %d, %d older than 30 days, the oldest %d days", week+1, u.Unread, u.Month, u.Oldest)
}

func (y *year) publish(format string, args ...any) {
	y.lines = append(y.lines, fmt.Sprintf(format, args...))
}

// check holds what may not happen in a year.
func (y *year) check() {
	all, err := store.Select(ctx, y.db, casework.Reviews, "")
	y.ok(err)
	open, closed := map[string]int{}, 0
	for _, r := range all {
		if r.Record.State == casework.StateOpen {
			open[r.Record.Subject]++
			if open[r.Record.Subject] > 1 {
				y.Errorf("two cases are open about %s", r.Record.Subject)
			}
			continue
		}
		closed++
		for _, text := range r.Record.Triggers {
			if t := casework.ParseTrigger(text); t.Event == "list_hit" {
				if hit, err := store.Get(ctx, y.db, screening.Hits, t.Cause); err != nil || hit.Record.State == screening.Open {
					y.Errorf("a case is closed with an open hit: %v", err)
				}
			}
		}
	}
	if len(open)+closed != y.opened {
		y.Errorf("%d were opened, %d are open and %d closed", y.opened, len(open), closed)
	}
	for _, event := range []string{"first_look", "law", "situation", "capability"} {
		if y.events[event] == 0 {
			y.Errorf("nothing was opened by %s: %v", event, y.events)
		}
	}
	for _, r := range all {
		if r.Record.State == casework.StateOpen && len(r.Record.Covers) > 0 {
			y.refused(casework.MayWiden(ctx, y.db, r.Record.Covers[0], "", y.today), "is open since")
			break
		}
	}
}

func (y *year) summary() {
	lanes, err := triage.Current(ctx, y.db)
	y.ok(err)
	byLane := map[string]int{}
	for _, t := range lanes {
		byLane[t.Record.Lane]++
	}
	y.publish("lanes: %s", counted(byLane))
	y.publish("cases opened: %d; what they are about: %s", y.opened, counted(y.events))
	y.publish("rated again because a fact was stated: %d, of which %d came out the same and opened nothing", y.again, y.still)
	y.publish("cases closed: %s", counted(y.outcomes))
	y.publish("decisions: %s", counted(y.acts))
	for _, lane := range slices.Sorted(maps.Keys(y.waits)) {
		w := y.waits[lane]
		slices.Sort(w)
		y.publish("%s, days from opening to closing: half within %d, nine of ten within %d, longest %d", lane, w[len(w)/2], w[len(w)*9/10], w[len(w)-1])
	}
	head, err := store.Head(ctx, y.db)
	y.ok(err)
	y.publish("entries in the log: %d", head.Size)
}

func counted(m map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), strings.Compare(a, b)) })
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s %d", strings.ReplaceAll(k, "_", " "), m[k])
	}
	return strings.Join(keys, ", ")
}
