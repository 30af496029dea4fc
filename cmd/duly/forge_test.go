package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

// voted is a book in which an expert has spoken, a panel is voting, and somebody decided.
type voted struct {
	*book
	key    string // of the log, as it was handed to outsiders
	people string // a file with the keys of those who spoke, as they handed them on
}

func newVoted(t *testing.T) *voted {
	t.Helper()
	v := &voted{book: newBook(t, nil)}
	v.on("2026-03-02")
	v.duly("person", "add", "Gail", "--role", "governing_body")
	members := []string{"Pia", "Per", "Pam", "Ruth", "Rolf", "Xena", "Otto"}
	for _, name := range members {
		v.duly("person", "add", name, "--role", "panel_member")
	}
	v.buys("A-1", "Example County Sheriff,sheriff.example,public_body,policing,US,Faces,face_search,investigation")
	v.screens()
	v.answers("A-1")
	v.duly("assess", "A-1", "--as", "Ann")
	v.hears("A-1", "With an audit.")
	packet := v.file("packet.html", "<h1>What is known</h1>")
	v.duly("panel", "create", "Oversight", "--seats", "7", "--charter", packet, "--as", "Gail")
	for i, name := range members {
		v.duly("panel", "seat", "Oversight", name, "--group", []string{"affected", "affected", "affected", "civil_rights", "civil_rights", "expert", "other"}[i], "--to", "2028-01-01", "--as", "Gail")
		v.duly("panel", "declare", "--as", name)
	}
	var matter struct{ ID string }
	v.read(&matter, "panel", "refer", "A-1", "--panel", "Oversight", "--file", packet, "--question", "May it run?", "--as", "Ann")
	v.duly("vote", matter.ID, "against", "--as", "Pia", "--file", packet, "--reason", "My neighbours are stopped.")
	v.duly("vote", matter.ID, "for", "--as", "Per", "--file", packet)
	v.decides("A-1", "suspend", "until the panel has voted")
	v.people = v.file("people.txt", v.duly("person", "keys"))
	found := regexp.MustCompile(`--key "(\S+)"`).FindStringSubmatch(v.duly("export", "--out", filepath.Join(t.TempDir(), "b.zip")))
	if len(found) != 2 {
		t.Fatal("the export does not name the log's key")
	}
	v.key = found[1]
	return v
}

// insider is somebody who has the database, the log's key and the program, and writes what
// no service would. Xena, a member of the panel, lends a hand.
type insider struct {
	*store.Tx
	t         *testing.T
	ctx       context.Context
	person    map[string]string // key ids by name
	xena, own ledger.PersonKey
	pia       *store.Revision[voice.Vote]
	eve       *store.Revision[voice.Opinion]
	abe       *store.Revision[decision.Decision]
}

