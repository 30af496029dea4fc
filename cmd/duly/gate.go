package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/gate"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type gateCmd struct {
	Ask          gateAskCmd          `cmd:"" help:"Ask whether somebody may use a capability now."`
	Serve        gateServeCmd        `cmd:"" help:"Answer over HTTP (AuthZEN Authorization API 1.0) until interrupted."`
	Entitlements gateEntitlementsCmd `cmd:"" help:"Write all answers as a signed file that expires."`
	Key          gateKeyCmd          `cmd:"" help:"Show the key by which what the gate signs is checked."`
	Pending      gatePendingCmd      `cmd:"" help:"List decisions that nobody has confirmed as enforced."`
	Confirm      gateConfirmCmd      `cmd:"" help:"Confirm that a decision was carried out, or say that it failed."`
	Break        gateBreakCmd        `cmd:"" help:"Open the gate in an emergency, for hours, for all to see."`
}

// openGate opens the workspace and a gate over it, with its clock and the bans that count
// in it.
func openGate(a *app) (*workspace.Workspace, *gate.Gate, error) {
	w, err := a.open()
	if err != nil {
		return nil, nil, err
	}
	rules, err := prohibitions(w)
	var g *gate.Gate
	if err == nil {
		g, err = gate.Open(a.ctx, w.DB, gate.Options{Now: a.now, Rules: rules})
	}
	if err != nil {
		_ = w.Close() // the error before it says more
		return nil, nil, err
	}
	return w, g, nil
}

type gateAskCmd struct {
	Subject      string `arg:"" help:"The account, by number or record id."`
	Capability   string `arg:"" help:"The capability, as in face_search."`
	Kind         string `help:"account, deployment or customer." default:"account"`
	Purpose      string `help:"What for." placeholder:"TEXT"`
	Jurisdiction string `help:"Where." placeholder:"PLACE"`
}

// gateAnswer is an answer as it is printed.
type gateAnswer struct {
	Allowed     bool      `json:"allowed"`
	Code        gate.Code `json:"code"`
	Reason      string    `json:"reason"`
	Fix         string    `json:"fix,omitempty"`
	Unit        string    `json:"unit,omitempty"`
	Obligations []string  `json:"obligations"`
	Until       string    `json:"until,omitempty"`
}

// Run asks once. The exit status is 1 for a refusal, so that scripts can use it.
func (c *gateAskCmd) Run(a *app) error {
	w, g, err := openGate(a)
	if err != nil {
		return err
	}
	defer w.Close()
	r := g.Answer(gate.Question{Kind: c.Kind, ID: c.Subject, Capability: c.Capability, Purpose: c.Purpose, Jurisdiction: c.Jurisdiction})
	out := gateAnswer{r.Allowed, r.Code, r.Reason, r.Fix, r.Unit, r.Obligations, r.Until}
	err = a.print(out, func(to io.Writer) {
		if !r.Allowed {
			return
		}
		fmt.Fprintf(to, "yes: %s\n", r.Reason)
		for _, o := range r.Obligations {
			fmt.Fprintln(to, "  under the condition: "+o)
		}
		if r.Until != "" {
			fmt.Fprintln(to, "  until "+r.Until)
		}
	})
	if err != nil || r.Allowed {
		return err
	}
	return fault.New(fault.Refused, "no: "+r.Reason, r.Fix)
}

type gateServeCmd struct {
	Listen  string        `help:"Where to listen; on this machine only, since nobody is authenticated." default:"127.0.0.1:8181" placeholder:"ADDRESS"`
	Base    string        `help:"The address under which callers reach it; http:// and the listening address otherwise." placeholder:"URL"`
	Webhook string        `help:"Send signed notices of what changed there, and give the signed file at /entitlements." placeholder:"URL"`
	For     time.Duration `help:"How long the file at /entitlements holds." default:"15m"`
}

// Run serves until it is interrupted.
func (c *gateServeCmd) Run(a *app) error {
	w, g, err := openGate(a)
	if err != nil {
		return err
	}
	defer w.Close()
	listener, err := listenLocal(a.ctx, c.Listen)
	if err != nil {
		return err
	}
	base := c.Base
	if base == "" {
		base = "http://" + listener.Addr().String()
	}
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	mux := http.NewServeMux()
	mux.Handle("/", gate.Handler(g, base))
	var work sync.WaitGroup
	work.Go(func() { g.Follow(ctx) })
	if c.Webhook != "" {
		feed, err := c.feed(a, w, g)
		if err != nil {
			return err
		}
		mux.HandleFunc("GET "+gate.EntitlementsPath, g.ServeEntitlements(feed.Origin, feed.Key, c.For))
		work.Go(func() { feed.Run(ctx) })
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	a.progress("the gate answers at %s/access/v1/evaluation; interrupt it to end", base)
	select {
	case err = <-done:
	case <-a.ctx.Done():
		closing, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), 5*time.Second)
		defer cancel()
		err = server.Shutdown(closing)
	}
	stop()
	work.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fault.Wrap(fault.Failed, err, "the gate stopped answering")
	}
	return nil
}

