package assurance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// Right is a human right that an impact can be on, with the articles that protect it.
type Right struct{ ID, Title, Articles string }

// Rights lists the rights of the International Bill of Human Rights, and of children,
// that impacts are held against. Those that methods score go by the same ids.
//
// Source: UDHR (1948), ICCPR and ICESCR (1966), CERD (1965), CRC (1989), by article.
var Rights = []Right{
	{"life", "Life", "UDHR 3; ICCPR 6"},
	{"integrity", "Freedom from torture and ill-treatment", "UDHR 5; ICCPR 7 and 10"},
	{"liberty", "Liberty and security of the person", "UDHR 3 and 9; ICCPR 9"},
	{"fair_trial", "Fair trial", "UDHR 10 and 11; ICCPR 14"},
	{"privacy", "Privacy", "UDHR 12; ICCPR 17"},
	{"family", "Family", "UDHR 16; ICCPR 23; ICESCR 10"},
	{"movement", "Freedom of movement", "UDHR 13; ICCPR 12"},
	{"asylum", "Asylum", "UDHR 14"},
	{"belief", "Religion or belief", "UDHR 18; ICCPR 18"},
	{"expression", "Expression", "UDHR 19; ICCPR 19"},
	{"assembly", "Peaceful assembly", "UDHR 20; ICCPR 21"},
	{"association", "Association", "UDHR 20; ICCPR 22"},
	{"participation", "Public participation", "UDHR 21; ICCPR 25"},
	{"non_discrimination", "Non-discrimination", "UDHR 2 and 7; ICCPR 26; CERD 5"},
	{"services", "Health, social security and legal identity", "UDHR 6, 22 and 25; ICESCR 9 and 12"},
	{"work", "Work, and fair conditions of it", "UDHR 23; ICESCR 6 and 7"},
	{"child", "Rights of the child", "CRC 3, 16 and 19; ICCPR 24"},
	{"remedy", "Effective remedy", "UDHR 8; ICCPR 2"},
}

// severeFrom is the severity of one component from which on an impact is severe: the
// components need not come together.
const severeFrom = 4

// Harm is an impact as an assessor states it. What is in clear, what follows from it and
// who signs it is filled in by [Hold].
type Harm struct {
	voice.Hand
	Engagement string
	Impact     Impact
	Evidence   []int64 // entries
}

// Hold records an impact, or its next revision, signed by the assessor, with the duty that
// follows from the involvement by principle 19. Where leverage or how crucial the
// relationship is are not known, everything that may be asked stands.
//
// Errors: Invalid for an impact without a right, a group, a component of severity, or the
// reasons for the involvement; Refused for harm that the company caused or contributed to
// and that has no plan to put it right with its day, and for harm that is said to have
// happened on the word of who uses the product alone.
func Hold(ctx context.Context, db *store.DB, authority act.Authority, x Harm, id string) (*Impact, store.Ref, error) {
	i := x.Impact
	if err := i.check(); err != nil {
		return nil, store.Ref{}, err
	}
	if err := i.duty(); err != nil {
		return nil, store.Ref{}, err
	}
	i.State, i.Day, i.Matter, i.Person = "held", x.Today(), x.Engagement, x.By.Key
	var ref store.Ref
	err := x.Watch(ctx, db, authority, act.Assess, attempt, i.Subject, func(tx *store.Tx) error {
		s, err := engagement.Working(ctx, tx, x.Hand, x.Engagement)
		if err != nil {
			return err
		}
		i.Terms = s.Terms.Hash.String()
		if i.Evidence, err = leaves(ctx, tx, x.Evidence); err != nil {
			return err
		}
		if what := bundle.Involved(i.Involvement, i.PlanDue, i.Actual, i.Bases); what != "" {
			return refusal.Refuse(refusal.Plan, what, "give the plan and its day, or what else shows the use")
		}
		if id == "" {
			ref, err = store.Create(tx, Impacts, &i, x.Key)
			return err
		}
		if err := own(ctx, tx, id, x.Engagement); err != nil {
			return err
		}
		ref, _, err = store.Revise(tx, Impacts, id, &i, x.Key)
		return err
	})
	return &i, ref, err
}

