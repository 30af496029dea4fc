package bundle

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// tampering is one way to cheat and the words by which the verifier names it.
type tampering struct {
	name string
	make func(t *testing.T) []byte
	want string
}

func run(t *testing.T, cases []tampering) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := c.make(t)
			_, err := verify(data, Trust{})
			if err == nil {
				t.Fatal("it passes")
			}
			if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want a broken bundle with %q, got %s: %v", c.want, fault.CodeOf(err), err)
			}
		})
	}
}

// votes is a log with two voters and one vote of each; it gives the positions of
// the votes.
func votes(t *testing.T) (l *testLog, one, two ledger.PersonKey, first, second int) {
	l = newLog(t, 2)
	one, two = l.person(), l.person()
	first = add(l, ballotKind, l.id(), &ballot{Choice: "for", Text: "because"}, one)
	second = add(l, ballotKind, l.id(), &ballot{Choice: "for", Text: "because"}, two)
	return l, one, two, first, second
}

func public(from, to string) func(*ledger.Leaf) {
	return func(l *ledger.Leaf) { l.Public = bytes.Replace(l.Public, []byte(from), []byte(to), 1) }
}

// TestTheCompanyCannotSpeakForAPerson protects votes and opinions from whoever
// holds the log's own key: each case makes the whole log again, tree, checkpoint
// and all, and the person's signature still gives it away.
func TestTheCompanyCannotSpeakForAPerson(t *testing.T) {
	run(t, []tampering{
		{"a vote turned round", func(t *testing.T) []byte {
			l, _, _, at, _ := votes(t)
			l.edit(at, public("for", "against"))
			return l.bundle()
		}, "does not fit what the entry says"},
		{"a vote with another text", func(t *testing.T) []byte {
			l, _, _, at, _ := votes(t)
			other := newLog(t, 9)
			b := add(other, ballotKind, other.id(), &ballot{Choice: "for", Text: "not what was written"}, other.person())
			l.rows[at].digests, l.rows[at].disclosures = other.rows[b].digests, other.rows[b].disclosures
			l.edit(at, func(leaf *ledger.Leaf) { leaf.Fields = ledger.FieldRoot(l.rows[at].digests) })
			return l.bundle(ledger.Legal)
		}, "does not fit what the entry says"},
		{"a vote under another id", func(t *testing.T) []byte {
			l, _, _, at, _ := votes(t)
			l.edit(at, func(leaf *ledger.Leaf) { leaf.ID = l.id() })
			return l.bundle()
		}, "does not fit what the entry says"},
		{"a vote counted again in a new epoch", func(t *testing.T) []byte {
			l, one, _, _, _ := votes(t)
			l.openEpoch("rotation")
			l.epoch = 1
			add(l, ballotKind, l.id(), &ballot{Choice: "for", Text: "because"}, one)
			return l.bundle()
		}, "does not fit what the entry says"},
		{"one person's signature on another's vote", func(t *testing.T) []byte {
			l, _, _, first, second := votes(t)
			a, _ := ledger.ParseLeaf(l.rows[first].leaf)
			l.edit(second, func(leaf *ledger.Leaf) { leaf.Sigs = a.Sigs })
			return l.bundle()
		}, "does not fit what the entry says"},
		{"a vote without a signature", func(t *testing.T) []byte {
			l, _, _, at, _ := votes(t)
			l.edit(at, func(leaf *ledger.Leaf) { leaf.Sigs = nil })
			return l.bundle()
		}, "needs 1 signatures"},
		{"the same person twice", func(t *testing.T) []byte {
			l, one, _, _, _ := votes(t)
			add(l, ballotKind, l.id(), &ballot{Choice: "for"}, one, one)
			return l.bundle()
		}, "signed it twice"},
		{"a person whom the log does not know", func(t *testing.T) []byte {
			l, _, _, _, _ := votes(t)
			stranger, _ := ledger.NewPersonKey(l.random)
			add(l, ballotKind, l.id(), &ballot{Choice: "for"}, stranger)
			return l.bundle()
		}, "not an active person"},
		{"a person who came later", func(t *testing.T) []byte {
			l := newLog(t, 2)
			late, _ := ledger.NewPersonKey(l.random)
			add(l, ballotKind, l.id(), &ballot{Choice: "for"}, late)
			add(l, personKind, l.id(), &personRecord{State: "active", Key: late.PublicHash()})
			return l.bundle()
		}, "not an active person"},
		{"a person who has left", func(t *testing.T) []byte {
			l := newLog(t, 2)
			key, _ := ledger.NewPersonKey(l.random)
			id := l.id()
			add(l, personKind, id, &personRecord{State: "active", Key: key.PublicHash()})
			add(l, personKind, id, &personRecord{State: "ended", Key: key.PublicHash()})
			add(l, ballotKind, l.id(), &ballot{Choice: "for"}, key)
			return l.bundle()
		}, "not an active person"},
		{"a person with another one's key", func(t *testing.T) []byte {
			l := newLog(t, 2)
			key := l.person("sales")
			add(l, personKind, l.id(), &personRecord{State: "active", Roles: []string{"approver"}, Key: key.PublicHash()})
			return l.bundle()
		}, "is that of another person"},
		{"a key under which every signature holds", func(t *testing.T) []byte {
			l, _, _, at, _ := votes(t)
			anybody := ledger.Signature{Key: [32]byte{1}, Sig: [64]byte{1}} // the neutral point
			add(l, personKind, l.id(), &personRecord{State: "active", Roles: []string{"expert"}, Key: anybody.PublicHash()})
			l.rows[at], l.rows[len(l.rows)-1] = l.rows[len(l.rows)-1], l.rows[at]
			l.edit(len(l.rows)-1, func(leaf *ledger.Leaf) { leaf.Sigs, leaf.Time = []ledger.Signature{anybody}, l.time+1 })
			return l.bundle()
		}, "does not fit what the entry says"},
		{"a person who has left, over one who has the key now", func(t *testing.T) []byte {
			l := newLog(t, 2)
			key, _ := ledger.NewPersonKey(l.random)
			id := l.id()
			add(l, personKind, id, &personRecord{State: "active", Key: key.PublicHash()})
			add(l, personKind, id, &personRecord{State: "ended", Key: key.PublicHash()})
			add(l, personKind, l.id(), &personRecord{State: "active", Key: key.PublicHash()})
			add(l, personKind, id, &personRecord{State: "active", Key: key.PublicHash()})
			return l.bundle()
		}, "is that of another person"},
		{"a key that the person has replaced", func(t *testing.T) []byte {
			l := newLog(t, 2)
			old, _ := ledger.NewPersonKey(l.random)
			key, _ := ledger.NewPersonKey(l.random)
			id := l.id()
			add(l, personKind, id, &personRecord{State: "active", Key: old.PublicHash()})
			add(l, personKind, id, &personRecord{State: "active", Key: key.PublicHash()})
			add(l, ballotKind, l.id(), &ballot{Choice: "for"}, old)
			return l.bundle()
		}, "not an active person"},
	})
}

