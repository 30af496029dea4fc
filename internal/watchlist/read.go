package watchlist

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/fault"
)

// Bounds on what is read, so that no file can fill the memory.
const (
	maxField      = 1 << 20  // bytes of one row, and so of one field
	maxRaw        = 4 << 10  // bytes of a bad row that are kept
	maxRejects    = 10_000   // bad rows, after which the file is given up
	maxDecompress = 16 << 30 // bytes that one compressed file may unpack to
)

// readers has the formats, by the name that a person gives.
var readers = map[string]func(*source) (*List, error){
	"ofac": readOFAC,
	"csl":  readCSL,
	"un":   readUN,
	"eu":   readEU,
	"uk":   readUK,
	"ca":   readCanada,
	"au":   readAustralia,
	"ftm":  readFTM,
	"own":  readOwn,
}

// Formats lists the names of the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(readers)) }

// ParseSpec splits "format:path", as in "ofac:lists/2024-05", and checks that
// the format is known.
func ParseSpec(spec string) (format, path string, err error) {
	format, path, ok := strings.Cut(spec, ":")
	if !ok || path == "" {
		return "", "", fault.New(fault.Invalid, fmt.Sprintf("%q names no list", spec), "write FORMAT:PATH, such as ofac:lists/ofac")
	}
	if readers[format] == nil {
		return "", "", unknownFormat(format)
	}
	return format, path, nil
}

// Read reads a list whole; docs/lists.md describes the formats. path is the file
// as its publisher offers it, also gzipped, or a directory with it; the CSV files
// of ofac and the mapping of own need a directory.
//
// A bad row goes to Rejects and stops nothing. An error says that the file is
// not of that format, holds no entity, breaks off, or cannot be read; then there
// is no list. A file of a directory may not be a link that leads out of it.
func Read(format, path string) (*List, error) {
	read := readers[format]
	if read == nil {
		return nil, unknownFormat(format)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	s := &source{path: path, list: &List{Format: format}}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, notAFile(path)
	}
	if info.IsDir() {
		if s.root, err = os.OpenRoot(path); err != nil {
			return nil, cannotOpen(path, err)
		}
		defer s.root.Close()
	}
	list, err := read(s)
	if err != nil {
		return nil, err
	}
	if len(list.Entities) == 0 || len(list.Rejects) > len(list.Entities)+list.Skipped {
		return nil, notTheFormat(format, s.firstFault(path, len(list.Entities)))
	}
	list.SHA256 = s.digest()
	assignTopics(list)
	return list, nil
}

func unknownFormat(format string) error {
	return fault.New(fault.Invalid, fmt.Sprintf("there is no list format %q", format), "use one of: "+strings.Join(Formats(), ", "))
}

func cannotOpen(path string, err error) *fault.Error {
	code := fault.Failed
	what := err.Error()
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		what = pathErr.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		code, what = fault.NotFound, "there is no such file or directory"
	} else if strings.Contains(what, "escapes") {
		code, what = fault.Invalid, "this is a link that leads out of the directory"
	}
	return &fault.Error{Code: code, What: what, File: path, Err: err}
}

func notTheFormat(format string, first *fault.Error) error {
	f := *first
	f.What = "this is not a usable list of the format " + format + ": " + f.What
	if f.Fix == "" {
		f.Fix = "give the file as its publisher offers it"
	}
	return &f
}

// source is the file or directory that a list is read from. It opens files,
// hashes what is read and collects what could not be used.
type source struct {
	path   string
	root   *os.Root // nil when path is a file
	list   *List
	hashes []fileHash
}

type fileHash struct {
	name string
	sum  string
}

// file is one open file of a source, decompressed where its name ends in .gz.
type file struct {
	*bufio.Reader
	path string // as a person would write it
	name string
	raw  io.Reader // the bytes as stored; reading passes them to sum
	sum  hash.Hash
	disk *os.File
}

