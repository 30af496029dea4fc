"""Checkpoints, cosignatures, policies and what they are worth."""

import json
import os
import sys
import unittest
from base64 import b64encode

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))

import mldsa  # noqa: E402
from checkpoint import Checkpoint, log_key, witness_key  # noqa: E402
from encoding import Refused, Unusable, sha256  # noqa: E402
from policy import Policy  # noqa: E402
from trust import Trust  # noqa: E402

with open(os.path.join(ROOT, "internal", "bundle", "testdata", "cosigned.json"), encoding="utf-8") as file:
    VECTOR = json.load(file)

SIGNED = VECTOR["checkpoint"].encode()
CLASSIC, LATTICE = (witness_key(text) for text in VECTOR["witnesses"])
SEEN = dict(zip(VECTOR["witnesses"], VECTOR["seen"]))


class Cosignatures(unittest.TestCase):
    """Of both kinds, as the standard has them."""

    def open(self, signed, *witnesses):
        return Checkpoint(signed).open(log_key(VECTOR["key"]), witnesses)

    def test_both_hold(self):
        cosigned = self.open(SIGNED, CLASSIC, LATTICE).cosigned
        self.assertEqual({c.key: c.at for c in cosigned}, SEEN)
        self.assertEqual(self.open(SIGNED).unknown, 2)

    def test_no_bit_may_change(self):
        line = next(line for line in Checkpoint(SIGNED).lines if line.name == LATTICE.name)
        at, signature = line.value[:8], line.value[8:]
        checkpoint = Checkpoint(SIGNED)
        self.assertIsNotNone(LATTICE.cosigned(checkpoint, at + signature))
        for place in [*range(0, len(signature), 97), len(signature) - 1]:
            changed = bytearray(signature)
            changed[place] ^= 1
            self.assertIsNone(LATTICE.cosigned(checkpoint, at + bytes(changed)), place)
        self.assertIsNone(LATTICE.cosigned(checkpoint, at + signature + b"\0"))
        self.assertFalse(mldsa.verify(LATTICE.key[:-1], b"", signature))

    def test_a_forged_one_refuses_the_whole(self):
        body, lines = VECTOR["checkpoint"].split("\n\n")
        size = int(body.split("\n")[1])
        other = body.replace(f"\n{size}\n", f"\n{size + 1}\n") + "\n\n" + lines
        with self.assertRaises(Refused):
            self.open(other.encode(), CLASSIC)

    def test_lines_have_one_order(self):
        body, lines = VECTOR["checkpoint"].split("\n\n")
        own, *others = lines.splitlines(keepends=True)
        for turned in (own + others[1] + others[0], others[0] + own + others[1]):
            signed = (body + "\n\n" + turned).encode()
            with self.assertRaises(Refused):
                Checkpoint(signed)
            self.assertEqual(len(Checkpoint(signed, sorted_lines=False).lines), 3)
        with self.assertRaises(Refused):
            Checkpoint(SIGNED + others[1].encode(), sorted_lines=False)

    def test_nobody_signs_under_a_neutral_point(self):
        for purpose, read in ((b"\1", log_key), (b"\4", witness_key)):
            weak = purpose + b"\1" + bytes(31)
            digest = sha256(b"one.example/w\n" + weak).hex()[:8]
            with self.assertRaisesRegex(Refused, "under which a signature says something"):
                read(f"one.example/w+{digest}+{b64encode(weak).decode()}")


class Policies(unittest.TestCase):
    """Who must have cosigned, by key."""

    def text(self, quorum, more=""):
        return f"log {VECTOR['key']}\nwitness one {CLASSIC.text}\nwitness assessor {LATTICE.text} https://example\ngroup both all one assessor\n{more}quorum {quorum}\n"

    def test_quorums(self):
        for quorum, keys, met in [
            ("one", {CLASSIC.text}, True), ("one", {LATTICE.text}, False), ("both", {CLASSIC.text}, False),
            ("both", {CLASSIC.text, LATTICE.text}, True), ("none", set(), True),
        ]:
            self.assertEqual(Policy(self.text(quorum)).met(keys), met, (quorum, keys))

    def test_groups_that_share_members_are_asked_once(self):
        groups = "".join(f"group a{i} all {x} {y}\ngroup b{i} all {x} {y}\n" for i, (x, y) in enumerate([("one", "assessor")] + [(f"a{i}", f"b{i}") for i in range(399)]))
        policy = Policy(self.text("a399", groups))
        self.assertEqual((policy.met({CLASSIC.text}), policy.met({CLASSIC.text, LATTICE.text})), (False, True))

    def test_what_is_none(self):
        for text in ["", "quorum x\n", self.text("none", "witness two " + CLASSIC.text + "\n"), self.text("none", "group g 3 one assessor\n"), self.text("none", "log other\n")]:
            with self.assertRaises(Unusable):
                Policy(text)

    def test_levels(self):
        trust = Trust()
        self.assertEqual(trust.worth(Checkpoint(SIGNED))["assurance"], "none")
        trust.take(Policy(self.text("none")))
        checkpoint = Checkpoint(SIGNED).open(log_key(trust.key), trust.witnesses)
        self.assertEqual((trust.worth(checkpoint)["assurance"], trust.worth(checkpoint)["witnesses"]), ("witnesses", 2))
        checkpoint.cosigned = [c for c in checkpoint.cosigned if c.key == LATTICE.text]
        self.assertEqual(trust.worth(checkpoint)["assurance"], "assessor")
        trust.policy = Policy(self.text("one"))
        with self.assertRaises(Refused):
            trust.worth(checkpoint)


if __name__ == "__main__":
    unittest.main()
