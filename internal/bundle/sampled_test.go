package bundle

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ledger"
)

type witnessedRecord struct {
	Sample   string `duly:"sample,public,hash"`
	Size     int64  `duly:"size,public"`
	Root     string `duly:"root,public,hash"`
	Cosigned int64  `duly:"cosigned,public"`
	Note     string `duly:"note,public,hash"`
	Text     string `duly:"text,trade_secret"`
}

var witnessedKind = ledger.Define[witnessedRecord]("witnessed", 1)

// witnessedEngagement is an assessment whose terms name two witnesses.
type witnessedEngagement struct {
	*engagement
	keys  []*ledger.WitnessKey
	named []string // their verifier keys, as the terms name them
	froze int      // where the population stands
	asked int64    // cosignatures so far, each a second after the other
	had   map[string]bool
}

func newWitnessedEngagement(t testing.TB, seed byte) *witnessedEngagement {
	e := &witnessedEngagement{engagement: newEngagement(t, seed), had: map[string]bool{}}
	for _, name := range []string{"witness.example/b", "witness.example/a"} {
		e.witness(name)
	}
	e.terms.Named, e.terms.Need = WitnessesHash(e.named), 1
	return e
}

func (e *witnessedEngagement) witness(name string) *ledger.WitnessKey {
	key, err := ledger.NewWitnessKey(e.random, name)
	if err != nil {
		e.t.Fatal(err)
	}
	e.keys, e.named = append(e.keys, key), append(e.named, key.Public())
	return key
}

// freezes starts and freezes the population.
func (e *witnessedEngagement) freezes() {
	e.start()
	e.froze = add(e.testLog, populationKind, e.id(), e.freeze(), e.ida)
}

// plans plans a draw of accounts.
func (e *witnessedEngagement) plans(n, wanted int64) (at int, id string) {
	id = e.id()
	return add(e.testLog, drawnKind, id, &drawnRecord{State: "planned", Population: e.hash(e.froze), Draw: n, Of: "account", Wanted: wanted}, e.ida), id
}

// cosigned gives the first entries as cosigned by some of the witnesses.
func (e *witnessedEngagement) cosigned(size int64, by ...*ledger.WitnessKey) []byte {
	signed := e.checkpoint(size)
	for _, key := range by {
		e.asked++
		signed = append(signed, key.Line(ledger.Checkpoint{Origin: testOrigin, Size: size, Root: e.root(size)}, time.Unix(1_800_000_000+e.asked, 0))...)
	}
	return signed
}

// record gives a true record of a cosigned checkpoint, which stands in the bundle; the
// record is not written.
func (e *witnessedEngagement) record(plan int, signed []byte) *witnessedRecord {
	e.t.Helper()
	text, w, err := WriteCosigned(e.named, signed)
	if err != nil {
		e.t.Fatal(err)
	}
	e.seeds[w.Note] = text
	return &witnessedRecord{
		Sample: e.hash(plan), Size: w.Checkpoint.Size, Root: w.Checkpoint.Root.String(), Cosigned: w.Count(), Note: w.Note, Text: string(text),
	}
}

// draws gives what a plan and a recorded checkpoint draw; it is not written.
func (e *witnessedEngagement) draws(n, wanted int64, at int, r *witnessedRecord) *drawnRecord {
	w, err := ReadCosigned([]byte(r.Text))
	if err != nil {
		e.t.Fatal(err)
	}
	d := &drawnRecord{
		State: "drawn", Population: e.hash(e.froze), Draw: n, Of: "account", Wanted: wanted, Secret: Link(e.secret, n), Root: r.Root, Position: r.Size, Witnessed: e.hash(at),
	}
	s := e.counted(int64(e.froze), e.terms.From, e.terms.Upto).Draw("account", w.Seed(d.Secret, "account", n), int(wanted), e.had)
	d.Targeted, d.Size, d.From, d.Strata, d.Hash = int64(len(s.Taken)), int64(len(s.Drawn)), s.Rest, s.Strata, s.Hash
	for _, id := range s.Drawn {
		e.had[id] = true
	}
	return d
}

