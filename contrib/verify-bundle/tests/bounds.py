"""Holds bounds to the exact one: lines "population drawn seen most" in, where most is -1
for what has no bound; those lines out that are wrong."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from bound import is_bound  # noqa: E402


def holds(population, drawn, seen, most):
    """Whether most is the bound, or where it is -1, whether nothing is."""
    if most >= 0:
        return is_bound(most, population, drawn, seen)
    return not any(is_bound(some, population, drawn, seen) for some in range(population + 2))


def main():
    """Reads standard input to its end."""
    for line in sys.stdin:
        if not holds(*map(int, line.split())):
            print(line, end="")


if __name__ == "__main__":
    main()
