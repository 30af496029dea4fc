package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
)

// Limits of a pack file.
const (
	MaxSize  = 1 << 20 // bytes
	maxDepth = 32      // nesting of mappings and lists
)

// The kinds of packs.
const (
	Method     = "method"      // how a deployment is rated
	Triage     = "triage"      // into which lane an account goes
	Conditions = "conditions"  // what a customer may do, and how it is noticed
	Ownership  = "ownership"   // from which share on an owner's listing counts for what is owned
	Framework  = "framework"   // what a text asks for (law, guidance, principles), item by item
	Index      = "index"       // how a published index of countries or agencies becomes facts
	Casework   = "casework"    // what opens a case, and within how many days it is due
	Log        = "log"         // how the rows of a log of use, or of a meter, become events
	Attest     = "attestation" // what a customer is asked about the keeping of conditions
	Retention  = "retention"   // how long what is sealed is kept
	Controls   = "controls"    // what a due-diligence process is tested against, control by control
)

var kinds = []string{Method, Triage, Conditions, Ownership, Framework, Index, Casework, Log, Attest, Retention, Controls}

// Statuses say who stands behind a pack.
var statuses = []string{"law", "proposed", "guidance", "soft_law", "civil_society", "vendor_term", "project"}

// Pack is one file: its header, and its body behind [Pack.Decode].
type Pack struct {
	ID            string // unique with its version, for example "rm-1"
	Kind          string // Method, Triage, Conditions, Ownership, Framework, Index, Casework, Log, Attest, Retention or Controls
	Version       string
	Title         string
	Status        string // law, proposed, guidance, soft_law, civil_society, vendor_term or project
	Issued        string // the day it was issued, YYYY-MM-DD; may be empty
	EffectiveFrom string // first day it holds for, YYYY-MM-DD; may be empty
	EffectiveTo   string // last day it holds for, YYYY-MM-DD; may be empty
	Checked       string // the day on which a person last compared it with its sources, YYYY-MM-DD; may be empty
	Recheck       string // from this day on it is stale until somebody compares again, YYYY-MM-DD; may be empty
	License       string
	Sources       []Source

	Path  string // where it was read from, for messages
	Hash  string // SHA-256 of Bytes in hex: the pack's identity
	Bytes []byte // the exact bytes of the file

	root *yaml.Node
}

// Source is what a pack rests on.
type Source struct {
	Title string `yaml:"title,required"`
	Ref   string `yaml:"ref,required"`   // an address or a citation that can be found
	Grade string `yaml:"grade,required"` // verified (the text was read) or unverified
}

type header struct {
	ID            string   `yaml:"id,required"`
	Kind          string   `yaml:"kind,required"`
	Version       string   `yaml:"version,required"`
	Title         string   `yaml:"title,required"`
	Status        string   `yaml:"status,required"`
	Issued        string   `yaml:"issued"`
	EffectiveFrom string   `yaml:"effective_from"`
	EffectiveTo   string   `yaml:"effective_to"`
	Checked       string   `yaml:"checked"`
	Recheck       string   `yaml:"recheck"`
	License       string   `yaml:"license"`
	Sources       []Source `yaml:"sources"`
}

var (
	idRE   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	lineRE = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)
)

// Parse reads one pack and checks its header. The path is only used in messages.
// Every fault is a *fault.Error that names the file, the line and the column.
func Parse(path string, data []byte) (*Pack, error) {
	if len(data) > MaxSize {
		return nil, fault.Newf(fault.Invalid, "the pack has %d bytes, more than %d", len(data), MaxSize).
			At(path, 0, "").WithFix("split it")
	}
	sum := sha256.Sum256(data)
	p := &Pack{Path: path, Hash: hex.EncodeToString(sum[:]), Bytes: slices.Clone(data)}
	if err := p.load(); err != nil {
		return nil, err
	}
	var h header
	if err := p.decodeHeader(&h); err != nil {
		return nil, err
	}
	p.ID, p.Kind, p.Version, p.Title, p.Status = h.ID, h.Kind, h.Version, h.Title, h.Status
	p.Issued, p.EffectiveFrom, p.EffectiveTo, p.License, p.Sources = h.Issued, h.EffectiveFrom, h.EffectiveTo, h.License, h.Sources
	p.Checked, p.Recheck = h.Checked, h.Recheck
	if err := p.checkHeader(); err != nil {
		return nil, err
	}
	return p, nil
}

// Plain reads a YAML or JSON file that is no pack into the struct that into points to,
// as strictly as a pack: what [Pack.Decode] and [Parse] refuse is refused, a header is
// not asked for. What it gives only tells places in the file.
func Plain(path string, data []byte, into any) (*Pack, error) {
	if len(data) > MaxSize {
		return nil, fault.Newf(fault.Invalid, "the file has %d bytes, more than %d", len(data), MaxSize).
			At(path, 0, "").WithFix("split it")
	}
	p := &Pack{Path: path, Bytes: slices.Clone(data)}
	if err := p.load(); err != nil {
		return nil, err
	}
	if err := p.decodeStruct(p.root, reflect.ValueOf(into).Elem(), nil); err != nil {
		return nil, err
	}
	return p, nil
}

// load parses the YAML and refuses what no pack may hold.
func (p *Pack) load() error {
	dec := yaml.NewDecoder(bytes.NewReader(p.Bytes))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Invalid, "the file is empty", "").At(p.Path, 1, "")
		}
		return p.syntax(err)
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		return p.at(&second, "one document is read, and a second one starts here", "keep it in a file of its own")
	case !errors.Is(err, io.EOF):
		return p.syntax(err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return p.at(&doc, "this is not a mapping of keys to values", "write one key: value per line; a pack starts with id, kind, version, title and status")
	}
	p.root = doc.Content[0]
	return p.check(p.root, 0)
}

