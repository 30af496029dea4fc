package rating

import (
	"os"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/pack"
)

// Protects: the trial of a whole method. The parts are refused one by one where they
// would let risk lower a result, so only a method that was changed after they were
// checked can show that the trial sees it.
func TestTrialSeesAFall(t *testing.T) {
	data, err := os.ReadFile("testdata/engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		spoil func(*Method)
		blame string
	}{
		{"nothing", func(*Method) {}, ""},
		{"a matrix that falls", func(m *Method) { m.matrix[5] = [6]Band{0, Critical, High, Medium, Low, Low} }, "raising"},
	} {
		p, err := pack.Parse("engine-2.yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(m)
		err = m.checkMonotone()
		if (err == nil) != (c.blame == "") || err != nil && (fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.blame)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
