"""
How records hang together: the leaf hash, the encoding of a record, the place of the next one.

Owns `audit/FORMAT.md`, section 3. Pure: text in, text out. Must not know of files, locks, databases, or what a body means.
"""

from __future__ import annotations

from hashlib import sha256

from scoring import canonical
from scoring.audit.fields import are_digests, is_id, is_time, record_misfit
from scoring.audit.shapes import text_of
from scoring.audit.value import Value
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Row: TypeAlias = tuple[int, int, str, dict[str, Any]]

__all__ = ["MAX_LINE", "Batch", "Tail", "follow", "leaf_of", "link_of", "links_decision"]

MAX_LINE = 32_768  # bytes without the line end; the longest decision that packs allow stays below it, and a reader may use a fixed buffer

_HEX = b"0123456789abcdef"
_DECISION_END = b'","type":"decision","v":1}'
_TIME_BEGINS = -len("2026-11-21T09:00:00Z") - len(_DECISION_END)
_LINK_ROOM = 192  # bytes; what stands behind a body takes at most 165


def leaf_of(line: bytes) -> str:
    """
    Return SHA-256(0x00 || line) as hex, the line without its line end.

    Source: FORMAT.md 3; the leaf hash of RFC 6962, section 2.1, so that the chain and a Merkle tree share one hash.
    """
    return sha256(b"\x00" + line).hexdigest()


class Tail(Value):
    """
    The end of a log: where the next record goes and what it chains to.

    Attributes:
        size: How many records there are; the seq of the next one.
        leaf: The leaf of the last record, or None where there is none.
        offset: Where the next record starts, in bytes from the start of its segment.
    """

    __slots__ = ("size", "leaf", "offset")  # noqa: RUF023 - in the order of the constructor

    size: int
    leaf: str | None
    offset: int

    def __init__(self, size: int = 0, leaf: str | None = None, offset: int = 0) -> None:
        super().__init__(size, leaf, offset)

    def after(self, leaf: str, length: int, segment: int) -> Tail:
        """
        Return the tail after one more record.

        Args:
            leaf: Of the new record.
            length: Of its line in bytes, without the line end.
            segment: How many records one segment holds.
        """
        size = self.size + 1
        return Tail(size, leaf, self.offset + length + 1 if size % segment else 0)


class Batch:
    """
    Records that are not written yet, each chained to the one before it.

    Attributes:
        lines: Their lines, without line ends. rows: Of each its seq, where it will start in its segment, its type and its body.
    """

    __slots__ = ("_leaf", "_offset", "_segment", "_size", "_stamp", "_time", "lines", "rows")

    def __init__(self, tail: Tail, time: str, segment: int) -> None:
        self._size, self._leaf, self._offset = tail.size, tail.leaf, tail.offset
        self.lines: list[bytes] = []
        self.rows: list[Row] = []
        self._time = time
        self._stamp = f',"time":"{time}","type":"decision","v":1}}' if is_time(time) else ""
        self._segment = segment

    @property
    def tail(self) -> Tail:
        """Where the log will end when all of them are written."""
        return Tail(self._size, self._leaf, self._offset)

    def add(self, kind: str, body: dict[str, Any]) -> int:
        """
        Make the next record; nothing changes where that fails.

        Returns:
            Its seq.

        Raises:
            LogError: It does not fit the format, or is longer than `MAX_LINE`.
        """
        seq = self._size
        line = (self._decision(body) if kind == "decision" else None) or self._line(kind, body)
        if len(line) > MAX_LINE:
            message = f"this {kind} makes a record longer than a line may be; nothing was recorded"
            raise LogError(message, expected=f"at most {MAX_LINE} bytes", found=f"{len(line)} bytes")
        leaf = leaf_of(line)
        self.lines.append(line)
        self.rows.append((seq, self._offset, kind, body))
        self._size, self._leaf = seq + 1, leaf
        self._offset = self._offset + len(line) + 1 if self._size % self._segment else 0
        return seq

    def _line(self, kind: str, body: dict[str, Any]) -> bytes:
        record = {"body": body, "prev": self._leaf, "seq": self._size, "time": self._time, "type": kind, "v": 1}
        wrong = record_misfit(record)
        if wrong:
            raise LogError(f"this {kind} does not fit the record format: {wrong}; nothing was recorded")
        return canonical.dumps(record)

    def _decision(self, body: dict[str, Any]) -> bytes | None:
        """
        The line of a decision that nothing is wrong with, put together from the text of the decision and what is checked here.

        None where something may be wrong, or is merely unusual.
        """
        try:
            decision, disclosures, name, supersedes = (
                body["decision"],
                body["disclosures"],
                body["id"],
                body["supersedes"],
            )
            case, submission = disclosures["case"], disclosures["submission"]
        except (KeyError, TypeError):
            return None
        text = text_of(decision)
        if (
            text is None
            or self._leaf is None
            or not self._stamp
            or len(body) != 4
            or len(disclosures) != 2
            or not (is_id(name) and are_digests(case, submission))
            or not (supersedes is None or (type(supersedes) is int and 0 <= supersedes < self._size))
        ):
            return None
        before = "null" if supersedes is None else supersedes
        rest = (
            f',"disclosures":{{"case":"{case}","submission":"{submission}"}},"id":"{name}","supersedes":{before}}},"prev":"{self._leaf}"'
            f',"seq":{self._size}{self._stamp}'
        )
        return b'{"body":{"decision":' + text + rest.encode()


