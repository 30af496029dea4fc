package index

import (
	"fmt"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// Reading is what an edition says of one country or agency.
type Reading struct {
	Key   string // ISO 3166-1 alpha-3, or of ISO 3166-3; of an agency what AgencyKey gives
	Line  int    // of the file
	Cells []Cell // in the order of the mapping's values, those that the edition has
}

// Cell is one value of a reading: a class, or a number with its band, or unknown.
type Cell struct {
	Value    string // id of the value
	Class    string
	Number   Number
	Low, Top Number // both ends of the band; Number where there is none
	Unknown  string // why there is no value; "" where there is one
}

// unknownIs stands between a value and the reason why there is none.
const unknownIs = " unknown: "

// text writes a reading as it is kept in the log: the country and the line, then what
// each value is. It reads well when it is disclosed, and parseReading reads it back.
func (m *Mapping) text(r Reading) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s line %d", r.Key, r.Line)
	for _, c := range r.Cells {
		b.WriteString("; ")
		b.WriteString(m.cellText(c, "="))
	}
	return b.String()
}

func (m *Mapping) cellText(c Cell, is string) string {
	v := m.value(c.Value)
	switch {
	case c.Unknown != "":
		return c.Value + unknownIs + c.Unknown
	case v.class():
		return c.Value + is + c.Class
	}
	s := c.Value + is + formatNumber(c.Number, v.Decimals)
	if c.Low != c.Number || c.Top != c.Number {
		s += fmt.Sprintf(" (%s to %s)", formatNumber(c.Low, v.Decimals), formatNumber(c.Top, v.Decimals))
	}
	return s
}

// Said writes the values of a reading, each with its band or why there is none.
func (m *Mapping) Said(r Reading) []string {
	out := make([]string, len(r.Cells))
	for i, c := range r.Cells {
		out[i] = m.cellText(c, " ")
	}
	return out
}

// said is a reading without its line, which another file may move.
func said(text string) string {
	head, rest, _ := strings.Cut(text, ";")
	code, _, _ := strings.Cut(head, " ")
	return code + ";" + rest
}

// parseReading reads what text wrote.
func (m *Mapping) parseReading(text string) (Reading, error) {
	bad := fault.Newf(fault.Broken, "%q is not a reading of %s", text, m.Pack.ID)
	parts := strings.Split(text, "; ")
	code, line, ok := strings.Cut(parts[0], " line ")
	n, err := strconv.Atoi(line)
	if !ok || err != nil || code == "" {
		return Reading{}, bad
	}
	r := Reading{Key: code, Line: n}
	for _, part := range parts[1:] {
		c, ok := m.parseCell(part)
		if !ok {
			return Reading{}, bad
		}
		r.Cells = append(r.Cells, c)
	}
	return r, nil
}

func (m *Mapping) parseCell(text string) (c Cell, ok bool) {
	if id, why, unknown := strings.Cut(text, unknownIs); unknown {
		return Cell{Value: id, Unknown: why}, m.value(id) != nil && why != ""
	}
	id, rest, ok := strings.Cut(text, "=")
	v := m.value(id)
	if !ok || v == nil || rest == "" {
		return c, false
	}
	c.Value = id
	if v.class() {
		c.Class = rest
		return c, true
	}
	number, band, hasBand := strings.Cut(rest, " (")
	ends := []string{number, number}
	if hasBand {
		if ends = strings.Split(strings.TrimSuffix(band, ")"), " to "); len(ends) != 2 {
			return c, false
		}
	}
	for _, x := range []struct {
		text string
		into *Number
	}{{number, &c.Number}, {ends[0], &c.Low}, {ends[1], &c.Top}} {
		n, err := parseNumber(x.text, v.Decimals)
		if err != nil {
			return c, false
		}
		*x.into = n
	}
	return c, true
}
