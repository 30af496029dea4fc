package main

import "io"

// maxCases bounds a file of cases, in bytes: some hundred thousand of them.
const maxCases = 64 << 20

type rateCmd struct {
	Method string `help:"A method pack that ships with Duly, by its id, or a file." default:"rm-1"`
	In     string `help:"Cases, in the shape of docs/rating.md." required:"" placeholder:"CASES.json"`
	Out    string `help:"Where the ratings go." required:"" placeholder:"OUT.json"`
}

// Run rates cases without a workspace: the same input gives the same bytes.
func (c *rateCmd) Run(a *app) error {
	m, err := findMethod(c.Method)
	if err != nil {
		return err
	}
	in, err := readInput(c.In, maxCases)
	if err != nil {
		return err
	}
	out, err := m.RunCases(in)
	if err != nil {
		return fileFault(err, c.In)
	}
	err = writeWhole(c.Out, func(w io.Writer) error {
		_, err := w.Write(out)
		return err
	})
	if err != nil {
		return err
	}
	return a.wrote(written{Out: c.Out}, "")
}
