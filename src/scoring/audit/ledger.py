"""
What `verify` keeps of records that are compared with others: of each id, and of each case whose records come in any number and any order.

Nearly all cases of a log have one decision and nothing else. Of these only the id and the first bytes of the digest are kept, in heaps by their first bits,
and each heap is looked at by itself at the end. Where a case or an id may stand twice its records are read once more, and go with everything else into a
temporary table that SQLite sorts on disk. So memory stays flat whatever a log holds, and whatever it was made to hold.

Must not know how a segment is read, nor what a case's records must keep to: that is `follow`'s.
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from zlib import crc32

from scoring import canonical
from scoring.audit import segments
from scoring.audit.follow import trimmed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeAlias

    from scoring.audit.follow import Disclosed
    from scoring.audit.report import Place

    Row: TypeAlias = tuple[Any, ...]
    Columns: TypeAlias = list[bytearray]

__all__ = ["Heaps", "Ledger", "row_of"]

_HEAPS = 128  # by the first bits of what they hold
_DIGEST = 8  # bytes of a digest that are kept; what agrees in these is read once more, and compared whole
_MOST = (
    1 << 19
)  # names in one heap; a larger one, of some fifty million records or of somebody who aimed at it, is not looked at but sorted on disk
_ROWS = 1000  # between two insertions


def row_of(record: dict[str, Any], place: Place, told: Disclosed) -> Row:
    """Return what is kept of an opening, a decision, a resolution or an erasure."""
    kind, body = record["type"], record["body"]
    if kind == "erasure":
        return (
            *place[:3],
            record["seq"],
            kind,
            None,
            None,
            body["case"],
            _case_heap(body["case"]),
            None,
            1,
            canonical.dumps(body),
            0,
            0,
        )
    says = (body["supersedes"], body["decision"]["void"], body["decision"]["reinstate"]) if kind == "decision" else ()
    kept = trimmed(kind, body, record["time"], told.started_at)
    follows = int(says != (None, None, None))
    case, supersedes = body["disclosures"]["case"], body.get("supersedes")
    name = body["id"]
    return (
        *(*place[:3], record["seq"], kind, name, _heap_of(name), case, _case_heap(case)),
        *(supersedes, follows, kept, told.found, told.missing),
    )


def _case_heap(digest: str) -> int:
    return int(digest[:2], 16) % _HEAPS


def _heap_of(name: str) -> int:
    return crc32(name.encode()) % _HEAPS


class Heaps:
    """What is kept of the decisions of one segment that are alone, as far as anybody knows, in heaps: the case and its line, the id and its line."""

    def __init__(self) -> None:
        self._columns = [bytearray() for _ in range(4 * _HEAPS)]

    def add(self, cases: Sequence[bytes], ids: Sequence[bytes], numbers: Sequence[int]) -> None:
        """
        Take in decisions.

        Args:
            cases: Their case digests.
            ids: Their ids.
            numbers: Their lines in the segment.
        """
        packed = bytes.fromhex(b"".join([case[: 2 * _DIGEST] for case in cases]).decode())
        digests = [packed[start : start + _DIGEST] for start in range(0, len(packed), _DIGEST)]
        self._put(0, packed[::_DIGEST], digests, numbers, b"")
        self._put(2, map(crc32, ids), ids, numbers, b"\n")

    def _put(
        self, column: int, hashes: Iterable[int], names: Sequence[bytes], numbers: Sequence[int], end: bytes
    ) -> None:
        """Put names, each with *end* behind it, into the heaps of their hashes, and their lines beside them."""
        heaps: list[list[int]] = [[] for _ in range(_HEAPS)]
        for at, one in enumerate(hashes):
            heaps[one % _HEAPS].append(at)
        for heap, places in enumerate(heaps):
            if places:
                self._columns[4 * heap + column] += end.join([names[at] for at in places]) + end
                self._columns[4 * heap + column + 1] += array("I", [numbers[at] for at in places]).tobytes()

    def columns(self) -> Columns:
        """Give the four columns of each heap, as they are: joined they would be there twice."""
        return self._columns


class Ledger:
    """
    What one log's records are compared by.

    Args:
        again: Given a segment and the numbers of lines in it, gives the rows of these records.
    """

    def __init__(self, again: Callable[[int, Sequence[int]], Iterable[Row]]) -> None:
        import sqlite3  # here: processes that only fill heaps need neither
        import tempfile

        self._again = again
        self._rows: list[Row] = []
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_RECORDS)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        self._segments: list[tuple[int, array[int]]] = []  # each one's number, and where its columns start
        self._marked: dict[int, bytearray] = {}

    def close(self) -> None:
        """Let go of both files."""
        self._database.close()
        self._file.close()

    def take(self, rows: Iterable[Row]) -> None:
        """Take in rows."""
        self._rows += rows
        if len(self._rows) >= _ROWS:
            self._flush()

    def heap(self, segment: int, heaps: Columns) -> None:
        """Take in the heaps of a segment, and leave none: another segment may be read before whoever read this one lets go of it."""
        starts = array("Q", [self._file.seek(0, 2)])
        for column in heaps:
            starts.append(starts[-1] + self._file.write(column))
        heaps.clear()
        self._segments.append((segment, starts))

    def _flush(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
        self._database.execute("COMMIT")
        self._rows.clear()

    # --- the end ---

    def settle(self) -> None:
        """Find out which cases and ids may stand more than once, and read their records once more."""
        self._flush()
        for sql, column in ((_CASES, 0), (_IDS, 2)):
            known = groupby(self._database.execute(sql), key=itemgetter(0))
            heap, rows = next(known, (_HEAPS, iter(())))
            for number in range(_HEAPS):
                others: set[bytes] = set()
                if heap == number:
                    others = {name.encode() if column else bytes.fromhex(name[: 2 * _DIGEST]) for _, name in rows}
                    heap, rows = next(known, (_HEAPS, iter(())))
                self._look(number, column, others)
        for segment, marked in sorted(self._marked.items()):
            self.take(self._again(segment, [number for number, mark in enumerate(marked) if mark]))
        self._flush()
        self._marked.clear()

    def _look(self, heap: int, column: int, others: set[bytes]) -> None:
        """Mark the records of one heap whose case or id stands twice, or is one of *others*."""
        at = 4 * heap + column
        count = sum(starts[at + 2] - starts[at + 1] for _, starts in self._segments) // array("I").itemsize
        if count > _MOST:
            for segment, starts in self._segments:
                self._mark(segment, self._numbers(starts, at))
            return
        parts = [(segment, starts, self._names(starts, at)) for segment, starts in self._segments]
        names = [name for _, _, part in parts for name in part]
        known = set(names)
        if len(known) == len(names) and known.isdisjoint(others):
            return
        twice = {name for name, count in Counter(names).items() if count > 1} | (known & others)
        for segment, starts, part in parts:
            numbers = self._numbers(starts, at)
            self._mark(segment, [number for number, name in zip(numbers, part, strict=True) if name in twice])

    def _names(self, starts: array[int], at: int) -> list[bytes]:
        data = self._column(starts, at)
        if at % 4:
            return data.split(b"\n")[:-1]
        return [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]

    def _numbers(self, starts: array[int], at: int) -> array[int]:
        return array("I", self._column(starts, at + 1))

    def _column(self, starts: array[int], at: int) -> bytes:
        self._file.seek(starts[at])
        return self._file.read(starts[at + 1] - starts[at])

    def _mark(self, segment: int, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._marked.setdefault(segment, bytearray(segments.SEGMENT_RECORDS))[number] = 1

    def twice(self) -> Iterator[tuple[int, int, str, int]]:
        """Name place, offset and file of each record whose id stands before it, and the seq of the first that has it."""
        return self._database.execute(_TWICE)

    def not_newest(self, since: int = 0) -> Iterator[tuple[int, int, str, int | None, int | None]]:
        """
        Name the decisions that supersede another than the newest of their case, then that, then what they say.

        Where the records below *since* are not known, the first of a case may supersede any of them.
        """
        return self._database.execute(_NOT_NEWEST, (since,))

    def after_erasure(self) -> Iterator[tuple[int, int, str, int]]:
        """Name the records behind an erasure of their case, and the erasure."""
        return self._database.execute(_AFTER_ERASURE)

    def erasures(self) -> Iterator[tuple[int, int, str, str]]:
        """Give each erasure's place, and its case."""
        return self._database.execute(
            "SELECT place, offset, file, case_digest FROM records WHERE kind = 'erasure' ORDER BY place"
        )

    def not_erased(self) -> Iterator[tuple[int, int, str, int]]:
        """Name the records of erased cases of which the vault has something, and the erasure."""
        return self._database.execute(_NOT_ERASED)

    def missing(self) -> tuple[int, int]:
        """How many disclosures of cases that are not erased the vault does not have, and the place of the first record that lacks one."""
        count, place = self._database.execute(_MISSING).fetchone()
        return int(count), int(place)

    def to_follow(self) -> Iterator[tuple[str, int, str, bytes, int, int, str]]:
        """Give the records of each case that was opened, of which something was said, or that has several decisions: case, seq, kind, kept, place."""
        return self._database.execute(_OF_CASES_TO_FOLLOW)


