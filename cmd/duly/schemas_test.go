package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/bundle"
)

var releaseFlag = flag.Bool("release", false, "write the schema documents of new kinds")

const schemaDir = "../../schemas"

// TestSchemasAreReleased protects old logs: every kind's schema is released under
// its name, and a released schema never changes. With -release it writes the
// documents of new kinds; it never rewrites an old one.
func TestSchemasAreReleased(t *testing.T) {
	sumPath := filepath.Join(schemaDir, "schemas.sum")
	data, err := os.ReadFile(sumPath)
	if err != nil {
		t.Fatal(err)
	}
	sum := string(data)
	for _, s := range kinds() {
		line := s.Name() + " " + s.Hash().String() + "\n"
		if strings.Contains("\n"+sum, "\n"+line) {
			continue
		}
		if strings.Contains("\n"+sum, "\n"+s.Name()+" ") {
			t.Errorf("schema %s was released with other bytes; give the new one the next version", s.Name())
			continue
		}
		if !*releaseFlag {
			t.Errorf("schema %s is not released; run the test with -release", s.Name())
			continue
		}
		if err := os.WriteFile(filepath.Join(schemaDir, s.Name()+".json"), append(s.Document(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		sum += line
	}
	if sum != string(data) {
		if err := os.WriteFile(sumPath, []byte(sum), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bundle.ReadSchemas(os.DirFS(schemaDir)); err != nil {
		t.Error(err)
	}
}