// TestALogMadeAgain protects what --key and --checkpoint are for. A log that was
// made again with a fresh key holds in itself: without anything from outside it
// passes and says that this is worth nothing.
func TestALogMadeAgain(t *testing.T) {
	real, fake := sample(t), newLog(t, 7)
	fake.person()
	data := fake.bundle()
	r, err := verify(data, Trust{})
	if err != nil || r.Assurance != NoAssurance {
		t.Errorf("without a key from outside: %+v, %v; want assurance %q", r, err, NoAssurance)
	}
	var text bytes.Buffer
	if r != nil {
		r.Print(&text)
	}
	if !strings.Contains(text.String(), "assurance: none") {
		t.Errorf("it is not told that this is worth nothing:\n%s", &text)
	}
	for name, trust := range map[string]Trust{
		"the real key":                {Key: real.key.Public()},
		"the real checkpoint":         {Checkpoint: real.checkpoint(3)},
		"both":                        {Key: real.key.Public(), Checkpoint: real.checkpoint(3)},
		"the fake key, real last":     {Key: fake.key.Public(), Checkpoint: real.checkpoint(3)},
		"a key that is none":          {Key: "log.example/duly+00000000+AAAA"},
		"a checkpoint that is none":   {Checkpoint: []byte("x")},
		"an empty checkpoint":         {Checkpoint: []byte{}},
		"a checkpoint without a sign": {Checkpoint: []byte(ledger.Checkpoint{Origin: testOrigin, Size: 2, Root: fake.root(2)}.Text())},
	} {
		if _, err := verify(data, trust); err == nil {
			t.Errorf("%s: the log made again passes", name)
		}
	}
	r, err = verify(real.bundle(), Trust{Key: real.key.Public(), Checkpoint: real.checkpoint(3)})
	if err != nil || r.Assurance != KeyGiven {
		t.Errorf("the real log with the real key: %+v, %v", r, err)
	}
}

