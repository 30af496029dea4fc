package bundle

import (
	"fmt"
	"slices"
	"time"

	"duly/internal/ledger"
)

// Voices says how approvals came out that rest on what experts and panels said.
type Voices struct {
	Approvals int64 `json:"approvals"` // that a committee or an override let run, or that need an opinion
	Shown     int64 `json:"shown"`     // of them those of which every opinion and vote is shown
	Withheld  int64 `json:"withheld"`  // of them those of which some are withheld, and not assumed
}

// said is what the checker keeps of experts and panels, by leaf hash.
type said struct {
	opinions map[ledger.Hash]opinion
	votes    map[ledger.Hash]vote
	matters  map[ledger.Hash]matter
	seats    map[string]seat        // by record id
	standing map[string]ledger.Hash // the newest of each opinion that is not withdrawn, by record id
	cast     map[string]int64       // votes so far by choice
	counted  map[string]int64       // votes that closed matters counted, by choice
	used     map[ledger.Hash]bool
	closed   map[string]bool                   // record ids of closed matters
	against  map[string]map[ledger.Hash]string // by deployment, where it is shown: votes against it, and the day
	settled  map[string]string                 // by rating: the matter that was voted on with a quorum and ordinary notice
}

type opinion struct {
	id, choice, state string
	rating            string // "" when withheld
	signers           []string
}

type vote struct {
	choice   string
	referral string // record id; "" when withheld
	seat     string // likewise
	day      string // of its leaf
	signers  []string
}

type seat struct {
	group  string
	person string // key id; "" when withheld
}

type matter struct {
	id, rating, outcome, due, ratifyBy string
	emergency, quorum                  bool
	voters                             []string
	shown                              bool // all of its votes are shown
}

func newSaid() said {
	return said{
		opinions: map[ledger.Hash]opinion{}, standing: map[string]ledger.Hash{}, votes: map[ledger.Hash]vote{}, matters: map[ledger.Hash]matter{}, seats: map[string]seat{}, cast: map[string]int64{},
		counted: map[string]int64{}, used: map[ledger.Hash]bool{}, closed: map[string]bool{}, against: map[string]map[ledger.Hash]string{}, settled: map[string]string{},
	}
}

func textOf(value []byte) string {
	s, _ := scalar(value).Value().(string)
	return s
}

// fields reads public fields by name, zero where they are null.
type fields map[string]ledger.Scalar

func (f fields) text(name string) string { s, _ := f[name].Value().(string); return s }
func (f fields) int(name string) int64   { n, _ := f[name].Value().(int64); return n }
func (f fields) bool(name string) bool   { b, _ := f[name].Value().(bool); return b }

func signers(leaf *ledger.Leaf) []string {
	var out []string
	for _, s := range leaf.Sigs {
		out = append(out, s.KeyID())
	}
	return out
}

// speaker holds what people sign to the person whom it names, where that is shown: nobody
// votes or speaks in another's name with an own key.
func (c *Checker) speaker(seq int64, leaf *ledger.Leaf, values map[string][]byte) {
	if by := scalar(values["person"]); !by.IsNull() && by.Value() != any(leaf.Actor) {
		c.Report(seq, "it names another person than the one who signed it")
	}
}

// opinion keeps an expert's opinion for the decisions that rest on it. Who signs it and
// with which roles is checked with all signatures.
func (c *Checker) opinion(hash ledger.Hash, leaf *ledger.Leaf, values map[string][]byte) {
	public := fields(leaf.PublicValues())
	o := opinion{leaf.ID, public.text("choice"), public.text("state"), textOf(values["rating"]), signers(leaf)}
	delete(c.said.standing, leaf.ID)
	if o.state == "given" {
		c.said.standing[leaf.ID] = hash
	}
	c.said.opinions[hash] = o
}

func (c *Checker) vote(seq int64, hash ledger.Hash, leaf *ledger.Leaf, values map[string][]byte) {
	if leaf.Rev > 1 {
		c.Report(seq, "a vote was changed; a vote stands as it was cast")
	}
	choice := fields(leaf.PublicValues()).text("choice")
	c.said.cast[choice]++
	c.said.votes[hash] = vote{choice, textOf(values["referral"]), textOf(values["seat"]), leaf.Day, signers(leaf)}
}