// draw plans, has it cosigned, records that and draws.
func (e *witnessedEngagement) draw(n, wanted int64) {
	plan, id := e.plans(n, wanted)
	add(e.testLog, itemKind, e.id(), &item{State: "active"})
	r := e.record(plan, e.cosigned(e.size(), e.keys...))
	at := add(e.testLog, witnessedKind, e.id(), r)
	add(e.testLog, drawnKind, id, e.draws(n, wanted, at, r), e.ida)
}

// TestWitnessesSeedASample protects RS-03: an outsider who sees no sealed field draws again
// what witnesses seeded, and is told how many of them are outsiders whom he knows.
func TestWitnessesSeedASample(t *testing.T) {
	e := newWitnessedEngagement(t, 1)
	e.freezes()
	for n, wanted := range []int64{10, 25, 25} {
		e.draw(int64(n+1), wanted)
	}
	e.had = map[string]bool{}
	e.plans(4, 2)
	known, err := ParseWitnesses(e.named)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		trust   Trust
		outside int64
	}{
		"nobody is known":           {Trust{}, 0},
		"the first is known":        {Trust{Witnesses: known[:1]}, 3},
		"another is known":          {Trust{Witnesses: known[1:]}, 0},
		"the first is the assessor": {Trust{Witnesses: known, Assessor: known[0].Name()}, 0},
	} {
		for _, classes := range [][]ledger.Class{nil, ledger.Classes} {
			r, err := verify(e.bundle(classes...), c.trust)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, want := r.Counts.Assessed, (Assessments{Populations: 1, Samples: 3, Witnessed: 3, Outside: c.outside, Planned: 1}); got != want {
				t.Errorf("%s: %+v, not %+v", name, got, want)
			}
			var out bytes.Buffer
			r.Print(&out)
			if want := "3 samples drawn again"; !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "1 samples are planned and not drawn") || strings.Contains(out.String(), "rest on no outsider") {
				t.Errorf("%s: it does not say %q, or says too much:\n%s", name, want, out.String())
			}
		}
	}
}

