package usage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"
)

const (
	first  = `{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","accountId":"111122223333"},"eventTime":"2023-07-10T11:42:36Z","eventSource":"rekognition.amazonaws.com","eventName":"SearchFaces","awsRegion":"us-east-1","requestParameters":{"collectionId":"c","faceMatchThreshold":70},"eventID":"e1","recipientAccountId":"111122223333"}`
	second = `{"eventTime":"2023-07-10T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"e2","recipientAccountId":"111122223333"}`
	digest = `{"awsAccountId":"111122223333","digestStartTime":"2023-07-10T10:00:00Z","digestS3Bucket":"b","digestS3Object":"o","logFiles":[{"s3Object":"x"}]}`
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// quoted gives JSON as a text of JSON.
func quoted(text string) string {
	q, _ := json.Marshal(text)
	return string(q)
}

// ids reads an object and gives the ids of its usable events.
func ids(t testing.TB, data string, window int) (Object, string) {
	t.Helper()
	var got []string
	o, err := newReader(context.Background(), "x", strings.NewReader(data), newBuffer(window), func(e *event) (bool, error) {
		got = append(got, string(e.id))
		return len(got)%2 == 0, nil
	}).object()
	if err != nil {
		t.Fatal(err)
	}
	return o, strings.Join(got, " ")
}

// form is a file of telemetry, and what comes of reading it.
type form struct {
	name, data, ids string
	status          Status
	rejected, other int64
	fault           string // part of the first one; empty: none
}

func forms(t *testing.T) []form {
	huge := `{"eventName":"` + strings.Repeat("a", maxEvent) + `"}`
	deep := `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`
	records := `{"Records":[` + first + "," + second + `]}`
	return []form{
		{"records", records, "e1 e2", Complete, 0, 0, ""},
		{"records among other members", `{"a":{"Records":1},"Records":[` + first + `],"b":[1],"Records":[` + second + `]} `, "e1 e2", Complete, 0, 0, ""},
		{"pretty", strings.NewReplacer("{", "{\n ", ",", ",\n  ", "[", "[\n").Replace(records), "e1 e2", Complete, 0, 0, ""},
		{"no records", `{"Records":[]}`, "", Complete, 0, 0, ""},
		{"several documents", records + "\n" + records, "e1 e2 e1 e2", Complete, 0, 0, ""},
		{"lines", first + "\n" + second + "\r\n\n" + first, "e1 e2 e1", Complete, 0, 0, ""},
		{"one after another", first + second + " " + first, "e1 e2 e1", Complete, 0, 0, ""},
		{"array", "[" + first + "," + second + "]", "e1 e2", Complete, 0, 0, ""},
		{"byte order mark", "\ufeff" + first, "e1", Complete, 0, 0, ""},
		{"gzip", zipped(t, records), "e1 e2", Complete, 0, 0, ""},
		{"gzip in members", zipped(t, first+"\n") + zipped(t, second), "e1 e2", Complete, 0, 0, ""},
		{"digest", digest, "", Skipped, 0, 1, ""},
		{"other JSON", `{"version":"2.0","metadata":{}}`, "", Skipped, 0, 1, ""},
		{"lines of other JSON among events", `{"a":1}` + "\n" + first, "e1", Complete, 0, 1, ""},

		{"wrapped, one a line", `{"rule":"x","log":` + first + `}` + "\n" + `{"rule":"y","log":{"Records":[` + second + "," + first + `]}}`, "e1 e2 e1", Complete, 0, 0, ""},
		{"wrapped as texts in an array", `[{"_raw":` + quoted(first) + `,"_time":1},{"_raw":` + quoted(second) + `}]`, "e1 e2", Complete, 0, 0, ""},
		{"wrapped as CloudWatch Logs does", `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":` + quoted(first) + `},{"id":"2","message":` + quoted(second) + `}]}`, "e1 e2", Complete, 0, 0, ""},
		{"wrapped as EventBridge does", `{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.rekognition","detail":` + first + `}`, "e1", Complete, 0, 0, ""},
		{"wrapped as LookupEvents does", `{"Events":[{"EventId":"e1","EventName":"SearchFaces","EventTime":"2023-07-10T11:42:36+00:00","EventSource":"rekognition.amazonaws.com","CloudTrailEvent":` + quoted(first) + `}]}`, "e1", Complete, 0, 0, ""},
		{"wrapped in a wrapper", `{"Message":` + quoted(`{"detail":`+first+`} {"detail":`+second+`}`) + `}`, "e1 e2", Complete, 0, 0, ""},
		{"wrapped and unfit", `{"log":{"eventName":"n","eventID":"e3"}}` + "\n" + `{"log":` + second + `}`, "e2", Complete, 1, 0, "x:1: record 1 (byte 0) has no eventSource"},
		{"wrapped and cut off", `[{"_raw":` + quoted(first[:250]) + `},{"_raw":` + quoted(second) + `}]`, "e2", Complete, 1, 0, "record 1 (byte 1) holds an event that is cut off"},
		{"wrapped and cut off within its wrapper", `[{"message":` + quoted(`{"a":1,"list":[`+first+","+second[:80]) + `}]`, "e1", Complete, 1, 0, "record 2 (byte 1) holds an event that is cut off"},
		{"one mark within other JSON is no event", `{"log":{"eventName":"n"}}`, "", Skipped, 0, 1, ""},
		{"an event within an event counts once", `{"requestParameters":{"entry":` + second + `},` + first[1:], "", Complete, 1, 0, "has requestParameters twice"},
		{"an event within an event's answer counts once", `{"responseElements":{"entry":` + second + `},` + first[1:], "e1", Complete, 0, 0, ""},

		{"time as Logstash has it", `{"@timestamp":"2023-07-10T11:42:36.000Z","@version":"1","eventSource":"s","eventName":"n","eventID":"e1"}`, "e1", Complete, 0, 0, ""},
		{"time as databases have it", `{"eventTime":"2023-07-10 11:42:36.000000000","@timestamp":3,"eventSource":"s","eventName":"n","eventID":"e1"}`, "e1", Complete, 0, 0, ""},
		{"no time", `{"Records":[{"eventVersion":"1"},` + first + `]}`, "e1", Complete, 1, 0, "record 1 (byte 12) has no eventSource"},
		{"not an event among records", `{"Records":[{"a":1},3,` + first + `]}`, "e1", Complete, 2, 0, "record 1 (byte 12) is not a CloudTrail event"},
		{"a bad line", first + "\n{\"eventTime\":,}\n" + second, "e1 e2", Complete, 1, 0, "x:2: record 2 (byte 328) has something that is not a JSON value"},
		{"the first line bad", "{]\n" + second, "e2", Complete, 1, 0, "x:1: record 1 (byte 0)"},
		{"a line that does not close", first + "\n" + `{"a":{` + "\n" + second + "\n" + first, "e1 e2 e1", Complete, 1, 0, "x:2: record 2"},
		{"a line of plain text", first + "\nhello\n" + second, "e1 e2", Complete, 1, 0, "x:2: record 2 (byte 328) is not a JSON object"},
		{"bad record", `{"Records":[` + first + `,{"a":tru},` + second + `]}`, "e1", Incomplete, 1, 0, "record 2 (byte 340)"},
		{"cut in a record", records[:len(records)-20], "e1", Incomplete, 1, 0, "record 2 (byte 340) is cut off"},
		{"cut after a record", `{"Records":[` + first, "e1", Incomplete, 0, 0, "ends at byte 339, within its records"},
		{"cut after the records", `{"Records":[` + first + `]`, "e1", Incomplete, 0, 0, "ends at byte 340, after its records"},
		{"cut line", first + "\n" + second[:50], "e1", Incomplete, 1, 0, "record 2 (byte 328) is cut off"},
		{"gzip cut", zipped(t, records)[:150], "", Incomplete, 1, 0, ""},
		{"gzip with junk after it", zipped(t, first) + "junk after the data", "e1", Incomplete, 0, 0, "the gzip data is damaged"},
		{"gzip twice", zipped(t, zipped(t, first)), "", Incomplete, 0, 0, "gzip data within gzip data"},
		{"zip", "PK\x03\x04xxxx", "", Incomplete, 0, 0, "ZIP archive"},
		{"utf-16", "\xff\xfe{\x00", "", Incomplete, 0, 0, "UTF-16"},
		{"empty", "", "", Incomplete, 0, 0, "is empty"},
		{"blank", " \n ", "", Incomplete, 0, 0, "is empty"},
		{"text", "Event Type,Event Name\nAwsApiCall,x\n", "", Incomplete, 0, 0, "x:1: is not CloudTrail events: the text at byte 0 is not a JSON object"},
		{"too large record", `{"Records":[` + first + "," + huge + "," + second + `]}`, "e1 e2", Complete, 1, 0, "record 2 (byte 340) is larger than 1 MiB"},
		{"too large line", first + "\n" + huge + "\n" + second, "e1 e2", Complete, 1, 0, "x:2: record 2 (byte 328) is larger than 1 MiB"},
		{"too large line that is broken", first + "\n" + huge[:len(huge)-2] + "\n" + second, "e1 e2", Complete, 1, 0, "is larger than 1 MiB"},
		{"too large and cut", first + "\n" + huge[:len(huge)-2], "e1", Incomplete, 1, 0, "is larger than 1 MiB"},
		{"too deep", first + "\n" + deep + "\n" + second, "e1 e2", Complete, 1, 0, "is nested too deeply"},
		{"two names for one field", `{"eventID":"a","eventid":"b","eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z"}`, "", Complete, 1, 0, "has eventID twice"},
		{"escaped names and values", `{"event\u0053ource":"s","eventName":"\u006e","eventTime":"2023-07-10T12:00:00Z","eventID":"\u0065\u0031"}`, "e1", Complete, 0, 0, ""},
		{"lone surrogate", `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","eventID":"\ud800"}`, "", Complete, 1, 0, "has a value for eventID that is not valid UTF-8"},
		{"invalid UTF-8", `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","eventID":"` + "\xff" + `"}`, "", Complete, 1, 0, "not valid UTF-8"},
		{"invalid UTF-8 in what is not taken", `{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T12:00:00Z","eventID":"e1","x":"` + "\xff" + `"}`, "e1", Complete, 0, 0, ""},
		{"a number for a text", `{"eventSource":"s","eventName":7,"eventTime":"2023-07-10T12:00:00Z"}`, "", Complete, 1, 0, "has a value for eventName that is not a text"},
		{"a day that is none", `{"eventSource":"s","eventName":"n","eventTime":"2023-02-30T12:00:00Z"}`, "", Complete, 1, 0, "eventTime that is not a time"},
	}
}

// Protects: each format gives its events, and each wrong file a fault that names
// file and place, with the good events before it counted.
func TestFormats(t *testing.T) {
	for _, c := range forms(t) {
		for _, window := range []int{16, window} {
			o, got := ids(t, c.data, window)
			if c.name == "gzip cut" { // how much comes before the damage is the decompressor's choice
				if o.Status != Incomplete || len(o.Faults) == 0 {
					t.Errorf("%s: %+v", c.name, o)
				}
				continue
			}
			if got != c.ids || o.Status != c.status || o.Rejected != c.rejected || o.Digests+o.Foreign != c.other {
				t.Errorf("%s, window %d: ids %q, %+v", c.name, window, got, o)
			}
			if c.fault == "" != (len(o.Faults) == 0) || c.fault != "" && !strings.Contains(o.Faults[0].Error(), c.fault) {
				t.Errorf("%s, window %d: faults %v, want %q", c.name, window, o.Faults, c.fault)
			}
			if o.Read != o.Matched+o.Unmatched+o.Rejected || o.Read != int64(len(strings.Fields(got)))+c.rejected {
				t.Errorf("%s: read %+v", c.name, o)
			}
			if o.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(c.data))) || o.Bytes != int64(len(c.data)) {
				t.Errorf("%s: hash %s of %d bytes", c.name, o.SHA256, o.Bytes)
			}
		}
	}
}

