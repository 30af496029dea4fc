package bundle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"strconv"

	"duly/internal/fault"
)

// A bundle is a ZIP archive that any tool can open, with one canonical spelling:
// members are stored, not compressed, one after another, with no times, no extra
// fields and no comments. What differs from that in any byte is refused, so that
// nothing can hide between the members.

const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
	zipVersion  = 20
	zipDay      = 0x21 // 1980-01-01, the earliest day that ZIP can say
	maxMember   = math.MaxUint32
)

// member is one file of the archive.
type member struct {
	name   string
	offset int64 // of its local header
	size   int64
	crc    uint32
}

func (m member) data() int64 { return m.offset + localSize + int64(len(m.name)) }

// appendCommon appends the header fields that both headers share.
func (m member) appendCommon(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, zipVersion)
	b = binary.LittleEndian.AppendUint16(b, 0) // flags
	b = binary.LittleEndian.AppendUint16(b, 0) // stored
	b = binary.LittleEndian.AppendUint16(b, 0) // time
	b = binary.LittleEndian.AppendUint16(b, zipDay)
	b = binary.LittleEndian.AppendUint32(b, m.crc)
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.name)))
	return binary.LittleEndian.AppendUint16(b, 0) // extra
}

func (m member) local() []byte {
	b := m.appendCommon([]byte{'P', 'K', 3, 4})
	return append(b, m.name...)
}

func (m member) central() []byte {
	b := binary.LittleEndian.AppendUint16([]byte{'P', 'K', 1, 2}, zipVersion)
	b = m.appendCommon(b)
	b = append(b, make([]byte, 10)...) // comment, disk, attributes
	b = binary.LittleEndian.AppendUint32(b, uint32(m.offset))
	return append(b, m.name...)
}

// directory gives the bytes that follow the last member.
func directory(members []member, offset int64) []byte {
	var b []byte
	for _, m := range members {
		b = append(b, m.central()...)
	}
	size := len(b)
	b = append(b, 'P', 'K', 5, 6, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(members)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(members)))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return binary.LittleEndian.AppendUint16(b, 0)
}

// zipWriter writes members one after another. The file must be empty.
type zipWriter struct {
	file    io.WriteSeeker
	members []member
	offset  int64
}

// add writes one member; fill streams its content.
func (z *zipWriter) add(name string, fill func(io.Writer) error) error {
	m := member{name: name, offset: z.offset}
	if _, err := z.file.Write(m.local()); err != nil {
		return writeError(err)
	}
	sum := crc32.NewIEEE()
	counter := &counting{}
	buffered := bufio.NewWriterSize(io.MultiWriter(z.file, sum, counter), 1<<16)
	if err := fill(buffered); err != nil {
		return writeError(err)
	}
	if err := buffered.Flush(); err != nil {
		return writeError(err)
	}
	m.size, m.crc = counter.n, sum.Sum32()
	if m.data()+m.size > maxMember {
		return fault.New(fault.Invalid, "the bundle would be larger than 4 GiB", "export fewer classes, or a shorter range")
	}
	if _, err := z.file.Seek(m.offset, io.SeekStart); err != nil {
		return writeError(err)
	}
	if _, err := z.file.Write(m.local()); err != nil {
		return writeError(err)
	}
	z.offset = m.data() + m.size
	if _, err := z.file.Seek(z.offset, io.SeekStart); err != nil {
		return writeError(err)
	}
	z.members = append(z.members, m)
	return nil
}

func (z *zipWriter) close() error {
	_, err := z.file.Write(directory(z.members, z.offset))
	return writeError(err)
}

func writeError(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Failed {
		return err
	}
	return fault.Wrap(fault.Failed, err, "cannot write the bundle")
}

// readError keeps a disk that fails apart from a bundle that was changed.
func readError(err error) error { return fault.Wrap(fault.Failed, err, "cannot read the bundle") }

type counting struct{ n int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// readZip finds the members of an archive and refuses any that is not canonical.
// It reads the whole file once, to check the members' checksums.
func readZip(file io.ReaderAt, size int64) ([]member, error) {
	broken := func(what string) error {
		return fault.New(fault.Broken, "the bundle's archive is not canonical: "+what, "get it again from whoever published it")
	}
	var members []member
	var offset int64
	head := make([]byte, localSize)
	for {
		if n, err := file.ReadAt(head, offset); err != nil && err != io.EOF {
			return nil, readError(err)
		} else if n < 4 {
			return nil, broken("it ends early")
		}
		if !bytes.HasPrefix(head, []byte{'P', 'K', 3, 4}) {
			break
		}
		m := member{offset: offset, crc: binary.LittleEndian.Uint32(head[14:]), size: int64(binary.LittleEndian.Uint32(head[18:]))}
		name := make([]byte, binary.LittleEndian.Uint16(head[26:]))
		if _, err := file.ReadAt(name, offset+localSize); err != nil && err != io.EOF {
			return nil, readError(err)
		} else if err != nil || len(name) > 200 {
			return nil, broken("it ends early")
		}
		m.name = string(name)
		if !bytes.Equal(m.local(), append(append([]byte{}, head...), name...)) {
			return nil, broken("the header of member " + strconv.Quote(m.name))
		}
		sum := crc32.NewIEEE()
		if n, err := io.Copy(sum, io.NewSectionReader(file, m.data(), m.size)); err != nil {
			return nil, readError(err)
		} else if n != m.size || sum.Sum32() != m.crc {
			return nil, broken("the content of member " + strconv.Quote(m.name))
		}
		members = append(members, m)
		offset = m.data() + m.size
		if len(members) > 10000 {
			return nil, broken("it has too many members")
		}
	}
	want := directory(members, offset)
	if size-offset != int64(len(want)) {
		return nil, broken("its directory")
	}
	got := make([]byte, len(want))
	if _, err := file.ReadAt(got, offset); err != nil && err != io.EOF {
		return nil, readError(err)
	}
	if !bytes.Equal(got, want) {
		return nil, broken("its directory")
	}
	return members, nil
}
