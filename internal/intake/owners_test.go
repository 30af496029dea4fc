package intake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

const ownersDay = "2026-11-26"

// statement kinds of a made-up BODS file.
func company(record, name, lei string) string {
	return fmt.Sprintf(`{"statementId":"s-%s","statementDate":"2026-01-01","recordId":%q,"recordStatus":"new","recordType":"entity",
	 "publicationDetails":{"publisher":{"name":"Registry of Xanadu"}},
	 "recordDetails":{"name":%q,"jurisdiction":{"code":"GB"},"identifiers":[{"scheme":"XI-LEI","id":%q}]}}`, record, record, name, lei)
}

func person(record, name string) string {
	return fmt.Sprintf(`{"statementId":"s-%s","statementDate":"2026-01-01","recordId":%q,"recordStatus":"new","recordType":"person",
	 "publicationDetails":{"publisher":{"name":"Registry of Xanadu"}},
	 "recordDetails":{"names":[{"type":"legal","fullName":%q}],"birthDate":"1970-02-03","nationalities":[{"code":"XK"}]}}`, record, record, name)
}

func holds(record, day, status, owner, owned, interests string) string {
	return fmt.Sprintf(`{"statementId":"s-%s-%s","statementDate":%q,"recordId":%q,"recordStatus":%q,"recordType":"relationship",
	 "publicationDetails":{"publisher":{"name":"Registry of Xanadu"}},
	 "recordDetails":{"subject":%q,"interestedParty":%s,"interests":[%s]}}`, record, day, day, record, status, owned, owner, interests)
}

func share(exact string) string {
	return fmt.Sprintf(`{"type":"shareholding","directOrIndirect":"direct","share":{"exact":%s}}`, exact)
}

func ownersFile(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "owners.json")
	if err := os.WriteFile(path, []byte("["+strings.Join(statements, ",\n")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func addOwners(t *testing.T, db *store.DB, path string) *OwnersReport {
	t.Helper()
	r, err := AddOwners(context.Background(), db, storetest.Actor, "bods", path, ownersDay)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// customerWith makes a customer with a LEI.
func customerWith(t *testing.T, db *store.DB, name, lei string) (id string) {
	t.Helper()
	err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
		active := register.Origin{State: "active"}
		ref, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: name, Kind: "company", Sector: "commercial"})
		if err == nil && lei != "" {
			_, err = store.Create(tx, register.Identifiers, &register.Identifier{Origin: active, Subject: ref.ID, Scheme: "lei", Value: lei})
		}
		id = ref.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// held gives what the register says on a day of who holds what, as owner name,
// owned name, role and share.
func held(t *testing.T, db *store.DB, day string) string {
	t.Helper()
	ctx := context.Background()
	names := map[string]string{"": "?"}
	customers, err := store.Select(ctx, db, register.Customers, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range customers {
		names[c.ID] = c.Record.Name
	}
	parties, err := store.Select(ctx, db, register.Parties, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parties {
		names[p.ID] = p.Record.Name
	}
	list, err := store.SelectAt(ctx, db, register.Interests, store.At{Day: day, Seq: -1}, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range list {
		if r := i.Record; r.State == "active" {
			text := names[r.Owner] + " " + r.Role + " " + names[r.Owned]
			if r.Least != nil {
				text += fmt.Sprintf(" %d-%d", *r.Least, *r.Most)
			}
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

// TestOwnersJoinByNumberOnly protects identity: a number of a registry joins a party
// to a customer, and an equal name never does.
func TestOwnersJoinByNumberOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, register.Migrations)
		id := customerWith(t, db, "Quibbleton Ltd", "5493 00abc")
		customerWith(t, db, "Grey Holding", "")
		for _, text := range []string{id, "lei:5493 00abc"} {
			if found, err := register.FindCustomer(context.Background(), db, text); err != nil || found != id {
				t.Errorf("%s finds %s, %v", text, found, err)
			}
		}
		r := addOwners(t, db, ownersFile(t, company("q", "Quibbleton Limited", "549300ABC"), company("g", "Grey Holding", "549300XYZ"), person("z", "Zoran Exemplar"),
			holds("r1", "2026-01-01", "new", `"g"`, "q", share("60")), holds("r2", "2026-01-01", "new", `"z"`, "g", `{"type":"boardMember"}`),
			holds("r3", "2026-01-01", "new", `{"reason":"informationUnknownToPublisher"}`, "g", share("10.005")),
			holds("r4", "2026-01-01", "new", `"nobody"`, "g", share("10")), holds("r5", "2026-01-01", "new", `"z"`, "g", share("10.5")+","+share("120"))))
		if r.Read != 8 || r.Parties != 3 || r.Interests != 3 || r.Rejected != 2 || r.Other != 0 || r.Joined != 1 ||
			r.Records["party"] != (Count{2, 0}) || r.Records["interest"] != (Count{3, 0}) {
			t.Errorf("%+v", r)
		}
		if got, want := held(t, db, ownersDay), "Grey Holding owns Quibbleton Ltd 6000-6000; Zoran Exemplar directs Grey Holding; ? owns Grey Holding 1000-1001"; got != want {
			t.Errorf("%s", got)
		}
		for n, place := range []string{"statement 8, s-r5-2026-01-01, interests", "statement 7, r4"} {
			if len(r.Faults) == 2 && !strings.Contains(r.Faults[n], "owners.json") || !strings.Contains(r.Faults[n], place) {
				t.Errorf("reject without its place: %s", r.Faults[n])
			}
		}
	})
}

// TestOwnersAgain protects the register: the same file changes nothing, a changed one
// revises from its day on, what is no longer stated ends, an older one undoes
// nothing, and what held before stays known.
func TestOwnersAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, register.Migrations)
		q, z := company("q", "Quibbleton Ltd", "549300ABC"), person("z", "Zoran Exemplar")
		ends := `{"type":"shareholding","startDate":"2020-01-01","endDate":"2026-03-01","share":{"exact":60}}`
		first := ownersFile(t, q, z, holds("r1", "2026-01-01", "new", `"z"`, "q", `{"type":"shareholding","startDate":"2020-01-01","share":{"exact":60}},{"type":"boardMember"}`))
		second := ownersFile(t, q, z, holds("r1", "2026-02-01", "updated", `"z"`, "q", ends))
		third := ownersFile(t, q, z, holds("r1", "2026-05-01", "closed", `"z"`, "q", ends))
		for _, c := range []struct {
			file      string
			interests Count
			held      map[string]string // by day
		}{
			{first, Count{2, 0}, map[string]string{"2019-01-01": "Zoran Exemplar directs Quibbleton Ltd", ownersDay: "Zoran Exemplar directs Quibbleton Ltd; Zoran Exemplar owns Quibbleton Ltd 6000-6000"}},
			{first, Count{}, nil},
			{second, Count{0, 2}, map[string]string{"2026-01-15": "Zoran Exemplar directs Quibbleton Ltd; Zoran Exemplar owns Quibbleton Ltd 6000-6000",
				"2026-02-28": "Zoran Exemplar owns Quibbleton Ltd 6000-6000", "2026-03-01": ""}},
			{second, Count{}, nil},
			{first, Count{}, map[string]string{ownersDay: ""}}, // older
			{third, Count{}, map[string]string{ownersDay: ""}},
		} {
			r := addOwners(t, db, c.file)
			if r.Records["interest"] != c.interests || r.Records["party"].Revised != 0 {
				t.Errorf("%+v", r)
			}
			for day, want := range c.held {
				if got := held(t, db, day); got != want {
					t.Errorf("on %s: %q, want %q", day, got, want)
				}
			}
		}
	})
}

