package voice_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx  = context.Background()
	day1 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	file = strings.Repeat("f", 64)
)

// find gives one rating, whatever is asked, prepared by the person with seed 9.
func find(rating byte, preparer string) voice.Find {
	return func(context.Context, store.Queryer, string) (voice.Rated, error) {
		return voice.Rated{Subject: strings.Repeat("s", 24), Hash: strings.Repeat(string('a'+rating), 64), Preparer: preparer}, nil
	}
}

// house is a store with people.
type house struct {
	*testing.T
	db *store.DB
}

func open(t *testing.T, dsn string) *house {
	return &house{t, storetest.Begin(t, dsn, people.Migrations, refusal.Migrations, voice.Migrations)}
}

// person adds somebody with roles and gives the hand that acts on a day.
func (h *house) person(seed byte, roles ...act.Role) func(days int) voice.Hand {
	h.Helper()
	key, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		h.Fatal(err)
	}
	err = h.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, "person "+string(rune('A'+seed)), roles, key)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return func(days int) voice.Hand {
		return voice.Hand{By: act.Actor{Key: key.ID(), Roles: roles}, Key: key, Now: day1.AddDate(0, 0, days)}
	}
}

// refused fails unless the rule refused, wrote nothing but its log entry, and that says
// the rule in clear.
func (h *house) refused(rule refusal.Rule, do func() error) {
	h.Helper()
	size := func() int64 {
		head, err := store.Head(ctx, h.db)
		if err != nil {
			h.Fatal(err)
		}
		return head.Size
	}
	before := size()
	err := do()
	var by refusal.Rule
	if !errors.As(err, &by) && fault.CodeOf(err) == fault.Refused {
		by = refusal.Role
	}
	if fault.CodeOf(err) != fault.Refused || by != rule {
		h.Errorf("want rule %s to refuse, got %v", rule, err)
		return
	}
	if rule != refusal.Role && !strings.Contains(err.Error(), "rule "+string(rule)) {
		h.Errorf("the error does not name rule %s: %v", rule, err)
	}
	last, err := store.GetBySeq(ctx, h.db, refusal.Refusals, before)
	if err != nil || size() != before+1 || last.Record.Rule != string(rule) {
		h.Errorf("%d entries were written, %+v, %v", size()-before, last, err)
	}
}

// board is a panel of seven with a matter before it.
type board struct {
	body, analyst func(int) voice.Hand
	members       []func(int) voice.Hand // three for affected people, two for civil rights, two others
	panel, matter string
}

func (h *house) board() *board {
	b := &board{body: h.person(1, act.GoverningBody), analyst: h.person(2, act.Analyst)}
	ref, err := voice.Found(ctx, h.db, act.Default, voice.Charter{Hand: b.body(0), Name: "Oversight", Seats: 7, Notice: 14, Emergency: 72, Answer: 30, Text: "charter"})
	if err != nil {
		h.Fatal(err)
	}
	b.panel = ref.ID
	for i, group := range []string{"affected", "affected", "affected", "civil_rights", "civil_rights", "expert", "other"} {
		m := h.person(byte(10+i), act.PanelMember)
		b.members = append(b.members, m)
		if _, err := voice.Appoint(ctx, h.db, act.Default, voice.Seating{Hand: b.body(0), Panel: b.panel, Group: group, Person: m(0).By.Key, From: "2026-01-01", To: "2028-01-01"}); err != nil {
			h.Fatal(err)
		}
	}
	return b
}

func (h *house) refer(b *board, change func(*voice.Referring)) error {
	r := voice.Referring{Hand: b.analyst(0), Panel: b.panel, Subject: "x", File: file, Question: "May it run?"}
	if change != nil {
		change(&r)
	}
	ref, _, err := voice.Refer(ctx, h.db, act.Default, find(0, "nobody"), r)
	if err == nil {
		b.matter = ref.ID
	}
	return err
}

