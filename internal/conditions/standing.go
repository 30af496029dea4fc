package conditions

import (
	"fmt"
	"slices"
	"strings"
)

// Standing says in words what is known of the keeping of a condition, from what was
// counted under it. That it was kept is said of calls that were judged, and of nothing
// else; what was not looked at is promised.
func (c *Condition) Standing(exposures, deviations, unknown int64) string {
	judged := max(0, exposures-unknown)
	switch {
	case slices.Contains(c.CheckedBy, Telemetry) && exposures+unknown > 0:
		text := fmt.Sprintf("checked by telemetry: %d of %d judged calls deviated", deviations, judged)
		if unknown > 0 {
			text += fmt.Sprintf("; of %d calls nobody can tell", unknown)
		}
		return text
	case slices.Contains(c.CheckedBy, Nobody):
		return "promised: nobody checks it"
	}
	text := "promised: " + strings.Join(c.CheckedBy, " or ") + " could check it, and nothing is recorded"
	if exposures > 0 {
		text += fmt.Sprintf("; %d calls fell under it", exposures)
	}
	return text
}
