package attestation

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/calendar"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/usage"
)

// Ask asks a questionnaire of a deployment, about the conditions that bind it today. The
// answers are to come by the due day; without one it is the next of the calendar. They
// are about the days before it, as many months as the questionnaire says, from the
// agreement on. The same request again is not written again; known says so.
//
// Errors: NotFound for a deployment; Invalid for a day that is none; Refused when no
// condition binds it that needs an attestation.
func Ask(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, a Asked, deployment, due, today string) (ref store.Ref, r *Request, known bool, err error) {
	if err := authority.May(by, act.Attest); err != nil {
		return ref, nil, false, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		if r, err = a.draft(ctx, tx, deployment, due, today); err != nil {
			return err
		}
		before, err := store.Select(ctx, tx, Requests, "r.deployment = $1 and r.state = $2", deployment, Open)
		if err != nil {
			return err
		}
		for _, b := range before {
			if b.Record.Pack == r.Pack && b.Record.Due == r.Due {
				ref, r, known = b.Ref, b.Record, true
				return nil
			}
		}
		for _, p := range []*pack.Pack{a.Pack, a.terms} {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
		}
		ref, err = store.Create(tx, Requests, r)
		return err
	})
	return ref, r, known, err
}

func (a Asked) draft(ctx context.Context, q store.Queryer, deployment, due, today string) (*Request, error) {
	book, err := agreement.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	ids, since, err := a.covers(book, deployment, today)
	switch {
	case err != nil:
		return nil, err
	case since == "":
		return nil, fault.Newf(fault.Refused, "no condition that needs an attestation, and that %s asks about, binds the deployment on %s", a.Pack.ID, today).
			WithFix("record what was agreed to with `duly conditions agree`")
	case due == "":
		due = NextDue(since, a.Every, today)
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", due).WithFix("write it as YYYY-MM-DD")
	}
	if due <= since || due < today {
		return nil, fault.Newf(fault.Invalid, "answers cannot be due on %s: the conditions bind since %s, and today is %s", due, since, today).WithFix("give a later day")
	}
	return &Request{
		State: Open, Asked: today, Due: due, From: max(since, months(due, -a.Every)), Upto: calendar.Later(due, -1), Count: int64(len(ids)),
		Questionnaire: a.Pack.Hash, Terms: a.terms.Hash, Deployment: deployment, Pack: a.Pack.ID, Conditions: ids,
	}, nil
}

// tokenHash gives the hash by which a request knows the token of its form.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// NewForm makes the form of an open request, with a token of its own: forms that were made
// before are void from then on.
//
// Errors: NotFound; Refused when the request is no longer open.
func NewForm(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id string, random io.Reader) (f *Form, err error) {
	if err := authority.May(by, act.Attest); err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "there is no randomness for a token")
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		r, err := openRequest(ctx, tx, id)
		if err != nil {
			return err
		}
		q, set, err := r.Record.packs(ctx, tx)
		if err != nil {
			return err
		}
		d, err := store.Get(ctx, tx, register.Deployments, r.Record.Deployment)
		if err != nil {
			return err
		}
		f = newForm(id, r.Record, q, set, d.Record.Capability, hex.EncodeToString(secret))
		next := *r.Record
		next.Token = tokenHash(f.Token)
		_, _, err = store.Revise(tx, Requests, id, &next)
		return err
	})
	return f, err
}

func openRequest(ctx context.Context, q store.Queryer, id string) (*store.Revision[Request], error) {
	r, err := store.Get(ctx, q, Requests, id)
	switch {
	case err != nil:
		return nil, fault.Newf(fault.NotFound, "there is no request %.60q", id).WithFix("see `duly attestation due` for those that are open")
	case r.Record.State != Open:
		return nil, fault.Newf(fault.Refused, "the request is %s already, in entry %d", r.Record.State, r.Seq).WithFix("ask again if there is more to say")
	}
	return r, nil
}

// packs gives what the request asks, and the conditions that it is about, by the exact
// bytes that were in use when it was written.
func (r *Request) packs(ctx context.Context, q store.Queryer) (*Questionnaire, *conditions.Set, error) {
	var read [2]*pack.Pack
	for i, hash := range []string{r.Questionnaire, r.Terms} {
		data, err := runs.Bytes(ctx, q, hash)
		if err != nil {
			return nil, nil, err
		}
		if read[i], err = pack.Parse(r.Pack+" as recorded", data); err != nil {
			return nil, nil, err
		}
	}
	ask, err := Load(read[0])
	if err != nil {
		return nil, nil, err
	}
	set, err := conditions.Load(read[1])
	return ask.about(r.Conditions), set, err
}

// Withdraw takes back a request that is open.
//
// Errors: NotFound; Invalid without a reason; Refused when it is no longer open.
func Withdraw(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id, reason string) error {
	if err := authority.May(by, act.Attest); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "a request is not withdrawn without a reason", "say why")
	}
	return db.Write(ctx, by.Key, func(tx *store.Tx) error {
		r, err := openRequest(ctx, tx, id)
		if err != nil {
			return err
		}
		next := *r.Record
		next.State, next.Reason = Withdrawn, reason
		_, _, err = store.Revise(tx, Requests, id, &next)
		return err
	})
}