func (h *house) declare(b *board, hand voice.Hand, conflict bool) error {
	d := voice.Declaring{Hand: hand}
	if conflict {
		d.Referral, d.Conflict, d.Interests = b.matter, true, []string{"employment"}
	}
	_, err := voice.Declare(ctx, h.db, act.Default, d)
	return err
}

func (h *house) vote(b *board, hand voice.Hand, choice string) error {
	_, err := voice.Cast(ctx, h.db, act.Default, voice.Voting{Hand: hand, Referral: b.matter, Choice: choice, File: file, Reasons: "reasons"})
	return err
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// TestAMatterBeforeAPanel protects what domain §5.1 asks: notice, declared interests,
// the same file for all, one vote each, a quorum, dissent, an answer in time.
func TestAMatterBeforeAPanel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		h := open(t, dsn)
		b := h.board()
		h.must(h.refer(b, nil))
		h.refused(refusal.Twice, func() error { return h.refer(b, nil) })
		late := h.person(30, act.PanelMember)
		h.refused(refusal.Seat, func() error {
			_, err := voice.Appoint(ctx, h.db, act.Default, voice.Seating{Hand: b.body(1), Panel: b.panel, Group: "other", Person: late(0).By.Key, From: "2026-01-01", To: "2028-01-01"})
			return err
		})
		h.refused(refusal.Seat, func() error { return h.vote(b, late(1), "for") })
		h.refused(refusal.Declared, func() error { return h.vote(b, b.members[0](1), "for") })
		for _, m := range b.members {
			h.must(h.declare(b, m(1), false))
		}
		h.must(h.declare(b, b.members[6](1), true))
		h.refused(refusal.Recused, func() error { return h.vote(b, b.members[6](2), "for") })
		h.refused(refusal.Parity, func() error {
			_, err := voice.Cast(ctx, h.db, act.Default, voice.Voting{Hand: b.members[0](1), Referral: b.matter, Choice: "for", File: strings.Repeat("e", 64)})
			return err
		})
		forged := b.members[0](1)
		forged.Key = b.members[1](1).Key
		h.refused(refusal.Key, func() error { return h.vote(b, forged, "for") })
		h.must(h.vote(b, b.members[0](2), "against"))
		h.refused(refusal.Twice, func() error { return h.vote(b, b.members[0](3), "for") })
		h.refused(refusal.Deadline, func() error { return h.declare(b, b.members[0](3), true) })
		h.must(h.vote(b, b.members[1](3), "against"))
		h.must(h.vote(b, b.members[3](14), "against"))
		h.must(h.vote(b, b.members[4](14), "for"))
		h.refused(refusal.Deadline, func() error { return h.vote(b, b.members[5](15), "for") })
		closing := func(days int) error {
			_, _, err := voice.Close(ctx, h.db, act.Default, b.analyst(days), b.matter)
			return err
		}
		h.refused(refusal.Deadline, func() error { return closing(14) })
		h.refused(refusal.Quorum, func() error { return h.answer(b, 14, "adopt") })
		h.must(closing(15))
		h.refused(refusal.Twice, func() error { return closing(16) })
		m, err := voice.ReadMatter(ctx, h.db, b.matter)
		h.must(err)
		r := m.Referral.Record
		if r.Outcome != "against" || !r.Quorum || r.Against != 3 || r.For != 1 || r.Recused != 1 || r.There != 2 || r.AnswerDue != "2026-04-16" || len(r.Votes) != 4 {
			t.Errorf("the matter is %+v", r)
		}
		if d := m.Dissent(); len(d) != 1 || d[0].Record.Choice != "for" {
			t.Errorf("dissent: %v", d)
		}
		if m.AnswerMissing("2026-04-16") || !m.AnswerMissing("2026-04-17") {
			t.Error("an answer is missing from the day after it was due")
		}
		h.must(h.answer(b, 46, "reject"))
		h.refused(refusal.Twice, func() error { return h.answer(b, 46, "adopt") })
		if m, err = voice.ReadMatter(ctx, h.db, b.matter); err != nil || !m.Answer.Record.Late || m.AnswerMissing("2026-04-30") {
			t.Errorf("a late answer: %+v, %v", m.Answer, err)
		}
		h.refused(refusal.Twice, func() error { return h.refer(b, nil) }) // the vote stands; nobody asks until it comes out right
	})
}

