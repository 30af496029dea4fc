package bundle

import (
	"strings"
	"testing"

	"duly/internal/ledger"
)

// redact withholds field 2 of items (price, a trade secret), and gives the entry.
func (o *office) redact(id, state string) int {
	return add(o.testLog, redactionKind, id, &redactionRecord{o.terms, state, itemKind.Schema().Hash().String(), 2, "trade_secret", "competition"}, o.board)
}

// TestBundlesWithholdExactlyWhatRedactionsSay protects RS-06 where a bundle leaves the
// house: in one for readers of a class exactly the fields are missing that a redaction in
// the log withholds, no more and no fewer, whatever the manifest says; and one that shows
// all the same says so.
func TestBundlesWithholdExactlyWhatRedactionsSay(t *testing.T) {
	const id = "redactionredactionredact"
	price := int64(5)
	for name, c := range map[string]struct {
		do       func(*office)
		manifest func(*Manifest)
		want     string
	}{
		"one that holds":           {do: func(o *office) { o.redact(id, "withheld") }},
		"one that was lifted":      {do: func(o *office) { o.redact(id, "withheld"); o.redact(id, "lifted") }},
		"none":                     {do: func(*office) {}},
		"complete for an assessor": {do: func(o *office) { o.redact(id, "withheld") }, manifest: func(m *Manifest) { m.Redacted, m.Unredacted = nil, true }},
		"withheld without an entry": {do: func(*office) {}, manifest: func(m *Manifest) { m.Redacted = []string{"item.price"} },
			want: "says that item.price is redacted, and by the redactions in the log it is nothing"},
		"withheld although it was lifted": {do: func(o *office) { o.redact(id, "withheld"); o.redact(id, "lifted") }, manifest: func(m *Manifest) { m.Redacted = []string{"item.price"} },
			want: "by the redactions in the log it is nothing"},
		"another field beside it": {do: func(o *office) { o.redact(id, "withheld") }, manifest: func(m *Manifest) { m.Redacted = []string{"item.name", "item.price"} },
			want: "says that item.name, item.price is redacted"},
		"shown although it is withheld": {do: func(o *office) { o.redact(id, "withheld") }, manifest: func(m *Manifest) { m.Redacted = nil },
			want: "says that nothing is redacted, and by the redactions in the log it is item.price"},
		"said to be complete, and is not": {do: func(o *office) { o.redact(id, "withheld") }, manifest: func(m *Manifest) { m.Unredacted = true },
			want: "in a bundle without redactions"},
		"named twice": {do: func(o *office) { o.redact(id, "withheld") }, manifest: func(m *Manifest) { m.Redacted = []string{"item.price", "item.price"} },
			want: "out of order"},
	} {
		o := newOffice(t)
		add(o.testLog, itemKind, o.id(), &item{State: "active", Price: &price})
		c.do(o)
		o.balance(nil)
		from := o.size()
		add(o.testLog, itemKind, o.id(), &item{State: "active", Price: &price})
		m := o.manifest(ledger.TradeSecret)
		if c.manifest != nil {
			c.manifest(&m)
		}
		whole := o.write(m, o.checkpoint(o.size()))
		r, err := verify(whole, Trust{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if shows := strings.Contains(string(whole), string(o.rows[from].disclosures[2])); err == nil && shows == (len(r.Redacted) > 0) {
			t.Errorf("%s: the price is shown: %t, and the result says %v", name, shows, r.Redacted)
		}
		if c.manifest != nil {
			continue
		}
		if r, err = verify(o.rangeFrom(from, o.carries(from, secrets), secrets...), Trust{}); err != nil || strings.Join(r.Redacted, " ") != strings.Join(o.redacted(), " ") {
			t.Errorf("%s: a range behind it: %v, %+v", name, err, r)
		}
	}
}

// TestWhatALaterBundleShows protects that a part which leaves out the redaction cannot
// withhold by it: whoever withholds carries the entry that says why.
func TestWhatALaterBundleShows(t *testing.T) {
	o := newOffice(t)
	at := o.redact(o.id(), "withheld")
	o.balance(nil)
	from := o.size()
	add(o.testLog, itemKind, o.id(), &item{State: "active"})
	var without []int64
	for _, seq := range o.carries(from, secrets) {
		if seq != int64(at) {
			without = append(without, seq)
		}
	}
	if _, err := verify(o.rangeFrom(from, without, secrets...), Trust{}); err == nil || !strings.Contains(err.Error(), "by the redactions in the log it is nothing") {
		t.Errorf("a range withholds by a redaction that is not in it: %v", err)
	}
}

// secrets is the class of what the redactions of these tests withhold.
var secrets = []ledger.Class{ledger.TradeSecret}
