"""
Decisions of a kind that was seen before: what a log's lines share is parsed once, and the rest of each is checked as columns of many lines.

Two decisions of one rubric often differ in their outcomes and in nothing else. So a line is cut in two places, and the pieces give the line back whatever
stands in it:

    HEAD "outcomes":" CODES " TAIL END " NAME "," ...

HEAD and TAIL, with a mark in place of CODES, are parsed as one text. If that is a decision that fits, with the mark as its outcomes and nowhere else, then the
mark is all of one string, and any other base64url digits in its place make the same decision with other outcomes, as canonical as it was. What stands
behind a decision has one form of known length but for the id, and every byte of it is compared. Nothing is taken for canonical because a part of it stood in
another line: the text that was parsed is the whole decision.

Must not know where lines come from, nor how they chain; whoever asks has checked what stands behind `supersedes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit.fields import MAX_ID, MAX_OUTCOMES, fits_in_order
from scoring.audit.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["ALONE", "Alone", "Shapes"]

ALONE = b'","supersedes":null}'  # behind the id of a decision that is the first of its case
_BEFORE = b'{"body":{"decision":'
_OUTCOMES = b'"outcomes":"'
_MARK = b"-the-outcomes-"  # fits as outcomes
_DISCLOSED = b',"disclosures":{"case":"%b","submission":"%b"},"id":'
_CASE, _SUBMISSION = slice(24, 88), slice(104, 168)  # where the two digests stand in it
_DISCLOSED_BYTES = len(_DISCLOSED % (b"0" * 64, b"0" * 64))
_HEX = b"0123456789abcdef"
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MOST = 1 << 22  # bytes that are remembered


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


class Shapes:
    """What was parsed so far; some of it, so that memory stays flat."""

    def __init__(self) -> None:
        self._packs: dict[tuple[bytes, bytes], str] = {}
        self._size = 0

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
        known, start = self._packs, width + len(ALONE)
        for number, line in enumerate(lines):
            head, _, rest = line.partition(_OUTCOMES)
            code, _, rest = rest.partition(b'"')
            before, _, name = rest[:-start].rpartition(b'"')
            shape = head, before[:-_DISCLOSED_BYTES]
            pack = known.get(shape)
            if pack is None:
                pack = self._learn(shape)
            if pack and rest[-start:-width] == ALONE:
                numbers.append(number)
                codes.append(code)
                ends.append(before[-_DISCLOSED_BYTES:])
                ids.append(name)
                packs.add(pack)
            else:
                others.append(number)
        cases = _cases(ends)
        if cases is None or not _all(codes, MAX_OUTCOMES, _BASE64URL) or not _all(ids, MAX_ID, _ID):
            return None
        return Alone(numbers, others, cases, ids, packs)

    def _learn(self, shape: tuple[bytes, bytes]) -> str:
        """Return the pack that a decision cites, or the empty string where it does not fit or has more to say."""
        size = sum(map(len, shape))
        if self._size + size > _MOST:
            self._packs.clear()
            self._size = 0
        self._size += size
        self._packs[shape] = pack = _pack_of(*shape)
        return pack


def _pack_of(head: bytes, tail: bytes) -> str:
    text = head[len(_BEFORE) :] + _OUTCOMES + _MARK + b'"' + tail
    if not head.startswith(_BEFORE) or text.count(_MARK) != 1:
        return ""
    try:
        decision: Any = canonical.reread(text)
    except (ValueError, RecursionError):
        return ""
    if not fits_in_order(decision) or decision["outcomes"] != _MARK.decode():
        return ""
    return decision["pack"] if decision["void"] is decision["reinstate"] is None else ""


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
