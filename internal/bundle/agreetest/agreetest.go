// Package agreetest has the second verifier, contrib/verify-bundle, check what tests gave
// to the first. It was written from docs/bundle.md and shares no code: honest files and
// every cheat must get the same answer from both.
package agreetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"duly/internal/fault"
)

// Order is a check as a command line asks for it: a line for
// contrib/verify-bundle/tests/batch.py. Files are named by [Opinions.File].
type Order struct {
	File       string   `json:"file"`
	Schemas    string   `json:"schemas"` // set by [Opinions.Add]
	Key        string   `json:"key"`
	Checkpoint string   `json:"checkpoint"`
	People     []string `json:"people"` // null when none were given
	Witnesses  []string `json:"witnesses"`
	Assessor   string   `json:"assessor"`
	Policy     string   `json:"policy"`
	Handovers  []string `json:"handovers"`
}

// verdict is a line from it, and what the first verifier says.
type verdict struct {
	Status int            `json:"status"` // the exit status
	Why    string         `json:"why"`
	Result map[string]any `json:"result"`
}

// Opinions collects what was verified, and what came of it.
type Opinions struct {
	documents func() [][]byte
	verifier  string

	lock   sync.Mutex
	dir    string
	orders []Order
	said   []verdict
	seen   map[string]bool
}

// New makes an empty collection. documents gives the schemas that both verifiers know, and
// verifier is where contrib/verify-bundle stands.
func New(verifier string, documents func() [][]byte) *Opinions {
	return &Opinions{verifier: verifier, documents: documents, seen: map[string]bool{}}
}

// File keeps bytes for the second verifier and gives their place.
func (o *Opinions) File(data []byte) string {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.dir == "" {
		var err error
		if o.dir, err = os.MkdirTemp("", "duly-agree-"); err != nil {
			panic(err)
		}
		for i, document := range o.documents() {
			o.write(fmt.Sprintf("%d.json", i), document)
		}
	}
	sum := sha256.Sum256(data)
	return o.write(hex.EncodeToString(sum[:]), data)
}

func (o *Opinions) write(name string, data []byte) string {
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		panic(err)
	}
	return path
}

// Add remembers one check, once, with what the first verifier says: a result that JSON
// takes, or an error.
func (o *Opinions) Add(x Order, result any, err error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	x.Schemas = o.dir
	if name := fmt.Sprintf("%q", x); o.seen[name] {
		return
	} else {
		o.seen[name] = true
	}
	v := verdict{Status: fault.ExitStatus(err)}
	if err != nil {
		v.Why = err.Error()
	} else {
		text, _ := json.Marshal(result)
		_ = json.Unmarshal(text, &v.Result)
		v.Result = common(v.Result)
	}
	o.orders, o.said = append(o.orders, x), append(o.said, v)
}

// Run runs the tests of a package and then, unless they failed or fuzz, the second verifier
// on all that they verified. It gives the exit status, and the last word.
func (o *Opinions) Run(m *testing.M) int {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.fuzz"); code == 0 && f.Value.String() == "" {
		code = o.ask()
	}
	if o.dir != "" && os.Getenv("DULY_KEEP_BUNDLES") == "" {
		os.RemoveAll(o.dir)
	}
	return code
}

// common gives what both verifiers say of a file that holds, without what is 0 or empty.
func common(result map[string]any) map[string]any {
	for _, own := range []string{"covered", "not_replayed", "entry", "kind"} {
		delete(result, own)
	}
	if result["what"] == "disclosure" || result["what"] == "proof" {
		delete(result, "counts") // of one entry
	}
	stated(result)
	return result
}

// stated leaves out what is 0 or empty.
func stated(v any) any {
	list, isList := v.([]any)
	for i := range list {
		list[i] = stated(list[i])
	}
	object, isObject := v.(map[string]any)
	for key := range object {
		if object[key] = stated(object[key]); object[key] == nil {
			delete(object, key)
		}
	}
	if isList && len(list) == 0 || isObject && len(object) == 0 || v == 0.0 || v == "" {
		return nil
	}
	return v
}

// ask runs the second verifier and gives the exit status of the tests.
func (o *Opinions) ask() int {
	if len(o.orders) == 0 {
		return 0
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		fmt.Fprintln(os.Stderr, "there is no python3, so the other verifier was not asked; DULY_REQUIRE_PYTHON=1 makes that an error")
		return map[bool]int{true: 1}[os.Getenv("DULY_REQUIRE_PYTHON") == "1"]
	}
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, x := range o.orders {
		if err := lines.Encode(x); err != nil {
			panic(err)
		}
	}
	cmd := exec.CommandContext(context.Background(), python, filepath.Join(o.verifier, "tests", "batch.py"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(answers) != len(o.orders) {
		fmt.Fprintf(os.Stderr, "the other verifier answered %d of %d times: %v\n", len(answers), len(o.orders), err)
		return 1
	}
	return o.compare(answers)
}

func (o *Opinions) compare(answers []string) (code int) {
	hold := 0
	for i, line := range answers {
		var theirs verdict
		if err := json.Unmarshal([]byte(line), &theirs); err != nil {
			panic(err)
		}
		ours := o.said[i]
		if theirs.Result != nil {
			theirs.Result = common(theirs.Result)
		}
		if ours.Status == 0 {
			hold++
		}
		if ours.Status != theirs.Status || !reflect.DeepEqual(ours.Result, theirs.Result) {
			fmt.Fprintf(os.Stderr, "the verifiers differ on %+v\n  duly-verify:   %d %s %v\n  verify-bundle: %d %s %v\n",
				o.orders[i], ours.Status, ours.Why, ours.Result, theirs.Status, theirs.Why, theirs.Result)
			code = 1
		}
	}
	if code == 0 {
		fmt.Fprintf(os.Stderr, "the other verifier says the same of %d checks, of which %d hold\n", len(answers), hold)
	}
	return code
}
