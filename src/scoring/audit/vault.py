"""
Where disclosures lie, apart from the log, so that they can be erased.

Owns `audit/FORMAT.md`, section 8, as far as it concerns the SQLite file that keeps disclosures, until when a case is kept, and what holds it. Whoever erases
a disclosure erases what it said, and the log stays whole. Must not know of records or their order.

How a case is erased: its rows are overwritten with as many zeros, in place, and never deleted. SQLite's `secure_delete` clears what a row leaves behind,
not the copies that moving rows between pages left elsewhere in the file; a table whose rows are only ever added at its end, and never change their length,
moves none. The one index that holds names is made anew, on cleared pages, and the journal is cut to nothing.
"""

# ruff: noqa: PTH100, PTH110, PTH116, PTH120 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from itertools import groupby

from scoring.audit import disk
from scoring.audit.database import (
    Database,
    InheritedError,
    is_environment,
    is_file,
    is_full,
    layout_differs,
    open_read_only,
    open_writable,
)
from scoring.audit.disclosure import answers_in, digests_of, disclose, parts_of, undisclose
from scoring.audit.fields import is_digest, is_id
from scoring.audit.mounts import refusal
from scoring.audit.pairing import Known
from scoring.audit.places import TABLES, Places
from scoring.errors import ConflictError, LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias, TypeVar

    from scoring.audit.disclosure import Disclosed
    from scoring.audit.pairing import Seen

    Answer = TypeVar("Answer")
    Filing: TypeAlias = tuple[str, *tuple[Disclosed, ...]]  # a case, and what is disclosed of it

__all__ = ["ForeignVaultError", "LaterVaultError", "Vault", "must_be_free", "open_vault", "unreadable"]

FORMAT = 3
# Bytes, for rows of a kilobyte and more fill half of it badly; and so many pages in the journal go to their places, which takes two syncs: rarely, and what
# an opening after a crash has to read, or an erasure to cut, is some 16 MiB.
_PAGE, _JOURNAL = 8192, 2000
_READS = 1000  # a writer that opens and closes the log all the time leaves a reader time between
_PATIENCE, _PAUSE = 5.0, 0.05  # seconds, with a file that others are making, and between two looks at it
# A case has the number of its disclosure, which tells its salt. `meta.erased`: the erasures of all records below this one are done here; `times`: how often
# anything was erased; `settled`: the disclosures up to this number, and the cases among them, stand in `places`, `owned` and `case_name`.
# What grows or shrinks lies apart, in `kept`, and names nobody. `pairing` is what the module of this name compares.
_TABLES = (
    "CREATE TABLE meta(format INTEGER NOT NULL, genesis TEXT NOT NULL, erased INTEGER NOT NULL, times INTEGER NOT NULL, settled INTEGER NOT NULL)",
    "CREATE TABLE pairing(name TEXT NOT NULL, writes INTEGER NOT NULL, size INTEGER NOT NULL, leaf TEXT NOT NULL)",
    "CREATE TABLE cases(number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, gone INTEGER NOT NULL, settled INTEGER NOT NULL)",
    "CREATE TABLE disclosures(number INTEGER PRIMARY KEY, digest TEXT NOT NULL, owner INTEGER NOT NULL, gone INTEGER NOT NULL, text TEXT NOT NULL)",
    "CREATE TABLE kept(owner INTEGER PRIMARY KEY, until TEXT, hold TEXT)",
    *TABLES,
)
_ADD_CASE = "INSERT INTO cases(number, name, digest, gone, settled) VALUES (?, ?, ?, 0, 0)"
_ADD = "INSERT INTO disclosures(number, digest, text, owner, gone) VALUES (?, ?, ?, ?, 0)"
_TEXT = "SELECT text FROM disclosures WHERE number = ? AND digest = ? AND gone = 0"
# As many zeros as there were bytes: another length would move the row, and leave a copy of it or of its neighbours behind.
_CLEAR_ONE = "UPDATE disclosures SET text = CAST(zeroblob(length(CAST(text AS BLOB))) AS TEXT), gone = 1 WHERE number = ? AND gone = 0"
_CLEAR = (
    _CLEAR_ONE,
    _CLEAR_ONE.replace("number = ?", "number IN (SELECT number FROM owned WHERE owner = ?)"),
    _CLEAR_ONE.replace("number = ?", "number > (SELECT settled FROM meta) AND owner = ?"),
    "UPDATE cases SET name = CAST(zeroblob(length(CAST(name AS BLOB))) AS TEXT), gone = 1 WHERE number = ? AND gone = 0",
    "DELETE FROM kept WHERE owner = ?",
)
_ADDED = "SELECT coalesce(max(number), 0) FROM disclosures"
_LAST = "SELECT coalesce(max(number), 0), (SELECT name FROM pairing), (SELECT writes + 1 FROM pairing) FROM disclosures"
_KNOWN = "SELECT name, writes, size, leaf FROM pairing"
# A handle that knows less of the log than another one did takes nothing back.
_REACHED = "UPDATE pairing SET size = ?, leaf = ? WHERE size < ?"
_WRITTEN = "UPDATE pairing SET writes = writes + 1"
_GO_ON = "UPDATE pairing SET writes = max(writes, ?) + 1, size = ?, leaf = ?"
_BESIDES_CASES = (
    "SELECT (SELECT count(*) FROM disclosures WHERE gone = 0) - (SELECT count(*) FROM cases WHERE gone = 0)"
)
# What is not cited by itself: a disclosure, and the answers within one, which lie by themselves and stand in no record.
_UNCITED = "SELECT number, digest, owner FROM disclosures WHERE gone = 0 AND digest NOT IN temp.cited ORDER BY owner"
_LATE = (
    "INSERT OR IGNORE INTO temp.late SELECT owner, number FROM disclosures WHERE number > (SELECT settled FROM meta)"
)
_CITED_OF = (
    "SELECT text FROM disclosures WHERE gone = 0 AND digest IN temp.cited AND number IN"
    " (SELECT number FROM owned WHERE owner = ? UNION ALL SELECT number FROM temp.late WHERE owner = ?)"
)
_CITED_CASE = "SELECT 1 FROM cases WHERE number = ? AND (digest IN temp.cited OR number IN (SELECT owner FROM kept))"


