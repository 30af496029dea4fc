// Command duly-verify is the outsider's program. It checks a bundle, a disclosure or a
// proof offline, and lets an outsider cosign checkpoints with a key that the company
// never holds. It opens no database and no network connection, and shares with duly only
// the code that verifies.
//
//	duly-verify [--key VKEY] [--witness VKEY] [--explain] [--report FILE] BUNDLE
//	duly-verify witness-key --name NAME --out FILE
//	duly-verify cosign --key FILE --log VKEY --state FILE REQUEST
//
// Exit status: 0 everything holds, 1 something does not hold, 2 usage, 3 could not run.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/schemas"
)

func main() { os.Exit(run()) }

// commands are what else there is to do than to verify.
var commands = map[string]func(flags *flag.FlagSet, args []string) error{"witness-key": witnessKey, "cosign": cosign}

func run() int {
	if len(os.Args) > 1 {
		if command := commands[os.Args[1]]; command != nil {
			return end(command(flag.NewFlagSet("duly-verify "+os.Args[1], flag.ContinueOnError), os.Args[2:]))
		}
	}
	flags := flag.NewFlagSet("duly-verify", flag.ContinueOnError)
	var from bundle.Sources
	flags.StringVar(&from.Key, "key", "", "the log's verifier key, as you got it from outside")
	flags.StringVar(&from.Checkpoint, "checkpoint", "", "a signed checkpoint that you kept, or got from elsewhere")
	flags.StringVar(&from.People, "people", "", "keys of people who sign, as you got them from the people: a file with one SHA-256 a line")
	flags.StringVar(&from.Assessor, "assessor", "", "the verifier key of the assessor, who cosigns checkpoints")
	flags.StringVar(&from.Policy, "policy", "", "which witnesses must have cosigned: a file of log, witness, group and quorum lines")
	flags.Func("witness", "the verifier key of an outsider who cosigns; once for each", add(&from.Witnesses))
	flags.Func("handover", "a file that leads from your key to the next; once for each, in their order", add(&from.Handovers))
	explain := flags.Bool("explain", false, "say of each check what it proves, and what it cannot")
	report := flags.String("report", "", "a report as a file: say which entry of the bundle says that exactly these bytes were published")
	asJSON := flags.Bool("json", false, "print machine-readable output")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: duly-verify [--key VKEY] [--checkpoint FILE] [--people FILE] [--witness VKEY]... [--assessor VKEY] [--policy FILE] [--handover FILE]... [--explain] [--report FILE] [--json] FILE")
		flags.PrintDefaults()
	}
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	return end(verify(flags.Arg(0), from, *report, *explain, *asJSON))
}

// end says what went wrong and gives the exit status.
func end(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintln(os.Stderr, "duly-verify:", err)
	return fault.ExitStatus(err)
}

// add gives what a flag does that may be said more than once.
func add(list *[]string) func(string) error {
	return func(value string) error { *list = append(*list, value); return nil }
}

func verify(path string, from bundle.Sources, report string, explain, asJSON bool) error {
	trust, err := from.Trust(os.ReadFile)
	if err != nil {
		return err
	}
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		return err
	}
	result, err := bundle.VerifyFile(path, known, trust)
	if err != nil {
		return err
	}
	if explain {
		result.Explain()
	}
	if report != "" {
		if result.Published, err = bundle.FindPublished(path, report); err != nil {
			return err
		}
	}
	if asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(result)
	}
	result.Print(os.Stdout)
	return nil
}
