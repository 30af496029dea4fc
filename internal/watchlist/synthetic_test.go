package watchlist

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"duly/internal/names"
)

// synthetic makes names of nobody. Words are built from syllables and drawn with
// the frequencies that names have: a few words are everywhere, most words are
// rare (Zipf's law). The same seed gives the same names.
type synthetic struct {
	random         *rand.Rand
	given, family  *rand.Zipf
	trade, generic *rand.Zipf
}

func newSynthetic(seed uint64) *synthetic {
	r := rand.New(rand.NewPCG(seed, 1))
	return &synthetic{
		random: r,
		given:  rand.NewZipf(r, 1.1, 20, 60_000),
		family: rand.NewZipf(r, 1.03, 200, 700_000),
		trade:  rand.NewZipf(r, 1.03, 100, 500_000),
		generic: rand.NewZipf(r, 1.1, 3,
			uint64(len(syntheticGenerics)-1)),
	}
}

var (
	onsets            = strings.Fields("b d f g h j k l m n p r s t v z sh kh ch br dr gr kr tr st")
	vowels            = strings.Fields("a e i o u a i o ai ou")
	codas             = strings.Fields("n r l m s t d k v sh n r")
	syntheticGenerics = strings.Fields("trading group international holding industries shipping services engineering company investment energy technology general construction logistics bank oil marine systems electronics")
	syntheticForms    = strings.Fields("LLC Ltd GmbH JSC FZE Inc SA Corp")
)

// word spells number i of one of several stocks of words. Rare words are longer;
// half of all words have seven letters or more, as on the OFAC list.
func (s *synthetic) word(stock string, i uint64) string {
	h := uint64(14695981039346656037)
	for _, c := range []byte(stock) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	r := rand.NewPCG(h, i)
	syllables := 2 + int(r.Uint64()%10)/6
	if i > 500 {
		syllables = 2 + int(r.Uint64()%20+2)/11
	}
	var b strings.Builder
	for range syllables {
		b.WriteString(onsets[r.Uint64()%uint64(len(onsets))])
		b.WriteString(vowels[r.Uint64()%uint64(len(vowels))])
		if r.Uint64()%5 < 2 {
			b.WriteString(codas[r.Uint64()%uint64(len(codas))])
		}
	}
	return b.String()
}

func (s *synthetic) name(kind names.Kind) string {
	if kind == names.Person {
		given, family := s.word("given", s.given.Uint64()), s.word("family", s.family.Uint64())
		if s.random.IntN(3) == 0 {
			given += " " + s.word("given", s.given.Uint64())
		}
		if s.random.IntN(8) == 0 {
			family = "al " + family
		}
		return given + " " + strings.ToUpper(family)
	}
	words := []string{s.word("trade", s.trade.Uint64())}
	if s.random.IntN(2) == 0 {
		words = append(words, s.word("trade", s.trade.Uint64()))
	}
	for range 1 + s.random.IntN(2) {
		words = append(words, syntheticGenerics[s.generic.Uint64()])
	}
	if s.random.IntN(2) == 0 {
		words = append(words, syntheticForms[s.random.IntN(len(syntheticForms))])
	}
	return strings.Join(words, " ")
}

// slip mistypes one letter of a name.
func (s *synthetic) slip(name string) string {
	at := s.random.IntN(len(name))
	letter := string(rune('a' + s.random.IntN(26)))
	switch s.random.IntN(3) {
	case 0:
		return name[:at] + name[at+1:]
	case 1:
		return name[:at] + letter + name[at:]
	default:
		return name[:at] + letter + name[at+1:]
	}
}

// list makes entities until they have count names together. They have as many
// aliases as those of OFAC have, 1.45 each: other spellings, and other names.
func (s *synthetic) list(count int) *List {
	l := &List{Name: "synthetic", Format: "test"}
	for made := 0; made < count; {
		e := Entity{SourceID: fmt.Sprint(len(l.Entities) + 1), List: l.Name, Kind: names.Person}
		if s.random.IntN(5) < 2 {
			e.Kind = names.Organization
		}
		e.Name = s.name(e.Kind)
		if e.Kind == names.Person {
			e.BirthDates = []string{fmt.Sprintf("%d-%02d-%02d", 1935+s.random.IntN(65), 1+s.random.IntN(12), 1+s.random.IntN(28))}
		}
		e.Countries = []string{[]string{"IR", "RU", "SY", "CN", "VE", "KP", "BY", "LB"}[s.random.IntN(8)]}
		for s.random.IntN(100) < 59 && len(e.Aliases) < 12 {
			if s.random.IntN(2) == 0 {
				e.addAlias(s.slip(e.Name), false)
			} else {
				e.addAlias(s.name(e.Kind), false)
			}
		}
		made += 1 + len(e.Aliases)
		l.Entities = append(l.Entities, e)
	}
	return l
}

// queries makes the names that a company may ask for: half are drawn like those
// of the list and are on it only by chance; of the others, which are listed, two
// in five are spelt as there, two have a slip, one has a slip and another order.
func (s *synthetic) queries(l *List, count int) []string {
	out := make([]string, count)
	for i := range out {
		if i%2 == 0 {
			out[i] = s.name([]names.Kind{names.Person, names.Organization}[s.random.IntN(2)])
			continue
		}
		out[i] = l.Entities[s.random.IntN(len(l.Entities))].Name
		switch i / 2 % 5 {
		case 2, 3:
			out[i] = s.slip(out[i])
		case 4:
			words := strings.Fields(s.slip(out[i]))
			s.random.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
			out[i] = strings.Join(words, " ")
		}
	}
	return out
}
