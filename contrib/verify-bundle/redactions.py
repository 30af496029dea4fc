"""Redactions: fields that the company withholds whatever their class (docs/bundle.md, sections 7 and 8)."""

from encoding import need


class Redactions:
    """What the manifest says of redactions, and what the log says."""

    def __init__(self, manifest, schemas):
        self.named, self.applied, self.schemas = set(manifest["redacted"]), "unredacted" not in manifest, schemas
        self.held = {}  # the field that each withholds now, by the record id of the redaction

    def withhold(self, schema, field):
        """Whether a field is withheld whatever its class."""
        return f"{schema.kind}.{field.name}" in self.named

    def add(self, entry):
        """Keeps what the next entry withholds or lifts."""
        if entry.kind == "redaction":
            self.held.pop(entry.id, None)
            schema, at = self.schemas.get(bytes.fromhex(entry.public["schema"] or "")), entry.public["field"]
            if entry.public["state"] == "withheld" and schema is not None and at is not None and 0 <= at < len(schema.sealed):
                self.held[entry.id] = f"{schema.kind}.{schema.sealed[at].name}"

    def finish(self):
        """Holds the manifest to the redactions that are in force after the last entry."""
        need(self.named == (set(self.held.values()) if self.applied else set()), "the manifest's redacted fields are not those that redactions in the log withhold")
