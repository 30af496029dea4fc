package watchlist

import (
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

// The columns of OFAC's files, in order. They have no header. Source: OFAC's
// data specification of the "legacy" delimited files.
var (
	sdnColumns     = []string{"ent_num", "SDN_Name", "SDN_Type", "Program", "Title", "Call_Sign", "Vess_type", "Tonnage", "GRT", "Vess_flag", "Vess_owner", "Remarks"}
	altColumns     = []string{"ent_num", "alt_num", "alt_type", "alt_name", "alt_remarks"}
	addColumns     = []string{"ent_num", "add_num", "address", "city", "country", "add_remarks"}
	commentColumns = []string{"ent_num", "remarks"}
)

const (
	sdnName    = "OFAC SDN"
	nonSDNName = "OFAC Non-SDN"
)

// readOFAC reads OFAC's SDN list or its consolidated list of others: from a
// directory with the CSV files, or from the official XML, plain or advanced. The
// non-SDN list has the same columns in files named cons_prim.csv, cons_alt.csv,
// cons_add.csv and cons_comments.csv, and is read where sdn.csv is missing.
func readOFAC(s *source) (*List, error) {
	s.list.License = "public domain (work of the US government)"
	s.list.Name = sdnName
	files := []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"}
	if s.root == nil || !s.has("sdn.csv") {
		switch xmls, _ := s.named(".xml"); {
		case s.root == nil || len(xmls) > 0 && !s.has("cons_prim.csv"):
			return readOFACXML(s)
		case s.has("cons_prim.csv"):
			s.list.Name = nonSDNName
			files = []string{"cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv"}
		}
	}
	b := &ofac{source: s, byID: make(map[string]int)}
	if err := b.each("entry", files[0], sdnColumns, b.entry); err != nil {
		return nil, err
	}
	if err := b.each("comment", files[3], commentColumns, b.comment); err != nil {
		return nil, err
	}
	for i := range s.list.Entities {
		readRemarks(&s.list.Entities[i])
	}
	s.list.link()
	if err := b.each("alias", files[1], altColumns, b.alias); err != nil {
		return nil, err
	}
	return s.list, b.each("address", files[2], addColumns, b.address)
}

// has says whether the directory has a file.
func (s *source) has(name string) bool {
	_, err := s.root.Lstat(name) // a link that leads out is there too, and refused when it is opened
	return err == nil
}

// ofac joins the files of the list by ent_num.
type ofac struct {
	*source
	byID    map[string]int // ent_num to the index in list.Entities
	reading string         // path of the file that is being read
}

// each reads a file and gives each good row to use, with "-0-" as "". Only the
// file of entries must be there.
func (b *ofac) each(part, name string, columns []string, use func(row) *fault.Error) error {
	f, err := b.open(name)
	if errors.Is(err, fs.ErrNotExist) && part != "entry" {
		return nil
	}
	if err != nil {
		return err
	}
	b.reading = f.path
	reader := newRows(f, len(columns))
	for {
		rec, err := reader.next()
		if err == io.EOF {
			return b.close(f)
		}
		if err != nil {
			f.disk.Close()
			return err
		}
		bad := rec.fault
		if bad == nil && len(rec.fields) != len(columns) {
			bad = fault.Newf(fault.Invalid, "the row has %d columns instead of %d", len(rec.fields), len(columns)).At("", 0, columns[min(len(rec.fields), len(columns)-1)])
		}
		if bad == nil {
			for i, v := range rec.fields {
				if rec.fields[i] = strings.TrimSpace(v); rec.fields[i] == "-0-" {
					rec.fields[i] = ""
				}
			}
			bad = use(rec)
		}
		if bad != nil {
			if err := b.reject(part, bad.At(f.path, rec.line, ""), rec.raw); err != nil {
				f.disk.Close()
				return err
			}
		}
	}
}

func (b *ofac) entry(rec row) *fault.Error {
	v := rec.fields
	if !isDigits(v[0]) {
		return fault.Newf(fault.Invalid, "%q is not an entry number", clip(v[0])).At("", 0, "ent_num")
	}
	if v[1] == "" {
		return fault.New(fault.Invalid, "the entry has no name", "").At("", 0, "SDN_Name")
	}
	if _, twice := b.byID[v[0]]; twice {
		return fault.Newf(fault.Invalid, "the entry number %s comes twice", v[0]).At("", 0, "ent_num")
	}
	e := Entity{SourceID: v[0], List: b.list.Name, Name: v[1], Title: v[4], Remarks: v[11], References: []Reference{{"OFAC", v[0]}}}
	switch v[2] {
	case "":
		e.Kind = names.Organization
	case "individual":
		e.Kind = names.Person
	case "vessel", "aircraft":
		e.Kind = names.Vessel
	default:
		return fault.Newf(fault.Invalid, "%q is not a type of entry", clip(v[2])).At("", 0, "SDN_Type")
	}
	for p := range strings.SplitSeq(v[3], "] [") {
		if p = strings.Trim(p, "[] "); p != "" {
			e.Programs = append(e.Programs, p)
		}
	}
	if v[5] != "" {
		e.Identifiers = append(e.Identifiers, Identifier{Type: "Call sign", Value: v[5]})
	}
	e.addCountry(v[9])
	b.byID[v[0]] = len(b.list.Entities)
	b.list.Entities = append(b.list.Entities, e)
	return nil
}

// owner gives the entity that a row of another file belongs to, or records that
// there is none.
func (b *ofac) owner(rec row, what string) *Entity {
	if i, ok := b.byID[rec.fields[0]]; ok {
		return &b.list.Entities[i]
	}
	b.orphan(what, fault.Newf(fault.Invalid, "the %s belongs to entry %s, which the list does not have", what, clip(rec.fields[0])).
		At(b.reading, rec.line, "ent_num"), rec.raw)
	return nil
}

func (b *ofac) alias(rec row) *fault.Error {
	if rec.fields[3] == "" {
		return fault.New(fault.Invalid, "the alias has no name", "").At("", 0, "alt_name")
	}
	if e := b.owner(rec, "alias"); e != nil {
		e.addAlias(rec.fields[3], false)
	}
	return nil
}

func (b *ofac) address(rec row) *fault.Error {
	e := b.owner(rec, "address")
	if e == nil {
		return nil
	}
	a := Address{Text: joinNonEmpty(", ", rec.fields[2], rec.fields[3]), Country: countryCode(rec.fields[4])}
	if a != (Address{}) {
		e.Addresses = append(e.Addresses, a)
		e.addCountry(rec.fields[4])
	}
	return nil
}

// comment continues remarks that were longer than the main file allows: the
// text goes on in the middle of a word.
func (b *ofac) comment(rec row) *fault.Error {
	if e := b.owner(rec, "comment"); e != nil {
		e.Remarks += rec.fields[1]
	}
	return nil
}

// numbered finds an identifier in a statement of the remarks: what it is called,
// its value, which has a digit, and the country in brackets.
var numbered = regexp.MustCompile(`^(Passport|SSN|MMSI|NIT|RUC|License|SWIFT/BIC|R\.F\.C\.|D\.N\.I\.|C\.U\.I\.T?\.?|Vessel Registration Identification IMO|` +
	`Aircraft Tail Number|Digital Currency Address - \w+|[A-Z][\w./' ]*? (?:No\.|Number|ID|Code|Identification)(?: \(MSN\)| No\.| Number)?):? ` +
	`([^()]*\d[^()]*?)(?: \(([^()]+)\).*)?$`)

// readRemarks takes aliases, dates of birth, nationalities and identifiers out
// of OFAC's free text, whose statements are parted by semicolons. Names that
// stand only there in quotes are what OFAC calls weak aliases.
func readRemarks(e *Entity) {
	for statement := range strings.SplitSeq(e.Remarks, ";") {
		statement = strings.TrimSuffix(strings.TrimSpace(statement), ".")
		statement = strings.TrimPrefix(statement, "alt. ")
		key, value, _ := strings.Cut(statement, " ")
		switch key {
		case "a.k.a.", "f.k.a.", "n.k.a.":
			e.addAlias(strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'")), true)
		case "DOB":
			e.addBirth(value)
		case "POB":
			e.addBirthPlace("", value)
		case "Gender":
			e.setGender(value)
		case "nationality", "citizen":
			e.addCountry(value)
		case "Organization", "Target":
			if kind, value, ok := strings.Cut(statement, " Type"); ok {
				e.addClass(kind+" Type", value)
			}
		default:
			if m := numbered.FindStringSubmatch(statement); m != nil {
				e.addIdentifier(m[1], strings.TrimSpace(m[2]), m[3])
			}
		}
	}
}

// addClass keeps how OFAC classes an organisation ("Organization Type: Defense
// activities", "Target Type: Government Entity"), from which topics follow.
func (e *Entity) addClass(kind, value string) {
	e.Bases = addText(e.Bases, kind+": "+strings.TrimLeft(value, ": "))
}

// linkedTo finds how OFAC names a party that an entry is listed for.
var linkedTo = regexp.MustCompile(`(?:^|[;(] ?)Linked To: ([^;]+?)\)?\.?(?:;|$)`)

// link turns "Linked To: NAME" into edges where exactly one entry of the list has
// that main name.
func (l *List) link() {
	byName := make(map[string]string, len(l.Entities))
	for i := range l.Entities {
		e := &l.Entities[i]
		if _, twice := byName[e.Name]; twice {
			byName[e.Name] = ""
			continue
		}
		byName[e.Name] = e.SourceID
	}
	for i := range l.Entities {
		e := &l.Entities[i]
		for _, m := range linkedTo.FindAllStringSubmatch(e.Remarks, -1) {
			if to := byName[m[1]]; to != "" && to != e.SourceID {
				l.Edges = append(l.Edges, Edge{Kind: "link", From: e.SourceID, To: to, Role: "Linked To"})
			}
		}
	}
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// clip bounds what an error quotes.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

func joinNonEmpty(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
