package assessment

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"slices"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// frugal makes the garbage collector keep less in hand, at some cost of time, until
// the function that it gives is called: what a survey holds is large and lasts, and what
// it throws away is small and much. It holds for the whole process.
func frugal() (restore func()) {
	const percent = 35
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}

// survey is the whole register made ready to be rated.
type survey struct {
	units         *unitReader
	before, after *ground
	expected      int // units, about
}

// newSurvey reads what all units share, as of a point that names a position.
func newSurvey(ctx context.Context, db *store.DB, at store.At, day string, rules *Prohibitions, methods ...*rating.Method) (*survey, error) {
	parties, err := triage.ReadParties(ctx, db, at, day)
	if err != nil {
		return nil, err
	}
	book, err := evidence.ReadAll(ctx, db, at, DerivedBy)
	if err != nil {
		return nil, err
	}
	before, err := newGround(parties, book, rules, day)
	if err != nil {
		return nil, err
	}
	after := *before
	s := &survey{newUnitReader(db, at, parties, methods...), before, &after, 0}
	s.expected, err = store.Count(ctx, db, register.Deployments.Schema(), at, "r.state = 'active'")
	return s, err
}

// suppose puts facts in place of what is stated.
func (s *survey) suppose(facts []Supposed, m *rating.Method) error {
	s.after.supposed = map[string][]Supposed{}
	for _, x := range facts {
		if _, asked := m.Fact(x.Fact); !asked {
			return fault.Newf(fault.Invalid, "the method %s asks no fact %q", m.ID, x.Fact).WithFix("see its facts in the pack")
		}
		list := s.after.supposed[x.Subject]
		if slices.ContainsFunc(list, func(y Supposed) bool { return y.Fact == x.Fact }) {
			return fault.Newf(fault.Invalid, "%s of %s is supposed twice", x.Fact, x.Subject)
		}
		s.after.supposed[x.Subject] = append(list, x)
	}
	return nil
}

// part is some units on their way through the survey. It is used again for others.
type part struct {
	n       int
	units   [partSize]unitRoom
	results [partSize]any
	err     error
	done    chan struct{}
}

// partSize is how many units are handed on together.
const partSize = 256

// each does something with every unit, on all processors, and takes the results in
// the order of the units. begin makes what does it for one processor. A unit holds
// until its result was taken.
func (s *survey) each(ctx context.Context, begin func() func(unit) (any, error), take func(any)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	queue, work, free := make(chan *part, 2*workers), make(chan *part, 2*workers), make(chan *part, 4*workers)
	for range workers {
		go func() {
			do := begin()
			for p := range work {
				for i := range p.n {
					if p.results[i], p.err = do(p.units[i].unit()); p.err != nil {
						break
					}
				}
				close(p.done)
			}
		}()
	}
	var readErr error
	go func() {
		defer close(queue)
		defer close(work)
		readErr = s.hand(ctx, queue, work, free)
	}()
	var err error
	for p := range queue {
		if err != nil {
			continue // what is still on its way is let through and dropped
		}
		<-p.done
		if err = p.err; err != nil {
			stop()
			continue
		}
		for i := range p.n {
			take(p.results[i])
		}
		select {
		case free <- p:
		default:
		}
	}
	return cmp.Or(err, readErr)
}

// hand reads the units and hands them to the workers, in parts that are free or new.
func (s *survey) hand(ctx context.Context, queue, work chan<- *part, free <-chan *part) error {
	var p *part
	send := func() error {
		select {
		case work <- p:
			queue <- p
			p = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := s.units.each(ctx, func(u unit) error {
		if p == nil {
			select {
			case p = <-free:
			default:
				p = new(part)
			}
			p.n, p.done = 0, make(chan struct{})
		}
		p.units[p.n].keep(u)
		if p.n++; p.n < partSize {
			return nil
		}
		return send()
	})
	if err == nil && p != nil {
		err = send()
	}
	return err
}
