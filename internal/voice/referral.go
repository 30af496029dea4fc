package voice

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Referring is a matter that is to be put to a panel.
type Referring struct {
	Hand
	Panel     string // record id
	Subject   string // deployment or account
	File      string // SHA-256 of the file that decides, in hexadecimal
	Question  string
	Emergency bool   // short notice, to be ratified
	Ratifies  string // record id of a closed emergency referral that it asks about again; "" otherwise
}

// Refer puts the newest rating of a subject to a panel. Who is a member then is a
// member of this matter; who is appointed later is not.
//
// Errors: Invalid without a question or a file. Refused for whoever may not; while the
// same rating is before a panel; when it was voted on with a quorum, unless that was an
// emergency and this ratifies it; within a year after a vote against the same deployment,
// while nothing new is known that matters; and when affected people and civil-rights
// organisations do not hold most of the seats that are taken.
func Refer(ctx context.Context, db *store.DB, authority act.Authority, find Find, r Referring) (ref store.Ref, record *Referral, err error) {
	if err := needs(r.Question, "a referral needs a question", "give --question TEXT"); err != nil {
		return ref, nil, err
	}
	if r.Emergency && r.Ratifies != "" {
		return ref, nil, fault.New(fault.Invalid, "an emergency referral ratifies nothing", "give ordinary notice")
	}
	err = r.Watch(ctx, db, authority, act.Refer, "referral", r.Subject, func(tx *store.Tx) error {
		panel, err := store.Get(ctx, tx, Panels, r.Panel)
		if err != nil {
			return err
		}
		rated, err := find(ctx, tx, r.Subject)
		if err != nil {
			return err
		}
		record = &Referral{
			State: "open", Emergency: r.Emergency, Rating: rated.Hash, Noticed: r.Today(), Panel: r.Panel, Subject: rated.Subject, Rated: rated.Hash,
			Facts: rated.Facts, Judged: rated.Judged, File: r.File, Question: strings.TrimSpace(r.Question), By: r.By.Key,
		}
		if record.Ratifies, err = r.again(ctx, tx, rated.Hash); err != nil {
			return err
		}
		if record.Again, err = r.anew(ctx, tx, rated); err != nil {
			return err
		}
		record.Closes = after(record.Noticed, panel.Record.Notice)
		if r.Emergency {
			record.Closes = after(record.Noticed, (panel.Record.Emergency+23)/24)
			record.RatifyBy = after(record.Closes, 2*panel.Record.Notice)
		}
		members, err := store.Select(ctx, tx, Seats, "r.panel = $1", r.Panel)
		if err != nil {
			return err
		}
		record.Seats = panel.Record.Seats
		held, theirs := 0, 0
		for _, m := range members {
			if !m.Record.sits(record.Noticed) {
				continue
			}
			held++
			switch m.Record.Group {
			case Affected:
				record.Affected++
				theirs++
			case "civil_rights":
				theirs++
			}
		}
		if record.Affected == 0 || 2*theirs <= held {
			return refusal.Refuse(refusal.Seat, "affected people and civil-rights organisations do not hold most of the seats that are taken", "appoint members for them first")
		}
		ref, err = store.Create(tx, Referrals, record)
		return err
	})
	return ref, record, err
}

// again refuses a second referral of one rating, and gives the leaf hash of the
// emergency that this one ratifies.
func (r Referring) again(ctx context.Context, tx *store.Tx, rating string) (ratifies string, err error) {
	heard, err := On(ctx, tx, rating)
	if err != nil {
		return "", err
	}
	for _, m := range heard.Matters {
		switch {
		case m.Record.State == "open":
			return "", refusal.Refuse(refusal.Twice, "this rating is before a panel already", "wait until it is closed")
		case !m.Record.Quorum:
		case m.Record.Emergency && m.ID == r.Ratifies:
			ratifies = m.Hash.String()
		default:
			return "", refusal.Refuse(refusal.Twice, "a panel has voted on this rating, and its vote stands", "only an emergency vote is asked about again, with --ratifies")
		}
	}
	if r.Ratifies != "" && ratifies == "" {
		return "", refusal.Refuse(refusal.Panel, "there is no emergency vote on this rating to ratify", "")
	}
	return ratifies, nil
}

// period is how many days after a vote against it a deployment is put to a panel again
// only when something new is known. It is Duly's own; no rule sets it.
const period = 365

