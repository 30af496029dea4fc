package assurance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// Withholding is a field that the company wants to withhold from the public report.
type Withholding struct {
	voice.Hand
	Engagement string
	Field      string // kind.field, for example contract.value
	Reason     string // as in [Redaction]
	Text       string
}

// Withhold records a redaction, signed by whoever approves it for the company. The value
// is withheld and the row stays: each withheld value keeps its digest, against which it can
// be proved later.
//
// Errors: NotFound for a kind or a field that is not there; Invalid without words, or for a
// reason that does not fit the field's class; Refused for what stands in clear, which may
// never be withheld, for what is withheld already, and once the engagement has ended: an
// assessor can say nothing to it any more.
func Withhold(ctx context.Context, db *store.DB, authority act.Authority, schemas []*ledger.Schema, x Withholding) (*Redaction, store.Ref, error) {
	if strings.TrimSpace(x.Text) == "" {
		return nil, store.Ref{}, fault.New(fault.Invalid, "a redaction says why in words, for the assessor", "give --text TEXT")
	}
	var r *Redaction
	var ref store.Ref
	err := x.Watch(ctx, db, authority, act.Withhold, "redaction", x.Engagement, func(tx *store.Tx) (err error) {
		if r, err = place(schemas, x.Field); err != nil {
			return err
		}
		if what := bundle.Withheld(r.Class, x.Reason); what != "" {
			return fault.New(fault.Invalid, what, "use another reason, or show the field")
		}
		s, err := engagement.Stand(ctx, tx, x.Engagement)
		if err == nil {
			err = s.InForce()
		}
		if err != nil {
			return err
		}
		all, err := RedactionsOf(ctx, tx, x.Engagement)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o *store.Revision[Redaction]) bool {
			return o.Record.State == "withheld" && o.Record.Schema == r.Schema && o.Record.Field == r.Field
		}) {
			return refusal.Refuse(refusal.Twice, x.Field+" is withheld already", "")
		}
		r.Terms, r.State, r.Reason, r.Day, r.Text, r.Matter, r.Person = s.Terms.Hash.String(), "withheld", x.Reason, x.Today(), x.Text, x.Engagement, x.By.Key
		ref, err = store.Create(tx, Redactions, r, x.Key)
		return err
	})
	return r, ref, err
}

// place finds a sealed field by kind and name in the newest schema of the kind.
func place(schemas []*ledger.Schema, name string) (*Redaction, error) {
	kind, field, _ := strings.Cut(name, ".")
	var schema *ledger.Schema
	for _, s := range schemas {
		if s.Kind == kind && (schema == nil || s.Version > schema.Version) {
			schema = s
		}
	}
	if schema == nil {
		return nil, fault.Newf(fault.NotFound, "there is no kind of record %q", kind).WithFix("name the field as kind.field, for example contract.value")
	}
	named := func(f ledger.Field) bool { return f.Name == field }
	if slices.ContainsFunc(schema.Public, named) {
		return nil, refusal.Refuse(refusal.Unredactable, name+" stands in clear in every entry: ratings, counts, findings, hard stops and overrides are withheld from nobody",
			"name a field that is sealed")
	}
	i := slices.IndexFunc(schema.Sealed, named)
	if i < 0 {
		return nil, fault.Newf(fault.NotFound, "a %s has no field %q", kind, field)
	}
	return &Redaction{Schema: schema.Hash().String(), Field: int64(i), Class: string(schema.Sealed[i].Class)}, nil
}

// Lift ends a redaction, signed by whoever approves that.
func Lift(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Withhold, "redaction", id, func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Redactions, id)
		if err != nil {
			return err
		}
		next := *r.Record
		if next.State != "withheld" {
			return refusal.Refuse(refusal.Twice, "the field is shown already", "")
		}
		next.State, next.Day, next.Person = "lifted", h.Today(), h.By.Key
		ref, _, err = store.Revise(tx, Redactions, id, &next, h.Key)
		return err
	})
	return ref, err
}

// Say records what an assessor says to a redaction, or a change of it. That the assessor
// disagrees does not undo the redaction: it stands beside it in public.
//
// Errors: Invalid for a disagreement without words.
func Say(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string, agrees bool, text string) (ref store.Ref, err error) {
	if !agrees && strings.TrimSpace(text) == "" {
		return ref, fault.New(fault.Invalid, "whoever disagrees says why", "give --text TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Assess, "redaction", id, func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Redactions, id)
		if err != nil {
			return err
		}
		if _, err := engagement.Working(ctx, tx, h, r.Record.Matter); err != nil {
			return err
		}
		ref, err = store.Create(tx, Consents, &Consent{Redaction: r.Hash.String(), Agrees: agrees, Day: h.Today(), Text: text, Matter: r.Record.Matter, Person: h.By.Key}, h.Key)
		return err
	})
	return ref, err
}

// RedactionsOf gives the redactions of an engagement in the order of the log.
func RedactionsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Redaction], error) {
	return store.Select(ctx, q, Redactions, "r.engagement = $1", id)
}

// ConsentsOf gives what assessors said to the redactions of an engagement, in the order of
// the log.
func ConsentsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Consent], error) {
	return store.Select(ctx, q, Consents, "r.engagement = $1", id)
}

// Stance gives what assessors said of a redaction: agreed, disagreed when one of them
// does, or not_said.
func Stance(said []*store.Revision[Consent], redaction ledger.Hash) string {
	newest := map[string]bool{}
	for _, c := range said {
		if c.Record.Redaction == redaction.String() {
			newest[c.Leaf.Actor] = c.Record.Agrees
		}
	}
	stance := "not_said"
	for _, agrees := range newest {
		if !agrees {
			return "disagreed"
		}
		stance = "agreed"
	}
	return stance
}

// FieldName gives the kind and the name of the field that a redaction withholds.
func (r *Redaction) FieldName(schemas map[ledger.Hash]*ledger.Schema) string {
	hash, err := ledger.ParseHash(r.Schema)
	if s := schemas[hash]; err == nil && s != nil && r.Field >= 0 && r.Field < int64(len(s.Sealed)) {
		return s.Kind + "." + s.Sealed[r.Field].Name
	}
	return fmt.Sprintf("field %d of a schema that is not known here", r.Field)
}
