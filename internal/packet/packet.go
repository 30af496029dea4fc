package packet

import (
	"context"
	"slices"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
)

// Packet is all that a committee or a panel needs to decide, on one deployment or on
// those of a meeting.
type Packet struct {
	Origin string // of the log
	Size   int64  // entries
	Root   string // RFC 6962, hexadecimal
	Day    string // of the last entry; the packet's only "today"
	Marks  []Count
	Limits []string // what a packet does not show, in sentences
	Agenda *Table   // of a meeting; nil for one deployment
	Front  Table    // who asks what, and of which state of the log
	Items  []*Item  // in the order of the queue
}

// Item is one deployment.
type Item struct {
	Subject string // record id of the deployment, or of an account without one
	Rating  string // leaf hash of its newest rating
	Title   Cell
	Best    string // ends of the rating
	Worst   string
	Parts   []Part
}

// Part is one subject of an item: a chapter of the page, a sheet of the workbook. All
// items have the same parts in the same order.
type Part struct {
	ID     string // also the name of the sheet
	Title  string
	Note   string // how to read it; may be empty
	Tables []Table
}

// Table has a heading for each column, or none where the first cell of a row says what
// the second is. A table without rows says in Empty what that means.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]Cell
	Empty   string
}

// Count says how often a mark stands in the packet.
type Count struct {
	Class ledger.Class
	Cells int
}

// Asked is what is asked, and by whom.
type Asked struct {
	Subjects []string // record ids: deployments, or accounts without one; each once
	Question string   // "" asks what is to be decided
	By       string   // key id of who prepares the packet
}

// Build reads what the log holds. q should be a snapshot; checkpoint must be over all of
// it, since a packet is of one state that anybody can name. schemas are the released ones.
//
// Errors: Invalid without a subject or with one twice; NotFound for what was never
// assessed, since nothing can be decided on it; Failed where entries are not signed yet.
// It reads the parties of the register once: O(parties + records of the subjects).
func Build(ctx context.Context, q store.Queryer, schemas bundle.Schemas, checkpoint ledger.Checkpoint, asked Asked) (*Packet, error) {
	if len(asked.Subjects) == 0 {
		return nil, fault.New(fault.Invalid, "a packet is about at least one deployment", "name one")
	}
	b, err := open(ctx, q, schemas, checkpoint)
	if err != nil {
		return nil, err
	}
	placed, err := casework.Agenda(ctx, q, b.day, asked.Subjects)
	if err != nil {
		return nil, err
	}
	p := &Packet{Origin: checkpoint.Origin, Size: checkpoint.Size, Root: checkpoint.Root.String(), Day: b.day, Limits: limits}
	for _, one := range placed {
		item, err := b.item(one.Subject)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, item)
	}
	p.Front = b.front(p, asked)
	if len(placed) > 1 {
		p.Agenda = agenda(p, placed)
	}
	p.count()
	return p, b.err
}

// builder holds what all items of a packet are made from.
type builder struct {
	ctx     context.Context
	q       store.Queryer
	schemas bundle.Schemas
	day     string
	names   map[string]string // of people, by key id
	parties *triage.Portfolio
	behind  *screening.Behind
	err     error // the first field that could not be read
}

func open(ctx context.Context, q store.Queryer, schemas bundle.Schemas, c ledger.Checkpoint) (*builder, error) {
	b := &builder{ctx: ctx, q: q, schemas: schemas, names: map[string]string{}}
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	if head.Origin != c.Origin || c.Size < 1 || c.Size > head.Size {
		return nil, fault.New(fault.Broken, "the checkpoint is not one of this log", "use the checkpoint of the workspace")
	}
	if c.Size < head.Size {
		return nil, fault.New(fault.Failed, "the log has entries that no checkpoint covers yet", "run the command again")
	}
	if b.day, err = lastDay(ctx, q, c.Size-1); err != nil {
		return nil, err
	}
	persons, err := store.Select(ctx, q, people.Persons, "")
	if err != nil {
		return nil, err
	}
	for _, p := range persons {
		b.names[p.Record.KeyID] = p.Record.Name
	}
	if b.parties, err = triage.ReadParties(ctx, q, store.Now, b.day); err != nil {
		return nil, err
	}
	b.behind, err = screening.ReadBehind(ctx, q, b.day)
	return b, err
}

func lastDay(ctx context.Context, q store.Queryer, seq int64) (string, error) {
	leaf, err := store.LeafAt(ctx, q, seq)
	if err != nil {
		return "", err
	}
	return leaf.Entered(), nil
}

