"""
The log's files: lines in segments of 65,536 records, appended and never changed.

Owns `audit/FORMAT.md`, section 2, as far as it concerns `log/`: names, whole lines, and an append that is all there or not there. Must not know
what a line says; whoever appends holds the lock.
"""

# ruff: noqa: PTH110, PTH116, PTH118, PTH120 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import errno
import os
from functools import lru_cache
from io import BytesIO
from itertools import islice

from scoring.audit import disk
from scoring.audit.chain import MAX_LINE, Tail
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_BATCH_RECORDS",
    "SEGMENT_RECORDS",
    "Segments",
    "TornError",
    "segment_name",
    "segment_of",
]

SEGMENT_RECORDS = 65_536  # some 60 MB a file: small enough to copy, few enough to list

# What one fdatasync may cover, DESIGN 6: all that a crash can leave in doubt, and so all that a recovery may ever cut.
MAX_BATCH_RECORDS = 256
MAX_BATCH_BYTES = 4 * 1024 * 1024

# O_NONBLOCK: a pipe under this name is an error, and nothing to wait for.
_APPEND = os.O_WRONLY | os.O_APPEND | sum(getattr(os, flag, 0) for flag in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
_REWRITE = os.O_RDWR | sum(getattr(os, flag, 0) for flag in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
_FIRST = os.path.join("cache", "first.tmp")  # in a log that has no record yet; `log/` holds nothing but segments
_BUFFER = 1 << 20  # bytes read at once
_BLOCK = (
    1 << 16
)  # the same, where many lines are looked at together: twice the longest one, and little enough to stay in a processor's cache
_LINE_END = 10
_FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))


class TornError(LogError):
    """The log ends in an unfinished line: what a writer leaves that is killed in the midst of a write, and a machine that goes on."""


def segment_of(seq: int) -> int:
    """Return the first record of the segment that holds record *seq*."""
    return seq - seq % SEGMENT_RECORDS


def segment_name(seq: int) -> str:
    """Return the name of the file that holds record *seq*."""
    return f"{segment_of(seq):012d}.jsonl"


@lru_cache(maxsize=64)  # each turn asks for two of them, several times
def _path_in(directory: str, first: int) -> str:
    return os.path.join(directory, segment_name(first))


