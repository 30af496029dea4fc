package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/workspace"
)

type capabilityCmd struct {
	Map      capabilityMapCmd      `cmd:"" help:"List what is sold under which names, what it can do, who answers for it, and what waits for a launch."`
	Change   capabilityChangeCmd   `cmd:"" help:"Say that a product is to get a capability: the product and all who use it are looked at again."`
	Show     capabilityShowCmd     `cmd:"" help:"Say who may have it, who may not, and who is undecided."`
	Launch   capabilityLaunchCmd   `cmd:"" help:"Open it, once each who uses the product has been decided on."`
	Withdraw capabilityWithdrawCmd `cmd:"" help:"Say that the product does not get it after all."`
}

type capabilityChangeCmd struct {
	Product string `arg:"" help:"The product, by record id, name or its id in the source."`
	Add     string `help:"What it is to do, as in face_search." required:"" placeholder:"CAPABILITY"`
	By      string `help:"Who announces it." required:"" placeholder:"PERSON"`
	Reason  string `help:"Why." required:"" placeholder:"TEXT"`
}

type capabilityResult struct {
	ID         string `json:"id"`
	Product    string `json:"product"`
	Dependents int    `json:"dependents"`
}

// Run announces the capability.
func (c *capabilityChangeCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.By)
		if err != nil {
			return err
		}
		product, err := findProduct(a, w.DB, c.Product)
		if err != nil {
			return err
		}
		change := casework.Change{Product: product, Capability: c.Add, Reason: c.Reason}
		ref, n, err := casework.Announce(a.ctx, w.DB, act.Default, actor, change, w.Today())
		if err != nil {
			return err
		}
		return a.print(capabilityResult{ref.ID, product, n}, func(out io.Writer) {
			fmt.Fprintf(out, "announced as %s; %d deployments depend on the product\n", ref.ID, n)
			fmt.Fprintln(out, "it cannot be launched until the product and each of them have been looked at again; `duly queue sweep` opens the cases")
		})
	})
}

// findProduct gives the product that a person means: by record id, by the name or by
// the id that it was imported under.
func findProduct(a *app, q store.Queryer, text string) (string, error) {
	all, err := store.Select(a.ctx, q, register.Products, "r.state = 'active'")
	if err != nil {
		return "", err
	}
	var ids []string
	for _, p := range all {
		if p.ID == text || p.Record.Name == text || p.Record.Identity == text || strings.HasSuffix(p.Record.Identity, ":"+text) {
			ids = append(ids, p.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", fault.Newf(fault.NotFound, "there is no product %q", text)
	case 1:
		return ids[0], nil
	}
	slices.Sort(ids)
	return "", fault.Newf(fault.Invalid, "%q fits %d products", text, len(ids)).WithFix("name one by its record id: " + strings.Join(ids, ", "))
}

type capabilityShowCmd struct {
	ID string `arg:"" help:"The change."`
}

// Run shows where the change stands.
func (c *capabilityShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	s, err := casework.Stand(a.ctx, w.DB, c.ID)
	if err != nil {
		return err
	}
	return a.print(s, func(out io.Writer) { printStanding(out, s) })
}

func printStanding(out io.Writer, s *casework.Standing) {
	fmt.Fprintf(out, "%s, %s since %s\n", strings.ReplaceAll(s.Capability, "_", " "), s.State, s.Announced)
	reviewed := "the product itself is reviewed"
	if !s.Reviewed {
		reviewed = "the product itself is not reviewed"
	}
	fmt.Fprintln(out, reviewed)
	for _, group := range []struct {
		name string
		ids  []string
	}{{"cleared", s.Cleared}, {"not cleared", s.Refused}, {"undecided", s.Undecided}} {
		fmt.Fprintf(out, "%s: %d\n", group.name, len(group.ids))
		for _, id := range group.ids {
			fmt.Fprintf(out, "  %s\n", id)
		}
	}
}

type capabilityLaunchCmd struct {
	ID string `arg:"" help:"The change."`
	As string `help:"Who launches it." required:"" placeholder:"PERSON"`
}

// Run launches it, or says who is undecided.
func (c *capabilityLaunchCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		s, err := casework.Launch(a.ctx, w.DB, act.Default, actor, c.ID, w.Today())
		if err != nil {
			if s != nil && len(s.Undecided) > 0 {
				printStanding(a.stderr, s)
			}
			return err
		}
		return a.print(s, func(out io.Writer) { printStanding(out, s) })
	})
}

type capabilityWithdrawCmd struct {
	ID string `arg:"" help:"The change."`
	As string `help:"Who withdraws it." required:"" placeholder:"PERSON"`
}

// Run withdraws it.
func (c *capabilityWithdrawCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		if err := casework.Withdraw(a.ctx, w.DB, act.Default, actor, c.ID, w.Today()); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "state": casework.Withdrawn}, func(out io.Writer) { fmt.Fprintln(out, "withdrawn") })
	})
}

type capabilityMapCmd struct{}

// Run lists what is sold.
func (c *capabilityMapCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	m, err := casework.MapProducts(a.ctx, w.DB)
	if err != nil {
		return err
	}
	return a.print(m, func(out io.Writer) { printMap(out, m) })
}

func printMap(out io.Writer, m *casework.ProductMap) {
	words := func(list []string) string {
		if len(list) == 0 {
			return "none"
		}
		return strings.ReplaceAll(strings.Join(list, ", "), "_", " ")
	}
	fmt.Fprintf(out, "%d products, for %d of them nobody answers; %d names on bills map to no product\n", len(m.Products), m.Unowned, len(m.Unmapped))
	for _, p := range m.Products {
		owner := p.Owner
		if owner == "" {
			owner = "nobody"
		}
		fmt.Fprintf(out, "%s, risk class %s, owner: %s\n", p.Name, p.Risk, owner)
		fmt.Fprint(out, wrap("  billed as ", words(p.SKUs)))
		fmt.Fprint(out, wrap("  meant to do ", words(p.Intended)+"; can also do "+words(p.Unintended)))
		if len(p.Waiting) > 0 {
			fmt.Fprint(out, wrap("  waits for a launch: ", words(p.Waiting)))
		}
		fmt.Fprintf(out, "  %d accounts, %d deployments, %d of these confirmed by neither contract nor customer\n", p.Accounts, p.Deployments, p.Unconfirmed)
	}
	for _, u := range m.Unmapped {
		fmt.Fprintf(out, "maps to nothing: %q, billed to %d accounts; it is stated of %d products\n", u.SKU, u.Accounts, len(u.Fits))
	}
}
