"""The bound on which a control is called effective, against figures of auditors' tables and
what can be worked out by hand."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from bound import is_bound  # noqa: E402


class Bounds(unittest.TestCase):
    """Protects the figure to its last unit."""

    def test_known(self):
        for most, population, drawn, seen in ((50, 1000, 59, 0), (50, 1000, 93, 1), (499, 50_000, 299, 0), (57, 60, 1, 0), (2, 2, 1, 0), (3, 12, 12, 3), (60, 60, 59, 59)):
            for other in range(max(0, most - 3), most + 4):
                self.assertEqual(is_bound(other, population, drawn, seen), other == most, (other, population, drawn, seen))

    def test_nothing_follows(self):
        for population, drawn, seen in ((10, 0, 0), (10, 11, 0), (10, 5, 6), (10, 5, -1), (0, 0, 0)):
            self.assertFalse(any(is_bound(most, population, drawn, seen) for most in range(-1, 13)))


if __name__ == "__main__":
    unittest.main()
