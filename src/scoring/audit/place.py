"""
What stands at a path: a log, something else, or nothing yet, where one may begin.

Must not know what is in a record, nor who writes.
"""

# ruff: noqa: PTH112, PTH118, PTH120, PTH208 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os

from scoring.audit import disk
from scoring.audit.segments import segment_name
from scoring.errors import LogError, StoreError

__all__ = ["is_log", "is_new", "make_directory", "make_parts"]

PARTS = ("log", "packs", "cache")  # the directories that a log has


def is_log(directory: str) -> bool:
    """
    Say whether a directory looks like a log's, sound or damaged: there is a directory `log` in it.

    That is no sign where `log` holds a directory `log` and no lines: then it is the log, and lies here under that name.
    """
    inside = os.path.join(directory, "log")
    return os.path.isdir(inside) and not _is_named_log(inside)


def _is_named_log(directory: str) -> bool:
    if not os.path.isdir(os.path.join(directory, "log")):
        return False
    return not any(name.endswith(".jsonl") for name in os.listdir(directory))


def is_new(directory: str, *, create: bool) -> bool:
    """
    Say whether a log has still to be made in *directory*, which may be missing then.

    Raises:
        LogError, StoreError: It is not there, or not a log, and may not be made one.
    """
    first = segment_name(0)
    try:
        names = {*os.listdir(directory)}
        # In this order: whoever makes the log just now writes its first record before any pack.
        packs, lines = (_files(os.path.join(directory, part)) for part in ("packs", "log"))
    except FileNotFoundError as error:
        if not create:
            raise StoreError(f"{directory}: there is no log here; AuditLog.open(..., create=True) makes one") from error
        return True
    except NotADirectoryError as error:
        raise LogError(f"{directory} is a file, or lies in one; a log is a directory") from error
    except OSError as error:
        raise StoreError(f"{directory} cannot be read: {error.strerror}") from error
    if first in lines:
        return False
    if _is_named_log(os.path.join(directory, "log")):
        raise LogError(f"{directory} is not a log, and not empty: the directory log in it is one; give that")
    if lines or packs:
        raise LogError(
            f"{directory} is a damaged log: it has no log/{first}, but what belongs to it. Nothing was changed: put that file back from a copy of the "
            "directory; without one keep what is there for an investigation, and begin a log elsewhere"
        )
    if not names <= {*PARTS, "lock"}:
        raise LogError(f"{directory} is not a log, and not empty: it has no log/{first}")
    if not create:
        raise LogError(f"{directory} is not a log yet: it is empty; AuditLog.open(..., create=True) makes it one")
    return True


def _files(directory: str) -> list[str]:
    """Names of what is not an empty file; what goes away meanwhile was a temporary one."""
    if not os.path.isdir(directory):
        return []
    return [name for name in os.listdir(directory) if not _is_empty(os.path.join(directory, name))]


def _is_empty(path: str) -> bool:
    try:
        return not os.lstat(path).st_size
    except FileNotFoundError:
        return True


def make_directory(directory: str) -> None:
    """Make a directory, and those above it, where they are missing."""
    try:
        disk.make_directory(directory)
    except OSError as error:
        raise StoreError(f"{directory} cannot be made: {error.strerror}") from error


def make_parts(directory: str) -> None:
    """Make the directories of a log where they are missing."""
    try:
        for part in PARTS:
            disk.make_directory(os.path.join(directory, part))
        # Who began before may have failed between making a directory and making it stay.
        disk.sync_directory(directory)
        disk.sync_directory(os.path.dirname(directory))
    except OSError as error:
        raise StoreError(f"{directory} cannot be made a log: {error.strerror}") from error
