package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
)

// BuildAssessed reads what assessors recorded in one engagement, at a checkpoint, for an
// audience that may see the sealed classes. It is otherwise as
// [Build] is: a pure read, without a clock, with the same bytes each time.
//
// Errors: as those of [Build]; NotFound when the engagement has no approved terms under
// the checkpoint.
func BuildAssessed(ctx context.Context, q store.Queryer, checkpoint ledger.Checkpoint, signed []byte, classes []ledger.Class, schemas bundle.Schemas, id string) (*Assessed, error) {
	audience, err := audienceOf(classes)
	if err != nil {
		return nil, err
	}
	b := &builder{
		ctx: ctx, q: q, at: store.At{Seq: checkpoint.Size - 1}, view: &viewer{classes: audience, hidden: map[place]Hidden{}},
		r: &Report{},
	}
	if err := b.log(checkpoint, signed); err != nil {
		return nil, err
	}
	if b.view.redactions, err = ReadRedactions(ctx, q, b.at); err != nil {
		return nil, err
	}
	x := &assessing{builder: b, id: id, schemas: schemas, a: &Assessed{Duly: "assessed/1", Log: b.r.Log, Day: b.r.Day, Audience: audience}}
	for _, step := range []func() error{
		x.terms, x.independence, x.unmapped, x.population, x.controls, x.impacts, x.answers, x.work, x.redactions,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	x.a.Hidden, x.a.Erased = b.view.counts()
	x.a.Made = append(x.a.Made, ofLog[:3]...) // redactions are named one by one
	x.a.Limits = x.limits()
	return x.a, b.view.err
}

// assessing is a builder of one engagement's report.
type assessing struct {
	*builder
	id      string
	schemas bundle.Schemas
	a       *Assessed
}

// of reads what an engagement has of a kind, under the checkpoint.
func of[T any](x *assessing, kind *ledger.Kind[T]) ([]*store.Revision[T], error) {
	return store.SelectAt(x.ctx, x.q, kind, x.at, "r.engagement = $1", x.id)
}

// made says how a figure comes about.
func (x *assessing) made(id, how string, entries ...int64) {
	x.a.Made = append(x.a.Made, Made{ID: id, How: how, Entries: append([]int64{}, entries...)})
}

// terms finds the terms in force, and where the engagement stands.
func (x *assessing) terms() error {
	history, err := store.History(x.ctx, x.q, engagement.Engagements, x.id)
	if err != nil {
		return err
	}
	var t *store.Revision[engagement.Engagement]
	state := "approved"
	for _, h := range history {
		switch {
		case h.Seq > x.at.Seq:
		case h.Record.State == engagement.Approved:
			t, state = h, "approved"
		case h.Record.State == engagement.Withdrawn:
			state = h.Record.State
		}
	}
	if t == nil {
		return fault.New(fault.NotFound, "the engagement has no approved terms under this checkpoint", "a person of the governing body approves them with `duly engagement approve`")
	}
	list, err := of(x, engagement.Assignments)
	for _, a := range list {
		state = a.Record.State
	}
	see := func(field string) Value { return see(x.view, engagement.Engagements, t, field) }
	r := t.Record
	x.a.Terms = AssessedTerms{
		Entry: t.Seq, State: state, Approved: r.Day, From: r.From, Upto: r.Upto, Due: r.Due, Level: r.Level, Required: r.Coverage * 100, Budget: r.Budget, Currency: r.Currency,
		Title: see("title"), Body: see("commissioned_by"), Ground: see("authority"), Question: see("question"), Text: see("terms"), Witnesses: see("witness_keys"), Quorum: r.Quorum,
		Products: see("products"), Regions: see("regions"), Criteria: see("criteria"),
		Recipients: see("recipients"),
	}
	return err
}

func (x *assessing) independence() error {
	list, err := of(x, engagement.Independences)
	x.a.Independence = []AssessedBy{}
	for _, d := range list {
		r := d.Record
		x.a.Independence = append(x.a.Independence, AssessedBy{
			Entry: d.Seq, State: r.State, Ties: some(r.Ties), Appointed: r.Appointed, Removed: r.Removed, Blocks: r.Blocks, Flagged: r.Flagged, Fee: r.Fee, Recusals: r.Recusals,
			Text: see(x.view, engagement.Independences, d, "text"),
		})
	}
	return err
}

// seqsOf gives where records stand.
func seqsOf[T any](list []*store.Revision[T]) []int64 {
	out := []int64{}
	for _, r := range list {
		out = append(out, r.Seq)
	}
	return out
}

// some gives a list that is there, if only empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// unmapped takes the newest comparison with the billing, or with any other list.
func (x *assessing) unmapped() error {
	newest, err := assurance.Compared(x.ctx, x.q, x.at, x.id)
	if err != nil || newest == nil {
		x.a.Unmapped.Share = bundle.Whole
		x.made("unmapped", "Nobody has compared the log with a list from outside, so nothing counts as mapped.")
		return err
	}
	r := newest.Record
	x.a.Unmapped = Unmapped{true, newest.Seq, r.List, r.Rows, r.Missing, r.Ambiguous, r.Unread, r.Unlisted, assurance.Unmapped(r)}
	x.made("unmapped", "Rows of the list that are missing from the log, that share no more than a name with a record, or that could not be read, of all its rows, rounded up.", newest.Seq)
	return nil
}

func (x *assessing) population() error {
	list, err := of(x, engagement.Populations)
	if err != nil {
		return err
	}
	for _, p := range list {
		r := p.Record
		x.a.Population = &AssessedOf{
			Entry: p.Seq, Size: r.Size, Hash: r.Hash, Ended: r.Ended, OpenCases: r.OpenCases, LateCases: r.LateCases, Unopened: r.Unopened, Declined: r.Declined, Afterward: r.Afterward,
			Kinds: []Tally{
				{"account", int(r.Accounts)}, {"customer", int(r.Customers)}, {"deployment", int(r.Deployments)}, {"triage", int(r.Lanes)}, {"review", int(r.Cases)},
				{"rating", int(r.Ratings)}, {"decision", int(r.Decisions)}, {"data_request", int(r.Requests)}, {"incident", int(r.Incidents)}, {"input", int(r.Inputs)},
				{"refusal", int(r.Refusals)},
			},
		}
		x.made("population", fmt.Sprintf("Counted from each of the %d entries of the log before this one, whatever became of them. `duly-verify` counts them again.", r.Size), p.Seq)
	}
	samples, err := of(x, engagement.Samples)
	x.a.Samples = []AssessedSample{}
	for _, s := range samples {
		r := s.Record
		x.a.Samples = append(x.a.Samples, AssessedSample{
			s.Seq, r.State, r.Of, r.Draw, r.Targeted, r.Size, r.From, r.Confidence, r.Tolerable, r.Root, r.Witnessed, see(x.view, engagement.Samples, s, "records"),
		})
	}
	return err
}

// controls sets what was tested beside the library by which it was.
func (x *assessing) controls() error {
	tests, err := of(x, assurance.Tests)
	if err != nil {
		return err
	}
	l, err := x.library(tests)
	if err != nil {
		return err
	}
	entries, err := x.bySchema()
	if err != nil {
		return err
	}
	kinds := map[string]int64{}
	for _, size := range entries {
		kinds[size.kind] += size.n
	}
	x.unexplained(entries)
	x.a.Library, x.a.Gaps, x.a.Controls = AssessedLibrary{l.ID, l.Version, l.Hash}, l.Gaps(), []AssessedControl{}
	var seqs []int64
	for i := range l.Controls {
		c := &l.Controls[i]
		row := AssessedControl{
			ID: c.ID, Title: c.Title, Owner: c.Owner, Frequency: c.Frequency, OECD: c.OECD, UNGP: c.UNGP, Findings: some(c.Findings), Trail: c.Trail(kinds),
			Result: assurance.Conclude(tests, l.Name(c.ID)), Tests: []AssessedTest{},
		}
		if row.Result == "" {
			row.Result = "open"
		}
		for _, t := range tests {
			if t.Record.Control == l.Name(c.ID) {
				row.Tests = append(row.Tests, x.test(t))
				seqs = append(seqs, t.Seq)
			}
		}
		x.a.Controls = append(x.a.Controls, row)
	}
	again := ""
	if n := assurance.CountReused(tests); n.Rest > 0 {
		again = " " + n.String() + "."
	}
	x.made("controls", "A control is effective when its design and its operation were found so. The bound is exact for a binomial (Clopper and Pearson, one-sided, 95 %), where an item that cannot be tested counts as a deviation."+again, seqs...)
	return nil
}

func (x *assessing) test(t *store.Revision[assurance.Test]) AssessedTest {
	r := t.Record
	return AssessedTest{
		t.Seq, r.Of, r.How, r.Conclusion, r.Population, r.Items, r.Deviations, r.NotTestable, r.Bound, some(r.Causes), r.Reuses,
		see(x.view, assurance.Tests, t, "procedure"), see(x.view, assurance.Tests, t, "exceptions"),
	}
}

// library gives the pack of controls that the tests name, as the log has it or as it
// ships; the one that ships where there is no test yet.
func (x *assessing) library(tests []*store.Revision[assurance.Test]) (*assurance.Library, error) {
	if len(tests) == 0 {
		return assurance.Shipped()
	}
	hash := tests[len(tests)-1].Record.Library
	public, err := ships()
	if err != nil {
		return nil, err
	}
	p := public[hash]
	if p == nil {
		if p, err = x.recorded(hash); err != nil {
			return nil, err
		}
	}
	return assurance.LoadLibrary(p)
}

// recorded gives the text of a pack that the log holds.
func (x *assessing) recorded(hash string) (*pack.Pack, error) {
	list, err := store.SelectAt(x.ctx, x.q, runs.Packs, x.at, "r.sha256 = $1", hash)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "the log has no pack %s", hash)
	}
	sum := sha256.Sum256([]byte(list[0].Record.Bytes))
	if hex.EncodeToString(sum[:]) != hash {
		return nil, fault.Newf(fault.Broken, "the pack of entry %d is not the one whose hash the log shows", list[0].Seq)
	}
	return list[0].Record.Parse()
}

