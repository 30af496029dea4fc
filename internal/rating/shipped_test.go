package rating_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/pack"
	"duly/internal/rating"
	"duly/packs"
)

// Protects: the tests of every method that ships hold, and each names few facts of its
// own: what two methods both ask has one type and the same answers.
func TestShippedMethods(t *testing.T) {
	list, err := pack.ReadDir(packs.Files, "methods")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		for _, r := range rating.RunTests(p) {
			if !r.OK {
				t.Errorf("%s:%d: %s: %s", p.Path, r.Line, r.Name, r.Detail)
			}
		}
	}
	all := methods(t)
	for id, m := range all {
		for _, f := range m.Facts() {
			first, ok := all["rm-1"].Fact(f.ID)
			if ok && (first.Type != f.Type || !slices.Equal(first.Values, f.Values) || first.Min != f.Min || first.Max != f.Max) {
				t.Errorf("%s asks %s otherwise than rm-1", id, f.ID)
			}
		}
	}
	for _, f := range all["rm-1"].Facts() {
		if _, ok := all["rm-2"].Fact(f.ID); !ok {
			t.Errorf("rm-2 no longer asks %s, which rm-1 does", f.ID)
		}
	}
}

// Protects: what tells the three methods apart on one deployment. A mean hides the
// gravest harm to one person, and harm to everybody; RM-2 lets neither pass.
func TestAveragingHides(t *testing.T) {
	all := methods(t)
	one := func(id string, scale, scope, irremediability int) rating.Rating {
		m := all[id]
		in := rating.Inputs{}
		for _, f := range m.Facts() {
			switch {
			case strings.HasSuffix(f.ID, ".scale") || f.ID == "harm.alleged_days" || f.ID == "exposure.overlapping_deployments":
				in[f.ID] = rating.Known(0)
			}
		}
		for _, prefix := range []string{"harm.", "second.harm."} {
			if _, ok := m.Fact(prefix + "liberty.scale"); ok {
				in[prefix+"liberty.scale"], in[prefix+"liberty.scope"], in[prefix+"liberty.irremediability"] =
					rating.Known(scale), rating.Known(scope), rating.Known(irremediability)
			}
		}
		in["harm.vulnerable_group"] = rating.Known(false)
		return rate(t, m, in)
	}
	for _, c := range []struct {
		sev              [3]int
		undp, first, two int
	}{
		{[3]int{5, 1, 1}, 2, 5, 5},
		{[3]int{1, 5, 1}, 2, 3, 4},
		{[3]int{1, 1, 5}, 2, 4, 4},
		{[3]int{2, 5, 1}, 3, 3, 4},
		{[3]int{3, 3, 3}, 3, 3, 3},
	} {
		got := [3]int{one("undp", c.sev[0], c.sev[1], c.sev[2]).Worst.S, one("rm-1", c.sev[0], c.sev[1], c.sev[2]).Worst.S, one("rm-2", c.sev[0], c.sev[1], c.sev[2]).Worst.S}
		if want := [3]int{c.undp, c.first, c.two}; got != want {
			t.Errorf("%v: severities %v, want %v", c.sev, got, want)
		}
	}
}