// feed prepares to tell a receiver what changes.
func (c *gateServeCmd) feed(a *app, w *workspace.Workspace, g *gate.Gate) (*gate.Feed, error) {
	if err := gate.CheckReceiver(c.Webhook); err != nil {
		return nil, err
	}
	key, err := w.NoteKey(gateKey)
	if err != nil {
		return nil, err
	}
	return &gate.Feed{
		Gate: g, Key: key, Origin: w.Config.Origin, URL: c.Webhook, Stream: a.now().UTC().Format(time.RFC3339Nano),
		Failed: func(times int, err error) {
			a.progress("a notice of what changed did not arrive, attempt %d: %v", times, err)
		},
	}, nil
}

// gateKey names the key that signs what a gate hands out.
const gateKey = "gate"

type gateKeyCmd struct{}

// Run prints the verifier key, which outsiders need by another way than the file.
func (c *gateKeyCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	key, err := w.NoteKey(gateKey)
	if err != nil {
		return err
	}
	return a.print(map[string]string{"key": key.Public()}, func(out io.Writer) { fmt.Fprintln(out, key.Public()) })
}

type gateEntitlementsCmd struct {
	Out string        `help:"Where to write the file." required:"" type:"path" placeholder:"FILE"`
	For time.Duration `help:"How long it holds; afterwards everything is refused. At most 24h." default:"15m"`
}

// Run writes the file whole or not at all.
func (c *gateEntitlementsCmd) Run(a *app) error {
	w, g, err := openGate(a)
	if err != nil {
		return err
	}
	defer w.Close()
	e, err := g.Entitlements(w.Config.Origin, c.For)
	if err != nil {
		return err
	}
	key, err := w.NoteKey(gateKey)
	if err != nil {
		return err
	}
	signed, err := e.Sign(key)
	if err != nil {
		return err
	}
	err = writeWhole(c.Out, func(to io.Writer) error {
		_, err := to.Write(signed)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(e, func(out io.Writer) {
		fmt.Fprintf(out, "%d rows after %d entries of the log; refuse everything from %s on\n", e.Count, e.Size, e.Expires)
	})
}

type gatePendingCmd struct{}

// Run lists what waits for its enforcement.
func (c *gatePendingCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := gate.Pending(a.ctx, w.DB, w.Today())
	if err != nil {
		return err
	}
	return a.print(list, func(out io.Writer) {
		for _, p := range list {
			state := "not confirmed"
			if p.Failed {
				state = "tried, and it failed"
			}
			fmt.Fprintf(out, "%s %s, decided %s, %d days: %s\n", p.Subject, p.Act, p.Decided, p.Days, state)
		}
	})
}

type gateConfirmCmd struct {
	Subject string `arg:"" help:"The deployment, or an account that has no more than one."`
	How     string `help:"What was done, and how that is known." required:"" placeholder:"TEXT"`
	Failed  bool   `help:"It was tried and did not work."`
	As      string `help:"Who says so; not who decided." required:"" placeholder:"PERSON"`
}

// Run records that a decision is enforced.
func (c *gateConfirmCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		state := gate.Confirmed
		if c.Failed {
			state = gate.Failed
		}
		ref, err := gate.Confirm(a.ctx, w.DB, act.Default, by, gate.Carried{Subject: id, State: state, How: c.How}, w.Now())
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s, entry %d\n", state, ref.Seq) })
	})
}

type gateBreakCmd struct {
	Subject string `arg:"" help:"The deployment, or an account that has no more than one."`
	Hours   int64  `help:"For how many hours, 1 to 72." required:""`
	Reason  string `help:"Why." required:"" placeholder:"TEXT"`
	As      string `help:"Who opens it." required:"" placeholder:"PERSON"`
}

// Run opens the gate.
func (c *gateBreakCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		ref, err := gate.Break(a.ctx, w.DB, act.Default, h.By, h.Key, id, c.Reason, c.Hours, h.Now)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "the gate is open for %d hours, entry %d. It shows in the report.\n", c.Hours, ref.Seq)
		})
	})
}
