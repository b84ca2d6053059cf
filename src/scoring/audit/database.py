"""
What `index` and `vault` share about SQLite: how threads and forks use a file, whose fault an error is, how to read without touching, and how to mistrust.

Must not know any table.
"""

# ruff: noqa: PTH100, PTH116 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from functools import lru_cache
from itertools import islice
from threading import RLock

from scoring.audit.lock import Forkable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias, TypeVar

    Answer = TypeVar("Answer")
    Layout: TypeAlias = frozenset[tuple[str, str, str, str | None]]

__all__ = [
    "MAX_TEXT",
    "Database",
    "InheritedError",
    "asked_together",
    "is_environment",
    "is_file",
    "is_full",
    "is_shut",
    "layout_differs",
    "open_read_only",
    "open_writable",
]

MAX_TEXT = 4 * 1024 * 1024  # bytes of the longest value; a submission of 1 MiB is a disclosure of 1.4

# SQLite's primary result codes for what the machine did to us; anything else means that the file is not what it should be.
_ENVIRONMENT = frozenset(
    getattr(sqlite3, f"SQLITE_{name}")
    for name in ("AUTH", "BUSY", "CANTOPEN", "FULL", "INTERRUPT", "IOERR", "LOCKED", "NOMEM", "PERM", "READONLY")
)
# Those of them that come of a lack of room or permission; for what SQLite shares among processes a full disk gives IOERR.
_SHUT = frozenset(
    getattr(sqlite3, f"SQLITE_{name}") for name in ("AUTH", "CANTOPEN", "FULL", "IOERR", "PERM", "READONLY")
)
_SHUT_OUT = frozenset({errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS})
_ASKED = 256  # values that one statement names, as many as a batch has records; SQLite takes at least 999
_BUSY_S = 60.0  # how long one process waits for another's transaction, which takes milliseconds

_abandoned: list[sqlite3.Connection] = []  # of the parent: this process neither uses nor closes them
_inherited: set[tuple[int, int] | None] = (
    set()
)  # device and inode of files that were in the midst of use when this process was forked


class InheritedError(sqlite3.Error):
    """A file was in the midst of use when this process was forked: SQLite cannot tell any more which of its locks are whose."""


class Database(Forkable):
    """
    A SQLite file in the hands of one process: connected when it is needed, used by one thread at a time, and let go of for a fork.

    SQLite notes in memory which locks its process has. A child inherits the notes and not the locks: it would write as if it had them, and its parent,
    finding none when it closes, would delete the journal that the child writes to. So a fork waits for what other threads do with the file, and closes it;
    both sides connect again when they need it. What does not end in time goes on in the parent, and the child refuses the file.

    Args:
        path: The file; empty for a temporary one, which lives as long as its connection, and which no fork closes.
        connect: Opens it.

    Attributes:
        mutex: Whoever holds it is alone with the file, as `run` is.
        connection: The open one, if there is one.
        busy: Whether `run` is running, for who holds the mutex.
    """

    def __init__(self, path: str, connect: Callable[[], sqlite3.Connection]) -> None:
        self.path = path
        self.mutex = RLock()
        self.connection: sqlite3.Connection | None = None
        self._connect = connect
        self.busy = False
        self._waits = False  # the mutex is held for a fork
        super().__init__()

    def run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do *work* with the connection."""
        with self.mutex:
            before, self.busy = self.busy, True
            try:
                if self.connection is None:
                    self.connection = self._connect()
                return work(self.connection)
            finally:
                self.busy = before

    def close(self) -> None:
        """Let go of the file. A later `run` connects again."""
        with self.mutex:
            connection, self.connection = self.connection, None  # in this order: closing may be interrupted
            if connection is not None:
                connection.close()

    def before_fork(self, deadline: float) -> None:
        """Wait for other threads, and close."""
        self._waits = self.mutex.acquire(timeout=max(0.0, deadline - time.monotonic()))
        if self._waits and not self.busy and self.path:
            self.close()

    def after_fork(self) -> None:
        """Let other threads go on."""
        if self._waits:
            self._waits = False
            self.mutex.release()

    def forked(self) -> None:
        """Leave to the parent what could not be closed."""
        idle, own = self._waits and not self.busy, self._waits
        self.mutex, self._waits, self.busy = RLock(), False, False
        connection, self.connection = self.connection, None
        if connection is not None:
            _abandoned.append(connection)
        if not idle:
            _inherited.add(_file(self.path))
            if own and connection is not None:
                _disarm(connection)


def _disarm(connection: sqlite3.Connection) -> None:
    """
    Keep the frames of the thread that forked, which go on in the child, from using its parent's connection.

    The count keeps a finalizing interpreter from closing it; the frames of other threads, which stopped for ever, hold theirs by themselves.
    """
    import ctypes

    connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _file(path: str) -> tuple[int, int] | None:
    """Which file bears a name now."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _must_be_ours(path: str) -> None:
    file = _file(path)
    if file is not None and file in _inherited:
        raise InheritedError(
            "it was in use when this process was forked: fork while no thread records, or start a fresh process"
        )


def open_writable(path: str) -> sqlite3.Connection:
    """Connect without implicit transactions. Whoever calls keeps the threads apart."""
    _must_be_ours(path)
    return _limited(sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S))


def open_read_only(path: str, *, immutable: bool) -> sqlite3.Connection:
    """
    Connect so that nothing is written.

    Args:
        path: The file.
        immutable: Read the file as it is, without locks, for nobody writes while there is no journal: SQLite would otherwise leave one behind, or fail
            on a read-only medium. Whoever calls makes sure that the file is the same before and after.
    """
    name = os.path.abspath(path).replace("\\", "/").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    mode = "immutable=1" if immutable else "mode=ro"
    if not immutable:
        _must_be_ours(path)
    uri = f"file://{'' if name.startswith('/') else '/'}{name}?{mode}"
    return _limited(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S))


def _limited(database: sqlite3.Connection) -> sqlite3.Connection:
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
    return database


def asked_together(database: sqlite3.Connection, sql: str, values: Iterable[object]) -> list[Any]:
    """The rows that *sql* finds of many values, asked for by few statements; ``{}`` in it is their list."""
    some, rows = iter(values), []
    while part := (*islice(some, _ASKED),):
        rows += database.execute(_asking(sql, len(part)), part).fetchall()
    return rows


@lru_cache(maxsize=64)
def _asking(sql: str, count: int) -> str:
    return sql.format(",".join("?" * count))


def is_file(path: str) -> bool:
    """Whether a regular file, or a link to one, stands at *path*: SQLite would wait for a pipe's other end."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def layout_differs(database: sqlite3.Connection, script: str) -> bool:
    """
    Whether *database* holds anything else than what *script* makes in an empty one.

    A view could give rows without end, and a trigger undo what is written. Looking runs neither.
    """
    return _layout(database) != _expected(script)


@lru_cache(maxsize=8)
def _expected(script: str) -> Layout:
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(script)
        return _layout(database)
    finally:
        database.close()


def _layout(database: sqlite3.Connection) -> Layout:
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100")
    return frozenset(rows)


def is_full(error: sqlite3.Error) -> bool:
    """Whether there is no room for what was to be written."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def is_shut(error: BaseException | None) -> bool:
    """Whether a file cannot be used for lack of room or permission, by what SQLite or the system said."""
    if isinstance(error, OSError):
        return error.errno in _SHUT_OUT
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _SHUT


def is_environment(error: sqlite3.Error) -> bool:
    """Whether the machine is at fault (full, busy, no permission), and not the file's content."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _ENVIRONMENT
