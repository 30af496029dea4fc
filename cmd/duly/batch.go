package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"duly/internal/fault"
	"duly/internal/watchlist"
)

const (
	blockLines = 2048    // queries that are answered together before they are written
	maxQuery   = 1 << 20 // bytes of one line
)

// batch answers a file of queries, one line for each, in their order and on all
// cores. Answers are gathered in OUT.part, which a run that was stopped leaves
// behind with a note of what it belongs to: the next run goes on from there.
type batch struct {
	app   *app
	index *watchlist.Index
	of    string // what answers depend on beside the queries
	from  string
	size  int64 // of the queries, in bytes

	done  int   // queries that are answered
	read  int64 // bytes of the queries that are answered
	began time.Time
	early int64 // bytes that an earlier run had answered
	known int   // queries that it had answered
	told  time.Time
}

// answerAll answers the queries of a file into another.
func answerAll(a *app, index *watchlist.Index, fingerprint, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the queries")
	}
	defer in.Close()
	b := &batch{app: a, index: index, of: fingerprint, from: from, began: time.Now()}
	if info, err := os.Stat(to); err == nil && !info.Mode().IsRegular() {
		return writeWhole(to, func(out io.Writer) error { return b.run(in, out) })
	}
	part, err := b.resume(in, to)
	if err != nil {
		return err
	}
	err = b.run(in, part)
	err = errors.Join(err, part.Sync(), part.Close())
	switch {
	case a.ctx.Err() != nil: // what is answered stays for the next run
		return err
	case err != nil:
		return errors.Join(err, os.Remove(part.Name()), os.Remove(part.Name()+".of"))
	}
	if err := errors.Join(os.Rename(part.Name(), to), os.Remove(part.Name()+".of")); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+to)
	}
	return a.wrote(written{Out: to, Rows: b.done}, fmt.Sprintf("answered %d queries", b.done))
}

// resume opens OUT.part. If it belongs to the same queries and the same index, its
// whole lines are kept and the queries before are passed over; else it is emptied.
func (b *batch) resume(in *os.File, to string) (*os.File, error) {
	broken := func(err error) error { return fault.Wrap(fault.Failed, err, "cannot write "+to+".part") }
	sum := sha256.New()
	size, err := io.Copy(sum, in)
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "cannot read the queries")
	}
	b.size = size
	of := hex.EncodeToString(sum.Sum([]byte(b.of)))
	part, err := os.OpenFile(to+".part", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, broken(err)
	}
	before, err := os.ReadFile(to + ".part.of")
	if err != nil || string(before) != of {
		if err := errors.Join(part.Truncate(0), os.WriteFile(to+".part.of", []byte(of), 0o644)); err != nil {
			return nil, broken(errors.Join(err, part.Close()))
		}
		return part, nil
	}
	whole := int64(0)
	lines := bufio.NewReaderSize(part, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		whole += int64(len(line))
		if err == nil {
			b.done++
			continue
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			whole -= int64(len(line))
			break
		}
	}
	if _, err := part.Seek(whole, io.SeekStart); err != nil {
		return nil, broken(errors.Join(err, part.Close()))
	}
	if err := part.Truncate(whole); err != nil {
		return nil, broken(errors.Join(err, part.Close()))
	}
	if b.known = b.done; b.known > 0 {
		b.app.progress("going on after %d answers of an earlier run", b.done)
	}
	return part, nil
}

// query is one line of the queries and its answer.
type query struct {
	line   int
	text   []byte
	answer []byte
	err    *fault.Error
}

// run answers what is not answered yet.
func (b *batch) run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), maxQuery)
	w := bufio.NewWriterSize(out, 1<<16)
	skip, number := b.done, 0
	for more := true; more; {
		if err := b.app.ctx.Err(); err != nil {
			return errors.Join(w.Flush(), err)
		}
		block := make([]query, 0, blockLines)
		for len(block) < blockLines {
			if more = lines.Scan(); !more {
				break
			}
			number++
			b.read += int64(len(lines.Bytes())) + 1
			switch {
			case len(lines.Bytes()) == 0:
			case skip > 0:
				skip--
				b.early = b.read
			default:
				block = append(block, query{line: number, text: append([]byte(nil), lines.Bytes()...)})
			}
		}
		b.answer(block)
		for i := range block {
			if q := &block[i]; q.err != nil {
				return q.err.At(b.from, q.line, "")
			}
			if _, err := w.Write(append(block[i].answer, '\n')); err != nil {
				return fault.Wrap(fault.Failed, err, "cannot write the answers")
			}
		}
		if err := w.Flush(); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot write the answers")
		}
		b.done += len(block)
		b.tell()
	}
	if err := lines.Err(); err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the queries").At(b.from, number+1, "")
	}
	return nil
}

// answer answers a block of queries on all cores.
func (b *batch) answer(block []query) {
	var wait sync.WaitGroup
	next := make(chan *query)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for q := range next {
				q.answer, q.err = answerLine(b.index, q.text)
			}
		})
	}
	for i := range block {
		next <- &block[i]
	}
	close(next)
	wait.Wait()
}

// tell shows how far the run is, how fast, and how long it will take.
func (b *batch) tell() {
	now := time.Now()
	if now.Sub(b.told) < time.Second || b.read <= b.early {
		return
	}
	b.told = now
	seconds := now.Sub(b.began).Seconds()
	left := time.Duration(float64(b.size-b.read) / float64(b.read-b.early) * seconds * float64(time.Second))
	b.app.progress("%d answered, %.0f a second, %.0f %% of the file, %s left",
		b.done, float64(b.done-b.known)/seconds, 100*float64(b.read)/float64(max(b.size, 1)), left.Round(time.Second))
}
