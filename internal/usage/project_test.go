package usage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// members reads an object with encoding/json and gives what stands under each
// name, in lower case where it is ASCII.
func members(raw []byte) (map[string][]json.RawMessage, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	out := map[string][]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		folded := strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, name.(string))
		out[folded] = append(out[folded], value)
	}
	return out, true
}

// agree compares the projector with encoding/json on one text.
func agree(t *testing.T, data []byte) {
	t.Helper()
	p := newProjector(&shapes{})
	p.buf = data
	ok := p.read(false)
	if ok && len(bytes.TrimRight(p.buf[p.pos:], " \t\r\n")) > 0 {
		return // more than one value
	}
	if !json.Valid(data) {
		if ok {
			t.Fatalf("%q is no JSON and was read", data)
		}
		return
	}
	all, isObject := members(data)
	if !isObject {
		return
	}
	if !ok {
		if p.why != "is nested too deeply" {
			t.Fatalf("%q is JSON and was not read: %s, more %v", data, p.why, p.more)
		}
		return
	}
	if p.kind != isEvent || p.unfit != "" {
		return
	}
	for name, got := range map[string][]byte{
		"eventid": p.id, "eventsource": p.source, "eventname": p.name, "awsregion": p.region, "errorcode": p.errorCode,
	} {
		if want := one(t, all[name]); want != string(got) {
			t.Fatalf("%q: %s is %q, want %q", data, name, got, want)
		}
	}
	want := one(t, all["recipientaccountid"])
	if want == "" && len(all["useridentity"]) > 0 {
		if who, ok := members(all["useridentity"][0]); ok {
			want = one(t, who["accountid"])
		}
	}
	if want != string(p.account) {
		t.Fatalf("%q: account %q, want %q", data, p.account, want)
	}
	if params := all["requestparameters"]; len(params) > 0 != (p.params != nil) || p.params != nil && !bytes.Equal(params[0], p.params) {
		t.Fatalf("%q: requestParameters %q, want %q", data, p.params, params)
	}
	text := one(t, all["eventtime"])
	if text == "" {
		text = one(t, all["@timestamp"])
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateTime, text)
	}
	if err != nil || !at.Equal(p.time) {
		t.Fatalf("%q: time %v, want %v %v", data, p.time, at, err)
	}
}

func one(t *testing.T, values []json.RawMessage) string {
	t.Helper()
	var text *string
	switch {
	case len(values) > 1:
		t.Fatalf("two values %q and the event was taken", values)
	case len(values) == 1 && json.Unmarshal(values[0], &text) != nil:
		t.Fatalf("%q was taken for a text", values[0])
	case len(values) == 0 || text == nil:
		return ""
	}
	return *text
}

