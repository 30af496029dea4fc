"""Checks a bundle, a disclosure or a proof of Duly, offline, with nothing but Python's library.

It was written from docs/bundle.md and docs/rating.md and shares no code with duly-verify,
so that an error in one of the two shows.

Exit status: 0 everything holds, 1 something does not hold, 2 usage, 3 could not run.
"""

import argparse
import json
import os
import sqlite3
import sys

from checkpoint import witness_key
from encoding import Refused, Unusable, is_hash
from policy import Policy
from proof import HEADER, MAX_PROOF, verify_disclosure, verify_proof
from schema import read_schemas
from trust import Trust
from verify import Bundle

RELEASED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas")


def arguments():
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="verify-bundle", description="Check a bundle, a disclosure or a proof of Duly, offline.", allow_abbrev=False)
    parser.add_argument("--key", metavar="VKEY", help="the log's verifier key, as you got it from outside")
    parser.add_argument("--checkpoint", metavar="FILE", help="a signed checkpoint that you kept, or got from elsewhere")
    parser.add_argument("--people", metavar="FILE", help="keys of people who sign, as you got them from the people: one SHA-256 a line")
    parser.add_argument("--witness", metavar="VKEY", action="append", default=[], help="the verifier key of an outsider who cosigns; once for each")
    parser.add_argument("--assessor", metavar="VKEY", help="the verifier key of the assessor, who cosigns checkpoints")
    parser.add_argument("--policy", metavar="FILE", help="which witnesses must have cosigned: a file of log, witness, group and quorum lines")
    parser.add_argument("--handover", metavar="FILE", action="append", default=[], help="a file that leads from your key to the next; once for each, in their order")
    parser.add_argument("--schemas", metavar="DIR", default=RELEASED, help="the schemas of a release that you trust")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("file", metavar="FILE")
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


