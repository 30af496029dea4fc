package names

// Kind says what sort of thing carries a name. It decides which words are
// titles, which are legal forms, and how much the order of words matters.
type Kind uint8

// The kinds. The zero value is Other: nothing is known, so the tables of people
// and of organisations both apply.
const (
	Other        Kind = iota // not known
	Person                   // a natural person
	Organization             // a company, public body, association
	Vessel                   // a ship or an aircraft
)

// String gives the kind as a lower-case word.
func (k Kind) String() string {
	switch k {
	case Person:
		return "person"
	case Organization:
		return "organization"
	case Vessel:
		return "vessel"
	default:
		return "other"
	}
}

// MarshalText gives the kind as its word, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Class says what a token is in its name, and so how much it can weigh.
type Class uint8

// The classes of tokens.
const (
	Core      Class = iota // a word that tells names apart
	Generic                // a word that many organisations share: trading, group
	Particle               // al, bin, de, von, the, of
	Initial                // a single letter
	Numeral                // a number, Arabic or Roman
	LegalForm              // LLC, GmbH, OOO; set aside, compared by its class
	Honorific              // Mr, Sheikh, M/V; set aside
)

// Token is one word of a prepared name.
type Token struct {
	Text     string // folded: lower case, no marks, Latin where a reading is known
	Sound    string // Text with spellings of one sound made equal: Yevgeniy and Evgeny
	Skeleton string // Sound without its vowels
	// Native is the word in its own script, folded; empty for a Latin word. Of Han
	// and Hangul, of which each character is a token, it goes on to the end of what
	// was written together.
	Native string
	Script Script
	Class  Class

	syllable bool // a single syllable as Chinese and Korean names have
	noted    uint8
	rarity   float32 // see Weights.Note
	form     string  // for LegalForm: the class of forms it belongs to
	bag      uint64  // one bit per letter or digit of Text, to reject without a distance
}

// Name is a name made ready for comparing.
type Name struct {
	Kind   Kind
	Tokens []Token // the words that are compared, in reading order, at most 32
	Aside  []Token // legal forms, titles and ship prefixes
	Cut    bool    // the text was longer than what is read

	syllables bool // of a person, and all words are single syllables
}

// maxTokens bounds the work of one comparison; the longest name on the lists
// that Duly reads has fewer words. Further words are left out.
const maxTokens = 32

// MaxWords is how many words of a name are compared.
const MaxWords = maxTokens

// maxRunes bounds what Prepare reads of one name, in characters.
const maxRunes = 512
