package intake

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
)

// MaxMapping is the largest mapping file that is read, in bytes.
const MaxMapping = 4 << 20

// ParseMapping reads a mapping. Every error names the line and the column; an
// unknown key is an error.
//
//	source: crm                      # the system's name
//	input:
//	  format: csv                    # csv, json (an array of objects) or jsonl
//	  delimiter: ";"                 # csv only; a comma when absent
//	  encoding: latin-1              # UTF-8 when absent
//	row_id: [Account, Change]        # columns that tell a row from the others
//	lookups:
//	  sector:
//	    default: unknown             # for what is not listed; blank when absent
//	    values:                      # result: texts of the source (a final * is any ending)
//	      policing: [POLICE, SHERIFF*]
//	records:
//	  buyer:                         # a label; references use it
//	    kind: customer
//	    identity:                    # one, or a list of all that may identify it
//	      key: [Agency, City, State] # composed; or {scheme: ori, column: ORI}; or name
//	    fields:
//	      kind: public_body          # a constant
//	      name: {column: Agency}
//	      sector: {column: Type, case: upper, lookup: sector}
//	  account:
//	    kind: account
//	    main: true                   # the record that the row is about
//	    identity: {scheme: crm-account, column: Account}
//	    fields:
//	      customer: {record: buyer}
//	      amount: {column: Total, money: ".", strip: ","}
//	      valid_from: {column: Since, date: [YYYY-MM-DD, M/D/YYYY]}
//
// A value has a column and steps, applied in this order whatever the order they
// are written in: white space at both ends is dropped; blank (texts that mean
// nothing is stated); strip (characters to drop); case (upper or lower); split
// (for lists); one of date, money (the decimal sign) and lookup; prefix. A record
// with require: [fields] is made only by rows that state those fields.
func ParseMapping(name string, data []byte) (*Mapping, error) {
	p := &parser{name: name, m: &Mapping{main: -1}}
	if len(data) > MaxMapping {
		return nil, fault.New(fault.Invalid, "the mapping is larger than 4 MiB", "").At(name, 0, "")
	}
	var document, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&document); err == io.EOF {
		return nil, fault.New(fault.Invalid, "the mapping is empty", "").At(name, 1, "")
	} else if err != nil {
		return nil, p.yamlError(err)
	}
	if err := d.Decode(&second); err != io.EOF {
		return nil, fault.New(fault.Invalid, "the mapping is followed by a second document", "").At(name, second.Line, "")
	}
	if err := p.mapping(document.Content[0]); err != nil {
		return nil, err
	}
	return p.m, nil
}

type parser struct {
	name string
	m    *Mapping
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func (p *parser) yamlError(err error) error {
	f := fault.New(fault.Invalid, "this is not valid YAML: "+strings.TrimPrefix(err.Error(), "yaml: "), "").At(p.name, 0, "")
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		f.Line, _ = strconv.Atoi(found[1])
		f.What = "this is not valid YAML: " + found[2]
	}
	return f
}

// bad makes an error at a node.
func (p *parser) bad(n *yaml.Node, format string, args ...any) *fault.Error {
	f := fault.New(fault.Invalid, fmt.Sprintf(format, args...), "").At(p.name, n.Line, "")
	f.Column = n.Column
	return f
}

// each walks a map, calling do for each key in the file's order.
func (p *parser) each(n *yaml.Node, do func(key, content *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return p.bad(n, "here should be a map")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "":
			return p.bad(key, "here should be a name")
		case seen[key.Value]:
			return p.bad(key, "the key %q stands twice", key.Value)
		case content.Kind == yaml.AliasNode || content.Anchor != "":
			return p.bad(content, "anchors and aliases are not used in mappings")
		}
		seen[key.Value] = true
		if err := do(key, content); err != nil {
			return err
		}
	}
	return nil
}

// known are the keys of a map and what is done with each.
type known map[string]func(*yaml.Node) error

