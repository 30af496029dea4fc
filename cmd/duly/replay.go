package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/fault"
	"duly/internal/workspace"
)

type replayCmd struct{}

// Run computes again the rating under each decision, and fails where one comes out
// otherwise.
func (c *replayCmd) Run(a *app) error {
	known, err := released()
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := w.Replay(a.ctx, known)
	if err != nil {
		return err
	}
	differ := 0
	for _, r := range list {
		if r.Outcome == "contradicted" {
			differ++
		}
	}
	if err := a.print(list, func(out io.Writer) { printReplayed(out, list) }); err != nil {
		return err
	}
	if differ > 0 {
		return fault.Newf(fault.Broken, "%d of %d decisions rest on a rating that comes out otherwise", differ, len(list)).WithFix("run `duly verify`")
	}
	return nil
}

func printReplayed(out io.Writer, list []workspace.Replayed) {
	counts := map[string]int{}
	for _, r := range list {
		counts[r.Outcome]++
		why := ""
		if r.Why != "" {
			why = ": " + r.Why
		}
		fmt.Fprintf(out, "entry %d, %s, on the rating of entry %d: %s%s\n", r.Decision, strings.ReplaceAll(r.Act, "_", " "), r.Rating, strings.ReplaceAll(r.Outcome, "_", " "), why)
	}
	fmt.Fprintf(out, "%d decisions: %d exact, %d consistent with what is erased, %d contradicted, %d not replayed\n",
		len(list), counts["exact"], counts["consistent"], counts["contradicted"], counts["not_replayed"])
	fmt.Fprintln(out, "a rating computed again by the same program is repetition, not validation")
}
