"""
Decisions whose parts were seen before: what many of them share is parsed once, by whoever writes them and by whoever reads them.

Two decisions of one rubric differ in their outcomes and often in little else. So the text of a decision is cut in two places, and the pieces give it back
whatever stands in it:

    HEAD "outcomes":" CODES " TAIL

HEAD with a brace in place of its last comma is parsed by itself, and so is TAIL with a brace in place of its first one. If both are canonical, and hold what
stands before and behind the outcomes of a decision that fits, then so is the whole, whatever base64url digits stand between them. Nothing rests on where
a text is cut: a piece that was cut in another place is no object, or lacks a key.

The writer has a decision and encodes it: that it is what its text says is seen by comparing it with what was parsed. The verifier has whole lines. What stands
behind a decision there has one form of known length but for the id, and every byte of it is compared, as columns of many lines.

Must not know where decisions come from, nor how lines chain; whoever asks about lines has checked what stands behind `supersedes`.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.fields import MAX_ID, MAX_OUTCOMES, fits_before_outcomes, fits_behind_outcomes
from scoring.audit.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Members: TypeAlias = dict[str, Any]

__all__ = ["ALONE", "Alone", "Shapes", "text_of"]

ALONE = b'","supersedes":null}'  # behind the id of a decision that is the first of its case
_BEFORE = b'{"body":{"decision":'
_OUTCOMES = b'"outcomes":"'
_DISCLOSED = b',"disclosures":{"case":"%b","submission":"%b"},"id":'
_CASE, _SUBMISSION = slice(24, 88), slice(104, 168)  # where the two digests stand in it
_DISCLOSED_BYTES = len(_DISCLOSED % (b"0" * 64, b"0" * 64))
_HEX = b"0123456789abcdef"
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MOST = 1 << 20  # bytes of pieces that are remembered of a kind; parsed, these take about six times as much
_LONGEST = 1 << 15  # bytes of a piece that is worth it; no line is longer
_PATIENCE = 1 << 14  # pieces that find no room before those that have it make way


class Alone(Value):
    """
    Lines that were found to be decisions which supersede none, are not void and reinstate nobody.

    Attributes:
        numbers: Which of the lines that were asked about. others: The rest of these, of which nothing is known.
        cases: Their case digests. ids: Their ids. packs: What they cite.
    """

    __slots__ = ("numbers", "others", "cases", "ids", "packs")  # noqa: RUF023 - in the order of the constructor

    numbers: list[int]
    others: list[int]
    cases: list[bytes]
    ids: list[bytes]
    packs: set[str]


class _Memory(dict):  # type: ignore[type-arg]  # typing would double a cold start
    """
    What pieces say, or None of a piece that does not fit; of some of them, so that memory stays flat.

    Threads may share it: what one of them forgets another reads again, and where two change the size at once it is too low by what one of them kept.
    """

    def __init__(self, read: Callable[[bytes], Members | None]) -> None:
        super().__init__()
        self.read = read
        self.size = self.passed = 0

    def __missing__(self, piece: bytes) -> Members | None:
        found = self.read(piece)
        size = len(piece)
        if self.size + size > _MOST:
            self.passed += 1
            if self.passed < _PATIENCE:
                return found
            self.clear()
            self.size = self.passed = 0
        if size <= _LONGEST:
            self.size += size
            self[piece] = found
        return found


def _head(piece: bytes) -> Members | None:
    return _members(piece[:-1] + b"}", fits_before_outcomes) if piece.endswith(b",") else None


def _tail(piece: bytes) -> Members | None:
    return _members(b"{" + piece[1:], fits_behind_outcomes) if piece.startswith(b",") else None


def _line_head(piece: bytes) -> Members | None:
    return _head(piece[len(_BEFORE) :]) if piece.startswith(_BEFORE) else None


def _members(text: bytes, fits: Callable[[Any], bool]) -> Members | None:
    try:
        members: Any = canonical.reread(text)
    except (ValueError, RecursionError):
        return None
    return members if fits(members) else None


_HEADS, _TAILS = _Memory(_head), _Memory(_tail)


def text_of(decision: Any) -> bytes | None:
    """
    Return the canonical text of a decision that fits its table, or None where it may not fit, or does not say what its text says.

    What merely equals what its text says, such as text of another type, is taken for that; a tuple does not equal a list.
    """
    try:
        text = canonical.encode(decision)
    except (TypeError, ValueError, RecursionError):
        return None
    head, _, rest = text.partition(_OUTCOMES)
    codes, _, tail = rest.partition(b'"')
    if not 0 < len(codes) <= MAX_OUTCOMES or codes.translate(None, _BASE64URL):
        return None
    before, behind = _HEADS[head], _TAILS[tail]
    if before is None or behind is None:
        return None
    return text if {**before, "outcomes": codes.decode(), **behind} == decision else None


class Shapes:
    """Lines of decisions, many at once."""

    def __init__(self) -> None:
        self._heads, self._tails = _Memory(_line_head), _Memory(_tail)

    def read(self, lines: Sequence[bytes], width: int) -> Alone | None:
        """
        Look for decisions that nothing is known to be said of.

        Args:
            lines: Some lines.
            width: How long the end of each is that was checked already, from the comma behind the body on.

        Returns:
            None where something in the columns is another way than in a decision that holds.
        """
        numbers: list[int] = []
        others: list[int] = []
        codes: list[bytes] = []
        ends: list[bytes] = []
        ids: list[bytes] = []
        packs: set[str] = set()
        heads, tails, start = self._heads, self._tails, width + len(ALONE)
        for number, line in enumerate(lines):
            head, _, rest = line.partition(_OUTCOMES)
            code, _, rest = rest.partition(b'"')
            before, _, name = rest[:-start].rpartition(b'"')
            members = heads[head] and tails[before[:-_DISCLOSED_BYTES]]
            if members and members["void"] is members["reinstate"] is None and rest[-start:-width] == ALONE:
                numbers.append(number)
                codes.append(code)
                ends.append(before[-_DISCLOSED_BYTES:])
                ids.append(name)
                packs.add(members["pack"])
            else:
                others.append(number)
        cases = _cases(ends)
        if cases is None or not _all(codes, MAX_OUTCOMES, _BASE64URL) or not _all(ids, MAX_ID, _ID):
            return None
        return Alone(numbers, others, cases, ids, packs)


def _cases(ends: Sequence[bytes]) -> list[bytes] | None:
    """The case digests in what stands between decisions and their ids, if all of that is as it should be."""
    digests: list[Any] = [None] * (2 * len(ends))
    digests[::2] = cases = [end[_CASE] for end in ends]
    digests[1::2] = [end[_SUBMISSION] for end in ends]
    if (
        {*map(len, ends)} - {_DISCLOSED_BYTES}
        or (_DISCLOSED * len(ends)) % (*digests,) != b"".join(ends)
        or b"".join(digests).translate(None, _HEX)
    ):
        return None
    return cases


def _all(values: Sequence[bytes], most: int, of: bytes) -> bool:
    """Whether each is at least one and at most *most* of these characters."""
    return not values or (all(values) and max(map(len, values)) <= most and not b"".join(values).translate(None, of))
