"""Entries: leaves, and the sealed fields beside them (docs/bundle.md, sections 4 and 5)."""

from collections import namedtuple

import ed25519
from encoding import MAX_INT, Refused, date_of, day_number, day_of, is_id, key_id, need, read_json, sha256, spell, unbase64
from tree import leaf_hash

KEYS = {"actor", "fields", "id", "kind", "nonce", "prev", "public", "rev", "schema", "sigs", "time"}
STATES = {".": "withheld", "!": "erased"}

# A sealed field: its digest, whether it is shown, withheld or erased, and its value if shown.
Sealed = namedtuple("Sealed", "digest state value")

# A signature of a person: public key and signature.
Signature = namedtuple("Signature", "key sig")


class Public(dict):
    """Public fields by name; one that a version of the kind does not have says null."""

    def __missing__(self, name):
        return None


class Leaf:
    """What is hashed: who did what to which record, with the public fields in clear."""

    def __init__(self, data, schemas):
        leaf = read_json(data)
        need(isinstance(leaf, dict) and set(leaf) == KEYS, "a leaf has other keys than a leaf's")
        self.hash = leaf_hash(data)
        self.document = leaf
        self.schema = schemas.get(unbase64(leaf["schema"], 32))
        need(self.schema is not None, f"the schema of this {leaf['kind']} was not released; a newer release may know it")
        need(leaf["kind"] == self.schema.kind, "the kind is not that of the schema")
        self.kind, self.actor, self.id, self.rev = leaf["kind"], leaf["actor"], leaf["id"], leaf["rev"]
        need(is_id(self.actor) and is_id(self.id), "the actor or the id is not spelled like an id")
        need(type(self.rev) is int and self.rev >= 1, "the revision is not a number from 1")
        need((leaf["prev"] is None) == (self.rev == 1), "the first revision names one before it, or a later one does not")
        self.prev = None if leaf["prev"] is None else unbase64(leaf["prev"], 32)
        self.fields = unbase64(leaf["fields"], 32)
        unbase64(leaf["nonce"], 16)
        self._read_time(leaf["time"])
        need(isinstance(leaf["public"], dict), "the public fields are no object")
        self.public = Public(leaf["public"])
        need(sorted(self.public) == self.schema.names, "the public fields are not those of the schema")
        for field in self.schema.public:
            field.check(self.public[field.name])
        need(isinstance(leaf["sigs"], list), "the signatures are not a list")
        self.sigs = [_signature(s) for s in leaf["sigs"]]
        need(len(self.sigs) >= self.schema.signers, "it has fewer signatures of people than its kind asks for")

    def _read_time(self, value):
        if self.schema.by_day:
            self.time, self.day, self.date = None, day_number(value), value
            need(self.day is not None, "the time is not a day")
        else:
            need(type(value) is int and abs(value) <= MAX_INT, "the time is not a whole number")
            self.time, self.day, self.date = value, day_of(value), date_of(value)

    def signers(self):
        """The key ids of those who signed."""
        return [key_id(s.key) for s in self.sigs]

    def statement(self, origin, epoch):
        """The bytes that a person signs."""
        said = {k: self.document[k] for k in ("fields", "id", "kind", "prev", "public", "rev", "schema")}
        return b"duly/statement/1\n" + spell(said | {"epoch": epoch, "origin": origin})


class Entry(Leaf):
    """A leaf at its place in the log, with its sealed fields."""

    def __init__(self, position, leaf, line, schemas):
        super().__init__(leaf, schemas)
        self.position = position
        self.sealed = read_sealed(self.schema, line)
        need(field_root([s.digest for s in self.sealed]) == self.fields, "the sealed fields do not give the field root")

    def shown(self, name):
        """The value of a sealed field, or None where it is not disclosed, says null, or is
        none of this version of the kind."""
        at = self.schema.index(name)
        return None if at is None else self.sealed[at].value

    def shows(self, name):
        """Whether a sealed field is disclosed."""
        at = self.schema.index(name)
        return at is not None and self.sealed[at].state == "shown"


def _signature(document):
    need(isinstance(document, dict) and set(document) == {"key", "sig"}, "a signature has other keys than a signature's")
    return Signature(unbase64(document["key"], 32), unbase64(document["sig"], 64))


def read_sealed(schema, line):
    """The sealed fields that the second line of an entry holds."""
    try:
        parts = line.decode("ascii").split("~") if line else []
    except UnicodeDecodeError:
        raise Refused("the sealed fields are not ASCII") from None
    need(len(parts) == len(schema.sealed), "the number of sealed fields is not that of the schema")
    return [_read_field(field, part) for field, part in zip(schema.sealed, parts)]


def _read_field(field, part):
    if part[:1] in STATES:
        return Sealed(unbase64(part[1:], 32), STATES[part[0]], None)
    return Sealed(sha256(part.encode()), "shown", open_disclosure(field, part))


def open_disclosure(field, disclosure):
    """The value in a disclosure of a field."""
    inner = read_json(unbase64(disclosure, None))
    need(isinstance(inner, list) and len(inner) == 3, "a disclosure does not hold salt, name and value")
    salt, name, value = inner
    unbase64(salt, 16)
    need(name == field.name, f"a disclosure is not of the field {field.name}")
    field.check(value)
    return value


def field_root(digests):
    """The hash over the digests of all sealed fields."""
    return sha256(b"duly/fields/1" + len(digests).to_bytes(2, "big") + b"".join(digests))


def check_signatures(leaf, origin, epoch):
    """Refuses a leaf with a signature that does not hold, or two by one key."""
    statement = leaf.statement(origin, epoch) if leaf.sigs else b""
    need(len({s.key for s in leaf.sigs}) == len(leaf.sigs), "somebody signed the entry twice")
    for s in leaf.sigs:
        need(ed25519.verify(s.key, statement, s.sig), "a person's signature does not hold")
