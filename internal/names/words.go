package names

import (
	"maps"
	"slices"
	"strings"
)

// The tables below are facts about naming, written by hand.

// forms lists legal forms by the class that makes them comparable across
// countries: limited companies, companies by shares, partnerships, state and
// non-profit forms. The class "company" says only that it is one, and goes with all.
var forms = map[string]string{
	"company": "co|company|corp|corporation|inc|incorporated|cie|compagnie|cia|compania|companhia|sirketi|kampaniya|kompaniya",
	"limited": "ltd|limited|llc|lc|ltda|limitada|lda|gmbh|sarl|srl|bv|bvba|sprl|kft|doo|dooel|eood|ood|tov|tzov|ooo|too|oy|aps|mchj|osoo|" +
		"sp zoo|sp z oo|uab|sro|eurl|shpk|ehf|einkahlutafelag|pty|pte|pvt|pty ltd|pte ltd|pvt ltd|private limited|pty limited|pte limited|co ltd|company limited|ltd co|ltd sti|limited sirketi|" +
		"s de rl|s de rl de cv|sdn bhd|sl|slu|sasu|fze|fzc|fzco|fzllc|fz llc|wll|spc|unipessoal lda|ltd liability co|" +
		"limited liability|liability company|limited liability company|limited liability partnership company|ltd liability company|with limited liability|" +
		"gesellschaft mit beschrankter haftung|societe a responsabilite limitee|sociedad de responsabilidad limitada|" +
		"societa a responsabilita limitata|societatea cu raspundere limitata|sociedade limitada|besloten vennootschap|" +
		"obshchestvo s ogranichennoi otvetstvennostyu|obshchestvo s ogranichennoy otvetstvennostyu|" +
		"obschestvo s ogranichennoi otvetstvennostyu|obschestvo s ogranichennoy otvetstvennostyu|" +
		"obshchestvo s ogranichennoi otvetstvennostiu|tovarystvo z obmezhenoyu vidpovidalnistyu|" +
		"tovaristvo z obmezhenoyu vidpovidalnistyu|tavarystva z abmezhavanai adkaznastsiu",
	"shares": "jsc|ojsc|cjsc|pjsc|pjs|ao|oao|zao|pao|aat|zat|oat|at|vat|sa|sas|sau|sab|sa de cv|sab de cv|sapi de cv|ca|ag|plc|spa|nv|asa|ab|oyj|as|asc|ad|ead|" +
		"tbk|pt|kk|zrt|nyrt|ohf|bhd|berhad|se|psc|pjsco|qsc|sal|saoc|saog|jsco|kgaa|aktiengesellschaft|aktiebolag|aktsionernoe obshchestvo|aktsionernoye obshchestvo|" +
		"public limited company|joint stock|stock company|joint stock company|joint stock co|open joint stock company|closed joint stock company|" +
		"public joint stock company|private joint stock company|otkrytoe aktsionernoe obshchestvo|otkrytoye aktsionernoye obshchestvo|" +
		"zakrytoe aktsionernoe obshchestvo|zakrytoye aktsionernoye obshchestvo|publichnoe aktsionernoe obshchestvo|" +
		"publichnoye aktsionernoye obshchestvo|aktsionernaya kompaniya|anonim sirketi|anonim sirket|as sirketi|sociedad anonima|" +
		"sociedade anonima|societe anonyme|societa per azioni|naamloze vennootschap|perusahaan terbatas|perseroan terbatas|kabushiki kaisha|" +
		"adkrytae aktsyianernae tavarystva|zakrytae aktsyianernae tavarystva",
	"partnership": "lp|llp|kg|ohg|gmbh and co kg|gmbh co kg|limited partnership|limited liability partnership|general partnership|snc|scs|sca",
	"state": "fgup|fgbu|fgbuv|fku|fkp|gup|mup|sue|rup|sunp|fsue|federal state unitary enterprise|state unitary enterprise|" +
		"republican unitary enterprise|unitary enterprise|federalnoe gosudarstvennoe unitarnoe predpriyatie|" +
		"federal state budgetary institution|federal state autonomous institution",
	"nonprofit": "ano|ngo|npo|ev|autonomous non profit organization|autonomous nonprofit organization|avtonomnaya nekommercheskaya organizatsiya|" +
		"eingetragener verein|stichting|gemeinnutzige gmbh|ggmbh",
}

// endOnly are forms that are also words or initials: they count only as the
// last words of a name.
const endOnly = "as|se|at|ad|ca|sal|sl|spc|kk|lc|lp|kg|sca|scs|snc|ev|nv|ab|pt|cia|sab|sas|oy|aps|asc|sau|asa|cie|ead|ood|too|vat|zat|aat|oat|sa|ag|bv"

