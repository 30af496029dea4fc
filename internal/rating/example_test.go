package rating_test

import (
	_ "embed"
	"fmt"

	"duly/internal/pack"
	"duly/internal/rating"
)

//go:embed testdata/engine.yaml
var exampleMethod []byte

func ExampleMethod_Rate() {
	p, err := pack.Parse("engine.yaml", exampleMethod)
	if err != nil {
		fmt.Println(err)
		return
	}
	method, err := rating.Load(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	facts := rating.Inputs{
		"who": rating.Known("police"), "cameras": rating.Known(20), "banned": rating.Known(false), "red_line": rating.Known(false),
		"hurt": rating.Known(false), "weak": rating.Known(false), "harm.liberty.scale": rating.Known(0),
		"harm.privacy.scale": rating.Known(4), "harm.privacy.scope": rating.Known(2), "harm.privacy.irremediability": rating.Known(2),
		"secret": rating.Unknown("nobody has asked"), "tools": rating.Known([]string{"camera"}),
	}
	r, _ := method.Rate(facts)
	fmt.Println(r.Best.Residual, "to", r.Worst.Residual, r.Decision)
	out, _ := method.Outlook(facts)
	fmt.Println("ask first:", out.Questions[0].Text)
	facts["secret"] = rating.Known(false)
	r, _ = method.Rate(facts)
	fmt.Println(r.Best.Residual, "to", r.Worst.Residual, r.Decision)
	// Output:
	// MEDIUM to CRITICAL decline
	// ask first: Is it secret?
	// MEDIUM to HIGH ask
}

func ExampleMethod_RunCases() {
	p, err := pack.Parse("engine.yaml", exampleMethod)
	if err != nil {
		fmt.Println(err)
		return
	}
	method, err := rating.Load(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = method.RunCases([]byte(`[{"id": "one", "sev": [4, 9, 2], "ind": ["A-1"]}]`))
	fmt.Println(err)
	// Output: line 1: "sev[1]": case "one": 9 is not between 1 and 5; use null for what is not known
}
