"""
Where in the log a submission, a case or a rubric stands: a SQLite file derived from the log alone.

Why this is safe: nothing is true because the index says so. It is written after the log is durable, in one transaction that carries the size and the
last leaf of the log it describes; whoever opens the log compares that leaf with the file, reads in what the index lacks, and makes a new
one where the index is missing, damaged, or of another log. So it may lag (``synchronous=NORMAL`` may lose the last transactions in a crash) or vanish (the
whole cache may be deleted at any time), but never lead. `verify` does not read it at all.

Each index ever made has a name of its own. SQLite deletes ``NAME-wal`` by name when it closes, so a process that still holds a deleted index
would otherwise take away the journal of the new one.

Must not know how records are made or checked.
"""

# ruff: noqa: PTH108, PTH110, PTH118, PTH208 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3

from scoring.audit.chain import Tail
from scoring.audit.database import abandon, is_environment, open_writable
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Row = tuple[int, int, dict[str, Any]]  # seq, where its line starts, what it says

__all__ = ["DamagedIndexError", "Index"]

FORMAT = 1
_PREFIX, _SUFFIX = "index-", ".sqlite"

_TABLES = """
CREATE TABLE records(seq INTEGER PRIMARY KEY, offset INTEGER NOT NULL, id TEXT, case_digest BLOB);
CREATE TABLE rubrics(pack TEXT PRIMARY KEY, rubric TEXT NOT NULL, version TEXT NOT NULL, seq INTEGER NOT NULL, UNIQUE(rubric, version));
CREATE TABLE state(format INTEGER NOT NULL, size INTEGER NOT NULL, leaf TEXT, offset INTEGER NOT NULL);
"""
# Made after the rows of a rebuild are in: sorting once is several times as fast as millions of random insertions.
_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS record_id ON records(id) WHERE id IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_case ON records(case_digest, seq) WHERE case_digest IS NOT NULL;
"""


class DamagedIndexError(Exception):
    """The index is unusable, and has to be made again from the log."""


class Index:
    """
    One index file, or a private temporary one where *path* is empty.

    Attributes:
        path: The file.
        tail: The end of the log that the index describes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.tail = Tail()
        self._settled = False
        self._database = self._guarded(self._connect)

    def _connect(self) -> sqlite3.Connection:
        database = open_writable(self.path)
        try:
            database.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000;"
            )
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def _open(cls, path: str, begin: Callable[[Index], None]) -> Index:
        index = cls(path)
        try:
            begin(index)
        except BaseException:
            index.close()
            raise
        return index

    @classmethod
    def find(cls, directory: str) -> Index | None:
        """Open the index that lies in *directory*, or return None where there is none that can be used. The caller holds the log's lock."""
        names = _names(directory)
        if len(names) != 1:  # two: a rebuild was cut off; neither is worth a second look
            return None
        try:
            index = cls._open(os.path.join(directory, names[0]), cls.reload)
        except DamagedIndexError:
            return None
        if not index.tail.size:
            index.close()
            return None
        return index

    @classmethod
    def make(cls, directory: str) -> Index:
        """Begin an empty index in *directory*, or a private one where that is empty, and remove all others. The caller holds the log's lock."""
        path = ""
        if directory:
            for name in _names(directory):
                for ending in ("", "-wal", "-shm"):
                    _remove(os.path.join(directory, name + ending))
            path = os.path.join(directory, f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}")
        return cls._open(path, cls._lay_out)

    def _lay_out(self) -> None:
        self._guarded(lambda: self._database.executescript(_TABLES))

    def exists(self) -> bool:
        """Whether the file still bears its name; nobody else will ever find it otherwise."""
        return not self.path or os.path.exists(self.path)

    def reload(self) -> None:
        """Read what other processes made of the index meanwhile."""
        rows = self._all("SELECT size, leaf, offset FROM state WHERE format = ?", FORMAT)
        self.tail = Tail(*rows[0]) if rows else Tail()
        self._settled = bool(rows)

    def add(self, rows: Iterable[Row], tail: Tail) -> None:
        """
        Take in records; those that the index has already are passed over.

        Raises:
            LogError: An id, a pack, or a rubric and version stands in the log twice.
        """
        if tail.size <= self.tail.size:
            return
        new = [row for row in rows if row[0] >= self.tail.size]
        self._guarded(lambda: self._add(new, tail if self._settled else None))
        self.tail = tail

    def _add(self, rows: list[Row], tail: Tail | None) -> None:
        execute = self._database.execute
        execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", map(_columns, rows))
            for seq, _, record in rows:
                if record["type"] == "rubric":
                    body = record["body"]
                    execute(
                        "INSERT INTO rubrics VALUES (?, ?, ?, ?)", (body["pack"], body["rubric"], body["version"], seq)
                    )
            if tail is not None:
                self._note(tail)
            execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                execute("ROLLBACK")
            raise

    def settle(self) -> None:
        """Finish a rebuild: only now does the index count as one."""

        def finish() -> None:
            self._database.executescript(_INDEXES)
            self._note(self.tail)

        if not self._settled:
            self._guarded(finish)
            self._settled = True

    def _note(self, tail: Tail) -> None:
        self._database.execute("DELETE FROM state")
        self._database.execute("INSERT INTO state VALUES (?, ?, ?, ?)", (FORMAT, tail.size, tail.leaf, tail.offset))

    def offset_of(self, seq: int) -> int | None:
        """Return where the line of record *seq* starts in its file."""
        return self._one("SELECT offset FROM records WHERE seq = ?", seq)

    def seq_of(self, submission_id: str) -> int | None:
        """Return the decision with this id."""
        return self._one("SELECT seq FROM records WHERE id = ?", submission_id)

    def newest_of(self, case_digest: str) -> int | None:
        """Return the newest decision of a case."""
        return self._one("SELECT max(seq) FROM records WHERE case_digest = ?", bytes.fromhex(case_digest))

    def all_of(self, case_digest: str) -> list[int]:
        """Return the decisions of a case, oldest first."""
        sql = "SELECT seq FROM records WHERE case_digest = ? ORDER BY seq"
        return [seq for (seq,) in self._all(sql, bytes.fromhex(case_digest))]

    def rubric(self, pack: str) -> int | None:
        """Return the record that cites this pack."""
        return self._one("SELECT seq FROM rubrics WHERE pack = ?", pack)

    def version(self, rubric: str, version: str) -> tuple[int, str] | None:
        """Return the record that cites this rubric and version, and its pack."""
        rows = self._all("SELECT seq, pack FROM rubrics WHERE rubric = ? AND version = ?", rubric, version)
        return rows[0] if rows else None

    def _one(self, sql: str, *parameters: object) -> int | None:
        rows = self._all(sql, *parameters)
        return rows[0][0] if rows else None

    def _all(self, sql: str, *parameters: object) -> list[Any]:
        return self._guarded(lambda: self._database.execute(sql, parameters).fetchall())  # type: ignore[no-any-return]

    def _guarded(self, work: Any) -> Any:
        """Tell apart what the machine did, what the log's content did, and a damaged file."""
        try:
            return work()
        except sqlite3.IntegrityError as error:
            # Which of them SQLite names by table and column only.
            message = f"the log holds something twice that it may hold once ({error}): run verify, which says where"
            raise LogError(message) from None
        except sqlite3.Error as error:
            if is_environment(error):
                message = f"{self.path or 'a temporary index'} cannot be used ({error}); the log itself is not affected"
                raise StoreError(message) from error
            raise DamagedIndexError(str(error)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def abandon(self) -> None:
        """Forget the connection without closing it: it belongs to the process that this one was forked from."""
        abandon(self._database)


def _columns(row: Row) -> tuple[int, int, str | None, bytes | None]:
    seq, offset, record = row
    if record["type"] != "decision":
        return seq, offset, None, None
    body = record["body"]
    return seq, offset, body["id"], bytes.fromhex(body["disclosures"]["case"])


def _names(directory: str) -> list[str]:
    return [name for name in _listed(directory) if name.startswith(_PREFIX) and name.endswith(_SUFFIX)]


def _listed(directory: str) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(directory))
    except FileNotFoundError:
        return


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
