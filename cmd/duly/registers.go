package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"duly/internal/store"
	"duly/internal/transparency"
)

type registersCmd struct{}

// registerFigures is what the registers hold now.
type registerFigures struct {
	transparency.Figures
	Published []transparency.PublisherFigure `json:"published"`
}

// Run prints the figures of the registers as they are now.
func (c *registersCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	var t registerFigures
	err = w.DB.Snapshot(a.ctx, func(q store.Queryer) (err error) {
		if t.Figures, err = transparency.Read(a.ctx, q, store.Now, w.Today()); err != nil {
			return err
		}
		t.Published, err = transparency.ReadPublished(a.ctx, q, store.Now)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(t, t.print)
}

func (t registerFigures) print(out io.Writer) {
	for _, p := range t.Partnerships.Points {
		fmt.Fprintf(out, "partnerships on %s: %d, %d of them with police\n", p.Day, p.Total, p.Partner["police"])
	}
	if s := t.Partnerships; s.Factor != "" {
		fmt.Fprintf(out, "partnerships: %s times as many as at first, %s %% a year\n", s.Factor, s.Yearly)
	}
	for _, f := range t.Requests {
		if f.Made > 0 {
			fmt.Fprintf(out, "requests, %s: %d made; data given on %d, in part on %d, none on %d; %d open; %d refused by a rule; %d granted against one\n",
				f.Class, f.Made, f.Full, f.Partial, f.None, f.Pending, f.ByRule, f.Broken)
		}
	}
	for _, c := range t.Claims {
		fmt.Fprintf(out, "claim, %s: %d told and %d counted officially: %s times (%s to %s, %s)\n", c.Standing, c.Told, c.Actual, orNone(c.Ratio), c.Low, orNone(c.High), transparency.Confidence)
	}
	if t.ClaimsWithout > 0 {
		fmt.Fprintf(out, "claims without two figures: %d\n", t.ClaimsWithout)
	}
	for _, p := range t.Content {
		fmt.Fprintf(out, "content from %s: %s %% breach (%s to %s, %s), of %d drawn\n", p.From, p.Percent, p.Low, p.High, transparency.Confidence, p.Drawn)
	}
	if t.ContentBad > 0 {
		fmt.Fprintf(out, "samples whose counts cannot be: %d\n", t.ContentBad)
	}
	for _, state := range slices.Sorted(maps.Keys(t.Incidents.States)) {
		fmt.Fprintf(out, "incidents %s: %d\n", state, t.Incidents.States[state])
	}
	for _, p := range t.Published {
		fmt.Fprintf(out, "published by %s up to %s: %d figures of %d countries, %d requests added up, %d without a number\n", p.Publisher, p.To, p.Rows, p.Countries, p.Requests, p.Without)
	}
}

func orNone(text string) string {
	if text == "" {
		return "no number of"
	}
	return text
}
