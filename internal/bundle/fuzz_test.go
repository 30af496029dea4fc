package bundle

import (
	"bytes"
	"strings"
	"testing"

	"duly/internal/ledger"
)

// FuzzOpenArchive protects the one spelling of the archive: what opens is, byte
// for byte, what a writer makes of its parts.
func FuzzOpenArchive(f *testing.F) {
	l := sample(f)
	f.Add(l.bundle())
	f.Add(l.bundle(ledger.Classes...))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if again := join(t, parts(t, data)); !bytes.Equal(again, data) {
			t.Fatalf("opens %q, would write %q", data, again)
		}
		if len(a.packs) != len(parts(t, data))-3 {
			t.Fatalf("%d packs of %d members", len(a.packs), len(parts(t, data)))
		}
	})
}

// FuzzVerify goes behind the checksums: it changes the contents of the members.
// Under the log's key only the log's own leaves may pass.
func FuzzVerify(f *testing.F) {
	l := sample(f)
	var leaves [][]byte
	for _, r := range l.rows {
		leaves = append(leaves, r.leaf)
	}
	for _, data := range [][]byte{l.bundle(), l.bundle(ledger.Classes...), l.bundle(ledger.Customer)} {
		all := parts(f, data)
		f.Add(all[0].content, all[1].content, all[2].content)
	}
	f.Fuzz(func(t *testing.T, manifest, checkpoint, entries []byte) {
		data := join(t, []part{{"bundle.json", manifest}, {"checkpoint", checkpoint}, {"entries", entries}})
		if _, err := verify(data, Trust{Key: l.key.Public()}); err != nil {
			return
		}
		lines := bytes.Split(entries, []byte("\n"))
		for i, leaf := range leaves {
			if len(lines) != 2*len(leaves)+1 || !bytes.Equal(lines[2*i], leaf) {
				t.Fatalf("another log passes under the key: %q", entries)
			}
		}
	})
}

// FuzzParseSealed protects the line of sealed fields: what is read is written the
// same, and a disclosure's digest is always its own.
func FuzzParseSealed(f *testing.F) {
	for _, r := range sample(f).rows {
		f.Add(appendSealed(nil, Manifest{}.Redact(r.schema, r.digests, r.disclosures)))
		f.Add(appendSealed(nil, Manifest{Classes: ledger.Classes}.Redact(r.schema, r.digests, r.disclosures)))
	}
	f.Add([]byte(".~!~"))
	f.Fuzz(func(t *testing.T, line []byte) {
		fields, err := parseSealed(nil, line)
		if err != nil {
			return
		}
		if again := appendSealed(nil, fields); !bytes.Equal(again, line) {
			t.Fatalf("read %q, would write %q", line, again)
		}
		for _, field := range fields {
			if field.Disclosure != "" && field.Digest != field.Disclosure.Digest() {
				t.Fatalf("%q has another digest", field.Disclosure)
			}
		}
	})
}

// FuzzVerifyDisclosure protects the file of one disclosed field: under the log's
// key only the proofs that the log gave may pass.
func FuzzVerifyDisclosure(f *testing.F) {
	l := sample(f)
	given := map[string]bool{}
	for at, r := range l.rows {
		for i, d := range r.disclosures {
			if d != "" {
				p := l.proof(at, i, l.size()).Encode()
				given[string(p)] = true
				f.Add(p)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := VerifyDisclosure(data, testSchemas, Trust{Key: l.key.Public()}); err == nil && !given[string(data)] {
			t.Fatalf("a disclosure that the log never gave shows %s = %s:\n%s", r.Field, r.Value, data)
		}
	})
}

// FuzzParseManifest protects the cover sheet's one spelling.
func FuzzParseManifest(f *testing.F) {
	l := sample(f)
	f.Add(l.manifest().Encode())
	f.Add(l.manifest(ledger.Classes...).Encode())
	f.Add([]byte(`{"classes":["customer","customer"],"duly":"bundle/1","key":"a\"","origin":"\u2028","size":-0}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Encode(), data) || m.Size < 0 {
			t.Fatalf("accepts %q as %+v", data, m)
		}
		last := -1
		for _, c := range m.Classes {
			at := strings.Index("customer trade_secret security personal legal", string(c))
			if at <= last {
				t.Fatalf("accepts the classes %q", m.Classes)
			}
			last = at
		}
	})
}

// FuzzReadPeople protects the list of keys from outside: what is not a key is refused,
// never passed over, since a verifier would then trust fewer people or more than meant.
func FuzzReadPeople(f *testing.F) {
	key := strings.Repeat("0a", 32)
	f.Add(key + " Somebody\n\n# a comment\n" + strings.Repeat("1b", 32))
	f.Add(strings.ToUpper(key))
	f.Add(key[:63])
	f.Fuzz(func(t *testing.T, text string) {
		people, err := ReadPeople(text)
		if err != nil {
			return
		}
		lines := 0
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			lines++
			if len(line) < 64 || !people[line[:64]] {
				t.Fatalf("%q is taken and not read", line)
			}
		}
		if len(people) > lines {
			t.Fatalf("%d keys of %d lines", len(people), lines)
		}
	})
}

// FuzzPlace protects the reader of where carried entries stand: what it takes has one
// spelling.
func FuzzPlace(f *testing.F) {
	f.Add([]byte("12 " + strings.Repeat("A", 43)))
	f.Add([]byte("0"))
	f.Fuzz(func(t *testing.T, line []byte) {
		seq, inclusion, err := parsePlace(line)
		if err == nil && string(appendPlace(nil, seq, inclusion)) != string(line)+"\n" {
			t.Errorf("%q has two spellings", line)
		}
	})
}
