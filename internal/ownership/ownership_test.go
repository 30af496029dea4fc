package ownership_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ownership"
	"duly/internal/pack"
	"duly/packs"
)

const day = "2026-11-26"

func owns(owner, owned string, least, most int64) ownership.Interest {
	return ownership.Interest{Owner: owner, Owned: owned, Role: ownership.Owns, Share: ownership.Share{Least: least, Most: most}}
}

// TestHeld protects how shares add up: what the rule counts, what reaches listed
// parties along chains, and who is named.
func TestHeld(t *testing.T) {
	directs := ownership.Interest{Owner: "listed", Owned: "party", Role: ownership.Directs}
	past := owns("listed", "party", 6000, 6000)
	past.To = day
	summed := owns("listed", "party", 2500, 2500)
	summed.Indirect = true
	for _, c := range []struct {
		protects          string
		interests         []ownership.Interest
		counted, economic ownership.Share
		holders, board    string
	}{
		{"a direct share", []ownership.Interest{owns("listed", "party", 3000, 3000)},
			ownership.Share{Least: 3000, Most: 3000}, ownership.Share{Least: 3000, Most: 3000}, "listed", ""},
		{"a chain of halves counts whole", []ownership.Interest{owns("listed", "a", 5000, 5000), owns("a", "party", 5000, 5000)},
			ownership.Share{Least: 5000, Most: 5000}, ownership.Share{Least: 2500, Most: 2500}, "a", ""},
		{"a chain through less than half counts nothing", []ownership.Interest{owns("listed", "a", 4900, 4900), owns("a", "party", 10000, 10000)},
			ownership.Share{}, ownership.Share{Least: 4900, Most: 4900}, "", ""},
		{"shares and votes of one holder count once", []ownership.Interest{owns("listed", "party", 3000, 3000), owns("listed", "party", 2500, 5000)},
			ownership.Share{Least: 3000, Most: 5000}, ownership.Share{Least: 3000, Most: 5000}, "listed", ""},
		{"others leave no more", []ownership.Interest{owns("listed", "party", 0, ownership.Whole), owns("other", "party", 7000, 7000)},
			ownership.Share{Least: 0, Most: 3000}, ownership.Share{Least: 0, Most: 3000}, "listed", ""},
		{"what has ended is gone", []ownership.Interest{past}, ownership.Share{}, ownership.Share{}, "", ""},
		{"a sum of a chain that is there counts once", []ownership.Interest{owns("listed", "a", 5000, 5000), owns("a", "party", 5000, 5000), summed},
			ownership.Share{Least: 5000, Most: 5000}, ownership.Share{Least: 2500, Most: 2500}, "a", ""},
		{"a sum without its chain counts", []ownership.Interest{summed},
			ownership.Share{Least: 2500, Most: 2500}, ownership.Share{Least: 2500, Most: 2500}, "listed", ""},
		{"a board member holds nothing", []ownership.Interest{directs}, ownership.Share{}, ownership.Share{}, "", "listed"},
		{"a circle", []ownership.Interest{owns("listed", "a", 1000, 1000), owns("party", "a", 9000, 9000), owns("a", "party", 10000, 10000)},
			ownership.Share{}, ownership.Share{Least: 9999, Most: 10000}, "", ""},
	} {
		t.Run(c.protects, func(t *testing.T) {
			h := ownership.NewGraph(c.interests, day).Held(map[string]bool{"listed": true})["party"]
			if h.Counted != c.counted || h.Economic.Least < c.economic.Least || h.Economic.Most != c.economic.Most ||
				strings.Join(h.Holders, " ") != c.holders || strings.Join(h.Board, " ") != c.board {
				t.Errorf("%+v", h)
			}
		})
	}
}

// TestTheUnnamedAreNotOne protects against a flag on everybody whose directors nobody
// names, as soon as one of them is listed: they need not be the same people.
func TestTheUnnamedAreNotOne(t *testing.T) {
	directs := func(owner, owned string) ownership.Interest {
		return ownership.Interest{Owner: owner, Owned: owned, Role: ownership.Directs}
	}
	for owner, shared := range map[string][]string{"somebody": {"somebody"}, ownership.Unnamed: nil} {
		g := ownership.NewGraph([]ownership.Interest{directs(owner, "party"), directs(owner, "listed")}, day)
		if h := g.Held(map[string]bool{"listed": true})["party"]; !slices.Equal(h.Shared, shared) {
			t.Errorf("%q directs both: %v", owner, h.Shared)
		}
	}
}

