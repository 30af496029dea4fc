package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"

	"github.com/rogpeppe/go-internal/testscript"
)

// noticed are the paths of a public report at which an outsider must notice whatever is
// changed, though nothing sealed is shown.
var noticed = regexp.MustCompile(`^(log|day|entries|people|findings|hits|oversight|packs|runs|watchlists|attestations|proceedings|portfolio|withheld|erased|registers\.(partnerships|incidents)|` +
	`decisions\.(overrides|decided|acts|overdue_reviews|locked|lapsed|waiting|conditions|conditions_met|confirmed_enforced|rated_since)|telemetry\.(deployments$|objects|events)|` +
	`subjects\.[0-9]+\.(rating|decision|lane|findings))(\.|$)`)

// lie is one change of a decoded report: at is the place, and undo takes it back.
type lie struct {
	at         string
	tell, undo func()
}

// lying gives for each value and each row of a report one that is not so.
func lying(path string, v any, put func(any)) (all []lie) {
	change := func(to any) { all = append(all, lie{path, func() { put(to) }, func() { put(v) }}) }
	switch x := v.(type) {
	case map[string]any:
		for key := range x {
			all = append(all, lying(strings.TrimPrefix(path+"."+key, "."), x[key], func(to any) { x[key] = to })...)
		}
	case []any:
		for i := range x {
			all = append(all, lying(fmt.Sprintf("%s.%d", path, i), x[i], func(to any) { x[i] = to })...)
		}
		if len(x) > 0 {
			change(slices.Clone(x[:len(x)-1]))
		}
	case json.Number:
		change(json.Number("1" + strings.TrimPrefix(x.String(), "-")))
	case bool:
		change(!x)
	case string:
		if strings.HasSuffix(path, ".digest") {
			change(strings.Repeat("0", 64))
		} else {
			change(x + "1")
		}
	}
	return all
}

// finds N fails unless each lie about what stands in clear that the public report of
// $DULY_WORKSPACE could tell is found from a bundle that shows nothing sealed; there must
// be N of them or more.
func finds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: finds N")
	}
	ctx := context.Background()
	known, err := released()
	ts.Check(err)
	w, err := workspace.Open(ctx, ts.MkAbs(ts.Getenv("DULY_WORKSPACE")), options())
	ts.Check(err)
	defer w.Close()
	dir, err := os.MkdirTemp("", "duly-lies-")
	ts.Check(err)
	defer os.RemoveAll(dir)
	n := 0
	ts.Check(inClear(ctx, w, dir, known, func(_ store.Queryer, read *report.Clear, signed []byte, point ledger.Checkpoint) error {
		honest, err := report.Build(ctx, w.DB, point, signed, nil)
		if err != nil {
			return err
		}
		text, err := json.Marshal(honest)
		if err != nil {
			return err
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var decoded map[string]any
		if err := d.Decode(&decoded); err != nil {
			return err
		}
		for _, l := range lying("", decoded, nil) {
			if !noticed.MatchString(l.at) {
				continue
			}
			l.tell()
			tried, found := recounted(read, decoded)
			l.undo()
			if tried && !found {
				return fault.Newf(fault.Broken, "nobody notices a lie at %s", l.at)
			}
			if tried {
				n++
			}
		}
		return nil
	}))
	least, err := strconv.Atoi(args[0])
	ts.Check(err)
	if n < least {
		ts.Fatalf("%d lies were found, not %d", n, least)
	}
}

// recounted says whether a changed report is one at all, and whether a recount finds what
// was changed. The report is in its one spelling, so that it is the lie that is found.
func recounted(read *report.Clear, changed map[string]any) (tried, found bool) {
	text, err := json.Marshal(changed)
	var r report.Report
	if err != nil || json.Unmarshal(text, &r) != nil {
		return false, false
	}
	var out bytes.Buffer
	if report.JSON(&r, &out) != nil {
		return false, false
	}
	got, err := read.Recount(out.Bytes(), nil)
	return true, err != nil || len(got.Wrong) > 0
}
