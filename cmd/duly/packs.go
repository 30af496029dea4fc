package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/ownership"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/triage"
	"duly/packs"
)

// runners test each kind of pack.
var runners = map[string]pack.Runner{
	pack.Method: rating.RunTests, pack.Triage: triage.RunTests, pack.Conditions: conditions.RunTests,
	pack.Ownership: ownership.RunTests, pack.Index: index.RunTests,
}

type packCmd struct {
	Test packTestCmd `cmd:"" help:"Run the tests that packs carry."`
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
	var results []packResult
	failed := 0
	for _, p := range c.Paths {
		list, err := readPacks(p)
		if err != nil {
			return err
		}
		for _, one := range list {
			tests, err := one.Test(runners)
			if err != nil {
				return err
			}
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
	}
	if len(results) == 0 {
		return fault.New(fault.NotFound, "there are no packs here", "name a pack or a directory with packs")
	}
	err := a.print(results, func(out io.Writer) {
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
	if strings.ContainsAny(name, `/\`) || filepath.Ext(name) == ".yaml" {
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

func shipped(folder string) string {
	entries, _ := fs.ReadDir(packs.Files, folder)
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return strings.Join(ids, ", ")
}