func (x *assessing) impacts() error {
	list, err := of(x, assurance.Impacts)
	x.a.Impacts = []AssessedImpact{}
	for _, i := range list {
		r := i.Record
		if r.State != "held" {
			continue
		}
		see := func(field string) Value { return see(x.view, assurance.Impacts, i, field) }
		x.a.Impacts = append(x.a.Impacts, AssessedImpact{
			Entry: i.Seq, Actual: r.Actual, Right: r.Right, Groups: r.Groups, Scale: r.Scale, Scope: r.Scope, Irremediable: r.Irremediable, Involvement: r.Involvement,
			Actions: r.Actions, Remedy: r.Remedy, Relationships: r.Relationships, PlanDue: r.PlanDue, Overdue: r.PlanDue != "" && r.PlanDue < x.a.Day, KnownFrom: r.Bases,
			Stated: see("stated_use"), Observed: see("actual_use"), Reasons: see("reasons"), Plan: see("plan"),
		})
	}
	return err
}

// answers brings each determination together with what was said to it.
func (x *assessing) answers() error {
	list, err := of(x, assurance.Determinations)
	if err != nil {
		return err
	}
	dissents, err := of(x, assurance.Dissents)
	if err != nil {
		return err
	}
	replies, err := of(x, assurance.Replies)
	x.a.Answers = []AssessedAnswer{}
	var seqs []int64
	for _, d := range list {
		r := d.Record
		row := AssessedAnswer{
			Entry: d.Seq, Question: r.Question, Conclusion: r.Conclusion, Level: r.Level, Population: r.Population, Examined: r.Examined, Unmapped: r.Unmapped, Coverage: r.Coverage,
			Required: r.Required, Effective: r.Effective, NotEffective: r.NotEffective, Absent: r.Absent, Untested: r.Untested, Involved: r.Involved,
			Reasons: see(x.view, assurance.Determinations, d, "reasons"), Evidence: see(x.view, assurance.Determinations, d, "evidence"),
			Dissents: []AssessedReply{}, Replies: []AssessedReply{},
		}
		for _, o := range dissents {
			if o.Record.Determination == d.Hash.String() {
				row.Dissents = append(row.Dissents, AssessedReply{o.Seq, o.Record.Conclusion, see(x.view, assurance.Dissents, o, "reasons")})
			}
		}
		for _, o := range replies {
			if o.Record.Determination == d.Hash.String() {
				row.Replies = append(row.Replies, AssessedReply{o.Seq, o.Record.Choice, see(x.view, assurance.Replies, o, "text")})
			}
		}
		x.a.Answers, seqs = append(x.a.Answers, row), append(seqs, d.Seq)
	}
	x.made("coverage", "Deployments whose rating has all the facts that it needs, of those in the population, less the share that is unmapped, rounded down. Below what is required nothing favourable is concluded.", seqs...)
	return err
}

