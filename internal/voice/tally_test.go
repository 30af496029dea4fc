package voice

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
)

// panel makes members: so many for affected people, the rest of another group, and
// marks the first recused ones of each.
func panel(affected, others, recusedAffected, recusedOthers int) []Member {
	var out []Member
	for i := range affected {
		out = append(out, Member{"a" + strconv.Itoa(i), Affected, i < recusedAffected})
	}
	for i := range others {
		out = append(out, Member{"o" + strconv.Itoa(i), "other", i < recusedOthers})
	}
	return out
}

func ballots(choice string, seats ...string) []Ballot {
	var out []Ballot
	for _, s := range seats {
		out = append(out, Ballot{s, choice})
	}
	return out
}

// TestCount protects the quorum of domain §5.1: more than half of all seats, and at
// least a third of those for affected people.
func TestCount(t *testing.T) {
	for name, c := range map[string]struct {
		charter int64
		members []Member
		votes   []Ballot
		outcome string
		missing []string
	}{
		"eight to four of thirteen":   {13, panel(5, 8, 0, 0), append(ballots("against", "a0", "a1", "a2", "a3", "o0", "o1", "o2", "o3"), ballots("for", "a4", "o4", "o5", "o6")...), "against", nil},
		"half is no majority":         {8, panel(4, 4, 0, 0), ballots("for", "a0", "a1", "o0", "o1"), "no_quorum", []string{"majority"}},
		"more than half":              {8, panel(4, 4, 0, 0), ballots("for", "a0", "a1", "o0", "o1", "o2"), "for", nil},
		"a third of those affected":   {7, panel(3, 4, 0, 0), ballots("for", "a0", "o0", "o1", "o2"), "for", nil},
		"none of those affected":      {7, panel(3, 4, 0, 0), ballots("for", "o0", "o1", "o2", "o3"), "no_quorum", []string{"affected"}},
		"less than a third of four":   {9, panel(4, 5, 0, 0), ballots("for", "a0", "o0", "o1", "o2", "o3"), "no_quorum", []string{"affected"}},
		"no seat for them at all":     {7, panel(0, 7, 0, 0), ballots("for", "o0", "o1", "o2", "o3"), "no_quorum", []string{"affected"}},
		"recusals count against":      {7, panel(3, 4, 1, 3), ballots("for", "a1", "a2", "o3"), "no_quorum", []string{"majority"}},
		"vacant seats count against":  {7, panel(2, 1, 0, 0), ballots("for", "a0", "a1", "o0"), "no_quorum", []string{"majority"}},
		"abstentions are present":     {7, panel(3, 4, 0, 0), append(ballots("abstain", "a0", "a1", "o0"), ballots("for", "o1")...), "for", nil},
		"an even vote does not carry": {7, panel(3, 4, 0, 0), append(ballots("for", "a0", "o0"), ballots("against", "a1", "o1")...), "against", nil},
		"nobody votes":                {7, panel(3, 4, 0, 0), nil, "no_quorum", []string{"majority", "affected"}},
	} {
		got, err := Count(c.charter, c.members, c.votes)
		if err != nil || got.Outcome != c.outcome || !slices.Equal(got.Missing, c.missing) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, votes := range map[string][]Ballot{
		"a stranger": ballots("for", "x"), "a recused member": ballots("for", "a0"), "twice": ballots("for", "a1", "a1"), "no choice": ballots("maybe", "a1"),
	} {
		if _, err := Count(7, panel(3, 4, 1, 0), votes); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s is counted: %v", name, err)
		}
	}
}

// TestCountLaws protects what holds of any vote: order does not matter, the sums fit,
// a recusal never makes a quorum, and a vote more for never turns for into against.
func TestCountLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		affected, others := rapid.IntRange(0, 7).Draw(t, "affected"), rapid.IntRange(0, 7).Draw(t, "others")
		members := panel(affected, others, 0, 0)
		charter := int64(len(members) + rapid.IntRange(0, 3).Draw(t, "vacant"))
		var votes []Ballot
		silent := -1
		for i, m := range members {
			switch c := rapid.SampledFrom([]string{"for", "against", "abstain", "silent", "recused"}).Draw(t, "choice"); c {
			case "recused":
				members[i].Recused = true
			case "silent":
				silent = i
			default:
				votes = append(votes, Ballot{m.Seat, c})
			}
		}
		got, err := Count(charter, members, votes)
		if err != nil {
			t.Fatal(err)
		}
		if got.For+got.Against+got.Abstain != int64(len(votes)) || got.Present != int64(len(votes)) {
			t.Fatalf("the sums do not fit: %+v of %d votes", got, len(votes))
		}
		if got.Quorum != (2*got.Present > charter && got.Affected > 0 && 3*got.There >= got.Affected) || got.Quorum == (got.Outcome == "no_quorum") {
			t.Fatalf("the quorum does not fit: %+v", got)
		}
		shuffled := rapid.Permutation(votes).Draw(t, "order")
		again, err := Count(charter, rapid.Permutation(members).Draw(t, "seats"), shuffled)
		if err != nil || again.Outcome != got.Outcome || again.For != got.For || again.There != got.There {
			t.Fatalf("order matters: %+v, %+v, %v", got, again, err)
		}
		if silent < 0 {
			return
		}
		more, err := Count(charter, members, append(slices.Clone(votes), Ballot{members[silent].Seat, "for"}))
		if err != nil || got.Quorum && !more.Quorum || got.Outcome == "for" && more.Outcome != "for" {
			t.Fatalf("a vote more for makes %+v of %+v, %v", more, got, err)
		}
		members[silent].Recused = true
		less, err := Count(charter, members, votes)
		if err != nil || less.Quorum && !got.Quorum {
			t.Fatalf("a recusal makes a quorum: %+v, %+v, %v", less, got, err)
		}
	})
}