// startToo are forms of endOnly that also come first, in Russian, Belarusian,
// Ukrainian and Indonesian order.
const startToo = "aat|oat|zat|vat|pt|too|at|sa|cv|ab"

// honorifics are titles and ranks before or inside a person's name.
const honorifics = "mr|mrs|ms|miss|dr|prof|professor|sir|lord|lady|dame|sheikh|shaikh|sheik|shaykh|cheikh|haji|hajji|hajj|haj|al haj|alhaj|alhaji|el hadj|" +
	"sayyid|sayed|syed|sayid|mullah|mulla|mawlawi|maulavi|maulana|ustad|qari|hafiz|imam|ayatollah|hojatoleslam|ingeniero|ing|engineer|" +
	"gen|general|lt|ltg|maj|major|col|colonel|brig|brigadier|capt|captain|sgt|cdr|adm|admiral|commander|lieutenant|lieutenant general|major general|" +
	"brigadier general|president|prasident|prince|princess|king|queen|hon|honourable|honorable|rev|reverend|jr|sr|junior|senior|phd|md|esq|" +
	"herr|frau|monsieur|madame|mme|senor|senora|don|dona|gospodin"

// particles tie the words of a name and tell little by themselves.
const particles = "al|el|il|ul|ur|us|ud|ad|ar|an|as|az|ash|bin|ben|ibn|bint|binti|ould|wuld|de|del|dela|la|las|los|le|les|lo|du|di|da|dos|das|do|" +
	"von|van|vander|der|den|zu|zur|ter|ten|y|e|i|o|and|the|of|for|in|on|et|und|og|och|ve|wa|va|a|an|to|at|by|na|po|za|s|z|i|v|en|des|d|l|fur|per|sur|st|" +
	"aka|para|com|con"

// shortNames lists first names with their short forms.
const shortNames = "alexander alex al sandy sasha|aleksandr alex sasha sanya shura|aleksandra sasha sanya|alexandra alex sandra sandy sasha|alejandro alex ale|" +
	"aleksei alyosha lyosha|alexei alyosha lyosha|andrew andy drew|andrei andryusha|anthony tony|antonio toni tonio|anna anya annie|anastasia nastya|" +
	"benjamin ben benny bibi|bernard bernie|boris borya|catherine cathy kate katie kitty|katherine kathy kate katie kitty|ekaterina katya|" +
	"charles charlie chuck|christopher chris kit|christian chris|christine chris tina|daniel dan danny|david dave davey|deborah debbie deb|" +
	"dmitry dima mitya|dmitri dima mitya|dimitri dima mitya|donald don donny|dorothy dot dottie|edward ed eddie ned ted teddy|eduardo edu lalo|" +
	"elena lena lenka|elizabeth liz lizzie beth betty eliza lisa|enrique quique kike|ernesto neto|eugene gene|evgeny zhenya|evgeniy zhenya|yevgeny zhenya|yevgeniy zhenya|" +
	"felipe pipe|fernando nando|francis frank fran|francisco paco pancho curro kiko|franklin frank|frederick fred freddy freddie|" +
	"friedrich fritz|gabriel gabe gabi|gennady gena|gerald gerry jerry|gerard gerry|gregory greg|grigory grisha|grigori grisha|guadalupe lupe|guillermo memo|" +
	"harold harry hal|henry hank harry hal|ignacio nacho|igor gosha|isabel isa chabela|ivan vanya|jacob jake|james jim jimmy jamie|jeffrey jeff|geoffrey jeff geoff|" +
	"jennifer jen jenny|jesus chucho chuy|joaquin quino|johannes hans|john johnny jack|jonathan jon johnny|jorge coque|jose pepe|josef sepp|joseph joe joey|" +
	"joshua josh|juan juancho|judith judy|kenneth ken kenny|konstantin kostya|larisa lara|lawrence larry|leonid lyonya|leonard leo len lenny|lyudmila lyuda mila|ludmila lyuda mila|" +
	"luis lucho|manuel manolo manny|margaret maggie meg peggy greta|maria masha marusya mari|mariya masha|matthew matt|maxim max|maksim max|maximilian max|" +
	"michael mike mick mickey misha|mikhail misha|michele mike|miguel migue|nadezhda nadya|natalia natasha|natalya natasha|nathaniel nat nate|nicholas nick nicky|" +
	"nicolas nico|nikolai kolya|nikolay kolya|olga olya|patricia pat patty tricia|patrick pat paddy|pavel pasha|peter pete|pyotr petya|philip phil|phillip phil|" +
	"rafael rafa|raymond ray|rebecca becky|ricardo ricky rico|richard rick ricky dick rich richie|robert rob robbie bob bobby bert|roberto beto|ronald ron ronnie|" +
	"samuel sam sammy|samantha sam|sergei seryozha|sergey seryozha|stanislav stas slava|stephen steve stevie|steven steve stevie|susan sue susie|svetlana sveta lana|" +
	"tatiana tanya|tatyana tanya|terence terry|theodore ted teddy theo|thomas tom tommy|timothy tim timmy|valentina valya|valery valera|vasily vasya|vasiliy vasya|" +
	"victor vic|viktor vitya|victoria vicky tori|vincent vince vinny|vitaly vitalik|vladimir vova volodya vlad|vladislav vlad slava|vyacheslav slava|" +
	"walter walt wally|wilhelm willi|william will bill billy willy liam|yaroslav slava|yekaterina katya|yelena lena|yuri yura|yury yura|yulia yulya"

