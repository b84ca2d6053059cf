"""
Where a vault finds a disclosure by its digest, and a case by its name.

Owns the table `places`, the index `case_name`, and what keeps either from costing a page for each row: keys come in no order, so each would dirty a page of
its own, which has to be copied, summed, and written twice. What is new is therefore found by reading its table's end into memory, and settles in
the b-trees some thousands at a time, in the order of its keys. What is in memory is never taken at its word: whoever finds a row here reads the row.

Must not know what a disclosure says, nor how it is erased.
"""

from __future__ import annotations

from scoring.audit.database import asked_together
from scoring.audit.fields import is_digest
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

__all__ = ["TABLES", "Places"]

# `places` has the digests of the disclosures up to `meta.settled`, by a part that tells nearly all apart: the shorter, the more share a page. The
# disclosures themselves tell the others apart.
TABLES = (
    "CREATE TABLE places(key TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(key, number)) WITHOUT ROWID",
    "CREATE INDEX case_name ON cases(name) WHERE settled = 1 AND gone = 0",
)
_LEAST, _MOST = (
    4096,
    32_768,
)  # disclosures that are new when they settle; a page should take several, and opening read few
_PART = 16  # of what is settled, the part that may be new: with many keys it takes as many to give each page some
_KEY = 10  # digits of a digest: of ten million disclosures, one in a hundred thousand shares them with another

_FRESH = "SELECT digest, number FROM disclosures WHERE number > ? AND typeof(digest) = 'text' ORDER BY number"
_FRESH_CASES = "SELECT name, number FROM cases WHERE number > ? AND gone = 0 AND typeof(name) = 'text'"
_SETTLED = "SELECT digest, number FROM places CROSS JOIN disclosures USING (number) WHERE key IN ({})"
_SETTLED_CASES = "SELECT name, number FROM cases WHERE settled = 1 AND gone = 0 AND name IN ({})"


class Places:
    """What one connection knows of a vault's places. Whoever uses it keeps the threads apart."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Keep nothing in memory. What is asked next is read again."""
        self._version: int | None = None  # SQLite's: another connection's transaction changes it
        self._state: tuple[int, int] | None = None  # up to where all is settled, and how often something was erased
        self._last = 0  # the newest disclosure that was read
        self._digests: dict[str, int] = {}
        self._names: dict[str, int] = {}

    def look(self, database: sqlite3.Connection) -> None:
        """Read what is new since the last look. What is erased leaves the memory, too."""
        (version,) = database.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return
        state = database.execute("SELECT settled, times FROM meta").fetchone()
        if state != self._state:
            if state is None or type(state[0]) is not int:
                raise LogError("the vault does not say which of its disclosures are settled: put it back from a copy")
            self.forget()
            self._state, self._last = state, state[0]
        rows = database.execute(_FRESH, (self._last,)).fetchall()
        self._names.update(database.execute(_FRESH_CASES, (self._last,)))
        self._digests.update(rows)
        if rows:
            self._last = rows[-1][1]
        self._version = version

    def begin(self, database: sqlite3.Connection) -> int | None:
        """
        Look, within a transaction that adds something, and let what is new settle where it has become much.

        Returns:
            What `end` is given once the transaction is durable. Where it never is, the next look finds out what became of it.
        """
        self.look(database)
        version, self._version = self._version, None  # no transaction of this connection changes SQLite's
        settled = self._state[0] if self._state else 0
        if len(self._digests) < min(max(_LEAST, settled // _PART), _MOST):
            return version
        self._settle(database)
        return None

    def end(self, version: int | None, digests: dict[str, int], cases: dict[str, int]) -> None:
        """Take in what a transaction added, each with its number; nobody else added anything since it began."""
        if version is None:
            return
        self._digests.update(digests)
        self._names.update(cases)
        self._last = max(self._last, *digests.values())
        self._version = version

    def _settle(self, database: sqlite3.Connection) -> None:
        keys = sorted((digest[:_KEY], number) for digest, number in self._digests.items())
        database.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", keys)
        cases = ((number,) for _, number in sorted(self._names.items()))
        database.executemany("UPDATE cases SET settled = 1 WHERE number = ?", cases)
        database.execute("UPDATE meta SET settled = ?", (self._last,))
        self.forget()  # for the transaction may yet be rolled back

    def of(self, database: sqlite3.Connection, digest: str) -> int | None:
        """Return the number of the disclosure with this digest, if it is here."""
        return self.all_of(database, (digest,)).get(digest) if is_digest(digest) else None

    def all_of(self, database: sqlite3.Connection, digests: Collection[str]) -> dict[str, int]:
        """Return those of some digests that are here, each with its number."""
        found = {digest: self._digests[digest] for digest in digests if digest in self._digests}
        if len(found) < len(digests):
            for digest, number in asked_together(database, _SETTLED, [digest[:_KEY] for digest in digests]):
                if digest in digests:
                    found.setdefault(digest, number)
        return found

    def of_cases(self, database: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
        """Return those of some cases that are filed, each with its number."""
        wanted = {*names}
        found = {name: self._names[name] for name in wanted if name in self._names}
        return found | dict(asked_together(database, _SETTLED_CASES, wanted - found.keys()))
