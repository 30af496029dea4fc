package bundle

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// release makes a directory of released schemas from documents.
func release(schemas ...*ledger.Schema) fstest.MapFS {
	fsys, sum := fstest.MapFS{}, ""
	for _, s := range schemas {
		fsys[s.Name()+".json"] = &fstest.MapFile{Data: append(s.Document(), '\n')}
		sum += s.Name() + " " + hexSum(s.Document()) + "\n"
	}
	fsys["schemas.sum"] = &fstest.MapFile{Data: []byte(sum)}
	return fsys
}

// showing makes a schema that shows the fields in clear, and one that it seals.
func showing(kind string, sealed string, public ...string) *ledger.Schema {
	s := &ledger.Schema{Kind: kind, Version: 1, Signers: signed[kind]}
	for _, name := range public {
		f := ledger.Field{Name: name, Class: ledger.Public, Type: ledger.TypeInt, Enum: []string{}}
		if name == sealed {
			f.Class = ledger.Legal
			s.Sealed = append(s.Sealed, f)
			continue
		}
		s.Public = append(s.Public, f)
	}
	return s
}

// TestPinnedFieldsCannotBeSealed protects outsiders (RS-06): whatever schema a
// company releases, outcomes stand in clear.
func TestPinnedFieldsCannotBeSealed(t *testing.T) {
	for kind, fields := range pinned {
		if _, err := ReadSchemas(release(showing(kind, "", fields...))); err != nil {
			t.Errorf("%s with all fields in clear: %v", kind, err)
		}
		for i, name := range fields {
			for what, s := range map[string]*ledger.Schema{
				"sealed":   showing(kind, name, fields...),
				"left out": showing(kind, "", append(append([]string{}, fields[:i]...), fields[i+1:]...)...),
			} {
				_, err := ReadSchemas(release(s))
				if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "may never be withheld") {
					t.Errorf("%s with %s %s: %v", kind, name, what, err)
				}
			}
		}
	}
	for kind, n := range signed {
		s := showing(kind, "", pinned[kind]...)
		s.Signers = n - 1
		if _, err := ReadSchemas(release(s)); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s without %d signatures: %v", kind, n, err)
		}
	}
}

// TestReleasedSchemasAreFrozen protects old logs from a schema that changes.
func TestReleasedSchemasAreFrozen(t *testing.T) {
	whole := func() fstest.MapFS { return release(itemKind.Schema(), ballotKind.Schema()) }
	if got, err := ReadSchemas(whole()); err != nil || len(got) != 2 {
		t.Fatalf("%d schemas, %v", len(got), err)
	}
	set := func(name, from, to string) func(fstest.MapFS) {
		return func(fsys fstest.MapFS) {
			fsys[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(fsys[name].Data), from, to, 1))}
		}
	}
	for name, change := range map[string]func(fstest.MapFS){
		"no sum":                 func(fsys fstest.MapFS) { delete(fsys, "schemas.sum") },
		"no document":            func(fsys fstest.MapFS) { delete(fsys, "item@1.json") },
		"a hash changed":         set("schemas.sum", hexSum(itemKind.Schema().Document())[:4], "0000"),
		"a name changed":         set("schemas.sum", "item@1", "ballot@1"),
		"a line without a hash":  set("schemas.sum", " ", ""),
		"a version changed":      set("item@1.json", `"version":1`, `"version":2`),
		"a class changed":        set("item@1.json", `"class":"customer"`, `"class":"personal"`),
		"a document with spaces": set("item@1.json", `,"kind"`, `, "kind"`),
		"a document cut short":   set("item@1.json", `}]`, ``),
	} {
		fsys := whole()
		change(fsys)
		if got, err := ReadSchemas(fsys); err == nil {
			t.Errorf("%s: %d schemas are read", name, len(got))
		}
	}
}

// TestTheDocumentNamesEveryPin protects whoever writes a verifier from docs/bundle.md:
// what this one holds schemas to stands there.
func TestTheDocumentNamesEveryPin(t *testing.T) {
	data, err := os.ReadFile("../../docs/bundle.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for kind, fields := range pinned {
		if row := "| " + kind + " | " + strings.Join(fields, ", ") + " |\n"; !strings.Contains(text, row) {
			t.Errorf("docs/bundle.md lacks the row %s", row)
		}
	}
	_, after, _ := strings.Cut(text, "### Who may sign")
	for kind := range signed {
		rights := " | " + strings.Join(decides[kind], ", ") + " | " + strings.Join(mayNot[kind], ", ") + " |\n"
		if !slices.ContainsFunc(strings.SplitAfter(after, "\n"), func(row string) bool {
			kinds, found := strings.CutSuffix(row, rights)
			return found && slices.Contains(strings.Split(strings.TrimPrefix(kinds, "| "), ", "), kind)
		}) {
			t.Errorf("docs/bundle.md does not say who signs a %s, as in %q", kind, rights)
		}
	}
}
