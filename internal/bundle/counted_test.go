package bundle

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// balanced is an assessment in a log of which the first part ends with a balance: behind
// it accounts come and end, and cases are closed.
func balanced(t testing.TB, seed byte) (e *engagement, from int64) {
	e = newEngagement(t, seed)
	e.time -= (24 * time.Hour).Microseconds() // the period goes on
	from = int64(e.balance(nil)) + 1
	add(e.testLog, accountKind, e.accounts[1], &accountRecord{State: "ended", Name: "somebody"})
	add(e.testLog, accountKind, e.accounts[2], &accountRecord{State: "active", Name: "somebody else"})
	for range 5 {
		e.accounts = append(e.accounts, e.id())
		add(e.testLog, accountKind, e.accounts[len(e.accounts)-1], &accountRecord{State: "active", Name: "somebody"})
	}
	add(e.testLog, caseKind, e.id(), &caseRecord{State: "open", Lane: "PERSON", Due: e.day(200)})
	e.time += (24 * time.Hour).Microseconds()
	return e, from
}

// part gives the bundle of a range, with all that it rests on.
func (l *testLog) part(from int64) []byte { return l.rangeFrom(from, l.carries(from, nil)) }

// TestARangeCountsOn protects whoever gets one year of a log: from the balance with which
// it opens, populations are counted as in the whole log and samples drawn again; without
// one, and behind a population, the result says that they were not.
func TestARangeCountsOn(t *testing.T) {
	e, from := balanced(t, 3)
	e.start()
	f := e.freeze()
	if f.Accounts != 45 || f.Ended != 2 || f.Cases != 7 || f.OpenCases != 4 || f.LateCases != 4 {
		t.Fatalf("counted %+v", f)
	}
	frozen := add(e.testLog, populationKind, e.id(), f, e.ida)
	add(e.testLog, itemKind, e.id(), &item{State: "active"})
	had := map[string]bool{}
	for n, of := range []string{"account", "account", "review"} {
		add(e.testLog, drawnKind, e.id(), e.drawn(frozen, int64(n+1), of, 3, had), e.ida)
	}
	e.balance(nil)
	add(e.testLog, drawnKind, e.id(), e.drawn(frozen, 4, "account", 2, had), e.ida)
	e.end()
	if r, err := verify(e.bundle(), Trust{}); err != nil || r.Counts.Assessed != (Assessments{Populations: 1, Samples: 4}) {
		t.Fatalf("%v, %+v", err, r)
	}
	for at := int64(1); at < e.size(); at++ {
		r, err := verify(e.part(at), Trust{})
		if err != nil {
			t.Fatalf("from %d: %v", at, err)
		}
		got, opening := r.Counts.Assessed, *r.Opening
		want := Assessments{Unchecked: 5}
		if at == from || at == from-1 {
			want = Assessments{Populations: 1, Samples: 4}
		}
		if opening != e.opens(at) || at <= int64(frozen) && got != want || at > int64(frozen) && got.Unchecked != 5 {
			t.Errorf("from %d of %d: %+v, opened by %d", at, e.size(), got, opening)
		}
		var out bytes.Buffer
		r.Print(&out)
		if says := strings.Contains(out.String(), "5 populations and samples of assessments rest on entries that are not here"); says != (got.Unchecked == 5) {
			t.Errorf("from %d: it says %s", at, &out)
		}
	}
}

// TestACheatingCompanyIsCaughtInAPart protects whoever gets a part of a log: behind a
// balance each cheat of an assessment is caught as in the whole log, and in other parts
// all but those that only counting shows.
func TestACheatingCompanyIsCaughtInAPart(t *testing.T) {
	counting := []string{"it says accounts 39", "it says late_cases 0", "the sample has other records"}
	for name, c := range cheats {
		t.Run(name, func(t *testing.T) {
			e := newEngagement(t, 2)
			balance := int64(e.balance(nil))
			add(e.testLog, itemKind, e.id(), &item{State: "active"})
			c.do(e)
			for _, from := range []int64{1, balance, balance + 1, balance + 2} {
				_, err := verify(e.part(from), Trust{})
				if !e.onlyCounted(from, c.want, counting) && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("from %d: want %q, got %v", from, c.want, err)
				}
			}
		})
	}
}

func (l *testLog) onlyCounted(from int64, want string, counting []string) bool {
	return l.opens(from) < 0 && slices.ContainsFunc(counting, func(s string) bool { return strings.Contains(want, s) })
}

