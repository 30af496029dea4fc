"""Populations of independent assessments, counted from all entries, and the samples drawn
from them (docs/bundle.md, section 8, Independent assessments)."""

from collections import Counter, namedtuple
from hashlib import sha256

# A record as its newest revision shows it. Days are numbers; last is of its newest leaf.
Unit = namedtuple("Unit", "kind stratum first last over due closed grave")

# How a kind is counted: the figure, the field that gives the stratum, and whether a record
# belongs to each day from its first on until it is over, or to its last day.
How = namedtuple("How", "figure stratum stands")

HOW = {
    "account": How("accounts", "state", True),
    "customer": How("customers", "state", True),
    "deployment": How("deployments", "state", True),
    "triage": How("lanes", "lane", True),
    "review": How("cases", "lane", True),
    "rating": How("ratings", "tier", False),
    "decision": How("decisions", "act", False),
    "data_request": How("data_requests", "outcome", False),
    "incident": How("incidents", "severity", False),
    "input": How("inputs", "state", False),
    "refusal": How("refusals", "rule", False),
}
OVER = ("ended", "closed")
REFUSING = ("decline", "suspend", "exit")


class Records:
    """All records so far of which a population is made, by id."""

    def __init__(self):
        self.units = {}

    def add(self, entry):
        """Takes note of an entry, if it is of such a record."""
        how = HOW.get(entry.kind)
        if how is None:
            return
        public, before = entry.public, self.units.get(entry.id)
        grave = bool(public["hard_stops"]) and entry.kind in ("rating", "decision")
        grave = grave or entry.kind == "rating" and public["worst"] == "CRITICAL" or entry.kind == "decision" and public["basis"] == "override"
        self.units[entry.id] = Unit(
            entry.kind, public[how.stratum] or "", before.first if before else entry.day, entry.day,
            public["state"] in OVER, public["due"] or "", public["closed"] or "", grave)

    def of_period(self, terms):
        """The records of a period by id, and how many came after it."""
        units, afterward = {}, 0
        for name, unit in self.units.items():
            if unit.first > terms.last:
                afterward += 1
            elif unit.last >= terms.first or HOW[unit.kind].stands and not unit.over:
                units[name] = unit
        return units, afterward


def figures(units, afterward, upto):
    """What a population says of itself in clear. upto is the text of the period's last day."""
    kinds = Counter(u.kind for u in units.values())
    grave = Counter(u.kind for u in units.values() if u.grave)
    cases = [u for u in units.values() if u.kind == "review"]
    lines = sorted(f"{u.kind} {name} {u.stratum}\n" for name, u in units.items())
    return {how.figure: kinds[kind] for kind, how in HOW.items()} | {
        "ended": sum(u.over and u.kind in ("account", "customer", "deployment") for u in units.values()),
        "open_cases": sum(not u.over for u in cases),
        "late_cases": sum(u.closed > u.due if u.over else u.due <= upto for u in cases),
        "unopened": sum(u.kind == "triage" and u.stratum == "AUTO" for u in units.values()),
        "declined": sum(u.kind == "decision" and u.stratum in REFUSING for u in units.values()),
        "grave_ratings": grave["rating"],
        "grave_decisions": grave["decision"],
        "afterward": afterward,
        "population": hexed("duly/population/1\n" + "".join(lines)),
    }


# What a draw gives: the ids of grave records, those drawn, of how many, in how many strata.
Draw = namedtuple("Draw", "targeted drawn others strata")


def draw(units, kind, seed, size, had):
    """Draws from the records of a kind, without those of earlier draws; None where there
    are fewer than size."""
    left = {name: u for name, u in units.items() if u.kind == kind and name not in had}
    targeted = sorted(name for name, u in left.items() if u.grave)
    others = sorted((name for name, u in left.items() if not u.grave), key=lambda name: (left[name].stratum, hexed(f"duly/sample/1\n{seed}\n{name}")))
    if not 0 <= size <= len(others):
        return None
    start = int(hexed(f"duly/sample/1/start\n{seed}")[:16], 16) % max(1, len(others))
    drawn = [others[(start + k * len(others)) // size] for k in range(size)]
    return Draw(targeted, drawn, len(others), len({left[name].stratum for name in others}))


def digest_of(drawn):
    """The hash over the ids of a draw."""
    return hexed("duly/drawn/1\n" + "".join(name + "\n" for name in drawn.targeted + drawn.drawn))


def hexed(text):
    """The SHA-256 of a text in hex."""
    return sha256(text.encode()).hexdigest()
