package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"duly/examples/demo"
	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/screening"
	"duly/internal/triage"
	"duly/internal/usage"
)

type demoCmd struct {
	Dir     string `help:"Where the demo's workspace goes; a temporary directory otherwise." type:"path" placeholder:"DIR"`
	NoServe bool   `help:"End after the report is written instead of showing it on 127.0.0.1."`
}

// sheriff is the account that the demo follows.
const sheriff = "LHC-000001"

// Run shows the whole chain. Each step runs a command that anybody can run and
// takes its figures from that command's --json output.
func (c *demoCmd) Run(a *app) error {
	dir := c.Dir
	if dir == "" {
		tmp, err := os.MkdirTemp("", "duly-demo-")
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make a directory")
		}
		dir = filepath.Join(tmp, "workspace")
	}
	d := &demonstration{app: a, dir: dir}
	for _, step := range []func() error{d.prepare, d.lanes, d.interval, d.people, d.deviations, d.tamper, d.redact, d.limits} {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	if c.NoServe {
		return nil
	}
	return serveReport(a, filepath.Join(dir, "report"))
}

// demonstration is one run of the demo.
type demonstration struct {
	app     *app
	dir     string
	key     string // verifier key of the log
	copied  string // the copy that is tampered with, while there is one
	decided int64  // entry of the signed decision
	number  int
}

func (d *demonstration) example(name string) string { return filepath.Join(d.dir, "example", name) }

// title begins a step.
func (d *demonstration) title(text string) {
	d.number++
	fmt.Fprintf(d.app.stdout, "\n%d. %s\n", d.number, text)
}

func (d *demonstration) say(format string, args ...any) {
	fmt.Fprintf(d.app.stdout, "   "+format+"\n", args...)
}

// sayLong says a text of any length, its further lines beneath the first.
func (d *demonstration) sayLong(begin, text string) {
	fmt.Fprint(d.app.stdout, wrap("   "+begin, text))
}

// shown gives an argument as somebody would type it in the workspace's directory,
// with the log's key in a variable.
func (d *demonstration) shown(arg string) string {
	format, path, listed := strings.Cut(arg, ":")
	switch {
	case d.key != "" && arg == d.key:
		return `"$KEY"`
	case d.copied != "" && arg == d.copied:
		return "COPY"
	case listed && filepath.IsAbs(path):
		return format + ":" + d.shown(path)
	case strings.Contains(arg, " "):
		return "'" + arg + "'"
	case !filepath.IsAbs(arg):
		return arg
	}
	if rel, err := filepath.Rel(d.dir, arg); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return arg
}

// duly runs a command in the demo's workspace, shows it, and reads its --json
// output into result (nil to ignore it).
func (d *demonstration) duly(result any, args ...string) error {
	shown := make([]string, len(args))
	for i, arg := range args {
		shown[i] = d.shown(arg)
	}
	fmt.Fprintf(d.app.stdout, "   $ duly %s\n", strings.Join(shown, " "))
	var out bytes.Buffer
	err := executeAt(d.app.ctx, d.app.now, append([]string{"--workspace", d.dir, "--json"}, args...), &out, io.Discard)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(out.Bytes(), result); err != nil {
		return fault.Wrap(fault.Broken, err, "the output of `duly "+args[0]+"` is not what the demo expects")
	}
	return nil
}

// refused runs a command that must be refused, and shows why it was.
func (d *demonstration) refused(args ...string) error {
	err := d.duly(nil, args...)
	var known *fault.Error
	if err == nil || !errors.As(err, &known) || (known.Code != fault.Refused && known.Code != fault.Broken) {
		return fault.Newf(fault.Broken, "`duly %s` should have been refused: %v", strings.Join(args, " "), err)
	}
	for line := range strings.Lines(known.Error()) {
		d.sayLong("exit 1: ", strings.TrimSpace(line))
	}
	return nil
}

// prepare makes the workspace and writes the example's files into it.
func (d *demonstration) prepare() error {
	fmt.Fprintf(d.app.stdout, "Lumen Harbor Cloud sells cloud and computer vision. It is made up, as are its 5,000 accounts.\nTo run a command again yourself: export DULY_WORKSPACE=. and\n   cd %s\n", d.dir)
	d.title("A workspace with a log of its own")
	var made initResult
	if err := d.duly(&made, "init", d.dir, "--origin", "demo.invalid/lumen-harbor"); err != nil {
		return err
	}
	d.key = made.Key
	d.say("outsiders get this key by another way than the log:")
	d.say("KEY='%s'", made.Key)
	if err := os.MkdirAll(d.example("telemetry"), 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the example")
	}
	err := writeWhole(d.example("accounts.csv"), func(out io.Writer) error { return demo.WriteAccounts(out, demo.Seed) })
	if err != nil {
		return err
	}
	for _, name := range []string{"README.md", "accounts.map.yaml", "facts.yaml", "watchlist.ftm.jsonl", "telemetry/README.md"} {
		data, err := demo.Files.ReadFile(name)
		if err != nil {
			return fault.Wrap(fault.Broken, err, "the example is incomplete")
		}
		err = writeWhole(d.example(name), func(out io.Writer) error {
			_, err := out.Write(data)
			return err
		})
		if err != nil {
			return err
		}
	}
	return demo.WriteTelemetry(d.example("telemetry"), demo.Seed)
}

