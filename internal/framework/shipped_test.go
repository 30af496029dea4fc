package framework_test

import (
	"os"
	"strings"
	"testing"

	"duly/internal/framework"
	"duly/internal/pack"
	"duly/packs"
)

// shipped gives the frameworks that ship with Duly, by id.
func shipped(t testing.TB) map[string]*framework.Framework {
	t.Helper()
	list, err := pack.ReadDir(packs.Files, "frameworks")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*framework.Framework{}
	for _, p := range list {
		for _, r := range framework.RunTests(p) {
			if !r.OK {
				t.Errorf("%s:%d: %s: %s", p.Path, r.Line, r.Name, r.Detail)
			}
		}
		if out[p.ID], err = framework.Load(p); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Protects: the frameworks that ship hold their own tests, say where they come from,
// and, where somebody compared them with their source, when to do so again.
func TestShipped(t *testing.T) {
	all := shipped(t)
	for _, id := range []string{"ungp", "oecd-2018", "b-tech", "gni", "dihr"} {
		if all[id] == nil {
			t.Errorf("%s does not ship", id)
		}
	}
	for id, f := range all {
		p := f.Pack()
		if len(p.Sources) == 0 || p.License == "" || p.Checked != "" && p.Recheck == "" {
			t.Errorf("%s names no source, no licence, or no day to check again", id)
		}
	}
}

// Law of principles 13, 19 and 22, over every combination of the shipped table: harm is
// put right by whoever causes or contributes, never required of whoever is only linked;
// ending is considered where no leverage is left, and only there.
func TestPrinciple19(t *testing.T) {
	table, ok := shipped(t)["ungp"].Table("gp19")
	if !ok {
		t.Fatal("no table gp19")
	}
	remedy := map[string]string{"none": "none", "linked": "not_required", "contribute": "required", "cause": "required"}
	seen := 0
	for involvement, want := range remedy {
		for _, leverage := range []string{"have", "can_increase", "none"} {
			for _, crucial := range []bool{true, false} {
				for _, severe := range []bool{true, false} {
					values := framework.Values{"impact.involvement": involvement, "leverage.state": leverage, "relationship.crucial": crucial, "severe": severe}
					d, err := table.Decide(values)
					if err != nil || len(d.Rows) != 1 || len(d.Unknown) > 0 {
						t.Fatalf("%v: %+v %v", values, d, err)
					}
					then := d.Rows[0].Then
					left := leverage != "none" || involvement == "none" || involvement == "cause"
					if then["remedy"] != want || left != (then["relationship"] == "open") {
						t.Errorf("%v: %v", values, then)
					}
					seen++
				}
			}
		}
	}
	if seen != 48 {
		t.Errorf("%d combinations", seen)
	}
}

// Protects: whoever follows docs/frameworks.md gets a pack whose tests hold, and
// answers that are read.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/frameworks.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(data), "```") {
		if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			blocks = append(blocks, text)
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of YAML, want a pack, one with prohibitions, and answers to the first", len(blocks))
	}
	for _, text := range blocks[:2] {
		for _, r := range framework.RunTests(parse(t, text)) {
			if !r.OK {
				t.Errorf("line %d of the pack: %s: %s", r.Line, r.Name, r.Detail)
			}
		}
	}
	f := load(t, blocks[0])
	answers, day, err := f.ReadAnswers("answers.yaml", []byte(blocks[2]))
	if err != nil {
		t.Fatal(err)
	}
	if card, err := f.Score(answers, day); err != nil || card.Total != (framework.Counts{Met: 1, Unmet: 1, Unknown: 1}) {
		t.Errorf("%+v %v", card.Total, err)
	}
}
