package retention

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/ledger"
	"duly/internal/pack"
)

// body is what a retention pack holds below its header.
type body struct {
	Clocks []Clock   `yaml:"clocks,required"`
	Tests  []example `yaml:"tests,required"`
}

// Clock says how long fields of some classes, in some kinds of record, are kept. Days
// of 0 are not counted. Of several days the one that is reached first counts.
type Clock struct {
	ID         string   `yaml:"id,required"`
	Text       string   `yaml:"text,required"`
	Kinds      []string `yaml:"kinds"` // none is every kind
	Classes    []string `yaml:"classes,required"`
	Superseded int64    `yaml:"superseded"` // days since a newer revision took its place
	Ended      Ended    `yaml:"ended"`
	Written    int64    `yaml:"written"` // days since the entry
}

// Ended counts from the newest revision of a record that is in one of the states, or
// from the last day that the record holds for, whichever is earlier.
type Ended struct {
	Days   int64    `yaml:"days"`
	States []string `yaml:"states"`
}

// Rules are a retention pack that was read.
type Rules struct {
	ID     string
	Hash   string // of the pack
	Clocks []Clock
}

// maxDays is a century: a clock beyond it is a mistake.
const maxDays = 36525

// Load reads a retention pack for the kinds of record that there are.
//
// Errors are faults that name file and line.
func Load(p *pack.Pack, kinds []*ledger.Schema) (*Rules, error) {
	b, err := load(p)
	if err != nil {
		return nil, err
	}
	for i, c := range b.Clocks {
		for _, kind := range c.Kinds {
			known := slices.IndexFunc(kinds, func(s *ledger.Schema) bool { return s.Kind == kind })
			if known < 0 {
				return nil, p.Fault(fmt.Sprintf("there is no kind of record %q", kind), "", "clocks", i, "kinds")
			}
			if !slices.ContainsFunc(kinds[known].Sealed, func(f ledger.Field) bool { return slices.Contains(c.Classes, string(f.Class)) }) {
				return nil, p.Fault(fmt.Sprintf("a %s has no field of class %s", kind, strings.Join(c.Classes, ", ")), "", "clocks", i, "kinds")
			}
		}
	}
	return &Rules{ID: p.ID, Hash: p.Hash, Clocks: b.Clocks}, nil
}

func load(p *pack.Pack) (*body, error) {
	if p.Kind != pack.Retention {
		return nil, p.Fault("this is a pack of kind "+p.Kind+", not of kind retention", "")
	}
	var b body
	if err := p.Decode(&b); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range b.Clocks {
		if err := b.Clocks[i].check(p, i); err != nil {
			return nil, err
		}
		if seen[b.Clocks[i].ID] {
			return nil, p.Fault(b.Clocks[i].ID+" stands twice", "", "clocks", i, "id")
		}
		seen[b.Clocks[i].ID] = true
	}
	return &b, nil
}

func (c *Clock) check(p *pack.Pack, i int) error {
	for _, class := range c.Classes {
		if c := ledger.Class(class); c != ledger.Published && !slices.Contains(ledger.Classes, c) {
			return p.Fault(fmt.Sprintf("%q is not a class of sealed fields", class), "what is public is never erased", "clocks", i, "classes")
		}
	}
	for _, days := range []int64{c.Superseded, c.Ended.Days, c.Written} {
		if days < 0 || days > maxDays {
			return p.Fault("a number of days is not between 1 and 36525", "", "clocks", i)
		}
	}
	if (c.Ended.Days == 0) != (len(c.Ended.States) == 0) {
		return p.Fault("ended needs days and states", "", "clocks", i, "ended")
	}
	if c.Superseded+c.Ended.Days+c.Written == 0 {
		return p.Fault("the clock "+c.ID+" never runs out", "state superseded, ended or written, in days", "clocks", i)
	}
	return nil
}

// clock gives the clock that decides about fields of a class in a kind of record, or
// nil.
func (r *Rules) clock(kind string, class ledger.Class) *Clock {
	for i := range r.Clocks {
		c := &r.Clocks[i]
		if (c.Kinds == nil || slices.Contains(c.Kinds, kind)) && slices.Contains(c.Classes, string(class)) {
			return c
		}
	}
	return nil
}

// age is for how many days something has been so, and -1 while it is not.
type age struct {
	superseded, ended, written int64
}

// due says whether a clock has run out.
func (c *Clock) due(a age) bool {
	past := func(days, since int64) bool { return days > 0 && since >= days }
	return past(c.Superseded, a.superseded) || past(c.Ended.Days, a.ended) || past(c.Written, a.written)
}

// example is a test of a pack: for how many days something has been so, and what
// becomes of it.
type example struct {
	Name       string `yaml:"name,required"`
	Kind       string `yaml:"kind,required"`
	Class      string `yaml:"class,required"`
	State      string `yaml:"state"`
	Superseded int64  `yaml:"superseded"`
	Ended      int64  `yaml:"ended"`
	Written    int64  `yaml:"written"`
	Expect     string `yaml:"expect,required"` // due, kept, or none: there is no clock
}

// RunTests runs a pack's own tests. A pack that does not load is one failed result.
// It is a [pack.Runner].
func RunTests(p *pack.Pack) []pack.TestResult {
	b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	r := &Rules{Clocks: b.Clocks}
	out := make([]pack.TestResult, len(b.Tests))
	for i, x := range b.Tests {
		got := x.run(r)
		out[i] = pack.TestResult{Name: x.Name, OK: got == x.Expect, Line: p.Line("tests", i)}
		if got != x.Expect {
			out[i].Detail = fmt.Sprintf("it is %s, not %s", got, x.Expect)
		}
	}
	return out
}

func (x *example) run(r *Rules) string {
	c := r.clock(x.Kind, ledger.Class(x.Class))
	if c == nil {
		return "none"
	}
	a := age{superseded: -1, ended: -1, written: x.Written}
	if x.Superseded > 0 {
		a.superseded = x.Superseded
	}
	if slices.Contains(c.Ended.States, x.State) {
		a.ended = x.Ended
	}
	if c.due(a) {
		return "due"
	}
	return "kept"
}

// Schema gives the JSON Schema of retention packs, for editors.
func Schema() []byte { return pack.Schema(pack.Retention, body{}) }
