// Command duly-verify is the outsider's program. It checks a bundle, a disclosure or a
// proof offline, and lets an outsider cosign checkpoints with a key that the company
// never holds. It opens no database and no network connection, and shares with duly only
// the code that verifies.
//
//	duly-verify [--key VKEY] [--checkpoint FILE] [--people FILE] [--handover FILE]... BUNDLE
//	duly-verify witness-key --name NAME --out FILE
//	duly-verify cosign --key FILE --log VKEY --state FILE REQUEST
//
// Exit status: 0 everything holds, 1 something does not hold, 2 usage, 3 could not run.
package main

import (
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
	key := flags.String("key", "", "the log's verifier key, as you got it from outside")
	checkpoint := flags.String("checkpoint", "", "a signed checkpoint that you kept, or got from elsewhere")
	people := flags.String("people", "", "keys of people who sign, as you got them from the people: a file with one SHA-256 a line")
	var handovers [][]byte
	flags.Func("handover", "a file that leads from the key that you have to the next one; several in their order", func(name string) error {
		text, err := read(name)
		handovers = append(handovers, text)
		return err
	})
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: duly-verify [--key VKEY] [--checkpoint FILE] [--people FILE] [--handover FILE]... BUNDLE")
		flags.PrintDefaults()
	}
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	return end(verify(flags.Arg(0), *key, *checkpoint, *people, handovers))
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

func verify(path, key, checkpoint, people string, handovers [][]byte) error {
	trust := bundle.Trust{Key: key, Handovers: handovers}
	if checkpoint != "" {
		var err error
		if trust.Checkpoint, err = os.ReadFile(checkpoint); err != nil {
			return fault.Wrap(fault.Invalid, err, "cannot read the checkpoint")
		}
	}
	if people != "" {
		text, err := os.ReadFile(people)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "cannot read the people's keys")
		}
		if trust.People, err = bundle.ReadPeople(string(text)); err != nil {
			return err
		}
	}
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		return err
	}
	result, err := bundle.VerifyFile(path, known, trust)
	if err != nil {
		return err
	}
	result.Print(os.Stdout)
	return nil
}
