package rating

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical gives the rating's trace as canonical JSON (RFC 8785): the same bytes
// for the same pack, engine and facts, anywhere. They are the bytes that
// encoding/json and a canonicalizer would give, written in one pass.
func (r *Rating) Canonical() []byte {
	t := trace(make([]byte, 0, 10<<10))
	first := byte('{')
	if r.ActualBy != nil {
		t = t.name(first, "actual_by").item(r.ActualBy)
		first = ','
	}
	t = t.name(first, "actual_harm").text(r.Actual.String())
	if r.Axes != nil {
		t = t.name(',', "axes").axes(r.Axes)
	}
	t = t.name(',', "best").end(&r.Best)
	t = t.name(',', "controls").controls(&r.Controls)
	if r.Day != "" {
		t = t.name(',', "day").text(r.Day)
	}
	t = t.name(',', "decision").text(r.Decision)
	t = t.some("disputed", r.Disputed)
	t = t.name(',', "engine").text(r.Engine)
	t = t.name(',', "families").list(len(r.Families), func(t trace, i int) trace {
		f := &r.Families[i]
		return append(t.name('{', "best").int(f.Best).name(',', "id").text(f.ID).name(',', "worst").int(f.Worst), '}')
	})
	t = t.name(',', "hard_stops").texts(r.HardStops)
	t = t.name(',', "indicators").readings(r.Indicators)
	t = t.name(',', "known").int(r.Known)
	t = t.name(',', "method").text(r.Method)
	t = t.name(',', "method_hash").text(r.MethodHash)
	t = t.name(',', "missing").texts(r.Missing)
	t = t.some("participation", r.Participation)
	t = strconv.AppendBool(t.name(',', "pending"), r.Pending)
	t = t.name(',', "possible_stops").texts(r.PossibleStops)
	if len(r.Uses) > 0 {
		t = t.name(',', "prohibited_uses").readings(r.Uses)
	}
	t = t.name(',', "requirements").readings(r.Requirements)
	t = t.name(',', "review").int(r.Review)
	t = t.name(',', "rights").rights(r.Rights)
	if len(r.Second) > 0 {
		t = t.name(',', "second").rights(r.Second)
	}
	if r.SecondBy != nil {
		t = t.name(',', "second_by").item(r.SecondBy)
	}
	t = t.name(',', "stops").readings(r.Stops)
	t = t.name(',', "tier").text(r.Tier)
	t = t.name(',', "total").int(r.Total)
	t = t.name(',', "unmet").texts(r.Unmet)
	t = t.name(',', "vulnerable_group").text(r.Vulnerable.String())
	t = t.name(',', "worst").end(&r.Worst)
	return append(t, '}')
}

// trace is canonical JSON being written; its methods append.
type trace []byte

func (t trace) name(before byte, name string) trace {
	t = append(t, before, '"')
	t = append(t, name...)
	return append(t, '"', ':')
}

func (t trace) text(s string) trace {
	t, err := jsontext.AppendQuote(t, s)
	if err != nil {
		panic("rating: a pack let a text through that is not UTF-8: " + strconv.Quote(s))
	}
	return t
}

func (t trace) int(n int) trace { return strconv.AppendInt(t, int64(n), 10) }

func (t trace) list(n int, item func(trace, int) trace) trace {
	t = append(t, '[')
	for i := range n {
		if i > 0 {
			t = append(t, ',')
		}
		t = item(t, i)
	}
	return append(t, ']')
}

func (t trace) texts(list []string) trace {
	return t.list(len(list), func(t trace, i int) trace { return t.text(list[i]) })
}

func (t trace) ints(list []int) trace {
	return t.list(len(list), func(t trace, i int) trace { return t.int(list[i]) })
}

// some writes a list that is left out where it is empty.
func (t trace) some(name string, list []string) trace {
	if len(list) == 0 {
		return t
	}
	return t.name(',', name).texts(list)
}

func (t trace) rights(list []RightReading) trace {
	return t.list(len(list), func(t trace, i int) trace {
		x := &list[i]
		return append(t.name('{', "best").ints(x.Best[:]).name(',', "id").text(x.ID).name(',', "worst").ints(x.Worst[:]), '}')
	})
}

func (t trace) readings(list []Reading) trace {
	return t.list(len(list), func(t trace, i int) trace { return t.item(&list[i]) })
}

func (t trace) item(x *Reading) trace {
	head := x.head
	if head == "" {
		head = string(trace(nil).reading(x))
	}
	if x.Dormant {
		t = append(t, `{"dormant":true,`...)
		head = head[1:]
	}
	t = append(t, head...)
	t = t.text(x.State.String())
	return append(t.some("unknown", x.Unknown), '}')
}

// reading writes a reading up to its state.
func (t trace) reading(x *Reading) trace {
	t = t.name('{', "facts").texts(x.Facts).name(',', "id").text(x.ID)
	return t.name(',', "state")
}

func (t trace) controls(c *Controls) trace {
	t = t.name('{', "credit").int(c.Credit).some("lacking", c.Lacking).some("needed", c.Needed)
	t = t.name(',', "possible").int(c.Possible).name(',', "why").text(c.Why)
	return append(t, '}')
}

func (t trace) axes(a *Axes) trace {
	t = t.name('{', "compliance").text(a.Compliance)
	if a.Finding != "" {
		t = t.name(',', "finding").text(a.Finding)
	}
	return append(t.name(',', "guideline").text(a.Guideline.String()).name(',', "impact").text(a.Impact), '}')
}

func (t trace) end(e *End) trace {
	t = t.name('{', "L").int(e.L).name(',', "LR").int(e.LR).name(',', "S").int(e.S).name(',', "credit").int(e.Credit)
	t = t.name(',', "inherent").text(e.Inherent.String()).name(',', "residual").text(e.Residual.String())
	return append(t.name(',', "sum").int(e.Sum), '}')
}
