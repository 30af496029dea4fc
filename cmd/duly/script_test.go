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

// built is the program as `go build` makes it, for the tests that kill it or
// measure it.
var built struct {
	sync.Once
	dir string
	err error
}

// program builds duly once and gives its path.
func program(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "duly-test-"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", built.dir, ".").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "duly")
}

// TestScripts protects what every sub-command prints, where it prints it and with
// which status it ends. Each file of testdata/script says what it is for.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  status,
			"sqlite":  sqlite,
			"capture": capture,
			"holds":   holds,
			"golden":  golden,
			"merge":   merge,
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