// TestCheckpointFromOutside protects against a history that is shown differently
// to different people, or to the same person at different times.
func TestCheckpointFromOutside(t *testing.T) {
	long := sample(t)
	newest := long.checkpoint(long.size())
	short := long.write(Manifest{Origin: testOrigin, Key: long.key.Public(), Size: 5}, long.checkpoint(5))
	forked := sample(t)
	forked.edit(5, public("in_force", "retired"))
	foreign := newLog(t, 3)
	cosigned := append(bytes.Clone(newest), "— witness.example/w AAAAAAAA\n"...)
	for _, c := range []struct {
		name       string
		data       []byte
		checkpoint []byte
		want       string // "" when it holds
	}{
		{"an older checkpoint, a newer bundle", long.bundle(), long.checkpoint(2), ""},
		{"the same", long.bundle(), newest, ""},
		{"the same, cosigned", long.bundle(), cosigned, ""},
		{"over no entries", long.bundle(), long.checkpoint(0), ""},
		{"an older bundle, a newer checkpoint", short, newest, "some were removed"},
		{"another past", forked.bundle(), long.checkpoint(6), "are not those of the checkpoint that you gave"},
		{"another past of the same size", forked.bundle(), newest, "are not those of the checkpoint that you gave"},
		{"a part before the change", forked.bundle(), long.checkpoint(5), ""},
		{"of another key", long.bundle(), foreign.checkpoint(1), "not signed by the log's key"},
	} {
		_, err := verify(c.data, Trust{Key: long.key.Public(), Checkpoint: c.checkpoint})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
}

// lineOf changes the line of sealed fields of one entry.
func lineOf(t *testing.T, data []byte, at int, change func(fields []string) []string) []byte {
	t.Helper()
	all := parts(t, data)
	lines := strings.Split(string(all[2].content), "\n")
	lines[2*at+1] = strings.Join(change(strings.Split(lines[2*at+1], "~")), "~")
	return with(t, all, 2, []byte(strings.Join(lines, "\n")))
}

// TestSealedFields protects the promise that nobody can commit two values for one
// field, hide that a field exists, or show another value than the one sealed. The
// item of the sample stands at 2 and, as its second revision, at 4.
func TestSealedFields(t *testing.T) {
	all := ledger.Classes
	line := func(change func([]string) []string) func(t *testing.T) []byte {
		return func(t *testing.T) []byte { return lineOf(t, sample(t).bundle(all...), 2, change) }
	}
	other := func(at, field int) string { return string(sample(t).rows[at].disclosures[field]) }
	forged, err := ledger.NewDraft(itemKind, &item{State: "active", Name: "Somebody Else"}, strings.Repeat("b", 24), 1, ledger.Hash{}, sample(t).random)
	if err != nil {
		t.Fatal(err)
	}
	run(t, []tampering{
		{"a second value for a field", line(func(f []string) []string { return append([]string{string(forged.Disclosures[0])}, f...) }), "6 sealed fields"},
		{"the same value twice", line(func(f []string) []string { return append(f, f[0]) }), "6 sealed fields"},
		{"another value", line(func(f []string) []string { f[0] = string(forged.Disclosures[0]); return f }), "not those that the leaf commits to"},
		{"a disclosure of another field", line(func(f []string) []string { f[0] = f[1]; return f }), "not those that the leaf commits to"},
		{"two fields swapped", line(func(f []string) []string { f[0], f[1] = f[1], f[0]; return f }), "not those that the leaf commits to"},
		{"the value of another revision", line(func(f []string) []string { f[0] = other(4, 0); return f }), "not those that the leaf commits to"},
		{"a field left out", line(func(f []string) []string { return f[1:] }), "4 sealed fields"},
		{"all fields left out", line(func(f []string) []string { return nil }), "0 sealed fields"},
		{"an empty field", line(func(f []string) []string { f[0] = ""; return f }), "sealed field is empty"},
		{"a digest without bytes", line(func(f []string) []string { f[0] = "."; return f }), "digest is malformed"},
		{"a digest cut short", line(func(f []string) []string { f[0] = digestOf(f[0], ".")[:42]; return f }), "digest is malformed"},
		{"withheld, though the class is shown", line(func(f []string) []string { f[0] = digestOf(f[0], "."); return f }), "says otherwise about that class"},
		{"erased, without an erasure entry", line(func(f []string) []string { f[0] = digestOf(f[0], "!"); return f }), "no erasure entry says why"},
		{"a missing disclosure without an erasure entry", func(t *testing.T) []byte {
			l := sample(t)
			l.rows[2].disclosures = slices.Clone(l.rows[2].disclosures)
			l.rows[2].disclosures[0] = ""
			return l.bundle(all...)
		}, "no erasure entry says why"},
		{"an erasure entry for another field", func(t *testing.T) []byte {
			l := sample(t)
			l.erase(2, 0)
			l.rows[2].disclosures[1], l.rows[2].disclosures[0] = "", sample(t).rows[2].disclosures[0]
			return l.bundle(all...)
		}, "no erasure entry says why"},
		{"an erasure entry that names no field", func(t *testing.T) []byte {
			l := sample(t)
			l.erase(2, 0)
			l.edit(len(l.rows)-1, public(`"field":0`, `"field":null`))
			return l.bundle(all...)
		}, "no erasure entry says why"},
		{"a line of nothing but fields", line(func(f []string) []string { return make([]string, 1<<16) }), "more sealed fields than a field root can count"},
		{"an erased value that is still there", func(t *testing.T) []byte {
			l := sample(t)
			kept := l.rows[2].disclosures
			l.erase(2, 0)
			l.rows[2].disclosures = kept
			return l.bundle(all...)
		}, "not marked as erased"},
		{"an erased value shown as withheld", func(t *testing.T) []byte {
			return lineOf(t, sample(t).bundle(), 4, func(f []string) []string { f[3] = "." + f[3][1:]; return f })
		}, "not marked as erased"},
		{"a field of a class that is not shown", func(t *testing.T) []byte {
			return lineOf(t, sample(t).bundle(ledger.Personal), 2, func(f []string) []string { f[0] = other(2, 0); return f })
		}, "says otherwise about that class"},
		{"values of two entries swapped", func(t *testing.T) []byte {
			l := sample(t)
			l.rows[2].digests, l.rows[4].digests = l.rows[4].digests, l.rows[2].digests
			l.rows[2].disclosures, l.rows[4].disclosures = l.rows[4].disclosures, l.rows[2].disclosures
			return l.bundle(all...)
		}, "not those that the leaf commits to"},
		{"a value sealed under another field's name", func(t *testing.T) []byte {
			l := sample(t)
			r := &l.rows[4]
			r.disclosures, r.digests = slices.Clone(r.disclosures), slices.Clone(r.digests)
			r.disclosures[0], r.digests[0] = r.disclosures[1], r.digests[1]
			l.edit(4, func(leaf *ledger.Leaf) { leaf.Fields = ledger.FieldRoot(r.digests) })
			return l.bundle(all...)
		}, `a disclosure named "place" stands where`},
		{"a value that is not of the field's type", func(t *testing.T) []byte {
			l := sample(t)
			r := &l.rows[4]
			plain := `["AAAAAAAAAAAAAAAAAAAAAA","price","free"]`
			r.disclosures, r.digests = slices.Clone(r.disclosures), slices.Clone(r.digests)
			r.disclosures[2] = ledger.Disclosure(b64.EncodeToString([]byte(plain)))
			r.digests[2] = r.disclosures[2].Digest()
			l.edit(4, func(leaf *ledger.Leaf) { leaf.Fields = ledger.FieldRoot(r.digests) })
			return l.bundle(all...)
		}, "its value does not fit"},
	})
}

// digestOf gives the line's spelling of a disclosure that is not shown.
func digestOf(disclosure, mark string) string {
	d := ledger.Disclosure(disclosure).Digest()
	return mark + b64.EncodeToString(d[:])
}

// TestOrderOfEntries protects the order and the completeness of the log, first
// against somebody without the log's key, then against the company itself.
func TestOrderOfEntries(t *testing.T) {
	moved := func(change func([][2]string) [][2]string) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			all := parts(t, sample(t).bundle())
			lines := strings.Split(strings.TrimSuffix(string(all[2].content), "\n"), "\n")
			var pairs [][2]string
			for i := 0; i+1 < len(lines); i += 2 {
				pairs = append(pairs, [2]string{lines[i], lines[i+1]})
			}
			var b strings.Builder
			for _, p := range change(pairs) {
				b.WriteString(p[0] + "\n" + p[1] + "\n")
			}
			return with(t, all, 2, []byte(b.String()))
		}
	}
	again := func(change func(l *testLog)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			l := sample(t)
			change(l)
			everyRange(t, l)
			return l.bundle()
		}
	}
	type pairs = [][2]string
	run(t, []tampering{
		{"the first dropped", moved(func(p pairs) pairs { return p[1:] }), "the checkpoint has"},
		{"the last dropped", moved(func(p pairs) pairs { return p[:len(p)-1] }), "the checkpoint has"},
		{"one dropped", moved(func(p pairs) pairs { return slices.Delete(p, 3, 4) }), "the checkpoint has"},
		{"one twice", moved(func(p pairs) pairs { return slices.Insert(p, 3, p[3]) }), "the checkpoint has"},
		{"two swapped", moved(func(p pairs) pairs { p[3], p[5] = p[5], p[3]; return p }), "the checkpoint has"},
		{"the halves of two swapped", moved(func(p pairs) pairs { p[2][1], p[4][1] = p[4][1], p[2][1]; return p }), "not those that the leaf commits to"},

		{"made again without the epoch", again(func(l *testLog) { l.rows = l.rows[1:] }), "a log begins with an epoch"},
		{"made again without a first revision", again(func(l *testLog) { l.rows = slices.Delete(l.rows, 2, 3) }), "is numbered 2, not 1"},
		{"made again without the voter", again(func(l *testLog) { l.rows = slices.Delete(l.rows, 1, 2) }), "not an active person"},
		{"made again with one twice", again(func(l *testLog) { l.rows = slices.Insert(l.rows, 3, l.rows[2]) }), "from revision 1 to 1"},
		{"made again in another order", again(func(l *testLog) { l.rows[3], l.rows[4] = l.rows[4], l.rows[3] }), "its time is not after"},
		{"made again with a changed first revision", again(func(l *testLog) { l.edit(2, public("active", "ended")) }), "does not name the revision before it"},
		{"made again with a revision left out", again(func(l *testLog) {
			l.edit(4, func(leaf *ledger.Leaf) { leaf.Rev = 3 })
		}), "from revision 1 to 3"},
		{"made again with a time before the last", again(func(l *testLog) {
			l.edit(5, func(leaf *ledger.Leaf) { leaf.Time = 1 })
		}), "its time is not after"},
		{"made again with a day before the last", again(func(l *testLog) {
			add(l, whisperKind, l.id(), &whisper{State: "open"})
			l.edit(len(l.rows)-1, func(leaf *ledger.Leaf) { leaf.Day = "2026-01-01" })
		}), "its day is before"},
		{"a record that becomes one of another kind", again(func(l *testLog) {
			id := l.id()
			add(l, itemKind, id, &item{State: "active"})
			add(l, whisperKind, id, &whisper{State: "open"})
		}), "was of another kind before"},
		{"an epoch left out", again(func(l *testLog) { l.epoch++; l.openEpoch("rotation") }), "epoch 3 follows epoch 1"},
		{"an epoch of another key", again(func(l *testLog) {
			add(l, epochKind, l.id(), &epochRecord{Number: 2, Reason: "rotation", LogKey: hexSum([]byte("other"))})
		}), "names another signing key"},
		{"a second first epoch", again(func(l *testLog) { l.openEpoch("first") }), `epoch 2 has the reason "first"`},
		{"an epoch that quotes another tree", again(func(l *testLog) {
			l.openEpoch("rotation")
			l.rows = slices.Delete(l.rows, len(l.rows)-2, len(l.rows)-1)
		}), "quotes another tree"},
		{"a restore that lost nothing, of another tree", again(func(l *testLog) {
			add(l, epochKind, l.id(), &epochRecord{Number: 2, Reason: "restore", LogKey: hexSum([]byte(l.key.Public())), QuotedSize: 2, QuotedRoot: hexSum(nil)})
		}), "quotes another tree"},
		{"signed with a fresh key, the epoch left", again(func(l *testLog) { l.key = newLog(t, 8).key }), "names another signing key"},
	})
}

