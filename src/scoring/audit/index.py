"""
Where in the log a submission, a case or a rubric stands: a SQLite file derived from the log alone.

Why this is safe: nothing is true because the index says so. It is written after the log is durable, in one transaction that carries the size and the
last leaf of the log it describes; whoever opens the log compares that leaf with the file, reads in what the index lacks, and makes a new
one where the index is missing, damaged, or of another log. So it may lag (``synchronous=NORMAL`` may lose the last transactions in a crash) or vanish (the
whole cache may be deleted at any time), but never lead: a log that ends before its index was cut, and is not opened.

What the index has can be looked up in the log; what it lacks cannot. So it carries a hash chain over its rows, which is checked whenever it is opened, up to
`MAX_CHECKED` rows, and a file that something or somebody edited is made again. The chain has no key, and a longer index is not read through: ``cache/``
lies inside the trust boundary of the writer, like the memory of its process. Whoever edits it with care can make the writer record an id or a pack twice or
link a decision wrongly, never change what is recorded. `verify` does not read the index at all, and shows what it led to.

Each index ever made has a name of its own. SQLite deletes ``NAME-wal`` by name when it closes, so a process that still holds a deleted index
would otherwise take away the journal of the new one.

Must not know how records are made or checked.
"""

# ruff: noqa: PTH108, PTH110, PTH112, PTH118, PTH208 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3
from hashlib import sha256

from scoring.audit.chain import Tail
from scoring.audit.database import Database, asked_together, is_environment, is_file, layout_differs, open_writable
from scoring.audit.fields import is_digest
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from scoring.audit.chain import Row

__all__ = ["MAX_CHECKED", "DamagedIndexError", "Index"]

FORMAT = 4
MAX_CHECKED = 2_000  # rows, some 4 ms: a log is opened in as little time however long it is
_PREFIX, _SUFFIX = "index-", ".sqlite"

_TABLES = """
CREATE TABLE records(seq INTEGER PRIMARY KEY, offset INTEGER NOT NULL, id TEXT, case_digest BLOB, kind TEXT);
CREATE TABLE rubrics(pack TEXT PRIMARY KEY, rubric TEXT NOT NULL, version TEXT NOT NULL, seq INTEGER NOT NULL, UNIQUE(rubric, version));
CREATE TABLE state(format INTEGER NOT NULL, size INTEGER NOT NULL, leaf TEXT, offset INTEGER NOT NULL, records BLOB NOT NULL, rubrics BLOB NOT NULL);
"""
# Made after the rows of a rebuild are in: sorting once is several times as fast as millions of random insertions.
_INDEXES = """
CREATE UNIQUE INDEX record_id ON records(id) WHERE id IS NOT NULL;
CREATE INDEX record_case ON records(case_digest, seq) WHERE kind = 'decision';
CREATE INDEX record_word ON records(case_digest, seq) WHERE kind <> 'decision';
CREATE INDEX record_erasure ON records(seq) WHERE kind = 'erasure';
CREATE INDEX record_key ON records(seq) WHERE kind = 'key';
"""


