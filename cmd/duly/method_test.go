package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
)

// changedMethod gives the text of RM-1 as somebody would change it: the gravest are
// reviewed every three months.
func changedMethod(t *testing.T, version string) string {
	t.Helper()
	text, err := os.ReadFile("../../packs/methods/rm-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		`version: "1.0"`, `version: "`+version+`"`, "review_months: 6}", "review_months: 3}", ", review: 6}", ", review: 3}",
	).Replace(string(text))
}

// by gives the method and the review of the newest rating of an account.
func (b *book) by(account string) (version string, months int64) {
	b.t.Helper()
	b.inside(func(ctx context.Context, q store.Queryer) error {
		found, err := register.Find(ctx, q, account)
		if err != nil {
			return err
		}
		list, err := store.Select(ctx, q, assessment.Ratings, "r.account = $1", found.ID)
		if err != nil {
			return err
		}
		text, err := runs.Bytes(ctx, q, list[len(list)-1].Record.Method)
		if err != nil {
			return err
		}
		p, err := pack.Parse("recorded", text)
		if err == nil {
			version, months = p.Version, list[len(list)-1].Record.Review
		}
		return err
	})
	return version, months
}

// refused says that a command must be refused, and why.
func (b *book) refused(code fault.Code, why string, args ...string) {
	b.t.Helper()
	_, err := b.run(args...)
	if fault.CodeOf(err) != code || !strings.Contains(err.Error(), why) {
		b.t.Errorf("on %s, duly %s: %v; want %s: %s", b.day, strings.Join(args, " "), err, code, why)
	}
}

