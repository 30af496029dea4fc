"""Methods and the arithmetic of ratings, version rm/1 (docs/rating.md, "To the last byte").

Everything is whole numbers. A rating has two ends: the best takes each unknown in favour,
the worst against.
"""

import json
from collections import namedtuple

import packtext
from encoding import day_number, need
from expression import compile_expression, disjunction
from understood import NotUnderstood

BANDS = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
LETTERS = {"L": 0, "M": 1, "H": 2, "C": 3}
STATES = ["absent", "designed", "operating", "independently_tested", "expired"]
PARTS = ["scale", "scope", "irremediability"]
OUTCOMES = [
    ("APPROVE WITH CONDITIONS", "approve_with_conditions"), ("APPROVE", "approve"), ("ESCALATE", "escalate"), ("DECLINE", "decline"),
    ("SUSPEND", "suspend"), ("PROHIBITED (legal", "prohibited_legal"), ("PROHIBITED (policy", "prohibited_policy"),
]
HEADER = {"id", "kind", "version", "title", "status", "issued", "license", "sources", "frameworks", "tests"}
BODY = {
    "facts", "families", "indicators", "severity", "likelihood", "matrix", "controls", "tiers", "decisions", "hard_stops",
    "prohibited_uses", "complete_when", "compliance", "participation",
}

Fact = namedtuple("Fact", "id type required register values least most")
Rule = namedtuple("Rule", "id answer first last body")


class Method:
    """A method pack made ready to rate with."""

    def __init__(self, data):
        pack = packtext.read(data)
        if pack.get("kind") != "method" or set(pack) - HEADER - BODY:
            raise NotUnderstood("a pack that is no method, or has parts that are not known")
        self.pack = {key: pack.get(key) for key in BODY}
        self.severity, self.likelihood, self.controls = pack["severity"], pack["likelihood"], pack["controls"]
        self.rights = [r["id"] for r in self.severity["rights"]]
        self.necessary = self.controls.get("necessary") or []
        self.second = self.severity.get("second_scorer")
        self.facts = {f.id: f for f in self._facts()}
        self.types = {f.id: f.type for f in self.facts.values()}
        self.indicators = self._rules("indicators")
        self.stops, self.uses = self._rules("hard_stops"), self._rules("prohibited_uses")
        self.requirements = self._rules("complete_when")
        self.families = sorted(pack["families"])
        self.matrix = {int(s): [LETTERS[c] for c in row] for s, row in pack["matrix"].items()}
        self.actual = self._expression(self.likelihood.get("actual_when", self.likelihood["actual_harm"]))
        self.asked = self._expression(self.second["when"]) if self.second and "when" in self.second else None
        self.needs = self._needs()

    def _facts(self):
        for f in self.pack["facts"]:
            yield Fact(f["id"], f["type"], f.get("required", False), f.get("register", ""), f.get("values"), f.get("min"), f.get("max"))
        for c in self.necessary:
            yield Fact("control." + c["id"], "text", False, "", STATES, None, None)
        for prefix in ["harm."] + (["second.harm."] if self.second else []):
            for right in self.rights:
                for part in PARTS:
                    yield Fact(f"{prefix}{right}.{part}", "int", True, "", None, 0 if part == "scale" else 1, 5)

    def _expression(self, text):
        return compile_expression(text, self.types)

    def _rules(self, key):
        named = {u["stop"] for u in self.pack["prohibited_uses"] or []}
        rules = []
        for part in self.pack[key] or []:
            by_uses = key == "hard_stops" and part["id"] in named
            answer = (lambda facts: False) if by_uses else self._expression(part["when"])
            rules.append(Rule(part["id"], answer, part.get("effective_from", ""), part.get("effective_to", ""), part))
        return rules

    def _needs(self):
        """The necessary controls of each indicator, those that they require among them."""
        requires = {c["id"]: c.get("requires") or [] for c in self.necessary}

        def closure(ids):
            found = set()
            while ids - found:
                found |= ids
                ids = {r for c in found for r in requires[c]}
            return found
        return {i.id: closure(set(i.body.get("controls") or [])) for i in self.indicators}

    def take(self, fact, value):
        """A committed value as the method reads it; None is not known."""
        if value is None or isinstance(value, dict):
            return None
        if isinstance(value, str):
            if fact.type == "bool" and value in ("yes", "no"):
                return value == "yes"
            return value if fact.type == "text" and value in fact.values else None
        fits = {
            "bool": type(value) is bool,
            "int": type(value) is int and fact.type == "int" and fact.least <= value <= fact.most,
            "texts": isinstance(value, list) and fact.type == "texts" and all(v in fact.values for v in value),
        }.get(fact.type, False)
        need(fits, f"the fact {fact.id} cannot have the value that the rating rests on")
        return value

    def rate(self, inputs, day):
        """The rating that follows from values by fact; those that are not there are unknown."""
        need(day is None or day_number(day) is not None, "the rating's day is no day")
        return Rating(self, {id: inputs.get(id) for id in self.facts}, day)


