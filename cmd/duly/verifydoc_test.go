package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// python gives the command of the second verifier, or skips.
func python(t *testing.T) []string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("DULY_REQUIRE_PYTHON") == "1" {
			t.Fatal(err)
		}
		t.Skip("there is no python3; DULY_REQUIRE_PYTHON=1 makes that an error")
	}
	dir, err := filepath.Abs("../../contrib/verify-bundle")
	if err != nil {
		t.Fatal(err)
	}
	return []string{path, dir}
}

// verifiers gives a program that asks both verifiers and fails where they differ; without
// python3 it is duly-verify alone.
func verifiers(t *testing.T) string {
	t.Helper()
	first := program(t, "duly-verify")
	if _, err := exec.LookPath("python3"); err != nil && os.Getenv("DULY_REQUIRE_PYTHON") != "1" {
		t.Log("there is no python3: the second verifier is not asked")
		return first
	}
	second := python(t)
	path := filepath.Join(t.TempDir(), "duly-verify")
	script := strings.NewReplacer("FIRST", first, "SECOND", strings.Join(second, " ")).Replace(`#!/bin/sh
case " $* " in # what the second verifier does not do
*" cosign "* | *" witness-key "* | *" --explain "* | *" --report "*) exec FIRST "$@" ;;
esac
d=$(mktemp -d) || exit 99
trap 'rm -rf "$d"' EXIT
FIRST "$@" >"$d/first" 2>"$d/first.err"; a=$?
SECOND "$@" >"$d/second" 2>"$d/second.err"; b=$?
own='^  (entry   |field) |^ +[0-9]+ not replayed: '
case " $* " in
*" --json "*) : >"$d/1" >"$d/2" ;;
*)
	grep -vE "$own" "$d/first" >"$d/1"
	grep -vE "$own" "$d/second" >"$d/2"
	;;
esac
if [ $a -ne $b ] || ! cmp -s "$d/1" "$d/2"; then
	echo "the verifiers differ: $a and $b"
	cat "$d/first" "$d/first.err" "$d/second" "$d/second.err"
	exit 99
fi
cat "$d/first"
cat "$d/first.err" >&2
exit $a
`)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVerifyingDocument protects whoever distrusts the company and follows
// docs/verifying.md to the letter: each command gives what the text shows, on the demo's
// files. The two verifiers also say the same of the demo's whole log, with every rating
// computed again.
func TestVerifyingDocument(t *testing.T) {
	second, both := python(t), verifiers(t)
	first, whole := program(t, "duly-verify"), program(t, "duly")
	list := blocks(t, "../../docs/verifying.md")
	dir := filepath.Join(t.TempDir(), "demo")
	run := func(args ...string) string {
		var out bytes.Buffer
		if err := execute(t.Context(), args, &out, &out); err != nil {
			t.Fatalf("duly %s: %v\n%s", strings.Join(args, " "), err, &out)
		}
		return out.String()
	}
	run("demo", "--no-serve", "--dir", dir)
	key := regexp.MustCompile(`--key "(\S+)"`).FindStringSubmatch(run("--workspace", dir, "export", "--disclose", "all", "--out", filepath.Join(dir, "whole.duly")))
	if len(key) != 2 {
		t.Fatal("the export does not name the log's key")
	}
	damaged, err := os.ReadFile(filepath.Join(dir, "public.duly"))
	if err != nil {
		t.Fatal(err)
	}
	damaged[len(damaged)/2] ^= 1
	if err := os.WriteFile(filepath.Join(dir, "damaged.duly"), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	roots, commands := regexp.MustCompile(`[0-9a-f]{64}`), 0
	for _, b := range list {
		command, want, _ := strings.Cut(b.text, "\n")
		command = strings.TrimPrefix(command, "$ ")
		if b.kind != "console" || strings.HasPrefix(command, "duly demo") {
			continue
		}
		commands++
		args := strings.Fields(strings.ReplaceAll(command, "KEY", key[1]))
		switch args[0] {
		case "python3":
			args = append(second[:2:2], args[2:]...)
		case "duly":
			args[0] = whole
		default:
			args[0] = first
		}
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := roots.ReplaceAllString(string(out), "HASH"); got != want {
			t.Errorf("%s\ngives\n%swhere the text says\n%s", command, got, want)
		}
		if refused := strings.Contains(want, "duly-verify: "); refused != (err != nil) {
			t.Errorf("%s: %v", command, err)
		}
	}
	if commands != 7 {
		t.Errorf("%d commands were tried", commands)
	}
	out, err := exec.Command(both, "--key", key[1], filepath.Join(dir, "whole.duly")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "116 computed again, 0 possible with inputs withheld, 0 not replayed") {
		t.Errorf("the whole log: %v\n%s", err, out)
	}
}
