"""Encodings, signatures and trees, against published vectors and the project's own."""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))

import ed25519  # noqa: E402
import encoding  # noqa: E402
import pins  # noqa: E402
from encoding import Refused  # noqa: E402
from entry import Leaf, check_signatures, field_root, open_disclosure  # noqa: E402
from schema import Schema, read_schemas  # noqa: E402
from tree import Tree, leaf_hash, node_hash, root_of_path  # noqa: E402

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]

# The example tree of Certificate Transparency: leaves, and roots by number of leaves.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


class Signatures(unittest.TestCase):
    """Ed25519."""

    def test_rfc_8032(self):
        for key, message, signature in RFC_8032:
            key, message, signature = map(bytes.fromhex, (key, message, signature))
            self.assertTrue(ed25519.verify(key, message, signature))
            self.assertFalse(ed25519.verify(key, message + b"!", signature))
            for at in (0, 31, 32, 63):
                changed = bytearray(signature)
                changed[at] ^= 1
                self.assertFalse(ed25519.verify(key, message, bytes(changed)))
            s = int.from_bytes(signature[32:], "little") + ed25519.ORDER
            self.assertFalse(ed25519.verify(key, message, signature[:32] + s.to_bytes(32, "little")), "S in a second spelling")

    def test_keys_under_which_anything_holds(self):
        small = [  # encodings of points of order 1, 2, 4 and 8, and of 0 and 1 in a second spelling
            (1).to_bytes(32, "little"), (ed25519.P - 1).to_bytes(32, "little"), bytes(32),
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
            ed25519.P.to_bytes(32, "little"), (ed25519.P + 1).to_bytes(32, "little"),
        ]
        for key in small:
            self.assertFalse(ed25519.usable(key), key.hex())
            self.assertFalse(ed25519.verify(key, b"anything", key + bytes(32)))


class Trees(unittest.TestCase):
    """RFC 6962."""

    def test_published_roots(self):
        tree = Tree()
        self.assertEqual(tree.root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for n, leaf in enumerate(CT_LEAVES, 1):
            tree.add(leaf_hash(bytes.fromhex(leaf)))
            if n in CT_ROOTS:
                self.assertEqual(tree.root().hex(), CT_ROOTS[n])

    def test_audit_paths(self):
        """Every path of every tree of up to nine leaves leads to the root, and no other place does."""
        def root(leaves):
            if len(leaves) == 1:
                return leaves[0]
            k = 1 << (len(leaves) - 1).bit_length() - 1
            return node_hash(root(leaves[:k]), root(leaves[k:]))

        def path(at, leaves):
            if len(leaves) == 1:
                return []
            k = 1 << (len(leaves) - 1).bit_length() - 1
            return path(at, leaves[:k]) + [root(leaves[k:])] if at < k else path(at - k, leaves[k:]) + [root(leaves[:k])]
        for size in range(1, 10):
            leaves = [leaf_hash(bytes([i])) for i in range(size)]
            for at in range(size):
                self.assertEqual(root_of_path(at, size, leaves[at], path(at, leaves)), root(leaves))
                for other in set(range(size)) - {at}:
                    try:
                        self.assertNotEqual(root_of_path(other, size, leaves[at], path(at, leaves)), root(leaves))
                    except Refused:
                        pass


class Spellings(unittest.TestCase):
    """Everything has one spelling."""

    def test_canonical_json(self):
        for good in (b'{"a":1,"b":[true,null]}', b'"\\u001f\\n\xc3\xa9\x7f"', b"-5", b"9007199254740991"):
            self.assertEqual(encoding.spell(encoding.read_json(good)), good)
        for bad in (b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'"\\u00e9"', b'"\\/"', b"1.0", b"1e3", b"-0", b"01", b"9007199254740992", b" 1", b"NaN",
                    b'"\\ud800"', b"\xff", b"[1,]", b'"\\u000A"', b"[" * 100_000, b"9" * 5000):
            with self.assertRaises(Refused, msg=bad[:20]):
                encoding.read_json(bad)

    def test_base64(self):
        self.assertEqual(encoding.unbase64("AAE", 2), b"\0\1")
        for bad in ("AAF", "AAE=", "AA E", "AAE\n", "A", "+/8", "é"):
            with self.assertRaises(Refused, msg=bad):
                encoding.unbase64(bad, None)

    def test_days(self):
        self.assertEqual(encoding.day_number("1970-01-02") - encoding.day_number("1970-01-01"), 1)
        self.assertEqual(encoding.day_number("2026-03-01") - encoding.day_number("2024-02-29"), 731)
        self.assertEqual(encoding.day_of(-1), encoding.day_number("1969-12-31"))
        for bad in ("2026-02-29", "2026-13-01", "2026-1-01", "2026-01-00", "2026-01-01 ", "", None, 5, "٢٠٢٦-01-01"):
            self.assertIsNone(encoding.day_number(bad))


class Vectors(unittest.TestCase):
    """internal/ledger/testdata/vectors.json: one revision worked through."""

    def test_revision(self):
        with open(os.path.join(ROOT, "internal/ledger/testdata/vectors.json"), encoding="utf-8") as file:
            v = json.load(file)
        schema = Schema(v["schema"].encode())
        self.assertEqual(schema.hash.hex(), v["schema_hash"])
        digests = [encoding.sha256(d.encode()) for d in v["disclosures"]]
        self.assertEqual([d.hex() for d in digests], v["digests"])
        self.assertEqual(field_root(digests).hex(), v["field_root"])
        for field, disclosure in zip(schema.sealed, v["disclosures"]):
            open_disclosure(field, disclosure)
        leaf = Leaf(v["leaf"].encode(), {schema.hash: schema})
        self.assertEqual(leaf.hash.hex(), v["leaf_hash"])
        origin, epoch = "log.example/duly", 1
        self.assertEqual(leaf.statement(origin, epoch).decode(), v["statement"])
        check_signatures(leaf, origin, epoch)
        with self.assertRaises(Refused):
            check_signatures(leaf, origin, 2)


class Released(unittest.TestCase):
    """The released schemas and the lists that the verifier holds itself."""

    def test_schemas(self):
        self.assertGreater(len(read_schemas(os.path.join(ROOT, "schemas"))), 60)

    def test_pins_are_those_of_the_document(self):
        with open(os.path.join(ROOT, "docs/bundle.md"), encoding="utf-8") as file:
            text = file.read()
        table = text.split("refuses a schema that seals one of them:")[1].split("\n\n")[1]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
        self.assertEqual({kind: frozenset(fields.split(", ")) for kind, fields in rows}, pins.PUBLIC)
        table = text.split("### Who may sign")[1].split("\n\n")[2]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
        said = {kind: pins.Entitled(set(one.split(", ")), set(none.split(", "))) for kinds, one, none in rows for kind in kinds.split(", ")}
        self.assertEqual(said, pins.MAY_SIGN)


if __name__ == "__main__":
    unittest.main()