// Protects: the projector reads what encoding/json reads, and refuses what it
// refuses.
func FuzzProjector(f *testing.F) {
	for _, s := range []string{
		first, second, digest, `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","x":[1,-0.5e+3,true,null,{"a":"\u00e9\\"}]}`,
		`{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":"\x"}`, `{"a":"` + "\x01" + `"}`, `{"a":1,}`, `{,}`, `[1,]`, `{"a" 1}`, "{\"\xff\":1}",
		`{"USERIDENTITY":{"ACCOUNTID":"1"},"eventName":"n","EVENTSOURCE":"s","eventTime":"2023-07-10T12:00:00+02:00"}`, `{"event\u004eame":"n"}`,
		`{"@timestamp":"2020-09-14T00:44:23.000Z","@version":"1","eventName":"n","eventSource":"s"}`, `{"eventTime":"2025-01-21 17:49:47.000000000","eventName":"n","eventSource":"s"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(agree)
}

// Protects: the same on every real event, whole and cut at many places.
func TestProjectorOnRealEvents(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testdata(t), "telemetry", "invictus_cloudtrail_20230710.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	for i, line := range lines {
		agree(t, line)
		cut := line[:i*7919%len(line)]
		p := newProjector(&shapes{})
		if p.buf = cut; p.read(true) || !p.more {
			t.Fatalf("%q is cut and was read: %s", cut, p.why)
		}
	}
}

// Protects: eight bytes at a time finds what one byte at a time finds.
func FuzzPlain(f *testing.F) {
	f.Add([]byte("abcdefgh\"ijk\\lmn\x1fopqrstuvwxyz"), 0)
	f.Fuzz(func(t *testing.T, b []byte, i int) {
		if i < 0 || i > len(b) {
			return
		}
		want := i
		for want < len(b) && b[want] != '"' && b[want] != '\\' && b[want] >= ' ' {
			want++
		}
		if got := plain(b, i); got != want {
			t.Fatalf("%q from %d: %d, want %d", b, i, got, want)
		}
		if body := unquote(b); body != nil && !utf8.Valid(body) {
			t.Fatalf("%q gives %q", b, body)
		}
	})
}

func testdata(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set: real telemetry was not read")
	}
	return dir
}

// Protects: a shape that is remembered changes nothing of what is read: a text that
// follows another of the same projector is read as by one that remembers nothing.
func FuzzShapes(f *testing.F) {
	odd := `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","eventID":"a","requestParameters":7,"x":[1,"y",{"eventID":"b"}]}`
	for _, s := range [][2]string{
		{first, second}, {first, strings.Replace(first, "70", "7e1", 1)}, {first, strings.Replace(first, "70", "-", 1)}, {first, strings.Replace(first, "70", `"70"`, 1)},
		{first, strings.Replace(first, "SearchFaces", `Search\u0046aces`, 1)}, {first, strings.Replace(first, "SearchFaces", "Search\nFaces", 1)},
		{first, strings.Replace(first, "us-east-1", strings.Repeat("u", 300), 1)}, {first, strings.Replace(first, "e1", "\xff", 1)}, {first, first[:len(first)-1]}, {first, first + "x"},
		{odd, strings.Replace(odd, "7,", "70,", 1)}, {odd, strings.Replace(odd, "7,", "null,", 1)}, {odd, strings.Replace(odd, `"y"`, `"y","z"`, 1)}, {odd, strings.Replace(odd, `"y"`, `{"y":2}`, 1)},
		{`{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","userIdentity":{"x":{"accountId":"1"},"accountId":"2"},"accountId":"3"}`, `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","userIdentity":{"x":{"accountId":"4"},"accountId":"5"},"accountId":"6"}`},
		{`{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","requestParameters":"p"}`, ` {"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","requestParameters":"q\"r"} `},
	} {
		f.Add(s[0], s[1], true)
		f.Add(s[1], s[0], false)
	}
	f.Fuzz(func(t *testing.T, before, text string, top bool) {
		known := &shapes{}
		for _, s := range []string{before, before, text, text} { // what is read by memory is read again
			warm, fresh := newProjector(known), newProjector(&shapes{})
			warm.buf, fresh.buf = []byte(s), []byte(s)
			ok, want := warm.read(top), fresh.read(top)
			if got, expected := told(warm, ok), told(fresh, want); got != expected {
				t.Fatalf("%q after %q:\n%s\n%s", s, before, got, expected)
			}
		}
	})
}

// Protects: the same of events that were changed a little, where a shape fits nearly.
func TestShapesOnChangedEvents(t *testing.T) {
	read := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]string{
			first, second, `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","requestParameters":-7.5e1,"x":[1,"y",{"eventID":"b"},[],null,true]}`,
		}).Draw(t, "base")
		known := &shapes{}
		newWarm := newProjector(known)
		newWarm.buf = []byte(base)
		if !newWarm.read(true) {
			t.Fatal(base)
		}
		text := []byte(base)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			insert := rapid.SampledFrom([]string{"", `"`, `\`, `\u00e9`, "{", "}", "[", "]", ",", ":", "0", "-", "e", " ", "\n", "\x00", "\xff", "é", "null", `,"eventID":"z"`}).Draw(t, "insert")
			drop := rapid.IntRange(0, 1).Draw(t, "drop")
			text = slices.Concat(text[:at], []byte(insert), text[at+drop:])
		}
		warm, fresh := newProjector(known), newProjector(&shapes{})
		warm.buf, fresh.buf = text, text
		ok, want := warm.read(true), fresh.read(true)
		if got, expected := told(warm, ok), told(fresh, want); got != expected {
			t.Fatalf("%q after %q:\n%s\n%s", text, base, got, expected)
		}
		read[ok]++
	})
	if read[true] == 0 || read[false] == 0 {
		t.Errorf("the changes do not try both: %v", read)
	}
}

// told says all that comes of reading one text.
func told(p *projector, ok bool) string {
	return fmt.Sprintf("%v %d %v %q; %d %q %v; %q %q %q %q %q %q %q %v", ok, p.pos, p.more, p.why, p.kind, p.unfit, p.eventful(),
		p.id, p.source, p.name, p.region, p.account, p.errorCode, p.params, p.time)
}

// Protects: the same of every real event, after all those before it.
func TestShapesOnRealEvents(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testdata(t), "telemetry", "invictus_cloudtrail_20230710.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	known := &shapes{}
	for line := range bytes.Lines(data) {
		warm, fresh := newProjector(known), newProjector(&shapes{})
		warm.buf, fresh.buf = line, line
		ok, want := warm.read(true), fresh.read(true)
		if got, expected := told(warm, ok), told(fresh, want); got != expected {
			t.Fatalf("%s\n%s\n%s", line, got, expected)
		}
	}
	t.Logf("%d bytes of shapes", known.size)
}
