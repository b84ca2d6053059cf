"""
Where a vault finds a disclosure by its digest, a case by its name, and what else is disclosed of it.

Owns the tables `places` and `owned`, the index `case_name`, and what keeps each from costing a page for each row: keys come in no order, so each would dirty
a page of its own, which has to be copied, summed, and written twice. What is new is therefore found by reading its table's end, into memory where that is
asked often, and settles in the b-trees some thousands at a time, in the order of its keys. What is in memory is never taken at its word: whoever finds a row
here reads the row.

Must not know what a disclosure says, nor how it is erased.
"""

from __future__ import annotations

from scoring.audit.database import asked_together
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable
    from typing import Any, TypeVar

    Answer = TypeVar("Answer")

__all__ = ["TABLES", "Places"]

# `places` has the digests of the disclosures up to `meta.settled`, by a part that tells nearly all apart: the shorter, the more share a page. The
# disclosures themselves tell the others apart. `owned` has whose they are, but for the cases' own.
TABLES = (
    "CREATE TABLE places(key TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(key, number)) WITHOUT ROWID",
    "CREATE TABLE owned(owner INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(owner, number)) WITHOUT ROWID",
    "CREATE INDEX case_name ON cases(name) WHERE settled = 1 AND gone = 0",
)
# Disclosures that are new when they settle, and the part that they are of those that have: a page should take several, and a first look read few.
_LEAST, _MOST, _PART = 4096, 32_768, 16
_KEY = 10  # digits of a digest: of ten million disclosures, one in a hundred thousand shares them with another

_FRESH = "SELECT digest, number FROM disclosures WHERE number > ? AND typeof(digest) = 'text' ORDER BY number"
_OWN = (
    "INSERT OR IGNORE INTO owned SELECT owner, number FROM disclosures"
    " WHERE number > (SELECT settled FROM meta) AND owner <> number ORDER BY owner"
)
_FRESH_CASES = "SELECT name, number FROM cases WHERE number > ? AND gone = 0 AND typeof(name) = 'text'"
# What is asked for alone, by what the memory or the b-trees say; and many together.
_ROW = "SELECT number, text, gone FROM disclosures WHERE number = ? AND digest = ?"
_SETTLED_ROW = (
    "SELECT number, text, gone FROM places CROSS JOIN disclosures USING (number) WHERE key = ? AND digest = ?"
)
_CASE = "SELECT number, digest FROM cases WHERE number = ? AND name = ? AND gone = 0"
_SETTLED_CASE = "SELECT number, digest FROM cases WHERE settled = 1 AND gone = 0 AND name = ?"
_SETTLED = "SELECT digest FROM places CROSS JOIN disclosures USING (number) WHERE key IN ({})"
_SETTLED_CASES = "SELECT name FROM cases WHERE settled = 1 AND gone = 0 AND name IN ({})"


class Places:
    """What one connection knows of a vault's places. Whoever uses it keeps the threads apart."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Keep nothing in memory. What is asked next is read again."""
        self._version: int | None = None  # SQLite's: another connection's transaction changes it
        self._state: tuple[int, int] | None = (
            None  # up to where disclosures are settled, and how often something was erased
        )
        self._last = 0  # the newest disclosure that was read
        self._digests: dict[str, int] = {}
        self._names: dict[str, int] = {}

    def look(self, database: sqlite3.Connection) -> bool:
        """Read what is new since the last look, and say whether there may be something. What is erased leaves the memory, too."""
        (version,) = database.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return False
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
        return True

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
        self._last = max((self._last, *digests.values()))
        self._version = version

    def _settle(self, database: sqlite3.Connection) -> None:
        keys = sorted((digest[:_KEY], number) for digest, number in self._digests.items())
        database.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", keys)
        database.execute(_OWN)
        cases = ((number,) for _, number in sorted(self._names.items()))
        database.executemany("UPDATE cases SET settled = 1 WHERE number = ?", cases)
        database.execute("UPDATE meta SET settled = ?", (self._last,))
        self.forget()  # for the transaction may yet be rolled back

    def disclosure(self, database: sqlite3.Connection, digest: str) -> tuple[int, Any, int] | None:
        """Return the number of the disclosure with this digest, its text, and whether it is gone; None where it never came."""
        return self._sought(database, lambda: self._disclosure(database, digest))

    def case(self, database: sqlite3.Connection, name: str) -> tuple[int, Any] | None:
        """Return the number of a case that is filed, and the digest under which it is."""
        return self._sought(database, lambda: self._case(database, name))

    def any_of(self, database: sqlite3.Connection, digests: Collection[str]) -> bool:
        """Whether one of some digests is here. Within a transaction that `begin` began, as `cases` is."""
        settled = asked_together(database, _SETTLED, [digest[:_KEY] for digest in digests])
        return not self._digests.keys().isdisjoint(digests) or any(digest in digests for (digest,) in settled)

    def cases(self, database: sqlite3.Connection, names: Iterable[str]) -> set[str]:
        """Return those of some cases that may be filed."""
        wanted = {*names}
        found = wanted & self._names.keys()
        return found.union(name for (name,) in asked_together(database, _SETTLED_CASES, wanted - found))

    def _sought(self, database: sqlite3.Connection, seek: Callable[[], Answer]) -> Answer | None:
        """Look only where something is not found at once: memory may be old, but the row that it leads to is read. Who began a transaction has looked."""
        found = seek()
        return found if found is not None or database.in_transaction or not self.look(database) else seek()

    def _disclosure(self, database: sqlite3.Connection, digest: str) -> Any:
        number = self._digests.get(digest)
        if number is None:
            return database.execute(_SETTLED_ROW, (digest[:_KEY], digest)).fetchone()
        return database.execute(_ROW, (number, digest)).fetchone()

    def _case(self, database: sqlite3.Connection, name: str) -> Any:
        number = self._names.get(name)
        row = None if number is None else database.execute(_CASE, (number, name)).fetchone()
        return row or database.execute(_SETTLED_CASE, (name,)).fetchone()
