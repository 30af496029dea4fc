package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/fault"
)

const small = `source: crm
input: {format: csv}
row_id: [id]
lookups:
  sector: {values: {policing: [police]}}
records:
  buyer:
    kind: customer
    identity: {key: [agency, state]}
    fields:
      name: {column: agency}
      sector: {column: type, lookup: sector}
  account:
    kind: account
    main: true
    identity: {scheme: crm, column: id}
    fields:
      customer: {record: buyer}
      amount: {column: total, money: "."}
`

// Every mistake in a mapping is found before a row is read, and its place named.
func TestParseErrors(t *testing.T) {
	if _, err := ParseMapping("m.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{small, "", "m.yaml:1: the mapping is empty"},
		{small, "- a\n", "m.yaml:1:1: here should be a map"},
		{small, "a: [\n", "this is not valid YAML"},
		{small, small + "---\na: b\n", "second document"},
		{"source: crm", "sauce: crm", `m.yaml:1:1: "sauce" is not a key that can stand here; use one of: input, lookups, records, row_id, source`},
		{"source: crm\n", "source: crm\nsource: x\n", `m.yaml:2:1: the key "source" stands twice`},
		{"row_id: [id]\n", "", `the key "row_id" is missing`},
		{"format: csv", "format: xls", "m.yaml:2:17: here should be one of: csv, json, jsonl"},
		{"{format: csv}", "{format: json, delimiter: ;}", "only csv has a delimiter"},
		{"{format: csv}", "{format: csv, delimiter: ab}", "one character"},
		{"{format: csv}", "&x {format: csv}", "anchors"},
		{"kind: customer", "kind: buyer", `there is no kind "buyer"; use one of: account, claim, content_sample, contract, customer`},
		{"name: {column", "nmae: {column", `m.yaml:11:7: a customer has no field "nmae"`},
		{"name: {column", "source_ref: {column", "has no field"},
		{"lookup: sector", "lookup: sektor", `m.yaml:12:15: there is no lookup "sektor"`},
		{"{policing: [police]}", "{police: [police]}", `"police" cannot be the value of sector`},
		{"{policing: [police]}", "{policing: [police, police]}", "listed twice"},
		{"{record: buyer}", "{record: seller}", `no record "seller" stands above`},
		{"{record: buyer}", "{record: account}", "stands above"},
		{"customer: {record", "amount: {record", "amount is not a reference"},
		{"customer: {record: buyer}", "amount: 1", "stands twice"},
		{`{column: total, money: "."}`, `{record: buyer}`, "amount is not a reference"},
		{`money: "."`, `money: ";"`, "here should be one of: ., ,"},
		{`money: "."`, `money: ".", date: YYYY`, "at most one of"},
		{`money: "."`, `date: YYYY`, "amount is not a date"},
		{`money: "."`, `split: ","`, "cannot be split"},
		{`name: {column: agency}`, `name: {column: agency, money: "."}`, "name is not an amount"},
		{`name: {column: agency}`, `name: {}`, "names no column"},
		{`name: {column: agency}`, `name: ""`, "here should be a text"},
		{`name: {column: agency}`, `name: [x]`, "here should be a map"},
		{"main: true", "main: false", "no record is marked main"},
		{"main: true", "main: true\n    require: [amount]", "made by every row"},
		{"kind: customer\n", "kind: customer\n    require: [place]\n", `requires "place"`},
		{"{key: [agency, state]}", "{key: [agency, agency]}", "different names"},
		{"{key: [agency, state]}", "{scheme: Big One, column: agency}", "small letters"},
		{"{key: [agency, state]}", "[]", "no identity"},
		{"{scheme: crm, column: id}", "name", "only a customer"},
		{"{scheme: crm, column: id}", "[{scheme: crm, column: id}, {key: [id]}]", "only a customer has several"},
	} {
		_, err := ParseMapping("m.yaml", []byte(strings.Replace(small, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v\nwant %s", c.new, err, c.want)
		}
	}
}

// The shipped examples are read, and every lookup result fits its vocabulary.
func TestExamples(t *testing.T) {
	names, err := filepath.Glob("../../examples/mappings/*.yaml")
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseMapping(name, data); err != nil {
			t.Error(err)
		}
	}
}

// Two mappings that write a key's parts in another order mean the same key.
func TestKeyOrder(t *testing.T) {
	scheme := func(key string) string {
		m, err := ParseMapping("m.yaml", []byte(strings.Replace(small, "[agency, state]", key, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return m.records[0].identities[0].scheme
	}
	if a, b := scheme("[agency, state, city]"), scheme("[agency, {column: Town, part: city}, state]"); a != b || a != "key(agency+city+state)" {
		t.Error(a, b)
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("source: a\ninput: {format: jsonl}\nrow_id: x\nrecords: {a: {kind: fact, main: true, identity: {key: [x]}, fields: {fact: y, value: {column: z}}}}"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("{a: {b: [}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMapping("m.yaml", data)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", data, err)
			}
			return
		}
		// What was accepted can read a row.
		row := row{line: 2, values: make([]string, len(m.columns))}
		for i := range row.values {
			row.values[i] = "1"
		}
		m.read(row, nil)
	})
}
