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
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"duly/internal/fault"
)

// cli is the command line. Each command is a struct in a file of its own.
type cli struct {
	Workspace string `help:"The workspace directory." default:".duly" env:"DULY_WORKSPACE" placeholder:"DIR"`
	JSON      bool   `name:"json" help:"Print machine-readable output."`

	Init    initCmd    `cmd:"" help:"Make a workspace."`
	Person  personCmd  `cmd:"" help:"Add people who act."`
	Import  importCmd  `cmd:"" help:"Read files through a mapping into the register."`
	Lists   listsCmd   `cmd:"" help:"Manage watchlists."`
	Screen  screenCmd  `cmd:"" help:"Compare names with watchlists."`
	Hit     hitCmd     `cmd:"" help:"Work on watchlist hits."`
	Triage  triageCmd  `cmd:"" help:"Put every account into a lane, by rule."`
	Fact    factCmd    `cmd:"" help:"State what is known."`
	Assess  assessCmd  `cmd:"" help:"Rate deployments."`
	Decide  decideCmd  `cmd:"" help:"Decide on a rated deployment."`
	Monitor monitorCmd `cmd:"" help:"Count use against conditions of use."`
	Verify  verifyCmd  `cmd:"" help:"Check a workspace, a bundle or a disclosure."`
	Rate    rateCmd    `cmd:"" help:"Rate cases without a workspace."`
	Pairs   pairsCmd   `cmd:"" help:"Compare pairs of names."`
	Pack    packCmd    `cmd:"" help:"Work on packs of rules."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run()) }

// run is main with an exit status, so that tests can run it in their process.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("duly"),
		kong.Description("Customer due diligence that an outsider can verify."),
		kong.UsageOnError(),
		kong.Exit(func(code int) { exit = code }),
		kong.Vars{"version": version()},
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "duly:", err)
		return 3
	}
	command, err := parser.Parse(os.Args[1:])
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "duly: %v\nRun `duly --help` for the commands.\n", err)
		return 2
	}
	a := &app{ctx: ctx, cli: &c, stdout: os.Stdout, stderr: os.Stderr}
	if err := command.Run(a); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "duly: interrupted; what was committed before is kept")
			return 3
		}
		fmt.Fprintln(os.Stderr, "duly:", err)
		return fault.ExitStatus(err)
	}
	return 0
}
