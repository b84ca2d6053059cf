"""
What can come out of an item, as the checks and the pack need to know it.

Owns questions about an item's outcomes: what they earn, what they raise, what they are called, and which of them an `is` condition must hold. The table
itself is the engine's, so that authoring never has a second opinion. Must not know of files.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from scoring.engine.classify import tabulate
from scoring.engine.exact import rational
from scoring.engine.table import COMMON, OWN, flags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GIVEN", "Outcomes", "completed", "tables_of"]

GIVEN = COMMON[:3]  # absent, blank, invalid: what a condition may name beside an item's own outcomes
_MISUSE = frozenset({"several", "several_flagged"})
_WAITING = frozenset({"awaited"})


class Outcomes:
    """
    The outcomes of one item of a pack.

    Attributes:
        unit: The least common denominator of all points.
        points: What each outcome earns, in units, the item's floor included, by code; the five that every item has earn 0.
        best: The most that any of them earns, as a number of points. flags: What they may raise.
        least: The least that an answer of the kind that was asked for earns, or none at all where that counts, as a number of points.
    """

    def __init__(self, item: dict[str, Any], at: int | None = None) -> None:
        table = tabulate(item, at)
        floor = None if item["floor"] is None else rational(item["floor"])
        self.unit = lcm(*{denominator for _, denominator in table.points}, 1 if floor is None else floor[1])
        own = [numerator * (self.unit // denominator) for numerator, denominator in table.points]
        if floor is not None:
            low = floor[0] * (self.unit // floor[1])
            own = [max(low, earned) for earned in own]
        self._name = table.name
        self._is_rated = table.awaited is not None
        self._words = (*(0,) * OWN, *table.words)
        self.points = (*(0,) * OWN, *own)
        self.best = Fraction(max(self.points), self.unit)
        self.flags = frozenset(flag for word in {*table.words} for flag in flags_of(word))
        beside = _MISUSE if item["kind"] == "choice" else _WAITING if table.awaited else frozenset()
        asked = [earned for place, earned in enumerate(own) if table.name(place) not in beside] if beside else own
        self.least = Fraction(min([0, *asked] if len(item["awaits"]) < len(GIVEN) else asked), self.unit)

    def name(self, code: int) -> str:
        """The name of an outcome."""
        return COMMON[code] if code < OWN else self._name(code - OWN)

    @cached_property
    def codes(self) -> dict[str, int]:
        """The codes by name, of all outcomes that a condition may name."""
        return {self.name(code): code for code in (*range(len(GIVEN)), *range(OWN, len(self.points)))}

    def is_best(self, name: str) -> bool:
        """Whether nothing earns more than this outcome."""
        return self.points[self.codes[name]] == self._most

    @property
    def best_flags(self) -> frozenset[str]:
        """What its best outcomes all raise, so that nobody who does best goes without."""
        own = [*zip(self.points, self._words, strict=True)][OWN:]
        most = max(points for points, _ in own)
        return frozenset(set.intersection(*({*flags_of(word)} for points, word in own if points == most)))

    @cached_property
    def _most(self) -> int:
        return max(self.points)

    @cached_property
    def _plain(self) -> list[tuple[int, int]]:
        """What a condition may name and raises no flag, by what it earns: points and code."""
        return sorted((self.points[code], code) for code in self.codes.values() if not self._words[code])

    def _reach(self, names: Iterable[str]) -> int | None:
        """The most that a named outcome without a flag earns, in units."""
        codes = [self.codes[name] for name in names]
        return max((self.points[code] for code in codes if not self._words[code]), default=None)

    def added(self, names: Iterable[str]) -> set[str]:
        """What authors need not write in an `is` list: values noted, and what no answer comes to, where they belong."""
        names = {*names}
        noted = {f"{name}+noted" for name in names} & self.codes.keys() if self._is_rated else set()
        reach = self._reach(names)
        if reach is None or reach < 0:
            return noted
        return noted | {*GIVEN} | ({"awaited"} if self._is_rated else set())

    def lacking(self, names: Iterable[str]) -> list[str]:
        """
        What an `is` list must hold beside what it holds, in the order of codes.

        With an outcome that raises no flag it holds every such outcome that earns no more.

        Source: FORMAT.md 5, below the table of conditions.
        """
        names = {*names}
        reach = self._reach(names)
        if reach is None:
            return []
        due = bisect_right(self._plain, (reach, len(self.points)))
        if due == sum(1 for name in names if not self._words[self.codes[name]]):
            return []  # seen without looking at each: a mark can have a quarter of a million
        return [
            self.name(code) for code in sorted(code for _, code in self._plain[:due]) if self.name(code) not in names
        ]


def tables_of(item: dict[str, Any], competencies: Iterable[dict[str, Any]]) -> dict[str | None, Outcomes]:
    """The outcomes of an item of a pack: one table under None; where it is the level that decides what values earn, one for each level."""
    if item.get("level_points") is None:
        return {None: Outcomes(item)}
    values = [value["id"] for value in item["values"]]
    expected = next(entry["expected"] for entry in competencies if entry["id"] == item["competency"])
    places = {level: values.index(name) for level, name in expected.items()}
    tables = {at: Outcomes(item, at) for at in sorted({*places.values()})}
    return {level: tables[at] for level, at in places.items()}


def completed(tables: Iterable[Outcomes], names: Iterable[str]) -> list[str]:
    """An `is` list as a pack holds it: with what authors need not write, in the order of codes."""
    first, *others = tables
    names = {*names}
    whole = names.union(*(table.added(names) for table in (first, *others)))
    return sorted(whole, key=first.codes.__getitem__)
