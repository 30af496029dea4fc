package names

import (
	"embed"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
)

// soundFiles say, script by script, which Latin letters stand for which letters
// of the script and how surprising each is. Those with "learnt" in their first
// line are written by the test that docs/screening.md names, the others by hand.
//
//go:embed sounds
var soundFiles embed.FS

// sounds are the correspondences of one script. Costs are surprisals in tenths
// of a nat: 23 is a chance of about one in ten. Never changed once it is made.
type sounds struct {
	script  Script
	single  map[rune]uint16    // unit of a letter
	dense   [256]uint16        // the same for the letters from base on, to be quick
	base    rune               // first letter of dense
	pair    map[[2]rune]uint16 // unit of two letters that are read as one
	opens   map[rune]bool      // letters that begin a pair
	units   []unit             // 0 is the unit of an unknown letter
	insert  [letters]int32     // what a Latin letter without counterpart costs, by letter
	limit   float64            // fit from which two words are taken for alike
	good    float64            // fit of an ordinary pair of spellings of one name
	reading []string           // by unit, its first spelling
}

// letters is the size of the Latin alphabet and one for the edge of a word.
const letters = 27

// unit is what a letter, syllable or pair of letters may be in Latin letters.
type unit struct {
	spellings []spelling
	from      [letters + 1]uint8 // where the spellings that begin with a letter start; empty ones come first
	classes   []classes          // for Keys
}

// spelling is one Latin string with its cost. Letters are packed in five bits
// each, the first one highest, so that a window of a word is compared at once.
type spelling struct {
	letters, mask uint32
	size          uint8
	cost          uint8
}

// longestSpelling is in letters; six fit into a window.
const longestSpelling = 6

// What a unit costs that stands for nothing or for one letter that is not known
// for it, and the dearest inserted letter.
const (
	dropCost    = 90
	replaceCost = 100
	insertCost  = 70
)

// soundsOf gives the table of a script, or nil where there is none. Each is read
// on first use.
var soundsOf = func() func(Script) *sounds {
	var made [Common + 1]func() *sounds
	for s, name := range scriptFiles {
		made[s] = sync.OnceValue(func() *sounds {
			raw, err := soundFiles.ReadFile("sounds/" + name + ".txt")
			if err != nil {
				return nil
			}
			return parseSounds(s, string(raw))
		})
	}
	return func(s Script) *sounds {
		if made[s] == nil {
			return nil
		}
		return made[s]()
	}
}()

var scriptFiles = map[Script]string{
	Cyrillic: "cyrillic", Greek: "greek", Arabic: "arabic", Hebrew: "hebrew", Devanagari: "devanagari", Han: "han",
	Kana: "kana", Hangul: "hangul", Thai: "thai", Georgian: "georgian", Armenian: "armenian",
}

// parseSounds reads a table. The lines are: "# comment"; "limit X"; "good X";
// "insert a12 b30 ..."; "UNIT spelling cost ..." such as "ш sh3 ch20 sch25 -40",
// where - is no letter at all.
func parseSounds(script Script, text string) *sounds {
	t := &sounds{script: script, single: make(map[rune]uint16), pair: make(map[[2]rune]uint16), opens: make(map[rune]bool),
		units: make([]unit, 1), reading: make([]string, 1), limit: 1, good: 2}
	for i := range t.insert {
		t.insert[i] = insertCost
	}
	syllable := make(map[string]uint16) // Han: units by their Pinyin
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		switch fields[0] {
		case "limit":
			t.limit, _ = strconv.ParseFloat(fields[1], 64)
		case "good":
			t.good, _ = strconv.ParseFloat(fields[1], 64)
		case "insert":
			for _, f := range fields[1:] {
				s, cost := parseSpelling(f)
				t.insert[s[0]-'a'+1] = min(insertCost, int32(cost))
			}
		default:
			id := t.addUnit(fields)
			if script == Han {
				syllable[fields[0]] = id
			} else {
				t.name(fields[0], id)
			}
		}
	}
	if script == Han {
		for r := rune(0x4e00); r < 0xa000; r++ {
			if id, ok := syllable[pinyin(r)]; ok {
				t.single[r] = id
			}
		}
	}
	t.makeDense()
	return t
}

// parseSpelling cuts "sh23" into its letters and cost; "-" is no letter.
func parseSpelling(s string) (string, uint8) {
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return strings.Trim(s, "-"), 0
	}
	cost, _ := strconv.ParseUint(s[i:], 10, 8)
	return strings.Trim(s[:i], "-"), uint8(cost)
}

// name files a unit under its one or two letters.
func (t *sounds) name(unit string, id uint16) {
	r, n := utf8.DecodeRuneInString(unit)
	if n == len(unit) {
		t.single[r] = id
		return
	}
	second, _ := utf8.DecodeRuneInString(unit[n:])
	t.pair[[2]rune{r, second}] = id
	t.opens[r] = true
}

