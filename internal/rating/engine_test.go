package rating_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"duly/internal/rating"
)

var update = flag.Bool("update", false, "write the reference traces of a new rating.Engine")

type reference struct {
	Engine string            `json:"engine"`
	Traces []json.RawMessage `json:"traces"`
}

// references are deployments that between them reach every branch of the
// arithmetic: both ends, the cap, credit, the floor, uplift, stops, pending.
func references() []rating.Inputs {
	base := map[string]any{
		"who": "shop", "tools": []string{}, "cameras": 3, "secret": false, "banned": false, "red_line": false,
		"running": false, "hurt": false, "weak": false, "needed": 0, "tested": 0, "technical": false, "audited": false,
		"harm.privacy.scale": 2, "harm.privacy.scope": 3, "harm.privacy.irremediability": 3, "harm.liberty.scale": 0,
	}
	var out []rating.Inputs
	for _, over := range []map[string]any{
		{},
		{"who": "police", "cameras": 500, "secret": true, "needed": 5, "tested": 3, "technical": true},
		{"who": "police", "cameras": 500, "secret": true, "needed": 5, "tested": 5, "audited": true, "running": true},
		{"hurt": true, "needed": 1, "tested": 1, "technical": true, "audited": true},
		{"harm.privacy.irremediability": 5, "weak": true},
		{"harm.liberty.scale": 5, "harm.liberty.scope": 1, "harm.liberty.irremediability": 1, "weak": true, "who": "police"},
		{"banned": true, "red_line": true, "cameras": nil},
		{"red_line": true},
		{"red_line": nil},
		{"who": nil, "tools": nil, "hurt": nil, "weak": nil},
		{"needed": nil, "tested": 4, "technical": nil, "audited": nil, "harm.liberty.scale": nil},
		{"needed": 4, "tested": nil},
		{"harm.liberty.scale": 1, "harm.liberty.scope": nil, "harm.liberty.irremediability": 2},
	} {
		in := rating.Inputs{}
		for _, m := range []map[string]any{base, over} {
			for id, v := range m {
				in[id] = rating.Value{V: v}
			}
		}
		out = append(out, in)
	}
	return append(out, nil)
}

// optional are deployments for the optional parts: dates on both sides, controls that
// are missing, a dispute of the scorers, harm that is only said, both axes.
func optional() []rating.Inputs {
	base := map[string]any{
		"who": "shop", "search": false, "live": false, "score": false, "below": false, "banned": false, "running": false,
		"hurt": false, "said_to_hurt": false, "said_days": 0, "weak": false, "needed": 5, "tested": 5, "technical": true, "audited": true,
		"control.floor": "independently_tested", "control.review": "independently_tested", "control.training": "independently_tested",
		"harm.privacy.scale": 2, "harm.privacy.scope": 3, "harm.privacy.irremediability": 3, "harm.liberty.scale": 0,
		"second.harm.privacy.scale": 2, "second.harm.privacy.scope": 3, "second.harm.privacy.irremediability": 3, "second.harm.liberty.scale": 0,
	}
	var out []rating.Inputs
	for _, over := range []map[string]any{
		{},
		{"live": true, "search": true, "who": "police"},
		{"banned": true, "score": true},
		{"search": true, "control.floor": "operating"},
		{"search": true, "control.training": "expired"},
		{"search": nil, "control.review": nil, "control.floor": "designed"},
		{"second.harm.privacy.scale": 5, "harm.privacy.scope": 5},
		{"second.harm.privacy.scale": 0, "second.harm.liberty.scale": nil},
		{"who": "unnamed", "second.harm.privacy.scale": 5},
		{"who": nil, "second.harm.privacy.scale": 5},
		{"said_to_hurt": true, "said_days": 90, "below": true},
		{"said_to_hurt": true, "said_days": nil, "below": nil},
		{"who": nil, "live": nil, "search": true, "score": nil, "banned": nil},
	} {
		in := rating.Inputs{}
		for _, m := range []map[string]any{base, over} {
			for id, v := range m {
				in[id] = rating.Value{V: v}
			}
		}
		out = append(out, in)
	}
	return append(out, nil)
}

// Protects: the engine's name. Whoever changes a trace must change rating.Engine,
// or old ratings would no longer replay under the engine they name.
func TestEngine(t *testing.T) {
	for _, c := range []struct {
		pack, golden string
		days         []string
		inputs       []rating.Inputs
	}{
		{"engine.yaml", "testdata/engine.golden.json", []string{""}, references()},
		{"engine-2.yaml", "testdata/engine-2.golden.json", []string{"", "2025-10-15", "2025-12-31", "2026-07-01"}, optional()},
	} {
		m, err := edited(t, c.pack)
		if err != nil {
			t.Fatal(err)
		}
		now := reference{Engine: rating.Engine}
		for _, day := range c.days {
			for _, in := range c.inputs {
				r, err := m.RateOn(day, in)
				if err != nil {
					t.Fatal(err)
				}
				now.Traces = append(now.Traces, r.Canonical())
			}
		}
		hold(t, c.golden, &now)
	}
}

// hold compares reference traces with those on file.
func hold(t *testing.T, golden string, now *reference) {
	var was reference
	if b, err := os.ReadFile(golden); err == nil {
		if err := json.Unmarshal(b, &was); err != nil {
			t.Fatal(err)
		}
	}
	same := len(was.Traces) == len(now.Traces)
	for i := 0; same && i < len(now.Traces); i++ {
		same = bytes.Equal(was.Traces[i], now.Traces[i])
	}
	switch {
	case same && was.Engine == now.Engine:
	case was.Engine == now.Engine:
		t.Fatalf("%s: a reference trace changed under the engine %s: change rating.Engine, then run go test -run TestEngine -update", golden, rating.Engine)
	case !*update:
		t.Fatalf("%s holds the traces of engine %q, not of %s: run go test -run TestEngine -update", golden, was.Engine, rating.Engine)
	default:
		b := []byte(`{"engine":"` + now.Engine + "\",\n\"traces\":[\n")
		for i, trace := range now.Traces {
			if i > 0 {
				b = append(b, ",\n"...)
			}
			b = append(b, trace...)
		}
		if err := os.WriteFile(golden, append(b, "\n]}\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
