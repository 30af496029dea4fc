package annual

import (
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/page"
	"duly/internal/report"
)

// Disclose gives the proof of one sealed field.
type Disclose func(entry int64, field string) (*bundle.Proof, error)

//go:embed *.html
var texts embed.FS

func load(name string) *template.Template {
	text, err := texts.ReadFile(name)
	if err != nil {
		panic(err)
	}
	shared, err := texts.ReadFile("parts.html")
	if err != nil {
		panic(err)
	}
	return page.Template(template.FuncMap{"words": words, "basis": basisSaid, "link": link}, string(text), string(shared))
}

var pages = map[string]*template.Template{
	"index.html": load("index.html"), "register.html": load("register.html"), "policies.html": load("policies.html"), "frameworks.html": load("frameworks.html"),
}

// words writes a word of the log for people.
func words(word string) string { return page.Say("", word) }

// basisSaid says why something is left out.
func basisSaid(basis string) string {
	return map[string]string{
		"confidentiality_clause": "left out: a clause of the contract", "law_enforcement": "left out: a law on police work", "national_security": "left out: national security",
		"personal_data": "left out: it would name a person", "court_order": "left out: a court's order", "trade_secret": "left out: a trade secret",
		"not_published": "not published", unknown: "nobody stated it", redacted: "withheld by the company",
	}[basis]
}

// link gives an address only where it is one of the web.
func link(text string) string {
	if strings.HasPrefix(text, "https://") && !strings.ContainsAny(text, " \"<>") {
		return text
	}
	return ""
}

// proofName is where the proof of a shown field lies.
func proofName(entry int64, field string) string {
	return "proofs/" + strconv.FormatInt(entry, 10) + "-" + field + ".json"
}

// Write writes the site into a directory that does not exist yet, or is empty. It appears
// whole or not at all.
//
// Errors: Refused when there is something in the directory; those of disclose, when a
// value was erased meanwhile.
func Write(a *Annual, disclose Disclose, dir string) error {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return fault.Newf(fault.Refused, "%s is not empty", dir).WithFix("name another directory, or move this one away")
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	tmp, err := os.MkdirTemp(parent, ".duly-site-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	defer os.RemoveAll(tmp)
	if err := a.write(disclose, tmp); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	if err := os.Remove(dir); err != nil && !os.IsNotExist(err) {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	return nil
}

func (a *Annual) write(disclose Disclose, dir string) error {
	files := map[string]func(io.Writer) error{
		"annual.json":     a.json,
		"report.html":     func(out io.Writer) error { return report.HTML(a.Report, out) },
		"report.json":     func(out io.Writer) error { return report.JSON(a.Report, out) },
		"conditions.html": func(out io.Writer) error { return report.PublishedHTML(a.Conditions, out) },
		"conditions.json": func(out io.Writer) error { return encode(a.Conditions, out) },
		"checkpoint":      func(out io.Writer) error { _, err := io.WriteString(out, a.Report.Log.Checkpoint); return err },
	}
	for name, t := range pages {
		files[name] = func(out io.Writer) error { return page.Write(t, a, out) }
	}
	for _, c := range a.cells() {
		if name := c.Proof(); name != "" {
			proof, err := disclose(c.Entry, c.Field)
			if err != nil {
				return err
			}
			files[name] = func(out io.Writer) error { _, err := out.Write(proof.Encode()); return err }
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "proofs"), 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	for name, fill := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), fill); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, fill func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	return nil
}

// cells gives every cell of the site that may show something sealed.
func (a *Annual) cells() []Cell {
	var out []Cell
	for i := range a.Register.Lines {
		l := &a.Register.Lines[i]
		out = append(out, l.Agency, l.Place, l.Product, l.Capability, l.Purpose)
	}
	for i := range a.Policies {
		out = append(out, a.Policies[i].Title, a.Policies[i].Link)
	}
	return slices.DeleteFunc(out, func(c Cell) bool { return c.Entry == 0 })
}

// json writes the machine-readable annex: the year without the report and the
// conditions, which are files of their own.
func (a *Annual) json(out io.Writer) error {
	annex := *a
	annex.Report, annex.Conditions = nil, nil
	return encode(struct {
		*Annual
		Report     string     `json:"report"`
		Conditions string     `json:"conditions"`
		Log        report.Log `json:"log"`
	}{&annex, "report.json", "conditions.json", a.Report.Log}, out)
}

func encode(v any, out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the site")
	}
	return nil
}