// TestASampleCannotBeChosen protects a sample against a company and an assessor who work
// together, with the log's key and the assessor's: each way around the witnesses is caught
// from what stands in clear.
func TestASampleCannotBeChosen(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(e *witnessedEngagement)
		want string
	}{
		"the witnesses asked again": {func(e *witnessedEngagement) {
			plan, id := e.plans(1, 10)
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys[0])))
			again := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			at := add(e.testLog, witnessedKind, e.id(), again)
			add(e.testLog, drawnKind, id, e.draws(1, 10, at, again), e.ida)
		}, "a second cosigned checkpoint is recorded for one sample"},
		"drawn by another checkpoint than was recorded": {func(e *witnessedEngagement) {
			plan, id := e.plans(1, 10)
			at := add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys[0])))
			other := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			delete(e.seeds, other.Note)
			add(e.testLog, drawnKind, id, e.draws(1, 10, at, other), e.ida)
		}, "does not rest on the first cosigned checkpoint"},
		"a checkpoint from before the plan": {func(e *witnessedEngagement) {
			before := e.cosigned(e.size(), e.keys[0])
			plan, id := e.plans(1, 10)
			r := e.record(plan, before)
			at := add(e.testLog, witnessedKind, e.id(), r)
			add(e.testLog, drawnKind, id, e.draws(1, 10, at, r), e.ida)
		}, "and not the planned sample"},
		"a checkpoint from after its record": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			r.Size += 5
			add(e.testLog, witnessedKind, e.id(), r)
		}, "with what stands before entry"},
		"witnesses of the company's own": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			e.keys, e.named = nil, nil
			e.witness("witness.example/b")
			e.witness("witness.example/a")
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys...)))
		}, "by other witnesses than the terms name"},
		"the witnesses in another order": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			e.named[0], e.named[1] = e.named[1], e.named[0]
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys...)))
		}, "by other witnesses than the terms name"},
		"too few": {func(e *witnessedEngagement) {
			e.terms.Need = 2
			e.approve()
			e.freezes()
			plan, _ := e.plans(1, 10)
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys[0])))
		}, "1 of the witnesses have cosigned, it says 1, and the terms ask for 2"},
		"more than have cosigned": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			r.Cosigned = 2
			add(e.testLog, witnessedKind, e.id(), r)
		}, "it says 2"},
		"a cosignature of another checkpoint": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			lines := strings.SplitAfter(string(e.cosigned(e.size()-1, e.keys[0])), "\n")
			e.forge(r, r.Text[:strings.LastIndex(r.Text, "— ")]+lines[len(lines)-2])
			add(e.testLog, witnessedKind, e.id(), r)
		}, "is forged, or is of another checkpoint"},
		"a fork": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			rows := e.rows
			e.rows = e.rows[:len(e.rows):len(e.rows)]
			add(e.testLog, itemKind, e.id(), &item{State: "active", Name: "shown to the witness only"})
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			e.rows = rows
			add(e.testLog, itemKind, e.id(), &item{State: "active"})
			add(e.testLog, witnessedKind, e.id(), r)
		}, "the witnesses cosigned another tree"},
		"recorded by the assessor": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys[0])), e.ida)
		}, "recorded by the assessor whose sample it seeds"},
		"a note that is not shown": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			add(e.testLog, witnessedKind, e.id(), e.record(plan, e.cosigned(e.size(), e.keys[0])))
			clear(e.seeds)
		}, "is not in the bundle"},
		"a note that nobody names": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			e.record(plan, e.cosigned(e.size(), e.keys[0]))
		}, "is in the bundle but not in the log"},
		"the second cosignature taken": {func(e *witnessedEngagement) {
			plan, id := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys...))
			at := add(e.testLog, witnessedKind, e.id(), r)
			only := e.record(plan, e.cosigned(r.Size, e.keys[1]))
			delete(e.seeds, only.Note)
			add(e.testLog, drawnKind, id, e.draws(1, 10, at, only), e.ida)
		}, "the sample has other records"},
		"no plan": {func(e *witnessedEngagement) {
			add(e.testLog, itemKind, e.id(), &item{State: "active"})
			add(e.testLog, drawnKind, e.id(), e.drawn(e.froze, 1, "account", 10, e.had), e.ida)
		}, "drawn that was not planned"},
		"more drawn than planned": {func(e *witnessedEngagement) {
			plan, id := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			at := add(e.testLog, witnessedKind, e.id(), r)
			add(e.testLog, drawnKind, id, e.draws(1, 12, at, r), e.ida)
		}, "another sample is drawn than was planned"},
		"drawn before it was cosigned": {func(e *witnessedEngagement) {
			_, id := e.plans(1, 10)
			add(e.testLog, drawnKind, id, &drawnRecord{State: "drawn", Population: e.hash(e.froze), Draw: 1, Of: "account", Wanted: 10, Secret: Link(e.secret, 1)}, e.ida)
		}, "before witnesses whom the terms name had cosigned"},
		"a plan given up for another": {func(e *witnessedEngagement) { e.plans(1, 10); e.plans(1, 11) }, "while another one is not drawn yet"},
		"a plan changed": {func(e *witnessedEngagement) {
			_, id := e.plans(1, 10)
			add(e.testLog, drawnKind, id, &drawnRecord{State: "planned", Population: e.hash(e.froze), Draw: 1, Of: "account", Wanted: 11}, e.ida)
		}, "it stands as it was planned"},
		"a plan that knows who": {func(e *witnessedEngagement) {
			add(e.testLog, drawnKind, e.id(), &drawnRecord{State: "planned", Population: e.hash(e.froze), Draw: 1, Of: "account", Wanted: 1, Hash: hexOf("x")}, e.ida)
		}, "a sample that is only planned"},
		"another secret": {func(e *witnessedEngagement) {
			e.secret = [32]byte{99}
			e.draw(1, 10)
		}, "not the one that the assessor had committed to"},
		"drawn by another assessor": {func(e *witnessedEngagement) { e.ida = e.signer("assessor"); e.draw(1, 10) }, "it is drawn by another assessor"},
		"a checkpoint of nothing": {func(e *witnessedEngagement) {
			plan, _ := e.plans(1, 10)
			r := e.record(plan, e.cosigned(e.size(), e.keys[0]))
			r.Sample = hexOf("nothing")
			add(e.testLog, witnessedKind, e.id(), r)
		}, "is not planned, or was drawn before"},
		"terms with a quorum of nobody": {func(e *witnessedEngagement) { e.terms.Named = ""; e.approve() }, "names witnesses and asks for none"},
		"terms with other witnesses than drafted": {func(e *witnessedEngagement) {
			e.terms.State = "draft"
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
			e.terms.State, e.terms.Named = "approved", hexOf("others")
			add(e.testLog, termsKind, e.matter, &e.terms, e.chair)
		}, "other terms are approved than were drafted"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newWitnessedEngagement(t, 2)
			if name != "too few" {
				e.freezes()
			}
			c.do(e)
			if _, err := verify(e.bundle(), Trust{}); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

// forge puts another text in the place of a record's.
func (e *witnessedEngagement) forge(r *witnessedRecord, text string) {
	delete(e.seeds, r.Note)
	r.Text, r.Note = text, hexOf(text)
	e.seeds[r.Note] = []byte(text)
}

// TestAPersonIsNoOutsideWitness protects against a company or an assessor who witnesses the
// own sample with a key by which the log knows them.
func TestAPersonIsNoOutsideWitness(t *testing.T) {
	e := newWitnessedEngagement(t, 3)
	seed := bytes.Repeat([]byte{7}, 32)
	person, err := ledger.NewPersonKey(bytes.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	add(e.testLog, assessorKind, e.id(), &assessorRecord{State: "active", Roles: []string{"analyst"}, Key: person.PublicHash()})
	own, err := ledger.NewWitnessKey(bytes.NewReader(seed), "witness.example/own")
	if err != nil {
		t.Fatal(err)
	}
	e.keys, e.named = []*ledger.WitnessKey{own}, []string{own.Public()}
	e.terms.Named = WitnessesHash(e.named)
	e.freezes()
	e.draw(1, 10)
	if _, err := verify(e.bundle(), Trust{}); err == nil || !strings.Contains(err.Error(), "has the key of a person of the log") {
		t.Errorf("%v", err)
	}
}

// TestAPlanUnderTermsWithoutWitnesses protects the samples of such terms: they are drawn at
// once, or not at all.
func TestAPlanUnderTermsWithoutWitnesses(t *testing.T) {
	e := newWitnessedEngagement(t, 4)
	e.terms.Named, e.terms.Need = "", 0
	e.freezes()
	e.plans(1, 10)
	if _, err := verify(e.bundle(), Trust{}); err == nil || !strings.Contains(err.Error(), "under terms that name no witnesses") {
		t.Errorf("%v", err)
	}
}

// TestNoLaterChoiceChangesADraw protects what a seed is for: whatever is entered, cosigned
// or recorded after a checkpoint was recorded for a plan, one sample fits and no other.
func TestNoLaterChoiceChangesADraw(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := newWitnessedEngagement(t, 5)
		e.freezes()
		plan, id := e.plans(1, 7)
		for range rapid.IntRange(0, 3).Draw(r, "entries before") {
			add(e.testLog, itemKind, e.id(), &item{State: "active"})
		}
		record := e.record(plan, e.cosigned(e.size(), e.keys[:rapid.IntRange(1, 2).Draw(r, "cosigned")]...))
		at := add(e.testLog, witnessedKind, e.id(), record)
		for range rapid.IntRange(0, 3).Draw(r, "entries after") {
			add(e.testLog, itemKind, e.id(), &item{State: "active"})
		}
		e.had = map[string]bool{}
		honest := e.draws(1, 7, at, record)
		chosen := *honest
		if rapid.Bool().Draw(r, "cheats") {
			later := e.record(plan, e.cosigned(rapid.Int64Range(int64(plan)+1, e.size()).Draw(r, "size"), e.keys[rapid.IntRange(0, 1).Draw(r, "by")]))
			delete(e.seeds, later.Note)
			e.had = map[string]bool{}
			chosen = *e.draws(1, 7, at, later)
			if rapid.Bool().Draw(r, "hides it") { // by naming the first one
				chosen.Root, chosen.Position = honest.Root, honest.Position
			}
		}
		add(e.testLog, drawnKind, id, &chosen, e.ida)
		_, err := checkAlone(e.bundle(), Trust{})
		if (chosen == *honest) != (err == nil) {
			r.Fatalf("same as the first %v, and: %v", chosen == *honest, err)
		}
	})
}

