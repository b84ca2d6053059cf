"""
What `index` and `vault` share about SQLite: whose fault an error is, how to read a file without touching it, and how to mistrust one.

Must not know any table.
"""

# ruff: noqa: PTH100, PTH116 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3
import stat
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Layout: TypeAlias = frozenset[tuple[str, str, str, str | None]]

__all__ = ["MAX_TEXT", "abandon", "is_environment", "is_file", "layout_differs", "open_read_only", "open_writable"]

MAX_TEXT = 4 * 1024 * 1024  # bytes of the longest value; a submission of 1 MiB is a disclosure of 1.4

# SQLite's primary result codes for what the machine did to us; anything else means that the file is not what it should be.
_ENVIRONMENT = frozenset(
    getattr(sqlite3, f"SQLITE_{name}")
    for name in ("AUTH", "BUSY", "CANTOPEN", "FULL", "INTERRUPT", "IOERR", "LOCKED", "NOMEM", "PERM", "READONLY")
)
_BUSY_S = 60.0  # how long one process waits for another's transaction, which takes milliseconds

_abandoned: list[sqlite3.Connection] = []


def open_writable(path: str) -> sqlite3.Connection:
    """Connect without implicit transactions. Whoever calls keeps the threads apart."""
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
    uri = f"file://{'' if name.startswith('/') else '/'}{name}?{mode}"
    return _limited(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S))


def _limited(database: sqlite3.Connection) -> sqlite3.Connection:
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
    return database


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


def is_environment(error: sqlite3.Error) -> bool:
    """Whether the machine is at fault (full, busy, no permission), and not the file's content."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _ENVIRONMENT


def abandon(connection: sqlite3.Connection) -> None:
    """Forget a connection without closing it: it belongs to the process that this one was forked from."""
    _abandoned.append(connection)
