"""Schemas: the frozen shapes of the kinds of records (docs/bundle.md, sections 2 and 3)."""

import os

import pins
from encoding import CLASSES, PUBLISHED, Refused, Unusable, check_text, day_number, is_hash, need, read_json, sha256

PUBLIC_TYPES = {"enum", "enums", "int", "bool", "date", "hash"}
TYPES = PUBLIC_TYPES | {"text", "texts", "scalar"}
KEYS = {"by_day", "duly", "kind", "public", "sealed", "signers", "version"}


class Field:
    """One field of a schema."""

    def __init__(self, document, sealed):
        need(set(document) == {"class", "enum", "name", "type"}, "a field of a schema has other keys")
        self.name, self.type, self.enum = document["name"], document["type"], document["enum"]
        self.sensitivity = document["class"]
        need(self.type in (TYPES if sealed else PUBLIC_TYPES), f"the field {self.name} has no type that it may have")
        need(self.sensitivity in ([PUBLISHED, *CLASSES] if sealed else ["public"]), f"the field {self.name} has no class that it may have")

    def check(self, value):
        """Refuses a value that is not of the field's type."""
        if value is not None:
            need(self._fits(value), f"the field {self.name} does not hold a value of its type {self.type}")

    def _fits(self, value):
        if self.type in ("text", "texts"):
            return _is_text(value) if self.type == "text" else _is_texts(value)
        if self.type == "enum":
            return isinstance(value, str) and value in self.enum
        if self.type == "enums":
            return _is_texts(value) and all(v in self.enum for v in value)
        if self.type in ("int", "bool"):
            return type(value) is {"int": int, "bool": bool}[self.type]
        if self.type == "date":
            return day_number(value) is not None
        if self.type == "hash":
            return is_hash(value)
        if isinstance(value, dict):
            return list(value) == ["unknown"] and _is_text(value["unknown"])
        return type(value) in (int, bool) or _is_text(value) or _is_texts(value)


class Schema:
    """The shape of a kind in one version."""

    def __init__(self, data):
        document = read_json(data)
        need(isinstance(document, dict) and set(document) == KEYS and document["duly"] == "schema/1", "it is not a schema")
        self.hash = sha256(data)
        self.kind, self.version = document["kind"], document["version"]
        self.by_day, self.signers = document["by_day"], document["signers"]
        self.public = [Field(f, False) for f in document["public"]]
        self.sealed = [Field(f, True) for f in document["sealed"]]
        self.names = [f.name for f in self.public]
        need(self.names == sorted(set(self.names)), f"the public fields of {self.kind} are not sorted by name")

    def check_pins(self):
        """Refuses a schema that seals what must stand in clear, or lets people off signing."""
        hidden = pins.PUBLIC.get(self.kind, frozenset()) - set(self.names)
        need(not hidden, f"the schema {self.name} does not show {', '.join(sorted(hidden))}, which must stand in clear")
        need(self.signers >= (self.kind in pins.MAY_SIGN), f"the schema {self.name} asks for no signature, and there must be one")

    @property
    def name(self):
        """kind@version"""
        return f"{self.kind}@{self.version}"

    def index(self, name):
        """The place of a sealed field in the field root, or None."""
        for i, field in enumerate(self.sealed):
            if field.name == name:
                return i
        return None


def read_schemas(directory):
    """The released schemas of a directory by their hash, held to its schemas.sum."""
    found = {}
    try:
        with open(os.path.join(directory, "schemas.sum"), encoding="ascii") as file:
            released = dict(line.split() for line in file)
        for name, digest in released.items():
            with open(os.path.join(directory, name + ".json"), "rb") as file:
                schema = Schema(file.read().removesuffix(b"\n"))
            if (schema.name, schema.hash.hex()) != (name, digest):
                raise Unusable(f"{name}.json is not what schemas.sum says")
            schema.check_pins()
            found[schema.hash] = schema
    except (OSError, ValueError, Refused) as problem:
        raise Unusable(f"cannot read the released schemas in {directory}: {problem}") from None
    if not found:
        raise Unusable(f"no schema was released in {directory}")
    return found


def _is_text(value):
    if isinstance(value, str):
        check_text(value)
        return True
    return False


def _is_texts(value):
    return isinstance(value, list) and all(_is_text(v) for v in value)
