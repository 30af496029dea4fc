package names

import "strings"

// given are spellings that the files have too few of: letters of other languages
// in the same script. The numbers stand for times seen.
var given = map[Script]string{
	Cyrillic: "і i60 y10|ї yi20 i20 ji5|є ye20 e10 ie10 je5|ґ g40|ј j30 y10 i10|љ lj20 l10|њ nj20 n10 gn3|ћ c20 ch15|ђ dj20 d10 j5|" +
		"џ dz10 dzh15 dj5 j5|ў w20 u20 v10|қ k20 q20|ғ g20 gh20|ң n20 ng20|ө o30 u10|ү u30|ұ u30 y5|ә a20 e10|җ j10 zh10|ќ k10 kj10|ѓ g10 gj10|ѕ dz10 z5|һ h30",
	Arabic: "پ p60|چ ch30 c10 tch5 j5|ژ zh20 j15 z5|ڤ v60",
	Hebrew: "ץ׳ ch20 c10|ג׳ j20 g10 dj5|צ׳ ch20 c10|ת׳ th20|ז׳ zh20 j20 z10",
}

// known are spellings by hand that the files, which hold mostly Western names,
// hardly teach: how people write their own names. The numbers are costs; a
// spelling costs at most so much.
var known = map[Script]string{
	Cyrillic: "в f30 ff30|щ shch10 sch20|х kh15|ж zh10|ю iu20 yu10|я ia20 ya8|ё e15 yo10 io20|е ye20 ie30",
	Arabic:   "پ p5|چ ch8|ژ zh10 j12|گ g5|و v14 u8 o14 ou20|ق q10 gh20 k8|غ gh8 g8|ث s25 th8|ذ z20 dh12|ض z25 d8|ظ z8|خ kh8|ش sh5|ة a5 ah12 e20|ه h5 e20 eh20|ي i8 y8 ee25 e20",
	Hangul: "ᄀ k8 g8|ᄃ d8 t15|ᄅ r8 l10 n40|ᄇ b8 p12|ᄉ s5 sh20|ᄋ l40 r40 y30 w35|ᄌ j10 ch18|ᄎ ch8|ᅡ a5 ah35 ar40|ᅢ ae12 ai25|" +
		"ᅥ eo15 u18 o20|ᅦ e8|ᅧ yeo15 yu20 you20 yo20|ᅩ o5 oh30|ᅬ oe15 oi18|ᅭ yo12|ᅮ u5 oo18 ou30|ᅲ yu10 you20 yoo20 ew35|ᅳ eu12 u14|" +
		"ᅴ ui15 ee20 i20|ᅵ i5 ee18 y25|ᆨ k8 g15 ck30|ᆸ p8 b15|ᆼ ng8|ᆯ l8",
	Han: "bai pai25|cai choi35 tsai20 chua40|chen chan30 tan40|feng fung30|guo kwok35|he ho20|huang wong30|jiang keung40 chiang20|" +
		"li lee15|liang leung30|lin lam35 lim35|liu lau35|lu loo30|luo lo25|pan poon40|su soo35|sun suen40|wang wong35|wu woo30 ng35 ng40|" +
		"xie tse35|xu hui40 hsu20|yang yeung35|ye yip35|ou au35|zhang cheung30|zhao chiu35|zheng cheng20 tay45|zhong chung25|zhou chow25|zhu chu20",
}

// wadeGiles gives the older romanisation of a Pinyin syllable, without its
// apostrophes and marks.
func wadeGiles(pinyin string) string {
	for _, p := range [][2]string{{"zhi", "chih"}, {"chi", "chih"}, {"shi", "shih"}, {"ri", "jih"}, {"zi", "tzu"}, {"ci", "tzu"}, {"si", "ssu"},
		{"yan", "yen"}, {"you", "yu"}, {"yi", "i"}, {"gui", "kuei"}, {"kui", "kuei"}, {"ge", "ko"}, {"ke", "ko"}, {"he", "ho"}} {
		if pinyin == p[0] {
			return p[1]
		}
	}
	for _, p := range [][2]string{{"ong", "ung"}, {"ian", "ien"}, {"ie", "ieh"}, {"ue", "ueh"}, {"uo", "o"}} {
		if rest, ok := strings.CutSuffix(pinyin, p[0]); ok {
			pinyin = rest + p[1]
			break
		}
	}
	for _, p := range [][2]string{{"zh", "ch"}, {"ch", "ch"}, {"sh", "sh"}, {"b", "p"}, {"d", "t"}, {"g", "k"}, {"j", "ch"}, {"q", "ch"}, {"x", "hs"},
		{"z", "ts"}, {"c", "ts"}, {"r", "j"}} {
		if rest, ok := strings.CutPrefix(pinyin, p[0]); ok {
			return p[1] + rest
		}
	}
	return pinyin
}

// hepburn gives the usual reading of a Kana unit, or "" for one without.
func hepburn(unit string) string {
	runes := []rune(unit)
	first := pinyin(runes[0]) // the same tables read Kana
	if len(runes) == 1 || first == "" {
		return first
	}
	vowel := map[rune]string{'ャ': "a", 'ュ': "u", 'ョ': "o"}[runes[1]]
	stem, ok := strings.CutSuffix(first, "i")
	if vowel == "" || !ok || stem == "" {
		return ""
	}
	if stem == "sh" || stem == "ch" || stem == "j" {
		return stem + vowel
	}
	return stem + "y" + vowel
}
