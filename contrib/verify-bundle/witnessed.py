"""Cosigned checkpoints that seed samples (docs/bundle.md, sections 7 and 8)."""

from checkpoint import Checkpoint, witness_key
from encoding import Refused, need, sha256

HEAD = "duly/witnessed/1\n"
MAX_KEYS = 20


class Cosigned:
    """A checkpoint that witnesses cosigned, with the keys of all of them whom terms name."""

    def __init__(self, data):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Refused("the cosigned checkpoint is not UTF-8") from None
        keys, gap, note = text.removeprefix(HEAD).partition("\n\n")
        need(text.startswith(HEAD) and gap, "it is not a cosigned checkpoint with the keys of its witnesses")
        self.keys = [witness_key(key) for key in keys.split("\n")]
        self.names = {key.name for key in self.keys}
        need(len(self.keys) <= MAX_KEYS and len(self.names) == len(self.keys), "more than 20 witnesses are named, or one twice")
        self.checkpoint = Checkpoint(note.encode())
        need(self.checkpoint.origin not in self.names, "a witness has the name of the log")
        lines = dict(zip(((line.name, line.hash) for line in self.checkpoint.lines), note.split("\n")[4:-1]))
        need(1 <= len(lines) <= MAX_KEYS, "there are no cosignatures, or more than 20")
        by = {(key.name, key.hash): key for key in self.keys}
        for line in self.checkpoint.lines:
            key = by.get((line.name, line.hash))
            need(key and key.cosigned(self.checkpoint, line.value) is not None, f"the cosignature of {line.name} is by none of the witnesses, or does not hold")
        self.signed = [key for key in self.keys if (key.name, key.hash) in lines]
        self.first = self.signed[0]  # whose cosignature seeds
        self.cosignature = lines[self.first.name, self.first.hash].split(" ")[2]

    def hash(self):
        """The hash by which terms name the witnesses."""
        return sha256(("duly/witnesses/1\n" + "".join(key.text + "\n" for key in self.keys)).encode()).hex()