// Protects: a rating under RM-2 says what would flip it, by the parts that RM-1 does not
// have too.
func TestFlipsByNewParts(t *testing.T) {
	m := methods(t)["rm-2"]
	in := rating.Inputs{}
	for _, f := range m.Facts() {
		switch f.Type.String() {
		case "bool":
			in[f.ID] = rating.Known(false)
		case "int":
			in[f.ID] = rating.Known(f.Min)
		case "text":
			in[f.ID] = rating.Known(f.Values[0])
		default:
			in[f.ID] = rating.Known([]string{})
		}
	}
	for id, v := range map[string]any{
		"customer.sector": "commercial", "end_user.sector": "commercial", "customer.kind": "company", "customer.ownership_verified": true,
		"customer.authority_verified": true, "deployment.capability": "face_search", "use.identification": "search", "use.personal_data": true,
		"use.automated_matches": true, "use.consequences": []string{"stop"}, "safeguards.trained_review": true, "safeguards.retention_limit": true,
		"safeguards.sharing_limit": true, "safeguards.accuracy_validated": "affected_population", "policy.moratorium": "exempt",
		"exemption.case_references": true, "exemption.volume_cap": true, "exemption.sampled_proof": true, "exemption.term_days": 90,
		"harm.alleged_severe": false, "harm.alleged_days": 200, "harm.privacy.scale": 3, "harm.privacy.scope": 3, "harm.privacy.irremediability": 3,
		"second.harm.privacy.scale": 3, "second.harm.privacy.scope": 3, "second.harm.privacy.irremediability": 3, "disparity.baseline": "recorded",
		"controls.required": 5, "controls.operating": 5, "controls.technical_or_independent": true, "controls.independently_audited": true,
		"control.threshold_floor": "independently_tested", "control.human_review": "independently_tested",
		"control.reviewer_training": "independently_tested", "control.case_log": "independently_tested",
	} {
		in[id] = rating.Known(v)
	}
	r := rate(t, m, in)
	if r.Decision != "APPROVE" || r.Pending || r.Axes.Compliance != "kept" {
		t.Fatalf("%s, pending %v, missing %v, unmet %v, %+v %+v", r.Decision, r.Pending, r.Missing, r.Unmet, r.Worst, r.Axes)
	}
	out, err := m.Outlook(in)
	if err != nil {
		t.Fatal(err)
	}
	flips := map[string]string{}
	for _, f := range out.Flips {
		flips[f.Fact+"="+f.To] = f.Decision
	}
	for flip, want := range map[string]string{
		"control.threshold_floor=expired":  "APPROVE WITH CONDITIONS",
		"control.reviewer_training=absent": "APPROVE WITH CONDITIONS",
		"harm.alleged_severe=yes":          "APPROVE WITH CONDITIONS",
		"second.harm.privacy.scale=5":      "ESCALATE - committee; conditions precedent",
		"exemption.sampled_proof=no":       "PROHIBITED (policy hard stop)",
		"exemption.term_days=3650":         "PROHIBITED (policy hard stop)",
		"use.match_alone=yes":              "PROHIBITED (policy hard stop)",
		"ownership.leadership_overlap=yes": "APPROVE WITH CONDITIONS",
	} {
		if flips[flip] != want {
			t.Errorf("%s gives %q, want %q", flip, flips[flip], want)
		}
	}
}

// Protects: the tests in RM-2 notice a changed pack, in each of the parts that it mends.
func TestRM2TestsNotice(t *testing.T) {
	list, err := pack.ReadDir(packs.Files, "methods/rm-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(list[0].Bytes)
	for _, c := range []struct{ old, new string }{
		{"scope_floor: 4", "scope_floor: 3"},
		{"when: use.personal_data\n    shelf_days", "when: use.personal_data || use.automated_matches\n    shelf_days"},
		{"harm.alleged_days >= 90", "harm.alleged_days > 90"},
		{"exemption.term_days <= 90", "exemption.term_days < 90"},
		{"exemption.volume_cap && ", ""},
		{"controls: [threshold_floor, human_review, case_log]", "controls: [human_review, case_log]"},
		{"requires: [reviewer_training], shelf_days: 365}", "shelf_days: 365}"},
		{"use.match_alone && ", ""},
		{"broken_by: [CND-01, CND-02, CND-03]", "broken_by: [CND-01, CND-03]"},
		{"harm_shown_by: [CND-05, CND-06]", "harm_shown_by: [CND-05]"},
		{"HIGH: [expert_opinion, affected_input]", "HIGH: [expert_opinion]"},
		{"disparity.baseline in [\"recorded\", \"reasoned_absence\"]", "disparity.baseline in [\"recorded\"]"},
		{"ownership.sanctioned_percent > 0", "ownership.sanctioned_percent > 1"},
		{"exposure.overlapping_deployments > 0", "exposure.overlapping_deployments > 1"},
		{"stop: HS-P4\n    when: '\"social", "stop: HS-P5\n    when: '\"social"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the pack no longer holds %q", c.old)
		}
		p, err := pack.Parse("rm-2.yaml", []byte(strings.Replace(text, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(rating.RunTests(p), func(r pack.TestResult) bool { return !r.OK }) {
			t.Errorf("no test of the pack notices %q", c.new)
		}
	}
}
