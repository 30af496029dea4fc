package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"duly/internal/store/storetest"
	"github.com/rogpeppe/go-internal/testscript"

	_ "modernc.org/sqlite" // the driver that the command sqlite of the scripts uses
)

// TestMain lets the scripts run the program as `duly` without building it: the
// test binary, started under that name, is the program.
func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"duly": func() {
		if day, err := time.Parse(time.DateOnly, os.Getenv(testDay)); err == nil {
			begun := time.Now()
			clock = func() time.Time { return day.Add(12 * time.Hour).Add(time.Since(begun)) }
		}
		main()
	}})
}

// testDay is the environment variable by which scripts say what day it is. The program
// itself does not know it.
const testDay = "DULY_TEST_DAY"

// suite runs the tests and removes the program that some of them built.
type suite struct{ *testing.M }

func (s suite) Run() int {
	defer func() { os.RemoveAll(built.dir) }()
	return storetest.Main(s.M)
}

// built are the programs as `go build` makes them, for the tests that kill or measure
// one, and for those who check with another program than the one that wrote.
var built struct {
	sync.Mutex
	dir  string
	done map[string]bool
}

// program builds a command of the neighbouring directories once and gives its path.
func program(t *testing.T, name string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "duly-test-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.done = dir, map[string]bool{}
	}
	path := filepath.Join(built.dir, name)
	if !built.done[name] {
		if out, err := exec.Command("go", "build", "-o", path, "../"+name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		built.done[name] = true
	}
	return path
}

// TestScripts protects what every sub-command prints, where it prints it and with
// which status it ends. Each file of testdata/script says what it is for.
func TestScripts(t *testing.T) {
	verifier := verifiers(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+filepath.Dir(verifier))
			return os.CopyFS(filepath.Join(env.WorkDir, "stories"), os.DirFS("testdata/stories"))
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  status,
			"sqlite":  sqlite,
			"capture": capture,
			"holds":   holds,
			"golden":  golden,
			"answers": answers,
			"refuses": refuses,
			"merge":   merge,
			"fill":    fill,
			"remake":  remake,
			"opens":   opens,
			"finds":   finds,
			"same":    same,
		},
	})
}

// status N PROGRAM ARG... runs a program and fails unless it ends with status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("status is %d, want %d", got, want)
	}
}

// sqlite FILE STATEMENT runs one statement on a database, as somebody with access
// to the file could, and prints the rows with | between columns.
func sqlite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sqlite FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query(args[1])
	ts.Check(err)
	defer rows.Close()
	columns, err := rows.Columns()
	ts.Check(err)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		ts.Check(rows.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = fmt.Sprint(v)
		}
		fmt.Fprintln(ts.Stdout(), strings.Join(texts, "|"))
	}
	ts.Check(rows.Err())
}

// capture NAME PATTERN sets a variable to the pattern's first group in the last
// output.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("the output has no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// fill OUT FILE writes a file with the values of variables in place of their $NAMES.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill OUT FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[1]), ts.Getenv)), 0o644))
}

// merge OUT FILE... writes the objects of JSON files as one; a later file wins, and objects
// within them are merged too.
func merge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: merge OUT FILE...")
	}
	all := map[string]any{}
	for _, name := range args[1:] {
		var one map[string]any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &one))
		for key, value := range one {
			inner, ok := value.(map[string]any)
			if before, both := all[key].(map[string]any); ok && both {
				maps.Copy(before, inner)
				continue
			}
			all[key] = value
		}
	}
	text, err := json.Marshal(all)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o644))
}

// holds DIR FILE... fails unless the directory holds exactly these files.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: holds DIR FILE...")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("%s holds %s, want %s", args[0], got, want)
	}
}

// refuses RULE PROGRAM ARG... runs a program that a rule must refuse: it ends with status
// 1 and names the rule, and the log of $DULY_WORKSPACE has one entry more, which is the
// refusal by that rule. What waits for signatures stays as it was.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refuses RULE PROGRAM ARG...")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(filepath.Join(ts.Getenv("DULY_WORKSPACE"), "duly.db")))
	ts.Check(err)
	defer db.Close()
	ask := func(question string) (answer string) {
		ts.Check(db.QueryRow(question).Scan(&answer))
		return answer
	}
	const waiting = "select coalesce(group_concat(id), '') from pending_decision"
	size, drafts := ask("select size from log"), ask(waiting)
	status(ts, false, append([]string{"1"}, args[1:]...))
	if !strings.Contains(ts.ReadFile("stderr"), "[rule "+args[0]+"]") {
		ts.Fatalf("the error does not name the rule %s", args[0])
	}
	if grown, err := strconv.Atoi(size); err != nil || ask("select size from log") != strconv.Itoa(grown+1) {
		ts.Fatalf("the log had %s entries and has %s", size, ask("select size from log"))
	}
	if got := ask("select coalesce(max(rule), 'nothing') from r_refusal where seq = " + size); got != args[0] {
		ts.Fatalf("the new entry is a refusal by %s", got)
	}
	if ask(waiting) != drafts {
		ts.Fatalf("a draft was kept")
	}
}

// answers DAY ACCOUNT... states that these customers answered every question on that
// day, with what raises nothing. What a story tells of them comes after that.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: answers DAY ACCOUNT...")
	}
	facts := strings.ReplaceAll(ts.ReadFile("stories/answers.yaml"), "\n", "\n      ")
	var b strings.Builder
	fmt.Fprintf(&b, "sources:\n  - {id: answers, title: Questionnaire, publisher: The customers, grade: party, published: %q}\nstatements:\n", args[0])
	for _, account := range args[1:] {
		fmt.Fprintf(&b, "  - account: %s\n    source: answers\n    as_of: %q\n    facts:\n      %s\n", account, args[0], facts)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answers.yaml"), []byte(b.String()), 0o644))
	ts.Check(ts.Exec("duly", "fact", "load", "answers.yaml"))
}

var (
	hexRE   = regexp.MustCompile(`\b[0-9a-f]{12}\b`)
	entryRE = regexp.MustCompile(`\bentry(\s+)[0-9]+`)
	dayRE   = regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`)
)

// golden FILE compares the last output with a file, in which ids stand as ID, the
// beginnings of hashes as HASH, places in the log as N and the day of the test as TODAY.
func golden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: golden FILE")
	}
	today := time.Now().UTC().Format(time.DateOnly)
	got := recordID.ReplaceAllString(ts.ReadFile("stdout"), "ID")
	got = hexRE.ReplaceAllString(got, "HASH")
	got = entryRE.ReplaceAllString(got, "entry${1}N")
	got = dayRE.ReplaceAllStringFunc(got, func(day string) string {
		if day == today {
			return "TODAY"
		}
		return day
	})
	if want := ts.ReadFile(args[0]); got != want {
		ts.Fatalf("the output is not that of %s:\n%s", args[0], got)
	}
}
