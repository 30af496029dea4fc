"""Files about one entry: a field disclosed later, a proof that the entry is in the log, and
a key that follows another (docs/bundle.md, sections 9 and 10)."""

import json
from collections import namedtuple

from checkpoint import MAX_SIZE, Checkpoint, log_key
from encoding import Refused, is_hash, need, sha256, spell, unbase64
from entry import Leaf, field_root, open_disclosure
from tree import root_of_path

MAX_PROOF = 16 << 20
HEADER = b"c2sp.org/tlog-proof@v1\n"
DISCLOSURE = ["duly", "entry", "field", "leaf", "digests", "disclosure", "inclusion", "checkpoint", "key"]

# A tlog-proof: the leaf, its place, its audit path, and the signed checkpoint.
Proof = namedtuple("Proof", "leaf index path signed")


def read_proof(data):
    """The parts of a tlog-proof."""
    need(data.startswith(HEADER), "it is not a proof that an entry is in the log")
    head, empty, signed = data[len(HEADER) :].partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused("the proof is not ASCII") from None
    need(empty and len(lines) >= 2 and lines[0].startswith("extra ") and lines[1].startswith("index "), "the proof has no leaf, or no position")
    index = lines[1][len("index ") :]
    need(index.isdigit() and len(index) < 20 and str(int(index)) == index and int(index) <= MAX_SIZE, "the position in the proof is not a number")
    return Proof(unbase64(lines[0][len("extra ") :], None, "standard"), int(index), [unbase64(h, 32, "standard") for h in lines[2:]], signed)


def check_place(proof, checkpoint, schemas):
    """The leaf of a proof, which stands at its place under an opened checkpoint."""
    leaf = Leaf(proof.leaf, schemas)
    need(root_of_path(proof.index, checkpoint.size, leaf.hash, proof.path) == checkpoint.root, "the entry is not under the checkpoint at this place")
    return leaf


def handover(data, key, schemas):
    """The key that follows another, as a handover shows, and where its epoch begins."""
    text, _, rest = data.partition(b"\n")
    try:
        following = log_key(text.decode())
    except UnicodeDecodeError:
        raise Refused("the handover's key is not UTF-8") from None
    proof = read_proof(rest)
    checkpoint = Checkpoint(proof.signed)
    checkpoint.open(key, [])
    checkpoint.open(following, [])
    leaf = check_place(proof, checkpoint, schemas)
    need(leaf.kind == "epoch" and leaf.public["reason"] == "rotation", "the handover shows no entry that begins an epoch by a rotation")
    need(leaf.public["log_key"] == sha256(text).hex(), "the epoch of the handover names another key")
    return following, proof.index


def _result(what, checkpoint, outside, trust, more):
    need(outside is None or outside.same(checkpoint), "it is tied to another checkpoint than the one that you gave")
    return {"what": what, "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()} | trust.worth(checkpoint) | more


def verify_proof(data, schemas, trust):
    """Checks a proof that an entry is in the log, and gives what the entry says in clear."""
    proof = read_proof(data)
    _, checkpoint, outside = trust.open(proof.signed, None, schemas)
    leaf = check_place(proof, checkpoint, schemas)
    more = {"field": str(proof.index), "value": f"{leaf.kind} {spell(leaf.document['public']).decode()}"}
    return _result("proof", checkpoint, outside, trust, more)


def verify_disclosure(data, schemas, trust):
    """Checks a file that shows one field, and gives its value."""
    try:
        shown = json.loads(data.decode())
        again = (json.dumps(shown, ensure_ascii=False, indent=1) + "\n").encode()
    except (ValueError, RecursionError):
        raise Refused("it is neither a bundle nor a disclosure") from None
    need(isinstance(shown, dict) and list(shown) == DISCLOSURE and shown["duly"] == "disclosure/1" and again == data, "it is not a disclosure in its one spelling")
    lists = [shown["digests"], shown["inclusion"]]
    texts = [shown[k] for k in ("field", "leaf", "disclosure", "checkpoint", "key")]
    need(all(isinstance(t, str) for t in texts) and type(shown["entry"]) is int, "a key of the disclosure has a value of another type")
    need(all(isinstance(x, list) and all(is_hash(h) for h in x) for x in lists), "a digest of the disclosure is malformed")
    digests, path = ([bytes.fromhex(h) for h in x] for x in lists)
    _, checkpoint, outside = trust.open(shown["checkpoint"].encode(), shown["key"], schemas)
    leaf = check_place(Proof(shown["leaf"].encode(), shown["entry"], path, None), checkpoint, schemas)
    at = leaf.schema.index(shown["field"])
    need(at is not None and len(digests) == len(leaf.schema.sealed), "the entry has no such sealed field, or another number of them")
    need(field_root(digests) == leaf.fields, "the digests are not those that the leaf commits to")
    need(sha256(shown["disclosure"].encode()) == digests[at], "the disclosed value is not the one that the leaf commits to")
    value = open_disclosure(leaf.schema.sealed[at], shown["disclosure"])
    more = {"field": shown["field"], "value": spell(value).decode(), "entry": shown["entry"], "kind": leaf.kind}
    return _result("disclosure", checkpoint, outside, trust, more)
