package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/assurance"
	"duly/internal/attestation"
	"duly/internal/casework"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/index"
	"duly/internal/ownership"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/retention"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/packs"
)

// runners test each kind of pack by itself; see also [testAcross].
var runners = map[string]pack.Runner{
	pack.Method: rating.RunTests, pack.Triage: triage.RunTests, pack.Conditions: conditions.RunTests,
	pack.Ownership: ownership.RunTests, pack.Framework: framework.RunTests, pack.Index: index.RunTests, pack.Casework: casework.RunTests,
	pack.Log: usage.RunTests, pack.Attest: attestation.RunTests, pack.Retention: retention.RunTests, pack.Controls: assurance.RunTests,
}

// commonMethod is the method whose facts are the vocabulary of all packs.
const commonMethod = "rm-1"

// testAcross gives a function that tests a method or a framework against the others:
// those that ship with Duly, and those of the list.
func testAcross(list []*pack.Pack) (func(*pack.Pack) []pack.TestResult, error) {
	known, err := shippedFrameworks()
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if f, err := framework.Load(p); p.Kind == pack.Framework && err == nil {
			known[f.ID] = f
		}
	}
	common, err := findMethod(commonMethod)
	if err != nil {
		return nil, err
	}
	return func(p *pack.Pack) []pack.TestResult {
		switch p.Kind {
		case pack.Method:
			return testBasis(p, known)
		case pack.Framework:
			return testVocabulary(p, common)
		}
		return nil
	}, nil
}

// testBasis finds the framework items that a method rests on.
func testBasis(p *pack.Pack, known map[string]*framework.Framework) []pack.TestResult {
	m, err := rating.Load(p)
	if err != nil {
		return nil // its own tests say so
	}
	var out []pack.TestResult
	for i, id := range m.Frameworks() {
		r := pack.TestResult{Name: "rests on " + id, Line: p.Line("frameworks", i)}
		if f, ok := known[id]; !ok {
			r.Detail = "there is no such framework here"
		} else if missing := f.Covered(m.Basis()).Missing; len(missing) > 0 {
			r.Detail = "there is no " + strings.Join(missing, ", ")
		}
		r.OK = r.Detail == ""
		out = append(out, r)
	}
	return out
}

// testVocabulary compares the facts of a framework with those of the method whose
// vocabulary is common: a fact of one id has one type, and the framework knows every
// value that the method may give it.
func testVocabulary(p *pack.Pack, common *rating.Method) []pack.TestResult {
	f, err := framework.Load(p)
	if err != nil {
		return nil // its own tests say so
	}
	var out []pack.TestResult
	for i, fact := range f.Facts() {
		m, ok := common.Fact(fact.ID)
		if !ok {
			continue
		}
		r := pack.TestResult{Name: fact.ID + " as in " + common.ID, Line: p.Line("facts", i)}
		lacks := slices.IndexFunc(m.Values, func(v string) bool { return !slices.Contains(fact.Values, v) })
		switch {
		case fact.Type != m.Type:
			r.Detail = fmt.Sprintf("it is of type %s here and of type %s there", fact.Type, m.Type)
		case fact.Min > m.Min || fact.Max < m.Max:
			r.Detail = fmt.Sprintf("it goes from %d to %d here and from %d to %d there", fact.Min, fact.Max, m.Min, m.Max)
		case lacks >= 0:
			r.Detail = "it does not know " + m.Values[lacks]
		}
		r.OK = r.Detail == ""
		out = append(out, r)
	}
	return out
}

// packSchemas give the JSON Schema of each kind of pack.
var packSchemas = map[string]func() []byte{
	pack.Method: rating.Schema, pack.Triage: triage.Schema, pack.Conditions: conditions.Schema, pack.Ownership: ownership.Schema,
	pack.Framework: framework.Schema, pack.Index: index.Schema, pack.Casework: casework.Schema,
	pack.Log: usage.Schema, pack.Attest: attestation.Schema, pack.Retention: retention.Schema, pack.Controls: assurance.Schema,
}

