package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/store"
)

type traceCmd struct {
	ID    string `arg:"" optional:"" help:"A rating or a deployment by record id, or an account that has no more than one, by account number or record id."`
	Entry int64  `help:"The rating of this entry of the log instead, also one that was revised." default:"-1" placeholder:"N"`
	All   bool   `help:"Also what is clear, and everything that would flip it."`

	Figure     string `help:"A figure of a report instead, by its place in report.json: how it was made, and the entries behind it. Begin it with assessment. or annual.YEAR. for those." placeholder:"NAME"`
	Engagement string `help:"The assessment of the figure; the only one otherwise." placeholder:"ID"`
	As         string `help:"Who asks for a figure." placeholder:"PERSON"`
}

// Run explains the rating, or the figure.
func (c *traceCmd) Run(a *app) error {
	if c.Figure != "" && c.ID == "" && c.Entry < 0 {
		return c.figure(a)
	}
	if (c.ID == "") == (c.Entry < 0) || c.Figure != "" {
		return fault.New(fault.Invalid, "name one rating, or one figure", "give a deployment, an account or a rating, or --entry N, or --figure NAME")
	}
	known, err := released()
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	return w.DB.Snapshot(a.ctx, func(q store.Queryer) error {
		entry := c.Entry
		if c.ID != "" {
			if entry, err = c.find(a, q); err != nil {
				return err
			}
		}
		x, err := assessment.Explain(a.ctx, q, known, entry)
		if err != nil {
			return err
		}
		traced := &traceResult{Explanation: x}
		if traced.Decided, err = decided(a, q, x); err != nil {
			return err
		}
		return a.print(traced, func(out io.Writer) { (&tracer{out: out, x: traced, all: c.All, told: map[string]bool{}}).print() })
	})
}

type traceResult struct {
	*assessment.Explanation
	Decided *decideResult `json:"decided"` // what was decided on this rating; null for nothing
}

// decided gives the newest decision on the subject, if it rests on this rating.
func decided(a *app, q store.Queryer, x *assessment.Explanation) (*decideResult, error) {
	list, err := store.Select(a.ctx, q, decision.Decisions, "r.subject = $1", x.Subject)
	if err != nil || len(list) == 0 || list[len(list)-1].Record.Rating != x.Leaf {
		return nil, err
	}
	d := list[len(list)-1]
	by := d.Record.By
	persons, err := store.Select(a.ctx, q, people.Persons, "")
	for _, p := range persons {
		if p.Record.KeyID == by {
			by = p.Record.Name
		}
	}
	made := d.Record
	return &decideResult{
		Subject: made.Subject, Act: made.Act, Basis: made.Basis, Tier: made.Tier, From: made.From, Expires: made.Expires, ReviewDay: made.ReviewDay, Entry: d.Seq,
		Signed: len(d.Leaf.Sigs), Needs: int(made.Signatures), SignedBy: by,
	}, err
}

// find gives the entry of the newest rating of what the argument names.
func (c *traceCmd) find(a *app, q store.Queryer) (int64, error) {
	if ledger.ValidID(c.ID) {
		r, err := store.Get(a.ctx, q, assessment.Ratings, c.ID)
		if err == nil {
			return r.Seq, nil
		}
		if fault.CodeOf(err) != fault.NotFound {
			return 0, err
		}
	}
	found, err := register.Find(a.ctx, q, c.ID)
	if err != nil {
		return 0, err
	}
	subject := found.ID
	if found.Kind == "account" {
		deployments, err := register.DeploymentsOf(a.ctx, q, found.ID)
		switch {
		case err != nil:
			return 0, err
		case len(deployments) > 1:
			return 0, fault.Newf(fault.Invalid, "%s has %d deployments, and each is rated on its own", c.ID, len(deployments)).
				WithFix("name one of them: " + strings.Join(deployments, ", "))
		case len(deployments) == 1:
			subject = deployments[0]
		}
	}
	list, err := store.Select(a.ctx, q, assessment.Ratings, "r.subject = $1", subject)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, fault.Newf(fault.NotFound, "%s has not been assessed", c.ID).WithFix("run `duly assess " + c.ID + "` first")
	}
	return list[len(list)-1].Seq, nil
}

// tracer prints an explanation for people.
type tracer struct {
	out     io.Writer
	x       *traceResult
	all     bool
	told    map[string]bool // facts whose origin was told
	sources []assessment.SourceSeen
}

func (t *tracer) line(indent int, format string, args ...any) {
	fmt.Fprint(t.out, wrap(strings.Repeat(" ", indent), fmt.Sprintf(format, args...)))
}

func (t *tracer) print() {
	t.head()
	t.severity()
	t.likelihood()
	t.controls()
	t.stops()
	t.open()
	t.flips()
	t.guidance()
	t.cited()
}

