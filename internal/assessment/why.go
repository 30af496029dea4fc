package assessment

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/rating"
	"duly/internal/rule"
)

// Cause is one thing that made a difference between two ratings: what it is, to
// count by, and a sentence.
type Cause struct {
	Cause string `json:"cause"` // severity, likelihood, controls, matrix, a hard stop's id, ...
	Text  string `json:"text"`
	// IDs are the facts or requirements that the sentence lists, all of them.
	IDs []string `json:"ids,omitempty"`
}

// why compares the traces of two ratings: hard stops, severity by right, likelihood
// by family, controls, matrix, what is missing, and last the tables of the method.
// Decisions follow the worst end, so that is what is explained; where only the best
// end differs, it says so. with is what b was rated with.
func (c *comparer) why(a, b *rating.Rating, with *gathered) []Cause {
	w := &explanation{comparer: c, a: a, b: b}
	w.stops()
	w.severity()
	w.likelihood()
	w.controls()
	w.matrix()
	w.missing(with)
	w.tables()
	return w.causes
}

type explanation struct {
	*comparer
	a, b   *rating.Rating
	causes []Cause
}

func (w *explanation) add(cause, format string, args ...any) {
	w.causes = append(w.causes, Cause{Cause: cause, Text: fmt.Sprintf(format, args...)})
}

// titled gives an id with its title.
func (w *explanation) titled(id string) string {
	if t := w.titles[id]; t != "" {
		return id + " (" + t + ")"
	}
	return id
}

func (w *explanation) stops() {
	for _, id := range without(w.b.HardStops, w.a.HardStops) {
		w.add(id, "hard stop %s holds", w.titled(id))
	}
	for _, id := range without(w.a.HardStops, w.b.HardStops) {
		if slices.Contains(w.b.PossibleStops, id) {
			w.add(id, "hard stop %s is not known to hold any more", w.titled(id))
		} else {
			w.add(id, "hard stop %s does not hold any more", w.titled(id))
		}
	}
	if w.a.Pending == w.b.Pending {
		return
	}
	for _, id := range without(w.b.PossibleStops, w.a.PossibleStops) {
		if slices.Contains(w.a.HardStops, id) {
			continue // told already
		}
		w.add(id, "hard stop %s cannot be ruled out", w.titled(id))
	}
	for _, id := range without(w.a.PossibleStops, w.b.PossibleStops) {
		switch {
		case slices.Contains(w.b.HardStops, id): // told already
		case w.judges(id):
			w.add(id, "hard stop %s is ruled out", w.titled(id))
		default:
			w.add(id, "hard stop %s could not be ruled out, and is none of the method any more", w.titled(id))
		}
	}
}

// severity tells of the rights that make the severity what it is, or was.
func (w *explanation) severity() {
	a, b := w.a.Worst.S, w.b.Worst.S
	if a == b {
		return
	}
	w.add("severity", "severity is %d, was %d", b, a)
	if len(w.b.Disputed) > 0 {
		w.list("severity", "two scorers see it differently, and the graver figure counts", w.b.Disputed)
	}
	if !slices.ContainsFunc(w.b.Rights, func(r rating.RightReading) bool { return r.Worst[3] == b }) {
		var second []string
		for _, r := range w.b.Second {
			if r.Worst[3] == b {
				second = append(second, words(r.ID))
			}
		}
		w.list("severity", "as a second scorer sees it, or may", second)
	}
	was := map[string][4]int{}
	for _, r := range w.a.Rights {
		was[r.ID] = r.Worst
	}
	for _, r := range w.b.Rights {
		before, judged := was[r.ID]
		switch {
		case !judged && r.Worst[3] == b:
			w.add("severity", "%s is judged now: severity %d (scale %d, scope %d, irremediability %d)", words(r.ID), r.Worst[3], r.Worst[0], r.Worst[1], r.Worst[2])
		case judged && before[3] != r.Worst[3] && (r.Worst[3] == b || before[3] == a):
			w.add("severity", "%s: severity %d, was %d (scale %d, scope %d, irremediability %d)", words(r.ID), r.Worst[3], before[3], r.Worst[0], r.Worst[1], r.Worst[2])
		}
	}
}

func (w *explanation) likelihood() {
	a, b := &w.a.Worst, &w.b.Worst
	if w.a.Actual != w.b.Actual {
		w.add("confirmed harm", "confirmed harm is %s, was %s", answer(w.b.Actual), answer(w.a.Actual))
	}
	if a.Sum == b.Sum && a.L == b.L {
		return
	}
	if a.L != b.L {
		w.add("likelihood", "likelihood before controls is %d, was %d", b.L, a.L)
	}
	was := map[string]int{}
	for _, f := range w.a.Families {
		was[f.ID] = f.Worst
	}
	for _, f := range w.b.Families {
		if before := was[f.ID]; f.Worst != before {
			w.add("family "+f.ID, "%s counts %d, was %d%s", f.ID, f.Worst, before, w.by(f.ID))
		}
		delete(was, f.ID)
	}
	for _, f := range w.a.Families {
		if before := was[f.ID]; before > 0 {
			w.add("family "+f.ID, "%s counted %d and is no family of the method any more", f.ID, before)
		}
	}
}

