"""
The few file operations whose order makes a record durable, and the one way to read a file that somebody else may have put there.

Everything that the log's promise rests on goes through the seven calls of `CALLS`, so that a test can make any one of them fail, or lie, without touching
the rest. Must not know what is written.
"""

# ruff: noqa: PTH100, PTH102, PTH104, PTH108, PTH110, PTH112, PTH116, PTH120 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows: reading works, appending is refused by `lock`
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "CALLS",
    "NotAFileError",
    "create",
    "cut",
    "make_directory",
    "open_file",
    "sync",
    "sync_directory",
    "truncate",
    "write_again",
    "write_all",
]

CALLS = ("mkdir", "rename", "sync", "sync_directory", "truncate", "unlink", "write")  # all that ever changes a disk

_BINARY = getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | _BINARY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


class NotAFileError(OSError):
    """Something else than a regular file stands under a name: a pipe or a device may have no end, or never begin."""


def open_file(path: str, buffer: int = -1) -> BinaryIO:
    """
    Open a regular file for reading; never waits.

    Raises:
        NotAFileError: It is something else.
        OSError: As `open`.
    """
    fd = os.open(path, _READ)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return os.fdopen(fd, "rb", buffer)
    os.close(fd)
    raise NotAFileError(errno.EINVAL, "not a regular file")


def write(fd: int, data: memoryview) -> int:
    """Write the beginning of *data*; how much of it the system took."""
    return os.write(fd, data)


def write_all(fd: int, data: bytes) -> None:
    """Write all of *data*, however little the system takes at once."""
    view = memoryview(data)
    while view:
        view = view[write(fd, view) :]


def truncate(fd: int, size: int) -> None:
    """Cut an open file; `sync` makes it stay so."""
    os.ftruncate(fd, size)


def mkdir(path: str) -> None:
    """Make one directory; `sync_directory` of the one above makes it stay."""
    os.mkdir(path)


def rename(path: str, name: str) -> None:
    """Give a file another name, in place of what bears it; `sync_directory` makes it stay so."""
    os.rename(path, name)


def unlink(path: str) -> None:
    """Take a file's name away; `sync_directory` makes it stay so."""
    os.unlink(path)


def sync(fd: int) -> None:
    """Return once what was written to *fd* would survive a loss of power."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:  # macOS: fsync leaves the data in the drive's own cache
        fcntl.fcntl(fd, full)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def sync_directory(path: str) -> None:
    """Return once the names in a directory would survive a loss of power."""
    if os.name == "nt":  # a directory cannot be opened there, and nothing is appended there either
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_directory(path: str) -> None:
    """Create a directory, and those above it, so that it stays. One that exists is left alone."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(os.path.abspath(path))
    make_directory(parent)
    try:
        mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    sync_directory(parent)


def cut(path: str, size: int) -> None:
    """
    Cut a file to *size* bytes so that it stays cut.

    Where nothing is left, the file goes as well; where there is none, or it has this size, nothing happens.
    """
    if not os.path.exists(path) or (size and os.stat(path).st_size == size):
        return
    fd = os.open(path, os.O_RDWR | _BINARY)
    try:
        truncate(fd, size)
        sync(fd)
    finally:
        os.close(fd)
    if not size:
        unlink(path)
        sync_directory(os.path.dirname(path))


def write_again(fd: int, start: int) -> None:
    """
    Write the bytes of a file from *start* on once more where they stand, and return when they are durable.

    A sync that fails may forget what it was to write: a later one succeeds, and says nothing of it. Only what is written after that is synced for sure.
    """
    size = os.fstat(fd).st_size
    os.lseek(fd, start, os.SEEK_SET)
    data = b""
    while len(data) < size - start and (more := os.read(fd, size - start - len(data))):
        data += more
    os.lseek(fd, start, os.SEEK_SET)
    write_all(fd, data)
    sync(fd)


def create(path: str, data: bytes, temporary: str = "") -> None:
    """
    Put a whole file where none was: after a crash there is all of it, or nothing under this name.

    The caller holds the log's lock, so nobody else writes the same temporary file, which bears the name with ``.tmp`` behind it, or *temporary*.
    """
    temporary = temporary or path + ".tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
    try:
        write_all(fd, data)
        sync(fd)
    finally:
        os.close(fd)
    rename(temporary, path)
    sync_directory(os.path.dirname(path))