// TestReadCosigned protects what seeds a sample from a second spelling: whoever could write
// it in two ways could choose.
func TestReadCosigned(t *testing.T) {
	e := newWitnessedEngagement(t, 6)
	text := e.record(0, e.cosigned(3, e.keys...)).Text
	if w, err := ReadCosigned([]byte(text)); err != nil || w.Count() != 2 || w.Hash() != WitnessesHash(e.named) {
		t.Fatal(w, err)
	}
	lines := strings.SplitAfter(text, "\n")
	n := len(lines) - 1 // behind the last line feed stands nothing
	swapped := strings.Join(lines[:n-2], "") + lines[n-1] + lines[n-2]
	stranger, _ := ledger.NewWitnessKey(e.random, "witness.example/c")
	for name, bad := range map[string]string{
		"nothing":                    "",
		"another head":               strings.Replace(text, "witnessed/1", "witnessed/2", 1),
		"no line feed at the end":    strings.TrimSuffix(text, "\n"),
		"a line more":                text + "\n",
		"signatures swapped":         swapped,
		"a signature twice":          text + lines[n-1],
		"a stranger":                 text + string(stranger.Line(ledger.Checkpoint{Origin: testOrigin, Size: 3, Root: e.root(3)}, time.Unix(1_800_000_000, 0))),
		"the log's own line":         string(bytes.Replace([]byte(text), []byte("\n\n— "), []byte("\n\n"+strings.SplitAfterN(string(e.checkpoint(3)), "\n\n", 2)[1]+"— "), 1)),
		"no signature":               strings.Join(lines[:n-2], ""),
		"a witness twice":            strings.Replace(text, e.named[0]+"\n", e.named[0]+"\n"+e.named[0]+"\n", 1),
		"a key that is none":         strings.Replace(text, e.named[0], "witness.example/b+00000000+AAAA", 1),
		"another root":               strings.Replace(text, "\n3\n", "\n4\n", 1),
		"a carriage return":          strings.Replace(text, "\n3\n", "\r\n3\n", 1),
		"a size with a leading zero": strings.Replace(text, "\n3\n", "\n03\n", 1),
	} {
		if w, err := ReadCosigned([]byte(bad)); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
	}
}

// FuzzReadCosigned protects from a member that crashes, and from a second spelling: what is
// read is written again in the same bytes.
func FuzzReadCosigned(f *testing.F) {
	e := newWitnessedEngagement(f, 7)
	f.Add([]byte(e.record(0, e.cosigned(3, e.keys...)).Text))
	f.Add([]byte(e.record(0, e.cosigned(3, e.keys[1])).Text))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := ReadCosigned(data)
		if err != nil {
			return
		}
		var keys []string
		for _, k := range w.Keys {
			keys = append(keys, k.Key())
		}
		_, note, _ := strings.Cut(strings.TrimPrefix(string(data), witnessedHead), "\n\n")
		if again, _, err := WriteCosigned(keys, []byte(note)); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%q is %q when written again: %v", data, again, err)
		}
	})
}
