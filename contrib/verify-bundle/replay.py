"""Ratings computed again from the inputs that they name (docs/bundle.md, section 8, Ratings)."""

from encoding import Refused, is_hash, need
from method import BANDS, Method
from understood import NotUnderstood

ENGINE = 1
PARTIES = {"end_user": "customer", "integrator": "customer"}


class Replay:
    """Computes ratings again. pack gives the text of a pack by its hash, or None; again gives
    an earlier entry by its place."""

    def __init__(self, pack, again):
        self.pack, self.again = pack, again
        self.methods, self.why = {}, {}
        self.counts = {"exact": 0, "consistent": 0, "not_replayed": 0}

    def add(self, entry):
        """Checks an entry that is a rating."""
        if entry.kind != "rating":
            return
        engine = entry.public["engine"]
        need(engine == ENGINE, f"version {engine} of the arithmetic was never released, or is newer than this verifier")
        if not entry.shows("inputs"):
            self._not_replayed("the inputs are withheld")
            return
        try:
            method = self._method(entry.public["method"])
        except NotUnderstood as problem:
            self._not_replayed(str(problem))
            return
        inputs, withheld = self._inputs(entry, method)
        again = method.rate(inputs, entry.public["day"])
        if withheld:
            check_possible(again, entry.public)
        else:
            check_same(again, entry)
        self.counts["consistent" if withheld else "exact"] += 1

    def _not_replayed(self, why):
        self.counts["not_replayed"] += 1
        self.why[why] = self.why.get(why, 0) + 1

    def _method(self, digest):
        if digest not in self.methods:
            text = self.pack(digest)
            need(text is not None, f"the method {digest} is not in the bundle")
            try:
                self.methods[digest] = Method(text)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
                self.methods[digest] = NotUnderstood(f"the method {digest}: {problem}")
            except NotUnderstood as problem:
                self.methods[digest] = problem
        if isinstance(self.methods[digest], NotUnderstood):
            raise self.methods[digest]
        return self.methods[digest]

    def _inputs(self, entry, method):
        inputs, withheld = {}, False
        for line in entry.shown("inputs") or []:
            parts = line.split(" ")
            need(len(parts) == 4 and parts[1].isdigit() and str(int(parts[1])) == parts[1], "an input of the rating is malformed")
            fact, place = method.facts.get(parts[0]), int(parts[1])
            need(fact and place < entry.position, "an input of the rating is of no fact of the method, or of a later entry")
            shown, value = self._value(self.again(place), fact, parts[2], parts[3])
            if not shown:
                withheld = True
                continue
            need(fact.id not in inputs, "the rating names two inputs for one fact")
            inputs[fact.id] = method.take(fact, value)
        return inputs, withheld

    def _value(self, source, fact, field, digest):
        """Whether a field of an earlier entry is shown, and its value."""
        need(states(source, fact, field), f"the field {field} of entry {source.position} does not state the fact {fact.id}")
        if digest == "public":
            need(field in source.schema.names, f"entry {source.position} has no public field {field}")
            return True, source.public[field]
        at = source.schema.index(field)
        need(at is not None and is_hash(digest) and source.sealed[at].digest.hex() == digest, f"an input is not what entry {source.position} commits to")
        return source.sealed[at].state == "shown", source.sealed[at].value


def states(source, fact, field):
    """Whether a field is where a fact is stated. Which fact a statement is of, may be withheld."""
    if source.kind == "fact":
        return field == "value" and (not source.shows("fact") or source.shown("fact") == fact.id)
    party, _, name = fact.register.partition(".")
    return bool(party) and PARTIES.get(party, party) == source.kind and name == field


def check_same(again, entry):
    """Refuses a rating that is not to the byte what its inputs give."""
    for name, value in again.public().items():
        stands = entry.public[name]
        need(stands == value and type(stands) is type(value), f"the rating says {name} {stands}, its inputs give {value}")
    need(not entry.shows("missing") or (entry.shown("missing") or []) == again.missing, "the rating's missing facts are not those that its inputs leave open")
    need(not entry.shows("trace") or entry.shown("trace") == again.trace(), "the rating's trace is not what its inputs give")


def check_possible(again, public):
    """Refuses a rating that cannot be right, whatever the withheld inputs are."""
    try:
        best, worst = BANDS.index(public["best"]), BANDS.index(public["worst"])
    except ValueError:
        raise Refused("the rating shows no bands") from None
    need(again.best["residual"] <= best <= worst <= again.worst["residual"], "the rating's bands are not possible by its disclosed inputs")
    stops = public["hard_stops"] or []
    need(all(s in stops for s in again.hard_stops), "the rating leaves out a hard stop that its disclosed inputs raise")
    need(all(s in again.hard_stops + again.possible_stops for s in stops), "the rating shows a hard stop that its disclosed inputs rule out")
