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
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
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
	waits    map[string][]int  // days from opening to closing, by lane
	parties  []string          // who stand behind customers
	ends     map[string]string // unit under a contract to the last day of it
	contract map[string]string // unit to its contract
	raised   map[string]int    // what people raised, by sort
	unheard  []int             // days that it waited until its case was closed
	renewals map[string]int    // contracts that came to their end, by what came of it
	change   string            // the capability that is announced
	lines    []string          // what is published
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
		y.renew()
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
			t.Logf("week %d done after %s: %d cases looked at", week+1, time.Since(began).Round(time.Second), s.Cases)
		}
		y.clock = y.clock.AddDate(0, 0, 7)
		y.today = y.clock.Format(time.DateOnly)
	}
	y.check()
	y.summary()
	var used syscall.Rusage
	y.ok(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	t.Logf("the year took %s, %d s of processor and %d MB", time.Since(began).Round(time.Second), used.Utime.Sec+used.Stime.Sec, used.Maxrss/1024)
	t.Log("\n" + strings.Join(y.lines, "\n"))
}

func newYear(t *testing.T, accounts int) *year {
	seed := [32]byte{'y', 'e', 'a', 'r'}
	y := &year{
		accounts: accounts, dice: rand.New(rand.NewChaCha8(seed)), clock: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
		ann: someone(t, 1, act.Analyst), abe: someone(t, 2, act.Approver), gov: someone(t, 3, act.GoverningBody),
		account: map[string]string{}, by: map[string][]string{}, front: map[string]bool{}, told: map[string]bool{}, events: map[string]int{},
		acts: map[string]int{}, outcomes: map[string]int{}, waits: map[string][]int{}, ends: map[string]string{}, contract: map[string]string{},
		raised: map[string]int{}, renewals: map[string]int{},
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

// decides says whether a case takes a decision: one that a person has to look at, or one
// of a desk whose review is due.
func decides(item casework.Item) bool {
	return item.Review.Lane != "DESK" || slices.ContainsFunc(item.Review.Triggers, func(text string) bool {
		return slices.Contains([]string{"cycle", "widened_without_leave", "renewed_without_leave"}, casework.ParseTrigger(text).Event)
	})
}

// look finds out what is to be known of all cases of a week, and rates their
// deployments. What the facts are depends on the deployment.
func (y *year) look(page []casework.Item) {
	var ids []string
	y.write(func(tx *store.Tx) error {
		for _, item := range page {
			if !decides(item) {
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
		if t.Event == "grievance" || t.Event == "concern" {
			y.unheard = append(y.unheard, int(y.clock.Sub(storeTime(t.Day))/(24*time.Hour)))
		}
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
		if decides(item) {
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
	head, err := store.Head(ctx, y.db)
	y.ok(err)
	decided, closed := 0, 0
	for _, n := range y.acts {
		decided += n
	}
	for _, n := range y.outcomes {
		closed += n
	}
	y.publish("%d accounts; lanes at the end: %s", y.accounts, counted(byLane))
	y.publish("cases: %d opened, %d closed (%s), %d open; %d decisions (%s)", y.opened, closed, counted(y.outcomes), y.opened-closed, decided, counted(y.acts))
	y.publish("what the cases are about: %s", counted(y.events))
	y.publish("rated again because a fact was stated: %d, of which %d came out the same and opened nothing", y.again, y.still)
	for _, lane := range slices.Sorted(maps.Keys(y.waits)) {
		y.publish("%s, days from opening to closing: %s", lane, spread(y.waits[lane]))
	}
	y.publish("raised: %s; of it %d handled, days from reading to closing: %s", counted(y.raised), len(y.unheard), spread(y.unheard))
	y.publish("contracts that ended: %s", counted(y.renewals))
	s, err := casework.Stand(ctx, y.db, y.change)
	y.ok(err)
	y.publish("the capability announced in week 27 is %s: %d cleared for it, %d not, %d undecided", s.State, len(s.Cleared), len(s.Refused), len(s.Undecided))
	y.publish("entries in the log: %d", head.Size)
}

// spread says how a number of days is spread.
func spread(days []int) string {
	if len(days) == 0 {
		return "none"
	}
	slices.Sort(days)
	return fmt.Sprintf("half within %d, nine of ten within %d, longest %d", days[len(days)/2], days[len(days)*9/10], days[len(days)-1])
}

func counted(m map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), strings.Compare(a, b)) })
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s %d", strings.ReplaceAll(k, "_", " "), m[k])
	}
	return strings.Join(keys, ", ")
}
