package usage

import (
	"slices"
	"strconv"
	"strings"

	"duly/internal/conditions"
	"duly/internal/store"
)

// identity names a count: whose it is, under which condition, on which day, and of
// what it is made. Its finding has the same.
func (c *Count) identity() string {
	return identity(c.Deployment, c.ConditionHash, c.Day, c.Basis)
}

// contribution is what one object adds to one count, so that an object can be counted
// again, or be read by a corrected mapping, without those beside it.
type contribution struct {
	identity                       string
	mapping                        string // by which the object was read; empty for CloudTrail
	exposures, deviations, unknown int64
}

// String writes the contribution as records hold it.
func (c contribution) String() string {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return identity(c.identity, c.mapping, n(c.exposures), n(c.deviations), n(c.unknown))
}

// parseContribution reads what String wrote. A deployment's id has no bar in it.
func parseContribution(text string) contribution {
	parts := strings.Split(text, "|")
	if len(parts) != 8 {
		return contribution{}
	}
	n := func(i int) int64 { v, _ := strconv.ParseInt(parts[i], 10, 64); return v }
	return contribution{strings.Join(parts[:4], "|"), parts[4], n(5), n(6), n(7)}
}

// judges says whether the monitor has the condition that a count is of, or what is shown.
func (m *Monitor) judges(identity string) bool {
	if s, ok := parseShown(identity); ok {
		return slices.ContainsFunc(m.sets, func(set *conditions.Set) bool { return slices.Contains(set.Capabilities(), s.Capability) })
	}
	parts := strings.Split(identity, "|")
	return len(parts) > 1 && slices.ContainsFunc(m.conds, func(c cond) bool { return c.Hash == parts[1] })
}

// Preferred leaves out what was metered of a deployment, condition and day of which
// events were counted too: they are the same calls, and events say more of them.
func Preferred(list []*store.Revision[CountRecord]) []*store.Revision[CountRecord] {
	type place struct{ deployment, condition, day string }
	seen := map[place]bool{}
	for _, c := range list {
		if r := c.Record; r.Basis == Events {
			seen[place{r.Deployment, r.Condition, r.Day}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(c *store.Revision[CountRecord]) bool {
		r := c.Record
		return r.Basis == Metering && seen[place{r.Deployment, r.Condition, r.Day}]
	})
}
