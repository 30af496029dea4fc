package screening_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/watchlist"
)

// publisher serves one list on loopback, as a publisher does: with an ETag and a
// date, and 304 to who has that version.
type publisher struct {
	*httptest.Server
	body, etag string
	status     int
	asked      atomic.Int64
	full       atomic.Int64 // answers with a body
	hang, cut  bool
}

func publish(t *testing.T) *publisher {
	p := &publisher{status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) serve(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	switch {
	case p.hang:
		<-r.Context().Done()
		return
	case p.status != http.StatusOK:
		http.Error(w, "not now", p.status)
		return
	case p.etag != "" && r.Header.Get("If-None-Match") == p.etag:
		w.WriteHeader(http.StatusNotModified)
		return
	}
	p.full.Add(1)
	w.Header().Set("ETag", p.etag)
	if p.cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(p.body)))
		fmt.Fprint(w, p.body[:len(p.body)/2])
		return
	}
	fmt.Fprint(w, p.body)
}

// company is a line of a made-up list.
func company(id, name string) string {
	return fmt.Sprintf(`{"id":%q,"schema":"Company","caption":%q,"properties":{"name":[%q]},"datasets":["made_up"]}`+"\n", id, name, name)
}

func companies(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(company(fmt.Sprintf("q%02d", i), fmt.Sprintf("Zarnok Optics %d", i)))
	}
	return b.String()
}

type bench struct {
	*testing.T
	db    *store.DB
	shelf screening.Shelf
	u     *screening.Updater
	day   string
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, db: storetest.SQLite(t, rooms...), shelf: screening.Shelf(t.TempDir()), day: today}
	b.u = &screening.Updater{DB: b.db, Shelf: b.shelf, Actor: storetest.Actor, Client: &http.Client{Timeout: 5 * time.Second},
		Now: func() time.Time { d, _ := time.Parse(time.DateOnly, b.day); return d.Add(time.Hour) }}
	return b
}

func (b *bench) update(f screening.Feed, outcome string) *screening.Updated {
	b.Helper()
	r, err := b.u.Update(ctx, f)
	if err != nil {
		b.Fatal(err)
	}
	if r.Outcome != outcome {
		b.Fatalf("%s instead of %s: %s", r.Outcome, outcome, r.Why)
	}
	return r
}

// inUse gives the one list that is in use.
func (b *bench) inUse() *watchlist.List {
	b.Helper()
	lists, err := screening.Load(ctx, b.db, b.shelf)
	if err != nil || len(lists) != 1 {
		b.Fatalf("%d lists, %v", len(lists), err)
	}
	return lists[0]
}

// TestUpdateTellsWhatChanged protects the way of a list through its versions: what
// was added, removed and changed, when each entry was seen, and that nothing is
// fetched or written twice.
func TestUpdateTellsWhatChanged(t *testing.T) {
	b, p := newBench(t), publish(t)
	feed := screening.Feed{Name: "made-up", Format: "ftm", From: p.URL + "/entities.ftm.json?token=secret"}
	p.body, p.etag = companies(20), `"one"`
	if r := b.update(feed, "first"); r.Entries != 20 || r.List != "FollowTheMoney: made-up" {
		t.Errorf("%+v", r)
	}
	b.day = "2026-11-25"
	if r := b.update(feed, "unchanged"); r.Entries != 20 || p.full.Load() != 1 || p.asked.Load() != 2 {
		t.Errorf("%+v, asked %d, answered in full %d", r, p.asked.Load(), p.full.Load())
	}
	p.etag = `"two"` // another version by its tag, the same by its content
	b.update(feed, "unchanged")

	b.day = "2026-11-26"
	p.etag = `"three"`
	p.body = strings.Replace(companies(20), "Zarnok Optics 3", "Zarnok Lenses 3", 2) + company("q99", "Belmarsh Tide")
	p.body = strings.Replace(p.body, company("q07", "Zarnok Optics 7"), "", 1)
	r := b.update(feed, "updated")
	if d := r.Delta; !slices.Equal(d.Added, []string{"q99"}) || !slices.Equal(d.Removed, []string{"q07"}) || !slices.Equal(d.Changed, []string{"q03"}) {
		t.Errorf("delta %+v", d)
	}
	for _, e := range b.inUse().Entities {
		first := today
		if e.SourceID == "q99" {
			first = "2026-11-26"
		}
		if e.FirstSeen != first || e.LastSeen != "2026-11-26" {
			t.Errorf("%s: first seen %s, last seen %s", e.SourceID, e.FirstSeen, e.LastSeen)
		}
	}

	b.day, p.etag, p.body = "2026-11-27", `"four"`, p.body+company("q07", "Zarnok Optics 7")
	if r := b.update(feed, "updated"); !slices.Equal(r.Delta.Added, []string{"q07"}) || len(r.Delta.Removed)+len(r.Delta.Changed) > 0 {
		t.Errorf("delta %+v", r.Delta)
	}
	for _, e := range b.inUse().Entities {
		if e.SourceID == "q07" && e.FirstSeen != today {
			t.Errorf("an entry that comes back was first seen %s", e.FirstSeen)
		}
	}
	updates, err := store.Select(ctx, b.db, screening.ListUpdates, "")
	if err != nil || len(updates) != 3 {
		t.Fatalf("%d updates are recorded, %v", len(updates), err)
	}
	if u := updates[1].Record; u.Added != 1 || u.Removed != 1 || u.Changed != 1 || u.Entries != 20 || u.Previous != updates[0].Record.SHA256 ||
		u.Day != "2026-11-26" || strings.Contains(u.Source, "secret") {
		t.Errorf("%+v", u)
	}
}

