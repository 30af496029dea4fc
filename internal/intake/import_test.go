package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

const salesMapping = `
source: crm
input: {format: csv}
row_id: [account, change]
lookups:
  sector: {default: unknown, values: {policing: [police], schools: [school]}}
  capability: {values: {plate_reader: [plates], other: [chairs]}}
records:
  buyer:
    kind: customer
    identity: {key: [agency, city, state]}
    fields:
      name: {column: agency}
      sector: {column: type, lookup: sector}
      jurisdiction: {column: state}
  product:
    kind: product
    identity: {scheme: crm-product, column: product}
    require: [intended]
    fields:
      name: {column: product}
      intended: {column: product, lookup: capability}
  account:
    kind: account
    main: true
    identity: {scheme: crm-account, column: account}
    fields:
      customer: {record: buyer}
      product: {record: product}
      name: {column: account}
      amount: {column: total, money: "."}
      valid_from: {column: since, date: YYYY-MM-DD}
`

const salesHeader = "account,change,agency,city,state,type,product,total,since\n"

func mapping(t testing.TB, text string) *intake.Mapping {
	t.Helper()
	m, err := intake.ParseMapping("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func file(t testing.TB, text string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "intake")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	name := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// bring imports text and gives the outcomes as "rows created revised same ambiguous rejected".
func bring(t testing.TB, db *store.DB, m *intake.Mapping, text string, change ...func(*intake.Options)) (*intake.Report, string) {
	t.Helper()
	o := intake.Options{Received: "2026-11-01"}
	for _, c := range change {
		c(&o)
	}
	r, err := intake.Import(context.Background(), db, actor, m, []string{file(t, text)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, fmt.Sprint(r.Rows, r.Created, r.Revised, r.Same, r.Ambiguous, r.Rejected)
}

func all[T any](t testing.TB, list []*store.Revision[T], err error) []*store.Revision[T] {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func customers(t testing.TB, db *store.DB) []*store.Revision[register.Customer] {
	list, err := store.Select(context.Background(), db, register.Customers, "")
	return all(t, list, err)
}

func accounts(t testing.TB, db *store.DB) []*store.Revision[register.Account] {
	list, err := store.Select(context.Background(), db, register.Accounts, "")
	return all(t, list, err)
}

func questions(t testing.TB, db *store.DB) []*store.Revision[intake.Ambiguity] {
	list, err := store.Select(context.Background(), db, intake.Ambiguities, "")
	return all(t, list, err)
}

// The whole path on both engines: records, references, money, spine, rejects, and
// a second import that changes nothing.
func TestImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db, m, ctx := openStore(t, dsn), mapping(t, salesMapping), context.Background()
		if err := db.Begin(ctx, "example.org/log", actor, &store.Epoch{Number: 1}); err != nil {
			t.Fatal(err)
		}
		text := salesHeader +
			"A1,0,Oak Police,Oak,VA,police,plates,100.50,2025-02-01\n" +
			"A2,0,Oak School,Oak,VA,school,lamps,-20,2025-02-02\n" +
			"A3,0,Oak Police,Oak,VA,police,chairs,12.345,2025-02-03\n" + // a third decimal
			"A1,1,oak  police,Oak,VA,police,plates,7,2025-03-01\n" +
			"A2,0,Oak School,Oak,VA,school,lamps,-20,2025-02-02\n"
		var rejects bytes.Buffer
		r, got := bring(t, db, m, text, func(o *intake.Options) { o.Rejects = &rejects })
		if got != "5 2 1 1 0 1" {
			t.Fatal(got)
		}
		if want := (register.Spine{Accounts: 5, Net: 6750 + 0, Gross: 14750, NoCustomer: 1, NoProduct: 3, Unmapped: 3,
			UnmappedNet: -4000, UnmappedGross: 4000, WithoutAmount: 1, UnmappedBlank: 1}); *r.Spine != want {
			t.Errorf("spine %+v", *r.Spine)
		}
		var line map[string]any
		if err := json.Unmarshal(rejects.Bytes(), &line); err != nil || line["line"] != 4.0 || line["field"] != "total" ||
			line["row"] != "A3,0,Oak Police,Oak,VA,police,chairs,12.345,2025-02-03" || !strings.HasSuffix(line["file"].(string), "rows.csv") {
			t.Errorf("rejects: %s", rejects.String())
		}
		who := map[string]*register.Customer{}
		for _, c := range customers(t, db) {
			who[c.ID] = c.Record
		}
		for _, a := range accounts(t, db) {
			buyer := who[a.Record.Customer]
			switch a.Record.Name {
			case "A1":
				if a.Rev != 2 || *a.Record.Amount != 700 || buyer.Name != "Oak Police" || buyer.Sector != "policing" || a.Record.Product == "" || a.Record.ValidFrom != "2025-03-01" {
					t.Errorf("A1: %+v", a.Record)
				}
			case "A2":
				if *a.Record.Amount != -2000 || buyer.Sector != "schools" || a.Record.Product != "" || a.Record.Source != "crm" || a.Record.Received != "2026-11-01" {
					t.Errorf("A2: %+v", a.Record)
				}
			}
		}
		before, _ := store.Head(ctx, db)
		_, got = bring(t, db, m, text)
		after, _ := store.Head(ctx, db)
		if got != "5 0 0 4 0 1" || before.Size != after.Size {
			t.Errorf("again: %s, log %d then %d", got, before.Size, after.Size)
		}
	})
}

// Nothing may be written when a file does not fit, and the error must help.
func TestImportRefuses(t *testing.T) {
	db, m := newStore(t), mapping(t, salesMapping)
	good := file(t, salesHeader+"A1,0,Oak Police,Oak,VA,police,plates,1,2025-02-01\n")
	bad := file(t, strings.Replace(salesHeader, "total", "totl", 1)+"A1,0,Oak Police,Oak,VA,police,plates,1,2025-02-01\n")
	before, _ := store.Head(context.Background(), db)
	for _, c := range []struct {
		files []string
		o     intake.Options
		want  string
		code  fault.Code
	}{
		{[]string{good, bad}, intake.Options{Received: "2026-11-01"}, `rows.csv:1: "total": the mapping names a column that the file does not have; did you mean "totl"?`, fault.Invalid},
		{[]string{good, filepath.Join(t.TempDir(), "none.csv")}, intake.Options{Received: "2026-11-01"}, "none.csv: there is no such file", fault.Invalid},
		{[]string{good}, intake.Options{Received: "1.11.2026"}, "day of receipt", fault.Invalid},
		{[]string{file(t, salesHeader+"A1,0,O,O,VA,police,plates,1,2025-02-01\nA2,0,O,O,VA,police,plates,x,2025-02-01\n")},
			intake.Options{Received: "2026-11-01", Strict: true}, "1 of 2 rows were rejected, and nothing was written", fault.Refused},
	} {
		_, err := intake.Import(context.Background(), db, actor, m, c.files, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != c.code {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if after, _ := store.Head(context.Background(), db); after.Size != before.Size {
		t.Error("a refused import wrote something")
	}
}

// Whatever a row holds, it is rejected in the first reading with its column, or
// recorded: nothing may stop the import half-way.
func TestRejects(t *testing.T) {
	m := mapping(t, strings.NewReplacer("format: csv", "format: jsonl", "lookup: sector", "case: lower").Replace(salesMapping))
	row := func(account, agency, kind, total, day string) string {
		b, err := json.Marshal(map[string]any{"account": account, "change": 0, "agency": agency, "city": "Oak", "state": "VA", "type": kind, "product": "plates", "total": json.Number(total), "since": day})
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + "\n"
	}
	for _, c := range []struct{ row, field, reason string }{
		{row("A1", "Oak", "Policing", "1", "2025-01-01"), "", ""},
		{row("A1", "Oak", "wizards", "1", "2025-01-01"), "type", "not one of the allowed values"},
		{row("A1", "O\x00ak", "policing", "1", "2025-01-01"), "agency", ""},
		{row("A\x001", "Oak", "policing", "1", "2025-01-01"), "account", ""},
		{row("", "Oak", "policing", "1", "2025-01-01"), "account", "no identity"},
		{row("A1", "Oak", "policing", "1e3", "2025-01-01"), "total", "not an amount"},
		{row("A1", "Oak", "policing", "99999999999999999", "2025-01-01"), "total", "not an amount"},
		{row("A1", "Oak", "policing", "1", "2025-02-29"), "since", "not a date of the form YYYY-MM-DD"},
		{row("A1", strings.Repeat("x", 2<<20), "policing", "1", "2025-01-01"), "", "longer than 1 MiB"},
		{"[1]\n", "", "not a JSON object"},
	} {
		var out bytes.Buffer
		_, got := bring(t, newStore(t), m, c.row, func(o *intake.Options) { o.Rejects = &out })
		if c.field+c.reason == "" {
			if got != "1 1 0 0 0 0" {
				t.Errorf("%.80s: %s %s", c.row, got, &out)
			}
			continue
		}
		var line struct{ Field, Reason string }
		if err := json.Unmarshal(out.Bytes(), &line); err != nil || got != "1 0 0 0 0 1" || line.Field != c.field || !strings.Contains(line.Reason, c.reason) {
			t.Errorf("%.80s: %s %s", c.row, got, &out)
		}
	}
}

func named(identity string) string {
	return "source: list\ninput: {format: csv}\nrow_id: [id]\nrecords:\n  agency:\n    kind: customer\n    main: true\n    identity: " + identity +
		"\n    fields:\n      name: {column: name}\n      place: {column: place}\n"
}

// The heart of the room: what joins, what stays apart, and what a person decides.
func TestIdentity(t *testing.T) {
	const header = "id,name,ori,county,state,place\n"
	key, ori := "{key: [name, county, state]}", "{scheme: ori, column: ori}"
	for _, c := range []struct {
		name, identity, rows, want string
		customers                  int
	}{
		{"the same name alone never joins", "name", "1,Washington County Sheriff,,,,\n2,washington county  sheriff,,,,\n3,Oak Police,,,,\n", "3 2 0 0 1 0", 2},
		{"different identifiers stay apart, whatever the name", ori, "1,W,A1,,,\n2,W,A2,,,\n3,W,A1,,,\n", "3 2 1 0 0 0", 2},
		{"a blank identifier leaves the name", ori, "1,W,A1,,,\n2,W,,,,\n3,X,,,,\n", "3 2 0 0 1 0", 2},
		{"a full key joins, without regard to case", key, "1,W,,Oak,VA,\n2,w,,OAK,VA,\n3,W,,Elm,VA,\n", "3 2 1 0 0 0", 2},
		{"a blank part agrees with a fuller key", key, "1,W,,Oak,VA,\n2,W,,,VA,\n", "2 1 0 0 1 0", 1},
		{"whatever the order", key, "1,W,,,VA,\n2,W,,Oak,VA,\n", "2 1 0 0 1 0", 1},
		{"a blank part that nothing agrees with", key, "1,W,,Oak,VA,\n2,W,,,TX,\n", "2 2 0 0 0 0", 2},
		{"two with the same blank", key, "2,W,,,VA,\n1,W,,,VA,\n", "2 1 0 0 1 0", 1},
		{"the first part of a key cannot be blank", key, "1,,,Oak,VA,\n", "1 0 0 0 0 1", 0},
		{"an identifier joins across a different key", "[" + ori + ", " + key + "]", "1,W,A1,Oak,VA,\n2,W Police,A1,Oak,VA,\n3,W Police,,Oak,VA,\n", "3 1 2 0 0 0", 1},
		{"a key does not join against the identifier", "[" + ori + ", " + key + "]", "1,W,A1,Oak,VA,\n2,W,A2,Oak,VA,\n", "2 1 0 0 1 0", 1},
		{"identities of two records", "[" + ori + ", " + key + "]", "1,W,A1,Oak,VA,\n2,X,A2,Elm,VA,\n3,X,A1,Elm,VA,\n", "3 2 0 0 1 0", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, m := newStore(t), mapping(t, named(c.identity))
			_, got := bring(t, db, m, header+c.rows)
			if n := len(customers(t, db)); got != c.want || n != c.customers {
				t.Errorf("%s with %d customers, want %s with %d", got, n, c.want, c.customers)
			}
			before, _ := store.Head(context.Background(), db)
			again, _ := bring(t, db, m, header+c.rows)
			after, _ := store.Head(context.Background(), db)
			if before.Size != after.Size || again.Created+again.Revised != 0 {
				t.Errorf("the second import wrote: %+v", again)
			}
		})
	}
}

// Another system's record of the same name is neither joined nor doubled.
func TestIdentityAcrossSources(t *testing.T) {
	db := newStore(t)
	bring(t, db, mapping(t, named("{scheme: ori, column: ori}")), "id,name,ori,place\n1,Oak Police,A1,\n")
	other := mapping(t, strings.Replace(named("{key: [name, state]}"), "source: list", "source: atlas", 1))
	text := "id,name,state,place\n9,Oak Police,VA,\n"
	if _, got := bring(t, db, other, text); got != "1 0 0 0 1 0" {
		t.Fatal(got)
	}
	q := questions(t, db)
	oak := customers(t, db)[0]
	if len(q) != 1 || q[0].Record.Name != "Oak Police" || !slices.Equal(q[0].Record.Candidates, []string{oak.ID}) || q[0].Record.State != "open" {
		t.Fatalf("%+v", q)
	}
	ctx := context.Background()
	if err := intake.Resolve(ctx, db, actor, q[0].ID, "zzz"); fault.CodeOf(err) != fault.NotFound || err == nil {
		t.Error("resolved to a record that does not exist:", err)
	}
	if err := intake.Resolve(ctx, db, actor, q[0].ID, oak.ID); err != nil {
		t.Fatal(err)
	}
	if err := intake.Resolve(ctx, db, actor, q[0].ID, ""); fault.CodeOf(err) != fault.Refused {
		t.Error("resolved twice:", err)
	}
	if _, got := bring(t, db, other, text+"10,OAK POLICE,VA,\n"); got != "2 0 2 0 0 0" {
		t.Errorf("after the answer: %s", got)
	}
	if n := len(customers(t, db)); n != 1 {
		t.Errorf("%d customers", n)
	}
}

// A person may also find that the row means a new customer.
func TestResolveNew(t *testing.T) {
	db, m := newStore(t), mapping(t, named("name"))
	text := "id,name,place\n1,Oak Police,\n2,Oak Police,\n"
	bring(t, db, m, text)
	if err := intake.Resolve(context.Background(), db, actor, questions(t, db)[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, got := bring(t, db, m, text); got != "2 1 0 1 0 0" || len(customers(t, db)) != 2 {
		t.Errorf("%s, %d customers", got, len(customers(t, db)))
	}
}

// What a shared record leaves open is filled; what rows disagree about is
// reported and the first statement stands; a later file may change it; another
// system may not.
func TestSharedRecords(t *testing.T) {
	db, m := newStore(t), mapping(t, salesMapping)
	sector := func() string { return customers(t, db)[0].Record.Sector }
	row := func(account, kind string) string { return account + ",0,Oak,Oak,VA," + kind + ",plates,1,2025-01-01\n" }
	r, _ := bring(t, db, m, salesHeader+row("A1", "?")+row("A2", "police")+row("A3", "school"))
	if r.Conflict != 1 || r.Conflicts[0].Line != 4 || r.Conflicts[0].Field != "sector" || sector() != "policing" {
		t.Errorf("%+v %s", r.Conflicts, sector())
	}
	if r, _ := bring(t, db, m, salesHeader+row("A1", "?")+row("A2", "school")); r.Conflict != 0 || sector() != "schools" {
		t.Errorf("a later file: %d conflicts, %s", r.Conflict, sector())
	}
	other := mapping(t, strings.Replace(salesMapping, "source: crm", "source: erp", 1))
	if r, _ := bring(t, db, other, salesHeader+row("B1", "police")); r.Conflict != 1 || sector() != "schools" {
		t.Errorf("another system: %d conflicts, %s", r.Conflict, sector())
	}
}

// One organisation may be a buyer in one row and a supplier in the next: it is one
// customer, and what both say is compared field by field.
func TestTwoRoles(t *testing.T) {
	m := mapping(t, `
source: crm
input: {format: csv}
row_id: [id]
records:
  buyer: {kind: customer, identity: {scheme: uei, column: buyer}, fields: {place: {column: place}, name: {column: buyer}}}
  seller: {kind: customer, identity: {scheme: uei, column: seller}, fields: {name: {column: seller}, sector: commercial}}
  sale: {kind: account, main: true, identity: {scheme: sale, column: id}, fields: {customer: {record: buyer}}}
`)
	db := newStore(t)
	r, got := bring(t, db, m, "id,buyer,seller,place\n1,U1,U2,Oak\n2,U2,U1,Elm\n3,U3,U3,Ash\n")
	if got != "3 3 0 0 0 0" || r.Conflict != 0 {
		t.Errorf("%s, %d conflicts", got, r.Conflict)
	}
	for _, c := range customers(t, db) {
		if want := map[string]string{"U1": "Oak", "U2": "Elm", "U3": "Ash"}[c.Record.Name]; c.Record.Place != want || c.Record.Sector != "commercial" {
			t.Errorf("%+v", c.Record)
		}
	}
	if n := len(customers(t, db)); n != 3 {
		t.Errorf("%d customers", n)
	}
}

// A person's mapping of an account to a product outlives further rows that do
// not state one.
func TestKeepsWhatRowsDoNotState(t *testing.T) {
	db, m, ctx := newStore(t), mapping(t, salesMapping), context.Background()
	row := func(change, day string) string { return "A1," + change + ",Oak,Oak,VA,police,lamps,1," + day + "\n" }
	bring(t, db, m, salesHeader+row("0", "2025-01-01"))
	a := accounts(t, db)[0]
	a.Record.Product, a.Record.Source, a.Record.SourceRef = "p", "person", ""
	if err := db.Write(ctx, actor, func(tx *store.Tx) error {
		_, _, err := store.Revise(tx, register.Accounts, a.ID, a.Record)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, got := bring(t, db, m, salesHeader+row("0", "2025-01-01")+row("1", "2025-02-01")); got != "2 0 1 1 0 0" {
		t.Error(got)
	}
	if a := accounts(t, db)[0]; a.Record.Product != "p" || a.Record.ValidFrom != "2025-02-01" {
		t.Errorf("%+v", a.Record)
	}
}

// Both time axes: a modification that comes late holds for its own days, and the
// newest revision is still the one of the latest day.
func TestLateRow(t *testing.T) {
	db, m, ctx := newStore(t), mapping(t, salesMapping), context.Background()
	row := func(change, total, day string) string {
		return "A1," + change + ",Oak,Oak,VA,police,plates," + total + "," + day + "\n"
	}
	bring(t, db, m, salesHeader+row("4", "4", "2025-04-01")+row("1", "1", "2025-01-01"))
	early, _ := store.Head(ctx, db)
	if _, got := bring(t, db, m, salesHeader+row("2", "2", "2025-02-01")); got != "1 0 1 0 0 0" {
		t.Fatal(got)
	}
	a := accounts(t, db)[0]
	if *a.Record.Amount != 400 {
		t.Errorf("the newest revision bills %d", *a.Record.Amount)
	}
	for _, c := range []struct {
		day  string
		seq  int64
		want int64
	}{
		{"2025-01-15", -1, 100}, {"2025-02-15", -1, 200}, {"2025-05-01", -1, 400},
		{"2025-01-15", early.Size - 1, 100}, {"2025-02-15", early.Size - 1, 100}, {"2025-05-01", early.Size - 1, 400},
	} {
		r, err := store.GetAt(ctx, db, register.Accounts, a.ID, store.At{Day: c.day, Seq: c.seq})
		if err != nil || *r.Record.Amount != c.want {
			t.Errorf("%s known at %d: %v %v, want %d", c.day, c.seq, err, r, c.want)
		}
	}
	s, err := register.SpineNow(ctx, db)
	if err != nil || s.Net != 700 {
		t.Errorf("%v: the spine bills %d", err, s.Net)
	}
}

// Days are those of one revision: one that ends before it begins is no statement,
// and what begins after the recorded end does not keep that end.
func TestDays(t *testing.T) {
	db, ctx := newStore(t), context.Background()
	m := mapping(t, salesMapping+"      valid_to: {column: until, date: YYYY-MM-DD}\n")
	row := func(change, days string) string { return "A1," + change + ",Oak,Oak,VA,police,plates,1," + days + "\n" }
	r, got := bring(t, db, m, strings.Replace(salesHeader, "since", "since,until", 1)+
		row("1", "2025-01-01,2025-06-01")+row("2", "2025-03-01,")+row("3", "2025-09-01,")+row("4", "2025-09-02,2025-09-01"))
	if got != "4 1 2 0 0 1" || r.Rejects[0].Field != "until" || r.Rejects[0].Line != 5 ||
		r.Rejects[0].Reason != "it ends on 2025-09-01, before it begins on 2025-09-02" {
		t.Fatal(got, r.Rejects)
	}
	history, err := store.History(ctx, db, register.Accounts, accounts(t, db)[0].ID)
	for i, want := range []string{"2025-01-01 2025-06-01", "2025-03-01 2025-06-01", "2025-09-01 "} {
		if a := all(t, history, err)[i].Record; a.ValidFrom+" "+a.ValidTo != want {
			t.Errorf("revision %d holds %s %s, want %s", i+1, a.ValidFrom, a.ValidTo, want)
		}
	}
}

// All elements of an array may stand on one line: a bad one costs no other.
func TestOneLine(t *testing.T) {
	m := mapping(t, strings.Replace(salesMapping, "format: csv", "format: json", 1))
	element := func(account, total string) string {
		return `{"account":"` + account + `","change":0,"agency":"Oak","city":"Oak","state":"VA","total":` + total + `}`
	}
	text := "[" + element("A1", "1") + "," + element("A2", `"x"`) + "," + element("A3", "3") + "]"
	if r, got := bring(t, newStore(t), m, text); got != "3 2 0 0 0 1" || r.Rejects[0].Field != "total" {
		t.Error(got, r.Rejects)
	}
}

// Rejected rows are safe before anything else is recorded: where they cannot be
// kept, nothing is. A strict import that is refused says what it would have done.
func TestChecked(t *testing.T) {
	db, m, ctx := newStore(t), mapping(t, salesMapping), context.Background()
	name := file(t, salesHeader+"A1,0,Oak,Oak,VA,police,plates,1,2025-02-01\nA2,0,Oak,Oak,VA,police,plates,x,2025-02-01\n")
	var rejects bytes.Buffer
	full := errors.New("the disk is full")
	before, _ := store.Head(ctx, db)
	_, err := intake.Import(ctx, db, actor, m, []string{name}, intake.Options{Received: "2026-11-01", Rejects: &rejects, Checked: func() error { return full }})
	if !errors.Is(err, full) || strings.Count(rejects.String(), "\n") != 1 {
		t.Errorf("%v: %s", err, rejects.String())
	}
	r, err := intake.Import(ctx, db, actor, m, []string{name}, intake.Options{Received: "2026-11-01", Strict: true})
	if fault.CodeOf(err) != fault.Refused || !r.DryRun || r.Rows != 2 || r.Created != 1 || r.Rejected != 1 || len(r.Rejects) != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if after, _ := store.Head(ctx, db); after.Size != before.Size {
		t.Error("an import wrote something")
	}
}

// A row that goes back to an older content cannot be told from an old file; it is
// left alone and counted.
func TestOutdated(t *testing.T) {
	db, m := newStore(t), mapping(t, salesMapping)
	row := func(total string) string {
		return salesHeader + "A1,0,Oak,Oak,VA,police,plates," + total + ",2025-01-01\n"
	}
	bring(t, db, m, row("1"))
	bring(t, db, m, row("2"))
	if r, got := bring(t, db, m, row("1")); got != "1 0 0 1 0 0" || r.Outdated != 1 {
		t.Error(got, r.Outdated)
	}
}

// A second writer between two batches must not lead to two records of one
// customer: the import stops, and run again it goes on.
func TestSecondWriter(t *testing.T) {
	db, m, ctx := newStore(t), mapping(t, salesMapping), context.Background()
	text := salesHeader + "A1,0,Elm,Elm,VA,police,plates,1,2025-01-01\nA2,0,Oak,Oak,VA,police,plates,1,2025-01-01\n"
	o := intake.Options{Received: "2026-11-01", Batch: 1, Progress: func(done, _ int) {
		if done == 1 {
			bring(t, db, m, salesHeader+"A9,0,Oak,Oak,VA,police,plates,1,2025-01-01\n")
		}
	}}
	_, err := intake.Import(ctx, db, actor, m, []string{file(t, text)}, o)
	if err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Fatal(err)
	}
	if _, got := bring(t, db, m, text); got != "2 1 0 1 0 0" || len(customers(t, db)) != 2 {
		t.Errorf("%s with %d customers", got, len(customers(t, db)))
	}
}

func TestFacts(t *testing.T) {
	db := newStore(t)
	m := mapping(t, `
source: survey
input: {format: jsonl}
row_id: [id]
records:
  paper: {kind: source, identity: {scheme: url, column: url}, fields: {grade: media, url: {column: url}}}
  answer:
    kind: fact
    main: true
    identity: {key: [about, question]}
    fields: {subject: {column: about}, fact: {column: question}, value: {column: answer}, as_of: {column: day, date: YYYY-MM-DD}}
`)
	_, got := bring(t, db, m, `{"id":1,"url":"https://example.org/a","about":"c1","question":"audited","answer":true,"day":"2026-01-02"}
{"id":2,"url":"https://example.org/a","about":"c1","question":"cameras","answer":12,"day":"2026-02-30"}
{"id":3,"url":"https://example.org/b","about":"c1","question":"cameras","answer":12,"day":"2026-02-03"}`)
	if got != "3 2 0 0 0 1" {
		t.Fatal(got)
	}
	list, err := store.Select(context.Background(), db, evidence.Facts, "r.fact = $1", "cameras")
	if err != nil || len(list) != 1 || list[0].Record.Value.Value() != int64(12) {
		t.Error(err, list)
	}
}