def read(path, what):
    """The content of a file that the command line names."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise Unusable(f"cannot read {what}: {problem}") from None


def read_text(path, what):
    """Likewise, as text."""
    try:
        return read(path, what).decode()
    except UnicodeDecodeError:
        raise Unusable(f"cannot read {what}: it is not UTF-8") from None


def read_trust(options):
    """What the command line names from outside."""
    trust = Trust(options.key or None)
    for text in [*options.witness, options.assessor]:
        if text:
            try:
                key = witness_key(text)
            except Refused as problem:
                raise Unusable(f"{text!r} is not the verifier key of a witness: {problem}") from None
            trust.know(key)
            if text == options.assessor:
                trust.assessor = key.name
    if options.policy:
        trust.take(Policy(read_text(options.policy, "the policy")))
    if options.checkpoint:
        trust.checkpoint = read(options.checkpoint, "the checkpoint")
    if options.people:
        trust.people = read_people(read_text(options.people, "the people's keys"))
    trust.handovers = [read(path, "the handover") for path in options.handover]
    return trust


def check_file(path, schemas, trust):
    """Checks a file of any sort and gives the result."""
    try:
        file = open(path, "rb")
        size = os.fstat(file.fileno()).st_size
    except OSError as problem:
        raise Unusable(f"cannot read {path}: {problem.strerror}") from None
    with file:
        if file.read(1) not in (b"{", b"c"):
            return Bundle(file, size, schemas, trust).check()
        if size > MAX_PROOF:
            raise Refused("the disclosure is too large")
        file.seek(0)
        data = file.read()
    return (verify_proof if data.startswith(HEADER) else verify_disclosure)(data, schemas, trust)


def tell(result):
    """Prints a result for people."""
    print(f"{result['what']} of the log {result['origin']}: everything holds")
    if result["what"] == "disclosure":
        print(f"  entry       {result['entry']}, a {result['kind']}")
        print(f"  field       {result['field']} is {result['value']}")
    elif result["what"] == "proof":
        print(f"  entry {result['field']} is in it: {result['value']}")
    else:
        tell_counts(result)
    print(f"  checkpoint  {result['size']} entries, root {result['root']}")
    tell_worth(result)


def tell_counts(result):
    """Prints what was seen in a bundle."""
    counts = result["counts"]
    ratings, voices, conditions, assessed = counts["ratings"], counts["voices"], counts["conditions"], counts["assessed"]
    if result["what"] == "range":
        print(f"  range       entries {result['from']} to {result['size'] - 1} of the log; {counts['carried']} from before it are carried, each proven")
        if result["complete"] < 0:
            print("              not shown: that no person, role, vote, opinion or assessment from before the range was left out")
        else:
            print(f"              people, roles, votes, opinions and assessments are complete up to entry {result['complete']}, by a balance in the log")
        if result["opening"] >= 0:
            print(f"              populations are counted on from the balance at entry {result['opening']}, and taken from it; who checked the part before has checked it")
        if assessed["unchecked"]:
            print(f"              not checked: {assessed['unchecked']} populations and samples of assessments rest on entries that are not here,"
                  " and no balance opens the range before them")
        if "opening_key" in result:
            print("              its beginning was signed by an earlier key of the log, from which rotations lead to the one that it shows")
        print(f"              not checked: {counts['continued']} records began before; what was said of them earlier is not all here")
    print(f"  entries     {counts['entries']} ({counts['disclosed']} disclosed fields, {counts['withheld']} withheld, {counts['erased']} erased)")
    print(f"  signatures  {counts['signatures']} of people, all fit")
    print(f"  ratings     {ratings['exact']} computed again, {ratings['consistent']} possible with inputs withheld, {ratings['not_replayed']} not replayed")
    for why, number in result["not_replayed"].items():
        print(f"              {number} not replayed: {why}")
    if voices["approvals"]:
        print(f"  voices      {voices['approvals']} approvals rest on experts and panels: all is shown for {voices['shown']}, withheld for {voices['withheld']}")
    if conditions["precedent"]:
        print(f"  conditions  {conditions['precedent']} must be met before something runs; somebody has signed for {conditions['met']} that they are")
    if assessed["populations"]:
        tell_samples(assessed)
    if result.get("unredacted"):
        print("  redactions  not applied: this bundle is complete for its classes, and not for the public")
    elif result.get("redacted"):
        print(f"  redactions  withhold {', '.join(result['redacted'])}, by entries of the log that say why")
    for e in result["epochs"]:
        lost = f": {e['lost']} entries that were shown before are lost" if e["lost"] else ""
        print(f"  epoch {e['number']:<4}  from entry {e['entry']} on, after a {e['reason']}{lost}")


def tell_samples(assessed):
    """Prints what was repeated of assessments, and on whom the samples rest."""
    samples, witnessed, outside = assessed["samples"], assessed["witnessed"], assessed["outside"]
    print(f"  assessments {assessed['populations']} populations counted again, {samples} samples drawn again")
    if witnessed:
        print(f"              {outside} of them seeded by outside witnesses whom you named, {witnessed - outside} by others whom the terms name")
    if samples > witnessed:
        print(f"              the seeds of {samples - witnessed} rest on no outsider: the company and the assessor together could have chosen them")
    if assessed["planned"]:
        print(f"              {assessed['planned']} samples are planned and not drawn")


def tell_worth(result):
    """Prints how far a result can be trusted, and for which days not."""
    fixed = result["fixed"]
    for f in fixed:
        print(f"  cosigned    entries 0 to {f['entries'] - 1} on {f['since'][:10]} by {', '.join(f['by'])}")
    if result["unknown"]:
        print(f"  unknown     {result['unknown']} signatures under the checkpoint are of nobody whom you named; they count for nothing")
    print("assurance:", {
        "witnesses": f"cosigned by {result['witnesses']} of the witnesses whom you named",
        "assessor": "cosigned by the assessor, and by no other witness whom you named",
        "log key": "signed by the key that you gave; no outside witness whom you named has cosigned",
        "none": "none: a log made again with a fresh key would pass;\n              give --key and --checkpoint from outside",
    }[result["assurance"]])
    if not fixed:
        print("           for no day is it shown that the log was not made again later")
        return
    print(f"           what the log says of days before {min(f['since'] for f in fixed)[:10]} rests on whoever wrote it")
    if fixed[-1]["entries"] < result["size"]:
        print(f"           entries from {fixed[-1]['entries']} on are held by no outsider whom you named")


def main():
    """Runs the command line and gives the exit status."""
    options = arguments().parse_args()
    try:
        trust = read_trust(options)
        result = check_file(options.file, read_schemas(options.schemas), trust)
    except Refused as problem:
        print(f"verify-bundle: {problem}", file=sys.stderr)
        return 1
    except Unusable as problem:
        print(f"verify-bundle: {problem}", file=sys.stderr)
        return 2
    except (OSError, MemoryError, sqlite3.Error) as problem:
        print(f"verify-bundle: could not run: {problem}", file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        tell(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
