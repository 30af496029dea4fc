package watchlist

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/names"
)

// The fixtures are made up in the layouts of the lists.
const (
	sdnFile = `101,"QUIBBLETON, Zoran",individual,"SDGT] [IFSR","Director",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 12 Mar 1970; alt. DOB circa 1971; nationality Iran; Passport A1234567 (Iran); a.k.a. 'THE QUIB'."
102,"QUIBBLETON TRADING, L.L.C.",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- 
103,"QUIBBLE STAR",vessel,"CUBA",-0- ,"QX123","Tanker",-0- ,-0- ,"Panama",-0- ,"Vessel Registration Identification IMO 9999993; long te"
` + "\x1a"
	altFile = `101,1,"aka","KWIBBLETON, Zoran",-0- 
999,2,"aka","NOBODY",-0- 
` + "\x1a"
	addFile = `101,1,"1 Example Street","Tehran","Iran",-0- 
`
	commentFile = `103,"xt goes on; f.k.a. 'OLD STAR'."
`
	cslFile = `_id,source,entity_number,type,programs,name,addresses,alt_names,dates_of_birth,nationalities,ids
abc1,Entity List,,,,Quibbleton Optics Co.,"1 Road, Exampletown, CN; 2 Road, HK",Kwibble Optics; QOC,,,
55,SDN,55,Individual,SDGT,"PENNYWORTH, Ada",,,1960-01-02; 1961,IR,"IR, B7654321, Passport; Female, Gender"
56,SSI,55,Individual,UKRAINE,"PENNYWORTH, Ada",,"PENYWORTH, Ada",,,
`
	ftmFile = `{"id":"q1","caption":"Zoran Quibbleton","schema":"Person","properties":{"name":["Zoran Quibbleton","Зоран К"],"weakAlias":["Quib"],"country":["ir"],"birthDate":["1970-03-12"],"topics":["sanction"],"passportNumber":["A1234567"]},"datasets":["x"],"last_change":"2026-04-29T07:55:02"}
{"id":"a1","caption":"Address","schema":"Address","properties":{"full":["1 Road"]}}
`
)

func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func ofacDir(t testing.TB) string {
	return write(t, map[string]string{"sdn.csv": sdnFile, "alt.csv": altFile, "add.csv": addFile, "sdn_comments.csv": commentFile})
}