// TestCarriedWorkIsHeld protects a reader of a part that begins after an assessor's work:
// what is carried of it is held to its rules too, also by what a determination rests on.
func TestCarriedWorkIsHeld(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(o *office)
		want string
	}{
		"all as it was": {func(o *office) { o.test(o.sampled(1, 40, 0, "effective")); o.determine(o.answer("contribution", "no")) }, ""},
		"no, against an impact": {func(o *office) {
			o.impact(o.harmful())
			o.determine(o.answer("contribution", "no"))
		}, "it counts 0 impacts"},
		"another population": {func(o *office) {
			a := o.answer("contribution", "no")
			a.Population, a.Coverage = 45, 10000
			o.determine(a)
		}, "does not rest on the population"},
		"a control tested again": {func(o *office) {
			o.test(o.sampled(1, 40, 1, "not_effective"))
			o.draw(15)
			o.test(o.sampled(1, 55, 0, "effective"))
		}, "tested before"},
	} {
		o := newOffice(t)
		before := o.size()
		c.do(o)
		o.balance(nil)
		add(o.testLog, itemKind, o.id(), &item{State: "active"})
		for _, from := range []int64{before - 2, before, o.size() - 1} {
			_, err := verify(o.part(from), Trust{})
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, from %d: want %q, got %v", name, from, c.want, err)
			}
		}
	}
}

