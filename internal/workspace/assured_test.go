package workspace_test

import (
	"context"
	"testing"

	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

// concluded fills the kinds of what assessors test and conclude, on the engagement that
// assessed began.
func concluded(with func(*ledger.Schema, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey))) {
	with(once(assurance.Tests, func(r *assurance.Test, tx *store.Tx) {
		r.Day, r.Terms, r.Of, r.How, r.Conclusion, r.Sample, r.Extends, r.Reuses = today(tx), approved(tx), assurance.Design, assurance.Inspection, assurance.Effective, "", "", ""
		r.Grave, r.GraveMissed = 0, 0
		r.Items, r.Kept, r.Deviations, r.NotTestable, r.Bound, r.Causes, r.Results = 1, 1, 0, 0, nil, nil, []string{"a=kept"}
	}))
	with(once(assurance.Workpapers, func(r *assurance.Workpaper, tx *store.Tx) { r.Day, r.Terms = today(tx), approved(tx) }))
	with(of(assurance.Impacts, func(r *assurance.Impact, _ int, tx *store.Tx) {
		r.Day, r.State, r.Terms, r.Actual, r.Involvement, r.Remedy = today(tx), "held", approved(tx), false, "linked", "not_required"
	}))
	with(once(assurance.Determinations, func(r *assurance.Determination, tx *store.Tx) {
		terms := onTerms(tx)
		r.Day, r.Terms, r.Level, r.Conclusion = today(tx), terms.Hash.String(), terms.Record.Level, assurance.Indeterminate
		r.Population, r.Examined, r.Unmapped, r.Coverage, r.Required = frozen(tx), 0, bundle.Whole/2, 0, bundle.Whole
		r.Controls, r.Effective, r.NotEffective, r.Absent, r.Untested, r.Involved = 2, 0, 0, 0, 2, 0
	}))
	schema, dissent := once(assurance.Dissents, func(r *assurance.Dissent, tx *store.Tx) {
		r.Day, r.Determination, r.Conclusion = today(tx), newest(tx, assurance.Determinations), assurance.No
	})
	with(schema, func(t testing.TB, w *workspace.Workspace, signer ledger.PersonKey) {
		id, err := engagement.Find(context.Background(), w.DB, "")
		if err == nil {
			err = declare(w.DB, hand(signer), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		dissent(t, w, signer)
	})
	with(once(assurance.Replies, func(r *assurance.Reply, tx *store.Tx) {
		r.Day, r.Determination = today(tx), newest(tx, assurance.Determinations)
	}))
	with(once(assurance.Redactions, func(r *assurance.Redaction, tx *store.Tx) {
		had, err := store.Select(context.Background(), tx, assurance.Redactions, "")
		if err != nil {
			panic(err)
		}
		sealed := evidence.Sources.Schema().Sealed
		r.Day, r.State, r.Terms, r.Schema, r.Field = today(tx), "withheld", approved(tx), evidence.Sources.Schema().Hash().String(), int64(len(had))
		r.Class, r.Reason = string(sealed[len(had)].Class), "privacy"
	}))
	with(once(assurance.Consents, func(r *assurance.Consent, tx *store.Tx) {
		r.Day, r.Redaction = today(tx), newest(tx, assurance.Redactions)
	}))
	with(once(assurance.Publications, func(r *assurance.Publication, tx *store.Tx) { // of the company, whose approver signs here
		r.What, r.Terms, r.Size, r.Day = assurance.OfReport, "", 1, today(tx)
	}))
}

// frozen gives how many deployments the population has.
func frozen(tx *store.Tx) int64 {
	list, err := store.Select(context.Background(), tx, engagement.Populations, "")
	if err != nil {
		panic(err)
	}
	return list[0].Record.Deployments
}

// onTerms gives the terms of reference that the governing body approved, and approved their
// leaf hash.
func onTerms(tx *store.Tx) *store.Revision[engagement.Engagement] {
	list, err := store.Select(context.Background(), tx, engagement.Engagements, "r.state = 'approved'")
	if err != nil {
		panic(err)
	}
	return list[0]
}

func approved(tx *store.Tx) string { return onTerms(tx).Hash.String() }

// newest gives the leaf hash of the newest record of a kind.
func newest[T any](tx *store.Tx, kind *ledger.Kind[T]) string {
	list, err := store.Select(context.Background(), tx, kind, "")
	if err != nil {
		panic(err)
	}
	return list[len(list)-1].Hash.String()
}