type packCmd struct {
	Test   packTestCmd   `cmd:"" help:"Run the tests that packs carry."`
	Schema packSchemaCmd `cmd:"" help:"Print the JSON Schema of a kind of pack, with which editors complete and check packs."`
}

type packSchemaCmd struct {
	Kind string `arg:"" help:"The kind of pack: method, framework, triage, conditions, ownership, index, casework, log, attestation or controls."`
}

// Run prints the schema.
func (c *packSchemaCmd) Run(a *app) error {
	schema, ok := packSchemas[c.Kind]
	if !ok {
		return fault.Newf(fault.NotFound, "%q is not a kind of pack", c.Kind).
			WithFix("use one of " + strings.Join(slices.Sorted(maps.Keys(packSchemas)), ", "))
	}
	if _, err := a.stdout.Write(schema()); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the schema")
	}
	return nil
}

type packTestCmd struct {
	Paths []string `arg:"" name:"path" help:"Packs, or directories of packs."`
}

type packResult struct {
	Pack   string            `json:"pack"`
	Kind   string            `json:"kind"`
	SHA256 string            `json:"sha256"`
	Passed int               `json:"passed"`
	Failed []pack.TestResult `json:"failed"`
}

// Run tests the packs. It fails when a test does not hold, or when there is none.
func (c *packTestCmd) Run(a *app) error {
	var list []*pack.Pack
	for _, p := range c.Paths {
		found, err := readPacks(p)
		if err != nil {
			return err
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return fault.New(fault.NotFound, "there are no packs here", "name a pack or a directory with packs")
	}
	across, err := testAcross(list)
	if err != nil {
		return err
	}
	var results []packResult
	failed := 0
	for _, one := range list {
		tests, err := one.Test(runners)
		if err != nil {
			return err
		}
		tests = append(tests, across(one)...)
		r := packResult{Pack: one.Path, Kind: one.Kind, SHA256: one.Hash, Failed: []pack.TestResult{}}
		for _, t := range tests {
			if t.OK {
				r.Passed++
			} else {
				r.Failed = append(r.Failed, t)
			}
		}
		failed += len(r.Failed)
		results = append(results, r)
	}
	err = a.print(results, func(out io.Writer) {
		for _, r := range results {
			fmt.Fprintf(out, "%s: %d tests hold, %d do not\n", r.Pack, r.Passed, len(r.Failed))
			for _, t := range r.Failed {
				fmt.Fprintf(out, "  line %d: %s: %s\n", t.Line, t.Name, t.Detail)
			}
		}
	})
	if err == nil && failed > 0 {
		err = fault.Newf(fault.Broken, "%d tests of packs do not hold", failed)
	}
	return err
}

// readPacks reads one pack or all packs below a directory.
func readPacks(name string) ([]*pack.Pack, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, err, "cannot read the pack")
	}
	if info.IsDir() {
		return pack.ReadDir(os.DirFS(name), ".")
	}
	data, err := readInput(name, pack.MaxSize)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return []*pack.Pack{p}, nil
}

// findPack gives a pack by file name, or one that ships with Duly by its id.
func findPack(folder, name string) (*pack.Pack, error) {
	if isPackFile(name) {
		list, err := readPacks(name)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 {
			return nil, fault.Newf(fault.Invalid, "%s is not one pack", name)
		}
		return list[0], nil
	}
	file := path.Join(folder, name+".yaml")
	data, err := fs.ReadFile(packs.Files, file)
	if err != nil {
		return nil, fault.Newf(fault.NotFound, "no pack %q ships with this release", name).WithFix("name a file, or one of: " + shipped(folder))
	}
	return pack.Parse("packs/"+file, data)
}

// isPackFile says whether a name is that of a file, and not of a pack that ships.
func isPackFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || filepath.Ext(name) == ".yaml"
}

func shipped(folder string) string {
	entries, _ := fs.ReadDir(packs.Files, folder)
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return strings.Join(ids, ", ")
}
