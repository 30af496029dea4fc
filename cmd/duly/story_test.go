package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// A book is a workspace in which a story happens, by a clock that the story sets. It
// is used through commands alone, as an office uses it: Ann is the analyst and Abe
// decides.
type book struct {
	t     *testing.T
	dir   string
	day   string
	files int
	told  *told
}

// told is what came out, by the id of the case that was told.
type told struct {
	sync.Mutex
	cases   map[string]string
	stories int
}

// TestStories protects the method where it meets the world: each case of
// internal/rating/testdata/cases.json happens to a customer in a register, is learnt
// from sources, is screened and rated, and ends in the tier and the decision that the
// method promises; and every case has its story.
func TestStories(t *testing.T) {
	all := &told{cases: map[string]string{}}
	t.Run("told", func(t *testing.T) {
		for name, tell := range stories {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tell(newBook(t, all))
				all.Lock()
				defer all.Unlock()
				all.stories++
			})
		}
	})
	if all.stories < len(stories) {
		return // some failed or were left out
	}
	want := promised(t)
	for _, id := range slices.Sorted(maps.Keys(want)) {
		switch got, ok := all.cases[id]; {
		case !ok:
			t.Errorf("nobody told %s", id)
		case got != want[id]:
			t.Errorf("%s was told to end in %s; the method's case ends in %s", id, got, want[id])
		}
	}
}

