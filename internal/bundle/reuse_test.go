package bundle

import (
	"strings"
	"testing"

	"duly/internal/fault"
)

// another starts another engagement.
func (o *office) another() {
	o.terms = o.approve(70)
	add(o.testLog, independenceKind, o.id(), &independenceRecord{State: "declared", Terms: o.terms, Ties: []string{"funding"}, Appointed: "outside", Removed: "outside", Flagged: true}, o.assessor)
	add(o.testLog, assignmentKind, o.id(), &assignmentRecord{"started", o.terms, 1, 1}, o.assessor)
}

// pass lets days go by, and makes a test on the last of them.
func (o *office) pass(days int64, r *controlTestRecord) {
	o.time += days * 86_400_000_000
	r.Day = o.day(0)
}

// TestOnlyADesignRestsOnAnEarlierTest protects readers from a test in which nobody looked
// (RS-05): evidence is used again once, for a while, for the same control and conclusion.
func TestOnlyADesignRestsOnAnEarlierTest(t *testing.T) {
	for name, c := range map[string]struct {
		earlier, later func(o *office, r *controlTestRecord)
		same           bool // in the same engagement
		want           string
	}{
		"in the next engagement": {},
		"after two years":        {later: func(o *office, r *controlTestRecord) { o.pass(730, r) }},
		"a day later":            {later: func(o *office, r *controlTestRecord) { o.pass(731, r) }, want: "more than two years old"},
		"before it was made":     {later: func(o *office, r *controlTestRecord) { r.Day = o.day(-1) }, want: "more than two years old"},
		"on no day":              {earlier: func(_ *office, r *controlTestRecord) { r.Day = "" }, want: "more than two years old"},
		"another conclusion":     {earlier: func(_ *office, r *controlTestRecord) { r.Conclusion = "absent" }, want: "concludes something else"},
		"another control":        {earlier: func(_ *office, r *controlTestRecord) { r.Control = hexSum([]byte{2}) }, want: "another control"},
		"the same engagement":    {earlier: func(_ *office, r *controlTestRecord) { r.Control = hexSum([]byte{2}) }, same: true, want: "the same engagement"},
		"an operation": {earlier: func(o *office, r *controlTestRecord) {
			*r = o.sampled(1, 40, 0, "effective")
		}, want: "how a control operated"},
		"a sample that rests on a design": {later: func(o *office, r *controlTestRecord) {
			reuses := r.Reuses
			*r = o.sampled(1, 40, 0, "effective")
			r.Reuses = reuses
		}, same: true, want: "how a control operated"},
		"nothing": {later: func(_ *office, r *controlTestRecord) { r.Reuses = hexSum([]byte{9}) }, want: "a test that is not there"},
		"a test that rests on another": {later: func(o *office, r *controlTestRecord) {
			r.Reuses = o.hash(o.test(*r))
			o.another()
			r.Terms = o.terms
		}, want: "itself rests on an earlier one"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			first := o.inspected(1, "effective")
			if c.earlier != nil {
				c.earlier(o, &first)
			}
			at := o.test(first)
			if !c.same {
				o.another()
			}
			second := o.inspected(1, "effective")
			second.Reuses = o.hash(at)
			if c.later != nil {
				c.later(o, &second)
			}
			o.test(second)
			_, err := verify(o.bundle(), Trust{})
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}