// TestHeldCoversWhatMayBe protects the interval: whatever the shares are within
// their bounds, what exact shares count lies between the least and the most.
func TestHeldCoversWhatMayBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 6).Draw(t, "parties")
		var bands, exact []ownership.Interest
		for owned := range n {
			left := int64(ownership.Whole)
			for owner := range n {
				if owner == owned || !rapid.Bool().Draw(t, "holds") {
					continue
				}
				share := rapid.Int64Range(0, left).Draw(t, "share")
				left -= share
				least := rapid.Int64Range(0, share).Draw(t, "least")
				most := rapid.Int64Range(share, ownership.Whole).Draw(t, "most")
				a, b := fmt.Sprint(owner), fmt.Sprint(owned)
				bands = append(bands, owns(a, b, least, most))
				exact = append(exact, owns(a, b, share, share))
			}
		}
		listed := map[string]bool{"0": true}
		wide, narrow := ownership.NewGraph(bands, day).Held(listed), ownership.NewGraph(exact, day).Held(listed)
		for p, h := range narrow {
			w := wide[p]
			if h.Counted.Least < w.Counted.Least || h.Counted.Most > w.Counted.Most {
				t.Fatalf("party %s: counted %+v is not within %+v", p, h.Counted, w.Counted)
			}
			if h.Economic.Least < w.Economic.Least || h.Economic.Least > w.Economic.Most {
				t.Fatalf("party %s: economic %+v is not within %+v", p, h.Economic, w.Economic)
			}
		}
	})
}

// TestRestCoversWhoIsNotRegistered protects what is called settled: whoever holds
// what no record names, even if all of them are listed, the least that counts is
// within the most that the record leaves open. An edge that is marked as listed can
// only make it more.
func TestRestCoversWhoIsNotRegistered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "parties")
		var recorded, all []ownership.Interest
		listed := map[string]bool{"0": rapid.Bool().Draw(t, "one is listed")}
		for owned := range n {
			left := int64(ownership.Whole)
			for owner := range n + 2 {
				if owner == owned || !rapid.Bool().Draw(t, "holds") {
					continue
				}
				share := rapid.Int64Range(0, left).Draw(t, "share")
				left -= share
				i := owns(fmt.Sprint(owner), fmt.Sprint(owned), share, share)
				all = append(all, i)
				switch {
				case owner < n:
					recorded = append(recorded, i)
				case rapid.Bool().Draw(t, "said to be there"):
					i.Owner = ownership.Unnamed
					recorded = append(recorded, i)
					listed[fmt.Sprint(owner)] = true
				default:
					listed[fmt.Sprint(owner)] = true
				}
			}
		}
		rest := ownership.NewGraph(recorded, day).Rest(func(string) bool { return false })
		perhaps := rest.Held(map[string]bool{"0": listed["0"], ownership.Unnamed: true})
		plain := ownership.NewGraph(recorded, day).Held(map[string]bool{"0": listed["0"]})
		for p, h := range ownership.NewGraph(all, day).Held(listed) {
			if _, inRecord := perhaps[p]; !inRecord && !recordHas(recorded, p) {
				continue // nothing is recorded of it at all
			}
			if h.Counted.Least > perhaps[p].Counted.Most || plain[p].Counted.Most > perhaps[p].Counted.Most {
				t.Fatalf("party %s: %+v, but the record leaves %+v", p, h, perhaps[p])
			}
		}
	})
}

func recordHas(interests []ownership.Interest, party string) bool {
	return slices.ContainsFunc(interests, func(i ownership.Interest) bool { return i.Owner == party || i.Owned == party })
}

// TestPack protects the released rules: their own tests hold.
func TestPack(t *testing.T) {
	all, err := pack.ReadDir(packs.Files, "ownership")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d packs, %v", len(all), err)
	}
	for _, p := range all {
		for _, r := range ownership.RunTests(p) {
			if !r.OK {
				t.Errorf("%s: %s: %s", p.ID, r.Name, r.Detail)
			}
		}
	}
}

// TestBadPack protects against rules with a gap in time, and that the fault names
// the place.
func TestBadPack(t *testing.T) {
	text := `id: x
kind: ownership
version: "1"
title: x
status: law
rules:
  - id: x
    title: x
    lists: sanctions
    threshold: 5000
    periods:
      - {to: "2025-01-01", state: not_yet, source: x}
      - {from: "2025-01-02", state: in_force, source: x}
tests:
  - {name: x, day: "2025-01-01", party: p, expect: {x: clear}}
`
	p, err := pack.Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = ownership.Load(p); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "x.yaml:13") {
		t.Errorf("%v", err)
	}
}