func (h *house) answer(b *board, days int, choice string) error {
	_, _, err := voice.Reply(ctx, h.db, act.Default, voice.Answering{Hand: b.body(days), Referral: b.matter, Choice: choice, Reasons: "reasons"})
	return err
}

// TestWithoutAQuorumItIsAskedAgain protects the quorum: recusals count against it, and
// a matter without one may be referred again.
func TestWithoutAQuorumItIsAskedAgain(t *testing.T) {
	h := open(t, t.TempDir()+"/duly.db")
	b := h.board()
	h.must(h.refer(b, nil))
	for _, m := range b.members {
		h.must(h.declare(b, m(0), false))
	}
	for _, m := range b.members[3:] { // four of seven, none for affected people
		h.must(h.vote(b, m(1), "for"))
	}
	_, tally, err := voice.Close(ctx, h.db, act.Default, b.analyst(15), b.matter)
	if err != nil || tally.Outcome != "no_quorum" || !slices.Equal(tally.Missing, []string{"affected"}) {
		t.Fatalf("%+v, %v", tally, err)
	}
	h.must(h.refer(b, func(r *voice.Referring) { r.Hand = b.analyst(16) }))
}

// TestAnEmergencyIsRatified protects the notice period: three days at least, and what
// was voted so is asked about again with ordinary notice.
func TestAnEmergencyIsRatified(t *testing.T) {
	h := open(t, t.TempDir()+"/duly.db")
	b := h.board()
	h.must(h.refer(b, func(r *voice.Referring) { r.Emergency = true }))
	for _, m := range b.members {
		h.must(h.declare(b, m(0), false))
		h.must(h.vote(b, m(2), "for"))
	}
	h.refused(refusal.Deadline, func() error {
		_, _, err := voice.Close(ctx, h.db, act.Default, b.analyst(3), b.matter)
		return err
	})
	_, _, err := voice.Close(ctx, h.db, act.Default, b.analyst(4), b.matter)
	h.must(err)
	first := b.matter
	heard, err := voice.On(ctx, h.db, strings.Repeat("a", 64))
	h.must(err)
	if m, _ := heard.Binding(); m == nil || m.ID != first || m.Record.RatifyBy != "2026-04-02" {
		t.Fatalf("binding: %+v", m)
	}
	h.refused(refusal.Twice, func() error { return h.refer(b, func(r *voice.Referring) { r.Hand = b.analyst(5) }) })
	h.must(h.refer(b, func(r *voice.Referring) { r.Hand, r.Ratifies = b.analyst(5), first }))
	for _, m := range b.members {
		h.must(h.vote(b, m(6), "against"))
	}
	_, _, err = voice.Close(ctx, h.db, act.Default, b.analyst(20), b.matter)
	h.must(err)
	heard, err = voice.On(ctx, h.db, strings.Repeat("a", 64))
	h.must(err)
	if m, _ := heard.Binding(); m == nil || m.ID == first || m.Record.Outcome != "against" {
		t.Fatalf("binding after it was undone: %+v", m)
	}
}

