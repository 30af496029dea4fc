package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct{ kind, text string }

func blocks(t *testing.T, file string) []block {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for i, part := range strings.Split("\n"+string(data), "\n```") {
		if i%2 == 1 {
			kind, text, _ := strings.Cut(part, "\n")
			out = append(out, block{kind, text + "\n"})
		}
	}
	return out
}

// TestMethodDocument protects docs/method.md: whoever follows it to the letter gets a
// pack that loads, whose tests hold, and every output that the text shows. A diff is
// a mistake made on purpose; it is undone after the next command.
func TestMethodDocument(t *testing.T) {
	list := blocks(t, "../../docs/method.md")
	t.Chdir(t.TempDir())
	var text string
	for _, b := range list {
		if b.kind == "yaml" {
			text += b.text
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(".", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("plates.yaml", text)
	commands := 0
	for _, b := range list {
		switch b.kind {
		case "json":
			write("cases.json", b.text)
		case "diff":
			lines := strings.Split(b.text, "\n")
			was, is := strings.TrimPrefix(lines[0], "-"), strings.TrimPrefix(lines[1], "+")
			if strings.Count(text, was+"\n") != 1 {
				t.Fatalf("the pack does not hold %q once", was)
			}
			write("plates.yaml", strings.Replace(text, was, is, 1))
		case "console":
			commands++
			command, want, _ := strings.Cut(b.text, "\n")
			var out bytes.Buffer
			args := strings.Fields(strings.TrimPrefix(command, "$ duly "))
			if err := execute(t.Context(), args, &out, &out); err != nil {
				out.WriteString("duly: " + err.Error() + "\n")
			}
			if out.String() != want {
				t.Errorf("%s\ngives\n%swhere the text says\n%s", command, out.String(), want)
			}
			write("plates.yaml", text)
		}
	}
	if commands < 5 {
		t.Errorf("%d commands were tried", commands)
	}
	result, err := os.ReadFile("out.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id": "car park"`, `"residual": "LOW"`, `"id": "road"`, `"residual": "HIGH"`} {
		if !bytes.Contains(result, []byte(want)) {
			t.Errorf("out.json does not say %s", want)
		}
	}
}