// keys walks a map whose keys are all known.
func (p *parser) keys(n *yaml.Node, do known, required ...string) error {
	seen := map[string]bool{}
	err := p.each(n, func(key, content *yaml.Node) error {
		seen[key.Value] = true
		if do[key.Value] == nil {
			return p.bad(key, "%q is not a key that can stand here", key.Value).WithFix("use one of: " + do.names())
		}
		return do[key.Value](content)
	})
	if err != nil {
		return err
	}
	for _, r := range required {
		if !seen[r] {
			return p.bad(n, "the key %q is missing", r)
		}
	}
	return nil
}

func (k known) names() string {
	return strings.Join(slices.Sorted(maps.Keys(k)), ", ")
}

// text reads a scalar that is not empty.
func (p *parser) text(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
			return p.bad(n, "here should be a text")
		}
		*into = n.Value
		return nil
	}
}

// choice reads one of several words.
func (p *parser) choice(into *string, words ...string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || !slices.Contains(words, n.Value) {
			return p.bad(n, "here should be one of: %s", strings.Join(words, ", "))
		}
		*into = n.Value
		return nil
	}
}

// texts reads a text or a list of texts.
func (p *parser) texts(into *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		list := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			list = n.Content
		}
		for _, item := range list {
			var s string
			if err := p.text(&s)(item); err != nil {
				return err
			}
			*into = append(*into, s)
		}
		if len(*into) == 0 {
			return p.bad(n, "the list is empty")
		}
		return nil
	}
}

// keep keeps a node for later.
func keep(into **yaml.Node) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		*into = n
		return nil
	}
}

func (p *parser) mapping(n *yaml.Node) error {
	var rowID, lookups, records *yaml.Node
	err := p.keys(n, known{
		"source": p.text(&p.m.Source), "input": p.input,
		"row_id": keep(&rowID), "lookups": keep(&lookups), "records": keep(&records),
	}, "source", "input", "row_id", "records")
	if err != nil {
		return err
	}
	if lookups != nil {
		if err := p.each(lookups, p.lookup); err != nil {
			return err
		}
	}
	if p.m.rowID, err = p.parts(rowID, nil); err != nil {
		return err
	}
	if err := p.each(records, p.record); err != nil {
		return err
	}
	if p.m.main < 0 {
		return p.bad(records, "no record is marked main: true")
	}
	return nil
}

func (p *parser) input(n *yaml.Node) error {
	delimiter, encoding := "", "utf-8"
	err := p.keys(n, known{
		"format": p.choice(&p.m.Input.Kind, "csv", "json", "jsonl"), "delimiter": p.text(&delimiter),
		"encoding": p.choice(&encoding, "utf-8", "latin-1"),
	}, "format")
	if err != nil {
		return err
	}
	p.m.Input.Latin1 = encoding == "latin-1"
	if p.m.Input.Kind != "csv" {
		if delimiter != "" {
			return p.bad(n, "only csv has a delimiter")
		}
		return nil
	}
	p.m.Input.Delimiter = ','
	if delimiter != "" {
		if len(delimiter) != 1 || strings.ContainsAny(delimiter, "\"\r\n ") || delimiter[0] >= 0x80 {
			return p.bad(n, "the delimiter is one character of ASCII, not a quote or a space")
		}
		p.m.Input.Delimiter = delimiter[0]
	}
	return nil
}

func (p *parser) lookup(key, n *yaml.Node) error {
	l := &lookup{index: len(p.m.lookups), name: key.Value, exact: map[string]string{}}
	prefixes := map[string]bool{}
	results := func(key, n *yaml.Node) error {
		var texts []string
		if err := p.texts(&texts)(n); err != nil {
			return err
		}
		for _, t := range texts {
			start, open := strings.CutSuffix(t, "*")
			if _, twice := l.exact[t]; twice || prefixes[t] {
				return p.bad(n, "%q is listed twice", t)
			}
			if open {
				prefixes[t] = true
				l.prefixes = append(l.prefixes, prefix{start, key.Value})
			} else {
				l.exact[t] = key.Value
			}
		}
		return nil
	}
	err := p.keys(n, known{
		"default": p.text(&l.fallback),
		"values":  func(n *yaml.Node) error { return p.each(n, results) },
	}, "values")
	slices.SortFunc(l.prefixes, func(a, b prefix) int {
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return strings.Compare(a.text, b.text)
	})
	p.m.lookups = append(p.m.lookups, l)
	return err
}

