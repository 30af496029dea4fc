"""Checks many bundles in one process: a line of JSON in, a line of JSON out.

In: {"file":PATH,"schemas":DIR,"key":VKEY or "","checkpoint":PATH or "","people":[HASH,...] or null}.
Out: {"holds":true,"counts":{...}} or {"holds":false,"why":TEXT}. The schemas are taken as
they are, without schemas.sum and without the list of what must be public: tests have kinds
of their own.
"""

import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from encoding import Refused  # noqa: E402
from schema import Schema  # noqa: E402
from verify import Bundle, Trust, verify_disclosure  # noqa: E402

SCHEMAS = {}


def schemas_of(directory):
    """The schemas of a directory, read once."""
    if directory not in SCHEMAS:
        SCHEMAS[directory] = {}
        for path in glob.glob(os.path.join(directory, "*.json")):
            with open(path, "rb") as file:
                schema = Schema(file.read().removesuffix(b"\n"))
            SCHEMAS[directory][schema.hash] = schema
    return SCHEMAS[directory]


def check(order):
    """The result of one check."""
    trust = Trust(order["key"] or None, None, None if order["people"] is None else set(order["people"]))
    if order["checkpoint"]:
        with open(order["checkpoint"], "rb") as file:
            trust.checkpoint = file.read()
    with open(order["file"], "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(1) == b"{":
            file.seek(0)
            return verify_disclosure(file.read(), schemas_of(order["schemas"]), trust)
        return Bundle(file, size, schemas_of(order["schemas"]), trust).check()


def main():
    """Answers each line of standard input."""
    for line in sys.stdin:
        try:
            result = check(json.loads(line))
            answer = {"holds": True, "counts": result.get("counts")}
        except Refused as problem:
            answer = {"holds": False, "why": str(problem)}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