// TestOwnersMeetAcrossFiles protects chains that two files tell: one party with one
// number is one party, and a party that turns out to be a customer becomes it.
func TestOwnersMeetAcrossFiles(t *testing.T) {
	db := storetest.SQLite(t, register.Migrations)
	customerWith(t, db, "Quibbleton Ltd", "549300ABC")
	bods := ownersFile(t, company("q", "Quibbleton Ltd", "549300ABC"), company("g", "Grey Holding", "549300XYZ"), holds("r1", "2026-01-01", "new", `"g"`, "q", share("60")))
	addOwners(t, db, bods)
	ftm := filepath.Join(t.TempDir(), "edges.jsonl")
	lines := `{"id":"gh","schema":"Company","properties":{"name":["Grey Holdings"],"leiCode":["549300XYZ"],"country":["cy"]}}
{"id":"z","schema":"Person","properties":{"name":["Zoran Exemplar"]}}
{"id":"o","schema":"Ownership","properties":{"owner":["z"],"asset":["gh"],"percentage":["75-100"]}}
`
	if err := os.WriteFile(ftm, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"map[interest:{1 0} party:{1 1}]", "map[]"} {
		r, err := AddOwners(context.Background(), db, storetest.Actor, "ftm", ftm, ownersDay)
		if err != nil || fmt.Sprint(r.Records) != want {
			t.Errorf("time %d: %+v, %v", n, r, err)
		}
	}
	if r := addOwners(t, db, bods); len(r.Records) != 0 {
		t.Errorf("the first file again changed what the second added: %+v", r.Records)
	}
	if got := held(t, db, ownersDay); got != "Grey Holding owns Quibbleton Ltd 6000-6000; Zoran Exemplar owns Grey Holding 7500-10000" {
		t.Errorf("%s", got)
	}
	customerWith(t, db, "Grey Holding Plc", "549300XYZ")
	addOwners(t, db, bods)
	if got := held(t, db, ownersDay); !strings.Contains(got, "Grey Holding Plc owns Quibbleton Ltd 6000-6000") {
		t.Errorf("%s", got)
	}
}

// TestRealOwners writes files that nobody here wrote, twice.
func TestRealOwners(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set; it names a directory with ownership/")
	}
	files, err := filepath.Glob(filepath.Join(dir, "ownership", "bods*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	db := storetest.SQLite(t, register.Migrations)
	var records []Count
	for range 2 {
		var parties, interests Count
		for _, name := range append(files, filepath.Join(dir, "ownership", "bods04_sample_300_statements.json")) {
			r := addOwners(t, db, name)
			for _, f := range r.Faults {
				t.Logf("%s", f)
			}
			parties.Created, parties.Revised = parties.Created+r.Records["party"].Created, parties.Revised+r.Records["party"].Revised
			interests.Created, interests.Revised = interests.Created+r.Records["interest"].Created, interests.Revised+r.Records["interest"].Revised
		}
		records = append(records, parties, interests)
	}
	t.Logf("parties %+v, interests %+v; again %+v, %+v", records[0], records[1], records[2], records[3])
	// A hundred statements of one file are about one company with one number.
	if records[0].Created < 140 || records[1].Created < 140 || records[2] != (Count{}) || records[3] != (Count{}) {
		t.Error("less was written than the files hold, or the same again changed something")
	}
}