// generics are words that many organisations share.
const generics = "group|gruppa|gruppe|grupo|groupe|holding|holdings|international|intl|trading|trade|trust|general|service|services|industry|industries|industrial|" +
	"enterprise|enterprises|investment|investments|management|consulting|consultancy|consultants|engineering|construction|constructions|contracting|" +
	"technology|technologies|tech|technical|technique|systems|system|solutions|global|national|import|export|shipping|maritime|marine|bank|banking|finance|" +
	"financial|capital|fund|development|center|centre|institute|foundation|association|organization|organisation|ministry|department|bureau|agency|" +
	"office|state|federal|federation|university|research|scientific|science|sciences|production|factory|plant|works|transport|transportation|logistics|energy|oil|" +
	"gas|petroleum|petrochemical|electronics|electronic|electric|security|media|communications|communication|telecommunications|company|commercial|" +
	"manufacturing|products|equipment|supply|supplies|materials|partners|partnership|associates|ventures|corporation|authority|administration|" +
	"council|committee|union|society|academy|college|school|laboratory|design|project|projects|business|market|marketing|exchange|money|" +
	"states|kingdom|nations|emirates|republic|islamic|public|private|central|joint|limited|liability|north|south|east|west|northern|southern|eastern|western|new|united|first|" +
	"real|estate|property|properties|asset|assets|mining|metal|metals|steel|chemical|chemicals|pharmaceutical|medical|food|foods|agricultural|" +
	"airlines|airline|air|aviation|aircraft|aerospace|auto|automotive|motor|motors|travel|tourism|hotel|insurance|brokers|digital|data|software|online|" +
	"police|sheriff|county|city|municipal|district|region|regional|" +
	"npo|npp|npk|npf|nii|vnii|tsnii|cnii|okb|skb|gskb|tskb|pkf|npts|zavod|kombinat|predpriyatie|obedinenie|tsentr|zentr|institut|fabrika"

// gluedForms are legal forms in which no word ends, longest first.
var gluedForms = []string{"gesellschaft", "limited", "gmbh", "llc", "ltd", "ojsc", "pjsc"}

// abbreviations maps those that organisations use to the words they stand for.
const abbreviations = "intl international|intnl international|natl national|govt government|dept department|dep department|" +
	"grp group|gp group|hldg holding|hldgs holdings|mfg manufacturing|mfr manufacturing|mgmt management|mgt management|" +
	"svc service|svcs services|srv service|srvs services|srvc service|srvcs services|srvce service|srvces services|serv services|" +
	"tech technology|techs technologies|technol technology|univ university|inst institute|assn association|assoc association|" +
	"bros brothers|engg engineering|eng engineering|engrg engineering|indus industries|inds industries|ind industries|indl industrial|" +
	"dev development|devt development|invt investment|inv investment|invest investment|invts investments|trdg trading|" +
	"const construction|constr construction|elec electric|equip equipment|exp export|imp import|" +
	"admin administration|org organization|organisation organization|cntr center|ctr center|centre center|lab laboratory|labs laboratories|" +
	"pharm pharmaceutical|pharma pharmaceutical|chem chemical|agri agricultural|transp transport|trans transport|telecom telecommunications|" +
	"telecomm telecommunications|comms communications|sci science|mun municipal|" +
	"shpg shipping|maint maintenance|prod production|prods products|acad academy|fdn foundation"

// numerals are the cardinals and ordinals that spellOut joins to numbers,
// from 1 by 1 and from 20 by 10 in turn.
var numerals = []string{"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
	"eighteen nineteen", "twenty thirty forty fifty sixty seventy eighty ninety",
	"first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth " +
		"seventeenth eighteenth nineteenth", "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"}