_OR_MOVED = (
    "put this log's vault in its place, from a copy if need be; only if there is none, move this file away, with those of its name and -wal and -shm, and "
    "open the log with new_vault=True to begin one"
)


class ForeignVaultError(LogError):
    """It is the vault of another log."""


class LaterVaultError(LogError):
    """It has a format of another version: only that version can tell what it holds."""


class Vault:
    """
    The disclosures of one log. Threads may share it, and both sides of a fork.

    Args:
        path: The file.
        genesis: The leaf of the log's record 0: a vault belongs to one log.
        read_only: Open it without writing anything, not even a journal.
        seen: Where the log keeps how often it was written, if it does.

    Raises:
        LogError: It is no vault, or another log's.
        StoreError: It cannot be opened.
    """

    def __init__(self, path: str, genesis: str, *, read_only: bool = False, seen: Seen | None = None) -> None:
        self.path = path
        self._seen = seen
        self._genesis = genesis
        self._read_only = read_only
        self._database = Database(path, self._connect)
        self._places = Places()
        self._file: tuple[int, int] | None = None
        self._as_read: tuple[int, int] | None = None  # the state of a file that is read without locks
        self._run(lambda _: None)

    @classmethod
    def create(cls, path: str, genesis: str, seen: Seen | None = None) -> Vault:
        """Open the vault at *path*, and make it first where it is missing."""
        try:
            if os.path.exists(path) and not is_file(path):
                raise LogError(f"{path} is no vault: it is not a regular file")
            # Readable by its owner alone; SQLite gives its journals the same permission.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            _make(path, genesis)
            disk.sync_directory(os.path.dirname(os.path.abspath(path)))
        except OSError as error:
            raise StoreError(f"the vault {path} cannot be made: {error.strerror}") from error
        except sqlite3.Error as error:
            if is_environment(error):
                raise StoreError(f"the vault {path} cannot be made: {error}") from error
            raise LogError(f"{path} is no vault ({error}): {_OR_MOVED}") from None
        return cls(path, genesis, seen=seen)

    def store(
        self, filings: Sequence[Filing], entropy: Callable[[int], bytes], log: tuple[int, str] = (0, "")
    ) -> list[str]:
        """
        Keep submissions, durably, in one transaction.

        Args:
            filings: Cases, each with what `disclose` made of its submission and the parts of it.
            entropy: Gives so many random bytes, for the salts of new cases.
            log: How many records the log has that are durable, and the leaf of the last one.

        Returns:
            For each the digest of its case; one case has one digest, until it is erased.
        """

        def work(database: sqlite3.Connection) -> list[str]:
            with database:  # which commits or rolls back, whatever a signal handler raises
                database.execute("BEGIN IMMEDIATE")
                version = self._places.begin(database)
                known = self._places.cases(database, [case for case, *_ in filings])
                filed = {case: found for case in known if (found := self._filed(database, case)) is not None}
                last, *written = database.execute(_LAST).fetchone()
                fresh = {case: None for case, *_ in filings if case not in filed}
                numbers = {case: number for number, case in enumerate(fresh, last + 1)}
                cases, rows = [], []
                for case, number in numbers.items():
                    digest, text = disclose(entropy, "case", case)
                    filed[case] = digest, number
                    cases.append((number, case, digest))
                    rows.append((number, digest, text, number))
                owned = ((filed[case][1], one) for case, *disclosed in filings for one in disclosed)
                rows += [(number, *one, owner) for number, (owner, one) in enumerate(owned, last + len(cases) + 1)]
                digests = {digest: number for number, digest, _, _ in rows}
                if len(digests) < len(rows) or self._places.any_of(database, digests):
                    raise StoreError("the source of entropy gave a salt that it gave before; nothing was recorded")
                database.executemany(_ADD_CASE, cases)
                database.executemany(_ADD, rows)
                database.execute(_REACHED, (*log, log[0]))
                database.execute(_WRITTEN)
            self._tell(written)
            self._places.end(version, digests, numbers)
            return [filed[case][0] for case, *_ in filings]

        return self._run(work)

    @property
    def known(self) -> Known:
        """
        What it says of itself and of its log.

        Raises:
            LogError: It says nothing that could be understood.
        """
        rows = self._run(lambda database: database.execute(_KNOWN + " LIMIT 2").fetchall())
        if len(rows) != 1 or [*map(type, rows[0])] != [str, int, int, str] or min(rows[0][1:3]) < 0:
            raise LogError(f"the vault {self.path} does not say how often it was written: put it back from a copy")
        return Known(*rows[0])

    def reached(self, log: tuple[int, str]) -> None:
        """Remember up to where the log is recorded by now. Nobody waits for it to be durable: of a crash it may say less."""

        def work(database: sqlite3.Connection) -> None:
            database.execute("PRAGMA synchronous=NORMAL")
            try:
                database.execute(_REACHED, (*log, log[0]))
            finally:
                database.execute("PRAGMA synchronous=FULL")

        self._run(work)

    def go_on(self, log: tuple[int, str]) -> None:
        """
        Take this vault and its log for the newest that there are, whatever either says of the other.

        Raises:
            StoreError: It cannot be written, here or in the log directory.
        """

        def work(database: sqlite3.Connection) -> None:
            seen = self._seen.newest() if self._seen else None
            least = seen[1] if seen is not None else 0
            with database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(_GO_ON, (least, *log))
                database.execute("UPDATE meta SET erased = min(erased, ?)", log[:1])
                written = database.execute(_KNOWN).fetchone()[:2]
            if self._seen is not None:
                self._seen.take(*written)

        try:
            self._run(work)
        except OSError as error:
            raise StoreError(f"the log directory cannot be written: {error.strerror}") from error

    def _tell(self, written: Iterable[Any]) -> None:
        """Have the log keep how often this was written. Where that fails it knows less, and nothing else is wrong."""
        if self._seen is None:
            return
        with suppress(OSError):
            self._seen.take(*written)

    def case_digest(self, case: str) -> str | None:
        """
        Return the digest of a case, or None where it never came up.

        Raises:
            LogError: What the digest stands for is not this case.
        """
        filed = self._run(lambda database: self._filed(database, case))
        return None if filed is None else filed[0]

    def must_file(self, digest: str) -> None:
        """
        Check that what the case digest of a record stands for is filed under this digest: else its next decision would not be linked to it.

        Raises:
            LogError: It is not. What was erased cannot be told, and passes.
        """
        case = self.value(digest, "case")
        if case is None:
            return
        filed = self._run(lambda database: self._places.case(database, case))
        found = None if filed is None else filed[1]
        if found != digest:
            message = "the vault no longer files this record's case under the digest that stands for it"
            raise LogError(message, expected=digest, found=found if is_digest(found) else "no digest")

    def value(self, digest: str, name: str) -> Any:
        """
        Read what a digest stands for; answers that lie each by themselves are put in their place.

        Returns:
            The value, or None where the vault does not have it, or not all of it.

        Raises:
            LogError: The disclosure was changed, or is not called *name*.
        """
        text = self.text(digest)
        if text is None:
            return None
        value = undisclose(text, digest, name)
        parts = digests_of(value.get("answers")) if name == "submission" and type(value) is dict else None
        if parts is None:
            return value
        answers = {}
        for part in parts:
            answer = self.answer(part)
            if answer is None:
                return None
            answers[answer[0]] = answer[1]
        return {**value, "answers": answers}

    def text(self, digest: str) -> str | None:
        """Return the text of a disclosure as it lies here, or None where it does not, or was erased."""
        row = self._run(lambda database: self._places.disclosure(database, digest))
        return None if row is None or row[2] else row[1]

    def answer(self, digest: str) -> tuple[str, Any] | None:
        """
        Return an item and its answer, which lie by themselves, or None where the vault does not have them.

        Raises:
            LogError: The disclosure was changed.
        """
        text = self.text(digest)
        parts = None if text is None else parts_of(text)
        if text is None:
            return None
        name = parts[1] if parts is not None and is_id(parts[1]) else "answer"
        return name, undisclose(text, digest, name)

    def parts(self, digest: str) -> list[str]:
        """Return the digests of the answers of a submission that lie by themselves; none where they lie in it."""
        text = self.text(digest)
        value = None if text is None else undisclose(text, digest, "submission")
        return (digests_of(value.get("answers")) or []) if type(value) is dict else []

    # --- keeping and forgetting ---

    @property
    def erased_to(self) -> int:
        """The erasures of all records below this one are done here."""
        return int(self._run(lambda database: database.execute("SELECT erased FROM meta").fetchone()[0]))

    @property
    def times(self) -> int:
        """How often anything was erased here: where this is the same, whatever was stored in between is still there."""
        return int(self._run(lambda database: database.execute("SELECT times FROM meta").fetchone()[0]))

    def forget(self, cases: Iterable[str], erased_to: int) -> None:
        """
        Erase everything that is disclosed of some cases, so that it is in no file of this vault any more.

        Args:
            cases: Their digests; one that is unknown here, or gone, is passed over.
            erased_to: What `erased_to` is from then on. It is written last: whatever stops this is done again when the log is opened.

        Raises:
            StoreError: It could not be done to its end, for the machine failed or another process reads the vault all the time.
        """
        digests = [*cases]

        def clear(database: sqlite3.Connection) -> None:
            owners = [number for digest in digests if (number := self._owner(database, digest)) is not None]
            self._clear(database, owners, ())
            database.execute("UPDATE meta SET erased = max(erased, ?)", (erased_to,))

        self._run(clear)

    def sweep(self, cited: Iterable[str]) -> int:
        """
        Erase what no record cites: left over where a process stopped, or a record was refused, between the vault and the log.

        A case that is kept or held stays.

        Args:
            cited: The digests of all disclosures that the log's records name. The caller holds the log's lock until this returns: nobody's record comes
                meanwhile, and who disclosed something and waits to record it sees that something was erased, and does it again.

        Returns:
            How many disclosures there were.

        Raises:
            StoreError: As `forget`.
        """

        def work(database: sqlite3.Connection) -> int:
            owners, numbers = _orphans(database, cited)
            if numbers:
                self._clear(database, owners, numbers)
            return len(numbers)

        return self._run(work)

    def added(self) -> int:
        """Say up to which number disclosures were added."""
        return int(self._run(lambda database: database.execute(_ADDED).fetchone()[0]))

    def besides_cases(self) -> int:
        """Count what is disclosed and not erased, the names of cases apart."""
        return int(self._run(lambda database: database.execute(_BESIDES_CASES).fetchone()[0]))

    def uncited(self, cited: Callable[[], Iterable[str]], up_to: int) -> int:
        """
        Count what no record cites, as `sweep` would erase it.

        Args:
            cited: Gives the digests of all disclosures that the log's records name, once more if the vault changed meanwhile.
            up_to: What was added behind this number is passed over: its record may be on its way.
        """

        def work(database: sqlite3.Connection) -> int:
            return sum(number <= up_to for number in _orphans(database, cited())[1])

        return self._run(work)

    def _clear(self, database: sqlite3.Connection, owners: Iterable[int], numbers: Iterable[int]) -> None:
        """Overwrite all of some cases, and some disclosures by themselves, so that no file of the vault has them."""
        try:
            with database:
                database.execute("BEGIN IMMEDIATE")
                for sql in _CLEAR:
                    database.executemany(sql, ((owner,) for owner in owners))
                database.executemany(_CLEAR_ONE, ((number,) for number in numbers))
                database.execute("UPDATE meta SET times = times + 1")
            database.execute("REINDEX case_name")
            if database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise StoreError(
                    f"the journal of the vault {self.path} cannot be cut, for another process reads it: what was erased may still stand there; try again"
                )
        finally:
            self._places.forget()

    def keeping(self, digest: str) -> tuple[str | None, str | None]:
        """Return until which day a case is kept, and the reason for which it is held: each None where there is none."""

        def work(database: sqlite3.Connection) -> Any:
            sql = "SELECT until, hold FROM kept WHERE owner = ?"
            return database.execute(sql, (self._owner(database, digest),)).fetchone()

        row = self._run(work)
        return (None, None) if row is None else (row[0], row[1])

    def retain(self, case: str, until: str | None) -> None:
        """Keep a case until a day, YYYY-MM-DD; None for no day."""
        self._keep(case, "until", until)

    def hold(self, case: str, reason: str | None) -> None:
        """Hold a case for a reason; None lets go of it."""
        self._keep(case, "hold", reason)

    def _keep(self, case: str, column: str, value: str | None) -> None:
        def work(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                self._places.look(database)
                filed = self._filed(database, case)
                if filed is None:
                    raise ConflictError("the vault has no such case: it never came up, or was erased")
                _, owner = filed
                database.execute("INSERT OR IGNORE INTO kept(owner) VALUES (?)", (owner,))
                database.execute(f"UPDATE kept SET {column} = ? WHERE owner = ?", (value, owner))  # noqa: S608 - one of two names
                database.execute(_WRITTEN)
                written = database.execute(_KNOWN).fetchone()[:2]
            self._tell(written)

        self._run(work)

    def due(self, on: str) -> list[str]:
        """Return the cases that were to be kept until a day up to *on*, and are not held."""
        sql = "SELECT name FROM kept JOIN cases ON number = owner WHERE gone = 0 AND until <= ? AND hold IS NULL ORDER BY name"
        return [name for (name,) in self._run(lambda database: database.execute(sql, (on,)).fetchall())]

    def _filed(self, database: sqlite3.Connection, case: str) -> tuple[str, int] | None:
        """The digest under which a case is filed, and its number; two rows that were swapped would join what two people did."""
        found = self._places.case(database, case)
        if found is None:
            return None
        number, digest = found
        if not is_digest(digest):
            raise LogError("the vault files a case under what is no digest")
        text = _first(database, _TEXT, number, digest)
        if text is None or undisclose(text, digest, "case") != case:
            raise LogError(f"the vault files a case under the digest {digest}, which does not stand for it: run verify")
        return digest, number

    def _owner(self, database: sqlite3.Connection, digest: str) -> Any:
        """The number of the case with this digest; where its disclosure is lost, all cases are asked."""
        found = self._places.disclosure(database, digest)
        if found is None:
            return _first(database, "SELECT number FROM cases WHERE digest = ?", digest)
        return _first(database, "SELECT number FROM cases WHERE number = ?", found[0])

    def _run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        def here(database: sqlite3.Connection) -> Answer:
            if self._stands() != self._file:
                message = f"the vault {self.path} was moved or deleted while open; nothing was recorded; reopen the log"
                raise StoreError(message)
            return work(database)

        with self._database.mutex:
            if self._database.busy:
                raise StoreError("this thread is busy with the vault: no entropy or signal handler may use it within")
            try:
                return self._read(here) if self._read_only else self._database.run(here)
            except sqlite3.Error as error:
                if is_full(error):
                    message = f"the disk of the vault {self.path} is full, so nothing was written to it now: make room, and do the same again"
                    raise StoreError(message) from error
                if isinstance(error, InheritedError) or is_environment(error):
                    raise StoreError(f"the vault {self.path} cannot be used: {error}") from error
                raise LogError(f"the vault {self.path} is damaged, or is no vault ({error}): {_OR_MOVED}") from None

    def _read(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Read once more what was written to while it was read without locks: neither an answer nor an error counts then."""
        for _ in range(_READS):
            if self._as_read is not None and self._state() != self._as_read:
                self.close()
            try:
                answer = self._database.run(work)
            except (sqlite3.Error, LogError):
                if self._as_read is None or self._state() == self._as_read:
                    raise
            else:
                if self._as_read is None or self._state() == self._as_read:
                    return answer
        raise StoreError(f"the vault {self.path} changed all the while that it was read: try again")

    def _state(self) -> tuple[int, int] | None:
        """What changes whenever somebody writes to a file without a journal; None where it has one, and locks keep readers safe."""
        if os.path.exists(self.path + "-wal"):
            return None
        try:
            found = os.stat(self.path)
        except OSError:
            return -1, -1  # as no file is: connecting again tells why
        return found.st_size, found.st_mtime_ns

    def _stands(self) -> tuple[int, int] | None:
        """Which file bears the vault's name now."""
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connect(self) -> sqlite3.Connection:
        if not os.path.exists(self.path):  # SQLite would make an empty one
            raise StoreError(f"the vault {self.path} is missing, or cannot be reached")
        if not is_file(self.path):
            raise LogError(f"{self.path} is no vault: it is not a regular file")
        if self._read_only:
            self._as_read = self._state()
            database = open_read_only(self.path, immutable=self._as_read is not None)
        else:
            database = open_writable(self.path)
        try:
            if not self._read_only:
                database.executescript(
                    f"PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint={_JOURNAL};"
                )
            self._identify(database)
        except BaseException:
            database.close()
            raise
        self._places.forget()
        self._file = self._stands()
        return database

    def _identify(self, database: sqlite3.Connection) -> None:
        known = database.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
        ).fetchone()[0]
        rows = database.execute("SELECT format, genesis FROM meta LIMIT 2").fetchall() if known else []
        if len(rows) == 1 and type(rows[0][0]) is int and rows[0][0] != FORMAT:
            message = f"the vault {self.path} has another format: it needs another version of this package"
            raise LaterVaultError(message, expected=f"format {FORMAT}", found=f"format {rows[0][0]}")
        if known and layout_differs(database, ";".join(_TABLES)):
            raise LogError(f"the vault {self.path} is damaged, or is no vault: it holds other tables than a vault's")
        if len(rows) != 1:
            raise LogError(f"{self.path} is no vault, or was never finished: {_OR_MOVED}")
        if rows[0][1] != self._genesis:
            message = f"{self.path} is the vault of another log, told by the leaf of record 0: {_OR_MOVED}"
            raise ForeignVaultError(message, expected=self._genesis, found=str(rows[0][1]))

    def close(self) -> None:
        """Let go of the file. A later call opens it again."""
        self._database.close()


def _make(path: str, genesis: str) -> None:
    """Lay out an empty file, in one transaction: another process may be doing the same."""

    def work(database: sqlite3.Connection) -> None:
        if not _is_empty(database):
            return
        database.executescript(
            f"PRAGMA page_size={_PAGE}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
        )
        with database:
            database.execute("BEGIN IMMEDIATE")
            if _is_empty(database):
                for statement in _TABLES:
                    database.execute(statement)
                database.execute("INSERT INTO meta VALUES (?, ?, 0, 0, 0)", (FORMAT, genesis))
                database.execute("INSERT INTO pairing VALUES (?, 0, 0, '')", (os.urandom(16).hex(),))

    new = Database(path, lambda: open_writable(path))
    try:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return new.run(work)
            except sqlite3.OperationalError as error:
                # Of two processes that turn to a journal together SQLite tells one at once that the file is locked, and does not let it wait.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
    finally:
        new.close()


def _is_empty(database: sqlite3.Connection) -> bool:
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables


def _orphans(database: sqlite3.Connection, cited: Iterable[str]) -> tuple[list[int], list[int]]:
    """The cases of which nothing is cited, and the disclosures that no record cites, theirs among them; *cited* is what records name."""
    try:
        database.execute("CREATE TEMP TABLE cited(digest TEXT PRIMARY KEY) WITHOUT ROWID")
        database.execute("CREATE TEMP TABLE late(owner, number, PRIMARY KEY(owner, number)) WITHOUT ROWID")
        database.executemany("INSERT OR IGNORE INTO temp.cited VALUES (?)", ((digest,) for digest in cited))
        database.execute(_LATE)
        return _orphans_of(database)
    finally:
        database.executescript("DROP TABLE IF EXISTS temp.cited; DROP TABLE IF EXISTS temp.late;")


def _orphans_of(database: sqlite3.Connection) -> tuple[list[int], list[int]]:
    owners, numbers = [], []
    for owner, rows in groupby(database.execute(_UNCITED), key=lambda row: row[2]):
        if database.execute(_CITED_CASE, (owner,)).fetchone() is None:
            owners.append(owner)
        elif database.execute("SELECT 1 FROM kept WHERE owner = ?", (owner,)).fetchone() is not None:
            continue
        texts = [text for (text,) in database.execute(_CITED_OF, (owner, owner))]
        within = {digest for text in texts for digest in answers_in(text)}
        numbers += [number for number, digest, _ in rows if digest not in within]
    return owners, numbers


def _first(database: sqlite3.Connection, sql: str, *parameters: object) -> Any:
    row = database.execute(sql, parameters).fetchone()
    return None if row is None else row[0]


def unreadable(path: str) -> str:
    """Say that a vault is there and may not be read, which leaves what needs none to be checked; empty where it may be, or is not there."""
    try:
        os.stat(path)
    except PermissionError:
        pass
    except OSError:
        return ""
    else:
        if os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
            return ""
    return f"no permission to read {path}"


def must_be_free(path: str, log: str) -> None:
    """
    Check that the vault of a log that is still to be made in the directory *log* can begin at *path*.

    Raises:
        LogError: Something stands there already.
        StoreError: Its directory is missing, or it cannot be looked at.
    """
    above = os.path.dirname(path)
    made = f"{log}{os.sep}".startswith(f"{above}{os.sep}")  # with the log
    try:
        if os.stat(path).st_size:
            Vault(path, "", read_only=True)  # which no vault fits
    except ForeignVaultError:
        message = (
            f"{path} is the vault of a log that was begun already, and {log} holds none, so nothing was made there: give the path at which that log lies now, "
            "or put it back; a new log needs another name, or with vault=PATH another place for its vault"
        )
        raise LogError(message) from None
    except FileNotFoundError:
        if not (made or os.path.exists(above)):
            raise StoreError(f"the vault {path} cannot be made: there is no directory {above}") from None
    except OSError as error:
        raise StoreError(f"the vault {path} cannot be made: {error.strerror}") from error


def open_vault(
    path: str, genesis: str, *, create: bool, read_only: bool, seen: Seen | None = None
) -> tuple[Vault | None, str]:
    """
    Open a log's vault, or say why there is none.

    Raises:
        LogError: It is no vault, or another log's.
        StoreError: It cannot be opened or made.
    """
    if read_only and (why := unreadable(path)):
        return None, why
    shared = "" if read_only else refusal(path)
    if shared:
        raise StoreError(shared)
    if create and not read_only:
        return Vault.create(path, genesis, seen), ""
    if os.path.exists(path):
        return Vault(path, genesis, read_only=read_only, seen=seen), ""
    return None, f"the vault {path} is missing"
