package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// maxMemory bounds what a command may hold while it reads a bad file, whatever the
// file's size: less than the long line and the bombs, so that neither fits.
const maxMemory = 120 << 20

// badInput is input that something is wrong with.
type badInput struct {
	name   string
	files  func(f files)
	file   string   // the input, as the command line names it
	status int      // 2: refused; 0: what is wrong was rejected, the rest was read
	says   []string // patterns of what a person reads: on stderr when refused
	grows  bool     // whether the log may grow
}

// files writes input files.
type files struct {
	t   *testing.T
	dir string
}

func (f files) text(name, text string) { f.stream(name, strings.NewReader(text)) }

// stream writes a file without holding it in memory.
func (f files) stream(name string, parts ...io.Reader) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(f.dir, name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(f.dir, name))
	if err == nil {
		_, err = io.Copy(out, io.MultiReader(parts...))
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// link makes a symbolic link to a file of the name outside, which is good input.
func (f files) link(name, good string) {
	f.t.Helper()
	f.text("outside/"+filepath.Base(name), good)
	if err := os.MkdirAll(filepath.Dir(filepath.Join(f.dir, name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Symlink("../outside/"+filepath.Base(name), filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

// bomb writes a gzip file of about 1 MB that unpacks to 1 GiB of one byte, behind
// a beginning.
func (f files) bomb(name, beginning string) {
	f.t.Helper()
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	if _, err := io.CopyN(z, repeat('0'), 64<<20); err != nil {
		f.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		f.t.Fatal(err)
	}
	parts := []io.Reader{bytes.NewReader(gzipped(f.t, []byte(beginning)))}
	for range 16 {
		parts = append(parts, bytes.NewReader(member.Bytes()))
	}
	f.stream(name, parts...)
}

// repeat is an endless stream of one byte.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// long is 128 MiB of one letter.
func long() io.Reader { return io.LimitReader(repeat('a'), 128<<20) }

const (
	goodRow   = "A-1,Otter Baths,otter.example,company,commercial,GB,Counting,object_detection,20,2024-01-02,\n"
	goodEntry = `{"id":"x-1","schema":"Organization","caption":"Grey Anvil","properties":{"name":["Grey Anvil"]},"datasets":["made_up"]}` + "\n"
	goodEvent = `{"eventVersion":"1.08","eventTime":"2020-03-01T10:00:00Z","eventSource":"rekognition.amazonaws.com","eventName":"SearchFacesByImage",` +
		`"awsRegion":"us-east-1","requestParameters":{"collectionId":"c"},"responseElements":null,"eventID":"e-1","eventType":"AwsApiCall","recipientAccountId":"111122220000"}` + "\n"
	latin1 = "Caf\xe9"
)

// random is text that gzip cannot shorten much, so that cutting the file cuts it.
func random() []byte {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString("A-" + name(i*7919) + "\n")
	}
	return []byte(b.String())
}

func cut(b []byte) string { return string(b[:len(b)*2/3]) }

func utf16(text string) string {
	out := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		out = append(out, c, 0)
	}
	return string(out)
}

// place is a pattern for the beginning of a message on a place in a file.
func place(at string) string { return `(?m)^duly: \S*` + regexp.QuoteMeta(at) }

var badImports = []badInput{
	{name: "no file", file: "nosuch.csv", says: []string{place("nosuch.csv: ") + "there is no such file"}, status: 2},
	{name: "a directory", file: "telemetry", says: []string{place("telemetry: ") + "this is not a regular file"}, status: 2},
	{name: "empty", file: "e.csv", files: func(f files) { f.text("e.csv", "") }, says: []string{place("e.csv:1: ")}, status: 2},
	{name: "another kind of file", file: "p.csv", files: func(f files) { f.text("p.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") }, says: []string{place("p.csv:")}, status: 2},
	{name: "an archive", file: "z.csv", files: func(f files) { f.text("z.csv", "PK\x03\x04 and so on") }, says: []string{place("z.csv: ") + "this is a ZIP archive"}, status: 2},
	{name: "a missing column", file: "c.csv", files: func(f files) { f.text("c.csv", "account,name\nA-1,Otter Baths\n") }, says: []string{place("c.csv:1: "), `the mapping names a column that the file does not have`}, status: 2},
	{name: "UTF-16", file: "u.csv", files: func(f files) { f.text("u.csv", utf16(officeHeader+goodRow)) }, says: []string{place("u.csv: ") + "this file is UTF-16"}, status: 2},
	{name: "a truncated gzip file", file: "t.csv.gz", files: func(f files) {
		f.text("t.csv.gz", cut(gzipped(f.t, append([]byte(officeHeader+goodRow), random()...))))
	},
		says: []string{place("t.csv.gz: ") + "the gzip file ends early"}, status: 2},
	{name: "a damaged gzip file", file: "d.csv.gz", files: func(f files) { f.text("d.csv.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff damaged") }, says: []string{place("d.csv.gz: ") + "the gzip file"}, status: 2},
	{name: "a gzip bomb", file: "b.csv.gz", files: func(f files) { f.bomb("b.csv.gz", officeHeader+goodRow) }, says: []string{place("b.csv.gz: ") + "this gzip file grows more than any table"}, status: 2},
	{name: "a link out of the directory", file: "in/l.csv", files: func(f files) { f.link("in/l.csv", officeHeader+goodRow) }, says: []string{place("in/l.csv: ") + "this symbolic link leads out of its directory"}, status: 2},
	{name: "a good file before a wrong one", file: "g.csv nosuch.csv", files: func(f files) { f.text("g.csv", officeHeader+goodRow) }, says: []string{place("nosuch.csv: ")}, status: 2},

	{name: "a bad date", file: "r1.csv", files: func(f files) { f.text("r1.csv", officeHeader+strings.Replace(goodRow, "2024-01-02", "2024-13-02", 1)) },
		says: []string{`rejected   1`, `"file":"r1.csv","line":2,"field":"opened","reason":"\\"2024-13-02\\" is not a date`}},
	{name: "a bad number", file: "r2.csv", files: func(f files) { f.text("r2.csv", officeHeader+strings.Replace(goodRow, ",20,", ",20 euros,", 1)) },
		says: []string{`rejected   1`, `"line":2,"field":"monthly"`}},
	{name: "a word that the vocabulary lacks", file: "r3.csv", files: func(f files) { f.text("r3.csv", officeHeader+strings.Replace(goodRow, "commercial", "piracy", 1)) },
		says: []string{`rejected   1`, `"line":2,"field":"sector","reason":"\\"piracy\\"`}},
	{name: "text in another encoding", file: "r4.csv", files: func(f files) { f.text("r4.csv", officeHeader+strings.Replace(goodRow, "Otter Baths", latin1, 1)) },
		says: []string{`rejected   1`, `"line":2,"field":"name","reason":"the text is not UTF-8`, `"row_base64"`}},
	{name: "a row too short", file: "r5.csv", files: func(f files) { f.text("r5.csv", officeHeader+"A-1,Otter Baths\n") }, says: []string{`rejected   1`, `"line":2,"reason":"the row has 2 fields`}},
	{name: "a quote that never closes", file: "r6.csv", files: func(f files) { f.text("r6.csv", officeHeader+"\"A-1,Otter Baths\n") }, says: []string{`rejected   1`, `"line":2,"reason":"a quote is not closed`}},
	{name: "a line of 128 MiB", file: "r7.csv", files: func(f files) {
		f.stream("r7.csv", strings.NewReader(officeHeader+goodRow), long(), strings.NewReader("\n"))
	}, says: []string{`created    1`, `rejected   1`, `"line":3,"reason":"the line is longer than 1 MiB"`, `"cut":true`}, grows: true},
}

var badLists = []badInput{
	{name: "no file", file: "ftm:nosuch.jsonl", says: []string{place("nosuch.jsonl: ") + "there is no such file"}, status: 2},
	{name: "empty", file: "ftm:e.jsonl", files: func(f files) { f.text("e.jsonl", "") }, says: []string{place("e.jsonl: ")}, status: 2},
	{name: "another format", file: "ftm:accounts.csv", says: []string{place("accounts.csv:1: ") + "this is not a usable list of the format ftm"}, status: 2},
	{name: "a missing column", file: "csl:c.csv", files: func(f files) { f.text("c.csv", "_id,source\n1,made up\n") }, says: []string{place("c.csv:1: "), "the header has no such column"}, status: 2},
	{name: "UTF-16", file: "ftm:u.jsonl", files: func(f files) { f.text("u.jsonl", utf16(goodEntry)) }, says: []string{place("u.jsonl:1: "), "not UTF-8"}, status: 2},
	{name: "a truncated gzip file", file: "ftm:t.jsonl.gz", files: func(f files) {
		f.text("t.jsonl.gz", cut(gzipped(f.t, []byte(strings.Repeat(goodEntry, 500)+string(random())))))
	}, says: []string{place("t.jsonl.gz:"), "the compressed file breaks off"}, status: 2},
	{name: "no gzip file", file: "ftm:n.jsonl.gz", files: func(f files) { f.text("n.jsonl.gz", goodEntry) }, says: []string{place("n.jsonl.gz: ") + "this is not a gzip file"}, status: 2},
	{name: "a gzip bomb", file: "ftm:b.jsonl.gz", files: func(f files) { f.bomb("b.jsonl.gz", "") }, says: []string{place("b.jsonl.gz:")}, status: 2},
	{name: "a link out of the directory", file: "ftm:in", files: func(f files) { f.link("in/entities.ftm.json", goodEntry) },
		says: []string{place("in/entities.ftm.json: ") + "this is a link that leads out of the directory"}, status: 2},

	{name: "a bad line among good ones", file: "ftm:r1.jsonl", files: func(f files) { f.text("r1.jsonl", goodEntry+"{\n") }, says: []string{`1 rows rejected`, `r1.jsonl:2: the line is not JSON`}, grows: true},
	{name: "text in another encoding", file: "ftm:r2.jsonl", files: func(f files) {
		f.text("r2.jsonl", goodEntry+strings.ReplaceAll(goodEntry, "Anvil", latin1))
	}, says: []string{`1 rows rejected`, `r2.jsonl:2: the text is not UTF-8`}, grows: true},
	{name: "a line of 128 MiB", file: "ftm:r3.jsonl", files: func(f files) { f.stream("r3.jsonl", strings.NewReader(goodEntry), long()) },
		says: []string{`1 rows rejected`, `r3.jsonl:2: the line is longer than 1 MiB`}, grows: true},
}

// What monitoring cannot read of an object stands in the log beside what it could,
// so that a hole is not taken for silence.
var badTelemetry = []badInput{
	{name: "no file", file: "nosuch.json", says: []string{place("nosuch.json: ")}, status: 2},
	{name: "a directory without telemetry", file: "notes", files: func(f files) { f.text("notes/a.txt", "notes") }, says: []string{`1 incomplete`, `notes: holds no file that may be telemetry`}, grows: true},
	{name: "another kind of file", file: "accounts.csv", says: []string{`1 incomplete`, `accounts.csv:1`}, grows: true},
	{name: "UTF-16", file: "u.json", files: func(f files) { f.text("u.json", utf16(goodEvent)) }, says: []string{`1 incomplete`, `u.json.*UTF-16`}, grows: true},
	{name: "a truncated gzip file", file: "t.json.gz", files: func(f files) {
		f.text("t.json.gz", cut(gzipped(f.t, []byte(strings.Repeat(goodEvent, 500)+string(random())))))
	}, says: []string{`1 incomplete`, `t.json.gz`}, grows: true},
	{name: "a gzip bomb", file: "b.json.gz", files: func(f files) { f.bomb("b.json.gz", goodEvent) }, says: []string{`1 incomplete|1 rejected`, `b.json.gz:2`}, grows: true},
	{name: "a line of 128 MiB", file: "l.json", files: func(f files) {
		f.stream("l.json", strings.NewReader(goodEvent+`{"eventVersion":"`), long(), strings.NewReader("\"}\n"+goodEvent))
	}, says: []string{`1 incomplete|1 rejected`, `l.json:2`}, grows: true},
	{name: "a link out of the directory", file: "tree", files: func(f files) { f.link("tree/out.json", goodEvent) },
		says: []string{`1 incomplete`, `events     0 read`, `out.json: is a link that leads out of the directory`}, grows: true},
	{name: "a bad date", file: "r1.json", files: func(f files) { f.text("r1.json", strings.Replace(goodEvent, "2020-03-01T", "2020-13-01T", 1)) },
		says: []string{`1 rejected`, `r1.json:1.*eventTime`}, grows: true},
	{name: "a bad number", file: "r2.json", files: func(f files) {
		f.text("r2.json", strings.Replace(goodEvent, `"c"`, `"c","faceMatchThreshold":"high"`, 1))
	}, says: []string{`events     1 read`, `[1-9]\d* cannot be told`}, grows: true},
}

// TestBadInput protects people who get a file wrong, and everybody else from files
// made to harm: the message names file, line and field, nothing is half-written,
// memory stays bounded, and the workspace verifies.
func TestBadInput(t *testing.T) {
	o := newOffice(t, 20, 3, 1)
	// One deployment with telemetry, so that events count for something.
	o.write(t, "first.csv", officeHeader+"F-1,Tamarind County Sheriff,tamarind.example,public_body,policing,US,Faces,face_search,12,2019-01-02,111122220000\n")
	o.must(t, "import", "--workspace", o.copy(t, "empty", "base"), "--map", "map.yaml", "first.csv")
	for _, command := range []struct {
		args string // FILE stands for the input
		list []badInput
	}{{"import --map map.yaml FILE", badImports}, {"lists add FILE", badLists}, {"monitor FILE", badTelemetry}} {
		for _, b := range command.list {
			args := strings.Fields(strings.Replace(command.args, "FILE", b.file, 1))
			t.Run(args[0]+"/"+b.name, func(t *testing.T) { b.check(t, o, args) })
		}
	}
}

func (b badInput) check(t *testing.T, o *office, args []string) {
	dir := o.copy(t, "base", "ws")
	if b.files != nil {
		b.files(files{t, o.dir})
	}
	before, kept := size(t, dir), tree(t, dir)
	c := o.command(append(args, "--workspace", dir)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // its status is looked at
	if got := c.ProcessState.ExitCode(); got != b.status {
		t.Errorf("status %d, want %d", got, b.status)
	}
	text := stderr.String()
	if b.status == 0 {
		text += stdout.String() + rejects(t, dir)
	} else if stdout.Len() > 0 {
		t.Errorf("a refused command wrote a result: %s", stdout.String())
	}
	for _, pattern := range b.says {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("nothing says %s", pattern)
		}
	}
	if after := size(t, dir); b.grows != (after > before) {
		t.Errorf("the log had %d entries and has %d", before, after)
	}
	if now := tree(t, dir); !b.grows && !slices.Equal(now, kept) {
		t.Errorf("the workspace held %v and holds %v", kept, now)
	}
	o.must(t, "verify", dir)
	if peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10; peak > maxMemory {
		t.Errorf("peak memory is %d MiB", peak>>20)
	}
	if t.Failed() {
		t.Log(text[:min(len(text), 2000)])
	}
}

// tree lists the files of a workspace, without those of rejected rows.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "rejects-") {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