// front says what is asked, by whom, and of which state of the log.
func (b *builder) front(p *Packet, asked Asked) Table {
	question := marked(ledger.Customer, asked.Question)
	if asked.Question == "" {
		question = plain("What is to be decided?")
	}
	t := Table{Caption: "What is asked"}
	t.say("Question", question)
	t.say("Prepared by", b.person(asked.By))
	t.say("As of", plain("%s, the day of the log's last entry", p.Day))
	t.say("Log", plain("%s", p.Origin))
	t.say("Checkpoint", plain("%d entries, root %s", p.Size, p.Root))
	for _, item := range p.Items {
		t.say("Rating", joined(": ", item.Title, plain("leaf %s", item.Rating)))
	}
	return t
}

// agenda lists the items of a meeting and what put them into their order.
func agenda(p *Packet, placed []casework.Placed) *Table {
	t := &Table{Caption: "Agenda: live harm first, then severity, irremediability, likelihood and age; never what a customer pays",
		Head: []string{"Item", "Deployment", "Rating", "Live harm", "Severity", "Irremediability", "Likelihood"}}
	for i, one := range placed {
		harm := "none stated"
		if one.Harm > 0 {
			harm = "alleged or confirmed"
		}
		irremediable := plain("not stated, so %d", one.Irremediable)
		if one.Stated {
			irremediable = plain("%d", one.Irremediable)
		}
		irremediable.Marks = []ledger.Class{ledger.Customer}
		t.Rows = append(t.Rows, []Cell{plain("%d", i+1), p.Items[i].Title, plain("%s", between(p.Items[i].Best, p.Items[i].Worst)),
			marked(ledger.Customer, harm), plain("%d", one.Severity), irremediable, plain("%d", one.Likelihood)})
	}
	return t
}

func between(best, worst string) string {
	if best == worst {
		return worst
	}
	return best + " to " + worst
}

// count counts the marks over the whole packet.
func (p *Packet) count() {
	cells := map[ledger.Class]int{}
	p.each(func(c Cell) {
		for _, m := range c.Marks {
			cells[m]++
		}
	})
	for _, c := range ledger.Classes {
		p.Marks = append(p.Marks, Count{c, cells[c]})
	}
}

// each calls fn for every cell, in the order of reading.
func (p *Packet) each(fn func(Cell)) {
	tables := []Table{p.Front}
	if p.Agenda != nil {
		tables = append(tables, *p.Agenda)
	}
	for _, item := range p.Items {
		for _, part := range item.Parts {
			tables = append(tables, part.Tables...)
		}
	}
	for _, t := range tables {
		for _, row := range t.Rows {
			for _, c := range row {
				fn(c)
			}
		}
	}
}

// limits says what a packet does not show.
var limits = []string{
	"It shows no revenue, price or volume of the customer: what a customer pays is none of what is judged.",
	"It does not name those who raised a concern, who spoke in a consultation or who voted, nor birth dates and numbers of those who stand behind a customer.",
	"A rating is an interval that rests on the facts known on its day. Where facts are unknown it says what could be, never that nothing is wrong.",
	"What was recorded is not proved to be true, or to be all. The log proves that it was not changed or removed since.",
	"A condition that nobody checked is a promise. Only conditions under which calls were counted are shown as checked, and only for those calls.",
	"A decision stops nothing by itself. That it is enforced is confirmed nowhere.",
}

// item makes the packet's pages on one deployment.
func (b *builder) item(subject string) (*Item, error) {
	look, err := b.look(subject)
	if err != nil {
		return nil, err
	}
	item := &Item{Subject: look.x.Subject, Rating: look.x.Leaf, Title: look.title(), Best: look.rated.Record.Best, Worst: look.rated.Record.Worst}
	for _, chapter := range []func() (Part, error){
		look.asked, look.who, look.rating, look.open, look.stops, look.severity, look.likelihood, look.record, look.lists,
		look.experts, look.panel, look.heard, look.raised, look.decided, look.conditions, look.ways, look.facts, look.cited,
	} {
		part, err := chapter()
		if err != nil {
			return nil, err
		}
		item.Parts = append(item.Parts, part)
	}
	return item, b.err
}

// look is one deployment while its pages are made.
type look struct {
	*builder
	x       *assessment.Explanation
	rated   *store.Revision[assessment.Rating]
	about   records
	chain   triage.Chain
	sources []assessment.SourceSeen // cited so far, by number
}

// number gives the number under which a source is cited.
func (l *look) number(s assessment.SourceSeen) int {
	n := slices.Index(l.sources, s)
	if n < 0 {
		n = len(l.sources)
		l.sources = append(l.sources, s)
	}
	return n + 1
}
