package bundle

import (
	"strings"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// The kinds of an assessment, with the fields that the checker looks at.
type (
	termsRecord struct {
		State string `duly:"state,public,enum=draft|approved|withdrawn"`
		From  string `duly:"from_day,public,date"`
		Upto  string `duly:"upto_day,public,date"`
		Due   string `duly:"due,public,date"`
		Level string `duly:"level,public,enum=limited|reasonable"`
		Cover int64  `duly:"required_coverage,public"`
		Spend int64  `duly:"budget,public"`
		Unit  string `duly:"currency,public,enum=EUR"`
		Named string `duly:"witnesses,public,hash"`
		Need  int64  `duly:"quorum,public"`
		Day   string `duly:"day,public,date"`
	}
	tiesRecord struct {
		State     string   `duly:"state,public,enum=declared|recused"`
		Terms     string   `duly:"terms,public,hash"`
		Ties      []string `duly:"ties,public,enum=financial_interest|funding"`
		Appointed string   `duly:"appointed_by,public,enum=governing_body|management"`
		Removed   string   `duly:"removed_by,public,enum=governing_body|management"`
		Blocks    bool     `duly:"blocking,public"`
		Flagged   bool     `duly:"flagged,public"`
		Fee       int64    `duly:"fee,public"`
		Recusals  int64    `duly:"recusals,public"`
	}
	startRecord struct {
		State     string `duly:"state,public,enum=started|concluded"`
		Terms     string `duly:"terms,public,hash"`
		Assessors int64  `duly:"assessors,public"`
		Flagged   int64  `duly:"flagged,public"`
	}
	populationRecord struct {
		Day        string `duly:"day,public,date"`
		Terms      string `duly:"terms,public,hash"`
		From       string `duly:"from_day,public,date"`
		Upto       string `duly:"upto_day,public,date"`
		Size       int64  `duly:"size,public"`
		Root       string `duly:"root,public,hash"`
		Commitment string `duly:"commitment,public,hash"`
		Hash       string `duly:"population,public,hash"`

		Customers   int64 `duly:"customers,public"`
		Accounts    int64 `duly:"accounts,public"`
		Deployments int64 `duly:"deployments,public"`
		Lanes       int64 `duly:"lanes,public"`
		Cases       int64 `duly:"cases,public"`
		Ratings     int64 `duly:"ratings,public"`
		Decisions   int64 `duly:"decisions,public"`
		Requests    int64 `duly:"data_requests,public"`
		Incidents   int64 `duly:"incidents,public"`
		Inputs      int64 `duly:"inputs,public"`
		Refusals    int64 `duly:"refusals,public"`
		Ended       int64 `duly:"ended,public"`
		OpenCases   int64 `duly:"open_cases,public"`
		LateCases   int64 `duly:"late_cases,public"`
		Unopened    int64 `duly:"unopened,public"`
		Declined    int64 `duly:"declined,public"`
		GraveRate   int64 `duly:"grave_ratings,public"`
		GraveAct    int64 `duly:"grave_decisions,public"`
		Afterward   int64 `duly:"afterward,public"`
	}
	drawnRecord struct {
		State      string `duly:"state,public,enum=planned|drawn"`
		Population string `duly:"population,public,hash"`
		Draw       int64  `duly:"draw,public"`
		Of         string `duly:"of,public,enum=account|review"`
		Wanted     int64  `duly:"wanted,public"`
		Secret     string `duly:"secret,public,hash"`
		Root       string `duly:"root,public,hash"`
		Position   int64  `duly:"position,public"`
		Witnessed  string `duly:"witnessed,public,hash"`
		Targeted   int64  `duly:"targeted,public"`
		Size       int64  `duly:"size,public"`
		From       int64  `duly:"drawn_from,public"`
		Strata     int64  `duly:"strata,public"`
		Hash       string `duly:"drawn,public,hash"`
	}
	requestRecord struct {
		State    string `duly:"state,public,enum=asked|answered|withdrawn"`
		Terms    string `duly:"terms,public,hash"`
		Asked    string `duly:"asked_day,public,date"`
		Due      string `duly:"due,public,date"`
		Answered string `duly:"answered_day,public,date"`
		Late     bool   `duly:"late,public"`
	}
	effortRecord struct {
		Terms   string `duly:"terms,public,hash"`
		Minutes int64  `duly:"minutes,public"`
		Cost    int64  `duly:"cost,public"`
		Items   int64  `duly:"items,public"`
	}
	accountRecord struct {
		State string `duly:"state,public,enum=active|ended"`
		Name  string `duly:"name,customer"`
	}
	caseRecord struct {
		State  string `duly:"state,public,enum=open|closed"`
		Lane   string `duly:"lane,public,enum=STOP|PERSON|DESK"`
		Due    string `duly:"due,public,date"`
		Closed string `duly:"closed,public,date"`
	}
	assessorRecord struct {
		State string   `duly:"state,public,enum=active|ended"`
		Roles []string `duly:"roles,public,enum=assessor|analyst|governing_body"`
		Key   string   `duly:"key,public,hash"`
	}
)

var (
	termsKind      = ledger.Define[termsRecord]("engagement", 1, ledger.SignedBy(1))
	tiesKind       = ledger.Define[tiesRecord]("independence", 1, ledger.SignedBy(1))
	startKind      = ledger.Define[startRecord]("assignment", 1, ledger.SignedBy(1))
	populationKind = ledger.Define[populationRecord]("population", 1, ledger.SignedBy(1))
	drawnKind      = ledger.Define[drawnRecord]("engagement_sample", 1, ledger.SignedBy(1))
	requestKind    = ledger.Define[requestRecord]("evidence_request", 1, ledger.SignedBy(1))
	effortKind     = ledger.Define[effortRecord]("effort", 1, ledger.SignedBy(1))
	accountKind    = ledger.Define[accountRecord]("account", 1)
	caseKind       = ledger.Define[caseRecord]("review", 1)
	assessorKind   = ledger.Define[assessorRecord]("person", 2)
)

// engagement is an assessment in a log of forty accounts and six cases.
type engagement struct {
	*testLog
	chair, ida ledger.PersonKey
	accounts   []string
	matter     string
	began      string // the record of the start
	terms      termsRecord
	at         int // where the approved terms stand
	secret     [32]byte
}

func (l *testLog) signer(roles ...string) ledger.PersonKey {
	key, err := ledger.NewPersonKey(l.random)
	if err != nil {
		l.t.Fatal(err)
	}
	add(l, assessorKind, l.id(), &assessorRecord{State: "active", Roles: roles, Key: key.PublicHash()})
	return key
}

// day gives the day of the log's clock, some days later.
func (l *testLog) day(later int) string {
	return time.UnixMicro(l.time).UTC().AddDate(0, 0, later).Format(time.DateOnly)
}

func newEngagement(t testing.TB, seed byte) *engagement {
	l := newLog(t, seed)
	e := &engagement{testLog: l, chair: l.signer("governing_body"), ida: l.signer("assessor"), matter: l.id(), secret: [32]byte{seed}}
	for range 40 {
		e.accounts = append(e.accounts, l.id())
		add(l, accountKind, e.accounts[len(e.accounts)-1], &accountRecord{State: "active", Name: "somebody"})
	}
	add(l, accountKind, e.accounts[0], &accountRecord{State: "ended", Name: "somebody"})
	for i := range 6 {
		id := l.id()
		add(l, caseKind, id, &caseRecord{State: "open", Lane: []string{"STOP", "DESK"}[i%2], Due: l.day(-1)})
		if i < 3 {
			add(l, caseKind, id, &caseRecord{State: "closed", Lane: "DESK", Due: l.day(-1), Closed: l.day(-i)})
		}
	}
	e.terms = termsRecord{State: "draft", From: l.day(-300), Upto: l.day(0), Due: l.day(90), Level: "limited", Cover: 80, Spend: 1000, Unit: "EUR"}
	l.time += (24 * time.Hour).Microseconds() // the period is over
	return e
}

// approve drafts and approves the terms.
func (e *engagement) approve() {
	e.terms.State, e.terms.Day = "draft", e.day(0)
	add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
	e.terms.State = "approved"
	e.at = add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
}

// start approves, declares and starts.
func (e *engagement) start() {
	e.approve()
	add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Ties: []string{"funding"}, Appointed: "governing_body", Removed: "governing_body", Flagged: true}, e.ida)
	e.began = e.id()
	add(e.testLog, startKind, e.began, &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1, Flagged: 1}, e.ida)
}

