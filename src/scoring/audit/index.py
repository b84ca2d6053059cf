"""
Where in the log a submission, a case or a rubric stands: a SQLite file derived from the log alone.

Why this is safe: nothing is true because the index says so. It is written after the log is durable, in one transaction that carries the size and the
last leaf of the log it describes; whoever opens the log compares that leaf with the file, reads in what the index lacks, and makes a new
one where the index is missing, damaged, or of another log. So it may lag (``synchronous=NORMAL`` may lose the last transactions in a crash) or vanish (the
whole cache may be deleted at any time), but never lead: a log that ends before its index was cut, and is not opened.

What the index has can be looked up in the log; what it lacks cannot. So it carries a hash chain over its rows, which is checked whenever it is opened, up to
`MAX_CHECKED` rows, and a file that something or somebody edited is made again. The chain has no key, and a longer index is not read through, so its chain is
not gone on with: ``cache/`` lies inside the trust boundary of the writer, like the memory of its process. Whoever edits it with care can make the writer record
an id or a pack twice or link a decision wrongly, never change what is recorded. `verify` does not read the index at all, and shows what it led to.

Rows are written in the order of the log, into pages that lie side by side. To keep them sorted by id and by case as well would change another page, of a long
log, with each row: so `ids` and `cases` take in `RECENT` rows at once, and of those that are newer each handle knows the ids and cases by heart, read from the
rows when it is first asked. A log of fewer records has nothing in them.

Each index ever made has a name of its own. SQLite deletes ``NAME-wal`` by name when it closes, so a process that still holds a deleted index
would otherwise take away the journal of the new one.

Must not know how records are made or checked.
"""

# ruff: noqa: PTH108, PTH110, PTH112, PTH118, PTH208 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3
from hashlib import sha256
from itertools import chain
from operator import itemgetter

from scoring.audit.chain import Tail
from scoring.audit.database import Database, asked_together, is_environment, is_file, layout_differs, open_writable
from scoring.audit.fields import is_digest
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from scoring.audit.chain import Row

    _Record: TypeAlias = tuple[int, int, str | None, bytes | None, str | None, bytes | None]

__all__ = ["MAX_CHECKED", "DamagedIndexError", "Index", "UnusableIndexError"]

FORMAT = 5
MAX_CHECKED = 2_000  # rows, some 4 ms: a log is opened in as little time however long it is
RECENT = 16_384  # rows that are not sorted yet, more than `MAX_CHECKED`: some 6 MB of memory, read in some 12 ms
_PREFIX, _SUFFIX = "index-", ".sqlite"

# `case_digest` is the first ten bytes of one, which no two cases share; a decision has no `kind`; `sum` stands where a run of rows ends that was added at once.
_TABLES = """
CREATE TABLE records(seq INTEGER PRIMARY KEY, offset INTEGER NOT NULL, id TEXT, case_digest BLOB, kind TEXT, sum BLOB);
CREATE TABLE ids(id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE cases(case_digest BLOB, word INTEGER, seq INTEGER, PRIMARY KEY(case_digest, word, seq)) WITHOUT ROWID;
CREATE TABLE rubrics(pack TEXT PRIMARY KEY, rubric TEXT NOT NULL, version TEXT NOT NULL, seq INTEGER NOT NULL, UNIQUE(rubric, version));
CREATE TABLE state(
  format INTEGER NOT NULL, genesis TEXT NOT NULL, size INTEGER NOT NULL, leaf TEXT, offset INTEGER NOT NULL, sorted INTEGER NOT NULL,
  records BLOB NOT NULL, rubrics BLOB NOT NULL
);
CREATE INDEX record_kind ON records(kind, seq) WHERE kind IS NOT NULL;
"""
_SORT = (
    "INSERT INTO ids SELECT id, seq FROM records WHERE seq >= ? AND seq < ? AND id IS NOT NULL ORDER BY id",
    "INSERT INTO cases SELECT case_digest, kind IS NOT NULL, seq FROM records WHERE seq >= ? AND seq < ? AND case_digest IS NOT NULL ORDER BY 1, 2, 3",
)
# `add` has looked whether an id is new: what stands there all the same nobody put there who may.
_SORT_MORE = tuple(sql.replace("INSERT INTO", "REPLACE INTO") for sql in _SORT)
_TOGETHER = 64  # rows that one statement inserts, with fewer parameters than any SQLite takes
_INSERT = "INSERT INTO records(seq, offset, id, case_digest) VALUES (?, ?, ?, ?)"
_INSERT_MANY = _INSERT + ", (?, ?, ?, ?)" * (_TOGETHER - 1)
_INSERT_ODD = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)"
_RECENT_ROWS = "SELECT * FROM records WHERE seq >= ? AND seq < ? ORDER BY seq"

