package watchlist

import (
	"fmt"
	"testing"

	"duly/internal/names"
)

// TestSearchAcrossScripts protects that the index finds names that the list has
// in one script and the question in another, among many others. All are made up.
func TestSearchAcrossScripts(t *testing.T) {
	pairs := [][2]string{
		{"Зоран Щербаненко", "Zoran Shcherbanenko"}, {"مثال كتابي", "Mithal Kitabi"}, {"ג'ורג' צ'רנוב", "George Chernov"},
		{"テスト・サンプルヴィッチ", "Testo Samplevich"}, {"박정문", "Jung-moon Park"}, {"王小明", "Xiaoming Wang"},
		{"佐兰·特斯托维奇", "Zoran Testovic"}, {"維斯伯恩", "Waisbren"}, {"Μπάμπης Τεστόπουλος", "Babis Testopoulos"}, {"მოხან ტესტაშვილი", "Mokhan Testashvili"},
	}
	for side := range 2 {
		l := &List{Name: "made up"}
		for i, p := range pairs {
			l.Entities = append(l.Entities, Entity{SourceID: fmt.Sprint(i), List: l.Name, Kind: names.Person, Name: p[side]})
		}
		for i := range 2000 {
			l.Entities = append(l.Entities, Entity{SourceID: fmt.Sprint("other", i), List: l.Name, Kind: names.Person,
				Name: fmt.Sprintf("%s %s", madeUp(i), madeUp(7*i+3))})
		}
		x := NewIndex(l)
		for i, p := range pairs {
			hits := x.Search(Query{Name: p[1-side], Kind: names.Person}, 10)
			if len(hits) == 0 || !hits[0].Alert || hits[0].Entity.Name != p[side] {
				t.Errorf("%d: %s does not find %s: %+v", i, p[1-side], p[side], hits)
			}
		}
	}
}

// madeUp gives a word for a number.
func madeUp(n int) string {
	word := ""
	for range 3 {
		word += string("bdfgklmnprst"[n%12]) + string("aeiou"[n/12%5])
		n = n/7 + 11*n%97
	}
	return word
}
