package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/usage"
	"duly/internal/workspace"
)

type usageCmd struct {
	Receive receiveCmd `cmd:"" help:"Take events that are pushed (CloudEvents 1.0 over HTTP), and count them."`
	Recount recountCmd `cmd:"" help:"Count again what was counted, from the files, and say what is the same."`
	Sweep   sweepCmd   `cmd:"" help:"Delete what counting keeps for a time that is over: state of windows, keys and segments of pushed events."`
	Digests digestsCmd `cmd:"" help:"Compare CloudTrail's files with its digest files. Needs no workspace."`
}

type recountCmd struct {
	From string `help:"Where the files are now, if not where they were." placeholder:"DIR"`
	As   string `help:"Who runs it." placeholder:"PERSON"`
}

// Run counts again; status 1 where something contradicts the counts.
func (c *recountCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		r, err := usage.Recount(a.ctx, w.DB, usage.Task{Actor: actor.Key, Today: w.Today(), Inbox: filepath.Join(a.cli.Workspace, receivedDir)}, c.From)
		if err != nil {
			return err
		}
		err = a.print(r, func(out io.Writer) {
			fmt.Fprintf(out, "objects    %d recorded = %d same + %d differ + %d other + %d gone + %d not kept + %d unread\n",
				r.Objects, r.Same, r.Differ, r.Other, r.Gone, r.NotKept, r.Unread)
			fmt.Fprintf(out, "counts     %d recorded, %d are not the sum of their objects\n", r.Counts, r.Unequal)
			if r.Untold > 0 {
				fmt.Fprintf(out, "  of %d the deviations are over several calls that are not all there any more, and cannot be counted again\n", r.Untold)
			}
			for _, x := range r.List {
				fmt.Fprintf(out, "  %s: %s: %s\n", x.State, x.Name, x.Why)
			}
			more(out, int(r.More), "objects")
		})
		if err == nil && !r.Held() {
			err = fault.New(fault.Broken, "what was counted cannot all be counted again", "see above which objects differ")
		}
		return err
	})
}

type sweepCmd struct {
	All bool   `help:"Delete the state of all windows, as when its key is lost: counting begins anew."`
	As  string `help:"Who runs it." placeholder:"PERSON"`
}

// Run deletes what is over.
func (c *sweepCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		task := usage.Task{Actor: actor.Key, Today: w.Today(), Inbox: filepath.Join(a.cli.Workspace, receivedDir)}
		s, err := usage.Sweep(a.ctx, w.DB, task, c.All)
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) { fmt.Fprintln(out, "deleted   ", s) })
	})
}

type digestsCmd struct {
	Path string `arg:"" help:"A copy of the bucket, or a part of it with digests and logs."`
	Key  string `help:"Public keys, as list-public-keys gives them, or PEM. Without, signatures are not checked." type:"existingfile" placeholder:"FILE"`
}

// Run verifies digests; status 1 where something contradicts them.
func (c *digestsCmd) Run(a *app) error {
	var keys []*rsa.PublicKey
	if c.Key != "" {
		text, err := os.ReadFile(c.Key)
		if err != nil {
			return fault.Wrap(fault.NotFound, err, "the keys cannot be read")
		}
		if keys, err = usage.ParseKeys(text); err != nil {
			return err
		}
	}
	tree, err := usage.OpenTree(c.Path)
	if err != nil {
		return err
	}
	defer tree.Close()
	d, err := usage.VerifyDigests(tree, keys)
	if err != nil {
		return err
	}
	err = a.print(d, func(out io.Writer) {
		fmt.Fprintf(out, "digests    %d: %d follow the one before, %d follow another, %d have none here, %d cannot be read\n", d.Digests, d.Chained, d.Broken, d.Unlinked, d.Bad)
		fmt.Fprintf(out, "signatures %d good, %d of no given key, %d not checked\n", d.Signed, d.Forged, d.Unsigned)
		fmt.Fprintf(out, "files      %d listed: %d same, %d other, %d gone; %d here are in no digest\n", d.Files, d.Same, d.Other, d.Gone, d.Unlisted)
		for _, text := range d.List {
			fmt.Fprintln(out, "  "+text)
		}
		more(out, int(d.More), "faults")
	})
	if err == nil && !d.Held() {
		err = fault.New(fault.Broken, "the files are not those of which the digests speak", "")
	}
	return err
}