// Drop withdraws an impact that the assessor no longer holds. It stays in the log.
func Drop(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, engaged, id, reasons string) (ref store.Ref, err error) {
	if strings.TrimSpace(reasons) == "" {
		return ref, fault.New(fault.Invalid, "whoever withdraws an impact says why", "give --text TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := engagement.Working(ctx, tx, h, engaged)
		if err != nil {
			return err
		}
		if err := own(ctx, tx, id, engaged); err != nil {
			return err
		}
		held, err := store.Get(ctx, tx, Impacts, id)
		if err != nil {
			return err
		}
		next := *held.Record
		next.State, next.Day, next.Reasons, next.Person, next.Terms = "withdrawn", h.Today(), reasons, h.By.Key, s.Terms.Hash.String()
		ref, _, err = store.Revise(tx, Impacts, id, &next, h.Key)
		return err
	})
	return ref, err
}

func own(ctx context.Context, tx *store.Tx, id, engaged string) error {
	held, err := store.Get(ctx, tx, Impacts, id)
	if err == nil && held.Record.Matter != engaged {
		err = fault.Newf(fault.NotFound, "there is no impact %s in this engagement", id)
	}
	return err
}

// ImpactsOf gives the impacts of an engagement in the order of the log, also those that
// were withdrawn.
func ImpactsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Impact], error) {
	return store.Select(ctx, q, Impacts, "r.engagement = $1", id)
}

// check refuses what cannot be saved (RS-13).
func (i *Impact) check() error {
	need := func(what, fix string) error { return fault.New(fault.Invalid, what, fix) }
	for _, c := range []struct {
		name string
		n    int64
	}{{"scale", i.Scale}, {"scope", i.Scope}, {"irremediability", i.Irremediable}} {
		if c.n < 1 || c.n > 5 {
			return fault.Newf(fault.Invalid, "an impact without its %s from 1 to 5 cannot be weighed", c.name).WithFix("give --" + c.name)
		}
	}
	_, err := time.Parse(time.DateOnly, i.PlanDue)
	switch {
	case i.Subject == "":
		return need("an impact is of somebody's use", "name the deployment or the account")
	case !slices.ContainsFunc(Rights, func(r Right) bool { return r.ID == i.Right }):
		return need(fmt.Sprintf("%q is no human right of the catalogue", i.Right), "see them with `duly impact rights`")
	case len(i.Groups) == 0:
		return need("an impact is on people", "name those affected with --group")
	case i.Involvement == "" || strings.TrimSpace(i.Reasons) == "":
		return need("the company's involvement, and the reasons for it, are missing", "give --involvement and --text")
	case len(i.Bases) == 0:
		return need("it is not said from what the use is known", "give --known-from")
	case strings.TrimSpace(i.Stated) == "" && slices.Contains(i.Bases, "stated"), strings.TrimSpace(i.Observed) == "" && slices.ContainsFunc(i.Bases, func(b string) bool { return b != "stated" }):
		return need("stated use and actual use are told apart", "give --stated for what the customer says, and --observed for what was seen")
	case i.PlanDue != "" && err != nil:
		return need(fmt.Sprintf("%q is not a date", i.PlanDue), "write it as YYYY-MM-DD")
	case (i.PlanDue == "") != (strings.TrimSpace(i.Plan) == ""):
		return need("a plan to put harm right has a day, and a day a plan", "give --plan and --plan-due")
	}
	return nil
}

// duty fills in what principle 19 asks for.
func (i *Impact) duty() error {
	f, err := assessment.Principles()
	if err != nil {
		return err
	}
	table, ok := f.Table("gp19")
	if !ok {
		return fault.New(fault.Failed, "the guiding principles of this release have no table gp19", "")
	}
	values := framework.Values{"involvement": i.Involvement, "severe": max(i.Scale, i.Scope, i.Irremediable) >= severeFrom}
	if i.Leverage != "" {
		values["leverage"] = i.Leverage
	}
	if i.Crucial != nil {
		values["crucial"] = *i.Crucial
	}
	decided, err := table.Decide(values)
	if err != nil {
		return err
	}
	i.Actions, i.Relationships = nil, nil
	for _, row := range decided.Rows {
		i.Actions = append(i.Actions, row.Then["action"])
		i.Relationships = append(i.Relationships, row.Then["relationship"])
		i.Remedy = row.Then["remedy"] // one for each involvement: a test holds the table to it
	}
	for _, list := range []*[]string{&i.Actions, &i.Relationships} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return nil
}
