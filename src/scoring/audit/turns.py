"""
The records of a log, read by anybody and appended to by one writer at a time.

Owns the order of things in a turn: the lock, what others wrote, writing, and only then the index; and what a record must fit to be read. Must not know what a
submission, a case or a rubric is, nor what a head is.
"""

from __future__ import annotations

from threading import get_ident

from scoring import canonical
from scoring.audit import segments
from scoring.audit.catching import Catching
from scoring.audit.chain import Batch, Tail, leaf_of
from scoring.audit.fields import record_misfit
from scoring.audit.index import DamagedIndexError, Index
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    Answer = TypeVar("Answer")

__all__ = ["Turns"]


class Turns(Catching):
    """
    The right to append, as a context manager: ``with turns: turns.batch(...); turns.append(...)``.

    Inside, nobody else writes and `tail` is the end of the log. Such a turn is one thread's, and has no other within. Threads may share the handle, and both
    sides of a fork; a turn stays the parent's.
    """

    @property
    def tail(self) -> Tail:
        """The end of the log, with what other processes wrote up to now."""
        with self._mutex:
            self._usable()
            # Inside a turn nobody else writes.
            if self._index is None or (not self._writer and self._lags(self._index)):
                self._alone(self._catch_up)
            return self._tail

    @property
    def durable(self) -> tuple[int, str]:
        """How many records this handle knows to be durable, and the leaf of the last one."""
        tail = self._tail
        return tail.size, tail.leaf or ""

    def leaf_at(self, seq: int) -> str | None:
        """Return the leaf of the line that stands where record *seq* should; None where there is none."""
        tail = self.tail
        if seq == tail.size - 1:
            return tail.leaf
        offset = self.ask(lambda index: index.offset_of(seq))
        try:
            return None if offset is None else leaf_of(self._segments.line(seq, offset))
        except LogError:
            return None

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """Put a question to the index, which is made again where it turns out to be damaged."""
        with self._mutex:
            tail = self.tail
            try:
                return question(self._open_index())
            except DamagedIndexError:
                self._alone(self._make_again)
                if self._tail.size < tail.size:
                    raise LogError(f"{self.directory}: records that were there are gone", seq=self._tail.size) from None
            try:
                return question(self._open_index())
            except DamagedIndexError as error:
                message = f"{self._cache} was damaged again as soon as it was made ({error}): find out by whom"
                raise LogError(message) from None

    def record(self, seq: int) -> dict[str, Any]:
        """
        Read one record, which the one behind it, or the log's end as this handle knows it, must vouch for.

        Raises:
            LogError: There is none, or it is damaged or was changed.
        """
        return self.ask(lambda index: self._record(seq, index.offset_of(seq)))

    def find(
        self, question: Callable[[Index], list[int]], fits: Callable[[dict[str, Any]], bool]
    ) -> list[dict[str, Any]]:
        """
        Read the records that the index gives. Where one does not fit what was asked for, the index is made again.

        Raises:
            LogError: As `record`.
        """

        def look(index: Index) -> list[dict[str, Any]]:
            records = [self._record(seq, index.offset_of(seq)) for seq in question(index)]
            for record in records:
                if not fits(record):
                    raise DamagedIndexError(f"record #{record['seq']} is another than it says")
            return records

        return self.ask(look)

    def _record(self, seq: int, offset: int | None) -> dict[str, Any]:
        if offset is None:
            raise LogError(f"this log has no record #{seq}: it holds {self._tail.size} records, the first is #0")
        line = self._segments.line(seq, offset)
        try:
            record: Any = canonical.loads_canonical(line)
        except canonical.CanonicalError as error:
            raise LogError(f"no record: {error}", seq=seq) from None
        wrong = record_misfit(record)
        if wrong:
            raise LogError(f"does not fit the record format: {wrong}", seq=seq)
        if record["seq"] != seq:
            raise LogError("another record stands here", seq=seq, expected=f"seq {seq}", found=f"seq {record['seq']}")
        behind = Tail(seq, None, offset).after(leaf_of(line), len(line), segments.SEGMENT_RECORDS)
        kept = self._kept_leaf(behind)
        if behind.leaf != kept:
            message = "changed: what stands behind it chains to another content"
            raise LogError(message, seq=seq, expected=f"leaf {kept}", found=f"leaf {behind.leaf}")
        return record  # type: ignore[no-any-return]

    def _kept_leaf(self, behind: Tail) -> str | None:
        """What the log says elsewhere of the leaf of the record before *behind*."""
        if behind.size > self._tail.size:
            self._alone(
                self._catch_up
            )  # the index knows what another writer added; what follows may be half written yet
        if behind.size == self._tail.size:
            return self._tail.leaf
        try:
            record: Any = canonical.loads_canonical(self._segments.line(behind.size, behind.offset))
        except canonical.CanonicalError as error:
            raise LogError(f"no record: {error}", seq=behind.size) from None
        return record.get("prev") if type(record) is dict else None

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Read the lines of all records that are there now, in order, with their seq."""
        size = self.tail.size
        for seq, (_, line) in enumerate(self._segments.after(Tail(), torn_ends=True)):
            if seq == size:
                return
            yield seq, line

    def __enter__(self) -> None:
        with self._mutex:
            self.must_append()
            if self._writer:
                raise LogError(
                    "this thread is busy with the log: no clock, entropy or signal handler may record within"
                )
            try:
                # No call stands between naming the thread and the mutex: whoever finds the one finds the other.
                self._writer = get_ident()
                self._mutex.acquire()
                self._lock.take()
                if self._index is None or not self._index.exists() or self._lags(self._index):
                    self._catch_up()
            except BaseException:
                self.leave()
                raise

    def __exit__(self, *_: object) -> None:
        self.leave()

    def writes(self) -> bool:
        """Whether this thread is in a turn."""
        return self._writer == get_ident()

    def leave(self) -> None:
        """Leave the turn of this thread, if it has one: as often as one likes, for a signal handler that raises may cut leaving short."""
        if self.writes():
            self._lock.release()
            self._writer = 0
            self._mutex.release()

    def batch(self, time: str) -> Batch:
        """Begin a batch at the end of the log."""
        return Batch(self._tail, time, segments.SEGMENT_RECORDS)

    def append(self, batch: Batch) -> None:
        """
        Write a batch that was begun since the lock was taken, and return when it is durable.

        Raises:
            StoreError: As `Segments.append`; or the turn is the parent's, and this its child.
        """
        if not self.writes():
            raise StoreError(
                "the turn ended before its batch was written, by a fork or because the log was closed; nothing was recorded"
            )
        try:
            self._segments.append(self._tail, batch.lines)
            self._tail = batch.tail
            try:
                self._open_index().add(batch.rows, self._tail)
            except (LogError, StoreError, DamagedIndexError):  # the records are durable, and the next turn reads them
                self._drop_index()
            self._committed()
        except StoreError:  # nothing was recorded, or this handle is dead
            raise
        except BaseException:  # of a signal handler, perhaps: nobody knows how far this came, and the next turn looks
            self._drop_index()
            raise

    def _committed(self) -> None:
        """Do what follows once records are durable."""