class Rating:
    """What follows from a method and facts."""

    def __init__(self, method, facts, day):
        self.method, self.facts, self.day = method, facts, day
        self.dormant = []
        self.indicators = self._read(method.indicators)
        self.stops = self._read(method.stops)
        self.uses = self._read(method.uses)
        self.requirements = self._read(method.requirements)
        self._hold_uses()
        self.vulnerable = facts[method.severity["vulnerable_group"]]
        self.actual = method.actual(facts)
        self.asked = method.asked(facts) if method.asked else bool(method.second)
        self._measure_families()
        self.rights = [self._right("harm.", r) for r in method.rights]
        self.second = [self._right("second.harm.", r) for r in method.rights] if self.asked is not False else []
        self._credit()
        self._ends()
        self._complete()
        self._decide()

    def _in_force(self, rule):
        if not rule.first and not rule.last:
            return True
        if self.day is None:
            return None
        return rule.first <= self.day and (not rule.last or self.day <= rule.last)

    def _read(self, rules):
        answers = {}
        for rule in rules:
            force, answer = self._in_force(rule), rule.answer(self.facts)
            if force is False:
                self.dormant.append(rule.id)
            answers[rule.id] = False if force is False or answer is False else None if force is None else answer
        return answers

    def _hold_uses(self):
        """A stop that prohibited uses name holds while one of them does."""
        for stop in self.method.stops:
            uses = [self.uses[u.id] for u in self.method.uses if u.body["stop"] == stop.id]
            if uses:
                force, held = self._in_force(stop), disjunction(uses)
                self.stops[stop.id] = False if force is False or held is False else None if force is None else held

    def _measure_families(self):
        self.best_of, self.worst_of = dict.fromkeys(self.method.families, 0), dict.fromkeys(self.method.families, 0)
        for i in self.method.indicators:
            family, weight, state = i.body["family"], i.body["weight"], self.indicators[i.id]
            if state is not False:
                self.worst_of[family] = max(self.worst_of[family], weight)
            if state is True:
                self.best_of[family] = max(self.best_of[family], weight)

    def _right(self, prefix, right):
        """Scale, scope, irremediability and severity of a right, at the best and the worst end."""
        ends = []
        for least, raised in ((True, self.vulnerable is True), (False, self.vulnerable is not False)):
            parts = []
            for part in PARTS:
                fact = self.method.facts[f"{prefix}{right}.{part}"]
                value = self.facts[fact.id]
                parts.append(value if value is not None else fact.least if least else fact.most)
            ends.append(self._severity(parts, raised))
        return right, ends[0], ends[1]

    def _severity(self, parts, raised):
        scale, scope, irremediability = parts
        rules = self.method.severity
        if scale == 0:
            return [0, 0, 0, 0]
        if raised:
            scale = min(5, scale + rules["vulnerable_raises_scale_by"])
        total = scale + scope + irremediability
        severity = (2 * total + 3) // 6 if rules.get("rule") == "mean" else max(scale, (total + 2) // 3)
        if scope == 5:
            severity = max(severity, rules.get("scope_floor", 0))
        if irremediability == 5:
            severity = max(severity, rules["irremediable_floor"])
        return [scale, scope, irremediability, severity]

    def _credit(self):
        """Steps that tested controls take off: what counts, and what is possible."""
        rules = self.method.controls
        required, operating, technical, audited = (
            self.facts[rules[k]] for k in ("required", "operating", "technical_or_independent", "independently_audited"))
        self.credit = 0 if required is None or operating is None else self._steps(required, operating, technical is True, audited is True)
        if operating is None and (required is None or required > 0):
            required, operating = 1, 1
        elif required is None and operating > 0:
            required = operating
        self.possible = self._steps(required or 0, operating or 0, technical is not False, audited is not False)
        self._gate()

    def _steps(self, required, operating, technical, audited):
        rules = self.method.controls
        if required < 1:
            return 0
        if operating * 100 >= rules["percent_for_two"] * required and audited:
            return 2
        return int(operating * 100 >= rules["percent_for_one"] * required and technical)

    def _gate(self):
        """Lowers the credit to what the necessary controls leave room for."""
        def needed(states):
            return {c for i, state in self.indicators.items() if state in states for c in self.method.needs[i]}

        def having(*states):
            return {c["id"] for c in self.method.necessary if self.facts["control." + c["id"]] in states}

        def room(wanted, works, tested):
            return 0 if wanted - works else 1 if wanted - tested else 2
        self.needed = needed((True, None))
        works, tested = having("operating", "independently_tested"), having("independently_tested")
        unknown = having(None)
        self.lacking = self.needed - works
        self.credit = min(self.credit, room(self.needed, works, tested))
        self.possible = min(self.possible, room(needed((True,)), works | unknown, tested | unknown))

    def _end(self, severity, weights, actual, credit):
        rules = self.method.likelihood
        total = rules["base"] + sum(weights.values())
        likelihood = rules["cap"] if actual else min(rules["cap"], total)
        left = min(likelihood, max(self.method.controls["lowest_likelihood"], likelihood - credit))
        severity = max(1, severity)
        row = self.method.matrix[severity]
        return {"S": severity, "sum": total, "L": likelihood, "credit": credit, "LR": left, "inherent": row[likelihood - 1], "residual": row[left - 1]}

    def _ends(self):
        best = max([r[1][3] for r in self.rights] + [r[1][3] for r in self.second if self.asked is True])
        worst = max(r[2][3] for r in self.rights + self.second)
        self.best = self._end(best, self.best_of, self.actual is True, self.possible)
        self.worst = self._end(worst, self.worst_of, self.actual is not False, self.credit)

    def _idle(self):
        """Facts that do not matter: the other parts of a right that is not affected, and all
        of a second scorer who is not asked."""
        idle = set()
        for prefix in ["harm."] + (["second.harm."] if self.method.second else []):
            for right in self.method.rights:
                if prefix == "second.harm." and self.asked is False:
                    idle.update(f"{prefix}{right}.{part}" for part in PARTS)
                elif self.facts[f"{prefix}{right}.scale"] == 0:
                    idle.update(f"{prefix}{right}.{part}" for part in PARTS[1:])
        return idle

    def _complete(self):
        idle = self._idle()
        matter = [f for id, f in self.method.facts.items() if id not in idle]
        self.total = len(matter)
        self.known = sum(self.facts[f.id] is not None for f in matter)
        self.missing = [f.id for f in matter if f.required and self.facts[f.id] is None]
        self.hard_stops = [id for id, state in self.stops.items() if state is True]
        self.possible_stops = [id for id, state in self.stops.items() if state is None]
        self.pending = bool(self.missing or self.possible_stops) or any(state is not True for state in self.requirements.values())

    def _decide(self):
        tables, decisions = self.method.pack["tiers"], self.method.pack["decisions"]
        inherent = self.worst["inherent"]
        band = max(inherent, BANDS.index(tables["incomplete_at_least"])) if self.pending else inherent
        self.tier, self.review = tables[BANDS[band]]["tier"], tables[BANDS[inherent]]["review_months"]
        bases = {s.body["basis"] for s in self.method.stops if self.stops[s.id] is True}
        if bases:
            self.review = 0
            self.decision = decisions["legal_stop" if "legal" in bases else "policy_stop"]
        elif self.pending:
            self.decision = decisions["incomplete"]
        else:
            existing = self.facts[decisions["existing"]] is True
            self.decision = decisions[BANDS[self.worst["residual"]]]["existing" if existing else "new"]
        asked = self.method.pack["participation"]
        self.participation = asked["by_band"][BANDS[band]] if asked else []

    def outcome(self):
        """The word for the method's wording of the decision."""
        return next((word for start, word in OUTCOMES if self.decision.startswith(start)), "pending")

    def public(self):
        """The public fields that the rating gives."""
        return {
            "best": BANDS[self.best["residual"]], "worst": BANDS[self.worst["residual"]], "inherent": BANDS[self.worst["inherent"]],
            "severity": self.worst["S"], "sum": self.worst["sum"], "likelihood": self.worst["LR"], "tier": self.tier,
            "hard_stops": self.hard_stops or None, "pending": self.pending, "known": self.known, "facts": self.total,
            "review_months": self.review, "outcome": self.outcome(),
        }

    def trace(self):
        """Every step, as the one text that a rating commits to."""
        controls = [c["id"] for c in self.method.necessary]
        trace = {
            "engine": "rm/1", "indicators": split(self.indicators),
            "families": [{"id": f, "best": self.best_of[f], "worst": self.worst_of[f]} for f in self.method.families],
            "rights": [{"id": r, "best": best, "worst": worst} for r, best, worst in self.rights],
            "vulnerable_group": tri(self.vulnerable), "actual_harm": tri(self.actual),
            "controls": without_empty({
                "credit": self.credit, "lacking": [c for c in controls if c in self.lacking],
                "needed": [c for c in controls if c in self.needed], "possible": self.possible, "why": self._why()}),
            "stops": split(self.stops), "requirements": split(self.requirements),
            "best": spelled(self.best), "worst": spelled(self.worst), "tier": self.tier, "decision": self.decision, "review": self.review,
        }
        trace |= without_empty({
            "second": [{"id": r, "best": best, "worst": worst} for r, best, worst in self.second], "disputed": self._disputed(),
            "prohibited_uses": split(self.uses) if self.uses else [], "dormant": self._dormant(),
            "participation": self.participation, "axes": self._axes()})
        text = json.dumps(trace, ensure_ascii=False, separators=(",", ":"))
        for c in "<>&\u2028\u2029":
            text = text.replace(c, f"\\u{ord(c):04x}")
        return text

    def _why(self):
        rules = self.method.controls
        said = [("not known" if v is None else "yes" if v is True else "no" if v is False else str(v)) for v in (
            self.facts[rules[k]] for k in ("required", "operating", "technical_or_independent", "independently_audited"))]
        return "required: {}; tested operating: {}; one technical or independent: {}; independently audited: {}".format(*said)

    def _disputed(self):
        return [a[0] for a, b in zip(self.rights, self.second)
                if a[1][3] == a[2][3] and b[1][3] == b[2][3] and a[2][3] != b[2][3]]

    def _dormant(self):
        return [r.id for rules in (self.method.indicators, self.method.stops, self.method.uses) for r in rules if r.id in self.dormant]

    def _axes(self):
        rules = self.method.pack["compliance"]
        if not rules:
            return {}
        line = BANDS.index(rules["harmful_from"])
        residual = True if self.best["residual"] >= line else False if self.worst["residual"] < line else None
        broken = disjunction(self.indicators[i] for i in rules["broken_by"])
        harmful = disjunction([self.actual, residual] + [self.indicators[i] for i in rules["harm_shown_by"]])
        guideline = True if broken is False and harmful is True else False if broken is True or harmful is False else None
        return without_empty({
            "compliance": {True: "broken", False: "kept", None: "unknown"}[broken], "finding": rules["finding"] if guideline else "",
            "guideline": tri(guideline), "impact": {True: "harmful", False: "not_harmful", None: "unknown"}[harmful]})


def tri(answer):
    """The word for an answer."""
    return {True: "true", False: "false", None: "unknown"}[answer]


def split(answers):
    """The ids of what is true, and of what is not known."""
    return {"true": [i for i, a in answers.items() if a is True], "unknown": [i for i, a in answers.items() if a is None]}


def spelled(end):
    """An end with the names of its bands."""
    return end | {"inherent": BANDS[end["inherent"]], "residual": BANDS[end["residual"]]}


def without_empty(keys):
    """The keys whose values are not empty; numbers stay."""
    return {k: v for k, v in keys.items() if v not in ([], "", {})}
