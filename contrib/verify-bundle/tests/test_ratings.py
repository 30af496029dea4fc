"""Packs, expressions and ratings, against the tests that the packs carry and against
internal/bundle/testdata/ratings.json."""

import glob
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))

import packtext  # noqa: E402
from encoding import Refused, sha256  # noqa: E402
from expression import compile_expression  # noqa: E402
from method import BANDS, Method  # noqa: E402
from understood import NotUnderstood  # noqa: E402


def load(path):
    """A method and its pack as read."""
    with open(os.path.join(ROOT, path), "rb") as file:
        data = file.read()
    return Method(data), packtext.read(data)


class Texts(unittest.TestCase):
    """The YAML of packs."""

    def test_read(self):
        text = """# a comment
a: plain text  # with a comment
b: [x, "y: #", 'it''s', 3, true, null]
c:
  - {k: v, l: [1, -2]}
  - d: 5
    e: >-
      folded
      text
  - "a: b"
f:
  [one,
   two]
g:
h: 2026-11-24
"5": LLLLL
"""
        self.assertEqual(packtext.read(text.encode()), {
            "a": "plain text", "b": ["x", "y: #", "it's", 3, True, None], "c": [{"k": "v", "l": [1, -2]}, {"d": 5, "e": "folded text"}, "a: b"],
            "f": ["one", "two"], "g": None, "h": "2026-11-24", "5": "LLLLL",
        })

    def test_what_is_not_understood(self):
        for text in ("a: &x 1", "a: *x", "a: !t 1", "a: |\n  x", "a: 1\na: 2", "a: 0x10", "a: 1.5", "a: [1", "a: b: c", "a: b\n  c", "\ta: 1", "a: {b: 1, b: 2}",
                     '"a\\n": 1', "---\na: 1", "a: 1_000", "a: True", "a: ~", "a: 08", "- 1\n-2", "a: 'x' y", "a: [x] y", ": 1"):
            with self.assertRaises(NotUnderstood, msg=text):
                packtext.read(text.encode())


class Expressions(unittest.TestCase):
    """Three answers."""

    TYPES = {"a.b": "bool", "c": "bool", "n": "int", "t": "text", "l": "texts"}

    def answer(self, text, **facts):
        """The answer with these facts; a_b is a.b."""
        known = dict.fromkeys(self.TYPES) | {k.replace("_", "."): v for k, v in facts.items()}
        return compile_expression(text, self.TYPES)(known)

    def test_unknown_never_becomes_no(self):
        self.assertIs(self.answer("a.b && c", a_b=False), False)
        self.assertIs(self.answer("a.b && c", a_b=True), None)
        self.assertIs(self.answer("a.b || c", a_b=True), True)
        self.assertIs(self.answer("a.b || c", a_b=False), None)
        self.assertIs(self.answer("!a.b"), None)
        self.assertIs(self.answer('t == "x"'), None)
        self.assertIs(self.answer('"x" in l'), None)
        self.assertIs(self.answer("l.exists(x, x in ['p'])"), None)
        self.assertIs(self.answer("l.exists(x, x == 'p' || c)", l=["q"]), None)
        self.assertIs(self.answer("l.exists(x, x == 'p' || c)", l=[]), False)
        self.assertIs(self.answer("l.exists(x, x == 'p' || c)", l=["q", "p"]), True)

    def test_binding(self):
        self.assertIs(self.answer("a.b || c && a.b", a_b=True, c=False), True)
        self.assertIs(self.answer("(a.b || c) && c", a_b=True, c=False), False)
        self.assertIs(self.answer("!a.b && c", a_b=False, c=True), True)
        self.assertIs(self.answer("n <= 5 && n > 4", n=5), True)
        self.assertIs(self.answer('t in ["x", "y"]', t="y"), True)
        self.assertIs(self.answer('t != "x"', t="y"), True)

    def test_what_is_not_understood(self):
        for text in ("n + 1 == 2", "t", "n == t", "d", "a.b &&", "l[0] == 'x'", "size(l) > 1", "l.all(x, x == 'p')", "a.b ? c : c", "n < 1 < 2", '"x', "n in [1]",
                     "a.b & c", "l.exists(n, n == 'p')", "", "t == 'a\\'b'", "-1 < n", "n == 1 == c", 5):
            with self.assertRaises(NotUnderstood, msg=text):
                compile_expression(text, self.TYPES)


