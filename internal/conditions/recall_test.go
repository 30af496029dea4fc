package conditions_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/conditions"
	"duly/internal/rule"
)

// Protects: what is remembered of calls changes no answer, whatever was asked before:
// for every condition that ships, over calls whose parameters are left out, null, of
// another shape, there twice, written otherwise, or cut off.
func TestRecallIsJudge(t *testing.T) {
	var list []*conditions.Condition
	for _, p := range packsOf(t) {
		set, err := conditions.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, set.Conditions...)
	}
	outcomes := map[rule.Tri]int{}
	rapid.Check(t, func(t *rapid.T) {
		var recall conditions.Recall
		for range rapid.IntRange(1, 30).Draw(t, "calls") {
			call := someCall(t, list)
			recall.About(call)
			for _, c := range list {
				exposure, deviation, err := c.Judge(call)
				e, d, again := recall.Judge(c)
				if e != exposure || d != deviation || fmt.Sprint(err) != fmt.Sprint(again) {
					t.Fatalf("%s, %+v %s: %v %v %v, remembered %v %v %v", c.ID, call, call.Params, exposure, deviation, err, e, d, again)
				}
				if exposure == rule.True {
					outcomes[deviation]++
				}
			}
		}
	})
	if len(outcomes) != 3 {
		t.Errorf("the calls do not try everything: %v", outcomes)
	}
}

// someCall draws a call that some condition counts, or nearly.
func someCall(t *rapid.T, list []*conditions.Condition) *conditions.Call {
	call := &conditions.Call{Source: "rekognition.amazonaws.com", Name: "SearchFaces"}
	if events := rapid.SampledFrom(list).Draw(t, "condition").Events(); events != nil {
		required := events.Required()
		call.Source = rapid.SampledFrom(required["event.source"]).Draw(t, "source")
		call.Name = rapid.SampledFrom(required["event.name"]).Draw(t, "name")
	}
	call.Region = rapid.SampledFrom([]string{"", "us-east-1", "eu-west-1"}).Draw(t, "region")
	call.ErrorCode = rapid.SampledFrom([]string{"", "", "", "AccessDenied"}).Draw(t, "error")
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		name := rapid.SampledFrom([]string{
			"faceMatchThreshold", "FaceMatchThreshold", `face\u004datchThreshold`, "similarityThreshold", "maxFaces", "settings", "eventSelectors",
			"omitted", "reason", "enableLogFileValidation", "isMultiRegionTrail", "other",
		}).Draw(t, "member")
		value := rapid.SampledFrom([]string{
			"99", "80.5", "8e1", "null", "true", `"99"`, `"stolen car"`, "[]", "{}", "1", "0", `{"faceSearch":{"faceMatchThreshold":70}}`,
			`{"faceSearch":{"faceMatchThreshold":[70]}}`, `[{"readWriteType":"All","dataResources":[{"type":"x"}]},null]`, `[{"includeManagementEvents":false}]`,
		}).Draw(t, "value")
		members = append(members, fmt.Sprintf(`"%s": %s`, name, value))
	}
	call.Params = []byte("{" + strings.Join(members, ",") + "}")
	if rapid.IntRange(0, 9).Draw(t, "recorded") == 0 {
		call.Params = nil
	}
	return call
}