def link_of(line: bytes) -> tuple[int, str | None, str] | None:
    """
    Read a record's `seq`, `prev` and `type` from the end of its line, and leave its body alone.

    Returns:
        None where the line does not end as a record's does. What stands in the body is not looked at, and may be no JSON at all.

    Source: FORMAT.md 1, 3: keys are sorted, so that behind the body the line has one form.
    """
    _, found, end = line[-_LINK_ROOM:].rpartition(b',"prev":')
    prev, comma, end = end.partition(b',"seq":')
    seq, comma_too, end = end.partition(b',"time":"')
    if not (found and comma and comma_too and seq.isdigit() and end.endswith(b'","v":1}')):
        return None
    leaf = prev[1:-1]
    if prev != b"null" and not (prev == b'"%b"' % leaf and len(leaf) == 64 and not leaf.strip(_HEX)):
        return None
    number, kind = int(seq), end[:-8].rpartition(b'","type":"')[2]
    if str(number).encode() != seq:
        return None
    return number, None if prev == b"null" else leaf.decode(), kind.decode("ascii", "replace")


def links_decision(line: bytes, seq: int, leaf: str) -> bool:
    """Whether a line ends as that of decision *seq* behind *leaf* does: a quick yes, or a no that `link_of` has to look into."""
    link = b',"prev":"%b","seq":%d,"time":"' % (leaf.encode(), seq)
    return line.endswith(_DECISION_END) and line[_TIME_BEGINS - len(link) : _TIME_BEGINS] == link


def follow(tail: Tail, line: bytes) -> dict[str, Any]:
    """
    Read the record that stands after *tail*, and check that it belongs there.

    Raises:
        LogError: It is not canonical, does not fit the format, is out of order, or does not chain.
    """
    try:
        record: Any = canonical.loads_canonical(line)
    except canonical.CanonicalError as error:
        raise LogError(f"no record: {error}", seq=tail.size) from None
    wrong = record_misfit(record)
    if wrong:
        raise LogError(f"does not fit the record format: {wrong}", seq=tail.size)
    if record["seq"] != tail.size:
        message = "out of order: a record was dropped, inserted or moved"
        raise LogError(message, seq=tail.size, expected=f"seq {tail.size}", found=f"seq {record['seq']}")
    if record["prev"] != tail.leaf:
        message = "does not chain: this record or the one before it was changed"
        raise LogError(message, seq=tail.size, expected=f"prev {tail.leaf}", found=str(record["prev"]))
    return record  # type: ignore[no-any-return]