// TestOpinions protects KY-04: an expert who is nothing else, one opinion on one
// rating, and none on a rating that is newer.
func TestOpinions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		h := open(t, dsn)
		expert, own, mixed, seller := h.person(1, act.Expert), h.person(2, act.Expert), h.person(3, act.Expert, act.Approver), h.person(4, act.Sales, act.Expert)
		give := func(hand voice.Hand, rating byte) error {
			_, err := voice.Give(ctx, h.db, act.Default, find(rating, own(0).By.Key), voice.Saying{Hand: hand, Subject: "x", Choice: "object", Text: "no"})
			return err
		}
		h.must(give(expert(0), 0))
		h.refused(refusal.Twice, func() error { return give(expert(1), 0) })
		h.refused(refusal.FourEyes, func() error { return give(own(1), 0) })
		h.refused(refusal.Role, func() error { return give(mixed(1), 0) })
		h.refused(refusal.Role, func() error { return give(seller(1), 0) })
		forged := expert(1)
		forged.By = own(1).By
		h.refused(refusal.Key, func() error { return give(forged, 1) })
		if err := h.db.Write(ctx, expert(0).By.Key, func(tx *store.Tx) error {
			_, err := store.Create(tx, voice.Opinions, &voice.Opinion{State: "given", Choice: "support", Person: expert(0).By.Key})
			return err
		}); fault.CodeOf(err) != fault.Refused {
			t.Errorf("the server writes an opinion that nobody signed: %v", err)
		}
		old, err := voice.On(ctx, h.db, strings.Repeat("a", 64))
		h.must(err)
		newer, err := voice.On(ctx, h.db, strings.Repeat("b", 64))
		h.must(err)
		if len(old.Opinions) != 1 || old.Objections() != 1 || len(newer.Opinions) != 0 {
			t.Errorf("%d on the old rating, %d on the newer one", len(old.Opinions), len(newer.Opinions))
		}
		h.refused(refusal.Key, func() error {
			_, err := voice.Withdraw(ctx, h.db, act.Default, own(2), old.Opinions[0].ID)
			return err
		})
		_, err = voice.Withdraw(ctx, h.db, act.Default, expert(2), old.Opinions[0].ID)
		h.must(err)
		old, err = voice.On(ctx, h.db, strings.Repeat("a", 64))
		h.must(err)
		if len(old.Opinions) != 0 || !old.Advised[expert(0).By.Key] {
			t.Errorf("withdrawn, it counts: %+v", old)
		}
	})
}

