"""
The log as one writer at a time sees it: begun, identified, mended, and put under heads.

Owns when a head is made and by whose key, and what happens between finding a log and using it. Must not know what a submission, a case or a rubric is:
`intake` owns these rules.
"""

from __future__ import annotations

from scoring.audit import recovery
from scoring.audit.catching import WitnessError
from scoring.audit.chain import Tail, follow, leaf_of, link_of
from scoring.audit.heads import HEAD_RECORDS, Heads, UnsoundError, needed_keys
from scoring.audit.index import Index, UnusableIndexError
from scoring.audit.place import make_parts
from scoring.audit.segments import TornError
from scoring.audit.turns import Turns
from scoring.errors import LogError, ScoringError, StoreError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.audit.checkpoint import Head
    from scoring.audit.heads import Kept
    from scoring.audit.keys import Signer
    from scoring.audit.receipt import Receipt

__all__ = ["Journal"]

_BEGUN = 2  # records that a log with a key is made with, before its first head: a crash may leave these alone
_LOOKED_AT = 65_536  # records behind the newest head that whoever signs looks at before, in a second or two


class Journal(Turns):
    """
    The records of one log directory, and its heads.

    Attributes:
        origin: What the log is called.
        recovered: What this handle cut off last, and where it is kept; empty where that was nothing.
        head_failed: Why the last head that this handle was to make could not be made, or the empty string.
    """

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self._heads = Heads(directory, self._segments)
        self._signers: tuple[Signer, ...] = ()
        self._clock: Callable[[], str] | None = None  # from when on what a crash leaves is cut off
        self._owes_head = False  # whether this handle appended, or signs, so that closing makes a head
        self._unsound: LogError | None = None  # what was read back and is not what was written
        self.recovered = ""
        self.head_failed = ""
        self.origin = ""

    def must_append(self) -> None:
        """Raise what keeps this handle from appending: also that the records which it read back do not hold."""
        super().must_append()
        if self._unsound is not None:
            message = f"{self.directory} takes no more records by this handle: {self._unsound.message}"
            raise LogError(message, seq=self._unsound.seq, expected=self._unsound.expected, found=self._unsound.found)

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
        """
        Make the first head, of a log that is still short, or by its signer: nothing else vouches for what stands before the damage of a crash.

        Raises:
            StoreError: Its signer's cannot be written.
        """
        short = self._signers or self.tail.size < HEAD_RECORDS
        if short and not (self.refusal or self.out_of_step or self._heads.size):
            with self:
                self._try_head()
            if (
                self._signers and self._heads.dead
            ):  # what is recorded in a log with a key and no head cannot be signed later
                raise StoreError(self._heads.dead)

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
            self._clock = clock
            try:
                self._alone(self._find_end)
            except UnusableIndexError as error:
                self._only_read(error)
                self._alone(self._find_end)
        self.genesis, self.origin = self._name()
        if origin not in (None, self.origin):
            raise LogError(f"{self.directory} is another log", expected=origin, found=self.origin)

    def _name(self) -> tuple[str, str]:
        """The leaf of record 0, and what it says that this log is called."""
        line = self._segments.line(0, 0)
        return leaf_of(line), follow(Tail(), line)["body"]["origin"]

    def _find_end(self) -> None:
        """Read the log's end, or repair it. The caller holds the lock."""
        kept = self._heads.newest()  # before the records: whoever makes a head has written them
        if kept is not None and kept.head.origin != self._name()[1]:
            message = f"the newest head in {self.directory}/heads is another log's"
            raise LogError(message, expected=self._name()[1], found=kept.head.origin)
        self._catch_up()
        self._resume(kept)

    def _catch_up(self) -> None:
        """Read in what others wrote. What one of them left that died in the midst of a write is cut off, whether the log is opened then or was open."""
        try:
            super()._catch_up()
        except WitnessError:
            raise
        except LogError as error:
            self._mend(error)

    def _mend(self, error: LogError) -> None:
        """Cut off what a crash left, or raise what is wrong; on a machine that went on a crash leaves no more than an unfinished line."""
        if self._clock is None or (self.genesis and not isinstance(error, TornError)):
            raise error
        self._must_be_this_log()
        kept = self._heads.newest()
        if kept is None:  # nothing vouches for what stands before the damage
            raise self._unvouched(error) from None
        if self.refusal or self.out_of_step or not self._recover(kept, self._clock):
            raise error
        if self._index is None:
            super()._catch_up()

    def _unvouched(self, error: LogError) -> LogError:
        """What to do about damage in a log without a head: one that records a key had some, and they come first."""
        try:
            if not any(
                (link_of(line) or ("",))[-1] == "key" for _, line in self._segments.after(Tail(), torn_ends=True)
            ):
                return error
        except LogError:
            return error
        otherwise = error.message.partition(": ")[2] or recovery.REMEDY
        message = (
            f"{recovery.brief(error)}. And {self.directory}/heads is missing or empty, though this log records a key: its heads say how far it came. Put "
            f"that file back from a copy first, then open the log again. Only where no head was ever made: {otherwise}"
        )
        return LogError(message, seq=error.seq, expected=error.expected, found=error.found)

    def _recover(self, kept: Kept, clock: Callable[[], str]) -> bool:
        """
        Keep what a crash left in a file, cut it off, and record that; False where no record is damaged.

        A crash in the midst of this leaves the same to the next; one between the cut and its record leaves a whole log, and the cut told by its file alone.
        """
        head = self._heads.authenticate(kept)
        cut = recovery.judge(self._segments, head, self._known())
        if cut is None:
            return False
        file = recovery.keep(self.directory, cut)
        self._segments.cut(cut.at)
        self._drop_index()
        super()._catch_up()
        batch = self.batch(clock())
        seq = batch.add("recovery", cut.body)
        self.append(batch)
        emit("recovered", seq=seq, cut=cut.digest, length=len(cut.data))
        self.recovered = (
            f"{len(cut.data)} bytes at the end of {self._segments.path(cut.at.size)} did not hold, as after a crash in the midst of a write; they were cut "
            f"off, and are kept in {file}; record #{seq} says so. Where there was no crash, find out what damaged them"
        )
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

    # --- heads ---

    @property
    def no_heads(self) -> str:
        """Why this handle makes no heads, or the empty string."""
        return self.refusal or self._heads.dead or self._lacks_signer(self.keys())

    def keys(self) -> list[tuple[int, str]]:
        """The log's verification keys, each with the seq of its record, oldest first."""
        records = self.find(lambda index: index.keys(), lambda record: bool(record["type"] == "key"))
        return [(record["seq"], record["body"]["key"]) for record in records]

    @property
    def broken_head(self) -> str:
        """
        Why the newest head is not to be passed on: the log's key did not sign it, or it is gone.

        Whether it is signed cannot be told without the extra `sign`.
        """
        from scoring.errors import MissingExtraError

        kept = self._heads.newest()
        if kept is None and self._lost_heads(self.tail, self.keys()):
            return self._no_heads()
        try:
            self._must_be_signed(kept)
        except LogError as error:
            return error.message
        except MissingExtraError:
            pass
        return ""

    def _must_be_signed(self, kept: Kept | None) -> None:
        """Refuse a newest head that is not signed by the newest key below its size."""
        below = [key for seq, key in self.keys() if kept is not None and seq < kept.head.size]
        if kept is None or not below:
            return
        from scoring.audit import checkpoint
        from scoring.audit.keys import VerificationKey

        try:
            checkpoint.verify(kept.note, [VerificationKey.parse(below[-1])], self.origin)
        except LogError as error:
            message = (
                f"{self.directory}/heads, last line: the head of {kept.head.size} records is not signed by the log's key ({error.message}). "
                "Put the file back from a copy; or, if there is none, keep a copy of it and cut that line off, so that the head before it counts"
            )
            raise LogError(message, expected=error.expected, found=error.found) from None

    @property
    def provable(self) -> int:
        """How many records the newest head stands for; 0 where there is none."""
        kept = self._heads.newest()
        return 0 if kept is None else kept.head.size

    def sign_with(self, signers: tuple[Signer, ...], clock: Callable[[], str], *, vouched: bool = True) -> None:
        """
        Have heads signed from now on; the newest of *signers* becomes the log's key, where it is not yet.

        Args:
            signers: Who signs, the newest last.
            clock: Gives the time of a `key` record.
            vouched: Whether somebody vouches for what stands in a log with a key whose heads are gone: it was made just now, or extends a trusted head.

        Raises:
            LogError: It may not: it was replaced before, the one before it is missing, the newest head is not signed by the log's key, or the heads are gone.
            MissingExtraError: The extra `sign` is not installed.
        """
        with self:
            keys = self.keys()
            kept = self._heads.newest()
            size = kept.head.size if kept else 0
            self._must_be_signed(kept)
            if kept is None and self._lost_heads(self._tail, keys) and not vouched:
                raise LogError(self._no_heads())
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
            self._resume(kept)
            self._must_hold()
            self._owes_head = True
            if rotated != keys:
                if not keys and kept is None:
                    self._make_head()  # so that a log with a key and no head is one that lost it
                batch = self.batch(clock())
                batch.add("key", {"key": newest})
                self.append(batch)
            if len(needed_keys(rotated, size)) > 1:
                self._make_head()

    @staticmethod
    def _lost_heads(tail: Tail, keys: list[tuple[int, str]]) -> bool:
        """Whether a log without a head must have had one, or should have: it has a key, and more than what it was made with."""
        return bool(keys) and tail.size > _BEGUN

    def _must_hold(self) -> None:
        """Refuse to sign for a log in which the records behind the newest head do not hold."""
        at, wrong = recovery.damage(self._segments, self._heads.end, _LOOKED_AT)
        if wrong is not None:
            message = f"{recovery.brief(wrong)}, in {self._segments.path(at.size)}, behind the newest head, so nothing is signed here. {recovery.REMEDY}"
            raise LogError(message, seq=at.size, expected=wrong.expected, found=wrong.found)

    def _no_heads(self) -> str:
        """What to do where a log with a key has no head: to sign what stands there would vouch for whatever was made of it."""
        from scoring.audit import checkpoint
        from scoring.audit.tree import EMPTY_ROOT

        nothing = checkpoint.Head(self.origin, 0, EMPTY_ROOT).text.decode()
        return (
            f"{self.directory}/heads is missing or empty, and this log has a key, whose signer would now vouch for records that nothing vouches for. Put "
            "the file back from a copy; or give a head that was kept elsewhere as trusted=. Only if none was ever made, and what stands there was looked "
            f"at, give that of no records: trusted={nothing!r}"
        )

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
                "Open the log with signer=[old, new]; later the new one is enough. Where the old one is lost, no other can follow it in this log: record "
                "without a key, and so without heads, or begin another log"
            )
        return f"this log has a key, and its heads are signed: open it with the signer of {keys[-1][1]}"

    def _make_head(self, keys: list[tuple[int, str]] | None = None) -> Kept:
        """Make a head of all there is. The caller is in a turn, and may have asked for the log's *keys* in it."""
        kept = self._heads.newest()
        self._resume(kept)
        keys = self.keys() if keys is None else keys
        lacks = self._lacks_signer(keys)
        if lacks:
            raise LogError(lacks)
        wanted = needed_keys(keys, self._heads.size)
        signers = [signer for signer in self._signers if signer.verification_key in wanted]
        try:
            made = self._heads.make(kept, self.origin, self._tail, signers)
        except UnsoundError as error:
            self._unsound = error
            raise
        self.head_failed = ""
        emit("head_signed", size=made.head.size, signatures=made.signatures)
        return made

    def _resume(self, kept: Kept | None) -> None:
        self._heads.resume(kept, self._tail.size, self._open_index().offset_of, writes=not self.refusal)

    def _committed(self) -> None:
        self._owes_head = True
        if self._tail.size - self._heads.size >= HEAD_RECORDS:
            self._try_head()

    def _try_head(self) -> None:
        """Make a head that nobody waits for. Where it fails the records are durable all the same, and the next commit tries again."""
        try:
            # Before `identify` is through this handle does not know whose heads it makes.
            keys = self.keys() if self.origin else []
            if self.origin and not self._lacks_signer(keys):
                self._make_head(keys)
        except Exception as error:  # noqa: BLE001 - a signer is the host's, and may raise anything
            self._fail_head(error)

    def _fail_head(self, error: Exception) -> None:
        self.head_failed = str(error) if isinstance(error, ScoringError) else f"{type(error).__name__}: {error}"
        emit("head_failed", reason=type(error).__name__)

    def checkpoint(self) -> Kept:
        """
        Return the head of all there is now, made where it is not the newest one yet.

        Raises:
            LogError: Its signer is missing, what is read back is not what was written, or the newest head is not signed by the log's key.
            StoreError: It cannot be written.
        """
        self._unsound = None  # whoever asks for a head has what stands there looked at again
        kept = self._heads.newest()
        tail = self.tail
        if kept is not None and kept.head.size == tail.size:
            self._must_be_vouched()
            return kept
        with self:
            return self._make_head()

    def _must_be_vouched(self) -> None:
        broken = self.broken_head
        if broken:
            raise LogError(broken)

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
        else:
            self._must_be_vouched()
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

    # --- the end ---

    @property
    def appended(self) -> bool:
        """Whether this handle appended anything, or signs, and was not closed yet."""
        return self._owes_head and not self._closed

    def close(self) -> None:
        """Let go of all files, after a head of what this handle recorded, or may sign for. Closing twice is harmless."""
        self.leave()
        with self._mutex:
            if self.appended:
                self._last_head()
            self._closed = True
            self._lock.close()
            self._drop_index()

    def _last_head(self) -> None:
        """Make the head of closing. What keeps it from being made keeps nobody from closing: the next handle makes it."""
        self._owes_head = False
        try:
            with self:
                if self._tail.size > self._heads.size:
                    self._try_head()
        except (LogError, StoreError) as error:
            self._fail_head(error)

    def forked(self) -> None:
        """Start afresh in the child of a fork."""
        super().forked()
        self._owes_head = False
        self._heads.forked()