// TestReadOFAC protects every field that the files of OFAC give.
func TestReadOFAC(t *testing.T) {
	l, err := Read("ofac", ofacDir(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.Summary(), (Summary{Entities: 3, Aliases: 3, OrphanAliases: 1}); got != want {
		t.Fatalf("summary %+v, want %+v", got, want)
	}
	e := l.Entities[0]
	if e.SourceID != "101" || e.Kind != names.Person || e.Title != "Director" || !slices.Equal(e.Programs, []string{"SDGT", "IFSR"}) {
		t.Errorf("entry %+v", e)
	}
	if !slices.Equal(e.BirthDates, []string{"1970-03-12", "1971"}) || !slices.Equal(e.Countries, []string{"IR"}) {
		t.Errorf("dates %v, countries %v", e.BirthDates, e.Countries)
	}
	if !slices.Equal(e.Aliases, []Alias{{"THE QUIB", true}, {"KWIBBLETON, Zoran", false}}) {
		t.Errorf("aliases %+v", e.Aliases)
	}
	if !slices.Equal(e.Identifiers, []Identifier{{"Passport", "A1234567", "Iran"}}) || !slices.Equal(e.Addresses, []Address{{"1 Example Street, Tehran", "IR"}}) {
		t.Errorf("identifiers %+v, addresses %+v", e.Identifiers, e.Addresses)
	}
	ship := l.Entities[2]
	if ship.Kind != names.Vessel || !strings.Contains(ship.Remarks, "long text goes on") || ship.Aliases[0].Name != "OLD STAR" || len(ship.Identifiers) != 2 {
		t.Errorf("ship %+v", ship)
	}
	if o := l.Orphans[0]; o.Part != "alias" || o.Fault.Line != 2 || o.Fault.Field != "ent_num" || !strings.HasSuffix(o.Fault.File, "alt.csv") {
		t.Errorf("orphan %+v", o)
	}
}

// TestReadCSL protects ids, kinds and the joining of rows of one party.
func TestReadCSL(t *testing.T) {
	for _, path := range []string{write(t, map[string]string{"consolidated.csv": cslFile}), filepath.Join(write(t, map[string]string{"x.csv": "\ufeff" + cslFile}), "x.csv")} {
		l, err := Read("csl", path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := l.Summary(), (Summary{Entities: 2, Aliases: 3, Merged: 1}); got != want {
			t.Fatalf("summary %+v, want %+v", got, want)
		}
		optics, ada := l.Entities[0], l.Entities[1]
		if optics.SourceID != "abc1" || optics.Kind != names.Other || !slices.Equal(optics.Countries, []string{"CN", "HK"}) {
			t.Errorf("entry %+v", optics)
		}
		if ada.SourceID != "55" || ada.List != "SDN; SSI" || !slices.Equal(ada.BirthDates, []string{"1960-01-02", "1961"}) ||
			!slices.Equal(ada.Programs, []string{"SDGT", "UKRAINE"}) || !slices.Equal(ada.Identifiers, []Identifier{{"Passport", "B7654321", "IR"}}) {
			t.Errorf("entry %+v", ada)
		}
	}
}

// TestReadFTM protects the properties that are used, plain and gzipped.
func TestReadFTM(t *testing.T) {
	dir := write(t, map[string]string{"entities.ftm.json": ftmFile, "e.json.gz": gzipped(ftmFile)})
	for _, path := range []string{dir, filepath.Join(dir, "entities.ftm.json"), filepath.Join(dir, "e.json.gz")} {
		l, err := Read("ftm", path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := l.Summary(), (Summary{Entities: 1, Aliases: 2, Skipped: 1}); got != want {
			t.Fatalf("summary %+v, want %+v", got, want)
		}
		e := l.Entities[0]
		if l.Published != "2026-04-29" || !slices.Equal(e.Countries, []string{"IR"}) || !slices.Equal(e.Topics, []string{"sanction"}) || len(e.Identifiers) != 1 {
			t.Errorf("published %s, entry %+v", l.Published, e)
		}
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// TestHash protects that the hash is the one anyone can compute from the files.
func TestHash(t *testing.T) {
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	dir := write(t, map[string]string{"sdn.csv": sdnFile, "alt.csv": altFile})
	l, err := Read("ofac", dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := sum(sum(altFile) + "  alt.csv\n" + sum(sdnFile) + "  sdn.csv\n"); l.SHA256 != want {
		t.Errorf("hash %s, want %s", l.SHA256, want)
	}
	packed := gzipped(ftmFile)
	path := filepath.Join(write(t, map[string]string{"e.gz": packed}), "e.gz")
	if l, err = Read("ftm", path); err != nil || l.SHA256 != sum(packed) {
		t.Errorf("hash of the packed file: %v, %v", l, err)
	}
}

// TestBadRows protects that a bad row is kept with its place and stops nothing.
func TestBadRows(t *testing.T) {
	rest := strings.Repeat("-0- ,", 8) + "-0- \n"
	good := func(id int, name string) string { return fmt.Sprintf("%d,%q,-0- ,%s", id, name, rest) }
	for _, c := range []struct {
		protects, row, field, what string
	}{
		{"column count", "7,\"FEW\",-0- \n", "Program", "3 columns instead of 12"},
		{"encoding", "7,\"\xff\xfe\",-0- ," + rest, "", "not UTF-8"},
		{"NUL", "7,\"A\x00B\",-0- ," + rest, "", "NUL"},
		{"stray quote", "7,\"OPEN,-0- ," + rest, "", "quote"},
		{"huge field", "7,\"" + strings.Repeat("x", 3<<20) + "\",-0- ," + rest, "", "longer than 1 MiB"},
		{"entry number", "x7,\"NAME\",-0- ," + rest, "ent_num", "not an entry number"},
		{"number twice", good(1, "AGAIN"), "ent_num", "comes twice"},
		{"type", "7,\"NAME\",planet,-0- ," + rest[5:], "SDN_Type", "not a type"},
		{"no name", "7,-0- ,-0- ,-0- ," + rest[5:], "SDN_Name", "no name"},
	} {
		t.Run(c.protects, func(t *testing.T) {
			l, err := Read("ofac", write(t, map[string]string{"sdn.csv": good(1, "ONE") + c.row + good(2, "TWO") + good(3, "THREE")}))
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Entities) != 3 || len(l.Rejects) != 1 {
				t.Fatalf("%d entries, %d rejects: %v", len(l.Entities), len(l.Rejects), l.Rejects)
			}
			f := l.Rejects[0].Fault
			if f.Line != 2 || f.Field != c.field || !strings.Contains(f.What, c.what) || !strings.HasSuffix(f.File, "sdn.csv") || l.Rejects[0].Raw == "" {
				t.Errorf("reject %+v: %v", l.Rejects[0].Part, f)
			}
		})
	}
}

// TestRefused protects that what is not a usable list is an error with its
// place and a code, and never half a list.
func TestRefused(t *testing.T) {
	outside := filepath.Join(write(t, map[string]string{"sdn.csv": sdnFile}), "sdn.csv")
	linked := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(linked, "sdn.csv")); err != nil {
		t.Skip("no symbolic links here")
	}
	packed := gzipped(strings.Repeat(ftmFile, 500))
	dir := write(t, map[string]string{
		"cut.gz": packed[:len(packed)/2], "no.gz": "plain", "empty.json": "", "text.csv": "a,b\n1,2\n",
		"bad.json": "{\n{\n", "noise": strings.Repeat("\x00\xff", 5000),
		"edges.json": `{"id":"a","schema":"Payment","properties":{}}`,
	})
	for _, c := range []struct {
		protects, format, path, what string
		code                         fault.Code
	}{
		{"unknown format", "xls", dir, "no list format", fault.Invalid},
		{"missing", "csl", filepath.Join(dir, "none.csv"), "no such file", fault.NotFound},
		{"directory without the file", "ofac", dir, "no such file", fault.NotFound},
		{"a file for a directory", "ofac", filepath.Join(dir, "text.csv"), "directory", fault.Invalid},
		{"link out of the directory", "ofac", linked, "leads out", fault.Invalid},
		{"truncated gzip", "ftm", filepath.Join(dir, "cut.gz"), "breaks off", fault.Invalid},
		{"not gzip", "ftm", filepath.Join(dir, "no.gz"), "not a gzip", fault.Invalid},
		{"empty", "ftm", filepath.Join(dir, "empty.json"), "names nobody", fault.Invalid},
		{"no party", "ftm", filepath.Join(dir, "edges.json"), "names nobody", fault.Invalid},
		{"not JSON", "ftm", filepath.Join(dir, "bad.json"), "not a usable list", fault.Invalid},
		{"noise", "ftm", filepath.Join(dir, "noise"), "not a usable list", fault.Invalid},
		{"another CSV", "csl", filepath.Join(dir, "text.csv"), "no such column", fault.Invalid},
	} {
		t.Run(c.protects, func(t *testing.T) {
			l, err := Read(c.format, c.path)
			if l != nil || err == nil {
				t.Fatalf("read %v", l)
			}
			if !strings.Contains(err.Error(), c.what) || fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v", fault.CodeOf(err), err)
			}
			var f *fault.Error
			if errors.As(err, &f); c.format != "xls" && f.File == "" {
				t.Errorf("no file is named: %v", err)
			}
		})
	}
}

// TestUnpackLimit protects that a compressed file cannot unpack without end.
func TestUnpackLimit(t *testing.T) {
	b := &bounded{r: strings.NewReader("0123456789"), left: 4}
	if _, err := b.Read(make([]byte, 10)); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

// TestParseSpec protects the form FORMAT:PATH.
func TestParseSpec(t *testing.T) {
	if f, p, err := ParseSpec("ofac:a:b"); f != "ofac" || p != "a:b" || err != nil {
		t.Errorf("%q %q %v", f, p, err)
	}
	for _, bad := range []string{"", "ofac", "ofac:", "xls:a", ":a"} {
		if _, _, err := ParseSpec(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestDates protects the forms of dates that the lists use.
func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"12 Mar 1970": "1970-03-12", "Mar 1970": "1970-03", "1970": "1970", "circa 1970": "1970", "1960 to 1962": "1960/1962",
		"1970-03-12T10:00:00": "1970-03-12", "1970-03-12": "1970-03-12", "31 Feb 1970": "1970", "unknown": "", "": "", "0001-01-01": "0001-01-01",
	} {
		if got := parseDate(in); got != want {
			t.Errorf("parseDate(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzRead holds for every format that no file breaks reading, and that what is
// read twice is the same.
func FuzzRead(f *testing.F) {
	f.Add("ofac", []byte(sdnFile))
	f.Add("csl", []byte(cslFile))
	f.Add("ftm", []byte(ftmFile))
	f.Add("ofac", []byte("1,\"a\n2,\"b\"\"\",\r\n\x1a"))
	f.Add("ftm", []byte(`{"id":1}`))
	file := map[string]string{"ofac": "sdn.csv", "csl": "consolidated.csv", "ftm": "entities.ftm.json"}
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		if file[format] == "" {
			return
		}
		dir := write(t, map[string]string{file[format]: string(data), "alt.csv": string(data), "sdn_comments.csv": string(data)})
		one, err1 := Read(format, dir)
		two, err2 := Read(format, dir)
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("%v, then %v", err1, err2)
		}
		if err1 != nil {
			return
		}
		if one.Summary() != two.Summary() || one.SHA256 != two.SHA256 {
			t.Fatal("the same file is read differently")
		}
		for i := range one.Entities {
			if one.Entities[i].SourceID == "" || one.Entities[i].Name == "" {
				t.Fatalf("entry without id or name: %+v", one.Entities[i])
			}
		}
		NewIndex(one).Search(Query{Name: one.Entities[0].Name}, 3)
	})
}
