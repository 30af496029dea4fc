package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

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
	"duly/internal/fault"
	"duly/internal/gate"
	"duly/internal/index"
	"duly/internal/intake"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/retention"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
	"duly/internal/voice"
	"duly/internal/workspace"
	"duly/schemas"
)

// app is what commands share: the context, the flags, the clock and the streams.
type app struct {
	ctx    context.Context
	cli    *cli
	now    func() time.Time
	stdout io.Writer
	stderr io.Writer
}

// rooms lists the tables of every room, in the order in which they are made.
func rooms() []store.Migrations {
	return []store.Migrations{
		refusal.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, index.Migrations, voice.Migrations, transparency.Migrations, intake.Migrations, screening.Migrations,
		agreement.Migrations, usage.Migrations, attestation.Migrations, triage.Migrations, assessment.Migrations, decision.Migrations, casework.Migrations, enforcement.Migrations, gate.Migrations, retention.Migrations, engagement.Migrations, assurance.Migrations,
	}
}

// kinds lists the schema of every kind of record, for the released documents.
func kinds() []*ledger.Schema {
	return []*ledger.Schema{
		store.Epochs.Schema(), store.Erasures.Schema(), store.Balances.Schema(), people.Persons.Schema(),
		register.Accounts.Schema(), register.Customers.Schema(), register.Identifiers.Schema(), register.Owners.Schema(),
		register.Relationships.Schema(), register.Products.Schema(), register.Deployments.Schema(), register.Contracts.Schema(),
		register.Parties.Schema(), register.Interests.Schema(),
		evidence.Sources.Schema(), evidence.Facts.Schema(), index.Editions.Schema(), runs.Runs.Schema(), runs.Packs.Schema(),
		intake.Ambiguities.Schema(), screening.Lists.Schema(), screening.ListUpdates.Schema(), screening.Hits.Schema(),
		agreement.Agreements.Schema(), usage.ObjectRecords.Schema(), usage.Counts.Schema(), usage.Coverages.Schema(), usage.Findings.Schema(), usage.ShownRecords.Schema(),
		attestation.Requests.Schema(), attestation.Attestations.Schema(),
		triage.Triages.Schema(), assessment.Ratings.Schema(), assessment.Exposures.Schema(), assessment.Scores.Schema(), decision.Decisions.Schema(),
		casework.Reviews.Schema(), casework.Sweeps.Schema(), casework.Signals.Schema(), casework.Capacities.Schema(), casework.Changes.Schema(), casework.Samples.Schema(),
		casework.Leaves.Schema(), casework.Contacts.Schema(), casework.Sights.Schema(),
		decision.Criticalities.Schema(), decision.ExitImpacts.Schema(), decision.Notices.Schema(), decision.Responses.Schema(), decision.Checks.Schema(), enforcement.Proceedings.Schema(), refusal.Refusals.Schema(),
		voice.Opinions.Schema(), voice.Panels.Schema(), voice.Seats.Schema(), voice.Resignations.Schema(), voice.Referrals.Schema(),
		voice.Declarations.Schema(), voice.Votes.Schema(), voice.Answers.Schema(), voice.Stakeholders.Schema(), voice.Consultations.Schema(),
		voice.Sessions.Schema(), voice.Inputs.Schema(), voice.Compensations.Schema(),
		transparency.Partnerships.Schema(), transparency.Requests.Schema(), transparency.Claims.Schema(), transparency.ContentSamples.Schema(),
		transparency.PublishedFigures.Schema(), transparency.Incidents.Schema(), gate.Enforcements.Schema(), gate.Glasses.Schema(), retention.Holds.Schema(),
		transparency.Policies.Schema(), transparency.Embeddings.Schema(), transparency.Listings.Schema(),
		engagement.Engagements.Schema(), engagement.Independences.Schema(), engagement.Assignments.Schema(), engagement.Populations.Schema(),
		engagement.Samples.Schema(), engagement.Witnesses.Schema(), engagement.Reconciliations.Schema(), engagement.Requests.Schema(), engagement.Efforts.Schema(),
		assurance.Tests.Schema(), assurance.Workpapers.Schema(), assurance.Impacts.Schema(), assurance.Determinations.Schema(), assurance.Dissents.Schema(),
		assurance.Replies.Schema(), assurance.Redactions.Schema(), assurance.Consents.Schema(), assurance.Publications.Schema(),
	}
}

