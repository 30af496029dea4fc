package watchlist

import (
	"regexp"
	"slices"
	"strings"
)

// Topics that Duly adds to those of FollowTheMoney. They say what a list itself
// says, and never more: that an entry is listed with words that mean this.
const (
	TopicSurveillance = "surveillance.vendor" // supplies spyware or means of surveillance
	TopicRights       = "rights.abuse"        // listed for violations or abuses of human rights
	TopicForcedLabour = "forced.labor"        // FollowTheMoney's own word
	TopicMilitary     = "end-user.military"
	TopicSecurity     = "end-user.security" // police, interior security, intelligence
)

// topicRule gives a topic to entries of which a field has words that match.
type topicRule struct {
	topic string
	field string // list, program, basis, reason or topic
	match *regexp.Regexp
	why   string // what the words mean, and by which text
}

// topicRules is the whole of what topics are worked out from. No rule looks at a
// name. Mixed programmes (GLOMAG and Canada's JVCFOR are for abuse of human rights
// or for corruption) are left out: the list does not say which it is.
var topicRules = []topicRule{
	{"sanction", "list", regexp.MustCompile(`^OFAC |Treasury Department|Nonproliferation Sanctions|^UN Security|^EU Fin|^UK |^Canada |^Australia `), "a list of sanctions"},
	{"export.control", "list", regexp.MustCompile(`^(Entity List|Denied Persons List|Military End User)`), "a list of export controls"},
	{"export.risk", "list", regexp.MustCompile(`^Unverified List`), "a list of parties whose end use could not be verified"},
	{"debarment", "list", regexp.MustCompile(`^ITAR Debarred`), "a list of debarments"},
	{"crime.terror", "program", regexp.MustCompile(`^(SDGT|FTO|Al-Qaida|TERR|TAQA)$`), "a programme against terrorism"},

	{TopicMilitary, "list", regexp.MustCompile(`Military End User`), "the Military End User List, supplement no. 7 to part 744 of the EAR"},
	{TopicMilitary, "basis", regexp.MustCompile(`744\.21\b`), "the licence rule is that for military end uses and end users, EAR § 744.21"},
	{TopicMilitary, "basis", regexp.MustCompile(`744\.22\b`), "the licence rule is that for military-intelligence end users, EAR § 744.22"},
	{TopicSecurity, "basis", regexp.MustCompile(`744\.22\b`), "the licence rule is that for military-intelligence end users, EAR § 744.22"},
	{TopicMilitary, "basis", regexp.MustCompile(`^Organization Type: Defense activities`), "OFAC classes it so (ISIC 8422)"},
	{TopicSecurity, "basis", regexp.MustCompile(`^Organization Type: Public order and safety activities`), "OFAC classes it so (ISIC 8423)"},
	{TopicMilitary, "topic", regexp.MustCompile(`^mil$`), "the source gives FollowTheMoney's topic mil"},
	{TopicSecurity, "topic", regexp.MustCompile(`^gov\.security$`), "the source gives FollowTheMoney's topic gov.security"},

	{TopicRights, "program", regexp.MustCompile(`^IRAN-HR$`), "Executive Order 13553, serious human rights abuses by Iran"},
	{TopicRights, "program", regexp.MustCompile(`^HRIT-(IR|SY)$`), "Executive Order 13606, grave human rights abuses by means of information technology"},
	{TopicRights, "program", regexp.MustCompile(`^UHRPA$`), "Uyghur Human Rights Policy Act"},
	{TopicRights, "program", regexp.MustCompile(`^HR$`), "EU Global Human Rights Sanctions Regime, Regulation (EU) 2020/1998"},
	{TopicRights, "program", regexp.MustCompile(`(?i)^[^(]*\bhuman rights\b[^(]*$`), "a sanctions regime for human rights"},
	{TopicRights, "basis", regexp.MustCompile(`\b84 FR 5400[24]\b`), "the notice 84 FR 54002 lists parties for human rights violations and abuses in Xinjiang"},
	{TopicRights, "basis", regexp.MustCompile(`ECCNs 1A004\.c, 1A004\.d, 1A995`), "the licence policy is the one of 84 FR 54002 and later notices on human rights abuses in Xinjiang"},
	{TopicRights, "reason", regexp.MustCompile(`(?is)\bhuman[- ]rights\b.{0,60}\b(violation|abuse)|\b(violation|abuse)s?\b.{0,60}\bhuman[- ]rights\b|\btortur|\bextra-?judicial (killing|execution)`), "the reasons say so"},

	{TopicForcedLabour, "program", regexp.MustCompile(`\bUFLPA\b|Forced Labor`), "Uyghur Forced Labor Prevention Act"},
	{TopicForcedLabour, "basis", regexp.MustCompile(`\b86 FR 331(19|20)\b`), "the notice 86 FR 33119 lists parties for accepting or using forced labour"},
	{TopicForcedLabour, "reason", regexp.MustCompile(`(?i)\bforced[- ]labou?r`), "the reasons say so"},

	{TopicSurveillance, "basis", regexp.MustCompile(`\b86 FR 607(59|60)\b`), "the notice 86 FR 60759 lists suppliers of spyware and of cyber exploits"},
	{TopicSurveillance, "reason", regexp.MustCompile(`(?is)\b(suppl|provi|develop|manufactur|sold|sell|export|produc)\w*\b[^.]{0,80}\b(spyware|(surveillance|interception|facial recognition|monitoring) (technolog|equipment|software|system|tool|product))`), "the reasons say so"},
}

// fieldTexts gives what a rule looks at.
func (e *Entity) fieldTexts(field string) []string {
	switch field {
	case "list":
		return strings.Split(e.List, "; ")
	case "program":
		return e.Programs
	case "basis":
		return e.Bases
	case "reason":
		return e.Reasons
	}
	return e.Topics
}

// matching gives the text of the entity that a rule matches, or false.
func (r *topicRule) matching(e *Entity) (string, bool) {
	for _, text := range e.fieldTexts(r.field) {
		if r.match.MatchString(text) {
			return text, true
		}
	}
	return "", false
}

// assignTopics adds to every entity the topics that its own words give it.
func assignTopics(l *List) {
	for i := range l.Entities {
		e := &l.Entities[i]
		stated := slices.Clone(e.Topics)
		for r := range topicRules {
			rule := &topicRules[r]
			if _, ok := rule.matching(e); ok {
				stated = append(stated, rule.topic)
			}
		}
		e.Topics = sortedUnique(stated)
	}
}

// TopicBecause says why an entity has a topic, in one sentence for each rule that
// gave it, with the words of the list. It is empty when the list states the topic
// itself.
func (e *Entity) TopicBecause(topic string) []string {
	var because []string
	for r := range topicRules {
		rule := &topicRules[r]
		if rule.topic != topic {
			continue
		}
		if text, ok := rule.matching(e); ok {
			because = append(because, "Its "+rule.field+" reads \""+excerpt(text, rule.match)+"\": "+rule.why+".")
		}
	}
	return because
}

// excerpt gives the words around a match, so that a person can check it.
func excerpt(text string, match *regexp.Regexp) string {
	const around = 80
	at := match.FindStringIndex(text)
	from, to := max(at[0]-around, 0), min(at[1]+around, len(text))
	cut := strings.ToValidUTF8(text[from:to], "")
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += "…"
	}
	return strings.Join(strings.Fields(cut), " ")
}
