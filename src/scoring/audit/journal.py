"""
The log as one writer at a time sees it: locked, caught up with what others wrote, its end known.

Owns the order of things: the mutex of this process, the lock between processes, reading in what is new, writing, and only then the index. Must not know
what a submission, a case or a rubric is: `log` owns these rules.
"""

# ruff: noqa: PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
from threading import RLock, get_ident

from scoring import canonical
from scoring.audit import disk, recovery, segments
from scoring.audit.chain import Batch, Tail, follow, leaf_of
from scoring.audit.fields import record_misfit
from scoring.audit.heads import HEAD_RECORDS, Heads, needed_keys
from scoring.audit.index import DamagedIndexError, Index
from scoring.audit.lock import Forkable, WriterLock
from scoring.audit.place import make_parts
from scoring.audit.segments import Segments
from scoring.errors import LogError, StoreError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from scoring.audit.checkpoint import Head
    from scoring.audit.heads import Kept
    from scoring.audit.keys import Signer
    from scoring.audit.receipt import Receipt

    Answer = TypeVar("Answer")

__all__ = ["Journal"]

_ROWS = 1024  # records read in before the index takes them; bounds memory


class _WitnessError(LogError):
    """The index knows records that are gone, or were others: no crash did this, and nothing is mended."""


class Journal(Forkable):
    """
    The records of one log directory.

    As a context manager it is the right to append: ``with journal: journal.batch(...); journal.append(...)``. Inside, nobody else writes and `tail` is the
    end of the log. Such a turn is one thread's, and has no other within. Threads may share the journal, and both sides of a fork; a turn stays the parent's.

    Attributes:
        directory: The log directory, absolute.
        genesis: The leaf of record 0, which names this log and no other; origin: its name in words.
        recovered: Whether this handle cut off what a crash had left.
        rebuilds: How often the index turned out to be damaged under this handle: what it said before may be wrong.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._segments = Segments(os.path.join(directory, "log"))
        self._cache = os.path.join(directory, "cache")
        self._mutex = RLock()
        self._lock = WriterLock(os.path.join(directory, "lock"))
        self._index: Index | None = None
        self._tail = Tail()
        self._closed = False
        self._first: tuple[int, int] | None = None  # which file holds record 0
        self._writer = 0  # the thread that keeps other processes out
        self._heads = Heads(directory, self._segments)
        self._signers: tuple[Signer, ...] = ()
        self._appended = False  # whether this handle did, so that closing makes a head
        self.rebuilds = 0
        self.recovered = False
        self.genesis = self.origin = ""
        super().__init__()

    @property
    def refusal(self) -> str:
        """Why nothing can be appended here, or the empty string."""
        return self._lock.refusal

    def begin(self, origin: str, time: str, key: str = "") -> None:
        """Write record 0 where there is none yet, and with it the log's first *key*: a crash leaves both or neither."""
        self.must_append()
        make_parts(self.directory)
        with self:
            if self._tail.size == 0:
                batch = self.batch(time)
                batch.add("genesis", {"origin": origin})
                if key:
                    batch.add("key", {"key": key})
                self.append(batch)

    def begin_heads(self) -> None:
        """Make the first head of a log that is still short: nothing else vouches for what stands before the damage that a crash leaves."""
        if not self.refusal and not self._heads.size and self.tail.size < HEAD_RECORDS:
            with self:
                self._try_head()

    def identify(self, origin: str | None, clock: Callable[[], str]) -> None:
        """
        Read which log this is, once its end is what its newest head stands for; what a crash left behind that head is cut off.

        Args:
            origin: What it must be called, if known.
            clock: Gives the time of a `recovery` record.

        Raises:
            LogError: It is not the one called *origin*, does not hold what its newest head stands for, or its end is damaged otherwise than by a crash.
        """
        with self._mutex:
            self._usable()
            self._alone(lambda: self._find_end(clock))
        self.genesis, self.origin = self._name()
        if origin not in (None, self.origin):
            raise LogError(f"{self.directory} is another log", expected=origin, found=self.origin)

    def _name(self) -> tuple[str, str]:
        """The leaf of record 0, and what it says that this log is called."""
        line = self._segments.line(0, 0)
        return leaf_of(line), follow(Tail(), line)["body"]["origin"]

    def _find_end(self, clock: Callable[[], str]) -> None:
        """Read the log's end, or repair it. The caller holds the lock."""
        kept = self._heads.newest()  # before the records: whoever makes a head has written them
        if kept is not None and kept.head.origin != self._name()[1]:
            message = f"the newest head in {self.directory}/heads is another log's"
            raise LogError(message, expected=self._name()[1], found=kept.head.origin)
        try:
            self._catch_up()
        except _WitnessError:
            raise
        except LogError:
            # Without a head nothing vouches for what stands before the damage.
            if kept is None or self.refusal or not self._recover(kept, clock):
                raise
        if self._index is None:
            self._catch_up()
        self._resume(kept)

    def _recover(self, kept: Kept, clock: Callable[[], str]) -> bool:
        """
        Cut off what a crash left, and record it; False where no record is damaged.

        A crash in the midst of this leaves the same to the next; one between the cut and its record leaves a log that is whole, and the cut untold.
        """
        head = self._heads.authenticate(kept)
        cut = recovery.judge(self._segments, head, self._known())
        if cut is None:
            return False
        self._segments.cut(cut.at)
        self._drop_index()
        self._catch_up()
        batch = self.batch(clock())
        seq = batch.add("recovery", cut.body)
        self.append(batch)
        emit("recovered", seq=seq, cut=cut.digest, length=cut.length)
        self.recovered = True
        return True

    def _known(self) -> int:
        """How many records the index knows to be durable; 0 where there is none."""
        index = Index.find(self._cache)
        if index is None:
            return 0
        try:
            return index.tail.size
        finally:
            index.close()

    # --- reading ---

    @property
    def tail(self) -> Tail:
        """The end of the log, with what other processes wrote up to now."""
        with self._mutex:
            self._usable()
            # Inside a turn nobody else writes.
            if self._index is None or (not self._writer and self._lags(self._index)):
                self._alone(self._catch_up)
            return self._tail

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

    # --- appending ---

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
        first = self._tail.size
        try:
            self._segments.append(self._tail, batch.lines)
            self._tail = batch.tail
            try:
                rows = [*zip(range(first, batch.tail.size), batch.offsets, batch.records, strict=True)]
                self._open_index().add(rows, batch.tail)
            except (LogError, StoreError, DamagedIndexError):  # the records are durable, and the next turn reads them
                self._drop_index()
            self._appended = True
            if self._tail.size - self._heads.size >= HEAD_RECORDS:
                self._try_head()
        except StoreError:  # nothing was recorded, or this handle is dead
            raise
        except BaseException:  # of a signal handler, perhaps: nobody knows how far this came, and the next turn looks
            self._drop_index()
            raise

    # --- heads ---

    @property
    def no_heads(self) -> str:
        """Why this handle makes no heads, or the empty string."""
        return self.refusal or self._heads.dead or self._lacks_signer(self.keys())

    def keys(self) -> list[tuple[int, str]]:
        """The log's verification keys, each with the seq of its record, oldest first."""
        records = self.find(lambda index: index.keys(), lambda record: bool(record["type"] == "key"))
        return [(record["seq"], record["body"]["key"]) for record in records]

    def sign_with(self, signers: tuple[Signer, ...], clock: Callable[[], str]) -> None:
        """
        Have heads signed from now on; the newest of *signers* becomes the log's key, where it is not yet.

        Raises:
            LogError: It may not: it was replaced before, the one before it is missing, or the newest head is not signed by the log's key.
            MissingExtraError: The extra `sign` is not installed.
        """
        from scoring.audit import checkpoint
        from scoring.audit.keys import VerificationKey

        with self:
            keys = self.keys()
            kept = self._heads.newest()
            size = kept.head.size if kept else 0
            below = [key for seq, key in keys if seq < size]
            if kept is not None and below:
                checkpoint.verify(kept.note, [VerificationKey.parse(below[-1])], self.origin)
            newest, known = signers[-1].verification_key, [key for _, key in keys]
            if newest in known[:-1]:
                raise LogError(
                    f"{newest} was replaced by a later key of this log: give the signer of that, {known[-1]}"
                )
            rotated = [*keys, (self._tail.size, newest)] if newest not in known else keys
            self._signers = signers
            lacks = self._lacks_signer(rotated)
            if lacks:
                raise LogError(lacks)
            if rotated != keys:
                batch = self.batch(clock())
                batch.add("key", {"key": newest})
                self.append(batch)
            if len(needed_keys(rotated, size)) > 1:
                self._make_head()

    def _lacks_signer(self, keys: list[tuple[int, str]]) -> str:
        """Why the next head of a log with these keys cannot be signed, or the empty string."""
        if not keys:
            return ""
        own = {signer.verification_key for signer in self._signers}
        missing = [key for key in needed_keys(keys, self._heads.size) if key not in own]
        if not missing:
            return ""
        if keys[-1][1] in own:
            return (
                f"the first head under a new key is signed by the key before it too, which is missing: {missing[0]}. "
                "Open the log with signer=[old, new]; later the new one is enough"
            )
        return f"this log has a key, and its heads are signed: open it with the signer of {keys[-1][1]}"

    def _make_head(self) -> Kept:
        """Make a head of all there is. The caller is in a turn."""
        kept = self._heads.newest()
        self._resume(kept)
        keys = self.keys()
        lacks = self._lacks_signer(keys)
        if lacks:
            raise LogError(lacks)
        wanted = needed_keys(keys, self._heads.size)
        signers = [signer for signer in self._signers if signer.verification_key in wanted]
        made = self._heads.make(kept, self.origin, self._tail, signers)
        emit("head_signed", size=made.head.size, signatures=made.signatures)
        return made

    def _resume(self, kept: Kept | None) -> None:
        self._heads.resume(kept, self._tail.size, self._open_index().offset_of, writes=not self.refusal)

    def _try_head(self) -> None:
        """Make a head that nobody waits for. Where it fails the records are durable all the same, and the next commit tries again."""
        try:
            # Before `identify` is through this handle does not know whose heads it makes.
            if self.origin and not self._lacks_signer(self.keys()):
                self._make_head()
        except Exception as error:  # noqa: BLE001 - a signer is the host's, and may raise anything
            emit("head_failed", reason=type(error).__name__)

    def checkpoint(self) -> Kept:
        """
        Return the head of all there is now, made where it is not the newest one yet.

        Raises:
            LogError: Its signer is missing, or what is read back is not what was written.
            StoreError: It cannot be written.
        """
        kept = self._heads.newest()
        tail = self.tail
        if kept is not None and kept.head.size == tail.size:
            return kept
        with self:
            return self._make_head()

    def receipt(self, seq: int) -> Receipt:
        """
        Prove that record *seq* is in the log, under its newest head, which is made where none covers the record.

        Raises:
            LogError: There is no such record, or as `checkpoint`.
        """
        self.record(seq)
        kept = self._heads.newest()
        if kept is None or kept.head.size <= seq:
            kept = self.checkpoint()
        found = kept
        return self.ask(lambda index: self._heads.receipt(seq, found, index.offset_of, writes=not self.refusal))

    def must_extend(self, head: Head) -> None:
        """
        Raise where this log does not begin with what *head* stands for. Every record below it is read.

        Raises:
            LogError: It is another log, ends before that head, or a record below it is another than it was.
        """
        if head.origin != self.origin:
            raise LogError("the trusted head is another log's", expected=self.origin, found=head.origin)
        size = self.tail.size
        if size < head.size:
            message = "this log ends before the trusted head: records that were there are gone, or it is an old copy"
            raise LogError(message, expected=f"{head.size} records or more", found=str(size))
        root = self._heads.root_at(head.size)
        if root != head.root:
            message = f"this log does not extend the trusted head: a record below #{head.size} is another than it was"
            raise LogError(message, expected=f"root {head.root.hex()}", found=root.hex())

    # --- the index ---

    def must_append(self) -> None:
        """Raise what keeps this handle from appending."""
        self._usable()
        if self.refusal:
            raise StoreError(self.refusal)

    def _usable(self) -> None:
        if self._closed:
            raise LogError("this log was closed: open it again")
        if self._segments.dead:
            raise StoreError(self._segments.dead)

    def _open_index(self) -> Index:
        if self._index is None:
            index = None if self.refusal else Index.find(self._cache)
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

    def _make_index(self) -> Index:
        try:
            if not self.refusal:
                disk.make_directory(self._cache)
            return Index.make("" if self.refusal else self._cache)
        except OSError as error:
            raise StoreError(f"{self._cache} cannot be written: {error.strerror}") from error

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
        before = Tail(seq, None, offset)
        return before.after(leaf_of(line), len(line), segments.SEGMENT_RECORDS) == index.tail

    def _must_be_whole(self, known: Tail) -> None:
        """An index that knows another log than this, whose end is damaged, is a witness: it is not made again."""
        at, wrong = recovery.damage(self._segments, Tail()) if not self.refusal else (Tail(), None)
        if wrong is None:
            return
        message = (
            f"damaged, and {self._cache} knows record #{known.size - 1} with another content than it has: no crash does both. Nothing was changed. "
            "Put the log back from a copy; or, if this cache is another log's, delete it"
        )
        raise _WitnessError(message, seq=at.size, expected=f"leaf {known.leaf}", found="another")

    def _cut_off(self, size: int) -> LogError:
        return _WitnessError(
            f"{self.directory} ends before record #{size - 1}, which {self._cache} knows: records that were there are gone, or this cache is another log's. "
            "Find out why, and put the log back if it was cut. Only then delete the cache; it is made again from what the log holds",
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
            rows.append((at.size, offset, record))
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
        index.settle()
        self._tail = at

    # --- the end ---

    def close(self) -> None:
        """Let go of all files, after a head of what this handle recorded. Closing twice is harmless."""
        self.leave()
        with self._mutex:
            if self._appended and not self._closed:
                self._last_head()
            self._closed = True
            self._lock.close()
            self._drop_index()

    def _last_head(self) -> None:
        """Make the head of closing. What keeps it from being made keeps nobody from closing: the next handle makes it."""
        self._appended = False
        try:
            with self:
                if self._tail.size > self._heads.size:
                    self._try_head()
        except (LogError, StoreError) as error:
            emit("head_failed", reason=type(error).__name__)

    def forked(self) -> None:
        """Start afresh in the child of a fork."""
        self._appended = False
        self._heads.forked()
        self._mutex = RLock()
        self._writer = 0
        self._lock.forked()
        self._index = None  # it may have been copied half changed