const filing = `[
{"statementId":"s1","statementDate":"2026-01-01","recordId":"quibble","recordStatus":"new","recordType":"entity",
 "recordDetails":{"name":"Quibbleton Ltd","jurisdiction":{"code":"GB"},"identifiers":[{"scheme":"GB-COH","id":"000"}]}},
{"statementId":"s2","statementDate":"2026-01-01","recordId":"zoran","recordStatus":"new","recordType":"person",
 "recordDetails":{"names":[{"type":"legal","fullName":"Zoran Exemplar"}],"birthDate":"1970-02","nationalities":[{"code":"XK"}]}},
{"statementId":"s3","statementDate":"2026-01-01","recordId":"r1","recordStatus":"new","recordType":"relationship",
 "recordDetails":{"subject":"quibble","interestedParty":"zoran","interests":[
  {"type":"shareholding","directOrIndirect":"direct","share":{"exclusiveMinimum":25,"maximum":50}},{"type":"boardMember"}]}},
{"statementId":"s4","statementDate":"2026-02-01","recordId":"r1","recordStatus":"updated","recordType":"relationship",
 "recordDetails":{"subject":"quibble","interestedParty":"zoran","interests":[
  {"type":"shareholding","directOrIndirect":"direct","startDate":"2026-02-01","share":{"exact":33.333}},{"type":"boardMember"}]}},
{"statementId":"s5","statementDate":"2026-01-01","recordId":"r2","recordStatus":"new","recordType":"relationship",
 "recordDetails":{"subject":"quibble","interestedParty":{"reason":"informationUnknownToPublisher"},"interests":[{"type":"shareholding"}]}},
{"statementId":"s6","statementDate":"2026-01-01","recordId":"r3","recordStatus":"new","recordType":"relationship",
 "recordDetails":{"subject":"quibble","interestedParty":"zoran","interests":[{"type":"shareholding","share":{"exact":133}}]}},
{"statementId":"s7","statementDate":"2026-03-01","recordId":"r4","recordStatus":"closed","recordType":"relationship",
 "recordDetails":{"subject":"quibble","interestedParty":"zoran","interests":[{"type":"shareholding","share":{"exact":90}}]}}
]`

// TestReadBODS protects what is taken from statements: the latest of each record,
// bounds of shares, owners that nobody names, and rejects that name the statement.
func TestReadBODS(t *testing.T) {
	r, err := ownership.ReadBODS(strings.NewReader(filing), "filing.json")
	if err != nil {
		t.Fatal(err)
	}
	if r.Statements != 7 || len(r.Parties) != 2 || len(r.Interests) != 3 || len(r.Rejects) != 1 || r.Edges != 2 || len(r.Closed) != 1 || r.Other() != 2 || r.Interests[0].Owner != ownership.Unnamed {
		t.Fatalf("%+v", r)
	}
	if p := r.Parties[1]; p.Name != "Zoran Exemplar" || p.Sort != ownership.Person || strings.Join(p.Countries, " ") != "XK" || p.BirthDate != "1970-02" {
		t.Errorf("%+v", p)
	}
	if i := r.Interests[2]; i.Owner != "zoran" || i.Share != (ownership.Share{Least: 3333, Most: 3334}) || i.From != "2026-02-01" {
		t.Errorf("%+v", i)
	}
	if i := r.Interests[0]; i.Share != (ownership.Share{Least: 0, Most: ownership.Whole}) {
		t.Errorf("a share that nobody gave: %+v", i)
	}
	if msg := r.Rejects[0].Error(); !strings.Contains(msg, "filing.json") || !strings.Contains(msg, "s6") || !strings.Contains(msg, "133") {
		t.Errorf("%s", msg)
	}
}

// TestReadBroken protects against half a file being taken for a whole one.
func TestReadBroken(t *testing.T) {
	for _, text := range []string{"", "{", "[", "[{}", filing[:len(filing)/2], "xml", "[1]]x"} {
		for name, read := range map[string]func(string) (*ownership.Record, error){
			"bods": func(s string) (*ownership.Record, error) { return ownership.ReadBODS(strings.NewReader(s), "f") },
			"ftm":  func(s string) (*ownership.Record, error) { return ownership.ReadFTM(strings.NewReader(s), "f") },
		} {
			if r, err := read(text); err == nil && len(r.Rejects) == 0 {
				t.Errorf("%s took %.20q: %+v", name, text, r)
			}
		}
	}
}

