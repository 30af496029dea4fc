// Command duly is customer due diligence for companies that sell surveillance,
// computer vision or the cloud beneath them: it registers customers, screens,
// triages, rates and decides on them, watches how they keep to conditions of use,
// and reports, with every step in a log that an outsider can verify.
//
// Results go to standard output, progress and messages to standard error. Exit
// status: 0 done, 1 something did not hold, 2 usage or bad input, 3 could not run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"duly/internal/fault"
)

// defaultWorkspace is where the workspace is unless the flag or DULY_WORKSPACE says
// otherwise.
const defaultWorkspace = ".duly"

// cli is the command line. Each command is a struct in a file of its own.
type cli struct {
	Workspace string `help:"The workspace directory." default:".duly" env:"DULY_WORKSPACE" placeholder:"DIR"`
	JSON      bool   `name:"json" help:"Print machine-readable output."`

	Init       initCmd          `cmd:"" help:"Make a workspace."`
	Person     personCmd        `cmd:"" help:"Add people who act."`
	Import     importCmd        `cmd:"" help:"Read files through a mapping into the register."`
	Ambiguous  ambiguousCmd     `cmd:"" help:"Say whom rows mean that a name alone does not tell."`
	Owners     ownersCmd        `cmd:"" help:"Say who stands behind customers."`
	Index      indexCmd         `cmd:"" help:"Keep what indices measure of countries and agencies."`
	Lists      listsCmd         `cmd:"" help:"Manage watchlists."`
	Screen     screenCmd        `cmd:"" help:"Compare names with watchlists."`
	Hit        hitCmd           `cmd:"" help:"Work on watchlist hits."`
	Triage     triageCmd        `cmd:"" help:"Put every account into a lane, by rule."`
	Fact       factCmd          `cmd:"" help:"State what is known."`
	Score      scoreCmd         `cmd:"" help:"Score how severe harm would be, two people by themselves."`
	WhatIf     whatIfCmd        `cmd:"" name:"whatif" help:"Say who would be rated otherwise, and why. Writes nothing."`
	Assess     assessCmd        `cmd:"" help:"Rate deployments."`
	Trace      traceCmd         `cmd:"" help:"Explain a rating, down to the entries that it rests on."`
	Exposure   exposureCmd      `cmd:"" help:"See where deployments add up on the same people."`
	Opinion    opinionCmd       `cmd:"" help:"Give expert opinions on ratings."`
	Panel      panelCmd         `cmd:"" help:"Let those whom it concerns oversee decisions."`
	Packet     packetCmd        `cmd:"" help:"Write what a committee or a panel decides on, as one file."`
	Vote       voteCmd          `cmd:"" help:"Vote in a matter before a panel."`
	Consult    consultCmd       `cmd:"" help:"Hear people, and tell them what became of it."`
	Decide     decideCmd        `cmd:"" help:"Decide on a rated deployment."`
	Override   overrideCmd      `cmd:"" help:"Decide against a rating, a panel or an expert, in public and for a time."`
	Queue      queueCmd         `cmd:"" help:"Work on what waits, the gravest first."`
	Case       caseCmd          `cmd:"" help:"Work on one case."`
	Gate       gateCmd          `cmd:"" help:"Answer whether a customer may use a capability now, and confirm what was enforced."`
	Capability capabilityCmd    `cmd:"" help:"Launch what a product can newly do, once each who uses it was looked at."`
	Contract   contractCmd      `cmd:"" help:"Give leave for contracts to go on."`
	Sample     sampleCmd        `cmd:"" help:"Sample those whom nobody looks at."`
	Conditions conditionsCmd    `cmd:"" help:"Say what is asked of whom, who agreed to it, and who did not."`
	Attest     attestationCmd   `cmd:"" name:"attestation" help:"Ask customers what nobody else can see, and compare it with what was seen."`
	Monitor    monitorCmd       `cmd:"" help:"Count use against conditions of use."`
	Finding    findingCmd       `cmd:"" help:"Act on what logs show: notice, cure, limit, suspend, terminate."`
	Usage      usageCmd         `cmd:"" help:"Take events that are pushed, and check what was counted."`
	Request    requestCmd       `cmd:"" help:"Keep what authorities ask for, and what they got."`
	Incident   incidentCmd      `cmd:"" help:"Handle grave events to their end."`
	Engagement engagementCmd    `cmd:"" help:"Have the process assessed by somebody independent."`
	Reconcile  reconcileCmd     `cmd:"" help:"Compare the register with a list from elsewhere: what never entered the log?"`
	Control    controlCmd       `cmd:"" help:"Test the process against controls, as an independent assessor."`
	Workpaper  workpaperCmd     `cmd:"" help:"Keep an assessor's files where only the assessor can read them."`
	Impact     impactCmd        `cmd:"" help:"Hold what harm people came to, and the company's part in it."`
	Determine  determinationCmd `cmd:"" name:"determination" help:"Answer the question of an engagement."`
	Redaction  redactionCmd     `cmd:"" help:"Withhold fields from the public report, with the assessor's consent or in spite of it."`
	Registers  registersCmd     `cmd:"" help:"Show partnerships, requests, claims, samples and incidents in figures."`
	Policy     policyCmd        `cmd:"" help:"Keep the company's own policies, and what shows that they are lived."`
	Listing    listingCmd       `cmd:"" help:"Say what the public register shows."`
	Annual     annualCmd        `cmd:"" help:"Write what the public is shown of a year, as a static site."`
	Report     reportCmd        `cmd:"" help:"Write the report of the last checkpoint."`
	Balance    balanceCmd       `cmd:"" help:"Say in the log what stands, for whoever gets only a later part of it."`
	Export     exportCmd        `cmd:"" help:"Write a bundle that outsiders can verify."`
	Erase      eraseCmd         `cmd:"" help:"Erase what need not be kept, and show what was erased."`
	Disclose   discloseCmd      `cmd:"" help:"Disclose one sealed field, with its proof."`
	Ledger     ledgerCmd        `cmd:"" help:"Have the log witnessed, prove what is in it, and keep its keys."`
	Open       openCmd          `cmd:"" help:"Make a copy of a log, to read, from a bundle."`
	Verify     verifyCmd        `cmd:"" help:"Check a workspace, a bundle or a disclosure."`
	Replay     replayCmd        `cmd:"" help:"Compute again the rating under each decision."`
	AsOf       asOfCmd          `cmd:"" name:"asof" help:"Show what held on a day, as it was known then or later."`
	Demo       demoCmd          `cmd:"" help:"Show the whole chain on a made-up vendor."`
	Rate       rateCmd          `cmd:"" help:"Rate cases without a workspace."`
	Pairs      pairsCmd         `cmd:"" help:"Compare pairs of names."`
	Method     methodCmd        `cmd:"" help:"Commit methods, and put them in force."`
	Pack       packCmd          `cmd:"" help:"Work on packs of rules."`
	Framework  frameworkCmd     `cmd:"" help:"Ask what laws, guidance and principles call for."`
	Version    versionCmd       `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run()) }

// run is main with an exit status, so that tests can run it in their process.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return usage.status
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "duly: interrupted; what was committed before is kept")
		return 3
	}
	fmt.Fprintln(os.Stderr, "duly:", err)
	return fault.ExitStatus(err)
}

// usageError says that the command line itself ended the program: help was shown,
// or it could not be parsed and the message is printed already.
type usageError struct{ status int }

// Error implements error.
func (e usageError) Error() string { return fmt.Sprintf("usage, exit status %d", e.status) }

// execute parses a command line and runs it.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return executeAt(ctx, clock, args, stdout, stderr)
}

// executeAt does it by a given clock.
func executeAt(ctx context.Context, now func() time.Time, args []string, stdout, stderr io.Writer) error {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("duly"),
		kong.Description("Customer due diligence that an outsider can verify."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "the command line is broken")
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return usageError{exit}
	}
	if err != nil {
		fmt.Fprintf(stderr, "duly: %v\nRun `duly --help` for the commands.\n", err)
		return usageError{2}
	}
	if c.Workspace == "" { // DULY_WORKSPACE is set and empty
		c.Workspace = defaultWorkspace
	}
	return command.Run(&app{ctx: ctx, cli: &c, now: now, stdout: stdout, stderr: stderr})
}
