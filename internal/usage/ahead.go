package usage

import (
	"context"
	"iter"
	"runtime"
)

// Reading is what came of one object of a tree: its batch, or why it was not read.
type Reading struct {
	Name   string
	Batch  *Batch
	Closed error // it may not or cannot be opened, and the others can
	Err    error // of the medium, or the context; nothing comes after it
}

// ReadTree reads all objects of a tree and gives them in the order of their names. As
// many are read side by side as there are processors; at most as many batches wait.
func (m *Monitor) ReadTree(ctx context.Context, source string, tree *Tree) iter.Seq[Reading] {
	return func(yield func(Reading) bool) {
		whole := ctx
		ctx, cancel := context.WithCancel(whole)
		defer cancel()
		queue := make(chan chan Reading, runtime.GOMAXPROCS(0)-1) // with the one that is waited for
		go func() {
			defer close(queue)
			for name, err := range tree.Names() {
				own := make(chan Reading, 1)
				select {
				case queue <- own:
				case <-ctx.Done():
					return
				}
				if err != nil {
					own <- Reading{Name: name, Closed: err}
					continue
				}
				go func() { own <- m.readOne(ctx, source, tree, name) }()
			}
		}()
		stopped := false
		for own := range queue {
			r := <-own // also of what nobody wants any more: the tree is in use until then
			if !stopped && (!yield(r) || r.Err != nil) {
				stopped = true
				cancel()
			}
		}
		if err := whole.Err(); err != nil && !stopped {
			yield(Reading{Err: err})
		}
	}
}

func (m *Monitor) readOne(ctx context.Context, source string, tree *Tree, name string) Reading {
	file, err := tree.Open(name)
	if err != nil {
		return Reading{Name: name, Closed: err}
	}
	defer file.Close()
	batch, err := m.Read(ctx, source, name, file)
	return Reading{Name: name, Batch: batch, Err: err}
}