// Protects: a fault of the medium is no fault of the data, and leaves no counts.
func TestMediumFails(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(first+"\n"), iotest.ErrReader(errors.New("disk on fire")))
	_, err := readObject(context.Background(), "x", broken, func(*event) (bool, error) { return true, nil })
	if err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = readObject(ctx, "x", strings.NewReader(strings.Repeat(first, 2000)), func(*event) (bool, error) { cancel(); return true, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// endless gives a pattern without end, up to a number of bytes.
type endless struct {
	pattern string
	left    int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.pattern) <= len(p) && e.left > 0 {
		n += copy(p[n:], e.pattern)
		e.left -= len(e.pattern)
	}
	return n, nil
}

// Protects: memory while reading does not grow with the object: a line, a text, a
// nest and blanks of 48 MB.
func TestMemoryIsBounded(t *testing.T) {
	for _, c := range []struct{ name, begin, pattern string }{
		{"one line that is no JSON", "", "abcdefgh"},
		{"one text", `{"a":"`, "abcdefgh"},
		{"one nest", ``, `{"a":[{"b":`},
		{"one flat object", `{"a":[1`, `,"abcd"`},
		{"blanks", ``, "        "},
		{"events", ``, first},
	} {
		in := io.MultiReader(strings.NewReader(c.begin), &endless{c.pattern, 48 << 20})
		r := newReader(context.Background(), "x", in, newBuffer(window), func(*event) (bool, error) { return true, nil })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := r.object(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 || cap(r.buf) > maxEvent {
			t.Errorf("%s: %d bytes allocated, window %d", c.name, got, cap(r.buf))
		}
	}
}

// Protects: the form in which events come changes nothing about them.
func TestFormsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			id := rapid.StringMatching(`[a-z0-9"\\é]{0,40}`).Draw(t, "id")
			text, _ := json.Marshal(map[string]any{
				"eventID": id, "eventTime": "2023-07-10T12:00:00Z", "eventSource": "s", "eventName": "n",
				"requestParameters": map[string]any{id: []any{1.5, nil, true, id}},
			})
			return string(text)
		}), 1, 20).Draw(t, "events")
		want, wantIDs := Object{}, ""
		for i, form := range []string{
			`{"Records":[` + strings.Join(events, ", ") + `]}`,
			strings.Join(events, "\n"), strings.Join(events, ""), "[" + strings.Join(events, "\n,\t") + "]\n",
		} {
			o, got := idsOf(t, form, rapid.IntRange(1, 200).Draw(t, "window"))
			if i == 0 {
				want, wantIDs = o, got
			}
			if o.Read != want.Read || o.Read != int64(len(events)) || got != wantIDs || len(o.Faults) > 0 {
				t.Fatalf("%s: %+v, ids %q, want %q", form, o, got, wantIDs)
			}
		}
	})
}