_NO_ROWS = (bytes(32), bytes(32))
_KIND = itemgetter(4)
_SILENT = frozenset({None, "key"})  # kinds of rows that are no words
_DIGITS = 20  # of a case digest
_TWICE = "UNIQUE constraint failed: ids.id"
_IDS = "SELECT id FROM ids WHERE id IN ({})"
_KNOWN = "SELECT DISTINCT case_digest FROM cases WHERE case_digest IN ({})"


_MADE_AGAIN = (
    ": make room, or give the permission to use it; if neither helps, delete it, for it is made again from the log"
)


class UnusableIndexError(StoreError):
    """The machine does not let the index be used or made; its cause is what the system or SQLite said."""


class DamagedIndexError(Exception):
    """The index is unusable, and has to be made again from the log."""


class Index:
    """
    One index file, or a private temporary one where *path* is empty.

    Attributes:
        path: The file.
        tail: The end of the log that the index describes.
        genesis: The leaf of that log's record 0; empty where it had none yet when the index was made.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.genesis = ""
        self.tail = Tail()
        self._sums: tuple[Any, ...] = _NO_ROWS  # of the rows of each table, as long as they are checked
        self._recent = _Recent(0)
        self._absent: set[str] = set()  # ids that were asked for last, and are none of this log up to its tail
        self._spoken: bool | None = None  # whether the log has any word, where this is known
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
            if layout_differs(database, _TABLES):
                return True
            self.reload()
            size = self.tail.size
            if not size or self._seqs("SELECT seq FROM records ORDER BY seq DESC LIMIT ?", 1) != [size - 1]:
                return True
            return size <= MAX_CHECKED and (self._recent.first > 0 or self._sums != _sums_of(database))

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
        rows = self._all(
            "SELECT genesis, size, leaf, offset, sorted, records, rubrics FROM state WHERE format = ? LIMIT 2", FORMAT
        )
        if not rows:
            self.tail, self._sums, self._recent, self._settled = Tail(), _NO_ROWS, _Recent(0), False
            self._absent, self._spoken = set(), None
            return
        genesis, size, leaf, offset, first, *sums = rows[0]
        fits = _is_number(size) and is_digest(leaf) and _is_number(offset) and _is_number(first) and first <= size
        if len(rows) > 1 or not (fits and (genesis == "" or is_digest(genesis))):
            raise DamagedIndexError("its state is none")
        self.genesis = genesis
        tail = Tail(size, leaf, offset)
        if tail != self.tail:
            self.tail, self._absent, self._spoken = tail, set(), self._spoken or None
        if first != self._recent.first or size < self._recent.size:
            self._recent = _Recent(first)
        self._sums, self._settled = tuple(sums), True

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
        sums = self._sums
        if tail.size <= MAX_CHECKED:
            sums = _sum(sums[0], records), _sum_of_each(sums[1], rubrics)

        def work(database: sqlite3.Connection) -> None:
            if self._settled:
                self._must_be_new([record[2] for record in records if record[2] is not None])
            with database:  # which commits or rolls back, whatever a signal handler raises
                database.execute("BEGIN IMMEDIATE")
                _insert(database, [record[:4] for record in records if record[4] is None])
                database.executemany(_INSERT_ODD, [record for record in records if record[4] is not None])
                database.executemany("INSERT INTO rubrics VALUES (?, ?, ?, ?)", rubrics)
                if tail.size <= MAX_CHECKED:
                    database.execute("UPDATE records SET sum = ? WHERE seq = ?", (sums[0], tail.size - 1))
                if self._settled:
                    state = (tail.size, tail.leaf, tail.offset, *sums)
                    database.execute("UPDATE state SET size = ?, leaf = ?, offset = ?, records = ?, rubrics = ?", state)

        self._guarded(work)
        self.tail, self._sums, self._absent = tail, sums, set()
        if self._settled:
            self._recent.take(records, tail.size)
            if {*map(_KIND, records)} - _SILENT:
                self._spoken = True
            if tail.size - self._recent.first >= RECENT:
                self._sort()

    def _must_be_new(self, ids: list[str]) -> None:
        if len({*ids}) < len(ids) or self.known_ids(ids):
            raise sqlite3.IntegrityError(_TWICE)

    def settle(self, genesis: str = "") -> None:
        """Finish a rebuild: only now does the index count as one, of the log whose record 0 has the leaf *genesis*."""
        if self._settled:
            if genesis != self.genesis:
                self._all("UPDATE state SET genesis = ?", genesis)
                self.genesis = genesis
            return
        size, leaf, offset = self.tail.size, self.tail.leaf, self.tail.offset
        first = size if size >= RECENT else 0
        self._recent = _Recent(first)
        self._recently()  # where nothing is sorted this meets an id that stands twice

        def finish(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                _sort(database, _SORT, 0, first)
                state = (FORMAT, genesis, size, leaf, offset, first, *self._sums)
                database.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)", state)

        self._guarded(finish)
        self.genesis = genesis
        self._settled = True

    def _sort(self) -> None:
        """Put the recent rows where the others are."""
        first, size = self._recent.first, self.tail.size

        def work(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                _sort(database, _SORT_MORE, first, size)
                database.execute("UPDATE state SET sorted = ?", (size,))

        self._guarded(work)
        self._recent = _Recent(size)

    def _recently(self) -> _Recent:
        """What is not sorted yet, up to the end of what the index describes."""
        recent = self._recent
        if recent.size < self.tail.size:

            def load(database: sqlite3.Connection) -> None:
                try:
                    recent.take(database.execute(_RECENT_ROWS, (recent.size, self.tail.size)), self.tail.size)
                except sqlite3.IntegrityError:
                    if not self._settled:
                        raise
                    # The log is not at fault: `add` and `settle` take no id twice.
                    raise DamagedIndexError("an id stands in it twice") from None

            self._guarded(load)
        return recent

    def offset_of(self, seq: int) -> int | None:
        """Return where the line of record *seq* starts in its file."""
        return self._one("SELECT offset FROM records WHERE seq = ?", seq)

    def with_id(self, submission_id: str) -> list[int]:
        """Return the record with this id, if there is one."""
        recent = self._recently()
        if submission_id in recent.ids:
            return [recent.ids[submission_id]]
        return self._sorted("SELECT seq FROM ids WHERE id = ?", submission_id)

    def known_ids(self, ids: Iterable[str]) -> set[str]:
        """Return those of *ids* that records have."""
        asked, recent = {*ids}, self._recently()
        known = {name for name in asked if name in recent.ids}
        if recent.first and not asked <= self._absent:
            known.update(name for (name,) in self._among(_IDS, asked - known))
            self._absent = asked - known
        return known

    def known_cases(self, case_digests: Iterable[str]) -> set[str]:
        """Return those of some case digests that have any record."""
        asked, recent = {_cut(digest): digest for digest in case_digests}, self._recently()
        known = {case for case in asked if case in recent.decided or case in recent.words}
        if recent.first:
            known.update(case for (case,) in self._among(_KNOWN, asked.keys() - known))
        return {asked[case] for case in known}

    def newest_of(self, case_digest: str) -> list[int]:
        """Return the newest decision of a case, if it has one."""
        case = _cut(case_digest)
        newest = self._recently().decided.get(case)
        sql = "SELECT seq FROM cases WHERE case_digest = ? AND word = 0 ORDER BY seq DESC LIMIT 1"
        return newest[-1:] if newest else self._sorted(sql, case)

    def all_of(self, case_digest: str) -> list[int]:
        """Return the decisions of a case, oldest first."""
        case = _cut(case_digest)
        sql = "SELECT seq FROM cases WHERE case_digest = ? AND word = 0"
        return sorted({*self._sorted(sql, case), *self._recently().decided.get(case, ())})

    def words_of(self, case_digest: str) -> list[int]:
        """Return the opening, the resolutions and the erasure of a case, oldest first."""
        case = _cut(case_digest)
        sql = "SELECT seq FROM cases WHERE case_digest = ? AND word = 1"
        return sorted({*self._sorted(sql, case), *self._recently().words.get(case, ())})

    def has_words(self) -> bool:
        """Whether the log has any opening, resolution or erasure."""
        if self._spoken is None:
            self._spoken = bool(self._all("SELECT 1 FROM records WHERE kind <> 'key' LIMIT 1"))
        return self._spoken

    def has_cases(self) -> bool:
        """Whether the log has any record of a case: only a vault can tell which."""
        return bool(self._all("SELECT 1 FROM records WHERE case_digest IS NOT NULL LIMIT 1"))

    def erasures_from(self, seq: int) -> list[int]:
        """Return the erasures from record *seq* on."""
        return self._seqs("SELECT seq FROM records WHERE kind = 'erasure' AND seq >= ? ORDER BY seq", seq)

    def keys(self) -> list[int]:
        """Return the records of the log's keys, oldest first."""
        return self._seqs("SELECT seq FROM records WHERE kind = ? ORDER BY seq", "key")

    def rubric(self, pack: str) -> int | None:
        """Return the record that cites this pack."""
        return self._one("SELECT seq FROM rubrics WHERE pack = ?", pack)

    def version(self, rubric: str, version: str) -> tuple[int, str] | None:
        """Return the record that cites this rubric and version, and its pack."""
        rows = self._all("SELECT seq, pack FROM rubrics WHERE rubric = ? AND version = ?", rubric, version)
        return (_number(rows[0][0]), str(rows[0][1])) if rows else None

    def _seqs(self, sql: str, parameter: object) -> list[int]:
        return [_number(seq) for (seq,) in self._all(sql, parameter)]

    def _sorted(self, sql: str, parameter: object) -> list[int]:
        """Ask the sorted tables, if there is anything in them."""
        return self._seqs(sql, parameter) if self._recently().first else []

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
                message = f"{self.path or 'a temporary index'} cannot be used ({error}); the log itself is not affected{_MADE_AGAIN * bool(self.path)}"
                raise UnusableIndexError(message) from error
            raise DamagedIndexError(str(error)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class _Recent:
    """
    The ids and cases of the rows that are not sorted yet.

    Attributes:
        first: The rows below it are sorted. size: Those below it are taken in.
        ids: The record of each id. decided: The decisions of each case. words: What else is recorded of each.
    """

    __slots__ = ("decided", "first", "ids", "size", "words")

    def __init__(self, first: int) -> None:
        self.first = self.size = first
        self.ids: dict[str, int] = {}
        self.decided: dict[bytes, list[int]] = {}
        self.words: dict[bytes, list[int]] = {}

    def take(self, rows: Iterable[_Record], size: int) -> None:
        """Take in the rows up to *size*; taken in once more they change nothing."""
        for seq, _, name, case, kind, _ in rows:
            if name is not None and self.ids.setdefault(name, seq) != seq:
                raise sqlite3.IntegrityError(_TWICE)
            if case is not None:
                (self.words if kind else self.decided).setdefault(case, []).append(seq)
        self.size = size


def _sort(database: sqlite3.Connection, statements: Iterable[str], first: int, stop: int) -> None:
    """Put the rows from *first* to *stop* into the sorted tables, each page of which is then changed once."""
    for sql in statements:
        database.execute(sql, (first, stop))


def _insert(database: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Insert rows without a kind, many by one statement: each one that is run costs as much as the row."""
    whole = len(rows) - len(rows) % _TOGETHER
    for start in range(0, whole, _TOGETHER):
        database.execute(_INSERT_MANY, [*chain.from_iterable(rows[start : start + _TOGETHER])])
    database.executemany(_INSERT, rows[whole:])


def _columns(seq: int, offset: int, kind: str, body: dict[str, Any]) -> _Record:
    if kind == "decision":
        return seq, offset, body["id"], bytes.fromhex(body["disclosures"]["case"][:_DIGITS]), None, None
    if kind == "erasure":
        return seq, offset, None, _cut(body["case"]), kind, None
    if "disclosures" not in body:
        return seq, offset, None, None, kind if kind == "key" else None, None
    return seq, offset, body["id"], _cut(body["disclosures"]["case"]), kind, None


def _cut(case_digest: str) -> bytes:
    return bytes.fromhex(case_digest[:_DIGITS])


def _rubric_columns(seq: int, body: dict[str, Any]) -> tuple[str, str, str, int]:
    return body["pack"], body["rubric"], body["version"], seq


def _sum(last: bytes, run: list[tuple[Any, ...]]) -> bytes:
    """Chain rows to those before them; `repr` tells 1 from "1", and where one column or row ends."""
    return sha256(last + repr(run).encode()).digest()


def _sum_of_each(last: bytes, rows: Iterable[tuple[Any, ...]]) -> bytes:
    for row in rows:
        last = _sum(last, [row])
    return last


def _sums_of(database: sqlite3.Connection) -> tuple[bytes, bytes] | None:
    """The sums over the rows that are there, in the runs in which they were added; None where one is not what its run ends with."""
    last, run = bytes(32), []
    for *row, end in database.execute("SELECT * FROM records ORDER BY seq"):
        run.append((*row, None))
        if end is not None:
            last, run = _sum(last, run), []
            if last != end:
                return None
    return None if run else (last, _sum_of_each(bytes(32), database.execute("SELECT * FROM rubrics ORDER BY seq")))


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
