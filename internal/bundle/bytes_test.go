package bundle

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// refuse checks that a changed bundle is refused, and as broken: a verifier that
// calls tampering "could not run" would let it look like bad luck.
func refuse(t *testing.T, data []byte, format string, args ...any) {
	t.Helper()
	result, err := checkAlone(data, Trust{})
	if crc32.ChecksumIEEE(data)%40 == 0 { // of these many, the other verifier looks at some
		second.keep(data, Trust{}, result, err)
	}
	if err == nil {
		t.Errorf(format+": passes with %+v", append(args, result)...)
	} else if fault.CodeOf(err) != fault.Broken {
		t.Errorf(format+": is refused as %s: %v", append(args, fault.CodeOf(err), err)...)
	}
}

// TestEveryByteOfABundleMatters protects the promise that nothing in a bundle can
// be changed unseen: each byte flipped, removed or added, after every checksum
// that has no key was repaired.
func TestEveryByteOfABundleMatters(t *testing.T) {
	whole := sample(t).bundle(ledger.Customer, ledger.Legal)
	if _, err := verify(whole, Trust{}); err != nil {
		t.Fatal(err)
	}
	members, _ := readZip(bytes.NewReader(whole), int64(len(whole)))
	t.Run("flipped", func(t *testing.T) {
		for i := range whole {
			for _, mask := range []byte{0x01, 0x20} {
				changed := bytes.Clone(whole)
				changed[i] ^= mask
				repair(changed, members)
				refuse(t, changed, "byte %d changed by %#x", i, mask)
			}
		}
	})
	all := parts(t, whole)
	t.Run("removed or added", func(t *testing.T) {
		for at, p := range all {
			for i := range len(p.content) + 1 {
				if i < len(p.content) {
					refuse(t, with(t, all, at, splice(p.content, i, 1)), "byte %d of %s removed", i, p.name)
				}
				for _, extra := range []byte("\rA") {
					refuse(t, with(t, all, at, splice(p.content, i, 0, extra)), "%q added at byte %d of %s", extra, i, p.name)
				}
			}
		}
	})
}

const base64s = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"

// siblings gives the characters of base64 that differ from c in the low bits,
// which may be spare.
func siblings(c byte) (list []byte) {
	digits := base64s[:64]
	if c == '+' || c == '/' {
		digits = base64s[:62] + base64s[64:]
	}
	if i := strings.IndexByte(digits, c); i >= 0 {
		for low := 1; low < 16; low++ {
			list = append(list, digits[i^low])
		}
	}
	return list
}

// TestSmallPartsInEverySpelling puts other characters of base64 and of the format
// where a spelling is decided by code that is not Duly's (the signed note) and
// where one character decides (the marks of withheld and erased fields).
func TestSmallPartsInEverySpelling(t *testing.T) {
	all := parts(t, sample(t).bundle(ledger.Customer))
	for at, p := range all {
		for i := range p.content {
			mark := p.name == "entries" && strings.IndexByte(".!~", p.content[i]) >= 0
			if p.name != "checkpoint" && p.name != "bundle.json" && !mark {
				continue
			}
			for _, c := range append(siblings(p.content[i]), "Aa0+/=.!~\r\n \"\x00\xff"...) {
				if c != p.content[i] {
					refuse(t, with(t, all, at, splice(p.content, i, 1, c)), "byte %d of %s set to %q", i, p.name, c)
				}
			}
		}
	}
}

// TestSpareBits protects the rule that digests and disclosures have one spelling:
// the last character of base64 may carry bits that decode to nothing.
func TestSpareBits(t *testing.T) {
	all := parts(t, sample(t).bundle(ledger.Customer))
	entries := all[2].content
	for i := range entries[:len(entries)-1] {
		if strings.IndexByte("~\n\"", entries[i+1]) < 0 {
			continue
		}
		for _, c := range siblings(entries[i]) {
			refuse(t, with(t, all, 2, splice(entries, i, 1, c)), "the character %q before %q at %d of entries", c, entries[i+1], i)
		}
	}
}