// TestAMethodChangesAndNoCaseMidway protects IM-13 and IM-18: a method rates only
// once somebody else than who wrote it down put it in force, from a day on and never
// backwards, with what changes announced; and a case that was begun under a method
// ends under it.
func TestAMethodChangesAndNoCaseMidway(t *testing.T) {
	b := newBook(t, &told{cases: map[string]string{}})
	b.duly("person", "add", "Bo", "--role", "governing_body")
	b.duly("person", "add", "Cy", "--role", "analyst", "--role", "governing_body")
	b.on("2026-01-05")
	police := func(account string) {
		b.t.Helper()
		b.buys(account, "Example Police "+account+","+account+".example,public_body,policing,US,Faces,face_search,investigation")
		b.screens()
		b.answers(account)
		b.learns(account, "media", "A newspaper", "use.identification: search\n guidance.threshold: below\n disparity.sector_evidence: documented\n harm.liberty.scale: 4\n harm.liberty.scope: 3\n harm.liberty.irremediability: 3")
	}
	rated := func(when, account, version string, months int64) {
		b.t.Helper()
		b.assess(account)
		if v, m := b.by(account); v != version || m != months {
			b.t.Errorf("%s, %s is rated under %s with a review in %d months, want %s and %d", when, account, v, m, version, months)
		}
	}
	police("V-1")
	rated("at first", "V-1", "1.0", 6)
	b.decides("V-1", "suspend", "below the threshold") // review by 2026-07-05
	police("V-2")
	rated("at first", "V-2", "1.0", 6) // nothing is decided: a review in six months, too
	police("V-3")
	rated("at first", "V-3", "1.0", 6)

	b.on("2026-02-01")
	draft := b.file("draft.yaml", changedMethod(t, "1.1"))
	b.refused(fault.NotFound, "no method rm-1@1.1 is recorded", "method", "adopt", "rm-1@1.1", "--from", "2026-03-01", "--by", "Bo", "--reason", "x")
	b.refused(fault.Refused, "may commit a method", "method", "commit", draft, "--as", "Abe")
	b.duly("method", "commit", draft, "--as", "Ann")
	if out := b.duly("method", "commit", draft, "--as", "Ann"); !strings.Contains(out, "was committed before") {
		t.Errorf("the same again says %s", out)
	}
	b.refused(fault.Refused, "with other content", "method", "commit", b.file("again.yaml", changedMethod(t, "1.1")+"# more\n"), "--as", "Ann")
	b.refused(fault.Broken, "a test of the method does not hold", "method", "commit",
		b.file("wrong.yaml", strings.Replace(changedMethod(t, "1.2"), "percent_for_one: 60", "percent_for_one: 90", 1)), "--as", "Ann")
	rated("committed, not adopted", "V-3", "1.0", 6)

	b.refused(fault.Refused, "has passed", "method", "adopt", "rm-1@1.1", "--from", "2026-01-31", "--by", "Bo", "--reason", "x")
	b.refused(fault.Refused, "may adopt a method", "method", "adopt", "rm-1@1.1", "--from", "2026-03-01", "--by", "Abe", "--reason", "x")
	b.refused(fault.Invalid, "needs a reason", "method", "adopt", "rm-1@1.1", "--from", "2026-03-01", "--by", "Bo", "--reason", " ")
	b.duly("method", "commit", b.file("own.yaml", changedMethod(t, "1.3")), "--as", "Cy")
	b.refused(fault.Refused, "whoever committed a method cannot adopt it", "method", "adopt", "rm-1@1.3", "--from", "2026-03-01", "--by", "Cy", "--reason", "x")
	var adopted methodResult
	b.read(&adopted, "method", "adopt", "rm-1@1.1", "--from", "2026-03-01", "--by", "Bo", "--reason", "the gravest were looked at too seldom")
	var diff methodDiff
	b.read(&diff, "method", "diff", "rm-1", "rm-1@1.1")
	if adopted.Change == "" || adopted.Change != diff.Change || adopted.Changes != 2 ||
		strings.Join(diff.Changes, "|") != "version: was 1.0, is 1.1.|tiers, CRITICAL, review months: was 6, is 3." {
		t.Errorf("announced %+v, the change is %+v", adopted, diff)
	}
	b.refused(fault.Refused, "is in force on that day already", "method", "adopt", "rm-1@1.1", "--from", "2026-04-01", "--by", "Bo", "--reason", "x")

	b.on("2026-02-28")
	rated("the day before it comes into force", "V-3", "1.0", 6)
	b.on("2026-03-01")
	police("V-4")
	rated("on its first day, a new case", "V-4", "1.1", 3)
	b.learns("V-1", "court", "A judgment", "agency.technology_findings: [court]")
	rated("a case that was begun", "V-1", "1.0", 6)
	rated("a case that was begun and nothing decided", "V-2", "1.0", 6)
	if out := b.duly("assess", "V-1", "--as", "Ann"); !strings.Contains(out, "1 of them under the method of their standing rating") {
		t.Errorf("that a method was kept is not said: %s", out)
	}
	b.duly("assess", "V-3", "--move", "--as", "Ann")
	rated("moved by somebody", "V-3", "1.1", 3)
	b.duly("triage", "--as", "Ann")
	var all assessment.Summary
	b.read(&all, "assess", "--as", "Ann") // all lanes at once, under both methods
	if all.Assessed != 4 || all.Kept != 2 || len(all.Subjects) != 0 {
		t.Errorf("all at once: %+v", all)
	}

	b.on("2026-07-04")
	rated("the day before the review that the decision set", "V-1", "1.0", 6)
	b.on("2026-07-05")
	rated("on the day of the review that the decision set", "V-1", "1.1", 3)
	rated("on the day of the review of a rating that nothing was decided on", "V-2", "1.1", 3)

	b.duly("method", "adopt", "rm-1@1.3", "--from", "2026-07-05", "--by", "Bo", "--reason", "the same again under another name")
	rated("another method comes midway in the review", "V-1", "1.1", 3)
	out := b.duly("method", "list")
	for _, want := range []string{"rm-1@1.3       adopted from 2026-07-05 on; rates today\n", "rm-1@1.1       adopted from 2026-03-01 on\n", "rm-1@1.0       committed, not adopted\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not say %q:\n%s", want, out)
		}
	}
	b.closes()
}
