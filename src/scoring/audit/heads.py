"""
The heads of one log: the file that keeps every checkpoint ever made, and the tree that they commit to.

Owns `heads` and `cache/tiles` (FORMAT.md 2, 11): whole lines, their order, and that a head is made only of what was read back from the segments. The
cache holds the root of every 256 records, so that a log is opened, and a receipt made, by reading a few hundred records. It is believed only as far as it
gives the newest head's root, and is otherwise made again.

The caller holds the log's lock where anything is written. Must not know what a body says, nor whose turn it is.
"""

# ruff: noqa: PTH118, PTH120 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os

from scoring import canonical
from scoring.audit import checkpoint, disk, segments
from scoring.audit.chain import Tail, link_of
from scoring.audit.note import MAX_NOTE
from scoring.audit.proof import check_inclusion, inclusion_proof
from scoring.audit.receipt import Receipt
from scoring.audit.tree import HASH_BYTES, Tree, leaf_hash
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from scoring.audit.keys import Signer
    from scoring.audit.segments import Segments

    Offset = Callable[[int], int | None]

__all__ = ["HEAD_RECORDS", "MAX_HEAD_LINE", "Heads", "Kept", "UnsoundError", "needed_keys", "read_head"]

HEAD_RECORDS = 256  # between two heads that nobody asked for, FORMAT.md 11
MAX_HEAD_LINE = 6 * MAX_NOTE + 2  # bytes: a control character takes six, and a note has none but line ends
_TILE_LEVEL = 8
_TILE = 1 << _TILE_LEVEL
_LINK = ',"prev":"%s","seq":%d,"time":"'
_DECISION_END = b'","type":"decision","v":1}\n'
_TIME_ENDS = -len(_DECISION_END)
_TIME_BEGINS = _TIME_ENDS - len("2026-11-21T09:00:00Z")
_BLOCK = 1 << 14  # bytes of `heads` that are read first; the newest head is nearly always within


class UnsoundError(LogError):
    """What is read back from the files is not what was written: nothing is to be signed, and nothing to be added."""


class Kept(Value):
    """
    A head as `heads` keeps it.

    Attributes:
        note: The checkpoint's bytes. head: What it says. signatures: How many it carries; whose was not checked.
    """

    __slots__ = ("note", "head", "signatures")  # noqa: RUF023 - in the order of the constructor

    note: bytes
    head: checkpoint.Head
    signatures: int


def read_head(line: bytes) -> Kept:
    """
    Read one line of `heads`, its line end not included.

    Raises:
        LogError: It is none.
    """
    try:
        text = canonical.loads_canonical(line)
    except canonical.CanonicalError as error:
        raise LogError(f"no head: {error}") from None
    if not isinstance(text, str):
        raise LogError("no head: a line of heads is a string")
    note = text.encode()
    read = checkpoint.parse(note)
    return Kept(note, read.head, len(read.signatures))


def needed_keys(keys: Sequence[tuple[int, str]], below: int) -> list[str]:
    """
    Name the keys that must sign the next head: the newest, and before each key that no head is above yet the one that it follows.

    Args:
        keys: The log's keys, each with the seq of its record, oldest first.
        below: The size of the newest head so far, 0 without one.

    Source: FORMAT.md 4 (`key`), 11.
    """
    first = next((number for number, (seq, _) in enumerate(keys) if seq >= below), len(keys))
    return [key for _, key in keys[max(first - 1, 0) :]]