// lanes registers, screens and triages.
func (d *demonstration) lanes() error {
	d.title("Who is billed? Every account gets a lane, by rule")
	var imported intake.Report
	if err := d.duly(&imported, "import", "--map", d.example("accounts.map.yaml"), d.example("accounts.csv")); err != nil {
		return err
	}
	d.say("%d rows = %d created + %d revised + %d same + %d ambiguous + %d rejected",
		imported.Rows, imported.Created, imported.Revised, imported.Same, imported.Ambiguous, imported.Rejected)
	if err := d.duly(nil, "lists", "add", "ftm:"+d.example("watchlist.ftm.jsonl")); err != nil {
		return err
	}
	var screened screening.Summary
	if err := d.duly(&screened, "screen"); err != nil {
		return err
	}
	d.say("%d customers against %d listed parties: %d hits for a person to decide on", screened.Customers, screened.Entries, screened.NewHits)
	var facts factLoadResult
	if err := d.duly(&facts, "fact", "load", d.example("facts.yaml")); err != nil {
		return err
	}
	var s triage.Summary
	if err := d.duly(&s, "triage"); err != nil {
		return err
	}
	d.say("billed and mapped to nothing: %d of %d accounts (%s), %s", s.Spine.Unmapped, s.Accounts, percent(s.UnmappedAccounts), unmappedMoney(&s.Spine))
	d.say("STOP %d   PERSON %d   DESK %d (%d by default)   AUTO %d", s.Lanes[triage.Stop], s.Lanes[triage.Person], s.Lanes[triage.Desk], s.ByDefault, s.Lanes[triage.Auto])
	d.say("AUTO means screened, not assessed. It never means low risk.")
	return nil
}

// interval rates the sheriff, answers one question, and rates again.
func (d *demonstration) interval() error {
	d.title("One sheriff, reached through a reseller, for twelve dollars a month")
	var all assessment.Summary
	if err := d.duly(&all, "assess"); err != nil {
		return err
	}
	d.say("%d deployments in STOP and PERSON rated; %d stay pending until required facts are known", all.Assessed, all.Pending)
	before, err := d.assess()
	if err != nil {
		return err
	}
	answer, err := demo.ReadFacts()
	if err != nil {
		return err
	}
	fact := before.Ask[0].Fact
	value, known := answer.Answer.Facts[fact]
	if !known {
		return fault.Newf(fault.Broken, "the example answers another question than %s", fact)
	}
	d.say("the question that would narrow it most:")
	d.sayLong("", before.Ask[0].Question)
	var source map[string]any
	if err := d.duly(&source, "fact", "source", "Training register", "--grade", "party", "--date", answer.Answer.AsOf); err != nil {
		return err
	}
	word := map[any]string{true: "yes", false: "no"}[value]
	if err := d.duly(nil, "fact", "set", sheriff, fact, word, "--source", fmt.Sprint(source["id"])); err != nil {
		return err
	}
	_, err = d.assess()
	return err
}

func (d *demonstration) assess() (*assessment.Assessed, error) {
	var s assessment.Summary
	if err := d.duly(&s, "assess", sheriff); err != nil {
		return nil, err
	}
	if len(s.Subjects) != 1 || len(s.Subjects[0].Ask) == 0 {
		return nil, fault.New(fault.Broken, "the sheriff's rating has no open question", "")
	}
	one := &s.Subjects[0]
	rated := one.Worst
	if one.Best != one.Worst {
		rated = one.Best + " to " + one.Worst
	}
	d.say("rated %s on %d of %d facts; the method calls for: %s", rated, one.Known, one.Facts, one.Decision)
	return one, nil
}

// people shows who may not decide, and a signed decision.
func (d *demonstration) people() error {
	d.title("Who decides? Not who sells")
	if err := d.duly(nil, "person", "add", "sam", "--role", string(act.Sales)); err != nil {
		return err
	}
	if err := d.duly(nil, "person", "add", "ada", "--role", string(act.Approver)); err != nil {
		return err
	}
	if err := d.refused("decide", sheriff, "approve", "--as", "sam", "--reason", "good customer"); err != nil {
		return err
	}
	if err := d.refused("decide", sheriff, "approve", "--as", "ada", "--reason", "looks fine"); err != nil {
		return err
	}
	var decided decideResult
	if err := d.duly(&decided, "decide", sheriff, string(decision.Escalate), "--as", "ada", "--reason", "face search used for arrests"); err != nil {
		return err
	}
	d.decided = decided.Entry
	d.say("escalated to the committee, review by %s, signed by ada with her own key in entry %d", decided.ReviewDay, decided.Entry)
	return nil
}