// TestAPanelIsNotAppointedByTheWrongPeople protects its independence (PO-03).
func TestAPanelIsNotAppointedByTheWrongPeople(t *testing.T) {
	h := open(t, t.TempDir()+"/duly.db")
	b := h.board()
	seller, approver := h.person(40, act.Sales, act.GoverningBody), h.person(41, act.Approver)
	for _, by := range []voice.Hand{seller(0), approver(0)} {
		h.refused(refusal.Role, func() error {
			_, err := voice.Found(ctx, h.db, act.Default, voice.Charter{Hand: by, Name: "Tame", Seats: 7, Notice: 14, Emergency: 72, Answer: 30, Text: "charter"})
			return err
		})
	}
	h.refused(refusal.Role, func() error { // who decides does not sit
		_, err := voice.Appoint(ctx, h.db, act.Default, voice.Seating{Hand: b.body(0), Panel: b.panel, Group: "other", Person: approver(0).By.Key, From: "2030-01-01", To: "2031-01-01"})
		return err
	})
	for name, c := range map[string]voice.Charter{
		"few seats": {Seats: 6, Notice: 14, Emergency: 72, Answer: 30}, "short notice": {Seats: 7, Notice: 2, Emergency: 72, Answer: 30},
		"short emergency": {Seats: 7, Notice: 14, Emergency: 48, Answer: 30}, "slow answer": {Seats: 7, Notice: 14, Emergency: 72, Answer: 90},
	} {
		c.Hand, c.Name, c.Text = b.body(0), name, "charter"
		if _, err := voice.Found(ctx, h.db, act.Default, c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Resigned members vote no more, and affected people keep most of the seats that are taken.
	for _, m := range b.members[:4] {
		_, err := voice.Resign(ctx, h.db, act.Default, m(1), b.panel, "It announced without us.")
		h.must(err)
	}
	h.refused(refusal.Seat, func() error {
		_, err := voice.Resign(ctx, h.db, act.Default, b.members[0](2), b.panel, "Again.")
		return err
	})
	h.refused(refusal.Seat, func() error { return h.refer(b, func(r *voice.Referring) { r.Hand = b.analyst(2) }) })
	gone, err := voice.ResignationsOf(ctx, h.db, b.panel)
	if err != nil || len(gone) != 4 || gone[0].Record.Statement != "It announced without us." || len(gone[0].Leaf.Sigs) != 1 {
		t.Errorf("%d resignations, %v", len(gone), err)
	}
}

// TestYouSaidWeDid protects the loop back to those who spoke, and their names.
func TestYouSaidWeDid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		h := open(t, dsn)
		analyst, expert, seller := h.person(1, act.Analyst), h.person(2, act.Expert), h.person(3, act.Sales)
		plan, err := voice.Plan(ctx, h.db, act.Default, analyst(0), voice.Consultation{Subject: "x", Aim: "hear neighbours", From: "2026-03-02", To: "2026-04-02"})
		h.must(err)
		if _, err := voice.AddStakeholder(ctx, h.db, act.Default, analyst(0), voice.Stakeholder{Group: "affected", Name: "Somebody", Pseudonym: "Heron"}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a pseudonym with a name: %v", err)
		}
		_, err = voice.AddStakeholder(ctx, h.db, act.Default, analyst(0), voice.Stakeholder{Group: "affected", Subject: "x", Pseudonym: "Heron", Risk: "high"})
		h.must(err)
		h.refused(refusal.Role, func() error {
			_, err := voice.Plan(ctx, h.db, act.Default, seller(0), voice.Consultation{Aim: "sell"})
			return err
		})
		_, err = voice.Hold(ctx, h.db, act.Default, analyst(1), voice.Session{Consultation: plan.ID, Day: "2026-03-03", People: 12})
		h.must(err)
		in, err := voice.Hear(ctx, h.db, act.Default, analyst(1), voice.Input{Consultation: plan.ID, From: "Heron", Said: "No night flights."})
		h.must(err)
		for name, c := range map[string][3]string{"no reason": {"rejected", "", ""}, "nothing done": {"adopted", "", ""}, "no such": {"noted", "a", "b"}} {
			if _, err := voice.Dispose(ctx, h.db, act.Default, analyst(2), in.ID, c[0], c[1], c[2]); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = voice.Dispose(ctx, h.db, act.Default, analyst(40), in.ID, "adapted", "none after ten", "emergencies")
		h.must(err)
		opinion, err := voice.Give(ctx, h.db, act.Default, find(0, ""), voice.Saying{Hand: expert(0), Choice: "object", Text: "no"})
		h.must(err)
		got, err := voice.Account(ctx, h.db, plan.ID)
		if err != nil || got != (voice.Feedback{Inputs: 1, Adapted: 1, In60: 1, Uncompensated: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		amount := int64(40000)
		pay := voice.Compensation{State: "paid", What: "honorarium", About: opinion.ID, To: expert(0).By.Key, Amount: &amount, Currency: "USD"}
		_, err = voice.Pay(ctx, h.db, act.Default, analyst(3), pay)
		h.must(err)
		h.refused(refusal.Twice, func() error {
			_, err := voice.Pay(ctx, h.db, act.Default, analyst(3), pay)
			return err
		})
		if got, err = voice.Account(ctx, h.db, ""); err != nil || got.Uncompensated != 0 {
			t.Errorf("paid although the expert objects: %+v, %v", got, err)
		}
		rows, err := h.db.Query(ctx, "select disclosures from entry")
		h.must(err)
		defer rows.Close()
		for rows.Next() {
			var all string
			h.must(rows.Scan(&all))
			for _, d := range strings.Split(all, "~") {
				_, value, err := ledger.Disclosure(d).Open()
				if d != "" && err == nil && bytes.Contains(value, []byte("Somebody")) {
					t.Error("the name of somebody who takes part under a pseudonym stands in the log")
				}
			}
		}
	})
}
