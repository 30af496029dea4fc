// Package page is what the pages that Duly writes have in common: one style for screen
// and print, a policy that forbids them everything else, and the words by which people
// are told what stands in the log.
//
// A page needs nothing: no script, no font, no network. It is written by html/template,
// so that whatever a record holds is text.
//
// It knows no records and reads nothing. What a page says is its writer's.
package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the parts that all pages share
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
)

//go:embed page.css
var css string

//go:embed parts.html
var parts string

// Template makes a page from its texts, of which the first is the page itself. They may
// use the functions n, pct, plural, say, bands, interval, css and policy, those of funcs,
// and the template "interval". A text that is no template panics: it is in the program.
func Template(funcs template.FuncMap, texts ...string) *template.Template {
	all := template.FuncMap{
		"n": Thousands, "pct": percent, "plural": plural, "say": Say, "bands": func() []string { return Bands }, "interval": intervalOf,
		"css": func() template.CSS { return template.CSS(css) }, "policy": policy,
	}
	maps.Copy(all, funcs)
	t := template.New("page").Funcs(all)
	for _, text := range append(texts, parts) {
		template.Must(t.Parse(text))
	}
	return t
}

// Write writes a page whole.
func Write(t *template.Template, data any, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	err := t.Execute(w, data)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the page")
	}
	return nil
}

// policy forbids the page everything but its own style, which it names by hash.
func policy() string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// Thousands writes a whole number with thin spaces between thousands.
func Thousands(v any) string {
	if p, ok := v.(*int64); ok {
		v = *p
	}
	s := fmt.Sprint(v)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return sign + s
}

// percent writes hundredths of a per cent, which are rounded up already.
func percent(v int64) string {
	return strconv.FormatInt(v/100, 10) + "." + fmt.Sprintf("%02d", v%100) + " %"
}

func plural(n any, one, many string) string {
	if fmt.Sprint(n) == "1" {
		return one
	}
	return many
}

// Bands are the bands of a rating, the lowest first.
var Bands = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

// drawing is an interval of bands as a page draws it.
type drawing struct {
	Best, Worst string
	Cells       []drawnCell
}

type drawnCell struct {
	X, Middle, Shade int
	Name             string
}

const cellWidth = 84

// intervalOf gives the four bands, those of the interval shaded by their gravity.
func intervalOf(best, worst string) drawing {
	d := drawing{Best: best, Worst: worst}
	from, to := slices.Index(Bands, best), slices.Index(Bands, worst)
	for i, name := range Bands {
		c := drawnCell{X: i * (cellWidth + 2), Middle: i*(cellWidth+2) + cellWidth/2, Name: name}
		if i >= from && i <= to {
			c.Shade = i + 1
		}
		d.Cells = append(d.Cells, c)
	}
	return d
}
