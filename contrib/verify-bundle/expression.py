"""The expressions of packs, with three answers: True, False, and None for not known.

Understood are facts, texts in quotes, whole numbers, `==`, `!=`, `<`, `<=`, `>`, `>=`,
`&&`, `||`, `!`, `in`, `list.exists(x, ...)` and parentheses (docs/method.md). They are a
part of CEL and mean what they mean there; whatever else CEL has is not understood.
"""

import operator
import re

from understood import NotUnderstood

TOKEN = re.compile(r'\s*("[^"\\]*"|\'[^\'\\]*\'|[0-9]+|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||==|!=|<=|>=|[<>!()\[\],.])')
COMPARE = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def conjunction(answers):
    """False if one is false, else not known if one is not known, else True."""
    answers = list(answers)
    return False if False in answers else None if None in answers else True


def disjunction(answers):
    """True if one is true, else not known if one is not known, else False."""
    answers = list(answers)
    return True if True in answers else None if None in answers else False


class Parser:
    """Compiles an expression to a function of the facts (a dict; None is not known)."""

    def __init__(self, text, types):
        self.types, self.bound = types, {}
        self.tokens, at = [], 0
        while at < len(text.rstrip()):
            match = TOKEN.match(text, at)
            if not match:
                raise NotUnderstood(f"the expression {text!r}")
            self.tokens.append(match.group(1))
            at = match.end()
        self.text, self.at = text, 0

    def parse(self):
        """The whole expression, which answers yes or no."""
        kind, answer = self.either()
        if kind != "bool" or self.at < len(self.tokens):
            self.fail()
        return answer

    def fail(self):
        """Gives up."""
        raise NotUnderstood(f"the expression {self.text!r}")

    def next(self, ahead=0):
        """A token to come, or ""."""
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, *wanted):
        """The next token, which must be one of those wanted if any are."""
        token = self.next()
        if not token or wanted and token not in wanted:
            self.fail()
        self.at += 1
        return token

    def several(self, sign, part, join):
        """One part, or several that a sign joins."""
        kind, first = part()
        parts = [first]
        while self.next() == sign:
            self.at += 1
            other, answer = part()
            if (kind, other) != ("bool", "bool"):
                self.fail()
            parts.append(answer)
        return kind, first if len(parts) == 1 else lambda facts: join(p(facts) for p in parts)

    def either(self):
        """a || b"""
        return self.several("||", self.both, disjunction)

    def both(self):
        """a && b"""
        return self.several("&&", self.relation, conjunction)

    def relation(self):
        """a == b, a < b, a in b"""
        kind, left = self.operand()
        sign = self.next()
        if sign not in COMPARE and sign != "in":
            return kind, left
        self.at += 1
        other, right = self.operand()
        fits = other == "texts" and kind == "text" if sign == "in" else kind == other and (kind in ("text", "bool") and sign in ("==", "!=") or kind == "int")
        if not fits or self.next() in COMPARE or self.next() == "in":
            self.fail()
        test = (lambda a, b: a in b) if sign == "in" else COMPARE[sign]

        def answer(facts):
            a, b = left(facts), right(facts)
            return None if a is None or b is None else test(a, b)
        return "bool", answer

    def operand(self):
        """A negation, a group, a list, a constant, a fact, or list.exists(...)."""
        token = self.take()
        if token == "!":
            kind, inner = self.operand()
            if kind != "bool":
                self.fail()
            return "bool", lambda facts: None if inner(facts) is None else not inner(facts)
        if token == "(":
            kind, inner = self.either()
            self.take(")")
            return kind, inner
        if token == "[":
            items = [self.take()]
            while self.take(",", "]") == ",":
                items.append(self.take())
            if not all(i[0] in "\"'" for i in items):
                self.fail()
            values = [i[1:-1] for i in items]
            return "texts", lambda facts: values
        if token[0] in "\"'":
            return "text", lambda facts: token[1:-1]
        if token.isdigit():
            return "int", lambda facts: int(token)
        return self.name(token)

    def name(self, token):
        """A fact, or a name that exists() bound."""
        if token in self.bound:
            return "text", lambda facts: facts[token]
        while self.next() == "." and not (self.next(1) == "exists" and self.next(2) == "("):
            token += self.take() + self.take()
        if token not in self.types:
            self.fail()
        if self.next() == ".":
            return self.exists(token)
        return self.types[token], lambda facts: facts[token]

    def exists(self, fact):
        """list.exists(x, ...)"""
        self.take("."), self.take("exists"), self.take("(")
        name = self.take()
        if self.types[fact] != "texts" or name in self.types or name in self.bound or not name.isidentifier():
            self.fail()
        self.take(",")
        self.bound[name] = True
        kind, inner = self.either()
        del self.bound[name]
        self.take(")")
        if kind != "bool":
            self.fail()
        return "bool", lambda facts: None if facts[fact] is None else disjunction(inner({**facts, name: x}) for x in facts[fact])


def compile_expression(text, types):
    """A function from facts to True, False or None. types gives the type of each fact."""
    if not isinstance(text, str):
        raise NotUnderstood("an expression that is no text")
    return Parser(text, types).parse()
