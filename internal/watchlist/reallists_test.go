package watchlist

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealLists protects what is read of real lists. Entities were counted by
// other means: rows and elements of the files, and alias rows whose ent_num the
// list lacks. A figure that changes must be explained.
func TestRealLists(t *testing.T) {
	for _, c := range []struct {
		format, path, published string
		want                    Summary
	}{
		{"ofac", "watchlists/ofac-2024-05", "", Summary{Entities: 14965, Aliases: 21700, OrphanAliases: 19486 - 18018, OrphanRows: 2476, Edges: 5376}},
		{"ofac", "watchlists/ofac-2021-07", "", Summary{Entities: 8976, Aliases: 14345, Edges: 2513}},
		{"ofac", "watchlists/ofac-non-sdn-2025-12", "", Summary{Entities: 442, Aliases: 1143, Edges: 277}},
		{"csl", "watchlists/csl-2022-04", "", Summary{Entities: 14160 - 112, Aliases: 19445, Merged: 112}},
		{"un", "watchlists/un-2025-04", "2025-04-19", Summary{Entities: 684 + 193, Aliases: 3098}},
		{"un", "watchlists/un-2026-02", "2026-02-27", Summary{Entities: 730 + 273, Aliases: 3189}},
		{"un", "watchlists/format_samples/sample_unsc.xml", "2024-10-17", Summary{Entities: 7, Aliases: 33}},
		{"ca", "watchlists/canada-2025", "", Summary{Entities: 4759, Aliases: 3436}},
		{"eu", "watchlists/format_samples/sample_eu.xml", "2020-04-15", Summary{Entities: 7, Aliases: 8, Twice: 1}},
		{"uk", "watchlists/format_samples/sample_hmt.csv", "2020-04-27", Summary{Entities: 6, Aliases: 4, Merged: 17}},
	} {
		l := load(t, c.format, c.path)
		got := l.Summary()
		t.Logf("%s: %s %s: %+v", c.path, l.Name, l.Published, got)
		if got != c.want || l.Published != c.published {
			t.Errorf("%s: %+v, want %+v; published %q, want %q", c.path, got, c.want, l.Published, c.published)
		}
	}
}

// TestRealTopics protects how many entries of real lists have a topic that is
// worked out here, and that each can be explained.
func TestRealTopics(t *testing.T) {
	want := map[string]int{TopicMilitary: 311, TopicSecurity: 3, TopicRights: 402, TopicForcedLabour: 5, TopicSurveillance: 4}
	got := map[string]int{}
	for _, path := range []string{"csl:watchlists/csl-2022-04", "ofac:watchlists/ofac-2024-05"} {
		format, path, _ := strings.Cut(path, ":")
		l := load(t, format, path)
		for i := range l.Entities {
			for _, topic := range l.Entities[i].Topics {
				got[topic]++
				if len(l.Entities[i].TopicBecause(topic)) == 0 {
					t.Errorf("%s %s: nothing says why it has the topic %s", l.Name, l.Entities[i].SourceID, topic)
				}
			}
		}
	}
	for topic, n := range want {
		t.Logf("%s: %d", topic, got[topic])
		if got[topic] != n {
			t.Errorf("%s: %d, want %d", topic, got[topic], n)
		}
	}
}

// TestRealDelta protects the delta against what was counted by other means:
// from 20 to 23 February 2024 OFAC added 553 entries, removed none and changed 8.
func TestRealDelta(t *testing.T) {
	version := func(day string) Contents {
		data, err := os.ReadFile(filepath.Join(testdata(t), "watchlists", "ofac-delta", "sdn-"+day+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		l, err := Read("ofac", write(t, map[string]string{"sdn.csv": string(data)}))
		if err != nil {
			t.Fatal(err)
		}
		return l.Contents()
	}
	d := Compare(version("2024-02-20"), version("2024-02-23"))
	if len(d.Added) != 553 || len(d.Removed) != 0 || len(d.Changed) != 8 {
		t.Errorf("added %d, removed %d, changed %d", len(d.Added), len(d.Removed), len(d.Changed))
	}
	un := Compare(load(t, "un", "watchlists/un-2025-04").Contents(), load(t, "un", "watchlists/un-2026-02").Contents())
	t.Logf("UN: added %d, removed %d, changed %d", len(un.Added), len(un.Removed), len(un.Changed))
	if len(un.Added) != 1003-873 || len(un.Removed) != 877-873 {
		t.Errorf("UN: added %d, removed %d", len(un.Added), len(un.Removed))
	}
}

// TestRealParties protects how much is put together over real lists, by what, and
// that entries of the CSL that have OFAC's numbers all find OFAC's entry.
func TestRealParties(t *testing.T) {
	lists := []*List{load(t, "ofac", "watchlists/ofac-2021-07"), load(t, "csl", "watchlists/csl-2022-04"), load(t, "un", "watchlists/un-2025-04"), load(t, "ca", "watchlists/canada-2025")}
	ties := map[string]int{}
	parties := Parties(lists...)
	for _, p := range parties {
		for _, b := range p.Because {
			_, b, _ = strings.Cut(b, "have the same ")
			kind, _, _ := strings.Cut(b, ",")
			for _, k := range strongKinds {
				if strings.HasPrefix(b, k.kind) {
					kind = k.kind
				}
			}
			if strings.HasPrefix(b, "number ") {
				kind = strings.Join(strings.Fields(b)[:2], " ")
			}
			ties[kind]++
		}
	}
	t.Logf("%d parties; ties %v", len(parties), ties)
	want := map[string]int{"number OFAC": 8556, "passport": 60, "national identity number": 35, "name and date of birth": 332}
	if len(parties) != 19677 || !maps.Equal(ties, want) {
		t.Errorf("want 19677 parties and %v", want)
	}
	if got := 8976 + 14048 + 877 + 4759 - (8556 + 60 + 35 + 332); got != len(parties) {
		t.Errorf("%d entities less what is tied should leave %d", len(parties), got)
	}
}

// TestOwnMappingsReadRealFiles protects the format own on files that others made
// of the EU's, the UK's and Australia's lists: one row a party, names in one cell.
func TestOwnMappingsReadRealFiles(t *testing.T) {
	for _, c := range []struct {
		file, aliases string
		want          Summary
	}{
		{"eu_parsed_2025.csv", "aliases: [Alias], ", Summary{Entities: 5308, Aliases: 22658, Merged: 5316 - 5308}},
		{"uk_parsed_2025.csv", "aliases: [Alias], ", Summary{Entities: 2359, Aliases: 3145, Merged: 2523 - 2359, Rejects: 1}},
		{"australia_dfat_parsed_2025.csv", "", Summary{Entities: 9894, Merged: 9983 - 9894}}, // its column Alias says None in every row
	} {
		data, err := os.ReadFile(filepath.Join(testdata(t), "watchlists", "other", c.file))
		if err != nil {
			t.Fatal(err)
		}
		mapping := "name: made of " + c.file + "\nfile: x.csv\nsplit: ','\ncolumns: {name: Name, " + c.aliases + "countries: [Nationality], title: Designation, programs: [Sanction Type]}\n"
		l, err := Read("own", write(t, map[string]string{"list.yaml": mapping, "x.csv": string(data)}))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", c.file, l.Summary())
		if l.Summary() != c.want {
			t.Errorf("%s: %+v, want %+v", c.file, l.Summary(), c.want)
		}
	}
}