// anew refuses to ask again about what a panel voted against, whichever panel it was,
// while nothing new is known that matters: the facts are another value somewhere, and the
// method makes something else of them. It gives the leaf hash of the newest vote against
// it within the period, "" for none.
func (r Referring) anew(ctx context.Context, tx *store.Tx, rated Rated) (again string, err error) {
	list, err := store.Select(ctx, tx, Referrals, "r.subject = $1", rated.Subject)
	if err != nil {
		return "", err
	}
	for _, m := range list {
		x := m.Record
		if x.Outcome != "against" || x.Rating == rated.Hash || after(x.Closed, period) < r.Today() {
			continue
		}
		if x.Facts == rated.Facts || x.Judged == rated.Judged {
			return "", refusal.Refuse(refusal.Again, "a panel voted against this on "+x.Closed+", and nothing is known since then that the method makes anything else of",
				"a new rating needs new facts that matter; asked again it may be after "+after(x.Closed, period))
		}
		again = m.Hash.String()
	}
	return again, nil
}

// Matter is a referral with what belongs to it.
type Matter struct {
	Referral *store.Revision[Referral]
	Before   *Matter // the vote against it that this asks about again; nil for none
	Panel    *Panel
	Members  []*store.Revision[Seat]        // as they were when it was referred
	Votes    []*store.Revision[Vote]        // in the order of the log
	Declared []*store.Revision[Declaration] // for this matter
	Answer   *store.Revision[Answer]        // nil when there is none yet
}

// ReadMatter reads a referral with what belongs to it.
func ReadMatter(ctx context.Context, q store.Queryer, id string) (*Matter, error) {
	history, err := store.History(ctx, q, Referrals, id)
	if err != nil {
		return nil, err
	}
	if len(history) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no referral %s", id)
	}
	m := &Matter{Referral: history[len(history)-1]}
	panel, err := store.Get(ctx, q, Panels, m.Referral.Record.Panel)
	if err != nil {
		return nil, err
	}
	m.Panel = panel.Record
	seats, err := store.SelectAt(ctx, q, Seats, store.At{Seq: history[0].Seq}, "r.panel = $1", m.Referral.Record.Panel)
	if err != nil {
		return nil, err
	}
	for _, s := range seats {
		if s.Record.sits(m.Referral.Record.Noticed) {
			m.Members = append(m.Members, s)
		}
	}
	if m.Votes, err = votesOf(ctx, q, id); err != nil {
		return nil, err
	}
	if m.Declared, err = store.Select(ctx, q, Declarations, "r.referral = $1", id); err != nil {
		return nil, err
	}
	answers, err := store.Select(ctx, q, Answers, "r.referral = $1", id)
	if err != nil {
		return nil, err
	}
	if len(answers) > 0 {
		m.Answer = answers[0]
	}
	return m, m.readBefore(ctx, q)
}

// readBefore reads the matter that this one asks about again, with those before that.
func (m *Matter) readBefore(ctx context.Context, q store.Queryer) error {
	if m.Referral.Record.Again == "" {
		return nil
	}
	list, err := store.Select(ctx, q, Referrals, "r.subject = $1", m.Referral.Record.Subject)
	for _, r := range list {
		if r.Hash.String() == m.Referral.Record.Again {
			m.Before, err = ReadMatter(ctx, q, r.ID)
		}
	}
	return err
}

