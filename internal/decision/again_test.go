package decision_test

import (
	"strconv"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

// matters gives what was put to panels about a deployment, in the order of the log.
func (o *office) matters(r rated) []*store.Revision[voice.Referral] {
	o.Helper()
	list, err := store.Select(ctx, o.db, voice.Referrals, "r.subject = $1", r.account)
	if err != nil {
		o.Fatal(err)
	}
	return list
}

// TestAskingUntilThePanelAgrees protects a vote against being asked away: within a year a
// deployment comes before a panel again only when a fact is another value and the method
// makes something else of it; members then see the vote against it, and it is counted.
func TestAskingUntilThePanelAgrees(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, rooms...))
		r := o.rate("escalate", "HIGH", "EDD")
		state := func(value string, asOf string) (input string) {
			var ref store.Ref
			err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
				ref, err = store.Create(tx, evidence.Facts, &evidence.Fact{Origin: evidence.Origin{State: "active"}, Subject: "a product", Fact: "use.settings", Value: ledger.Text(value), AsOf: asOf})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := store.GetBySeq(ctx, o.db, evidence.Facts, ref.Seq)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range evidence.Facts.Schema().Sealed {
				if f.Name == "value" {
					return strings.Join([]string{"use.settings", strconv.FormatInt(ref.Seq, 10), "value", got.Digests[i].String()}, " ")
				}
			}
			return ""
		}
		made := func(input, trace string) {
			o.again(&r, func(x *assessment.Rating) { x.Inputs, x.Trace = []string{input}, trace })
		}
		made(state("street", "2026-01-01"), "street")
		o.ask(r, "against", "against", "against", "against", "for", "", "")
		first := o.matters(r)[0]
		refer := func(days int) (*voice.Referral, error) {
			_, m, err := voice.Refer(ctx, o.db, act.Default, decision.Rated, voice.Referring{Hand: hand(o.ann, days), Panel: o.panel, Subject: r.account, File: packet, Question: "And now?"})
			return m, err
		}
		made(state("street", "2026-11-01"), "street")
		_, err := refer(40)
		o.refused(refusal.Again, nil, err) // only a day is another
		made(state("school", "2026-11-01"), "street")
		_, err = refer(41)
		o.refused(refusal.Again, nil, err) // the method makes nothing of it
		made(state("street", "2026-11-02"), "by another method")
		_, err = refer(42)
		o.refused(refusal.Again, nil, err) // no fact is another
		made(state("school", "2026-11-02"), "school")
		m, err := refer(43)
		if err != nil || m.Again != first.Hash.String() {
			t.Fatalf("with a new fact: %+v, %v", m, err)
		}
		list := o.matters(r)
		got, err := voice.ReadMatter(ctx, o.db, list[len(list)-1].ID)
		if err != nil || got.Before == nil || got.Before.Referral.ID != first.ID || len(got.Before.Votes) != 5 {
			t.Errorf("members do not see the vote against it: %+v, %v", got, err)
		}
	})
}

// TestAfterAYear protects that a vote against is no vote for ever.
func TestAfterAYear(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("escalate", "HIGH", "EDD")
	o.ask(r, "against", "against", "against", "against", "for", "", "")
	o.again(&r, func(*assessment.Rating) {})
	for _, days := range []int{15 + 364, 15 + 366} {
		want := days > 15+365
		_, m, err := voice.Refer(ctx, o.db, act.Default, decision.Rated, voice.Referring{Hand: hand(o.ann, days), Panel: o.panel, Subject: r.account, File: packet, Question: "And now?"})
		if (err == nil) != want || want && m.Again != "" {
			t.Errorf("after %d days: %+v, %v", days, m, err)
		}
	}
}