class Ratings(unittest.TestCase):
    """The arithmetic."""

    def test_cases_of_packs(self):
        """Every case of the shipped methods comes out as its pack says, by hand or by history."""
        for path in ("packs/methods/rm-1.yaml", "packs/methods/rm-2.yaml", "packs/methods/undp.yaml"):
            method, pack = load(path)
            for case in pack["tests"]["cases"]:
                with self.subTest(method=path, case=case["id"]):
                    r = method.rate(pack["tests"]["baseline"] | case["facts"], case.get("day"))
                    expect = case["expect"]
                    got = {
                        "S": r.worst["S"], "L": r.worst["L"], "inherent": BANDS[r.worst["inherent"]], "ctrl": r.worst["credit"], "LR": r.worst["LR"],
                        "residual": BANDS[r.worst["residual"]], "tier": r.tier, "hs": r.hard_stops, "decision": r.decision, "review": r.review,
                        "participation": r.participation, "lacking": [c["id"] for c in method.necessary if c["id"] in r.lacking],
                    }
                    self.assertEqual({k: got[k] for k in expect}, expect)
                    self.assertEqual({i for i, a in r.indicators.items() if a is not False}, set(case["raises"]))

    def test_rules_of_packs(self):
        """Every indicator, stop, use and requirement is raised, clear and unknown as its pack says."""
        for path in ("packs/methods/rm-1.yaml", "packs/methods/rm-2.yaml", "packs/methods/undp.yaml"):
            method, pack = load(path)
            tests, tried = pack["tests"], 0
            for key, states in (("indicators", "indicators"), ("hard_stops", "stops"), ("prohibited_uses", "uses"), ("complete_when", "requirements")):
                for test in tests.get(key) or []:
                    for name, answer in (("raised", True), ("met", True), ("clear", False), ("unmet", False), ("unknown", None)):
                        for facts in test.get(name) or []:
                            r = method.rate(tests["baseline"] | facts, test.get("day", tests.get("day")))
                            self.assertIs(getattr(r, states)[test["id"]], answer, f"{path} {test['id']} {name} {facts}")
                            tried += 1
            self.assertGreater(tried, 100)

    def test_vectors(self):
        """Facts in, public fields and trace out, to the last byte."""
        with open(os.path.join(ROOT, "internal/bundle/testdata/ratings.json"), encoding="utf-8") as file:
            vectors = json.load(file)
        methods = {}
        for vector in vectors:
            path = vector["method"]
            if path not in methods:
                methods[path] = load(path)
            method, pack = methods[path]
            facts = {fact: method.take(method.facts[fact], value) for fact, value in (pack["tests"]["baseline"] | vector["facts"]).items()}
            r = method.rate(facts, vector.get("day"))
            self.assertEqual(r.public(), vector["public"])
            self.assertEqual(r.missing, vector["missing"])
            if "trace" in vector:
                self.assertEqual(r.trace(), vector["trace"])
            self.assertEqual(sha256(r.trace().encode()).hex(), vector["trace_sha256"])
        self.assertGreater(len(vectors), 100)

    def test_values(self):
        method, _ = load("packs/methods/rm-1.yaml")
        take = lambda fact, value: method.take(method.facts[fact], value)  # noqa: E731
        self.assertIs(take("deployment.existing", "yes"), True)
        self.assertIsNone(take("deployment.existing", "perhaps"))
        self.assertIsNone(take("customer.sector", "gardening"))
        self.assertIsNone(take("customer.sector", {"unknown": "not asked"}))
        self.assertIsNone(take("customer.refuses", "audit"))
        for fact, value in (("customer.sector", 5), ("deployment.existing", 1), ("agency.abuse_record_years", 101), ("customer.refuses", ["breath"])):
            with self.assertRaises(Refused):
                take(fact, value)

    def test_every_shipped_method_is_understood(self):
        for path in glob.glob(os.path.join(ROOT, "packs/methods/*.yaml")):
            load(path)


if __name__ == "__main__":
    unittest.main()
