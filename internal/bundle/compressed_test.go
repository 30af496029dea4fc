package bundle

import (
	"archive/zip"
	"bytes"
	"testing"
)

// compressed writes the parts with the standard library, the entries deflated.
func compressed(t testing.TB, all []part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, p := range all {
		method := zip.Store
		if i == 2 {
			method = zip.Deflate
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: p.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(p.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAnyToolOpensABundle protects the choice of ZIP: people look inside with what
// they have. The standard library stands for any tool.
func TestAnyToolOpensABundle(t *testing.T) {
	data := sample(t).bundle()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := parts(t, data)
	if len(r.File) != len(all) {
		t.Fatalf("%d members, want %d", len(r.File), len(all))
	}
	for i, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(in); err != nil || f.Name != all[i].name || !bytes.Equal(got.Bytes(), all[i].content) {
			t.Errorf("member %s reads as %s with %d bytes (%v)", all[i].name, f.Name, got.Len(), err)
		}
	}
}
