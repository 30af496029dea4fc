package bundle

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// rotatedLog is a log whose key changed twice behind a checkpoint, with the handovers.
type rotatedLog struct {
	*testLog
	first, second *ledger.LogKey
	from          int64
	opening       []byte
	handovers     [][]byte
}

func newRotatedLog(t *testing.T) *rotatedLog {
	l := &rotatedLog{testLog: sample(t)}
	l.from, l.opening = l.size(), l.checkpoint(l.size())
	l.erase(2, 1)
	l.first = l.rekey(21, "rotation")
	l.handovers = append(l.handovers, l.handover(l.first, l.key))
	l.second = l.rekey(22, "rotation")
	l.handovers = append(l.handovers, l.handover(l.second, l.key))
	add(l.testLog, itemKind, l.id(), &item{State: "active"})
	return l
}

// written writes the range from before the changes; change may falsify what it begins with.
func (l *rotatedLog) written(change func(m *Manifest, opening *[]byte, handovers *[][]byte)) []byte {
	m, opening, handovers := l.manifest(), l.opening, slices.Clone(l.handovers)
	m.From, m.OpeningKey = l.from, l.first.Public()
	if change != nil {
		change(&m, &opening, &handovers)
	}
	return l.writeRange(m, opening, handovers, l.carries(m.From, nil))
}

// TestARangeFromBeforeAChangeOfKeys protects whoever gets a year in which the key of the
// log was changed: it holds for who knows the key of now, that of then or one between, and
// for nobody else.
func TestARangeFromBeforeAChangeOfKeys(t *testing.T) {
	l := newRotatedLog(t)
	data := l.written(nil)
	for name, trust := range map[string]Trust{
		"nothing":                 {},
		"the key of now":          {Key: l.key.Public()},
		"the key of then":         {Key: l.first.Public()},
		"the key between":         {Key: l.second.Public()},
		"an own handover":         {Key: l.first.Public(), Handovers: l.handovers[:1]},
		"all own handovers":       {Key: l.first.Public(), Handovers: l.handovers},
		"then, and its opening":   {Key: l.first.Public(), Checkpoint: l.opening},
		"now, and its opening":    {Key: l.key.Public(), Checkpoint: l.opening},
		"nothing but its opening": {Checkpoint: l.opening},
	} {
		r, err := verify(data, trust)
		if err != nil {
			t.Errorf("with %s: %v", name, err)
			continue
		}
		var out bytes.Buffer
		r.Print(&out)
		if r.OpeningKey != l.first.Public() || (trust.Key == "") != (r.Assurance == NoAssurance) || !strings.Contains(out.String(), "signed by an earlier key of the log") {
			t.Errorf("with %s: %+v\n%s", name, r, &out)
		}
	}
	if _, err := verify(data, Trust{Key: newLog(t, 30).key.Public()}); err == nil || !strings.Contains(err.Error(), "another log key than the one you gave") {
		t.Errorf("with the key of another log: %v", err)
	}
	// One that begins between the changes needs the second handover alone.
	between := l.size() - 2
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: testOrigin, Size: between, Root: l.root(between)}, l.second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(l.written(func(m *Manifest, opening *[]byte, handovers *[][]byte) {
		m.From, m.OpeningKey, *opening, *handovers = between, l.second.Public(), signed, l.handovers[1:]
	}), Trust{Key: l.second.Public()}); err != nil {
		t.Error(err)
	}
}

// TestAFalseLeadOverKeys protects a reader from a range whose beginning nobody vouches for.
func TestAFalseLeadOverKeys(t *testing.T) {
	l := newRotatedLog(t)
	stranger := newLog(t, 31).key
	strangers, err := stranger.Sign(ledger.Checkpoint{Origin: testOrigin, Size: l.from, Root: l.root(l.from)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(m *Manifest, opening *[]byte, handovers *[][]byte)
		want   string
	}{
		"no handovers":         {func(_ *Manifest, _ *[]byte, h *[][]byte) { *h = nil }, "do not lead from the one to the other"},
		"one is missing":       {func(_ *Manifest, _ *[]byte, h *[][]byte) { *h = (*h)[:1] }, "do not lead from the one to the other"},
		"the first missing":    {func(_ *Manifest, _ *[]byte, h *[][]byte) { *h = (*h)[1:] }, "not signed by"},
		"in another order":     {func(_ *Manifest, _ *[]byte, h *[][]byte) { slices.Reverse(*h) }, "not signed by"},
		"one more":             {func(_ *Manifest, _ *[]byte, h *[][]byte) { *h = append(*h, (*h)[1]) }, "each after a rotation"},
		"no key of then":       {func(m *Manifest, _ *[]byte, _ *[][]byte) { m.OpeningKey = "" }, "in their place"},
		"neither":              {func(m *Manifest, _ *[]byte, h *[][]byte) { m.OpeningKey, *h = "", nil }, "not signed by"},
		"the key of now":       {func(m *Manifest, _ *[]byte, h *[][]byte) { m.OpeningKey, *h = m.Key, nil }, "not canonical"},
		"a stranger's opening": {func(_ *Manifest, o *[]byte, _ *[][]byte) { *o = strangers }, "not signed by"},
		"a stranger's key and opening": {func(m *Manifest, o *[]byte, h *[][]byte) {
			other := *l.testLog
			m.OpeningKey, *o, *h = stranger.Public(), strangers, [][]byte{other.handover(stranger, l.key)}
		}, "handover"},
		"an opening signed by the key of now": {func(_ *Manifest, o *[]byte, _ *[][]byte) {
			signed, err := l.key.Sign(ledger.Checkpoint{Origin: testOrigin, Size: l.from, Root: l.root(l.from)})
			if err != nil {
				t.Fatal(err)
			}
			*o = signed
		}, "not signed by"},
	} {
		if _, err := verify(l.written(c.change), Trust{Key: l.key.Public()}); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
}

// TestNobodyVouchesOverACompromise protects a reader who knows a key from before it was
// disclosed: whoever holds that key cannot lead past the compromise.
func TestNobodyVouchesOverACompromise(t *testing.T) {
	l := sample(t)
	from, opening := l.size(), l.checkpoint(l.size())
	first := l.rekey(21, "compromise")
	lost := l.handover(first, l.key)
	second := l.rekey(22, "rotation")
	past, past2 := l.handover(first, l.key), l.handover(second, l.key)
	m := l.manifest()
	m.From, m.OpeningKey = from, first.Public()
	for name, handovers := range map[string][][]byte{"over it": {lost, past2}, "past it": {past}} {
		_, err := verify(l.writeRange(m, opening, handovers, l.carries(from, nil)), Trust{})
		if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "no rotation") && !strings.Contains(err.Error(), "each after a rotation") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
