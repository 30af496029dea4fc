package bundle

import "slices"

// barring are the ties with which nobody assesses: who owns or is owed something, who
// is or lately was employed, whose fee depends on what comes out, and who built or ran
// what is assessed (RS-02). The others are shown and stop nothing.
var barring = []string{"financial_interest", "employment", "contingent_fee", "self_review"}

// Conflict says what an assessor's declaration amounts to: whether it stops the
// engagement, and whether the report has to show it. Whoever can be removed by the
// management that is assessed is not independent of it.
func Conflict(ties []string, appointedBy, removedBy string) (blocks, flagged bool) {
	blocks = overlap(ties, barring) || removedBy == management
	return blocks, blocks || len(ties) > 0 || slices.Contains([]string{appointedBy, removedBy}, management)
}

const management = "management"
