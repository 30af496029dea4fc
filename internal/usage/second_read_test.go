package usage_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"encoding/json"
	"io"
	"math/bits"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// secondReader reads an object again: by encoding/json, all at once, and with nothing of
// the first reader. It knows the same rules of what an event is.
type secondReader struct {
	t              testing.TB
	s              *second
	read, rejected int64
	whole          bool // whether the object could be read to its end
}

// object counts all events of an object.
func (s *second) object(t testing.TB, data string) *secondReader {
	r := &secondReader{t: t, s: s, whole: true}
	text := []byte(data)
	if strings.HasPrefix(data, "\x1f\x8b") {
		z, err := stdgzip.NewReader(strings.NewReader(data))
		if err == nil {
			text, err = io.ReadAll(z)
		}
		r.whole = err == nil && !bytes.HasPrefix(text, []byte("\x1f\x8b"))
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text[:min(2, len(text))]) || len(bytes.TrimSpace(text)) == 0 {
		r.whole = false
	}
	if r.whole && !r.stream(text) {
		r.lines(text)
	}
	return r
}

// stream reads values one after another. It gives false, and counts nothing, when what
// is wrong concerns one line of many.
func (r *secondReader) stream(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	var values []json.RawMessage
	oneLine := true
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == nil {
			oneLine = oneLine && raw[0] == '{' && !bytes.Contains(raw, []byte("\n")) && len(records(raw)) == 0
			values = append(values, raw)
			if raw[0] != '{' && raw[0] != '[' {
				err = io.ErrUnexpectedEOF
			}
		}
		switch {
		case err == io.EOF:
			for _, v := range values {
				r.document(v)
			}
			return true
		case err != nil:
			_, rest, more := bytes.Cut(text[d.InputOffset():], []byte("\n"))
			if more && len(bytes.TrimSpace(text[d.InputOffset():len(text)-len(rest)])) == 0 { // the newline after the last good line
				_, rest, more = bytes.Cut(rest, []byte("\n"))
			}
			if oneLine && more && (len(values) > 0 || bytes.HasPrefix(rest, []byte("{"))) {
				return false
			}
			r.whole = false
			return true
		}
	}
}

func (r *secondReader) lines(text []byte) {
	for line := range bytes.Lines(text) {
		d := json.NewDecoder(bytes.NewReader(line))
		for {
			var raw json.RawMessage
			err := d.Decode(&raw)
			if err == io.EOF {
				break
			}
			if err != nil || raw[0] != '{' {
				r.reject()
				r.whole = r.whole && bytes.HasSuffix(line, []byte("\n"))
				break
			}
			r.document(raw)
		}
	}
}

func (r *secondReader) reject() { r.read++; r.rejected++ }

// document reads a value that stands alone.
func (r *secondReader) document(raw json.RawMessage) {
	if raw[0] == '[' {
		r.items(raw)
		return
	}
	if lists := records(raw); len(lists) > 0 {
		for _, list := range lists {
			r.items(list)
		}
		return
	}
	switch all, _ := membersOf(raw); {
	case len(raw) > 1<<20 || depth(raw) > 128:
		r.reject()
	case len(all["digests3object"]) > 0:
	case looksLike(all, 1):
		r.event(all)
	default:
		r.within(raw, 0)
	}
}

func (r *secondReader) items(raw json.RawMessage) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		r.t.Fatal(err)
	}
	for _, item := range list {
		all, _ := membersOf(item)
		switch {
		case len(item) > 1<<20:
			r.reject()
		case looksLike(all, 1):
			r.event(all)
		case !r.within(item, 0):
			r.reject()
		}
	}
}

// records gives the arrays of records of a file.
func records(raw json.RawMessage) (out []json.RawMessage) {
	all, _ := membersOf(raw)
	for _, list := range all["records"] {
		if list[0] == '[' {
			out = append(out, list)
		}
	}
	return out
}

