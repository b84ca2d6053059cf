"""
What a plan is made of: items, sections, stages, and the scale that puts them on one denominator.

Must not know how a pack is checked or laid out: `plan` fills these in once, and they never change afterwards.
"""

from __future__ import annotations

from scoring.engine.exact import rational
from scoring.engine.table import COMMON, EXCLUDED, OWN, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scoring.engine.exact import Rational

__all__ = ["Item", "Scale", "Section", "Stage"]


class Item:
    """
    One item, prepared.

    Attributes:
        place: Its number in the pack, from 0.
        points: What each code earns, in units of its section (1 / `Section.unit`); codes below `OWN` earn 0.
        words: What each code raises, flag counts in one integer.
        awaits: The codes that wait for a real answer, *awaited* among them.
        only: The variant that it belongs to, or None.
        best: The most that it can earn, in units of its section; best_code: the outcome that *unclear* is measured against.
        unclear: The code of *unclear*, or None.
        digits: How many base64url digits its code has.
    """

    __slots__ = (
        "_named", "awaits", "best", "best_code", "data", "digits", "id", "only", "place", "points", "read", "section", "table", "unclear", "words",
    )  # fmt: skip

    def __init__(self, data: dict[str, Any], place: int, section: int, table: Table) -> None:
        self.id: str = data["id"]
        self.data = data
        self.place = place
        self.section = section
        self.table = table
        self.read = table.read
        self.unclear = table.unclear
        self.only: str | None = data["only"]
        self.awaits = frozenset(COMMON.index(name) for name in data["awaits"])
        if table.awaited is not None:
            self.awaits |= {table.awaited}
        self.words = (*(0,) * OWN, *table.words)
        self.points: tuple[int, ...] = ()
        self.best = self.best_code = 0
        self._named: dict[str, int] = {}
        self.digits = 1 + (len(self.words) > 64) + (len(self.words) > 64**2)

    def name(self, code: int) -> str:
        """The name of an outcome."""
        return COMMON[code] if code < OWN else self.table.name(code - OWN)

    def named(self) -> dict[str, int]:
        """The codes that a condition may name."""
        if not self._named:
            self._named = {self.name(code): code for code in self.codes() if code not in range(EXCLUDED, OWN)}
        return self._named

    def codes(self) -> range:
        """Every code that the item has."""
        return range(len(self.words))


class Section:
    """
    One section: items `start` to `stop` - 1, what they can earn together, and its weight in its stage.

    Attributes:
        stage: The place of its stage.
        unit: The common denominator of its items' points.
        points: What each code of each of its items earns, in units.
        share: Its weight within its stage, in the profile. floor: The lowest share that it can come to.
    """

    __slots__ = ("floor", "id", "points", "share", "stage", "start", "stop", "unit")

    def __init__(self, data: dict[str, Any], stage: int, start: int, share: Rational) -> None:
        self.id: str = data["id"]
        self.stage = stage
        self.start = start
        self.stop = start + len(data["items"])
        self.floor = rational(data["floor"])
        self.share = share
        self.unit = 1
        self.points: list[tuple[int, ...]] = []


class Stage:
    """
    One stage.

    Attributes:
        sections, items: The places of its sections and items.
        weight: In the total. scored: Whether some section of it has a share.
        gates: Places in `Plan.caps` of the caps of its gate.
    """

    __slots__ = ("gates", "id", "items", "scored", "sections", "weight")

    def __init__(self, name: str, weight: Rational, sections: range, items: range, gates: range) -> None:
        self.id = name
        self.weight = weight
        self.sections = sections
        self.items = items
        self.gates = gates
        self.scored = False


class Scale:
    """
    Common denominators for stages and the total, given what each section's maximum is.

    Attributes:
        stage_unit: The denominator of what sections add to their stage.
        unit: The denominator of the total.
        factors: What one unit of each section adds to its stage; 0 for a section that does not count.
        floors: What each section adds to its stage at least.
        weights: What one unit of each stage adds to the total.
        cuts: The lower edge of each band but the last, best first, in units of the total.
    """

    __slots__ = ("cuts", "factors", "floors", "stage_unit", "unit", "weights")

    def __init__(self, stage_unit: int, factors: Sequence[int], floors: Sequence[int]) -> None:
        self.stage_unit = stage_unit
        self.factors = factors
        self.floors = floors
        self.unit = stage_unit
        self.weights: Sequence[int] = ()
        self.cuts: Sequence[int] = ()