// open opens a file of the directory, or the file that the source is.
func (s *source) open(name string) (*file, error) {
	f := &file{path: s.path, name: filepath.Base(s.path), sum: sha256.New()}
	stat, open := os.Stat, os.Open
	if s.root != nil {
		f.path, f.name = filepath.Join(s.path, name), name
		stat, open = s.root.Stat, s.root.Open
	} else {
		name = s.path
	}
	info, err := stat(name) // before opening, which would wait for the other end of a pipe
	if err != nil {
		return nil, cannotOpen(f.path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, notAFile(f.path)
	}
	if f.disk, err = open(name); err != nil {
		return nil, cannotOpen(f.path, err)
	}
	f.raw = io.TeeReader(f.disk, f.sum)
	f.Reader = bufio.NewReaderSize(f.raw, 1<<16)
	if strings.HasSuffix(f.name, ".gz") {
		unpacked, err := gzip.NewReader(f.Reader)
		if err != nil {
			f.disk.Close()
			return nil, fault.Wrap(fault.Invalid, err, "this is not a gzip file").At(f.path, 0, "")
		}
		f.Reader = bufio.NewReaderSize(&bounded{r: unpacked, left: maxDecompress}, 1<<16)
	}
	return f, nil
}

// openOnly opens the file that the source is, or the one file of the directory
// whose name has one of the endings, with or without .gz.
func (s *source) openOnly(endings ...string) (*file, error) {
	if s.root == nil {
		return s.open("")
	}
	found, err := s.named(endings...)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fault.Newf(fault.Invalid, "the directory has %d files that end in %s", len(found), strings.Join(endings, " or ")).
			WithFix("name the file itself").At(s.path, 0, "")
	}
	return s.open(found[0])
}

// named lists the files of the directory with one of the endings.
func (s *source) named(endings ...string) ([]string, error) {
	if s.root == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, cannotOpen(s.path, err)
	}
	var found []string
	for _, e := range entries {
		if slices.Contains(endings, strings.ToLower(filepath.Ext(strings.TrimSuffix(e.Name(), ".gz")))) {
			found = append(found, e.Name())
		}
	}
	return found, nil
}

func notAFile(path string) *fault.Error {
	return fault.New(fault.Invalid, "this is neither a file nor a directory", "").At(path, 0, "")
}

// bounded reads at most left bytes and errs where there are more.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

var errTooLarge = fmt.Errorf("it unpacks to more than %d GiB", maxDecompress>>30)

// close hashes what was not read and closes the file.
func (s *source) close(f *file) error {
	defer f.disk.Close()
	if _, err := io.Copy(io.Discard, f.raw); err != nil {
		return cannotOpen(f.path, err)
	}
	s.hashes = append(s.hashes, fileHash{f.name, hex.EncodeToString(f.sum.Sum(nil))})
	return nil
}

// digest gives the hash of the source, as List.SHA256 describes it.
func (s *source) digest() string {
	if s.root == nil && len(s.hashes) == 1 {
		return s.hashes[0].sum
	}
	all := sha256.New()
	for _, name := range sortedNames(s.hashes) {
		fmt.Fprintf(all, "%s  %s\n", name.sum, name.name)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// reject records a row that cannot be read; it errs when there are too many.
func (s *source) reject(part string, f *fault.Error, raw []byte) error {
	s.list.Rejects = append(s.list.Rejects, Reject{Part: part, Fault: f, Raw: string(raw[:min(len(raw), maxRaw)])})
	if len(s.list.Rejects) > maxRejects {
		return notTheFormat(s.list.Format, f)
	}
	return nil
}

// orphan records a row that belongs to no entity of the list.
func (s *source) orphan(part string, f *fault.Error, raw []byte) {
	s.list.Orphans = append(s.list.Orphans, Reject{Part: part, Fault: f, Raw: string(raw[:min(len(raw), maxRaw)])})
}

// firstFault gives what a person should read when the list is no list at all.
func (s *source) firstFault(path string, entities int) *fault.Error {
	if len(s.list.Rejects) > 0 {
		f := *s.list.Rejects[0].Fault
		f.What = fmt.Sprintf("%d rows cannot be read and %d can; the first: %s", len(s.list.Rejects), entities, f.What)
		return &f
	}
	return fault.New(fault.Invalid, "it names nobody", "").At(path, 0, "")
}
