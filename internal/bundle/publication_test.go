package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// published gives a publication of the office's assessment that holds.
func (o *office) published() *publicationRecord {
	return &publicationRecord{What: "assessment", JSON: hexSum([]byte("json")), HTML: hexSum([]byte("html")), Size: o.size(), Terms: o.terms, Day: o.today()}
}

// today is the day of the newest entry.
func (o *office) today() string {
	leaf, err := ledger.ParseLeaf(o.rows[len(o.rows)-1].leaf)
	if err != nil {
		o.t.Fatal(err)
	}
	return leaf.Entered()
}

// TestWhatIsPublishedIsSigned protects RS-04 and RS-02: an assessment is published by an
// assessor under terms that hold, what the company says by the company, and neither of a
// log that is not there yet.
func TestWhatIsPublishedIsSigned(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(o *office, p *publicationRecord)
		by   func(o *office) ledger.PersonKey // the assessor where nil
		want string
	}{
		"an assessment":                {},
		"a report of the company":      {do: func(_ *office, p *publicationRecord) { p.What, p.Terms = "report", "" }, by: func(o *office) ledger.PersonKey { return o.board }},
		"a year, by an approver":       {do: func(_ *office, p *publicationRecord) { p.What, p.Terms = "annual", "" }, by: func(o *office) ledger.PersonKey { return o.person("approver") }},
		"an assessment by the company": {by: func(o *office) ledger.PersonKey { return o.board }, want: "somebody other than an assessor"},
		"a report by an assessor":      {do: func(_ *office, p *publicationRecord) { p.What, p.Terms = "report", "" }, want: "an assessor publishes what the company says"},
		"a report by an analyst": {do: func(_ *office, p *publicationRecord) { p.What, p.Terms = "report", "" }, by: func(o *office) ledger.PersonKey { return o.person("analyst") },
			want: "whose roles do not allow this: publication"},
		"a report under terms":        {do: func(_ *office, p *publicationRecord) { p.What = "report" }, by: func(o *office) ledger.PersonKey { return o.board }, want: "rests on terms"},
		"under terms nobody approved": {do: func(_ *office, p *publicationRecord) { p.Terms = hexSum(nil) }, want: "never approved"},
		"before it began":             {do: func(o *office, p *publicationRecord) { p.Terms = o.approve(80) }, want: "has not started"},
		"of entries that follow":      {do: func(o *office, p *publicationRecord) { p.Size = o.size() + 9 }, want: "stand before it"},
		"of no entries":               {do: func(_ *office, p *publicationRecord) { p.Size = 0 }, want: "a report of 0 entries"},
		"of no bytes":                 {do: func(_ *office, p *publicationRecord) { p.HTML = "" }, want: "which bytes"},
		"dated ahead":                 {do: func(_ *office, p *publicationRecord) { p.Day = "2099-01-01" }, want: "another day than it was entered"},
	} {
		o := newOffice(t)
		p := o.published()
		if c.do != nil {
			c.do(o, p)
		}
		by := o.assessor
		if c.by != nil {
			by = c.by(o)
		}
		add(o.testLog, publicationKind, o.id(), p, by)
		_, err := verify(o.bundle(), Trust{})
		if c.want == "" && err != nil || c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
	o := newOffice(t)
	id := o.id()
	add(o.testLog, publicationKind, id, o.published(), o.assessor)
	add(o.testLog, publicationKind, id, o.published(), o.assessor)
	if _, err := verify(o.bundle(), Trust{}); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("a publication that was changed: %v", err)
	}
}

// TestAFileIsRecognised protects that an outsider learns of a file whether exactly its
// bytes were published, by whom, and whether something newer was.
func TestAFileIsRecognised(t *testing.T) {
	o, dir := newOffice(t), t.TempDir()
	at := add(o.testLog, publicationKind, o.id(), o.published(), o.assessor)
	later := o.published()
	later.JSON = hexSum([]byte("newer"))
	add(o.testLog, publicationKind, o.id(), later, o.assessor)
	company := &publicationRecord{What: "report", JSON: hexSum([]byte("company")), HTML: hexSum([]byte("page")), Size: 3, Day: o.today()}
	add(o.testLog, publicationKind, o.id(), company, o.board)
	over := o.published() // the company publishes again what the assessor has replaced
	over.What, over.Terms = "report", ""
	add(o.testLog, publicationKind, o.id(), over, o.board)
	path, file := filepath.Join(dir, "bundle"), filepath.Join(dir, "file")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, string(o.bundle()))
	for _, c := range []struct {
		text, form, what string
		later            int64
		by               ledger.PersonKey
	}{{"json", "json", "assessment", 1, o.assessor}, {"newer", "json", "assessment", 0, o.assessor}, {"page", "html", "report", 1, o.board}} {
		write(file, c.text)
		p, err := FindPublished(path, file)
		if err != nil || p.Form != c.form || p.What != c.what || p.Later != c.later || len(p.Signers) != 1 || p.Signers[0] != c.by.Sign(nil).PublicHash() {
			t.Errorf("%q is recognised as %+v, %v", c.text, p, err)
		} else if c.text == "json" && p.Entry != int64(at) {
			t.Errorf("it was published by entry %d, and is told to be by %d", at, p.Entry)
		}
	}
	write(file, "json ")
	if _, err := FindPublished(path, file); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "no entry of this bundle") {
		t.Errorf("a file with a byte more: %v", err)
	}
}
