"""
One segment of a log checked at once: every line's leaf, the chain inside, the subtrees above, and what each body may hold.

This is the quick half of `verify`, and it only ever says yes. Whatever is another way than in nearly every segment (a line that does not chain, a spelling
that does not come back, a key that is not expected) makes `scan` return None, and whoever asked reads the segment line by line, which finds out what is
wrong and where. So findings are worded in one place, and are the same on however many cores a log was read.

Pure but for reading one file and the vault, so that any process can do it. Must not know of other segments, heads, or what holds between cases.

Source: FORMAT.md 1-4.
"""

from __future__ import annotations

from bisect import bisect
from collections import deque
from hashlib import sha256
from itertools import accumulate, repeat
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import disk
from scoring.audit.chain import MAX_LINE, link_of
from scoring.audit.fields import fits_decision, is_time, record_misfit
from scoring.audit.follow import Disclosed, disclosed
from scoring.audit.ledger import Heaps, row_of
from scoring.audit.note import holding
from scoring.audit.shapes import Shapes
from scoring.audit.tree import HASH_BYTES, Tree, cover, joined, levels_over, node_hash
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from scoring.audit.ledger import Columns, Row
    from scoring.audit.report import Place
    from scoring.audit.shapes import Alone
    from scoring.audit.vault import Vault

__all__ = ["Mark", "Scanned", "Task", "halves", "scan", "together"]

_BUFFER = 1 << 18  # bytes read at once
_LEAF = sha256(b"\x00")
_TILE = 256  # lines that are checked at once, a power of two
_FEW = 32  # lines that are read before one is looked at: pieces of a line without an end shall not fill memory
_TIME = 20  # characters
_SEQ = '","seq":'
_END = '","type":"decision","v":1}\n'
_LINE_END = b"\n"
_KEPT = 4096  # decisions between two sortings
_SAYS_WHOSE = frozenset({"genesis", "key"})
_OF_CASES = frozenset({"decision", "opening", "resolution"})


class Task(Value):
    """
    What is asked of one segment, or of a part of it.

    Attributes:
        path: Its file. name: How findings call it.
        first: The seq that its first record should have.
        count: How many lines it has at most. more: Whether lines behind these are to be left alone; they are a misfit otherwise.
        sizes: Of which sizes of the log the tree is asked for, rising, each above *first*; None where they are too many for a quick reading.
        bodies: Whether bodies are looked at.
        vault: The vault's file and the log's genesis, where disclosures are looked at too.
        notes: Signed notes to be checked on the way. keys: By which keys they may be signed, beside those that the segment records.
        skip: How many lines stand before the first record in its file; they are not looked at.
    """

    __slots__ = ("path", "name", "first", "count", "more", "sizes", "bodies", "vault", "notes", "keys", "skip")  # noqa: RUF023 - in the order of the constructor

    path: str
    name: str
    first: int
    count: int
    more: bool
    sizes: list[int] | None
    bodies: bool
    vault: tuple[str, str] | None
    notes: list[bytes]
    keys: list[str]
    skip: int

    def __init__(self, *fields: Any) -> None:
        super().__init__(*fields, *(0,) * (len(self.__slots__) - 1 == len(fields)))


class Mark(Value):
    """
    The segment's part of the log of some size.

    Attributes:
        size: The log's. place: Of its last record.
        root: The hash over the segment's records below it, as RFC 6962 joins them.
    """

    __slots__ = ("size", "place", "root")  # noqa: RUF023 - in the order of the constructor

    size: int
    place: Place
    root: bytes


class Scanned:
    """
    What a segment that holds came to.

    Attributes:
        count: Its records. prev: What the first of them chains to. last: The place of the last one.
        subtrees: (level, root) of the perfect subtrees over it, largest first.
        marks: One for each size that was asked for and lies in it.
        specials: Place and line of each record that must be read by whoever knows the rest of the log.
        cited: Packs that are cited here and not recorded before in this segment.
        times: The first and the latest time; they go back in no place.
        counts: How many openings and resolutions there are. alone: How many decisions that lie in `heaps`.
        claims: Of each other decision its pack, what the vault holds for it, and its place.
        found, missing: How many disclosures the vault was asked for, and how many it does not have.
        signed: Of the notes, each with a key that was found to have signed it. What is not among them may be signed by a key that was not known here.
        rows: Of what may be compared with other records of its case.
        heaps: Of the rest.
    """

    __slots__ = (
        *("alone", "cited", "claims", "count", "counts", "found", "heaps", "last", "marks", "missing", "prev"),
        *("rows", "signed", "specials", "subtrees", "times"),
    )

    def __init__(self) -> None:
        self.count = self.alone = self.found = self.missing = 0
        self.prev: str | None = None
        self.last: Place = (0, 0, "", "")
        self.subtrees: list[tuple[int, bytes]] = []
        self.marks: list[Mark] = []
        self.specials: list[tuple[Place, bytes]] = []
        self.signed: set[tuple[bytes, str]] = set()
        self.cited: set[str] = set()
        self.counts = {"opening": 0, "resolution": 0}
        self.times = ("", "")
        self.claims: list[tuple[str, Disclosed, Place]] = []
        self.rows: list[Row] = []
        self.heaps: Columns = []