_IN_ORDER = ("SELECT * FROM records ORDER BY seq", "SELECT * FROM rubrics ORDER BY seq")
_NO_ROWS = (bytes(32), bytes(32))
_IDS = "SELECT id FROM records WHERE id IN ({})"
_DECIDED = "SELECT case_digest FROM records WHERE kind = 'decision' AND case_digest IN ({})"
_SPOKEN_OF = "SELECT case_digest FROM records WHERE kind <> 'decision' AND case_digest IN ({})"


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
        self._sums: tuple[Any, ...] = _NO_ROWS  # of the rows of each table
        self._settled = False
        self._begun = False
        self._database = Database(path, self._connect)
        self._guarded(lambda _: None)

    def _connect(self) -> sqlite3.Connection:
        if self._begun and not self.exists():  # SQLite would make an empty one
            raise DamagedIndexError("it is gone")
        database = open_writable(self.path)
        try:
            database.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000;"
            )
        except BaseException:
            database.close()
            raise
        self._begun = True
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
        paths = [os.path.join(directory, name) for name in _names(directory)]
        if len(paths) != 1 or not is_file(paths[0]):  # two: a rebuild was cut off; neither is worth a second look
            return None
        try:
            return cls._open(paths[0], cls._check)
        except DamagedIndexError:
            return None

    def _check(self) -> None:
        """Refuse a file that is not what this class left."""

        def differs(database: sqlite3.Connection) -> bool:
            if layout_differs(database, _TABLES + _INDEXES):
                return True
            self.reload()
            size = self.tail.size
            if not size or self._seqs("SELECT seq FROM records ORDER BY seq DESC LIMIT ?", 1) != [size - 1]:
                return True
            return size <= MAX_CHECKED and self._sums != tuple(
                _sum(bytes(32), database.execute(sql)) for sql in _IN_ORDER
            )

        if self._guarded(differs):
            raise DamagedIndexError("it was edited")

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
        self._guarded(lambda database: database.executescript(_TABLES))

    def exists(self) -> bool:
        """Whether the file still bears its name; nobody else will ever find it otherwise."""
        return not self.path or os.path.exists(self.path)

    def reload(self) -> None:
        """Read what other processes made of the index meanwhile."""
        rows = self._all("SELECT size, leaf, offset, records, rubrics FROM state WHERE format = ? LIMIT 2", FORMAT)
        if not rows:
            self.tail, self._sums, self._settled = Tail(), _NO_ROWS, False
            return
        size, leaf, offset, *sums = rows[0]
        if len(rows) > 1 or not (_is_number(size) and is_digest(leaf) and _is_number(offset)):
            raise DamagedIndexError("its state is none")
        self.tail, self._sums, self._settled = Tail(size, leaf, offset), tuple(sums), True

    def add(self, rows: Iterable[Row], tail: Tail) -> None:
        """
        Take in records; those that the index has already are passed over.

        Raises:
            LogError: An id, a pack, or a rubric and version stands in the log twice.
        """
        if tail.size <= self.tail.size:
            return
        new = [row for row in rows if row[0] >= self.tail.size]
        records = [_columns(*row) for row in new]
        rubrics = [_rubric_columns(seq, body) for seq, _, kind, body in new if kind == "rubric"]
        sums = _sum(self._sums[0], records), _sum(self._sums[1], rubrics)

        def work(database: sqlite3.Connection) -> None:
            with database:  # which commits or rolls back, whatever a signal handler raises
                database.execute("BEGIN IMMEDIATE")
                database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", records)
                database.executemany("INSERT INTO rubrics VALUES (?, ?, ?, ?)", rubrics)
                if self._settled:
                    _note(database, tail, sums)

        self._guarded(work)
        self.tail, self._sums = tail, sums

    def settle(self) -> None:
        """Finish a rebuild: only now does the index count as one."""

        def finish(database: sqlite3.Connection) -> None:
            database.executescript(_INDEXES)
            _note(database, self.tail, self._sums)

        if not self._settled:
            self._guarded(finish)
            self._settled = True

    def offset_of(self, seq: int) -> int | None:
        """Return where the line of record *seq* starts in its file."""
        return self._one("SELECT offset FROM records WHERE seq = ?", seq)

    def with_id(self, submission_id: str) -> list[int]:
        """Return the record with this id, if there is one."""
        return self._seqs("SELECT seq FROM records WHERE id = ?", submission_id)

    def known_ids(self, ids: Iterable[str]) -> set[str]:
        """Return those of *ids* that records have."""
        return {name for (name,) in self._among(_IDS, ids)}

    def known_cases(self, case_digests: Iterable[str]) -> set[str]:
        """Return those of some case digests that have any record."""
        digests = [*map(bytes.fromhex, case_digests)]
        rows = self._among(_DECIDED, digests) + (self._among(_SPOKEN_OF, digests) if self.has_words() else [])
        return {digest.hex() for (digest,) in rows}

    def newest_of(self, case_digest: str) -> list[int]:
        """Return the newest decision of a case, if it has one."""
        sql = "SELECT seq FROM records WHERE case_digest = ? AND kind = 'decision' ORDER BY seq DESC LIMIT 1"
        return self._seqs(sql, bytes.fromhex(case_digest))

    def all_of(self, case_digest: str) -> list[int]:
        """Return the decisions of a case, oldest first."""
        sql = "SELECT seq FROM records WHERE case_digest = ? AND kind = 'decision' ORDER BY seq"
        return self._seqs(sql, bytes.fromhex(case_digest))

    def words_of(self, case_digest: str) -> list[int]:
        """Return the opening, the resolutions and the erasure of a case, oldest first."""
        sql = "SELECT seq FROM records WHERE case_digest = ? AND kind <> 'decision' ORDER BY seq"
        return self._seqs(sql, bytes.fromhex(case_digest))

    def has_words(self) -> bool:
        """Whether the log has any opening, resolution or erasure."""
        return bool(self._all("SELECT 1 FROM records WHERE kind <> 'decision' AND case_digest IS NOT NULL LIMIT 1"))

    def has_cases(self) -> bool:
        """Whether the log has any record of a case: only a vault can tell which."""
        return self.has_words() or bool(self._all("SELECT 1 FROM records WHERE kind = 'decision' LIMIT 1"))

    def erasures_from(self, seq: int) -> list[int]:
        """Return the erasures from record *seq* on."""
        return self._seqs("SELECT seq FROM records WHERE kind = 'erasure' AND seq >= ? ORDER BY seq", seq)

    def keys(self) -> list[int]:
        """Return the records of the log's keys, oldest first."""
        return [_number(seq) for (seq,) in self._all("SELECT seq FROM records WHERE kind = 'key' ORDER BY seq")]

    def rubric(self, pack: str) -> int | None:
        """Return the record that cites this pack."""
        return self._one("SELECT seq FROM rubrics WHERE pack = ?", pack)

    def version(self, rubric: str, version: str) -> tuple[int, str] | None:
        """Return the record that cites this rubric and version, and its pack."""
        rows = self._all("SELECT seq, pack FROM rubrics WHERE rubric = ? AND version = ?", rubric, version)
        return (_number(rows[0][0]), str(rows[0][1])) if rows else None

    def _seqs(self, sql: str, parameter: object) -> list[int]:
        return [_number(seq) for (seq,) in self._all(sql, parameter)]

    def _one(self, sql: str, *parameters: object) -> int | None:
        rows = self._all(sql, *parameters)
        return _number(rows[0][0]) if rows else None

    def _among(self, sql: str, values: Iterable[object]) -> list[Any]:
        return self._guarded(lambda database: asked_together(database, sql, values))  # type: ignore[no-any-return]

    def _all(self, sql: str, *parameters: object) -> list[Any]:
        return self._guarded(lambda database: database.execute(sql, parameters).fetchall())  # type: ignore[no-any-return]

    def _guarded(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Tell apart what the machine did, what the log's content did, and a damaged file."""
        try:
            return self._database.run(work)
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


def _note(database: sqlite3.Connection, tail: Tail, sums: tuple[Any, ...]) -> None:
    """Say what the index describes."""
    database.execute("DELETE FROM state")
    state = (FORMAT, tail.size, tail.leaf, tail.offset, *sums)
    database.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?)", state)


