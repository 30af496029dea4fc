"""What assessors conclude: control tests, impacts, determinations, dissent and redactions
(docs/bundle.md, section 8, What assessors conclude)."""

from collections import Counter, namedtuple

from bound import is_bound
from encoding import day_number, need

WHOLE = 10000  # all of it, as all rates are
LEAST = {"limited": 5000, "reasonable": 8000}  # coverage
PART = ("cause", "contribute")
WORST = ("absent", "not_effective")
REASONS = {
    "customer": {"privacy", "contract", "safety", "law"},
    "trade_secret": {"competition", "contract"},
    "security": {"security", "safety"},
    "personal": {"privacy", "safety"},
    "legal": {"law"},
}

# The newest test of a control.
Test = namedtuple("Test", "hash conclusion items deviations not_testable")

# A determination, as a dissent is held to it.
Answer = namedtuple("Answer", "engagement conclusion signers")

# An impact in its newest revision. part says that it is held, that it happened and that
# the company has a part in it.
Impact = namedtuple("Impact", "engagement part")


class Draws:
    """All draws of one kind from one population."""

    def __init__(self, terms, first_from):
        self.terms, self.first_from = terms.hash, first_from
        self.grave = self.drawn = 0
        self.newest = None


class Conclusions:
    """An assessor's work so far. schemas are the released ones by hash."""

    def __init__(self, schemas):
        self.schemas = schemas
        self.population = {}  # by terms: deployments, and the ratings that stood then
        self.draws, self.samples = {}, {}  # by population and kind; by the leaf hash of each draw
        self.unmapped = {}  # by engagement
        self.tests, self.impacts = {}, {}  # by engagement; by record id
        self.reusable = {}  # tests by leaf hash, as later engagements rest on them
        self.answers, self.answered = {}, {}  # by leaf hash; by engagement and question
        self.papers = set()
        self.redactions, self.withheld = {}, {}  # the engagement by leaf hash; what is withheld by record id

    def freeze(self, terms, public, ratings):
        """Keeps what coverage is of; ratings are those that stood, or None where nobody could
        count them."""
        deployments = public["deployments"] or 0
        self.population[terms.hash] = (deployments, deployments if ratings is None else ratings)

    def draw(self, entry, terms):
        """Keeps what a test has to look at."""
        public = entry.public
        draws = self.draws.setdefault((public["population"], public["of"]), Draws(terms, public["drawn_from"] or 0))
        draws.grave += public["targeted"] or 0
        draws.drawn += public["size"] or 0
        draws.newest = entry.hash.hex()
        self.samples[draws.newest] = draws

    def reconcile(self, engagement, of, number):
        """Keeps how much of a list of accounts maps to nothing."""
        if of == "account":
            lost = number["missing"] + number["ambiguous"] + number["unread"]
            self.unmapped[engagement] = -(-lost * WHOLE // number["rows"]) if number["rows"] else WHOLE

    def reply(self, entry):
        """Holds a dissent or a reply to the determination that it names; gives its engagement."""
        answer = self.answers.get(entry.public["determination"])
        need(answer, "it is about a determination that is not there")
        if entry.kind == "dissent":
            need(entry.public["conclusion"] != answer.conclusion, "it dissents, and concludes the same")
            need(not answer.signers.intersection(entry.signers()), "whoever signed the determination dissents from it")
        return answer.engagement

    def consent(self, entry):
        """The engagement of the redaction that a consent names."""
        engagement = self.redactions.get(entry.public["redaction"])
        need(engagement, "it is about a redaction that is not there")
        return engagement

    def work(self, entry, terms):
        """Checks an entry that rests on terms."""
        {"control_test": self._test, "workpaper": self._paper, "impact": self._impact, "determination": self._determine}[entry.kind](entry, terms)

    def _test(self, entry, terms):
        public, how = entry.public, entry.public["how"]
        n = {name: public[name] or 0 for name in ("items", "kept", "deviations", "not_testable", "population", "grave", "grave_missed", "tolerable")}
        missed = n["deviations"] + n["not_testable"]
        need(min(n[name] for name in n if name != "tolerable") >= 0 and n["items"] == n["kept"] + missed, "its items do not add up")
        need(n["grave_missed"] <= min(missed, n["grave"]) and n["grave"] <= n["items"], "what is grave does not add up")
        need(0 <= n["tolerable"] <= WHOLE, "what it tolerates is no rate")
        need(len(public["causes"] or []) == n["deviations"], "it has not one cause for each deviation")
        need((public["of"] == "design") == (how == "inspection"), "design is inspected, and operation is not")
        need((public["sample"] is not None) == (how == "sample"), "it names a sample and is no test of one, or the other way round")
        if how == "whole":
            need(n["items"] == n["kept"] == n["population"] <= entry.position + 1, "a rule of the verifier does not leave anything out")
        elif how == "sample":
            draws = self.samples.get(public["sample"])
            need(draws and draws.newest == public["sample"] and draws.terms == terms.hash, "it is not on the newest draw of a kind under its terms")
            need((n["items"], n["grave"], n["population"]) == (draws.grave + draws.drawn, draws.grave, draws.first_from + draws.grave),
                 "it is not on all that was drawn, or on another population than that was drawn from")
            need(n["items"] <= n["population"] <= entry.position, "it is on more records than there are entries before it")
        self._bound(public, n, missed)
        self._results(entry, n)
        self._reuse(entry, terms.engagement)
        self._again(entry, terms.engagement, n)

    def _reuse(self, entry, engagement):
        """Holds a test that rests on one of an earlier engagement to that one."""
        public = entry.public
        if public["reuses"] is not None:
            first, found_by = self.reusable.get(public["reuses"], (None, None))
            need(first is not None, "it rests on a test that is not there")
            need(first["of"] == public["of"] == "design" and found_by != engagement and first["reuses"] is None
                 and (first["control"], first["conclusion"]) == (public["control"], public["conclusion"]), "it rests on a test that does not carry it")
            days = [day_number(t["day"]) for t in (first, public) if t["day"] is not None]
            need(len(days) == 2 and 0 <= days[1] - days[0] <= 730, "it rests on a test that is more than two years old, or later")
        self.reusable[entry.hash.hex()] = (public, engagement)

    def _bound(self, public, n, missed):
        """Holds the bound to what was found, and the conclusion to the bound."""
        inspected, conclusion = public["how"] == "inspection", public["conclusion"]
        need((public["bound"] is None) == inspected, "an inspection bounds nothing, and every other test has its bound")
        need(conclusion != "extend" or public["how"] == "sample" and n["items"] < n["population"], "there is nothing to extend")
        if inspected:
            need(conclusion != "effective" or missed == 0, "what was inspected deviates, and is said to be effective")
            return
        most = public["bound"] - n["grave_missed"]
        others, looked, seen = n["population"] - n["grave"], n["items"] - n["grave"], missed - n["grave_missed"]
        alone = others == looked == most == seen == 0 and n["grave"] > 0
        need(alone or is_bound(most, others, looked, seen), "its sample does not bound the deviations so")
        need(conclusion != "effective" or public["bound"] * WHOLE <= n["population"] * n["tolerable"], "more may deviate than is tolerable")

    def _results(self, entry, n):
        if entry.shows("results") and entry.public["how"] != "whole":
            got = Counter(line.partition("=")[2] for line in entry.shown("results") or [])
            want = Counter(kept=n["kept"], deviation=n["deviations"], not_testable=n["not_testable"])
            need(got == want, "its counts are not those of its results")

    def _again(self, entry, engagement, n):
        """Holds a second test to the first one: nobody tests again until it fits."""
        public, tests = entry.public, self.tests.setdefault(engagement, {})
        key = (public["control"], public["of"])
        before = tests.get(key)
        test = Test(entry.hash.hex(), public["conclusion"], n["items"], n["deviations"], n["not_testable"])
        if before is None:
            need(public["extends"] is None, "it goes on with a test that is not there")
        else:
            need(before.conclusion == "extend" and public["extends"] == before.hash, "the control was tested before, and this test does not go on with that one")
            need(test.items > before.items and test.deviations >= before.deviations and test.not_testable >= before.not_testable,
                 "it goes on with a test and drops something that was found")
        tests[key] = test

    def _paper(self, entry, terms):
        need(entry.public["sha256"] not in self.papers, "the workpaper was recorded before")
        self.papers.add(entry.public["sha256"])

    def _impact(self, entry, terms):
        public, before = entry.public, self.impacts.get(entry.id)
        components = [public[name] or 0 for name in ("scale", "scope", "irremediability")]
        need(public["right"] is not None and public["groups"] and 1 <= min(components) and max(components) <= 5,
             "an impact names a right, those affected, and its severity from 1 to 5")
        need(public["known_from"], "an impact says from what it is known")
        part = public["involvement"] in PART
        need(not part or public["plan_due"] is not None, "the company has a part in the harm, and there is no plan with a day to put it right")
        need(part == (public["remedy"] == "required"), "whoever has a part in harm puts it right, and nobody else has to; it says otherwise")
        need(not public["actual"] or set(public["known_from"]) - {"stated"}, "the harm is said to have happened, on nothing but what the customer says")
        held = public["state"] == "held"
        need(before.engagement == terms.engagement if before else held, "an impact is held first, and stays in its engagement")
        self.impacts[entry.id] = Impact(terms.engagement, held and bool(public["actual"]) and part)

    def _determine(self, entry, terms):
        public, engagement = entry.public, terms.engagement
        need(terms.hash in self.population, "something is concluded before a population was frozen under its terms")
        question, conclusion = (engagement, public["question"]), public["conclusion"]
        need(self.answered.get(question) in (None, "indeterminate"), "the question was answered before, and the answer stands")
        number = {f.name: public[f.name] or 0 for f in entry.schema.public if f.type == "int"}
        need(public["level"] == terms.public["level"], "it claims another level of assurance than the terms")
        least = max((terms.public["required_coverage"] or 0) * 100, LEAST.get(public["level"], 0))
        need(least <= number["required"] <= WHOLE, "it asks for less coverage than the terms and the level, or for more than all")
        deployments, ratings = self.population[terms.hash]
        need(number["population"] == deployments and number["examined"] <= min(deployments, ratings) and number["unmapped"] == self.unmapped.get(engagement, WHOLE),
             "it does not rest on the population that was frozen, or on what was found to be unmapped")
        need(number["coverage"] == covered(number), "its coverage does not follow from what was examined")
        controls = self._controls(engagement)
        need(all(number[word] == controls[word] for word in ("effective", *WORST)), "its controls are not counted as they were tested")
        need(number["untested"] >= 0 and number["controls"] == sum(number[word] for word in ("effective", "untested", *WORST)), "its controls do not add up")
        need(number["involved"] == sum(i.part for i in self.impacts.values() if i.engagement == engagement), "it counts other impacts that the company has a part in than are held")
        if conclusion != "indeterminate":
            follows(public["question"], conclusion, number)
        self.answered[question] = conclusion
        self.answers[entry.hash.hex()] = Answer(engagement, conclusion, set(entry.signers()))

    def _controls(self, engagement):
        """How many controls came out how, by the newest tests of design and operation."""
        tests, counts = self.tests.get(engagement, {}), Counter()
        for control in {control for control, _ in tests}:
            both = [tests[control, of].conclusion for of in ("design", "operation") if (control, of) in tests]
            worst = [word for word in WORST if word in both]
            counts[worst[0] if worst else "effective" if both == ["effective", "effective"] else None] += 1
        return counts

    def redact(self, entry, engagement):
        """Holds what is withheld to the schema that it names."""
        public = entry.public
        schema, field = self.schemas.get(bytes.fromhex(public["schema"] or "")), public["field"] or 0
        need(schema, "it withholds a field of a schema that was never released")
        need(0 <= field < len(schema.sealed), "it withholds what stands in clear, which may never be withheld")
        need(schema.sealed[field].sensitivity == public["class"], "it withholds a field as of another class than it has")
        need(public["reason"] in REASONS[public["class"]], "a field of this class is not withheld for this reason")
        what, lifted = (engagement, public["schema"], field), public["state"] == "lifted"
        if lifted:
            need(self.withheld.get(entry.id) == what, "it shows again what it had not withheld")
        else:
            need(entry.id not in self.withheld, "it withholds a second time")
            need(what not in self.withheld.values(), "it withholds what is withheld already")
        self.withheld[entry.id] = None if lifted else what
        self.redactions[entry.hash.hex()] = engagement


def covered(number):
    """The rate of a population that was examined, without what is unmapped."""
    population, examined = number["population"], number["examined"]
    return examined * (WHOLE - number["unmapped"]) // population if 0 <= examined <= population and population else 0


def follows(question, conclusion, number):
    """Refuses an answer that does not follow from its figures."""
    favourable = (question, conclusion) in (("contribution", "no"), ("process", "yes"))
    need(not favourable or number["coverage"] >= number["required"], "less was examined than is required, and whether nothing is wrong is indeterminate")
    failed = sum(number[word] for word in WORST)
    if question == "contribution":
        need((conclusion == "no") == (number["involved"] == 0), "the answer does not fit the impacts that the company has a part in")
    elif question == "process":
        need(conclusion != "yes" or number["effective"] == number["controls"], "not all controls were found to be effective")
        need(conclusion != "no" or failed, "no control was found to be absent or not effective")
        need(conclusion != "partly" or failed and number["effective"], "not some controls were found to be effective and some not")