// clock is where the time of a command comes from; stories that last for weeks are
// tested with another.
var clock = time.Now

func options() workspace.Options { return workspace.Options{Rooms: rooms()} }

// options are those of every workspace, by the command's clock.
func (a *app) options() workspace.Options { return workspace.Options{Rooms: rooms(), Now: a.now} }

// open opens the workspace that the flags name.
func (a *app) open() (*workspace.Workspace, error) {
	return workspace.Open(a.ctx, a.cli.Workspace, a.options())
}

// write opens the workspace, runs fn and signs what it committed, even when fn
// failed half-way: what is committed is covered.
func (a *app) write(fn func(*workspace.Workspace) error) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.DB.Writable(); err != nil {
		return err
	}
	err = fn(w)
	if _, signErr := w.Sign(context.WithoutCancel(a.ctx)); err == nil {
		err = signErr
	}
	return err
}

// print writes v as JSON when --json is given, and as text otherwise.
func (a *app) print(v any, text func(io.Writer)) error {
	if !a.cli.JSON {
		text(a.stdout)
		return nil
	}
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the output")
	}
	return nil
}

// written says where a command that writes a file put its answer.
type written struct {
	Out  string `json:"out"`
	Rows int    `json:"rows,omitempty"`
}

// wrote says where the answer is: as JSON when --json is given, and as a line of
// progress otherwise, so that an answer written to standard output stays whole.
func (a *app) wrote(w written, line string) error {
	if a.cli.JSON {
		return a.print(w, nil)
	}
	if line != "" {
		a.progress("%s", line)
	}
	return nil
}

// progress writes a line to standard error.
func (a *app) progress(format string, args ...any) {
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

// columns is the width that texts of any length are broken to.
const columns = 100

// wrap breaks a text into lines that fit the columns, each ended, the first after
// begin and the others beneath it.
func wrap(begin, text string) string {
	var out strings.Builder
	out.WriteString(begin)
	at := len(begin)
	indent := strings.Repeat(" ", at)
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case at+1+utf8.RuneCountInString(word) > columns:
			out.WriteString("\n" + indent)
			at = len(indent)
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += utf8.RuneCountInString(word)
	}
	return out.String() + "\n"
}

func released() (bundle.Schemas, error) { return bundle.ReadSchemas(schemas.Files) }

// may gives the person who acts (the operator when name is empty) if that person
// may do it. Who may not is refused, and the attempt is logged, unless it only reads.
func (a *app) may(w *workspace.Workspace, name string, what act.Act) (act.Actor, error) {
	actor, err := w.Actor(a.ctx, name)
	if err != nil {
		return actor, err
	}
	word, writes := attempts[what]
	if !writes {
		return actor, act.Default.May(actor, what)
	}
	return actor, refusal.Watch(a.ctx, w.DB, refusal.Attempt{Act: word, By: actor, Now: w.Now()}, func() error { return act.Default.May(actor, what) })
}

// attempts are the words by which the log knows the acts of commands that write.
var attempts = map[act.Act]string{
	act.Load: "load", act.SetFact: "fact", act.CloseHit: "hit", act.Score: "score", act.Judge: "assessment", act.Commit: "method", act.Adopt: "method",
	act.Decide: "decision",
}

// count gives a function that shows progress on standard error, at most every
// fifth of a second, and the end.
func (a *app) count(what string) func(done, all int) {
	var last time.Time
	shown := 0
	return func(done, all int) {
		now := time.Now()
		if done > 0 && done != shown && (done == all || now.Sub(last) > 200*time.Millisecond) {
			last, shown = now, done
			fmt.Fprintf(a.stderr, "%d of %d %s\n", done, all, what)
		}
	}
}