def _columns(
    seq: int, offset: int, kind: str, body: dict[str, Any]
) -> tuple[int, int, str | None, bytes | None, str | None]:
    if kind == "erasure":
        return seq, offset, None, bytes.fromhex(body["case"]), kind
    if "disclosures" not in body:
        return seq, offset, None, None, kind if kind == "key" else None
    return seq, offset, body["id"], bytes.fromhex(body["disclosures"]["case"]), kind


def _rubric_columns(seq: int, body: dict[str, Any]) -> tuple[str, str, str, int]:
    return body["pack"], body["rubric"], body["version"], seq


def _sum(last: bytes, rows: Iterable[tuple[Any, ...]]) -> bytes:
    """Chain rows to those before them; `repr` tells 1 from "1", and where one column ends."""
    for row in rows:
        last = sha256(last + repr(row).encode()).digest()
    return last


def _number(value: Any) -> int:
    if not _is_number(value):
        raise DamagedIndexError("a number in it is none")
    return value  # type: ignore[no-any-return]


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= 0


def _names(directory: str) -> list[str]:
    """What could be an index; a directory is none, and is not ours to remove."""
    names = [name for name in _listed(directory) if name.startswith(_PREFIX) and name.endswith(_SUFFIX)]
    return [name for name in names if not os.path.isdir(os.path.join(directory, name))]


def _listed(directory: str) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(directory))
    except FileNotFoundError:
        return


def _remove(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)