// deviations reads the telemetry.
func (d *demonstration) deviations() error {
	d.title("Do customers keep to the conditions of use? (constructed telemetry)")
	var s usage.Summary
	if err := d.duly(&s, "monitor", d.example("telemetry")); err != nil {
		return err
	}
	d.say("%d events read, %d under a condition; %d exposures, %d deviations, %d that cannot be told", s.Read, s.Matched, s.Exposures, s.Deviations, s.Unknown)
	told := map[string]bool{}
	for _, f := range s.List {
		if !told[f.Condition] {
			told[f.Condition] = true
			d.say("%s: %s %s, first on %s", f.Condition, f.Grade, strings.ReplaceAll(f.Kind, "_", " "), f.Day)
		}
	}
	return nil
}

// tamper removes the decision from a copy and shows that verify names it.
func (d *demonstration) tamper() error {
	d.title("Can it be tampered with?")
	var ok bundle.Result
	if err := d.duly(&ok, "verify", d.dir, "--key", d.key); err != nil {
		return err
	}
	d.say("%d entries hold; %d ratings computed again from their inputs to the same result", ok.Counts.Entries, ok.Counts.Ratings.Exact)
	copied, err := copyWithout(d.app.ctx, d.dir, d.decided)
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	d.copied = copied
	d.say("now entry %d, the decision, is deleted from a COPY of the database", d.decided)
	return d.refused("verify", copied, "--key", d.key)
}

// redact publishes a bundle that withholds everything sealed, then discloses one
// field of it.
func (d *demonstration) redact() error {
	d.title("What does an outsider see?")
	public := filepath.Join(d.dir, "public.duly")
	if err := d.duly(nil, "report", "--out", filepath.Join(d.dir, "report")); err != nil {
		return err
	}
	if err := d.duly(nil, "report", "--out", filepath.Join(d.dir, "report-public"), "--disclose", "none"); err != nil {
		return err
	}
	if err := d.duly(nil, "export", "--out", public); err != nil {
		return err
	}
	var outside bundle.Result
	if err := d.duly(&outside, "verify", public, "--key", d.key); err != nil {
		return err
	}
	d.say("an outsider checks %d entries, %d of them signed by a person, with %d values withheld,",
		outside.Counts.Entries, outside.Counts.Signatures, outside.Counts.Withheld)
	d.say("without seeing who or why")
	var proof bundle.Proof
	if err := d.duly(&proof, "disclose", fmt.Sprint(d.decided), "reason"); err != nil {
		return err
	}
	d.say("its output is kept as reason.json")
	file := filepath.Join(d.dir, "reason.json")
	err := writeWhole(file, func(out io.Writer) error {
		_, err := out.Write(proof.Encode())
		return err
	})
	if err != nil {
		return err
	}
	var shown bundle.Result
	if err := d.duly(&shown, "verify", file, "--key", d.key); err != nil {
		return err
	}
	published, err := os.ReadFile(filepath.Join(d.dir, "report-public", "report.json"))
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the public report")
	}
	digest := ledger.Disclosure(proof.Disclosure).Digest().String()
	if !bytes.Contains(published, []byte(digest)) {
		return fault.New(fault.Broken, "the disclosed value is not the one that the public report withheld", "")
	}
	d.say("one field is disclosed afterwards: %s of entry %d is %s", shown.Field, d.decided, shown.Value)
	d.say("it matches the digest %s... that the public report shows in its place", digest[:16])
	return nil
}

// limits says what all this does not prove, and what to do next.
func (d *demonstration) limits() error {
	d.title("What all this does not prove")
	for _, line := range []string{
		"That what was recorded is true, or complete: the log shows that nothing recorded was changed or removed.",
		"That nothing happened before an outsider first kept a checkpoint.",
		"That a decision is enforced: decided and confirmed enforced are two things.",
		"That a customer who is not listed, or in AUTO, is harmless: nobody has looked.",
		"Anything about use that telemetry does not show: silence is unknown, not zero.",
	} {
		d.sayLong("- ", line)
	}
	fmt.Fprintf(d.app.stdout, "\nThe report:    %s\nfor outsiders: %s\n\n"+
		"Next, with your own data (docs/mapping.md):\n   $ duly init mine\n   $ duly --workspace mine import --dry-run --map MAP.yaml ACCOUNTS.csv\n",
		filepath.Join(d.dir, "report", "report.html"), filepath.Join(d.dir, "report-public", "report.html"))
	return nil
}
