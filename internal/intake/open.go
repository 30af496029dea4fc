package intake

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"duly/internal/fault"
)

// A gzip file may grow this much: bombFree bytes whatever its size, and bombRatio
// times what was read of it. Tables of text grow 5 to 100 times; deflate cannot
// do more than about 1,030, which only a bomb comes near.
const (
	bombFree  = 256 << 20
	bombRatio = 200
)

// input is an open input file, decompressed, with what is needed to notice that
// somebody changed it between two readings.
type input struct {
	io.Reader
	file *os.File
	name string
	size int64
	time time.Time
}

// Close closes the file.
func (in *input) Close() error { return in.file.Close() }

// changed says whether the file is another than when earlier was opened.
func (in *input) changed(earlier *input) bool {
	return in.size != earlier.size || !in.time.Equal(earlier.time)
}

// open opens a file for reading rows. It refuses what is not a regular file, a
// symbolic link that leads out of its directory, archives, and UTF-16.
func open(name string) (*input, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, fileError(err, name)
	}
	defer root.Close()
	file, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.New(fault.Invalid, "this is not a regular file", "name a file; a folder or a pipe cannot be read twice").At(name, 0, "")
	}
	if err != nil {
		file.Close()
		return nil, fileError(err, name)
	}
	in := &input{file: file, name: name, size: info.Size(), time: info.ModTime()}
	if in.Reader, err = decode(file, name); err != nil {
		file.Close()
		return nil, err
	}
	return in, nil
}

// openRegular looks before it opens, since opening a pipe would wait for ever.
func openRegular(root *os.Root, name string) (*os.File, error) {
	base := filepath.Base(name)
	info, err := root.Stat(base)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "this is not a regular file", "name a file; a folder or a pipe cannot be read twice").At(name, 0, "")
	}
	var file *os.File
	if err == nil {
		file, err = root.Open(base)
	}
	if err == nil {
		return file, nil
	}
	if link, e := root.Lstat(base); e == nil && link.Mode()&fs.ModeSymlink != 0 && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "this symbolic link leads out of its directory", "name the file that it points to").At(name, 0, "")
	}
	return nil, fileError(err, name)
}

// decode looks at the first bytes and decompresses gzip.
func decode(r io.Reader, name string) (io.Reader, error) {
	counted := &counter{r: r}
	b := bufio.NewReaderSize(counted, 64<<10)
	start, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fileError(err, name)
	}
	if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fileError(err, name)
		}
		b = bufio.NewReaderSize(&inflated{r: z, in: counted}, 64<<10)
		if start, err = b.Peek(4); err != nil && err != io.EOF {
			return nil, fileError(err, name)
		}
	}
	what, fix := "", ""
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("PK\x05\x06")):
		what, fix = "this is a ZIP archive (or a spreadsheet, which is one)", "unpack it and name the file inside, or save the sheet as CSV"
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		what, fix = "this gzip file holds another gzip file", "unpack it once"
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		what, fix = "this file is UTF-16", "save it as UTF-8"
	}
	if what != "" {
		return nil, fault.New(fault.Invalid, what, fix).At(name, 0, "")
	}
	return b, nil
}

// interruptible ends a stream when its context ends, also within one long line.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// counter counts the bytes that were read of the file.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated stops a stream that grows beyond what text can.
type inflated struct {
	r  io.Reader
	in *counter
	n  int64
}

func (f *inflated) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n += int64(n)
	if f.n > bombFree+bombRatio*f.in.n {
		return 0, errBomb
	}
	return n, err
}

var errBomb = fault.New(fault.Invalid, "this gzip file grows more than any table of text does; it was not read further",
	"if it is genuine, unpack it first")

// fileError makes an error about a file into a fault that names it.
func fileError(err error, name string) error {
	var known *fault.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &known):
		return known.At(name, 0, "")
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Invalid, "there is no such file", "").At(name, 0, "")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.New(fault.Invalid, "the gzip file ends early", "copy it again; nothing was imported").At(name, 0, "")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fault.New(fault.Invalid, "the gzip file is damaged", "copy it again; nothing was imported").At(name, 0, "")
	}
	return fault.Wrap(fault.Failed, err, "cannot read the file").At(name, 0, "")
}
