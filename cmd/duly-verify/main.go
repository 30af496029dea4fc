// Command duly-verify checks a bundle or a disclosure offline. It opens no
// database and no network connection, and shares with duly only the code that
// verifies.
//
// Exit status: 0 everything holds, 1 something does not hold, 2 usage, 3 could not run.
package main

import (
	"flag"
	"fmt"
	"os"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/schemas"
)

func main() { os.Exit(run()) }

func run() int {
	flags := flag.NewFlagSet("duly-verify", flag.ContinueOnError)
	key := flags.String("key", "", "the log's verifier key, as you got it from outside")
	checkpoint := flags.String("checkpoint", "", "a signed checkpoint that you kept, or got from elsewhere")
	people := flags.String("people", "", "keys of people who sign, as you got them from the people: a file with one SHA-256 a line")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: duly-verify [--key VKEY] [--checkpoint FILE] [--people FILE] BUNDLE")
		flags.PrintDefaults()
	}
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := verify(flags.Arg(0), *key, *checkpoint, *people); err != nil {
		fmt.Fprintln(os.Stderr, "duly-verify:", err)
		return fault.ExitStatus(err)
	}
	return 0
}

func verify(path, key, checkpoint, people string) error {
	trust := bundle.Trust{Key: key}
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
