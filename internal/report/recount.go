package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
)

// Recounted is what an outsider finds who holds a report that shows nothing sealed, and of
// the log no more than what stands in clear in it.
type Recounted struct {
	Parts    []string `json:"parts"`           // of the report, that the log gives again
	Rows     int      `json:"rows"`            // rows that are what their entries say
	Withheld int      `json:"withheld"`        // values not shown of which the digest is the entry's
	Open     []string `json:"open"`            // what rests on withheld values and cannot be told
	Wrong    []string `json:"wrong,omitempty"` // what is not so
}

// inClear are the parts of a report that follow from what stands in clear in the log.
var inClear = []string{
	"duly", "log", "day", "audience", "entries", "people", "findings", "hits.states", "oversight", "packs", "runs", "watchlists",
	"attestations", "proceedings", "registers.partnerships", "registers.incidents",
	"telemetry.deployments", "telemetry.objects", "telemetry.objects_changed", "telemetry.events_read", "telemetry.events_matched",
	"telemetry.events_rejected", "telemetry.events_unmapped", "decisions.overrides",
}

// byRows are the parts that count the report's own rows.
var byRows = []string{"portfolio", "decisions.decided", "decisions.confirmed_enforced", "decisions.acts", "decisions.overdue_reviews", "decisions.rated_since",
	"decisions.locked", "decisions.lapsed", "decisions.waiting", "decisions.conditions", "decisions.conditions_met"}

// rests says what of a report an outsider cannot count.
const rests = "which account, customer and deployment a row is about, and what is counted by that: spine, lanes, progress, conditions, what was enforced, contracts, and who is listed at all"

// Clear is a log at a checkpoint of which nothing but what stands in clear is known.
type Clear struct {
	builder *builder
	schemas bundle.Schemas
}

// ReadClear reads such a log once, for any number of reports of that checkpoint.
//
// Errors: as those of [Build].
func ReadClear(ctx context.Context, q store.Queryer, checkpoint ledger.Checkpoint, signed []byte, schemas bundle.Schemas) (*Clear, error) {
	b := &builder{ctx: ctx, q: q, at: store.At{Seq: checkpoint.Size - 1}, view: &viewer{hidden: map[place]Hidden{}}, r: &Report{Duly: format, Audience: []ledger.Class{}}}
	return &Clear{b, schemas}, b.build(checkpoint, signed)
}

// Recount holds a report, in its JSON form, to the log: figures are counted again, each row
// is compared with its entry, each withheld value with its digest, and every finding, hit
// and override must be there. page is its other form, nil where there is none.
//
// Errors: Broken when it is no report; Invalid when it shows sealed values.
func (l *Clear) Recount(text, page []byte) (*Recounted, error) {
	var told Report
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "the report cannot be read")
	}
	if len(told.Audience) > 0 {
		return nil, fault.Newf(fault.Invalid, "the report shows %v, and the bundle withholds it", told.Audience).
			WithFix("compare a report that was made for nobody in particular (--disclose none), or bring a bundle that discloses all")
	}
	c := &recounter{builder: l.builder, told: &told, schemas: l.schemas, out: Recounted{Parts: []string{}, Open: []string{rests}}}
	var asJSON, asHTML bytes.Buffer
	if err := JSON(&told, &asJSON); err != nil {
		return nil, err
	}
	c.form("report.json", text, asJSON.Bytes())
	if page != nil {
		if err := HTML(&told, &asHTML); err != nil {
			return nil, err
		}
		c.form("report.html", page, asHTML.Bytes())
	}
	for _, step := range []func() error{c.parts, c.rows, c.present, c.withheld} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &c.out, nil
}

// recounter is a builder of what stands in clear, with the report that is held to it.
type recounter struct {
	*builder
	told    *Report
	schemas bundle.Schemas
	out     Recounted
}

func (c *recounter) wrong(format string, args ...any) {
	c.out.Wrong = append(c.out.Wrong, fmt.Sprintf(format, args...))
}

// form compares a form of the report with the one that its own content has.
func (c *recounter) form(name string, given, want []byte) {
	if where := Differs(given, want); where != "" {
		c.wrong("%s is not the form of what report.json says: %s", name, where)
	}
}

