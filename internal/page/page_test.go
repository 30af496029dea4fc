package page_test

import (
	"html/template"
	"strings"
	"testing"

	"duly/internal/page"
	"duly/internal/page/pagetest"
)

const text = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{{policy}}"><title>A page</title><style>{{css}}</style></head>
<body><main id="first"><h1>{{shout .Name}}</h1><p>{{say "outcome" .Outcome}}, {{n .Count}} {{plural .Count "entry" "entries"}}, {{pct .Share}}</p>
{{template "interval" (interval .Best .Worst)}}</main></body></html>`

// TestTemplate protects what all pages share: text stays text, the style is the one that
// the policy allows, and words, numbers and intervals read the same everywhere.
func TestTemplate(t *testing.T) {
	var out strings.Builder
	made := page.Template(template.FuncMap{"shout": strings.ToUpper}, text)
	err := page.Write(made, map[string]any{"Name": "<script>x</script>", "Outcome": "prohibited_legal", "Count": 1234567, "Share": int64(1205), "Best": "MEDIUM", "Worst": "CRITICAL"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	pagetest.Check(t, out.String())
	for _, want := range []string{"&lt;SCRIPT&gt;", "Stopped by law, 1\u202f234\u202f567 entries, 12.05 %", "any result from MEDIUM to CRITICAL"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := page.Say("outcome", "something_else"); got != "something else" {
		t.Errorf("a word that is not known reads %q", got)
	}
}
