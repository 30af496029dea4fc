package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// A balance commits to all records that a population counts, as they stand, so that
// whoever has only the log behind it can count on from there. Each record is a line:
//
//	kind id first-day last-day stratum flags
//
// with "-" for a stratum that is null. The flags are " ended", " grave", and of a case
// " late" when it was closed after it was due, or " due=" and its day while it is open.

// countedHead begins what is hashed of the lines.
const countedHead = "duly/counted/1\n"

func (u *unit) line(id string) string {
	b := u.kind + " " + id + " " + u.first + " " + u.last + " " + u.stratum
	if u.stratum == "" {
		b += "-"
	}
	if u.ended {
		b += " ended"
	}
	if u.targeted {
		b += " grave"
	}
	switch {
	case u.late:
		b += " late"
	case u.kind == "review" && !u.ended:
		b += " due=" + u.due
	}
	return b
}

// Lines writes the line of each record, in the order of their bytes.
func (p *Population) Lines(out io.Writer) error {
	ids := map[string][]string{} // by kind
	for id, u := range p.units {
		ids[u.kind] = append(ids[u.kind], id)
	}
	for _, kind := range Counted() {
		slices.Sort(ids[kind])
		for _, id := range ids[kind] {
			if _, err := io.WriteString(out, p.units[id].line(id)+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stands gives the number of records and the SHA-256 of their lines, in hex, as a balance
// says them.
func (p *Population) Stands() (records int64, hash string) {
	sum := sha256.New()
	io.WriteString(sum, countedHead)
	_ = p.Lines(sum) // a hash takes everything
	return int64(len(p.units)), hex.EncodeToString(sum.Sum(nil))
}

// AddBytes takes the next leaf as the log keeps it. The code is Broken for bytes that are
// no leaf.
func (p *Population) AddBytes(leaf []byte) error {
	err := p.leaf.Parse(leaf)
	if err == nil {
		p.Add(&p.leaf)
	}
	return err
}

// open takes a record as a balance says that it stood. The code is Broken for a line in
// another spelling than [Population.Lines] gives.
func (p *Population) open(line []byte) error {
	id, u, err := parseUnit(string(line))
	if err != nil {
		return err
	}
	for _, word := range []*string{&u.kind, &u.first, &u.last, &u.stratum, &u.due} {
		*word = p.once(strings.Clone(*word))
	}
	p.units[strings.Clone(id)] = u
	return nil
}

// countedWords is how many words a line has at most: five, and each flag once.
const countedWords = 9

func parseUnit(line string) (id string, u *unit, err error) {
	broken := func() error {
		return fault.Newf(fault.Broken, "%.200q is no record that a population counts", line)
	}
	words := strings.SplitN(line, " ", countedWords+1) // one more than there can be, however long the line is
	if len(words) < 5 || !ledger.ValidID(words[1]) {
		return "", nil, broken()
	}
	u = &unit{kind: words[0], first: words[2], last: words[3], stratum: words[4]}
	if u.stratum == "-" {
		u.stratum = ""
	}
	for _, flag := range words[5:] {
		due, open := strings.CutPrefix(flag, "due=")
		u.ended, u.targeted, u.late = u.ended || flag == "ended", u.targeted || flag == "grave", u.late || flag == "late"
		if open {
			u.due = due
		}
	}
	_, known := counted[u.kind]
	if !known || u.line(words[1]) != line || u.late && (u.kind != "review" || !u.ended) {
		return "", nil, broken()
	}
	return words[1], u, nil
}

// countedLines reads what a range carries of the records at its opening balance: how many
// there are, their hash, and how many of them are ratings. The code is Broken for lines out
// of order or in another spelling. Memory does not grow with them.
func countedLines(scan func(each func(line []byte) error) error) (records int64, hash string, ratings int64, err error) {
	sum, last := sha256.New(), ""
	io.WriteString(sum, countedHead)
	err = scan(func(line []byte) error {
		_, u, err := parseUnit(string(line))
		if err != nil {
			return err
		}
		if string(line) <= last {
			return fault.Newf(fault.Broken, "the counted record %.200q is out of order", line)
		}
		last, records = string(line), records+1
		if u.kind == "rating" {
			ratings++
		}
		io.WriteString(sum, last+"\n")
		return nil
	})
	return records, hex.EncodeToString(sum.Sum(nil)), ratings, err
}
