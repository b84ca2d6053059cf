"""
What `index` and `vault` share about SQLite: whose fault an error is, and how to read a file without touching it.

Must not know any table.
"""

# ruff: noqa: PTH100, PTH110 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import sqlite3

__all__ = ["abandon", "is_environment", "open_read_only", "open_writable"]

# SQLite's primary result codes for what the machine did to us; anything else means that the file is not what it should be.
_ENVIRONMENT = frozenset(
    getattr(sqlite3, f"SQLITE_{name}")
    for name in ("AUTH", "BUSY", "CANTOPEN", "FULL", "INTERRUPT", "IOERR", "LOCKED", "NOMEM", "PERM", "READONLY")
)
_BUSY_S = 60.0  # how long one process waits for another's transaction, which takes milliseconds

_abandoned: list[sqlite3.Connection] = []


def open_writable(path: str) -> sqlite3.Connection:
    """Connect without implicit transactions. Whoever calls keeps the threads apart."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)


def open_read_only(path: str) -> sqlite3.Connection:
    """
    Connect so that nothing is written.

    Without a journal beside it nobody is writing, and the file is read as it is: SQLite would otherwise leave a journal behind, or fail on a
    read-only medium.
    """
    name = os.path.abspath(path).replace("\\", "/").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    mode = "mode=ro" if os.path.exists(path + "-wal") else "immutable=1"
    uri = f"file://{'' if name.startswith('/') else '/'}{name}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)


def is_environment(error: sqlite3.Error) -> bool:
    """Whether the machine is at fault (full, busy, no permission), and not the file's content."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _ENVIRONMENT


def abandon(connection: sqlite3.Connection) -> None:
    """Forget a connection without closing it: it belongs to the process that this one was forked from."""
    _abandoned.append(connection)
