package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// publication holds what was made public to who may say so and to the log before it.
func (c *Checker) publication(seq int64, leaf *ledger.Leaf, p fields) {
	byAssessor := slices.ContainsFunc(leaf.Sigs, func(s ledger.Signature) bool { return slices.Contains(c.people[s.PublicHash()], "assessor") })
	byOthers := slices.ContainsFunc(leaf.Sigs, func(s ledger.Signature) bool { return !slices.Contains(c.people[s.PublicHash()], "assessor") })
	switch size, assessment := p.int("size"), p.text("what") == "assessment"; {
	case size < 1 || size > seq:
		c.Report(seq, fmt.Sprintf("a report of %d entries is published, and %d stand before it", size, seq))
	case p.text("json") == "" || p.text("html") == "":
		c.Report(seq, "a publication does not say which bytes were published")
	case assessment && byOthers:
		c.Report(seq, "somebody other than an assessor publishes an assessment")
	case !assessment && byAssessor:
		c.Report(seq, "an assessor publishes what the company says")
	case !assessment && p.text("terms") != "":
		c.Report(seq, "a report of the company rests on terms of an assessment")
	case assessment:
		if t := c.under(seq, p); t != nil {
			c.works(seq, leaf, t.engagement)
		}
	}
}

// Published is an entry that says that exactly these bytes were made public.
type Published struct {
	Entry   int64    `json:"entry"`
	What    string   `json:"what"` // assessment, report or annual
	Form    string   `json:"form"` // json or html
	SHA256  string   `json:"sha256"`
	Day     string   `json:"day"`
	Size    int64    `json:"size"`    // entries that the report is of
	Classes []string `json:"classes"` // that its readers may see
	Signers []string `json:"signers"` // SHA-256 of their public keys
	Later   int64    `json:"later"`   // newer publications of the same sort, under the same terms
}

// FindPublished gives the entry of a bundle that names the bytes of a file, the newest when
// there are several of a sort. One by which an assessor published them goes before what the
// company says of the same bytes: it could hide that the assessor replaced them since.
// The bundle is one that was verified: this reads and checks nothing.
//
// The code is Broken when no entry names these bytes.
func FindPublished(path, file string) (*Published, error) {
	sum, err := sumOf(file)
	if err != nil {
		return nil, err
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the bundle")
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the bundle")
	}
	a, err := OpenArchive(in, info.Size())
	if err != nil {
		return nil, err
	}
	var found *Published
	sort := func(p fields) string { return p.text("what") + " " + p.text("terms") }
	of := ""
	err = a.scan(a.Manifest.From, func(seq int64, raw []byte, _ []Sealed) (bool, error) {
		leaf, err := ledger.ParseLeaf(raw)
		if err != nil || leaf.Kind != "publication" {
			return true, err
		}
		p := fields(leaf.PublicValues())
		if found != nil && sort(p) == of {
			found.Later++
		}
		for _, form := range []string{"json", "html"} {
			if p.text(form) == sum && (found == nil || sort(p) == of || found.What != "assessment") {
				of = sort(p)
				found = &Published{Entry: seq, What: p.text("what"), Form: form, SHA256: sum, Day: p.text("day"), Size: p.int("size"), Classes: []string{}, Signers: []string{}}
				classes, _ := p["classes"].Value().([]string)
				found.Classes = append(found.Classes, classes...)
				for _, s := range leaf.Sigs {
					found.Signers = append(found.Signers, s.PublicHash())
				}
			}
		}
		return true, nil
	})
	if err == nil && found == nil {
		err = fault.Newf(fault.Broken, "no entry of this bundle says that %s was published (SHA-256 %s)", file, sum).
			WithFix("the file was changed, or is of another log, or was published after this bundle was made")
	}
	return found, err
}

// sumOf hashes a file.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(fault.NotFound, err, "cannot read the report")
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot read the report")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Print says for people what the entry says.
func (p *Published) Print(out io.Writer) {
	fmt.Fprintf(out, "published: exactly these bytes, as the %s (%s) of the first %d entries, on %s by entry %d\n", p.What, p.Form, p.Size, p.Day, p.Entry)
	for _, s := range p.Signers {
		fmt.Fprintf(out, "  signed by the key with the SHA-256 %s\n", s)
	}
	if p.What == "assessment" {
		fmt.Fprintln(out, "  an assessor by what the log says; whose key it is, learn from the assessor")
	} else {
		fmt.Fprintln(out, "  in the name of the company, by what the log says of the role")
	}
	if p.Later > 0 {
		fmt.Fprintf(out, "  %d newer of the same sort were published since: ask for the newest\n", p.Later)
	}
}