func idsOf(t *rapid.T, data string, window int) (Object, string) {
	var got []string
	o, err := newReader(context.Background(), "x", iotest.OneByteReader(strings.NewReader(data)), newBuffer(window), func(e *event) (bool, error) {
		got = append(got, string(e.id))
		return true, nil
	}).object()
	if err != nil {
		t.Fatal(err)
	}
	return o, strings.Join(got, "|")
}

// Protects: no input panics, and how the bytes arrive changes nothing.
func FuzzReadObject(f *testing.F) {
	for _, s := range []string{
		first, first + "\n" + second, `{"Records":[` + first + "," + second + `]}`, "[" + second + "]", digest,
		zipped(f, first), zipped(f, first)[:40], `[{"_raw":` + quoted(first) + `}]`, `{"log":{"Records":[` + second + `]}}`, "PK\x03\x04", "\xff\xfe", `{"Records":[{"a":`, `{"Records":[],"x":1e}`, "{\n{", `[,]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var events [2]string
		var objects [2]Object
		for i, in := range []*reader{
			newReader(t.Context(), "x", bytes.NewReader(data), newBuffer(window), note(&events[0])),
			newReader(t.Context(), "x", iotest.OneByteReader(bytes.NewReader(data)), newBuffer(8), note(&events[1])),
		} {
			var err error
			if objects[i], err = in.object(); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(objects[0], objects[1]) || events[0] != events[1] {
			t.Fatalf("whole and byte by byte differ:\n%+v %q\n%+v %q", objects[0], events[0], objects[1], events[1])
		}
		o := objects[0]
		if o.Read != o.Matched+o.Unmatched+o.Rejected || o.Matched < 0 || o.Unmatched < 0 || o.Rejected < 0 {
			t.Fatalf("%+v", o)
		}
	})
}

func note(into *string) func(*event) (bool, error) {
	return func(e *event) (bool, error) {
		*into += fmt.Sprintf("%q %q %q %q %q %q %q %v\n", e.id, e.source, e.name, e.region, e.account, e.errorCode, e.params, e.time)
		return len(*into)%2 == 0, nil
	}
}
