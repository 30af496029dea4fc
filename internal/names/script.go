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
	if r == longVowel {
		return Kana
	}
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

// Unparted says whether names in the script are written without spaces, so that
// only the single character is sure to be a unit.
func (s Script) Unparted() bool { return s == Han || s == Hangul }

// readByTable says whether the table of the script gives its Latin reading too.
func (s Script) readByTable() bool {
	switch s {
	case Greek, Devanagari, Thai, Georgian, Armenian:
		return true
	}
	return false
}

const (
	geresh    = '׳' // makes another sound of the Hebrew letter before it
	longVowel = 'ー' // of Kana; Unicode counts it to no script
)

// foldNative makes letters equal that one script has several of, so that its
// table needs one: Hiragana and Katakana, Persian and Arabic kaf, the letters of
// other Cyrillic alphabets than the Russian one. 0 means that the letter is
// left out, as vowel points are.
func foldNative(r rune, script Script) rune {
	switch script {
	case Kana:
		if r >= 0x3041 && r <= 0x3096 {
			return r + 0x60
		}
	case Arabic, Hebrew, Cyrillic, Greek:
		if unicode.Is(unicode.Mn, r) {
			return 0
		}
	}
	if to, ok := sameLetter[r]; ok {
		return to
	}
	return r
}

var sameLetter = pairs("کكیيہهھهۀهۃةےيٹتڈدڑرںنۇوۆوېيڭگ" + "ςσάαέεήηίιόούυώωϊιϋυΐιΰυ")

// pairs maps the first letter of each two to the second.
func pairs(s string) map[rune]rune {
	m := make(map[rune]rune)
	from := rune(0)
	for _, r := range s {
		if from == 0 {
			from = r
			continue
		}
		m[from], from = r, 0
	}
	return m
}

// lookalike gives the Latin letter that a Cyrillic or Greek one is easily taken for.
var lookalike = pairs("аaвbеeкkмmнhоoрpсcтtуyхxіiјjѕsԁdԛqԝwһhӏlґr" + "αaβbεeηnιiκkνvοoρpτtυuχxζzγy")

// unmask puts words right in which letters of one script stand for letters of
// another that look the same, and gives the script of the word. A word becomes
// Latin if all its other letters look Latin, else Cyrillic if all its Latin
// letters look Cyrillic.
func unmask(run []rune, other Script) Script {
	if other != Cyrillic && other != Greek {
		return other
	}
	latin, toLatin, toCyrillic := 0, true, other == Cyrillic
	for _, r := range run {
		switch {
		case r >= 'a' && r <= 'z':
			latin++
			toCyrillic = toCyrillic && lookalikeCyrillic[r] != 0
		case unicode.IsLetter(r) && scriptOf(r) != Latin:
			toLatin = toLatin && lookalike[r] != 0
		}
	}
	switch {
	case latin == 0:
	case toLatin:
		for i, r := range run {
			if to := lookalike[r]; to != 0 {
				run[i] = to
			}
		}
		return Latin
	case toCyrillic:
		for i, r := range run {
			if to := lookalikeCyrillic[r]; to != 0 {
				run[i] = to
			}
		}
	}
	return other
}

var lookalikeCyrillic = pairs("aаbвeеkкmмhнoоpрcсtтyуxх")
