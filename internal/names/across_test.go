package names

import (
	"bufio"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestScriptsMeet protects names in two scripts that must meet, and some that
// must not. All names are made up.
func TestScriptsMeet(t *testing.T) {
	for _, c := range []struct {
		protects string
		a, b     string
		meet     bool
	}{
		{"Cyrillic", "Зоран Щербаненко", "Zoran Shcherbanenko", true},
		{"Cyrillic, old spelling", "Тестов", "Testoff", true},
		{"Ukrainian", "Єва Їжакевич", "Yeva Yizhakevych", true},
		{"Serbian", "Ђорђе Његошић", "Djordje Njegosic", true},
		{"Greek", "Μπάμπης Τεστόπουλος", "Babis Testopoulos", true},
		{"Arabic article", "الكتابي", "Kitabi", true},
		{"Persian letters", "پرویز چمنی", "Parviz Chamani", true},
		{"Hebrew geresh", "ג'ורג' צ'רנוב", "George Chernov", true},
		{"Devanagari", "मोहन कितावी", "Mohan Kitavi", true},
		{"Kana", "テストヴィッチ・ゾラン", "Zoran Testovich", true},
		{"Hiragana", "たなべ", "Tanabe", true},
		{"Hangul without spaces, surname first", "박정문", "Jung-moon Park", true},
		{"Hangul, foreign name", "조란 테스토비치", "Zoran Testovich", true},
		{"Han without spaces", "王小明", "Xiaoming Wang", true},
		{"Han, older romanisation", "张志文", "Chang Chih-wen", true},
		{"Han, foreign name", "佐兰·特斯托维奇", "Zoran Testovic", true},
		{"Thai", "สมชาย ใจดี", "Somchai Jaidee", true},
		{"Georgian", "ნინო ტესტაშვილი", "Nino Testashvili", true},
		{"Armenian", "Արամ Տեստյան", "Aram Testian", true},
		{"two scripts that are not Latin", "Ковров", "كوفروف", true},
		{"look-alikes in a Latin word", "Zоrаn Exеmplаr", "Zoran Exemplar", true},
		{"look-alikes in a Cyrillic word", "Tecтович", "Тестович", true},
		{"zero-width characters", "Zo\u200bran\u2060 Exem\ufeffplar", "Zoran Exemplar", true},
		{"invalid UTF-8 beside the name", "Zoran\xff Exemplar\xc3", "Zoran Exemplar", true},
		{"emoji beside the name", "Zoran \U0001f600 Exemplar", "Zoran Exemplar", true},
		{"another name in Cyrillic", "Борис Ковров", "Zoran Exemplar", false},
		{"another name in Arabic", "كتاب مثال", "Zoran Exemplar", false},
		{"another name in Han", "王小明", "Zoran Exemplar", false},
		{"another given name", "张志文", "Chang Kuo-liang", false},
		{"one Han character differs", "王小明", "王小平", false},
	} {
		t.Run(c.protects, func(t *testing.T) {
			m := Compare(Prepare(c.a, Person), Prepare(c.b, Person), Weights{})
			if (m.Score >= shown) != c.meet {
				t.Errorf("%q and %q: %s", c.a, c.b, m.Sentence())
			}
			if back := Score(Prepare(c.b, Person), Prepare(c.a, Person), Weights{}); (back >= shown) != c.meet {
				t.Errorf("%q and %q: %.2f", c.b, c.a, back)
			}
		})
	}
}

// TestReadingIsShown protects that an analyst sees how a foreign word was read.
func TestReadingIsShown(t *testing.T) {
	m := Compare(Prepare("Zoran Testowitsch", Person), Prepare("Тестович Зоран", Person), Weights{})
	for _, part := range []string{`"zoran" and "зоран" read the same, "zoran"`, `"testowitsch" and "тестович" sound alike (read as "testovich")`} {
		if got := m.Sentence(); !strings.Contains(got, part) {
			t.Errorf("%s does not say %s", got, part)
		}
	}
}

// wikiRow is one row of a file of names in two scripts, prepared as it stands.
type wikiRow struct {
	latin, native Name
	spelling      string
}

// readWiki gives the rows of a file, as a user would ask them: nothing is left
// out, but for the rows whose words taught the tables if held is set.
func readWiki(t testing.TB, file string, held bool) []wikiRow {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set")
	}
	f, err := os.Open(filepath.Join(dir, "names", "wd_"+file+"_80"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []wikiRow
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		native := strings.ReplaceAll(fields[1], " ", "")
		latin := Prepare(fields[0], Person)
		if held && len(latin.Tokens) == 1 && teaches(latin.Tokens[0].Text) {
			continue
		}
		rows = append(rows, wikiRow{latin: latin, native: Prepare(native, Person), spelling: native})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return rows
}

// TestAcrossScripts holds that single words of two scripts meet, on the half of
// public name pairs that taught nothing: recall, at no more than one false match
// in a hundred among random other rows. The files are noisy, some rows pair
// words of different names, so nothing reaches 1.
func TestAcrossScripts(t *testing.T) {
	for _, c := range []struct {
		file   string
		recall float64
	}{
		{"russian", 0.93}, {"arabic", 0.93}, {"hebrew", 0.93}, {"katakana", 0.93}, {"japanese", 0.90},
		{"korean", 0.80}, {"chinese", 0.80},
	} {
		t.Run(c.file, func(t *testing.T) {
			rows := readWiki(t, c.file, true)
			random := rand.New(rand.NewPCG(7, 7))
			var word, score tally
			for i := range rows {
				r := &rows[i]
				other := &rows[random.IntN(len(rows))]
				word.same(first(r.latin, r.native) > 0)
				score.same(Score(r.native, r.latin, Weights{}) > leastScore)
				if other.spelling != r.spelling {
					word.other(first(r.latin, other.native) > 0)
					score.other(Score(other.native, r.latin, Weights{}) > leastScore)
				}
			}
			t.Logf("%d held-out rows: words: recall %.3f, false matches %.4f; names of one word: recall %.3f, false matches %.4f",
				len(rows), word.recall(), word.wrong(), score.recall(), score.wrong())
			if word.recall() < c.recall || word.wrong() > 0.01 || score.recall() < c.recall || score.wrong() > 0.01 {
				t.Errorf("the bar is a recall of %.2f and 0.01 false matches", c.recall)
			}
		})
	}
}

// leastScore is where a comparison of two names of one word counts as a match.
const leastScore = 0.5

// first compares the first words of two names; of scripts that do not part
// words, the first word stands for all that was written together.
func first(a, b Name) float64 {
	if a.Empty() || b.Empty() {
		return 0
	}
	return Similarity(&a.Tokens[0], &b.Tokens[0])
}

// tally counts pairs that should and should not meet, and those that do.
type tally struct{ pairs, found, others, taken int }

func (t *tally) same(met bool) {
	t.pairs++
	if met {
		t.found++
	}
}

func (t *tally) other(met bool) {
	t.others++
	if met {
		t.taken++
	}
}

func (t *tally) recall() float64 { return float64(t.found) / float64(t.pairs) }
func (t *tally) wrong() float64  { return float64(t.taken) / float64(t.others) }

// TestKeys holds that words that meet across scripts share a key, so that an
// index finds them, and that few others do.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		file string
		bar  float64
	}{{"russian", 0.97}, {"arabic", 0.97}, {"hebrew", 0.97}, {"katakana", 0.97}, {"korean", 0.97}, {"chinese", 0.95}} {
		t.Run(c.file, func(t *testing.T) {
			rows := readWiki(t, c.file, true)
			byKey := make(map[uint32][]int)
			for i, r := range rows {
				if r.latin.Empty() {
					continue
				}
				for key := range r.latin.Tokens[0].Keys {
					byKey[key] = append(byKey[key], i)
				}
			}
			met, shared, keys, others, asked := 0, 0, 0, 0, 0
			for i := range rows {
				r := &rows[i]
				if r.latin.Empty() || r.native.Empty() || first(r.latin, r.native) == 0 {
					continue
				}
				met++
				if shareKey(&r.latin.Tokens[0], &r.native.Tokens[0]) {
					shared++
				}
				if i%20 == 0 {
					found := make(map[int]bool)
					for key := range r.native.Tokens[0].Keys {
						keys++
						for _, j := range byKey[key] {
							found[j] = true
						}
					}
					asked++
					others += len(found)
				}
			}
			share := float64(shared) / float64(met)
			t.Logf("%.3f of %d pairs that meet share a key; a native word has %.1f keys and shares one with %.2f%% of the %d Latin words",
				share, met, float64(keys)/float64(asked), 100*float64(others)/float64(asked)/float64(len(rows)), len(rows))
			if share < c.bar {
				t.Errorf("the bar is %.2f", c.bar)
			}
		})
	}
}