class Heads:
    """
    The heads of the log in *directory*.

    Attributes:
        size: Of the newest head that this handle knows of; 0 where there is none.
        dead: Why this handle makes no more heads, or the empty string.
    """

    def __init__(self, directory: str, found: Segments) -> None:
        self._path = os.path.join(directory, "heads")
        self._cache = os.path.join(directory, "cache", "tiles")
        self._segments = found
        self._state: tuple[Tree, Tail] | None = (
            None  # the tree as far as this handle has followed it, and where that ends
        )
        self._read: tuple[bytes, Kept] | tuple[None, None] = (
            None,
            None,
        )  # the newest line that was read, and what it says
        self._named = False  # whether this handle has synced the name of `heads`
        self.size = 0
        self.dead = ""

    def forked(self) -> None:
        """Forget what may have been copied half changed."""
        self._state = None

    @property
    def end(self) -> Tail:
        """Where the records end that the newest head stands for, as `resume` found it."""
        return Tail() if self._state is None else self._state[1]

    # --- the file ---

    def newest(self) -> Kept | None:
        """
        Read the newest head; None where there is none. An unfinished last line is none.

        Raises:
            LogError: The last whole line is no head.
        """
        line, end = self._last()
        if line is None:
            if self.size:
                raise LogError(
                    f"{self._path} lost the heads that were there", expected=f"size {self.size}", found="none"
                )
            return None
        try:
            kept = self._read[1] if line == self._read[0] else read_head(line)
        except LogError as error:
            message = (
                f"{self._path}: its last whole line is damaged, which no crash does ({error}). Put the file back from a copy; or, if there is "
                f"none, keep a copy of it and cut the line off, so that the head before it counts: truncate -s {end - len(line) - 1} {self._path}"
            )
            raise LogError(message) from None
        if kept.head.size < self.size:
            raise LogError(
                f"{self._path} lost heads that were there", expected=f"size {self.size}", found=f"size {kept.head.size}"
            )
        self.size = kept.head.size
        self._read = line, kept
        return kept

    def _last(self) -> tuple[bytes | None, int]:
        """The last whole line, and how many bytes there are up to its end."""
        try:
            file = disk.open_file(self._path)
        except FileNotFoundError:
            return None, 0
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}") from error
        with file:
            size = file.seek(0, os.SEEK_END)
            block = _BLOCK
            while True:
                start = max(size - block, 0)
                file.seek(start)
                data = file.read(size - start)
                before, found, _ = data.rpartition(b"\n")
                line_start = before.rfind(b"\n")
                if start == 0 or line_start >= 0:
                    return (before[line_start + 1 :], start + len(before) + 1) if found else (None, 0)
                if block > 2 * MAX_HEAD_LINE:
                    raise LogError(f"{self._path} ends in a line longer than any head")
                block *= 4

    def _append(self, note: bytes) -> None:
        """
        Add a line, so that one that has its line end was durable before it got it: a crash can leave no whole line that is damaged.

        Raises:
            StoreError: This handle makes no more heads.
        """
        line = canonical.dumps(note.decode())
        last, end = self._last()
        # The line before is written once more: the sync of whoever wrote it may have failed, and the next one says nothing of it.
        again = b"" if last is None else last + b"\n"
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
            try:
                if os.fstat(fd).st_size != end:
                    disk.truncate(fd, end)  # what a crash left of a line
                os.lseek(fd, end - len(again), os.SEEK_SET)
                for data in (again + line, b"\n"):
                    disk.write_all(fd, data)
                    disk.sync(fd)
            finally:
                os.close(fd)
            if not self._named:
                disk.sync_directory(os.path.dirname(self._path))
                self._named = True
        except OSError as error:
            self.dead = f"{self._path} cannot be written ({error.strerror}), so this handle makes no more heads: check the disk, then open the log again"
            raise StoreError(self.dead) from error

    # --- the tree ---

    def authenticate(self, kept: Kept, *, writes: bool = False) -> Tail:
        """
        Find the head's root in the segments, read from the first record on, and return where what it stands for ends.

        Args:
            kept: The newest head.
            writes: Whether the cache may be made again.

        Raises:
            LogError: The log does not have it.
        """
        tree, at, tiles = self._walk(Tree(), Tail(), kept.head.size, links=False)
        if tree.size < kept.head.size:
            raise self._ends_before(kept.head, tree.size)
        _must_be(tree, kept.head, self._path)
        self._state = tree, at
        if writes:
            self._write_tiles(0, tiles)
        return at

    def resume(self, kept: Kept | None, size: int, offset_of: Offset, *, writes: bool) -> None:
        """
        Make sure that the log holds what its newest head stands for, by the cache where that gives its root.

        Args:
            kept: The newest head, read before the log was.
            size: How many records there are.
            offset_of: Where a record's line starts.
            writes: Whether the cache may be made again.

        Raises:
            LogError: It does not.
        """
        if kept is None:
            self._state = Tree(), Tail()
        elif size < kept.head.size:
            raise self._ends_before(kept.head, size)
        elif self._state is None or self._state[0].size != kept.head.size:
            self._state = self._cached(kept.head, offset_of)
            if self._state is None:
                self.authenticate(kept, writes=writes)

    def _ends_before(self, head: checkpoint.Head, size: int) -> LogError:
        message = (
            f"{self._segments.path(size)}: this log ends before its newest head in {self._path} does: records that were there are gone. Nothing was "
            "changed. Put the log back from a copy that its heads fit, or find what that file belongs to. Where there is no such copy, they are lost: keep "
            "what is there, which shows up to where it held, and begin a log elsewhere"
        )
        return UnsoundError(message, expected=f"{head.size} records or more", found=str(size))

    def _cached(self, head: checkpoint.Head, offset_of: Offset) -> tuple[Tree, Tail] | None:
        count = max(head.size - 1, 0) >> _TILE_LEVEL  # so that one record is read, whose leaf the next one names
        roots = self._read_tiles(count)
        offset = offset_of(count << _TILE_LEVEL)
        if roots is None or offset is None:
            return None
        tiles = Tree()
        for root in roots:
            tiles.append(root)
        try:
            tree, at, _ = self._walk(
                Tree(count << _TILE_LEVEL, tiles.roots),
                Tail(count << _TILE_LEVEL, None, offset),
                head.size,
                links=False,
            )
        except LogError:
            return None
        return (tree, at) if tree.root() == head.root else None

    def _walk(self, tree: Tree, at: Tail, size: int, *, links: bool) -> tuple[Tree, Tail, bytes]:
        """
        Read records back from the files.

        Args:
            tree: What stands below.
            at: Where to begin.
            size: Where to end.
            links: Whether each must chain to the one before it.

        Returns:
            Copies of both as they are there, shorter where the files end before *size*, and the roots of the tiles that were filled on the way.
        """
        tree = Tree(tree.size, tree.roots)
        tiles = bytearray()
        for offset, lines in self._segments.blocks(at, size):
            leaves = [leaf_hash(line[:-1]) for line in lines]
            if links:
                _must_chain(lines, at.size, [at.leaf, *map(bytes.hex, leaves[:-1])])
            for leaf in leaves:
                made = tree.append(leaf)
                if len(made) > _TILE_LEVEL:
                    tiles += made[_TILE_LEVEL]
            at = Tail(tree.size, leaves[-1].hex(), offset if tree.size % segments.SEGMENT_RECORDS else 0)
        return tree, at, bytes(tiles)

    def root_at(self, size: int) -> bytes:
        """Return the root of the first *size* records, read from the first on: nothing that is derived is asked."""
        return self._walk(Tree(), Tail(), size, links=False)[0].root()

    def make(self, kept: Kept | None, origin: str, tail: Tail, signers: Sequence[Signer]) -> Kept:
        """
        Make the head of all records up to *tail*, of what is read back from the files; `resume` came before.

        Args:
            kept: The newest head; it is given back where it covers *tail* already.
            origin: The log's name.
            tail: The end of the log.
            signers: All that must sign.

        Raises:
            LogError: What is read back is not what was written.
            StoreError: It could not be written.
        """
        if kept is not None and kept.head.size == tail.size:
            return kept
        if self.dead:
            raise StoreError(self.dead)
        if self._state is None:
            raise LogError("the newest head was not looked at yet")
        first = self._state[0].size
        try:
            tree, at, tiles = self._walk(*self._state, tail.size, links=True)
        except LogError as error:
            raise UnsoundError(error.message, seq=error.seq, expected=error.expected, found=error.found) from None
        if at.leaf != tail.leaf:
            raise UnsoundError("what stands in the file is not what was written: run verify", seq=tail.size - 1)
        head = checkpoint.Head(origin, tree.size, tree.root())
        note = checkpoint.write(head, *signers)
        self._append(note)
        self._state = tree, at
        self.size = tree.size
        self._write_tiles(first >> _TILE_LEVEL, tiles)
        return Kept(note, head, len(signers))

    # --- receipts ---

    def receipt(self, seq: int, kept: Kept, offset_of: Offset, *, writes: bool) -> Receipt:
        """
        Prove that record *seq* is under the head.

        Args:
            seq: The record.
            kept: The newest head.
            offset_of: Where a record's line starts.
            writes: Whether the cache may be made again.

        Raises:
            LogError: The log does not hold what the head stands for.
        """
        head = kept.head
        for again in (False, True):
            if again:
                self.authenticate(kept, writes=writes)
            roots = self._read_tiles(head.size >> _TILE_LEVEL)
            if roots is None:
                continue
            reader = _Subtrees(roots, self._segments, offset_of)
            proof = inclusion_proof(seq, head.size, reader)
            try:
                check_inclusion(proof, reader.subtree(0, seq), seq, head.size, head.root)
            except LogError:
                continue
            return Receipt(seq, proof, kept.note)
        raise LogError("the record, or one beside it, is not what the newest head stands for: run verify", seq=seq)

    # --- the cache ---

    def _read_tiles(self, count: int) -> list[bytes] | None:
        try:
            with disk.open_file(self._cache) as file:
                data = file.read(count * HASH_BYTES)
        except OSError:
            data = b""
        if len(data) != count * HASH_BYTES:
            return None
        return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]

    def _write_tiles(self, first: int, tiles: bytes) -> None:
        """Keep roots from tile *first* on. Where that fails they are made again by whoever needs them."""
        if not tiles:
            return
        try:
            fd = os.open(self._cache, os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
            try:
                os.lseek(fd, first * HASH_BYTES, os.SEEK_SET)
                disk.write_all(fd, tiles)
            finally:
                os.close(fd)
        except OSError:
            return


class _Subtrees:
    """The subtrees of a log: from its tiles' roots, and inside a tile from the records themselves."""

    def __init__(self, roots: Sequence[bytes], found: Segments, offset_of: Offset) -> None:
        self._roots = roots
        self._segments = found
        self._offset_of = offset_of

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree (level, index). Source: `tree.HashReader`."""
        small = Tree()
        if level < _TILE_LEVEL:
            for leaf in self._leaves(index << level, (index + 1) << level):
                small.append(leaf)
        else:
            above = level - _TILE_LEVEL
            for root in self._roots[index << above : (index + 1) << above]:
                small.append(root)
        return small.root()

    def _leaves(self, first: int, stop: int) -> Iterator[bytes]:
        offset = self._offset_of(first)
        if offset is None:
            raise LogError("this log has no such record", seq=first)
        lines = self._segments.after(Tail(first, None, offset), torn_ends=True)
        for seq in range(first, stop):
            _, line = next(lines, (0, None))
            if line is None:
                raise LogError("this log has no such record", seq=seq)
            yield leaf_hash(line)


def _must_chain(lines: Sequence[bytes], seq: int, before: Sequence[str | None]) -> None:
    """Refuse lines from record *seq* on that do not each chain to the leaf *before* it."""
    if _chain_as_decisions(lines, seq, before):
        return
    for number, (line, leaf) in enumerate(zip(lines, before, strict=True), seq):
        link = link_of(line[:-1])
        if link is None or link[:2] != (number, leaf):
            message = (
                "what stands in the file does not chain to the record before it, so no head is made of it: run verify"
            )
            raise UnsoundError(message, seq=number)


def _chain_as_decisions(lines: Sequence[bytes], seq: int, before: Sequence[str | None]) -> bool:
    """Whether all lines end as decisions do that chain: a quick yes, or a no that has to be looked into."""
    stop, count = seq + len(lines), len(lines)
    if len(str(seq)) != len(str(stop - 1)):
        return False
    wanted: list[Any] = [None] * (2 * count)
    wanted[::2], wanted[1::2] = before, range(seq, stop)
    links = (_LINK * count % (*wanted,)).encode()
    begins = _TIME_BEGINS - len(links) // count
    found = b"".join([line[begins:_TIME_BEGINS] for line in lines])
    return found == links and b"".join([line[_TIME_ENDS:] for line in lines]) == _DECISION_END * count


def _must_be(tree: Tree, head: checkpoint.Head, path: str) -> None:
    """Refuse a log that does not hold what a head stands for."""
    if tree.root() != head.root:
        message = (
            f"a record below #{head.size} is not what it was when the newest head in {path} was made. Nothing was changed: `verify` says more; "
            "put the log back from a copy that its heads fit"
        )
        raise UnsoundError(message, expected=f"root {head.root.hex()}", found=tree.root().hex())
