package main

import (
	"fmt"
	"io"

	"duly/internal/workspace"
)

type balanceCmd struct {
	As string `help:"Who writes it." placeholder:"PERSON"`
}

type balanceResult struct {
	Entry int64 `json:"entry"`
}

// Run writes what stands into the log.
func (c *balanceCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		at, err := w.Balance(a.ctx, actor)
		if err != nil {
			return err
		}
		return a.print(balanceResult{at.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "entry %d says what stood before it: a part of the log from here on shows that nobody was left out\n", at.Seq)
		})
	})
}