func shareKey(a, b *Token) bool {
	for x := range a.Keys {
		for y := range b.Keys {
			if x == y {
				return true
			}
		}
	}
	return false
}

// FuzzFold holds that folding is quick and valid whatever comes in, and that
// words of any scripts can be compared and filed.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"Zоran", "раypal", "\u200bZo\u200dran\ufeff", "Зоран\xff\xfe", "高石 テスト 테스트", "صفحة" + "\u200c" + "ها", "ש׳ ג'", "เกมไ",
		"क्षत्रिय ज़", "ﷺﷺ", strings.Repeat("é́", 400), "\U0001f600 A", "ー", "́", "الا"} {
		f.Add(s, "Zoran")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		a, b := Prepare(s, Person), Prepare(other, Person)
		letters := 0
		for i := range a.Tokens {
			w := &a.Tokens[i]
			letters += len(w.Text)
			if !utf8.ValidString(w.Text) || !utf8.ValidString(w.Native) || (w.Script == Latin) != (w.Native == "") {
				t.Fatalf("bad word %+v", w)
			}
			for range w.Keys {
				letters++
			}
			for j := range b.Tokens {
				if s := Similarity(w, &b.Tokens[j]); s < 0 || s >= 1 && w.Text != b.Tokens[j].Text {
					t.Fatalf("similarity %v of %+v and %+v", s, w, b.Tokens[j])
				}
			}
		}
		if s := Compare(a, b, Weights{}).Score; s < 0 || s > 1 {
			t.Fatalf("score %v", s)
		}
		if letters > 64*maxRunes {
			t.Fatalf("%d letters and keys of %d bytes", letters, len(s))
		}
	})
}

// BenchmarkAcross has the comparison of two Latin words as its baseline.
func BenchmarkAcross(b *testing.B) {
	for _, c := range []struct{ name, a, b string }{
		{"baseline Latin", "quibbleton", "quibletown"}, {"Cyrillic alike", "Тестович", "testovitch"}, {"Cyrillic different", "Тестович", "quibbleton"},
		{"Arabic alike", "كتاب", "kitab"}, {"Han alike", "特斯托维奇", "testovic"}, {"Han different", "特斯托维奇", "quibbleton"},
		{"Hangul alike", "테스토비치", "testovic"}, {"Kana different", "テストヴィッチ", "quibbleton"},
	} {
		x, y := Prepare(c.a, Person), Prepare(c.b, Person)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Similarity(&x.Tokens[0], &y.Tokens[0])
			}
		})
	}
	long := Prepare(strings.Repeat("特斯托维奇", 30), Person)
	latin := Prepare(strings.Repeat("Testovic Quibbleton ", 30), Person)
	b.Run("longest names", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Score(long, latin, Weights{})
		}
	})
	x := Prepare("Тестович", Person)
	b.Run("keys", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range x.Tokens[0].Keys {
			}
		}
	})
}