// TestUpdateKeepsWhatWorks protects screening: whatever a publisher sends, the
// version in use stays unless a whole and plausible one takes its place.
func TestUpdateKeepsWhatWorks(t *testing.T) {
	b, p := newBench(t), publish(t)
	feed := screening.Feed{Name: "made-up", Format: "ftm", From: p.URL, MaxMB: 1}
	p.body = companies(40)
	b.update(feed, "first")
	before := b.inUse().SHA256
	redirect := httptest.NewServer(http.RedirectHandler("http://lists.invalid/", http.StatusFound))
	defer redirect.Close()
	loop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }))
	defer loop.Close()
	for _, c := range []struct {
		protects string
		change   func(*screening.Feed)
		what     string
		code     fault.Code
	}{
		{"no answer", func(f *screening.Feed) { p.status = http.StatusServiceUnavailable }, "503", fault.Failed},
		{"gone", func(f *screening.Feed) { p.status = http.StatusNotFound }, "404", fault.Failed},
		{"not modified, unasked", func(f *screening.Feed) { p.status = http.StatusNotModified }, "304", fault.Failed},
		{"web page", func(f *screening.Feed) { p.body = "<html>Service unavailable</html>" }, "not a usable list", fault.Invalid},
		{"empty", func(f *screening.Feed) { p.body = "" }, "names nobody", fault.Invalid},
		{"cut on the way", func(f *screening.Feed) { p.cut = true }, "unexpected EOF", fault.Failed},
		{"shrunk", func(f *screening.Feed) { p.body = companies(35) }, "5 of the 40 entries", fault.Refused},
		{"other entries", func(f *screening.Feed) { p.body = strings.ReplaceAll(companies(40), `"q`, `"x`) }, "40 of the 40 entries", fault.Refused},
		{"too large", func(f *screening.Feed) { p.body = companies(40) + strings.Repeat(" ", 2<<20) }, "more than 1 MiB", fault.Refused},
		{"too slow", func(f *screening.Feed) { p.hang = true }, "cannot fetch", fault.Failed},
		{"another format", func(f *screening.Feed) { f.Format = "un" }, "does not begin as XML", fault.Invalid},
		{"open address", func(f *screening.Feed) { f.From = "http://lists.invalid/x" }, "not an https address", fault.Invalid},
		{"file address", func(f *screening.Feed) { f.From = "file:///etc/hostname" }, "not an https address", fault.Invalid},
		{"redirect into the open", func(f *screening.Feed) { f.From = redirect.URL }, "not an https address", fault.Invalid},
		{"redirect without end", func(f *screening.Feed) { f.From = loop.URL }, "redirects more than", fault.Failed},
		{"no file", func(f *screening.Feed) { f.From = filepath.Join(t.TempDir(), "none") }, "no such file", fault.NotFound},
	} {
		t.Run(c.protects, func(t *testing.T) {
			p.body, p.status, p.cut, p.hang = companies(40), http.StatusOK, false, false
			b.u.Client.Timeout = 5 * time.Second
			f := feed
			c.change(&f)
			if p.hang {
				b.u.Client.Timeout = 50 * time.Millisecond
			}
			r := b.update(f, "kept")
			if !strings.Contains(r.Why, c.what) || fault.CodeOf(r.Err) != c.code || strings.Contains(r.Why, string(b.shelf)) {
				t.Errorf("%s: %v", fault.CodeOf(r.Err), r.Err)
			}
			if now := b.inUse(); now.SHA256 != before {
				t.Error("the list in use was replaced")
			}
			lists, err := screening.ListsInUse(ctx, b.db, b.shelf, b.u.Now())
			if err != nil || len(lists) != 1 || lists[0].Checked == "" {
				t.Errorf("%+v, %v", lists, err)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(string(b.shelf), ".*-*")); len(left) > 0 { // what is unfinished is hidden
		t.Errorf("left behind: %v", left)
	}
	p.body, p.status, p.hang = companies(35), http.StatusOK, false
	b.u.Client.Timeout = 5 * time.Second
	b.u.Shrink = true
	if r := b.update(feed, "updated"); len(r.Delta.Removed) != 5 {
		t.Errorf("%+v", r)
	}
}

// TestUpdateOfSeveralFiles protects lists that are published in parts: what did
// not change is taken from the shelf, and the parts stay together.
func TestUpdateOfSeveralFiles(t *testing.T) {
	b, sdn, alt := newBench(t), publish(t), publish(t)
	rest := strings.Repeat("-0- ,", 8) + "-0- \n"
	sdn.body, sdn.etag = `1,"QUIBBLETON TRADING",-0- ,`+rest, `"s1"`
	alt.body, alt.etag = `1,1,"aka","KWIBBLETON",-0- `+"\n", `"a1"`
	feed := screening.Feed{Name: "sdn", Format: "ofac", Files: map[string]string{"sdn.csv": sdn.URL, "alt.csv": alt.URL}}
	b.update(feed, "first")
	sdn.body, sdn.etag = sdn.body+`2,"PENNYWORTH",-0- ,`+rest, `"s2"`
	if r := b.update(feed, "updated"); !slices.Equal(r.Delta.Added, []string{"2"}) || len(r.Delta.Changed) > 0 {
		t.Errorf("%+v", r.Delta)
	}
	if l := b.inUse(); len(l.Entities) != 2 || len(l.Entities[0].Aliases) != 1 || alt.full.Load() != 1 {
		t.Errorf("%+v, the unchanged file was sent %d times", l.Summary(), alt.full.Load())
	}
	b.update(feed, "unchanged")
}

// TestUpdateOffline protects machines without a network: files in a directory take
// the place of sources, and no server is asked.
func TestUpdateOffline(t *testing.T) {
	b, p := newBench(t), publish(t)
	feed := screening.Feed{Name: "made-up", Format: "ftm", From: p.URL + "/entities.ftm.json"}
	p.body, p.etag = companies(10), `"one"`
	b.update(feed, "first")
	b.u.Dir = t.TempDir()
	if r := b.update(feed, "kept"); !strings.Contains(r.Why, "made-up.json") {
		t.Error(r.Why)
	}
	if err := os.WriteFile(filepath.Join(b.u.Dir, "entities.ftm.json"), []byte(companies(11)), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := p.asked.Load()
	if r := b.update(feed, "updated"); len(r.Delta.Added) != 1 || p.asked.Load() != asked {
		t.Errorf("%+v; the server was asked", r)
	}
	b.u.Dir, p.body = "", companies(12) // the tag is the old one, and must not be asked by
	if r := b.update(feed, "updated"); len(r.Delta.Added) != 1 {
		t.Errorf("%+v", r)
	}
	local := screening.Feed{Name: "local", Format: "ftm", From: writeList(t, companies(3))}
	b.update(local, "first")
}

// TestSightingsAreHeldToTheirHash protects what is told of when entries were seen.
func TestSightingsAreHeldToTheirHash(t *testing.T) {
	b, p := newBench(t), publish(t)
	p.body = companies(3)
	b.update(screening.Feed{Name: "x", Format: "ftm", From: p.URL}, "first")
	found, _ := filepath.Glob(filepath.Join(string(b.shelf), "seen-*"))
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], []byte(strings.ReplaceAll(string(text), today, "2020-01-01")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := screening.Load(ctx, b.db, b.shelf); fault.CodeOf(err) != fault.Broken {
		t.Errorf("changed sightings: %v", err)
	}
}

// TestReadFeeds protects that a mistake in lists.yaml is told and nothing is
// fetched by it.
func TestReadFeeds(t *testing.T) {
	for _, c := range []struct{ text, what string }{
		{"lists: [{name: a, format: un, from: x.xml}, {name: a, format: un, from: x.xml}]", "twice"},
		{"lists: [{format: un, from: x.xml}]", "no name"},
		{"lists: [{name: ../a, format: un, from: x.xml}]", "no name"},
		{"lists: [{name: a, format: xls, from: x.xml}]", "no list format"},
		{"lists: [{name: a, format: un}]", "either from or files"},
		{"lists: [{name: a, format: ofac, from: x, files: {sdn.csv: y}}]", "either from or files"},
		{"lists: [{name: a, format: ofac, files: {../sdn.csv: y}}]", "no name of a file"},
		{"lists: [{name: a, format: un, url: x.xml}]", "url"},
		{"lists: {", "cannot be read"},
	} {
		path := filepath.Join(t.TempDir(), "lists.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := screening.ReadFeeds(path); err == nil || !strings.Contains(err.Error(), c.what) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	if _, err := screening.ReadFeeds(filepath.Join(t.TempDir(), "none")); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "lists.yaml")
	text := "lists:\n- {name: a, format: un, from: x.xml}\n- {name: b, format: un, from: 'https://lists.invalid/x.xml'}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	feeds, err := screening.ReadFeeds(path)
	if err != nil || len(feeds) != 2 || feeds[0].From != filepath.Join(filepath.Dir(path), "x.xml") || feeds[1].From != "https://lists.invalid/x.xml" {
		t.Errorf("%+v, %v", feeds, err)
	}
}