// receivedDir is where pushed events wait, below the workspace.
const receivedDir = "received"

type receiveCmd struct {
	Log        string        `help:"How events are read: a pack of kind log." required:"" placeholder:"PACK"`
	Conditions []string      `help:"Packs of conditions." default:"face-search" placeholder:"PACK" sep:"none"`
	Listen     string        `help:"Where to listen; on this machine only." default:"127.0.0.1:8734" placeholder:"ADDRESS"`
	Every      time.Duration `help:"How often what was received is counted." default:"5s"`
	Keep       int           `help:"For how many days events are kept after they were counted, so that they can be counted again." placeholder:"DAYS"`
	Drain      bool          `help:"Only count what was received before."`
	As         string        `help:"Who runs it." placeholder:"PERSON"`
}

// Run takes events until it is told to stop.
func (c *receiveCmd) Run(a *app) error {
	packs, err := findConditions(c.Conditions)
	if err != nil {
		return err
	}
	log, err := findLog(c.Log)
	if err != nil {
		return err
	}
	var inbox *usage.Inbox
	err = a.write(func(w *workspace.Workspace) error { // refuses before it takes anything
		if _, err := a.may(w, c.As, act.Load); err != nil {
			return err
		}
		inbox, err = usage.OpenInbox(filepath.Join(a.cli.Workspace, receivedDir))
		return err
	})
	if err != nil {
		return err
	}
	count := func() (*usage.Summary, error) { return c.count(a, inbox, packs, log) }
	s, err := count()
	if err != nil || c.Drain {
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) { printMonitor(out, s) })
	}
	return c.serve(a, inbox, count)
}

func (c *receiveCmd) count(a *app, inbox *usage.Inbox, packs []*pack.Pack, log *usage.Log) (s *usage.Summary, err error) {
	err = a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		task := usage.Task{Actor: actor.Key, Today: w.Today(), Conditions: packs, Log: log, Secret: w.WindowKey}
		if c.Keep > 0 {
			task.KeptUntil = w.Now().AddDate(0, 0, c.Keep).Format(time.DateOnly)
		}
		s, err = inbox.Count(a.ctx, w.DB, task)
		return err
	})
	return s, err
}

// serve listens, and counts what has come in at each tick. What is not counted when
// it stops is counted at its next start.
func (c *receiveCmd) serve(a *app, inbox *usage.Inbox, count func() (*usage.Summary, error)) error {
	listener, err := listenLocal(a.ctx, c.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: inbox, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}()
	fmt.Fprintf(a.stdout, "events are taken at http://%s\n", listener.Addr())
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		select {
		case <-a.ctx.Done():
			return nil
		case err := <-failed:
			return fault.Wrap(fault.Failed, err, "no more events can be taken")
		case <-tick.C:
		}
		waiting, err := inbox.Waiting()
		if err != nil {
			return err
		}
		if !waiting {
			continue
		}
		s, err := count()
		switch {
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return err
		}
		a.progress("counted %d events, %d repeated, %d rejected; %d findings", s.Read, s.Again, s.Rejected, s.Findings)
	}
}

// listenLocal listens at an address of this machine alone: nobody is asked who sends.
func listenLocal(ctx context.Context, address string) (net.Listener, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "this is not an address to listen at")
	}
	if !at.IP.IsLoopback() {
		return nil, fault.Newf(fault.Refused, "%s can be reached from other machines, and senders are not checked", address).
			WithFix("listen at 127.0.0.1, and put a server in front that checks who sends")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.String())
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot listen there")
	}
	return listener, nil
}
