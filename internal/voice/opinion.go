package voice

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Saying is an opinion that an expert wants to give.
type Saying struct {
	Hand
	Subject    string // deployment or account
	Choice     string // support, support_with_conditions or object
	Conditions []string
	Text       string
}

// Give records an expert's opinion on the newest rating of a subject, signed with the
// expert's own key.
//
// Errors: Invalid for an unknown choice, without a text, and for conditions that do not
// fit the choice. Refused for a person whose roles do not let it advise, who prepared
// the rating, who voted on it, or who has an opinion on it already.
func Give(ctx context.Context, db *store.DB, authority act.Authority, find Find, s Saying) (store.Ref, error) {
	if !slices.Contains([]string{"support", "support_with_conditions", "object"}, s.Choice) {
		return store.Ref{}, fault.Newf(fault.Invalid, "%q is no opinion", s.Choice).WithFix("use support, support_with_conditions or object")
	}
	if err := needs(s.Text, "an opinion needs its reasons", "give --text TEXT"); err != nil {
		return store.Ref{}, err
	}
	if (s.Choice == "support_with_conditions") != (len(s.Conditions) > 0) {
		return store.Ref{}, fault.New(fault.Invalid, "conditions are asked for exactly where the opinion is support_with_conditions", "give --condition TEXT for each")
	}
	var ref store.Ref
	err := s.Watch(ctx, db, authority, act.Opine, "opinion", s.Subject, func(tx *store.Tx) error {
		rated, err := find(ctx, tx, s.Subject)
		if err != nil {
			return err
		}
		if rated.Preparer == s.By.Key {
			return refusal.Refuse(refusal.FourEyes, "whoever prepared the rating cannot be the expert on it", "another expert gives the opinion")
		}
		heard, err := On(ctx, tx, rated.Hash)
		if err != nil {
			return err
		}
		if heard.Voted[s.By.Key] {
			return refusal.Refuse(refusal.FourEyes, "whoever voted on this rating cannot be the expert on it", "another expert gives the opinion")
		}
		for _, o := range heard.Opinions {
			if o.Record.Person == s.By.Key {
				return refusal.Refuse(refusal.Twice, "this expert has an opinion on this rating already", "withdraw it first with `duly opinion withdraw "+o.ID+"`")
			}
		}
		ref, err = store.Create(tx, Opinions, &Opinion{
			State: "given", Choice: s.Choice, Subject: rated.Subject, Rating: rated.Hash, Conditions: s.Conditions, Text: strings.TrimSpace(s.Text), Person: s.By.Key,
		}, s.Key)
		return err
	})
	return ref, err
}

// Withdraw takes an opinion back, signed by whoever gave it. It stays in the log and
// no longer counts.
func Withdraw(ctx context.Context, db *store.DB, authority act.Authority, h Hand, id string) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Opine, "opinion", "", func(tx *store.Tx) error {
		o, err := store.Get(ctx, tx, Opinions, id)
		if err != nil {
			return err
		}
		next := *o.Record
		switch {
		case next.Person != h.By.Key:
			return refusal.Refuse(refusal.Key, "the opinion is somebody else's", "only who gave it takes it back")
		case next.State != "given":
			return refusal.Refuse(refusal.Twice, "the opinion is withdrawn already", "")
		}
		next.State = "withdrawn"
		ref, _, err = store.Revise(tx, Opinions, id, &next, h.Key)
		return err
	})
	return ref, err
}

// OpinionsOf gives all opinions on a subject in the order of the log, of whatever
// rating and withdrawn ones included.
func OpinionsOf(ctx context.Context, q store.Queryer, subject string) ([]*store.Revision[Opinion], error) {
	return store.Select(ctx, q, Opinions, "r.subject = $1", subject)
}

// Heard is what was said of one rating.
type Heard struct {
	Opinions []*store.Revision[Opinion] // given and not withdrawn
	Advised  map[string]bool            // key ids of all who gave an opinion, withdrawn ones included
	Voted    map[string]bool            // key ids of all who voted
	Matters  []*store.Revision[Referral]
}

// On gives what was said of the rating with a leaf hash.
func On(ctx context.Context, q store.Queryer, rating string) (*Heard, error) {
	h := &Heard{Advised: map[string]bool{}, Voted: map[string]bool{}}
	opinions, err := store.Select(ctx, q, Opinions, "r.rating = $1", rating)
	if err != nil {
		return nil, err
	}
	for _, o := range opinions {
		h.Advised[o.Record.Person] = true
		if o.Record.State == "given" {
			h.Opinions = append(h.Opinions, o)
		}
	}
	if h.Matters, err = store.Select(ctx, q, Referrals, "r.rated = $1", rating); err != nil {
		return nil, err
	}
	for _, m := range h.Matters {
		votes, err := votesOf(ctx, q, m.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range votes {
			h.Voted[v.Record.Person] = true
		}
	}
	return h, nil
}

// Objections counts the experts who object.
func (h *Heard) Objections() (n int64) {
	for _, o := range h.Opinions {
		if o.Record.Choice == "object" {
			n++
		}
	}
	return n
}

// Binding gives the referral whose outcome binds: the ordinary one that closed with a
// quorum, or the emergency one as long as no ordinary one ratified or undid it. nil says
// that there is none; unmet then says whether one closed without a quorum.
func (h *Heard) Binding() (binding *store.Revision[Referral], unmet bool) {
	for _, m := range h.Matters {
		switch {
		case m.Record.State != "closed":
		case !m.Record.Quorum:
			unmet = true
		case binding == nil || binding.Record.Emergency:
			binding = m
		}
	}
	return binding, unmet
}
