"""Checks a bundle or a disclosure of Duly, offline, with nothing but Python's library.

It was written from docs/bundle.md and docs/rating.md and shares no code with duly-verify,
so that an error in one of the two shows.

Exit status: 0 everything holds, 1 something does not hold, 2 usage, 3 could not run.
"""

import argparse
import json
import os
import sys

from encoding import Refused, Unusable, is_hash
from schema import read_schemas
from verify import MAX_DISCLOSURE, Bundle, Trust, verify_disclosure

RELEASED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas")


def arguments():
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="verify-bundle", description="Check a bundle or a disclosure of Duly, offline.")
    parser.add_argument("--key", metavar="VKEY", help="the log's verifier key, as you got it from outside")
    parser.add_argument("--checkpoint", metavar="FILE", help="a signed checkpoint that you kept, or got from elsewhere")
    parser.add_argument("--people", metavar="FILE", help="keys of people who sign, as you got them from the people: one SHA-256 a line")
    parser.add_argument("--schemas", metavar="DIR", default=RELEASED, help="the schemas of a release that you trust")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("file", metavar="BUNDLE")
    return parser


def read_people(text):
    """Keys of people: one hash a line, and after it a space and a name that is not looked at."""
    people = set()
    for line in text.split("\n"):
        key = line.strip().split(" ")[0]
        if key and not key.startswith("#"):
            if not is_hash(key):
                raise Unusable(f"{key!r} is not the SHA-256 of a public key")
            people.add(key)
    return people


def read_trust(options):
    """What the command line names from outside."""
    trust = Trust(options.key)
    try:
        if options.checkpoint:
            with open(options.checkpoint, "rb") as file:
                trust.checkpoint = file.read()
        if options.people:
            with open(options.people, encoding="utf-8") as file:
                trust.people = read_people(file.read())
    except (OSError, UnicodeDecodeError) as problem:
        raise Unusable(f"cannot read what you gave: {problem}") from None
    return trust


def check(options):
    """Checks the file that the command line names and gives the result."""
    schemas, trust = read_schemas(options.schemas), read_trust(options)
    try:
        file = open(options.file, "rb")
        size = os.fstat(file.fileno()).st_size
    except OSError as problem:
        raise Unusable(f"cannot read {options.file}: {problem.strerror}") from None
    with file:
        if file.read(1) == b"{":
            if size > MAX_DISCLOSURE:
                raise Refused("the disclosure is too large")
            file.seek(0)
            return verify_disclosure(file.read(), schemas, trust)
        return Bundle(file, size, schemas, trust).check()


def tell(result):
    """Prints a result for people."""
    print(f"{result['what']} of the log {result['origin']}: everything holds")
    if result["what"] == "disclosure":
        print(f"  entry       {result['entry']}, a {result['kind']}")
        print(f"  field       {result['field']} is {json.dumps(result['value'], ensure_ascii=False)}")
    else:
        counts = result["counts"]
        ratings, voices, conditions = counts["ratings"], counts["voices"], counts["conditions"]
        print(f"  entries     {counts['entries']} ({counts['disclosed']} disclosed fields, {counts['withheld']} withheld, {counts['erased']} erased)")
        print(f"  signatures  {counts['signatures']} of people, all fit")
        print(f"  ratings     {ratings['exact']} computed again, {ratings['consistent']} possible with inputs withheld, {ratings['not_replayed']} not replayed")
        for why, number in result["not_replayed"].items():
            print(f"              {number} not replayed: {why}")
        if voices["approvals"]:
            print(f"  voices      {voices['approvals']} approvals rest on experts and panels: all is shown for {voices['shown']}, withheld for {voices['withheld']}")
        if conditions["precedent"]:
            print(f"  conditions  {conditions['precedent']} must be met before something runs; somebody has signed for {conditions['met']} that they are")
        if counts["assessed"]["populations"]:
            print(f"  assessments {counts['assessed']['populations']} populations counted again, {counts['assessed']['samples']} samples drawn again")
        for e in result["epochs"]:
            lost = f": {e['lost']} entries that were shown before are lost" if e["lost"] else ""
            print(f"  epoch {e['number']:<4}  from entry {e['entry']} on, after a {e['reason']}{lost}")
    print(f"  checkpoint  {result['size']} entries, root {result['root']}")
    if result["assurance"] == "none":
        print("assurance: none: a log made again with a fresh key would pass;\n              give --key and --checkpoint from outside")
    else:
        print("assurance: signed by the key that you gave; no outside witness has cosigned")


def main():
    """Runs the command line and gives the exit status."""
    options = arguments().parse_args()
    try:
        result = check(options)
    except Refused as problem:
        print(f"verify-bundle: {problem}", file=sys.stderr)
        return 1
    except Unusable as problem:
        print(f"verify-bundle: {problem}", file=sys.stderr)
        return 2
    except (OSError, MemoryError) as problem:
        print(f"verify-bundle: could not run: {problem}", file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        tell(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
