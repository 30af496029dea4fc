package names

import "unicode"

// Script says in which writing a word stands in the original name.
type Script uint8

// The scripts. Common stands for all that are not told apart here.
const (
	Latin Script = iota
	Cyrillic
	Greek
	Arabic
	Hebrew
	Devanagari
	Han
	Kana
	Hangul
	Thai
	Georgian
	Armenian
	Common
)

// scriptTables says where to look a letter up, the scripts most met first.
var scriptTables = []struct {
	script Script
	table  *unicode.RangeTable
}{
	{Latin, unicode.Latin}, {Cyrillic, unicode.Cyrillic}, {Arabic, unicode.Arabic}, {Han, unicode.Han},
	{Hangul, unicode.Hangul}, {Kana, unicode.Katakana}, {Kana, unicode.Hiragana}, {Hebrew, unicode.Hebrew},
	{Greek, unicode.Greek}, {Devanagari, unicode.Devanagari}, {Thai, unicode.Thai},
	{Georgian, unicode.Georgian}, {Armenian, unicode.Armenian},
}

// scriptOf gives the script of a letter. Digits and marks that go with any
// script count as Latin, since they change the script of no word.
func scriptOf(r rune) Script {
	for _, s := range scriptTables {
		if unicode.Is(s.table, r) {
			return s.script
		}
	}
	if unicode.IsLetter(r) {
		return Common
	}
	return Latin
}

// abjad says whether the script leaves out vowels.
func (s Script) abjad() bool { return s == Arabic || s == Hebrew }

// Keys yields coarse keys of what a word sounds like. Words of two scripts that
// Similarity takes for alike nearly always share one. Equal keys alone say
// little. Keys are the same in every run, but may change with the version.
func (t *Token) Keys(yield func(key uint32) bool) {
	b := bare(t.Skeleton)
	if len(b) < 2 {
		return
	}
	h := uint32(2166136261)
	for i := range len(b) {
		h = (h ^ uint32(b[i])) * 16777619
	}
	yield(h)
}