// makeDense copies the letters of small alphabets into an array.
func (t *sounds) makeDense() {
	if t.script == Han {
		return
	}
	for r := range t.single {
		if t.base == 0 || r < t.base {
			t.base = r
		}
	}
	for r, id := range t.single {
		if i := r - t.base; i < rune(len(t.dense)) {
			t.dense[i] = id
		}
	}
}

func (t *sounds) addUnit(fields []string) uint16 {
	var u unit
	var by [letters][]spelling
	for _, f := range fields[1:] {
		text, cost := parseSpelling(f)
		if len(text) > longestSpelling {
			continue
		}
		s := spelling{size: uint8(len(text)), cost: cost}
		first := byte(0)
		for i := range len(text) {
			l := letterOf(text[i])
			if i == 0 {
				first = l
			}
			s.letters |= uint32(l) << (5 * (longestSpelling - 1 - i))
			s.mask |= 31 << (5 * (longestSpelling - 1 - i))
		}
		by[first] = append(by[first], s)
	}
	for l := range by {
		u.from[l] = uint8(len(u.spellings))
		u.spellings = append(u.spellings, by[l]...)
	}
	u.from[letters] = uint8(len(u.spellings))
	u.classes = classesOf(fields[1:])
	text, _ := parseSpelling(fields[1])
	t.units = append(t.units, u)
	t.reading = append(t.reading, text)
	return uint16(len(t.units) - 1)
}

// letterOf numbers the Latin letters from 1; all else is 0.
func letterOf(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 1
	}
	return 0
}

// mostUnits bounds the part of a word that is compared, in units.
const mostUnits = 32

// split cuts a native word into units and gives how many there are.
func (t *sounds) split(native string, out *[mostUnits]uint16) int {
	n, held := 0, rune(0)
	for i := 0; i < len(native) && n < mostUnits; {
		r, size := utf8.DecodeRuneInString(native[i:])
		i += size
		if r >= 'เ' && r <= 'ไ' { // Thai vowels that are written before their consonant
			held = r
			continue
		}
		if t.script == Hangul && r >= firstSyllable && r <= lastSyllable {
			var jamo [3]rune
			for _, j := range jamo[:decompose(r, &jamo)] {
				if n < mostUnits {
					out[n] = t.of(j)
					n++
				}
			}
			continue
		}
		if len(t.opens) > 0 && t.opens[r] {
			second, size := utf8.DecodeRuneInString(native[i:])
			if id, ok := t.pair[[2]rune{r, second}]; ok {
				out[n] = id
				n++
				i += size
				continue
			}
		}
		out[n] = t.of(r)
		n++
		if held != 0 && n < mostUnits {
			out[n], held = t.of(held), 0
			n++
		}
	}
	return n
}

func (t *sounds) of(r rune) uint16 {
	if i := r - t.base; i >= 0 && i < rune(len(t.dense)) && t.dense[i] != 0 {
		return t.dense[i]
	}
	return t.single[r]
}

// read gives the first spelling of each unit, or "" where a letter is unknown.
func (t *sounds) read(native string) string {
	if t.script == Devanagari {
		return t.readDevanagari(native)
	}
	var units [mostUnits]uint16
	n := t.split(native, &units)
	text := ""
	for _, id := range units[:n] {
		if id == 0 {
			return ""
		}
		text += t.reading[id]
	}
	return text
}

// readDevanagari adds the vowel that is heard after a consonant unless a vowel
// sign or the end of the word follows.
func (t *sounds) readDevanagari(native string) string {
	text, open := "", false
	for _, r := range native {
		id := t.of(r)
		if id == 0 {
			return ""
		}
		consonant := r >= 'क' && r <= 'ह'
		if open && (consonant || r <= 'औ') {
			text += "a"
		}
		if r != nukta {
			open = consonant
		}
		text += t.reading[id]
	}
	return text
}

// nukta is the dot that makes another Devanagari consonant of the one before it.
const nukta = 0x093c

const firstSyllable, lastSyllable = 0xac00, 0xd7a3

// decompose gives the two or three letters of a Hangul syllable (Unicode 3.12).
func decompose(r rune, out *[3]rune) int {
	i := r - firstSyllable
	out[0], out[1], out[2] = 0x1100+i/588, 0x1161+i%588/28, 0x11a7+i%28
	if i%28 == 0 {
		return 2
	}
	return 3
}

// pinyin gives the Mandarin reading of a Han character without its tone.
func pinyin(r rune) string {
	return strings.ToLower(strings.TrimSpace(unidecode.Unidecode(string(r))))
}

// surprise is what each Latin letter costs after another when no name is known,
// in tenths of a nat; letter 0 is the edge of the word.
var surprise = sync.OnceValue(func() *[letters][letters]int32 {
	var t [letters][letters]int32
	raw, err := soundFiles.ReadFile("sounds/latin.txt")
	if err != nil {
		return &t
	}
	row := 0
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) != letters || row >= letters {
			continue
		}
		for i, f := range fields {
			cost, _ := strconv.Atoi(f)
			t[row][i] = int32(cost)
		}
		row++
	}
	return &t
})

const unreachable = math.MaxInt32 / 2
