package voice_test

import (
	"fmt"

	"duly/internal/voice"
)

// Seven seats, three of them for affected people, one of whom is recused. Four vote,
// one of them for affected people.
func ExampleCount() {
	members := []voice.Member{
		{Seat: "1", Group: voice.Affected}, {Seat: "2", Group: voice.Affected}, {Seat: "3", Group: voice.Affected, Recused: true},
		{Seat: "4", Group: "civil_rights"}, {Seat: "5", Group: "civil_rights"}, {Seat: "6", Group: "expert"}, {Seat: "7", Group: "other"},
	}
	tally, err := voice.Count(7, members, []voice.Ballot{{Seat: "1", Choice: "against"}, {Seat: "4", Choice: "against"}, {Seat: "6", Choice: "for"}, {Seat: "7", Choice: "abstain"}})
	fmt.Println(tally.Outcome, tally.For, tally.Against, tally.Abstain, tally.Quorum, err)
	// Output: against 1 2 1 true <nil>
}