// Receive reads what an outsider answered and records it, once a request. The documents
// that the answers name are hashed and not kept; nil means that none came.
//
// Errors: Invalid for answers that cannot be read, which name the question; NotFound for
// a request that is not here; Refused for one that was answered, for a token that is not
// that of its last form, and for answers to another questionnaire.
func Receive(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, today string, data []byte, evidence fs.FS) (ref store.Ref, a *Attestation, err error) {
	if err := authority.May(by, act.Attest); err != nil {
		return ref, nil, err
	}
	answers, err := ParseAnswers(data)
	if err != nil {
		return ref, nil, err
	}
	if err := answers.hash(evidence, today); err != nil {
		return ref, nil, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		r, err := openRequest(ctx, tx, answers.Request)
		if err != nil {
			return err
		}
		switch hash := tokenHash(answers.Token); {
		case subtle.ConstantTimeCompare([]byte(hash), []byte(r.Record.Token)) != 1:
			return fault.New(fault.Refused, "the token of the answers is not that of the last form of this request", "ask for the answers on the form that was sent last")
		case answers.Questionnaire != r.Record.Questionnaire:
			return fault.New(fault.Refused, "the answers are to another questionnaire than was asked", "ask for the answers on the form that was sent last")
		case today < r.Record.From:
			return fault.Newf(fault.Refused, "the answers are about days from %s on, which are yet to come", r.Record.From)
		}
		if a, err = weigh(ctx, tx, r, answers, today); err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		a.SHA256 = hex.EncodeToString(sum[:])
		if ref, err = store.Create(tx, Attestations, a); err != nil {
			return err
		}
		next := *r.Record
		next.State = Answered
		_, _, err = store.Revise(tx, Requests, r.ID, &next)
		return err
	})
	return ref, a, err
}

// weigh makes the record of answers: what they say, and what telemetry says beside it.
func weigh(ctx context.Context, q store.Queryer, r *store.Revision[Request], answers *Answers, today string) (*Attestation, error) {
	ask, set, err := r.Record.packs(ctx, q)
	if err != nil {
		return nil, err
	}
	says, err := ask.Says(answers.Answers)
	if err != nil {
		return nil, err
	}
	a := &Attestation{
		Received: today, Late: today > r.Record.Due, From: r.Record.From, Upto: min(r.Record.Upto, today), Role: answers.Attester.Role,
		Documents: int64(len(answers.Evidence)), Questionnaire: r.Record.Questionnaire,
		Deployment: r.Record.Deployment, Request: r.ID, Attester: answers.Attester.Name,
	}
	for _, x := range ask.Questions {
		answer := answers.Answers[x.ID]
		if answer == "" {
			continue
		}
		a.Answers = append(a.Answers, x.ID+" "+answer)
		shown := slices.ContainsFunc(answers.Evidence, func(e Evidence) bool { return e.Question == x.ID })
		if x.Evidence != "" && !shown {
			a.Bare++
		}
	}
	for _, e := range answers.Evidence {
		a.Evidence = append(a.Evidence, e.Question+" "+e.Day+" "+e.sha256)
		if a.EvidenceDay == "" || e.Day < a.EvidenceDay {
			a.EvidenceDay = e.Day
		}
	}
	span, err := usage.Within(ctx, q, a.Deployment, a.From, a.Upto)
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(r.Record.Conditions))
	for i, id := range r.Record.Conditions {
		outcomes[i] = beside(says[id], id, span, set)
	}
	a.conclude(outcomes, span)
	return a, nil
}

// Compare compares all attestations with what was counted since, and records what came
// out otherwise. It gives the attestations that changed, in the order of the log.
func Compare(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor) (changed []*store.Revision[Attestation], err error) {
	if err := authority.May(by, act.Attest); err != nil {
		return nil, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		list, err := store.Select(ctx, tx, Attestations, "")
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Record.Request == "" || len(a.Record.Outcomes) == 0 {
				continue // erased: there is nothing left to compare
			}
			next, err := again(ctx, tx, a.Record)
			if err != nil {
				return err
			}
			ref, wrote, err := store.Revise(tx, Attestations, a.ID, next)
			if err != nil {
				return err
			}
			if wrote {
				changed = append(changed, &store.Revision[Attestation]{Ref: ref, Record: next})
			}
		}
		return nil
	})
	return changed, err
}

// again compares an attestation with what is counted now.
func again(ctx context.Context, q store.Queryer, a *Attestation) (*Attestation, error) {
	r, err := store.Get(ctx, q, Requests, a.Request)
	if err != nil {
		return nil, err
	}
	_, set, err := r.Record.packs(ctx, q)
	if err != nil {
		return nil, err
	}
	span, err := usage.Within(ctx, q, a.Deployment, a.From, a.Upto)
	if err != nil {
		return nil, err
	}
	outcomes := a.Came()
	for i, o := range outcomes {
		outcomes[i] = beside(o.said(), o.Condition, span, set)
	}
	next := *a
	next.conclude(outcomes, span)
	return &next, nil
}
