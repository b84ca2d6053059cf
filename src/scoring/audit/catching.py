"""
The end of a log as one handle knows it: caught up with what others wrote, and what of it is durable.

Owns the mutex of this process, the lock between processes, the index and when it is believed, and what is found gone. Must not know what anybody writes.
"""

# ruff: noqa: PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
from threading import RLock, get_ident

from scoring.audit import disk, recovery, segments
from scoring.audit.chain import Tail, follow, leaf_of
from scoring.audit.database import is_shut
from scoring.audit.index import DamagedIndexError, Index, UnusableIndexError
from scoring.audit.lock import Forkable, WriterLock
from scoring.audit.segments import Segments
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Catching", "WitnessError"]

_ROWS = 1024  # records read in before the index takes them; bounds memory


class WitnessError(LogError):
    """The index knows records that are gone, or were others: a crash on a sound disk does not do this, and nothing is mended."""


class Catching(Forkable):
    """
    The files of one log directory, read up to their end.

    Attributes:
        directory: The log directory, absolute.
        genesis: The leaf of record 0, which names this log and no other; empty until it was read.
        rebuilds: How often the index turned out to be damaged under this handle: what it said before may be wrong.
        out_of_step: Why nothing may be appended although it could be; see `pairing`.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.genesis = ""
        self.rebuilds = 0
        self.out_of_step = ""
        self._segments = Segments(os.path.join(directory, "log"))
        self._cache = os.path.join(directory, "cache")
        self._mutex = RLock()
        self._lock = WriterLock(os.path.join(directory, "lock"))
        self._index: Index | None = None
        self._tail = Tail()
        self._closed = False
        self._first: tuple[int, int] | None = None  # which file holds record 0
        self._writer = 0  # the thread that keeps other processes out
        super().__init__()

    @property
    def refusal(self) -> str:
        """Why nothing can be appended here, or the empty string."""
        return self._lock.refusal

    def must_append(self) -> None:
        """Raise what keeps this handle from appending."""
        self._usable()
        if self.refusal or self.out_of_step:
            raise StoreError(self.refusal or self.out_of_step)

    def _usable(self) -> None:
        if self._closed:
            raise LogError("this log was closed: open it again")
        if self._segments.dead:
            raise StoreError(self._segments.dead)

    def _alone(self, work: Callable[[], None]) -> None:
        """Do *work* while no other process writes. The caller holds the mutex."""
        if self._writer:
            work()
            return
        try:
            self._writer = get_ident()
            self._lock.take()
            work()
        finally:
            self._writer = 0
            self._lock.release()

    def _open_index(self) -> Index:
        if self._index is None:
            index = None if self.refusal else self._found_index()
            try:
                if index is not None and not self._describes(index):
                    self._must_be_whole(index.tail)
                    index.close()
                    index = None
            except BaseException:
                if index is not None:
                    index.close()
                raise
            self._index = index or self._make_index()
        return self._index

    def _found_index(self) -> Index | None:
        try:
            return Index.find(self._cache)
        except OSError as error:
            raise UnusableIndexError(
                f"{self._cache} cannot be read ({error.strerror}); the log itself is not affected: give the permission to read it"
            ) from error

    def _only_read(self, error: UnusableIndexError) -> None:
        """
        Go on without the cache where there is no room or permission for it: read with a private index, and refuse to append.

        Raises:
            UnusableIndexError: It is for another reason that the cache cannot be used, or nothing is appended here anyway.
        """
        if self.refusal or not is_shut(error.__cause__):
            raise error
        self._lock.refusal = (
            f"{error.args[0]}. Until then this log can only be read, and nothing was recorded; then open the log again"
        )
        self._drop_index()

    def _make_index(self) -> Index:
        try:
            if not self.refusal:
                disk.make_directory(self._cache)
            return Index.make("" if self.refusal else self._cache)
        except OSError as error:
            message = f"{self._cache} cannot be written ({error.strerror}); the log itself is not affected: make room, or give the permission to write there"
            raise UnusableIndexError(message) from error

    def _replace_index(self) -> None:
        self.rebuilds += 1
        self._drop_index()
        self._index = self._make_index()

    def _make_again(self) -> None:
        self._replace_index()
        self._catch_up()

    def _drop_index(self) -> None:
        index, self._index = self._index, None  # in this order: closing may be interrupted
        if index is not None:
            index.close()

    def _lags(self, index: Index) -> bool:
        """Whether the log ends behind what this handle, or its index, knows; or other files stand in its place."""
        return index.tail != self._tail or self._segments.grown(self._tail) or self._first != self._segments.first()

    def _describes(self, index: Index) -> bool:
        """Whether the last record that the index knows is the one that stands in the log."""
        seq = index.tail.size - 1
        try:
            offset = index.offset_of(seq)
        except DamagedIndexError:
            return False
        if offset is None:
            return False
        if not self._segments.reaches(seq, offset):
            raise self._cut_off(index.tail.size)
        line = self._segments.line(seq, offset)
        leaf = leaf_of(line)
        if leaf != index.tail.leaf and index.genesis == self._genesis_of(index.tail):
            raise self._changed(index.tail, leaf)
        return Tail(seq, None, offset).after(leaf, len(line), segments.SEGMENT_RECORDS) == index.tail

    def _must_be_whole(self, known: Tail) -> None:
        """An index that knows another log than this, whose end is damaged, is a witness: it is not made again."""
        at, wrong = recovery.damage(self._segments, Tail()) if not self.refusal else (Tail(), None)
        if wrong is None:
            return
        message = (
            f"damaged, and {self._cache} knows record #{known.size - 1} with another content than it has: no crash does both. Nothing was changed. "
            "Put the log back from a copy; or, if this cache is another log's, delete it"
        )
        raise WitnessError(message, seq=at.size, expected=f"leaf {known.leaf}", found="another")

    def _genesis_of(self, tail: Tail) -> str:
        """The leaf of record 0 of a log that ends at *tail*; empty where it has none yet."""
        return self.genesis or (leaf_of(self._segments.line(0, 0)) if tail.size else "")

    def _changed(self, known: Tail, found: str) -> LogError:
        return WitnessError(
            f"{self._segments.path(known.size - 1)} has another record #{known.size - 1} than {self._cache} knows to be durable: no crash changes one. "
            "Nothing was changed. Put the log back from a copy that has that record; only if the log was put back from a copy on purpose, delete "
            "the cache, which is made again from what the log holds",
            seq=known.size - 1,
            expected=f"leaf {known.leaf}",
            found=f"leaf {found}",
        )

    def _cut_off(self, size: int) -> LogError:
        return WitnessError(
            f"{self.directory} ends before record #{size - 1}, which {self._cache} knows to be durable: records that were there are gone, or this cache "
            "is another log's. Put the log back from a copy that has that record; only then delete the cache, which is made again from what the log "
            "holds. Where there is no such copy, because a disk lost in a power cut what it had said to be durable, say, they are lost: keep a "
            "copy of what is there, delete the cache, and send again whatever was sent since, with the same ids. Where a head stands for them too, a log that "
            "lacks them is not gone on with",
            seq=size - 1,
        )

    def _catch_up(self) -> None:
        """Read in what stands behind the end that this handle knows. The caller holds the lock."""
        first = self._segments.first()
        if self._index is not None and not (self._index.exists() and first == self._first):
            self._drop_index()
        try:
            self._must_be_this_log()
            try:
                self._read_on(self._open_index())
            except DamagedIndexError:
                self._replace_index()
                self._read_on(self._open_index())
        except BaseException:
            self._drop_index()  # it may be half made
            raise
        self._first = first

    def _must_be_this_log(self) -> None:
        """Directories may be moved under an open handle, and another log be made where one was."""
        if not self.genesis:
            return
        found = leaf_of(self._segments.line(0, 0))
        if found != self.genesis:
            message = f"another log stands at {self.directory} than was opened; nothing was recorded"
            raise LogError(message, expected=self.genesis, found=found)

    def _read_on(self, index: Index) -> None:
        index.reload()
        # Records that another process wrote are in the index already, yet their chain is followed here too.
        at = self._tail if 0 < self._tail.size <= index.tail.size else index.tail
        if not self.refusal:
            # Whoever wrote to the index had synced before. What else stands there is not durable for that: its sync may have failed.
            self._segments.make_durable(index.tail)
        rows = []
        for offset, line in self._segments.after(at, torn_ends=bool(self.refusal)):
            record = follow(at, line)
            rows.append((at.size, offset, record["type"], record["body"]))
            at = at.after(leaf_of(line), len(line), segments.SEGMENT_RECORDS)
            if len(rows) == _ROWS:
                index.add(rows, at)
                rows = []
        if at.size < index.tail.size:
            raise self._cut_off(index.tail.size)
        if at.size == self._tail.size and at != self._tail:
            message = f"{self.directory} ends in another record than it did; nothing was recorded: run verify"
            raise LogError(message, seq=at.size - 1, expected=f"leaf {self._tail.leaf}", found=f"leaf {at.leaf}")
        index.add(rows, at)
        index.settle(index.genesis or self._genesis_of(at))
        self._tail = at

    def forked(self) -> None:
        """Start afresh in the child of a fork."""
        self._mutex = RLock()
        self._writer = 0
        self._lock.forked()
        self._index = None  # it may have been copied half changed
