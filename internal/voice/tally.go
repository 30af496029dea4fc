package voice

import (
	"fmt"

	"duly/internal/fault"
)

// Affected is the group of seats that stand for the people whom deployments affect.
const Affected = "affected"

// Member is one seat in one matter.
type Member struct {
	Seat    string
	Group   string
	Recused bool
}

// Ballot is one vote as it is counted.
type Ballot struct {
	Seat   string
	Choice string // for, against or abstain
}

// Tally is what came of a matter.
type Tally struct {
	Seats    int64    `json:"seats"`            // of the charter, vacant ones included
	Affected int64    `json:"affected_seats"`   // members who stand for affected people
	Present  int64    `json:"present"`          // members who voted, abstentions included
	There    int64    `json:"affected_present"` // those of them for affected people
	Recused  int64    `json:"recused"`
	For      int64    `json:"for"`
	Against  int64    `json:"against"`
	Abstain  int64    `json:"abstained"`
	Quorum   bool     `json:"quorum"`
	Missing  []string `json:"missing"` // parts of the quorum that are not met: "majority", "affected"
	Outcome  string   `json:"outcome"` // for, against or no_quorum
}

// Count counts the ballots of a matter. The quorum is more than half of the seats of
// the charter and at least a third of those held for affected people; a vacant seat and
// a recused member count as seats and are not present, so both count against it. A
// panel without a member for affected people has no quorum. With a quorum the matter is carried when more are for it than
// against; an even vote does not carry it.
//
// Errors: Invalid for a ballot of no member, of a recused member, a second one of a
// seat, and one that is no choice. Linear in members and ballots; their order does not
// matter.
func Count(charter int64, members []Member, ballots []Ballot) (Tally, error) {
	t := Tally{Seats: max(charter, int64(len(members)))}
	seats := make(map[string]Member, len(members))
	for _, m := range members {
		if _, again := seats[m.Seat]; again {
			return Tally{}, fault.Newf(fault.Invalid, "the seat %s stands twice", m.Seat)
		}
		seats[m.Seat] = m
		if m.Group == Affected {
			t.Affected++
		}
		if m.Recused {
			t.Recused++
		}
	}
	voted := make(map[string]bool, len(ballots))
	for _, b := range ballots {
		m, ok := seats[b.Seat]
		if !ok || m.Recused || voted[b.Seat] {
			return Tally{}, fault.New(fault.Invalid, fmt.Sprintf("a ballot of the seat %s cannot be counted: it has no seat here, is recused or voted twice", b.Seat), "")
		}
		voted[b.Seat] = true
		switch b.Choice {
		case "for":
			t.For++
		case "against":
			t.Against++
		case "abstain":
			t.Abstain++
		default:
			return Tally{}, fault.Newf(fault.Invalid, "%q is no vote", b.Choice)
		}
		t.Present++
		if m.Group == Affected {
			t.There++
		}
	}
	if 2*t.Present <= t.Seats {
		t.Missing = append(t.Missing, "majority")
	}
	if t.Affected == 0 || 3*t.There < t.Affected {
		t.Missing = append(t.Missing, "affected")
	}
	t.Quorum = len(t.Missing) == 0
	switch {
	case !t.Quorum:
		t.Outcome = "no_quorum"
	case t.For > t.Against:
		t.Outcome = "for"
	default:
		t.Outcome = "against"
	}
	return t, nil
}
