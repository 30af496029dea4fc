package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/whole"
)

// errUsage says that the command line was wrong, and that the message is printed.
var errUsage = errors.New("usage")

// maxRequest bounds a request, a key and a state, in bytes.
const maxRequest = 1 << 20

// parse parses the flags of a command with so many arguments after them, all required.
func parse(flags *flag.FlagSet, args []string, arguments int, required ...*string) error {
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	for _, value := range required {
		if *value == "" {
			arguments = -1
		}
	}
	if flags.NArg() != arguments {
		fmt.Fprintln(flags.Output(), "usage: "+flags.Name()+": every flag must be given")
		flags.PrintDefaults()
		return errUsage
	}
	return nil
}

// witnessKey makes the key with which an outsider cosigns, and prints its public half.
func witnessKey(flags *flag.FlagSet, args []string) error {
	name := flags.String("name", "", "what the witness is called, such as example.org/assessor")
	out := flags.String("out", "", "the file for the private key, which must not exist yet")
	if err := parse(flags, args, 0, name, out); err != nil {
		return err
	}
	key, err := ledger.NewWitnessKey(rand.Reader, *name)
	if err != nil {
		return err
	}
	if err := whole.New(*out, []byte(key.Encode()), 0o600); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, key.Public())
	return nil
}

// cosign cosigns the checkpoint of a request, if it extends the last one that this
// witness cosigned, and prints it with the cosignature.
func cosign(flags *flag.FlagSet, args []string) error {
	keyFile := flags.String("key", "", "the file of your private key")
	log := flags.String("log", "", "the log's verifier key, as you got it from the company")
	state := flags.String("state", "", "where you keep the last checkpoint of this log that you cosigned; made the first time")
	if err := parse(flags, args, 1, keyFile, log, state); err != nil {
		return err
	}
	text, err := read(*keyFile)
	if err != nil {
		return err
	}
	key, err := ledger.ParseWitnessKey(string(text))
	if err != nil {
		return err
	}
	data, err := read(flags.Arg(0))
	if err != nil {
		return err
	}
	request, err := ledger.ParseRequest(data)
	if err != nil {
		return err
	}
	var keep []byte
	err = alone(*state, func() error {
		last, err := remembered(*state, key)
		if err != nil {
			return err
		}
		if _, keep, err = key.Answer(request, *log, last, time.Now()); err != nil {
			return err
		}
		// on the disk before anybody sees the cosignature
		return whole.Bytes(*state, keep, 0o600)
	})
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(keep); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the cosigned checkpoint").WithFix("it stands in " + *state)
	}
	return nil
}

// remembered gives the last checkpoint that the witness cosigned, nil before the first.
// The state carries that cosignature, so nobody else can have written it.
func remembered(state string, key *ledger.WitnessKey) (*ledger.Checkpoint, error) {
	kept, err := os.ReadFile(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read what you cosigned last")
	}
	self, err := ledger.ParseWitness(key.Public())
	if err != nil {
		return nil, err
	}
	last, err := ledger.Seen(kept, self)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "the state is not what you cosigned last").At(state, 0, "")
	}
	return &last, nil
}

// alone runs fn while no other run uses the state: two at once could cosign two logs that
// contradict each other.
func alone(state string, fn func() error) error {
	lock := state + ".lock"
	file, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Refused, "another run uses this state", "wait for it; if there is none, remove the file").At(lock, 0, "")
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot use the state")
	}
	defer os.Remove(lock)
	file.Close()
	return fn()
}

// read reads a small file whole.
func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "cannot read the file")
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxRequest+1))
	if err != nil || len(data) > maxRequest {
		return nil, fault.Newf(fault.Invalid, "this is no file, or one of more than %d bytes", maxRequest).At(name, 0, "")
	}
	return data, nil
}
