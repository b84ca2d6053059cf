"""
A directory as an inbox: one file for each entry, created once and never changed. A sink for functions, and what `scoring append` reads.

Owns how a file comes to be there whole and durable or not at all. Must not know what an entry says. See ADR 0019.
"""

# ruff: noqa: PTH100, PTH108, PTH112, PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os

from scoring.audit.disk import open_file, sync, sync_directory, write_all
from scoring.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_ENTRY", "SUFFIX", "DirectoryInbox", "holds_only_entries"]

MAX_ENTRY = 2 * 1024 * 1024  # bytes: a submission of 1 MiB, and the decision
SUFFIX = ".json"  # of an entry's file; what is being written ends in .tmp


class DirectoryInbox:
    """
    A directory on a file system that has hard links, local or shared (NFS, EFS). May be shared by threads, processes and machines.

    Args:
        path: The directory. It is never made: where a mount is missing, entries would be written to a disk that goes away.

    Raises:
        StoreError: There is no such directory.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(path)
        if not os.path.isdir(self._path):
            raise StoreError(f"the inbox {self._path} is no directory: make it, or mount it, beforehand")

    def put(self, id: str, entry: bytes) -> bytes:  # noqa: A002 - the word of FORMAT.md
        """
        Keep an entry unless its id has one.

        Args:
            id: Of the submission: letters, digits, `.`, `_`, `-`.
            entry: What `Scorer.score` wrote.

        Returns:
            The entry that is kept, and would survive a loss of power.

        Raises:
            StoreError: It could not be written; whether it is kept is unknown, and putting it again is safe.
        """
        try:
            return self._put(os.path.join(self._path, id + SUFFIX), entry)
        except OSError as error:
            raise StoreError(f"the inbox {self._path} cannot be written: {error.strerror}") from error

    def _put(self, place: str, entry: bytes) -> bytes:
        temporary = os.path.join(self._path, os.urandom(16).hex() + ".tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try:
                write_all(fd, entry)
                sync(fd)
            finally:
                os.close(fd)
            try:
                os.link(temporary, place)  # unlike a rename, it never replaces
            except FileExistsError:
                entry = _read(place)
        finally:
            os.unlink(temporary)
        # Also for an entry that was there: whoever linked it may not have come this far.
        sync_directory(self._path)
        return entry

    def entries(self) -> Iterator[tuple[str, bytes]]:
        """
        Read all entries, each with its file's name, in the order in which they came by the file system's clock.

        Raises:
            StoreError: The directory, or a file in it, cannot be read.
        """
        try:
            with os.scandir(self._path) as files:
                found = [(file.stat().st_mtime_ns, file.name) for file in files if file.name.endswith(SUFFIX)]
            for _, name in sorted(found):
                path = os.path.join(self._path, name)
                yield path, _read(path)
        except OSError as error:
            raise StoreError(f"the inbox {self._path} cannot be read: {error.strerror}") from error


def _read(path: str) -> bytes:
    """What a file holds, and no more than shows that it is too long for an entry."""
    with open_file(path) as file:
        return file.read(MAX_ENTRY + 1)


def holds_only_entries(path: str) -> bool:
    """Whether a directory may be an inbox: an empty one may."""
    with os.scandir(path) as files:
        return all(file.name.endswith((SUFFIX, ".tmp")) for file in files)
