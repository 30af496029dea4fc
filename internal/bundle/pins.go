package bundle

import (
	"io/fs"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// pinned names, by kind, the fields that must stand in clear whatever a schema
// says: outcomes, counts, overrides and hard stops may never be withheld (RS-06).
// The verifier owns this list; a schema that seals one of them is refused.
var pinned = map[string][]string{
	"account":     {"state"},
	"customer":    {"state"},
	"deployment":  {"state"},
	"list":        {"sha256", "entries", "published"},
	"list_update": {"sha256", "previous", "entries", "added", "removed", "changed"},
	"pack":        {"sha256", "state", "in_force_from", "replaces", "change"},
	"run":         {"task", "day", "covered"},
	"hit":         {"state"},
	"triage":      {"lane", "by_default", "pack"},
	"rating":      {"method", "engine", "best", "worst", "tier", "outcome", "hard_stops", "known", "facts", "sum", "pending", "day"},
	"exposure":    {"state", "deployments", "unrated", "worst"},
	"score":       {"method", "round"},
	"decision": {"act", "basis", "outcome", "tier", "residual", "hard_stops", "effective_day", "expires_day", "review_day", "signatures",
		"opinions", "objections", "rating", "referral", "precedents", "ongoing_checked_by"},
	"condition_check": {"decision", "sort", "number", "result", "day"},
	"opinion":         {"state", "choice"},
	"vote":            {"choice"},
	"referral": {"state", "emergency", "rating", "asks_again", "ratifies", "noticed_day", "closes_day", "closed_day", "answer_due", "ratify_by", "outcome", "quorum", "seats",
		"affected_seats", "present", "affected_present", "recused", "votes_for", "votes_against", "abstained"},
	"panel":          {"state", "seats", "notice_days", "emergency_hours", "answer_days"},
	"seat":           {"state", "group", "from_day", "to_day"},
	"declaration":    {"conflict"},
	"answer":         {"choice", "day", "due", "late", "matter"},
	"resignation":    {"day"},
	"refusal":        {"rule", "act", "day"},
	"input":          {"state", "disposition", "received", "told"},
	"notice":         {"state", "due", "sent_day"},
	"response":       {"state", "sort", "received", "due", "answered"},
	"agreement":      {"state", "about", "versions", "terms", "as_amended"},
	"usage_count":    {"condition", "day", "basis", "exposures", "deviations", "unknown"},
	"usage_coverage": {"day", "basis", "covered"},
	"usage_shown":    {"day", "basis", "calls"},
	"finding":        {"grade", "state", "condition"},
	"proceeding": {"state", "step", "outcome", "grade", "kind", "binds", "rated", "opened", "due", "stepped_day", "closed", "expires_day", "findings",
		"calls", "recurrences", "out_of_order", "decision"},
	"person":              {"state", "roles", "key"},
	"epoch":               {"number", "reason", "log_key", "quoted_size", "quoted_root"},
	"erasure":             {"target", "field", "reason"},
	"balance":             {"size", "root", "standing", "standing_root", "counted", "counted_hash"},
	"attestation_request": {"state", "due", "from_day", "upto_day", "conditions", "questionnaire", "terms", "token"},
	"attestation":         {"received", "late", "evidence_day", "promised", "agrees", "contradicted", "not_kept", "unknown", "days", "days_seen", "sha256"},

	"index_edition": {"state", "year", "published", "released", "history", "mapping", "file", "rejected", "unread"},

	"review":            {"state", "lane", "opened", "due", "snoozed_until", "closed", "outcome"},
	"sweep":             {"since", "upto", "opened", "open", "rated"},
	"signal":            {"state", "disposition", "told"},
	"capacity":          {"lane", "hours", "per_case"},
	"sample":            {"seed", "position", "population", "size", "judged", "missed", "bound"},
	"capability_change": {"state", "dependents", "not_cleared"},
	"leave":             {"sort", "day"},
	"contact":           {"day"},
	"sight":             {"day"},
	"fact":              {"claim"},

	"engagement":   {"state", "day", "from_day", "upto_day", "due", "level", "required_coverage", "budget", "currency", "witnesses", "quorum"},
	"independence": {"state", "day", "terms", "ties", "appointed_by", "removed_by", "blocking", "flagged", "fee", "recusals"},
	"assignment":   {"state", "day", "terms", "assessors", "flagged"},
	"population": {"day", "terms", "from_day", "upto_day", "size", "root", "commitment", "population", "customers", "accounts", "deployments", "lanes", "cases",
		"ratings", "decisions", "data_requests", "incidents", "inputs", "refusals", "ended", "open_cases", "late_cases", "unopened", "declined",
		"grave_ratings", "grave_decisions", "afterward"},
	"engagement_sample": {"state", "day", "population", "draw", "of", "confidence", "tolerable", "expected", "wanted", "secret", "root", "position", "witnessed",
		"targeted", "size", "drawn_from", "strata", "drawn"},
	"witnessed":        {"sample", "size", "root", "cosigned", "note"},
	"reconciliation":   {"day", "terms", "list", "of", "rows", "known", "missing", "ambiguous", "unread", "repeated", "recorded", "unlisted"},
	"evidence_request": {"state", "terms", "asked_day", "due", "answered_day", "late"},
	"effort":           {"day", "terms", "task", "minutes", "cost", "items"},

	"control_test": {"terms", "library", "control", "of", "how", "conclusion", "sample", "extends", "reuses", "population", "items", "kept", "deviations", "not_testable",
		"grave", "grave_missed", "tolerable", "bound", "causes", "day"},
	"workpaper": {"terms", "control", "sha256", "size", "day"},
	"impact": {"terms", "state", "actual", "right", "groups", "scale", "scope", "irremediability", "involvement", "leverage", "crucial", "actions", "remedy",
		"relationship", "plan_due", "known_from", "day"},
	"determination": {"terms", "library", "question", "conclusion", "level", "population", "examined", "unmapped", "coverage", "required", "controls", "effective",
		"not_effective", "absent", "untested", "involved", "day"},
	"dissent":           {"determination", "conclusion", "day"},
	"assessment_reply":  {"determination", "choice", "day"},
	"redaction":         {"terms", "state", "schema", "field", "class", "reason", "day"},
	"redaction_consent": {"redaction", "agrees", "day"},
	"publication":       {"what", "json", "html", "size", "classes", "terms", "day"},

	"enforcement":    {"state", "decision", "decided", "day"},
	"break_glass":    {"opened", "hours"},
	"hold":           {"state", "day"},
	"policy":         {"state", "topic", "version", "approved", "approved_by", "concerns", "published"},
	"embedding":      {"sort", "area", "day", "done", "out_of"},
	"listing":        {"state", "day", "agency", "product", "purpose", "place", "value_band", "decision"},
	"partnership":    {"state", "partner", "instrument"},
	"data_request":   {"state", "basis", "outcome", "challenge", "notice", "answered", "refused_by_rule"},
	"claim":          {"standing", "told", "actual"},
	"content_sample": {"population", "drawn", "breaching", "reported", "acted", "repeat"},
	"incident":       {"state", "severity", "reported", "confirmed", "contained", "notified", "remedied", "learned", "closed"},
}

// signed names the kinds whose every revision must carry a person's signature.
var signed = map[string]int{"decision": 1, "score": 1, "opinion": 1, "vote": 1, "declaration": 1, "resignation": 1, "answer": 1, "condition_check": 1, "break_glass": 1,
	"engagement": 1, "independence": 1, "assignment": 1, "population": 1, "engagement_sample": 1, "reconciliation": 1, "evidence_request": 1, "effort": 1,
	"control_test": 1, "workpaper": 1, "impact": 1, "determination": 1, "dissent": 1, "assessment_reply": 1, "redaction": 1, "redaction_consent": 1, "publication": 1}

// decides and mayNot name, for kinds that people must sign, the roles of which each
// signer has one and the roles of which none: who sells or runs the system does not
// judge, and who advises is nobody else (GC-03, IM-04, KY-04, PO-03).
var (
	decides = map[string][]string{
		"decision": {"approver", "governing_body"}, "score": {"analyst", "expert"}, "opinion": {"expert"}, "vote": panelist, "declaration": panelist,
		"resignation": panelist, "answer": {"approver", "governing_body"}, "condition_check": {"analyst", "approver", "governing_body", "expert"},
		"break_glass": {"approver", "governing_body"},
		"engagement":  {"governing_body"}, "independence": assessor, "assignment": assessor, "population": assessor, "engagement_sample": assessor,
		"reconciliation": assessor, "effort": assessor, "evidence_request": {"assessor", "administrator", "analyst", "approver", "governing_body"},
		"control_test": assessor, "workpaper": assessor, "impact": assessor, "determination": assessor, "dissent": assessor, "redaction_consent": assessor,
		"redaction": {"approver", "governing_body"}, "assessment_reply": {"approver", "governing_body"},
		"publication": {"assessor", "approver", "governing_body"},
	}
	mayNot = map[string][]string{
		"decision": {"sales", "administrator", "expert", "panel_member"}, "score": {"sales", "administrator"},
		"opinion": {"sales", "administrator", "analyst", "approver", "governing_body", "panel_member"}, "vote": company, "declaration": company, "resignation": company,
		"answer": {"sales", "administrator", "expert", "panel_member"}, "condition_check": {"sales", "administrator", "panel_member"},
		"break_glass": {"sales", "administrator", "expert", "panel_member"},
		"engagement":  {"sales", "administrator", "assessor"}, "independence": anybody, "assignment": anybody, "population": anybody, "engagement_sample": anybody,
		"reconciliation": anybody, "effort": anybody, "evidence_request": {"sales"},
		"control_test": anybody, "workpaper": anybody, "impact": anybody, "determination": anybody, "dissent": anybody, "redaction_consent": anybody,
		"redaction": notCompany, "assessment_reply": notCompany,
		"publication": {"sales", "administrator", "expert", "panel_member"},
	}
	panelist   = []string{"panel_member"}
	company    = []string{"sales", "administrator", "analyst", "approver", "governing_body", "expert"}
	assessor   = []string{"assessor"}                                                     // who has no other role at all (RS-02)
	notCompany = []string{"sales", "administrator", "expert", "panel_member", "assessor"} // or who is not to speak for it
	anybody    = []string{"sales", "administrator", "analyst", "approver", "governing_body", "expert", "auditor", "panel_member"}
)

// Schemas knows the released schemas by their hash.
type Schemas map[ledger.Hash]*ledger.Schema

// ReadSchemas reads released schema documents: *.json under the root of fsys, each
// of which must be named in schemas.sum with its hash. It refuses a schema that
// seals a pinned field or asks for fewer signatures than the kind needs.
func ReadSchemas(fsys fs.FS) (Schemas, error) {
	sum, err := fs.ReadFile(fsys, "schemas.sum")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the released schemas cannot be read")
	}
	schemas := Schemas{}
	for line := range strings.Lines(string(sum)) {
		name, hash, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fault.Newf(fault.Broken, "schemas.sum: %q is not a name and a hash", line)
		}
		doc, err := fs.ReadFile(fsys, name+".json")
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, "schemas.sum names a schema that is not there")
		}
		s, err := ledger.ParseSchema([]byte(strings.TrimSuffix(string(doc), "\n")))
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, name)
		}
		if s.Name() != name || s.Hash().String() != hash {
			return nil, fault.Newf(fault.Broken, "schema %s is not the one that schemas.sum froze", name)
		}
		if err := checkPins(s); err != nil {
			return nil, err
		}
		schemas[s.Hash()] = s
	}
	return schemas, nil
}

func checkPins(s *ledger.Schema) error {
	public := map[string]bool{}
	for _, f := range s.Public {
		public[f.Name] = true
	}
	for _, name := range pinned[s.Kind] {
		if !public[name] {
			return fault.Newf(fault.Broken, "schema %s does not show %q in clear, which may never be withheld", s.Name(), name)
		}
	}
	if s.Signers < signed[s.Kind] {
		return fault.Newf(fault.Broken, "schema %s asks for %d signatures of people, a %s needs %d", s.Name(), s.Signers, s.Kind, signed[s.Kind])
	}
	return nil
}