// stranger makes a key that belongs to nobody.
func stranger(t *testing.T) ledger.PersonKey {
	t.Helper()
	key, err := ledger.NewPersonKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// copied signs everything with one signature that was given for something else.
type copied ledger.Signature

// Sign implements store.Signer.
func (c copied) Sign([]byte) ledger.Signature { return ledger.Signature(c) }

// forge lets an insider write into a copy of the book, as actor, and sign the log.
func (v *voted) forge(t *testing.T, actor string, write func(*insider) error) *voted {
	t.Helper()
	other := *v
	other.book = &book{t: t, dir: filepath.Join(t.TempDir(), "office"), day: v.day, told: v.told}
	ctx := context.Background()
	err := os.CopyFS(other.dir, os.DirFS(v.dir))
	if err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(ctx, other.dir, workspace.Options{Rooms: rooms(), Now: v.noon})
	if err != nil {
		t.Fatal(err)
	}
	in := &insider{t: t, ctx: ctx, person: map[string]string{}}
	err = errors.Join(in.learn(w), w.DB.Write(ctx, in.person[actor], func(tx *store.Tx) error {
		in.Tx = tx
		return write(in)
	}))
	_, signed := w.Sign(ctx)
	if err = errors.Join(err, signed, w.Close()); err != nil {
		t.Fatal(err)
	}
	return &other
}

// learn reads what the insider needs.
func (in *insider) learn(w *workspace.Workspace) error {
	persons, err := store.Select(in.ctx, w.DB, people.Persons, "")
	for _, p := range persons {
		in.person[p.Record.Name] = p.Record.KeyID
	}
	votes, err2 := store.Select(in.ctx, w.DB, voice.Votes, "r.person = $1", in.person["Pia"])
	opinions, err3 := store.Select(in.ctx, w.DB, voice.Opinions, "")
	decisions, err4 := store.Select(in.ctx, w.DB, decision.Decisions, "")
	if err = errors.Join(err, err2, err3, err4); err != nil || len(votes) != 1 || len(opinions) != 1 || len(decisions) != 1 {
		return fmt.Errorf("%d votes, %d opinions, %d decisions: %w", len(votes), len(opinions), len(decisions), err)
	}
	in.pia, in.eve, in.abe = votes[0], opinions[0], decisions[0]
	if in.xena, err = w.Key(act.Actor{Key: in.person["Xena"]}); err != nil {
		return err
	}
	in.own, err = w.Key(act.Actor{Key: in.person["admin"]})
	return err
}

// vote writes a vote that says what Pia's says, but for its choice.
func (in *insider) vote(choice string, key store.Signer) error {
	next := *in.pia.Record
	next.Choice = choice
	_, err := store.Create(in.Tx, voice.Votes, &next, key)
	return err
}

// checks runs duly-verify, as an outsider has it, on a bundle of the book.
func (v *voted) checks(flags ...string) (out string, err error) {
	v.t.Helper()
	file := filepath.Join(v.t.TempDir(), "bundle.zip")
	v.duly("export", "--disclose", "customer", "--disclose", "personal", "--out", file)
	text, err := exec.Command(verifiers(v.t), append(flags, file)...).CombinedOutput()
	return string(text), err
}

// TestNobodySpeaksForOthers protects those who vote, advise and decide from whoever runs
// the log, as an outsider sees it: with the log's key the insider signs every state of it,
// and the bundle does not verify with the people's own keys.
func TestNobodySpeaksForOthers(t *testing.T) {
	v := newVoted(t)
	for name, c := range map[string]struct {
		actor string // whom the entry names
		write func(*insider) error
		want  string // what duly-verify says; "" when the bundle holds
	}{
		"as it is":                       {"Pia", func(*insider) error { return nil }, ""},
		"a vote by the operator's key":   {"admin", func(in *insider) error { return in.vote("for", in.own) }, "whose roles do not allow this: vote"},
		"in the voter's name":            {"Pia", func(in *insider) error { return in.vote("for", in.own) }, "has not signed it"},
		"a vote by another member's key": {"Xena", func(in *insider) error { return in.vote("for", in.xena) }, "names another person than the one who signed it"},
		"a vote turned round": {"Pia", func(in *insider) error { return in.vote("for", copied(in.pia.Leaf.Sigs[0])) },
			"does not fit what the entry says"},
		"a vote cast again": {"Pia", func(in *insider) error { return in.vote("against", copied(in.pia.Leaf.Sigs[0])) },
			"does not fit what the entry says"},
		"a vote revised": {"Pia", func(in *insider) error {
			next := *in.pia.Record
			next.Choice = "for"
			_, _, err := store.Revise(in.Tx, voice.Votes, in.pia.ID, &next, copied(in.pia.Leaf.Sigs[0]))
			return err
		}, "does not fit what the entry says"},
		"a vote by a key that is nobody's": {"Pia", func(in *insider) error { return in.vote("for", stranger(in.t)) }, "not an active person of this log"},
		"an expert's opinion by another": {"Xena", func(in *insider) error {
			next := *in.eve.Record
			next.Choice, next.Conditions = "support", nil
			_, err := store.Create(in.Tx, voice.Opinions, &next, in.xena)
			return err
		}, "whose roles do not allow this: opinion"},
		"an expert's opinion turned round": {"Eve", func(in *insider) error {
			next := *in.eve.Record
			next.Choice, next.Conditions = "object", nil
			_, _, err := store.Revise(in.Tx, voice.Opinions, in.eve.ID, &next, copied(in.eve.Leaf.Sigs[0]))
			return err
		}, "does not fit what the entry says"},
		"a decision turned round": {"Abe", func(in *insider) error {
			next := *in.abe.Record
			next.Act = string(decision.Escalate)
			_, _, err := store.Revise(in.Tx, decision.Decisions, in.abe.ID, &next, copied(in.abe.Leaf.Sigs[0]))
			return err
		}, "does not fit what the entry says"},
	} {
		t.Run(name, func(t *testing.T) {
			f := v.forge(t, c.actor, c.write)
			out, err := f.checks("--key", v.key, "--people", v.people)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(out, c.want)) {
				t.Errorf("want %q, got %v:\n%s", c.want, err, out)
			}
		})
	}
}

// TestPeopleMadeUp protects against votes of members who do not exist, and against a whole
// log that was made again: both hold in themselves, and not with the keys that real people
// handed on.
func TestPeopleMadeUp(t *testing.T) {
	v := newVoted(t)
	key := stranger(t)
	joined := v.forge(t, "admin", func(in *insider) error {
		_, err := people.Add(in.Tx, "Paul", []act.Role{act.PanelMember}, key)
		return err
	})
	stuffed := joined.forge(t, "Paul", func(in *insider) error {
		next := *in.pia.Record
		next.Choice, next.Person = "for", key.ID()
		_, err := store.Create(in.Tx, voice.Votes, &next, key)
		return err
	})
	again := newVoted(t)
	for name, c := range map[string]struct {
		book  *voted
		flags []string
		want  string
	}{
		"a member made up":                  {stuffed, []string{"--key", v.key}, ""},
		"a member made up, with the keys":   {stuffed, []string{"--key", v.key, "--people", v.people}, "whose key is not among those that you gave"},
		"a log made again":                  {again, nil, ""},
		"a log made again, with its key":    {again, []string{"--key", v.key}, "key"},
		"a log made again, with the people": {again, []string{"--people", v.people}, "whose key is not among those that you gave"},
	} {
		out, err := c.book.checks(c.flags...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(out, c.want)) {
			t.Errorf("%s: want %q, got %v:\n%s", name, c.want, err, out)
		}
	}
}