// by tells the indicators of a family that are answered otherwise, or weigh otherwise.
func (w *explanation) by(family string) string {
	type state struct {
		tri    rule.Tri
		weight int
	}
	states := func(indicators []rating.Indicator, r *rating.Rating) (map[string]state, []string) {
		out, ids := map[string]state{}, []string{}
		for i, x := range indicators {
			if x.Family == family {
				out[x.ID] = state{r.Indicators[i].State, x.Weight}
				ids = append(ids, x.ID)
			}
		}
		return out, ids
	}
	before, old := states(w.before, w.a)
	after, ids := states(w.after, w.b)
	var texts []string
	for _, id := range append(ids, without(old, ids)...) {
		a, was := before[id]
		b, is := after[id]
		switch {
		case was == is && a == b:
		case !is && a.tri != rule.False:
			texts = append(texts, w.titled(id)+" is no indicator any more")
		case is && was && b.tri != a.tri, is && !was && b.tri != rule.False:
			texts = append(texts, w.titled(id)+" "+raised[b.tri])
		case is && was && b.tri != rule.False:
			texts = append(texts, fmt.Sprintf("%s weighs %d, was %d", w.titled(id), b.weight, a.weight))
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return ": " + strings.Join(texts, "; ")
}

var raised = map[rule.Tri]string{rule.True: "is raised", rule.False: "is clear", rule.Unknown: "cannot be ruled out"}

func answer(t rule.Tri) string {
	return map[rule.Tri]string{rule.True: "yes", rule.False: "no", rule.Unknown: "unknown"}[t]
}

func (w *explanation) controls() {
	if a, b := w.a.Worst.Credit, w.b.Worst.Credit; a != b {
		w.add("controls", "tested controls take off %d, took off %d (%s)", b, a, w.b.Controls.Why)
	}
}

func (w *explanation) matrix() {
	a, b := &w.a.Worst, &w.b.Worst
	if a.S == b.S && a.LR == b.LR && a.Residual != b.Residual {
		w.add("matrix", "severity %d at likelihood %d is %s, was %s", b.S, b.LR, b.Residual, a.Residual)
	}
}

// missing tells what is required and not known, or not met, of one and not of the
// other.
func (w *explanation) missing(b *gathered) {
	var unknown, gone, known, free []string
	for _, id := range without(w.b.Missing, w.a.Missing) {
		i := slices.IndexFunc(b.stale, func(s string) bool { return strings.HasPrefix(s, id+": ") })
		if i < 0 {
			unknown = append(unknown, id)
			continue
		}
		w.causes = append(w.causes, Cause{"out of date", "required and " + strings.TrimPrefix(b.stale[i], id+": ") + ": " + id, []string{id}})
	}
	for _, id := range without(w.a.Missing, w.b.Missing) {
		if _, asked := w.to.Fact(id); !asked {
			gone = append(gone, id)
		} else if i := slices.IndexFunc(b.facts, func(f rating.Fact) bool { return f.ID == id }); b.values[i].V != nil {
			known = append(known, id)
		} else {
			free = append(free, id)
		}
	}
	w.list("missing facts", "required and not known", unknown)
	w.list("missing facts", "not asked any more", gone)
	w.list("missing facts", "known", known)
	w.list("missing facts", "not required any more", free)
	w.list("requirements", "asked for, and not known to be met", without(w.b.Unmet, w.a.Unmet))
	w.list("requirements", "met, or not asked for any more", without(w.a.Unmet, w.b.Unmet))
}

// list tells of several things that made the same difference, by the first few.
func (w *explanation) list(cause, what string, ids []string) {
	const told = 4
	if len(ids) == 0 {
		return
	}
	text := what + ": " + strings.Join(ids[:min(told, len(ids))], ", ")
	if n := len(ids) - told; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	w.causes = append(w.causes, Cause{cause, text, ids})
}

// tables speaks where the same figures lead to another tier, decision or review, and
// where only the best end differs.
func (w *explanation) tables() {
	a, b := w.a, w.b
	same := len(w.causes) == 0
	if same && a.Decision != b.Decision {
		w.add("decision table", "for the same band the method calls for %s, not %s", words(b.Decision), words(a.Decision))
	}
	if same && a.Tier != b.Tier {
		w.add("tier table", "for the same band the tier is %s, was %s", b.Tier, a.Tier)
	}
	if same && a.Decision == b.Decision && a.Review != b.Review {
		w.add("review table", "the next review is due after %d months, was %d", b.Review, a.Review)
	}
	if a.Best.Residual != b.Best.Residual && a.Worst.Residual == b.Worst.Residual {
		w.add("best end", "the best it may come to is %s, was %s (severity %d at likelihood %d, was %d at %d)",
			b.Best.Residual, a.Best.Residual, b.Best.S, b.Best.LR, a.Best.S, a.Best.LR)
	}
	if len(w.causes) == 0 {
		w.add("inherent band", "the band before controls is %s, was %s", b.Worst.Inherent, a.Worst.Inherent)
	}
}

// judges says whether the method that is tried has a stop.
func (w *explanation) judges(stop string) bool {
	return slices.ContainsFunc(w.b.Stops, func(r rating.Reading) bool { return r.ID == stop })
}

// without gives what is in list and not in other, in the order of list.
func without(list, other []string) []string {
	var out []string
	for _, x := range list {
		if !slices.Contains(other, x) {
			out = append(out, x)
		}
	}
	return out
}