func (c *Checker) seat(leaf *ledger.Leaf, values map[string][]byte) {
	c.said.seats[leaf.ID] = seat{fields(leaf.PublicValues()).text("group"), textOf(values["person"])}
}

// matter holds a referral to its own arithmetic and to the votes that stand before it:
// nobody can close a matter with votes that no member cast.
func (c *Checker) matter(seq int64, hash ledger.Hash, leaf *ledger.Leaf, values map[string][]byte) {
	p := fields(leaf.PublicValues())
	if c.said.closed[leaf.ID] {
		c.Report(seq, "a matter that was counted was changed afterwards")
	}
	notice := 14
	if p.bool("emergency") {
		notice = 3
	}
	if days, ok := between(p.text("noticed_day"), p.text("closes_day")); !ok || days < notice {
		c.Report(seq, fmt.Sprintf("members had less notice than %d days", notice))
	}
	entered := time.UnixMicro(leaf.Time).UTC().Format(time.DateOnly)
	if days, ok := between(p.text("noticed_day"), entered); leaf.Rev == 1 && (!ok || days > 1) { // one: it may be entered just after midnight
		c.Report(seq, "it says that members had notice before it was entered")
	}
	c.again(seq, leaf, p, values)
	if p.text("state") != "closed" {
		return
	}
	if p.text("closed_day") > entered {
		c.Report(seq, "it says that it was counted after it was entered")
	}
	c.said.closed[leaf.ID] = true
	m := matter{
		id: leaf.ID, rating: p.text("rating"), outcome: p.text("outcome"), due: p.text("answer_due"), ratifyBy: p.text("ratify_by"),
		emergency: p.bool("emergency"), quorum: p.bool("quorum"),
	}
	c.arithmetic(seq, p)
	c.ballots(seq, &m, p, values["votes"])
	if m.quorum && !m.emergency {
		if c.said.settled[m.rating] != "" {
			c.Report(seq, "a panel has voted on this rating before, and its vote stands")
		}
		c.said.settled[m.rating] = leaf.ID
	}
	c.said.matters[hash] = m
	if subject := textOf(values["subject"]); subject != "" && m.outcome == "against" {
		if c.said.against[subject] == nil {
			c.said.against[subject] = map[ledger.Hash]string{}
		}
		c.said.against[subject][hash] = p.text("closed_day")
	}
}

// again holds a matter that asks anew to the vote against it, and one that does not say
// so to what is shown of earlier ones: asking until a panel agrees stays visible.
func (c *Checker) again(seq int64, leaf *ledger.Leaf, p fields, values map[string][]byte) {
	name := p.text("asks_again")
	hash, _ := ledger.ParseHash(name)
	m, closed := c.said.matters[hash]
	subject := textOf(values["subject"])
	switch {
	case name != "" && (!closed || m.outcome != "against"):
		c.Report(seq, "it asks again about "+name+", which is no earlier vote against anything")
	case name != "" && m.rating == p.text("rating"):
		c.Report(seq, "it asks again about the very rating that a panel voted against")
	case name != "" && subject != "" && c.said.against[subject][hash] == "":
		c.Report(seq, "it asks again about "+name+", which was a vote on another deployment")
	case name == "" && leaf.Rev == 1:
		for _, day := range c.said.against[subject] {
			if days, ok := between(day, p.text("noticed_day")); ok && days < 365 && p.text("ratifies") == "" {
				c.Report(seq, "it does not say that a panel voted against the same deployment on "+day)
			}
		}
	}
}

// between gives the days from one day to another.
func between(from, to string) (int, bool) {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	return int(b.Sub(a).Hours() / 24), errA == nil && errB == nil
}

// arithmetic repeats the count of domain §5.1 from the figures in clear.
func (c *Checker) arithmetic(seq int64, p fields) {
	yes, no, present := p.int("votes_for"), p.int("votes_against"), p.int("present")
	seats, affected, there := p.int("seats"), p.int("affected_seats"), p.int("affected_present")
	if present != yes+no+p.int("abstained") || min(yes, no, p.int("abstained"), there, p.int("recused")) < 0 || there > present || there > affected || present+p.int("recused") > seats {
		c.Report(seq, "its votes do not add up")
	}
	quorum := 2*present > seats && affected > 0 && 3*there >= affected
	outcome := "no_quorum"
	switch {
	case quorum && yes > no:
		outcome = "for"
	case quorum:
		outcome = "against"
	}
	if p.bool("quorum") != quorum || p.text("outcome") != outcome {
		c.Report(seq, fmt.Sprintf("its votes make quorum %v and outcome %s, it says %v and %s", quorum, outcome, p.bool("quorum"), p.text("outcome")))
	}
	if p.text("closed_day") <= p.text("closes_day") {
		c.Report(seq, "it was counted before its last day was over")
	}
	if days, ok := between(p.text("closed_day"), p.text("answer_due")); quorum && (!ok || days < 1) {
		c.Report(seq, "no time to answer is set")
	}
}

