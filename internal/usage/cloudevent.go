package usage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/fault"
)

// Bounds of what is pushed.
const (
	maxBody   = 8 << 20 // bytes of one request
	maxPushed = 10_000  // events of one request
)

// pushed is one CloudEvent as it is kept until it was counted: its whole envelope as
// one line of JSON, and what tells it from all others.
type pushed struct {
	line []byte
	key  string // of source and id, which CloudEvents 1.0 makes unique
}

// readPushed reads the CloudEvents 1.0 of one request: one in structured or in binary
// mode, or a batch. All of a request's events are good, or none is taken.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func readPushed(header http.Header, body []byte) ([]pushed, error) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil && header.Get("Content-Type") != "" {
		return nil, fault.New(fault.Invalid, "the content type cannot be read", "")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, fault.New(fault.Invalid, "the text is not in UTF-8", "")
	}
	switch {
	case kind == structured:
		e, err := envelope(body)
		return []pushed{e}, err
	case kind == batched:
		return batchOf(body)
	}
	e, err := headed(header, kind, body)
	return []pushed{e}, err
}

// The media types of events, and of batches of them, in the JSON format.
const (
	structured = "application/cloudevents+json"
	batched    = "application/cloudevents-batch+json"
)

// isPushed says whether a request may be one of CloudEvents in a form that is read.
func isPushed(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.HasPrefix(kind, "application/cloudevents") {
		return kind == structured || kind == batched
	}
	return header.Get("Ce-Specversion") != ""
}

// batchOf reads an array of events.
func batchOf(body []byte) ([]pushed, error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	bad := fault.New(fault.Invalid, "the batch is not a valid JSON array", "")
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '[' {
		return nil, bad
	}
	var out []pushed
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return nil, bad
		}
		if len(out) == maxPushed {
			return nil, fault.Newf(fault.Refused, "the batch has more than %d events", maxPushed).WithFix("send it in parts")
		}
		e, err := envelope(v)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, bad
	}
	if !blank(d.UnreadBuffer()) {
		return nil, fault.New(fault.Invalid, "text follows the batch", "")
	}
	return out, nil
}

func blank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 }

// envelope reads one event in the JSON format.
func envelope(text []byte) (pushed, error) {
	if len(text) > maxEvent {
		return pushed{}, fault.New(fault.Refused, "an event is larger than 1 MiB", "")
	}
	line := jsontext.Value(slices.Clone(text))
	if line.Kind() != '{' {
		return pushed{}, fault.New(fault.Invalid, "an event is not a JSON object", "")
	}
	if err := line.Compact(); err != nil { // it checks the grammar, UTF-8 and names that stand twice
		return pushed{}, fault.Wrap(fault.Invalid, err, "an event is not valid JSON")
	}
	attributes := map[string]string{}
	d := jsontext.NewDecoder(bytes.NewReader(line))
	_, _ = d.ReadToken()
	for d.PeekKind() == '"' {
		name, _ := d.ReadToken()
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return pushed{}, fault.Wrap(fault.Invalid, err, "an event is not valid JSON")
		}
		if value.Kind() == '"' {
			plain, err := jsontext.AppendUnquote(nil, value)
			if err != nil {
				return pushed{}, fault.Wrap(fault.Invalid, err, "an event is not valid JSON")
			}
			attributes[key] = string(plain)
		}
	}
	return describe(line, attributes)
}

var attributeRE = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// headed reads an event whose attributes are headers and whose data is the body.
func headed(header http.Header, kind string, body []byte) (pushed, error) {
	attributes := map[string]string{}
	for name, values := range header {
		attribute, ok := strings.CutPrefix(textproto.CanonicalMIMEHeaderKey(name), "Ce-")
		if !ok {
			continue
		}
		attribute = strings.ToLower(attribute)
		if len(values) != 1 || !attributeRE.MatchString(attribute) || attribute == "data" {
			return pushed{}, fault.Newf(fault.Invalid, "the header ce-%s stands twice, or cannot be an attribute", attribute)
		}
		value, err := url.PathUnescape(values[0]) // percent-encoding, by 3.1.3.2 of the binding
		if err != nil || !utf8.ValidString(value) {
			return pushed{}, fault.Newf(fault.Invalid, "the header ce-%s is not percent-encoded UTF-8", attribute)
		}
		attributes[attribute] = value
	}
	if kind != "" {
		attributes["datacontenttype"] = kind
	}
	line := []byte{'{'}
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line = append(append(append(line, '"'), name...), '"', ':')
		line, _ = jsontext.AppendQuote(line, attributes[name])
		line = append(line, ',')
	}
	switch {
	case len(body) == 0:
		line[len(line)-1] = '}'
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		line = append(append(append(line, `"data":`...), body...), '}')
	default:
		line = append(line, `"data_base64":"`...)
		line = append(base64.StdEncoding.AppendEncode(line, body), '"', '}')
	}
	return envelope(line)
}

// describe checks the attributes that every event must have.
func describe(line []byte, attributes map[string]string) (pushed, error) {
	if v := attributes["specversion"]; v != "1.0" {
		return pushed{}, fault.New(fault.Invalid, "an event is not of CloudEvents 1.0", "")
	}
	for _, name := range []string{"id", "source", "type"} {
		if v := attributes[name]; v == "" || len(v) > 1024 {
			return pushed{}, fault.Newf(fault.Invalid, "an event has no %s, or one of more than 1,024 bytes", name)
		}
	}
	if at, ok := attributes["time"]; ok {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			return pushed{}, fault.New(fault.Invalid, "an event has a time that is not of RFC 3339", "")
		}
	}
	sum := sha256.Sum256([]byte(attributes["source"] + "\x00" + attributes["id"]))
	return pushed{append(line, '\n'), hex.EncodeToString(sum[:])}, nil
}