// work counts workpapers, requests and hours.
func (x *assessing) work() error {
	papers, err := of(x, assurance.Workpapers)
	if err != nil {
		return err
	}
	x.a.Workpapers = len(papers)
	x.made("workpapers", "Files of which the log has the hash, encrypted to assessors.", seqsOf(papers)...)
	asked, err := of(x, engagement.Requests)
	if err != nil {
		return err
	}
	for _, r := range asked {
		x.a.Requests.Asked++
		switch {
		case r.Record.State == "answered":
			x.a.Requests.Answered++
			if r.Record.Late {
				x.a.Requests.Late++
			}
		case r.Record.State == "asked" && r.Record.Due < x.a.Day:
			x.a.Requests.Overdue++
		}
	}
	x.made("requests", "What assessors asked for, by its state; late and overdue by its day and the report's.", seqsOf(asked)...)
	efforts, err := of(x, engagement.Efforts)
	x.made("minutes", "Minutes that assessors say they worked, added up.", seqsOf(efforts)...)
	x.made("withheld_without_reason", "Values of the log of classes that these readers do not see, one for each field of each entry, less those that are redacted with a reason.")
	for _, e := range efforts {
		x.a.Minutes += e.Record.Minutes
	}
	return err
}

// redactions counts what the company withholds.
func (x *assessing) redactions() (err error) {
	x.a.Redactions, err = x.redacted()
	seqs := []int64{}
	for _, r := range x.view.redactions.list {
		seqs = append(seqs, r.entry)
	}
	x.made("redactions", "Fields that the company withholds, and the entries of the log that have each, whether the value is there or not. What an assessor said stands beside it; who says nothing has not agreed.", seqs...)
	return err
}