// end concludes the assessment.
func (e *engagement) end() {
	add(e.testLog, startKind, e.began, &startRecord{State: "concluded", Terms: e.hash(e.at)}, e.ida)
}

// freeze gives a true population record; it is not written.
func (e *engagement) freeze() *populationRecord {
	t := e.counted(e.size(), e.terms.From, e.terms.Upto).Tally()
	n := t.Public()
	return &populationRecord{
		Day: e.day(0), Terms: e.hash(e.at), From: e.terms.From, Upto: e.terms.Upto, Size: e.size(), Root: e.root(e.size()).String(), Commitment: Commitment(e.secret), Hash: t.Hash,
		Accounts: n["accounts"], Cases: n["cases"], Ended: n["ended"], OpenCases: n["open_cases"], LateCases: n["late_cases"],
	}
}

// drawn gives a true sample of the population at a position; it is not written.
func (e *engagement) drawn(population int, n int64, of string, size int, had map[string]bool) *drawnRecord {
	position := int64(population) + 2
	r := &drawnRecord{
		State: "drawn", Wanted: int64(size),
		Population: e.hash(population), Draw: n, Of: of, Secret: Link(e.secret, n), Root: e.root(position).String(), Position: position,
	}
	s := e.counted(int64(population), e.terms.From, e.terms.Upto).Draw(of, Seed(r.Secret, r.Root, of, n), size, had)
	r.Targeted, r.Size, r.From, r.Strata, r.Hash = int64(len(s.Taken)), int64(len(s.Drawn)), s.Rest, s.Strata, s.Hash
	for _, id := range s.Drawn {
		had[id] = true
	}
	return r
}

