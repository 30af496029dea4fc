package evidence

import (
	"context"
	"runtime"
	"sync"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Book holds the statements in force about many subjects, compactly: about 32 bytes
// for each, and each word, day, value and list of sources once. It is read in one
// pass over typed columns and then not changed, so that it can be asked from several
// goroutines.
type Book struct{ pages []*page }

// page is what one pass over a stretch of the log read.
type page struct {
	about   map[ledger.PackedID]chain
	others  map[string]chain // what is stated about subjects that are no record
	said    []*[pageSize]entry
	n       int32
	words   words // facts, systems and days
	values  map[string]int32
	known   []ledger.Scalar
	lists   map[string]int32
	sources [][]*Source
	cited   map[string]*Source // what the sources say that counts, by id
}

// pageSize is how many statements are stored together, so that a book grows without
// being copied.
const pageSize = 1 << 13

// chain is a subject's first and last statement.
type chain struct{ first, last int32 }

// entry is a statement. Its words, value and list are numbers into the page's tables.
type entry struct {
	seq                int64
	next               int32 // the subject's next statement, or end
	value, sources     int32
	fact, system, asOf int32
}

const end = -1

// words numbers texts.
type words struct {
	number map[string]int32
	list   []string
}

func (w *words) of(text string) int32 {
	n, known := w.number[text]
	if !known {
		n = int32(len(w.list))
		w.number[text], w.list = n, append(w.list, text)
	}
	return n
}

// Said is a statement out of a book: its fact has no identity and no reference, and
// of its sources only grade and publisher are there. Seq is the entry in which it
// stands.
type Said struct {
	Statement
	Seq int64
}

// ReadBook reads what is stated about some subjects, as of a point.
func ReadBook(ctx context.Context, q store.Queryer, at store.At, subjects []string) (*Book, error) {
	cited, err := citable(ctx, q, at)
	if err != nil {
		return nil, err
	}
	p := newPage(cited)
	return &Book{[]*page{p}}, store.Parts(subjects, func(n int, args []any) error {
		return p.read(ctx, q, at, store.In("r.subject", 0, n), args)
	})
}

// ReadAll reads what is stated about everybody, as of a point, but for what one
// system stated ("" for nobody's). at must name a position of the log: the log is
// read on as many connections as there are processors, each a stretch of it, and the
// position keeps what they see the same while others write. Memory grows with the
// number of statements.
func ReadAll(ctx context.Context, db *store.DB, at store.At, without string) (*Book, error) {
	if at.Seq < 0 {
		return nil, fault.New(fault.Failed, "everything is read as of a position of the log", "")
	}
	cited, err := citable(ctx, db, at)
	if err != nil {
		return nil, err
	}
	n := int64(min(runtime.GOMAXPROCS(0), 4)) // what the store keeps open for readers
	b := &Book{make([]*page, n)}
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		b.pages[i] = newPage(cited)
		from, to := (at.Seq+1)*i/n, (at.Seq+1)*(i+1)/n
		all.Go(func() {
			failed[i] = b.pages[i].read(ctx, db, at, "r.seq >= $1 and r.seq < $2 and coalesce(r.source, '') <> $3", []any{from, to, orNobody(without)})
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// orNobody gives a name that no system has where nobody's is left out.
func orNobody(system string) string {
	if system == "" {
		return "\x01"
	}
	return system
}

// citable reads what counts of all sources.
func citable(ctx context.Context, q store.Queryer, at store.At) (map[string]*Source, error) {
	cited := map[string]*Source{}
	err := store.Each(ctx, q, Sources, store.At{Seq: at.Seq}, "", nil, func(r *store.Revision[Source]) error {
		cited[r.ID] = &Source{Grade: r.Record.Grade, Publisher: r.Record.Publisher}
		return nil
	})
	return cited, err
}

func newPage(cited map[string]*Source) *page {
	return &page{about: map[ledger.PackedID]chain{}, others: map[string]chain{}, words: words{number: map[string]int32{}}, values: map[string]int32{}, lists: map[string]int32{}, cited: cited}
}

func (p *page) read(ctx context.Context, q store.Queryer, at store.At, where string, args []any) error {
	fields := []string{"source", "subject", "fact", "value", "as_of", "sources"}
	return store.Columns(ctx, q, Facts.Schema(), at, fields, "r.state = 'active' and r.value is not null and "+where, args, func(seq int64, _ string, v []any) error {
		e := entry{seq: seq, next: end}
		var err error
		if e.value, err = p.value(text(v[3])); err == nil {
			e.sources, err = p.list(text(v[5]))
		}
		if err != nil {
			return err
		}
		e.system, e.fact, e.asOf = p.words.of(text(v[0])), p.words.of(text(v[2])), p.words.of(text(v[4]))
		p.add(text(v[1]), e)
		return nil
	})
}

func text(column any) string {
	s, _ := column.(string)
	return s
}

func (p *page) add(subject string, e entry) {
	n := p.n
	if n%pageSize == 0 {
		p.said = append(p.said, new([pageSize]entry))
	}
	*p.at(n) = e
	p.n++
	c, known := p.chain(subject)
	if known {
		p.at(c.last).next = n
		c.last = n
	} else {
		c = chain{n, n}
	}
	if id, ok := ledger.PackID(subject); ok {
		p.about[id] = c
	} else {
		p.others[subject] = c
	}
}

func (p *page) chain(subject string) (c chain, known bool) {
	if id, ok := ledger.PackID(subject); ok {
		c, known = p.about[id]
	} else {
		c, known = p.others[subject]
	}
	return c, known
}

func (p *page) at(n int32) *entry { return &p.said[n/pageSize][n%pageSize] }

func (p *page) value(canonical string) (int32, error) {
	n, known := p.values[canonical]
	if known {
		return n, nil
	}
	var s ledger.Scalar
	if err := s.UnmarshalJSON([]byte(canonical)); err != nil {
		return 0, err
	}
	n = int32(len(p.known))
	p.values[canonical], p.known = n, append(p.known, s)
	return n, nil
}

// list numbers a list of sources. One that is not there counts as not graded.
func (p *page) list(canonical string) (int32, error) {
	n, known := p.lists[canonical]
	if known {
		return n, nil
	}
	var ids ledger.Scalar
	if canonical != "" {
		if err := ids.UnmarshalJSON([]byte(canonical)); err != nil {
			return 0, err
		}
	}
	list, _ := ids.Value().([]string)
	sources := make([]*Source, len(list))
	for i, id := range list {
		if sources[i] = p.cited[id]; sources[i] == nil {
			sources[i] = &Source{}
		}
	}
	n = int32(len(p.sources))
	p.lists[canonical], p.sources = n, append(p.sources, sources)
	return n, nil
}

// About appends to list what is stated about a subject, in the order of the log. The
// statements are the caller's.
func (b *Book) About(list []Said, subject string) []Said {
	return new(Room).About(list, b, subject)
}

// Room is memory for the statements of books, used again and again by one who asks
// about very many subjects, one after another. The zero value is ready.
type Room struct {
	blocks []*[roomBlock]Fact
	used   int
}

// roomBlock is how many statements a room grows by: about what is stated of one subject.
const roomBlock = 8

// Clear makes the room free again: what it held must not be used any more.
func (r *Room) Clear() { r.used = 0 }

// fact gives a free place.
func (r *Room) fact() *Fact {
	if r.used == len(r.blocks)*roomBlock {
		r.blocks = append(r.blocks, new([roomBlock]Fact))
	}
	f := &r.blocks[r.used/roomBlock][r.used%roomBlock]
	r.used++
	return f
}

// About is [Book.About] with the statements in the room, which hold until it is cleared.
func (r *Room) About(list []Said, b *Book, subject string) []Said {
	id, packed := ledger.PackID(subject)
	for _, p := range b.pages {
		c, known := p.about[id]
		if !packed {
			c, known = p.others[subject]
		}
		if !known {
			continue
		}
		for n := c.first; n != end; {
			e := p.at(n)
			f := r.fact()
			f.State, f.Source, f.Subject, f.Fact, f.Value, f.AsOf = "active", p.words.list[e.system], subject, p.words.list[e.fact], p.known[e.value], p.words.list[e.asOf]
			list = append(list, Said{Seq: e.seq, Statement: Statement{Fact: f, Sources: p.sources[e.sources]}})
			n = e.next
		}
	}
	return list
}

// Source gives what counts of a source by its id; one that is not there is not graded.
func (b *Book) Source(id string) *Source {
	for _, p := range b.pages {
		if s := p.cited[id]; s != nil {
			return s
		}
	}
	return &Source{}
}

// Len is the number of statements.
func (b *Book) Len() int {
	n := 0
	for _, p := range b.pages {
		n += int(p.n)
	}
	return n
}