// within finds events within a value that is none.
func (r *secondReader) within(raw json.RawMessage, level int) (found bool) {
	var list []json.RawMessage
	var text string
	switch raw[0] {
	case '{':
		all, _ := membersOf(raw)
		for _, values := range all {
			list = append(list, values...)
		}
	case '[':
		d := json.NewDecoder(bytes.NewReader(raw))
		_, err := d.Token()
		for err == nil && d.More() {
			var v json.RawMessage
			rest := bytes.TrimLeft(raw[d.InputOffset():], ", \t\r\n")
			if err = d.Decode(&v); err != nil {
				v = rest
			}
			list = append(list, v)
		}
	case '"':
		if json.Unmarshal(raw, &text) == nil {
			list = documents(text)
		}
	}
	if level+1 > 8 {
		return false
	}
	for _, v := range list {
		if len(v) == 0 {
			continue
		}
		all, whole := membersOf(v)
		switch {
		case looksLike(all, 2) && !whole:
			r.reject()
			found = true
		case looksLike(all, 2):
			r.event(all)
			found = true
		default:
			found = r.within(v, level+1) || found
		}
	}
	return found
}

// documents gives the values in a text, the last perhaps cut off.
func documents(text string) (out []json.RawMessage) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" || text[0] != '{' && text[0] != '[' {
			return out
		}
		d := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return append(out, json.RawMessage(text))
		}
		out, text = append(out, raw), text[d.InputOffset():]
	}
}

// membersOf gives what stands under each name of an object, in lower case; of one that is
// cut off, what is there, and false.
func membersOf(raw []byte) (map[string][]json.RawMessage, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	out := map[string][]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return out, false
		}
		var value json.RawMessage
		rest := bytes.TrimLeft(raw[d.InputOffset():], ": \t\r\n")
		if err = d.Decode(&value); err != nil {
			value = rest
		}
		out[strings.ToLower(name)] = append(out[strings.ToLower(name)], value)
		if err != nil {
			return out, false
		}
	}
	_, err := d.Token()
	return out, err == nil
}

// looksLike says whether an object has so many of an event's marks.
func looksLike(all map[string][]json.RawMessage, least int) bool {
	if len(all["cloudtrailevent"]) > 0 {
		return false
	}
	marks := 0
	for i, name := range []string{"eventtime", "eventsource", "eventname", "eventversion", "eventid"} {
		if len(all[name]) > 0 && (least > 1 || name != "eventid") {
			marks |= 1 << i
		}
	}
	return bits.OnesCount(uint(marks)) >= least
}

func depth(raw []byte) (most int) {
	d, now := json.NewDecoder(bytes.NewReader(raw)), 0
	for {
		token, err := d.Token()
		if err != nil {
			return most
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
		case json.Delim('}'), json.Delim(']'):
			now--
		}
		most = max(most, now)
	}
}

// event counts an event, or rejects it.
func (r *secondReader) event(all map[string][]json.RawMessage) {
	good := true
	text := func(members map[string][]json.RawMessage, name string) (out string) {
		values := members[name]
		if len(values) > 1 {
			good = false
		}
		if len(values) == 0 || string(values[0]) == "null" {
			return ""
		}
		raw := values[0]
		if json.Unmarshal(raw, &out) != nil || !utf8.Valid(raw) ||
			strings.ContainsRune(out, utf8.RuneError) || len(out) > 256 && name != "errorcode" {
			good = false
		}
		return out
	}
	e := secondEvent{
		EventSource: text(all, "eventsource"), EventName: text(all, "eventname"), AwsRegion: text(all, "awsregion"),
		RecipientAccountID: text(all, "recipientaccountid"), ErrorCode: text(all, "errorcode"),
	}
	text(all, "eventid")
	at := text(all, "eventtime")
	if stamps := all["@timestamp"]; at == "" && len(stamps) > 0 && stamps[0][0] == '"' {
		at = text(all, "@timestamp")
	}
	if who := all["useridentity"]; len(who) > 0 {
		inner, _ := membersOf(who[0])
		e.UserIdentity.AccountID = text(inner, "accountid")
	}
	var err error
	if e.EventTime, err = time.Parse(time.RFC3339, at); err != nil {
		e.EventTime, err = time.Parse(time.DateTime, at)
	}
	params := all["requestparameters"]
	if err != nil || e.EventSource == "" || e.EventName == "" || !good || len(params) > 1 || len(all["useridentity"]) > 1 {
		r.reject()
		return
	}
	if len(params) > 0 {
		if err := json.Unmarshal(params[0], &e.RequestParameters); err != nil {
			r.t.Fatal(err)
		}
	}
	r.read++
	if err := r.s.event(&e); err != nil {
		r.t.Fatal(err)
	}
}