// TestReadFTM protects the edges: shares as they are written, every pair of ends.
func TestReadFTM(t *testing.T) {
	lines := `{"id":"q","schema":"Company","properties":{"name":["Quibbleton Ltd"],"jurisdiction":["gb"]}}
{"id":"z","schema":"Person","caption":"Zoran Exemplar","properties":{"birthDate":["1970"]}}
{"id":"o","schema":"Ownership","properties":{"owner":["z"],"asset":["q","p"],"percentage":["25,5 %"]}}
{"id":"d","schema":"Directorship","properties":{"director":["z"],"organization":["q"]}}
{"id":"a","schema":"Address","properties":{"full":["Nowhere 1"]}}
{"id":"b","schema":"Ownership","properties":{"owner":["z"],"asset":["q"],"percentage":["half"]}}
{"id":"s","schema":"Vessel","properties":{"name":["Marigold"]}}
{"id":"v","schema":"Ownership","properties":{"owner":["z"],"asset":["s"]}}
{"id":"d","schema":"Directorship","properties":{"director":["z"],"organization":["q"],"startDate":["2020-03"],"endDate":["2021"]}}
`
	r, err := ownership.ReadFTM(strings.NewReader(lines), "edges.jsonl")
	if err != nil || len(r.Parties) != 2 || len(r.Interests) != 3 || len(r.Rejects) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := r.Interests[1]; d.Role != ownership.Directs || d.From != "2020-03-01" || d.To != "2022-01-01" || r.Edges != 2 || r.Other() != 4 {
		t.Errorf("%+v, %d edges, %d other", d, r.Edges, r.Other())
	}
	if i := r.Interests[0]; i.Owned != "p" || i.Share != (ownership.Share{Least: 2550, Most: 2550}) {
		t.Errorf("%+v", i)
	}
}

// TestRealOwnership reads files that nobody here wrote, whole.
func TestRealOwnership(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set; it names a directory with ownership/")
	}
	files, err := filepath.Glob(filepath.Join(dir, "ownership", "bods*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(dir, "ownership", "bods04_sample_300_statements.json"))
	parties, interests := 0, 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ownership.ReadBODS(f, filepath.Base(name))
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, reject := range r.Rejects {
			t.Errorf("%v", reject)
		}
		parties, interests = parties+len(r.Parties), interests+len(r.Interests)
	}
	t.Logf("%d files, %d parties, %d interests", len(files), parties, interests)
	if len(files) != 20 || parties < 250 || interests < 140 {
		t.Errorf("less was read than the files hold")
	}
}

func FuzzReadBODS(f *testing.F) {
	f.Add([]byte(filing))
	f.Add([]byte(`{"recordId":"a","recordType":"person"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ownership.ReadBODS(strings.NewReader(string(data)), "f")
		if err != nil {
			return
		}
		g := ownership.NewGraph(r.Interests, day)
		for p, h := range g.Held(map[string]bool{"a": true}) {
			if h.Counted.Least < 0 || h.Counted.Most > ownership.Whole || h.Counted.Least > h.Counted.Most {
				t.Errorf("%s: %+v", p, h)
			}
		}
	})
}

func FuzzReadFTM(f *testing.F) {
	f.Add([]byte(`{"id":"o","schema":"Ownership","properties":{"owner":["z"],"asset":["q"],"percentage":["25.5"]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = ownership.ReadFTM(strings.NewReader(string(data)), "f")
	})
}

// BenchmarkHeld follows 100,000 interests in circles, of ten and one of 10,000, which
// is as bad as a graph gets.
func BenchmarkHeld(b *testing.B) {
	var interests []ownership.Interest
	for n := range 90_000 {
		interests = append(interests, owns(fmt.Sprintf("p%d", n), fmt.Sprintf("p%d", n/10*10+(n+1)%10), 5000, 6000))
	}
	for n := range 10_000 {
		interests = append(interests, owns(fmt.Sprintf("c%d", n), fmt.Sprintf("c%d", (n+1)%10_000), 9000, 10000))
	}
	listed := map[string]bool{"p7": true, "c5000": true}
	for b.Loop() {
		if len(ownership.NewGraph(interests, day).Held(listed)) < 10_000 {
			b.Fatal("the chain was not followed to its end")
		}
	}
	b.ReportMetric(float64(len(interests))*float64(b.N)/b.Elapsed().Seconds(), "interests/s")
}
