"""What must be kept of every entry: the newest revision of each record, and where ratings
stand. It is in a temporary table on the disk, so that memory does not grow with the log."""

import sqlite3
from collections import namedtuple

# What is kept of a record's newest revision.
Revision = namedtuple("Revision", "kind rev hash")


class Kept:
    """Tables that vanish with the process."""

    def __init__(self):
        self.db = sqlite3.connect("", isolation_level=None)  # a file of its own, which is gone when it is closed
        for order in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-8000", "BEGIN"):
            self.db.execute(order)
        self.db.execute("CREATE TABLE newest (id TEXT PRIMARY KEY, kind TEXT, rev INTEGER, hash BLOB) WITHOUT ROWID")
        self.db.execute("CREATE TABLE ratings (hash BLOB PRIMARY KEY, position INTEGER) WITHOUT ROWID")

    def close(self):
        """Lets go of the tables."""
        self.db.close()

    def newest(self, record):
        """The newest revision of a record, or None."""
        row = self.db.execute("SELECT kind, rev, hash FROM newest WHERE id = ?", (record,)).fetchone()
        return Revision(*row) if row else None

    def revised(self, record, revision):
        """Keeps the newest revision of a record."""
        self.db.execute("INSERT OR REPLACE INTO newest VALUES (?, ?, ?, ?)", (record, *revision))

    def rated(self, digest, position):
        """Keeps where the rating with a leaf hash stands."""
        self.db.execute("INSERT OR REPLACE INTO ratings VALUES (?, ?)", (digest, position))

    def rating(self, digest):
        """Where the rating with a leaf hash stands, or None."""
        row = self.db.execute("SELECT position FROM ratings WHERE hash = ?", (digest,)).fetchone()
        return row[0] if row else None
