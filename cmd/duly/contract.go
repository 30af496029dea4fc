package main

import (
	"duly/internal/casework"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/workspace"
)

type contractCmd struct {
	Renew contractRenewCmd `cmd:"" help:"Give leave for a contract to go on until a day."`
}

type contractRenewCmd struct {
	Contract string `arg:"" help:"The contract, by record id, title or its id in the source."`
	Until    string `help:"The day on which it then ends." required:"" placeholder:"YYYY-MM-DD"`
	Reason   string `help:"Why." required:"" placeholder:"TEXT"`
	As       string `help:"Who gives leave." required:"" placeholder:"PERSON"`
}

// Run gives leave, or says what waits.
func (c *contractRenewCmd) Run(a *app) error {
	return a.leave(c.As, func(w *workspace.Workspace, worker casework.Worker) (store.Ref, error) {
		id, err := findNamed(a, w.DB, register.Contracts, "contract", c.Contract, func(c *register.Contract) (string, string) { return c.Title, c.Identity })
		if err != nil {
			return store.Ref{}, err
		}
		return worker.Renew(a.ctx, w.DB, id, c.Until, c.Reason)
	})
}