// TestLeavesFitTheirSchemas protects what stands in clear: exactly the released
// fields, each of its type.
func TestLeavesFitTheirSchemas(t *testing.T) {
	edited := func(at int, change func(*ledger.Leaf)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			l := sample(t)
			l.edit(at, change)
			everyRange(t, l)
			return l.bundle()
		}
	}
	run(t, []tampering{
		{"a schema that was never released", edited(6, func(l *ledger.Leaf) { l.Schema[0] ^= 1 }), "never released"},
		{"the schema of another kind", edited(6, func(l *ledger.Leaf) { l.Schema = itemKind.Schema().Hash() }), "of another schema"},
		{"another kind", edited(6, func(l *ledger.Leaf) { l.Kind = "item" }), "of another schema"},
		{"a value that the schema does not list", edited(4, public(`"ended"`, `"paused"`)), "do not fit schema"},
		{"a value of another type", edited(4, public(`"ended"`, `1`)), "do not fit schema"},
		{"a field more", edited(4, public(`{`, `{"a":1,`)), "do not fit schema"},
		{"a field fewer", edited(4, public(`"state":"ended"`, ``)), "do not fit schema"},
		{"a name in clear", edited(4, public(`}`, `,"zname":"Harbour"}`)), "do not fit schema"},
		{"a time where a day belongs", edited(6, func(l *ledger.Leaf) { l.Day, l.Time = "", 1_790_000_006_500_000 }), "time does not fit"},
		{"a day where a time belongs", edited(5, func(l *ledger.Leaf) { l.Day = "2026-09-21" }), "time does not fit"},
		{"another actor's spelling", edited(5, func(l *ledger.Leaf) { l.Actor = "somebody" }), "id or actor is malformed"},
	})
}