// parts compares what follows from the log, and what follows from the report's own rows.
func (c *recounter) parts() error {
	given, err := plain(c.told)
	if err != nil {
		return err
	}
	ours, err := plain(c.r)
	if err != nil {
		return err
	}
	sums := &builder{r: &Report{Subjects: c.told.Subjects}}
	sums.portfolio()
	counted, err := plain(sums.r)
	if err != nil {
		return err
	}
	for _, path := range inClear {
		c.part(path, given, ours)
	}
	for _, path := range byRows {
		c.part(path, given, counted)
	}
	return nil
}

// part compares one part by its path.
func (c *recounter) part(path string, given, want map[string]any) {
	a, b, has := any(given), any(want), false
	for _, key := range strings.Split(path, ".") {
		inA, _ := a.(map[string]any)
		inB, _ := b.(map[string]any)
		a = inA[key]
		b, has = inB[key]
	}
	if !has {
		c.wrong("%s is no part of a report", path)
		return
	}
	if where := differs(path, a, b); where != "" {
		c.wrong("%s", where)
		return
	}
	c.out.Parts = append(c.out.Parts, path)
}

// plain gives a report as JSON has it.
func plain(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the report")
	}
	out, _ := decoded(text)
	object, _ := out.(map[string]any)
	return object, nil
}

// rows compares each row with the entry that it names.
func (c *recounter) rows() error {
	for i := range c.told.Subjects {
		s := &c.told.Subjects[i]
		path := fmt.Sprintf("subjects[%d]", i)
		var rated *store.Revision[assessment.Rating]
		if s.Rating != nil {
			var err error
			if rated, err = cited(c, path+".rating", assessment.Ratings, s.Rating.Entry); err != nil {
				return err
			}
			if rated != nil {
				c.row(path+".rating", s.Rating, c.rating(rated))
			}
		}
		if s.Decision != nil {
			d, err := cited(c, path+".decision", decision.Decisions, s.Decision.Entry)
			if err != nil {
				return err
			}
			if d != nil {
				c.row(path+".decision", s.Decision, c.decision(d, rated))
			}
		}
		if s.Lane != nil {
			t, err := cited(c, path+".lane", triage.Triages, s.Lane.Entry)
			if err != nil {
				return err
			}
			if t != nil {
				c.row(path+".lane", s.Lane, laneRow(c.view, t))
			}
		}
		for j := range s.Findings {
			at := fmt.Sprintf("%s.findings[%d]", path, j)
			f, err := cited(c, at, usage.Findings, s.Findings[j].Entry)
			if err != nil {
				return err
			}
			if f != nil {
				c.row(at, s.Findings[j], findingRow(c.view, f))
			}
		}
	}
	for i, h := range c.told.Hits.List {
		path := fmt.Sprintf("hits.list[%d]", i)
		at := slices.IndexFunc(c.r.Hits.List, func(ours Hit) bool { return ours.Entry == h.Entry })
		if at < 0 {
			c.wrong("%s names entry %d, which is no open or confirmed hit", path, h.Entry)
			continue
		}
		ours := c.r.Hits.List[at]
		ours.Customer = h.Customer // it may stand in another entry, which is compared as withheld
		c.row(path, h, ours)
	}
	return nil
}

// row compares a row with the one that its entry gives.
func (c *recounter) row(path string, given, want any) {
	a, errA := plain(given)
	b, errB := plain(want)
	if where := differs(path, a, b); where != "" || errA != nil || errB != nil {
		c.wrong("%s", where)
		return
	}
	c.out.Rows++
}

// cited gives the revision that a row names, if it was the newest of its record at the
// checkpoint; nil, and the fault noted, where it was not.
func cited[T any](c *recounter, path string, kind *ledger.Kind[T], entry int64) (*store.Revision[T], error) {
	r, err := store.GetBySeq(c.ctx, c.q, kind, entry)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		c.wrong("%s names entry %d, which is no %s", path, entry, kind.Name())
		return nil, nil
	case err != nil:
		return nil, err
	case r.Seq > c.at.Seq || r.ToSeq >= 0 && r.ToSeq <= c.at.Seq:
		c.wrong("%s names entry %d, which is not the newest revision of its %s", path, entry, kind.Name())
		return nil, nil
	}
	return r, nil
}