// vesselPrefixes stand before the names of ships.
const vesselPrefixes = "mv|mt|ms|ss|mts|msv|fv|rv|tug|vessel|m v|m t"

// romans are the numerals that follow the names of funds, ships and phases.
var romanNumerals = map[string]string{
	"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
	"xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}

// The tables in the form that Prepare asks. Phrases stand without their spaces.
var (
	formOf       = newTable(formTable())
	formWords    = formWordTable()
	phraseParts  = newTable(phrasePartTable())
	longForms    = longFormTable()
	nickOf       = newTable(nickTable())
	romans       = newTable(romanNumerals)
	abbreviated  = newTable(phrases(abbreviations))
	numberWords  = numberTable()
	endOnlySet   = set(endOnly)
	startTooSet  = set(startToo)
	honorificSet = set(honorifics)
	particleSet  = set(particles)
	genericSet   = set(generics)
	prefixSet    = set(vesselPrefixes)
)

// longestPhrase is the number of words of the longest phrase in the tables.
const longestPhrase = 5

func set(words string) *table[bool] {
	m := make(map[string]bool)
	for w := range strings.SplitSeq(words, "|") {
		m[strings.ReplaceAll(w, " ", "")] = true
	}
	return newTable(m)
}

// phrases reads "from to|from to" pairs.
func phrases(table string) map[string]string {
	m := make(map[string]string)
	for pair := range strings.SplitSeq(table, "|") {
		from, to, _ := strings.Cut(pair, " ")
		m[from] = to
	}
	return m
}

func numberTable() *table[int] {
	m := make(map[string]int)
	for i, list := range numerals {
		n, step := 1, 1
		if i%2 == 1 {
			n, step = 20, 10
		}
		for w := range strings.FieldsSeq(list) {
			m[w] = n
			n += step
		}
	}
	return newTable(m)
}

func formTable() map[string]string {
	m := make(map[string]string)
	for class, phrases := range forms {
		for p := range strings.SplitSeq(phrases, "|") {
			m[strings.ReplaceAll(p, " ", "")] = class
		}
	}
	return m
}

// longFormTable gives the phrases of legal forms that are long enough to be known
// with two slips in them, by their length.
func longFormTable() map[int][]string {
	m := make(map[int][]string)
	for _, form := range slices.Sorted(maps.Keys(formOf.values)) {
		if len(form) >= 20 {
			m[len(form)] = append(m[len(form)], form)
		}
	}
	return m
}

// nickTable maps each short form to the first names that it stands for.
func nickTable() map[string][]string {
	m := make(map[string][]string)
	for line := range strings.SplitSeq(shortNames, "|") {
		first, short, _ := strings.Cut(line, " ")
		for nick := range strings.FieldsSeq(short) {
			m[nick] = append(m[nick], first)
		}
	}
	return m
}

// ShortName says whether a word is a short form of a first name.
func ShortName(text string) bool { return nickOf.has(text) }

// nicknames says whether one word is a short form of the other, or both are of
// one first name.
func nicknames(a, b string) bool {
	full, short := nickOf.get(a)
	of, shortToo := nickOf.get(b)
	if !short && !shortToo {
		return false
	}
	if slices.Contains(full, b) || slices.Contains(of, a) {
		return true
	}
	return slices.ContainsFunc(full, func(name string) bool { return slices.Contains(of, name) })
}

// formWord is a long word of legal forms, with its letters as newToken has them.
type formWord struct {
	text string
	bag  uint64
}

// longestForm bounds the length of the words of legal forms.
const longestForm = 30

// formWordTable gives the words of legal forms in which a slip can be told, by the
// lengths of what they may be written as with one.
func formWordTable() (out [longestForm + 2][]formWord) {
	seen := make(map[string]bool)
	for _, class := range slices.Sorted(maps.Keys(forms)) {
		for w := range strings.FieldsFuncSeq(forms[class], func(r rune) bool { return r == ' ' || r == '|' }) {
			if len(w) >= 5 && !seen[w] {
				seen[w] = true
				for n := len(w) - 1; n <= len(w)+1; n++ {
					out[n] = append(out[n], formWord{w, bagOf(w)})
				}
			}
		}
	}
	return out
}

// phrasePartTable holds every run of words of a phrase, written as one.
func phrasePartTable() map[string]bool {
	parts := make(map[string]bool)
	add := func(phrases string) {
		for p := range strings.SplitSeq(phrases, "|") {
			words := strings.Fields(p)
			for i := range words {
				for j := i + 1; j <= len(words); j++ {
					parts[strings.Join(words[i:j], "")] = true
				}
			}
		}
	}
	for _, phrases := range forms {
		add(phrases)
	}
	add(honorifics)
	add(vesselPrefixes)
	return parts
}