// promised gives what the cases of the method's own test data end in, as [ending.String]
// writes it. Those that have no story are made for the arithmetic alone.
func promised(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../internal/rating/testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Expected struct {
				ID, Inherent, Residual, Tier, Decision string
				S, L, LR, Ctrl, Review                 int
				HS                                     []string
			} `json:"expected"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range file.Cases {
		if e := c.Expected; strings.HasPrefix(e.ID, "C") {
			out[e.ID] = ending{
				Severity: e.S, Likelihood: e.L, Inherent: e.Inherent, Credit: e.Ctrl, Left: e.LR, Residual: e.Residual,
				Tier: e.Tier, Stops: e.HS, Decision: e.Decision, Review: e.Review,
			}.String()
		}
	}
	if len(out) == 0 {
		t.Fatal("there are no cases to tell")
	}
	return out
}

// ending is where a rating ends, at its worst end.
type ending struct {
	Severity, Likelihood int
	Inherent             string
	Credit, Left         int
	Residual             string
	Tier                 string
	Stops                []string
	Decision             string
	Review               int
}

// String writes it in one line: severity and likelihood, the band that they give, the
// credit of tested controls and the likelihood that is left, the band that is left,
// the stops, the tier, the decision and the months until the review.
func (e ending) String() string {
	stops := ""
	if len(e.Stops) > 0 {
		stops = " " + strings.Join(e.Stops, " ")
	}
	return fmt.Sprintf("S%d L%d %s -%d L%d %s%s | %s | %s | %d", e.Severity, e.Likelihood, e.Inherent, e.Credit, e.Left, e.Residual,
		stops, e.Tier, e.Decision, e.Review)
}

func newBook(t *testing.T, all *told) *book {
	t.Helper()
	b := &book{t: t, dir: filepath.Join(t.TempDir(), "office"), day: "2018-01-01", told: all}
	b.duly("init", b.dir, "--origin", "example.com/stories")
	b.duly("person", "add", "Ann", "--role", "analyst")
	b.duly("person", "add", "Abe", "--role", "approver")
	b.duly("person", "add", "Eve", "--role", "expert")
	return b
}

// on moves the clock to a day.
func (b *book) on(day string) { b.day = day }

func (b *book) noon() time.Time {
	day, err := time.Parse(time.DateOnly, b.day)
	if err != nil {
		b.t.Fatal(err)
	}
	return day.Add(12 * time.Hour)
}

// isBoundBy says that the vendor's own moratorium is that of a provider.
func (b *book) isBoundBy(provider string) {
	b.t.Helper()
	file := filepath.Join(b.dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(text, "moratoria: ["+provider+"]\n"...), 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// run runs a command in the book's workspace, at noon of its day.
func (b *book) run(args ...string) (string, error) {
	b.t.Helper()
	var out, messages bytes.Buffer
	err := executeAt(context.Background(), b.noon, append([]string{"--workspace", b.dir}, args...), &out, &messages)
	return out.String(), err
}

// duly runs a command that must succeed.
func (b *book) duly(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("on %s, duly %s: %v", b.day, strings.Join(args, " "), err)
	}
	return out
}

// file writes a file for a command to read.
func (b *book) file(name, text string) string {
	b.t.Helper()
	b.files++
	dir := filepath.Join(filepath.Dir(b.dir), strconv.Itoa(b.files))
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// buys imports a customer who buys for itself; the row is name, domain, kind, sector,
// country, product, capability, purpose. Its telemetry goes by the account's number.
func (b *book) buys(account, row string) {
	b.t.Helper()
	b.duly("import", "--strict", "--as", "Ann", "--map", "testdata/stories/direct.yaml",
		b.file("sales.csv", "account,name,domain,kind,sector,country,product,capability,purpose,telemetry\n"+account+","+row+","+account+"\n"))
}

// buysWithNumber does it for a customer with a number of a registry after its domain.
func (b *book) buysWithNumber(account, row string) {
	b.t.Helper()
	mapping, err := os.ReadFile("testdata/stories/direct.yaml")
	if err != nil {
		b.t.Fatal(err)
	}
	text := strings.Replace(string(mapping), "identity: {scheme: domain, column: domain}", "identity: [{scheme: lei, column: lei}, {scheme: domain, column: domain}]", 1)
	b.duly("import", "--strict", "--as", "Ann", "--map", b.file("numbered.yaml", text),
		b.file("sales.csv", "account,name,domain,lei,kind,sector,country,product,capability,purpose,telemetry\n"+account+","+row+","+account+"\n"))
}

// customer gives the record id of a customer by its name.
func (b *book) customer(name string) (id string) {
	b.t.Helper()
	b.inside(func(ctx context.Context, q store.Queryer) error {
		list, err := store.Select(ctx, q, register.Customers, "r.name = $1", name)
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("%d customers are called %s", len(list), name)
		}
		if err == nil {
			id = list[0].ID
		}
		return err
	})
	return id
}

// inside reads the book's workspace.
func (b *book) inside(read func(ctx context.Context, q store.Queryer) error) {
	b.t.Helper()
	inLog(b.t, b.dir, func(ctx context.Context, q store.Queryer, _ int64) error { return read(ctx, q) })
}

// flagged says what the rules of ownership say of an account's customer on the day.
func (b *book) flagged(account, want string) {
	b.t.Helper()
	if out := b.duly("owners", "show", account, "--on", b.day); !strings.Contains(out, want) {
		b.t.Errorf("on %s the owners of %s do not say %s:\n%s", b.day, account, want, out)
	}
}

// passesOn imports a partner who buys for somebody else; the row is partner, its
// domain, role, flow-down, audit right, and then as in buys.
func (b *book) passesOn(account, row string) {
	b.t.Helper()
	b.duly("import", "--strict", "--as", "Ann", "--map", "testdata/stories/through.yaml",
		b.file("partners.csv", "account,partner,partner_domain,role,flow_down,audit_right,name,domain,kind,sector,country,product,capability,purpose\n"+account+","+row+"\n"))
}

// answers states that the customer answered every question the day before, with what
// raises nothing, but for those that it left open.
func (b *book) answers(account string, open ...string) {
	b.t.Helper()
	data, err := os.ReadFile("testdata/stories/answers.yaml")
	if err != nil {
		b.t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(data)) {
		fact, _, _ := strings.Cut(line, ":")
		if !slices.Contains(open, fact) {
			kept = append(kept, line)
		}
	}
	b.stated(account, "party", "Questionnaire answered by the customer", b.noon().AddDate(0, 0, -1).Format(time.DateOnly), strings.Join(kept, ""))
}

// learns states facts on the word of a source of a grade, as of the book's day.
func (b *book) learns(account, grade, source, facts string) {
	b.t.Helper()
	b.stated(account, grade, source, b.day, facts)
}

func (b *book) stated(account, grade, source, day, facts string) {
	b.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "sources:\n  - {id: %q, title: %q, publisher: %q, grade: %s, published: %q}\n", source, source, "Publisher of: "+source, grade, day)
	fmt.Fprintf(&text, "statements:\n  - account: %q\n    source: %q\n    as_of: %q\n    facts:\n", account, source, day)
	for line := range strings.Lines(facts) {
		if line = strings.TrimSpace(line); line != "" {
			text.WriteString("      " + line + "\n")
		}
	}
	b.duly("fact", "load", "--as", "Ann", b.file("facts.yaml", text.String()))
}

// screens compares all customers with the lists in use. Without lists it is refused,
// so that a story in which nobody is listed needs one too.
func (b *book) screens() {
	b.t.Helper()
	b.lists("elsewhere", `{"id":"e-1","schema":"Company","caption":"Kestrel Anvil Foundry","properties":{"name":["Kestrel Anvil Foundry"]},"datasets":["elsewhere_sanctions"]}`)
	b.duly("screen", "--as", "Ann")
}

// lists adds a list, or a newer version of it.
func (b *book) lists(name string, entries ...string) {
	b.t.Helper()
	b.duly("lists", "add", "ftm:"+b.file(name+".jsonl", strings.Join(entries, "\n")+"\n"))
}

// confirms closes the open hits: they are the listed party. It gives how many there
// were.
func (b *book) confirms(reason string) int {
	b.t.Helper()
	var hits []hitRow
	b.read(&hits, "hit", "list")
	for _, h := range hits {
		b.duly("hit", "close", h.ID, "--as", "Ann", "--confirm", "--reason", reason)
	}
	return len(hits)
}

func (b *book) read(into any, args ...string) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(b.duly(append([]string{"--json"}, args...)...)), into); err != nil {
		b.t.Fatal(err)
	}
}

// ends assesses an account and says where the rating must end, as [ending.String]
// writes it. id is the case of cases.json that was told, or another name.
func (b *book) ends(id, account, want string) {
	b.t.Helper()
	e := b.assess(account)
	if got := e.String(); got != want {
		b.t.Errorf("%s ends in %s\nwant %s", id, got, want)
	}
	b.told.Lock()
	defer b.told.Unlock()
	b.told.cases[id] = want
}

// assess rates the deployment of an account that has one.
func (b *book) assess(account string) ending {
	b.t.Helper()
	var s assessment.Summary
	b.read(&s, "assess", account, "--as", "Ann")
	if len(s.Subjects) != 1 {
		b.t.Fatalf("%s: %d subjects were rated", account, len(s.Subjects))
	}
	r := b.rating(s.Subjects[0].Subject)
	var trace struct{ Worst struct{ L, Credit int } }
	if err := json.Unmarshal([]byte(r.Trace), &trace); err != nil {
		b.t.Fatal(err)
	}
	return ending{
		Severity: int(r.Severity), Likelihood: trace.Worst.L, Inherent: r.Inherent, Credit: trace.Worst.Credit, Left: int(r.Left),
		Residual: r.Worst, Tier: r.Tier, Stops: r.HardStops, Decision: s.Subjects[0].Decision, Review: int(r.Review),
	}
}

func (b *book) rating(subject string) (r *assessment.Rating) {
	b.t.Helper()
	b.inside(func(ctx context.Context, q store.Queryer) error {
		list, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", subject)
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("%d ratings of %s", len(list), subject)
		}
		if err == nil {
			r = list[0].Record
		}
		return err
	})
	return r
}

// lane gives the lane of an account by rule.
func (b *book) lane(account string) (lane string) {
	b.t.Helper()
	b.duly("triage", "--as", "Ann")
	b.inside(func(ctx context.Context, q store.Queryer) error {
		found, err := register.Find(ctx, q, account)
		if err != nil {
			return err
		}
		lanes, err := triage.Current(ctx, q)
		if err == nil && lanes[found.ID] == nil {
			err = fmt.Errorf("%s has no lane", account)
		}
		if err == nil {
			lane = lanes[found.ID].Record.Lane
		}
		return err
	})
	return lane
}

// mayNot says that the first decision cannot be this one, and why.
func (b *book) mayNot(account, what, why string) {
	b.t.Helper()
	_, err := b.run("decide", account, what, "--as", "Abe", "--reason", "told in a story")
	if fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), why) {
		b.t.Errorf("on %s, to decide %s of %s: %v; want a refusal that says: %s", b.day, what, account, err, why)
	}
}

// hears gets an expert's opinion on the rating as it is, which enhanced diligence cannot
// do without.
func (b *book) hears(account, text string) {
	b.t.Helper()
	b.duly("opinion", "give", account, "support_with_conditions", "--as", "Eve", "--text", text, "--condition", "it is looked at again within a year")
}

// decides records the first decision.
func (b *book) decides(account, what, reason string) {
	b.t.Helper()
	b.duly("decide", account, what, "--as", "Abe", "--reason", reason)
}

// closes checks the log: every rating computed again, every signature.
func (b *book) closes() {
	b.t.Helper()
	if out := b.duly("verify", b.dir); !strings.Contains(out, "everything holds") {
		b.t.Errorf("the book does not verify:\n%s", out)
	}
}
