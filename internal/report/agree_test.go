package report_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"duly/internal/bundle"
	"duly/internal/bundle/agreetest"
	"duly/schemas"
)

// TestMain gives every bundle and disclosure that the tests of this package verified to
// the other verifier too.
func TestMain(m *testing.M) { os.Exit(second.Run(m)) }

var second = agreetest.New(filepath.Join("..", "..", "contrib", "verify-bundle"), func() (documents [][]byte) {
	names, err := fs.Glob(schemas.Files, "*.json")
	if err != nil || len(names) == 0 {
		panic("no schema is released")
	}
	for _, name := range names {
		data, err := fs.ReadFile(schemas.Files, name)
		if err != nil {
			panic(err)
		}
		documents = append(documents, data)
	}
	return documents
})

// verify checks a bundle or a disclosure, and has the other verifier check it in the end.
func verify(t *testing.T, path string, trust bundle.Trust) (*bundle.Result, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bundle.VerifyFile(path, knownSchemas(t), trust)
	x := agreetest.Order{File: second.File(data), Key: trust.Key}
	if trust.Checkpoint != nil {
		x.Checkpoint = second.File(trust.Checkpoint)
	}
	second.Add(x, r, err)
	return r, err
}