// present asks that nothing is left out: every finding and every listed hit has its row,
// once; of ratings and decisions those without a row are told.
func (c *recounter) present() error {
	findings, ratings, decisions, hits := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	add := func(path string, to map[int64]bool, entry int64) {
		if to[entry] {
			c.wrong("%s names entry %d, which another row names", path, entry)
		}
		to[entry] = true
	}
	for i, s := range c.told.Subjects {
		for _, f := range s.Findings {
			add(fmt.Sprintf("subjects[%d].findings", i), findings, f.Entry)
		}
		if s.Rating != nil {
			add(fmt.Sprintf("subjects[%d].rating", i), ratings, s.Rating.Entry)
		}
		if s.Decision != nil {
			add(fmt.Sprintf("subjects[%d].decision", i), decisions, s.Decision.Entry)
		}
	}
	for _, h := range c.told.Hits.List {
		add("hits.list", hits, h.Entry)
	}
	lists := len(c.told.Hits.List)
	if lists != len(c.r.Hits.List) {
		c.wrong("hits.list has %d rows, the log has %d open or confirmed hits", lists, len(c.r.Hits.List))
	}
	if have := len(findings) + c.told.Unplaced.Findings; have != len(c.found) {
		c.wrong("%d findings have a row or count as unplaced, the log has %d", have, len(c.found))
	}
	if n := c.told.Unplaced.Findings; n > 0 {
		c.out.Open = append(c.out.Open, fmt.Sprintf("whether what %d findings are about cannot be found, so that they have no row", n))
	}
	for _, x := range []struct {
		what      string
		have, all int
	}{{"rating", len(ratings) + c.told.Unplaced.Ratings, len(c.ratings)}, {"decision", len(decisions) + c.told.Unplaced.Decisions, len(c.decisions)}} {
		switch {
		case x.have > x.all:
			c.wrong("%d %ss have a row or count as unplaced, the log has %d", x.have, x.what, x.all)
		case x.have < x.all:
			c.out.Open = append(c.out.Open, fmt.Sprintf("whether %d of %d %ss without a row were replaced by a newer one of what they are about", x.all-x.have, x.all, x.what))
		}
	}
	return nil
}

// withheld compares each value that is not shown with its entry, and counts them.
func (c *recounter) withheld() error {
	all, err := plain(c.told)
	if err != nil {
		return err
	}
	seen := map[place]bool{}
	classes, erased := map[string]int{}, 0
	var leaf ledger.Leaf
	for _, h := range hidden(nil, all) {
		at := place{h.Entry, h.Field}
		if seen[at] {
			continue
		}
		seen[at] = true
		want, err := c.hidden(&leaf, h)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(h, want) {
			c.wrong("the value withheld in field %q of entry %d does not stand so in the log", h.Field, h.Entry)
			continue
		}
		c.out.Withheld++
		if h.Erased != "" {
			erased++
		}
		classes[string(h.Withheld)]++
	}
	want := make([]Tally, len(ledger.Classes))
	for i, class := range ledger.Classes {
		want[i] = Tally{string(class), classes[string(class)]}
	}
	if !slices.Equal(c.told.Withheld, want) {
		c.wrong("withheld says %v, the report withholds %v", c.told.Withheld, want)
	}
	if erased != c.told.Erased {
		c.wrong("erased says %d, the report has %d such values", c.told.Erased, erased)
	}
	return nil
}

// hidden gives what stands in the place of a sealed field of an entry; nothing when there
// is no such field under the checkpoint.
func (c *recounter) hidden(leaf *ledger.Leaf, h Hidden) (want Hidden, err error) {
	if h.Entry < 0 || h.Entry > c.at.Seq {
		return want, nil
	}
	e, err := store.EntryAt(c.ctx, c.q, h.Entry)
	if err != nil {
		return want, err
	}
	schema, err := known(leaf, c.schemas, e)
	if err != nil {
		return want, err
	}
	digests, shown, err := store.Split(e.Digests, e.Disclosures)
	i := slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == h.Field })
	if err != nil || i < 0 || i >= len(digests) {
		return want, err
	}
	want = Hidden{Withheld: schema.Sealed[i].Class, Entry: h.Entry, Field: h.Field, Digest: digests[i].String(), Redacted: c.view.redactions.Of(schema.Kind, h.Field)}
	if shown[i] == "" {
		want.Withheld, want.Erased, want.Redacted = "", want.Withheld, nil
	}
	return want, nil
}

// hidden lists what stands in the place of values, anywhere in decoded JSON.
func hidden(list []Hidden, v any) []Hidden {
	switch x := v.(type) {
	case map[string]any:
		if _, is := x["digest"]; is {
			var h Hidden
			if text, err := json.Marshal(x); err == nil && json.Unmarshal(text, &h) == nil {
				return append(list, h)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(x)) {
			list = hidden(list, x[key])
		}
	case []any:
		for _, item := range x {
			list = hidden(list, item)
		}
	}
	return list
}