func (t *tracer) head() {
	x := t.x
	who := cmp.Or(x.Customer, "a customer that nobody has named")
	if x.Subject == x.Account {
		t.line(0, "%s: account %s", who, cmp.Or(x.Number, x.Account))
	} else {
		t.line(0, "%s: deployment %s of account %s", who, x.Subject, cmp.Or(x.Number, x.Account))
	}
	t.line(0, "rated on %s under %s %s, prepared by %s; entry %d, leaf %s", x.Rated, x.Method, x.Version, x.By, x.Entry, short(x.Leaf))
	if x.Exact {
		t.line(0, "computed again from the log: the same, to the last byte of its trace")
	} else {
		t.line(0, "computed again from the log it is NOT exact: %s", x.Inexact)
	}
	fmt.Fprintln(t.out)
	review := "no review, as long as a stop holds"
	if x.Review > 0 {
		review = fmt.Sprintf("review within %d months", x.Review)
	}
	t.line(0, "%s", x.Decision)
	t.line(2, "tier %s, %s; %d of %d facts are known", x.Tier, review, x.Known, x.Facts)
	if x.Pending {
		t.line(2, "pending: something below is missing or cannot be ruled out, and nothing is activated")
	}
	if d := x.Decided; d != nil {
		t.line(2, "decided on it: %s, signed by %s in entry %d", d.Act, d.SignedBy, d.Entry)
	}
	t.line(2, "%s is left: severity %d, likelihood %d after controls%s", x.Worst.Residual, x.Worst.S, x.Worst.LR, t.otherEnd())
	t.line(2, "%s before controls: severity %d, likelihood %d", x.Worst.Inherent, x.Worst.S, x.Worst.L)
	if a := x.Axes; a != nil {
		t.line(2, "guidance and conditions: %s; impact: %s", a.Compliance, strings.ReplaceAll(a.Impact, "_", " "))
		if a.Guideline == rule.True {
			t.line(2, "%s", a.Finding)
		}
	}
	for _, h := range x.Hear {
		t.line(2, "to be heard before anybody decides: %s (from %s)", h.Title, strings.ReplaceAll(h.From, "_", " "))
	}
}

// otherEnd says where the rating would be if all that is unknown turned out well.
func (t *tracer) otherEnd() string {
	b, w := t.x.Best, t.x.Worst
	if b == w {
		return ""
	}
	return fmt.Sprintf(" (if all that is unknown turned out well: %s, severity %d, likelihood %d)", b.Residual, b.S, b.LR)
}

func short(hash string) string { return hash[:min(12, len(hash))] }

var partNames = []string{"scale", "scope", "irremediability"}

func (t *tracer) severity() {
	fmt.Fprintln(t.out)
	t.line(0, "SEVERITY %d of 5: that of the gravest right", t.x.Worst.S)
	less := 0
	for _, r := range t.x.Rights {
		if !t.all && (r.Worst[3] < t.x.Worst.S || r.Worst[3] == 0) {
			if r.Worst[3] > 0 {
				less++
			}
			continue
		}
		if r.Worst[3] == 0 {
			t.line(2, "%s: not affected", r.Title)
			continue
		}
		var parts []string
		for i, name := range partNames {
			text := fmt.Sprintf("%s %d", name, r.Worst[i])
			if !t.x.Inputs[r.Facts[i]].Known {
				text = fmt.Sprintf("%s unknown, so %d", name, r.Worst[i])
			} else if given := t.x.Inputs[r.Facts[i]].Value; i == 0 && given != fmt.Sprint(r.Worst[0]) {
				text = fmt.Sprintf("scale %s, raised to %d for a vulnerable group", given, r.Worst[0])
			}
			parts = append(parts, text)
		}
		by := ""
		if r.Second {
			by = ", by the second scorer"
		}
		if !slices.ContainsFunc(r.Facts, func(id string) bool { return t.x.Inputs[id].Known }) {
			t.line(2, "%s %d%s: nobody has answered, so it is taken at its worst", r.Title, r.Worst[3], by)
			continue
		}
		t.line(2, "%s %d%s: %s", r.Title, r.Worst[3], by, strings.Join(parts, ", "))
		t.facts(4, r.Facts)
	}
	t.more(less, "rights are affected less")
	if len(t.x.Disputed) > 0 {
		t.line(2, "the two scorers differ on %s; the graver counts", strings.Join(t.x.Disputed, ", "))
	}
	if t.x.SecondBy != nil && t.x.SecondBy.State == rule.Unknown {
		t.rule(*t.x.SecondBy)
	}
}