def scan(task: Task) -> Scanned | None:
    """
    Check one segment by itself.

    Returns:
        None where anything in it is another way than the quick reading knows, or it cannot be read.
    """
    reading = _Bodies(task) if task.bodies else _Links(task)
    try:
        return None if task.sizes is None else reading.run()
    except (_OtherError, LogError, StoreError, OSError, canonical.CanonicalError):
        return None
    finally:
        reading.close()


def halves(task: Task) -> list[Task]:
    """Cut a task in two, so that two cores share it: its bytes alone, and where heads say that there is more than the first half."""
    size = task.count // 2
    middle = task.first + size
    if task.bodies or task.more or task.count.bit_count() != 1 or not task.sizes or task.sizes[-1] <= middle:
        return [task]
    below, place = bisect(task.sizes, middle), (task.path, task.name)
    return [
        Task(*place, task.first, size, True, task.sizes[:below], False, None, task.notes[:below], task.keys),
        Task(*place, middle, size, False, task.sizes[below:], False, None, task.notes[below:], task.keys, size),
    ]


def together(found: Scanned, behind: Scanned) -> Scanned | None:
    """What a segment came to of which both halves hold; None where the second does not chain to the first."""
    if behind.prev != found.last[3]:
        return None
    ((_, root),) = found.subtrees
    found.count += behind.count
    found.last = behind.last
    found.subtrees += behind.subtrees
    found.marks += [Mark(mark.size, mark.place, node_hash(root, mark.root)) for mark in behind.marks]
    found.specials += behind.specials
    found.signed |= behind.signed
    return found


class _OtherError(Exception):
    """Something is another way than the quick reading knows."""


def _refuse(*_: object, **__: object) -> None:
    raise _OtherError


def _leaves(lines: Sequence[bytes]) -> list[bytes]:
    leaves: list[bytes] = []
    fresh, add = _LEAF.copy, leaves.append
    for line in lines:
        leaf = fresh()
        leaf.update(line[:-1])
        add(leaf.digest())
    return leaves