_RECORDS = """
CREATE TABLE records(
  place INTEGER PRIMARY KEY, offset INTEGER, file TEXT, seq INTEGER, kind TEXT, id TEXT, heap INTEGER, case_digest TEXT, case_heap INTEGER, supersedes INTEGER,
  follows INTEGER, kept BLOB, found INTEGER, missing INTEGER
)
"""
_CASES = "SELECT DISTINCT case_heap, case_digest FROM records ORDER BY case_heap"
_IDS = "SELECT heap, id FROM records WHERE id IS NOT NULL ORDER BY heap"
_TWICE = """
SELECT place, offset, file, first FROM
  (SELECT place, offset, file, min(seq) OVER (PARTITION BY id) AS first, row_number() OVER (PARTITION BY id ORDER BY place) AS nth
   FROM records WHERE id IS NOT NULL)
WHERE nth > 1 ORDER BY place
"""
_NOT_NEWEST = """
SELECT place, offset, file, newest, supersedes FROM
  (SELECT place, offset, file, supersedes, lag(seq) OVER (PARTITION BY case_digest ORDER BY place) AS newest FROM records WHERE kind = 'decision')
WHERE supersedes IS NOT newest AND (newest IS NOT NULL OR supersedes >= ?) ORDER BY place
"""
_ERASED = "SELECT case_digest FROM records WHERE kind = 'erasure'"
_MISSING = f"SELECT coalesce(sum(missing), 0), coalesce(min(place), 0) FROM records WHERE missing > 0 AND case_digest NOT IN ({_ERASED})"  # noqa: S608 - all of it stands here
_NOT_ERASED = """
SELECT records.place, records.offset, records.file, erasures.seq FROM records
JOIN records AS erasures ON erasures.kind = 'erasure' AND erasures.case_digest = records.case_digest
WHERE records.found > 0 ORDER BY records.place
"""
_AFTER_ERASURE = """
SELECT records.place, records.offset, records.file, min(erasures.place) FROM records
JOIN records AS erasures ON erasures.kind = 'erasure' AND erasures.case_digest = records.case_digest AND erasures.place < records.place
GROUP BY records.place ORDER BY records.place
"""
# Cases of which people said something, those whose decisions claim so, and those that have several decisions.
_OF_CASES_TO_FOLLOW = """
SELECT case_digest, seq, kind, kept, place, offset, file FROM records
WHERE case_digest IN (SELECT case_digest FROM records WHERE follows)
ORDER BY case_digest, place
"""
