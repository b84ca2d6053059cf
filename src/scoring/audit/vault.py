"""
Where disclosures lie, apart from the log, so that they can be erased.

Owns `audit/FORMAT.md`, section 8: salted values, their digests, and the SQLite file that keeps them. A record holds only the digest. Whoever deletes a
disclosure deletes what it said, and the log stays whole. Must not know of records or their order.
"""

# ruff: noqa: PTH100, PTH110, PTH116, PTH120 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from hashlib import sha256

from scoring import canonical
from scoring.audit.database import (
    MAX_TEXT,
    Database,
    InheritedError,
    is_environment,
    is_file,
    layout_differs,
    open_read_only,
    open_writable,
)
from scoring.audit.disk import sync_directory
from scoring.audit.fields import is_digest
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    Answer = TypeVar("Answer")

__all__ = ["MAX_DISCLOSURE", "SALT_BYTES", "Vault", "disclose", "open_vault", "undisclose"]

FORMAT = 1
SALT_BYTES = 16  # 128 bits: RFC 9901, section 4.2.1
_READS = 1000  # a writer that opens and closes the log all the time leaves a reader time between
MAX_DISCLOSURE = MAX_TEXT - 1024  # characters; what SQLite limits is a row

# `cases` finds the one digest of a case; its salt stands in the disclosure. What a case may need later (a date until which it is kept, a hold) is one more
# column or table keyed by its name, and `format` says from when on.
_TABLES = (
    "CREATE TABLE meta(format INTEGER NOT NULL, genesis TEXT NOT NULL)",
    "CREATE TABLE cases(name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE) WITHOUT ROWID",
    "CREATE TABLE disclosures(digest TEXT PRIMARY KEY, text TEXT NOT NULL)",
)


def disclose(entropy: Callable[[int], bytes], name: str, value: Any) -> tuple[str, str]:
    """
    Salt a value.

    Returns:
        The digest that a record holds, and the text that the vault keeps.

    Raises:
        CanonicalError: The value has no canonical form.

    Source: FORMAT.md 8; RFC 9901, section 4.2.
    """
    salt = _base64url(entropy(SALT_BYTES)).decode()
    text = _base64url(canonical.dumps([salt, name, value]))
    return sha256(text).hexdigest(), text.decode()


def undisclose(text: Any, digest: str, name: str) -> Any:
    """
    Read a disclosure.

    Raises:
        LogError: It is not what *digest* stands for, or no disclosure called *name*.
    """
    if type(text) is not str:
        raise LogError(f"the vault's disclosure of this {name} was changed: it is no text")
    found = sha256(text.encode()).hexdigest()
    if found != digest:
        raise LogError(f"the vault's disclosure of this {name} was changed", expected=digest, found=found)
    try:
        data = a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
        parts = canonical.loads_canonical(data)
    except (Base64Error, ValueError):
        parts = None
    if type(parts) is not list or len(parts) != 3 or parts[1] != name:
        raise LogError(f"the vault's disclosure {digest} is no disclosure of a {name}")
    return parts[2]


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/==")  # what base64url does not have becomes what no text holds but at its end