// TestManifestIsHeldToItsWord protects the cover sheet, which nobody signs.
func TestManifestIsHeldToItsWord(t *testing.T) {
	l := sample(t)
	manifest := func(change func(*Manifest)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			all := parts(t, l.bundle(ledger.Customer))
			m := l.manifest(ledger.Customer)
			change(&m)
			return with(t, all, 0, m.Encode())
		}
	}
	run(t, []tampering{
		{"a class that is not shown", manifest(func(m *Manifest) { m.Classes = append(m.Classes, ledger.Personal) }), "says otherwise about that class"},
		{"no class", manifest(func(m *Manifest) { m.Classes = nil }), "says otherwise about that class"},
		{"another class", manifest(func(m *Manifest) { m.Classes = []ledger.Class{ledger.Security} }), "says otherwise about that class"},
		{"a class twice", manifest(func(m *Manifest) { m.Classes = []ledger.Class{ledger.Customer, ledger.Customer} }), "unknown class, or classes out of order"},
		{"classes out of order", manifest(func(m *Manifest) { m.Classes = []ledger.Class{ledger.Legal, ledger.Customer} }), "unknown class, or classes out of order"},
		{"a class that does not exist", manifest(func(m *Manifest) { m.Classes = []ledger.Class{"secret"} }), "unknown class, or classes out of order"},
		{"the class of what is in clear", manifest(func(m *Manifest) { m.Classes = []ledger.Class{ledger.Public} }), "unknown class, or classes out of order"},
		{"fewer entries", manifest(func(m *Manifest) { m.Size-- }), "another log or size"},
		{"another origin", manifest(func(m *Manifest) { m.Origin = "log.example/other" }), "another log or size"},
		{"another key", manifest(func(m *Manifest) { m.Key = newLog(t, 5).key.Public() }), "not signed by the log's key"},
		{"a key that is none", manifest(func(m *Manifest) { m.Key = "x" }), "not a verifier key"},
	})
}