// TestAnAssessmentIsRepeated protects RS-03: an outsider who sees no sealed field counts
// the population again and draws its samples again.
func TestAnAssessmentIsRepeated(t *testing.T) {
	e := newEngagement(t, 1)
	e.start()
	f := e.freeze()
	if f.Accounts != 40 || f.Ended != 1 || f.Cases != 6 || f.OpenCases != 3 || f.LateCases != 4 {
		t.Fatalf("counted %+v", f)
	}
	at := add(e.testLog, populationKind, e.id(), f, e.ida)
	add(e.testLog, itemKind, e.id(), &item{State: "active"})
	had := map[string]bool{}
	for n, size := range []int{10, 25, 25} {
		d := e.drawn(at, int64(n+1), "account", size, had)
		if want := []int64{10, 25, 5}[n]; d.Size != want {
			t.Errorf("draw %d has %d accounts, not %d", n+1, d.Size, want)
		}
		add(e.testLog, drawnKind, e.id(), d, e.ida)
	}
	add(e.testLog, drawnKind, e.id(), e.drawn(at, 4, "review", 2, had), e.ida)
	r, err := verify(e.bundle(), Trust{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Counts.Assessed; got.Populations != 1 || got.Samples != 4 {
		t.Errorf("%+v were repeated", got)
	}
}

// cheats are what a company can do to an assessment, and the words by which it is caught.
var cheats = map[string]struct {
	do   func(e *engagement)
	want string
}{
	"terms that nobody approved": {func(e *engagement) {
		e.at = add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at)}, e.ida)
	}, "the governing body never approved"},
	"terms approved without a draft": {func(e *engagement) {
		e.terms.State = "approved"
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
	}, "were no draft"},
	"terms in no state": {func(e *engagement) {
		e.terms.State = ""
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
	}, "terms are no draft"},
	"other terms than were drafted": {func(e *engagement) {
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		e.terms.State, e.terms.Spend = "approved", 1
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
	}, "other terms are approved"},
	"terms signed by an analyst": {func(e *engagement) { e.chair = e.signer("analyst"); e.approve() }, "roles do not allow this: engagement"},
	"an assessor who is also an analyst": {func(e *engagement) {
		e.ida = e.signer("assessor", "analyst")
		e.start()
	}, "an assessor has another role"},
	"a start in spite of a conflict": {func(e *engagement) {
		e.approve()
		add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Ties: []string{"financial_interest"}, Appointed: "governing_body", Removed: "governing_body", Blocks: true, Flagged: true}, e.ida)
		add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1, Flagged: 1}, e.ida)
	}, "with a conflict that blocks takes part"},
	"a conflict that is played down": {func(e *engagement) {
		e.approve()
		add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "management"}, e.ida)
	}, "it says otherwise of a conflict"},
	"a flag that is not counted": {func(e *engagement) {
		e.start()
		add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1}, e.ida)
	}, "declared are 1 and 1"},
	"a filtered population": {func(e *engagement) {
		e.start()
		f := e.freeze()
		f.Accounts--
		add(e.testLog, populationKind, e.id(), f, e.ida)
	}, "it says accounts 39, the entries before it give 40"},
	"a population that is dated back": {func(e *engagement) {
		e.start()
		f := e.freeze()
		f.Day = e.day(-3)
		add(e.testLog, populationKind, e.id(), f, e.ida)
	}, "dated on another day"},
	"late cases left out": {func(e *engagement) {
		e.start()
		f := e.freeze()
		f.LateCases = 0
		add(e.testLog, populationKind, e.id(), f, e.ida)
	}, "it says late_cases 0"},
	"a population before the start": {func(e *engagement) { e.approve(); add(e.testLog, populationKind, e.id(), e.freeze(), e.ida) }, "has not started"},
	"a population of another period": {func(e *engagement) {
		e.start()
		e.terms.From = e.day(-1)
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "of another period than the terms"},
	"a population taken again": {func(e *engagement) {
		e.start()
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "a second population"},
	"an account entered behind the population": {func(e *engagement) {
		e.start()
		f := e.freeze()
		add(e.testLog, accountKind, e.id(), &accountRecord{State: "active"})
		add(e.testLog, populationKind, e.id(), f, e.ida)
	}, "does not rest on the entries that stand before it"},
	"a population signed by the company": {func(e *engagement) { e.start(); add(e.testLog, populationKind, e.id(), e.freeze(), e.chair) }, "roles do not allow this: population"},
	"a population after the end": {func(e *engagement) {
		e.start()
		e.end()
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "after the engagement had ended"},
	"a sample after the end": {func(e *engagement) {
		at := e.ready()
		e.end()
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
	}, "after the engagement had ended"},
	"another assignment that ends it": {func(e *engagement) {
		e.start()
		add(e.testLog, startKind, e.id(), &startRecord{State: "concluded", Terms: e.hash(e.at)}, e.ida)
	}, "ends another assignment"},
	"terms that change after the end": {func(e *engagement) {
		e.start()
		e.end()
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
	}, "changed after the engagement had ended"},
	"a period that ends before it begins": {func(e *engagement) { e.terms.Upto = e.day(-302); e.approve() }, "do not fit together"},
	"a report that is due in the period":  {func(e *engagement) { e.terms.Due = e.terms.Upto; e.approve() }, "do not fit together"},
	"a coverage that is none":             {func(e *engagement) { e.terms.Cover = 101; e.approve() }, "do not fit together"},
	"terms dated back":                    {func(e *engagement) { e.terms.Day = e.day(-2); add(e.testLog, termsKind, e.matter, &e.terms, e.chair) }, "dated on another day"},
	"a start by somebody who has not declared": {func(e *engagement) {
		e.approve()
		add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, e.ida)
		add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1}, e.signer("assessor"))
	}, "who has declared no independence"},
	"work of somebody who has not declared": {func(e *engagement) {
		e.start()
		add(e.testLog, populationKind, e.id(), e.freeze(), e.signer("assessor"))
	}, "who has declared no independence"},
	"work of somebody who has left": {func(e *engagement) {
		e.approve()
		id := e.id()
		add(e.testLog, tiesKind, id, &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, e.ida)
		add(e.testLog, startKind, e.id(), &startRecord{State: "started", Terms: e.hash(e.at), Assessors: 1}, e.ida)
		add(e.testLog, tiesKind, id, &tiesRecord{State: "recused", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, e.ida)
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "who has declared no independence"},
	"a declaration for another person": {func(e *engagement) {
		e.approve()
		id := e.id()
		for _, by := range []ledger.PersonKey{e.ida, e.signer("assessor")} {
			add(e.testLog, tiesKind, id, &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, by)
		}
	}, "made again by another person"},
	"one person declared twice": {func(e *engagement) {
		e.start()
		add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, e.ida)
	}, "two declarations"},
	"a sample by another assessor": {func(e *engagement) {
		at, other := e.ready(), e.signer("assessor")
		add(e.testLog, tiesKind, e.id(), &tiesRecord{State: "declared", Terms: e.hash(e.at), Appointed: "governing_body", Removed: "governing_body"}, other)
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), other)
	}, "by another assessor than the one who froze"},
	"a sample under terms that were replaced": {func(e *engagement) {
		at := e.ready()
		e.approve()
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
	}, "not in force any more"},
	"a population while its period lasts": {func(e *engagement) {
		e.terms.Upto = e.day(1)
		e.start()
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "while its period lasts"},
	"a request answered twice": {func(e *engagement) {
		id := e.ask()
		for range 2 {
			add(e.testLog, requestKind, id, &requestRecord{State: "answered", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(5), Answered: e.day(0)}, e.chair)
		}
	}, "answered or withdrawn once"},
	"a request with a later day to answer": {func(e *engagement) {
		add(e.testLog, requestKind, e.ask(), &requestRecord{State: "answered", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(9), Answered: e.day(0)}, e.chair)
	}, "with the days that it had"},
	"an answer to no request": {func(e *engagement) {
		e.start()
		add(e.testLog, requestKind, e.id(), &requestRecord{State: "answered", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(9), Answered: e.day(0)}, e.chair)
	}, "asked once"},
	"a request that was due before": {func(e *engagement) {
		e.start()
		add(e.testLog, requestKind, e.id(), &requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(-1)}, e.ida)
	}, "due before it was asked"},
	"effort for nothing": {func(e *engagement) {
		e.start()
		add(e.testLog, effortKind, e.id(), &effortRecord{Terms: e.hash(e.at), Items: 3}, e.ida)
	}, "takes time or costs something"},
	"effort that was changed": {func(e *engagement) {
		e.start()
		id := e.id()
		for _, minutes := range []int64{60, 30} {
			add(e.testLog, effortKind, id, &effortRecord{Terms: e.hash(e.at), Minutes: minutes}, e.ida)
		}
	}, "a effort was changed"},
	"withdrawn terms": {func(e *engagement) {
		e.start()
		e.terms.State = "withdrawn"
		add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	}, "not in force any more"},
	"a sample rolled again": {func(e *engagement) {
		at := e.ready()
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
	}, "draw 1 of a population of which 1 were made"},
	"a sample that leaves one out": {func(e *engagement) {
		at := e.ready()
		d := e.drawn(at, 1, "account", 10, map[string]bool{})
		d.Hash = hexOf("another list")
		add(e.testLog, drawnKind, e.id(), d, e.ida)
	}, "the sample has other records"},
	"a seed chosen afterwards": {func(e *engagement) {
		at := e.ready()
		e.secret = [32]byte{99}
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
	}, "not the one that the assessor had committed to"},
	"a seed from a later entry": {func(e *engagement) {
		at := e.ready()
		add(e.testLog, itemKind, e.id(), &item{State: "active"})
		d := e.drawn(at, 1, "account", 10, map[string]bool{})
		d.Position++
		d.Root = e.root(d.Position).String()
		add(e.testLog, drawnKind, e.id(), d, e.ida)
	}, "does not rest on the first entry that somebody else made"},
	"a sample before anybody could answer": {func(e *engagement) {
		e.start()
		at := add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
		add(e.testLog, effortKind, e.id(), &effortRecord{Terms: e.hash(e.at), Minutes: 1}, e.ida)
		add(e.testLog, drawnKind, e.id(), e.drawn(at, 1, "account", 10, map[string]bool{}), e.ida)
	}, "does not rest on the first entry that somebody else made"},
	"a sample from nowhere": {func(e *engagement) {
		e.start()
		add(e.testLog, drawnKind, e.id(), &drawnRecord{Population: hexOf("none"), Draw: 1, Of: "account"}, e.ida)
	}, "which nobody froze before"},
}

// TestACheatingCompanyIsCaught protects an assessment against whoever holds the database,
// the log's key and even the assessor's: each cheat is caught from what stands in clear.
func TestACheatingCompanyIsCaught(t *testing.T) {
	for name, c := range cheats {
		t.Run(name, func(t *testing.T) {
			e := newEngagement(t, 2)
			c.do(e)
			if _, err := verify(e.bundle(), Trust{}); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

// ready freezes the population and lets somebody else make an entry.
func (e *engagement) ready() int {
	e.start()
	at := add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
	add(e.testLog, itemKind, e.id(), &item{State: "active"})
	return at
}

// ask asks for evidence in an engagement that has started.
func (e *engagement) ask() (id string) {
	e.start()
	id = e.id()
	add(e.testLog, requestKind, id, &requestRecord{State: "asked", Terms: e.hash(e.at), Asked: e.day(0), Due: e.day(5)}, e.ida)
	return id
}
