package report_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/assurance"
	"duly/internal/attestation"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/engagement"
	"duly/internal/evidence"
	"duly/internal/gate"
	"duly/internal/index"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/internal/workspace"
	"duly/packs"
	"duly/schemas"
)

// stream gives the same bytes in every run, so that ids and salts are fixed.
type stream struct {
	n    uint64
	rest []byte
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) < len(p) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.n))
		s.n++
		s.rest = append(s.rest, sum[:]...)
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// clock starts on a fixed day and moves a second with each look.
func clock() func() time.Time {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

var rooms = []store.Migrations{
	register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, intake.Migrations, screening.Migrations,
	agreement.Migrations, usage.Migrations, attestation.Migrations, triage.Migrations, assessment.Migrations, refusal.Migrations, voice.Migrations, decision.Migrations, casework.Migrations, enforcement.Migrations, transparency.Migrations, gate.Migrations, engagement.Migrations, assurance.Migrations,
}

// bed is a workspace for tests.
type bed struct {
	testing.TB
	w     *workspace.Workspace
	actor string
}

func newBed(t testing.TB) *bed { return newBedAt(t, clock()) }

// newBedAt makes a workspace with a clock that the test moves.
func newBedAt(t testing.TB, now func() time.Time) *bed {
	t.Helper()
	w, err := workspace.Init(context.Background(), filepath.Join(t.TempDir(), "ws"), workspace.InitOptions{
		Options: workspace.Options{Now: now, Random: &stream{}, Rooms: rooms}, Origin: "vendor.example/duly", Operator: "Ada Runsit",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	a, err := w.Actor(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return &bed{t, w, a.Key}
}

func (b *bed) write(fn func(tx *store.Tx)) {
	b.Helper()
	if err := b.w.DB.Write(context.Background(), b.actor, func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatal(err)
	}
}

func put[T any](b *bed, tx *store.Tx, kind *ledger.Kind[T], record T, signers ...store.Signer) store.Ref {
	b.Helper()
	ref, err := store.Create(tx, kind, &record, signers...)
	if err != nil {
		b.Fatal(err)
	}
	return ref
}

// checkpoint signs what is committed.
func (b *bed) checkpoint() ([]byte, ledger.Checkpoint) {
	b.Helper()
	if _, err := b.w.Sign(context.Background()); err != nil {
		b.Fatal(err)
	}
	signed, c, err := b.w.Checkpoint()
	if err != nil {
		b.Fatal(err)
	}
	return signed, c
}

// logKey is the log's own key.
func (b *bed) logKey() *ledger.LogKey {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.w.Dir, "log.key"))
	if err != nil {
		b.Fatal(err)
	}
	keys, err := ledger.ParseLogKeys(string(text))
	if err != nil {
		b.Fatal(err)
	}
	return keys[0]
}

func (b *bed) build(signed []byte, c ledger.Checkpoint, classes ...ledger.Class) *report.Report {
	b.Helper()
	r, err := report.Build(context.Background(), b.w.DB, c, signed, classes)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bed) approver() (act.Actor, ledger.PersonKey) {
	b.Helper()
	ctx := context.Background()
	admin, err := b.w.Actor(ctx, "")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := b.w.AddPerson(ctx, admin, "Ben Decides", []act.Role{act.Approver}); err != nil {
		b.Fatal(err)
	}
	a, err := b.w.Actor(ctx, "Ben Decides")
	if err != nil {
		b.Fatal(err)
	}
	key, err := b.w.Key(a)
	if err != nil {
		b.Fatal(err)
	}
	return a, key
}

func render(t testing.TB, r *report.Report, write func(*report.Report, io.Writer) error) string {
	t.Helper()
	var out strings.Builder
	if err := write(r, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func origin(from string) register.Origin {
	return register.Origin{State: "active", ValidFrom: from, Received: "2026-11-20", Source: "billing-system", SourceRef: "row-1#x"}
}

func cents(n int64) *int64 { return &n }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// conditionsPack has a condition that telemetry can check and one that it cannot.
const conditionsPack = `
id: test-conditions
kind: conditions
version: "1"
title: Conditions of a test
status: project
license: Apache-2.0
sources:
  - {title: A made-up text, ref: none, grade: unverified}
parameters:
  - {name: threshold, text: The threshold., type: number, paths: [faceMatchThreshold], absent: {"*": 80}}
conditions:
  - id: T-HIGH
    title: Search with a high threshold
    text: Searches use 99 or more.
    status: mandatory
    effective_from: "2020-01-01"
    enforcement: technical
    checked_by: [telemetry]
    not_seen: What happens with the results.
    severity: high
    source: {title: A made-up text, ref: "1", grade: unverified}
    scope: {capabilities: [face_search]}
    events: event.source == "rekognition.amazonaws.com" && event.name in ["SearchFacesByImage"]
    deviation: param.threshold < 99.0
  - id: T-REVIEW
    title: A person looks at each match
    text: A trained person decides.
    status: mandatory
    effective_from: "2020-01-01"
    enforcement: audit
    checked_by: [audit]
    severity: high
    source: {title: A made-up text, ref: "2", grade: unverified}
    scope: {capabilities: [face_search]}
tests: []
`

// released gives a pack as it ships.
func released(t testing.TB, path string) *pack.Pack {
	t.Helper()
	data, err := packs.Files.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func knownSchemas(t testing.TB) bundle.Schemas {
	t.Helper()
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