// TestTheOpeningBalanceIsHeldToItsRecords protects the count of a range from whoever writes
// its bundle without the log's key, and the balance from the company: whoever holds the
// whole log sees that it is false.
func TestTheOpeningBalanceIsHeldToItsRecords(t *testing.T) {
	e, from := balanced(t, 4)
	honest := e.part(from)
	lines := func(change func([]string) []string) []byte {
		all := parts(t, honest)
		i := slices.IndexFunc(all, func(p part) bool { return p.name == "counted" })
		return with(t, all, i, []byte(strings.Join(change(strings.SplitAfter(string(all[i].content), "\n")), "")))
	}
	replace := func(a, b string) []byte {
		return lines(func(s []string) []string {
			if !strings.Contains(strings.Join(s, ""), a) {
				t.Fatalf("no record has %q", a)
			}
			return []string{strings.Replace(strings.Join(s, ""), a, b, 1)}
		})
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"one left out":         {lines(func(s []string) []string { return s[1:] }), "that a population counts; here are 45"},
		"none":                 {lines(func([]string) []string { return nil }), "that a population counts; here are 0"},
		"out of order":         {lines(func(s []string) []string { s[0], s[1] = s[1], s[0]; return s }), "out of order"},
		"one twice":            {lines(func(s []string) []string { return append(s[:1:1], s...) }), "out of order"},
		"an end taken back":    {replace(" ended ended", " ended"), "or others"},
		"made late":            {replace(" DESK ended\n", " DESK ended late\n"), "or others"},
		"an account made late": {replace(" active\n", " active late\n"), "no record"},
		"flags in other order": {replace(" ended late", " late ended"), "no record"},
		"a flag that is none":  {replace(" due=", " grave=yes due="), "no record"},
		"another kind":         {replace("account ", "accounts "), "no record"},
		"cut short":            {lines(func(s []string) []string { s[len(s)-2] = strings.TrimSuffix(s[len(s)-2], "\n"); return s }), "has no end"},
	} {
		if _, err := verify(c.data, Trust{}); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
	all := parts(t, e.part(from+2))
	if _, err := verify(join(t, slices.Insert(all, 6, part{"counted", nil})), Trust{}); err == nil || !strings.Contains(err.Error(), "no balance stands at its beginning") {
		t.Errorf("records without a balance: %v", err)
	}
	all = parts(t, honest)
	i := slices.IndexFunc(all, func(p part) bool { return p.name == "counted" })
	if r, err := verify(join(t, slices.Delete(all, i, i+1)), Trust{}); err != nil || *r.Opening != -1 {
		t.Errorf("without the records the range holds, and counts nothing: %v, %+v", err, r)
	}
	for name, change := range map[string]func(*balanceRecord){
		"one more": func(b *balanceRecord) { b.Counted++ }, "others": func(b *balanceRecord) { b.CountedHash = hexSum(nil) },
	} {
		e, from := balanced(t, 5)
		e.balance(change)
		for what, data := range map[string][]byte{"the whole": e.bundle(), "a part": e.part(from)} {
			if _, err := checkAlone(data, Trust{}); err == nil || !strings.Contains(err.Error(), "records stand before it that a population counts") {
				t.Errorf("%s, in %s: %v", name, what, err)
			}
		}
	}
}

// TestCountingOnIsCounting protects the opening balance as a law: whatever records a log
// has and wherever it is cut, counting on from the lines of the first part gives for every
// period what counting all of it gives.
func TestCountingOnIsCounting(t *testing.T) {
	kinds := Counted()
	rapid.Check(t, func(t *rapid.T) {
		var leaves [][]byte
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		for range rapid.IntRange(1, 30).Draw(t, "leaves") {
			n := rapid.IntRange(0, 9).Draw(t, "record")
			kind := kinds[n%len(kinds)]
			public := rapid.SampledFrom([]string{
				`{"state":"active"}`, `{"state":"ended"}`, `{"closed":"2026-02-01","due":"2026-01-20","lane":"DESK","state":"closed"}`,
				`{"due":"2026-03-01","lane":"STOP","state":"open"}`, `{"due":null,"lane":"AUTO","state":"open"}`, `{"hard_stops":["HS-L1"],"tier":"EDD"}`,
				`{"act":"exit","basis":"override","hard_stops":[]}`, `{"tier":null,"worst":"CRITICAL"}`, `{}`,
			}).Draw(t, "public")
			at += rapid.Int64Range(1, 40).Draw(t, "days") * (24 * time.Hour).Microseconds()
			l := ledger.Leaf{Kind: kind, ID: strings.Repeat(string(rune('a'+n)), 24), Rev: 1, Time: at, Actor: strings.Repeat("a", 24), Public: []byte(public), Nonce: make([]byte, 16)}
			leaves = append(leaves, l.Encode())
		}
		cut := rapid.IntRange(0, len(leaves)).Draw(t, "cut")
		day := func(name string) string {
			return time.Date(2026, 1, 1+rapid.IntRange(0, 900).Draw(t, name), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		}
		from, upto := day("from"), day("upto")
		whole, first, rest := NewPopulation(from, upto), NewPopulation("", ""), NewPopulation(from, upto)
		for i, leaf := range leaves {
			if err := whole.AddBytes(leaf); err != nil {
				t.Fatal(err)
			}
			if i < cut {
				first.AddBytes(leaf)
			}
		}
		var lines bytes.Buffer
		if err := first.Lines(&lines); err != nil {
			t.Fatal(err)
		}
		scan := func(each func([]byte) error) error {
			for line := range bytes.Lines(lines.Bytes()) {
				if err := each(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
					return err
				}
			}
			return nil
		}
		n, hash := first.Stands()
		if records, sum, _, err := countedLines(scan); err != nil || records != n || sum != hash {
			t.Fatalf("the lines are read as %d under %s, %v; they are %d under %s", records, sum, err, n, hash)
		}
		if err := scan(rest.open); err != nil {
			t.Fatal(err)
		}
		for _, leaf := range leaves[cut:] {
			rest.AddBytes(leaf)
		}
		if one, two := whole.Tally(), rest.Tally(); one.Hash != two.Hash || !equalFigures(one, two) {
			t.Errorf("cut at %d, %s to %s: %+v, counted on %+v", cut, from, upto, one, two)
		}
		if one, two := whole.Draw("rating", "seed", 3, nil), rest.Draw("rating", "seed", 3, nil); one.Hash != two.Hash {
			t.Errorf("cut at %d: drawn %+v, counted on %+v", cut, one, two)
		}
	})
}

func equalFigures(one, two Tally) bool {
	a, b := one.Public(), two.Public()
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// BenchmarkCounted counts the records of 50,000 accounts, each with a customer, a deployment,
// a lane and a case, writes their lines as a balance hashes them, and opens a range with
// them. Beside it stands the least that any count must do: reading the leaves.
func BenchmarkCounted(b *testing.B) {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	id, kinds := bytes.Repeat([]byte("a"), 24), []string{"account", "customer", "deployment", "triage", "review"}
	var leaves [][]byte
	for i := range 250_000 {
		for k := range 5 {
			id[k] = letters[i>>(5*k)&31]
		}
		l := ledger.Leaf{Kind: kinds[i%5], ID: string(id), Rev: 1, Time: 1_790_000_000_000_000 + int64(i)*1_000_000, Actor: strings.Repeat("a", 24), Nonce: make([]byte, 16),
			Public: []byte(`{"due":"2026-10-01","lane":"DESK","state":"active"}`)}
		leaves = append(leaves, l.Encode())
	}
	count := func() *Population {
		p := NewPopulation("2026-01-01", "2026-12-31")
		for _, leaf := range leaves {
			if err := p.AddBytes(leaf); err != nil {
				b.Fatal(err)
			}
		}
		return p
	}
	var lines bytes.Buffer
	if err := count().Lines(&lines); err != nil {
		b.Fatal(err)
	}
	measured := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start, n := processorTime(b), 0
			for b.Loop() {
				do()
				n++
			}
			b.ReportMetric(float64(len(leaves))*float64(n)/(processorTime(b)-start).Seconds(), "records/s")
		})
	}
	measured("count", func() { count().Tally() })
	measured("balance", func() { count().Stands() })
	measured("open", func() {
		p := NewPopulation("2026-01-01", "2026-12-31")
		for line := range bytes.Lines(lines.Bytes()) {
			if err := p.open(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				b.Fatal(err)
			}
		}
	})
	measured("reading-leaves", func() {
		var leaf ledger.Leaf
		for _, data := range leaves {
			if err := leaf.Parse(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// FuzzCounted protects the reader of counted records: what it takes has one spelling.
func FuzzCounted(f *testing.F) {
	id := strings.Repeat("a", 24)
	f.Add("account " + id + " 2026-01-01 2026-02-01 active")
	f.Add("review " + id + " 2026-01-01 2026-02-01 DESK due=2026-03-01")
	f.Add("review " + id + " 2026-01-01 2026-02-01 - ended grave late")
	f.Fuzz(func(t *testing.T, line string) {
		if id, u, err := parseUnit(line); err == nil && u.line(id) != line {
			t.Errorf("%q has two spellings", line)
		}
	})
}
