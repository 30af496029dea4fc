"""What a schema may never do, whoever wrote it (docs/bundle.md, section 3).

The verifier holds these lists itself, so that no schema can seal what must stand in clear
and none can do without a signature.
"""

from collections import namedtuple

_PUBLIC = """
account: state
customer: state
deployment: state
list: sha256 entries published
list_update: sha256 previous entries added removed changed
pack: sha256 state in_force_from replaces change
run: task day covered
hit: state
triage: lane by_default pack
rating: method engine best worst tier outcome hard_stops known facts sum pending day
exposure: state deployments unrated worst
score: method round
decision: act basis outcome tier residual hard_stops effective_day expires_day review_day signatures opinions
  objections rating referral precedents ongoing_checked_by
condition_check: decision sort number result day
opinion: state choice
vote: choice
referral: state emergency rating asks_again ratifies noticed_day closes_day closed_day answer_due ratify_by outcome
  quorum seats affected_seats present affected_present recused votes_for votes_against abstained
panel: state seats notice_days emergency_hours answer_days
seat: state group from_day to_day
declaration: conflict
answer: choice day due late matter
resignation: day
refusal: rule act day
input: state disposition received told
notice: state due sent_day
response: state sort received due answered
agreement: state about versions terms as_amended
usage_count: condition day basis exposures deviations unknown
usage_coverage: day basis covered
usage_shown: day basis calls
finding: grade state condition
proceeding: state step outcome grade kind binds rated opened due stepped_day closed expires_day findings calls
  recurrences out_of_order decision
attestation_request: state due from_day upto_day conditions questionnaire terms token
attestation: received late evidence_day promised agrees contradicted not_kept unknown days days_seen sha256
person: state roles key
epoch: number reason log_key quoted_size quoted_root
erasure: target field reason
balance: size root standing standing_root counted counted_hash
index_edition: state year published released history mapping file rejected unread
review: state lane opened due snoozed_until closed outcome
sweep: since upto opened open rated
signal: state disposition told
capacity: lane hours per_case
sample: seed position population size judged missed bound
capability_change: state dependents not_cleared
leave: sort day
contact: day
sight: day
fact: claim
enforcement: state decision decided day
break_glass: opened hours
hold: state day
policy: state topic version approved approved_by concerns published
embedding: sort area day done out_of
listing: state day agency product purpose place value_band decision
partnership: state partner instrument
data_request: state basis outcome challenge notice answered refused_by_rule
claim: standing told actual
content_sample: population drawn breaching reported acted repeat
engagement: state day from_day upto_day due level required_coverage budget currency witnesses quorum
independence: state day terms ties appointed_by removed_by blocking flagged fee recusals
assignment: state day terms assessors flagged
population: day terms from_day upto_day size root commitment population customers accounts deployments lanes cases
  ratings decisions data_requests incidents inputs refusals ended open_cases late_cases unopened declined
  grave_ratings grave_decisions afterward
engagement_sample: state day population draw of confidence tolerable expected wanted secret root position witnessed
  targeted size drawn_from strata drawn
witnessed: sample size root cosigned note
reconciliation: day terms list of rows known missing ambiguous unread repeated recorded unlisted
evidence_request: state terms asked_day due answered_day late
effort: day terms task minutes cost items
control_test: terms library control of how conclusion sample extends reuses population items kept deviations
  not_testable grave grave_missed tolerable bound causes day
workpaper: terms control sha256 size day
impact: terms state actual right groups scale scope irremediability involvement leverage crucial actions remedy
  relationship plan_due known_from day
determination: terms library question conclusion level population examined unmapped coverage required controls
  effective not_effective absent untested involved day
dissent: determination conclusion day
assessment_reply: determination choice day
redaction: terms state schema field class reason day
redaction_consent: redaction agrees day
publication: what json html size classes terms day
incident: state severity reported confirmed contained notified remedied learned closed
"""


def _table(text):
    rows = {}
    for line in text.strip().replace("\n  ", " ").split("\n"):
        kind, fields = line.split(": ")
        rows[kind] = frozenset(fields.split())
    return rows


# The fields that must be public, by kind.
PUBLIC = _table(_PUBLIC)

# Who may sign a kind that people sign: with one of these roles, and with none of those.
Entitled = namedtuple("Entitled", "one none")

_APPROVERS = {"approver", "governing_body"}
_COMPANY = {"sales", "administrator", "analyst", "approver", "governing_body", "expert"}
_NOT_THE_PANEL = {"sales", "administrator", "expert", "panel_member"}
_ANYBODY = _COMPANY | {"auditor", "panel_member"}

# The kinds that at least one person signs, and who may.
MAY_SIGN = {
    "decision": Entitled(_APPROVERS, _NOT_THE_PANEL),
    "answer": Entitled(_APPROVERS, _NOT_THE_PANEL),
    "break_glass": Entitled(_APPROVERS, _NOT_THE_PANEL),
    "condition_check": Entitled(_APPROVERS | {"analyst", "expert"}, {"sales", "administrator", "panel_member"}),
    "score": Entitled({"analyst", "expert"}, {"sales", "administrator"}),
    "opinion": Entitled({"expert"}, _COMPANY - {"expert"} | {"panel_member"}),
    "vote": Entitled({"panel_member"}, _COMPANY),
    "declaration": Entitled({"panel_member"}, _COMPANY),
    "resignation": Entitled({"panel_member"}, _COMPANY),
    "engagement": Entitled({"governing_body"}, {"sales", "administrator", "assessor"}),
    "evidence_request": Entitled(_APPROVERS | {"assessor", "administrator", "analyst"}, {"sales"}),
    "redaction": Entitled(_APPROVERS, _NOT_THE_PANEL | {"assessor"}),
    "assessment_reply": Entitled(_APPROVERS, _NOT_THE_PANEL | {"assessor"}),
    "publication": Entitled(_APPROVERS | {"assessor"}, _NOT_THE_PANEL),
}

# The kinds that assessors sign, who have no other role.
_BY_ASSESSORS = """
independence assignment population engagement_sample reconciliation effort control_test workpaper
impact determination dissent redaction_consent
"""
MAY_SIGN |= {kind: Entitled({"assessor"}, _ANYBODY) for kind in _BY_ASSESSORS.split()}