// ballots compares a matter with the votes that it names or, where they are withheld,
// with how many votes of each choice stand in the log and were not counted elsewhere.
func (c *Checker) ballots(seq int64, m *matter, p fields, list []byte) {
	want := map[string]int64{"for": p.int("votes_for"), "against": p.int("votes_against"), "abstain": p.int("abstained")}
	for _, choice := range []string{"for", "against", "abstain"} {
		c.said.counted[choice] += want[choice]
		if c.said.counted[choice] > c.said.cast[choice] {
			c.Report(seq, fmt.Sprintf("it counts more votes %q than members have signed", choice))
		}
	}
	if list == nil {
		return
	}
	m.shown = true
	got, seats, there := map[string]int64{}, map[string]bool{}, int64(0)
	for _, name := range texts(list) {
		hash, _ := ledger.ParseHash(name)
		v, earlier := c.said.votes[hash]
		switch {
		case !earlier:
			c.Report(seq, "it counts the vote "+name+", which is no earlier vote of this log")
		case c.said.used[hash]:
			c.Report(seq, "it counts the vote "+name+", which was counted before")
		case v.day > p.text("closes_day"):
			c.Report(seq, "it counts the vote "+name+", which was cast after the last day")
		case v.referral != "" && v.referral != m.id:
			c.Report(seq, "it counts the vote "+name+", which was cast in another matter")
		case slices.ContainsFunc(v.signers, func(s string) bool { return slices.Contains(m.voters, s) }):
			c.Report(seq, "it counts two votes of one member")
		}
		if v.referral == "" || v.seat == "" {
			m.shown = false
		} else {
			there += c.sits(seq, v, seats)
		}
		c.said.used[hash] = true
		m.voters = append(m.voters, v.signers...)
		got[v.choice]++
	}
	for _, choice := range []string{"for", "against", "abstain"} {
		if got[choice] != want[choice] {
			c.Report(seq, fmt.Sprintf("it says %d votes %q and names %d", want[choice], choice, got[choice]))
		}
	}
	if m.shown && there != p.int("affected_present") {
		c.Report(seq, fmt.Sprintf("it says that %d members for affected people voted, the seats say %d", p.int("affected_present"), there))
	}
}

// sits holds a vote to the seat that it was cast from, and counts it when that is one
// for affected people.
func (c *Checker) sits(seq int64, v vote, taken map[string]bool) int64 {
	s, known := c.said.seats[v.seat]
	switch {
	case !known:
		c.Report(seq, "it counts a vote from a seat that nobody was given before")
	case taken[v.seat]:
		c.Report(seq, "it counts two votes from one seat")
	case s.person != "" && !slices.Contains(v.signers, s.person):
		c.Report(seq, "it counts a vote from somebody else's seat")
	}
	taken[v.seat] = true
	if s.group == "affected" {
		return 1
	}
	return 0
}

