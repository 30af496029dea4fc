package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors is the table of rooms: a package may import packages of lower floors
// only, never of its own. A package that is not here fails the test: say first
// where it lives.
var floors = map[string]int{
	"duly/internal/fault": -1,
	"duly/packs":          -1,
	"duly/schemas":        -1,

	"duly/internal/ledger":   0,
	"duly/internal/names":    0,
	"duly/internal/rule":     0,
	"duly/internal/act":      0,
	"duly/internal/country":  0,
	"duly/internal/stats":    0,
	"duly/internal/page":     0,
	"duly/internal/calendar": 0,
	"duly/internal/sheet":    0,

	"duly/internal/bundle/agreetest":    0, // used by tests only
	"duly/internal/page/pagetest":       1, // likewise
	"duly/internal/publish/witnesstest": 1, // likewise

	"duly/internal/store":     1,
	"duly/internal/watchlist": 1,
	"duly/internal/pack":      1,

	"duly/internal/store/storetest": 2, // used by tests only
	"duly/internal/people":          2,
	"duly/internal/register":        2,
	"duly/internal/evidence":        2,
	"duly/internal/rating":          2,
	"duly/internal/framework":       2, // beside rating: a rating never reads a framework
	"duly/internal/runs":            2,
	"duly/internal/refusal":         2,
	"duly/internal/ownership":       2,
	"duly/internal/conditions":      2, // what is asked; who agreed to it is above

	"duly/internal/screening":    3,
	"duly/internal/agreement":    3,
	"duly/internal/index":        3,
	"duly/internal/retention":    3,
	"duly/internal/bundle":       3,
	"duly/internal/voice":        3,
	"duly/internal/transparency": 3,

	"duly/internal/intake":    4,
	"duly/internal/usage":     5,
	"duly/internal/publish":   5,
	"duly/internal/workspace": 4,

	"duly/internal/triage":      5,
	"duly/internal/assessment":  6,
	"duly/internal/decision":    7,
	"duly/internal/casework":    8,
	"duly/internal/enforcement": 8,
	"duly/internal/assurance":   10, // above the engagement that it works for
	"duly/internal/report":      11, // it reads what every other room wrote
	"duly/internal/annual":      12,
	"duly/internal/packet":      9,
	"duly/internal/asof":        9,
	"duly/internal/engagement":  9,
	"duly/internal/gate":        9,
	"duly/internal/attestation": 6, // above what was agreed and what was counted
	"duly/examples/demo":        9,

	"duly/cmd/duly":        13,
	"duly/cmd/duly-verify": 13,

	"duly/internal": 0, // this test
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// TestImportsRunDownwards protects the shape of the program: data goes one way,
// and a room can be understood with the rooms below it alone.
func TestImportsRunDownwards(t *testing.T) {
	for _, p := range list(t, "-json=ImportPath,Imports", "duly/...") {
		floor, known := floors[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the table of rooms", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			below, ours := floors[imported]
			if !ours && strings.HasPrefix(imported, "duly/") {
				t.Errorf("%s imports %s, which is not in the table of rooms", p.ImportPath, imported)
			}
			if ours && below >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports run downwards only", p.ImportPath, floor, imported, below)
			}
		}
	}
}

// TestTheVerifierStandsAlone protects outsiders: what they run to check us opens
// no database and no connection.
func TestTheVerifierStandsAlone(t *testing.T) {
	for _, p := range list(t, "-deps", "-json=ImportPath", "duly/cmd/duly-verify") {
		if slices.Contains([]string{"database/sql", "net", "net/http", "duly/internal/store", "duly/internal/workspace"}, p.ImportPath) {
			t.Errorf("duly-verify depends on %s", p.ImportPath)
		}
	}
}

func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
