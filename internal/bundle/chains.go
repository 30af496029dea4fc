package bundle

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"duly/internal/fault"
	"duly/internal/ledger"
)

const (
	idBytes    = 24
	linkBytes  = idBytes + 8 + 8 + 32 + 32 + 4
	linksKept  = 1 << 17 // in memory: about 13 MB
	partitions = 256
)

// link is one revision as the chain of its record sees it.
type link struct {
	id, kind   string
	rev, seq   int64
	hash, prev ledger.Hash
	carried    bool // from before a range: others of its record may not be here
}

// chains checks that the revisions of every record are of one kind, are numbered
// 1, 2, 3, ... in the order of the log and that each names the leaf before it. Links beyond
// linksKept are spilled to one temporary file per partition of ids, so that only
// one partition is in memory at a time.
type chains struct {
	kept  []link
	kinds []string // a spilled link names its kind by its place here
	dir   string
	files []*os.File
	bufs  []*bufio.Writer
}

func (c *chains) add(l link) error {
	if len(c.kept) == cap(c.kept) {
		c.kept = slices.Grow(c.kept, max(len(c.kept), 1024)) // append would grow it by less and copy it more often
	}
	c.kept = append(c.kept, l)
	if len(c.kept) < linksKept {
		return nil
	}
	return c.spill()
}

func (c *chains) spill() error {
	if c.dir == "" {
		dir, err := os.MkdirTemp("", "duly-verify")
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make a temporary directory")
		}
		c.dir = dir
		for i := range partitions {
			f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(i)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fault.Wrap(fault.Failed, err, "cannot write a temporary file")
			}
			c.files = append(c.files, f)
			c.bufs = append(c.bufs, bufio.NewWriterSize(f, 1<<13))
		}
	}
	var row [linkBytes]byte
	for _, l := range c.kept {
		copy(row[:idBytes], l.id)
		binary.BigEndian.PutUint64(row[24:], uint64(l.rev))
		binary.BigEndian.PutUint64(row[32:], uint64(l.seq))
		copy(row[40:], l.hash[:])
		copy(row[72:], l.prev[:])
		binary.BigEndian.PutUint32(row[104:], c.kindNumber(l.kind))
		if l.carried {
			row[104] = 1
		}
		if _, err := c.bufs[partition(l.id)].Write(row[:]); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot write a temporary file")
		}
	}
	c.kept = c.kept[:0]
	return nil
}

func (c *chains) kindNumber(kind string) uint32 {
	i := slices.Index(c.kinds, kind)
	if i < 0 {
		i = len(c.kinds)
		c.kinds = append(c.kinds, kind)
	}
	return uint32(i)
}

// partition spreads ids, all of whose characters may be alike but for a few.
func partition(id string) int { return int(crc32.ChecksumIEEE([]byte(id)) % partitions) }

// finish checks all chains and reports every break. It gives the number of records of
// which earlier revisions are not all here.
func (c *chains) finish(report func(seq int64, what string)) (open int64, err error) {
	if c.dir == "" {
		return check(c.kept, report), nil
	}
	if err := c.spill(); err != nil {
		return 0, err
	}
	for i, f := range c.files {
		if err := c.bufs[i].Flush(); err != nil {
			return 0, fault.Wrap(fault.Failed, err, "cannot write a temporary file")
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, fault.Wrap(fault.Failed, err, "cannot read a temporary file")
		}
		links, err := c.readLinks(bufio.NewReaderSize(f, 1<<16))
		if err != nil {
			return 0, err
		}
		open += check(links, report)
	}
	return open, nil
}

func (c *chains) readLinks(r io.Reader) ([]link, error) {
	var links []link
	var row [linkBytes]byte
	for {
		if _, err := io.ReadFull(r, row[:]); err == io.EOF {
			return links, nil
		} else if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read a temporary file")
		}
		l := link{id: string(row[:idBytes]), rev: int64(binary.BigEndian.Uint64(row[24:])), seq: int64(binary.BigEndian.Uint64(row[32:]))}
		copy(l.hash[:], row[40:])
		copy(l.prev[:], row[72:])
		l.kind, l.carried = c.kinds[binary.BigEndian.Uint32(row[104:])&0xffffff], row[104] == 1
		links = append(links, l)
	}
}

// check takes links in the order of the log. Of a record that began before a range, the
// revision that the next one in the range names is enough: it is proven, and says its
// number.
func check(links []link, report func(seq int64, what string)) (open int64) {
	newest := make(map[string]int32, len(links)) // the place of each record's newest revision so far
	for i := range links {
		l := &links[i]
		at, again := newest[l.id]
		newest[l.id] = int32(i)
		last := &links[at]
		switch {
		case l.carried && (!again || l.kind == last.kind && l.rev > last.rev+1):
			if !again {
				open++
			}
		case !again && l.rev != 1:
			report(l.seq, "the first revision of record "+l.id+" in the log is numbered "+strconv.FormatInt(l.rev, 10)+", not 1")
		case again && l.kind != last.kind:
			report(l.seq, "record "+l.id+" was of another kind before: a "+last.kind+", this is a "+l.kind)
		case again && l.rev != last.rev+1:
			report(l.seq, "record "+l.id+" goes from revision "+strconv.FormatInt(last.rev, 10)+" to "+strconv.FormatInt(l.rev, 10))
		case again && l.prev != last.hash:
			report(l.seq, "revision "+strconv.FormatInt(l.rev, 10)+" of record "+l.id+" does not name the revision before it")
		}
	}
	return open
}

// close removes the temporary files.
func (c *chains) close() {
	for _, f := range c.files {
		f.Close()
	}
	if c.dir != "" {
		os.RemoveAll(c.dir)
	}
}