// MattersOf gives the matters before a panel in the order of the log.
func MattersOf(ctx context.Context, q store.Queryer, panel string) ([]*Matter, error) {
	list, err := store.Select(ctx, q, Referrals, "r.panel = $1", panel)
	if err != nil {
		return nil, err
	}
	var out []*Matter
	for _, r := range list {
		m, err := ReadMatter(ctx, q, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func votesOf(ctx context.Context, q store.Queryer, referral string) ([]*store.Revision[Vote], error) {
	return store.Select(ctx, q, Votes, "r.referral = $1", referral)
}

// seat gives the seat of a person in this matter, or refuses.
func (m *Matter) seat(person string) (*store.Revision[Seat], error) {
	for _, s := range m.Members {
		if s.Record.Person == person {
			return s, nil
		}
	}
	return nil, refusal.Refuse(refusal.Seat, "this person had no seat on the panel when the matter was referred", "")
}

func (m *Matter) recused(person string) bool {
	return slices.ContainsFunc(m.Declared, func(d *store.Revision[Declaration]) bool { return d.Record.Person == person && d.Record.Conflict })
}

func (m *Matter) voted(person string) bool {
	return slices.ContainsFunc(m.Votes, func(v *store.Revision[Vote]) bool { return v.Record.Person == person })
}

// Dissent gives the votes of those who were outvoted; what they say in their reasons is
// the dissent.
func (m *Matter) Dissent() []*store.Revision[Vote] {
	var out []*store.Revision[Vote]
	for _, v := range m.Votes {
		if m.Referral.Record.Quorum && v.Record.Choice != m.Referral.Record.Outcome && v.Record.Choice != "abstain" {
			out = append(out, v)
		}
	}
	return out
}

// AnswerMissing says whether on a day the company owes an answer that is late.
func (m *Matter) AnswerMissing(day string) bool {
	r := m.Referral.Record
	return m.Answer == nil && r.State == "closed" && r.Quorum && day > r.AnswerDue
}

// Declaring is what a member says of own interests.
type Declaring struct {
	Hand
	Referral  string // record id; "" for the year
	Conflict  bool
	Interests []string // financial, employment, customer, litigation, family or funding
	Text      string
}

// Declare records a member's interests, signed by the member. A conflict in one matter
// is a recusal and cannot be taken back.
//
// Errors: Invalid for a conflict that names no interest. Refused in a matter that is
// closed, in which the member has no seat, or has voted.
func Declare(ctx context.Context, db *store.DB, authority act.Authority, d Declaring) (ref store.Ref, err error) {
	if d.Conflict && len(d.Interests) == 0 {
		return ref, fault.New(fault.Invalid, "a conflict names its interest", "give --interest: financial, employment, customer, litigation, family or funding")
	}
	err = d.Watch(ctx, db, authority, act.Vote, "declaration", "", func(tx *store.Tx) error {
		if d.Referral != "" {
			m, err := ReadMatter(ctx, tx, d.Referral)
			if err != nil {
				return err
			}
			if _, err := m.seat(d.By.Key); err != nil {
				return err
			}
			if m.Referral.Record.State != "open" || m.voted(d.By.Key) {
				return refusal.Refuse(refusal.Deadline, "interests are declared before the vote", "")
			}
		}
		ref, err = store.Create(tx, Declarations, &Declaration{
			Conflict: d.Conflict, Yearly: d.Referral == "", Interests: d.Interests, Text: d.Text, Day: d.Today(), Referral: d.Referral, Person: d.By.Key,
		}, d.Key)
		return err
	})
	return ref, err
}

// Voting is a vote that a member wants to cast.
type Voting struct {
	Hand
	Referral string
	Choice   string // for, against or abstain
	File     string // SHA-256 of the file that the member read
	Reasons  string
}

// Cast records a vote, signed with the member's own key.
//
// Errors: Invalid for an unknown choice, and for a vote against without reasons. Refused
// after the last day, without a seat in this matter, for a member who is recused, has
// resigned, has not declared interests within a year, read another file, or has voted.
func Cast(ctx context.Context, db *store.DB, authority act.Authority, v Voting) (ref store.Ref, err error) {
	if !slices.Contains([]string{"for", "against", "abstain"}, v.Choice) {
		return ref, fault.Newf(fault.Invalid, "%q is no vote", v.Choice).WithFix("use for, against or abstain")
	}
	if v.Choice == "against" {
		if err := needs(v.Reasons, "a vote against needs its reasons", "give --reason TEXT"); err != nil {
			return ref, err
		}
	}
	err = v.Watch(ctx, db, authority, act.Vote, "vote", "", func(tx *store.Tx) error {
		m, err := ReadMatter(ctx, tx, v.Referral)
		if err != nil {
			return err
		}
		seat, err := m.seat(v.By.Key)
		if err != nil {
			return err
		}
		if err := v.entitled(ctx, tx, m, seat); err != nil {
			return err
		}
		r := m.Referral.Record
		ref, err = store.Create(tx, Votes, &Vote{
			Choice: v.Choice, Referral: v.Referral, Rating: r.Rating, File: v.File, Seat: seat.ID, Reasons: strings.TrimSpace(v.Reasons), Person: v.By.Key,
		}, v.Key)
		return err
	})
	return ref, err
}

func (v Voting) entitled(ctx context.Context, tx *store.Tx, m *Matter, seat *store.Revision[Seat]) error {
	r := m.Referral.Record
	now, err := store.Get(ctx, tx, Seats, seat.ID)
	if err != nil {
		return err
	}
	declared, err := store.Select(ctx, tx, Declarations, "r.person = $1", v.By.Key)
	if err != nil {
		return err
	}
	heard, err := On(ctx, tx, r.Rating)
	if err != nil {
		return err
	}
	today := max(v.Today(), time.UnixMicro(tx.Now()).UTC().Format(time.DateOnly)) // the day that will stand in the leaf
	since := after(today, -365)
	switch {
	case r.State != "open" || today > r.Closes:
		return refusal.Refuse(refusal.Deadline, "the vote ended with "+r.Closes, "")
	case !now.Record.sits(v.Today()):
		return refusal.Refuse(refusal.Seat, "the seat is no longer this person's", "")
	case m.recused(v.By.Key):
		return refusal.Refuse(refusal.Recused, "this member declared a conflict of interest in the matter", "")
	case m.voted(v.By.Key):
		return refusal.Refuse(refusal.Twice, "this member has voted in the matter", "a vote stands as it was cast")
	case !slices.ContainsFunc(declared, func(d *store.Revision[Declaration]) bool {
		return d.Record.Referral == v.Referral || d.Record.Yearly && d.Record.Day > since
	}):
		return refusal.Refuse(refusal.Declared, "this member has not declared interests within a year", "use `duly panel declare` first")
	case v.File != r.File:
		return refusal.Refuse(refusal.Parity, "this is another file than the one that was referred", "all members and those who decide have the same file")
	case heard.Advised[v.By.Key]:
		return refusal.Refuse(refusal.FourEyes, "whoever gave an opinion on this rating cannot vote on it", "")
	}
	return nil
}

// Close counts a matter after its last day. What was counted stands.
//
// Errors: Refused before that, and when it is closed already.
func Close(ctx context.Context, db *store.DB, authority act.Authority, h Hand, referral string) (ref store.Ref, tally Tally, err error) {
	err = h.Watch(ctx, db, authority, act.Refer, "close", "", func(tx *store.Tx) error {
		m, err := ReadMatter(ctx, tx, referral)
		if err != nil {
			return err
		}
		next := *m.Referral.Record
		switch {
		case next.State != "open":
			return refusal.Refuse(refusal.Twice, "the matter is closed already", "")
		case h.Today() <= next.Closes:
			return refusal.Refuse(refusal.Deadline, "members may vote until the end of "+next.Closes, "close it after that day")
		}
		var members []Member
		for _, s := range m.Members {
			members = append(members, Member{s.ID, s.Record.Group, m.recused(s.Record.Person)})
		}
		var ballots []Ballot
		for _, v := range m.Votes {
			ballots = append(ballots, Ballot{v.Record.Seat, v.Record.Choice})
			next.Votes = append(next.Votes, v.Hash.String())
		}
		if tally, err = Count(m.Panel.Seats, members, ballots); err != nil {
			return err
		}
		next.take(tally, h.Today(), m.Panel.AnswerDays)
		ref, _, err = store.Revise(tx, Referrals, referral, &next)
		return err
	})
	return ref, tally, err
}

func (r *Referral) take(t Tally, today string, answer int64) {
	r.State, r.Closed = "closed", today
	r.Outcome, r.Quorum, r.Seats, r.Affected, r.Present, r.There, r.Recused = t.Outcome, t.Quorum, t.Seats, t.Affected, t.Present, t.There, t.Recused
	r.For, r.Against, r.Abstain = t.For, t.Against, t.Abstain
	if t.Quorum {
		r.AnswerDue = after(today, answer)
	}
}

// Answering is what the company answers to a panel.
type Answering struct {
	Hand
	Referral string
	Choice   string // adopt, adapt or reject
	Reasons  string
}

// Reply records the company's answer, signed by whoever gives it for the company.
// After the last day it is taken and marked as late.
//
// Errors: Invalid for an unknown choice or without reasons. Refused for whoever may
// not, before the matter is closed with a quorum, and a second time.
func Reply(ctx context.Context, db *store.DB, authority act.Authority, a Answering) (ref store.Ref, record *Answer, err error) {
	if !slices.Contains([]string{"adopt", "adapt", "reject"}, a.Choice) {
		return ref, nil, fault.Newf(fault.Invalid, "%q is no answer", a.Choice).WithFix("use adopt, adapt or reject")
	}
	if err := needs(a.Reasons, "an answer needs its reasons", "give --reason TEXT"); err != nil {
		return ref, nil, err
	}
	err = a.Watch(ctx, db, authority, act.Answer, "answer", "", func(tx *store.Tx) error {
		m, err := ReadMatter(ctx, tx, a.Referral)
		if err != nil {
			return err
		}
		r := m.Referral.Record
		switch {
		case r.State != "closed" || !r.Quorum:
			return refusal.Refuse(refusal.Quorum, "there is no vote with a quorum to answer", "")
		case m.Answer != nil:
			return refusal.Refuse(refusal.Twice, "the panel has its answer already", "")
		}
		record = &Answer{
			Choice: a.Choice, Day: a.Today(), Due: r.AnswerDue, Late: a.Today() > r.AnswerDue, Matter: m.Referral.Hash.String(), Referral: a.Referral,
			Reasons: strings.TrimSpace(a.Reasons), Person: a.By.Key,
		}
		ref, err = store.Create(tx, Answers, record, a.Key)
		return err
	})
	return ref, record, err
}
