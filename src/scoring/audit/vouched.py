"""
What `verify` checks of a log's heads: that each is the root of the records below it, who signed it, and whether a head that was kept elsewhere is extended.

One pass beside the records: the tree is kept as its few perfect subtrees and the heads are read as the tree comes to their size, so that memory stays flat.
The file's length is taken before the first record is read, for whoever makes a head has written its records: one that has none behind it was left over.

Source: FORMAT.md 4 (`key`), 11. Must not know how a log is laid out, nor anything of records but their leaves, their keys and their log's name.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from scoring.audit import checkpoint, disk, note
from scoring.audit.heads import MAX_HEAD_LINE, needed_keys, read_head
from scoring.audit.keys import VerificationKey
from scoring.audit.report import (
    ANOTHERS_CHECKPOINT,
    ANOTHERS_KEY,
    FIT,
    HEADS,
    NO_HEADS,
    NOT_SIGNED,
    OTHERS_CHECKPOINT,
    OTHERS_KEY,
    RECORDS,
    REMARK,
    UNREAD_HEADS,
    UNSIGNED,
    UNSIGNED_BY_KEY,
    UNSIGNED_CHECKPOINT,
    Check,
    Finding,
    counted,
)
from scoring.audit.tree import Tree, joined
from scoring.audit.value import Value
from scoring.errors import LogError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from scoring.audit.heads import Kept
    from scoring.audit.report import Place

__all__ = ["Vouched"]

_MOST_BEHIND = 512  # records that may honestly stand behind the newest head of a log with a key: below 256, and a batch
_MOST_KEYS = 1000  # of one log; a key a day for three years
_MOST_AHEAD = 4096  # heads that are read ahead; sixteen segments have as many
_MOST_NOTE = 4096  # bytes of one whose signatures others may check; a head with a key has some 300


class _Line(Value):
    """A line of the file: its number, and a head, or what is wrong with it, what was expected and what was found."""

    __slots__ = ("number", "kept", "wrong")  # noqa: RUF023 - in the order of the constructor

    number: int
    kept: Kept | None
    wrong: tuple[str, str | None, str | None] | None

    def __init__(self, number: int, kept: Kept | None, *wrong: str | None) -> None:
        super().__init__(number, kept, (*wrong, None, None)[:3] if wrong else None)

    @property
    def size(self) -> int:
        return self.kept.head.size if self.kept else 0


class Vouched:
    """
    The heads of one log, while its records go by.

    Args:
        path: The file `heads`.
        key: A verification key that was given, or None.
        trusted: A checkpoint that was kept elsewhere, or None.
        limit: Heads of more records than this are left alone; None for none.

    Raises:
        LogError: *key* is no verification key, or *trusted* no checkpoint.
        MissingExtraError: A key was given, and the extra `sign` is not installed.
    """

    def __init__(self, path: str, key: str | None, trusted: str | bytes | None, limit: int | None) -> None:
        self.heads, self.signatures, self.trusted = map(Check, ("heads", "signatures", "trusted"))
        self.given = None if key is None else VerificationKey.parse(key)
        if self.given is not None:
            self.given.accepts(b"", b"")  # what cannot be checked is told before a whole log is read
        data = trusted.encode() if isinstance(trusted, str) else trusted
        self.kept_elsewhere = None if data is None else checkpoint.parse(data)
        self.limit = limit
        self.origin = ""
        self.early = ""  # the name in the first head of no record, which comes before the log says its own
        self.tree = Tree()
        self.size = 0  # of the log, as far as it went by
        self.known_root: bytes | None = None  # of that size
        self.resumed = False  # records below were not read, so that keys may be recorded there
        self.early_end = False  # heads above the limit were left alone
        self.since = self.beyond = (
            0  # of how many records is what was resumed from; the first head that stands for more than there are
        )
        self.broken = False  # a line that has no leaf stands below
        self.known: set[tuple[bytes, str]] = set()  # notes that were found to be signed, and by which key
        self.keys: list[tuple[int, str]] = []  # from the one on that the last head was signed by
        self.seqs: dict[str, int] = {}  # of every key
        self.last: Kept | None = None  # the newest head whose size was come to
        self.count = self.signed = self.number = 0
        self.stream: BinaryIO | None = None
        self.unread = ""  # why the file cannot be read
        self.end = 0
        self.next: Kept | None = None
        self.ahead: deque[_Line] = deque()  # what was read of the file and not come to yet
        try:
            self.stream = disk.open_file(path)
            self.end = self.stream.seek(0, 2)
            self.stream.seek(0)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.unread = error.strerror or type(error).__name__
            self.heads.fail(f"the file {path} cannot be read: {self.unread}", part=UNREAD_HEADS)
        self.coming = self.read_lines()
        self.advance()
        self.come_to(None)

    def close(self) -> None:
        """Let go of the file."""
        if self.stream is not None:
            self.stream.close()

    def start(self, tree: Tree, head: checkpoint.Head) -> None:
        """
        Begin behind the records under the checkpoint that was kept elsewhere, none of which is read.

        Keys that were recorded below are not known, but the given one, where it signed that checkpoint.
        """
        self.tree, self.size, self.origin, self.resumed = tree, tree.size, head.origin, True
        self.since = tree.size
        while self.next is not None and self.next.head.size <= head.size:
            if self.next.head.size == head.size:
                self.root(self.next, None)
                self.last = self.next
            self.advance()
        self.count = 0
        if self.given is not None and not self.finish_signed(head, [self.given]):
            self.seqs[str(self.given)] = -1
            self.keys.append((-1, str(self.given)))

    # --- as the records go by ---

    def named(self, origin: str, place: Place) -> None:
        """Take in what the log calls itself."""
        self.origin = origin
        if self.early not in {"", origin}:
            self.heads.fail("the head of no record is another log's", place, expected=origin, found=self.early)

    def key(self, key: str, place: Place) -> None:
        """Take in a key record."""
        if key in self.seqs:
            self.signatures.fail(f"this key stands in record #{self.seqs[key]} already", place)
        elif len(self.seqs) == _MOST_KEYS:
            self.signatures.fail(f"more than {_MOST_KEYS} keys; this one was not followed", place)
        else:
            name = VerificationKey.parse(key).name
            if name != self.origin:
                self.signatures.fail("a key of another name than the log's", place, expected=self.origin, found=name)
            self.seqs[key] = place[0]
            self.keys.append((place[0], key))

    def leaf(self, place: Place) -> None:
        """Take in a record's leaf, once its key was, if it is one."""
        self.tree.append(bytes.fromhex(place[3]))
        self.at(self.tree.size, None, place)

    def subtrees(self, found: Iterable[tuple[int, bytes]]) -> None:
        """Take in many leaves at once, by the perfect subtrees over them; the heads among them were come to by `at`."""
        for level, root in found:
            self.tree.append_subtree(level, root)
        self.size, self.known_root = self.tree.size, None

    def at(self, size: int, root: bytes | None, place: Place) -> None:
        """
        Come to a size of the log, once all keys below were taken in.

        Args:
            size: That size.
            root: The hash over the leaves that the tree does not have yet; None where it has all.
            place: Of the last record below.
        """
        self.size, self.known_root = size, None if root is None else joined([*self.tree.roots, root])
        if self.kept_elsewhere is not None and self.kept_elsewhere.head.size == size:
            self.extends(self.kept_elsewhere.head, place)
        self.come_to(place)

    def root_now(self) -> bytes:
        """The root of the log as far as it went by."""
        return self.known_root or self.tree.root()

    def sizes(self, low: int, high: int) -> list[int] | None:
        """Name the sizes above *low* and up to *high* at which there is something to compare, rising; None where heads are too many to look ahead."""
        while not self.ahead or self.ahead[-1].size <= high:
            if len(self.ahead) == _MOST_AHEAD:
                return None
            line = next(self.coming, None)
            if line is None:
                break
            self.ahead.append(line)
        found = {line.size for line in self.ahead if low < line.size <= high}
        others = (self.next, self.kept_elsewhere)
        return sorted(
            found | {other.head.size for other in others if other is not None and low < other.head.size <= high}
        )

    def notes(self, low: int, high: int) -> list[bytes]:
        """Give the signed heads above *low* and up to *high* that were read ahead, for whoever checks them before they are come to."""
        heads = [self.next, *(line.kept for line in self.ahead)]
        newest = {kept.head.size: kept for kept in heads if kept is not None and low < kept.head.size <= high}
        return [kept.note for kept in newest.values() if kept.signatures and len(kept.note) <= _MOST_NOTE]

    def likely_keys(self) -> list[str]:
        """Name the keys by which heads to come may be signed, as far as is known by now."""
        return [*([str(self.given)] if self.given is not None else ()), *[*self.seqs][-1:]]

    def extends(self, head: checkpoint.Head, place: Place) -> None:
        """Compare the head that was kept elsewhere, unless it is another log's: that accuses no record."""
        if self.is_anothers(head):
            return
        root = self.root_now()
        if self.broken or root != head.root:
            detail = "this record, or one before it, is not what the trusted checkpoint stands for"
            self.trusted.fail(detail, place, expected=f"root {head.root.hex()}", found=root.hex())

    def is_anothers(self, head: checkpoint.Head) -> bool:
        """Whether a head names another log than this one, as far as this one says what it is called."""
        return self.origin not in {"", head.origin}

    def come_to(self, place: Place | None) -> None:
        """Check the heads of as many records as there are by now."""
        at = None
        while self.next is not None and self.next.head.size == self.size:
            self.root(self.next, place)
            if at is not None and not _signatures(self.next) > _signatures(at):
                self.heads.fail(f"line {self.number} of heads repeats a size, and no signature came to it")
            at = self.next
            self.advance()
        if at is not None:
            self.signers(at, place)
            self.last = at

    def root(self, kept: Kept, place: Place | None) -> None:
        """Compare a head with the tree."""
        self.count += 1
        head = kept.head
        root = self.root_now()
        if self.broken or head.root != root:
            detail = f"what stands up to this record is not what line {self.number} of heads stands for"
            self.heads.fail(detail, place, self.accused(kept), expected=f"root {head.root.hex()}", found=root.hex())
        if place is None and not self.resumed:
            self.early = self.early or head.origin
        if head.origin != (self.early if place is None and not self.resumed else self.origin):
            self.heads.fail(
                f"line {self.number} of heads is another log's",
                place,
                expected=self.origin or self.early,
                found=head.origin,
            )

    def accused(self, kept: Kept) -> str:
        """What a head accuses that is not of these records: they are other than what the log's key signed; or the head is; or nobody can tell."""
        if self.broken:
            return RECORDS
        if not (kept.signatures and self.seqs):
            return FIT
        try:
            note.verify(note.parse(kept.note), [*map(_key, self.seqs)])
        except LogError as error:
            return _misfit(error)
        except MissingExtraError:
            return FIT
        return RECORDS

    def signers(self, kept: Kept, place: Place | None) -> None:
        """Check who signed a head."""
        needed = needed_keys(self.keys, self.last.head.size if self.last else 0)
        self.keys = self.keys[-1:]
        at = f"the head of {kept.head.size} records"
        if not needed:
            if kept.signatures and not self.resumed:
                self.signatures.fail(f"{at} is signed by a key that no record before it has", place, FIT)
            return
        if not kept.signatures:
            self.signatures.fail(f"{at} is unsigned, and the log has a key", place, FIT)
            return
        if len(needed) == 1 and (kept.note, needed[0]) in self.known:
            self.signed += 1
            return
        keys = [*map(_key, needed)]
        try:
            signed = note.verify(note.parse(kept.note), keys)
        except LogError as error:
            said = f"{at}: {error.message}"
            self.signatures.fail(said, place, _misfit(error), expected=error.expected, found=error.found)
            return
        except MissingExtraError as error:
            self.signatures.unchecked = str(error)
            return
        self.signed += 1
        for key in keys:
            if key not in signed:
                self.signatures.fail(f"{at} lacks the signature of {key}, the key before a new one", place, FIT)

    # --- the file ---

    def advance(self) -> None:
        """Come to the next head that is one."""
        self.next = None
        while (line := self.ahead.popleft() if self.ahead else next(self.coming, None)) is not None:
            self.number = line.number
            if line.wrong:
                detail, expected, found = line.wrong
                self.heads.fail(detail, expected=expected, found=found)
            elif self.limit is None or line.size <= self.limit:
                self.next = line.kept
                return
            else:
                self.early_end = True
                return

    def read_lines(self) -> Iterator[_Line]:
        """Read the file."""
        number = offset = largest = 0
        while self.stream is not None and offset < self.end:
            line = self.stream.readline(min(MAX_HEAD_LINE, self.end - offset))
            offset += len(line)
            number += 1
            if line[-1:] != b"\n":
                if offset < self.end:
                    yield _Line(number, None, f"line {number} of heads is longer than any; nothing behind it was read")
                return  # an unfinished last line is no head
            try:
                kept = read_head(line[:-1])
            except LogError as error:
                yield _Line(number, None, f"line {number} of heads: {error.message}")
                continue
            size, largest = kept.head.size, max(kept.head.size, largest)
            if size < largest:
                yield _Line(number, None, f"line {number} of heads falls", f"size {largest} or more", f"size {size}")
            else:
                yield _Line(number, kept)

    # --- the end ---

    def finish(self, lines: int) -> None:
        """Check what the last record tells."""
        if self.next is not None:
            self.finish_heads(lines)
        elif not self.count:
            self.heads.unchecked = self.no_head()
        self.finish_key()
        self.finish_trusted(lines)

    def no_head(self) -> str:
        """Say why no head was compared."""
        if self.unread:
            return "the file heads cannot be read"
        if self.resumed:
            return f"no head was made above the {self.since} records of the trusted checkpoint"
        if self.early_end:
            return f"no head was made of these {self.size} records, or of fewer"
        gone = "there is no file heads" if self.stream is None else "the file heads holds no head"
        return gone + (
            ", yet the log records a key, which signs heads: put the file back from a copy" if self.seqs else ""
        )

    def finish_heads(self, lines: int) -> None:
        """Tell of heads that stand for more than there is; what they would be signed by is not known."""
        self.beyond = self.next.head.size if self.next is not None else 0
        newest, part = self.beyond, FIT
        while self.next is not None:
            newest, part = self.next.head.size, self.accused(self.next)
            self.advance()
        detail = "records were cut off the end: the newest heads stand for more than there are"
        if newest <= lines:
            detail, part = (
                "a line is no record, so that the heads above it stand for more records than there are",
                RECORDS,
            )
        found = str(min(self.size, lines))
        self.heads.fail(detail, part=part, expected=f"{newest} records or more", found=found)
        self.signatures.unchecked = "who signed the heads that stand for more records than there are was not checked"

    def finish_key(self) -> None:
        """Tell whether the given key is the log's."""
        if self.given is None:
            if not self.seqs:
                self.signatures.unchecked = (
                    "keys that were recorded below the trusted checkpoint are not known: give the log's key"
                    if self.resumed
                    else "the log has no key: its heads are signed by nobody"
                )
            elif not self.signed:
                self.signatures.unchecked = (
                    self.no_head() if self.unread else "no head was made since the log has a key"
                )
            return
        seq = self.seqs.get(str(self.given))
        if seq is None:
            self.signatures.fail(
                OTHERS_KEY,
                part=ANOTHERS_KEY,
                expected=_named(str(self.given)),
                found=", ".join(map(_named, self.seqs)) or "no key",
            )
        elif self.resumed and not self.count:
            self.signatures.unchecked = "no head was made since the trusted checkpoint"
        elif self.unread:
            self.signatures.unchecked = self.no_head()
        elif self.last is None or self.last.head.size <= seq:
            self.signatures.fail(f"{NOT_SIGNED}: {self.unsigned_since(seq)}", part=UNSIGNED_BY_KEY)

    def unsigned_since(self, seq: int) -> str:
        """Say why no head is signed by the key of record *seq*."""
        if self.beyond:
            return f"the head that was made next stands for {self.beyond} records, and these are not all there"
        if not self.count:
            return self.no_head()
        return f"no head was made since record #{seq}, which records it"

    def finish_trusted(self, lines: int) -> None:
        """Tell whether the head that was kept elsewhere is this log's, and below its end."""
        kept = self.kept_elsewhere
        if kept is None:
            self.trusted.unchecked = "no checkpoint that was kept elsewhere was given"
            return
        if self.is_anothers(kept.head):
            self.trusted.fail(
                OTHERS_CHECKPOINT, part=ANOTHERS_CHECKPOINT, expected=self.origin, found=ascii(kept.head.origin)[1:-1]
            )
            return
        if kept.head.size > self.size:
            detail = "records were cut off the end, or this is another log or an old copy"
            if kept.head.size <= lines:
                detail = "a line below the trusted checkpoint is no record"
            self.trusted.fail(detail, expected=f"{kept.head.size} records or more", found=str(min(self.size, lines)))
        if not self.origin:
            self.trusted.fail(
                "the log does not say what it is called, so nobody can tell whose the trusted checkpoint is",
                part=RECORDS,
            )
        if self.given is not None and not self.resumed:
            self.finish_signed(kept.head, [VerificationKey.parse(key) for key in self.seqs])

    def finish_signed(self, head: checkpoint.Head, keys: list[VerificationKey]) -> bool:
        """Whoever gave a key relies on no head that is unsigned; say whether it fails."""
        signatures = self.kept_elsewhere.signatures if self.kept_elsewhere else ()
        if not signatures:
            self.trusted.fail(UNSIGNED_CHECKPOINT, part=UNSIGNED)
            return True
        try:
            note.verify(note.Note(head.text, signatures), keys)
        except LogError as error:
            said = f"the trusted checkpoint: {error.message}"
            self.trusted.fail(said, part=UNSIGNED, expected=error.expected, found=error.found)
            return True
        return False

    def remark(self, lines: int) -> Finding | None:
        """Say where far more stands behind the newest head than a log leaves there while its signer is at hand."""
        behind = lines - self.stands_for
        if not self.seqs or behind <= _MOST_BEHIND:
            return None
        said = f"{behind} records stand behind the newest head: no key vouches for them, and anybody who can write the files may have added them"
        return Finding("behind", REMARK, said)

    @property
    def stands_for(self) -> int:
        """How many records the newest head that was come to stands for; 0 where there is none."""
        return self.last.head.size if self.last else 0

    def findings(self, lines: int) -> tuple[Finding, ...]:
        """Return the three lines of the report."""
        size = self.stands_for
        whose = (
            "the given one is among them"
            if self.given
            else "so the log itself says: give the key that its holder gave out"
        )
        heads_gone = self.seqs and not self.count and not (self.heads.first or self.resumed or self.early_end)
        return (
            Finding("heads", REMARK, self.no_head(), parts=(NO_HEADS,))
            if heads_gone
            else self.heads.finding(f"{self.count} made, the newest of {size} records; {lines - size} stand behind it"),
            self.signatures.finding(
                f"{counted(self.signed, 'head')} signed, each by the key of its time, {len(self.seqs)} in all; {whose}"
            ),
            self.trusted.finding("the log extends the checkpoint that was kept elsewhere"),
        )


@lru_cache(maxsize=16)  # a log has few, and a head every 256 records
def _key(text: str) -> VerificationKey:
    return VerificationKey.parse(text)


def _misfit(error: LogError) -> str:
    """What it says of a head that its signatures do not hold: its text was altered, where one of a known key does not fit it; else nobody can tell."""
    return FIT if error.expected is not None else HEADS


def _named(key: str) -> str:
    """What a key is called: its name and its id, as a signature has them."""
    return "+".join(key.split("+")[:2])


def _signatures(kept: Kept) -> frozenset[note.Signature]:
    """What a head carries; a line that stands twice is one signature."""
    return frozenset(checkpoint.parse(kept.note).signatures)