// TestArchiveHasOneSpelling protects against what hides between the members.
func TestArchiveHasOneSpelling(t *testing.T) {
	whole := sample(t).bundle()
	all := parts(t, whole)
	swapped := func(i, j int) []byte {
		c := slices.Clone(all)
		c[i], c[j] = c[j], c[i]
		return join(t, c)
	}
	entries := all[2].content
	for name, data := range map[string][]byte{
		"empty":                      {},
		"one byte":                   {'P'},
		"a byte before":              append([]byte{0}, whole...),
		"a byte behind":              append(bytes.Clone(whole), 0),
		"a second archive behind":    append(bytes.Clone(whole), whole...),
		"a comment":                  comment(whole, "x"),
		"a member twice":             join(t, append(slices.Clone(all), all[3])),
		"the first member twice":     join(t, append(slices.Clone(all), all[0])),
		"a member that is no pack":   join(t, append(slices.Clone(all), part{"readme", []byte("x")})),
		"a pack of another name":     join(t, append(slices.Clone(all[:3]), part{"packs/" + hexSum(nil) + ".yaml", all[3].content})),
		"a pack not in the log":      join(t, append(slices.Clone(all[:3]), packPart("other"))),
		"a second pack, not in log":  join(t, sorted(append(slices.Clone(all), packPart("other")))),
		"manifest and checkpoint":    swapped(0, 1),
		"checkpoint and entries":     swapped(1, 2),
		"entries and pack":           swapped(2, 3),
		"no entries":                 join(t, all[:2]),
		"entries empty":              with(t, all, 2, nil),
		"the last line feed gone":    with(t, all, 2, entries[:len(entries)-1]),
		"the last line gone":         with(t, all, 2, entries[:bytes.LastIndexByte(entries[:len(entries)-1], '\n')+1]),
		"an empty entry more":        with(t, all, 2, append(bytes.Clone(entries), "\n\n"...)),
		"carriage returns":           with(t, all, 2, bytes.ReplaceAll(entries, []byte("\n"), []byte("\r\n"))),
		"a compressed member":        compressed(t, all),
		"a member with a data later": streamed(whole),
	} {
		t.Run(name, func(t *testing.T) { refuse(t, data, "%s", name) })
	}
	for cut := range whole {
		refuse(t, whole[:cut], "cut at byte %d", cut)
	}
}

// with replaces the content of one member.
func with(t testing.TB, all []part, at int, content []byte) []byte {
	c := slices.Clone(all)
	c[at].content = content
	return join(t, c)
}

// splice replaces n bytes at i.
func splice(b []byte, i, n int, by ...byte) []byte {
	return slices.Concat(b[:i], by, b[i+n:])
}

func packPart(content string) part {
	return part{"packs/" + hexSum([]byte(content)) + ".yaml", []byte(content)}
}

func sorted(all []part) []part {
	slices.SortFunc(all[3:], func(a, b part) int { return strings.Compare(a.name, b.name) })
	return all
}

// repair makes the checksums of changed members right again, in both headers.
func repair(data []byte, members []member) {
	central := members[len(members)-1].data() + members[len(members)-1].size
	for _, m := range members {
		sum := crc32.ChecksumIEEE(data[m.data() : m.data()+m.size])
		if sum != m.crc {
			binary.LittleEndian.PutUint32(data[m.offset+14:], sum)
			binary.LittleEndian.PutUint32(data[central+16:], sum)
		}
		central += centralSize + int64(len(m.name))
	}
}

// comment adds an archive comment, with its length.
func comment(data []byte, text string) []byte {
	c := bytes.Clone(data)
	binary.LittleEndian.PutUint16(c[len(c)-2:], uint16(len(text)))
	return append(c, text...)
}

// streamed sets the flag that says that sizes follow the data, as streaming
// writers do, in both headers of the first member.
func streamed(data []byte) []byte {
	c := bytes.Clone(data)
	c[6] |= 8
	c[bytes.Index(c, []byte("PK\x01\x02"))+8] |= 8
	return c
}