class _Links:
    """The quick reading of the bytes: leaves, chain, subtrees."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.found = Scanned()
        self.count = self.end = 0  # how many lines there are so far, and how many bytes
        self.read = 0  # how many bytes with those that are being looked at
        self.last: str | None = None  # the leaf of the last one
        self.tiles = Tree()  # over the roots of 256 records each
        self.rest: list[bytes] = []  # the subtrees behind these
        self.sizes = deque(task.sizes or ())

    def close(self) -> None:
        """Let go of what was opened."""

    def run(self) -> Scanned:
        for lines in self.blocks():
            if not self.count:
                link = link_of(lines[0][:-1])
                if link is None:
                    raise _OtherError
                self.found.prev = self.last = link[1]
            leaves = _leaves(lines)
            width = self.chained(lines, leaves)
            if not width and any(line[-1:] != _LINE_END for line in lines):
                raise _OtherError
            self.block(lines, leaves, width)
            self.last = leaves[-1].hex()
            self.tile(lines, leaves)
        self.finish()
        return self.found

    def blocks(self) -> Iterator[list[bytes]]:
        """
        Read lines, as many at once as one tile stands over; the last ones may be fewer.

        What is longer than the longest line is given in pieces: a piece, and a last line that is cut off, does not end in a line end.
        """
        left = self.task.count
        with disk.open_file(self.task.path, _BUFFER) as file:
            deque(map(file.readline, repeat(MAX_LINE + 1, self.task.skip)), maxlen=0)
            self.end = file.tell()
            while left or not self.task.more:
                count = min(left, _TILE) if self.task.more else _TILE
                lines: list[bytes] = []
                while len(lines) < count and not (lines and lines[-1][-1:] != _LINE_END):
                    lines += map(file.readline, repeat(MAX_LINE + 1, min(count - len(lines), _FEW)))
                if not lines[-1]:
                    del lines[lines.index(b"") :]
                if not lines:
                    break
                if len(lines) > left:
                    raise _OtherError
                left -= len(lines)
                self.read = file.tell()
                yield lines

    def block(self, lines: list[bytes], leaves: Sequence[bytes], width: int) -> None:
        """Check that each line ends as a record does that chains to the one before it, unless *width* says that this was found."""
        if width:
            return
        seq, prev = self.task.first + self.count, self.last
        for number, (line, leaf, offset) in enumerate(zip(lines, leaves, self.offsets(lines), strict=True)):
            link = link_of(line[:-1])
            if link is None or link[:2] != (seq + number, prev):
                raise _OtherError
            prev = leaf.hex()
            if link[2] in _SAYS_WHOSE:
                self.found.specials.append((self.place(seq + number, offset, prev), line[:-1]))

    def chained(self, lines: list[bytes], leaves: Sequence[bytes]) -> int:
        """
        How long the ends of lines are that say these are decisions, each chained to the one before it; 0 if they are not, or are of several lengths.

        What all lines should end in is made as one text, whose rows are of one length, so that what differs from row to row is written by columns.
        """
        seq, count = self.task.first + self.count, len(lines)
        digits = len(str(seq))
        if self.last is None or digits != len(str(seq + count - 1)):
            return 0
        begin, end = b',"prev":"', f'{_SEQ}{"":{digits}},"time":"{"":{_TIME}}{_END}'.encode()
        width = len(begin) + 2 * HASH_BYTES + len(end)
        text = b"".join([line[-width:] for line in lines])
        if len(text) != width * count:
            return 0
        prevs = b"".join((bytes.fromhex(self.last), *leaves[:-1])).hex("|", HASH_BYTES).encode()
        wanted = bytearray(begin + prevs.replace(b"|", end + begin) + end)
        seqs = b"%d" * count % (*range(seq, seq + count),)
        first = width - len(end) + len(_SEQ)
        for column in range(digits):
            wanted[first + column :: width] = seqs[column::digits]
        for column in range(width - len(_END) - _TIME, width - len(_END)):  # the times, which nothing says beforehand
            wanted[column::width] = text[column::width]
        return width if text == wanted else 0

    def offsets(self, lines: Sequence[bytes]) -> list[int]:
        """Where lines of this block start."""
        return [*accumulate(map(len, lines), initial=self.end)][:-1]

    def place(self, seq: int, offset: int, leaf: str | None) -> Place:
        return seq, offset, self.task.name, leaf or ""

    def tile(self, lines: list[bytes], leaves: Sequence[bytes]) -> None:
        """Join the leaves of a block, and come to the sizes among them."""
        levels = levels_over(leaves)
        below = self.task.first + self.count
        while self.sizes and self.sizes[0] <= below + len(lines):
            size = self.sizes.popleft()
            number = size - below
            offset = self.read - sum(map(len, lines[number - 1 :]))
            place = self.place(size - 1, offset, leaves[number - 1].hex())
            self.found.marks.append(Mark(size, place, joined([*self.tiles.roots, *_covering(levels, number)])))
        self.count += len(lines)
        self.end = self.read
        self.found.last = self.place(self.task.first + self.count - 1, self.end - len(lines[-1]), self.last)
        if len(lines) == _TILE:
            self.tiles.append(levels[-1][0])
        else:
            self.rest = _covering(levels, len(lines))

    def finish(self) -> None:
        """Come to the end."""
        if not self.count or (self.task.more and self.count < self.task.count):
            raise _OtherError
        self.found.count = self.count
        roots = [*self.tiles.roots, *self.rest]
        self.found.subtrees = [(level, root) for (level, _), root in zip(cover(0, self.count), roots, strict=True)]
        if self.task.notes:
            self.found.signed = holding(self.task.notes, [*self.task.keys, *_keys(self.found.specials)])


def _keys(specials: Sequence[tuple[Place, bytes]]) -> Iterator[str]:
    """Give the keys that are recorded among these."""
    for _, line in specials:
        record: Any = canonical.loads_canonical(line)
        if not record_misfit(record) and record["type"] == "key":
            yield record["body"]["key"]


def _covering(levels: Sequence[Sequence[bytes]], number: int) -> list[bytes]:
    return [levels[level][index] for level, index in cover(0, number)]


class _Bodies(_Links):
    """The quick reading of whole records: the same, and what every record holds."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.vault: Vault | None = None
        self.heaps = Heaps()
        self.cases: list[bytes] = []  # of decisions of which nothing is known to be said,
        self.ids: list[bytes] = []  # their ids,
        self.numbers: list[int] = []  # and their lines
        self.packs: set[str] = set()
        self.shapes = Shapes()
        self.earliest = self.latest = b""

    def close(self) -> None:
        """Let go of the vault."""
        if self.vault is not None:
            self.vault.close()

    def run(self) -> Scanned:
        if self.task.vault:
            from scoring.audit.vault import Vault  # here: it brings SQLite, which a process of a crew rarely needs

            self.vault = Vault(*self.task.vault, read_only=True)
        return super().run()

    def block(self, lines: list[bytes], leaves: Sequence[bytes], width: int) -> None:
        """Check all that each record holds, and that it chains to the one before it."""
        alone = self.shapes.read(lines, width) if width and not self.vault else None
        start, stop = -len(_END) - _TIME, -len(_END)
        times = [line[start:stop] for line in lines]
        others: Sequence[int] = range(len(lines))
        if alone is not None:
            if not all(is_time(time.decode("latin-1")) for time in {*times}):
                raise _OtherError
            others = alone.others
            self.take_alone(alone)
        if others:
            seq, offsets = self.task.first + self.count, self.offsets(lines)
            for number in others:
                prev = leaves[number - 1].hex() if number else self.last
                place = self.place(seq + number, offsets[number], leaves[number].hex())
                times[number] = self.parse(lines[number][:-1], seq + number, prev, place).encode()
        if times != sorted(times) or times[0] < self.latest:
            raise _OtherError
        self.earliest = self.earliest or times[0]
        self.latest = times[-1]
        if len(self.cases) >= _KEPT:
            self.sort()

    def take_alone(self, alone: Alone) -> None:
        """Take in decisions that were found by their shape; all of them stand behind the rubrics that were recorded in this segment so far."""
        for pack in alone.packs - self.packs:
            self.cite(pack)
        start = self.count
        self.cases += alone.cases
        self.ids += alone.ids
        self.numbers += [start + number for number in alone.numbers]

    def parse(self, line: bytes, seq: int, prev: str | None, place: Place) -> str:
        """Read a record whole, and return its time."""
        try:
            record: Any = canonical.reread(line)
        except (ValueError, RecursionError):
            raise _OtherError from None
        quick = fits_decision(record, seq, prev)
        if not quick:
            self.must_fit(record, line, seq, prev)
        body = record["body"]
        if (
            quick
            and self.vault is None
            and body["supersedes"] is body["decision"]["void"] is body["decision"]["reinstate"] is None
        ):
            pack = body["decision"]["pack"]
            if pack not in self.packs:
                self.cite(pack)
            self.cases.append(body["disclosures"]["case"].encode())
            self.ids.append(body["id"].encode())
            self.numbers.append(seq - self.task.first)
        else:
            self.take(record, place, line)
        return record["time"]  # type: ignore[no-any-return]

    def must_fit(self, record: Any, line: bytes, seq: int, prev: str | None) -> None:
        """Check a record of any type."""
        if record_misfit(record) or canonical.dumps(record) != line or (record["seq"], record["prev"]) != (seq, prev):
            raise _OtherError

    def cite(self, pack: str) -> None:
        """Take in a pack that was not cited or recorded in this segment before."""
        self.packs.add(pack)
        self.found.cited.add(pack)

    def take(self, record: dict[str, Any], place: Place, line: bytes) -> None:
        """Take in what is more than a decision of which nothing is known to be said."""
        kind, body, found = record["type"], record["body"], self.found
        if kind not in _OF_CASES:
            found.specials.append((place, line))
            if kind == "rubric":
                self.packs.add(body["pack"])
            return
        pack = body["decision"]["pack"] if kind == "decision" else body.get("pack")
        if pack is not None and pack not in self.packs:
            self.cite(pack)
        told = disclosed(self.vault, body["disclosures"], _refuse)
        found.found += told.found
        found.missing += told.missing
        if kind == "decision":
            found.claims.append((pack, told, place))
        else:
            found.counts[kind] += 1
        found.rows.append(row_of(record, place, told))

    def sort(self) -> None:
        """Put decisions of which nothing is known to be said into their heaps."""
        self.found.alone += len(self.cases)
        self.heaps.add(self.cases, self.ids, self.numbers)
        for column in (self.cases, self.ids, self.numbers):
            column.clear()

    def finish(self) -> None:
        super().finish()
        self.sort()
        self.found.times = (self.earliest.decode(), self.latest.decode())
        self.found.heaps = self.heaps.columns()