func (t *tracer) likelihood() {
	fmt.Fprintln(t.out)
	sum := []string{fmt.Sprint(t.x.Base)}
	for _, f := range t.x.Families {
		if f.Worst > 0 {
			sum = append(sum, fmt.Sprintf("%s %d", f.ID, f.Worst))
		}
	}
	why := strings.Join(sum, " + ")
	switch {
	case t.x.Actual != rule.False && t.x.Worst.L > t.x.Worst.Sum:
		why += "; harm is confirmed or cannot be ruled out"
	case t.x.Worst.Sum > t.x.Worst.L:
		why += fmt.Sprintf(" = %d, at most %d", t.x.Worst.Sum, t.x.Worst.L)
	}
	t.line(0, "LIKELIHOOD %d of 5: %s", t.x.Worst.L, why)
	if t.x.Actual != rule.False {
		t.harm()
	}
	less := 0
	for _, f := range t.x.Families {
		if f.Worst > 0 || t.all {
			t.line(2, "%s %d  %s", f.ID, f.Worst, f.Title)
		}
		for _, ind := range f.Indicators {
			// What is unknown and could add no more than what is raised decides nothing.
			idle := ind.State == rule.Unknown && ind.Weight <= f.Best
			if ind.State == rule.False || idle {
				less++
				if !t.all {
					continue
				}
			}
			t.rule(ind)
		}
	}
	t.more(less, "indicators are clear or could add nothing")
}

// rule tells of an indicator, a stop or a requirement, with the facts that it reads.
func (t *tracer) rule(r assessment.RuleTrace) {
	weight := ""
	if r.Weight > 0 {
		weight = fmt.Sprintf(" (%d)", r.Weight)
	}
	word := map[rule.Tri]string{rule.True: "", rule.Unknown: ", cannot be ruled out", rule.False: ", clear"}[r.State]
	if r.Dormant {
		word = ", not in force on the day"
	}
	t.line(4, "%s%s%s: %s", r.ID, weight, word, r.Title)
	if r.When != "" {
		t.line(6, "when %s", strings.Join(strings.Fields(r.When), " "))
	}
	if r.Origin != "" && t.all {
		t.line(6, "from %s", r.Origin)
	}
	if r.State == rule.Unknown {
		t.facts(6, r.Unknown)
		return
	}
	known := slices.DeleteFunc(slices.Clone(r.Facts), func(id string) bool { return !t.x.Inputs[id].Known })
	t.facts(6, known)
}

// open tells what is missing for the diligence to be complete.
func (t *tracer) open() {
	unmet := slices.DeleteFunc(slices.Clone(t.x.Requirements), func(r assessment.RuleTrace) bool { return r.State == rule.True })
	if len(unmet)+len(t.x.Missing)+len(t.x.Ask) > 0 {
		fmt.Fprintln(t.out)
	}
	for _, r := range unmet {
		t.line(0, "NOT MET %s: %s", r.ID, r.Title)
	}
	if len(t.x.Missing) > 0 {
		t.line(0, "MISSING (required and unknown): %s", strings.Join(t.together(t.x.Missing), ", "))
	}
	const asked = 3
	for i, q := range t.x.Ask {
		if i < asked || t.all {
			t.line(0, "ask next: %s (%s)", q.Question, q.Fact)
		}
	}
}

// together names the three facts of a right once where all of them are in the list.
func (t *tracer) together(ids []string) []string {
	whole := map[string]string{}
	for _, r := range t.x.Rights {
		if !slices.ContainsFunc(r.Facts, func(id string) bool { return !slices.Contains(ids, id) }) {
			all := strings.TrimSuffix(r.Facts[0], "scale") + "*"
			for _, id := range r.Facts {
				whole[id] = all
			}
		}
	}
	var out []string
	for _, id := range ids {
		if name := cmp.Or(whole[id], id); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (t *tracer) flips() {
	fmt.Fprintln(t.out)
	const shown = 6
	if len(t.x.Flips) == 0 {
		t.line(0, "NO SINGLE FACT would flip it")
		return
	}
	t.line(0, "WOULD FLIP IT, each alone")
	// One line for each decision that a fact could lead to.
	var order []string
	values := map[string][]string{}
	first := map[string]rating.Flip{}
	for _, f := range t.x.Flips {
		key := f.Fact + "|" + f.Decision
		if values[key] == nil {
			order = append(order, key)
			first[key] = f
		} else if strings.Count(f.To, ",") > 1 {
			continue // all items of a list at once, where some of them alone do it
		}
		values[key] = append(values[key], cmp.Or(f.To, "none"))
	}
	for i, key := range order {
		if i < shown || t.all {
			f := first[key]
			t.line(2, "%s: %s instead of %s gives %s", f.Fact, strings.Join(values[key], " or "), cmp.Or(f.From, "none"), f.Decision)
		}
	}
	t.more(len(order)-shown, "of this kind")
}

func (t *tracer) more(n int, what string) {
	if n > 0 && !t.all {
		t.line(2, "%d more %s; --all shows them", n, what)
	}
}

// facts tells what facts are and what they rest on, each once.
func (t *tracer) facts(indent int, ids []string) {
	for _, id := range ids {
		f := t.x.Inputs[id]
		value := "is " + f.Value
		if !f.Known {
			value = "is unknown: " + f.Unknown
		}
		if t.told[id] {
			t.line(indent, "%s %s (told above)", id, value)
			continue
		}
		t.told[id] = true
		t.line(indent, "%s %s%s", id, value, t.rests(f))
	}
}
