"""Populations of independent assessments, counted from all entries, and the samples drawn
from them (docs/bundle.md, section 8, Independent assessments)."""

from collections import Counter, namedtuple
from hashlib import sha256

from encoding import day_number, is_id, need

# A record as its newest revision shows it. first and last are the days of its first and
# newest leaf; due is that of an open case. A text that is null is empty.
Unit = namedtuple("Unit", "kind first last stratum over grave late due")

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
    """All records so far of which a population is made, by id. It is ready once they are
    known: from the beginning of a log, or from the opening balance of a range."""

    def __init__(self, ready):
        self.units, self.ratings, self.ready = {}, 0, ready

    def add(self, entry):
        """Takes note of an entry, if it is of such a record."""
        if entry.kind not in HOW or not self.ready:
            return
        public, before, case = entry.public, self.units.get(entry.id), entry.kind == "review"
        over, due = public["state"] in OVER, public["due"] or ""
        self._put(entry.id, Unit(
            entry.kind, before.first if before else entry.date, entry.date, public[HOW[entry.kind].stratum] or "", over, is_grave(entry.kind, public),
            case and over and (public["closed"] or "") > due, due if case and not over else ""))

    def _put(self, name, unit):
        self.ratings += unit.kind == "rating" and name not in self.units
        self.units[name] = unit

    def balance(self):
        """How many records there are, and the hash over all of them, as a balance says."""
        lines = sorted(spell(name, unit) for name, unit in self.units.items())
        return len(lines), hexed("duly/counted/1\n" + "".join(line + "\n" for line in lines))

    def open(self, lines):
        """Takes the records as they stood at the beginning of a range."""
        before = ""
        for line in lines:
            need(line > before, "a counted record is out of order")
            before = line
            name, unit = read(line)
            need(name not in self.units, "a record is counted twice")
            self._put(name, unit)
        self.ready = True

    def of_period(self, terms):
        """The records of a period by id, and how many came after it."""
        units, afterward = {}, 0
        for name, unit in self.units.items():
            if unit.first > terms.upto:
                afterward += 1
            elif unit.last >= terms.begins or HOW[unit.kind].stands and not unit.over:
                units[name] = unit
        return units, afterward


def is_grave(kind, public):
    """Whether a record is looked at whether it is drawn or not."""
    if kind == "rating" and public["worst"] == "CRITICAL" or kind == "decision" and public["basis"] == "override":
        return True
    return kind in ("rating", "decision") and bool(public["hard_stops"])


def spell(name, unit):
    """The line of a record in what a balance commits to."""
    line = f"{unit.kind} {name} {unit.first} {unit.last} {unit.stratum or '-'}"
    line += " ended" * unit.over + " grave" * unit.grave + " late" * unit.late
    return line + f" due={unit.due}" * (unit.kind == "review" and not unit.over)


def read(line):
    """The record in a line, which has one spelling."""
    kind, name, first, last, stratum, *flags = (line.split(" ") + [""] * 5)[: max(5, line.count(" ") + 1)]
    due = [flag[4:] for flag in flags if flag.startswith("due=")]
    unit = Unit(kind, first, last, "" if stratum == "-" else stratum, "ended" in flags, "grave" in flags, "late" in flags, due[0] if due else "")
    days = [first, last] + [day for day in due if day]
    need(kind in HOW and is_id(name) and all(day_number(day) is not None for day in days) and spell(name, unit) == line, f"{line!r} is no record that a population counts")
    need(not unit.late or kind == "review" and unit.over, f"{line!r} is late and no closed case")
    return name, unit


def figures(units, afterward, upto):
    """What a population says of itself in clear; upto is the period's last day."""
    kinds = Counter(u.kind for u in units.values())
    grave = Counter(u.kind for u in units.values() if u.grave)
    cases = [u for u in units.values() if u.kind == "review"]
    lines = sorted(f"{u.kind} {name} {u.stratum}\n" for name, u in units.items())
    return {how.figure: kinds[kind] for kind, how in HOW.items()} | {
        "ended": sum(u.over and u.kind in ("account", "customer", "deployment") for u in units.values()),
        "open_cases": sum(not u.over for u in cases),
        "late_cases": sum(u.late or not u.over and u.due <= upto for u in cases),
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
    """Draws from the records of a kind, without those of earlier draws: as many as asked
    for, or all where they are fewer."""
    left = {name: u for name, u in units.items() if u.kind == kind and name not in had}
    targeted = sorted(name for name, u in left.items() if u.grave)
    others = sorted((name for name, u in left.items() if not u.grave), key=lambda name: (left[name].stratum, hexed(f"duly/sample/1\n{seed}\n{name}")))
    size = min(max(size, 0), len(others))
    start = int(hexed(f"duly/sample/1/start\n{seed}")[:16], 16) % max(1, len(others))
    drawn = [others[(start + k * len(others)) // size] for k in range(size)]
    return Draw(targeted, drawn, len(others), len({left[name].stratum for name in others}))


def digest_of(drawn):
    """The hash over the ids of a draw."""
    return hexed("duly/drawn/1\n" + "".join(name + "\n" for name in drawn.targeted + drawn.drawn))


def hexed(text):
    """The SHA-256 of a text in hex."""
    return sha256(text.encode()).hexdigest()
