"""
Decisions known by their pieces: a line all of whose pieces stood in lines that were checked in full, each behind the same piece, needs no parsing.

Why that is enough: what a JSON parser, and the tables, expect next depends on the bytes so far alone. A line is cut at a few keys, and within `sections` at
each comma. Of what lies between, a piece either was met before in the same state, so that it leads to the state that it led to then; or it is the inside of a
string at a known place (outcomes, digests, id, time), whose characters are looked at. So a line that is known is canonical and fits the tables. Only
decisions are learnt of which nothing else is known to be said: `supersedes`, `void` and `reinstate` are null in all of them.

Must not know what a piece says. Memory is bounded: what was learnt is forgotten when it is much.

Source: FORMAT.md 1, 3, 4, 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.audit.fields import is_time

if TYPE_CHECKING:
    from typing import TypeAlias

    Known: TypeAlias = tuple[bytes, bytes, str, str]  # case, id, pack, time

__all__ = ["Pieces"]

_MOST = 1 << 13  # pieces
_LONGEST = 4096  # bytes of a line that is learnt
_HEX = b"0123456789abcdef"
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID = _BASE64URL + b"."
_OUTCOMES, _SCORE, _SEMANTICS, _CASE = b'"outcomes":"', b'"score":', b'"semantics":', b'},"disclosures":{"case":"'
_SUBMISSION, _NAME = b'","submission":"', b'"},"id":"'
_END = b'","type":"decision","v":1}'
_TIME, _DIGEST = 20, 64  # characters
_REST = _DIGEST + len(_SUBMISSION) + _DIGEST  # from a case to behind the submission


class Pieces:
    """What was learnt."""

    def __init__(self) -> None:
        self._heads: set[bytes] = set()  # up to the outcomes
        self._middles: dict[bytes, str] = {}  # from there to the score; which pack they cite
        self._shares: dict[tuple[int, bytes], int] = {}  # by the state before it, a share leads to a state
        self._states: dict[
            tuple[bytes, ...], int
        ] = {}  # by the names of the shares so far, each with the bracket behind its value if there is one
        self._tails: set[bytes] = set()  # up to the disclosures

    def read(self, line: bytes, seq: int, prev: str | None) -> Known | None:
        """
        Look for a decision in a line.

        Args:
            line: The line.
            seq: What it should have.
            prev: The leaf that it should have.

        Returns:
            Its case, id, pack and time; None where some piece is not known.
        """
        head = line.find(_OUTCOMES)
        start = head + len(_OUTCOMES)
        stop = line.find(b'"', start)
        score = line.find(_SCORE, stop)
        pack = self._middles.get(line[stop:score])
        if pack is None or line[:head] not in self._heads:
            return None
        outcomes = line[start:stop]
        if not 0 < len(outcomes) <= 3000 or outcomes.strip(_BASE64URL):
            return None
        tail = line.find(_SEMANTICS, score)
        if line[tail - 1 : tail] != b",":  # else the last piece is empty, and no other has its state
            return None
        state = 0
        shares = self._shares
        for piece in line[score:tail].split(b","):
            state = shares.get((state, piece), 0)
            if not state:
                return None
        at = line.find(_CASE, tail)
        if line[tail:at] not in self._tails:
            return None
        at += len(_CASE)
        case, submission = line[at : at + _DIGEST], line[at + _REST - _DIGEST : at + _REST]
        name_at = at + _REST + len(_NAME)
        name_end = line.find(b'"', name_at)
        name, time = line[name_at:name_end], line[-len(_END) - _TIME : -len(_END)].decode("latin-1")
        wanted = f'","supersedes":null}},"prev":"{prev}","seq":{seq},"time":"{time}","type":"decision","v":1}}'
        if (
            line[name_end:] != wanted.encode("latin-1")
            or line[at + _DIGEST : at + _REST - _DIGEST] != _SUBMISSION
            or line[at + _REST : name_at] != _NAME
            or (case + submission).strip(_HEX)
            or not 0 < len(name) <= 48
            or name.strip(_ID)
            or not is_time(time)
        ):
            return None
        return case, name, pack, time

    def learn(self, line: bytes, pack: str) -> None:
        """Take in the pieces of a decision that was checked in full, and of which nothing else is known to be said."""
        if len(line) > _LONGEST:
            return
        if len(self._heads) + len(self._middles) + len(self._shares) + len(self._tails) > _MOST:
            for known in (self._heads, self._middles, self._shares, self._states, self._tails):
                known.clear()
        head = line.find(_OUTCOMES)
        stop = line.find(b'"', head + len(_OUTCOMES))
        score = line.find(_SCORE, stop)
        tail = line.find(_SEMANTICS, score)
        self._heads.add(line[:head])
        self._middles[line[stop:score]] = pack
        names: tuple[bytes, ...] = ()
        state = 0
        for piece in line[score:tail].split(b","):
            names = (*names, piece[: piece.rfind(b":")] + piece[-1:].replace(b'"', b"").replace(b"l", b""))
            state = self._shares.setdefault((state, piece), self._states.setdefault(names, len(self._states) + 1))
        self._tails.add(line[tail : line.find(_CASE, tail)])