def _base64url(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


class Vault:
    """
    The disclosures of one log. Threads may share it, and both sides of a fork.

    Args:
        path: The file.
        genesis: The leaf of the log's record 0: a vault belongs to one log.
        read_only: Open it without writing anything, not even a journal.

    Raises:
        LogError: It is no vault, or another log's.
        StoreError: It cannot be opened.
    """

    def __init__(self, path: str, genesis: str, *, read_only: bool = False) -> None:
        self.path = path
        self._genesis = genesis
        self._read_only = read_only
        self._database = Database(path, self._connect)
        self._file: tuple[int, int] | None = None
        self._as_read: tuple[int, int] | None = None  # the state of a file that is read without locks
        self._run(lambda _: None)

    @classmethod
    def create(cls, path: str, genesis: str) -> Vault:
        """Open the vault at *path*, and make it first where it is missing."""
        try:
            if os.path.exists(path) and not is_file(path):
                raise LogError(f"{path} is no vault: it is not a regular file")
            # Readable by its owner alone; SQLite gives its journals the same permission.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            _make(path, genesis)
            sync_directory(os.path.dirname(os.path.abspath(path)))
        except OSError as error:
            raise StoreError(f"the vault {path} cannot be made: {error.strerror}") from error
        except sqlite3.Error as error:
            if is_environment(error):
                raise StoreError(f"the vault {path} cannot be made: {error}") from error
            raise LogError(f"{path} is no vault: {error}") from None
        return cls(path, genesis)

    def store(self, filings: Sequence[tuple[str, tuple[str, str]]], entropy: Callable[[int], bytes]) -> list[str]:
        """
        Keep submissions, durably, in one transaction.

        Args:
            filings: Cases, each with what `disclose` made of its submission.
            entropy: Gives so many random bytes, for the salts of new cases.

        Returns:
            For each the digest of its case; one case has one digest, for ever.
        """

        def work(database: sqlite3.Connection) -> list[str]:
            execute = database.execute
            digests = []
            with database:  # which commits or rolls back, whatever a signal handler raises
                execute("BEGIN IMMEDIATE")
                for case, _ in filings:
                    digest = _filed(database, case)
                    if digest is None:
                        digest, text = disclose(entropy, "case", case)
                        execute("INSERT INTO disclosures VALUES (?, ?)", (digest, text))
                        execute("INSERT INTO cases VALUES (?, ?)", (case, digest))
                    digests.append(digest)
                database.executemany("INSERT INTO disclosures VALUES (?, ?)", [disclosed for _, disclosed in filings])
            return digests

        return self._run(work)

    def case_digest(self, case: str) -> str | None:
        """
        Return the digest of a case, or None where it never came up.

        Raises:
            LogError: What the digest stands for is not this case.
        """
        return self._run(lambda database: _filed(database, case))

    def must_file(self, digest: str) -> None:
        """
        Check that what the case digest of a record stands for is filed under this digest: else its next decision would not be linked to it.

        Raises:
            LogError: It is not. What was erased cannot be told, and passes.
        """
        case = self.value(digest, "case")
        if case is None:
            return
        found = self._run(lambda database: _first(database, "SELECT digest FROM cases WHERE name = ?", case))
        if found != digest:
            message = "the vault no longer files this record's case under the digest that stands for it"
            raise LogError(message, expected=digest, found=found if is_digest(found) else "no digest")

    def value(self, digest: str, name: str) -> Any:
        """
        Read what a digest stands for.

        Returns:
            The value, or None where the vault does not have it.

        Raises:
            LogError: The disclosure was changed, or is not called *name*.
        """
        text = self._run(lambda database: _first(database, "SELECT text FROM disclosures WHERE digest = ?", digest))
        return None if text is None else undisclose(text, digest, name)

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
            except sqlite3.IntegrityError:
                raise StoreError(
                    "the source of entropy gave a salt that it gave before; nothing was recorded"
                ) from None
            except sqlite3.Error as error:
                if isinstance(error, InheritedError) or is_environment(error):
                    raise StoreError(f"the vault {self.path} cannot be used: {error}") from error
                raise LogError(f"the vault {self.path} is damaged, or is no vault: {error}") from None

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
                database.executescript("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")
            self._identify(database)
        except BaseException:
            database.close()
            raise
        self._file = self._stands()
        return database

    def _identify(self, database: sqlite3.Connection) -> None:
        known = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
        if known and layout_differs(database, ";".join(_TABLES)):
            raise LogError(f"the vault {self.path} is damaged, or is no vault: it holds other tables than a vault's")
        rows = database.execute("SELECT format, genesis FROM meta LIMIT 2").fetchall() if known else []
        if len(rows) != 1:
            raise LogError(
                f"{self.path} is no vault, or was never finished: open the log with create=True to begin one"
            )
        if rows[0][0] != FORMAT:
            message = f"the vault {self.path} has another format: it needs another version of this package"
            raise LogError(message, expected=f"format {FORMAT}", found=f"format {rows[0][0]}")
        if rows[0][1] != self._genesis:
            message = f"{self.path} is the vault of another log; it is told by the leaf of record 0"
            raise LogError(message, expected=self._genesis, found=str(rows[0][1]))

    def close(self) -> None:
        """Let go of the file. A later call opens it again."""
        self._database.close()


def _make(path: str, genesis: str) -> None:
    """Lay out an empty file, in one transaction: another process may be doing the same."""

    def work(database: sqlite3.Connection) -> None:
        if not _is_empty(database):
            return
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")
        with database:
            database.execute("BEGIN IMMEDIATE")
            if _is_empty(database):
                for statement in _TABLES:
                    database.execute(statement)
                database.execute("INSERT INTO meta VALUES (?, ?)", (FORMAT, genesis))

    new = Database(path, lambda: open_writable(path))
    try:
        new.run(work)
    finally:
        new.close()


def _is_empty(database: sqlite3.Connection) -> bool:
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables


def _filed(database: sqlite3.Connection, case: str) -> str | None:
    """The digest under which a case is filed; two rows that were swapped would join what two people did."""
    digest = _first(database, "SELECT digest FROM cases WHERE name = ?", case)
    if digest is None:
        return None
    if not is_digest(digest):
        raise LogError("the vault files a case under what is no digest")
    text = _first(database, "SELECT text FROM disclosures WHERE digest = ?", digest)
    if text is None or undisclose(text, digest, "case") != case:
        raise LogError(f"the vault files a case under the digest {digest}, which does not stand for it: run verify")
    return str(digest)


def _first(database: sqlite3.Connection, sql: str, parameter: str) -> Any:
    row = database.execute(sql, (parameter,)).fetchone()
    return None if row is None else row[0]


def open_vault(path: str, genesis: str, *, create: bool, read_only: bool) -> tuple[Vault | None, str]:
    """
    Open a log's vault, or say why there is none.

    Raises:
        LogError: It is no vault, or another log's.
        StoreError: It cannot be opened or made.
    """
    if create and not read_only:
        return Vault.create(path, genesis), ""
    if os.path.exists(path):
        return Vault(path, genesis, read_only=read_only), ""
    return None, f"the vault {path} is missing"
