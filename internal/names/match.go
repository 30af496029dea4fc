package names

import (
	"fmt"
	"strings"
)

// How says in which way two words met, or that a word met none.
type How string

// The ways.
const (
	Equal        How = "equal"        // the same word after folding
	Spelling     How = "spelling"     // another spelling of the same sound
	Typo         How = "typo"         // a few letters differ
	Across       How = "script"       // words of two scripts that sound alike
	Joined       How = "joined"       // written as one word here and as several there
	Initials     How = "initial"      // a letter stands for the word
	Acronym      How = "acronym"      // a word of the first letters of several
	Abbreviation How = "abbreviation" // a common word, shortened
	Nickname     How = "nickname"     // a short form of a first name
	Form         How = "legal form"   // legal forms or titles, set aside
	OnlyA        How = "only in a"    // the first name alone has it
	OnlyB        How = "only in b"    // the second name alone has it
)

// Part is one line of an explanation: what of name a met what of name b.
type Part struct {
	A          string  `json:"a,omitempty"`       // words of the first name, folded
	B          string  `json:"b,omitempty"`       // words of the second name, folded
	Reading    string  `json:"reading,omitempty"` // of what is not in Latin letters, where the scripts differ
	How        How     `json:"how"`
	Similarity float64 `json:"similarity"` // 0 to 1
	Weight     float64 `json:"weight"`     // what the words weigh, 0 to 1 for each
}

// Match is the judgement on two names and its reasons.
type Match struct {
	Score         float64 `json:"score"` // 0 (nothing in common) to 1 (the same)
	Parts         []Part  `json:"parts"`
	Contradiction string  `json:"contradiction,omitempty"` // why the score is held down, if it is
}

// Sentence tells the match in plain English.
func (m Match) Sentence() string {
	if len(m.Parts) == 0 {
		return "There is no word to compare."
	}
	var s []string
	for _, p := range m.Parts {
		switch p.How {
		case Equal:
			s = append(s, fmt.Sprintf("%q is equal", p.A))
		case Spelling:
			s = append(s, fmt.Sprintf("%q is another spelling of %q", p.A, p.B))
		case Typo:
			s = append(s, fmt.Sprintf("%q is close to %q", p.A, p.B))
		case Across:
			s = append(s, sentenceOfScripts(p))
		case Joined:
			s = append(s, fmt.Sprintf("%q is %q with other spaces", p.A, p.B))
		case Initials:
			s = append(s, fmt.Sprintf("%q may stand for %q as an initial", p.A, p.B))
		case Acronym:
			s = append(s, fmt.Sprintf("%q may stand for %q as first letters", p.A, p.B))
		case Abbreviation:
			s = append(s, fmt.Sprintf("%q and %q are one word, shortened", p.A, p.B))
		case Nickname:
			s = append(s, fmt.Sprintf("%q and %q are forms of one first name", p.A, p.B))
		case Form:
			s = append(s, sentenceOfForms(p))
		case OnlyA:
			s = append(s, fmt.Sprintf("%q is only in the first name", p.A))
		case OnlyB:
			s = append(s, fmt.Sprintf("%q is only in the second name", p.B))
		}
	}
	text := fmt.Sprintf("Score %.2f: %s.", m.Score, strings.Join(s, "; "))
	if m.Contradiction != "" {
		text += " " + m.Contradiction + "."
	}
	return text
}

// sentenceOfScripts says how words of two scripts met.
func sentenceOfScripts(p Part) string {
	if p.Similarity == 1 {
		return fmt.Sprintf("%q and %q read the same, %q", p.A, p.B, p.Reading)
	}
	return fmt.Sprintf("%q and %q sound alike (read as %q)", p.A, p.B, p.Reading)
}

func sentenceOfForms(p Part) string {
	switch {
	case p.A == "":
		return fmt.Sprintf("legal form or title %q is only in the second name", p.B)
	case p.B == "":
		return fmt.Sprintf("legal form or title %q is only in the first name", p.A)
	case p.Similarity == 1:
		return fmt.Sprintf("legal forms or titles %q and %q agree", p.A, p.B)
	default:
		return fmt.Sprintf("legal forms or titles %q and %q differ", p.A, p.B)
	}
}