// unexplained counts values of the log that this audience does not see and for which
// nobody gave a reason.
func (x *assessing) unexplained(entries map[ledger.Hash]sized) {
	counts := map[ledger.Class]int64{}
	for hash, size := range entries {
		s := x.schemas[hash]
		if s == nil {
			continue
		}
		for _, f := range s.Sealed {
			if !x.view.sees(f.Class) && x.view.redactions.Of(s.Kind, f.Name) == nil {
				counts[f.Class] += size.n
			}
		}
	}
	x.a.Unexplained = []Tally{}
	for _, c := range ledger.Classes {
		x.a.Unexplained = append(x.a.Unexplained, Tally{string(c), int(counts[c])})
	}
}

// limits says what the report does not show.
func (x *assessing) limits() []string {
	out := []string{
		"The log proves that nothing recorded in it was changed or removed. It does not prove that what was recorded is true, or that everything was recorded.",
		"An assessor's conclusion is the assessor's own judgement. What follows by rule from what was recorded is checked by the verifier; what was looked at, and how well, is not.",
		"A rating that this program computes again is a repetition, and no validation of the method.",
		"Workpapers are encrypted to the assessors. Nobody else can say what stands in them, only that they were not changed.",
		"A bound of a sample is on what was drawn from: on the frozen population, and not on what never entered the log.",
	}
	if !x.a.Unmapped.Compared {
		out = append(out, "Nobody has compared the log with a list from outside. Who is missing from it cannot be told.")
	}
	if x.a.Population == nil {
		out = append(out, "No population was frozen. What was tested may have been chosen.")
	}
	for _, r := range x.a.Redactions {
		if r.Stance != "agreed" {
			out = append(out, "Some of what is withheld is withheld without the assessors' consent.")
			break
		}
	}
	return out
}