// results lists what a lookup can give.
func (l *lookup) results() []string {
	var list []string
	for _, r := range l.exact {
		list = append(list, r)
	}
	for _, x := range l.prefixes {
		list = append(list, x.result)
	}
	if l.fallback != "" {
		list = append(list, l.fallback)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// column gives the index of a column, adding it.
func (p *parser) column(name string) int {
	if i := slices.Index(p.m.columns, name); i >= 0 {
		return i
	}
	p.m.columns = append(p.m.columns, name)
	return len(p.m.columns) - 1
}

// value reads a value: a constant, or a map with a column or a record. With bare
// set, a plain text is the name of a column. extra takes further keys.
func (p *parser) value(n *yaml.Node, bare bool, extra known) (value, error) {
	v := value{column: -1, record: -1}
	if n.Kind == yaml.ScalarNode {
		var s string
		if err := p.text(&s)(n); err != nil {
			return v, err
		}
		if bare {
			v.column, v.label = p.column(s), s
		} else {
			v.constant = s
		}
		return v, nil
	}
	column, reference, money, table := "", "", "", ""
	do := known{
		"column": p.text(&column), "blank": p.texts(&v.blank), "strip": p.text(&v.strip),
		"case": p.choice(&v.fold, "upper", "lower"), "split": p.text(&v.split), "date": p.texts(&v.dates),
		"money": p.choice(&money, ".", ","), "lookup": p.text(&table), "prefix": p.text(&v.prefix),
	}
	if !bare {
		do["record"] = p.text(&reference)
	}
	maps.Copy(do, extra)
	if err := p.keys(n, do); err != nil {
		return v, err
	}
	if reference != "" {
		v.record = slices.IndexFunc(p.m.records, func(r *recordDef) bool { return r.label == reference })
		switch {
		case v.record < 0:
			return v, p.bad(n, "no record %q stands above", reference)
		case len(n.Content) != 2:
			return v, p.bad(n, "a reference to a record has no other keys")
		}
		return v, nil
	}
	if column == "" {
		return v, p.bad(n, "the value names no column")
	}
	v.column, v.label = p.column(column), column
	return v, p.steps(n, &v, money, table)
}

// steps checks what a value does with its text.
func (p *parser) steps(n *yaml.Node, v *value, money, table string) error {
	if money != "" {
		v.decimal = money[0]
	}
	if table != "" {
		i := slices.IndexFunc(p.m.lookups, func(l *lookup) bool { return l.name == table })
		if i < 0 {
			return p.bad(n, "there is no lookup %q", table)
		}
		v.lookup = p.m.lookups[i]
	}
	if (money != "" && v.dates != nil) || (v.lookup != nil && (money != "" || v.dates != nil)) {
		return p.bad(n, "a value is at most one of date, money and lookup")
	}
	for _, form := range v.dates {
		if !strings.Contains(form, "YY") || strings.ContainsFunc(form, func(r rune) bool {
			return r >= 0x80 || r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		}) {
			return p.bad(n, "%q is not a form of dates: use YYYY or YY, MM or M, DD or D", form)
		}
	}
	return nil
}

// parts reads the values of a row id or a key: a list of columns or values. names
// takes the name of each part.
func (p *parser) parts(n *yaml.Node, names *[]string) ([]value, error) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var out []value
	for _, item := range list {
		part := ""
		v, err := p.value(item, true, known{"part": p.text(&part)})
		if err != nil {
			return nil, err
		}
		if part == "" {
			part = partName(v.label)
		}
		if names != nil {
			if !validScheme(part) || slices.Contains(*names, part) {
				return nil, p.bad(item, "the parts of a key need different names of small letters; give this one with part:")
			}
			*names = append(*names, part)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, p.bad(n, "the list is empty")
	}
	return out, nil
}

var notLetters = regexp.MustCompile(`[^a-z0-9]+`)

// partName makes the name of a key's part from its column's.
func partName(column string) string {
	return strings.Trim(notLetters.ReplaceAllString(strings.ToLower(column), "_"), "_")
}

var scheme = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,39}$`)

func validScheme(s string) bool { return scheme.MatchString(s) }
