package usage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/pack"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

const (
	one   = "application/cloudevents+json"
	batch = "application/cloudevents-batch+json"
)

// cloudEvent makes a search as it is pushed.
func cloudEvent(source, id, reason string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":"search","time":"2026-11-03T10:00:00Z","subject":"Made-up PD","data":{"reason":%q,"networks":1}}`, id, source, reason)
}

type pusher struct {
	t     *testing.T
	inbox *usage.Inbox
	dir   string
}

func newPusher(t *testing.T) *pusher {
	t.Helper()
	dir := t.TempDir()
	inbox, err := usage.OpenInbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &pusher{t, inbox, dir}
}

func (p *pusher) post(header map[string]string, body string) (status int, text string) {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	p.inbox.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (p *pusher) segments() int {
	p.t.Helper()
	list, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(list)
}

// Protects: what CloudEvents 1.0 over HTTP allows is taken in all three modes, and
// nothing else, with an answer that says why; nothing is left of what is refused.
func TestPushedForms(t *testing.T) {
	structured, batched := map[string]string{"Content-Type": one}, map[string]string{"Content-Type": batch}
	binary := func(more ...string) map[string]string {
		h := map[string]string{"Ce-Specversion": "1.0", "Ce-Id": "1", "Ce-Source": "s", "Ce-Type": "search", "Content-Type": "application/json"}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	good := cloudEvent("s", "1", "burglary")
	for _, c := range []struct {
		name   string
		header map[string]string
		body   string
		status int
		says   string
	}{
		{"structured", structured, good, 204, ""},
		{"structured with a charset", map[string]string{"Content-Type": one + "; charset=UTF-8"}, good, 204, ""},
		{"batch", batched, "[" + good + "," + cloudEvent("s", "2", "") + "]", 204, ""},
		{"empty batch", batched, "[]", 204, ""},
		{"binary", binary(), `{"reason":"x"}`, 204, ""},
		{"binary without data", binary(), "", 204, ""},
		{"binary with a percent-encoded header", binary("Ce-Subject", "Made%20up%20%F0%9F%9A%93"), "{}", 204, ""},
		{"binary with a text", binary("Content-Type", "text/plain"), "hello", 204, ""},
		{"another charset", map[string]string{"Content-Type": one + "; charset=latin1"}, good, 400, "UTF-8"},
		{"plain JSON", map[string]string{"Content-Type": "application/json"}, good, 415, "no CloudEvent"},
		{"the XML format", map[string]string{"Content-Type": "application/cloudevents+xml"}, "<a/>", 415, "no CloudEvent"},
		{"no type of content", nil, good, 415, "no CloudEvent"},
		{"an older version", structured, strings.Replace(good, `"1.0"`, `"0.3"`, 1), 400, "1.0"},
		{"no id", structured, strings.Replace(good, `"id":"1"`, `"id":""`, 1), 400, "no id"},
		{"an id that is a number", structured, strings.Replace(good, `"id":"1"`, `"id":1`, 1), 400, "no id"},
		{"a name twice", structured, strings.Replace(good, `"id":"1"`, `"id":"1","id":"2"`, 1), 400, "not valid JSON"},
		{"a time that is none", structured, strings.Replace(good, "2026-11-03T10", "soon", 1), 400, "time"},
		{"cut off", structured, good[:50], 400, "not valid JSON"},
		{"two events where one should be", structured, good + good, 400, "not valid JSON"},
		{"text after a batch", batched, "[" + good + "] x", 400, "follows"},
		{"one bad event in a batch", batched, "[" + good + ",{}]", 400, "1.0"},
		{"not an array", batched, good, 400, "array"},
		{"nested too deeply", structured, `{"data":` + strings.Repeat("[", 20000), 400, "not valid JSON"},
		{"not UTF-8", structured, strings.Replace(good, "burglary", "\xff", 1), 400, "not valid JSON"},
		{"a NUL byte", structured, strings.Replace(good, "burglary", "\x00", 1), 400, "not valid JSON"},
		{"100 MB", structured, `{"data":"` + strings.Repeat("x", 100<<20), 413, "8 MiB"},
		{"an event over 1 MiB", structured, strings.Replace(good, "burglary", strings.Repeat("x", 1<<20), 1), 413, "1 MiB"},
		{"too many events", batched, "[" + strings.Repeat(good+",", 10_000) + good + "]", 413, "10000"},
		{"data that is not what it says", binary(), "{", 400, "not valid JSON"},
		{"a header that cannot be decoded", binary("Ce-Subject", "%zz"), "{}", 400, "percent"},
		{"an attribute named data", binary("Ce-Data", "x"), "{}", 400, "cannot be an attribute"},
	} {
		p := newPusher(t)
		status, text := p.post(c.header, c.body)
		if status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %q, want %d %q", c.name, status, text, c.status, c.says)
		}
		want := 0
		if c.status == 204 && c.name != "empty batch" {
			want = 1
		}
		if got := p.segments(); got != want {
			t.Errorf("%s: %d files are left, want %d", c.name, got, want)
		}
	}
}

const pushLog = `id: pushed
kind: log
version: "1"
title: Made-up searches that are pushed
status: project
file: {format: jsonl}
time: {column: time, form: "YYYY-MM-DDTHH:mm:ssZ"}
event_id: id
account: {column: subject}
source: {is: alpr.searches}
name: {is: Search}
params:
  - {name: reason, column: /data/reason, type: text}
  - {name: networks, column: /data/networks, type: number}
tests: []
`

// Protects: pushed events count once by source and id, over requests, restarts and
// segments that were counted and not removed.
func TestPushedCountOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		registerAccount(t, db, "Made-up PD")
		l, err := usage.LoadLog(parsePack(t, "pushed.yaml", pushLog))
		if err != nil {
			t.Fatal(err)
		}
		task := usage.Task{Actor: storetest.Actor, Today: "2026-11-24", Conditions: []*pack.Pack{parsePack(t, "s.yaml", searchRules)}, Log: l}
		p := newPusher(t)
		count := func() *usage.Summary {
			s, err := p.inbox.Count(context.Background(), db, task)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		push := func(events ...string) {
			if status, text := p.post(map[string]string{"Content-Type": batch}, "["+strings.Join(events, ",")+"]"); status != 204 {
				t.Fatal(status, text)
			}
		}
		push(cloudEvent("a", "1", "burglary"), cloudEvent("a", "2", ""), cloudEvent("a", "1", "burglary"))
		push(cloudEvent("a", "2", ""), cloudEvent("b", "1", ""))
		if s := count(); s.Read != 3 || s.Matched != 3 || s.Again != 2 || p.segments() != 0 {
			t.Errorf("%+v, %d segments left", s, p.segments())
		}
		push(cloudEvent("b", "1", ""), cloudEvent("a", "1", "burglary"))
		left, err := filepath.Glob(filepath.Join(p.dir, "*"))
		if err != nil || len(left) != 1 {
			t.Fatal(left, err)
		}
		text, err := os.ReadFile(left[0])
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time as if the process had died before it removed the segment
			if s := count(); s.Read != 0 || s.Again != 2 || p.segments() != 0 {
				t.Errorf("%+v, %d segments left", s, p.segments())
			}
			if err := os.WriteFile(left[0], text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(left[0], append(text, 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.inbox.Count(context.Background(), db, task); err == nil {
			t.Error("a segment that was changed is counted")
		}
		list, err := store.Select(context.Background(), db, usage.Counts, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if r := c.Record; r.Exposures != 3 || r.Clause == "S-REASON" && r.Deviations != 2 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// FuzzPushed protects the reader of pushed events: it never fails otherwise than by an
// answer, and what it takes is counted as it was sent.
func FuzzPushed(f *testing.F) {
	good := cloudEvent("s", "1", "burglary")
	for _, s := range []string{good, "[" + good + "]", "[]", "{", `{"data":[[[[`, good[:40]} {
		f.Add(one, s, "1")
		f.Add(batch, s, "a%20b")
		f.Add("application/json", s, "\xff")
	}
	dir := f.TempDir()
	inbox, err := usage.OpenInbox(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, body, id string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		if kind != one && kind != batch {
			r.Header["Ce-Specversion"], r.Header["Ce-Id"], r.Header["Ce-Source"], r.Header["Ce-Type"] = []string{"1.0"}, []string{id}, []string{"s"}, []string{"t"}
		}
		w := httptest.NewRecorder()
		inbox.ServeHTTP(w, r)
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		switch {
		case w.Code == 204 && len(left) > 1, w.Code != 204 && len(left) > 0:
			t.Fatalf("answered %d and left %v", w.Code, left)
		case w.Code == 204 && len(left) == 1:
			text, err := os.ReadFile(left[0])
			if err != nil || len(text) == 0 || text[len(text)-1] != '\n' {
				t.Fatalf("left %q, %v", text, err)
			}
			if err := os.Remove(left[0]); err != nil {
				t.Fatal(err)
			}
		case w.Code >= 500:
			t.Fatal(w.Code, w.Body)
		}
	})
}

// TestPushedKeysEnd protects what is pushed again after its key went: it is unknown, and
// counts neither twice nor as nothing; what is pushed late and new of a later day counts.
// What is kept of segments can be counted again, until its day.
func TestPushedKeysEnd(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerAccount(t, db, "Made-up PD")
	l, err := usage.LoadLog(parsePack(t, "pushed.yaml", pushLog))
	if err != nil {
		t.Fatal(err)
	}
	p := newPusher(t)
	count := func(today, until string, events ...string) *usage.Summary {
		if status, text := p.post(map[string]string{"Content-Type": batch}, "["+strings.Join(events, ",")+"]"); status != 204 {
			t.Fatal(status, text)
		}
		task := usage.Task{Actor: storetest.Actor, Today: today, Conditions: []*pack.Pack{parsePack(t, "s.yaml", searchRules)}, Log: l, KeptUntil: until}
		s, err := p.inbox.Count(context.Background(), db, task)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	recount := func(today string) string {
		r, err := usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: today, Inbox: p.dir}, "")
		if err != nil || !r.Held() {
			t.Errorf("%+v, %v", r, err)
		}
		return fmt.Sprintf("%d same, %d gone, %d not kept", r.Same, r.Gone, r.NotKept)
	}
	day := func(text, day string) string { return strings.Replace(text, "2026-11-03", day, 1) }
	one, two, three := cloudEvent("a", "1", ""), cloudEvent("a", "2", ""), day(cloudEvent("a", "3", ""), "2026-11-25")
	count("2026-11-24", "2026-12-31", one, one)
	count("2026-11-24", "", two)
	if got := recount("2026-11-24"); got != "1 same, 0 gone, 1 not kept" {
		t.Error(got)
	}
	if s := count("2027-02-22", "", one); s.Again != 1 || s.Swept.Keys != 0 || s.Swept.Segments != 1 {
		t.Errorf("on the last day of its key: %+v", s)
	}
	if s := count("2027-02-23", "2027-03-01", one, three); s.Swept.Keys != 2 || s.Late != 1 || s.Exposures != 4 || s.Unknown != 4 {
		t.Errorf("after its key went: %+v", s)
	}
	if s := count("2027-02-24", "", one, three); s.Again != 2 || s.Late != 0 {
		t.Errorf("again, with a key anew: %+v", s)
	}
	if got := recount("2027-02-25"); got != "1 same, 1 gone, 1 not kept" {
		t.Error(got)
	}
	s, err := usage.Sweep(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2027-05-25", Inbox: p.dir}, false)
	if err != nil || s.Keys != 2 || s.Segments != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if left := recount("2027-05-25"); left != "0 same, 2 gone, 1 not kept" {
		t.Error(left)
	}
}
