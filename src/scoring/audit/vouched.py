"""
What `verify` checks of a log's heads: that each is the root of the records below it, who signed it, and whether a head that was kept elsewhere is extended.

One pass beside the records: the tree is kept as its few perfect subtrees and the heads are read as the tree comes to their size, so that memory stays flat.
The file's length is taken before the first record is read, for whoever makes a head has written its records: one that has none behind it was left over.

Source: FORMAT.md 4 (`key`), 11. Must not know how a log is laid out, nor anything of records but their leaves, their keys and their log's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.audit import checkpoint, disk, note
from scoring.audit.heads import MAX_HEAD_LINE, needed_keys, read_head
from scoring.audit.keys import VerificationKey
from scoring.audit.report import Check
from scoring.audit.tree import Tree
from scoring.errors import LogError, MissingExtraError

if TYPE_CHECKING:
    from typing import BinaryIO

    from scoring.audit.heads import Kept
    from scoring.audit.report import Finding, Place

__all__ = ["Vouched"]

_MOST_KEYS = 1000  # of one log; a key a day for three years


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
        self.tree = Tree()
        self.broken = False  # a line that has no leaf stands below
        self.keys: list[tuple[int, str]] = []  # from the one on that the last head was signed by
        self.seqs: dict[str, int] = {}  # of every key
        self.last: Kept | None = None  # the newest head whose size was come to
        self.count = self.signed = self.number = self.offset = self.largest = 0
        self.stream: BinaryIO | None = None
        self.end = 0
        self.next: Kept | None = None
        try:
            self.stream = disk.open_file(path)
            self.end = self.stream.seek(0, 2)
            self.stream.seek(0)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.heads.fail(f"heads cannot be read: {error.strerror}")
        self.advance()
        self.come_to(None)

    def close(self) -> None:
        """Let go of the file."""
        if self.stream is not None:
            self.stream.close()

    # --- as the records go by ---

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
        if self.kept_elsewhere is not None and self.kept_elsewhere.head.size == self.tree.size:
            self.extends(self.kept_elsewhere.head, place)
        self.come_to(place)

    def extends(self, head: checkpoint.Head, place: Place) -> None:
        """Compare the head that was kept elsewhere."""
        root = self.tree.root()
        if self.broken or root != head.root:
            detail = "this record, or one before it, is not what the trusted checkpoint stands for"
            self.trusted.fail(detail, place, expected=f"root {head.root.hex()}", found=root.hex())

    def come_to(self, place: Place | None) -> None:
        """Check the heads of as many records as there are by now."""
        at = None
        while self.next is not None and self.next.head.size == self.tree.size:
            self.root(self.next, place)
            if at is not None and self.next.signatures <= at.signatures:
                self.heads.fail(f"line {self.number} of heads repeats a size, and no signature came to it", place)
            at = self.next
            self.advance()
        if at is not None:
            self.signers(at, place)
            self.last = at

    def root(self, kept: Kept, place: Place | None) -> None:
        """Compare a head with the tree."""
        self.count += 1
        head = kept.head
        if self.broken or head.root != self.tree.root():
            detail = f"what stands up to this record is not what line {self.number} of heads stands for"
            self.heads.fail(detail, place, expected=f"root {head.root.hex()}", found=self.tree.root().hex())
        if head.origin != self.origin and place is not None:
            self.heads.fail(
                f"line {self.number} of heads is another log's", place, expected=self.origin, found=head.origin
            )

    def signers(self, kept: Kept, place: Place | None) -> None:
        """Check who signed a head."""
        needed = needed_keys(self.keys, self.last.head.size if self.last else 0)
        self.keys = self.keys[-1:]
        at = f"the head of {kept.head.size} records"
        if not needed:
            if kept.signatures:
                self.signatures.fail(f"{at} is signed by a key that no record before it has", place)
            return
        if not kept.signatures:
            self.signatures.fail(f"{at} is unsigned, and the log has a key", place)
            return
        keys = [VerificationKey.parse(key) for key in needed]
        try:
            signed = note.verify(note.parse(kept.note), keys)
        except LogError as error:
            self.signatures.fail(f"{at}: {error.message}", place, expected=error.expected, found=error.found)
            return
        except MissingExtraError as error:
            self.signatures.unchecked = str(error)
            return
        self.signed += 1
        for key in keys:
            if key not in signed:
                self.signatures.fail(f"{at} lacks the signature of {key}, the key before a new one", place)

    # --- the file ---

    def advance(self) -> None:
        """Read the next head that is one."""
        self.next = None
        while self.stream is not None and self.offset < self.end:
            line = self.stream.readline(min(MAX_HEAD_LINE, self.end - self.offset))
            self.offset += len(line)
            self.number += 1
            if line[-1:] != b"\n":
                if self.offset < self.end:
                    self.heads.fail(f"line {self.number} of heads is longer than any; nothing behind it was read")
                return  # an unfinished last line is no head
            try:
                kept = read_head(line[:-1])
            except LogError as error:
                self.heads.fail(f"line {self.number} of heads: {error.message}")
                continue
            size, self.largest = kept.head.size, max(kept.head.size, self.largest)
            if size < self.largest:
                expected = f"size {self.largest} or more"
                self.heads.fail(f"line {self.number} of heads falls", expected=expected, found=f"size {size}")
                continue
            if self.limit is None or size <= self.limit:
                self.next = kept
            return

    # --- the end ---

    def finish(self, lines: int) -> None:
        """Check what the last record tells."""
        if self.next is not None:
            detail = "records were cut off the end: the newest heads stand for more than there are"
            self.heads.fail(detail, expected=f"{self.next.head.size} records or more", found=str(lines))
        elif not self.count:
            self.heads.unchecked = "no head was ever made of this log"
        self.finish_key()
        self.finish_trusted(lines)

    def finish_key(self) -> None:
        """Tell whether the given key is the log's."""
        if self.given is None:
            if not self.seqs:
                self.signatures.unchecked = "the log has no key: its heads are signed by nobody"
            elif not self.signed:
                self.signatures.unchecked = "no head was made since the log has a key"
            return
        seq = self.seqs.get(str(self.given))
        if seq is None:
            self.signatures.fail("the log is not signed by the key that was given: it has no such key")
        elif self.last is None or self.last.head.size <= seq:
            self.signatures.fail(f"nothing is signed by the key that was given: no head was made since record #{seq}")

    def finish_trusted(self, lines: int) -> None:
        """Tell whether the head that was kept elsewhere is this log's, and below its end."""
        kept = self.kept_elsewhere
        if kept is None:
            self.trusted.unchecked = "no checkpoint that was kept elsewhere was given"
            return
        if kept.head.size > lines:
            detail = "records were cut off the end, or this is another log or an old copy"
            self.trusted.fail(detail, expected=f"{kept.head.size} records or more", found=str(lines))
        if kept.head.origin != self.origin:
            self.trusted.fail("the trusted checkpoint is another log's", expected=self.origin, found=kept.head.origin)
        if self.given is not None:
            self.finish_signed(kept)

    def finish_signed(self, kept: checkpoint.Checkpoint) -> None:
        """Whoever gave a key relies on no head that is unsigned."""
        if not kept.signatures:
            self.trusted.fail("the trusted checkpoint is unsigned, and a key was given")
            return
        keys = [VerificationKey.parse(key) for key in self.seqs]
        try:
            note.verify(note.Note(kept.head.text, kept.signatures), keys)
        except LogError as error:
            self.trusted.fail(f"the trusted checkpoint: {error.message}", expected=error.expected, found=error.found)

    def findings(self, lines: int) -> tuple[Finding, ...]:
        """Return the three lines of the report."""
        size = self.last.head.size if self.last else 0
        whose = (
            "the given one is among them"
            if self.given
            else "so the log itself says: give the key that its holder gave out"
        )
        return (
            self.heads.finding(f"{self.count} made, the newest of {size} records; {lines - size} stand behind it"),
            self.signatures.finding(
                f"{self.signed} heads signed, each by the key of its time, {len(self.seqs)} in all; {whose}"
            ),
            self.trusted.finding("the log extends the checkpoint that was kept elsewhere"),
        )
