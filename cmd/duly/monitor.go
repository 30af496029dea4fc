package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/pack"
	"duly/internal/usage"
	"duly/internal/workspace"
)

type monitorCmd struct {
	Paths      []string `arg:"" name:"path" help:"Files of use, plain or gzip, or directories of them."`
	Log        string   `help:"How they are read: a pack of kind log. CloudTrail if not said." placeholder:"PACK"`
	KeptUntil  string   `help:"To which day the files are kept by whoever holds them." placeholder:"DAY"`
	Conditions []string `help:"Packs of conditions." default:"face-search" placeholder:"PACK" sep:"none"`
	As         string   `help:"Who runs it." placeholder:"PERSON"`
}

// Run counts exposure to conditions of use and deviations from them.
func (c *monitorCmd) Run(a *app) error {
	packs, err := findConditions(c.Conditions)
	if err != nil {
		return err
	}
	log, err := findLog(c.Log)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		s, err := usage.Run(a.ctx, w.DB, usage.Task{
			Actor: actor.Key, Today: w.Today(), Conditions: packs, Log: log, Paths: c.Paths, Secret: w.WindowKey, KeptUntil: c.KeptUntil,
		}, nil)
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) { printMonitor(out, s) })
	})
}

func findConditions(names []string) ([]*pack.Pack, error) {
	var packs []*pack.Pack
	for _, name := range names {
		p, err := findPack("conditions", name)
		if err != nil {
			return nil, err
		}
		packs = append(packs, p)
	}
	return packs, nil
}

// findLog finds a mapping by name or file; nil without a name.
func findLog(name string) (*usage.Log, error) {
	if name == "" {
		return nil, nil
	}
	p, err := findPack("logs", name)
	if err != nil {
		return nil, err
	}
	return usage.LoadLog(p)
}

func printMonitor(out io.Writer, s *usage.Summary) {
	fmt.Fprintf(out, "objects    %d new, %d known before (counted once), %d incomplete, %d not telemetry\n", s.Objects, s.Known, s.Incomplete, s.Skipped)
	fmt.Fprintf(out, "events     %d read = %d matched + %d unmatched + %d rejected\n", s.Read, s.Matched, s.Unmatched, s.Rejected)
	fmt.Fprintf(out, "unmapped   %d events of accounts that map to no deployment\n", s.Unmapped)
	fmt.Fprintf(out, "exposure   %d calls under a condition: %d deviated, %d cannot be told\n", s.Exposures, s.Deviations, s.Unknown)
	fmt.Fprintf(out, "findings   %d\n", s.Findings)
	for _, f := range s.List {
		fmt.Fprintf(out, "  %s %s %s on %s: %d calls, deployment %s\n", f.Grade, f.Kind, f.Condition, f.Day, f.Calls, f.Deployment)
	}
	more(out, s.Findings-len(s.List), "findings")
	if s.Blind > 0 {
		fmt.Fprintf(out, "blind      %d new findings of where use may be hidden\n", s.Blind)
	}
	printCompared(out, s)
	if s.Late > 0 {
		fmt.Fprintf(out, "late       %d calls of days whose keys are gone: nobody can tell whether they were counted before\n", s.Late)
	}
	if s.Swept != (usage.Swept{}) {
		fmt.Fprintln(out, "deleted   ", &s.Swept)
	}
	printSilence(out, s)
	for _, f := range s.Faults {
		fmt.Fprintln(out, "  "+f)
	}
	more(out, int(s.MoreFaults), "faults")
}

// printCompared tells what use was held to. What is not declared is unknown, and no finding.
func printCompared(out io.Writer, s *usage.Summary) {
	c := s.Compared
	if c.Deployments == 0 {
		return
	}
	fmt.Fprintf(out, "declared   %d deployments whose use shows: %d with no capability declared, %d with no regions, %d with no volume\n",
		c.Deployments, c.NoCapability, c.NoRegions, c.NoVolume)
	if c.NoPurpose > 0 {
		fmt.Fprintf(out, "  %d with no purpose declared, though the log shows one\n", c.NoPurpose)
	}
	if s.Undeclared > 0 {
		fmt.Fprintf(out, "undeclared %d new findings of use that was not declared\n", s.Undeclared)
	}
}

// printSilence tells where nothing was seen: unknown, not zero.
func printSilence(out io.Writer, s *usage.Summary) {
	if len(s.Silent)+len(s.Unseen) > 0 {
		fmt.Fprintf(out, "silence    %d stretches of %d hours or more, %d accounts never seen: what happened there is unknown\n", len(s.Silent), usage.QuietHours, len(s.Unseen))
	}
	const told = 50
	for _, q := range s.Silent[:min(told, len(s.Silent))] {
		fmt.Fprintf(out, "  account %s: nothing for %d hours after %s\n", q.Account, q.Hours, q.After)
	}
	more(out, len(s.Silent)-told, "stretches")
}

func more(out io.Writer, n int, of string) {
	if n > 0 {
		fmt.Fprintf(out, "  and %d more %s\n", n, of)
	}
}
