package usage

import "testing"

// Inputs gives every file of telemetry that the tests of reading know, by its name.
func Inputs(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, f := range forms(t) {
		out[f.name] = f.data
	}
	return out
}
