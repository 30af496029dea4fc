"""Checks many files in one process: a line of JSON in, a line of JSON out.

In: {"file":PATH,"schemas":DIR,"key":VKEY or "","checkpoint":PATH or "","people":[HASH,...] or null,
"witnesses":[VKEY,...],"assessor":VKEY or "","policy":PATH or "","handovers":[PATH,...]}.
Out: {"status":0,"result":{...}}, or {"status":1 or 2,"why":TEXT}, by the exit status. The schemas are taken as they are,
without schemas.sum and without the list of what must be public: tests have kinds of their own.
"""

import argparse
import glob
import importlib.util
import json
import os
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, HERE)

from encoding import Refused, Unusable  # noqa: E402
from schema import Schema  # noqa: E402

spec = importlib.util.spec_from_file_location("command", os.path.join(HERE, "__main__.py"))
command = importlib.util.module_from_spec(spec)
spec.loader.exec_module(command)

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
    """The result of one check, as the command would give it."""
    names = {"key": order["key"], "checkpoint": order["checkpoint"], "assessor": order["assessor"], "policy": order["policy"]}
    trust = command.read_trust(argparse.Namespace(**names, people=None, witness=order["witnesses"] or [], handover=order["handovers"] or []))
    trust.people = None if order["people"] is None else set(order["people"])
    return command.check_file(order["file"], schemas_of(order["schemas"]), trust)


def main():
    """Answers each line of standard input."""
    for line in sys.stdin:
        try:
            answer = {"status": 0, "result": check(json.loads(line))}
        except (Refused, Unusable) as problem:
            answer = {"status": 1 if isinstance(problem, Refused) else 2, "why": str(problem)}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
