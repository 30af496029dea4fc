package engagement

import (
	"context"
	"crypto/sha256"
	"fmt"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// Freeze records the population of an engagement's period, signed by an assessor: what
// every leaf of the log says that stands before it. It holds the log's lock meanwhile, so
// that nothing is entered while it counts. O(n) in the entries of the log.
//
// Errors: Refused while the period lasts, and where a population was frozen under the
// same terms: who wants another has other terms approved.
func Freeze(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string) (*store.Revision[Population], error) {
	var ref store.Ref
	err := h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := Working(ctx, tx, h, id)
		if err != nil {
			return err
		}
		terms := s.Terms.Record
		if h.Today() <= terms.Upto {
			return refusal.Refuse(refusal.Deadline, "the period lasts until the end of "+terms.Upto, "freeze it afterwards")
		}
		had, err := population(ctx, tx, s)
		if err != nil {
			return err
		}
		if had != nil {
			return refusal.Refuse(refusal.Frozen, fmt.Sprintf("the population was frozen in entry %d", had.Seq), "other terms have to be approved before another is taken")
		}
		p := &Population{
			Day: h.Today(), Terms: s.Terms.Hash.String(), From: terms.From, Upto: terms.Upto, Size: tx.Size(), Matter: id, Person: h.By.Key,
			Commitment: bundle.Commitment(secret(h.Key, s.Terms.Hash)),
		}
		root, err := store.Root(ctx, tx, tx.Size())
		if err != nil {
			return err
		}
		p.Root = root.String()
		counted, err := count(ctx, tx, p)
		if err != nil {
			return err
		}
		p.set(counted.Tally())
		ref, err = store.Create(tx, Populations, p, h.Key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, db, Populations, ref.ID)
}

// secret is where the chain of an assessor's links begins: what only that key signs. So
// nothing has to be kept until the draw, and the assessor has it again then.
func secret(key store.Signer, terms ledger.Hash) [32]byte {
	s := key.Sign([]byte("duly/sample/secret/1\n" + terms.String()))
	return sha256.Sum256(s.Sig[:])
}

// population gives the population under the terms in force, or nil.
func population(ctx context.Context, q store.Queryer, s *Standing) (*store.Revision[Population], error) {
	list, err := store.Select(ctx, q, Populations, "r.engagement = $1", s.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if s.Terms != nil && p.Record.Terms == s.Terms.Hash.String() {
			return p, nil
		}
	}
	return nil, nil
}

// count reads every leaf before a population.
func count(ctx context.Context, q store.Queryer, p *Population) (*bundle.Population, error) {
	out, leaf := bundle.NewPopulation(p.From, p.Upto), &ledger.Leaf{}
	return out, store.Entries(ctx, q, 0, p.Size, func(e store.Entry) error {
		if err := leaf.Parse(e.Leaf); err != nil {
			return fault.Newf(fault.Broken, "entry %d of the log cannot be read", e.Seq).WithFix("run `duly verify`")
		}
		out.Add(leaf)
		return nil
	})
}

func (p *Population) set(t bundle.Tally) {
	n := t.Public()
	p.Hash = t.Hash
	p.Customers, p.Accounts, p.Deployments, p.Lanes = n["customers"], n["accounts"], n["deployments"], n["lanes"]
	p.Cases, p.Ratings, p.Decisions = n["cases"], n["ratings"], n["decisions"]
	p.Requests, p.Incidents, p.Inputs, p.Refusals = n["data_requests"], n["incidents"], n["inputs"], n["refusals"]
	p.Ended, p.OpenCases, p.LateCases, p.Unopened, p.Declined = n["ended"], n["open_cases"], n["late_cases"], n["unopened"], n["declined"]
	p.GraveRate, p.GraveAct, p.Afterward = n["grave_ratings"], n["grave_decisions"], n["afterward"]
}