// approval holds a decision that lets a deployment run to what it rests on: as many
// people, with such roles, an opinion and a vote on this very rating as the method
// asks, and an end and a lock where it goes against them.
func (c *Checker) approval(seq int64, leaf *ledger.Leaf, values map[string][]byte) {
	p := fields(leaf.PublicValues())
	name := p.text("referral")
	hash, _ := ledger.ParseHash(name)
	m, voted := c.said.matters[hash]
	opinions, objections := p.int("opinions"), p.int("objections")
	against := objections > 0 || m.outcome == "against"
	d := Demands(p.text("outcome"), p.text("tier"), p.text("act"), against)
	switch {
	case name != "" && !voted:
		c.Report(seq, "it rests on the vote "+name+", which is no closed matter before it")
	case voted && m.rating != p.text("rating"):
		c.Report(seq, "the panel voted on another rating than the one that it rests on")
	case d.Panel && !voted:
		c.Report(seq, "it needs a panel's vote on the rating and names none")
	case d.Panel && !m.quorum:
		c.Report(seq, "the panel voted without a quorum")
	}
	if d.Panel && p.int("precedents") < 1 {
		c.Report(seq, "it lets run what a committee decides, and nothing has to be met before")
	}
	if d.Opinion && opinions < 1 {
		c.Report(seq, "it needs an expert's opinion on the rating and has none")
	}
	if given := int64(len(c.said.standing)); opinions > given || objections > opinions || min(opinions, objections) < 0 {
		c.Report(seq, fmt.Sprintf("it rests on %d opinions, %d of them objections; experts have signed %d", opinions, objections, given))
	}
	if got := p.text("basis"); got != d.Basis && p.text("act") != "" {
		c.Report(seq, fmt.Sprintf("its basis is %q where it needs %q", got, d.Basis))
	}
	c.signers(seq, leaf, d)
	c.ends(seq, p, d, m, against)
	shown := c.read(seq, leaf, p, values["opinions_read"]) && (!voted || m.shown)
	for _, s := range signers(leaf) {
		if slices.Contains(m.voters, s) {
			c.Report(seq, "somebody who voted on the rating has signed the decision on it")
		}
	}
	if d.Opinion || d.Panel {
		c.counts.Voices.Approvals++
		if shown {
			c.counts.Voices.Shown++
		} else {
			c.counts.Voices.Withheld++
		}
	}
}

// signers asks for enough people with the roles that the act needs.
func (c *Checker) signers(seq int64, leaf *ledger.Leaf, d Demand) {
	fit := map[string]bool{}
	for _, s := range leaf.Sigs {
		if overlap(c.people[s.PublicHash()], d.Roles) {
			fit[s.PublicHash()] = true
		}
	}
	if len(fit) < d.Signers {
		c.Report(seq, fmt.Sprintf("it needs %d people with one of the roles %v, %d signed it", d.Signers, d.Roles, len(fit)))
	}
}

// ends holds the days of an override, and of what rests on a vote at short notice.
func (c *Checker) ends(seq int64, p fields, d Demand, m matter, against bool) {
	from, expires := p.text("effective_day"), p.text("expires_day")
	switch {
	case d.Basis == OnOverride && (from == "" || expires <= from):
		c.Report(seq, "an override ends on a day after it begins, and this one does not")
	case d.Basis == OnOverride && against && m.quorum && from <= m.due:
		c.Report(seq, "it holds before the time to answer the panel is over")
	case d.Panel && m.emergency && (expires == "" || expires > m.ratifyBy):
		c.Report(seq, "it rests on a vote at short notice and does not end when that must be ratified")
	}
}

// read compares the opinions that a decision names with those that stand before it, and
// says whether all that there is to compare is shown.
func (c *Checker) read(seq int64, leaf *ledger.Leaf, p fields, list []byte) (shown bool) {
	if list == nil {
		return p.int("opinions") == 0
	}
	shown = true
	objections, ids := int64(0), map[string]bool{}
	for _, name := range texts(list) {
		hash, _ := ledger.ParseHash(name)
		o, earlier := c.said.opinions[hash]
		switch {
		case !earlier || c.said.standing[o.id] != hash:
			c.Report(seq, "it rests on the opinion "+name+", which is no earlier opinion of this log that stands")
		case o.rating != "" && o.rating != p.text("rating"):
			c.Report(seq, "it rests on the opinion "+name+", which is on another rating")
		case ids[o.id]:
			c.Report(seq, "it rests on one opinion twice")
		case slices.ContainsFunc(o.signers, func(s string) bool { return slices.Contains(signers(leaf), s) }):
			c.Report(seq, "an expert who was heard on the rating has signed the decision on it")
		}
		shown = shown && o.rating != ""
		ids[o.id] = true
		if o.choice == "object" {
			objections++
		}
	}
	if int64(len(ids)) != p.int("opinions") || objections != p.int("objections") {
		c.Report(seq, fmt.Sprintf("it names %d opinions, %d of them objections, and says %d and %d", len(ids), objections, p.int("opinions"), p.int("objections")))
	}
	return shown
}
