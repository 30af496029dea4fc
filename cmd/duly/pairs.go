package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"duly/internal/fault"
	"duly/internal/watchlist"
)

type pairsCmd struct {
	In  string `arg:"" help:"A CSV file with the columns schema, name1 and name2."`
	Out string `help:"The same file with the columns score and alert added." required:"" placeholder:"OUT.csv"`
}

// Run compares each pair of names.
func (c *pairsCmd) Run(a *app) error {
	in, err := os.Open(c.In)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the pairs")
	}
	defer in.Close()
	pairs := 0
	err = writeWhole(c.Out, func(out io.Writer) (err error) {
		pairs, err = comparePairs(c.In, in, out)
		return err
	})
	if err != nil {
		return err
	}
	return a.wrote(written{Out: c.Out, Rows: pairs}, fmt.Sprintf("compared %d pairs", pairs))
}

// comparePairs gives how many pairs it compared.
func comparePairs(name string, in io.Reader, out io.Writer) (n int, err error) {
	rows := csv.NewReader(in)
	header, err := rows.Read()
	if err != nil {
		return n, csvError(name, err)
	}
	at := map[string]int{}
	for _, column := range []string{"schema", "name1", "name2"} {
		if at[column] = slices.Index(header, column); at[column] < 0 {
			return n, fault.Newf(fault.Invalid, "there is no column %q", column).WithFix("the first line names the columns").At(name, 1, "")
		}
	}
	w := csv.NewWriter(out)
	if err := w.Write(append(header, "score", "alert")); err != nil {
		return n, err
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, csvError(name, err)
		}
		score, alert := watchlist.ComparePair(row[at["schema"]], row[at["name1"]], row[at["name2"]])
		if err := w.Write(append(row, strconv.FormatFloat(score, 'f', 4, 64), strconv.FormatBool(alert))); err != nil {
			return n, err
		}
		n++
	}
	w.Flush()
	return n, w.Error()
}

func csvError(name string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fault.Newf(fault.Invalid, "the row cannot be read: %v", parse.Err).At(name, parse.Line, "")
	}
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "the file is empty", "").At(name, 0, "")
	}
	return fault.Wrap(fault.Invalid, err, fmt.Sprintf("cannot read %s", name))
}