class Segments:
    """
    The files of one log.

    Attributes:
        directory: Where they lie.
        dead: Why this handle can no longer be used, or the empty string.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.dead = ""

    def path(self, seq: int) -> str:
        """Return the path of the file that holds record *seq*."""
        return _path_in(self.directory, segment_of(seq))

    def grown(self, tail: Tail) -> bool:
        """
        Whether the log now ends elsewhere than at *tail*.

        Raises:
            LogError: It ends before *tail*: records that were there are gone.
        """
        size = self._size(tail.size)
        if size < tail.offset:
            message = f"{self.path(tail.size)} is shorter than it was: records that were there are gone"
            raise LogError(message, seq=tail.size, expected=f"{tail.offset} bytes or more", found=f"{size} bytes")
        return size > tail.offset

    def first(self) -> tuple[int, int] | None:
        """Which file holds record 0, whatever it is called; None where there is none."""
        try:
            found = os.stat(self.path(0))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path(0)} cannot be read: {error.strerror}") from error
        return found.st_dev, found.st_ino

    def reaches(self, seq: int, offset: int) -> bool:
        """Whether record *seq* has a whole line at *offset*, whatever it says."""
        if not os.path.exists(self.path(seq)):
            return False
        try:
            self.line(seq, offset)
        except LogError:
            return False
        return True

    def _size(self, seq: int) -> int:
        try:
            return os.stat(self.path(seq)).st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StoreError(f"{self.path(seq)} cannot be read: {error.strerror}") from error

    def after(self, tail: Tail, *, torn_ends: bool = False) -> Iterator[tuple[int, bytes]]:
        """
        Read what stands after *tail*.

        Args:
            tail: Where to begin.
            torn_ends: An unfinished last line ends the log quietly: for a reader without the lock, who may see an append half done.

        Yields:
            Where each line starts in its file, and the line without its line end.

        Raises:
            LogError: An unfinished or overlong line.
        """
        seq, offset = tail.size, tail.offset
        while True:
            try:
                file = disk.open_file(self.path(seq), _BUFFER)  # closed below, where the OSError is not caught
            except FileNotFoundError:
                return
            except OSError as error:
                raise StoreError(f"{self.path(seq)} cannot be read: {error.strerror}") from error
            last = segment_of(seq) + SEGMENT_RECORDS - 1
            with file:
                file.seek(offset)
                while line := file.readline(MAX_LINE + 1):
                    if line[-1] != _LINE_END or seq > last:
                        if torn_ends and line[-1] != _LINE_END and not file.read(1):
                            return
                        raise self._unfinished(seq, offset, line, file, last)
                    yield offset, line[:-1]
                    seq += 1
                    offset += len(line)
            if seq <= last:
                return
            offset = 0

    def blocks(self, tail: Tail, stop: int) -> Iterator[tuple[int, list[bytes]]]:
        """
        Read what stands after *tail* and before record *stop*, many lines at once; an unfinished last line ends the log quietly.

        Yields:
            Lines with their line ends, all of one file, and where they end in it.

        Raises:
            LogError: An overlong line, or more lines in a file than it may have.
        """
        seq, offset, end = tail.size, tail.offset, 0
        while end <= seq < stop:
            end = segment_of(seq) + SEGMENT_RECORDS
            for behind, lines in self._whole(seq, offset, min(stop, end) - seq):
                yield behind, lines
                seq += len(lines)
                offset = behind if seq < end else 0
        for start, line in islice(self.after(Tail(seq, None, offset), torn_ends=True), stop - seq):
            yield start + len(line) + 1, [line + b"\n"]

    def _whole(self, seq: int, offset: int, count: int) -> Iterator[tuple[int, list[bytes]]]:
        """Read so many lines of one file, or fewer: up to where something is another way than nearly always, which `after` meets again."""
        fills = (seq + count) % SEGMENT_RECORDS == 0
        try:
            file = disk.open_file(self.path(seq), 0)
        except OSError:
            return
        with file:
            while count:
                file.seek(offset)
                lines = BytesIO(file.read(_BLOCK)).readlines()
                if lines and lines[-1][-1] != _LINE_END:
                    lines.pop()  # it is read once more
                del lines[count:]
                if not lines or max(map(len, lines)) > MAX_LINE + 1:
                    return
                count -= len(lines)
                offset += sum(map(len, lines))
                if fills and not count and file.seek(0, os.SEEK_END) != offset:
                    return
                yield offset, lines

    def _unfinished(self, seq: int, offset: int, line: bytes, file: BinaryIO, last: int) -> LogError:
        path = self.path(min(seq, last))
        if seq > last:
            return LogError(f"{path} holds more than its {SEGMENT_RECORDS} records", seq=seq)
        if file.read(1):
            return LogError(f"{path}, byte {offset}: a line longer than {MAX_LINE} bytes, which is no record", seq=seq)
        return TornError(
            f"{path} ends in {len(line)} bytes of an unfinished line at byte {offset}: if a crash cut a write off, nothing in it was acknowledged. "
            "Open the log again, which cuts off what a crash left behind its newest head, and keeps it in a file; where the log never had a head, keep a "
            "copy of the file, then remove the unfinished line: "
            f"truncate -s {offset} {_quoted(path)}",
            seq=seq,
        )

    def behind(self, tail: Tail, most: int) -> bytes | None:
        """
        Read whatever stands behind *tail*, at most *most* bytes; None where it is more, or where another file goes on behind it.

        Raises:
            StoreError: It cannot be read.
        """
        path = self.path(tail.size)
        try:
            if os.path.exists(self.path(segment_of(tail.size) + SEGMENT_RECORDS)):
                return None
            with disk.open_file(path) as file:
                file.seek(tail.offset)
                data = file.read(most + 1)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from error
        return data if len(data) <= most else None

    def cut(self, tail: Tail) -> None:
        """
        Cut off whatever stands behind *tail* in its file, and return when that is durable.

        Raises:
            StoreError: It is unknown whether it was cut; doing it again is harmless.
        """
        try:
            disk.cut(self.path(tail.size), tail.offset)
        except OSError as error:
            raise StoreError(f"{self.path(tail.size)} cannot be cut: {error.strerror}; open the log again") from error

    def line(self, seq: int, offset: int) -> bytes:
        """
        Read the line that starts at *offset* of the file that holds record *seq*.

        Raises:
            LogError: There is no whole line.
        """
        try:
            with disk.open_file(self.path(seq)) as file:
                file.seek(offset)
                line = file.readline(MAX_LINE + 1)
        except OSError as error:
            raise StoreError(f"{self.path(seq)} cannot be read: {error.strerror}") from error
        if line[-1:] != b"\n":
            raise LogError(f"{self.path(seq)} has no whole line at byte {offset}", seq=seq)
        return line[:-1]

    def make_durable(self, tail: Tail) -> None:
        """
        Write again what stands behind *tail*, whoever wrote it: a sync that failed may have forgotten it.

        Only the last append can be in doubt: what is read here, and its handle died of it, or its process.

        Args:
            tail: The end of what is known to be durable.

        Raises:
            StoreError: As `append` after a failed fsync: this handle is dead.
        """
        first = last = segment_of(tail.size)
        while os.path.exists(self.path(last + SEGMENT_RECORDS)):
            last += SEGMENT_RECORDS
        offset = tail.offset if last == first else 0
        size = self._size(last)
        if size <= offset:
            return
        try:
            fd = os.open(self.path(last), _REWRITE)
        except OSError as error:
            raise StoreError(f"{self.path(last)} cannot be written: {error.strerror}") from error
        try:
            self._sync(lambda: disk.write_again(fd, max(offset, size - MAX_BATCH_BYTES)))
        finally:
            os.close(fd)
        if not offset:
            self._sync(lambda: disk.sync_directory(self.directory))

    def append(self, tail: Tail, lines: Sequence[bytes]) -> None:
        """
        Write *lines* after *tail*, and return when they are durable.

        Each fdatasync covers at most `MAX_BATCH_RECORDS` records and `MAX_BATCH_BYTES`, and no segment's end.

        Raises:
            StoreError: Nothing was recorded; or, after a failed fsync, it is unknown whether anything was, and this handle is dead.
        """
        if self.dead:
            raise StoreError(self.dead)
        seq = tail.size
        for chunk in _chunks(lines, seq):
            try:
                self._append(seq, chunk)
            except BaseException as error:
                self._take_back(tail, seq, error)
                raise
            seq += len(chunk)

    def _append(self, seq: int, lines: Sequence[bytes]) -> None:
        """Write lines that lie in one segment."""
        data = b"\n".join(lines) + b"\n"
        begins = seq == segment_of(seq)
        if not seq:  # a log that is there has its first record: a crash leaves none, or all of it
            disk.create(self.path(0), data, os.path.join(os.path.dirname(self.directory), _FIRST))
            return
        fd = os.open(self.path(seq), _APPEND | (os.O_CREAT if begins else 0), 0o666)
        try:
            disk.write_all(fd, data)
            self._sync(lambda: disk.sync(fd))
        finally:
            os.close(fd)
        if begins:
            self._sync(lambda: disk.sync_directory(self.directory))

    def _sync(self, sync: Callable[[], None]) -> None:
        try:
            sync()
        except OSError as error:
            self.dead = (
                f"{self.directory}: syncing to disk failed ({error.strerror}), so it is unknown whether the last records are durable. "
                "This handle is dead: check the disk, open the log again, and send the same submissions with the same ids"
            )
            raise StoreError(self.dead) from error

    def _take_back(self, tail: Tail, seq: int, error: BaseException) -> None:
        """Leave the files as they were at *tail*, and raise what the caller should see where that is not *error* itself."""
        if self.dead:  # after a failed sync nobody knows what the disk holds, and cutting it would only hide more
            return
        try:
            for first in range(segment_of(seq), tail.size, -SEGMENT_RECORDS):  # segments begun since
                disk.cut(self.path(first), 0)
            disk.cut(self.path(tail.size), tail.offset)
        except OSError as again:
            self.dead = (
                f"{self.directory}: writing failed and could not be taken back ({again.strerror}). "
                "This handle is dead: check the disk, then open the log again"
            )
            raise StoreError(self.dead) from again
        if isinstance(error, OSError):
            full = error.errno in _FULL
            reason = (
                f"the disk of {self.directory} is full"
                if full
                else f"{self.directory} cannot be written ({error.strerror})"
            )
            todo = ": make room, and do the same again" * full
            raise StoreError(f"{reason}; nothing of this batch was recorded{todo}") from error


def _quoted(path: str) -> str:
    """A path as a shell takes it; shlex would import re."""
    return "'" + path.replace("'", "'\\''") + "'"


def _chunks(lines: Sequence[bytes], seq: int) -> Iterator[Sequence[bytes]]:
    """Cut *lines*, the first of which is record *seq*, into what one fdatasync may cover."""
    start = 0
    while start < len(lines):
        room = min(MAX_BATCH_RECORDS, SEGMENT_RECORDS - (seq + start) % SEGMENT_RECORDS)
        stop, size = start, 0
        while stop < len(lines) and stop - start < room and size + len(lines[stop]) < MAX_BATCH_BYTES:
            size += len(lines[stop]) + 1
            stop += 1
        yield lines[start:stop]
        start = stop
