package casework

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Contact is a word about a case or a rating from somebody who sells, to somebody who
// works on it (GC-03). That there was one stands in clear; who, to whom and about whom
// does not.
type Contact struct {
	Day     string `duly:"day,public,date"`
	Subject string `duly:"subject,customer,column"` // the case, or a record that it is about
	Text    string `duly:"text,customer"`
	From    string `duly:"from_person,personal"` // key id of who sells
	To      string `duly:"to_person,personal"`   // key id of who was contacted
	By      string `duly:"by,personal"`          // key id of whichever of the two wrote it down
}

// Contacted notes that somebody who sells spoke to somebody about a case or a record.
// Either of the two may write it down, whoever works on cases and whoever sells.
//
// Errors: Invalid without a text; Refused when from does not sell, when one person is
// both, and when somebody else writes it down.
func Contacted(ctx context.Context, db *store.DB, subject string, from, to, by act.Actor, text, today string) (ref store.Ref, err error) {
	switch {
	case strings.TrimSpace(text) == "":
		return ref, fault.New(fault.Invalid, "a contact was about something", "give --text TEXT")
	case !slices.Contains(from.Roles, act.Sales):
		return ref, refusal.Refuse(refusal.Role, "contacts are noted of those who sell", "write a note with `duly case note`")
	case from.Key == to.Key:
		return ref, refusal.Refuse(refusal.Twice, "who spoke and who was spoken to are two people", "give --to PERSON")
	case by.Key != from.Key && by.Key != to.Key:
		return ref, refusal.Refuse(refusal.Role, "only the two who spoke note that they did", "let one of them do it")
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		ref, err = store.Create(tx, Contacts, &Contact{Day: today, Subject: subject, Text: text, From: from.Key, To: to.Key, By: by.Key})
		return err
	})
	return ref, err
}

// ContactView is a contact as whoever works on the case sees it.
type ContactView struct {
	Day  string `json:"day"`
	From string `json:"from"` // key ids
	To   string `json:"to"`
	Text string `json:"text"`
}

// ClaimView is what somebody who sells claims. It counts for nothing in a rating.
type ClaimView struct {
	Fact  string `json:"fact"`
	Value string `json:"value"`
	Day   string `json:"as_of"`
	By    string `json:"by"` // key id
}

// sold gathers what those who sell said about the case and what it covers.
func (v *View) sold(ctx context.Context, q store.Queryer, w *world) error {
	covers := func(subject string) bool {
		return slices.ContainsFunc(w.about[subject], func(i int) bool { return slices.Contains(v.Review.Covers, w.units[i].id) })
	}
	contacts, err := store.Select(ctx, q, Contacts, "")
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.Record.Subject == v.ID || covers(c.Record.Subject) {
			v.Contacts = append(v.Contacts, ContactView{c.Record.Day, c.Record.From, c.Record.To, c.Record.Text})
		}
	}
	claims, err := store.Select(ctx, q, evidence.Facts, "r.claim = 1 and r.state = 'active'")
	for _, f := range claims {
		if covers(f.Record.Subject) {
			v.Claims = append(v.Claims, ClaimView{f.Record.Fact, f.Record.Value.String(), f.Record.AsOf, f.Leaf.Actor})
		}
	}
	return err
}
