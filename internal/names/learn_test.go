package names

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var learn = flag.Bool("learn", false, "write the tables under sounds anew from DULY_TESTDATA")

// learnt says from which files the table of a script is worked out.
var learnt = map[Script][]string{
	Cyrillic: {"russian"}, Arabic: {"arabic"}, Hebrew: {"hebrew"}, Han: {"chinese"},
	Kana: {"katakana", "japanese"}, Hangul: {"korean"},
}

// fewest and most are bounds of the training: a spelling that stands for its
// unit less often than fewest is left out; at most so many rows teach a script.
const (
	fewest   = 0.003
	mostRows = 40000
	falseOK  = 0.002 // false matches on the training half, from which the limit follows
)

type pairRow struct {
	latin  string
	native string
	units  []uint16
	train  bool
}

// readPairs gives the rows of the files of a script: Latin words with native
// ones that are written in that script alone. Whether a row teaches or tests is
// decided by its Latin word.
func readPairs(t *testing.T, script Script) []pairRow {
	var rows []pairRow
	for _, name := range learnt[script] {
		rows = append(rows, readPairFile(t, name, script)...)
	}
	return rows
}

func readPairFile(t *testing.T, name string, script Script) []pairRow {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set")
	}
	f, err := os.Open(filepath.Join(dir, "names", "wd_"+name+"_80"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []pairRow
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		latin := Prepare(fields[0], Person)
		native := splitWords(strings.ReplaceAll(fields[1], " ", ""))
		if len(latin.Tokens) != 1 || len(native) == 0 || native[0].script != script {
			continue
		}
		if !script.Unparted() && len(native) > 1 || script.Unparted() && len(native) != utf8.RuneCountInString(native[0].native) {
			continue
		}
		rows = append(rows, pairRow{latin: latin.Tokens[0].Text, native: native[0].native, train: teaches(latin.Tokens[0].Text)})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return rows
}

// teaches decides by its Latin word whether a row teaches or is held out.
func teaches(latin string) bool {
	h := fnv.New32a()
	h.Write([]byte(latin))
	return h.Sum32()&1 == 0
}

// TestLearn writes the tables of sounds. With the same files it always writes
// the same bytes.
func TestLearn(t *testing.T) {
	if !*learn {
		t.Skip("-learn is not set")
	}
	counts := [letters][letters]float64{}
	scripts := slices.Sorted(maps.Keys(learnt))
	rows := make(map[Script][]pairRow)
	for _, script := range scripts {
		rows[script] = readPairs(t, script)
		for _, r := range rows[script] {
			if r.train {
				countLetters(&counts, r.latin)
			}
		}
	}
	write(t, "latin", surpriseText(&counts))
	for i := range counts {
		for j := range counts[i] {
			surprise()[i][j] = int32(counts[i][j])
		}
	}
	for _, script := range scripts {
		l := newLearner(script, rows[script])
		for round := range 7 {
			l.round(round)
		}
		l.setLimits()
		write(t, scriptFiles[script], l.text())
	}
}

func write(t *testing.T, name, text string) {
	if err := os.WriteFile(filepath.Join("sounds", name+".txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func countLetters(counts *[letters][letters]float64, word string) {
	before := byte(0)
	for i := range len(word) {
		if l := letterOf(word[i]); l != 0 {
			counts[before][l]++
			before = l
		}
	}
	counts[before][0]++
}

func surpriseText(counts *[letters][letters]float64) string {
	var b strings.Builder
	b.WriteString("# What each Latin letter costs after another, in tenths of a nat; learnt, see docs/screening.md\n")
	for i := range counts {
		total := 0.0
		for j := range counts[i] {
			total += counts[i][j] + 0.5
		}
		for j := range counts[i] {
			counts[i][j] = math.Round(-10 * math.Log((counts[i][j]+0.5)/total))
			fmt.Fprintf(&b, "%d ", int(counts[i][j]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// learner works out how likely each unit of a script stands for each Latin
// string, by expectation and maximisation over all alignments (Dempster, Laird
// and Rubin 1977; for letters, Ristad and Yianilos 1998).
type learner struct {
	script Script
	names  []string // by unit
	cut    *sounds  // cuts words into units
	rows   []pairRow
	chance map[uint64]float64 // of a unit and a packed string
	insert [letters]float64
	given  map[uint64]float64
	table  *sounds // what was learnt, as it will be used
}

func newLearner(script Script, rows []pairRow) *learner {
	l := &learner{script: script, given: make(map[uint64]float64), rows: rows}
	seen := make(map[string]int)
	for _, r := range rows {
		if r.train {
			for _, name := range unitNames(script, r.native) {
				seen[name]++
			}
		}
	}
	for line := range strings.SplitSeq(given[script], "|") {
		if f := strings.Fields(line); len(f) > 0 {
			seen[f[0]] += 10
		}
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if seen[name] >= 3 && name != "" {
			l.names = append(l.names, name)
			text += name + " -0\n"
		}
	}
	l.cut = parseSounds(script, text)
	for i := range l.rows {
		var out [mostUnits]uint16
		n := l.cut.split(l.rows[i].native, &out)
		l.rows[i].units = slices.Clone(out[:n])
	}
	l.setGiven()
	return l
}

// setGiven fills in what is known without the files: the tables above, and that
// Han characters may be written in Pinyin.
func (l *learner) setGiven() {
	for line := range strings.SplitSeq(given[l.script], "|") {
		f := strings.Fields(line)
		for _, s := range f[min(1, len(f)):] {
			text, n := parseSpelling(s)
			l.given[l.key(f[0], text)] += float64(n)
		}
	}
	if l.script == Han {
		for _, name := range l.names {
			l.given[l.key(name, name)] += 5
		}
	}
}

func (l *learner) key(name, text string) uint64 {
	i, ok := slices.BinarySearch(l.names, name)
	if !ok {
		panic("no unit " + name)
	}
	return uint64(i+1)<<40 | packed(text)
}

func packed(s string) (v uint64) {
	for i := range len(s) {
		v = v<<5 | uint64(letterOf(s[i]))
	}
	return v
}

// unitNames cuts a word into all that may be a unit, single letters and pairs.
func unitNames(script Script, native string) []string {
	if script == Hangul {
		native = norm.NFD.String(native)
	}
	var out []string
	for _, r := range native {
		switch {
		case script == Han:
			out = append(out, pinyin(r))
		case script == Kana && strings.ContainsRune("ァィゥェォャュョヮ", r) && len(out) > 0 && utf8.RuneCountInString(out[len(out)-1]) == 1,
			r == geresh && len(out) > 0:
			out = append(out, out[len(out)-1]+string(r), string(r))
		default:
			out = append(out, string(r))
		}
	}
	return out
}

// longest is how many Latin letters one unit may stand for.
func (l *learner) longest() int {
	switch l.script {
	case Han:
		return 5
	case Cyrillic:
		return 4
	}
	return 3
}

// round re-estimates all chances once. The first round knows nothing but the
// lengths; from the fifth on, rows that fit badly no longer teach.
func (l *learner) round(round int) {
	sums := &estimates{count: make(map[uint64]float64)}
	used := 0
	for i := range l.rows {
		r := &l.rows[i]
		if !r.train || len(r.units) == 0 || len(r.units) > 16 || len(r.latin) > 20 || used == mostRows {
			continue
		}
		if round >= 4 && l.fit(r) < 0.5 {
			continue
		}
		used++
		l.align(r, round == 0, sums)
	}
	keys := slices.Sorted(maps.Keys(sums.count))
	keys = append(keys, slices.Sorted(maps.Keys(l.given))...)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	total := make([]float64, len(l.names)+1)
	units := 0.0
	for _, k := range keys {
		c := sums.count[k] + l.given[k]
		total[k>>40] += c
		units += c
	}
	l.chance = make(map[uint64]float64)
	for _, k := range keys {
		if c := sums.count[k] + l.given[k]; c > 0.3 {
			l.chance[k] = units / (units + sums.inserted) * c / (total[k>>40] + 1)
		}
	}
	for i := range l.insert {
		l.insert[i] = (sums.insert[i] + 0.01) / (units + sums.inserted)
	}
	l.table = parseSounds(l.script, l.text())
}

// fit is what the table so far makes of a pair.
func (l *learner) fit(r *pairRow) float64 {
	var w latinWord
	if !w.ready(r.latin) {
		return 0
	}
	l.table.limit = 0.01
	return l.table.fit(r.units, &w)
}

type estimates struct {
	count    map[uint64]float64
	insert   [letters]float64
	inserted float64
}

// align adds the expected number of times that each unit of a row stands for
// each string, over all alignments.
func (l *learner) align(r *pairRow, first bool, sums *estimates) {
	n, m, longest := len(r.units), len(r.latin), l.longest()
	width := longest + 1
	p := make([]float64, n*(m+1)*width)
	for i := range n {
		for j := 0; j <= m; j++ {
			for k := 0; k <= longest && j+k <= m; k++ {
				p[(i*(m+1)+j)*width+k] = l.guess(r.units[i], r.latin[j:j+k], first, n, m)
			}
		}
	}
	insert := func(j int) float64 {
		if first {
			return 1e-3 / 26
		}
		return l.insert[letterOf(r.latin[j])]
	}
	f, b := make([]float64, (n+1)*(m+1)), make([]float64, (n+1)*(m+1))
	f[0] = 1
	for i := 0; i <= n; i++ {
		for j := 0; j <= m; j++ {
			v := f[i*(m+1)+j]
			if v == 0 {
				continue
			}
			if i > 0 && j < m {
				f[i*(m+1)+j+1] += v * insert(j)
			}
			for k := 0; i < n && k <= longest && j+k <= m; k++ {
				f[(i+1)*(m+1)+j+k] += v * p[(i*(m+1)+j)*width+k]
			}
		}
	}
	all := f[len(f)-1]
	if all <= 0 {
		return
	}
	b[len(b)-1] = 1
	for i := n; i >= 0; i-- {
		for j := m; j >= 0; j-- {
			v, here := b[i*(m+1)+j], f[i*(m+1)+j]/all
			if i > 0 && j < m {
				x := insert(j) * b[i*(m+1)+j+1]
				v += x
				sums.insert[letterOf(r.latin[j])] += here * x
				sums.inserted += here * x
			}
			for k := 0; i < n && k <= longest && j+k <= m; k++ {
				x := p[(i*(m+1)+j)*width+k] * b[(i+1)*(m+1)+j+k]
				v += x
				if c := here * x; c > 1e-4 {
					sums.count[uint64(r.units[i])<<40|packed(r.latin[j:j+k])] += c
				}
			}
			b[i*(m+1)+j] = v
		}
	}
}

// guess is the chance of a string for a unit, before the first round by length.
func (l *learner) guess(unit uint16, text string, first bool, units, size int) float64 {
	if first {
		d := float64(len(text)) - math.Round(float64(size)/float64(units))
		return math.Exp(-0.7*d*d) * math.Pow(1.0/26, float64(len(text)))
	}
	return l.chance[uint64(unit)<<40|packed(text)]
}

// text writes the table, see parseSounds.
func (l *learner) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: learnt from names/wd_%s_80, the half whose Latin words have an even FNV-1a hash; see docs/screening.md\n",
		scriptFiles[l.script], strings.Join(learnt[l.script], "_80 and wd_"))
	if l.table != nil {
		fmt.Fprintf(&b, "limit %.3f\ngood %.3f\n", l.table.limit, l.table.good)
	}
	b.WriteString("insert")
	for c := byte('a'); c <= 'z'; c++ {
		fmt.Fprintf(&b, " %c%d", c, cost(l.insert[letterOf(c)]))
	}
	b.WriteString("\n")
	type line struct {
		text string
		cost int
	}
	byUnit := make([][]line, len(l.names)+1)
	for k, p := range l.chance {
		if p >= fewest {
			byUnit[k>>40] = append(byUnit[k>>40], line{unpacked(k & (1<<40 - 1)), cost(p)})
		}
	}
	for i, lines := range byUnit {
		if i == 0 {
			continue
		}
		for text, most := range l.knownOf(l.names[i-1]) {
			if at := slices.IndexFunc(lines, func(x line) bool { return x.text == text }); at < 0 {
				lines = append(lines, line{text, most})
			} else {
				lines[at].cost = min(lines[at].cost, most)
			}
		}
		slices.SortFunc(lines, func(a, b line) int { return cmp.Or(a.cost-b.cost, strings.Compare(a.text, b.text)) })
		b.WriteString(l.names[i-1])
		if len(lines) == 0 {
			lines = []line{{"", dropCost}}
		}
		for _, s := range lines {
			b.WriteString(" " + cmp.Or(s.text, "-") + strconv.Itoa(s.cost))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// knownOf gives the spellings of a unit that are known by hand, with their costs.
func (l *learner) knownOf(name string) map[string]int {
	out := make(map[string]int)
	switch {
	case l.script == Han:
		out[name] = 12
		if old := wadeGiles(name); old != name {
			out[old] = 25
		}
	case l.script == Kana && hepburn(name) != "":
		out[hepburn(name)] = 12
	}
	for line := range strings.SplitSeq(known[l.script], "|") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != name {
			continue
		}
		for _, s := range f[1:] {
			text, n := parseSpelling(s)
			out[text] = min(int(n), cmp.Or(out[text], 99))
		}
	}
	return out
}

func cost(p float64) int { return int(min(math.Round(-10*math.Log(p)), 99)) }

func unpacked(v uint64) string {
	s := ""
	for ; v != 0; v >>= 5 {
		s = string(rune('a'+v&31-1)) + s
	}
	return s
}

// setLimits chooses the limit at which falseOK of random pairs of the training
// half would match, and the fit that a third of the true pairs stay below.
func (l *learner) setLimits() {
	var same, other []float64
	random := rand.New(rand.NewPCG(3, uint64(l.script)))
	var rows []*pairRow
	for i := range l.rows {
		if l.rows[i].train {
			rows = append(rows, &l.rows[i])
		}
	}
	for _, r := range rows[:min(len(rows), 20000)] {
		same = append(same, l.fit(r))
		for range 10 {
			if x := rows[random.IntN(len(rows))]; x.native != r.native {
				other = append(other, l.fit(&pairRow{latin: r.latin, units: x.units}))
			}
		}
	}
	slices.Sort(same)
	slices.Sort(other)
	l.table.limit = other[int(float64(len(other))*(1-falseOK))]
	l.table.good = max(same[len(same)/3], l.table.limit*1.3)
}