func (p *Pack) syntax(err error) error {
	m := lineRE.FindStringSubmatch(err.Error())
	if m == nil {
		return fault.Wrap(fault.Invalid, err, "this is not YAML").At(p.Path, 0, "")
	}
	line, _ := strconv.Atoi(m[1])
	return fault.Newf(fault.Invalid, "this is not YAML: %s", m[2]).At(p.Path, max(line, 1), "")
}

// check walks the tree once: depth, anchors, aliases, keys.
func (p *Pack) check(n *yaml.Node, depth int) error {
	switch {
	case depth > maxDepth:
		return p.at(n, fmt.Sprintf("values are nested more than %d deep", maxDepth), "")
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return p.at(n, "anchors and aliases (& and *) are not read", "write the value out")
	}
	seen := map[string]int{}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if c.Kind != yaml.ScalarNode || c.ShortTag() == "!!null" || c.ShortTag() == "!!merge" {
				return p.at(c, "this cannot be a key", "use a plain word")
			}
			if line, ok := seen[c.Value]; ok {
				return p.at(c, fmt.Sprintf("the key %q stands twice here, first in line %d", c.Value, line), "keep one of them")
			}
			seen[c.Value] = c.Line
		}
		if err := p.check(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pack) checkHeader() error {
	switch {
	case !idRE.MatchString(p.ID):
		return p.Fault(fmt.Sprintf("%q cannot be a pack's id", p.ID), "use small letters, digits, dots and hyphens", "id")
	case !slices.Contains(kinds, p.Kind):
		return p.Fault(fmt.Sprintf("%q is not a kind of pack", p.Kind), "use one of "+strings.Join(kinds, ", "), "kind")
	case !slices.Contains(statuses, p.Status):
		return p.Fault(fmt.Sprintf("%q is not a status", p.Status), "use one of "+strings.Join(statuses, ", "), "status")
	case p.Version == "" || p.Title == "":
		return p.Fault("a pack needs a version and a title", "", "version")
	}
	for _, d := range []struct{ key, value string }{
		{"issued", p.Issued}, {"effective_from", p.EffectiveFrom}, {"effective_to", p.EffectiveTo},
		{"checked", p.Checked}, {"recheck", p.Recheck},
	} {
		if _, err := time.Parse(time.DateOnly, d.value); err != nil && d.value != "" {
			return p.Fault(fmt.Sprintf("%q is not a date", d.value), "write it as YYYY-MM-DD", d.key)
		}
	}
	if p.EffectiveTo != "" && p.EffectiveTo < p.EffectiveFrom {
		return p.Fault("the pack ends before it begins", "", "effective_to")
	}
	if p.Recheck != "" && p.Recheck <= p.Checked {
		return p.Fault("the day to check again is not after the day of the last check", "give a later day", "recheck")
	}
	for i, s := range p.Sources {
		if s.Grade != "verified" && s.Grade != "unverified" {
			return p.Fault(fmt.Sprintf("%q is not a grade of a source", s.Grade), "use verified or unverified", "sources", i, "grade")
		}
	}
	return nil
}

// Stale says whether on a day (YYYY-MM-DD) the pack must be compared with its
// sources again. A pack that names no day to do so is never stale.
func (p *Pack) Stale(day string) bool { return p.Recheck != "" && day >= p.Recheck }

// ReadDir reads every .yaml file under root, in order of path, or root itself if
// it is a file. Two packs of the same kind, id and version are a fault. It stops
// at the first fault and then gives no pack.
func ReadDir(fsys fs.FS, root string) ([]*Pack, error) {
	var packs []*Pack
	seen := map[string]string{}
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(err, name)
		}
		if d.IsDir() || name != root && path.Ext(name) != ".yaml" {
			return nil
		}
		if !d.Type().IsRegular() {
			return fault.New(fault.Invalid, "a pack must be a plain file, not a link or a device", "copy it here").At(name, 0, "")
		}
		p, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		key := p.Kind + " " + p.ID + " " + p.Version
		if first, ok := seen[key]; ok {
			return p.Fault(fmt.Sprintf("%s is already in %s", key, first), "give it another id or version", "id")
		}
		seen[key] = name
		packs = append(packs, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return packs, nil
}

func readFile(fsys fs.FS, name string) (*Pack, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, unreadable(err, name)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, unreadable(err, name)
	}
	return Parse(name, data)
}

func unreadable(err error, name string) error {
	code := fault.Failed
	if errors.Is(err, fs.ErrNotExist) {
		code = fault.NotFound
	}
	return fault.Wrap(code, err, "cannot read packs").At(name, 0, "")
}

// TestResult is the outcome of one of a pack's own tests.
type TestResult struct {
	Name   string
	OK     bool
	Detail string // what was expected and what came; empty when OK
	Line   int    // of the test in the pack
}

// Runner runs the tests that a pack of one kind holds. A pack that does not load
// is one failed result.
type Runner func(p *Pack) []TestResult

// Test runs the pack's tests by the runner of its kind. A kind that nobody runs
// is a fault: untested is not passed.
func (p *Pack) Test(runners map[string]Runner) ([]TestResult, error) {
	run, ok := runners[p.Kind]
	if !ok {
		return nil, fault.Newf(fault.Invalid, "nothing here runs the tests of packs of kind %s", p.Kind).At(p.Path, 0, "")
	}
	return run(p), nil
}
